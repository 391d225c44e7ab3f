from __future__ import annotations

import pytest

from corpus.extraction.headings import has_list_mark, looks_like_document_title, looks_like_heading


@pytest.mark.parametrize(
    "line",
    [
        "遇到骚扰，三步维权",
        "第二步：直接报警！",
        "为什么说这是违法行为？",
        "总结：保护隐私、依法维权",
        "✅ 1. 立即保存证据",
    ],
)
def test_a_short_line_that_is_no_sentence_is_a_heading(line: str) -> None:
    assert looks_like_heading(line)


@pytest.mark.parametrize(
    "line",
    [
        "答案是：不合法！",
        "按这三步走：",
        "催收人员不得骚扰亲友。",
        "联系电话：13800000000",
        "2025-03-14 10:34:34",
        "甲",
        "催收人员把借款人的欠款情况告诉了通讯录里的每一个亲戚朋友和同事以及邻居们",
    ],
)
def test_a_sentence_or_a_label_with_its_value_is_no_heading(line: str) -> None:
    assert not looks_like_heading(line)


def test_only_a_line_that_names_a_paper_titles_plain_text() -> None:
    assert looks_like_document_title("个人借款合同")
    # A text message kept as evidence must stay text.
    assert not looks_like_document_title("你再不还钱我们就上门了")


@pytest.mark.parametrize("line", ["• 录音", "1. 录音", "（2）录音", "③录音", "- 录音"])
def test_list_marks_are_seen(line: str) -> None:
    assert has_list_mark(line)


def test_a_number_with_decimals_is_no_list_mark() -> None:
    assert not has_list_mark("3.85%是当时的利率")
