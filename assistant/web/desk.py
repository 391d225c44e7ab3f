"""The desk: one thread opens index and model and answers one question after another, in the order they came.

A language model has one context; two answers at once would mix in it. So askers wait their turn here, are told how
many stand before them, and can stop at any time, also while the model still reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import statistics
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from assistant.commands.common import OUR_ERRORS, error_line
from assistant.opening import Progress
from assistant.records import Answer, AnswerEvent, AnswerMode, Turn
from index.records import SearchQuery, SearchResult

if TYPE_CHECKING:
    from index.embedding import Embedder

log = logging.getLogger(__name__)

Result = TypeVar("Result")

# More would wait for minutes on a laptop; better to hear it at once.
MOST_WAITING = 32
# How soon a question that still waits its turn notices that it was stopped.
_STOP_CHECK_SECONDS = 0.2


class Searching(Protocol):
    """What of a search index the page needs."""

    @property
    def embedder(self) -> Embedder: ...

    def search(self, query: SearchQuery) -> SearchResult: ...


class Answering(Protocol):
    """What of an assistant the page needs."""

    @property
    def index(self) -> Searching: ...

    def answer(
        self,
        question: str,
        history: Sequence[Turn] = ...,
        as_of: date | None = ...,
        mode: AnswerMode | None = ...,
        should_stop: Callable[[], bool] = ...,
    ) -> Iterator[AnswerEvent]: ...


# One assistant for each language of the page; they share index and model.
Opening: TypeAlias = Callable[[Progress], Mapping[str, Answering]]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the desk."""

    text: str
    language: str = "zh"
    history: tuple[Turn, ...] = ()
    as_of: date | None = None
    mode: AnswerMode | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event: ``ahead`` questions are answered first."""

    ahead: int


@dataclass(frozen=True, slots=True)
class Preparing:
    """An event: index or model are still being opened. ``total`` 0 means that it is not known how much there is."""

    stage: str = ""
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Stopped:
    """The last event of a question that was stopped before an answer came."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The last event where there is no answer: ``message`` is one line for the reader."""

    message: str


DeskEvent: TypeAlias = Waiting | Preparing | Stopped | Failed | AnswerEvent
_LAST = (Answer, Stopped, Failed)


@dataclass(slots=True)
class _Job:
    question: Question
    stop: threading.Event
    tell: Callable[[DeskEvent], None] = field(repr=False)


class Desk:
    """Answers questions with the assistants that ``opening`` opens; nothing is opened before ``start``."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._assistants: Mapping[str, Answering] | None = None
        self._failure: Exception | None = None
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._waiting: list[_Job] = []
        self._current: _Job | None = None
        self._preparing: Preparing | None = Preparing()
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._first_sentence_ms: deque[float] = deque(maxlen=9)
        self._thread = threading.Thread(target=self._work, name="faju-desk", daemon=True)

    def start(self) -> None:
        """Begin to open index and model in the background."""
        self._tasks.put(self._open)
        self._thread.start()

    def reopen(self) -> None:
        """Open the index anew before the next answer, after documents were added or removed."""
        self._ready.clear()
        self._tasks.put(self._open)

    def close(self, timeout_seconds: float = 5) -> None:
        """Stop the answer that is being made and those that wait; return when the thread has ended or time is up."""
        with self._lock:
            jobs = [*self._waiting, *([self._current] if self._current else [])]
        for job in jobs:
            job.stop.set()
        self._tasks.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def when_ready(self, timeout_seconds: float) -> Mapping[str, Answering]:
        """Return the assistants by language, once they are open.

        Raises TimeoutError where that takes longer, and what opening them raised.
        """
        if not self._ready.wait(timeout_seconds):
            raise TimeoutError("index and model are still being opened")
        if self._assistants is None:
            assert self._failure is not None
            raise self._failure
        return self._assistants

    def do(self, work: Callable[[], Result]) -> Result:
        """Let the desk's thread do ``work`` when its turn comes, and return what it returns or raise what it raises."""
        done: Future[Result] = Future()

        def task() -> None:
            try:
                done.set_result(work())
            except BaseException as error:  # it is the caller's
                done.set_exception(error)

        self._tasks.put(task)
        return done.result()

    @property
    def usual_seconds(self) -> float | None:
        """How long the first sentence took of late (median of nine), None before the first answer."""
        times = list(self._first_sentence_ms)
        return statistics.median(times) / 1000 if times else None

    async def ask(self, question: Question, stop: threading.Event) -> AsyncIterator[DeskEvent]:
        """Yield what happens until the answer, Stopped or Failed. Leaving early stops the work as ``stop`` does."""
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[DeskEvent] = asyncio.Queue()
        job = _Job(question, stop, lambda event: _hand_over(loop, events, event))
        if not self._queued(job):
            yield Failed(
                _words(question, "提问的人太多，请过一会儿再试。", "Too many questions wait; try again later.")
            )
            return
        try:
            while True:
                try:
                    event = await asyncio.wait_for(events.get(), _STOP_CHECK_SECONDS)
                except asyncio.TimeoutError:
                    if stop.is_set() and self._withdrawn(job):
                        yield Stopped()
                        return
                    continue
                yield event
                if isinstance(event, _LAST):
                    return
        finally:
            stop.set()

    def _queued(self, job: _Job) -> bool:
        """Put a question in the queue and tell its asker what it waits for; False where the queue is full."""
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                return False
            ahead = len(self._waiting) + (self._current is not None)
            preparing = self._preparing
            self._waiting.append(job)
        if preparing is not None:
            job.tell(preparing)
        elif ahead:
            job.tell(Waiting(ahead))
        self._tasks.put(lambda: self._serve(job))
        return True

    def _withdrawn(self, job: _Job) -> bool:
        """Take a question out of the queue; False where its turn has come already."""
        with self._lock:
            if job not in self._waiting:
                return False
            self._waiting.remove(job)
        return True

    # --- the thread --------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()

    def _open(self) -> None:
        try:
            self._assistants, self._failure = self._opening(self._note_progress), None
        except Exception as error:  # whatever the reason, the page must say that it cannot answer
            if not isinstance(error, OUR_ERRORS):
                log.exception("index or model could not be opened")
            self._assistants, self._failure = None, error
        with self._lock:
            self._preparing = None
        self._ready.set()

    def _note_progress(self, stage: str, done: int, total: int) -> None:
        with self._lock:
            self._preparing = Preparing(stage, done, total)
            waiting = list(self._waiting)
        for job in waiting:
            job.tell(Preparing(stage, done, total))

    def _serve(self, job: _Job) -> None:
        if not self._withdrawn(job):
            return
        with self._lock:
            self._current = job
            waiting = list(self._waiting)
        for place, other in enumerate(waiting):
            other.tell(Waiting(place + 1))
        last = self._answered(job)
        with self._lock:
            self._current = None
        job.tell(last)

    def _answered(self, job: _Job) -> DeskEvent:
        """Tell the events of an answer as they come and return the last one."""
        question = job.question
        try:
            if self._assistants is None:
                assert self._failure is not None
                raise self._failure
            events = self._assistants[question.language].answer(
                question.text, question.history, question.as_of, question.mode, job.stop.is_set
            )
            for event in events:
                if isinstance(event, Answer):
                    if event.timings.first_sentence_ms is not None:
                        self._first_sentence_ms.append(event.timings.first_sentence_ms)
                    return event
                job.tell(event)
            return Stopped()
        except OUR_ERRORS as error:
            return Failed(error_line(error, question.language))
        except Exception:
            log.exception("a question could not be answered")
            return Failed(
                _words(
                    question,
                    "程序出错了，这个问题没有作答；详情见运行 faju ui 的窗口。",
                    "The program failed on this question; see the window in which faju ui runs.",
                )
            )


def _hand_over(loop: asyncio.AbstractEventLoop, events: asyncio.Queue[DeskEvent], event: DeskEvent) -> None:
    """Pass an event from the desk's thread to the asker's loop; an asker whose loop has ended is not told."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(events.put_nowait, event)


def _words(question: Question, chinese: str, english: str) -> str:
    return chinese if question.language == "zh" else english
