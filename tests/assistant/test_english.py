from __future__ import annotations

import re
from importlib.resources import files

import pytest

from assistant.english import (
    find_articles,
    find_english_quantities,
    find_law_names,
    find_number_words,
    find_parts,
    laws_named,
    parse_english_number,
    without_measures_and_articles,
)
from assistant.quantities import Quantity
from corpus.lawbook import load_lawbook


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("15", 15),
        ("1,000", 1000),
        ("2 million", 2_000_000),
        ("fifteen", 15),
        ("twenty-four", 24),
        ("five hundred", 500),
        ("one hundred and twenty", 120),
        ("three thousand five hundred", 3500),
    ],
)
def test_english_numbers_have_their_value(written: str, value: float) -> None:
    assert parse_english_number(written) == value


@pytest.mark.parametrize(
    ("text", "quantities"),
    [
        ("15-day detention", [(15, "日")]),
        ("five to ten days", [(5, "日"), (10, "日")]),
        ("5–10 days", [(5, "日"), (10, "日")]),
        ("not more than twenty-four hours", [(24, "小时")]),
        ("one hundred and twenty days", [(120, "日")]),
        ("a fine of 1,000 yuan or RMB 500", [(1000, "元"), (500, "元")]),
        ("60 working days", [(60, "工作日")]),
        ("24% or 36 per cent", [(24, "%"), (36, "%")]),
        ("since 1 January 2026", [(1, "月")]),
        ("they may call in May", []),
        ("seventeen people", []),
    ],
)
def test_english_quantities_compare_with_chinese_ones(text: str, quantities: list[tuple[float, str]]) -> None:
    assert [quantity for quantity, _ in find_english_quantities(text)] == [Quantity(v, u) for v, u in quantities]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Article 42 of the Civil Code", [("42", "Civil Code")]),
        ("Articles 1032 and 1033 of the Civil Code", [("1032 1033", "Civil Code")]),
        ("Article 50, item (5) of the Public Security Administration Punishments Law", [
            ("50", "Public Security Administration Punishments Law")]),
        ("the Civil Code, Article 1033", [("1033", "Civil Code")]),
        ("Criminal Law Article 293-1", [("293-1", "Criminal Law")]),
        ("Article 50 says so. The Civil Code differs", [("50", "")]),
        ("an article on 42 cases", []),
    ],
)  # fmt: skip
def test_english_articles_go_with_the_law_beside_them(text: str, found: list[tuple[str, str]]) -> None:
    mentions = find_articles(text)
    written = [" ".join(f"{a.number}-{a.sub}" if a.sub else f"{a.number}" for a in m.articles) for m in mentions]
    assert list(zip(written, [m.law_name for m in mentions], strict=True)) == found


def test_paragraphs_and_items_are_found() -> None:
    parts = find_parts("paragraph 2, the second paragraph, item (5)")
    assert [(part.paragraph, part.item) for part in parts] == [(2, None), (2, None), (None, 5)]


def test_two_laws_in_one_breath_are_two() -> None:
    assert [laws_named(name) for name in find_law_names("Both the Civil Code and Criminal Law apply.")] == [
        ("民法典", "刑法")
    ]
    assert laws_named("Anti-Collection Law") == (None,)
    assert laws_named("Law on the Protection of Consumer Rights and Interests") == ("消费者权益保护法",)


def test_every_english_name_leads_to_a_law_held() -> None:
    table = (files("assistant") / "english_laws.toml").read_text(encoding="utf-8")
    targets = set(re.findall(r'= "(.+)"$', table, re.M))
    assert targets and targets <= set(load_lawbook().laws)


def test_what_is_left_without_measures_keeps_its_places() -> None:
    text = "Article 50: 15 days, call 12345, three ways"
    rest = without_measures_and_articles(text)
    assert len(rest) == len(text)
    assert rest.split() == [":", ",", "call", "12345,", "three", "ways"]
    assert find_number_words(rest) == ((3.0, "three"),)
