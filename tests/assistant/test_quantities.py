from __future__ import annotations

import pytest

from assistant.quantities import Quantity, find_quantities, unsupported_quantities


@pytest.mark.parametrize(
    ("written", "quantity"),
    [
        ("一千元", Quantity(1000, "元")),
        ("1000元", Quantity(1000, "元")),
        ("1,000 元".replace(" ", ""), Quantity(1000, "元")),
        ("１０００块", Quantity(1000, "元")),
        ("五千万元", Quantity(50_000_000, "元")),
        ("5000万元", Quantity(50_000_000, "元")),
        ("百分之二十四", Quantity(24, "%")),
        ("24%", Quantity(24, "%")),
        ("十五日", Quantity(15, "日")),
        ("15天", Quantity(15, "日")),
        ("三个月", Quantity(3, "月")),
        ("四倍", Quantity(4, "倍")),
        ("24小时", Quantity(24, "小时")),
    ],
)
def test_one_quantity_has_one_form_however_it_is_written(written: str, quantity: Quantity) -> None:
    assert [found for found, _ in find_quantities(f"最高{written}以下")] == [quantity]


def test_article_numbers_are_not_quantities() -> None:
    assert find_quantities("《治安管理处罚法》第五十条第一款第（五）项") == ()


def test_an_amount_the_passage_does_not_name_is_reported() -> None:
    passage = "处五日以下拘留或者一千元以下罚款；情节较重的，处五日以上十日以下拘留"
    assert unsupported_quantities("可处五日以下拘留或1000元以下罚款", passage) == ()
    assert unsupported_quantities("可处五日以下拘留或五百元以下罚款", passage) == ("五百元",)
    assert unsupported_quantities("最多拘留15天", passage) == ("15天",)
