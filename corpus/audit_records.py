"""What an audit of a text says, as data: one record a citation, with the official text and the differences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from corpus.claims import Claim
from corpus.comparison import Difference
from corpus.lawbook import HeldArticle
from corpus.records import ArticleNumber, LawVersion, Span, StatuteRef
from corpus.validity import ReferenceVerdict


class FindingKind(Enum):
    """What is to be said of a citation; in this order, gravest first, where several are to be said."""

    NO_SUCH_LAW = "no_such_law"
    DAMAGED_TITLE = "damaged_title"
    NO_SUCH_ARTICLE = "no_such_article"
    NO_SUCH_PART = "no_such_part"
    LAW_REPEALED = "law_repealed"
    SUPERSEDED = "superseded"
    WRONG_ARTICLE = "wrong_article"
    MISCHARACTERISED = "mischaracterised"
    MISQUOTED = "misquoted"
    TRUNCATED = "truncated"
    NOT_YET = "not_yet"
    MAYBE_SUPERSEDED = "maybe_superseded"
    LAW_UNKNOWN = "law_unknown"
    NOT_HELD = "not_held"
    VERBATIM = "verbatim"
    CITED = "cited"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def is_fault(self) -> bool:
        """The text is wrong, out of date or incomplete here."""
        return self not in _NO_FAULTS


_LABELS = {
    FindingKind.NO_SUCH_LAW: "没有查到这部法律",
    FindingKind.NO_SUCH_ARTICLE: "没有这一条",
    FindingKind.NO_SUCH_PART: "没有这一款或项",
    FindingKind.LAW_REPEALED: "法律已废止",
    FindingKind.SUPERSEDED: "已被取代",
    FindingKind.WRONG_ARTICLE: "条号与内容不符",
    FindingKind.MISCHARACTERISED: "条文性质说错",
    FindingKind.MISQUOTED: "与原文不符",
    FindingKind.DAMAGED_TITLE: "法律名称有误",
    FindingKind.TRUNCATED: "有删节",
    FindingKind.NOT_YET: "尚未施行",
    FindingKind.MAYBE_SUPERSEDED: "可能指旧条号",
    FindingKind.LAW_UNKNOWN: "看不出是哪部法律",
    FindingKind.NOT_HELD: "未收录，无法核对",
    FindingKind.VERBATIM: "与原文一致",
    FindingKind.CITED: "现行有效，没有引文",
}
_NO_FAULTS = frozenset(
    {
        FindingKind.LAW_UNKNOWN,
        FindingKind.NOT_HELD,
        FindingKind.VERBATIM,
        FindingKind.CITED,
        FindingKind.MAYBE_SUPERSEDED,
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """``message`` is one Chinese sentence. ``article`` is where the reader should look instead, if anywhere."""

    kind: FindingKind
    message: str
    article: HeldArticle | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the text says beside ``official``, the words of ``article`` that answer to it.

    Spans of ``differences`` count in ``claim.text`` and in ``official``.
    """

    claim: Claim
    article: HeldArticle
    official: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class AuditedCitation:
    """A reference with all that is to be said of it; ``findings`` has at least one, the gravest first."""

    reference: StatuteRef
    verdict: ReferenceVerdict
    findings: tuple[Finding, ...]
    comparison: Comparison | None

    @property
    def kind(self) -> FindingKind:
        return self.findings[0].kind

    @property
    def is_fault(self) -> bool:
        return any(finding.kind.is_fault for finding in self.findings)


@dataclass(frozen=True, slots=True)
class OutdatedPassage:
    """Words of an expired version that the text uses without naming the article."""

    span: Span
    text: str
    version: LawVersion
    article: ArticleNumber
    message: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Every citation of a text, in order of place, judged by the law of ``day``."""

    title: str
    day: date
    citations: tuple[AuditedCitation, ...]
    outdated: tuple[OutdatedPassage, ...]

    @property
    def faults(self) -> tuple[AuditedCitation, ...]:
        return tuple(citation for citation in self.citations if citation.is_fault)
