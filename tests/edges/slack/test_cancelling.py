"""A question that takes long can be called off by whoever asked it."""

from __future__ import annotations

import threading

import pytest

from bot.core import limits
from bot.edges.slack.answering import CANCELLED, NOTHING_TO_CANCEL, PROGRESS
from tests.edges.slack.test_actions import forged
from tests.edges.slack.worlds import WAIT_S


@pytest.fixture
def slow(world, monkeypatch):
    """A question on which the bot works, and the line that says so."""
    monkeypatch.setattr("bot.edges.slack.answering.PROGRESS_AFTER_S", 0.0)
    world.reports.gate.clear()
    asked = world.ask("yesterday")
    asked.line = asked.wait()
    assert world.reports.begun.acquire(timeout=WAIT_S)
    return asked


def test_the_progress_line_has_a_button_that_calls_the_question_off(world, slow):
    assert slow.line.text == PROGRESS
    assert limits.violations({"text": slow.line.text, "blocks": slow.line.blocks}, surface="message") == []
    pressed = world.slack.press(slow.line, "Cancel", person=world.ana)
    assert pressed.acknowledged

    world.slack.wait_for(lambda: slow.line.text == CANCELLED, what="the word that it is cancelled")
    assert slow.line.blocks == []
    assert world.reports.asked[0].operation.cancelled.is_set()
    world.reports.gate.set()
    assert world.jobs.wait_idle(WAIT_S)
    assert [message.text for message in slow.replies] == [CANCELLED]
    assert 'questions_total{door="command",outcome="cancelled"} 1.0' in world.edge.metrics.page(dict).decode()


def test_a_cancelled_question_sends_no_file_either(world, monkeypatch):
    monkeypatch.setattr("bot.edges.slack.answering.PROGRESS_AFTER_S", 0.0)
    world.reports.gate.clear()
    asked = world.ask("yesterday csv")
    line = asked.wait()
    world.slack.press(line, "Cancel", person=world.ana)
    world.slack.wait_for(lambda: line.text == CANCELLED, what="the word that it is cancelled")
    world.reports.gate.set()
    assert world.jobs.wait_idle(WAIT_S)
    assert (world.slack.files, len(asked.replies)) == ([], 1)


def test_nobody_else_can_call_it_off(world, slow):
    ben = world.slack.add_person("ben")
    key = next(e["value"] for block in slow.line.blocks for e in block.get("elements", ()) if "value" in e)
    action = {"action_id": "cancel", "block_id": "b", "type": "button", "value": key}
    assert forged(world, action, user={"id": ben.id, "team_id": world.slack.team_id}).status == 200

    assert not world.reports.asked[0].operation.cancelled.is_set()
    world.reports.gate.set()
    assert slow.wait(2).blocks


def test_what_is_answered_can_not_be_called_off_any_more(world, slow):
    world.reports.gate.set()
    slow.wait(2)
    assert world.jobs.wait_idle(WAIT_S)
    world.slack.press(slow.line, "Cancel", person=world.ana)
    world.slack.wait_for(lambda: slow.line.text == NOTHING_TO_CANCEL, what="the word that it is over")
    assert slow.replies[1].blocks


def test_a_database_that_does_not_answer_holds_up_no_refusal(world, monkeypatch):
    monkeypatch.setattr("bot.edges.slack.answering.PROGRESS_AFTER_S", 0.0)
    asked, hung = threading.Event(), threading.Event()

    def withdrawn(_key):
        asked.set()
        return hung.wait(WAIT_S) and False

    monkeypatch.setattr(world.jobs, "withdrawn", withdrawn)
    world.reports.gate.clear()
    slow = world.ask("yesterday")
    assert asked.wait(WAIT_S)
    try:
        pressed = {"type": "button", "action_id": "ask:x", "block_id": "b", "value": "x" * 3_000}
        world.slack.forge("block_actions", {"actions": [pressed]}, person=world.ana, channel=world.ops)
        world.slack.wait_for_message(
            world.slack.dm(world.ana), containing="too many for a question", timeout=WAIT_S / 4
        )
    finally:
        hung.set()
        world.reports.gate.set()
    slow.wait(2)
