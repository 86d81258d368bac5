"""The HTTP form as it is deployed: gunicorn reads its file, serves, counts, and stops without losing an answer."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from bot.demo.fake_slack import FakeSlack
from genesys_client.sandbox import DEFAULT_GRANT, Engine, Fault, SandboxServer

ROOT = Path(__file__).resolve().parents[2]
START_S = 30.0


@pytest.fixture
def slack():
    with FakeSlack() as slack:
        yield slack


@pytest.fixture
def engine():
    return Engine(seed=7)


@pytest.fixture
def served(slack, engine, tmp_path):
    """(process, origin) of a running gunicorn."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with SandboxServer(engine) as platform:
        environ = {
            **os.environ,
            "GENESYS_CLIENT_ID": DEFAULT_GRANT.client_id,
            "GENESYS_CLIENT_SECRET": DEFAULT_GRANT.client_secret,
            "GENESYS_API_URL": platform.url,
            "GENESYS_LOGIN_URL": platform.url,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": slack.url,
            "SUPERVISORS": "*",
            "NO_PROXY": "127.0.0.1",
            "TMPDIR": str(tmp_path),
            "DATABASE_URL": f"sqlite:///{tmp_path / 'bot.sqlite3'}",
            "PORT": str(port),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn"], cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        listening = threading.Event()

        def read():
            for line in process.stderr:
                if "Booting worker" in line:
                    listening.set()

        reader = threading.Thread(target=read)
        reader.start()
        try:
            assert listening.wait(START_S)
            slack.connect(url=f"http://127.0.0.1:{port}/slack/events")
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(START_S)
            reader.join(START_S)
            process.stderr.close()


def get(url):
    with urllib.request.urlopen(url, timeout=START_S) as page:
        return page.read().decode()


def test_asked_to_stop_it_answers_first_and_leaves_nothing_behind(slack, engine, served, tmp_path):
    process, origin = served
    assert get(f"{origin}/readyz") == "room: ok\njobs: ok\n"
    engine.faults = [Fault("slow", seconds=1.0, path="/api/v2/analytics/conversations")]
    ana = slack.add_person("ana", email="ana@example.com")
    asked = slack.command("yesterday", person=ana)
    assert asked.acknowledged
    page = get(f"{origin}/metrics")
    assert 'slack_ack_seconds_count{kind="command"} 1.0' in page
    assert 'jobs{state="running"} 1.0' in page
    process.send_signal(signal.SIGTERM)
    answer = asked.wait(timeout=START_S)
    if not answer.blocks:  # on a busy machine a line of progress comes first
        answer = asked.wait(2, timeout=START_S)
    assert "data_table" in [block["type"] for block in answer.blocks]
    assert process.wait(START_S) == 0
    assert list(tmp_path.glob("utilization-metrics-*")) == []
