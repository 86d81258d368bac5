"""Work handed off: once each, bounded, and nobody forgotten at the end."""

from __future__ import annotations

import threading
import time

import pytest

from bot.edges.jobs import EVENT_KEEP_S, PRESS_KEEP_S, ThreadJobs
from bot.ports import Submission

WAIT_S = 5.0


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make(clock):
    made = []

    def build(**arguments):
        jobs = ThreadJobs(clock=clock, **arguments)
        made.append(jobs)
        return jobs

    yield build
    for jobs in made:
        jobs.close(WAIT_S)


class Gate:
    """Work that runs until it is let go."""

    def __init__(self):
        self.begun = threading.Event()
        self.go = threading.Event()
        self.done = threading.Event()

    def __call__(self):
        self.begun.set()
        assert self.go.wait(WAIT_S)
        self.done.set()


def test_work_is_done_on_another_thread(make):
    seen = []
    done = threading.Event()
    make().submit("a", lambda: (seen.append(threading.current_thread()), done.set()))
    assert done.wait(WAIT_S)
    assert seen != [threading.current_thread()]


def test_a_key_is_taken_once(make):
    jobs = make()
    count = []
    results = [jobs.submit("same", lambda: count.append(1)) for _ in range(1000)]
    assert results[0] == Submission(accepted=True)
    assert set(results[1:]) == {Submission(accepted=False, duplicate=True)}
    assert jobs.close(WAIT_S)
    assert len(count) <= 1


@pytest.mark.parametrize("keep_s", [PRESS_KEEP_S, EVENT_KEEP_S], ids=["press", "event"])
def test_a_key_is_remembered_for_its_time_and_no_longer(make, clock, keep_s):
    jobs = make()
    jobs.submit("k", lambda: None, keep_s=keep_s)
    clock.now = keep_s - 0.1
    assert jobs.submit("k", lambda: None, keep_s=keep_s).duplicate
    clock.now = keep_s
    assert jobs.submit("k", lambda: None, keep_s=keep_s).accepted


def test_events_are_remembered_for_a_day_and_presses_for_an_hour():
    assert (EVENT_KEEP_S, PRESS_KEEP_S) == (86_400.0, 3_600.0)


def test_a_full_queue_refuses_and_the_key_may_come_again(make):
    jobs = make(workers=1, capacity=1)
    gate = Gate()
    assert jobs.submit("running", gate).accepted
    assert gate.begun.wait(WAIT_S)
    assert jobs.has_room
    assert jobs.submit("waiting", lambda: None).accepted
    assert not jobs.has_room
    assert jobs.submit("late", lambda: None) == Submission(accepted=False, duplicate=False)
    assert (jobs.at_work, jobs.waiting) == (1, 1)
    gate.go.set()
    assert gate.done.wait(WAIT_S)
    assert jobs.wait_idle(WAIT_S)
    done = threading.Event()
    assert jobs.submit("late", done.set).accepted
    assert done.wait(WAIT_S)


def test_no_more_than_so_many_run_at_once(make):
    jobs = make(workers=3, capacity=20)
    gates = [Gate() for _ in range(6)]
    for number, gate in enumerate(gates):
        jobs.submit(str(number), gate)
    for gate in gates[:3]:
        assert gate.begun.wait(WAIT_S)
    assert jobs.at_work == 3
    assert jobs.waiting == 3
    assert not any(gate.begun.is_set() for gate in gates[3:])
    for gate in gates:
        gate.go.set()
    for gate in gates:
        assert gate.done.wait(WAIT_S)


def test_handing_in_never_waits_for_work(make):
    jobs = make(workers=1, capacity=500)
    gate = Gate()
    jobs.submit("slow", gate)
    begun = time.monotonic()
    for number in range(500):
        jobs.submit(f"n{number}", lambda: None)
    assert time.monotonic() - begun < 1
    gate.go.set()


def test_work_that_fails_ends_neither_the_thread_nor_the_caller(make):
    jobs = make(workers=1)
    done = threading.Event()

    def fail():
        raise RuntimeError("broken")

    jobs.submit("bad", fail)
    jobs.submit("good", done.set)
    assert done.wait(WAIT_S)


def test_closing_lets_running_work_finish(make):
    jobs = make(workers=1)
    gate = Gate()
    told = []
    jobs.submit("a", gate, abandoned=lambda: told.append("a"))
    assert gate.begun.wait(WAIT_S)
    threading.Timer(0.05, gate.go.set).start()
    assert jobs.close(WAIT_S + 3)
    assert gate.done.is_set()
    assert told == []


def test_closing_tells_those_who_wait_instead_of_working(make):
    jobs = make(workers=1, capacity=5)
    gate = Gate()
    worked, told = [], []
    jobs.submit("running", gate, abandoned=lambda: told.append("running"))
    assert gate.begun.wait(WAIT_S)
    for name in ("b", "c"):
        jobs.submit(name, lambda n=name: worked.append(n), abandoned=lambda n=name: told.append(n))
    threading.Timer(0.05, gate.go.set).start()
    jobs.close(WAIT_S + 3)
    assert worked == []
    assert sorted(told) == ["b", "c"]


def test_closing_tells_those_whose_work_does_not_finish_in_time(make):
    jobs = make(workers=1)
    gate = Gate()
    told = threading.Event()
    jobs.submit("stuck", gate, abandoned=told.set)
    jobs.submit("waiting behind it", lambda: None)
    assert gate.begun.wait(WAIT_S)
    assert not jobs.close(0.2)
    assert told.is_set()
    assert not gate.done.is_set()
    gate.go.set()


def test_idle_means_that_nothing_waits_or_runs(make):
    jobs = make(workers=1)
    gate = Gate()
    jobs.submit("running", gate)
    jobs.submit("waiting", lambda: None)
    assert gate.begun.wait(WAIT_S)
    assert not jobs.wait_idle(0)
    gate.go.set()
    assert jobs.wait_idle(WAIT_S)
    assert (jobs.at_work, jobs.waiting) == (0, 0)


def test_after_closing_nothing_is_taken(make):
    jobs = make()
    assert jobs.running
    jobs.close(1)
    assert not jobs.running
    assert not jobs.has_room
    assert jobs.submit("late", lambda: pytest.fail("ran")) == Submission(accepted=False)
    begun = time.monotonic()
    assert jobs.close(30)
    assert time.monotonic() - begun < 1


def test_a_farewell_that_fails_does_not_keep_the_others_from_theirs(make):
    jobs = make(workers=1, capacity=5)
    gate = Gate()
    told = threading.Event()

    def fail():
        raise RuntimeError("no line")

    jobs.submit("running", gate, abandoned=fail)
    assert gate.begun.wait(WAIT_S)
    jobs.submit("waiting", lambda: None, abandoned=told.set)
    jobs.close(0.2)
    assert told.is_set()
    gate.go.set()
