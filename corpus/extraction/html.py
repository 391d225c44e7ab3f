"""Web pages to blocks. trafilatura finds the main text; all else that was visible is kept aside as boilerplate."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from corpus.errors import EmptyDocument
from corpus.extraction.characters import clean_characters
from corpus.extraction.headings import has_list_mark, looks_like_heading
from corpus.extraction.plain import decode
from corpus.extraction.records import Block, BlockKind, ExtractedDocument, Origin, count_visible

_DECLARED = re.compile(
    rb"""<meta[^>]+?charset\s*=\s*["']?\s*([\w-]+)|<\?xml[^>]+encoding=["']([\w-]+)""", re.IGNORECASE
)
_DECLARED_WITHIN_BYTES = 4096

# trafilatura's precision loses text on small Chinese pages: of 128 pages of our own (8 ways to write paragraphs, 4
# wrappers, with and without footer, 80 and 350 characters) it returned 31 without part of the article, most of
# them built of <br> or, as WeChat's editor does, of <section>; its recall mode mended few. Where it misses more
# than a tenth of the page's sentences, the visible lines stand in for it and cleaning's own rules decide.
_ENOUGH_SENTENCES = 0.9
_LINKS_ONLY = 0.6

_UNSEEN = frozenset(
    {"script", "style", "noscript", "template", "head", "svg", "iframe", "select", "button", "textarea"}
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
# How page builders name what is not the article. A container of such a name counts as aside unless most of the page's
# text is in it: some sites call everything "side-left" or "comment-page".
_ASIDE_NAMES = re.compile(
    r"(?:^|[\s_-])(?:comments?|cmts?|pinglun|reply|replies|relate[ds]?|recommend\w*|rec|hot|rank\w*|side\w*|aside|share\w*|"
    r"copyright|bread\w*|crumbs?|nav\w*|menu\w*|foot\w*|head(?:er)?|pager|pagination|prev|next|ads?|advert\w*|qrcode|toolbar)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_ASIDE_TAGS = frozenset({"nav", "aside", "footer"})
_LINE_TAGS = (
    frozenset({"p", "div", "br", "li", "ul", "ol", "dl", "dt", "dd", "table", "tr", "section", "article", "header"})
    | frozenset({"footer", "nav", "aside", "main", "blockquote", "pre", "form", "figure", "figcaption", "hr"})
    | frozenset(_HEADINGS)
)


def read_html(data: bytes, source_name: str) -> ExtractedDocument:
    """Return the main text of a page in blocks, and around it what else was visible, marked as boilerplate.

    Title, publisher (the site's name), day and address come from the page's own metadata. No request is made.
    Raises EmptyDocument where the page shows no text, such as one that a script would fill.
    """
    declared = _DECLARED.search(data[:_DECLARED_WITHIN_BYTES])
    named = (declared[1] or declared[2]).decode("ascii", "ignore") if declared else None
    markup = _without_declaration(decode(data, source_name, named).text)
    lines = _visible_lines(markup)
    if not lines:
        raise EmptyDocument(f"{source_name}：网页里没有可见的文字（可能靠脚本载入）；请在浏览器里另存为纯文本再试")
    main, facts = _main_text(markup)
    main = tuple(_in_visible_lines(_without_asides(main, lines), lines))
    found = _share_of_sentences(lines, main)
    blocks = tuple(_with_boilerplate(main, lines) if found >= _ENOUGH_SENTENCES else _all_lines(lines))
    return ExtractedDocument(facts.title, facts.publisher, facts.published, facts.address, blocks, Origin.WEB_PAGE)


def _without_declaration(markup: str) -> str:
    """lxml refuses text that declares an encoding, which has been decoded already."""
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", markup)


# --- the main text, by trafilatura -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the page states in title, meta tags and JSON-LD."""

    title: str | None = None
    publisher: str | None = None
    published: date | None = None
    address: str | None = None


def _main_text(markup: str) -> tuple[tuple[Block, ...], _Facts]:
    from trafilatura import bare_extraction, extract_metadata

    document: Any = bare_extraction(  # typed as a union with dict, which only as_dict=True gives
        markup,
        favor_precision=True,
        with_metadata=True,
        include_comments=False,
        include_tables=True,
        include_links=False,
        # A guess from any date on the page is wrong more often than none; what the page states counts.
        date_extraction_params={"extensive_search": False, "original_date": True},
    )
    if document is None:  # too short for it; what the page states still counts
        return (), _facts_of(extract_metadata(markup, extensive=False))
    return tuple(_blocks_of(document.body)), _facts_of(document)


def _facts_of(document: Any) -> _Facts:
    site = _text_or_none(document.sitename)
    # A host name is no publisher; the address shows it already.
    publisher = site if site and not re.fullmatch(r"[\w.-]+\.[a-zA-Z]{2,}", site) else None
    return _Facts(
        title=_text_or_none(document.title),
        publisher=publisher,
        published=_day_or_none(document.date),
        address=_text_or_none(document.url),
    )


def _text_or_none(value: object) -> str | None:
    return clean_characters(value).strip() or None if isinstance(value, str) else None


def _day_or_none(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _blocks_of(body: Any) -> Iterator[Block]:
    """Blocks of trafilatura's XML: head, p, list/item, table/row/cell, quote, code."""
    for element in body.iterchildren():
        if element.tag == "list":
            ordered = element.get("rend") == "ol"
            for number, item in enumerate(element.iterchildren("item"), start=1):
                yield from _list_item(_lines_in(item), f"{number}. " if ordered else "• ")
        elif element.tag == "table":
            for row in element.iterchildren("row"):
                cells = [_lines_in(cell) for cell in row.iterchildren("cell")]
                if len(cells) == 1:  # a table that only lays out the page
                    yield from (Block(line, BlockKind.PARAGRAPH) for line in cells[0])
                elif any(cells):
                    yield Block(" | ".join(" ".join(lines) for lines in cells), BlockKind.TABLE_ROW)
        elif element.tag in ("quote", "div") and len(element):
            yield from _blocks_of(element)
        else:
            yield from _paragraph_or_heading(element)


def _list_item(lines: Sequence[str], mark: str) -> Iterator[Block]:
    for place, line in enumerate(lines):
        marked = line if place or has_list_mark(line) else mark + line
        yield Block(marked, BlockKind.PARAGRAPH if place else BlockKind.LIST_ITEM)


def _paragraph_or_heading(element: Any) -> Iterator[Block]:
    level = _HEADINGS.get(str(element.get("rend") or "h2"), 2)
    bold = "".join("".join(part.itertext()) for part in element.iterchildren("hi")).strip()
    all_bold = bool(bold) and bold == "".join(element.itertext()).strip()
    for line in _lines_in(element):
        if element.tag == "head":
            yield Block(line, BlockKind.HEADING, level)
        elif all_bold and looks_like_heading(line):  # how many editors write a heading
            yield Block(line, BlockKind.HEADING, 3)
        else:
            yield Block(line, BlockKind.PARAGRAPH)


def _lines_in(element: Any) -> list[str]:
    return [line for raw in clean_characters(_text_in(element)).split("\n") if (line := _squeezed(raw))]


def _text_in(element: Any) -> str:
    text = element.text or ""
    for child in element.iterchildren():
        text += "\n" if child.tag == "lb" else ""
        text += _text_in(child) if isinstance(child.tag, str) else ""
        text += child.tail or ""
    return text


def _squeezed(line: str) -> str:
    return re.sub(r"\s+", " ", clean_characters(line)).strip()


# --- all that is visible ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    """One line as a browser shows it. ``link_share`` is the part of its characters that is links, 0 to 1."""

    text: str
    kind: BlockKind
    level: int
    link_share: float
    aside: bool

    @property
    def is_sentence(self) -> bool:
        closed = self.text.endswith(tuple("。！？!?；;”）"))
        return len(self.text) >= 12 and closed and self.link_share < 0.3 and not self.aside


class _LineBuilder:
    """Collects text until a tag ends the line; knows in what the line stands."""

    def __init__(self) -> None:
        self.lines: list[_Line] = []
        self._pieces: list[str] = []
        self._linked = 0

    def add(self, text: str | None, in_link: bool) -> None:
        if text:
            self._pieces.append(text)
            self._linked += count_visible(text) if in_link else 0

    def end_line(self, place: _Place) -> None:
        text = _squeezed("".join(self._pieces))
        if text:
            share = self._linked / max(count_visible(text), 1)
            marked = text if place.kind is not BlockKind.LIST_ITEM or has_list_mark(text) else place.mark + text
            self.lines.append(_Line(marked, place.kind, place.level, share, place.aside))
        self._pieces, self._linked = [], 0


def _visible_lines(markup: str) -> list[_Line]:
    """Depth first with a stack of our own: pages nest deeper than Python's recursion limit."""
    from lxml import etree, html

    try:
        # Without huge_tree libxml2 drops all that is nested 256 deep, which page builders reach.
        root = html.fromstring(markup, parser=html.HTMLParser(huge_tree=True))
    except (etree.ParserError, ValueError):  # nothing in it
        return []
    builder = _LineBuilder()
    stack: list[tuple[Any, _Place, bool]] = [(root, _Place(), False)]
    while stack:
        node, outer, leaving = stack.pop()
        if not isinstance(node.tag, str) or node.tag in _UNSEEN or _is_hidden(node):
            builder.add(node.tail, outer.in_link)
            continue
        inner = outer.within(node)
        if leaving:
            if node.tag in _LINE_TAGS:
                builder.end_line(inner)
            elif node.tag in ("td", "th"):
                builder.add(" | ", False)
            builder.add(node.tail if node is not root else None, outer.in_link)
            continue
        if node.tag in _LINE_TAGS:
            builder.end_line(outer)
        builder.add(node.text, inner.in_link)
        stack.append((node, outer, True))
        stack.extend((child, inner, False) for child in reversed(node))
    builder.end_line(_Place())
    lines = [_without_cell_ends(line) for line in builder.lines if line.text.strip("| ")]
    return _without_false_asides(lines)


@dataclass(frozen=True, slots=True)
class _Place:
    """What a piece of text stands in."""

    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0
    mark: str = ""
    in_link: bool = False
    aside: bool = False

    def within(self, node: Any) -> _Place:
        in_link = self.in_link or node.tag == "a"
        aside = self.aside or node.tag in _ASIDE_TAGS or _is_named_aside(node)
        if node.tag in _HEADINGS:
            return _Place(BlockKind.HEADING, _HEADINGS[node.tag], "", in_link, aside)
        if node.tag == "li":
            ordered = node.getparent() is not None and node.getparent().tag == "ol"
            number = 1 + sum(1 for _ in node.itersiblings("li", preceding=True))
            return _Place(BlockKind.LIST_ITEM, 0, f"{number}. " if ordered else "• ", in_link, aside)
        if node.tag == "tr":
            columns = sum(1 for _ in node.iterchildren("td", "th"))
            return _Place(BlockKind.TABLE_ROW if columns > 1 else BlockKind.PARAGRAPH, 0, "", in_link, aside)
        return _Place(self.kind, self.level, self.mark, in_link, aside)


def _is_named_aside(node: Any) -> bool:
    names = f"{node.get('class') or ''} {node.get('id') or ''}"
    return node.tag not in ("html", "body", "article", "main") and _ASIDE_NAMES.search(names) is not None


def _without_false_asides(lines: list[_Line]) -> list[_Line]:
    aside = sum(len(line.text) for line in lines if line.aside and line.link_share < 0.3)
    unlinked = sum(len(line.text) for line in lines if line.link_share < 0.3)
    return [replace(line, aside=False) for line in lines] if aside * 2 > unlinked else lines


def _without_cell_ends(line: _Line) -> _Line:
    return replace(line, text=line.text.strip("| ")) if "|" in line.text[-2:] else line


def _is_hidden(node: Any) -> bool:
    style = (node.get("style") or "").replace(" ", "").lower()
    return "display:none" in style or "visibility:hidden" in style or node.get("hidden") is not None


def _all_lines(lines: Sequence[_Line]) -> Iterator[Block]:
    for line in lines:
        if line.aside or (line.link_share >= _LINKS_ONLY and not line.is_sentence):
            yield Block(line.text, BlockKind.BOILERPLATE)
        elif line.kind is BlockKind.PARAGRAPH and looks_like_heading(line.text):
            yield Block(line.text, BlockKind.HEADING, 3)
        else:
            yield Block(line.text, line.kind, line.level)


# --- both together ---------------------------------------------------------------------------------------------


def _without_asides(main: Sequence[Block], lines: Sequence[_Line]) -> tuple[Block, ...]:
    """The main text without what stands in a sidebar or footer and nowhere else; trafilatura keeps some of it."""
    elsewhere = "\x1f".join(_letters(line.text) for line in lines if not line.aside)
    aside = {_letters(line.text) for line in lines if line.aside}
    return tuple(block for block in main if _letters(block.text) not in aside or _letters(block.text) in elsewhere)


def _in_visible_lines(main: Sequence[Block], lines: Sequence[_Line]) -> Iterator[Block]:
    """A paragraph into which trafilatura ran several lines of the page, as it does in table cells, line by line."""
    letters = [_letters(line.text) for line in lines]
    places: dict[str, int] = {}
    for place, line in enumerate(letters):
        places.setdefault(line, place)
    for block in main:
        whole = _letters(block.text)
        first = next((place for line, place in places.items() if line and whole.startswith(line)), None)
        last, run = first, ""
        while first is not None and last is not None and last < len(lines) and len(run) < len(whole):
            run, last = run + letters[last], last + 1
        if block.kind is BlockKind.PARAGRAPH and run == whole and first is not None and last is not None:
            yield from (Block(line.text, BlockKind.PARAGRAPH) for line in lines[first:last])
        else:
            yield block


def _share_of_sentences(lines: Sequence[_Line], main: Sequence[Block]) -> float:
    """How much of the page's text in sentences the main text holds, 0 to 1; 1 where the page has none."""
    printed = "\x1f".join(_letters(block.text) for block in main)
    sentences = [_letters(line.text) for line in lines if line.is_sentence]
    every = sum(map(len, sentences))
    return sum(len(sentence) for sentence in sentences if sentence in printed) / every if every else 1.0


def _with_boilerplate(main: Sequence[Block], lines: Sequence[_Line]) -> Iterator[Block]:
    """The main blocks in order; every other visible line before the block that follows it on the page.

    A heading or an unlinked sentence between two main blocks stands in the article: trafilatura leaves out short ones.
    """
    printed = [_letters(block.text) for block in main]
    all_printed = "\x1f".join(printed)
    place = 0
    for line in lines:
        letters = _letters(line.text)
        if letters and letters in all_printed:
            here = next((later for later in range(place, len(main)) if letters in printed[later]), None)
            if here is not None:
                yield from main[place : here + 1]
                place = here + 1
        elif letters and not any(text and text in letters for text in printed[max(place - 1, 0) :]):
            inside = 0 < place < len(main) and line.link_share < 0.3 and not line.aside
            kept = inside and (line.is_sentence or line.kind is BlockKind.HEADING)
            yield Block(line.text, line.kind, line.level) if kept else Block(line.text, BlockKind.BOILERPLATE)
    yield from main[place:]


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)
