from __future__ import annotations

import pytest

from genesys_client import Member, Named, Organization, TokenOwner
from tests.genesys_client.stand_in import Answer, Platform, validate


@pytest.fixture
def platform():
    return Platform()


@pytest.fixture
def ask(platform):
    directory = platform.client().organization
    return lambda name, *arguments: getattr(directory, name)(*arguments, platform.clock.operation())


def page(*entities, **rest):
    return Answer({"entities": list(entities), **rest})


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("queues", "/api/v2/routing/queues"),
        ("groups", "/api/v2/groups"),
        ("divisions", "/api/v2/authorization/divisions"),
    ],
)
def test_listings_by_number_are_read_to_the_end(platform, ask, name, path):
    platform.routes[path] = lambda request: page(
        {"id": request.param("pageNumber"), "name": f"N{request.param('pageNumber')}"}, pageCount=3, total=3, pageSize=1
    )
    assert ask(name) == (Named("1", "N1"), Named("2", "N2"), Named("3", "N3"))
    assert {call.param("pageSize") for call in platform.calls(path)} == {"100"}


def test_queue_members_go_on_while_there_is_a_next(platform, ask):
    path = "/api/v2/routing/queues/q1/members"
    first = {"id": "u1", "name": "Ana", "joined": True, "memberBy": "user", "ringNumber": 1}
    second = {"id": "u2", "user": {"id": "u2", "name": "Ben", "version": 1}, "joined": False}
    validate("QueueMemberEntityListing", {"entities": [first, second], "nextUri": f"{path}?pageNumber=2"})
    platform.routes[path] = [page(first, nextUri=f"{path}?pageNumber=2"), page(second, {"id": "u3"}, first)]
    assert ask("queue_members", "q1") == (Member("u1", "Ana", True), Member("u2", "Ben", False), Member("u3", "u3"))
    assert [call.param("pageNumber") for call in platform.calls(path)] == ["1", "2"]
    assert {call.param("pageSize") for call in platform.calls(path)} == {"100"}


def test_teams_and_their_members_follow_the_cursor(platform, ask):
    platform.routes["/api/v2/teams"] = [
        page({"id": "t1", "name": "Billing"}, nextUri="/api/v2/teams?pageSize=100&after=ZXhhbXBsZQ"),
        page({"id": "t2", "name": "Sales"}),
    ]
    assert ask("teams") == (Named("t1", "Billing"), Named("t2", "Sales"))
    assert [call.param("after") for call in platform.calls("/api/v2/teams")] == [None, "ZXhhbXBsZQ"]
    platform.routes["/api/v2/teams/t1/members"] = page({"id": "u1", "name": "Ana"}, {"id": "u2"})
    assert ask("team_members", "t1") == (Member("u1", "Ana"), Member("u2", "u2"))
    assert platform.calls("/api/v2/teams/t1/members")[0].param("expand") == "entities"


def test_group_members_are_read_to_the_end(platform, ask):
    platform.routes["/api/v2/groups/g1/members"] = lambda request: page(
        {"id": f"u{request.param('pageNumber')}", "name": "X"}, pageCount=2
    )
    assert ask("group_members", "g1") == (Member("u1", "X"), Member("u2", "X"))


@pytest.mark.parametrize("empty", [{}, {"entities": []}, {"entities": None}], ids=str)
@pytest.mark.parametrize(
    ("name", "path"), [("queues", "/api/v2/routing/queues"), ("teams", "/api/v2/teams"), ("groups", "/api/v2/groups")]
)
def test_an_empty_listing_is_empty(platform, ask, name, path, empty):
    platform.routes[path] = Answer(empty)
    assert ask(name) == ()


def test_entries_without_an_id_are_left_out_and_without_a_name_go_by_it(platform, ask):
    platform.routes["/api/v2/groups"] = page({"name": "lost"}, {"id": "g1"}, {"id": "g1", "name": "Twice"}, pageCount=1)
    assert ask("groups") == (Named("g1", "Twice"),)


def test_the_organisation_and_the_token_say_whose_they_are(platform, ask):
    platform.routes["/api/v2/organizations/me"] = Answer({"id": "o", "name": "Acme", "domain": "acme", "version": 1})
    assert ask("me") == Organization("o", "Acme", "acme")
    platform.routes["/api/v2/tokens/me"] = Answer(
        {"organization": {"id": "o", "name": "Acme"}, "OAuthClient": {"id": "c", "name": "utilization-bot"}}
    )
    assert ask("token") == TokenOwner("Acme", "utilization-bot")
    platform.routes["/api/v2/tokens/me"] = Answer({})
    assert ask("token") == TokenOwner(None, None)


def test_limits_are_read_by_key(platform, ask):
    body = {
        "entities": [
            {"key": "client.credentials.token.rate.per.minute", "namespace": "platform.api", "value": 300},
            {"key": "org.app.user.rate.per.minute", "namespace": "platform.api", "value": 3000.0},
            {"key": "odd"},
            {"value": 5},
        ]
    }
    platform.routes["/api/v2/organizations/limits/namespaces/platform.api"] = Answer(body)
    assert ask("limits", "platform.api") == {
        "client.credentials.token.rate.per.minute": 300,
        "org.app.user.rate.per.minute": 3000,
    }
