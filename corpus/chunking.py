"""Documents cut into passages: an article of law is one, anything else goes by section.

A passage never crosses a heading or an article, nothing printed is lost, and ids depend on content alone,
so that an unchanged passage keeps its id, and its vector, when its neighbours change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.records import ArticleNumber, Chunk, Document, Section, Span
from corpus.sentences import list_mark, split_sentences
from corpus.structure import Paragraph, article_label, article_parts, heading_span

# Of 4,971 articles in 55 laws of the field half have under 92 characters, 99 % under 382, the longest 639
# (消费者权益保护法第五十六条): at 800 none of them is cut, and a cut article would lose its lead for a reader.
MAX_ARTICLE_CHARS = 800
# One topic of an article in plain Chinese: of 144 sections written for this corpus half have under 147 characters
# and 97 % under 450, so a section usually stays whole. Ten such passages fit a 4,096-token prompt.
MAX_PROSE_CHARS = 450


def chunk_document(document: Document) -> tuple[Chunk, ...]:
    """Return the passages of ``document`` in reading order; a document without printed text has none.

    ``document.text[chunk.span.start:chunk.span.end] == chunk.text``; passages do not overlap, and together with
    the heading lines they hold every printed character.
    """
    seen: dict[str, int] = {}
    return tuple(
        _chunk(document, piece, region, seen)
        for region in _regions(document)
        for piece in _pieces(document.text, region)
    )


@dataclass(frozen=True, slots=True)
class _Region:
    """Text between headings, or one article: what a passage may not leave."""

    span: Span
    headings: tuple[str, ...]
    article: ArticleNumber | None


@dataclass(frozen=True, slots=True)
class _Piece:
    span: Span
    lead: str = ""


def _regions(document: Document) -> Iterator[_Region]:
    """Every stretch of text outside heading lines, article by article, section by section, in order."""
    text, path, place = document.text, [], 0
    open_sections: list[Section] = []
    for section in sorted(document.sections, key=lambda section: (section.span.start, -section.span.end)):
        yield from _plain_region(text, Span(place, section.span.start), open_sections)
        open_sections = [outer for outer in open_sections if outer.span.end > section.span.start]
        if section.article:
            path = [outer.title for outer in open_sections]
            yield _Region(_stripped(text, section.span), tuple(path), section.article)
            place = section.span.end
        else:
            open_sections.append(section)
            place = max(heading_span(text, section).end, section.span.start)
    yield from _plain_region(text, Span(place, len(text)), open_sections)


def _plain_region(text: str, span: Span, open_sections: Sequence[Section]) -> Iterator[_Region]:
    printed = _stripped(text, span)
    if printed.start < printed.end:
        headings = tuple(section.title for section in open_sections if section.span.end > printed.start)
        yield _Region(printed, headings, None)


def _stripped(text: str, span: Span) -> Span:
    start, end = span.start, span.end
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)


def _pieces(text: str, region: _Region) -> Iterator[_Piece]:
    length = region.span.end - region.span.start
    if length <= (MAX_ARTICLE_CHARS if region.article else MAX_PROSE_CHARS):
        yield _Piece(region.span)
    elif region.article:
        yield from _pieces_of_article(text, region.span)
    else:
        yield from _packed(text, _bounded(text, _sentences(text, region.span), MAX_PROSE_CHARS), MAX_PROSE_CHARS)


# --- a long article --------------------------------------------------------------------------------------------


def _pieces_of_article(text: str, span: Span) -> Iterator[_Piece]:
    """By 款, several to a piece while they fit; a 款 that is too long alone goes by 项.

    The lead of every later piece is what it needs to be understood: the words that its 项 hang on, or the
    opening of the article's first 款, which says what the article is about.
    """
    parts = [_shifted(part, span.start) for part in article_parts(span.of(text))]
    opening = parts[0].lead.of(text)
    run: list[Span] = []
    begun = False

    def flush() -> Iterator[_Piece]:
        nonlocal begun
        if run:
            yield _Piece(Span(span.start if not begun else run[0].start, run[-1].end), opening if begun else "")
            begun = True
            run.clear()

    for part in parts:
        if run and part.span.end - run[0].start > MAX_ARTICLE_CHARS:
            yield from flush()
        if part.span.end - part.span.start <= MAX_ARTICLE_CHARS:
            run.append(part.span)
            continue
        yield from flush()
        for piece in _pieces_of_paragraph(text, part):
            start = piece.span.start if begun else span.start
            yield _Piece(Span(start, piece.span.end), piece.lead or (opening if begun else ""))
            begun = True
    yield from flush()


def _pieces_of_paragraph(text: str, part: Paragraph) -> Iterator[_Piece]:
    units = _bounded(text, [part.lead, *(item.span for item in part.items)], MAX_ARTICLE_CHARS)
    lead = part.lead.of(text) if part.items else ""
    for number, piece in enumerate(_packed(text, units, MAX_ARTICLE_CHARS)):
        yield _Piece(piece.span, lead if number else "")


def _shifted(part: Paragraph, by: int) -> Paragraph:
    items = tuple(type(item)(item.number, item.span.shifted(by)) for item in part.items)
    return Paragraph(part.number, part.span.shifted(by), part.lead.shifted(by), items)


# --- long prose ------------------------------------------------------------------------------------------------


def _sentences(text: str, span: Span) -> list[Span]:
    """Sentences; one that ends in ： stays with what it introduces, a whole list included, while that fits."""
    joined: list[Span] = []
    list_kind: str | None = None  # of the list that the last block holds; None where it holds none
    for sentence in split_sentences(span.of(text)):
        sentence = sentence.shifted(span.start)
        opens_line = "\n" in text[joined[-1].end : sentence.start] if joined else True
        mark = list_mark(text, sentence)[0] if opens_line else ""
        introduced = bool(joined) and text[joined[-1].end - 1] in "：:"
        belongs = introduced or (list_kind is not None and (not opens_line or mark == list_kind))
        if belongs and sentence.end - joined[-1].start <= MAX_PROSE_CHARS:
            joined[-1] = Span(joined[-1].start, sentence.end)
            list_kind = mark or list_kind
        else:
            joined.append(sentence)
            list_kind = None
    return joined


def _bounded(text: str, spans: Sequence[Span], limit: int) -> list[Span]:
    """Cut what no sentence end divides, such as a table: at the last comma or space within the limit, or at it."""
    bounded: list[Span] = []
    for span in spans:
        start = span.start
        while span.end - start > limit:
            cut = max(text.rfind(mark, start + limit // 2, start + limit) for mark in "\n；;，,、 　")
            end = cut + 1 if cut >= 0 else start + limit
            bounded.append(_stripped(text, Span(start, end)))
            start = _stripped(text, Span(end, span.end)).start
        bounded.append(Span(start, span.end))
    return [span for span in bounded if span.start < span.end]


def _packed(text: str, spans: Sequence[Span], limit: int) -> Iterator[_Piece]:
    """Neighbours together while they fit, in pieces of about the same length rather than full ones and a rest."""
    if not spans:
        return
    total = spans[-1].end - spans[0].start
    wanted = total / -(-total // limit)
    start = spans[0].start
    for before, span in zip(spans, spans[1:], strict=False):
        grown = span.end - start
        if grown > limit or (before.end - start >= wanted * 0.6 and grown - wanted > wanted - (before.end - start)):
            yield _Piece(Span(start, before.end))
            start = span.start
    yield _Piece(Span(start, spans[-1].end))


# --- records ---------------------------------------------------------------------------------------------------


def _chunk(document: Document, piece: _Piece, region: _Region, seen: dict[str, int]) -> Chunk:
    text = piece.span.of(document.text)
    digest = hashlib.sha256("\x1f".join((*region.headings, text)).encode("utf-8", "surrogatepass")).hexdigest()[:12]
    label = f"{article_label(region.article)}:" if region.article else ""
    stem = f"{document.info.id}:{label}{digest}"
    seen[stem] = seen.get(stem, 0) + 1
    repeat = f":{seen[stem]}" if seen[stem] > 1 else ""
    return Chunk(
        id=stem + repeat,
        document_id=document.info.id,
        text=text,
        span=piece.span,
        headings=region.headings,
        article=region.article,
        lead=piece.lead,
    )
