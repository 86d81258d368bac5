from __future__ import annotations

from datetime import UTC, datetime

import pytest

from genesys_client import CircuitOpenError
from genesys_client.retry import Breaker, RetryBudget, parse_retry_after
from tests.genesys_client.stand_in import FakeClock


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        ("42", 42.0),
        (" 42 ", 42.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("tomorrow", None),
        ("Tue, 10 Mar 2026 12:00:30 GMT", 30.0),
        ("Tue, 10 Mar 2026 12:00:30 -0000", 30.0),
        ("Tue, 10 Mar 2026 13:00:30 +0100", 30.0),
        ("Tue, 10 Mar 2026 11:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_in_each_of_its_forms(value, seconds):
    assert parse_retry_after(value, lambda: datetime(2026, 3, 10, 12, tzinfo=UTC)) == seconds


def test_ten_repeats_a_minute_are_always_allowed_and_one_in_ten_calls_above_that():
    clock = FakeClock(0)
    budget = RetryBudget(clock)
    assert [budget.spend() for _ in range(11)] == [True] * 10 + [False]
    for _ in range(119):
        budget.call()
    assert budget.spend()  # 11 of 119 calls
    assert not budget.spend()
    budget.call()
    assert budget.spend()  # 12 of 120
    clock.seconds = 60
    assert [budget.spend() for _ in range(11)] == [True] * 10 + [False]


def call(breaker, *, failed):
    breaker.leave(probe=breaker.enter(), failed=failed)


def is_open(breaker):
    try:
        probe = breaker.enter()
    except CircuitOpenError:
        return True
    breaker.leave(probe=probe, failed=None)
    return False


def test_five_failures_in_a_row_open_it_but_not_four():
    breaker = Breaker("host", FakeClock())
    for _ in range(4):
        call(breaker, failed=True)
    call(breaker, failed=False)
    for _ in range(4):
        call(breaker, failed=True)
    assert not is_open(breaker)
    call(breaker, failed=True)
    assert is_open(breaker)


# failures never come five in a row
@pytest.mark.parametrize(
    ("outcomes", "opens"),
    [
        pytest.param([True, False] * 9 + [True], False, id="10 of 19: too few calls"),
        pytest.param([True, False] * 10, True, id="10 of 20"),
        pytest.param([False, True, False] * 7, False, id="7 of 21"),
    ],
)
def test_half_of_twenty_or_more_calls_open_it(outcomes, opens):
    breaker = Breaker("host", FakeClock())
    for failed in outcomes:
        call(breaker, failed=failed)
    assert is_open(breaker) is opens


def test_failures_older_than_a_minute_are_forgotten():
    clock = FakeClock(0)
    breaker = Breaker("host", clock)
    for _ in range(10):
        call(breaker, failed=True) if clock.seconds % 2 else call(breaker, failed=False)
        clock.seconds += 1
    clock.seconds += 60
    for failed in [False, False, True] * 5:
        call(breaker, failed=failed)
    assert not is_open(breaker)


def opened(clock):
    breaker = Breaker("host", clock)
    for _ in range(5):
        call(breaker, failed=True)
    return breaker


def test_it_opens_for_thirty_seconds_then_one_probe_goes_at_a_time():
    clock = FakeClock(0)
    breaker = opened(clock)
    clock.seconds = 29.9
    with pytest.raises(CircuitOpenError, match="host failed repeatedly") as caught:
        breaker.enter()
    assert caught.value.retry_after_s == 1.0
    clock.seconds = 30
    probe = breaker.enter()
    assert probe
    with pytest.raises(CircuitOpenError):
        breaker.enter()
    breaker.leave(probe=probe, failed=False)
    assert not is_open(breaker)


def test_a_failed_probe_opens_it_anew():
    clock = FakeClock(0)
    breaker = opened(clock)
    clock.seconds = 30
    call(breaker, failed=True)
    clock.seconds = 59.9
    assert is_open(breaker)
    clock.seconds = 60
    assert not is_open(breaker)


def test_a_probe_that_says_nothing_lets_the_next_one_go():
    clock = FakeClock(0)
    breaker = opened(clock)
    clock.seconds = 30
    breaker.leave(probe=breaker.enter(), failed=None)
    assert breaker.enter()


def test_stragglers_from_before_it_opened_change_nothing():
    clock = FakeClock(0)
    breaker = Breaker("host", clock)
    straggler = breaker.enter()
    for _ in range(5):
        call(breaker, failed=True)
    clock.seconds = 20
    breaker.leave(probe=straggler, failed=True)
    clock.seconds = 30
    assert breaker.enter()
    breaker.leave(probe=straggler, failed=False)
    with pytest.raises(CircuitOpenError):
        breaker.enter()
