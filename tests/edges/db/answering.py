"""A process that answers commands out of a database, for tests that kill, freeze and wake it.

    python -m tests.edges.db.answering <url> <owner> <lease seconds> <file of answers> [stuck]

It says `ready` once it works. What it answers goes into the file, one line a command, written at one stroke. With
`stuck` it says `begun` in the middle of its first answer and goes on when it is told to by a line.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

from bot.edges.db.commands import SqlCommandQueue
from bot.edges.db.engine import Database
from bot.edges.db.jobs import DatabaseJobs, Handler

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.edges.db.commands import StoredCommand


def main(url: str, owner: str, lease_s: str, path: str, mode: str = "") -> None:
    answers = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    go_on = threading.Event()

    def say(word: str) -> None:
        os.write(1, f"{word}\n".encode())

    def answer(command: StoredCommand, hold: Callable[[], bool]) -> None:
        if mode == "stuck":
            say("begun")
            go_on.wait()
        if hold():
            os.write(answers, f"{command.key} {owner}\n".encode())
        else:
            say("silent")

    def excuse(command: StoredCommand) -> None:
        os.write(answers, f"{command.key} excused\n".encode())

    jobs = DatabaseJobs(
        SqlCommandQueue(Database(url)),
        {"question": Handler(answer, excuse)},
        owner=owner,
        workers=1 if mode == "stuck" else 4,
        lease_s=float(lease_s),
        poll_s=0.02,
    )
    jobs.start()
    say("ready")
    while sys.stdin.readline():  # its end is the end of whoever started this
        go_on.set()


main(*sys.argv[1:])
