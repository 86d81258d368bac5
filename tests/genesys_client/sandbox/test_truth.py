"""What the handlers answer equals what happened, to the millisecond."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from genesys_client.sandbox import Engine
from tests.genesys_client.sandbox.asking import (
    CONVERSATION_AGGREGATES,
    CONVERSATION_DETAILS,
    NOW,
    USER_AGGREGATES,
    Asker,
    half_hours,
    local_day,
    spelled,
    spelled_interval,
    users_filter,
)

POSTED = (
    "tHandle",
    "tTalk",
    "tHeld",
    "tAcw",
    "tContacting",
    "tDialing",
    "tTalkComplete",
    "tHeldComplete",
    "tAlert",
    "tNotResponding",
)

DAYS = [
    pytest.param("Europe/London", date(2026, 11, 22), 48, id="London, ordinary"),
    pytest.param("Europe/London", date(2026, 3, 29), 46, id="London, spring"),
    pytest.param("Europe/London", date(2026, 10, 25), 50, id="London, autumn"),
    pytest.param("America/New_York", date(2026, 11, 20), 48, id="New York, ordinary"),
    pytest.param("America/New_York", date(2026, 11, 1), 50, id="New York, autumn"),
    pytest.param("Asia/Kathmandu", date(2026, 11, 20), 48, id="Kathmandu"),
    pytest.param("Europe/London", date(2026, 11, 23), 48, id="London, a day that still runs"),
]


def posted_by_handlers(asker, buckets, zone, **query):
    start, end = buckets[0][0], buckets[-1][1]
    body = {
        "interval": spelled_interval(start, end),
        "granularity": "PT30M",
        "timeZone": zone,
        "groupBy": ["userId"],
        "metrics": list(POSTED),
        **query,
    }
    places = {spelled(bucket[0]): i for i, bucket in enumerate(buckets)}
    sums = {}
    for result in asker.post(CONVERSATION_AGGREGATES, body)["results"]:
        for data in result["data"]:
            key = (result["group"]["userId"], places[data["interval"].split("/")[0]])
            for entry in data["metrics"]:
                count, total = sums.setdefault(key, {}).get(entry["metric"], (0, 0))
                sums[key][entry["metric"]] = (count + entry["stats"]["count"], total + entry["stats"]["sum"])
    return sums


def status_by_handlers(asker, buckets, zone):
    body = {
        "interval": spelled_interval(buckets[0][0], buckets[-1][1]),
        "granularity": "PT30M",
        "timeZone": zone,
        "groupBy": ["userId"],
        "metrics": ["tSystemPresence", "tAgentRoutingStatus"],
    }
    places = {spelled(bucket[0]): i for i, bucket in enumerate(buckets)}
    found = {}
    for result in asker.post(USER_AGGREGATES, body)["results"]:
        for data in result["data"]:
            key = (result["group"]["userId"], places[data["interval"].split("/")[0]])
            found[key] = {(m["metric"], m["qualifier"]): m["stats"]["sum"] for m in data["metrics"]}
    return found


def plain(truth):
    return {key: {name: (p.count, p.sum_ms) for name, p in metrics.items()} for key, metrics in truth.items()}


@pytest.mark.parametrize(("zone", "day", "count"), DAYS)
def test_posted_metrics_equal_the_truth(engine, asker, zone, day, count):
    buckets = half_hours(*local_day(day, zone))
    assert len(buckets) == count
    truth = plain(engine.truth.posted(buckets))
    assert len(truth) > 50
    assert posted_by_handlers(asker, buckets, zone) == truth


@pytest.mark.long
@pytest.mark.parametrize("zone", ["Australia/Lord_Howe", "America/Santiago", "Africa/Cairo", "Asia/Kolkata"])
@pytest.mark.parametrize("seed", range(5))
def test_posted_metrics_and_status_equal_the_truth_for_many_seeds_and_zones(seed, zone):
    engine = Engine(seed=seed, agents=40, zone=zone, now=lambda: NOW)
    asker = Asker(engine)
    for days_ago in (1, 30, 51, 79, 213):
        start, end = local_day(date(2026, 11, 23) - timedelta(days=days_ago), zone)
        buckets = half_hours(start, end)
        assert posted_by_handlers(asker, buckets, zone) == plain(engine.truth.posted(buckets))
        assert status_by_handlers(asker, buckets, zone) == engine.truth.status(buckets)


@pytest.mark.parametrize(("zone", "day", "count"), DAYS)
def test_status_time_equals_the_truth(engine, asker, zone, day, count):
    buckets = half_hours(*local_day(day, zone))
    truth = engine.truth.status(buckets)
    assert len(truth) > 500
    assert status_by_handlers(asker, buckets, zone) == truth


@pytest.mark.parametrize(
    ("dimension", "value", "filters"),
    [
        pytest.param("mediaType", "chat", {"media": "chat"}, id="media"),
        pytest.param("direction", "outbound", {"direction": "outbound"}, id="direction"),
        pytest.param("purpose", "user", {"purpose": "user"}, id="non-ACD"),
        pytest.param("purpose", "agent", {"purpose": "agent"}, id="ACD"),
    ],
)
def test_filtered_metrics_equal_the_truth(engine, asker, dimension, value, filters):
    buckets = half_hours(*local_day(date(2026, 11, 22), "Europe/London"))
    predicate = {"dimension": dimension, "value": value}
    everyone = users_filter([person.id for person in engine.organization.people])
    everyone["clauses"].append({"type": "and", "predicates": [predicate]})
    truth = plain(engine.truth.posted(buckets, **filters))
    assert truth
    assert posted_by_handlers(asker, buckets, "Europe/London", filter=everyone) == truth


def test_a_queues_metrics_equal_the_truth(engine, asker):
    buckets = half_hours(*local_day(date(2026, 11, 22), "Europe/London"))
    queue = engine.organization.queues[1]
    only = {
        "type": "and",
        "predicates": [{"dimension": "queueId", "value": queue.id}, {"dimension": "userId", "operator": "exists"}],
    }
    truth = plain(engine.truth.posted(buckets, queue_id=queue.id))
    assert truth
    assert posted_by_handlers(asker, buckets, "Europe/London", filter=only) == truth


def all_conversations(asker, start, end, **query):
    found = {}
    for page in range(1, 200):
        body = {"interval": spelled_interval(start, end), "paging": {"pageSize": 100, "pageNumber": page}, **query}
        conversations = asker.post(CONVERSATION_DETAILS, body).get("conversations")
        if conversations is None:
            return found
        found |= {conversation["conversationId"]: conversation for conversation in conversations}
    raise AssertionError("no last page")


def ms(text):
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2026, 11, 23)], ids=["a closed day", "a day that still runs"])
def test_segments_in_details_equal_the_truth(engine, asker, day):
    start, end = local_day(day, "Europe/London")
    found = set()
    threads = [{"dimension": "mediaType", "value": media} for media in ("email", "message")]
    older = {"segmentFilters": [{"type": "or", "predicates": threads}]}
    conversations = all_conversations(asker, start - timedelta(days=6), start, **older)
    conversations |= all_conversations(asker, start - timedelta(hours=12), end)
    for conversation in conversations.values():
        for participant in conversation["participants"]:
            for session in participant["sessions"] if "userId" in participant else ():
                for segment in session["segments"]:
                    begins = ms(segment["segmentStart"])
                    ends = ms(segment["segmentEnd"]) if "segmentEnd" in segment else None
                    if begins < ms(spelled(end)) and (ends is None or ends > ms(spelled(start))):
                        found.add((participant["userId"], session["sessionId"], segment["segmentType"], begins, ends))
    truth = engine.truth.segments(start, end)
    assert any(segment.end_ms is None for segment in truth) == (day == date(2026, 11, 23))
    assert found == {(s.agent_id, s.session_id, s.kind, s.start_ms, s.end_ms) for s in truth}


def test_busy_never_exceeds_the_bucket_and_load_sometimes_does(engine):
    buckets = half_hours(*local_day(date(2026, 11, 22), "Europe/London"))
    clock = engine.truth.clock(buckets)
    assert all(0 < c.busy_ms <= 1_800_000 and c.busy_ms <= c.load_ms for c in clock.values())
    assert any(c.load_ms > 1_800_000 for c in clock.values())


def test_the_parts_of_handle_time_add_up_in_every_session(asker):
    start, end = local_day(date(2026, 11, 21), "Europe/London")
    handled = 0
    for conversation in all_conversations(asker, start, end).values():
        for participant in conversation["participants"]:
            for session in participant["sessions"]:
                sums = {}
                for metric in session.get("metrics", ()):
                    sums[metric["name"]] = sums.get(metric["name"], 0) + metric["value"]
                if "tHandle" not in sums:
                    continue
                handled += 1
                parts = ("tContacting", "tDialing", "tTalkComplete", "tHeldComplete", "tAcw")
                assert sums["tHandle"] == sum(sums.get(name, 0) for name in parts)
                assert sums.get("tTalk", 0) == sums.get("tTalkComplete", 0)
                assert sums.get("tHeld", 0) == sums.get("tHeldComplete", 0)
    assert handled > 1_000
