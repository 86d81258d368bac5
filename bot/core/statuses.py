"""Status timelines cut at the edges of buckets, where the platform's own aggregates don't fit."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from bot.core.intervals import Interval


@dataclass(frozen=True, slots=True)
class StatusSpan:
    """One status of one agent; `metric` and `qualifier` as the platform's aggregates spell them."""

    agent_id: str
    metric: str
    qualifier: str
    start: datetime
    end: datetime | None
    """None: still running."""


def cut_statuses(spans: Iterable[StatusSpan], buckets: Sequence[Interval], now: datetime) -> Iterator[Record]:
    """Each span's time in each bucket, as the records that the aggregates would give.

    Args:
        spans: in any order; one that runs still is cut at `now`.
        buckets: disjoint, in order of time; holes between them are left out.
    """
    starts = [bucket.start for bucket in buckets]
    for span in spans:
        end = now if span.end is None else span.end
        index = max(0, bisect_right(starts, span.start) - 1)
        while index < len(buckets) and buckets[index].start < end:
            bucket = buckets[index]
            inside = min(end, bucket.end) - max(span.start, bucket.start)
            if inside.total_seconds() > 0:
                yield Record(
                    agent_id=span.agent_id,
                    queue_id=None,
                    media=None,
                    start=bucket.start,
                    end=bucket.end,
                    metric=span.metric,
                    qualifier=span.qualifier,
                    sum_ms=inside.total_seconds() * 1000,
                )
            index += 1
