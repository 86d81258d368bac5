"""What a morning's questions cost once the night has read ahead: yesterday of 200 agents, posted and by the clock.

Everything is in one process: a made-up organisation behind the client, the archive in a SQLite file. The night's
reading fills it; then the conversations are cut alone, and the questions are asked as a person asks them, whose answers
also need status time, names and the posted sums to compare with. The process is warm: questions about the days before
came first. Each run asks anew: nothing of an answer is in memory but names.

python -m benchmarks.archive
"""

from __future__ import annotations

import gc
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.planning import posted_ask
from bot.edges.db.archive import SqlChores, SqlDayStore
from bot.edges.db.engine import Database
from bot.edges.db.migrate import upgrade
from bot.edges.logs import configure_logging
from bot.ports import Operation, Requester
from bot.services.cache import SharedCache
from bot.services.prefetch import Prefetch, PrefetchSettings
from bot.settings import load_settings
from bot.wiring import by_the_clock, report_service
from genesys_client import GenesysClient
from genesys_client.sandbox import DEFAULT_GRANT, Engine, SandboxAdapter

if TYPE_CHECKING:
    from collections.abc import Callable

AGENTS = 200
BAR_S = 0.3
NIGHT = datetime(2026, 3, 10, 2, 10, tzinfo=UTC)
MORNING = datetime(2026, 3, 10, 9, tzinfo=UTC)
QUESTION = "yesterday by interval clock"
QUESTIONS = ("yesterday", "yesterday by interval posted", QUESTION)
RUNS = 9


def main() -> int:
    """Print the figures; the exit status is 1 where a bar is missed."""
    configure_logging(format="console", level="ERROR")
    now = NIGHT
    engine = Engine(seed=7, agents=AGENTS, now=lambda: now)
    engine.behaviour = replace(engine.behaviour, requests_per_minute=1_000_000)
    client = GenesysClient(
        DEFAULT_GRANT.client_id,
        DEFAULT_GRANT.client_secret,
        adapter=SandboxAdapter(engine),
        requests_per_minute=1_000_000,
    )
    settings = load_settings({"REPORT_ZONE": "Europe/London"}, env_file=None)
    with tempfile.TemporaryDirectory() as folder, closing(Database(f"sqlite:///{Path(folder) / 'bot'}")) as database:
        upgrade(database)
        sources = by_the_clock(settings, client, clock=lambda: now, database=database)
        if sources.archive is None:
            raise SystemExit("the archive is off")
        answers = SharedCache(time.monotonic)
        service = report_service(
            settings,
            client,
            people=None,
            clock=lambda: now,
            database=database,
            clockwork=sources.work,
            half_hours=sources.half_hours,
            answers=answers,
        )
        night = Prefetch(
            sources.work,
            sources.archive,
            SqlChores(database, clock=lambda: now),
            PrefetchSettings(datetime.min.time().replace(hour=2), settings.zone),
            owner="benchmark",
            clock=lambda: now,
            half_hours=sources.half_hours,
            expected=service.watched,
        )
        began = time.perf_counter()
        night.fill(night.night(now))
        took = time.perf_counter() - began
        about = SqlDayStore(database).counts()
        conversations = sum(day.conversations for day in SqlDayStore(database).about(engine.organization.id).values())
        print(
            f"the night: {about['days']:.0f} days, {conversations:,} conversations in {len(engine.requests)} requests "
            f"and {took:.1f} s (the made-up organisation's own time included); {about['bytes'] / 1e6:.2f} MB kept"
        )
        now = MORNING
        operator = Requester(id="operator", operator=True)

        def answer(text: str) -> object:
            answers.clear()
            query = service.read(text, operator)
            return service.answer(query, operator, door="benchmark", operation=Operation.within(60))

        answer("2026-03-08..2026-03-09 by day clock")
        ask = posted_ask(service.read(QUESTION, operator), agent_ids=None)
        facts = sources.work.facts(ask, Operation.within(60))
        agents = facts.frame["agent_id"].nunique()
        gc.collect()
        gc.freeze()  # the made-up organisation's millions of objects, which the bot's own process doesn't have
        engine.requests.clear()
        print(f"{agents} agents with work; median of {RUNS} (worst), bar {BAR_S} s and no request:")
        met = agents > AGENTS / 2
        measured = {f"conversations cut, {QUESTION!r}": lambda: sources.work.facts(ask, Operation.within(60))}
        measured |= {f"the whole answer to {text!r}": partial(answer, text) for text in QUESTIONS}
        for what, work in measured.items():
            times = [timed(work) for _ in range(RUNS)]
            asked = Counter(request.path.removeprefix("/api/v2/") for request in engine.requests)
            engine.requests.clear()
            median, cpu = (statistics.median(column) for column in zip(*times, strict=True))
            met = met and median < BAR_S and not asked
            took = f"{median:.3f} s ({max(times)[0]:.3f}; {cpu:.3f} of CPU)"
            print(f"  {what}: {took}, {sum(asked.values())} requests {dict(asked) or ''}")
        service.close()
    client.close()
    return 0 if met else 1


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds that it takes, and seconds of CPU: beside other work the two differ."""
    began, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - used


if __name__ == "__main__":
    sys.exit(main())
