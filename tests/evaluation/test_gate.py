"""The gate: a right answerer passes, and each way of being broken is caught. No model is loaded here."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import BadEvaluationFile
from assistant.evaluation.cases import load_question_set
from assistant.evaluation.gate import (
    Floors,
    floors_from,
    gate_cases,
    lowered,
    pin_problem,
    read_floors,
    shortfalls,
    write_floors,
)
from assistant.evaluation.measures import judge_run
from assistant.evaluation.records import Estimate, Measure, QuestionSet, Run, Split, Summary
from assistant.evaluation.running import finish_run, new_header, start_run
from assistant.evaluation.summing import summarise
from assistant.records import AnswerMode
from tests.evaluation.doubles import NeverDeclining, RandomCiter, RandomRetriever, RightAnswerer

HERE = Path(__file__).parent
COMMITTED = HERE / "floors.json"


@pytest.fixture(scope="module")
def question_set() -> QuestionSet:
    return load_question_set(HERE / "questions.jsonl")


def run_of(answerer: RightAnswerer, question_set: QuestionSet, folder: Path) -> tuple[Run, Summary]:
    cases = gate_cases(question_set)
    header = new_header(question_set, cases, answerer.ingredients(), AnswerMode.QUOTE, None)
    run = finish_run(start_run(folder, header, cases), answerer, lambda done, total: None)
    return run, summarise(run, judge_run(run))


@pytest.fixture(scope="module")
def right(question_set: QuestionSet, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Summary]:
    return run_of(RightAnswerer(), question_set, tmp_path_factory.mktemp("right"))


def caught(floors: Floors, answerer: RightAnswerer, question_set: QuestionSet, folder: Path) -> set[Measure]:
    _, summary = run_of(answerer, question_set, folder)
    return {shortfall.measure for shortfall in shortfalls(floors, summary)}


def test_the_gate_asks_development_questions_of_every_category(question_set: QuestionSet) -> None:
    asked = gate_cases(question_set)
    assert len(asked) == 60
    assert {case.split for case in asked} == {Split.DEVELOPMENT}
    assert {case.category for case in asked} == {case.category for case in question_set.cases}


def test_an_answerer_that_is_right_by_construction_reaches_the_top(right: tuple[Run, Summary]) -> None:
    """Were a case's expectations impossible to meet, or a measure unfair, it would show here."""
    run, summary = right
    short = {m: e.mean for m, e in summary.overall.items() if e.mean != (0.0 if m.lower_is_better else 1.0)}
    # Facts of several alternatives and the ideal order of groups are all that it may miss.
    assert short == {}
    assert [case.why for case in judge_run(run) if case.fault.value != "none"] == []
    assert shortfalls(floors_from(run, summary), summary) == ()


@pytest.mark.parametrize("floors_are", ["committed", "those of the right answerer"])
def test_a_retriever_that_gives_random_passages_is_caught(
    question_set: QuestionSet, right: tuple[Run, Summary], tmp_path: Path, floors_are: str
) -> None:
    floors = _floors(floors_are, right)
    assert {Measure.RECALL_AT_10, Measure.NDCG_AT_10, Measure.GOLD_CITED} <= caught(
        floors, RandomRetriever(), question_set, tmp_path
    )


@pytest.mark.parametrize("floors_are", ["committed", "those of the right answerer"])
def test_a_model_that_cites_at_random_is_caught(
    question_set: QuestionSet, right: tuple[Run, Summary], tmp_path: Path, floors_are: str
) -> None:
    floors = _floors(floors_are, right)
    assert {Measure.CITATION_RECALL, Measure.CITATION_PRECISION, Measure.QUOTE_FIDELITY} <= caught(
        floors, RandomCiter(), question_set, tmp_path
    )


@pytest.mark.parametrize("floors_are", ["committed", "those of the right answerer"])
def test_a_model_that_never_declines_is_caught(
    question_set: QuestionSet, right: tuple[Run, Summary], tmp_path: Path, floors_are: str
) -> None:
    floors = _floors(floors_are, right)
    assert caught(floors, NeverDeclining(), question_set, tmp_path) == {Measure.MISSED_REFUSAL}


def _floors(which: str, right: tuple[Run, Summary]) -> Floors:
    if which != "committed":
        return floors_from(*right)
    floors = read_floors(COMMITTED)
    if floors is None:
        pytest.skip("no floors are committed yet")
    return floors


# --- pins and updates -------------------------------------------------------------------------------------------------


def summary_with(right: tuple[Run, Summary], **means: float) -> Summary:
    changed = {Measure(name): Estimate(mean, 0.0, 1.0, 60) for name, mean in means.items()}
    return replace(right[1], overall={**right[1].overall, **changed})


def test_floors_speak_only_of_the_set_and_corpus_they_were_measured_with(right: tuple[Run, Summary]) -> None:
    run, summary = right
    floors = floors_from(run, summary)
    assert pin_problem(floors, run) is None
    assert "another question set" in (pin_problem(replace(floors, set_sha256="x"), run) or "")
    assert "another corpus" in (pin_problem(replace(floors, corpus_sha256="x"), run) or "")
    assert "over 5 questions, not 60" in (pin_problem(replace(floors, case_count=5), run) or "")


def test_a_floor_stands_two_points_below_what_was_reached_and_a_ceiling_above(right: tuple[Run, Summary]) -> None:
    run, _ = right
    limits = floors_from(run, summary_with(right, gold_cited=0.7, missed_refusal=0.05)).limits
    assert limits[Measure.GOLD_CITED] == pytest.approx(0.68)
    assert limits[Measure.MISSED_REFUSAL] == pytest.approx(0.07)
    assert limits[Measure.QUOTE_FIDELITY] == 1.0


def test_an_update_keeps_a_closer_floor_that_still_holds(right: tuple[Run, Summary]) -> None:
    run, _ = right
    old = floors_from(run, summary_with(right, gold_cited=0.70))
    new = floors_from(run, summary_with(right, gold_cited=0.69), old)
    assert new.limits[Measure.GOLD_CITED] == old.limits[Measure.GOLD_CITED]
    assert lowered(old, new) == ()


def test_an_update_that_lowers_a_floor_is_told(right: tuple[Run, Summary]) -> None:
    run, _ = right
    old = floors_from(run, summary_with(right, gold_cited=0.70, missed_refusal=0.05))
    new = floors_from(run, summary_with(right, gold_cited=0.60, missed_refusal=0.20), old)
    assert [str(change) for change in lowered(old, new)] == [
        "gold_cited is 0.580, below the floor 0.680",
        "missed_refusal is 0.220, above the ceiling 0.070",
    ]


def test_a_measure_that_can_no_longer_be_measured_is_below_its_floor(right: tuple[Run, Summary]) -> None:
    run, summary = right
    without = replace(summary, overall={m: e for m, e in summary.overall.items() if m is not Measure.QUOTE_FIDELITY})
    assert [short.measure for short in shortfalls(floors_from(run, summary), without)] == [Measure.QUOTE_FIDELITY]


def test_floors_read_back_are_those_written(right: tuple[Run, Summary], tmp_path: Path) -> None:
    floors = floors_from(*right)
    write_floors(tmp_path / "floors.json", floors)
    assert read_floors(tmp_path / "floors.json") == floors
    assert read_floors(tmp_path / "none.json") is None


@pytest.mark.parametrize("content", ["{", "[]", "{}", json.dumps({"format": 1, "limits": {"beauty": 1}})])
def test_a_file_that_holds_no_floors_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "floors.json").write_text(content, encoding="utf-8")
    with pytest.raises(BadEvaluationFile, match=r"floors\.json"):
        read_floors(tmp_path / "floors.json")
