"""A file handed in to the page: read in a process of its own, cleaned, and gone from the disk."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus.cleaning import CleanedDocument, clean
from corpus.errors import UnreadableFile
from corpus.extraction.child import read_in_child
from corpus.reading import ADDED, kind_of, to_document
from corpus.records import Document
from corpus.sources import ReadFailure, find_sources

# What may be handed in; the reader decides by content, so this only guides the file dialogue.
SUFFIXES = (".md", ".txt", ".html", ".htm", ".pdf", ".docx")
# A PDF of 300 pages takes about five seconds; whatever takes longer is no letter, contract or article.
READING_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class ReadUpload:
    """What was read of one file: the document as it would be added, and what cleaning kept and dropped."""

    document: Document
    cleaned: CleanedDocument


def read_upload(path: Path) -> ReadUpload:
    """Return what the file holds. Raises CorpusError's kinds; a parser that hangs is stopped, one that dies is told."""
    cleaned = clean(read_in_child(path, READING_SECONDS))
    source = next(iter(find_sources(path)))
    if isinstance(source, ReadFailure):
        raise UnreadableFile(source.message)
    return ReadUpload(to_document(cleaned, source, ADDED, kind_of(cleaned)), cleaned)


@contextlib.contextmanager
def taken(path: str) -> Iterator[Path]:
    """Give the path of a handed-in file and delete it, with the folder that Gradio made for it, afterwards."""
    file = Path(path)
    try:
        yield file
    finally:
        shutil.rmtree(file.parent, ignore_errors=True)
