"""The README stays true: every command is in it, and every command in it exists."""

from __future__ import annotations

import re
from pathlib import Path

import typer.main

from assistant.cli import build_app

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


def command_names() -> set[str]:
    group = typer.main.get_command(build_app("en"))
    return set(group.commands)  # type: ignore[attr-defined]  # a group, since there are several commands


def test_every_command_is_described() -> None:
    assert {name for name in command_names() if f"`faju {name}" not in README} == set()


def test_every_command_described_exists() -> None:
    named = set(re.findall(r"`faju ([a-z]+)", README))
    assert named - command_names() == set()


def test_pictures_and_files_named_are_there() -> None:
    root = Path(__file__).resolve().parents[1]
    for name in re.findall(r"\]\((assistant/[^)]+)\)", README) + re.findall(r"`(tests/[\w/.]+\.jsonl)`", README):
        assert (root / name).is_file(), name
