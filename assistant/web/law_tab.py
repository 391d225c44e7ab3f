"""The tab where laws are read: by chapter, by number or words, and two versions side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import gradio as gr

from assistant.commands.common import Say
from assistant.web import law_pages
from assistant.web.markup import Html
from assistant.web.parts import connect, pressable
from corpus.lawbook import LawBook
from corpus.records import LawVersion
from corpus.validity import version_at

ALL_LAWS = ""


@dataclass(frozen=True, slots=True)
class LawDesk:
    """The tab's behaviour, apart from its components."""

    lawbook: LawBook
    say: Say

    def choices(self) -> list[tuple[str, str]]:
        return [(self.say("全部法律", "All laws"), ALL_LAWS), *((f"《{law}》", law) for law in self.lawbook.laws)]

    def pick(self, law: str | None, wanted: str) -> tuple[Any, Any, Html]:
        """Return what follows from choosing a law: its versions to choose from, those to compare with, its page."""
        versions = self._versions(law)
        chosen = self._current(law).id if law else None
        shown = gr.update(choices=versions, value=chosen, visible=len(versions) > 1)
        return shown, self._comparable(law, chosen), self.show(law, chosen, None, wanted)

    def pick_version(self, law: str | None, version: str | None, wanted: str) -> tuple[Any, Html]:
        return self._comparable(law, version), self.show(law, version, None, wanted)

    def show(self, law: str | None, version: str | None, other: str | None, wanted: str) -> Html:
        """Return the page for what is chosen: all laws, a version of one, or two versions of it."""
        today = date.today()
        if not law:
            return law_pages.found_page(self.lawbook, wanted, today, self.say)
        chosen = self.lawbook.version(version or "") or self._current(law)
        if other and (compared := self.lawbook.version(other)) and compared.id != chosen.id:
            old, new = sorted((chosen, compared), key=lambda v: v.effective or date.max)
            return law_pages.comparison_page(self.lawbook, old, new, wanted, self.say)
        return law_pages.law_page(self.lawbook, chosen, wanted, today, self.say)

    def _current(self, law: str) -> LawVersion:
        """The version in force today, or else the newest."""
        return version_at(self.lawbook, law, date.today()) or self.lawbook.versions_of(law)[-1]

    def _versions(self, law: str | None) -> list[tuple[str, str]]:
        """The versions of a law, newest first, with what names them."""
        today = date.today()
        versions = reversed(self.lawbook.versions_of(law or ""))
        return [(law_pages.version_label(version, today, self.say), version.id) for version in versions]

    def _comparable(self, law: str | None, version: str | None) -> Any:
        others = [(label, key) for label, key in self._versions(law) if key != version]
        nothing = (self.say("不对照", "Do not compare"), "")
        return gr.update(choices=[nothing, *others], value="", visible=bool(others))

    def open_law(self, data: gr.EventData) -> tuple[Any, ...]:
        """Return what follows from pressing a law in the list: as if it were chosen."""
        law = str(data.law)
        return (law, "", *self.pick(law, ""))

    def open_article(self, data: gr.EventData) -> tuple[Any, ...]:
        """Return what follows from opening a cited article here: this tab, its law and version, the article alone."""
        version = self.lawbook.version(str(data.version))
        if version is None:  # of an imported law, which the book does not hold
            return (gr.skip(),) * 6
        law, article = version.short_title, str(data.article)
        versions = self._versions(law)
        return (
            gr.Tabs(selected="laws"),
            law,
            article,
            gr.update(choices=versions, value=version.id, visible=len(versions) > 1),
            self._comparable(law, version.id),
            self.show(law, version.id, None, article),
        )


def add_law_tab(lawbook: LawBook, tabs: gr.Tabs, say: Say) -> Callable[[gr.HTML], None]:
    """Add the tab's components and connect them.

    Returns how to connect a place that shows sources: its button “在法条里打开” then opens the article here.
    """
    desk = LawDesk(lawbook, say)
    with gr.Row(elem_classes="controls"):
        law = gr.Dropdown(
            desk.choices(), value=ALL_LAWS, label=say("法律", "Law"), filterable=True, elem_id="law", min_width=240
        )
        wanted = gr.Textbox(
            label=say("条文号或词语", "Article number or words"),
            placeholder=say("例如：第五十条，或 短信 骚扰", "For example: 第五十条, or 短信 骚扰"),
            lines=1,
            max_lines=1,
            max_length=200,
            elem_id="law-words",
            min_width=240,
        )
    with gr.Row(elem_classes="controls"):
        version = gr.Dropdown([], value=None, label=say("版本", "Version"), visible=False, elem_id="law-version")
        other = gr.Dropdown(
            [], value=None, label=say("与另一版本对照", "Compare with"), visible=False, elem_id="law-other"
        )
    page = pressable("law", value=desk.show(None, None, None, ""), elem_id="law-page")
    connect(law.input, desk.pick, [law, wanted], [version, other, page])
    connect(version.input, desk.pick_version, [law, version, wanted], [other, page])
    connect(other.input, desk.show, [law, version, other, wanted], [page])
    connect(wanted.submit, desk.show, [law, version, other, wanted], [page])
    connect(page.click, desk.open_law, [], [law, wanted, version, other, page])

    def open_from(sources: gr.HTML) -> None:
        connect(sources.click, desk.open_article, [], [tabs, law, wanted, version, other, page])

    return open_from
