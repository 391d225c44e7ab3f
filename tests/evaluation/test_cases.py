"""Question sets from files: the three forms say the same, and an error names line and field."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from assistant.errors import BadEvaluationFile
from assistant.evaluation.cases import load_question_set, spread
from assistant.evaluation.records import EvaluationCase, Split
from assistant.records import DeclineReason

ROW: dict[str, Any] = {
    "id": "a",
    "question": "那最多拘留几天？",
    "history": ["骚扰违法吗", "怎么罚"],
    "as_of": "2025-12-31",
    "category": "follow_up",
    "split": "test",
    "gold": [["治安管理处罚法第五十条", "民法典第一千零三十三条"], ["article:which-hotline"]],
    "facts": ["十日以下拘留"],
    "forbidden": ["一万元"],
    "old_law": True,
}
CASE = EvaluationCase(
    id="a",
    question="那最多拘留几天？",
    history=("骚扰违法吗", "怎么罚"),
    as_of=date(2025, 12, 31),
    category="follow_up",
    split=Split.TEST,
    answerable=True,
    gold=(("治安管理处罚法第五十条", "民法典第一千零三十三条"), ("article:which-hotline",)),
    facts=("十日以下拘留",),
    forbidden=("一万元",),
    old_law=True,
)
TABLE = {
    **ROW,
    "history": "骚扰违法吗\n怎么罚",
    "gold": "治安管理处罚法第五十条 | 民法典第一千零三十三条\narticle:which-hotline",
    "facts": "十日以下拘留",
    "forbidden": "一万元",
    "old_law": "是",
}


def jsonl(tmp_path: Path, *rows: Any) -> Path:
    file = tmp_path / "set.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return file


def test_json_lines_csv_and_xlsx_give_the_same_cases(tmp_path: Path) -> None:
    table = tmp_path / "set.csv"
    with table.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(TABLE))
        writer.writeheader()
        writer.writerow(TABLE)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(list(TABLE))
    sheet.append([date(2025, 12, 31) if field == "as_of" else value for field, value in TABLE.items()])
    book.save(tmp_path / "set.xlsx")

    assert load_question_set(jsonl(tmp_path, ROW)).cases == (CASE,)
    assert load_question_set(table).cases == (CASE,)
    assert load_question_set(tmp_path / "set.xlsx").cases == (CASE,)


def test_a_question_alone_is_a_case_that_is_judged_by_nothing(tmp_path: Path) -> None:
    (case,) = load_question_set(jsonl(tmp_path, {"question": "催收骂人违法吗"})).cases
    assert (case.id, case.answerable, case.gold) == ("line-1", None, ())


def test_a_reason_to_decline_makes_a_case_unanswerable(tmp_path: Path) -> None:
    (case,) = load_question_set(jsonl(tmp_path, {"question": "上海天气", "decline_reason": "out_of_scope"})).cases
    assert (case.answerable, case.decline_reason) == (False, DeclineReason.OUT_OF_SCOPE)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"question": "  "}, "question"),
        ({"question": "甲", "as_of": "2025-13-01"}, "as_of"),
        ({"question": "甲", "gold": [["民法典一千条"]]}, "gold"),
        ({"question": "甲", "gold": [[5]]}, "gold"),
        ({"question": "甲", "facts": ["("]}, "facts"),
        ({"question": "甲", "split": "train"}, "split"),
        ({"question": "甲", "answerable": "maybe"}, "answerable"),
        ({"question": "甲", "decline_reason": "bored"}, "decline_reason"),
        ({"question": "甲", "golden": []}, "golden"),
        ({"question": "甲", "gold": [["民法典第一条"]], "answerable": False}, "gold"),
        ({"question": "甲", "answerable": True, "decline_reason": "harmful"}, "decline_reason"),
        ({"question": ["甲"]}, "question"),
        ({"id": "x", "question": "乙"}, "id"),
    ],
)
def test_an_error_names_line_and_field(tmp_path: Path, row: dict[str, Any], field: str) -> None:
    with pytest.raises(BadEvaluationFile, match=rf"set\.jsonl, line 2, field {field}:"):
        load_question_set(jsonl(tmp_path, {"id": "x", "question": "甲"}, row))


def test_an_error_in_a_table_names_the_line_of_the_file(tmp_path: Path) -> None:
    """A cell that holds a line break moves the lines below it down."""
    table = tmp_path / "set.csv"
    table.write_text('question,history,as_of\n甲,"乙\n丙",2025-01-01\n丁,,gestern\n', encoding="utf-8")
    with pytest.raises(BadEvaluationFile, match=r"set\.csv, line 4, field as_of: .*gestern"):
        load_question_set(table)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("set.jsonl", b'{"question": "a"}\n{', "line 2: not JSON"),
        ("set.jsonl", b"[1]\n", "line 1: a JSON object is wanted, not list"),
        ("set.jsonl", "甲\n".encode("gb18030"), "line 1: not UTF-8"),
        ("set.jsonl", b"\n", "holds no question"),
        ("set.csv", b"question\na,b\n", "line 2: has 2 cells under 1 headings"),
        ("set.xlsx", b"PK", "not an .xlsx workbook"),
        ("set.txt", b"a", "a question set is a .jsonl, .csv or .xlsx file"),
    ],
)
def test_a_file_of_another_kind_is_refused_in_one_line(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadEvaluationFile, match=message) as caught:
        load_question_set(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadEvaluationFile, match=r"gone\.jsonl: cannot be read"):
        load_question_set(tmp_path / "gone.jsonl")


def test_spread_takes_from_categories_and_topics_in_turn_and_keeps_the_order() -> None:
    cases = [
        EvaluationCase(id=f"{category}{topic}{number}", question="?", topic=topic, category=category)
        for category in "AB"
        for topic in "xy"
        for number in range(3)
    ]
    assert [case.id for case in spread(cases, 4)] == ["Ax0", "Ay0", "Bx0", "By0"]
    assert spread(cases, 100) == tuple(cases)
