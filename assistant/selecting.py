"""Which of the passages found an answer is written from: law and practice together, and the law that practice names.

Our articles say with which article of law each claim stands; where several good ones name the same article, that
article belongs into the answer even if its own words are far from the question's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from corpus.records import SourceKind, Validity
from index.records import RetrievedPassage
from index.searching import SearchIndex

# Passages of practice whose references count, and how many of each one's references.
_NAMING_PASSAGES = 4
_REFERENCES_EACH = 6
# The rest of the article that the best passage stands in: its 法律依据 is often another section than the one found.
_NEIGHBOURS = 12
# At least this share of an answer's passages is law, where there is law at all.
_LAW_SHARE = 0.5
# What it is worth to be named by the best passage of practice, in units of the best passage's own score.
# Chosen on the development questions of tests/evaluation; see its README table.
_NAMED_WEIGHT = 0.6
_NAMED_NEARBY_WEIGHT = 0.4


def select_passages(
    index: SearchIndex, found: Sequence[RetrievedPassage], as_of: date, count: int
) -> tuple[RetrievedPassage, ...]:
    """Return at most ``count`` passages in force on ``as_of``, best first, ranks anew from 1.

    Passages that the question names by number come first. What is not in force is never among them.
    """
    in_force = [passage for passage in found if passage.validity is Validity.IN_FORCE]
    named = [passage for passage in in_force if passage.trace.exact]
    practice = [passage for passage in in_force if _is_practice(passage)]
    law = _by_worth([p for p in in_force if not _is_practice(p) and not p.trace.exact], practice, index, as_of)
    places_for_law = max(1, round(count * _LAW_SHARE))
    chosen_law = law[: max(places_for_law, count - len(practice)) - min(len(named), places_for_law)]
    chosen_practice = practice[: count - len(named) - len(chosen_law)]
    rest = sorted([*chosen_law, *chosen_practice], key=lambda passage: -passage.score)
    return tuple(replace(passage, rank=rank) for rank, passage in enumerate([*named, *rest][:count], start=1))


def _is_practice(passage: RetrievedPassage) -> bool:
    return passage.document.kind is not SourceKind.STATUTE


def _by_worth(
    law: Sequence[RetrievedPassage], practice: Sequence[RetrievedPassage], index: SearchIndex, as_of: date
) -> list[RetrievedPassage]:
    """Passages of law, best first: their own score, and what the passages that name them are worth."""
    worth = {passage.chunk.id: passage.score for passage in law}
    passages = {passage.chunk.id: passage for passage in law}
    best = max((passage.score for passage in [*law, *practice]), default=0.0)
    for naming, weight in _naming(practice, index):
        for passage in index.cross_references([naming], as_of, budget=_REFERENCES_EACH):
            identity = passage.chunk.id
            passages.setdefault(identity, passage)
            worth[identity] = worth.get(identity, 0.0) + weight * min(best, max(naming.score, 0.0))
    ordered = sorted(passages, key=lambda identity: (-worth[identity], identity))
    return [replace(passages[identity], score=worth[identity]) for identity in ordered]


def _naming(practice: Sequence[RetrievedPassage], index: SearchIndex) -> Iterator[tuple[RetrievedPassage, float]]:
    """The passages of practice whose references count, with their weights: the best, and the best one's neighbours."""
    for passage in practice[:_NAMING_PASSAGES]:
        yield passage, _NAMED_WEIGHT
    found = {passage.chunk.id for passage in practice[:_NAMING_PASSAGES]}
    for best in practice[:1]:
        for chunk in index.passage_neighbours(best.chunk.id, _NEIGHBOURS):
            if chunk.id not in found:
                yield replace(best, chunk=chunk), _NAMED_NEARBY_WEIGHT
