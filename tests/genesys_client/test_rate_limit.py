from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesys_client.rate_limit import RateLimiter
from tests.genesys_client.stand_in import FakeClock

PATH = "/api/v2/x"


def taken(limiter, times, *, background=False):
    return [limiter.reserve(PATH, background=background) for _ in range(times)]


def test_the_window_slides():
    clock = FakeClock(0)
    limiter = RateLimiter(clock, per_minute=2)
    assert limiter.reserve(PATH) == 0
    clock.seconds = 10
    assert limiter.reserve(PATH) == 0
    clock.seconds = 20
    assert limiter.reserve(PATH) == 40  # until the first leaves the minute
    clock.seconds = 60
    assert limiter.reserve(PATH) == 0
    assert limiter.reserve(PATH) == 10  # until the second does


def test_background_work_leaves_three_tenths_to_people():
    clock = FakeClock(0)
    limiter = RateLimiter(clock, per_minute=10)
    assert taken(limiter, 7, background=True) == [0] * 7
    assert limiter.reserve(PATH, background=True) == 60
    assert taken(limiter, 3) == [0] * 3
    assert limiter.reserve(PATH) == 60


def test_background_work_counts_what_people_used():
    limiter = RateLimiter(FakeClock(0), per_minute=10)
    taken(limiter, 7)
    assert limiter.reserve(PATH, background=True) == 60


def test_a_limit_can_be_raised_while_in_use():
    limiter = RateLimiter(FakeClock(0), per_minute=1)
    taken(limiter, 1)
    assert limiter.reserve(PATH) > 0
    limiter.per_minute = 2
    assert limiter.reserve(PATH) == 0


@pytest.mark.parametrize("rate", [0, -5])
def test_a_limit_that_lets_nothing_through_is_refused(rate):
    with pytest.raises(ValueError, match="nothing through"):
        RateLimiter(FakeClock(), per_minute=rate)


def test_a_429_closes_the_whole_window_but_a_long_one_only_its_path():
    clock = FakeClock(0)
    limiter = RateLimiter(clock)
    limiter.close_for(180, PATH)
    assert limiter.reserve("/other") == 180
    clock.seconds = 180
    limiter.close_for(3600, PATH)
    assert limiter.reserve("/other") == 0
    assert limiter.reserve(PATH) == 3600
    clock.seconds = 3780
    assert limiter.reserve(PATH) == 0


def test_a_shorter_wait_does_not_shorten_a_longer_one():
    limiter = RateLimiter(FakeClock(0))
    limiter.close_for(100, PATH)
    limiter.close_for(5, PATH)
    assert limiter.reserve(PATH) == 100


@given(
    rate=st.integers(1, 20),
    gaps=st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=80),
)
def test_no_minute_ever_holds_more_than_the_rate(rate, gaps):
    clock = FakeClock(0)
    limiter = RateLimiter(clock, per_minute=rate)
    sent = []
    for gap, background in gaps:
        clock.seconds += gap
        wait = limiter.reserve(PATH, background=background)
        while wait > 0:
            clock.seconds += wait
            wait = limiter.reserve(PATH, background=background)
        sent.append(clock.seconds)
    for moment in sent:
        assert sum(moment - 60 < other <= moment for other in sent) <= rate
