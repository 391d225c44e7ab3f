# Annotations are evaluated at once here (no ``from __future__ import annotations``): their help texts are closures.
"""``faju verify``: checks a stored answer again, against the corpus of today."""

from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.commands.common import Say, parse_day, reports_errors, settings_from, write_json


def add_verify(app: typer.Typer, say: Say) -> None:
    """Add the command to the application, worded in the language of ``say``."""

    @app.command(
        help=say(
            "重新核对保存的回答（faju ask --json 的输出）：材料、引文、条文是否仍与语料一致。有一处不符即返回 1。",
            "Check a stored answer (from faju ask --json) again: passages, quotations, articles. Exit code 1 on any "
            "failure.",
        )
    )
    @reports_errors(say)
    def verify(
        file: Annotated[Path, typer.Argument(help=say("回答文件", "The answer file"), show_default=False)],
        as_of: Annotated[
            str | None,
            typer.Option(
                help=say(
                    "按哪一天的法律核对，默认是回答所用的日期",
                    "The day whose law counts; that of the answer by default",
                )
            ),
        ] = None,
        index: Annotated[Path | None, typer.Option(help=say("索引文件夹", "The index folder"))] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help=say("输出 JSON，每个回答一行", "Print JSON, a line an answer"))
        ] = False,
    ) -> None:
        from assistant.rechecking import Sources, read_answers, recheck, report_json
        from corpus.lawbook import load_lawbook

        day = parse_day(as_of)
        answers = read_answers(file)
        sources = Sources(load_lawbook(), _index_if_any(settings_from(say, index=index).index))
        reports = [recheck(answer, sources, day) for answer in answers]
        for report in reports:
            if as_json:
                write_json(report_json(report), lines=True)
            else:
                _print(report, say)
        if not all(report.passed for report in reports):
            raise typer.Exit(1)


def _index_if_any(place: Path) -> Any:
    """The index, None where none was ever built: laws and our own articles can be checked without it."""
    from index.errors import IndexMissing
    from index.storage import open_stored

    try:
        return open_stored(place)
    except IndexMissing:
        return None


def _print(report: Any, say: Say) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    kinds = {
        "answer": say("回答", "answer"),
        "passage": say("材料", "passage"),
        "sentence": say("句子", "sentence"),
        "reference": say("条文", "article"),
    }
    console = Console()
    console.print(Text(say(f"问题：{report.question}", f"Question: {report.question}")))
    console.print(Text(say(f"按 {report.as_of} 的法律核对", f"By the law of {report.as_of}")))
    for remark in report.remarks:
        console.print(Text(say(f"说明：{remark}", f"Remark: {remark}")))
    table = Table(say("对象", "What"))
    table.add_column(say("内容", "Content"), overflow="fold")
    table.add_column("")
    table.add_column(say("核对结果", "Finding"), overflow="fold")
    for row in report.rows:
        sign = Text("✓", "green") if row.passed else Text("✗", "bold red")
        table.add_row(kinds[row.kind.value], Text(row.subject), sign, Text(row.finding))
    console.print(table)
    failed = len(report.failures)
    console.print(
        Text(
            say(
                f"{len(report.rows)} 项核对，全部一致。"
                if not failed
                else f"{len(report.rows)} 项核对，{failed} 项不符。",
                f"{len(report.rows)} checks, all passed."
                if not failed
                else f"{len(report.rows)} checks, {failed} failed.",
            )
        )
    )
