"""Floors under the figures: a change that makes answers worse does not pass unnoticed.

The floors are pinned to the question set and to the corpus: with either changed, old figures say nothing, and the
gate asks to be updated. Lowering a floor is a decision that ``--allow-regression`` names.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import BadEvaluationFile
from assistant.evaluation.cases import spread
from assistant.evaluation.records import EvaluationCase, Json, Measure, QuestionSet, Run, Split, Summary

FORMAT = 1
# How many development questions the gate asks: half a minute on one core. The test questions are left for the final
# figures.
GATE_CASES = 60
# A floor stands this far below what was measured: another processor rounds differently and may flip a tie.
MARGIN = 0.02
# A quotation that differs from its source, or old law shown as current, is a bug at any rate.
_WITHOUT_MARGIN = {Measure.QUOTE_FIDELITY, Measure.CITATION_RECALL, Measure.CITATION_PRECISION}
# ``gold_share`` punishes right sources that nobody listed; ``reason_right`` covers few cases.
_NOT_GATED = {Measure.GOLD_SHARE, Measure.REASON_RIGHT, Measure.RECALL_AT_5}


@dataclass(frozen=True, slots=True)
class Floors:
    """The figures to be kept: at least the floor, or at most the ceiling where lower is better."""

    set_sha256: str
    corpus_sha256: str
    case_count: int
    measured: str  # the day
    limits: Mapping[Measure, float]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A measure beyond its floor or ceiling."""

    measure: Measure
    limit: float
    reached: float

    def __str__(self) -> str:
        side = "above the ceiling" if self.measure.lower_is_better else "below the floor"
        return f"{self.measure.value} is {self.reached:.3f}, {side} {self.limit:.3f}"


def gate_cases(question_set: QuestionSet) -> tuple[EvaluationCase, ...]:
    """Return the questions that the gate asks: development questions, spread over categories and topics."""
    development = [case for case in question_set.cases if case.split is not Split.TEST]
    return spread(development, GATE_CASES)


def shortfalls(floors: Floors, summary: Summary) -> tuple[Shortfall, ...]:
    """Return every measure that does not keep its floor; one that can no longer be measured does not keep it."""
    found = []
    for measure, limit in floors.limits.items():
        estimate = summary.overall.get(measure)
        worst = 1.0 if measure.lower_is_better else 0.0
        reached = estimate.mean if estimate else worst
        if _beyond(measure, reached, limit):
            found.append(Shortfall(measure, limit, reached))
    return tuple(found)


def _beyond(measure: Measure, reached: float, limit: float) -> bool:
    # Sums of the same terms in another order differ in the last digits.
    return reached > limit + 1e-9 if measure.lower_is_better else reached < limit - 1e-9


def pin_problem(floors: Floors, run: Run) -> str | None:
    """Return why the floors do not speak of this run, None where they do."""
    if floors.set_sha256 != run.header.set_sha256:
        return "the floors were measured with another question set"
    if floors.corpus_sha256 != run.header.index.get("corpus_sha256"):
        return "the floors were measured with another corpus"
    if floors.case_count != len(run.cases):
        return f"the floors were measured over {floors.case_count} questions, not {len(run.cases)}"
    return None


def floors_from(run: Run, summary: Summary, old: Floors | None = None) -> Floors:
    """Return floors just below what the run reached; an old one that is kept and stands closer stays."""
    limits = {
        measure: _closest(measure, summary.overall[measure].mean, old)
        for measure in Measure
        if measure in summary.overall and measure not in _NOT_GATED
    }
    return Floors(
        set_sha256=run.header.set_sha256,
        corpus_sha256=str(run.header.index.get("corpus_sha256", "")),
        case_count=len(run.cases),
        measured=run.header.day.isoformat(),
        limits=limits,
    )


def _limit(measure: Measure, reached: float) -> float:
    margin = 0.0 if measure in _WITHOUT_MARGIN else MARGIN
    if measure.lower_is_better:
        return min(1.0, math.ceil((reached + margin) * 1000 - 1e-6) / 1000)
    return max(0.0, math.floor((reached - margin) * 1000 + 1e-6) / 1000)


def _closest(measure: Measure, reached: float, old: Floors | None) -> float:
    limit = _limit(measure, reached)
    kept = old.limits.get(measure) if old else None
    if kept is None or _beyond(measure, reached, kept):
        return limit
    return min(limit, kept) if measure.lower_is_better else max(limit, kept)


def lowered(old: Floors, new: Floors) -> tuple[Shortfall, ...]:
    """Return the floors that ``new`` gives up (or ceilings that it raises), each with its new value as reached."""
    found = []
    for measure, limit in old.limits.items():
        worst = 1.0 if measure.lower_is_better else 0.0
        value = new.limits.get(measure, worst)
        if _beyond(measure, value, limit):
            found.append(Shortfall(measure, limit, value))
    return tuple(found)


def read_floors(file: Path) -> Floors | None:
    """Return the floors of a file, None where there is no file. Raises BadEvaluationFile for one that is not ours."""
    try:
        row = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise BadEvaluationFile(f"{file}: cannot be read as JSON: {error}") from error
    try:
        if row["format"] != FORMAT:
            raise BadEvaluationFile(f"{file}: has format {row['format']}, this program reads {FORMAT}")
        limits = {Measure(name): float(value) for name, value in row["limits"].items()}
        return Floors(row["set_sha256"], row["corpus_sha256"], row["case_count"], row["measured"], limits)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadEvaluationFile(f"{file}: holds no floors ({error!r}); make it with faju eval gate --update") from error


def write_floors(file: Path, floors: Floors) -> None:
    """Write the floors, one a line, so that a change of one is a change of one line."""
    row: Json = {
        "format": FORMAT,
        "measured": floors.measured,
        "set_sha256": floors.set_sha256,
        "corpus_sha256": floors.corpus_sha256,
        "case_count": floors.case_count,
        "limits": {measure.value: limit for measure, limit in floors.limits.items()},
    }
    file.write_text(json.dumps(row, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def regression_text(changes: Sequence[Shortfall]) -> str:
    """Return the floors that would be lowered, in one line."""
    return "; ".join(f"{change.measure.value} {change.limit:.3f} → {change.reached:.3f}" for change in changes)
