"""Opens the page: a free port, a guarded server on this machine, index and model warmed behind it, a clean end."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import socket
import tempfile
import threading
import webbrowser
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import typer

from assistant.commands.common import Say
from assistant.errors import BadSettings
from assistant.opening import Progress
from assistant.settings import Settings
from assistant.web.desk import Answering, Desk, Opening
from assistant.web.first_page import FirstPages
from assistant.web.guarding import App, Guard

if TYPE_CHECKING:
    from assistant.web.page import Office

# A contract, a notice, a page; nothing that a person hands in to be read is larger.
MAX_UPLOAD = "20mb"
# How long open connections are waited for at the end. The page keeps one open for as long as it is shown.
GRACE_SECONDS = 1
_TRIED_PORTS = 100


@dataclass(frozen=True, slots=True)
class Place:
    """Where to serve. ``port`` None: ``first_port``, or the next free one. ``login`` is user and password."""

    host: str
    port: int | None
    first_port: int
    login: tuple[str, str] | None = None


def serve(settings: Settings, place: Place, say: Say, *, open_browser: bool) -> None:
    """Serve the page until Ctrl-C. Raises BadSettings where the port is taken or the address is not ours."""
    listener = listen(place)
    port = listener.getsockname()[1]
    with own_upload_folder(), contextlib.closing(listener):
        # Index and model are opened while Gradio, which alone takes seconds to import, is imported.
        desk = Desk(opening_of(settings))
        desk.start()
        try:
            app = app_for(_office(desk, settings), place.host, port, place.login)
            _run(app, listener, address_of(place.host, port), say, open_browser=open_browser)
        except KeyboardInterrupt:
            pass
        finally:
            desk.close()
    typer.echo(say("已关闭。", "Closed."))


def listen(place: Place) -> socket.socket:
    """Return a socket bound to the place. Raises BadSettings."""
    wanted = [place.port] if place.port else [*range(place.first_port, place.first_port + _TRIED_PORTS), 0]
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    for port in wanted:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((place.host, port))
            listener.listen()
        except OSError as error:
            listener.close()
            if error.errno is None or isinstance(error, socket.gaierror) or port == wanted[-1]:
                raise BadSettings(_why_not(place, port, error)) from error
            continue
        return listener
    raise AssertionError("the last port either binds or raises")


def _why_not(place: Place, port: int, error: OSError) -> str:
    if place.port:
        return f"--port {port} on {place.host}: {error.strerror}; leave --port out and a free one is found"
    return f"--host {place.host} cannot be listened on: {error.strerror}; leave --host out to serve this machine only"


def address_of(host: str, port: int) -> str:
    """Return the address to open in a browser on this machine."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"


def opening_of(settings: Settings) -> Opening:
    """Return how to open the assistants of both languages; opened again, they keep the model that was loaded."""
    from assistant import opening

    @cache
    def model() -> object:
        return opening.load_model(settings)

    def open_both(progress: Progress) -> Mapping[str, Answering]:
        chinese = dataclasses.replace(
            opening.open_assistant(dataclasses.replace(settings, language="zh"), progress),
            load_model=model,  # type: ignore[arg-type]  # cache hides the type
        )
        english = dataclasses.replace(chinese, settings=dataclasses.replace(settings, language="en"))
        model()
        return {"zh": chinese, "en": english}

    return open_both


def _office(desk: Desk, settings: Settings) -> Office:
    from assistant.web.page import Office
    from corpus.lawbook import load_lawbook

    return Office(desk, load_lawbook(), settings)


def app_for(office: Office, host: str, port: int, login: tuple[str, str] | None = None) -> App:
    """Return the guarded application: the Chinese page at /, the English one at /en/."""
    # Read by Gradio when it is imported: no word to its makers, no check for new versions.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import fastapi
    import gradio as gr

    from assistant.web import page

    app = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    pages = {"/": page.first_page(Say("zh")), "/en/": page.first_page(Say("en"))}
    for path, say in (("/en", Say("en")), ("/", Say("zh"))):
        gr.mount_gradio_app(
            app,
            page.build_page(office, say),
            path,
            server_name=host,
            server_port=port,
            footer_links=[],
            run_history=False,
            auth=login,
            allowed_paths=[],
            show_error=False,
            max_file_size=MAX_UPLOAD,
            ssr_mode=False,
            enable_monitoring=False,
            pwa=False,
            mcp_server=False,
            theme=page.theme(),
        )
    return Guard(FirstPages(app, pages), host, port, names=[socket.gethostname()])


def _run(app: App, listener: socket.socket, address: str, say: Say, *, open_browser: bool) -> None:
    import uvicorn

    # At the end the page's open connections are cut off, which uvicorn logs as errors; they are none.
    config = uvicorn.Config(
        app,
        log_level="critical",
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    logging.getLogger("uvicorn").propagate = False
    typer.echo(say(f"网页地址：{address}　（按 Ctrl-C 结束）", f"The page is at {address}  (Ctrl-C ends it)"))
    if open_browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    uvicorn.Server(config).run(sockets=[listener])


@contextlib.contextmanager
def own_upload_folder() -> Iterator[None]:
    """Keep what is handed in to the page in a folder of this run alone, gone when it ends."""
    with tempfile.TemporaryDirectory(prefix="faju-", ignore_cleanup_errors=True) as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder
        yield
