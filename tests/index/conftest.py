"""One index of the built-in corpus for all tests of the room, made with the hashing embedder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from index.building import build_index
from index.embedding import Embedder
from index.searching import SearchIndex, open_index


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory, hashing_embedder: Embedder) -> Path:
    """The index; read only. Whoever changes one takes ``place``."""
    place = tmp_path_factory.mktemp("index")
    build_index(place, hashing_embedder)
    return place


@pytest.fixture
def place(built_once: Path, tmp_path: Path) -> Path:
    """A copy of the index to change."""
    return Path(shutil.copytree(built_once, tmp_path / "index"))


@pytest.fixture(scope="session")
def search_index(built_once: Path, hashing_embedder: Embedder) -> SearchIndex:
    return open_index(built_once, hashing_embedder)
