"""Gold references: 治安管理处罚法第五十条, article:which-hotline, title:…; what they mean and whether they stand.

A reference is compared by key: the law's short title and article for a statute, the title for anything else.
"""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from assistant.evaluation.records import EvaluationCase, Hit, JudgedPassage
from corpus.errors import BadReference
from corpus.frontmatter import split_front_matter
from corpus.lawbook import HeldArticle, LawBook
from corpus.numerals import parse_article
from corpus.records import ArticleNumber
from corpus.validity import version_at

_STATUTE = re.compile(r"(?P<law>.+?)(?P<article>第[^第条]+条(?:之.+)?)")
_ARTICLE_PREFIX = "article:"
_TITLE_PREFIX = "title:"


@dataclass(frozen=True, slots=True)
class GoldReference:
    """One reference of a gold group: a law (short title) with an article, or the file or title of a document."""

    law: str | None = None
    article: ArticleNumber | None = None
    article_file: str | None = None
    title: str | None = None


def parse_gold(text: str) -> GoldReference:
    """Read one reference. Raises BadReference where it is none of the three forms."""
    if text.startswith(_ARTICLE_PREFIX) and text != _ARTICLE_PREFIX:
        return GoldReference(article_file=text.removeprefix(_ARTICLE_PREFIX))
    if text.startswith(_TITLE_PREFIX) and text != _TITLE_PREFIX:
        return GoldReference(title=text.removeprefix(_TITLE_PREFIX))
    match = _STATUTE.fullmatch(text)
    if match is None:
        raise BadReference(f"{text!r} is no reference; write 民法典第一千零三十三条, article:FILE or title:TITLE")
    return GoldReference(law=match["law"], article=parse_article(match["article"]))


@cache
def own_article_titles() -> Mapping[str, str]:
    """Return the titles of our own articles by file name without ending."""
    folder = importlib.resources.files("corpus") / "articles"
    titles = {}
    for file in folder.iterdir():
        if file.name.endswith(".md"):
            facts, _ = split_front_matter(file.read_text(encoding="utf-8"), file.name)
            titles[file.name.removesuffix(".md")] = str(facts.get("title", ""))
    return titles


def own_article_text(article_file: str) -> str:
    """Return the body of an article of ours. Raises FileNotFoundError for one that does not exist."""
    file = importlib.resources.files("corpus") / "articles" / f"{article_file}.md"
    return split_front_matter(file.read_text(encoding="utf-8"), file.name)[1]


def key_of_gold(text: str) -> str:
    """Return the key of a gold reference; a file that no article of ours has gives a key that nothing matches."""
    gold = parse_gold(text)
    if gold.law is not None:
        return f"{gold.law}{gold.article}"
    if gold.article_file is not None:
        return f"{_TITLE_PREFIX}{own_article_titles().get(gold.article_file, text)}"
    return f"{_TITLE_PREFIX}{gold.title}"


def key_of(source: Hit | JudgedPassage) -> str:
    """Return the key of what was retrieved or cited."""
    return f"{source.law}{source.article}" if source.kind == "statute" else f"{_TITLE_PREFIX}{source.title}"


def in_force(source: Hit | JudgedPassage, day: date) -> bool:
    """Return whether ``source`` is law on ``day``; what is not law, and law of unknown date, always counts."""
    if source.effective and day < source.effective:
        return False
    return not (source.expired and day >= source.expired)


def gold_groups(case: EvaluationCase) -> tuple[frozenset[str], ...]:
    """Return the gold groups of a case as sets of keys."""
    return tuple(frozenset(key_of_gold(text) for text in group) for group in case.gold)


def law_day(case: EvaluationCase, answered_as_of: date) -> date:
    """Return the day whose law a right answer states: the day to be found, the day given, else the answer's own."""
    return case.finds_as_of or case.as_of or answered_as_of


# --- whether references stand ------------------------------------------------------------------------------------


def held_article(text: str, lawbook: LawBook, day: date) -> HeldArticle | None:
    """Return the article that a statute reference means on ``day``; None where it is not held as of then."""
    gold = parse_gold(text)
    if gold.law is None or gold.article is None:
        return None
    version = version_at(lawbook, gold.law, day)
    return lawbook.article(version.id, gold.article) if version else None


def reference_problem(text: str, lawbook: LawBook, day: date) -> str | None:
    """Return what is wrong with a gold reference on ``day``, None where it stands."""
    gold = parse_gold(text)
    if gold.article_file is not None:
        known = gold.article_file in own_article_titles()
        return None if known else f"{text}: corpus/articles has no {gold.article_file}.md"
    if gold.law is None or held_article(text, lawbook, day):
        return None
    if gold.law not in lawbook.laws:
        return f"{text}: no law of the corpus has the short title {gold.law}"
    return f"{text}: not held, or not in force on {day}"


def set_problems(cases: Sequence[EvaluationCase], lawbook: LawBook, today: date) -> Iterator[str]:
    """Yield, for each case, what is wrong with its references: none held, groups that overlap."""
    for case in cases:
        day = law_day(case, today)
        for group in case.gold:
            for text in group:
                problem = reference_problem(text, lawbook, day)
                if problem:
                    yield f"{case.id}: {problem}"
        groups = gold_groups(case)
        shared = {key for i, group in enumerate(groups) for other in groups[i + 1 :] for key in group & other}
        if shared:
            yield f"{case.id}: {', '.join(sorted(shared))} stands in two gold groups; one citation would count twice"
