"""Searching: laws that every result obeys."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.records import SourceKind, Validity
from index.embedding import Embedder
from index.records import SearchQuery, SearchResult
from index.searching import MAX_PER_DOCUMENT, SearchIndex, matched_pieces, open_index

TODAY = date(2026, 11, 24)
QUESTIONS = (
    "催收给我通讯录里的人群发短信，违法吗？",
    "辱骂恐吓他人怎么处罚，罚款多少",
    "网贷逾期被爆通讯录",
    "写恐吓信或者以其他方法威胁他人人身安全的",
    "利息超过多少不用还",
    "个人信息泄露怎么办",
)


def _ids(result: SearchResult) -> list[str]:
    return [passage.chunk.id for passage in result.passages]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("k", [1, 5, 10, 60])
def test_a_result_has_k_different_passages_ranked_from_one(search_index: SearchIndex, question: str, k: int) -> None:
    passages = search_index.search(SearchQuery(question, TODAY, k=k)).passages
    assert len(passages) == k
    assert [passage.rank for passage in passages] == list(range(1, k + 1))
    assert len({passage.chunk.id for passage in passages}) == k


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_same_question_gives_the_same_result(
    search_index: SearchIndex, built_once: Path, hashing_embedder: Embedder, question: str
) -> None:
    query = SearchQuery(question, TODAY)
    assert search_index.search(query) == search_index.search(query)
    assert open_index(built_once, hashing_embedder).search(query) == search_index.search(query)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("day", [date(2012, 6, 1), date(2025, 12, 31), date(2026, 1, 1), TODAY])
def test_no_version_out_of_force_ranks_above_one_in_force(search_index: SearchIndex, question: str, day: date) -> None:
    passages = search_index.search(SearchQuery(question, day, k=100)).passages
    states = [passage.validity is Validity.IN_FORCE for passage in passages]
    assert states == sorted(states, reverse=True)


def test_the_fine_of_the_day_is_found(search_index: SearchIndex) -> None:
    question = "多次发送侮辱、恐吓信息干扰他人正常生活，罚款多少"
    for day, amount in ((date(2025, 12, 31), "五百元以下罚款"), (date(2026, 1, 1), "一千元以下罚款")):
        result = search_index.search(SearchQuery(question, day, kinds=frozenset({SourceKind.STATUTE}), k=3))
        assert any(amount in passage.chunk.text for passage in result.passages)
        other = "五百元" if amount.startswith("一千") else "一千元"
        best = next(passage for passage in result.passages if "干扰他人正常生活" in passage.chunk.text)
        assert other not in best.chunk.text.split("\n")[0]


@pytest.mark.parametrize("question", QUESTIONS)
def test_filters_let_through_only_what_they_name(search_index: SearchIndex, question: str) -> None:
    kinds = search_index.search(SearchQuery(question, TODAY, k=20, kinds=frozenset({SourceKind.ARTICLE})))
    assert {passage.document.kind for passage in kinds.passages} == {SourceKind.ARTICLE}
    laws = search_index.search(SearchQuery(question, TODAY, k=20, laws=frozenset({"民法典", "刑法"})))
    assert {p.document.law.short_title for p in laws.passages if p.document.law} <= {"民法典", "刑法"}
    assert all(passage.document.law for passage in laws.passages) and len(laws.passages) == 20
    assert search_index.search(SearchQuery(question, TODAY, laws=frozenset({"没有的法"}))).passages == ()


@pytest.mark.parametrize("question", QUESTIONS)
def test_law_rules_and_plain_words_each_have_a_place(search_index: SearchIndex, question: str) -> None:
    passages = search_index.search(SearchQuery(question, TODAY, k=10)).passages
    kinds = [passage.document.kind for passage in passages]
    assert SourceKind.STATUTE in kinds and SourceKind.ARTICLE in kinds
    documents = [passage.document.id for passage in passages if passage.document.kind is not SourceKind.STATUTE]
    assert max(documents.count(document) for document in documents) <= MAX_PER_DOCUMENT


@pytest.mark.parametrize("question", ["", "   \n", "？！…", "🙂"])
def test_a_question_without_a_word_finds_nothing(search_index: SearchIndex, question: str) -> None:
    assert search_index.search(SearchQuery(question, TODAY)) == SearchResult(SearchQuery(question, TODAY), ())


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_asked(search_index: SearchIndex, question: str) -> None:
    result = search_index.search(SearchQuery(question, TODAY, k=3))
    assert len(result.passages) in (0, 3)


def test_a_very_long_question_is_searched_too(search_index: SearchIndex) -> None:
    assert search_index.search(SearchQuery("催收骚扰我的家人和同事。" * 2_000, TODAY)).passages


def test_traditional_characters_and_a_slip_find_what_was_meant(search_index: SearchIndex) -> None:
    meant = _ids(search_index.search(SearchQuery("网贷逾期被爆通讯录", TODAY)))
    assert _ids(search_index.search(SearchQuery("網貸逾期被爆通訊錄", TODAY))) == meant
    assert _ids(search_index.search(SearchQuery("网贷预期被报通讯录", TODAY))) == meant


def test_an_article_that_a_good_answer_names_is_found_with_it(search_index: SearchIndex) -> None:
    # No word of 呼死你 is in the article; the pages about it name the article, and the table its wording.
    result = search_index.search(SearchQuery("呼死你", TODAY))
    names = [(p.document.law.short_title, str(p.chunk.article)) for p in result.passages if p.document.law]
    assert ("治安管理处罚法", "第五十条") in names


def test_the_trace_says_why_a_passage_was_found(search_index: SearchIndex) -> None:
    result = search_index.search(SearchQuery("私人生活安宁", TODAY))
    assert result.query_terms == ("私人", "人生", "生活", "活安", "安宁")
    best = result.passages[0].trace
    assert best.sparse_rank is not None and best.dense_rank is not None and not best.exact
    assert set(best.matched_terms) <= set(result.query_terms) and best.matched_terms


def test_matched_pieces_are_as_long_as_they_can_be() -> None:
    assert matched_pieces("他侵扰私人生活安宁", "任何人不得侵扰他人的私人生活安宁") == ("私人生活安宁", "侵扰")
    assert matched_pieces("催收", "保证合同") == ()


def test_a_passage_knows_its_neighbours_and_its_document(search_index: SearchIndex) -> None:
    query = SearchQuery("民法典第一千零三十三条", TODAY, k=1)
    (passage,) = search_index.search(query).passages
    neighbours = search_index.passage_neighbours(passage.chunk.id)
    assert [str(chunk.article) for chunk in neighbours] == ["第一千零三十二条", "第一千零三十四条"]
    document = search_index.document(passage.document.id)
    assert passage.chunk.span.of(document.text) == passage.chunk.text
    for unknown in (search_index.document, search_index.passage_neighbours):
        with pytest.raises(KeyError):
            unknown("nothing")


def test_what_an_article_refers_to_is_found_within_the_budget(search_index: SearchIndex) -> None:
    (passage,) = search_index.search(SearchQuery("个人信息保护法第六十九条", TODAY, k=1)).passages
    assert search_index.cross_references([passage], TODAY) == ()
    (interpretation,) = search_index.search(SearchQuery("侵犯公民个人信息刑事解释第一条", TODAY, k=1)).passages
    (named,) = search_index.cross_references([interpretation], TODAY, budget=1)
    assert named.document.law is not None
    assert (named.document.law.short_title, str(named.chunk.article)) == ("刑法", "第二百五十三条之一")
    assert named.rank == 2 and search_index.cross_references([interpretation], TODAY, budget=0) == ()
