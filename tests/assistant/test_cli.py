"""The command line as a user meets it; what needs no model. Answers are tested in test_end_to_end.py."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.cli import build_app
from assistant.commands.common import sniff_language

COMMANDS = ("ask", "search", "ui", "index", "corpus", "audit")


def run(home: Path, *arguments: str, text: str | None = None, language: str = "en") -> tuple[int, str, str]:
    """Run one command in this process with everything it writes under ``home``."""
    environment = {"FAJU_HOME": str(home), "FAJU_SETTINGS": "", "COLUMNS": "200"}
    outcome = CliRunner().invoke(build_app(language), list(arguments), input=text, env=environment)
    return outcome.exit_code, outcome.stdout, outcome.stderr


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_command_has_help_in_both_languages(tmp_path: Path, language: str) -> None:
    code, out, _ = run(tmp_path, "--help", language=language)
    assert code == 0
    for command in COMMANDS:
        assert command in out
        assert run(tmp_path, command, "--help", language=language)[0] == 0
    assert ("提问" in out) == (language == "zh")


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        ([], {}, "zh"),
        (["--lang", "en", "ask"], {}, "en"),
        (["--lang=en"], {}, "en"),
        (["ask", "问题"], {"FAJU_LANGUAGE": "en"}, "en"),
        (["--lang", "zh"], {"FAJU_LANGUAGE": "en"}, "zh"),
    ],
)
def test_the_interface_is_chinese_unless_english_is_asked_for(
    arguments: list[str], environment: dict[str, str], language: str
) -> None:
    assert sniff_language(arguments, environment) == language


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom assistant.cli import build_app\nbuild_app('zh')\n"
        "heavy = {'torch', 'gradio', 'sentence_transformers', 'llama_cpp', 'faiss', 'numpy', 'pydantic', 'bm25s'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert outcome.stdout.strip() == "[]"


def test_an_empty_question_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    code, out, error = run(tmp_path, "ask", "  ", language="zh")
    assert (code, out) == (1, "")
    assert error.startswith("错误：问题不能受理：")
    assert len(error.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ask", "催收", "--as-of", "昨天"), "--as-of takes a date"),
        (("ask", "催收", "--mode", "guess"), "mode is one of quote, explain, search"),
        (("search", "催收", "--kind", "law"), "--kind is statute, article or document"),
        (("ask", "催收", "--jsonl"), "leave the argument out"),
        (("audit", "no-such-file.txt"), "no-such-file.txt"),
        (("index", "add", "no-such-folder"), "no-such-folder"),
        (("corpus", "show", "no-such-file.html"), "no-such-file.html"),
    ],
)
def test_wrong_input_says_what_is_wrong_in_one_line(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    code, _, error = run(tmp_path, *arguments)
    assert code == 1
    assert message in error
    assert len(error.strip().splitlines()) == 1
    assert "Traceback" not in error


def test_search_lines_answer_each_line_with_its_id(tmp_path: Path) -> None:
    lines = [
        json.dumps({"id": "a", "question": "民法典第1032条"}, ensure_ascii=False),
        "not json",
        json.dumps({"id": 7, "question": "呼死你"}, ensure_ascii=False),
        json.dumps({"id": "empty"}),
    ]
    code, out, _ = run(tmp_path, "search", "--jsonl", "-k", "3", text="\n".join(lines))
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 1  # two lines were wrong; the others were answered
    assert answers[0]["id"] == "a"
    assert answers[0]["hits"][0]["law"] == "民法典"
    assert answers[0]["hits"][0]["article"] == "第一千零三十二条"
    assert set(answers[0]["hits"][0]) == {"law", "article", "external_id", "score"}
    assert "not JSON" in answers[1]["error"]
    assert (answers[2]["id"], len(answers[2]["hits"])) == (7, 3)
    assert answers[3]["id"] == "empty" and "no question" in answers[3]["error"]
