"""The recipe of the gate: ``python -m assistant.training.train_gate --data DIR [--out FILE]``.

Answerable are questions one of whose gold articles is held with the sentence that answers; unanswerable are those
whose gold articles are all of laws or articles not held. Questions of general knowledge are unanswerable, and
``gate_questions.txt`` adds what no set has: procedure, channels, small talk. Split by gold article, so that no
article lends questions to both parts. Prints the curve of missed and needless refusals on the part not used.

It needs scikit-learn, which sentence-transformers brings along.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from assistant.answering import CANDIDATES
from assistant.gating import FEATURES, features, gate_text, is_held_for
from corpus.errors import BadReference
from corpus.lawbook import LawBook, load_lawbook
from corpus.numerals import parse_article
from index.building import build_index
from index.embedding import load_embedder
from index.records import SearchQuery
from index.searching import open_index

Floats = npt.NDArray[np.float32]

# The day of the training texts' check; the law in force on it is what counts as held.
DAY = date(2026, 11, 21)
GENERAL_QUESTIONS = 2000
# Of the 17,000 whose article is not held; more changes nothing but the time.
NOT_HELD_QUESTIONS = 7000
TRAINED_SHARE = 0.7
# Missing a refusal costs a reader a beside-the-point answer, still verbatim law; a needless one leaves a frightened
# person with nothing. The threshold is the lowest that keeps missed refusals within this share. At 0.05, one in eight
# questions of the development part, worded more freely than the training questions, was refused; at 0.08, one in 11.
MISSED_GOAL = 0.08
# How much the few questions written for the gate weigh against the thousands collected.
WRITTEN_WEIGHT = 20.0


@dataclass(frozen=True, slots=True)
class GateExample:
    """A question, whether the corpus bears it out, and the group that keeps it in one part of the split."""

    question: str
    answerable: bool
    group: str
    weight: float
    source: str

    @property
    def is_trained_on(self) -> bool:
        return int(hashlib.sha256(self.group.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF < TRAINED_SHARE


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def is_held(gold: dict[str, Any], lawbook: LawBook) -> bool | None:
    """Return whether the gold article is held in force; None where the number is, but the sentence differs."""
    law = lawbook.resolve_title(gold["law"])
    versions = [v for v in lawbook.versions_of(law)] if law else []
    in_force = [v for v in versions if not v.expired or v.expired > DAY]
    try:
        number = parse_article(gold["article"])
    except BadReference:
        return None
    if not in_force or number not in in_force[-1].held:
        return False
    held = lawbook.article(in_force[-1].id, number)
    assert held is not None
    text = "".join(held.text.split())
    return True if any("".join(sentence.split()) in text for sentence in gold["sentences"]) else None


def _is_ours(question: str, gold: dict[str, Any], lawbook: LawBook) -> bool:
    """Return whether an article held is held for such a question."""
    law = lawbook.resolve_title(gold["law"])
    return law is None or is_held_for(law, parse_article(gold["article"]), question)


# Codes so wide that an article not held is another field of life: divorce beside privacy, theft beside extortion.
_WIDE_CODES = frozenset({"民法典", "刑法"})


def _is_near(gold: dict[str, Any], lawbook: LawBook) -> bool:
    """Return whether the law is held, the article is not: the corpus may well bear such a question out."""
    law = lawbook.resolve_title(gold["law"])
    return law is not None and law not in _WIDE_CODES and bool(lawbook.versions_of(law))


def examples(data: Path, lawbook: LawBook) -> list[GateExample]:
    """Return every example, in a fixed order."""
    found = []
    for row in read_rows(data / "questions.jsonl.gz"):
        states = [is_held(gold, lawbook) and _is_ours(row["query"], gold, lawbook) for gold in row["gold"]]
        group = row["gold"][0]["id"]
        if any(state is True for state in states):
            found.append(GateExample(row["query"], True, group, 1.0, "held"))
        elif all(state is False for state in states) and not any(_is_near(gold, lawbook) for gold in row["gold"]):
            found.append(GateExample(row["query"], False, group, 1.0, "not held"))
    general = sorted({row["query"] for row in read_rows(data / "pairs_general.jsonl.gz") if len(row["query"]) < 80})
    for question in random.Random(0).sample(general, GENERAL_QUESTIONS):
        found.append(GateExample(question, False, question, 1.0, "general"))
    written = (Path(__file__).parent / "gate_questions.txt").read_text(encoding="utf-8")
    for line in written.splitlines():
        if line[:2] in {"+ ", "- "}:
            question = line[2:].strip()
            found.append(GateExample(question, line[0] == "+", question, WRITTEN_WEIGHT, "written"))
    for article in sorted((Path(__file__).parents[2] / "corpus" / "articles").glob("*.md")):
        title = next(
            line[7:].strip() for line in article.read_text(encoding="utf-8").splitlines() if line[:7] == "title: "
        )
        found.append(GateExample(title, True, title, WRITTEN_WEIGHT, "written"))
    return [*thinned(found), *development_questions()]


def thinned(found: Sequence[GateExample]) -> list[GateExample]:
    """Return the examples with NOT_HELD_QUESTIONS of the questions whose article is not held, chosen by hash."""
    not_held = sorted((e for e in found if e.source == "not held"), key=lambda e: hash_share(e.question))
    dropped = {example.question for example in not_held[NOT_HELD_QUESTIONS:]}
    return [example for example in found if example.source != "not held" or example.question not in dropped]


def development_questions() -> Iterator[GateExample]:
    """Return the development part of the evaluation set, by topic; its test part is for nothing but the figures."""
    path = Path(__file__).parents[2] / "tests" / "evaluation" / "questions.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["split"] == "development" and not row["history"] and row["decline_reason"] in {None, "out_of_scope"}:
            topic = f"evaluation/{row['topic']}"
            yield GateExample(row["question"], row["answerable"], topic, WRITTEN_WEIGHT, "development")


def describe(found: Sequence[GateExample]) -> tuple[Floats, Floats, str]:
    """Return question vectors ``(n, d)``, features ``(n, len(FEATURES))`` and the embedder's hash."""
    embedder = load_embedder("builtin")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "index"
        build_index(place, embedder)
        index = open_index(place, embedder)
        rows = []
        started = time.perf_counter()
        for number, example in enumerate(found):
            rows.append(features(index.search(SearchQuery(example.question, DAY, k=CANDIDATES))))
            if number % 2000 == 1999:
                print(f"{number + 1} searched, {(time.perf_counter() - started) / (number + 1) * 1000:.1f} ms each")
    vectors = embedder.encode_queries([gate_text(example.question) for example in found])
    return np.asarray(vectors, np.float32), np.stack(rows), embedder.sha256


def fit(inputs: Floats, labels: npt.NDArray[np.bool_], weights: Floats, strength: float) -> tuple[Floats, float]:
    """Return weights and bias of a logistic regression with balanced classes; ``strength`` is sklearn's C."""
    balance = np.where(labels, weights[~labels].sum() / weights[labels].sum(), 1.0)
    model = LogisticRegression(C=strength, max_iter=2000).fit(inputs, labels, sample_weight=weights * balance)
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])


def curve(scores: Floats, labels: npt.NDArray[np.bool_]) -> list[tuple[float, float, float]]:
    """Return (threshold, missed refusals, needless refusals) for thresholds 0.02 to 0.98."""
    return [
        (float(t), float((scores[~labels] >= t).mean()), float((scores[labels] < t).mean()))
        for t in np.arange(0.02, 0.99, 0.02)
    ]


def choose_threshold(scores: Floats, labels: npt.NDArray[np.bool_]) -> float:
    """Return the lowest threshold at which missed refusals stay within MISSED_GOAL."""
    return next((t for t, missed, _ in curve(scores, labels) if missed <= MISSED_GOAL), 0.5)


def sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-values)), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "models" / "gate.json")
    options = parser.parse_args()
    found = examples(options.data, load_lawbook())
    vectors, described, embedder_sha256 = describe(found)
    labels = np.array([example.answerable for example in found])
    weights = np.array([example.weight for example in found], np.float32)
    trained = np.array([example.is_trained_on for example in found])
    # A third of the trained part chooses strength and threshold; the rest of it fits.
    tuning = trained & (np.array([hash_share(example.group + "/tuning") for example in found]) < 1 / 3)
    fitting = trained & ~tuning
    inputs = np.concatenate([vectors, described], axis=1)
    best: tuple[float, float] | None = None
    for strength in (0.03, 0.1, 0.3, 1.0, 3.0, 10.0):
        coefficients, bias = fit(inputs[fitting], labels[fitting], weights[fitting], strength)
        scores = sigmoid(inputs[tuning] @ coefficients + bias)
        threshold = choose_threshold(scores, labels[tuning])
        refused = (scores < threshold)[labels[tuning]]
        needless = float(np.average(refused, weights=weights[tuning][labels[tuning]]))
        print(f"C {strength}: threshold {threshold:.2f}, needless on tuning part {needless:.3f}")
        if best is None or needless < best[1]:
            best = (strength, needless)
    assert best is not None
    strength = best[0]
    coefficients, bias = fit(inputs[fitting], labels[fitting], weights[fitting], strength)
    threshold = choose_threshold(sigmoid(inputs[tuning] @ coefficients + bias), labels[tuning])
    plain, plain_bias = fit(described[fitting], labels[fitting], weights[fitting], 10.0)
    plain_threshold = choose_threshold(sigmoid(described[tuning] @ plain + plain_bias), labels[tuning])
    unseen = ~trained
    report = {
        "questions": {"fitted": int(fitting.sum()), "tuned": int(tuning.sum()), "unseen": int(unseen.sum())},
        "unseen": measure(sigmoid(inputs[unseen] @ coefficients + bias), labels[unseen], threshold),
        "unseen_without_vector": measure(
            sigmoid(described[unseen] @ plain + plain_bias), labels[unseen], plain_threshold
        ),
        "unseen_by_best_dense_alone": separation_of_one(described[:, 0], labels, tuning, unseen),
        "unseen_by_source": {
            source: by_source(found, inputs, labels, unseen, source, coefficients, bias, threshold)
            for source in ("held", "not held", "general", "written", "development")
        },
    }
    print(json.dumps(report, indent=1, ensure_ascii=False))
    options.out.write_text(
        json.dumps(
            {
                "made_by": "python -m assistant.training.train_gate",
                "embedder_sha256": embedder_sha256,
                "features": list(FEATURES),
                "vector_weights": [round(float(w), 4) for w in coefficients[: vectors.shape[1]]],
                "feature_weights": [round(float(w), 5) for w in coefficients[vectors.shape[1] :]],
                "bias": round(bias, 5),
                "threshold": round(threshold, 3),
                "plain_weights": [round(float(w), 5) for w in plain],
                "plain_bias": round(plain_bias, 5),
                "plain_threshold": round(plain_threshold, 3),
                "measured": report,
            },
            ensure_ascii=False,
            indent=1,
        )
        + "\n",
        encoding="utf-8",
    )


def hash_share(text: str) -> float:
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF


def measure(scores: Floats, labels: npt.NDArray[np.bool_], threshold: float) -> dict[str, Any]:
    """Return missed and needless refusals at the threshold, and the curve around it."""
    return {
        "threshold": round(threshold, 3),
        "missed_refusals": round(float((scores[~labels] >= threshold).mean()), 4),
        "needless_refusals": round(float((scores[labels] < threshold).mean()), 4),
        "curve": [
            [round(t, 2), round(missed, 4), round(needless, 4)] for t, missed, needless in curve(scores, labels)[::4]
        ],
    }


def separation_of_one(
    scores: Floats, labels: npt.NDArray[np.bool_], tuning: npt.NDArray[np.bool_], unseen: npt.NDArray[np.bool_]
) -> dict[str, float]:
    """Return what a bare similarity threshold would do: the same missed goal, on the same part."""
    threshold = float(np.quantile(scores[tuning & ~labels], 1 - MISSED_GOAL))
    return {
        "threshold": round(threshold, 3),
        "missed_refusals": round(float((scores[unseen & ~labels] >= threshold).mean()), 4),
        "needless_refusals": round(float((scores[unseen & labels] < threshold).mean()), 4),
    }


def by_source(
    found: Sequence[GateExample],
    inputs: Floats,
    labels: npt.NDArray[np.bool_],
    unseen: npt.NDArray[np.bool_],
    source: str,
    coefficients: Floats,
    bias: float,
    threshold: float,
) -> dict[str, float]:
    rows = unseen & np.array([example.source == source for example in found])
    scores = sigmoid(inputs[rows] @ coefficients + bias)
    wrong = (scores >= threshold) != labels[rows]
    return {"questions": int(rows.sum()), "wrong": round(float(wrong.mean()), 4) if rows.any() else 0.0}


if __name__ == "__main__":
    main()
