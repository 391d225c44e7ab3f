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
    """One value a candidate in each column ``(n,)``; none depends on which other candidates there are.

    ``dense`` is the cosine. ``covered`` is the share of the question, weighed by BM25, that the passage's words cover,
    ``covered_added`` the same of the legal wording that its lay terms stand for (0 where there are none). ``cited`` is
    the relevance of the best passage in plain words that names the article (0 where none does), ``asked`` how many
    training questions the article answers, ``title`` 1 where the question names the law.
    """

    dense: Column
    covered: Column
    covered_added: Column
    cited: Column
    asked: Column
    title: Column


@dataclass(frozen=True, slots=True)
class Weights:
    """What each feature counts. PROVISIONAL"""

    dense: float = 1.0
    covered: float = 0.7
    covered_added: float = 0.3
    cited: float = 0.3
    asked: float = 0.05
    title: float = 0.05


WEIGHTS = Weights()


def relevance(features: CandidateFeatures, weights: Weights = WEIGHTS) -> Column:
    """Return the relevance of every candidate, ``(n,)``: about 0 for unrelated, over 1 for the right article."""
    scores: Column = (
        np.float32(weights.dense) * features.dense
        + np.float32(weights.covered) * features.covered
        + np.float32(weights.covered_added) * features.covered_added
        + np.float32(weights.cited) * features.cited
        + np.float32(weights.asked) * np.log1p(features.asked)
        + np.float32(weights.title) * features.title
    )
    return scores
