"""Conversations: their metrics by agent and bucket, and their segments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any

import msgspec

from genesys_client import aggregates, windows
from genesys_client.aggregates import AggregatePart
from genesys_client.api import CONVERSATION_AGGREGATES, CONVERSATION_JOBS, Api, decode
from genesys_client.columns import ColumnsBuilder
from genesys_client.details import read_job, read_pages
from genesys_client.filters import Dimensions, and_filter, batches
from genesys_client.models import AggregateRecord, Instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from genesys_client.columns import DetailColumns
    from genesys_client.operation import Operation
    from genesys_client.windows import Window

DAYS_UNFILTERED = 7
DAYS_FILTERED = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationAggregation:
    """A question to the conversation aggregates.

    A metric counts whole in the bucket in which it was emitted. The platform answers once for each window;
    within one it cuts buckets from the window's start.
    """

    windows: tuple[Window, ...]
    metrics: tuple[str, ...]
    granularity: str | None = None
    """ISO-8601, such as `PT30M` or `P1D`; None: each window is one bucket."""
    time_zone: str | None = None
    """IANA name, by whose clock days and longer buckets are cut."""
    group_by: tuple[str, ...] = ("userId",)
    user_ids: tuple[str, ...] | None = None
    """None: no limit; empty: nobody, for which nothing is asked."""
    queue_ids: tuple[str, ...] = ()
    media_types: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    team_ids: tuple[str, ...] = ()
    division_ids: tuple[str, ...] = ()

    def parts(self) -> Iterator[AggregatePart]:
        """The requests that answer it: one for each window and hundred agents."""
        dimensions: Dimensions = (
            ("queueId", self.queue_ids),
            ("mediaType", self.media_types),
            ("direction", self.directions),
            ("purpose", self.purposes),
            ("teamId", self.team_ids),
            ("divisionId", self.division_ids),
        )
        groups: list[tuple[str, ...] | None] = [None] if self.user_ids is None else [*batches(self.user_ids)]
        for window, user_ids in product(self.windows, groups):
            yield AggregatePart(
                window=window,
                metrics=self.metrics,
                granularity=self.granularity,
                time_zone=self.time_zone,
                group_by=self.group_by,
                user_ids=user_ids,
                dimensions=dimensions,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationDetailsQuery:
    """A question for whole conversations.

    The platform finds conversations by the UTC day on which they *started*, so a thread begun earlier is found
    only with a look-back; and it returns all participants of a conversation that has a matching one. Cut the
    segments to the window, and choose participants, where the answer is used.
    """

    start: datetime
    end: datetime
    """Not later than now, and rather a little earlier: data that move shift from page to page."""
    user_ids: tuple[str, ...] = ()
    queue_ids: tuple[str, ...] = ()
    media_types: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    lookback_days: int = 0
    """How much earlier to begin, for conversations that were already open."""

    def bodies(self) -> Iterator[dict[str, Any]]:
        """The requests that answer it, without their paging: one for each stretch of days and hundred agents."""
        window = (self.start - timedelta(days=self.lookback_days), self.end)
        return self._bodies(window, DAYS_FILTERED if self._filtered else DAYS_UNFILTERED)

    def job_bodies(self, *, overlapping: bool) -> Iterator[dict[str, Any]]:
        """The jobs that answer it: one for each month and hundred agents.

        Args:
            overlapping: find what lived in the interval, whenever it began; else what began on its UTC days, as a
                query does. Only there is a look-back of use.
        """
        lookback = timedelta(days=0 if overlapping else self.lookback_days)
        for body in self._bodies((self.start - lookback, self.end), DAYS_FILTERED):
            yield body | {"startOfDayIntervalMatching": not overlapping}

    @property
    def _rest(self) -> Dimensions:
        return (
            ("queueId", self.queue_ids),
            ("mediaType", self.media_types),
            ("direction", self.directions),
            ("purpose", self.purposes),
        )

    @property
    def _filtered(self) -> bool:
        return bool(self.user_ids) or any(values for _, values in self._rest)

    def _bodies(self, window: Window, days: int) -> Iterator[dict[str, Any]]:
        groups = [*batches(self.user_ids)] or [()]
        for piece, user_ids in product(windows.pieces(window, days), groups):
            body: dict[str, Any] = {
                "interval": windows.written(piece),
                "order": "asc",
                "orderBy": "conversationStart",
            }
            condition = and_filter((("userId", user_ids), *self._rest))
            if condition:
                body["segmentFilters"] = [condition]
            yield body


class _Availability(msgspec.Struct):
    until: Instant | None = msgspec.field(name="dataAvailabilityDate", default=None)


_availability = msgspec.json.Decoder(_Availability)


class Conversations:
    """The part of the client that asks about conversations."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def aggregates(self, query: ConversationAggregation, operation: Operation) -> list[AggregateRecord]:
        """Metrics by group and bucket, flat and sparse: what is absent was not reported, which isn't zero."""
        return aggregates.ask(self._api, CONVERSATION_AGGREGATES, [*query.parts()], operation)

    def columns(
        self,
        query: ConversationDetailsQuery,
        operation: Operation,
        *,
        kinds: Sequence[str],
        metrics: Sequence[str],
        sized: Callable[[int], None] | None = None,
    ) -> DetailColumns:
        """The work in the conversations that a query finds, as columns; of each conversation the copy read last.

        Args:
            query: which conversations.
            operation: its allowance.
            kinds: the segment types that are wanted.
            metrics: the session metrics that are wanted.
            sized: told how many pages there are in all, as far as the platform says, before the rest of them is
                fetched; what it raises ends the call.
        """
        builder = ColumnsBuilder(kinds, metrics)
        read_pages(self._api, query.bodies(), operation, builder, sized=sized)
        return builder.finished()

    def job_columns(
        self,
        query: ConversationDetailsQuery,
        operation: Operation,
        *,
        kinds: Sequence[str],
        metrics: Sequence[str],
        overlapping: bool,
    ) -> DetailColumns:
        """The same from jobs of the platform's: few requests for any number of conversations, but only settled ones.

        What is later than `available_until` is left out without a word.

        Args:
            query: which conversations.
            operation: its allowance.
            kinds: the segment types that are wanted.
            metrics: the session metrics that are wanted.
            overlapping: find conversations by their lifetime, instead of by the UTC day on which they began.

        Raises:
            JobFailedError: the platform gave a job up.
        """
        builder = ColumnsBuilder(kinds, metrics)
        for body in query.job_bodies(overlapping=overlapping):
            read_job(self._api, body, operation, builder)
        return builder.finished()

    def available_until(self, operation: Operation) -> datetime | None:
        """Up to when the data of jobs are complete; None where the platform doesn't say."""
        path = f"{CONVERSATION_JOBS}/availability"
        return decode(_availability, self._api.get(path, operation), path).until
