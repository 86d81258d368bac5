"""`data_visualization` blocks as drawings: bars, lines, areas and pies, with their figures beside them for readers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.demo.gallery.html import Html, joined, safe, tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.demo.fake_slack.state import Json

WIDTH, HEIGHT = 560, 240
LEFT, RIGHT, TOP, BOTTOM = 60, 8, 12, 74
STEPS = 4
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#444444")
"""Okabe and Ito's, which colour-blind readers tell apart."""


def chart(block: Json) -> Html:
    """The block with its title, a drawing and what stands for each colour."""
    told = block.get("chart") or {}
    title = str(block.get("title", ""))
    if told.get("type") == "pie":
        segments = [(str(s["label"]), float(s["value"])) for s in told.get("segments") or ()]
        drawn, names = _pie(segments), [f"{label} {value:g}" for label, value in segments]
    else:
        series = told.get("series") or ()
        drawn, names = _plot(told), [str(one.get("name", "")) for one in series]
    keys = [tag("span", tag("i", style=f"background:{_colour(n)}"), name, class_="key") for n, name in enumerate(names)]
    return tag("figure", tag("figcaption", title), drawn, tag("div", *keys, class_="keys"), class_="chart")


def _svg(*content: object, width: int = WIDTH, height: int = HEIGHT) -> Html:
    return tag("svg", *content, viewBox=f"0 0 {width} {height}", role="img")


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _plot(told: Json) -> Html:
    axis = told.get("axis_config") or {}
    categories = [str(c) for c in axis.get("categories") or ()]
    series = [{str(p["label"]): float(p["value"]) for p in one.get("data") or ()} for one in told.get("series") or ()]
    values = [value for one in series for value in one.values()]
    low, high = min([0.0, *values]), max([*values, 0.0])
    scale = _Scale(*_rounded(low, high if high > low else low + 1), max(len(categories), 1))
    draw = _bars if told.get("type") == "bar" else _lines
    labels = [
        tag("text", name, x=_n(x), y=_n(y), transform=f"rotate(-35 {_n(x)} {_n(y)})", text_anchor="end")
        for name, x, y in ((name, scale.x(n), HEIGHT - BOTTOM + 14) for n, name in enumerate(categories))
    ]
    filled = told.get("type") == "area"
    drawn = _svg(*scale.grid(), *draw(series, categories, scale, filled=filled), *labels)
    sides = [axis[side] for side in ("y_label", "x_label") if axis.get(side)]
    return joined([tag("div", " by ".join(map(str, sides)), class_="hint") if sides else "", drawn])


def _rounded(low: float, high: float) -> tuple[float, float]:
    """Ends that give the lines between them round values."""
    rough = (high - low) / STEPS
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * times for times in (1, 2, 2.5, 5, 10) if size * times >= rough)
    lowest = math.floor(low / step) * step
    return lowest, max(lowest + STEPS * step, math.ceil(high / step) * step)


class _Scale:
    """Values and categories → points of the drawing."""

    def __init__(self, low: float, high: float, categories: int) -> None:
        self._low, self._high = low, high
        self.step = (WIDTH - LEFT - RIGHT) / categories

    def x(self, category: int) -> float:
        """The middle of a category."""
        return LEFT + (category + 0.5) * self.step

    def y(self, value: float) -> float:
        """The height of a value."""
        return HEIGHT - BOTTOM - (value - self._low) / (self._high - self._low) * (HEIGHT - TOP - BOTTOM)

    def grid(self) -> Iterator[Html]:
        """Lines across, with their values."""
        for step in range(STEPS + 1):
            value = self._low + (self._high - self._low) * step / STEPS
            y = _n(self.y(value))
            yield tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid")
            yield tag("text", f"{value:.3g}", x=LEFT - 5, y=_n(self.y(value) + 4), text_anchor="end")


def _bars(
    series: Sequence[dict[str, float]], categories: Sequence[str], scale: _Scale, *, filled: bool
) -> Iterator[Html]:
    del filled
    width = scale.step * 0.8 / max(len(series), 1)
    for s, one in enumerate(series):
        for c, category in enumerate(categories):
            value = one.get(category, 0.0)
            top, bottom = sorted((scale.y(value), scale.y(0)))
            left = scale.x(c) + (s - len(series) / 2) * width
            yield tag(
                "g",
                tag("title", f"{category}: {value:g}"),
                tag("rect", x=_n(left), y=_n(top), width=_n(width), height=_n(bottom - top), fill=_colour(s)),
            )


def _lines(
    series: Sequence[dict[str, float]], categories: Sequence[str], scale: _Scale, *, filled: bool
) -> Iterator[Html]:
    for s, one in enumerate(series):
        points = [(scale.x(c), scale.y(one[name])) for c, name in enumerate(categories) if name in one]
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        if filled and points:
            ground = scale.y(0)
            outline = f"{_n(points[0][0])},{_n(ground)} {path} {_n(points[-1][0])},{_n(ground)}"
            yield tag("polyline", points=outline, fill=_colour(s), opacity="0.25")
        yield tag("polyline", points=path, fill="none", stroke=_colour(s), stroke_width=2)
        for x, y in points:
            yield tag("circle", cx=_n(x), cy=_n(y), r=2.5, fill=_colour(s))


def _pie(segments: Sequence[tuple[str, float]]) -> Html:
    whole = sum(value for _, value in segments) or 1
    radius, at = 90, 0.0
    drawn = []
    for n, (label, value) in enumerate(segments):
        share = value / whole
        name = tag("title", f"{label}: {value:g}")
        if share >= 1:
            drawn.append(tag("g", name, tag("circle", cx=100, cy=100, r=radius, fill=_colour(n))))
            break
        (x1, y1), (x2, y2) = (
            (100 + radius * math.sin(2 * math.pi * turn), 100 - radius * math.cos(2 * math.pi * turn))
            for turn in (at, at + share)
        )
        arc = f"M100 100 L{_n(x1)} {_n(y1)} A{radius} {radius} 0 {int(share > 0.5)} 1 {_n(x2)} {_n(y2)} Z"
        drawn.append(tag("g", name, tag("path", d=arc, fill=_colour(n))))
        at += share
    return tag("div", _svg(*drawn, width=200, height=200), class_="pie")


def _n(number: float) -> str:
    return safe(f"{number:.2f}".rstrip("0").rstrip("."))
