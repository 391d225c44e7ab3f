from __future__ import annotations

from datetime import date

import pytest

from assistant.followups import is_follow_up, named_day, understand
from assistant.records import Turn

TODAY = date(2026, 11, 24)
FIRST = Turn("催收给我通讯录里的人群发短信，违法吗？")


@pytest.mark.parametrize(
    ("question", "day"),
    [
        ("如果是2025年的事呢？", date(2025, 12, 31)),
        ("2025年11月发生的，怎么处罚", date(2025, 11, 30)),
        ("按2025年12月31日的法律，罚多少", date(2025, 12, 31)),
        ("去年的事还能追究吗", date(2025, 12, 31)),
        ("今年的事", TODAY),
        ("What was the fine in 2025?", date(2025, 12, 31)),
        ("我2019年借的网贷，现在催收打我妈电话", None),
        ("如果是2025年13月的事", date(2025, 12, 31)),
        ("催收违法吗", None),
    ],
)
def test_the_day_counts_only_where_the_matter_is_of_that_day(question: str, day: date | None) -> None:
    assert named_day(question, TODAY) == day


def test_an_ellipsis_takes_its_subject_from_the_last_whole_question() -> None:
    understood = understand("那最多拘留几天？", [FIRST], TODAY)
    assert understood.rewritten == "催收给我通讯录里的人群发短信，违法吗？最多拘留几天？"
    again = understand("那罚款呢？", [FIRST, Turn("那最多拘留几天？")], TODAY)
    assert again.text == "催收给我通讯录里的人群发短信，违法吗？罚款呢？"


def test_a_day_alone_asks_the_last_question_again_by_the_law_of_that_day() -> None:
    understood = understand("如果是2025年的事呢？", [FIRST], TODAY)
    assert understood.text == FIRST.question
    assert understood.as_of == date(2025, 12, 31)


def test_a_day_stays_for_the_follow_ups_after_it() -> None:
    assert understand("那最多拘留几天？", [FIRST, Turn("如果是2025年的事呢？")], TODAY).as_of == date(2025, 12, 31)


@pytest.mark.parametrize(
    "question", ["怎么申请法律援助？", "民间借贷利息最高多少？", "催收上门怎么办？", "12321是投诉什么的电话"]
)
def test_a_question_with_its_own_subject_stands_as_it_is(question: str) -> None:
    understood = understand(question, [FIRST], TODAY)
    assert (understood.text, understood.rewritten) == (question, None)


def test_without_history_nothing_is_rewritten() -> None:
    assert understand("那最多拘留几天？", [], TODAY).rewritten is None
    assert is_follow_up("那最多拘留几天？")
