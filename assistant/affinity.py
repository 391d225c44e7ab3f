"""How near each quotable unit is to the question: the retriever's word on sentences, as it had one on passages.

A passage is found as a whole; which of its sentences answers is another matter. The embedder and the words of the
question say that in a few milliseconds, and the model's choice is weighed against it (``assistant.quoting``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.records import NumberedPassage
from corpus.records import NormRank
from index.embedding import Embedder
from index.expansion import expand
from index.searching import embedded_query
from index.segmentation import segment

# In log units. Chosen with the other weights of ``assistant.quoting`` on 136 held-out questions of the training set.
COSINE_WEIGHT = 12.0
COVERED_WEIGHT = 4.0


# The article that a question names by its number is what it asks for; its sentences come before any other's.
NAMED_BONUS = 20.0
# A ministry's rule binds one kind of lender, a law everybody: where the question does not say which lender it is,
# the law that applies in any case comes first.
SECTOR_RULE_COST = 6.0
_SECTOR_RANKS = frozenset({NormRank.DEPARTMENTAL_RULE, NormRank.NORMATIVE_DOCUMENT})
# What people call a sector, and the word for it in the titles of its rules.
_SECTORS = (
    ("信用卡", "信用卡"),
    ("银行", "银行"),
    ("小贷", "小额贷款"),
    ("小额贷", "小额贷款"),
    ("消金", "消费金融"),
    ("消费金融", "消费金融"),
    ("网贷", "互联网贷款"),
    ("网络贷款", "互联网贷款"),
    ("保险", "保险"),
    ("短信", "短信"),
    ("投诉", "投诉"),
)


@dataclass(frozen=True, slots=True)
class QuestionAffinity:
    """The nearness of units to one question, by an index's embedder and its terms."""

    embedder: Embedder
    question: str

    def of(self, units: Sequence[tuple[NumberedPassage, str]]) -> list[float]:
        """Return the nearness of each unit, given with its passage, in log units.

        COSINE_WEIGHT * cosine + COVERED_WEIGHT * share of the question's terms, plus NAMED_BONUS for
        the article that the question names, less SECTOR_RULE_COST for a rule on a kind of lender that it does not name.
        """
        if not units:
            return []
        expanded = expand(self.question)
        words = embedded_query(expanded)
        texts = [text for _, text in units]
        cosines = self.embedder.encode_passages(texts) @ self.embedder.encode_queries([words])[0]
        terms = set(segment(" ".join([words, *expanded.added])))
        covered = [len(terms & set(segment(text))) / max(1, len(terms)) for text in texts]
        return [
            COSINE_WEIGHT * float(cosine) + COVERED_WEIGHT * share + self._standing(passage)
            for (passage, _), cosine, share in zip(units, cosines, covered, strict=True)
        ]

    def _standing(self, passage: NumberedPassage) -> float:
        if passage.passage.trace.exact:
            return NAMED_BONUS
        law = passage.passage.document.law
        if law is None or law.rank not in _SECTOR_RANKS:
            return 0.0
        named = any(said in self.question and written in law.title for said, written in _SECTORS)
        return 0.0 if named else -SECTOR_RULE_COST
