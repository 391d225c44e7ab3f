from __future__ import annotations

from datetime import date

import pytest

from corpus.lawbook import LawBook, load_lawbook
from corpus.outdated import OutdatedLaw
from corpus.records import ArticleNumber


@pytest.fixture(scope="module")
def lawbook() -> LawBook:
    return load_lawbook()


def test_words_of_an_expired_article_are_found_though_no_number_is_named(lawbook: LawBook) -> None:
    found = OutdatedLaw(lawbook, date(2026, 1, 1)).find("偷拍的，处五日以下拘留或者五百元以下罚款。")
    assert found is not None
    assert found.version.id == "治安管理处罚法-2013-01-01"


def test_the_old_article_is_named(lawbook: LawBook) -> None:
    found = OutdatedLaw(lawbook, date(2026, 1, 1)).find(
        "胁迫、诱骗他人，处十日以上十五日以下拘留，并处五百元以上一千元以下罚款"
    )
    assert found is not None
    assert found.article == ArticleNumber(40)


def test_the_same_words_were_the_law_on_the_day_before(lawbook: LawBook) -> None:
    assert OutdatedLaw(lawbook, date(2025, 12, 31)).find("处五日以下拘留或者五百元以下罚款") is None


def test_the_law_in_force_is_not_taken_for_old(lawbook: LawBook) -> None:
    outdated = OutdatedLaw(lawbook, date(2026, 11, 24))
    for version in lawbook.versions:
        if version.expired is None:
            for held in lawbook.articles(version.id):
                assert outdated.find(held.text) is None, (version.id, held.number)


def test_the_articles_written_here_hold_no_expired_wording(lawbook: LawBook) -> None:
    from importlib.resources import files

    outdated = OutdatedLaw(lawbook, date(2026, 11, 24))
    for article in (files("corpus") / "articles").iterdir():
        assert outdated.find(article.read_text(encoding="utf-8")) is None, article.name
