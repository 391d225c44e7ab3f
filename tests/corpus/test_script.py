from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from corpus.script import to_plain, to_simplified


def test_traditional_characters_become_simplified() -> None:
    assert to_simplified("中華人民共和國治安管理處罰法第四十二條第一款第（五）項") == (
        "中华人民共和国治安管理处罚法第四十二条第一款第（五）项"
    )


def test_plain_text_is_half_width_too() -> None:
    assert to_plain("（２０２１年）　第１０３３條：PIPL") == "(2021年) 第1033条:PIPL"


@given(st.text(max_size=200))
def test_every_place_in_a_text_stays_where_it_was(text: str) -> None:
    assert len(to_simplified(text)) == len(to_plain(text)) == len(text)


def test_half_a_million_characters_take_under_a_second() -> None:
    started = time.process_time()
    to_plain("治安管理處罰法第四十二條" * 42_000)
    assert time.process_time() - started < 1
