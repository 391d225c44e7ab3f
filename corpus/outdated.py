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

# A run of the text is old law where it names an amount or a term and is this long:
# “处五日以下拘留或者五百元以下罚款” has 16 characters. Runs without a figure are left alone at any length:
# “不服的可以依法申请行政复议或者提起行政诉讼” is how every version and every adviser words it (seen in articles
# of our own), and no reader is misled by it.
RUN_CHARS = 14

_NOT_WORDS = re.compile(r"[\W_]+")
_FIGURE = re.compile(r"[一二三四五六七八九十百千万]+[元日年月倍]")


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
    def _expired(self) -> tuple[tuple[str, LawVersion, ArticleNumber], ...]:
        return tuple(
            (_words(held.text), version, held.number)
            for version in self.lawbook.versions
            if version.expired and version.expired <= self.day
            for held in self.lawbook.articles(version.id)
        )

    @cached_property
    def _expired_text(self) -> str:
        return "\n".join(words for words, _, _ in self._expired)

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
            if _FIGURE.search(run) and run in self._expired_text and run not in self._in_force:
                return self._named(run)
        return None

    def _named(self, run: str) -> OutdatedWords:
        version, article = next((version, article) for words, version, article in self._expired if run in words)
        return OutdatedWords(run, version, article)
