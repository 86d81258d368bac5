"""Mentions, direct messages and the Home tab."""

from __future__ import annotations

import pytest

from bot.core import limits
from bot.demo.fake_slack import Reject
from bot.edges.slack.answering import PROGRESS
from bot.edges.slack.desk import BUSY
from tests.edges.slack.worlds import changed


def test_a_mention_is_answered_to_the_asker_alone_in_the_channel(world):
    world.slack.mention("yesterday", person=world.ana, channel=world.ops)
    answer = world.slack.wait_for_message(world.ops)
    assert (answer.via, answer.to, answer.thread_ts) == ("chat.postEphemeral", world.ana.id, None)
    assert answer.blocks
    assert (world.reports.asked[0].door, world.reports.asked[0].query.text) == ("mention", "yesterday")


def test_a_mention_in_a_thread_is_answered_in_the_thread(world):
    parent = world.slack.mention("yesterday", person=world.ana, channel=world.ops)
    world.slack.wait_for_message(world.ops)
    first = next(m for m in world.slack.messages(world.ops) if m.via == "person")
    world.slack.mention("today", person=world.ana, channel=world.ops, thread=first)
    answer = world.slack.wait_for_message(world.ops, count=2)
    assert answer.thread_ts == first.ts
    assert parent.acknowledged


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        pytest.param("<@BOT> yesterday", "yesterday", id="in front"),
        pytest.param("yesterday <@BOT>", "yesterday", id="behind"),
        pytest.param("<@BOT>: yesterday", "yesterday", id="with a colon"),
        pytest.param(
            "<@BOT|utilization> yesterday &amp; <https://x.example|x.example>", "yesterday & x.example", id="escaped"
        ),
        pytest.param("<@BOT> yesterday <@U42>", "yesterday <@U42>", id="another mention stays"),
        pytest.param("<@BOT>", "", id="alone"),
    ],
)
def test_the_bot_s_own_mention_is_no_part_of_the_question(world, text, asked):
    text = text.replace("BOT", world.slack.bot_user_id)
    world.slack.event(
        {
            "type": "app_mention",
            "user": world.ana.id,
            "text": text,
            "ts": "1.0",
            "channel": world.ops.id,
            "event_ts": "1.0",
        }
    )
    world.slack.wait_for(lambda: world.reports.asked, what="a question")
    assert " ".join(world.reports.asked[0].query.text.split()) == asked


def test_whoever_is_named_in_a_direct_message_stays_named(world):
    world.slack.direct_message("@ana yesterday", person=world.ana)
    world.slack.wait_for(lambda: world.reports.asked, what="the question")
    assert world.reports.asked[0].query.text == f"<@{world.ana.id}> yesterday"


def test_a_direct_message_is_answered_where_it_was_written(world):
    world.slack.direct_message("yesterday", person=world.ana)
    answer = world.slack.wait_for_message(world.slack.dm(world.ana))
    assert (answer.via, answer.to) == ("chat.postMessage", None)
    assert answer.blocks
    assert world.reports.asked[0].door == "message"


def test_a_text_that_can_not_be_read_is_answered_there_too(world):
    world.slack.direct_message("nonsense", person=world.ana)
    assert "nonsense" in world.slack.wait_for_message(world.slack.dm(world.ana)).text


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"bot_id": "B9", "user": "U9"}, id="another bot"),
        pytest.param({"subtype": "message_changed", "message": {}}, id="an edit"),
        pytest.param({"subtype": "message_deleted"}, id="a deletion"),
        pytest.param({"channel_type": "channel"}, id="a channel"),
        pytest.param({"user": None}, id="nobody"),
    ],
)
def test_what_no_person_wrote_to_the_bot_is_left_alone(world, change):
    event = {
        "type": "message",
        "channel_type": "im",
        "user": world.ana.id,
        "text": "yesterday",
        "ts": "1.0",
        "event_ts": "1.0",
        "channel": world.slack.dm(world.ana).id,
    }
    delivery = world.slack.event({k: v for k, v in (event | change).items() if v is not None})
    assert delivery.acknowledged
    world.slack.direct_message("today", person=world.ana)
    world.slack.wait_for(lambda: world.reports.asked, what="the next question")
    assert [asked.query.text for asked in world.reports.asked] == ["today"]


def test_the_bot_does_not_answer_itself(world):
    world.slack.direct_message("yesterday", person=world.ana)
    answer = world.slack.wait_for_message(world.slack.dm(world.ana))
    world.slack.event(
        {
            "type": "message",
            "channel_type": "im",
            "user": world.slack.bot_user_id,
            "bot_id": world.slack.bot_id,
            "text": answer.text,
            "ts": "2.0",
            "event_ts": "2.0",
            "channel": answer.channel,
        }
    )
    assert world.answered() == 1


@pytest.mark.parametrize("retry", [None, 1, 3])
def test_an_event_delivered_again_is_answered_once(world, retry):
    delivery = world.slack.mention("yesterday", person=world.ana, channel=world.ops)
    world.slack.wait_for_message(world.ops)
    assert delivery.again(retry=retry).acknowledged
    world.slack.mention("today", person=world.ana, channel=world.ops)
    world.slack.wait_for_message(world.ops, count=2)
    assert world.answered() == 2


@changed(jobs={"workers": 1, "capacity": 1})
def test_a_full_queue_is_said_without_holding_up_the_ack(world):
    world.meet()
    world.reports.gate.clear()
    world.ask("one")
    assert world.reports.begun.acquire(timeout=5)
    world.ask("two")
    assert world.slack.mention("three", person=world.ana, channel=world.ops).acknowledged
    assert world.slack.wait_for_message(world.ops, containing=BUSY).to == world.ana.id


@changed(settings={"commands_a_minute": 1})
def test_mentions_and_messages_count_like_commands(world):
    world.slack.direct_message("one", person=world.ana)
    world.slack.direct_message("two", person=world.ana)
    world.slack.wait_for_message(world.slack.dm(world.ana), containing="more than 1 questions in a minute")


def test_a_long_answer_to_a_mention_is_announced_to_the_asker_alone(world, monkeypatch):
    monkeypatch.setattr("bot.edges.slack.answering.PROGRESS_AFTER_S", 0.0)
    world.reports.gate.clear()
    world.slack.mention("yesterday", person=world.ana, channel=world.ops)
    assert world.slack.wait_for_message(world.ops, containing=PROGRESS).to == world.ana.id
    world.reports.gate.set()


@pytest.mark.parametrize("error", ["not_in_channel", "channel_not_found", "user_not_in_channel", "is_archived"])
def test_where_a_channel_takes_nothing_the_answer_comes_by_direct_message(world, error):
    world.slack.faults.always("chat.postEphemeral", Reject(error))
    world.slack.mention("yesterday", person=world.ana, channel=world.ops)
    assert world.slack.wait_for_message(world.slack.dm(world.ana)).blocks


# --- the Home tab ----------------------------------------------------------------------------------------------------


def test_the_home_tab_is_drawn_when_it_is_opened(world):
    world.slack.open_home(person=world.ana)
    view = world.slack.wait_for(lambda: world.slack.home(world.ana), what="a Home tab")
    assert "Ask with a form" in str(view.payload)
    assert limits.violations(view.payload, surface="home") == []
    assert world.reports.asked == []


def test_the_messages_tab_publishes_nothing(world):
    world.slack.open_home(person=world.ana, tab="messages")
    world.slack.open_home(person=world.slack.add_person("ben"))
    world.slack.wait_for(lambda: world.slack.calls("views.publish"), what="the other one's Home tab")
    assert world.slack.home(world.ana) is None


def test_a_stranger_s_home_says_why_it_is_empty(world):
    guest = world.slack.add_person("guest", restricted=True)
    world.slack.open_home(person=guest)
    view = world.slack.wait_for(lambda: world.slack.home(guest), what="a Home tab")
    assert "not guests" in str(view.payload)
    assert world.answered() == 0


# --- what changes about channels -------------------------------------------------------------------------------------


def test_who_reads_a_channel_is_looked_up_again_when_it_changes(world):
    world.ask("yesterday share").wait()
    world.ops.shared = True
    world.slack.event({"type": "channel_shared", "channel": world.ops.id, "connected_team_id": "T9", "event_ts": "3.0"})
    assert "another organisation" in world.ask("today share").wait().text


@pytest.mark.parametrize(
    "kind", ["app_uninstalled", "tokens_revoked", "member_left_channel", "channel_archive", "group_archive"]
)
def test_every_event_that_is_subscribed_to_is_acknowledged(world, kind):
    assert world.slack.event({"type": kind, "channel": world.ops.id, "event_ts": "3.0"}).acknowledged
