"""A question as it came in, made fit to be worked with: control characters off, length checked."""

from __future__ import annotations

import re
import unicodedata

from assistant.errors import QuestionRefused

# Marks of chat templates, <|im_start|> and its kind: no word of a question, and they lead a search astray.
_MODEL_MARKS = re.compile(r"<\|[^|<>]{0,40}\|>|</?s>|\[/?INST\]")
# Kept although they are control characters.
_WHITE_SPACE = "\n\t "


def clean_question(question: str, max_chars: int) -> str:
    """Return the question without control, format and private-use characters, white space closed up.

    Raises QuestionRefused where nothing is left or more than ``max_chars`` characters are.
    """
    kept = "".join(
        character
        for character in _MODEL_MARKS.sub(" ", unicodedata.normalize("NFC", question))
        if character in _WHITE_SPACE or unicodedata.category(character)[0] != "C"
    )
    cleaned = " ".join(kept.split())
    if not cleaned:
        raise QuestionRefused("the question is empty; write what happened and what you want to know")
    if len(cleaned) > max_chars:
        raise QuestionRefused(
            f"the question has {len(cleaned):,} characters, at most {max_chars:,} are taken; "
            "ask about one thing, or add the text as a document with faju index add"
        )
    return cleaned
