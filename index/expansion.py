"""Lay wording -> the wording of the law, from the table ``lay_terms.toml``: 爆通讯录, 呼死你, 老赖, slips, English.

What is added only helps to find; the question itself is answered as it was asked. The table is data: it is read
once, and what it is worth is measured with and without it (``tests/benchmarks/bench_retrieval.py``).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from index.segmentation import normalize

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_ENGLISH = re.compile(r"[a-z][a-z' -]{2,}")
_CHINESE = re.compile(r"[一-鿿]")


@dataclass(frozen=True, slots=True)
class LayTerms:
    """The table: ``terms`` from lay to legal wording, ``typos`` from slip to word, ``english`` from stem to Chinese."""

    version: int
    terms: Mapping[str, tuple[str, ...]]
    typos: Mapping[str, str]
    english: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ExpandedQuery:
    """``text`` is the question in simplified characters with slips put right; ``added`` the legal wording for the
    lay terms ``matched`` in it, each once, in the order of the table."""

    text: str
    matched: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


def expand(question: str) -> ExpandedQuery:
    """Return what is searched for a question. One without any term of the table comes back plain, nothing added."""
    table = lay_terms()
    text = normalize(question)
    for slip, word in table.typos.items():
        text = text.replace(slip, word)
    matched = [says for says in table.terms if says in text]
    added = [means for says in matched for means in table.terms[says]]
    if not _CHINESE.search(text):
        stems = [stem for stem in table.english if re.search(rf"\b{re.escape(stem)}", text)]
        matched += stems
        added += [chinese for stem in stems for chinese in table.english[stem]]
    return ExpandedQuery(text, tuple(matched), tuple(dict.fromkeys(added)))


def is_foreign(text: str) -> bool:
    """Whether a normalized question has words but not one Chinese character."""
    return bool(_ENGLISH.search(text)) and not _CHINESE.search(text)


@cache
def lay_terms() -> LayTerms:
    """Return the table. Raises ValueError where a lay term stands in it twice."""
    record = tomllib.loads((files("index") / "lay_terms.toml").read_text(encoding="utf-8"))
    terms: dict[str, tuple[str, ...]] = {}
    for entry in record["term"]:
        for says in entry["says"]:
            if says in terms:
                raise ValueError(f"lay_terms.toml has {says} twice; keep one")
            terms[says] = tuple(entry["means"])
    return LayTerms(
        version=record["version"],
        terms=terms,
        typos=record["typos"],
        english={stem: tuple(chinese) for stem, chinese in record["english"].items()},
    )
