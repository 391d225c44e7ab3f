"""An audit for reading: a table for the terminal, Markdown with the official text beside, JSON for programs."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from corpus.audit_records import AuditedCitation, AuditReport, Comparison, Finding, OutdatedPassage
from corpus.comparison import DifferenceKind
from corpus.lawbook import HeldArticle
from corpus.records import Span
from corpus.structure import article_label

# Columns of the terminal table, in half-width cells; the last takes what is left of a line of 120.
_WIDTHS = (4, 32, 20, 60)


def _summary(report: AuditReport) -> str:
    day = f"{report.day.year}年{report.day.month}月{report.day.day}日"
    counted = f"引用法律{len(report.citations)}处，其中{len(report.faults)}处有问题"
    old = f"，另有{len(report.outdated)}处用的是旧法的文字" if report.outdated else ""
    return f"按{day}的法律核对：{counted}{old}。"


# --- table -----------------------------------------------------------------------------------------------------


def report_table(report: AuditReport) -> str:
    """Return the report as plain text in columns: number, citation, finding, what it means."""
    lines = [*([f"《{report.title}》"] if report.title else []), _summary(report)]
    rows = [("#", "引用", "结论", "说明"), *_rows(report)]
    if len(rows) > 1:
        lines.append("")
        lines += [line for row in rows for line in _wrapped(row)]
    return "\n".join(lines)


def _rows(report: AuditReport) -> Iterator[tuple[str, str, str, str]]:
    for number, citation in enumerate(report.citations, start=1):
        for place, finding in enumerate(citation.findings):
            head = (str(number), _one_line(citation.reference.text)) if place == 0 else ("", "")
            yield (*head, finding.kind.label, finding.message)
        if citation.comparison and citation.is_fault:
            yield ("", "", "文中", _marked(citation.comparison, "[-", "-]", "", "", official=False))
            yield ("", "", "原文", _marked(citation.comparison, "", "", "{+", "+}", official=True))
    for passage in report.outdated:
        yield ("", _one_line(passage.text)[:30], "旧法文字", passage.message)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _wrapped(row: Sequence[str]) -> Iterator[str]:
    columns = [_wrap(text, width) for text, width in zip(row, _WIDTHS, strict=True)]
    for place in range(max(len(column) for column in columns)):
        cells = [column[place] if place < len(column) else "" for column in columns]
        padded = (cell + " " * (width - _cells(cell)) for cell, width in zip(cells, _WIDTHS, strict=True))
        yield " ".join(padded).rstrip()


def _wrap(text: str, width: int) -> list[str]:
    lines, line, used = [], "", 0
    for character in _one_line(text):
        cells = _cells(character)
        if used + cells > width:
            lines.append(line)
            line, used = "", 0
        line, used = line + character, used + cells
    return [*lines, line]


def _cells(text: str) -> int:
    """Width in a terminal: Chinese characters and marks take two cells."""
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in text)


# --- Markdown --------------------------------------------------------------------------------------------------


def report_markdown(report: AuditReport) -> str:
    """Return the report as Markdown: a table, then each fault with the text and the official text beside it.

    ~~Struck out~~ is what the law does not say, **bold** what it says and the text does not.
    """
    parts = [f"## {_escaped(report.title) or '核对'}", _summary(report)]
    if report.citations:
        head = "| # | 引用 | 结论 | 说明 |\n| --- | --- | --- | --- |"
        rows = (
            f"| {number} | {_escaped(citation.reference.text)} | "
            f"{'<br>'.join(finding.kind.label for finding in citation.findings)} | "
            f"{'<br>'.join(_escaped(finding.message) for finding in citation.findings)} |"
            for number, citation in enumerate(report.citations, start=1)
        )
        parts.append("\n".join([head, *rows]))
    for number, citation in enumerate(report.citations, start=1):
        if citation.is_fault and citation.comparison:
            parts.append(_beside(number, citation, citation.comparison))
    parts += [f"- {_escaped(_one_line(passage.text))}\n  {_escaped(passage.message)}" for passage in report.outdated]
    return "\n\n".join(parts)


def _beside(number: int, citation: AuditedCitation, comparison: Comparison) -> str:
    article = comparison.article
    since = f"（{article.version.effective}起施行）" if article.version.effective else ""
    return "\n\n".join(
        (
            f"### {number}. {_escaped(_one_line(citation.reference.text))}",
            f"文中：{_marked(comparison, '~~', '~~', '', '', official=False, escape=True)}",
            f"《{article.version.short_title}》{article.number}{since}："
            f"{_marked(comparison, '', '', '**', '**', official=True, escape=True)}",
        )
    )


def _escaped(text: str) -> str:
    """Words of a stranger's text must not become markup of ours."""
    text = _one_line(text)
    for mark in "\\`*_[]<>|~#":
        text = text.replace(mark, f"\\{mark}")
    return text


def _marked(
    comparison: Comparison,
    open_added: str,
    close_added: str,
    open_missing: str,
    close_missing: str,
    *,
    official: bool,
    escape: bool = False,
) -> str:
    """One of the two texts with its differences between marks."""
    text = comparison.official if official else comparison.claim.text
    pieces, place = [], None
    for difference in comparison.differences:
        span = difference.official if official else difference.written
        if span.start == span.end:
            continue
        if place is not None and span.start > place:
            pieces.append(_piece(text[place : span.start], escape))
        piece = _piece(span.of(text), escape)
        if difference.kind is not DifferenceKind.EQUAL:
            piece = f"{open_missing}{piece}{close_missing}" if official else f"{open_added}{piece}{close_added}"
        pieces.append(piece)
        place = span.end
    return "".join(pieces)


def _piece(text: str, escape: bool) -> str:
    return _escaped(text) if escape else _one_line(text)


# --- JSON ------------------------------------------------------------------------------------------------------


def report_json(report: AuditReport) -> Mapping[str, Any]:
    """Return the report as JSON types. Places count in Unicode characters of the text under audit."""
    return {
        "title": report.title,
        "day": report.day.isoformat(),
        "summary": _summary(report),
        "citations": [_citation(citation) for citation in report.citations],
        "outdated": [_passage(passage) for passage in report.outdated],
    }


def _citation(citation: AuditedCitation) -> Mapping[str, Any]:
    reference = citation.reference
    return {
        "text": reference.text,
        "span": _span(reference.span),
        "law": reference.law,
        "law_text": reference.law_text,
        "article": str(reference.article) if reference.article else None,
        "article_number": article_label(reference.article) if reference.article else None,
        "paragraph": reference.paragraph,
        "item": reference.item,
        "state": citation.verdict.state.value,
        "fault": citation.is_fault,
        "findings": [_finding(finding) for finding in citation.findings],
        "comparison": _comparison(citation.comparison) if citation.comparison else None,
    }


def _finding(finding: Finding) -> Mapping[str, Any]:
    return {
        "kind": finding.kind.value,
        "label": finding.kind.label,
        "message": finding.message,
        "article": _article(finding.article) if finding.article else None,
    }


def _comparison(comparison: Comparison) -> Mapping[str, Any]:
    return {
        "written": comparison.claim.text,
        "written_span": _span(comparison.claim.span),
        "official": comparison.official,
        "article": _article(comparison.article),
        "differences": [
            {
                "kind": difference.kind.value,
                "written": _span(difference.written),
                "official": _span(difference.official),
            }
            for difference in comparison.differences
        ],
    }


def _article(article: HeldArticle) -> Mapping[str, Any]:
    version = article.version
    return {
        "law": version.short_title,
        "version": version.id,
        "effective": version.effective.isoformat() if version.effective else None,
        "expired": version.expired.isoformat() if version.expired else None,
        "article": str(article.number),
        "text": article.text,
    }


def _passage(passage: OutdatedPassage) -> Mapping[str, Any]:
    return {
        "text": passage.text,
        "span": _span(passage.span),
        "version": passage.version.id,
        "article": str(passage.article),
        "message": passage.message,
    }


def _span(span: Span) -> Mapping[str, int]:
    return {"start": span.start, "end": span.end}
