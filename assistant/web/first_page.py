"""The first page that Gradio sends, made ours before the browser sees it: language, title, style and script.

Gradio would add style and script only once its own have run, which shows a page without style for a second, and it
calls every page English. Its preview tags for other sites name addresses outside; they go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from assistant.web.guarding import App, Message, Receive, Scope, Send
from assistant.web.markup import element

_LANG = re.compile(r'(<html\s+lang=")[^"]*(")')
_PREVIEW = re.compile(r"<meta\s+(?:property|name)=\"(?:og|twitter):[^>]*>\s*")


@dataclass(frozen=True, slots=True)
class FirstPage:
    """What one page puts into its head."""

    language: str
    title: str
    style: str
    script: str

    def made_ours(self, page: str) -> str:
        """Return Gradio's page with our head. Raises ValueError where it does not look as it used to."""
        page, changed = _LANG.subn(rf"\g<1>{self.language}\g<2>", page, count=1)
        if not changed or "</head>" not in page:
            raise ValueError("gradio's first page has changed; assistant/web/first_page.py must follow")
        ours = f"{element('title', self.title)}<style>{self.style}</style><script>{self.script}</script>"
        return _PREVIEW.sub("", page).replace("</head>", f"{ours}</head>", 1)


class FirstPages:
    """An ASGI application that changes the answer to the paths in ``pages`` and passes all else through."""

    def __init__(self, app: App, pages: Mapping[str, FirstPage]) -> None:
        self._app = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = self._pages.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if page is None:
            await self._app(scope, receive, send)
            return
        # Compressed, the page could not be read here.
        scope = {**scope, "headers": [(n, v) for n, v in scope["headers"] if n.lower() != b"accept-encoding"]}
        held = _Held()
        await self._app(scope, receive, held.take)
        await held.pass_on(page, send)


class _Held:
    """A response kept back until it is whole."""

    def __init__(self) -> None:
        self._start: Message = {}
        self._body = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self._body += message.get("body", b"")

    async def pass_on(self, page: FirstPage, send: Send) -> None:
        headers = self._start["headers"]
        kind = next((value for name, value in headers if name.lower() == b"content-type"), b"")
        if self._start["status"] == 200 and kind.startswith(b"text/html"):
            self._body = page.made_ours(self._body.decode()).encode()
        kept = [(name, value) for name, value in headers if name.lower() != b"content-length"]
        await send({**self._start, "headers": [*kept, (b"content-length", str(len(self._body)).encode())]})
        await send({"type": "http.response.body", "body": self._body})
