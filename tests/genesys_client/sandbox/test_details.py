"""Detail queries: what they find, how they page, what a running thing looks like."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from genesys_client.sandbox.moments import iso, parse_instant
from tests.genesys_client.sandbox.asking import (
    CONVERSATION_DETAILS,
    NOW,
    USER_DETAILS,
    somebody_who_worked_on,
    spelled,
    spelled_interval,
    yesterday_interval,
)

EIGHT = datetime(2026, 11, 20, 8, tzinfo=UTC)
NIGHT = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def pages(asker, path, key, *, size=100, most=80, **query):
    out = []
    for number in range(1, most):
        answer = asker.post(path, {**query, "paging": {"pageSize": size, "pageNumber": number}})
        if key not in answer:
            return out
        out.append(answer[key])
    raise AssertionError("no last page")


def conversations(asker, start, end, **query):
    found = pages(asker, CONVERSATION_DETAILS, "conversations", interval=spelled_interval(start, end), **query)
    return [conversation for page in found for conversation in page]


def test_conversations_are_found_by_the_utc_day_on_which_they_began(asker):
    found = conversations(asker, EIGHT, EIGHT + HOUR)
    starts = {conversation["conversationStart"] for conversation in found}
    assert {start[:10] for start in starts} == {"2026-11-20"}
    assert any(start < spelled(EIGHT) for start in starts)
    assert any(start > spelled(EIGHT + HOUR) for start in starts)


def test_a_conversation_begun_the_day_before_is_missing_though_it_is_worked_on(engine, asker):
    after_midnight = datetime(2026, 11, 21, tzinfo=UTC)
    found = {c["conversationId"] for c in conversations(asker, after_midnight, after_midnight + HOUR)}
    truth = {s.conversation_id for s in engine.truth.segments(after_midnight, after_midnight + HOUR)}
    begun_before = {c.id for c in engine.activity.floor(date(2026, 11, 20)).conversations}
    assert begun_before & truth
    assert (
        not begun_before
        & truth
        & found - {c["conversationId"] for c in conversations(asker, NIGHT, after_midnight + HOUR)}
    )
    assert begun_before & truth <= {c["conversationId"] for c in conversations(asker, NIGHT, after_midnight + HOUR)}


def test_an_interval_that_ends_at_midnight_does_not_touch_the_next_day(asker):
    found = conversations(asker, NIGHT, datetime(2026, 11, 21, tzinfo=UTC))
    assert {c["conversationStart"][:10] for c in found} == {"2026-11-20"}


def test_pages_have_25_entries_from_page_1_and_end_without_conversations(asker):
    query = {"interval": yesterday_interval()}
    first = asker.post(CONVERSATION_DETAILS, query)
    assert len(first["conversations"]) == 25
    same = asker.post(CONVERSATION_DETAILS, {**query, "paging": {"pageSize": 25, "pageNumber": 1}})
    assert same == first
    beyond = {**query, "paging": {"pageSize": 100, "pageNumber": 1 + -(-first["totalHits"] // 100)}}
    assert asker.post(CONVERSATION_DETAILS, beyond) == {"totalHits": first["totalHits"]}


def test_pages_hold_everything_once_in_order_of_start(asker):
    found = conversations(asker, EIGHT, EIGHT + HOUR)
    ids = [conversation["conversationId"] for conversation in found]
    assert len(set(ids)) == len(ids) > 900
    starts = [conversation["conversationStart"] for conversation in found]
    assert starts == sorted(starts)


def test_moving_pages_repeat_entries_and_lose_none(engine, asker):
    still = conversations(asker, EIGHT, EIGHT + HOUR)
    engine.behaviour = replace(engine.behaviour, shifting_pages=True)
    moving = conversations(asker, EIGHT, EIGHT + HOUR)
    assert len(moving) > len(still)
    assert {c["conversationId"] for c in moving} == {c["conversationId"] for c in still}


def test_totals_can_be_approximate(engine, asker):
    query = {"interval": yesterday_interval(), "paging": {"pageSize": 1, "pageNumber": 1}}
    exact = asker.post(CONVERSATION_DETAILS, query)["totalHits"]
    engine.behaviour = replace(engine.behaviour, approximate_total_hits=True)
    wrong = [
        asker.post(CONVERSATION_DETAILS, {**query, "paging": {"pageSize": 1, "pageNumber": number}})["totalHits"]
        for number in range(1, 5)
    ]
    assert any(total != exact for total in wrong)
    assert all(abs(total - exact) <= 2 for total in wrong)


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("by", ["conversationStart", "conversationEnd"])
def test_the_order_can_be_chosen(asker, order, by):
    found = conversations(asker, EIGHT, EIGHT + HOUR, order=order, orderBy=by)
    keys = [conversation.get(by, "9999") for conversation in found]
    assert keys == sorted(keys, reverse=order == "desc")


def only(dimension, value=None, operator="matches"):
    predicate = {"dimension": dimension, "operator": operator}
    return [{"type": "and", "predicates": [predicate | ({"value": value} if value else {})]}]


def test_a_filter_on_an_agent_selects_conversations_with_everybody_in_them(engine, asker):
    agent = somebody_who_worked_on(engine, date(2026, 11, 20))
    found = conversations(asker, EIGHT, EIGHT + HOUR, segmentFilters=only("userId", agent))
    assert found
    for conversation in found:
        assert agent in {p.get("userId") for p in conversation["participants"]}
        assert {"customer", "external", "agent", "user"} & {p["purpose"] for p in conversation["participants"]}
    everyone = conversations(asker, EIGHT, EIGHT + HOUR)
    assert len(found) == sum(agent in {p.get("userId") for p in c["participants"]} for c in everyone)


def test_predicates_of_one_filter_hold_for_one_segment(engine, asker):
    agent = somebody_who_worked_on(engine, date(2026, 11, 20))
    together = [
        {
            "type": "and",
            "predicates": [
                {"dimension": "userId", "value": agent},
                {"dimension": "segmentType", "value": "wrapup"},
                {"metric": "tSegmentDuration", "range": {"gte": 30_000}},
            ],
        }
    ]
    found = conversations(asker, EIGHT, EIGHT + HOUR, segmentFilters=together)
    assert found
    for conversation in found:
        lengths = [
            parse_instant(segment["segmentEnd"]) - parse_instant(segment["segmentStart"])
            for participant in conversation["participants"]
            if participant.get("userId") == agent
            for session in participant["sessions"]
            for segment in session["segments"]
            if segment["segmentType"] == "wrapup"
        ]
        assert max(lengths) >= 30_000


def test_filters_on_conversations_know_their_end_and_their_metrics(asker):
    today = {"start": NOW - 2 * HOUR, "end": NOW}
    everything = conversations(asker, **today)
    ended = conversations(asker, **today, conversationFilters=only("conversationEnd", operator="exists"))
    running = conversations(asker, **today, conversationFilters=only("conversationEnd", operator="notExists"))
    assert ended
    assert running
    assert all("conversationEnd" in c for c in ended)
    assert not any("conversationEnd" in c for c in running)
    assert len(ended) + len(running) == len(everything)
    long_handled = [{"type": "and", "predicates": [{"metric": "tHandle", "range": {"gt": 900_000}}]}]
    assert 0 < len(conversations(asker, **today, conversationFilters=long_handled)) < len(ended)


def test_a_running_conversation_has_no_end_and_not_yet_its_metrics(asker):
    running = conversations(asker, NOW - HOUR, NOW, conversationFilters=only("conversationEnd", operator="notExists"))
    talking = 0
    for conversation in running:
        for participant in conversation["participants"]:
            for session in participant["sessions"]:
                open_ends = [segment for segment in session["segments"] if "segmentEnd" not in segment]
                assert len(open_ends) <= 1
                assert all(segment["segmentStart"] < spelled(NOW) for segment in session["segments"])
                assert all(metric["emitDate"] <= spelled(NOW) for metric in session.get("metrics", ()))
                if open_ends and "userId" in participant:
                    talking += 1
                    assert "tHandle" not in {metric["name"] for metric in session.get("metrics", ())}
    assert talking


def test_what_has_not_begun_is_not_there(engine, asker):
    query = {"interval": spelled_interval(NOW - HOUR, NOW + 12 * HOUR), "paging": {"pageSize": 1, "pageNumber": 1}}
    now = asker.post(CONVERSATION_DETAILS, query)["totalHits"]
    engine.now = lambda: NOW + 12 * HOUR
    assert asker.post(CONVERSATION_DETAILS, query)["totalHits"] > now > 0


def test_a_conversation_can_be_asked_for_by_id(asker):
    some = conversations(asker, EIGHT, EIGHT + HOUR)[::200]
    first, *rest = some
    assert asker.get(f"/api/v2/analytics/conversations/{first['conversationId']}/details") == first
    ids = [conversation["conversationId"] for conversation in some]
    found = asker.get("/api/v2/analytics/conversations/details", id=[*ids, "nothing"])["conversations"]
    assert found == [first, *rest]
    assert asker.refused("GET", "/api/v2/analytics/conversations/none/details")["status"] == 404
    far_off = "00000000-0000-4000-8000-ffffffffffff"
    assert asker.refused("GET", f"/api/v2/analytics/conversations/{far_off}/details")["status"] == 404


# Status


def records(rows, user_id, kind):
    return [record for row in rows if row["userId"] == user_id for record in row.get(kind, ())]


def all_rows(asker, start, end, size=100, **query):
    found = pages(asker, USER_DETAILS, "userDetails", size=size, interval=spelled_interval(start, end), **query)
    return [row for page in found for row in page]


def test_statuses_come_whole_and_once(engine, asker):
    start, end = datetime(2026, 11, 18, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)
    rows = all_rows(asker, start, end)
    assert len(rows) > len({row["userId"] for row in rows})  # rows of several days belong to one user
    for person in engine.organization.people:
        found = records(rows, person.id, "primaryPresence")
        truth = engine.activity.presences(
            person, type("S", (), {"start": parse_instant(spelled(start)), "end": parse_instant(spelled(end))})()
        )
        expected = [(iso(s.start), iso(s.end), s.status) for s in truth if s.end <= parse_instant(spelled(NOW))]
        ended = [(r["startTime"], r["endTime"], r["systemPresence"]) for r in found if "endTime" in r]
        assert ended == expected


def test_pages_of_status_can_be_shorter_than_asked_for(asker):
    start, end = datetime(2026, 11, 18, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)
    sizes = [
        len(page) for page in pages(asker, USER_DETAILS, "userDetails", size=10, interval=spelled_interval(start, end))
    ]
    assert min(sizes[:-1]) < 10
    assert all(sizes)


def test_a_running_status_has_no_end(asker):
    rows = all_rows(asker, NOW - HOUR, NOW)
    assert any("endTime" not in record for row in rows for record in row.get("primaryPresence", ()))
    assert all(record["startTime"] < spelled(NOW) for row in rows for record in row.get("primaryPresence", ()))


def test_a_status_over_the_whole_interval_can_be_missing(engine, asker):
    offline = next(p for p in engine.organization.people if p.role == "offline")
    query = {"userFilters": only("userId", offline.id)}
    assert all_rows(asker, EIGHT, EIGHT + HOUR, **query)
    engine.behaviour = replace(engine.behaviour, spanning_status_missing=True)
    assert all_rows(asker, EIGHT, EIGHT + HOUR, **query) == []


def test_status_can_be_filtered(asker):
    breaks = all_rows(asker, EIGHT, EIGHT + 8 * HOUR, presenceFilters=only("systemPresence", "BREAK"))
    found = {r["systemPresence"] for row in breaks for r in row["primaryPresence"]}
    assert found == {"BREAK"}
    assert not any("routingStatus" in row for row in breaks)
    missed = all_rows(asker, EIGHT, EIGHT + 8 * HOUR, routingStatusFilters=only("routingStatus", "NOT_RESPONDING"))
    assert {r["routingStatus"] for row in missed for r in row["routingStatus"]} == {"NOT_RESPONDING"}


def test_rows_can_come_in_descending_order(asker):
    start, end = datetime(2026, 11, 18, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)
    assert all_rows(asker, start, end, order="desc") == all_rows(asker, start, end)[::-1]


def test_observations_count_the_queues_of_a_user(engine, asker):
    agent = next(p for p in engine.organization.agents if p.is_listed)
    body = {"filter": only("userId", agent.id)[0], "metrics": ["oMemberQueues"]}
    (result,) = asker.post("/api/v2/analytics/users/observations/query", body)["results"]
    assert result == {"group": {"userId": agent.id}, "data": [{"metric": "oMemberQueues", "stats": {"count": 2}}]}
