"""The optional judge: what it is asked, what its verdicts are worth."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.evaluation.judging import (
    JUDGE_SYSTEM,
    agreement,
    ask_judge,
    verdict_file,
    write_verdicts,
)
from assistant.evaluation.measures import judge_run
from assistant.evaluation.records import EvaluationCase, Fault, JudgedCase, QuestionSet, Run, Verdict
from assistant.evaluation.running import finish_run, new_header, start_run
from assistant.records import AnswerMode, DeclineReason, PartKind
from tests.assistant.scripted_model import ScriptedModel
from tests.evaluation.doubles import RightAnswerer

CASES = (
    EvaluationCase("a", "骚扰怎么罚", history=("你好",), answerable=True, gold=(("治安管理处罚法第五十条",),)),
    EvaluationCase("b", "上海天气", answerable=False, decline_reason=DeclineReason.OUT_OF_SCOPE),
    EvaluationCase("c", "隐私是什么", answerable=True, gold=(("民法典第一千零三十二条",),)),
)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    answerer = RightAnswerer()
    header = new_header(QuestionSet("s", "0" * 64, CASES), CASES, answerer.ingredients(), AnswerMode.QUOTE, None)
    return finish_run(start_run(tmp_path, header, CASES), answerer, lambda done, total: None)


def test_the_judge_is_asked_about_answers_and_not_about_refusals(run: Run) -> None:
    model = ScriptedModel("是")
    verdicts = ask_judge(model, judge_run(run), lambda done, total: None)
    assert verdicts == (Verdict("a", True), Verdict("c", True))
    assert model.grammars == ['root ::= "是" | "否"'] * 2
    assert ask_judge(ScriptedModel("否"), judge_run(run), lambda done, total: None)[0] == Verdict("a", False)


def test_question_and_answer_reach_the_judge_as_data(run: Run) -> None:
    model = ScriptedModel("是")
    ask_judge(model, judge_run(run), lambda done, total: None)
    prompt = model.prompts[0]
    data = [part.text for part in prompt.parts if part.kind is PartKind.DATA]
    assert data[0] == "你好\n骚扰怎么罚"
    assert "处五日以下拘留或者一千元以下罚款" in data[1]
    assert prompt.system == JUDGE_SYSTEM
    assert "".join(part.text for part in prompt.parts) == prompt.user


def test_agreement_is_that_worked_out_by_hand(run: Run) -> None:
    """Ten answers: both yes 4, both no 3, the judge alone 2, the code alone 1. Expected: 0.6*0.5 + 0.4*0.5 = 0.5."""
    sound = judge_run(run)[0]
    pairs = [(True, True)] * 4 + [(False, False)] * 3 + [(True, False)] * 2 + [(False, True)]
    judged: list[JudgedCase] = []
    for number, (_, code) in enumerate(pairs):
        case = replace(sound.case, id=str(number))
        judged.append(replace(sound, case=case, fault=Fault.NONE if code else Fault.CHOICE))
    verdicts = [Verdict(str(number), said) for number, (said, _) in enumerate(pairs)]
    found = agreement(judged, verdicts)
    assert (found.count, found.judge_yes, found.code_yes, found.share) == (10, 6, 5, 0.7)
    assert found.kappa == pytest.approx(0.4)


def test_a_judge_that_approves_everything_agrees_no_better_than_chance(run: Run) -> None:
    judged = judge_run(run)
    assert agreement(judged, [Verdict("a", True), Verdict("c", True)]).kappa == 0.0
    with pytest.raises(ValueError, match="no verdict"):
        agreement(judged, [])


def test_verdicts_are_stored_in_the_run_under_the_model_that_gave_them(run: Run) -> None:
    file = verdict_file(run, "f" * 64)
    write_verdicts(file, (Verdict("a", True), Verdict("c", False)))
    assert file == run.folder / "judge-ffffffffff.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert rows == [{"id": "a", "addresses": True}, {"id": "c", "addresses": False}]
