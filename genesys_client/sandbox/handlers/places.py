"""Queues, teams, groups and divisions, and who is in them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from genesys_client.sandbox.handlers.paging import by_cursor, numbered
from genesys_client.sandbox.handlers.search import page_of_search, search_matches
from genesys_client.sandbox.http import Answer, not_found

if TYPE_CHECKING:
    from genesys_client.sandbox.organization import Division, Group, Queue, Team
    from genesys_client.sandbox.world import Call, World

_CREATED = "2021-03-01T09:00:00.000Z"


def division_of(world: World, division_id: str) -> dict[str, Any]:
    """The short form in which other things name their division."""
    division = world.organization.division(division_id)
    name = division.name if division else ""
    return {"id": division_id, "name": name, "selfUri": f"/api/v2/authorization/divisions/{division_id}"}


# Queues


def queue_entity(world: World, queue: Queue) -> dict[str, Any]:
    """A queue with its counts of members."""
    count = len(world.organization.queue_members(queue.id))
    return {
        "id": queue.id,
        "name": queue.name,
        "division": division_of(world, queue.division_id),
        "dateCreated": _CREATED,
        "memberCount": count,
        "userMemberCount": count,
        "joinedMemberCount": count,
        "selfUri": f"/api/v2/routing/queues/{queue.id}",
    }


def list_queues(call: Call) -> Answer:
    """`GET routing/queues`: `name` takes `*` at either end."""
    queues = [queue for queue in call.world.organization.queues if call.sees(queue.division_id)]
    if (name := call.text("name")) is not None:
        pattern = name.casefold().replace("[", "[[]")
        queues = [queue for queue in queues if fnmatchcase(queue.name.casefold(), pattern)]
    if ids := call.texts("id"):
        queues = [queue for queue in queues if queue.id in ids]
    if divisions := call.texts("divisionId"):
        queues = [queue for queue in queues if queue.division_id in divisions]
    page = numbered(call, queues)
    page["entities"] = [queue_entity(call.world, queue) for queue in page["entities"]]
    return Answer(page)


def _queue(call: Call) -> Queue:
    queue = call.world.organization.queue(call.params["queueId"])
    if queue is None or not call.sees(queue.division_id):
        raise not_found()
    return queue


def queue_members(call: Call) -> Answer:
    """`GET routing/queues/{id}/members`: at most 100 a page, and no totals; on while there is a `nextUri`."""
    from genesys_client.sandbox.handlers.users import routing_status, user_entity

    queue = _queue(call)
    people = [p for p in call.world.organization.queue_members(queue.id) if call.sees(p.division_id)]
    if (name := call.text("name")) is not None:
        people = [person for person in people if name.casefold() in person.name.casefold()]
    if call.text("joined") == "false":
        people = []
    with_status = "routingStatus" in call.texts("expand")
    page = numbered(call, people, most=100, totals=False)
    page["entities"] = [
        {
            "id": person.id,
            "name": person.name,
            "user": user_entity(call.world, person),
            "joined": True,
            "memberBy": "user",
            "ringNumber": 1,
            **({"routingStatus": routing_status(call.world, person.id)} if with_status else {}),
            "selfUri": f"/api/v2/routing/queues/{queue.id}/members/{person.id}",
        }
        for person in page["entities"]
    ]
    return Answer(page)


# Teams


def _team_entity(world: World, team: Team) -> dict[str, Any]:
    return {
        "id": team.id,
        "name": team.name,
        "division": division_of(world, team.division_id),
        "dateCreated": _CREATED,
        "memberCount": len(world.organization.team_members(team.id)),
        "selfUri": f"/api/v2/teams/{team.id}",
    }


def list_teams(call: Call) -> Answer:
    """`GET teams`, by cursor."""
    teams = [team for team in call.world.organization.teams if call.sees(team.division_id)]
    if (name := call.text("name")) is not None:
        teams = [team for team in teams if name.casefold() in team.name.casefold()]
    page = by_cursor(call, teams)
    page["entities"] = [_team_entity(call.world, team) for team in page["entities"]]
    return Answer(page)


def _team(call: Call) -> Team:
    team = call.world.organization.team(call.params["teamId"])
    if team is None or not call.sees(team.division_id):
        raise not_found()
    return team


def team_members(call: Call) -> Answer:
    """`GET teams/{id}/members`, by cursor; names only where `expand=entities` asks for them."""
    named = "entities" in call.texts("expand")
    page = by_cursor(call, call.world.organization.team_members(_team(call).id))
    page["entities"] = [
        {"id": p.id, **({"name": p.name} if named else {}), "selfUri": f"/api/v2/users/{p.id}"}
        for p in page["entities"]
    ]
    return Answer(page)


# Groups


def _group_entity(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "state": "active",
        "type": "official",
        "visibility": "public",
        "rulesVisible": True,
        "memberCount": len(group.member_ids),
        "version": 3,
        "selfUri": f"/api/v2/groups/{group.id}",
    }


def list_groups(call: Call) -> Answer:
    """`GET groups`."""
    groups = list(call.world.organization.groups)
    if ids := call.texts("id"):
        groups = [group for group in groups if group.id in ids]
    page = numbered(call, groups)
    page["entities"] = [_group_entity(group) for group in page["entities"]]
    return Answer(page)


def search_groups(call: Call) -> Answer:
    """`POST groups/search`, by name or id."""

    def values(group: Group, name: str) -> list[str]:
        return {"id": [group.id], "name": [group.name], "state": ["active"], "type": ["official"]}.get(name, [])

    criteria = call.body.get("query", [])
    found = [
        group
        for group in call.world.organization.groups
        if search_matches(criteria, lambda name, g=group: values(g, name))  # type: ignore[misc]
    ]
    page, frame = page_of_search(call.body, found, ("groups",))
    frame["results"] = [_group_entity(group) for group in page]
    return Answer(frame)


def _group(call: Call) -> Group:
    for group in call.world.organization.groups:
        if group.id == call.params["groupId"]:
            return group
    raise not_found()


def group_members(call: Call) -> Answer:
    """`GET groups/{id}/members`: whole users."""
    from genesys_client.sandbox.handlers.users import user_entity, visible

    members = set(_group(call).member_ids)
    page = numbered(call, [person for person in visible(call) if person.id in members])
    page["entities"] = [user_entity(call.world, person, call.texts("expand")) for person in page["entities"]]
    return Answer(page)


# Divisions


def _division_entity(division: Division) -> dict[str, Any]:
    return {
        "id": division.id,
        "name": division.name,
        "description": "",
        "homeDivision": division.home,
        "selfUri": f"/api/v2/authorization/divisions/{division.id}",
    }


def _divisions(call: Call) -> list[Division]:
    divisions = [division for division in call.world.organization.divisions if call.sees(division.id)]
    if (name := call.text("name")) is not None:
        divisions = [division for division in divisions if name.casefold() in division.name.casefold()]
    if ids := call.texts("id"):
        divisions = [division for division in divisions if division.id in ids]
    return divisions


def list_divisions(call: Call) -> Answer:
    """`GET authorization/divisions`."""
    page = numbered(call, _divisions(call))
    page["entities"] = [_division_entity(division) for division in page["entities"]]
    return Answer(page)


def walk_divisions(call: Call) -> Answer:
    """`GET authorization/divisions/query`, by cursor, at most 200 a page."""
    page = by_cursor(call, _divisions(call), most=200)
    page["entities"] = [_division_entity(division) for division in page["entities"]]
    return Answer(page)


HANDLERS = {
    "GET /api/v2/routing/queues": list_queues,
    "GET /api/v2/routing/queues/{queueId}": lambda call: Answer(queue_entity(call.world, _queue(call))),
    "GET /api/v2/routing/queues/{queueId}/members": queue_members,
    "GET /api/v2/teams": list_teams,
    "GET /api/v2/teams/{teamId}": lambda call: Answer(_team_entity(call.world, _team(call))),
    "GET /api/v2/teams/{teamId}/members": team_members,
    "GET /api/v2/groups": list_groups,
    "POST /api/v2/groups/search": search_groups,
    "GET /api/v2/groups/{groupId}": lambda call: Answer(_group_entity(_group(call))),
    "GET /api/v2/groups/{groupId}/members": group_members,
    "GET /api/v2/authorization/divisions": list_divisions,
    "GET /api/v2/authorization/divisions/query": walk_divisions,
}
