"""Measure the built-in reader on held-out questions: ``python -m assistant.training.evaluate_reader --help``.

For each question, passages are found as a search would find them (static embedding and BM25 of this recipe, neither
of which saw the question), the prompt is the program's own and llama.cpp runs the GGUF. Then the orders of the units
are compared: the model's, with and without the retriever's prior, the retriever's alone, BM25 of the sentences, and
chance. Weights are chosen on one half of the questions and reported on the other.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from assistant.generation import LlamaCppModel
from assistant.prompting import labelled_units, quote_prompt
from assistant.records import NumberedPassage
from assistant.training.reader_data import (
    Article,
    Question,
    TrainingData,
    gold_flags,
    is_held_out,
    read_training_data,
    split_pieces,
)
from assistant.training.reader_network import StaticEmbedder
from assistant.training.train_reader import encode
from corpus.numerals import parse_article
from corpus.records import (
    Chunk,
    DocumentInfo,
    LawVersion,
    NormRank,
    SourceKind,
    Span,
    Validity,
)
from corpus.sentences import find_units
from index.records import RetrievedPassage, RetrieverTrace
from index.segmentation import segment
from index.sparse import build_sparse, count_terms, term_hashes

PASSAGES = 8
BM25_SHARE = 0.1  # of the z-scored sum; the best of the shared trial
SUPERSEDED = ("治安管理处罚法(2012)", "网络安全法(2016)")


@dataclass(frozen=True, slots=True)
class UnitFeatures:
    """What is known of one unit of one question; ``gold`` and ``gold_article`` are the truth."""

    choice: float
    judgement: float
    rank: int
    bm25: float
    place: int
    gold: bool
    gold_article: bool


@dataclass(frozen=True, slots=True)
class MeasuredQuestion:
    query: str
    domain: str
    units: list[UnitFeatures]
    end: float


def find_passages(
    data: TrainingData, tokenizer: Tokenizer, static: StaticEmbedder, domain: str, questions: Sequence[Question]
) -> Iterator[list[Article]]:
    """Yield the best articles of each question, best first: z-scored static similarity and BM25."""
    articles = [data.articles[id_] for id_ in data.domains[domain] if data.articles[id_].law not in SUPERSEDED]
    texts = [f"{article.law}{article.article} {article.text}" for article in articles]
    with torch.no_grad():
        encoded = encode(tokenizer, texts)
        vectors = np.concatenate([static(encoded[at : at + 2000]).numpy() for at in range(0, len(encoded), 2000)])
        asked = static(encode(tokenizer, [question.query for question in questions])).numpy()
    sparse = build_sparse([term_hashes(segment(text)) for text in texts])
    for question, vector in zip(questions, asked, strict=True):
        dense = vectors @ vector
        words = sparse.scores(count_terms(segment(question.query)))
        total = (dense - dense.mean()) / dense.std() + BM25_SHARE * (words - words.mean()) / (words.std() + 1e-9)
        yield [articles[place] for place in np.argsort(-total)[:PASSAGES]]


def numbered(number: int, article: Article) -> NumberedPassage:
    effective = date.fromisoformat(article.date) if article.date else None
    law = LawVersion(
        id=article.law,
        title=article.law,
        short_title=article.law,
        aliases=(),
        issuer="",
        doc_type="",
        rank=NormRank.LAW,
        published=None,
        first_effective=None,
        effective=effective,
        expired=None,
        superseded_by=None,
        amended_through=None,
        address="",
        checked=None,
        last_article=None,
        complete=True,
        held=(),
    )
    info = DocumentInfo(article.id, SourceKind.STATUTE, article.law, None, None, None, None, law)
    chunk = Chunk(
        article.id, article.id, article.text, Span(0, len(article.text)), (article.law,), parse_article(article.article)
    )
    passage = RetrievedPassage(chunk, info, number, 1 / number, Validity.IN_FORCE, RetrieverTrace())
    return NumberedPassage(number, passage, find_units(chunk, SourceKind.STATUTE))


def measure(model: LlamaCppModel, question: Question, found: Sequence[Article]) -> MeasuredQuestion | None:
    """Return what the model thinks of every unit; None where no gold unit was found or offered."""
    passages = [numbered(number, article) for number, article in enumerate(found, 1)]
    prompt = quote_prompt(model, question.query, [passage for passage in passages if passage.units])
    units = labelled_units(prompt)
    by_number = {number: article for number, article in enumerate(found, 1)}
    gold_units: set[tuple[int, str]] = set()
    for number, article in by_number.items():
        pieces = split_pieces(article)
        flags = gold_flags(pieces, question.gold.get(article.id))
        gold_units |= {(number, piece.unit) for piece, flag in zip(pieces, flags, strict=True) if flag}
    if not any((unit.number, unit.unit.text) in gold_units for unit in units):
        return None
    sparse = build_sparse([term_hashes(segment(unit.unit.text)) for unit in units])
    words = sparse.scores(count_terms(segment(question.query)))
    with model.start(prompt) as session:
        choices, end = session.label_logprobs([unit.label for unit in units])
        judgements = session.judgements
    features = [
        UnitFeatures(
            choice=choice,
            judgement=judgements[unit.label],
            rank=unit.rank,
            bm25=float(words[place]),
            place=place,
            gold=(unit.number, unit.unit.text) in gold_units,
            gold_article=by_number[unit.number].id in question.gold,
        )
        for place, (unit, choice) in enumerate(zip(units, choices, strict=True))
    ]
    return MeasuredQuestion(question.query, question.domain, features, end)


def log_sigmoid(value: float) -> float:
    return -math.log1p(math.exp(-value)) if value > 0 else value - math.log1p(math.exp(value))


def score(unit: UnitFeatures, choice: float, judgement: float, prior: float) -> float:
    return choice * unit.choice + judgement * log_sigmoid(unit.judgement) - prior * math.log(unit.rank)


def outcome(question: MeasuredQuestion, scores: Sequence[float]) -> tuple[float, float, float]:
    """Return (first is of a gold article, first is a gold sentence, nDCG@5 of gold sentences)."""
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    first = question.units[order[0]]
    gain = sum(question.units[place].gold / math.log2(at + 2) for at, place in enumerate(order[:5]))
    ideal = sum(1 / math.log2(at + 2) for at in range(min(5, sum(unit.gold for unit in question.units))))
    return float(first.gold_article), float(first.gold), gain / ideal


def mean_outcome(questions: Sequence[MeasuredQuestion], scores: Mapping[int, Sequence[float]]) -> list[float]:
    rows = [outcome(question, scores[place]) for place, question in enumerate(questions)]
    return [float(value) for value in np.mean(rows, axis=0)]


def orders(questions: Sequence[MeasuredQuestion], weights: tuple[float, float, float]) -> dict[str, list[float]]:
    """Return the mean outcome of every way to order."""
    rng = random.Random(0)
    ways: dict[str, Callable[[UnitFeatures], float]] = {
        "chance": lambda unit: rng.random(),
        "retriever's order": lambda unit: -unit.place,
        "BM25 of the sentence": lambda unit: unit.bm25,
        "BM25 of the sentence, then retriever": lambda unit: unit.bm25 - 3 * math.log(unit.rank),
        "model: choice": lambda unit: unit.choice,
        "model: judgement": lambda unit: unit.judgement,
        "model: both": lambda unit: score(unit, weights[0], weights[1], 0),
        "model and retriever": lambda unit: score(unit, *weights),
    }
    return {
        name: mean_outcome(questions, {p: [way(unit) for unit in q.units] for p, q in enumerate(questions)})
        for name, way in ways.items()
    }


def best_weights(questions: Sequence[MeasuredQuestion]) -> tuple[float, float, float]:
    """Return the weights (choice, judgement, prior) with the best nDCG@5 on ``questions``."""
    grid = itertools.product((0.0, 0.5, 1.0), (0.0, 0.5, 1.0), (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0))

    def quality(weights: tuple[float, float, float]) -> float:
        scores = {p: [score(unit, *weights) for unit in q.units] for p, q in enumerate(questions)}
        return mean_outcome(questions, scores)[2]

    return max((weights for weights in grid if any(weights[:2])), key=quality)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="the folder the training left its tokenizer in")
    parser.add_argument("--model", type=Path, required=True, help="the GGUF")
    parser.add_argument("--limit", type=int, default=400, help="questions a domain")
    options = parser.parse_args()
    data = read_training_data(options.data)
    tokenizer = Tokenizer.from_file(str(options.work / "tokenizer.json"))
    static = StaticEmbedder(tokenizer.get_vocab_size(), 320)
    static.load_state_dict(torch.load(options.work / "static.pt"))
    for domain in ("current law", "stard corpus"):
        asked = [q for q in data.questions if q.domain == domain and is_held_out(q.query) and all(q.gold.values())]
        asked = asked[: options.limit]
        measured: list[MeasuredQuestion] = []
        with LlamaCppModel(options.model) as model:
            for question, found in zip(asked, find_passages(data, tokenizer, static, domain, asked), strict=True):
                if row := measure(model, question, found):
                    measured.append(row)
        tuning, reported = measured[::2], measured[1::2]
        weights = best_weights(tuning)
        print(f"\n{domain}: {len(asked)} questions, gold among the passages in {len(measured)}, weights {weights}")
        print(f"{len(reported)} reported; units a question {np.mean([len(q.units) for q in reported]):.1f}")
        for name, values in orders(reported, weights).items():
            print(f"| {name} | " + " | ".join(f"{value:.3f}" for value in values) + " |")
        ends = [q.end > max(unit.choice for unit in q.units) for q in reported]
        print(json.dumps({"would end at once": round(float(np.mean(ends)), 3)}), flush=True)


if __name__ == "__main__":
    main()
