"""Fetching a model is told as it goes, happens once, and what goes wrong is one line."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.commands.common import Say
from assistant.errors import PullFailed
from assistant.registry import RegisteredModel, load_registry
from assistant.settings import Settings, load_settings
from assistant.web.models_tab import ModelShelf

MODEL = load_registry()[0]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    file = tmp_path / "settings.toml"
    file.write_text("# mine\n", encoding="utf-8")
    monkeypatch.setenv("FAJU_SETTINGS", str(file))
    return Settings(home=tmp_path, index=tmp_path / "index")


def shelf(settings: Settings, pull: Callable[..., object]) -> ModelShelf:
    return ModelShelf(settings, Say("zh"), pull=pull)


def press(shelf: ModelShelf, do: str, model: str = MODEL.id) -> list[tuple[str, str]]:
    return list(shelf.act(SimpleNamespace(do=do, model=model)))  # type: ignore[arg-type]  # what of the event is read


def test_progress_is_told_and_the_end(settings: Settings) -> None:
    go = threading.Event()

    def pull(model: RegisteredModel, home: Path, progress: Callable[[str, int, int], None]) -> None:
        assert (model, home) == (MODEL, settings.home)
        progress("model.gguf", 500_000_000, 1_000_000_000)
        go.wait(10)

    models = shelf(settings, pull)
    told = models.act(SimpleNamespace(do="pull", model=MODEL.id))  # type: ignore[arg-type]  # see press
    page, line = next(told)
    assert "正在下载…" in page
    assert "500 / 1,000 MB" in line
    assert press(models, "pull")[0][1] == '<p class="count" role="status">正在下载这个模型。</p>', "it happens once"
    go.set()
    *_, (page, line) = told
    assert "已下载并核对" in line
    assert models.fetching == set()


def test_a_failure_is_one_line_and_the_model_can_be_fetched_again(settings: Settings) -> None:
    def pull(*_: Any) -> None:
        raise PullFailed("no hub answered")

    models = shelf(settings, pull)
    *_, (page, line) = press(models, "pull")
    assert "no hub answered" in line and 'role="alert"' in line
    assert "下载（会联网）" in page
    assert models.fetching == set()


def test_a_model_that_is_not_there_cannot_be_used(settings: Settings) -> None:
    *_, (_, line) = press(shelf(settings, lambda *_: None), "use")
    assert f"faju models pull {MODEL.id}" in line
    assert load_settings().model == "builtin"


def test_going_back_to_the_builtin_model_is_written_into_the_settings(settings: Settings) -> None:
    file = settings.home / "settings.toml"
    file.write_text('model = "/somewhere/large.gguf"\n', encoding="utf-8")
    models = shelf(settings, lambda *_: None)
    assert "换回内置模型" in models.shelf()
    *_, (page, line) = press(models, "builtin", "builtin")
    assert load_settings().model == "builtin"
    assert "下次运行 faju ui 时生效" in line and "使用中" in page


def test_a_model_that_nobody_knows_is_refused(settings: Settings) -> None:
    *_, (_, line) = press(shelf(settings, lambda *_: None), "pull", "../../etc")
    assert "there is no model" in line
