"""On which days and at which times a schedule is due: words → rule, and back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import TYPE_CHECKING

from bot.core.grammar.hours import DAY_MINUTES, read_clock, window_here
from bot.core.grammar.scanner import alternatives, phrase
from bot.core.grammar.schedule_words import MOST_TIMES, WORDS_OF_DAYS
from bot.core.grammar.words import WEEKDAY_NAMES, WEEKDAYS
from bot.core.recurrence import MonthDay
from bot.errors import CommandError, InvalidIntervalError

if TYPE_CHECKING:
    from bot.core.grammar.scanner import Scanner
    from bot.core.recurrence import Recurrence

_DAY_NAMES = alternatives(WEEKDAYS)
_OF_MONTH = r"(?: of (?:the|each|every) month)?"
_EVERY = r"(?:every|each) "
_DAYS_WORD = phrase(
    rf"(?:{_EVERY})?(?P<w>daily|(?:weekday|workday|weekend)s)|{_EVERY}(?P<e>day|weekday|workday|weekend)"
)
_WEEKLY = phrase(r"(?:weekly|every week)(?: on)?")
_MONTHLY = phrase(r"(?:monthly|every month)(?: on)?(?: the)?")
_NAMED_DAY = phrase(rf"(?:{_EVERY})?(?:on )?(?:the )?(?P<which>first|last) (?P<what>workday|weekday|day){_OF_MONTH}")
_ORDINAL = phrase(rf"(?:{_EVERY})?(?:on )?(?:the )?(?P<n>[0-9]{{1,2}})(?:st|nd|rd|th){_OF_MONTH}")
_NUMBER = phrase(r"(?P<n>[0-9]{1,3})")
_WEEKDAY = phrase(rf"(?:{_EVERY})?(?:on )?(?P<d>{_DAY_NAMES})s?")
_WEEKDAY_RANGE = phrase(rf"(?P<a>{_DAY_NAMES})s?(?: ?- ?| to | through )(?P<b>{_DAY_NAMES})s?")
_UNMISTAKABLE = re.compile(
    rf"(?:daily|weekdays|workdays|weekends|weekly|monthly|every |each |first (?:work|week)?day|last (?:work|week)?day\b"
    rf"|(?:{_DAY_NAMES})s(?=[\s,]|$))"
).match
"""Beginnings of a rule that no question has, so that they are read wherever they stand."""

_AND = re.compile(r"(?:and|&) ").match
_AT = phrase(r"at")
_BARE_HOUR = phrase(r"(?P<h>[0-9]{1,2})")


@dataclass(frozen=True, slots=True)
class Days:
    """Which days: of the week, or one of each month."""

    weekdays: frozenset[int] = frozenset(range(7))
    month_day: int | MonthDay | None = None


def rule_here(scan: Scanner) -> bool:
    """Whether words stand here that can only be days of a schedule."""
    return bool(_UNMISTAKABLE(scan.low, scan.at))


def read_days(scan: Scanner) -> Days | None:
    """`weekdays`, `mon,wed,fri`, `first workday`, `monthly 1`.

    Raises:
        CommandError: `weekly` or `monthly` without the day.
    """
    if scan.take(_WEEKLY):
        scan.skip_gap()
        if days := _read_weekdays(scan):
            return days
        raise CommandError(
            "`weekly` needs its day of the week.", hint="weekly monday 9:00, or mon,wed,fri 9:00", code="missing_object"
        )
    if scan.take(_MONTHLY):
        scan.skip_gap()
        if day := _read_month_day(scan) or _read_number(scan):
            return day
        raise CommandError(
            "`monthly` needs its day of the month.",
            hint="monthly 1 8:00, first workday 8:00, last workday 8:00 or last day 8:00",
            code="missing_object",
        )
    if found := scan.take(_DAYS_WORD):
        return Days(WORDS_OF_DAYS[found["w"] or found["e"]])
    return _read_month_day(scan) or _read_weekdays(scan)


def _read_month_day(scan: Scanner) -> Days | None:
    if found := scan.take(_NAMED_DAY):
        if found["what"] == "day":
            return Days(month_day=1 if found["which"] == "first" else MonthDay.LAST_DAY)
        return Days(month_day=MonthDay.FIRST_WORKDAY if found["which"] == "first" else MonthDay.LAST_WORKDAY)
    if found := scan.take(_ORDINAL):
        return _numbered(found["n"], found[0])
    return None


def _read_number(scan: Scanner) -> Days | None:
    found = scan.take(_NUMBER)
    return _numbered(found["n"], found[0]) if found else None


def _numbered(digits: str, typed: str) -> Days:
    if not 1 <= int(digits) <= 31:
        raise CommandError(f"`{typed}` is no day of a month.", hint="monthly 1, or the 15th", code="invalid_number")
    return Days(month_day=int(digits))


def _read_weekdays(scan: Scanner) -> Days | None:
    """Days of the week in a row, parted by commas, spaces or `and`."""
    found: set[int] = set()
    while True:
        before = scan.at
        if found:
            scan.skip_gap()
            if joined := _AND(scan.low, scan.at):
                scan.at = joined.end()
        if days := scan.take(_WEEKDAY_RANGE):
            first, last = WEEKDAYS[days["a"]], WEEKDAYS[days["b"]]
            found |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
        elif day := scan.take(_WEEKDAY):
            found.add(WEEKDAYS[day["d"]])
        else:
            scan.at = before
            return Days(frozenset(found)) if found else None


def read_times(scan: Scanner) -> tuple[time, ...]:
    """`8:00`, `at 9am`, `8:00, 14:00 and 17:30`; empty where no time stands here.

    Raises:
        CommandError: an hour that could be of either half of the day, or too many times.
    """
    start = scan.at
    at = bool(scan.take(_AT))
    scan.skip_gap()
    found: dict[time, None] = {}
    while True:
        before = scan.at
        if found:
            scan.skip_gap()
            if joined := _AND(scan.low, scan.at):
                scan.at = joined.end()
        if window_here(scan) or (clock := read_clock(scan)) is None:
            scan.at = before
            break
        found[_time_of_day(clock.minutes, scan.since(before))] = None
    if len(found) > MOST_TIMES:
        raise CommandError(
            f"That is {len(found)} times a day; a schedule has at most {MOST_TIMES}.",
            hint="daily 8:00,12:00,16:00",
            code="too_many",
        )
    if not found:
        _refuse_bare_hour(scan)
        if at:
            raise CommandError("`at` needs a time of day after it.", hint="weekdays at 8:00", code="missing_object")
        scan.at = start
    return tuple(sorted(found))


def _time_of_day(minutes: int, typed: str) -> time:
    if minutes >= DAY_MINUTES:
        raise InvalidIntervalError(
            f"`{typed}` is the end of a day; a post has its time within one.",
            hint="0:00 of the day after",
            code="invalid_time",
        )
    return time(minutes // 60, minutes % 60)


def _refuse_bare_hour(scan: Scanner) -> None:
    """`weekdays 8 yesterday`: am or pm?"""
    found = _BARE_HOUR(scan.low, scan.at)
    if found is None or window_here(scan) or not 0 <= int(found["h"]) <= 23:
        return
    hour = int(found["h"])
    readings = [f"{hour:02}:00"] + ([f"{hour + 12:02}:00"] if 1 <= hour < 12 else [])
    raise CommandError(
        f"`{found[0]}` as a time needs its minutes" + (": am or pm?" if len(readings) > 1 else "."),
        hint=" or ".join(readings),
        code="ambiguous_time",
        choices=tuple((text, scan.instead(found.start(), found.end(), text)) for text in readings),
    )


# --- the way back ----------------------------------------------------------------------------------------------------


def days_words(rule: Recurrence) -> str:
    """The days as one types them: `weekdays`, `mon,wed,fri`, `first workday`, `monthly 15`."""
    match rule.month_day:
        case None:
            return _weekday_words(rule.weekdays)
        case MonthDay.FIRST_WORKDAY | MonthDay.LAST_WORKDAY | MonthDay.LAST_DAY as named:
            return named.value.replace("_", " ")
        case number:
            return f"monthly {number}"


def _weekday_words(days: frozenset[int]) -> str:
    for word in ("daily", "weekdays", "weekends"):
        if WORDS_OF_DAYS[word] == days:
            return word
    if len(days) == 1:
        return f"{WEEKDAY_NAMES[next(iter(days))]}s"
    return ",".join(WEEKDAY_NAMES[day][:3] for day in sorted(days))


def times_words(rule: Recurrence) -> str:
    """`08:00,14:00`"""
    return ",".join(f"{moment:%H:%M}" for moment in sorted(set(rule.times)))


def rule_sentence(rule: Recurrence) -> str:
    """Days, times and zone for people: `Every Mon, Wed and Fri at 08:00 and 14:00, Europe/London`."""
    times = _joined([f"{moment:%H:%M}" for moment in sorted(set(rule.times))])
    return f"{_days_sentence(rule)} at {times} {rule.zone}"


def _days_sentence(rule: Recurrence) -> str:
    match rule.month_day:
        case None:
            pass
        case MonthDay.LAST_DAY:
            return "On the last day of each month"
        case MonthDay.FIRST_WORKDAY:
            return "On the first workday of each month"
        case MonthDay.LAST_WORKDAY:
            return "On the last workday of each month"
        case number:
            return f"On day {number} of each month" + (" (the last, where it is shorter)" if int(number) > 28 else "")
    words = _weekday_words(rule.weekdays)
    if words in WORDS_OF_DAYS:
        return words.capitalize()
    if len(rule.weekdays) == 1:
        return words.capitalize()
    return _joined([WEEKDAY_NAMES[day][:3].capitalize() for day in sorted(rule.weekdays)])


def _joined(parts: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
