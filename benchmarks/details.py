"""One day of conversations into handle, ACW and hold by agent and half-hour: the official SDK, ours, and two between.

    python -m benchmarks.details
    python -m benchmarks.details --conversations 100000

Every side is a process of its own, imports included, against one server on loopback with the same pages; each has to
come to the same sums. The SDK is installed into an environment of its own, with the versions and hashes of
`benchmarks/requirements.txt`. After that the same fetch over a slow line: how near it comes to what latency and the
rate limit allow.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
PINNED = ROOT / "benchmarks" / "requirements.txt"
SDK_HOME = ROOT / ".venv" / "sdk"

SIDES = {
    "sdk": "the official SDK",
    "plain": "requests, json and pandas",
    "typed": "typed decode with sums",
    "ours": "ours",
    "whole": "ours, all that the bot keeps",
}
AS_SDK = {10_000: 15.0, 100_000: 45.0}
"""Conversations → how many times less CPU than the SDK."""
PEAK_SHARE = 0.5
AS_TYPED = 2.0
"""How many times the CPU of the typed decode, imports aside; from 100,000 on."""
SIDE_BY_SIDE = 8
NEAR = 1.3


@dataclass(frozen=True)
class Outcome:
    """What one process took, and what it handed in."""

    cpu_s: float
    peak_mb: float
    wall_s: float
    told: dict[str, Any]

    @property
    def work_s(self) -> float:
        """CPU without that of the imports."""
        return self.cpu_s - float(self.told["imported_s"])


@dataclass(frozen=True)
class Server:
    """Where the day is served, and how large it is."""

    url: str
    pages: int
    size: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=10_000)
    parser.add_argument("--sides", default=",".join(SIDES), help=f"of {', '.join(SIDES)}; empty: the slow line alone")
    parser.add_argument("--runs", type=int, default=3, help="of each side but the SDK, whose one takes long enough")
    parser.add_argument("--latency-ms", type=float, default=300.0, help="of the slow line; 0: leave it out")
    parser.add_argument("--rate", type=int, default=300, help="requests a minute that the slow line allows")
    options = parser.parse_args()
    sides = [side for side in SIDES if side in options.sides.split(",")]
    met = True
    if sides:
        with served(options.conversations) as server:
            outcomes = {side: outcome(side, server, 1 if side == "sdk" else options.runs) for side in sides}
        met = compared(options.conversations, server, outcomes)
    if options.latency_ms:
        met &= over_a_slow_line(options.conversations, options.latency_ms, options.rate)
    return 0 if met else 1


@contextmanager
def served(conversations: int, *more: str) -> Iterator[Server]:
    """A server that has made its day up already."""
    command = [sys.executable, "-m", "benchmarks.details_sides.server", "--conversations", str(conversations), *more]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield Server(f"http://127.0.0.1:{ready['port']}", ready["pages"], ready["bytes"])
        process.communicate("")


def outcome(side: str, server: Server, runs: int, *more: str) -> Outcome:
    """The run of middling CPU."""
    module = "ours" if side == "whole" else side
    python = sdk_python() if side == "sdk" else sys.executable
    command = [python, "-m", f"benchmarks.details_sides.{module}", "--url", server.url, *more]
    command += ["--whole"] if side == "whole" else []
    found = sorted((measured(command) for _ in range(runs)), key=lambda outcome: outcome.cpu_s)
    return found[len(found) // 2]


def measured(command: Sequence[str]) -> Outcome:
    """One run, by what the kernel says of the process."""
    with tempfile.TemporaryFile("w+") as out:
        began = time.monotonic()
        process = subprocess.Popen(command, cwd=ROOT, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}.")
        out.seek(0)
        told = json.loads(out.read())
    return Outcome(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, wall_s, told)


def sdk_python() -> str:
    """The interpreter of an environment that holds the SDK; made on the first call, and when the pins have changed."""
    python, ready = SDK_HOME / "bin" / "python", SDK_HOME / "ready"
    if not ready.exists() or ready.read_bytes() != PINNED.read_bytes():
        print(f"Setting up {SDK_HOME.relative_to(ROOT)} from {PINNED.relative_to(ROOT)} …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", SDK_HOME], check=True)
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(python),
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        subprocess.run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(PINNED)], check=True)
        ready.write_bytes(PINNED.read_bytes())
    return str(python)


def compared(conversations: int, server: Server, outcomes: dict[str, Outcome]) -> bool:
    """Print who took what, and whether the bars are met."""
    sums = {(o.told["cells"], o.told["handle_ms"], o.told["digest"]) for o in outcomes.values()}
    if len(sums) != 1:
        raise SystemExit(f"The sums differ: { {side: o.told for side, o in outcomes.items()} }")
    ((cells, handle_ms, _),) = sums
    print(f"{conversations:,} conversations, {server.size / 1e6:.0f} MB in {server.pages} pages of a hundred")
    print(f"the same sums on every side: {cells:,} half-hours of agents, {handle_ms / 3_600_000:,.1f} h of handle time")
    for side, took in outcomes.items():
        print(
            f"  {SIDES[side]:<30} CPU {took.cpu_s:7.2f} s, imports aside {took.work_s:7.2f} s, "
            f"peak {took.peak_mb:4.0f} MB, wall {took.wall_s:6.1f} s"
        )
    met = True
    if outcomes.keys() >= {"ours", "sdk"}:
        ours, sdk = outcomes["ours"], outcomes["sdk"]
        met &= told(
            "times less CPU than the SDK", sdk.cpu_s / ours.cpu_s, at_least=AS_SDK.get(conversations),
        )  # fmt: skip
        met &= told("of the SDK's peak memory", ours.peak_mb / sdk.peak_mb, at_most=PEAK_SHARE)
    if outcomes.keys() >= {"ours", "typed"}:
        bar = AS_TYPED if conversations >= 100_000 else None
        met &= told(
            "times the typed decode, imports aside", outcomes["ours"].work_s / outcomes["typed"].work_s, at_most=bar
        )
    return met


def over_a_slow_line(conversations: int, latency_ms: float, rate: int) -> bool:
    """The fetch alone, at the pace that latency, parallelism and the rate limit allow."""
    with served(conversations, "--latency-ms", str(latency_ms), "--rate", str(rate)) as server:
        took = outcome("ours", server, 1, "--requests-per-minute", str(rate))
        with urllib.request.urlopen(server.url) as answer:
            refused = json.load(answer)["refused"]
    requests = server.pages + 1
    by_latency = latency_ms / 1000 * server.pages / SIDE_BY_SIDE
    by_rate = (requests - 1) // rate * 60.0
    fetched_s = float(took.told["fetched_s"])
    print(
        f"{latency_ms:.0f} ms a request, {rate} requests a minute: {server.pages} pages in {fetched_s:.1f} s; "
        f"latency alone allows {by_latency:.1f} s, the rate {by_rate:.0f} s; {refused} requests were refused"
    )
    return told("times what they allow", fetched_s / max(by_latency, by_rate), at_most=NEAR)


def told(what: str, ratio: float, *, at_least: float | None = None, at_most: float | None = None) -> bool:
    """Print a ratio beside its bar; whether it is met."""
    bar = f" (bar: {at_least:g})" if at_least else f" (bar: {at_most:g})" if at_most else ""
    met = (at_least is None or ratio >= at_least) and (at_most is None or ratio <= at_most)
    print(f"  {ratio:.2f} {what}{bar}{'' if met else '  MISSED'}")
    return met


if __name__ == "__main__":
    sys.exit(main())
