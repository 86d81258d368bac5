"""Courses → a heat map as PNG.

Drawn through matplotlib's object interface: no pyplot, no state between two pictures, so threads may draw side by
side. Coordinates are points from the upper left corner; colours come from a map that reads the same to the
colour-blind and in grey. What has no figure is told by its hatching, never by a colour.
"""

from __future__ import annotations

import io
import textwrap
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from bot.core.answer import Missing, Unit
from bot.core.rendering import figures
from bot.core.rendering.lettering import INK, drawable, font_path, glyphs, text_width, write
from bot.core.rendering.names import cleaned, fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.rendering.courses import Courses, Line
    from bot.core.rendering.sums import Figure

    Colour = tuple[float, ...]

MOST_LINES = 200
MOST_SLOTS = 200
MOST_PIXELS = 8_000_000
LONGEST_SIDE = 4_000

_COLOURS = "viridis"
_PALE, _RULE, _FAINT, _PAPER = "#5f5e61", "#b9b8bb", "#ececee", "#ffffff"
_MARGIN, _GAP = 14.0, 6.0
_SPLIT = 14.0
"""Between the highest and the lowest lines, where those in the middle aren't drawn."""
_TOTAL_WIDTH = 42.0
_WIDEST_LABEL = 150.0
_NARROWEST = 520.0
_SIGN = 11.0
_DPI = 144.0
_STEPS = 256
"""Colours of the scale."""
_DIGIT_HEIGHT = 0.73
"""Of the font, in ems."""
_STROKES = {
    Missing.NO_DATA: "slanted",
    Missing.NO_DENOMINATOR: "slanted",
    Missing.NOT_FETCHED: "crossed",
    Missing.NOT_STAFFED: "blank",
}
"""How a cell without a figure is filled; all other reasons have a dash."""
_MEANINGS = {
    "slanted": "no data",
    "crossed": "not fetched",
    "blank": "not staffed",
    "dash": "no such figure",
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture, and what the words beside it have to add."""

    png: bytes
    numbered: tuple[tuple[str, str], ...]
    """Signs that stand for names which the picture's font can't write, with the names."""


def draw(courses: Courses, *, heading: str, remarks: Sequence[str] = ()) -> Drawn:
    """The heat map of these courses.

    Args:
        courses: at most `MOST_LINES` lines and `MOST_SLOTS` slots.
        heading: the question as it was read.
        remarks: sentences under it.
    """
    if not courses.slots or len(courses.slots) > MOST_SLOTS or len(courses.lines) > MOST_LINES:
        raise ValueError(f"no picture holds {len(courses.lines)} lines of {len(courses.slots)} columns")
    return _Picture(courses, heading, remarks).drawn()


@dataclass(slots=True)
class _Cells:
    """Rectangles and what is in them, gathered before they are drawn all at once."""

    boxes: list[list[tuple[float, float]]] = field(default_factory=list)
    fills: list[Colour] = field(default_factory=list)
    strokes: list[list[tuple[float, float]]] = field(default_factory=list)
    strong: list[list[tuple[float, float]]] = field(default_factory=list)
    """Strokes that ask to be seen."""
    texts: dict[tuple[str, str], list[tuple[float, float]]] = field(default_factory=dict)
    """(text, colour) → where its middle lies."""
    peaks: list[tuple[float, float]] = field(default_factory=list)
    """Right upper corners of cells over 100 %."""
    used: set[str] = field(default_factory=set)
    """Kinds of filling for the legend."""


class _Picture:
    """One heat map on its way; places are worked out first, since the figure's size follows from them."""

    def __init__(self, courses: Courses, heading: str, remarks: Sequence[str]) -> None:
        from matplotlib import colormaps

        self.courses = courses
        count, lines = len(courses.slots), len(courses.lines)
        self.cell_width = min(44.0, max(6.0, _halves(880 / count)))
        self.cell_height = 17.0 if lines <= 40 else 14.0 if lines <= 100 else 11.0
        self.numbers = self.cell_width >= 15.0
        colours = [tuple(colour) for colour in colormaps[_COLOURS](range(_STEPS)).tolist()]
        self.scale = [(colour, _ink_on(colour)) for colour in colours]
        self.full = courses.full
        self.unit = _number_unit(courses)
        self.numbered: list[tuple[str, str]] = []
        self.labels = [self._label(line, place) for place, line in enumerate(courses.lines, start=1)]
        self.every = courses.everybody if lines > 1 else ""
        self.label_size = 8.0 if self.cell_height >= 14 else 7.0
        self.label_width = self._label_width()
        self.left = _MARGIN + self.label_width + _GAP
        self.right = self.left + count * self.cell_width
        self.width = max(self.right + _GAP + _TOTAL_WIDTH + _MARGIN, _NARROWEST)
        per_line = int((self.width - 2 * _MARGIN) / 4.9)
        said = [self._written(text) for text in (heading, *remarks)]
        self.said = [part for text in said for part in textwrap.wrap(text, per_line)]
        self.head_lines = 1 + any(" " in slot.label for slot in courses.slots)
        self.has_days = any(slot.day for slot in courses.slots)

    def _label(self, line: Line, place: int) -> str:
        text = drawable(line.name)
        if text is None:
            sign = f"#{place}"
            self.numbered.append((sign, line.name))
            return sign
        return text

    def _written(self, text: str) -> str:
        """A sentence, its names replaced by their signs where the font can't write them."""
        for sign, name in self.numbered:
            text = text.replace(name, sign)
        return "".join(c if ord(c) in glyphs() else "▯" for c in cleaned(text))

    def _label_width(self) -> float:
        """Room for the longest label; longer ones than the widest allowed are cut."""
        widest = 0.0
        for place, label in enumerate(self.labels):
            width, columns = text_width(label, self.label_size), 40
            while width > _WIDEST_LABEL and columns > 4:
                columns -= 2
                self.labels[place] = fitted(label, columns)
                width = text_width(self.labels[place], self.label_size)
            widest = max(widest, width)
        return max(widest, text_width(self.every, self.label_size), 40.0)

    def drawn(self) -> Drawn:
        """The picture."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.collections import LineCollection
        from matplotlib.figure import Figure as Canvas

        top = _MARGIN + 20 + 12 * len(self.said) + 8
        legend_top = top
        top += 22 + (11 if self.has_days else 0) + 9 * self.head_lines + 4
        rows = self._rows(top)
        height = max(y for _, _, y in rows) + self.cell_height + _MARGIN
        side = max(self.width, height)
        dpi = min(_DPI, 72 * LONGEST_SIDE / side, 72 * (MOST_PIXELS / (self.width * height)) ** 0.5)
        canvas = Canvas(figsize=(self.width / 72, height / 72), dpi=dpi, facecolor=_PAPER)
        agg = FigureCanvasAgg(canvas)
        axes = canvas.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, self.width)
        axes.set_ylim(height, 0)
        axes.set_axis_off()
        self._words(axes)
        guides = [[(_MARGIN, y + self.cell_height), (self.right, y + self.cell_height)] for _, _, y in rows]
        axes.add_collection(LineCollection(guides, colors=_FAINT, linewidths=0.6), autolim=False)
        cells = _Cells()
        if self.courses.split is not None:
            between = f"… {self.courses.count - len(self.labels):,} others are not drawn"
            write(axes, self.left, rows[self.courses.split][2] - _SPLIT / 2, between, 7, colour=_PALE)
        for label, line, y in rows:
            self._line(axes, cells, label, line, y, plain=self.courses.is_sum and y == rows[-1][2] and bool(self.every))
        self._collections(axes, cells, dpi)
        self._columns(axes, top, rows[-1][2] + self.cell_height)
        self._legend(axes, legend_top, cells.used, over=bool(cells.peaks), dpi=dpi)
        out = io.BytesIO()
        agg.print_png(  # type: ignore[no-untyped-call]
            out, metadata={"Software": None}, pil_kwargs={"compress_level": 3}
        )
        return Drawn(out.getvalue(), tuple(self.numbered))

    def _rows(self, top: float) -> list[tuple[str, tuple[Sequence[Figure | None], Figure], float]]:
        """(label, cells with their total, upper edge) of each row drawn; the one of everybody comes last."""
        rows: list[tuple[str, tuple[Sequence[Figure | None], Figure], float]] = []
        y = top
        for place, (label, line) in enumerate(zip(self.labels, self.courses.lines, strict=True)):
            if place == self.courses.split:
                y += _SPLIT
            rows.append((label, (line.cells, line.total), y))
            y += self.cell_height
        if self.every:
            rows.append((self.every, (self.courses.every, self.courses.whole), y + _GAP))
        return rows

    # --- words ---

    def _words(self, axes: Any) -> None:
        write(axes, _MARGIN, _MARGIN + 7, self._written(self.courses.title), 12, bold=True)
        for place, text in enumerate(self.said):
            write(axes, _MARGIN, _MARGIN + 24 + 12 * place, text, 8, colour=_PALE)

    def _columns(self, axes: Any, top: float, bottom: float) -> None:
        """Times above the columns, and the edges of days."""
        from matplotlib.collections import LineCollection

        y = top - 4
        ticks = []
        for place in self._labelled():
            x = self.left + place * self.cell_width
            ticks.append([(x, top - 3), (x, top)])
            label = self.courses.slots[place].label.replace(" ", "\n", 1)
            write(axes, x, y, label, 7, colour=_PALE, upright="bottom")
        edges = []
        days = [slot.day for slot in self.courses.slots]
        for place, (before, slot) in enumerate(zip(["", *days], self.courses.slots, strict=False)):
            if slot.day != before:
                x = self.left + place * self.cell_width
                edges.append([(x, top - 14 - 9 * self.head_lines), (x, bottom)])
                if self._days_width(place) >= text_width(slot.day, 7) + 4:
                    write(axes, x + 2, top - 4 - 9 * self.head_lines, slot.day, 7, upright="bottom")
        write(
            axes,
            self.right + _GAP + _TOTAL_WIDTH / 2,
            y,
            "whole\nrange",
            7,
            colour=_PALE,
            across="center",
            upright="bottom",
        )
        axes.add_collection(LineCollection(ticks, colors=_RULE, linewidths=0.8), autolim=False)
        axes.add_collection(LineCollection(edges, colors=INK, linewidths=0.8), autolim=False)

    def _labelled(self) -> list[int]:
        """Columns whose time is written above them: as many hours of the day as fit, the same ones on every day."""
        slots = self.courses.slots
        for step in (1, 2, 3, 4, 6, 12, 24):
            chosen = [
                place
                for place, slot in enumerate(slots)
                if slot.is_hour and (slot.label[2:3] != ":" or int(slot.label[:2]) % step == 0)
            ]
            widths = [max(text_width(part, 7) for part in slots[place].label.split(" ", 1)) for place in chosen]
            gaps = [(after - place) * self.cell_width for place, after in pairwise(chosen)]
            if all(width + 3 <= gap for width, gap in zip(widths, gaps, strict=False)):
                return chosen
        return chosen[:1]

    def _days_width(self, place: int) -> float:
        slots = self.courses.slots
        length = next((n for n, s in enumerate(slots[place:]) if s.day != slots[place].day), len(slots) - place)
        return length * self.cell_width

    def _legend(self, axes: Any, top: float, used: set[str], *, over: bool, dpi: float) -> None:
        """The scale of colours, then each filling that occurs."""
        cells = _Cells()
        steps, x, y = 24, _MARGIN, top
        low, high = self._ends()
        write(axes, x, y + 5, low, 7.5)
        x += text_width(low, 7.5) + 4
        for step in range(steps):
            cells.boxes.append(_box(x + step * 4.0, y, 4.2, _SIGN))
            cells.fills.append(self._colour((step + 0.5) / steps)[0])
        x += steps * 4.0 + 4
        write(axes, x, y + 5, high, 7.5)
        x += text_width(high, 7.5) + 16
        for kind in (k for k in _MEANINGS if k in used):
            self._empty(cells, kind, x, y, _SIGN * 1.6, _SIGN)
            outline = [*_box(x, y, _SIGN * 1.6, _SIGN), (x, y)]
            cells.strong += [list(pair) for pair in pairwise(outline)]
            write(axes, x + _SIGN * 1.6 + 4, y + 5, _MEANINGS[kind], 7.5)
            x += _SIGN * 1.6 + 4 + text_width(_MEANINGS[kind], 7.5) + 14
        if over:
            cells.boxes.append(_box(x, y, _SIGN * 1.6, _SIGN))
            cells.fills.append(self._colour(1.0)[0])
            cells.peaks.append((x + _SIGN * 1.6, y))
            write(axes, x + _SIGN * 1.6 + 4, y + 5, "over 100 %", 7.5)
            x += _SIGN * 1.6 + 4 + text_width("over 100 %", 7.5) + 14
        if self.numbers and self.unit.words:
            write(axes, x, y + 5, f"numbers are {self.unit.words}", 7.5, colour=_PALE)
        self._collections(axes, cells, dpi, seamless=True)

    def _ends(self) -> tuple[str, str]:
        return ("0 %", "100 %") if self.courses.is_share else (figures.ZERO, self.courses.number(self.full) or "")

    # --- cells ---

    def _line(
        self,
        axes: Any,
        cells: _Cells,
        label: str,
        line: tuple[Sequence[Figure | None], Figure],
        y: float,
        *,
        plain: bool,
    ) -> None:
        """One row and its total; sums stand without a colour, which would be one of another scale."""
        middle = y + self.cell_height / 2
        write(axes, self.left - _GAP, middle, label, self.label_size, across="right")
        for place, figure in enumerate(line[0]):
            if figure is not None:
                text = self.unit.text(figure.value) if self.numbers and figure.value is not None else ""
                self._cell(cells, figure, text, self.left + place * self.cell_width, y, self.cell_width, plain=plain)
        total = self._total(line[1])
        self._cell(cells, line[1], total, self.right + _GAP, y, _TOTAL_WIDTH, plain=self.courses.is_sum)

    def _total(self, figure: Figure) -> str:
        """The figure of the whole range: shares as in the cells, what adds up in its own, longer words."""
        if figure.value is None:
            return ""
        return self.unit.text(figure.value) if self.courses.is_share else self.courses.number(figure.value) or ""

    def _cell(self, cells: _Cells, figure: Figure, text: str, x: float, y: float, width: float, *, plain: bool) -> None:
        if figure.value is None:
            kind = _STROKES.get(figure.missing or Missing.NO_DATA, "dash")
            cells.used.add(kind)
            self._empty(cells, kind, x, y, width, self.cell_height)
            return
        ink = INK
        if not plain:
            fill, ink = self._colour(figure.value / self.full)
            cells.boxes.append(_box(x, y, width, self.cell_height))
            cells.fills.append(fill)
        if self.courses.is_share and figure.value > 1 + 1e-6:
            cells.peaks.append((x + width, y))
        if text and text_width(text, self._number_size) < width:
            cells.texts.setdefault((text, ink), []).append((x + width / 2, y + self.cell_height / 2))

    @property
    def _number_size(self) -> float:
        return min(7.0, self.cell_height - 4)

    def _colour(self, share: float) -> tuple[Colour, str]:
        """The colour of a share of the scale, and of what is written on it."""
        return self.scale[min(_STEPS - 1, max(0, int(share * _STEPS)))]

    @staticmethod
    def _empty(cells: _Cells, kind: str, x: float, y: float, width: float, height: float) -> None:
        """A cell without a figure: blank, slanted, crossed or with a dash."""
        inset = min(2.0, width / 6)
        left, right, upper, lower = x + inset, x + width - inset, y + inset, y + height - inset
        if kind == "slanted":
            cells.strokes.append([(left, lower), (right, upper)])
        if kind == "crossed":
            cells.strong += [[(left, lower), (right, upper)], [(left, upper), (right, lower)]]
        if kind == "dash":
            cells.strokes.append([(left, (upper + lower) / 2), (right, (upper + lower) / 2)])

    def _collections(self, axes: Any, cells: _Cells, dpi: float, *, seamless: bool = False) -> None:
        """All rectangles, strokes and numbers, each kind as one artist: thousands of single ones would take seconds."""
        from matplotlib.collections import LineCollection, PathCollection, PolyCollection
        from matplotlib.font_manager import FontProperties
        from matplotlib.path import Path
        from matplotlib.textpath import TextPath
        from matplotlib.transforms import Affine2D

        edges = "face" if seamless else _PAPER
        boxes = PolyCollection(cells.boxes, facecolors=cells.fills, edgecolors=edges, linewidths=0.5)
        axes.add_collection(boxes, autolim=False)
        for strokes, colour in ((cells.strokes, _RULE), (cells.strong, _PALE)):
            axes.add_collection(LineCollection(strokes, colors=colour, linewidths=0.7), autolim=False)
        points = Affine2D().scale(dpi / 72)
        size = self._number_size
        font = FontProperties(fname=font_path(bold=False))
        triangle = Path([(-5, 0), (0, 0), (0, -5), (-5, 0)])
        shapes: list[tuple[Any, str, list[tuple[float, float]]]] = [(triangle, "#b3261e", cells.peaks)]
        for (text, ink), places in cells.texts.items():
            path = TextPath((0, 0), text, size=size, prop=font, usetex=False)
            # By the font's own measures: the outline's exact extent would take longer than all drawing.
            centred = path.transformed(Affine2D().translate(-text_width(text, size) / 2, -_DIGIT_HEIGHT * size / 2))
            shapes.append((centred, ink, places))
        for path, ink, places in shapes:
            if places:
                drawn = PathCollection([path], offsets=places, offset_transform=axes.transData, facecolors=ink)
                drawn.set_edgecolor("none")
                drawn.set_transform(points)
                axes.add_collection(drawn, autolim=False)


@dataclass(frozen=True, slots=True)
class _NumberUnit:
    """How numbers stand in cells, where there is room for three or four characters."""

    divisor: float = 1.0
    decimals: int = 0
    words: str = ""

    def text(self, value: float) -> str:
        """The number, without its unit."""
        return f"{value / self.divisor:.{self.decimals}f}"


def _number_unit(courses: Courses) -> _NumberUnit:
    column = courses.column
    if column.unit is Unit.COUNT:
        return _NumberUnit()
    if column.unit is Unit.RATIO:
        plain = column.name in figures.PLAIN_RATIOS
        return _NumberUnit(decimals=1) if plain else _NumberUnit(0.01, words="percent")
    if courses.full < 100:
        return _NumberUnit(words="seconds")
    return _NumberUnit(60.0, words="minutes") if courses.full < 4 * 3600 else _NumberUnit(3600.0, 1, "hours")


def _ink_on(fill: Colour) -> str:
    """Black or white, whichever stands out more (relative luminance as WCAG defines it)."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in fill[:3])
    return INK if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 else _PAPER


def _halves(points: float) -> float:
    """Whole pixels at twice the resolution of a point."""
    return int(points * 2) / 2


def _box(x: float, y: float, width: float, height: float) -> list[tuple[float, float]]:
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
