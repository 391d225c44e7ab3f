from __future__ import annotations

from datetime import date

import pytest

from corpus.errors import UnreadableFile
from corpus.extraction.markdown import find_day, plain_inline, read_markdown
from corpus.extraction.records import Block, BlockKind

ARTICLE = """---
title: 催收打电话给同事怎么办
publisher: 某某律师事务所
published: 2025-03-14
address: https://law.example/a/1.html
topics: [同事]
---

## 结论

催收人员**不得**骚扰[无关的人](https://law.example)。
违者受罚。

- 录音
- [x] 截图
  并注明时间

| 电话 | 用处 |
| --- | --- |
| 110 | 报警 |
"""


def test_front_matter_states_title_publisher_day_and_address() -> None:
    extracted = read_markdown(ARTICLE, "a.md")
    assert extracted.title == "催收打电话给同事怎么办"
    assert extracted.publisher == "某某律师事务所"
    assert extracted.published == date(2025, 3, 14)
    assert extracted.address == "https://law.example/a/1.html"


def test_blocks_read_as_the_page_does() -> None:
    assert read_markdown(ARTICLE, "a.md").blocks == (
        Block("结论", BlockKind.HEADING, 2),
        Block("催收人员不得骚扰无关的人。\n违者受罚。", BlockKind.PARAGRAPH),
        Block("• 录音", BlockKind.LIST_ITEM),
        Block("• 截图\n并注明时间", BlockKind.LIST_ITEM),
        Block("电话 | 用处", BlockKind.TABLE_ROW),
        Block("110 | 报警", BlockKind.TABLE_ROW),
    )


def test_without_front_matter_the_first_heading_is_the_title() -> None:
    extracted = read_markdown("# 怎么报警\n\n带上证据。", "a.md")
    assert (extracted.title, extracted.publisher, extracted.published) == ("怎么报警", None, None)


def test_front_matter_may_be_in_chinese() -> None:
    extracted = read_markdown("---\n标题: 怎么报警\n来源: 某网\n日期: 2025年3月14日\n---\n带上证据。", "a.md")
    assert (extracted.title, extracted.publisher, extracted.published) == ("怎么报警", "某网", date(2025, 3, 14))


@pytest.mark.parametrize(
    "body", ["---\ntitle: [没有闭合\n---\n正文", "---\ntitle: 甲\n正文没有结束", "---\ntitle: a: b\n---\n"]
)
def test_broken_front_matter_names_the_file_and_the_remedy(body: str) -> None:
    with pytest.raises(UnreadableFile, match=r"^说明\.md：文件开头 --- 之间的说明写错了.*title: 标题"):
        read_markdown(body, "说明.md")


def test_a_date_that_is_none_is_named() -> None:
    with pytest.raises(UnreadableFile, match="date 写的是 '春天'"):
        read_markdown("---\ndate: 春天\n---\n正文", "a.md")


def test_a_line_drawn_above_the_text_is_no_front_matter() -> None:
    assert [block.text for block in read_markdown("---\n\n带上证据。", "a.md").blocks] == ["带上证据。"]


def test_code_and_comments_and_quotes() -> None:
    blocks = read_markdown("<!-- 注 -->\n> 引用的话。\n\n```\n# 不是标题\n```\n", "a.md").blocks
    assert [(block.kind, block.text) for block in blocks] == [
        (BlockKind.PARAGRAPH, "引用的话。"),
        (BlockKind.PARAGRAPH, "# 不是标题"),
    ]


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("![图](a.png)说明", "图说明"),
        ("`代码`和*重点*", "代码和重点"),
        ("3*4*5", "3*4*5"),
        (r"\*星号\*", "*星号*"),
        ("<b>粗</b>", "粗"),
        ("<https://a.example/b>", "https://a.example/b"),
        ("snake_case_name", "snake_case_name"),
    ],
)
def test_inline_marks_go_and_what_looks_like_one_stays(marked: str, plain: str) -> None:
    assert plain_inline(marked) == plain


def test_days_are_found_as_people_write_them() -> None:
    for text in ("2025-03-14 10:34", "2025/3/14", "2025.3.14", "发布于2025年3月14日"):
        assert find_day(text) == date(2025, 3, 14)
    assert find_day("2025-13-40，后来是2024-02-29") == date(2024, 2, 29)
    assert find_day("电话 12025031499") is None
