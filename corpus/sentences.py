"""What an answer may quote from a passage: whole sentences, and 项 with the words they hang on.

The rule everywhere: a unit must say on its own what the passage says. So a 项 never stands without its lead,
a sentence is never cut inside quotation marks, and a sentence that leans on the one before is not parted from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.records import Chunk, QuotableUnit, SourceKind, Span, UnitRole
from corpus.structure import Paragraph, article_parts

# Shorter ones say nothing that can be checked ("不合法！"); longer prose is no sentence but a table or a page
# without full stops. A 款 of law is kept whole at any length.
MIN_UNIT_CHARS = 8
MAX_UNIT_CHARS = 400

_SENTENCE_END = "。！？!?"
_PAIRS = {
    "“": "”",
    "‘": "’",
    "「": "」",
    "『": "』",
    "《": "》",
    "〈": "〉",
    "（": "）",
    "(": ")",
    "【": "】",
    "[": "]",
}
_CLOSING = frozenset(_PAIRS.values()) | {'"'}
_LINE = re.compile(r"\S(?:[^\n]*\S)?")
# A mark of a list, not part of what the item says. Numbers in law, （一）, are part of it and stay.
_LIST_MARK = re.compile(r"(?:(?:[-*+•·●○▪■◆▶✅☑✔]|\d{1,2}[.．、)）](?!\d)|[①-⑳])\s*)+")
_INTRODUCES = ("：", ":")
# A short line without a closing mark is a heading that nobody marked, not a sentence.
_SHORTEST_UNMARKED_SENTENCE = 30
# A question states nothing; a line that ends in dots was cut off; one that opens with a mark is the rest of another.
_NO_STATEMENT = re.compile(r"^[，。、；：！？,.;:!?”’）)》]|[?？](?:[”’」』）)])*$|(?:\.\.|…)[”’」』）)]*$")
# A sentence that opens this way says something only together with the one before it.
_LEANS = re.compile(
    r"(?:但是|但(?!书)|该|其(?!他|它|余|中)|前[款项]|前[一二两三][款项]|上述|前述|此外|此(?!前|后)|这|因此|所以|否则|不过|然而|同时|并且?|也|还|另外|对此|据此|后者|前者|[^，。]{0,20}除外。)"
)


def split_sentences(text: str) -> tuple[Span, ...]:
    """Return the sentences of prose in order: they end at 。！？ or with their line, never inside quotes or brackets.

    White space between them belongs to none; every printed character belongs to one. Empty text has none.
    """
    return tuple(span for line in _LINE.finditer(text) for span in _sentences_of_line(text, line.start(), line.end()))


def _sentences_of_line(text: str, start: int, end: int) -> Iterator[Span]:
    closed_at = _closed_pairs(text, start, end)
    begin = place = start
    while place < end:
        if place in closed_at:
            ended_inside = text[closed_at[place] - 1] in _SENTENCE_END
            place = closed_at[place] + 1
            # “……。” ends a sentence only where nothing but a new one can follow the closing mark.
            if not (ended_inside and text[place - 1] in "”」』" and _opens_a_sentence(text, place, end)):
                continue
        elif text[place] in _SENTENCE_END:
            place += 1
        else:
            place += 1
            continue
        while place < end and (text[place] in _SENTENCE_END or text[place] in _CLOSING):
            place += 1
        yield from _printed(text, begin, place)
        begin = place
    yield from _printed(text, begin, end)


def _opens_a_sentence(text: str, place: int, end: int) -> bool:
    """After a closed quotation: a mark, a particle or a verb of saying carries the sentence on."""
    rest = text[place:end].lstrip()
    return (
        not rest
        or bool(re.match(r"[\u201c「『《（(]|[\u4e00-\u9fff]{2}", rest))
        and not re.match(r"[，。、；：！？,;:的等和或者之是为]|以及|规定|情形|行为", rest)
    )


def _closed_pairs(text: str, start: int, end: int) -> dict[int, int]:
    """Map each opening mark to its closing one, outermost only; a mark without its partner in the line is plain."""
    stack: list[tuple[str, int]] = []
    pairs: dict[int, int] = {}
    straight: int | None = None
    for place in range(start, end):
        character = text[place]
        if character in _PAIRS:
            stack.append((_PAIRS[character], place))
        elif character == '"':
            if straight is None:
                straight = place
            else:
                pairs[straight], straight = place, None
        elif character in _CLOSING and any(character == wanted for wanted, _ in stack[-8:]):
            while stack[-1][0] != character:
                stack.pop()
            pairs[stack.pop()[1]] = place
    return pairs


def _printed(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield Span(start, end)


def find_units(chunk: Chunk, kind: SourceKind) -> tuple[QuotableUnit, ...]:
    """Return what an answer may quote from ``chunk``, in reading order; nothing quotable gives an empty result."""
    role = unit_role(chunk.headings, kind)
    quotes = _statute_quotes(chunk.text) if kind is SourceKind.STATUTE else _prose_quotes(chunk.text)
    return tuple(QuotableUnit("".join(span.of(chunk.text) for span in spans), spans, role) for spans in quotes)


# --- statutes --------------------------------------------------------------------------------------------------


def _statute_quotes(text: str) -> Iterator[tuple[Span, ...]]:
    for part in article_parts(text):
        yield from _quotes_of_paragraph(text, part)


def _quotes_of_paragraph(text: str, part: Paragraph) -> Iterator[tuple[Span, ...]]:
    sentences = _standing_alone(text, _within(text, part.lead))
    if not part.items:
        if not re.match(r"[（(][一二三四五六七八九十]", part.lead.of(text)):  # a 项 cut off from its lead
            yield from ((span,) for span in sentences if span.end - span.start >= MIN_UNIT_CHARS)
        return
    *before, lead = sentences
    yield from ((span,) for span in before if span.end - span.start >= MIN_UNIT_CHARS)
    for item in part.items:
        yield (lead, *_lines_within(text, item.span))


def _lines_within(text: str, span: Span) -> Iterator[Span]:
    return (Span(line.start(), line.end()) for line in _LINE.finditer(text, span.start, span.end))


def _within(text: str, span: Span) -> list[Span]:
    return [sentence.shifted(span.start) for sentence in split_sentences(span.of(text))]


def _standing_alone(text: str, sentences: Sequence[Span]) -> list[Span]:
    """Join each sentence that leans on the one before to it."""
    joined: list[Span] = []
    for sentence in sentences:
        if joined and _LEANS.match(text, sentence.start):
            joined[-1] = Span(joined[-1].start, sentence.end)
        else:
            joined.append(sentence)
    return joined


# --- prose -----------------------------------------------------------------------------------------------------


def _prose_quotes(text: str) -> Iterator[tuple[Span, ...]]:
    """Sentences of each line; a line that ends in ： is quoted with each item of the list that it introduces."""
    lead: _Lead | None = None
    lines = [Span(match.start(), match.end()) for match in _LINE.finditer(text)]
    for number, line in enumerate(lines):
        mark, body = list_mark(text, line)
        if lead and not lead.carries(mark):
            lead = None
        sentences = _standing_alone(text, _within(text, body))
        introduces = number + 1 < len(lines) and sentences[-1].of(text).endswith(_INTRODUCES)
        for sentence in sentences[:-1] if introduces else sentences:
            spans = (lead.span, sentence) if lead and sentence.start == body.start else (sentence,)
            if mark or not _reads_like_a_heading(text, spans):
                yield from _offered_prose(text, spans)
        if lead:
            lead = _Lead(lead.span, mark)
        if introduces:
            lead = _Lead(sentences[-1], None)


@dataclass(frozen=True, slots=True)
class _Lead:
    """A sentence that introduces the next line, or every item of the list below it.

    ``mark`` is the kind of list mark that the list uses, None until its first line was seen, "" for no list.
    """

    span: Span
    mark: str | None

    def carries(self, mark: str) -> bool:
        return self.mark is None or (self.mark == mark != "")


def _offered_prose(text: str, spans: tuple[Span, ...]) -> Iterator[tuple[Span, ...]]:
    """``spans`` if an answer may quote them: not a question, not cut short, neither too short nor too long."""
    length = sum(span.end - span.start for span in spans)
    if length > MAX_UNIT_CHARS and len(spans) > 1:
        yield from _offered_prose(text, spans[1:])
    elif MIN_UNIT_CHARS <= length <= MAX_UNIT_CHARS and not _NO_STATEMENT.search(spans[-1].of(text)):
        yield spans


def _reads_like_a_heading(text: str, spans: tuple[Span, ...]) -> bool:
    written = "".join(span.of(text) for span in spans)
    return len(written) < _SHORTEST_UNMARKED_SENTENCE and written[-1] not in "。！!；;：:.”’」』）)】"


def list_mark(text: str, line: Span) -> tuple[str, Span]:
    """The kind of list mark that opens the line ("" for none), and the line without it."""
    match = _LIST_MARK.match(text, line.start, line.end)
    if match is None or match.end() == line.end:
        return "", line
    kind = "1" if text[match.start()].isdigit() else text[match.start()]
    return kind, Span(match.end(), line.end)


# --- roles -----------------------------------------------------------------------------------------------------

_ROLE_WORDS = (
    (UnitRole.CONCLUSION, ("结论", "违法吗", "合法吗", "一句话", "犯法吗", "违法不违法", "合不合法")),
    (UnitRole.LAW, ("法律依据", "法条", "规定", "法律条文", "法律怎么说")),
    (
        UnitRole.ACTION,
        ("怎么做", "证据", "步骤", "协商", "怎么办", "应对", "怎么留", "怎么写", "怎么准备", "如何处理", "维权"),
    ),
    (UnitRole.CHANNEL, ("投诉", "举报", "渠道", "热线", "报警", "求助", "找谁")),
)


def unit_role(headings: Sequence[str], kind: SourceKind) -> UnitRole:
    """Return what a passage under ``headings`` does in an answer: the deepest telling heading decides.

    Law is LAW whatever it stands under. The title does not count: 爆通讯录违法吗 names the whole article.
    A user's own document is never law, whatever its headings say.
    """
    if kind is SourceKind.STATUTE:
        return UnitRole.LAW
    for heading in reversed(headings[1:]):
        for role, words in _ROLE_WORDS:
            if any(word in heading for word in words):
                return UnitRole.BACKGROUND if role is UnitRole.LAW and kind is SourceKind.DOCUMENT else role
    return UnitRole.BACKGROUND
