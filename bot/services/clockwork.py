"""Work by the clock: the conversations behind a question, from wherever they come cheapest → facts, or sessions.

A question is a row of UTC days on which conversations may have begun. Days that the archive may answer for come from
there; the rest is asked for in pages. Once the first page has said how many there are, a job may turn out to be the
better way, or the question too dear to go on with unasked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.core.answer import Notice
from bot.core.intervals import Interval
from bot.core.planning import PostedAsk
from bot.core.sessions import Work
from bot.core.sourcing import (
    Limits,
    Route,
    Sources,
    cost_of_pages,
    days_behind,
    is_worth_keeping,
    route,
    split,
    utc_day,
)
from bot.core.zones import load_zone
from bot.errors import OverBudgetError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from bot.core.frames import Facts
    from bot.core.sourcing import KeptDay, Split
    from bot.core.worktable import WorkTable
    from bot.ports import ActivitySource, Operation
    from bot.services.archive import Archive

SLOW = "platform_slow"
_OVER = frozenset({"cancelled", SLOW})
"""Codes of failures after which there is no time left to ask in another way."""

_BACKGROUND_SHARE = 0.7
"""Of the rate, for what nobody waits for."""
_WORTH_A_WORD_S = 8.0


class _ByJob(Exception):
    """Ends the reading of pages: a job is the better way."""


@dataclass(frozen=True, slots=True)
class Found:
    """Conversations of a question, narrowed to what was asked, and how they were found."""

    table: WorkTable
    conversations: int
    since: datetime | None
    """Conversations begun before that were not looked for; None: all were."""
    sources: Sources
    notices: tuple[Notice, ...] = ()


@dataclass(slots=True)
class _Reading:
    """What the platform has been asked so far for one question."""

    ask: PostedAsk
    operation: Operation
    limits: Limits
    pages: int = 0
    jobs: int = 0
    available_until: datetime | None = None
    asked_availability: bool = False


class Clockwork:
    """Answers questions by the clock; thread-safe.

    Args:
        clock: the moment.
        lookback_days: how much earlier than the range conversations may have begun.
        archive: None: every question asks the platform.
        fresh_for: how long an archived day that isn't final may answer.
    """

    def __init__(
        self,
        activity: ActivitySource,
        *,
        clock: Callable[[], datetime],
        lookback_days: int = 2,
        limits: Limits | None = None,
        archive: Archive | None = None,
        fresh_for: timedelta = timedelta(hours=12),
    ) -> None:
        self._activity = activity
        self._clock = clock
        self._lookback_days = lookback_days
        self._limits = limits or Limits()
        self._archive = archive
        self._fresh_for = fresh_for

    def facts(self, ask: PostedAsk, operation: Operation, *, fresh: bool = False) -> Facts:
        """The work as it happened: segments cut at the buckets' edges.

        Args:
            fresh: no archived day that may still change is used.
        Raises:
            SourceError: the platform didn't answer.
            OverBudgetError: it would cost more than the asker has agreed to.
        """
        from bot.core.frames import Facts
        from bot.core.segments import busy_of_agents, clock_frame, in_one_bucket

        try:
            found = self._found(ask, operation, self._lookback_days, fresh=fresh)
        except SourceError as error:
            if error.code != SLOW or ask.anyway or ask.complete:
                raise
            hint = "The same question with `anyway` has minutes; a shorter range or fewer agents answers faster."
            raise SourceError(error.message, hint=hint, code=SLOW, reference=error.reference) from error
        segments = found.table.segments(min(ask.windows[-1].end, self._clock()))
        buckets = ask.buckets or ask.windows
        cut = clock_frame(segments, buckets, by_queue=ask.by_queue, by_media=ask.by_media)
        if not ask.buckets and len(ask.windows) > 1:
            cut = in_one_bucket(cut)
        return Facts(
            cut,
            notices=found.notices,
            conversations=found.conversations,
            duplicates_removed=found.table.duplicates,
            busy_of_agent_s=busy_of_agents(segments, buckets) if ask.by_queue or ask.by_media else None,
            accounted_s=found.table.accounted(ask.windows),
            conversations_since=found.since,
            sources=found.sources,
        )

    def work(self, ask: PostedAsk, operation: Operation, *, lookback_days: int | None = None) -> Work:
        """The sessions behind it, uncut: segments, ringing, and what each posted.

        Args:
            lookback_days: how much earlier conversations may have begun; None: as for figures.
        Raises:
            SourceError, OverBudgetError: as `facts` does.
        """
        back = self._lookback_days if lookback_days is None else lookback_days
        found = self._found(replace(ask, complete=False), operation, back, fresh=False)
        return Work(
            sessions=found.table.sessions(),
            now=self._clock(),
            conversations=found.conversations,
            duplicates_removed=found.table.duplicates,
            since=_midnight(ask, back),
            known_at=found.sources.moving_since,
        )

    def fetch_day(self, day: date, operation: Operation) -> bool:
        """Read all conversations that began on a UTC day that is over, for the archive; whether they were kept.

        Raises:
            SourceError: the platform didn't answer.
            OverBudgetError: there are more than can be read before the operation's deadline.
        """
        if self._archive is None or not self._archive.ready(operation):
            return False
        whole, started = utc_day(day), self._clock()
        everything = PostedAsk((whole,), (), None, load_zone("UTC"), None, anyway=True)
        reading = self._reading(everything, operation)
        table = self._asked(reading, whole)
        return self._archive.keep(table, (day,), fetched_at=started) == 1

    # -- where they come from -----------------------------------------------------------------------------

    def _found(self, ask: PostedAsk, operation: Operation, lookback_days: int, *, fresh: bool) -> Found:
        from bot.core.worktable import empty_table

        since = _midnight(ask, lookback_days)
        if ask.agent_ids is not None and not ask.agent_ids:  # without a filter the platform would send everybody's
            return Found(empty_table(), 0, since, Sources())
        notices: tuple[Notice, ...] = ()
        if ask.complete:
            whole, notices = self._complete(ask, operation)
            if whole is not None:
                return whole
        return replace(self._by_days(ask, operation, lookback_days, since, fresh=fresh), notices=notices)

    def _by_days(
        self, ask: PostedAsk, operation: Operation, lookback_days: int, since: datetime, *, fresh: bool
    ) -> Found:
        from bot.core.worktable import merged

        days = days_behind(ask.windows, lookback_days)
        kept, parts, known = self._from_archive(ask, days, operation, fresh=fresh)
        reading = self._reading(ask, operation)
        tables = [table for _, table in kept]
        conversations = sum(_read_of(table, ask) for table in tables)
        for stretch in parts.asked:
            started = self._clock()
            table = self._asked(reading, stretch)
            conversations += table.conversations
            if self._archive is not None and not _is_filtered(ask):
                worth = [
                    day
                    for day in _whole_days(stretch)
                    if fresh or is_worth_keeping(day, known.get(day), fetched_at=started)
                ]
                self._archive.keep(table, worth, fetched_at=started)
            tables.append(table.narrowed(ask))
        together = merged(tables)
        sources = Sources(tuple(about for about, _ in kept), reading.pages, reading.jobs)
        # What was met in two stretches counts once.
        again = together.duplicates - sum(table.duplicates for table in tables)
        return Found(together, conversations - again, since, sources)

    def _from_archive(
        self, ask: PostedAsk, days: Sequence[date], operation: Operation, *, fresh: bool
    ) -> tuple[list[tuple[KeptDay, WorkTable]], Split, Mapping[date, KeptDay]]:
        """(the kept days that may answer, narrowed to the question; what is left to be asked; all kept days)"""
        archive, until, now = self._archive, ask.windows[-1].end, self._clock()
        fresh_for = timedelta(0) if fresh else self._fresh_for
        known = archive.known(days, operation) if archive is not None else {}

        def parted() -> Split:
            whole = archive is not None and not _is_filtered(ask)
            return split(days, known, until=until, now=now, fresh_for=fresh_for, whole_days=whole)

        parts, tables = parted(), []
        for about in parts.kept:
            found = archive.read(about.day) if archive is not None else None
            # Another process may have replaced it meanwhile: what was read decides.
            if found is None or not found[0].answers(until=until, now=now, fresh_for=fresh_for):
                del known[about.day]
                continue
            known[about.day] = found[0]
            tables.append((found[0], found[1].narrowed(ask)))
        return tables, parted(), known

    def _reading(self, ask: PostedAsk, operation: Operation) -> _Reading:
        limits = self._limits
        if operation.background:
            limits = replace(limits, per_minute=max(1, int(limits.per_minute * _BACKGROUND_SHARE)))
        return _Reading(ask, operation, limits)

    # -- asking the platform ------------------------------------------------------------------------------

    def _asked(self, reading: _Reading, stretch: Interval) -> WorkTable:
        """All conversations that began on the days of a stretch: by pages, or by a job where that is better."""
        told = 1

        def sized(pages: int) -> None:
            nonlocal told
            told = max(told, pages)
            self._decide(reading, reading.pages + pages, stretch)

        try:
            table = self._activity.conversations(reading.ask, reading.operation, within=stretch, sized=sized)
        except _ByJob:
            reading.pages += 1
            return self._by_job(reading, stretch, told)
        reading.pages += told
        return table

    def _decide(self, reading: _Reading, pages: int, stretch: Interval) -> None:
        """Whether to go on reading pages, by what there are; what ends it is raised."""
        limits, operation, ask = reading.limits, reading.operation, reading.ask
        settled = pages >= limits.job_from_pages and self._is_settled(reading, stretch.end)
        left = operation.remaining()
        chosen = route(pages, limits=limits, seconds_left=left, settled=settled, anyway=ask.anyway)
        if chosen is Route.JOB:
            operation.tell(
                f"About {pages * 100:,} conversations: Genesys is asked to prepare them, which takes a minute."
            )
            raise _ByJob
        if chosen is Route.REFUSED:
            raise _over_budget(pages, limits, settled=settled, anyway=ask.anyway)
        cost = cost_of_pages(pages, limits.per_minute)
        if cost.seconds >= _WORTH_A_WORD_S:
            operation.tell(f"About {pages * 100:,} conversations to read: {_duration(cost.seconds)}.")

    def _by_job(self, reading: _Reading, stretch: Interval, pages: int) -> WorkTable:
        """The same by a job; where it fails, by pages after all if they aren't too dear."""
        try:
            table = self._activity.conversations_job(reading.ask, reading.operation, within=stretch, overlapping=False)
        except SourceError as error:
            affordable = route(
                reading.pages + pages,
                limits=reading.limits,
                seconds_left=reading.operation.remaining(),
                settled=False,
                anyway=reading.ask.anyway,
            )
            if error.code in _OVER or affordable is not Route.PAGES:
                raise
            reading.pages += pages
            return self._activity.conversations(reading.ask, reading.operation, within=stretch)
        reading.jobs += 1
        return table

    def _complete(self, ask: PostedAsk, operation: Operation) -> tuple[Found | None, tuple[Notice, ...]]:
        """All conversations that were open in the range, however long ago they began; None and the reason, if not."""
        reading = self._reading(ask, operation)
        whole = Interval(ask.windows[0].start, ask.windows[-1].end)
        if not self._is_settled(reading, whole.end):
            until = reading.available_until
            ready = f"up to {until:%Y-%m-%d %H:%M} (UTC)" if until else "up to an unknown moment"
            message = (
                f"Genesys has prepared conversations {ready} only, which isn't the whole range: they were asked for "
                "page by page, and those begun before the look-back are not in it. Ask again later for all."
            )
            return None, (Notice("not_settled", message),)
        operation.tell("Genesys is asked to prepare the conversations, which takes a minute.")
        try:
            table = self._activity.conversations_job(ask, operation, within=whole, overlapping=True)
        except SourceError as error:
            if error.code in _OVER:
                raise
            message = (
                f"{error.message} Conversations were asked for page by page instead; those begun before the look-back "
                "are not in it."
            )
            return None, (Notice("job_failed", message),)
        return Found(table.narrowed(ask), table.conversations, None, Sources(jobs=1)), ()

    def _is_settled(self, reading: _Reading, end: datetime) -> bool:
        """Whether a job leaves nothing out up to then; the platform is asked once for each question."""
        if not reading.asked_availability:
            reading.asked_availability = True
            try:
                reading.available_until = self._activity.available_until(reading.operation)
            except SourceError:
                reading.available_until = None
        return reading.available_until is not None and reading.available_until >= end


def _over_budget(pages: int, limits: Limits, *, settled: bool, anyway: bool) -> OverBudgetError:
    cost = cost_of_pages(pages, limits.per_minute)
    later = route(pages, limits=limits, seconds_left=limits.long_s, settled=settled, anyway=True)
    possible = not anyway and later is not Route.REFUSED
    message = f"That takes about {pages:,} requests to Genesys and {_duration(cost.seconds)}"
    if not possible:
        message += ", which is more than can be done in one go."
    elif pages > limits.requests:
        message += f": more than the {limits.requests:,} requests that a question may use."
    else:
        message += ": more time than an answer may take."
    return OverBudgetError(message, possible=possible)


def _duration(seconds: float) -> str:
    return f"{max(2, round(seconds))} seconds" if seconds < 90 else f"{max(2, round(seconds / 60))} minutes"


def _is_filtered(ask: PostedAsk) -> bool:
    """Whether the platform sends some of the conversations only."""
    return bool(ask.agent_ids is not None or ask.queue_ids or ask.media or ask.directions)


def _read_of(table: WorkTable, ask: PostedAsk) -> int:
    """How many of a kept day's conversations the platform would have sent."""
    return table.conversations_with_work if _is_filtered(ask) else table.conversations


def _whole_days(stretch: Interval) -> Iterable[date]:
    days = days_behind((stretch,), 0)
    return (day for day in days if utc_day(day).end <= stretch.end)


def _midnight(ask: PostedAsk, lookback_days: int) -> datetime:
    return utc_day(days_behind(ask.windows, lookback_days)[0]).start
