"""What the platform refuses, the sandbox refuses, in the same words where they are known."""

from __future__ import annotations

import pytest

from genesys_client.sandbox import Behaviour, OAuthGrant, Request
from tests.genesys_client.sandbox.asking import (
    CONVERSATION_AGGREGATES,
    CONVERSATION_DETAILS,
    USER_AGGREGATES,
    USER_DETAILS,
    Asker,
    conforms,
    token_request,
    users_filter,
    yesterday_interval,
)

DAY = yesterday_interval()
WEEK = "2026-11-15T00:00:00Z/2026-11-22T00:00:00Z"
MONTH_AND_A_DAY = "2026-10-01T00:00:00Z/2026-11-02T00:00:00Z"
HANDLE = {"interval": DAY, "metrics": ["tHandle"]}
STATUS = {"interval": DAY, "metrics": ["tSystemPresence"]}
AGENT_FILTER = [{"type": "or", "predicates": [{"dimension": "userId", "value": "someone"}]}]


@pytest.mark.parametrize(
    ("path", "body", "code", "words"),
    [
        pytest.param(
            CONVERSATION_AGGREGATES,
            {"interval": DAY, "metrics": ["tHold"]},
            "invalid.value",
            "Value [tHold] is not valid for field type [ConversationMetric]. Allowable values are: nAgentDeclined",
            id="tHold",
        ),
        pytest.param(
            USER_AGGREGATES, {**STATUS, "metrics": ["tHandle"]}, "invalid.value", "tHandle", id="user tHandle"
        ),
        pytest.param(
            CONVERSATION_AGGREGATES, {"metrics": ["tHandle"]}, "constraint.validation", "interval", id="no interval"
        ),
        pytest.param(CONVERSATION_AGGREGATES, {"interval": DAY}, "constraint.validation", "metrics", id="no metrics"),
        pytest.param(CONVERSATION_AGGREGATES, {**HANDLE, "metrics": []}, "bad.request", "metric", id="empty metrics"),
        pytest.param(
            CONVERSATION_AGGREGATES,
            {**HANDLE, "metrics": {"tHandle": {}}},
            "bad.request",
            "array",
            id="metrics as object",
        ),
        pytest.param(
            CONVERSATION_AGGREGATES,
            {**HANDLE, "groupBy": ["user", "time"]},
            "invalid.value",
            "user",
            id="group by user",
        ),
        pytest.param(
            CONVERSATION_AGGREGATES, {**HANDLE, "dateFrom": "2026"}, "invalid.property", "dateFrom", id="dateFrom"
        ),
        pytest.param(
            CONVERSATION_AGGREGATES, {**HANDLE, "interval": "PT30M"}, "invalid.date", "PT30M", id="a duration"
        ),
        pytest.param(
            CONVERSATION_AGGREGATES,
            {**HANDLE, "interval": "/".join(DAY.split("/")[::-1])},
            "invalid.date",
            "start",
            id="ends first",
        ),
        pytest.param(CONVERSATION_AGGREGATES, {**HANDLE, "granularity": "30M"}, "bad.request", "30M", id="no period"),
        pytest.param(
            CONVERSATION_AGGREGATES, {**HANDLE, "granularity": "PT0S"}, "bad.request", "PT0S", id="empty period"
        ),
        pytest.param(
            CONVERSATION_AGGREGATES, {**HANDLE, "timeZone": "Mars/Base"}, "invalid.value", "Mars/Base", id="no zone"
        ),
        pytest.param(
            CONVERSATION_AGGREGATES,
            {**HANDLE, "filter": {"type": "user", "ids": []}},
            "invalid.value",
            "user",
            id="filter of ids",
        ),
        pytest.param(
            CONVERSATION_AGGREGATES,
            {**HANDLE, "filter": {"predicates": []}},
            "constraint.validation",
            "type",
            id="no type",
        ),
        pytest.param(
            CONVERSATION_AGGREGATES,
            {**HANDLE, "filter": {"type": "and"}},
            "bad.request",
            "predicates",
            id="empty filter",
        ),
        pytest.param(
            USER_AGGREGATES,
            {**STATUS, "filter": users_filter(["x"] * 101)},
            "constraint.validation",
            "100",
            id="101 agents",
        ),
        pytest.param(
            USER_AGGREGATES, {**STATUS, "groupBy": ["teamId"]}, "invalid.value", "teamId", id="status by team"
        ),
        pytest.param(
            CONVERSATION_DETAILS,
            {"interval": MONTH_AND_A_DAY, "segmentFilters": AGENT_FILTER},
            "bad.request",
            "31 days",
            id="32 days with filter",
        ),
        pytest.param(
            CONVERSATION_DETAILS, {"interval": MONTH_AND_A_DAY}, "bad.request", "7 days", id="32 days without"
        ),
        pytest.param(
            CONVERSATION_DETAILS,
            {"interval": DAY, "paging": {"pageSize": 101, "pageNumber": 1}},
            "constraint.validation",
            "100",
            id="page of 101",
        ),
        pytest.param(
            CONVERSATION_DETAILS,
            {"interval": DAY, "paging": {"pageSize": 25, "pageNumber": 0}},
            "constraint.validation",
            "from 1",
            id="page 0",
        ),
        pytest.param(
            CONVERSATION_DETAILS,
            {"interval": DAY, "paging": {"pageSize": 25}},
            "constraint.validation",
            "pageNumber",
            id="no number",
        ),
        pytest.param(
            CONVERSATION_DETAILS,
            {"interval": DAY, "conversationFilters": AGENT_FILTER},
            "invalid.value",
            "userId",
            id="userId of a conversation",
        ),
        pytest.param(
            USER_DETAILS,
            {"interval": "2026-11-01T00:00:00Z/2026-11-09T00:00:00Z"},
            "bad.request",
            "7 days",
            id="8 days of status",
        ),
        pytest.param(
            "/api/v2/users/search",
            {"query": [{"fields": ["name"], "value": "x"}]},
            "constraint.validation",
            "type",
            id="search without type",
        ),
    ],
)
def test_a_query_that_makes_no_sense_is_a_400(asker, path, body, code, words):
    refusal = asker.refused("POST", path, body)
    assert (refusal["status"], refusal["code"]) == (400, code)
    assert words in refusal["message"]


def test_the_longest_intervals_are_taken(asker):
    assert asker.post(CONVERSATION_DETAILS, {"interval": WEEK})["totalHits"] > 5_000
    month = {"interval": "2026-11-01T00:00:00Z/2026-11-02T00:00:00Z", "segmentFilters": AGENT_FILTER}
    assert asker.post(CONVERSATION_DETAILS, month) == {"totalHits": 0}


def test_a_hundred_agents_are_taken(asker):
    assert asker.post(USER_AGGREGATES, {**STATUS, "filter": users_filter(["x"] * 100)})["results"] == []


def test_unknown_fields_are_ignored_where_the_platform_is_not_strict(engine, asker):
    engine.behaviour = Behaviour(strict=False)
    assert asker.post(CONVERSATION_AGGREGATES, {**HANDLE, "view": "agent"})["results"]
    assert asker.get("/api/v2/users", colour="red")["entities"]


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        pytest.param("/api/v2/users", {"state": "gone"}, "invalid.query.param.value", id="state"),
        pytest.param("/api/v2/users", {"pageSize": "501"}, "invalid.query.param.value", id="page size"),
        pytest.param("/api/v2/users", {"pageSize": "many"}, "invalid.query.param.value", id="no number"),
        pytest.param("/api/v2/users", {"colour": "red"}, "bad.request", id="unknown"),
        pytest.param(
            "/api/v2/teams", {"after": "x", "before": "y"}, "both.after.and.before.provided", id="two cursors"
        ),
        pytest.param("/api/v2/teams", {"after": "x"}, "bad.request", id="made-up cursor"),
        pytest.param("/api/v2/users/me", {}, "bad.request", id="me"),
        pytest.param("/api/v2/organizations/limits/namespaces/nothing", {}, "invalid.value", id="namespace"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_a_400(asker, path, query, code):
    refusal = asker.refused("GET", path, **query)
    assert (refusal["status"], refusal["code"]) == (400, code)


def test_queue_members_come_at_most_100_a_page(engine, asker):
    path = f"/api/v2/routing/queues/{engine.organization.queues[0].id}/members"
    assert asker.get(path, pageSize=100)["pageSize"] == 100
    assert asker.refused("GET", path, pageSize=101)["status"] == 400


@pytest.mark.parametrize("path", ["/api/v2/nothing", "/api/v2/users/none", "/api/v2/routing/queues/none", "/"])
def test_what_does_not_exist_is_a_404(asker, path):
    assert asker.refused("GET", path)["code"] == "not.found"


def test_a_known_path_with_another_method_is_a_405(asker):
    assert asker.refused("DELETE", "/api/v2/users")["status"] == 405


def test_bodies_have_a_size_a_type_and_a_grammar(asker):
    headers = {"authorization": f"Bearer {asker.token}", "content-type": "application/json"}

    def status(body, **other):
        request = Request("POST", CONVERSATION_AGGREGATES, {}, headers | other, body)
        answer = asker.engine.handle(request)
        conforms("ErrorBody", answer.json())
        return answer.status, answer.json()["code"]

    assert status(b"{" + b" " * 512_000) == (413, "request.entity.too.large")
    assert status(b"{}", **{"content-type": "text/plain"}) == (415, "unsupported.media.type")
    assert status(b'{"interval"') == (400, "bad.request")
    assert status(b"") == (400, "bad.request")
    assert status(b"[]") == (400, "bad.request")


def test_an_answer_over_the_limit_is_refused(engine, asker):
    engine.behaviour = Behaviour(max_answer_bytes=10_000)
    assert asker.refused("POST", CONVERSATION_DETAILS, {"interval": DAY})["code"] == "response.entity.too.large"


def test_every_answer_carries_a_correlation_id_and_refusals_repeat_it(asker):
    good, bad = asker.send("GET", "/api/v2/organizations/me"), asker.send("GET", "/api/v2/nothing")
    assert good.headers["ININ-Correlation-Id"] != bad.headers["ININ-Correlation-Id"] == bad.json()["contextId"]


# Who may ask


def test_a_missing_permission_is_named(new_engine):
    engine = new_engine(grants=[OAuthGrant("c", "s", permissions=frozenset({"directory:user:view"}))])
    asker = Asker(engine, OAuthGrant("c", "s"))
    refusal = asker.refused("POST", CONVERSATION_AGGREGATES, HANDLE)
    assert (refusal["status"], refusal["code"]) == (403, "missing.any.permissions")
    assert refusal["message"].endswith("[analytics:conversationAggregate:view]")
    assert refusal["messageParams"] == {"permissions": "[analytics:conversationAggregate:view]"}
    assert asker.post("/api/v2/users/search", {"query": []})["total"] > 30


def test_permissions_that_are_all_needed_have_their_own_words(new_engine):
    engine = new_engine(grants=[OAuthGrant("c", "s", permissions=frozenset())])
    refusal = Asker(engine, OAuthGrant("c", "s")).refused("GET", "/api/v2/presence/definitions")
    assert refusal["code"] == "missing.permissions"


def test_a_division_out_of_reach_is_left_out_without_a_word(new_engine, asker):
    organization = asker.engine.organization
    home, other = organization.divisions
    grant = OAuthGrant("c", "s", division_ids=frozenset({home.id}))
    limited = Asker(new_engine(grants=[grant]), grant)
    users = limited.get("/api/v2/users", pageSize=500, state="any")["entities"]
    assert {user["division"]["id"] for user in users} == {home.id}
    assert len(users) == sum(person.division_id == home.id for person in organization.people)
    assert {q["division"]["id"] for q in limited.get("/api/v2/routing/queues")["entities"]} == {home.id}
    by_division = {**HANDLE, "groupBy": ["divisionId"]}
    groups = [r["group"]["divisionId"] for r in limited.post(CONVERSATION_AGGREGATES, by_division)["results"]]
    assert set(groups) == {home.id}
    everything = [r["group"]["divisionId"] for r in asker.post(CONVERSATION_AGGREGATES, by_division)["results"]]
    assert set(everything) == {home.id, other.id}
    assert limited.refused("GET", "/api/v2/users/query")["code"] == "missing.division.permission"


class Ticking:
    """A clock that a test moves."""

    def __init__(self):
        self.at = 1_000.0

    def __call__(self):
        return self.at


def test_a_token_is_refused_once_it_has_expired(new_engine):
    clock, grant = Ticking(), OAuthGrant("c", "s", token_lifetime_s=300)
    asker = Asker(new_engine(grants=[grant], monotonic=clock), grant)
    clock.at += 299.9
    assert asker.get("/api/v2/organizations/me")
    clock.at += 0.1
    assert asker.refused("GET", "/api/v2/organizations/me")["code"] == "bad.credentials"


@pytest.mark.parametrize(
    ("headers", "code"),
    [({}, "authentication.required"), ({"authorization": "Bearer made-up"}, "bad.credentials")],
    ids=["none", "made up"],
)
def test_no_call_without_a_token(engine, headers, code):
    answer = engine.handle(Request("GET", "/api/v2/organizations/me", {}, headers))
    conforms("ErrorBody", answer.json())
    assert (answer.status, answer.json()["code"]) == (401, code)


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(token_request(OAuthGrant("sandbox-client", "wrong")), id="wrong secret"),
        pytest.param(token_request(OAuthGrant("nobody", "sandbox-secret")), id="unknown client"),
        pytest.param(Request("POST", "/oauth/token", {}, {"authorization": "Basic %%%"}), id="no base64"),
        pytest.param(Request("POST", "/oauth/token", {}, {}), id="nothing"),
    ],
)
def test_bad_credentials_are_a_400_in_the_words_of_oauth(engine, request_):
    answer = engine.handle(request_)
    assert answer.status == 400
    assert answer.json() == {
        "error": "invalid_client",
        "description": "authentication failed",
        "error_description": "authentication failed",
    }


def test_too_many_tokens_in_a_minute_are_a_400_of_their_own(new_engine):
    clock = Ticking()
    engine = new_engine(monotonic=clock, behaviour=Behaviour(tokens_per_minute=2))
    assert [engine.handle(token_request()).status for _ in range(2)] == [200, 200]
    refusal = engine.handle(token_request())
    assert refusal.status == 400
    assert refusal.json()["error"] == "invalid_request"
    assert refusal.json()["error_description"].startswith("rate limit exceeded;")
    clock.at += 60
    assert engine.handle(token_request()).status == 200


def test_the_301st_call_of_a_minute_is_told_when_to_come_back(new_engine):
    clock = Ticking()
    engine = new_engine(monotonic=clock)
    asker, second = Asker(engine), Asker(engine)
    for _ in range(300):
        asker.get("/api/v2/organizations/me")
    clock.at += 18.4
    answer = asker.send("GET", "/api/v2/organizations/me")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "42")
    assert answer.json()["message"] == "Rate limit exceeded the maximum. Retry the request in [42] seconds"
    assert answer.json()["code"] == "too.many.requests.retry.after"
    assert answer.json()["limit"] == {
        "key": "client.credentials.token.rate.per.minute",
        "namespace": "platform.api",
        "value": 300,
    }
    conforms("ErrorBody", answer.json())
    assert second.get("/api/v2/organizations/me")  # each token has its own minute
    clock.at += 41.6
    assert asker.get("/api/v2/organizations/me")


def test_the_limits_can_be_read(asker):
    asker.engine.behaviour = Behaviour(requests_per_minute=120)
    entities = asker.get("/api/v2/organizations/limits/namespaces/platform.api")["entities"]
    values = {entity["key"]: entity["value"] for entity in entities}
    assert values["client.credentials.token.rate.per.minute"] == 120
    assert values["request.bytes.max"] == 512_000
