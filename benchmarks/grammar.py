"""How long the grammar takes to read a command, and to be imported.

The slowest inputs are meant to be slow: as long as a command may be, with as much as can be tried at each word.

python -m benchmarks.grammar
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from bot.core.grammar import GrammarContext, parse
from bot.core.grammar.suggestions import nearest_keyword
from bot.core.grammar.words import ENTRIES
from bot.core.intervals import day_start
from bot.core.zones import load_zone
from bot.errors import CommandError

SLOWEST_S = 0.050
IMPORT_S = 0.060
RUNS = 20

NAMES = " ".join(f"{chr(97 + n % 26) * 3}{chr(97 + n // 26 % 26) * 3}{chr(97 + n * 7 % 26) * 4}" for n in range(90))
INPUTS = {example: example for entry in ENTRIES for example in entry.examples} | {
    "1,000 letters": "x" * 1_000,
    "a name of 90 words": NAMES,
    "50 names in quotes": ",".join(f'"{"n" * 15}{chr(97 + n % 26)}{n}"' for n in range(50)),
    "500 commas": ", " * 500,
    "500 dashes": "- " * 500,
    "opened mentions": "<@U" * 333,
    "places that are none": "in " + "a-b_c " * 160,
    "numbers": "1 " * 500,
    "digits": "9" * 1_000,
    "dots": "." * 1_000,
    "times": "9:30 am to " * 90,
    "the same phrase again and again": "yesterday " * 100,
    "different ranges": "monday to friday " * 58,
    "31 days by 15m, hours of each day": "last 31 days 0:15-23:45 by 15m vs 2026-09-01..2026-09-30 in lord howe",
    "31 days by 15m over a change of clocks": "2026-10-10..2026-11-09 by 15m in santiago vs last 31 days",
}


def slowest_of(text: str, context: GrammarContext) -> float:
    """CPU seconds with nothing remembered from the run before: the median, so that a busy machine counts for less."""
    taken = []
    for _ in range(RUNS):
        for remembering in (nearest_keyword, day_start):
            remembering.cache_clear()
        start = time.process_time()
        with suppress(CommandError):
            parse(text, context)
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def reading() -> bool:
    context = GrammarContext(datetime(2026, 11, 24, 15, 32, tzinfo=UTC), load_zone("Europe/London"))
    parse("yesterday in london sort util", context)  # tables and zones are loaded once in a process
    costs = sorted(((slowest_of(text, context), name) for name, text in INPUTS.items()), reverse=True)
    for seconds, name in costs[:5]:
        print(f"{1000 * seconds:7.2f} ms  {name[:70]}")
    slowest, ordinary = costs[0][0], statistics.median(seconds for seconds, _ in costs)
    print(
        f"slowest of {len(costs)} inputs {1000 * slowest:.1f} ms (bar {1000 * SLOWEST_S:.0f}); "
        f"median {1000 * ordinary:.2f} ms"
    )
    return costs[0][0] < SLOWEST_S


def importing() -> bool:
    """The grammar's import beyond the standard library's modules that it uses."""
    library = (
        "import re, enum, dataclasses, datetime, zoneinfo, functools, unicodedata, importlib.resources, typing, time"
    )
    timed = f"{library}; a = time.process_time(); import bot.core.grammar; print(time.process_time() - a)"
    root = Path(__file__).resolve().parent.parent
    taken = [
        float(
            subprocess.run([sys.executable, "-c", timed], cwd=root, capture_output=True, text=True, check=True).stdout
        )
        for _ in range(7)
    ]
    median = statistics.median(taken)
    print(f"import beyond the standard library: {1000 * median:.0f} ms of CPU (bar {1000 * IMPORT_S:.0f})")
    return median < IMPORT_S


if __name__ == "__main__":
    results = [reading(), importing()]
    sys.exit(0 if all(results) else 1)
