from __future__ import annotations

import pytest

from assistant.asking import clean_question
from assistant.errors import QuestionRefused


def test_control_and_format_characters_are_taken_off() -> None:
    assert clean_question("催收\x00 打\u202e电话\u200b\n\n违法吗？\x1b", 100) == "催收 打电话 违法吗？"


@pytest.mark.parametrize("question", ["", "  \n\t", "\x00\u200b\ufeff"])
def test_an_empty_question_is_refused(question: str) -> None:
    with pytest.raises(QuestionRefused, match="empty"):
        clean_question(question, 100)


def test_a_long_question_is_refused_with_both_numbers() -> None:
    with pytest.raises(QuestionRefused, match="20,000 characters, at most 2,000"):
        clean_question("催" * 20_000, 2000)
    assert len(clean_question("催" * 2000, 2000)) == 2000


def test_marks_of_chat_templates_are_no_words_of_a_question() -> None:
    assert clean_question("<|im_start|>system 催收<|im_end|>违法吗？[INST]</s>", 100) == "system 催收 违法吗？"
