"""Where a row's time lies: on which day, in which column of a picture."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.intervals import Granularity, clock_label, day_start, floor_to_grid, is_repeated, local_date, week_of
from bot.core.query import Dimension

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from bot.core.answer import Row
    from bot.core.query import Query

_COARSER = (Granularity.HOUR, Granularity.DAY, Granularity.WEEK)
_NOUNS = {Granularity.HOUR: "hour", Granularity.DAY: "day", Granularity.WEEK: "week"}
_MINUTES_OF_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Slot:
    """One column of time."""

    label: str
    """`13:30`, `01:30 BST`, `Sun 22 Nov`; without the day where `day` says it."""
    day: str = ""
    """The day on which it lies, where the columns have several."""
    is_hour: bool = True
    """It starts at a full hour, or is a day."""

    @property
    def full(self) -> str:
        """The label that needs no column beside it."""
        return f"{self.day} {self.label}" if self.day else self.label


Slots = dict["Hashable", tuple[Slot, object]]
"""Key → the slot, and what orders it."""


class Calendar:
    """Where a row's time lies: on which day, in which column."""

    def __init__(self, query: Query, zone: ZoneInfo) -> None:
        self._query = query
        self._zone = zone
        self._shifts = query.range.shifts if query.range else ()
        self._starts = [window.start for window in self._shifts]

    def day(self, start: datetime) -> date:
        """The local day to which the moment belongs: that of its shift, where ranges have shifts."""
        opened = start
        if self._starts:
            opened = self._starts[max(0, bisect_right(self._starts, start) - 1)]
        return local_date(opened, self._zone)

    def days(self, rows: Sequence[Row]) -> dict[date, list[Row]]:
        """The rows of each day, in order."""
        found: dict[date, list[Row]] = {}
        for row in sorted(rows, key=lambda r: r.start):
            found.setdefault(self.day(row.start), []).append(row)
        return found

    def slots(self, rows: Sequence[Row], most: int) -> tuple[Slots, Callable[[Row], Hashable], str, bool]:
        """Columns in order of time, as narrow as there is room for."""
        by = self._query.by_time
        starts = {row.start: self.day(row.start) for row in rows}
        granularity: Granularity | None = None
        keys: Mapping[datetime, Hashable] = {start: start for start in starts}
        if by is not Dimension.INTERVAL:
            granularity = Granularity.DAY if by is Dimension.DAY else Granularity.WEEK
        for coarser in _COARSER:
            if len(set(keys.values())) <= most:
                break
            if granularity is None or _COARSER.index(coarser) > _COARSER.index(granularity):
                granularity = coarser
                keys = {start: self._key(start, day, coarser) for start, day in starts.items()}
        coarsened = granularity is not None and set(keys.values()) != set(starts)
        several = len(set(starts.values())) > 1
        slots: Slots = {}
        for start in sorted(starts):
            slots.setdefault(keys[start], (self._slot(start, granularity, several=several), start))
        noun = _NOUNS[granularity] if granularity and coarsened else self._query.bucket_noun
        return slots, lambda row: keys[row.start], noun, coarsened

    def _key(self, start: datetime, day: date, granularity: Granularity) -> Hashable:
        if granularity is Granularity.DAY:
            return day
        if granularity is Granularity.WEEK:
            return week_of(day, 0)
        return floor_to_grid(start, granularity, self._zone)

    def _slot(self, start: datetime, granularity: Granularity | None, *, several: bool) -> Slot:
        day = self.day(start)
        dated = f"{day:%a} {day.day} {day:%b}"
        if granularity in {Granularity.DAY, Granularity.WEEK}:
            return Slot(dated if granularity is Granularity.DAY else f"from {day.day} {day:%b}")
        if granularity is Granularity.HOUR:
            start = floor_to_grid(start, granularity, self._zone)
        local = start.astimezone(self._zone)
        return Slot(clock_label(start, self._zone), dated if several else "", is_hour=local.minute == 0)

    def clock(self, rows: Sequence[Row], most: int) -> tuple[Slots, Callable[[Row], Hashable], str, bool]:
        """Columns by the time of day; where clocks go back, a repeated time has a second column of its own."""
        hourly = False
        opening = self._minutes(self._shifts[0].start) if self._query.range and self._query.range.nights else 0

        def key_of(row: Row) -> Hashable:
            start = row.start
            if hourly:
                # Hours of the wall clock, so that those of all days stand below each other.
                day = day_start(local_date(start, self._zone), self._zone)
                start = max(day, start - (start - day) % (Granularity.HOUR.step or start - day))
            local = start.astimezone(self._zone)
            later = bool(local.fold) and is_repeated(start, self._zone)
            return (self._minutes(start) - opening) % _MINUTES_OF_A_DAY, later

        keys = {row.start: key_of(row) for row in rows}
        if len(set(keys.values())) > most:
            hourly = True
        slots: Slots = {}
        for row in sorted(rows, key=lambda r: r.start):
            key = key_of(row)
            minutes, later = key if isinstance(key, tuple) else (0, False)
            hour, minute = divmod((minutes + opening) % _MINUTES_OF_A_DAY, 60)
            label = f"{hour:02d}:{minute:02d}" + (" again" if later else "")
            slots.setdefault(key, (Slot(label, is_hour=minute == 0), key))
        ordered = dict(sorted(slots.items(), key=lambda item: item[1][1]))  # type: ignore[arg-type,return-value]
        return ordered, key_of, "hour" if hourly else self._query.bucket_noun, hourly

    def _minutes(self, instant: datetime) -> int:
        local = instant.astimezone(self._zone)
        return local.hour * 60 + local.minute
