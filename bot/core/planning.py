"""A query → the platform queries that answer it, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from bot.core.intervals import Granularity, Interval


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
    media: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    acd: bool = False
    by_queue: bool = False
    by_media: bool = False
    week_start: int = 0


@dataclass(frozen=True, slots=True)
class StatusAsk:
    """One question to the user aggregates."""

    windows: tuple[Interval, ...]
    buckets: tuple[Interval, ...]
    granularity: Granularity | None
    zone: ZoneInfo
    agent_ids: tuple[str, ...]
    week_start: int = 0
