"""Composing an answer, with a small real index, a scripted model and a gate that a test sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from assistant.answering import Assistant
from assistant.errors import QuestionRefused
from assistant.gating import GateDecision, harmful_request, named_law_decision
from assistant.records import (
    Answer,
    AnswerEvent,
    AnswerMode,
    DeclineReason,
    QuestionUnderstood,
    SentenceReleased,
    Stage,
    StageReached,
    Turn,
)
from assistant.settings import Settings
from corpus.lawbook import load_lawbook
from corpus.records import Validity
from index.building import build_index
from index.embedding import load_embedder
from index.records import SearchResult
from index.searching import SearchIndex, open_index
from tests.doubles.scripted_model import ScriptedModel

QUESTION = "催收给我通讯录里的人群发短信，违法吗？"
TODAY = date(2026, 11, 24)

pytestmark = pytest.mark.models


@dataclass(frozen=True)
class RulesOnly:
    """The rules of the gate without its classifier."""

    declined: DeclineReason | None = None

    def decide(self, question: str, result: SearchResult) -> GateDecision:
        return harmful_request(question) or named_law_decision(result) or GateDecision(self.declined, 0.5)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> SearchIndex:
    place = tmp_path_factory.mktemp("index") / "index"
    embedder = load_embedder()
    build_index(place, embedder)
    return open_index(place, embedder)


def assistant_with(index: SearchIndex, model: ScriptedModel, gate: RulesOnly | None = None) -> Assistant:
    return Assistant(
        index=index,
        lawbook=load_lawbook(),
        gate=gate or RulesOnly(),  # type: ignore[arg-type]  # a gate in what it does
        settings=Settings(home=Path(), index=Path()),
        version="0",
        load_model=lambda: model,
    )


def last(events: Iterator[AnswerEvent]) -> Answer:
    *_, answer = events
    assert isinstance(answer, Answer)
    return answer


def test_events_come_in_order_and_the_answer_repeats_what_was_released(index: SearchIndex) -> None:
    events = list(assistant_with(index, ScriptedModel(ends_after=3)).answer(QUESTION, as_of=TODAY))
    assert isinstance(events[0], QuestionUnderstood)
    stages = [event.stage for event in events if isinstance(event, StageReached)]
    assert stages == [Stage.RETRIEVING, Stage.READING, Stage.ANSWERING]
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert answer.sentences == tuple(event.sentence for event in events if isinstance(event, SentenceReleased))
    assert answer.sentences


def test_every_sentence_stands_character_by_character_in_the_passage_it_cites(index: SearchIndex) -> None:
    answer = last(assistant_with(index, ScriptedModel()).answer(QUESTION, as_of=TODAY))
    for sentence in answer.sentences:
        text = answer.passages[sentence.citations[0] - 1].passage.chunk.text
        assert "".join(span.of(text) for span in sentence.quotes) == sentence.text


def test_no_passage_of_an_answer_was_out_of_force_on_its_day(index: SearchIndex) -> None:
    for day in (date(2025, 12, 31), date(2026, 1, 1)):
        answer = last(assistant_with(index, ScriptedModel()).answer("多次发短信骚扰怎么处罚", as_of=day))
        assert {numbered.passage.validity for numbered in answer.passages} == {Validity.IN_FORCE}
        versions = {
            n.passage.document.id for n in answer.passages if n.passage.document.id.startswith("治安管理处罚法")
        }
        assert versions == {"治安管理处罚法-2013-01-01" if day.year == 2025 else "治安管理处罚法-2026-01-01"}


def test_a_declined_question_never_reaches_the_model_and_cites_nothing(index: SearchIndex) -> None:
    model = ScriptedModel()
    answer = last(assistant_with(index, model, RulesOnly(DeclineReason.OUT_OF_SCOPE)).answer("上海天气", as_of=TODAY))
    assert (answer.declined, answer.reason) == (True, DeclineReason.OUT_OF_SCOPE)
    assert (answer.sentences, answer.passages, model.prompts) == ((), (), [])
    assert "催收骚扰" in answer.text  # what the corpus covers is said


@pytest.mark.parametrize(
    ("question", "reason", "said"),
    [
        ("《反催收骚扰法》第五条怎么规定的", DeclineReason.FALSE_PREMISE, "反催收骚扰法"),
        ("民法典第一千三百条说了什么", DeclineReason.FALSE_PREMISE, "1260"),
        ("怎么查到别人的手机通讯录", DeclineReason.HARMFUL, "第二百五十三条之一"),
    ],
)
def test_false_premises_and_harmful_requests_are_declined_by_name(
    index: SearchIndex, question: str, reason: DeclineReason, said: str
) -> None:
    answer = last(assistant_with(index, ScriptedModel()).answer(question, as_of=TODAY))
    assert answer.reason is reason
    assert said in answer.text


def test_an_old_number_is_answered_with_its_successor_and_what_changed(index: SearchIndex) -> None:
    answer = last(assistant_with(index, ScriptedModel()).answer("治安管理处罚法第四十二条骚扰短信罚多少", as_of=TODAY))
    first = answer.passages[0].passage
    assert (first.document.id, str(first.chunk.article)) == ("治安管理处罚法-2026-01-01", "第五十条")
    assert any("一千元" in note.message for note in answer.notes)


def test_a_follow_up_is_answered_as_the_question_it_stands_for(index: SearchIndex) -> None:
    answer = last(assistant_with(index, ScriptedModel()).answer("如果是2025年的事呢？", history=[Turn(QUESTION)]))
    assert answer.rewritten == QUESTION
    assert answer.as_of == date(2025, 12, 31)


def test_danger_is_met_before_anything_else(index: SearchIndex) -> None:
    first = next(iter(assistant_with(index, ScriptedModel()).answer("催收天天打电话，我不想活了", as_of=TODAY)))
    assert isinstance(first, QuestionUnderstood)
    assert "12356" in first.safety


def test_search_mode_needs_no_model(index: SearchIndex) -> None:
    model = ScriptedModel()
    answer = last(assistant_with(index, model).answer(QUESTION, as_of=TODAY, mode=AnswerMode.SEARCH))
    assert answer.passages and not answer.sentences and not model.prompts
    assert answer.passages[0].passage.chunk.text.strip() in answer.text


def test_a_stopped_answer_keeps_what_was_released_and_is_not_called_declined(index: SearchIndex) -> None:
    model = ScriptedModel()
    answer = last(
        assistant_with(index, model).answer(QUESTION, as_of=TODAY, should_stop=lambda: len(model.spoken) >= 2)
    )
    assert not answer.declined
    assert len(answer.sentences) == 2


def test_the_same_question_gives_the_same_answer(index: SearchIndex) -> None:
    def answered() -> tuple[Sequence[object], str]:
        answer = last(assistant_with(index, ScriptedModel()).answer(QUESTION, as_of=TODAY))
        return answer.sentences, answer.text

    assert answered() == answered()


@pytest.mark.parametrize("question", ["", " \n", "催" * 20_000])
def test_what_is_no_question_is_refused(index: SearchIndex, question: str) -> None:
    with pytest.raises(QuestionRefused):
        list(assistant_with(index, ScriptedModel()).answer(question))
