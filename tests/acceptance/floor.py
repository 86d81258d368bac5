"""The whole bot between the sandbox and the fake Slack, with people of every part: supervisors, agents and others."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from bot.core.grammar.words import KEYWORDS
from bot.core.rendering.names import raw_text
from bot.demo.fake_slack import NO_LIMITS, FakeSlack
from bot.ports import Operation
from bot.settings import load_settings
from bot.wiring import build
from genesys_client.sandbox import Behaviour, Engine
from genesys_client.sandbox.server import SandboxServer
from tests.acceptance.asking import environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TEAM, OTHER_TEAM, QUEUE = "Support", "Sales & Renewals", "Support"


@dataclass
class World:
    """The bot between its stand-ins, and who is who."""

    slack: FakeSlack
    application: Any
    engine: Engine
    environ: dict[str, str]
    people: dict[str, Any] = field(default_factory=dict)
    channels: dict[str, Any] = field(default_factory=dict)
    agents: dict[str, Any] = field(default_factory=dict)

    def ids_of(self, question: str) -> frozenset[str]:
        """Agents whom the question is about."""
        organization = self.engine.organization
        team = {agent.id for agent in organization.team_members(self.team(TEAM).id)}
        return frozenset(
            {
                "me": {self.agents["own"].id},
                "my team": team,
                "teammate": {self.agents["teammate"].id},
                "explain": {self.agents["teammate"].id},
                "queuemate": {self.agents["queuemate"].id},
                "neither": {self.agents["neither"].id},
                "everyone": {person.id for person in organization.people},
                "other team": {agent.id for agent in organization.team_members(self.team(OTHER_TEAM).id)},
                "queue": {agent.id for agent in organization.queue_members(self.queue().id)},
            }.get(question, team)
        )

    def seen_by(self, person: str) -> frozenset[str]:
        """Agents whom her grant covers, herself included."""
        organization = self.engine.organization
        return frozenset(
            {
                "agent": {self.agents["own"].id},
                "team": {agent.id for agent in organization.team_members(self.team(TEAM).id)},
                "queue": {agent.id for agent in organization.queue_members(self.queue().id)},
                "all": {agent.id for agent in organization.people},
                "operator": {agent.id for agent in organization.people},
            }.get(person, ())
        )

    def team(self, name: str) -> Any:
        return next(team for team in self.engine.organization.teams if team.name == name)

    def queue(self) -> Any:
        return next(queue for queue in self.engine.organization.queues if queue.name == QUEUE)

    def names_in(self, said: str) -> frozenset[str]:
        """Ids of the agents whose names stand in a message."""
        found = (p.id for p in self.engine.organization.people if _whole(p.name).search(said))
        return frozenset(found)


@cache
def _whole(name: str) -> re.Pattern[str]:
    """Finds a name in JSON: as whole words, and as a whole cell where it is a word of the grammar (one is)."""
    forms = (json.dumps(form, ensure_ascii=False)[1:-1] for form in (raw_text(name), name))
    shown = f"(?:{'|'.join(map(re.escape, forms))})"
    return re.compile(f'"{shown}[^\\w,]*"' if name.lower() in KEYWORDS else rf"(?<!\w){shown}(?!\w)")


def cast(engine: Engine, slack: FakeSlack) -> tuple[dict[str, Any], dict[str, Any]]:
    """People in Slack by their part, and the agents whom the questions name."""
    organization = engine.organization
    team = next(team for team in organization.teams if team.name == TEAM)
    other = next(team for team in organization.teams if team.name == OTHER_TEAM)
    queue = next(queue for queue in organization.queues if queue.name == QUEUE)
    in_team = {agent.id: agent for agent in organization.team_members(team.id)}
    in_queue = {agent.id: agent for agent in organization.queue_members(queue.id)}
    both = [agent for ident, agent in in_team.items() if ident in in_queue]
    agents = {
        "own": both[0],
        "teammate": next(agent for ident, agent in in_team.items() if ident not in in_queue),
        "queuemate": next(agent for ident, agent in in_queue.items() if ident not in in_team),
        "neither": organization.team_members(other.id)[0],
    }
    people: dict[str, Any] = {
        "stranger": slack.add_person("stranger", email="stranger@other.example", team_id="TOTHER"),
        "guest": slack.add_person("guest", email="guest@example.com", restricted=True),
        "agent": slack.add_person("agent", email=agents["own"].email, tz="Europe/London"),
        **{
            part: slack.add_person(part, email=f"{part}.slack@example.com", tz="Europe/London")
            for part in ("unlinked", "team", "queue", "all", "auditor")
        },
        "operator": None,
    }
    return people, agents


@contextmanager
def opened(directory: Path) -> Iterator[World]:
    """The floor at noon, its database in a directory."""
    hurried = Behaviour(requests_per_minute=100_000, tokens_per_minute=100_000)
    engine = Engine(seed=7, agents=24, zone="Europe/London", now=lambda: NOON, behaviour=hurried)
    with SandboxServer(engine) as sandbox, FakeSlack(limits=NO_LIMITS) as slack:
        people, agents = cast(engine, slack)
        members = [person for person in people.values() if person is not None]
        channels = {
            "ops": slack.add_channel("ops", members=members),
            "named": slack.add_channel("named", members=members),
            "outside": slack.add_channel("outside", members=members, shared=True),
        }
        environ = environment(
            sandbox.url,
            SLACK_BOT_TOKEN=slack.bot_token,
            SLACK_SIGNING_SECRET=slack.signing_secret,
            SLACK_API_URL=slack.url,
            SUPERVISORS=f"{people['team'].id}=team:{TEAM};{people['queue'].id}=queue:{QUEUE};{people['all'].id}=*;"
            f"{people['stranger'].id}=*;{people['guest'].id}=team:{TEAM}",
            AUDITORS=people["auditor"].id,
            NAMED_CHANNELS=channels["named"].id,
            DATABASE_URL=f"sqlite:///{directory}/bot.sqlite3",
            REPORT_ZONE="Europe/London",
            COMMANDS_A_MINUTE="10000",
            COMMANDS_AT_ONCE="100",
        )
        application = build(load_settings(environ, env_file=None), clock=lambda: NOON)
        application.client.adopt_limits(Operation.within(10.0))
        slack.connect(app=application.slack.app)
        made = World(slack, application, engine, environ, people, channels, agents)
        for person in members:
            application.slack.people.requester(person.id)
        application.memory.set_link(people["agent"].id, agents["own"].id, by=people["agent"].id)
        knower = application.slack.people.requester(people["all"].id)
        application.memory.save(knower, "standup", f"yesterday team:{TEAM}", channel_id=channels["ops"].id)
        yield made
        application.close(grace_s=1.0)
