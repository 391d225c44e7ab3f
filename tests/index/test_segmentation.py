"""Terms of Chinese text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.segmentation import normalize, segment


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("爆通讯录", ["爆通", "通讯", "讯录"]),
        ("被P图了3次", ["被", "p", "图了", "3", "次"]),
        ("第１０３３條", ["第", "1033", "条"]),
        ("利率4.5倍，呼死你", ["利率", "4.5", "倍", "呼死", "死你"]),
        ("Debt collectors", ["debt", "collectors"]),
        ("！？ \n…", []),
        ("", []),
    ],
)
def test_text_is_cut_into_pairs_words_and_numbers(text: str, terms: list[str]) -> None:
    assert segment(text) == terms


def test_traditional_and_full_width_text_gives_the_same_terms() -> None:
    assert segment("債務催收ＡＰＰ侵犯個人信息") == segment("债务催收app侵犯个人信息")


@given(st.text(alphabet="催收通讯录债务個人信息aZ９ 。，", max_size=60))
def test_normalizing_twice_changes_nothing_more(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)
    assert segment(normalize(text)) == segment(text)
