"""Users, queues, teams, groups and divisions: found, listed and walked through."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from genesys_client.sandbox import Engine
from tests.genesys_client.sandbox.asking import NOW, Asker


def follow(asker, path, **query):
    """Every entity of a listing, by its `nextUri`."""
    out = []
    while True:
        page = asker.get(path, **query)
        out += page["entities"]
        if "nextUri" not in page:
            return out
        url = urlsplit(page["nextUri"])
        path, query = url.path, parse_qs(url.query)


def by_state(engine, state):
    return {person.id for person in engine.organization.people if person.state == state}


@pytest.mark.parametrize("state", ["active", "inactive", "deleted"])
def test_users_are_listed_by_state(engine, asker, state):
    assert {user["id"] for user in follow(asker, "/api/v2/users", state=state, pageSize=7)} == by_state(engine, state)


def test_users_are_active_ones_unless_asked(engine, asker):
    assert {user["id"] for user in follow(asker, "/api/v2/users")} == by_state(engine, "active")
    everybody = asker.get("/api/v2/users", state="any", pageSize=500)
    assert (everybody["total"], everybody["pageCount"]) == (len(engine.organization.people), 1)
    assert [user["id"] for user in everybody["entities"]] == [p.id for p in engine.organization.people]


def test_users_are_walked_by_cursor(engine, asker):
    found, query = [], {"pageSize": 9, "state": "any"}
    while True:
        page = asker.get("/api/v2/users/query", **query)
        found += [user["id"] for user in page["entities"]]
        if "cursor" not in page:
            break
        query["cursor"] = page["cursor"]
    assert found == [person.id for person in engine.organization.people]


@pytest.mark.parametrize("spelling", ["repeated", "joined"])
def test_users_are_fetched_by_ids(engine, asker, spelling):
    ids = [person.id for person in engine.organization.people][3:20]
    query = {"id": ids if spelling == "repeated" else ",".join(ids)}
    found = asker.get("/api/v2/users", state="any", pageSize=100, **query)["entities"]
    assert [user["id"] for user in found] == ids
    active = asker.get("/api/v2/users", pageSize=100, **query)["entities"]
    assert {user["id"] for user in active} == set(ids) & by_state(engine, "active")
    assert len(active) < len(ids)


def test_a_deleted_user_is_found_only_as_deleted(engine, asker):
    (deleted,), (inactive,) = by_state(engine, "deleted"), by_state(engine, "inactive")
    assert asker.refused("GET", f"/api/v2/users/{deleted}")["status"] == 404
    assert asker.get(f"/api/v2/users/{deleted}", state="deleted")["state"] == "deleted"
    assert asker.get(f"/api/v2/users/{inactive}")["state"] == "inactive"
    assert asker.refused("GET", f"/api/v2/users/{inactive}", state="deleted")["status"] == 404


def test_a_users_team_comes_when_it_is_asked_for(engine, asker):
    agent = engine.organization.agents[0]
    path = f"/api/v2/users/{agent.id}"
    assert "team" not in asker.get(path)
    expanded = asker.get(path, expand="team,routingStatus")
    assert expanded["team"]["name"] == engine.organization.team(agent.team_id).name
    assert expanded["manager"]["id"] == agent.manager_id
    assert expanded["routingStatus"]["userId"] == agent.id


def search(asker, *criteria, **body):
    found = asker.post("/api/v2/users/search", {"pageSize": 100, "query": list(criteria), **body})
    return [user["name"] for user in found["results"]]


def criterion(kind, field, value, **more):
    return {"type": kind, "fields": [field] if isinstance(field, str) else field, "value": value, **more}


def test_users_are_searched_by_address_in_any_case(asker):
    assert search(asker, criterion("EXACT", "email", "Ana.Reyes@Example.com")) == ["Ana Reyes"]
    assert search(asker, criterion("EXACT", "email", "ana.reyes")) == []


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        pytest.param(criterion("STARTS_WITH", "name", "ana"), ["Ana Reyes", "Ana O'Neill-Çelik"], id="starts with"),
        pytest.param(criterion("CONTAINS", "name", "spencer"), ["Marks & Spencer-Smith"], id="contains"),
        pytest.param(criterion("TERM", "name", "spencer"), ["Marks & Spencer-Smith"], id="term"),
        pytest.param(criterion("TERM", "name", "pence"), [], id="part of a term"),
        pytest.param(criterion("REGEX", "name", "yester.*"), ["Yesterday"], id="regex"),
        pytest.param(criterion("CONTAINS", ["name", "email"], "channel"), ["<!channel>"], id="two fields"),
        pytest.param(criterion("CONTAINS", "shoeSize", "4"), [], id="unknown field"),
    ],
)
def test_users_are_searched_by_name(asker, wanted, names):
    assert search(asker, wanted) == names


@pytest.mark.parametrize(
    ("field", "value_of"),
    [
        ("divisionId", lambda person: person.division_id),
        ("teamId", lambda person: person.team_id),
        ("manager.id", lambda person: person.manager_id),
        ("id", lambda person: person.id),
    ],
)
def test_users_are_searched_by_where_they_belong(engine, asker, field, value_of):
    value = value_of(engine.organization.agents[0])
    expected = [p.name for p in engine.organization.people if value_of(p) == value and p.is_listed]
    assert search(asker, criterion("EXACT", field, value)) == expected


def test_criteria_are_joined(engine, asker):
    team = engine.organization.teams[0]
    members = [p.name for p in engine.organization.team_members(team.id)]
    in_team = criterion("EXACT", "teamId", team.id)
    not_ana = criterion("STARTS_WITH", "name", "Ana", operator="NOT")
    assert search(asker, in_team, not_ana) == [name for name in members if not name.startswith("Ana")]
    either = {
        "type": "EXACT",
        "group": [criterion("EXACT", "name", "Yesterday"), criterion("EXACT", "name", "Ana Reyes", operator="OR")],
    }
    assert search(asker, either) == ["Ana Reyes", "Yesterday"]
    assert search(asker, {"type": "TERMS", "fields": ["name"], "values": ["ana reyes", "yesterday"]}) == [
        "Ana Reyes",
        "Yesterday",
    ]


def test_a_search_finds_active_users_unless_it_names_a_state(engine, asker):
    gone = sorted(p.name for p in engine.organization.people if not p.is_listed)
    everybody = {"type": "REQUIRED_FIELDS", "fields": ["id"]}
    assert not set(gone) & set(search(asker, everybody))
    states = {"type": "EXACT", "fields": ["state"], "values": ["inactive", "deleted"]}
    assert sorted(search(asker, states)) == gone
    engine.behaviour = replace(engine.behaviour, search_any_state=True)
    assert set(gone) <= set(search(asker, everybody))


def test_search_results_come_in_pages(engine, asker):
    body = {"pageSize": 20, "pageNumber": 2, "query": [{"type": "MATCH_ALL"}]}
    page = asker.post("/api/v2/users/search", body)
    active = len(by_state(engine, "active"))
    assert (page["total"], page["pageCount"], len(page["results"])) == (active, 3, active - 40 if active < 40 else 20)
    assert "nextPage" in page
    assert "nextPage" not in asker.post("/api/v2/users/search", {**body, "pageNumber": 3})


@pytest.mark.parametrize(
    ("query", "code"),
    [
        pytest.param([{"type": "EXACT", "value": "x"}], "bad.request", id="no fields"),
        pytest.param([{"type": "EXACT", "fields": ["name"]}], "bad.request", id="no value"),
        pytest.param([criterion("REGEX", "name", "(")], "bad.request", id="no regex"),
        pytest.param([criterion("RANGE", "name", "a")], "bad.request", id="not offered"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(asker, query, code):
    assert asker.refused("POST", "/api/v2/users/search", {"query": query})["code"] == code
    too_many = {"query": [], "pageSize": 501}
    assert asker.refused("POST", "/api/v2/users/search", too_many)["code"] == "too.many.requested.results"
    sorted_ = {"query": [], "sortBy": "name"}
    assert "sortBy" in asker.refused("POST", "/api/v2/users/search", sorted_)["message"]


def test_queues_are_found_by_a_name_with_stars(asker):
    def names(pattern):
        return [queue["name"] for queue in asker.get("/api/v2/routing/queues", name=pattern)["entities"]]

    assert names("billing") == ["Billing"]
    assert names("*s") == ["Sales", "Complaints", "Callbacks"]
    assert names("Call*") == ["Callbacks"]
    assert names("bill") == []


def test_queue_members_are_walked_by_next_uri_without_totals():
    engine = Engine(agents=600, now=lambda: NOW)
    asker = Asker(engine)
    queue = engine.organization.queues[0]
    path = f"/api/v2/routing/queues/{queue.id}/members"
    first = asker.get(path, pageSize=100)
    assert "total" not in first
    assert "pageCount" not in first
    members = [member["id"] for member in follow(asker, path, pageSize=100)]
    assert members == [person.id for person in engine.organization.queue_members(queue.id)]
    assert len(members) > 200
    assert asker.get(f"/api/v2/routing/queues/{queue.id}")["memberCount"] == len(members)


def test_teams_and_their_members_are_walked_by_cursor(engine, asker):
    teams = follow(asker, "/api/v2/teams", pageSize=2)
    assert [team["name"] for team in teams] == [team.name for team in engine.organization.teams]
    for team in teams:
        members = follow(asker, f"/api/v2/teams/{team['id']}/members", pageSize=4, expand="entities")
        expected = engine.organization.team_members(team["id"])
        assert [(m["id"], m["name"]) for m in members] == [(p.id, p.name) for p in expected]
        assert team["memberCount"] == len(members)
    nameless = asker.get(f"/api/v2/teams/{teams[0]['id']}/members")["entities"]
    assert not any("name" in member for member in nameless)
    assert [t["name"] for t in asker.get("/api/v2/teams", name="sales")["entities"]] == ["Sales & Renewals"]


def test_teams_can_be_walked_back(asker):
    first = asker.get("/api/v2/teams", pageSize=2)
    second_url = urlsplit(first["nextUri"])
    second = asker.get(second_url.path, **parse_qs(second_url.query))
    back = urlsplit(second["previousUri"])
    assert asker.get(back.path, **parse_qs(back.query))["entities"] == first["entities"]


def test_groups_and_their_members(engine, asker):
    groups = follow(asker, "/api/v2/groups", pageSize=1)
    assert [group["id"] for group in groups] == [group.id for group in engine.organization.groups]
    for group in engine.organization.groups:
        members = follow(asker, f"/api/v2/groups/{group.id}/members", pageSize=3)
        assert [member["id"] for member in members] == list(group.member_ids)
    query = {"query": [criterion("STARTS_WITH", "name", "ment")]}
    assert [g["name"] for g in asker.post("/api/v2/groups/search", query)["results"]] == ["Mentors"]


def test_divisions_are_listed_and_walked(engine, asker):
    expected = [division.name for division in engine.organization.divisions]
    assert [d["name"] for d in follow(asker, "/api/v2/authorization/divisions", pageSize=1)] == expected
    assert [d["name"] for d in follow(asker, "/api/v2/authorization/divisions/query", pageSize=1)] == expected
    assert [d["name"] for d in asker.get("/api/v2/authorization/divisions", name="iberia")["entities"]] == expected[1:]


def test_queues_of_a_user_are_those_she_is_a_member_of(engine, asker):
    agent = next(p for p in engine.organization.agents if p.is_listed)
    queues = asker.get(f"/api/v2/users/{agent.id}/queues")["entities"]
    assert sorted(queue["id"] for queue in queues) == sorted(agent.queue_ids)
    (deleted,) = by_state(engine, "deleted")
    assert asker.get(f"/api/v2/users/{deleted}/queues")["entities"] == []


def test_a_user_that_does_not_exist_is_off_queue(asker):
    assert asker.get("/api/v2/users/nobody/routingstatus") == {"userId": "nobody", "status": "OFF_QUEUE"}


def test_presence_definitions_spell_system_presences_their_own_way(asker):
    entities = asker.get("/api/v2/presence/definitions")["entities"]
    assert {entity["systemPresence"] for entity in entities} >= {"OnQueue", "Available", "Offline"}
    assert [e["languageLabels"]["en_US"] for e in entities if e["systemPresence"] == "Break"] == ["Break", "Coffee"]
