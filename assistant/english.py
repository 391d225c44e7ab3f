"""Figures, articles and laws as English sentences write them: 15 days, five hundred yuan, Article 42 of the Civil Code.

``assistant.quantities`` and ``corpus.citations`` read the same things in Chinese. Whether a figure is right is
``assistant.figures``'s question.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from assistant.quantities import Quantity
from corpus.records import ArticleNumber

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# fmt: off
_UNITS_OF_TEN = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
                 "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"]
# fmt: on
_VALUES = {word: place for place, word in enumerate(_UNITS_OF_TEN, 1)}
_VALUES |= {word: place * 10 for place, word in enumerate(_TENS, 2)}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}

# English unit, as ``Quantity`` names it in Chinese.
_UNITS = {
    "working day": "工作日",
    "business day": "工作日",
    "day": "日",
    "week": "周",
    "month": "月",
    "year": "年",
    "hour": "小时",
    "minute": "分钟",
    "yuan": "元",
    "rmb": "元",
    "cny": "元",
    "%": "%",
    "percent": "%",
    "per cent": "%",
    "times": "倍",
}

# Longest first: seventeen is not seven and a rest. "five and ten" are two numbers, "hundred and five" is one.
_WORD = "|".join(sorted([*_VALUES, *_SCALES], key=len, reverse=True))
_AND = r"(?:(?<=hundred)|(?<=thousand)|(?<=million))\s+and\s+"
_NUMBER = (
    rf"\d+(?:,\d{{3}})*(?:\.\d+)?(?:\s+(?:{'|'.join(_SCALES)})\b)?|(?:{_WORD})\b(?:(?:\s+|-|{_AND})(?:{_WORD})\b)*"
)
# The lower end of a range shares the unit: five to ten days, 5-10 days. The hyphen of twenty-four is none.
_TO = r"(?:\s*(?:to|or|–)\s*|(?<=\d)-(?=\d)|(?<!hundred)(?<!thousand)(?<!million)\s+and\s+)"
_MEASURED = re.compile(
    rf"(?i)(?<![\w.])(?:(?P<low>{_NUMBER}){_TO})?(?P<number>{_NUMBER})[\s-]*(?:calendar\s+)?"
    r"(?P<unit>working[ -]days?|business[ -]days?|days?|weeks?|months?|years?|hours?|minutes?|yuan|rmb|cny|%"
    r"|percent|per cent|times)(?![a-z])"
)
_CURRENCY = re.compile(r"(?i)(?:[¥￥]|\brmb|\bcny)\s*(?P<number>\d[\d,]*(?:\.\d+)?)")
_MONTH = re.compile(rf"\b(?P<before>{'|'.join(_MONTHS)})\b(?=\s+\d)|(?<=\d\s)(?P<after>{'|'.join(_MONTHS)})\b")
_NUMBER_WORDS = re.compile(rf"(?i)(?<![\w-])(?:{_WORD})\b(?:(?:\s+|-|{_AND})(?:{_WORD})\b)*")

_ARTICLE = re.compile(
    r"(?i)\b(?:articles?|arts?\.?)\s*(?P<numbers>\d+(?:-\d+)?"
    r"(?:\s*(?:,|and|or|to|&|–)\s*(?:and\s+)?(?:articles?\s*)?\d+(?:-\d+)?)*)"
)
_PARAGRAPH = re.compile(
    rf"(?i)\b(?:paragraphs?|para\.?)\s*\(?(?P<number>\d+)\)?|\b(?P<ordinal>{'|'.join(_ORDINALS)})\s+paragraph"
)
_ITEM = re.compile(r"(?i)\bitems?\s*\(?(?P<number>\d+)\)?")
# Between an article and the name of its law, which stands behind or before it.
_OF_THE = re.compile(r"(?:,?\s*(?:paragraph|item)s?\s*\(?\d+\)?)*,?\s+of\s+(?:the\s+)?(?:PRC\s+)?")
_BEFORE = re.compile(r"['’]?s?,?\s*\(?")
_NAME_WORD = r"[A-Z][\w'’-]*"
_LAW_NAME = re.compile(
    rf"\b(?:PIPL|(?:Law|Regulations?) on (?:the )?{_NAME_WORD}(?:\s+(?:{_NAME_WORD}|of|for|and|the|in)\b)*"
    rf"|(?:{_NAME_WORD}(?:\s+(?:and|of|the|on|for))?\s+)+"
    r"(?:Law|Code|Act|Regulations?|Provisions|Measures|Interpretations?))\b"
)
# Words that open a sentence or stand before any law's name.
_NOT_OF_A_NAME = re.compile(
    r"^(?:(?:[Tt]he|This|That|Under|In|By|If|According|Both|And|Or|Of|China['’]s|Chinese|PRC|Current|New|Revised"
    r"|Amended|See|Article)\s+)+"
)
_NO_NAME = {"Law", "Code", "Act", "Regulation", "Regulations", "Provisions", "Measures", "Interpretation"}


@dataclass(frozen=True, slots=True)
class EnglishArticles:
    """``Articles 1032 and 1033 of the Civil Code``: what was written without the law, the articles, the law's name.

    ``law_name`` is "" where none stands beside the numbers.
    """

    text: str
    articles: tuple[ArticleNumber, ...]
    law_name: str


@dataclass(frozen=True, slots=True)
class EnglishPart:
    """``paragraph 2`` or ``item (5)`` of some article; the other one is None."""

    text: str
    paragraph: int | None
    item: int | None


def find_articles(text: str) -> tuple[EnglishArticles, ...]:
    """Return each mention of articles; Article 293-1 is 第二百九十三条之一, Article 0 names none."""
    names = [(match.start(), match.end(), _NOT_OF_A_NAME.sub("", match[0])) for match in _LAW_NAME.finditer(text)]
    found = []
    for match in _ARTICLE.finditer(text):
        pairs = re.findall(r"(\d+)(?:-(\d+))?", match["numbers"])
        articles = tuple(ArticleNumber(int(number), int(sub or 0)) for number, sub in pairs if int(number))
        after = (name for start, _, name in names if _joins(_OF_THE, text, match.end(), start))
        before = (name for _, end, name in names if _joins(_BEFORE, text, end, match.start()))
        found.append(EnglishArticles(match[0], articles, next(after, next(before, ""))))
    return tuple(found)


def _joins(words: re.Pattern[str], text: str, start: int, end: int) -> bool:
    return start <= end and words.fullmatch(text, start, end) is not None


def find_parts(text: str) -> tuple[EnglishPart, ...]:
    """Return each mention of a paragraph or item, paragraphs first."""
    paragraphs = (
        EnglishPart(
            match[0], int(match["number"]) if match["number"] else _ORDINALS.index(match["ordinal"].lower()) + 1, None
        )
        for match in _PARAGRAPH.finditer(text)
    )
    items = (EnglishPart(match[0], None, int(match["number"])) for match in _ITEM.finditer(text))
    return (*paragraphs, *items)


def find_law_names(text: str) -> tuple[str, ...]:
    """Return what reads as the name of a law: Civil Code, Law on the Protection of Consumer Rights and Interests."""
    names = (_NOT_OF_A_NAME.sub("", match[0]) for match in _LAW_NAME.finditer(text))
    return tuple(name for name in names if name not in _NO_NAME)


def laws_named(name: str) -> tuple[str | None, ...]:
    """Return the short titles of the laws that an English name means; None for one that cannot be told.

    Civil Code and Criminal Law are two.
    """
    whole = _laws().get(_plain_name(name))
    if whole is not None or " and " not in name:
        return (whole,)
    return tuple(_laws().get(_plain_name(part)) for part in re.split(r"\s+and\s+", name))


@cache
def _laws() -> dict[str, str]:
    table = tomllib.loads((files("assistant") / "english_laws.toml").read_text(encoding="utf-8"))
    return {_plain_name(name): law for name, law in table["names"].items()}


def _plain_name(name: str) -> str:
    return re.sub(r"\bthe\b|[^a-z]", "", name.lower())


def find_english_quantities(text: str) -> tuple[tuple[Quantity, str], ...]:
    """Return each quantity of ``text`` with the words that write it: 15-day gives ``Quantity(15, "日")``.

    Of five to ten days both ends; of 1 January 2026 the month.
    """
    return tuple(_quantities(text))


def _quantities(text: str) -> Iterator[tuple[Quantity, str]]:
    for match in _MEASURED.finditer(text):
        unit = re.sub(r"[\s-]+", " ", match["unit"].lower())
        unit = unit if unit in _UNITS else unit.removesuffix("s")
        for number in filter(None, (match["low"], match["number"])):
            yield Quantity(parse_english_number(number), _UNITS[unit]), match[0].strip()
    for match in _CURRENCY.finditer(text):
        yield Quantity(parse_english_number(match["number"]), "元"), match[0].strip()
    for match in _MONTH.finditer(text):
        name = match["before"] or match["after"]
        yield Quantity(float(_MONTHS.index(name) + 1), "月"), name


def find_number_words(text: str) -> tuple[tuple[float, str], ...]:
    """Return each number written in English words, with its words."""
    return tuple((parse_english_number(match[0]), match[0]) for match in _NUMBER_WORDS.finditer(text))


def parse_english_number(written: str) -> float:
    """Return the value of 1,000, 15, 2 million, fifteen, five hundred, twenty-four, one hundred and twenty."""
    total, part = 0.0, 0.0
    for word in re.findall(r"[a-z]+|[\d,.]+", written.lower()):
        if word[0].isdigit():
            part = float(word.rstrip(",.").replace(",", ""))
        elif word in _VALUES:
            part += _VALUES[word]
        elif word == "hundred":
            part = (part or 1) * 100
        elif word in _SCALES:
            total, part = total + (part or 1) * _SCALES[word], 0.0
    return total + part


def without_measures_and_articles(text: str) -> str:
    """Return ``text`` of the same length with quantities, articles, paragraphs and items blanked."""
    for pattern in (_ARTICLE, _PARAGRAPH, _ITEM, _MEASURED, _CURRENCY):
        text = pattern.sub(lambda match: " " * len(match[0]), text)
    return text
