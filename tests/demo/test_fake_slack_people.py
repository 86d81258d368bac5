"""What people do, as a real Bolt app sees it."""

from __future__ import annotations

import json
import queue
import threading
import urllib.error
import urllib.request
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook import WebhookClient

from bot.demo.fake_slack import FakeSlack
from bot.demo.fake_slack.controls import controls


@pytest.fixture
def slack():
    with FakeSlack() as fake:
        yield fake


def build(slack, client):
    bolt = App(
        client=client,
        signing_secret=slack.signing_secret,
        authorize=lambda **_: AuthorizeResult(
            enterprise_id=None,
            team_id=slack.team_id,
            bot_token=slack.bot_token,
            bot_id=slack.bot_id,
            bot_user_id=slack.bot_user_id,
        ),
    )
    slack.connect(app=bolt)
    return bolt


@pytest.fixture
def app(slack, client):
    bolt = build(slack, client)
    yield bolt
    bolt.listener_runner.listener_executor.shutdown()


def button(label, action_id, value="v"):
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": label},
        "action_id": action_id,
        "value": value,
    }


def option(label, value):
    return {"text": {"type": "plain_text", "text": label}, "value": value}


ACTIONS = {
    "type": "actions",
    "block_id": "under",
    "elements": [
        button("Previous day", "prev", "day before"),
        button("Next day", "next", "day after"),
        {
            "type": "static_select",
            "action_id": "agent",
            "placeholder": {"type": "plain_text", "text": "Agent's intervals"},
            "options": [option("Ana Díaz", "a1"), option("Bo Ito", "b2")],
        },
        {
            "type": "external_select",
            "action_id": "search",
            "placeholder": {"type": "plain_text", "text": "Find somebody"},
            "min_query_length": 2,
        },
    ],
}


def test_a_command_carries_what_slack_sends_and_shows_its_acknowledgement(slack, app, ana, ops):
    seen = []

    @app.command("/utilization")
    def utilization(ack, command, respond):
        seen.append(command)
        ack("Reading: yesterday")
        respond(text="answer", response_type="ephemeral")

    asked = slack.command("yesterday @ana & <x>", person=ana, channel=ops)
    assert asked.acknowledged
    assert (asked.ack.text, asked.ack.to, asked.ack.via) == ("Reading: yesterday", ana.id, "ack")
    assert asked.wait().text == "answer"
    (command,) = seen
    assert command["text"] == f"yesterday <@{ana.id}> &amp; &lt;x&gt;"
    assert (command["channel_id"], command["user_id"], command["channel_name"]) == (ops.id, ana.id, "ops")
    assert asked.trigger_id == command["trigger_id"]


def test_what_is_escaped_already_stays_as_it_is(slack, app, ana, ops):
    seen = []

    @app.command("/utilization")
    def utilization(ack, command):
        seen.append(command["text"])
        ack()

    asked = slack.command(f"<@{ana.id}> #ops @nobody", person=ana, channel=ops)
    assert asked.ack is None
    assert seen == [f"<@{ana.id}> <#{ops.id}|ops> @nobody"]


def test_an_acknowledgement_for_all_shows_the_typed_command_too(slack, app, ana, ops):
    @app.command("/utilization")
    def utilization(ack):
        ack(text="for all", response_type="in_channel")

    slack.command("yesterday", person=ana, channel=ops)
    assert [(m.text, m.to) for m in slack.messages(ops)] == [("/utilization yesterday", None), ("for all", None)]


def test_an_acknowledgement_over_a_limit_is_not_shown(slack, app, ana, ops):
    @app.command("/utilization")
    def utilization(ack):
        ack(text="hi", blocks=[{"type": "divider"}] * 51)

    asked = slack.command("yesterday", person=ana, channel=ops)
    assert asked.ack is None
    assert asked.refused[0] == "invalid_blocks"


def test_a_bot_that_does_not_answer_leaves_the_person_with_a_timeout(slack, app, ana, ops):
    @app.command("/utilization")
    def utilization(ack):
        raise RuntimeError("before ack")

    asked = slack.command("yesterday", person=ana, channel=ops)
    assert (asked.status, asked.acknowledged) == (500, False)


def test_a_press_carries_value_place_and_a_url_that_replaces_the_message(slack, app, ana, client):
    seen = []

    @app.action("next")
    def next_day(ack, body, respond):
        ack()
        seen.append(body)
        respond(text="the next day", replace_original=True)

    client.chat_postMessage(channel=ana.id, text="day", blocks=[ACTIONS])
    (message,) = slack.messages(person=ana)
    pressed = slack.press(message, "Next day", person=ana)
    assert pressed.acknowledged
    assert pressed.wait() is message
    assert (message.text, message.blocks) == ("the next day", [])
    (body,) = seen
    assert body["actions"][0]["value"] == "day after"
    assert (body["container"]["is_ephemeral"], body["message"]["ts"]) == (False, message.ts)


def test_a_press_on_an_ephemeral_message_brings_no_content(slack, app, ana, ops, client):
    seen = []

    @app.action("prev")
    def previous(ack, body):
        ack()
        seen.append(body)

    client.chat_postEphemeral(channel=ops.id, user=ana.id, text="day", blocks=[ACTIONS])
    (message,) = slack.messages(ops, person=ana)
    slack.press(message, 1, person=ana)
    assert seen[0]["container"]["is_ephemeral"] is True
    assert "message" not in seen[0]


def test_selects_are_chosen_by_label_and_external_ones_are_asked_first(slack, app, ana, client):
    chosen, typed = [], []

    @app.action("agent")
    @app.action("search")
    def picked(ack, action):
        ack()
        chosen.append(action["selected_option"]["value"])

    app.action("search")(picked)

    @app.options("search")
    def suggestions(ack, payload):
        typed.append(payload["value"])
        ack(options=[option("Cleo Ng", "c3")])

    client.chat_postMessage(channel=ana.id, text="day", blocks=[ACTIONS])
    (message,) = slack.messages(person=ana)
    slack.press(message, "agent", choose="bo", person=ana)
    slack.press(message, 3, choose=0, person=ana)
    slack.press(message, 4, choose="cl", person=ana)
    assert (chosen, typed) == (["b2", "a1", "c3"], ["cl"])
    assert [o.label for o in slack.suggest(message, "search", "cl", person=ana)] == ["Cleo Ng"]
    with pytest.raises(LookupError, match="no option 'zoe'; there are: Ana Díaz, Bo Ito"):
        slack.press(message, "agent", choose="zoe", person=ana)
    with pytest.raises(LookupError, match=r"no control 'Other'; there are: \[1\] Previous day"):
        slack.press(message, "Other", person=ana)
    assert [c.number for c in controls(message)] == [1, 2, 3, 4]


def test_mentions_and_direct_messages_arrive_as_events(slack, app, ana, ops):
    seen = []

    @app.event("app_mention")
    def mentioned(event, say):
        seen.append(event)
        say(text="in the thread", thread_ts=event["ts"])

    @app.event("message")
    def told(event, say):
        seen.append(event)
        say(text="hello")

    slack.mention("yesterday", person=ana, channel=ops)
    reply = slack.wait_for_message(ops, containing="in the thread")
    assert reply.thread_ts == seen[0]["ts"]
    assert seen[0]["text"] == f"<@{slack.bot_user_id}> yesterday"
    slack.direct_message("today", person=ana)
    assert slack.wait_for_message(person=ana, containing="hello").channel == slack.dm(ana).id
    assert (seen[1]["channel_type"], seen[1]["text"]) == ("im", "today")


def test_a_delivery_can_come_again_with_the_same_id(slack, app, ana):
    seen = queue.Queue()

    @app.event("message")
    def told(body, request):
        seen.put((body["event_id"], request.headers.get("x-slack-retry-num")))

    first = slack.direct_message("today", person=ana)
    again = first.again(retry=1)
    assert first.acknowledged
    assert again.acknowledged
    event_id = first.payload["event_id"]
    assert [seen.get(timeout=2), seen.get(timeout=2)] == [(event_id, None), (event_id, ["1"])]


MODAL = {
    "type": "modal",
    "callback_id": "ask",
    "title": {"type": "plain_text", "text": "Ask"},
    "submit": {"type": "plain_text", "text": "Go"},
    "blocks": [
        {
            "type": "input",
            "block_id": "what",
            "label": {"type": "plain_text", "text": "Question"},
            "element": {"type": "plain_text_input", "action_id": "text", "initial_value": "today"},
        }
    ],
}


def test_modals_open_once_on_a_fresh_trigger_and_take_values(slack, app, ana, client):
    values = []

    @app.shortcut("agent_intervals")
    def opened(ack, body):
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.view("ask")
    def sent(ack, view):
        text = view["state"]["values"]["what"]["text"]["value"]
        values.append(text)
        if text == "tomorrow":
            ack(response_action="errors", errors={"what": "That is ahead."})
        else:
            ack()

    slack.shortcut("agent_intervals", person=ana)
    view = slack.wait_for(lambda: slack.view(ana))
    assert slack.submit(view, {"Question": "tomorrow"}, person=ana).errors == {"what": "That is ahead."}
    assert slack.view(ana) is view
    assert slack.submit(view, {"text": "yesterday"}, person=ana).acknowledged
    assert slack.view(ana) is None
    slack.shortcut("agent_intervals", person=ana)
    slack.submit(slack.wait_for(lambda: slack.view(ana)), person=ana)
    assert values == ["tomorrow", "yesterday", "today"]


def test_triggers_live_three_seconds_and_work_once(clock):
    with FakeSlack(clock=clock) as slack:
        client = WebClient(token=slack.bot_token, base_url=slack.url, retry_handlers=[])
        ana = slack.add_person("ana")

        def error(**arguments):
            with pytest.raises(SlackApiError) as caught:
                client.views_open(view=MODAL, **arguments)
            return caught.value.response["error"]

        trigger = slack.world.new_trigger(ana.id)
        clock.advance(3)
        opened = client.views_open(view=MODAL, trigger_id=trigger)["view"]
        assert error(trigger_id=trigger) == "exchanged_trigger_id"
        late = slack.world.new_trigger(ana.id)
        clock.advance(3.1)
        assert error(trigger_id=late) == "expired_trigger_id"
        assert error(trigger_id="1.2.3") == "invalid_trigger_id"
        client.views_update(view_id=opened["id"], hash=opened["hash"], view=MODAL | {"callback_id": "other"})
        assert slack.view(ana).payload["callback_id"] == "other"
        with pytest.raises(SlackApiError, match="hash_conflict"):
            client.views_update(view_id=opened["id"], hash=opened["hash"], view=MODAL)
        for _ in range(2):
            client.views_push(trigger_id=slack.world.new_trigger(ana.id), view=MODAL)
        with pytest.raises(SlackApiError, match="push_limit_reached"):
            client.views_push(trigger_id=slack.world.new_trigger(ana.id), view=MODAL)


def test_a_home_tab_is_published_for_each_person(slack, app, ana, client):
    @app.event("app_home_opened")
    def home(event):
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [{"type": "divider"}]})

    slack.open_home(person=ana)
    assert slack.wait_for(lambda: slack.home(ana)).blocks == [{"type": "divider"}]


def use(slack, asked, **payload):
    return WebhookClient(asked.payload["response_url"], retry_handlers=[]).send(**({"text": "x"} | payload))


def test_a_response_url_has_five_uses_in_thirty_minutes(clock):
    with FakeSlack(clock=clock) as slack:
        ana = slack.add_person("ana")
        somewhere = slack.add_channel("somewhere", members=[ana], with_bot=False)
        bolt = build(slack, WebClient(token=slack.bot_token, base_url=slack.url))

        @bolt.command("/utilization")
        def utilization(ack):
            ack()

        asked = slack.command("x", person=ana, channel=somewhere)
        assert [use(slack, asked).status_code for _ in range(5)] == [200] * 5
        assert [m.to for m in slack.messages(somewhere)] == [ana.id] * 5
        refused = use(slack, asked)
        assert (refused.status_code, refused.body) == (404, "used_url")
        later = slack.command("x", person=ana, channel=somewhere)
        clock.advance(30 * 60)
        assert use(slack, later, response_type="in_channel").status_code == 200
        clock.advance(1)
        assert use(slack, later).body == "expired_url"
        assert use(slack, slack.command("x", person=ana), blocks=[{"type": "divider"}] * 51).status_code == 400
        bolt.listener_runner.listener_executor.shutdown()


def test_requests_over_http_are_signed(slack, app, ana):
    @app.command("/utilization")
    def utilization(ack):
        ack("over HTTP")

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_):
            pass

    with make_server("127.0.0.1", 0, SlackRequestHandler(app), handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/slack/events"
        slack.connect(url=url)
        assert slack.command("yesterday", person=ana).ack.text == "over HTTP"
        slack.signing_secret = "another"
        slack.connect(url=url)
        assert slack.command("yesterday", person=ana).status == 401
        server.shutdown()
        thread.join()
    assert slack.command("yesterday", person=ana).status is None


def test_the_signature_is_the_one_that_slack_computes(slack):
    headers = slack.sign(b"text=a", at=1_763_900_000)
    expected = SignatureVerifier(slack.signing_secret).generate_signature(timestamp="1763900000", body=b"text=a")
    assert headers == {"X-Slack-Request-Timestamp": "1763900000", "X-Slack-Signature": expected}


def test_waiting_in_vain_says_what_was_posted(slack, client, ops):
    client.chat_postMessage(channel=ops.id, text="something else")
    with pytest.raises(TimeoutError, match=r"no summary within 0.01 s; .*something else"):
        slack.wait_for(lambda: slack.messages(ops)[1:], timeout=0.01, what="summary")


def test_a_fault_of_the_fake_itself_is_not_taken_for_slacks(monkeypatch):
    fake = FakeSlack().start()
    monkeypatch.setattr(fake._serving, "response_url", lambda *_: 1 / 0)
    request = urllib.request.Request(f"{fake.url[:-4]}commands/T/1", data=json.dumps({"text": "x"}).encode())
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    caught.value.close()
    with pytest.raises(ZeroDivisionError):
        fake.stop()
