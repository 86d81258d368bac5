"""Several calls of one operation side by side: all succeed, or the first failure stops the rest."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from genesys_client.operation import Sibling

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from genesys_client.operation import Operation

WIDTH = 8
GLANCE_S = 0.1
"""How often a cancellation of the whole operation is looked for while its calls run."""
AHEAD = 2
"""Calls that may wait finished, or for a thread, while a result is being used: no thread idles meanwhile."""

T = TypeVar("T")


def side_by_side(tasks: Sequence[Callable[[Operation], T]], operation: Operation) -> list[T]:
    """Results in the order of the tasks, at most eight of which run at a time.

    Raises:
        Exception: that of the first task to fail; the others are told to stop and not waited for.
    """
    if len(tasks) <= 1:
        return [task(operation) for task in tasks]
    stop = threading.Event()
    sibling = Sibling(operation, stop)
    pool = ThreadPoolExecutor(min(WIDTH, len(tasks)), thread_name_prefix="genesys")
    try:
        futures: list[Future[T]] = [pool.submit(task, sibling) for task in tasks]
        pending: set[Future[T]] = set(futures)
        while pending:
            done, pending = wait(pending, timeout=GLANCE_S, return_when=FIRST_COMPLETED)
            if operation.cancelled.is_set():
                stop.set()
            for future in done:
                future.result()
        return [future.result() for future in futures]
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


def in_order(
    tasks: Iterable[Callable[[Operation], T]], operation: Operation, *, width: int = WIDTH
) -> Generator[T, None, None]:
    """Results in the order of the tasks, one at a time, while those that follow are under way.

    A task is drawn when there is room for it, so that its iterable may take earlier results into account; one
    result is in the caller's hands and few others are kept. Close the iterator to stop early.

    Raises:
        Exception: that of a task that failed; the others are told to stop and not waited for.
    """
    drawn = iter(tasks)
    stop = threading.Event()
    sibling = Sibling(operation, stop)
    pool = ThreadPoolExecutor(width, thread_name_prefix="genesys")
    window: deque[Future[T]] = deque()
    try:
        while True:
            window += [pool.submit(task, sibling) for task in islice(drawn, width + AHEAD - len(window))]
            if not window:
                return
            head = window[0]
            while not wait([head], timeout=GLANCE_S).done:
                if operation.cancelled.is_set():
                    stop.set()
                for future in window:
                    if future.done():
                        future.result()
            window.popleft()
            yield head.result()
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)
