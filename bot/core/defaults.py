"""What a person chose for all her questions; `bot.core.grammar.choices` reads it from words and tells it in them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DurationStyle(StrEnum):
    """How durations are written for people."""

    WORDS = "words"
    """6h 32m"""
    CLOCK = "clock"
    """06:32:00"""
    DECIMAL = "decimal"
    """6.53 h"""


@dataclass(frozen=True, slots=True)
class Defaults:
    """One person's choices; what is None or empty is the operator's."""

    zone: str | None = None
    """IANA name."""
    team: str | None = None
    """Asked about where a command says nothing."""
    columns: tuple[str, ...] = ()
    """Column names to draw, in order."""
    headline: str | None = None
    """Column name of the headline metric."""
    date_order: str | None = None
    """`DMY`, `MDY` or `YMD`"""
    week_start: int | None = None
    """Monday = 0"""
    durations: DurationStyle | None = None
    csv_separator: str | None = None
    csv_decimal: str | None = None

    @property
    def csv(self) -> tuple[str, str]:
        """(separator, decimal sign) of her files, which are never the same: `,` and `.` unless chosen otherwise."""
        decimal = self.csv_decimal or "."
        separator = self.csv_separator or ","
        return (";" if separator == decimal else separator), decimal


NOTHING_CHOSEN = Defaults()
