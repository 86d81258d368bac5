"""Fifty people ask at once, and each answer takes the platform five seconds: how long do the acknowledgements take?

The whole bot runs as it would in production, in a process of its own, once under gunicorn with signed requests and once
over Socket Mode, against a fake Slack in this process and a made-up organisation in a third that answers slowly on
purpose. Every question is another one, so none can be answered out of another's cache.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.demo.fake_slack import FakeSlack  # noqa: E402  found through the line above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.demo.fake_slack import Channel, Delivery, Person

SLOWEST_ACK_S = 0.5
START_S = 20.0
MEDIA = ("voice", "chat", "email", "callback", "message")
DAYS = 28


@dataclass(frozen=True)
class Round:
    """What fifty people saw."""

    acks: list[float]
    missed: int
    answered: int
    took_s: float


def questions() -> Iterator[str]:
    """Every day and medium by itself: one aggregate request each."""
    today = date.today()  # noqa: DTZ011  any day will do
    for medium, back in itertools.product(MEDIA, range(1, DAYS + 1)):
        for grouping in ("by media", "by queue"):
            yield f"{today - timedelta(days=back)} {medium} {grouping}"


@contextmanager
def organisation(seconds: float) -> Iterator[str]:
    """A made-up organisation whose conversation aggregates take so long."""
    process = subprocess.Popen(
        [sys.executable, "-m", "genesys_client.sandbox", "--port", "0", "--seed", "7"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        slow = {"kind": "slow", "seconds": seconds, "path": "/api/v2/analytics/conversations/aggregates"}
        post(f"{url}/sandbox/faults", {"faults": [slow]})
        # The organisation's own limit is another benchmark's matter.
        post(f"{url}/sandbox/behaviour", {"requests_per_minute": 100_000})
        yield url
    finally:
        process.terminate()
        process.wait()


def post(url: str, body: object) -> None:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        response.read()


@contextmanager
def bot(arguments: list[str], slack: FakeSlack, platform: str, port: int) -> Iterator[None]:
    """The bot in a process of its own."""
    environ = {
        **os.environ,
        "GENESYS_CLIENT_ID": "sandbox-client",
        "GENESYS_CLIENT_SECRET": "sandbox-secret",
        "GENESYS_API_URL": platform,
        "GENESYS_LOGIN_URL": platform,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.url,
        "DATABASE_URL": "sqlite://",
        "SUPERVISORS": "*",
        "COMMANDS_A_MINUTE": "1000",
        "LOG_LEVEL": "WARNING",
        "NO_PROXY": "127.0.0.1",
        "PORT": str(port),
    }
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environ, stdout=log, stderr=log)
        try:
            yield
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read())
            raise
        finally:
            process.terminate()
            process.wait()


@contextmanager
def over_http(slack: FakeSlack, platform: str) -> Iterator[None]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    slack.connect(url=f"http://127.0.0.1:{port}/slack/events")
    with bot(["-m", "gunicorn"], slack, platform, port):
        ends = time.monotonic() + START_S
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1).close()
                break
            except OSError:
                if time.monotonic() > ends:
                    raise
                time.sleep(0.1)
        yield


@contextmanager
def over_sockets(slack: FakeSlack, platform: str) -> Iterator[None]:
    slack.connect(sockets=True)
    with bot(["-m", "bot"], slack, platform, 3000):  # Socket Mode listens on none
        slack.sockets.wait_for(count=2, timeout=START_S)
        yield


def ask_at_once(
    slack: FakeSlack, people: list[Person], channel: Channel, texts: list[str], pool: ThreadPoolExecutor
) -> Round:
    begun = time.monotonic()

    def ask(person: Person, text: str) -> Delivery:
        return slack.command(text, person=person, channel=channel)

    deliveries = list(pool.map(ask, people, texts))
    answered = 0
    for delivery in deliveries:
        try:
            reply = delivery.wait(timeout=120)
            while "Still working" in reply.text:
                reply = delivery.wait(2, timeout=120)
        except TimeoutError:
            continue
        has_figures = any(block["type"] in {"data_table", "rich_text"} for block in reply.blocks)
        if not has_figures:
            print(f"no figures: {reply.text[:200]}")
        answered += has_figures
    acks = [delivery.took_s for delivery in deliveries]
    missed = sum(not delivery.acknowledged for delivery in deliveries)
    return Round(acks, missed, answered, time.monotonic() - begun)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--transport", choices=["http", "socket", "both"], default="both")
    chosen = parser.parse_args()
    transports = {"http": over_http, "socket": over_sockets}
    good = True
    for name, transport in transports.items():
        if chosen.transport not in {name, "both"}:
            continue
        with organisation(chosen.seconds) as platform, FakeSlack() as slack:
            people = [slack.add_person(f"p{i}", email=f"p{i}@example.com") for i in range(chosen.people)]
            channel = slack.add_channel("floor", members=people)
            texts = questions()
            acks: list[float] = []
            with transport(slack, platform), ThreadPoolExecutor(chosen.people) as pool:
                for number in range(1, chosen.rounds + 1):
                    asked = list(itertools.islice(texts, chosen.people))
                    seen = ask_at_once(slack, people, channel, asked, pool)
                    acks += seen.acks
                    good &= not seen.missed and seen.answered == chosen.people and max(seen.acks) < SLOWEST_ACK_S
                    print(
                        f"{name:6} round {number}: slowest ack {max(seen.acks) * 1000:4.0f} ms, "
                        f"median {statistics.median(seen.acks) * 1000:4.0f} ms; missed {seen.missed}; "
                        f"answered {seen.answered} of {chosen.people} in {seen.took_s:.0f} s",
                        flush=True,
                    )
            print(f"{name:6} slowest of {len(acks)}: {max(acks) * 1000:.0f} ms (bar {SLOWEST_ACK_S * 1000:.0f} ms)")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
