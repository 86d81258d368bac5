"""Who is who in a directory of thousands: what is looked up, how often, and what type-ahead knows of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from bot.core.query import Selector, SelectorKind
from bot.errors import SourceError
from bot.ports import Agent, Named, Operation, Requester
from bot.services.cache import SharedCache
from bot.services.directory import Directory
from bot.services.learning import AGAIN_AFTER_S, Learning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BILLING = Selector(SelectorKind.TEAM, "Billing")


@dataclass
class Platform:
    """A directory source that counts what it is asked."""

    agents_: list[Agent] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    down: bool = False

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.down:
            raise SourceError("down")

    def agents(self, agent_ids: Sequence[str], operation: Operation) -> Mapping[str, Agent]:
        self._ask("agents")
        return {agent.id: agent for agent in self.agents_ if agent.id in agent_ids}

    def agent_by_email(self, email: str, operation: Operation) -> Agent | None:
        self._ask("by email")
        return next((agent for agent in self.agents_ if agent.email == email), None)

    def everyone(self, operation: Operation) -> Sequence[Agent]:
        self._ask("everyone")
        return [agent for agent in self.agents_ if agent.state != "deleted"]

    def teams(self, operation: Operation) -> Sequence[Named]:
        self._ask("teams")
        return [Named("t1", "Billing"), Named("t2", "Back Office")]

    def team_members(self, team_id: str, operation: Operation) -> Sequence[str]:
        self._ask("members")
        return ["a1"]

    def __getattr__(self, name: str) -> Any:
        def lists(operation: Operation) -> Sequence[Named]:
            self._ask(name)
            return [Named(f"{name}1", f"Big {name}")]

        return lists


class Seconds:
    """A monotonic clock set by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def platform() -> Platform:
    named = ("Ana Díaz", "Ben Ito", "Ana Ruiz")
    agents = [Agent(f"a{n}", name, f"{name.split()[0].lower()}{n}@example.com") for n, name in enumerate(named, 1)]
    return Platform([*agents, Agent("a4", "Ana Gone", "ana4@example.com", state="deleted")])


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def directory(platform: Platform, seconds: Seconds) -> Directory:
    return Directory(platform, SharedCache(seconds, capacity=50_000))


def operation() -> Operation:
    return Operation.within(5)


def names(found: Sequence[Agent]) -> list[str]:
    return [agent.name for agent in found]


def test_a_stored_link_wins_over_an_address_and_stands_while_names_can_not_be_read(
    directory: Directory, platform: Platform
) -> None:
    linked = Requester("U1", email="ben2@example.com", agent_id="a1")

    assert directory.linked_agent(linked, operation()).name == "Ana Díaz"
    assert directory.linked_agent(Requester("U1", email="ben2@example.com"), operation()).id == "a2"
    assert directory.linked_agent(Requester("U1", email="ben2@example.com", unlinked=True), operation()) is None
    assert directory.linked_agent(Requester("U1", agent_id="nobody"), operation()) is None
    platform.down = True
    assert directory.linked_agent(Requester("U1", agent_id="a3"), operation()) == Agent("a3", "a3")


def test_all_who_share_an_address_are_found_the_active_first(directory: Directory, platform: Platform) -> None:
    platform.agents_.insert(0, Agent("a0", "Ana D.", "Ana1@example.com", state="inactive"))

    assert names(directory.agents_with("ana1@example.com", operation())) == ["Ana Díaz", "Ana D."]
    platform.down = True
    assert names(directory.agents_with("ANA1@example.com", operation())) == ["Ana Díaz", "Ana D."]


def test_type_ahead_asks_nobody_and_knows_what_was_read(directory: Directory, platform: Platform) -> None:
    assert directory.suggest("an", visible=None, limit=9) == []
    directory.names(["a1", "a4"], operation())
    platform.asked.clear()

    assert names(directory.suggest("an", visible=None, limit=9)) == ["Ana Díaz", "Ana Gone"]
    assert names(directory.suggest("AN di", visible=None, limit=9)) == ["Ana Díaz"]
    assert names(directory.suggest("an", visible=frozenset({"a4"}), limit=9)) == ["Ana Gone"]
    assert platform.asked == []
    directory.everyone(operation())
    assert names(directory.suggest("", visible=None, limit=3)) == ["Ana Díaz", "Ana Gone", "Ana Ruiz"]


def test_a_new_name_replaces_the_old_one_in_type_ahead(directory: Directory, platform: Platform) -> None:
    directory.everyone(operation())
    directory._learn([Agent("a2", "Benedikt Ito")])

    assert names(directory.suggest("ben", visible=None, limit=9)) == ["Benedikt Ito"]


def test_names_are_read_behind_a_lists_back_once(directory: Directory, platform: Platform, seconds: Seconds) -> None:
    learning = Learning(directory, seconds=seconds)
    for _ in range(3):
        learning.want([BILLING])
    learning._pool.shutdown(wait=True)

    assert [platform.asked.count(what) for what in ("everyone", "teams", "queues", "groups", "divisions")] == [1] * 5
    assert directory.known_scope_ids([BILLING]) == {"a1"}
    assert [(s.kind.value, s.value) for s in directory.suggest_groups("bi", limit=9)] == [
        ("team", "Billing"),
        ("queue", "Big queues"),
        ("group", "Big groups"),
        ("division", "Big divisions"),
    ]
    learning.want([BILLING])
    learning.close()


def test_what_could_not_be_read_is_tried_again_a_minute_later(
    directory: Directory, platform: Platform, seconds: Seconds
) -> None:
    platform.down = True
    learning = Learning(directory, seconds=seconds)
    for wait, expected in ((0.0, 1), (AGAIN_AFTER_S - 1, 1), (1.0, 2)):
        seconds.now += wait
        learning.want(())
        learning._pool.submit(int).result(5)
        assert platform.asked.count("everyone") == expected
    learning.close()
