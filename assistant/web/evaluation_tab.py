"""The tab that judges the answers against a question set: run it with progress, look at a run, see them over time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import gradio as gr

from assistant.commands.common import OUR_ERRORS, Say, error_line
from assistant.evaluation import labels, running
from assistant.evaluation.cases import load_question_set, spread
from assistant.evaluation.measures import judge_run
from assistant.evaluation.records import EvaluationCase, Json, Measure, Summary
from assistant.evaluation.reporting import report_html
from assistant.evaluation.summing import summarise
from assistant.records import AnswerMode
from assistant.settings import Settings
from assistant.web.desk import Desk
from assistant.web.markup import Html, element
from assistant.web.parts import connect, markup
from assistant.web.uploads import taken

if TYPE_CHECKING:
    from assistant.answering import Assistant

Updates: TypeAlias = tuple[Any, ...]

# The project's own questions lie in its source tree; an installed program is judged by the user's.
OWN_SET = Path(__file__).parents[2] / "tests" / "evaluation" / "questions.jsonl"
OPENING_SECONDS = 300
MOST_RUNS = 12
COLUMNS = (
    Measure.RECALL_AT_10,
    Measure.GOLD_CITED,
    Measure.CITATION_RECALL,
    Measure.CITATION_PRECISION,
    Measure.CURRENT_LAW,
    Measure.MISSED_REFUSAL,
    Measure.NEEDLESS_REFUSAL,
)


class Stopped(Exception):
    """The user pressed stop; what was answered is kept and the run can go on later."""


@dataclass(frozen=True, slots=True)
class AtDesk:
    """The program as it is evaluated: each question takes its turn at the desk, so that visitors are served between."""

    desk: Desk
    inner: running.AssistantAnswerer

    def answer(self, case: EvaluationCase, mode: AnswerMode, as_of: date | None) -> Json:
        return self.desk.do(lambda: self.inner.answer(case, mode, as_of))

    def hits(self, question: str, as_of: date) -> list[Json]:
        return self.inner.hits(question, as_of)

    def ingredients(self) -> Any:
        return self.inner.ingredients()


@dataclass(slots=True)
class Judging:
    """The tab's behaviour, apart from its components. One evaluation runs at a time."""

    desk: Desk
    settings: Settings
    say: Say
    stop_asked: threading.Event = field(default_factory=threading.Event)
    busy: threading.Lock = field(default_factory=threading.Lock)

    @property
    def _runs(self) -> Path:
        return self.settings.home / "evaluations"

    # --- running -----------------------------------------------------------------------------------------------

    def run(self, files: str | None, count: float, mode: str) -> Iterator[Updates]:
        """Ask the questions and store the answers; yield progress, at the end the report."""
        if not self.busy.acquire(blocking=False):
            yield self._line(self.say("已经有一次评测在运行。", "An evaluation is running already.")), *_skip(3)
            return
        try:
            self.stop_asked.clear()
            yield from self._asked(files, int(count), AnswerMode(mode))
        except OUR_ERRORS as error:
            yield self._trouble(error), *_skip(3)
        finally:
            self.busy.release()

    def _asked(self, file: str | None, count: int, mode: AnswerMode) -> Iterator[Updates]:
        if file is None:
            question_set = load_question_set(OWN_SET)
        else:
            with taken(file) as path:
                question_set = load_question_set(path)
        cases = spread(question_set.cases, count) if count else question_set.cases
        opened = self.desk.when_ready(OPENING_SECONDS)["zh"]
        # What the desk opens is the program itself, but for tests.
        inner = self.desk.do(lambda: running.AssistantAnswerer(cast("Assistant", opened), mode))
        header = running.new_header(question_set, cases, inner.ingredients(), mode, None)
        folder = self._runs / running.run_folder_name(header)
        started = running.start_run(folder, header, cases)
        told: queue.SimpleQueue[tuple[int, int] | BaseException | None] = queue.SimpleQueue()

        def advance(done: int, total: int) -> None:
            told.put((done, total))
            if self.stop_asked.is_set():
                raise Stopped

        def work() -> None:
            try:
                running.finish_run(started, AtDesk(self.desk, inner), advance)
                told.put(None)
            except BaseException as error:  # told in the visitor's own thread
                told.put(error)

        threading.Thread(target=work, daemon=True).start()
        yield self._progress(0, len(cases) - len(started.results)), *_skip(3)
        while isinstance(news := told.get(), tuple):
            yield self._progress(*news), *_skip(3)
        if news is not None and not isinstance(news, Stopped):
            raise news
        words = self.say("已停止，下次会接着跑。", "Stopped; it goes on from here next time.")
        done = self.say("评测完成。", "Done.")
        yield self._line(words if news else done), *self.show(str(folder)), self.list()

    def stop(self) -> None:
        self.stop_asked.set()

    def _progress(self, done: int, total: int) -> Html:
        words = self.say(f"正在提问 {done} / {total}", f"Asking {done} of {total}")
        bar = element("progress", value=str(done), max=str(max(total, 1)), aria_label=words)
        return element("div", element("p", words), bar, class_="fetching", role="status")

    def _line(self, words: str) -> Html:
        return element("p", words, class_="count", role="status")

    def _trouble(self, error: Exception) -> Html:
        return element("p", error_line(error, self.say.language), class_="failure", role="alert")

    # --- looking -----------------------------------------------------------------------------------------------

    def list(self) -> Any:
        """Return the stored runs to choose from, the latest first."""
        found = running.stored_runs(self._runs)[::-1][:MOST_RUNS]
        return gr.update(choices=[(folder.name, str(folder)) for folder in found], visible=bool(found))

    def opened(self) -> Updates:
        return self.list(), self.over_time()

    def show(self, folder: str | None) -> tuple[Html, Html]:
        """Return the report of a run, where each question can be opened, and the runs over time."""
        if not folder or not Path(folder).is_relative_to(self._runs):
            return Html(), self.over_time()
        try:
            run = running.load_run(Path(folder))
            if not run.results:
                return self._line(self.say("还没有回答过一题。", "No question was answered yet.")), self.over_time()
            judged = judge_run(run)
            page = report_html(run, judged, summarise(run, judged), self.say.language)
        except OUR_ERRORS as error:
            return self._trouble(error), self.over_time()
        # Without scripts, in a frame of its own: its style is not ours.
        title = self.say("评测报告", "The report")
        return element("iframe", srcdoc=page, sandbox="", title=title, class_="report-frame"), self.over_time()

    def over_time(self) -> Html:
        """Return the headline figures of the stored runs, the latest first."""
        rows = []
        for folder in running.stored_runs(self._runs)[::-1][:MOST_RUNS]:
            try:
                summary, answered, day = _summary(folder, (folder / "answers.jsonl").stat().st_mtime_ns)
            except (*OUR_ERRORS, OSError):
                continue
            cells = [element("td", _percent(summary, measure), class_="figure") for measure in COLUMNS]
            first = element("th", str(day), element("span", f" {folder.name}", class_="details"), scope="row")
            rows.append(element("tr", first, element("td", str(answered), class_="figure"), *cells))
        if not rows:
            return self._line(self.say("还没有评测过。", "No evaluation yet."))
        names = [_short(labels.MEASURES[measure][self.say.language]) for measure in COLUMNS]
        heads = [self.say("哪一次", "Run"), self.say("题数", "Questions"), *names]
        head = element("tr", *(element("th", name, scope="col") for name in heads))
        table = element("table", element("thead", head), element("tbody", *rows), class_="verdicts runs")
        return element("div", table, class_="audit scroll")


@lru_cache(maxsize=64)
def _summary(folder: Path, changed: int) -> tuple[Summary, int, date]:
    """Summary, number of answers and day of a run; ``changed`` is when its answers were last written."""
    run = running.load_run(folder)
    return summarise(run, judge_run(run)), len(run.results), run.header.day


def _percent(summary: Summary, measure: Measure) -> str:
    return f"{summary.overall[measure].mean:.1%}" if measure in summary.overall else "—"


def _short(name: str) -> str:
    return name.split("（")[0].split(" (")[0]


def _skip(count: int) -> list[Any]:
    return [gr.skip() for _ in range(count)]


def add_evaluation_tab(desk: Desk, settings: Settings, say: Say) -> None:
    """Add the tab with its components and connect them."""
    judging = Judging(desk, settings, say)
    tab = gr.Tab(say("评测", "Evaluation"), id="evaluation")
    with tab:
        intro = say(
            "用一套题检验回答：检索到没有、引对没有、该拒绝的有没有拒绝。中途可以停，下次接着跑。",
            "Judge the answers against a question set: found, cited, declined where it should be.",
        )
        markup(element("p", intro, class_="count"))
        file = gr.File(
            file_types=[".jsonl", ".csv"],
            label=say("题目文件（JSONL、CSV）", "Question set (JSONL, CSV)")
            + (say("；不选则用项目自带的题", "; the project's own if none is chosen") if OWN_SET.exists() else ""),
            height=110,
            elem_id="evaluation-file",
        )
        with gr.Row(elem_classes="controls"):
            count = gr.Number(
                20,
                minimum=0,
                precision=0,
                label=say("题数（0 为全部）", "Questions (0: all)"),
                elem_id="evaluation-count",
            )
            modes = [(say("引用", "quote"), AnswerMode.QUOTE.value), (say("只检索", "search"), AnswerMode.SEARCH.value)]
            mode = gr.Dropdown(modes, value=AnswerMode.QUOTE.value, label=say("方式", "Mode"))
            go = gr.Button(say("开始", "Run"), variant="primary", scale=0, min_width=112, elem_id="evaluation-go")
            stop = gr.Button(say("停止", "Stop"), scale=0, min_width=112, elem_id="evaluation-stop")
        line = markup(elem_id="evaluation-line")
        over_time = markup(elem_id="evaluation-runs")
        chosen = gr.Dropdown([], label=say("看哪一次", "Look at"), visible=False, elem_id="evaluation-chosen")
        report = markup(elem_id="evaluation-report")
    connect(tab.select, judging.opened, [], [chosen, over_time])
    connect(go.click, judging.run, [file, count, mode], [line, report, over_time, chosen])
    connect(stop.click, judging.stop)
    connect(chosen.input, judging.show, [chosen], [report, over_time])
