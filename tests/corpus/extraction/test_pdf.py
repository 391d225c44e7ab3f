from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from corpus.errors import EmptyDocument, UnreadableFile
from corpus.extraction.pdf import read_pdf
from corpus.extraction.records import BlockKind

PAGES = (
    [
        "某某公司文件",
        "个人借款合同",
        "甲方向乙方借款人民币一万元整，借款期限为十二个月，自二〇二五年一月一",
        "日起算，到期一次还清本金，并支付利息。",
        "第二条　利率",
        "第 1 页",
    ],
    ["某某公司文件", "甲方只能联系乙方本人，不得联系乙方的亲友、同事和其他与本合同债务没有关系", "的人。", "第 2 页"],
    ["某某公司文件", "本合同一式两份。", "第 3 页"],
)


def test_lines_become_paragraphs(make_pdf: Callable[..., Path]) -> None:
    extracted = read_pdf(make_pdf(*PAGES), "合同.pdf")
    texts = [block.text for block in extracted.blocks if block.kind is BlockKind.PARAGRAPH]
    assert texts == [
        "个人借款合同",
        "甲方向乙方借款人民币一万元整，借款期限为十二个月，自二〇二五年一月一日起算，到期一次还清本金，并支付利息。",
        "第二条　利率",
        "甲方只能联系乙方本人，不得联系乙方的亲友、同事和其他与本合同债务没有关系的人。",
        "本合同一式两份。",
    ]
    assert extracted.title == "个人借款合同"


def test_running_heads_and_page_numbers_are_told_apart(make_pdf: Callable[..., Path]) -> None:
    marks = [block.text for block in read_pdf(make_pdf(*PAGES), "合同.pdf").blocks if block.kind is BlockKind.PAGE_MARK]
    assert marks.count("某某公司文件") == 3
    assert {"第 1 页", "第 2 页", "第 3 页"} <= set(marks)


def test_short_lines_of_a_list_are_not_joined(make_pdf: Callable[..., Path]) -> None:
    extracted = read_pdf(make_pdf(["张三", "李四", "王五"]), "名单.pdf")
    assert [block.text for block in extracted.blocks] == ["张三", "李四", "王五"]


def test_a_scan_says_so_and_that_there_is_no_recognition(scanned_pdf: Path) -> None:
    with pytest.raises(EmptyDocument, match=r"^扫描件\.pdf：是扫描件.*不做文字识别（OCR）"):
        read_pdf(scanned_pdf, "扫描件.pdf")


def test_a_damaged_file_is_refused_by_name(make_file: Callable[[str, bytes], Path]) -> None:
    with pytest.raises(UnreadableFile, match=r"^坏\.pdf：PDF 已损坏"):
        read_pdf(make_file("坏.pdf", b"%PDF-1.7 and no more"), "坏.pdf")


def test_pages_without_text_between_others_are_logged(
    make_file: Callable[[str, bytes], Path], make_pdf: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    read_pdf(make_pdf(["第一页有文字，讲的是借款。"], []), "合同.pdf")
    assert "合同.pdf: 1 of 2 pages have no text layer" in caplog.text
