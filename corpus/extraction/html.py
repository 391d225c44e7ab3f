"""Web pages to blocks. trafilatura finds the main text; all else that was visible is kept aside as boilerplate."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
# Below this share of the page's visible text the precise extraction has lost the article; see _main_blocks.
_TOO_LITTLE = 0.2
_UNSEEN = ("script", "style", "noscript", "template", "head", "svg", "iframe", "select", "button")
_LINE_ENDING_TAGS = frozenset(
    {"p", "div", "br", "li", "ul", "ol", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr"}
    | {"section", "article", "header", "footer", "nav", "aside", "main", "blockquote", "pre", "form", "figure"}
    | {"figcaption", "hr", "title"}
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
    main, facts = _main_blocks(markup, lines)
    blocks = tuple(_with_boilerplate(main, lines))
    return ExtractedDocument(facts.title, facts.publisher, facts.published, facts.address, blocks, Origin.WEB_PAGE)


def _without_declaration(markup: str) -> str:
    """lxml refuses text that declares an encoding, which has been decoded already."""
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", markup)


# --- the main text ---------------------------------------------------------------------------------------------


class _Facts:
    """What trafilatura reads from title, meta tags and JSON-LD."""

    def __init__(self, document: Any) -> None:  # trafilatura.settings.Document ships no types
        self.title = _text_or_none(getattr(document, "title", None))
        self.address = _text_or_none(getattr(document, "url", None))
        site = _text_or_none(getattr(document, "sitename", None))
        # A host name is no publisher; the address shows it already.
        self.publisher = site if site and not re.fullmatch(r"[\w.-]+\.[a-zA-Z]{2,}", site) else None
        self.published = _day_or_none(getattr(document, "date", None))


def _text_or_none(value: object) -> str | None:
    return clean_characters(value).strip() or None if isinstance(value, str) else None


def _day_or_none(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _main_blocks(markup: str, lines: list[str]) -> tuple[tuple[Block, ...], _Facts]:
    """Precision first; recall where that loses the article, which it does on short pages without <p>."""
    from trafilatura import bare_extraction

    visible = sum(map(count_visible, lines))
    found: tuple[tuple[Block, ...], _Facts] = ((), _Facts(None))
    for precise in (True, False):
        document: Any = bare_extraction(  # typed as a union with dict, which only as_dict=True gives
            markup,
            favor_precision=precise,
            favor_recall=not precise,
            with_metadata=True,
            include_comments=False,
            include_tables=True,
            include_links=False,
            # The guess from any date on the page is wrong more often than none; what the page states counts.
            date_extraction_params={"extensive_search": False, "original_date": True},
        )
        if document is None:
            continue
        blocks = tuple(_blocks_of(document.body))
        if not found[0] or len(blocks) > len(found[0]):
            found = (blocks, _Facts(document))
        if sum(count_visible(block.text) for block in blocks) >= _TOO_LITTLE * visible:
            break
    return found


def _blocks_of(body: Any) -> Iterator[Block]:
    """Blocks of trafilatura's XML: head, p, list/item, table/row/cell, quote, code."""
    for element in body.iterchildren():
        yield from _blocks_of_element(element)


def _blocks_of_element(element: Any) -> Iterator[Block]:
    if element.tag == "head":
        level = str(element.get("rend") or "h2").lstrip("h")
        yield from _lines_as(element, BlockKind.HEADING, int(level) if level in set("123456") else 2)
    elif element.tag == "list":
        ordered = element.get("rend") == "ol"
        for number, item in enumerate(element.iterchildren("item"), start=1):
            yield from _list_item(item, f"{number}. " if ordered else "• ")
    elif element.tag == "table":
        for row in element.iterchildren("row"):
            cells = [" ".join(clean_characters("".join(cell.itertext())).split()) for cell in row.iterchildren("cell")]
            if any(cells):
                yield Block(" | ".join(cells), BlockKind.TABLE_ROW)
    elif element.tag in ("quote", "div") and len(element):
        yield from _blocks_of(element)
    else:
        yield from _lines_as(element, BlockKind.PARAGRAPH)


def _list_item(item: Any, mark: str) -> Iterator[Block]:
    lines = _lines_in(item)
    for place, line in enumerate(lines):
        marked = line if place or has_list_mark(line) else mark + line
        yield Block(marked, BlockKind.PARAGRAPH if place else BlockKind.LIST_ITEM)


def _lines_as(element: Any, kind: BlockKind, level: int = 0) -> Iterator[Block]:
    for line in _lines_in(element):
        if kind is BlockKind.PARAGRAPH and looks_like_heading(line) and _is_bold(element):
            yield Block(line, BlockKind.HEADING, 3)
        else:
            yield Block(line, kind, level)


def _is_bold(element: Any) -> bool:
    """A paragraph that is bold all over is how many editors write a heading."""
    bold = "".join("".join(part.itertext()) for part in element.iterchildren("hi"))
    return bool(bold.strip()) and bold.strip() == "".join(element.itertext()).strip()


def _lines_in(element: Any) -> list[str]:
    return [line for raw in clean_characters(_in_reading_order(element)).split("\n") if (line := _squeezed(raw))]


def _in_reading_order(element: Any) -> str:
    text = element.text or ""
    for child in element.iterchildren():
        text += "\n" if child.tag == "lb" else ""
        text += _in_reading_order(child) if isinstance(child.tag, str) else ""
        text += child.tail or ""
    return text


def _squeezed(line: str) -> str:
    return re.sub(r"[ \t]+", " ", line).strip()


# --- all that is visible ---------------------------------------------------------------------------------------


def _visible_lines(markup: str) -> list[str]:
    from lxml import html

    try:
        root = html.fromstring(markup)
    except (ValueError, SyntaxError):  # an empty or hopeless document; SyntaxError is lxml's ParserError's base
        return []
    pieces: list[str] = []
    _collect(root, pieces)
    return [line for raw in clean_characters("".join(pieces)).split("\n") if (line := _squeezed(raw))]


def _collect(element: Any, pieces: list[str]) -> None:
    """Depth first with an explicit stack: pages nest deeper than Python's recursion limit."""
    stack: list[tuple[Any, bool]] = [(element, False)]
    while stack:
        node, leaving = stack.pop()
        seen = isinstance(node.tag, str) and node.tag not in _UNSEEN and not _is_hidden(node)
        if leaving:
            if node.tag in _LINE_ENDING_TAGS:
                pieces.append("\n")
            pieces.append(_flat(node.tail) if node is not element else "")
            continue
        if not seen:
            pieces.append(_flat(node.tail) if node is not element else "")
            continue
        if node.tag in _LINE_ENDING_TAGS:
            pieces.append("\n")
        pieces.append(_flat(node.text))
        stack.append((node, True))
        stack.extend((child, False) for child in reversed(node))


def _flat(text: str | None) -> str:
    """A line break in markup is a space on the page."""
    return re.sub(r"\s*\n\s*", " ", text) if text else ""


def _is_hidden(node: Any) -> bool:
    style = (node.get("style") or "").replace(" ", "").lower()
    return "display:none" in style or "visibility:hidden" in style or node.get("hidden") is not None


def _with_boilerplate(main: tuple[Block, ...], lines: list[str]) -> Iterator[Block]:
    """The main blocks in order; every other visible line before the block that follows it on the page."""
    printed = [_letters(block.text) for block in main]
    all_printed = "\x1f".join(printed)
    place = 0
    for line in lines:
        letters = _letters(line)
        if not letters:
            continue
        if letters in all_printed:
            here = next((later for later in range(place, len(main)) if letters in printed[later]), None)
            if here is not None:
                yield from main[place : here + 1]
                place = here + 1
        elif not any(text and text in letters for text in printed[max(place - 1, 0) :]):
            yield Block(line, BlockKind.BOILERPLATE)
    yield from main[place:]


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)
