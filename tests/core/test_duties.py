"""What a schedule owes by now, and what becomes of the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.answer import Missing, Notice, RowState
from bot.core.duties import (
    SUPERSEDED,
    duties,
    failed_streak,
    fetched_share,
    fires_of,
    has_ended,
    no_longer_owed,
    question_for,
    resendable,
    share_of,
    unreached,
    woken,
)
from bot.core.recurrence import Recurrence, no_holidays
from bot.core.scheduling import (
    Destination,
    DestinationKind,
    Fire,
    FireKind,
    FireState,
    Misfire,
    Schedule,
    ScheduleState,
)
from tests.core.rendering.answers import row, small

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
OPS, BILLING = (Destination(DestinationKind.CHANNEL, c, s) for c, s in (("COPS", ""), ("CBILL", "team:Billing")))
HOURLY = Recurrence(times=tuple(time(hour) for hour in range(24)), zone="UTC")
SCHEDULE = Schedule(
    id="s1",
    number=1,
    owner_id="UANA",
    question="yesterday",
    recurrence=HOURLY,
    destinations=(OPS,),
    created_at=NOON - timedelta(days=30),
)


def owed(schedule=SCHEDULE, now=NOON, seen=None):
    return {
        f"{duty.slot.local_time:%H:%M}": duty.skip or ("late" if duty.late else "due")
        for duty in duties(schedule, now, seen=seen, is_holiday=no_holidays)
    }


OLD = "missed by more than 2 h"


@pytest.mark.parametrize(
    ("misfire", "expected"),
    [
        (Misfire.LATEST, {"10:00": SUPERSEDED, "11:00": SUPERSEDED, "12:00": "due"}),
        (Misfire.ALL, {"10:00": "late", "11:00": "late", "12:00": "due"}),
        (
            Misfire.NONE,
            {
                "10:00": "missed, and this schedule doesn't catch up",
                "11:00": "missed, and this schedule doesn't catch up",
                "12:00": "due",
            },
        ),
    ],
)
def test_within_the_window_the_misfire_policy_decides(misfire, expected):
    assert owed(replace(SCHEDULE, misfire=misfire)) == expected


@pytest.mark.parametrize(
    ("down", "expected"),
    [
        pytest.param(timedelta(minutes=1), ["10:00", "11:00", "12:00"], id="a minute"),
        pytest.param(timedelta(hours=1), ["10:00", "11:00", "12:00"], id="an hour"),
        pytest.param(timedelta(hours=3), ["09:00", "10:00", "11:00", "12:00"], id="three hours"),
    ],
)
def test_slots_are_looked_for_as_far_back_as_nobody_looked(down, expected):
    found = owed(seen=NOON - down)

    assert list(found) == expected
    assert [name for name, what in found.items() if what == OLD] == [n for n in expected if n < "10:00"]


def test_a_stamp_from_the_future_counts_as_none():
    assert owed(seen=NOON + timedelta(hours=1)) == owed(seen=None)


def test_after_months_of_absence_a_week_is_told():
    found = duties(SCHEDULE, NOON, seen=NOON - timedelta(days=29), is_holiday=no_holidays)

    assert found[0].slot.fire_at == NOON - timedelta(days=7)


@pytest.mark.parametrize("seconds", [0, 300])
def test_a_post_within_five_minutes_is_not_late(seconds):
    assert owed(now=NOON + timedelta(seconds=seconds))["12:00"] == "due"
    assert owed(now=NOON + timedelta(seconds=301))["12:00"] == "late"


def test_the_window_includes_its_last_moment():
    daily = replace(SCHEDULE, recurrence=replace(HOURLY, times=(time(10),)))

    assert owed(daily, NOON) == {"10:00": "late"}
    assert owed(daily, NOON + timedelta(microseconds=1), seen=NOON) == {}
    assert owed(daily, NOON + timedelta(seconds=1), seen=NOON - timedelta(hours=3)) == {"10:00": OLD}


@given(st.integers(0, 6 * 3600), st.integers(0, 6 * 3600), st.sampled_from(Misfire))
def test_at_most_one_slot_is_posted_late_unless_all_are_wanted(before, after, misfire):
    found = owed(
        replace(SCHEDULE, misfire=misfire),
        NOON + timedelta(seconds=after),
        seen=NOON - timedelta(seconds=before),
    )
    late = [name for name, what in found.items() if what == "late"]

    assert len(late) <= (1 if misfire is Misfire.LATEST else 0 if misfire is Misfire.NONE else 3)
    assert list(found.values())[-1] != SUPERSEDED


def test_a_paused_schedule_owes_the_days_after_its_pause_only():
    paused = replace(SCHEDULE, state=ScheduleState.PAUSED)

    assert owed(paused) == {}
    assert owed(replace(paused, paused_until=date(2026, 3, 11))) == {}
    assert list(owed(replace(paused, paused_until=date(2026, 3, 10)))) == ["10:00", "11:00", "12:00"]


def test_nothing_is_owed_from_before_it_began_to_be():
    assert list(owed(replace(SCHEDULE, active_since=NOON - timedelta(minutes=90)))) == ["11:00", "12:00"]
    assert list(owed(replace(SCHEDULE, created_at=NOON - timedelta(minutes=30)))) == ["12:00"]


# --- rows ------------------------------------------------------------------------------------------------------------


def rows(duty, batch=1, schedule=SCHEDULE):
    return fires_of(schedule, duty, NOON, spread_s=30, batch=batch)


def test_each_recipient_has_a_row_under_a_key_of_date_time_and_recipient():
    both = replace(SCHEDULE, destinations=(OPS, BILLING), version=4)
    duty = duties(both, NOON, is_holiday=no_holidays)[-1]

    assert [(fire.key, fire.version, fire.state) for fire in rows(duty, schedule=both)] == [
        ("s1:2026-03-10T12:00:COPS", 4, FireState.DUE),
        ("s1:2026-03-10T12:00:CBILL/team:Billing", 4, FireState.DUE),
    ]
    assert question_for(both, BILLING) == "yesterday team:Billing"


def test_a_skipped_slot_is_a_row_with_its_reason():
    (fire,) = rows(duties(SCHEDULE, NOON, is_holiday=no_holidays)[0])

    assert (fire.state, fire.reason, fire.late) == (FireState.SKIPPED, SUPERSEDED, True)


def test_big_batches_are_spread_by_the_key_alone():
    duty = duties(SCHEDULE, NOON, is_holiday=no_holidays)[-1]
    (small,), (big,), (again,) = rows(duty, 10), rows(duty, 11), rows(duty, 500)

    assert small.not_before == NOON
    assert big.not_before == again.not_before == NOON + timedelta(seconds=30 * share_of(big.key))


def test_shares_are_spread_evenly():
    shares = [share_of(f"s{n}:2026-03-10T08:00:C{n}") for n in range(1000)]

    assert all(0 <= share < 1 for share in shares)
    assert all(70 <= sum(tenth / 10 <= share < (tenth + 1) / 10 for share in shares) <= 130 for tenth in range(10))


# --- a schedule in time ----------------------------------------------------------------------------------------------


def test_a_schedule_wakes_on_its_day_in_its_own_zone():
    auckland = replace(HOURLY, zone="Pacific/Auckland")
    asleep = replace(
        SCHEDULE,
        recurrence=auckland,
        state=ScheduleState.PAUSED,
        paused_until=date(2026, 3, 11),
        reason="holiday",
        failures=2,
    )
    midnight = datetime(2026, 3, 10, 11, tzinfo=UTC)  # in Auckland, 13 hours ahead

    assert woken(asleep, midnight - timedelta(seconds=1)) is None
    awake = woken(asleep, midnight)
    assert awake is not None
    assert (awake.state, awake.paused_until, awake.reason, awake.failures) == (ScheduleState.ACTIVE, None, "", 0)
    assert awake.active_since == midnight
    assert woken(replace(asleep, paused_until=None), midnight) is None


def test_a_rule_with_a_last_day_ends():
    last = replace(SCHEDULE, recurrence=replace(HOURLY, until=date(2026, 3, 10)))

    assert not has_ended(last, NOON, is_holiday=no_holidays)
    assert has_ended(last, NOON + timedelta(hours=12), is_holiday=no_holidays)
    assert not has_ended(SCHEDULE, NOON + timedelta(days=9000), is_holiday=no_holidays)


# --- debts taken together --------------------------------------------------------------------------------------------


def fire(hour, state, destination=OPS, kind=FireKind.SLOT, **more):
    at = NOON.replace(hour=hour)
    values = {"key": f"{kind}:{hour}:{destination.id}", "schedule_id": "s1", "destination": destination}
    return Fire(
        **(values | {"fire_at": at, "local_date": at.date(), "local_time": at.time(), "kind": kind, "state": state}),
        **more,
    )


SENT, FAILED, SKIPPED, DUE, UNKNOWN = (
    FireState.SENT,
    FireState.FAILED,
    FireState.SKIPPED,
    FireState.DUE,
    FireState.UNKNOWN,
)


@pytest.mark.parametrize(
    ("states", "streak"),
    [
        pytest.param([SENT, FAILED, FAILED], 2, id="two since a success"),
        pytest.param([FAILED, SENT], 0, id="the last one arrived"),
        pytest.param([FAILED, SKIPPED, FAILED], 2, id="a skipped one tells nothing"),
        pytest.param([FAILED, FAILED, DUE], 2, id="one under way tells nothing yet"),
        pytest.param([FAILED, UNKNOWN, FAILED], 1, id="an unknown one may have arrived"),
        pytest.param([], 0, id="none"),
    ],
)
def test_slots_that_failed_in_a_row_are_counted(states, streak):
    fires = [fire(hour, state) for hour, state in enumerate(states, start=5)]

    assert failed_streak(fires, NOON - timedelta(days=1)) == streak
    assert failed_streak(list(reversed(fires)), NOON - timedelta(days=1)) == streak


def test_a_slot_that_reached_somebody_did_not_fail():
    fires = [fire(8, FAILED), fire(9, FAILED), fire(9, SENT, BILLING)]

    assert failed_streak(fires, NOON - timedelta(days=1)) == 0


def test_runs_by_hand_and_former_lives_do_not_count():
    fires = [fire(7, FAILED), fire(8, FAILED, kind=FireKind.RUN), fire(9, FAILED)]

    assert failed_streak(fires, NOON.replace(hour=8)) == 1


def test_only_those_who_did_not_get_it_can_have_it_again():
    fires = [fire(8, state, Destination(DestinationKind.CHANNEL, state)) for state in FireState]

    assert {f.state for f in unreached(fires)} == {FAILED, SKIPPED, UNKNOWN}
    assert [f.state for f in fires if resendable(f)] == [f.state for f in unreached(fires)]
    assert not resendable(fire(8, FAILED, kind=FireKind.TEST))
    assert not resendable(None)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        pytest.param(None, "the schedule was deleted", id="deleted"),
        pytest.param(replace(SCHEDULE, state=ScheduleState.PAUSED, reason="by Ana"), "paused: by Ana", id="paused"),
        pytest.param(replace(SCHEDULE, destinations=(BILLING,)), "no longer a recipient", id="taken out"),
        pytest.param(replace(SCHEDULE, state=ScheduleState.ENDED), None, id="ended"),
        pytest.param(SCHEDULE, None, id="as it was"),
    ],
)
def test_what_was_opened_may_be_owed_no_longer(schedule, expected):
    assert no_longer_owed(schedule, fire(12, DUE), (), NOON) == expected


@pytest.mark.parametrize(
    ("newer", "expected"),
    [
        pytest.param(fire(11, DUE), SUPERSEDED, id="a newer one"),
        pytest.param(fire(9, DUE), None, id="an older one"),
        pytest.param(fire(13, DUE), None, id="one that is still to come"),
        pytest.param(fire(11, SKIPPED), None, id="one that is not posted either"),
        pytest.param(fire(11, DUE, BILLING), None, id="somebody else's"),
        pytest.param(fire(11, DUE, kind=FireKind.RUN), None, id="one by hand"),
    ],
)
def test_a_newer_slot_takes_the_place_of_an_older_one(newer, expected):
    assert no_longer_owed(SCHEDULE, fire(10, DUE), (newer,), NOON) == expected
    assert no_longer_owed(replace(SCHEDULE, misfire=Misfire.ALL), fire(10, DUE), (newer,), NOON) is None
    assert no_longer_owed(SCHEDULE, fire(10, DUE, kind=FireKind.RESEND), (newer,), NOON) is None


# --- whether data are complete ---------------------------------------------------------------------------------------

WHOLE = row("Ana", (0.5, 0.5, 60.0, 120.0, 1, 60.0))
NOBODY_ASKED = row("Ben", state=RowState.NOT_FETCHED, reason=Missing.NOT_FETCHED)
HALF_FETCHED = row("Cleo", (None, None, 60.0, None, 1, 60.0), reason=Missing.NOT_FETCHED)
OFF = row("Dan", state=RowState.NOT_STAFFED, reason=Missing.NOT_STAFFED)


@pytest.mark.parametrize(
    ("found", "share"),
    [
        pytest.param([WHOLE, OFF], 1.0, id="who was off is no gap"),
        pytest.param([WHOLE, NOBODY_ASKED, OFF, WHOLE], 0.75, id="one of four not fetched"),
        pytest.param([WHOLE, HALF_FETCHED], 0.5, id="one source of two failed"),
    ],
)
def test_a_row_is_complete_once_every_source_answered(found, share):
    assert fetched_share(replace(small(), rows=tuple(found))) == share


def test_no_rows_are_complete_unless_a_source_failed():
    nothing = replace(small(), rows=(), warnings=())

    assert fetched_share(nothing) == 1.0
    assert fetched_share(replace(nothing, warnings=(Notice("status_not_fetched", "Sorry."),))) == 0.0
    missing = replace(small(), rows=tuple(replace(r, state=RowState.NOT_FETCHED) for r in small().rows))
    whole = replace(small(), rows=small().rows[:1])
    assert fetched_share(replace(whole, versus=missing)) == 0.0  # of two times the less complete one counts
    assert fetched_share(replace(whole, versus=whole)) == 1.0
