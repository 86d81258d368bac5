"""A process that takes the same deliveries as others, for tests that replay or kill.

    python -m tests.edges.db.keeping <url> <owner> <lease seconds> <file of answers> <deliveries> [stuck]

It takes `trigger-0` to `trigger-<n-1>`, says `taken`, and lives until its input ends. What it handles goes into the
file, one line each, written at one stroke; with `stuck` it says `begun` and handles nothing.
"""

from __future__ import annotations

import os
import sys
import threading
from datetime import UTC, datetime, timedelta

from bot.edges.db.commands import SqlCommandQueue, StoredCommand
from bot.edges.db.engine import Database
from bot.edges.db.jobs import Handler
from bot.edges.db.kept import KeptJobs
from bot.edges.jobs import ThreadJobs
from bot.ports import Errand


def main(url: str, owner: str, lease_s: str, path: str, deliveries: str, mode: str = "") -> None:
    answers = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def handle(key: str) -> None:
        if mode == "stuck":
            os.write(1, b"begun\n")
            threading.Event().wait()
        os.write(answers, f"{key} {owner}\n".encode())

    def resume(command: StoredCommand, _hold: object) -> None:
        handle(command.key)

    local = ThreadJobs(workers=1 if mode == "stuck" else 4, capacity=10_000)
    jobs = KeptJobs(SqlCommandQueue(Database(url)), local, owner=owner, lease_s=float(lease_s), poll_s=0.05)
    jobs.start({"question": Handler(resume, lambda command: None)})
    for number in range(int(deliveries)):
        key = f"trigger-{number}"
        errand = Errand("question", "U1", {"text": key}, datetime.now(UTC) + timedelta(minutes=25))
        jobs.submit(key, lambda key=key: handle(key), errand=errand)
    os.write(1, b"taken\n")
    sys.stdin.readline()  # its end is the end of whoever started this


main(*sys.argv[1:])
