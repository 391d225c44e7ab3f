"""What can go wrong with a search index, and which command repairs it.

SearchIndexError                (``IndexError`` is a builtin)
├── IndexMissing                there is none at this place
├── IndexOutdated               built from other files, by another version, or with another embedder
├── IndexDamaged                a file of it is missing, cut short, or does not match its hash
├── IndexBusy                   another process is writing it
├── EmbeddingModelMissing       the embedder named in the settings cannot be loaded
└── NothingNamed                no added document bears the name
"""

from __future__ import annotations


class SearchIndexError(Exception):
    """Base of the index room. ``str(error)`` is one line: what, where, which command repairs it."""


class IndexMissing(SearchIndexError):
    """No index lies at the place."""


class IndexOutdated(SearchIndexError):
    """The index was built with another embedder, format or segmentation than the settings name."""


class IndexDamaged(SearchIndexError):
    """A file of the index is missing or its SHA-256 differs from the manifest."""


class IndexBusy(SearchIndexError):
    """Another process holds the write lock."""


class EmbeddingModelMissing(SearchIndexError):
    """The embedder cannot be loaded from the path or cache that the settings name."""


class NothingNamed(SearchIndexError):
    """No document that the user added or imported has this id, title, file name or collection."""
