"""What a sentence must pass before anybody sees it; each check is code, none is a model's opinion.

- it cites a passage that was shown, and what it quotes stands there character by character;
- every 第…条 that it names exists, is in force on the day, and stands in a cited passage;
- every amount, date and duration stands in a cited passage;
- it does not repeat law that is no longer in force, nor send the reader to a body that no longer exists.

What fails is not shown; ``objection`` says why in one Chinese line.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib.resources import files

from assistant.quantities import unsupported_quantities
from assistant.records import AnswerMode, AnswerSentence, NumberedPassage
from corpus.citations import find_statute_refs
from corpus.comparison import pair_share
from corpus.lawbook import LawBook
from corpus.outdated import OutdatedLaw
from corpus.records import BUILTIN_COLLECTION, SourceKind, Validity
from corpus.script import to_plain
from corpus.validity import ReferenceState, ReferenceVerdict, check_reference, version_at

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Shorter words in quotation marks are names and terms (“爆通讯录”), not quotations.
SHORTEST_QUOTATION_CHARS = 8

_QUOTATION = re.compile(r"[“「『\"]([^”」』\"]+)[”」』\"]")
_INVISIBLE = re.compile(r"\s+")


@cache
def _renamed_bodies() -> tuple[tuple[str, str, date], ...]:
    """(name, successor, since), longest names first."""
    table = tomllib.loads((files("corpus") / "renamed_bodies.toml").read_text(encoding="utf-8"))
    rows = [(name, body["successor"], body["since"]) for body in table["body"] for name in body["names"]]
    return tuple(sorted(rows, key=lambda row: -len(row[0])))


def same_words(text: str) -> str:
    """Return ``text`` for comparing quotations: simplified, half-width, no white space; nothing else is forgiven."""
    return _INVISIBLE.sub("", to_plain(text))


@dataclass(frozen=True)
class Verifier:
    """Holds sentences to the passages of one answer, by the law of ``day``."""

    lawbook: LawBook
    day: date
    passages: Sequence[NumberedPassage]

    @cached_property
    def _by_number(self) -> dict[int, NumberedPassage]:
        return {numbered.number: numbered for numbered in self.passages}

    @cached_property
    def _outdated(self) -> OutdatedLaw:
        return OutdatedLaw(self.lawbook, self.day)

    def objection(self, sentence: AnswerSentence, mode: AnswerMode) -> str | None:
        """Return why the sentence must not be shown, None where nothing speaks against it."""
        if not sentence.citations:
            return "没有标明出处"
        unknown = [number for number in sentence.citations if number not in self._by_number]
        if unknown:
            return f"引用了不存在的材料[{unknown[0]}]"
        cited = [self._by_number[number] for number in sentence.citations]
        return (
            self._quote_objection(sentence, cited, mode)
            or self._validity_objection(cited)
            or self._reference_objection(sentence, cited, mode)
            or self._outdated_objection(sentence, cited)
            or self._quantity_objection(sentence, cited)
        )

    def _quote_objection(
        self, sentence: AnswerSentence, cited: Sequence[NumberedPassage], mode: AnswerMode
    ) -> str | None:
        text = cited[0].passage.chunk.text
        if any(span.end > len(text) for span in sentence.quotes):
            return "引文位置超出原文"
        if mode is AnswerMode.QUOTE:
            if "".join(span.of(text) for span in sentence.quotes) != sentence.text:
                return "与原文不一致"
            return None
        originals = same_words("\n".join(numbered.passage.chunk.text for numbered in cited))
        for quotation in _QUOTATION.findall(sentence.text):
            words = same_words(quotation)
            if len(words) >= SHORTEST_QUOTATION_CHARS and words not in originals:
                return f"引号里的话与原文不一致：{quotation[:20]}"
        return None

    def _validity_objection(self, cited: Sequence[NumberedPassage]) -> str | None:
        for numbered in cited:
            law = numbered.passage.document.law
            if law is not None and numbered.passage.validity is not Validity.IN_FORCE:
                state = "已失效" if numbered.passage.validity is Validity.EXPIRED else "尚未施行"
                return f"所引《{law.short_title}》的版本在{self.day}{state}"
        return None

    def _reference_objection(
        self, sentence: AnswerSentence, cited: Sequence[NumberedPassage], mode: AnswerMode
    ) -> str | None:
        own_law = cited[0].passage.document.law
        if own_law is not None and mode is AnswerMode.QUOTE:
            # Official text, compared character by character; that what it refers to has moved is not its fault.
            return None
        known = self._references_of(cited)
        for reference in find_statute_refs(sentence.text, self.lawbook, own_law.short_title if own_law else None):
            if reference.article is None:
                if reference.law is None and reference.law_text:
                    return f"没有《{reference.law_text.strip('《》')}》这部法律"
                continue
            verdict = check_reference(self.lawbook, reference, self.day)
            if verdict.state not in _ACCEPTED:
                return verdict.message
            if (reference.law, reference.article) not in known:
                return f"所引材料里没有{reference.text}"
            if self._may_mean_the_old(verdict, sentence, cited):
                return verdict.message
            if own_law is None and self._changed_since(reference.law, cited[0]):
                return f"文章按另一时期的《{reference.law}》写成，{self.day}适用的版本不同"
        return None

    def _changed_since(self, law: str | None, numbered: NumberedPassage) -> bool:
        """Whether the law that a page names had another version on the day asked for than when the page was written."""
        written = numbered.passage.document.published
        if law is None or written is None:
            return False
        return version_at(self.lawbook, law, self.day) != version_at(self.lawbook, law, written)

    def _may_mean_the_old(
        self, verdict: ReferenceVerdict, sentence: AnswerSentence, cited: Sequence[NumberedPassage]
    ) -> bool:
        """Whether a page speaks of the article that had this number before, or does not say enough to tell.

        治安管理处罚法第四十二条 is in force and about railways; who complains of harassment by it means 第五十条.
        Our own articles are held to the law in force by their tests, and a passage of law cannot be mistaken.
        """
        ours = all(numbered.passage.document.collection == BUILTIN_COLLECTION for numbered in cited)
        if ours or not verdict.is_ambiguous:
            return False
        if any(_is_article(numbered, verdict) for numbered in cited):
            return False
        current = pair_share(sentence.text, verdict.article.text) if verdict.article else 0.0
        old_articles = (self.lawbook.article(row.from_version, row.from_article) for row in verdict.also_moved_to)
        old = max((pair_share(sentence.text, article.text) for article in old_articles if article), default=0.0)
        return old >= current

    def _references_of(self, cited: Sequence[NumberedPassage]) -> set[tuple[object, object]]:
        return set().union(*(self._references_in(numbered) for numbered in cited))

    def _references_in(self, numbered: NumberedPassage) -> frozenset[tuple[object, object]]:
        """The (law, article) pairs that a passage is or names; found once a passage."""
        if numbered.number not in self._references:
            law, chunk = numbered.passage.document.law, numbered.passage.chunk
            found = find_statute_refs(chunk.text, self.lawbook, law.short_title if law else None)
            pairs = {(reference.law, reference.article) for reference in found}
            own = {(law.short_title, chunk.article)} if law is not None and chunk.article is not None else set()
            self._references[numbered.number] = frozenset(pairs | own)
        return self._references[numbered.number]

    @cached_property
    def _references(self) -> dict[int, frozenset[tuple[object, object]]]:
        return {}

    def _outdated_objection(self, sentence: AnswerSentence, cited: Sequence[NumberedPassage]) -> str | None:
        if all(numbered.passage.document.kind is SourceKind.STATUTE for numbered in cited):
            return None
        old = self._outdated.find(sentence.text)
        if old is not None:
            return f"复述了已失效的规定：《{old.version.short_title}》（{old.version.effective}版）{old.article}"
        for name, successor, since in _renamed_bodies():
            if name in sentence.text and since <= self.day:
                return f"“{name}”已撤销，现为{successor}"
        return None

    def _quantity_objection(self, sentence: AnswerSentence, cited: Sequence[NumberedPassage]) -> str | None:
        originals = "\n".join(numbered.passage.chunk.text for numbered in cited)
        missing = unsupported_quantities(sentence.text, originals)
        return f"所引材料里没有“{missing[0]}”" if missing else None


def _is_article(numbered: NumberedPassage, verdict: ReferenceVerdict) -> bool:
    law, article = numbered.passage.document.law, verdict.article
    return bool(law and article and law.id == article.version.id and numbered.passage.chunk.article == article.number)


_ACCEPTED = frozenset({ReferenceState.IN_FORCE, ReferenceState.NOT_HELD})
