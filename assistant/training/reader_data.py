"""Questions, articles of law and their sentences -> examples for the reader.

An example is one prompt as ``assistant.prompting`` writes it (question, numbered passages, a label after every
sentence) and the labels of the sentences that answer. This module reads files and tokens; it does not train.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.reader_format import (
    ANSWER_END,
    LABEL_COUNT,
    READER_SYSTEM,
    SPECIAL_TOKENS,
    citation_mark,
    label_token,
    passage_heading,
    question_text,
)
from corpus.chunking import chunk_document
from corpus.citations import find_statute_refs
from corpus.lawbook import load_lawbook
from corpus.reading import read_builtin
from corpus.records import Chunk, SourceKind, Span, UnitRole
from corpus.sentences import find_units

HELD_OUT_SHARE = 20  # one question in twenty is for development


def is_held_out(query: str) -> bool:
    """Say whether a question is for development only: the first 32 bits of SHA-256 of its text, modulo 20, are 0.

    No model of the recipe sees such a question, the static embedder that starts it and finds negatives included.
    """
    return int.from_bytes(hashlib.sha256(query.encode()).digest()[:4], "big") % HELD_OUT_SHARE == 0


@dataclass(frozen=True, slots=True)
class Article:
    """A passage of the training corpus: an article of law, or a section of prose (``article`` is then empty)."""

    id: str
    law: str
    article: str
    date: str
    text: str
    document: str = ""
    role: UnitRole = UnitRole.LAW

    def chunk(self) -> Chunk:
        return Chunk(self.id, self.document, self.text, Span(0, len(self.text)), (self.law,))


@dataclass(frozen=True, slots=True)
class Question:
    """``gold`` maps the id of an article that answers to its sentences; none listed means the whole article."""

    query: str
    gold: dict[str, tuple[str, ...]]
    domain: str


@dataclass(slots=True)
class TrainingData:
    """``domains`` maps a domain to the ids of the articles that its negatives come from."""

    articles: dict[str, Article]
    questions: list[Question]
    domains: dict[str, list[str]]
    texts: list[str] = field(default_factory=list)


def read_rows(path: Path) -> list[dict[str, Any]]:  # JSON objects of another file's schema
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def read_statutes(folder: Path) -> Iterator[Article]:
    """Yield the articles of Markdown statute files, one paragraph an article, 第…条 first."""
    for path in sorted(folder.glob("*.md")):
        _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
        effective = re.search(r'^effective: "?([0-9-]+)', front, re.M)
        law = path.stem
        for block in body.split("\n\n"):
            match = re.match(r"(第[^\s　条]+条(?:之[一二三四五六七八九十]+)?)[\s　]+(.+)", block.strip(), re.S)
            if match:
                yield Article(f"{law}{match[1]}", law, match[1], effective[1] if effective else "", match[2].strip())


def read_training_data(folder: Path) -> TrainingData:
    """Read ``questions``, ``stard_corpus``, ``stard_train`` and lawyers' answers under ``folder``, and the statute
    files in ``../reference/statutes``.
    """
    articles: dict[str, Article] = {}
    for row in read_rows(folder / "stard_corpus.jsonl.gz"):
        law = row["law"].removeprefix("中华人民共和国")
        articles[row["id"]] = Article(row["id"], law, row["article"], row["date"] or "", row["text"])
    domains = {"stard corpus": list(articles)}
    current = list(read_statutes(folder.parent / "reference" / "statutes"))
    articles |= {article.id: article for article in current}
    domains["current law"] = [article.id for article in current]

    questions: list[Question] = []
    for row in read_rows(folder / "questions.jsonl.gz"):
        gold = {entry["id"]: tuple(entry["sentences"]) for entry in row["gold"] if entry["id"] in articles}
        if gold:
            questions.append(Question(row["query"], gold, row["domain"]))
    for row in read_rows(folder / "stard_train.jsonl.gz"):
        gold = {id_: () for id_ in row["gold"] if id_ in articles}
        if gold:
            questions.append(Question(row["query"], gold, "stard corpus"))
    # Lawyers' answers stand in for the prose of guides: their sentences answer, other answers' do not.
    domains["prose"] = []
    for number, row in enumerate(read_rows(folder / "pairs.jsonl.gz")):
        if row["source"] == "lecoqa-answer" and len(row["positive"]) > 20:
            id_ = f"prose-{number}"
            articles[id_] = Article(id_, row["query"][:24], "", "", row["positive"])
            domains["prose"].append(id_)
            questions.append(Question(row["query"], {id_: ()}, "prose"))
    texts = [row["text"] for row in read_rows(folder / "text" / "laws_national.jsonl.gz")]
    guides = {article.id: article for article in read_guides()}
    domains["guides"] = [*guides, *domains["current law"]]
    questions += guide_questions(guides, [q for q in questions if q.domain == "current law"])
    return TrainingData(articles | guides, questions, domains, texts)


def read_guides() -> Iterator[Article]:
    """Yield the sections of the built-in articles in plain Chinese."""
    for document in read_builtin():
        if document.info.kind is SourceKind.ARTICLE:
            for chunk in chunk_document(document):
                units = find_units(chunk, SourceKind.ARTICLE)
                if units:
                    heading = chunk.headings[-1]
                    title = (
                        document.info.title if heading == document.info.title else f"{document.info.title}：{heading}"
                    )
                    yield Article(chunk.id, title, "", "", chunk.text, document.info.id, units[0].role)


def guide_questions(guides: dict[str, Article], lay: Sequence[Question]) -> list[Question]:
    """Make questions that guides answer: their titles, and lay questions whose articles of law a guide explains.

    A sentence of a guide answers a lay question when it cites an article that does and shares a third of its pairs
    of characters with the sentence of law that does. What to do and where to complain, which cite nothing, are taken
    from the guide with most such sentences.
    """
    lawbook = load_lawbook()
    citing: dict[str, list[tuple[str, str]]] = {}
    sections: dict[str, list[str]] = {}
    for guide in guides.values():
        sections.setdefault(guide.document, []).append(guide.id)
        for piece in split_pieces(guide):
            for ref in find_statute_refs(piece.own, lawbook):
                if ref.law and ref.article:
                    citing.setdefault(f"{ref.law}{ref.article}", []).append((guide.id, piece.own))
    made = []
    for document in sections:
        title = guides[sections[document][0]].law.split("：")[0]
        whole: dict[str, tuple[str, ...]] = dict.fromkeys(sections[document], ())
        for query in {title, *(part for part in re.split("[，？?]", title) if len(part) >= 6)}:
            made.append(Question(query, whole, "guides"))
    for question in lay:
        found: dict[str, set[str]] = {}
        for article, sentences in question.gold.items():
            items = [sentence for sentence in sentences if sentence.startswith("（")]
            wanted = _pairs("".join(items or sentences))
            for id_, sentence in citing.get(article, ()):
                said = _pairs(sentence.split("（《")[0])
                if said and len(said & wanted) >= len(said) / 3:
                    found.setdefault(id_, set()).add(sentence)
        if not found:
            continue
        gold = {id_: tuple(sorted(sentences)) for id_, sentences in found.items()}
        best = max(
            sorted({guides[id_].document for id_ in found}), key=lambda d: sum(guides[i].document == d for i in found)
        )
        doing = {
            i: () for i in sections[best] if guides[i].role in (UnitRole.ACTION, UnitRole.CHANNEL) and i not in gold
        }
        made.append(Question(question.query, {**question.gold, **gold, **doing}, "guides"))
    return made


def _pairs(text: str) -> set[str]:
    return {text[place : place + 2] for place in range(len(text) - 1)}


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of a passage up to the end of one unit. ``unit`` is what an answer quotes, for an item its lead with it;
    ``own`` the last span of it. Both are empty for what follows the last unit.
    """

    text: str
    own: str
    unit: str


def split_pieces(article: Article) -> list[Piece]:
    """Cut a passage where its quotable units end; the pieces joined give its text."""
    kind = SourceKind.STATUTE if article.article else SourceKind.ARTICLE
    pieces: list[Piece] = []
    at = 0
    for unit in sorted(find_units(article.chunk(), kind), key=lambda unit: unit.spans[-1].end):
        last = unit.spans[-1]
        pieces.append(Piece(article.text[at : last.end], last.of(article.text), unit.text))
        at = last.end
    if article.text[at:].strip():
        pieces.append(Piece(article.text[at:], "", ""))
    return pieces


def gold_flags(pieces: Sequence[Piece], sentences: Sequence[str] | None) -> list[bool]:
    """Say of each piece whether its unit holds, or lies in, a sentence that answers.

    None gives none, () all units. Where only a lead answers, the items under it do.
    """
    if sentences is None:
        return [False] * len(pieces)
    if not sentences:
        return [bool(piece.unit) for piece in pieces]
    flags = [bool(p.unit) and any(s in p.own or p.own in s for s in sentences) for p in pieces]
    if not any(flags):
        flags = [bool(p.unit) and any(s in p.unit for s in sentences) for p in pieces]
    return flags


@dataclass(frozen=True, slots=True)
class Example:
    """Token ids and what is asked of them.

    ``judged`` are (position of a label, weight, whether its unit answers); at each ``choice`` (position, labels
    that are right there, labels still free) one label is to be chosen, ``ANSWER_END`` being number LABEL_COUNT.
    """

    ids: list[int]
    judged: list[tuple[int, float, bool]]
    choices: list[tuple[int, list[int], list[int]]]


class ExampleWriter:
    """Writes prompts as token ids; keeps the ids of every text it has seen."""

    def __init__(self, data: TrainingData, tokenizer: Any) -> None:  # tokenizers.Tokenizer
        self._data = data
        self._tokenizer = tokenizer
        self._ids: dict[str, list[int]] = {}
        self._pieces: dict[str, list[Piece]] = {}
        special = {token: tokenizer.token_to_id(token) for token in SPECIAL_TOKENS}
        self._labels = [special[label_token(number)] for number in range(LABEL_COUNT)]
        self._end = special[ANSWER_END]
        newline = self._plain("\n")
        self._newline = newline[0]
        start = special["<|im_start|>"]
        self._before = [start, *self._plain("system\n" + READER_SYSTEM), self._end, *newline]
        self._before += [start, *self._plain("user\n")]
        self._after = [self._end, *newline, start, *self._plain("assistant\n")]

    def _plain(self, text: str) -> list[int]:
        if text not in self._ids:
            self._ids[text] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return self._ids[text]

    def pieces(self, article: str) -> list[Piece]:
        if article not in self._pieces:
            self._pieces[article] = split_pieces(self._data.articles[article])
        return self._pieces[article]

    def write(
        self,
        question: Question,
        passages: Sequence[str],
        rng: random.Random,
        *,
        max_units: int = 6,
        in_order: bool = False,
    ) -> Example:
        """Return the prompt for ``passages`` (article ids, in their order) and the answer of its gold units.

        A passage of more than ``max_units`` units shows a run of them that holds a gold one. Labels are drawn
        at random so that each is learned, or count from 0 ``in_order`` as at run time.
        """
        ids = [*self._before, *self._plain(question_text(question.query))]
        free = list(range(LABEL_COUNT)) if in_order else rng.sample(range(LABEL_COUNT), LABEL_COUNT)
        judged: list[tuple[int, float, bool]] = []
        gold: list[tuple[int, str, int]] = []
        used: list[int] = []
        for number, id_ in enumerate(passages, 1):
            article = self._data.articles[id_]
            sentences = question.gold.get(id_)
            whole = self.pieces(id_)
            flags = gold_flags(whole, sentences)
            shown = self._window(flags, max_units, rng)
            ids += self._plain(passage_heading(number, article.law, article.article, article.date))
            for place, (piece, answers) in enumerate(zip(whole[shown], flags[shown], strict=True)):
                ids += self._plain(piece.text if place else piece.text.lstrip("\n"))
                if piece.unit and len(used) < LABEL_COUNT:
                    label = free[len(used)]
                    used.append(label)
                    ids.append(self._labels[label])
                    weight = 0.5 if sentences is not None and not answers else 1.0
                    judged.append((len(ids) - 1, weight, answers))
                    if answers:
                        gold.append((label, piece.unit, number))
            if ids[-1] != self._newline:
                ids.append(self._newline)
        ids += self._after
        return self._answer(ids, judged, gold, used, rng, whole=any(not s for s in question.gold.values()))

    def _answer(
        self,
        ids: list[int],
        judged: list[tuple[int, float, bool]],
        gold: list[tuple[int, str, int]],
        used: list[int],
        rng: random.Random,
        whole: bool,
    ) -> Example:
        choices: list[tuple[int, list[int], list[int]]] = []
        rng.shuffle(gold)
        rest = [label for label, _, _ in gold]
        for label, unit, number in gold[: 2 if whole else 4]:
            free = [other for other in used if other in rest or all(other != g[0] for g in gold)]
            choices.append((len(ids) - 1, list(rest), [*free, LABEL_COUNT]))
            ids += [self._labels[label], *self._plain(unit), *self._plain(citation_mark(number) + "\n")]
            rest.remove(label)
        if not whole and not rest:
            taken = {label for label, _, _ in gold}
            choices.append((len(ids) - 1, [LABEL_COUNT], [*(u for u in used if u not in taken), LABEL_COUNT]))
        return Example(ids, judged, choices)

    @staticmethod
    def _window(flags: Sequence[bool], max_units: int, rng: random.Random) -> slice:
        if len(flags) <= max_units:
            return slice(0, len(flags))
        answering = [place for place, answers in enumerate(flags) if answers]
        anchor = rng.choice(answering) if answering else rng.randrange(len(flags))
        start = max(0, min(anchor - rng.randrange(max_units), len(flags) - max_units))
        return slice(start, start + max_units)
