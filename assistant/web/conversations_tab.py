"""The tab of saved conversations: find, open again, hand on as a file, forget."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, TypeAlias

import gradio as gr

from assistant.commands.common import OUR_ERRORS, Say, error_line
from assistant.conversations import ConversationStore, SavedTurn
from assistant.exporting import blocks_html
from assistant.web.ask_tab import AskPlaces
from assistant.web.markup import NOTHING, Html, element, join
from assistant.web.parts import connect, markup
from assistant.word_file import blocks_docx

Updates: TypeAlias = tuple[Any, ...]

# What a browser calls the kinds of file that a conversation is handed on as.
TYPES = {
    "md": "text/markdown",
    "html": "text/html",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@dataclass(frozen=True, slots=True)
class Shelf:
    """The tab's behaviour, apart from its components."""

    store: ConversationStore
    say: Say

    def list(self, words: str, chosen: int | None = None) -> Updates:
        """Return the saved conversations that have the words; a choice that is no longer among them is taken back.

        A choice that stands is not sent: a list that arrives late would undo one made meanwhile.
        """
        try:
            found = self.store.find(words)
        except OUR_ERRORS as error:
            return gr.update(choices=[], value=None), self._trouble(error), _buttons(False)
        choices = [
            (f"{saved.saved_at:%Y-%m-%d %H:%M}　{saved.title}" + self._more(saved.turn_count), saved.id)
            for saved in found
        ]
        nothing = self.say("没有保存的对话。", "No saved conversation.")
        if words.strip():
            nothing = self.say("没有找到，换个词试试。", "Nothing found; try other words.")
        line = NOTHING if found else element("p", nothing, class_="count", role="status")
        gone = chosen is not None and all(saved.id != chosen for saved in found)
        listed = gr.update(choices=choices, visible=bool(found), **({"value": None} if gone or not found else {}))
        return listed, line, _buttons(False) if gone or not found else gr.skip()

    def _more(self, count: int) -> str:
        return self.say(f"（{count} 个问题）", f" ({count} questions)") if count > 1 else ""

    def _trouble(self, error: Exception) -> Html:
        return element("p", error_line(error, self.say.language), class_="failure", role="alert")

    def look(self, chosen: int | None) -> Updates:
        """Return a saved conversation as it stood, and the buttons for it."""
        turns = self.store.turns(chosen) if chosen is not None else ()
        return join(Html(turn.page) for turn in turns), _buttons(bool(turns))

    def delete(self, chosen: int | None, words: str) -> Updates:
        if chosen is not None:
            self.store.delete(chosen)
        return self.list(words, chosen)

    def erase(self) -> Updates:
        """Forget everything that was saved, feedback too."""
        try:
            self.store.erase()
        except OUR_ERRORS as error:
            return gr.skip(), self._trouble(error), gr.skip()
        return self.list("")

    def file(self, chosen: int | None, kind: str) -> dict[str, str] | None:
        """Return a conversation as a file for the browser to save: name, type, content in base64."""
        turns = self.store.turns(chosen) if chosen is not None else ()
        if not turns:
            return None
        content = base64.b64encode(self._content(turns, kind)).decode("ascii")
        return {"name": f"faju-{chosen}.{kind}", "type": TYPES[kind], "content": content}

    def _content(self, turns: tuple[SavedTurn, ...], kind: str) -> bytes:
        blocks = [block for turn in turns for block in turn.blocks]
        if kind == "docx":
            return blocks_docx(turns[0].question, blocks)
        if kind == "html":
            return blocks_html(turns[0].question, blocks, self.say.language).encode()
        return "\n\n".join(turn.markdown for turn in turns).encode()


def _buttons(shown: bool) -> Any:
    return gr.update(visible=shown)


def add_conversations_tab(tabs: gr.Tabs, ask: AskPlaces, store: ConversationStore, say: Say) -> None:
    """Add the tab with its components and connect them."""
    shelf = Shelf(store, say)
    tab = gr.Tab(say("对话", "Conversations"), id="conversations")
    with tab:
        intro = say(
            "对话只在内存里，关掉网页就没有了；按过“保存对话”的才存在本机的文件里。",
            "A conversation is gone when the page is closed; only what you saved is in a file on this machine.",
        )
        markup(element("p", intro, class_="count"))
        words = gr.Textbox(label=say("查找", "Find"), lines=1, max_lines=1, max_length=200, elem_id="shelf-words")
        chosen = gr.Radio([], label=say("保存的对话", "Saved conversations"), visible=False, elem_id="shelf-list")
        line = markup(elem_id="shelf-line")
        with gr.Row(visible=False, elem_classes="controls", elem_id="shelf-buttons") as buttons:
            reopen = gr.Button(say("打开继续问", "Open and go on"), variant="primary", elem_id="shelf-open")
            files = {kind: gr.Button(f".{kind}", elem_id=f"shelf-{kind}") for kind in TYPES}
            delete = gr.Button(say("删除", "Delete"), variant="stop", elem_id="shelf-delete")
        shown = markup(elem_id="shelf-page")
        erase = gr.Button(say("全部删除（对话和评价）", "Delete everything saved"), size="sm", elem_id="shelf-erase")
        with gr.Row(visible=False, elem_classes="controls", elem_id="shelf-sure") as sure:
            markup(element("p", say("删了就找不回来。", "This cannot be undone."), class_="count"))
            really = gr.Button(say("确定全部删除", "Really delete all"), variant="stop", elem_id="shelf-really")
            keep = gr.Button(say("取消", "Cancel"), elem_id="shelf-keep")
        file = gr.JSON(visible=False)
    listed = [chosen, line, buttons]
    connect(tab.select, shelf.list, [words, chosen], listed)
    connect(words.submit, shelf.list, [words, chosen], listed)
    connect(chosen.input, shelf.look, [chosen], [shown, buttons])
    connect(reopen.click, lambda key: (gr.Tabs(selected="ask"), *ask.asking.open(key)), [chosen], [tabs, *ask.shown])
    for kind, button in files.items():
        event = connect(button.click, lambda key, kind=kind: shelf.file(key, kind), [chosen], [file])
        event.then(None, [file], None, js="(file) => { window.fajuSave(file); }", api_visibility="private")
    connect(delete.click, shelf.delete, [chosen, words], listed).then(
        lambda: "", None, [shown], api_visibility="private", show_progress="hidden"
    )
    connect(erase.click, lambda: (_buttons(True), _buttons(False)), [], [sure, erase])
    connect(keep.click, lambda: (_buttons(False), _buttons(True)), [], [sure, erase])
    connect(
        really.click, lambda: (*shelf.erase(), "", _buttons(False), _buttons(True)), [], [*listed, shown, sure, erase]
    )
