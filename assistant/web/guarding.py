"""What the page's server answers at all: its own paths, asked by its own page, on an address of this machine.

A web page open in another tab can send requests to 127.0.0.1 too, and a domain can be made to point there (DNS
rebinding). So a foreign Host or Origin is refused, and of Gradio's routes only those that the page uses are open:
its file, proxy, API and monitoring routes are not. The policy sent with each page makes the browser itself refuse
any request to another machine.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, TypeAlias

# ASGI's own types are dictionaries of anything.
Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

# /en/ is the English page, mounted beside the Chinese one.
_OPEN = re.compile(
    r"(?:/en)?/(?:"
    r"|config|theme\.css|manifest\.json|pwa_icon(?:/\d+)?|favicon\.ico|robots\.txt|login/?|logout"
    r"|assets/[\w./-]+|static/[\w./-]+"
    r"|gradio_api/(?:startup-events|theme\.css|user|login_check|token|app_id|upload|upload_progress|cancel|reset"
    r"|queue/(?:join|data)|heartbeat/\w+)/?"
    r")"
)

# Gradio starts from inline scripts and builds its templates with Function, so scripts may be inline and evaluated;
# but none comes from elsewhere, and nothing can be sent elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_ANY_ADDRESS = frozenset({"0.0.0.0", "::"})


class Guard:
    """An ASGI application around the page's: it refuses first, then adds the headers that keep a browser honest."""

    def __init__(self, app: App, host: str, port: int, names: Iterable[str] = ()) -> None:
        """``host`` and ``port`` are what the server listens on; ``names`` are further names of this machine."""
        self._app = app
        self._port = port
        self._any_address = host in _ANY_ADDRESS
        self._names = _LOOPBACK | {host.lower()} | {name.lower() for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"the page speaks HTTP only, not {scope['type']}")
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self.refusal(scope["method"], scope["path"], headers)
        if refusal:
            await _refuse(refusal, send)
            return
        # A forwarded host would change the addresses that the page is told to use.
        scope["headers"] = [
            (n, v) for n, v in scope["headers"] if not n.lower().startswith((b"x-forwarded", b"x-gradio"))
        ]
        await self._app(scope, receive, _with_headers(send))

    def refusal(self, method: str, path: str, headers: Mapping[str, str]) -> tuple[int, str] | None:
        """Return status and reason where a request is not answered, None where it is."""
        host = headers.get("host", "")
        if not self._is_ours(host):
            return 403, "Host is not an address of this page"
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"http://{host.lower()}":
            return 403, "Origin is another page"
        if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"} and not _is_visit(method, headers):
            return 403, "asked for by another page"
        if ".." in path or not _OPEN.fullmatch(path):
            return 404, "no such page"
        return None

    def _is_ours(self, host: str) -> bool:
        name, port = _split_host(host.lower())
        if port != self._port:
            return False
        return name in self._names or (self._any_address and _is_address(name))


def _is_visit(method: str, headers: Mapping[str, str]) -> bool:
    """Whether somebody follows a link to the page, which a foreign page may offer."""
    return (
        method == "GET" and headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    )


def _split_host(host: str) -> tuple[str, int | None]:
    """Return name and port of a Host header; brackets of an IPv6 address are taken off."""
    match = re.fullmatch(r"(?:\[([0-9a-f:.]+)\]|([^:\[\]@/\s]+))(?::(\d{1,5}))?", host)
    if not match:
        return "", None
    return match[1] or match[2], int(match[3]) if match[3] else 80


def _is_address(name: str) -> bool:
    """Whether a host is a number: a domain can be made to point anywhere, an address cannot."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _refuse(refusal: tuple[int, str], send: Send) -> None:
    status, reason = refusal
    body = f"{reason}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *_HEADERS]})
    await send({"type": "http.response.body", "body": body})


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            ours = {name for name, _ in _HEADERS} | {b"server"}
            kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in ours]
            message["headers"] = [*kept, *_HEADERS]
        await send(message)

    return sending
