"""What an audit says, as it stands on the page: each citation with its verdict, differences marked."""

from __future__ import annotations

from assistant.commands.common import Say
from assistant.web.markup import Html, element, join, text
from assistant.web.sources import badge
from corpus.audit_records import AuditedCitation, AuditReport, Comparison, Finding, FindingKind
from corpus.comparison import DifferenceKind
from corpus.lawbook import HeldArticle
from corpus.records import Chunk

_ENGLISH = {
    FindingKind.NO_SUCH_LAW: "no such law found",
    FindingKind.NO_SUCH_ARTICLE: "no such article",
    FindingKind.NO_SUCH_PART: "no such part",
    FindingKind.LAW_REPEALED: "law repealed",
    FindingKind.SUPERSEDED: "superseded",
    FindingKind.WRONG_ARTICLE: "number and content do not fit",
    FindingKind.MISCHARACTERISED: "consequence misstated",
    FindingKind.MISQUOTED: "differs from the text",
    FindingKind.DAMAGED_TITLE: "title damaged",
    FindingKind.TRUNCATED: "shortened",
    FindingKind.NOT_YET: "not yet in force",
    FindingKind.MAYBE_SUPERSEDED: "may mean an old number",
    FindingKind.LAW_UNKNOWN: "law not told",
    FindingKind.NOT_HELD: "not held, cannot be checked",
    FindingKind.VERBATIM: "verbatim",
    FindingKind.CITED: "in force, not quoted",
}
_DOUBTFUL = frozenset(
    {FindingKind.MAYBE_SUPERSEDED, FindingKind.LAW_UNKNOWN, FindingKind.NOT_HELD, FindingKind.TRUNCATED}
)


def report_page(report: AuditReport, say: Say) -> Html:
    """Return the whole report: a summary, a table of verdicts, old wording."""
    parts = [element("p", _summary(report, say), class_="summary", role="status")]
    if report.citations:
        head = element(
            "tr",
            element("th", "#", scope="col"),
            element("th", say("引用", "Citation"), scope="col"),
            element("th", say("结论", "Verdict"), scope="col"),
        )
        rows = [_row(number, citation, say) for number, citation in enumerate(report.citations, 1)]
        parts.append(element("table", element("thead", head), element("tbody", *rows), class_="verdicts"))
    if report.outdated:
        parts.append(element("h3", say("没有写条号、但用的是旧法的文字", "Old wording without a number")))
        for passage in report.outdated:
            words = element("p", "“", passage.text, "”", class_="words")
            parts.append(element("div", words, element("p", passage.message), class_="old-words"))
    return element("div", *parts, class_="audit", lang="zh-CN")


def _summary(report: AuditReport, say: Say) -> str:
    cited, wrong, old = len(report.citations), len(report.faults), len(report.outdated)
    if not cited and not old:
        return say("没有找到引用法律的地方。", "No citation of law was found.")
    chinese = f"按 {report.day} 有效的法律核对：引用法律 {cited} 处，其中 {wrong} 处有问题"
    english = f"By the law in force on {report.day}: {cited} citations, {wrong} of them faulty"
    return say(
        chinese + (f"；另有 {old} 处用的是旧法的文字。" if old else "。"),
        english + (f"; {old} places use the wording of old law." if old else "."),
    )


def _row(number: int, citation: AuditedCitation, say: Say) -> Html:
    findings = [_finding(finding, say) for finding in citation.findings]
    if citation.comparison is not None and citation.is_fault:
        findings.append(_beside(citation.comparison, say))
    return element(
        "tr",
        element("td", str(number)),
        element("td", citation.reference.text, class_="reference"),
        element("td", *findings),
        class_="fault" if citation.is_fault else "",
    )


def _finding(finding: Finding, say: Say) -> Html:
    look = "bad" if finding.kind.is_fault else "good"
    if finding.kind in _DOUBTFUL:
        look = "warn"
    label = say(finding.kind.label, _ENGLISH[finding.kind])
    return element("p", badge(label, look), " ", finding.message, class_="finding")


def _beside(comparison: Comparison, say: Say) -> Html:
    """The text under audit and the official one, what differs marked in either."""
    article = comparison.article
    ours = _marked(comparison.claim.text, comparison, official=False)
    law = _marked(comparison.official, comparison, official=True)
    name = f"《{article.version.short_title}》{article.number}"
    return element(
        "div",
        element("p", element("strong", say("文中：", "The text: ")), ours),
        element("p", element("strong", say(f"{name}原文：", f"{name}: ")), law),
        class_="beside",
    )


def _marked(words: str, comparison: Comparison, *, official: bool) -> Html:
    """One of the two texts, from its first compared piece to its last."""
    parts: list[Html] = []
    place: int | None = None
    for difference in comparison.differences:
        span = difference.official if official else difference.written
        if span.start == span.end:
            continue
        if place is not None:
            parts.append(text(words[place : span.start]))
        same = difference.kind is DifferenceKind.EQUAL
        parts.append(text(span.of(words)) if same else element("ins" if official else "del", span.of(words)))
        place = span.end
    return join(parts)


# --- articles among the sources of an answer ---------------------------------------------------------------------


def remark_page(chunk: Chunk, report: AuditReport, say: Say) -> Html:
    """Return what a reader must know before trusting a passage that is no law: its old or wrong citations, and the
    current text; nothing where there is nothing to say."""
    told: dict[str, HeldArticle | None] = {}
    for citation in report.faults:
        for finding in citation.findings:
            if finding.kind.is_fault and finding.kind is not FindingKind.TRUNCATED:
                told.setdefault(finding.message, finding.article)
    for passage in report.outdated:
        told.setdefault(passage.message, None)
    if not told:
        return Html()
    parts = [
        element("strong", say("注意：这一段引用的法条有问题", "Note: the law quoted here is out of date or wrong"))
    ]
    for message, article in told.items():
        parts.append(element("p", message))
        if article is not None:
            name = f"《{article.version.short_title}》{article.number}"
            summary = element("summary", say(f"看{name}的现行原文", f"Current text of {name}"))
            parts.append(element("details", summary, element("div", article.text, class_="passage")))
    return element("div", *parts, class_="remark")
