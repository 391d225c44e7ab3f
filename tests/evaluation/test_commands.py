"""``faju eval`` as a user meets it: exit codes, one line an error, files where they are said to be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from assistant.commands.common import Say
from assistant.commands.evaluation import add_evaluation
from assistant.evaluation import running
from assistant.evaluation.records import Json
from assistant.records import AnswerMode
from assistant.settings import Settings
from tests.evaluation.doubles import NeverDeclining, RightAnswerer

QUESTIONS = [
    {"id": "a", "question": "多次发短信骚扰怎么罚", "gold": [["治安管理处罚法第五十条"]], "facts": ["一千元以下罚款"]},
    {"id": "b", "question": "上海天气", "decline_reason": "out_of_scope"},
]
Faju = Callable[..., Result]


@pytest.fixture
def faju(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Faju:
    """Run ``faju eval …`` with a right answerer in place of the program and a home of its own."""
    monkeypatch.setenv("FAJU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FAJU_SETTINGS", str(_empty(tmp_path / "settings.toml")))
    use(monkeypatch, RightAnswerer())
    app = typer.Typer()
    add_evaluation(app, Say("en"))
    app.callback()(lambda: None)
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, ["eval", *map(str, arguments)], catch_exceptions=False)


def use(monkeypatch: pytest.MonkeyPatch, answerer: RightAnswerer) -> None:
    def opened(settings: Settings, mode: AnswerMode, progress: object = None) -> RightAnswerer:
        return answerer

    monkeypatch.setattr(running, "open_answerer", opened)


def _empty(file: Path) -> Path:
    file.write_text("", encoding="utf-8")
    return file


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    file = tmp_path / "mine.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in QUESTIONS), encoding="utf-8")
    return file


def test_a_run_prints_its_figures_and_where_it_is(faju: Faju, questions: Path, tmp_path: Path) -> None:
    result = faju("run", "--set", questions)
    assert result.exit_code == 0, result.output
    assert "Gold articles cited  1.000 [1.000, 1.000]  n=1" in result.stdout
    folder = next((tmp_path / "home" / "evaluations").iterdir())
    assert f"The run is in {folder}" in result.stdout
    assert len((folder / "answers.jsonl").read_text(encoding="utf-8").splitlines()) == 2


def test_the_latest_run_is_reported_where_none_is_named(faju: Faju, questions: Path, tmp_path: Path) -> None:
    faju("run", "--set", questions)
    table = faju("report", "--markdown")
    assert table.exit_code == 0
    assert "| Gold articles cited | 1.000 [1.000, 1.000] |" in table.stdout
    figures: Json = json.loads(faju("report", "--json").stdout)
    assert figures["overall"]["missed_refusal"]["mean"] == 0.0
    page = tmp_path / "page.html"
    assert faju("report", "--html", page).exit_code == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_two_runs_of_the_same_settings_compare_as_identical(faju: Faju, questions: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert faju("run", "--set", questions, "--out", tmp_path / name).exit_code == 0
    result = faju("compare", tmp_path / "one", tmp_path / "two")
    assert result.stdout == "Apart from timings the runs are identical.\n"
    assert json.loads(faju("compare", tmp_path / "one", tmp_path / "two", "--json").stdout)["identical"] is True


def test_the_gate_passes_fails_and_is_updated_only_upwards(
    faju: Faju, questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    floors = tmp_path / "floors.json"
    gate = ("gate", "--set", questions, "--floors", floors)
    assert "there are no floors yet" in faju(*gate).stderr
    assert faju(*gate, "--update").exit_code == 0
    kept = faju(*gate)
    assert (kept.exit_code, kept.stdout) == (0, "2 questions, every floor kept.\n")

    use(monkeypatch, NeverDeclining())
    broken = faju(*gate)
    assert broken.exit_code == 1
    assert broken.stderr.strip() == "missed_refusal is 1.000, above the ceiling 0.020"
    before = floors.read_text(encoding="utf-8")
    refused = faju(*gate, "--update")
    assert refused.exit_code == 1
    assert "missed_refusal 0.020 → 1.000" in refused.stderr
    assert floors.read_text(encoding="utf-8") == before
    assert faju(*gate, "--update", "--allow-regression").exit_code == 0
    assert faju(*gate).exit_code == 0


def test_floors_of_another_set_are_refused(faju: Faju, questions: Path, tmp_path: Path) -> None:
    floors = tmp_path / "floors.json"
    faju("gate", "--set", questions, "--floors", floors, "--update")
    questions.write_text(questions.read_text(encoding="utf-8").replace("上海", "北京"), encoding="utf-8")
    result = faju("gate", "--set", questions, "--floors", floors)
    assert result.exit_code == 1
    assert "another question set; look at the figures, then run faju eval gate --update" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "--set", "missing.jsonl"), "missing.jsonl: cannot be read"),
        (("run", "--split", "training"), "--split is development or test"),
        (("run", "--as-of", "soon"), "--as-of takes a date"),
        (("run", "--mode", "sing"), "mode is one of"),
        (("report",), "holds no run yet"),
        (("report", "missing"), "holds no evaluation run"),
        (("compare", "missing", "missing"), "holds no evaluation run"),
    ],
)
def test_bad_input_gives_one_line_and_exit_code_1(faju: Faju, arguments: tuple[str, ...], message: str) -> None:
    result = faju(*arguments)
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_limit_and_split_choose_what_is_asked(faju: Faju, tmp_path: Path) -> None:
    assert faju("run", "--split", "test", "--limit", 20, "--out", tmp_path / "run").exit_code == 0
    rows = [json.loads(line) for line in (tmp_path / "run" / "cases.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 20
    assert {row["split"] for row in rows} == {"test"}
    assert len({row["category"] for row in rows}) == 17
