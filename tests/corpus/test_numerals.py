from __future__ import annotations

import pytest

from corpus.errors import BadReference
from corpus.numerals import format_article, format_numeral, parse_article, parse_numeral
from corpus.records import ArticleNumber


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (1, "一"),
        (10, "十"),
        (15, "十五"),
        (20, "二十"),
        (101, "一百零一"),
        (110, "一百一十"),
        (115, "一百一十五"),
        (1000, "一千"),
        (1001, "一千零一"),
        (1010, "一千零一十"),
        (1033, "一千零三十三"),
        (1260, "一千二百六十"),
    ],
)
def test_statutes_write_numbers_this_way(number: int, written: str) -> None:
    assert format_numeral(number) == written
    assert parse_numeral(written) == number


def test_every_article_number_survives_the_round_trip() -> None:
    for number in range(1, 1301):
        for sub in range(11):
            article = ArticleNumber(number, sub)
            assert parse_article(format_article(article)) == article


@pytest.mark.parametrize(
    ("written", "article"),
    [
        ("1033条", ArticleNumber(1033)),
        ("第１０３３条", ArticleNumber(1033)),
        ("第一〇三三条", ArticleNumber(1033)),
        ("第两百条", ArticleNumber(200)),
        ("第兩百九十三條之一", ArticleNumber(293, 1)),
        ("第 293 条之 1", ArticleNumber(293, 1)),
    ],
)
def test_articles_are_read_as_people_write_them(written: str, article: ArticleNumber) -> None:
    assert parse_article(written) == article


@pytest.mark.parametrize("written", ["", "条", "第条", "第百十条", "第〇条", "第十百条", "第一千零条", "五十款"])
def test_what_names_no_article_is_refused(written: str) -> None:
    with pytest.raises(BadReference):
        parse_article(written)


@pytest.mark.parametrize("number", [0, -1, 10_000])
def test_numbers_that_no_statute_has_are_not_written(number: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 9999"):
        format_numeral(number)
