"""A question -> ranked passages: exact references first, then words and vectors together, the law in force before
any other. Composes lookup, expansion, BM25, FAISS and the ranking; the same question gives the same result.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from corpus.records import Chunk, Document, DocumentInfo, NormRank, SourceKind, Validity
from corpus.script import to_plain
from index.dense import DenseIndex, open_dense
from index.embedding import Embedder
from index.expansion import ExpandedQuery, expand, is_foreign
from index.records import (
    FloatMatrix,
    IndexManifest,
    RetrievedPassage,
    RetrieverTrace,
    SearchQuery,
    SearchResult,
)
from index.reranking import WEIGHTS, CandidateFeatures, Weights, asked_weights, relevance
from index.segmentation import normalize, segment, words_of
from index.sparse import best_positive_rows, best_rows, count_terms, has_row
from index.storage import KINDS, NO_RANK, RANKS, StoredIndex, open_stored, require_embedder

if TYPE_CHECKING:
    from index.lookup import LookupResult

# How many passages each retriever hands to the ranking. Of held-out questions 0.84 have their article among the
# first 100 of the two together; more only costs time.
CANDIDATES = 100

# How many of the best passages lead to the articles that they name.
CITING = 10

# Of the places in a result, how many a kind of source is given at least, where it has a candidate that is near
# enough: law, rules below it, and articles in plain words answer a question from different sides.
PLACES = {"law": 1, "rule": 1, "article": 1}
_PLACED_FROM_K = 5
_NEAR_ENOUGH = 0.5  # of the best relevance

# Passages of one page or one of the user's papers; the articles of a statute are different answers and not counted.
MAX_PER_DOCUMENT = 3

# Of a question, how much is compared with a passage to say why it was found.
_MATCHED_CHARS = 300

# A question without any of these names no article and no law by its title.
_MAY_NAME = re.compile(r"[0-9零〇一二三四五六七八九十百千两]\s{0,2}条|《|法|条例|规定|办法|解释|决定")

Rows = npt.NDArray[np.int64]


def open_index(place: Path, embedder: Embedder) -> SearchIndex:
    """Open the index at ``place`` for searching with the embedder that it was built with.

    Raises IndexMissing, IndexOutdated or IndexDamaged; each message names the command that repairs it.
    """
    stored = open_stored(place)
    require_embedder(stored.manifest, embedder)
    return SearchIndex(stored, embedder)


class SearchIndex:
    """An open index. It is read only and may serve several threads."""

    def __init__(self, stored: StoredIndex, embedder: Embedder, weights: Weights = WEIGHTS) -> None:
        self._stored = stored
        self._weights = weights
        self._contents = stored.contents
        self._embedder = embedder
        self._infos: dict[int, DocumentInfo] = {}
        documents = self._contents.documents
        self._document_of = np.asarray(self._contents.chunks["document"])
        self._effective = np.asarray(documents["effective"])
        self._expired = np.asarray(documents["expired"])

    @property
    def manifest(self) -> IndexManifest:
        return self._stored.manifest

    @property
    def embedder(self) -> Embedder:
        return self._embedder

    @cached_property
    def _dense(self) -> DenseIndex:
        return open_dense(self._contents.vectors, self._contents.faiss)

    # --- searching

    def search(self, query: SearchQuery) -> SearchResult:
        """Return the passages for a question, best first, and what is to be said of the articles that it names.

        Articles named come first, the current one before the one it replaced; then by relevance, what is in force on
        ``query.as_of`` before what is not. At most ``query.k`` passages, ties in the order of the index. A question
        without a letter or digit finds nothing.
        """
        expanded = expand(query.text)
        terms = segment(expanded.text)
        if not terms or query.k <= 0 or not len(self._document_of):
            return SearchResult(query, ())
        allowed = self._allowed(query)
        found = self._look_up(query)
        named = [row for row in (found.rows if found else ()) if allowed is None or allowed[row]]
        candidates = self._candidates(query, expanded, terms, allowed, named)
        ranked = candidates.in_order(self._not_in_force(candidates.rows, query.as_of))
        chosen = self._chosen(candidates, ranked, named, query)
        places = {term: self._contents.sparse.rows_with(term) for term in terms}
        passages = tuple(
            self._passage(row, rank, query, candidates, places, named) for rank, row in enumerate(chosen, start=1)
        )
        return SearchResult(query, passages, found.notes if found else (), tuple(places))

    def _look_up(self, query: SearchQuery) -> LookupResult | None:
        if not may_name_an_article(query.text):
            return None
        # Reading references takes as long to import as a search to start; most questions name no article.
        from index.lookup import look_up

        return look_up(query.text, query.as_of, self._stored)

    def _candidates(
        self,
        query: SearchQuery,
        expanded: ExpandedQuery,
        terms: Sequence[str],
        allowed: npt.NDArray[np.bool_] | None,
        named: Sequence[int],
    ) -> _Candidates:
        vector = self._embedder.encode_queries([embedded_query(expanded)])
        own = count_terms(terms)
        legal = count_terms(segment("，".join(expanded.added)))
        sparse, added = self._word_scores(own, allowed), self._word_scores(legal, allowed)
        most, most_added = self._contents.sparse.best_possible(own), self._contents.sparse.best_possible(legal)
        wanted = max(CANDIDATES, query.k)
        if allowed is None:
            dense_rows, _ = self._dense.search(vector, wanted)
        else:
            dense_rows = self._nearest_of(np.flatnonzero(allowed), vector, wanted)
        by_words = best_positive_rows(sparse, wanted)
        sparse_rows = best_positive_rows(sparse + added, wanted) if legal else by_words

        def features(rows: Rows, cited: Mapping[int, float]) -> CandidateFeatures:
            return CandidateFeatures(
                dense=self._cosines(rows, vector),
                covered=sparse[rows] / np.float32(most or 1),
                covered_added=added[rows] / np.float32(most_added or 1),
                cited=np.array([cited.get(int(row), 0.0) for row in rows], np.float32),
                asked=self._asked[rows],
                title=self._title_named(rows, expanded.text),
            )

        rows = np.union1d(dense_rows, sparse_rows)
        cited = self._cited(rows, relevance(features(rows, {}), self._weights), query.as_of, allowed)
        rows = np.union1d(rows, np.array([*cited, *named], np.int64))
        found = features(rows, cited)
        return _Candidates(
            rows=rows,
            relevance=relevance(found, self._weights),
            dense=found.dense,
            sparse=sparse[rows],
            dense_rank={int(row): rank for rank, row in enumerate(dense_rows, start=1)},
            sparse_rank={int(row): rank for rank, row in enumerate(by_words, start=1)},
        )

    def _word_scores(
        self, terms: Mapping[str, float], allowed: npt.NDArray[np.bool_] | None
    ) -> npt.NDArray[np.float32]:
        """BM25 of every passage, zero where it is not allowed."""
        scores = self._contents.sparse.scores(terms)
        return scores if allowed is None else np.where(allowed, scores, np.float32(0))

    def _cited(
        self,
        rows: Rows,
        first: npt.NDArray[np.float32],
        day: date,
        allowed: npt.NDArray[np.bool_] | None,
    ) -> dict[int, float]:
        """The articles in force that the best passages in plain words name, with the best relevance of those.

        Our articles answer in lay language and name their law: whom the wording leads to the one, it leads to the
        other.
        """
        cites = self._contents.cites
        best = rows[np.lexsort((rows, -first))][:CITING]
        relevance_of = dict(zip(rows.tolist(), first.tolist(), strict=True))
        cited: dict[int, float] = {}
        for row in map(int, best):
            start, end = np.searchsorted(cites["chunk"], [row, row + 1])
            for law, number, sub in cites[["law", "number", "sub"]][start:end].tolist():
                for target in map(int, np.flatnonzero(self._article_keys == _article_key(law, number, sub))):
                    if self._validity(target, day) is Validity.IN_FORCE and (allowed is None or allowed[target]):
                        cited[target] = max(cited.get(target, 0.0), relevance_of[row])
        return cited

    @cached_property
    def _asked(self) -> npt.NDArray[np.float32]:
        """What being asked about says for each passage; measured among passages of law, 0 for others."""
        is_law = self._contents.documents["law"][self._document_of] >= 0
        weights = np.zeros(len(is_law), np.float32)
        weights[is_law] = asked_weights(self._contents.chunks["asked"][is_law])
        return weights

    @cached_property
    def _article_keys(self) -> npt.NDArray[np.int64]:
        """One number for law, article and sub-article of every passage; negative where it is none."""
        chunks = self._contents.chunks
        laws = self._contents.documents["law"][self._document_of].astype(np.int64)
        keys = laws * 10**9 + chunks["number"] * 10**3 + chunks["sub"]
        return np.where(chunks["number"] > 0, keys, -1)

    def _nearest_of(self, rows: Rows, vector: FloatMatrix, k: int) -> Rows:
        """The nearest of some rows, compared one by one: a filter leaves too few for an approximate index."""
        return rows[best_rows(self._cosines(rows, vector), k)]

    def _cosines(self, rows: Rows, vector: FloatMatrix) -> npt.NDArray[np.float32]:
        cosines = np.zeros(len(rows), np.float32)
        for start in range(0, len(rows), 10_000):
            part = rows[start : start + 10_000]
            cosines[start : start + 10_000] = np.asarray(self._contents.vectors[part], np.float32) @ vector[0]
        return cosines

    def _title_named(self, rows: Rows, text: str) -> npt.NDArray[np.float32]:
        named = np.array([law in text for law in self._laws], np.float32)
        laws = self._contents.documents["law"][self._document_of[rows]]
        return np.where(laws >= 0, np.append(named, np.float32(0))[laws], np.float32(0))

    @cached_property
    def _laws(self) -> tuple[str, ...]:
        return tuple(normalize(law) for law in self._contents.laws)

    def _allowed(self, query: SearchQuery) -> npt.NDArray[np.bool_] | None:
        """Which rows pass the filters of a query; None where there are none. A law that the index lacks allows none."""
        if not query.kinds and not query.laws:
            return None
        documents = self._contents.documents
        passes: npt.NDArray[np.bool_] = np.ones(len(documents), np.bool_)
        if query.kinds:
            passes &= np.isin(documents["kind"], [KINDS.index(kind) for kind in query.kinds])
        if query.laws:
            wanted = [number for number, law in enumerate(self._contents.laws) if law in query.laws]
            passes &= np.isin(documents["law"], wanted)
        return np.asarray(passes[self._document_of])

    # --- law in time

    def _validity(self, row: int, day: date) -> Validity:
        document, today = int(self._document_of[row]), day.toordinal()
        if self._expired[document] and today >= self._expired[document]:
            return Validity.EXPIRED
        return Validity.NOT_YET if today < self._effective[document] else Validity.IN_FORCE

    def _not_in_force(self, rows: Rows, day: date) -> npt.NDArray[np.bool_]:
        documents, today = self._document_of[rows], day.toordinal()
        expired = self._expired[documents]
        return np.asarray(((expired > 0) & (today >= expired)) | (today < self._effective[documents]))

    # --- choosing

    def _chosen(self, candidates: _Candidates, ranked: Rows, named: Sequence[int], query: SearchQuery) -> list[int]:
        """The rows of the result in order: those named, then the best, with a place for each kind of source."""
        rows = list(dict.fromkeys(named))
        texts = {self._text_key(row) for row in rows}
        per_document: dict[int, int] = {}
        rest = []
        for row in map(int, ranked):
            document, key = int(self._document_of[row]), self._text_key(row)
            if key in texts or (
                self._group(row) not in ("law", "rule") and per_document.get(document, 0) >= MAX_PER_DOCUMENT
            ):
                continue
            texts.add(key)
            per_document[document] = per_document.get(document, 0) + 1
            rest.append(row)
        if query.k >= _PLACED_FROM_K and not query.kinds:
            rest = self._with_places(rest, query.k - len(rows), candidates)
        return [*rows, *rest][: query.k]

    def _with_places(self, rows: list[int], k: int, candidates: _Candidates) -> list[int]:
        """Give each kind of source its places at the end of the first ``k``, taken from kinds that have more."""
        first, rest = rows[:k], rows[k:]
        relevance_of = candidates.relevance_of
        best = max((relevance_of[row] for row in first), default=0.0)
        for group, places in PLACES.items():
            missing = places - sum(self._group(row) == group for row in first)
            for row in [row for row in rest if self._group(row) == group][: max(0, missing)]:
                if relevance_of[row] < _NEAR_ENOUGH * best:
                    break
                spare = next((other for other in reversed(first) if self._can_spare(other, first)), None)
                if spare is None:
                    break
                first.remove(spare)
                first.append(row)
        first.sort(key=rows.index)
        return first

    def _can_spare(self, row: int, first: Sequence[int]) -> bool:
        group = self._group(row)
        return sum(self._group(other) == group for other in first) > PLACES.get(group, 0)

    def _group(self, row: int) -> str:
        return self._groups[int(self._document_of[row])]

    @cached_property
    def _groups(self) -> tuple[str, ...]:
        """Of each document: law, rule below it, article in plain words, or the user's own document."""
        documents = self._contents.documents
        pairs = zip(documents["rank"].tolist(), documents["kind"].tolist(), strict=True)
        return tuple(_group_of(rank, kind) for rank, kind in pairs)

    def _text_key(self, row: int) -> bytes:
        """Equal for passages that say the same under the same name, such as a law that was also imported."""
        return bytes(self._contents.chunks["key"][row].tobytes())

    def _passage(
        self,
        row: int,
        rank: int,
        query: SearchQuery,
        candidates: _Candidates,
        places: Mapping[str, npt.NDArray[np.int32]],
        named: Sequence[int],
    ) -> RetrievedPassage:
        chunk = self._stored.chunk(row)
        trace = RetrieverTrace(
            exact=row in named,
            dense_rank=candidates.dense_rank.get(row),
            dense_score=candidates.dense_of.get(row),
            sparse_rank=candidates.sparse_rank.get(row),
            sparse_score=candidates.sparse_of.get(row),
            matched_terms=tuple(term for term, rows in places.items() if has_row(rows, row)),
        )
        return RetrievedPassage(
            chunk=chunk,
            document=self._info(int(self._document_of[row])),
            rank=rank,
            score=candidates.relevance_of.get(row, 0.0),
            validity=self._validity(row, query.as_of),
            trace=trace,
        )

    def _info(self, document_row: int) -> DocumentInfo:
        if document_row not in self._infos:
            self._infos[document_row] = self._stored.info(document_row)
        return self._infos[document_row]

    # --- reading

    def document(self, document_id: str) -> Document:
        """Return a whole document. Raises KeyError for an id that the index does not have."""
        row = self._stored.document_row(document_id)
        if row is None:
            raise KeyError(document_id)
        return self._stored.document(row)

    def documents(self) -> tuple[DocumentInfo, ...]:
        """What the index has, in its own order: the built-in corpus first."""
        return tuple(self._info(row) for row in range(len(self._contents.document_ids)))

    def passage_neighbours(self, chunk_id: str, count: int = 1) -> tuple[Chunk, ...]:
        """Return up to ``count`` passages before and after this one in its document, in reading order, without it.

        Raises KeyError for an id that the index does not have.
        """
        row = self._stored.chunk_row(chunk_id)
        if row is None:
            raise KeyError(chunk_id)
        all_rows = self._stored.chunk_rows(int(self._document_of[row]))
        near = range(max(all_rows.start, row - count), min(all_rows.stop, row + count + 1))
        return tuple(self._stored.chunk(other) for other in near if other != row)

    def cross_references(
        self, passages: Sequence[RetrievedPassage], as_of: date, budget: int = 3
    ) -> tuple[RetrievedPassage, ...]:
        """Return the articles that these passages of law name (本法第六十六条, 依照《…》第五十条), at most ``budget``.

        One hop: what the found articles name in turn is not followed. Articles that are among the passages already,
        and versions not in force on ``as_of``, are left out. Ranks go on after the passages given.
        """
        from index.lookup import referenced_rows

        known = {passage.chunk.id for passage in passages}
        found: list[RetrievedPassage] = []
        for row in referenced_rows(passages, as_of, self._stored):
            chunk = self._stored.chunk(row)
            if len(found) == budget:
                break
            if chunk.id in known or self._validity(row, as_of) is not Validity.IN_FORCE:
                continue
            known.add(chunk.id)
            found.append(
                RetrievedPassage(
                    chunk=chunk,
                    document=self._info(int(self._document_of[row])),
                    rank=len(passages) + len(found) + 1,
                    score=0.0,
                    validity=Validity.IN_FORCE,
                    trace=RetrieverTrace(),
                )
            )
        return tuple(found)


class _Candidates:
    """What the retrievers found for one question: rows ascending, and one value a row in every column."""

    def __init__(
        self,
        rows: Rows,
        relevance: npt.NDArray[np.float32],
        dense: npt.NDArray[np.float32],
        sparse: npt.NDArray[np.float32],
        dense_rank: Mapping[int, int],
        sparse_rank: Mapping[int, int],
    ) -> None:
        self.rows = rows
        self._relevance = relevance
        self.relevance_of = dict(zip(rows.tolist(), relevance.tolist(), strict=True))
        self.dense_of = dict(zip(rows.tolist(), dense.tolist(), strict=True))
        self.sparse_of = dict(zip(rows.tolist(), sparse.tolist(), strict=True))
        self.dense_rank = dense_rank
        self.sparse_rank = sparse_rank

    def in_order(self, last: npt.NDArray[np.bool_]) -> Rows:
        """The rows best first; those marked ``last`` after all others; ties by row."""
        return self.rows[np.lexsort((self.rows, -self._relevance, last))]


def _group_of(rank: int, kind: int) -> str:
    if rank == NO_RANK:
        return "article" if KINDS[kind] is SourceKind.ARTICLE else "document"
    return "law" if RANKS[rank] is NormRank.LAW else "rule"


def _article_key(law: int, number: int, sub: int) -> int:
    return law * 10**9 + number * 10**3 + sub


def may_name_an_article(question: str) -> bool:
    """Whether a look into the law book can pay; False saves reading it."""
    return bool(_MAY_NAME.search(to_plain(question)))


def embedded_query(expanded: ExpandedQuery) -> str:
    """What of a question is embedded: its own words; of one without any Chinese the words that it was given."""
    return "，".join(expanded.added) if expanded.added and is_foreign(expanded.text) else expanded.text


def matched_pieces(question: str, passage: str) -> tuple[str, ...]:
    """Return the pieces of a question, two characters or longer, that a passage has too, longest first, at most 8.

    Pieces are as long as they can be: 通讯录 and not 通讯 and 讯录. Wording that lay terms stand for counts as well.
    """
    expanded, text = expand(question), normalize(passage)
    pieces: dict[str, None] = {}
    for run in words_of("，".join((expanded.text[:_MATCHED_CHARS], *expanded.added))):
        start = 0
        while start < len(run):
            end = start
            while end < len(run) and run[start : end + 1] in text:
                end += 1
            if end - start > 1:
                pieces[run[start:end]] = None
            start = max(end, start + 1)
    kept = [piece for piece in pieces if not any(piece != other and piece in other for other in pieces)]
    return tuple(sorted(kept, key=lambda piece: -len(piece))[:8])
