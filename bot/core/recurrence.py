"""A schedule's rule → its slots: on which local days and times it is due, and at which instants that is.

A slot is named by its local date and time, never by its instant: where clocks go back, the repeated hour is
one slot and fires when the clock first shows it; where they go forward, a skipped time fires at the first
instant after the gap; a day that the zone skipped has no slots.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.core.intervals import day_exists, first_instant
from bot.core.zones import load_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_DAY = timedelta(days=1)
_WORKDAYS = frozenset(range(5))
_EVERY_DAY = frozenset(range(7))
_LONGEST_LOOK = 366 * 5
"""Days to look ahead for a next slot: beyond the rarest rule, a monthly one whose days keep being holidays."""


class OnHoliday(StrEnum):
    """What happens to a day of the rule that is a holiday."""

    KEEP = "keep"
    SKIP = "skip"
    SHIFT = "shift"
    """To the next workday that is no holiday."""


class MonthDay(StrEnum):
    """Days of a month that no number names."""

    FIRST_WORKDAY = "first_workday"
    LAST_WORKDAY = "last_workday"
    LAST_DAY = "last_day"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """When a schedule is due, in the wall clock of its zone.

    Either `weekdays` (Monday = 0) or `month_day` says on which days: a number from 1 to 31 stands for the
    last day in months that are shorter.
    """

    times: tuple[time, ...]
    zone: str
    """IANA name."""
    weekdays: frozenset[int] = _EVERY_DAY
    month_day: int | MonthDay | None = None
    """Set: once a month, and `weekdays` doesn't count."""
    on_holiday: OnHoliday = OnHoliday.KEEP
    country: str | None = None
    """Whose public holidays count, as the `holidays` library names countries (`GB`, `US`)."""
    own_holidays: tuple[date, ...] = ()
    starts: date | None = None
    until: date | None = None
    """The last local day."""
    count: int | None = None
    """The number of slots from `starts` on."""

    def __post_init__(self) -> None:
        if not self.times:
            raise ValueError("a recurrence has a time of day")
        if self.month_day is None and not self.weekdays:
            raise ValueError("a recurrence has a day")
        if self.count is not None and self.starts is None:
            raise ValueError("slots are counted from a first day")


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One time at which a schedule is due."""

    fire_at: datetime
    """UTC."""
    local_date: date
    local_time: time

    @property
    def name(self) -> str:
        """`2026-03-29T08:00`: unique within a schedule, the same in every process and after every restart."""
        return f"{self.local_date.isoformat()}T{self.local_time:%H:%M}"

    @property
    def wall_clock(self) -> datetime:
        """The naive local moment, as `now` for a question that is read as of this slot."""
        return datetime.combine(self.local_date, self.local_time)


def no_holidays(day: date) -> bool:
    """For rules that keep holidays."""
    return False


def slots(
    recurrence: Recurrence, start: datetime, end: datetime, *, is_holiday: Callable[[date], bool] = no_holidays
) -> list[Slot]:
    """Every slot that fires in `[start, end)`, in the order in which they fire.

    Args:
        start, end: UTC instants.
        is_holiday: whether a local day is a holiday; asked only where the rule cares.
    """
    zone = load_zone(recurrence.zone)
    first = start.astimezone(zone).date() - _DAY  # a day may begin before its wall clock says so
    last = end.astimezone(zone).date() + _DAY
    if recurrence.starts is not None and (recurrence.count is not None or recurrence.starts > first):
        first = recurrence.starts
    found: Iterable[Slot] = _walk(recurrence, first, last, is_holiday)
    if recurrence.count is not None:
        found = sorted(found)[: recurrence.count]
    return sorted(slot for slot in found if start <= slot.fire_at < end)


def next_slots(
    recurrence: Recurrence,
    after: datetime,
    how_many: int,
    *,
    is_holiday: Callable[[date], bool] = no_holidays,
) -> list[Slot]:
    """The next slots that fire after an instant; fewer where the recurrence ends."""
    found: list[Slot] = []
    start, span = after + timedelta(microseconds=1), timedelta(days=8)
    while len(found) < how_many and start < after + timedelta(days=_LONGEST_LOOK):
        found += slots(recurrence, start, start + span, is_holiday=is_holiday)
        if recurrence.until is not None and start.date() > recurrence.until + 7 * _DAY:
            break
        start, span = start + span, span * 2
    return found[:how_many]


def _walk(recurrence: Recurrence, first: date, last: date, is_holiday: Callable[[date], bool]) -> Iterator[Slot]:
    """Slots of the local days from `first` to `last`, each once."""
    zone = load_zone(recurrence.zone)
    seen: set[date] = set()
    # A shifted day may come from weeks before: begin early enough for the longest holidays.
    early = first - 14 * _DAY if recurrence.on_holiday is OnHoliday.SHIFT else first
    if recurrence.starts is not None:
        early = max(early, recurrence.starts)
    day = early
    while day <= last:
        due = _due_day(recurrence, day, is_holiday) if _is_ruled(recurrence, day, is_holiday) else None
        if due is not None and first <= due <= last and due not in seen and day_exists(due, zone):
            seen.add(due)
            if recurrence.until is None or due <= recurrence.until:
                for moment in sorted(set(recurrence.times)):
                    yield Slot(first_instant(datetime.combine(due, moment), zone), due, moment)
        day += _DAY


def _is_ruled(recurrence: Recurrence, day: date, is_holiday: Callable[[date], bool]) -> bool:
    """Whether the rule names that day, holidays aside."""
    if recurrence.month_day is None:
        return day.weekday() in recurrence.weekdays
    last = date(day.year, day.month, monthrange(day.year, day.month)[1])
    match recurrence.month_day:
        case MonthDay.LAST_DAY:
            return day == last
        case MonthDay.FIRST_WORKDAY:
            return day == _workday(date(day.year, day.month, 1), _DAY, is_holiday)
        case MonthDay.LAST_WORKDAY:
            return day == _workday(last, -_DAY, is_holiday)
        case number:
            return day.day == min(int(number), last.day)


def _due_day(recurrence: Recurrence, day: date, is_holiday: Callable[[date], bool]) -> date | None:
    """The day on which a ruled day is due: itself, none, or the next workday."""
    if recurrence.on_holiday is OnHoliday.KEEP or not is_holiday(day):
        return day
    if recurrence.on_holiday is OnHoliday.SKIP:
        return None
    return _workday(day, _DAY, is_holiday)


def _workday(day: date, step: timedelta, is_holiday: Callable[[date], bool]) -> date:
    """The first day from `day` on that is neither weekend nor holiday."""
    for _ in range(_LONGEST_LOOK):
        if day.weekday() in _WORKDAYS and not is_holiday(day):
            return day
        day += step
    raise ValueError("a calendar has a workday within five years")
