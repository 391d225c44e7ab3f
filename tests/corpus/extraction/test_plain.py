from __future__ import annotations

import codecs
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import UnreadableFile
from corpus.extraction.plain import decode, plausibility, read_plain
from corpus.extraction.records import BlockKind, Origin

SIMPLIFIED = "催收人员给我的同事打电话，说我欠债不还，还要到公司来找我。\n我已经录音，并且保存了短信。"
TRADITIONAL = "催收人員給我的同事打電話，說我欠債不還，還要到公司來找我。\n我已經錄音，並且保存了簡訊。"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", SIMPLIFIED),
        ("utf-8-sig", SIMPLIFIED),
        ("gb18030", SIMPLIFIED),
        ("gbk", SIMPLIFIED),
        ("big5", TRADITIONAL),
        ("utf-16", SIMPLIFIED),
        ("utf-16-le", SIMPLIFIED),
        ("utf-16-be", TRADITIONAL),
        ("utf-32", SIMPLIFIED),
    ],
)
def test_text_survives_its_encoding(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding), "短信.txt").text == text


def test_the_encoding_found_is_named() -> None:
    assert decode(SIMPLIFIED.encode("gbk"), "短信.txt").encoding == "gb18030"
    assert decode(TRADITIONAL.encode("big5"), "短信.txt").encoding == "cp950"


def test_words_that_are_valid_in_utf8_too_are_read_as_what_makes_sense() -> None:
    # 讯录 in GB18030 is D1 B6 C2 BC, which UTF-8 reads as two other characters without a complaint.
    data = "讯录: OK".encode("gb18030")
    assert data.decode("utf-8") == "\u0476\u00bc: OK"
    assert decode(data, "a.txt").text == "讯录: OK"


def test_a_character_cut_in_half_at_the_end_is_left_off() -> None:
    assert decode("催收电话".encode()[:-1], "a.txt").text == "催收电"


def test_a_stray_nul_byte_does_no_harm() -> None:
    assert decode((SIMPLIFIED + "\x00" + SIMPLIFIED * 3).encode(), "a.txt").text == SIMPLIFIED + SIMPLIFIED * 3


def test_an_encoding_that_a_page_declares_is_believed() -> None:
    # Too short to judge by its characters.
    assert decode("甲乙".encode("big5"), "a.html", declared="Big5").text == "甲乙"
    assert decode("喆".encode("gbk"), "a.html", declared="gb2312").text == "喆"


def test_text_in_no_known_encoding_is_refused_by_name() -> None:
    with pytest.raises(UnreadableFile, match=r"^乱码\.txt：认不出文字编码"):
        decode(bytes(range(0x80, 0x100)) * 3, "乱码.txt")


def test_bytes_that_break_their_own_mark_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="标明是 UTF-16"):
        decode(codecs.BOM_UTF16_LE + b"\x00\xd8\x41", "a.txt")


@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=20, max_size=80))
def test_rare_characters_in_gb18030_are_read_right_or_refused(text: str) -> None:
    with contextlib.suppress(UnreadableFile):
        assert decode(text.encode("gb18030"), "a.txt").text == text


def test_plausibility_counts_common_characters_among_all_beyond_ascii() -> None:
    assert plausibility("的一abc龘靐") == 2 / 4
    assert plausibility("plain") == 1.0
    assert plausibility("") == 0.0


def test_paragraphs_stand_between_empty_lines() -> None:
    extracted = read_plain("借款合同\n\n甲方：张三\n乙方：李四\n\n一、借款金额为一万元。")
    assert extracted.title == "借款合同"
    assert [block.text for block in extracted.blocks] == [
        "借款合同",
        "甲方：张三\n乙方：李四",
        "一、借款金额为一万元。",
    ]
    assert {block.kind for block in extracted.blocks} == {BlockKind.PARAGRAPH}
    assert extracted.origin is Origin.DOCUMENT


def test_the_first_message_of_a_record_is_no_title() -> None:
    assert read_plain("你再不还钱我们就上门了\n\n明天到你公司").title is None


def test_lines_broken_by_a_margin_are_joined() -> None:
    lines = [
        "催收人员在三月一日上午给我的",
        "同事打电话并且公布了我的欠款",
        "金额还说要来公司找领导谈话并",
        "且要求公司扣我的工资。",
    ]
    assert read_plain("\n".join(lines)).blocks[0].text == "".join(lines)
