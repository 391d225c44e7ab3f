"""A passage as a card: what it is, whether it is law and in force, its text with the quoted words marked."""

from __future__ import annotations

from collections.abc import Sequence

from assistant import wording
from assistant.commands.common import Say
from assistant.rendering import source_title
from assistant.web.markup import NOTHING, Html, element, highlighted, join
from corpus.records import LawVersion, SourceKind, Span, Validity
from index.records import RetrievedPassage


def card(passage: RetrievedPassage, quotes: Sequence[Span], say: Say, remark: Html = NOTHING) -> Html:
    """Return the card of a passage; ``quotes`` are places in its text, ``remark`` a warning to stand above it."""
    chunk = passage.chunk
    headings = "　›　".join(chunk.headings[1:] if passage.document.law else chunk.headings)
    return join(
        [
            element("h3", source_title(passage), class_="source-title"),
            badges(passage, say),
            remark,
            element("p", headings, class_="headings") if headings else "",
            element("div", *_lead(chunk.lead), highlighted(chunk.text, quotes), class_="passage", lang="zh-CN"),
            _facts(passage, say),
            _opener(passage, say),
        ]
    )


def _opener(passage: RetrievedPassage, say: Say) -> Html:
    """A button that opens the article among its neighbours, in the tab of laws."""
    law, article = passage.document.law, passage.chunk.article
    if law is None or article is None:
        return Html()
    words = say("在法条里打开", "Open among the laws")
    return element(
        "button", words, type="button", class_="quiet opener", data_version=law.id, data_article=str(article)
    )


def _lead(lead: str) -> list[str]:
    return [element("span", lead, "\n", class_="lead")] if lead else []


def badges(passage: RetrievedPassage, say: Say) -> Html:
    """Return what must be seen at a glance: kind or rank, and whether it is in force on the day of the answer."""
    law = passage.document.law
    if law is None:
        kind = passage.document.kind
        label = say("文章", "Article") if kind is SourceKind.ARTICLE else say("自己的文件", "Your document")
        return element("p", badge(label, "plain"), class_="badges")
    return element("p", badge(rank_label(law, say), "plain"), validity_badge(passage.validity, say), class_="badges")


def badge(label: str, look: str) -> Html:
    return element("span", label, class_=f"badge {look}")


def validity_badge(validity: Validity, say: Say) -> Html:
    look = {Validity.IN_FORCE: "good", Validity.EXPIRED: "bad", Validity.NOT_YET: "warn"}[validity]
    return badge(wording.VALIDITY[validity][say.language], look)


_RANKS_ENGLISH = {
    "法律": "law",
    "行政法规": "administrative regulation",
    "司法解释": "judicial interpretation",
    "部门规章": "departmental rule",
    "规范性文件": "normative document",
}


def rank_label(law: LawVersion, say: Say) -> str:
    """Return the rank of a norm in the language of the page."""
    return law.rank.label if say.language == "zh" else _RANKS_ENGLISH[law.rank.label]


def _facts(passage: RetrievedPassage, say: Say) -> Html:
    document, law = passage.document, passage.document.law
    if law is None:
        return facts(
            (say("发布者", "Publisher"), document.publisher),
            (say("日期", "Date"), document.published.isoformat() if document.published else None),
            (say("来源地址", "Address"), document.address),
        )
    return law_facts(law, say)


def source_line(passage: RetrievedPassage, say: Say) -> str:
    """Return in one line what kind of source a passage is, and of when."""
    document, law = passage.document, passage.document.law
    if law is None:
        # Several passages of one article differ by their section only.
        section = passage.chunk.headings[-1] if passage.chunk.headings else None
        day = document.published.isoformat() if document.published else None
        return " · ".join(part for part in (section, document.publisher, day) if part)
    since = wording.IN_FORCE_SINCE[say.language].format(day=law.effective)
    until = wording.EXPIRED_SINCE[say.language].format(day=law.expired) if law.expired else None
    dates = since if law.effective else wording.DATE_NOT_VERIFIED[say.language]
    return " · ".join(part for part in (rank_label(law, say), dates, until) if part)


def law_facts(law: LawVersion, say: Say) -> Html:
    """Return what a reader needs to weigh a version of a law."""
    since = law.effective.isoformat() if law.effective else wording.DATE_NOT_VERIFIED[say.language]
    return facts(
        (say("效力位阶", "Rank"), rank_label(law, say)),
        (say("制定机关", "Issued by"), law.issuer),
        (say("施行", "In force since"), since),
        (say("失效", "No longer in force since"), law.expired.isoformat() if law.expired else None),
        (say("官方地址", "Official address"), law.address),
    )


def facts(*pairs: tuple[str, str | None]) -> Html:
    """Return the pairs that have a value as a description list."""
    rows = [element("dt", name) + element("dd", value) for name, value in pairs if value]
    return element("dl", *(Html(row) for row in rows), class_="facts")
