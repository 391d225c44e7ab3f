"""Word files to blocks: paragraphs, headings with their level, automatic numbers, tables, in the order of the page.

Left out, since a reader does not meet them in the text: the table of contents, headers and footers, footnotes,
comments, deleted tracked changes, text boxes.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus.errors import EmptyDocument, UnreadableFile
from corpus.extraction.characters import clean_characters
from corpus.extraction.records import Block, BlockKind, ExtractedDocument, Origin
from corpus.numerals import format_numeral

# A zip bomb declares, or yields, far more than it weighs. The largest honest files met (laws, contracts with
# pictures) unpack to under 60 MB; XML packs 10 to 20 times, seldom above 50.
MAX_UNPACKED_BYTES = 256 * 1024 * 1024
MAX_PART_BYTES = 96 * 1024 * 1024
MAX_RATIO = 200
MAX_PARTS = 5_000
# Below this a part may pack as well as it likes: an empty theme or a white picture does.
_RATIO_COUNTS_FROM_BYTES = 4 * 1024 * 1024
_PIECE_BYTES = 256 * 1024


def read_docx(path: Path, source_name: str) -> ExtractedDocument:
    """Return the blocks of a Word file, and the title and day in its properties.

    Raises UnreadableFile for a damaged or encrypted file and for a zip bomb, which is never unpacked whole;
    EmptyDocument where there is no text.
    """
    refuse_zip_bomb(path, source_name)
    from docx import Document as open_document
    from docx.opc.exceptions import PackageNotFoundError

    try:
        document = open_document(str(path))
        blocks = tuple(_Reader(document).blocks())
        stated_title = clean_characters(document.core_properties.title or "").strip() or None
    except (PackageNotFoundError, KeyError, ValueError, AttributeError, zipfile.BadZipFile, SyntaxError) as problem:
        # SyntaxError is the base of lxml's XMLSyntaxError.
        raise UnreadableFile(f"{source_name}：Word 文件已损坏，打不开；请用 Word 或 WPS 打开后另存一份") from problem
    if not blocks:
        raise EmptyDocument(f"{source_name}：Word 文件里没有文字（可能只有图片；本程序不做文字识别）")
    title = next((block.text for block in blocks if block.kind is BlockKind.HEADING and block.level == 1), None)
    return ExtractedDocument(title or stated_title, None, None, None, blocks, Origin.DOCUMENT)


def refuse_zip_bomb(path: Path, source_name: str) -> None:
    """Raise UnreadableFile where the package declares or yields too much; reads it piece by piece, keeps nothing."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            _check_declared(parts, source_name)
            total = 0
            for part in parts:
                total += _actual_bytes(archive, part, MAX_UNPACKED_BYTES - total, source_name)
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError) as problem:
        raise UnreadableFile(f"{source_name}：Word 文件已损坏，打不开；请用 Word 或 WPS 打开后另存一份") from problem
    except RuntimeError as problem:  # what zipfile raises for an encrypted part
        raise UnreadableFile(f"{source_name}：文件加了密码，请去掉密码后再试") from problem


def _check_declared(parts: list[zipfile.ZipInfo], source_name: str) -> None:
    declared = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or declared > MAX_UNPACKED_BYTES:
        raise _bomb(source_name)
    for part in parts:
        big = part.file_size > _RATIO_COUNTS_FROM_BYTES
        if part.file_size > MAX_PART_BYTES or (big and part.file_size > MAX_RATIO * max(part.compress_size, 1)):
            raise _bomb(source_name)


def _actual_bytes(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int, source_name: str) -> int:
    total = 0
    with archive.open(part) as stream:
        while piece := stream.read(_PIECE_BYTES):
            total += len(piece)
            packed_too_well = total > _RATIO_COUNTS_FROM_BYTES and total > MAX_RATIO * max(part.compress_size, 1)
            if total > left or total > MAX_PART_BYTES or packed_too_well:
                raise _bomb(source_name)
    return total


def _bomb(source_name: str) -> UnreadableFile:
    return UnreadableFile(
        f"{source_name}：解压后大得不正常（疑似“压缩炸弹”），为安全起见没有打开；如果文件可信，请用 Word 打开后另存一份"
    )


# --- the text --------------------------------------------------------------------------------------------------

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# What stands inside these is not part of the running text.
_SKIPPED = {f"{_W}del", f"{_W}txbxContent", f"{_W}moveFrom", _FALLBACK, f"{_W}instrText"}
_CONTENTS_STYLE = re.compile(r"(?:toc|目录)\s*\d", re.IGNORECASE)
_HEADING_STYLE = re.compile(r"(?:heading|标题)\s*(\d)", re.IGNORECASE)


class _Reader:
    """Walks one document's body. python-docx ships no types, hence the Any."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._numbers = _Numbering(document)
        # Once: python-docx searches the whole style sheet for each paragraph, seconds for a long law.
        self._styles = {style.style_id: style for style in document.styles}
        self._style_names = {style_id: style.name or "" for style_id, style in self._styles.items()}

    def blocks(self) -> Iterator[Block]:
        yield from self._blocks_in(self._document.element.body)

    def _blocks_in(self, parent: Any) -> Iterator[Block]:
        for item in parent.iterchildren():
            if item.tag == f"{_W}tbl":
                yield from self._rows(item)
            elif item.tag == f"{_W}p":
                yield from self._paragraph(item)
            elif item.tag == f"{_W}sdt" and not _is_contents(item):  # a content control, such as a form field
                yield from self._blocks_in(item.find(f"{_W}sdtContent"))

    def _paragraph(self, paragraph: Any) -> Iterator[Block]:
        style_id = _value(paragraph, "pPr", "", "pStyle")
        style_name = self._style_names.get(style_id, "")
        if not _CONTENTS_STYLE.match(style_name):
            block = self._block(paragraph, style_id, style_name)
            if block.text:
                yield block

    def _block(self, paragraph: Any, style_id: str, style_name: str) -> Block:
        text = clean_characters("".join(_runs(paragraph))).strip()
        level = self._heading_level(paragraph, style_name)
        style = self._styles.get(style_id)
        number = self._numbers.next_for(paragraph, style.element if style is not None else None)
        if text and number:
            text = number + text
        if level:
            return Block(re.sub(r"\s*\n\s*", " ", text), BlockKind.HEADING, level)
        return Block(text, BlockKind.LIST_ITEM if number and not number.startswith("第") else BlockKind.PARAGRAPH)

    def _heading_level(self, paragraph: Any, name: str) -> int:
        if name.lower() == "title" or name == "标题":
            return 1
        match = _HEADING_STYLE.match(name)
        if match:
            return max(1, min(6, int(match[1])))
        outline = paragraph.find(f"{_W}pPr/{_W}outlineLvl")
        return int(outline.get(f"{_W}val", 8)) % 9 + 1 if outline is not None and outline.get(f"{_W}val") < "6" else 0

    def _rows(self, table: Any) -> Iterator[Block]:
        """One block a row; a cell merged over several columns is read once."""
        for row in table.iterchildren(f"{_W}tr"):
            cells = []
            for cell in row.iterchildren(f"{_W}tc"):
                paragraphs = ("".join(_runs(paragraph)) for paragraph in cell.iter(f"{_W}p"))
                cells.append(" ".join(clean_characters("\n".join(paragraphs)).split()))
            if any(cells):
                yield Block(" | ".join(cells), BlockKind.TABLE_ROW)


def _is_contents(control: Any) -> bool:
    gallery = next(control.iter(f"{_W}docPartGallery"), None)
    return gallery is not None and "table of contents" in str(gallery.get(f"{_W}val", "")).lower()


def _runs(element: Any) -> Iterator[str]:
    """The printed text below a paragraph, with inserted tracked changes and link texts, without deleted ones."""
    for child in element.iterchildren():
        tag = child.tag
        if tag in _SKIPPED or not isinstance(tag, str):
            continue
        if tag == f"{_W}t":
            yield child.text or ""
        elif tag == f"{_W}tab":
            yield "\t"
        elif tag in (f"{_W}br", f"{_W}cr"):
            yield "\n"
        elif tag == f"{_W}noBreakHyphen":
            yield "-"
        elif tag != f"{_W}pPr":
            yield from _runs(child)


class _Numbering:
    """Counts automatic numbers as Word shows them: 第一条, 1., （一）. They are not in the text of the file."""

    def __init__(self, document: Any) -> None:
        self._levels: dict[str, dict[int, tuple[str, str, int]]] = {}
        self._counts: dict[str, list[int]] = {}
        try:
            root = document.part.numbering_part.element
        except (KeyError, NotImplementedError):  # the document has no lists
            return
        abstract = {
            item.get(f"{_W}abstractNumId"): {
                int(level.get(f"{_W}ilvl")): (
                    _value(level, "numFmt", "decimal"),
                    _value(level, "lvlText", ""),
                    int(_value(level, "start", "1")),
                )
                for level in item.iterchildren(f"{_W}lvl")
            }
            for item in root.iterchildren(f"{_W}abstractNum")
        }
        for item in root.iterchildren(f"{_W}num"):
            self._levels[item.get(f"{_W}numId")] = abstract.get(_value(item, "abstractNumId", ""), {})

    def next_for(self, paragraph: Any, style: Any) -> str:
        """Return what Word prints before this paragraph, with a space after it where Chinese has none; or ""."""
        properties = paragraph.find(f"{_W}pPr/{_W}numPr")
        if properties is None and style is not None:
            properties = style.find(f"{_W}pPr/{_W}numPr")
        if properties is None:
            return ""
        number_id, level = _value(properties, "numId", "0"), int(_value(properties, "ilvl", "0"))
        levels = self._levels.get(number_id, {})
        if level not in levels:
            return ""
        counts = self._counts.setdefault(number_id, [levels.get(place, ("", "", 1))[2] - 1 for place in range(9)])
        counts[level] += 1
        for deeper in range(level + 1, 9):
            counts[deeper] = levels.get(deeper, ("", "", 1))[2] - 1
        style_name, pattern, _ = levels[level]
        if style_name == "bullet":
            return "• "
        if style_name == "none" or not pattern:
            return ""
        shown = re.sub(
            r"%(\d)",
            lambda match: _written(max(counts[int(match[1]) - 1], 1), levels.get(int(match[1]) - 1, ("decimal",))[0]),
            pattern,
        )
        return shown + ("　" if shown.startswith("第") else "" if shown.endswith(("、", "）")) else " ")


def _value(element: Any, name: str, default: str, below: str = "") -> str:
    child = element.find(f"{_W}{name}" + (f"/{_W}{below}" if below else ""))
    return str(child.get(f"{_W}val", default)) if child is not None else default


def _written(number: int, style: str) -> str:
    if style.startswith(("chinese", "japaneseCounting", "ideographTraditional", "taiwanese")) and number <= 9999:
        return format_numeral(number)
    if style in ("lowerLetter", "upperLetter"):
        letter = chr(ord("a") + (number - 1) % 26)
        return letter if style == "lowerLetter" else letter.upper()
    if style in ("decimalEnclosedCircle", "decimalEnclosedCircleChinese") and number <= 20:
        return chr(ord("①") + number - 1)
    if style in ("lowerRoman", "upperRoman"):
        roman = _roman(number)
        return roman.lower() if style == "lowerRoman" else roman
    return str(number)


def _roman(number: int) -> str:
    written = ""
    for value, sign in (
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ):
        while number >= value:
            written, number = written + sign, number - value
    return written
