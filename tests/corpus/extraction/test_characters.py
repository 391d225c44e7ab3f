from __future__ import annotations

import pytest

from corpus.extraction.characters import (
    clean_characters,
    garbage_share,
    is_garbled,
    join_wrapped,
    wrap_width,
)


def test_what_no_reader_sees_is_gone() -> None:
    assert clean_characters("催\u200b收\x00电\u202e话\ufeff") == "催收电话"


@pytest.mark.parametrize("line_break", ["\r\n", "\r", "\x0b", "\u2028", "\u2029"])
def test_every_kind_of_line_break_is_one_newline(line_break: str) -> None:
    assert clean_characters(f"第一行{line_break}第二行") == "第一行\n第二行"


def test_a_form_feed_parts_paragraphs() -> None:
    assert clean_characters("上一页\x0c下一页") == "上一页\n\n下一页"


def test_tabs_and_ideographic_spaces_stay() -> None:
    assert clean_characters("第一条　甲\t乙\u00a0丙") == "第一条　甲\t乙 丙"


def test_garbage_is_counted_among_printed_characters() -> None:
    assert garbage_share("锟斤拷 好") == 3 / 4
    assert garbage_share("\ufffd好好好 ") == 1 / 4
    assert garbage_share("   ") == 0.0


def test_one_private_bullet_in_a_hundred_characters_is_no_garbage() -> None:
    assert not is_garbled("\uf0b7" + "保存证据" * 25)
    assert is_garbled("\uf0b7" * 3 + "保存证据" * 25)


def test_a_line_that_the_margin_broke_goes_on() -> None:
    # The first line is 20 columns wide, as wide as the margin, and ends in the middle of a word.
    assert join_wrapped(["催收人员不得骚扰与债", "务无关的第三人。"], 20) == "催收人员不得骚扰与债务无关的第三人。"


def test_a_line_that_ends_like_a_sentence_keeps_its_break() -> None:
    assert join_wrapped(["催收人员不得骚扰他人。", "违者处罚。"], 20) == "催收人员不得骚扰他人。\n违者处罚。"


def test_a_short_line_keeps_its_break() -> None:
    assert join_wrapped(["张三", "李四"], 20) == "张三\n李四"


def test_words_in_latin_letters_are_parted_by_a_space() -> None:
    assert join_wrapped(["please keep a record of", "each call."], 24) == "please keep a record of each call."


def test_text_without_a_margin_has_no_wrap_width() -> None:
    assert wrap_width(["甲" * 200, "乙" * 90, "丙" * 3]) == float("inf")
    assert wrap_width(["甲" * 20, "乙" * 20, "丙" * 19, "丁" * 5]) == 40
