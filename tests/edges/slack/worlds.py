"""The Slack edge against the fake Slack, with a report service that answers from memory."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from bot.core.answer import Answer, Column, Coverage, Group, Row, RowState, TextAnswer, Unit
from bot.core.intervals import Interval
from bot.core.query import Filters, Output, Query, Range, Selector, SelectorKind, Verb
from bot.core.rights import PRIVATE, for_audience
from bot.errors import CommandError
from bot.ports import Agent

if TYPE_CHECKING:
    from bot.core.rights import Audience
    from bot.demo.fake_slack import FakeSlack
    from bot.edges.jobs import ThreadJobs
    from bot.edges.slack import Slack
    from bot.ports import Operation, Requester

WAIT_S = 10.0
DAY = Interval(datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC))
COLUMNS = (Column("utilization", Unit.RATIO, "Utilization"), Column("handle_s", Unit.SECONDS, "Handle"))
NAMES = ("Ana Díaz", "Ben Ito", "Cleo Fox", "Dan Wu", "Eve Kay", "Finn Low")


def changed(**more: Any) -> pytest.MarkDecorator:
    """A world with other `settings` of the edge, `jobs` or fake (`slack`)."""
    return pytest.mark.parametrize("world", [more], indirect=True, ids=["changed"])


def query(text: str) -> Query:
    """The question of a text, by the few words that these tests use."""
    words = text.split()
    if words[:1] in (["help"], ["define"]):
        return Query(text=text, verb=Verb(words[0]), topic=" ".join(words[1:]))
    if words[:1] in (["whoami"], ["status"]):
        return Query(text=text, verb=Verb(words[0]))
    if "nonsense" in words:
        raise CommandError("I don't know the word “nonsense”.", hint="yesterday", code="unknown_word")
    if "which" in words:
        choices = (("5 November", "2026-11-05"), ("11 May", "2026-05-11"))
        raise CommandError("5/11 can be two days.", hint="5 nov", code="ambiguous", choices=choices)
    without = tuple(Selector(SelectorKind.AGENT, w[1:]) for w in words if w.startswith("-"))
    return Query(
        text=text,
        zone=ZoneInfo("Europe/London"),
        range=Range(
            windows=(DAY,), label="Yesterday, Sun 22 Nov 00:00–24:00", phrase="yesterday", absolute="2026-11-22"
        ),
        filters=Filters(exclude=without),
        outputs=frozenset(output for output in Output if output in words),
        share="share" in words,
        anyway="anyway" in words,
    )


def figures(asked: Query, names: tuple[str, ...] = NAMES) -> Answer:
    """An answer with one row a name."""
    rows = tuple(
        Row(
            (Group("agent", f"id-{n}", n),),
            DAY.start,
            DAY.end,
            RowState.OK,
            False,
            {"utilization": 0.5, "handle_s": 60.0},
            {},
        )
        for n in names
    )
    return Answer(
        asked,
        COLUMNS,
        rows,
        {"utilization": 0.5, "handle_s": 60.0 * len(names)},
        Coverage(agents_asked=len(names), agents_answered=len(names)),
        drawn=("utilization", "handle_s"),
    )


@dataclass
class Asked:
    """One call of `answer`."""

    query: Query
    requester: Requester
    door: str
    audience: Audience
    fresh: bool
    operation: Operation


@dataclass
class Reports:
    """A report service that keeps what it was asked; `gate` holds answers back, `failure` replaces them."""

    asked: list[Asked] = field(default_factory=list)
    reads: list[tuple[str, Requester, datetime | None]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    failure: Exception | None = None
    names: tuple[str, ...] = NAMES
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    read_failure: Exception | None = None

    def __post_init__(self) -> None:
        self.gate.set()

    def read(self, text: str, requester: Requester, *, now: datetime | None = None, zone: str | None = None) -> Query:
        self.reads.append((text, requester, now))
        if self.read_failure:
            raise self.read_failure
        return query(text)

    def expand(self, asked: Query, requester: Requester, **_more: Any) -> Query:
        return asked

    def at_once(self, asked: Query, requester: Requester) -> TextAnswer | None:
        if asked.verb in {Verb.HELP, Verb.DEFINE}:
            return TextAnswer(asked, "Help", "Ask for yesterday.")
        return None

    def answer(
        self,
        asked: Query,
        requester: Requester,
        *,
        door: str,
        operation: Operation,
        audience: Audience = PRIVATE,
        fresh: bool = False,
        channel_id: str | None = None,
    ) -> Answer | TextAnswer:
        self.asked.append(Asked(asked, requester, door, audience, fresh, operation))
        self.begun.release()
        assert self.gate.wait(WAIT_S)
        if self.failure is not None:
            raise self.failure
        if asked.verb is not None:
            return self.at_once(asked, requester) or TextAnswer(asked, "You", f"You are {requester.email}.")
        return for_audience(figures(asked, self.names), audience)

    def own_agent(self, requester: Requester, operation: Operation) -> Agent | None:
        return None

    def suggest_agents(self, typed: str, requester: Requester, *, limit: int = 100) -> list[Agent]:
        return [Agent(f"id-{n}", n) for n in self.names if typed.lower() in n.lower()][:limit]

    def suggest_groups(self, typed: str, requester: Requester, *, limit: int = 100) -> list[Selector]:
        return []


@dataclass
class World:
    """Everything that a test of the Slack edge holds in its hands."""

    slack: FakeSlack
    reports: Reports
    jobs: ThreadJobs
    edge: Slack
    ana: Any
    ops: Any

    def ask(self, text: str, **more: Any) -> Any:
        """Ana's command in #ops."""
        return self.slack.command(text, **({"person": self.ana, "channel": self.ops} | more))

    def meet(self, person: Any = None) -> None:
        """Have a person known to the bot, as after her first question."""
        self.edge.people.requester((person or self.ana).id)

    def answered(self) -> int:
        return len(self.reports.asked)


class Clock:
    """Seconds since 1970, set by hand from the real time on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead
