"""Composes an answer: understand, retrieve, decide whether to answer, let the model choose, verify, release.

One generator serves command line, page and evaluation. Stopping is closing it, or ``should_stop``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from assistant import rendering, wording
from assistant.affinity import QuestionAffinity
from assistant.asking import clean_question
from assistant.explaining import ExplainingFinished, explain, is_english
from assistant.followups import Understood, understand
from assistant.gating import Gate, GateDecision
from assistant.generation import LanguageModel
from assistant.numbering import number_passages
from assistant.quoting import QuotingFinished, quote
from assistant.records import (
    Answer,
    AnswerEvent,
    AnswerMode,
    AnswerSentence,
    DeclineReason,
    NumberedPassage,
    QuestionUnderstood,
    RemovedSentence,
    SentenceReleased,
    Stage,
    StageReached,
    Timings,
    Turn,
)
from assistant.safety import emergency_advice
from assistant.selecting import select_passages
from assistant.settings import BUILTIN, Settings
from assistant.verification import Verifier
from corpus.lawbook import LawBook
from corpus.records import QuotableUnit
from index.records import RetrievedPassage, SearchQuery, SearchResult
from index.searching import SearchIndex

# The index is asked for more than is shown, so that the gate sees how the field thins out.
CANDIDATES = 20


def never() -> bool:
    """Return False: nobody asked to stop."""
    return False


def default_mode(settings: Settings) -> AnswerMode:
    """Return how a model answers where nobody says otherwise: the built-in reader can only quote."""
    return AnswerMode.QUOTE if settings.model == BUILTIN else AnswerMode.EXPLAIN


@dataclass(slots=True)
class Assistant:
    """Everything an answer needs. ``load_model`` is called at the first question that is not declined."""

    index: SearchIndex
    lawbook: LawBook
    gate: Gate
    settings: Settings
    version: str
    load_model: Callable[[], LanguageModel]
    _model: LanguageModel | None = field(default=None, repr=False)

    @property
    def model(self) -> LanguageModel:
        if self._model is None:
            self._model = self.load_model()
        return self._model

    def answer(
        self,
        question: str,
        history: Sequence[Turn] = (),
        as_of: date | None = None,
        mode: AnswerMode | None = None,
        should_stop: Callable[[], bool] = never,
    ) -> Iterator[AnswerEvent]:
        """Yield what happens while ``question`` is answered; the last event is the Answer.

        ``as_of`` None takes the day that the question names, else today. Raises QuestionRefused, and what
        loading the model raises. The same question, index, model and settings give the same answer.
        """
        clock = _Clock()
        asked = clean_question(question, self.settings.max_question_chars)
        understood = understand(asked, history, today=date.today())
        draft = _Draft(
            assistant=self,
            question=asked,
            understood=understood,
            as_of=as_of or understood.as_of or date.today(),
            mode=mode or self.settings.mode or default_mode(self.settings),
            safety=emergency_advice(asked, self.settings.language),
            clock=clock,
        )
        yield QuestionUnderstood(asked, understood.rewritten, draft.as_of, draft.safety)
        yield StageReached(Stage.RETRIEVING)
        yield from draft.events(should_stop)


@dataclass(slots=True)
class _Clock:
    started: float = field(default_factory=time.perf_counter)
    retrieved: float | None = None
    first_sentence: float | None = None

    def milliseconds(self) -> float:
        return (time.perf_counter() - self.started) * 1000


@dataclass(slots=True)
class _Draft:
    """An answer being made; ``events`` runs through the stages and ends with the Answer."""

    assistant: Assistant
    question: str
    understood: Understood
    as_of: date
    mode: AnswerMode
    safety: str
    clock: _Clock
    passages: tuple[NumberedPassage, ...] = ()
    result: SearchResult | None = None
    sentences: list[AnswerSentence] = field(default_factory=list)
    removed: list[RemovedSentence] = field(default_factory=list)
    finished: QuotingFinished | ExplainingFinished | None = None

    def events(self, should_stop: Callable[[], bool]) -> Iterator[AnswerEvent]:
        asked = self.understood.text
        self.result = self.assistant.index.search(SearchQuery(asked, self.as_of, k=CANDIDATES))
        self.clock.retrieved = self.clock.milliseconds()
        decision = self.assistant.gate.decide(asked, self.result)
        if decision.reason is not None:
            yield self._declined(decision)
            return
        if self.mode is AnswerMode.SEARCH:
            self.passages = number_passages(self._selected(self.result))
            yield StageReached(Stage.READING, self.passages)
            yield self._finished(rendering.passages_text(self.passages, self.assistant.settings.language))
            return
        self.passages = number_passages(self._selected(self.result))
        yield StageReached(Stage.READING, self.passages)
        yield from self._writing(asked, should_stop)
        if self.sentences or (self.finished and self.finished.stopped):
            yield self._finished(rendering.answer_text(self.sentences, self.assistant.settings.language))
        else:
            yield self._declined(GateDecision(DeclineReason.NOTHING_VERIFIED, 0.0))

    def _selected(self, result: SearchResult) -> tuple[RetrievedPassage, ...]:
        return select_passages(result.passages, self.assistant.settings.passages)

    def _writing(self, asked: str, should_stop: Callable[[], bool]) -> Iterator[AnswerEvent]:
        announced = False
        for item in self._written(asked, should_stop):
            if not announced:
                announced = True
                yield StageReached(Stage.ANSWERING, self.passages)
            if isinstance(item, RemovedSentence):
                self.removed.append(item)
                continue
            self.sentences.append(item)
            if self.clock.first_sentence is None:
                self.clock.first_sentence = self.clock.milliseconds()
            yield SentenceReleased(item)

    def _written(self, asked: str, should_stop: Callable[[], bool]) -> Iterator[AnswerSentence | RemovedSentence]:
        """What the model writes: sentences that passed verification, and those that did not."""
        verifier = Verifier(self.assistant.lawbook, self.as_of, self.passages)
        model = self.assistant.model
        if self.mode is AnswerMode.EXPLAIN:
            english = is_english(self.question)
            for event in explain(model, asked, self.passages, verifier, english=english, should_stop=should_stop):
                if isinstance(event, ExplainingFinished):
                    self.finished = event
                else:
                    yield event
            return
        affinity = QuestionAffinity(self.assistant.index.embedder, asked).of
        offered, refused = _verified_units(self.passages, verifier)
        yield from refused
        if not any(numbered.units for numbered in offered):
            return
        for item in quote(model, asked, offered, should_stop=should_stop, affinity=affinity):
            if isinstance(item, QuotingFinished):
                self.finished = item
                continue
            sentence = _sentence(item.number, item.unit)
            why_not = verifier.objection(sentence, self.mode)
            yield RemovedSentence(sentence.text, why_not) if why_not else sentence

    def _declined(self, decision: GateDecision) -> Answer:
        language = self.assistant.settings.language
        assert decision.reason is not None
        notes = [note.message for note in (self.result.notes if self.result else ())]
        lines = [wording.DECLINED[decision.reason][language], *notes, decision.message, wording.COVERAGE[language]]
        text = "\n".join(line for line in lines if line)
        return replace(self._finished(text), declined=True, reason=decision.reason, sentences=(), passages=())

    def _finished(self, text: str) -> Answer:
        assistant = self.assistant
        model = assistant._model
        return Answer(
            question=self.question,
            rewritten=self.understood.rewritten,
            as_of=self.as_of,
            mode=self.mode,
            model=model.name if model and self.mode is not AnswerMode.SEARCH else "",
            declined=False,
            reason=None,
            text=text,
            sentences=tuple(self.sentences),
            removed=tuple(self.removed),
            passages=self.passages,
            notes=self.result.notes if self.result else (),
            timings=Timings(
                retrieve_ms=self.clock.retrieved or 0.0,
                first_sentence_ms=self.clock.first_sentence,
                total_ms=self.clock.milliseconds(),
                tokens_per_second=self.finished.counts.written_per_second if self.finished else None,
            ),
            index=assistant.index.manifest.corpus_sha256,
            version=assistant.version,
            safety=self.safety,
            model_sha256=model.sha256 if model else "",
            settings_sha256=assistant.settings.digest(),
        )


def _verified_units(
    passages: Sequence[NumberedPassage], verifier: Verifier
) -> tuple[list[NumberedPassage], list[RemovedSentence]]:
    """Return the passages with only the units that pass verification, and those that do not, with the reason.

    What may be quoted is known before the model chooses, so no place of an answer goes to a sentence that is
    dropped afterwards: asked by the law of last year, our articles of this year would have taken them all.
    """
    refused: list[RemovedSentence] = []
    offered = []
    for numbered in passages:
        kept = []
        for unit in numbered.units:
            why_not = verifier.objection(_sentence(numbered.number, unit), AnswerMode.QUOTE)
            if why_not:
                refused.append(RemovedSentence(unit.text, why_not))
            else:
                kept.append(unit)
        offered.append(replace(numbered, units=tuple(kept)))
    return offered, refused


def _sentence(number: int, unit: QuotableUnit) -> AnswerSentence:
    return AnswerSentence(text=unit.text, citations=(number,), role=unit.role, quotes=unit.spans)
