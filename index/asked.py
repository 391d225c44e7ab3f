"""How often an article of law answers a lay question: what is asked about a lot is more often what is meant.

``asked_articles.tsv`` counts the questions of the training set (the held-out ones are not in it), one article a line.
An article is known by its words, so the count holds for a law that a user imports, and ends with a change of the text.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_NOT_LETTERS = re.compile(r"[\W_]+")


def times_asked(article_text: str) -> int:
    """Return how many training questions the article with this text answers; 0 for any other text.

    ``article_text`` is without its number; white space, punctuation and width do not matter.
    """
    return asked_articles().get(text_digest(article_text), 0)


def text_digest(text: str) -> str:
    """Return a short hash of the letters and digits of ``text``."""
    letters = _NOT_LETTERS.sub("", unicodedata.normalize("NFKC", text))
    return hashlib.sha256(letters.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@cache
def asked_articles() -> Mapping[str, int]:
    """Return the table: digest of an article's text to the number of questions."""
    lines = (files("index") / "asked_articles.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {digest: int(count) for digest, count, _ in rows}
