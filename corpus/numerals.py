"""Chinese numerals of law: 第一千二百九十三条之一 <-> ArticleNumber(1293, 1).

Reads what people write (1033, １０３３, 一〇三三, 两百), writes only the official form. It does not look
for references in running text; that is ``corpus.citations``.
"""

from __future__ import annotations

import re
import unicodedata

from corpus.errors import BadReference
from corpus.records import ArticleNumber

_DIGITS = {
    "〇": 0,
    "零": 0,
    "○": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_DIGITS |= {
    "兩": 2,
    "壹": 1,
    "贰": 2,
    "貳": 2,
    "叁": 3,
    "參": 3,
    "肆": 4,
    "伍": 5,
    "陆": 6,
    "陸": 6,
    "柒": 7,
    "捌": 8,
    "玖": 9,
}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_WRITTEN_DIGITS = "零一二三四五六七八九"
_WRITTEN_UNITS = ((1000, "千"), (100, "百"), (10, "十"))

# One numeral, for use in the patterns of other modules.
NUMERAL = "[0-9０-９" + "".join(_DIGITS) + "".join(_UNITS) + "]+"

_ARTICLE = re.compile(rf"第?\s*(?P<number>{NUMERAL})\s*[条條](?:\s*之\s*(?P<sub>{NUMERAL}))?")


def parse_numeral(text: str) -> int:
    """Return the number that ``text`` writes: 一千零三十三, 1033, １０３３, 一〇三三, 十五, 两百.

    Raises BadReference for anything else, such as 百十 or an empty text.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain.isascii() and plain.isdigit():
        return int(plain)
    if plain and all(character in _DIGITS for character in plain):
        return int("".join(str(_DIGITS[character]) for character in plain))
    return _parse_with_units(plain)


def _parse_with_units(text: str) -> int:
    total = 0
    digit: int | None = None
    smallest_unit = 10_000
    for character in text:
        if character in _DIGITS:
            if digit not in (None, 0):
                raise BadReference(f"{text!r} is not a number: two digits in a row")
            digit = _DIGITS[character]
        elif character in _UNITS:
            unit = _UNITS[character]
            opens_with_ten = unit == 10 and digit is None and total == 0
            if unit >= smallest_unit or not (digit or opens_with_ten):
                raise BadReference(f"{text!r} is not a number: {character} is out of place")
            total += unit * (digit or 1)
            smallest_unit, digit = unit, None
        else:
            raise BadReference(f"{text!r} is not a number")
    if digit == 0 or (not total and digit is None):
        raise BadReference(f"{text!r} is not a number")
    return total + (digit or 0)


def format_numeral(number: int) -> str:
    """Return ``number`` (1 to 9999) as statutes write it: 10 十, 15 十五, 110 一百一十, 1033 一千零三十三.

    Raises ValueError outside that range.
    """
    if not 1 <= number <= 9999:
        raise ValueError(f"{number} is not between 1 and 9999")
    written, rest, zero_due = "", number, False
    for unit, name in _WRITTEN_UNITS:
        digit, rest = divmod(rest, unit)
        if digit:
            written += ("零" if zero_due else "") + _WRITTEN_DIGITS[digit] + name
            zero_due = False
        elif written:
            zero_due = True
    if rest:
        written += ("零" if zero_due else "") + _WRITTEN_DIGITS[rest]
    return written.removeprefix("一") if 10 <= number < 20 else written


def parse_article(text: str) -> ArticleNumber:
    """Return the article that ``text`` names: 第二百九十三条之一, 1033条, 第1033條.

    Raises BadReference where it names none.
    """
    match = _ARTICLE.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None:
        raise BadReference(f"{text!r} names no article; write it as 第五十条 or 50条")
    number = parse_numeral(match["number"])
    sub = parse_numeral(match["sub"]) if match["sub"] else 0
    if number == 0:
        raise BadReference(f"{text!r} names no article; articles count from 1")
    return ArticleNumber(number, sub)


def format_article(article: ArticleNumber) -> str:
    """Return the official form: 第五十条, 第二百九十三条之一."""
    suffix = f"之{format_numeral(article.sub)}" if article.sub else ""
    return f"第{format_numeral(article.number)}条{suffix}"
