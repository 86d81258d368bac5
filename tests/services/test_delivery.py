"""Scheduled posts, from the slot to the message, with everything that may go wrong in between."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from bot.core.recurrence import Recurrence
from bot.core.scheduling import FireKind, FireState, Misfire, ScheduleState
from bot.demo.fake_slack import Drop, FakeSlack, Late, LostAck, Reject, ServerError, Throttle
from bot.errors import NotAllowedError, SourceError, UnknownAgentError
from tests.services.delivering import DAILY, EIGHT, Clock, World, channel, person

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    more = getattr(request, "param", {})
    clock = Clock()
    with FakeSlack(clock=clock.seconds, **more) as slack:
        yield World(slack, clock)


def without(*scopes: str) -> pytest.MarkDecorator:
    from bot.demo.fake_slack import ALL_SCOPES

    return pytest.mark.parametrize("world", [{"scopes": ALL_SCOPES - set(scopes)}], indirect=True, ids=["no scope"])


class DeadError(BaseException):
    """The process ends here: nothing after this line runs, not even a clean-up."""


def die() -> None:
    raise DeadError


# --- the plain morning -----------------------------------------------------------------------------------------------


def test_a_slot_is_posted_once_by_any_number_of_processes(world):
    world.schedule()
    others = [world.another(f"p{n}") for n in range(2, 5)]

    for _ in range(3):
        for service in (world.service, *others):
            world.pass_by(service=service)

    (post,) = world.posts()
    assert post.metadata == {
        "event_type": "utilization_summary",
        "event_payload": {"key": "s1:2026-03-10T08:00:COPS", "attempt": 1},
    }
    assert (world.row().state, world.row().ts) == (FireState.SENT, post.ts)
    assert world.told() == []


def test_nothing_is_posted_before_the_slot(world):
    world.clock.now = EIGHT - timedelta(seconds=1)
    world.schedule()

    world.pass_by()

    assert world.rows() == []


def test_the_question_is_read_as_of_the_slot_in_the_schedules_zone(world):
    world.schedule(recurrence=replace(DAILY, zone="America/New_York", times=(time(3),)))
    world.clock.now = EIGHT  # 04:00 in New York, an hour late

    world.pass_by()

    (asked,) = world.reports.asked
    assert asked.query.zone.key == "America/New_York"
    assert asked.query.range.start == datetime(2026, 3, 9, 4, tzinfo=UTC)
    assert asked.query.range.end == datetime(2026, 3, 10, 4, tzinfo=UTC)


def test_each_recipient_gets_her_own_slice(world):
    ben = world.slack.add_person("ben", email="ben@example.com", id="UBEN")
    world.schedule(person("UANA", "team:Billing"), person("UBEN", "team:Support"))

    world.pass_by(5)

    assert [(a.who, a.query.filters.include[0].value) for a in world.reports.asked if a.who == "UBEN"] == [
        ("UBEN", "Support")
    ]
    assert len(world.slack.messages(world.slack.dm(world.ana))) == 1
    assert len(world.slack.messages(world.slack.dm(ben))) == 1


def test_a_post_says_whose_it_is_and_how_to_stop_it(world):
    world.schedule()

    world.pass_by()

    foot = world.posts()[0].blocks[-1]["elements"][0]["text"]
    assert foot == "Schedule 1 of <@UANA> · as of Tue 10 Mar 08:00 Europe/London · stop it: `/utilization pause 1`"


def test_the_same_slot_and_answer_give_the_same_bytes_whenever_they_are_drawn(world):
    world.schedule()
    world.pass_by()
    first = world.row().content

    world.ledger.rows.clear()
    world.clock.forward(120)
    world.pass_by(service=world.another("p2"))

    assert json.dumps(world.row().content) == json.dumps(first)


# --- slots that were missed ------------------------------------------------------------------------------------------

THREE_TIMES = replace(DAILY, times=(time(6, 30), time(7), time(7, 30)))


def reasons(world):
    return {f"{row.local_time:%H:%M}": (row.state.value, row.reason) for row in world.rows()}


def test_of_several_missed_slots_the_newest_is_posted_and_marked_late(world):
    world.schedule(recurrence=THREE_TIMES)

    world.pass_by()

    assert reasons(world) == {
        "06:30": ("skipped", "missed, and a newer one took its place"),
        "07:00": ("skipped", "missed, and a newer one took its place"),
        "07:30": ("sent", None),
    }
    (post,) = world.posts()
    assert post.text.startswith("Late, due 07:30.")
    assert "Late, due 07:30." in post.blocks[0]["text"]["text"]
    (told,) = world.told()
    assert told.count("took its place") == 2


def test_a_schedule_may_want_all_or_none_of_the_missed_slots(world):
    world.schedule(recurrence=THREE_TIMES, misfire=Misfire.ALL)
    world.schedule(recurrence=THREE_TIMES, misfire=Misfire.NONE)

    world.pass_by(5)

    assert len(world.posts()) == 3
    assert {r.reason for r in world.rows() if r.schedule_id == "s2"} == {"missed, and this schedule doesn't catch up"}


def test_beyond_the_window_a_slot_is_skipped_and_its_owner_told(world):
    world.schedule()
    world.ledger.beat("p0", EIGHT - timedelta(minutes=1))
    world.clock.forward(3 * 3600)

    world.pass_by()

    assert reasons(world) == {"08:00": ("skipped", "missed by more than 2 h")}
    assert world.posts() == []
    (told,) = world.told()
    assert "Tue 10 Mar 08:00: missed by more than 2 h" in told
    assert world.service.counts()["skipped"] == 1


def test_a_fire_that_nobody_claimed_within_its_window_is_skipped_and_its_owner_told(world):
    world.schedule()
    world.service.tick()
    world.clock.forward(3 * 3600)

    world.service.work()

    assert reasons(world)["08:00"][0] == "skipped"
    assert world.posts() == []
    (told,) = world.told()
    assert "08:00" in told


def test_at_the_end_of_the_window_a_slot_is_still_posted(world):
    world.schedule()
    world.ledger.beat("p0", EIGHT - timedelta(minutes=1))
    world.clock.forward(7200)

    world.pass_by()

    assert world.row().state is FireState.SENT


def test_a_slot_that_slack_kept_waiting_gives_way_to_the_next_one(world):
    world.slack.faults.always("chat.postMessage", ServerError())
    world.schedule(recurrence=replace(DAILY, times=(time(8), time(8, 30))))
    world.pass_by(1790)
    world.slack.faults.clear()

    world.pass_by(120)

    assert reasons(world) == {
        "08:00": ("skipped", "missed, and a newer one took its place"),
        "08:30": ("sent", None),
    }
    assert len(world.posts()) == 1


def test_a_schedule_owes_nothing_from_before_it_was_made_or_resumed(world):
    world.schedule(created_at=EIGHT + timedelta(minutes=1))
    world.schedule(active_since=EIGHT + timedelta(minutes=1))
    world.clock.forward(120)

    world.pass_by()

    assert world.rows() == []


def test_a_pause_ends_on_its_day(world):
    world.schedule(state=ScheduleState.PAUSED, paused_until=date(2026, 3, 11), reason="holiday")
    world.pass_by()
    assert world.rows() == []

    world.clock.forward(86_400)
    world.pass_by()

    assert [row.local_date for row in world.rows()] == [date(2026, 3, 11)]
    assert world.store.get("s1").state is ScheduleState.ACTIVE


def test_pausing_or_deleting_stops_what_was_opened_and_not_yet_sent(world):
    world.schedule()
    world.schedule()
    world.service.tick()
    world.store.save(replace(world.store.get("s1"), state=ScheduleState.PAUSED, reason="by Ana"))
    world.store.delete("s2")

    world.service.work()

    assert sorted(row.reason for row in world.rows()) == ["paused: by Ana", "the schedule was deleted"]
    assert world.posts() == []


def test_who_joins_after_the_slot_gets_the_next_one(world):
    late = world.slack.add_channel("late", id="CLATE")
    schedule = world.schedule()
    world.pass_by()
    world.clock.forward(600)
    world.store.save(replace(schedule, destinations=(channel("COPS"), channel("CLATE"))))

    world.another("p2").tick()

    assert len(world.rows()) == 1
    assert world.posts(late) == []


def test_a_schedule_ends_after_its_last_slot_and_the_last_post_still_goes_out(world):
    world.schedule(recurrence=replace(DAILY, starts=date(2026, 3, 10), count=1))

    world.pass_by(60)

    assert world.store.get("s1").state is ScheduleState.ENDED
    assert len(world.posts()) == 1


# --- unclear outcomes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [LostAck(), LostAck("500"), Drop(), ServerError(), Reject("internal_error")], ids=repr
)
def test_an_unclear_outcome_is_looked_up_before_anything_is_sent_again(world, fault):
    world.slack.faults.next("chat.postMessage", fault)
    world.schedule()

    world.pass_by(60)

    assert len(world.posts()) == 1
    assert world.row().state is FireState.SENT
    assert world.row().attempt == 2
    assert world.row().ts == world.posts()[0].ts
    looks = world.slack.calls("conversations.history")
    assert looks[0].at - EIGHT.timestamp() >= 13


def test_nobody_looks_before_slack_has_settled(world):
    world.slack.faults.next("chat.postMessage", LostAck())
    world.schedule()

    world.pass_by(10)

    assert world.slack.calls("conversations.history") == []
    assert world.row().state is FireState.DUE


def test_a_message_that_slack_takes_after_the_look_is_swept_away(world):
    world.slack.faults.next("chat.postMessage", Late(after_s=30))
    world.schedule()
    world.pass_by(40)
    world.slack.settle()
    assert len(world.posts()) == 2
    kept = world.row().ts

    world.pass_by(60)

    assert [post.ts for post in world.posts()] == [kept]
    assert sum(world.ledger.taken_back.values()) == 1
    assert world.row().sweeps == 1


def test_a_sweep_comes_back_after_ten_minutes_and_then_rests(world):
    world.slack.faults.next("chat.postMessage", Drop())
    world.schedule()
    world.pass_by(100)
    first = world.row()
    world.slack.faults.next("chat.postMessage", Drop())

    world.pass_by(601)

    assert (first.sweeps, world.row().sweeps, world.row().sweep_at) == (1, 2, None)


def test_the_last_copy_is_never_swept_away(world):
    world.slack.faults.next("chat.postMessage", Late(after_s=30))
    world.schedule()
    world.pass_by(40)
    world.slack.settle()
    kept = world.row().ts
    world.messenger.delete("COPS", kept)  # somebody took it away by hand

    world.pass_by(60)

    assert len(world.posts()) == 1


@without("channels:history")
def test_where_nobody_may_look_the_owner_decides(world):
    world.slack.faults.next("chat.postMessage", Drop())
    world.schedule()

    world.pass_by(60)

    assert world.row().state is FireState.UNKNOWN
    assert world.posts() == []
    (told,) = world.slack.messages(world.slack.dm(world.ana))
    (button,) = told.blocks[1]["elements"]
    assert (button["action_id"], button["value"]) == ("schedule:resend", world.row().key)
    assert world.service.resend(button["value"]) is True
    assert world.service.resend(button["value"]) is False

    world.pass_by(5)

    assert len(world.posts()) == 1
    assert {row.kind: row.state for row in world.rows()} == {
        FireKind.SLOT: FireState.UNKNOWN,
        FireKind.RESEND: FireState.SENT,
    }


@without("channels:history")
def test_a_definite_refusal_needs_no_look(world):
    world.slack.faults.next("chat.postMessage", Throttle(retry_after=7))
    world.schedule()

    world.pass_by(30)

    assert len(world.posts()) == 1
    assert world.slack.calls("chat.postMessage")[1].at - EIGHT.timestamp() >= 7


def test_a_look_that_fails_is_tried_again_before_anything_is_sent(world):
    world.slack.faults.next("chat.postMessage", LostAck())
    world.slack.faults.next("conversations.history", Throttle(retry_after=20))
    world.slack.faults.next("conversations.history", ServerError())
    world.schedule()

    world.pass_by(120)

    assert len(world.posts()) == 1
    assert len(world.slack.calls("chat.postMessage")) == 1


# --- processes that die or freeze ------------------------------------------------------------------------------------

BEFORE_THE_SEND = ["claimed", "computed", "frozen", "stamped"]


@pytest.mark.parametrize("point", [*BEFORE_THE_SEND, "posted", "recorded"])
def test_a_process_that_dies_anywhere_leaves_exactly_one_post(world, point):
    world.schedule()
    world.at[point] = die
    with pytest.raises(DeadError):
        world.pass_by()
    world.at.clear()

    world.pass_by(120, service=world.another("p2"))

    assert len(world.posts()) == 1
    assert world.row().state is FireState.SENT


def test_a_process_that_dies_right_after_opening_loses_nothing(world):
    world.schedule()
    world.at["opened"] = die
    with pytest.raises(DeadError):
        world.service.tick()

    world.pass_by(5, service=world.another("p2"))

    assert len(world.posts()) == 1


def test_content_frozen_by_one_process_is_what_another_sends(world):
    world.schedule()
    world.at["frozen"] = die
    with pytest.raises(DeadError):
        world.pass_by()

    world.pass_by(90, service=world.another("p2"))

    assert len(world.reports.asked) == 1


@pytest.mark.parametrize("point", ["claimed", "computed", "frozen"])
def test_a_process_that_freezes_beyond_its_lease_stops_before_the_send(world, point):
    world.schedule()
    second = world.another("p2")

    def freeze() -> None:
        world.clock.forward(61)
        world.pass_by(service=second)

    world.at[point] = freeze
    world.pass_by()

    assert len(world.slack.calls("chat.postMessage")) == 1
    assert world.row().owner is None


def test_a_process_that_freezes_between_stamp_and_send_takes_its_copy_back(world):
    world.schedule()
    second = world.another("p2")

    def freeze() -> None:
        world.clock.forward(61)
        world.pass_by(service=second)

    world.at["stamped"] = freeze
    world.pass_by()

    (post,) = world.posts()
    assert post.ts == world.row().ts
    assert len(world.slack.messages(world.ops, deleted=True)) == 2
    assert sum(world.ledger.taken_back.values()) == 1


def test_two_that_find_the_same_message_both_leave_it_there(world):
    world.schedule()
    second = world.another("p2")

    def freeze() -> None:
        world.clock.forward(61)
        world.pass_by(service=second)

    world.at["posted"] = freeze
    world.pass_by()

    assert len(world.posts()) == 1
    assert len(world.slack.messages(world.ops, deleted=True)) == 1


def test_a_post_that_cannot_be_recorded_for_a_moment_is_recorded_later(world):
    world.schedule()
    world.ledger.failures = [RuntimeError("database is locked")] * 3

    world.pass_by()

    assert world.row().state is FireState.SENT
    assert len(world.posts()) == 1


def test_a_post_that_cannot_be_recorded_at_all_is_found_by_whoever_comes_next(world):
    world.schedule()
    world.ledger.failures = [RuntimeError("connection cut")] * 6
    world.pass_by()
    assert world.row().state is FireState.HELD

    world.pass_by(90)

    assert world.row().state is FireState.SENT
    assert len(world.slack.calls("chat.postMessage")) == 1


def test_stopping_gives_back_what_was_not_begun(world):
    world.schedule()
    world.service.tick()
    fire = world.ledger.claim("p1", world.clock.now, lease_s=60)

    world.service.stop(0.1)

    assert world.ledger.fire(fire.key).state is FireState.DUE
    assert world.service.work() == 0


# --- what slack refuses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("not_in_channel", "/invite"),
        ("channel_not_found", "/invite"),
        ("restricted_action_read_only_channel", "administrator"),
        ("token_revoked", "reinstall"),
        ("something_new", "something_new"),
    ],
)
def test_a_refusal_is_final_and_its_owner_learns_what_to_do(world, error, advice):
    world.slack.faults.next("chat.postMessage", Reject(error))
    world.schedule()

    world.pass_by(120)

    assert world.row().state is FireState.FAILED
    assert len(world.slack.calls("chat.postMessage")) == 2  # the post, and the word to the owner
    (told,) = world.told()
    assert advice in told


def test_blocks_that_slack_does_not_take_are_sent_once_more_in_a_simpler_form(world):
    world.slack.faults.next("chat.postMessage", Reject("invalid_blocks"))
    world.schedule()

    world.pass_by()

    (post,) = world.posts()
    assert "data_table" not in {block["type"] for block in post.blocks}
    assert world.row().state is FireState.SENT


def test_an_archived_channel_pauses_the_schedule_that_has_no_other(world):
    world.ops.archived = True
    world.schedule()

    world.pass_by()

    assert world.store.get("s1").state is ScheduleState.PAUSED
    (told,) = world.told()
    assert "paused" in told
    assert "archived" in told


def test_an_archived_channel_costs_the_other_recipients_nothing(world):
    old = world.slack.add_channel("old", id="COLD", archived=True)
    world.schedule(channel("COLD"), channel("COPS"))

    world.pass_by(5)

    assert world.store.get("s1").state is ScheduleState.ACTIVE
    assert len(world.posts()) == 1
    assert world.posts(old) == []


def test_figures_never_go_where_another_company_reads(world):
    world.ops.shared = True
    world.schedule()

    world.pass_by()

    assert world.posts() == []
    assert world.row().state is FireState.FAILED
    assert "another organisation" in world.told()[0]


def test_what_was_frozen_is_not_sent_where_another_company_reads_by_now(world):
    world.slack.faults.next("chat.postMessage", Throttle(retry_after=1000))
    world.schedule()
    world.pass_by()
    world.ops.shared = True

    world.pass_by(1010)

    assert world.posts() == []
    assert world.row().state is FireState.FAILED


def test_names_are_posted_in_listed_channels_only(world):
    team = world.slack.add_channel("team", id="CTEAM")
    world.schedule(channel("COPS"), channel("CTEAM"))

    world.pass_by(5)

    assert "Finn Low" in json.dumps(world.posts()[0].blocks)
    assert "Finn Low" not in json.dumps(world.posts(team)[0].blocks)


# --- rights ----------------------------------------------------------------------------------------------------------


def test_an_owner_who_lost_the_right_has_her_schedule_paused(world):
    world.reports.refuse = frozenset({"UANA"})
    world.reports.refusal = NotAllowedError("Those figures are outside what you may see.")
    world.schedule()

    world.pass_by()

    schedule = world.store.get("s1")
    assert schedule.state is ScheduleState.PAUSED
    assert "outside what you may see" in schedule.reason
    assert len(world.told()) == 1
    assert world.posts() == []


def test_a_recipient_sees_only_what_she_may_herself(world):
    ben = world.slack.add_person("ben", email="ben@example.com", id="UBEN")
    world.reports.refuse = frozenset({"UBEN"})
    world.reports.refusal = NotAllowedError("Those figures are outside what you may see.")
    world.schedule(person("UBEN"), person("UANA"))

    world.pass_by(5)

    assert world.slack.messages(world.slack.dm(ben)) == []
    assert world.store.get("s1").state is ScheduleState.ACTIVE
    assert {row.destination.id: row.state for row in world.rows()} == {
        "UBEN": FireState.FAILED,
        "UANA": FireState.SENT,
    }


def test_a_test_goes_to_the_asker_alone_with_her_own_rights(world):
    ben = world.slack.add_person("ben", email="ben@example.com", id="UBEN")
    schedule = world.schedule()

    assert world.service.test(schedule, person_id="UBEN", request_id="t1") == 1
    world.service.work()

    assert [asked.who for asked in world.reports.asked] == ["UBEN"]
    assert world.posts() == []
    (post,) = world.slack.messages(world.slack.dm(ben))
    assert post.text.startswith("Test of schedule 1, to you alone.")


def test_a_run_posts_now_for_real_and_the_same_press_only_once(world):
    world.clock.now = EIGHT + timedelta(hours=4)
    schedule = world.schedule(created_at=world.clock.now)

    assert world.service.run(schedule, request_id="r1") == 1
    assert world.service.run(schedule, request_id="r1") == 0
    world.service.work()

    assert len(world.posts()) == 1
    assert not world.posts()[0].text.startswith("Late")


def test_only_those_who_did_not_get_a_slot_get_it_again(world):
    world.slack.add_channel("new", id="CNEW", with_bot=False, private=True)
    schedule = world.schedule(channel("COPS"), channel("CNEW"))
    world.pass_by(5)

    assert world.service.resend_missing(schedule, date(2026, 3, 10), time(8)) == 1
    (again,) = [row for row in world.rows() if row.kind is FireKind.RESEND]
    assert (again.destination.id, again.fire_at) == ("CNEW", EIGHT)


# --- an owner who left -----------------------------------------------------------------------------------------------


def test_a_schedule_whose_owner_left_goes_to_the_first_supervisor_in_its_channel(world):
    world.slack.add_person("cleo", email="cleo@example.com", id="UCLEO")
    dan = world.slack.add_person("dan", email="dan@example.com", id="UDAN")
    world.ops.members.add("UDAN")
    world.supervisors = ["UCLEO", "UDAN"]
    world.ana.deleted = True
    world.schedule()

    world.pass_by(10)

    assert world.store.get("s1").owner_id == "UDAN"
    assert len(world.posts()) == 1
    assert [asked.who for asked in world.reports.asked] == ["UDAN"]
    (told,) = world.told(dan)
    assert "yours now" in told


def test_without_a_supervisor_in_the_channel_the_schedule_pauses_and_an_auditor_hears_of_it(world):
    fred = world.slack.add_person("fred", email="fred@example.com", id="UFRED")
    world.auditors = ("UFRED",)
    world.ana.deleted = True
    world.schedule()

    world.another("p2").tick()
    world.pass_by(10, service=world.another("p3"))

    assert world.store.get("s1").state is ScheduleState.PAUSED
    assert world.row().state is FireState.FAILED
    (told,) = world.told(fred)
    assert "no supervisor is in its channel" in told


# --- data that aren't complete ---------------------------------------------------------------------------------------


def test_incomplete_data_are_waited_for(world):
    world.reports.fetched = 3
    world.schedule()
    world.pass_by(120)
    assert world.posts() == []

    world.reports.fetched = 6
    world.pass_by(70)

    (post,) = world.posts()
    assert "Incomplete" not in post.text
    assert world.row().incomplete is False


def test_after_the_wait_a_post_says_that_it_is_incomplete(world):
    world.reports.fetched = 3
    world.schedule()

    world.pass_by(905)

    (post,) = world.posts()
    assert "Incomplete: Genesys did not answer for everybody in time." in post.text
    assert world.row().incomplete is True
    assert post.posted_at - EIGHT.timestamp() == pytest.approx(900, abs=6)


def test_a_small_gap_is_no_reason_to_wait(world):
    world.reports.fetched = 5
    world.schedule(least_coverage=0.8)

    world.pass_by()

    assert len(world.posts()) == 1
    assert world.row().incomplete is False


def test_a_platform_that_stays_down_is_reported(world):
    world.reports.failure = SourceError("Genesys did not answer.", hint="Look at its status page.")
    world.schedule()
    world.pass_by(890)
    assert world.told() == []

    world.pass_by(30)

    assert world.row().state is FireState.FAILED
    (told,) = world.told()
    assert "Genesys did not answer. Look at its status page." in told


def test_a_team_that_is_gone_is_told_without_a_wait(world):
    world.reports.failure = UnknownAgentError("There is no team called “Billing”.", hint="Known: Support")
    world.schedule()

    world.pass_by()

    assert world.row().state is FireState.FAILED
    assert "Known: Support" in world.told()[0]


def test_a_mistake_of_our_own_ends_after_a_few_attempts(world):
    world.reports.failure = ZeroDivisionError()
    world.schedule()

    world.pass_by(120)

    assert world.row().state is FireState.FAILED
    assert world.row().attempt == 5
    assert len(world.told()) == 1


# --- telling ---------------------------------------------------------------------------------------------------------


def test_an_owner_hears_of_one_schedule_once_an_hour(world):
    world.reports.failure = UnknownAgentError("There is no such team.")
    world.schedule(recurrence=replace(DAILY, times=tuple(time(8, m) for m in (0, 10))))
    world.pass_by(700)
    assert [row.state for row in world.rows()] == [FireState.FAILED] * 2
    assert len(world.told()) == 1

    world.reports.failure = None
    world.store.save(replace(world.store.get("s1"), recurrence=replace(DAILY, times=(time(9, 30),))))
    world.pass_by(5000)

    assert len(world.told()) == 1
    assert world.store.get("s1").failures == 0


def test_three_failed_slots_in_a_row_pause_the_schedule_and_say_so(world):
    world.reports.failure = UnknownAgentError("There is no such team.")
    world.schedule(recurrence=replace(DAILY, times=tuple(time(8, m) for m in (0, 1, 2, 3))))

    world.pass_by(300)

    schedule = world.store.get("s1")
    assert (schedule.state, schedule.failures) == (ScheduleState.PAUSED, 3)
    assert len(world.rows()) == 3
    assert len(world.told()) == 2
    assert "3 posts in a row failed" in world.told()[-1]


def test_a_success_between_failures_keeps_a_schedule_going(world):
    world.schedule(recurrence=replace(DAILY, times=tuple(time(8, m) for m in range(5))))
    for n in range(5):
        world.reports.failure = None if n == 2 else UnknownAgentError("There is no such team.")
        world.pass_by(59)
        world.clock.forward(1)

    assert world.store.get("s1").state is ScheduleState.ACTIVE
    assert len(world.rows()) == 5


# --- pace and watching -----------------------------------------------------------------------------------------------


def test_posts_to_one_channel_keep_a_second_between_them(world):
    for _ in range(6):
        world.schedule()

    world.pass_by(10)

    times = sorted(post.posted_at for post in world.posts())
    assert len(times) == 6
    assert min(later - earlier for earlier, later in pairwise(times)) >= 1
    assert not world.slack.breaches


def test_two_hundred_schedules_at_eight_are_posted_by_two_past_without_a_breach(world):
    world.clock.now = EIGHT - timedelta(minutes=16)
    for n in range(200):
        world.slack.add_channel(f"team-{n}", id=f"C{n}")
        world.slack.add_person(f"owner-{n}", id=f"U{n}")
        world.schedule(channel(f"C{n}"), owner_id=f"U{n}")

    world.pass_by(16 * 60 + 120)

    assert {row.state for row in world.rows()} == {FireState.SENT}
    assert len(world.rows()) == 200
    posts = world.slack.messages(via="chat.postMessage")
    assert len(posts) == 200
    assert max(post.posted_at for post in posts) <= (EIGHT + timedelta(minutes=2)).timestamp()
    assert dict(world.slack.breaches) == {}
    assert len({asked.query.range.windows for asked in world.reports.asked}) == 1


def test_a_big_batch_that_nobody_saw_coming_keeps_within_slacks_limits_too(world):
    for n in range(100):
        world.slack.add_channel(f"team-{n}", id=f"C{n}")
        world.schedule(channel(f"C{n}"))

    world.pass_by(240)

    assert {row.state for row in world.rows()} == {FireState.SENT}
    assert dict(world.slack.breaches) == {}


def test_health_is_the_age_of_the_newest_stamp_and_never_one_from_the_future(world):
    assert not world.service.healthy()
    world.pass_by()
    assert world.service.healthy()

    world.clock.forward(59)
    assert world.service.healthy()
    world.clock.forward(1)
    assert not world.service.healthy()

    world.ledger.beat("p9", world.clock.now + timedelta(hours=1))
    assert not world.service.healthy()
    assert world.service.counts()["heartbeat_age_s"] == 60


def test_a_rule_that_cannot_be_worked_out_costs_the_others_nothing(world):
    world.schedule(recurrence=Recurrence(times=(time(8),), zone="Nowhere/Land"))
    world.schedule()

    world.pass_by()

    assert len(world.posts()) == 1
    assert world.service.counts()["schedules_unreadable_here"] >= 1


def test_threads_deliver_what_a_tick_finds(world):
    world.schedule()
    world.service.start()
    try:
        world.service.tick()
        world.slack.wait_for_message(world.ops)
    finally:
        world.service.stop(5)
    assert world.row().state is FireState.SENT


def test_a_lease_that_is_lost_while_computing_cancels_the_question(world):
    world.schedule()
    seen = []

    def lose() -> None:
        fire = world.row()
        world.clock.forward(61)
        world.ledger.claim("p2", world.clock.now, lease_s=60)
        world.service._keeper.renew_all()
        seen.extend(operation.cancelled.is_set() for _, operation in world.service._keeper._held.values())
        assert fire.owner == "p1"

    world.reports.during = lose
    world.service.tick()
    world.service._poster.deliver(world.ledger.claim("p1", world.clock.now, lease_s=60))

    assert seen == [True]
    assert world.posts() == []
