"""What pictures cost: the heat map of a large day as PNG and as digits, and charts.

The first line has what the first picture of a process pays besides: loading matplotlib and its font.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.compute import DAY, ZONE, posted_records, status_records
from bot.core.compute import compute_answer
from bot.core.intervals import Granularity, buckets
from bot.core.planning import PostedAsk, StatusAsk
from bot.core.query import Dimension, Query, Range
from bot.core.records import posted_facts, status_facts
from bot.core.rendering.charts import charts
from bot.core.rendering.pictures import heat_map, heat_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.answer import Answer

HEAT_MAP_CPU_S = 2.0
AGENTS = 200


def busy_day(agents: int) -> Answer:
    """Everybody at work in every half-hour: as many numbers as a picture can hold."""
    cells = buckets((DAY,), Granularity.HALF_HOUR, ZONE)
    ids = [f"agent-{place:05}" for place in range(agents)]
    posted = posted_facts(
        posted_records(ids, cells, random.Random(1)), PostedAsk((DAY,), cells, Granularity.HALF_HOUR, ZONE, None)
    )
    status = status_facts(
        status_records(ids, cells, random.Random(2)), StatusAsk((DAY,), cells, Granularity.HALF_HOUR, ZONE, tuple(ids))
    )
    query = Query(
        text="yesterday heatmap",
        zone=ZONE,
        range=Range((DAY,), "Yesterday", "yesterday"),
        granularity=Granularity.HALF_HOUR,
        buckets=cells,
        group_by=(Dimension.AGENT, Dimension.INTERVAL),
    )
    return compute_answer(query, posted=posted, status=status, now=DAY.end, expected_agents=ids)


def measured(name: str, act: Callable[[], int]) -> float:
    """CPU seconds of the act, which returns the size of what it made."""
    started, cpu = time.perf_counter(), time.process_time()
    size = act()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - started
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    print(f"{name}: {cpu:.2f} s CPU, {wall:.2f} s, {size:,} bytes, peak {peak_mb:.0f} MB")
    return cpu


def drawn(answer: Answer) -> int:
    picture = heat_map(answer)
    if picture is None:
        raise SystemExit("nothing was drawn")
    return len(picture.content)


def digits(answer: Answer) -> int:
    twin = heat_text(answer, width=34)
    if twin is None:
        raise SystemExit("nothing was written")
    return sum(len(text.encode()) for text in twin.texts)


def main() -> None:
    large, small = busy_day(AGENTS), busy_day(40)
    measured("heat map, 40 agents x 48 half-hours, the first of the process", lambda: drawn(small))
    measured("heat map, 40 agents x 48 half-hours", lambda: drawn(small))
    cost = measured(
        f"heat map, {AGENTS} agents x 48 half-hours (bar: {HEAT_MAP_CPU_S:.0f} s CPU)", lambda: drawn(large)
    )
    measured(f"digits, {AGENTS} agents x 48 half-hours", lambda: digits(large))
    measured(f"charts, {AGENTS} agents x 48 half-hours together", lambda: len(str(charts(large).blocks)))
    if cost >= HEAT_MAP_CPU_S:
        raise SystemExit(f"a heat map of {AGENTS} agents took {cost:.2f} s")


if __name__ == "__main__":
    main()
