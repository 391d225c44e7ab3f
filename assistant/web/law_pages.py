"""The laws held as they stand on the page: chapters and articles, search in them, versions side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby, islice

from assistant import wording
from assistant.commands.common import Say
from assistant.web.differences import marked_differences
from assistant.web.markup import Html, element, highlighted, join
from assistant.web.sources import badge, law_facts, rank_label, validity_badge
from corpus.errors import BadReference
from corpus.lawbook import HeldArticle, LawBook, MovedArticle
from corpus.numerals import parse_article
from corpus.records import ArticleNumber, LawVersion, Span, Validity
from corpus.script import to_plain
from corpus.validity import successors_of, validity_on

# A law with more articles is shown folded by chapter, so that a reader sees its plan first.
MOST_UNFOLDED = 40
MOST_FOUND = 60


def version_label(version: LawVersion, day: date, say: Say) -> str:
    """Return what names a version in a list: since when, until when, and whether it is in force."""
    state = wording.VALIDITY[validity_on(version, day)][say.language]
    since = version.effective.isoformat() if version.effective else wording.DATE_NOT_VERIFIED[say.language]
    until = say(f" 至 {version.expired} 前", f" to before {version.expired}") if version.expired else ""
    return say(f"{since} 起{until}（{state}）", f"from {since}{until} ({state})")


def law_page(lawbook: LawBook, version: LawVersion, wanted: str, day: date, say: Say) -> Html:
    """Return a version of a law, or those of its articles that ``wanted`` asks for by number or words."""
    held = lawbook.articles(version.id)
    found = found_articles(held, wanted)
    parts = [_law_head(version, len(held), day, say)]
    if wanted.strip():
        parts.append(element("p", _found_line(found, version, wanted, say), class_="count", role="status"))
        parts += [_article(article, wanted) for article in found]
    else:
        parts += _chapters(held)
    return element("div", *parts, class_="law", lang="zh-CN")


def _law_head(version: LawVersion, count: int, day: date, say: Say) -> Html:
    state = validity_badge(validity_on(version, day), say)
    parts = [
        element("h2", version.title),
        element("p", badge(rank_label(version, say), "plain"), state, class_="badges"),
        law_facts(version, say),
    ]
    if not version.complete:
        last = version.last_article
        total = say(f"（全文共 {last} 条）", f" of {last}") if last else ""
        parts.append(
            element("p", say(f"收录其中 {count} 条{total}。", f"{count} articles are held{total}."), class_="count")
        )
    return element("div", *parts, class_="law-head")


def found_articles(held: Sequence[HeldArticle], wanted: str) -> tuple[HeldArticle, ...]:
    """Return the articles that ``wanted`` names by number (第五十条, 50), or that have all its words."""
    number = _number(wanted)
    if number is not None:
        return tuple(article for article in held if article.number == number)
    words = to_plain(wanted).split()
    return tuple(article for article in held if all(word in to_plain(article.text) for word in words))


def _number(wanted: str) -> ArticleNumber | None:
    written = wanted.strip()
    try:
        return parse_article(written if "条" in written or "條" in written else f"{written}条")
    except BadReference:
        return None


def _found_line(found: Sequence[HeldArticle], version: LawVersion, wanted: str, say: Say) -> str:
    if found:
        return say(f"找到 {len(found)} 条", f"{len(found)} found")
    number = _number(wanted)
    if number is None:
        return say("没有找到，换个说法试试。", "Nothing found; try other words.")
    if version.complete or (version.last_article and number.number > version.last_article):
        return say(f"这部法律没有{number}。", f"This law has no {number}.")
    return say(f"没有收录{number}的原文。", f"The text of {number} is not held.")


def _article(article: HeldArticle, wanted: str = "") -> Html:
    spans = [] if _number(wanted) is not None else word_spans(article.text, wanted)
    return element("div", highlighted(article.text, spans), class_="passage law-article")


def word_spans(text: str, wanted: str) -> list[Span]:
    """Return where the words of ``wanted`` stand in ``text`` as written there."""
    return [Span(*match.span()) for word in wanted.split() for match in re.finditer(re.escape(word), text)]


def _chapters(held: Sequence[HeldArticle]) -> list[Html]:
    folded = len(held) > MOST_UNFOLDED
    parts = []
    for headings, group in groupby(held, key=lambda article: article.headings[1:]):
        articles = [_article(article) for article in group]
        title = "　›　".join(headings)
        if not title:
            parts += articles
        elif folded:
            summary = element("summary", title, element("span", str(len(articles)), class_="how-many"))
            parts.append(element("details", summary, *articles, class_="chapter"))
        else:
            parts += [element("h3", title, class_="chapter-title"), *articles]
    return parts


# --- all laws at once ------------------------------------------------------------------------------------------


def found_page(lawbook: LawBook, wanted: str, day: date, say: Say) -> Html:
    """Return the articles of all laws in force on ``day`` that have all the words."""
    words = wanted.split()
    if not words:
        return _list_of_laws(lawbook, day, say)
    found = list(islice(_found_everywhere(lawbook, wanted, day), MOST_FOUND + 1))
    rows = []
    for article in found[:MOST_FOUND]:
        title = element("h3", f"《{article.version.short_title}》", class_="source-title")
        rows.append(element("div", title, _article(article, wanted)))
    count = say(f"在现行有效的法律里找到 {len(rows)} 条", f"{len(rows)} found in the laws in force")
    if len(found) > MOST_FOUND:
        count += say("（只列出前面的，请加一个词）", " (only the first ones; add a word)")
    elif not found:
        count = say("没有找到，换个说法试试。", "Nothing found; try other words.")
    return element("div", element("p", count, class_="count", role="status"), *rows, class_="law", lang="zh-CN")


def _found_everywhere(lawbook: LawBook, wanted: str, day: date) -> Iterator[HeldArticle]:
    for version in lawbook.versions:
        if validity_on(version, day) is Validity.IN_FORCE:
            yield from found_articles(lawbook.articles(version.id), wanted)


def _list_of_laws(lawbook: LawBook, day: date, say: Say) -> Html:
    rows = []
    for law in lawbook.laws:
        newest = lawbook.versions_of(law)[-1]
        count = len(lawbook.versions_of(law))
        versions = say(f"，{count} 个版本", f", {count} versions") if count > 1 else ""
        state = validity_badge(validity_on(newest, day), say)
        details = say(f"{rank_label(newest, say)}{versions}　", f"{rank_label(newest, say)}{versions} ")
        name = element("button", f"《{law}》", type="button", class_="link", data_law=law)
        rows.append(element("li", name, element("span", details, class_="details"), state))
    intro = say(
        f"收录 {len(rows)} 部法律、法规、司法解释和规章：", f"{len(rows)} laws, regulations and interpretations:"
    )
    return element("div", element("p", intro), element("ul", *rows, class_="law-list"), class_="law", lang="zh-CN")


# --- versions --------------------------------------------------------------------------------------------------


def comparison_page(lawbook: LawBook, old: LawVersion, new: LawVersion, wanted: str, say: Say) -> Html:
    """Return what became of each article of ``old`` in ``new``: where it moved, what was reworded."""
    rows = [
        _comparison_row(lawbook, moved)
        for article in found_articles(lawbook.articles(old.id), wanted)
        for moved in successors_of(lawbook, old.short_title, article.number, old.id)
        if moved.to_version == new.id
    ]
    if not rows:
        nothing = say(
            "这两个版本之间没有收录条文的对应关系。",
            "How the articles of these two versions correspond is not recorded.",
        )
        return element("p", nothing, class_="count", role="status")
    head = element("tr", element("th", _since(old, say), scope="col"), element("th", _since(new, say), scope="col"))
    legend = element(
        "p",
        element("del", say("只在旧版", "only in the old version")),
        "　",
        element("ins", say("只在新版", "only in the new version")),
        class_="count",
    )
    table = element("table", element("thead", head), element("tbody", *rows), class_="comparison")
    return element("div", element("h2", f"《{new.short_title}》"), legend, table, class_="law", lang="zh-CN")


def _since(version: LawVersion, say: Say) -> str:
    until = say(f"，{version.expired} 起失效", f", until {version.expired}") if version.expired else ""
    return say(f"{version.effective} 起施行{until}", f"in force since {version.effective}{until}")


def _comparison_row(lawbook: LawBook, moved: MovedArticle) -> Html:
    old = lawbook.article(moved.from_version, moved.from_article)
    new = lawbook.article(moved.to_version, moved.to_article) if moved.to_article else None
    if old and new:
        left, right = marked_differences(old.text, new.text)
    else:
        left = join([old.text if old else str(moved.from_article)])
        right = join([new.text if new else str(moved.to_article or "—")])
    return element(
        "tr",
        element("td", element("div", left, class_="passage")),
        element("td", element("p", moved.change, class_="change"), element("div", right, class_="passage")),
    )
