"""One agent's chain, each cause worked by hand. Minutes count from nine o'clock; the range is the hour from nine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.core.intervals import Interval
from bot.core.reconciling import Reconciled, reconcile
from bot.core.segments import Segment, milliseconds
from bot.core.sessions import HANDLE, Post, WorkSession

START = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = Interval(START, START + timedelta(hours=1))
ZERO = milliseconds(START)
MINUTE = 60_000


def piece(start: float, end: float | None, kind: str = "interact") -> Segment:
    until = None if end is None else ZERO + round(end * MINUTE)
    return Segment("ana", "s", "voice", "q1", kind, ZERO + round(start * MINUTE), until)


def session(
    start: float, end: float | None, *, handle: float | None = None, purpose: str = "agent", alert: float | None = None
) -> WorkSession:
    """Work of one stretch, posted when it ended: all of it unless `handle` says otherwise."""
    posts = (
        ()
        if end is None
        else (Post(HANDLE, round((end - start if handle is None else handle) * MINUTE), ZERO + round(end * MINUTE)),)
    )
    alerts = () if alert is None else (piece(start - alert, start, "alert"),)
    return WorkSession("c", "s", "ana", purpose, "voice", "inbound", (piece(start, end),), posts, alerts)


def chain(*sessions: WorkSession, posted: float, interacting: float | None = None, **more: object) -> Reconciled:
    """Minutes in, one agent's chain out."""
    given: dict = {"older": (), "asked": lambda segment, session: True, "now": START + timedelta(days=1)} | more
    (found,) = reconcile(
        ["ana"],
        windows=[HOUR],
        posted_s={"ana": posted * 60},
        interacting_s={} if interacting is None else {"ana": interacting * 60},
        sessions=sessions,
        **given,
    )
    return found


def causes(found: Reconciled) -> dict[str, float]:
    """Minutes by cause."""
    return {f"{gap.step}:{gap.cause}": gap.seconds / 60 for gap in found.gaps}


def test_work_before_the_range_and_work_posted_after_it_cancel_nothing() -> None:
    found = chain(session(-10, 5), session(50, 70), posted=15, interacting=15)

    assert causes(found) == {"load_s:worked_outside": -10, "load_s:posted_outside": 10}
    assert found.figures["load_s"] == 15 * 60


def test_a_running_session_is_open_and_one_over_the_whole_range_is_cut_on_both_sides() -> None:
    found = chain(session(40, None), session(-5, 61), posted=0, interacting=60, now=START + timedelta(minutes=65))

    assert causes(found) == {"load_s:still_open": 20, "load_s:posted_outside": 60, "busy_s:overlap": -20}


def test_ringing_and_calls_that_were_not_routed_lie_between_busy_and_interacting() -> None:
    found = chain(session(10, 20, alert=1), session(30, 34, purpose="user"), posted=14, interacting=11)

    assert causes(found) == {"interacting_s:non_acd": -4, "interacting_s:alerting": 1}
    assert found.unknown_s == 0


def test_what_the_question_leaves_out_is_in_the_status_all_the_same() -> None:
    left_out = session(30, 36)
    found = chain(session(10, 20), left_out, posted=10, interacting=16, asked=lambda _, s: s is not left_out)

    assert causes(found) == {"interacting_s:filter": 6}


def test_a_conversation_found_further_back_explains_posted_time_that_was_missing() -> None:
    assert causes(chain(posted=7)) == {"sessions_s:unknown": -7}
    assert causes(chain(posted=7, older=[session(1, 8)])) == {
        "sessions_s:old_conversation": -7,
        "load_s:old_conversation": 7,
    }


def test_sessions_ahead_of_the_aggregates_are_late_within_the_hour_and_unknown_after_it() -> None:
    assert causes(chain(session(10, 20), posted=0, now=START + timedelta(minutes=70))) == {"sessions_s:late_data": 10}
    assert causes(chain(session(10, 20), posted=0)) == {"sessions_s:unknown": 10}


def test_posted_time_that_its_own_segments_do_not_hold_is_unknown() -> None:
    found = chain(session(10, 20, handle=13), posted=13, interacting=12)

    assert causes(found) == {"load_s:unknown": -3, "interacting_s:unknown": 2}
    assert found.unknown_s == 300
