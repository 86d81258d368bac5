"""The Home tab through a real Bolt app: opened, pressed, changed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from bot.core.defaults import Defaults, DurationStyle
from bot.core.memos import Asked
from bot.demo.fake_slack import FakeSlack, Reject
from bot.demo.fake_slack.controls import controls
from bot.edges.slack.forms import BUSY
from bot.errors import StoreError
from tests.edges.slack.forming import NOON, FormWorld
from tests.edges.slack.worlds import WAIT_S

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[FormWorld]:
    with FakeSlack() as slack:
        made = FormWorld(slack, **getattr(request, "param", {}))
        yield made
        made.jobs.close(WAIT_S)


def opened(world: FormWorld, person: Any = None) -> Any:
    """Somebody's Home tab, opened."""
    who = person or world.ana
    world.slack.open_home(person=who)
    return world.slack.wait_for(lambda: world.slack.home(who), what="a Home tab")


def labels(view: Any) -> list[str]:
    return [control.label for control in controls(view)]


def test_a_question_is_saved_shown_run_and_forgotten(world: FormWorld) -> None:
    world.meet()
    view = opened(world)
    assert "None yet. `save morning" in str(view.blocks)

    pressed = {"type": "button", "action_id": "form:save", "block_id": "b", "value": "yesterday team:Billing"}
    world.slack.forge("block_actions", {"actions": [pressed]}, person=world.ana, channel=world.ops)
    modal = world.modal("Save a question")
    world.slack.submit(modal, {"Name": "morning"}, person=world.ana)
    world.slack.wait_for(lambda: "`morning`: yesterday team:Billing" in str(view.payload), what="it on the Home tab")

    world.slack.press(view, "Run", person=world.ana)
    answer = world.slack.wait_for_message(world.slack.dm(world.ana))
    assert answer.blocks
    assert world.reports.asked[-1][:2] == ("yesterday team:Billing", "button")

    world.slack.press(view, "ask:saved_0", person=world.ana)
    delete = next(c for c in controls(view) if c.action_id.startswith("home:do:unsave"))
    assert delete.element["confirm"]
    assert world.slack.press(view, delete.action_id, person=world.ana).acknowledged
    world.slack.wait_for(lambda: "“morning” is forgotten" in str(view.payload["blocks"][0]), what="a notice")
    assert "None yet. `save morning" in str(view.blocks)


def test_what_is_typed_elsewhere_is_on_the_page_at_once(world: FormWorld) -> None:
    view = opened(world)
    world.slack.command("schedule weekdays 8:00 yesterday", person=world.ana, channel=world.ops).wait()
    world.slack.wait_for(lambda: "Weekdays at 08:00" in str(view.payload), what="the schedule on the Home tab")
    world.memory.chosen[world.ana.id] = Defaults(zone="Asia/Kathmandu")
    world.slack.command("settings zone Asia/Kathmandu", person=world.ana, channel=world.ops).wait()
    world.slack.wait_for(lambda: "Asia/Kathmandu" in str(view.payload), what="her zone on the Home tab")


def test_schedules_stand_there_with_what_became_of_them(world: FormWorld) -> None:
    world.meet()
    world.slack.command(
        "schedule weekdays 8:00 yesterday team:Billing to me", person=world.ana, channel=world.ops
    ).wait()
    view = opened(world)
    shown = str(view.blocks)
    assert "Weekdays at 08:00 Europe/London: yesterday team:Billing" in shown
    assert "Next: Wed 25 Nov 08:00" in shown
    assert "Nothing has been posted yet." in shown

    world.slack.press(view, "Pause", person=world.ana)
    world.slack.wait_for(lambda: "Paused: schedule 1" in str(view.payload["blocks"][0]), what="a notice")
    assert "Resume" in labels(view)
    assert world.slack.messages(world.slack.dm(world.ana)) == []

    world.slack.press(view, "Edit", person=world.ana)
    assert "edit 1 weekdays 08:00 yesterday team:Billing" in str(world.modal("Schedule 1").blocks[0])
    world.slack.press(view, "Log", person=world.ana)
    world.slack.wait_for_message(world.slack.dm(world.ana), containing="Schedule 1")


def test_choices_are_changed_in_a_form_and_corrected_there(world: FormWorld) -> None:
    world.meet()
    view = opened(world)
    assert "*Zone*: Europe/London, from Slack or the usual" in str(view.blocks)
    assert "As usual: team, columns, headline" in str(view.blocks)
    world.slack.press(view, "Change", person=world.ana)
    modal = world.modal("Your settings")
    values = {"Zone": "Tokyo", "Columns": ("Handle", "Occupancy"), "Headline": "Occupancy", "Dates": "20/11"}
    world.slack.fill(modal, values | {"Durations": "06:32:00", "Team": "Billing North"}, person=world.ana)
    assert world.slack.submit(modal, {}, person=world.ana).errors == {}
    world.slack.wait_for(lambda: "Kept." in str(view.payload["blocks"][0]), what="a notice")
    assert world.memory.defaults("UANA") == Defaults(
        zone="Asia/Tokyo",
        team="Billing North",
        columns=("handle_s", "occupancy"),
        headline="occupancy",
        date_order="DMY",
        durations=DurationStyle.CLOCK,
    )
    assert "*Zone*: Asia/Tokyo" in str(view.blocks)


def test_a_choice_that_cannot_be_is_told_at_its_field(world: FormWorld) -> None:
    world.meet()
    many = [{"value": v} for v in ("handle_s", "talk_s", "held_s", "acw_s", "busy_s", "idle_s", "aht_s", "handled")]
    many += [{"value": v} for v in ("occupancy", "utilization", "on_queue_s", "away_s", "meal_s")]
    state = {"field:set_columns": {"field:set_columns": {"selected_options": many}}}
    view = {"type": "modal", "id": "V1", "callback_id": "form:settings", "state": {"values": state}}
    answered = world.slack.forge("view_submission", {"view": view}, person=world.ana)
    assert "13 columns" in answered.json["errors"]["field:set_columns"]
    assert world.memory.chosen == {}


def test_the_form_for_choices_holds_what_another_process_kept(world: FormWorld) -> None:
    view = opened(world)
    world.people._people._kept.clear()  # this process has forgotten her, or never knew her
    world.memory.chosen["UANA"] = Defaults(zone="Asia/Tokyo", columns=("handle_s",))
    world.slack.press(view, "Change", person=world.ana)
    modal = world.modal("Your settings")
    assert world.slack.submit(modal, {"Durations": "06:32:00"}, person=world.ana).errors == {}
    world.slack.wait_for(lambda: "Kept." in str(view.payload["blocks"][0]), what="a notice")
    assert world.memory.chosen["UANA"] == Defaults(
        zone="Asia/Tokyo", columns=("handle_s",), durations=DurationStyle.CLOCK
    )


def test_a_form_for_choices_that_cannot_be_filled_in_says_so(world: FormWorld) -> None:
    view = opened(world)
    world.memory.defaults = lambda _person: (_ for _ in ()).throw(StoreError("The database did not do its work."))
    world.slack.press(view, "Change", person=world.ana)
    assert "did not do its work" in str(world.modal("Your settings").blocks)


def test_whose_press_a_stop_takes_away_hears_of_it(world: FormWorld) -> None:
    world.meet()
    held = threading.Event()
    for number in range(2):  # both workers are busy
        world.jobs.submit(f"busy {number}", held.wait)
    pressed = {"type": "button", "action_id": "home:do:reset", "block_id": "b", "value": "settings reset"}
    world.slack.forge("block_actions", {"actions": [pressed]}, person=world.ana)
    world.slack.wait_for(lambda: world.jobs.waiting, what="the press")
    closing = threading.Thread(target=world.jobs.close, args=(WAIT_S,))
    closing.start()
    world.slack.wait_for(lambda: not world.jobs.running, what="the stop")
    held.set()
    closing.join()
    world.slack.wait_for_message(world.slack.dm(world.ana), containing="I was restarted")


def test_last_questions_are_asked_again(world: FormWorld) -> None:
    world.memory.last = (Asked("yesterday by interval", NOON), Asked("", NOON))
    view = opened(world)
    assert "`today my team`" in str(view.blocks)
    world.slack.press(view, "ask:again_0", person=world.ana)
    world.slack.wait_for_message(world.slack.dm(world.ana))
    assert world.reports.asked[-1][0] == "yesterday by interval"


@pytest.mark.parametrize("world", [{"memory": None}], indirect=True, ids=["no memory"])
def test_without_a_memory_the_page_leaves_out_what_is_not_kept(world: FormWorld) -> None:
    view = opened(world)
    assert "Saved questions" not in str(view.blocks)
    assert "Change…" not in labels(view)
    assert "Ask with a form" in labels(view)


def test_a_forged_press_on_the_page_is_asked_like_any_text_and_answered_to_the_presser(world: FormWorld) -> None:
    forged = {"type": "button", "action_id": "home:do:x", "block_id": "b", "value": "yesterday team:Billing share"}
    world.slack.forge("block_actions", {"actions": [forged], "container": {"type": "view"}}, person=world.ana)
    world.slack.wait_for_message(world.slack.dm(world.ana))
    forged["value"] = "delete 7"
    world.slack.forge("block_actions", {"actions": [forged], "container": {"type": "view"}}, person=world.ana)
    world.slack.wait_for(
        lambda: "no schedule 7" in str(world.slack.home(world.ana) and world.slack.home(world.ana).blocks),
        what="a refusal",
    )


def test_a_form_for_choices_that_slack_does_not_open_is_told_on_the_page(world: FormWorld) -> None:
    view = opened(world)
    world.slack.faults.next("views.open", Reject("expired_trigger_id"))
    world.slack.press(view, "Change", person=world.ana)
    world.slack.wait_for(lambda: "press “Change…” again" in str(view.payload["blocks"][0]), what="a notice")


@pytest.mark.parametrize("world", [{"capacity": 0}], indirect=True, ids=["full"])
def test_where_the_queue_is_full_nothing_is_lost_in_silence(world: FormWorld) -> None:
    world.meet()
    state = {"field:set_zone": {"field:set_zone": {"selected_option": {"value": "Asia/Tokyo"}}}}
    view = {"type": "modal", "id": "V1", "callback_id": "form:settings", "state": {"values": state}}
    answered = world.slack.forge("view_submission", {"view": view}, person=world.ana)
    assert answered.json["errors"] == {"field:set_zone": BUSY}

    press = {"type": "button", "action_id": "home:do:x", "block_id": "b", "value": "unlink"}
    world.slack.forge("block_actions", {"actions": [press], "container": {"type": "view"}}, person=world.ana)
    world.slack.wait_for_message(world.slack.dm(world.ana), containing="Busy")

    world.slack.shortcut("schedule_form", person=world.ana)
    modal = world.modal("Schedule a question")
    world.slack.submit(modal, {"Question": "yesterday"}, person=world.ana)
    world.shows(modal, "Busy")
