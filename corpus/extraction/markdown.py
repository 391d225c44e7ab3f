"""Markdown, with or without YAML front matter, to blocks. Marks of layout go; what a reader reads stays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime

from corpus.errors import UnreadableFile
from corpus.extraction.characters import join_wrapped, wrap_width
from corpus.extraction.records import Block, BlockKind, ExtractedDocument, Origin
from corpus.frontmatter import FrontMatterError, split_front_matter

_HEADING = re.compile(r"(#{1,6})[ \t　]+(.*?)[ \t]*#*")
_UNDERLINE = re.compile(r"(=+|-{2,})[ \t]*")
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)、])[ \t]+\S")
_BULLET = re.compile(r"[-*+][ \t]+(?:\[[ xX]\][ \t]+)?")
_TABLE_RULE = re.compile(r"\|?[ \t]*:?-{2,}:?[ \t]*(\|[ \t]*:?-{2,}:?[ \t]*)*\|?")
_THEMATIC_BREAK = re.compile(r"[ \t]*(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_IMAGE = re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)")
_LINK = re.compile(r"\[([^\]\n]+)\]\((?:[^()\n]|\([^()\n]*\))*\)")
_AUTOLINK = re.compile(r"<(https?://[^>\s]+)>")
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![*0-9A-Za-z\\])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*\\])\*(?![*0-9A-Za-z])")
_CODE = re.compile(r"`([^`\n]+)`")
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]*>")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|~<>])")

# Names under which people state the same fact, ours first.
_TITLE_KEYS = ("title", "标题", "name")
_PUBLISHER_KEYS = ("publisher", "发布者", "来源", "site", "author", "作者")
_PUBLISHED_KEYS = ("published", "date", "发布日期", "日期", "created")
_ADDRESS_KEYS = ("address", "url", "link", "source_url", "网址", "链接", "source")


def read_markdown(text: str, source_name: str) -> ExtractedDocument:
    """Return the blocks of clean Markdown text, with title, publisher, published and address of its front matter.

    Without a stated title the first ``#`` heading is it. Raises UnreadableFile, naming the file, where the front
    matter is broken.
    """
    facts, body = _front_matter(text, source_name)
    blocks = tuple(block for block in _blocks(_COMMENT.sub("", body)) if block.text)
    first_heading = next((block.text for block in blocks if block.kind is BlockKind.HEADING and block.level == 1), None)
    address = _text(facts, _ADDRESS_KEYS)
    return ExtractedDocument(
        title=_text(facts, _TITLE_KEYS) or first_heading,
        publisher=_text(facts, _PUBLISHER_KEYS),
        published=_day(facts, source_name),
        address=address if address and address.startswith(("http://", "https://")) else None,
        blocks=blocks,
        origin=Origin.DOCUMENT,
    )


def _front_matter(text: str, source_name: str) -> tuple[Mapping[str, object], str]:
    first, _, rest = text.partition("\n")
    opens_with_a_key = re.match(r"\s*(?:#.*\n\s*)*[\w\u4e00-\u9fff-]+\s*:", rest) is not None
    if first.rstrip() == "---" and not opens_with_a_key and "\n---" not in rest:
        return {}, rest  # a line drawn above the text
    try:
        return split_front_matter(text, source_name)
    except FrontMatterError as problem:
        mark = getattr(problem.__cause__, "problem_mark", None)
        where = f"，第 {mark.line + 2} 行" if mark else ""
        raise UnreadableFile(
            f"{source_name}：文件开头 --- 之间的说明写错了{where}；"
            "请写成“title: 标题”这样的一行行，上下各一行 ---，或者整段删去"
        ) from problem


def _text(facts: Mapping[str, object], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        value = facts.get(key)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return None


def _day(facts: Mapping[str, object], source_name: str) -> date | None:
    for key in _PUBLISHED_KEYS:
        value = facts.get(key)
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        if isinstance(value, str) and value.strip():
            day = find_day(value)
            if day is None:
                raise UnreadableFile(f"{source_name}：{key} 写的是 {value!r}，不是日期；请写成 2025-03-14")
            return day
    return None


_DAY = re.compile(r"(?<!\d)((?:19|20)\d{2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)")


def find_day(text: str) -> date | None:
    """Return the first day written in ``text`` as 2025-03-14, 2025/3/14, 2025.3.14 or 2025年3月14日."""
    for match in _DAY.finditer(text):
        try:
            return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            continue
    return None


def _blocks(body: str) -> Iterator[Block]:
    width = wrap_width(line for line in body.split("\n") if not line.lstrip().startswith(("|", "#")))
    paragraph: list[str] = []
    kind = BlockKind.PARAGRAPH
    fence = ""

    def flush() -> Iterator[Block]:
        if paragraph:
            text = plain_inline(join_wrapped(paragraph, width))
            yield Block(text.strip(), kind)
            paragraph.clear()

    for line in body.split("\n"):
        opening = _FENCE.match(line)
        if fence:
            if opening and opening[1].startswith(fence):
                fence = ""
                yield from flush()
            else:
                paragraph.append(line)
            continue
        line = re.sub(r"^[ \t]*(?:>[ \t]?)+", "", line)
        heading = _HEADING.fullmatch(line.strip())
        if opening:
            yield from flush()
            fence, kind = opening[1], BlockKind.PARAGRAPH
        elif not line.strip() or _is_break(line, paragraph):
            yield from flush()
            kind = BlockKind.PARAGRAPH
        elif heading:
            yield from flush()
            kind = BlockKind.PARAGRAPH
            yield Block(plain_inline(heading[2]).strip(), BlockKind.HEADING, len(heading[1]))
        elif _UNDERLINE.fullmatch(line) and len(paragraph) == 1:
            title = plain_inline(paragraph.pop()).strip()
            yield Block(title, BlockKind.HEADING, 1 if line.startswith("=") else 2)
        elif line.lstrip().startswith("|"):
            yield from flush()
            if not _TABLE_RULE.fullmatch(line.strip()):
                yield Block(_table_row(line), BlockKind.TABLE_ROW)
        elif _LIST_ITEM.match(line):
            yield from flush()
            kind = BlockKind.LIST_ITEM
            paragraph.append(_BULLET.sub("• ", line.strip(), count=1) if _BULLET.match(line.strip()) else line)
        else:
            paragraph.append(line)
    yield from flush()


def _is_break(line: str, paragraph: list[str]) -> bool:
    return _THEMATIC_BREAK.fullmatch(line) is not None and not (len(paragraph) == 1 and _UNDERLINE.fullmatch(line))


def _table_row(line: str) -> str:
    cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return " | ".join(plain_inline(cell).strip() for cell in cells)


def plain_inline(text: str) -> str:
    """Return inline Markdown as it reads: links and images by their words, emphasis and code without marks."""
    text = _IMAGE.sub(r"\1", text)
    text = _LINK.sub(r"\1", text)
    text = _AUTOLINK.sub(r"\1", text)
    text = _CODE.sub(r"\1", text)
    text = _STRONG.sub(r"\2", text)
    text = _EMPHASIS.sub(r"\1", text)
    text = _TAG.sub("", text)
    return _ESCAPE.sub(r"\1", text)
