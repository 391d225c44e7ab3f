"""What a text says that a cited article says: words put after its number, beside it in brackets, or before it.

It finds the words; whether they are right is ``corpus.auditing``'s question.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from corpus.comparison import Letters
from corpus.records import Span, StatuteRef
from corpus.sentences import split_sentences


class ClaimKind(Enum):
    QUOTATION = "quotation"  # given as the article's own words: after a colon, or below its number
    QUOTED_WORDS = "quoted_words"  # a piece in “” that the sentence builds in
    STATEMENT = "statement"  # 根据第……条的规定，……: the article retold
    LABEL = "label"  # a few words in brackets or before the text: 第66条（侵权赔偿责任）
    CONTEXT = "context"  # the sentence that the reference stands in


@dataclass(frozen=True, slots=True)
class Claim:
    kind: ClaimKind
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class CitedGroup:
    """References cited in one breath, 第十三条、第十四条, and what is said of them together.

    ``is_ground`` where they stand in brackets after a sentence, as its ground.
    """

    references: tuple[StatuteRef, ...]
    claims: tuple[Claim, ...]
    is_ground: bool

    def of_kind(self, *kinds: ClaimKind) -> tuple[Claim, ...]:
        return tuple(claim for claim in self.claims if claim.kind in kinds)


# Fewer letters than this name a subject and quote nothing.
MIN_QUOTATION_LETTERS = 12
MIN_QUOTED_WORDS_LETTERS = 8
# More than twice the longest article of the field: what goes on longer is not its text.
MAX_CLAIM_CHARS = 1_500

_JOIN = re.compile(r"[\s、,，和及与或以至到;；/]*")
_SAYS = r"(?:\s{0,2}(?:之|中|里)?的?(?:相关|有关|明确|具体)?(?:规定|要求|明确|指出|内容)?(?:了|为|是|如下)?)"
_COLON = re.compile(rf"[》\s]{{0,2}}{_SAYS}\s{{0,2}}[:：]\s{{0,2}}")
_COMMA = re.compile(rf"[》\s]{{0,2}}{_SAYS}\s{{0,2}}[,，]\s{{0,2}}")
_DIRECT = re.compile(r"[》\s]{0,2}(?:之|中|里)?(?:明确|具体)?规定(?:了)?(?=[\u4e00-\u9fff“])")
_BRACKET = re.compile(r"[》\s]{0,2}[（(](?P<label>[^（）()\n]{2,40})[)）]")
_NO_LABEL = re.compile(r"^\s*(?:以下简称|简称|20\d\d|19\d\d|修[订正]|见|详见|即)")
_REMARK_AT_END = re.compile(r"\s*[（(][^（）()]*[)）]\s*$")
_LIST_LINE = re.compile(
    r"\s*(?:[-*•·●○▪■◆▶✅☑#]|\d{1,2}[.．、)）]|[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[)）])"
)
_ITEM_LINE = re.compile(r"\s*[（(][一二三四五六七八九十]{1,3}[)）]")
_QUOTED = re.compile(r"[“\"「]([^”\"」\n]{4,400})[”\"」]")


def find_cited_groups(text: str, references: Sequence[StatuteRef]) -> tuple[CitedGroup, ...]:
    """Return ``references`` (in order of place) in groups, each with its claims."""
    groups = _group(text, references)
    starts = [*(group[0].span.start for group in groups), len(text)][1:]
    sentences = split_sentences(text)
    sentence_starts = [sentence.start for sentence in sentences]
    found: list[CitedGroup] = []
    for group, next_start in zip(groups, starts, strict=True):
        start, end = group[0].span.start, max(reference.span.end for reference in group)
        is_ground = bool(
            re.search(r"[（(]\s*(?:见|依据|根据|参见|法律依据[:：])?\s*$", text[max(0, start - 8) : start])
        )
        sentence = _sentence_around(sentences, sentence_starts, Span(start, end))
        claims = [*_after(text, end, next_start, start), *_around(text, sentence, Span(start, end))]
        found.append(CitedGroup(tuple(group), tuple(claims), is_ground))
    return tuple(found)


def _group(text: str, references: Sequence[StatuteRef]) -> list[list[StatuteRef]]:
    groups: list[list[StatuteRef]] = []
    for reference in references:
        before = groups[-1][-1] if groups else None
        if before and before.article and reference.article and before.law == reference.law:
            same_place = reference.span == before.span
            gap = text[before.span.end : reference.span.start]
            if same_place or (len(gap) <= 6 and _JOIN.fullmatch(gap) and not _names_a_law(reference)):
                groups[-1].append(reference)
                continue
        groups.append([reference])
    return groups


def _names_a_law(reference: StatuteRef) -> bool:
    return bool(reference.law_text) and reference.text.startswith(reference.law_text)


def _sentence_around(sentences: Sequence[Span], starts: Sequence[int], span: Span) -> Span:
    """The sentences from the one that the reference begins in to the one that it ends in."""
    first = max(0, bisect_right(starts, span.start) - 1)
    last = bisect_left(starts, span.end)
    touched = [sentence for sentence in sentences[first:last] if sentence.end > span.start]
    return Span(touched[0].start, touched[-1].end) if touched else span


# --- words after the number ------------------------------------------------------------------------------------


def _after(text: str, end: int, limit: int, start: int) -> Iterator[Claim]:
    line_end = text.find("\n", end, limit)
    line_end = limit if line_end < 0 else line_end
    bracket = _BRACKET.match(text, end, line_end)
    if bracket and not _NO_LABEL.match(bracket["label"]):
        yield _claim(ClaimKind.LABEL, text, Span(*bracket.span("label")))
    end = bracket.end() if bracket else end
    colon = _COLON.match(text, end, limit)
    if colon:
        yield from _after_colon(text, colon.end(), limit)
    elif not text[end:line_end].strip(" 　》"):
        if _stands_alone(text, start) and not bracket:
            yield from _below(text, line_end, limit)
    elif _opens_its_line(text, start) and re.match(r"[》】]?[ 　]{1,2}(?=[^\s])", text[end:line_end]):
        yield from _quotation(text, end, _end_of_lines(text, end, limit))
    else:
        comma = _COMMA.match(text, end, line_end) or _DIRECT.match(text, end, line_end)
        if comma:
            yield from _statement(text, comma.end(), line_end)


def _after_colon(text: str, place: int, limit: int) -> Iterator[Claim]:
    """The article's words; a few words that fill their line are a label, and its words stand below."""
    line_end = text.find("\n", place, limit)
    line_end = limit if line_end < 0 else line_end
    is_lead = text[place:line_end].endswith(("：", ":")) and _ITEM_LINE.match(text, line_end + 1, limit)
    if not is_lead and len(Letters(text[place:line_end]).text) < MIN_QUOTATION_LETTERS:
        if text[place:line_end].strip():
            yield from _trimmed(ClaimKind.LABEL, text, place, line_end)
        yield from _below(text, line_end, limit)
    else:
        yield from _quotation(text, place, _end_of_lines(text, place, limit))


def _below(text: str, place: int, limit: int) -> Iterator[Claim]:
    """The paragraph below a line that holds no more than the reference."""
    while place < limit and text[place].isspace():
        place += 1
    first_line = text[place : text.find("\n", place) if text.find("\n", place) >= 0 else len(text)]
    if place < limit and not _LIST_LINE.match(first_line):
        yield from _quotation(text, place, _end_of_lines(text, place, limit))


def _end_of_lines(text: str, place: int, limit: int) -> int:
    """The end of the line, and of the lines of 项 that follow it without a gap."""
    end = text.find("\n", place, limit)
    while 0 <= end < limit:
        next_end = text.find("\n", end + 1, limit)
        next_end = limit if next_end < 0 else next_end
        if not _ITEM_LINE.match(text, end + 1, next_end):
            return end
        end = next_end
    return limit


def _quotation(text: str, start: int, end: int) -> Iterator[Claim]:
    remark = _REMARK_AT_END.search(text[start:end])
    if remark and len(Letters(text[start : start + remark.start()]).text) >= MIN_QUOTATION_LETTERS:
        end = start + remark.start()
    for claim in _trimmed(ClaimKind.QUOTATION, text, start, end):
        if len(Letters(claim.text).text) >= MIN_QUOTATION_LETTERS:
            yield claim


def _statement(text: str, start: int, line_end: int) -> Iterator[Claim]:
    """To the end of the sentence."""
    sentences = split_sentences(text[start:line_end])
    if sentences and len(Letters(sentences[0].of(text[start:line_end])).text) >= MIN_QUOTATION_LETTERS:
        yield _claim(ClaimKind.STATEMENT, text, sentences[0].shifted(start))


def _trimmed(kind: ClaimKind, text: str, start: int, end: int) -> Iterator[Claim]:
    while start < end and text[start] in ' 　\t\n“"「•·-':
        start += 1
    end = min(end, start + MAX_CLAIM_CHARS)
    # A bullet that was cut off belongs to the next item.
    end -= len(text[start:end]) - len(text[start:end].rstrip(' 　\t\n”"」；;、，,•·-《'))
    if start < end:
        yield _claim(kind, text, Span(start, end))


def _stands_alone(text: str, start: int) -> bool:
    """The reference's line holds hardly more than the reference."""
    line_start = text.rfind("\n", 0, start) + 1
    return len(Letters(text[line_start:start]).text) <= 6


def _opens_its_line(text: str, start: int) -> bool:
    line_start = text.rfind("\n", 0, start) + 1
    return not Letters(text[line_start:start]).text


# --- words around it -------------------------------------------------------------------------------------------


def _around(text: str, sentence: Span, cited: Span) -> Iterator[Claim]:
    for quoted in _QUOTED.finditer(text, sentence.start, sentence.end):
        inside = Span(*quoted.span(1))
        overlaps = inside.start < cited.end and inside.end > cited.start
        if not overlaps and len(Letters(quoted[1]).text) >= MIN_QUOTED_WORDS_LETTERS:
            yield _claim(ClaimKind.QUOTED_WORDS, text, inside)
    yield _claim(ClaimKind.CONTEXT, text, sentence)


def _claim(kind: ClaimKind, text: str, span: Span) -> Claim:
    return Claim(kind, span, span.of(text))
