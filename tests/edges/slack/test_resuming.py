"""Questions whose own process died: answered by another, or the person is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select, update

from bot.demo.fake_slack import FakeSlack
from bot.edges.db.commands import SqlCommandQueue
from bot.edges.db.engine import Database
from bot.edges.db.jobs import Handler
from bot.edges.db.kept import KeptJobs
from bot.edges.db.tables import commands, metadata
from bot.edges.jobs import ThreadJobs
from bot.edges.slack import SlackSettings, build_slack
from bot.edges.slack.answering import CANCELLED, RESTARTED, RESTARTED_SHARING
from bot.edges.slack.questions import QUESTION, Question
from bot.edges.slack.reply import URL_LIFE_S, Address, Door
from tests.edges.slack.worlds import WAIT_S, Clock, Reports

if TYPE_CHECKING:
    from collections.abc import Iterator

LEASE_S = 30.0


@dataclass
class Process:
    """One process of the bot."""

    jobs: KeptJobs
    reports: Reports
    edge: Any

    def works(self) -> None:
        self.jobs.start({QUESTION: Handler(self.edge.desk.resume, self.edge.desk.excuse)})


@dataclass
class Two:
    """Two processes over one database; the first gets what Slack delivers, the second isn't started yet."""

    slack: FakeSlack
    database: Database
    clock: Clock
    first: Process
    second: Process
    ana: Any
    ops: Any

    def ask_and_die(self, text: str = "yesterday") -> Any:
        """The first process is in the midst of its answer, and never shows a sign of life again."""
        self.first.reports.gate.clear()
        asked = self.slack.command(text, person=self.ana, channel=self.ops)
        assert self.first.reports.begun.acquire(timeout=WAIT_S)
        self.clock.ahead += LEASE_S
        return asked

    def stored(self) -> int:
        with self.database.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(commands)) or 0


@pytest.fixture
def two() -> Iterator[Two]:
    clock = Clock()
    database = Database("sqlite://", scripted=True)
    metadata.create_all(database.engine)
    with FakeSlack() as slack:
        ana = slack.add_person("ana", name="Ana Díaz", email="ana@example.com", tz="Europe/London")
        ops = slack.add_channel("ops", members=[ana], id="COPS")
        settings = SlackSettings(
            bot_token=slack.bot_token,
            signing_secret=slack.signing_secret,
            api_url=slack.url,
            named_channels=frozenset({"COPS"}),
        )

        def now() -> datetime:
            return datetime.fromtimestamp(clock(), UTC)

        def process(owner: str) -> Process:
            queue = SqlCommandQueue(database, clock=now)
            jobs = KeptJobs(queue, ThreadJobs(workers=2), owner=owner, lease_s=LEASE_S, poll_s=0.01, clock=now)
            reports = Reports()
            edge = build_slack(settings, reports=reports, jobs=jobs, clock=clock)
            edge.people.requester(ana.id)
            return Process(jobs, reports, edge)

        first, second = process("first"), process("second")
        first.jobs._poll_s = 3600.0  # what it leaves is for the second
        first.works()
        slack.connect(app=first.edge.app)
        yield Two(slack, database, clock, first, second, ana, ops)
        for each in (first, second):
            each.reports.gate.set()
            each.jobs.close(WAIT_S)
    database.close()


def test_a_question_is_a_row_until_it_is_answered(two):
    two.first.reports.gate.clear()
    asked = two.slack.command("yesterday", person=two.ana, channel=two.ops)
    assert two.first.reports.begun.acquire(timeout=WAIT_S)
    assert two.stored() == 1

    two.first.reports.gate.set()
    asked.wait()

    assert two.first.jobs.wait_idle(WAIT_S)
    assert two.stored() == 0


def test_another_process_answers_what_a_dead_one_left(two):
    asked = two.ask_and_die()

    two.second.works()

    answer = asked.wait()
    assert answer.to == two.ana.id
    (call,) = two.second.reports.asked
    assert (call.door, call.query.text, call.requester.id) == ("command", "yesterday", two.ana.id)


def test_a_second_delivery_of_the_same_question_is_known_to_every_process(two):
    asked = two.slack.command("yesterday", person=two.ana, channel=two.ops)
    asked.wait()
    two.second.works()
    two.slack.connect(app=two.second.edge.app)

    asked.again(retry=True)

    assert two.second.jobs.wait_idle(WAIT_S)
    assert two.second.reports.asked == []


def test_the_read_that_counts_is_as_of_the_delivery(two):
    two.ask_and_die()

    two.second.works()

    assert two.second.reports.begun.acquire(timeout=WAIT_S)
    ((_, _, now),) = two.second.reports.reads
    assert (datetime.fromtimestamp(two.clock(), UTC) - now).total_seconds() >= LEASE_S


def test_an_answer_to_a_channel_is_not_posted_a_second_time(two):
    asked = two.ask_and_die("yesterday share")

    two.second.works()

    assert asked.wait().text == RESTARTED_SHARING
    assert two.second.reports.asked == []
    assert [m for m in two.slack.messages(two.ops) if m.to is None] == []


def test_a_question_found_too_late_is_excused_in_a_direct_message(two):
    two.ask_and_die()
    two.clock.ahead += URL_LIFE_S

    two.second.works()

    told = two.slack.wait_for_message(two.slack.dm(two.ana), containing=RESTARTED, timeout=WAIT_S)
    assert told.via == "chat.postMessage"
    assert two.second.reports.asked == []


def test_a_question_that_another_version_stored_is_excused(two):
    two.ask_and_die()
    with two.database.engine.begin() as connection:
        connection.execute(update(commands).values(payload={"words": "yesterday"}))

    two.second.works()

    assert two.slack.wait_for_message(two.slack.dm(two.ana), containing=RESTARTED, timeout=WAIT_S)


def test_a_process_that_lost_the_question_while_it_resumed_it_keeps_silent(two):
    asked = two.ask_and_die()
    two.second.reports.gate.clear()
    two.second.works()
    assert two.second.reports.begun.acquire(timeout=WAIT_S)
    with two.database.engine.begin() as connection:
        connection.execute(update(commands).values(attempt=commands.c.attempt + 1, owner="third"))

    two.second.reports.gate.set()

    assert two.second.jobs.close(WAIT_S)
    assert asked.replies == []


@pytest.mark.parametrize(
    "question",
    [
        Question("yesterday", Address("U1", Door.COMMAND, "C1", None, "https://hooks.slack.com/x", 1.5), "trigger:1"),
        Question("", Address("U1", Door.BUTTON), "trigger:2", fresh=True, resend="s1:slot", whole_slot=True),
    ],
    ids=["command", "resend"],
)
def test_a_question_comes_back_from_its_errand_as_it_was(question: Question) -> None:
    import json

    assert Question.of(json.loads(json.dumps(question.errand.payload))) == question


def test_a_question_is_called_off_through_another_process_too(two, monkeypatch):
    monkeypatch.setattr("bot.edges.slack.answering.PROGRESS_AFTER_S", 0.0)
    monkeypatch.setattr("bot.edges.slack.answering.WATCH_S", 0.01)
    two.first.reports.gate.clear()
    asked = two.slack.command("yesterday", person=two.ana, channel=two.ops)
    line = asked.wait()
    assert two.first.reports.begun.acquire(timeout=WAIT_S)
    two.slack.connect(app=two.second.edge.app)

    two.slack.press(line, "Cancel", person=two.ana)

    two.slack.wait_for(lambda: line.text == CANCELLED, what="the word that it is cancelled")
    assert two.first.reports.asked[0].operation.cancelled.wait(WAIT_S)
    two.first.reports.gate.set()
    assert two.first.jobs.wait_idle(WAIT_S)
    assert (two.stored(), len(asked.replies)) == (0, 1)
