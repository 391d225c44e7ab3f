"""The page put together: header, tabs, look. What happens in a tab stands in the tab's own module."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from assistant.commands.common import Say
from assistant.conversations import ConversationStore
from assistant.settings import Settings
from assistant.web.ask_tab import Asking, add_ask_tab
from assistant.web.audit_tab import add_audit_tab
from assistant.web.conversations_tab import add_conversations_tab
from assistant.web.desk import Desk
from assistant.web.draft_tab import add_draft_tab
from assistant.web.evaluation_tab import add_evaluation_tab
from assistant.web.first_page import FirstPage
from assistant.web.law_tab import add_law_tab
from assistant.web.library_tab import add_library_tab
from assistant.web.markup import Html, element, join
from assistant.web.models_tab import add_models_tab
from assistant.web.parts import markup
from assistant.web.search_tab import add_search_tab
from corpus.lawbook import LawBook

HERE = Path(__file__).parent

# Gradio keeps what every visit saw, 3 MB after ten answers, and forgets only the least used of more than this.
MOST_VISITS = 32


@dataclass(frozen=True, slots=True)
class Office:
    """What the tabs work with; the pages of both languages share one."""

    desk: Desk
    lawbook: LawBook
    settings: Settings

    @property
    def store(self) -> ConversationStore:
        """What the user chose to keep; in the data folder, not in the index, which may be thrown away."""
        return ConversationStore(self.settings.home / "conversations.sqlite3")


def build_page(office: Office, say: Say) -> gr.Blocks:
    """Return the page in one language. Nothing is opened or asked by building it."""
    page = gr.Blocks(title=title(say), analytics_enabled=False, fill_width=True)
    with page:
        markup(_header(say), elem_id="faju-header")
        with gr.Tabs(elem_id="faju-tabs") as tabs:
            with gr.Tab(say("提问", "Ask"), id="ask"):
                asking = Asking(office.desk, office.lawbook, office.store, say)
                ask = add_ask_tab(page, asking, office.settings, say)
            with gr.Tab(say("法条", "Laws"), id="laws"):
                open_from = add_law_tab(office.lawbook, tabs, say)
            with gr.Tab(say("检索", "Search"), id="search"):
                found = add_search_tab(office.desk, office.lawbook, say)
            with gr.Tab(say("核对文章", "Check an article"), id="audit"):
                add_audit_tab(office.lawbook, say)
            with gr.Tab(say("写文书", "Letters"), id="draft"):
                add_draft_tab(office.lawbook, say)
            open_from(ask.panel)
            open_from(found)
            add_library_tab(office.desk, office.settings, say)
            add_conversations_tab(tabs, ask, office.store, say)
            add_models_tab(office.settings, say)
            add_evaluation_tab(office.desk, office.settings, say)
        markup(_footer(say), elem_id="faju-footer")
    page.state_session_capacity = MOST_VISITS
    page.queue(api_open=False, default_concurrency_limit=None, max_size=256)
    return page


def _header(say: Say) -> Html:
    other = element("a", say("English", "中文"), href=say("/en/", "/"), hreflang=say("en", "zh-CN"), class_="language")
    return element(
        "header",
        element(
            "div",
            element("h1", say("法据", "faju")),
            element(
                "p",
                say(
                    "催收爆通讯录、骚扰家人朋友，法律怎么说，该怎么办",
                    "Debt collectors harass you or your contacts: what the law says, what to do",
                ),
            ),
        ),
        element(
            "div", element("span", say("只在本机运行 · 不联网", "On this machine only · offline"), class_="chip"), other
        ),
    )


def _footer(say: Say) -> Html:
    return element(
        "footer",
        join(
            [
                element(
                    "p", say("人身正受威胁：拨打 110，不便说话时短信 12110。", "In danger: call 110, or text 12110.")
                ),
                element(
                    "p",
                    say(
                        "法律援助：12348。本程序只摘引收录的原文，不是律师意见。", "Legal aid: 12348. Not legal advice."
                    ),
                ),
            ]
        ),
    )


def first_page(say: Say) -> FirstPage:
    """Return what the page puts into its head: our one style sheet and our one script, in the page itself."""
    return FirstPage(
        language=say("zh-CN", "en"),
        title=title(say),
        style=(HERE / "page.css").read_text(encoding="utf-8"),
        script=(HERE / "page.js").read_text(encoding="utf-8"),
    )


def title(say: Say) -> str:
    return say("法据：被催收骚扰时的法律依据", "faju: the law on debt-collection harassment")


def theme() -> gr.themes.Base:
    """Return the look of Gradio's own parts. Fonts are those of the reader's system: none is fetched."""
    # The names are only placeholders without a file behind them; page.css sets the fonts.
    return gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.stone,
        font=["sans-serif"],
        font_mono=["monospace"],
        radius_size=gr.themes.sizes.radius_md,
        text_size=gr.themes.sizes.text_lg,
    ).set(
        body_background_fill="#f6f5f1",
        body_background_fill_dark="#16191a",
        body_text_color="#23282a",
        body_text_color_dark="#e4e6e3",
        block_background_fill="#ffffff",
        block_background_fill_dark="#1e2324",
        block_border_color="#dcd9d0",
        block_border_color_dark="#353c3d",
        block_label_text_color="#4c5557",
        block_label_text_color_dark="#b3bab8",
        input_background_fill="#ffffff",
        input_background_fill_dark="#1a1e1f",
        input_border_width="1px",
        input_border_color="#8d9492",
        input_border_color_dark="#5c6665",
        button_primary_background_fill="#17605a",
        button_primary_background_fill_hover="#0f4b46",
        button_primary_background_fill_dark="#2a8078",
        button_primary_background_fill_hover_dark="#246e67",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#ffffff",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_dark="#232a2b",
        button_secondary_border_color="#b9bcb6",
        button_secondary_border_color_dark="#4a5453",
        button_secondary_text_color="#23282a",
        button_secondary_text_color_dark="#e4e6e3",
    )
