"""How well the right article is found: ``python -m tests.benchmarks.bench_retrieval --data DIR --statutes DIR``.

Two sets, neither seen by any training: the held-out questions over the STARD articles (``index.training.questions``
says how they are kept apart), and the project's evaluation questions over the built-in corpus. Each way of ranking is
measured with ir-measures; the intervals are 95 % bootstrap over questions. ``--out`` writes JSON beside the table.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
from ir_measures import RR, R, nDCG

from index.building import build_index, import_laws
from index.embedding import Embedder, load_embedder
from index.records import RetrievedPassage, SearchQuery
from index.reranking import WEIGHTS, Weights
from index.searching import SearchIndex
from index.storage import open_stored
from index.training.questions import QuestionOrigin, load_questions

MEASURES = (R @ 5, R @ 10, R @ 20, R @ 100, RR @ 10, nDCG @ 10)
DEPTH = 100
STARD_DAY = date(2023, 7, 1)  # the STARD articles are law as of mid-2023
WRITTEN_DAY = date(2026, 11, 24)
EVALUATION = Path(__file__).parents[1] / "evaluation" / "questions.jsonl"

# From one retriever to everything, one step at a time.
RANKINGS: Mapping[str, Weights] = {
    "BM25": Weights(dense=0, covered=1, covered_added=0, cited=0, asked=0, title=0),
    "vectors": Weights(dense=1, covered=0, covered_added=0, cited=0, asked=0, title=0),
    "both": Weights(covered_added=0, cited=0, asked=0, title=0),
    "+ title": Weights(covered_added=0, cited=0, asked=0),
    "+ lay terms": Weights(cited=0, asked=0),
    "+ cited": Weights(asked=0),
    "+ asked (all)": WEIGHTS,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and its gold: any id of a group answers the group."""

    id: str
    text: str
    day: date
    gold: tuple[frozenset[str], ...]


def measure(index: SearchIndex, questions: Sequence[Asked]) -> dict[str, dict[str, float]]:
    """Return mean and 95 % interval of each measure."""
    qrels, run = [], []
    for question in questions:
        groups = {f"gold {number}": group for number, group in enumerate(question.gold)}
        qrels += [ir_measures.Qrel(question.id, name, 1) for name in groups]
        seen: set[str] = set()
        for passage in index.search(SearchQuery(question.text, question.day, k=DEPTH)).passages:
            own = _ids(passage)
            names = [name for name, group in groups.items() if group & own] or [passage.chunk.id]
            for name in names:
                if name not in seen:
                    seen.add(name)
                    run.append(ir_measures.ScoredDoc(question.id, name, 1 / passage.rank - len(seen) * 1e-9))
    values: dict[str, dict[str, float]] = {str(measure): {} for measure in MEASURES}
    for metric in ir_measures.iter_calc(MEASURES, qrels, run):
        values[str(metric.measure)][metric.query_id] = metric.value
    ids = [question.id for question in questions]
    return {name: _mean_and_interval([found.get(key, 0.0) for key in ids]) for name, found in values.items()}


def _mean_and_interval(values: Sequence[float]) -> dict[str, float]:
    sample = np.array(values)
    draws = np.random.default_rng(0).integers(0, len(sample), (2_000, len(sample)))
    low, high = np.quantile(sample[draws].mean(axis=1), (0.025, 0.975))
    return {"mean": round(float(sample.mean()), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def _ids(passage: RetrievedPassage) -> set[str]:
    ids = {passage.chunk.external_id or ""}
    law, source = passage.document.law, passage.document.source
    if law and passage.chunk.article:
        ids.add(f"{law.short_title}{passage.chunk.article}")
    if source and not law:
        ids.add(f"article:{source.path.stem}")
    return ids


# --- the two sets ----------------------------------------------------------------------------------------------


def stard_index(data: Path, place: Path, embedder: Embedder) -> None:
    """Import the STARD articles into an index of their own."""
    rows = place.parent / "stard.jsonl"
    with gzip.open(data / "stard_corpus.jsonl.gz", "rt", encoding="utf-8") as source:
        rows.write_text("".join(source), encoding="utf-8")
    import_laws(place, rows, embedder, alone=True)


def stard_questions(data: Path, statutes: Path) -> dict[str, list[Asked]]:
    """The held-out questions whose gold is among the STARD articles, by origin."""
    questions = load_questions(data, statutes)
    found: dict[str, list[Asked]] = {"real": [], "written": []}
    for number, question in enumerate(questions.held_out):
        if question.origin in (QuestionOrigin.REAL, QuestionOrigin.WRITTEN):
            gold = tuple(frozenset({questions.passages[place].id}) for place in sorted(set(question.gold)))
            found[question.origin.value].append(Asked(f"q{number}", question.text, STARD_DAY, gold))
    return found


def evaluation_questions() -> Iterator[tuple[str, Asked]]:
    """The answerable evaluation questions that stand alone, each with its split."""
    for line in EVALUATION.read_text(encoding="utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        if row["answerable"] and row["gold"] and not row["history"]:
            day = date.fromisoformat(row["as_of"]) if row["as_of"] else WRITTEN_DAY
            yield row["split"], Asked(row["id"], row["question"], day, tuple(map(frozenset, row["gold"])))


# --- the report ------------------------------------------------------------------------------------------------


def compare(place: Path, embedder: Embedder, sets: Mapping[str, Sequence[Asked]]) -> dict[str, Any]:
    """Measure every ranking on every set of one index."""
    stored = open_stored(place)
    return {
        name: {
            "questions": len(questions),
            "passages": stored.manifest.chunk_count,
            **{
                ranking: measure(SearchIndex(stored, embedder, weights), questions)
                for ranking, weights in RANKINGS.items()
            },
        }
        for name, questions in sets.items()
    }


def print_table(report: Mapping[str, Any]) -> None:
    names = [str(measure) for measure in MEASURES]
    for title, found in report.items():
        print(f"\n{title}: {found['questions']} questions, {found['passages']} passages\n")
        print("| ranking | " + " | ".join(names) + " |\n| --- |" + " ---: |" * len(names))
        for ranking in RANKINGS:
            cells = [f"{found[ranking][name]['mean']:.3f}" for name in names]
            first = found[ranking]["R@10"]
            print(f"| {ranking} | " + " | ".join(cells) + f" | R@10 {first['low']:.3f}–{first['high']:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="the training folder, for the STARD set")
    parser.add_argument("--statutes", type=Path, help="statutes in force, for the split of the STARD set")
    parser.add_argument("--embedder", default="builtin")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    embedder = load_embedder(options.embedder)
    report: dict[str, Any] = {"embedder": embedder.name, "embedder_sha256": embedder.sha256}
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        build_index(Path(folder) / "builtin", embedder)
        splits: dict[str, list[Asked]] = {}
        for split, asked in evaluation_questions():
            splits.setdefault(f"evaluation, {split}", []).append(asked)
        found |= compare(Path(folder) / "builtin", embedder, splits)
        if options.data:
            stard_index(options.data, Path(folder) / "stard", embedder)
            held_out = stard_questions(options.data, options.statutes)
            found |= compare(Path(folder) / "stard", embedder, {f"held out, {key}": held_out[key] for key in held_out})
    print_table(found)
    if options.out:
        options.out.write_text(json.dumps(report | found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
