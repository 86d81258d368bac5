"""What the platform's directory holds, each part read once for everybody who needs it, and kept for a while."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from bot.core.answer import Notice
from bot.core.people import NameIndex, fold, matches, nearest
from bot.core.query import Selector, SelectorKind
from bot.errors import SourceError
from bot.ports import Agent, Named

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from bot.ports import DirectorySource, Operation
    from bot.services.cache import SharedCache

T = TypeVar("T")

_NAMES_LIFE_S = 3600.0
_LISTS_LIFE_S = 900.0
_WAIT_S = 20.0

_LISTS = {
    SelectorKind.TEAM: "teams",
    SelectorKind.QUEUE: "queues",
    SelectorKind.GROUP: "groups",
    SelectorKind.DIVISION: "divisions",
}
"""Groupings that are read whole, and under which key they are kept."""


class Roster:
    """Agents by id, address and name; teams, queues, groups and divisions with their members; thread-safe."""

    def __init__(self, source: DirectorySource, cache: SharedCache) -> None:
        self._source = source
        self._cache = cache
        self._known: dict[str, Agent] = {}
        self._known_index: NameIndex[Agent] | None = None
        self._lock = threading.Lock()

    # -- agents -------------------------------------------------------------------------------------------

    def find_by_email(self, email: str, operation: Operation) -> Agent | None:
        """The agent with that address, or None."""
        key = ("email", email.casefold())

        def load() -> Agent | None:
            agent = self._source.agent_by_email(email, operation)
            if agent is not None:
                self._learn([agent])
            return agent

        return self._kept(key, load, _NAMES_LIFE_S)

    def everyone(self, operation: Operation) -> Sequence[Agent]:
        """The whole directory, without those who were deleted."""
        return self._everyone(operation)[0]

    def _everyone_by_name(self, operation: Operation) -> NameIndex[Agent]:
        return self._everyone(operation)[1]

    def _everyone(self, operation: Operation) -> tuple[Sequence[Agent], NameIndex[Agent]]:
        def load() -> tuple[Sequence[Agent], NameIndex[Agent]]:
            agents = sorted(self._source.everyone(operation), key=lambda agent: agent.id)
            self._learn(agents)
            return agents, NameIndex(agents)

        return self._kept("everyone", load, _NAMES_LIFE_S)

    def names(self, agent_ids: Iterable[str], operation: Operation) -> tuple[dict[str, Agent], tuple[Notice, ...]]:
        """Agents by id. Where names can't be fetched the ids stand for them, and a notice says so."""
        wanted = sorted(set(agent_ids))
        known: dict[str, Agent] = {}
        unknown: list[str] = []
        for agent_id in wanted:
            kept = self._cache.peek(("agent", agent_id))
            if kept is None:
                unknown.append(agent_id)
            else:
                known[agent_id] = kept
        if not unknown:
            return known, ()
        try:
            fetched = self._source.agents(unknown, operation)
        except SourceError as error:
            return known, (Notice("names_not_fetched", f"Names are missing, ids stand for them: {error.message}"),)
        self._learn(fetched.values())
        return known | dict(fetched), ()

    def _learn(self, agents: Iterable[Agent]) -> None:
        """Keep these for look-ups by id, and for type-ahead."""
        learnt = list(agents)
        for agent in learnt:
            self._cache.put(("agent", agent.id), agent, life_s=_NAMES_LIFE_S)
        with self._lock:
            new = {agent.id: agent for agent in learnt if self._known.get(agent.id) != agent}
            if new:
                self._known |= new
                self._known_index = None

    # -- for lists that follow the typing: from memory alone ----------------------------------------------

    def suggest(self, typed: str, *, visible: Collection[str] | None, limit: int) -> list[Agent]:
        """Agents whose names begin so, among these (None: all), as far as names were read since the start.

        From memory alone, for lists that follow the typing.
        """
        with self._lock:
            if self._known_index is None:
                self._known_index = NameIndex(sorted(self._known.values(), key=lambda agent: agent.id))
            index = self._known_index
        return index.beginning(typed, limit=limit, among=lambda agent: visible is None or agent.id in visible)

    def suggest_groups(self, typed: str, *, limit: int) -> list[Selector]:
        """Teams, queues, groups and divisions whose names begin so, as far as they were read lately; from memory."""
        found: list[Selector] = []
        for kind, key in _LISTS.items():
            items: Sequence[Named] = self._cache.peek(("directory", key)) or ()
            found += [Selector(kind, item.name) for item in NameIndex(items).beginning(typed, limit=limit)]
        return found[:limit]

    @property
    def knows_names(self) -> bool:
        """Whether the whole directory was read lately."""
        return self._cache.peek(("directory", "everyone")) is not None

    def knows_scope(self, scope: Selector) -> bool:
        """Whether it was read lately who is in that scope."""
        return self._cache.peek(("scope", scope)) is not None

    def known_scope_ids(self, scopes: Iterable[Selector]) -> set[str]:
        """The agents inside these scopes as far as they were looked up lately; from memory alone."""
        return {agent_id for scope in scopes for agent_id in self._cache.peek(("scope", scope)) or ()}

    def learn_names(self, operation: Operation) -> None:
        """Read who and what there is, so that type-ahead knows it; what can't be read stays unknown."""
        with suppress(SourceError):
            self.everyone(operation)
        for kind in _LISTS:
            with suppress(SourceError):
                self._items(kind, operation)

    # -- groupings ----------------------------------------------------------------------------------------

    def teams(self, operation: Operation) -> Sequence[Named]:
        """All teams."""
        return self._items(SelectorKind.TEAM, operation)

    def queues(self, operation: Operation) -> Sequence[Named]:
        """All queues."""
        return self._items(SelectorKind.QUEUE, operation)

    def members_of_queues(
        self, queue_ids: tuple[str, ...] | None, operation: Operation
    ) -> tuple[frozenset[str], tuple[Notice, ...]]:
        """Members of these queues, of every queue for None; what can't be read is a notice, not an error."""

        def load() -> frozenset[str]:
            ids = [queue.id for queue in self.queues(operation)] if queue_ids is None else list(queue_ids)
            return frozenset(self._source.members_of_queues(ids, operation))

        try:
            return self._kept(("queue members", queue_ids), load, _LISTS_LIFE_S), ()
        except SourceError as error:
            message = f"Queue members could not be read, so agents without any activity are missing: {error.message}"
            return frozenset(), (Notice("members_not_fetched", message),)

    def find_named(self, kind: SelectorKind, value: str, operation: Operation) -> Named | None:
        """The team, queue, group or division of exactly that name or id, in any case."""
        items = self._items(kind, operation)
        return next((i for i in items if i.id == value or fold(i.name) == fold(value)), None)

    def nearest_named(self, kind: SelectorKind, value: str, operation: Operation) -> Sequence[Named]:
        """The few whose names look most like it."""
        return nearest(value, self._items(kind, operation))

    def scope_ids(self, scope: Selector, operation: Operation) -> set[str]:
        """The agents inside one scope of a supervisor; empty where the scope names nothing that exists."""
        found = self._scope_ids(scope, operation)
        self._cache.put(("scope", scope), frozenset(found), life_s=_LISTS_LIFE_S)
        return found

    def _scope_ids(self, scope: Selector, operation: Operation) -> set[str]:
        match scope.kind:
            case SelectorKind.MANAGER:
                if "@" not in scope.value:
                    found = matches(scope.value, self.everyone(operation))
                    if len(found) != 1:
                        return set()
                    return set(self._reports(found[0].id, operation))
                agent = self.find_by_email(scope.value, operation)
                return set(self._reports(agent.id, operation)) if agent else set()
            case _:
                item = self.find_named(scope.kind, scope.value, operation)
                return set(self._members(scope.kind, item.id, operation)) if item else set()

    def _items(self, kind: SelectorKind, operation: Operation) -> Sequence[Named]:
        load = {
            SelectorKind.TEAM: self._source.teams,
            SelectorKind.QUEUE: self._source.queues,
            SelectorKind.GROUP: self._source.groups,
            SelectorKind.DIVISION: self._source.divisions,
        }[kind]
        return self._kept(_LISTS[kind], lambda: load(operation), _LISTS_LIFE_S)

    def _members(self, kind: SelectorKind, item_id: str, operation: Operation) -> Sequence[str]:
        load: Callable[[], Sequence[str]] = {
            SelectorKind.TEAM: lambda: self._source.team_members(item_id, operation),
            SelectorKind.QUEUE: lambda: self._source.members_of_queues([item_id], operation),
            SelectorKind.GROUP: lambda: self._source.group_members(item_id, operation),
            SelectorKind.DIVISION: lambda: self._source.division_members(item_id, operation),
        }[kind]
        return self._kept((kind, item_id), load, _LISTS_LIFE_S)

    def _reports(self, manager_id: str, operation: Operation) -> Sequence[str]:
        return self._kept(
            ("reports", manager_id), lambda: self._source.reports_of(manager_id, operation), _LISTS_LIFE_S
        )

    def _kept(self, key: object, load: Callable[[], T], life_s: float) -> T:
        return self._cache.get(("directory", key), load, life_s=life_s, wait_s=_WAIT_S).value
