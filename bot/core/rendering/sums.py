"""Figures of several rows together, for pictures: sum ÷ sum by the functions of the table of metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.answer import Missing, Unit
from bot.core.frames import LENGTH_COLUMN
from bot.core.metrics import METRICS, Scope
from bot.core.rendering.chosen import value_of
from bot.core.rendering.figures import missing_reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.answer import Group, Number, Row
    from bot.core.metrics import Metric

_MANY_TO_ONE = frozenset({"queue", "media"})
"""Dimensions over which busy time overlaps, so that its sum would count some of it twice."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, or the reason why there is none."""

    value: Number
    missing: Missing | None = None

    @classmethod
    def of(cls, row: Row, column: str) -> Figure:
        """The row's own."""
        value = value_of(row, column)
        return cls(value) if value is not None else cls(None, missing_reason(row, column))


NOTHING = Figure(None, Missing.NO_DATA)


def together(cells: Sequence[Sequence[Row]], column: str) -> list[Figure]:
    """The figure of each cell, which are the rows in it taken together.

    Rows that could not be fetched are left out of a cell in which others were; a cell whose rows all lack the figure
    has the reason that most of them give.

    Args:
        cells: rows of different groups or times; a row may stand in several cells.
        column: the name of a metric; any other has no figure for more than one row.
    """
    metric = next((m for m in METRICS if m.name == column), None)
    figures = [Figure.of(rows[0], column) if len(rows) == 1 else NOTHING for rows in cells]
    summed = [place for place, rows in enumerate(cells) if len(rows) > 1]
    timed = metric is not None and LENGTH_COLUMN in metric.needs
    lengths = _lengths([row for place in summed for row in cells[place]]) if timed else {}
    sums: list[dict[str, float | None]] = []
    for place in summed:
        fetched = [row for row in cells[place] if not _is_short(row, metric, column)] or list(cells[place])
        sums.append(_sums(fetched, metric, lengths) if _adds_up(fetched, metric, column) else {})
        figures[place] = Figure(None, _reason(fetched, metric, column))
    for place, value in zip(summed, _values(metric, sums), strict=True):
        if value is not None:
            figures[place] = Figure(value)
    return figures


def adds_up(column: str) -> bool:
    """Whether figures of several rows can be parts of a whole: durations and counts, no ratios or averages."""
    metric = next((m for m in METRICS if m.name == column), None)
    return metric is not None and metric.unit is not Unit.RATIO and not metric.denominator


def _is_short(row: Row, metric: Metric | None, column: str) -> bool:
    """Whether one of the row's durations that the figure rests on could not be fetched."""
    names = (column, *(metric.needs if metric else ()))
    return any(row.missing.get(name) is Missing.NOT_FETCHED for name in names)


def _adds_up(rows: Sequence[Row], metric: Metric | None, column: str) -> bool:
    if metric is None or metric.scope is Scope.AGENT_HALF_HOUR:
        return False
    if all(value_of(row, column) is None for row in rows):
        return False  # outside its scope, or nothing to divide by in any of them
    groups = {tuple((g.dimension, g.id) for g in row.groups if g.dimension in _MANY_TO_ONE) for row in rows}
    return "busy_s" not in metric.needs or len(groups) == 1


def _reason(rows: Sequence[Row], metric: Metric | None, column: str) -> Missing:
    reasons = Counter(missing_reason(row, column) for row in rows if value_of(row, column) is None)
    if not reasons or (metric is not None and metric.scope is Scope.AGENT_HALF_HOUR):
        return Missing.NOT_APPLICABLE
    return reasons.most_common(1)[0][0]


def _sums(rows: Sequence[Row], metric: Metric | None, lengths: dict[int, float]) -> dict[str, float | None]:
    sums: dict[str, float | None] = {}
    for name in metric.needs if metric else ():
        if name == LENGTH_COLUMN:
            sums[name] = sum(lengths[id(row)] for row in rows)
            continue
        present = [value for row in rows if (value := value_of(row, name)) is not None]
        sums[name] = float(sum(present)) if present else None
    return sums


def _lengths(rows: Sequence[Row]) -> dict[int, float]:
    """Seconds that each row's share is of, by the row's identity.

    A team's are those of all its agents, and a range may have holes: busy time and its share tell, and where nobody
    was busy the other rows of the same group.
    """
    known: dict[tuple[Group, ...], float] = {}
    for row in rows:
        busy, share = value_of(row, "busy_s"), value_of(row, "busy_share")
        if busy and share:
            known[row.groups] = busy / share / (row.end - row.start).total_seconds()
    return {id(row): round(known.get(row.groups, 1.0) * (row.end - row.start).total_seconds(), 3) for row in rows}


def _values(metric: Metric | None, sums: Sequence[dict[str, float | None]]) -> list[Number]:
    if metric is None or not any(sums):
        return [None] * len(sums)
    import pandas as pd

    frame = pd.DataFrame(
        {name: [None if (value := s.get(name)) is None else value for s in sums] for name in metric.needs},
        dtype="float64",
    )
    found: list[float] = metric.function(frame).tolist()
    values: list[Number] = []
    for value, summed in zip(found, sums, strict=True):
        known = bool(summed) and value == value  # noqa: PLR0124  NaN
        values.append((round(value) if metric.unit is Unit.COUNT else value) if known else None)
    return values
