"""Kept values, and one load for everybody who asks at once."""

from __future__ import annotations

import threading

import pytest

from bot.errors import SourceError
from bot.services.cache import SharedCache


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_value_is_loaded_once_while_it_lives() -> None:
    clock, loads = Clock(), []
    cache = SharedCache(clock)

    first = cache.get("k", lambda: loads.append(1) or "value", life_s=10)
    clock.now = 9.999
    second = cache.get("k", lambda: loads.append(1) or "value", life_s=10)

    assert (first.fresh, second.fresh) == (True, False)
    assert second.loaded_at == 0.0
    assert len(loads) == 1


def test_a_value_is_loaded_anew_at_the_end_of_its_life() -> None:
    clock = Clock()
    cache = SharedCache(clock)
    cache.get("k", lambda: "old", life_s=10)

    clock.now = 10.0

    assert cache.get("k", lambda: "new", life_s=10).value == "new"


def test_the_value_may_decide_its_own_life() -> None:
    cache = SharedCache(Clock())
    cache.get("k", lambda: 3, life_s=float)
    assert cache.peek("k") == 3
    cache.get("gone", lambda: 0, life_s=float)
    assert cache.peek("gone") is None


def test_a_load_of_no_life_is_shared_but_not_kept() -> None:
    cache = SharedCache(Clock())
    cache.get("k", lambda: "first", life_s=0)

    assert cache.get("k", lambda: "second", life_s=0).value == "second"


def test_ten_who_ask_at_once_share_one_load() -> None:
    cache, started, go_on = SharedCache(Clock()), threading.Event(), threading.Event()
    loads: list[int] = []
    results: list[tuple[str, bool]] = []

    def load() -> str:
        loads.append(1)
        started.set()
        assert go_on.wait(5)
        return "value"

    def ask() -> None:
        kept = cache.get("k", load, life_s=10, wait_s=5)
        results.append((kept.value, kept.fresh))

    threads = [threading.Thread(target=ask) for _ in range(10)]
    threads[0].start()
    assert started.wait(5)
    for thread in threads[1:]:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join(5)

    assert len(loads) == 1
    assert sorted(results) == [("value", False)] * 9 + [("value", True)]


def test_a_failed_load_is_told_to_its_asker_and_not_kept() -> None:
    cache = SharedCache(Clock())

    def fail() -> str:
        raise RuntimeError("down")

    with pytest.raises(RuntimeError, match="down"):
        cache.get("k", fail, life_s=10)

    assert cache.get("k", lambda: "up", life_s=10).value == "up"


def test_waiting_for_somebody_elses_load_ends_in_time() -> None:
    cache, go_on, started = SharedCache(Clock()), threading.Event(), threading.Event()

    def load() -> str:
        started.set()
        assert go_on.wait(5)
        return "late"

    thread = threading.Thread(target=lambda: cache.get("k", load, life_s=10))
    thread.start()
    assert started.wait(5)

    with pytest.raises(SourceError, match="too long"):
        cache.get("k", load, life_s=10, wait_s=0.01)

    go_on.set()
    thread.join(5)


def test_the_cache_forgets_what_was_used_longest_ago() -> None:
    cache = SharedCache(Clock(), capacity=2)
    cache.get("a", lambda: 1, life_s=10)
    cache.get("b", lambda: 2, life_s=10)
    cache.get("a", lambda: 0, life_s=10)

    cache.get("c", lambda: 3, life_s=10)

    assert (cache.peek("a"), cache.peek("b"), cache.peek("c")) == (1, None, 3)


def test_a_dropped_value_is_loaded_anew() -> None:
    cache = SharedCache(Clock())
    cache.put("k", "old", life_s=10)

    cache.drop("k")

    assert cache.get("k", lambda: "new", life_s=10).value == "new"


def test_those_who_wait_for_a_load_that_is_cancelled_load_for_themselves() -> None:
    cache, started, go_on = SharedCache(Clock()), threading.Event(), threading.Event()

    def cancelled() -> str:
        started.set()
        assert go_on.wait(5)
        raise SourceError("The question was cancelled.", code="cancelled")

    def first() -> None:
        with pytest.raises(SourceError, match="cancelled"):
            cache.get("k", cancelled, life_s=10)

    asker = threading.Thread(target=first)
    asker.start()
    assert started.wait(5)
    values: list[str] = []
    waiting = threading.Thread(target=lambda: values.append(cache.get("k", lambda: "hers", life_s=10).value))
    waiting.start()
    go_on.set()
    for thread in (asker, waiting):
        thread.join(5)

    assert values == ["hers"]
