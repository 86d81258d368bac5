"""Who is who: what the selectors of a question mean, and who somebody is herself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.core.answer import Notice
from bot.core.people import fold, matches, nearest
from bot.core.query import Filters, Selector, SelectorKind
from bot.errors import SourceError, UnknownAgentError
from bot.ports import Agent, Named
from bot.services.roster import Roster

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.core.query import Query
    from bot.ports import DirectorySource, Operation, People, Requester
    from bot.services.cache import SharedCache

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
    scopes: tuple[Selector, ...] = ()
    """What the asker was granted, where she doesn't see everybody: of other groups she is told nothing."""
    notices: list[Notice] = field(default_factory=list)

    def tells_of(self, kind: SelectorKind, item: Named, typed: str) -> bool:
        """Whether a group may be taken for what was typed, or named beside it: it is hers, or was named in full."""
        return self.visible is None or fold(typed) == fold(item.name) or self._is_granted(kind, item.id, item.name)

    def counts(self, kind: SelectorKind, agent: Agent, typed: str) -> bool:
        """Whether an agent may be taken for what was typed; as a manager also whom a grant names, or somebody who
        is named in full by a supervisor."""
        if self.visible is None or agent.id in self.visible:
            return True
        if kind is not SelectorKind.MANAGER or not self.scopes:
            return False
        return fold(typed) == fold(agent.name) or self._is_granted(kind, agent.id, agent.name, agent.email or "")

    def _is_granted(self, kind: SelectorKind, *marks: str) -> bool:
        return any(scope.kind is kind and fold(scope.value) in map(fold, marks) for scope in self.scopes)


class Directory(Roster):
    """The roster, and what the selectors of questions mean in it.

    Args:
        people: who mentions are; None where mentions mean nobody.
    """

    def __init__(self, source: DirectorySource, cache: SharedCache, people: People | None = None) -> None:
        super().__init__(source, cache)
        self._people = people

    def choose(
        self,
        query: Query,
        requester: Requester,
        operation: Operation,
        *,
        visible: frozenset[str] | None = None,
        scopes: tuple[Selector, ...] = (),
    ) -> Chosen:
        """Resolve every selector of the query.

        A name is looked for among the visible agents alone (None: all), so that a refusal tells nobody of others;
        a group's, unless it is typed in full, among `scopes`.

        Selectors of persons form one list; each kind of grouping forms a list of its own; where several
        kinds are given, an agent must be in each of them.

        Raises:
            UnknownAgentError: nobody, or more than one, by a name; `choices` holds the readings.
            SourceError: the platform failed.
        """
        filters = query.filters
        heard = _Heard(visible, scopes)
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
        def counts(agent: Agent) -> bool:
            return heard.counts(selector.kind, agent, selector.value)

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

    def _named(self, query: Query, selector: Selector, operation: Operation, heard: _Heard) -> Named:
        everything = self._items(selector.kind, operation)
        items = [item for item in everything if heard.tells_of(selector.kind, item, selector.value)]
        by_id = [item for item in everything if item.id == selector.value]
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
                else f"Known: {_listed(i.name for i in items)}"
                if items
                else "Give its name as it stands in Genesys; `whoami` shows what you may ask for.",
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
