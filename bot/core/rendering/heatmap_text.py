"""Courses → a heat map of digits, for places to which no file can go: the same figures, a digit a cell.

Lines are as wide as a phone shows. Times that don't fit beside the names go on in a further panel below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.answer import Missing
from bot.core.rendering import figures
from bot.core.rendering.names import fitted, width_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.rendering.courses import Courses
    from bot.core.rendering.slots import Slot
    from bot.core.rendering.sums import Figure

_NARROWEST_NAME, _NAME, _WIDEST_NAME = 12, 14, 28
"""Columns of a name: where all times fit beside it, where they don't, and at most."""
_EMPTY = frozenset({Missing.NOT_STAFFED, Missing.NO_DATA})
_CONFLICTING = {Missing.NOT_DIVISIBLE, Missing.TOO_FINE, Missing.TOO_SHORT, Missing.NOT_APPLICABLE}
_NO_SUCH = "x"


@dataclass(frozen=True, slots=True)
class Digits:
    """The panels of a heat map in a fixed-width font."""

    panels: tuple[tuple[str, ...], ...]
    """Each a head of `heads` lines and a line a row; the last row is everybody's."""
    heads: int
    legend: str


def digits(courses: Courses, *, width: int) -> Digits:
    """The cells as digits, in as many panels as the width asks for.

    Args:
        width: columns of the place; never less than a name and a few cells.
    """
    slots, lines = courses.slots, courses.lines
    names = [line.name for line in lines]
    rows: list[tuple[Sequence[Figure | None], Figure]] = [(line.cells, line.total) for line in lines]
    sums = courses.is_sum
    if len(lines) > 1 and not sums:
        names.append("All")
        rows.append((courses.every, courses.whole))
    widest = min(_WIDEST_NAME, max(map(width_of, names), default=_NARROWEST_NAME))
    single = len(slots) <= width - min(widest, _NARROWEST_NAME) - 1
    per_panel = len(slots) if single else _per_panel(len(slots), max(8, width - min(widest, _NAME) - 1))
    name_width = min(widest, max(_NARROWEST_NAME, width - per_panel - 1))
    totals = [courses.shown(total) if total.value is not None else "" for _, total in rows]
    total_width = max(map(len, totals), default=0)
    with_totals = single and width - per_panel - 2 - total_width >= min(widest, _NARROWEST_NAME - 2)
    if with_totals:
        name_width = min(widest, width - per_panel - 2 - total_width)
    full = courses.full
    panels: list[tuple[str, ...]] = []
    heads, shortened = 0, False
    for first in range(0, len(slots), per_panel):
        head = _head(slots[first : first + per_panel], name_width)
        heads = len(head)
        body = []
        for place, (name, (cells, _), total) in enumerate(zip(names, rows, totals, strict=True)):
            part = cells[first : first + per_panel]
            if not single and place < len(lines) and all(_is_empty(cell) for cell in part):
                shortened = True
                continue
            marks = "".join(_mark(courses, cell, full) for cell in part)
            shown = fitted(name, name_width)
            line = f"{shown}{' ' * (name_width - width_of(shown))} {marks}"
            body.append(f"{line} {total:>{total_width}}".rstrip() if with_totals else line.rstrip())
        panels.append((*head, *body))
    legend = _legend(courses, full)
    return Digits(
        tuple(panels), heads, f"{legend} Each part leaves out who has no figure in it." if shortened else legend
    )


def _is_empty(figure: Figure | None) -> bool:
    return figure is None or (figure.value is None and figure.missing in _EMPTY)


def _per_panel(count: int, room: int) -> int:
    """So many columns that panels are about alike, and hours stay whole."""
    panels = -(-count // room)
    even = -(-count // panels)
    return min(even + even % 2, room)


def _head(slots: Sequence[Slot], name_width: int) -> list[str]:
    """Hours, or days, downwards above their columns; the days of several first."""
    labels = [_short(slot) for slot in slots]
    lines = ["".join(label[row] for label in labels) for row in range(2)]
    days = ""
    for place, slot in enumerate(slots):
        if slot.day and (place == 0 or slots[place - 1].day != slot.day) and len(days) <= place:
            days += " " * (place - len(days)) + f"{slot.day} "
    above = [days[: len(slots)]] if days else []
    blank = " " * (name_width + 1)
    return [f"{blank}{line}".rstrip() for line in (*above, *lines)]


def _short(slot: Slot) -> str:
    """Two characters that stand below each other: the hour, or the day of the month; blanks between full hours."""
    if slot.label[2:3] == ":":
        return slot.label[:2] if slot.is_hour else "  "
    number = next((word for word in slot.label.split() if word.isdigit()), "")
    return f"{number:>2}"[:2]


def _mark(courses: Courses, figure: Figure | None, full: float) -> str:
    """One character: tenths of the scale, or the sign of nothing."""
    if figure is None:
        return " "
    if figure.value is None:
        reason = figure.missing or Missing.NO_DATA
        return _NO_SUCH if reason in _CONFLICTING else figures.sign(reason)
    if courses.is_share and figure.value > 1 + 1e-6:
        return figures.OVERFULL
    return str(min(9, max(0, int(figure.value / full * 10 + 1e-9))))


def _legend(courses: Courses, full: float) -> str:
    """What digits and signs mean, those that occur."""
    shown = [c for line in courses.lines for c in line.cells if c is not None]
    if not courses.is_sum:
        shown += courses.every
    marks = {_mark(courses, figure, full) for figure in shown}
    top = "100 %" if courses.is_share else courses.number(full) or ""
    said = [f"{courses.column.label} in tenths of {top}: 0 is under a tenth, 9 is nine tenths and more"]
    if figures.OVERFULL in marks:
        said.append(f"{figures.OVERFULL} over 100 %")
    said += [
        f"{sign} {meaning}"
        for sign, meaning in (
            (figures.NO_DATA, "no data"),
            (figures.NOT_STAFFED, "not staffed"),
            (figures.NOT_FETCHED, "not fetched"),
            (_NO_SUCH, "no such figure"),
        )
        if sign in marks
    ]
    twice = [slot.label for slot in courses.slots if slot.is_hour and slot.label[2:3] == ":" and slot.label[5:]]
    if twice:
        said.append(f"the repeated hour: {', then '.join(twice)}")
    return "; ".join(said) + "."
