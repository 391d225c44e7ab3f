"""The question set is what it says: references that stand, facts that gold bears out, splits that share no topic."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from assistant.evaluation.cases import load_question_set
from assistant.evaluation.labels import CATEGORIES
from assistant.evaluation.records import EvaluationCase, Split
from assistant.evaluation.references import held_article, law_day, own_article_text, own_article_titles, set_problems
from assistant.records import DeclineReason
from corpus.citations import find_statute_refs
from corpus.lawbook import LawBook, load_lawbook
from corpus.validity import ReferenceState, check_reference

HERE = Path(__file__).parent
TRAINING = HERE.parents[1].parent / "shared" / "training"
# The day on which the set was written; references must stand on it. Law that changes later fails here first.
WRITTEN = date(2026, 11, 24)
PIECE = 4


@pytest.fixture(scope="module")
def cases() -> tuple[EvaluationCase, ...]:
    return load_question_set(HERE / "questions.jsonl").cases


@pytest.fixture(scope="module")
def lawbook() -> LawBook:
    return load_lawbook()


def test_there_are_at_least_300_questions_and_8_of_every_category(cases: tuple[EvaluationCase, ...]) -> None:
    assert len(cases) >= 300
    counts = Counter(case.category for case in cases)
    assert set(counts) == set(CATEGORIES)
    assert min(counts.values()) >= 8


def test_every_reference_is_held_and_in_force_on_its_day(cases: tuple[EvaluationCase, ...], lawbook: LawBook) -> None:
    assert list(set_problems(cases, lawbook, WRITTEN)) == []


def test_no_topic_is_in_both_splits_and_each_has_about_half(cases: tuple[EvaluationCase, ...]) -> None:
    topics = {split: {case.topic for case in cases if case.split is split} for split in Split}
    assert not topics[Split.DEVELOPMENT] & topics[Split.TEST]
    share = sum(case.split is Split.TEST for case in cases) / len(cases)
    assert 0.4 < share < 0.6
    for split in Split:
        categories = {case.category for case in cases if case.split is split}
        assert categories == set(CATEGORIES)


def test_no_question_is_asked_twice_for_the_same_day(cases: tuple[EvaluationCase, ...]) -> None:
    asked = Counter((case.question, case.history, case.as_of) for case in cases)
    assert [question for question, count in asked.items() if count > 1] == []


def test_a_case_is_answerable_with_gold_or_declined_with_a_reason(cases: tuple[EvaluationCase, ...]) -> None:
    for case in cases:
        assert case.answerable is bool(case.gold), case.id
        assert (case.decline_reason is None) is bool(case.gold), case.id


def test_what_is_declined_as_not_held_is_real_and_not_held(cases: tuple[EvaluationCase, ...], lawbook: LawBook) -> None:
    """A corpus that grows to hold one of these makes the question answerable: give it gold, write another."""
    states = _states(cases, lawbook, DeclineReason.NOT_HELD)
    assert {question: state for question, state in states.items() if state is not ReferenceState.NOT_HELD} == {}


def test_a_law_or_article_that_is_no_premise_does_not_exist(
    cases: tuple[EvaluationCase, ...], lawbook: LawBook
) -> None:
    states = _states(cases, lawbook, DeclineReason.FALSE_PREMISE)
    assert set(states.values()) == {ReferenceState.NO_SUCH_LAW, ReferenceState.NO_SUCH_ARTICLE}


def _states(cases: tuple[EvaluationCase, ...], lawbook: LawBook, reason: DeclineReason) -> dict[str, ReferenceState]:
    """What is to be said of the one reference in each question that is declined for ``reason``."""
    states = {}
    for case in cases:
        if case.decline_reason is reason:
            (reference,) = find_statute_refs(case.question, lawbook)
            states[case.question] = check_reference(lawbook, reference, WRITTEN).state
    return states


def test_every_fact_stands_in_some_gold_source(cases: tuple[EvaluationCase, ...], lawbook: LawBook) -> None:
    """Else no answer could have it. Emergency numbers stand in the advice above the answer as well."""
    missing = [
        f"{case.id}: {fact}"
        for case in cases
        for fact in case.facts
        if not any(re.search(fact, text) for text in _gold_texts(case, lawbook))
    ]
    assert missing == []


def test_no_gold_source_that_every_answer_must_cite_holds_a_forbidden_pattern(
    cases: tuple[EvaluationCase, ...], lawbook: LawBook
) -> None:
    """Else quoting the right article word for word would count as wrong."""
    for case in cases:
        for pattern in case.forbidden:
            for group in case.gold:
                assert not all(re.search(pattern, text) for text in _texts_of(group, case, lawbook)), case.id


def _gold_texts(case: EvaluationCase, lawbook: LawBook) -> Iterator[str]:
    for group in case.gold:
        yield from _texts_of(group, case, lawbook)


def _texts_of(group: tuple[str, ...], case: EvaluationCase, lawbook: LawBook) -> Iterator[str]:
    for reference in group:
        article = held_article(reference, lawbook, law_day(case, WRITTEN))
        if article is not None:
            yield article.text
        elif reference.startswith("article:"):
            yield own_article_text(reference.removeprefix("article:"))


def test_titles_of_own_articles_name_them_alone() -> None:
    titles = Counter(own_article_titles().values())
    assert [title for title, count in titles.items() if count > 1] == []


@pytest.mark.skipif(not TRAINING.exists(), reason="the training data is not beside the checkout")
def test_no_question_is_near_a_training_question(cases: tuple[EvaluationCase, ...]) -> None:
    """Near: 70 % of the question's pieces of four characters stand in one training question."""
    postings: dict[str, list[int]] = {}
    queries: list[str] = []
    for query in _training_queries():
        for piece in _pieces(query):
            postings.setdefault(piece, []).append(len(queries))
        queries.append(query)
    near = []
    for case in cases:
        pieces = _pieces(case.question)
        shared = Counter(number for piece in pieces for number in postings.get(piece, ()))
        if shared:
            number, count = shared.most_common(1)[0]
            if count / len(pieces) >= 0.7:
                near.append(f"{case.id}: {case.question} ~ {queries[number]}")
    assert near == []


def _training_queries() -> Iterator[str]:
    for name in ("questions", "stard_train", "pairs"):
        with gzip.open(TRAINING / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if row.get("source", "stard-train") in {"stard-train", "lecoqa-answer", "lecoqa-keywords"}:
                    yield row["query"]


def _pieces(text: str) -> set[str]:
    plain = re.sub(r"[\W_]+", "", text)
    return {plain[start : start + PIECE] for start in range(max(1, len(plain) - PIECE + 1))}
