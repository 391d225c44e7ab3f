"""ModelScope and Hugging Face over plain HTTPS: which files a repository has, and fetching one, again if it was cut.

The only module that reaches out of the machine, and only when it is called. The two differ in the address and form
of their lists; both answer ``resolve`` with a redirect to where the bytes lie, and both take ranges.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from assistant.errors import PullFailed
from assistant.registry import HubName, ModelSource

ADDRESSES = {HubName.MODELSCOPE: "https://www.modelscope.cn", HubName.HUGGINGFACE: "https://huggingface.co"}
# The variables that the hubs' own clients read for a mirror.
_MIRRORS = {HubName.MODELSCOPE: "MODELSCOPE_DOMAIN", HubName.HUGGINGFACE: "HF_ENDPOINT"}
_BRANCHES = {HubName.MODELSCOPE: "master", HubName.HUGGINGFACE: "main"}

_TIMEOUT_SECONDS = 30.0
_BLOCK_BYTES = 1 << 20
_MOST_LIST_BYTES = 32 << 20
# A connection that brings nothing so many times in a row is given up; one that brings something is not.
_ATTEMPTS = 5
# Of a list, which comes first: without a network the user should hear so at once.
_LIST_ATTEMPTS = 2

# Called with the bytes there are and those there will be.
FileProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as a hub lists it. ``sha256`` is None where the hub states none; then ``git_sha1`` may be given."""

    path: str
    size: int
    sha256: str | None
    git_sha1: str | None
    address: str


@dataclass(frozen=True, slots=True)
class Hub:
    """One hub at ``address``. ``wait`` is called with seconds between attempts."""

    name: HubName
    address: str
    wait: Callable[[float], None] = field(default=time.sleep)

    def list_files(self, repo: str) -> tuple[RemoteFile, ...]:
        """Return the files of a repository. Raises PullFailed."""
        branch = _BRANCHES[self.name]
        quoted = urllib.parse.quote(repo)
        if self.name is HubName.MODELSCOPE:
            address = f"{self.address}/api/v1/models/{quoted}/repo/files?Revision={branch}&Recursive=true"
            rows = self._modelscope_rows(address)
        else:
            rows = self._huggingface_rows(f"{self.address}/api/models/{quoted}/tree/{branch}?recursive=true")
        prefix = "models/" if self.name is HubName.MODELSCOPE else ""
        return tuple(
            RemoteFile(
                path=_safe_path(row["path"]),
                size=int(row["size"]),
                sha256=row["sha256"],
                git_sha1=row["git_sha1"],
                address=f"{self.address}/{prefix}{quoted}/resolve/{branch}/{urllib.parse.quote(row['path'])}",
            )
            for row in rows
        )

    def page(self, repo: str) -> str:
        """Return the address of the repository's page for people."""
        return f"{self.address}/models/{repo}" if self.name is HubName.MODELSCOPE else f"{self.address}/{repo}"

    def fetch(self, remote: RemoteFile, part: Path, progress: FileProgress) -> None:
        """Bring ``part`` to the file's full size, going on where it ends; a cut connection is taken up again.

        Raises PullFailed; what was fetched stays in ``part``.
        """
        part.parent.mkdir(parents=True, exist_ok=True)
        failures = 0
        while (have := _size(part)) != remote.size:
            if have > remote.size:
                part.unlink()
                continue
            try:
                self._append(remote, part, have, progress)
                trouble = "the connection ended early"
            except _Temporary as problem:
                trouble = str(problem)
            if _size(part) > have:
                failures = 0
            elif (failures := failures + 1) == _ATTEMPTS:
                raise PullFailed(f"{remote.address}: {trouble}; {_ATTEMPTS} attempts brought nothing")
            if _size(part) != remote.size:
                self.wait(min(2.0**failures, 16.0))

    def _append(self, remote: RemoteFile, part: Path, have: int, progress: FileProgress) -> None:
        headers = {"Range": f"bytes={have}-"} if have else {}
        with _open(remote.address, headers) as response:
            if have and not _continues(response, have):
                have = 0  # the whole file comes instead of the rest
            with part.open("ab" if have else "wb") as file:
                try:
                    while block := response.read(_BLOCK_BYTES):
                        file.write(block)
                        have += len(block)
                        if have > remote.size:
                            raise PullFailed(f"{remote.address}: more bytes come than the {remote.size:,} listed")
                        progress(have, remote.size)
                except (OSError, http.client.HTTPException) as problem:
                    raise _Temporary(f"the connection was cut ({problem})") from problem

    # --- lists

    def _modelscope_rows(self, address: str) -> list[Mapping[str, Any]]:
        value, _ = self._json(address)
        if not isinstance(value, dict) or value.get("Code") != 200:
            raise PullFailed(f"{address}: ModelScope answers {_short(value)}")
        try:
            return [
                {"path": row["Path"], "size": row["Size"], "sha256": row.get("Sha256") or None, "git_sha1": None}
                for row in value["Data"]["Files"]
                if row["Type"] != "tree"
            ]
        except (KeyError, TypeError) as problem:
            raise PullFailed(f"{address}: the list of files is not as expected ({problem!r})") from problem

    def _huggingface_rows(self, address: str) -> list[Mapping[str, Any]]:
        rows: list[Mapping[str, Any]] = []
        following: str | None = address
        while following:
            value, following = self._json(following)
            if not isinstance(value, list):
                raise PullFailed(f"{address}: Hugging Face answers {_short(value)}")
            try:
                rows += [
                    {
                        "path": row["path"],
                        "size": row["size"],
                        "sha256": row["lfs"]["oid"] if row.get("lfs") else None,
                        "git_sha1": None if row.get("lfs") else row.get("oid"),
                    }
                    for row in value
                    if row["type"] == "file"
                ]
            except (KeyError, TypeError) as problem:
                raise PullFailed(f"{address}: the list of files is not as expected ({problem!r})") from problem
        return rows

    def _json(self, address: str) -> tuple[Any, str | None]:
        """The JSON at an address, and that of the next page where there is one."""
        for attempt in range(_LIST_ATTEMPTS):
            try:
                with _open(address, {"Accept": "application/json"}) as response:
                    content = response.read(_MOST_LIST_BYTES)
                    return json.loads(content), _next_page(response.headers.get("Link"), address)
            except (_Temporary, OSError, http.client.HTTPException) as problem:
                if attempt == _LIST_ATTEMPTS - 1:
                    raise PullFailed(f"{address}: {problem}") from problem
                self.wait(2.0**attempt)
            except ValueError as problem:
                raise PullFailed(f"{address}: the answer is not JSON ({problem})") from problem
        raise AssertionError("the last attempt returns or raises")


def hub_for(source: ModelSource, environment: Mapping[str, str] | None = None) -> Hub:
    """Return the hub of a source, at the mirror that HF_ENDPOINT or MODELSCOPE_DOMAIN names where they are set."""
    mirror = (os.environ if environment is None else environment).get(_MIRRORS[source.hub], "").rstrip("/")
    if mirror and "://" not in mirror:
        mirror = f"https://{mirror}"
    return Hub(source.hub, mirror or ADDRESSES[source.hub])


def hashes_of(path: Path) -> tuple[str, str]:
    """Return the SHA-256 of a file and the SHA-1 that git gives it."""
    sha256, git = hashlib.sha256(), hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            sha256.update(block)
            git.update(block)
    return sha256.hexdigest(), git.hexdigest()


# --- HTTP ------------------------------------------------------------------------------------------------------


class _Temporary(Exception):
    """Trouble that may be over in a moment."""


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to other hosts, never from HTTPS to something less."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: Any,  # the types of urllib
        code: int,
        msg: str,
        headers: Any,
        newurl: str,
    ) -> urllib.request.Request | None:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise PullFailed(f"{req.full_url}: the redirect to {newurl} would leave HTTPS and is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(address: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
    request = urllib.request.Request(address, headers={"User-Agent": "faju", **headers})
    opener = urllib.request.build_opener(_SafeRedirects)
    try:
        response: http.client.HTTPResponse = opener.open(request, timeout=_TIMEOUT_SECONDS)
        return response
    except urllib.error.HTTPError as problem:
        problem.close()
        if problem.code in (408, 425, 429) or problem.code >= 500:
            raise _Temporary(f"the server answers {problem.code} {problem.reason}") from problem
        what = {401: "it wants a login", 403: "access is refused", 404: "it does not exist there"}
        reason = what.get(problem.code, str(problem.reason))
        raise PullFailed(f"{address}: {reason} (HTTP {problem.code})") from problem
    except (urllib.error.URLError, OSError, http.client.HTTPException) as problem:
        host = urllib.parse.urlsplit(address).netloc
        raise _Temporary(f"{host} cannot be reached ({getattr(problem, 'reason', problem)})") from problem


def _continues(response: http.client.HTTPResponse, have: int) -> bool:
    """Whether the answer begins at byte ``have``."""
    return response.status == 206 and (response.headers.get("Content-Range") or "").startswith(f"bytes {have}-")


def _next_page(link: str | None, address: str) -> str | None:
    for part in (link or "").split(","):
        target, _, relation = part.partition(";")
        if 'rel="next"' in relation:
            following = urllib.parse.urljoin(address, target.strip().strip("<>"))
            if urllib.parse.urlsplit(following).netloc != urllib.parse.urlsplit(address).netloc:
                raise PullFailed(f"{address}: its next page lies on another host, {following}")
            return following
    return None


def _safe_path(path: object) -> str:
    """A path inside its folder; a hub that lists ../../x is not trusted."""
    parts = PurePosixPath(str(path)).parts
    if not parts or str(path).startswith("/") or ".." in parts or any(mark in str(path) for mark in "\\:\0"):
        raise PullFailed(f"the hub lists a file with an unsafe name, {path!r}; nothing was fetched")
    return str(PurePosixPath(*parts))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else f"{text[:160]}…"
