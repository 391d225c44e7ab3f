"""The SHA-256 of every model file that was pulled or chosen, compared before the file is opened.

A model file is read by C code that trusts it; a file that has changed since it was pinned is not opened.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import ModelUnusable
from assistant.model_file import model_sha256

PULLED = "pulled.json"  # in the folder of a pulled model
CHOSEN = "chosen.json"  # in home/models, for files that lie elsewhere


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """``path`` is relative to the model's folder. ``known_from`` says where the hash comes from."""

    path: str
    size: int
    sha256: str
    known_from: str  # "source" (its metadata), "registry", "first pull", "by hand"


@dataclass(frozen=True, slots=True)
class PullRecord:
    """What was pulled from where: the content of ``pulled.json``."""

    model: str
    hub: str
    repo: str
    files: tuple[PinnedFile, ...]


def write_record(folder: Path, record: PullRecord) -> None:
    """Write ``pulled.json`` into the folder, in one step."""
    value = {
        "model": record.model,
        "hub": record.hub,
        "repo": record.repo,
        "files": {
            item.path: {"size": item.size, "sha256": item.sha256, "known_from": item.known_from}
            for item in record.files
        },
    }
    _write_json(folder / PULLED, value)


def read_record(folder: Path) -> PullRecord | None:
    """Return what was pulled into ``folder``; None where nothing was. Raises ModelUnusable for a damaged record."""
    value = _read_json(folder / PULLED)
    if value is None:
        return None
    try:
        rows = value["files"].items()
        items = tuple(PinnedFile(path, row["size"], row["sha256"], row["known_from"]) for path, row in rows)
        return PullRecord(value["model"], value["hub"], value["repo"], items)
    except (AttributeError, KeyError, TypeError):
        raise ModelUnusable(f"{folder / PULLED} is damaged; run: faju models verify") from None


def pin_chosen(path: Path, home: Path) -> str:
    """Pin a model file that lies outside ``home/models`` as it is now; return its SHA-256."""
    chosen = home / "models" / CHOSEN
    pins = dict(_read_json(chosen) or {})
    pins[str(path.resolve())] = model_sha256(path)
    _write_json(chosen, pins)
    return str(pins[str(path.resolve())])


def require_unchanged(path: Path, home: Path) -> None:
    """Raise ModelUnusable where a file of the model at ``path`` (a file, or a folder) differs from its pin.

    Nothing is said of a model that was never pinned.
    """
    for file, sha256 in _pins_of(path, home).items():
        if not file.is_file():
            raise ModelUnusable(f"{file} is missing; fetch it again: faju models pull")
        if model_sha256(file) != sha256:
            raise ModelUnusable(
                f"{file} has changed since it was pinned (SHA-256 differs) and is not opened; "
                "fetch it again with faju models pull, or choose the new file with faju models use"
            )


def _pins_of(path: Path, home: Path) -> dict[Path, str]:
    folder = path if path.is_dir() else path.parent
    record = read_record(folder)
    pins = {folder / item.path: item.sha256 for item in record.files} if record else {}
    if path.is_dir():
        return pins
    sha256 = pins.get(path) or (_read_json(home / "models" / CHOSEN) or {}).get(str(path.resolve()))
    return {path: sha256} if sha256 else {}


def _read_json(path: Path) -> Mapping[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ModelUnusable(f"{path} cannot be read ({error}); delete it and run: faju models verify") from error
    if not isinstance(value, dict):
        raise ModelUnusable(f"{path} is damaged; delete it and run: faju models verify")
    return value


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
    new.replace(path)
