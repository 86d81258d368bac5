"""`ActivitySource`: aggregates and status timelines as frames of durations, conversations as tables of work."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING

from bot.core.answer import Notice
from bot.core.frames import Shortfall
from bot.core.intervals import Granularity, Interval
from bot.core.planning import AGENTS_PER_REQUEST
from bot.core.records import (
    POSTED_METRICS,
    STATUS_METRICS,
    MisalignedBuckets,
    Record,
    candidate_granularities,
    posted_facts,
    status_facts,
)
from bot.core.segments import KINDS
from bot.core.statuses import StatusSpan, cut_statuses
from bot.edges.genesys.translation import REFUSED, translated
from bot.errors import SourceError
from bot.ports import Facts
from genesys_client import (
    ConversationAggregation,
    ConversationDetailsQuery,
    StatusAggregation,
    StatusDetailsQuery,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bot.core.planning import PostedAsk, StatusAsk
    from bot.core.worktable import WorkTable
    from bot.ports import Operation
    from genesys_client import (
        AggregateRecord,
        DetailColumns,
        GenesysClient,
        StatusTimeline,
    )


_SEGMENTS = (*KINDS, "alert")
"""Handle time, and the ringing before it, which `explain` and `reconcile` look for."""

_SIDE_BY_SIDE = 6
"""Batches of agents asked for at once: below the transport's own eight, so that other questions get through."""

_STATUS_LOOKBACK = timedelta(days=1)
"""A status that began before the range may be left out of an answer about the range alone."""


class GenesysActivity:
    """Durations from the platform's aggregates, and the conversations behind them."""

    def __init__(self, client: GenesysClient, *, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now

    def posted(self, ask: PostedAsk, operation: Operation) -> Facts:
        """Conversation metrics, asked with the coarsest granularity whose buckets fit into ours."""
        group_by = ("userId", *(("queueId",) if ask.by_queue or ask.without_queue_ids else ()))
        group_by += ("mediaType",) if ask.by_media else ()

        def records_of(agent_ids: tuple[str, ...] | None, granularity: str | None) -> list[AggregateRecord]:
            query = ConversationAggregation(
                windows=_windows(ask, granularity),
                metrics=POSTED_METRICS,
                granularity=granularity,
                time_zone=ask.zone.key,
                group_by=group_by,
                user_ids=agent_ids,
                queue_ids=ask.queue_ids,
                media_types=ask.media,
                directions=ask.directions,
                purposes=("agent",) if ask.acd else (),
            )
            return self._client.conversations.aggregates(query, operation)

        batches = _Batches(ask.agent_ids, records_of)

        def facts(records: Iterable[AggregateRecord]) -> Facts:
            left_out = frozenset(ask.without_queue_ids)
            kept = (r for r in records if r.group.get("queueId") not in left_out) if left_out else records
            return batches.with_shortfalls(
                posted_facts(_records(kept), ask, to_now=ask.to_now), "posted", "Handle times"
            )

        try:
            return _first_that_fits(ask, batches.fetch, facts, status=False)
        except MisalignedBuckets as error:
            raise SourceError(
                "Genesys cut the time at other moments than this zone's half-hours, so they can't be told apart.",
                hint="Ask without “by interval”, or in a zone whose offset is a multiple of thirty minutes.",
                code="misaligned_buckets",
            ) from error

    def conversations(
        self,
        ask: PostedAsk,
        operation: Operation,
        *,
        within: Interval,
        sized: Callable[[int], None] | None = None,
    ) -> WorkTable:
        """Work in the conversations that began on the UTC days of a stretch, page by page.

        The platform leaves out conversations in which nothing fits the question; of the others all sessions come back.
        """
        with translated():
            columns = self._client.conversations.columns(
                _details(ask, within), operation, kinds=_SEGMENTS, metrics=POSTED_METRICS, sized=sized
            )
        return _table(columns)

    def conversations_job(
        self, ask: PostedAsk, operation: Operation, *, within: Interval, overlapping: bool
    ) -> WorkTable:
        """The same, prepared by the platform in one go; with `overlapping` all that were open in the stretch."""
        with translated():
            columns = self._client.conversations.job_columns(
                _details(ask, within), operation, kinds=_SEGMENTS, metrics=POSTED_METRICS, overlapping=overlapping
            )
        return _table(columns)

    def available_until(self, operation: Operation) -> datetime | None:
        """Up to when a job leaves nothing out."""
        with translated():
            return self._client.conversations.available_until(operation)

    def status(self, ask: StatusAsk, operation: Operation) -> Facts:
        """Presence and routing-status time from the user aggregates.

        Agents are asked for by the hundred; where only some of these queries fail, it is the figures of their agents
        alone that are missing.
        """

        def records_of(agent_ids: tuple[str, ...] | None, granularity: str | None) -> list[AggregateRecord]:
            query = StatusAggregation(
                windows=_windows(ask, granularity),
                user_ids=agent_ids or (),
                metrics=STATUS_METRICS,
                granularity=granularity,
                time_zone=ask.zone.key,
            )
            return self._client.agents.status_aggregates(query, operation)

        batches = _Batches(ask.agent_ids, records_of)

        def facts(records: Iterable[AggregateRecord]) -> Facts:
            told = status_facts(_records(records), ask, to_now=ask.to_now)
            return batches.with_shortfalls(told, "status", "Status times")

        if ask.granularity is Granularity.QUARTER:  # the platform publishes user aggregates by the half-hour
            return self._status_from_timelines(ask, operation)
        try:
            return _first_that_fits(ask, batches.fetch, facts, status=True)
        except MisalignedBuckets:
            return self._status_from_timelines(ask, operation)
        except SourceError as error:
            # Below half-hours the platform may refuse: asked for only where its half-hours aren't ours.
            if error.code == REFUSED and ask.granularity is not None:
                return self._status_from_timelines(ask, operation)
            raise

    def _status_from_timelines(self, ask: StatusAsk, operation: Operation) -> Facts:
        """The same from each agent's own timeline, cut at our edges: more requests, any grid."""
        span = Interval(ask.windows[0].start, ask.windows[-1].end)
        query = StatusDetailsQuery(start=span.start - _STATUS_LOOKBACK, end=span.end, user_ids=ask.agent_ids)
        with translated():
            timelines = self._client.agents.status_details(query, operation)
        cut = cut_statuses(_spans(timelines), ask.buckets or ask.windows, min(span.end, self._now()))
        return status_facts(cut, ask, to_now=ask.to_now)


class _Batches:
    """Agents asked for by the hundred, side by side: a batch that fails takes its own agents' figures along alone.

    Args:
        agent_ids: None: everybody, in one question.
    """

    def __init__(
        self,
        agent_ids: tuple[str, ...] | None,
        records_of: Callable[[tuple[str, ...] | None, str | None], list[AggregateRecord]],
    ) -> None:
        self._batches: list[tuple[str, ...] | None] = [None]
        if agent_ids is not None:
            self._batches = [
                agent_ids[i : i + AGENTS_PER_REQUEST] for i in range(0, len(agent_ids), AGENTS_PER_REQUEST)
            ]
        self._records_of = records_of
        self._failed: dict[tuple[str, ...] | None, SourceError] = {}

    def fetch(self, granularity: str | None) -> Iterator[AggregateRecord]:
        """What the batches brought.

        Raises:
            SourceError: all of them failed: that of the first.
        """
        self._failed.clear()

        def one(batch: tuple[str, ...] | None) -> list[AggregateRecord]:
            try:
                with translated():
                    return self._records_of(batch, granularity)
            except SourceError as error:
                self._failed[batch] = error
                return []

        if len(self._batches) == 1:
            found = [one(self._batches[0])]
        else:
            with ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="aggregates") as pool:
                found = [*pool.map(one, self._batches)]
        if self._failed and len(self._failed) == len(self._batches):
            raise self._failed[self._batches[0]]
        return (record for records in found for record in records)

    def with_shortfalls(self, facts: Facts, source: str, what: str) -> Facts:
        """The facts, with whom the failed batches leave without figures."""
        failed = [(batch, error) for batch, error in self._failed.items() if batch is not None]
        return replace(
            facts, shortfalls=tuple(_shortfall(source, what, *pair) for pair in sorted(failed, key=itemgetter(0)))
        )


def _shortfall(source: str, what: str, agent_ids: tuple[str, ...], error: SourceError) -> Shortfall:
    hint = f" {error.hint}" if error.hint else ""
    message = f"{what} of {len(agent_ids)} agents could not be fetched: {error.message}{hint}"
    return Shortfall(source, frozenset(agent_ids), Notice(f"{source}_not_fetched", message))


def _windows(ask: PostedAsk | StatusAsk, granularity: str | None) -> tuple[tuple[datetime, datetime], ...]:
    """The pieces themselves, or with a granularity one span over all: buckets in the holes are left out later."""
    if granularity is None:
        return tuple((window.start, window.end) for window in ask.windows)
    return ((ask.windows[0].start, ask.windows[-1].end),)


def _first_that_fits(
    ask: PostedAsk | StatusAsk,
    fetch: Callable[[str | None], Iterable[AggregateRecord]],
    facts: Callable[[Iterable[AggregateRecord]], Facts],
    *,
    status: bool,
) -> Facts:
    """Ask with one granularity after the other until the platform's buckets lie within ours.

    Raises:
        MisalignedBuckets: none of them does.
    """
    misaligned: MisalignedBuckets | None = None
    candidates = candidate_granularities(
        ask.granularity, ask.windows, ask.zone, status=status, week_start=ask.week_start, to_now=ask.to_now
    )
    for granularity in candidates:
        with translated():
            records = list(fetch(granularity))
        try:
            return facts(records)
        except MisalignedBuckets as error:
            misaligned = error
    if misaligned is None:
        raise ValueError("there is always a granularity to ask with")
    raise misaligned


def _details(ask: PostedAsk, within: Interval) -> ConversationDetailsQuery:
    return ConversationDetailsQuery(
        start=within.start,
        end=within.end,
        user_ids=ask.agent_ids or (),
        queue_ids=ask.queue_ids,
        media_types=ask.media,
        directions=ask.directions,
    )


def _table(columns: DetailColumns) -> WorkTable:
    from bot.core.worktable import WorkTable, check_table

    return check_table(WorkTable(**{field.name: getattr(columns, field.name) for field in fields(WorkTable)}))


def _spans(timelines: Iterable[StatusTimeline]) -> Iterator[StatusSpan]:
    presence, routing = STATUS_METRICS
    for timeline in timelines:
        for metric, spans in ((presence, timeline.presence), (routing, timeline.routing)):
            for span in spans:
                yield StatusSpan(timeline.user_id, metric, span.status, span.start, span.end)


def _records(records: Iterable[AggregateRecord]) -> Iterator[Record]:
    for record in records:
        group = record.group
        yield Record(
            agent_id=group.get("userId"),
            queue_id=group.get("queueId"),
            media=group.get("mediaType"),
            start=record.start,
            end=record.end,
            metric=record.metric,
            qualifier=record.qualifier,
            sum_ms=record.sum_ms,
            events=record.count,
        )
