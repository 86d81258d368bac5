"""Where the conversations behind a question by the clock come from, and what that costs.

The platform finds conversations by the UTC day on which they began, so a question is a row of such days. Each is
taken from the archive where that may answer; the rest is asked for in pages, or by a details job.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from bot.core.intervals import Interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FINAL_AFTER = timedelta(days=4)
"""The platform reprocesses data that are two days old, which may show a day later; after four a day stays."""

PAGES_AT_MOST = 1000
"""As deep as one query can be paged; beyond it only a job has everything."""

RESULTS_PER_PAGE = 100
RESULTS_PER_JOB_PAGE = 1000

_SIDE_BY_SIDE = 8
_PAGE_S = 0.5
"""What a page of a hundred conversations usually takes, rather too much than too little."""

JOB_S = 60.0
"""How long a job may take before it is worth nothing to somebody who waits: usually it is five to fifteen seconds."""
_JOB_CALLS = 15
"""Handing a job in, and looking whether it is done."""

_KEPT_ANEW_AFTER = timedelta(hours=1)
_DAY = timedelta(days=1)


def utc_day(day: date) -> Interval:
    """A calendar day of UTC."""
    start = datetime.combine(day, time(), UTC)
    return Interval(start, start + _DAY)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the archive says of something of a day without reading it."""

    day: date
    """Of UTC."""
    fetched_at: datetime
    """When the reading of it began: what happened later isn't in it."""

    @property
    def over(self) -> bool:
        """Whether the day had ended when it was fetched: no conversation could begin any more."""
        return self.fetched_at >= utc_day(self.day).end

    @property
    def final(self) -> bool:
        """Whether the platform changes nothing of it any more."""
        return self.fetched_at >= utc_day(self.day).end + FINAL_AFTER


@dataclass(frozen=True, slots=True)
class KeptDay(_Kept):
    """All conversations that began on a day, of all agents."""

    conversations: int
    running: bool
    """One of them had not ended when they were fetched."""

    def answers(self, *, until: datetime, now: datetime, fresh_for: timedelta) -> bool:
        """Whether the day may stand for asking again.

        Args:
            until: the end of the question's range.
            now: the moment of asking.
            fresh_for: how long a day that isn't final may be used; nothing: not at all.
        """
        if not self.over or self.fetched_at > now:
            return False
        if self.running and until > self.fetched_at:
            return False  # somebody may have worked on it since
        return self.final or (fresh_for > timedelta(0) and now - self.fetched_at <= fresh_for)


class Side(StrEnum):
    """Which of the platform's two kinds of aggregates half-hours are of."""

    POSTED = "posted"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class KeptHalfHours(_Kept):
    """Each agent's 48 half-hours of a day."""

    side: Side

    def answers(self, *, now: datetime, fresh_for: timedelta) -> bool:
        """Whether the half-hours may stand for asking again; the arguments as for `KeptDay.answers`."""
        return self.over and self.fetched_at <= now and (self.final or now - self.fetched_at <= fresh_for)


def is_worth_keeping(day: date, kept: KeptDay | None, *, fetched_at: datetime) -> bool:
    """Whether a day just read should take the place of what is kept: not each time that somebody looks at today."""
    if kept is None or fetched_at - kept.fetched_at >= _KEPT_ANEW_AFTER:
        return True
    return fetched_at >= utc_day(day).end + FINAL_AFTER and not kept.final


def days_behind(windows: Sequence[Interval], lookback_days: int) -> tuple[date, ...]:
    """The UTC days on which conversations may have begun that are looked for, in order."""
    first = (windows[0].start - timedelta(days=lookback_days)).date()
    last = max(first, (windows[-1].end - timedelta(microseconds=1)).date())
    return tuple(first + timedelta(days=number) for number in range((last - first).days + 1))


@dataclass(frozen=True, slots=True)
class Split:
    """Which days are there already, and which stretches have to be asked for."""

    kept: tuple[KeptDay, ...]
    asked: tuple[Interval, ...]
    """Whole days of UTC, but for the last one, which ends with the question where that ends earlier."""


def split(
    days: Sequence[date],
    kept: Mapping[date, KeptDay],
    *,
    until: datetime,
    now: datetime,
    fresh_for: timedelta,
    whole_days: bool = False,
) -> Split:
    """Part the days of a question into those that the archive answers and those to be asked for.

    Args:
        days: as `days_behind` gives them.
        kept: what the archive has, by day.
        until, now, fresh_for: as for `KeptDay.answers`.
        whole_days: ask for days that are over to their very end, so that they can be kept.
    """
    usable = {
        day: kept[day] for day in days if day in kept and kept[day].answers(until=until, now=now, fresh_for=fresh_for)
    }
    asked: list[Interval] = []
    for day in (day for day in days if day not in usable):
        whole = utc_day(day)
        end = whole.end if whole_days and whole.end <= now else min(whole.end, max(until, whole.start))
        if asked and asked[-1].end == whole.start:
            asked[-1] = Interval(asked[-1].start, end)
        else:
            asked.append(Interval(whole.start, end))
    return Split(tuple(usable[day] for day in days if day in usable), tuple(asked))


class Route(StrEnum):
    """How stretches are asked for."""

    PAGES = "pages"
    JOB = "job"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a question may cost before somebody is asked whether it should."""

    requests: int = 200
    """Two thirds of what the platform allows in a minute."""
    job_from_pages: int = 50
    """From so many pages on a job is the better way, where everything asked for is settled."""
    per_minute: int = 300
    """Requests that the platform allows."""
    long_s: float = 600.0
    """The longest that an answer may take for somebody who goes on anyway."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What reading costs; for a job rather more than less."""

    requests: int
    seconds: float


def cost_of_pages(pages: int, per_minute: int) -> Cost:
    """Pages read side by side, as fast as the rate allows."""
    waiting = 60.0 * max(0, pages - per_minute) / per_minute
    return Cost(pages, max(pages * _PAGE_S / _SIDE_BY_SIDE, waiting))


def cost_of_job(pages: int, per_minute: int) -> Cost:
    """The same conversations by a job: its pages are larger, and come one after the other."""
    results = math.ceil(pages * RESULTS_PER_PAGE / RESULTS_PER_JOB_PAGE)
    requests = _JOB_CALLS + results
    return Cost(requests, JOB_S + results * _PAGE_S + cost_of_pages(requests, per_minute).seconds)


def route(pages: int, *, limits: Limits, seconds_left: float, settled: bool, anyway: bool = False) -> Route:
    """How to go on, once it is known how many pages there are.

    Args:
        pages: to be read, the first one included.
        limits: what a question may cost.
        seconds_left: until the answer's deadline.
        settled: a job would leave nothing out.
        anyway: the asker goes on whatever it costs.
    """
    by_pages, by_job = cost_of_pages(pages, limits.per_minute), cost_of_job(pages, limits.per_minute)

    def fits(cost: Cost) -> bool:
        return cost.seconds <= seconds_left and (anyway or cost.requests <= limits.requests)

    if settled and pages >= limits.job_from_pages and fits(by_job):
        return Route.JOB
    return Route.PAGES if pages <= PAGES_AT_MOST and fits(by_pages) else Route.REFUSED


@dataclass(frozen=True, slots=True)
class Sources:
    """Where an answer came from, for its coverage line."""

    kept: tuple[KeptDay, ...] = ()
    """Days of conversations from the archive."""
    pages: int = 0
    jobs: int = 0
    half_hours: tuple[KeptHalfHours, ...] = ()
    """Aggregates from the archive."""

    @property
    def moving_since(self) -> datetime | None:
        """When the oldest of what was kept and may still change was fetched; None: nothing kept may."""
        moving = [day.fetched_at for day in self.kept if not day.final]
        moving += [about.fetched_at for about in self.half_hours if not about.final]
        return min(moving, default=None)


def joined(parts: Iterable[Sources | None]) -> Sources | None:
    """Where the parts of an answer came from, together; None where no part tells."""
    known = [part for part in parts if part is not None]
    if not known:
        return None
    return Sources(
        kept=tuple(dict.fromkeys(day for part in known for day in part.kept)),
        pages=sum(part.pages for part in known),
        jobs=sum(part.jobs for part in known),
        half_hours=tuple(dict.fromkeys(about for part in known for about in part.half_hours)),
    )


_About = TypeVar("_About", KeptDay, KeptHalfHours)


def to_prefetch(
    kept: Mapping[date, KeptDay] | Mapping[date, KeptHalfHours],
    wanted: Iterable[date],
    *,
    now: datetime,
    since: datetime,
) -> tuple[date, ...]:
    """The days that a night's filling fetches, the newest first.

    Those wanted that are over, unless they are final or were fetched since the night began; and kept ones that
    would be final if they were fetched now, so that each is fetched for good once.

    Args:
        kept: what the archive has, by day.
        wanted: the days that the morning's questions need.
        now: the moment of looking.
        since: when this night's filling was due.
    """
    ripe = {day for day in kept if utc_day(day).end + FINAL_AFTER <= now}
    over = {day for day in wanted if utc_day(day).end <= now}
    fetched = {day for day, about in kept.items() if about.final or about.fetched_at >= since}
    return tuple(sorted((ripe | over) - fetched, reverse=True))
