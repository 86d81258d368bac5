"""The Slack edge against the fake Slack."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.demo.fake_slack import FakeSlack
from bot.edges.jobs import ThreadJobs
from bot.edges.slack import SlackSettings, build_slack
from tests.edges.slack.worlds import WAIT_S, Clock, Reports, World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(request: pytest.FixtureRequest, clock: Clock) -> Iterator[World]:
    more = getattr(request, "param", {})
    with FakeSlack(**more.get("slack", {})) as slack:
        ana = slack.add_person("ana", name="Ana Díaz", email="ana@example.com", tz="Europe/London")
        ops = slack.add_channel("ops", members=[ana], id="COPS")
        settings = SlackSettings(
            bot_token=slack.bot_token,
            signing_secret=slack.signing_secret,
            api_url=slack.url,
            named_channels=frozenset({"CNAMED"}),
            commands_a_minute=1_000,
            commands_in_flight=1_000,
        )
        settings = replace(settings, **more.get("settings", {}))
        jobs = ThreadJobs(**({"workers": 4, "capacity": 50} | more.get("jobs", {})))
        reports = Reports()
        edge = build_slack(settings, reports=reports, jobs=jobs, clock=clock)
        edge.api.sleep = lambda _seconds: None
        slack.connect(app=edge.app)
        yield World(slack, reports, jobs, edge, ana, ops)
        reports.gate.set()
        jobs.close(WAIT_S)
