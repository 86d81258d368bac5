"""Numbers as people read them, and the signs of nothing."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from bot.core.answer import Missing, Unit
from bot.core.defaults import DurationStyle

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.core.answer import Number, Row

NO_DATA, NOT_STAFFED, NOT_FETCHED, NOT_APPLICABLE = "–", "·", "?", "n/a"
ZERO = "0"
UP, DOWN, SAME = "↑", "↓", "="
OVERFULL = "▲"
PROVISIONAL = "≈"

_SIGNS = {
    Missing.NO_DATA: NO_DATA,
    Missing.NO_DENOMINATOR: NO_DATA,
    Missing.NOT_STAFFED: NOT_STAFFED,
    Missing.NOT_FETCHED: NOT_FETCHED,
    Missing.NOT_DIVISIBLE: NOT_APPLICABLE,
    Missing.TOO_FINE: NOT_APPLICABLE,
    Missing.TOO_SHORT: NOT_APPLICABLE,
    Missing.NOT_APPLICABLE: NOT_APPLICABLE,
}
_MEANINGS = {
    Missing.NO_DATA: "no data",
    Missing.NO_DENOMINATOR: "nothing to divide by",
    Missing.NOT_STAFFED: "not staffed",
    Missing.NOT_FETCHED: "not fetched",
    Missing.NOT_DIVISIBLE: "status time can't be split by queue, media or direction",
    Missing.TOO_FINE: "status time isn't kept for buckets this short",
    Missing.TOO_SHORT: "needs a day or more",
    Missing.NOT_APPLICABLE: "doesn't apply here",
}
_BELOW_EVERY_CHANGE = -1_000_000_000
_SORTED_BELOW_ZERO = {NO_DATA: -1, NOT_STAFFED: -2, NOT_FETCHED: -3, NOT_APPLICABLE: -4}

NO_BREAK = "\u00a0"
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=%|pp\b)|(?<=\d[hm]) (?=\d)|(?<=[↑↓=]) (?=[+−0])")

_LEVELS = "▁▂▃▄▅▆▇█"
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def finite(value: Number) -> Number:
    """The number, or None for none and for what is no number at all."""
    return None if value is None or not math.isfinite(value) else value


def duration(seconds: float, style: DurationStyle = DurationStyle.WORDS) -> str:
    """`6h 32m`, `4m 05s`, `12s`, `0`: hours to the minute, less to the second; or `06:32:00`, or `6.53 h`."""
    if style is DurationStyle.DECIMAL:
        return f"{seconds / 3600:,.2f} h"
    if style is DurationStyle.CLOCK:
        whole = math.floor(seconds + 0.5)
        return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    if 0 < seconds < 0.5:
        return "<1s"
    whole = math.floor(seconds + 0.5)
    if not whole:
        return ZERO
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    minutes = math.floor(seconds / 60 + 0.5)
    return f"{minutes // 60:,}h {minutes % 60:02d}m"


def ratio(fraction: float) -> str:
    """`87.1 %`; may pass 100."""
    return f"{fraction * 100:.1f} %"


def number(
    value: Number, unit: Unit, *, column: str = "", durations: DurationStyle = DurationStyle.WORDS
) -> str | None:
    """A value in its unit; None for no value, and for what is no number at all."""
    if value is None or not math.isfinite(value):
        return None
    if unit is Unit.SECONDS:
        return duration(value, durations) if value >= 0 else f"−{duration(-value, durations)}"
    if unit is Unit.COUNT:
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
    return f"{value:.2f}" if column in PLAIN_RATIOS else ratio(value)


def change(
    value: Number, unit: Unit, *, column: str = "", durations: DurationStyle = DurationStyle.WORDS
) -> str | None:
    """`↑ +3.2 pp`, `↓ −1h 05m`, `= 0`: a difference with its arrow and its sign; None for none."""
    if value is None or not math.isfinite(value):
        return None
    if unit is Unit.RATIO and column not in PLAIN_RATIOS:
        size = f"{abs(value) * 100:.1f} pp"
    else:
        size = number(abs(value), unit, column=column, durations=durations) or ""
    if not any(digit in size for digit in "123456789"):
        return f"{SAME} {ZERO}"
    return f"{UP} +{size}" if value > 0 else f"{DOWN} −{size}"


PLAIN_RATIOS = frozenset({"concurrency"})
"""Ratios that are no share of anything: printed as a factor, not in percent."""


def unbroken(sentence: str) -> str:
    """The sentence with no place to break a line between a number and its unit."""
    return _BEFORE_UNIT.sub(NO_BREAK, sentence)


def missing_reason(row: Row, column: str) -> Missing:
    """Why the row has no number there."""
    return row.missing.get(column, Missing.NO_DATA)


def sign(reason: Missing) -> str:
    """What stands in the place of a missing number."""
    return _SIGNS[reason]


def meaning(reason: Missing) -> str:
    """The reason in words."""
    return _MEANINGS[reason]


def sort_value(value: Number, shown: str) -> float | int:
    """The number that Slack sorts by: a column with one cell that isn't a number sorts by its letters.

    Each kind of nothing lies below zero, so that its rows stay together and never among the numbers.
    """
    if value is not None and math.isfinite(value):
        return value
    return _SORTED_BELOW_ZERO.get(shown, -5)


def sort_change(value: Number, shown: str) -> float | int:
    """The same for differences, which may themselves lie below zero: each kind of nothing lies below all of them."""
    if value is not None and math.isfinite(value):
        return value
    return _BELOW_EVERY_CHANGE + _SORTED_BELOW_ZERO.get(shown, -5)


def legend(
    reasons: Iterable[Missing],
    *,
    zero: bool = False,
    provisional: bool = False,
    spark: bool = False,
    than: str = "",
) -> str:
    """The signs that were used, each with its meaning; empty where none was.

    Args:
        than: of a comparison, what the other time is called: `before`.
    """
    used = set(reasons)
    by_sign: dict[str, list[str]] = {}
    for reason, shown in _SIGNS.items():
        if reason in used:
            by_sign.setdefault(shown, []).append(_MEANINGS[reason])
    if zero:
        by_sign[ZERO] = ["logged in without work"]
    if provisional:
        by_sign[PROVISIONAL] = ["still provisional"]
    if spark:
        by_sign["▁…█"] = ["0 to 100 %"]
        by_sign.setdefault(NOT_STAFFED, []).append("nothing in that half-hour")
    if than:
        by_sign |= {
            "Δ": [f"this time minus {than}"],
            UP: [f"more than {than}"],
            DOWN: ["less"],
            "pp": ["percentage points"],
        }
    return ", ".join(f"{shown} {' or '.join(meanings)}" for shown, meanings in by_sign.items())


def sparkline(values: Sequence[float | None]) -> str:
    """One mark a value from 0 to 1 (more is drawn as 1); `·` for nothing."""
    top = len(_LEVELS) - 1
    return "".join(
        NOT_STAFFED if v is None or not math.isfinite(v) else _LEVELS[min(top, max(0, round(v * top)))] for v in values
    )


def bar(fraction: float, width: int = 7) -> str:
    """A bar in eighths of a character, full at 1; a thin line for zero, so that no bar is empty."""
    eighths = round(min(1.0, max(0.0, fraction)) * width * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "") or _EIGHTHS[1]
