"""The program as installed, with its real models: each test runs ``python -m assistant.cli`` as a user would."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.models

ROOT = Path(__file__).resolve().parents[1]
SOURCE_ARTICLES = ROOT.parent / "shared" / "articles"
QUESTION = "催收给我通讯录里的人群发短信，违法吗？"


def faju(home: Path, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "FAJU_HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    environment.pop("FAJU_SETTINGS", None)
    command = [sys.executable, "-m", "assistant.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, input=text, env=environment, encoding="utf-8")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an index, built by the first question as for any new user."""
    home = tmp_path_factory.mktemp("home")
    outcome = faju(home, "ask", QUESTION)
    assert outcome.returncode == 0, outcome.stderr
    return home


def ask_json(home: Path, *arguments: str) -> dict[str, Any]:
    outcome = faju(home, "ask", "--json", *arguments)
    assert outcome.returncode == 0, outcome.stderr
    answer = json.loads(outcome.stdout)
    assert isinstance(answer, dict)
    return answer


def cited_articles(answer: dict[str, Any]) -> set[str]:
    """Articles of law that the answer stands on: cited passages, and those that cited sentences name."""
    cited = {number for sentence in answer["sentences"] for number in sentence["citations"]}
    passages = [passage for passage in answer["passages"] if passage["number"] in cited]
    return {f"{p['short_title']}{p['article']}" for p in passages if p["kind"] == "statute"}


def test_the_first_question_is_answered_with_the_law_of_today(home: Path) -> None:
    answer = ask_json(home, QUESTION)
    assert not answer["declined"]
    articles = cited_articles(answer)
    assert articles & {"民法典第一千零三十二条", "民法典第一千零三十三条"}
    assert "治安管理处罚法第五十条" in articles
    assert "一千元以下罚款" in answer["text"]
    assert "五百元" not in answer["text"]


def test_sources_are_listed_with_their_words_and_dates(home: Path) -> None:
    outcome = faju(home, "ask", QUESTION)
    assert "来源" in outcome.stdout
    assert re.search(r"\[\d+\] 《中华人民共和国治安管理处罚法》第五十条（法律，2026-01-01 起施行", outcome.stdout)
    assert "不是律师意见" in outcome.stdout


def test_every_quotation_of_a_stored_answer_verifies_later(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    file.write_text(faju(home, "ask", "--json", QUESTION).stdout, encoding="utf-8")
    assert faju(home, "verify", str(file)).returncode == 0
    answer = json.loads(file.read_text(encoding="utf-8"))
    answer["sentences"][0]["text"] = answer["sentences"][0]["text"][:-1] + "吗"
    file.write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")
    assert faju(home, "verify", str(file)).returncode == 1


@pytest.mark.parametrize("question", ["上海天气", "离婚财产怎么分"])
def test_what_the_corpus_does_not_bear_out_is_declined_saying_what_it_covers(home: Path, question: str) -> None:
    answer = ask_json(home, question)
    assert (answer["declined"], answer["reason"], answer["sentences"]) == (True, "out_of_scope", [])
    assert "催收骚扰" in answer["text"]


def test_the_law_of_a_day_before_is_told_as_of_that_day(home: Path) -> None:
    answer = ask_json(home, "多次发短信骚扰怎么处罚", "--as-of", "2025-12-31")
    assert "治安管理处罚法第四十二条" in cited_articles(answer)
    assert answer["as_of"] == "2025-12-31"


def test_many_questions_are_answered_in_one_run_each_with_its_id(home: Path) -> None:
    rows = [
        {"id": 1, "question": QUESTION},
        {"id": "f", "question": "如果是2025年的事呢？", "history": [QUESTION]},
        {"id": 3, "question": ""},
    ]
    outcome = faju(home, "ask", "--jsonl", text="\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    answers = [json.loads(line) for line in outcome.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [1, "f", 3]
    assert answers[1]["as_of"] == "2025-12-31" and answers[1]["rewritten"] == QUESTION
    assert "error" in answers[2]
    assert outcome.returncode == 1


def test_asking_imports_neither_torch_nor_the_page(home: Path) -> None:
    code = (
        "import sys\n"
        "sys.argv = ['faju', 'ask', '骚扰电话怎么举报']\n"
        "from assistant.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print(sorted({'torch', 'gradio', 'sentence_transformers', 'transformers'} & set(sys.modules)))\n"
    )
    environment = {**os.environ, "FAJU_HOME": str(home), "PYTHONPATH": str(ROOT)}
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert outcome.stdout.splitlines()[-1] == "[]"


@pytest.mark.skipif(not SOURCE_ARTICLES.is_dir(), reason="the five source articles are not beside this checkout")
def test_added_articles_are_cited_by_title_and_address_and_removed_again(home: Path, tmp_path: Path) -> None:
    own = tmp_path / "home"
    shutil.copytree(home, own)
    outcome = faju(own, "index", "add", str(SOURCE_ARTICLES))
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.count("已添加") == 5
    assert faju(own, "index", "add", str(SOURCE_ARTICLES)).stdout.count("已添加") == 0  # nothing twice
    outcome = faju(own, "search", "--json", "-k", "30", "网商贷逾期几天就爆通讯录,真的合法吗?我该怎么办?")
    hits = json.loads(outcome.stdout)["hits"]
    added = [hit for hit in hits if hit["address"] and "hefeilaws" in hit["address"]]
    assert added and "网商贷" in added[0]["title"]
    answer = ask_json(own, "网商贷逾期几天就爆通讯录，真的合法吗？我该怎么办？")
    assert "五百元" not in answer["text"]
    assert faju(own, "index", "remove", added[0]["document_id"]).returncode == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "找不到语言模型文件"),
        (lambda path: path.write_text("not a model", encoding="utf-8"), "语言模型文件不能用"),
        (lambda path: path.write_bytes(b"GGUF\x03\x00\x00\x00"), "语言模型文件不能用"),
        (
            lambda path: path.write_bytes((ROOT / "assistant/models/faju-reader.gguf").read_bytes()[:2_000_000]),
            "不能用",
        ),
    ],
)
def test_a_bad_model_file_is_one_line_that_says_so(home: Path, tmp_path: Path, make: Any, message: str) -> None:
    path = tmp_path / "model.gguf"
    make(path)
    outcome = faju(home, "ask", "--model", str(path), QUESTION)
    assert outcome.returncode == 1
    assert message in outcome.stderr and str(path) in outcome.stderr
    assert len(outcome.stderr.strip().splitlines()) == 1


def test_an_index_of_another_embedder_is_refused_with_the_command_that_repairs_it(home: Path, tmp_path: Path) -> None:
    own = tmp_path / "home"
    shutil.copytree(home, own)
    other = tmp_path / "other-embedder"
    shutil.copytree(ROOT / "index/models/zh-legal-static", other)
    (other / "0_StaticEmbedding" / "identity.json").unlink()
    settings = own / "settings.toml"
    settings.write_text(f"embedder = {json.dumps(str(other))}\n", encoding="utf-8")
    environment = {**os.environ, "FAJU_HOME": str(own), "FAJU_SETTINGS": str(settings), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "assistant.cli", "ask", QUESTION]
    outcome = subprocess.run(command, capture_output=True, text=True, env=environment, encoding="utf-8")
    assert outcome.returncode == 1
    assert "faju index build" in outcome.stderr
    assert len(outcome.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("kind", ["missing", "empty", "binary"])
def test_a_folder_without_anything_to_read_is_named_and_loses_nothing(home: Path, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "papers"
    if kind != "missing":
        folder.mkdir()
    if kind == "binary":
        (folder / "picture.txt").write_bytes(bytes(range(256)) * 64)
    before = faju(home, "index", "status", "--json").stdout
    outcome = faju(home, "index", "add", str(folder))
    assert outcome.returncode == 1
    assert "papers" in outcome.stderr or "picture.txt" in outcome.stderr
    assert faju(home, "index", "status", "--json").stdout == before
