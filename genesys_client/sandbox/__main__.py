"""`python -m genesys_client.sandbox`: a fake organisation on a loopback port, until it is told to stop."""

from __future__ import annotations

import argparse
import gc
import signal
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from genesys_client.sandbox.access import DEFAULT_GRANT
from genesys_client.sandbox.engine import Engine
from genesys_client.sandbox.server import SandboxServer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} needs an offset or Z")
    return moment


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise argparse.ArgumentTypeError(f"{text} is not a zone of the IANA database") from error


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m genesys_client.sandbox",
        description="A fake Genesys Cloud organisation over loopback HTTP.",
        epilog=f"Credentials: {DEFAULT_GRANT.client_id} / {DEFAULT_GRANT.client_secret}. "
        "API and login share the address that is printed.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 (the default) picks a free one")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same people and days")
    parser.add_argument("--agents", type=int, default=36, help="how many take interactions, at least 24")
    parser.add_argument("--zone", type=_zone, default="Europe/London", help="in which the shifts are")
    parser.add_argument("--now", type=_instant, help="where the clock stands; without it, the real one runs")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the address is printed once it listens."""
    options = _arguments(words)
    gc.set_threshold(200_000, 50, 100)  # days are millions of objects without a cycle, and stay
    standing: datetime | None = options.now
    now: Callable[[], datetime] = (lambda: datetime.now(UTC)) if standing is None else (lambda: standing)
    engine = Engine(seed=options.seed, agents=options.agents, zone=options.zone, now=now)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with SandboxServer(engine, port=options.port) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
