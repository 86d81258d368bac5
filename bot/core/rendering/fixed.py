"""A table in a fixed-width font: for the terminal, and for Slack where its own tables aren't taken."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import TYPE_CHECKING

from tabulate import tabulate

from bot.core.rendering.layout import SPARK_MARKS, Cell, Grid, Kind, Part, grid, label_dimensions
from bot.core.rendering.names import fitted, width_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.answer import Answer, Row

PHONE, DESKTOP = 34, 68
"""Columns before a monospaced line wraps in Slack, by rule of thumb."""

_GAP = 2
_NARROWEST_NAME, _NARROWEST_SPARK = 8, 12
_READABLE_NAME = 14
"""Names are cut further only where not even the headline would fit beside them."""
_FOLDED = 4
"""Rows alike, and without a number, from which on the inner ones are folded into one line."""
_FOLD = "⋮"
_STAND_IN = "\ue000"  # private use: no clean text holds it
_STOOD_IN = re.compile(f"{_STAND_IN}+")
_SHORT = {
    "Utilization": "Util.",
    "Occupancy": "Occup.",
    "Interacting": "Inter- acting",
    "Communicating": "Commun.",
    "Responding": "resp.",
    "responding": "resp.",
    "Contacting": "Con- tacting",
    "Concurrency": "Concur.",
    "Additive": "Add.",
    "utilization": "util.",
    "Half-hours": "Half- hours",
}


@dataclass(frozen=True, slots=True)
class Fixed:
    """The lines of a table; `head` is repeated where the body goes on elsewhere."""

    head: tuple[str, ...]
    body: tuple[str, ...]
    counts: tuple[int, ...]
    """How many rows each line of the body stands for."""
    totals: tuple[str, ...]
    """A rule and the totals."""
    undrawn: tuple[str, ...]
    """Headers of columns for which there was no room."""
    grid: Grid

    @property
    def lines(self) -> tuple[str, ...]:
        """The whole table."""
        return self.head + self.body + self.totals


def fixed(answer: Answer, rows: Sequence[Row], *, width: int) -> Fixed:
    """Those rows within `width` columns: as many figures as fit, then names and sparklines in what is left.

    Args:
        rows: at least one.
        width: the label and the headline are drawn even where this is too little for them.
    """
    whole = grid(answer, rows, spark_marks=0)
    kept, undrawn = _choose(whole, width)
    used = sum(_width(whole, i, floor=True) + _GAP for i in kept) - _GAP
    marks = min(SPARK_MARKS, width - used - _GAP)
    if marks >= _NARROWEST_SPARK:
        sparked = grid(answer, rows, spark_marks=marks)
        if sparked.spark:
            kept.append(len(sparked.heads) - 1)
            whole = sparked
    dimensions = label_dimensions(answer)
    fold = len(dimensions) == 1 and dimensions[0].is_time
    return _drawn(whole, kept, undrawn, width, fold=fold)


def _choose(whole: Grid, width: int) -> tuple[list[int], tuple[str, ...]]:
    """Indexes of the columns that fit, in order, and the headers of the others.

    What is compared stays together, but for the first figure: where only two of its three columns fit, the change
    stands beside it and what it was before doesn't.
    """
    kept: list[int] = []
    undrawn: list[str] = []
    used = -_GAP

    def needed(columns: Sequence[int]) -> int:
        return sum(_GAP + _width(whole, i, floor=True) for i in columns)

    for columns in _together(whole):
        first = whole.heads[columns[0]]
        must = first.kind is Kind.LABEL or not any(whole.heads[k].kind is Kind.NUMBER for k in kept)
        fewer = [i for i in columns if whole.heads[i].part is not Part.THEN]
        chosen = fewer if must and used + needed(columns) > width else columns
        if must or (used + needed(chosen) <= width and not undrawn):
            kept += chosen
            used += needed(chosen)
            undrawn += [whole.heads[i].text for i in columns if i not in chosen]
        elif first.kind is Kind.NUMBER:
            undrawn.append(first.text)
    return kept, tuple(undrawn)


def _together(whole: Grid) -> list[list[int]]:
    """Indexes of the columns, those of one comparison in one list."""
    groups: list[list[int]] = []
    for i, head in enumerate(whole.heads):
        if head.part is Part.OWN:
            groups.append([i])
        else:
            groups[-1].append(i)
    return groups


def _is_name(whole: Grid, index: int) -> bool:
    """Whether the column holds names, which can be cut; times of day can't."""
    return whole.heads[index].kind is Kind.LABEL and all(row[index].value is None for row in whole.rows)


def _cells_width(whole: Grid, index: int) -> int:
    """Columns that the widest cell takes, the total included."""
    return max([width_of(row[index].shown) for row in whole.rows] + [width_of(whole.totals[index])])


def _width(whole: Grid, index: int, *, floor: bool = False) -> int:
    """Columns that a column takes; with `floor`, the least that names are cut to for another figure."""
    cells = _cells_width(whole, index)
    widest = max(cells, *map(width_of, _wrapped(whole.heads[index].text, cells)))
    return min(widest, _READABLE_NAME) if floor and _is_name(whole, index) else widest


def _wrapped(label: str, width: int) -> list[str]:
    """A header on as many lines as its cells' width asks for; long words of the trade are shortened."""
    for word, short in _SHORT.items():
        if len(word) > width:
            label = re.sub(rf"\b{word}\b", short, label)
    return textwrap.wrap(label, max(width, 6), break_long_words=False) or [label]


def _drawn(whole: Grid, kept: Sequence[int], undrawn: tuple[str, ...], width: int, *, fold: bool) -> Fixed:
    """The lines of the columns kept."""
    names = [i for i in kept if _is_name(whole, i)]
    others = sum(_width(whole, i) for i in kept if i not in names) + _GAP * (len(kept) - 1)
    rooms = dict(zip(names, _shares([_width(whole, i) for i in names], width - others), strict=True))
    stood_in: list[str] = []

    def shown(text: str, index: int, marks: str = "") -> str:
        text = (fitted(text, rooms[index] - len(marks)) if index in rooms else text) + marks
        if width_of(text) == len(text):
            return text
        stood_in.append(text)
        return _STAND_IN * width_of(text)

    runs = _runs(whole) if fold else [1] * len(whole.rows)
    body, counts, position = [], [], 0
    for run in runs:
        shape = (1, run - 2, 1) if run >= _FOLDED else (1,) * run
        for offset, count in zip(accumulate(shape, initial=0), shape, strict=False):
            row = whole.rows[position + offset]
            cells = [shown(row[i].text, i, row[i].marks) for i in kept]
            body.append(cells if count == 1 else [_FOLD] + [""] * (len(kept) - 1))
            counts.append(count)
        position += run
    totals = [shown(whole.totals[i], i) for i in kept]
    heads = _head_lines([_wrapped(whole.heads[i].text, _cells_width(whole, i)) for i in kept])
    widths = [max(map(len, column)) for column in zip(*heads, *body, totals, strict=True)]
    rule = ["─" * w for w in widths]
    drawn = tabulate(
        [*heads, rule, *body, rule, totals],
        tablefmt="plain",
        disable_numparse=True,  # a name such as 1e5 stays one
        colalign=["right" if whole.heads[i].kind is Kind.NUMBER else "left" for i in kept],
    )
    texts = iter(stood_in)
    lines = [line.rstrip() for line in _STOOD_IN.sub(lambda _: next(texts), drawn).split("\n")]
    first = len(heads) + 1
    return Fixed(
        head=tuple(lines[:first]),
        body=tuple(lines[first:-2]),
        counts=tuple(counts),
        totals=tuple(lines[-2:]),
        undrawn=undrawn,
        grid=whole,
    )


def _head_lines(headers: Sequence[Sequence[str]]) -> list[list[str]]:
    """Headers of several lines as rows, each standing on the rule."""
    height = max(map(len, headers))
    return [list(line) for line in zip(*([""] * (height - len(h)) + list(h) for h in headers), strict=True)]


def _runs(whole: Grid) -> list[int]:
    """Lengths of the runs of neighbouring rows that show the same signs and no number; other rows are runs of one."""
    labels = sum(head.kind is Kind.LABEL for head in whole.heads)

    def content(row: tuple[Cell, ...]) -> object:
        signs = tuple((cell.text, cell.value) for cell in row[labels:])
        silent = all(value is not None and value < 0 for _, value in signs) and not any(c.marks for c in row[:labels])
        return signs if silent else id(row)

    return [sum(1 for _ in run) for _, run in groupby(whole.rows, content)]


def _shares(wanted: Sequence[int], room: int) -> list[int]:
    """The room shared among name columns: each gets what it wants, or an even part of what is left."""
    shares, left = list(wanted), room
    for rank, i in enumerate(sorted(range(len(wanted)), key=lambda i: wanted[i])):
        shares[i] = max(_NARROWEST_NAME, min(wanted[i], left // (len(wanted) - rank)))
        left -= shares[i]
    return shares
