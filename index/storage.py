"""The index on disk: written beside the old one and swapped in one step, checked before anything is believed.

    <place>/current              the name of the version folder in use
    <place>/lock                 held while writing
    <place>/<version>/           manifest.json and the files it lists

Opening maps arrays and reads two small tables; a passage is decoded only when a search returns it, so that an index
of 70,000 passages opens as fast as one of 700. Everything is JSON, plain numpy or bytes of FAISS: nothing pickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from corpus.records import (
    ArticleNumber,
    Chunk,
    Document,
    DocumentInfo,
    LawVersion,
    NormRank,
    Section,
    SourceFile,
    SourceKind,
    Span,
)
from index.embedding import Embedder
from index.errors import IndexBusy, IndexDamaged, IndexMissing, IndexOutdated
from index.records import IndexManifest
from index.segmentation import SEGMENTATION
from index.sparse import SparseIndex, term_hash

FORMAT = 1
REBUILD = "Run: faju index build"

# A mapped array is only read, so a changed bit gives a wrong number, not a wrong program: above this size it is
# checked by its length and its first and last MiB at opening, and wholly by ``verify`` (faju index status).
_WHOLLY_CHECKED_BYTES = 32 << 20
_EDGE_BYTES = 1 << 20

# One row a document; law is the place of its short title in ``names.json``, -1 for what is not law; days are
# ordinals, 0 where there is none; collection is a place in ``names.json``.
DOCUMENT_COLUMNS = np.dtype(
    [
        ("kind", "u1"),
        ("rank", "u1"),
        ("law", "i4"),
        ("effective", "i4"),
        ("expired", "i4"),
        ("collection", "i4"),
        ("first_chunk", "i4"),
        ("chunk_count", "i4"),
    ]
)
# One row a passage. ``key`` names what was embedded, so that its vector is found again after a rebuild; ``asked`` is
# how many training questions the article answers.
CHUNK_COLUMNS = np.dtype(
    [("document", "i4"), ("number", "i4"), ("sub", "i4"), ("asked", "i4"), ("id", "u8"), ("key", "V16")]
)

# One row a reference from a passage that is not law to an article; law is a place in ``names.json``.
CITE_COLUMNS = np.dtype([("chunk", "i4"), ("law", "i4"), ("number", "i4"), ("sub", "i4")])

KINDS = tuple(SourceKind)
RANKS = tuple(NormRank)
NO_RANK = 255


@dataclass(frozen=True, slots=True)
class IndexContents:
    """What an index consists of, before it is written and after it is opened. Rows of ``chunks``, ``vectors`` and the
    BM25 rows are the same passages in the same order; a document's passages are neighbours.

    ``imports`` keeps, for each imported collection, what the next import of it needs to skip what has not changed.
    """

    manifest: IndexManifest
    document_ids: tuple[str, ...]
    laws: tuple[str, ...]
    collections: tuple[str, ...]
    documents: npt.NDArray[np.void]  # DOCUMENT_COLUMNS
    chunks: npt.NDArray[np.void]  # CHUNK_COLUMNS
    infos: LineTable
    texts: LineTable
    passages: LineTable
    vectors: npt.NDArray[np.float16]  # (chunks, dimension)
    sparse: SparseIndex
    term_ids: npt.NDArray[np.uint32]  # the terms of all passages one after the other, places in sparse.terms
    term_starts: npt.NDArray[np.int64]  # (chunks + 1,)
    cites: npt.NDArray[np.void]  # CITE_COLUMNS, by chunk
    faiss: npt.NDArray[np.uint8]
    imports: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LineTable:
    """JSON lines that are read one at a time."""

    lines: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def raw(self, row: int) -> bytes:
        return self.lines[int(self.starts[row]) : int(self.starts[row + 1])].tobytes()

    def __getitem__(self, row: int) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self.raw(row)))

    @classmethod
    def of(cls, lines: Sequence[bytes]) -> LineTable:
        starts = np.cumsum([0, *(len(line) for line in lines)], dtype=np.int64)
        return cls(np.frombuffer(b"".join(lines), np.uint8), starts)


class StoredIndex:
    """An opened index: its arrays, and passages and documents by row. Rows outside raise IndexError."""

    def __init__(self, contents: IndexContents, folder: Path) -> None:
        self.contents = contents
        self.folder = folder

    @property
    def manifest(self) -> IndexManifest:
        return self.contents.manifest

    def chunk(self, row: int) -> Chunk:
        return decode_chunk(self.contents.passages[row], self.document_id_of(row))

    def document_id_of(self, row: int) -> str:
        return self.contents.document_ids[int(self.contents.chunks["document"][row])]

    def info(self, document_row: int) -> DocumentInfo:
        return decode_info(self.contents.infos[document_row])

    def document(self, document_row: int) -> Document:
        return decode_document(self.info(document_row), self.contents.texts[document_row])

    def document_row(self, document_id: str) -> int | None:
        return self._rows_of_documents.get(document_id)

    def chunk_row(self, chunk_id: str) -> int | None:
        rows = np.flatnonzero(self.contents.chunks["id"] == term_hash(chunk_id))
        return next((int(row) for row in rows if self.contents.passages[int(row)]["id"] == chunk_id), None)

    def chunk_rows(self, document_row: int) -> range:
        first = int(self.contents.documents["first_chunk"][document_row])
        return range(first, first + int(self.contents.documents["chunk_count"][document_row]))

    @cached_property
    def _rows_of_documents(self) -> dict[str, int]:
        return {document_id: row for row, document_id in enumerate(self.contents.document_ids)}


# --- places ----------------------------------------------------------------------------------------------------


def default_index_dir() -> Path:
    """Return where the index lies unless settings say otherwise: ``$FAJU_HOME/index``, or the user's data folder."""
    home = os.environ.get("FAJU_HOME")
    if home:
        return Path(home).expanduser() / "index"
    from platformdirs import user_data_path

    return user_data_path("faju", appauthor=False) / "index"


@contextmanager
def write_lock(place: Path) -> Iterator[None]:
    """Hold the only right to write the index at ``place``. Raises IndexBusy where another process holds it."""
    from filelock import FileLock, Timeout

    place.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(place / "lock", timeout=0):
            yield
    except Timeout as error:
        raise IndexBusy(
            f"Another faju is writing the index in {place}. Wait until it is done, then try again."
        ) from error


# --- writing ---------------------------------------------------------------------------------------------------


def publish(place: Path, contents: IndexContents) -> IndexManifest:
    """Write the index beside the one in use, then switch to it; return its manifest, now with the hash of each file.

    Whatever interrupts this leaves the old index in use. Call it under ``write_lock``.
    """
    _sweep(place)
    building = place / "building"
    building.mkdir(parents=True)
    for name, array in _arrays(contents).items():
        np.save(building / f"{name}.npy", array, allow_pickle=False)
    names = {"documents": contents.document_ids, "laws": contents.laws, "collections": contents.collections}
    (building / "names.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
    (building / "imports.json").write_text(json.dumps(dict(contents.imports), ensure_ascii=False), encoding="utf-8")
    (building / "dense.faiss").write_bytes(contents.faiss.tobytes())
    hashes = {path.name: _file_hash(path) for path in sorted(building.iterdir())}
    manifest = replace(contents.manifest, files=hashes)
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1)
    (building / "manifest.json").write_text(text, encoding="utf-8")
    version = hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]
    if (place / version).exists():
        shutil.rmtree(place / version)
    building.rename(place / version)
    pointer = place / "current.new"
    pointer.write_text(version, encoding="utf-8")
    pointer.replace(place / "current")
    _sweep(place)
    return manifest


def _arrays(contents: IndexContents) -> dict[str, npt.NDArray[Any]]:  # of several dtypes
    sparse = contents.sparse
    return {
        "documents": contents.documents,
        "chunks": contents.chunks,
        "infos": contents.infos.lines,
        "info_starts": contents.infos.starts,
        "texts": contents.texts.lines,
        "text_starts": contents.texts.starts,
        "passages": contents.passages.lines,
        "passage_starts": contents.passages.starts,
        "vectors": contents.vectors,
        "bm25_terms": sparse.terms,
        "bm25_starts": sparse.starts,
        "bm25_rows": sparse.rows,
        "bm25_weights": sparse.weights,
        "term_ids": contents.term_ids,
        "term_starts": contents.term_starts,
        "cites": contents.cites,
    }


def _sweep(place: Path) -> None:
    """Delete what no reader needs: unfinished and replaced versions. Windows keeps a mapped file; it goes next time."""
    used = _current(place)
    for folder in place.iterdir():
        if folder.is_dir() and folder.name != used:
            shutil.rmtree(folder, ignore_errors=True)


# --- opening ---------------------------------------------------------------------------------------------------


def has_index(place: Path) -> bool:
    """Whether an index, usable or not, lies at ``place``."""
    return _current(place) is not None


def read_manifest(place: Path) -> IndexManifest:
    """Return the manifest of the index at ``place``.

    Raises IndexMissing where there is none, IndexDamaged where it cannot be read, IndexOutdated where another version
    of faju wrote a format that this one does not know.
    """
    version = _current(place)
    if version is None:
        raise IndexMissing(f"There is no index in {place}. {REBUILD}")
    try:
        record = json.loads((place / version / "manifest.json").read_text(encoding="utf-8"))
        if record["format"] != FORMAT:
            raise IndexOutdated(
                f"The index in {place} has format {record['format']}, this version reads {FORMAT}. {REBUILD}"
            )
        return IndexManifest(**record)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexDamaged(f"The manifest of the index in {place} cannot be read ({error}). {REBUILD}") from error


def require_embedder(manifest: IndexManifest, embedder: Embedder) -> None:
    """Raise IndexOutdated where the index was made with another embedder, or cut into other terms, than asked for."""
    if (manifest.embedder, manifest.embedder_sha256) != (embedder.name, embedder.sha256):
        again = " (another version of it)" if manifest.embedder == embedder.name else ""
        raise IndexOutdated(
            f"Index was built with {manifest.embedder} but settings name {embedder.name}{again}. {REBUILD}"
        )
    if manifest.segmentation != SEGMENTATION:
        raise IndexOutdated(
            f"Index was built with segmentation {manifest.segmentation}, this version has {SEGMENTATION}. {REBUILD}"
        )


def open_stored(place: Path) -> StoredIndex:
    """Open the index in use at ``place``: every file is checked against the manifest before it is read.

    Raises IndexMissing, IndexOutdated (format) or IndexDamaged.
    """
    manifest = read_manifest(place)
    folder = place / (_current(place) or "")
    for name, expected in manifest.files.items():
        _check_file(folder / name, expected, wholly=False)
    try:
        return StoredIndex(_read_contents(folder, manifest), folder)
    except (OSError, ValueError, KeyError) as error:
        raise IndexDamaged(f"The index in {place} cannot be read ({error}). {REBUILD}") from error


def verify(place: Path) -> IndexManifest:
    """Compare every byte of the index with its manifest; return the manifest. Raises like ``open_stored``."""
    manifest = read_manifest(place)
    folder = place / (_current(place) or "")
    for name, expected in manifest.files.items():
        _check_file(folder / name, expected, wholly=True)
    return manifest


def _current(place: Path) -> str | None:
    try:
        name = (place / "current").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    return name if name and name == Path(name).name else None


def _read_contents(folder: Path, manifest: IndexManifest) -> IndexContents:
    def array(name: str) -> npt.NDArray[Any]:
        return _map_array(folder / f"{name}.npy")

    names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
    chunks = array("chunks")
    return IndexContents(
        manifest=manifest,
        document_ids=tuple(names["documents"]),
        laws=tuple(names["laws"]),
        collections=tuple(names["collections"]),
        documents=array("documents"),
        chunks=chunks,
        infos=LineTable(array("infos"), array("info_starts")),
        texts=LineTable(array("texts"), array("text_starts")),
        passages=LineTable(array("passages"), array("passage_starts")),
        vectors=array("vectors"),
        sparse=SparseIndex(
            array("bm25_terms"), array("bm25_starts"), array("bm25_rows"), array("bm25_weights"), len(chunks)
        ),
        term_ids=array("term_ids"),
        term_starts=array("term_starts"),
        cites=array("cites"),
        faiss=np.frombuffer((folder / "dense.faiss").read_bytes(), np.uint8),
        imports=json.loads((folder / "imports.json").read_text(encoding="utf-8")),
    )


def _map_array(path: Path) -> npt.NDArray[Any]:
    try:
        # As a plain array over the map: np.memmap makes every small slice ten times as slow.
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except ValueError:  # nothing to map: an array without elements
        return cast("npt.NDArray[Any]", np.load(path, allow_pickle=False))


def _file_hash(path: Path) -> str:
    """``size:sha256 of the edges:sha256 of all``; the manifest's entry for a file."""
    size = path.stat().st_size
    return f"{size}:{_edge_sha256(path, size)}:{_sha256(path)}"


def _check_file(path: Path, expected: str, *, wholly: bool) -> None:
    damaged = f"{path} is damaged: it does not match the manifest of its index. {REBUILD}"
    try:
        size, edges, whole = expected.split(":")
        if path.stat().st_size != int(size):
            raise IndexDamaged(damaged)
        wholly = wholly or int(size) <= _WHOLLY_CHECKED_BYTES or path.suffix == ".faiss"
        same = _sha256(path) == whole if wholly else _edge_sha256(path, int(size)) == edges
    except (OSError, ValueError) as error:
        raise IndexDamaged(f"{path} is missing or cannot be read ({error}). {REBUILD}") from error
    if not same:
        raise IndexDamaged(damaged)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_EDGE_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _edge_sha256(path: Path, size: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(_EDGE_BYTES))
        file.seek(max(0, size - _EDGE_BYTES))
        digest.update(file.read(_EDGE_BYTES))
    return digest.hexdigest()


# --- records as JSON lines -------------------------------------------------------------------------------------


def encode_chunk(chunk: Chunk) -> bytes:
    """One JSON line; ``decode_chunk`` gives the chunk back."""
    return _line(
        {
            "id": chunk.id,
            "text": chunk.text,
            "span": [chunk.span.start, chunk.span.end],
            "headings": chunk.headings,
            "article": [chunk.article.number, chunk.article.sub] if chunk.article else None,
            "lead": chunk.lead,
            "external_id": chunk.external_id,
        }
    )


def decode_chunk(record: Mapping[str, Any], document_id: str) -> Chunk:
    return Chunk(
        id=record["id"],
        document_id=document_id,
        text=record["text"],
        span=Span(*record["span"]),
        headings=tuple(record["headings"]),
        article=ArticleNumber(*record["article"]) if record["article"] else None,
        lead=record["lead"],
        external_id=record["external_id"],
    )


def encode_info(info: DocumentInfo) -> bytes:
    """One JSON line; ``decode_info`` gives the record back."""
    record: dict[str, Any] = {
        "id": info.id,
        "kind": info.kind.value,
        "title": info.title,
        "publisher": info.publisher,
        "published": _day(info.published),
        "address": info.address,
        "collection": info.collection,
        "source": None,
        "law": None,
    }
    if info.source:
        source = info.source
        record["source"] = [str(source.path), source.media_type, source.sha256, source.size_bytes]
    if info.law:
        law = info.law
        record["law"] = {name: getattr(law, name) for name in _PLAIN_LAW_FIELDS} | {
            "rank": law.rank.value,
            "held": [[article.number, article.sub] for article in law.held],
        }
        record["law"] |= {name: _day(getattr(law, name)) for name in _LAW_DAYS}
    return _line(record)


def decode_info(record: Mapping[str, Any]) -> DocumentInfo:
    source, law = record["source"], record["law"]
    return DocumentInfo(
        id=record["id"],
        kind=SourceKind(record["kind"]),
        title=record["title"],
        publisher=record["publisher"],
        published=_from_day(record["published"]),
        address=record["address"],
        source=SourceFile(PurePosixPath(source[0]), *source[1:]) if source else None,
        law=_decode_law(law) if law else None,
        collection=record["collection"],
    )


_LAW_DAYS = ("published", "first_effective", "effective", "expired", "amended_through", "checked")
_PLAIN_LAW_FIELDS = (
    "id",
    "title",
    "short_title",
    "aliases",
    "issuer",
    "doc_type",
    "superseded_by",
    "address",
    "last_article",
    "complete",
)


def _decode_law(record: Mapping[str, Any]) -> LawVersion:
    fields: dict[str, Any] = {name: record[name] for name in _PLAIN_LAW_FIELDS}
    fields |= {name: _from_day(record[name]) for name in _LAW_DAYS}
    fields["aliases"] = tuple(record["aliases"])
    fields["rank"] = NormRank(record["rank"])
    fields["held"] = tuple(ArticleNumber(*pair) for pair in record["held"])
    return LawVersion(**fields)


def encode_text(document: Document) -> bytes:
    """The text and sections of a document as one JSON line."""
    sections = [
        [
            section.title,
            section.level,
            section.span.start,
            section.span.end,
            [section.article.number, section.article.sub] if section.article else None,
        ]
        for section in document.sections
    ]
    return _line({"text": document.text, "sections": sections})


def decode_document(info: DocumentInfo, record: Mapping[str, Any]) -> Document:
    sections = tuple(
        Section(title, level, Span(start, end), ArticleNumber(*article) if article else None)
        for title, level, start, end, article in record["sections"]
    )
    return Document(info, record["text"], sections)


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _from_day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
