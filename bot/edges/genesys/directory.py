"""`DirectorySource`, and the organisation itself: who is who on the platform."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from bot.edges.genesys.translation import translated
from bot.ports import Agent, Named
from genesys_client import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.ports import Operation
    from genesys_client import (
        GenesysClient,
        User,
    )
    from genesys_client import Named as Entity


_SIDE_BY_SIDE = 6
"""Lists of members read at once: below the transport's own eight, so that other questions get through."""


class GenesysOrganization:
    """The organisation itself."""

    def __init__(self, client: GenesysClient) -> None:
        self._client = client

    def name(self, operation: Operation) -> str:
        """Its name."""
        with translated():
            return self._client.organization.me(operation).name

    def id(self, operation: Operation) -> str:
        """What tells it from every other."""
        with translated():
            return self._client.organization.me(operation).id

    def limits(self, operation: Operation) -> Mapping[str, int]:
        """Its limits on API use, by key."""
        with translated():
            return self._client.organization.limits("platform.api", operation)


class GenesysDirectory:
    """Who is who, from the platform's directory."""

    def __init__(self, client: GenesysClient) -> None:
        self._client = client

    def agents(self, agent_ids: Sequence[str], operation: Operation) -> Mapping[str, Agent]:
        """Agents by id, deleted and inactive ones too; unknown ids are absent."""
        with translated():
            return {user.id: _agent(user) for user in self._client.agents.by_ids(agent_ids, operation)}

    def agent_by_email(self, email: str, operation: Operation) -> Agent | None:
        """The one agent with that address."""
        with translated():
            user = self._client.agents.by_email(email, operation)
        return _agent(user) if user else None

    def everyone(self, operation: Operation) -> Sequence[Agent]:
        """The directory, for matching names."""
        with translated():
            return tuple(_agent(user) for user in self._client.agents.everyone(operation))

    def teams(self, operation: Operation) -> Sequence[Named]:
        """All teams."""
        with translated():
            return _named(self._client.organization.teams(operation))

    def team_members(self, team_id: str, operation: Operation) -> Sequence[str]:
        """Agent ids of one team."""
        with translated():
            return tuple(m.id for m in self._client.organization.team_members(team_id, operation))

    def queues(self, operation: Operation) -> Sequence[Named]:
        """All queues."""
        with translated():
            return _named(self._client.organization.queues(operation))

    def members_of_queues(self, queue_ids: Sequence[str], operation: Operation) -> Sequence[str]:
        """Agent ids of these queues, each once; several queues are asked side by side."""

        def members(queue_id: str) -> tuple[str, ...]:
            try:
                return tuple(m.id for m in self._client.organization.queue_members(queue_id, operation))
            except NotFoundError:  # deleted since the list of queues was read: it has none
                return ()

        with translated(), ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="members") as pool:
            return tuple(dict.fromkeys(agent_id for ids in pool.map(members, queue_ids) for agent_id in ids))

    def groups(self, operation: Operation) -> Sequence[Named]:
        """All groups."""
        with translated():
            return _named(self._client.organization.groups(operation))

    def group_members(self, group_id: str, operation: Operation) -> Sequence[str]:
        """Agent ids of one group."""
        with translated():
            return tuple(m.id for m in self._client.organization.group_members(group_id, operation))

    def divisions(self, operation: Operation) -> Sequence[Named]:
        """All divisions."""
        with translated():
            return _named(self._client.organization.divisions(operation))

    def division_members(self, division_id: str, operation: Operation) -> Sequence[str]:
        """Agent ids of one division."""
        with translated():
            return tuple(u.id for u in self._client.agents.in_division(division_id, operation))

    def reports_of(self, manager_id: str, operation: Operation) -> Sequence[str]:
        """Agent ids whose manager that is."""
        with translated():
            return tuple(u.id for u in self._client.agents.reporting_to(manager_id, operation))


def _agent(user: User) -> Agent:
    return Agent(
        id=user.id,
        name=user.name or user.id,
        email=user.email or None,
        state=user.state or "active",
        team_id=user.team_id or None,
        division_id=user.division_id or None,
    )


def _named(items: Iterable[Entity]) -> tuple[Named, ...]:
    return tuple(Named(id=item.id, name=item.name or item.id) for item in items)
