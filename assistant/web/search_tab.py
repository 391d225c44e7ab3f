"""The tab that shows what a question finds, without a model, and why each passage was found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import gradio as gr

from assistant.commands.common import OUR_ERRORS, Say, error_line
from assistant.rendering import source_title
from assistant.web.desk import Desk
from assistant.web.law_pages import word_spans
from assistant.web.markup import Html, element, join
from assistant.web.parts import connect, date_field, day_from, pressable
from assistant.web.sources import card
from corpus.lawbook import LawBook
from corpus.records import SourceKind
from index.records import RetrievedPassage, SearchQuery, SearchResult

OPENING_SECONDS = 300


@dataclass(frozen=True, slots=True)
class SearchDesk:
    """The tab's behaviour, apart from its components."""

    desk: Desk
    say: Say

    def search(self, text: str, kinds: list[str], laws: list[str], as_of: str, count: float) -> Html:
        """Return the passages found as a page, or one line on why there are none."""
        if not text.strip():
            return element("p", self.say("写下要检索的词或问题。", "Write words or a question."), class_="count")
        query = SearchQuery(
            text.strip(),
            day_from(as_of) or date.today(),
            int(count),
            frozenset(SourceKind(kind) for kind in kinds),
            frozenset(laws),
        )
        try:
            return self.page(self.desk.when_ready(OPENING_SECONDS)[self.say.language].index.search(query))
        except OUR_ERRORS as error:
            return element("p", error_line(error, self.say.language), class_="failure", role="alert")

    def page(self, result: SearchResult) -> Html:
        notes = [element("p", note.message, class_="note") for note in result.notes]
        count = self.say(f"找到 {len(result.passages)} 段", f"{len(result.passages)} found")
        if not result.passages:
            count = self.say("没有找到，换个说法试试。", "Nothing found; try other words.")
        rows = [element("li", self._passage(passage)) for passage in result.passages]
        return join([*notes, element("p", count, class_="count", role="status"), element("ol", *rows, class_="hits")])

    def _passage(self, passage: RetrievedPassage) -> Html:
        words = word_spans(passage.chunk.text, " ".join(passage.trace.matched_terms))
        summary = element(
            "summary",
            element("span", str(passage.rank), class_="number"),
            element("span", source_title(passage), class_="name", lang="zh-CN"),
            element("span", self._why(passage), class_="details"),
        )
        return element("details", summary, card(passage, words, self.say), open=passage.rank <= 3)

    def _why(self, passage: RetrievedPassage) -> str:
        """Return the scores: what the two retrievers thought, and whether the question named the article."""
        trace, say = passage.trace, self.say
        reasons = [f"{say('总分', 'score')} {passage.score:.3f}"]
        if trace.exact:
            reasons.append(say("条文号命中", "named in the question"))
        if trace.dense_rank is not None and trace.dense_score is not None:
            reasons.append(f"{say('意思相近', 'meaning')} #{trace.dense_rank} ({trace.dense_score:.2f})")
        if trace.sparse_rank is not None and trace.sparse_score is not None:
            reasons.append(f"{say('词语相同', 'words')} #{trace.sparse_rank} ({trace.sparse_score:.1f})")
        return " · ".join(reasons)


def add_search_tab(desk: Desk, lawbook: LawBook, say: Say) -> gr.HTML:
    """Add the tab's components and connect them; return the place that shows what was found."""
    search = SearchDesk(desk, say)
    kinds = [
        (say("法条", "Statutes"), SourceKind.STATUTE.value),
        (say("文章", "Articles"), SourceKind.ARTICLE.value),
        (say("自己的文件", "Your documents"), SourceKind.DOCUMENT.value),
    ]
    with gr.Row(elem_classes="controls"):
        text = gr.Textbox(
            label=say("检索词或问题", "Words or a question"),
            placeholder=say("例如：呼死你", "For example: 呼死你"),
            lines=1,
            max_lines=1,
            max_length=2000,
            scale=4,
            elem_id="search-words",
        )
        go = gr.Button(say("检索", "Search"), variant="primary", scale=0, min_width=112, elem_id="search-go")
    with gr.Accordion(say("筛选", "Filters"), open=False, elem_id="search-filters"):
        kind = gr.CheckboxGroup(kinds, label=say("只要", "Only"), value=[])
        law = gr.Dropdown(list(lawbook.laws), value=[], multiselect=True, label=say("只要这些法律", "Only these laws"))
        as_of = date_field(say("按哪一天的法律（默认今天）", "The law of which day (today by default)"), "search-as-of")
        count = gr.Slider(1, 50, value=10, step=1, label=say("列出几段", "How many"))
    shown = pressable("version", "article", elem_id="search-page")
    for trigger in (text.submit, go.click):
        connect(trigger, search.search, [text, kind, law, as_of, count], [shown], show_progress="minimal")
    return shown
