"""Conversation details into columns: page after page of a query, or the results of a job.

    read_pages    numbered pages, the first of each body alone, then the rest side by side
    read_job      submit, ask how far it is, read by cursor

Either hands each page to the builder and lets it go.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from genesys_client.api import CONVERSATION_DETAILS, CONVERSATION_JOBS, decode, segment
from genesys_client.errors import (
    GenesysError,
    JobFailedError,
    NotFoundError,
    OversizedPayloadError,
    PayloadError,
    ResponseTooLargeError,
)
from genesys_client.operation import is_background
from genesys_client.paging import PAGES_AT_MOST, Seen
from genesys_client.parallel import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from genesys_client.api import Api
    from genesys_client.columns import ColumnsBuilder, PageTaken
    from genesys_client.operation import Operation

log = logging.getLogger(__name__)

PAGE_SIZE = 100
JOB_PAGE_SIZE = 1000
SMALLEST_JOB_PAGE = 50
FIRST_POLL_S = 1.0
SLOWEST_POLL_S = 5.0
POLL_GROWTH = 1.5
FAREWELL_S = 3.0
"""How long dropping a job may take when its question is over already."""

RUNNING = frozenset({"QUEUED", "PENDING"})
FULFILLED = "FULFILLED"
GONE = "EXPIRED"


# Numbered pages


class _Stretch:
    """One body of a query, as far as it has been read."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body
        self.pages = 0
        self.expected = 0
        """Pages in all, as the first one says; a hint."""
        self.ended = False
        self._seen: Seen[str] = Seen(CONVERSATION_DETAILS, str)

    def took(self, page: PageTaken) -> None:
        """Note the next page; the first empty one is the end.

        Raises:
            PayloadError: it came before, or what was read ahead shows that an empty one was not the end.
        """
        if not page.ids:
            self.ended = True
            return
        if self.ended:
            raise PayloadError(f"Page {self.pages + 1} of {CONVERSATION_DETAILS} was empty, and a later one was not.")
        self._seen.add(page.ids)
        self.pages += 1
        if self.pages == 1:
            self.expected = max(1, math.ceil((page.total or 0) / PAGE_SIZE))


def read_pages(
    api: Api,
    bodies: Iterable[dict[str, Any]],
    operation: Operation,
    into: ColumnsBuilder,
    *,
    sized: Callable[[int], None] | None = None,
) -> None:
    """All pages that answer a query.

    A total is a hint: pages up to the one after the last expected are read side by side, then one at a time
    until a page is empty.

    Args:
        api: where to ask.
        bodies: the query's requests, without their paging.
        operation: its allowance.
        into: takes the pages, those of each body in their order.
        sized: told how many pages there are in all, once the first of each body is read; what it raises ends it.
    """
    stretches = [_Stretch(body) for body in bodies]

    def fetch(stretch: _Stretch, number: int, sibling: Operation) -> bytearray:
        paged = stretch.body | {"paging": {"pageSize": PAGE_SIZE, "pageNumber": number}}
        return api.post(CONVERSATION_DETAILS, paged, sibling)

    def read(pages: Iterable[tuple[_Stretch, int]]) -> None:
        asked: deque[_Stretch] = deque()

        def tasks() -> Iterator[Callable[[Operation], bytearray]]:
            for stretch, number in pages:
                if not stretch.ended:
                    asked.append(stretch)
                    yield partial(fetch, stretch, number)

        with closing(in_order(tasks(), operation)) as found:
            for body in found:
                asked.popleft().took(into.take(body, CONVERSATION_DETAILS))

    read((stretch, 1) for stretch in stretches)
    if sized is not None:
        sized(sum(stretch.expected for stretch in stretches))
    read((stretch, number) for stretch in stretches for number in range(2, stretch.expected + 2))
    for stretch in stretches:
        while not stretch.ended:
            stretch.took(into.take(fetch(stretch, stretch.pages + 1, operation), CONVERSATION_DETAILS))


# Jobs


class _Submitted(msgspec.Struct):
    job_id: str | None = msgspec.field(name="jobId", default=None)


class _Status(msgspec.Struct):
    state: str | None = None
    error: str | None = msgspec.field(name="errorMessage", default=None)


_submitted = msgspec.json.Decoder(_Submitted)
_status = msgspec.json.Decoder(_Status)


def read_job(api: Api, body: dict[str, Any], operation: Operation, into: ColumnsBuilder) -> None:
    """Everything that one job finds. A job that isn't read to its end is dropped.

    Raises:
        JobFailedError: it ended without results.
    """
    job_id = decode(_submitted, api.post(CONVERSATION_JOBS, body, operation), CONVERSATION_JOBS).job_id or ""
    if not job_id.strip("."):
        raise PayloadError(f"Unexpected answer from {CONVERSATION_JOBS}: no jobId.")
    path = f"{CONVERSATION_JOBS}/{segment(job_id)}"
    try:
        _until_fulfilled(api, path, operation)
        _read_results(api, path, operation, into)
    except NotFoundError as error:
        raise JobFailedError(GONE) from error
    except JobFailedError:
        raise
    except BaseException:
        _drop(api, path, operation)
        raise


def _until_fulfilled(api: Api, path: str, operation: Operation) -> None:
    pause = FIRST_POLL_S
    while True:
        api.transport.wait(min(pause, max(operation.deadline - api.transport.clock(), 0.0)), operation)
        status = decode(_status, api.get(path, operation), CONVERSATION_JOBS)
        if status.state == FULFILLED:
            return
        if status.state is None:
            raise PayloadError(f"Unexpected answer from {CONVERSATION_JOBS}: a status without its state.")
        if status.state not in RUNNING:
            raise JobFailedError(status.state, detail=status.error)
        pause = min(pause * POLL_GROWTH, SLOWEST_POLL_S)


def _read_results(api: Api, path: str, operation: Operation, into: ColumnsBuilder) -> None:
    """Page after page; smaller ones where a page of so many conversations, with their attributes, is too large."""
    path = f"{path}/results"
    size = JOB_PAGE_SIZE
    cursor: str | None = None
    cursors: set[str] = set()
    seen: Seen[str] = Seen(CONVERSATION_JOBS, str)
    while True:
        params = [("pageSize", str(size)), *([("cursor", cursor)] if cursor else [])]
        try:
            body = api.get(path, operation, params)
        except (OversizedPayloadError, ResponseTooLargeError):
            if size <= SMALLEST_JOB_PAGE:
                raise
            size //= 2
            continue
        page = into.take(body, CONVERSATION_JOBS)
        del body
        seen.add(page.ids)
        cursor = page.cursor
        if not cursor:
            return
        if cursor in cursors or len(cursors) >= PAGES_AT_MOST:
            raise PayloadError(f"A page of {CONVERSATION_JOBS} came twice.")
        cursors.add(cursor)


class _Farewell:
    """What is still allowed to an operation that is over, so that it leaves nothing running."""

    def __init__(self, operation: Operation, deadline: float) -> None:
        self._operation = operation
        self.deadline = deadline
        self.cancelled = threading.Event()
        self.background = is_background(operation)

    def spend(self) -> None:
        """Counted with the operation's."""
        self._operation.spend()


def _drop(api: Api, path: str, operation: Operation) -> None:
    try:
        api.delete(path, _Farewell(operation, api.transport.clock() + FAREWELL_S))
    except GenesysError as error:  # the reason for leaving is the one to tell; the job expires by itself
        log.info("genesys_job_left path=%s error=%s", path, type(error).__name__)
