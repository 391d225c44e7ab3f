"""The records that leave the assistant room. Nothing here generates, searches or prints."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import TypeAlias

from corpus.records import QuotableUnit, Span, UnitRole
from index.records import LookupNote, RetrievedPassage


class AnswerMode(Enum):
    """How the answer is made; see the design's answer modes."""

    QUOTE = "quote"  # only whole sentences of the passages
    EXPLAIN = "explain"  # prose, every sentence verified
    SEARCH = "search"  # no model


class DeclineReason(Enum):
    """Why nothing was answered. The decision is made in code, before the model."""

    OUT_OF_SCOPE = "out_of_scope"  # the corpus does not bear the question out
    NOT_HELD = "not_held"  # the law or article asked for is real, its text is not held
    FALSE_PREMISE = "false_premise"  # no such law, no such article
    HARMFUL = "harmful"  # asks how to harass somebody
    NOTHING_VERIFIED = "nothing_verified"  # no sentence survived verification


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the conversation and the passages its answer stood on."""

    question: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class NumberedPassage:
    """A passage as shown to the model: numbered from 1, frozen with the answer."""

    number: int
    passage: RetrievedPassage
    units: tuple[QuotableUnit, ...]


class PartKind(Enum):
    """How a piece of a prompt becomes tokens."""

    OURS = "ours"  # fixed text of the program; special tokens in it are special
    DATA = "data"  # the question or a passage: <|im_start|> in it is eleven characters
    LABEL = "label"  # the label of a quotable unit; ``text`` is its number


@dataclass(frozen=True, slots=True)
class PromptPart:
    text: str
    kind: PartKind


@dataclass(frozen=True, slots=True)
class Prompt:
    """Exactly what the model sees. ``token_count`` is counted by its own tokenizer.

    ``parts`` are the user's turn piece by piece, ``user`` the same as one text. ``passages`` are those that fit;
    ``units`` of one that was shortened are the ones still whole.
    """

    system: str
    user: str
    passages: tuple[NumberedPassage, ...]
    token_count: int
    parts: tuple[PromptPart, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """One verified sentence with the numbers of the passages it stands on.

    ``quotes[i]`` are the spans, in the text of passage ``citations[0]``, that the sentence repeats verbatim.
    """

    text: str
    citations: tuple[int, ...]
    role: UnitRole
    quotes: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class RemovedSentence:
    """A sentence that did not pass verification, and why (Chinese, one line)."""

    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds since the question; ``first_sentence_ms`` is None where there was none."""

    retrieve_ms: float
    first_sentence_ms: float | None
    total_ms: float
    tokens_per_second: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer. A declined one has ``sentences == ()`` and cites nothing.

    ``text`` is what a reader sees: the sentences with their marks, under headings; for a declined answer the
    explanation. ``safety`` is the emergency advice that stands above everything, "" where none applies.
    """

    question: str
    rewritten: str | None
    as_of: date
    mode: AnswerMode
    model: str
    declined: bool
    reason: DeclineReason | None
    text: str
    sentences: tuple[AnswerSentence, ...]
    removed: tuple[RemovedSentence, ...]
    passages: tuple[NumberedPassage, ...]
    notes: tuple[LookupNote, ...]
    timings: Timings
    index: str  # corpus_sha256 of the index manifest
    version: str
    safety: str = ""
    model_sha256: str = ""
    settings_sha256: str = ""


class Stage(Enum):
    """Where an answer is, for the progress shown before the first word."""

    RETRIEVING = "retrieving"
    READING = "reading"
    ANSWERING = "answering"


@dataclass(frozen=True, slots=True)
class QuestionUnderstood:
    """The first event: the question as it will be answered, the day whose law counts, and emergency advice.

    ``rewritten`` is None where the question stands as it was asked.
    """

    question: str
    rewritten: str | None
    as_of: date
    safety: str


@dataclass(frozen=True, slots=True)
class StageReached:
    """An event: the answer entered ``stage``. ``passages`` are known from READING on."""

    stage: Stage
    passages: tuple[NumberedPassage, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class SentenceReleased:
    """An event: one verified sentence, never taken back."""

    sentence: AnswerSentence


AnswerEvent: TypeAlias = QuestionUnderstood | StageReached | SentenceReleased | Answer
