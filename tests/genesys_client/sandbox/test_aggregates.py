"""The switches and shapes of aggregate answers, beyond the sums that are held against the truth."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from genesys_client.sandbox import Behaviour
from tests.genesys_client.sandbox.asking import (
    CONVERSATION_AGGREGATES,
    NOW,
    USER_AGGREGATES,
    local_day,
    spelled_interval,
    users_filter,
    yesterday_interval,
)

BY_AGENT = {"interval": yesterday_interval(), "groupBy": ["userId"], "metrics": ["tHandle"]}
NEVER = spelled_interval(datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC))


def switched(engine, **switches):
    engine.behaviour = replace(engine.behaviour, **switches)


def total(answer, metric="tHandle"):
    return sum(
        entry["stats"]["sum"]
        for result in answer["results"]
        for data in result["data"]
        for entry in data["metrics"]
        if entry["metric"] == metric
    )


def test_media_types_split_groups_unasked_unless_switched_off(engine, asker):
    split = asker.post(CONVERSATION_AGGREGATES, BY_AGENT)
    assert {frozenset(r["group"]) for r in split["results"]} == {frozenset({"userId", "mediaType"})}
    assert len({r["group"]["userId"] for r in split["results"]}) < len(split["results"])
    switched(engine, media_in_group=False)
    whole = asker.post(CONVERSATION_AGGREGATES, BY_AGENT)
    assert {frozenset(r["group"]) for r in whole["results"]} == {frozenset({"userId"})}
    assert total(whole) == total(split)


def test_without_grouping_there_is_one_group_without_dimensions(asker):
    body = {"interval": yesterday_interval(), "metrics": ["tHandle"]}
    (result,) = asker.post(CONVERSATION_AGGREGATES, body)["results"]
    assert result["group"] == {}
    assert len(result["data"]) == 1


@pytest.mark.parametrize(
    "dimension", ["userId", "queueId", "mediaType", "direction", "purpose", "teamId", "divisionId", "conversationId"]
)
def test_every_way_of_grouping_adds_up_to_the_same(asker, dimension):
    grouped = asker.post(CONVERSATION_AGGREGATES, {**BY_AGENT, "groupBy": [dimension]})
    assert total(grouped) == total(asker.post(CONVERSATION_AGGREGATES, BY_AGENT))
    assert len(grouped["results"]) > 1


def test_what_belongs_to_no_agent_has_a_group_without_one(asker):
    results = asker.post(CONVERSATION_AGGREGATES, {**BY_AGENT, "metrics": ["nOffered"]})["results"]
    assert results
    assert all("userId" not in result["group"] for result in results)


def test_finer_and_coarser_buckets_add_up_to_the_same(asker):
    sums = {
        granularity: total(asker.post(CONVERSATION_AGGREGATES, {**BY_AGENT, "granularity": granularity}))
        for granularity in ("PT15M", "PT30M", "PT1H", "P1D")
    }
    assert set(sums.values()) == {total(asker.post(CONVERSATION_AGGREGATES, BY_AGENT))}


def test_buckets_without_data_are_absent(asker):
    for result in asker.post(CONVERSATION_AGGREGATES, {**BY_AGENT, "granularity": "PT30M"})["results"]:
        assert 0 < len(result["data"]) < 48
        assert all(data["metrics"] for data in result["data"])


def test_an_empty_answer_has_either_shape(engine, asker):
    nothing = {**BY_AGENT, "interval": NEVER}
    assert asker.post(CONVERSATION_AGGREGATES, nothing) == {"results": []}
    switched(engine, empty_as_object=True)
    assert asker.post(CONVERSATION_AGGREGATES, nothing) == {}


def test_the_minimum_can_be_missing(engine, asker):
    switched(engine, drop_min=True)
    answer = asker.post(CONVERSATION_AGGREGATES, BY_AGENT)
    stats = [entry["stats"] for result in answer["results"] for d in result["data"] for entry in d["metrics"]]
    assert {frozenset(entry) for entry in stats} == {frozenset({"max", "count", "sum"})}


def intervals(answer):
    return {data["interval"] for result in answer["results"] for data in result["data"]}


def test_intervals_can_be_spelled_with_the_zones_offset(engine, asker):
    switched(engine, offset_intervals=True)
    start, end = local_day(date(2026, 7, 1), "Europe/London")
    body = {**BY_AGENT, "interval": spelled_interval(start, end), "timeZone": "Europe/London"}
    assert intervals(asker.post(CONVERSATION_AGGREGATES, body)) == {
        "2026-07-01T00:00:00.000+01:00/2026-07-02T00:00:00.000+01:00"
    }


def test_buckets_begin_with_the_interval_or_on_the_utc_grid(engine, asker):
    start, end = local_day(date(2026, 11, 20), "Asia/Kathmandu")  # 18:15 UTC
    body = {**BY_AGENT, "interval": spelled_interval(start, end), "timeZone": "Asia/Kathmandu", "granularity": "PT30M"}
    own = asker.post(CONVERSATION_AGGREGATES, body)
    assert {text[14:16] for text in intervals(own)} <= {"15", "45"}
    switched(engine, buckets_from_utc=True)
    on_grid = asker.post(CONVERSATION_AGGREGATES, body)
    assert {text[14:16] for text in intervals(on_grid)} <= {"00", "30"}
    assert total(on_grid) == total(own)


def test_views_count_the_values_within_bounds(asker):
    views = [
        {"name": "short", "target": "tHandle", "function": "rangeBound", "range": {"lt": 300_000}},
        {"name": "long", "target": "tHandle", "function": "rangeBound", "range": {"gte": 300_000}},
    ]
    answer = asker.post(CONVERSATION_AGGREGATES, {**BY_AGENT, "views": views})
    for result in answer["results"]:
        (data,) = result["data"]
        counts = {view["name"]: view["stats"]["count"] for view in data["views"]}
        assert counts["short"] + counts["long"] == data["metrics"][0]["stats"]["count"]


def test_nested_clauses_narrow_the_sums(engine, asker):
    ids = list(engine.activity.floor(date(2026, 11, 22)).status)[:3]
    either = users_filter(ids)
    one_by_one = [total(asker.post(CONVERSATION_AGGREGATES, {**BY_AGENT, "filter": users_filter([i])})) for i in ids]
    assert total(asker.post(CONVERSATION_AGGREGATES, {**BY_AGENT, "filter": either})) == sum(one_by_one)
    queue = {"type": "and", "predicates": [{"dimension": "queueId", "operator": "notExists"}]}
    private = {"type": "and", "clauses": [*either["clauses"], queue]}
    assert 0 < total(asker.post(CONVERSATION_AGGREGATES, {**BY_AGENT, "filter": private})) < sum(one_by_one)


def test_a_metric_exists_from_the_moment_of_its_emission(engine, asker):
    body = {**BY_AGENT, "interval": spelled_interval(NOW - timedelta(hours=2), NOW + timedelta(hours=2))}
    before = total(asker.post(CONVERSATION_AGGREGATES, body))
    engine.now = lambda: NOW + timedelta(minutes=20)
    after = total(asker.post(CONVERSATION_AGGREGATES, body))
    up_to_then = {**body, "interval": spelled_interval(NOW - timedelta(hours=2), NOW + timedelta(minutes=20))}
    assert before < after == total(asker.post(CONVERSATION_AGGREGATES, up_to_then))


# Status


STATUS = {"groupBy": ["userId"], "metrics": ["tSystemPresence"]}


def status_total(answer):
    return sum(e["stats"]["sum"] for r in answer["results"] for d in r["data"] for e in d["metrics"])


def test_a_running_status_counts_up_to_now_or_comes_late(engine, asker):
    working = list(engine.activity.floor(date(2026, 11, 23)).status)[:1]
    body = {
        **STATUS,
        "interval": spelled_interval(*local_day(date(2026, 11, 23), "Europe/London")),
        "filter": users_filter(working),
    }
    up_to_now = status_total(asker.post(USER_AGGREGATES, body))
    assert up_to_now == (10 * 3600 + 7 * 60 + 31) * 1_000 + 250  # from midnight to 10:07:31.250
    switched(engine, running_status_late=True)
    assert 0 < status_total(asker.post(USER_AGGREGATES, body)) < up_to_now


def test_organisation_presences_add_up_to_the_system_presence_behind_them(asker):
    body = {
        **STATUS,
        "interval": yesterday_interval(),
        "metrics": ["tSystemPresence", "tOrganizationPresence"],
    }
    answer = asker.post(USER_AGGREGATES, body)
    behind = {own: system for system, ids in answer["systemToOrganizationMappings"].items() for own in ids}
    both = set()
    for result in answer["results"]:
        sums = {"tSystemPresence": {}, "tOrganizationPresence": {}}
        for entry in result["data"][0]["metrics"]:
            own = entry["metric"] == "tOrganizationPresence"
            name = behind[entry["qualifier"]] if own else entry["qualifier"]
            sums[entry["metric"]][name] = sums[entry["metric"]].get(name, 0) + entry["stats"]["sum"]
            both |= {entry["qualifier"]} & set(answer["systemToOrganizationMappings"]["BREAK"])
        assert sums["tSystemPresence"] == sums["tOrganizationPresence"]
    assert len(both) == 2


def test_fine_status_can_be_refused(engine, asker):
    body = {**STATUS, "interval": yesterday_interval(), "granularity": "PT15M"}
    assert asker.post(USER_AGGREGATES, body)["results"]
    switched(engine, fine_status_refused=True)
    assert asker.refused("POST", USER_AGGREGATES, body)["code"] == "bad.request"
    assert asker.post(USER_AGGREGATES, {**body, "granularity": "PT30M"})["results"]


def test_status_without_grouping_is_everybodys_together(asker):
    body = {**STATUS, "interval": yesterday_interval()}
    together = asker.post(USER_AGGREGATES, {**body, "groupBy": []})
    assert [result["group"] for result in together["results"]] == [{}]
    assert status_total(together) == status_total(asker.post(USER_AGGREGATES, body))


def test_a_behaviour_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="allows some requests"):
        Behaviour(requests_per_minute=0)
