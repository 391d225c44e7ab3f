"""Old law in new clothes: words of a text that stand in an expired version and in no version in force.

A page that writes “处五日以下拘留或者五百元以下罚款” without naming an article quotes the Public Security
Administration Punishments Law as it was to 2025; no article number gives it away, the words do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from corpus.lawbook import LawBook
from corpus.records import ArticleNumber, LawVersion
from corpus.script import to_plain

# “处五日以下拘留或者五百元以下罚款” has 16 words-characters and must be found; with 10, ordinary prose such as
# “发送信息干扰他人正常生活” was taken for a quotation of the old article (seen in an article of our own).
RUN_CHARS = 14

_NOT_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class OutdatedWords:
    """``words`` of the text (without punctuation) stand in ``article`` of ``version``, which is no longer in force.

    Where several articles of expired versions have the words, the first is named.
    """

    words: str
    version: LawVersion
    article: ArticleNumber


def _words(text: str) -> str:
    return _NOT_WORDS.sub("", to_plain(text))


@dataclass(frozen=True)
class OutdatedLaw:
    """Finds expired wording in texts, for the law of one day.

    Only versions held can be recognised. Building it reads the expired versions; the versions in force are read
    when a text first holds a run of an expired one.
    """

    lawbook: LawBook
    day: date

    @cached_property
    def _expired_runs(self) -> dict[str, tuple[LawVersion, ArticleNumber]]:
        runs: dict[str, tuple[LawVersion, ArticleNumber]] = {}
        for version in self.lawbook.versions:
            if version.expired and version.expired <= self.day:
                for held in self.lawbook.articles(version.id):
                    words = _words(held.text)
                    for start in range(len(words) - RUN_CHARS + 1):
                        runs.setdefault(words[start : start + RUN_CHARS], (version, held.number))
        return runs

    @cached_property
    def _in_force(self) -> str:
        return "\n".join(
            _words(held.text)
            for version in self.lawbook.versions
            if not (version.expired and version.expired <= self.day)
            and not (version.effective and version.effective > self.day)
            for held in self.lawbook.articles(version.id)
        )

    def find(self, text: str) -> OutdatedWords | None:
        """Return the first run of ``text`` that only an expired version has, None where there is none."""
        words = _words(text)
        for start in range(len(words) - RUN_CHARS + 1):
            run = words[start : start + RUN_CHARS]
            if run in self._expired_runs and run not in self._in_force:
                version, article = self._expired_runs[run]
                return OutdatedWords(run, version, article)
        return None
