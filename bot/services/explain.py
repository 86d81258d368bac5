"""The use case behind `explain`: one bucket of one agent's → what it is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.core.answer import TextAnswer
from bot.core.explaining import explain
from bot.core.frames import CLOCK_COLUMNS, POSTED_COLUMNS, STATUS_COLUMNS
from bot.core.intervals import Interval, buckets, floor_to_grid, local_date, local_day
from bot.core.planning import status_ask
from bot.core.query import Booking
from bot.core.rendering.explanations import Told, explanation_json, explanation_text, explanation_title
from bot.core.sessions import FURTHER_DAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    import pandas as pd

    from bot.core.explaining import Explanation
    from bot.core.planning import PostedAsk, StatusAsk
    from bot.core.query import Query
    from bot.core.sessions import Work
    from bot.errors import SourceError
    from bot.ports import ActivitySource, Agent, Operation
    from bot.services.cache import SharedCache
    from bot.services.clockwork import Clockwork
    from bot.services.fetching import Fetched


@dataclass(frozen=True, slots=True)
class Explainer:
    """Takes figures apart."""

    activity: ActivitySource
    clockwork: Clockwork
    answers: SharedCache
    clock: Callable[[], datetime]
    life_s: Callable[[PostedAsk], float]
    """How long what was read may be kept."""
    queue_names: Callable[[Operation], Mapping[str, str]]
    status: Callable[[StatusAsk, Operation], tuple[Fetched, SourceError | None]]
    """As a table has it; nothing and the error where the platform didn't answer."""

    def answer(self, query: Query, ask: PostedAsk, agent: Agent, operation: Operation) -> TextAnswer:
        """The explanation of the query's one bucket.

        Args:
            ask: for that agent and bucket.
        Raises:
            SourceError: the platform didn't answer.
        """
        (bucket,) = ask.windows
        work = self._work(ask, operation)
        found = explain(work, bucket, ask.booking)
        stated = _cut(work, bucket)
        if ask.booking is Booking.POSTED:
            stated = self._posted(ask, operation)
            if any(abs(stated[name] - (found.figures[name] or 0.0)) >= 0.001 for name in POSTED_COLUMNS):
                # Posted by a conversation begun before the look-back, which a table of posted figures never needs.
                work = self._work(ask, operation, lookback_days=FURTHER_DAYS)
                found = explain(work, bucket, ask.booking)
        status = self._status(query, ask, operation)  # asked for before the requests are counted
        queues = {share.session.queue_id for share in found.shares} - {""}
        told = Told(
            agent_id=agent.id,
            agent_name=agent.name,
            zone=ask.zone,
            stated={name: stated[name] for name in found.figures if name in stated},
            queue_names=self.queue_names(operation) if queues else {},
            requests=operation.requests,
            conversations=work.conversations,
            duplicates_removed=work.duplicates_removed,
            since=work.since,
            data_as_of=work.known_at or work.now,
            status=status,
        )
        return _told(query, found, told)

    def _work(self, ask: PostedAsk, operation: Operation, *, lookback_days: int | None = None) -> Work:
        """The agent's sessions of the bucket's day: looked for as the day's table does, so that both see the same."""
        (bucket,) = ask.windows
        day = local_day(local_date(bucket.start, ask.zone), ask.zone)
        now = self.clock().replace(second=0, microsecond=0)
        end = bucket.end if ask.to_now else max(bucket.end, min(day.end, now))
        whole = replace(ask, windows=(Interval(day.start, end),), buckets=(), granularity=None, booking=Booking.CLOCK)
        kept = self.answers.get(
            ("work", whole, lookback_days),
            lambda: self.clockwork.work(whole, operation, lookback_days=lookback_days),
            life_s=self.life_s(whole),
            wait_s=operation.remaining(),
        )
        return kept.value

    def _status(self, query: Query, ask: PostedAsk, operation: Operation) -> Mapping[str, float] | None:
        """The bucket's status time; None where it can't be had, or can't be parted as the question wants it."""
        if not query.status_divisible:
            return None
        (bucket,) = ask.windows
        whole = self._day_of_status(ask, bucket)
        fetched, error = self.status(status_ask(whole, ask.agent_ids or ()), operation)
        if error is not None:
            return None
        frame = fetched.facts.frame
        number = whole.buckets.index(bucket) if bucket in whole.buckets else 0
        return _sums(frame[frame["bucket"] == number], STATUS_COLUMNS)

    def _day_of_status(self, ask: PostedAsk, bucket: Interval) -> PostedAsk:
        """All buckets of the day, so that a look at the next one costs nothing; the one alone where it still runs."""
        if ask.to_now or ask.granularity is None:
            return ask
        day = local_day(local_date(bucket.start, ask.zone), ask.zone)
        end = min(day.end, floor_to_grid(self.clock(), ask.granularity, ask.zone))
        if not day.start < end:
            return ask
        cut = buckets((Interval(day.start, end),), ask.granularity, ask.zone)
        return replace(ask, windows=(Interval(day.start, end),), buckets=cut) if bucket in cut else ask

    def _posted(self, ask: PostedAsk, operation: Operation) -> Mapping[str, float]:
        """The bucket's figures as the platform's aggregates have them."""
        facts = self.activity.posted(replace(ask, granularity=None, buckets=()), operation)
        return _sums(facts.frame, POSTED_COLUMNS)


def _cut(work: Work, bucket: Interval) -> Mapping[str, float]:
    """The bucket's figures as the table has them: all segments cut at once."""
    from bot.core.segments import clock_frame, segments_frame

    until: datetime = min(bucket.end, work.now)
    segments = [segment for session in work.sessions for segment in session.segments]
    frame = clock_frame(segments_frame(segments, now=until), (bucket,))
    return _sums(frame, CLOCK_COLUMNS)


def _sums(frame: pd.DataFrame, columns: tuple[str, ...]) -> Mapping[str, float]:
    """Sums of durations, and the count as a whole number."""
    return {
        column: int(frame[column].sum()) if column == "handled" else round(float(frame[column].sum()), 3)
        for column in columns
    }


def _told(query: Query, found: Explanation, told: Told) -> TextAnswer:
    return TextAnswer(
        query,
        title=explanation_title(found, told),
        text=explanation_text(found, told),
        data={"explanation": explanation_json(found, told)},
    )
