"""Socket Mode: the same answers over connections that go out, kept open, noticed when deaf, closed in order."""

from __future__ import annotations

import threading

import pytest

from bot.edges.jobs import ThreadJobs
from bot.edges.slack.socket import CONNECTIONS, DEAF_AFTER_S, PING_INTERVAL_S, SocketRunner, lines, run_socket
from bot.errors import SettingsError

WAIT_S = 10.0


class Line:
    def __init__(self, told):
        self.told = told
        self.up = False

    def connect(self):
        self.up = True
        self.told.append("connect")

    def close(self):
        self.up = False
        self.told.append("close")

    def is_connected(self):
        return self.up


class Stop:
    """An event whose waits pass time instead of waiting, and that is set after so many of them."""

    def __init__(self, clock, waits, each=None):
        self.clock, self.left, self.each = clock, waits, each

    def wait(self, seconds):
        self.clock.now += seconds
        self.left -= 1
        if self.each:
            self.each(self)
        return self.left < 0


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Jobs:
    def __init__(self, told):
        self.told = told

    def close(self, timeout):
        self.told.append(("jobs", timeout))
        return True


def run(*, waits, each=None, count=2):
    told = []
    clock = Clock()
    all_lines = [Line(told) for _ in range(count)]
    stop = Stop(clock, waits, (lambda s: each(s, all_lines)) if each else None)
    runner = SocketRunner(all_lines, jobs=Jobs(told), stop=stop, clock=clock)
    return runner.run(grace_s=20.0), told, clock


def test_the_lines_are_closed_first_and_then_running_answers_finish():
    status, told, _ = run(waits=3)
    assert status == 0
    assert told == ["connect", "connect", "close", "close", ("jobs", 20.0)]


def test_a_process_that_hears_nothing_for_a_minute_ends_and_says_so():
    def cut(stop, all_lines):
        for line in all_lines:
            line.up = False

    status, told, clock = run(waits=1_000, each=cut)
    assert status == 1
    assert DEAF_AFTER_S < clock.now <= DEAF_AFTER_S + 10
    assert told[-1] == ("jobs", 20.0)


def test_one_line_that_hears_is_enough():
    def cut(stop, all_lines):
        all_lines[0].up = False

    assert run(waits=100, each=cut)[0] == 0


def test_a_line_that_comes_back_starts_the_minute_anew():
    def flap(stop, all_lines):
        for line in all_lines:
            line.up = stop.left % 10 == 0

    assert run(waits=100, each=flap)[0] == 0


def test_two_lines_and_quick_pings_are_the_rule():
    assert (CONNECTIONS, PING_INTERVAL_S) == (2, 5)


# --- against the fake Slack ------------------------------------------------------------------------------------------


@pytest.fixture
def running(world):
    stop = threading.Event()
    world.slack.connect(sockets=True)
    status = []

    def serve():
        status.append(run_socket(world.edge.app, world.slack.app_token, jobs=world.jobs, stop=stop, grace_s=WAIT_S))

    thread = threading.Thread(target=serve)
    thread.start()
    world.slack.sockets.wait_for(count=2, timeout=WAIT_S)
    yield stop, thread, status
    stop.set()
    world.reports.gate.set()
    thread.join(WAIT_S * 2)
    assert not thread.is_alive()


def test_commands_presses_mentions_and_type_ahead_work_over_a_socket(world, running):
    world.meet()
    asked = world.ask("yesterday")
    assert asked.acknowledged
    assert asked.ack.text.startswith("Yesterday")
    answer = asked.wait()
    assert "data_table" in [block["type"] for block in answer.blocks]
    assert world.slack.press(answer, "ask:prev", person=world.ana).wait().blocks
    world.slack.mention("yesterday", person=world.ana, channel=world.ops)
    assert world.slack.wait_for_message(world.ops, via="chat.postEphemeral").blocks
    world.reports.names = tuple(f"Agent {i:03}" for i in range(150))
    many = world.ask("yesterday").wait()
    offered = world.slack.suggest(many, "agent_pick", "agent 14", person=world.ana)
    assert [option.label for option in offered] == [f"Agent 14{i}" for i in range(10)]


def test_asked_to_stop_it_lets_the_running_answer_finish(world, running, monkeypatch):
    stop, thread, status = running
    closing, close = threading.Event(), world.jobs.close
    monkeypatch.setattr(world.jobs, "close", lambda timeout: (closing.set(), close(timeout))[1])
    world.meet()
    world.reports.gate.clear()
    asked = world.ask("yesterday")
    assert world.reports.begun.acquire(timeout=WAIT_S)
    stop.set()
    assert closing.wait(WAIT_S)
    assert world.slack.sockets.count == 0
    world.reports.gate.set()
    thread.join(WAIT_S)
    assert status == [0]
    assert asked.wait().blocks


@pytest.mark.parametrize(
    ("token", "hint"),
    [("xapp-wrong", "SLACK_APP_TOKEN"), ("xoxb-fake-bot", "app-level token")],
    ids=["wrong", "a bot's"],
)
def test_a_token_that_slack_refuses_is_named_at_start(world, token, hint):
    with pytest.raises(SettingsError) as refusal:
        run_socket(world.edge.app, token, jobs=ThreadJobs(), stop=threading.Event())
    assert hint in refusal.value.hint


def test_lines_are_not_opened_before_they_are_needed(world):
    made = list(lines(world.edge.app, world.slack.app_token))
    assert len(made) == 2
    assert world.slack.calls("apps.connections.open") == []
    for line in made:
        line.close()
