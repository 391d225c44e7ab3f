"""Models and evaluation on the page; see conftest for what every test here proves besides."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Visit = Callable[..., "Page"]
Shoot = Callable[[Any, str], None]


def test_models_are_listed_with_what_each_needs_and_nothing_is_fetched_unasked(visit: Visit, shoot: Shoot) -> None:
    page = visit()
    page.get_by_role("tab", name="模型").click()
    page.wait_for_selector("#models-list .preview")
    builtin = page.locator("#models-list .preview").first
    assert "使用中" in builtin.inner_text()
    others = page.locator("#models-list .preview").nth(1)
    assert "下载（会联网）" in others.inner_text() and "GB" in others.inner_text()
    shoot(page, "models")


def test_a_question_set_is_run_and_each_question_can_be_opened(visit: Visit, shoot: Shoot, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {
            "id": "right",
            "question": "民法典第1033条怎么说？",
            "answerable": True,
            "gold": [["民法典第一千零三十三条"]],
        },
        {"id": "weather", "question": "上海明天天气怎么样？", "answerable": False, "decline_reason": "out_of_scope"},
        {
            "id": "wrong",
            "question": "民法典第1024条怎么说？<script>window.hacked=1</script>",
            "answerable": True,
            "gold": [["民法典第一千零三十四条"]],
        },
    ]
    questions = tmp_path / "my-questions.jsonl"
    questions.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    page = visit()
    page.get_by_role("tab", name="评测").click()
    page.wait_for_selector("#evaluation-runs p, #evaluation-runs table")
    page.set_input_files("#evaluation-file input[type=file]", questions)
    page.wait_for_selector("#evaluation-file:has-text('my-questions')")
    page.click("#evaluation-go")
    page.wait_for_selector("#evaluation-line:has-text('评测完成')")
    report = page.frame_locator("#evaluation-report iframe")
    assert "2/3" in report.locator(".tile").first.inner_text(), "two of three questions went well"
    wrong = report.locator("details", has_text="wrong")
    wrong.locator("summary").click()
    assert "民法典第一千零三十四条" in wrong.locator("dl").inner_text(), "what was expected"
    assert page.locator("#evaluation-runs tbody tr").count() == 1
    assert page.evaluate("window.hacked") is None
    shoot(page, "evaluation")
