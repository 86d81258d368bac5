from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from genesys_client import (
    AggregateRecord,
    ConversationAggregation,
    PayloadError,
    PermissionDeniedError,
    ResponseTooLargeError,
    StatusAggregation,
)
from genesys_client.aggregates import flatten
from tests.genesys_client.stand_in import Answer, Platform, validate

POSTED = "/api/v2/analytics/conversations/aggregates/query"
STATUS = "/api/v2/analytics/users/aggregates/query"


def at(hour, minute=0, day=10):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


DAY = (at(4), at(4, day=11))
TOO_LARGE = Answer({"code": "response.entity.too.large", "status": 400}, 400)


@pytest.fixture
def platform():
    platform = Platform()
    platform.routes |= {POSTED: Answer({"results": []}), STATUS: Answer({"results": []})}
    return platform


def posted(platform, **options):
    query = ConversationAggregation(**{"windows": (DAY,), "metrics": ("tHandle",)} | options)
    return platform.client().conversations.aggregates(query, platform.clock.operation(120))


def status(platform, **options):
    query = StatusAggregation(**{"windows": (DAY,), "user_ids": ("u1",)} | options)
    return platform.client().agents.status_aggregates(query, platform.clock.operation(120))


def predicate(dimension, value):
    return {"type": "dimension", "dimension": dimension, "operator": "matches", "value": value}


# --- what is asked ---------------------------------------------------------------------------------------


def test_the_question_is_written_as_the_platform_documents_it(platform):
    posted(
        platform,
        metrics=("tHandle", "tAcw"),
        granularity="PT30M",
        time_zone="America/New_York",
        user_ids=("u1", "u2"),
        queue_ids=("q1",),
        media_types=("voice", "callback"),
        directions=("inbound",),
        purposes=("agent",),
    )
    assert platform.calls(POSTED)[0].body == {
        "interval": "2026-03-10T04:00:00.000Z/2026-03-11T04:00:00.000Z",
        "granularity": "PT30M",
        "timeZone": "America/New_York",
        "groupBy": ["userId"],
        "metrics": ["tHandle", "tAcw"],
        "filter": {
            "type": "and",
            "clauses": [
                {"type": "or", "predicates": [predicate("userId", "u1"), predicate("userId", "u2")]},
                {"type": "or", "predicates": [predicate("queueId", "q1")]},
                {"type": "or", "predicates": [predicate("mediaType", "voice"), predicate("mediaType", "callback")]},
                {"type": "or", "predicates": [predicate("direction", "inbound")]},
                {"type": "or", "predicates": [predicate("purpose", "agent")]},
            ],
        },
    }


def test_without_limits_there_is_no_filter_and_what_is_not_set_is_left_out(platform):
    posted(platform)
    assert platform.calls(POSTED)[0].body == {
        "interval": "2026-03-10T04:00:00.000Z/2026-03-11T04:00:00.000Z",
        "groupBy": ["userId"],
        "metrics": ["tHandle"],
    }


def test_status_is_asked_for_by_agent(platform):
    status(platform, granularity="PT30M", user_ids=("u1",))
    assert platform.calls(STATUS)[0].body == {
        "interval": "2026-03-10T04:00:00.000Z/2026-03-11T04:00:00.000Z",
        "granularity": "PT30M",
        "groupBy": ["userId"],
        "metrics": ["tAgentRoutingStatus", "tSystemPresence"],
        "filter": {"type": "and", "clauses": [{"type": "or", "predicates": [predicate("userId", "u1")]}]},
    }


def test_offsets_are_written_as_instants(platform):
    ist = timezone(timedelta(hours=5, minutes=30))
    posted(platform, windows=((datetime(2026, 3, 10, tzinfo=ist), datetime(2026, 3, 10, 0, 30, tzinfo=ist)),))
    assert platform.calls(POSTED)[0].body["interval"] == "2026-03-09T18:30:00.000Z/2026-03-09T19:00:00.000Z"


@pytest.mark.parametrize(
    "window",
    [
        pytest.param((datetime(2026, 3, 10), at(4)), id="naive"),
        pytest.param((at(4), at(4)), id="empty"),
        pytest.param((at(5), at(4)), id="backwards"),
    ],
)
def test_a_window_that_is_none_is_refused_before_anything_is_asked(platform, window):
    with pytest.raises(ValueError, match="window"):
        posted(platform, windows=(window,))
    assert platform.calls(POSTED) == []


def test_agents_go_out_in_hundreds_each_once_and_for_every_window(platform):
    ids = tuple(f"u{n}" for n in range(205))
    later = (at(4, day=11), at(4, day=12))
    posted(platform, user_ids=(*ids, "u3", "u4"), windows=(DAY, later))
    asked = sorted(
        (call.body["interval"][:10], tuple(p["value"] for p in call.body["filter"]["clauses"][0]["predicates"]))
        for call in platform.calls(POSTED)
    )
    batches = sorted([ids[:100], ids[100:200], ids[200:]])
    assert asked == [(day, batch) for day in ("2026-03-10", "2026-03-11") for batch in batches]


def test_for_nobody_nothing_is_asked(platform):
    assert posted(platform, user_ids=()) == status(platform, user_ids=()) == []
    assert platform.requests == []


# --- what comes back -------------------------------------------------------------------------------------

EXAMPLE = {
    "results": [
        {
            "group": {"mediaType": "voice", "userId": "u1"},
            "data": [
                {
                    "interval": "2026-03-10T13:30:00.000Z/2026-03-10T14:00:00.000Z",
                    "metrics": [
                        {"metric": "tTalk", "stats": {"max": 720000, "min": 360000, "count": 2, "sum": 1080000}},
                        {"metric": "tHandle", "stats": {"count": 1.0, "sum": 1300000.5}},
                    ],
                }
            ],
        },
        {
            "group": {"mediaType": "message", "userId": "u1"},
            "data": [
                {
                    "interval": "2026-03-10T09:30:00.000-04:00/2026-03-10T10:00:00.000-04:00",
                    "metrics": [
                        {"metric": "tHandle", "stats": {"sum": 1000}},
                        {"metric": "nError", "stats": {"count": 3}},
                    ],
                }
            ],
        },
    ]
}


def test_records_are_flat_and_several_may_belong_to_one_agent(platform):
    platform.routes[POSTED] = Answer(EXAMPLE)
    validate("ConversationAggregateQueryResponse", EXAMPLE)
    start, end = at(13, 30), at(14)
    voice, message = {"mediaType": "voice", "userId": "u1"}, {"mediaType": "message", "userId": "u1"}
    records = posted(platform)
    assert records == [
        AggregateRecord(voice, start, end, "tTalk", None, 1080000.0, 2),
        AggregateRecord(voice, start, end, "tHandle", None, 1300000.5, 1),
        AggregateRecord(message, start, end, "tHandle", None, 1000.0, None),
        AggregateRecord(message, start, end, "nError", None, None, 3),
    ]
    assert records[2].start.utcoffset() == timedelta(0)


def test_the_status_is_in_the_qualifier_and_unknown_ones_are_kept(platform):
    entry = {"metric": "tSystemPresence", "qualifier": "ON_A_NEW_PLANET", "stats": {"sum": 5}}
    platform.routes[STATUS] = Answer(
        {
            "systemToOrganizationMappings": {"ON_QUEUE": ["x"]},
            "results": [
                {
                    "group": {"userId": "u1"},
                    "data": [{"interval": "2026-03-10T13:30:00Z/2026-03-10T14:00:00Z", "metrics": [entry]}],
                }
            ],
        }
    )
    assert status(platform) == [
        AggregateRecord({"userId": "u1"}, at(13, 30), at(14), "tSystemPresence", "ON_A_NEW_PLANET", 5.0, None)
    ]


INTERVAL = "2026-03-10T13:30:00Z/2026-03-10T14:00:00Z"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"results": []},
        {"results": None},
        {"results": [{}]},
        {"results": [{"group": {"userId": "u1"}, "data": []}]},
        {"results": [{"group": {"userId": "u1"}, "data": [{"interval": INTERVAL}]}]},
        {"results": [{"group": None, "data": [{"interval": INTERVAL, "metrics": [{"metric": "tHandle"}]}]}]},
        {"unheard": {"of": []}},
    ],
    ids=str,
)
def test_nothing_found_is_nothing_in_each_of_its_forms(platform, body):
    platform.routes[POSTED] = Answer(body)
    assert posted(platform) == []


def test_a_group_may_lack_the_agent_and_statistics_their_sum(platform):
    body = {"results": [{"data": [{"interval": INTERVAL, "metrics": [{"metric": "nOffered", "stats": {"ratio": 1}}]}]}]}
    platform.routes[POSTED] = Answer(body)
    assert posted(platform) == [AggregateRecord({}, at(13, 30), at(14), "nOffered", None, None, None)]


def test_a_null_in_a_group_is_a_dimension_without_a_value(platform):
    entry = {"interval": INTERVAL, "metrics": [{"metric": "tHandle", "stats": {"sum": 5.0, "count": 1}}]}
    platform.routes[POSTED] = Answer({"results": [{"group": {"userId": "u1", "queueId": None}, "data": [entry]}]})
    assert [(r.group.get("userId"), r.group.get("queueId"), r.sum_ms) for r in posted(platform)] == [("u1", None, 5)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"[]", "object"),
        (b'{"results": {}}', r"\$\.results"),
        (b'{"results": [{"data": [{"metrics": []}]}]}', "interval"),
        (b'{"results": [{"data": [{"interval": "yesterday"}]}]}', "interval"),
        (b'{"results": [{"data": [{"interval": "2026-03-10T13:30:00/2026-03-10T14:00:00"}]}]}', "interval"),
        (b'{"results": [{"group": {"userId": 5}}]}', r"group"),
        (b'{"results": [{"data": [{"interval": "P1D", "metrics": [{"stats": {}}]}]}]}', "metric"),
        (b'{"results": [', "cut off"),
        (b"\xff\xfe", "JSON"),
        (b"", "JSON"),
    ],
)
def test_a_surprise_is_an_error_that_names_the_field(body, field):
    with pytest.raises(PayloadError, match=field):
        flatten(body, POSTED)


# --- too large -------------------------------------------------------------------------------------------


def users_of(request):
    return [p["value"] for p in request.body["filter"]["clauses"][0]["predicates"]]


def test_an_answer_too_large_is_asked_for_again_by_fewer_agents(platform):
    def at_most_three(request):
        users = users_of(request)
        if len(users) > 3:
            return TOO_LARGE
        entry = {"metric": "tHandle", "stats": {"sum": 1}}
        data = [{"interval": INTERVAL, "metrics": [entry]}]
        return Answer({"results": [{"group": {"userId": user}, "data": data} for user in users]})

    platform.routes[POSTED] = at_most_three
    records = posted(platform, user_ids=tuple(f"u{n}" for n in range(10)))
    assert sorted(record.group["userId"] for record in records) == [f"u{n}" for n in range(10)]


@pytest.mark.parametrize("granularity", ["PT30M", "PT1H", "PT15M"])
def test_then_by_shorter_windows_on_the_grid_of_its_buckets(platform, granularity):
    small = []

    def at_most_six_hours(request):
        start, end = map(datetime.fromisoformat, request.body["interval"].split("/"))
        if end - start > timedelta(hours=6):
            return TOO_LARGE
        small.append((start, end))
        return Answer({})

    platform.routes[POSTED] = at_most_six_hours
    window = (at(4, 30), at(4, 30, day=11))
    assert posted(platform, granularity=granularity, windows=(window,)) == []
    small.sort()
    assert small[0][0] == window[0]
    assert small[-1][1] == window[1]
    assert all(one[1] == next_one[0] for one, next_one in pairwise(small))
    assert all((start - window[0]) % timedelta(hours=1) in (timedelta(0), timedelta(minutes=30)) for start, _ in small)


@pytest.mark.parametrize("granularity", [None, "P1D"])
def test_what_cannot_be_halved_is_the_callers_to_shrink(platform, granularity):
    platform.routes[POSTED] = TOO_LARGE
    with pytest.raises(ResponseTooLargeError):
        posted(platform, granularity=granularity)
    assert len(platform.calls(POSTED)) == 1


def test_one_batch_that_is_refused_fails_the_whole_question(platform):
    platform.routes[STATUS] = lambda request: (
        Answer({"code": "missing.permissions", "message": "[analytics:userAggregate:view]"}, 403)
        if "u150" in users_of(request)
        else Answer({"results": []})
    )
    with pytest.raises(PermissionDeniedError, match="analytics:userAggregate:view"):
        status(platform, user_ids=tuple(f"u{n}" for n in range(300)))
