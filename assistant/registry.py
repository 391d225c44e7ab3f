"""The models that can be pulled: what they are, what they need, where they are. Reading it touches no network."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from pathlib import Path

from assistant.errors import PullFailed

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class ModelKind(Enum):
    """What a model is for, and with it the setting that names it."""

    CHAT = "chat"
    EMBEDDER = "embedder"
    RERANKER = "reranker"


class HubName(Enum):
    """Where models are published."""

    MODELSCOPE = "modelscope"
    HUGGINGFACE = "huggingface"


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A repository on a hub."""

    hub: HubName
    repo: str


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """One entry of ``registry.toml``. ``files`` are patterns; ``sha256`` pins files by name."""

    id: str
    kind: ModelKind
    name: str
    license: str
    size_mb: int
    memory_mb: int
    recommended: bool
    note: str
    note_english: str
    files: tuple[str, ...]
    sha256: Mapping[str, str]
    sources: tuple[ModelSource, ...]

    @property
    def is_one_file(self) -> bool:
        """A GGUF rather than a folder of files."""
        return self.kind is ModelKind.CHAT


@cache
def load_registry() -> tuple[RegisteredModel, ...]:
    """Return every model that can be pulled, in the order in which they are shown."""
    table = tomllib.loads((files("assistant") / "registry.toml").read_text(encoding="utf-8"))
    return tuple(
        RegisteredModel(
            id=row["id"],
            kind=ModelKind(row["kind"]),
            name=row["name"],
            license=row["license"],
            size_mb=row["size_mb"],
            memory_mb=row["memory_mb"],
            recommended=row.get("recommended", False),
            note=row["note"],
            note_english=row["note_english"],
            files=tuple(row["files"]),
            sha256=row.get("sha256", {}),
            sources=tuple(ModelSource(HubName(source["hub"]), source["repo"]) for source in row["source"]),
        )
        for row in table["model"]
    )


def registered(model_id: str) -> RegisteredModel:
    """Return the model of that id. Raises PullFailed, naming those there are."""
    for model in load_registry():
        if model.id == model_id:
            return model
    known = ", ".join(model.id for model in load_registry())
    raise PullFailed(f"there is no model {model_id!r}; models are {known}")


def model_folder(model: RegisteredModel, home: Path) -> Path:
    """Return where the files of a model lie once it is pulled, or are put by hand."""
    return home / "models" / model.id


def model_path(model: RegisteredModel, home: Path) -> Path:
    """Return what the settings name: the GGUF of a chat model, the folder of any other."""
    folder = model_folder(model, home)
    return folder / model.files[0] if model.is_one_file else folder
