from __future__ import annotations

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.demo.fake_slack import FakeSlack, Limits, Throttle
from bot.demo.fake_slack.rates import Rates


def strict(clock, **limits):
    return Rates(Limits(channel_burst=1, **limits), {"users.info": 100, "auth.test": None}, clock)


def test_a_channel_takes_one_message_a_second(clock):
    rates = strict(clock)
    assert rates.retry_after("chat.postMessage", "C1") is None
    clock.advance(0.9)
    assert rates.retry_after("chat.postMessage", "C1") == 1
    assert rates.retry_after("chat.postMessage", "C2") is None
    clock.advance(0.1)
    assert rates.retry_after("chat.postMessage", "C1") is None
    assert rates.breaches == {"channel:C1": 1}


def test_a_quiet_channel_takes_a_short_burst(clock):
    rates = Rates(Limits(channel_burst=3), {}, clock)
    taken = [rates.retry_after("chat.postMessage", "C1") for _ in range(4)]
    assert taken == [None, None, None, 1]


def test_a_workspace_takes_300_messages_a_minute(clock):
    rates = strict(clock)
    assert [rates.retry_after("chat.postMessage", f"C{n}") for n in range(300)] == [None] * 300
    clock.advance(20)
    assert rates.retry_after("chat.postMessage", "C300") == 40
    clock.advance(40)
    assert rates.retry_after("chat.postMessage", "C300") is None
    assert rates.breaches == {"workspace": 1}


def test_each_method_has_its_tier(clock):
    rates = strict(clock)
    assert [rates.retry_after("users.info") for _ in range(100)] == [None] * 100
    assert rates.retry_after("users.info") == 60
    assert [rates.retry_after("auth.test") for _ in range(500)] == [None] * 500


def test_breaches_are_counted_where_nothing_is_refused(clock):
    rates = strict(clock, enforced=False)
    assert [rates.retry_after("chat.postMessage", "C1") for _ in range(3)] == [None] * 3
    assert rates.breaches == {"channel:C1": 2}


def test_a_person_and_the_conversation_with_her_share_one_rate(clock):
    with FakeSlack(clock=clock, limits=Limits(channel_burst=1)) as slack:
        client = WebClient(token=slack.bot_token, base_url=slack.url, retry_handlers=[])
        ana = slack.add_person("ana")
        client.chat_postMessage(channel=ana.id, text="1")
        with pytest.raises(SlackApiError, match="ratelimited"):
            client.chat_postMessage(channel=slack.dm(ana).id, text="2")
        assert slack.breaches == {f"channel:{slack.dm(ana).id}": 1}


@pytest.mark.parametrize(
    ("shuts", "other_channel_open"), [pytest.param("method", False), pytest.param("channel", True)]
)
def test_a_throttle_can_shut_a_method_or_a_channel_for_its_time(slack, client, clock, ops, shuts, other_channel_open):
    other = slack.add_channel("other")
    slack.faults.next("chat.postMessage", Throttle(retry_after=30, shuts=shuts))

    def posted(channel):
        try:
            return client.chat_postMessage(channel=channel.id, text="x")["ok"]
        except SlackApiError as error:
            assert error.response["error"] == "ratelimited"
            return False

    assert not posted(ops)
    clock.advance(29)
    assert not posted(ops)
    assert posted(other) is other_channel_open
    clock.advance(1)
    assert posted(ops)
    assert sum(slack.breaches.values()) == (1 if other_channel_open else 2)


def test_a_passed_limit_is_a_429_with_the_time_to_wait(clock):
    with FakeSlack(clock=clock, limits=Limits(methods={"conversations.info": 2})) as slack:
        client = WebClient(token=slack.bot_token, base_url=slack.url, retry_handlers=[])
        ops = slack.add_channel("ops")
        for _ in range(2):
            client.conversations_info(channel=ops.id)
        with pytest.raises(SlackApiError) as caught:
            client.conversations_info(channel=ops.id)
        answer = caught.value.response
        assert (answer.status_code, answer.headers["Retry-After"], answer["error"]) == (429, "60", "ratelimited")
        assert slack.breaches == {"method:conversations.info": 1}
        clock.advance(60)
        assert client.conversations_info(channel=ops.id)["ok"]
