"""The demo and the prompt, over the real bot."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from bot.demo import __main__ as demo
from bot.demo.fake_slack import Drop, Message
from bot.demo.prompt import Prompt
from bot.demo.show import Screen, ShowError, busiest_agent, show
from bot.demo.stage import Stage

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def setting():
    with Stage(clock=lambda: NOW) as stage:
        yield stage.open()


@pytest.fixture
def written():
    return []


@pytest.fixture
def screen(setting, written):
    return Screen(setting, written.append, width=80, colour=False)


def test_the_demo_shows_yesterdays_table_and_one_agents_half_hours(setting, screen, written):
    show(setting, screen)
    output = "\n".join(written)
    assert "> /utilization yesterday" in output
    assert "Yesterday, Mon 23 Nov 00:00–24:00 Europe/London, 48 half-hours" in output
    assert "[1] An agent's half-hours…" in output
    # The second answer has a row for each half-hour of that day.
    half_hours = [f"│ {hour:02d}:{minute}" for hour in range(24) for minute in ("00", "30")]
    assert [start for start in half_hours if start not in output] == []
    # The acknowledgement is the reading, before any figure.
    assert written.index(next(w for w in written if "only you can see this\n│ Yesterday, Mon 23 Nov" in w)) == 4
    # Slack took everything that the bot sent.
    assert [call for call in setting.slack.calls() if call.error is not None] == []
    assert setting.slack.breaches == {}


@pytest.mark.parametrize("line", ["/utilization yesterday by team", "YESTERDAY by team"])
def test_a_line_is_asked_as_a_command_with_or_without_its_name(setting, screen, written, line):
    assert Prompt(setting, screen).run([line, "quit", "never read"]) == 0
    assert "Utilization by team" in "\n".join(written)


def test_numbers_press_what_was_drawn_last(setting, screen, written):
    lines = ["yesterday by team", "3"]
    prompt = Prompt(setting, screen, echo=True)
    assert prompt.run(lines) == 0
    assert "#support-floor> 3" in "\n".join(written)
    assert "Sun 22 Nov" in written[-1]


def test_a_list_takes_a_number_and_a_name(setting, screen, written):
    assert Prompt(setting, screen).run(["yesterday", "1", "1 hugo"]) == 0
    assert any(line.startswith("An agent's half-hours… is a list") for line in written)
    assert "Hugo Petrov" in written[-1]


def test_mentions_and_direct_messages_are_asked_too(setting, screen, written):
    assert Prompt(setting, screen).run(["@utilization help", "dm define occupancy"]) == 0
    output = "\n".join(written)
    assert "How to ask" in output
    assert "INTERACTING ÷ (INTERACTING + COMMUNICATING + IDLE)" in output


def test_wrong_input_is_answered_and_a_wrong_number_too(setting, screen, written):
    assert Prompt(setting, screen).run(["9", "yesterdy", "9"]) == 0
    output = "\n".join(written)
    assert "Nothing to press yet" in output
    assert "yesterday" in output
    assert "no control 9; there are: [1]" in output


def test_a_csv_is_announced_and_named(setting, screen, written):
    assert Prompt(setting, screen).run(["yesterday csv"]) == 0
    assert any("[file] utilization_2026-11-23" in line for line in written)


def test_an_answer_that_never_comes_fails_the_demo(setting, screen, monkeypatch):
    monkeypatch.setattr("bot.demo.show.PATIENCE_S", 0.2)
    setting.slack.faults.always("*", Drop())
    try:
        with pytest.raises(TimeoutError, match="no reply 1 to /utilization"):
            show(setting, screen)
    finally:
        setting.slack.faults.clear()


def test_an_answer_without_a_table_is_no_demo():
    refusal = Message(channel="C", ts="1", user="U", via="response_url", posted_at=0, text="Genesys is down.")
    with pytest.raises(ShowError, match="no table of agents: Genesys is down"):
        busiest_agent(refusal)


def test_a_failure_is_a_sentence_and_status_1(monkeypatch, capsys):
    def broken(self):
        raise OSError("no port left")

    monkeypatch.setattr(Stage, "open", broken)
    monkeypatch.setattr(demo, "configure_logging", lambda **_: None)
    assert demo.main(["demo"], out=io.StringIO()) == 1
    assert capsys.readouterr().err == "The demo failed: OSError: no port left\n"


def test_unknown_words_are_answered_with_the_usage(capsys):
    assert demo.main(["play"]) == 2
    assert "usage: " in capsys.readouterr().err


def test_the_prompt_answers_the_lines_of_standard_input_within_five_seconds_of_its_start():
    began = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-m", "bot.demo", "try"],
        input="whoami\nquit\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    took = time.monotonic() - began
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "#support-floor> whoami" in ran.stdout
    assert "\x1b" not in ran.stdout
    assert took < 10  # twice the promise, for machines that do something else as well
