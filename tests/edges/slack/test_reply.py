"""The way back: the budget of a response_url, what Slack refuses, and what it may or may not have taken."""

from __future__ import annotations

import pytest
import structlog

from bot.core.rendering.blocks import Message
from bot.demo.fake_slack import NO_LIMITS, Drop, Garbage, LostAck, Reject, ServerError, Throttle
from bot.edges.slack.api import SlackApi, SlackCallError
from bot.edges.slack.reply import FORM_MEMORY_S, Address, Door, Forms, Reply
from bot.errors import DeliveryError
from tests.edges.slack.worlds import changed

SAID = Message("plain", ({"type": "divider"},), ({"type": "divider"},))


def dm(world):
    return [m for m in world.slack.messages(world.slack.dm(world.ana)) if m.via == "chat.postMessage"]


def reply_to(world, clock, **more):
    url = world.ask("nonsense").payload["response_url"] if "response_url" not in more else more.pop("response_url")
    address = Address(world.ana.id, Door.COMMAND, world.ops.id, response_url=url, received_at=clock(), **more)
    return Reply(address, api=world.edge.api, forms=Forms(), clock=clock)


@pytest.fixture
def url(world):
    """A response_url that nothing was sent to."""
    world.meet()
    asked = world.ask("nonsense")
    assert asked.ack is not None
    return asked


# --- response_url ----------------------------------------------------------------------------------------------------


def test_five_words_go_by_response_url_and_the_sixth_by_direct_message(world, url, clock):
    reply = reply_to(world, clock, response_url=url.payload["response_url"])
    for _ in range(6):
        reply.also(SAID)
    assert len(url.replies) == 5
    assert len(dm(world)) == 1
    assert len(world.slack.calls("response_url")) == 5


@pytest.mark.parametrize(
    ("minutes", "by_url"), [(24, True), (25, False), (31, False)], ids=["in time", "close to its end", "over"]
)
def test_a_response_url_is_left_before_its_half_hour_is_over(world, url, clock, minutes, by_url):
    reply = reply_to(world, clock, response_url=url.payload["response_url"])
    clock.ahead = minutes * 60
    reply.send(SAID)
    assert len(url.replies) == int(by_url)
    assert len(dm(world)) == int(not by_url)


@pytest.mark.parametrize("error", ["expired_url", "used_url", "channel_not_found", "cannot_reply_to_message"])
def test_a_response_url_that_is_refused_gives_way_to_a_direct_message(world, error):
    world.slack.faults.always("response_url", Reject(error))
    world.ask("yesterday")
    assert world.slack.wait_for(lambda: dm(world), what="a direct message")[0].blocks


@pytest.mark.parametrize(
    "address",
    [
        "https://hooks.slack.com.example.com/x",
        "https://hooks.slack.com@example.com/x",
        "http://hooks.slack.com/x",
        "https://hooks.slack.com:8443/x",
        "https://example.com/hooks.slack.com",
        "file:///etc/passwd",
        "https://[",
        "",
    ],
)
def test_nothing_is_ever_sent_to_an_address_that_is_not_slack_s(world, clock, address):
    reply = reply_to(world, clock, response_url=address)
    reply.send(SAID)
    assert len(dm(world)) == 1
    assert world.slack.calls("response_url") == []
    with pytest.raises(SlackCallError, match="untrusted_url"):
        world.edge.api.respond(address, {"text": "x"})


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("https://hooks.slack.com/commands/T/1/x", True),
        ("https://hooks.slack.com:443/commands/T/1/x", True),
        ("https://hooks.slack-gov.com/commands/T/1/x", True),
        ("http://127.0.0.1:9/x", False),
        ("http://localhost/x", False),
    ],
)
def test_with_slack_s_own_api_only_slack_s_own_hosts_are_trusted(address, trusted):
    assert SlackApi(token="xoxb-x").trusts(address) is trusted
    assert SlackApi(token="xoxb-x", base_url="https://slack.example.com/api/").trusts(address) is trusted


# --- blocks ----------------------------------------------------------------------------------------------------------


@changed(slack={"refused_blocks": {"data_table"}})
def test_a_workspace_without_data_tables_gets_the_fallback_and_it_is_remembered(world):
    with structlog.testing.capture_logs() as lines:
        answer = world.ask("yesterday").wait()
    kinds = [block["type"] for block in answer.blocks]
    assert "data_table" not in kinds
    assert "rich_text" in kinds
    assert [line["error"] for line in lines if line["event"] == "blocks_refused"] == ["invalid_blocks"]
    assert world.jobs.wait_idle(10)
    world.ask("today").wait()
    assert [call.error for call in world.slack.calls("response_url")] == ["invalid_blocks", None, None]


@changed(slack={"refused_blocks": {"data_table"}})
def test_each_way_of_sending_remembers_for_itself(world):
    world.ask("yesterday").wait()
    with structlog.testing.capture_logs() as lines:
        world.slack.direct_message("yesterday", person=world.ana)
        world.slack.wait_for(lambda: dm(world), what="the answer")
    (line,) = [line for line in lines if line["event"] == "blocks_refused"]
    assert "/blocks/" in line["pointers"][0]
    assert [call.error for call in world.slack.calls("chat.postMessage")] == ["invalid_blocks", None]


def test_after_some_hours_data_tables_are_tried_again():
    now = [0.0]
    forms = Forms(lambda: now[0])
    forms.refused("response_url")
    assert not forms.native("response_url")
    assert forms.native("chat.postMessage")
    now[0] = FORM_MEMORY_S - 1
    assert not forms.native("response_url")
    now[0] = FORM_MEMORY_S
    assert forms.native("response_url")


def test_a_message_whose_blocks_are_all_refused_arrives_as_text(world):
    world.slack.faults.next("response_url", Reject("invalid_blocks"), times=2)
    answer = world.ask("yesterday").wait()
    assert answer.blocks == []
    assert "Utilization" in answer.text
    world.ask("today").wait()
    assert [call.error for call in world.slack.calls("response_url")] == [
        "invalid_blocks",
        "invalid_blocks",
        None,
        None,
    ]
    assert "data_table" in [block["type"] for block in world.slack.messages(via="response_url")[-1].blocks]


@pytest.mark.parametrize("error", ["msg_too_long"])
def test_a_text_too_long_is_cut_and_sent_once_more(world, clock, error):
    world.slack.faults.next("chat.postMessage", Reject(error))
    reply = reply_to(world, clock, response_url=None)
    reply.send(Message("x" * 5_000, (), ()))
    (message,) = dm(world)
    assert message.text == "x" * 3_900 + "…"


# --- rates, tokens, scopes -------------------------------------------------------------------------------------------


def test_a_rate_limit_is_waited_for_and_the_answer_sent(world):
    waits = []
    world.edge.api.sleep = waits.append
    world.slack.faults.next("response_url", Throttle(retry_after=7))
    assert world.ask("yesterday").wait().blocks
    assert waits == [7.0]


def test_a_rate_limit_that_lasts_sends_the_answer_another_way(world):
    waits = []
    world.edge.api.sleep = waits.append
    world.slack.faults.always("response_url", Throttle(retry_after=300))
    world.ask("yesterday")
    assert world.slack.wait_for(lambda: dm(world), what="a direct message")
    assert waits == []


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive", "invalid_auth"])
def test_with_a_token_that_is_no_good_nothing_more_is_tried(world, clock, error):
    world.slack.token_error = error
    with structlog.testing.capture_logs() as lines, pytest.raises(DeliveryError) as refusal:
        reply_to(world, clock, response_url=None).send(SAID)
    assert refusal.value.code == error
    assert "reinstall" in refusal.value.hint
    assert len(world.slack.calls("chat.postMessage")) == 1
    assert {"event": "reply_refused", "error": error}.items() <= lines[-1].items()


def test_a_missing_scope_is_named(world, clock):
    world.slack.scopes.discard("chat:write")
    with pytest.raises(DeliveryError) as refusal:
        reply_to(world, clock, response_url=None).send(SAID)
    assert "chat:write" in refusal.value.hint


def test_somebody_who_can_not_be_reached_is_in_the_log(world):
    world.slack.faults.always("*", Reject("restricted_action"), when=lambda params: "text" in params)
    with structlog.testing.capture_logs() as lines:
        world.ask("yesterday")
        world.slack.wait_for(lambda: len(world.slack.calls("chat.postMessage")) >= 2, what="the tries")
        world.jobs.close(10)
    assert [line["user"] for line in lines if line["event"] == "person_not_reached"] == [world.ana.id]


# --- what may have happened ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Drop(), id="the connection dropped"),
        pytest.param(ServerError(), id="503"),
        pytest.param(LostAck(), id="taken, and the answer lost"),
        pytest.param(LostAck(how="500"), id="taken, and a 500"),
    ],
)
def test_a_private_answer_comes_again_where_it_is_not_sure_that_it_arrived(world, fault):
    world.slack.faults.next("response_url", fault)
    world.ask("yesterday")
    assert world.slack.wait_for(lambda: dm(world), what="a direct message")[0].blocks


@pytest.mark.parametrize("fault", [LostAck(), LostAck(how="500"), Drop()])
def test_a_public_answer_is_never_sent_twice_and_the_asker_is_told(world, fault):
    world.slack.faults.next("response_url", fault)
    world.ask("yesterday share")
    told = world.slack.wait_for_message(person=world.ana, containing="did not take the message")
    assert told.to == world.ana.id
    assert "look before you ask again" in told.text
    public = [m for m in world.slack.messages(world.ops) if not m.ephemeral and m.via != "person"]
    assert len(public) <= 1
    assert world.slack.calls("chat.postMessage") == []


def test_a_thread_that_is_gone_gets_the_answer_beside_it(world):
    world.slack.direct_message("yesterday", person=world.ana, thread="1700000000.000001")
    world.slack.wait_for(lambda: dm(world), what="the answer")
    answer = dm(world)[0]
    assert answer.blocks


def test_a_reply_has_one_last_word(world, url, clock):
    reply = reply_to(world, clock, response_url=url.payload["response_url"])
    assert reply.send(SAID) is True
    assert reply.send(SAID) is False
    reply.progress(SAID)
    assert [message.text for message in url.replies] == ["plain"]


def test_a_progress_line_comes_once_and_its_failure_costs_nothing(world, url, clock):
    reply = reply_to(world, clock, response_url=url.payload["response_url"])
    world.slack.faults.next("response_url", Reject("expired_url"))
    reply.progress(SAID)
    reply.progress(SAID)
    reply.send(SAID)
    assert [message.text for message in url.replies] == ["plain"]


# --- api -------------------------------------------------------------------------------------------------------------


@changed(slack={"limits": NO_LIMITS})
def test_a_read_is_repeated_after_a_short_limit_or_a_broken_connection(world):
    for fault in (Throttle(retry_after=2), Drop(), ServerError()):
        world.slack.faults.next("auth.test", fault)
        assert world.edge.api.read("auth.test")["ok"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(Throttle(retry_after=60), "ratelimited", id="a long limit"),
        pytest.param(Reject("invalid_auth"), "invalid_auth", id="a refusal"),
    ],
)
def test_a_read_that_would_only_wait_is_given_up_at_once(world, fault, error):
    world.slack.faults.always("auth.test", fault)
    with pytest.raises(SlackCallError) as refusal:
        world.edge.api.read("auth.test")
    assert refusal.value.error == error
    assert len(world.slack.calls("auth.test")) == 1


@pytest.mark.parametrize(
    ("fault", "error", "unclear"),
    [
        (Drop(), "no_answer", True),
        (ServerError(), "unreadable", True),
        (Garbage(), "unreadable", True),
        (Reject("internal_error"), "internal_error", True),
        (Reject("channel_not_found"), "channel_not_found", False),
        (Throttle(retry_after=3), "ratelimited", False),
    ],
)
def test_a_write_is_sent_once_and_says_whether_it_may_have_been_done(world, fault, error, unclear):
    world.slack.faults.always("chat.postMessage", fault)
    with pytest.raises(SlackCallError) as refusal:
        world.edge.api.write("chat.postMessage", channel=world.ops.id, text="x")
    assert (refusal.value.error, refusal.value.unclear) == (error, unclear)
    assert len(world.slack.calls("chat.postMessage")) == 1


def test_a_refused_connection_can_not_have_done_anything():
    api = SlackApi(token="xoxb-x", base_url="http://127.0.0.1:9/api/")
    with pytest.raises(SlackCallError) as refusal:
        api.write("chat.postMessage", channel="C1", text="x")
    assert (refusal.value.error, refusal.value.unclear) == ("unreachable", False)
