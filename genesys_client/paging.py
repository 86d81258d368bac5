"""Pages → items. Each way of paging ends on its own, and notices a page that came before.

    numbered    pageNumber with totals: the first page says how many there are, the rest come side by side
    onward      pageNumber without totals: on while the answer has a `nextUri`
    cursor      `after`, taken from `nextUri`
    until_empty pageNumber until a page is empty or a total is reached, one after the other

A `nextUri` is never called as it stands: it may name any host.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar
from urllib.parse import parse_qs, urlsplit

from genesys_client.errors import PayloadError
from genesys_client.parallel import WIDTH, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from genesys_client.operation import Operation

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

PAGES_AT_MOST = 1000
"""Where nothing else ends it: a hundred thousand results at a hundred a page, the depth said to be the last."""


class Page(Protocol[T_co]):
    """What the paged answers have in common; each field may be missing, and each number may come as a float."""

    @property
    def items(self) -> Sequence[T_co]:
        """What is on it; empty where the field is absent."""

    @property
    def total(self) -> float | None:
        """How many items there are in all, as far as the answer says."""

    @property
    def page_count(self) -> float | None:
        """How many pages there are."""

    @property
    def page_size(self) -> float | None:
        """How many items a full page has, which may be fewer than were asked for."""

    @property
    def next_uri(self) -> str | None:
        """Where the next page is; of use for its query alone."""


class Seen(Generic[T]):
    """Pages read so far, by what was on them: a hash stands for each, so that what was read needn't be kept."""

    def __init__(self, path: str, key: Callable[[T], Hashable]) -> None:
        self._path = path
        self._key = key
        self._pages: set[int] = set()

    def add(self, items: Sequence[T]) -> None:
        """Remember a page.

        Raises:
            PayloadError: the same items came before, so that paging would go round for ever; or there are
                more pages than any answer has.
        """
        if not items:
            return
        mark = hash(tuple([self._key(item) for item in items]))
        if mark in self._pages:
            raise PayloadError(f"A page of {self._path} came twice.")
        if len(self._pages) >= PAGES_AT_MOST:
            raise PayloadError(f"{self._path} has more than {PAGES_AT_MOST} pages.")
        self._pages.add(mark)


def numbered(
    fetch: Callable[[int, Operation], Page[T]], operation: Operation, *, path: str, key: Callable[[T], Hashable]
) -> list[T]:
    """All items of a listing that says how many pages it has; one that doesn't is read onward."""
    first = fetch(1, operation)
    seen = Seen(path, key)
    seen.add(first.items)
    if first.page_count is None:
        return _onward(fetch, operation, first, seen)
    items = list(first.items)
    by_size = _pages(first.total, first.page_size)  # where the server's pages are smaller than asked for
    last = min(max(int(first.page_count), by_size), PAGES_AT_MOST + 1) if items else 1

    def task(number: int) -> Callable[[Operation], Page[T]]:
        return lambda sibling: fetch(number, sibling)

    for start in range(2, last + 1, WIDTH):
        ahead = side_by_side([task(number) for number in range(start, min(start + WIDTH, last + 1))], operation)
        for page in ahead:
            if not page.items:
                return items  # a count that promises more than there is
            seen.add(page.items)
            items += page.items
    return items


def onward(
    fetch: Callable[[int, Operation], Page[T]], operation: Operation, *, path: str, key: Callable[[T], Hashable]
) -> list[T]:
    """All items of a listing without totals: on while there is a `nextUri` and something on the page."""
    first = fetch(1, operation)
    seen = Seen(path, key)
    seen.add(first.items)
    return _onward(fetch, operation, first, seen)


def _onward(fetch: Callable[[int, Operation], Page[T]], operation: Operation, first: Page[T], seen: Seen[T]) -> list[T]:
    items = list(first.items)
    page, number = first, 1
    while page.next_uri and page.items:
        number += 1
        page = fetch(number, operation)
        seen.add(page.items)
        items += page.items
    return items


def by_cursor(
    fetch: Callable[[str | None, Operation], Page[T]],
    operation: Operation,
    *,
    path: str,
    key: Callable[[T], Hashable],
) -> list[T]:
    """All items of a listing whose `nextUri` carries an `after` cursor."""
    items: list[T] = []
    seen = Seen(path, key)
    cursors: set[str] = set()
    after: str | None = None
    while True:
        page = fetch(after, operation)
        seen.add(page.items)
        items += page.items
        after = _cursor(page.next_uri)
        if after is None:
            return items
        if after in cursors or len(cursors) >= PAGES_AT_MOST:
            raise PayloadError(f"A page of {path} came twice.")
        cursors.add(after)


def until_empty(
    fetch: Callable[[int, Operation], Page[T]],
    operation: Operation,
    *,
    path: str,
    key: Callable[[T], Hashable],
    page_size: int,
) -> list[T]:
    """All items up to the first empty page, or to the total where the first page tells it."""
    page = fetch(1, operation)
    last = None if page.total is None else _pages(page.total, page_size)
    seen = Seen(path, key)
    items: list[T] = []
    number = 1
    while page.items:
        seen.add(page.items)
        items += page.items
        if last is not None and number >= last:
            break
        number += 1
        page = fetch(number, operation)
    return items


def _pages(total: float | None, size: float | None) -> int:
    return math.ceil((total or 0) / size) if size else 0


def _cursor(next_uri: str | None) -> str | None:
    if not next_uri:
        return None
    try:
        values = parse_qs(urlsplit(next_uri).query).get("after")
    except ValueError:
        return None
    return values[-1] if values else None
