"""Hours of a day: `9am`, `9-17`, `22:00-06:00`, `shift:night`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.core.grammar.scanner import alternatives, phrase
from bot.core.grammar.words import CLOCK_WORDS, CONNECTORS, MONTHS, UNITS
from bot.errors import CommandError, InvalidIntervalError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import time

    from bot.core.grammar.scanner import Scanner

DAY_MINUTES = 24 * 60

_MERIDIEM = r"(?:am|pm|a\.m\.|p\.m\.)"
_NAMED = alternatives(CLOCK_WORDS)
MOMENT = rf"(?:[0-9]{{1,2}}:[0-9]{{2}}(?: ?{_MERIDIEM})?|[0-9]{{1,2}} ?{_MERIDIEM}|{_NAMED})"
"""A pattern of a moment; a bare `9` is one only beside another."""
_TIME = rf"(?:[0-9]{{1,2}}(?::[0-9]{{2}})?(?: ?{_MERIDIEM})?|{_NAMED})"
_CLOCK = phrase(MOMENT)
_BETWEEN = rf"(?: ?- ?| ?\.\. ?| (?:{alternatives(CONNECTORS)}) )"
_NO_DATE = rf"(?! ?(?:{alternatives((*MONTHS, *UNITS))})\b)"
_WINDOW = phrase(rf"(?:from )?(?P<a>{_TIME}){_BETWEEN}(?P<b>{_TIME}){_NO_DATE}")
_SHIFT = phrase(r"shift:(?P<name>[^\s,:\"]*)")
_PARTS_OF_TIME = re.compile(rf"(?P<h>[0-9]{{1,2}})(?::(?P<m>[0-9]{{2}}))? ?(?P<mer>{_MERIDIEM})?$")


@dataclass(frozen=True, slots=True)
class Clock:
    """A wall-clock reading, in minutes from 00:00; 1440 is the end of the day."""

    minutes: int

    def __str__(self) -> str:
        return f"{self.minutes // 60:02}:{self.minutes % 60:02}"


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of each day; an end that is not after the start lies on the next day."""

    start: Clock
    end: Clock
    name: str = field(default="", compare=False)
    """`shift:night`, where the settings named these hours."""

    @property
    def crosses_midnight(self) -> bool:
        """Whether the end lies on the day after the start."""
        return self.end.minutes <= self.start.minutes

    def __str__(self) -> str:
        return self.name or f"{self.start}-{self.end}"


def read_clock(scan: Scanner) -> Clock | None:
    """A moment of a day here: `9am`, `17:30`, `midday`."""
    found = scan.take(_CLOCK)
    return _hour(found[0], found[0]).clock if found else None


def window_here(scan: Scanner) -> bool:
    """Whether hours of a day stand here, rather than a moment alone."""
    return bool(_WINDOW(scan.low, scan.at))


def read_window(scan: Scanner, shifts: Mapping[str, tuple[time, time]]) -> Window | None:
    """Hours of each day here: `9-17`, `9am to 5:30pm`, `shift:night`."""
    start = scan.at
    if found := scan.take(_SHIFT):
        return _shift(found["name"], shifts)
    if not (found := scan.take(_WINDOW)):
        return None
    typed = scan.since(start)
    a, b = _hour(found["a"], typed), _hour(found["b"], typed)
    if a.clock.minutes == DAY_MINUTES:
        raise InvalidIntervalError(
            f"`{typed}` starts at the end of a day.", hint="0:00-6:00, or 22:00-24:00", code="invalid_time"
        )
    if a.clock == b.clock and not a.bare and not b.bare:
        raise InvalidIntervalError(
            f"`{typed}` is empty.", hint="yesterday 9:00-17:30, or the whole day: yesterday", code="empty_range"
        )
    if a.clock == b.clock or not _is_clear(a, b):
        raise _ambiguous_window(scan, start, typed, a, b)
    return Window(a.clock, b.clock)


def _shift(name: str, shifts: Mapping[str, tuple[time, time]]) -> Window:
    known = {key.lower(): hours for key, hours in shifts.items()}
    hours = known.get(name)
    if hours is None:
        listed = ", ".join(f"shift:{key}" for key in sorted(known))
        raise CommandError(
            f"There is no shift called `{name}`." if name else "`shift:` needs the name of a shift.",
            hint=f"Known: {listed}." if listed else "No shifts are set (SHIFTS); hours work: yesterday 22:00-06:00",
            code="unknown_shift" if name else "missing_object",
        )
    start, end = (Clock(t.hour * 60 + t.minute) for t in hours)
    return Window(start, end, name=f"shift:{name}")


@dataclass(frozen=True, slots=True)
class _Hour:
    """A time in a window: read on the 24-hour clock, and whether that is what was meant."""

    clock: Clock
    bare: bool = False
    """Up to 12 and neither `09` nor `9am`: it could be of either half of the day."""
    meridiem: bool = False

    @property
    def readings(self) -> tuple[Clock, ...]:
        return (self.clock, Clock(self.clock.minutes + DAY_MINUTES // 2)) if self.bare else (self.clock,)


def _hour(words: str, typed: str) -> _Hour:
    if words in CLOCK_WORDS:
        return _Hour(Clock(CLOCK_WORDS[words]))
    found = _PARTS_OF_TIME.match(words)
    hour, minute = (int(found["h"]), int(found["m"] or 0)) if found else (99, 0)
    meridiem = (found["mer"] or "")[:1] if found else ""
    if minute > 59 or hour > 24 or (hour == 24 and minute) or (meridiem and not 1 <= hour <= 12):
        raise InvalidIntervalError(
            f"`{words}` in `{typed}` is no time of day.", hint="yesterday 9:00-17:30", code="invalid_time"
        )
    if meridiem:
        return _Hour(Clock(hour % 12 * 60 + minute + (DAY_MINUTES // 2 if meridiem == "p" else 0)), meridiem=True)
    return _Hour(Clock(hour * 60 + minute), bare=1 <= hour < 12 and not words.startswith("0"))


def _is_clear(a: _Hour, b: _Hour) -> bool:
    """Whether the reading on the 24-hour clock is the one that everybody would take."""
    forwards = a.clock.minutes < b.clock.minutes
    if a.bare and b.meridiem:  # `9-5pm` is clear, `2-5pm` and `10-6am` are not
        return forwards and a.readings[-1].minutes >= b.clock.minutes
    if b.bare and a.meridiem:  # `9am-5`
        return False
    if b.bare:  # `9-12` and `22-6` are clear, `9-5` is not
        return forwards or a.clock.minutes > DAY_MINUTES // 2
    return True


def _ambiguous_window(scan: Scanner, start: int, typed: str, a: _Hour, b: _Hour) -> CommandError:
    windows = [Window(first, second) for first in a.readings for second in b.readings if first != second]
    windows.sort(key=lambda w: (w.end.minutes - w.start.minutes) % DAY_MINUTES)  # working days come first
    shown = " or ".join(str(w) for w in windows[:2])
    return CommandError(
        f"`{typed}` can be read in more than one way: am or pm?",
        hint=f"Say it on the 24-hour clock or with am and pm: {shown}",
        code="ambiguous_time",
        choices=tuple((str(w), scan.instead(start, scan.at, str(w))) for w in windows),
    )
