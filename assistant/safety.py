"""Emergency advice by rule, before anything is retrieved or generated: threats, detention, thoughts of suicide.

It never decides whether a question is answered; it only puts numbers to call on top.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, slots=True)
class SafetyRule:
    """One kind of danger: fires where a pattern matches and no ``unless`` does."""

    id: str
    patterns: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...]
    numbers: tuple[str, ...]
    advice: dict[str, str]

    def applies_to(self, question: str) -> bool:
        squeezed = re.sub(r"\s+", " ", question) if question.isascii() else re.sub(r"\s+", "", question)
        # What `unless` describes is taken out, so that "打我电话" does not hide a later "他拿刀".
        for pattern in self.unless:
            squeezed = pattern.sub("", squeezed)
        return any(pattern.search(squeezed) for pattern in self.patterns)


@cache
def load_rules() -> tuple[SafetyRule, ...]:
    """Return the rules of ``safety.toml`` in their order."""
    table = tomllib.loads((files("assistant") / "safety.toml").read_text(encoding="utf-8"))
    return tuple(
        SafetyRule(
            id=rule["id"],
            patterns=tuple(map(re.compile, rule["patterns"])),
            unless=tuple(map(re.compile, rule["unless"])),
            numbers=tuple(rule["numbers"]),
            advice={"zh": rule["zh"], "en": rule["en"]},
        )
        for rule in table["rule"]
    )


def emergency_advice(question: str, language: str = "zh") -> str:
    """Return what to do first, one line a danger, or "" where the question shows none."""
    return "\n".join(rule.advice[language] for rule in load_rules() if rule.applies_to(question))
