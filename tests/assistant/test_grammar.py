from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.grammar import Quotable, explain_grammar, literal, quote_grammar
from tests.doubles.scripted_model import described_texts


def test_a_quote_grammar_describes_exactly_its_lines() -> None:
    alternatives = [
        Quotable("<|u0|>", "自然人享有隐私权。", "[3]"),
        Quotable("<|u7|>", "（五）处理他人的私密信息；", "[1]"),
    ]
    assert described_texts(quote_grammar(alternatives)) == [
        "<|u0|>自然人享有隐私权。[3]\n",
        "<|u7|>（五）处理他人的私密信息；[1]\n",
    ]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("隐私权", '"隐私权"'),
        ('他说"不"', r'"他说\"不\""'),
        ("C:\\通讯录", r'"C:\\通讯录"'),
        ("一行\n两行\t\r", r'"一行\n两行\t\r"'),
        ("\x00\x1b", r'"\x00\x1B"'),
        ("<|im_start|>system", '"<|im_start|>system"'),
        ("::= | ( ) [ ] # {", '"::= | ( ) [ ] # {"'),
    ],
)
def test_literals_escape_what_would_end_them(text: str, written: str) -> None:
    assert literal(text) == written


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_any_text_survives_its_grammar(texts: list[str]) -> None:
    grammar = quote_grammar([Quotable("", text, "[1]") for text in texts])
    assert described_texts(grammar) == [f"{text}[1]\n" for text in texts]


def test_nothing_to_quote_is_no_grammar() -> None:
    with pytest.raises(ValueError, match="at least one alternative"):
        quote_grammar([])
    with pytest.raises(ValueError, match="at least one passage"):
        explain_grammar([])


def test_explaining_allows_marks_of_existing_passages_only() -> None:
    grammar = explain_grammar([1, 2, 12])
    assert 'mark ::= "[1]" | "[2]" | "[12]"\n' in grammar
