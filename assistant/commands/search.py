# Annotations are evaluated at once here (no ``from __future__ import annotations``): their help texts are closures.
"""``faju search``: ranked passages without a model, with why each was found."""

import sys
from datetime import date
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


def add_search(app: typer.Typer, say: Say) -> None:
    """Add the command to the application, worded in the language of ``say``."""

    @app.command(
        help=say("检索：列出最相关的法条和文章，不用模型。", "Search: the most relevant passages, without a model.")
    )
    @reports_errors(say)
    def search(
        query: Annotated[
            str | None, typer.Argument(help=say("检索词或问题", "Words or a question"), show_default=False)
        ] = None,
        k: Annotated[int, typer.Option("-k", min=1, max=1000, help=say("列出几条", "How many"))] = 10,
        as_json: Annotated[
            bool, typer.Option("--json", help=say("输出一个 JSON 对象", "Print one JSON object"))
        ] = False,
        as_jsonl: Annotated[
            bool,
            typer.Option(
                "--jsonl",
                help=say(
                    "从标准输入逐行读 {id, question}，逐行写 {id, hits}",
                    "Read {id, question} lines, write {id, hits} lines",
                ),
            ),
        ] = False,
        as_of: Annotated[
            str | None, typer.Option(help=say("按哪一天的法律，如 2025-12-31", "The day whose law counts"))
        ] = None,
        kind: Annotated[
            list[str] | None,
            typer.Option(
                help=say(
                    "只要 statute（法条）、article（文章）或 document（自己的文件）",
                    "Only statute, article or document",
                )
            ),
        ] = None,
        law: Annotated[
            list[str] | None, typer.Option(help=say("只要这部法，如 民法典", "Only this law, such as 民法典"))
        ] = None,
        index: Annotated[Path | None, typer.Option(help=say("索引文件夹", "The index folder"))] = None,
        why: Annotated[
            bool, typer.Option("--why", help=say("显示每条是怎么找到的", "Show how each was found"))
        ] = False,
    ) -> None:
        from assistant.opening import open_search

        settings = settings_from(say, index=index)
        day = parse_day(as_of) or date.today()
        filters = _Filters(_kinds(kind), frozenset(law or ()), day, k)
        if as_jsonl:
            with progress_bar(say) as progress:
                searcher = open_search(settings, progress)
            if not _search_lines(searcher, filters, say):
                raise typer.Exit(1)
            return
        if not query or not query.strip():
            raise QuestionRefused(
                say("没有检索词；请写 faju search 呼死你", "nothing to search for; write: faju search 呼死你")
            )
        with progress_bar(say) as progress:
            searcher = open_search(settings, progress)
        _search_one(searcher, query, filters, say, as_json=as_json, why=why)


class _Filters:
    """The options of one call, applied to every query of it."""

    def __init__(self, kinds: Any, laws: frozenset[str], day: date, k: int) -> None:
        self.kinds, self.laws, self.day, self.k = kinds, laws, day, k

    def query(self, text: str, day: date | None = None) -> Any:
        from index.records import SearchQuery

        return SearchQuery(text, day or self.day, self.k, self.kinds, self.laws)


def _kinds(names: list[str] | None) -> Any:
    from corpus.records import SourceKind

    try:
        return frozenset(SourceKind(name) for name in names or ())
    except ValueError:
        raise BadSettings(f"--kind is statute, article or document, not {' '.join(names or ())!r}") from None


def _search_lines(searcher: Any, filters: _Filters, say: Say) -> bool:
    """Search for each line of standard input; return whether every line was understood."""
    from assistant.rendering import hit_json

    all_well = True
    for number, row in read_jsonl(sys.stdin):
        text = "" if isinstance(row, str) else str(row.get("question") or row.get("query") or "").strip()
        identity = None if isinstance(row, str) else row.get("id")
        if not text:
            message = row if isinstance(row, str) else f"line {number} has no question"
            write_json({"id": identity, "line": number, "error": message}, lines=True)
            all_well = False
            continue
        try:
            result = searcher.search(
                filters.query(text, parse_day(row.get("as_of")) if isinstance(row, dict) else None)
            )
            write_json({"id": identity, "hits": [hit_json(passage) for passage in result.passages]}, lines=True)
        except OUR_ERRORS as error:
            write_json({"id": identity, "line": number, "error": error_line(error, say.language)}, lines=True)
            all_well = False
    return all_well


def _search_one(searcher: Any, text: str, filters: _Filters, say: Say, *, as_json: bool, why: bool) -> None:
    from assistant import rendering

    result = searcher.search(filters.query(text))
    if as_json:
        write_json(rendering.search_json(result))
        return
    for note in result.notes:
        typer.echo(say("注意：", "Note: ") + note.message)
    if not result.passages:
        typer.echo(
            say(
                "没有找到。换个说法，或用 faju index status 看索引里有什么。",
                "Nothing found. Try other words, or see faju index status.",
            )
        )
    for passage in result.passages:
        details = "，".join(rendering.source_details(passage, say.language)[:3])
        typer.echo(f"\n{passage.rank}. {rendering.source_title(passage)}（{details}）")
        typer.echo(f"   {rendering.one_line(passage.chunk.text)[:160]}")
        if why:
            typer.echo(f"   {_why(passage, say)}")


def _why(passage: Any, say: Say) -> str:
    trace = passage.trace
    reasons = [f"{say('总分', 'score')} {passage.score:.3f}"]
    if trace.exact:
        reasons.append(say("条文号命中", "exact reference"))
    if trace.dense_rank is not None:
        reasons.append(f"{say('向量', 'dense')} #{trace.dense_rank} ({trace.dense_score:.3f})")
    if trace.sparse_rank is not None:
        reasons.append(f"BM25 #{trace.sparse_rank} ({trace.sparse_score:.1f})")
    if trace.matched_terms:
        reasons.append(f"{say('命中词', 'terms')} {' '.join(trace.matched_terms[:12])}")
    return "；".join(reasons)
