"""Characters that no reader sees, lines that a margin broke, and text that is no text. No library, no file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# C0 and C1 controls but tab and newline; soft hyphen; zero-width marks; direction overrides, which can make a
# sentence read otherwise than it is stored; the byte order mark; interlinear and tag characters.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_LINE_BREAKS = re.compile("\r\n?|[\x0b\x85\u2028\u2029]")
_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f]")

_SENTENCE_ENDS = "。！？!?；;：:…”’」』》）)】.、"
_CJK = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")

# 锟斤拷 is what U+FFFD becomes when UTF-8 is read as GBK; 烫烫烫 and 屯屯屯 are uninitialised memory read as GBK.
_KNOWN_GARBAGE = re.compile("锟斤拷|烫烫烫|屯屯屯|(?:Ã.|â€|ï¼|å[\x80-\xbf]|ã€){2}")
_MAX_GARBAGE_SHARE = 0.02


def clean_characters(text: str) -> str:
    """Return ``text`` without control and invisible characters, with ``\\n`` for every line break.

    A form feed becomes an empty line; odd spaces become plain ones; tabs and ideographic spaces stay.
    """
    text = _LINE_BREAKS.sub("\n", text).replace("\x0c", "\n\n")
    return _SPACES.sub(" ", _INVISIBLE.sub("", text))


def garbage_share(text: str) -> float:
    """Return the share of printed characters, 0 to 1, that no one can have meant.

    Counted are U+FFFD, private use characters (fonts without a Unicode table yield them) and the well-known
    traces of a wrong decoding. An empty text has none.
    """
    printed = sum(not character.isspace() for character in text)
    if not printed:
        return 0.0
    odd = sum(character == "\ufffd" or "\ue000" <= character <= "\uf8ff" for character in text)
    odd += sum(len(match.group()) for match in _KNOWN_GARBAGE.finditer(text))
    return odd / printed


def is_garbled(text: str) -> bool:
    """Whether a text should be refused rather than quoted: over 2 % of it is garbage.

    2 %: one private-use bullet in fifty characters is normal in a PDF; wrong decodings give 30 % and more.
    """
    return garbage_share(text) > _MAX_GARBAGE_SHARE


def join_wrapped(lines: Sequence[str], wrap_width: float) -> str:
    """Join the lines of one paragraph: a line that a margin broke continues, any other keeps its line break.

    A line counts as broken by the margin where it is nearly ``wrap_width`` characters long and does not end
    like a sentence. Between Chinese characters nothing is put, between others a space.
    """
    joined = ""
    for line in lines:
        line = line.strip()
        if not joined:
            joined = line
        elif broken_by_margin(joined.rsplit("\n", 1)[-1], wrap_width):
            joined += glue(joined, line) + line
        else:
            joined += "\n" + line
    return joined


def broken_by_margin(line: str, wrap_width: float) -> bool:
    return bool(line) and display_width(line) >= 0.85 * wrap_width and line[-1] not in _SENTENCE_ENDS


def glue(before: str, after: str) -> str:
    """Return what stands between two parts of one sentence: nothing beside a Chinese character, else a space."""
    if not before or not after or _CJK.match(before[-1]) or _CJK.match(after[0]):
        return ""
    return " "


def display_width(line: str) -> int:
    """Columns that a line takes: 2 for a Chinese character, 1 for any other."""
    return len(line) + len(_CJK.findall(line))


# A margin wider than this is none: one line then holds a whole paragraph.
_WIDEST_MARGIN = 140


def wrap_width(lines: Iterable[str]) -> float:
    """Return the width at which a text's lines were broken, or a width that no line reaches where none was.

    The margin is the width that at least a quarter of the longer lines come within 4 columns of.
    """
    widths = sorted(display_width(line.strip()) for line in lines if line.strip())
    if len(widths) < 3 or widths[-1] > _WIDEST_MARGIN:
        return float("inf")
    margin = widths[-1]
    near = sum(width >= margin - 4 for width in widths)
    longer = sum(width >= margin / 2 for width in widths)
    return margin if near >= 3 and near * 4 >= longer else float("inf")


def is_chinese_letter(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or "\U00020000" <= character <= "\U0003ffff"
