# Annotations are evaluated at once here (no ``from __future__ import annotations``): their help texts are closures.
"""``faju models list|pull|use|verify|remove``: larger models, fetched only when asked for."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.commands.common import Say, progress_bar, reports_errors, settings_from, write_json
from assistant.errors import BadSettings


def add_models(app: typer.Typer, say: Say) -> None:
    """Add the group of commands to the application, worded in the language of ``say``."""
    group = typer.Typer(
        help=say(
            "大模型和向量模型：查看、下载、选用、核对、删除。只有 pull 会联网。",
            "Larger models: list, pull, use, verify, remove. Only pull uses the network.",
        ),
        no_args_is_help=True,
    )
    app.add_typer(group, name="models")
    model_id = typer.Argument(
        help=say("模型编号，见 faju models list", "The model, see faju models list"), show_default=False
    )

    @group.command("list", help=say("列出可用的模型和本机已有的模型。", "List the models there are and those here."))
    @reports_errors(say)
    def list_(
        as_json: Annotated[bool, typer.Option("--json", help=say("输出 JSON", "Print JSON"))] = False,
    ) -> None:
        settings = settings_from(say)
        if as_json:
            for row in _rows(settings):
                write_json(row, lines=True)
        else:
            _print_list(settings, say)

    @group.command(
        help=say(
            "下载一个模型（先 ModelScope，后 Hugging Face），中断后再次运行即续传。",
            "Fetch a model (ModelScope first, then Hugging Face); run again to go on where it was cut.",
        )
    )
    @reports_errors(say)
    def pull(
        model: Annotated[str, model_id],
        source: Annotated[
            str | None, typer.Option(help=say("只用 modelscope 或 huggingface", "Only modelscope or huggingface"))
        ] = None,
    ) -> None:
        _pull(model, source, settings_from(say), say)

    @group.command(
        help=say(
            "选用一个模型：编号、自己的 GGUF 文件，或 builtin（回到内置模型）。",
            "Use a model: its id, a GGUF file of your own, or builtin.",
        )
    )
    @reports_errors(say)
    def use(
        model: Annotated[
            str,
            typer.Argument(help=say("编号、GGUF 文件或 builtin", "An id, a GGUF file or builtin"), show_default=False),
        ],
    ) -> None:
        _use(model, settings_from(say), say)

    @group.command(
        help=say(
            "逐个文件核对 SHA-256；手工放入的文件在这里登记。",
            "Compare the SHA-256 of every file; files put in place by hand are pinned here.",
        )
    )
    @reports_errors(say)
    def verify(
        model: Annotated[
            str | None, typer.Argument(help=say("编号，默认核对全部", "The model; all by default"), show_default=False)
        ] = None,
    ) -> None:
        if not _verify(model, settings_from(say), say):
            raise typer.Exit(1)

    @group.command(help=say("删除一个模型的文件。", "Delete the files of a model."))
    @reports_errors(say)
    def remove(model: Annotated[str, model_id]) -> None:
        _remove(model, settings_from(say), say)


def _rows(settings: Any) -> list[dict[str, Any]]:
    from assistant.pulling import model_state
    from assistant.registry import load_registry

    rows = []
    for model in load_registry():
        state = model_state(model, settings.home)
        rows.append(
            {
                "id": model.id,
                "kind": model.kind.value,
                "name": model.name,
                "license": model.license,
                "size_mb": model.size_mb,
                "memory_mb": model.memory_mb,
                "recommended": model.recommended,
                "present": state.is_present,
                "pinned": state.record is not None,
                "partial_bytes": state.partial_bytes,
                "in_use": str(state.path) in (settings.model, settings.embedder),
                "path": str(state.path),
                "sources": [f"{source.hub.value}:{source.repo}" for source in model.sources],
            }
        )
    return rows


def _print_list(settings: Any, say: Say) -> None:
    from rich.console import Console
    from rich.table import Table

    from assistant.registry import load_registry

    kinds = {"chat": say("回答", "answers"), "embedder": say("检索", "search"), "reranker": say("重排", "reranking")}
    table = Table(
        say("编号", "Id"), say("用途", "For"), say("大小", "Size"), say("内存", "Memory"), say("许可", "License"),
        say("状态", "State"), say("说明", "Note"),
    )  # fmt: skip
    for row, model in zip(_rows(settings), load_registry(), strict=True):
        table.add_row(
            row["id"],
            kinds[row["kind"]],
            f"{row['size_mb'] / 1000:.1f} GB",
            f"{row['memory_mb'] / 1000:.1f} GB",
            row["license"],
            _state(row, say),
            say(model.note, model.note_english),
        )
    Console().print(table)
    if settings.model == "builtin":
        typer.echo(say("现在用内置模型回答（不需要下载）。", "The built-in reader answers now (nothing to fetch)."))


def _state(row: dict[str, Any], say: Say) -> str:
    if row["in_use"]:
        return say("使用中", "in use")
    if row["present"]:
        return say("已下载", "here") if row["pinned"] else say("待核对（verify）", "to be verified")
    if row["partial_bytes"]:
        return say(f"下载了 {row['partial_bytes'] / 1e9:.1f} GB", f"{row['partial_bytes'] / 1e9:.1f} GB so far")
    return "—"


def _pull(model_id: str, source: str | None, settings: Any, say: Say) -> None:
    from assistant.pulling import available_memory_bytes, memory_shortage, pull
    from assistant.registry import HubName, ModelKind, registered

    model = registered(model_id)
    if source is not None and source not in {hub.value for hub in HubName}:
        raise BadSettings(f"--source is modelscope or huggingface, not {source!r}")
    _warn(memory_shortage(model, available_memory_bytes()), say)
    with progress_bar(say) as progress:

        def advance(file: str, have: int, size: int) -> None:
            progress(f"{file} (MB)", have // 1_000_000, max(1, size // 1_000_000))

        record = pull(model, settings.home, advance, only=HubName(source) if source else None)
    for item in record.files:
        typer.echo(f"{item.sha256}  {item.path}  ({item.known_from})")
    if model.kind is not ModelKind.RERANKER:
        typer.echo(say(f"下载完成。选用：faju models use {model.id}", f"Done. To use it: faju models use {model.id}"))


def _use(model_id: str, settings: Any, say: Say) -> None:
    from assistant import choosing
    from assistant.pulling import available_memory_bytes, memory_shortage
    from assistant.registry import load_registry, registered
    from assistant.settings import settings_file

    file = settings_file(os.environ)
    if model_id == "builtin":
        choosing.use_builtin(file)
        keys = list(choosing.SETTING_OF.values())
    elif model_id not in {model.id for model in load_registry()} and Path(model_id).expanduser().suffix == ".gguf":
        sha256 = choosing.use_file(Path(model_id).expanduser(), settings.home, file)
        typer.echo(f"SHA-256: {sha256}")
        keys = ["model"]
    else:
        model = registered(model_id)
        _warn(memory_shortage(model, available_memory_bytes()), say)
        keys = [choosing.use_registered(model, settings.home, file)]
    typer.echo(say(f"已写入 {file}", f"Wrote {file}"))
    if "embedder" in keys:
        typer.echo(
            say("换了向量模型，请运行 faju index build。", "The embedder may have changed; run: faju index build")
        )
    for key in keys:
        if os.environ.get(f"FAJU_{key.upper()}"):
            _warn(f"FAJU_{key.upper()} is set and prevails over the settings file", say)


def _verify(model_id: str | None, settings: Any, say: Say) -> bool:
    from assistant.pulling import model_state, verify
    from assistant.registry import load_registry, registered

    if model_id:
        models = [registered(model_id)]
    else:
        models = [model for model in load_registry() if model_state(model, settings.home).is_present]
        if not models:
            typer.echo(say("本机没有下载的模型。", "No model has been pulled."))
    all_well = True
    for model in models:
        for verdict in verify(model, settings.home):
            sign = "✓" if verdict.passed else "✗"
            typer.echo(f"{sign} {verdict.path}  {verdict.sha256}  {_finding(verdict, say)}")
            all_well = all_well and verdict.passed
            if verdict.adopted:
                note = say(
                    "请与下载页面上的 SHA-256 对照。", "Please compare it with the SHA-256 on the page it came from."
                )
                typer.echo(f"  {note}")
    return all_well


def _finding(verdict: Any, say: Say) -> str:
    if verdict.adopted:
        return say("已按现状登记", verdict.finding)
    return say("一致" if verdict.passed else f"不一致：{verdict.finding}", verdict.finding)


def _remove(model_id: str, settings: Any, say: Say) -> None:
    from assistant.choosing import SETTING_OF, write_setting
    from assistant.pulling import remove
    from assistant.registry import model_path, registered
    from assistant.settings import BUILTIN, settings_file

    model = registered(model_id)
    was_in_use = str(model_path(model, settings.home)) in (settings.model, settings.embedder)
    freed = remove(model, settings.home)
    typer.echo(say(f"删除了 {freed / 1e9:.2f} GB。", f"Freed {freed / 1e9:.2f} GB."))
    if was_in_use:
        write_setting(settings_file(os.environ), SETTING_OF[model.kind], BUILTIN)
        typer.echo(say("它正在使用，已换回内置模型。", "It was in use; the built-in model is used again."))


def _warn(message: str | None, say: Say) -> None:
    if message:
        typer.echo(say(f"警告：{message}", f"Warning: {message}"), err=True)
