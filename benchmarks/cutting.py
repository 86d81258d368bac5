"""How long three million segments of ten thousand agents take to be cut into half-hours, and in how much memory.

Each measurement is a process of its own that makes up a day, as columns, and cuts it; its peak memory is that of the
whole process, the day included. What was cut is compared with the seconds that were made up.

python -m benchmarks.cutting
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

AGENTS = 10_000
SESSIONS = 100
"""Of each agent, three segments each: three million."""

TIME_S = 3.0
PEAK_MB = 1_500
RATIO = 20.0
HALF_HOURS = 48
START = datetime(2026, 3, 10, tzinfo=UTC)


def measure(agents: int) -> dict[str, float]:
    """Seconds and megabytes of one day of that many agents, in this process."""
    import numpy as np

    from bot.core.intervals import Interval
    from bot.core.segments import clock_frame, milliseconds
    from bot.core.worktable import DTYPES, WorkTable, check_table

    rng = np.random.default_rng(7)
    sessions = agents * SESSIONS
    began = milliseconds(START) + rng.integers(0, 23 * 3_600_000, sessions)
    lengths = rng.integers(1_000, 400_000, (sessions, 3))
    ends = began[:, None] + np.cumsum(lengths, axis=1)
    owner = rng.permutation(sessions) % agents
    columns = {
        "conversation_start_ms": began,
        "conversation_running": np.zeros(sessions),
        "session_conversation": np.arange(sessions),
        "session_agent": owner,
        "session_purpose": np.zeros(sessions),
        "session_media": owner % 2,
        "session_direction": np.zeros(sessions),
        "segment_session": np.repeat(np.arange(sessions), 3),
        "segment_kind": np.tile([0, 1, 2], sessions),
        "segment_queue": np.repeat(rng.integers(0, 50, sessions), 3),
        "segment_start_ms": (ends - lengths).reshape(-1),
        "segment_end_ms": ends.reshape(-1),
    }
    columns |= {name: np.empty(0) for name in DTYPES if name.startswith("post_")}
    table = check_table(
        WorkTable(
            **{name: column.astype(DTYPES[name]) for name, column in columns.items()},
            conversation_ids=tuple(f"conversation-{place:023}" for place in range(sessions)),
            session_ids=tuple(f"session-{place:028}" for place in range(sessions)),
            agents=tuple(f"agent-{place:030}" for place in range(agents)),
            purposes=("agent",),
            media=("voice", "chat"),
            directions=("inbound",),
            kinds=("interact", "hold", "wrapup"),
            queues=tuple(f"queue-{place:030}" for place in range(50)),
            metrics=(),
        )
    )
    worked_ms = int(lengths.sum())
    del columns, began, lengths, ends, owner
    half_hour = timedelta(minutes=30)
    buckets = [Interval(START + i * half_hour, START + (i + 1) * half_hour) for i in range(HALF_HOURS)]

    started, cpu = time.perf_counter(), time.process_time()
    frame = clock_frame(table.segments(START + timedelta(days=1)), buckets)
    took, used = time.perf_counter() - started, time.process_time() - cpu

    if round(frame["handle_s"].sum() * 1000) != worked_ms:
        raise SystemExit("the cut lost time")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    return {"segments": sessions * 3, "took_s": took, "cpu_s": used, "peak_mb": peak, "cells": len(frame)}


def apart(agents: int) -> dict[str, float]:
    """The same, in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.cutting", str(agents)], stdout=subprocess.PIPE, check=True, text=True
    )
    found = json.loads(done.stdout)
    print(
        f"{found['segments']:>9,} segments of {agents:>6,} agents: {found['took_s']:.2f} s ({found['cpu_s']:.2f} s of"
        f" CPU), peak {found['peak_mb']:,.0f} MB, {found['cells']:,} cells"
    )
    return found


def main() -> int:
    few = min((apart(AGENTS // 10) for _ in range(3)), key=lambda found: found["took_s"])
    many = min((apart(AGENTS) for _ in range(3)), key=lambda found: found["took_s"])
    ratio = many["took_s"] / few["took_s"]
    print(f"ten times the segments: {ratio:.1f} times the time (bars {TIME_S} s, {PEAK_MB:,} MB, {RATIO:.0f} times)")
    return int(many["took_s"] >= TIME_S or many["peak_mb"] >= PEAK_MB or ratio > RATIO)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(int(sys.argv[1]))))
    else:
        raise SystemExit(main())
