"""A question with `anyway`: minutes of time, a word on how many, and no other question held up by it."""

from __future__ import annotations

from bot.errors import OverBudgetError
from tests.edges.slack.worlds import WAIT_S


def test_it_has_minutes_says_how_many_and_lets_others_go_first(world):
    world.reports.gate.clear()
    asked = world.ask("yesterday anyway")
    assert world.reports.begun.acquire(timeout=WAIT_S)
    operation = world.reports.asked[0].operation

    assert operation.remaining() > 500
    assert operation.background
    operation.tell("About 24,000 conversations to read: 2 minutes.")

    assert asked.wait().text == "About 24,000 conversations to read: 2 minutes."
    world.reports.gate.set()
    assert asked.wait(2).blocks


def test_an_ordinary_question_has_seconds(world):
    world.ask("yesterday").wait()

    operation = world.reports.asked[0].operation
    assert operation.remaining() <= 20
    assert not operation.background


def test_a_refusal_for_its_cost_has_its_offers_as_buttons(world):
    offers = (("As Genesys posted it", "yesterday posted"), ("Go on anyway", "yesterday clock anyway"))
    world.reports.failure = OverBudgetError("That takes 900 requests.", possible=True, choices=offers)
    refusal = world.ask("yesterday").wait()
    world.reports.failure = None

    assert world.slack.press(refusal, "Go on anyway", person=world.ana).wait(timeout=WAIT_S).blocks

    assert world.reports.asked[-1].query.anyway
