"""Two wordings of an article side by side, what differs marked on either side."""

from __future__ import annotations

import difflib

from assistant.web.markup import Html, element, join, text

# Equal runs shorter than this between two changes are chance (a comma, a 的), and marking around them is noise.
MIN_EQUAL_CHARS = 2


def marked_differences(old: str, new: str) -> tuple[Html, Html]:
    """Return both texts whole, with ``<del>`` around what only the old one has and ``<ins>`` around the new."""
    left: list[Html] = []
    right: list[Html] = []
    for same, before, after in _runs(old, new):
        left.append(text(before) if same else _marked("del", before))
        right.append(text(after) if same else _marked("ins", after))
    return join(left), join(right)


def _marked(name: str, content: str) -> Html:
    return element(name, content) if content else Html()


def _runs(old: str, new: str) -> list[tuple[bool, str, str]]:
    """Return (same, old piece, new piece) in order; the pieces put together are the texts."""
    runs: list[tuple[bool, str, str]] = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        same = tag == "equal" and (old_end - old_start >= MIN_EQUAL_CHARS or not runs)
        before, after = old[old_start:old_end], new[new_start:new_end]
        if runs and runs[-1][0] == same:
            runs[-1] = (same, runs[-1][1] + before, runs[-1][2] + after)
        else:
            runs.append((same, before, after))
    return runs
