"""The YAML block between ``---`` lines that opens a statute file or an article of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from corpus.errors import CorpusError

_FENCE = "---"
# The C loader reads sixty statute headers in a tenth of the time; PyYAML without it is rare but legal.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class FrontMatterError(CorpusError):
    """The block is missing, unclosed, or no YAML mapping."""


def split_front_matter(text: str, source_name: str) -> tuple[Mapping[str, Any], str]:
    """Return the mapping and the text after it; the mapping is empty where the file opens without ``---``.

    Raises FrontMatterError, naming the file, where the block is not closed or is no mapping.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    first_line, _, rest = text.partition("\n")
    if first_line.rstrip() != _FENCE:
        return {}, text
    block, closing, body = f"\n{rest}".partition(f"\n{_FENCE}\n")
    if not closing:
        block, closing, body = _closed_at_the_end(rest)
    if not closing:
        raise FrontMatterError(f"{source_name}: the front matter is not closed; put a line --- below it")
    return _mapping(block, source_name), body


def _closed_at_the_end(rest: str) -> tuple[str, str, str]:
    block = rest.rstrip().removesuffix(f"\n{_FENCE}")
    return (block, _FENCE, "") if block != rest.rstrip() else (rest, "", "")


def _mapping(block: str, source_name: str) -> Mapping[str, Any]:
    try:
        facts = yaml.load(block, Loader=_LOADER)
    except yaml.YAMLError as problem:
        place = getattr(problem, "problem_mark", None)
        where = f" in line {place.line + 1}" if place else ""
        raise FrontMatterError(f"{source_name}: the front matter is not valid YAML{where}") from problem
    except ValueError as problem:  # PyYAML turns 2025-02-30 into a date and fails
        raise FrontMatterError(f"{source_name}: the front matter holds an impossible value: {problem}") from problem
    if not isinstance(facts, dict) or not all(isinstance(key, str) for key in facts):
        raise FrontMatterError(f"{source_name}: the front matter is not a list of `key: value` lines")
    return facts
