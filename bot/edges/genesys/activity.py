"""`ActivitySource`: durations from aggregates, segments and status timelines, as the core's frames."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
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
from bot.core.segments import (
    KINDS,
    Segment,
    busy_of_agents,
    clock_frame,
    in_one_bucket,
    milliseconds,
    segments_frame,
)
from bot.core.sessions import Post, Work, WorkSession, accounted_for
from bot.core.statuses import StatusSpan, cut_statuses
from bot.edges.genesys.translation import REFUSED, translated
from bot.errors import SourceError
from bot.ports import Facts
from genesys_client import (
    ConversationAggregation,
    ConversationDetailsQuery,
    ConversationSet,
    StatusAggregation,
    StatusDetailsQuery,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bot.core.planning import PostedAsk, StatusAsk
    from bot.ports import Operation
    from genesys_client import (
        AggregateRecord,
        Conversation,
        GenesysClient,
        Session,
        StatusTimeline,
    )
    from genesys_client import Segment as WireSegment


_SIDE_BY_SIDE = 6
"""Queries of status asked at once: below the transport's own eight, so that other questions get through."""

_STATUS_LOOKBACK = timedelta(days=1)
"""A status that began before the range may be left out of an answer about the range alone."""


class GenesysActivity:
    """Durations from the platform's aggregates."""

    def __init__(self, client: GenesysClient, *, now: Callable[[], datetime], lookback_days: int = 2) -> None:
        self._client = client
        self._now = now
        self._lookback_days = lookback_days

    def posted(self, ask: PostedAsk, operation: Operation) -> Facts:
        """Conversation metrics, asked with the coarsest granularity whose buckets fit into ours."""
        group_by = ("userId", *(("queueId",) if ask.by_queue or ask.without_queue_ids else ()))
        group_by += ("mediaType",) if ask.by_media else ()

        def fetch(granularity: str | None) -> Iterable[AggregateRecord]:
            return self._client.conversations.aggregates(
                ConversationAggregation(
                    windows=_windows(ask, granularity),
                    metrics=POSTED_METRICS,
                    granularity=granularity,
                    time_zone=ask.zone.key,
                    group_by=group_by,
                    user_ids=ask.agent_ids,
                    queue_ids=ask.queue_ids,
                    media_types=ask.media,
                    directions=ask.directions,
                    purposes=("agent",) if ask.acd else (),
                ),
                operation,
            )

        def facts(records: Iterable[AggregateRecord]) -> Facts:
            left_out = frozenset(ask.without_queue_ids)
            kept = (r for r in records if r.group.get("queueId") not in left_out) if left_out else records
            return posted_facts(_records(kept), ask, to_now=ask.to_now)

        try:
            return _first_that_fits(ask, fetch, facts, status=False)
        except MisalignedBuckets as error:
            raise SourceError(
                "Genesys cut the time at other moments than this zone's half-hours, so they can't be told apart.",
                hint="Ask without “by interval”, or in a zone whose offset is a multiple of thirty minutes.",
                code="misaligned_buckets",
            ) from error

    def clock(self, ask: PostedAsk, operation: Operation) -> Facts:
        """The same work as it happened, from the segments of each conversation.

        The platform finds conversations by the UTC day on which they started, so those begun before the look-back
        are missing; the facts say since when they are known, and how much of the posted time they account for.
        """
        found, since = self._conversations(ask, operation)
        parts = [*_parts(found.conversations, ask)]
        frame = segments_frame(_segments(parts), now=min(ask.windows[-1].end, self._now()))
        buckets = ask.buckets or ask.windows
        cut = clock_frame(frame, buckets, by_queue=ask.by_queue, by_media=ask.by_media)
        if not ask.buckets and len(ask.windows) > 1:
            cut = in_one_bucket(cut)
        return Facts(
            cut,
            conversations=len(found.conversations),
            duplicates_removed=found.duplicates,
            busy_of_agent_s=busy_of_agents(frame, buckets) if ask.by_queue or ask.by_media else None,
            accounted_s=accounted_for(_sessions(parts), ask.windows),
            conversations_since=since,
        )

    def work(self, ask: PostedAsk, operation: Operation, *, lookback_days: int | None = None) -> Work:
        """The sessions themselves, with their segments and the metrics that they posted, uncut."""
        found, since = self._conversations(ask, operation, lookback_days)
        return Work(
            sessions=tuple(_sessions(_parts(found.conversations, ask, ringing=True))),
            now=self._now(),
            conversations=len(found.conversations),
            duplicates_removed=found.duplicates,
            since=since,
        )

    def _conversations(
        self, ask: PostedAsk, operation: Operation, lookback_days: int | None = None
    ) -> tuple[ConversationSet, datetime]:
        """Conversations that may hold work of the range, and the midnight since which they began."""
        start, end = ask.windows[0].start, ask.windows[-1].end
        back = self._lookback_days if lookback_days is None else lookback_days
        query = ConversationDetailsQuery(
            start=start,
            end=end,
            user_ids=ask.agent_ids or (),
            queue_ids=ask.queue_ids,
            media_types=ask.media,
            directions=ask.directions,
            lookback_days=back,
        )
        nobody = ask.agent_ids is not None and not ask.agent_ids  # without a filter the platform would send all
        with translated():
            found = ConversationSet((), 0, 0) if nobody else self._client.conversations.details(query, operation)
        began = start.astimezone(UTC) - timedelta(days=back)
        return found, began.replace(hour=0, minute=0, second=0, microsecond=0)

    def status(self, ask: StatusAsk, operation: Operation) -> Facts:
        """Presence and routing-status time from the user aggregates.

        Agents are asked for by the hundred; where only some of these queries fail, it is the figures of their agents
        alone that are missing.
        """
        failed: dict[tuple[str, ...], SourceError] = {}

        def records_of(agent_ids: tuple[str, ...], granularity: str | None) -> list[AggregateRecord]:
            query = StatusAggregation(
                windows=_windows(ask, granularity),
                user_ids=agent_ids,
                metrics=STATUS_METRICS,
                granularity=granularity,
                time_zone=ask.zone.key,
            )
            try:
                with translated():
                    return self._client.agents.status_aggregates(query, operation)
            except SourceError as error:
                failed[agent_ids] = error
                return []

        def fetch(granularity: str | None) -> Iterable[AggregateRecord]:
            failed.clear()
            batches = [
                ask.agent_ids[i : i + AGENTS_PER_REQUEST] for i in range(0, len(ask.agent_ids), AGENTS_PER_REQUEST)
            ]
            with ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="status") as pool:
                found = [*pool.map(lambda batch: records_of(batch, granularity), batches)]
            if failed and len(failed) == len(batches):
                raise failed[batches[0]]
            return (record for records in found for record in records)

        def facts(records: Iterable[AggregateRecord]) -> Facts:
            told = status_facts(_records(records), ask, to_now=ask.to_now)
            return replace(told, shortfalls=tuple(_shortfall(agent_ids, e) for agent_ids, e in sorted(failed.items())))

        if ask.granularity is Granularity.QUARTER:  # the platform publishes user aggregates by the half-hour
            return self._status_from_timelines(ask, operation)
        try:
            return _first_that_fits(ask, fetch, facts, status=True)
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


def _shortfall(agent_ids: tuple[str, ...], error: SourceError) -> Shortfall:
    hint = f" {error.hint}" if error.hint else ""
    message = f"Status times of {len(agent_ids)} agents could not be fetched: {error.message}{hint}"
    return Shortfall("status", frozenset(agent_ids), Notice("status_not_fetched", message))


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


@dataclass(frozen=True, slots=True)
class _Part:
    """One session of an agent's, and those of its segments that are work and were asked for."""

    conversation_id: str
    agent_id: str
    purpose: str
    session_id: str
    session: Session
    pieces: tuple[WireSegment, ...]
    alerts: tuple[WireSegment, ...]


def _parts(conversations: Iterable[Conversation], ask: PostedAsk, *, ringing: bool = False) -> Iterator[_Part]:
    """The work of the agents asked for, conversation by conversation; all participants of a hit come back.

    Args:
        ringing: with alerts, and so with sessions that were never answered.
    """
    wanted, kinds = (None if ask.agent_ids is None else frozenset(ask.agent_ids)), frozenset(KINDS)
    queues, left_out = frozenset(ask.queue_ids), frozenset(ask.without_queue_ids)
    for conversation in conversations:
        for participant in conversation.participants or ():
            agent_id = participant.user_id
            if not agent_id or (wanted is not None and agent_id not in wanted):
                continue
            if ask.acd and participant.purpose != "agent":
                continue
            for number, session in enumerate(participant.sessions or ()):
                if ask.media and session.media_type not in ask.media:
                    continue
                if ask.directions and session.direction not in ask.directions:
                    continue
                pieces = tuple(
                    piece
                    for piece in session.segments or ()
                    if piece.type in kinds
                    and piece.start is not None
                    and (not queues or piece.queue_id in queues)
                    and piece.queue_id not in left_out
                )
                alerts = tuple(p for p in session.segments or () if ringing and p.type == "alert")
                if pieces or alerts:
                    session_id = session.id or f"{conversation.id}/{participant.id}/{number}"
                    yield _Part(
                        conversation.id, agent_id, participant.purpose or "", session_id, session, pieces, alerts
                    )


def _segments(parts: Iterable[_Part]) -> Iterator[Segment]:
    return (segment for part in parts for segment in _of_part(part, part.pieces))


def _of_part(part: _Part, pieces: Iterable[WireSegment]) -> Iterator[Segment]:
    for piece in pieces:
        if piece.start is not None:
            yield Segment(
                agent_id=part.agent_id,
                session_id=part.session_id,
                media=part.session.media_type or "",
                queue_id=piece.queue_id or "",
                kind=piece.type,
                start_ms=milliseconds(piece.start),
                end_ms=None if piece.end is None else milliseconds(piece.end),
            )


def _sessions(parts: Iterable[_Part]) -> Iterator[WorkSession]:
    for part in parts:
        yield WorkSession(
            conversation_id=part.conversation_id,
            session_id=part.session_id,
            agent_id=part.agent_id,
            purpose=part.purpose,
            media=part.session.media_type or "",
            direction=part.session.direction or "",
            segments=tuple(_of_part(part, part.pieces)),
            alerts=tuple(_of_part(part, part.alerts)),
            posts=tuple(
                Post(metric.name, round(metric.value), milliseconds(metric.emitted))
                for metric in part.session.metrics or ()
                if metric.name in POSTED_METRICS and metric.value is not None and metric.emitted is not None
            ),
        )


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
