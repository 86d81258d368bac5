from __future__ import annotations

from datetime import UTC, datetime

import pytest

from genesys_client import NotFoundError, PayloadError, StatusDetailsQuery, StatusSpan, StatusTimeline, User
from tests.genesys_client.stand_in import Answer, Platform

USERS = "/api/v2/users"
SEARCH = "/api/v2/users/search"
DETAILS = "/api/v2/analytics/users/details/query"

DANA = {
    "id": "u1",
    "name": "Dana Reyes",
    "email": "dana.reyes@example.com",
    "state": "active",
    "division": {"id": "d1", "name": "Home"},
    "team": {"id": "t1", "name": "Billing"},
    "manager": {"id": "u9"},
    "version": 12,
}
DANA_USER = User("u1", "Dana Reyes", "dana.reyes@example.com", "active", "t1", "d1", "u9")


@pytest.fixture
def platform():
    return Platform()


@pytest.fixture
def agents(platform):
    return platform.client().agents


def test_users_are_fetched_by_id_in_any_state_a_hundred_at_a_time(platform, agents):
    platform.routes[USERS] = lambda request: Answer(
        {"entities": [{"id": value, "state": "deleted"} for name, value in request.params if name == "id"]}
    )
    found = agents.by_ids([*(f"u{n}" for n in range(150)), "u3"], platform.clock.operation())
    assert {user.id for user in found} == {f"u{n}" for n in range(150)}
    assert len(found) == 150
    calls = platform.calls(USERS)
    assert sorted(int(call.param("pageSize")) for call in calls) == [50, 100]
    assert all(call.param("state") == "any" for call in calls)


def test_unknown_ids_are_absent_and_no_ids_ask_nothing(platform, agents):
    platform.routes[USERS] = Answer({"entities": [DANA]})
    assert agents.by_ids(["u1", "u2"], platform.clock.operation()) == (DANA_USER,)
    platform.requests.clear()
    assert agents.by_ids([], platform.clock.operation()) == ()
    assert platform.requests == []


def directory(sizes, *, largest=500):
    """Users by state, with pages no larger than the server likes."""

    def answer(request):
        size, number = int(request.param("pageSize")), int(request.param("pageNumber"))
        size = min(size, largest)
        everyone = [{"id": f"{request.param('state')}-{n}"} for n in range(sizes.get(request.param("state"), 0))]
        count = -(-len(everyone) // size)
        shown = everyone[(number - 1) * size : number * size]
        return Answer(
            {"entities": shown, "pageSize": size, "pageNumber": number, "total": len(everyone), "pageCount": count}
        )

    return answer


@pytest.mark.parametrize("largest", [500, 100], ids=["large pages", "a server with smaller ones"])
def test_everyone_is_all_active_and_inactive_users(platform, agents, largest):
    platform.routes[USERS] = directory({"active": 1201, "inactive": 3, "deleted": 7}, largest=largest)
    found = agents.everyone(platform.clock.operation())
    assert len({user.id for user in found}) == len(found) == 1204
    assert platform.calls(USERS)[0].param("pageSize") == "500"


def test_a_server_that_refuses_large_pages_is_asked_for_small_ones(platform, agents):
    listed = directory({"active": 250, "inactive": 0})
    platform.routes[USERS] = lambda request: (
        Answer({"code": "invalid.value"}, 400) if request.param("pageSize") == "500" else listed(request)
    )
    assert len(agents.everyone(platform.clock.operation())) == 250


def test_one_user_in_whatever_state(platform, agents):
    platform.routes[f"{USERS}/u1"] = Answer(DANA)
    assert agents.one("u1", platform.clock.operation()) == DANA_USER
    platform.routes[f"{USERS}/u2"] = lambda request: (
        Answer({"id": "u2", "name": "Gone", "state": "deleted"})
        if request.param("state") == "deleted"
        else Answer({"code": "not.found"}, 404)
    )
    assert agents.one("u2", platform.clock.operation()).state == "deleted"
    platform.routes[f"{USERS}/u3"] = Answer({"code": "not.found"}, 404)
    with pytest.raises(NotFoundError):
        agents.one("u3", platform.clock.operation())


def test_an_id_stays_one_segment_of_the_path(platform, agents):
    platform.routes[f"{USERS}/../x?y#z"] = Answer(DANA)
    with pytest.raises(AssertionError, match="no GET"):  # the stand-in sees it decoded, and knows no such path
        agents.one("../x?y#z", platform.clock.operation())
    for empty in ("", ".", ".."):
        with pytest.raises(ValueError, match="path"):
            agents.one(empty, platform.clock.operation())


def test_a_user_without_a_name_goes_by_her_id_and_one_without_an_id_is_left_out(platform, agents):
    platform.routes[USERS] = Answer({"entities": [{"id": "u1"}, {"name": "Nobody"}]})
    assert agents.by_ids(["u1"], platform.clock.operation()) == (User("u1", "u1"),)
    platform.routes[f"{USERS}/u1"] = Answer({"name": "Nobody"})
    with pytest.raises(PayloadError, match="no id"):
        agents.one("u1", platform.clock.operation())


def test_an_address_is_searched_for_exactly_whatever_its_case(platform, agents):
    former = {"id": "u0", "name": "Dana", "email": "Dana.Reyes@Example.com", "state": "inactive"}
    other = {"id": "u5", "name": "Dan", "email": "dan@example.com", "state": "active"}
    platform.routes[SEARCH] = Answer({"results": [former, other, DANA], "total": 3, "pageCount": 1})
    assert agents.by_email(" dana.reyes@EXAMPLE.com ", platform.clock.operation()) == DANA_USER
    query = platform.calls(SEARCH)[0].body["query"]
    assert query == [{"type": "EXACT", "fields": ["email"], "value": "dana.reyes@EXAMPLE.com"}]
    platform.routes[SEARCH] = Answer({"results": [other]})
    assert agents.by_email("dana.reyes@example.com", platform.clock.operation()) is None
    platform.routes[SEARCH] = Answer({"total": 0})
    assert agents.by_email("dana.reyes@example.com", platform.clock.operation()) is None


@pytest.mark.parametrize(
    ("search", "criterion"),
    [
        ("by_name", {"type": "CONTAINS", "fields": ["name"], "value": "x"}),
        ("in_division", {"type": "EXACT", "fields": ["divisionId"], "value": "x"}),
        ("reporting_to", {"type": "EXACT", "fields": ["manager.id"], "value": "x"}),
    ],
)
def test_searches_are_read_to_their_last_page(platform, agents, search, criterion):
    def answer(request):
        number = request.body["pageNumber"]
        return Answer({"results": [{"id": f"u{number}"}], "pageCount": 3, "total": 3, "pageSize": 1})

    platform.routes[SEARCH] = answer
    found = getattr(agents, search)("x", platform.clock.operation())
    assert [user.id for user in found] == ["u1", "u2", "u3"]
    assert platform.calls(SEARCH)[0].body["query"] == [criterion]


# --- the timeline of statuses ----------------------------------------------------------------------------


def at(hour, minute=0):
    return datetime(2026, 3, 10, hour, minute, tzinfo=UTC)


def presence(status, start, end=None):
    span = {"startTime": start, "systemPresence": status, "organizationPresenceId": "x"}
    return span | ({"endTime": end} if end else {})


def routing(status, start, end=None):
    return {"startTime": start, "routingStatus": status} | ({"endTime": end} if end else {})


def timelines(platform, **options):
    query = StatusDetailsQuery(**{"start": at(0), "end": at(23), "user_ids": ("u1",)} | options)
    return platform.client().agents.status_details(query, platform.clock.operation())


def test_rows_of_one_agent_are_merged_in_order_of_time(platform):
    first = {
        "userId": "u1",
        "primaryPresence": [presence("ON_QUEUE", "2026-03-10T13:00:00Z")],
        "routingStatus": [routing("IDLE", "2026-03-10T13:00:00Z", "2026-03-10T13:24:00Z")],
    }
    second = {
        "userId": "u1",
        "primaryPresence": [
            presence("AVAILABLE", "2026-03-10T12:58:00Z", "2026-03-10T13:00:00Z"),
            presence("ON_QUEUE", "2026-03-10T13:00:00Z", "2026-03-10T14:00:00Z"),  # the same span, ended since
        ],
    }
    platform.routes[DETAILS] = Answer({"userDetails": [first, second, {"userId": "u2"}, {}], "totalHits": 4})
    assert timelines(platform) == (
        StatusTimeline(
            "u1",
            (StatusSpan("AVAILABLE", at(12, 58), at(13)), StatusSpan("ON_QUEUE", at(13), at(14))),
            (StatusSpan("IDLE", at(13), at(13, 24)),),
        ),
        StatusTimeline("u2", (), ()),
    )


@pytest.mark.parametrize(
    ("total", "asked"), [(250, 3), (None, 4), (1000, 4)], ids=["the count", "absence", "absence before the count"]
)
def test_pages_end_by_the_count_or_by_absence(platform, total, asked):
    def answer(request):
        number = request.body["paging"]["pageNumber"]
        if number > 3:
            return Answer({"totalHits": total} if total else {})
        # A page may be shorter than asked for: copies of spans over several days are dropped.
        rows = [{"userId": f"u{number}-{n}"} for n in range(90)]
        return Answer({"userDetails": rows} | ({"totalHits": total} if total else {}))

    platform.routes[DETAILS] = answer
    assert len(timelines(platform)) == 270
    assert len(platform.calls(DETAILS)) == asked


def test_agents_are_asked_about_in_hundreds_and_nobody_is_not_asked_about(platform):
    platform.routes[DETAILS] = Answer({})
    assert timelines(platform, user_ids=tuple(f"u{n}" for n in range(250))) == ()
    assert len(platform.calls(DETAILS)) == 3
    platform.requests.clear()
    assert timelines(platform, user_ids=()) == ()
    assert platform.requests == []
