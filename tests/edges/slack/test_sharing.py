"""What is posted where others read: names in listed channels, groups elsewhere, nothing where others' companies do."""

from __future__ import annotations

import pytest

from bot.core import limits
from bot.demo.fake_slack import Reject
from tests.edges.slack.worlds import NAMES


def public(world, channel):
    return [m for m in world.slack.messages(channel) if not m.ephemeral and m.via != "person"]


def names_in(message):
    return [name for name in NAMES if name in str((message.text, message.blocks))]


def test_without_share_nothing_is_public(world):
    named = world.slack.add_channel("named", members=[world.ana], id="CNAMED")
    world.ask("yesterday", channel=named).wait()
    assert public(world, named) == []


def test_a_listed_channel_gets_the_names(world):
    named = world.slack.add_channel("named", members=[world.ana], id="CNAMED")
    asked = world.ask("yesterday share", channel=named)
    shared = asked.wait()
    assert (shared.ephemeral, shared.via) == (False, "response_url")
    assert names_in(shared) == list(NAMES)
    assert f"<@{world.ana.id}>" in shared.text
    assert len(asked.replies) == 1


def test_another_channel_gets_all_agents_together(world):
    shared = world.ask("yesterday share").wait()
    assert not shared.ephemeral
    assert names_in(shared) == []
    assert "6 agents together" in str(shared.blocks)
    assert "names" in shared.text.lower()


def test_a_shared_message_stands_alone_and_fits_slack_s_limits(world):
    shared = world.ask("yesterday share").wait()
    assert shared.blocks[0]["elements"][0]["text"] == f"Asked by <@{world.ana.id}>"
    assert limits.violations({"text": shared.text, "blocks": shared.blocks}, surface="message") == []


def test_no_agent_picker_is_posted_where_everybody_reads(world):
    shared = world.ask("yesterday share").wait()
    assert "agent_pick" not in str(shared.blocks)


def test_five_agents_are_a_group_and_four_are_not(world):
    world.reports.names = NAMES[:4]
    refused = world.ask("yesterday share").wait()
    assert refused.ephemeral
    assert "groups of 5 agents" in refused.text
    world.reports.names = NAMES[:5]
    assert not world.ask("today share").wait().ephemeral


def test_an_exclusion_that_nobody_counted_is_refused(world):
    assert world.ask("yesterday -ana share").wait().ephemeral


def test_a_channel_shared_with_another_company_gets_nothing(world):
    partners = world.slack.add_channel("partners", members=[world.ana], shared=True)
    refused = world.ask("yesterday share", channel=partners).wait()
    assert refused.ephemeral
    assert "another organisation" in refused.text
    assert public(world, partners) == []


@pytest.mark.parametrize("error", ["channel_not_found", "missing_scope", "internal_error", "ratelimited"])
def test_no_answer_about_who_reads_is_a_refusal(world, error):
    world.slack.faults.always("conversations.info", Reject(error))
    refused = world.ask("yesterday share").wait()
    assert refused.ephemeral
    assert "can't tell who reads" in refused.text
    assert world.answered() == 0


def test_a_private_channel_without_the_bot_is_refused_with_what_to_do(world):
    hidden = world.slack.add_channel("hidden", members=[world.ana], private=True, with_bot=False)
    assert "/invite" in world.ask("yesterday share", channel=hidden).wait().text
    assert world.ask("yesterday", channel=hidden).wait().blocks


def test_a_public_channel_without_the_bot_is_reached_by_response_url(world):
    hall = world.slack.add_channel("hall", members=[world.ana], with_bot=False)
    assert not world.ask("yesterday share", channel=hall).wait().ephemeral


def test_an_archived_channel_gets_nothing(world):
    old = world.slack.add_channel("old", members=[world.ana], archived=True)
    assert "archived" in world.ask("yesterday share", channel=old).wait().text


def test_in_a_direct_conversation_share_changes_nothing(world):
    answer = world.ask("yesterday share", channel=world.slack.dm(world.ana)).wait()
    assert names_in(answer) == list(NAMES)
    assert world.slack.calls("conversations.info") == []


def test_a_mention_shares_into_its_thread(world):
    world.slack.mention("yesterday", person=world.ana, channel=world.ops)
    first = next(m for m in world.slack.messages(world.ops) if m.via == "person")
    world.slack.mention("yesterday share", person=world.ana, channel=world.ops, thread=first)
    shared = world.slack.wait_for(lambda: public(world, world.ops), what="a public post")[0]
    assert (shared.via, shared.thread_ts) == ("chat.postMessage", first.ts)


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        ("not_in_channel", "Invite me"),
        ("channel_not_found", "Invite me"),
        ("is_archived", "archived"),
        ("restricted_action", "administrator limits"),
        ("restricted_action_read_only_channel", "administrator limits"),
        ("message_limit_exceeded", "Ask again"),
        ("ekm_access_denied", "administrator"),
    ],
)
def test_a_post_that_the_channel_refuses_is_told_to_the_asker_alone(world, error, hint):
    world.slack.faults.always("chat.postMessage", Reject(error), when=lambda p: p["channel"] == world.ops.id)
    world.slack.mention("yesterday share", person=world.ana, channel=world.ops)
    told = world.slack.wait_for_message(world.ops, containing="did not take the message")
    assert told.to == world.ana.id
    assert hint in told.text
    assert public(world, world.ops) == []


def test_a_forged_press_shares_no_more_than_its_presser_could(world):
    from slack_bolt.request import BoltRequest

    partners = world.slack.add_channel("partners", members=[world.ana], shared=True)
    body = {
        "type": "block_actions",
        "user": {"id": world.ana.id, "team_id": world.slack.team_id},
        "team": {"id": world.slack.team_id},
        "channel": {"id": partners.id},
        "trigger_id": "forged",
        "actions": [{"action_id": "ask:share", "block_id": "b", "type": "button", "value": "yesterday share"}],
    }
    world.edge.app.dispatch(BoltRequest(mode="socket_mode", body=body))
    world.slack.wait_for_message(world.slack.dm(world.ana), containing="another organisation")
    assert public(world, partners) == []


def test_who_reads_is_remembered_for_a_quarter_of_an_hour(world):
    for text in ("one share", "two share", "three share"):
        world.ask(text).wait()
    assert len(world.slack.calls("conversations.info")) == 1
