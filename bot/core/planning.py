"""A query → the platform queries that answer it, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.core.intervals import Granularity, buckets, ceil_to_grid, floor_to_grid
from bot.core.query import Booking, Dimension, SelectorKind, Verb
from bot.core.sourcing import days_behind

if TYPE_CHECKING:
    from collections.abc import Collection
    from zoneinfo import ZoneInfo

    from bot.core.intervals import Interval
    from bot.core.query import Query

AGENTS_PER_REQUEST = 100
"""The platform's limit on user predicates in one query of the user aggregates; both sources are cut alike."""

_LONGEST_SPARK = timedelta(hours=27)
"""The longest day of the zone database; longer ranges are fetched in one bucket."""


@dataclass(frozen=True, slots=True)
class PostedAsk:
    """One question to the conversation aggregates."""

    windows: tuple[Interval, ...]
    """The range's pieces."""
    buckets: tuple[Interval, ...]
    """What durations are summed into; empty where the query has no granularity: all pieces are bucket 0."""
    granularity: Granularity | None
    zone: ZoneInfo
    agent_ids: tuple[str, ...] | None
    """None: every agent that the platform reports."""
    queue_ids: tuple[str, ...] = ()
    without_queue_ids: tuple[str, ...] = ()
    """Conversations of these queues are left out."""
    media: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    acd: bool = False
    by_queue: bool = False
    by_media: bool = False
    booking: Booking = Booking.POSTED
    week_start: int = 0
    to_now: bool = False
    """The range ends at the moment of asking: the last bucket is still running."""
    anyway: bool = False
    """By the clock: whatever it costs."""
    complete: bool = False
    """By the clock: conversations however long ago they began."""


@dataclass(frozen=True, slots=True)
class StatusAsk:
    """One question to the user aggregates."""

    windows: tuple[Interval, ...]
    buckets: tuple[Interval, ...]
    granularity: Granularity | None
    zone: ZoneInfo
    agent_ids: tuple[str, ...]
    week_start: int = 0
    to_now: bool = False
    """The range ends at the moment of asking: the last bucket is still running."""


@dataclass(frozen=True, slots=True)
class Grid:
    """What durations are asked by: the query's own buckets, or finer ones that add up to them."""

    granularity: Granularity | None
    buckets: tuple[Interval, ...]


def grid(query: Query, *, week_start: int = 0) -> Grid:
    """The grid to fetch a query by.

    A whole day in one bucket is fetched by half-hours: it costs the same requests, and each agent's line of
    half-hours can stand beside the sum.
    """
    span, zone = query.range, query.zone
    if span is None or zone is None:
        raise ValueError("a verb without a range has no grid")
    if query.granularity is not None:
        return Grid(query.granularity, query.buckets)
    half_hour = Granularity.HALF_HOUR
    whole = (
        len(span.windows) == 1
        and span.end - span.start <= _LONGEST_SPARK
        and query.status_divisible
        and query.group_by == (Dimension.AGENT,)
        and floor_to_grid(span.start, half_hour, zone) == span.start
        and (span.to_now or ceil_to_grid(span.end, half_hour, zone) == span.end)
    )
    if not whole:
        return Grid(None, ())
    return Grid(half_hour, buckets(span.windows, half_hour, zone, week_start=week_start))


def posted_ask(
    query: Query,
    *,
    agent_ids: Collection[str] | None,
    queue_ids: tuple[str, ...] = (),
    without_queue_ids: tuple[str, ...] = (),
    week_start: int = 0,
) -> PostedAsk:
    """The question to the conversation aggregates behind a query, its agents and queues resolved."""
    cut = grid(query, week_start=week_start)
    span, zone = query.range, query.zone
    if span is None or zone is None:
        raise ValueError("a verb without a range asks the platform nothing")
    return PostedAsk(
        windows=span.windows,
        buckets=cut.buckets,
        granularity=cut.granularity,
        zone=zone,
        agent_ids=None if agent_ids is None else tuple(sorted(agent_ids)),
        queue_ids=tuple(sorted(queue_ids)),
        without_queue_ids=tuple(sorted(without_queue_ids)),
        media=query.filters.media,
        directions=query.filters.directions,
        acd=query.filters.acd,
        by_queue=Dimension.QUEUE in query.group_by,
        by_media=Dimension.MEDIA in query.group_by,
        booking=query.booking,
        week_start=week_start,
        to_now=span.to_now,
        anyway=query.anyway,
        complete=query.complete,
    )


def status_ask(ask: PostedAsk, agent_ids: Collection[str]) -> StatusAsk:
    """The question to the user aggregates that goes with one to the conversation aggregates."""
    return StatusAsk(
        windows=ask.windows,
        buckets=ask.buckets,
        granularity=ask.granularity,
        zone=ask.zone,
        agent_ids=tuple(sorted(agent_ids)),
        week_start=ask.week_start,
        to_now=ask.to_now,
    )


_LOOKUPS = {
    SelectorKind.ME: "POST /api/v2/users/search",
    SelectorKind.MY_TEAM: "GET /api/v2/teams/{id}/members",
    SelectorKind.MENTION: "POST /api/v2/users/search",
    SelectorKind.EMAIL: "POST /api/v2/users/search",
    SelectorKind.AGENT: "GET /api/v2/users",
    SelectorKind.TEAM: "GET /api/v2/teams",
    SelectorKind.QUEUE: "GET /api/v2/routing/queues",
    SelectorKind.GROUP: "GET /api/v2/groups",
    SelectorKind.DIVISION: "GET /api/v2/authorization/divisions",
    SelectorKind.MANAGER: "POST /api/v2/users/search",
}


def plan_as_json(
    query: Query, *, week_start: int = 0, lookback_days: int = 2, budget: int | None = None
) -> dict[str, Any]:
    """The `plan` object of a dry run: each kind of call with its count, null where only the platform can tell.

    Names stay as typed: nothing is looked up, so a count that depends on how many agents there are is null,
    unless every agent was named one by one.

    Args:
        week_start: from Monday = 0.
        lookback_days: how much earlier than the range conversations may have begun.
        budget: requests that reading conversations may cost unasked.
    """
    if query.range is None:
        return {"source": None, "calls": [], "requests": 0, "days": None, "budget": None}
    persons = {SelectorKind.ME, SelectorKind.MENTION, SelectorKind.EMAIL, SelectorKind.AGENT}
    chosen = [s for s in query.filters.include if s.kind is not SelectorKind.QUEUE]
    known = len(chosen) if chosen and all(s.kind in persons for s in chosen) else None
    batches = None if known is None else -(-known // AGENTS_PER_REQUEST)
    calls: list[dict[str, Any]] = [
        {"call": call, "requests": None}
        for call in dict.fromkeys(_LOOKUPS[s.kind] for s in query.filters.include + query.filters.exclude)
    ]
    if not chosen:
        calls.append({"call": "GET /api/v2/routing/queues/{id}/members", "requests": None})
    days: dict[str, None] = {}
    for side in query.sides():
        cut = grid(side, week_start=week_start)
        calls += _analytics_calls(side, cut, batches, everybody=not chosen)
        if side.range is not None and _reads_conversations(side) and not side.complete:
            days |= dict.fromkeys(day.isoformat() for day in days_behind(side.range.windows, lookback_days))
    calls.append({"call": "GET /api/v2/users", "requests": None})
    counts = [call["requests"] for call in calls]
    return {
        "source": query.booking.value,
        "calls": calls,
        "requests": None if None in counts else sum(counts),
        "days": sorted(days) or None,
        "budget": budget if days and not query.anyway else None,
    }


def _reads_conversations(query: Query) -> bool:
    return query.booking is Booking.CLOCK or query.verb in {Verb.EXPLAIN, Verb.RECONCILE}


def _analytics_calls(query: Query, cut: Grid, batches: int | None, *, everybody: bool) -> list[dict[str, Any]]:
    """The calls for the figures of one time."""
    calls: list[dict[str, Any]] = []
    granularity = cut.granularity.value if cut.granularity else None
    if _reads_conversations(query):
        # How many pages there are, only the platform can tell, and which days are kept, only the database.
        if query.complete:
            calls.append({"call": "GET /api/v2/analytics/conversations/details/jobs/availability", "requests": 1})
            calls.append({"call": "POST /api/v2/analytics/conversations/details/jobs", "requests": None})
        else:
            calls.append({"call": "POST /api/v2/analytics/conversations/details/query", "requests": None})
    if query.booking is Booking.POSTED:
        calls.append(
            {
                "call": "POST /api/v2/analytics/conversations/aggregates/query",
                "granularity": granularity,
                "requests": 1 if everybody else batches,
            }
        )
    if query.verb is not Verb.EXPLAIN:
        calls.append(
            {"call": "POST /api/v2/analytics/users/aggregates/query", "granularity": granularity, "requests": batches}
        )
    return calls
