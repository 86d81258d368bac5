"""What words of time mean on a certain day in a certain zone: pieces, label, and what had to be decided."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal

from bot.core.grammar.labels import Labels
from bot.core.grammar.when import (
    Between,
    Dated,
    Instant,
    LastDays,
    LastWeeks,
    Period,
    Point,
    Relative,
    Rolling,
    Slashed,
    Step,
    Weekday,
)
from bot.core.intervals import (
    Granularity,
    Interval,
    ceil_to_grid,
    day_exists,
    day_start,
    days_touched,
    first_instant,
    floor_to_grid,
    last_instant,
    local_date,
    local_day,
    week_of,
)
from bot.core.query import Booking, Range
from bot.errors import CommandError, InvalidIntervalError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from bot.core.grammar.context import GrammarContext
    from bot.core.grammar.hours import Clock, Window
    from bot.core.grammar.when import Day, Spec

_DAY = timedelta(days=1)
_LONGEST_SHIFT = timedelta(hours=3)
"""By so much seven days may be longer than 168 hours: more than any zone's clocks ever went back at once."""
_EARLIEST = 1990
"""Before any contact centre kept its times in a cloud; keeps the arithmetic of dates away from year 1."""
_GRID_NOUNS = {
    Granularity.QUARTER: "quarter-hours",
    Granularity.HALF_HOUR: "half-hours",
    Granularity.HOUR: "hours",
    Granularity.DAY: "days",
    Granularity.WEEK: "weeks",
}


class AmbiguousError(CommandError):
    """Words with two readings: the choices say what could stand in place of `piece`, or of the whole phrase."""

    def __init__(
        self, message: str, *, hint: str, code: str, choices: tuple[tuple[str, str], ...], piece: str = ""
    ) -> None:
        super().__init__(message, hint=hint, code=code, choices=choices)
        self.piece = piece


@dataclass(frozen=True, slots=True)
class Reading:
    """A phrase of time with its days or instants found."""

    phrase: str
    start: datetime
    end: datetime
    """Not yet cut at now."""
    days: tuple[date, date] | None = None
    """First and last, where the phrase means whole local days."""
    name: str = ""
    """How the label begins: `Last week`."""
    notes: tuple[str, ...] = ()
    explicit_end: bool = False
    """The words named the end, so cutting it at now is worth a note."""
    weekday: int | None = None
    """The phrase was this weekday alone."""
    dated: bool = False
    """The phrase was a date alone."""
    unit: str = ""
    """The phrase was this unit of the calendar: `week`, `month`."""
    cut: datetime | None = None
    """Of a time compared with one that still runs: where the same part of it ends."""

    def until(self, now: datetime) -> Interval:
        """The part that isn't ahead."""
        return Interval(self.start, max(self.start, min(self.end, now)))


def preferred(a: Reading, b: Reading, *, now: datetime) -> Reading | None:
    """The one reading of two phrases that agree, whatever their order; None where they contradict.

    `monday 16 nov` agrees if the 16th is a Monday, although `monday` alone is the most recent one.
    """
    for one, other in ((a, b), (b, a)):
        if one.dated and one.days and other.weekday == one.days[0].weekday():
            return one
    if a.until(now) != b.until(now):
        return None
    return min(a, b, key=lambda r: (not r.name, r.days is None, r.phrase))


@dataclass(frozen=True, slots=True)
class Resolver:
    """Resolves phrases of time for one query."""

    context: GrammarContext
    zone: ZoneInfo
    booking: Booking
    granularity: Granularity | None

    @property
    def now(self) -> datetime:
        """The moment of asking, to the second."""
        return self.context.now.astimezone(UTC).replace(microsecond=0)

    @property
    def today(self) -> date:
        """The local day that holds now."""
        return local_date(self.now, self.zone)

    @property
    def labels(self) -> Labels:
        """How this zone's instants are written."""
        return Labels(self.zone, self.now)

    # Phrases → days or instants

    def reading(self, spec: Spec) -> Reading:
        """The phrase resolved.

        Raises:
            InvalidIntervalError: it ends before it starts, or names a day that doesn't exist.
            CommandError: it can be read in two ways.
        """
        match spec:
            case Between():
                return self._between(spec)
            case Rolling():
                if spec.minutes > 400 * 24 * 60:
                    raise self._too_long(str(spec), spec.minutes // (24 * 60))
                start = self.now - timedelta(minutes=spec.minutes)
                return Reading(str(spec), start, self.now, name=_rolling_name(spec))
            case Period() | LastDays() | LastWeeks():
                first, last = self._stretch(spec)
                unit = spec.unit if isinstance(spec, Period) else ""
                return replace(self._days(str(spec), first, last), name=str(spec).capitalize(), unit=unit)
            case _:
                day, notes = self._day(spec)
                local_day(day, self.zone)  # refuses a day that the zone skipped
                return replace(
                    self._days(str(spec), day, day),
                    name=str(spec).capitalize() if isinstance(spec, Relative) else "",
                    notes=notes,
                    weekday=spec.number if isinstance(spec, Weekday) else None,
                    dated=isinstance(spec, Dated | Slashed),
                )

    def _days(self, phrase: str, first: date, last: date) -> Reading:
        """Whole days; the ends of a stretch that the zone skipped are no reason to refuse it."""
        start, end = day_start(first, self.zone), day_start(last + _DAY, self.zone)
        return Reading(phrase, start, end, days=(first, last))

    def _stretch(self, spec: Period | LastDays | LastWeeks) -> tuple[date, date]:
        today = self.today
        monday = week_of(today, self.context.week_start)
        match spec:
            case Period(unit="week", last=False):
                return monday, today
            case Period(unit="week"):
                return monday - 7 * _DAY, monday - _DAY
            case Period(last=False):
                return today.replace(day=1), today
            case Period():
                last = today.replace(day=1) - _DAY
                return last.replace(day=1), last
            case LastDays(count=count):
                self._refuse_long(str(spec), count)
                return today - count * _DAY, today - _DAY
            case LastWeeks(count=count):
                self._refuse_long(str(spec), 7 * count)
                return monday - 7 * count * _DAY, monday - _DAY

    def _refuse_long(self, phrase: str, days: int) -> None:
        if days > max(self.context.max_span_days, 1):
            raise self._too_long(phrase, days)

    def _too_long(self, phrase: str, days: int) -> InvalidIntervalError:
        limit = self.context.max_span_days
        return InvalidIntervalError(
            f"`{phrase}` touches {days} days; one question covers at most {limit}.",
            hint=f"Ask for a shorter time, such as last {min(limit, 7)} days, or ask several times.",
            code="span_too_long",
        )

    def _day(self, day: Day, *, before: date | None = None, open_start: bool = False) -> tuple[date, tuple[str, ...]]:
        """The local day of the words, with notes.

        Args:
            before: a weekday is the last such day before this one, instead of before today.
            open_start: at the start of an open range today counts.
        """
        today = self.today
        match day:
            case Relative(offset=offset):
                return today + offset * _DAY, ()
            case Weekday(number=number, last=last):
                latest = before - _DAY if before else today if open_start and not last else today - _DAY
                return latest - (latest.weekday() - number) % 7 * _DAY, ()
            case Dated(month=month, day=number, year=year):
                return self._date(str(day), number, month, year), ()
            case Slashed():
                return self._slashed(day)

    def _date(self, typed: str, day: int, month: int, year: int | None) -> date:
        if year is None:
            for candidate in range(self.today.year, self.today.year - 9, -1):  # 29 February can be 8 years away
                if (found := _calendar_day(candidate, month, day)) and found <= self.today:
                    return found
        elif found := _calendar_day(year, month, day):
            if year < _EARLIEST:
                raise InvalidIntervalError(
                    f"There are no figures of {year}.", hint="yesterday, or a date such as 2026-11-20", code="too_early"
                )
            if year > self.today.year + 1:
                raise self._ahead(typed)
            return found
        raise InvalidIntervalError(
            f"`{typed}` is no day of the calendar.", hint="A day such as 20 nov or 2026-11-20.", code="nonexistent_day"
        )

    def _slashed(self, typed: Slashed) -> tuple[date, tuple[str, ...]]:
        def possible(day: int, month: int) -> bool:
            years = (typed.year,) if typed.year is not None else range(2024, 2020, -1)  # a leap year among them
            return any(_calendar_day(year, month, day) for year in years)

        first, second = typed.first, typed.second
        orders = {"DMY": (first, second), "MDY": (second, first)}
        readable = {order: parts for order, parts in orders.items() if possible(*parts)}
        wanted = {"DMY": "DMY", "MDY": "MDY", "YMD": "MDY"}.get(self.context.date_order or "")
        if not readable:
            return self._date(str(typed), 0, 0, typed.year), ()
        if len(set(readable.values())) > 1 and wanted is None:
            readings = [self._date(str(typed), *parts, typed.year) for parts in readable.values()]
            shown = " or ".join(f"{reading:%Y-%m-%d} ({reading.day} {reading:%B})" for reading in readings)
            raise AmbiguousError(
                f"`{typed}` can be two days.",
                hint=f"Say {shown}, or set DATE_ORDER.",
                code="ambiguous_date",
                piece=str(typed),
                choices=tuple((f"{r.day} {r:%B %Y}", f"{r:%Y-%m-%d}") for r in readings),
            )
        order = wanted if wanted in readable else next(iter(readable))
        found = self._date(str(typed), *readable[order], typed.year)
        if wanted in {None, order} or first == second:
            return found, ()
        return found, (
            f"{typed} is read as {found.day} {found:%B}: with the order {self.context.date_order} it is no date.",
        )

    def _between(self, spec: Between) -> Reading:
        a, b = spec.start, spec.end
        notes: tuple[str, ...] = ()
        open_start = b.is_now or spec.open_start or b.day == Relative(0)
        # The end first: a weekday at the start is the last one before it.
        last: date | None = None
        end = self.now
        if b.day:
            last, notes = self._day(b.day)
        elif b.stretch:
            last = self._stretch(b.stretch)[1]
        elif b.clock:
            last = self._day_of_bare_time(spec)
        before = last if isinstance(a.day, Weekday) and isinstance(b.day, Weekday) and not spec.open_start else None
        if a.stretch:
            first = self._stretch(a.stretch)[0]
        elif a.day:
            first, more = self._day(a.day, before=before, open_start=open_start)
            if isinstance(a.day, Weekday) and last and before is None and first > last:
                first -= (first - last + 6 * _DAY) // (7 * _DAY) * 7 * _DAY
            notes = more + notes
        else:
            first = self.today
        if last and b.day and isinstance(b.day, Dated) and b.day.year is None and last < first:
            last = _calendar_day(first.year, last.month, last.day) or last  # `20 nov to 30 nov` on the 24th
        start = self._instant(a, first, at_end=False)
        if not b.is_now:
            end = self._instant(b, last, at_end=True)
        if start >= end and not (b.is_now or start >= self.now):
            raise InvalidIntervalError(
                f"`{spec}` ends before it starts: {self.labels.moment(start)} comes after {self.labels.moment(end)}.",
                hint=f"{b} to {a}" if not (a.clock or b.clock) else "yesterday 9am to 5pm",
                code="backward_range",
            )
        reading = Reading(str(spec), start, end)
        if not (a.clock or b.clock or a.instant or b.instant):
            reading = self._days(str(spec), first, max(last or self.today, first))
        return replace(reading, name=_since_name(spec), notes=notes, explicit_end=not b.is_now)

    def _day_of_bare_time(self, spec: Between) -> date:
        """The day of an end that is only a time: the start's, if that is today or the range opens with `since`."""
        if spec.open_start or spec.start.day in {None, Relative(0)}:
            return self.today
        day, end = spec.start, spec.end
        raise AmbiguousError(
            f"`{spec}` can mean {end} on that day or today.",
            hint=f"{day} 00:00 to {day} {end}, or {day} 00:00 to today {end}",
            code="ambiguous_time",
            choices=(
                (f"{end} on that day", f"{day} 00:00 to {day} {end}"),
                (f"{end} today", f"{day} 00:00 to today {end}"),
            ),
        )

    def _instant(self, point: Point, day: date | None, *, at_end: bool) -> datetime:
        """When the point is: a day begins at its start and, as an end, is included."""
        if point.instant:
            return self._iso(point.instant, at_end=at_end)
        if day is None or point.is_now:
            return self.now
        if point.clock:
            return self._wall(day, point.clock, at_end=at_end)
        whole = local_day(day, self.zone)
        return whole.end if at_end else whole.start

    def _iso(self, instant: Instant, *, at_end: bool) -> datetime:
        try:
            found = datetime.fromisoformat(instant.text)
        except ValueError:
            raise InvalidIntervalError(
                f"`{instant}` is no moment of the calendar.", hint="2026-11-20T09:00Z", code="nonexistent_day"
            ) from None
        if not _EARLIEST <= found.year <= self.now.year + 1:
            raise (
                InvalidIntervalError(f"`{instant}` is too far from now.", hint="yesterday", code="future_range")
                if found.year > self.now.year
                else InvalidIntervalError(f"There are no figures of {found.year}.", hint="yesterday", code="too_early")
            )
        if found.tzinfo:
            return found.astimezone(UTC)
        return (last_instant if at_end else first_instant)(found, self.zone)

    def _wall(self, day: date, clock: Clock, *, at_end: bool) -> datetime:
        """A window's edge or a moment: the first occurrence at a start, the last at an end."""
        if clock.minutes >= 24 * 60:
            return day_start(day + _DAY, self.zone)
        wall = datetime.combine(day, time(clock.minutes // 60, clock.minutes % 60))
        return last_instant(wall, self.zone) if at_end else first_instant(wall, self.zone)

    # The time compared with

    def beside(self, here: Reading, span: Range, spec: Spec | Step) -> Reading:
        """What stands after `vs`, beside the time asked for.

        `last week` is the same days a week earlier, unless those asked for are longer than a week, and `last month`
        the same days of the month before, where those asked for begin a month. A time that still runs is compared
        with the same part of the other, if both are as many days.

        Args:
            here: the time asked for.
            span: the same, as its grid has it.
            spec: the words after `vs`.
        Raises:
            CommandError: the other time would overlap the one asked for; or as `reading` does.
        """
        if isinstance(spec, Step):
            there = self._earlier(here, span, spec)
        else:
            step = self._implied(spec, here)
            there = self._earlier(here, span, step) if step else self.reading(spec)
        if here.days is None or there.days is None or here.end <= self.now or _count(here.days) != _count(there.days):
            return there
        back = here.days[1] - there.days[1]
        same_hour = last_instant(self.now.astimezone(self.zone).replace(tzinfo=None, fold=0) - back, self.zone)
        return replace(there, cut=same_hour) if there.start < same_hour < self.now else there

    def _implied(self, spec: Spec, here: Reading) -> Step | None:
        """The step that `last week` and `last month` are beside a time no longer than that."""
        if spec == Period("week", last=True) and here.end - here.start <= 7 * _DAY + _LONGEST_SHIFT:
            return Step("week")
        days = here.days
        if spec == Period("month", last=True) and days and days[0].day == 1 and days[1].month == days[0].month:
            return Step("month")
        return None

    def _earlier(self, here: Reading, span: Range, step: Step) -> Reading:
        """The time asked for, moved back."""
        unit, length = step.unit, timedelta()
        name = f"The {unit} before" if unit == "day" else f"A {unit} earlier"
        if unit == "previous":
            unit, length, name = self._own_length(here)
        if here.days is None:
            whole = here.until(self.now)
            edge = min(whole.start, span.start)  # a bucket that the start is widened to belongs to this side alone
            if unit:
                start, end = self._moved(whole.start, unit), self._moved(whole.end, unit)
                end = min(end, edge) if end <= whole.start else end
            else:
                start, end = edge - length, edge
            there = Reading(str(step), start, end, name=name)
        else:
            first, last = (_back(day, unit, length) for day in here.days)
            if unit == "month" and here.unit == "month" and here.end <= self.now:
                last = here.days[0] - _DAY  # whole months differ in length
            if first == last:
                local_day(first, self.zone)  # refuses a day that the zone skipped
            there = replace(self._days(str(step), first, last), name=name, unit=here.unit)
        if there.end > here.start:
            raise CommandError(
                f"`{here.phrase}` is longer than a {unit}: one {unit} earlier would overlap it.",
                hint=f"{here.phrase} vs previous",
                code="contradiction",
            )
        return there

    def _own_length(self, here: Reading) -> tuple[str, timedelta, str]:
        """(unit, length, name) of the step from a time to the one before it."""
        if here.unit:
            return here.unit, timedelta(), f"The {here.unit} before"
        if here.days is None:
            return "", here.until(self.now).length, "Just before"
        count = _count(here.days)
        return "", count * _DAY, "The day before" if count == 1 else f"The {count} days before"

    def _moved(self, instant: datetime, unit: str) -> datetime:
        """The same reading of the clock a unit earlier."""
        wall = instant.astimezone(self.zone).replace(tzinfo=None, fold=0)
        return first_instant(datetime.combine(_back(wall.date(), unit, timedelta()), wall.time()), self.zone)

    # Days or instants → a Range

    def range(self, reading: Reading, window: Window | None) -> Range:
        """The pieces that the reading and the hours leave, on the grid or cut exactly, up to now.

        Raises:
            InvalidIntervalError: all of it lies ahead, or it touches too many days.
        """
        if reading.start == self.now and reading.end > reading.start:
            raise InvalidIntervalError(
                f"`{reading.phrase}` begins this very minute: it is {self.labels.moment(self.now)} in {self.zone.key}.",
                hint="yesterday, or past 90m",
                code="future_range",
            )
        if reading.start >= self.now:
            raise self._ahead(reading.phrase)
        whole = reading.until(self.now)
        span = (local_date(whole.end, self.zone) - local_date(whole.start, self.zone)).days
        touched = span if span > 2 * self.context.max_span_days else len(days_touched(whole, self.zone))
        if touched > self.context.max_span_days:
            raise self._too_long(reading.phrase, touched)
        phrase = f"{reading.phrase} {window}" if window else reading.phrase
        asked = self._pieces(reading, window)
        until = reading.cut or self.now
        pieces = _merged(Interval(p.start, min(p.end, until)) for p in asked if p.start < until)
        if not asked:
            raise InvalidIntervalError(
                f"The clocks jump over `{window}` there: those hours don't exist.",
                hint="Ask for the whole day.",
                code="nonexistent_time",
            )
        if not pieces:
            raise self._ahead(phrase)
        notes = list(reading.notes)
        if reading.explicit_end and reading.end > self.now and not window:
            notes.append("The end lies ahead: the figures go up to now.")
        if reading.cut and any(piece.end > reading.cut for piece in asked):
            notes.append("The time asked for isn't over: the other one is cut at the same hour.")
        exact = pieces
        if self.booking is Booking.POSTED:
            pieces = self._widened(pieces, window)
            if pieces != exact:
                notes.append(
                    f"Widened to whole {_GRID_NOUNS[self._grid(window)]}: {self.labels.edges(exact)} as asked."
                )
        elif self._widened(pieces, window) != pieces:
            notes.append(f"Cut exactly, inside {_GRID_NOUNS[self._grid(window)]}.")
        to_now = pieces[-1].end == self.now
        return Range(
            windows=pieces,
            label=self.labels.label(reading.name, pieces, window, to_now=to_now),
            phrase=phrase,
            to_now=to_now,
            notes=tuple(notes),
            absolute=self._absolute(reading, asked, window, to_now=to_now),
            nights=bool(window and window.crosses_midnight) and len(pieces) == sum(p.start < until for p in asked),
        )

    def _pieces(self, reading: Reading, window: Window | None) -> list[Interval]:
        if window is None:
            return [Interval(reading.start, reading.end)]
        if reading.days:
            day, last = reading.days
        else:
            day = local_date(reading.start, self.zone) - (_DAY if window.crosses_midnight else timedelta())
            last = local_date(min(reading.end, self.now), self.zone)
        limits = None if reading.days else Interval(reading.start, reading.end)
        out = []
        while day <= last:
            if day_exists(day, self.zone):
                start = self._wall(day, window.start, at_end=False)
                end = self._wall(day + _DAY if window.crosses_midnight else day, window.end, at_end=True)
                piece = Interval(start, end) if start < end else None
                if piece and limits:
                    piece = piece.intersection(limits)
                if piece:
                    out.append(piece)
            day += _DAY
        return out

    def _grid(self, window: Window | None) -> Granularity:
        """What edges are widened to; hours of a day stay hours even where rows are days or weeks."""
        grid = self.granularity or Granularity.HALF_HOUR
        return Granularity.HALF_HOUR if window and grid.step is None else grid

    def _widened(self, pieces: tuple[Interval, ...], window: Window | None) -> tuple[Interval, ...]:
        grid, start = self._grid(window), self.context.week_start
        return _merged(
            Interval(
                floor_to_grid(piece.start, grid, self.zone, week_start=start),
                piece.end
                if piece.end == self.now
                else min(ceil_to_grid(piece.end, grid, self.zone, week_start=start), self.now),
            )
            for piece in pieces
        )

    def _ahead(self, phrase: str) -> InvalidIntervalError:
        return InvalidIntervalError(
            f"`{phrase}` lies ahead: it is {self.labels.moment(self.now)} in {self.zone.key}.",
            hint="Figures exist up to now: today, yesterday, last week.",
            code="future_range",
        )

    def _absolute(self, reading: Reading, asked: list[Interval], window: Window | None, *, to_now: bool) -> str:
        """Words that mean this range on any later day too."""
        hours = f" {window}" if window else ""
        if reading.days is None:
            return (
                "/".join(e.astimezone(self.zone).isoformat() for e in (reading.start, min(reading.end, self.now)))
                + hours
            )
        first, last = reading.days
        if window and not to_now:  # a last day whose hours lie ahead is no part of the answer
            until = reading.cut or self.now
            last = max(local_date(piece.start, self.zone) for piece in asked if piece.start < until)
        return f"{first}{hours}" if first == last else f"{first}..{last}{hours}"


def _calendar_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _count(days: tuple[date, date]) -> int:
    return (days[1] - days[0]).days + 1


def _back(day: date, unit: str, length: timedelta) -> date:
    """The day so much earlier; of a shorter month the last one."""
    if unit == "month":
        before = day.replace(day=1) - _DAY
        return before.replace(day=min(day.day, before.day))
    return day - {"day": _DAY, "week": 7 * _DAY}.get(unit, length)


def _merged(pieces: Iterable[Interval]) -> tuple[Interval, ...]:
    """Pieces in order, with those that touch or overlap made one."""
    out: list[Interval] = []
    for piece in sorted(pieces):
        if out and piece.start <= out[-1].end:
            out[-1] = Interval(out[-1].start, max(out[-1].end, piece.end))
        else:
            out.append(piece)
    return tuple(out)


def _rolling_name(spec: Rolling) -> str:
    unit: dict[str, Literal["minute", "hour", "day", "week"]] = {"m": "minute", "h": "hour", "d": "day", "w": "week"}
    return f"Past {spec.count} {unit[spec.unit]}{'' if spec.count == 1 else 's'}"


def _since_name(spec: Between) -> str:
    start = spec.start
    if not spec.end.is_now or not isinstance(start.day, Weekday | Relative):
        return ""
    return (
        f"Since {start.day if isinstance(start.day, Relative) else str(start.day).removeprefix('last ').capitalize()}"
    )
