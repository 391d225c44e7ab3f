"""Small real records for the tests of this room: 治安管理处罚法第五十条 old and new, and an article with an address."""

from __future__ import annotations

from datetime import date

from assistant.numbering import number_passages
from assistant.records import Answer, AnswerMode, AnswerSentence, NumberedPassage, Timings
from corpus.lawbook import LawBook
from corpus.numerals import parse_article
from corpus.records import Chunk, DocumentInfo, SourceKind, Span, Validity
from index.records import RetrievedPassage, RetrieverTrace

DAY = date(2026, 11, 24)


def statute_passage(
    lawbook: LawBook, version_id: str, article: str, rank: int = 1, validity: Validity = Validity.IN_FORCE
) -> RetrievedPassage:
    """A passage that is one article of a law held, at its own place 0."""
    held = lawbook.article(version_id, parse_article(article))
    assert held is not None, f"{version_id} does not hold {article}"
    info = DocumentInfo(
        id=version_id,
        kind=SourceKind.STATUTE,
        title=held.version.title,
        publisher=None,
        published=held.version.published,
        address=held.version.address,
        source=None,
        law=held.version,
    )
    chunk = Chunk(
        id=f"{version_id}/{article}",
        document_id=version_id,
        text=held.text,
        span=Span(0, len(held.text)),
        headings=held.headings,
        article=held.number,
    )
    return RetrievedPassage(chunk, info, rank, 1.0 / rank, validity, RetrieverTrace())


def article_passage(text: str, title: str = "一篇文章", heading: str = "怎么做", rank: int = 1) -> RetrievedPassage:
    """A passage of a page found on the web."""
    info = DocumentInfo(
        id="page",
        kind=SourceKind.ARTICLE,
        title=title,
        publisher="某律师事务所",
        published=date(2024, 3, 1),
        address="https://example.org/a.html",
        source=None,
        law=None,
        collection="added",
    )
    chunk = Chunk(id="page/1", document_id="page", text=text, span=Span(0, len(text)), headings=(title, heading))
    return RetrievedPassage(chunk, info, rank, 0.5, Validity.IN_FORCE, RetrieverTrace())


def quoting_sentence(numbered: NumberedPassage, containing: str) -> AnswerSentence:
    """The unit of the passage that contains these words, as quote mode would release it."""
    unit = next(unit for unit in numbered.units if containing in unit.text)
    return AnswerSentence(unit.text, (numbered.number,), unit.role, unit.spans)


def answer_with(lawbook: LawBook) -> Answer:
    """An answer of one quoted sentence from 治安管理处罚法第五十条, with a second passage that is not cited."""
    passages = number_passages(
        [
            statute_passage(lawbook, "治安管理处罚法-2026-01-01", "第五十条"),
            article_passage("催收电话应当录音保存。", rank=2),
        ]
    )
    return Answer(
        question="催收发短信骚扰怎么处罚",
        rewritten=None,
        as_of=DAY,
        mode=AnswerMode.QUOTE,
        model="double",
        declined=False,
        reason=None,
        text="",
        sentences=(quoting_sentence(passages[0], "多次发送"),),
        removed=(),
        passages=passages,
        notes=(),
        timings=Timings(1.0, 2.0, 3.0, None),
        index="0" * 64,
        version="0",
    )
