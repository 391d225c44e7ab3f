"""The figures of a run: means with intervals over all cases and by category, speed, memory, faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from assistant.evaluation.records import Estimate, Fault, JudgedCase, Measure, Run, Spread, Summary
from assistant.evaluation.running import fingerprint
from assistant.evaluation.statistics import estimate, spread_of


def summarise(run: Run, judged: Sequence[JudgedCase]) -> Summary:
    """Return the figures of a run; a measure that applies to no case is absent."""
    categories = dict.fromkeys(case.case.category for case in judged)
    memory = [case.result.peak_memory_mb for case in judged if case.result.peak_memory_mb is not None]
    return Summary(
        overall=estimates(judged),
        by_category={
            category: estimates([case for case in judged if case.case.category == category]) for category in categories
        },
        speed=_speed(judged),
        peak_memory_mb=max(memory, default=None),
        faults=dict(Counter(case.fault for case in judged)),
        fingerprint=fingerprint(run),
    )


def estimates(judged: Iterable[JudgedCase]) -> Mapping[Measure, Estimate]:
    """Return the mean of each measure over the cases that have it."""
    values: dict[Measure, list[float]] = {}
    for case in judged:
        for measure, score in case.scores.items():
            values.setdefault(measure, []).append(score)
    return {measure: estimate(values[measure]) for measure in Measure if measure in values}


def _speed(judged: Sequence[JudgedCase]) -> Mapping[str, Spread]:
    """Milliseconds and tokens a second over answers; a declined one has no first sentence and no tokens."""
    answers = [case.result.answer for case in judged if case.result.answer]
    quantities: dict[str, list[float | None]] = {
        "retrieve_ms": [answer.retrieve_ms for answer in answers],
        "first_sentence_ms": [answer.first_sentence_ms for answer in answers],
        "total_ms": [answer.total_ms for answer in answers],
        "tokens_per_second": [answer.tokens_per_second for answer in answers],
    }
    known = {name: [value for value in values if value is not None] for name, values in quantities.items()}
    return {name: spread_of(values) for name, values in known.items() if values}


def faults_in(judged: Iterable[JudgedCase]) -> tuple[JudgedCase, ...]:
    """Return the cases with which something went wrong, by fault and then in the set's order."""
    order = list(Fault)
    return tuple(sorted((case for case in judged if case.fault is not Fault.NONE), key=lambda c: order.index(c.fault)))
