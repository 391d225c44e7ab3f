from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from corpus.errors import EmptyDocument, UnreadableFile
from corpus.extraction.docx import read_docx, refuse_zip_bomb
from corpus.extraction.records import Block, BlockKind

NUMBERING = (
    '<w:abstractNum {ns} w:abstractNumId="77"><w:lvl w:ilvl="0"><w:start w:val="1"/>'
    '<w:numFmt w:val="chineseCountingThousand"/><w:lvlText w:val="第%1条"/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%2."/></w:lvl>'
    "</w:abstractNum>"
)


def save(document: Any, path: Path) -> Path:
    document.save(str(path))
    return path


def test_paragraphs_headings_and_tables_come_in_the_order_of_the_page(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("借款合同", level=1)
    document.add_paragraph("甲方：张三")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "金额", "一万元"
    document.add_heading("利率", level=2)
    document.add_paragraph("年利率百分之十。")
    extracted = read_docx(save(document, tmp_path / "合同.docx"), "合同.docx")
    assert extracted.title == "借款合同"
    assert extracted.blocks == (
        Block("借款合同", BlockKind.HEADING, 1),
        Block("甲方：张三", BlockKind.PARAGRAPH),
        Block("金额 | 一万元", BlockKind.TABLE_ROW),
        Block("利率", BlockKind.HEADING, 2),
        Block("年利率百分之十。", BlockKind.PARAGRAPH),
    )


def test_automatic_numbers_are_read_as_word_shows_them(tmp_path: Path) -> None:
    document = docx.Document()
    numbering = document.part.numbering_part.element
    numbering.insert(0, parse_xml(NUMBERING.format(ns=nsdecls("w"))))
    numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))
    for text, level in (("借款金额", 0), ("本金", 1), ("利息", 1), ("还款方式", 0), ("按月", 1)):
        properties = document.add_paragraph(text)._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_numId().val = 77
        properties.get_or_add_ilvl().val = level
    extracted = read_docx(save(document, tmp_path / "合同.docx"), "合同.docx")
    texts = [block.text for block in extracted.blocks]
    assert texts == ["第一条　借款金额", "1. 本金", "2. 利息", "第二条　还款方式", "1. 按月"]


def test_inserted_words_count_and_deleted_ones_do_not(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("利率为")
    ns = nsdecls("w")
    paragraph._p.append(parse_xml(f'<w:del {ns} w:id="1"><w:r><w:delText>百分之三十</w:delText></w:r></w:del>'))
    paragraph._p.append(parse_xml(f'<w:ins {ns} w:id="2"><w:r><w:t>百分之十</w:t></w:r></w:ins>'))
    assert read_docx(save(document, tmp_path / "a.docx"), "a.docx").blocks[0].text == "利率为百分之十"


def test_form_fields_are_read_and_the_table_of_contents_is_not(tmp_path: Path) -> None:
    document = docx.Document()
    body, ns = document.element.body, nsdecls("w")
    field = "<w:sdt {ns}>{properties}<w:sdtContent><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    gallery = '<w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
    body.insert(0, parse_xml(field.format(ns=ns, properties=gallery, text="第一条 利率 1")))
    body.insert(1, parse_xml(field.format(ns=ns, properties="", text="姓名：张三")))
    extracted = read_docx(save(document, tmp_path / "a.docx"), "a.docx")
    assert [block.text for block in extracted.blocks] == ["姓名：张三"]


def test_a_zip_bomb_is_refused_by_name_before_it_is_opened(zip_bomb: Path) -> None:
    assert zip_bomb.stat().st_size < 100_000
    with pytest.raises(UnreadableFile, match=r"^炸弹\.docx：解压后大得不正常"):
        read_docx(zip_bomb, "炸弹.docx")


def test_what_a_package_declares_is_enough_to_refuse_it(zip_bomb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unpack(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
        raise AssertionError("nothing is unpacked")

    monkeypatch.setattr(zipfile.ZipFile, "open", unpack)
    with pytest.raises(UnreadableFile, match="压缩炸弹"):
        refuse_zip_bomb(zip_bomb, "炸弹.docx")


def test_a_package_of_too_many_parts_is_refused(make_file: Callable[[str, bytes], Path]) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number in range(5_001):
            archive.writestr(f"word/{number}.xml", "")
    with pytest.raises(UnreadableFile, match="压缩炸弹"):
        refuse_zip_bomb(make_file("多.docx", target.getvalue()), "多.docx")


def test_a_declared_size_that_lies_is_seen_while_unpacking(make_file: Callable[[str, bytes], Path]) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (8 * 1024 * 1024))
    size = (8 * 1024 * 1024).to_bytes(4, "little")
    assert target.getvalue().count(size) == 2  # in the local header and in the directory
    lying = target.getvalue().replace(size, (100).to_bytes(4, "little"))
    with pytest.raises(UnreadableFile, match=r"^谎\.docx：Word 文件已损坏"):
        refuse_zip_bomb(make_file("谎.docx", lying), "谎.docx")


@pytest.mark.parametrize("data", [b"PK\x03\x04 and nothing", b"not a zip at all"])
def test_a_damaged_file_is_refused_by_name(data: bytes, make_file: Callable[[str, bytes], Path]) -> None:
    with pytest.raises(UnreadableFile, match=r"^坏\.docx：Word 文件已损坏"):
        read_docx(make_file("坏.docx", data), "坏.docx")


def test_an_empty_document_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument, match=r"^空\.docx：Word 文件里没有文字"):
        read_docx(save(docx.Document(), tmp_path / "空.docx"), "空.docx")


def test_entities_are_not_expanded(make_file: Callable[[str, bytes], Path], tmp_path: Path) -> None:
    source = save(docx.Document(), tmp_path / "source.docx")
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "哈哈哈哈哈哈哈哈哈哈"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        f"<w:document {nsdecls('w')}><w:body><w:p><w:r><w:t>&b;正文</w:t></w:r></w:p></w:body></w:document>"
    )
    target = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for part in old.namelist():
            new.writestr(part, bomb if part == "word/document.xml" else old.read(part))
    with pytest.raises(EmptyDocument):
        read_docx(make_file("实体.docx", target.getvalue()), "实体.docx")
