from __future__ import annotations

import json
import threading

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.authorization import AuthorizeResult
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from bot.demo.fake_slack import FakeSlack


@pytest.fixture
def slack():
    with FakeSlack(patience_s=0.3) as fake:
        yield fake


def url(client, slack):
    return client.apps_connections_open(app_token=slack.app_token)["url"]


def test_an_independent_client_shakes_hands_and_gets_its_pings_answered(slack, client):
    with connect(url(client, slack), proxy=None) as socket:
        assert json.loads(socket.recv(timeout=2))["type"] == "hello"
        assert socket.ping(b"still there?").wait(timeout=2)
        slack.sockets.wait_for(1)


def test_a_ticket_opens_one_connection(slack, client):
    address = url(client, slack)
    with connect(address, proxy=None), pytest.raises(InvalidStatus):
        connect(address, proxy=None)


def test_long_envelopes_go_both_ways(slack, client, ana):
    slack.connect(sockets=True)
    with connect(url(client, slack), proxy=None, max_size=None) as socket:
        socket.recv(timeout=2)

        def echo():
            envelope = json.loads(socket.recv(timeout=2))
            text = envelope["payload"]["text"]
            socket.send(json.dumps({"envelope_id": envelope["envelope_id"], "payload": {"text": text[:3_000]}}))

        thread = threading.Thread(target=echo)
        thread.start()
        asked = slack.command("x" * 70_000, person=ana)
        thread.join()
    assert asked.ack.text == "x" * 3_000


def test_envelopes_are_shared_out_among_the_connections(slack, client, ana):
    slack.connect(sockets=True)
    with connect(url(client, slack), proxy=None) as one, connect(url(client, slack), proxy=None) as two:
        hellos = [json.loads(s.recv(timeout=2)) for s in (one, two)]
        assert [h["num_connections"] for h in hellos] == [1, 2]
        unanswered = [slack.command(str(n), person=ana) for n in range(2)]
        assert all(u.timed_out for u in unanswered)
        assert [json.loads(s.recv(timeout=2))["payload"]["text"] for s in (one, two)] == ["0", "1"]


def test_clients_are_asked_to_come_back(slack, client):
    with connect(url(client, slack), proxy=None) as socket:
        socket.recv(timeout=2)
        slack.sockets.wait_for(1)
        slack.sockets.disconnect("refresh_requested")
        assert json.loads(socket.recv(timeout=2))["reason"] == "refresh_requested"


def test_a_cut_connection_ends_for_the_client(slack, client):
    with connect(url(client, slack), proxy=None) as socket:
        socket.recv(timeout=2)
        slack.sockets.wait_for(1)
        slack.sockets.cut()
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=2)


def test_bolt_answers_a_command_over_a_socket(slack, client, ana):
    app = App(
        client=client,
        authorize=lambda **_: AuthorizeResult(
            enterprise_id=None, team_id=slack.team_id, bot_token=slack.bot_token, bot_user_id=slack.bot_user_id
        ),
    )

    @app.command("/utilization")
    def utilization(ack, respond):
        ack("read")
        respond("answer")

    slack.connect(sockets=True)
    assert slack.command("x", person=ana).timed_out
    handler = SocketModeHandler(app, slack.app_token, web_client=client)
    handler.connect()
    try:
        slack.sockets.wait_for(1)
        asked = slack.command("yesterday", person=ana)
        assert asked.ack.text == "read"
        assert asked.wait().text == "answer"
    finally:
        handler.close()
        app.listener_runner.listener_executor.shutdown()
