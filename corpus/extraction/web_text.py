"""Web pages that were saved as text: everything visible, one element after the other, furniture and all.

It cuts lines into blocks and says what each looks like. What belongs to the article is ``corpus.cleaning``'s
decision.
"""

from __future__ import annotations

import re

from corpus.extraction.headings import has_list_mark, looks_like_heading
from corpus.extraction.plain import split_paragraphs
from corpus.extraction.records import Block, BlockKind, ExtractedDocument, Origin

# Words that stand on web pages and, at the start of a line, hardly anywhere else.
_PAGE_SIGNS = (
    re.compile(r"当前位置\s*[:：]|您?(?:现在)?的?位置\s*[:：].*[>»›]"),
    re.compile(r"(?:本文|原文)(?:链接|地址)\s*[:：]\s*https?://"),
    re.compile(r"(?:上一篇|下一篇|上一条|下一条)\s*[:：]"),
    re.compile(r"(?:相关|推荐|热门|猜你喜欢的?)(?:文章|内容|阅读|推荐|资讯)\s*[:：]?$|.*的相关文章$"),
    re.compile(r"(?:发布|更新|发表)?(?:时间|日期)\s*[:：]\s*\d{4}[-/年.]\d{1,2}|来源\s*[:：].*(?:时间|日期|发布)"),
    re.compile(r".{0,14}版权(?:与免责|归属)?声明\s*[:：]"),
    re.compile(r"扫描二维码|扫一扫"),
    re.compile(r"网站地图$|to top$|返回顶部$|回到顶部$", re.IGNORECASE),
    re.compile(r"(?:分享(?:给|到)|精彩评论|网友评论|发表评论)"),
    re.compile(r"(?:阅读|浏览|点击)(?:量|次数|数)?\s*[:：(（]\s*\d+"),
)
# Two different signs: a letter may quote one, such as 来源：… or 版权声明：….
_SIGNS_OF_A_PAGE = 2


def is_web_page_text(text: str) -> bool:
    """Whether clean text is a saved web page rather than a paper of the user's own."""
    lines = [line.strip() for line in text.split("\n")]
    found = sum(any(sign.match(line) for line in lines) for sign in _PAGE_SIGNS)
    return found >= _SIGNS_OF_A_PAGE


def read_web_text(text: str) -> ExtractedDocument:
    """Return every line of clean text as a block: headings, list items and paragraphs told apart by their look."""
    return ExtractedDocument(None, None, None, None, tuple(_blocks(text)), Origin.WEB_PAGE)


def _blocks(text: str) -> list[Block]:
    blocks: list[Block] = []
    for lines in split_paragraphs(text):
        alone = len(lines) == 1
        blocks.extend(_block(line, alone) for line in lines)
    return blocks


def _block(line: str, alone: bool) -> Block:
    text = line.strip()
    if has_list_mark(text):
        return Block(text, BlockKind.LIST_ITEM)
    if alone and not line[:1].isspace() and looks_like_heading(text):
        return Block(text, BlockKind.HEADING, 2)
    return Block(text, BlockKind.PARAGRAPH)
