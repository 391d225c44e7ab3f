"""Answers and search results as text, as the stable JSON of the machine interface, and as Markdown.

Nothing here decides anything; what is not in the record is not shown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

from assistant import wording
from assistant.records import Answer, AnswerSentence, NumberedPassage
from corpus.records import SourceKind, Span, UnitRole
from index.records import LookupNote, RetrievedPassage, SearchResult

# JSON values are not worth a type of their own.
Json = dict[str, Any]

_ROLE_ORDER = tuple(UnitRole)


def marks(sentence: AnswerSentence) -> str:
    """Return the citation marks of a sentence: ``[1][3]``."""
    return "".join(f"[{number}]" for number in sentence.citations)


def answer_text(sentences: Sequence[AnswerSentence], language: str = "zh") -> str:
    """Return the sentences with their marks, under one heading a role, in the order of an answer."""
    blocks = []
    for role in _ROLE_ORDER:
        lines = [f"{sentence.text}{marks(sentence)}" for sentence in sentences if sentence.role is role]
        if lines:
            blocks.append("\n".join([wording.ROLE_HEADINGS[role][language], *lines]))
    return "\n\n".join(blocks)


def source_title(passage: RetrievedPassage) -> str:
    """Return what names a passage: 《中华人民共和国民法典》第一千零三十三条, or an article's title."""
    document = passage.document
    if document.kind is SourceKind.STATUTE and document.law is not None:
        article = str(passage.chunk.article) if passage.chunk.article else ""
        return f"《{document.law.title}》{article}"
    return document.title


def source_details(passage: RetrievedPassage, language: str = "zh") -> tuple[str, ...]:
    """Return what a reader needs to weigh a source: rank and dates of a law; publisher, date, address of an article."""
    document = passage.document
    law = document.law
    if law is None:
        published = document.published.isoformat() if document.published else None
        return tuple(detail for detail in (document.publisher, published, document.address) if detail)
    since = wording.IN_FORCE_SINCE[language].format(day=law.effective) if law.effective else None
    until = wording.EXPIRED_SINCE[language].format(day=law.expired) if law.expired else None
    details = (law.rank.label, since or wording.DATE_NOT_VERIFIED[language], until, law.address)
    return tuple(detail for detail in details if detail)


def quoted_spans(answer: Answer, number: int) -> tuple[Span, ...]:
    """Return the places of passage ``number`` that the answer quotes, in order, each once."""
    spans = {span for sentence in answer.sentences if sentence.citations[:1] == (number,) for span in sentence.quotes}
    return tuple(sorted(spans))


def cited_passages(answer: Answer) -> tuple[NumberedPassage, ...]:
    """Return the passages that some sentence cites, by number."""
    cited = {number for sentence in answer.sentences for number in sentence.citations}
    return tuple(passage for passage in answer.passages if passage.number in cited)


def passages_text(passages: Sequence[NumberedPassage], language: str = "zh") -> str:
    """Return passages in full, as search mode answers: each under its name and what a reader weighs it by."""
    blocks = []
    for numbered in passages:
        details = "，".join(source_details(numbered.passage, language))
        name = f"[{numbered.number}] {source_title(numbered.passage)}（{details}）"
        blocks.append(f"{name}\n{numbered.passage.chunk.text.strip()}")
    return "\n\n".join(blocks)


def sources_text(answer: Answer, language: str = "zh") -> str:
    """Return the list of cited sources, each with its quoted words; "" for a declined answer."""
    lines = []
    for numbered in cited_passages(answer):
        title, details = source_title(numbered.passage), source_details(numbered.passage, language)
        lines.append(f"[{numbered.number}] {title}" + (f"（{'，'.join(details)}）" if details else ""))
        text = numbered.passage.chunk.text
        lines += [f"    “{one_line(span.of(text))}”" for span in quoted_spans(answer, numbered.number)]
    return "\n".join([wording.SOURCES[language], *lines]) if lines else ""


def one_line(text: str) -> str:
    """Return ``text`` with line breaks closed up, as Chinese is printed."""
    return re.sub(r"\s*\n\s*", "", text.strip())


def answer_json(answer: Answer) -> Json:
    """Return the object that ``faju ask --json`` prints. Its keys are an interface: they are added to, not changed."""
    return {
        "question": answer.question,
        "rewritten": answer.rewritten,
        "as_of": answer.as_of.isoformat(),
        "declined": answer.declined,
        "reason": answer.reason.value if answer.reason else None,
        "mode": answer.mode.value,
        "model": answer.model,
        "text": answer.text,
        "safety": answer.safety,
        "sentences": [
            {
                "text": sentence.text,
                "citations": list(sentence.citations),
                "role": sentence.role.value,
                "quotes": [{"start": span.start, "end": span.end} for span in sentence.quotes],
            }
            for sentence in answer.sentences
        ],
        "removed": [{"text": removed.text, "why": removed.why} for removed in answer.removed],
        "passages": [_numbered_json(answer, numbered) for numbered in answer.passages],
        "notes": [note_json(note) for note in answer.notes],
        "timings": {
            "retrieve_ms": round(answer.timings.retrieve_ms, 1),
            "first_sentence_ms": _rounded(answer.timings.first_sentence_ms),
            "total_ms": round(answer.timings.total_ms, 1),
            "tokens_per_second": _rounded(answer.timings.tokens_per_second),
        },
        "index": answer.index,
        "version": answer.version,
        "model_sha256": answer.model_sha256,
        "settings_sha256": answer.settings_sha256,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _numbered_json(answer: Answer, numbered: NumberedPassage) -> Json:
    spans = quoted_spans(answer, numbered.number)
    return {
        "number": numbered.number,
        **passage_json(numbered.passage),
        "quotes": [{"start": span.start, "end": span.end} for span in spans],
    }


def passage_json(passage: RetrievedPassage) -> Json:
    """Return a passage as JSON: the same fields for every kind, None where one does not apply."""
    document, chunk = passage.document, passage.chunk
    law = document.law
    return {
        "kind": document.kind.value,
        "law": law.title if law else None,
        "short_title": law.short_title if law else None,
        "article": str(chunk.article) if chunk.article else None,
        "rank_of_norm": law.rank.value if law else None,
        "effective": law.effective.isoformat() if law and law.effective else None,
        "expired": law.expired.isoformat() if law and law.expired else None,
        "validity": passage.validity.value,
        "title": document.title,
        "publisher": document.publisher,
        "published": document.published.isoformat() if document.published else None,
        "address": law.address if law else document.address,
        "headings": list(chunk.headings),
        "text": chunk.text,
        "text_sha256": hashlib.sha256(chunk.text.encode()).hexdigest(),
        "document_id": chunk.document_id,
        "chunk_id": chunk.id,
        "external_id": chunk.external_id,
        "score": round(passage.score, 6),
    }


def note_json(note: LookupNote) -> Json:
    """Return a remark of the exact lookup as JSON."""
    return {
        "kind": note.kind.value,
        "reference": note.reference.text,
        "message": note.message,
        "successor_law": note.successor_law,
        "successor_article": str(note.successor_article) if note.successor_article else None,
    }


def hit_json(passage: RetrievedPassage) -> Json:
    """Return one hit of ``faju search --jsonl``: law and article as short as they are cited, with the score."""
    document, chunk = passage.document, passage.chunk
    return {
        "law": document.law.short_title if document.law else document.title,
        "article": str(chunk.article) if chunk.article else None,
        "external_id": chunk.external_id,
        "score": round(passage.score, 6),
    }


def search_json(result: SearchResult) -> Json:
    """Return the object that ``faju search --json`` prints, with what each retriever thought of each passage."""
    return {
        "question": result.query.text,
        "as_of": result.query.as_of.isoformat(),
        "notes": [note_json(note) for note in result.notes],
        "hits": [
            {
                "rank": passage.rank,
                **passage_json(passage),
                "trace": {
                    "exact": passage.trace.exact,
                    "dense_rank": passage.trace.dense_rank,
                    "dense_score": passage.trace.dense_score,
                    "sparse_rank": passage.trace.sparse_rank,
                    "sparse_score": passage.trace.sparse_score,
                    "matched_terms": list(passage.trace.matched_terms),
                },
            }
            for passage in result.passages
        ],
    }


def answer_markdown(answer: Answer, language: str = "zh") -> str:
    """Return the whole answer as a Markdown file to keep or hand on: question, date, sentences, sources, notice.

    Words of the user and of sources are escaped: in a viewer they make no link and fetch no picture.
    """
    head = [f"# {_plain(answer.question)}", "", f"*{wording.AS_OF[language].format(day=answer.as_of)}*", ""]
    if answer.safety:
        head += [f"> {line}" for line in answer.safety.splitlines()] + [""]
    body = list(_markdown_lines(answer, language))
    return "\n".join([*head, *body, "", f"*{wording.NOT_A_LAWYER[language]}*", ""])


def _plain(text: str) -> str:
    from assistant.drafting import escape_markdown  # only a file that is saved needs it

    return escape_markdown(one_line(text))


def _markdown_lines(answer: Answer, language: str) -> Iterable[str]:
    if answer.declined:
        yield from map(_plain, answer.text.splitlines())
        return
    for role in _ROLE_ORDER:
        sentences = [sentence for sentence in answer.sentences if sentence.role is role]
        if sentences:
            yield f"## {wording.ROLE_HEADINGS[role][language]}"
            yield ""
            yield from (f"- {_plain(sentence.text)}{marks(sentence)}" for sentence in sentences)
            yield ""
    yield f"## {wording.SOURCES[language]}"
    yield ""
    for numbered in cited_passages(answer):
        yield f"{numbered.number}. {_plain(source_title(numbered.passage))}"
        yield from (f"   - {_plain(detail)}" for detail in source_details(numbered.passage, language))
        text = numbered.passage.chunk.text
        yield from (f"   > {_plain(span.of(text))}" for span in quoted_spans(answer, numbered.number))
