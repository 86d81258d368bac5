"""One clock process over a database and a fake Slack, to be killed, frozen and stopped: `python -m tests.chaos.worker`.

Everything is the product's own but the answers, which need no platform. It says `ready` once it ticks; with
`--die-at` it kills itself at the first pass of that step.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import uuid
from datetime import UTC, datetime

from bot.edges.db.engine import Database
from bot.edges.db.ledger import SqlFireLedger
from bot.edges.db.schedules import SqlScheduleStore
from bot.edges.logs import configure_logging
from bot.edges.slack.api import SlackApi
from bot.edges.slack.messenger import SlackMessenger
from bot.edges.ticker import Ticker, run_clock
from bot.ports import Requester
from bot.services.delivery import DeliveryService, DeliverySettings
from tests.services.delivering import Reports

LEASE_S = 4.0
POST_TIMEOUT_S = 1.5
SETTLE_S = POST_TIMEOUT_S + 3.0
SECOND_SWEEP_S = 1.0


class Everybody:
    """Everybody is a member here."""

    def requester(self, slack_id: str) -> Requester:
        return Requester(id=slack_id)


class TimedOut(SlackApi):
    """The product's calls with the harness's time-out, which is no whole number of seconds."""

    def __init__(self, *, token: str, base_url: str) -> None:
        super().__init__(token=token, base_url=base_url)
        self._client.timeout = POST_TIMEOUT_S


def main() -> int:
    """Run until a signal."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    parser.add_argument("--slack", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--die-at", default="")
    options = parser.parse_args()
    configure_logging(format="json", level="WARNING")
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def passing(point: str) -> None:
        if point == options.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    database = Database(options.database, busy_timeout_s=10)
    service = DeliveryService(
        store=SqlScheduleStore(database),
        ledger=SqlFireLedger(database),
        messenger=SlackMessenger(TimedOut(token=options.token, base_url=options.slack)),
        reports=Reports(),
        people=Everybody(),
        process=f"{os.getpid()}-{uuid.uuid4().hex[:8]}",
        clock=lambda: datetime.now(UTC),
        settings=DeliverySettings(
            lease_s=LEASE_S,
            renew_s=1.0,
            settle_s=SETTLE_S,
            spread_s=2.0,
            second_sweep_s=SECOND_SWEEP_S,
            posts_a_minute=6000,
            lookups_a_minute=6000,
            looks_a_minute=6000,
            workers=4,
        ),
        pause_at=passing,
    )
    said = []

    def tick() -> None:
        service.tick()
        if not said:
            said.append(1)
            sys.stdout.write("ready\n")
            sys.stdout.flush()

    try:
        return run_clock(service, Ticker(tick, every_s=0.5))
    finally:
        database.close()


if __name__ == "__main__":
    sys.exit(main())
