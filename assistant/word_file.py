"""Letters as Word files. Only this module writes with python-docx; ``corpus.extraction.docx`` reads."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from assistant.drafting import Block, BlockKind, Draft

# Word has the Latin font of a style and the East Asian one in two places.
FONT = "宋体"
_BODY_POINTS = 12


def draft_docx(letter: Draft) -> bytes:
    """Return the letter as a .docx file, the checklist on a page of its own."""
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
    from docx.shared import Pt

    document = Document()
    document.core_properties.author = ""
    document.core_properties.title = letter.title
    document.core_properties.comments = ""
    for name in ("Normal", "Title", "Heading 1"):
        _set_font(document.styles[name])
    document.styles["Normal"].font.size = Pt(_BODY_POINTS)
    number = 0
    for block in letter.blocks:
        number = number + 1 if block.kind is BlockKind.NUMBERED else 0
        paragraph = _add(document, block, number)
        if block.kind is BlockKind.TITLE:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    for block in letter.checklist:
        _add(document, block, 0)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def blocks_docx(title: str, blocks: Sequence[Block]) -> bytes:
    """Return blocks one after another as a .docx file."""
    from docx import Document

    document = Document()
    document.core_properties.author = ""
    document.core_properties.title = title[:255]  # Word's own limit
    document.core_properties.comments = ""
    for name in ("Normal", "Title", "Heading 1"):
        _set_font(document.styles[name])
    number = 0
    for block in blocks:
        number = number + 1 if block.kind is BlockKind.NUMBERED else 0
        _add(document, block, number)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _set_font(style: Any) -> None:
    from docx.oxml.ns import qn

    style.font.name = FONT
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)


def _add(document: Any, block: Block, number: int) -> Any:
    """Add a block as text: runs hold characters, never fields or markup."""
    from docx.shared import Cm

    if block.kind is BlockKind.TITLE:
        return document.add_heading(block.text, level=0)
    if block.kind is BlockKind.HEADING:
        return document.add_heading(block.text, level=1)
    # Numbers are written out: automatic ones would go on from list to list.
    marks = {BlockKind.NUMBERED: f"{number}. ", BlockKind.BULLET: "" if block.text.startswith("☐") else "• "}
    paragraph = document.add_paragraph(marks.get(block.kind, "") + block.text)
    if block.kind is BlockKind.QUOTE:
        paragraph.paragraph_format.left_indent = Cm(1)
    return paragraph
