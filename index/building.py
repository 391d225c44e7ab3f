"""Documents -> an index on disk. Only what changed is embedded again; what the user added survives a rebuild.

Composes corpus, segmentation, embedding and storage. It reports progress to whoever asks and draws nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

import corpus
from corpus.chunking import chunk_document
from corpus.citations import find_statute_refs
from corpus.errors import EmptyDocument
from corpus.importing import ImportedLaw, ImportState
from corpus.importing import ImportReport as LawsReport
from corpus.importing import import_laws as read_laws
from corpus.lawbook import LawBook, load_lawbook
from corpus.reading import read_builtin, read_path
from corpus.records import BUILTIN_COLLECTION, Chunk, Document, DocumentInfo
from corpus.sources import ReadFailure, base_folder
from index.asked import times_asked
from index.dense import build_dense
from index.embedding import MAX_PASSAGE_CHARS, Embedder, passage_text
from index.errors import IndexDamaged, IndexMissing, IndexOutdated, NothingNamed
from index.records import IndexManifest
from index.segmentation import SEGMENTATION, segment
from index.sparse import build_sparse, term_hash, term_hashes
from index.storage import (
    CHUNK_COLUMNS,
    CITE_COLUMNS,
    DOCUMENT_COLUMNS,
    FORMAT,
    KINDS,
    NO_RANK,
    RANKS,
    IndexContents,
    LineTable,
    StoredIndex,
    encode_chunk,
    encode_info,
    encode_text,
    has_index,
    open_stored,
    publish,
    read_manifest,
    require_embedder,
    verify,
    write_lock,
)

ADDED_COLLECTION = "added"

# ``corpus_sha256`` of an index that was made without the built-in corpus.
WITHOUT_BUILTIN = ""

# What of a file name names an import: laws-all.jsonl.gz is the collection laws-all.
_IMPORT_SUFFIX = re.compile(r"\.(?:jsonl|ndjson|md|docx|txt)(?:\.gz)?$", re.IGNORECASE)

# Passages embedded between two reports of progress.
_EMBEDDED_AT_ONCE = 512

log = logging.getLogger(__name__)


# Called with a stage (``READ``, ``EMBED`` or ``WRITE``), how much of it is done and how much there is (0: unknown).
# READ counts documents, EMBED passages that are new to the embedder, WRITE has one step.
Progress = Callable[[str, int, int], None]
READ, EMBED, WRITE = "read", "embed", "write"


@dataclass(frozen=True, slots=True)
class AddReport:
    """What an addition did. ``embedded`` counts the passages that were new to the embedder."""

    manifest: IndexManifest
    added: tuple[DocumentInfo, ...] = ()
    unchanged: tuple[DocumentInfo, ...] = ()
    replaced: tuple[DocumentInfo, ...] = ()
    failures: tuple[ReadFailure, ...] = ()
    embedded: int = 0


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import of laws did: counts of laws and articles now in the index from it, and what was left out."""

    manifest: IndexManifest
    laws: int
    articles: int
    duplicates: int
    unchanged: int
    gaps: tuple[str, ...] = ()
    failures: tuple[ReadFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What lies at a place. ``up_to_date`` is False where the built-in corpus or the embedder changed since."""

    place: Path
    manifest: IndexManifest
    documents: tuple[DocumentInfo, ...]
    size_bytes: int
    up_to_date: bool


def _ignore(stage: str, done: int, total: int) -> None:
    """Nobody asked."""


# --- what callers do -------------------------------------------------------------------------------------------


def build_index(place: Path, embedder: Embedder, progress: Progress = _ignore, fresh: bool = False) -> IndexManifest:
    """Bring the index at ``place`` up to date with the built-in corpus and ``embedder``; make it where there is none.

    Documents that the user added or imported stay. Vectors of passages that did not change are kept where the embedder
    is the same, unless ``fresh``. Raises IndexBusy where another process is writing.
    """
    with write_lock(place):
        assembly = _Assembly(embedder, _previous(place), reuse=not fresh)
        assembly.keep(lambda info: info.collection != BUILTIN_COLLECTION)
        for count, document in enumerate(read_builtin(), start=1):
            assembly.add(document, chunk_document(document), BUILTIN_COLLECTION)
            progress(READ, count, 0)
        return assembly.publish(place, builtin_corpus_sha256(), progress)


def ensure_index(place: Path, embedder: Embedder, progress: Progress = _ignore) -> IndexManifest:
    """Return the manifest of a usable index: built here at first use, refreshed where the built-in corpus changed.

    Raises IndexOutdated where it was built with another embedder or by another version (the user decides: building
    takes a while), IndexDamaged, IndexBusy.
    """
    try:
        manifest = read_manifest(place)
    except IndexMissing:
        return build_index(place, embedder, progress)
    require_embedder(manifest, embedder)
    if manifest.corpus_sha256 not in (WITHOUT_BUILTIN, builtin_corpus_sha256()):
        return build_index(place, embedder, progress)
    return manifest


def add_path(place: Path, path: Path, embedder: Embedder, progress: Progress = _ignore) -> AddReport:
    """Add a file or every readable file of a folder to the user's documents in the index.

    A file whose text changed replaces what was read from it before. What cannot be read is in ``report.failures`` and
    stops nothing. Raises UnreadableFile where there is nothing at ``path`` and EmptyDocument where nothing in it is
    a file, otherwise like ``ensure_index``.
    """
    failures: list[ReadFailure] = []
    return replace(add_documents(place, _read(path, failures, progress), embedder, progress), failures=tuple(failures))


def add_documents(
    place: Path, documents: Iterable[Document], embedder: Embedder, progress: Progress = _ignore
) -> AddReport:
    """Add documents to the user's own; one with the id or the source path of an earlier one replaces it."""
    manifest = ensure_index(place, embedder, progress)
    with write_lock(place):
        assembly = _Assembly(embedder, _opened(place, embedder))
        for document in documents:
            own = replace(document, info=replace(document.info, collection=ADDED_COLLECTION))
            assembly.add(own, chunk_document(own), ADDED_COLLECTION)
        if assembly.is_empty:
            return AddReport(manifest)
        return assembly.publish_with_the_rest(place, progress)


def _read(path: Path, failures: list[ReadFailure], progress: Progress) -> Iterator[Document]:
    """Documents under their whole path: two folders may each have a notes.txt."""
    base = base_folder(path).resolve()
    try:
        for count, found in enumerate(read_path(path), start=1):
            progress(READ, count, 0)
            if isinstance(found, ReadFailure):
                failures.append(found)
            elif found.info.source:
                source = replace(found.info.source, path=PurePosixPath((base / found.info.source.path).as_posix()))
                yield replace(found, info=replace(found.info, source=source))
    except EmptyDocument:
        if not failures:
            raise


def import_laws(
    place: Path, path: Path, embedder: Embedder, progress: Progress = _ignore, alone: bool = False
) -> ImportReport:
    """Import the laws at ``path`` as a collection named after it; importing it again does only what changed.

    With ``alone`` an index that does not exist yet is made of the import only, without the built-in corpus.
    Raises UnreadableFile where there is nothing at ``path``, EmptyDocument where it holds no law, otherwise like
    ``ensure_index``.
    """
    if not alone:
        ensure_index(place, embedder, progress)
    elif not has_index(place):
        with write_lock(place):
            _Assembly(embedder, None).publish(place, WITHOUT_BUILTIN, progress)
    collection = _IMPORT_SUFFIX.sub("", path.resolve().name)
    with write_lock(place):
        previous = _opened(place, embedder)
        assembly = _Assembly(embedder, previous)
        state = previous.contents.imports.get(collection)
        failures: list[ReadFailure] = []
        report: LawsReport | None = None
        laws = read_laws(path, collection, ImportState.from_json(state) if state else None)
        for count, found in enumerate(laws, start=1):
            if isinstance(found, ReadFailure):
                failures.append(found)
            elif isinstance(found, ImportedLaw):
                assembly.add(found.document, found.chunks, collection)
                progress(READ, count, 0)
            else:
                report = found
        assert report is not None, "an import ends with its report"
        gone = frozenset(report.removed)
        manifest = assembly.publish_with_the_rest(
            place,
            progress,
            gone={(collection, document_id) for document_id in gone},
            imports={collection: report.state.to_json()},
        ).manifest
    return ImportReport(
        manifest=manifest,
        laws=report.laws,
        articles=report.articles,
        duplicates=len(report.duplicates),
        unchanged=report.unchanged,
        gaps=tuple(map(str, report.gaps)),
        failures=tuple(failures),
    )


def remove(place: Path, name: str, embedder: Embedder, progress: Progress = _ignore) -> tuple[DocumentInfo, ...]:
    """Remove what ``name`` names: an added document's id, title, path or file name, or a whole collection.

    Returns what was removed. The built-in corpus stays. Raises NothingNamed where nothing bears the name; the index
    is then as it was.
    """
    with write_lock(place):
        previous = _opened(place, embedder)
        infos = [previous.info(row) for row in range(len(previous.contents.document_ids))]
        doomed = tuple(info for info in infos if _bears(info, name))
        if not doomed:
            raise NothingNamed(f"No added document is called {name}. See what there is: faju index status")
        assembly = _Assembly(embedder, previous)
        assembly.keep(lambda info: info not in doomed)
        assembly.publish(place, previous.manifest.corpus_sha256, progress)
        return doomed


def index_status(place: Path, embedder: Embedder) -> IndexStatus:
    """Return what lies at ``place``, every file of it checked. Raises IndexMissing, IndexOutdated or IndexDamaged."""
    manifest = verify(place)
    stored = open_stored(place)
    return IndexStatus(
        place=place,
        manifest=manifest,
        documents=tuple(stored.info(row) for row in range(len(stored.contents.document_ids))),
        size_bytes=sum(path.stat().st_size for path in stored.folder.iterdir()),
        up_to_date=_same_embedder(manifest, embedder)
        and manifest.segmentation == SEGMENTATION
        and manifest.corpus_sha256 in (WITHOUT_BUILTIN, builtin_corpus_sha256()),
    )


def builtin_corpus_sha256() -> str:
    """Return a hash over name and bytes of every file of the built-in corpus, in order of name."""
    digest = hashlib.sha256()
    for path in _builtin_files():
        digest.update(path.name.encode("utf-8") + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


# --- the built-in corpus ---------------------------------------------------------------------------------------


def _builtin_files() -> list[Path]:
    room = Path(corpus.__file__).parent
    return sorted([*room.glob("statutes/*.md"), *room.glob("articles/*.md")])


def _opened(place: Path, embedder: Embedder) -> StoredIndex:
    stored = open_stored(place)
    require_embedder(stored.manifest, embedder)
    return stored


def _previous(place: Path) -> StoredIndex | None:
    """The index at ``place`` to keep from, None where there is none or it cannot be used."""
    try:
        return open_stored(place)
    except IndexMissing:
        return None
    except (IndexDamaged, IndexOutdated) as error:
        log.warning("Documents that were added to this index cannot be kept and must be added again: %s", error)
        return None


def _bears(info: DocumentInfo, name: str) -> bool:
    if info.collection == BUILTIN_COLLECTION:
        return False
    path = info.source.path if info.source else None
    return name in (info.id, info.title, info.collection) or (path is not None and name in (str(path), path.name))


# --- putting an index together ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Entry:
    """One document of the index to be: lines as they are stored, passages by what their vectors hang on."""

    collection: str
    info: DocumentInfo
    info_line: bytes
    text_line: bytes
    chunk_lines: tuple[bytes, ...]
    columns: npt.NDArray[np.void]  # CHUNK_COLUMNS, document not yet set
    texts: tuple[str, ...]  # to be embedded; empty where everything is taken over from ``rows``
    rows: tuple[int, ...]  # of the previous index


class _Assembly:
    """Collects documents, takes over from the previous index what did not change, and publishes."""

    def __init__(self, embedder: Embedder, previous: StoredIndex | None, reuse: bool = True) -> None:
        self._embedder = embedder
        self._previous = previous
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._added: list[DocumentInfo] = []
        self._unchanged: list[DocumentInfo] = []
        self._hashes: dict[str, int] = {}
        self._embedded = 0
        self._row_of_key: dict[bytes, int] = {}
        self._reuse = reuse and previous is not None and _same_embedder(previous.manifest, embedder)
        if previous and self._reuse:
            keys = previous.contents.chunks["key"]
            self._row_of_key = {key.tobytes(): row for row, key in enumerate(keys)}

    @property
    def is_empty(self) -> bool:
        return not self._entries

    def keep(self, wanted: Callable[[DocumentInfo], bool]) -> None:
        """Take over the documents of the previous index that are ``wanted``."""
        if self._previous is None:
            return
        for row in range(len(self._previous.contents.document_ids)):
            info = self._previous.info(row)
            if wanted(info):
                self._entries[info.collection, info.id] = self._kept(row, info)

    def add(self, document: Document, chunks: Sequence[Chunk], collection: str) -> None:
        """Add a document with its passages."""
        info = document.info
        texts = tuple(searchable_text(chunk, info) for chunk in chunks)
        columns = np.zeros(len(chunks), CHUNK_COLUMNS)
        for place, (chunk, text) in enumerate(zip(chunks, texts, strict=True)):
            number = (chunk.article.number, chunk.article.sub) if chunk.article else (0, 0)
            asked = times_asked(_without_label(chunk)) if info.law else 0
            columns[place] = (0, *number, asked, term_hash(chunk.id), _key(text))
        rows = tuple(self._row_of_key.get(key.tobytes(), -1) for key in columns["key"])
        before = self._previous.document_row(info.id) if self._previous else None
        (self._added if before is None or -1 in rows else self._unchanged).append(info)
        self._entries[collection, info.id] = _Entry(
            collection,
            info,
            encode_info(info),
            encode_text(document),
            tuple(encode_chunk(chunk) for chunk in chunks),
            columns,
            texts,
            rows,
        )

    def publish_with_the_rest(
        self,
        place: Path,
        progress: Progress,
        gone: Set[tuple[str, str]] = frozenset(),
        imports: Mapping[str, str] | None = None,
    ) -> AddReport:
        """Publish what was added together with all of the previous index that it does not replace.

        ``gone`` are (collection, document id) to drop; ``imports`` are states of imports to remember.
        """
        assert self._previous is not None
        new = {
            (collection, entry.info.source.path)
            for (collection, _), entry in self._entries.items()
            if entry.info.source
        }
        replaced: list[DocumentInfo] = []

        def stays(info: DocumentInfo) -> bool:
            if (info.collection, info.id) in self._entries or (info.collection, info.id) in gone:
                return False
            # Of an import many documents come from one file.
            if info.collection == ADDED_COLLECTION and info.source and (info.collection, info.source.path) in new:
                replaced.append(info)
                return False
            return True

        self.keep(stays)
        manifest = self.publish(place, self._previous.manifest.corpus_sha256, progress, imports)
        return AddReport(manifest, tuple(self._added), tuple(self._unchanged), tuple(replaced), embedded=self._embedded)

    def publish(
        self, place: Path, corpus_sha256: str, progress: Progress, imports: Mapping[str, str] | None = None
    ) -> IndexManifest:
        entries = [self._entries[key] for key in sorted(self._entries, key=_collection_order)]
        vectors = self._vectors(entries, progress)
        progress(WRITE, 0, 1)
        contents = self._contents(entries, vectors, corpus_sha256)
        manifest = publish(place, replace(contents, imports=self._imports(entries) | dict(imports or {})))
        progress(WRITE, 1, 1)
        return manifest

    def _imports(self, entries: Sequence[_Entry]) -> dict[str, str]:
        """The states of imports that are here as they were: after a document of one was removed, it is read anew."""
        if self._previous is None:
            return {}
        contents = self._previous.contents
        now = {(entry.collection, entry.info.id) for entry in entries}
        lost = {
            collection
            for row, document_id in enumerate(contents.document_ids)
            if ((collection := contents.collections[int(contents.documents["collection"][row])]), document_id)
            not in now
        }
        return {collection: state for collection, state in contents.imports.items() if collection not in lost}

    def _kept(self, row: int, info: DocumentInfo) -> _Entry:
        assert self._previous is not None
        contents = self._previous.contents
        rows = tuple(self._previous.chunk_rows(row))
        # With another embedder every passage is embedded anew.
        texts = () if self._reuse else tuple(searchable_text(self._previous.chunk(place), info) for place in rows)
        return _Entry(
            info.collection,
            info,
            contents.infos.raw(row),
            contents.texts.raw(row),
            tuple(contents.passages.raw(place) for place in rows),
            contents.chunks[rows[0] : rows[-1] + 1].copy() if rows else np.zeros(0, CHUNK_COLUMNS),
            texts,
            rows if self._reuse else (-1,) * len(rows),
        )

    def _vectors(self, entries: Sequence[_Entry], progress: Progress) -> npt.NDArray[np.float16]:
        rows = [row for entry in entries for row in entry.rows]
        vectors = np.zeros((len(rows), self._embedder.dimension), np.float16)
        if self._previous:
            kept = np.array([place for place, row in enumerate(rows) if row >= 0], np.int64)
            if len(kept):
                vectors[kept] = self._previous.contents.vectors[np.array(rows)[kept]]
        texts = [(place, text[:MAX_PASSAGE_CHARS]) for place, (row, text) in enumerate(_row_texts(entries)) if row < 0]
        for start in range(0, len(texts), _EMBEDDED_AT_ONCE):
            progress(EMBED, start, len(texts))
            batch = texts[start : start + _EMBEDDED_AT_ONCE]
            places = [place for place, _ in batch]
            vectors[places] = self._embedder.encode_passages([text for _, text in batch])
        progress(EMBED, len(texts), len(texts))
        self._embedded = len(texts)
        return vectors

    def _contents(
        self, entries: Sequence[_Entry], vectors: npt.NDArray[np.float16], corpus_sha256: str
    ) -> IndexContents:
        laws = sorted({entry.info.law.short_title for entry in entries if entry.info.law})
        collections = sorted(
            {entry.collection for entry in entries}, key=lambda name: (name != BUILTIN_COLLECTION, name)
        )
        chunks = np.concatenate([np.zeros(0, CHUNK_COLUMNS), *(entry.columns for entry in entries)])
        documents = np.zeros(len(entries), DOCUMENT_COLUMNS)
        first = 0
        for row, entry in enumerate(entries):
            count = len(entry.chunk_lines)
            documents[row] = _document_columns(entry, laws, collections, first)
            chunks["document"][first : first + count] = row
            first += count
        terms = self._terms(entries)
        sparse = build_sparse(terms)
        flat = np.concatenate([np.zeros(0, np.uint64), *terms])
        return IndexContents(
            manifest=IndexManifest(
                format=FORMAT,
                corpus_sha256=corpus_sha256,
                embedder=self._embedder.name,
                embedder_sha256=self._embedder.sha256,
                dimension=self._embedder.dimension,
                segmentation=SEGMENTATION,
                document_count=len(entries),
                chunk_count=len(chunks),
                built_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
                faju_version=_version(),
                sources={entry.info.id: entry.info.source.sha256 if entry.info.source else "" for entry in entries},
            ),
            document_ids=tuple(entry.info.id for entry in entries),
            laws=tuple(laws),
            collections=tuple(collections),
            documents=documents,
            chunks=chunks,
            infos=LineTable.of([entry.info_line for entry in entries]),
            texts=LineTable.of([entry.text_line for entry in entries]),
            passages=LineTable.of([line for entry in entries for line in entry.chunk_lines]),
            vectors=vectors,
            sparse=sparse,
            term_ids=np.searchsorted(sparse.terms, flat).astype(np.uint32),
            term_starts=np.cumsum([0, *(len(passage) for passage in terms)], dtype=np.int64),
            cites=_cites(entries, laws),
            faiss=np.frombuffer(build_dense(vectors), np.uint8),
            imports={},
        )

    def _terms(self, entries: Sequence[_Entry]) -> list[npt.NDArray[np.uint64]]:
        """The term hashes of every passage; those of an unchanged one are read from the previous index."""
        known = self._previous.contents if self._previous else None
        reusable = self._reuse and known is not None and known.manifest.segmentation == SEGMENTATION
        terms = []
        for row, text in _row_texts(entries):
            if row >= 0 and known is not None and reusable:
                ids = known.term_ids[int(known.term_starts[row]) : int(known.term_starts[row + 1])]
                terms.append(known.sparse.terms[ids])
            else:
                terms.append(term_hashes(segment(text), self._hashes))
        return terms


def searchable_text(chunk: Chunk, info: DocumentInfo) -> str:
    """What of a passage is searched, by words and by vector: its name, where it stands, its lead and its text.

    An article of law is named by short title and number, and the number is then not repeated from the text.
    """
    headings = [heading for heading in chunk.headings if heading != info.title]
    if info.law is None or chunk.article is None:
        return passage_text(info.title, headings, chunk.lead + chunk.text)
    return passage_text(info.law.short_title + str(chunk.article), headings, chunk.lead + _without_label(chunk))


def _without_label(chunk: Chunk) -> str:
    return chunk.text.removeprefix(str(chunk.article)).lstrip()


def _cites(entries: Sequence[_Entry], laws: Sequence[str]) -> npt.NDArray[np.void]:
    """Which articles the passages name that are not law themselves: who finds such a passage is led to the article."""
    lawbook = load_lawbook()
    found: list[tuple[int, int, int, int]] = []
    first = 0
    for entry in entries:
        if entry.info.law is None:
            for row, line in enumerate(entry.chunk_lines, start=first):
                found += _cites_of(json.loads(line)["text"], row, laws, lawbook)
        first += len(entry.chunk_lines)
    return np.array(found, CITE_COLUMNS)


def _cites_of(text: str, row: int, laws: Sequence[str], lawbook: LawBook) -> Iterator[tuple[int, int, int, int]]:
    named = {
        (ref.law, ref.article): None for ref in find_statute_refs(text, lawbook) if ref.law in laws and ref.article
    }
    for law, article in named:
        if law and article:
            yield row, laws.index(law), article.number, article.sub


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _row_texts(entries: Sequence[_Entry]) -> Iterator[tuple[int, str]]:
    for entry in entries:
        yield from zip(entry.rows, entry.texts or ("",) * len(entry.rows), strict=True)


def _same_embedder(manifest: IndexManifest, embedder: Embedder) -> bool:
    return (manifest.embedder, manifest.embedder_sha256) == (embedder.name, embedder.sha256)


def _collection_order(key: tuple[str, str]) -> tuple[bool, str, str]:
    """The built-in corpus first, then by name: the order of rows, and so of ties, depends on content alone."""
    collection, document_id = key
    return collection != BUILTIN_COLLECTION, collection, document_id


def _document_columns(entry: _Entry, laws: Sequence[str], collections: Sequence[str], first: int) -> tuple[int, ...]:
    law = entry.info.law
    return (
        KINDS.index(entry.info.kind),
        RANKS.index(law.rank) if law else NO_RANK,
        laws.index(law.short_title) if law else -1,
        _ordinal(law.effective) if law else 0,
        _ordinal(law.expired) if law else 0,
        collections.index(entry.collection),
        first,
        len(entry.chunk_lines),
    )


def _ordinal(day: date | None) -> int:
    return day.toordinal() if day else 0


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("faju")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"
