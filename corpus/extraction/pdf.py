"""PDF files to blocks: the text layer, lines joined to paragraphs, running heads and page numbers told apart.

No text recognition: a scan is refused by name.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.errors import EmptyDocument, UnreadableFile
from corpus.extraction.characters import broken_by_margin, clean_characters, display_width, glue, is_garbled
from corpus.extraction.headings import has_list_mark, looks_like_document_title
from corpus.extraction.records import Block, BlockKind, ExtractedDocument, Origin, count_visible

_log = logging.getLogger(__name__)

# The longest statute of the field has 300 pages; a book of a thousand still reads in a few seconds.
MAX_PAGES = 3_000
# A page of text has hundreds of characters; on a picture, a scanner's own stamp or page number has a few.
_MIN_CHARS_A_PAGE = 8
_PICTURE = 3  # FPDF_PAGEOBJ_IMAGE
_PAGE_NUMBER = re.compile(
    r"[-—–－\s·.]*(?:第\s*)?\d{1,4}(?:\s*页)?(?:\s*[/／,，共]+\s*(?:共\s*)?\d{1,4}\s*页?)?[-—–－\s·.]*"
)
_NEW_PARAGRAPH = re.compile(
    r"第[零〇一二三四五六七八九十百千\d]+[编章节条](?:之[一二三四五六七八九十]+)?[\s　:：]|"
    r"[一二三四五六七八九十]+、|[（(][一二三四五六七八九十\d]+[)）]|\d{1,2}[.．、]\s*\D"
)


def read_pdf(path: Path, source_name: str) -> ExtractedDocument:
    """Return the blocks of a PDF's text layer and the title in its properties.

    Raises UnreadableFile for a damaged or locked file, EmptyDocument for a scan without a text layer.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as problem:
        locked = "assword" in str(problem)
        reason = "加了密码，请去掉密码后再试" if locked else "已损坏，打不开；请重新取得文件"
        raise UnreadableFile(f"{source_name}：PDF {reason}") from problem
    try:
        if len(document) > MAX_PAGES:
            raise UnreadableFile(f"{source_name}：有 {len(document)} 页，超过上限 {MAX_PAGES} 页；请拆成几个文件")
        read = [_page(document, number, source_name) for number in range(len(document))]
        stated = document.get_metadata_dict()
    finally:
        document.close()
    _refuse_scan(read, source_name)
    pages = [page.lines for page in read]
    # The creation day in the properties is when the file was made, not when its text was published.
    blocks = tuple(_blocks(pages))
    first = next((block.text for block in blocks if block.kind is not BlockKind.PAGE_MARK), "")
    title = _stated_title(stated) or (first if looks_like_document_title(first) else None)
    return ExtractedDocument(title, None, None, None, blocks, Origin.DOCUMENT)


@dataclass(frozen=True, slots=True)
class _Page:
    lines: tuple[str, ...]
    has_picture: bool

    @property
    def is_text(self) -> bool:
        chars = sum(map(count_visible, self.lines))
        return chars >= _MIN_CHARS_A_PAGE or (chars > 0 and not self.has_picture)


def _page(document: Any, number: int, source_name: str) -> _Page:  # pypdfium2 ships no types
    import pypdfium2

    try:
        page = document[number]
        text_page = page.get_textpage()
        text = text_page.get_text_bounded()
        text_page.close()
        has_picture = next(page.get_objects(filter=[_PICTURE]), None) is not None
        page.close()
    except pypdfium2.PdfiumError as problem:
        raise UnreadableFile(f"{source_name}：PDF 第 {number + 1} 页已损坏；请重新取得文件") from problem
    return _Page(tuple(line.rstrip() for line in clean_characters(text).split("\n")), has_picture)


def _refuse_scan(pages: Sequence[_Page], source_name: str) -> None:
    with_text = sum(page.is_text for page in pages)
    if with_text == 0:
        raise EmptyDocument(
            f"{source_name}：是扫描件，{len(pages)} 页都只有图片、没有文字层；本程序不做文字识别（OCR），"
            "请先用扫描软件转成带文字的 PDF，或把文字另存为 .txt"
        )
    if with_text < len(pages):
        _log.warning("%s: %d of %d pages have no text layer", source_name, len(pages) - with_text, len(pages))


def _stated_title(properties: dict[str, str]) -> str | None:
    """The title in the properties, unless a program put it there: a file name, or text that is none."""
    title = clean_characters(properties.get("Title", "")).strip()
    by_program = re.search(r"^Microsoft |\.(?:docx?|wps|pdf|xlsx?|txt)$", title, re.IGNORECASE)
    return None if not title or by_program or is_garbled(title) else title


def _blocks(pages: Sequence[Sequence[str]]) -> Iterator[Block]:
    marks = _running_marks(pages)
    width = _margin(line.strip() for page in pages for line in page if line.strip())
    paragraph = ""
    last_line = ""
    for page in pages:
        printed = [place for place, line in enumerate(page) if line.strip()]
        for place, line in enumerate(page):
            text = line.strip()
            if not text:
                continue
            at_edge = place in printed[:2] or place in printed[-2:]
            if at_edge and (_without_digits(text) in marks or _PAGE_NUMBER.fullmatch(text)):
                yield Block(text, BlockKind.PAGE_MARK)
                continue
            indented = line[:1] in "　 \t" and not last_line.startswith(("　", " "))
            continues = broken_by_margin(last_line.strip(), width) and not _NEW_PARAGRAPH.match(text) and not indented
            if paragraph and continues:
                paragraph += glue(paragraph, text) + text
            else:
                yield from _block(paragraph)
                paragraph = text
            last_line = line
    yield from _block(paragraph)


def _margin(lines: Iterable[str]) -> float:
    """The width of the text column: every line of a PDF is broken where the column ends. Beyond all lines where the
    widest is under 20 Chinese characters: those are lists and tables, whose lines end where they should."""
    widest = max((display_width(line) for line in lines), default=0)
    return widest if widest >= 40 else float("inf")


def _block(paragraph: str) -> Iterator[Block]:
    if paragraph:
        yield Block(paragraph, BlockKind.LIST_ITEM if has_list_mark(paragraph) else BlockKind.PARAGRAPH)


def _running_marks(pages: Sequence[Sequence[str]]) -> frozenset[str]:
    """First and last lines that return, digits aside, on at least three pages and half of all."""
    seen: Counter[str] = Counter()
    for page in pages:
        printed = [line.strip() for line in page if line.strip()]
        edges = {_without_digits(line) for line in (*printed[:2], *printed[-2:])}
        seen.update(edge for edge in edges if edge)
    return frozenset(edge for edge, count in seen.items() if count >= 3 and count * 2 >= len(pages))


def _without_digits(line: str) -> str:
    return re.sub(r"[\d\s]+", "", line)
