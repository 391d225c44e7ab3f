"""Write ``index/asked_articles.tsv``: ``python -m index.training.count_asked --data DIR --statutes DIR``."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from index.asked import text_digest
from index.training.questions import QuestionOrigin, QuestionSet, load_questions

_ASKED = frozenset({QuestionOrigin.REAL, QuestionOrigin.WRITTEN, QuestionOrigin.CURRENT})


def asked_lines(questions: QuestionSet) -> list[str]:
    """One line an article: digest of its text, number of training questions, its name; most asked first."""
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    for question in questions.training:
        if question.origin in _ASKED:
            for place in set(question.gold):
                passage = questions.passages[place]
                digest = text_digest(passage.text)
                counts[digest] += 1
                names.setdefault(digest, passage.name)
    return [
        f"{digest}\t{count}\t{names[digest]}" for digest, count in sorted(counts.items(), key=lambda c: (-c[1], c[0]))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--statutes", type=Path, required=True)
    options = parser.parse_args()
    lines = asked_lines(load_questions(options.data, options.statutes))
    head = "# Digest of an article's text, number of training questions that it answers, its name. See index/asked.py."
    path = Path(__file__).parent.parent / "asked_articles.tsv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    print(f"{len(lines)} articles in {path.name}")


if __name__ == "__main__":
    main()
