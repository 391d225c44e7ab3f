"""Quote mode: the model answers by pointing at whole sentences of the passages, in the order of an answer.

After the prompt the model says, by the probability of each label, which unit comes next; a grammar then confines
what it writes to that unit and its mark. No unit comes twice, no other text can come at all. Units are offered role
by role (结论, 法律依据, 怎么做, 投诉渠道), within limits; the model may end a role early.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from assistant.generation import GenerationStopped, LanguageModel, Session, ShouldStop, TokenCounts, never_stop
from assistant.grammar import Quotable, quote_grammar
from assistant.prompting import LabelledUnit, labelled_units, quote_prompt
from assistant.records import NumberedPassage, Prompt
from corpus.records import QuotableUnit, UnitRole

# Weights of what speaks for a unit: the model's choice, its judgement while reading, the retriever's order of
# passages, and beside them its word on sentences (``assistant.affinity``). Chosen on 136 held-out questions whose
# gold sentence was among the passages: a gold sentence is among the first four quoted in 0.80 of them, with the
# retriever alone in 0.78, with the model and the order of passages alone in 0.46.
CHOICE_WEIGHT = 0.5
JUDGEMENT_WEIGHT = 0.5
RETRIEVER_WEIGHT = 2.0
# A role ends where the best unit left is this far below its first, in log units: of 4.0 sentences quoted at 5.0,
# 0.39 are gold; of 3.0 at 3.5, 0.51, and 0.78 of the gold ones are still there.
END_MARGIN = 3.5
# What each law already quoted in the same role costs another sentence of the same article, in log units: four items
# of one article say less than four articles. Practice keeps to its article, where one step leads to the next.
REPEATED_ARTICLE_COST = 2.0


@dataclass(frozen=True, slots=True)
class RoleLimits:
    """How many units of a role an answer has, when there are any: it may end after ``least``, not before."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class QuoteLimits:
    """``background`` is offered only where no other role has a unit."""

    conclusion: RoleLimits = RoleLimits(1, 2)
    law: RoleLimits = RoleLimits(3, 5)
    action: RoleLimits = RoleLimits(1, 4)
    channel: RoleLimits = RoleLimits(1, 3)
    background: RoleLimits = RoleLimits(1, 3)

    def of(self, role: UnitRole) -> RoleLimits:
        return {
            UnitRole.CONCLUSION: self.conclusion,
            UnitRole.LAW: self.law,
            UnitRole.ACTION: self.action,
            UnitRole.CHANNEL: self.channel,
            UnitRole.BACKGROUND: self.background,
        }[role]


DEFAULT_LIMITS = QuoteLimits()


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a unit is drawn: the best one at temperature 0, else by probability, the same for the same seed."""

    temperature: float = 0.0
    seed: int = 0


GREEDY = Sampling()


@dataclass(frozen=True, slots=True)
class QuotedUnit:
    """One unit that the model chose. ``logprob`` is of its choice, given what could be chosen, prior included."""

    number: int
    unit: QuotableUnit
    logprob: float


@dataclass(frozen=True, slots=True)
class QuotingFinished:
    """The last thing a quoting yields: what the model saw and what it cost. ``stopped`` when told to stop."""

    prompt: Prompt
    counts: TokenCounts
    stopped: bool


QuotingEvent: TypeAlias = QuotedUnit | QuotingFinished

# How near units are to the question, in log units; see ``assistant.affinity``.
UnitAffinity: TypeAlias = Callable[[Sequence[tuple[NumberedPassage, str]]], Sequence[float]]


def quote(
    model: LanguageModel,
    question: str,
    passages: Sequence[NumberedPassage],
    limits: QuoteLimits = DEFAULT_LIMITS,
    should_stop: ShouldStop = never_stop,
    sampling: Sampling = GREEDY,
    affinity: UnitAffinity | None = None,
) -> Iterator[QuotingEvent]:
    """Yield the units of an answer as the model chooses them, then QuotingFinished.

    ``passages`` stand best first; those that do not fit the context are left out. Same model, question and passages:
    same answer. ``affinity`` is the retriever's word on sentences. Raises ContextTooSmall where
    not one fits, ValueError for none.
    """
    prompt = quote_prompt(model, question, passages)
    counts = TokenCounts()
    try:
        with model.start(prompt, should_stop) as session:
            counts = session.counts
            for quoted in _Quoting(model, session, prompt, limits, sampling, affinity).run():
                counts = session.counts
                yield quoted
            counts = session.counts
    except GenerationStopped:
        yield QuotingFinished(prompt, counts, stopped=True)
    else:
        yield QuotingFinished(prompt, counts, stopped=False)


class _Quoting:
    """One answer being chosen."""

    def __init__(
        self,
        model: LanguageModel,
        session: Session,
        prompt: Prompt,
        limits: QuoteLimits,
        sampling: Sampling,
        affinity: UnitAffinity | None,
    ) -> None:
        self._model, self._session, self._limits = model, session, limits
        self._units = labelled_units(prompt)
        self._temperature, self._random = sampling.temperature, random.Random(sampling.seed)
        self._said: set[str] = set()
        self._quoted_law: Counter[int] = Counter()
        by_number = {passage.number: passage for passage in prompt.passages}
        units = [(by_number[unit.number], unit.unit.text) for unit in self._units]
        near = affinity(units) if affinity else [0.0] * len(units)
        self._first_score = -math.inf
        self._affinity = {unit.label: value for unit, value in zip(self._units, near, strict=True)}

    def run(self) -> Iterator[QuotedUnit]:
        by_role = {role: [unit for unit in self._units if unit.unit.role is role] for role in UnitRole}
        if any(by_role[role] for role in UnitRole if role is not UnitRole.BACKGROUND):
            by_role[UnitRole.BACKGROUND] = []
        for role in UnitRole:
            yield from self._role(by_role[role], self._limits.of(role))

    def _role(self, units: Sequence[LabelledUnit], limit: RoleLimits) -> Iterator[QuotedUnit]:
        self._quoted_law.clear()
        self._first_score = -math.inf
        for count in range(limit.most):
            # The same sentence may stand in two passages; said once is enough.
            free = [unit for unit in units if _bare(unit.unit.text) not in self._said]
            if not free:
                return
            chosen, logprob = self._choose(free, may_end=count >= limit.least)
            if chosen is None:
                return
            self._said.add(_bare(chosen.unit.text))
            if self._write(chosen, free):
                if chosen.unit.role is UnitRole.LAW:
                    self._quoted_law[chosen.number] += 1
                yield QuotedUnit(chosen.number, chosen.unit, logprob)

    def _choose(self, units: Sequence[LabelledUnit], may_end: bool) -> tuple[LabelledUnit | None, float]:
        """Return the unit chosen and its log-probability among ``units``; None where the model would rather end."""
        logprobs, end = self._session.label_logprobs([unit.label for unit in units])
        if may_end and end > max(logprobs):
            return None, end
        scores = [
            score + self._affinity[unit.label] - REPEATED_ARTICLE_COST * self._quoted_law[unit.number]
            for unit, score in zip(units, unit_scores(units, logprobs, self._session.judgements), strict=True)
        ]
        if may_end and max(scores) < self._first_score - END_MARGIN:
            return None, end
        total = _log_sum_exp(scores)
        if self._temperature > 0:
            weights = [math.exp((score - total) / self._temperature) for score in scores]
            place = self._random.choices(range(len(units)), weights)[0]
        else:
            place = max(range(len(units)), key=scores.__getitem__)
        self._first_score = max(self._first_score, scores[place])
        return units[place], scores[place] - total

    def _write(self, chosen: LabelledUnit, free: Sequence[LabelledUnit]) -> bool:
        """Let the model write the chosen line, confined to the lines of the units still free; say whether it did.

        It cannot write a NUL byte, for one; what was not written character for character is not an answer.
        """
        lines = {
            unit.label: Quotable(self._model.written_label(unit.label), unit.unit.text, unit.mark) for unit in free
        }
        line = lines[chosen.label].line
        return "".join(self._session.write(quote_grammar([*lines.values()]), draft=line)) == line


def unit_scores(
    units: Sequence[LabelledUnit], logprobs: Sequence[float], judgements: Mapping[int, float]
) -> list[float]:
    """Return what speaks for each unit, comparable among these units only.

    CHOICE_WEIGHT * log p(label) + JUDGEMENT_WEIGHT * log p(answers) + RETRIEVER_WEIGHT * -log(rank of its passage);
    what the retriever says of the sentence itself is added by the caller.
    The rank stands for the retriever's score because scores of different retrievers have different scales.
    """
    return [
        CHOICE_WEIGHT * logprob
        + JUDGEMENT_WEIGHT * _log_sigmoid(judgements.get(unit.label, 0.0))
        - RETRIEVER_WEIGHT * math.log(unit.rank)
        for unit, logprob in zip(units, logprobs, strict=True)
    ]


def _log_sigmoid(value: float) -> float:
    return -math.log1p(math.exp(-value)) if value > 0 else value - math.log1p(math.exp(value))


def _log_sum_exp(values: Sequence[float]) -> float:
    most = max(values)
    return most + math.log(sum(math.exp(value - most) for value in values))


def _bare(text: str) -> str:
    return "".join(text.split())
