"""Conversations: their metrics by agent and bucket, and their segments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any

import msgspec

from genesys_client import aggregates, windows
from genesys_client.aggregates import AggregatePart
from genesys_client.api import CONVERSATION_AGGREGATES, CONVERSATION_DETAILS, Api, decode
from genesys_client.filters import Dimensions, and_filter, batches
from genesys_client.models import AggregateRecord, Conversation, ConversationSet
from genesys_client.paging import until_empty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genesys_client.operation import Operation
    from genesys_client.windows import Window

PAGE_SIZE = 100
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
        rest: Dimensions = (
            ("queueId", self.queue_ids),
            ("mediaType", self.media_types),
            ("direction", self.directions),
            ("purpose", self.purposes),
        )
        filtered = bool(self.user_ids) or any(values for _, values in rest)
        window = (self.start - timedelta(days=self.lookback_days), self.end)
        pieces = windows.pieces(window, DAYS_FILTERED if filtered else DAYS_UNFILTERED)
        groups = [*batches(self.user_ids)] or [()]
        for piece, user_ids in product(pieces, groups):
            body: dict[str, Any] = {
                "interval": windows.written(piece),
                "order": "asc",
                "orderBy": "conversationStart",
            }
            condition = and_filter((("userId", user_ids), *rest))
            if condition:
                body["segmentFilters"] = [condition]
            yield body


class _Page(msgspec.Struct, rename="camel"):
    conversations: list[Conversation] | None = None
    total_hits: float | None = None
    page_count: None = None
    page_size: None = None
    next_uri: None = None

    @property
    def items(self) -> list[Conversation]:
        return self.conversations or []

    @property
    def total(self) -> float | None:
        return self.total_hits


_page = msgspec.json.Decoder(_Page)


class Conversations:
    """The part of the client that asks about conversations."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def aggregates(self, query: ConversationAggregation, operation: Operation) -> list[AggregateRecord]:
        """Metrics by group and bucket, flat and sparse: what is absent was not reported, which isn't zero."""
        return aggregates.ask(self._api, CONVERSATION_AGGREGATES, [*query.parts()], operation)

    def details(self, query: ConversationDetailsQuery, operation: Operation) -> ConversationSet:
        """Conversations, each once, in the order in which they were found."""
        found: dict[str, Conversation] = {}
        duplicates = pages = 0
        for body in query.bodies():
            conversations, count = self._all_pages(body, operation)
            pages += count
            for conversation in conversations:
                if conversation.id in found:
                    duplicates += 1
                # The copy read last wins: an entry that shifted to a later page was read again, and is fresher.
                found[conversation.id] = conversation
        return ConversationSet(tuple(found.values()), duplicates, pages)

    def _all_pages(self, body: dict[str, Any], operation: Operation) -> tuple[list[Conversation], int]:
        def fetch(number: int, sibling: Operation) -> _Page:
            paged = body | {"paging": {"pageSize": PAGE_SIZE, "pageNumber": number}}
            return decode(_page, self._api.post(CONVERSATION_DETAILS, paged, sibling), CONVERSATION_DETAILS)

        return until_empty(
            fetch, operation, path=CONVERSATION_DETAILS, key=lambda conversation: conversation.id, page_size=PAGE_SIZE
        )
