from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.selecting import select_passages
from corpus.lawbook import LawBook, load_lawbook
from corpus.records import SourceKind, Validity
from index.records import RetrievedPassage
from tests.assistant.builders import article_passage, statute_passage


@pytest.fixture(scope="module")
def lawbook() -> LawBook:
    return load_lawbook()


def ranking(lawbook: LawBook, kinds: str) -> list[RetrievedPassage]:
    """A ranking in which L is law and P practice, each passage with an id of its own."""
    passages = []
    for rank, kind in enumerate(kinds, start=1):
        if kind == "L":
            passage = statute_passage(lawbook, "治安管理处罚法-2026-01-01", "第五十条", rank)
        else:
            passage = article_passage("催收电话应当录音保存。", rank=rank)
        passages.append(replace(passage, chunk=replace(passage.chunk, id=f"{kind}{rank}")))
    return passages


def shape(passages: tuple[RetrievedPassage, ...]) -> str:
    return "".join("L" if passage.document.kind is SourceKind.STATUTE else "P" for passage in passages)


@pytest.mark.parametrize(
    ("found", "selected"),
    [
        ("LLLLLLLLPPPP", "LLLLLLPPPP"),  # six of ten for law, four for practice
        ("PPPPPPPPLLLL", "PPPPPPLLLL"),  # less law than its share: practice takes the places
        ("LLLLLLLLLLLLP", "LLLLLLLLLP"),
        ("PPPP", "PPPP"),
        ("", ""),
    ],
)
def test_law_and_practice_share_the_places(lawbook: LawBook, found: str, selected: str) -> None:
    assert shape(select_passages(ranking(lawbook, found), 10)) == selected


def test_ranks_are_counted_anew_and_order_is_kept(lawbook: LawBook) -> None:
    chosen = select_passages(ranking(lawbook, "LPLPLPLPLPLP"), 4)
    assert [passage.rank for passage in chosen] == [1, 2, 3, 4]
    assert [passage.chunk.id for passage in chosen] == ["L1", "P2", "L3", "P4"]


def test_what_is_not_in_force_is_never_selected(lawbook: LawBook) -> None:
    old = statute_passage(lawbook, "治安管理处罚法-2013-01-01", "第四十二条", 1, Validity.EXPIRED)
    assert select_passages([old], 10) == ()
