"""The slash command, from the ack to the answer."""

from __future__ import annotations

import threading

import pytest
import structlog

from bot.demo.fake_slack import ServerError
from bot.edges.slack import answering
from bot.edges.slack.answering import PROGRESS
from bot.edges.slack.desk import BUSY, READING
from bot.errors import BotError, NotAllowedError, SourceError
from tests.edges.slack.worlds import changed


def test_the_ack_shows_how_the_question_was_read_and_the_answer_follows(world):
    world.meet()
    asked = world.ask("yesterday")
    assert asked.acknowledged
    assert asked.ack.ephemeral
    assert asked.ack.text.startswith("Yesterday, Sun 22 Nov 00:00–24:00 Europe/London")
    answer = asked.wait()
    assert answer.to == world.ana.id
    assert answer.via == "response_url"
    assert "data_table" in [block["type"] for block in answer.blocks]
    (call,) = world.reports.asked
    assert (call.door, call.query.text, call.fresh) == ("command", "yesterday", False)
    assert (call.requester.id, call.requester.email) == (world.ana.id, "ana@example.com")


def test_before_a_person_is_known_the_ack_waits_for_nobody(world):
    asked = world.ask("yesterday")
    assert asked.ack.text == READING
    assert asked.wait().blocks
    ((text, requester, now),) = world.reports.reads
    assert (text, requester.zone) == ("yesterday", "Europe/London")
    assert now is not None
    assert world.ask("yesterday").ack.text != READING


def test_a_text_that_can_not_be_read_is_answered_by_the_ack(world):
    world.meet()
    asked = world.ask("nonsense")
    assert "nonsense" in asked.ack.text
    assert "yesterday" in asked.ack.text
    assert world.answered() == 0


def test_the_same_comes_as_the_answer_from_somebody_not_known_yet(world):
    asked = world.ask("nonsense")
    assert asked.ack.text == READING
    assert "nonsense" in asked.wait().text


def test_two_readings_come_as_buttons_that_ask(world):
    world.meet()
    asked = world.ask("which")
    pressed = world.slack.press(asked.ack, "5 November", person=world.ana)
    pressed.wait()
    assert world.reports.asked[-1].query.text == "2026-11-05"
    assert world.reports.asked[-1].door == "button"


def test_help_is_the_ack_itself(world):
    world.meet()
    asked = world.ask("help")
    assert "Ask for yesterday." in asked.ack.text
    assert world.answered() == 0


def test_help_reaches_somebody_not_known_yet(world):
    assert "Ask for yesterday." in world.ask("help").wait().text


def test_what_slack_escapes_arrives_as_it_was_typed(world):
    world.ask("yesterday @ana <3 & co").wait()
    assert world.reports.asked[0].query.text == f"yesterday <@{world.ana.id}> <3 & co"


@changed(settings={"command": "/utilization-dev"})
def test_the_command_s_name_is_a_setting(world):
    assert world.ask("yesterday", command="/utilization-dev").wait().blocks
    assert world.ask("yesterday", command="/utilization").status == 404


def test_the_same_delivery_twice_is_answered_once(world):
    world.meet()
    asked = world.ask("yesterday")
    asked.wait()
    again = asked.again()
    assert again.acknowledged
    assert again.ack is None
    world.ask("today").wait()
    assert world.answered() == 2


@changed(jobs={"workers": 1, "capacity": 1})
def test_a_full_queue_says_so_at_once(world):
    world.meet()
    world.reports.gate.clear()
    world.ask("first")
    assert world.reports.begun.acquire(timeout=5)
    world.ask("second")
    assert world.ask("third").ack.text == BUSY
    world.reports.gate.set()
    world.slack.wait_for(lambda: world.answered() == 2, what="the two that were taken")


@changed(settings={"commands_a_minute": 2})
def test_a_person_has_so_many_commands_a_minute_and_presses_don_t_count(world):
    world.meet()
    answer = world.ask("one").wait()
    world.ask("two").wait()
    refused = world.ask("three")
    assert "more than 2 questions in a minute" in refused.ack.text
    assert world.slack.press(answer, "ask:refresh", person=world.ana).wait().blocks
    ben = world.slack.add_person("ben")
    assert world.ask("one", person=ben).wait().blocks


@changed(settings={"commands_in_flight": 1})
def test_a_person_has_so_many_commands_on_their_way(world):
    world.meet()
    world.reports.gate.clear()
    first = world.ask("one")
    assert "still working on 1 questions" in world.ask("two").ack.text
    world.reports.gate.set()
    first.wait()
    assert world.jobs.wait_idle(10)
    assert "still working" not in world.ask("three").ack.text


@pytest.mark.parametrize(
    "person",
    [
        pytest.param({"restricted": True}, id="a guest"),
        pytest.param({"team_id": "TOTHER"}, id="somebody of another company"),
        pytest.param({"deleted": True}, id="somebody who left"),
    ],
)
def test_strangers_are_refused_before_and_after_they_are_known(world, person):
    stranger = world.slack.add_person("mallory", **person)
    world.ops.members.add(stranger.id)
    assert "not guests" in world.ask("yesterday", person=stranger).wait().text
    assert "not guests" in world.ask("yesterday", person=stranger).ack.text
    assert "not guests" in world.ask("help", person=stranger).ack.text
    assert world.answered() == 0


def test_no_answer_about_who_asks_is_a_refusal(world):
    world.slack.faults.always("users.info", ServerError())
    answer = world.ask("yesterday").wait()
    assert "did not tell me who you are" in answer.text
    assert world.answered() == 0


def test_a_refusal_of_rights_is_a_sentence_with_its_hint(world):
    world.reports.failure = NotAllowedError("Those figures are outside what you may see.", hint="me")
    text = world.ask("yesterday").wait().text
    assert "outside what you may see" in text
    assert "Reference" not in text


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        pytest.param(RuntimeError("secret detail"), "Something went wrong", id="a fault"),
        pytest.param(
            SourceError("The platform is down.", reference="corr-1"), "The platform is down.", id="the platform"
        ),
        pytest.param(BotError("an inner detail"), "Something went wrong", id="an unknown error"),
    ],
)
def test_a_failure_reaches_the_person_with_an_id_that_the_log_has_too(world, failure, said):
    world.reports.failure = failure
    with structlog.testing.capture_logs() as lines:
        text = world.ask("yesterday").wait().text
    assert said in text
    assert "detail" not in text
    (line,) = [line for line in lines if line["event"] == "question_failed"]
    assert line["reference"] in text
    assert len(line["reference"]) == 8
    if isinstance(failure, SourceError):
        assert line["platform"] == "corr-1"


def test_a_failure_in_the_listener_is_acknowledged_with_an_id_too(world):
    world.meet()
    world.reports.read_failure = RuntimeError("broken")
    with structlog.testing.capture_logs() as lines:
        asked = world.ask("yesterday")
    assert asked.acknowledged
    (line,) = [line for line in lines if line["event"] == "question_failed"]
    assert line["reference"] in asked.ack.text


def test_a_question_too_long_for_the_queue_is_refused_at_once(world):
    assert "too many for a question" in world.ask("x" * 2_001).ack.text
    assert world.reports.reads == []


def test_an_answer_that_takes_long_is_announced_once(world, monkeypatch):
    monkeypatch.setattr("bot.edges.slack.answering.PROGRESS_AFTER_S", 0.0)
    world.reports.gate.clear()
    asked = world.ask("yesterday")
    assert asked.wait().text == PROGRESS
    world.reports.gate.set()
    assert asked.wait(2).blocks
    assert len(asked.replies) == 2


def test_a_quick_answer_comes_without_any_progress_line(world):
    asked = world.ask("yesterday")
    assert asked.wait().text != PROGRESS
    world.ask("today").wait()
    assert len(asked.replies) == 1


def test_ten_seconds_pass_before_a_progress_line():
    assert answering.PROGRESS_AFTER_S == 10.0


@changed(jobs={"workers": 1})
def test_a_shutdown_tells_everybody_whose_answer_it_takes(world):
    world.reports.gate.clear()
    running, waiting = world.ask("one"), world.ask("two")
    assert world.reports.begun.acquire(timeout=5)
    world.jobs.close(0.1)
    assert "restarted" in running.wait().text
    assert "restarted" in waiting.wait().text
    assert world.reports.asked[0].operation.cancelled.is_set()
    assert world.ask("three").ack.text == BUSY
    world.reports.gate.set()


def test_after_the_farewell_nothing_more_comes(world):
    world.reports.gate.clear()
    running = world.ask("one")
    assert world.reports.begun.acquire(timeout=5)
    world.jobs.close(0.1)
    running.wait()
    world.reports.failure = SourceError("cancelled")
    world.reports.gate.set()
    for thread in threading.enumerate():
        if thread.name.startswith("answer-"):
            thread.join(5)
    assert len(running.replies) == 1


def test_an_answer_within_the_grace_is_still_delivered(world):
    world.reports.gate.clear()
    asked = world.ask("yesterday")
    assert world.reports.begun.acquire(timeout=5)
    threading.Timer(0.05, world.reports.gate.set).start()
    assert world.jobs.close(10)
    assert asked.wait().blocks


def test_metrics_tell_acks_and_outcomes(world):
    world.meet()
    world.ask("yesterday").wait()
    world.ask("nonsense")
    world.jobs.close(5)
    page = world.edge.metrics.page(dict).decode()
    assert 'questions_total{door="command",outcome="answered"} 1.0' in page
    assert 'questions_total{door="command",outcome="unknown_word"} 1.0' in page
    assert 'slack_ack_seconds_count{kind="command"} 2.0' in page
