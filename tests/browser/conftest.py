"""A real Chromium before the page with a scripted assistant. Every test also proves that nothing leaves the machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

REPO_ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = Path(__file__).parent / "screenshots"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@dataclass(slots=True)
class Server:
    """The page's process. ``outside`` are its attempts to reach another machine."""

    process: subprocess.Popen[str]
    address: str
    lines: Queue[str]
    outside: list[str] = field(default_factory=list)

    def pace(self, prefill_seconds: float, sentence_seconds: float) -> None:
        """Set how slowly the scripted assistant answers from now on."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{prefill_seconds} {sentence_seconds}\n")
        self.process.stdin.flush()
        assert self.lines.get(timeout=30) == "PACE"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.doubles.page_server"],
        cwd=REPO_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    lines: Queue[str] = Queue()
    outside: list[str] = []

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            (outside.append if line.startswith("OUTSIDE") else lines.put)(line.strip())

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield Server(process, lines.get(timeout=120), lines, outside)
    finally:
        process.terminate()
        process.wait(timeout=30)
        reader.join(timeout=10)
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        process.stdout.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine (Debian: apt-get install chromium fonts-noto-cjk)")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not installed (pip install -e '.[dev]')"
    )
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


Open = Callable[..., "Page"]


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Open]:
    """Open the page as a new visitor: ``visit(path, width=…, dark=…)``.

    When the test ends, every request of every visitor went to the page's own origin, the server reached for no other
    machine, and the browser's console holds no error.
    """
    contexts: list[BrowserContext] = []
    foreign: list[str] = []
    errors: list[str] = []

    def watch(page: Page, strict_console: bool) -> None:
        page.on("request", lambda request: foreign.extend(_foreign(request.url, server.address)))
        page.on("pageerror", lambda error: errors.append(str(error)))
        if strict_console:
            page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)

    def visit(
        path: str = "",
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        strict_console: bool = True,
        **more: Any,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            locale="zh-CN",
            accept_downloads=True,
            **more,
        )
        contexts.append(context)
        context.set_default_timeout(30_000)
        context.on("page", lambda page: watch(page, strict_console))
        page = context.new_page()
        page.goto(server.address + path)
        page.wait_for_selector("#question textarea")
        return page

    server.pace(0, 0)
    yield visit
    for context in contexts:
        context.close()
    assert foreign == [], "the page asked another machine"
    assert server.outside == [], "the server reached for another machine"
    assert errors == [], "the browser's console holds errors"


def _foreign(url: str, address: str) -> list[str]:
    return [] if url.startswith((address, "data:", "blob:" + address)) else [url]


@pytest.fixture
def shoot() -> Callable[[Any, str], None]:
    """Keep a picture of the page in tests/browser/screenshots (not committed), to be looked at."""

    def shoot(page: Any, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page="panel" not in name)

    return shoot
