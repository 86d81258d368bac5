"""How long records → facts → answer takes: a day of half-hours for 200 agents, a day in one for 10,000.

python -m benchmarks.compute
"""

from __future__ import annotations

import random
import resource
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.compute import compute_answer
from bot.core.intervals import Granularity, buckets, local_day
from bot.core.planning import PostedAsk, StatusAsk
from bot.core.query import Dimension, Query, Range
from bot.core.records import POSTED_METRICS, Record, posted_facts, status_facts
from bot.core.zones import load_zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.intervals import Interval

ZONE = load_zone("Europe/London")
DAY = local_day(datetime(2026, 3, 10, tzinfo=UTC).date(), ZONE)
STATUSES = (
    ("tSystemPresence", "ON_QUEUE"),
    ("tSystemPresence", "BREAK"),
    ("tSystemPresence", "OFFLINE"),
    ("tAgentRoutingStatus", "INTERACTING"),
    ("tAgentRoutingStatus", "IDLE"),
    ("tAgentRoutingStatus", "OFF_QUEUE"),
)


def posted_records(agents: list[str], cells: tuple[Interval, ...], rng: random.Random) -> Iterator[Record]:
    for agent in agents:
        for cell in cells:
            for metric in POSTED_METRICS:
                yield Record(agent, None, "voice", cell.start, cell.end, metric, None, rng.randrange(600_000), 2)


def status_records(agents: list[str], cells: tuple[Interval, ...], rng: random.Random) -> Iterator[Record]:
    for agent in agents:
        for cell in cells:
            length_ms = cell.length // timedelta(milliseconds=1)
            for metric, qualifier in STATUSES:
                yield Record(agent, None, None, cell.start, cell.end, metric, qualifier, rng.randrange(length_ms // 3))


def measure(name: str, count: int, granularity: Granularity | None) -> None:
    cells = buckets((DAY,), granularity, ZONE)
    pieces = cells if granularity else ()
    agents = [f"agent-{place:05}" for place in range(count)]
    posted = list(posted_records(agents, cells, random.Random(1)))
    status = list(status_records(agents, cells, random.Random(2)))
    query = Query(
        text="yesterday",
        zone=ZONE,
        range=Range((DAY,), "Yesterday", "yesterday"),
        granularity=granularity,
        buckets=pieces,
        group_by=(Dimension.AGENT, Dimension.INTERVAL) if granularity else (Dimension.AGENT,),
    )
    started = time.perf_counter()
    posted_part = posted_facts(posted, PostedAsk((DAY,), pieces, granularity, ZONE, None))
    status_part = status_facts(status, StatusAsk((DAY,), pieces, granularity, ZONE, tuple(agents)))
    read = time.perf_counter()
    answer = compute_answer(query, posted=posted_part, status=status_part, now=DAY.end, expected_agents=agents)
    done = time.perf_counter()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name}: {len(posted) + len(status):,} records -> facts {read - started:.3f} s, "
        f"{len(answer.rows):,} rows {done - read:.3f} s, peak {peak_mb:.0f} MB"
    )


def main() -> None:
    measure("200 agents x 48 half-hours", 200, Granularity.HALF_HOUR)
    measure("10,000 agents x 1 day", 10_000, None)


if __name__ == "__main__":
    main()
