"""Which lines are headings where a format does not say so, and which carry a list mark."""

from __future__ import annotations

import re

from corpus.extraction.characters import is_chinese_letter

_MAX_HEADING_CHARS = 32
# A line that ends like this is a sentence, or leads to a list.
_NOT_AT_THE_END = tuple("。；;，,：:、…”’")
_LIST_MARK = re.compile(r"(?:[•·●○▪■◆▶\-*+]|\d{1,2}[.．、)）](?!\d)|[(（]\d{1,2}[)）]|[①-⑳])\s*")
_ORDINAL = re.compile(r"第[一二三四五六七八九十\d]{1,3}[步招点条章节部类种]")
_OPENS_WITH_SIGN = re.compile(r"[\u2600-\u27bf\U0001f300-\U0001faff\ufe0f\s]+")
# What a paper calls itself. Only such a first line is taken for the title of plain text: the first line of a kept
# text message is evidence, not a title.
_DOCUMENT_NOUN = re.compile(
    r"(?:合同|协议|书|函|通知|公告|声明|说明|记录|清单|报告|办法|规定|条例|指引|规则|法|怎么办|吗|呢)[?？]?$"
)


def looks_like_heading(line: str) -> bool:
    """Whether a line that stands alone on a page is a heading: short, Chinese, and no sentence.

    第二步:直接报警! is one; 答案是:不合法! is not, since it says something that can be quoted.
    """
    line = _OPENS_WITH_SIGN.sub("", line.strip(), count=1)
    if not 2 <= len(line) <= _MAX_HEADING_CHARS or line.endswith(_NOT_AT_THE_END) or "。" in line:
        return False
    if sum(is_chinese_letter(character) for character in line) * 2 < len(line):
        return False
    if _ORDINAL.match(line):
        return True
    label, colon, rest = line.replace("：", ":").partition(":")
    if not colon:
        return not line.endswith(("!", "！")) or line.count("!") + line.count("！") == 1
    return bool(label) and len(rest) >= 5 and not rest.endswith(tuple("!！?？")) and not re.search(r"\d", rest)


def looks_like_document_title(line: str) -> bool:
    """Whether the first line of plain text names the paper: 借款合同, 关于…的投诉书, …怎么办."""
    return looks_like_heading(line) and _DOCUMENT_NOUN.search(line.strip()) is not None


def has_list_mark(line: str) -> bool:
    return _LIST_MARK.match(line.strip()) is not None
