"""What is evaluated in these tests instead of the program: an answerer that is right by construction, and three that
are each broken in one way. They speak the program's JSON; their passages are real articles of the law book.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from assistant.evaluation.records import EvaluationCase, Json
from assistant.evaluation.references import (
    held_article,
    law_day,
    own_article_text,
    own_article_titles,
    parse_gold,
)
from assistant.records import AnswerMode
from corpus.lawbook import HeldArticle, LawBook, load_lawbook
from corpus.validity import validity_on

TODAY = date(2026, 11, 24)
CORPUS_SHA256 = "c" * 64


@cache
def lawbook() -> LawBook:
    return load_lawbook()


@cache
def all_articles() -> tuple[HeldArticle, ...]:
    """Every article in force today."""
    book = lawbook()
    return tuple(
        article
        for version in book.versions
        if validity_on(version, TODAY).value == "in_force"
        for article in book.articles(version.id)
    )


def statute_passage(number: int, article: HeldArticle, day: date = TODAY) -> Json:
    version = article.version
    return {
        "number": number,
        "kind": "statute",
        "law": version.title,
        "short_title": version.short_title,
        "article": str(article.number),
        "effective": version.effective.isoformat() if version.effective else None,
        "expired": version.expired.isoformat() if version.expired else None,
        "validity": validity_on(version, day).value,
        "title": version.title,
        "text": article.text,
        "text_sha256": hashlib.sha256(article.text.encode()).hexdigest(),
    }


def article_passage(number: int, article_file: str) -> Json:
    text = own_article_text(article_file)
    return {
        "number": number,
        "kind": "article",
        "law": None,
        "short_title": None,
        "article": None,
        "effective": None,
        "expired": None,
        "validity": "in_force",
        "published": TODAY.isoformat(),
        "title": own_article_titles()[article_file],
        "text": text,
        "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
    }


def whole_sentence(passage: Json) -> Json:
    """A sentence that quotes all of a passage and cites it."""
    text = passage["text"]
    return {"text": text, "citations": [passage["number"]], "role": "law", "quotes": [{"start": 0, "end": len(text)}]}


def answer_of(question: str, day: date, passages: Sequence[Json], sentences: Sequence[Json], **changes: Any) -> Json:
    """An answer in the program's JSON; ``changes`` replace what is named."""
    shown = "\n".join(sentence["text"] + "".join(f"[{n}]" for n in sentence["citations"]) for sentence in sentences)
    return {
        "question": question,
        "rewritten": None,
        "as_of": day.isoformat(),
        "declined": False,
        "reason": None,
        "mode": "quote",
        "model": "double",
        "text": shown,
        "safety": "",
        "sentences": list(sentences),
        "removed": [],
        "passages": list(passages),
        "notes": [],
        "timings": {"retrieve_ms": 3.0, "first_sentence_ms": 20.0, "total_ms": 50.0, "tokens_per_second": 100.0},
        "index": CORPUS_SHA256,
        "version": "0",
        **changes,
    }


def declined(question: str, day: date, reason: str) -> Json:
    timings = {"retrieve_ms": 3.0, "first_sentence_ms": None, "total_ms": 4.0, "tokens_per_second": None}
    return answer_of(question, day, (), (), declined=True, reason=reason, text="没有依据。", timings=timings)


def hit_of(passage: Json) -> Json:
    kept = {key: passage[key] for key in ("kind", "article", "title", "effective", "expired")}
    return {**kept, "law": passage["short_title"], "score": 1.0}


class RightAnswerer:
    """Cites all of one article of every gold group, in force on the case's day; declines what cannot be answered."""

    def __init__(self) -> None:
        self.case: EvaluationCase | None = None
        self.asked: list[str] = []

    def ingredients(self) -> Mapping[str, Any]:
        return {
            "settings_sha256": "s" * 64,
            "settings": {"model": "double"},
            "model": "double",
            "model_sha256": "m" * 64,
            "index": {"corpus_sha256": CORPUS_SHA256, "embedder": "double"},
            "version": "0",
        }

    def answer(self, case: EvaluationCase, mode: AnswerMode, as_of: date | None) -> Json:
        self.case = case
        self.asked.append(case.id)
        day = law_day(case, as_of or TODAY)
        if case.decline_reason:
            return declined(case.question, day, case.decline_reason.value)
        passages = self.passages(case, day)
        text = " ".join(_plain_words(fact) for fact in case.facts)
        answer = answer_of(case.question, day, passages, self.sentences(passages))
        return {**answer, "safety": text}

    def passages(self, case: EvaluationCase, day: date) -> list[Json]:
        """What retrieval shows: the gold first, then some articles that are not asked for."""
        gold = [_best_of(group, case, number, day) for number, group in enumerate(case.gold, 1)]
        rest = random.Random(case.id).sample(all_articles(), 4)
        return [*gold, *(statute_passage(number, article, day) for number, article in enumerate(rest, len(gold) + 1))]

    def sentences(self, passages: Sequence[Json]) -> list[Json]:
        assert self.case is not None
        return [whole_sentence(passage) for passage in passages[: len(self.case.gold)]]

    def hits(self, question: str, as_of: date) -> list[Json]:
        assert self.case is not None
        case = self.case
        return [hit_of(passage) for passage in self.passages(case, law_day(case, as_of))]


class RandomRetriever(RightAnswerer):
    """Broken retrieval: whatever is asked, some articles or other."""

    def passages(self, case: EvaluationCase, day: date) -> list[Json]:
        chosen = random.Random(f"random {case.id}").sample(all_articles(), 8)
        return [statute_passage(number, article, day) for number, article in enumerate(chosen, 1)]


class RandomCiter(RightAnswerer):
    """A model that says the right thing and puts any mark behind it."""

    def sentences(self, passages: Sequence[Json]) -> list[Json]:
        assert self.case is not None
        dice = random.Random(f"marks {self.case.id}")
        return [{**sentence, "citations": [dice.randint(1, len(passages))]} for sentence in super().sentences(passages)]


class NeverDeclining(RightAnswerer):
    """Answers everything, from any articles where there is nothing to cite."""

    def answer(self, case: EvaluationCase, mode: AnswerMode, as_of: date | None) -> Json:
        if case.decline_reason is None:
            return super().answer(case, mode, as_of)
        self.case = case
        passages = [
            statute_passage(number, article)
            for number, article in enumerate(random.Random(case.id).sample(all_articles(), 3), 1)
        ]
        return answer_of(case.question, as_of or TODAY, passages, [whole_sentence(passages[0])])


def _best_of(group: tuple[str, ...], case: EvaluationCase, number: int, day: date) -> Json:
    """The member of a gold group that bears the most facts, as a passage."""
    passages = []
    for reference in group:
        article = held_article(reference, lawbook(), day)
        if article is not None:
            passages.append(statute_passage(number, article, day))
        elif parse_gold(reference).article_file:
            passages.append(article_passage(number, reference.removeprefix("article:")))
    return passages[0]


def _plain_words(pattern: str) -> str:
    """The first alternative of a fact, as words."""
    return pattern.split("|")[0]
