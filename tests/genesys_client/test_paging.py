from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from genesys_client import OperationCancelledError, PayloadError
from genesys_client.paging import by_cursor, numbered, onward, until_empty
from genesys_client.parallel import AHEAD, WIDTH, in_order, side_by_side
from tests.genesys_client.stand_in import Allowance, FakeClock


@dataclass
class Page:
    items: list = field(default_factory=list)
    total: float | None = None
    page_count: float | None = None
    page_size: float | None = None
    next_uri: str | None = None


class Book:
    """Pages by number (or cursor); those not in it are empty. Remembers which were asked for."""

    def __init__(self, pages):
        self.pages = pages
        self.asked = []
        self._lock = threading.Lock()

    def __call__(self, which, _operation):
        with self._lock:
            self.asked.append(which)
        return self.pages.get(which, Page())


@pytest.fixture
def operation():
    return FakeClock().operation()


def read(how, book, operation, **options):
    return how(book, operation, path="/things", key=lambda item: item, **options)


def test_a_counted_listing_ends_with_its_count(operation):
    book = Book({n: Page([n * 10, n * 10 + 1], page_count=3.0) for n in (1, 2, 3, 4)})
    assert read(numbered, book, operation) == [10, 11, 20, 21, 30, 31]
    assert sorted(book.asked) == [1, 2, 3]


def test_an_empty_listing_is_one_request(operation):
    for first in (Page(), Page(page_count=0, total=0), Page(page_count=7)):
        book = Book({1: first})
        assert read(numbered, book, operation) == []
        assert book.asked == [1]


def test_a_server_with_smaller_pages_than_asked_for_is_read_to_the_end(operation):
    pages = {n: Page([n], total=4, page_size=1, page_count=1) for n in (1, 2, 3, 4)}
    assert read(numbered, Book(pages), operation) == [1, 2, 3, 4]


def test_a_count_that_promises_too_much_ends_at_an_empty_page(operation):
    book = Book({1: Page([1], page_count=1_000_000), 2: Page([2])})
    assert read(numbered, book, operation) == [1, 2]
    assert len(book.asked) <= 9


def test_a_listing_without_totals_goes_on_while_there_is_a_next(operation):
    book = Book({1: Page([1], next_uri="x"), 2: Page([2], next_uri="x"), 3: Page([3])})
    assert read(onward, book, operation) == [1, 2, 3]
    assert read(numbered, book, operation) == [1, 2, 3]


def test_an_empty_page_ends_it_even_if_it_names_a_next(operation):
    assert read(onward, Book({1: Page([1], next_uri="x"), 2: Page([], next_uri="x")}), operation) == [1]


@pytest.mark.parametrize("how", [numbered, onward])
def test_a_page_that_comes_twice_is_an_error(how, operation):
    same = Page([1, 2], next_uri="x")
    with pytest.raises(PayloadError, match="/things came twice"):
        read(how, Book({1: same, 2: same}), operation)


def test_a_cursor_is_taken_from_the_next_uri_alone(operation):
    book = Book(
        {
            None: Page([1], next_uri="https://evil.example/steal?pageSize=5&after=a%2Fb"),
            "a/b": Page([2], next_uri="/api/v2/teams?after=c"),
            "c": Page([3], next_uri="/api/v2/teams?before=x"),
        }
    )
    assert read(by_cursor, book, operation) == [1, 2, 3]


@pytest.mark.parametrize("uri", ["", "/x", "http://[bad?after=1"])
def test_a_next_uri_without_a_cursor_is_the_end(uri, operation):
    assert read(by_cursor, Book({None: Page([1], next_uri=uri)}), operation) == [1]


def test_a_cursor_that_comes_again_is_an_error_even_with_empty_pages(operation):
    with pytest.raises(PayloadError, match="came twice"):
        read(by_cursor, Book({None: Page(next_uri="?after=a"), "a": Page(next_uri="?after=a")}), operation)


def test_reading_until_empty_ends_there_where_no_total_is_told(operation):
    book = Book({n: Page([n * 10, n * 10 + 1]) for n in (1, 2, 3)})
    assert read(until_empty, book, operation, page_size=2) == [10, 11, 20, 21, 30, 31]
    assert book.asked == [1, 2, 3, 4]


def test_a_total_ends_it_and_no_page_is_asked_beyond(operation):
    book = Book({n: Page([n], total=3.0) for n in (1, 2, 3, 4)})
    assert read(until_empty, book, operation, page_size=1) == [1, 2, 3]
    assert book.asked == [1, 2, 3]


def test_where_a_total_would_go_on_an_empty_page_still_ends_it(operation):
    assert read(until_empty, Book({1: Page([1], total=3)}), operation, page_size=1) == [1]


def test_a_page_read_twice_until_empty_is_an_error(operation):
    same = Page([1, 2])
    with pytest.raises(PayloadError, match="came twice"):
        read(until_empty, Book(dict.fromkeys(range(1, 50), same)), operation, page_size=2)


def test_a_listing_without_end_is_an_error(operation):
    class Endless(Book):
        def __call__(self, which, _operation):
            return Page([which], next_uri="x")

    with pytest.raises(PayloadError, match="more than 1000 pages"):
        read(onward, Endless({}), operation)


# --- side by side ----------------------------------------------------------------------------------------


def test_results_come_in_the_order_of_the_tasks(operation):
    assert side_by_side([lambda _o, n=n: n for n in range(30)], operation) == list(range(30))
    assert side_by_side([], operation) == []


def test_the_first_failure_stops_the_rest(operation):
    stopped = threading.Event()

    def fails(_sibling):
        raise PayloadError("no")

    def waits(sibling):
        assert sibling.cancelled.wait(5)
        stopped.set()

    with pytest.raises(PayloadError, match="no"):
        side_by_side([waits, fails], operation)
    assert stopped.wait(5)
    assert not operation.cancelled.is_set()


def test_a_cancellation_reaches_every_task(operation):
    started = threading.Barrier(3)

    def waits(sibling):
        started.wait(5)
        assert sibling.cancelled.wait(5)
        raise OperationCancelledError("stopped")

    threading.Thread(target=lambda: (started.wait(5), operation.cancelled.set())).start()
    with pytest.raises(OperationCancelledError):
        side_by_side([waits, waits], operation)


def test_siblings_share_the_deadline_the_count_and_the_priority():
    parent = Allowance(deadline=7.0, background=True)

    def look(sibling):
        sibling.spend()
        return sibling.deadline, sibling.background

    assert side_by_side([look, look], parent) == [(7.0, True)] * 2
    assert parent.spent == 2


# --- in order ----------------------------------------------------------------------------------------------


def test_results_that_are_used_one_by_one_come_in_the_order_of_the_tasks(operation):
    assert list(in_order((lambda _o, n=n: n for n in range(50)), operation)) == list(range(50))
    assert list(in_order([], operation)) == []


def test_at_most_eight_run_at_a_time_and_few_are_ahead(operation):
    running = peak = drawn = 0
    lock = threading.Lock()
    together = threading.Barrier(8)

    def task(number):
        def run(_sibling):
            nonlocal running, peak
            with lock:
                running += 1
                peak = max(peak, running)
            if number < 8:
                together.wait(5)  # the first eight are under way at the same time
            with lock:
                running -= 1
            return number

        return run

    def tasks():
        nonlocal drawn
        for number in range(40):
            drawn += 1
            yield task(number)

    for number in in_order(tasks(), operation):
        assert drawn <= number + WIDTH + AHEAD
    assert (peak, drawn) == (8, 40)


def test_a_failure_ahead_ends_the_wait_for_a_slow_one(operation):
    stopped = threading.Event()

    def waits(sibling):
        assert sibling.cancelled.wait(5)
        stopped.set()

    def fails(_sibling):
        raise PayloadError("no")

    with pytest.raises(PayloadError, match="no"):
        next(in_order([waits, fails], operation))
    assert stopped.wait(5)


def test_closing_it_stops_what_is_under_way(operation):
    started, stopped = threading.Event(), threading.Event()

    def waits(sibling):
        started.set()
        assert sibling.cancelled.wait(5)
        stopped.set()

    results = in_order([lambda _sibling: started.wait(5), waits], operation)
    assert next(results)
    results.close()
    assert stopped.wait(5)


def test_a_cancellation_reaches_those_in_order_too(operation):
    started = threading.Event()

    def waits(sibling):
        started.set()
        assert sibling.cancelled.wait(5)
        raise OperationCancelledError("stopped")

    threading.Thread(target=lambda: (started.wait(5), operation.cancelled.set())).start()
    with pytest.raises(OperationCancelledError):
        next(in_order([waits], operation))
