# Annotations are evaluated at once here (no ``from __future__ import annotations``): their help texts are closures.
"""``faju draft``: complaint, report to the police, civil complaint, deletion request, letter demanding that it stop."""

import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.commands.common import Say, parse_day, reports_errors
from assistant.errors import BadFacts

KINDS = ("complaint", "police", "court", "delete-request", "cease-letter")


def add_draft(app: typer.Typer, say: Say) -> None:
    """Add the command to the application, worded in the language of ``say``."""

    @app.command(
        help=say(
            "写文书：complaint 投诉书，police 报案材料，court 民事起诉状，delete-request 个人信息权利请求书，"
            "cease-letter 停止骚扰告知函。只写你提供的事实和核对过的条文，没有提供的写成【待填】。",
            "Draft a letter: complaint, police, court, delete-request or cease-letter. It holds only the facts you "
            "give and articles checked verbatim; what you leave out becomes 【待填】.",
        )
    )
    @reports_errors(say)
    def draft(
        kind: Annotated[str, typer.Argument(help=say("哪种文书", "Which letter"), show_default=False)],
        facts: Annotated[
            Path | None,
            typer.Option(help=say("事实文件（TOML）；不给就逐项提问", "A file of facts (TOML); else you are asked")),
        ] = None,
        fact: Annotated[
            list[str] | None, typer.Option("--fact", help=say("一项事实，如 name=张三", "One fact, such as name=…"))
        ] = None,
        situation: Annotated[
            list[str] | None, typer.Option(help=say("情形，可以多次给出", "A situation; may be given several times"))
        ] = None,
        lender_kind: Annotated[str | None, typer.Option(help=say("借款机构的类别", "The kind of lender"))] = None,
        out: Annotated[
            Path | None, typer.Option("--out", "-o", help=say("写入 .md 或 .docx 文件", "Write a .md or .docx file"))
        ] = None,
        as_of: Annotated[
            str | None, typer.Option(help=say("按哪一天的法律，默认今天", "The day whose law counts; today by default"))
        ] = None,
        blank_facts: Annotated[
            Path | None, typer.Option(help=say("只写一份空白的事实文件", "Only write a file of facts to fill in"))
        ] = None,
    ) -> None:
        from assistant import drafting

        if kind not in KINDS:
            raise BadFacts(f"the letters are {', '.join(KINDS)}, not {kind!r}")
        if out is not None and out.suffix.lower() not in {".md", ".docx"}:
            raise BadFacts(f"--out ends in .md or .docx, not {out.name!r}")
        wanted = drafting.DraftKind(kind)
        if blank_facts is not None:
            blank_facts.write_text(drafting.blank_facts(wanted), encoding="utf-8")
            typer.echo(
                say(f"已写入 {blank_facts}，填好后用 --facts 读入。", f"Wrote {blank_facts}; pass it with --facts.")
            )
            return
        table = _table(facts, fact or (), situation or (), lender_kind)
        if not table and sys.stdin.isatty():
            table = _asked(wanted, say)
        given = drafting.facts_from(table, str(facts or "--fact"))
        _write(wanted, given, parse_day(as_of) or date.today(), out, say)


def _table(facts: Path | None, pairs: Any, situations: Any, lender_kind: str | None) -> dict[str, object]:
    """The facts of the file with those of the options on top."""
    from assistant.drafting import read_table

    table: dict[str, object] = dict(read_table(facts)) if facts else {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            raise BadFacts(f"--fact takes key=value such as name=张三, not {pair!r}")
        table[key.strip()] = value
    if situations:
        table["situations"] = list(situations)
    if lender_kind is not None:
        table["lender_kind"] = lender_kind
    return table


def _asked(kind: Any, say: Say) -> dict[str, object]:
    """Ask for every fact of the letter; an empty line leaves it out."""
    from assistant import drafting

    typer.echo(
        say("逐项填写，不知道的直接回车，文书里会写成【待填】。", "Enter leaves a fact out; it becomes 【待填】.")
    )
    table: dict[str, object] = {
        "situations": _chosen(drafting.situations(), say("涉及的情形，写编号，如 1,3", "Situations, such as 1,3"), say),
    }
    if kind.value in {"complaint", "cease-letter"}:
        chosen = _chosen(drafting.lender_kinds(), say("借款机构的类别，写编号", "The kind of lender"), say)
        table["lender_kind"] = chosen[0] if chosen else ""
    for wanted in drafting.load_template(kind).fields:
        label = say(wanted.label, wanted.english)
        table[wanted.id] = _several(label) if wanted.several else _line(label)
    table["events"] = _events(say)
    return table


def _line(label: str) -> str:
    answer: str = typer.prompt(label, default="", show_default=False)
    return answer


def _several(label: str) -> list[str]:
    lines: list[str] = []
    while line := _line(f"{label} [{len(lines) + 1}]"):
        lines.append(line)
    return lines


def _chosen(choices: Any, label: str, say: Say) -> list[str]:
    for number, choice in enumerate(choices, 1):
        typer.echo(f"  {number}. {say(choice.name, choice.english)}")
    while True:
        numbers = _line(label).replace("，", ",").replace("、", ",").split(",")
        places = [number.strip() for number in numbers if number.strip()]
        if all(place.isdigit() and 1 <= int(place) <= len(choices) for place in places):
            return [choices[int(place) - 1].id for place in places]
        typer.echo(say(f"写 1 到 {len(choices)} 的编号，用逗号隔开。", f"Numbers from 1 to {len(choices)}, please."))


def _events(say: Say) -> list[dict[str, str]]:
    from assistant.drafting import EVENT_LABELS

    events: list[dict[str, str]] = []
    while True:
        typer.echo(
            say(
                f"第 {len(events) + 1} 次电话、短信或上门（全部留空结束）：",
                f"Call, message or visit {len(events) + 1} (leave all empty to end):",
            )
        )
        event = {key: _line(f"  {say(label, key)}") for key, label in EVENT_LABELS.items()}
        if not any(event.values()):
            return events
        events.append(event)


def _write(kind: Any, facts: Any, day: date, out: Path | None, say: Say) -> None:
    from assistant import drafting
    from corpus.lawbook import load_lawbook

    letter = drafting.draft(kind, facts, load_lawbook(), day)
    if out is None:
        typer.echo(drafting.draft_markdown(letter))
    elif out.suffix.lower() == ".docx":
        from assistant.word_file import draft_docx

        out.write_bytes(draft_docx(letter))
    else:
        out.write_text(drafting.draft_markdown(letter), encoding="utf-8")
    blanks = sum(block.text.count(drafting.BLANK) for block in letter.blocks)
    if out is not None:
        typer.echo(say(f"已写入 {out}", f"Wrote {out}"), err=True)
    if blanks:
        typer.echo(say(f"还有 {blanks} 处{drafting.BLANK}。", f"{blanks} places are still {drafting.BLANK}."), err=True)
    for remark in letter.remarks:
        typer.echo(say(f"注意：{remark}", f"Note: {remark}"), err=True)
