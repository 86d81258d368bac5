"""Fifty people ask at once, and each answer takes the platform five seconds: how long do the acknowledgements take?

Then all of them press a button under their answers at once, and type into the picker of agents, of whom there are
10,000; the answer of a type-ahead is its acknowledgement.

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

    from bot.demo.fake_slack import Channel, Delivery, Message, Person

SLOWEST_ACK_S = 0.5
SLOWEST_PRESS_S = 0.3
SLOWEST_SUGGESTION_S = 0.3
AGENTS = 10_000
LETTERS = ("an", "ma", "sa", "ka", "jo", "el", "yu")
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
    answers: list[Message | None]
    """One a person; None where none came."""


def questions() -> Iterator[str]:
    """Every day and medium by itself: one aggregate request each."""
    today = date.today()  # noqa: DTZ011  any day will do
    for medium, back in itertools.product(MEDIA, range(1, DAYS + 1)):
        for grouping in ("by media", "by queue"):
            yield f"{today - timedelta(days=back)} {medium} {grouping}"


@contextmanager
def organisation(seconds: float, agents: int = 36) -> Iterator[str]:
    """A made-up organisation whose conversation aggregates take so long."""
    process = subprocess.Popen(
        [sys.executable, "-m", "genesys_client.sandbox", "--port", "0", "--seed", "7", "--agents", str(agents)],
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
    def ask(person: Person, text: str) -> Delivery:
        return slack.command(text, person=person, channel=channel)

    begun = time.monotonic()
    return seen(list(pool.map(ask, people, texts)), begun)


def press_at_once(slack: FakeSlack, people: list[Person], answers: list[Message], pool: ThreadPoolExecutor) -> Round:
    """Everybody presses the same button under her own answer; each asks for another day."""

    def press(person: Person, answer: Message) -> Delivery:
        return slack.press(answer, "ask:prev", person=person)

    begun = time.monotonic()
    return seen(list(pool.map(press, people, answers)), begun)


def seen(deliveries: list[Delivery], begun: float) -> Round:
    """What became of deliveries that were all on their way at once."""
    answers: list[Message | None] = []
    for delivery in deliveries:
        try:
            reply = delivery.wait(timeout=120)
            while "Still working" in reply.text:
                reply = delivery.wait(2, timeout=120)
        except TimeoutError:
            answers.append(None)
            continue
        has_figures = any(block["type"] in {"data_table", "rich_text"} for block in reply.blocks)
        if not has_figures:
            print(f"no figures: {reply.text[:200]}")
        answers.append(reply if has_figures else None)
    acks = [delivery.took_s for delivery in deliveries]
    missed = sum(not delivery.acknowledged for delivery in deliveries)
    return Round(acks, missed, sum(map(bool, answers)), time.monotonic() - begun, answers)


def suggest_at_once(
    slack: FakeSlack, people: list[Person], channel: Channel, rounds: int, pool: ThreadPoolExecutor
) -> list[float]:
    """How long everybody's type-ahead takes, in rounds of all at once; the names are in each process's memory."""
    # A made-up organisation of that size takes minutes to make up a day, so no answer is asked for.
    picker = {"type": "external_select", "action_id": "agent_pick", "min_query_length": 2}
    block = {"type": "actions", "block_id": "pick:intervals yesterday", "elements": [picker]}
    answer = slack.world.post(
        channel=channel.id, user=slack.bot_user_id, via="chat.postMessage", payload={"text": "…", "blocks": [block]}
    )

    def typed(person: Person, letters: str) -> tuple[float, int]:
        delivery = slack.type_ahead(answer, "agent_pick", letters, person=person)
        return delivery.took_s, len(delivery.options)

    def everybody() -> list[tuple[float, int]]:
        return list(pool.map(typed, people, itertools.islice(itertools.cycle(LETTERS), len(people))))

    # A name that nobody has makes a process read all names; people whom it doesn't know it gets to know.
    ends = time.monotonic() + 60
    while not all(count for _, count in everybody()):
        if time.monotonic() > ends:
            raise TimeoutError("some process never learnt the agents' names")
        for person in people[:8]:
            slack.command("intervals Zzyzx yesterday", person=person, channel=channel).wait(timeout=60)
    return [took for _ in range(rounds) for took, _ in everybody()]


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
            presses: list[float] = []
            with transport(slack, platform), ThreadPoolExecutor(chosen.people) as pool:
                for number in range(1, chosen.rounds + 1):
                    asked = list(itertools.islice(texts, chosen.people))
                    asked_round = ask_at_once(slack, people, channel, asked, pool)
                    acks += asked_round.acks
                    good &= not asked_round.missed and asked_round.answered == chosen.people
                    good &= max(asked_round.acks) < SLOWEST_ACK_S
                    print(
                        f"{name:6} round {number}: slowest ack {max(asked_round.acks) * 1000:4.0f} ms, "
                        f"median {statistics.median(asked_round.acks) * 1000:4.0f} ms; missed {asked_round.missed}; "
                        f"answered {asked_round.answered} of {chosen.people} in {asked_round.took_s:.0f} s",
                        flush=True,
                    )
                    pressed = press_at_once(slack, people, [a for a in asked_round.answers if a], pool)
                    presses += pressed.acks
                    good &= not pressed.missed and pressed.answered == asked_round.answered
            if not presses:
                return 1
            good &= max(presses) < SLOWEST_PRESS_S
            print(f"{name:6} slowest of {len(acks)}: {max(acks) * 1000:.0f} ms (bar {SLOWEST_ACK_S * 1000:.0f} ms)")
            print(
                f"{name:6} slowest of {len(presses)} presses: {max(presses) * 1000:.0f} ms, "
                f"median {statistics.median(presses) * 1000:.0f} ms (bar {SLOWEST_PRESS_S * 1000:.0f} ms)",
                flush=True,
            )
        with organisation(0, AGENTS) as platform, FakeSlack() as slack:
            people = [slack.add_person(f"p{i}", email=f"p{i}@example.com") for i in range(chosen.people)]
            channel = slack.add_channel("floor", members=people)
            with transport(slack, platform), ThreadPoolExecutor(chosen.people) as pool:
                suggestions = suggest_at_once(slack, people, channel, chosen.rounds, pool)
            good &= max(suggestions) < SLOWEST_SUGGESTION_S
            print(
                f"{name:6} slowest of {len(suggestions)} type-aheads among {AGENTS:,} agents: "
                f"{max(suggestions) * 1000:.0f} ms, median {statistics.median(suggestions) * 1000:.0f} ms "
                f"(bar {SLOWEST_SUGGESTION_S * 1000:.0f} ms)",
                flush=True,
            )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
