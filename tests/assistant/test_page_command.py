"""``faju ui`` takes its options, warns of what opens the page to others, and says in one line what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant.cli import build_app
from assistant.web import serving


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    calls: list[Any] = []
    monkeypatch.setattr(
        serving, "serve", lambda settings, place, say, **options: calls.append((settings, place, options))
    )
    return calls


def run(*arguments: str) -> Any:
    return CliRunner().invoke(build_app("zh"), ["ui", *arguments])


def test_by_default_only_this_machine_is_served_and_the_browser_opened(served: list[Any]) -> None:
    result = run()
    assert result.exit_code == 0
    ((_, place, options),) = served
    assert (place.host, place.port, place.login) == ("127.0.0.1", None, None)
    assert options == {"open_browser": True}
    assert "警告" not in result.stderr


def test_options_are_passed_on(served: list[Any], tmp_path: Path) -> None:
    result = run(
        "--port", "8123", "--no-browser", "--auth", "li:a:b", "--index", str(tmp_path), "--model", "big.gguf"
    )  # fmt: skip
    assert result.exit_code == 0
    ((settings, place, options),) = served
    assert (place.port, place.login) == (8123, ("li", "a:b"))
    assert (settings.index, settings.model) == (tmp_path, "big.gguf")
    assert options == {"open_browser": False}


def test_opening_the_page_to_others_is_warned_of(served: list[Any]) -> None:
    result = run("--host", "0.0.0.0")
    assert "警告：--host 0.0.0.0 让同一网络里的其他人也能打开这个网页" in result.stderr
    assert "请加上 --auth" in result.stderr
    assert "请加上 --auth" not in run("--host", "0.0.0.0", "--auth", "li:secret").stderr


@pytest.mark.parametrize("auth", ["li", "li:", ":secret", ""])
def test_a_login_without_user_or_password_is_refused(served: list[Any], auth: str) -> None:
    result = run("--auth", auth)
    assert result.exit_code == 1
    assert "--auth takes USER:PASSWORD" in result.stderr
    assert served == []


def test_a_port_that_cannot_be_is_refused(served: list[Any]) -> None:
    assert run("--port", "0").exit_code == 2
    assert run("--port", "70000").exit_code == 2
    assert served == []
