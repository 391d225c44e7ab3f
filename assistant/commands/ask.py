# Annotations are evaluated at once here (no ``from __future__ import annotations``): their help texts are closures.
"""``faju ask``: a streamed answer with its sources, or JSON, or many questions as JSON lines."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.commands.common import (
    OUR_ERRORS,
    Say,
    error_line,
    parse_day,
    progress_bar,
    read_jsonl,
    reports_errors,
    settings_from,
    write_json,
)
from assistant.errors import BadSettings, QuestionRefused


def add_ask(app: typer.Typer, say: Say) -> None:
    """Add the command to the application, worded in the language of ``say``."""

    @app.command(
        help=say(
            "提问：只引用收录的法条和文章作答，逐句标明出处。",
            "Ask; answered only from the texts held, each sentence cited.",
        )
    )
    @reports_errors(say)
    def ask(
        question: Annotated[str | None, typer.Argument(help=say("问题", "The question"), show_default=False)] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help=say("输出一个 JSON 对象", "Print one JSON object"))
        ] = False,
        as_jsonl: Annotated[
            bool,
            typer.Option(
                "--jsonl",
                help=say(
                    "从标准输入逐行读 {id, question, history, as_of}，逐行写回答",
                    "Read {id, question, history, as_of} lines from standard input, write an answer a line",
                ),
            ),
        ] = False,
        mode: Annotated[
            str | None,
            typer.Option(
                help=say(
                    "quote 只引原句；explain 解释（需大模型）；search 只检索",
                    "quote: sentences of the sources only; explain: prose (large model); search: no model",
                )
            ),
        ] = None,
        model: Annotated[
            str | None,
            typer.Option(help=say("GGUF 模型文件；默认用内置模型", "A GGUF file; the built-in reader by default")),
        ] = None,
        as_of: Annotated[
            str | None,
            typer.Option(
                help=say(
                    "按哪一天的法律回答，如 2025-12-31；默认今天",
                    "The day whose law counts, such as 2025-12-31; today by default",
                )
            ),
        ] = None,
        index: Annotated[Path | None, typer.Option(help=say("索引文件夹", "The index folder"))] = None,
        passages: Annotated[int | None, typer.Option(help=say("最多用几段材料", "How many passages at most"))] = None,
        markdown: Annotated[
            Path | None, typer.Option(help=say("另存为 Markdown 文件", "Also save as a Markdown file"))
        ] = None,
    ) -> None:
        day = parse_day(as_of)
        settings = settings_from(say, mode=mode, model=model, index=index, passages=passages)
        if as_jsonl:
            if question:
                raise BadSettings("--jsonl reads its questions from standard input; leave the argument out")
            if not _answer_lines(settings, day, say):
                raise typer.Exit(1)
            return
        if question is None and not sys.stdin.isatty():
            question = sys.stdin.read()
        if not question or not question.strip():
            raise QuestionRefused(
                say(
                    '没有问题；请写 faju ask "催收给我通讯录里的人发短信，违法吗？"',
                    'no question; write: faju ask "催收给我通讯录里的人发短信，违法吗？"',
                )
            )
        _answer_one(settings, question, day, say, as_json=as_json, markdown=markdown)


def _answer_one(settings: Any, question: str, day: Any, say: Say, *, as_json: bool, markdown: Path | None) -> None:
    from assistant import rendering
    from assistant.opening import open_assistant

    with progress_bar(say) as progress:
        assistant = open_assistant(settings, progress)
    events = assistant.answer(question, as_of=day)
    if as_json:
        answer = _last(events)
        write_json(rendering.answer_json(answer))
    else:
        answer = _stream(events, say)
    if markdown is not None:
        markdown.write_text(rendering.answer_markdown(answer, say.language), encoding="utf-8")


def _answer_lines(settings: Any, day: Any, say: Say) -> bool:
    """Answer each line of standard input; return whether every line was answered."""
    from assistant import rendering
    from assistant.opening import open_assistant

    with progress_bar(say) as progress:
        assistant = open_assistant(settings, progress)
    all_well = True
    for number, row in read_jsonl(sys.stdin):
        if isinstance(row, str):
            write_json({"id": None, "line": number, "error": row}, lines=True)
            all_well = False
            continue
        try:
            history = tuple(_turn(item) for item in row.get("history") or ())
            line_day = parse_day(row.get("as_of")) or day
            answer = _last(assistant.answer(str(row.get("question") or ""), history=history, as_of=line_day))
            write_json({"id": row.get("id"), **rendering.answer_json(answer)}, lines=True)
        except OUR_ERRORS as error:
            write_json({"id": row.get("id"), "line": number, "error": error_line(error, say.language)}, lines=True)
            all_well = False
    return all_well


def _turn(item: Any) -> Any:
    """Accept a history item as a plain question, as {question, answer}, or as {role, content}."""
    from assistant.records import Turn

    if isinstance(item, str):
        return Turn(question=item)
    if isinstance(item, dict):
        return Turn(
            question=str(item.get("question") or item.get("content") or ""), answer=str(item.get("answer") or "")
        )
    raise BadSettings(f"history holds questions or {{question, answer}} objects, not {item!r}")


def _last(events: Any) -> Any:
    from assistant.records import Answer

    for event in events:
        if isinstance(event, Answer):
            return event
    raise AssertionError("an answer ends with an Answer")


def _stream(events: Any, say: Say) -> Any:
    """Print each verified sentence as it is released, then sources, remarks and the notice."""
    from assistant import rendering, wording
    from assistant.records import Answer, SentenceReleased

    language = say.language
    role = None
    for event in events:
        if isinstance(event, SentenceReleased):
            if event.sentence.role is not role:
                role = event.sentence.role
                typer.echo(("" if role is None else "\n") + wording.ROLE_HEADINGS[role][language])
            typer.echo(f"  {rendering.one_line(event.sentence.text)}{rendering.marks(event.sentence)}")
            sys.stdout.flush()
        elif isinstance(event, Answer):
            _print_rest(event, say)
            return event
    raise AssertionError("an answer ends with an Answer")


def _print_rest(answer: Any, say: Say) -> None:
    from assistant import rendering, wording

    language = say.language
    if answer.declined:
        typer.echo(answer.text)
    for note in answer.notes:
        if not answer.declined:
            typer.echo(("\n" if note is answer.notes[0] else "") + say("注意：", "Note: ") + note.message)
    sources = rendering.sources_text(answer, language)
    if sources:
        typer.echo("\n" + sources)
    if answer.removed:
        typer.echo("\n" + wording.NOT_VERIFIED[language].format(count=len(answer.removed)))
        for removed in answer.removed:
            typer.echo(f"  {rendering.one_line(removed.text)[:60]} — {removed.why}")
    typer.echo("\n" + wording.AS_OF[language].format(day=answer.as_of))
    typer.echo(wording.NOT_A_LAWYER[language])
