"""Schedules drawn: within Slack's limits, with nothing live but mentions, and buttons that could be typed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.grammar import GrammarContext, parse
from bot.core.limits import violations
from bot.core.orders import Changed, Listed, Logged, Order, Plan, Target, TargetKind, View
from bot.core.query import Verb
from bot.core.recurrence import OnHoliday, Recurrence, Slot, next_slots
from bot.core.rendering.schedules import (
    outcome_as_text,
    plan_sentence,
    render_order,
    render_order_refusal,
    render_outcome,
    slot_label,
)
from bot.core.scheduling import Destination, DestinationKind, Fire, FireKind, FireState, Schedule, ScheduleState
from bot.core.zones import load_zone
from bot.errors import CommandError

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
LONDON = "Europe/London"
RULE = Recurrence((time(8),), LONDON, frozenset(range(5)))
OPS = Destination(DestinationKind.CHANNEL, "COPS")


def schedule(**more: Any) -> Schedule:
    values: dict[str, Any] = {
        "id": "s",
        "number": 3,
        "owner_id": "UANA",
        "question": "yesterday team:Billing",
        "recurrence": RULE,
        "destinations": (OPS,),
        "created_at": NOW,
    }
    return Schedule(**(values | more))


def view(*, changeable: bool = True, **more: Any) -> View:
    made = schedule(**more)
    active = made.state is ScheduleState.ACTIVE
    return View(made, tuple(next_slots(made.recurrence, NOW, 3)) if active else (), changeable=changeable)


def fire(key: str = "k", **more: Any) -> Fire:
    values: dict[str, Any] = {
        "schedule_id": "s",
        "destination": OPS,
        "fire_at": datetime(2026, 11, 24, 8, tzinfo=UTC),
        "local_date": date(2026, 11, 24),
        "local_time": time(8),
    }
    return Fire(key, **(values | more))


def buttons(blocks: Any) -> list[dict[str, Any]]:
    return [e for block in blocks if block["type"] == "actions" for e in block["elements"]]


OUTCOMES = [
    pytest.param(Listed(), id="no schedules"),
    pytest.param(Listed((view(),), (view(number=4, changeable=False),)), id="a list"),
    pytest.param(Listed(tuple(view(number=n) for n in range(1, 60))), id="a long list"),
    *(pytest.param(Changed(verb, view()), id=verb.value) for verb in (Verb.SCHEDULE, Verb.EDIT, Verb.RUN, Verb.TEST)),
    pytest.param(
        Changed(Verb.PAUSE, view(state=ScheduleState.PAUSED, paused_until=date(2026, 12, 1), reason="by <@UBOSS>")),
        id="paused",
    ),
    pytest.param(Logged(view(), ()), id="an empty log"),
    pytest.param(Logged(view(), tuple(fire(f"k{n}", state=FireState.FAILED) for n in range(50))), id="a long log"),
    pytest.param(
        Changed(Verb.SCHEDULE, view(question="yesterday " + "x" * 900, destinations=(OPS,) * 20)), id="long words"
    ),
]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_slack_takes_every_message(outcome: Any) -> None:
    message = render_outcome(outcome, now=NOW)

    assert violations(message.payload(), surface="message") == []
    assert message.text
    assert outcome_as_text(outcome, now=NOW).endswith("\n")


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_button_asks_what_could_be_typed(outcome: Any) -> None:
    context = GrammarContext(now=NOW, zone=load_zone(LONDON))
    for button in buttons(render_outcome(outcome, now=NOW).blocks):
        order = parse(button["value"], context).order
        assert order is not None
        opens_a_form = order.verb is Verb.EDIT
        assert button["action_id"] == ("form:schedule" if opens_a_form else f"ask:{order.verb.value}")


def test_what_cannot_be_undone_is_asked_again() -> None:
    by_value = {b["value"]: b for b in buttons(render_outcome(Changed(Verb.SCHEDULE, view()), now=NOW).blocks)}

    assert list(by_value) == ["pause 3", "run 3", "test 3", "log 3", "edit 3", "delete 3"]
    assert {value for value, button in by_value.items() if "confirm" in button} == {"run 3", "delete 3"}


@pytest.mark.parametrize(
    ("state", "changeable", "values"),
    [
        (ScheduleState.ACTIVE, True, ["pause 3", "run 3", "test 3", "log 3", "edit 3", "delete 3"]),
        (ScheduleState.PAUSED, True, ["resume 3", "run 3", "test 3", "log 3", "edit 3", "delete 3"]),
        (ScheduleState.ENDED, True, ["run 3", "test 3", "log 3", "edit 3", "delete 3"]),
        (ScheduleState.ACTIVE, False, ["test 3", "log 3"]),
    ],
)
def test_buttons_are_those_that_make_sense(state: ScheduleState, changeable: bool, values: list[str]) -> None:
    listed = Listed((view(state=state, changeable=changeable),))

    assert [b["value"] for b in buttons(render_outcome(listed, now=NOW).blocks)] == values


def test_a_list_says_days_question_place_and_the_next_times_with_their_zone() -> None:
    assert outcome_as_text(Listed((view(),), (view(number=4, changeable=False),)), now=NOW) == (
        "Your schedules\n"
        "3 · Weekdays at 08:00 Europe/London: yesterday team:Billing, in <#COPS>\n"
        "Next: Wed 25 Nov 08:00 · Thu 26 Nov 08:00 · Fri 27 Nov 08:00 (Europe/London)\n"
        "In this channel\n"
        "4 · Weekdays at 08:00 Europe/London: yesterday team:Billing, in <#COPS> · by <@UANA>\n"
        "Next: Wed 25 Nov 08:00 · Thu 26 Nov 08:00 · Fri 27 Nov 08:00 (Europe/London)\n"
    )


def test_the_operators_empty_list_speaks_of_no_channel() -> None:
    assert outcome_as_text(Listed(everybodys=True), now=NOW) == "There are no schedules.\n"


def test_a_long_list_names_those_that_it_does_not_draw() -> None:
    message = render_outcome(Listed(tuple(view(number=n) for n in range(1, 25))), now=NOW)

    assert "Not shown here: 21, 22, 23, 24." in str(message.blocks)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"state": FireState.SENT, "changed_at": datetime(2026, 11, 24, 8, 0, 4, tzinfo=UTC)}, "sent 08:00:04"),
        (
            {"state": FireState.SENT, "changed_at": NOW, "late": True, "incomplete": True, "attempt": 3},
            "sent 15:00:00, late, incomplete, attempts: 3",
        ),
        ({"state": FireState.SKIPPED, "reason": "missed by more than 2 h"}, "skipped: missed by more than 2 h"),
        ({"state": FireState.FAILED, "reason": "is_archived"}, "failed: is_archived"),
        ({"state": FireState.DUE, "error": "ratelimited", "attempt": 2}, "waiting, attempts: 2: ratelimited"),
        ({"state": FireState.UNKNOWN}, "nobody can tell whether it arrived"),
        ({"state": FireState.HELD}, "on its way"),
    ],
)
def test_a_log_says_what_became_of_each_post(more: dict[str, Any], said: str) -> None:
    text = outcome_as_text(Logged(view(), (fire(**more),)), now=NOW)

    assert f"Tue 24 Nov 08:00 to <#COPS> – {said}\n" in text


def test_a_log_tells_runs_tests_and_slices_apart() -> None:
    ana = Destination(DestinationKind.PERSON, "UANA", "team:Billing")
    text = outcome_as_text(Logged(view(), (fire(kind=FireKind.TEST, destination=ana),)), now=NOW)

    assert "to <@UANA> for team:Billing (test) – waiting" in text


def test_the_newest_missing_post_can_be_sent_again_by_who_may_change_the_schedule() -> None:
    fires = (
        fire("sent", state=FireState.SENT),
        fire("new", state=FireState.FAILED),
        fire("old", state=FireState.SKIPPED, local_date=date(2026, 11, 23)),
    )

    def again(changeable: bool) -> list[str]:
        blocks = render_outcome(Logged(view(changeable=changeable), fires), now=NOW).blocks
        return [b["accessory"]["value"] for b in blocks if "accessory" in b]

    assert (again(True), again(False)) == (["new"], [])


def test_a_time_that_the_clocks_skip_is_shown_with_the_one_at_which_it_fires() -> None:
    rule = Recurrence((time(1, 30),), LONDON)
    skipped = Slot(datetime(2026, 3, 29, 1, 0, tzinfo=UTC), date(2026, 3, 29), time(1, 30))

    assert slot_label(skipped, rule, NOW) == "Sun 29 Mar 01:30 (the clocks change: 02:00)"
    assert slot_label(replace(skipped, fire_at=skipped.fire_at + timedelta(days=365)), rule, NOW) != ""


def test_times_of_another_year_have_it() -> None:
    slot = Slot(datetime(2027, 1, 4, 8, tzinfo=UTC), date(2027, 1, 4), time(8))

    assert slot_label(slot, RULE, NOW) == "Mon 4 Jan 2027 08:00"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"on_holiday": OnHoliday.SKIP, "country": "GB"}, "skipping holidays of GB"),
        (
            {"on_holiday": OnHoliday.SHIFT, "country": "US", "own_holidays": (date(2026, 12, 24),)},
            "on the next workday after holidays of US and 2026-12-24",
        ),
        ({"starts": date(2026, 12, 1), "count": 10}, "from 2026-12-01, 10 times"),
        ({"until": date(2026, 12, 31)}, "until 2026-12-31"),
    ],
)
def test_a_plan_in_a_sentence_says_its_clauses(more: dict[str, Any], said: str) -> None:
    plan = Plan("yesterday", replace(RULE, **more))

    assert plan_sentence(plan) == f"Weekdays at 08:00 Europe/London: yesterday, here, {said}"


def test_an_order_is_acknowledged_as_it_was_read() -> None:
    plan = Plan("yesterday", RULE, (Target(TargetKind.PERSON, "UBOB", "team:Billing"),))

    assert render_order(Order(Verb.SCHEDULE, plan=plan)) == (
        "Weekdays at 08:00 Europe/London: yesterday, to <@UBOB> for team:Billing"
    )
    assert render_order(Order(Verb.EDIT, 3, plan=plan)).startswith("Schedule 3: Weekdays")
    assert render_order(Order(Verb.PAUSE, 3)) == "`pause 3`"


def test_a_refusal_lets_the_orders_own_mentions_through_and_no_others() -> None:
    plan = Plan("yesterday", RULE, (Target(TargetKind.CHANNEL, "COPS"),))
    error = CommandError("<#COPS> and <@UEVIL> and <!channel>", hint="<#CHERE>")

    message = render_order_refusal(error, Order(Verb.SCHEDULE, plan=plan), place="CHERE")

    shown = str(message.blocks) + message.text
    assert "<#COPS>" in shown
    assert "<#CHERE>" in shown
    assert "<@UEVIL>" not in shown
    assert "<!channel>" not in shown
    assert violations(message.payload(), surface="message") == []


OUTSIDE = st.text(max_size=60) | st.sampled_from(
    ("<!channel>", "<!here|x>", "<http://x|y>", "`a` *b*", "&lt;!channel&gt;")
)


@given(OUTSIDE, OUTSIDE)
def test_words_from_outside_neither_notify_nor_link(question: str, reason: str) -> None:
    made = view(question=f"yesterday {question}", reason=reason, state=ScheduleState.PAUSED)
    for outcome in (Listed((made,)), Logged(made, (fire(reason=reason, state=FireState.FAILED),))):
        message = render_outcome(outcome, now=NOW)
        shown = [message.text, *(b["text"]["text"] for b in message.blocks if b["type"] == "section")]
        for text in shown:
            assert "<!" not in text
            assert "<http" not in text
        assert violations(message.payload(), surface="message") == []
