"""What the commands share: language, errors as one line, dates, progress."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ParamSpec, TypeVar

import typer

from assistant import errors as assistant_errors
from assistant.settings import Settings, load_settings
from corpus import errors as corpus_errors
from index import errors as index_errors

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# What kind of trouble it is, in Chinese; the message itself says which file and what to do.
_TROUBLE = {
    corpus_errors.UnreadableFile: "文件读不了",
    corpus_errors.UnsupportedFormat: "不支持的文件格式",
    corpus_errors.EmptyDocument: "文件里没有可用的文字",
    corpus_errors.BadStatute: "法律文件格式有误",
    corpus_errors.BadReference: "条文写法有误",
    index_errors.IndexMissing: "索引不存在（运行 faju index build）",
    index_errors.IndexOutdated: "索引与当前设置不符（运行 faju index build）",
    index_errors.IndexDamaged: "索引已损坏（运行 faju index build --fresh）",
    index_errors.IndexBusy: "另一个进程正在写索引（稍后再试）",
    index_errors.EmbeddingModelMissing: "找不到向量模型",
    assistant_errors.QuestionRefused: "问题不能受理",
    assistant_errors.ModelMissing: "找不到语言模型文件",
    assistant_errors.ModelUnusable: "语言模型文件不能用",
    assistant_errors.ContextTooSmall: "模型的上下文太小",
    assistant_errors.BadSettings: "设置有误",
    assistant_errors.BadAnswerFile: "不是本程序的回答文件",
    assistant_errors.BadConversationFile: "保存对话的文件不能用",
    assistant_errors.BadEvaluationFile: "题目文件有误",
    assistant_errors.BadFacts: "文书内容有误",
    assistant_errors.PullFailed: "模型没有下载成功",
}
OUR_ERRORS = (corpus_errors.CorpusError, index_errors.SearchIndexError, assistant_errors.AssistantError)


@dataclass(frozen=True, slots=True)
class Say:
    """Picks the wording of the interface: ``say("中文", "English")``."""

    language: str

    def __call__(self, chinese: str, english: str) -> str:
        return chinese if self.language == "zh" else english


def sniff_language(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return zh or en from ``--lang``, FAJU_LANGUAGE or FAJU_LANG, before any option is parsed: the help needs it."""
    for position, argument in enumerate(arguments):
        if argument == "--lang" and position + 1 < len(arguments):
            return "en" if arguments[position + 1] == "en" else "zh"
        if argument.startswith("--lang="):
            return "en" if argument == "--lang=en" else "zh"
    return "en" if environment.get("FAJU_LANGUAGE") == "en" else "zh"


def error_line(error: Exception, language: str) -> str:
    """Return one line: what kind of trouble, which file or setting, what to do."""
    message = " ".join(str(error).split())
    trouble = next((text for kind, text in _TROUBLE.items() if isinstance(error, kind)), "出错了")
    return f"错误：{trouble}：{message}" if language == "zh" else f"Error: {message}"


def reports_errors(say: Say) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Wrap a command: our own errors become one line on standard error and exit code 1, Ctrl-C code 130."""

    def wrap(command: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        @functools.wraps(command)
        def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            try:
                return command(*args, **kwargs)
            except OUR_ERRORS as error:
                typer.echo(error_line(error, say.language), err=True)
                raise typer.Exit(1) from None
            except KeyboardInterrupt:
                typer.echo(say("已停止。", "Stopped."), err=True)
                raise typer.Exit(130) from None
            except BrokenPipeError:
                # The reader of our output has gone (``| head``); Python would complain once more while closing it.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                raise typer.Exit(1) from None

        return run

    return wrap


def settings_from(say: Say, **overrides: object) -> Settings:
    """Return the settings with the command's options on top. Raises BadSettings."""
    return load_settings(language=say.language, **overrides)


def parse_day(text: str | None) -> date | None:
    """Return the day that ``--as-of`` names, None where it was not given. Raises BadSettings."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise assistant_errors.BadSettings(f"--as-of takes a date such as 2026-01-01, not {text!r}") from None


def write_json(value: Mapping[str, Any], *, lines: bool = False) -> None:
    """Print one JSON object: indented for people, or on one line for programs."""
    text = json.dumps(value, ensure_ascii=False) if lines else json.dumps(value, ensure_ascii=False, indent=2)
    typer.echo(text)
    sys.stdout.flush()


def read_jsonl(stream: Any) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield (line number, object) for each line of a text stream; a wrong line yields a message in its place."""
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            yield number, f"line {number} is not JSON: {error.msg}"
            continue
        yield number, value if isinstance(value, dict) else f"line {number} is not a JSON object"


@contextlib.contextmanager
def progress_bar(say: Say) -> Iterator[Callable[[str, int, int], None]]:
    """Give a callback ``(stage, done, total)`` that draws a bar on standard error, gone when done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:

        def advance(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield advance
