"""Time as the platform keeps it: whole milliseconds since 1970, and the spellings on the wire.

Everything in the sandbox is reckoned in integers, so that a sum of parts equals its whole exactly; wall
clocks come in only where a shift begins at nine or a bucket at midnight.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
UTC_DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = _EPOCH.replace(tzinfo=None)
_MILLISECOND = timedelta(milliseconds=1)
_INSTANT = re.compile(
    r"(?P<wall>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?)(?:\.(?P<fraction>\d{1,9}))?(?P<offset>Z|[+-]\d{2}:?\d{2})?"
)
_PERIOD = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open `[start, end)` in milliseconds."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """Milliseconds between the two ends."""
        return self.end - self.start

    def overlap(self, start: int, end: int) -> int:
        """Milliseconds shared with another span."""
        return max(0, min(self.end, end) - max(self.start, start))


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970; what is finer is cut off, as the platform does."""
    return (moment - _EPOCH) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    """The instant in UTC."""
    return _EPOCH + timedelta(milliseconds=ms)


def iso(ms: int, zone: ZoneInfo | None = None) -> str:
    """`2026-03-10T13:24:04.120Z`, or the zone's wall clock with its offset."""
    if zone is None:
        return (_NAIVE_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds") + "Z"
    return from_ms(ms).astimezone(zone).isoformat(timespec="milliseconds")


def parse_instant(text: str) -> int:
    """The instant that a text names; without an offset it is read as UTC.

    Raises:
        ValueError: the text isn't an ISO-8601 instant.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError(text)
    offset = match["offset"] or "Z"
    moment = datetime.fromisoformat(match["wall"] + ("+00:00" if offset == "Z" else offset))
    return to_ms(moment) + int((match["fraction"] or "0").ljust(3, "0")[:3])


def parse_interval(text: str) -> Span:
    """`start/end` of two instants.

    Raises:
        ValueError: it is something else, or ends no later than it starts.
    """
    start, slash, end = text.partition("/")
    if not slash:
        raise ValueError(text)
    span = Span(parse_instant(start), parse_instant(end))
    if span.length <= 0:
        raise ValueError(text)
    return span


@lru_cache(maxsize=4096)
def wall_ms(day: date, hour: int, minute: int, zone: ZoneInfo) -> int:
    """When a wall clock first shows a time; in a skipped hour, what it would have been without the jump."""
    return to_ms(datetime.combine(day, time(hour, minute), zone))


def midnight(day: date, zone: ZoneInfo) -> int:
    """The first moment of a calendar day, which is the jump where the clock skips 00:00."""
    early, late = (to_ms(datetime.combine(day, time(), zone).replace(fold=fold)) for fold in (0, 1))
    if early <= late:
        return early
    offset = from_ms(late).astimezone(zone).utcoffset()
    low, high = late, early
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if from_ms(middle).astimezone(zone).utcoffset() == offset else (low, middle)
    return high


def local_date(ms: int, zone: ZoneInfo) -> date:
    """The date on the wall at an instant."""
    return from_ms(ms).astimezone(zone).date()


def utc_day(ms: int) -> int:
    """Days since 1970 in UTC: the platform's index of conversations is cut there."""
    return ms // UTC_DAY


@dataclass(frozen=True, slots=True)
class Period:
    """An ISO-8601 period: months and days follow the calendar of a zone, the rest is elapsed time."""

    months: int
    days: int
    elapsed: int

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read `PT30M`, `P1D`, `P1M` and their kind.

        Raises:
            ValueError: not a period, or one without length.
        """
        match = _PERIOD.fullmatch(text)
        if match is None or text.endswith("T"):
            raise ValueError(text)
        part = {name: int(value) for name, value in match.groupdict(default="0").items()}
        period = cls(
            months=part["years"] * 12 + part["months"],
            days=part["weeks"] * 7 + part["days"],
            elapsed=part["hours"] * HOUR + part["minutes"] * MINUTE + part["seconds"] * SECOND,
        )
        if not (period.months or period.days or period.elapsed):
            raise ValueError(text)
        return period

    def after(self, start: int, count: int, zone: ZoneInfo) -> int:
        """The instant `count` periods after `start`."""
        if not (self.months or self.days):
            return start + count * self.elapsed
        wall = from_ms(start).astimezone(zone)
        month = wall.year * 12 + wall.month - 1 + count * self.months
        day = date(month // 12, month % 12 + 1, 1) + timedelta(days=wall.day - 1 + count * self.days)
        if (wall.hour, wall.minute, wall.second, wall.microsecond) == (0, 0, 0, 0):
            return midnight(day, zone) + count * self.elapsed
        return to_ms(datetime.combine(day, wall.time(), zone)) + count * self.elapsed


def cut(span: Span, granularity: Period | None, zone: ZoneInfo) -> list[Span]:
    """The buckets of a span, counted from its start; the last one ends with the span."""
    if granularity is None:
        return [span]
    edges = [span.start]
    while (edge := granularity.after(span.start, len(edges), zone)) < span.end:
        edges.append(edge)
    edges.append(span.end)
    return [Span(edges[i], edges[i + 1]) for i in range(len(edges) - 1) if edges[i] < edges[i + 1]]
