"""Amounts, dates, durations and shares in a sentence, in a form in which 1000元 and 一千元 are equal.

For verification: a sentence may name no quantity that its passage does not name. Article numbers are
not quantities; ``corpus.citations`` reads those.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from corpus.errors import BadReference
from corpus.numerals import parse_numeral

_NUMBER = r"[0-9]+(?:[,，][0-9]{3})*(?:\.[0-9]+)?|[〇零一二两三四五六七八九十百千]+"
_SCALE = {"": 1, "万": 10_000, "亿": 100_000_000}

# Longest first, so that 个月 is not read as 个.
_UNITS = (
    "个工作日|工作日|个自然日|自然日|个交易日|个小时|小时|分钟|个月|个星期|星期|周|季度|年以上|周岁|岁|日|天|年|月|时|分|秒|"
    "元|块|倍|成|次|人次|人|条以上|个以上|部|万元|亿元|％|%|‰"
)
# 条 and 项 and 款 belong to references.
_QUANTITY = re.compile(
    rf"(?P<percent>百分之(?:{_NUMBER}))|(?P<number>{_NUMBER})(?P<scale>[万亿]?)(?:余|多)?(?P<unit>{_UNITS})"
)
_SAME_UNIT = {
    "块": "元",
    "天": "日",
    "个工作日": "工作日",
    "个自然日": "自然日",
    "个小时": "小时",
    "个月": "月",
    "个星期": "周",
    "星期": "周",
    "年以上": "年",
    "条以上": "条",
    "个以上": "个",
    "％": "%",
    "周岁": "岁",
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value with its unit, such as ``Quantity(1000.0, "元")``; ``text`` is as written and not compared."""

    value: float
    unit: str


def find_quantities(text: str) -> tuple[tuple[Quantity, str], ...]:
    """Return each quantity of ``text`` with the words that write it, in order.

    一千元, 1,000元 and 1000块 give ``Quantity(1000, "元")``; 百分之二十四 and 24% give ``Quantity(24, "%")``.
    """
    found = []
    plain = unicodedata.normalize("NFKC", text)
    for match in _QUANTITY.finditer(plain):
        quantity = _quantity(match)
        if quantity is not None:
            found.append((quantity, match[0]))
    return tuple(found)


def _quantity(match: re.Match[str]) -> Quantity | None:
    if match["percent"]:
        value = _value(match["percent"].removeprefix("百分之"))
        return None if value is None else Quantity(value, "%")
    value = _value(match["number"])
    if value is None:
        return None
    unit = match["unit"]
    scale = _SCALE[match["scale"]]
    for prefix, factor in (("万", 10_000), ("亿", 100_000_000)):
        if unit == f"{prefix}元":
            unit, scale = "元", factor
    return Quantity(value * scale, _SAME_UNIT.get(unit, unit))


def _value(written: str) -> float | None:
    digits = written.replace(",", "").replace("，", "")
    if digits[0].isascii():
        return float(digits)
    try:
        return float(parse_numeral(digits))
    except BadReference:
        return None


def unsupported_quantities(sentence: str, passages: str) -> tuple[str, ...]:
    """Return the quantities of ``sentence``, as written, that ``passages`` does not name."""
    known = {quantity for quantity, _ in find_quantities(passages)}
    return tuple(written for quantity, written in find_quantities(sentence) if quantity not in known)
