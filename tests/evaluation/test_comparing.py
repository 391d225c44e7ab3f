"""Two runs side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.evaluation.cases import load_question_set, spread
from assistant.evaluation.comparing import changes_by_case, compare
from assistant.evaluation.records import Measure, Run
from assistant.evaluation.reporting import comparison_json, comparison_markdown
from assistant.evaluation.running import finish_run, new_header, start_run
from assistant.records import AnswerMode
from tests.evaluation.doubles import NeverDeclining, RandomRetriever, RightAnswerer

SET = load_question_set(Path(__file__).parent / "questions.jsonl")
CASES = spread(SET.cases, 60)


def run_of(answerer: RightAnswerer, folder: Path, count: int = 60) -> Run:
    header = new_header(SET, CASES[:count], answerer.ingredients(), AnswerMode.QUOTE, None)
    return finish_run(start_run(folder, header, CASES[:count]), answerer, lambda done, total: None)


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_of(RightAnswerer(), tmp_path_factory.mktemp("right"))


def test_a_run_against_its_twin_is_identical(right: Run, tmp_path: Path) -> None:
    comparison = compare(right, run_of(RightAnswerer(), tmp_path))
    assert comparison.identical
    assert {difference.difference for difference in comparison.overall} == {0.0}
    assert {difference.p_value for difference in comparison.overall} == {1.0}
    assert (comparison.better, comparison.worse) == ((), ())
    assert comparison_markdown(comparison, "en") == "Apart from timings the runs are identical.\n"


def test_what_got_worse_is_named_with_its_interval_and_p_value(right: Run, tmp_path: Path) -> None:
    comparison = compare(right, run_of(RandomRetriever(), tmp_path))
    recall = next(difference for difference in comparison.overall if difference.measure is Measure.RECALL_AT_10)
    assert recall.mean_a == 1.0
    assert recall.mean_b < 0.1
    assert recall.low <= recall.difference <= recall.high < 0
    assert recall.p_value < 0.001
    assert comparison.better == ()
    assert {change.measure for change in comparison.worse} >= {Measure.RECALL_AT_10, Measure.GOLD_CITED}


def test_a_refusal_missed_is_worse_although_its_figure_rises(right: Run, tmp_path: Path) -> None:
    comparison = compare(right, run_of(NeverDeclining(), tmp_path))
    assert comparison.better == ()
    assert {(change.measure, change.before, change.after) for change in comparison.worse} == {
        (Measure.MISSED_REFUSAL, 0.0, 1.0)
    }
    unanswerable = {case.id for case in CASES if case.answerable is False}
    assert set(changes_by_case(comparison.worse)) == unanswerable


def test_differences_by_category_cover_every_case_once(right: Run, tmp_path: Path) -> None:
    comparison = compare(right, run_of(RandomRetriever(), tmp_path))
    overall = next(d for d in comparison.overall if d.measure is Measure.GOLD_CITED)
    by_category = [d for ds in comparison.by_category.values() for d in ds if d.measure is Measure.GOLD_CITED]
    assert sum(difference.count for difference in by_category) == overall.count
    assert sum(d.difference * d.count for d in by_category) == pytest.approx(overall.difference * overall.count)


def test_cases_of_one_run_alone_are_named_and_not_compared(right: Run, tmp_path: Path) -> None:
    comparison = compare(right, run_of(RightAnswerer(), tmp_path, count=50))
    assert comparison.only_a == tuple(case.id for case in CASES[50:])
    assert comparison.only_b == ()


def test_a_comparison_says_the_same_as_json_and_as_a_table(right: Run, tmp_path: Path) -> None:
    other = run_of(RandomRetriever(), tmp_path)
    comparison = compare(right, other)
    row = next(d for d in comparison_json(right, other, comparison)["overall"] if d["measure"] == "gold_cited")
    assert f"| {row['difference']:+.3f} |" in comparison_markdown(comparison, "zh")
    assert "**变差**" in comparison_markdown(comparison, "zh")
