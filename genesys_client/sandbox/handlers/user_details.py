"""`analytics/users/details/query`: presences and routing statuses with their ends; and queues of users now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genesys_client.sandbox.filters import check_predicates, compares, holds
from genesys_client.sandbox.handlers.conversation_details import check_length, read_paging
from genesys_client.sandbox.http import Answer, bad_request
from genesys_client.sandbox.moments import Span, iso, utc_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from genesys_client.sandbox.organization import Person
    from genesys_client.sandbox.status import StatusSpan
    from genesys_client.sandbox.world import Call

_FILTERS = ("userFilters", "presenceFilters", "routingStatusFilters")
_NOT_OFFERED = ("presenceAggregations", "routingStatusAggregations")


def query(call: Call) -> Answer:
    """Answer a query for users' status: one page; `userDetails` is absent past the last one.

    The platform keeps a row for each user and UTC day. A status over several days stands in each of its
    rows, and all but the first copy are left out of the answer; rows left empty vanish from their page.

    Raises:
        ApiError: 400, the query makes no sense, or its interval is too long.
    """
    behaviour = call.world.behaviour
    number, size = read_paging(call.body, most=behaviour.detail_page_size)
    check_length(call.interval(), filtered=any(call.body.get(name) for name in _FILTERS))
    rows = details(call)
    page = rows[(number - 1) * size : number * size]
    shown = [row for row, is_copy in page if not is_copy] or [row for row, _ in page]
    total = len(rows)
    if behaviour.approximate_total_hits:
        total = max(0, total + number * 7 % 5 - 2)
    out: dict[str, Any] = {"totalHits": total}
    if shown:
        out["userDetails"] = shown
    return Answer(out)


def details(call: Call) -> list[tuple[dict[str, Any], bool]]:
    """Every row of the answer, and whether it holds copies alone.

    Raises:
        ApiError: 400, the query makes no sense.
    """
    body, span = call.body, call.interval()
    for name in _NOT_OFFERED:
        if body.get(name):
            raise bad_request(f"The sandbox doesn't offer [{name}].")
    for name in _FILTERS:
        for query_filter in body.get(name, ()):
            check_predicates(query_filter)
    people = [
        person
        for person in call.world.organization.people
        if call.sees(person.division_id) and _passes(body.get("userFilters", ()), {"userId": person.id})
    ]
    days = range(utc_day(span.start), utc_day(span.end - 1) + 1)
    statuses = {person.id: _statuses(call, person, span) for person in people}
    rows = [row for day in days for person in people for row in _row(call, person, day, span, statuses[person.id])]
    return rows[::-1] if body.get("order") == "desc" else rows


def _passes(filters: Sequence[Mapping[str, Any]], dimensions: Mapping[str, str]) -> bool:
    return all(holds(f, lambda p: compares(p, dimensions.get(p["dimension"]))) for f in filters)


def _statuses(call: Call, person: Person, span: Span) -> tuple[list[StatusSpan], list[StatusSpan]]:
    """Presences and routing statuses that the query asks for, of which something has happened."""
    body, activity = call.body, call.world.activity
    presences = [
        s
        for s in activity.presences(person, span)
        if _passes(
            body.get("presenceFilters", ()), {"systemPresence": s.status, "organizationPresenceId": s.presence_id}
        )
    ]
    routing = [
        s
        for s in activity.routing(person, span)
        if _passes(body.get("routingStatusFilters", ()), {"routingStatus": s.status})
    ]
    only_one = bool(body.get("presenceFilters")) != bool(body.get("routingStatusFilters"))
    if only_one:  # a filter on the one kind asks for that kind
        presences, routing = (presences, []) if body.get("presenceFilters") else ([], routing)
    return _happened(call, presences, span), _happened(call, routing, span)


def _happened(call: Call, spans: list[StatusSpan], interval: Span) -> list[StatusSpan]:
    hidden = call.world.behaviour.spanning_status_missing
    return [
        s
        for s in spans
        if s.start < call.as_of and not (hidden and s.start < interval.start and min(s.end, call.as_of) >= interval.end)
    ]


def _row(
    call: Call, person: Person, day: int, span: Span, statuses: tuple[list[StatusSpan], list[StatusSpan]]
) -> Iterator[tuple[dict[str, Any], bool]]:
    """The row of a user and a UTC day, if a status touches it."""
    window = Span(max(span.start, day * 86_400_000), min(span.end, (day + 1) * 86_400_000, call.as_of))
    here = [[s for s in spans if s.start < window.end and s.end > window.start] for spans in statuses]
    if window.length <= 0 or not any(here):
        return
    own = [[s for s in spans if utc_day(max(s.start, span.start)) == day] for spans in here]
    is_copy = not any(own)
    presences, routing = here if is_copy else own
    row: dict[str, Any] = {"userId": person.id}
    if presences:
        row["primaryPresence"] = [
            {**_ends(call, s), "systemPresence": s.status, "organizationPresenceId": s.presence_id} for s in presences
        ]
    if routing:
        row["routingStatus"] = [{**_ends(call, s), "routingStatus": s.status} for s in routing]
    yield row, is_copy


def _ends(call: Call, span: StatusSpan) -> dict[str, str]:
    """Start, and end unless it still runs."""
    out = {"startTime": iso(span.start)}
    if span.end <= call.as_of:
        out["endTime"] = iso(span.end)
    return out


def observe(call: Call) -> Answer:
    """`users/observations/query`: how many queues a user is a member of."""
    check_predicates(call.body["filter"])
    organization = call.world.organization
    results = []
    for person in organization.people:
        if not (call.sees(person.division_id) and _passes([call.body["filter"]], {"userId": person.id})):
            continue
        count = sum(person in organization.queue_members(queue.id) for queue in organization.queues)
        data = [{"metric": metric, "stats": {"count": count}} for metric in call.body["metrics"]]
        results.append({"group": {"userId": person.id}, "data": data})
    return Answer({"results": results})


HANDLERS = {
    "POST /api/v2/analytics/users/details/query": query,
    "POST /api/v2/analytics/users/observations/query": observe,
}
