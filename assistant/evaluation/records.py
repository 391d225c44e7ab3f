"""The records of an evaluation: what was asked and expected, what came back, its worth. Nothing computes here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

from assistant.records import AnswerMode, DeclineReason

# JSON values are not worth a type of their own.
Json = dict[str, Any]


class Split(Enum):
    """Development questions are looked at while building; test questions only give the final figures."""

    DEVELOPMENT = "development"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class EvaluationCase:
    """One question and what a good answer to it does.

    ``gold`` holds groups of references, each group a choice: 治安管理处罚法第五十条, ``article:which-hotline`` (an
    article of ours by its file) or ``title:…`` (any document by its title). An answer is complete when it cites one of
    every group. ``facts`` are regular expressions that must be found in what the reader sees, ``forbidden`` ones that
    must not. ``as_of`` is given to the program with the question; ``finds_as_of`` is the day that the program must
    find out from the question itself. ``old_law`` marks a question about law that no longer holds: there an expired
    article may be cited, labelled, beside the one in force. ``answerable`` None means that nobody has said; then
    declining is neither right nor wrong.
    """

    id: str
    question: str
    history: tuple[str, ...] = ()
    as_of: date | None = None
    finds_as_of: date | None = None
    topic: str = ""
    category: str = ""
    split: Split | None = None
    answerable: bool | None = None
    decline_reason: DeclineReason | None = None
    gold: tuple[tuple[str, ...], ...] = ()
    facts: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    old_law: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """The cases of one file, in its order, and the SHA-256 of its bytes."""

    name: str
    sha256: str
    cases: tuple[EvaluationCase, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A place in the ranking that retrieval gave, as far as it is judged. ``law`` is a short title."""

    kind: str
    law: str | None
    article: str | None
    title: str
    effective: date | None
    expired: date | None


@dataclass(frozen=True, slots=True)
class JudgedPassage:
    """A passage of a stored answer. ``validity`` is what the answer says of it.

    ``effective`` and ``expired`` are a law version's days, ``published`` is when anything else was written.
    """

    number: int
    kind: str
    law: str | None
    article: str | None
    title: str
    effective: date | None
    expired: date | None
    validity: str
    published: date | None
    text: str
    text_sha256: str


@dataclass(frozen=True, slots=True)
class JudgedSentence:
    """A sentence of a stored answer; ``quotes`` are (start, end) in the text of passage ``citations[0]``."""

    text: str
    citations: tuple[int, ...]
    quotes: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """A stored answer, read back from the stable JSON of the machine interface."""

    mode: str
    declined: bool
    reason: str | None
    as_of: date
    rewritten: str | None
    text: str
    safety: str
    notes: tuple[str, ...]
    sentences: tuple[JudgedSentence, ...]
    passages: tuple[JudgedPassage, ...]
    removed_count: int
    retrieve_ms: float
    first_sentence_ms: float | None
    total_ms: float
    tokens_per_second: float | None


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What the program did with one question: an answer and a ranking, or the error that it refused with."""

    case_id: str
    answer: JudgedAnswer | None
    hits: tuple[Hit, ...]
    error: str | None
    peak_memory_mb: float | None
    raw: Json = field(repr=False)


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What a run was made with. Two runs with equal headers (``started`` and ``machine`` aside) give equal answers.

    ``day`` is the day on which the run was started: questions without a date of their own are answered by its law.
    """

    format: int
    set_name: str
    set_sha256: str
    case_ids: tuple[str, ...]
    mode: AnswerMode
    as_of: date | None
    day: date
    settings_sha256: str
    settings: Mapping[str, str]
    model: str
    model_sha256: str
    index: Mapping[str, Any]  # the index manifest without its file list
    version: str
    started: str
    machine: str


@dataclass(frozen=True, slots=True)
class Run:
    """A stored run: its folder, header, the cases asked, and one result for each that is done, in the set's order."""

    folder: Path
    header: RunHeader
    cases: tuple[EvaluationCase, ...]
    results: tuple[CaseResult, ...]

    @property
    def complete(self) -> bool:
        return len(self.results) == len(self.cases)


class Measure(Enum):
    """Every figure that a case can have, higher better unless ``lower_is_better``; definitions in ``measures``."""

    RECALL_AT_5 = "recall_at_5"
    RECALL_AT_10 = "recall_at_10"
    RECALL_AT_20 = "recall_at_20"
    MRR_AT_10 = "mrr_at_10"
    NDCG_AT_10 = "ndcg_at_10"
    GOLD_CITED = "gold_cited"
    GOLD_SHARE = "gold_share"
    CITATION_RECALL = "citation_recall"
    CITATION_PRECISION = "citation_precision"
    FACT_RECALL = "fact_recall"
    CURRENT_LAW = "current_law"
    QUOTE_FIDELITY = "quote_fidelity"
    MISSED_REFUSAL = "missed_refusal"
    NEEDLESS_REFUSAL = "needless_refusal"
    REASON_RIGHT = "reason_right"

    @property
    def lower_is_better(self) -> bool:
        return self in {Measure.MISSED_REFUSAL, Measure.NEEDLESS_REFUSAL}


class Fault(Enum):
    """The first thing that went wrong with a case, in the order in which an answer is made."""

    NONE = "none"
    ERROR = "error"  # the program refused or failed
    MISSED_REFUSAL = "missed_refusal"  # answered what cannot be answered
    NEEDLESS_REFUSAL = "needless_refusal"  # declined what can be answered
    WRONG_REASON = "wrong_reason"  # declined rightly, for another reason than the right one
    RETRIEVAL = "retrieval"  # some gold group is nowhere among the hits
    RANKING = "ranking"  # every gold group was found, some too far down to be shown
    CHOICE = "choice"  # all gold was shown to the model, some was not cited
    FACT = "fact"  # the right articles were cited, a fact is missing
    OLD_LAW = "old_law"  # law that is not in force on the day was cited as if it were, or a forbidden pattern shown
    QUOTE = "quote"  # a quotation is not in its passage


@dataclass(frozen=True, slots=True)
class JudgedCase:
    """A case with its result, its figures (a measure that does not apply is absent) and what went wrong first."""

    case: EvaluationCase
    result: CaseResult
    scores: Mapping[Measure, float]
    fault: Fault
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judging model said of one answer: does it address the question?"""

    case_id: str
    addresses: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """Judge and code over ``count`` answers: how often each says yes, the share on which they agree, Cohen's kappa."""

    count: int
    judge_yes: int
    code_yes: int
    share: float
    kappa: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over ``count`` cases with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 95th percentile of a quantity over ``count`` cases."""

    p50: float
    p95: float
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of a run, over all its cases and by category, and how often each fault came first."""

    overall: Mapping[Measure, Estimate]
    by_category: Mapping[str, Mapping[Measure, Estimate]]
    speed: Mapping[str, Spread]  # retrieve_ms, first_sentence_ms, total_ms, tokens_per_second
    peak_memory_mb: float | None
    faults: Mapping[Fault, int]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure in two runs over the cases that have it in both: B minus A, its interval, and a paired p-value."""

    measure: Measure
    mean_a: float
    mean_b: float
    difference: float
    low: float
    high: float
    p_value: float
    count: int


@dataclass(frozen=True, slots=True)
class Change:
    """One case whose figure differs between two runs."""

    case_id: str
    category: str
    question: str
    measure: Measure
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Run B against run A: all cases, by category, and the cases that got better and worse."""

    overall: tuple[Difference, ...]
    by_category: Mapping[str, tuple[Difference, ...]]
    better: tuple[Change, ...]
    worse: tuple[Change, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    identical: bool
