"""Whether to answer at all, decided before the model runs: harmful requests, false premises, questions not borne out.

Rules come first (a request to hurt somebody, a law that does not exist); then a calibrated classifier says whether
the corpus bears the question out. A bare similarity threshold does not separate the two; here the question's own
vector speaks too, learned from questions whose article is held and questions whose article is not
(``assistant.training.train_gate``). What a model might remember plays no part.
"""

from __future__ import annotations

import json
import math
import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.records import DeclineReason
from corpus.records import ArticleNumber, SourceKind, Validity
from corpus.script import to_plain
from index.expansion import expand
from index.records import NoteKind, SearchResult
from index.searching import embedded_query

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FEATURES = (
    "best_dense",  # cosine of the best passage
    "third_dense",  # and of the third: one lucky hit is no field
    "best_sparse_per_term",  # BM25 of the best passage, shared out over the question's terms
    "covered_terms",  # share of the question's terms that the best three passages hold
    "agreement",  # how many of the best five both retrievers found
    "statutes",  # share of statutes among the best five
    "log_terms",  # length of the question in terms, as a logarithm
    "best_relevance",  # what the learned ranking says of the best passage, about 1 for the right one
    "third_relevance",
    "best_law",  # the same of the best passage of law
    "best_practice",  # and of the best of practice
)


class QueryEncoder(Protocol):
    """What of an embedder the gate needs."""

    @property
    def sha256(self) -> str: ...

    def encode_queries(self, texts: list[str]) -> npt.NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class GateDecision:
    """``reason`` None means: answer. ``probability`` that the corpus bears the question out; 1 where a rule decided.

    ``message`` is Chinese, said beside the reason; "" where the reason says everything.
    """

    reason: DeclineReason | None
    probability: float
    message: str = ""


def features(result: SearchResult) -> npt.NDArray[np.float32]:
    """Return the ``(len(FEATURES),)`` description of how well a search went; nothing found gives zeros."""
    passages = result.passages
    if not passages:
        return np.zeros(len(FEATURES), np.float32)
    dense = sorted((p.trace.dense_score or 0.0 for p in passages), reverse=True)
    sparse = max((p.trace.sparse_score or 0.0 for p in passages), default=0.0)
    terms = set(result.query_terms)
    covered = {term for p in passages[:3] for term in p.trace.matched_terms} & terms
    best = passages[:5]
    relevance = sorted((p.score for p in passages), reverse=True)
    law = max((p.score for p in passages if p.document.kind is SourceKind.STATUTE), default=0.0)
    practice = max((p.score for p in passages if p.document.kind is not SourceKind.STATUTE), default=0.0)
    both = sum(p.trace.dense_rank is not None and p.trace.sparse_rank is not None for p in best)
    statutes = sum(p.document.kind is SourceKind.STATUTE for p in best)
    return np.array(
        [
            dense[0],
            dense[min(2, len(dense) - 1)],
            sparse / max(len(terms), 1),
            len(covered) / max(len(terms), 1),
            both / 5,
            statutes / 5,
            math.log1p(len(terms)),
            relevance[0],
            relevance[min(2, len(relevance) - 1)],
            law,
            practice,
        ],
        np.float32,
    )


def gate_text(question: str) -> str:
    """Return the words of a question that its vector is made of: simplified, typos mended, terms of the field added."""
    return embedded_query(expand(question))


@dataclass(frozen=True, slots=True)
class Gate:
    """A logistic regression over the question's vector and the features above, with the threshold chosen for it.

    ``vector_weights`` belong to the embedder with ``embedder_sha256``; with another embedder the features decide
    alone, with weights of their own (``plain_weights``).
    """

    embedder_sha256: str
    vector_weights: npt.NDArray[np.float32]  # (dimension,)
    feature_weights: npt.NDArray[np.float32]  # (len(FEATURES),)
    bias: float
    threshold: float
    plain_weights: npt.NDArray[np.float32]  # (len(FEATURES),)
    plain_bias: float
    plain_threshold: float
    encoder: QueryEncoder | None = None

    def decide(self, question: str, result: SearchResult) -> GateDecision:
        """Return whether to answer ``question`` from ``result``, and why not."""
        return (
            harmful_request(question)
            or named_law_decision(result)
            or outside_decision(question, result)
            or self._borne_out(question, result)
        )

    def probability(self, question: str, result: SearchResult) -> tuple[float, float]:
        """Return the probability that the corpus bears the question out, and the threshold that it must reach."""
        found = features(result)
        if self.encoder is not None and self.encoder.sha256 == self.embedder_sha256:
            vector = self.encoder.encode_queries([gate_text(question)])[0]
            logit = float(vector @ self.vector_weights + found @ self.feature_weights) + self.bias
            return _sigmoid(logit), self.threshold
        return _sigmoid(float(found @ self.plain_weights) + self.plain_bias), self.plain_threshold

    def _borne_out(self, question: str, result: SearchResult) -> GateDecision:
        if any(passage.trace.exact and passage.validity is Validity.IN_FORCE for passage in result.passages[:3]):
            return GateDecision(None, 1.0)
        probability, threshold = self.probability(question, result)
        if not result.passages or probability < threshold:
            return GateDecision(DeclineReason.OUT_OF_SCOPE, probability)
        return GateDecision(None, probability)


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def load_gate(encoder: QueryEncoder | None) -> Gate:
    """Return the gate trained for the built-in corpus, reading questions through ``encoder``."""
    table = json.loads((files("assistant") / "models" / "gate.json").read_text(encoding="utf-8"))
    if tuple(table["features"]) != FEATURES:
        raise ValueError(
            "assistant/models/gate.json was trained for other features; run the recipe in assistant/training"
        )
    return Gate(
        embedder_sha256=table["embedder_sha256"],
        vector_weights=np.asarray(table["vector_weights"], np.float32),
        feature_weights=np.asarray(table["feature_weights"], np.float32),
        bias=table["bias"],
        threshold=table["threshold"],
        plain_weights=np.asarray(table["plain_weights"], np.float32),
        plain_bias=table["plain_bias"],
        plain_threshold=table["plain_threshold"],
        encoder=encoder,
    )


@dataclass(frozen=True, slots=True)
class _HarmfulRule:
    patterns: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...]
    references: tuple[str, ...]


# 民法典 婚姻家庭编 is held for debts alone; who owns the house after a divorce is another field, near as it sounds.
_MARRIAGE = range(1040, 1093)
_DEBT_WORDS = ("债", "欠", "借", "贷", "催收", "还钱")


def is_held_for(law: str, article: ArticleNumber, question: str) -> bool:
    """Return whether an article held is held to answer questions of this kind; ``law`` is a short title."""
    if law != "民法典" or article.number not in _MARRIAGE:
        return True
    return any(word in question for word in _DEBT_WORDS)


def outside_decision(question: str, result: SearchResult) -> GateDecision | None:
    """Return the decision to decline where the best law found is held for questions of another kind, else None."""
    best = next((p for p in result.passages if p.document.law is not None and p.chunk.article is not None), None)
    if best is None or best.trace.exact or best.document.law is None or best.chunk.article is None:
        return None
    if is_held_for(best.document.law.short_title, best.chunk.article, to_plain(question)):
        return None
    return GateDecision(DeclineReason.OUT_OF_SCOPE, 0.0)


@cache
def _harmful_rules() -> tuple[_HarmfulRule, ...]:
    table = tomllib.loads((files("assistant") / "harmful.toml").read_text(encoding="utf-8"))
    return tuple(
        _HarmfulRule(
            tuple(map(re.compile, rule["patterns"])),
            tuple(map(re.compile, rule["unless"])),
            tuple(rule["references"]),
        )
        for rule in table["rule"]
    )


def harmful_request(question: str) -> GateDecision | None:
    """Return the decision to decline a request to hurt somebody, naming the law that forbids it, else None."""
    plain = to_plain(question)
    squeezed = plain if plain.isascii() else re.sub(r"\s+", "", plain)
    for rule in _harmful_rules():
        if any(pattern.search(squeezed) for pattern in rule.patterns) and not any(
            pattern.search(squeezed) for pattern in rule.unless
        ):
            forbidden_by = "、".join(rule.references)
            return GateDecision(DeclineReason.HARMFUL, 1.0, f"这类行为为法律所禁止，见{forbidden_by}。")
    return None


def named_law_decision(result: SearchResult) -> GateDecision | None:
    """Return the decision where the question rests on a law or article that does not exist or is not held.

    Only where every reference of the question is of that kind; a question that also names an article held is answered,
    and the note says what was wrong with the rest.
    """
    if not result.notes or any(passage.trace.exact for passage in result.passages):
        return None
    kinds = {note.kind for note in result.notes}
    if kinds <= {NoteKind.NO_SUCH_LAW, NoteKind.NO_SUCH_ARTICLE}:
        return GateDecision(DeclineReason.FALSE_PREMISE, 1.0)
    if kinds <= {NoteKind.NO_SUCH_LAW, NoteKind.NO_SUCH_ARTICLE, NoteKind.NOT_HELD}:
        return GateDecision(DeclineReason.NOT_HELD, 1.0)
    return None
