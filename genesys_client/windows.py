"""Time as the platform writes and reads it: ISO-8601 intervals of instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Window = tuple[datetime, datetime]
"""Aware start and end, half-open."""


def check(window: Window) -> Window:
    """The window in UTC.

    Raises:
        ValueError: a naive end, or an end that isn't after the start.
    """
    start, end = window
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("a window needs aware ends")
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if start >= end:
        raise ValueError("a window ends after it starts")
    return start, end


def written(window: Window) -> str:
    """`2026-03-10T04:00:00.000Z/2026-03-11T04:00:00.000Z`"""
    start, end = check(window)
    return f"{_instant(start)}/{_instant(end)}"


def read(text: str) -> Window:
    """An interval of the platform's, with any offset, as UTC instants.

    Raises:
        ValueError: it isn't one.
    """
    start, slash, end = text.partition("/")
    if not slash:
        raise ValueError("no slash")
    return _parsed(start), _parsed(end)


def pieces(window: Window, days: int) -> Iterator[Window]:
    """The window in parts of at most so many days.

    Cuts fall on UTC midnights: the platform searches whole UTC days, and would return a day's conversations
    for both parts if a cut fell within it.
    """
    start, end = check(window)
    while start < end:
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        cut = min(midnight + timedelta(days=days), end)
        yield start, cut
        start = cut


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _parsed(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no offset")
    return moment.astimezone(UTC)
