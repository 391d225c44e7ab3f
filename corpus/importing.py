"""Thousands of laws from a mirror, at once and again: versions apart in time, only what changed, a report of the rest.

A first look at every file says which versions there are; with all of them known, each gets the days between which
it is in force, and the laws that are new or changed are read and handed out one by one.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any, TextIO

from corpus.chunking import chunk_document
from corpus.errors import CorpusError, EmptyDocument, UnreadableFile
from corpus.extraction.plain import decode
from corpus.frontmatter import FrontMatterError, split_front_matter
from corpus.import_records import FileState, ImportedLaw, ImportReport, ImportState, ScannedVersion
from corpus.law_text import BadLine, LawFacts, LawRow, LawText, facts_from_name, parse_law_lines, read_json_lines
from corpus.lawbook import LawBook, load_lawbook
from corpus.records import (
    ArticleNumber,
    Chunk,
    Document,
    DocumentInfo,
    LawVersion,
    Section,
    SourceFile,
    SourceKind,
    Span,
)
from corpus.sources import (
    DOCX,
    GZIPPED_JSON_LINES,
    JSON_LINES,
    MARKDOWN,
    MAX_FILE_BYTES,
    TEXT,
    ReadFailure,
    base_folder,
    find_sources,
)
from corpus.structure import article_label
from corpus.version_plan import Part, PlannedVersion, VersionPlan, plan_versions

__all__ = ["ImportReport", "ImportState", "ImportedLaw", "import_laws"]

# JSON lines are read as a stream, so that a large file costs time, not memory.
MAX_JSON_LINES_BYTES = 4 * 1024 * 1024 * 1024
# A row of JSON is one passage: its id is what a test set asks for. The longest article of 73,703 rows has 3,846
# characters; only whole texts without articles are longer (2 rows).
MAX_ROW_CHARS = 4_000
_MAX_NAMED_LINES = 20

_log = logging.getLogger(__name__)


def import_laws(
    path: Path, collection: str | None = None, state: ImportState | None = None, book: LawBook | None = None
) -> Iterator[ImportedLaw | ReadFailure | ImportReport]:
    """Yield every law at ``path`` that is new or changed since ``state``, what could not be read, and last the report.

    ``path`` is a checkout of LawRefBook/Laws or just-laws, a folder of the official database's Word files, or JSON
    lines, plain or gzipped. ``collection`` is the path's name by default. ``book`` lends short titles and aliases;
    the built-in one by default. Raises UnreadableFile where ``path`` does not exist, EmptyDocument, after the
    failures, where it holds no law.
    """
    state = state or ImportState()
    run = _Run(path, collection or _name_of(path), state, book or load_lawbook())
    yield from run.scan()
    if not run.scanned:
        raise EmptyDocument(
            f"{path}：没有找到法规；可以导入 Markdown 或 Word 的法规文件，以及每行一条的 .jsonl（law、article、text）"
        )
    yield from run.laws()
    yield run.report()


def _name_of(path: Path) -> str:
    return re.sub(r"\.(?:jsonl|ndjson|md|docx|txt)(?:\.gz)?$", "", path.resolve().name, flags=re.IGNORECASE)


class _Run:
    """One import, step by step."""

    def __init__(self, path: Path, collection: str, state: ImportState, book: LawBook) -> None:
        self._path = path
        self._base = base_folder(path)
        self._collection = collection
        self._before = state
        self._book = book
        self._sources: dict[PurePosixPath, SourceFile] = {}
        self._not_laws: list[PurePosixPath] = []
        self._failures = 0
        self._states: dict[PurePosixPath, FileState] = {}
        self.scanned: dict[PurePosixPath, FileState] = {}  # the files that hold laws
        self._plan: VersionPlan | None = None
        self._changed = 0

    # -- the first look

    def scan(self) -> Iterator[ReadFailure]:
        for found in find_sources(self._path, MAX_JSON_LINES_BYTES):
            if isinstance(found, ReadFailure):
                self._failures += 1
                yield found
                continue
            self._sources[found.path] = found
            known = self._before.files.get(found.path.as_posix())
            state = known if known and known.sha256 == found.sha256 else self._scan_file(found)
            self._states[found.path] = state
            for message in state.failures:
                self._failures += 1
                yield ReadFailure(found.path, message)
            if state.versions:
                self.scanned[found.path] = state
            elif not state.failures:
                self._not_laws.append(found.path)

    def _scan_file(self, source: SourceFile) -> FileState:
        versions: list[ScannedVersion] = []
        bad: list[BadLine] = []
        try:
            for law in self._read(source):
                if isinstance(law, BadLine):
                    bad.append(law)
                else:
                    versions.append(_scanned(law))
        except CorpusError as problem:
            return FileState(source.sha256, (), (str(problem),))
        articles = sum(len(version.articles) for version in versions)
        _log.info("%s: %d versions, %d articles, %d bad lines", source.path, len(versions), articles, len(bad))
        return FileState(source.sha256, tuple(versions), tuple(_named(source.path, bad)))

    def _read(self, source: SourceFile) -> Iterator[LawText | BadLine]:
        file, name = self._base / source.path, source.path.as_posix()
        if source.media_type in (JSON_LINES, GZIPPED_JSON_LINES):
            with _open_lines(file, source.media_type) as stream:
                yield from read_json_lines(stream, name)
            return
        if source.media_type not in (MARKDOWN, TEXT, DOCX):
            raise UnreadableFile(f"{name}：导入法规只读 Markdown、Word（.docx）、纯文本和 .jsonl")
        if source.size_bytes > MAX_FILE_BYTES:
            raise UnreadableFile(f"{name}：超过 {MAX_FILE_BYTES // 1024 // 1024} MB，不像一部法规；没有读入")
        law = _read_law_file(file, source)
        if law is not None:
            yield law

    # -- the laws

    def laws(self) -> Iterator[ImportedLaw | ReadFailure]:
        plan = self._plan = plan_versions(self._parts(), self._collection, self._book)
        for failure in plan.conflicts:
            self._failures += 1
            yield failure
        changed = {
            planned.version.id
            for planned in plan.versions
            if self._before.documents.get(planned.version.id) != planned.digest
        }
        waiting: dict[str, dict[Part, LawText]] = defaultdict(dict)
        owner = {(part.path, part.place): (planned, part) for planned in plan.versions for part in planned.parts}
        for path in self.scanned:
            wanted = {
                place: owner[path, place]
                for place in range(len(self.scanned[path].versions))
                if (path, place) in owner and owner[path, place][0].version.id in changed
            }
            if not wanted:
                continue
            texts = (law for law in self._read(self._sources[path]) if isinstance(law, LawText))
            for place, law in enumerate(texts):
                if place not in wanted:
                    continue
                planned, part = wanted[place]
                waiting[planned.version.id][part] = law
                if len(waiting[planned.version.id]) == len(planned.parts):
                    self._changed += 1
                    yield self._build(planned, waiting.pop(planned.version.id))

    def _parts(self) -> list[Part]:
        return [
            Part(path, place, version)
            for path, state in self.scanned.items()
            for place, version in enumerate(state.versions)
        ]

    def _build(self, planned: PlannedVersion, texts: Mapping[Part, LawText]) -> ImportedLaw:
        first = planned.parts[0]
        source = self._sources[first.path]
        rows = _in_order([row for part in planned.parts for row in texts[part].rows])
        document, spans = _lay_out(planned.version, rows, source, self._collection)
        if source.media_type in (JSON_LINES, GZIPPED_JSON_LINES):
            return ImportedLaw(document, tuple(_chunks_of_rows(document, rows, spans)))
        return ImportedLaw(document, chunk_document(document))

    # -- the report

    def report(self) -> ImportReport:
        plan = self._plan
        assert plan is not None, "the report comes after the laws"
        documents = {planned.version.id: planned.digest for planned in plan.versions}
        return ImportReport(
            laws=len({planned.version.title for planned in plan.versions}),
            versions=len(plan.versions),
            articles=sum(len(part.version.articles) for planned in plan.versions for part in planned.parts),
            passages=sum(part.version.passages for planned in plan.versions for part in planned.parts),
            changed=self._changed,
            unchanged=len(plan.versions) - self._changed,
            removed=tuple(sorted(set(self._before.documents) - set(documents))),
            duplicates=plan.duplicates,
            repeated=tuple(plan.repeated()),
            overlaps=plan.overlaps,
            gaps=tuple(plan.gaps()),
            not_laws=tuple(self._not_laws),
            failures=self._failures,
            state=ImportState({path.as_posix(): state for path, state in self._states.items()}, documents),
        )


# --- one file --------------------------------------------------------------------------------------------------


def _open_lines(file: Path, media_type: str) -> AbstractContextManager[TextIO]:
    try:
        if media_type == GZIPPED_JSON_LINES:
            return gzip.open(file, "rt", encoding="utf-8-sig")
        return file.open(encoding="utf-8-sig")
    except OSError as problem:
        raise UnreadableFile(f"{file.name}：打不开（{problem.strerror}）；请检查权限") from problem


def _named(path: PurePosixPath, bad: Sequence[BadLine]) -> Iterator[str]:
    for line in bad[:_MAX_NAMED_LINES]:
        yield f"{path}：第 {line.number} 行{line.reason}，已跳过"
    if len(bad) > _MAX_NAMED_LINES:
        yield f"{path}：另有 {len(bad) - _MAX_NAMED_LINES} 行有同类问题，已跳过"


def _read_law_file(file: Path, source: SourceFile) -> LawText | None:
    if source.path.name.startswith("_"):  # a mirror's own table of contents
        return None
    stated = facts_from_name(source.path.stem, source.path.parts[:-1])
    if source.media_type == DOCX:
        from corpus.extraction.docx import read_docx

        lines = [line for block in read_docx(file, source.path.as_posix()).blocks for line in block.text.split("\n")]
        return parse_law_lines(lines, stated)
    try:
        text = decode(file.read_bytes(), source.path.as_posix()).text
        facts, body = split_front_matter(text, source.path.as_posix())
    except FrontMatterError as problem:
        raise UnreadableFile(f"{source.path}：文件开头 --- 之间的说明写错了（{problem}）") from problem
    except OSError as problem:
        raise UnreadableFile(f"{source.path}：打不开（{problem.strerror}）；请检查权限") from problem
    return parse_law_lines(body.split("\n"), _with_front_matter(stated, facts))


def _with_front_matter(stated: LawFacts, facts: Mapping[str, Any]) -> LawFacts:
    """Front matter in the words of our own statute files; what else it says is the mirror's business."""
    return replace(
        stated,
        title=_stated_text(facts.get("title")) or stated.title,
        short_title=_stated_text(facts.get("short_title")),
        version_date=_stated_day(facts.get("published")) or stated.version_date,
        effective=_stated_day(facts.get("effective")),
        expired=_stated_day(facts.get("expired")),
        category=_stated_text(facts.get("doc_type")) or stated.category,
        issuer=_stated_text(facts.get("issuer")) or "",
        address=_stated_text(facts.get("address")) or "",
    )


def _stated_text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _stated_day(value: object) -> date | None:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            return None
    return value if isinstance(value, date) else None


_CLOSING = re.compile(r"自\s*(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日起(?:施行|实施|生效|执行)")
_ON_PUBLICATION = re.compile(r"自(?:公布|发布|印发|颁布|通过)之日起(?:施行|实施|生效|执行)")
_CLOSING_ROWS = 2
_NO_LETTERS = re.compile(r"[\W_]+")


def _scanned(law: LawText) -> ScannedVersion:
    numbers = [row.article for row in law.rows if row.article]
    seen: set[ArticleNumber] = set()
    repeated = tuple(number for number in numbers if number in seen or seen.add(number))  # type: ignore[func-returns-value]
    rows_digest, text_digest = hashlib.sha256(), hashlib.sha256()
    for row in law.rows:
        label = article_label(row.article) if row.article else ""
        rows_digest.update("\x1f".join((label, *row.headings, row.text, row.external_id or "", "\x1e")).encode())
        text_digest.update(f"{label}{_NO_LETTERS.sub('', row.text)}\x1e".encode())
    ends = "\n".join(row.text for row in _in_order(law.rows)[-_CLOSING_ROWS:])
    days = [day for match in _CLOSING.finditer(ends) if (day := _possible_day(*map(int, match.groups())))]
    return ScannedVersion(
        facts=law.facts,
        articles=tuple(sorted(seen)),
        repeated=repeated,
        passages=len(law.rows),
        rows_digest=rows_digest.hexdigest(),
        text_digest=text_digest.hexdigest(),
        closing=days[-1] if days else None,
        on_publication=_ON_PUBLICATION.search(ends) is not None,
        has_ids=any(row.external_id for row in law.rows),
        line=law.line,
    )


def _possible_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


# --- documents and passages ------------------------------------------------------------------------------------


def _in_order(rows: Sequence[LawRow]) -> tuple[LawRow, ...]:
    """Rows by article number where they do not ascend, as in a mirror that keeps 民法典 in eight files.

    A row without a number stays behind the one before it.
    """
    keys: list[tuple[ArticleNumber, int]] = []
    last = ArticleNumber(1)
    for place, row in enumerate(rows):
        last = row.article or last
        keys.append((last, place))
    return tuple(rows[place] for _, place in sorted(keys))


def _lay_out(
    version: LawVersion, rows: Sequence[LawRow], source: SourceFile, collection: str
) -> tuple[Document, tuple[Span, ...]]:
    """The document and the span of each row in it. Headings are sections; the text holds articles alone."""
    spans: list[Span] = []
    pieces: list[str] = []
    place = 0
    for row in rows:
        piece = f"{row.article}　{row.text}" if row.article else row.text
        spans.append(Span(place, place + len(piece)))
        pieces.append(piece)
        place += len(piece) + 2
    text = "\n\n".join(pieces)
    info = DocumentInfo(
        id=version.id,
        kind=SourceKind.STATUTE,
        title=version.title,
        publisher=version.issuer or None,
        published=version.published,
        address=version.address or None,
        source=source,
        law=version,
        collection=collection,
    )
    sections = (Section(version.title, 1, Span(0, len(text))), *_sections(rows, spans))
    return Document(info, text, sections), tuple(spans)


def _sections(rows: Sequence[LawRow], spans: Sequence[Span]) -> Iterator[Section]:
    """Headings with the rows under them, outermost first, then each row's article."""
    chain: list[tuple[str, int]] = []  # heading, index in ``found``
    found: list[Section] = []
    for row, span in zip(rows, spans, strict=True):
        shared = 0
        while shared < min(len(chain), len(row.headings)) and chain[shared][0] == row.headings[shared]:
            shared += 1
        del chain[shared:]
        for depth, heading in enumerate(row.headings[shared:], start=shared):
            chain.append((heading, len(found)))
            found.append(Section(heading, depth + 2, span))
        for _, index in chain:
            found[index] = replace(found[index], span=Span(found[index].span.start, span.end))
        if row.article:
            found.append(Section(str(row.article), len(row.headings) + 2, span, row.article))
    yield from found


def _chunks_of_rows(document: Document, rows: Sequence[LawRow], spans: Sequence[Span]) -> Iterator[Chunk]:
    seen: dict[str, int] = {}
    for row, row_span in zip(rows, spans, strict=True):
        headings = (document.info.title, *row.headings)
        label = f"{article_label(row.article)}:" if row.article else ""
        for span in _pieces(document.text, row_span):
            text = span.of(document.text)
            digest = hashlib.sha256("\x1f".join((*headings, text)).encode("utf-8", "surrogatepass")).hexdigest()[:12]
            stem = f"{document.info.id}:{label}{digest}"
            seen[stem] = seen.get(stem, 0) + 1
            yield Chunk(
                id=stem if seen[stem] == 1 else f"{stem}:{seen[stem]}",
                document_id=document.info.id,
                text=text,
                span=span,
                headings=headings,
                article=row.article,
                external_id=row.external_id,
            )


def _pieces(text: str, span: Span) -> Iterator[Span]:
    """The row whole; one beyond all measure in pieces that end with a line where they can."""
    start = span.start
    while span.end - start > MAX_ROW_CHARS:
        cut = text.rfind("\n", start + MAX_ROW_CHARS // 2, start + MAX_ROW_CHARS)
        end = cut if cut > 0 else start + MAX_ROW_CHARS
        yield Span(start, end)
        start = end + (1 if cut > 0 else 0)
    yield Span(start, span.end)
