"""The records that leave the index room. Nothing here computes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from corpus.records import ArticleNumber, Chunk, DocumentInfo, SourceKind, StatuteRef, Validity

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# In words, so that the command line's help does not import numpy.
FloatMatrix: TypeAlias = "npt.NDArray[np.float32]"


@dataclass(frozen=True, slots=True)
class ChunkVectors:
    """``vectors`` is float32 ``(n, d)`` with rows of length 1; row i belongs to ``chunk_ids[i]``."""

    chunk_ids: tuple[str, ...]
    vectors: FloatMatrix


@dataclass(frozen=True, slots=True)
class ScoredChunk:
    """Higher is better, for every retriever."""

    chunk_id: str
    score: float


@dataclass(frozen=True, slots=True)
class RetrieverTrace:
    """Why a passage was found: 1-based ranks (None where that retriever did not find it) and raw scores."""

    exact: bool = False
    dense_rank: int | None = None
    dense_score: float | None = None
    sparse_rank: int | None = None
    sparse_score: float | None = None
    matched_terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RetrievedPassage:
    """A chunk in its place in a ranking. ``rank`` counts from 1 without gaps.

    ``validity`` is the state of its law version on the day of the search (IN_FORCE for what is not law).
    """

    chunk: Chunk
    document: DocumentInfo
    rank: int
    score: float
    validity: Validity
    trace: RetrieverTrace


class NoteKind(Enum):
    """What the exact lookup has to say about a reference in the question."""

    SUPERSEDED = "superseded"  # the number moved: successor and change are given
    NO_SUCH_LAW = "no_such_law"
    NO_SUCH_ARTICLE = "no_such_article"
    NOT_HELD = "not_held"  # the law or article exists, its text is not in the index
    EXPIRED = "expired"  # the version named was not in force on the day
    NOT_YET = "not_yet"


@dataclass(frozen=True, slots=True)
class LookupNote:
    """One remark on one reference of the question; ``message`` is Chinese, a whole sentence."""

    kind: NoteKind
    reference: StatuteRef
    message: str
    successor_law: str | None = None
    successor_article: ArticleNumber | None = None


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What is asked of the index. Empty filters let everything through; ``as_of`` is the day whose law counts."""

    text: str
    as_of: date
    k: int = 10
    kinds: frozenset[SourceKind] = frozenset()
    laws: frozenset[str] = frozenset()  # short titles


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Passages best first, and what the lookup noticed. ``query_terms`` are the BM25 terms of the question."""

    query: SearchQuery
    passages: tuple[RetrievedPassage, ...]
    notes: tuple[LookupNote, ...] = ()
    query_terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexManifest:
    """What an index was made of; opening compares it with the settings.

    ``sources`` maps each document's id to the SHA-256 it was read from, so that a rebuild touches only what changed;
    ``files`` maps each file of the index to its SHA-256.
    """

    format: int
    corpus_sha256: str
    embedder: str
    embedder_sha256: str
    dimension: int
    segmentation: str
    document_count: int
    chunk_count: int
    built_at: str
    faju_version: str
    sources: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
