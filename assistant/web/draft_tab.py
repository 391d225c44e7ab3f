"""The tab that writes a letter: what the user typed, and articles quoted verbatim; nothing of it is kept here."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import gradio as gr

from assistant.commands.common import OUR_ERRORS, Say, error_line
from assistant.drafting import (
    BLANK,
    EVENT_LABELS,
    Block,
    BlockKind,
    Draft,
    DraftKind,
    FactField,
    draft,
    draft_markdown,
    facts_from,
    lender_kinds,
    load_template,
    situations,
)
from assistant.web.keeping import keep_buttons
from assistant.web.markup import Html, element, join, text
from assistant.web.parts import connect, date_field, day_from, markup
from assistant.word_file import draft_docx
from corpus.lawbook import LawBook

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_EVENT_ENGLISH = {
    "time": "When",
    "caller": "Number or person",
    "receiver": "Who was contacted",
    "means": "How",
    "words": "What was said",
    "proof": "Evidence",
}


def all_fields() -> tuple[FactField, ...]:
    """Return every fact that some letter asks for, once, in the order of asking."""
    fields: dict[str, FactField] = {}
    for kind in DraftKind:
        for wanted in load_template(kind).fields:
            fields.setdefault(wanted.id, wanted)
    return tuple(fields.values())


@dataclass(frozen=True, slots=True)
class Scribe:
    """The tab's behaviour, apart from its components. ``fields`` are in the order of the components."""

    lawbook: LawBook
    fields: tuple[FactField, ...]
    say: Say

    def form(self, kind: str) -> list[Any]:
        """Return which facts the form of that letter asks for."""
        wanted = {field.id for field in load_template(DraftKind(kind)).fields}
        return [gr.update(visible=field.id in wanted) for field in self.fields]

    def write(self, kind: str, chosen: list[str], lender: str | None, day: str, events: Any, *values: str) -> Html:
        """Return the letter as a page, with the checklist and what is still to be filled in."""
        try:
            letter = self._letter(kind, chosen, lender, day, events, values)
        except OUR_ERRORS as error:
            return element("p", error_line(error, self.say.language), class_="failure", role="alert")
        return self._page(letter)

    def word_file(
        self, kind: str, chosen: list[str], lender: str | None, day: str, events: Any, *values: str
    ) -> dict[str, str] | None:
        """Return the letter as a Word file for the browser to save; None where it cannot be written."""
        try:
            letter = self._letter(kind, chosen, lender, day, events, values)
        except OUR_ERRORS:
            return None
        content = base64.b64encode(draft_docx(letter)).decode("ascii")
        return {"name": f"faju-{kind}.docx", "type": WORD, "content": content}

    def _letter(
        self, kind: str, chosen: list[str], lender: str | None, day: str, events: Any, values: Sequence[str]
    ) -> Draft:
        wanted = DraftKind(kind)
        asked = {field.id for field in load_template(wanted).fields}
        table: dict[str, object] = {
            field.id: value.splitlines() if field.several else value
            for field, value in zip(self.fields, values, strict=True)
            if field.id in asked
        }
        table |= {"situations": chosen, "lender_kind": lender or "", "events": _events(events)}
        return draft(wanted, facts_from(table, "form"), self.lawbook, day_from(day) or date.today())

    # --- what the page shows -----------------------------------------------------------------------------------

    def _page(self, letter: Draft) -> Html:
        say = self.say
        blanks = sum(block.text.count(BLANK) for block in letter.blocks)
        parts = [element("p", self._state(blanks), class_="count", role="status")]
        parts += [element("p", remark, class_="note") for remark in letter.remarks]
        parts.append(element("div", *_blocks(letter.blocks), class_="letter", lang="zh-CN"))
        if letter.checklist:
            parts.append(element("div", *_blocks(letter.checklist), class_="checklist", lang="zh-CN"))
        parts.append(keep_buttons(draft_markdown(letter), f"faju-{letter.kind.value}.md", say))
        return element("div", *parts, class_="draft")

    def _state(self, blanks: int) -> str:
        if blanks:
            return self.say(
                f"还有 {blanks} 处{BLANK}。只写真实的、有证据的内容。",
                f"{blanks} places are still {BLANK}. Write only what is true and can be shown.",
            )
        return self.say("已写好，寄出前请通读一遍。", "Written; read it through before you send it.")


def _events(rows: Any) -> list[dict[str, str]]:
    """Return the rows of the table that hold anything as events."""
    events = []
    for row in rows or []:
        cells = ["" if cell is None else str(cell).strip() for cell in row]
        if any(cells):
            events.append(dict(zip(EVENT_LABELS, cells, strict=False)))
    return events


def _blocks(blocks: Sequence[Block]) -> list[Html]:
    """Return the blocks as paragraphs, numbers and bullets written out as in the Word file."""
    shown: list[Html] = []
    number = 0
    for block in blocks:
        number = number + 1 if block.kind is BlockKind.NUMBERED else 0
        mark = {BlockKind.NUMBERED: f"{number}. ", BlockKind.BULLET: "" if block.text.startswith("☐") else "• "}
        tag = {BlockKind.TITLE: "h2", BlockKind.HEADING: "h3", BlockKind.QUOTE: "blockquote"}.get(block.kind, "p")
        shown.append(element(tag, mark.get(block.kind, ""), _with_blanks(block.text)))
    return shown


def _with_blanks(words: str) -> Html:
    """Return the words with every 【待填】 standing out."""
    pieces = [text(piece) for piece in words.split(BLANK)]
    return join([part for piece in pieces for part in (piece, element("mark", BLANK))][:-1])


def add_draft_tab(lawbook: LawBook, say: Say) -> None:
    """Add the tab's components and connect them."""
    fields = all_fields()
    scribe = Scribe(lawbook, fields, say)
    templates = [load_template(kind) for kind in DraftKind]
    first = DraftKind.COMPLAINT
    asked_first = {field.id for field in load_template(first).fields}
    intro = say(
        "填好下面的内容，生成投诉书、报案材料、起诉状等。只写你提供的事实和核对过的条文，没填的写成【待填】；"
        "内容不会保存，也不会离开本机。",
        "Fill in the form for a complaint, a police report or a civil complaint. The letter holds only what you type "
        "and verified articles; what is missing becomes 【待填】. Nothing is stored or sent.",
    )
    markup(element("p", intro, class_="count"))
    kind = gr.Radio(
        [(say(template.title, template.english), template.kind.value) for template in templates],
        value=first.value,
        label=say("文书", "Letter"),
        elem_id="draft-kind",
    )
    chosen = gr.CheckboxGroup(
        [(say(situation.name, situation.english), situation.id) for situation in situations()],
        value=[],
        label=say("涉及的情形（可多选）", "Situations (any number)"),
        elem_id="draft-situations",
    )
    lender = gr.Dropdown(
        [("—", ""), *((say(item.name, item.english), item.id) for item in lender_kinds())],
        value="",
        label=say("借款机构的类别", "Kind of lender"),
        elem_id="draft-lender",
    )
    values = []
    with gr.Group(elem_id="draft-fields"):
        for field in fields:
            values.append(
                gr.Textbox(
                    label=say(field.label, field.english),
                    lines=2 if field.several else 1,
                    max_lines=8,
                    max_length=4000,
                    visible=field.id in asked_first,
                    elem_id=f"draft-{field.id.replace('_', '-')}",
                )
            )
    events = gr.Dataframe(
        [[""] * len(EVENT_LABELS) for _ in range(3)],
        headers=[say(label, _EVENT_ENGLISH[key]) for key, label in EVENT_LABELS.items()],
        type="array",
        datatype="str",
        column_count=len(EVENT_LABELS),
        label=say("经过：每次电话、短信或上门一行", "What happened: a row for each call, message or visit"),
        interactive=True,
        wrap=True,
        elem_id="draft-events",
    )
    with gr.Row(elem_classes="controls"):
        day = date_field(say("按哪一天的法律（默认今天）", "The law of which day (today by default)"), "draft-as-of")
        go = gr.Button(say("生成", "Write"), variant="primary", scale=0, min_width=112, elem_id="draft-go")
        word = gr.Button(say("存为 Word", "Save as Word"), scale=0, min_width=150, elem_id="draft-word")
    shown = markup(elem_id="draft-page")
    file = gr.JSON(visible=False)
    inputs = [kind, chosen, lender, day, events, *values]
    connect(kind.input, scribe.form, [kind], values)
    connect(go.click, scribe.write, inputs, [shown], show_progress="minimal")
    connect(word.click, scribe.word_file, inputs, [file]).then(
        None, [file], None, js="(file) => { window.fajuSave(file); }", api_visibility="private"
    )
