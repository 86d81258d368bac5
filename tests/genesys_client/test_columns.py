"""Pages → columns: one worked by hand, made-up ones against the same rules said in plain Python, and surprises."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesys_client import PayloadError, columns
from genesys_client.columns import ColumnsBuilder
from tests.genesys_client.rows import posts_of, rows_of
from tests.genesys_client.stand_in import validate

KINDS = ("interact", "hold", "wrapup")
METRICS = ("tTalk", "tHandle")
MIDNIGHT_MS = 1_773_100_800_000  # 2026-03-10T00:00Z

CONVERSATION = {
    "conversationId": "c",
    "conversationStart": "2026-03-10T00:00:04.120Z",
    "originatingDirection": "inbound",
    "participants": [
        {"participantId": "p1", "purpose": "customer", "sessions": [{"sessionId": "s0", "mediaType": "voice"}]},
        {
            "participantId": "p2",
            "purpose": "agent",
            "userId": "ana",
            "sessions": [
                {
                    "sessionId": "s1",
                    "mediaType": "voice",
                    "direction": "inbound",
                    "segments": [
                        {
                            "segmentStart": "2026-03-10T00:00:10.000Z",
                            "segmentEnd": "2026-03-10T00:00:20.000Z",
                            "segmentType": "alert",
                            "queueId": "q1",
                        },
                        {
                            "segmentStart": "2026-03-10T00:00:20Z",
                            "segmentEnd": "2026-03-10T00:12:20.000Z",
                            "segmentType": "interact",
                            "queueId": "q1",
                            "conference": False,
                        },
                        {"segmentStart": "2026-03-10T00:12:20.000Z", "segmentType": "hold"},
                    ],
                    "metrics": [
                        {"name": "tAlert", "value": 10000, "emitDate": "2026-03-10T00:00:20.000Z"},
                        {"name": "tTalk", "value": 720000, "emitDate": "2026-03-10T00:12:20.000Z"},
                    ],
                },
                {"sessionId": "s2", "mediaType": "screenshare"},
            ],
        },
    ],
}


def taken(*pages, kinds=KINDS, metrics=METRICS):
    builder = ColumnsBuilder(kinds, metrics)
    for conversations in pages:
        builder.take(json.dumps({"conversations": conversations}).encode(), "/details")
    return builder.finished()


def test_a_running_conversation_as_columns():
    validate("AnalyticsConversationQueryResponse", {"conversations": [CONVERSATION]})
    found = taken([CONVERSATION])
    assert list(found.conversation_ids) == ["c"]
    assert found.conversation_start_ms.tolist() == [MIDNIGHT_MS + 4_120]
    assert found.conversation_running.tolist() == [True]
    assert list(found.session_ids) == ["s1"]
    assert (found.agents, found.purposes, found.media, found.directions) == (
        ("ana",), ("agent",), ("voice",), ("inbound",),
    )  # fmt: skip
    assert (found.kinds, found.queues, found.metrics) == (KINDS, ("q1", ""), METRICS)
    assert found.segment_kind.tolist() == [0, 1]
    assert found.segment_queue.tolist() == [0, 1]
    assert found.segment_start_ms.tolist() == [MIDNIGHT_MS + 20_000, MIDNIGHT_MS + 740_000]
    assert found.segment_end_ms.tolist() == [MIDNIGHT_MS + 740_000, -1]
    assert found.post_metric.tolist() == [0]
    assert found.post_value_ms.tolist() == [720_000]
    assert found.post_at_ms.tolist() == [MIDNIGHT_MS + 740_000]
    assert (found.pages, found.duplicates) == (1, 0)


def test_columns_have_the_types_that_others_rely_on():
    for found in (taken(), taken([CONVERSATION])):
        dtypes = {
            name: getattr(found, name).dtype.name for name in found.__slots__ if hasattr(getattr(found, name), "dtype")
        }
        assert dtypes == {
            "conversation_start_ms": "int64", "conversation_running": "bool",
            "session_conversation": "int32", "session_agent": "int32", "session_purpose": "int16",
            "session_media": "int16", "session_direction": "int16",
            "segment_session": "int32", "segment_kind": "int16", "segment_queue": "int32",
            "segment_start_ms": "int64", "segment_end_ms": "int64",
            "post_session": "int32", "post_metric": "int16", "post_value_ms": "int64", "post_at_ms": "int64",
        }  # fmt: skip


# --- against plain Python ------------------------------------------------------------------------------------


def spelled(seconds):
    return (datetime(2026, 3, 10, tzinfo=UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def maybe(values):
    return st.none() | values


moments = st.integers(0, 200_000).map(lambda ms: spelled(ms / 1000))
segments = st.fixed_dictionaries(
    {},
    optional={
        "segmentType": maybe(st.sampled_from([*KINDS, "alert"])),
        "segmentStart": maybe(moments),
        "segmentEnd": maybe(moments),
        "queueId": maybe(st.sampled_from(["q1", "q2"])),
        "wrapUpNote": st.just("x"),
    },
)
metrics = st.fixed_dictionaries(
    {},
    optional={
        "name": maybe(st.sampled_from([*METRICS, "tAcw"])),
        "value": maybe(st.integers(0, 10**7) | st.floats(0, 1e6)),
        "emitDate": maybe(moments),
    },
)
sessions = st.fixed_dictionaries(
    {},
    optional={
        "sessionId": maybe(st.sampled_from(["s1", "s2", "s3"])),
        "mediaType": maybe(st.sampled_from(["voice", "email"])),
        "direction": maybe(st.sampled_from(["inbound", "outbound"])),
        "segments": maybe(st.lists(segments, max_size=3)),
        "metrics": maybe(st.lists(metrics, max_size=2)),
    },
)
participants = st.fixed_dictionaries(
    {},
    optional={
        "participantId": st.sampled_from(["p1", "p2"]),
        "purpose": maybe(st.sampled_from(["agent", "user", "customer"])),
        "userId": maybe(st.sampled_from(["ana", "ben", ""])),
        "sessions": maybe(st.lists(sessions, max_size=2)),
    },
)
conversations = st.fixed_dictionaries(
    {"conversationId": st.sampled_from("abcdef")},
    optional={
        "conversationStart": maybe(moments),
        "conversationEnd": maybe(moments),
        "participants": maybe(st.lists(participants, max_size=3)),
    },
)


def ms(text):
    return (
        -1
        if text is None
        else (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    )


def expected_of(pages):
    """The rows of the copies read last, by the rules as they are documented."""
    last = {c["conversationId"]: c for page in pages for c in page}
    heads, segment_rows, post_rows = [], [], []
    for conversation in last.values():
        c = conversation["conversationId"]
        heads.append((c, ms(conversation.get("conversationStart")), conversation.get("conversationEnd") is None))
        for participant in conversation.get("participants") or ():
            for number, session in enumerate(participant.get("sessions") or ()) if participant.get("userId") else ():
                who = (
                    c,
                    session.get("sessionId") or f"{c}/{participant.get('participantId')}/{number}",
                    participant["userId"],
                    participant.get("purpose") or "",
                    session.get("mediaType") or "",
                    session.get("direction") or "",
                )
                segment_rows += [
                    (*who, s["segmentType"], s.get("queueId") or "", ms(s["segmentStart"]), ms(s.get("segmentEnd")))
                    for s in session.get("segments") or ()
                    if s.get("segmentType") in KINDS and s.get("segmentStart")
                ]
                post_rows += [
                    (*who, m["name"], round(m["value"]), ms(m["emitDate"]))
                    for m in session.get("metrics") or ()
                    if m.get("name") in METRICS and m.get("value") is not None and m.get("emitDate")
                ]
    return sorted(heads), sorted(segment_rows), sorted(post_rows), sum(map(len, pages)) - len(last)


@given(st.lists(st.lists(conversations, min_size=1, max_size=4), max_size=3))
def test_columns_are_the_work_of_the_copies_read_last(pages):
    found = taken(*pages)
    heads = zip(
        found.conversation_ids, found.conversation_start_ms.tolist(), found.conversation_running.tolist(), strict=True
    )
    assert (sorted(heads), rows_of(found), posts_of(found), found.duplicates) == expected_of(pages)
    with_work = {*found.segment_session.tolist(), *found.post_session.tolist()}
    assert with_work == set(range(len(found.session_ids)))
    assert found.pages == len(pages)


def test_moments_are_settled_in_order_however_few_are_held(monkeypatch):
    monkeypatch.setattr(columns, "_TEXTS_HELD", 3)
    pages = [[spoken(segmentEnd=spelled(n + 1), segmentStart=spelled(n))] for n in range(10)]
    found = taken(*pages, pages[3])
    order = [*range(3), *range(4, 10), 3]
    assert found.segment_start_ms.tolist() == [MIDNIGHT_MS + n * 1000 for n in order]
    assert found.segment_end_ms.tolist() == [MIDNIGHT_MS + (n + 1) * 1000 for n in order]


# --- surprises -----------------------------------------------------------------------------------------------


def with_session(**fields):
    id_ = str(fields)
    return {"conversationId": id_, "participants": [{"userId": "ana", "sessions": [fields]}]}


def spoken(**fields):
    return with_session(segments=[{"segmentType": "interact", "segmentStart": spelled(0)} | fields])


def posted(**fields):
    return with_session(metrics=[{"name": "tTalk", "value": 1, "emitDate": spelled(0)} | fields])


@pytest.mark.parametrize(
    ("conversation", "named"),
    [
        pytest.param({}, "conversationId", id="no id"),
        pytest.param({"conversationId": 5}, r"conversations\[0\]\.conversationId", id="an id of another type"),
        pytest.param({"conversationId": "c", "participants": {}}, "participants", id="no list"),
        pytest.param({"conversationId": "c", "conversationStart": "noon"}, "conversationStart.*noon", id="no moment"),
        pytest.param(spoken(segmentStart="2026-03-10T13:24:04"), "segmentStart", id="no offset"),
        pytest.param(spoken(segmentEnd="2026-03-10T24:00:00.000Z"), "segmentEnd", id="no such hour"),
        pytest.param(spoken(segmentStart="1969-12-31T23:59:59.998Z"), "segmentStart before 1970", id="before 1970"),
        pytest.param(spoken(segmentStart=5), "segmentStart", id="a number"),
        pytest.param(posted(emitDate="soon"), "emitDate", id="no moment of a metric"),
        pytest.param(posted(value="5"), "value", id="a text for a value"),
        pytest.param(posted(value=1e300), "value", id="a value beyond all numbers"),
    ],
)
def test_a_surprise_is_an_error_that_names_the_field(conversation, named):
    with pytest.raises(PayloadError, match=named):
        taken([conversation])


def test_a_page_that_was_cut_off_anywhere_is_an_error():
    body = json.dumps({"conversations": [CONVERSATION]}).encode()
    for length in range(len(body)):
        with pytest.raises(PayloadError, match="cut off"):
            ColumnsBuilder(KINDS, METRICS).take(body[:length], "/details")
