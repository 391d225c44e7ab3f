"""The tab where a question is asked, answered under one's eyes, and its sources opened beside it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeAlias

import gradio as gr

from assistant.commands.common import OUR_ERRORS, Say, error_line
from assistant.conversations import ConversationStore, SavedTurn
from assistant.drafting import Block, BlockKind, escape_markdown
from assistant.exporting import answer_blocks
from assistant.records import AnswerMode, Stage, StageReached
from assistant.records import Turn as EarlierTurn
from assistant.rendering import answer_markdown, one_line
from assistant.settings import BUILTIN, Settings
from assistant.web.audit_pages import remark_page
from assistant.web.desk import Desk, DeskEvent, Failed, Preparing, Question, Stopped, Waiting
from assistant.web.markup import Html, element, join
from assistant.web.parts import connect, date_field, day_from, markup, pressable
from assistant.web.turns import Turn
from corpus.auditing import audit_text
from corpus.lawbook import LawBook

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
    """The finished turns of one visitor. ``saved_as`` is its id among the saved ones, None where it was not saved."""

    turns: tuple[SavedTurn, ...] = ()
    saved_as: int | None = None

    @property
    def history(self) -> tuple[EarlierTurn, ...]:
        return tuple(EarlierTurn(turn.question, turn.answer) for turn in self.turns if turn.answer)


@dataclass(slots=True)
class Asking:
    """The tab's behaviour, apart from its components. ``stops`` holds the switch of each visitor's running answer."""

    desk: Desk
    lawbook: LawBook
    store: ConversationStore
    say: Say
    stops: dict[str, threading.Event] = field(default_factory=dict)

    async def ask(
        self, text: str, as_of: str, mode: str, conversation: Conversation, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """Yield what the page shows while a question is answered.

        Asked while the visitor's last question is being answered, nothing changes and the words stay in the box.
        """
        session = request.session_hash or ""
        if not text.strip() or session in self.stops:
            yield _changes()
            return
        stop = self.stops[session] = threading.Event()
        turn = Turn(len(conversation.turns) + 1, text.strip(), self.say, usual_seconds=self.desk.usual_seconds)
        question = Question(
            text, self.say.language, conversation.history, day_from(as_of), AnswerMode(mode) if mode else None
        )
        try:
            yield _begun(turn)
            async for event in self.desk.ask(question, stop):
                self._note(turn, event, stop)
                if isinstance(event, StageReached) and event.stage is Stage.READING:
                    turn.remarks = await asyncio.to_thread(self._remarks, turn)
                if not turn.finished:
                    yield _changes(running=turn.html())
        finally:
            stop.set()
            if self.stops.get(session) is stop:
                del self.stops[session]
        yield _ended(_with(conversation, turn))

    def stop(self, request: gr.Request) -> None:
        """Stop this visitor's answer, also while the model still reads or the question waits."""
        running = self.stops.get(request.session_hash or "")
        if running is not None:
            running.set()

    def clear(self) -> Updates:
        """Begin a new conversation."""
        return _ended(Conversation())

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

    def _remarks(self, turn: Turn) -> dict[str, Html]:
        """Return a warning, by chunk id, for each passage that is no law and cites law wrongly or as it was."""
        day = turn.understood.as_of if turn.understood else date.today()
        remarks = {}
        for numbered in turn.passages:
            chunk, document = numbered.passage.chunk, numbered.passage.document
            if document.law is None:
                report = audit_text(chunk.text, document.title, self.lawbook, day)
                remarks[chunk.id] = remark_page(chunk, report, self.say)
        return {key: remark for key, remark in remarks.items() if remark}

    # --- keeping -----------------------------------------------------------------------------------------------

    def save(self, conversation: Conversation) -> tuple[Conversation, Html]:
        """Keep the conversation in the data folder, in place of its earlier state."""
        if not conversation.turns:
            return conversation, Html()
        try:
            kept = self.store.save(conversation.turns, conversation.saved_as)
        except OUR_ERRORS as error:
            return conversation, element("p", error_line(error, self.say.language), class_="count", role="alert")
        said = self.say("已保存在本机，见“对话”。", "Saved on this machine; see Conversations.")
        return replace(conversation, saved_as=kept), element("p", said, class_="count", role="status")

    def open(self, conversation_id: int) -> Updates:
        """Show a saved conversation, to be gone on with."""
        return _ended(Conversation(self.store.turns(conversation_id), conversation_id))

    def note_feedback(self, conversation: Conversation, data: gr.EventData) -> None:
        """Keep on this machine whether an answer helped."""
        place = int(data.turn) - 1
        if 0 <= place < len(conversation.turns):
            turn = conversation.turns[place]
            with contextlib.suppress(*OUR_ERRORS):  # a vote is not worth an error
                self.store.note_feedback(turn.question, turn.answer, helpful=data.helpful == "yes")

    def _preparing(self, event: Preparing) -> str:
        share = f" {event.stage} {event.done}/{event.total}" if event.total else ""
        return self.say(
            f"正在准备法条索引和模型，只在刚启动时需要等…{share}",
            f"Opening the index and the model, once at start…{share}",
        )


# --- what the page shows -----------------------------------------------------------------------------------------

# The components that a question changes, in the order in which Gradio is told of them.
SHOWN = ("thread", "running", "box", "send", "stop", "welcome", "clear", "save", "saved", "conversation")


def _changes(**changed: Any) -> Updates:
    """Return what Gradio is to change; what is not named stays as it is, words being typed above all."""
    assert changed.keys() <= set(SHOWN)
    return tuple(changed.get(name, gr.skip()) for name in SHOWN)


def _begun(turn: Turn) -> Updates:
    hidden = gr.update(visible=False)
    return _changes(
        running=turn.html(),
        box="",
        send=hidden,
        stop=gr.update(visible=True),
        welcome=hidden,
        clear=hidden,
        save=hidden,
        saved="",
    )


def _ended(conversation: Conversation) -> Updates:
    begun = bool(conversation.turns)
    return _changes(
        thread=join(Html(turn.page) for turn in conversation.turns),
        running="",
        send=gr.update(visible=True),
        stop=gr.update(visible=False),
        welcome=gr.update(visible=not begun),
        clear=gr.update(visible=begun),
        save=gr.update(visible=begun),
        saved="",
        conversation=conversation,
    )


def _with(conversation: Conversation, turn: Turn) -> Conversation:
    answer = turn.answer
    done = SavedTurn(
        question=answer.question if answer else turn.question,
        answer=answer.text if answer else "",
        page=turn.html(),
        markdown=answer_markdown(answer, turn.say.language)
        if answer
        else f"# {escape_markdown(one_line(turn.question))}\n",
        blocks=answer_blocks(answer, turn.say.language) if answer else (Block(BlockKind.TITLE, turn.question),),
    )
    return replace(conversation, turns=(*conversation.turns, done))


@dataclass(frozen=True, slots=True)
class AskPlaces:
    """What other tabs need of this one: the panel in which sources are read, and how to show a saved conversation."""

    panel: gr.HTML
    shown: list[Any]
    asking: Asking


def add_ask_tab(page: gr.Blocks, asking: Asking, settings: Settings, say: Say) -> AskPlaces:
    """Add the tab's components and connect them."""
    conversation = gr.State(Conversation())
    with gr.Row(elem_id="ask-row"):
        with gr.Column(elem_id="ask-main"):
            thread = pressable("helpful", "turn", elem_id="thread")
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
                    save = gr.Button(say("保存对话", "Save conversation"), visible=False, elem_id="save")
                saved = markup(elem_id="saved")
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

    shown = [thread, running, box, send, stop, welcome, clear, save, saved, conversation]
    inputs = [as_of, mode, conversation]
    for trigger in (box.submit, send.click):
        connect(trigger, asking.ask, [box, *inputs], shown, trigger_mode="multiple")
    for example in examples:
        connect(example.click, asking.ask, [example, *inputs], shown, trigger_mode="multiple")
    connect(stop.click, asking.stop)
    connect(clear.click, asking.clear, [], shown)
    connect(save.click, asking.save, [conversation], [conversation, saved])
    connect(thread.click, asking.note_feedback, [conversation])
    page.unload(asking.stop)
    return AskPlaces(panel, shown, asking)


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
