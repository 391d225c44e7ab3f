"""Reports: the same figures in each form, one file that needs nothing else, nothing of an answer taken for markup."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from assistant.evaluation.cases import load_question_set, spread
from assistant.evaluation.measures import judge_run
from assistant.evaluation.plots import Curve, ShadeColumn, Whisker, shade_table, share_curves, whisker_plot
from assistant.evaluation.records import EvaluationCase, Json, JudgedCase, Measure, Run, Summary
from assistant.evaluation.reporting import report_html, report_json, report_markdown
from assistant.evaluation.running import finish_run, new_header, start_run
from assistant.evaluation.summing import summarise
from assistant.records import AnswerMode
from tests.evaluation.doubles import RandomRetriever, RightAnswerer

SET = load_question_set(Path(__file__).parent / "questions.jsonl")
CASES = spread(SET.cases, 60)


def run_of(answerer: RightAnswerer, folder: Path) -> tuple[Run, tuple[JudgedCase, ...], Summary]:
    header = new_header(SET, CASES, answerer.ingredients(), AnswerMode.QUOTE, None)
    run = finish_run(start_run(folder, header, CASES), answerer, lambda done, total: None)
    judged = judge_run(run)
    return run, judged, summarise(run, judged)


class SaysScript(RandomRetriever):
    """Markup in an answer, as a document that a user added may hold it."""

    def answer(self, case: EvaluationCase, mode: AnswerMode, as_of: date | None) -> Json:
        return {**super().answer(case, mode, as_of), "text": "<script>alert(1)</script>"}


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, tuple[JudgedCase, ...], Summary]:
    return run_of(SaysScript(), tmp_path_factory.mktemp("run"))


def test_json_carries_every_figure_and_where_it_comes_from(
    reported: tuple[Run, tuple[JudgedCase, ...], Summary],
) -> None:
    report = json.loads(json.dumps(report_json(*reported), ensure_ascii=False))
    assert set(report["overall"]) == {measure.value for measure in reported[2].overall}
    assert set(report["by_split"]) == {"development", "test"}
    assert report["run"]["set_sha256"] == SET.sha256
    assert report["run"]["index"]["corpus_sha256"] == "c" * 64
    assert len(report["cases"]) == 60
    assert report["fingerprint"] == reported[2].fingerprint


@pytest.mark.parametrize("language", ["zh", "en"])
def test_markdown_is_a_table_with_intervals_by_split_date_and_hashes(
    reported: tuple[Run, tuple[JudgedCase, ...], Summary], language: str
) -> None:
    run, judged, summary = reported
    text = report_markdown(run, judged, summary, language)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in rows[: len(summary.overall) + 2]}) == 1
    assert len(re.findall(r"\d\.\d{3} \[\d\.\d{3}, \d\.\d{3}\]", text)) >= 2 * (len(summary.overall) - 1)
    assert run.header.day.isoformat() in text
    assert "cccccccccccc" in text
    assert SET.sha256[:12] in text


class OpenTags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_is_whole_and_needs_nothing_but_itself(
    reported: tuple[Run, tuple[JudgedCase, ...], Summary], language: str
) -> None:
    page = OpenTags()
    page.feed(report_html(*reported, language))
    assert page.open == []
    assert page.addresses == []
    assert "svg" in page.seen
    assert not page.seen & {"script", "link", "img", "iframe"}


def test_the_page_shows_every_case_with_which_something_went_wrong(
    reported: tuple[Run, tuple[JudgedCase, ...], Summary],
) -> None:
    html = report_html(*reported, "zh")
    wrong = [case.case.id for case in reported[1] if case.fault.value != "none"]
    assert wrong
    assert [case_id for case_id in wrong if f"<code>{case_id}</code>" not in html] == []
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_a_run_with_nothing_wrong_lists_nothing(tmp_path: Path) -> None:
    assert "<details>" not in report_html(*run_of(RightAnswerer(), tmp_path), "en")


def test_a_dot_lies_between_the_ends_of_its_whisker() -> None:
    drawing = ElementTree.fromstring(whisker_plot([Whisker("a < b", 0.5, 0.25, 0.75, 8)], "x"))
    (dot,) = drawing.iter("circle")
    whisker = [line for line in drawing.iter("line") if line.get("stroke-width") == "2"][0]
    assert float(whisker.get("x1", "")) < float(dot.get("cx", "")) < float(whisker.get("x2", ""))
    # 250 for labels, then 400 for the axis from 0 to 1.
    assert float(dot.get("cx", "")) == 250 + 400 * 0.5


def test_a_curve_ends_at_all_of_its_values() -> None:
    drawing = ElementTree.fromstring(share_curves([Curve("t", (10.0, 20.0, 40.0))], "x", "ms"))
    (line,) = drawing.iter("polyline")
    last = line.get("points", "").split()[-1]
    assert last == "680.0,20.0"  # 60 + 620 at the largest value, at the top


def test_an_empty_cell_of_a_shade_table_is_a_dash() -> None:
    drawing = ElementTree.fromstring(
        shade_table(["r"], [ShadeColumn("long heading (en)", (None,)), ShadeColumn("b", (0.5,))], "x")
    )
    assert "–" in [text.text for text in drawing.iter("text")]
    assert len(list(drawing.iter("rect"))) == 1


def test_every_measure_and_fault_has_a_label() -> None:
    from assistant.evaluation import labels
    from assistant.evaluation.records import Fault

    assert set(labels.MEASURES) == set(Measure)
    assert set(labels.FAULTS) == set(Fault)
