from __future__ import annotations

from corpus.extraction.records import BlockKind, Origin
from corpus.extraction.web_text import is_web_page_text, read_web_text

PAGE = """当前位置:首页 > 债务

催收打电话给同事怎么办?

先请同事保存通话记录,再一起投诉。

怎么投诉

  1. 拨打12378
    说明放贷机构的名称。
  • 保存回执

上一篇:欠条怎么写"""


def test_two_signs_make_a_web_page() -> None:
    assert is_web_page_text(PAGE)


def test_one_sign_makes_none() -> None:
    assert not is_web_page_text("来信\n\n发布时间:2025-03-14\n请贵行停止联系我的家人。")
    assert not is_web_page_text("借款合同\n\n版权声明:本合同文本归双方所有。")


def test_every_line_is_a_block_of_its_look() -> None:
    extracted = read_web_text(PAGE)
    assert extracted.origin is Origin.WEB_PAGE
    assert [(block.kind, block.text) for block in extracted.blocks[1:]] == [
        (BlockKind.HEADING, "催收打电话给同事怎么办?"),
        (BlockKind.PARAGRAPH, "先请同事保存通话记录,再一起投诉。"),
        (BlockKind.HEADING, "怎么投诉"),
        (BlockKind.LIST_ITEM, "1. 拨打12378"),
        (BlockKind.PARAGRAPH, "说明放贷机构的名称。"),
        (BlockKind.LIST_ITEM, "• 保存回执"),
        (BlockKind.HEADING, "上一篇:欠条怎么写"),
    ]


def test_nothing_printed_is_lost() -> None:
    printed = "".join(PAGE.split())
    assert "".join("".join(block.text.split()) for block in read_web_text(PAGE).blocks) == printed
