"""BM25 over terms. bm25s computes the weight of every term in every passage once; a search only adds up columns.

bm25s is imported for building alone: through scipy it costs a tenth of a second, more than everything else that a
first question loads. The sum is its own (``BM25.get_scores``), which a test holds to. The arrays are plain numpy,
memory-mapped, nothing pickled.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Chosen on the tuning part of the held-out questions (index.training.questions), 55,347 articles: bigrams reach
# Recall@10 0.49 with 1.5 / 0.75 and 0.50 with 0.9 / 0.4 on real questions, 0.27 and 0.25 on written ones; one
# standard error is 0.03, so bm25s' own choice stays.
METHOD = "lucene"
K1 = 1.5
B = 0.75


@dataclass(frozen=True, slots=True)
class SparseIndex:
    """A sparse matrix by columns: the postings of ``terms[i]`` are ``starts[i]:starts[i + 1]`` of the other two.

    ``terms`` are 64-bit hashes, ascending; ``rows`` ascend within a term; ``row_count`` counts passages, also those
    without a single term.
    """

    terms: npt.NDArray[np.uint64]  # (t,)
    starts: npt.NDArray[np.int64]  # (t + 1,)
    rows: npt.NDArray[np.int32]  # (postings,)
    weights: npt.NDArray[np.float32]  # (postings,)
    row_count: int

    def scores(self, query: Mapping[str, float]) -> npt.NDArray[np.float32]:
        """Return the BM25 score of every passage, ``(row_count,)``, zero where no term occurs.

        ``query`` gives each term its weight, 1 for a term that the question has once.
        """
        scores = np.zeros(self.row_count, np.float32)
        for term, weight in query.items():
            postings = self._postings(term)
            # No row occurs twice under one term, so this adds like np.add.at, only faster.
            scores[self.rows[postings]] += self.weights[postings] * np.float32(weight)
        return scores

    def best_possible(self, query: Mapping[str, float]) -> float:
        """Return the score of a passage that had every term of ``query`` at its heaviest; 0 for no known term.

        A term that no passage has counts like the heaviest of the others: what a question asks beyond the corpus
        makes every passage cover less of it.
        """
        heaviest = {term: self._heaviest(term) for term in query}
        unknown = max(heaviest.values(), default=0.0)
        return sum((heaviest[term] or unknown) * weight for term, weight in query.items())

    def _heaviest(self, term: str) -> float:
        return float(self.weights[self._postings(term)].max(initial=0.0))

    def search(self, query: Mapping[str, float], k: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Return the rows of the ``k`` best passages and their scores, best first, ties by row.

        Passages without any of the terms are no result, so there may be fewer than ``k``.
        """
        scores = self.scores(query)
        rows = best_positive_rows(scores, k)
        return rows, scores[rows]

    def rows_with(self, term: str) -> npt.NDArray[np.int32]:
        """Return the rows of the passages that have the term, ascending."""
        return self.rows[self._postings(term)]

    def _postings(self, term: str) -> slice:
        wanted = term_hash(term)
        place = int(np.searchsorted(self.terms, wanted))
        if place == len(self.terms) or self.terms[place] != wanted:
            return slice(0, 0)
        return slice(int(self.starts[place]), int(self.starts[place + 1]))


def build_sparse(passages: Sequence[npt.NDArray[np.uint64]]) -> SparseIndex:
    """Index passages given as the hashes of their terms (``term_hashes``), repeats kept. No passages give an
    index that finds nothing."""
    row_count = len(passages)
    lengths = np.fromiter((len(passage) for passage in passages), np.int64, row_count)
    if not lengths.sum():
        empty = np.zeros(0, np.uint64)
        return SparseIndex(empty, np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32), row_count)
    from bm25s import BM25

    terms, flat_ids = np.unique(np.concatenate(list(passages)), return_inverse=True)
    ids = np.split(flat_ids.ravel(), np.cumsum(lengths)[:-1])
    scores = BM25(k1=K1, b=B, method=METHOD).build_index_from_ids(
        unique_token_ids=list(range(len(terms))),
        corpus_token_ids=[passage.tolist() for passage in ids],
        show_progress=False,
    )
    return SparseIndex(
        terms=terms,
        starts=np.asarray(scores["indptr"], np.int64),
        rows=np.asarray(scores["indices"], np.int32),
        weights=np.asarray(scores["data"], np.float32),
        row_count=row_count,
    )


def count_terms(terms: Sequence[str]) -> dict[str, float]:
    """Return each term of a question with how often it has it, in the order of first occurrence."""
    return {term: float(count) for term, count in Counter(terms).items()}


def best_rows(scores: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.int64]:
    """Return the places of the ``k`` highest scores, best first, ties by place; all of them where k is larger."""
    if k >= len(scores):
        return np.argsort(-scores, kind="stable")
    if k <= 0:
        return np.zeros(0, np.int64)
    # Everything that ties with the k-th stays in play, or the tie would be broken by chance.
    least = np.partition(scores, len(scores) - k)[len(scores) - k]
    candidates = np.flatnonzero(scores >= least)
    return candidates[np.argsort(-scores[candidates], kind="stable")][:k]


def best_positive_rows(scores: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.int64]:
    """Like ``best_rows``, of the scores above zero only.

    Most scores of a question are zero, and selecting among equal numbers is slow: 10 ms of 70,000, without them 1.
    """
    positive = np.flatnonzero(scores > 0)
    return positive[best_rows(scores[positive], k)]


def has_row(rows: npt.NDArray[np.int32], row: int) -> bool:
    """Whether ascending ``rows`` hold ``row``."""
    place = int(np.searchsorted(rows, row))
    return place < len(rows) and int(rows[place]) == row


def term_hash(term: str) -> np.uint64:
    """The first 64 bits of BLAKE2b: of a million terms two share it with a chance of one in 37 million."""
    return np.uint64(int.from_bytes(hashlib.blake2b(term.encode("utf-8"), digest_size=8).digest(), "little"))


def term_hashes(terms: Sequence[str], known: dict[str, int] | None = None) -> npt.NDArray[np.uint64]:
    """Return the hash of each term in order; ``known`` remembers hashes between passages."""
    known = {} if known is None else known
    for term in terms:
        if term not in known:
            known[term] = int(term_hash(term))
    return np.array([known[term] for term in terms], np.uint64)
