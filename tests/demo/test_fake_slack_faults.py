from __future__ import annotations

import http.client
import time

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.demo.fake_slack import (
    Drop,
    FakeSlack,
    Garbage,
    Hook,
    Late,
    LostAck,
    Reject,
    ServerError,
    Slow,
    Throttle,
)

POST = "chat.postMessage"


def test_a_rejection_does_nothing_and_ends_after_its_times(slack, client, ops):
    slack.faults.next(POST, Reject("channel_not_found"), times=2)
    for _ in range(2):
        with pytest.raises(SlackApiError, match="channel_not_found"):
            client.chat_postMessage(channel=ops.id, text="hi")
    client.chat_postMessage(channel=ops.id, text="hi")
    assert len(slack.messages(ops)) == 1
    assert slack.faults.hits == {(POST, "Reject"): 2}


def test_a_throttled_call_says_when_to_come_back(slack, client, ops):
    slack.faults.next(POST, Throttle(retry_after=7))
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=ops.id, text="hi")
    assert caught.value.response.headers["Retry-After"] == "7"
    assert slack.messages(ops) == []
    assert slack.breaches == {}


@pytest.mark.parametrize(
    ("fault", "left"),
    [
        pytest.param(ServerError(503), 0, id="5xx, nothing done"),
        pytest.param(Drop(), 0, id="dropped, nothing done"),
        pytest.param(LostAck("500"), 1, id="5xx, done"),
        pytest.param(LostAck("drop"), 1, id="dropped, done"),
        pytest.param(Garbage(), 1, id="garbage, done"),
    ],
)
def test_what_is_left_behind_differs_though_the_caller_sees_a_failure(slack, client, ops, fault, left):
    slack.faults.next(POST, fault)
    with pytest.raises((SlackApiError, OSError, http.client.HTTPException)):
        client.chat_postMessage(channel=ops.id, text="hi")
    assert len(slack.messages(ops)) == left


def test_a_hanging_call_is_done_and_ends_with_the_callers_patience(slack, ops):
    hasty = WebClient(token=slack.bot_token, base_url=slack.url, retry_handlers=[], timeout=0.2)
    slack.faults.next(POST, LostAck("hang"))
    with pytest.raises(TimeoutError):
        hasty.chat_postMessage(channel=ops.id, text="hi")
    assert len(slack.messages(ops)) == 1


def test_late_acceptance_shows_the_message_after_the_connection_is_gone(slack, client, clock, ops):
    slack.faults.next(POST, Late(after_s=2))
    with pytest.raises((OSError, http.client.HTTPException)):
        client.chat_postMessage(channel=ops.id, text="hi")
    clock.advance(1.9)
    assert client.conversations_history(channel=ops.id)["messages"] == []
    clock.advance(0.1)
    (message,) = client.conversations_history(channel=ops.id)["messages"]
    assert float(message["ts"]) == clock.now


def test_late_acceptance_happens_by_itself_in_real_time():
    with FakeSlack() as slack:
        ops = slack.add_channel("ops")
        client = WebClient(token=slack.bot_token, base_url=slack.url, retry_handlers=[])
        slack.faults.next(POST, Late(after_s=0.05))
        with pytest.raises((OSError, http.client.HTTPException)):
            client.chat_postMessage(channel=ops.id, text="hi")
        assert slack.wait_for(lambda: slack.messages(ops), timeout=2)[0].text == "hi"


def test_a_slow_call_is_done_after_its_pause(slack, client, ops):
    slack.faults.next(POST, Slow(0.1))
    began = time.perf_counter()
    client.chat_postMessage(channel=ops.id, text="hi")
    assert time.perf_counter() - began >= 0.1
    assert len(slack.messages(ops)) == 1


def test_hooks_run_before_and_after_the_thing_is_done(slack, client, ops):
    seen = []
    slack.faults.next(
        POST,
        Hook(before=lambda: seen.append(len(slack.messages(ops))), after=lambda: seen.append(len(slack.messages(ops)))),
    )
    client.chat_postMessage(channel=ops.id, text="hi")
    assert seen == [0, 1]


def test_a_share_goes_wrong_and_the_same_share_for_the_same_seed(slack, client, ops):
    def lost(seed):
        slack.faults.clear()
        slack.faults.share("auth.test", Reject("internal_error"), 0.3, seed=seed)
        outcome = []
        for _ in range(40):
            try:
                client.auth_test()
                outcome.append(True)
            except SlackApiError:
                outcome.append(False)
        return outcome

    assert lost(1) == lost(1) != lost(2)
    assert 4 <= lost(1).count(False) <= 20


def test_a_fault_may_be_meant_for_some_calls_only(slack, client, ops):
    other = slack.add_channel("other")
    slack.faults.always(POST, Reject("is_archived"), when=lambda params: params["channel"] == other.id)
    assert client.chat_postMessage(channel=ops.id, text="hi")["ok"]
    with pytest.raises(SlackApiError, match="is_archived"):
        client.chat_postMessage(channel=other.id, text="hi")
    slack.faults.clear()
    assert client.chat_postMessage(channel=other.id, text="hi")["ok"]
