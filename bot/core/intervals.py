"""Intervals as UTC instants, and the grid of buckets that a local day is cut into.

Python subtracts and compares aware datetimes of one zone by wall clock, so nothing here computes in a
local zone: wall clocks are turned into UTC at the door and back only for labels.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from bot.errors import InvalidIntervalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


class Granularity(StrEnum):
    """Width of one bucket, as an ISO-8601 period."""

    QUARTER = "PT15M"
    HALF_HOUR = "PT30M"
    HOUR = "PT1H"
    DAY = "P1D"
    WEEK = "P7D"

    @property
    def step(self) -> timedelta | None:
        """The fixed width inside a local day; None where whole days are counted instead."""
        return _STEPS.get(self)


_STEPS = {
    Granularity.QUARTER: timedelta(minutes=15),
    Granularity.HALF_HOUR: timedelta(minutes=30),
    Granularity.HOUR: timedelta(hours=1),
}


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """Half-open `[start, end)`; both ends are UTC instants."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            raise ValueError("an Interval holds UTC instants")
        if self.end < self.start:
            raise ValueError("an Interval does not end before it starts")

    @property
    def length(self) -> timedelta:
        """Elapsed time between the two ends."""
        return self.end - self.start

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    def intersection(self, other: Interval) -> Interval | None:
        """What both share, or None where that has no length."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Interval(start, end) if start < end else None


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """When a naive wall-clock reading first occurs; in a skipped hour, the moment of the jump."""
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early <= late:  # an ordinary reading, or a repeated one: fold 0 comes first
        return early
    return _jump_between(late, early, zone)


def last_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """When a naive wall-clock reading last occurs; in a skipped hour, the moment of the jump."""
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early <= late:
        return late
    return _jump_between(late, early, zone)


def _jump_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first instant in `(before, after]` at which the zone's offset is no longer that of `before`."""
    offset = before.astimezone(zone).utcoffset()
    low, high = before, after
    while high - low > _SECOND:
        middle = low + timedelta(seconds=(high - low) // _SECOND // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high


@lru_cache(maxsize=8192)  # a range asks for the same few midnights once for each of its buckets
def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The first 00:00 of a calendar day, or the jump where the day has none."""
    return first_instant(datetime.combine(day, time()), zone)


def day_exists(day: date, zone: ZoneInfo) -> bool:
    """False for a day that the zone skipped, such as Apia's 30 December 2011."""
    return day_start(day, zone) < day_start(day + _DAY, zone)


def local_day(day: date, zone: ZoneInfo) -> Interval:
    """The calendar day as people in `zone` live it: often 24 hours, not when clocks change.

    Raises:
        InvalidIntervalError: the zone skipped that day.
    """
    interval = Interval(day_start(day, zone), day_start(day + _DAY, zone))
    if not interval.length:
        raise InvalidIntervalError(
            f"{day:%d %B %Y} doesn't exist in {zone.key}: the clocks jumped over it.",
            hint="Ask for the day before or the day after.",
            code="nonexistent_day",
        )
    return interval


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day whose interval holds the instant.

    Not simply the wall clock's date: where clocks go back over midnight, the repeated minutes of the old
    date already belong to the new day, which began at its first 00:00.
    """
    day = instant.astimezone(zone).date()
    while day_start(day + _DAY, zone) <= instant:
        day += _DAY
    while day_start(day, zone) > instant:
        day -= _DAY
    return day


def days_touched(interval: Interval, zone: ZoneInfo) -> list[date]:
    """Each local calendar day that shares time with the interval, in order; skipped days are left out."""
    if not interval.length:
        return []
    day, last = local_date(interval.start, zone), local_date(interval.end - timedelta(microseconds=1), zone)
    days = []
    while day <= last:
        if day_exists(day, zone):
            days.append(day)
        day += _DAY
    return days


def week_of(day: date, week_start: int) -> date:
    """First day of the week that holds `day`; `week_start` counts from Monday = 0."""
    return day - timedelta(days=(day.weekday() - week_start) % 7)


def floor_to_grid(instant: datetime, granularity: Granularity, zone: ZoneInfo, *, week_start: int = 0) -> datetime:
    """The last edge of the grid at or before the instant."""
    day = local_date(instant, zone)
    if granularity is Granularity.WEEK:
        return day_start(week_of(day, week_start), zone)
    start = day_start(day, zone)
    step = granularity.step
    return start if step is None else start + (instant - start) // step * step


def ceil_to_grid(instant: datetime, granularity: Granularity, zone: ZoneInfo, *, week_start: int = 0) -> datetime:
    """The first edge of the grid at or after the instant."""
    floor = floor_to_grid(instant, granularity, zone, week_start=week_start)
    if floor == instant:
        return instant
    return next(_edges_after(floor, granularity, zone, week_start))


def _edges_after(edge: datetime, granularity: Granularity, zone: ZoneInfo, week_start: int) -> Iterator[datetime]:
    """The edges of the grid after one of its edges, without end."""
    day, step = local_date(edge, zone), granularity.step
    if granularity is Granularity.WEEK:
        first = week_of(day, week_start)
        while True:
            first += 7 * _DAY
            yield day_start(first, zone)
    while True:
        following = day_start(day + _DAY, zone)
        if step is not None:
            edge += step
            while edge < following:  # the last bucket of a day of odd length is shorter
                yield edge
                edge += step
        if following > day_start(day, zone):
            yield following
        edge, day = following, day + _DAY


def buckets(
    windows: Iterable[Interval], granularity: Granularity | None, zone: ZoneInfo, *, week_start: int = 0
) -> tuple[Interval, ...]:
    """The windows cut at the edges of the grid, which runs from local midnight in real time.

    Args:
        windows: disjoint pieces in order of time.
        granularity: None leaves each piece whole.
    Returns:
        Disjoint buckets in order whose union is that of the windows. The first and the last of a piece
        are shorter where the piece doesn't lie on the grid.
    """
    out: list[Interval] = []
    for window in windows:
        if granularity is None:
            out.append(window)
            continue
        edges = [window.start]
        floor = floor_to_grid(window.start, granularity, zone, week_start=week_start)
        for edge in _edges_after(floor, granularity, zone, week_start):
            if edge >= window.end:
                break
            if edge > window.start:
                edges.append(edge)
        edges.append(window.end)
        out.extend(Interval(start, end) for start, end in pairwise(edges) if start < end)
    return tuple(out)


def by_local_day(
    pieces: Iterable[Interval], windows: Sequence[Interval], zone: ZoneInfo, *, week_start: int | None = None
) -> tuple[tuple[Interval, ...], ...]:
    """Pieces joined by the local day on which their window starts, so that a night shift isn't torn at midnight.

    Args:
        pieces: in order, each inside one of the windows.
        windows: empty: a piece belongs to the day on which it starts itself.
        week_start: counted from Monday = 0; joined by weeks that begin on that day.
    """
    starts = [window.start for window in windows]

    def day_of(piece: Interval) -> date:
        opened = starts[bisect_right(starts, piece.start) - 1] if starts else piece.start
        day = local_date(opened, zone)
        return day if week_start is None else week_of(day, week_start)

    return tuple(tuple(joined) for _, joined in groupby(pieces, key=day_of))


def is_repeated(instant: datetime, zone: ZoneInfo) -> bool:
    """Whether the wall clock shows this reading twice, so that a label needs the offset beside it."""
    wall = instant.astimezone(zone).replace(tzinfo=None, fold=0)
    return first_instant(wall, zone) != last_instant(wall, zone)


def clock_label(instant: datetime, zone: ZoneInfo) -> str:
    """`13:30`, or `01:30 BST` where the clock shows that reading twice."""
    local = instant.astimezone(zone)
    text = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    if not is_repeated(instant, zone):
        return text
    name = local.tzname() or ""
    return f"{text} {name if name.isalpha() else f'UTC{local:%z}'}"
