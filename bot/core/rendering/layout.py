"""Which columns and cells a table has, before any form of it is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from bot.core.answer import Column, Missing, RowState, Unit
from bot.core.comparing import change, is_later
from bot.core.intervals import Granularity, buckets, clock_label, days_touched
from bot.core.query import Booking, Dimension
from bot.core.rendering import figures
from bot.core.rendering.chosen import value_of
from bot.core.rendering.names import raw_text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from bot.core.answer import Answer, Group, Row
    from bot.core.defaults import DurationStyle
    from bot.core.query import Query

SPARK_MARKS = 48
"""The most marks in a sparkline: a day of half-hours."""
BAR_WIDTH = 7
OVERFULL_SIGN = f"{figures.OVERFULL} more than its time holds"

_ID_MARK = 4
_TICK = timedelta(microseconds=1)
_ROUNDING = 1e-6
_WORK = frozenset({"handle_s", "talk_s", "held_s", "acw_s", "contacting_s", "dialing_s"})
_NAMELESS = {"queue": "(no queue)", "team": "(no team)", "media": "(no media)"}


class Part(Enum):
    """Which of the figures of a column a comparison shows there."""

    OWN = "own"
    """Of the time asked for."""
    THEN = "then"
    """Of the time compared with."""
    CHANGE = "change"


class Kind(Enum):
    """What a column of a table holds."""

    LABEL = "label"
    NUMBER = "number"
    PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class Head:
    """A column's header."""

    text: str
    kind: Kind
    column: str = ""
    """The answer's column it shows, if one."""
    part: Part = Part.OWN


@dataclass(frozen=True, slots=True)
class Cell:
    """What is shown, and the number to sort by (None: a text)."""

    text: str
    value: float | int | None = None
    marks: str = ""
    """Signs behind the text, never cut off with it."""

    @property
    def shown(self) -> str:
        """The text with its signs."""
        return self.text + self.marks


@dataclass(frozen=True, slots=True)
class Grid:
    """A table without a form: every row has a cell for every head."""

    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    totals: tuple[str, ...]
    """The last row where the form doesn't sort; as long as `heads`."""
    reasons: frozenset[Missing]
    zero: bool
    provisional: bool
    """Some rows, not all, are provisional: they carry the sign."""
    overfull: bool
    spark: bool
    than: str = ""
    """Of a comparison, what the other time is called."""

    @property
    def legend(self) -> str:
        """The signs used in the table, each with its meaning."""
        return figures.legend(
            self.reasons, zero=self.zero, provisional=self.provisional, spark=self.spark, than=self.than
        )

    def within(self, most: int) -> tuple[Grid, tuple[str, ...]]:
        """The first columns, at most so many and no comparison in part, and the headers of those left out."""
        kept = min(most, len(self.heads))
        while 0 < kept < len(self.heads) and self.heads[kept].part is not Part.OWN:
            kept -= 1
        left_out = tuple(head.text for head in self.heads[kept:] if head.part is Part.OWN)
        fewer = replace(
            self,
            heads=self.heads[:kept],
            rows=tuple(row[:kept] for row in self.rows),
            totals=self.totals[:kept],
        )
        return fewer, left_out


def drawn_columns(answer: Answer) -> tuple[Column, ...]:
    """The headline first, then the other columns that the settings draw; all of them where nothing is set."""
    known = {column.name: column for column in answer.columns}
    names = dict.fromkeys((answer.headline, *(answer.drawn or known)))
    return tuple(known[name] for name in names if name in known)


def headline_column(answer: Answer) -> Column:
    """The headline's column; an answer without it still has a name to print."""
    found = next((c for c in answer.columns if c.name == answer.headline), None)
    return found or Column(answer.headline, Unit.RATIO, answer.headline.replace("_", " ").capitalize())


def together(answer: Answer) -> Group | None:
    """The group that stands for all agents in a single row, where their names are withheld from the audience."""
    group = answer.rows[0].group(Dimension.AGENT) if len(answer.rows) == 1 else None
    return group if group is not None and group.id is None and group.name is not None else None


def sole_agent(answer: Answer) -> Group | None:
    """The agent whom all rows are about, where they tell her times apart."""
    if answer.query.by_time is None or together(answer) is not None:
        return None
    found: Group | None = None
    for row in answer.rows:
        agent = row.group(Dimension.AGENT)
        if agent is not None and found is not None and agent != found:
            return None
        found = agent or found
    return found


def group_name(group: Group | None) -> str:
    """What a group is called, clean."""
    if group is None:
        return figures.NO_DATA
    if group.name is not None:
        return raw_text(group.name)
    return raw_text(group.id) if group.id else _NAMELESS.get(group.dimension, "(none)")


def namesakes(rows: Sequence[Row]) -> frozenset[tuple[str, str]]:
    """(dimension, name) of which there is more than one: their ids must tell them apart."""
    ids: dict[tuple[str, str], set[str | None]] = {}
    for row in rows:
        for group in row.groups:
            ids.setdefault((group.dimension, group_name(group)), set()).add(group.id)
    return frozenset(key for key, found in ids.items() if len(found) > 1)


def distinct_name(group: Group | None, shared: Collection[tuple[str, str]]) -> str:
    """The group's name, with the beginning of its id where others share it."""
    name = group_name(group)
    if group is None or group.id is None or (group.dimension, name) not in shared:
        return name
    return f"{name} ({raw_text(group.id[:_ID_MARK])})"


def label_dimensions(answer: Answer) -> tuple[Dimension, ...]:
    """The dimensions that label rows; a single agent's name stands in the title instead."""
    if together(answer) is not None:
        return (Dimension.AGENT,)
    groupings = answer.query.group_by or (Dimension.AGENT,)
    if sole_agent(answer) is not None and len(groupings) > 1:
        return tuple(d for d in groupings if d is not Dimension.AGENT)
    return groupings


def time_label(start: datetime, end: datetime, *, dimension: Dimension, zone: ZoneInfo, dated: bool) -> str:
    """`13:30`, `22 Nov 13:30` where the range has more days, `Sun 22 Nov`, `16 Nov – 22 Nov`."""
    first = start.astimezone(zone)
    if dimension is Dimension.DAY:
        return f"{first:%a} {first.day} {first:%b}"
    if dimension is Dimension.WEEK:
        last = (max(start, end - _TICK)).astimezone(zone)
        return f"{first.day} {first:%b} – {last.day} {last:%b}"
    clock = clock_label(start, zone)
    return f"{first.day} {first:%b} {clock}" if dated else clock


def is_dated(query: Query) -> bool:
    """Whether a time of day alone is ambiguous: the range touches more than one local day."""
    if query.range is None or query.zone is None:
        return False
    touched = {day for window in query.range.windows for day in days_touched(window, query.zone)}
    return len(touched) > 1


def is_overfull(row: Row, columns: Sequence[Column]) -> bool:
    """Whether the row shows more than its time could hold: a share over 100 %, or a duration over its length."""
    length = (row.end - row.start).total_seconds()
    agent = row.group(Dimension.AGENT)
    alone = agent is not None and agent.id is not None
    for column in columns:
        value = value_of(row, column.name)
        if value is None or column.name in figures.PLAIN_RATIOS:
            continue
        if column.unit is Unit.RATIO and value > 1 + _ROUNDING:
            return True
        if alone and column.name in _WORK and value > length + _ROUNDING:
            return True
    return False


def overfull_cause(query: Query) -> str:
    """Why a row can hold more than its time."""
    if query.booking is Booking.CLOCK:
        return f"{OVERFULL_SIGN}: work that overlaps counts each time."
    where = query.bucket_noun if query.granularity else "range"
    return f"{OVERFULL_SIGN}: posted time lands whole in the {where} in which it was reported, wherever the work began."


def then_word(query: Query) -> str:
    """What the time compared with is called in a header: `before`, or `after` where it comes later."""
    return "after" if is_later(query) else "before"


def grid(answer: Answer, rows: Sequence[Row], *, spark_marks: int = SPARK_MARKS) -> Grid:
    """The table of those rows.

    Args:
        answer: where the rows come from.
        rows: what to draw, in order.
        spark_marks: the most marks of a sparkline; 0 leaves the sparklines out.
    """
    query, columns, there = answer.query, drawn_columns(answer), answer.versus
    dimensions = label_dimensions(answer)
    headline = headline_column(answer)
    some_provisional = any(r.provisional for r in rows) and not all(r.provisional for r in rows)
    with_bar = sole_agent(answer) is not None and there is None
    full = 1.0
    if with_bar and headline.unit is not Unit.RATIO:
        full = max((v for r in rows if (v := value_of(r, headline.name)) is not None), default=1.0) or 1.0
    sparks = _sparks(answer, rows, spark_marks) if spark_marks and not with_bar and there is None else None
    partners = _partner_labels(answer, there, rows) if there is not None else ()

    heads = [Head(_dimension_head(d), Kind.LABEL) for d in dimensions]
    if partners:
        heads.append(Head(then_word(query).capitalize(), Kind.LABEL))
    for column in columns:
        heads.append(Head(column.label, Kind.NUMBER, column.name))
        if there is not None:
            heads.append(Head(f"{column.label} {then_word(query)}", Kind.NUMBER, column.name, Part.THEN))
            heads.append(Head(f"Δ {column.label}", Kind.NUMBER, column.name, Part.CHANGE))
        if with_bar and column.name == headline.name:
            heads.append(Head("0–100 %" if headline.unit is Unit.RATIO else "Share", Kind.PICTURE))
    if sparks is not None:
        heads.append(Head(sparks.head, Kind.PICTURE))

    reasons: set[Missing] = set()
    overfull = False
    dated, shared, drawn = is_dated(query), namesakes(rows), []
    for position, row in enumerate(rows):
        marks = ""
        if is_overfull(row, columns):
            marks, overfull = f" {figures.OVERFULL}", True
        if some_provisional and row.provisional:
            marks += f" {figures.PROVISIONAL}"
        cells = [_label(row, d, query, dated=dated, shared=shared) for d in dimensions]
        cells[-1] = Cell(cells[-1].text, cells[-1].value, marks)
        if partners:
            cells.append(partners[position])
        for column in columns:
            own, reason = _number_cell(row, column, answer.durations)
            cells.append(own)
            reasons |= {reason} if reason else set()
            if there is not None:
                then, reason = _number_cell(row.versus, column, answer.durations)
                cells += [then, _change_cell(row, column, own, then, answer.durations)]
                reasons |= {reason} if reason else set()
            if with_bar and column.name == headline.name:
                value = value_of(row, column.name)
                picture = own.text if value is None else figures.bar(value / full, BAR_WIDTH)
                cells.append(Cell(picture, own.value))
        if sparks is not None:
            cells.append(Cell(sparks.lines[position], sparks.means[position]))
        drawn.append(tuple(cells))

    labels = sum(head.kind is Kind.LABEL for head in heads)
    totals = [_totals_label(answer)] + [""] * (labels - 1)
    for head in heads[labels:]:
        column_of = next((c for c in columns if c.name == head.column), None)
        totals.append("" if column_of is None else _total_cell(answer, column_of, head.part))
    return Grid(
        heads=tuple(heads),
        rows=tuple(drawn),
        totals=tuple(totals),
        reasons=frozenset(reasons),
        zero=any(r.state is RowState.ZERO for r in rows),
        provisional=some_provisional,
        overfull=overfull,
        spark=sparks is not None,
        than=then_word(query) if there is not None else "",
    )


def _number_cell(row: Row | None, column: Column, durations: DurationStyle) -> tuple[Cell, Missing | None]:
    """The figure, or the sign of its kind of nothing and the reason; no row is no data."""
    value = value_of(row, column.name) if row is not None else None
    shown = figures.number(value, column.unit, column=column.name, durations=durations)
    if shown is not None:
        return Cell(shown, figures.sort_value(value, shown)), None
    reason = figures.missing_reason(row, column.name) if row is not None else Missing.NO_DATA
    sign = figures.sign(reason)
    return Cell(sign, figures.sort_value(None, sign)), reason


def _change_cell(row: Row, column: Column, own: Cell, then: Cell, durations: DurationStyle) -> Cell:
    """What the two figures differ by; where one is missing its sign."""
    there = value_of(row.versus, column.name) if row.versus is not None else None
    value = change(value_of(row, column.name), there)
    shown = figures.change(value, column.unit, column=column.name, durations=durations)
    if shown is None:
        shown = own.text if value_of(row, column.name) is None else then.text
    return Cell(shown, figures.sort_change(value, shown))


def _partner_labels(answer: Answer, there: Answer, rows: Sequence[Row]) -> tuple[Cell, ...]:
    """When each row's partner was; none where rows have no time, or both are called the same."""
    by_time, zone = answer.query.by_time, answer.query.zone
    if by_time is None or zone is None or together(answer) is not None:
        return ()
    own_dated, dated = is_dated(answer.query), is_dated(there.query)
    cells, alike = [], True
    for row in rows:
        own = time_label(row.start, row.end, dimension=by_time, zone=zone, dated=own_dated)
        partner = row.versus
        text = figures.NO_DATA
        if partner is not None:
            text = time_label(partner.start, partner.end, dimension=by_time, zone=zone, dated=dated)
        alike &= text == own
        cells.append(Cell(text, int(partner.start.timestamp()) if partner is not None else 0))
    return () if alike else tuple(cells)


def _total_cell(answer: Answer, column: Column, part: Part) -> str:
    """The whole group's figure, its figure then, or what they differ by."""
    if part is Part.OWN or answer.versus is None:
        return total_of(answer, column.name, column.unit)
    if part is Part.THEN:
        return total_of(answer.versus, column.name, column.unit)
    return total_change(answer, column)


def total_change(answer: Answer, column: Column) -> str:
    """What the totals of both times differ by, or the sign of the one that is missing."""
    if answer.versus is None:
        return figures.NO_DATA
    own, then = figures.finite(answer.totals.get(column.name)), figures.finite(answer.versus.totals.get(column.name))
    shown = figures.change(change(own, then), column.unit, column=column.name, durations=answer.durations)
    return shown or total_of(answer if own is None else answer.versus, column.name, column.unit)


def total_of(answer: Answer, column: str, unit: Unit) -> str:
    """The whole group's figure, or the sign of nothing."""
    shown = figures.number(answer.totals.get(column), unit, column=column, durations=answer.durations)
    if shown is not None:
        return shown
    reasons = {figures.missing_reason(row, column) for row in answer.rows}
    return figures.sign(reasons.pop()) if len(reasons) == 1 else figures.NO_DATA


def _totals_label(answer: Answer) -> str:
    return "Total" if sole_agent(answer) is not None else "All"


def _dimension_head(dimension: Dimension) -> str:
    return "Start" if dimension is Dimension.INTERVAL else dimension.value.capitalize()


def _label(row: Row, dimension: Dimension, query: Query, *, dated: bool, shared: Collection[tuple[str, str]]) -> Cell:
    """A row header; times carry their instant, so that they sort in order of time."""
    if not dimension.is_time or query.zone is None:
        return Cell(distinct_name(row.group(dimension), shared))
    text = time_label(row.start, row.end, dimension=dimension, zone=query.zone, dated=dated)
    return Cell(text, int(row.start.timestamp()))


@dataclass(frozen=True, slots=True)
class _Sparks:
    head: str
    lines: tuple[str, ...]
    means: tuple[float, ...]
    """What the column sorts by."""


def _sparks(answer: Answer, rows: Sequence[Row], marks: int) -> _Sparks | None:
    """The agents' half-hours on one axis, cut to the part of the range in which anybody has a figure."""
    if answer.query.by_time is not None or not answer.sparks:
        return None
    series: list[tuple[float | None, ...]] = []
    for row in rows:
        agent = row.group(Dimension.AGENT)
        spark = answer.sparks.get(agent.id) if agent is not None and agent.id is not None else None
        series.append(spark.values if spark else ())
    length = max(map(len, series), default=0)
    used = [i for i in range(length) if any(i < len(s) and s[i] is not None for s in series)]
    if not used:
        return None
    first, last = used[0], used[-1] + 1
    step = -(-(last - first) // marks)
    lines, means = [], []
    for values in series:
        padded = values + (None,) * (length - len(values))
        points = [_highest(padded[i : min(i + step, last)]) for i in range(first, last, step)]
        present = [p for p in points if p is not None]
        lines.append(figures.sparkline(points))
        means.append(sum(present) / len(present) if present else -1.0)
    return _Sparks(_spark_head(answer.query, first, last, length), tuple(lines), tuple(means))


def _highest(values: Sequence[float | None]) -> float | None:
    """The peak of neighbouring half-hours that share a mark: a mean would need their denominators."""
    return max((v for v in values if v is not None), default=None)


def _spark_head(query: Query, first: int, last: int, length: int) -> str:
    if query.range is None or query.zone is None or is_dated(query):
        return "Half-hours"
    grid_of_range = buckets(query.range.windows, Granularity.HALF_HOUR, query.zone)
    if len(grid_of_range) != length:
        return "Half-hours"
    start, end = grid_of_range[first].start, grid_of_range[last - 1].end
    until = "24:00" if last == length and clock_label(end, query.zone) == "00:00" else clock_label(end, query.zone)
    return f"{clock_label(start, query.zone)}–{until}"
