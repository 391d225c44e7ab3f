"""The tab of models: which there are, which are here; fetch, check, use, delete. Only fetching uses the network."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import gradio as gr

from assistant import choosing, pulling
from assistant.commands.common import OUR_ERRORS, Say, error_line
from assistant.registry import ModelKind, RegisteredModel, load_registry, registered
from assistant.settings import BUILTIN, Settings, load_settings, settings_file
from assistant.web.markup import Html, element
from assistant.web.parts import connect, markup, pressable
from assistant.web.sources import badge, facts

Updates: TypeAlias = tuple[Html, Html]
# Called with a model, the data folder and a progress callback, as ``pulling.pull``.
Pull: TypeAlias = Callable[[RegisteredModel, Path, Callable[[str, int, int], None]], object]


@dataclass(slots=True)
class ModelShelf:
    """The tab's behaviour, apart from its components. ``fetching`` holds the models being fetched, by anybody."""

    settings: Settings
    say: Say
    pull: Pull = pulling.pull
    fetching: set[str] = field(default_factory=set)

    def act(self, data: gr.EventData) -> Iterator[Updates]:
        """Do what the pressed button says; yield the list of models and one line on how it goes."""
        try:
            yield from self._do(str(data.do), str(data.model))
        except OUR_ERRORS as error:
            yield self.shelf(), element("p", error_line(error, self.say.language), class_="failure", role="alert")

    def _do(self, wanted: str, name: str) -> Iterator[Updates]:
        say, home, file = self.say, self.settings.home, settings_file(os.environ)
        restart = say("下次运行 faju ui 时生效。", "It takes effect when faju ui is started again.")
        if wanted == "builtin":
            choosing.use_builtin(file)
            yield self.shelf(), self._line(say("已换回内置模型。", "The built-in models are used again. ") + restart)
            return
        model = registered(name)
        if wanted == "pull":
            yield from self._fetched(model)
        elif wanted == "use":
            key = choosing.use_registered(model, home, file)
            then = say("之后请运行 faju index build。", " Then run: faju index build") if key == "embedder" else ""
            yield self.shelf(), self._line(say(f"已选用 {model.name}。", f"{model.name} is chosen. ") + restart + then)
        elif wanted == "verify":
            verdicts = pulling.verify(model, home)
            lines = [f"{'✓' if v.passed else '✗'} {v.path.name} {v.sha256} {v.finding}" for v in verdicts]
            yield self.shelf(), element("div", *(self._line(line) for line in lines))
        elif wanted == "remove":
            freed = pulling.remove(model, home)
            if str(pulling.model_state(model, home).path) in (self._chosen().model, self._chosen().embedder):
                choosing.write_setting(file, choosing.SETTING_OF[model.kind], BUILTIN)
            yield self.shelf(), self._line(say(f"删除了 {freed / 1e9:.2f} GB。", f"Freed {freed / 1e9:.2f} GB."))

    def _fetched(self, model: RegisteredModel) -> Iterator[Updates]:
        """Fetch in a thread, so that progress can be told; a visitor who leaves does not stop it."""
        if model.id in self.fetching:
            yield self.shelf(), self._line(self.say("正在下载这个模型。", "This model is being fetched already."))
            return
        told: queue.SimpleQueue[tuple[str, int, int] | BaseException | None] = queue.SimpleQueue()
        self.fetching.add(model.id)
        threading.Thread(target=self._fetch, args=(model, told), daemon=True).start()
        latest: tuple[str, int, int] = ("", 0, 0)
        while True:
            try:
                news = told.get(timeout=0.5)
            except queue.Empty:
                yield self.shelf(), self._progress(model, latest)
                continue
            if news is None:
                done = self.say(f"{model.name} 已下载并核对。", f"{model.name} is here and verified.")
                yield self.shelf(), self._line(done)
                return
            if isinstance(news, BaseException):
                raise news
            latest = news

    def _fetch(self, model: RegisteredModel, told: queue.SimpleQueue[Any]) -> None:
        try:
            self.pull(model, self.settings.home, lambda file, have, size: told.put((file, have, size)))
            end: BaseException | None = None
        except BaseException as error:  # told in the visitor's own thread
            end = error
        self.fetching.discard(model.id)
        told.put(end)

    def _progress(self, model: RegisteredModel, latest: tuple[str, int, int]) -> Html:
        file, have, size = latest
        words = self.say(f"正在下载 {model.name}", f"Fetching {model.name}")
        if size:
            words += f"　{file}　{have / 1e6:,.0f} / {size / 1e6:,.0f} MB"
        bar = element("progress", value=str(have), max=str(max(size, 1)), aria_label=words)
        return element("div", element("p", words), bar, class_="fetching", role="status")

    def _line(self, words: str) -> Html:
        return element("p", words, class_="count", role="status")

    # --- what there is -----------------------------------------------------------------------------------------

    def _chosen(self) -> Settings:
        """The settings as they will be read at the next start."""
        try:
            return load_settings()
        except OUR_ERRORS:
            return self.settings

    def shelf(self) -> Html:
        """Return the models, each with what can be done with it."""
        say, chosen = self.say, self._chosen()
        own = chosen.model != BUILTIN or chosen.embedder != BUILTIN
        builtin = element(
            "section",
            element("h2", say("内置模型", "The built-in models"), class_="source-title"),
            element(
                "p",
                badge(say("随程序安装", "installed with the program"), "plain"),
                "" if own else badge(say("使用中", "in use"), "good"),
                class_="badges",
            ),
            self._button("builtin", BUILTIN, say("换回内置模型", "Use these again")) if own else Html(),
            class_="preview",
        )
        return element("div", builtin, *(self._model(model, chosen) for model in load_registry()))

    def _model(self, model: RegisteredModel, chosen: Settings) -> Html:
        say = self.say
        state = pulling.model_state(model, self.settings.home)
        in_use = str(state.path) in (chosen.model, chosen.embedder)
        kind = {
            ModelKind.CHAT: say("回答", "answers"),
            ModelKind.EMBEDDER: say("检索", "search"),
            ModelKind.RERANKER: say("重排", "reranking"),
        }[model.kind]
        badges = [badge(kind, "plain")]
        if in_use:
            badges.append(badge(say("使用中", "in use"), "good"))
        elif state.is_present:
            badges.append(badge(say("已下载", "here"), "good"))
        elif state.partial_bytes:
            part = f"{state.partial_bytes / 1e9:.1f} GB"
            badges.append(badge(say(f"下载了 {part}", f"{part} so far"), "warn"))
        if model.recommended:
            badges.append(badge(say("推荐", "recommended"), "plain"))
        return element(
            "section",
            element("h2", model.name, class_="source-title"),
            element("p", *badges, class_="badges"),
            element("p", say(model.note, model.note_english), class_="finding"),
            facts(
                (say("大小", "Size"), f"{model.size_mb / 1000:.1f} GB"),
                (say("需要内存", "Memory"), f"{model.memory_mb / 1000:.1f} GB"),
                (say("许可", "License"), model.license),
                (say("来源", "Source"), "，".join(f"{s.hub.value}: {s.repo}" for s in model.sources)),
            ),
            element("p", *self._buttons(model, state.is_present, in_use), class_="actions"),
            class_="preview",
        )

    def _buttons(self, model: RegisteredModel, present: bool, in_use: bool) -> list[Html]:
        say = self.say
        if model.id in self.fetching:
            return [element("span", say("正在下载…", "Being fetched…"))]
        if not present:
            return [self._button("pull", model.id, say("下载（会联网）", "Fetch (uses the network)"))]
        buttons = []
        if not in_use and model.kind in choosing.SETTING_OF:
            buttons.append(self._button("use", model.id, say("选用", "Use")))
        buttons.append(self._button("verify", model.id, say("核对 SHA-256", "Verify")))
        buttons.append(self._button("remove", model.id, say("删除文件", "Delete files")))
        return buttons

    def _button(self, do: str, model: str, label: str) -> Html:
        return element("button", label, type="button", class_="quiet", data_do=do, data_model=model)


def add_models_tab(settings: Settings, say: Say) -> None:
    """Add the tab with its components and connect them."""
    shelf = ModelShelf(settings, say)
    tab = gr.Tab(say("模型", "Models"), id="models")
    with tab:
        intro = say(
            "内置的小模型只摘引原文，够用也够快。要更细的解释，可以下载大模型；只有按“下载”时才联网。",
            "The small built-in model quotes the sources. For explanations fetch a larger one; only that is online.",
        )
        markup(element("p", intro, class_="count"))
        line = markup(elem_id="models-line")
        shown = pressable("do", "model", elem_id="models-list")
    connect(tab.select, shelf.shelf, [], [shown])
    connect(shown.click, shelf.act, [], [shown, line])
