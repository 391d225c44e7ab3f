# Annotations are evaluated at once here (no ``from __future__ import annotations``): their help texts are closures.
"""``faju ui``: the page in the browser, served from this machine to this machine."""

from pathlib import Path
from typing import Annotated

import typer

from assistant.commands.common import Say, reports_errors, settings_from
from assistant.errors import BadSettings

DEFAULT_PORT = 7860
# Addresses that only this machine can reach.
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def add_ui(app: typer.Typer, say: Say) -> None:
    """Add the command to the application, worded in the language of ``say``."""

    @app.command(
        help=say(
            "打开网页：在浏览器里提问、查法条。只在本机运行，不联网。",
            "Open the page in the browser: ask and look laws up. Runs on this machine only, offline.",
        )
    )
    @reports_errors(say)
    def ui(
        host: Annotated[
            str,
            typer.Option(
                help=say(
                    "监听的地址；改成别的地址，同一网络里的人就能打开这个网页",
                    "The address to listen on; with any other, people on the same network can open the page",
                )
            ),
        ] = "127.0.0.1",
        port: Annotated[
            int | None,
            typer.Option(
                min=1,
                max=65535,
                help=say(
                    f"端口；默认 {DEFAULT_PORT}，被占用时另找一个", f"The port; {DEFAULT_PORT} or, if taken, a free one"
                ),
            ),
        ] = None,
        browser: Annotated[
            bool, typer.Option("--browser/--no-browser", help=say("是否打开浏览器", "Whether to open the browser"))
        ] = True,
        auth: Annotated[
            str | None,
            typer.Option(
                metavar="USER:PASSWORD",
                help=say("打开网页要输入的用户名和密码", "User name and password that the page asks for"),
            ),
        ] = None,
        model: Annotated[
            str | None,
            typer.Option(help=say("GGUF 模型文件；默认用内置模型", "A GGUF file; the built-in reader by default")),
        ] = None,
        index: Annotated[Path | None, typer.Option(help=say("索引文件夹", "The index folder"))] = None,
    ) -> None:
        settings = settings_from(say, model=model, index=index)
        login = _login(auth)
        if host not in LOOPBACK:
            _warn(host, login is not None, say)

        from assistant.web.serving import Place, serve

        serve(settings, Place(host, port, DEFAULT_PORT, login), say, open_browser=browser)


def _login(auth: str | None) -> tuple[str, str] | None:
    if auth is None:
        return None
    user, colon, password = auth.partition(":")
    if not (user and colon and password):
        raise BadSettings("--auth takes USER:PASSWORD, both given, such as --auth li:a-long-password")
    return user, password


def _warn(host: str, has_login: bool, say: Say) -> None:
    typer.echo(
        say(
            f"警告：--host {host} 让同一网络里的其他人也能打开这个网页，看到你保存的对话和添加的文件。",
            f"Warning: --host {host} lets others on the same network open this page and see what you saved in it.",
        ),
        err=True,
    )
    if not has_login:
        typer.echo(
            say(
                "请加上 --auth 用户名:密码；网页不加密，不要在公共网络上这样用。",
                "Add --auth USER:PASSWORD; the page is not encrypted, do not do this on a public network.",
            ),
            err=True,
        )
