"""Words of a text beside words of the law: how much of them stands in an article, in which, and what differs.

Compared are letters and figures alone, in simplified characters: punctuation is what web pages change first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from functools import cached_property

from corpus.lawbook import HeldArticle, LawBook
from corpus.records import Span
from corpus.script import to_plain
from corpus.structure import article_parts

# Runs shorter than this are chance: 的, 应当, 他人 stand in every article.
_SHORTEST_RUN = 3
_GRAM = 4
_NOT_LETTERS = re.compile(r"[\W_]")
_ITEM_NUMBER = re.compile(r"^[（(][一二三四五六七八九十]+[)）]")
_ONE_OF_THESE = re.compile(r"有下列[^，。]{0,8}之一的?，")
_CLAUSE_END = re.compile(r"[，。；：！？,;:!?\n“”\"（）()]+")


@dataclass(frozen=True)
class Letters:
    """The letters of ``original`` and where each stands in it."""

    original: str

    @cached_property
    def _kept(self) -> tuple[tuple[int, str], ...]:
        plain = to_plain(self.original)
        return tuple((place, letter) for place, letter in enumerate(plain) if not _NOT_LETTERS.match(letter))

    @cached_property
    def text(self) -> str:
        return "".join(letter for _, letter in self._kept)

    def span(self, start: int, end: int) -> Span:
        """The piece of the original that letters ``start`` to ``end`` make up; empty before letter ``start``."""
        if start >= end:
            place = self._kept[start][0] if start < len(self._kept) else len(self.original)
            return Span(place, place)
        return Span(self._kept[start][0], self._kept[end - 1][0] + 1)


def coverage(written: str, official: str) -> float:
    """Share of the letters of ``written`` that stand in ``official`` in runs, in order; 1.0 if all of them do."""
    return _coverage(Letters(written).text, Letters(official).text)


def _coverage(written: str, official: str) -> float:
    if not written:
        return 0.0
    if written in official:
        return 1.0
    blocks = SequenceMatcher(None, written, official, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks if block.size >= _SHORTEST_RUN) / len(written)


def pair_share(written: str, official: str) -> float:
    """Share of the neighbouring letters of ``written`` that are neighbours in ``official`` too: for a few words."""
    words, text = Letters(written).text, Letters(official).text
    pairs = [words[place : place + 2] for place in range(len(words) - 1)]
    return sum(pair in text for pair in pairs) / len(pairs) if pairs else 0.0


# --- how a quotation relates to an article ---------------------------------------------------------------------


class Faithfulness(Enum):
    WHOLE = "whole"  # one or more whole sentences, or a 项 with its lead, to the letter
    CUT = "cut"  # only words of the article, but it stops or begins within a sentence, or leaves words out
    CHANGED = "changed"  # other words


def faithfulness(written: str, article: HeldArticle) -> Faithfulness:
    """How ``written`` relates to the article's text; punctuation does not count."""
    letters = Letters(written).text
    official = Letters(article.text)
    if any(_is_whole_part(letters, piece) for piece in (official, *_composed(article))):
        return Faithfulness.WHOLE
    clauses = [Letters(clause).text for clause in _CLAUSE_END.split(written)]
    if all(clause in official.text for clause in clauses if clause):
        return Faithfulness.CUT
    return Faithfulness.CHANGED


def _composed(article: HeldArticle) -> Iterator[Letters]:
    """A 款's lead with each of its 项: how an article with items is quoted."""
    for part in article_parts(article.text):
        for item in part.items:
            yield Letters(f"{part.lead.of(article.text)}\n{item.span.of(article.text)}\n")


def _is_whole_part(written: str, official: Letters) -> bool:
    start = official.text.find(written)
    while start >= 0:
        span = official.span(start, start + len(written))
        if _opens(official.original, span.start) and _closes(official.original, span.end):
            return True
        start = official.text.find(written, start + 1)
    return False


def _opens(text: str, place: int) -> bool:
    before = re.sub(r"[（(][一二三四五六七八九十]+[)）]$", "", text[:place].rstrip("“‘《〈（("))
    return not before.strip() or before[-1] in "。\n：　 " or bool(re.search(r"[。；：]\s*$", before))


def _closes(text: str, place: int) -> bool:
    rest = text[place:].lstrip("”’）)》")
    return not rest.strip() or rest[0] in "。！？\n" or bool(re.match(r"[；：]\s*(?:\n|$)", rest))


def closest_wording(written: str, article: HeldArticle) -> str:
    """The part of the article that ``written`` answers to: the article, a 款, its lead, or a 项 with its lead.

    A 项 stands there without its number. One that is put before its lead, as people retell it (多次发送……的，
    处五日以下拘留), is given in that order, without 有下列行为之一的.
    """
    letters = Letters(written).text
    # A whole article covers whatever its parts cover, so the plainest and shortest of the best is taken.
    ranked = (
        (round(_coverage(letters, Letters(text).text), 2), plainness, -len(text), text)
        for plainness, text in _wordings(article)
    )
    return max(ranked)[-1]


def _wordings(article: HeldArticle) -> Iterator[tuple[int, str]]:
    """Pieces of an article that a text may answer to, each with how plain a reading it is; higher is plainer."""
    yield 0, article.text
    for part in article_parts(article.text):
        lead = part.lead.of(article.text)
        yield 3, lead
        if part.items:
            yield 1, part.span.of(article.text)
        for item in part.items:
            words = _ITEM_NUMBER.sub("", item.span.of(article.text))
            yield 2, f"{lead}{words}"
            yield 1, f"{words.rstrip('；。')}，{_ONE_OF_THESE.sub('', lead).rstrip('：')}"


# --- differences -----------------------------------------------------------------------------------------------


class DifferenceKind(Enum):
    EQUAL = "equal"
    ADDED = "added"  # only in the text under audit
    LEFT_OUT = "left_out"  # only in the official text
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Difference:
    """A piece of what was written and the piece of the official text that it answers to."""

    kind: DifferenceKind
    written: Span
    official: Span


_KINDS = {
    "equal": DifferenceKind.EQUAL,
    "delete": DifferenceKind.ADDED,
    "insert": DifferenceKind.LEFT_OUT,
    "replace": DifferenceKind.REPLACED,
}


def find_differences(written: str, official: str) -> tuple[Difference, ...]:
    """Return both texts piece by piece, in order; equal pieces included. Punctuation alone is no difference.

    Only the part of ``official`` from the first sentence that answers to ``written`` to the last is compared.
    """
    ours, law = Letters(written), Letters(official)
    matcher = SequenceMatcher(None, ours.text, law.text, autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size >= _SHORTEST_RUN]
    if not blocks:
        return (Difference(DifferenceKind.REPLACED, Span(0, len(written)), Span(0, len(official))),)
    window = _sentences_around(official, law.span(blocks[0].b, blocks[-1].b + blocks[-1].size))
    law = Letters(window.of(official))
    opcodes = SequenceMatcher(None, ours.text, law.text, autojunk=False).get_opcodes()
    return tuple(
        Difference(_KINDS[tag], ours.span(a, b), law.span(c, d).shifted(window.start))
        for tag, a, b, c, d in _without_chance(opcodes)
    )


Opcode = tuple[str, int, int, int, int]


def _without_chance(opcodes: Sequence[Opcode]) -> list[Opcode]:
    """One letter that happens to agree between two changes is part of the change."""
    merged: list[Opcode] = []
    for place, (tag, a, b, c, d) in enumerate(opcodes):
        is_inner = 0 < place < len(opcodes) - 1
        if tag == "equal" and b - a < 2 and is_inner:
            tag = "replace"
        if merged and tag != "equal" and merged[-1][0] != "equal":
            before = merged[-1]
            grown = (before[1], b, before[3], d)
            tag = "replace" if grown[0] < grown[1] and grown[2] < grown[3] else tag
            merged[-1] = (tag, *grown)
        else:
            merged.append((tag, a, b, c, d))
    return merged


def _sentences_around(text: str, span: Span) -> Span:
    start = max(text.rfind("。", 0, span.start), text.rfind("\n", 0, span.start)) + 1
    number = re.match(r"第[^\s　]{1,12}条(?:之[^\s　]{1,3})?[\s　]", text[start:])
    start += number.end() if number else 0
    ends = [place for place in (text.find("。", span.end), text.find("\n", span.end)) if place >= 0]
    end = min(ends) + (text[min(ends)] == "。") if ends else len(text)
    return Span(min(start, span.start), max(end, span.end))


# --- where else the words stand --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    article: HeldArticle
    coverage: float


class ArticleFinder:
    """Finds the held articles, of every version, that have the words of a text. Reads all of them when first used."""

    def __init__(self, lawbook: LawBook) -> None:
        self._lawbook = lawbook

    @cached_property
    def _articles(self) -> tuple[tuple[HeldArticle, str], ...]:
        return tuple(
            (article, Letters(article.text).text)
            for version in self._lawbook.versions
            for article in self._lawbook.articles(version.id)
        )

    @cached_property
    def _by_gram(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for number, (_, letters) in enumerate(self._articles):
            for gram in _grams(letters):
                places.setdefault(gram, []).append(number)
        return places

    def find(self, written: str, limit: int = 8) -> tuple[Found, ...]:
        """The articles that cover most of ``written``, best first; those that share no four letters are left out."""
        letters = Letters(written).text
        shared = Counter(number for gram in _grams(letters) for number in self._by_gram.get(gram, ()))
        found = [
            Found(self._articles[number][0], _coverage(letters, self._articles[number][1]))
            for number, _ in shared.most_common(limit * 4)
        ]
        return tuple(sorted(found, key=lambda candidate: -candidate.coverage)[:limit])


def _grams(letters: str) -> set[str]:
    return {letters[place : place + _GRAM] for place in range(len(letters) - _GRAM + 1)}
