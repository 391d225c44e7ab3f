"""Which model answers, and which one embeds: written into the settings file, the rest of which stays as it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

from assistant.errors import PullFailed
from assistant.model_file import read_model_file
from assistant.pins import pin_chosen, require_unchanged
from assistant.pulling import by_hand, model_state
from assistant.registry import ModelKind, RegisteredModel
from assistant.settings import BUILTIN

SETTING_OF = {ModelKind.CHAT: "model", ModelKind.EMBEDDER: "embedder"}


def use_registered(model: RegisteredModel, home: Path, settings: Path) -> str:
    """Make a pulled model the one in use; return the setting written. Raises PullFailed and ModelUnusable."""
    key = SETTING_OF.get(model.kind)
    if key is None:
        raise PullFailed(f"{model.name} reranks, and answers do not use a reranker: there is nothing to set")
    state = model_state(model, home)
    if not state.is_present or state.record is None:
        raise PullFailed(f"{model.name} is not there. Run: faju models pull {model.id}. {by_hand(model, home)}")
    require_unchanged(state.path, home)
    write_setting(settings, key, str(state.path))
    return key


def use_file(path: Path, home: Path, settings: Path) -> str:
    """Make a GGUF of the user's own the model in use and pin it as it is now; return its SHA-256.

    Raises ModelMissing and ModelUnusable.
    """
    read_model_file(path)
    sha256 = pin_chosen(path, home)
    write_setting(settings, SETTING_OF[ModelKind.CHAT], str(path.resolve()))
    return sha256


def use_builtin(settings: Path) -> None:
    """Go back to the built-in reader and embedder."""
    for key in SETTING_OF.values():
        write_setting(settings, key, BUILTIN)


def write_setting(file: Path, key: str, value: str) -> None:
    """Set one key of a TOML file to a text; every other line, comments included, stays as it is."""
    line = f"{key} = {json.dumps(value, ensure_ascii=False)}"  # a JSON string is a TOML string
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    written = re.compile(rf"\s*{re.escape(key)}\s*=")
    tables = [place for place, text in enumerate(lines) if text.lstrip().startswith("[")]
    end = tables[0] if tables else len(lines)
    places = [place for place in range(end) if written.match(lines[place])]
    if places:
        lines[places[0]] = line
    else:
        lines.insert(end, line)
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text("\n".join(lines) + "\n", encoding="utf-8")
    new.replace(file)
