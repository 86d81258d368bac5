"""The figures of each group over time, laid out as lines and columns: what a heat map and charts over time draw."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.core.answer import Missing, RowState, Unit
from bot.core.defaults import DurationStyle
from bot.core.query import Dimension
from bot.core.rendering import figures
from bot.core.rendering.layout import distinct_name, headline_column, namesakes, sole_agent
from bot.core.rendering.slots import Calendar
from bot.core.rendering.sums import Figure, adds_up, together

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from bot.core.answer import Answer, Column, Group, Number, Row
    from bot.core.query import Query
    from bot.core.rendering.slots import Slot, Slots

_ENTITIES = {
    "agent": ("agent", "agents"),
    "team": ("team", "teams"),
    "queue": ("queue", "queues"),
    "media": ("medium", "media"),
    "day": ("day", "days"),
}
_WITHHELD = Figure(None, Missing.NOT_APPLICABLE)
"""Of a time whose row this audience may not read: there, rows of small groups are left out."""
_NOBODY = frozenset({Missing.NOT_STAFFED, Missing.NO_DATA})
_NAMED = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One group, or one day, over time."""

    name: str
    cells: tuple[Figure | None, ...]
    """As long as the slots; None: that day has no such time."""
    total: Figure


@dataclass(frozen=True, slots=True)
class Courses:
    """A table of one metric: a line a group, a column a bucket."""

    column: Column
    noun: str
    """What a column is: `half-hour`."""
    bucket: str
    """What the question's buckets are; `noun`, unless they had to be put together."""
    entity: str
    """What a line is: `agent`; `day`, where they are one group's."""
    of: str
    """The one group whose days the lines are; empty where lines are groups."""
    slots: tuple[Slot, ...]
    lines: tuple[Line, ...]
    every: tuple[Figure, ...]
    """Each column over all groups, whether they are drawn or not."""
    whole: Figure
    """The whole range over all groups."""
    count: int
    """How many groups (or days) there are."""
    behind: int
    """How many of them `every` and `whole` rest on: of agents, those who answered."""
    idle: tuple[str, ...] = ()
    """Lines left out, since not one cell of theirs has a figure."""
    split: int | None = None
    """So many lines from the top are the highest and the rest the lowest; what lies between isn't drawn."""
    coarsened: bool = False
    """Columns are wider than the question's buckets."""
    trimmed: str = ""
    """The times at both ends that aren't drawn, for nobody was at work."""
    running: str = ""
    """The last column, where its time isn't over."""
    reason: str = ""
    """Why the metric isn't the one asked for."""
    durations: DurationStyle = DurationStyle.WORDS
    """How the reader wants durations written."""

    @property
    def title(self) -> str:
        """`Utilization by agent and half-hour`"""
        if self.of:
            return f"{self.column.label} by {self.entity} and {self.noun}: {self.of}"
        if self.count == 1:
            return f"{self.column.label} by {self.noun}: {self.lines[0].name}"
        return f"{self.column.label} by {self.entity} and {self.noun}"

    @property
    def everybody(self) -> str:
        """What `every` is of: `All 40 agents`."""
        return f"All {counted(self.behind, self.entity)}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What isn't drawn as it was asked, each a sentence."""
        said = list(self.notes_on_columns)
        if self.split is not None:
            lowest = len(self.lines) - self.split
            said.append(
                f"The {self.split} highest and {lowest} lowest of {counted(self.count, self.entity)} by"
                f" {self.column.label}; {self.everybody[0].lower()}{self.everybody[1:]} count in the last line."
            )
        elif len(self.lines) + len(self.idle) < self.count:
            said.append(f"{len(self.lines):,} of {counted(self.count, self.entity)}, as asked.")
        if self.idle:
            named = ", ".join(self.idle[:_NAMED]) + (
                f" and {len(self.idle) - _NAMED:,} more" if self.idle[_NAMED:] else ""
            )
            said.append(f"No figure in the whole range: {named}.")
        return tuple(said)

    @property
    def notes_on_columns(self) -> tuple[str, ...]:
        """The part of it that is about the metric and the times."""
        said = [self.reason]
        if self.coarsened:
            how = "the sum of" if self.is_sum else "sum ÷ sum over"
            said.append(f"By {self.noun}, so that it fits: each is {how} its {self.bucket}s.")
        if self.trimmed:
            said.append(f"Not drawn, since nobody was at work: {self.trimmed}.")
        if self.running:
            said.append(f"Still running: {self.running}.")
        return tuple(filter(None, said))

    @property
    def finding(self) -> str:
        """The whole, then which lines and which times lie at the ends: what the picture shows, in words."""
        shown = f"{self.column.label} {self.shown(self.whole)}"
        one = self.of or (self.lines[0].name if self.count == 1 else "")
        sentences = [f"{one}: {shown}." if one else f"{shown} over {counted(self.behind, self.entity)}."]
        ends = self._ends([(line.total, line.name) for line in self.lines], "day" if self.of else "")
        if ends and self.split is None and len(self.lines) + len(self.idle) < self.count:
            sentences.append(f"Of the {counted(len(self.lines), self.entity)} drawn:")
        sentences += ends
        if len(self.lines) > 1:
            sentences += self._ends(list(zip(self.every, (s.full for s in self.slots), strict=True)), self.noun)
        elif self.lines:
            cells = [(c, s.full) for c, s in zip(self.lines[0].cells, self.slots, strict=True) if c is not None]
            sentences += self._ends(cells, self.noun)
        return " ".join(sentences)

    def worked(self) -> Courses:
        """Without the lines that have no figure at all, though somebody answered for them."""
        idle = {
            place
            for place, line in enumerate(self.lines)
            if all(cell is None or (cell.value is None and cell.missing in _NOBODY) for cell in line.cells)
        }
        if self.split is not None or self.of or len(idle) == len(self.lines):
            return self
        return replace(
            self,
            lines=tuple(line for place, line in enumerate(self.lines) if place not in idle),
            idle=tuple(self.lines[place].name for place in sorted(idle)),
        )

    def _ends(self, named: Sequence[tuple[Figure, str]], noun: str) -> list[str]:
        have = [(figure, figure.value, name) for figure, name in named if figure.value is not None]
        if not have:
            return []
        (low, least, lowest), (high, most, highest) = (end(have, key=lambda h: h[1]) for end in (min, max))
        if least == most:
            return []
        of = f" {noun}" if noun else ""
        return [
            f"Lowest{of}: {lowest} {self.shown(low)}.",
            f"Highest{of}: {highest} {self.shown(high)}.",
        ]

    def shown(self, figure: Figure) -> str:
        """The number as people read it, or the reason why there is none."""
        text = self.number(figure.value)
        return text if text is not None else figures.meaning(figure.missing or Missing.NO_DATA)

    def number(self, value: Number) -> str | None:
        """A number of this metric as the reader wants it written."""
        return figures.number(value, self.column.unit, column=self.column.name, durations=self.durations)

    @property
    def is_share(self) -> bool:
        """Whether 100 % is the top of the scale."""
        return self.column.unit is Unit.RATIO and self.column.name not in figures.PLAIN_RATIOS

    @property
    def is_sum(self) -> bool:
        """Whether figures of several lines or columns are their sum, and so on another scale than each of them."""
        return adds_up(self.column.name)

    @property
    def full(self) -> float:
        """The number at the top of the scale: 100 % of a share, else the highest in any cell."""
        if self.is_share:
            return 1.0
        cells = [c.value for line in self.lines for c in line.cells if c is not None and c.value is not None]
        return float(max(cells, default=0)) or 1.0


def counted(count: int, entity: str) -> str:
    """`1 agent`, `40 agents`."""
    one, many = _ENTITIES.get(entity, (entity, f"{entity}s"))
    return f"{count:,} {one if count == 1 else many}"


def picture_column(answer: Answer) -> tuple[Column | None, str]:
    """The metric that a picture shows: the sorted one, else the headline; another where that has no figures at all.

    Returns:
        The column (None: nothing has a figure), and why it isn't the one that was asked for.
    """
    known = {column.name: column for column in answer.columns}
    asked = answer.query.sort.column if answer.query.sort else answer.headline
    for name in dict.fromkeys((asked, answer.headline, *answer.drawn, *known)):
        if name in known and any(row.values.get(name) is not None for row in answer.rows):
            if name == asked:
                return known[name], ""
            label = known[asked].label if asked in known else headline_column(answer).label
            reasons = Counter(figures.missing_reason(row, asked) for row in answer.rows)
            meaning = figures.meaning(reasons.most_common(1)[0][0])
            return known[name], f"{label} has no figures here ({meaning}): {known[name].label} is drawn instead."
    return None, ""


def courses_of(answer: Answer, *, most_slots: int, most_lines: int, whole: bool = False) -> Courses | None:
    """The answer over time; None where its rows aren't told apart by time, or nothing in it has a figure.

    Args:
        most_slots: where there are more buckets, hours, days or weeks take their place.
        most_lines: where there are more groups, those at the two ends are kept.
        whole: keep times at which nobody was at work, and days of a single group in one line.
    """
    column, reason = picture_column(answer)
    query, zone = answer.query, answer.query.zone
    if query.by_time is None or column is None or zone is None or not answer.rows:
        return None
    if answer.versus is not None and not whole:
        reason = f"{reason} The time compared with isn't drawn.".strip()
    by_group: dict[tuple[Group, ...], list[Row]] = {}
    for row in answer.rows:
        by_group.setdefault(row.groups, []).append(row)
    calendar = Calendar(query, zone)
    if not whole and len(by_group) == 1 and query.by_time is Dimension.INTERVAL and len(calendar.days(answer.rows)) > 1:
        return _by_day(answer, column, reason, calendar, most_slots)
    slots, key_of, noun, coarsened = calendar.slots(answer.rows, most_slots)
    groups, split, count = _chosen(answer, by_group, column, most_lines)
    shared = namesakes([rows[0] for rows in by_group.values()])
    cells = _cells([by_group[group] for group in groups], slots, key_of, column)
    every = together(_by_slot(answer.rows, slots, key_of), column.name)
    first, last = (0, len(every)) if whole else _worked(every)
    labels = [slot for slot, _ in slots.values()]
    totals = together([by_group[group] for group in groups], column.name)
    entity = "agent" if sole_agent(answer) is not None else _entity(query)
    return Courses(
        column=column,
        noun=noun,
        bucket=query.bucket_noun,
        entity=entity,
        of="",
        slots=tuple(labels[first:last]),
        lines=tuple(
            Line(", ".join(distinct_name(g, shared) for g in group) or "All", tuple(line[first:last]), total)
            for group, line, total in zip(groups, cells, totals, strict=True)
        ),
        every=tuple(every[first:last]),
        whole=Figure(answer.totals.get(column.name), Missing.NO_DATA),
        count=count,
        behind=(answer.coverage.agents_answered if entity == "agent" else 0) or count,
        split=split,
        coarsened=coarsened,
        trimmed=_trimmed(labels, first, last),
        running=_running(answer.rows, slots, key_of),
        reason=reason,
        durations=answer.durations,
    )


def _entity(query: Query) -> str:
    named = [d.value for d in query.group_by if not d.is_time]
    return named[0] if len(named) == 1 else " and ".join(named) or "group"


def _by_day(answer: Answer, column: Column, reason: str, calendar: Calendar, most_slots: int) -> Courses:
    """One group: a line a day, a column a time of day."""
    rows = answer.rows
    days = calendar.days(rows)
    slots, key_of, noun, coarsened = calendar.clock(rows, most_slots)
    cells = _cells(list(days.values()), slots, key_of, column, absent=None)
    every = together(_by_slot(rows, slots, key_of), column.name)
    first, last = _worked(every)
    labels = [slot for slot, _ in slots.values()]
    totals = together(list(days.values()), column.name)
    shared = namesakes(rows[:1])
    return Courses(
        column=column,
        noun=noun,
        bucket=answer.query.bucket_noun,
        entity="day",
        of=", ".join(distinct_name(g, shared) for g in rows[0].groups),
        slots=tuple(labels[first:last]),
        lines=tuple(
            Line(f"{day:%a} {day.day} {day:%b}", tuple(line[first:last]), total)
            for day, line, total in zip(days, cells, totals, strict=True)
        ),
        every=tuple(every[first:last]),
        whole=Figure(answer.totals.get(column.name), Missing.NO_DATA),
        count=len(days),
        behind=len(days),
        coarsened=coarsened,
        trimmed=_trimmed(labels, first, last),
        running=_running(answer.rows, slots, key_of),
        reason=reason,
        durations=answer.durations,
    )


def _by_slot(rows: Sequence[Row], slots: Slots, key_of: Callable[[Row], Hashable]) -> list[list[Row]]:
    found: dict[Hashable, list[Row]] = {key: [] for key in slots}
    for row in rows:
        found[key_of(row)].append(row)
    return list(found.values())


def _cells(
    lines: Sequence[Sequence[Row]],
    slots: Slots,
    key_of: Callable[[Row], Hashable],
    column: Column,
    *,
    absent: Figure | None = _WITHHELD,
) -> list[list[Figure | None]]:
    """The figure of each line and slot."""
    cells = [cell for rows in lines for cell in _by_slot(rows, slots, key_of)]
    found = together([cell for cell in cells if cell], column.name)
    left = iter(found)
    flat = [next(left) if cell else absent for cell in cells]
    width = len(slots)
    return [flat[place : place + width] for place in range(0, len(flat), width)]


def _worked(every: Sequence[Figure]) -> tuple[int, int]:
    """From the first to the last column in which somebody was at work, or could not be asked."""
    used = [place for place, figure in enumerate(every) if figure.value is not None or figure.missing not in _NOBODY]
    return (used[0], used[-1] + 1) if used else (0, len(every))


def _running(rows: Sequence[Row], slots: Slots, key_of: Callable[[Row], Hashable]) -> str:
    """The column that time is still passing in; empty where there is none, or no other."""
    running = {key_of(row) for row in rows if row.provisional}
    if not running or len(running) == len(slots):
        return ""
    return ", ".join(slot.full for key, (slot, _) in slots.items() if key in running)


def _trimmed(labels: Sequence[Slot], first: int, last: int) -> str:
    spans = []
    if first > 0:
        spans.append(f"{labels[0].full}–{labels[first].full}")
    if last < len(labels):
        spans.append(f"from {labels[last].full} on")
    return " and ".join(spans)


def _chosen(
    answer: Answer, by_group: Mapping[tuple[Group, ...], list[Row]], column: Column, most: int
) -> tuple[list[tuple[Group, ...]], int | None, int]:
    """(the groups that were asked for, in order; where a cut lies; how many groups there are in all).

    `active`, `top`, `below` and `sort` choose among groups here, by their figures over the whole range.
    """
    query, count = answer.query, len(by_group)
    groups = list(by_group)
    totals = dict(zip(groups, together(list(by_group.values()), column.name), strict=True))

    def number(group: tuple[Group, ...]) -> float:
        return float(totals[group].value or 0.0)

    if query.filters.active:
        idle = {RowState.ZERO, RowState.NOT_STAFFED, RowState.NO_DATA}
        groups = [g for g in groups if any(row.state not in idle for row in by_group[g])]
    for threshold in query.thresholds:
        groups = [
            g
            for g in groups
            if totals[g].value is not None
            and (number(g) > threshold.value if threshold.above else number(g) < threshold.value)
        ]
    have = [g for g in groups if totals[g].value is not None]
    if query.rank is not None:
        groups = sorted(have, key=number, reverse=query.rank.top)[: query.rank.count]
    elif query.sort is not None:
        groups = sorted(have, key=number, reverse=query.sort.descending) + [g for g in groups if g not in set(have)]
    if len(groups) <= most:
        return groups, None, count
    ends = sorted(have, key=number, reverse=True)
    if len(ends) < most:
        return groups[:most], None, count
    upper = (most + 1) // 2
    return ends[:upper] + ends[-(most - upper) :], upper, count
