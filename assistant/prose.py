"""A model's prose as it streams in: thinking text set apart, whole sentences cut, citation marks read off.

It knows neither passages nor law; whether a sentence may be shown is ``assistant.explaining``'s question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from assistant import wording
from corpus.records import UnitRole

# The longest article held has 639 characters; a sentence that quotes it whole still fits.
MAX_SENTENCE_CHARS = 800

_THINKING = re.compile(r"<(?P<close>/?)think(?:ing)?>")
_THINKING_TAGS = ("<think>", "</think>", "<thinking>", "</thinking>")

# What holds a sentence together: a full stop inside ends nothing.
_PAIRS = {"「": "」", "『": "』", "“": "”", "《": "》", "（": "）", "(": ")"}
_BRACKETS = "）)》"  # these do not reach over a line's end; a quotation may
_STOPS = "。！？!?"
_NUMBERS = r"(?P<numbers>\d{1,3}(?:\s*(?:[,，、;；/和与及–~—-]|and)\s*\d{1,3})*)"
# [1] ［1］ 【1】 [[1]] [1, 2] [1-3] [资料1] [source 1] [ID:1] ^[1]^
_MARK = re.compile(
    rf"\s*\^?[\[［【]{{1,2}}\s*(?:第|资料|材料|来源|出处|(?i:passages?|sources?|id))?\s*[:：#]?\s*{_NUMBERS}\s*号?\s*[\]］】]{{1,2}}\^?"
)
_MARK_START = re.compile(r"\s*\^?[\[［【][^\]］】\n]{0,24}$")
_MARK_BEFORE = re.compile(r"[\]］】]\^?\s*$")
_RANGE = re.compile(r"(\d+)\s*[–~—-]\s*(\d+)")
# A point behind these ends no English sentence: Art. 42, e.g. a loan, 1. first.
_ABBREVIATION = re.compile(
    r"(?:(?:^|[\s(])(?:arts?|nos?|paras?|secs?|cf|vs|etc|mr|mrs|ms|dr|co|ltd|inc|[a-z]|e\.g|i\.e)|^\s*\d{1,2})$", re.I
)

_LIST_MARK = re.compile(r"^(?:(?:[-*+•·●○▪■◆>]|#{1,6}|\d{1,2}[.．、)）](?!\d)|[（(]\d{1,2}[)）]|[①-⑳])\s*)+")
_EMPHASIS = re.compile(r"\*\*|__|`")
_HEADING = re.compile(r"^\s*(?:#{1,6}\s|\*\*[^*]+\*\*[:：]?\s*$)")
_SHORTEST_LINE = 16  # a shorter line without a stop or mark is a heading, not a sentence

# The same words over and over: small models fall into it and do not come out.
_LOOP = re.compile(r"(.{2,80}?)\1{3,}$", re.S)
_STUTTER = re.compile(r"(.)\1{19,}$", re.S)
_SHORTEST_LOOP = 24

_ROLE_WORDS = {
    **{word: role for role, words in wording.ROLE_HEADINGS.items() for word in words.values()},
    "法律规定": UnitRole.LAW,
    "依据": UnitRole.LAW,
    "具体做法": UnitRole.ACTION,
    "建议": UnitRole.ACTION,
    "应对办法": UnitRole.ACTION,
    "向哪里投诉": UnitRole.CHANNEL,
    "投诉": UnitRole.CHANNEL,
    "Conclusion": UnitRole.CONCLUSION,
    "Law": UnitRole.LAW,
    "Legal basis": UnitRole.LAW,
    "Where to report": UnitRole.CHANNEL,
}
_WORDS = "|".join(sorted(map(re.escape, _ROLE_WORDS), key=len, reverse=True))
_LABEL = re.compile(rf"^(?:[一二三四五六]、)?\s*(?P<word>{_WORDS})\s*[:：]\s*")
_LABEL_ALONE = re.compile(rf"^(?:[一二三四五六]、)?\s*(?P<word>{_WORDS})\s*[:：]?$")


class Ending(Enum):
    """How a sentence came to its end."""

    WHOLE = "whole"
    CUT_SHORT = "cut_short"  # the model stopped within it
    RUNAWAY = "runaway"  # it repeats itself or has no end; what comes after is not worth reading


@dataclass(frozen=True, slots=True)
class ProseSentence:
    """A sentence without its marks, and the numbers that they named, in order, each once.

    ``role`` is what the heading above it or its own label (结论：…) says it is, None where the model wrote none.
    """

    text: str
    citations: tuple[int, ...]
    role: UnitRole | None
    ending: Ending


class ProseReader:
    """Takes a stream piece by piece and gives whole sentences as soon as they are whole.

    Lines that state nothing (headings, 你可以：) give no sentence. ``thinking`` is what stood between <think> and
    </think>, or before a </think> that nothing opened.
    """

    def __init__(self) -> None:
        self.thinking = ""
        self._is_thinking = False
        self._held = ""  # may be the beginning of a tag
        self._pending = ""  # prose that is no whole sentence yet
        self._role: UnitRole | None = None

    def feed(self, piece: str) -> Iterator[ProseSentence]:
        """Take ``piece``; yield the sentences that are whole now."""
        self._held += piece
        self._sort(keep=_tag_beginning(self._held))
        while not self._is_runaway():
            cut = _sentence_end(self._pending, at_end=False)
            if cut is None:
                return
            yield from self._take(cut, Ending.WHOLE)
        yield from self._take(len(self._pending), Ending.RUNAWAY)

    def finish(self) -> Iterator[ProseSentence]:
        """The stream has ended: yield what is left."""
        self._sort(keep=0)
        while self._pending.strip():
            cut = _sentence_end(self._pending, at_end=True)
            if cut is None:
                yield from self._take(len(self._pending), Ending.CUT_SHORT)
                return
            yield from self._take(cut, Ending.WHOLE)

    def _sort(self, keep: int) -> None:
        """Move what is held, but for its last ``keep`` characters, to thinking or prose."""
        while tag := _THINKING.search(self._held):
            self._move(tag.start())
            if tag["close"] and not self._is_thinking:
                self.thinking += self._pending
                self._pending = ""
            self._is_thinking = not tag["close"]
            self._held = self._held[len(tag[0]) :]
        self._move(len(self._held) - keep)

    def _move(self, length: int) -> None:
        if self._is_thinking:
            self.thinking += self._held[:length]
        else:
            self._pending += self._held[:length]
        self._held = self._held[length:]

    def _is_runaway(self) -> bool:
        pending = self._pending
        if len(pending) < _SHORTEST_LOOP:
            return False
        loop = _LOOP.search(pending[-4 * 80 :])
        repeats = bool(loop and len(loop[0]) >= _SHORTEST_LOOP) or bool(_STUTTER.search(pending))
        return repeats or len(pending) > MAX_SENTENCE_CHARS

    def _take(self, length: int, ending: Ending) -> Iterator[ProseSentence]:
        raw, self._pending = self._pending[:length], self._pending[length:]
        is_heading = _HEADING.match(raw) is not None
        written = _EMPHASIS.sub("", _LIST_MARK.sub("", _EMPHASIS.sub("", raw.strip()))).strip()
        if alone := _LABEL_ALONE.match(written):
            self._role = _ROLE_WORDS[alone["word"]]
            return
        role = self._role
        if label := _LABEL.match(written):
            role = _ROLE_WORDS[label["word"]]
            written = written[label.end() :]
        citations, text = read_marks(written)
        is_layout = is_heading or (ending is Ending.WHOLE and _states_nothing(text))
        if not re.search(r"\w", text) or (is_layout and not citations):
            return
        if ending is Ending.CUT_SHORT and _MARK_BEFORE.search(written):
            ending = Ending.WHOLE  # the model left out the last stop, not the rest of the sentence
        if text[-1] in "；;":
            text = text[:-1] + "。"
        yield ProseSentence(text, citations, role, ending)


def read_marks(text: str) -> tuple[tuple[int, ...], str]:
    """Return the numbers that the marks of ``text`` name, in order, each once, and the text without the marks."""
    numbers: dict[int, None] = {}
    for mark in _MARK.finditer(text):
        for number in _numbers_of(mark["numbers"]):
            numbers.setdefault(number)
    return tuple(numbers), _MARK.sub("", text).strip()


def _numbers_of(written: str) -> Iterator[int]:
    for first, last in _RANGE.findall(written):
        yield from range(int(first), min(int(last), int(first) + 20) + 1)
    yield from map(int, re.findall(r"\d+", _RANGE.sub("", written)))


def _tag_beginning(text: str) -> int:
    """The length of the end of ``text`` that may be the beginning of a thinking tag."""
    for length in range(min(len(text), 10), 0, -1):
        if any(tag.startswith(text[-length:]) for tag in _THINKING_TAGS):
            return length
    return 0


def _states_nothing(text: str) -> bool:
    return text[-1] in "：:" or (len(text) < _SHORTEST_LINE and text[-1] not in _STOPS + ".；;”」』）)")


def _sentence_end(text: str, at_end: bool) -> int | None:
    """Where the first sentence of ``text`` ends, its marks behind the stop included; None where it has not ended.

    Without ``at_end`` more may come: a stop at the very end may still get a closing mark or a citation.
    """
    open_pairs: list[str] = []
    for place, character in enumerate(text):
        if open_pairs and character == open_pairs[-1]:
            open_pairs.pop()
        elif character in _PAIRS:
            open_pairs.append(_PAIRS[character])
        elif character == "\n":
            open_pairs = [closing for closing in open_pairs if closing not in _BRACKETS]
            if text[:place].strip() and (not open_pairs or text[place : place + 2] == "\n\n"):
                return place
        elif not open_pairs and (character in _STOPS or _is_stop_here(text, place, at_end)):
            return _after_stop(text, place + 1, at_end)
    return None


def _is_stop_here(text: str, place: int, at_end: bool) -> bool:
    """Whether a mark that ends a sentence only sometimes does so here."""
    if text[place] in "；;":
        return _MARK_BEFORE.search(text[:place]) is not None
    if text[place] != ".":
        return False
    rest = text[place + 1 : place + 2]
    # At the end of the buffer the next piece decides: 12386.gov.cn, 3.5.
    follows = rest.isspace() or rest in tuple("[［【”」\"')") if rest else at_end
    return follows and _ABBREVIATION.search(text[:place]) is None


def _after_stop(text: str, place: int, at_end: bool) -> int | None:
    """Past further stops, closing marks and the citations that some models put behind the stop, on the same line."""
    while place < len(text):
        mark = _MARK.match(text, place)
        if mark and "\n" not in mark[0]:
            place = mark.end()
        elif text[place] in _STOPS + "”」』）)\"'":
            place += 1
        elif not at_end and (_MARK_START.match(text, place) or re.fullmatch(r"[^\S\n]+", text[place:])):
            return None
        else:
            return place
    return place if at_end else None
