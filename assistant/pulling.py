"""Fetches a registered model, checks it, pins it; and the same for files that were put in place by hand.

Sources are tried in their order. A file counts only when its size and hash are what its source, the registry and
the last pull say; until then it is called ….part, and the next attempt goes on where it ends.
"""

from __future__ import annotations

import fnmatch
import os
import platform
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import ModelUnusable, PullFailed
from assistant.hubs import Hub, RemoteFile, hashes_of, hub_for
from assistant.model_file import read_model_file
from assistant.pins import PinnedFile, PullRecord, read_record, write_record
from assistant.registry import HubName, ModelKind, ModelSource, RegisteredModel, model_folder, model_path

# Called with a file's name, the bytes there are, and those there will be.
Progress = Callable[[str, int, int], None]
HubOf = Callable[[ModelSource], Hub]

# What is left free on the disk beside the model.
_SPARE_BYTES = 512 << 20
PART = ".part"
BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class ModelState:
    """What of a registered model lies on this machine."""

    model: RegisteredModel
    path: Path
    record: PullRecord | None
    is_present: bool
    partial_bytes: int


def model_state(model: RegisteredModel, home: Path) -> ModelState:
    """Return what lies in the model's folder, without reading the files themselves."""
    folder, path = model_folder(model, home), model_path(model, home)
    record = read_record(folder)
    parts = sum(part.stat().st_size for part in folder.rglob(f"*{PART}")) if folder.is_dir() else 0
    if record is not None:
        present = all((folder / item.path).is_file() for item in record.files)
    else:
        present = path.is_file() if model.is_one_file else any(folder.glob("*.safetensors"))
    return ModelState(model, path, record, present, parts)


# --- pulling ---------------------------------------------------------------------------------------------------


def pull(
    model: RegisteredModel,
    home: Path,
    progress: Progress,
    only: HubName | None = None,
    hub_of: HubOf = hub_for,
) -> PullRecord:
    """Fetch ``model`` into ``home/models`` and pin it; what is there already and right is not fetched again.

    ``only`` leaves out the other hubs. Raises PullFailed with what each source said and how to go on without one.
    """
    sources = [source for source in model.sources if only in (None, source.hub)]
    troubles = []
    for source in sources:
        hub = hub_of(source)
        try:
            return _pull_from(hub, source, model, home, progress)
        except _NoSpace:
            raise
        except PullFailed as problem:
            troubles.append(f"{source.hub.value}: {problem}")
    raise PullFailed(f"{model.name} could not be fetched. {' | '.join(troubles)}. {by_hand(model, home, hub_of)}")


def by_hand(model: RegisteredModel, home: Path, hub_of: HubOf = hub_for) -> str:
    """Return how to put a model in place without a network here, on one line."""
    pages = " or ".join(hub_of(source).page(source.repo) for source in model.sources)
    return (
        f"Without a network: fetch {', '.join(model.files)} from {pages} on another machine, put it into "
        f"{model_folder(model, home)} and run: faju models verify {model.id}"
    )


class _NoSpace(PullFailed):
    """The disk is full; another source would not change that."""


def _pull_from(hub: Hub, source: ModelSource, model: RegisteredModel, home: Path, progress: Progress) -> PullRecord:
    folder = model_folder(model, home)
    wanted = _wanted(hub.list_files(source.repo), model, source)
    earlier = {item.path: item for item in _files(read_record(folder))}
    _require_space(folder, wanted)
    pinned = tuple(_pull_file(hub, remote, folder, model, earlier.get(remote.path), progress) for remote in wanted)
    _require_usable(model, home)
    record = PullRecord(model.id, source.hub.value, source.repo, pinned)
    write_record(folder, record)
    return record


def _wanted(listed: Iterable[RemoteFile], model: RegisteredModel, source: ModelSource) -> list[RemoteFile]:
    """The files that the registry asks for. A model of several files has weights, and they are safetensors."""
    found = [remote for remote in listed if any(_matches(remote.path, pattern) for pattern in model.files)]
    lacking = [pattern for pattern in model.files if "*" not in pattern and pattern not in {f.path for f in found}]
    if lacking or not found:
        raise PullFailed(f"{source.repo} has no {', '.join(lacking or model.files)}")
    if not model.is_one_file and not any(remote.path.endswith(".safetensors") for remote in found):
        raise PullFailed(f"{source.repo} has no weights as safetensors, and others are not opened")
    return found


def _matches(path: str, pattern: str) -> bool:
    """Like a shell: the star of ``*.json`` does not reach into folders."""
    return path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern)


def _pull_file(
    hub: Hub,
    remote: RemoteFile,
    folder: Path,
    model: RegisteredModel,
    earlier: PinnedFile | None,
    progress: Progress,
) -> PinnedFile:
    target = folder / remote.path
    part = target.with_name(target.name + PART)
    if target.is_file():
        try:
            return _checked(target, remote, model, earlier)
        except PullFailed:
            target.unlink()  # damaged, or put there by hand and something else
    hub.fetch(remote, part, lambda have, size: progress(remote.path, have, size))
    try:
        pinned = _checked(part, remote, model, earlier)
    except PullFailed:
        part.unlink()
        raise
    part.replace(target)
    return pinned


def _checked(file: Path, remote: RemoteFile, model: RegisteredModel, earlier: PinnedFile | None) -> PinnedFile:
    """The pin of a file that is what everybody who knows its hash says. Raises PullFailed."""
    size = file.stat().st_size
    if size != remote.size:
        raise PullFailed(f"{remote.path} has {size:,} bytes, its source lists {remote.size:,}")
    sha256, git_sha1 = hashes_of(file)
    expected = {
        "the source's metadata": remote.sha256,
        "the registry": model.sha256.get(remote.path),
        "the first pull": earlier.sha256 if earlier and earlier.known_from != BY_HAND else None,
    }
    for origin, wanted in expected.items():
        if wanted is not None and wanted.lower() != sha256:
            raise PullFailed(f"{remote.path} has SHA-256 {sha256}, {origin} says {wanted}; it is not used")
    if remote.sha256 is None and remote.git_sha1 is not None and remote.git_sha1 != git_sha1:
        raise PullFailed(f"{remote.path} has git hash {git_sha1}, its source says {remote.git_sha1}; it is not used")
    if remote.sha256 or remote.git_sha1:
        known_from = "source"
    else:
        known_from = "registry" if remote.path in model.sha256 else "first pull"
    return PinnedFile(remote.path, size, sha256, known_from)


def _files(record: PullRecord | None) -> Sequence[PinnedFile]:
    return record.files if record else ()


def _require_space(folder: Path, wanted: Sequence[RemoteFile]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    missing = sum(remote.size - _present_bytes(folder / remote.path, remote.size) for remote in wanted)
    free = shutil.disk_usage(folder).free
    if missing + _SPARE_BYTES > free:
        raise _NoSpace(
            f"{folder} has {_gigabytes(free)} free, {_gigabytes(missing + _SPARE_BYTES)} are needed; "
            "make room, or set FAJU_HOME to a larger disk"
        )


def _present_bytes(target: Path, size: int) -> int:
    for path in (target, target.with_name(target.name + PART)):
        if path.is_file():
            return min(path.stat().st_size, size)
    return 0


def _require_usable(model: RegisteredModel, home: Path) -> None:
    if model.kind is ModelKind.CHAT:
        try:
            read_model_file(model_path(model, home))
        except ModelUnusable as problem:
            raise PullFailed(str(problem)) from problem


# --- verifying, adopting, removing -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """A file compared with its pin. ``adopted`` when it had none and is pinned as it is now."""

    path: Path
    sha256: str
    passed: bool
    finding: str
    adopted: bool = False


def verify(model: RegisteredModel, home: Path) -> tuple[FileVerdict, ...]:
    """Compare every file of a model with its pin; pin the files of one that was put in place by hand.

    A file put there by hand is held to the registry's hash where it has one. Raises PullFailed where the model is
    not there, ModelUnusable for a chat model that llama.cpp could not open.
    """
    state = model_state(model, home)
    if not state.is_present and state.record is None:
        raise PullFailed(f"{model.name} is not there. Run: faju models pull {model.id}. {by_hand(model, home)}")
    if state.record is not None:
        folder = model_folder(model, home)
        return tuple(_compared(folder / item.path, item.sha256) for item in state.record.files)
    return _adopted(model, home)


def _compared(path: Path, sha256: str) -> FileVerdict:
    if not path.is_file():
        return FileVerdict(path, "", passed=False, finding="missing")
    now = hashes_of(path)[0]
    return FileVerdict(path, now, now == sha256, "unchanged" if now == sha256 else f"changed; it was {sha256}")


def _adopted(model: RegisteredModel, home: Path) -> tuple[FileVerdict, ...]:
    folder = model_folder(model, home)
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and any(_matches(path.relative_to(folder).as_posix(), pattern) for pattern in model.files)
    )
    if model.kind is ModelKind.CHAT:
        read_model_file(model_path(model, home))
    verdicts, pinned = [], []
    for path in paths:
        name, sha256 = path.relative_to(folder).as_posix(), hashes_of(path)[0]
        wanted = model.sha256.get(name)
        if wanted is not None and wanted != sha256:
            verdicts.append(FileVerdict(path, sha256, passed=False, finding=f"the registry says {wanted}"))
            continue
        pinned.append(PinnedFile(name, path.stat().st_size, sha256, "registry" if wanted else BY_HAND))
        verdicts.append(FileVerdict(path, sha256, passed=True, finding="pinned as it is now", adopted=True))
    if len(pinned) == len(paths):
        write_record(folder, PullRecord(model.id, BY_HAND, "", tuple(pinned)))
    return tuple(verdicts)


def remove(model: RegisteredModel, home: Path) -> int:
    """Delete everything of a model, unfinished parts included; return the bytes freed, 0 where nothing was."""
    folder = model_folder(model, home)
    if not folder.is_dir():
        return 0
    freed = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    shutil.rmtree(folder)
    return freed


# --- memory ----------------------------------------------------------------------------------------------------


def memory_shortage(model: RegisteredModel, available_bytes: int | None) -> str | None:
    """Return a warning where a model needs more memory than there is; None where it fits or nobody can tell."""
    needed = model.memory_mb << 20
    if available_bytes is None or available_bytes >= needed:
        return None
    return (
        f"{model.name} needs about {_gigabytes(needed)} of memory while it answers, {_gigabytes(available_bytes)} "
        "are free now: it may be very slow or stop. Close other programs or take a smaller model."
    )


def available_memory_bytes() -> int | None:
    """Return the memory that a new program can have: free and reclaimable; where that is not said, all there is."""
    system = platform.system()
    if system == "Linux":
        try:
            match = re.search(r"^MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="utf-8"), re.M)
        except OSError:
            return None
        return int(match[1]) << 10 if match else None
    if system == "Windows":
        return _windows_memory()
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return None


def _windows_memory() -> int | None:
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong),
            ("available", ctypes.c_ulonglong),
            ("rest", ctypes.c_ulonglong * 5),
        )

    status = Status(length=ctypes.sizeof(Status))
    found = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined]  # Windows only
    return int(status.available) if found else None


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
