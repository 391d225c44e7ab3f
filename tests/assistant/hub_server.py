"""A server on loopback that behaves like ModelScope and Hugging Face, and misbehaves when told to.

Lists as each of them words it, ``resolve`` as a redirect to another path (as to their storage), ranges, and on
request: a cut connection, no ranges, a wrong hash, wrong bytes, errors, pages of a list, a redirect elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

REPO = "some/repo"


@dataclass
class Behaviour:
    """``files`` is what the repository holds. ``requests`` are the lines of what was asked, ranges included."""

    files: dict[str, bytes]
    small: frozenset[str] = frozenset()  # not in LFS: Hugging Face then lists git's hash
    cut_after: list[int] = field(default_factory=list)  # bytes after which the next answers end
    ranges: bool = True
    listed_sha256: dict[str, str] = field(default_factory=dict)
    without_hashes: bool = False
    served: dict[str, bytes] = field(default_factory=dict)  # instead of what is listed
    status: dict[str, list[int]] = field(default_factory=dict)  # path part -> errors to answer first
    page_size: int = 1000
    redirect_to: str = ""
    list_body: bytes | None = None
    requests: list[str] = field(default_factory=list)

    def sha256(self, path: str) -> str:
        return self.listed_sha256.get(path) or hashlib.sha256(self.files[path]).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    behaviour: Behaviour

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        self.behaviour.requests.append(f"{path} {self.headers.get('Range') or ''}".strip())
        for piece, codes in self.behaviour.status.items():
            if piece in path and codes:
                self._answer(codes.pop(0), b"trouble", "text/plain")
                return
        if path.startswith(f"/api/v1/models/{REPO}/repo/files"):
            self._list_modelscope()
        elif path.startswith(f"/api/models/{REPO}/tree/main"):
            self._list_huggingface(int(parse_qs(parts.query).get("cursor", ["0"])[0]))
        elif "/resolve/" in path and REPO in path:
            self._redirect(path.split("/resolve/")[1].partition("/")[2])
        elif path.startswith("/storage/"):
            self._bytes(path.removeprefix("/storage/"))
        else:
            self._answer(404, b"not found", "text/plain")

    def _list_modelscope(self) -> None:
        behaviour = self.behaviour
        rows = [
            {"Path": path, "Name": path.rpartition("/")[2], "Type": "blob", "Size": len(content)}
            | ({} if behaviour.without_hashes else {"Sha256": behaviour.sha256(path)})
            for path, content in behaviour.files.items()
        ]
        rows.append({"Path": "1_Pooling", "Name": "1_Pooling", "Type": "tree", "Size": 0})
        body = {"Code": 200, "Success": True, "Data": {"Files": rows}}
        self._answer(200, behaviour.list_body or json.dumps(body).encode(), "application/json")

    def _list_huggingface(self, cursor: int) -> None:
        behaviour = self.behaviour
        rows = []
        for path, content in behaviour.files.items():
            git = hashlib.sha1(f"blob {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()
            row: dict[str, object] = {"type": "file", "path": path, "size": len(content), "oid": git}
            if path not in behaviour.small and not behaviour.without_hashes:
                row["lfs"] = {"oid": behaviour.sha256(path), "size": len(content), "pointerSize": 134}
            rows.append(row)
        rows.append({"type": "directory", "path": "1_Pooling", "size": 0, "oid": "0" * 40})
        page = rows[cursor : cursor + behaviour.page_size]
        following = cursor + behaviour.page_size
        link = f'<{self.path.partition("&")[0]}&cursor={following}>; rel="next"' if following < len(rows) else None
        self._answer(200, json.dumps(page).encode(), "application/json", {"Link": link} if link else {})

    def _redirect(self, path: str) -> None:
        self.send_response(302)
        self.send_header("Location", self.behaviour.redirect_to or f"/storage/{path}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _bytes(self, path: str) -> None:
        behaviour = self.behaviour
        content = behaviour.served.get(path, behaviour.files.get(path, b""))
        start = 0
        wanted = self.headers.get("Range")
        if wanted and behaviour.ranges:
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        rest = content[start:]
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if behaviour.cut_after:
            self.wfile.write(rest[: behaviour.cut_after.pop(0)])
            self.close_connection = True
            return
        self.wfile.write(rest)

    def _answer(self, code: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up, which is what some tests do."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            traceback.print_exc()


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[str]:
    """Serve on a free port of loopback; give the address."""
    handler = type("Handler", (_Handler,), {"behaviour": behaviour})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
