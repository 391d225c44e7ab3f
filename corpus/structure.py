"""Where the parts of a text begin and end: 编 章 节 条 款 项 of a statute, headings of any other document.

It reads text that is already clean. Which files there are and what they are called is ``corpus.lawbook``'s
and ``corpus.reading``'s business; cutting passages is ``corpus.chunking``'s.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePosixPath
from typing import Any

from corpus.errors import BadReference, BadStatute
from corpus.frontmatter import FrontMatterError, split_front_matter
from corpus.numerals import format_article, parse_numeral
from corpus.records import (
    ArticleNumber,
    Document,
    DocumentInfo,
    LawVersion,
    NormRank,
    Section,
    SourceKind,
    Span,
)

_KEYS = (
    "title",
    "short_title",
    "aliases",
    "issuer",
    "doc_type",
    "rank",
    "published",
    "first_effective",
    "effective",
    "expired",
    "superseded_by",
    "amended_through",
    "address",
    "checked",
    "last_article",
    "complete",
    "articles",
)

_MARKDOWN_HEADING = re.compile(r"(#{1,6})[ \t　]+(\S.*)")
_CHINESE = "[零〇一二三四五六七八九十百千]+"
_ARTICLE_START = re.compile(rf"第(?P<number>{_CHINESE})条(?:之(?P<sub>{_CHINESE}))?(?=[\s　])")
# A decision without 第X条 counts its points instead: 一、国家保护……
_POINT_START = re.compile(rf"(?P<number>{_CHINESE})、")
_ITEM_START = re.compile(rf"[（(](?P<number>{_CHINESE})[)）]")
_POINT_OF_ITEM_START = re.compile(r"\d{1,2}[.．](?!\d)")  # 目: 1.在网站上发布……


# --- statute files ---------------------------------------------------------------------------------------------


def parse_statute(text: str, source_name: str) -> Document:
    """Return the law version that a statute file holds, as a document whose articles are sections.

    ``Document.text`` is the body with the ``#`` marks taken off its headings. Raises BadStatute, naming file and
    problem, where the front matter is broken or the articles are not what it says.
    """
    version, body = _read_head(text, source_name)
    document = _lay_out(body, version, source_name)
    held = tuple(section.article for section in document.sections if section.article)
    _check_order(held, source_name)
    _check_promises(held, version, source_name)
    return document


def parse_statute_head(text: str, source_name: str) -> LawVersion:
    """Return what the front matter says, without looking at the articles. Raises BadStatute."""
    return _read_head(text, source_name)[0]


def _read_head(text: str, source_name: str) -> tuple[LawVersion, str]:
    try:
        facts, body = split_front_matter(text, source_name)
    except FrontMatterError as problem:
        raise BadStatute(str(problem)) from problem
    if not facts:
        raise BadStatute(f"{source_name}: a statute file opens with front matter between --- lines")
    return _version_from(facts, source_name), body


def _version_from(facts: Mapping[str, Any], source_name: str) -> LawVersion:
    missing = [key for key in _KEYS if key not in facts]
    unknown = [key for key in facts if key not in _KEYS]
    if missing or unknown:
        parts = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has unknown {', '.join(unknown)}"] * bool(unknown)
        raise BadStatute(f"{source_name}: the front matter {' and '.join(parts)}")
    read = _Facts(facts, source_name)
    version = LawVersion(
        id=PurePosixPath(source_name).name.removesuffix(".md"),
        title=read.text("title"),
        short_title=read.text("short_title"),
        aliases=read.texts("aliases"),
        issuer=read.text("issuer"),
        doc_type=read.text("doc_type"),
        rank=read.rank("rank"),
        published=read.day("published"),
        first_effective=read.day("first_effective"),
        effective=read.day("effective"),
        expired=read.day("expired"),
        superseded_by=read.text_or_none("superseded_by"),
        amended_through=read.day("amended_through"),
        address=read.text("address"),
        checked=read.day("checked"),
        last_article=read.count_or_none("last_article"),
        complete=read.flag("complete"),
        held=read.articles("articles"),
    )
    if version.effective and version.expired and version.expired <= version.effective:
        raise BadStatute(
            f"{source_name}: expired {version.expired} is not after effective {version.effective}; correct the dates"
        )
    return version


@dataclass(frozen=True, slots=True)
class _Facts:
    """Front matter values with their types checked; every message names file and key."""

    facts: Mapping[str, Any]
    source_name: str

    def _bad(self, key: str, wanted: str) -> BadStatute:
        return BadStatute(f"{self.source_name}: {key} is {self.facts[key]!r}; it should be {wanted}")

    def text(self, key: str) -> str:
        value = self.text_or_none(key)
        if value is None:
            raise self._bad(key, "a text")
        return value

    def text_or_none(self, key: str) -> str | None:
        value = self.facts[key]
        if value is not None and not (isinstance(value, str) and value.strip()):
            raise self._bad(key, "a text or null")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.facts[key]
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self._bad(key, "a list such as [个保法], or []")
        return tuple(value)

    def day(self, key: str) -> date | None:
        value = self.facts[key]
        # A datetime is a date too; a statute has no hour.
        if value is not None and type(value) is not date:
            raise self._bad(key, "a day such as 2021-11-01, or null")
        return value

    def flag(self, key: str) -> bool:
        value = self.facts[key]
        if not isinstance(value, bool):
            raise self._bad(key, "true or false")
        return value

    def count_or_none(self, key: str) -> int | None:
        value = self.facts[key]
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise self._bad(key, "the highest article number, or null")
        return value

    def rank(self, key: str) -> NormRank:
        try:
            return NormRank(self.facts[key])
        except ValueError:
            raise self._bad(key, "one of " + ", ".join(rank.value for rank in NormRank)) from None

    def articles(self, key: str) -> tuple[ArticleNumber, ...]:
        try:
            return parse_article_list(str(self.facts[key]))
        except BadReference:
            raise self._bad(key, 'a list such as "6, 109-111, 253-1"') from None


def parse_article_list(text: str) -> tuple[ArticleNumber, ...]:
    """Read ``6, 109-111, 253-1``: 6, 109, 110, 111 and 253之一 (an insert's second figure is the smaller one).

    Raises BadReference for anything else.
    """
    numbers: list[ArticleNumber] = []
    for part in re.split(r"\s*[,，]\s*", text.strip()):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if match is None or int(match[1]) < 1:
            raise BadReference(f"{part!r} names no articles")
        first, second = int(match[1]), int(match[2]) if match[2] else None
        if second is None:
            numbers.append(ArticleNumber(first))
        elif second < first:
            numbers.append(ArticleNumber(first, second))
        else:
            numbers.extend(ArticleNumber(number) for number in range(first, second + 1))
    return tuple(numbers)


def format_article_list(numbers: Iterable[ArticleNumber]) -> str:
    """Write numbers the compact way, the inverse of ``parse_article_list``."""
    runs: list[tuple[ArticleNumber, ArticleNumber]] = []
    for number in numbers:
        if runs and not number.sub and number == ArticleNumber(runs[-1][1].number + 1) and not runs[-1][1].sub:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return ", ".join(article_label(a) if a == b else f"{article_label(a)}-{article_label(b)}" for a, b in runs)


def article_label(article: ArticleNumber) -> str:
    """50 for 第五十条, 253-1 for 第二百五十三条之一: the form of front matter, tables and ids."""
    return f"{article.number}-{article.sub}" if article.sub else str(article.number)


def parse_article_label(label: str) -> ArticleNumber:
    """The inverse of ``article_label``. Raises BadReference."""
    match = re.fullmatch(r"([1-9]\d*)(?:-([1-9]\d*))?", label.strip())
    if match is None:
        raise BadReference(f"{label!r} is no article; write 50 or 253-1")
    return ArticleNumber(int(match[1]), int(match[2] or 0))


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines of a statute file between blank lines: a heading, an article, or other text."""

    text: str
    level: int  # 0 where it is no heading
    article: ArticleNumber | None


def _lay_out(body: str, version: LawVersion, source_name: str) -> Document:
    by_points = not any(_ARTICLE_START.match(line) for line in body.splitlines())
    blocks = list(_blocks(body, by_points))
    if not blocks or blocks[0].level != 1 or blocks[0].text != version.title:
        raise BadStatute(f"{source_name}: the body should open with the heading # {version.title}")
    placed = _place(blocks)
    text = "\n\n".join(block.text for block in blocks)
    info = DocumentInfo(
        id=version.id,
        kind=SourceKind.STATUTE,
        title=version.title,
        publisher=version.issuer,
        published=version.published,
        address=version.address,
        source=None,
        law=version,
    )
    return Document(info, text, placed)


def _blocks(body: str, by_points: bool) -> Iterator[_Block]:
    lines: list[str] = []
    for line in [*body.splitlines(), ""]:
        line = line.strip()
        heading = _MARKDOWN_HEADING.fullmatch(line)
        starts_article = _article_of(line, by_points) is not None
        if lines and (not line or heading or starts_article):
            yield _Block("\n".join(lines), 0, _article_of(lines[0], by_points))
            lines = []
        if heading:
            yield _Block(heading[2].strip(), len(heading[1]), None)
        elif line:
            lines.append(line)


def _article_of(line: str, by_points: bool) -> ArticleNumber | None:
    match = (_POINT_START if by_points else _ARTICLE_START).match(line)
    if match is None:
        return None
    sub = match.groupdict().get("sub")
    try:
        return ArticleNumber(parse_numeral(match["number"]), parse_numeral(sub) if sub else 0)
    except (BadReference, ValueError):
        return None


def _place(blocks: Sequence[_Block]) -> tuple[Section, ...]:
    """Give every heading and article its span; a heading's runs to the next of its level or above."""
    sections: list[Section] = []
    open_sections: list[int] = []
    place, heading_level = 0, 1
    for block in blocks:
        if block.level:
            heading_level = block.level
            _close(sections, open_sections, down_to=block.level)
            open_sections.append(len(sections))
            sections.append(Section(block.text, block.level, Span(place, place + len(block.text))))
        elif block.article:
            span = Span(place, place + len(block.text))
            sections.append(Section(format_article(block.article), heading_level + 1, span, block.article))
        end = place + len(block.text)
        for index in open_sections:
            sections[index] = replace(sections[index], span=Span(sections[index].span.start, end))
        place = end + 2
    return tuple(sections)


def _close(sections: Sequence[Section], open_sections: list[int], down_to: int) -> None:
    while open_sections and sections[open_sections[-1]].level >= down_to:
        open_sections.pop()


def _check_order(held: Sequence[ArticleNumber], source_name: str) -> None:
    if not held:
        raise BadStatute(f"{source_name}: it holds no article; articles open with 第一条 and a full-width space")
    seen: set[ArticleNumber] = set()
    for before, number in zip((None, *held), held, strict=False):
        if number in seen:
            raise BadStatute(f"{source_name}: {number} stands there twice; remove one")
        if before and number < before:
            raise BadStatute(f"{source_name}: {number} follows {before}; articles ascend")
        seen.add(number)


def _check_promises(held: tuple[ArticleNumber, ...], version: LawVersion, source_name: str) -> None:
    if held != version.held:
        only_file = format_article_list(sorted(set(held) - set(version.held)))
        only_head = format_article_list(sorted(set(version.held) - set(held)))
        raise BadStatute(
            f"{source_name}: `articles:` is not what the file holds"
            + (f"; the file alone has {only_file}" if only_file else "")
            + (f"; the front matter alone has {only_head}" if only_head else "")
            + f"; write articles: {format_article_list(held)}"
        )
    last = version.last_article
    if last is not None and held[-1].number > last:
        raise BadStatute(f"{source_name}: it holds {held[-1]}, beyond last_article {last}")
    if version.complete and last is not None:
        gaps = [ArticleNumber(number) for number in range(1, last + 1) if ArticleNumber(number) not in set(held)]
        if gaps:
            raise BadStatute(f"{source_name}: complete is true, but articles are missing: {format_article_list(gaps)}")


# --- 款 and 项 ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """（五）…… of a 款: its number and its span, from the opening bracket to its last mark.

    Its 目 (1. 2. on lines of their own) belong to it.
    """

    number: int
    span: Span


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A 款. ``lead`` is all of it where it has no items, else the words that its items hang on.

    Spans count in the text given to ``article_parts``. The article's own number belongs to no 款.
    """

    number: int
    span: Span
    lead: Span
    items: tuple[Item, ...]


def article_parts(text: str) -> tuple[Paragraph, ...]:
    """Return the 款 of an article's text, in order, each with its 项.

    ``text`` is an article as a chunk holds it, with or without its number; an empty text has no parts.
    A line that opens with （一） is a 项 of the 款 above it, one with 1. belongs to the 项 above it; any other line
    begins a 款.
    """
    parts: list[Paragraph] = []
    for line in _lines(text):
        item = _ITEM_START.match(text, line.start, line.end)
        if item and parts:
            parts[-1] = _with_item(parts[-1], Item(parse_numeral(item["number"]), line))
        elif parts and parts[-1].items and _POINT_OF_ITEM_START.match(text, line.start, line.end):
            *before, last = parts[-1].items
            grown = Item(last.number, Span(last.span.start, line.end))
            parts[-1] = _with_item(replace(parts[-1], items=tuple(before)), grown)
        else:
            body = _without_article_number(text, line) if not parts else line
            parts.append(Paragraph(len(parts) + 1, body, body, ()))
    return tuple(parts)


def _with_item(part: Paragraph, item: Item) -> Paragraph:
    return replace(part, span=Span(part.span.start, item.span.end), items=(*part.items, item))


def _lines(text: str) -> Iterator[Span]:
    """The printed part of every line that has one."""
    for match in re.finditer(r"\S(?:[^\n]*\S)?", text):
        yield Span(match.start(), match.end())


def _without_article_number(text: str, line: Span) -> Span:
    match = _ARTICLE_START.match(text, line.start, line.end) or _POINT_START.match(text, line.start, line.end)
    start = match.end() if match else line.start
    while start < line.end and text[start].isspace():
        start += 1
    return Span(start, line.end)


# --- other documents -------------------------------------------------------------------------------------------

# Numbered headings, outermost first. A heading is short and does not end like a sentence.
_NUMBERED_HEADINGS = (
    re.compile(rf"第{_CHINESE}[编篇章节](?:[\s　：:、].*)?"),
    re.compile(rf"第{_CHINESE}条(?:[\s　：:、].*)?"),  # of a contract
    re.compile(rf"{_CHINESE}、.+"),
    re.compile(rf"[（(]{_CHINESE}[)）].+"),
    re.compile(r"\d{1,2}(?:[.．、](?!\d)\s*|\s+).+"),
)
_MAX_HEADING_CHARS = 40
_ENDS_LIKE_A_SENTENCE = tuple("。；;，,、：:！!”…")


def document_id(text: str) -> str:
    """The id of a document that is no statute: it changes if and only if its cleaned text does."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def find_sections(text: str, title: str) -> tuple[str, tuple[Section, ...]]:
    """Return the text without the ``#`` marks of Markdown headings, and its sections, the title's first.

    Markdown headings count where there are any; otherwise lines numbered 一、 （一） 1. that are short and do
    not end like a sentence. The first section is the whole text under ``title``; a first heading that repeats
    the title is that section's own. An empty text has that one section, empty.
    """
    lines = text.split("\n")
    marked = _markdown_levels(lines)
    levels = marked if any(marked) else _numbered_levels(lines)
    if any(marked):
        lines = [
            _MARKDOWN_HEADING.sub(r"\2", line).rstrip("# \t") if level else line
            for line, level in zip(lines, marked, strict=True)
        ]
    plain = "\n".join(lines)
    return plain, _nest(lines, levels, title, len(plain))


def _markdown_levels(lines: Sequence[str]) -> list[int]:
    levels, fenced = [], False
    for line in lines:
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        match = None if fenced else _MARKDOWN_HEADING.fullmatch(line)
        levels.append(len(match[1]) if match else 0)
    return levels


def _numbered_levels(lines: Sequence[str]) -> list[int]:
    """Levels of numbered headings, 2 for the outermost kind that the text uses.

    A kind counts only where it is used at least twice. 1. counts only below another kind: alone it numbers the
    points of a list, and what follows the list would hang under its last point.
    """
    kinds = [_numbered_kind(line.strip()) for line in lines]
    used = [kind for kind in range(len(_NUMBERED_HEADINGS)) if kinds.count(kind) >= 2]
    if used == [len(_NUMBERED_HEADINGS) - 1]:
        used = []
    headings = [kind if kind in used and _has_body(lines, place) else None for place, kind in enumerate(kinds)]
    return [0 if kind is None else used.index(kind) + 2 for kind in headings]


def _numbered_kind(line: str) -> int | None:
    if not line or len(line) > _MAX_HEADING_CHARS or line.endswith(_ENDS_LIKE_A_SENTENCE):
        return None
    return next((kind for kind, pattern in enumerate(_NUMBERED_HEADINGS) if pattern.fullmatch(line)), None)


def _has_body(lines: Sequence[str], place: int) -> bool:
    """A heading has something of another kind below it; a run of 1. 2. 3. without any is a list."""
    below = next((line.strip() for line in lines[place + 1 :] if line.strip()), "")
    return bool(below) and _numbered_kind(below) != _numbered_kind(lines[place].strip())


def _nest(lines: Sequence[str], levels: Sequence[int], title: str, length: int) -> tuple[Section, ...]:
    first_printed = next((place for place, line in enumerate(lines) if line.strip()), None)
    sections = [Section(title, 1, Span(0, length))]
    open_sections = [0]
    place = 0
    for number, (line, level) in enumerate(zip(lines, levels, strict=True)):
        own_title = number == first_printed and line.strip() == title.strip()
        if level and not own_title:
            level = max(level, 2)
            while sections[open_sections[-1]].level >= level:
                index = open_sections.pop()
                sections[index] = replace(sections[index], span=Span(sections[index].span.start, place))
            open_sections.append(len(sections))
            sections.append(Section(line.strip(), level, Span(place, length)))
        place += len(line) + 1
    return tuple(sections)


def heading_span(text: str, section: Section) -> Span:
    """Where the section's own heading line stands; empty for an article or a title that is not in the text."""
    start = section.span.start
    if section.article is None:
        while start < section.span.end and text[start].isspace():
            start += 1
        end = start + len(section.title)
        if text.startswith(section.title, start) and text[end : end + 1] in ("", "\n"):
            return Span(start, end)
    return Span(section.span.start, section.span.start)
