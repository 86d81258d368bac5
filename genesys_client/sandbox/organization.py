"""The fake organisation itself: people, teams, queues, groups and divisions, the same for the same seed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from genesys_client.sandbox import names

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAMESPACE = uuid.UUID("5a9d3b1e-7c55-4d0f-9a43-1f0b6c2d8e77")


def identifier(seed: int, *parts: object) -> str:
    """A UUID that is always the same for the same seed and parts."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(str(part) for part in (seed, *parts))))


class State(StrEnum):
    """Whether an account can still be used; the platform never forgets its id."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DELETED = "deleted"


class Role(StrEnum):
    """What somebody's days look like."""

    VOICE = "voice"
    """Calls, callbacks and outbound calls."""
    DIGITAL = "digital"
    """Chats and messages side by side, and e-mails."""
    BLENDED = "blended"
    """Calls and chats in turn, never both at once."""
    NIGHT = "night"
    """Calls and e-mails, from 22:00 to 06:00."""
    MANAGER = "manager"
    """Logged in, in meetings, never on queue."""
    OFFLINE = "offline"
    """Presence is reported and is OFFLINE all day."""
    ABSENT = "absent"
    """On the payroll, and nothing is ever reported."""


@dataclass(frozen=True, slots=True)
class Division:
    """A part of the organisation that rights are given for."""

    id: str
    name: str
    home: bool


@dataclass(frozen=True, slots=True)
class Team:
    """A team; a person is in at most one."""

    id: str
    name: str
    division_id: str


@dataclass(frozen=True, slots=True)
class Queue:
    """Where work waits, with the kinds of work that come in through it."""

    id: str
    name: str
    division_id: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, and what kind of days she has."""

    index: int
    id: str
    name: str
    email: str
    state: State
    role: Role
    division_id: str
    team_id: str | None
    manager_id: str | None
    title: str
    queue_ids: tuple[str, ...]
    """Queues that her work comes from, whether or not she is still a member of them."""

    @property
    def takes_work(self) -> bool:
        """Whether interactions reach her."""
        return self.role in (Role.VOICE, Role.DIGITAL, Role.BLENDED, Role.NIGHT)

    @property
    def is_listed(self) -> bool:
        """Whether queues, teams and groups name her: they only know active people."""
        return self.state is State.ACTIVE


@dataclass(frozen=True, slots=True)
class Group:
    """A directory group and the ids of its members."""

    id: str
    name: str
    member_ids: tuple[str, ...]


SYSTEM_PRESENCES = {
    "AVAILABLE": "Available",
    "AWAY": "Away",
    "BUSY": "Busy",
    "OFFLINE": "Offline",
    "IDLE": "Idle",
    "ON_QUEUE": "OnQueue",
    "MEAL": "Meal",
    "TRAINING": "Training",
    "MEETING": "Meeting",
    "BREAK": "Break",
}
"""How analytics spells a system presence, and how the presence definitions spell it."""


@dataclass(frozen=True, slots=True)
class PresenceDefinition:
    """One of the organisation's own presences, which stands for a system presence."""

    id: str
    label: str
    system_presence: str
    primary: bool


@dataclass(frozen=True)
class Organization:
    """Everybody and everything that has an id."""

    seed: int
    id: str
    name: str
    zone: ZoneInfo
    divisions: tuple[Division, ...]
    teams: tuple[Team, ...]
    queues: tuple[Queue, ...]
    groups: tuple[Group, ...]
    people: tuple[Person, ...]
    presences: tuple[PresenceDefinition, ...] = field(repr=False)

    @cached_property
    def _people_by_id(self) -> dict[str, Person]:
        return {person.id: person for person in self.people}

    @cached_property
    def _queues_by_id(self) -> dict[str, Queue]:
        return {queue.id: queue for queue in self.queues}

    @cached_property
    def _members_by_queue(self) -> dict[str, tuple[Person, ...]]:
        members: dict[str, list[Person]] = {queue.id: [] for queue in self.queues}
        for person in self.people:
            for queue_id in person.queue_ids if person.is_listed else ():
                members[queue_id].append(person)
        return {queue_id: tuple(people) for queue_id, people in members.items()}

    @property
    def agents(self) -> tuple[Person, ...]:
        """Those whom interactions reach, inactive and deleted ones included."""
        return tuple(person for person in self.people if person.takes_work)

    def person(self, person_id: str) -> Person | None:
        """Whoever has that id."""
        return self._people_by_id.get(person_id)

    def by_email(self, email: str) -> Person | None:
        """Whoever has that address."""
        return next((person for person in self.people if person.email == email), None)

    def queue(self, queue_id: str) -> Queue | None:
        """The queue with that id."""
        return self._queues_by_id.get(queue_id)

    def queue_members(self, queue_id: str) -> tuple[Person, ...]:
        """Active people whose work comes from the queue."""
        return self._members_by_queue[queue_id]

    def team(self, team_id: str | None) -> Team | None:
        """The team with that id."""
        return next((team for team in self.teams if team.id == team_id), None)

    def team_members(self, team_id: str) -> tuple[Person, ...]:
        """Active people of the team."""
        return tuple(person for person in self.people if person.team_id == team_id and person.is_listed)

    def division(self, division_id: str) -> Division | None:
        """The division with that id."""
        return next((division for division in self.divisions if division.id == division_id), None)

    def presence_id(self, system_presence: str, *, primary: bool = True) -> str:
        """The organisation's own presence behind a system presence."""
        return next(
            item.id for item in self.presences if item.system_presence == system_presence and item.primary is primary
        )


def build_organization(*, seed: int, agents: int, zone: ZoneInfo) -> Organization:
    """An organisation with about `agents` people who take interactions, and those around them.

    Args:
        agents: at least 24, so that every kind of agent and every hostile name occurs.

    Raises:
        ValueError: fewer agents than that.
    """
    if agents < 24:
        raise ValueError("a sandbox organisation has at least 24 agents")
    divisions = tuple(
        Division(identifier(seed, "division", n), name, home=n == 0) for n, name in enumerate(names.DIVISION_NAMES)
    )
    teams = tuple(
        Team(identifier(seed, "team", n), name, divisions[1 if n == 2 else 0].id)
        for n, name in enumerate(names.TEAM_NAMES)
    )
    queues = tuple(
        Queue(identifier(seed, "queue", n), name, divisions[1 if n == 2 else 0].id)
        for n, name in enumerate(names.QUEUE_NAMES)
    )
    managers = [_manager(seed, n, team) for n, team in enumerate(teams)]
    people = list(managers)
    people += [_agent(seed, n, teams, queues, managers) for n in range(agents)]
    people += [_bystander(seed, role, teams[4], managers[4]) for role in (Role.OFFLINE, Role.ABSENT)]
    people = _with_distinct_addresses(people)
    return Organization(
        seed=seed,
        id=identifier(seed, "organization"),
        name="Sandbox Contact Centre",
        zone=zone,
        divisions=divisions,
        teams=teams,
        queues=queues,
        groups=tuple(_groups(seed, people)),
        people=tuple(people),
        presences=tuple(_presences(seed)),
    )


_ROLES = (Role.VOICE, Role.DIGITAL, Role.BLENDED, Role.VOICE)
_TEAM_QUEUES = {0: (0, 3), 1: (1, 5), 2: (2, 4), 3: (0, 1), 4: (1, 3)}
_INACTIVE, _DELETED = 10, 11
_FIRST_HOSTILE = 12


def _agent(seed: int, n: int, teams: tuple[Team, ...], queues: tuple[Queue, ...], managers: list[Person]) -> Person:
    """Agent number `n`: team, role and queues go round by number, so that every team has every kind of work."""
    night = n % 12 in (3, 9)
    team = 3 if night else (0, 1, 2, 0, 1, 2, 4)[n % 7]
    hostile = n - _FIRST_HOSTILE
    if 0 <= hostile < len(names.HOSTILE_NAMES):
        name, local = names.HOSTILE_NAMES[hostile]
    else:
        first = names.FIRST_NAMES[n % len(names.FIRST_NAMES)]
        last = names.LAST_NAMES[(n * 7 + n // len(names.LAST_NAMES)) % len(names.LAST_NAMES)]
        name, local = f"{first} {last}", f"{first}.{last}".lower()
    return Person(
        index=n,
        id=identifier(seed, "user", n),
        name=name,
        email=f"{local}@example.com",
        state={_INACTIVE: State.INACTIVE, _DELETED: State.DELETED}.get(n, State.ACTIVE),
        role=Role.NIGHT if night else _ROLES[(n // 7 + n) % len(_ROLES)],
        division_id=teams[team].division_id,
        team_id=teams[team].id,
        manager_id=managers[team].id,
        title="Agent",
        queue_ids=tuple(queues[q].id for q in _TEAM_QUEUES[team]),
    )


def _manager(seed: int, n: int, team: Team) -> Person:
    first, last = ("Helen", "Bruno", "Imani", "Lars", "Yara")[n], ("Voss", "Keller", "Adeyemi", "Holm", "Nasser")[n]
    return Person(
        index=-1 - n,
        id=identifier(seed, "manager", n),
        name=f"{first} {last}",
        email=f"{first}.{last}@example.com".lower(),
        state=State.ACTIVE,
        role=Role.MANAGER,
        division_id=team.division_id,
        team_id=team.id,
        manager_id=None,
        title="Team Manager",
        queue_ids=(),
    )


def _bystander(seed: int, role: Role, team: Team, manager: Person) -> Person:
    first, last = ("Orla", "Finch") if role is Role.OFFLINE else ("Nils", "Abel")
    return Person(
        index=-100 if role is Role.OFFLINE else -101,
        id=identifier(seed, "bystander", role),
        name=f"{first} {last}",
        email=f"{first}.{last}@example.com".lower(),
        state=State.ACTIVE,
        role=role,
        division_id=team.division_id,
        team_id=team.id,
        manager_id=manager.id,
        title="Agent",
        queue_ids=(),
    )


def _with_distinct_addresses(people: Iterable[Person]) -> list[Person]:
    """In a big organisation names repeat; addresses then carry a number."""
    from dataclasses import replace

    seen: dict[str, int] = {}
    out = []
    for person in people:
        seen[person.email] = count = seen.get(person.email, 0) + 1
        local = person.email.removesuffix("@example.com")
        out.append(person if count == 1 else replace(person, email=f"{local}{count}@example.com"))
    return out


def _groups(seed: int, people: list[Person]) -> list[Group]:
    listed = [person for person in people if person.is_listed]
    return [
        Group(identifier(seed, "group", n), name, tuple(p.id for i, p in enumerate(listed) if i % (4 + n) == n))
        for n, name in enumerate(names.GROUP_NAMES)
    ]


def _presences(seed: int) -> list[PresenceDefinition]:
    """One for each system presence, and a second kind of break."""
    own = [
        PresenceDefinition(identifier(seed, "presence", system), label, system, primary=True)
        for system, label in SYSTEM_PRESENCES.items()
    ]
    return [*own, PresenceDefinition(identifier(seed, "presence", "coffee"), "Coffee", "BREAK", primary=False)]
