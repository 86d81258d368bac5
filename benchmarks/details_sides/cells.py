"""What every side hands in: milliseconds of handle, ACW and hold by agent and half-hour of the day, and their digest.

Plain Python, so that the sides which sum as they go use the same few lines, and none is helped by them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections import defaultdict

from benchmarks.details_sides.day import START_MS

HALF_HOUR_MS = 1_800_000
HALF_HOURS = 48
END_MS = START_MS + HALF_HOURS * HALF_HOUR_MS
HANDLED = ("interact", "hold", "wrapup", "contacting", "dialing")


class Sums:
    """Handle, ACW and hold of each agent and half-hour, added up segment by segment."""

    def __init__(self) -> None:
        self.cells: defaultdict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0, 0])

    def add(self, agent: str, kind: str, start: int, end: int) -> None:
        """Cut one segment at the half-hours; what lies outside the day belongs to none."""
        start, end = max(start, START_MS), min(end, END_MS)
        while start < end:
            bucket = (start - START_MS) // HALF_HOUR_MS
            edge = min(START_MS + (bucket + 1) * HALF_HOUR_MS, end)
            cell = self.cells[agent, bucket]
            cell[0] += edge - start
            if kind == "wrapup":
                cell[1] += edge - start
            elif kind == "hold":
                cell[2] += edge - start
            start = edge

    def rows(self) -> list[tuple[str, int, int, int, int]]:
        """(agent, half-hour, handle, ACW, hold) of each cell that holds any."""
        return [(agent, bucket, *cell) for (agent, bucket), cell in self.cells.items()]


def url() -> str:
    """Where to ask: what stands after `--url`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    return str(parser.parse_args().url)


def hand_in(rows: list[tuple[str, int, int, int, int]], *, imported_s: float, **more: float) -> None:
    """Print the outcome: how many cells there are, their total and a digest of all of them.

    Args:
        rows: as `Sums.rows` gives them.
        imported_s: CPU that the imports took.
        more: whatever else the side measured.
    """
    digest = hashlib.sha256("\n".join(sorted(map(str, rows))).encode()).hexdigest()
    handle_ms = sum(row[2] for row in rows)
    told = {"cells": len(rows), "handle_ms": handle_ms, "digest": digest, "imported_s": imported_s, **more}
    print(json.dumps(told))


def cpu_s() -> float:
    """CPU of this process so far."""
    return time.process_time()
