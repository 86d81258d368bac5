from __future__ import annotations

import pytest
from slack_sdk import WebClient

from bot.demo.fake_slack import FakeSlack


class Clock:
    """A clock that moves when told to."""

    def __init__(self, now: float = 1_763_900_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def slack(clock):
    with FakeSlack(clock=clock) as fake:
        yield fake


@pytest.fixture
def ana(slack):
    return slack.add_person("ana", name="Ana Díaz", email="ana@example.com", tz="Europe/London")


@pytest.fixture
def ops(slack, ana):
    return slack.add_channel("ops", members=[ana])


@pytest.fixture
def client(slack):
    return WebClient(token=slack.bot_token, base_url=slack.url, retry_handlers=[], timeout=5)
