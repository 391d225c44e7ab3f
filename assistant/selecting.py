"""Which of the passages found an answer is written from: those in force, law and practice in fair shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from corpus.records import SourceKind, Validity
from index.records import RetrievedPassage

# Of an answer's passages, this share is kept for law and the rest for practice, as far as each has any: a question
# near one wording would otherwise bring ten articles of law and nothing to do, or advice without its ground.
_LAW_SHARE = 0.6


def select_passages(found: Sequence[RetrievedPassage], count: int) -> tuple[RetrievedPassage, ...]:
    """Return at most ``count`` of the passages found, in their order, ranks anew from 1.

    What is not in force on the day of the search is never among them.
    """
    in_force = [passage for passage in found if passage.validity is Validity.IN_FORCE]
    law = [passage for passage in in_force if passage.document.kind is SourceKind.STATUTE]
    practice = [passage for passage in in_force if passage.document.kind is not SourceKind.STATUTE]
    law_count = max(round(count * _LAW_SHARE), count - len(practice))
    chosen = {passage.chunk.id for passage in [*law[:law_count], *practice[: count - min(law_count, len(law))]]}
    kept = [passage for passage in in_force if passage.chunk.id in chosen]
    return tuple(replace(passage, rank=rank) for rank, passage in enumerate(kept, start=1))
