"""Acknowledgements go first, and nobody waits long for them."""

from __future__ import annotations

import threading
import time

from bot.edges.slack.acks import LONGEST_WAIT_S, AcksFirst


def test_an_answer_begins_when_the_last_delivery_is_acknowledged():
    acks, begun = AcksFirst(), threading.Event()
    answer = threading.Thread(target=lambda: (acks.give_way(at_most_s=30), begun.set()))
    with acks.delivery():
        with acks.delivery():
            answer.start()
        assert not begun.is_set()
    answer.join(30)
    assert begun.is_set()


def test_an_answer_does_not_wait_for_ever_and_without_deliveries_not_at_all():
    acks = AcksFirst()
    began = time.monotonic()
    acks.give_way(at_most_s=30)
    assert time.monotonic() - began < 10
    with acks.delivery():
        acks.give_way(at_most_s=0.01)
    assert LONGEST_WAIT_S < 1


def test_a_delivery_that_fails_is_over_too(world):
    acks = world.edge.desk.acks
    world.reports.read_failure = RuntimeError("broken")
    world.meet()
    world.ask("yesterday")
    began = time.monotonic()
    acks.give_way(at_most_s=30)
    assert time.monotonic() - began < 10
