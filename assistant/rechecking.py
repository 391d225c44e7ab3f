"""Checks a stored answer again, later or elsewhere: ``faju ask --json > answer.json``, ``faju verify answer.json``.

Nothing of the answer is believed: each passage must stand in the corpus of today with the hash that it was stored
with, each sentence must pass the checks of ``assistant.verification`` again, each reference must exist and be in
force on the day that the answer was given for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from assistant import rendering, wording
from assistant.errors import BadAnswerFile
from assistant.explaining import prose_objection
from assistant.records import AnswerMode, AnswerSentence, NumberedPassage
from assistant.verification import Verifier, same_words
from corpus.citations import find_statute_refs
from corpus.errors import BadReference
from corpus.lawbook import LawBook
from corpus.numerals import parse_article
from corpus.reading import read_builtin
from corpus.records import Chunk, Document, DocumentInfo, SourceKind, Span, UnitRole, Validity
from corpus.validity import ReferenceState, check_reference, validity_on
from index.records import RetrievedPassage, RetrieverTrace
from index.storage import StoredIndex

Value = TypeVar("Value")
Chosen = TypeVar("Chosen", bound=Enum)

# --- the report ------------------------------------------------------------------------------------------------


class Checked(Enum):
    """What a row of the report is about."""

    ANSWER = "answer"
    PASSAGE = "passage"
    SENTENCE = "sentence"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check: ``subject`` is what was looked at, ``finding`` one Chinese line."""

    kind: Checked
    subject: str
    passed: bool
    finding: str


@dataclass(frozen=True, slots=True)
class RecheckReport:
    """Every check of one answer, in its order. ``remarks`` say what differs without being wrong."""

    question: str
    as_of: date
    rows: tuple[CheckRow, ...]
    remarks: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return all(row.passed for row in self.rows)

    @property
    def failures(self) -> tuple[CheckRow, ...]:
        return tuple(row for row in self.rows if not row.passed)


def report_json(report: RecheckReport) -> dict[str, Any]:
    """Return the object that ``faju verify --json`` prints."""
    return {
        "question": report.question,
        "as_of": report.as_of.isoformat(),
        "passed": report.passed,
        "rows": [
            {"kind": row.kind.value, "subject": row.subject, "passed": row.passed, "finding": row.finding}
            for row in report.rows
        ],
        "remarks": list(report.remarks),
    }


# --- what was stored -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage as an answer file has it. ``quotes`` are the places that the file says are quoted."""

    number: int
    kind: SourceKind
    title: str
    law: str | None
    article: str | None
    text: str
    text_sha256: str
    document_id: str
    chunk_id: str
    effective: date | None
    expired: date | None
    validity: Validity
    headings: tuple[str, ...]
    quotes: tuple[Span, ...]

    @property
    def name(self) -> str:
        return f"[{self.number}] " + (f"《{self.law}》{self.article or ''}" if self.law else self.title)


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What an answer file holds, as far as it can be checked."""

    question: str
    rewritten: str | None
    as_of: date
    mode: AnswerMode
    declined: bool
    text: str
    sentences: tuple[AnswerSentence, ...]
    passages: tuple[StoredPassage, ...]
    index: str
    version: str


def read_answers(path: Path) -> tuple[StoredAnswer, ...]:
    """Return the answers in a file that ``faju ask --json`` or ``--jsonl`` wrote. Raises BadAnswerFile."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadAnswerFile(f"{path} is not UTF-8 text; give a file that faju ask --json wrote") from None
    except OSError as error:
        raise BadAnswerFile(f"{path} cannot be read: {error.strerror}") from error
    objects = list(_objects(text, path))
    if not objects:
        raise BadAnswerFile(f"{path} is empty; give a file that faju ask --json wrote")
    return tuple(parse_answer(value, place) for place, value in objects)


def _objects(text: str, path: Path) -> Iterator[tuple[str, Any]]:
    """The one object of a file, or the one of each line, with where it stands."""
    try:
        yield f"{path}", json.loads(text)
        return
    except (json.JSONDecodeError, RecursionError) as error:
        if len(text.splitlines()) < 2 or not text.lstrip().startswith("{"):
            raise BadAnswerFile(f"{path} is not JSON ({error}); give a file that faju ask --json wrote") from None
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield f"{path}, line {number}", json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                raise BadAnswerFile(f"{path}, line {number} is not JSON ({error})") from None


def parse_answer(value: Any, place: str) -> StoredAnswer:
    """Return the answer that the JSON ``value`` holds. Raises BadAnswerFile, naming ``place`` and the field."""
    fields = _Fields(value, place)
    return StoredAnswer(
        question=fields.text("question"),
        rewritten=fields.optional_text("rewritten"),
        as_of=fields.required_day("as_of"),
        mode=fields.choice("mode", AnswerMode),
        declined=fields.of_type("declined", bool),
        text=fields.text("text"),
        sentences=tuple(_sentence(item) for item in fields.objects("sentences")),
        passages=tuple(_passage(item) for item in fields.objects("passages")),
        index=fields.text("index"),
        version=fields.text("version"),
    )


def _sentence(fields: _Fields) -> AnswerSentence:
    return AnswerSentence(
        text=fields.text("text"),
        citations=tuple(fields.whole_numbers("citations")),
        role=fields.choice("role", UnitRole),
        quotes=fields.spans("quotes"),
    )


def _passage(fields: _Fields) -> StoredPassage:
    return StoredPassage(
        number=fields.of_type("number", int),
        kind=fields.choice("kind", SourceKind),
        title=fields.text("title"),
        law=fields.optional_text("law"),
        article=fields.optional_text("article"),
        text=fields.text("text"),
        text_sha256=fields.text("text_sha256"),
        document_id=fields.text("document_id"),
        chunk_id=fields.text("chunk_id"),
        effective=fields.day("effective"),
        expired=fields.day("expired"),
        validity=fields.choice("validity", Validity),
        headings=tuple(str(heading) for heading in fields.of_type("headings", list)),
        quotes=fields.spans("quotes"),
    )


class _Fields:
    """Reads the fields of one JSON object and says where a wrong one stands."""

    def __init__(self, value: Any, place: str) -> None:
        if not isinstance(value, dict):
            raise BadAnswerFile(f"{place} holds no JSON object; give a file that faju ask --json wrote")
        self._values: Mapping[str, Any] = value
        self._place = place

    def of_type(self, name: str, kind: type[Value]) -> Value:
        if name not in self._values:
            raise BadAnswerFile(f"{self._place} is no answer of faju: the field {name!r} is missing")
        value = self._values[name]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self._wrong(name, kind.__name__)
        return value

    def text(self, name: str) -> str:
        return self.of_type(name, str)

    def optional_text(self, name: str) -> str | None:
        return None if self._values.get(name) is None else self.text(name)

    def required_day(self, name: str) -> date:
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            raise self._wrong(name, "date") from None

    def day(self, name: str) -> date | None:
        return None if self._values.get(name) is None else self.required_day(name)

    def choice(self, name: str, kind: type[Chosen]) -> Chosen:
        try:
            return kind(self.text(name))
        except ValueError:
            raise self._wrong(name, "/".join(str(choice.value) for choice in kind)) from None

    def objects(self, name: str) -> list[_Fields]:
        return [_Fields(item, f"{self._place}, {name}[{place}]") for place, item in enumerate(self.of_type(name, list))]

    def whole_numbers(self, name: str) -> list[int]:
        numbers = self.of_type(name, list)
        if not all(isinstance(number, int) and not isinstance(number, bool) for number in numbers):
            raise self._wrong(name, "list of numbers")
        return numbers

    def spans(self, name: str) -> tuple[Span, ...]:
        try:
            return tuple(Span(item.of_type("start", int), item.of_type("end", int)) for item in self.objects(name))
        except ValueError:
            raise self._wrong(name, "list of start <= end") from None

    def _wrong(self, name: str, wanted: str) -> BadAnswerFile:
        return BadAnswerFile(f"{self._place} is no answer of faju: the field {name!r} is no {wanted}")


# --- what it is checked against --------------------------------------------------------------------------------


class Sources:
    """The documents of today by id: laws of the book, the index (None where there is none), our own articles."""

    def __init__(self, lawbook: LawBook, index: StoredIndex | None) -> None:
        self.lawbook = lawbook
        self.index = index

    def find(self, passage: StoredPassage) -> Document | None:
        """The document that the passage is from; failing its id, one of the same title that has the same words.

        An article of ours gets a new id with every correction; the passage may well be in it unchanged.
        """
        if self.lawbook.version(passage.document_id) is not None:
            return self.lawbook.document(passage.document_id)
        row = self.index.document_row(passage.document_id) if self.index else None
        if self.index and row is not None:
            return self.index.document(row)
        if passage.document_id in self._own:
            return self._own[passage.document_id]
        renewed = (document for document in self._own.values() if document.info.title == passage.title)
        return next((document for document in renewed if passage.text in document.text), None)

    @cached_property
    def _own(self) -> dict[str, Document]:
        return {document.info.id: document for document in read_builtin()}


# --- checking --------------------------------------------------------------------------------------------------


def recheck(answer: StoredAnswer, sources: Sources, day: date | None = None) -> RecheckReport:
    """Return every check of ``answer`` by the law of ``day``, by default the day that it was given for."""
    return _Recheck(answer, sources, day or answer.as_of).report()


@dataclass(frozen=True)
class _Recheck:
    answer: StoredAnswer
    sources: Sources
    day: date

    def report(self) -> RecheckReport:
        answer = self.answer
        rows = [*self._of_answer()]
        rows += [self._of_passage(passage) for passage in answer.passages]
        for sentence in answer.sentences:
            rows.append(self._of_sentence(sentence))
            rows += self._of_references(sentence)
        return RecheckReport(answer.question, self.day, tuple(rows), tuple(self._remarks()))

    def _remarks(self) -> Iterator[str]:
        if self.day != self.answer.as_of:
            yield f"回答按{self.answer.as_of}的法律作出，这里按{self.day}的法律核对。"
        index = self.sources.index
        if index is None:
            yield "本机没有索引，自己添加的文件无法核对。"
        elif index.manifest.corpus_sha256 != self.answer.index:
            yield "语料在回答之后有过变动；下面逐段核对的是现在的语料。"

    # --- the answer as a whole

    def _of_answer(self) -> Iterator[CheckRow]:
        answer = self.answer
        numbers = [passage.number for passage in answer.passages]
        if len(set(numbers)) != len(numbers):
            yield _row(Checked.ANSWER, "编号", "两段材料用了同一个编号")
        if answer.declined:
            cites = bool(answer.sentences or answer.passages)
            yield _row(Checked.ANSWER, "拒绝回答", "声明不作回答，却带有句子或材料" if cites else None)
        elif answer.mode is AnswerMode.SEARCH:
            missing = [passage.name for passage in answer.passages if passage.text.strip() not in answer.text]
            yield _row(Checked.ANSWER, "显示的文字", f"缺少材料{missing[0]}的原文" if missing else None)
        else:
            shown = {rendering.answer_text(answer.sentences, language) for language in wording.AS_OF}
            same = answer.text in shown
            yield _row(Checked.ANSWER, "显示的文字", None if same else "与经过核对的句子不一致")

    # --- passages

    def _of_passage(self, passage: StoredPassage) -> CheckRow:
        return _row(Checked.PASSAGE, passage.name, self._passage_objection(passage))

    def _passage_objection(self, passage: StoredPassage) -> str | None:
        digest = hashlib.sha256(passage.text.encode("utf-8", "surrogatepass")).hexdigest()
        if digest != passage.text_sha256:
            return "文字被改动过：与记录的 SHA-256 不符"
        document = self.sources.find(passage)
        if document is None:
            return "现在的语料里没有这份材料"
        if passage.text not in (self._article_text(passage, document) or ""):
            return "与现在语料里的原文不一致"
        if document.info.kind is not passage.kind:
            return f"材料的种类不对：语料里是{document.info.kind.value}"
        law = document.info.law
        if law is None:
            return self._quotes_objection(passage)
        if (law.title, law.effective, law.expired) != (passage.law, passage.effective, passage.expired):
            return f"法律的名称或者起止日期与语料不一致：语料里是《{law.title}》，{_period(law.effective, law.expired)}"
        if validity_on(law, self.answer.as_of) is not passage.validity:
            return f"在{self.answer.as_of}的效力与记录的不一致"
        return self._quotes_objection(passage)

    def _article_text(self, passage: StoredPassage, document: Document) -> str | None:
        """What the passage must stand in: its article, or the whole document where it is of none."""
        if document.info.law is None or passage.article is None:
            return document.text
        try:
            number = parse_article(passage.article)
        except BadReference:
            return None
        sections = (section for section in document.sections if section.article == number)
        return next((section.span.of(document.text) for section in sections), None)

    def _quotes_objection(self, passage: StoredPassage) -> str | None:
        spoken = {
            span for item in self.answer.sentences if item.citations[:1] == (passage.number,) for span in item.quotes
        }
        return None if spoken == set(passage.quotes) else "标出的引文与各句的引文不一致"

    @cached_property
    def _passages(self) -> tuple[NumberedPassage, ...]:
        """The stored passages as an answer has them, with what the corpus of today says of their documents."""
        return tuple(self._numbered(passage) for passage in self.answer.passages)

    def _numbered(self, passage: StoredPassage) -> NumberedPassage:
        document = self.sources.find(passage)
        # Unknown documents get no law: what they say then counts as an article's words, never as law.
        info = document.info if document else _unknown(passage)
        try:
            article = parse_article(passage.article) if passage.article and info.law else None
        except BadReference:
            article = None
        chunk = Chunk(
            id=passage.chunk_id,
            document_id=passage.document_id,
            text=passage.text,
            span=Span(0, len(passage.text)),
            headings=passage.headings,
            article=article,
        )
        validity = validity_on(info.law, self.day) if info.law else Validity.IN_FORCE
        retrieved = RetrievedPassage(chunk, info, passage.number, 0.0, validity, RetrieverTrace())
        return NumberedPassage(passage.number, retrieved, ())

    # --- sentences

    @cached_property
    def _verifier(self) -> Verifier:
        return Verifier(self.sources.lawbook, self.day, self._passages)

    def _of_sentence(self, sentence: AnswerSentence) -> CheckRow:
        return _row(Checked.SENTENCE, _short(sentence.text), self._sentence_objection(sentence))

    def _sentence_objection(self, sentence: AnswerSentence) -> str | None:
        if self.answer.mode is AnswerMode.QUOTE:
            return self._verifier.objection(sentence, AnswerMode.QUOTE)
        objection = prose_objection(sentence, self._verifier, self.answer.rewritten or self.answer.question)
        if objection is not None:
            return objection
        text = next(passage.text for passage in self.answer.passages if passage.number == sentence.citations[0])
        said = same_words(sentence.text)
        if all(same_words(span.of(text)) in said for span in sentence.quotes):
            return None
        return "标出的引文与句子不一致"

    def _of_references(self, sentence: AnswerSentence) -> Iterator[CheckRow]:
        """One row for each article that the sentence names.

        Law that quotes law is exempt as in ``assistant.verification``: official text may name what has moved since.
        """
        first = next((item for item in self._passages if item.number in sentence.citations[:1]), None)
        law = first.passage.document.law if first else None
        is_official = law is not None and self.answer.mode is AnswerMode.QUOTE
        for reference in find_statute_refs(sentence.text, self.sources.lawbook, law.short_title if law else None):
            if reference.article is not None:
                verdict = check_reference(self.sources.lawbook, reference, self.day)
                passed = is_official or verdict.state in _STANDS
                yield CheckRow(Checked.REFERENCE, _short(reference.text), passed, verdict.message)


_STANDS = frozenset({ReferenceState.IN_FORCE, ReferenceState.NOT_HELD})


def _unknown(passage: StoredPassage) -> DocumentInfo:
    return DocumentInfo(
        id=passage.document_id,
        kind=SourceKind.DOCUMENT,
        title=passage.title,
        publisher=None,
        published=None,
        address=None,
        source=None,
        law=None,
        collection="unknown",
    )


def _row(kind: Checked, subject: str, objection: str | None) -> CheckRow:
    return CheckRow(kind, subject, objection is None, objection or "一致")


def _short(text: str) -> str:
    line = rendering.one_line(text)
    return line if len(line) <= 40 else f"{line[:39]}…"


def _period(effective: date | None, expired: date | None) -> str:
    return f"{effective or '施行日未核实'}起施行" + (f"，{expired}起失效" if expired else "")
