"""The client's columns, the core's table and its cut; with `--whole` all that a clock answer of the bot asks for.

The bot keeps ringing and posted metrics too, for explaining and reconciling. The other sides don't, so that the
comparison with them is without.
"""

from __future__ import annotations

import argparse
import threading
import time
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas  # noqa: F401  the core imports it when it needs it; here that counts as an import

from benchmarks.details_sides.cells import HALF_HOURS, cpu_s, hand_in
from benchmarks.details_sides.day import START_MS
from bot.core.intervals import Interval
from bot.core.records import POSTED_METRICS
from bot.core.segments import KINDS, clock_frame
from bot.core.worktable import WorkTable
from genesys_client import ConversationDetailsQuery, GenesysClient

IMPORTED_S = cpu_s()
START = datetime.fromtimestamp(START_MS / 1000, UTC)
LATER = START + timedelta(days=2)


class Unhurried:
    """An operation without a limit that matters here."""

    def __init__(self) -> None:
        self.deadline = time.monotonic() + 3600
        self.cancelled = threading.Event()
        self.spent = 0
        self._lock = threading.Lock()

    def spend(self) -> None:
        with self._lock:
            self.spent += 1


def fetched(options: argparse.Namespace, operation: Unhurried) -> tuple[WorkTable, float]:
    """The day's work, and the seconds that it took, with the token that a running bot has at hand."""
    with GenesysClient(
        "id", "secret", api_url=options.url, login_url=options.url, requests_per_minute=options.requests_per_minute
    ) as client:
        client.authenticate(operation)
        began = time.monotonic()
        columns = client.conversations.columns(
            ConversationDetailsQuery(start=START, end=START + timedelta(days=1)),
            operation,
            kinds=(*KINDS, "alert") if options.whole else KINDS,
            metrics=POSTED_METRICS if options.whole else (),
        )
        took_s = time.monotonic() - began
    return WorkTable(**{field.name: getattr(columns, field.name) for field in fields(WorkTable)}), took_s


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--requests-per-minute", type=int, default=1_000_000)
    parser.add_argument("--whole", action="store_true")
    options = parser.parse_args()
    operation = Unhurried()
    half_hours = [
        Interval(START + n * timedelta(minutes=30), START + (n + 1) * timedelta(minutes=30)) for n in range(HALF_HOURS)
    ]
    table, fetched_s = fetched(options, operation)
    segments = table.segments(LATER)
    if not options.whole:
        del table
    frame = clock_frame(segments, half_hours)
    cells = frame[["handle_s", "acw_s", "held_s"]].to_numpy() * 1000
    rows = zip(
        frame["agent_id"].tolist(), frame["bucket"].tolist(), *np.rint(cells.T).astype(np.int64).tolist(), strict=True
    )
    hand_in([row for row in rows if row[2]], imported_s=IMPORTED_S, fetched_s=fetched_s, requests=operation.spent)


if __name__ == "__main__":
    main()
