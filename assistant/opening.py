"""Settings to a ready assistant: opens index, law book, gate and, when first needed, the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.settings import BUILTIN, Settings
from assistant.version import faju_version

if TYPE_CHECKING:
    from assistant.answering import Assistant
    from assistant.generation import LanguageModel
    from index.embedding import Embedder
    from index.searching import SearchIndex

# Called with a stage's name, how much of it is done, and how much there is.
Progress = Callable[[str, int, int], None]


def load_embedder_of(settings: Settings) -> Embedder:
    """Return the embedder that the settings name. Raises EmbeddingModelMissing, ModelUnusable for a changed file."""
    from index.embedding import load_embedder

    if settings.embedder != BUILTIN:
        _require_unchanged(settings.embedder, settings)
    return load_embedder(settings.embedder)


def open_search(settings: Settings, progress: Progress) -> SearchIndex:
    """Return the index, built at first use and refreshed where the built-in corpus changed. Raises SearchIndexError."""
    from index.building import ensure_index
    from index.searching import open_index

    embedder = load_embedder_of(settings)
    ensure_index(settings.index, embedder, progress=progress)
    return open_index(settings.index, embedder)


def load_model(settings: Settings) -> LanguageModel:
    """Return the language model that the settings name. Raises ModelMissing or ModelUnusable."""
    from assistant.generation import BUILT_IN_MODEL, LlamaCppModel

    path = BUILT_IN_MODEL
    if settings.model != BUILTIN:
        path = _require_unchanged(settings.model, settings)
    return LlamaCppModel(path, threads=settings.threads, context_tokens=settings.context_tokens)


def _require_unchanged(setting: str, settings: Settings) -> Path:
    """Return the path of a model that is not built in, after its files were compared with their pinned SHA-256."""
    from assistant.pins import require_unchanged

    path = Path(setting).expanduser()
    require_unchanged(path, settings.home)
    return path


def open_assistant(settings: Settings, progress: Progress) -> Assistant:
    """Return an assistant over the index of the settings; the model is loaded when the first answer needs it."""
    from assistant.answering import Assistant
    from assistant.gating import load_gate
    from corpus.lawbook import load_lawbook

    index = open_search(settings, progress)
    return Assistant(
        index=index,
        lawbook=load_lawbook(),
        gate=load_gate(index.embedder),
        settings=settings,
        version=faju_version(),
        load_model=lambda: load_model(settings),
    )
