"""Passages as an answer shows them: numbered from 1, each with what may be quoted from it, frozen with the answer."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.records import NumberedPassage
from corpus.sentences import find_units
from index.records import RetrievedPassage


def number_passages(passages: Sequence[RetrievedPassage]) -> tuple[NumberedPassage, ...]:
    """Return the passages numbered from 1 in their order, with their quotable units in reading order."""
    return tuple(
        NumberedPassage(number, passage, find_units(passage.chunk, passage.document.kind))
        for number, passage in enumerate(passages, start=1)
    )
