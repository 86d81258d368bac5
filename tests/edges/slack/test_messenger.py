"""Posting for schedules: what Slack answered, and what can be told from it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.core.rights import parse_grants
from bot.demo.fake_slack import (
    NO_LIMITS,
    Drop,
    FakeSlack,
    Garbage,
    LostAck,
    Reject,
    ServerError,
    Slow,
    Throttle,
)
from bot.edges.slack.api import SlackApi
from bot.edges.slack.messenger import SlackMessenger, caretakers
from bot.ports import ChannelState, Posted, Refused, Unclear

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 3, 10, 8, tzinfo=UTC)
MESSAGE = {"text": "Yesterday: 61.2 %", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "61.2 %"}}]}
KEY = "s1:2026-03-10T08:00:COPS"


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(clock=NOW.timestamp, limits=NO_LIMITS) as slack:
        slack.add_person("ana", id="UANA")
        slack.add_channel("ops", id="COPS", members=["UANA"])
        yield slack


@pytest.fixture
def messenger(slack: FakeSlack) -> SlackMessenger:
    return SlackMessenger(SlackApi(token=slack.bot_token, base_url=slack.url, timeout_s=2, sleep=lambda _s: None))


def post(messenger, attempt=1, channel="COPS"):
    return messenger.post(channel, MESSAGE, key=KEY, attempt=attempt)


def test_a_post_carries_its_key_and_attempt_and_nothing_else_about_it(slack, messenger):
    result = post(messenger, attempt=3)

    (message,) = slack.messages("COPS")
    assert result == Posted("COPS", message.ts)
    assert message.metadata == {"event_type": "utilization_summary", "event_payload": {"key": KEY, "attempt": 3}}
    (call,) = slack.calls("chat.postMessage")
    assert (call.params["unfurl_links"], call.params["unfurl_media"]) == (False, False)
    assert "link_names" not in call.params


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(Reject("is_archived"), Refused("is_archived"), id="no"),
        pytest.param(Throttle(retry_after=7), Refused("ratelimited", retry_after_s=7.0), id="not yet"),
        pytest.param(Reject("internal_error"), Unclear("internal_error"), id="a fault of Slack's"),
        pytest.param(Reject("fatal_error"), Unclear("fatal_error"), id="a bad fault of Slack's"),
        pytest.param(Drop(), Unclear("no_answer"), id="cut, nothing done"),
        pytest.param(LostAck(), Unclear("no_answer"), id="done, then cut"),
        pytest.param(LostAck("hang", hold_s=4), Unclear("no_answer"), id="done, no answer in time"),
    ],
)
def test_the_outcome_of_a_post_is_told_exactly(slack, messenger, fault, expected):
    slack.faults.next("chat.postMessage", fault)

    assert post(messenger) == expected
    assert len(slack.calls("chat.postMessage")) == 1, "a post is never repeated down here"


@pytest.mark.parametrize("fault", [ServerError(), ServerError(500), Garbage(), LostAck("500")], ids=repr)
def test_an_answer_that_cannot_be_read_leaves_it_open(slack, messenger, fault):
    slack.faults.next("chat.postMessage", fault)

    assert isinstance(post(messenger), Unclear)
    assert len(slack.calls("chat.postMessage")) == 1


def test_where_nobody_listens_nothing_was_sent():
    deaf = SlackMessenger(SlackApi(token="xoxb-1", base_url="http://127.0.0.1:9/api/", timeout_s=2))

    assert post(deaf) == Refused("unreachable")


def test_messages_are_found_by_their_key_oldest_first_over_pages(slack, messenger):
    posted = [post(messenger, attempt).ts for attempt in (1, 2)]
    for n in range(450):
        messenger.post("COPS", MESSAGE, key=f"another {n}", attempt=1)

    assert messenger.find("COPS", KEY, NOW) == posted
    assert messenger.find("COPS", "nobody's", NOW) == []


def test_a_message_that_was_taken_back_is_not_found(slack, messenger):
    ts = post(messenger).ts

    assert messenger.delete("COPS", ts) is True
    assert messenger.delete("COPS", ts) is True
    assert messenger.find("COPS", KEY, NOW) == []


def test_a_look_that_is_not_allowed_differs_from_one_that_failed(slack, messenger):
    slack.faults.next("conversations.history", Throttle(retry_after=3))
    slack.faults.next("conversations.history", ServerError())
    assert messenger.find("COPS", KEY, NOW) == Refused("ratelimited", retry_after_s=3.0)
    assert isinstance(messenger.find("COPS", KEY, NOW), Unclear)

    slack.scopes.discard("channels:history")
    assert messenger.find("COPS", KEY, NOW) is None


def test_a_message_that_cannot_be_taken_back_stays_on_the_list(slack, messenger):
    ts = post(messenger).ts
    slack.faults.next("chat.delete", Reject("cant_delete_message"))

    assert messenger.delete("COPS", ts) is False


def test_a_direct_channel_is_where_a_person_reads(slack, messenger):
    channel = messenger.direct_channel("UANA")

    assert channel == slack.dm("UANA").id
    assert messenger.direct_channel("UNOBODY") == Refused("user_not_found")


def test_a_person_is_told_directly_or_it_is_known_that_she_was_not(slack, messenger):
    assert messenger.tell("UANA", "Your schedule is paused.") is True
    assert [m.text for m in slack.messages(slack.dm("UANA"))] == ["Your schedule is paused."]

    slack.faults.next("chat.postMessage", Reject("messages_tab_disabled"))
    assert messenger.tell("UANA", "Again.") is False


def test_a_channels_state_is_asked_for_each_time(slack, messenger):
    ops = slack.add_channel("more", id="CMORE")
    assert messenger.channel_state("CMORE") == ChannelState(archived=False, shared_externally=False, member=True)

    ops.archived = ops.shared = True
    assert messenger.channel_state("CMORE") == ChannelState(archived=True, shared_externally=True, member=True)
    assert messenger.channel_state("CGONE") == Refused("channel_not_found")


def test_members_are_read_to_the_last_page(slack, messenger):
    people = [slack.add_person(f"p{n}", id=f"UP{n}") for n in range(450)]
    slack.add_channel("big", id="CBIG", members=people)

    members = messenger.members("CBIG")

    assert {p.id for p in people} <= members
    assert messenger.members("CGONE") == Refused("channel_not_found")


def test_caretakers_are_the_people_that_grants_name_in_their_order(slack):
    leads = slack.add_usergroup("leads", ["UANA"])
    api = SlackApi(token=slack.bot_token, base_url=slack.url)
    grants = parse_grants(f"U9=*; {leads.id}=team:Billing; *=team:Open")

    found = caretakers(grants, ["UAUD"], api)

    assert (found.supervisors(), found.auditors) == (["U9", "UANA"], ("UAUD",))
    slack.scopes.discard("usergroups:read")
    assert found.supervisors() == ["U9"]


def test_a_slow_answer_within_the_time_out_is_an_answer(slack, messenger):
    slack.faults.next("chat.postMessage", Slow(0.2))

    assert isinstance(post(messenger), Posted)
