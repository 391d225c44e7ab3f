"""Files to documents: finds, extracts, cleans and sections them, one at a time. It composes; each step is elsewhere.

What could not be read comes out beside the documents, by name, and the rest goes on.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import logging
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from corpus.cleaning import CleanedDocument, clean
from corpus.errors import CorpusError, EmptyDocument, UnreadableFile
from corpus.extraction import Extract, extract_file
from corpus.extraction.markdown import read_markdown
from corpus.extraction.records import Origin
from corpus.lawbook import load_lawbook
from corpus.records import BUILTIN_COLLECTION, Document, DocumentInfo, SourceFile, SourceKind
from corpus.sources import (
    GZIPPED_JSON_LINES,
    JSON_LINES,
    MARKDOWN,
    READABLE,
    Duplicate,
    ReadFailure,
    base_folder,
    find_sources,
)
from corpus.structure import document_id, find_sections

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = [
    "ADDED",
    "BUILTIN",
    "Duplicate",
    "ReadFailure",
    "content_digest",
    "kind_of",
    "read_builtin",
    "read_path",
    "read_uploaded",
    "show_file",
    "to_document",
]

BUILTIN = BUILTIN_COLLECTION
ADDED = "added"

_log = logging.getLogger(__name__)


# --- what comes with the program -------------------------------------------------------------------------------


def read_builtin() -> Iterator[Document]:
    """Yield every law version held, then our own articles, each group by file name.

    ``source.path`` is relative to the package: ``statutes/….md``, ``articles/….md``. Raises BadStatute for a
    statute file that contradicts itself or another, UnreadableFile for a broken article.
    """
    book = load_lawbook()
    statutes = _package_folder("statutes")
    for version in sorted(book.versions, key=lambda version: version.id):
        document = book.document(version.id)
        source = _package_source(statutes.joinpath(f"{version.id}.md"), "statutes")
        yield replace(document, info=replace(document.info, source=source, collection=BUILTIN))
    for file in sorted(_package_folder("articles").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".md"):
            yield _own_article(file)


def _package_folder(name: str) -> Traversable:
    return importlib.resources.files("corpus").joinpath(name)


def _package_source(file: Traversable, folder: str) -> SourceFile:
    data = file.read_bytes()
    return SourceFile(PurePosixPath(folder, file.name), MARKDOWN, hashlib.sha256(data).hexdigest(), len(data))


def _own_article(file: Traversable) -> Document:
    extracted = read_markdown(file.read_text(encoding="utf-8"), file.name)
    if not (extracted.title and extracted.publisher and extracted.published):
        raise UnreadableFile(f"{file.name}: an article of ours states title, publisher and published")
    source = _package_source(file, "articles")
    return to_document(clean(extracted), source, BUILTIN, SourceKind.ARTICLE)


# --- what a user gives us --------------------------------------------------------------------------------------


def read_path(path: Path, collection: str = ADDED, extract: Extract = extract_file) -> Iterator[Document | ReadFailure]:
    """Yield a document for every readable file at ``path``, a file or a folder, sorted by path.

    A file that cannot be read is a ReadFailure, one whose text was met before a Duplicate. Raises UnreadableFile
    where ``path`` does not exist and, after all failures, EmptyDocument where nothing could be read.
    """
    base = base_folder(path)
    first_with: dict[str, PurePosixPath] = {}
    for found in find_sources(path):
        if isinstance(found, ReadFailure):
            yield found
            continue
        try:
            document = _read_source(base, found, collection, extract)
        except CorpusError as problem:
            yield ReadFailure(found.path, str(problem))
            continue
        digest = content_digest(document.text)
        if digest in first_with:
            first = first_with[digest]
            yield Duplicate(found.path, f"{found.path}：内容与 {first} 相同，只收一份", first)
            continue
        first_with[digest] = found.path
        yield document
    if not first_with:
        raise EmptyDocument(f"{path}：没有可以读入的文件；可读的格式：{READABLE}")


def read_uploaded(path: Path, timeout_seconds: float, collection: str = ADDED) -> Document:
    """Return the document in one file, parsed in a process of its own that is stopped after ``timeout_seconds``.

    Raises CorpusError's kinds, as ``read_in_child`` does, and EmptyDocument where cleaning left nothing.
    """
    from corpus.extraction.child import read_in_child

    cleaned = clean(read_in_child(path, timeout_seconds))
    source = next(iter(find_sources(path)))
    if isinstance(source, ReadFailure):
        raise UnreadableFile(source.message)
    return to_document(cleaned, source, collection, kind_of(cleaned))


def show_file(path: Path) -> CleanedDocument:
    """Return what is kept and what is dropped of one file, block by block. Raises CorpusError's kinds."""
    if path.is_dir():
        raise UnreadableFile(f"{path} 是文件夹；这里要给一个文件")
    source = next(iter(find_sources(path)))
    if isinstance(source, ReadFailure):
        raise UnreadableFile(source.message)
    return clean(extract_file(path, source.media_type, source.path.as_posix()))


def _read_source(base: Path, source: SourceFile, collection: str, extract: Extract) -> Document:
    name = source.path.as_posix()
    if source.media_type in (JSON_LINES, GZIPPED_JSON_LINES):
        raise UnreadableFile(f"{name}：是法规数据（JSONL），请用 faju corpus import 导入")
    cleaned = clean(extract(base / source.path, source.media_type, name))
    _log.info("%s: kept %.0f %% of visible text", name, 100 * cleaned.kept_share)
    return to_document(cleaned, source, collection, kind_of(cleaned))


def kind_of(cleaned: CleanedDocument) -> SourceKind:
    """An article has a place in public: an address, a publisher, or a web page's day. All else is the user's own."""
    published_page = cleaned.origin is Origin.WEB_PAGE and cleaned.published is not None
    return SourceKind.ARTICLE if cleaned.address or cleaned.publisher or published_page else SourceKind.DOCUMENT


def to_document(cleaned: CleanedDocument, source: SourceFile, collection: str, kind: SourceKind) -> Document:
    """Return the kept text as a document with its sections; its title is the file's name where none was found.

    Raises EmptyDocument where cleaning left nothing, which says how much it took off.
    """
    if not cleaned.kept:
        rules = "、".join(sorted({dropped.rule.value for dropped in cleaned.dropped if dropped.rule}))
        raise EmptyDocument(f"{source.path}：清理之后没有剩下正文（去掉了：{rules}）")
    title = cleaned.title or source.path.stem
    text, sections = find_sections(cleaned.markdown(), title)
    info = DocumentInfo(
        id=document_id(text),
        kind=kind,
        title=title,
        publisher=cleaned.publisher,
        published=cleaned.published,
        address=cleaned.address,
        source=source,
        law=None,
        collection=collection,
    )
    return Document(info, text, sections)


def content_digest(text: str) -> str:
    """Return a hash that is the same for the same words, whatever their spacing, punctuation, width and case."""
    letters = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).lower()
    return hashlib.sha256(letters.encode("utf-8", "surrogatepass")).hexdigest()
