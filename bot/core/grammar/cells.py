"""`explain <agent> <time> <day>`: one agent's one bucket, named by a moment in it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from bot.core.grammar.hours import MOMENT, Clock, read_clock
from bot.core.grammar.scanner import Scanner
from bot.core.intervals import clock_label, day_exists, first_instant, last_instant, local_date
from bot.core.query import Range, Verb
from bot.errors import CommandError, InvalidIntervalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from bot.core.grammar.context import GrammarContext
    from bot.core.intervals import Interval
    from bot.core.query import Query

    Parse = Callable[[str, GrammarContext], Query]

_VERB = re.compile(r"(?<![^\s,])explain(?=[\s,]|$)")
_CLOCK = re.compile(rf"(?<![^\s,])(?:at )?({MOMENT})(?=[\s,]|$)")
_INSTANT = re.compile(
    r"(?<![^\s,])[0-9]{4}-[0-9]{2}-[0-9]{2}t[0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:z|[+-][0-9]{2}:?[0-9]{2})(?=[\s,]|$)"
)
_EXAMPLE = "explain @ana 10:30 yesterday"


def read_cell(scan: Scanner, context: GrammarContext, parse: Parse) -> Query | None:
    """The question about one bucket that the line is; None where it is something else.

    Everything but the moment is read as `intervals` would read it, so the same agents, days, zones and filters work.

    Raises:
        CommandError: no moment, several, one that the day lacks or has twice, or what `intervals` refuses.
    """
    verb = _outside_quotes(_VERB, scan.line, scan.low)
    if not verb:
        return None
    rest = f"{scan.line[: verb[0].start()]} {scan.line[verb[0].end() :]}"
    low = f"{scan.low[: verb[0].start()]} {scan.low[verb[0].end() :]}"
    instants = _outside_quotes(_INSTANT, rest, low)
    moments = instants or _outside_quotes(_CLOCK, rest, low)
    if len(moments) != 1:
        raise CommandError(
            "`explain` needs one moment: the time of day that the half-hour holds."
            if not moments
            else f"`{moments[0][0]}` and `{moments[1][0]}` contradict each other: `explain` takes one moment.",
            hint=_EXAMPLE,
            code="contradiction" if moments else "missing_object",
        )
    found = moments[0]
    before, after = rest[: found.start()], rest[found.end() :]
    if instants:
        instant = datetime.fromisoformat(found[0].upper())
        return _cell(_day(f"{before} {after}", context, parse, instant=instant), instant, found[0].upper())
    clock = read_clock(Scanner(found[1]))
    if clock is None:  # the pattern is the same, so this can't be
        raise CommandError(f"`{found[0]}` is no time of day.", hint=_EXAMPLE, code="invalid_time")
    day = _day(f"{before} {after}", context, parse, typed=str(clock))
    return _cell(day, _instant(day, clock, before, after), str(clock))


def _outside_quotes(pattern: re.Pattern[str], line: str, low: str) -> list[re.Match[str]]:
    return [found for found in pattern.finditer(low) if line.count('"', 0, found.start()) % 2 == 0]


def _day(
    rest: str, context: GrammarContext, parse: Parse, *, instant: datetime | None = None, typed: str = ""
) -> Query:
    """The day's half-hours of the agent, as `intervals` reads them."""
    words = " ".join(rest.split())
    # With an instant the first reading only finds the zone, so today must not have begun this very minute.
    first = context if instant is None else replace(context, now=context.now + timedelta(minutes=1))
    try:
        day = parse(f"intervals {words}", first)
        if instant is not None:
            dated = local_date(instant, day.zone or context.zone)
            day = parse(f"intervals {words} {dated}", context)
    except CommandError as error:
        if not error.choices:
            raise
        moment = instant.isoformat() if instant else typed
        choices = tuple((label, f"explain {moment} {text.removeprefix('intervals ')}") for label, text in error.choices)
        raise CommandError(error.message, hint=error.hint, code=error.code, choices=choices) from None
    if day.complete:
        raise CommandError("`complete` is about figures, not about `explain`.", hint=_EXAMPLE, code="contradiction")
    extra = day.sort or day.rank or day.thresholds or day.outputs or day.versus or day.share or day.filters.active
    if extra:
        raise CommandError(
            "`explain` is about one figure: there is nothing to order, choose, compare, draw or share.",
            hint=_EXAMPLE,
            code="contradiction",
        )
    span, zone = _span(day)
    if len(span.windows) > 1 or local_date(span.start, zone) != local_date(span.end - timedelta(microseconds=1), zone):
        raise CommandError("`explain` takes one day.", hint=_EXAMPLE, code="contradiction")
    return day


def _span(day: Query) -> tuple[Range, ZoneInfo]:
    if day.range is None or day.zone is None:
        raise ValueError("`intervals` always has a range")
    return day.range, day.zone


def _instant(day: Query, clock: Clock, before: str, after: str) -> datetime:
    """When the day's clocks show that reading."""
    span, zone = _span(day)
    if clock.minutes >= 24 * 60:
        raise InvalidIntervalError("24:00 is the end of a day.", hint=_EXAMPLE, code="invalid_time")
    date = local_date(span.start, zone)
    wall = datetime.combine(date, time(clock.minutes // 60, clock.minutes % 60))
    first, last = first_instant(wall, zone), last_instant(wall, zone)
    if first.astimezone(zone).replace(tzinfo=None) != wall or not day_exists(date, zone):
        raise InvalidIntervalError(
            f"There was no {clock} on {date} in {zone.key}: the clocks went forward.",
            hint=f"explain {clock_label(first, zone)} {date}",
            code="nonexistent_time",
        )
    if first != last:
        readings = tuple(
            (
                clock_label(moment, zone),
                " ".join(f"explain {before} {moment.astimezone(zone).isoformat()} {after}".split()),
            )
            for moment in (first, last)
        )
        raise CommandError(
            f"{date} had {clock} twice in {zone.key}.",
            hint=f"Name the offset: explain @ana {first.astimezone(zone).isoformat()}",
            code="ambiguous_time",
            choices=readings,
        )
    return first


def _cell(day: Query, instant: datetime, typed: str) -> Query:
    """The bucket of the day that holds the moment."""
    span, zone = _span(day)
    bucket = next((bucket for bucket in day.buckets if instant in bucket), None)
    if bucket is None:
        raise InvalidIntervalError(
            f"{clock_label(instant, zone)} isn't within {span.label}.", hint=_EXAMPLE, code="future_range"
        )
    ends_now = span.to_now and bucket is day.buckets[-1]
    return replace(
        day,
        verb=Verb.EXPLAIN,
        range=Range(
            windows=(bucket,),
            label=_label(bucket, zone),
            phrase=f"{typed} {span.phrase}" if "T" not in typed else typed,
            to_now=ends_now,
            notes=span.notes,
            absolute=instant.astimezone(zone).isoformat(),
        ),
        buckets=(bucket,),
    )


def _label(bucket: Interval, zone: ZoneInfo) -> str:
    local = bucket.start.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b} {clock_label(bucket.start, zone)}–{clock_label(bucket.end, zone)}"
