"""Public holidays by country, from the `holidays` library: which days they are, and how a country is called.

The library is loaded by the first rule that names a country: it is large, and most schedules keep holidays.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from bot.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from bot.core.recurrence import Recurrence

_NEAR = 3
"""Countries that a refusal offers."""


class HolidayCalendars:
    """Calendars of countries and of their parts (`GB`, `GB-SCT`, `US-CA`); thread-safe, computed once a year each."""

    def of(self, recurrence: Recurrence) -> Callable[[date], bool]:
        """Whether a day is a holiday for that rule: its country's or one of its own."""
        own, country = frozenset(recurrence.own_holidays), recurrence.country
        if country is None:
            return own.__contains__
        return lambda day: day in own or day in _public_holidays(country, day.year)

    def code(self, typed: str) -> str:
        """The code by which the library knows a country, or a part of one, from its code or English name.

        Raises:
            CommandError: there is none; the hint names what is near.
        """
        country, _, part = typed.upper().partition("-")
        code = _countries().get(country)
        if code is None:
            raise CommandError(
                f"I have no holidays of `{typed}`.",
                hint=f"{_near(country)}: a code of two letters, as in skip holidays GB",
                code="unknown_country",
            )
        if not part:
            return code
        parts = _parts(code)
        if part not in parts:
            listed = ", ".join(f"{code}-{name}" for name in parts) or "it has no parts"
            raise CommandError(
                f"I have no holidays of `{part}` in {code}.", hint=f"{code} alone, or {listed}", code="unknown_country"
            )
        return f"{code}-{part}"


@cache
def _public_holidays(code: str, year: int) -> frozenset[date]:
    from holidays import country_holidays

    country, _, part = code.partition("-")
    return frozenset(country_holidays(country, subdiv=part or None, years=year))


@cache
def _countries() -> dict[str, str]:
    """Two-letter code by every name that people type, in capitals."""
    from holidays import list_supported_countries
    from holidays.registry import COUNTRIES

    supported = list_supported_countries()
    found: dict[str, str] = {"UK": "GB", "USA": "US"}
    for module, (_, code, *others) in COUNTRIES.items():
        if code in supported:
            spelt = module.upper().replace("_", "")
            found |= dict.fromkeys((spelt, code, *(other for other in others if len(other) <= 3)), code)
    return found


@cache
def _parts(code: str) -> tuple[str, ...]:
    from holidays import list_supported_countries

    return tuple(list_supported_countries().get(code, ()))


def _near(country: str) -> str:
    """A few countries whose name or code resembles what was typed."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    found = process.extract(country, _countries().keys(), scorer=OSA.normalized_similarity, limit=8)
    codes = dict.fromkeys(_countries()[name] for name, score, _ in found if score > 0)
    return ", ".join(list(codes)[:_NEAR]) or "GB, US, DE"
