"""Facts from the platform, or from what is kept of it: both sources side by side, asked once for everybody."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from bot.core.answer import Notice
from bot.core.planning import status_ask
from bot.core.query import Booking, Dimension
from bot.core.sourcing import FINAL_AFTER
from bot.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.core.planning import PostedAsk, StatusAsk
    from bot.core.query import Query
    from bot.ports import ActivitySource, Facts, Operation
    from bot.services.cache import SharedCache
    from bot.services.clockwork import Clockwork
    from bot.services.halfhours import HalfHourArchive

_LIFE_FINAL_S = 12 * 3600.0
_LIFE_CLOSED_S = 15 * 60.0
_LIFE_OPEN_S = 60.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """Facts, and when they came from the platform; `fresh` where that was for this question."""

    facts: Facts
    at: datetime
    fresh: bool


T = TypeVar("T")

Posted = tuple[Fetched, SourceError | None]
"""Conversations, and the error where they could not be fetched: the facts are empty then."""


class Fetching:
    """Asks the platform for facts; thread-safe.

    Args:
        half_hours: aggregates of days that are over; None: the platform is always asked.
    """

    def __init__(
        self,
        *,
        activity: ActivitySource,
        clockwork: Clockwork,
        answers: SharedCache,
        clock: Callable[[], datetime],
        half_hours: HalfHourArchive | None = None,
    ) -> None:
        self._activity = activity
        self._half_hours = half_hours
        self._clockwork = clockwork
        self._answers = answers
        self._clock = clock
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="status")

    def close(self) -> None:
        """Stop the threads that fetch side by side."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def sides(
        self,
        sides: Sequence[tuple[Query, PostedAsk]],
        members: frozenset[str],
        without: frozenset[str],
        operation: Operation,
        *,
        fresh: bool,
    ) -> list[tuple[Fetched, Fetched | None]]:
        """Both sources of each time that is compared: whoever has conversations in one is asked about in all.

        An answer stands without the times compared with, whose figures are then missing; not without the first.
        """
        if len(sides) == 1:
            ((query, ask),) = sides
            return [self.both(query, ask, members, without, operation, fresh=fresh)]
        # Conversations by the clock are read one time after the other: each may be many pages, with one progress line.
        at_once = all(ask.booking is Booking.POSTED for _, ask in sides)
        read = self._each([partial(self.posted, ask, operation, fresh=fresh) for _, ask in sides], at_once=at_once)
        members = members.union(*(agent_ids_of(posted.facts) for posted, _ in read))

        def whole(place: int) -> tuple[Fetched, Fetched | None]:
            query, ask = sides[place]
            try:
                return self.both(query, ask, members, without, operation, fresh=fresh, read=read[place])
            except SourceError:
                if place == 0 or operation.cancelled.is_set():
                    raise
                return read[place][0], None

        return self._each([partial(whole, place) for place in range(len(sides))], at_once=True)

    def _each(self, jobs: Sequence[Callable[[], T]], *, at_once: bool) -> list[T]:
        """What each gives: the first in this thread, the others beside it or after it. They must not use the pool."""
        if not at_once:
            return [job() for job in jobs]
        later = [self._pool.submit(job) for job in jobs[1:]]
        return [jobs[0](), *(result.result() for result in later)]

    def both(
        self,
        query: Query,
        ask: PostedAsk,
        members: frozenset[str],
        without: frozenset[str],
        operation: Operation,
        *,
        fresh: bool,
        read: Posted | None = None,
    ) -> tuple[Fetched, Fetched | None]:
        """Both sources; one that fails is a shortfall, both failing is an error.

        Args:
            members: whose status is asked for beside those who have conversations, where everybody is asked about.
            without: whose isn't.
            read: the conversations, where they were fetched before.
        """
        wants_status = not {Dimension.QUEUE, Dimension.MEDIA} & set(query.group_by)
        status: Fetched | None = None
        status_error: SourceError | None = None
        if read is not None or ask.agent_ids is None or not wants_status:
            posted, posted_error = read or self.posted(ask, operation, fresh=fresh)
            everybody = (members | agent_ids_of(posted.facts)) - without
            ids = everybody if ask.agent_ids is None else frozenset(ask.agent_ids)
            if wants_status and not (posted_error and not ids):
                status, status_error = self.status(status_ask(ask, ids), operation, fresh=fresh)
        else:
            later = self._pool.submit(self.status, status_ask(ask, ask.agent_ids), operation, fresh=fresh)
            posted, posted_error = self.posted(ask, operation, fresh=fresh)
            status, status_error = later.result()
        if posted_error and (status is None or status_error or not query.status_divisible):
            raise posted_error
        return posted, status

    def posted(self, ask: PostedAsk, operation: Operation, *, fresh: bool) -> Posted:
        """Conversations in the booking asked for; what failed is a shortfall in empty facts, and the error."""
        if ask.agent_ids is not None and not ask.agent_ids:
            return Fetched(_nothing(ask), self._clock(), fresh=False), None

        try:
            if ask.booking is Booking.POSTED:
                return self.posted_sums(ask, operation, fresh=fresh), None
            by_clock = partial(self._clockwork.facts, ask, operation, fresh=fresh)
            return self.kept(ask, by_clock, operation, fresh=fresh), None
        except SourceError as error:
            return Fetched(_short(_nothing(ask), "posted", "Handle times", error), self._clock(), fresh=True), error

    def posted_sums(self, ask: PostedAsk, operation: Operation, *, fresh: bool) -> Fetched:
        """What was posted; from the archive where that may answer, unless it is to be fresh.

        Raises:
            SourceError: the platform didn't answer.
        """

        def read() -> Facts:
            return self._from_archive(ask, operation, fresh=fresh) or self._activity.posted(ask, operation)

        return self.kept(ask, read, operation, fresh=fresh)

    def _from_archive(self, ask: PostedAsk | StatusAsk, operation: Operation, *, fresh: bool) -> Facts | None:
        return None if fresh or self._half_hours is None else self._half_hours.answer(ask, operation)

    def status(self, ask: StatusAsk, operation: Operation, *, fresh: bool) -> tuple[Fetched, SourceError | None]:
        """Status time, likewise."""
        if not ask.agent_ids:
            return Fetched(_nothing_of_status(ask), self._clock(), fresh=False), None

        def read() -> Facts:
            return self._from_archive(ask, operation, fresh=fresh) or self._activity.status(ask, operation)

        try:
            return self.kept(ask, read, operation, fresh=fresh), None
        except SourceError as error:
            nothing = _short(_nothing_of_status(ask), "status", "Status times", error)
            return Fetched(nothing, self._clock(), fresh=True), error

    def kept(
        self, ask: PostedAsk | StatusAsk, load: Callable[[], Facts], operation: Operation, *, fresh: bool
    ) -> Fetched:
        """The facts from memory while they live, else from the platform, once for all who ask now."""

        def stamped() -> tuple[Facts, datetime]:
            facts = load()
            moving = facts.sources.moving_since if facts.sources else None
            return facts, moving or self._clock()

        if fresh:
            self._answers.drop(ask)
        kept = self._answers.get(
            ask, stamped, life_s=lambda loaded: self.life(ask, loaded[0]), wait_s=operation.remaining()
        )
        facts, at = kept.value
        return Fetched(facts, at, kept.fresh)

    def life(self, ask: PostedAsk | StatusAsk, facts: Facts | None = None) -> float:
        """How long facts are kept, in seconds: those of days that may still move not for long."""
        if facts is not None and facts.shortfalls:
            return 0.0
        end, now = ask.windows[-1].end, self._clock()
        if ask.to_now or end > now:
            return _LIFE_OPEN_S
        return _LIFE_FINAL_S if end <= now - FINAL_AFTER else _LIFE_CLOSED_S


def agent_ids_of(facts: Facts) -> set[str]:
    """Everybody about whom something was reported."""
    return set(facts.frame["agent_id"].unique())


def leave_out(facts: Facts, agent_ids: frozenset[str]) -> Facts:
    """The facts but for those of some agents."""
    if not agent_ids:
        return facts
    busy = facts.busy_of_agent_s
    return replace(
        facts,
        frame=facts.frame[~facts.frame["agent_id"].isin(agent_ids)],
        busy_of_agent_s=None if busy is None else {a: seconds for a, seconds in busy.items() if a not in agent_ids},
    )


def _nothing(ask: PostedAsk) -> Facts:
    if ask.booking is Booking.CLOCK:
        from bot.core.frames import Facts
        from bot.core.segments import clock_frame, segments_frame

        return Facts(clock_frame(segments_frame((), now=ask.windows[-1].end), ask.buckets or ask.windows))
    from bot.core.records import posted_facts

    return posted_facts((), ask)


def _nothing_of_status(ask: StatusAsk) -> Facts:
    from bot.core.records import status_facts

    return status_facts((), ask)


def _short(nothing: Facts, source: str, what: str, error: SourceError) -> Facts:
    from bot.core.frames import Shortfall

    hint = f" {error.hint}" if error.hint else ""
    notice = Notice(f"{source}_not_fetched", f"{what} could not be fetched: {error.message}{hint}")
    return replace(nothing, shortfalls=(Shortfall(source, None, notice),))
