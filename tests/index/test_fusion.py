"""Merging scores and rankings."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index.fusion import reciprocal_rank_fusion, weighted_sum, z_scores

SCORES = st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=30)


def test_reciprocal_ranks_add_up() -> None:
    fused = reciprocal_rank_fusion([["a", "b"], ["b", "c"]], k=60)
    assert [(scored.chunk_id, round(scored.score, 6)) for scored in fused] == [
        ("b", round(1 / 62 + 1 / 61, 6)),
        ("a", round(1 / 61, 6)),
        ("c", round(1 / 62, 6)),
    ]


def test_ties_keep_first_seen_order_and_nothing_gives_nothing() -> None:
    assert [scored.chunk_id for scored in reciprocal_rank_fusion([["x"], ["y"]])] == ["x", "y"]
    assert reciprocal_rank_fusion([]) == ()


@given(SCORES, st.floats(0.1, 10), st.floats(-50, 50))
def test_z_scores_do_not_mind_scale_and_shift(scores: list[float], scale: float, shift: float) -> None:
    column = np.round(np.array(scores, np.float64), 2)
    moved = column * scale + shift
    np.testing.assert_allclose(
        z_scores(column.astype(np.float32)), z_scores(moved.astype(np.float32)), atol=0.05 if column.std() > 1 else 5
    )


def test_scores_that_do_not_differ_say_nothing() -> None:
    dense = np.array([0.1, 0.9], np.float32)
    same = np.array([3.0, 3.0], np.float32)
    np.testing.assert_allclose(weighted_sum(dense, same, 0.5), [-0.5, 0.5], rtol=1e-5)
