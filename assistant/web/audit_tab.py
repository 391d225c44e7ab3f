"""The tab that checks an article: every law it cites and every word it quotes, by the law of one day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import gradio as gr

from assistant.commands.common import OUR_ERRORS, Say, error_line
from assistant.web.audit_pages import report_page
from assistant.web.keeping import keep_buttons
from assistant.web.markup import Html, element, join
from assistant.web.parts import connect, date_field, day_from, markup
from assistant.web.uploads import SUFFIXES, read_upload, taken
from corpus.auditing import audit_text, report_markdown
from corpus.lawbook import LawBook

MOST_CHARS = 60_000
MOST_FILES = 10


@dataclass(frozen=True, slots=True)
class AuditDesk:
    """The tab's behaviour, apart from its components."""

    lawbook: LawBook
    say: Say

    def audit_pasted(self, text: str, as_of: str) -> Html:
        """Return the report on a text that was pasted."""
        if not text.strip():
            return element("p", self.say("把文章粘贴到上面的框里。", "Paste the article above."), class_="count")
        if len(text) > MOST_CHARS:
            too_long = self.say(
                f"文章有 {len(text):,} 个字，最多核对 {MOST_CHARS:,} 个；请分几次核对。",
                f"The article has {len(text):,} characters, at most {MOST_CHARS:,} are checked; do it in parts.",
            )
            return element("p", too_long, class_="failure", role="alert")
        return self._report(text, "", as_of)

    def audit_files(self, files: Sequence[str] | None, as_of: str) -> Iterator[Html]:
        """Yield the reports on files as they are done."""
        shown: list[Html] = []
        paths = list(files or ())[:MOST_FILES]
        for count, path in enumerate(paths, 1):
            progress = self.say(f"正在核对第 {count} / {len(paths)} 份…", f"Checking {count} of {len(paths)}…")
            yield join([*shown, element("p", progress, class_="count", role="status")])
            with taken(path) as file:
                try:
                    document = read_upload(file).document
                except OUR_ERRORS as error:
                    shown.append(element("p", error_line(error, self.say.language), class_="failure", role="alert"))
                else:
                    shown.append(self._report(document.text, document.info.title, as_of))
        yield join(shown)

    def _report(self, text: str, title: str, as_of: str) -> Html:
        day = day_from(as_of) or date.today()
        report = audit_text(text, title, self.lawbook, day)
        heading = element("h2", title) if title else Html()
        keep = keep_buttons(report_markdown(report), f"faju-audit-{day}.md", self.say)
        return element("section", heading, report_page(report, self.say), keep, class_="report")


def add_audit_tab(lawbook: LawBook, say: Say) -> None:
    """Add the tab's components and connect them."""
    desk = AuditDesk(lawbook, say)
    markup(
        element(
            "p",
            say(
                "网上的普法文章常引用已经改了的法条。把文章粘贴进来或选择文件，逐处核对条号、原文和是否现行有效。",
                "Articles often cite law that has changed. Paste one or choose a file: every number, quotation and "
                "version is checked.",
            ),
            class_="count",
        )
    )
    text = gr.Textbox(
        label=say("文章", "The article"),
        placeholder=say("把文章粘贴到这里", "Paste the article here"),
        lines=8,
        max_lines=16,
        elem_id="audit-text",
    )
    with gr.Row(elem_classes="controls"):
        as_of = date_field(say("按哪一天的法律（默认今天）", "The law of which day (today by default)"), "audit-as-of")
        go = gr.Button(say("核对", "Check"), variant="primary", scale=0, min_width=112, elem_id="audit-go")
    with gr.Accordion(say("或者选择文件", "Or choose files"), open=False, elem_id="audit-more"):
        files = gr.File(
            file_count="multiple",
            file_types=list(SUFFIXES),
            label=say(f"选择文件（{' '.join(SUFFIXES)}）", f"Choose files ({' '.join(SUFFIXES)})"),
            elem_id="audit-files",
        )
    shown = markup(elem_id="audit-page")
    connect(go.click, desk.audit_pasted, [text, as_of], [shown], show_progress="minimal")
    connect(files.upload, desk.audit_files, [files, as_of], [shown]).then(
        lambda: None, None, [files], api_visibility="private", show_progress="hidden"
    )
