"""The records that leave the corpus room. Nothing here reads a file or knows a library."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open piece ``text[start:end]`` of some text, counted in Unicode code points."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"span {self.start}:{self.end} is not 0 <= start <= end")

    def of(self, text: str) -> str:
        return text[self.start : self.end]

    def shifted(self, by: int) -> Span:
        return Span(self.start + by, self.end + by)


@dataclass(frozen=True, slots=True, order=True)
class ArticleNumber:
    """第二百九十三条之一 is ``ArticleNumber(293, 1)``; 第五十条 is ``ArticleNumber(50)``.

    ``str()`` gives the official form in Chinese numerals (see ``corpus.numerals``).
    """

    number: int
    sub: int = 0

    def __post_init__(self) -> None:
        if self.number < 1 or self.sub < 0:
            raise ValueError(f"no article has the number {self.number}-{self.sub}")

    def __str__(self) -> str:
        from corpus.numerals import format_article

        return format_article(self)


class SourceKind(Enum):
    """What a passage is, which decides how far it may be trusted as law."""

    STATUTE = "statute"  # official text, checked; the only kind that is law
    ARTICLE = "article"  # written about the law: ours, or a page with title and address
    DOCUMENT = "document"  # the user's own paper: contract, message, notice


class NormRank(Enum):
    """Rank of a norm; a lower ``order`` prevails (立法法第九十八条至第一百零一条)."""

    LAW = "law"
    ADMINISTRATIVE_REGULATION = "administrative_regulation"
    JUDICIAL_INTERPRETATION = "judicial_interpretation"
    DEPARTMENTAL_RULE = "departmental_rule"
    NORMATIVE_DOCUMENT = "normative_document"

    @property
    def order(self) -> int:
        return list(NormRank).index(self)

    @property
    def label(self) -> str:
        return _RANK_LABELS[self]


_RANK_LABELS = {
    NormRank.LAW: "法律",
    NormRank.ADMINISTRATIVE_REGULATION: "行政法规",
    NormRank.JUDICIAL_INTERPRETATION: "司法解释",
    NormRank.DEPARTMENTAL_RULE: "部门规章",
    NormRank.NORMATIVE_DOCUMENT: "规范性文件",
}


@dataclass(frozen=True, slots=True)
class LawVersion:
    """One version of one law: what its file's front matter says.

    ``id`` is the file stem, such as 治安管理处罚法-2026-01-01. The version is in force on ``d`` when
    ``effective <= d`` and (``expired`` is None or ``d < expired``). ``effective`` None means that the
    day could not be verified; the version then counts as in force, and is shown with that caveat.
    ``held`` are the articles in the file; with ``complete`` they are all there are.
    """

    id: str
    title: str
    short_title: str
    aliases: tuple[str, ...]
    issuer: str
    doc_type: str
    rank: NormRank
    published: date | None
    first_effective: date | None
    effective: date | None
    expired: date | None
    superseded_by: str | None
    amended_through: date | None
    address: str
    checked: date | None
    last_article: int | None
    complete: bool
    held: tuple[ArticleNumber, ...] = field(repr=False)


class Validity(Enum):
    """State of a version on a day."""

    IN_FORCE = "in_force"
    EXPIRED = "expired"
    NOT_YET = "not_yet"


@dataclass(frozen=True, slots=True)
class StatuteRef:
    """One reference found in a text: 《治安管理处罚法》第四十二条第一款第（五）项.

    ``law`` is the short title it resolves to, None where it cannot be told (本法 without context, or a
    title that no law has: then ``law_text`` holds what was written). ``article`` is None where only a law
    is named. A range 第1032至1034条 yields one record an article, each with the span of the whole range.
    """

    law: str | None
    law_text: str
    article: ArticleNumber | None
    paragraph: int | None  # 款
    item: int | None  # 项
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as found: its path relative to the folder given, and the SHA-256 of its bytes."""

    path: PurePosixPath
    media_type: str
    sha256: str
    size_bytes: int


# The collection of what the program brings along; everything else was added by a user.
BUILTIN_COLLECTION = "builtin"


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What a citation says of a document; small enough to live beside every passage.

    ``id`` is stable across runs: the law version's id for a statute, else the first 16 hex digits of the
    SHA-256 of its cleaned text. ``law`` is set if and only if ``kind`` is STATUTE. ``collection`` names where it came
    from: ``builtin``, ``added`` (by the user) or the name of an import.
    """

    id: str
    kind: SourceKind
    title: str
    publisher: str | None
    published: date | None
    address: str | None
    source: SourceFile | None
    law: LawVersion | None
    collection: str = BUILTIN_COLLECTION


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it, to the next heading of its level or above; sections nest or follow.

    ``level`` 1 is the title. ``article`` is set where the section is an article of law.
    """

    title: str
    level: int
    span: Span
    article: ArticleNumber | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A cleaned document. ``text`` is what citations quote; spans of sections lie within it."""

    info: DocumentInfo
    text: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage to be found and quoted.

    ``document.text[span.start:span.end] == text``. ``headings`` lead from the title down, without the
    article's own number; ``article`` is set for a statute. ``lead`` is the part of the same document that
    the chunk needs to be understood (the opening 款 of an article split by items), not part of ``text``.
    """

    id: str
    document_id: str
    text: str
    span: Span
    headings: tuple[str, ...]
    article: ArticleNumber | None = None
    lead: str = ""
    external_id: str | None = None


class UnitRole(Enum):
    """What a quotable sentence does in an answer; answers are ordered by it."""

    CONCLUSION = "conclusion"  # 结论
    LAW = "law"  # 法律依据
    ACTION = "action"  # 怎么做
    CHANNEL = "channel"  # 投诉渠道
    BACKGROUND = "background"  # everything else


@dataclass(frozen=True, slots=True)
class QuotableUnit:
    """A whole sentence, or a 项 with the lead it hangs on, that an answer may quote.

    ``spans`` are places in the chunk's text, in order (one for a sentence, two for lead + item);
    ``text`` is exactly their text joined: ``"".join(s.of(chunk.text) for s in spans)``.
    """

    text: str
    spans: tuple[Span, ...]
    role: UnitRole
