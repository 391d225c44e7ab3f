"""Plots as inline SVG, drawn without a library: dots with whiskers, a table of shades, curves.

Colours come from the page's style sheet (``--ink``, ``--good`` …), so that a plot follows light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_LABEL_WIDTH, _ROW_HEIGHT = 250, 26


@dataclass(frozen=True, slots=True)
class Whisker:
    """A value between 0 and 1 with its interval and how many cases it is the mean of."""

    label: str
    mean: float
    low: float
    high: float
    count: int
    lower_is_better: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """Values whose shares are drawn: the curve passes (x, share of values that are at most x)."""

    label: str
    values: tuple[float, ...]


def whisker_plot(rows: Sequence[Whisker], title: str) -> str:
    """Return dots at the means with their intervals as whiskers, one row each, on an axis from 0 to 1."""
    width, plot_width = 820, 400
    height = _ROW_HEIGHT * len(rows) + 40
    parts = [_axis(_LABEL_WIDTH, plot_width, height, [(tick / 5, f"{tick * 20} %") for tick in range(6)])]
    for place, row in enumerate(rows):
        y = _ROW_HEIGHT * place + 20
        low, mean, high = (_LABEL_WIDTH + plot_width * value for value in (row.low, row.mean, row.high))
        colour = "var(--bad)" if row.lower_is_better else "var(--good)"
        parts.append(
            f'<text x="{_LABEL_WIDTH - 10}" y="{y + 4}" text-anchor="end">{escape(row.label)}</text>'
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"/>'
            f'<circle cx="{mean:.1f}" cy="{y}" r="4.5" fill="{colour}"/>'
            f'<text x="{_LABEL_WIDTH + plot_width + 14}" y="{y + 4}" class="number">{row.mean:.3f} '
            f"[{row.low:.3f}, {row.high:.3f}] n={row.count}</text>"
        )
    return _svg(width, height, title, parts)


@dataclass(frozen=True, slots=True)
class ShadeColumn:
    """A column of a table of shades; ``values`` lie between 0 and 1, None stays empty."""

    label: str
    values: tuple[float | None, ...]
    lower_is_better: bool = False


def shade_table(rows: Sequence[str], columns: Sequence[ShadeColumn], title: str) -> str:
    """Return a table of cells, higher values darker; where lower is better, in the other colour."""
    cell, height = 96, _ROW_HEIGHT * len(rows) + 60
    width = _LABEL_WIDTH + cell * len(columns) + 10
    parts = []
    for place, column in enumerate(columns):
        x = _LABEL_WIDTH + cell * place
        parts += [
            f'<text x="{x + cell / 2}" y="{18 + 15 * line}" text-anchor="middle" class="small">{escape(words)}</text>'
            for line, words in enumerate(_two_lines(column.label))
        ]
        colour = "var(--bad)" if column.lower_is_better else "var(--good)"
        parts += [_cell(x, 44 + _ROW_HEIGHT * row, cell, value, colour) for row, value in enumerate(column.values)]
    for place, row in enumerate(rows):
        y = 44 + _ROW_HEIGHT * place
        parts.append(f'<text x="{_LABEL_WIDTH - 10}" y="{y + 17}" text-anchor="end">{escape(row)}</text>')
    return _svg(width, height, title, parts)


def _cell(x: float, y: float, width: float, value: float | None, colour: str) -> str:
    if value is None:
        return f'<text x="{x + width / 2}" y="{y + 17}" text-anchor="middle" class="faint">–</text>'
    # A style, not an attribute: the page's rule for text would outweigh an attribute.
    ink = "var(--on-shade)" if value > 0.6 else "var(--ink)"
    return (
        f'<rect x="{x + 1}" y="{y + 1}" width="{width - 2}" height="{_ROW_HEIGHT - 2}" rx="3" fill="{colour}" '
        f'fill-opacity="{max(0.04, value):.3f}"/>'
        f'<text x="{x + width / 2}" y="{y + 17}" text-anchor="middle" style="fill: {ink}">{value:.2f}</text>'
    )


def _two_lines(text: str) -> tuple[str, ...]:
    """Break a long heading at the space or bracket nearest its middle."""
    breaks = [place for place, character in enumerate(text) if character in " （("]
    if len(text) <= 8 or not breaks:
        return (text,)
    middle = min(breaks, key=lambda place: abs(place - len(text) / 2))
    return (text[:middle], text[middle:].strip())


def share_curves(curves: Sequence[Curve], title: str, unit: str) -> str:
    """Return cumulative curves: the share of answers (upwards) that took at most so long (to the right)."""
    left, plot_width, plot_height = 60, 620, 220
    largest = _round_up(max((max(curve.values) for curve in curves if curve.values), default=0.0))
    height = plot_height + 70
    ticks = [(tick / 4, f"{largest * tick / 4:,.0f} {unit}") for tick in range(5)]
    parts = [_axis(left, plot_width, plot_height + 30, ticks)]
    for share in (0.5, 0.95):
        y = 20 + plot_height * (1 - share)
        parts.append(
            f'<line x1="{left}" x2="{left + plot_width}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--rule)" '
            f'stroke-dasharray="3 4"/><text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{share:.0%}</text>'
        )
    colours = ("var(--good)", "var(--third)", "var(--bad)")
    for place, curve in enumerate(curves):
        points = " ".join(
            f"{left + plot_width * value / largest:.1f},{20 + plot_height * (1 - (rank + 1) / len(curve.values)):.1f}"
            for rank, value in enumerate(sorted(curve.values))
        )
        colour = colours[place % len(colours)]
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
            f'<rect x="{left + 190 * place}" y="{plot_height + 52}" width="12" height="12" fill="{colour}"/>'
            f'<text x="{left + 190 * place + 18}" y="{plot_height + 62}">{escape(curve.label)}</text>'
        )
    return _svg(left + plot_width + 60, height, title, parts)


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 4, 6, 8 times a power of ten, so that a quarter of it reads well; 1 for nothing."""
    if value <= 0:
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= value)


def _axis(left: float, width: float, height: float, ticks: Sequence[tuple[float, str]]) -> str:
    lines = []
    for place, label in ticks:
        x = left + width * place
        lines.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="8" y2="{height - 22}" stroke="var(--rule)"/>'
            f'<text x="{x:.1f}" y="{height - 6}" text-anchor="middle" class="small">{escape(label)}</text>'
        )
    return "".join(lines)


def _svg(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )
