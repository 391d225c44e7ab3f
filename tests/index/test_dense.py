"""Nearest vectors: flat is exact, IVF nearly."""

from __future__ import annotations

import numpy as np
import pytest

from index import dense
from index.dense import build_dense, open_dense


def _vectors(count: int, dimension: int = 32) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
    rows = np.random.default_rng(7).normal(size=(count, dimension))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float16)


def test_flat_search_is_brute_force() -> None:
    vectors = _vectors(300)
    query = np.asarray(vectors[17:18], np.float32)
    rows, cosines = open_dense(vectors, build_dense(vectors)).search(query, 10)
    brute = np.asarray(vectors, np.float32) @ query[0]
    assert rows.tolist() == np.argsort(-brute, kind="stable")[:10].tolist()
    np.testing.assert_allclose(cosines, np.sort(brute)[::-1][:10], rtol=1e-5)


def test_equal_vectors_come_in_the_order_of_their_rows() -> None:
    vectors = np.repeat(_vectors(1), 5, axis=0)
    rows, _ = open_dense(vectors, b"").search(np.asarray(vectors[:1], np.float32), 5)
    assert rows.tolist() == [0, 1, 2, 3, 4]


def test_no_vectors_give_no_result() -> None:
    vectors = np.zeros((0, 8), np.float16)
    rows, cosines = open_dense(vectors, build_dense(vectors)).search(np.ones((1, 8), np.float32), 5)
    assert rows.tolist() == [] and cosines.tolist() == []


def test_k_beyond_the_vectors_gives_all_of_them() -> None:
    vectors = _vectors(4)
    rows, _ = open_dense(vectors, b"").search(np.asarray(vectors[:1], np.float32), 50)
    assert sorted(rows.tolist()) == [0, 1, 2, 3]


def test_many_vectors_are_searched_approximately_and_the_best_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "FLAT_LIMIT", 1_000)
    vectors = _vectors(4_000)
    serialized = build_dense(vectors)
    assert serialized
    index = open_dense(vectors, serialized)
    found = [int(index.search(np.asarray(vectors[row : row + 1], np.float32), 1)[0][0]) for row in range(0, 4_000, 40)]
    assert found == list(range(0, 4_000, 40))


def test_a_serialized_index_is_the_same_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "FLAT_LIMIT", 500)
    vectors = _vectors(1_000)
    assert build_dense(vectors) == build_dense(vectors)
