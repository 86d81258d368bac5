"""Which metrics a session posts, and when: worked by hand."""

from __future__ import annotations

from genesys_client.sandbox.conversations import Conversation, Participant, Segment, Session
from genesys_client.sandbox.emission import emissions, session_metrics
from genesys_client.sandbox.moments import parse_instant

DAY = "2026-03-10T"


def at(clock):
    return parse_instant(f"{DAY}{clock}Z")


def session(*parts, media="voice", direction="inbound", queue="q", **fields):
    """Parts are kind and the clock at which each begins, and one more clock for the end of the last."""
    *begins, (_, last) = parts
    ends = [clock for _, clock in begins[1:]] + [last]
    segments = [Segment(kind, at(start), at(end), queue) for (kind, start), end in zip(begins, ends, strict=True)]
    return Session("s", media, direction, segments, **fields)


def agent(*sessions, purpose="agent"):
    return Participant("p", purpose, list(sessions), user_id="u", team_id="t")


def posted(found):
    return [(name, value, moment) for moment, name, value in found]


def test_a_call_with_a_hold_posts_each_part_at_its_end_and_handle_time_with_the_last():
    call = session(
        ("alert", "13:24:14"),
        ("interact", "13:24:20"),
        ("hold", "13:36:20"),
        ("interact", "13:38:20"),
        ("wrapup", "13:44:20"),
        ("end", "13:46:00"),
        waited_from=at("13:24:10"),
    )
    assert posted(session_metrics(agent(call), call)) == [
        ("tAlert", 6_000, at("13:24:20")),
        ("tAnswered", 10_000, at("13:24:20")),
        ("tTalk", 720_000, at("13:36:20")),
        ("tHeld", 120_000, at("13:38:20")),
        ("tHeldComplete", 120_000, at("13:44:20")),
        ("tTalk", 360_000, at("13:44:20")),
        ("tTalkComplete", 1_080_000, at("13:44:20")),
        ("tAcw", 100_000, at("13:46:00")),
        ("tHandle", 1_300_000, at("13:46:00")),
    ]


def test_an_outbound_call_counts_setting_up_and_dialing_as_handled():
    call = session(
        ("contacting", "09:00:00"),
        ("dialing", "09:00:01"),
        ("interact", "09:00:11"),
        ("end", "09:01:11"),
        direction="outbound",
    )
    found = dict(posted(session_metrics(agent(call), call))[i][:2] for i in range(5))
    assert found == {
        "tContacting": 1_000,
        "tDialing": 10_000,
        "tTalk": 60_000,
        "tTalkComplete": 60_000,
        "tHandle": 71_000,
    }


def test_a_call_that_nobody_took_posts_no_handle_time():
    call = session(("alert", "09:00:00"), ("end", "09:00:15"))
    assert posted(session_metrics(agent(call), call)) == [
        ("tAlert", 15_000, at("09:00:15")),
        ("tNotResponding", 15_000, at("09:00:15")),
    ]


def test_waiting_belongs_to_the_queue_and_to_nobody():
    waiting = session(("interact", "09:00:00"), ("end", "09:00:40"), counts=[("nOffered", at("09:00:00"))])
    waiting.segments[0].disconnect = "peer"
    queue = Participant("p", "acd", [waiting])
    conversation = Conversation("c", at("09:00:00"), at("09:00:40"), "inbound", ("d",), [queue])
    found = list(emissions(conversation))
    assert [(e.metric, e.value) for e in found] == [("nOffered", 1), ("tAbandon", 40_000), ("tAcd", 40_000)]
    assert all("userId" not in e.dimensions and e.dimensions["queueId"] == "q" for e in found)


def test_a_call_of_no_queue_posts_handle_time_under_the_purpose_user():
    call = session(("dialing", "09:00:00"), ("interact", "09:00:05"), ("end", "09:00:25"), queue=None)
    conversation = Conversation("c", at("09:00:00"), at("09:00:25"), "outbound", ("d",), [agent(call, purpose="user")])
    handle = next(e for e in emissions(conversation) if e.metric == "tHandle")
    assert (handle.value, handle.dimensions["purpose"], handle.dimensions["userId"]) == (25_000, "user", "u")
    assert "queueId" not in handle.dimensions
