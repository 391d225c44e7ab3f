"""Several retrievers' scores -> one. Pure arithmetic on arrays; what the scores mean is for their makers to say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from index.records import ScoredChunk

Scores = npt.NDArray[np.float32]

# Share of BM25 in the z-scored sum. PROVISIONAL
SPARSE_WEIGHT = 0.1


def z_scores(scores: Scores) -> Scores:
    """Return ``scores`` with mean 0 and standard deviation 1; all zero where they do not differ."""
    spread = float(scores.std()) if len(scores) else 0.0
    return (scores - scores.mean()) / np.float32(spread) if spread > 1e-9 else np.zeros_like(scores)


def weighted_sum(dense: Scores, sparse: Scores, sparse_weight: float = SPARSE_WEIGHT) -> Scores:
    """Return ``(1 - w) * z(dense) + w * z(sparse)``, both ``(n,)`` over the same passages."""
    return np.float32(1 - sparse_weight) * z_scores(dense) + np.float32(sparse_weight) * z_scores(sparse)


def reciprocal_rank_fusion(rankings: Sequence[Sequence[str]], k: int = 60) -> tuple[ScoredChunk, ...]:
    """Merge rankings of chunk ids into one, best first.

    score = sum of 1 / (k + rank), rank counted from 1 (Cormack et al. 2009).
    Ties keep first-seen order; no rankings give an empty result.
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, chunk_id in enumerate(ranking, start=1):
            scores[chunk_id] = scores.get(chunk_id, 0.0) + 1 / (k + rank)
    return tuple(ScoredChunk(chunk_id, score) for chunk_id, score in sorted(scores.items(), key=lambda item: -item[1]))
