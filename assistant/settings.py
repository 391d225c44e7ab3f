"""Settings, read once at the edge: a TOML file, then ``FAJU_*`` variables, then the command line.

Plain dataclasses rather than pydantic-settings, whose import alone takes 0.24 s of the 1.5 s in which
the first sentence should stand on the screen.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import platformdirs

from assistant.errors import BadSettings
from assistant.records import AnswerMode

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BUILTIN = "builtin"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a user may choose.

    ``home`` holds index, conversations and pulled models; ``index`` defaults to ``home/index``.
    ``model`` and ``embedder`` are ``builtin`` or a path; ``mode`` None means quote for the built-in
    reader and explain for any other. ``threads`` 0 means one a physical core.
    """

    home: Path
    index: Path
    model: str = BUILTIN
    embedder: str = BUILTIN
    mode: AnswerMode | None = None
    language: str = "zh"
    passages: int = 10
    threads: int = 0
    context_tokens: int = 4096
    max_question_chars: int = 2000

    def digest(self) -> str:
        """SHA-256 of what can change an answer; where things lie and how many threads work does not count."""
        aside = {"home", "index", "language", "threads"}
        deciding = {key: str(value) for key, value in asdict(self).items() if key not in aside}
        return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()


def settings_file(environment: Mapping[str, str]) -> Path:
    """Return where the settings file is looked for; it need not exist."""
    given = environment.get("FAJU_SETTINGS")
    return Path(given) if given else Path(platformdirs.user_config_dir("faju")) / "settings.toml"


def load_settings(environment: Mapping[str, str] | None = None, /, **overrides: object) -> Settings:
    """Return the settings in force. Overrides that are None are not given.

    Raises BadSettings for an unknown key, a value of the wrong kind, or an unreadable file.
    """
    environment = os.environ if environment is None else environment
    file = settings_file(environment)
    values: dict[str, object] = {}
    for key, value in _read_file(file, given=bool(environment.get("FAJU_SETTINGS"))).items():
        values[key] = _checked(key, value, f"{file}")
    for key in _KEYS:
        variable = f"FAJU_{key.upper()}"
        if environment.get(variable):
            values[key] = _checked(key, environment[variable], f"variable {variable}")
    for key, value in overrides.items():
        if value is not None:
            values[key] = _checked(key, value, f"option --{key.replace('_', '-')}")
    home = values.pop("home", None) or Path(platformdirs.user_data_dir("faju", appauthor=False))
    assert isinstance(home, Path)
    index = values.pop("index", None) or home / "index"
    assert isinstance(index, Path)
    return replace(Settings(home=home, index=index), **values)  # type: ignore[arg-type]  # _checked gave each its type


_KEYS = tuple(item.name for item in fields(Settings))
_AT_LEAST = {"passages": 1, "threads": 0, "context_tokens": 512, "max_question_chars": 10}


def _read_file(file: Path, given: bool) -> dict[str, object]:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        if given:
            raise BadSettings(f"FAJU_SETTINGS names {file}, which does not exist; correct or unset it") from None
        return {}
    except OSError as error:
        raise BadSettings(f"{file} cannot be read: {error.strerror}") from error
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{file} is not TOML in UTF-8: {error}; correct or delete it") from error


def _checked(key: str, value: object, origin: str) -> object:
    if key not in _KEYS:
        raise BadSettings(f"{origin}: there is no setting {key!r}; settings are {', '.join(_KEYS)}")
    if key in {"home", "index"}:
        return Path(str(value)).expanduser()
    if key == "mode":
        return _checked_mode(value, origin)
    if key == "language":
        if value not in {"zh", "en"}:
            raise BadSettings(f"{origin}: language is zh or en, not {value!r}")
        return value
    if key in _AT_LEAST:
        return _checked_number(key, value, origin)
    return str(value)


def _checked_mode(value: object, origin: str) -> AnswerMode:
    if isinstance(value, AnswerMode):
        return value
    try:
        return AnswerMode(str(value))
    except ValueError:
        choices = ", ".join(mode.value for mode in AnswerMode)
        raise BadSettings(f"{origin}: mode is one of {choices}, not {value!r}") from None


def _checked_number(key: str, value: object, origin: str) -> int:
    try:
        number = int(str(value))
    except ValueError:
        raise BadSettings(f"{origin}: {key} is a whole number, not {value!r}") from None
    if number < _AT_LEAST[key]:
        raise BadSettings(f"{origin}: {key} is at least {_AT_LEAST[key]}, not {number}")
    return number
