"""Buttons, the agent picker, its type-ahead, and the CSV file."""

from __future__ import annotations

import pytest

from bot.demo.fake_slack import Reject
from tests.edges.slack.worlds import NAMES

CSV_SENT = "The CSV file is in our direct messages."


@pytest.fixture
def answer(world):
    return world.ask("yesterday").wait()


def test_a_button_asks_what_it_carries_as_if_the_presser_had_typed_it(world, answer):
    pressed = world.slack.press(answer, "ask:prev", person=world.ana)
    assert pressed.acknowledged
    assert pressed.ack is None
    reply = pressed.wait()
    assert reply.blocks
    assert reply.to == world.ana.id
    asked = world.reports.asked[-1]
    assert (asked.door, asked.requester.id, asked.fresh) == ("button", world.ana.id, False)
    assert "2026-11-21" in asked.query.text


def test_the_message_that_was_pressed_stays(world, answer):
    world.slack.press(answer, "ask:prev", person=world.ana).wait()
    assert answer.deleted_at is None
    assert answer.edits == []


def test_refresh_asks_the_platform_again(world, answer):
    world.slack.press(answer, "ask:refresh", person=world.ana).wait()
    assert world.reports.asked[-1].fresh is True


def test_picking_an_agent_asks_for_her_half_hours(world, answer):
    world.slack.press(answer, "agent_pick", person=world.ana, choose="Ben Ito").wait()
    text = world.reports.asked[-1].query.text
    assert text.startswith("intervals")
    assert '"id-Ben Ito"' in text


def test_a_press_delivered_twice_is_answered_once(world, answer):
    pressed = world.slack.press(answer, "ask:prev", person=world.ana)
    pressed.wait()
    assert pressed.again().acknowledged
    world.slack.press(answer, "ask:refresh", person=world.ana).wait()
    assert world.answered() == 3


def forged(world, action, **more):
    """A press that no message of ours offered."""
    body = {
        "type": "block_actions",
        "user": {"id": world.ana.id, "team_id": world.slack.team_id},
        "team": {"id": world.slack.team_id, "domain": "x"},
        "channel": {"id": world.ops.id, "name": "ops"},
        "container": {"type": "message", "message_ts": "1.0", "channel_id": world.ops.id},
        "trigger_id": f"forged-{world.answered()}-{action}",
        "actions": [action],
    } | more
    from slack_bolt.request import BoltRequest

    return world.edge.app.dispatch(BoltRequest(mode="socket_mode", body=body))


@pytest.mark.parametrize(
    "action",
    [
        pytest.param(
            {"action_id": "ask:prev", "block_id": "b", "type": "button", "value": "nonsense"}, id="no question"
        ),
        pytest.param(
            {"action_id": "ask:anything-at-all", "block_id": "b", "type": "button", "value": "which"}, id="unclear"
        ),
    ],
)
def test_a_forged_press_is_read_like_any_text_and_answered_with_what_is_wrong(world, action):
    assert forged(world, action).status == 200
    reply = world.slack.wait_for_message(world.slack.dm(world.ana))
    assert "nonsense" in reply.text or "two days" in reply.text
    assert world.answered() == 0


@pytest.mark.parametrize(
    "action",
    [
        pytest.param({"action_id": "ask:prev", "block_id": "b", "type": "button"}, id="no value"),
        pytest.param({"action_id": "ask:prev", "block_id": "b", "type": "button", "value": ["x"]}, id="a list"),
        pytest.param(
            {"action_id": "agent_pick", "block_id": "pick:x", "type": "static_select", "selected_option": None},
            id="cleared",
        ),
    ],
)
def test_a_press_that_asks_nothing_is_acknowledged_and_left(world, action):
    assert forged(world, action).status == 200
    world.ask("today").wait()
    assert [asked.query.text for asked in world.reports.asked] == ["today"]


@pytest.mark.parametrize(
    "action",
    [
        pytest.param(
            {
                "action_id": "agent_pick",
                "block_id": "other",
                "type": "static_select",
                "selected_option": {"value": "a"},
            },
            id="a block that is no picker's",
        ),
        pytest.param({"action_id": "heretofore", "block_id": "b", "type": "button", "value": "x"}, id="no listener"),
    ],
)
def test_what_an_earlier_version_posted_says_that_it_does_nothing_any_more(world, action):
    assert forged(world, action).status == 200
    assert world.slack.wait_for_message(world.slack.dm(world.ana), containing="earlier version")
    assert world.answered() == 0


def test_buttons_of_an_earlier_version_ask_what_they_carry(world):
    old = {"action_id": "ask:csv", "block_id": "b", "type": "button", "value": "yesterday csv"}
    forged(world, old)
    assert world.slack.wait_for(lambda: world.slack.files, what="a file")


def test_a_stranger_who_presses_is_refused(world):
    stranger = world.slack.add_person("mallory", team_id="TOTHER")
    action = {"action_id": "ask:prev", "block_id": "b", "type": "button", "value": "yesterday"}
    forged(world, action, user={"id": stranger.id, "team_id": "TOTHER"})
    world.slack.wait_for(
        lambda: [m for m in world.slack.messages() if "not guests" in m.text], what="a refusal by direct message"
    )
    assert world.answered() == 0


# --- type-ahead ------------------------------------------------------------------------------------------------------


def suggest(world, typed, person=None):
    from slack_bolt.request import BoltRequest

    body = {
        "type": "block_suggestion",
        "action_id": "agent_pick",
        "block_id": "pick:intervals",
        "value": typed,
        "user": {"id": (person or world.ana).id},
        "team": {"id": world.slack.team_id},
        "container": {},
    }
    import json

    response = world.edge.app.dispatch(BoltRequest(mode="socket_mode", body=body))
    assert response.status == 200
    return json.loads(response.body)["options"]


def test_typing_into_the_picker_offers_agents_from_memory(world):
    world.meet()
    calls = len(world.slack.calls())
    assert suggest(world, "fo") == [
        {"text": {"type": "plain_text", "text": "Cleo Fox", "emoji": False}, "value": "id-Cleo Fox"}
    ]
    assert len(world.slack.calls()) == calls


@pytest.mark.parametrize("typed", ["", "f", " f "])
def test_less_than_two_letters_offer_nobody(world, typed):
    world.meet()
    assert suggest(world, typed) == []


def test_no_more_than_a_hundred_are_offered(world):
    world.meet()
    world.reports.names = tuple(f"Agent {i}" for i in range(250))
    assert len(suggest(world, "agent")) == 100


def test_somebody_not_known_yet_gets_nobody_and_is_looked_up_for_the_next_letter(world):
    assert suggest(world, "fo") == []
    world.slack.wait_for(lambda: world.edge.people.known(world.ana.id), what="a look-up", timeout=5)
    assert len(suggest(world, "fo")) == 1


def test_a_stranger_gets_nobody(world):
    guest = world.slack.add_person("guest", restricted=True)
    world.meet(guest)
    assert suggest(world, "fo", guest) == []


# --- CSV -------------------------------------------------------------------------------------------------------------


def test_the_csv_button_sends_a_file_to_the_asker_s_direct_messages(world, answer):
    pressed = world.slack.press(answer, "CSV file", person=world.ana)
    assert pressed.wait().text == CSV_SENT
    (file,) = world.slack.files
    assert file.channels == [world.slack.dm(world.ana).id]
    assert file.name.endswith(".csv")
    rows = file.content.decode().splitlines()
    assert len(rows) >= 1 + len(NAMES)
    assert any("Ana Díaz" in row for row in rows)
    assert len(pressed.replies) == 1


def test_csv_typed_brings_the_answer_and_the_file(world):
    asked = world.ask("yesterday csv")
    assert asked.wait().blocks
    assert asked.wait(2).text == CSV_SENT
    assert len(world.slack.files) == 1


def test_csv_asked_in_a_direct_message_comes_there(world):
    world.slack.direct_message("yesterday csv", person=world.ana)
    world.slack.wait_for(lambda: world.slack.files, what="a file")
    assert world.slack.files[0].channels == [world.slack.dm(world.ana).id]


def test_a_file_that_slack_refuses_is_explained(world, answer):
    world.slack.scopes.discard("files:write")
    text = world.slack.press(answer, "CSV file", person=world.ana).wait().text
    assert "did not take the file" in text
    assert "files:write" in text
    assert "Reference" in text


def test_a_file_that_fails_after_the_answer_is_told_too(world):
    world.slack.faults.always("files.getUploadURLExternal", Reject("file_uploads_disabled"))
    asked = world.ask("yesterday csv")
    assert asked.wait().blocks
    assert "did not take the file" in asked.wait(2).text
