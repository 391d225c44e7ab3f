"""What a user saved is found again, and what was deleted is gone from the file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from assistant.conversations import ConversationStore, SavedTurn
from assistant.drafting import Block, BlockKind
from assistant.errors import BadConversationFile

TURN = SavedTurn(
    question="催收给我通讯录里的人群发短信，违法吗？",
    answer="法律依据\n处五日以下拘留或者一千元以下罚款[1]",
    page="<article>…</article>",
    markdown="# 催收…\n",
    blocks=(Block(BlockKind.TITLE, "催收…"), Block(BlockKind.QUOTE, "处五日以下拘留")),
)
SECOND = SavedTurn("那最多拘留几天？", "十日[1]", "<article>二</article>", "# 那…\n")


@pytest.fixture
def store(tmp_path: Path) -> ConversationStore:
    return ConversationStore(tmp_path / "folder" / "conversations.sqlite3")


def test_nothing_is_written_before_something_is_kept(store: ConversationStore, tmp_path: Path) -> None:
    assert store.find() == ()
    assert store.turns(1) == ()
    assert store.feedback() == ()
    store.delete(1)
    store.erase()
    assert list(tmp_path.iterdir()) == []


def test_a_conversation_comes_back_as_it_was_kept(store: ConversationStore) -> None:
    kept = store.save([TURN, SECOND])
    assert store.turns(kept) == (TURN, SECOND)
    (found,) = store.find()
    assert (found.id, found.title, found.turn_count) == (kept, TURN.question, 2)


def test_saving_again_replaces_the_earlier_state(store: ConversationStore) -> None:
    kept = store.save([TURN])
    assert store.save([TURN, SECOND], kept) == kept
    assert store.turns(kept) == (TURN, SECOND)
    assert len(store.find()) == 1


def test_a_conversation_deleted_meanwhile_is_kept_anew(store: ConversationStore) -> None:
    kept = store.save([TURN])
    store.delete(kept)
    again = store.save([TURN], kept)
    assert store.turns(again) == (TURN,)


def test_conversations_are_found_by_all_words_in_question_or_answer(store: ConversationStore) -> None:
    first = store.save([TURN, SECOND])
    store.save([SECOND])
    assert [found.id for found in store.find("短信 罚款")] == [first]
    assert len(store.find("十日")) == 2
    assert store.find("十日 不存在") == ()
    assert store.find("%") == (), "a percent sign is a character, not a pattern"


def test_the_latest_stands_first(store: ConversationStore) -> None:
    first, second = store.save([TURN]), store.save([SECOND])
    assert [found.id for found in store.find()] == [second, first]


def test_what_is_deleted_leaves_no_trace_in_the_file(store: ConversationStore, tmp_path: Path) -> None:
    kept, other = store.save([TURN]), store.save([SECOND])
    store.delete(kept)
    assert [found.id for found in store.find()] == [other]
    content = (tmp_path / "folder" / "conversations.sqlite3").read_bytes()
    assert TURN.question.encode() not in content
    assert SECOND.question.encode() in content


def test_erasing_forgets_conversations_and_feedback(store: ConversationStore, tmp_path: Path) -> None:
    store.save([TURN])
    store.note_feedback(TURN.question, TURN.answer, helpful=True)
    store.erase()
    assert (store.find(), store.feedback()) == ((), ())
    assert "催收".encode() not in (tmp_path / "folder" / "conversations.sqlite3").read_bytes()


def test_a_later_word_on_an_answer_replaces_the_earlier(store: ConversationStore) -> None:
    store.note_feedback("问", "答", helpful=True)
    store.note_feedback("问", "答", helpful=False)
    store.note_feedback("问", "别的答", helpful=True)
    assert [(word.answer, word.helpful) for word in store.feedback()] == [("答", False), ("别的答", True)]


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "conversations.sqlite3"
    file.write_text("这不是数据库" * 100, encoding="utf-8")
    with pytest.raises(BadConversationFile, match="conversations.sqlite3 cannot be used"):
        ConversationStore(file).find()


def test_a_file_of_a_newer_version_is_left_alone(store: ConversationStore, tmp_path: Path) -> None:
    store.save([TURN])
    database = sqlite3.connect(tmp_path / "folder" / "conversations.sqlite3")
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(BadConversationFile, match="newer version"):
        store.save([SECOND])


def test_an_empty_conversation_is_not_kept(store: ConversationStore) -> None:
    with pytest.raises(ValueError, match="without a turn"):
        store.save([])
