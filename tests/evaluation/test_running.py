"""Runs: every answer stored at once, taken up where they stopped, the same every time but for the clock."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from assistant.errors import BadEvaluationFile, QuestionRefused
from assistant.evaluation.records import EvaluationCase, Json, QuestionSet, Run, RunHeader
from assistant.evaluation.running import (
    fingerprint,
    finish_run,
    load_run,
    new_header,
    run_folder_name,
    start_run,
    stored_runs,
    threads_for,
)
from assistant.records import AnswerMode, DeclineReason
from assistant.settings import Settings
from tests.evaluation.doubles import RightAnswerer

CASES = (
    EvaluationCase("a", "骚扰怎么罚", category="lay", answerable=True, gold=(("治安管理处罚法第五十条",),)),
    EvaluationCase(
        "b", "上海天气", category="far", answerable=False, decline_reason=DeclineReason.OUT_OF_SCOPE, history=("你好",)
    ),
    EvaluationCase("c", "那时怎么罚", as_of=date(2025, 12, 31), answerable=True, gold=(("治安管理处罚法第四十二条",),)),
)
SET = QuestionSet("small", "0" * 64, CASES)


def header(answerer: RightAnswerer, **changes: object) -> RunHeader:
    made = new_header(SET, CASES, answerer.ingredients(), AnswerMode.QUOTE, None)
    return replace(made, **changes)  # type: ignore[arg-type]  # each test names fields of its own


def nothing(done: int, total: int) -> None:
    pass


def whole_run(folder: Path, answerer: RightAnswerer) -> Run:
    return finish_run(start_run(folder, header(answerer), CASES), answerer, nothing)


class StopsAt(RightAnswerer):
    """Someone presses Ctrl-C at a case."""

    def __init__(self, case_id: str) -> None:
        super().__init__()
        self.case_id = case_id

    def answer(self, case: EvaluationCase, mode: AnswerMode, as_of: date | None) -> Json:
        if case.id == self.case_id:
            raise KeyboardInterrupt
        return super().answer(case, mode, as_of)


class Clockwork(RightAnswerer):
    """The same answers, in other times."""

    def answer(self, case: EvaluationCase, mode: AnswerMode, as_of: date | None) -> Json:
        answer = super().answer(case, mode, as_of)
        return {**answer, "timings": {**answer["timings"], "total_ms": 999.0}}


def test_a_run_read_back_has_cases_and_answers_as_they_were(tmp_path: Path) -> None:
    run = whole_run(tmp_path, RightAnswerer())
    assert run.complete
    assert run.cases == CASES
    assert [result.case_id for result in run.results] == ["a", "b", "c"]
    assert [result.answer.declined for result in run.results if result.answer] == [False, True, False]
    assert load_run(tmp_path) == run


def test_two_runs_of_the_same_settings_are_identical_but_for_timings(tmp_path: Path) -> None:
    first = whole_run(tmp_path / "first", RightAnswerer())
    second = whole_run(tmp_path / "second", Clockwork())
    assert fingerprint(first) == fingerprint(second)
    (tmp_path / "first" / "answers.jsonl").write_text(
        (tmp_path / "first" / "answers.jsonl").read_text(encoding="utf-8").replace("一千元", "五百元"), encoding="utf-8"
    )
    assert fingerprint(load_run(tmp_path / "first")) != fingerprint(second)


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    straight = whole_run(tmp_path / "straight", RightAnswerer())
    stopping = StopsAt("c")
    with pytest.raises(KeyboardInterrupt):
        whole_run(tmp_path / "stopped", stopping)
    assert not load_run(tmp_path / "stopped").complete
    second = RightAnswerer()
    resumed = whole_run(tmp_path / "stopped", second)
    assert (stopping.asked, second.asked) == (["a", "b"], ["c"])
    assert fingerprint(resumed) == fingerprint(straight)


def test_a_line_cut_short_by_a_crash_is_asked_again(tmp_path: Path) -> None:
    straight = whole_run(tmp_path, RightAnswerer())
    answers = tmp_path / "answers.jsonl"
    answers.write_bytes(answers.read_bytes()[:-40])
    assert [result.case_id for result in load_run(tmp_path).results] == ["a", "b"]
    second = RightAnswerer()
    assert fingerprint(whole_run(tmp_path, second)) == fingerprint(straight)
    assert second.asked == ["c"]


def test_a_run_is_not_taken_up_with_other_ingredients(tmp_path: Path) -> None:
    answerer = RightAnswerer()
    whole_run(tmp_path, answerer)
    other = header(answerer, model_sha256="f" * 64, started="later")
    with pytest.raises(BadEvaluationFile, match="other model_sha256; name another --out"):
        start_run(tmp_path, other, CASES)
    assert start_run(tmp_path, other, CASES, fresh=True).results == ()


def test_the_folder_is_named_by_what_decides_the_answers() -> None:
    answerer = RightAnswerer()
    made = header(answerer)
    assert run_folder_name(made) == run_folder_name(replace(made, started="x", machine="y"))
    assert run_folder_name(made) != run_folder_name(replace(made, settings_sha256="x"))
    assert run_folder_name(made).startswith("small-quote-")


class Refuses(RightAnswerer):
    """The first question is refused, as a user would see it."""

    def answer(self, case: EvaluationCase, mode: AnswerMode, as_of: date | None) -> Json:
        if case.id == "a":
            raise QuestionRefused("the question is empty")
        return super().answer(case, mode, as_of)


def test_an_error_that_a_user_would_see_is_stored_and_the_run_goes_on(tmp_path: Path) -> None:
    run = whole_run(tmp_path, Refuses())
    assert run.complete
    assert run.results[0].error == "QuestionRefused: the question is empty"
    assert run.results[0].answer is None


class Breaks(RightAnswerer):
    def answer(self, case: EvaluationCase, mode: AnswerMode, as_of: date | None) -> Json:
        raise ZeroDivisionError


def test_a_bug_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        whole_run(tmp_path, Breaks())


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("run.json", "{", "cannot be read as JSON"),
        ("run.json", '{"format": 0}', "not an evaluation run of this version"),
        ("answers.jsonl", "{]\n", "line 1: not JSON"),
        ("answers.jsonl", '{"id": "a", "answer": {}}\n', "the answer to a is not ours"),
    ],
)
def test_a_damaged_run_is_refused_in_one_line(tmp_path: Path, file: str, content: str, message: str) -> None:
    whole_run(tmp_path, RightAnswerer())
    (tmp_path / file).write_text(content, encoding="utf-8")
    with pytest.raises(BadEvaluationFile, match=message):
        load_run(tmp_path)


def test_a_folder_without_a_run_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BadEvaluationFile, match="holds no evaluation run.*faju eval run"):
        load_run(tmp_path)


def test_stored_runs_lists_the_newest_last(tmp_path: Path) -> None:
    for name in ("b", "a"):
        whole_run(tmp_path / name, RightAnswerer())
    assert [folder.name for folder in stored_runs(tmp_path)] == ["b", "a"]


def test_processes_share_the_processors_unless_threads_were_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    settings = Settings(home=Path("h"), index=Path("i"))
    assert threads_for(1, settings).threads == 0
    assert threads_for(4, settings).threads == 2
    assert threads_for(4, replace(settings, threads=3)).threads == 3


def test_stored_answers_carry_ranking_and_hashes(tmp_path: Path) -> None:
    whole_run(tmp_path, RightAnswerer())
    stored = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert stored["settings_sha256"] == "s" * 64
    assert stored["model_sha256"] == "m" * 64
    assert stored["index"]["corpus_sha256"] == "c" * 64
    line = json.loads((tmp_path / "answers.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert line["hits"][0]["article"] == "第五十条"
    assert line["answer"]["removed"] == []
