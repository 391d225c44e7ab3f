"""Run B against run A over the cases that both answered: what got better, what worse, and whether it is chance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from assistant.evaluation.measures import judge_run
from assistant.evaluation.records import Change, Comparison, Difference, JudgedCase, Measure, Run
from assistant.evaluation.running import fingerprint
from assistant.evaluation.statistics import paired_difference

Pair = tuple[JudgedCase, JudgedCase]


def compare(a: Run, b: Run) -> Comparison:
    """Return B minus A, measure by measure and category by category, and every case whose figure changed.

    A case is compared by its id; one whose expectations changed between the runs is judged by each run's own.
    """
    before = {case.case.id: case for case in judge_run(a)}
    after = {case.case.id: case for case in judge_run(b)}
    pairs = [(before[id_], after[id_]) for id_ in before if id_ in after]
    categories = dict.fromkeys(pair[0].case.category for pair in pairs)
    changes = [change for pair in pairs for change in _changes(pair)]
    return Comparison(
        overall=differences(pairs),
        by_category={
            category: differences([pair for pair in pairs if pair[0].case.category == category])
            for category in categories
        },
        better=tuple(change for change in changes if _is_better(change)),
        worse=tuple(change for change in changes if not _is_better(change)),
        only_a=tuple(id_ for id_ in before if id_ not in after),
        only_b=tuple(id_ for id_ in after if id_ not in before),
        identical=fingerprint(a) == fingerprint(b),
    )


def differences(pairs: Sequence[Pair]) -> tuple[Difference, ...]:
    """Return the difference in each measure over the pairs in which both cases have it."""
    found = []
    for measure in Measure:
        both = [(a.scores[measure], b.scores[measure]) for a, b in pairs if measure in a.scores and measure in b.scores]
        if both:
            found.append(_difference(measure, [a for a, _ in both], [b for _, b in both]))
    return tuple(found)


def _difference(measure: Measure, a: Sequence[float], b: Sequence[float]) -> Difference:
    change, p_value = paired_difference(a, b)
    return Difference(
        measure=measure,
        mean_a=sum(a) / len(a),
        mean_b=sum(b) / len(b),
        difference=change.mean,
        low=change.low,
        high=change.high,
        p_value=p_value,
        count=len(a),
    )


def _changes(pair: Pair) -> Iterable[Change]:
    before, after = pair
    for measure in Measure:
        if measure in before.scores and measure in after.scores and before.scores[measure] != after.scores[measure]:
            yield Change(
                before.case.id,
                before.case.category,
                before.case.question,
                measure,
                before.scores[measure],
                after.scores[measure],
            )


def _is_better(change: Change) -> bool:
    return (change.after > change.before) != change.measure.lower_is_better


def changes_by_case(changes: Sequence[Change]) -> Mapping[str, tuple[Change, ...]]:
    """Return the changes of each case together, in order of first appearance."""
    grouped: dict[str, tuple[Change, ...]] = {}
    for change in changes:
        grouped[change.case_id] = (*grouped.get(change.case_id, ()), change)
    return grouped
