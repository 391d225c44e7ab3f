"""Runs a question set and stores every answer: a folder with ``run.json`` (what it was made with), ``cases.jsonl``
(the questions) and ``answers.jsonl`` (one line a case, in the set's order, with the verification record).

A run can be stopped at any time and goes on where it was: a line is written whole or, cut short, dropped at the next
start. Nothing in a stored answer depends on the clock but its timings; ``fingerprint`` leaves those out.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from assistant.errors import AssistantError, BadEvaluationFile
from assistant.evaluation.cases import load_question_set
from assistant.evaluation.records import (
    CaseResult,
    EvaluationCase,
    Hit,
    Json,
    JudgedAnswer,
    JudgedPassage,
    JudgedSentence,
    QuestionSet,
    Run,
    RunHeader,
)
from assistant.records import Answer, AnswerMode, Turn
from assistant.settings import Settings
from corpus.errors import CorpusError
from index.errors import SearchIndexError
from index.records import RetrievedPassage, SearchQuery

if TYPE_CHECKING:
    from assistant.answering import Assistant

FORMAT = 1
# As deep as a ranking is judged; an article in several passages takes several places, so more are asked for.
RANKING_DEPTH = 30
_HEADER, _CASES, _ANSWERS = "run.json", "cases.jsonl", "answers.jsonl"
_MAY_DIFFER = {"started", "machine"}

# Called with what was done and how much there is to do.
Progress = Callable[[int, int], None]
# The same with the name of the stage, as the index is built at first use.
StageProgress = Callable[[str, int, int], None]


class Answerer(Protocol):
    """What is evaluated: gives the JSON of an answer, the ranking behind it, and what it is made of."""

    def answer(self, case: EvaluationCase, mode: AnswerMode, as_of: date | None) -> Json: ...

    def hits(self, question: str, as_of: date) -> list[Json]: ...

    def ingredients(self) -> Mapping[str, Any]:
        """The parts of a run's header that it knows: settings, model, index, version."""
        ...


# --- the program itself as what is evaluated ----------------------------------------------------------------------


class AssistantAnswerer:
    """The assistant, opened once, with its model loaded: an answer names the model, declined or not."""

    def __init__(self, assistant: Assistant, mode: AnswerMode) -> None:
        self.assistant = assistant
        self.model = None if mode is AnswerMode.SEARCH else assistant.model

    def answer(self, case: EvaluationCase, mode: AnswerMode, as_of: date | None) -> Json:
        from assistant.rendering import answer_json

        history = tuple(Turn(question=earlier) for earlier in case.history)
        events = self.assistant.answer(case.question, history=history, as_of=case.as_of or as_of, mode=mode)
        *_, last = events
        assert isinstance(last, Answer), "an answer ends with an Answer"
        return answer_json(last)

    def hits(self, question: str, as_of: date) -> list[Json]:
        result = self.assistant.index.search(SearchQuery(question, as_of, k=RANKING_DEPTH))
        return [_hit_json(passage) for passage in result.passages]

    def ingredients(self) -> Mapping[str, Any]:
        manifest = asdict(self.assistant.index.manifest)
        settings = {key: str(value) for key, value in asdict(self.assistant.settings).items()}
        return {
            "settings_sha256": self.assistant.settings.digest(),
            "settings": {key: value for key, value in settings.items() if key not in {"home", "index"}},
            "model": self.model.name if self.model else "",
            "model_sha256": self.model.sha256 if self.model else "",
            # When and from which files the index was built does not change an answer; its contents' hash is kept.
            "index": {key: value for key, value in manifest.items() if key not in {"sources", "files", "built_at"}},
            "version": self.assistant.version,
        }


def _hit_json(passage: RetrievedPassage) -> Json:
    law = passage.document.law
    return {
        "kind": passage.document.kind.value,
        "law": law.short_title if law else None,
        "article": str(passage.chunk.article) if passage.chunk.article else None,
        "title": passage.document.title,
        "effective": law.effective.isoformat() if law and law.effective else None,
        "expired": law.expired.isoformat() if law and law.expired else None,
        "score": round(passage.score, 6),
    }


def open_answerer(settings: Settings, mode: AnswerMode, progress: StageProgress | None = None) -> AssistantAnswerer:
    """Return the program with these settings. Raises what opening index and model raises."""
    from assistant.opening import open_assistant

    return AssistantAnswerer(open_assistant(settings, progress or _no_progress), mode)


def _no_progress(stage: str, done: int, total: int) -> None:
    """The index was opened once before, with a bar; a worker has nothing to show."""


# --- running ------------------------------------------------------------------------------------------------------


def new_header(
    question_set: QuestionSet,
    cases: Sequence[EvaluationCase],
    ingredients: Mapping[str, Any],
    mode: AnswerMode,
    as_of: date | None,
) -> RunHeader:
    """Return the header of a run over ``cases``, started now."""
    return RunHeader(
        format=FORMAT,
        set_name=question_set.name,
        set_sha256=question_set.sha256,
        case_ids=tuple(case.id for case in cases),
        mode=mode,
        as_of=as_of,
        day=date.today(),
        started=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPU, Python {platform.python_version()}",
        **ingredients,
    )


def run_folder_name(header: RunHeader) -> str:
    """Return a name that equal headers share, so that the same run started again goes on where it was."""
    return f"{header.set_name}-{header.mode.value}-{_digest(_comparable(header))[:10]}"


def start_run(folder: Path, header: RunHeader, cases: Sequence[EvaluationCase], *, fresh: bool = False) -> Run:
    """Return the run in ``folder``, empty or with what an earlier start has done.

    ``fresh`` throws earlier answers away. Raises BadEvaluationFile where the folder holds a run made with something
    else, and says what differs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stored = None if fresh else _stored_header(folder)
    if stored is None:
        (folder / _ANSWERS).unlink(missing_ok=True)
        _write_lines(folder / _CASES, (_case_json(case) for case in cases))
        _write_whole(folder / _HEADER, json.dumps(_header_json(header), ensure_ascii=False, indent=2) + "\n")
        return Run(folder, header, tuple(cases), ())
    different = [key for key, value in _comparable(header).items() if _comparable(stored).get(key) != value]
    if different:
        raise BadEvaluationFile(
            f"{folder}: holds a run made with other {', '.join(different)}; name another --out, or give --fresh"
        )
    _drop_cut_line(folder / _ANSWERS)
    return load_run(folder)


def finish_run(run: Run, answerer: Answerer, progress: Progress) -> Run:
    """Answer the cases that the run has not, one after another, storing each at once; return the whole run."""
    pending = _pending(run)
    header = run.header
    lines = (_answered(answerer, case, header) for case in pending)
    return _store(run, lines, len(pending), progress)


def finish_run_in_processes(run: Run, settings: Settings, jobs: int, progress: Progress) -> Run:
    """The same with ``jobs`` processes, each with index and model of its own; lines are stored in the set's order."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    pending = _pending(run)
    # Spawned, not forked: llama.cpp and the tokenizers run threads, which a fork does not survive.
    with ProcessPoolExecutor(jobs, get_context("spawn"), _open_in_worker, (settings, run.header.mode)) as pool:
        lines = pool.map(_answered_in_worker, pending, [run.header] * len(pending), chunksize=4)
        return _store(run, lines, len(pending), progress)


def threads_for(jobs: int, settings: Settings) -> Settings:
    """Return settings in which ``jobs`` processes share the processors; threads that were chosen stay."""
    if jobs == 1 or settings.threads:
        return settings
    return replace(settings, threads=max(1, (os.cpu_count() or 1) // jobs))


_worker: AssistantAnswerer | None = None


def _open_in_worker(settings: Settings, mode: AnswerMode) -> None:
    global _worker
    _worker = open_answerer(settings, mode)


def _answered_in_worker(case: EvaluationCase, header: RunHeader) -> Json:
    assert _worker is not None, "the pool's initializer opens it"
    return _answered(_worker, case, header)


def _pending(run: Run) -> list[EvaluationCase]:
    done = {result.case_id for result in run.results}
    return [case for case in run.cases if case.id not in done]


def _answered(answerer: Answerer, case: EvaluationCase, header: RunHeader) -> Json:
    """The stored line of a case. What a user would see as an error line is stored as one; a bug stops the run."""
    try:
        answer = answerer.answer(case, header.mode, header.as_of)
        hits = answerer.hits(answer["rewritten"] or answer["question"], date.fromisoformat(answer["as_of"]))
    except (AssistantError, SearchIndexError, CorpusError) as error:
        return {"id": case.id, "error": f"{type(error).__name__}: {error}"}
    return {"id": case.id, "answer": answer, "hits": hits, "peak_memory_mb": peak_memory_mb()}


def _store(run: Run, lines: Iterable[Json], count: int, progress: Progress) -> Run:
    progress(0, count)
    with (run.folder / _ANSWERS).open("a", encoding="utf-8") as file:
        for done, line in enumerate(lines, 1):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            progress(done, count)
    return load_run(run.folder)


def peak_memory_mb() -> float | None:
    """Return the largest resident size of this process so far; None where the system does not tell (Windows)."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)


# --- stored runs --------------------------------------------------------------------------------------------------


def load_run(folder: Path) -> Run:
    """Return a stored run, finished or not. Raises BadEvaluationFile where the folder holds none, or a damaged one."""
    header = _stored_header(folder)
    if header is None:
        raise BadEvaluationFile(f"{folder}: holds no evaluation run ({_HEADER} is missing); faju eval run makes one")
    cases = load_question_set(folder / _CASES).cases
    answers = {row["id"]: row for row in _read_lines(folder / _ANSWERS)}
    results = tuple(_result(answers[case.id], folder) for case in cases if case.id in answers)
    return Run(folder, header, cases, results)


def stored_runs(home: Path) -> tuple[Path, ...]:
    """Return the folders of the runs below ``home``, the newest last."""
    return tuple(sorted((file.parent for file in home.glob(f"*/{_HEADER}")), key=lambda folder: _age(folder / _HEADER)))


def _age(file: Path) -> tuple[float, str]:
    return (file.stat().st_mtime, str(file))


def fingerprint(run: Run) -> str:
    """SHA-256 of everything in the run's answers that is no timing: equal runs have equal ones."""
    return _digest([_without_timings(result.raw) for result in run.results])


def _without_timings(line: Json) -> Json:
    kept = {key: value for key, value in line.items() if key != "peak_memory_mb"}
    if "answer" in kept:
        kept["answer"] = {key: value for key, value in kept["answer"].items() if key != "timings"}
    return kept


def _result(row: Json, folder: Path) -> CaseResult:
    try:
        answer = read_answer(row["answer"]) if "answer" in row else None
        return CaseResult(
            case_id=row["id"],
            answer=answer,
            hits=tuple(_read_hit(hit) for hit in row.get("hits", ())),
            error=row.get("error"),
            peak_memory_mb=row.get("peak_memory_mb"),
            raw=row,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadEvaluationFile(f"{folder / _ANSWERS}: the answer to {row.get('id')} is not ours: {error!r}") from error


def read_answer(row: Json) -> JudgedAnswer:
    """Read back the JSON of an answer. Raises KeyError, TypeError or ValueError where it is not one."""
    timings = row["timings"]
    return JudgedAnswer(
        mode=row["mode"],
        declined=row["declined"],
        reason=row["reason"],
        as_of=date.fromisoformat(row["as_of"]),
        rewritten=row["rewritten"],
        text=row["text"],
        safety=row.get("safety", ""),
        notes=tuple(note["message"] for note in row.get("notes", ())),
        sentences=tuple(
            JudgedSentence(
                sentence["text"],
                tuple(sentence["citations"]),
                tuple((quote["start"], quote["end"]) for quote in sentence.get("quotes", ())),
            )
            for sentence in row["sentences"]
        ),
        passages=tuple(_read_passage(passage) for passage in row["passages"]),
        removed_count=len(row["removed"]),
        retrieve_ms=timings["retrieve_ms"],
        first_sentence_ms=timings["first_sentence_ms"],
        total_ms=timings["total_ms"],
        tokens_per_second=timings["tokens_per_second"],
    )


def _read_passage(row: Json) -> JudgedPassage:
    return JudgedPassage(
        number=row["number"],
        kind=row["kind"],
        law=row["short_title"],
        article=row["article"],
        title=row["title"],
        effective=_read_day(row["effective"]),
        expired=_read_day(row["expired"]),
        validity=row.get("validity", ""),
        published=_read_day(row.get("published")),
        text=row["text"],
        text_sha256=row.get("text_sha256", ""),
    )


def _read_hit(row: Json) -> Hit:
    return Hit(
        row["kind"],
        row["law"],
        row["article"],
        row["title"],
        _read_day(row["effective"]),
        _read_day(row["expired"]),
    )


def _read_day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


# --- files --------------------------------------------------------------------------------------------------------


def _header_json(header: RunHeader) -> Json:
    return {
        **asdict(header),
        "mode": header.mode.value,
        "as_of": header.as_of.isoformat() if header.as_of else None,
        "day": header.day.isoformat(),
        "case_ids": list(header.case_ids),
    }


def _comparable(header: RunHeader) -> Json:
    return {key: value for key, value in _header_json(header).items() if key not in _MAY_DIFFER}


def _stored_header(folder: Path) -> RunHeader | None:
    file = folder / _HEADER
    try:
        row = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise BadEvaluationFile(f"{file}: cannot be read as JSON: {error}; start over with --fresh") from error
    if not isinstance(row, dict) or row.get("format") != FORMAT:
        raise BadEvaluationFile(f"{file}: is not an evaluation run of this version; start over with --fresh")
    return RunHeader(
        **{
            **row,
            "mode": AnswerMode(row["mode"]),
            "as_of": _read_day(row["as_of"]),
            "day": date.fromisoformat(row["day"]),
            "case_ids": tuple(row["case_ids"]),
        }
    )


def _case_json(case: EvaluationCase) -> Json:
    row = {
        "id": case.id,
        "topic": case.topic,
        "category": case.category,
        "split": case.split.value if case.split else None,
        "question": case.question,
        "history": list(case.history),
        "as_of": case.as_of.isoformat() if case.as_of else None,
        "finds_as_of": case.finds_as_of.isoformat() if case.finds_as_of else None,
        "answerable": case.answerable,
        "decline_reason": case.decline_reason.value if case.decline_reason else None,
        "gold": [list(group) for group in case.gold],
        "facts": list(case.facts),
        "forbidden": list(case.forbidden),
        "old_law": case.old_law,
        "note": case.note,
    }
    return {key: value for key, value in row.items() if value is not None}


def _read_lines(file: Path) -> Iterator[Json]:
    """Yield the whole lines of a file; a last line without its end is a write that was cut short."""
    if not file.exists():
        return
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(keepends=True), 1):
        if not line.endswith("\n"):
            return
        try:
            yield json.loads(line)
        except json.JSONDecodeError as error:
            raise BadEvaluationFile(f"{file}, line {number}: not JSON: {error.msg}; start over with --fresh") from error


def _drop_cut_line(file: Path) -> None:
    if file.exists():
        content = file.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            file.write_bytes(whole)


def _write_lines(file: Path, rows: Iterable[Json]) -> None:
    _write_whole(file, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def _write_whole(file: Path, text: str) -> None:
    """Write so that a reader sees the old file or the new one, never half of one."""
    part = file.with_name(file.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(file)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
