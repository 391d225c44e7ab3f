"""Exact references before any vector: 民法典第1032条 finds that article, an old number the article it became.

What a reference means and whether it stands is the corpus's business (``citations``, ``validity``); here it becomes
rows of the index and remarks for the reader. The law book is read only for a question that may name an article.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np

from corpus.citations import find_statute_refs
from corpus.lawbook import LawBook, MovedArticle, TitleFit, load_lawbook
from corpus.records import BUILTIN_COLLECTION, ArticleNumber, StatuteRef
from corpus.validity import ReferenceState, ReferenceVerdict, check_reference
from index.records import LookupNote, NoteKind, RetrievedPassage
from index.segmentation import segment
from index.sparse import count_terms
from index.storage import StoredIndex

# A number that three laws in force share names none of them.
_MAX_LAWS_OF_BARE_NUMBER = 2

_NOTE_OF_STATE = {
    ReferenceState.SUPERSEDED: NoteKind.SUPERSEDED,
    ReferenceState.LAW_REPEALED: NoteKind.EXPIRED,
    ReferenceState.NOT_YET: NoteKind.NOT_YET,
    ReferenceState.NO_SUCH_LAW: NoteKind.NO_SUCH_LAW,
    ReferenceState.NO_SUCH_ARTICLE: NoteKind.NO_SUCH_ARTICLE,
    ReferenceState.NO_SUCH_PART: NoteKind.NO_SUCH_ARTICLE,
    ReferenceState.NOT_HELD: NoteKind.NOT_HELD,
    ReferenceState.VERSION_NOT_HELD: NoteKind.NOT_HELD,
}


@dataclass(frozen=True, slots=True)
class LookupResult:
    """``rows`` of the passages that the question names, in the order they are to be shown, and the remarks."""

    rows: tuple[int, ...] = ()
    notes: tuple[LookupNote, ...] = ()


def look_up(question: str, day: date, stored: StoredIndex) -> LookupResult:
    """Return the passages that ``question`` names, each current article before the one that it replaced.

    An old number, 治安管理处罚法第四十二条, may be meant as it was or as it is: both come, in the order in which they
    fit the rest of the question, the article that the old one became before the new bearer of the number where the
    rest says nothing.
    """
    lawbook = _lawbook()
    rows: dict[int, None] = {}
    notes: list[LookupNote] = []
    for reference in find_statute_refs(question, lawbook):
        found, note = _Reference(question, reference, day, lawbook, stored).looked_up()
        rows |= dict.fromkeys(found)
        if note and note.message not in {other.message for other in notes}:
            notes.append(note)
    return LookupResult(tuple(rows), tuple(notes))


def referenced_rows(passages: Sequence[RetrievedPassage], day: date, stored: StoredIndex) -> Iterator[int]:
    """Yield the rows of the articles that passages of law, and our own articles, name, in the order of naming.

    本法 means the passage's own law; what a judicial interpretation names in another law counts too. A page or paper
    that a user added may name numbers that moved long ago, so it leads nowhere.
    """
    lawbook = _lawbook()
    for passage in passages:
        law = passage.document.law
        if law is None and passage.document.collection != BUILTIN_COLLECTION:
            continue
        own = law.short_title if law else None
        for reference in find_statute_refs(passage.chunk.text, lawbook, context_law=own):
            if (
                reference.law
                and reference.article
                and (reference.law, reference.article) != (own, passage.chunk.article)
            ):
                yield from rows_of(stored, reference.law, reference.article, day)


def rows_of(stored: StoredIndex, law: str, article: ArticleNumber, day: date, version: str | None = None) -> list[int]:
    """Return the rows of an article (several where it was cut), of ``version`` or of what is in force on ``day``."""
    contents = stored.contents
    if law not in contents.laws:
        return []
    chunks, documents = contents.chunks, contents.documents
    of_law = documents["law"] == contents.laws.index(law)
    if version is None:
        today = day.toordinal()
        expired = (documents["expired"] > 0) & (documents["expired"] <= today)
        wanted = of_law & ~expired & (documents["effective"] <= today)
    else:
        wanted = of_law & np.array([document_id == version for document_id in contents.document_ids])
    same = (chunks["number"] == article.number) & (chunks["sub"] == article.sub) & wanted[chunks["document"]]
    return [int(row) for row in np.flatnonzero(same)]


@dataclass(frozen=True, slots=True)
class _Reference:
    question: str
    reference: StatuteRef
    day: date
    lawbook: LawBook
    stored: StoredIndex

    def looked_up(self) -> tuple[list[int], LookupNote | None]:
        article = self.reference.article
        if self.reference.law is None and not self.reference.law_text and article:
            return self._of_bare_number(article), None
        verdict = check_reference(self.lawbook, self.reference, self.day)
        if article is None:
            return [], self._note(verdict) if verdict.state in _TITLE_STATES else None
        rows = self._rows(verdict, article)
        if verdict.state in (ReferenceState.NOT_HELD, ReferenceState.VERSION_NOT_HELD) and rows:
            return rows, None  # the law book lacks it, an import has it
        return rows, self._note(verdict)

    def _rows(self, verdict: ReferenceVerdict, article: ArticleNumber) -> list[int]:
        law = self.reference.law or ""
        moved = self._moved_rows(verdict.moved_to)
        if verdict.state is ReferenceState.SUPERSEDED:
            version = verdict.version.id if verdict.version else None
            return [*moved, *rows_of(self.stored, law, article, self.day, version)]
        if verdict.state is ReferenceState.NOT_YET:
            version = verdict.version.id if verdict.version else None
            return rows_of(self.stored, law, article, self.day, version)
        if verdict.state is ReferenceState.LAW_REPEALED:
            return moved
        current = rows_of(self.stored, law, article, self.day)
        if not verdict.also_moved_to:
            return current
        became = self._moved_rows(verdict.also_moved_to)
        old = [
            row
            for source in dict.fromkeys(move.from_version for move in verdict.also_moved_to)
            for row in rows_of(self.stored, law, article, self.day, source)
        ]
        if self._fit(current) > self._fit(became):
            return [*current, *became, *old]
        return [*became, *old, *current]

    def _moved_rows(self, moved: Sequence[MovedArticle]) -> list[int]:
        return [
            row
            for move in moved
            if move.to_article
            for row in rows_of(self.stored, move.to_version.rsplit("-", 3)[0], move.to_article, self.day)
        ]

    def _fit(self, rows: Sequence[int]) -> float:
        """How well passages fit the rest of the question, by words; 0 where the rest has none of theirs."""
        span = self.reference.span
        rest = segment(self.question[: span.start] + "，" + self.question[span.end :])
        if not rest or not rows:
            return 0.0
        return float(self.stored.contents.sparse.scores(count_terms(rest))[list(rows)].max())

    def _of_bare_number(self, article: ArticleNumber) -> list[int]:
        """The article of that number where next to no other law has one: 第一千零三十二条 is the Civil Code's."""
        found = [row for law in self.stored.contents.laws for row in rows_of(self.stored, law, article, self.day)]
        documents = {self.stored.document_id_of(row) for row in found}
        return found if len(documents) <= _MAX_LAWS_OF_BARE_NUMBER else []

    def _note(self, verdict: ReferenceVerdict) -> LookupNote | None:
        kind = _NOTE_OF_STATE.get(verdict.state)
        moved = verdict.moved_to or verdict.also_moved_to
        if kind is None and verdict.also_moved_to:
            kind = NoteKind.SUPERSEDED
        if kind is None and verdict.title_fit is TitleFit.REPAIRED:
            kind = NoteKind.NO_SUCH_LAW
        if kind is None:
            return None
        target = next((move for move in moved if move.to_article), None)
        return LookupNote(
            kind=kind,
            reference=self.reference,
            message=verdict.message,
            successor_law=target.to_version.rsplit("-", 3)[0] if target else None,
            successor_article=target.to_article if target else None,
        )


# Of a law named without an article only these are worth a remark.
_TITLE_STATES = frozenset({ReferenceState.NO_SUCH_LAW, ReferenceState.LAW_REPEALED, ReferenceState.NOT_YET})


@cache
def _lawbook() -> LawBook:
    return load_lawbook()
