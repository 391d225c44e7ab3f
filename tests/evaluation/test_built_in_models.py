"""The program itself, with its built-in models: held against the committed floors, and the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from assistant.evaluation.cases import load_question_set, spread
from assistant.evaluation.gate import gate_cases, pin_problem, read_floors, shortfalls
from assistant.evaluation.measures import judge_run
from assistant.evaluation.records import EvaluationCase, QuestionSet, Run
from assistant.evaluation.running import (
    AssistantAnswerer,
    finish_run,
    new_header,
    open_answerer,
    start_run,
)
from assistant.evaluation.summing import summarise
from assistant.records import AnswerMode
from assistant.settings import load_settings

HERE = Path(__file__).parent
READERS = tuple((HERE.parents[1] / "assistant" / "models").glob("*.gguf"))

pytestmark = [
    pytest.mark.models,
    pytest.mark.skipif(not READERS, reason="assistant/models holds no reader"),
]


@pytest.fixture(scope="module")
def question_set() -> QuestionSet:
    return load_question_set(HERE / "questions.jsonl")


@pytest.fixture(scope="module")
def faju(tmp_path_factory: pytest.TempPathFactory) -> AssistantAnswerer:
    # One thread: answers are the same, and on a busy machine two wait for each other (0.5 s of processor an answer
    # became 2.4 s with others at work).
    environment = {"FAJU_HOME": str(tmp_path_factory.mktemp("home")), "FAJU_THREADS": "1"}
    return open_answerer(load_settings(environment), AnswerMode.QUOTE)


def run_of(faju: AssistantAnswerer, questions: QuestionSet, cases: Sequence[EvaluationCase], folder: Path) -> Run:
    header = new_header(questions, cases, faju.ingredients(), AnswerMode.QUOTE, None)
    return finish_run(start_run(folder, header, cases), faju, lambda done, total: None)


def test_the_built_in_models_keep_every_floor(
    faju: AssistantAnswerer, question_set: QuestionSet, tmp_path: Path
) -> None:
    """Fails with the corpus or the questions changed: look at the figures, then ``faju eval gate --update``."""
    floors = read_floors(HERE / "floors.json")
    if floors is None:
        pytest.skip("no floors are committed yet")
    run = run_of(faju, question_set, gate_cases(question_set), tmp_path)
    assert pin_problem(floors, run) is None
    assert [str(shortfall) for shortfall in shortfalls(floors, summarise(run, judge_run(run)))] == []


def test_the_same_questions_are_answered_the_same_whatever_was_asked_before(
    faju: AssistantAnswerer, question_set: QuestionSet, tmp_path: Path
) -> None:
    cases = spread(question_set.cases, 10)
    first = run_of(faju, question_set, cases, tmp_path / "first")
    backwards = run_of(faju, question_set, cases[::-1], tmp_path / "backwards")
    assert {result.case_id: _answer(result.raw) for result in first.results} == {
        result.case_id: _answer(result.raw) for result in backwards.results
    }


def _answer(raw: dict[str, object]) -> object:
    answer = raw["answer"]
    assert isinstance(answer, dict)
    return {key: value for key, value in answer.items() if key != "timings"}
