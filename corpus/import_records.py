"""What an import of laws hands out, keeps for the next one, and reports. Records and their JSON, nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath
from typing import Any

from corpus.errors import UnreadableFile
from corpus.law_text import LawFacts
from corpus.records import ArticleNumber, Chunk, Document
from corpus.structure import format_article_list, parse_article_list

STATE_FORMAT = 1


@dataclass(frozen=True, slots=True)
class ImportedLaw:
    """One version of one law, and its passages. Passages of JSON rows carry the rows' ids (``external_id``)."""

    document: Document
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Article numbers missing between a version's first and last one."""

    title: str
    version_date: date | None
    missing: tuple[ArticleNumber, ...]

    def __str__(self) -> str:
        return f"《{self.title}》{dated(self.version_date)}条号不连续，缺 {format_article_list(self.missing)}"


@dataclass(frozen=True, slots=True)
class ScannedVersion:
    """What the first look at a file keeps of one version in it: all that deciding on it needs, without its text.

    ``closing`` is the day in its last articles' 自…起施行, ``on_publication`` that they say 自公布之日起施行.
    ``has_ids`` that its rows are known to others by ids, so that none may be left out.
    """

    facts: LawFacts
    articles: tuple[ArticleNumber, ...]
    repeated: tuple[ArticleNumber, ...]
    passages: int
    rows_digest: str
    text_digest: str
    closing: date | None
    on_publication: bool
    has_ids: bool
    line: int


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it was imported: its hash, the versions found in it, what was wrong with it."""

    sha256: str
    versions: tuple[ScannedVersion, ...]
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportState:
    """What the next import of the same path needs to skip what has not changed. The caller keeps it.

    ``files`` by path relative to the imported folder; ``documents`` are the digests of what was handed out, by id.
    """

    files: Mapping[str, FileState] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        files = {path: _file_state_to_plain(state) for path, state in self.files.items()}
        return json.dumps(
            {"format": STATE_FORMAT, "files": files, "documents": dict(self.documents)}, ensure_ascii=False
        )

    @classmethod
    def from_json(cls, text: str) -> ImportState:
        """Read what ``to_json`` wrote; a state of another format is an empty one, so that all is read anew."""
        try:
            plain = json.loads(text)
            if plain["format"] != STATE_FORMAT:
                return cls()
            files = {path: _file_state_from_plain(state) for path, state in plain["files"].items()}
            return cls(files, dict(plain["documents"]))
        except (ValueError, KeyError, TypeError) as problem:
            raise UnreadableFile("导入记录已损坏；请删去它再导入一次") from problem


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of one import, at its end.

    Counts are of all that the path holds, ``changed`` of what was handed out now. ``removed`` are ids handed out
    by an earlier import that the path no longer holds. ``duplicates``, ``repeated`` and ``overlaps`` are sentences
    for the user.
    """

    laws: int
    versions: int
    articles: int
    passages: int
    changed: int
    unchanged: int
    removed: tuple[str, ...]
    duplicates: tuple[str, ...]
    repeated: tuple[str, ...]
    overlaps: tuple[str, ...]
    gaps: tuple[Gap, ...]
    not_laws: tuple[PurePosixPath, ...]
    failures: int
    state: ImportState = field(repr=False)


def dated(day: date | None) -> str:
    """A version's day as messages show it."""
    return f"（{day}）" if day else "（无日期）"


# --- the state as JSON -----------------------------------------------------------------------------------------


def _file_state_to_plain(state: FileState) -> dict[str, Any]:
    return {
        "sha256": state.sha256,
        "versions": [_version_to_plain(version) for version in state.versions],
        "failures": list(state.failures),
    }


def _version_to_plain(version: ScannedVersion) -> dict[str, Any]:
    facts = version.facts
    return {
        "title": facts.title,
        "short_title": facts.short_title,
        "version_date": _iso(facts.version_date),
        "effective": _iso(facts.effective),
        "expired": _iso(facts.expired),
        "latest": facts.latest,
        "category": facts.category,
        "issuer": facts.issuer,
        "address": facts.address,
        "articles": format_article_list(version.articles),
        "repeated": format_article_list(version.repeated),
        "passages": version.passages,
        "rows_digest": version.rows_digest,
        "text_digest": version.text_digest,
        "closing": _iso(version.closing),
        "on_publication": version.on_publication,
        "has_ids": version.has_ids,
        "line": version.line,
    }


def _file_state_from_plain(plain: Mapping[str, Any]) -> FileState:
    versions = tuple(_version_from_plain(version) for version in plain["versions"])
    return FileState(plain["sha256"], versions, tuple(plain["failures"]))


def _version_from_plain(plain: Mapping[str, Any]) -> ScannedVersion:
    facts = LawFacts(
        title=plain["title"],
        short_title=plain["short_title"],
        version_date=_from_iso(plain["version_date"]),
        effective=_from_iso(plain["effective"]),
        expired=_from_iso(plain["expired"]),
        latest=plain["latest"],
        category=plain["category"],
        issuer=plain["issuer"],
        address=plain["address"],
    )
    return ScannedVersion(
        facts=facts,
        articles=parse_article_list(plain["articles"]) if plain["articles"] else (),
        repeated=parse_article_list(plain["repeated"]) if plain["repeated"] else (),
        passages=plain["passages"],
        rows_digest=plain["rows_digest"],
        text_digest=plain["text_digest"],
        closing=_from_iso(plain["closing"]),
        on_publication=plain["on_publication"],
        has_ids=plain["has_ids"],
        line=plain["line"],
    )


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _from_iso(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
