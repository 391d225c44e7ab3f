# Annotations are evaluated at once here (no ``from __future__ import annotations``): their help texts are closures.
"""The command ``faju``: puts the commands together in the language asked for. ``faju --help`` imports nothing heavy."""

import os
import sys
from typing import Annotated

import typer

from assistant.commands.ask import add_ask
from assistant.commands.common import Say, sniff_language
from assistant.commands.documents import add_audit, add_corpus
from assistant.commands.draft import add_draft
from assistant.commands.evaluation import add_evaluation
from assistant.commands.indexing import add_index
from assistant.commands.models import add_models
from assistant.commands.page import add_ui
from assistant.commands.search import add_search
from assistant.commands.verify import add_verify


def build_app(language: str) -> typer.Typer:
    """Return the application with its help in Chinese (zh) or English (en)."""
    say = Say(language)
    app = typer.Typer(
        name="faju",
        help=say(
            "法据：被催收爆通讯录时，查法条、留证据、会投诉。只引用本机收录的原文，不联网。",
            "faju: what the law says on debt-collection harassment, quoted only from texts on this machine, offline.",
        ),
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
    )

    def show_version(wanted: bool) -> None:
        if wanted:
            from assistant.version import faju_version

            typer.echo(f"faju {faju_version()}")
            raise typer.Exit

    @app.callback()
    def options(
        lang: Annotated[
            str, typer.Option(help=say("界面语言：zh 或 en", "Language of the interface: zh or en"))
        ] = language,
        version: Annotated[
            bool,
            typer.Option("--version", callback=show_version, is_eager=True, help=say("显示版本", "Show the version")),
        ] = False,
    ) -> None:
        if lang not in {"zh", "en"}:
            raise typer.BadParameter(f"--lang is zh or en, not {lang!r}")

    add_ask(app, say)
    add_search(app, say)
    add_ui(app, say)
    add_index(app, say)
    add_corpus(app, say)
    add_audit(app, say)
    add_evaluation(app, say)
    add_verify(app, say)
    add_draft(app, say)
    add_models(app, say)
    return app


def main() -> None:
    """Run the command line. Output is UTF-8 whatever the terminal's code page, so that no character is lost."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    build_app(sniff_language(sys.argv[1:], os.environ))()


if __name__ == "__main__":
    main()
