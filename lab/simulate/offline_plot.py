"""Regret curves as SVG, written by hand: some lines need no plotting library."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 840, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 210, 40, 50
# Okabe and Ito (2008): told apart also by those who see fewer colours.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
DASHES = ("", "6 3", "2 3")
TICKS = 5


def regret_plot(
    curves: Mapping[str, Sequence[float]], visitors: int, change: int | None = None
) -> str:
    """Plot cumulative regret by visitor, one line a learner.

    Args:
        curves: learner -> regret at equally spaced visitors, from 0 to all.
        visitors: number of visitors of the run.
        change: visitor at which the world changes, if it does.
    """
    most = max((max(curve) for curve in curves.values()), default=0.0) or 1.0
    top = _step(most) * math.ceil(most / _step(most))
    look = 'font-family="sans-serif" font-size="12" role="img"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {look}>',
        "<title>Cumulative regret by visitor</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        _text(LEFT, TOP - 16, "Conversions less than the oracle (cumulative regret)", "start"),
        *_grid(visitors, top),
        *_change(change, visitors),
        *_lines(curves, top),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _grid(visitors: int, top: float) -> Iterator[str]:
    for value in _ticks(top):
        y = _y(value, top)
        yield _line(LEFT, y, WIDTH - RIGHT, y, "#ddd")
        yield _text(LEFT - 8, y + 4, f"{value:,g}", "end")
    for value in _ticks(visitors):
        yield _text(_x(value / visitors), HEIGHT - BOTTOM + 18, f"{value:,.0f}", "middle")
    yield _line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "#333")
    yield _line(LEFT, TOP, LEFT, HEIGHT - BOTTOM, "#333")
    yield _text(_x(0.5), HEIGHT - 12, "visitors", "middle")


def _change(change: int | None, visitors: int) -> Iterator[str]:
    if change is not None and 0 < change < visitors:
        x = _x(change / visitors)
        yield _line(x, TOP, x, HEIGHT - BOTTOM, "#999", 'stroke-dasharray="3 3"')
        yield _text(x + 4, TOP + 12, "the world changes", "start")


def _lines(curves: Mapping[str, Sequence[float]], top: float) -> Iterator[str]:
    for i, (name, curve) in enumerate(curves.items()):
        colour, dash = COLOURS[i % len(COLOURS)], DASHES[i // len(COLOURS) % len(DASHES)]
        last = max(len(curve) - 1, 1)
        points = " ".join(f"{_x(j / last):.1f},{_y(v, top):.1f}" for j, v in enumerate(curve))
        look = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"'
        yield f'<polyline points="{points}" {look}/>'
        x, y = WIDTH - RIGHT + 14, TOP + 8 + 18 * i
        yield _line(x, y, x + 22, y, colour, f'stroke-width="2" stroke-dasharray="{dash}"')
        yield _text(x + 28, y + 4, name, "start")


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)


def _step(most: float) -> float:
    """Return a round number that divides `most` into at most TICKS parts."""
    power = 10.0 ** math.floor(math.log10(most / TICKS))
    return next(power * k for k in (1, 2, 5, 10) if power * k * TICKS >= most)


def _ticks(most: float) -> list[float]:
    step = _step(most)
    return [step * i for i in range(math.floor(most / step + 1e-9) + 1)]


def _line(x: float, y: float, to_x: float, to_y: float, colour: str, more: str = "") -> str:
    places = f'x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"'
    return f'<line {places} stroke="{colour}" {more}/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
