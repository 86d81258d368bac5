"""The sandbox takes what the official document says, and answers what it promises."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from genesys_client.sandbox.contract import all_permissions, operations
from genesys_client.sandbox.engine import HANDLERS
from tests.genesys_client.sandbox.asking import (
    CONVERSATION_AGGREGATES,
    CONVERSATION_DETAILS,
    USER_AGGREGATES,
    USER_DETAILS,
    conforms,
    local_day,
    official,
    somebody_who_worked_on,
    spelled_interval,
    token_request,
    users_filter,
    yesterday_interval,
)

EXTRACT = Path(__file__).parents[3] / "genesys_client" / "sandbox" / "contract.json"
KEPT = {"type", "properties", "items", "enum", "required", "additionalProperties", "$ref"}


def bare(schema):
    """A schema without prose, as the extract keeps it."""
    out = {}
    for name, value in schema.items():
        if name == "properties":
            out[name] = {field: bare(inner) for field, inner in value.items()}
        elif name == "required" and isinstance(value, list):
            out[name] = sorted(value)
        elif name in KEPT:
            out[name] = bare(value) if isinstance(value, dict) else value
    return out


def test_the_extract_says_what_the_official_document_says():
    extract = json.loads(EXTRACT.read_text(encoding="utf-8"))
    assert extract["definitions"]
    for name, definition in extract["definitions"].items():
        assert definition == bare(official("definitions")[name]), name
    for key, entry in extract["operations"].items():
        method, path = key.split(" ")
        documented = official("paths")[path][method.lower()]
        parameters = documented.get("parameters", [])
        assert entry["query"] == {p["name"]: bare(p) for p in parameters if p["in"] == "query"}, key
        bodies = [p["schema"]["$ref"].rpartition("/")[2] for p in parameters if p["in"] == "body"]
        assert ([entry["body"]] if "body" in entry else []) == bodies, key
        permissions = documented.get("x-inin-requires-permissions", {"type": "ANY", "permissions": []})
        assert entry.get("permissions", {"names": []})["names"] == permissions["permissions"], key


def test_every_operation_of_the_contract_has_a_handler_and_the_other_way_round():
    assert {operation.key for operation in operations()} == set(HANDLERS)


def test_permissions_are_those_that_an_administrator_finds():
    assert {"analytics:conversationAggregate:view", "analytics:userAggregate:view", "directory:user:view"} <= (
        all_permissions()
    )


def one_agent(engine):
    return somebody_who_worked_on(engine, date(2026, 11, 22))


def bodies(engine):
    """A request with every field that a client would use, for each operation that takes a body."""
    interval = yesterday_interval()
    agents = users_filter([one_agent(engine)])
    aggregate = {
        "interval": interval,
        "granularity": "PT30M",
        "timeZone": "Europe/London",
        "groupBy": ["userId", "queueId", "mediaType", "direction", "purpose", "teamId", "divisionId"],
        "metrics": ["tHandle", "tTalk", "tAcw", "tAnswered", "nConnected", "nOffered", "tAcd", "tAbandon"],
        "views": [{"name": "long", "target": "tHandle", "function": "rangeBound", "range": {"gte": 600_000}}],
    }
    status = {
        "interval": interval,
        "granularity": "PT1H",
        "groupBy": ["userId"],
        "metrics": ["tAgentRoutingStatus", "tSystemPresence", "tOrganizationPresence"],
    }
    details = {"interval": interval, "order": "desc", "orderBy": "conversationEnd"}
    user_filters = [{"type": "or", "predicates": [{"dimension": "userId", "value": one_agent(engine)}]}]
    base = "/api/v2/analytics"
    return {
        f"{base}/conversations/aggregates/query": ("ConversationAggregateQueryResponse", aggregate),
        f"{base}/users/aggregates/query": ("UserAggregateQueryResponse", {**status, "filter": agents}),
        f"{base}/conversations/details/query": (
            "AnalyticsConversationQueryResponse",
            {**details, "paging": {"pageSize": 100, "pageNumber": 3}},
        ),
        f"{base}/users/details/query": ("AnalyticsUserDetailsQueryResponse", {"interval": interval}),
        f"{base}/users/observations/query": (
            "UserObservationQueryResponse",
            {"filter": user_filters[0], "metrics": ["oActiveQueues", "oMemberQueues"]},
        ),
        f"{base}/conversations/details/jobs": ("AsyncQueryResponse", details),
        f"{base}/users/details/jobs": ("AsyncQueryResponse", {"interval": interval, "userFilters": user_filters}),
        f"{base}/conversations/aggregates/jobs": ("AsyncQueryResponse", {**aggregate, "pageSize": 50}),
        f"{base}/users/aggregates/jobs": ("AsyncQueryResponse", status),
        "/api/v2/users/search": (
            "UsersSearchResponse",
            {"pageSize": 5, "query": [{"type": "CONTAINS", "fields": ["name"], "value": "a"}], "expand": ["team"]},
        ),
        "/api/v2/groups/search": ("GroupsSearchResponse", {"query": [{"type": "MATCH_ALL"}]}),
    }


def test_answers_to_queries_conform(engine, asker):
    for path, (definition, body) in bodies(engine).items():
        answer = asker.post(path, body)
        conforms(definition, answer)
        assert len(json.dumps(answer)) > 40, path


def test_answers_about_running_things_conform(asker):
    today = spelled_interval(*local_day(date(2026, 11, 23), "Europe/London"))
    paging = {"pageSize": 100, "pageNumber": 1}
    conversations = asker.post(CONVERSATION_DETAILS, {"interval": today, "paging": paging})
    conforms("AnalyticsConversationQueryResponse", conversations)
    users = asker.post(USER_DETAILS, {"interval": today, "paging": paging})
    conforms("AnalyticsUserDetailsQueryResponse", users)
    assert any("endTime" not in record for row in users["userDetails"] for record in row.get("routingStatus", ()))


@pytest.mark.parametrize(
    ("family", "definition"),
    [
        ("conversations/details", "AnalyticsConversationAsyncQueryResponse"),
        ("users/details", "AnalyticsUserDetailsAsyncQueryResponse"),
        ("conversations/aggregates", "ConversationAsyncAggregateQueryResponse"),
        ("users/aggregates", "UserAsyncAggregateQueryResponse"),
    ],
)
def test_every_stage_of_a_job_conforms(engine, asker, family, definition):
    path = f"/api/v2/analytics/{family}/jobs"
    job = asker.post(path, bodies(engine)[path][1])["jobId"]
    running, done = asker.send("GET", f"{path}/{job}"), asker.send("GET", f"{path}/{job}")
    assert (running.status, done.status) == (202, 200)
    conforms("AsyncQueryStatus", running.json())
    conforms("AsyncQueryStatus", done.json())
    results = asker.get(f"{path}/{job}/results")
    conforms(definition, results)
    assert len(json.dumps(results)) > 1_000


def gets(engine):
    organization = engine.organization
    user, queue = one_agent(engine), organization.queues[0].id
    team, group = organization.teams[0].id, organization.groups[0].id
    conversation = engine.activity.floor(date(2026, 11, 22)).conversations[5].id
    every = ["routingStatus", "presence", "team", "groups"]
    return {
        f"/api/v2/analytics/conversations/{conversation}/details": ("AnalyticsConversationWithoutAttributes", {}),
        "/api/v2/analytics/conversations/details": (
            "AnalyticsConversationWithoutAttributesMultiGetResponse",
            {"id": conversation},
        ),
        "/api/v2/analytics/conversations/details/jobs/availability": ("DataAvailabilityResponse", {}),
        "/api/v2/analytics/users/details/jobs/availability": ("DataAvailabilityResponse", {}),
        "/api/v2/users": ("UserEntityListing", {"pageSize": 7, "pageNumber": 2, "state": "any", "expand": every}),
        "/api/v2/users/query": ("UserCursorEntityListing", {"pageSize": 7}),
        f"/api/v2/users/{user}": ("User", {"expand": ",".join(every)}),
        f"/api/v2/users/{user}/queues": ("UserQueueEntityListing", {}),
        f"/api/v2/users/{user}/routingstatus": ("RoutingStatus", {}),
        "/api/v2/routing/queues": ("QueueEntityListing", {"pageSize": 2, "pageNumber": 2}),
        f"/api/v2/routing/queues/{queue}": ("Queue", {}),
        f"/api/v2/routing/queues/{queue}/members": (
            "QueueMemberEntityListing",
            {"pageSize": 3, "expand": "routingStatus"},
        ),
        "/api/v2/groups": ("GroupEntityListing", {}),
        f"/api/v2/groups/{group}": ("Group", {}),
        f"/api/v2/groups/{group}/members": ("UserEntityListing", {"pageSize": 3}),
        "/api/v2/teams": ("TeamEntityListing", {"pageSize": 2}),
        f"/api/v2/teams/{team}": ("Team", {}),
        f"/api/v2/teams/{team}/members": ("TeamMemberEntityListing", {"expand": "entities"}),
        "/api/v2/authorization/divisions": ("AuthzDivisionEntityListing", {}),
        "/api/v2/authorization/divisions/query": ("AuthzDivisionCursorListing", {"pageSize": 1}),
        "/api/v2/presence/definitions": ("OrganizationPresenceDefinitionEntityListing", {}),
        "/api/v2/organizations/me": ("Organization", {}),
        "/api/v2/organizations/limits/namespaces/platform.api": ("LimitsEntityListing", {}),
        "/api/v2/organizations/limits/namespaces/platform.api/defaults": ("LimitsEntityListing", {}),
        "/api/v2/tokens/me": ("TokenInfo", {}),
    }


def test_answers_about_people_and_places_conform(engine, asker):
    for path, (definition, query) in gets(engine).items():
        answer = asker.get(path, **query)
        conforms(definition, answer)
        assert answer, path
    for presence in asker.get("/api/v2/systempresences"):
        conforms("SystemPresence", presence)


def test_no_operation_is_left_out_of_these_tests(engine):
    asked = [f"GET {path}" for path in gets(engine)] + [f"POST {path}" for path in bodies(engine)]
    asked += ["GET /api/v2/systempresences"]
    untried = {
        operation.key
        for operation in operations()
        if not any(re.fullmatch(f"{operation.method} {operation.pattern.pattern}", key) for key in asked)
    }
    assert all("/jobs/{jobId}" in key for key in untried)  # tried stage by stage


def test_tokens_conform(engine):
    conforms("OAuthTokenResponse", engine.handle(token_request()).json())
    conforms("OAuthTokenError", engine.handle(token_request(form=b"")).json())


def test_an_aggregate_answer_by_agent_is_spelled_as_documented(engine, asker):
    body = {"interval": yesterday_interval(), "groupBy": ["userId"], "metrics": ["tHandle", "nConnected"]}
    result = next(
        r for r in asker.post(CONVERSATION_AGGREGATES, body)["results"] if r["group"].get("mediaType") == "voice"
    )
    assert set(result["group"]) == {"userId", "mediaType"}
    (data,) = result["data"]
    assert data["interval"] == yesterday_interval() == "2026-11-22T00:00:00.000Z/2026-11-23T00:00:00.000Z"
    stats = {entry["metric"]: entry["stats"] for entry in data["metrics"]}
    assert set(stats["tHandle"]) == {"max", "min", "count", "sum"}
    assert set(stats["nConnected"]) == {"count"}


def test_a_status_answer_is_spelled_as_documented(engine, asker):
    body = {
        "interval": yesterday_interval(),
        "groupBy": ["userId"],
        "metrics": ["tSystemPresence"],
        "filter": users_filter([engine.organization.people[-2].id]),
    }
    answer = asker.post(USER_AGGREGATES, body)
    assert answer["results"] == [
        {
            "group": {"userId": engine.organization.people[-2].id},
            "data": [
                {
                    "interval": yesterday_interval(),
                    "metrics": [{"metric": "tSystemPresence", "qualifier": "OFFLINE", "stats": {"sum": 86_400_000}}],
                }
            ],
        }
    ]
    assert len(answer["systemToOrganizationMappings"]["BREAK"]) == 2
