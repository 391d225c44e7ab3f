from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import BadSettings
from assistant.records import AnswerMode
from assistant.settings import load_settings


def environment_with(folder: Path, toml: str, **variables: str) -> dict[str, str]:
    file = folder / "settings.toml"
    file.write_text(toml, encoding="utf-8")
    return {"FAJU_SETTINGS": str(file), "FAJU_HOME": str(folder), **variables}


def test_option_beats_variable_beats_file(tmp_path: Path) -> None:
    environment = environment_with(
        tmp_path, "passages = 3\nthreads = 1\nlanguage = 'en'", FAJU_PASSAGES="4", FAJU_THREADS="2"
    )
    settings = load_settings(environment, passages=5, mode=None)
    assert (settings.passages, settings.threads, settings.language) == (5, 2, "en")


def test_index_lies_in_home_unless_it_is_named(tmp_path: Path) -> None:
    assert load_settings({"FAJU_HOME": str(tmp_path)}).index == tmp_path / "index"
    assert load_settings({"FAJU_HOME": str(tmp_path), "FAJU_INDEX": "/elsewhere"}).index == Path("/elsewhere")


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("passage = 3", "there is no setting 'passage'"),
        ("passages = 0", "passages is at least 1, not 0"),
        ("passages = 'many'", "passages is a whole number"),
        ("mode = 'guess'", "mode is one of quote, explain, search"),
        ("language = 'fr'", "language is zh or en"),
        ("passages = ", "is not TOML"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(tmp_path: Path, toml: str, message: str) -> None:
    with pytest.raises(BadSettings, match=message):
        load_settings(environment_with(tmp_path, toml))


def test_a_settings_file_that_was_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="does not exist"):
        load_settings({"FAJU_SETTINGS": str(tmp_path / "no.toml")})


def test_digest_tells_settings_that_change_answers_from_those_that_do_not(tmp_path: Path) -> None:
    plain = load_settings({"FAJU_HOME": str(tmp_path)})
    moved = load_settings({"FAJU_HOME": str(tmp_path / "other")})
    quoting = load_settings({"FAJU_HOME": str(tmp_path)}, mode=AnswerMode.QUOTE)
    assert plain.digest() == moved.digest() != quoting.digest()
