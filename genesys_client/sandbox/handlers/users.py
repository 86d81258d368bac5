"""Users: listed, by id, searched; the queues of one, and her status now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genesys_client.sandbox.handlers.paging import cursor, numbered, read_cursor
from genesys_client.sandbox.handlers.places import division_of, queue_entity
from genesys_client.sandbox.handlers.search import page_of_search, search_matches
from genesys_client.sandbox.http import Answer, ApiError, bad_request, not_found
from genesys_client.sandbox.moments import Span, iso
from genesys_client.sandbox.organization import SYSTEM_PRESENCES, Person, State

if TYPE_CHECKING:
    from collections.abc import Collection

    from genesys_client.sandbox.world import Call, World

_VERSION = 12


def user_entity(world: World, person: Person, expand: Collection[str] = ()) -> dict[str, Any]:
    """A user as the directory shows her; more of her where `expand` asks for it."""
    organization = world.organization
    out: dict[str, Any] = {
        "id": person.id,
        "name": person.name,
        "division": division_of(world, person.division_id),
        "email": person.email,
        "username": person.email,
        "state": str(person.state),
        "title": person.title,
        "version": _VERSION,
        "selfUri": f"/api/v2/users/{person.id}",
    }
    team = organization.team(person.team_id)
    if person.manager_id is not None:
        self_uri = f"/api/v2/users/{person.manager_id}"
        out["manager"] = {"id": person.manager_id, "version": _VERSION, "selfUri": self_uri}
    if team is not None and "team" in expand:
        out["team"] = {"id": team.id, "name": team.name, "selfUri": f"/api/v2/teams/{team.id}"}
    if "groups" in expand:
        out["groups"] = [
            {"id": g.id, "name": g.name, "type": "official", "rulesVisible": True, "visibility": "public"}
            for g in organization.groups
            if person.id in g.member_ids
        ]
    if "routingStatus" in expand:
        out["routingStatus"] = routing_status(world, person.id)
    if "presence" in expand:
        out["presence"] = _presence(world, person)
    return out


def routing_status(world: World, user_id: str) -> dict[str, Any]:
    """Her routing status at this moment; OFF_QUEUE for whoever isn't there, or doesn't exist."""
    now = world.now()
    person = world.organization.person(user_id)
    spans = world.activity.routing(person, Span(now, now + 1)) if person else []
    if not spans:
        return {"userId": user_id, "status": "OFF_QUEUE"}
    return {"userId": user_id, "status": spans[0].status, "startTime": iso(spans[0].start)}


def _presence(world: World, person: Person) -> dict[str, Any]:
    now = world.now()
    spans = world.activity.presences(person, Span(now, now + 1))
    if not spans:
        return {"presenceDefinition": {"id": world.organization.presence_id("OFFLINE"), "systemPresence": "Offline"}}
    label = SYSTEM_PRESENCES[spans[0].status]
    return {
        "source": "PURECLOUD",
        "presenceDefinition": {"id": spans[0].presence_id, "systemPresence": label},
        "modifiedDate": iso(spans[0].start),
    }


def visible(call: Call) -> list[Person]:
    """Everybody in the divisions that the client's role reaches."""
    return [person for person in call.world.organization.people if call.sees(person.division_id)]


def in_state(people: list[Person], state: str) -> list[Person]:
    """Those in a state; `any` keeps them all."""
    return people if state == "any" else [person for person in people if person.state == state]


def list_users(call: Call) -> Answer:
    """`GET users`: active ones unless `state` says otherwise."""
    people = in_state(visible(call), call.text("state") or "active")
    if ids := call.texts("id"):
        people = [person for person in people if person.id in set(ids)]
    page = numbered(call, people)
    page["entities"] = [user_entity(call.world, person, call.texts("expand")) for person in page["entities"]]
    return Answer(page)


def walk_users(call: Call) -> Answer:
    """`GET users/query`: the same by cursor; the role has to reach every division."""
    if call.grant.division_ids is not None:
        raise ApiError(403, "missing.division.permission", "You are not authorized to perform the requested action.")
    people = in_state(visible(call), call.text("state") or "active")
    size = call.number("pageSize", 25, most=500)
    start = read_cursor(call.text("cursor") or cursor(0))
    page = people[start : start + size]
    out: dict[str, Any] = {
        "entities": [user_entity(call.world, person, call.texts("expand")) for person in page],
        "results": len(page),
        "selfUri": call.path,
    }
    if start + size < len(people):
        out |= {"cursor": cursor(start + size), "nextUri": f"{call.path}?cursor={cursor(start + size)}&pageSize={size}"}
    return Answer(out)


def get_user(call: Call) -> Answer:
    """`GET users/{id}`: a deleted user is a 404 unless she is asked for as deleted."""
    if call.params["userId"] == "me":
        raise bad_request("This request needs a user; a token of client credentials has none.")
    person = call.world.organization.person(call.params["userId"])
    wanted = call.text("state") or "active"
    if person is None or not call.sees(person.division_id):
        raise not_found()
    if (person.state is State.DELETED) != (wanted == "deleted"):
        raise not_found()
    return Answer(user_entity(call.world, person, call.texts("expand")))


def search_users(call: Call) -> Answer:
    """`POST users/search`: active ones unless a criterion names the state."""
    body = call.body
    criteria = body.get("query", [])
    people = visible(call)
    if not (_names_state(criteria) or call.world.behaviour.search_any_state):
        people = in_state(people, "active")
    found = [person for person in people if search_matches(criteria, lambda f, p=person: searched(call.world, p, f))]  # type: ignore[misc]
    page, frame = page_of_search(body, found, ("users",))
    frame["results"] = [user_entity(call.world, person, body.get("expand", ())) for person in page]
    return Answer(frame)


def _names_state(criteria: list[dict[str, Any]]) -> bool:
    return any("state" in c.get("fields", ()) or _names_state(c.get("group", [])) for c in criteria)


def searched(world: World, person: Person, name: str) -> list[str]:
    """The values of a field that can be searched; empty where she has none."""
    values: dict[str, list[str | None]] = {
        "id": [person.id],
        "guid": [person.id],
        "name": [person.name],
        "email": [person.email],
        "username": [person.email],
        "state": [str(person.state)],
        "divisionId": [person.division_id],
        "teamId": [person.team_id],
        "manager.id": [person.manager_id],
        "title": [person.title],
        "groups.official.id": [g.id for g in world.organization.groups if person.id in g.member_ids],
    }
    return [value for value in values.get(name, []) if value is not None]


def queues_of_user(call: Call) -> Answer:
    """`GET users/{id}/queues`: the queues that she is a member of."""
    person = call.world.organization.person(call.params["userId"])
    if person is None or not call.sees(person.division_id):
        raise not_found()
    queues = [
        queue
        for queue in call.world.organization.queues
        if person in call.world.organization.queue_members(queue.id) and call.sees(queue.division_id)
    ]
    page = numbered(call, queues)
    page["entities"] = [queue_entity(call.world, queue) | {"joined": True} for queue in page["entities"]]
    return Answer(page)


HANDLERS = {
    "GET /api/v2/users": list_users,
    "GET /api/v2/users/query": walk_users,
    "GET /api/v2/users/{userId}": get_user,
    "POST /api/v2/users/search": search_users,
    "GET /api/v2/users/{userId}/queues": queues_of_user,
    "GET /api/v2/users/{userId}/routingstatus": lambda call: Answer(routing_status(call.world, call.params["userId"])),
}
