from __future__ import annotations

from datetime import date

import pytest

from corpus.frontmatter import FrontMatterError, split_front_matter


def test_front_matter_and_body_are_parted() -> None:
    facts, body = split_front_matter("---\ntitle: 民法典\neffective: 2021-01-01\n---\n\n# 民法典\n", "a.md")
    assert facts == {"title": "民法典", "effective": date(2021, 1, 1)}
    assert body == "\n# 民法典\n"


def test_a_file_without_front_matter_is_all_body() -> None:
    assert split_front_matter("# 标题\n---\n正文", "a.md") == ({}, "# 标题\n---\n正文")


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter() -> None:
    assert split_front_matter("\ufeff---\r\na: 1\r\n---\r\n正文", "a.md") == ({"a": 1}, "正文")


def test_front_matter_may_be_the_whole_file() -> None:
    assert split_front_matter("---\na: 1\n---", "a.md") == ({"a": 1}, "")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("---\ntitle: x\n\n# 正文", "not closed"),
        ("---\ntitle: [x\n---\n", "not valid YAML"),
        ("---\n- x\n---\n", "not a list of `key: value`"),
        ("---\n1: x\n---\n", "not a list of `key: value`"),
        ("---\nday: 2025-02-30\n---\n", "impossible value"),
        ("---\nx: !!python/object/apply:os.getcwd []\n---\n", "not valid YAML"),
    ],
)
def test_broken_front_matter_names_the_file_and_the_problem(text: str, complaint: str) -> None:
    with pytest.raises(FrontMatterError, match=complaint) as raised:
        split_front_matter(text, "某法.md")
    assert str(raised.value).startswith("某法.md: ")
