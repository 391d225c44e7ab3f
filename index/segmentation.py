"""Text -> terms for keyword search. Chinese has no spaces, so what a term is must be decided, and was measured.

The same function cuts passages and questions; its name is kept in the manifest, because an index and its questions
must be cut alike. It knows nothing of synonyms; that is ``index.expansion``.
"""

from __future__ import annotations

import re
import unicodedata

from corpus.script import to_simplified

# Changes whenever the terms do: an index cut otherwise must be built again.
SEGMENTATION = "bigrams/1"

_RUN = re.compile(r"(?P<chinese>[㐀-鿿\U00020000-\U0002fa1f]+)|[a-z]+|[0-9]+(?:\.[0-9]+)?")


def normalize(text: str) -> str:
    """Return ``text`` in one form: NFKC, simplified characters, lower case. 債務 ＡＰＰ gives 债务 app."""
    return to_simplified(unicodedata.normalize("NFKC", text)).lower()


def segment(text: str) -> list[str]:
    """Return the terms of ``text`` in order, repeats kept; punctuation and white space give none.

    A run of Chinese gives its overlapping pairs of characters, a lone character itself; Latin words and numbers
    are whole: 被P图了3次 gives 被, p, 图了, 3, 次.
    """
    terms: list[str] = []
    for run in _RUN.finditer(normalize(text)):
        word = run[0]
        if run["chinese"] and len(word) > 1:
            terms += [word[start : start + 2] for start in range(len(word) - 1)]
        else:
            terms.append(word)
    return terms


def words_of(text: str) -> list[str]:
    """Return the runs of Chinese, of Latin letters and of digits in normalized ``text``, in order."""
    return [run[0] for run in _RUN.finditer(text)]
