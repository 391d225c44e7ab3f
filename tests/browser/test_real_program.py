"""``faju ui`` itself, with the built-in index and model, in a real Chromium."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.models]

REPO_ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., tuple["subprocess.Popen[str]", str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    """Start ``faju ui`` in a data folder of its own: ``start(*options)`` gives the process and its address."""
    if not list((REPO_ROOT / "assistant" / "models").glob("*.gguf")):
        pytest.skip("the built-in reader is not here (assistant/models/*.gguf)")
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> tuple[subprocess.Popen[str], str]:
        environment = {**os.environ, "FAJU_HOME": str(home), "PYTHONWARNINGS": "ignore"}
        process = subprocess.Popen(
            [sys.executable, "-m", "assistant.cli", "ui", "--no-browser", *options],
            cwd=REPO_ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        started.append(process)
        assert process.stdout is not None
        told = process.stdout.readline()
        address = re.search(r"http://[0-9.:]+/", told)
        assert address, told
        return process, address[0]

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def test_a_question_is_answered_from_the_law_and_ctrl_c_ends_cleanly(start: Start, browser: Browser) -> None:
    process, address = start()
    context = browser.new_context(locale="zh-CN")
    outside: list[str] = []
    context.on("request", lambda r: None if r.url.startswith((address, "data:", "blob:")) else outside.append(r.url))
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(address)
    page.fill("#question textarea", "催收给我通讯录里的人群发短信，违法吗？")
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#thread .turn .actions")
    assert page.locator("#thread .part").count() >= 2
    page.locator("#thread button.mark").first.click()
    said = re.sub(r"\s", "", page.locator("#thread .turn").inner_text())
    marked = [re.sub(r"\s", "", words) for words in page.locator("#panel mark").all_inner_texts()]
    assert marked and all(words in said for words in marked), "what is marked in the source is what was said"
    page.fill("#question textarea", "上海明天天气怎么样？")
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#thread .turn .declined")
    assert outside == []
    # The page is still open, with its connections, when Ctrl-C comes.
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0
    assert process.stdout is not None
    assert process.stdout.read().strip() == "已关闭。"
    context.close()


def test_with_a_login_nothing_is_shown_to_who_has_none(start: Start, browser: Browser) -> None:
    _, address = start("--auth", "li:a-long-password")
    for path in ("config", "en/config", "gradio_api/queue/data?session_hash=x"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(address + path, timeout=30)
        assert refused.value.code == 401
        refused.value.close()
    context = browser.new_context(locale="zh-CN")
    page: Any = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    page.wait_for_selector("input[type=password]")
    assert page.locator("#question").count() == 0
    for password in ("wrong", "a-long-password"):
        page.locator("input").first.fill("li")
        page.locator("input[type=password]").fill(password)
        page.locator("button").last.click()
        page.wait_for_timeout(1000)
        if password == "wrong":
            assert page.locator("#question").count() == 0
    page.wait_for_selector("#question textarea")
    context.close()
