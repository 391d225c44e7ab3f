"""Characters as Chinese statutes print them, one for one, so that every place in a text stays where it was.

Only for comparing and finding: what is quoted keeps the characters that its source has.
"""

from __future__ import annotations

import importlib.resources
from functools import cache

# Full-width digits, letters and marks to ASCII; what NFKC would do, less the characters that it makes longer.
_FULL_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0xA0: " "}
_BRACKETS = {ord("〔"): "(", ord("〕"): ")", ord("［"): "[", ord("］"): "]", ord("「"): "“", ord("」"): "”"}


@cache
def _to_simplified() -> dict[int, str]:
    """OpenCC's table of single characters; its phrase tables are not used, since they change lengths."""
    table = importlib.resources.files("opencc").joinpath("dictionary/TSCharacters.txt").read_text("utf-8")
    pairs = (line.split("\t") for line in table.splitlines() if "\t" in line)
    # The first choice of several. 乾 has 干 first, which no title and no numeral of a law minds.
    return {ord(old): new.split(" ")[0] for old, new in pairs if len(old) == 1 and len(new.split(" ")[0]) == 1}


@cache
def _plain() -> dict[int, str]:
    return _to_simplified() | _FULL_WIDTH | _BRACKETS


def to_simplified(text: str) -> str:
    """Return ``text`` in simplified characters, of the same length: 治安管理處罰法 becomes 治安管理处罚法."""
    return text.translate(_to_simplified())


def to_plain(text: str) -> str:
    """Return ``text`` simplified and half-width, of the same length: （２０２１年）條 becomes (2021年)条."""
    return text.translate(_plain())
