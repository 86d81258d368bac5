"""The processes as they are deployed: they answer, post what is scheduled, once, and stop on request."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from bot.demo.fake_slack import FakeSlack
from genesys_client.sandbox import Engine, Fault, SandboxServer
from tests.acceptance.asking import environment
from tests.databases import fresh_database, postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as slack:
        yield slack


@pytest.fixture
def process(slack: FakeSlack, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with SandboxServer(Engine(seed=7)) as platform:
        environ = {
            **os.environ,
            **environment(platform.url),
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.url,
            "SUPERVISORS": "*",
            "REPORT_ZONE": "Europe/London",
            "NO_PROXY": "127.0.0.1",
            "DATABASE_URL": f"sqlite:///{tmp_path / 'bot.sqlite3'}",
        }
        slack.connect(sockets=True)
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen([sys.executable, "-m", "bot"], cwd=ROOT, env=environ, stdout=log, stderr=log)
            try:
                slack.sockets.wait_for(count=2, timeout=PATIENCE_S)
                yield process
            finally:
                process.kill()
                process.wait(PATIENCE_S)


def test_one_process_answers_schedules_posts_and_stops(slack: FakeSlack, process: subprocess.Popen[bytes]) -> None:
    ana = slack.add_person("ana", email="ana@example.com", tz="Europe/London")
    ops = slack.add_channel("ops", members=[ana])

    made = slack.command("schedule daily 8:00 yesterday by team", person=ana, channel=ops)
    assert "schedule 1" in made.wait(timeout=PATIENCE_S).text.lower()
    assert slack.command("run 1", person=ana, channel=ops).wait(timeout=PATIENCE_S)
    posted = slack.wait_for(
        lambda: slack.messages(ops, via="chat.postMessage"), timeout=PATIENCE_S, what="the scheduled post"
    )

    assert len(posted) == 1
    assert "data_table" in [block["type"] for block in posted[0].blocks]
    assert posted[0].metadata["event_type"] == "utilization_summary"
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0


# -- web, clock and release over one Postgres ----------------------------------------------------------------------


def started(arguments: list[str], environ: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        return subprocess.Popen([sys.executable, "-m", *arguments], cwd=ROOT, env=environ, stdout=file, stderr=file)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_until_serving(port: int) -> None:
    """Until a worker answers: the socket listens from the master's first moment on."""
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        with contextlib.suppress(OSError):
            page(f"http://127.0.0.1:{port}/healthz")
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing answers on {port}")


def page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        return answer.read().decode()


def test_web_and_two_clocks_share_a_postgres_and_post_once(slack: FakeSlack, tmp_path: Path) -> None:
    ana = slack.add_person("ana", email="ana@example.com", tz="Europe/London")
    ops = slack.add_channel("ops", members=[ana])
    port = free_port()
    with postgres_server() as server, fresh_database(server) as url, SandboxServer(Engine(seed=7)) as platform:
        environ = {
            **os.environ,
            **environment(platform.url),
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": slack.url,
            "SUPERVISORS": "*",
            "REPORT_ZONE": "Europe/London",
            "NO_PROXY": "127.0.0.1",
            "DATABASE_URL": url,
            "TMPDIR": str(tmp_path),
            "PORT": str(port),
        }
        refused = started(["bot", "clock"], environ, tmp_path / "refused")
        assert refused.wait(PATIENCE_S) == 4  # nobody has run the release step
        assert b"python -m bot migrate" in (tmp_path / "refused").read_bytes()
        assert started(["bot", "migrate"], environ, tmp_path / "release").wait(PATIENCE_S) == 0
        clocks = [started(["bot", "clock"], environ, tmp_path / f"clock{n}") for n in range(2)]
        web = started(["gunicorn"], environ, tmp_path / "web")
        try:
            wait_until_serving(port)
            slack.connect(url=f"http://127.0.0.1:{port}/slack/events")
            assert (
                "schedule 1"
                in slack.command("schedule daily 8:00 yesterday by team", person=ana, channel=ops)
                .wait(timeout=PATIENCE_S)
                .text.lower()
            )
            slack.command("run 1", person=ana, channel=ops)
            posted = slack.wait_for(
                lambda: slack.messages(ops, via="chat.postMessage"), timeout=PATIENCE_S, what="the scheduled post"
            )
            assert len(posted) == 1
            assert "schedules heartbeat_age_s" in page(f"http://127.0.0.1:{port}/healthz")
            assert 'schedules{what="skipped"} 0.0' in page(f"http://127.0.0.1:{port}/metrics")
            for process in (*clocks, web):
                process.send_signal(signal.SIGTERM)
            assert [process.wait(PATIENCE_S) for process in (*clocks, web)] == [0, 0, 0]
        finally:
            for process in (*clocks, web):
                process.kill()
                process.wait(PATIENCE_S)
    assert len(slack.messages(ops, via="chat.postMessage")) == 1


def test_a_question_of_a_killed_process_is_answered_by_the_worker(slack: FakeSlack, tmp_path: Path) -> None:
    ana = slack.add_person("ana", email="ana@example.com", tz="Europe/London")
    port, engine = free_port(), Engine(seed=7)
    engine.faults = [Fault("slow", seconds=5.0, path="/api/v2/analytics/conversations", times=1)]
    with SandboxServer(engine) as platform:
        environ = {
            **os.environ,
            **environment(platform.url),
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": slack.url,
            "SUPERVISORS": "*",
            "NO_PROXY": "127.0.0.1",
            "DATABASE_URL": f"sqlite:///{tmp_path / 'bot.sqlite3'}",
            "TMPDIR": str(tmp_path),
            "PORT": str(port),
        }
        web = started(["gunicorn"], environ, tmp_path / "web")
        worker: subprocess.Popen[bytes] | None = None
        try:
            wait_until_serving(port)
            slack.connect(url=f"http://127.0.0.1:{port}/slack/events")
            asked = slack.command("yesterday", person=ana)
            assert asked.acknowledged
            workers = psutil.Process(web.pid).children()
            web.kill()
            for process in workers:
                process.kill()
            worker = started(["bot", "worker"], environ, tmp_path / "worker")
            tables = slack.wait_for(  # on a busy machine she hears before that it takes long
                lambda: [reply for reply in asked.replies if "data_table" in [block["type"] for block in reply.blocks]],
                timeout=PATIENCE_S,
                what="the table",
            )
            assert len(tables) == 1
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(PATIENCE_S) == 0
        finally:
            for process in filter(None, (web, worker)):
                process.kill()
                process.wait(PATIENCE_S)
