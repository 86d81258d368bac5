"""Aggregate answers, of conversations and of agents' status alike → flat records.

The query is asked in parts (time windows × batches of agents) side by side. A part whose answer is too large
is halved, by agents first and then by time, until it fits or can't be halved.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from genesys_client import windows
from genesys_client.api import decode
from genesys_client.errors import OversizedPayloadError, PayloadError, ResponseTooLargeError
from genesys_client.filters import Dimensions, and_filter
from genesys_client.models import AggregateRecord
from genesys_client.parallel import side_by_side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genesys_client.api import Api
    from genesys_client.operation import Operation
    from genesys_client.windows import Window


@dataclass(frozen=True, slots=True)
class AggregatePart:
    """One aggregate request: a window, and the agents it is about (None: no limit)."""

    window: Window
    metrics: tuple[str, ...]
    granularity: str | None
    time_zone: str | None
    group_by: tuple[str, ...]
    user_ids: tuple[str, ...] | None
    dimensions: Dimensions = ()

    def body(self) -> dict[str, Any]:
        """The JSON to send."""
        body: dict[str, Any] = {"interval": windows.written(self.window), "metrics": list(self.metrics)}
        if self.granularity:
            body["granularity"] = self.granularity
        if self.time_zone:
            body["timeZone"] = self.time_zone
        if self.group_by:
            body["groupBy"] = list(self.group_by)
        condition = and_filter((("userId", self.user_ids or ()), *self.dimensions))
        if condition:
            body["filter"] = condition
        return body

    def halves(self) -> tuple[AggregatePart, AggregatePart] | None:
        """The same question in two, whose records together are the same; None where it is as small as it gets."""
        if self.user_ids and len(self.user_ids) > 1:
            middle = len(self.user_ids) // 2
            return (
                replace(self, user_ids=self.user_ids[:middle]),
                replace(self, user_ids=self.user_ids[middle:]),
            )
        width = _fixed_width(self.granularity)
        start, end = self.window
        buckets = (end - start) // width if width else 0
        if width is None or buckets < 2:
            return None
        cut = start + width * (buckets // 2)
        return replace(self, window=(start, cut)), replace(self, window=(cut, end))


def ask(api: Api, path: str, parts: Sequence[AggregatePart], operation: Operation) -> list[AggregateRecord]:
    """Records of all parts, in no order that means anything."""

    def task(part: AggregatePart) -> Any:
        return lambda sibling: _records(api, path, part, sibling)

    return [record for records in side_by_side([task(part) for part in parts], operation) for record in records]


class _Stats(msgspec.Struct, gc=False):
    sum: float | None = None
    count: float | None = None


class _Metric(msgspec.Struct, gc=False):
    metric: str
    qualifier: str | None = None
    stats: _Stats | None = None


class _Bucket(msgspec.Struct):
    interval: str
    metrics: list[_Metric] | None = None


class _Result(msgspec.Struct):
    group: dict[str, str | None] | None = None
    data: list[_Bucket] | None = None


class _Answer(msgspec.Struct):
    results: list[_Result] | None = None


_answer = msgspec.json.Decoder(_Answer)


def _records(api: Api, path: str, part: AggregatePart, operation: Operation) -> list[AggregateRecord]:
    try:
        body = api.post(path, part.body(), operation)
    except (ResponseTooLargeError, OversizedPayloadError):
        halves = part.halves()
        if halves is None:
            raise
        return [record for half in halves for record in _records(api, path, half, operation)]
    return flatten(body, path)


def flatten(body: bytes | bytearray, path: str) -> list[AggregateRecord]:
    """The records of one answer; empty where nothing was found, in each of the ways of saying so.

    Raises:
        PayloadError: it isn't an aggregate answer.
    """
    answer = decode(_answer, body, path)
    seen: dict[str, Window] = {}  # thousands of buckets share some dozens of intervals
    records = []
    for result in answer.results or ():
        group = result.group or {}
        for bucket in result.data or ():
            window = seen.get(bucket.interval)
            if window is None:
                window = seen[bucket.interval] = _interval(bucket.interval, path)
            for entry in bucket.metrics or ():
                stats = entry.stats
                if stats is None:
                    continue
                count = None if stats.count is None else int(stats.count)
                records.append(
                    AggregateRecord(group, window[0], window[1], entry.metric, entry.qualifier, stats.sum, count)
                )
    return records


def _interval(text: str, path: str) -> Window:
    try:
        return windows.read(text)
    except ValueError:
        raise PayloadError(f"Unexpected answer from {path}: results[].data[].interval is no interval.") from None


_FIXED = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?", re.ASCII)


def _fixed_width(granularity: str | None) -> timedelta | None:
    """The width of hour and minute granularities; None for days and longer, whose length a zone decides."""
    match = _FIXED.fullmatch(granularity or "")
    width = timedelta(hours=int(match[1] or 0), minutes=int(match[2] or 0)) if match else timedelta()
    return width or None
