"""Questions and candidate articles for training and measuring, and which questions no training may see.

Reads the training folder (``stard_corpus``, ``stard_train``, ``questions``, ``pairs``: gzipped JSON lines) and a
folder of statutes in force (Markdown). It trains nothing and measures nothing.

What is kept apart, decided by hashes and so the same in every run:

- ``real``: every fifth question of STARD (real questions of laypeople), by the hash of its id. The keyword queries
  and lawyers' answers made from the same question leave the training with it.
- ``topic``: every twentieth article of law, by the hash of its name. A written question with any such article among
  its gold leaves the training, so no training question ever had that article as its answer.
- A training question that shares more than half of its four-character pieces with a held-out question is dropped.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

REAL_SHARE = 5  # one STARD question in five is held out
TOPIC_SHARE = 20  # one article in twenty is held out
NEAR_SHARE = 0.5  # of the four-character pieces

_ARTICLE_LINE = re.compile(r"^(第[零一二三四五六七八九十百千]+条(?:之[一二三四五六七八九十]+)?)[ 　](.*)$")
_HEADING = re.compile(r"^(#{1,6})\s+(.*)$")
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)


class QuestionOrigin(Enum):
    """Where a question comes from, which decides how it is held out and weighed."""

    REAL = "real"  # asked by laypeople (STARD)
    WRITTEN = "written"  # written for this project, over the STARD corpus
    CURRENT = "current"  # written for this project, over the law in force
    ANSWER = "answer"  # a STARD question with a lawyer's answer as its passage
    KEYWORDS = "keywords"  # search words with their article


@dataclass(frozen=True, slots=True)
class LawPassage:
    """One article of law as a candidate. ``law`` is without 中华人民共和国."""

    id: str
    law: str
    article: str
    headings: str
    text: str
    kind: str

    @property
    def name(self) -> str:
        return self.law + self.article


@dataclass(frozen=True, slots=True)
class Question:
    """A question with the places of its gold passages in ``QuestionSet.passages``."""

    text: str
    gold: tuple[int, ...]
    origin: QuestionOrigin


@dataclass(frozen=True, slots=True)
class Pair:
    """A query made from structure (chapter title, part of an article) and the place of its passage."""

    query: str
    passage: int


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """``passages`` hold first the ``stard_count`` candidates of STARD, then ``current_count`` articles in force that
    differ from them, then passages that occur only as positives of a training row."""

    passages: tuple[LawPassage, ...]
    stard_count: int
    current_count: int
    current: frozenset[int]  # places of all articles in force, also those equal to a STARD candidate
    training: tuple[Question, ...]
    pairs: tuple[Pair, ...]
    held_out: tuple[Question, ...]


def held_out_question(question_id: str) -> bool:
    """Whether the STARD question of this id is never trained on."""
    return _bucket(f"stard question {question_id}", REAL_SHARE)


def held_out_article(name: str) -> bool:
    """Whether the article of this name (民法典第一千零三十三条) is never the answer of a training question."""
    return _bucket(f"article {name}", TOPIC_SHARE)


def _bucket(key: str, share: int) -> bool:
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % share == 0


def load_questions(data: Path, statutes: Path) -> QuestionSet:
    """Read and split everything. Raises FileNotFoundError where a file of the training folder is missing."""
    pool = _PassagePool()
    for row in _rows(data / "stard_corpus.jsonl.gz"):
        pool.add_stard(row)
    stard_count = len(pool.passages)
    current = frozenset(pool.add(passage) for passage in read_statutes(statutes))
    current_count = len(pool.passages) - stard_count
    real = list(_rows(data / "stard_train.jsonl.gz"))
    written = list(_rows(data / "questions.jsonl.gz"))
    pairs = list(_rows(data / "pairs.jsonl.gz"))

    held_real = [row for row in real if held_out_question(row["query_id"])]
    questions = [(_written(row, pool), _names(row)) for row in written]
    held_out = [
        Question(row["query"], tuple(pool.by_id[gold] for gold in row["gold"]), QuestionOrigin.REAL)
        for row in held_real
    ]
    held_out += [question for question, names in questions if any(map(held_out_article, names))]

    training = [
        Question(row["query"], tuple(pool.by_id[gold] for gold in row["gold"]), QuestionOrigin.REAL)
        for row in real
        if not held_out_question(row["query_id"])
    ]
    training += [question for question, names in questions if not any(map(held_out_article, names))]
    held_texts = {row["query"] for row in held_real}
    held_keywords = {row["keywords"].replace("；", " ") for row in held_real}
    for row in pairs:
        if row["source"] == "lecoqa-answer" and row["query"] not in held_texts:
            training.append(Question(row["query"], (pool.add_text(row["positive"]),), QuestionOrigin.ANSWER))
        elif row["source"] == "lecoqa-keywords" and row["query"] not in held_keywords:
            training.append(Question(row["query"], (pool.add_text(row["positive"]),), QuestionOrigin.KEYWORDS))
    structural = tuple(
        Pair(row["query"][:200], pool.add_text(row["positive"]))
        for row in pairs
        if row["source"] in ("law-part-whole", "crime-name", "law-chapter")
    )
    return QuestionSet(
        passages=tuple(pool.passages),
        stard_count=stard_count,
        current_count=current_count,
        current=current,
        training=tuple(_far_from([question.text for question in held_out], training)),
        pairs=structural,
        held_out=tuple(held_out),
    )


def read_statutes(folder: Path) -> Iterator[LawPassage]:
    """Yield each article of the statute files in ``folder``, in file order; texts without 第…条 are passed over."""
    for path in sorted(folder.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        front = _FRONT_MATTER.match(text)
        if front is None:
            continue
        law = _front_value(front[1], "short_title") or path.stem
        yield from _articles(path.stem, law, _front_value(front[1], "doc_type") or "", text[front.end() :])


def _articles(file_name: str, law: str, kind: str, body: str) -> Iterator[LawPassage]:
    headings: dict[int, str] = {}
    article, lines = "", list[str]()
    for line in [*body.splitlines(), "# end"]:
        heading, opening = _HEADING.match(line), _ARTICLE_LINE.match(line)
        if (heading or opening) and article:
            # The first heading is the title of the law, which ``law`` already says.
            path = " ".join(headings[level] for level in sorted(headings) if headings[level] != law)
            yield LawPassage(file_name + article, law, article, path, "\n".join(lines), kind)
            article, lines = "", []
        if heading:
            level = len(heading[1])
            headings = {key: value for key, value in headings.items() if key < level} | {level: heading[2].strip()}
        elif opening:
            article, lines = opening[1], [opening[2].strip()]
        elif article and line.strip():
            lines.append(line.strip())


def _front_value(front: str, key: str) -> str | None:
    match = re.search(rf'^{key}:\s*"?(.*?)"?\s*$', front, re.MULTILINE)
    return match[1] if match else None


class _PassagePool:
    """Passages without doubles: two with the same law, article and text are one, so that rows of a batch which
    share a positive can be told by its place."""

    def __init__(self) -> None:
        self.passages: list[LawPassage] = []
        self.by_id: dict[str, int] = {}
        self._by_text: dict[str, int] = {}

    def add_stard(self, row: dict[str, Any]) -> None:
        law = row["law"].replace("中华人民共和国", "")
        passage = LawPassage(row["id"], law, row["article"], row.get("chapter") or "", row["text"], row["kind"])
        self.by_id[passage.id] = len(self.passages)
        self._by_text.setdefault(_key(passage.name, passage.text), len(self.passages))
        self.passages.append(passage)

    def add(self, passage: LawPassage) -> int:
        key = _key(passage.name, passage.text)
        if key not in self._by_text:
            self._by_text[key] = len(self.passages)
            self.passages.append(passage)
        self.by_id.setdefault(passage.id, self._by_text[key])
        return self._by_text[key]

    def add_text(self, text: str) -> int:
        """A positive known by its text alone, perhaps led by the name of its article and a line break."""
        name, _, rest = text.partition("\n")
        known = self._by_text.get(_key(name, rest)) if rest else None
        return known if known is not None else self.add(LawPassage(f"text {len(self.passages)}", "", "", "", text, ""))


def _key(name: str, text: str) -> str:
    return re.sub(r"\s", "", name + text)


def _written(row: dict[str, Any], pool: _PassagePool) -> Question:
    current = row["domain"] == "current law"
    places = []
    for gold in row["gold"]:
        law = gold["law"].replace("中华人民共和国", "")
        if gold["id"] in pool.by_id:
            places.append(pool.by_id[gold["id"]])
        else:  # an article that the statute folder does not hold: its answering sentences stand for it
            sentences = "".join(gold["sentences"])
            places.append(pool.add(LawPassage(gold["id"], law, gold["article"], "", sentences, "")))
    return Question(row["query"], tuple(places), QuestionOrigin.CURRENT if current else QuestionOrigin.WRITTEN)


def _names(row: dict[str, Any]) -> list[str]:
    return [gold["law"].replace("中华人民共和国", "") + gold["article"] for gold in row["gold"]]


def _far_from(held_out: Sequence[str], training: Iterable[Question]) -> Iterator[Question]:
    pieces_of: dict[str, set[int]] = {}
    for number, text in enumerate(held_out):
        for piece in _pieces(text):
            pieces_of.setdefault(piece, set()).add(number)
    for question in training:
        pieces = _pieces(question.text)
        shared: dict[int, int] = {}
        for piece in pieces:
            for number in pieces_of.get(piece, ()):
                shared[number] = shared.get(number, 0) + 1
        if max(shared.values(), default=0) <= NEAR_SHARE * max(1, len(pieces)):
            yield question


def _pieces(text: str) -> set[str]:
    plain = re.sub(r"\W", "", text)
    return {plain[start : start + 4] for start in range(max(1, len(plain) - 3))}


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
