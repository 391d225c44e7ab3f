"""What prose can get wrong that a quoted sentence cannot: bare numbers, and everything said in English.

``assistant.verification`` holds Chinese sentences to their passages by 第…条 and by numbers with a Chinese unit.
A model that writes prose also writes 拨打12345, “15 days” and “Article 42 of the Criminal Law”.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from assistant.english import (
    find_articles,
    find_english_quantities,
    find_law_names,
    find_number_words,
    find_parts,
    laws_named,
    without_measures_and_articles,
)
from assistant.quantities import Quantity, find_quantities
from assistant.records import NumberedPassage
from corpus.citations import find_statute_refs
from corpus.errors import BadReference
from corpus.lawbook import HeldArticle, LawBook
from corpus.numerals import parse_numeral
from corpus.records import SourceKind, Span, StatuteRef
from corpus.script import to_plain
from corpus.validity import ReferenceState, check_reference, find_part

_DIGITS = re.compile(r"(?<![\d.])\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:\.\d+)?")
_CHINESE_NUMERAL = re.compile(r"[〇零一二两三四五六七八九十百千]+")
_LOOSE_PART = re.compile(r"第\s?\d+\s?[条款项]")
_STANDS = frozenset({ReferenceState.IN_FORCE, ReferenceState.NOT_HELD})


def figures_objection(text: str, cited: Sequence[NumberedPassage], lawbook: LawBook, day: date) -> str | None:
    """Return the first figure, English article or law of ``text`` that its passages do not bear out, in Chinese.

    ``text`` is prose without what it quotes verbatim, ``cited`` at least one passage. None where nothing speaks
    against it.
    """
    ground = _Ground(tuple(cited), lawbook, day)
    rest = _without_references(text, ground)
    return (
        _law_objection(rest, ground)
        or _article_objection(rest, ground)
        or _part_objection(rest, ground)
        or _quantity_objection(rest, ground)
        or _bare_number_objection(without_measures_and_articles(rest), ground)
    )


@dataclass(frozen=True)
class _Ground:
    """What the cited passages say, in the forms that figures are compared in."""

    cited: tuple[NumberedPassage, ...]
    lawbook: LawBook
    day: date

    @cached_property
    def text(self) -> str:
        """What a reader sees of the passages: titles, dates, headings and texts."""
        lines = []
        for numbered in self.cited:
            document, chunk = numbered.passage.document, numbered.passage.chunk
            effective = document.law.effective.isoformat() if document.law and document.law.effective else ""
            lines += [document.title, effective, *chunk.headings, chunk.text]
        return to_plain("\n".join(lines))

    @cached_property
    def is_of_this_program(self) -> bool:
        """Whether every cited passage came with the program, whose articles are checked against the law in force."""
        return all(numbered.passage.document.collection == "builtin" for numbered in self.cited)

    @cached_property
    def quantities(self) -> frozenset[Quantity]:
        return frozenset(quantity for quantity, _ in find_quantities(self.text))

    @cached_property
    def numbers(self) -> frozenset[float]:
        """Every number of the text: in digits or numerals, with or without a unit, of an article."""
        found = {_value(match[0]) for match in _DIGITS.finditer(self.text)}
        found |= {quantity.value for quantity in self.quantities}
        found |= {float(reference.article.number) for reference in self.references if reference.article}
        for numeral in _CHINESE_NUMERAL.findall(self.text):
            with suppress(BadReference):  # 三五, 百十: no number
                found.add(float(parse_numeral(numeral)))
        return frozenset(found)

    @cached_property
    def references(self) -> tuple[StatuteRef, ...]:
        """The articles that the passages are or name."""
        found: list[StatuteRef] = []
        for numbered in self.cited:
            law, chunk = numbered.passage.document.law, numbered.passage.chunk
            if law is not None and chunk.article is not None:
                found.append(StatuteRef(law.short_title, "", chunk.article, None, None, Span(0, 0), ""))
            found += find_statute_refs(chunk.text, self.lawbook, law.short_title if law else None)
        return tuple(found)

    @cached_property
    def laws(self) -> frozenset[str]:
        return frozenset(reference.law for reference in self.references if reference.law)

    @cached_property
    def articles(self) -> tuple[HeldArticle, ...]:
        """The articles that are cited passages themselves, whole."""
        held = []
        for numbered in self.cited:
            law, number = numbered.passage.document.law, numbered.passage.chunk.article
            article = self.lawbook.article(law.id, number) if law and number else None
            if article is not None:
                held.append(article)
        return tuple(held)


def _without_references(text: str, ground: _Ground) -> str:
    """The text with its Chinese references blanked: ``assistant.verification`` has judged those."""
    first = ground.cited[0].passage.document
    context = first.law.short_title if first.kind is SourceKind.STATUTE and first.law else None
    for span in {reference.span for reference in find_statute_refs(text, ground.lawbook, context)}:
        text = text[: span.start] + " " * (span.end - span.start) + text[span.end :]
    return _LOOSE_PART.sub(" ", text)


def _verdict_objection(reference: StatuteRef, ground: _Ground) -> str | None:
    """Why a reference does not stand on the day.

    A number that was another article in an older version stands only on the article itself or on a text of this
    program: a page from the web that says 治安管理处罚法第四十二条 may be older than the article of that number.
    """
    verdict = check_reference(ground.lawbook, reference, ground.day)
    if verdict.state not in _STANDS:
        return verdict.message
    if not verdict.is_ambiguous or verdict.article in ground.articles or ground.is_of_this_program:
        return None
    return f"所引文章里的条号可能是旧的：{verdict.message}"


def _law_objection(text: str, ground: _Ground) -> str | None:
    for name in find_law_names(text):
        for law in laws_named(name):
            if law is None:
                return f"无法核对英文法律名称“{name}”"
            if law not in ground.laws:
                return f"所引材料里没有《{law}》（{name}）"
    return None


def _article_objection(text: str, ground: _Ground) -> str | None:
    for mention in find_articles(text):
        for article in mention.articles:
            meant = [reference for reference in ground.references if reference.article == article]
            if mention.law_name:
                meant = [reference for reference in meant if reference.law in laws_named(mention.law_name)]
            if not meant:
                return f"所引材料里没有“{mention.text}”"
            objections = [_verdict_objection(reference, ground) for reference in meant]
            if all(objections):
                return objections[0]
    return None


def _part_objection(text: str, ground: _Ground) -> str | None:
    """Paragraph 2 and item 5 must be there in an article that is cited."""
    for part in find_parts(text):
        if not any(find_part(article, part.paragraph, part.item) for article in ground.articles):
            return f"所引条文没有“{part.text}”"
    return None


def _quantity_objection(text: str, ground: _Ground) -> str | None:
    for quantity, written in find_english_quantities(text):
        # "Three times" is 三倍 or 三次.
        meant = {quantity, Quantity(quantity.value, "次")} if quantity.unit == "倍" else {quantity}
        if not meant & ground.quantities:
            return f"所引材料里没有“{written}”"
    return None


def _bare_number_objection(text: str, ground: _Ground) -> str | None:
    """Numbers without a unit: in digits, such as telephone numbers and years, and in English words but for one."""
    numbers = [(_value(match[0]), match[0]) for match in _DIGITS.finditer(to_plain(text))]
    numbers += [found for found in find_number_words(text) if found[0] != 1]
    for value, written in numbers:
        if value not in ground.numbers:
            return f"所引材料里没有“{written}”"
    return None


def _value(digits: str) -> float:
    return float(digits.replace(",", ""))
