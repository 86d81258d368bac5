"""Agents: their status time, and who they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from genesys_client import aggregates, listings, paging, windows
from genesys_client.aggregates import AggregatePart
from genesys_client.api import USER_AGGREGATES, USER_DETAILS, USER_SEARCH, Api, decode, segment
from genesys_client.errors import InvalidQueryError, NotFoundError, PayloadError
from genesys_client.filters import and_filter, batches
from genesys_client.listings import Listing, SearchListing, WireUser
from genesys_client.models import AggregateRecord, Instant, StatusSpan, StatusTimeline, User
from genesys_client.parallel import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from genesys_client.operation import Operation
    from genesys_client.windows import Window

ROUTING_STATUS = "tAgentRoutingStatus"
SYSTEM_PRESENCE = "tSystemPresence"
ORGANIZATION_PRESENCE = "tOrganizationPresence"

USERS = "/api/v2/users"
PAGE_SIZE = 100
DIRECTORY_PAGE_SIZE = 500
DETAIL_DAYS = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAggregation:
    """A question to the user aggregates: time in each presence and routing status."""

    windows: tuple[Window, ...]
    user_ids: tuple[str, ...]
    """Empty: nobody, for which nothing is asked."""
    metrics: tuple[str, ...] = (ROUTING_STATUS, SYSTEM_PRESENCE)
    granularity: str | None = None
    """ISO-8601, half an hour or more: the platform books status time by half-hours."""
    time_zone: str | None = None

    def parts(self) -> Iterator[AggregatePart]:
        """The requests that answer it: one for each window and hundred agents."""
        for window in self.windows:
            for user_ids in batches(self.user_ids):
                yield AggregatePart(
                    window=window,
                    metrics=self.metrics,
                    granularity=self.granularity,
                    time_zone=self.time_zone,
                    group_by=("userId",),
                    user_ids=user_ids,
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusDetailsQuery:
    """A question for each change of status."""

    start: datetime
    end: datetime
    user_ids: tuple[str, ...]
    """Empty: nobody, for which nothing is asked."""

    def bodies(self) -> Iterator[dict[str, Any]]:
        """The requests that answer it, without their paging: one for each stretch of days and hundred agents."""
        for piece in windows.pieces((self.start, self.end), DETAIL_DAYS):
            for user_ids in batches(self.user_ids):
                yield {
                    "interval": windows.written(piece),
                    "order": "asc",
                    "userFilters": [and_filter((("userId", user_ids),))],
                }


class _Presence(msgspec.Struct, rename="camel"):
    start_time: Instant | None = None
    end_time: Instant | None = None
    system_presence: str | None = None


class _Routing(msgspec.Struct, rename="camel"):
    start_time: Instant | None = None
    end_time: Instant | None = None
    routing_status: str | None = None


class _Details(msgspec.Struct, rename="camel"):
    user_id: str | None = None
    primary_presence: list[_Presence] | None = None
    routing_status: list[_Routing] | None = None


class _DetailsPage(msgspec.Struct, rename="camel"):
    user_details: list[_Details] | None = None
    total_hits: float | None = None
    page_count: None = None
    page_size: None = None
    next_uri: None = None

    @property
    def items(self) -> list[_Details]:
        return self.user_details or []

    @property
    def total(self) -> float | None:
        return self.total_hits


_details = msgspec.json.Decoder(_DetailsPage)
_user = msgspec.json.Decoder(WireUser)
_users = msgspec.json.Decoder(Listing[WireUser])
_found = msgspec.json.Decoder(SearchListing[WireUser])


class Agents:
    """The part of the client that asks about agents."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def status_aggregates(self, query: StatusAggregation, operation: Operation) -> list[AggregateRecord]:
        """Time in each status by agent and bucket, flat and sparse; the status is in `qualifier`."""
        return aggregates.ask(self._api, USER_AGGREGATES, [*query.parts()], operation)

    def status_details(self, query: StatusDetailsQuery, operation: Operation) -> tuple[StatusTimeline, ...]:
        """Each agent's presences and routing statuses, merged over pages and days; agents without any are absent."""

        def task(body: dict[str, Any]) -> Callable[[Operation], list[_Details]]:
            return lambda sibling: self._detail_rows(body, sibling)

        merged: dict[str, tuple[set[StatusSpan], set[StatusSpan]]] = {}
        for rows in side_by_side([task(body) for body in query.bodies()], operation):
            for row in rows:
                if row.user_id:
                    presence, routing = merged.setdefault(row.user_id, (set(), set()))
                    presence.update(_spans((p.system_presence, p) for p in row.primary_presence or ()))
                    routing.update(_spans((r.routing_status, r) for r in row.routing_status or ()))
        return tuple(
            StatusTimeline(user_id, _in_order(presence), _in_order(routing))
            for user_id, (presence, routing) in merged.items()
        )

    def by_ids(self, ids: Iterable[str], operation: Operation) -> tuple[User, ...]:
        """Users by id, inactive and deleted ones too; ids that the platform doesn't know are absent."""

        def task(batch: tuple[str, ...]) -> Callable[[Operation], list[User]]:
            params = (("state", "any"), ("pageSize", str(len(batch))), ("expand", "team"), *(("id", i) for i in batch))
            return lambda sibling: _people(decode(_users, self._api.get(USERS, sibling, params), USERS).items)

        tasks = [task(batch) for batch in batches(tuple(ids))]
        return tuple(user for users in side_by_side(tasks, operation) for user in users)

    def everyone(self, operation: Operation) -> tuple[User, ...]:
        """The directory: all active and inactive users."""

        def task(state: str) -> Callable[[Operation], list[User]]:
            return lambda sibling: self._in_state(state, sibling)

        found = side_by_side([task("active"), task("inactive")], operation)
        return tuple({user.id: user for users in found for user in users}.values())

    def one(self, user_id: str, operation: Operation) -> User:
        """One user, in whatever state.

        Raises:
            NotFoundError: nobody by that id, not even among the deleted.
        """
        path = f"{USERS}/{segment(user_id)}"
        params = (("expand", "team"),)
        try:
            body = self._api.get(path, operation, params)
        except NotFoundError:
            body = self._api.get(path, operation, (*params, ("state", "deleted")))
        user = listings.user(decode(_user, body, path))
        if user is None:
            raise PayloadError(f"Unexpected answer from {path}: the user has no id.")
        return user

    def by_email(self, email: str, operation: Operation) -> User | None:
        """The user with that address, an active one before others; None where there is none."""
        wanted = email.strip().casefold()
        found = self._search({"type": "EXACT", "fields": ["email"], "value": email.strip()}, operation)
        same = [user for user in found if user.email and user.email.casefold() == wanted]
        return min(same, key=lambda user: user.state != "active", default=None)

    def by_name(self, text: str, operation: Operation) -> tuple[User, ...]:
        """Users whose name contains the text."""
        return self._search({"type": "CONTAINS", "fields": ["name"], "value": text}, operation)

    def in_division(self, division_id: str, operation: Operation) -> tuple[User, ...]:
        """Users who belong to a division."""
        return self._search({"type": "EXACT", "fields": ["divisionId"], "value": division_id}, operation)

    def reporting_to(self, manager_id: str, operation: Operation) -> tuple[User, ...]:
        """Users whose manager somebody is."""
        return self._search({"type": "EXACT", "fields": ["manager.id"], "value": manager_id}, operation)

    def _in_state(self, state: str, operation: Operation) -> list[User]:
        def read(size: int) -> list[WireUser]:
            params = (("state", state), ("pageSize", str(size)), ("expand", "team"))
            return listings.numbered(self._api, USERS, _users, params, operation)

        try:
            return _people(read(DIRECTORY_PAGE_SIZE))
        except InvalidQueryError:  # the largest page is in no document; a hundred is safe everywhere
            return _people(read(PAGE_SIZE))

    def _search(self, criterion: dict[str, Any], operation: Operation) -> tuple[User, ...]:
        def fetch(number: int, sibling: Operation) -> SearchListing[WireUser]:
            body = {"pageSize": PAGE_SIZE, "pageNumber": number, "expand": ["team"], "query": [criterion]}
            return decode(_found, self._api.post(USER_SEARCH, body, sibling), USER_SEARCH)

        return tuple(_people(paging.numbered(fetch, operation, path=USER_SEARCH, key=listings.key)))

    def _detail_rows(self, body: dict[str, Any], operation: Operation) -> list[_Details]:
        def fetch(number: int, sibling: Operation) -> _DetailsPage:
            paged = body | {"paging": {"pageSize": PAGE_SIZE, "pageNumber": number}}
            return decode(_details, self._api.post(USER_DETAILS, paged, sibling), USER_DETAILS)

        return paging.until_empty(fetch, operation, path=USER_DETAILS, key=_row_key, page_size=PAGE_SIZE)


def _people(wire: Sequence[WireUser]) -> list[User]:
    return [user for user in map(listings.user, wire) if user is not None]


def _row_key(row: _Details) -> tuple[Any, ...]:
    """What tells rows of one user apart: where their spans begin."""
    presence = tuple(p.start_time for p in row.primary_presence or ())
    routing = tuple(r.start_time for r in row.routing_status or ())
    return row.user_id, presence, routing


def _spans(found: Iterable[tuple[str | None, _Presence | _Routing]]) -> Iterator[StatusSpan]:
    for status, span in found:
        if status and span.start_time is not None:
            yield StatusSpan(status, span.start_time, span.end_time)


def _in_order(spans: set[StatusSpan]) -> tuple[StatusSpan, ...]:
    """By start; of two copies of one span the one that has ended."""
    newest: dict[tuple[str, datetime], StatusSpan] = {}
    for span in spans:
        known = newest.get((span.status, span.start))
        if known is None or known.end is None or (span.end is not None and span.end > known.end):
            newest[span.status, span.start] = span
    return tuple(sorted(newest.values(), key=lambda span: (span.start, span.status)))
