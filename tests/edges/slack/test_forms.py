"""Modals through a real Bolt app: opened, filled in, corrected, handed in."""

from __future__ import annotations

import json
import threading
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from bot.core.rendering.forms import CHANNEL
from bot.core.rights import PRIVATE
from bot.core.scheduling import Destination, DestinationKind
from bot.demo.fake_slack import FakeSlack, Reject
from bot.demo.fake_slack.controls import controls
from bot.edges.slack.forms import LOOKING_UP, TOO_LATE
from bot.edges.slack.socket import run_socket
from tests.edges.slack.forming import FormWorld
from tests.edges.slack.worlds import WAIT_S

if TYPE_CHECKING:
    from collections.abc import Iterator

ASK, SCHEDULE, SAVE = "Ask about utilization", "Schedule a question", "Save a question"


@pytest.fixture
def http() -> Iterator[FormWorld]:
    """Over signed HTTP."""
    with FakeSlack() as slack:
        made = FormWorld(slack)
        yield made
        made.jobs.close(WAIT_S)


@pytest.fixture
def sockets() -> Iterator[FormWorld]:
    """Over Socket Mode."""
    with FakeSlack() as slack:
        made, stop = FormWorld(slack), threading.Event()
        slack.connect(sockets=True)
        more = {"jobs": made.jobs, "stop": stop, "connections": 1}
        runner = threading.Thread(target=run_socket, args=(made.edge.app, slack.app_token), kwargs=more)
        runner.start()
        slack.sockets.wait_for(count=1, timeout=WAIT_S)
        yield made
        stop.set()
        runner.join(WAIT_S)


# --- a question ------------------------------------------------------------------------------------------------------


def test_forms_ask_and_schedule_over_sockets_too(sockets: FormWorld) -> None:
    a_form_is_opened_corrected_asked_and_answered_to_her_alone(sockets)
    a_schedule_is_made_with_a_form(sockets)


def test_a_form_is_opened_corrected_asked_and_answered_to_her_alone(http: FormWorld) -> None:
    a_form_is_opened_corrected_asked_and_answered_to_her_alone(http)


def a_form_is_opened_corrected_asked_and_answered_to_her_alone(world: FormWorld) -> None:
    world.meet()
    assert world.slack.shortcut("ask_form", person=world.ana).acknowledged
    view = world.modal(ASK)
    assert "/utilization today" in str(view.blocks[0])
    assert "12:00" in str(view.blocks[0])  # how it is read

    world.slack.press(view, "field:when", person=world.ana, choose="Days that I pick")
    world.shows(view, "First day")
    wrong = world.slack.submit(view, {}, person=world.ana)
    assert wrong.errors == {"field:first": "Pick the first day."}
    assert world.slack.view(world.ana) is not None

    wrong = world.slack.submit(view, {"First day": "2026-11-20", "Last day": "2026-11-02"}, person=world.ana)
    assert "ends before it starts" in wrong.errors["field:when"]
    assert "`" not in wrong.errors["field:when"]

    world.slack.fill(view, {"Agents, teams": "Billing North", "Cut into": "Half-hours"}, person=world.ana)
    sent = world.slack.submit(view, {"Last day": "2026-11-21"}, person=world.ana)
    assert (sent.errors, sent.acknowledged) == ({}, True)
    assert world.slack.view(world.ana) is None
    answer = world.slack.wait_for_message(world.slack.dm(world.ana))
    assert answer.blocks
    assert world.reports.asked == [('2026-11-20..2026-11-21 team:"Billing North" by interval', "form", PRIVATE)]


def test_the_command_is_shown_as_it_grows(http: FormWorld) -> None:
    http.meet()
    http.slack.shortcut("ask_form", person=http.ana)
    view = http.modal(ASK)
    for name, choice, words in (
        ("Whose", "My team", "`/utilization today my team`"),
        ("Cut into", "Hours", "`/utilization today my team by 1h`"),
        ("Agents, teams", ("Ben Ito", "Ann Lee"), '`/utilization today "Ben Ito","Ann Lee" my team by 1h`'),
    ):
        http.slack.press(view, name, person=http.ana, choose=choice)
        http.shows(view, words)
    http.slack.press(view, "More choices", person=http.ana, choose=None)
    http.shows(view, "Further words")
    assert "More choices" not in str(view.payload["blocks"])
    assert "Shift" in str(view.payload["blocks"])
    sent = http.slack.submit(view, {"Further words": "below 60%", "Sorted by": "Occupancy"}, person=http.ana)
    assert sent.errors == {}
    http.slack.wait_for(lambda: http.reports.asked, what="a question")
    assert http.reports.asked[0][0] == 'today "Ben Ito","Ann Lee" my team by 1h below 60% sort occupancy'


def test_a_question_is_edited_in_the_form_that_it_opens(http: FormWorld) -> None:
    http.meet()
    press(http, "form:ask", "yesterday 9-17 in Europe/London team:Billing -@bob below 60% share sort handle")
    view = http.modal(ASK)
    shown = str(view.blocks)
    assert "`share` is left out" in shown
    assert "yesterday 09:00-17:00 team:Billing -bob below 60% sort handle" in shown
    assert "Further words" in shown
    http.slack.submit(view, {}, person=http.ana)
    answer = http.slack.wait_for_message(http.ops, person=http.ana)
    assert http.reports.asked == [("yesterday 09:00-17:00 team:Billing -bob below 60% sort handle", "form", PRIVATE)]
    assert answer.to == http.ana.id  # an answer to her alone, where the form was opened


def press(world: FormWorld, action: str, value: str, person=None):
    """A press in #ops on a button of ours, of whatever message."""
    pressed = {"type": "button", "action_id": action, "block_id": "b", "value": value}
    return world.slack.forge("block_actions", {"actions": [pressed]}, person=person or world.ana, channel=world.ops)


def test_somebody_who_is_not_known_yet_sees_that_the_form_is_loading(http: FormWorld) -> None:
    http.slack.shortcut("ask_form", person=http.ana)
    view = http.modal(ASK)
    opens = [c.method for c in http.slack.calls() if c.method.startswith(("views", "users"))]
    assert opens == ["views.open", "users.info", "views.update"]
    assert "/utilization today" in str(view.blocks)


def test_a_form_handed_in_by_somebody_not_known_is_kept_open(http: FormWorld) -> None:
    http.meet()
    http.slack.shortcut("ask_form", person=http.ana)
    view = http.modal(ASK)
    http.people._people._kept.clear()  # as after a restart
    assert http.slack.submit(view, {}, person=http.ana).errors == {"field:when": LOOKING_UP}
    http.slack.wait_for(lambda: http.people.known(http.ana.id), what="a look-up")
    assert http.slack.submit(view, {}, person=http.ana).errors == {}


@pytest.mark.parametrize("error", ["expired_trigger_id", "invalid_trigger_id", "internal_error"])
def test_a_form_that_slack_does_not_open_is_offered_again(http: FormWorld, error: str) -> None:
    http.meet()
    http.slack.faults.next("views.open", Reject(error))
    press(http, "form:ask", "yesterday")
    told = http.slack.wait_for_message(http.ops, person=http.ana, containing=TOO_LATE)
    assert told.to == http.ana.id
    (button,) = controls(told)
    assert (button.action_id, button.element["value"]) == ("form:ask", "yesterday")
    http.slack.press(told, "Open the form", person=http.ana)
    assert "/utilization yesterday" in str(http.modal(ASK).blocks)


def test_a_press_that_was_used_already_is_dropped(http: FormWorld) -> None:
    http.meet()
    pressed = press(http, "form:ask", "yesterday")
    http.modal(ASK)
    pressed.again()
    http.slack.wait_for(lambda: [c for c in http.slack.calls("views.open") if c.error], what="a refusal")
    assert http.slack.messages(person=http.ana) == []


def test_guests_get_no_form(http: FormWorld) -> None:
    guest = http.slack.add_person("guest", restricted=True)
    http.slack.shortcut("ask_form", person=guest)  # not known: the modal that was opened says it
    http.slack.wait_for(
        lambda: http.slack.view(guest) and "not guests" in str(http.slack.view(guest).blocks), what="it"
    )
    press(http, "form:ask", "yesterday", guest)
    http.slack.wait_for_message(person=guest, containing="not guests")
    assert http.reports.asked == []


def test_a_button_whose_question_cannot_be_read_says_why(http: FormWorld) -> None:
    http.meet()
    press(http, "form:ask", "yesterday yestreday")
    http.slack.wait_for_message(http.ops, person=http.ana, containing="yestreday")
    assert http.slack.view(http.ana) is None


def test_what_a_form_carries_along_is_believed_no_further_than_typed_words(http: FormWorld) -> None:
    http.meet()
    state = {
        "field:when": {"field:when": {"selected_option": {"value": "yesterday team:Billing share"}}},
        "field:zone": {"field:zone": {"selected_option": {"value": "Mars/Olympus"}}},
        "field:chosen": {"field:chosen": {"selected_options": [{"value": "schedule daily"}, {"value": 7}, "x"]}},
        "field:rank": {"field:rank": {"selected_option": {"value": "top x"}}},
        "field:rows": {"field:rows": ["x"]},
    }
    for metadata in ('{"channel":"../C1","number":-3}', "[1]", "{", None):
        view = {"type": "modal", "id": "V1", "callback_id": "form:ask", "private_metadata": metadata}
        sent = {"view": view | {"state": {"values": state}}}
        answered = http.slack.forge("view_submission", sent, person=http.ana)
        assert "you alone" in answered.json["errors"]["field:when"]
    assert http.reports.asked == []


# --- type-ahead ------------------------------------------------------------------------------------------------------


def test_typing_offers_agents_teams_and_queues_from_memory(http: FormWorld) -> None:
    http.meet()
    http.slack.shortcut("ask_form", person=http.ana)
    view = http.modal(ASK)
    calls = len(http.slack.calls())
    found = http.slack.suggest(view, "field:chosen", "bil", person=http.ana)
    assert [(o.label, o.value) for o in found] == [
        ("Team Billing North", 'team:"Billing North"'),
        ("Queue Billing", "queue:Billing"),
    ]
    assert [o.value for o in http.slack.suggest(view, "field:chosen", "an", person=http.ana)] == [
        '"Ana Díaz"',
        '"Ann Lee"',
    ]
    assert [(o.label, o.value) for o in http.slack.suggest(view, "field:chosen", "kim", person=http.ana)] == [
        ("Kim Park (kim1@example.com)", "kim1@example.com"),
        ("Kim Park (kim2@example.com)", "kim2@example.com"),
    ]
    assert list(http.slack.suggest(view, "field:chosen", "a", person=http.ana)) == []
    assert len(http.slack.calls()) == calls


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("lond", "Europe/London"),
        ("new yo", "America/New_York"),
        ("mumb", "Asia/Kolkata"),
        ("Europe/Lo", "Europe/London"),
    ],
)
def test_a_zone_is_found_by_its_city(http: FormWorld, typed: str, first: str) -> None:
    http.meet()
    http.slack.shortcut("schedule_form", person=http.ana)
    options = http.slack.suggest(http.modal(SCHEDULE), "field:zone", typed, person=http.ana)
    assert options[0].value == first


# --- a schedule ------------------------------------------------------------------------------------------------------


def test_a_schedule_is_made_with_a_form(http: FormWorld) -> None:
    a_schedule_is_made_with_a_form(http)


def a_schedule_is_made_with_a_form(world: FormWorld) -> None:
    world.meet()
    world.slack.shortcut("schedule_form", person=world.ana)
    view = world.modal(SCHEDULE)
    wrong = world.slack.submit(view, {"Question": "2026-11-20 team:Billing"}, person=world.ana)
    assert "stands still" in wrong.errors["field:question"]

    values = {"Question": "yesterday team:Billing", "Days": "Daily", "In channels": "CAWAY"}
    world.slack.submit(view, values, person=world.ana)
    world.shows(view, "t post in <#CAWAY>")
    assert world.store.all() == []
    at = [b.get("block_id") for b in view.payload["blocks"]].index("field:channels")
    assert "t post in <#CAWAY>" in str(view.payload["blocks"][at + 1])  # under its field

    world.slack.submit(view, {"In channels": "COPS", "To people": "UBOB"}, person=world.ana)
    world.shows(view, "Scheduled: schedule 1")
    (made,) = world.store.all()
    assert made.question == "yesterday team:Billing"
    assert made.destinations == (
        Destination(DestinationKind.PERSON, "UBOB"),
        Destination(DestinationKind.CHANNEL, "COPS"),
    )
    told = world.slack.wait_for_message(world.slack.dm(world.ana), containing="Scheduled: schedule 1")
    assert "Pause" in [c.label for c in controls(told)]


def test_an_answer_is_scheduled_with_a_form(http: FormWorld) -> None:
    http.meet()
    press(http, "form:schedule", "yesterday team:Billing in Europe/Paris csv")
    view = http.modal(SCHEDULE)
    assert "schedule weekdays 08:00 yesterday team:Billing to me in Europe/Paris" in str(view.blocks[0])
    http.slack.press(view, "field:days", person=http.ana, choose="Days of the week that I pick")
    http.shows(view, "Days of the week")
    assert http.slack.submit(view, {}, person=http.ana).errors == {"field:weekdays": "Pick at least one day."}
    http.slack.submit(view, {"field:weekdays": "Thursday", "Last day": "2026-12-31"}, person=http.ana)
    http.shows(view, "Scheduled: schedule 1")
    rule = http.store.all()[0].recurrence
    assert (rule.weekdays, rule.zone, rule.until) == (frozenset({3}), "Europe/Paris", date(2026, 12, 31))


def test_a_schedule_is_changed_with_a_form(http: FormWorld) -> None:
    http.meet()
    press(http, "form:schedule", "schedule mondays 9:00 last week to me missed all")
    view = http.modal(SCHEDULE)
    http.slack.submit(view, {}, person=http.ana)
    http.shows(view, "Scheduled: schedule 1")
    press(http, "form:schedule", "edit 1")
    view = http.modal("Schedule 1")
    says = "`/utilization edit 1 mondays 09:00 last week to` <@UANA> `in Europe/London missed all within 120m`"
    assert says in str(view.blocks[0])
    http.slack.submit(view, {"Question": "last week by day"}, person=http.ana)
    http.shows(view, "Changed: schedule 1")
    assert http.store.all()[0].question == "last week by day"
    press(http, "form:schedule", "edit 7")
    http.slack.wait_for(lambda: "no schedule 7" in str(http.slack.view(http.ana).blocks), what="a refusal")


@pytest.mark.parametrize(
    ("channel", "said"),
    [pytest.param("COPS", "Scheduled: schedule 1", id="done"), pytest.param("CAWAY", "t post in", id="refused")],
)
def test_a_form_that_was_closed_while_it_was_checked_still_tells(http: FormWorld, channel: str, said: str) -> None:
    http.meet()
    press(http, "form:schedule", "yesterday")
    view = http.modal(SCHEDULE)
    http.edge.forms.check_after_s = 0.2
    http.slack.submit(view, {"In channels": channel}, person=http.ana)
    http.slack.close(view, person=http.ana)
    http.slack.wait_for_message(http.ops, person=http.ana, containing=said)


def test_a_form_whose_judgement_fails_says_so_and_does_not_wait_for_ever(http: FormWorld) -> None:
    http.meet()
    press(http, "form:schedule", "yesterday")
    view = http.modal(SCHEDULE)
    http.store.add = None
    http.slack.submit(view, {}, person=http.ana)
    http.shows(view, "Reference: ")
    assert http.slack.messages(http.ops, person=http.ana) == []


# --- a name ----------------------------------------------------------------------------------------------------------


def test_a_question_is_saved_with_a_name(http: FormWorld) -> None:
    http.meet()
    press(http, "form:save", "yesterday team:Billing share")
    view = http.modal(SAVE)
    wrong = http.slack.submit(view, {"Name": "x", "Question": "yesterdya"}, person=http.ana)
    assert "yesterday" in wrong.errors["field:question"]
    http.slack.submit(view, {"Name": "help", "Question": "yesterday team:Billing"}, person=http.ana)
    http.shows(view, "is a word of the grammar")
    http.slack.submit(view, {"Name": "morning", "For": "Everybody in this channel"}, person=http.ana)
    http.shows(view, 'Saved for everybody in this channel. `/utilization saved "morning" for this channel` asks it.')
    (kept,) = http.memory.saved("COPS")
    assert (kept.name, kept.question, kept.by) == ("morning", "yesterday team:Billing", "UANA")


# --- what comes back is user input -----------------------------------------------------------------------------------

FIELDS: dict[str, dict[str, Any]] = {
    "schedule": {"question": {"value": "yesterday"}, "times": {"selected_options": [{"value": "08:00"}]}},
    "save": {"name": {"value": "morning"}, "question": {"value": "yesterday"}},
    "ask": {"when": {"selected_option": {"value": "yesterday"}}},
}


def handed_in(world: FormWorld, kind: str, metadata: object, **more: Any) -> Any:
    """The answer to a form that was tampered with on its way."""
    fields = FIELDS[kind] | more
    values = {f"field:{name}": {f"field:{name}": value} for name, value in fields.items()}
    view = {"type": "modal", "id": "V1", "callback_id": f"form:{kind}", "state": {"values": values}}
    return world.slack.forge("view_submission", {"view": view | {"private_metadata": metadata}}, person=world.bob)


def test_a_form_that_names_a_channel_of_others_gains_nothing(http: FormWorld) -> None:
    http.meet(http.bob)
    secret = http.slack.add_channel("secret", members=[http.ana], id="CSECRET")
    metadata = json.dumps({"channel": secret.id})

    handed_in(http, "save", metadata, owner={"selected_option": {"value": CHANNEL}})
    handed_in(http, "schedule", metadata, channels={"selected_conversations": [secret.id]})
    for field, asked in (("more", {"value": "share"}), ("when", {"selected_option": {"value": "saved standup"}})):
        assert handed_in(http, "ask", metadata, **{field: asked}).json["errors"]

    http.slack.wait_for(lambda: len(http.slack.messages(http.slack.dm(http.bob))) == 2, what="two refusals")
    said = " ".join(message.text for message in http.slack.messages(http.slack.dm(http.bob)))
    assert "can't tell that you are in the channel" in said
    assert "You are not in" in said
    assert http.memory.kept == {}
    assert not http.store.all()
    assert http.reports.asked == []
    assert http.slack.messages(secret) == []


@pytest.mark.parametrize("metadata", ["[" * 100_000, "{", {"channel": "C1"}, 7, None, '{"number": true}'])
def test_a_form_with_metadata_of_any_kind_is_taken_or_refused_in_words(http: FormWorld, metadata: object) -> None:
    http.meet(http.bob)
    answered = handed_in(http, "schedule", metadata, month_day={"selected_option": {"value": "9" * 5_000}})
    assert answered.status == 200
    assert answered.json["response_action"] in {"update", "errors"}


def test_a_form_that_fails_while_it_is_read_stays_open_and_says_so(http: FormWorld) -> None:
    http.meet(http.bob)
    http.reports.read = lambda *_a, **_k: 1 / 0
    for kind, field in (("ask", "field:when"), ("save", "field:question")):
        answered = handed_in(http, kind, "{}")
        assert list(answered.json["errors"]) == [field]
