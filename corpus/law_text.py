"""Laws as others lay them out, to rows: mirrors' Markdown, the official database's Word files, lines of JSON.

It reads layout. Which version is in force, what was there before and what an index gets is ``corpus.importing``'s.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, TextIO

from corpus.errors import BadReference, UnreadableFile
from corpus.extraction.characters import clean_characters
from corpus.extraction.markdown import find_day, plain_inline
from corpus.numerals import NUMERAL, parse_article
from corpus.records import ArticleNumber, NormRank


@dataclass(frozen=True, slots=True)
class LawRow:
    """One article, or a passage of a law without a number (``article`` None: a preamble, an annex, 一、…).

    ``text`` is without the article's number where ``article`` is set. ``headings`` lead from 编 down to 节.
    """

    article: ArticleNumber | None
    headings: tuple[str, ...]
    text: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class LawFacts:
    """What a source says of one version of a law; None where it says nothing.

    ``version_date`` is the day that tells versions apart, in the mirrors the day of publication. ``latest`` False
    says that the source knows a newer version; ``expired`` is the first day without force.
    """

    title: str
    short_title: str | None = None
    version_date: date | None = None
    effective: date | None = None
    expired: date | None = None
    latest: bool | None = None
    category: str = ""
    issuer: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class LawText:
    """One version of one law as a source holds it, rows in its order.

    ``line`` is where it begins in a file that holds several, counted from 1.
    """

    facts: LawFacts
    rows: tuple[LawRow, ...] = field(repr=False)
    line: int = 1


# What mirrors and the official database call their kinds, as folders, categories and doc_type.
_LAW_CATEGORIES = (
    *("宪法", "宪法相关法", "民法典", "民法商法", "民商法", "行政法", "经济法", "社会法", "生态环境法", "刑法"),
    *("诉讼与非诉讼程序法", "法律", "法律解释", "有关法律问题和重大问题的决定", "决定"),
)
RANK_BY_CATEGORY = {
    **dict.fromkeys(_LAW_CATEGORIES, NormRank.LAW),
    "行政法规": NormRank.ADMINISTRATIVE_REGULATION,
    "监察法规": NormRank.ADMINISTRATIVE_REGULATION,
    "司法解释": NormRank.JUDICIAL_INTERPRETATION,
    "部门规章": NormRank.DEPARTMENTAL_RULE,
    "规章": NormRank.DEPARTMENTAL_RULE,
}


# --- lines of a law file ---------------------------------------------------------------------------------------

_ARTICLE_START = re.compile(
    rf"(?:\*\*)?(?P<label>第\s*{NUMERAL}\s*条(?:\s*之\s*{NUMERAL})?)(?:\*\*)?(?:[\s　:：]+(?P<text>.*)|(?P<end>))",
    re.DOTALL,
)
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*")
_UNIT = re.compile(r"第\s*[零〇一二三四五六七八九十百千\d]+\s*(分编|编|章|节)(?:[\s　].*|[^条款项规的].*)?")
_UNIT_RANK = {"编": 1, "分编": 2, "章": 3, "节": 4}
_CONTENTS = re.compile(r"目\s*[录錄次]")
_LAST_UNIT = re.compile(r"附\s*则|附\s*件.{0,20}|附\s*录.{0,20}|序\s*言")
_END_OF_HEAD = re.compile(r"<!--\s*INFO\s*END\s*-->", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_PASSED = re.compile(r"通过|公布|发布|修订|修正|施行|批准|颁布|印发|第.{1,5}号|法释|国令|主席令")
_ENACTED = re.compile(r"通过|公布|发布|修订|修正|批准|颁布")
_POINT = re.compile(r"[一二三四五六七八九十]+、")
_FILE_DATE = re.compile(r"[（(]\d{4}-\d{2}-\d{2}[)）]")
_EFFECTIVE_IN_HEAD = re.compile(r"自\s*(\d{4})年\s*(\d{1,2})月\s*(\d{1,2})日起(?:施行|实施|生效)")
_MAX_HEAD_LINES = 80
_MIN_BODY_CHARS = 40


def parse_law_lines(lines: Sequence[str], stated: LawFacts) -> LawText | None:
    """Return the law that ``lines`` hold, Markdown or plain; None where they hold none.

    A law has articles; without any, a head that says when it was passed, or a known category, and a body. ``stated``
    is what file name, folder and front matter say; a stated title "" is taken from the text.
    """
    texts = [line.rstrip() for line in lines]
    title, head, body = _split_head(texts, stated.title)
    if not title:
        return None
    rows = tuple(_rows(body, title))
    numbered = any(row.article for row in rows)
    passed = [line for line in head if _PASSED.search(line)]
    known = bool(passed) or stated.category in RANK_BY_CATEGORY
    if not numbered and not (known and sum(len(row.text) for row in rows) >= _MIN_BODY_CHARS):
        return None
    return LawText(_completed(stated, title, passed), rows)


def facts_from_name(stem: str, folders: Sequence[str]) -> LawFacts:
    """Return what a mirror's path says: 社会法/慈善法(2023-12-29).md is of that category and of that day.

    A folder that is a day, as in ``versions/2026-10-01``, is when the version takes effect.
    """
    match = _FILE_DATE.search(stem)
    days = [day for folder in folders if re.fullmatch(r"\d{4}-\d{2}-\d{2}", folder) and (day := find_day(folder))]
    known = [folder for folder in folders if folder in RANK_BY_CATEGORY]
    local = [folder for folder in folders if folder.startswith("地方")]
    return LawFacts(
        title="",
        version_date=find_day(match.group()) if match else None,
        effective=days[-1] if days else None,
        category=(known or local or [""])[-1],
    )


def _split_head(lines: Sequence[str], stated_title: str) -> tuple[str, list[str], list[str]]:
    """Title, what stands between it and the text, and the text."""
    title, broken = stated_title, False
    head: list[str] = []
    for place, line in enumerate(lines):
        text = line.strip()
        heading = _HEADING.fullmatch(text)
        if _END_OF_HEAD.search(text):
            return title, head, list(lines[place + 1 :])
        if not text:
            continue
        if not title:
            title = _squeezed(plain_inline(heading[2] if heading else text))
            broken = heading is None
        elif heading and not head and _same_title(plain_inline(heading[2]), title):
            continue
        elif _opens_text(text, bool(heading)) and not _has_end_of_head(lines, place):
            whole = _whole_title(title, head) if broken else title
            return whole, _without_title_lines(head), list(lines[place:])
        elif not heading:
            head.append(_squeezed(plain_inline(text)))
        if len(head) > _MAX_HEAD_LINES:
            break
    # No heading and no article: the head ends with its last line on how the law was passed.
    last = max((place for place, line in enumerate(head) if _PASSED.search(line) and len(line) < 120), default=-1)
    return title, head[: last + 1], head[last + 1 :]


def _same_title(heading: str, title: str) -> bool:
    return _letters(heading) == _letters(title)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text))


def _has_end_of_head(lines: Sequence[str], place: int) -> bool:
    return any(_END_OF_HEAD.search(line) for line in lines[place : place + _MAX_HEAD_LINES])


def _opens_text(text: str, is_heading: bool) -> bool:
    return (
        is_heading
        or _ARTICLE_START.fullmatch(text) is not None
        or _UNIT.fullmatch(text) is not None
        or _CONTENTS.fullmatch(text) is not None
        or _POINT.match(text) is not None
    )


def _whole_title(title: str, head: Sequence[str]) -> str:
    """The official Word files break a long title over lines; it goes on until the bracket that tells its history."""
    for line in head:
        if _PASSED.search(line) or line.startswith(("（", "(")) or len(title) + len(line) > 80:
            break
        title += line
    return title


def _without_title_lines(head: Sequence[str]) -> list[str]:
    for place, line in enumerate(head):
        if _PASSED.search(line) or line.startswith(("（", "(")):
            return list(head[place:])
    return list(head)


def _completed(stated: LawFacts, title: str, passed: Sequence[str]) -> LawFacts:
    days = [day for line in passed if _ENACTED.search(line) for day in _days(line)]
    effective = next((day for line in reversed(passed) if (day := _effective_in(line))), None)
    # The last day that is not the day of taking effect is when this version was passed.
    enacted = [day for day in days if day != effective] or days
    return LawFacts(
        title=title,
        short_title=stated.short_title,
        version_date=stated.version_date or max(enacted, default=None),
        effective=stated.effective or effective,
        expired=stated.expired,
        latest=stated.latest,
        category=stated.category,
        issuer=stated.issuer or _issuer(passed),
        address=stated.address,
    )


def _days(text: str) -> Iterator[date]:
    for match in re.finditer(r"\d{4}\s*[-年.]\s*\d{1,2}\s*[-月.]\s*\d{1,2}", unicodedata.normalize("NFKC", text)):
        if day := find_day(match.group()):
            yield day


def _effective_in(text: str) -> date | None:
    match = _EFFECTIVE_IN_HEAD.search(unicodedata.normalize("NFKC", text))
    return _day_of(match.groups()) if match else None


def _day_of(parts: Sequence[str]) -> date | None:
    try:
        return date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError:
        return None


_ISSUERS = (
    (re.compile(r"全国人民代表大会常务委员会.{0,12}会议"), "全国人民代表大会常务委员会"),
    (re.compile(r"全国人民代表大会第.{1,4}次会议"), "全国人民代表大会"),
    (re.compile(r"国务院令|国务院第.{1,5}次常务会议|国务院(?:公布|发布|批准)"), "国务院"),
    (
        re.compile(r"最高人民法院审判委员会.*最高人民检察院|最高人民法院、最高人民检察院"),
        "最高人民法院、最高人民检察院",
    ),
    (re.compile(r"最高人民法院"), "最高人民法院"),
    (re.compile(r"最高人民检察院"), "最高人民检察院"),
)


def _issuer(passed: Sequence[str]) -> str:
    for line in passed:
        for pattern, name in _ISSUERS:
            if pattern.search(line):
                return name
    return ""


def _rows(lines: Sequence[str], title: str) -> Iterator[LawRow]:
    """Articles, and what stands outside them, in order; the table of contents and a repeated title are skipped."""
    chain: list[tuple[int, str]] = []
    article: ArticleNumber | None = None
    paragraphs: list[str] = []
    by_points = not any(_ARTICLE_START.fullmatch(line.strip()) for line in lines)

    def finished() -> Iterator[LawRow]:
        text = "\n".join(paragraphs)
        if text:
            yield LawRow(article, tuple(name for _, name in chain), text)
        paragraphs.clear()

    for line in _without_contents(lines):
        text = _COMMENT.sub("", line).strip()
        mark = _HEADING.fullmatch(text)
        plain = _squeezed_line(plain_inline(mark[2] if mark else text))
        if not plain or _same_title(plain, title):
            continue
        start = _ARTICLE_START.fullmatch(mark[2] if mark else text)
        number = _number_of(start["label"]) if start else None
        if start and number:
            yield from finished()
            article = number
            rest = _squeezed_line(plain_inline(start["text"] or ""))
            paragraphs += [rest] if rest else []
        elif mark or _UNIT.fullmatch(plain) or (len(plain) <= 24 and _LAST_UNIT.fullmatch(plain)):
            yield from finished()
            article = None
            chain = _reopened(chain, _rank(plain, len(mark[1]) if mark else 0), heading_text(plain))
        else:
            if by_points and _POINT.match(plain):
                yield from finished()
            paragraphs.append(plain)
    yield from finished()


def _without_contents(lines: Sequence[str]) -> Iterator[str]:
    """目录 and its entries go: they end where an entry comes up again as a heading, or an article begins."""
    listed: set[str] | None = None
    for line in lines:
        text = _squeezed(re.sub(r"^#+\s*", "", line.strip()))
        if listed is None and _CONTENTS.fullmatch(text):
            listed = set()
        elif listed is not None and text:
            if text in listed or _ARTICLE_START.fullmatch(line.strip()):
                listed = None
                yield line
            elif _UNIT.fullmatch(text) or _LAST_UNIT.fullmatch(text):
                listed.add(text)
            else:
                listed = None
                yield line
        else:
            yield line


@lru_cache(maxsize=4096)
def _number_of(label: str) -> ArticleNumber | None:
    try:
        return parse_article(label)
    except BadReference:
        return None


def _rank(heading: str, marks: int) -> int:
    unit = _UNIT.fullmatch(heading)
    if unit:
        return _UNIT_RANK[unit[1]]
    return 3 if _LAST_UNIT.fullmatch(heading) else min(max(marks - 1, 1), 4) + 4


def _reopened(chain: list[tuple[int, str]], rank: int, name: str) -> list[tuple[int, str]]:
    return [*(outer for outer in chain if outer[0] < rank), (rank, name)]


def heading_text(heading: str) -> str:
    """Return a heading as statutes print it: 第一章 总 则 becomes 第一章　总则."""
    match = re.match(r"(第\s*[零〇一二三四五六七八九十百千\d]+\s*(?:分编|编|章|节))[\s　]*(.*)", heading.strip())
    if match is None:
        return _squeezed(heading)
    unit, name = re.sub(r"\s+", "", match[1]), _squeezed(match[2])
    return f"{unit}　{name}" if name else unit


def _squeezed(text: str) -> str:
    """Without white space between Chinese characters; mirrors spread 总 则 and titles over the line."""
    return re.sub(r"(?<=[^\x00-\x7f])[\s　]+(?=[^\x00-\x7f])", "", text.strip())


def _squeezed_line(text: str) -> str:
    return text.strip().strip("　")


# --- lines of JSON ---------------------------------------------------------------------------------------------

# The longest row of 73,703 has 6,652 characters of text. A line of a megabyte is no article, and reading on could
# fill the memory: a gzip file of a few kilobytes can hold one of any length.
MAX_LINE_CHARS = 1_000_000
_REQUIRED = ("law", "article", "text")
_FACT_KEYS: tuple[str, ...] = (
    "law",
    "short",
    "short_title",
    "date",
    "effective",
    "expired",
    "latest",
    "duplicate",
    "category",
    "kind",
)
_FACT_KEYS += ("issuer", "address")


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was left out, and why; ``number`` counts from 1."""

    number: int
    reason: str


def read_json_lines(stream: TextIO, source_name: str) -> Iterator[LawText | BadLine]:
    """Yield one version after the other: rows that follow each other with the same law and date belong together.

    A bad line is named and left out. Raises UnreadableFile for a line beyond all measure or a file cut short.
    """
    parser = _LineParser()
    facts: LawFacts | None = None
    first_line = 1
    rows: list[LawRow] = []
    for number, line in _lines(stream, source_name):
        parsed = parser.parse(line)
        if isinstance(parsed, str):
            yield BadLine(number, parsed)
            continue
        row_facts, row = parsed
        if facts is not None and (row_facts.title, row_facts.version_date) != (facts.title, facts.version_date):
            yield LawText(facts, tuple(rows), first_line)
            rows = []
        if not rows:
            facts, first_line = row_facts, number
        rows.append(row)
    if facts is not None and rows:
        yield LawText(facts, tuple(rows), first_line)


def _lines(stream: TextIO, source_name: str) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        while line := stream.readline(MAX_LINE_CHARS):
            number += 1
            if len(line) >= MAX_LINE_CHARS:
                raise UnreadableFile(f"{source_name}：第 {number} 行超过 {MAX_LINE_CHARS:,} 个字符，不是法规数据")
            if line.strip():
                yield number, line
    except UnicodeDecodeError as problem:
        raise UnreadableFile(f"{source_name}：第 {number + 1} 行附近不是 UTF-8；请转成 UTF-8") from problem
    except (EOFError, OSError) as problem:  # a gzip file cut short or damaged
        raise UnreadableFile(f"{source_name}：读到第 {number} 行后中断，文件不完整或已损坏；请重新取得") from problem


class _LineParser:
    """Reads lines one after the other; the facts of a law, the same on each of its lines, are read once."""

    def __init__(self) -> None:
        self._stated: tuple[object, ...] = ()
        self._facts = LawFacts("")

    def parse(self, line: str) -> tuple[LawFacts, LawRow] | str:
        """The row with its law's facts, or what is wrong with it."""
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            return "不是 JSON"
        if not isinstance(fields, dict):
            return "不是 {…} 这样的一行"
        for key in _REQUIRED:
            if not isinstance(fields.get(key), str) or not fields[key].strip():
                return f"缺少 {key}，或 {key} 不是文字"
        try:
            stated = tuple(map(fields.get, _FACT_KEYS))
            if stated != self._stated:
                self._facts, self._stated = _facts_of(fields), stated
            return self._facts, _row_of(fields)
        except ValueError as problem:
            return str(problem)


def _facts_of(fields: Mapping[str, Any]) -> LawFacts:
    latest = fields.get("latest")
    if latest is not None and not isinstance(latest, bool):
        raise ValueError("latest 应是 true 或 false")
    return LawFacts(
        title=_squeezed(fields["law"]),
        short_title=_text(fields, "short") or _text(fields, "short_title"),
        version_date=_day(fields, "date"),
        effective=_day(fields, "effective"),
        expired=_day(fields, "expired"),
        latest=False if fields.get("duplicate") is True else latest,
        category=_text(fields, "category") or _text(fields, "kind") or "",
        issuer=_text(fields, "issuer") or "",
        address=_text(fields, "address") or "",
    )


def _row_of(fields: Mapping[str, Any]) -> LawRow:
    label = re.sub(r"\s+", "", fields["article"])
    article = _number_of(label) if label.startswith("第") else None
    text = clean_characters(fields["text"]).strip()
    if article and text.startswith(label):
        text = text.removeprefix(label).strip().strip("　")
    if not text:
        raise ValueError("text 是空的")
    external_id = fields.get("id")
    if external_id is not None and (not isinstance(external_id, (str, int)) or isinstance(external_id, bool)):
        raise ValueError("id 应是文字或整数")
    chapter = _text(fields, "chapter") or ""
    return LawRow(article, split_headings(chapter), text, None if external_id is None else str(external_id))


def _text(fields: Mapping[str, Any], key: str) -> str | None:
    value = fields.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{key} 应是文字")
    return value.strip() or None if value else None


def _day(fields: Mapping[str, Any], key: str) -> date | None:
    value = _text(fields, key)
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise ValueError(f"{key} 是 {value!r}，应是 2021-08-20 这样的日期") from None


_BEFORE_UNIT = re.compile(r"\s+(?=第[零〇一二三四五六七八九十百千\d]+(?:分编|编|章|节)(?:\s|$))")


@lru_cache(maxsize=4096)
def split_headings(chapter: str) -> tuple[str, ...]:
    """Return the headings in ``人格权编 第一章 一般规定``: 人格权编, 第一章　一般规定. None gives ()."""
    return tuple(heading_text(part) for part in _BEFORE_UNIT.split(chapter.strip()) if part.strip())
