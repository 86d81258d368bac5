from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.core.intervals import Interval
from bot.core.segments import Segment, milliseconds
from bot.core.sessions import HANDLE, Post, WorkSession, shortness
from tests.core.accounting import accounted_for

START = datetime(2026, 3, 10, tzinfo=UTC)
DAY = Interval(START, START + timedelta(days=1))
ZERO = milliseconds(START)
MINUTE = 60_000


def session(start: int, end: int | None, *posts: Post, agent_id: str = "ana") -> WorkSession:
    """One session of one segment; minutes from midnight."""
    piece = Segment(
        agent_id, "s1", "voice", "q1", "interact", ZERO + start * MINUTE, None if end is None else ZERO + end * MINUTE
    )
    return WorkSession("c1", "s1", agent_id, "agent", "voice", "inbound", (piece,), posts)


def handle(minutes: int, at: int) -> Post:
    return Post(HANDLE, minutes * MINUTE, ZERO + at * MINUTE)


def test_work_before_the_window_that_was_posted_in_it_is_accounted_for_whole() -> None:
    assert accounted_for([session(-30, 10, handle(40, at=10))], [DAY]) == {"ana": 2400.0}


def test_work_in_the_window_that_was_posted_after_it_or_not_yet_is_not_accounted_for() -> None:
    assert accounted_for([session(1430, 1450, handle(20, at=1450)), session(100, None)], [DAY]) == {}


def test_a_session_that_tells_of_no_posts_is_taken_to_have_posted_its_work_at_its_end() -> None:
    assert accounted_for([session(-30, 10), session(20, 25)], [DAY]) == {"ana": 2700.0}
    assert accounted_for([session(1430, 1450), session(100, None)], [DAY]) == {}


def test_posted_time_without_segments_is_not_accounted_for() -> None:
    assert accounted_for([session(0, 10, handle(25, at=10))], [DAY]) == {"ana": 600.0}


def test_segments_fall_short_where_more_was_posted_and_nowhere_else() -> None:
    short = shortness({"ana": 3600.0, "ben": 60.0, "cat": 10.4, "dan": 5.0}, {"ana": 3000.0, "ben": 90.0, "cat": 10.0})

    assert (short.seconds, short.agent_ids) == (605.0, frozenset({"ana", "dan"}))
