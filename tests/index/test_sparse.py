"""BM25 as we store and search it."""

from __future__ import annotations

import numpy as np
from bm25s import BM25
from hypothesis import given
from hypothesis import strategies as st

from index.sparse import K1, METHOD, B, SparseIndex, best_rows, build_sparse, count_terms, has_row, term_hashes

PASSAGES = [
    ["催收", "收不", "不得", "得骚", "骚扰"],
    ["个人", "人信", "信息", "个人", "人信", "信息"],
    [],
    ["催收", "个人", "信息"],
]

TERMS = st.lists(st.sampled_from(["催收", "骚扰", "个人", "信息", "罚款", "隐私"]), max_size=8)


def _index(passages: list[list[str]]) -> SparseIndex:
    return build_sparse([term_hashes(passage) for passage in passages])


@given(st.lists(TERMS, min_size=1, max_size=6).filter(any), TERMS.filter(bool))
def test_scores_are_those_of_bm25s(passages: list[list[str]], question: list[str]) -> None:
    reference = BM25(k1=K1, b=B, method=METHOD)
    reference.index(passages, show_progress=False)
    known = [term for term in question if term in reference.vocab_dict]
    expected = reference.get_scores(known) if known else np.zeros(len(passages), np.float32)
    np.testing.assert_allclose(_index(passages).scores(count_terms(question)), expected, rtol=1e-5, atol=1e-6)


def test_a_passage_without_any_term_of_the_question_is_no_result() -> None:
    rows, scores = _index(PASSAGES).search({"催收": 1.0}, k=100)
    # Row 3 is shorter than row 0 and has the term as often.
    assert rows.tolist() == [3, 0]
    assert scores[0] > scores[1] > 0


def test_asking_for_more_than_there_is_gives_what_there_is() -> None:
    rows, _ = _index(PASSAGES).search({"信息": 1.0}, k=10_000)
    assert sorted(rows.tolist()) == [1, 3]


def test_an_unknown_term_finds_nothing() -> None:
    rows, scores = _index(PASSAGES).search({"离婚": 1.0}, k=10)
    assert rows.tolist() == [] and scores.tolist() == []


def test_an_index_of_no_passages_finds_nothing() -> None:
    rows, _ = _index([]).search({"催收": 1.0}, k=10)
    assert rows.tolist() == []
    assert _index([[], []]).scores({"催收": 1.0}).tolist() == [0.0, 0.0]


def test_rows_with_a_term_are_the_passages_that_have_it() -> None:
    index = _index(PASSAGES)
    for term in ("催收", "个人", "罚款"):
        rows = index.rows_with(term)
        assert rows.tolist() == [row for row, passage in enumerate(PASSAGES) if term in passage]
        assert [has_row(rows, row) for row in range(4)] == [term in passage for passage in PASSAGES]


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0]), max_size=20), st.integers(0, 25))
def test_best_rows_is_the_start_of_a_stable_sort(scores: list[float], k: int) -> None:
    expected = sorted(range(len(scores)), key=lambda row: (-scores[row], row))[:k]
    assert best_rows(np.array(scores, np.float32), k).tolist() == expected
