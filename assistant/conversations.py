"""Conversations that the user chose to keep, and feedback, in one SQLite file in the data folder; nothing is sent.

What was not saved is nowhere: a conversation lives in memory until its user presses save. Deleted rows are overwritten,
not just unlinked, and ``erase`` leaves an empty file.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from assistant.drafting import Block, BlockKind
from assistant.errors import BadConversationFile

_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversation (
    id INTEGER PRIMARY KEY,
    saved_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS turn (
    conversation INTEGER NOT NULL REFERENCES conversation(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    question TEXT NOT NULL,
    answer TEXT NOT NULL,
    page TEXT NOT NULL,
    markdown TEXT NOT NULL,
    blocks TEXT NOT NULL,
    PRIMARY KEY (conversation, number)
);
CREATE TABLE IF NOT EXISTS feedback (
    given_at TEXT NOT NULL,
    helpful INTEGER NOT NULL,
    question TEXT NOT NULL,
    answer TEXT NOT NULL
);
"""
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class SavedTurn:
    """A question and its answer: as text for follow-ups, as it stood on the page, as Markdown and blocks to hand on."""

    question: str
    answer: str
    page: str
    markdown: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedConversation:
    id: int
    saved_at: datetime
    title: str
    turn_count: int


@dataclass(frozen=True, slots=True)
class Feedback:
    """Whether an answer helped, as the user said."""

    given_at: datetime
    helpful: bool
    question: str
    answer: str


class ConversationStore:
    """The file at ``path``; it and its folder are made when something is first kept."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def save(self, turns: Sequence[SavedTurn], conversation_id: int | None = None) -> int:
        """Keep the turns as a conversation, in place of ``conversation_id`` where given; return its id."""
        if not turns:
            raise ValueError("a conversation without a turn is not kept")
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        with self._open() as database:
            known = database.execute("SELECT id FROM conversation WHERE id = ?", (conversation_id,)).fetchone()
            if known:
                database.execute("UPDATE conversation SET saved_at = ? WHERE id = ?", (now, conversation_id))
                database.execute("DELETE FROM turn WHERE conversation = ?", (conversation_id,))
                kept = int(known[0])
            else:
                row = database.execute("INSERT INTO conversation (saved_at) VALUES (?)", (now,))
                kept = int(row.lastrowid or 0)
            database.executemany(
                "INSERT INTO turn VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(kept, n, t.question, t.answer, t.page, t.markdown, _encoded(t)) for n, t in enumerate(turns, 1)],
            )
        return kept

    def find(self, words: str = "") -> tuple[SavedConversation, ...]:
        """Return the conversations with all the words in some question or answer, the latest first."""
        if not self._path.exists():
            return ()
        wanted = "".join(
            " AND EXISTS (SELECT 1 FROM turn w WHERE w.conversation = c.id AND instr(w.question || w.answer, ?))"
            for _ in words.split()
        )
        with self._open() as database:
            rows = database.execute(
                "SELECT c.id, c.saved_at, t.question, (SELECT count(*) FROM turn n WHERE n.conversation = c.id)"
                " FROM conversation c JOIN turn t ON t.conversation = c.id AND t.number = 1"
                f" WHERE 1{wanted} ORDER BY c.saved_at DESC, c.id DESC",
                words.split(),
            ).fetchall()
        return tuple(SavedConversation(key, datetime.fromisoformat(at), title, n) for key, at, title, n in rows)

    def turns(self, conversation_id: int) -> tuple[SavedTurn, ...]:
        """Return the turns of a conversation in order; none where it is not kept any more."""
        if not self._path.exists():
            return ()
        with self._open() as database:
            rows = database.execute(
                "SELECT question, answer, page, markdown, blocks FROM turn WHERE conversation = ? ORDER BY number",
                (conversation_id,),
            ).fetchall()
        return tuple(
            SavedTurn(question, answer, page, markdown, _decoded(blocks))
            for question, answer, page, markdown, blocks in rows
        )

    def delete(self, conversation_id: int) -> None:
        """Forget one conversation."""
        if self._path.exists():
            with self._open() as database:
                database.execute("DELETE FROM conversation WHERE id = ?", (conversation_id,))

    def erase(self) -> None:
        """Forget every conversation and all feedback; nothing of them stays in the file."""
        if not self._path.exists():
            return
        with self._open() as database:
            for table in ("turn", "conversation", "feedback"):
                database.execute(f"DELETE FROM {table}")
        with contextlib.closing(sqlite3.connect(self._path)) as database:
            database.execute("VACUUM")

    # --- feedback ----------------------------------------------------------------------------------------------

    def note_feedback(self, question: str, answer: str, helpful: bool) -> None:
        """Keep whether an answer helped, once for each answer: a later word replaces an earlier one."""
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        with self._open() as database:
            database.execute("DELETE FROM feedback WHERE question = ? AND answer = ?", (question, answer))
            database.execute("INSERT INTO feedback VALUES (?, ?, ?, ?)", (now, int(helpful), question, answer))

    def feedback(self) -> tuple[Feedback, ...]:
        """Return all feedback, oldest first."""
        if not self._path.exists():
            return ()
        with self._open() as database:
            rows = database.execute(
                "SELECT given_at, helpful, question, answer FROM feedback ORDER BY rowid"
            ).fetchall()
        return tuple(Feedback(datetime.fromisoformat(at), bool(helpful), *rest) for at, helpful, *rest in rows)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Give the database for one transaction. Raises BadConversationFile where the file is no database of ours."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(sqlite3.connect(self._path, timeout=10)) as database:
                self._check_format(database)
                database.execute("PRAGMA foreign_keys = ON")
                database.execute("PRAGMA secure_delete = ON")
                database.executescript(_SCHEMA)
                database.execute(f"PRAGMA user_version = {_FORMAT}")
                with database:
                    yield database
        except (sqlite3.DatabaseError, OSError) as error:
            raise BadConversationFile(
                f"{self._path} cannot be used for saved conversations: {error}; move it away and it is made anew"
            ) from error

    def _check_format(self, database: sqlite3.Connection) -> None:
        (found,) = database.execute("PRAGMA user_version").fetchone()
        if found > _FORMAT:
            raise BadConversationFile(
                f"{self._path} was written by a newer version of faju (format {found}); update, or move it away"
            )


def _encoded(turn: SavedTurn) -> str:
    return json.dumps([[block.kind.value, block.text] for block in turn.blocks], ensure_ascii=False)


def _decoded(blocks: str) -> tuple[Block, ...]:
    return tuple(Block(BlockKind(kind), text) for kind, text in json.loads(blocks))
