from __future__ import annotations

import pytest

from assistant.safety import emergency_advice, load_rules


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("催收天天打电话，我真的不想活了", "12356"),
        ("欠了网贷想 自 杀 怎么办", "12356"),
        ("他们拿刀上门要债", "110"),
        ("催收的人说要弄死我全家，还打我妈电话", "110"),
        ("要债的把我关在办公室不让走", "12110"),
        ("They threatened to kill me", "110"),
        ("I want to die because of the calls", "12356"),
    ],
)
def test_danger_puts_the_number_to_call_on_top(question: str, number: str) -> None:
    assert number in emergency_advice(question)


@pytest.mark.parametrize(
    "question",
    [
        "催收打我妈电话违法吗",
        "他们一直打我手机",
        "非法拘禁罪怎么判",
        "催收给我通讯录里的人群发短信，违法吗？",
        "老打我单位的电话怎么办",
    ],
)
def test_an_ordinary_question_shows_no_alarm(question: str) -> None:
    assert emergency_advice(question) == ""


def test_advice_names_each_number_of_its_rule_in_both_languages() -> None:
    for rule in load_rules():
        for language in ("zh", "en"):
            assert all(number in rule.advice[language] for number in rule.numbers)
