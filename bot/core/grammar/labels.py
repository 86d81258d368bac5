"""A range in the words of its zone: `Last week, Mon 16–Sun 22 Nov, 09:00–17:00 each day`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.intervals import clock_label, day_start, local_date

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from bot.core.grammar.hours import Window
    from bot.core.intervals import Interval


@dataclass(frozen=True, slots=True)
class Labels:
    """Writes instants as people in the zone read them, at that moment."""

    zone: ZoneInfo
    now: datetime

    def moment(self, instant: datetime) -> str:
        """`Tue 24 Nov 15:32`"""
        whole_minute = instant.replace(second=0)
        return f"{self._day_words(local_date(whole_minute, self.zone))} {clock_label(whole_minute, self.zone)}"

    def _day_words(self, day: date, *, beside: date | None = None) -> str:
        """`Sun 22 Nov`; the month and the year are left out where the day beside it says them."""
        year = (
            ""
            if day.year == local_date(self.now, self.zone).year and (beside is None or beside.year == day.year)
            else f" {day.year}"
        )
        if beside and (beside.month, beside.year) == (day.month, day.year):
            return f"{day:%a} {day.day}"
        return f"{day:%a} {day.day} {day:%b}{year}"

    def _end(self, instant: datetime) -> tuple[date, str]:
        """An end as people write it: midnight is 24:00 of the day before."""
        day = local_date(instant, self.zone)
        if instant == day_start(day, self.zone):
            day = local_date(instant - timedelta(seconds=1), self.zone)
            return day, "24:00"
        return day, clock_label(instant.replace(second=0) if instant == self.now else instant, self.zone)

    def edges(self, pieces: tuple[Interval, ...]) -> str:
        """`09:10–17:20` of the first piece, with the days where it has several."""
        first = pieces[0]
        day, (last, end) = local_date(first.start, self.zone), self._end(first.end)
        start = clock_label(first.start, self.zone)
        if day == last:
            return f"{start}–{end}"
        return f"{self._day_words(day)} {start}–{self._day_words(last)} {end}"

    def label(self, name: str, pieces: tuple[Interval, ...], window: Window | None, *, to_now: bool) -> str:
        """`Yesterday, Sun 22 Nov 00:00–24:00`; pieces of several days have their hours after the days."""
        name = f"{name}, " if name else ""
        now = " (now)" if to_now else ""
        first, (last, end) = local_date(pieces[0].start, self.zone), self._end(pieces[-1].end)
        start = clock_label(pieces[0].start, self.zone)
        if len(pieces) == 1:
            if first == last:
                return f"{name}{self._day_words(first)} {start}–{end}{now}"
            return f"{name}{self._day_words(first)} {start}–{self._day_words(last)} {end}{now}"
        final = local_date(pieces[-1].start, self.zone)
        days = f"{self._day_words(first, beside=final)}–{self._day_words(final)}"
        until = f", to {end} (now)" if to_now else ""
        hours = f"{self._edges_of_day(pieces, window)} each day"
        return f"{name}{days}, {hours}{until}"

    def _edges_of_day(self, pieces: tuple[Interval, ...], window: Window | None) -> str:
        """The hours that most days have: those of an ordinary day among the pieces, else as asked."""
        labels = [(clock_label(p.start, self.zone), self._end(p.end)[1]) for p in pieces]
        start, end = max(labels, key=labels.count) if len(labels) > 1 else labels[0]
        if labels.count((start, end)) == 1 and window:
            start, end = str(window.start), str(window.end)
        return f"{start}–{end}"
