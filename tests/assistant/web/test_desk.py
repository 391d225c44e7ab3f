"""The desk answers one question at a time, in order, and lets go of one that is stopped or left."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from assistant.records import Answer, QuestionUnderstood, SentenceReleased, Stage, StageReached
from assistant.web import desk as desk_module
from assistant.web.desk import Desk, DeskEvent, Failed, Preparing, Question, Stopped, Waiting
from index.errors import IndexDamaged
from tests.doubles.scripted_assistant import SMS_QUESTION, ScriptedAssistant

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run ``work`` in a loop of a thread of its own: browser tests leave one running in the main thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@pytest.fixture
def assistant() -> ScriptedAssistant:
    return ScriptedAssistant()


@pytest.fixture
def desk(assistant: ScriptedAssistant) -> Iterator[Desk]:
    desk = Desk(lambda progress: {"zh": assistant, "en": assistant})
    desk.start()
    yield desk
    desk.close()


async def collected(desk: Desk, question: Question, stop: threading.Event | None = None) -> list[DeskEvent]:
    return [event async for event in desk.ask(question, stop or threading.Event())]


def test_an_answer_comes_event_by_event_and_ends_with_the_answer(desk: Desk) -> None:
    events = run(collected(desk, Question(SMS_QUESTION)))
    told = [event for event in events if not isinstance(event, Preparing)]
    assert isinstance(told[0], QuestionUnderstood)
    assert [type(event) for event in told[1:4]] == [StageReached, StageReached, StageReached]
    assert isinstance(told[4], SentenceReleased)
    assert isinstance(told[-1], Answer)


def test_eight_askers_at_once_are_answered_one_after_another_each_with_their_own(
    desk: Desk, assistant: ScriptedAssistant
) -> None:
    assistant.prefill_seconds = 0.02
    questions = [f"民法典第{number}条怎么说？" for number in (1024, 1032, 1033, 1034, 1035, 1036, 1037, 1038)]

    async def all_at_once() -> list[list[DeskEvent]]:
        return await asyncio.gather(*(collected(desk, Question(question)) for question in questions))

    for question, events in zip(questions, run(all_at_once()), strict=True):
        answer = events[-1]
        assert isinstance(answer, Answer)
        assert answer.question == question
        assert answer.passages[0].passage.chunk.article is not None
        assert answer.passages[0].passage.chunk.article.number == int(question[4:8])
    assert assistant.most_at_once == 1
    assert [asked[0] for asked in assistant.asked] == questions, "first come, first answered"


def test_who_waits_is_told_how_many_stand_before_them(desk: Desk, assistant: ScriptedAssistant) -> None:
    desk.when_ready(10)
    assistant.prefill_seconds = 0.3

    async def two() -> tuple[list[DeskEvent], list[DeskEvent]]:
        first = asyncio.create_task(collected(desk, Question(SMS_QUESTION)))
        await asyncio.sleep(0.1)
        return await asyncio.gather(first, collected(desk, Question(SMS_QUESTION)))

    first, second = run(two())
    assert not any(isinstance(event, Waiting) for event in first)
    assert second[0] == Waiting(1)


def test_a_stop_ends_the_reading_at_once(desk: Desk, assistant: ScriptedAssistant) -> None:
    assistant.prefill_seconds = 60
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    started = time.monotonic()
    events = run(collected(desk, Question(SMS_QUESTION), stop))
    assert time.monotonic() - started < 5
    assert isinstance(events[-1], Answer) and events[-1].sentences == ()


def test_a_question_stopped_while_it_waits_never_reaches_the_assistant(
    desk: Desk, assistant: ScriptedAssistant
) -> None:
    assistant.prefill_seconds = 1.5
    stop = threading.Event()

    async def both() -> list[DeskEvent]:
        first = asyncio.create_task(collected(desk, Question(SMS_QUESTION)))
        await asyncio.sleep(0.1)
        stop.set()
        last = await collected(desk, Question("第二个问题"), stop)
        await first
        return last

    assert run(both())[-1] == Stopped()
    assert [asked[0] for asked in assistant.asked] == [SMS_QUESTION]


def test_an_asker_who_leaves_stops_the_work(desk: Desk, assistant: ScriptedAssistant) -> None:
    assistant.prefill_seconds = 60

    async def leave() -> None:
        events = desk.ask(Question(SMS_QUESTION), threading.Event())
        async for event in events:
            if isinstance(event, StageReached) and event.stage is Stage.READING:
                await asyncio.sleep(0.2)  # it reads now, for a minute
                break
        await events.aclose()  # type: ignore[attr-defined]  # the iterator is a generator

    started = time.monotonic()
    run(leave())
    assistant.prefill_seconds = 0
    assert isinstance(run(collected(desk, Question(SMS_QUESTION)))[-1], Answer)
    assert time.monotonic() - started < 10


def test_an_error_of_ours_is_one_line_for_the_reader(desk: Desk) -> None:
    (last,) = run(collected(desk, Question("请拒收")))[-1:]
    assert last == Failed("错误：问题不能受理：the scripted assistant was told to refuse")


def test_any_other_error_is_logged_and_the_next_question_answered(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger=desk_module.__name__):
        (last,) = run(collected(desk, Question("请坏掉")))[-1:]
    assert isinstance(last, Failed) and "程序出错了" in last.message
    assert "told to break" in caplog.text
    assert "told to break" not in last.message
    assert isinstance(run(collected(desk, Question(SMS_QUESTION)))[-1], Answer)


def test_what_keeps_the_index_from_opening_is_told_to_who_asks() -> None:
    def opening(progress: Any) -> Mapping[str, Any]:
        raise IndexDamaged("vectors.npy of the index at x is cut short. Run: faju index build --fresh")

    desk = Desk(opening)
    desk.start()
    (last,) = run(collected(desk, Question(SMS_QUESTION)))[-1:]
    assert isinstance(last, Failed) and "faju index build --fresh" in last.message
    with pytest.raises(IndexDamaged):
        desk.when_ready(5)
    desk.close()


def test_progress_of_opening_reaches_who_asked_meanwhile(assistant: ScriptedAssistant) -> None:
    go = threading.Event()

    def opening(progress: Any) -> Mapping[str, ScriptedAssistant]:
        go.wait(5)
        progress("embed", 1, 4)
        return {"zh": assistant}

    desk = Desk(opening)
    desk.start()

    async def ask() -> list[DeskEvent]:
        events = []
        async for event in desk.ask(Question(SMS_QUESTION), threading.Event()):
            events.append(event)
            go.set()
        return events

    events = run(ask())
    assert events[:2] == [Preparing(), Preparing("embed", 1, 4)]
    assert isinstance(events[-1], Answer)
    desk.close()


def test_too_many_waiting_are_told_so(desk: Desk, assistant: ScriptedAssistant, monkeypatch: Any) -> None:
    monkeypatch.setattr(desk_module, "MOST_WAITING", 1)
    desk.when_ready(10)
    assistant.prefill_seconds = 0.5

    async def three() -> list[list[DeskEvent]]:
        tasks = []
        for _ in range(3):
            tasks.append(asyncio.create_task(collected(desk, Question(SMS_QUESTION))))
            await asyncio.sleep(0.1)
        return await asyncio.gather(*tasks)

    first, second, third = run(three())
    assert isinstance(first[-1], Answer) and isinstance(second[-1], Answer)
    assert third == [Failed("提问的人太多，请过一会儿再试。")]


def test_the_usual_time_is_the_median_of_the_last_answers(desk: Desk) -> None:
    assert desk.usual_seconds is None
    run(collected(desk, Question(SMS_QUESTION)))
    assert desk.usual_seconds == 0.1, "what the scripted assistant says"


def test_opening_again_gives_the_next_question_the_new_index() -> None:
    opened: list[ScriptedAssistant] = []

    def opening(progress: Any) -> Mapping[str, ScriptedAssistant]:
        opened.append(ScriptedAssistant())
        return {"zh": opened[-1]}

    desk = Desk(opening)
    desk.start()
    run(collected(desk, Question(SMS_QUESTION)))
    desk.reopen()
    run(collected(desk, Question(SMS_QUESTION)))
    assert [len(assistant.asked) for assistant in opened] == [1, 1]
    assert desk.when_ready(5)["zh"] is opened[1]
    desk.close()


def test_closing_stops_what_is_being_answered(assistant: ScriptedAssistant) -> None:
    assistant.prefill_seconds = 60
    desk = Desk(lambda progress: {"zh": assistant})
    desk.start()

    async def ask_and_close() -> list[DeskEvent]:
        task = asyncio.create_task(collected(desk, Question(SMS_QUESTION)))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(desk.close)
        return await task

    started = time.monotonic()
    run(ask_and_close())
    assert time.monotonic() - started < 5
