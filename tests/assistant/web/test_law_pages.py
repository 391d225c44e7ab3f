"""Laws on the page read as they are held; searching and comparing lose and invent nothing."""

from __future__ import annotations

import html
import re
from datetime import date

import pytest

from assistant.commands.common import Say
from assistant.web.law_pages import comparison_page, found_articles, found_page, law_page, version_label
from assistant.web.law_tab import LawDesk
from corpus.lawbook import LawBook, load_lawbook
from corpus.records import ArticleNumber, LawVersion

DAY = date(2026, 11, 24)
SAY = Say("zh")
OLD, NEW = "治安管理处罚法-2013-01-01", "治安管理处罚法-2026-01-01"


@pytest.fixture(scope="module")
def lawbook() -> LawBook:
    return load_lawbook()


def version(lawbook: LawBook, name: str) -> LawVersion:
    found = lawbook.version(name)
    assert found is not None
    return found


def shown(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page))


def articles_on(page: str) -> list[str]:
    return [shown(text) for text in re.findall(r'<div class="passage law-article">(.*?)</div>', page, re.S)]


def test_every_article_of_every_law_stands_on_its_page_in_order(lawbook: LawBook) -> None:
    for held in lawbook.versions:
        page = law_page(lawbook, held, "", DAY, SAY)
        assert articles_on(page) == [article.text for article in lawbook.articles(held.id)], held.id


@pytest.mark.parametrize("wanted", ["第五十条", "50", "50条", "第50條", " 第五十条 "])
def test_an_article_is_found_by_its_number_however_written(lawbook: LawBook, wanted: str) -> None:
    found = found_articles(lawbook.articles(NEW), wanted)
    assert [article.number for article in found] == [ArticleNumber(50)]


def test_words_must_all_stand_in_the_article_in_either_script(lawbook: LawBook) -> None:
    found = found_articles(lawbook.articles(NEW), "侮辱 恐吓")
    assert found == found_articles(lawbook.articles(NEW), "侮辱 恐嚇")
    assert ArticleNumber(50) in {article.number for article in found}
    assert all("侮辱" in article.text and "恐吓" in article.text for article in found)


def test_a_number_that_the_law_has_not_is_told_from_one_that_is_not_held(lawbook: LawBook) -> None:
    assert "这部法律没有第三百条" in shown(law_page(lawbook, version(lawbook, NEW), "第三百条", DAY, SAY))
    assert "没有收录第四条的原文" in shown(law_page(lawbook, version(lawbook, NEW), "第四条", DAY, SAY))


def test_looking_in_all_laws_finds_law_in_force_only(lawbook: LawBook) -> None:
    page = shown(found_page(lawbook, "写恐吓信", DAY, SAY))
    assert "一千元以下罚款" in page and "五百元以下罚款" not in page
    before = shown(found_page(lawbook, "写恐吓信", date(2025, 6, 1), SAY))
    assert "五百元以下罚款" in before and "一千元以下罚款" not in before


def test_without_words_all_laws_are_listed(lawbook: LawBook) -> None:
    page = found_page(lawbook, " ", DAY, SAY)
    assert re.findall(r'data-law="([^"]+)"', page) == list(lawbook.laws)


def test_what_was_typed_is_text(lawbook: LawBook) -> None:
    assert "<script>" not in law_page(lawbook, version(lawbook, NEW), "<script>alert(1)</script>", DAY, SAY)


def test_a_comparison_shows_both_articles_whole_and_what_changed(lawbook: LawBook) -> None:
    page = comparison_page(lawbook, version(lawbook, OLD), version(lawbook, NEW), "第四十二条", SAY)
    cells = re.findall(r'<div class="passage">(.*?)</div>', page, re.S)
    old, new = (lawbook.article(OLD, ArticleNumber(42)), lawbook.article(NEW, ArticleNumber(50)))
    assert old is not None and new is not None
    assert [shown(cell) for cell in cells] == [old.text, new.text]
    assert "由五百元提高到一千元" in shown(page)


def test_versions_are_named_by_their_days_and_state(lawbook: LawBook) -> None:
    assert version_label(version(lawbook, OLD), DAY, SAY) == "2013-01-01 起 至 2026-01-01 前（已失效）"
    assert version_label(version(lawbook, NEW), DAY, SAY) == "2026-01-01 起（现行有效）"
    assert version_label(version(lawbook, NEW), date(2025, 12, 31), SAY) == "2026-01-01 起（尚未施行）"


def test_choosing_a_law_shows_the_version_in_force(lawbook: LawBook) -> None:
    desk = LawDesk(lawbook, SAY)
    versions, others, page = desk.pick("治安管理处罚法", "")
    assert versions["value"] == NEW
    assert [key for _, key in others["choices"]] == ["", OLD]
    assert "中华人民共和国治安管理处罚法" in shown(page)


def test_comparing_puts_the_older_version_on_the_left_whichever_was_chosen(lawbook: LawBook) -> None:
    desk = LawDesk(lawbook, SAY)
    one = desk.show("治安管理处罚法", OLD, NEW, "第四十二条")
    assert one == desk.show("治安管理处罚法", NEW, OLD, "第四十二条")
