"""Words of time → what they say, before anything is known of now or of a zone.

`read_when` gives syntax alone; `bot.core.grammar.ranges` resolves it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.grammar.hours import DAY_MINUTES, Clock, Window, read_clock
from bot.core.grammar.scanner import alternatives, phrase
from bot.core.grammar.words import (
    CONNECTORS,
    MONTH_NAMES,
    MONTHS,
    STEPS,
    UNITS,
    WEEKDAY_NAMES,
    WEEKDAYS,
)
from bot.errors import CommandError, InvalidIntervalError

if TYPE_CHECKING:
    from bot.core.grammar.scanner import Scanner


@dataclass(frozen=True, slots=True)
class Relative:
    """`today`, `yesterday`."""

    offset: int

    def __str__(self) -> str:
        return "yesterday" if self.offset else "today"


@dataclass(frozen=True, slots=True)
class Weekday:
    """`monday`, or `last monday`: the same but at the start of an open range."""

    number: int
    last: bool = False

    def __str__(self) -> str:
        return f"{'last ' if self.last else ''}{WEEKDAY_NAMES[self.number]}"


@dataclass(frozen=True, slots=True)
class Dated:
    """A day of the calendar; without a year the most recent such day."""

    month: int
    day: int
    year: int | None = None

    def __str__(self) -> str:
        if self.year is None:
            return f"{self.day} {MONTH_NAMES[self.month]}"
        return f"{self.year:04}-{self.month:02}-{self.day:02}"


@dataclass(frozen=True, slots=True)
class Slashed:
    """`20/11`, in an order that the settings or the numbers must decide."""

    first: int
    second: int
    year: int | None
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Period:
    """`this week`, `last month`."""

    unit: str
    last: bool

    def __str__(self) -> str:
        return f"{'last' if self.last else 'this'} {self.unit}"


@dataclass(frozen=True, slots=True)
class LastDays:
    """`last 7 days`: complete ones before today."""

    count: int

    def __str__(self) -> str:
        return f"last {self.count} day{'' if self.count == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class LastWeeks:
    """`last 2 weeks`: complete ones before this."""

    count: int

    def __str__(self) -> str:
        return f"last {self.count} week{'' if self.count == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Rolling:
    """`past 48h`: elapsed time up to now."""

    count: int
    unit: str

    @property
    def minutes(self) -> int:
        """Its length."""
        return self.count * {"m": 1, "h": 60, "d": DAY_MINUTES, "w": 7 * DAY_MINUTES}[self.unit]

    def __str__(self) -> str:
        return f"past {self.count}{self.unit}"


@dataclass(frozen=True, slots=True)
class Instant:
    """An ISO instant as typed; without an offset it is in the query's zone."""

    text: str

    def __str__(self) -> str:
        return self.text


Day = Relative | Weekday | Dated | Slashed
Stretch = Period | LastDays | LastWeeks


@dataclass(frozen=True, slots=True)
class Point:
    """One end of a range: a day, a moment of it, an instant, a stretch (by its own end), or now (all None)."""

    day: Day | None = None
    clock: Clock | None = None
    instant: Instant | None = None
    stretch: Stretch | None = None

    @property
    def is_now(self) -> bool:
        """`now`"""
        return self == Point()

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.day, self.clock, self.instant, self.stretch) if part) or "now"


@dataclass(frozen=True, slots=True)
class Between:
    """From A to B; `open_start` where the words began with `since`."""

    start: Point
    end: Point
    open_start: bool = False

    def __str__(self) -> str:
        if self.end.is_now:
            return f"since {self.start}"
        return f"{'since ' if self.open_start else ''}{self.start} to {self.end}"


@dataclass(frozen=True, slots=True)
class Step:
    """After `vs`: as much time earlier as the unit says; `previous` is the time asked for moved by its own length."""

    unit: str

    def __str__(self) -> str:
        return {"previous": "previous", "week": "last week"}.get(self.unit, f"{self.unit} before")


Spec = Day | Stretch | Rolling | Between


_MONTH, _WEEKDAY, _UNIT = alternatives(MONTHS), alternatives(WEEKDAYS), alternatives(UNITS)

_ISO_DAY = phrase(r"(?P<y>[0-9]{4})(?P<sep>[-/])(?P<m>[0-9]{1,2})(?P=sep)(?P<d>[0-9]{1,2})")
_DAY_MONTH = phrase(rf"(?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?(?: of )?[ -]?(?P<m>{_MONTH})(?:(?:,? |-)(?P<y>[0-9]{{4}}))?")
_MONTH_DAY = phrase(rf"(?P<m>{_MONTH})[ -]?(?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<y>[0-9]{{4}}))?")
_SLASHED = phrase(r"(?P<a>[0-9]{1,2})/(?P<b>[0-9]{1,2})(?:/(?P<y>[0-9]{4}))?")
_SHORT_YEAR = phrase(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}")
_RELATIVE = phrase(r"(?:today|yesterday)")
_WEEKDAY_PHRASE = phrase(rf"(?P<last>last )?(?P<wd>{_WEEKDAY})")
_PERIOD = phrase(r"(?:(?P<which>this|last) (?P<unit>week|month)|(?P<long>week|month) to date|(?P<short>wtd|mtd))")
_COUNTED = phrase(rf"(?P<which>last|past) (?P<n>[0-9]+) ?(?P<unit>{_UNIT})")
_INSTANT = phrase(
    r"(?P<text>[0-9]{4}-[0-9]{2}-[0-9]{2}t[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:z|[+-][0-9]{2}:?[0-9]{2})?)"
)
_SLASH_INTERVAL = phrase(
    r"(?P<a>[0-9]{4}-[0-9]{2}-[0-9]{2}(?:t[0-9:.]+(?:z|[+-][0-9]{2}:?[0-9]{2})?)?)"
    r"/(?P<b>[0-9]{4}-[0-9]{2}-[0-9]{2}(?:t[0-9:.]+(?:z|[+-][0-9]{2}:?[0-9]{2})?)?)"
)
_NOW = phrase(r"now")
_STEP = phrase(f"(?:{alternatives(STEPS)})")
_WEEKDAY_PAIR = phrase(rf"(?P<a>{_WEEKDAY})-(?P<b>{_WEEKDAY})")
_CONNECTOR = re.compile(rf" ?\.\. ?| (?P<word>{alternatives(CONNECTORS)}|-)(?: |$)").match
_SINCE, _FROM = phrase(r"since"), phrase(r"from")


def read_when(scan: Scanner) -> tuple[Spec, Window | None] | None:
    """A range here, with the hours where the words hold both (`yesterday 9am to 5pm`).

    Raises:
        CommandError: a range is begun and not ended, or a moment stands where a range is needed.
    """
    start = scan.at
    if scan.take(_SINCE):
        return _since(scan, start)
    if scan.take(_FROM):
        return _from(scan, start)
    if found := scan.take(_SLASH_INTERVAL):
        typed = scan.since(start)
        return Between(_iso_point(found["a"], typed), _iso_point(found["b"], typed)), None
    if found := scan.take(_WEEKDAY_PAIR):
        first, second = (Point(day=Weekday(WEEKDAYS[found[end]])) for end in "ab")
        return Between(first, second), None
    if found := scan.take(_COUNTED):
        return _counted(found["which"], found["n"], UNITS[found["unit"]], scan.since(start)), None
    point = _read_point(scan)
    if point is None:
        return None
    if end := _read_end(scan, point, start):
        return _joined(point, end, scan.since(start))
    if point.day and point.clock:  # not an end of a range: the day stands for itself
        scan.at = start
        point = _read_point(scan, clock=False)
    return _alone(point, scan.since(start)), None


def read_step(scan: Scanner) -> Step | None:
    """`previous`, `same day last week`: what stands after `vs` alone."""
    found = scan.take(_STEP)
    return Step(STEPS[found[0]]) if found else None


def _since(scan: Scanner, start: int) -> tuple[Spec, Window | None]:
    scan.skip_gap()
    point = _read_point(scan, before_connector=False)
    if point is None:
        raise missing_object("since", scan.word())
    if point.is_now:
        raise _no_range("since now", "An empty stretch.")
    end = _read_end(scan, point, start)
    return Between(point, end or Point(), open_start=end is not None), None


def _from(scan: Scanner, start: int) -> tuple[Spec, Window | None]:
    scan.skip_gap()
    first = _read_point(scan)
    if first is None:
        raise missing_object("from", scan.word())
    second = _read_end(scan, first, start)
    if second is None:
        raise CommandError(
            f"`{scan.since(start)}` has no end.", hint=f"from {first} to now, or since {first}", code="missing_object"
        )
    return _joined(first, second, scan.since(start))


def _read_end(scan: Scanner, first: Point, start: int) -> Point | None:
    """The second end of a range, if a connector stands here."""
    before = scan.at
    found = _CONNECTOR(scan.low, scan.at)
    if found is None:
        return None
    scan.at = found.end()
    second = _read_point(scan, before_connector=False)
    if second is None:
        if found["word"] == "-":  # `yesterday - ana` leaves somebody out
            scan.at = before
            return None
        word = scan.word()
        raise CommandError(
            f"`{scan.since(start)}` needs a day or a time at its end"
            + (f", and `{word}` is neither." if word else "."),
            hint=f"{first} to now",
            code="missing_object",
        )
    return second


def _joined(first: Point, second: Point, typed: str) -> tuple[Spec, Window | None]:
    if first.is_now:
        raise _no_range(typed, "A range does not start now.")
    hours_alone = first.clock and second.clock and bool(first.day) != bool(second.day)
    if hours_alone and first.clock and second.clock:  # `yesterday 9am to 5pm`, `9am to 5pm yesterday`
        day = first.day or second.day
        if day:
            return day, Window(first.clock, second.clock)
    if first.clock and not first.day and not second.is_now:
        raise CommandError(
            f"`{typed}` starts at a time without a day.", hint=f"yesterday {first} to {second}", code="missing_object"
        )
    return Between(first, second), None


def _alone(point: Point | None, typed: str) -> Spec:
    if point and point.day:
        return point.day
    if point and point.stretch:
        return point.stretch
    raise _no_range(typed, "That is a moment, and figures need a stretch of time.")


def _no_range(typed: str, why: str) -> CommandError:
    return CommandError(
        f"`{typed}` is no range. {why}",
        hint="since 10am, yesterday 9am-5pm, or monday to now",
        code="missing_object",
    )


def missing_object(word: str, found: str = "") -> CommandError:
    """A keyword without what it needs."""
    examples = {
        "since": "since monday",
        "from": "from monday to friday",
        "vs": "yesterday vs last week",
    }
    but = f", and `{found}` is neither" if found else ""
    return CommandError(
        f"`{word}` needs a day or a time after it{but}.", hint=examples.get(word, "yesterday"), code="missing_object"
    )


def _counted(which: str, digits: str, unit: str, typed: str) -> Spec:
    if len(digits) > 6:
        raise InvalidIntervalError(f"`{typed}` is too long.", hint="last 7 days", code="span_too_long")
    count = int(digits)
    if not count:
        raise InvalidIntervalError(f"`{typed}` is empty.", hint="last 7 days, past 48h", code="empty_range")
    if which == "last" and unit in "dw":
        return LastDays(count) if unit == "d" else LastWeeks(count)
    return Rolling(count, unit)


def _read_point(scan: Scanner, *, clock: bool = True, before_connector: bool = True) -> Point | None:
    """A day, a moment, an instant, a stretch or now.

    With `before_connector` off, parts that a connector follows are left for the phrase that they begin:
    in `monday to friday 9am to 5pm` the second end is `friday`.
    """

    def belongs() -> bool:
        return before_connector or not _CONNECTOR(scan.low, scan.at)

    if scan.take(_NOW):
        return Point()
    if found := scan.take(_INSTANT):
        return Point(instant=Instant(found["text"].upper()))
    if day := read_day(scan):
        after_day = scan.at
        if clock:
            scan.skip_gap()
            moment = read_clock(scan)
            if moment and belongs():
                return Point(day=day, clock=moment)
        scan.at = after_day
        return Point(day=day)
    if stretch := _read_stretch(scan):
        return Point(stretch=stretch)
    if not clock or (moment := read_clock(scan)) is None:
        return None
    # `since 10am yesterday` is left as two phrases: read as one, it would hang on their order.
    return Point(clock=moment)


def _read_stretch(scan: Scanner) -> Stretch | None:
    if found := scan.take(_PERIOD):
        unit = found["unit"] or found["long"] or {"wtd": "week", "mtd": "month"}[found["short"]]
        return Period(unit, last=found["which"] == "last")
    return None


def read_day(scan: Scanner) -> Day | None:
    """A day here, without a time."""
    if found := scan.take(_RELATIVE):
        return Relative(-1 if found[0] == "yesterday" else 0)
    if found := scan.take(_WEEKDAY_PHRASE):
        return Weekday(WEEKDAYS[found["wd"]], last=bool(found["last"]))
    if found := scan.take(_ISO_DAY):
        return Dated(int(found["m"]), int(found["d"]), int(found["y"]))
    if found := scan.take(_DAY_MONTH) or scan.take(_MONTH_DAY):
        return Dated(MONTHS[found["m"]], int(found["d"]), int(found["y"]) if found["y"] else None)
    if found := scan.take(_SLASHED):
        return Slashed(int(found["a"]), int(found["b"]), int(found["y"]) if found["y"] else None, found[0])
    if found := _SHORT_YEAR(scan.low, scan.at):
        raise InvalidIntervalError(
            f"`{found[0]}` needs its year in four digits.", hint="20/11/2026, or 2026-11-20", code="ambiguous_date"
        )
    return None


def _iso_point(text: str, typed: str) -> Point:
    if "t" not in text:
        year, month, day = (int(part) for part in text.split("-"))
        return Point(day=Dated(month, day, year))
    if not _INSTANT(text, 0):
        raise InvalidIntervalError(
            f"`{text}` in `{typed}` is no ISO instant.", hint="2026-11-20T09:00Z/2026-11-20T17:00Z", code="invalid_time"
        )
    return Point(instant=Instant(text.upper()))
