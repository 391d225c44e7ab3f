# Annotations are evaluated at once here (no ``from __future__ import annotations``): their help texts are closures.
"""``faju corpus show|import`` and ``faju audit``: what a file holds, laws in bulk, the citations of an article."""

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.commands.common import Say, parse_day, progress_bar, reports_errors, settings_from


def add_corpus(app: typer.Typer, say: Say) -> None:
    """Add the group of commands to the application, worded in the language of ``say``."""
    group = typer.Typer(
        help=say("语料：查看清洗结果，批量导入法律。", "The corpus: what cleaning keeps, laws in bulk."),
        no_args_is_help=True,
    )
    app.add_typer(group, name="corpus")

    @group.command(
        help=say(
            "并排显示一个文件保留和去掉的内容，每处注明规则。",
            "Show what of a file is kept and dropped, each drop with its rule.",
        )
    )
    @reports_errors(say)
    def show(file: Annotated[Path, typer.Argument(help=say("文件", "The file"), show_default=False)]) -> None:
        from corpus.reading import show_file

        _print_cleaned(show_file(file), say)

    @group.command(
        "import",
        help=say(
            "导入一批法律：法规库文件夹、JSONL（可压缩）或 DOCX。",
            "Import laws: a folder of Markdown or DOCX, or JSONL (plain or .gz).",
        ),
    )
    @reports_errors(say)
    def import_(
        path: Annotated[Path, typer.Argument(help=say("文件或文件夹", "File or folder"), show_default=False)],
        to: Annotated[
            Path | None, typer.Option("--to", help=say("导入到单独的索引文件夹", "Into an index folder of its own"))
        ] = None,
    ) -> None:
        from assistant.opening import load_embedder_of
        from index.building import import_laws

        settings = settings_from(say, index=to)
        with progress_bar(say) as progress:
            report = import_laws(
                settings.index, path, load_embedder_of(settings), progress=progress, alone=to is not None
            )
        _print_import(report, settings, say)


def _print_cleaned(cleaned: Any, say: Say) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    facts = (
        ("标题", "Title", cleaned.title),
        ("发布者", "Publisher", cleaned.publisher),
        ("日期", "Date", cleaned.published),
        ("网址", "Address", cleaned.address),
    )
    for chinese, english, value in facts:
        if value:
            console.print(Text(f"{say(chinese, english)}: {value}"))
    console.print(
        Text(say(f"保留可见文字的 {cleaned.kept_share:.0%}", f"Kept {cleaned.kept_share:.0%} of the visible text"))
    )
    table = Table(say("保留", "Kept"), say("去掉（规则）", "Dropped (rule)"), show_lines=True)
    for kept, dropped in cleaned.side_by_side():
        table.add_row(Text(kept), Text(dropped))
    console.print(table)


def _print_import(report: Any, settings: Any, say: Say) -> None:
    typer.echo(
        say(
            f"导入 {report.laws} 部法律、{report.articles} 条到 {settings.index}；"
            f"重复 {report.duplicates} 条，未变 {report.unchanged} 部。",
            f"Imported {report.laws} laws, {report.articles} articles into {settings.index}; "
            f"{report.duplicates} duplicates, {report.unchanged} laws unchanged.",
        )
    )
    for gap in report.gaps:
        typer.echo(say(f"注意：{gap}", f"Note: {gap}"), err=True)
    for failure in report.failures:
        typer.echo(
            say(f"跳过 {failure.path}：{failure.message}", f"Skipped {failure.path}: {failure.message}"), err=True
        )


def add_audit(app: typer.Typer, say: Say) -> None:
    """Add the command to the application, worded in the language of ``say``."""

    @app.command(
        help=say(
            "核对一篇文章引用的法条：原文、编号、是否现行有效。",
            "Audit the statute citations and quotations of an article.",
        )
    )
    @reports_errors(say)
    def audit(
        path: Annotated[Path, typer.Argument(help=say("文件或文件夹", "File or folder"), show_default=False)],
        as_of: Annotated[
            str | None,
            typer.Option(help=say("按哪一天的法律核对，默认今天", "The day whose law counts; today by default")),
        ] = None,
        form: Annotated[
            str, typer.Option("--format", help=say("table、json 或 markdown", "table, json or markdown"))
        ] = "table",
    ) -> None:
        from assistant.errors import BadSettings

        if form not in {"table", "json", "markdown"}:
            raise BadSettings(f"--format is table, json or markdown, not {form!r}")
        _audit(path, parse_day(as_of) or date.today(), form, say)


def _audit(path: Path, day: date, form: str, say: Say) -> None:
    from corpus import auditing
    from corpus.lawbook import load_lawbook
    from corpus.reading import ReadFailure, read_path

    lawbook = load_lawbook()
    reports = []
    failed = False
    for document in read_path(path, "audit"):
        if isinstance(document, ReadFailure):
            typer.echo(
                say(f"跳过 {document.path}：{document.message}", f"Skipped {document.path}: {document.message}"),
                err=True,
            )
            failed = True
            continue
        reports.append(auditing.audit_text(document.text, document.info.title, lawbook, day))
    if form == "json":
        typer.echo(json.dumps([auditing.report_json(report) for report in reports], ensure_ascii=False, indent=2))
    elif form == "markdown":
        typer.echo("\n\n".join(auditing.report_markdown(report) for report in reports))
    else:
        typer.echo("\n\n".join(auditing.report_table(report) for report in reports))
    if failed and not reports:
        raise typer.Exit(1)
