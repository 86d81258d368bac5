"""The single process, as it is deployed: it answers over Socket Mode, posts what is scheduled, and stops on request."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.demo.fake_slack import FakeSlack
from genesys_client.sandbox import Engine, SandboxServer
from tests.acceptance.asking import environment

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
