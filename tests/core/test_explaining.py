"""One bucket taken apart; every figure worked by hand. Minutes count from nine o'clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.explaining import RINGING, Overlap, Stretch, explain
from bot.core.intervals import Interval
from bot.core.query import Booking
from bot.core.rendering.explanations import Told, explanation_json, explanation_text, timeline_bar
from bot.core.segments import KINDS, Segment, clock_frame, milliseconds, segments_frame
from bot.core.sessions import Post, Work, WorkSession
from bot.core.zones import load_zone

START = datetime(2026, 3, 10, 9, tzinfo=UTC)
BUCKET = Interval(START, START + timedelta(minutes=30))
ZERO = milliseconds(START)
MINUTE = 60_000


def session(name: str, *pieces: tuple[str, float, float | None], posts: tuple[Post, ...] = ()) -> WorkSession:
    segments = tuple(
        Segment("ana", name, "voice", "q1", kind, at(start), None if end is None else at(end))
        for kind, start, end in pieces
    )
    return WorkSession(f"conversation of {name}", name, "ana", "agent", "voice", "inbound", segments, posts)


def at(minute: float) -> int:
    return ZERO + round(minute * MINUTE)


def work(*sessions: WorkSession, now: float = 24 * 60) -> Work:
    return Work(sessions, START + timedelta(minutes=now), len(sessions), 0, START - timedelta(days=2))


def test_what_lies_before_and_after_the_bucket_is_told_and_not_counted() -> None:
    found = explain(
        work(session("a", ("interact", -5, 20), ("hold", 20, 28), ("wrapup", 28, 40))), BUCKET, Booking.CLOCK
    )

    (share,) = found.shares
    assert share.seconds == {"handle_s": 1800.0, "talk_s": 1200.0, "held_s": 480.0, "acw_s": 120.0}
    assert (share.before_s, share.after_s, share.running) == (300.0, 600.0, False)
    assert (found.figures["handle_s"], found.figures["busy_s"], found.figures["handled"]) == (1800.0, 1800.0, 0)


def test_a_timeline_holds_what_happened_within_the_bucket_and_when_it_rang() -> None:
    told = replace(
        session("a", ("interact", -5, 10), ("hold", 10, 12), ("interact", 12, None)),
        alerts=(Segment("ana", "a", "voice", "q1", "alert", at(-6), at(-5)),),
    )
    called = replace(
        session("b", ("dialing", 28, 29), ("interact", 29, 40)),
        alerts=(Segment("ana", "b", "voice", "q1", "alert", at(27), at(28)),),
    )
    shares = explain(work(told, called, now=20), BUCKET, Booking.CLOCK).shares

    assert shares[0].timeline == (
        Stretch("talk_s", at(0), at(10)),
        Stretch("held_s", at(10), at(12)),
        Stretch("talk_s", at(12), at(20)),
    )
    assert shares[1].timeline[0] == Stretch(RINGING, at(27), at(28))
    assert [stretch.seconds for stretch in shares[1].timeline] == [60.0, 60.0, 60.0]
    assert timeline_bar(shares[0].timeline, BUCKET) == "TTTTTTTTTTHHTTTTTTTT··········"
    assert timeline_bar(shares[1].timeline, BUCKET) == "···························rDT"


@pytest.mark.parametrize(
    ("minutes", "bar"),
    [(15, "TTAAAAAAAAAAAAA"), (30, "TTAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), (60, "TAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")],
)
def test_a_mark_stands_for_what_took_most_of_it(minutes: int, bar: str) -> None:
    bucket = Interval(START, START + timedelta(minutes=minutes))
    spoken = session("a", ("interact", 0, 1.6), ("wrapup", 1.6, 90))

    assert timeline_bar(explain(work(spoken), bucket, Booking.CLOCK).shares[0].timeline, bucket) == bar


def test_posted_time_may_have_no_timeline_where_it_was_posted() -> None:
    earlier = session("a", ("interact", -20, -1), posts=(Post("tHandle", 19 * MINUTE, at(1)),))

    (share,) = explain(work(earlier), BUCKET, Booking.POSTED).shares

    assert (share.seconds["handle_s"], share.timeline) == (1140.0, ())


def test_overlaps_are_named_with_how_many_there_are_at_once() -> None:
    chats = (session("a", ("interact", 0, 20)), session("b", ("interact", 10, 30)), session("c", ("interact", 15, 20)))

    found = explain(work(*chats), BUCKET, Booking.CLOCK)

    assert found.overlaps == (Overlap(at(10), at(15), 2), Overlap(at(15), at(20), 3))
    assert (found.figures["handle_s"], found.figures["busy_s"]) == (2700.0, 1800.0)
    assert (found.figures["busy_share"], found.figures["concurrency"]) == (1.0, 1.5)
    assert found.figures["handled"] == 2  # the one that ends with the bucket counts in the next


def test_running_work_counts_until_now_and_is_provisional() -> None:
    found = explain(work(session("a", ("interact", 12, None)), now=22), BUCKET, Booking.CLOCK)

    assert found.running
    assert (found.figures["handle_s"], found.figures["handled"]) == (600.0, 0)


def test_a_session_without_time_in_the_bucket_is_none_of_its_parts() -> None:
    found = explain(work(session("a", ("interact", -20, 0)), session("b", ("interact", 30, 31))), BUCKET, Booking.CLOCK)

    assert found.shares == ()
    assert found.figures["concurrency"] is None


def test_as_posted_each_metric_counts_whole_where_it_was_emitted() -> None:
    posts = (Post("tTalk", 40 * MINUTE, at(-1)), Post("tAcw", 2 * MINUTE, at(1)), Post("tHandle", 42 * MINUTE, at(1)))
    late = (Post("tTalk", 5 * MINUTE, at(29)), Post("tHandle", 5 * MINUTE, at(30)))
    calls = (session("a", ("interact", -41, -1), posts=posts), session("b", ("interact", 24, 29), posts=late))

    found = explain(work(*calls), BUCKET, Booking.POSTED)

    assert [share.seconds for share in found.shares] == [{"acw_s": 120.0, "handle_s": 2520.0}, {"talk_s": 300.0}]
    assert found.figures["handle_s"] == 2520.0
    assert (found.figures["talk_s"], found.figures["acw_s"], found.figures["handled"]) == (300.0, 120.0, 1)


pieces = st.tuples(st.sampled_from(KINDS), st.integers(-20, 50), st.one_of(st.none(), st.integers(0, 40))).map(
    lambda drawn: (drawn[0], drawn[1], None if drawn[2] is None else drawn[1] + drawn[2])
)


@given(st.lists(st.lists(pieces, min_size=1, max_size=4), max_size=6))
def test_the_explanation_comes_to_the_same_as_the_cutting_of_all_segments(drawn: list[list]) -> None:
    sessions = [session(f"s{n}", *segments) for n, segments in enumerate(drawn)]
    # A segment that began after now has not happened.
    sessions = [replace(s, segments=tuple(p for p in s.segments if p.start_ms <= at(60))) for s in sessions]
    frame = clock_frame(
        segments_frame([p for s in sessions for p in s.segments], now=START + timedelta(hours=1)), [BUCKET]
    )

    found = explain(work(*sessions, now=60), BUCKET, Booking.CLOCK)

    for name in ("handle_s", "talk_s", "held_s", "acw_s", "contacting_s", "dialing_s", "busy_s"):
        assert found.figures[name] == (frame[name].sum() if len(frame) else 0), name


def test_a_timeline_is_told_in_words_too_and_its_letters_once() -> None:
    pieces = [("interact", 2 * n, 2 * n + 1) for n in range(8)]
    found = explain(work(session("a", *pieces, ("hold", 20, 22))), BUCKET, Booking.CLOCK)
    told = Told(
        agent_id="ana",
        agent_name="Ana",
        zone=load_zone("UTC"),
        stated={},
        requests=3,
        conversations=1,
        duplicates_removed=0,
        since=START,
        data_as_of=START,
    )
    text = explanation_text(found, told)

    assert "Conversations, a mark for each minute: T talk, H held" in text
    assert "Provisional until Sun 15 Mar 00:00: " in text  # four days after the end of Tuesday the 10th
    assert "Provisional" not in explanation_text(found, replace(told, data_as_of=START + timedelta(days=5)))
    assert "`T·T·T·T·T·T·T·T·····HH········`" in text
    assert "talk 09:00–09:01, talk 09:02–09:03, " in text
    assert "talk 09:10–09:11 and 3 more" in text
    session_json = explanation_json(found, told)["sessions"][0]
    assert session_json["timeline"][-1] == {
        "kind": "held",
        "start": "2026-03-10T09:20:00.000+00:00",
        "end": "2026-03-10T09:22:00.000+00:00",
    }
