"""Who is who: selectors → agents and queues, names → ids, ids → names; cached, with each lookup counted."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeVar

from bot.core.answer import Notice
from bot.core.people import NameIndex, fold, matches, nearest
from bot.core.query import Filters, Selector, SelectorKind
from bot.errors import SourceError, UnknownAgentError
from bot.ports import Agent, Named

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from bot.core.query import Query
    from bot.ports import DirectorySource, Operation, People, Requester
    from bot.services.cache import SharedCache

T = TypeVar("T")

_NAMES_LIFE_S = 3600.0
_LISTS_LIFE_S = 900.0
_WAIT_S = 20.0

SetKind = Literal[
    SelectorKind.TEAM, SelectorKind.QUEUE, SelectorKind.GROUP, SelectorKind.DIVISION, SelectorKind.MANAGER
]
_LISTS = {
    SelectorKind.TEAM: "teams",
    SelectorKind.QUEUE: "queues",
    SelectorKind.GROUP: "groups",
    SelectorKind.DIVISION: "divisions",
}
"""Groupings that are read whole, and under which key they are kept."""
_PERSONS = frozenset({SelectorKind.ME, SelectorKind.MENTION, SelectorKind.AGENT, SelectorKind.EMAIL})


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a query's selectors mean.

    `agent_ids` None: every agent that the platform reports. `members` are those whose rows must exist even
    where nothing was reported. `queue_ids` limit the conversations, `without_queue_ids` leave some out.
    """

    agent_ids: frozenset[str] | None
    members: frozenset[str]
    queue_ids: tuple[str, ...] = ()
    without_queue_ids: tuple[str, ...] = ()
    without_agent_ids: frozenset[str] = frozenset()
    queues: Mapping[str, str] | None = None
    """Names of the queues that were named."""
    notices: tuple[Notice, ...] = ()


@dataclass(slots=True)
class _Heard:
    """One question while its names are looked up."""

    visible: frozenset[str] | None
    """Among whom a name is looked for; None: everybody."""
    notices: list[Notice] = field(default_factory=list)


class Directory:
    """Looks people and their groupings up, once for everybody who needs them."""

    def __init__(self, source: DirectorySource, cache: SharedCache, people: People | None = None) -> None:
        self._source = source
        self._cache = cache
        self._people = people
        self._known: dict[str, Agent] = {}
        self._known_index: NameIndex[Agent] | None = None
        self._lock = threading.Lock()

    def choose(
        self, query: Query, requester: Requester, operation: Operation, *, visible: frozenset[str] | None = None
    ) -> Chosen:
        """Resolve every selector of the query.

        A name is looked for among the visible agents alone (None: all), so that a refusal tells nobody of others.

        Selectors of persons form one list; each kind of grouping forms a list of its own; where several
        kinds are given, an agent must be in each of them.

        Raises:
            UnknownAgentError: nobody, or more than one, by a name; `choices` holds the readings.
            SourceError: the platform failed.
        """
        filters = query.filters
        heard = _Heard(visible)
        kinds: dict[SelectorKind | None, set[str]] = {}
        queues: dict[str, str] = {}
        for selector in filters.include:
            if selector.kind is SelectorKind.QUEUE:
                queue = self._named(query, selector, operation, heard)
                queues[queue.id] = queue.name
                continue
            key = None if selector.kind in _PERSONS else selector.kind
            if key is SelectorKind.MY_TEAM:
                key = SelectorKind.TEAM
            kinds.setdefault(key, set()).update(self._ids_of(query, selector, requester, operation, heard))
        without: set[str] = set()
        without_queues: list[str] = []
        for selector in filters.exclude:
            if selector.kind is SelectorKind.QUEUE:
                without_queues.append(self._named(query, selector, operation, heard).id)
            else:
                without |= self._ids_of(query, selector, requester, operation, heard)
        agent_ids: frozenset[str] | None = None
        if kinds:
            agent_ids = frozenset(set.intersection(*kinds.values()) - without)
            if not agent_ids:
                raise UnknownAgentError(
                    "No agent is in everything that you named.",
                    hint="Name fewer groups, or leave out the exclusion.",
                    code="nobody_left",
                )
        members = agent_ids if agent_ids is not None else frozenset()
        if agent_ids is None:
            found, unread = self.members_of_queues(tuple(queues) or None, operation)
            members = found - without
            heard.notices.extend(unread)
        return Chosen(
            agent_ids=agent_ids,
            members=members,
            queue_ids=tuple(queues),
            without_queue_ids=tuple(without_queues),
            without_agent_ids=frozenset(without),
            queues=queues,
            notices=tuple(heard.notices),
        )

    def _ids_of(
        self, query: Query, selector: Selector, requester: Requester, operation: Operation, heard: _Heard
    ) -> set[str]:
        """The agents that one selector means; for a queue, its members."""
        match selector.kind:
            case SelectorKind.ME:
                return {self.own_agent(requester, operation).id}
            case SelectorKind.MY_TEAM:
                return self._own_team_ids(requester, operation)
            case SelectorKind.MENTION:
                return {self._mentioned(selector.value, operation).id}
            case SelectorKind.EMAIL:
                return {self._by_email(selector.value, operation).id}
            case SelectorKind.AGENT:
                return {self._by_name(query, selector, operation, heard).id}
            case SelectorKind.MANAGER:
                return self._reports_of(query, selector, operation, heard)
            case _:
                item = self._named(query, selector, operation, heard)
                return set(self._members(selector.kind, item.id, operation))

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

    # -- persons ------------------------------------------------------------------------------------------

    def linked_agent(self, requester: Requester, operation: Operation) -> Agent | None:
        """The agent that the requester is linked to; without a link the one with her e-mail address."""
        if requester.agent_id is not None:
            agents, unread = self.names([requester.agent_id], operation)
            # Who she is stands fixed, also while her name can't be read.
            unnamed = Agent(requester.agent_id, requester.agent_id) if unread else None
            return agents.get(requester.agent_id, unnamed)
        if requester.unlinked or not requester.email:
            return None
        return self.find_by_email(requester.email, operation)

    def agents_with(self, email: str, operation: Operation) -> list[Agent]:
        """Every agent with that address, the active ones first."""
        wanted = email.strip().casefold()
        found = {agent.id: agent for agent in [self.find_by_email(email, operation)] if agent is not None}
        try:
            everyone = self.everyone(operation)
        except SourceError:
            if not found:
                raise
            everyone = ()
        found |= {agent.id: agent for agent in everyone if (agent.email or "").casefold() == wanted}
        return sorted(found.values(), key=lambda agent: (agent.state != "active", fold(agent.name), agent.id))

    def agents_called(self, typed: str, operation: Operation) -> list[Agent]:
        """Every agent whom a name or an id can mean; an active namesake before others."""
        everyone = self._everyone_by_name(operation)
        found = [agent for agent in self.everyone(operation) if agent.id == typed] or everyone.matches(typed)
        return _active_namesake(typed, found)

    def own_agent(self, requester: Requester, operation: Operation) -> Agent:
        """The requester's own agent, or an error that says how to become one."""
        if requester.operator:
            raise UnknownAgentError(
                "The command line is nobody's agent, so “me” and “my team” mean no one here.",
                hint='Add --as with a Slack user id, or name an agent: ask "ana diaz intervals yesterday"',
                code="no_own_agent",
            )
        agent = self.linked_agent(requester, operation)
        if agent is None:
            known = (
                "You are linked to no agent in Genesys."
                if requester.unlinked or requester.agent_id is not None
                else f"No Genesys agent has your address {requester.email}."
                if requester.email
                else ("Slack doesn't tell me your e-mail address, so I can't find you in Genesys.")
            )
            raise UnknownAgentError(
                known,
                hint="Ask an administrator to use the same e-mail address in Slack and in Genesys, or to `link` you.",
                code="no_own_agent",
            )
        return agent

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

    def learn_names(self, operation: Operation) -> None:
        """Read who and what there is, so that type-ahead knows it; what can't be read stays unknown."""
        with suppress(SourceError):
            self.everyone(operation)
        for kind in _LISTS:
            with suppress(SourceError):
                self._items(kind, operation)

    def known_scope_ids(self, scopes: Iterable[Selector]) -> set[str]:
        """The agents inside these scopes as far as they were looked up lately; from memory alone."""
        return {agent_id for scope in scopes for agent_id in self._cache.peek(("scope", scope)) or ()}

    def agent_of(self, slack_id: str, operation: Operation) -> Agent | None:
        """The agent that a Slack user is; None where nobody knows."""
        return self.linked_agent(self._people.requester(slack_id), operation) if self._people is not None else None

    def _mentioned(self, slack_id: str, operation: Operation) -> Agent:
        if self._people is None:
            raise UnknownAgentError(
                "Slack people can't be looked up here.", hint="Name the agent, or give the e-mail address."
            )
        person = self._people.requester(slack_id)
        agent = self.linked_agent(person, operation)
        if agent is None:
            raise UnknownAgentError(
                "That Slack user is no agent in Genesys: the e-mail addresses don't match.",
                hint="Name the agent as Genesys does, or give the e-mail address.",
            )
        return agent

    def _by_email(self, email: str, operation: Operation) -> Agent:
        agent = self.find_by_email(email, operation)
        if agent is None:
            raise UnknownAgentError(f"No agent has the address {email}.", hint="Check it, or give the agent's name.")
        return agent

    def _by_name(self, query: Query, selector: Selector, operation: Operation, heard: _Heard) -> Agent:
        visible = heard.visible if selector.kind is SelectorKind.AGENT else None

        def counts(agent: Agent) -> bool:
            return visible is None or agent.id in visible

        everyone = self._everyone_by_name(operation)
        by_id = [agent for agent in self.everyone(operation) if agent.id == selector.value and counts(agent)]
        found = _active_namesake(selector.value, by_id or everyone.matches(selector.value, among=counts))
        if len(found) == 1:
            heard.notices.extend(_read_as(selector, found[0]))
            return found[0]
        if not found:
            close = everyone.nearest(selector.value, among=counts)
            names = ", ".join(f"“{agent.name}”" for agent in close)
            raise UnknownAgentError(
                f"No agent is called “{selector.value}”."
                if heard.visible is None
                else f"No agent whom you may see is called “{selector.value}”.",
                hint=f"Did you mean {names}?" if names else "Give the name as it stands in Genesys, or the address.",
                choices=tuple(self._reading(query, selector, agent) for agent in close),
            )
        raise UnknownAgentError(
            f"{len(found)} agents fit “{selector.value}”: which one?",
            hint=_listed(agent.name for agent in found),
            choices=tuple(self._reading(query, selector, agent) for agent in found[:10]),
            code="ambiguous_agent",
        )

    def _reading(self, query: Query, selector: Selector, agent: Agent) -> tuple[str, str]:
        """A choice: the agent's name, and the whole command with that agent in the place of what was typed."""
        from bot.core.grammar import format_query

        exact = Selector(SelectorKind.EMAIL, agent.email) if agent.email else Selector(SelectorKind.AGENT, agent.name)

        def swap(selectors: tuple[Selector, ...]) -> tuple[Selector, ...]:
            return tuple(exact if s == selector else s for s in selectors)

        filters: Filters = replace(
            query.filters, include=swap(query.filters.include), exclude=swap(query.filters.exclude)
        )
        return agent.name, format_query(replace(query, filters=filters))

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

    def _named(self, query: Query, selector: Selector, operation: Operation, heard: _Heard) -> Named:
        items = self._items(selector.kind, operation)
        by_id = [item for item in items if item.id == selector.value]
        found = by_id or matches(selector.value, items)
        if len(found) == 1:
            heard.notices.extend(_read_as(selector, found[0]))
            return found[0]
        kind = selector.kind.value
        if not found:
            close = nearest(selector.value, items)
            raise UnknownAgentError(
                f"There is no {kind} called “{selector.value}”.",
                hint=f"Did you mean {_listed(f'{kind}:{_quoted(i.name)}' for i in close)}?"
                if close
                else f"Known: {_listed(i.name for i in items)}",
                code=f"unknown_{kind}",
                choices=tuple(self._other(query, selector, item) for item in close),
            )
        raise UnknownAgentError(
            f"{len(found)} {kind}s fit “{selector.value}”: which one?",
            hint=_listed(f"{kind}:{_quoted(item.name)}" for item in found),
            code=f"ambiguous_{kind}",
            choices=tuple(self._other(query, selector, item) for item in found[:10]),
        )

    def _other(self, query: Query, selector: Selector, item: Named) -> tuple[str, str]:
        from bot.core.grammar import format_query

        def swap(selectors: tuple[Selector, ...]) -> tuple[Selector, ...]:
            return tuple(Selector(s.kind, item.name) if s == selector else s for s in selectors)

        filters = replace(query.filters, include=swap(query.filters.include), exclude=swap(query.filters.exclude))
        return item.name, format_query(replace(query, filters=filters))

    def _own_team_ids(self, requester: Requester, operation: Operation) -> set[str]:
        agent = self.own_agent(requester, operation)
        if agent.team_id is None:
            raise UnknownAgentError(
                f"{agent.name} is in no team in Genesys.",
                hint="Name a team, queue or agent: team:Billing yesterday",
                code="no_own_team",
            )
        return set(self._members(SelectorKind.TEAM, agent.team_id, operation))

    def _reports_of(self, query: Query, selector: Selector, operation: Operation, heard: _Heard) -> set[str]:
        value = selector.value
        manager = self._by_email(value, operation) if "@" in value else self._by_name(query, selector, operation, heard)
        found = set(self._reports(manager.id, operation))
        if not found:
            raise UnknownAgentError(
                f"Nobody reports to {manager.name} in Genesys.", hint="Name a team or a queue instead."
            )
        return found

    def _reports(self, manager_id: str, operation: Operation) -> Sequence[str]:
        return self._kept(
            ("reports", manager_id), lambda: self._source.reports_of(manager_id, operation), _LISTS_LIFE_S
        )

    def _kept(self, key: object, load: Callable[[], T], life_s: float) -> T:
        return self._cache.get(("directory", key), load, life_s=life_s, wait_s=_WAIT_S).value


def _active_namesake(typed: str, found: list[Agent]) -> list[Agent]:
    """Those found, or the one of them who is active and called exactly so."""
    active = [agent for agent in found if agent.state == "active"]
    if len(active) == 1 and len(found) > 1 and fold(active[0].name) == fold(typed):
        return active
    return found


def _read_as(selector: Selector, found: Agent | Named) -> tuple[Notice, ...]:
    """A notice where what was typed isn't what the thing is called: the reader should see whom it was taken for."""
    if selector.value == found.id or fold(selector.value) == fold(found.name):
        return ()
    return (
        Notice("name_read_as", f"“{selector.value}” was read as “{found.name}”.", personal=isinstance(found, Agent)),
    )


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


def _listed(names: Iterable[str], *, limit: int = 10) -> str:
    items = list(names)
    more = f" and {len(items) - limit} more" if len(items) > limit else ""
    return ", ".join(items[:limit]) + more
