"""The command line's two promises: how little a dry run costs, and how little memory a large day takes.

Each figure is of a whole process, as the operating system accounts for it after the process has ended.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DRY_RUN_CPU_S = 0.5
LARGE_DAY_MB = 200
AGENTS = 200


def measured(arguments: list[str], environ: dict[str, str]) -> tuple[float, float, str]:
    """(CPU seconds, peak memory in MB, standard output) of one run of the command line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", *arguments], env={**os.environ, **environ}, stdout=subprocess.PIPE, text=True
    )
    output = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{arguments} ended with status {process.returncode}: {output}")
    divisor = 1024 if sys.platform != "darwin" else 1024 * 1024  # Linux counts in KiB, macOS in bytes
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / divisor, output


@contextmanager
def organisation(agents: int) -> Iterator[str]:
    """The URL of a made-up organisation in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "genesys_client.sandbox", "--port", "0", "--seed", "7", "--agents", str(agents)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process.stdout.readline().strip() if process.stdout else ""
    finally:
        process.terminate()
        process.wait()


def dry_run() -> bool:
    runs = [measured(["ask", "yesterday", "--dry-run"], {})[0] for _ in range(7)]
    median = statistics.median(runs)
    print(f"ask yesterday --dry-run: {median:.2f} s of CPU (7 runs, worst {max(runs):.2f}; bar {DRY_RUN_CPU_S})")
    return median < DRY_RUN_CPU_S


def large_day(question: str) -> bool:
    with organisation(AGENTS) as url:
        environ = {
            "GENESYS_CLIENT_ID": "sandbox-client",
            "GENESYS_CLIENT_SECRET": "sandbox-secret",
            "GENESYS_API_URL": url,
            "GENESYS_LOGIN_URL": url,
            "NO_PROXY": "127.0.0.1",
            "LOG_LEVEL": "ERROR",
        }
        cpu, peak, output = measured(["ask", question, "--format", "json"], environ)
    coverage = json.loads(output)["coverage"]
    print(
        f"ask {question!r}, {coverage['agents_asked']} agents: {peak:.0f} MB at the peak (bar {LARGE_DAY_MB}), "
        f"{cpu:.2f} s of CPU, {coverage['requests']} requests"
    )
    return peak < LARGE_DAY_MB


if __name__ == "__main__":
    kept = [dry_run(), large_day("yesterday"), large_day("yesterday by interval posted")]
    raise SystemExit(0 if all(kept) else 1)
