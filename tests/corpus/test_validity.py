"""Law in time: the day before, the day, the day after; and what is said of a reference that does not stand."""

from __future__ import annotations

from datetime import date

import pytest

from corpus.citations import find_statute_refs
from corpus.lawbook import LawBook, TitleFit, load_lawbook
from corpus.records import ArticleNumber, Validity
from corpus.validity import (
    ReferenceState,
    ReferenceVerdict,
    check_reference,
    find_part,
    successors_of,
    validity_on,
    version_at,
)

BOOK = load_lawbook()
TODAY = date(2026, 11, 24)
LAST_OLD_DAY, FIRST_NEW_DAY, DAY_AFTER = date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2)


@pytest.fixture(scope="module")
def book() -> LawBook:
    return BOOK


def check(text: str, day: date = TODAY) -> ReferenceVerdict:
    (reference,) = find_statute_refs(text, BOOK)
    return check_reference(BOOK, reference, day)


# --- versions


@pytest.mark.parametrize("law", ["治安管理处罚法", "网络安全法"])
def test_the_new_version_begins_on_its_day(book: LawBook, law: str) -> None:
    old, new = book.versions_of(law)
    assert version_at(book, law, LAST_OLD_DAY) == old
    assert version_at(book, law, FIRST_NEW_DAY) == new
    assert version_at(book, law, DAY_AFTER) == new


def test_a_version_passes_from_not_yet_over_in_force_to_expired(book: LawBook) -> None:
    old, new = book.versions_of("治安管理处罚法")
    assert [validity_on(old, day) for day in (date(2012, 12, 31), date(2013, 1, 1), LAST_OLD_DAY, FIRST_NEW_DAY)] == [
        Validity.NOT_YET,
        Validity.IN_FORCE,
        Validity.IN_FORCE,
        Validity.EXPIRED,
    ]
    assert [validity_on(new, day) for day in (LAST_OLD_DAY, FIRST_NEW_DAY, DAY_AFTER)] == [
        Validity.NOT_YET,
        Validity.IN_FORCE,
        Validity.IN_FORCE,
    ]


def test_no_version_is_in_force_before_the_first(book: LawBook) -> None:
    assert version_at(book, "民法典", date(2020, 12, 31)) is None
    assert version_at(book, "闻所未闻法", TODAY) is None


def test_every_law_of_the_book_has_one_version_today(book: LawBook) -> None:
    for law in book.laws:
        versions = book.versions_of(law)
        assert sum(validity_on(version, TODAY) is Validity.IN_FORCE for version in versions) == 1, law


# --- moved articles


@pytest.mark.parametrize(
    ("law", "version", "old", "new"),
    [
        ("治安管理处罚法", "治安管理处罚法-2013-01-01", 42, 50),
        ("治安管理处罚法", "治安管理处罚法-2013-01-01", 26, 30),
        ("网络安全法", "网络安全法-2017-06-01", 40, 42),
        ("网络安全法", "网络安全法-2017-06-01", 44, 46),
    ],
)
def test_an_old_article_has_its_successor(law: str, version: str, old: int, new: int) -> None:
    (row,) = successors_of(BOOK, law, ArticleNumber(old), version)
    assert row.to_article == ArticleNumber(new)


def test_an_article_that_nobody_moved_has_none(book: LawBook) -> None:
    assert successors_of(book, "民法典", ArticleNumber(1032), "民法典-2021-01-01") == ()


# --- verdicts on the trap: 治安管理处罚法第四十二条


def test_until_2025_the_old_article_is_in_force_and_the_verdict_says_what_it_becomes() -> None:
    verdict = check("治安管理处罚法第四十二条", LAST_OLD_DAY)
    assert verdict.state is ReferenceState.IN_FORCE
    assert verdict.version is not None and verdict.version.id == "治安管理处罚法-2013-01-01"
    assert verdict.article is not None and "五百元" in verdict.article.text
    assert [row.to_article for row in verdict.moved_to] == [ArticleNumber(50)]
    assert not verdict.is_ambiguous
    assert "自2026年1月1日起，这一条为第五十条" in verdict.message
    assert "由五百元提高到一千元" in verdict.message


@pytest.mark.parametrize("day", [FIRST_NEW_DAY, DAY_AFTER, TODAY])
def test_from_2026_the_bare_number_is_ambiguous_and_both_meanings_are_said(day: date) -> None:
    verdict = check("治安管理处罚法第四十二条", day)
    assert verdict.state is ReferenceState.IN_FORCE
    assert verdict.article is not None and "铁路" in verdict.article.text
    assert verdict.is_ambiguous
    assert [row.to_article for row in verdict.also_moved_to] == [ArticleNumber(50)]
    assert "铁路" in verdict.message
    assert "如果指2025年12月31日以前的第四十二条，现在是第五十条" in verdict.message
    assert verdict.message.count("。") == 1


@pytest.mark.parametrize(
    "text",
    ["旧治安管理处罚法第42条", "原《治安管理处罚法》第四十二条", "《治安管理处罚法》（2012年修正）第四十二条第五项"],
)
def test_a_reference_that_names_the_old_version_is_superseded(text: str) -> None:
    verdict = check(text)
    assert verdict.state is ReferenceState.SUPERSEDED
    assert verdict.version is not None and verdict.version.id == "治安管理处罚法-2013-01-01"
    assert [row.to_article for row in verdict.moved_to] == [ArticleNumber(50)]
    assert "已于2026年1月1日失效" in verdict.message
    assert "现在是第五十条" in verdict.message


def test_the_new_version_is_not_yet_in_force_on_the_day_before() -> None:
    assert check("《治安管理处罚法》（2025年修订）第五十条", LAST_OLD_DAY).state is ReferenceState.NOT_YET
    assert check("新修订的治安管理处罚法第五十条", LAST_OLD_DAY).state is ReferenceState.NOT_YET
    assert check("《治安管理处罚法》（2025年修订）第五十条", FIRST_NEW_DAY).state is ReferenceState.IN_FORCE


def test_an_article_that_kept_its_number_is_not_ambiguous() -> None:
    assert not check("网络安全法第二条").is_ambiguous
    assert not check("民法典第一千零三十二条").is_ambiguous


# --- other verdicts


@pytest.mark.parametrize(
    ("text", "state", "words"),
    [
        (
            "民法典第1032条",
            ReferenceState.IN_FORCE,
            "《民法典》第一千零三十二条（2021年1月1日起施行的文本）在2026年11月24日有效。",
        ),
        ("民法典第1300条", ReferenceState.NO_SUCH_ARTICLE, "《民法典》共1260条，没有第一千三百条。"),
        ("民法典第1034条之一", ReferenceState.NO_SUCH_ARTICLE, "《民法典》没有第一千零三十四条之一。"),
        ("刑法第九百条", ReferenceState.NO_SUCH_ARTICLE, "《刑法》共452条，没有第九百条。"),
        ("刑法第二百五十三条之九", ReferenceState.NO_SUCH_ARTICLE, "《刑法》没有第二百五十三条之九。"),
        ("个人信息保护法第75条", ReferenceState.NO_SUCH_ARTICLE, "《个人信息保护法》共74条，没有第七十五条。"),
        ("治安管理处罚法第一百一十条", ReferenceState.NOT_HELD, "没有收录《治安管理处罚法》第一百一十条的原文"),
        ("刑法第一百二十条之一", ReferenceState.NOT_HELD, "没有收录《刑法》第一百二十条之一的原文"),
        ("劳动合同法第三十九条", ReferenceState.NOT_HELD, "没有收录《劳动合同法》第三十九条的原文"),
        ("劳动合同法第200条", ReferenceState.NO_SUCH_ARTICLE, "共98条，没有第二百条。"),
        ("中国银行业协会催收工作指引第十条", ReferenceState.NOT_HELD, "不是法律"),
        ("合同法第五十二条", ReferenceState.LAW_REPEALED, "《合同法》已于2021年1月1日废止，现在适用《民法典》"),
        ("侵权责任法第三十六条", ReferenceState.LAW_REPEALED, "现在是《民法典》第一千一百九十四条"),
        ("《反催收骚扰法》第五条", ReferenceState.NO_SUCH_LAW, "没有查到名为《反催收骚扰法》的法律"),
        ("《关于进一步规范民间借贷行为的通知》", ReferenceState.NO_SUCH_LAW, "没有查到名为"),
        ("第四十二条", ReferenceState.LAW_UNKNOWN, "看不出第四十二条是哪部法律的条文。"),
        ("本法第三条", ReferenceState.LAW_UNKNOWN, "看不出"),
        ("民法典", ReferenceState.IN_FORCE, "《民法典》（2021年1月1日起施行的文本）在2026年11月24日有效。"),
        ("旧治安管理处罚法", ReferenceState.SUPERSEDED, "已于2026年1月1日失效，现在适用2026年1月1日起施行的文本"),
        (
            "2015年民间借贷规定第26条",
            ReferenceState.SUPERSEDED,
            "《民间借贷规定》2015年文本的第二十六条现在是第二十五条",
        ),
        ("《刑法》（2017年修正）第二百四十六条", ReferenceState.VERSION_NOT_HELD, "没有收录《刑法》2017年的文本"),
    ],
)
def test_each_verdict_says_so_in_one_sentence(text: str, state: ReferenceState, words: str) -> None:
    verdict = check(text)
    assert verdict.state is state
    assert words in verdict.message
    assert verdict.message.endswith("。")
    assert verdict.message.count("。") == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("治安管理处罚法第五十条第四款", "第五十条只有两款，没有第四款"),
        ("治安管理处罚法第五十条第一款第七项", "第五十条第一款只有六项，没有第七项"),
        ("治安管理处罚法第五十条第（九）项", "第五十条只有六项，没有第九项"),
        ("民法典第一千零三十二条第一款第一项", "第一千零三十二条第一款没有分项，没有第一项"),
        ("民法典第一千零三十三条第七项", "第一千零三十三条只有六项，没有第七项"),
    ],
)
def test_a_paragraph_or_item_that_does_not_exist_is_said(text: str, words: str) -> None:
    verdict = check(text)
    assert verdict.state is ReferenceState.NO_SUCH_PART
    assert words in verdict.message


def test_a_paragraph_and_item_that_exist_are_in_force() -> None:
    assert check("治安管理处罚法第五十条第一款第五项").state is ReferenceState.IN_FORCE
    assert check("治安管理处罚法第五十条第（五）项").state is ReferenceState.IN_FORCE
    assert check("民法典第一千零三十三条第一项").state is ReferenceState.IN_FORCE


def test_a_damaged_title_is_said_besides_the_verdict() -> None:
    verdict = check("《人民个人信息保护法》第四十四条")
    assert verdict.state is ReferenceState.IN_FORCE
    assert verdict.title_fit is TitleFit.REPAIRED
    assert verdict.message.startswith("没有名为《人民个人信息保护法》的法律，应为《个人信息保护法》；")
    assert check("《个人信息保护法》第四十四条").title_fit is TitleFit.EXACT


@pytest.mark.parametrize(
    ("text", "day", "state"),
    [
        ("民法典第1032条", date(2020, 12, 31), ReferenceState.NOT_YET),
        ("民法典第1032条", date(2021, 1, 1), ReferenceState.IN_FORCE),
        ("合同法第五十二条", date(2020, 12, 31), ReferenceState.NOT_HELD),
        ("合同法第五十二条", date(2021, 1, 1), ReferenceState.LAW_REPEALED),
        ("治安管理处罚法第四十二条", date(2012, 12, 31), ReferenceState.VERSION_NOT_HELD),
        ("治安管理处罚法第四十二条", date(2006, 2, 28), ReferenceState.NOT_YET),
        ("网络安全法第四十条", LAST_OLD_DAY, ReferenceState.IN_FORCE),
    ],
)
def test_the_day_decides(text: str, day: date, state: ReferenceState) -> None:
    assert check(text, day).state is state


def test_the_old_interest_caps_lead_to_the_present_rule() -> None:
    verdict = check("民间借贷规定第26条")
    assert verdict.state is ReferenceState.IN_FORCE
    assert {row.to_article for row in verdict.also_moved_to} == {ArticleNumber(25)}
    assert "24%、36%" in verdict.message


def test_every_article_held_stands_when_its_version_is_in_force(book: LawBook) -> None:
    for version in book.versions:
        day = version.effective or TODAY
        for number in version.held:
            (reference,) = find_statute_refs(f"《{version.short_title}》{number}", book)
            verdict = check_reference(book, reference, day)
            assert verdict.state is ReferenceState.IN_FORCE, verdict.message
            assert verdict.version == version


# --- parts


def test_an_item_without_paragraph_means_the_first_that_has_it(book: LawBook) -> None:
    article = book.article("治安管理处罚法-2026-01-01", ArticleNumber(50))
    assert article is not None
    found = find_part(article, None, 5)
    assert found is not None
    part, place = found
    assert place is not None
    assert part.number == 1
    assert part.items[place].span.of(article.text).startswith("（五）多次发送")
    assert find_part(article, 9, None) is None
    assert find_part(article, None, 99) is None
