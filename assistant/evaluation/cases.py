"""Question sets from files: JSON lines, CSV or XLSX, checked field by field before anything is asked.

Only ``question`` is needed. Where a cell of a table holds several things, each stands on its own line (gold: one
group a line, alternatives divided by ``|``). An error names file, line and field.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from assistant.errors import BadEvaluationFile
from assistant.evaluation.records import EvaluationCase, QuestionSet, Split
from assistant.evaluation.references import parse_gold
from assistant.records import DeclineReason
from corpus.errors import BadReference

FIELDS = (
    "id",
    "question",
    "history",
    "as_of",
    "finds_as_of",
    "topic",
    "category",
    "split",
    "answerable",
    "decline_reason",
    "gold",
    "facts",
    "forbidden",
    "old_law",
    "note",
)
_TRUE = {"true", "yes", "1", "是", "对"}
_FALSE = {"false", "no", "0", "否", "不"}
Choice = TypeVar("Choice", bound=Enum)


def load_question_set(path: Path) -> QuestionSet:
    """Return the cases of a .jsonl, .csv or .xlsx file. Raises BadEvaluationFile naming line and field."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadEvaluationFile(f"{path}: cannot be read: {error.strerror}") from error
    readers = {".jsonl": _rows_of_jsonl, ".json": _rows_of_jsonl, ".csv": _rows_of_csv, ".xlsx": _rows_of_xlsx}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise BadEvaluationFile(f"{path}: a question set is a .jsonl, .csv or .xlsx file; save it as one of them")
    cases = _checked_cases(reader(content, path.name), path.name)
    if not cases:
        raise BadEvaluationFile(f"{path.name}: holds no question; write one JSON object a line with a field question")
    return QuestionSet(path.stem, hashlib.sha256(content).hexdigest(), cases)


def spread(cases: Sequence[EvaluationCase], count: int) -> tuple[EvaluationCase, ...]:
    """Return ``count`` cases in the set's order, taken from the categories in turn so that each is represented.

    Within a category they are taken from topics in turn: neighbours in the file are alike. Always the same choice.
    """
    queues = [_in_turn(_grouped(group, "topic")) for group in _grouped(cases, "category")]
    chosen = {case.id for case in _in_turn(queues)[:count]}
    return tuple(case for case in cases if case.id in chosen)


def _grouped(cases: Iterable[EvaluationCase], key: str) -> list[list[EvaluationCase]]:
    groups: dict[str, list[EvaluationCase]] = {}
    for case in cases:
        groups.setdefault(getattr(case, key), []).append(case)
    return list(groups.values())


def _in_turn(groups: Sequence[Sequence[EvaluationCase]]) -> list[EvaluationCase]:
    longest = max((len(group) for group in groups), default=0)
    return [group[place] for place in range(longest) for group in groups if place < len(group)]


# --- rows --------------------------------------------------------------------------------------------------------

# The line number in the file (row number in a table), and what stands there.
Row = tuple[int, Mapping[str, Any]]


def _rows_of_jsonl(content: bytes, name: str) -> Iterator[Row]:
    for number, line in enumerate(_text(content, name).splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            raise BadEvaluationFile(f"{name}, line {number}: not JSON: {error.msg} at column {error.colno}") from error
        if not isinstance(value, dict):
            raise BadEvaluationFile(f"{name}, line {number}: a JSON object is wanted, not {type(value).__name__}")
        yield number, value


def _rows_of_csv(content: bytes, name: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(_text(content, name), newline=""), strict=True)
    try:
        yield from _rows_of_table(((reader.line_num, row) for row in reader), name)
    except csv.Error as error:
        raise BadEvaluationFile(f"{name}, line {reader.line_num}: not CSV: {error}") from error


def _rows_of_xlsx(content: bytes, name: str) -> Iterator[Row]:
    import zipfile

    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise BadEvaluationFile(f"{name}: not an .xlsx workbook ({error}); save it as .xlsx or .csv") from error
    sheet = book.worksheets[0]
    yield from _rows_of_table(((number, row) for number, row in enumerate(sheet.iter_rows(values_only=True), 1)), name)


def _rows_of_table(lines: Iterable[tuple[int, Sequence[Any]]], name: str) -> Iterator[Row]:
    """Yield the rows below the heading as mappings of what is filled in; the heading names the fields."""
    heading: list[str] | None = None
    for number, cells in lines:
        if all(cell in (None, "") for cell in cells):
            continue
        if heading is None:
            heading = [str(cell or "").strip() for cell in cells]
            continue
        if len(cells) > len(heading) and any(cell not in (None, "") for cell in cells[len(heading) :]):
            raise BadEvaluationFile(f"{name}, line {number}: has {len(cells)} cells under {len(heading)} headings")
        yield number, {field: cell for field, cell in zip(heading, cells, strict=False) if cell not in (None, "")}


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadEvaluationFile(f"{name}, line {line}: not UTF-8; save the file as UTF-8") from error


# --- fields ------------------------------------------------------------------------------------------------------


def _checked_cases(rows: Iterable[Row], name: str) -> tuple[EvaluationCase, ...]:
    cases: list[EvaluationCase] = []
    lines: dict[str, int] = {}
    for number, row in rows:
        case = _Fields(row, f"{name}, line {number}", f"line-{number}").case()
        if case.id in lines:
            raise BadEvaluationFile(
                f"{name}, line {number}, field id: {case.id!r} is already the id of line {lines[case.id]}"
            )
        lines[case.id] = number
        cases.append(case)
    return tuple(cases)


class _Fields:
    """One row, read field by field; a wrong one raises BadEvaluationFile naming it."""

    def __init__(self, row: Mapping[str, Any], place: str, default_id: str) -> None:
        self.row, self.place, self.default_id = row, place, default_id

    def wrong(self, field: str, problem: str) -> BadEvaluationFile:
        return BadEvaluationFile(f"{self.place}, field {field}: {problem}")

    def case(self) -> EvaluationCase:
        for field in self.row:
            if field not in FIELDS:
                raise self.wrong(field, f"there is no such field; fields are {', '.join(FIELDS)}")
        question = self.text("question")
        if not question.strip():
            raise self.wrong("question", "is missing or empty")
        reason = self.choice("decline_reason", DeclineReason)
        gold = self.gold()
        answerable = self.truth("answerable")
        if answerable is None and (gold or reason):
            answerable = bool(gold)
        if answerable and reason:
            raise self.wrong("decline_reason", "is given although answerable is true; leave one of them out")
        if gold and answerable is False:
            raise self.wrong("gold", "is given although answerable is false; leave one of them out")
        return EvaluationCase(
            id=self.text("id") or self.default_id,
            question=question,
            history=self.texts("history"),
            as_of=self.day("as_of"),
            finds_as_of=self.day("finds_as_of"),
            topic=self.text("topic"),
            category=self.text("category"),
            split=self.choice("split", Split),
            answerable=answerable,
            decline_reason=reason,
            gold=gold,
            facts=self.patterns("facts"),
            forbidden=self.patterns("forbidden"),
            old_law=bool(self.truth("old_law")),
            note=self.text("note"),
        )

    def text(self, field: str) -> str:
        value = self.row.get(field)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise self.wrong(field, f"a text is wanted, not {value!r}")
        return str(value)

    def texts(self, field: str) -> tuple[str, ...]:
        value = self.row.get(field)
        if value is None:
            return ()
        if isinstance(value, str):
            return tuple(line.strip() for line in value.splitlines() if line.strip())
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise self.wrong(field, f"a list of texts is wanted, not {value!r}")

    def patterns(self, field: str) -> tuple[str, ...]:
        for pattern in self.texts(field):
            try:
                re.compile(pattern)
            except re.error as error:
                raise self.wrong(field, f"{pattern!r} is no regular expression: {error}") from error
        return self.texts(field)

    def gold(self) -> tuple[tuple[str, ...], ...]:
        value = self.row.get("gold")
        groups: list[Any] = value if isinstance(value, list) else list(self.texts("gold"))
        checked = tuple(self.gold_group(group) for group in groups)
        return tuple(group for group in checked if group)

    def gold_group(self, group: Any) -> tuple[str, ...]:
        references = group.split("|") if isinstance(group, str) else group
        if not isinstance(references, list) or not all(isinstance(reference, str) for reference in references):
            raise self.wrong("gold", f"a group is a list of references, not {group!r}")
        stripped = tuple(reference.strip() for reference in references if reference.strip())
        for reference in stripped:
            try:
                parse_gold(reference)
            except BadReference as error:
                raise self.wrong("gold", str(error)) from error
        return stripped

    def day(self, field: str) -> date | None:
        value = self.row.get(field)
        if value is None:
            return None
        if isinstance(value, datetime):  # a date cell of a workbook
            return value.date()
        try:
            return date.fromisoformat(str(value).strip())
        except ValueError:
            raise self.wrong(field, f"a date such as 2026-01-01 is wanted, not {value!r}") from None

    def truth(self, field: str) -> bool | None:
        value = self.row.get(field)
        if value is None or isinstance(value, bool):
            return value
        written = str(value).strip().lower()
        if written not in _TRUE | _FALSE:
            raise self.wrong(field, f"true or false is wanted, not {value!r}")
        return written in _TRUE

    def choice(self, field: str, choices: type[Choice]) -> Choice | None:
        value = self.row.get(field)
        if value is None:
            return None
        try:
            return choices(value)
        except ValueError:
            names = ", ".join(choice.value for choice in choices)
            raise self.wrong(field, f"one of {names} is wanted, not {value!r}") from None
