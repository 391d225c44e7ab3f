"""The page's server answers its own page on this machine and nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from assistant.web.guarding import POLICY, Guard, Message

OURS = {"host": "127.0.0.1:7860"}


def in_a_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` in a loop of a thread of its own: browser tests leave one running in the main thread."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


async def app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"server", b"x"), (b"a", b"b")]})
    await send({"type": "http.response.body", "body": b"page"})


def guard(host: str = "127.0.0.1") -> Guard:
    return Guard(app, host, 7860, names=["laptop"])


def status(method: str = "GET", path: str = "/", host: str = "127.0.0.1", **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    refusal = guard(host).refusal(method, path, {**OURS, **named})
    return refusal[0] if refusal else 200


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "LOCALHOST:7860", "[::1]:7860", "laptop:7860"])
def test_this_machine_is_answered_by_each_of_its_names(host: str) -> None:
    assert status(**{"host_": ""}) == 200
    assert guard().refusal("GET", "/", {"host": host}) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:7860",
        "127.0.0.1.evil.example:7860",
        "127.0.0.1",
        "127.0.0.1:80",
        "127.0.0.1:7861",
        "",
        "a@127.0.0.1:7860",
    ],
)
def test_a_domain_that_points_here_or_another_port_is_refused(host: str) -> None:
    assert guard().refusal("GET", "/", {"host": host}) == (403, "Host is not an address of this page")


def test_listening_everywhere_still_takes_numbers_only() -> None:
    everywhere = guard("0.0.0.0")
    assert everywhere.refusal("GET", "/", {"host": "192.168.1.20:7860"}) is None
    assert everywhere.refusal("GET", "/", {"host": "evil.example:7860"}) is not None
    assert guard("192.168.1.20").refusal("GET", "/", {"host": "192.168.1.20:7860"}) is None
    assert guard("127.0.0.1").refusal("GET", "/", {"host": "192.168.1.20:7860"}) is not None


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:7860", "http://127.0.0.1:7861"])
def test_another_page_may_not_send(origin: str) -> None:
    assert status("POST", "/gradio_api/queue/join", origin=origin) == 403


def test_the_page_itself_may_send() -> None:
    assert status("POST", "/gradio_api/queue/join", origin="http://127.0.0.1:7860", sec_fetch_site="same-origin") == 200


def test_another_page_may_link_here_and_do_nothing_else() -> None:
    visit = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    assert status("GET", "/", **visit) == 200
    assert status("POST", "/", **visit) == 403
    assert status("GET", "/config", sec_fetch_site="cross-site", sec_fetch_mode="no-cors") == 403
    assert status("GET", "/", **{**visit, "sec_fetch_dest": "iframe"}) == 403


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=http://127.0.0.1:22/",
        "/gradio_api/file/etc/passwd",
        "/gradio_api/proxy=http://10.0.0.1/",
        "/gradio_api/info",
        "/gradio_api/openapi.json",
        "/gradio_api/run/predict",
        "/gradio_api/call/ask",
        "/gradio_api/stream/x/y/1/playlist-file",
        "/gradio_api/vibe-code",
        "/gradio_api/dev/reload",
        "/gradio_api/custom_component/1/client/component/x.js",
        "/monitoring",
        "/docs",
        "/static/../../secret",
        "/assets/../index.html",
        "//evil.example",
    ],
)
def test_routes_that_the_page_does_not_use_are_closed(path: str) -> None:
    assert status("GET", path) == 404
    assert status("GET", f"/en{path}") == 404


@pytest.mark.parametrize("path", ["/", "/en/", "/config", "/assets/index-DphvyggB.js", "/gradio_api/queue/data"])
def test_what_the_page_uses_is_open(path: str) -> None:
    assert status("GET", path) == 200


def answered(path: str, headers: dict[str, str], sent: list[Message]) -> None:
    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    in_a_loop(guard()(scope, receive, send))


@pytest.mark.parametrize("path", ["/", "/monitoring"])
def test_every_answer_tells_the_browser_to_ask_nobody_else(path: str) -> None:
    sent: list[Message] = []
    answered(path, OURS, sent)
    headers = dict(sent[0]["headers"])
    assert headers[b"content-security-policy"] == POLICY.encode()
    assert headers[b"referrer-policy"] == b"no-referrer"
    assert headers[b"x-frame-options"] == b"DENY"
    assert b"server" not in headers
    assert "http" not in POLICY, "no origin but the page's own is named"


def test_a_forwarded_host_is_not_believed() -> None:
    seen: list[Any] = []

    async def looking(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(scope["headers"])

    async def nothing(*_: Any) -> Any:
        return None

    headers = [(b"host", b"127.0.0.1:7860"), (b"X-Forwarded-Host", b"evil.example")]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
    in_a_loop(Guard(looking, "127.0.0.1", 7860)(scope, nothing, nothing))
    assert seen == [(b"host", b"127.0.0.1:7860")]
