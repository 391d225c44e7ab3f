"""Candidates -> one relevance each: a learned weighting of what the retrievers and the passage itself say.

A linear model, so that every weight can be read; trained by ``index.training.train_ranking`` on questions that the
embedder was not trained on. It changes the order of what was found and finds nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CandidateFeatures:
    """One value a candidate in each column ``(n,)``.

    ``dense`` is the cosine, ``sparse`` the BM25 score of the question's own terms, ``added`` that of the legal
    wording which the lay terms stand for (0 where there are none), ``title`` the share of the passage's title that
    the question names, ``cited`` the relevance of the best passage in plain words that names the article.
    """

    dense: Column
    sparse: Column
    added: Column
    title: Column
    cited: Column


# PROVISIONAL
WEIGHTS = {"dense": 1.0, "sparse": 0.1, "added": 0.05, "title": 0.1, "cited": 0.5}


def relevance(features: CandidateFeatures) -> Column:
    """Return the relevance of every candidate, ``(n,)``; higher is better, comparable within one question."""
    scores = np.zeros(len(features.dense), np.float32)
    scores += np.float32(WEIGHTS["dense"]) * _z(features.dense)
    scores += np.float32(WEIGHTS["sparse"]) * _z(features.sparse)
    scores += np.float32(WEIGHTS["added"]) * _z(features.added)
    scores += np.float32(WEIGHTS["title"]) * features.title
    scores += np.float32(WEIGHTS["cited"]) * features.cited
    return scores


def _z(column: Column) -> Column:
    spread = float(column.std()) if len(column) else 0.0
    return (column - column.mean()) / np.float32(spread) if spread > 1e-9 else np.zeros_like(column)
