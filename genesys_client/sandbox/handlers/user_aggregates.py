"""`analytics/users/aggregates/query`: presence and routing status, cut at the edges of the buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genesys_client.sandbox.filters import check_predicates, compares, holds, predicates
from genesys_client.sandbox.handlers.buckets import Buckets, read_granularity
from genesys_client.sandbox.http import Answer, ApiError, bad_request
from genesys_client.sandbox.moments import MINUTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genesys_client.sandbox.organization import Person
    from genesys_client.sandbox.status import StatusSpan
    from genesys_client.sandbox.world import Call, World

_MOST_USERS = 100


def query(call: Call) -> Answer:
    """Answer an aggregate query about users' status."""
    return Answer({"systemToOrganizationMappings": mappings(call.world), "results": aggregate(call)})


def mappings(world: World) -> dict[str, list[str]]:
    """The organisation's own presences behind each system presence."""
    out: dict[str, list[str]] = {}
    for presence in world.organization.presences:
        out.setdefault(presence.system_presence, []).append(presence.id)
    return out


def aggregate(call: Call) -> list[dict[str, Any]]:
    """The results of an aggregate query about users' status.

    Raises:
        ApiError: 400, the query makes no sense, or names more than 100 users.
    """
    body = call.body
    for name in ("alternateTimeDimension", "views"):
        if body.get(name):
            raise bad_request(f"The sandbox doesn't offer [{name}].")
    if not body["metrics"]:
        raise bad_request("A query asks for at least one metric.")
    period = read_granularity(call)
    fine = period is not None and not (period.months or period.days) and period.elapsed < 30 * MINUTE
    if fine and call.world.behaviour.fine_status_refused:
        raise bad_request("The granularity of user aggregates is PT30M or coarser.")
    buckets = Buckets.of(call)
    by_user = "userId" in body.get("groupBy", ())
    groups: dict[str, dict[int, dict[tuple[str, str], int]]] = {}
    for person in _asked(call):
        sums = groups.setdefault(person.id if by_user else "", {})
        for metric in dict.fromkeys(body["metrics"]):
            for span, qualifier in _statuses(call.world, person, metric, buckets):
                if call.world.behaviour.running_status_late and span.end > call.as_of:
                    continue
                _add(sums, buckets, span, (metric, qualifier), until=min(call.as_of, buckets.span.end))
    return [
        {"group": {"userId": user_id} if by_user else {}, "data": _data(sums, buckets)}
        for user_id, sums in groups.items()
        if sums
    ]


def _asked(call: Call) -> list[Person]:
    query_filter = call.body.get("filter")
    people = [person for person in call.world.organization.people if call.sees(person.division_id)]
    if query_filter is None:
        return people
    check_predicates(query_filter)
    if sum(1 for _ in predicates(query_filter)) > _MOST_USERS:
        raise ApiError(400, "constraint.validation", f"A query has at most {_MOST_USERS} predicates on userId.")
    return [person for person in people if holds(query_filter, lambda p, x=person: compares(p, x.id))]  # type: ignore[misc]


def _statuses(world: World, person: Person, metric: str, buckets: Buckets) -> list[tuple[StatusSpan, str]]:
    if metric == "tAgentRoutingStatus":
        return [(span, span.status) for span in world.activity.routing(person, buckets.span)]
    own = metric == "tOrganizationPresence"
    return [(s, s.presence_id if own else s.status) for s in world.activity.presences(person, buckets.span)]


def _add(
    sums: dict[int, dict[tuple[str, str], int]], buckets: Buckets, span: StatusSpan, key: tuple[str, str], *, until: int
) -> None:
    """Share a status out over the buckets that it touches."""
    start, end = max(span.start, buckets.span.start), min(span.end, until)
    while start < end:
        i = buckets.index(start)
        piece_end = min(end, buckets.spans[i].end)
        sums.setdefault(i, {})
        sums[i][key] = sums[i].get(key, 0) + piece_end - start
        start = piece_end


def _data(sums: Mapping[int, Mapping[tuple[str, str], int]], buckets: Buckets) -> list[dict[str, Any]]:
    return [
        {
            "interval": buckets.spelled[i],
            "metrics": [
                {"metric": metric, "qualifier": qualifier, "stats": {"sum": ms}}
                for (metric, qualifier), ms in sums[i].items()
            ],
        }
        for i in sorted(sums)
    ]


HANDLERS = {"POST /api/v2/analytics/users/aggregates/query": query}
