"""What a morning's question costs once the night has read ahead: yesterday by half-hours of 200 agents.

Everything is in one process: a made-up organisation behind the client, the archive in a SQLite file. The night's
reading fills it; then the question is asked of the archive alone, and as a person asks it, whose answer also needs
status time and the posted sums to compare with. The process is warm: one question of another kind came before.

python -m benchmarks.archive
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot.core.planning import posted_ask
from bot.edges.db.archive import SqlChores, SqlDayStore
from bot.edges.db.engine import Database
from bot.edges.db.migrate import upgrade
from bot.edges.logs import configure_logging
from bot.ports import Operation, Requester
from bot.services.prefetch import Prefetch, PrefetchSettings
from bot.settings import load_settings
from bot.wiring import by_the_clock, report_service
from genesys_client import GenesysClient
from genesys_client.sandbox import DEFAULT_GRANT, Engine, SandboxAdapter

AGENTS = 200
BAR_S = 0.3
NIGHT = datetime(2026, 3, 10, 2, 10, tzinfo=UTC)
MORNING = datetime(2026, 3, 10, 9, tzinfo=UTC)
QUESTION = "yesterday by interval clock"
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
        night = Prefetch(
            sources.work,
            sources.archive,
            SqlChores(database, clock=lambda: now),
            PrefetchSettings(datetime.min.time().replace(hour=2), settings.zone),
            owner="benchmark",
            clock=lambda: now,
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
        service = report_service(
            settings, client, people=None, clock=lambda: now, database=database, clockwork=sources.work
        )
        operator = Requester(id="operator", operator=True)

        def answer(text: str) -> object:
            query = service.read(text, operator)
            return service.answer(query, operator, door="benchmark", operation=Operation.within(60))

        answer("yesterday by interval posted")
        ask = posted_ask(service.read(QUESTION, operator), agent_ids=None)
        facts = sources.work.facts(ask, Operation.within(60))
        engine.requests.clear()
        times = []
        for _ in range(RUNS):
            began = time.perf_counter()
            facts = sources.work.facts(ask, Operation.within(60))
            times.append(time.perf_counter() - began)
        asked = len(engine.requests)
        worst, median = max(times), statistics.median(times)
        agents = facts.frame["agent_id"].nunique()
        print(
            f"from the archive: {QUESTION!r}, {agents} agents with work: {median:.3f} s (median of {RUNS}, worst "
            f"{worst:.3f}; bar {BAR_S}), {asked} requests"
        )
        began = time.perf_counter()
        answer(QUESTION)
        whole = time.perf_counter() - began
        paths = Counter(request.path.removeprefix("/api/v2/") for request in engine.requests)
        print(f"the whole answer: {whole:.3f} s, {sum(paths.values())} requests {dict(paths)}")
        service.close()
    client.close()
    details = sum(count for path, count in paths.items() if "details" in path)
    return 0 if median < BAR_S and asked == details == 0 and agents > AGENTS / 2 else 1


if __name__ == "__main__":
    sys.exit(main())
