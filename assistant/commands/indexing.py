# Annotations are evaluated at once here (no ``from __future__ import annotations``): their help texts are closures.
"""``faju index build|add|remove|status``: the search index and the user's own documents in it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.commands.common import Say, progress_bar, reports_errors, settings_from, write_json


def add_index(app: typer.Typer, say: Say) -> None:
    """Add the group of commands to the application, worded in the language of ``say``."""
    group = typer.Typer(
        help=say("索引：建立、添加文件、移除、查看。", "The index: build, add, remove, status."), no_args_is_help=True
    )
    app.add_typer(group, name="index")
    place = typer.Option("--index", help=say("索引文件夹", "The index folder"))

    @group.command(
        help=say("建立或更新索引；只重做有变化的部分。", "Build or refresh; only what changed is done again.")
    )
    @reports_errors(say)
    def build(
        index: Annotated[Path | None, place] = None,
        fresh: Annotated[
            bool,
            typer.Option(
                "--fresh", help=say("全部重做（自己添加的文件保留）", "Do everything again (added documents are kept)")
            ),
        ] = False,
    ) -> None:
        from assistant.opening import load_embedder_of
        from index.building import build_index

        settings = settings_from(say, index=index)
        with progress_bar(say) as progress:
            manifest = build_index(settings.index, load_embedder_of(settings), progress=progress, fresh=fresh)
        typer.echo(
            say(
                f"索引已就绪：{manifest.document_count} 份文件，{manifest.chunk_count} 段，位于 {settings.index}",
                f"Index ready: {manifest.document_count} documents, "
                f"{manifest.chunk_count} passages, in {settings.index}",
            )
        )

    @group.command(help=say("把文件或文件夹里的文章、文件加进索引。", "Add a file or a folder of documents."))
    @reports_errors(say)
    def add(
        path: Annotated[Path, typer.Argument(help=say("文件或文件夹", "File or folder"), show_default=False)],
        index: Annotated[Path | None, place] = None,
    ) -> None:
        from assistant.opening import load_embedder_of
        from index.building import add_path, ensure_index

        settings = settings_from(say, index=index)
        embedder = load_embedder_of(settings)
        with progress_bar(say) as progress:
            ensure_index(settings.index, embedder, progress=progress)
            report = add_path(settings.index, path, embedder, progress=progress)
        _print_added(report, say)
        if not report.added and not report.unchanged:
            raise typer.Exit(1)

    @group.command(
        help=say(
            "移除自己添加的文件：写编号、标题或文件名（见 faju index status）。",
            "Remove an added document by id, title or file name.",
        )
    )
    @reports_errors(say)
    def remove(
        name: Annotated[
            str,
            typer.Argument(
                help=say("编号、标题、文件名，或导入的名称", "Id, title, file name, or the name of an import"),
                show_default=False,
            ),
        ],
        index: Annotated[Path | None, place] = None,
    ) -> None:
        from assistant.opening import load_embedder_of
        from index.building import remove as remove_documents

        settings = settings_from(say, index=index)
        removed = remove_documents(settings.index, name, load_embedder_of(settings))
        for document in removed:
            typer.echo(say(f"已移除：{document.title}", f"Removed: {document.title}"))

    @group.command(
        help=say("查看索引里有什么、是否需要更新。", "Show what the index holds and whether it is up to date.")
    )
    @reports_errors(say)
    def status(
        index: Annotated[Path | None, place] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say("输出 JSON", "Print JSON"))] = False,
    ) -> None:
        from assistant.opening import load_embedder_of
        from index.building import index_status

        settings = settings_from(say, index=index)
        report = index_status(settings.index, load_embedder_of(settings))
        if as_json:
            write_json(_status_json(report, settings))
            return
        _print_status(report, settings, say)


def _print_added(report: Any, say: Say) -> None:
    for document in report.added:
        where = f" — {document.address}" if document.address else ""
        typer.echo(say(f"已添加：{document.title}{where}", f"Added: {document.title}{where}"))
    if report.unchanged:
        typer.echo(say(f"没有变化：{len(report.unchanged)} 份", f"Unchanged: {len(report.unchanged)}"))
    for failure in report.failures:
        typer.echo(
            say(f"跳过 {failure.path}：{failure.message}", f"Skipped {failure.path}: {failure.message}"), err=True
        )


def _status_json(report: Any, settings: Any) -> dict[str, Any]:
    from dataclasses import asdict

    manifest = asdict(report.manifest)
    manifest.pop("sources")
    return {
        "index": str(settings.index),
        "up_to_date": report.up_to_date,
        "manifest": manifest,
        "documents": [
            {"id": d.id, "kind": d.kind.value, "title": d.title, "collection": d.collection, "address": d.address}
            for d in report.documents
        ],
    }


def _print_status(report: Any, settings: Any, say: Say) -> None:
    manifest = report.manifest
    typer.echo(say(f"位置：{settings.index}", f"Place: {settings.index}"))
    typer.echo(
        say(
            f"文件：{manifest.document_count}，段落：{manifest.chunk_count}",
            f"Documents: {manifest.document_count}, passages: {manifest.chunk_count}",
        )
    )
    typer.echo(
        say(
            f"向量模型：{manifest.embedder}，建立于 {manifest.built_at}",
            f"Embedder: {manifest.embedder}, built at {manifest.built_at}",
        )
    )
    fresh = say("是", "yes") if report.up_to_date else say("否，运行 faju index build", "no; run: faju index build")
    typer.echo(say(f"最新：{fresh}", f"Up to date: {fresh}"))
    own = [document for document in report.documents if document.collection != "builtin"]
    for document in own:
        typer.echo(f"  {document.id}  {document.title}  [{document.collection}]")
