"""Articles named in a question: the current one first, the old one labelled, what does not exist said so."""

from __future__ import annotations

from datetime import date

import pytest

from corpus.records import ArticleNumber, Validity
from index.records import NoteKind, RetrievedPassage, SearchQuery, SearchResult
from index.searching import SearchIndex, may_name_an_article

TODAY = date(2026, 11, 24)


def _search(index: SearchIndex, question: str, day: date = TODAY) -> SearchResult:
    return index.search(SearchQuery(question, day))


def _name(passage: RetrievedPassage) -> str:
    law = passage.document.law
    return f"{law.short_title if law else passage.document.title}{passage.chunk.article or ''}"


def _exact(result: SearchResult) -> list[tuple[str, Validity]]:
    return [(_name(passage), passage.validity) for passage in result.passages if passage.trace.exact]


@pytest.mark.parametrize(
    ("question", "article"),
    [
        ("民法典第1032条", "民法典第一千零三十二条"),
        ("民法典1033条说了什么", "民法典第一千零三十三条"),
        ("《中华人民共和国民法典》第一千零三十三條", "民法典第一千零三十三条"),
        ("第二百九十三条之一", "刑法第二百九十三条之一"),
        ("刑法253条之一", "刑法第二百五十三条之一"),
        ("个保法第47条第一款第三项", "个人信息保护法第四十七条"),
        ("第一千零三十二条", "民法典第一千零三十二条"),
    ],
)
def test_an_article_is_found_by_its_number_however_it_is_written(
    search_index: SearchIndex, question: str, article: str
) -> None:
    result = _search(search_index, question)
    assert _exact(result)[0] == (article, Validity.IN_FORCE)
    assert result.passages[0].trace.exact


def test_an_old_number_brings_the_current_article_first_and_the_old_one_labelled(search_index: SearchIndex) -> None:
    result = _search(search_index, "旧治安管理处罚法第四十二条")
    assert _exact(result) == [
        ("治安管理处罚法第五十条", Validity.IN_FORCE),
        ("治安管理处罚法第四十二条", Validity.EXPIRED),
    ]
    (note,) = result.notes
    assert note.kind is NoteKind.SUPERSEDED
    assert (note.successor_law, note.successor_article) == ("治安管理处罚法", ArticleNumber(50))
    assert "一千元" in note.message


def test_a_number_that_passed_to_another_article_brings_both(search_index: SearchIndex) -> None:
    # 第四十二条 is about railways since 2026; it was about threats and harassment before.
    harassed = _search(search_index, "治安管理处罚法第四十二条，多次发送恐吓信息干扰正常生活怎么罚")
    assert [name for name, _ in _exact(harassed)][:2] == ["治安管理处罚法第五十条", "治安管理处罚法第四十二条"]
    railway = _search(search_index, "治安管理处罚法第四十二条，擅自进入铁路、城市轨道交通防护网")
    assert _exact(railway)[0] == ("治安管理处罚法第四十二条", Validity.IN_FORCE)
    assert harassed.notes[0].kind is NoteKind.SUPERSEDED


def test_the_day_decides_which_version_a_number_means(search_index: SearchIndex) -> None:
    result = _search(search_index, "治安管理处罚法第四十二条", date(2025, 6, 1))
    (name, validity), *_ = _exact(result)
    assert (name, validity) == ("治安管理处罚法第四十二条", Validity.IN_FORCE)
    law = result.passages[0].document.law
    assert law is not None and law.id == "治安管理处罚法-2013-01-01"


@pytest.mark.parametrize(
    ("question", "kind", "words"),
    [
        ("民法典第1500条", NoteKind.NO_SUCH_ARTICLE, "共1260条，没有第一千五百条"),
        ("《反骚扰保护法》第三条怎么规定", NoteKind.NO_SUCH_LAW, "《反骚扰保护法》"),
        ("《反骚扰保护法》管不管催收", NoteKind.NO_SUCH_LAW, "《反骚扰保护法》"),
        ("劳动法第四十四条", NoteKind.NOT_HELD, "没有收录"),
        ("民法典第一千零三十二条第九款", NoteKind.NO_SUCH_ARTICLE, "没有第九款"),
        ("侵权责任法第三十六条", NoteKind.EXPIRED, "废止"),
    ],
)
def test_what_does_not_stand_is_said(search_index: SearchIndex, question: str, kind: NoteKind, words: str) -> None:
    (note,) = _search(search_index, question).notes
    assert note.kind is kind and words in note.message


def test_a_bare_number_that_many_laws_share_names_none(search_index: SearchIndex) -> None:
    result = _search(search_index, "第一条讲了什么")
    assert _exact(result) == [] and result.notes == ()


@pytest.mark.parametrize(
    ("question", "may"),
    [
        ("催收给我通讯录里的人群发短信", False),
        ("呼死你", False),
        ("第 42 條", True),
        ("《民法典》怎么说", True),
        ("个保法管吗", True),
        ("", False),
    ],
)
def test_the_law_book_is_read_only_where_a_question_may_name_an_article(question: str, may: bool) -> None:
    assert may_name_an_article(question) is may
