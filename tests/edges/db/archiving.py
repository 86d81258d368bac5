"""A process that writes one day again and again until it is killed.

    python -m tests.edges.db.archiving <url>

Each writing is younger than the one before, and all its bytes are the number of its conversations.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime, timedelta

from bot.core.sourcing import KeptDay
from bot.edges.db.archive import SqlDayStore
from bot.edges.db.engine import Database

DAY = date(2026, 11, 22)
BEGUN = datetime(2026, 11, 23, tzinfo=UTC)
SIZE = 400_000


def main(url: str) -> None:
    store = SqlDayStore(Database(url))
    for number in range(1, 100_000):
        about = KeptDay(DAY, BEGUN + timedelta(seconds=number), number % 251, running=False)
        store.keep("org", about, bytes([number % 251]) * SIZE, codec=1)
        os.write(1, b"written\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
