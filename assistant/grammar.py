"""GBNF grammars from the passages: what the model may write, and nothing else.

The language is llama.cpp's (https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md). A grammar of
quoting holds one alternative a unit: its label, the sentence character for character, the mark of its passage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quotable:
    """One alternative: what the model writes to choose a unit (``label``), the unit's text, its mark."""

    label: str
    text: str
    mark: str

    @property
    def line(self) -> str:
        return f"{self.label}{self.text}{self.mark}\n"


def literal(text: str) -> str:
    r"""Return ``text`` as a GBNF string: quotes, backslashes and control characters escaped.

    >>> literal('说"不"')
    '"说\\"不\\""'
    """
    return '"' + "".join(_escape(character) for character in text) + '"'


def _escape(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character == "\n":
        return r"\n"
    if character == "\r":
        return r"\r"
    if character == "\t":
        return r"\t"
    # NUL would end the C string that the grammar travels in; the other controls only look bad.
    if ord(character) < 0x20 or ord(character) == 0x7F:
        return f"\\x{ord(character):02X}"
    return character


def quote_grammar(alternatives: Sequence[Quotable]) -> str:
    """Return the grammar of one quoted line: exactly one of ``alternatives``, to the end of its line.

    Raises ValueError for no alternatives: there is nothing to say, and a grammar cannot say that.
    """
    if not alternatives:
        raise ValueError("a quote grammar needs at least one alternative")
    names = [f"unit-{number}" for number in range(len(alternatives))]
    rules = [f"root ::= {' | '.join(names)}"]
    for name, quotable in zip(names, alternatives, strict=True):
        rules.append(f"{name} ::= {literal(quotable.line)}")
    return "\n".join(rules) + "\n"


def explain_grammar(numbers: Sequence[int]) -> str:
    """Return the grammar of prose for explain mode: every sentence ends in at least one mark of ``numbers``.

    The mark stands before the full stop: 催收违法[1]。 A full stop inside quotation marks ends no sentence, nor does
    a point that no space follows (3.5, 12386.gov.cn). Thinking text, where a model insists on it, may come first.
    Raises ValueError for no numbers.
    """
    if not numbers:
        raise ValueError("an explain grammar needs at least one passage to cite")
    marks = " | ".join(literal(f"[{number}]") for number in numbers)
    return (
        "root ::= thinking? sentence+\n"
        'thinking ::= "<think>" [^<]* "</think>" [\\n]*\n'
        'sentence ::= [ \\n]? [ ]? opening body* mark+ ("。" | "！" | "？" | "；" | "." | "!" | "?") [\\n]? [\\n]?\n'
        "opening ::= [^ \\n\\[\\]<>。！？；.!?;「」“”] | quote\n"
        "body ::= [^\\n\\[\\]<>。！？；.!?;「」“”] | quote | [.] [^ \\n\\[\\]<>。！？；.!?;「」“”]\n"
        'quote ::= "「" [^「」\\[\\]<>]+ "」" | "“" [^“”\\[\\]<>]+ "”"\n'
        f"mark ::= {marks}\n"
    )
