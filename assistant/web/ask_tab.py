"""The tab where a question is asked, answered under one's eyes, and its sources opened beside it."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

import gradio as gr

from assistant.commands.common import Say
from assistant.records import Answer, AnswerMode
from assistant.records import Turn as EarlierTurn
from assistant.settings import BUILTIN, Settings
from assistant.web.desk import Desk, DeskEvent, Failed, Preparing, Question, Stopped, Waiting
from assistant.web.markup import Html, element, join
from assistant.web.parts import connect, date_field, markup, pressable
from assistant.web.turns import Turn

EXAMPLES = (
    ("催收给我通讯录里的人群发短信，违法吗？", "催收给我通讯录里的人群发短信，违法吗？"),
    ("催收打电话骂我父母，可以报警吗？", "催收打电话骂我父母，可以报警吗？"),
    ("我只是朋友的紧急联系人，要替他还钱吗？", "我只是朋友的紧急联系人，要替他还钱吗？"),
    ("被骚扰要保存哪些证据？", "被骚扰要保存哪些证据？"),
    ("网贷平台泄露我的通讯录，向哪里投诉？", "网贷平台泄露我的通讯录，向哪里投诉？"),
)

# What Gradio is told to change; its updates are dictionaries of anything.
Updates: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """The finished turns of one visitor: as they stand on the page, and what follow-ups need of them."""

    turns: tuple[Html, ...] = ()
    answers: tuple[Answer, ...] = ()

    @property
    def history(self) -> tuple[EarlierTurn, ...]:
        return tuple(EarlierTurn(answer.question, answer.text) for answer in self.answers)


@dataclass(slots=True)
class Asking:
    """The tab's behaviour, apart from its components. ``stops`` holds the switch of each visitor's running answer."""

    desk: Desk
    say: Say
    stops: dict[str, threading.Event] = field(default_factory=dict)

    async def ask(
        self, text: str, as_of: str, mode: str, conversation: Conversation, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """Yield what the page shows while a question is answered: thread, running turn, box, buttons, conversation."""
        session = request.session_hash or ""
        if not text.strip():
            yield self._idle(conversation, text)
            return
        stop = self.stops[session] = threading.Event()
        turn = Turn(len(conversation.turns) + 1, text.strip(), self.say, usual_seconds=self.desk.usual_seconds)
        question = Question(
            text, self.say.language, conversation.history, day_from(as_of), AnswerMode(mode) if mode else None
        )
        try:
            async for event in self.desk.ask(question, stop):
                self._note(turn, event, stop)
                if not turn.finished:
                    yield self._running(conversation, turn)
        finally:
            stop.set()
            if self.stops.get(session) is stop:
                del self.stops[session]
        yield self._idle(_with(conversation, turn), "")

    def stop(self, request: gr.Request) -> None:
        """Stop this visitor's answer, also while the model still reads or the question waits."""
        running = self.stops.get(request.session_hash or "")
        if running is not None:
            running.set()

    def clear(self) -> Updates:
        """Begin a new conversation."""
        return self._idle(Conversation(), "")

    def _note(self, turn: Turn, event: DeskEvent, stop: threading.Event) -> None:
        turn.waiting = ""
        if isinstance(event, Waiting):
            turn.waiting = self.say(
                f"前面还有 {event.ahead} 个问题，轮到后马上回答。", f"{event.ahead} questions before yours."
            )
        elif isinstance(event, Preparing):
            turn.waiting = self._preparing(event)
        elif isinstance(event, Stopped):
            turn.stopped = True
        elif isinstance(event, Failed):
            turn.failure = event.message
        else:
            turn.take(event)
            turn.stopped = turn.answer is not None and stop.is_set()

    def _preparing(self, event: Preparing) -> str:
        share = f" {event.stage} {event.done}/{event.total}" if event.total else ""
        return self.say(
            f"正在准备法条索引和模型，只在刚启动时需要等…{share}",
            f"Opening the index and the model, once at start…{share}",
        )

    # --- what the page shows -----------------------------------------------------------------------------------

    def _running(self, conversation: Conversation, turn: Turn) -> Updates:
        return (
            gr.skip() if conversation.turns else "",
            turn.html(),
            "",
            gr.update(visible=False),
            gr.update(visible=True),
            gr.update(visible=False),
            gr.update(visible=False),
            gr.skip(),
        )

    def _idle(self, conversation: Conversation, text: str) -> Updates:
        begun = bool(conversation.turns)
        return (
            join(conversation.turns),
            "",
            text,
            gr.update(visible=True),
            gr.update(visible=False),
            gr.update(visible=not begun),
            gr.update(visible=begun),
            conversation,
        )


def _with(conversation: Conversation, turn: Turn) -> Conversation:
    answers = (*conversation.answers, turn.answer) if turn.answer is not None else conversation.answers
    return Conversation((*conversation.turns, turn.html()), answers)


def day_from(text: str | None) -> date | None:
    """Return the day of a date field, None where it is empty or no day."""
    try:
        return date.fromisoformat((text or "").strip())
    except ValueError:
        return None


def add_ask_tab(page: gr.Blocks, desk: Desk, settings: Settings, say: Say) -> gr.HTML:
    """Add the tab's components and connect them; return the panel in which sources are read."""
    asking = Asking(desk, say)
    conversation = gr.State(Conversation())
    with gr.Row(elem_id="ask-row"):
        with gr.Column(elem_id="ask-main"):
            thread = markup("", elem_id="thread")
            running = markup("", elem_id="running")
            with gr.Column(elem_id="ask-box"):
                box = gr.Textbox(
                    label=say("写下发生了什么、想问什么", "What happened, what do you want to know"),
                    placeholder=say("例如：催收骂我父母，怎么办？", "For example: 催收骂我父母，怎么办？"),
                    lines=1,
                    max_lines=8,
                    max_length=settings.max_question_chars,
                    elem_id="question",
                    autofocus=True,
                )
                with gr.Row(elem_id="ask-buttons"):
                    send = gr.Button(say("提问", "Ask"), variant="primary", elem_id="send")
                    stop = gr.Button(say("停止", "Stop"), variant="stop", visible=False, elem_id="stop")
                    clear = gr.Button(say("新的对话", "New conversation"), visible=False, elem_id="clear")
                with gr.Accordion(say("更多选项", "More options"), open=False, elem_id="options"):
                    as_of = date_field(
                        say("按哪一天的法律（默认今天）", "The law of which day (today by default)"), "as-of"
                    )
                    mode = gr.Radio(
                        mode_choices(settings, say),
                        value="",
                        label=say("回答方式", "Kind of answer"),
                        elem_id="mode",
                    )
            with gr.Column(elem_id="welcome") as welcome:
                markup(_welcome(say))
                examples = [
                    gr.Button(say(*example), elem_classes="example", variant="secondary") for example in EXAMPLES
                ]
        with gr.Column(elem_id="panel-column"):
            panel = pressable("version", "article", value=_panel(say), elem_id="panel-holder")

    shown = [thread, running, box, send, stop, welcome, clear, conversation]
    inputs = [as_of, mode, conversation]
    for trigger in (box.submit, send.click):
        connect(trigger, asking.ask, [box, *inputs], shown)
    for example in examples:
        connect(example.click, asking.ask, [example, *inputs], shown)
    connect(stop.click, asking.stop)
    connect(clear.click, asking.clear, [], shown)
    page.unload(asking.stop)
    return panel


def mode_choices(settings: Settings, say: Say) -> list[tuple[str, str]]:
    """Return the kinds of answer the model can give; explaining takes a larger model than the built-in one."""
    choices = [(say("引用原文作答", "Quote the sources"), "")]
    if settings.model != BUILTIN:
        choices = [
            (say("按模型默认", "As the model allows"), ""),
            (say("引用原文", "Quote"), AnswerMode.QUOTE.value),
            (say("解释（逐句核对）", "Explain, each sentence checked"), AnswerMode.EXPLAIN.value),
        ]
    return [*choices, (say("只列出相关材料，不用模型", "List passages, no model"), AnswerMode.SEARCH.value)]


def _welcome(say: Say) -> Html:
    return element(
        "div",
        element("h2", say("你可以这样问", "You can ask")),
        element(
            "p",
            say(
                "每一句回答都摘自法条或文章原文，点句末的数字就能看到出处。",
                "Every sentence of an answer is taken from a statute or an article; press the number to see it.",
            ),
        ),
        class_="welcome",
    )


def _panel(say: Say) -> Html:
    return element(
        "aside",
        element(
            "div",
            element("h2", say("来源", "Source"), id="panel-title", tabindex="-1"),
            element("button", "×", type="button", id="panel-close", aria_label=say("关闭来源", "Close the source")),
            class_="panel-head",
        ),
        element("div", id="panel-body"),
        id="panel",
        hidden=True,
        aria_labelledby="panel-title",
        data_title=say("来源", "Source"),
    )
