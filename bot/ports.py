"""What the services need from outside, as Protocols; the edges fill them in."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from bot.core.frames import Facts as Facts  # noqa: PLC0414  (an alias of itself exports it again: part of the ports)
from bot.core.frames import Shortfall as Shortfall  # noqa: PLC0414

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from bot.core.intervals import Interval
    from bot.core.planning import PostedAsk, StatusAsk


@dataclass(slots=True)
class Operation:
    """One question's allowance towards the platform: a deadline, a way to stop it, and what it spent.

    `deadline` is on the monotonic clock. The same object goes down to the transport, which counts each
    request that left the process.
    """

    deadline: float
    cancelled: threading.Event = field(default_factory=threading.Event)
    requests: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def within(cls, seconds: float) -> Operation:
        """An allowance that ends so many seconds from now."""
        return cls(deadline=time.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(0.0, self.deadline - time.monotonic())

    def spend(self) -> None:
        """Count one request."""
        with self._lock:
            self.requests += 1


class ActivitySource(Protocol):
    """Where durations come from."""

    def posted(self, ask: PostedAsk, operation: Operation) -> Facts:
        """Conversation metrics by agent (and queue, media) and bucket, whole where they were emitted."""

    def status(self, ask: StatusAsk, operation: Operation) -> Facts:
        """Presence and routing-status time by agent and bucket."""


@dataclass(frozen=True, slots=True)
class Agent:
    """A person who takes interactions; `state` is active, inactive or deleted."""

    id: str
    name: str
    email: str | None = None
    state: str = "active"
    team_id: str | None = None
    division_id: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A team, queue, group or division."""

    id: str
    name: str


class DirectorySource(Protocol):
    """Who is who. Each call may raise SourceError."""

    def agents(self, agent_ids: Sequence[str], operation: Operation) -> Mapping[str, Agent]:
        """Agents by id, deleted and inactive ones too; unknown ids are absent."""

    def agent_by_email(self, email: str, operation: Operation) -> Agent | None:
        """The one agent with that address."""

    def everyone(self, operation: Operation) -> Sequence[Agent]:
        """The directory: every active or inactive agent, for matching names."""

    def teams(self, operation: Operation) -> Sequence[Named]:
        """All teams."""

    def team_members(self, team_id: str, operation: Operation) -> Sequence[str]:
        """Agent ids of one team."""

    def queues(self, operation: Operation) -> Sequence[Named]:
        """All queues."""

    def members_of_queues(self, queue_ids: Sequence[str], operation: Operation) -> Sequence[str]:
        """Agent ids of these queues, each once; several queues are asked side by side."""

    def groups(self, operation: Operation) -> Sequence[Named]:
        """All groups."""

    def group_members(self, group_id: str, operation: Operation) -> Sequence[str]:
        """Agent ids of one group."""

    def divisions(self, operation: Operation) -> Sequence[Named]:
        """All divisions."""

    def division_members(self, division_id: str, operation: Operation) -> Sequence[str]:
        """Agent ids of one division."""

    def reports_of(self, manager_id: str, operation: Operation) -> Sequence[str]:
        """Agent ids whose manager that is."""


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks, behind any door."""

    id: str
    """Slack user id; `operator` for the command line without `--as`."""
    zone: str | None = None
    """IANA name from Slack, or the person's own default."""
    email: str | None = None
    usergroups: frozenset[str] = frozenset()
    operator: bool = False
    """The command line itself: sees all."""
    stranger: bool = False
    """A guest, or somebody of another company."""


class People(Protocol):
    """Who a Slack user is."""

    def requester(self, slack_id: str) -> Requester:
        """The person, cached; raises DeliveryError where Slack doesn't say."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of handing in a job: taken, refused because there is no room, or (duplicate) taken before."""

    accepted: bool
    duplicate: bool = False


class Jobs(Protocol):
    """Work handed off by the listeners, so that slow answers can't starve acks."""

    def submit(
        self,
        key: str,
        work: Callable[[], None],
        *,
        keep_s: float = 3600.0,
        abandoned: Callable[[], None] | None = None,
    ) -> Submission:
        """Take the work once for each key; never waits, never raises.

        Args:
            keep_s: for how long a second hand-in under the same key counts as a duplicate.
            abandoned: called instead of, or beside, work that a shutdown doesn't let finish.
        """


class AuditLog(Protocol):
    """Every look at a person's figures."""

    def looked(
        self, *, who: str, whom: Sequence[str], window: Interval | None, door: str, text: str, at: datetime
    ) -> None:
        """Record one look."""
