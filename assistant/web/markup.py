"""HTML that cannot be forgotten to escape: what is not ``Html`` already is text, and text is escaped.

Documents and models may write markup; nothing of theirs reaches the page as markup. There is no way here to make a
link or an image that leaves the machine: addresses are shown as text.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from corpus.records import Span


class Html(str):
    """Markup made by this module; any other string is text."""

    __slots__ = ()


NOTHING = Html()


def text(value: str) -> Html:
    """Return ``value`` as text: ``<script>`` is eight characters to be read."""
    return value if isinstance(value, Html) else Html(html.escape(value, quote=True))


def join(parts: Iterable[str]) -> Html:
    """Return the parts one after another, texts escaped."""
    return Html("".join(text(part) for part in parts))


def element(name: str, *content: str, **attributes: str | bool | None) -> Html:
    """Return ``<name …>content</name>``. ``class_`` is class, ``data_card`` is data-card; True is a bare attribute.

    Attributes that are None or False are left out.
    """
    written = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        attribute = key.rstrip("_").replace("_", "-")
        written.append(f" {attribute}" if value is True else f' {attribute}="{html.escape(value, quote=True)}"')
    return Html(f"<{name}{''.join(written)}>{join(content)}</{name}>")


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the same characters covered by spans that neither overlap nor touch, in order."""
    result: list[Span] = []
    for span in sorted(spans):
        if result and span.start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(result[-1].end, span.end))
        else:
            result.append(span)
    return tuple(result)


def highlighted(passage: str, spans: Sequence[Span]) -> Html:
    """Return the whole passage with ``<mark>`` around the spans. Without its tags it reads exactly as the passage."""
    parts: list[str] = []
    place = 0
    for span in merged(spans):
        parts += [text(passage[place : span.start]), element("mark", span.of(passage))]
        place = span.end
    parts.append(text(passage[place:]))
    return join(parts)
