"""What the services need from outside, as Protocols; the edges fill them in."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from bot.core.defaults import NOTHING_CHOSEN, Defaults
from bot.core.frames import Facts as Facts  # noqa: PLC0414  (an alias of itself exports it again: part of the ports)
from bot.core.frames import Shortfall as Shortfall  # noqa: PLC0414

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date, datetime
    from datetime import time as time_of_day
    from typing import Any

    from bot.core.intervals import Interval
    from bot.core.looks import ListedLook, Look
    from bot.core.memos import Asked, Link, Saved
    from bot.core.planning import PostedAsk, StatusAsk
    from bot.core.scheduling import Fire, FireState, Schedule
    from bot.core.sourcing import KeptDay, KeptHalfHours, Side
    from bot.core.worktable import WorkTable


@dataclass(slots=True)
class Operation:
    """One question's allowance towards the platform: a deadline, a way to stop it, and what it spent.

    `deadline` is on the monotonic clock. The same object goes down to the transport, which counts each
    request that left the process.
    """

    deadline: float
    cancelled: threading.Event = field(default_factory=threading.Event)
    requests: int = 0
    background: bool = False
    """Nobody waits for it: people's questions go first, and keep a share of the rate for themselves."""
    progress: Callable[[str], object] | None = None
    """Told, now and then, in words, how far a long one is."""
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

    def tell(self, words: str) -> None:
        """Let whoever waits know how far it is."""
        if self.progress is not None:
            self.progress(words)


class ActivitySource(Protocol):
    """Where durations come from."""

    def posted(self, ask: PostedAsk, operation: Operation) -> Facts:
        """Conversation metrics by agent (and queue, media) and bucket, whole where they were emitted."""

    def conversations(
        self,
        ask: PostedAsk,
        operation: Operation,
        *,
        within: Interval,
        sized: Callable[[int], None] | None = None,
    ) -> WorkTable:
        """Work in the conversations that began on the UTC days of a stretch, page by page.

        Args:
            ask: chooses conversations; more of their sessions may come back than it asks for.
            operation: its allowance.
            within: the stretch.
            sized: told how many pages there are before most of them are read; what it raises ends the reading.
        """

    def conversations_job(
        self, ask: PostedAsk, operation: Operation, *, within: Interval, overlapping: bool
    ) -> WorkTable:
        """The same, prepared by the platform in one go, which takes a while.

        Args:
            overlapping: all conversations that were open in the stretch, however long ago they began.
        Raises:
            SourceError: with the code `job_failed`, where the platform took it on and gave up.
        """

    def available_until(self, operation: Operation) -> datetime | None:
        """Up to when a job leaves nothing out; None where the platform doesn't say."""

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
    """IANA name from Slack."""
    email: str | None = None
    usergroups: frozenset[str] = frozenset()
    operator: bool = False
    """The command line itself: sees all."""
    stranger: bool = False
    """A guest, or somebody of another company."""
    defaults: Defaults = NOTHING_CHOSEN
    """What she chose for all her questions."""
    agent_id: str | None = None
    """The agent that she is linked to; None: an equal address decides."""
    unlinked: bool = False
    """She is nobody's agent, although an address may be the same."""


class People(Protocol):
    """Who a Slack user is."""

    def requester(self, slack_id: str) -> Requester:
        """The person, cached; raises DeliveryError where Slack doesn't say."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of handing in a job: taken, refused because there is no room, or (duplicate) taken before."""

    accepted: bool
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Errand:
    """What another process needs to do a job that its own process left undone: plain values, to be stored."""

    kind: str
    """Which handler does it."""
    requester_id: str
    payload: Mapping[str, Any]
    """As JSON."""
    answer_by: datetime
    """From then on the person is told instead."""


class Jobs(Protocol):
    """Work handed off by the listeners, so that slow answers can't starve acks."""

    def submit(
        self,
        key: str,
        work: Callable[[], None],
        *,
        keep_s: float = 3600.0,
        abandoned: Callable[[], None] | None = None,
        errand: Errand | None = None,
    ) -> Submission:
        """Take the work once for each key; waits for nothing but a database, never raises.

        Args:
            keep_s: for how long a second hand-in under the same key counts as a duplicate.
            abandoned: called instead of, or beside, work that a shutdown doesn't let finish.
            errand: the same work for another process, where jobs outlive their own.
        """

    def withdraw(self, key: str, requester_id: str) -> bool:
        """Have an errand of hers stopped, whichever process is at it; False: none is known here, or it is over."""

    def withdrawn(self, key: str) -> bool:
        """Whether somebody withdrew an errand on which this process works; waits for nothing but a database."""


class DayStore(Protocol):
    """Days of conversations, kept as bytes by organisation and day of UTC. Each method is one short transaction."""

    def about(self, organisation_id: str, days: Collection[date] | None = None) -> Mapping[date, KeptDay]:
        """What there is of these days (None: of all), without reading it."""

    def content(self, organisation_id: str, day: date) -> tuple[KeptDay, bytes] | None:
        """One day as it was kept."""

    def keep(self, organisation_id: str, about: KeptDay, content: bytes, *, codec: int) -> bool:
        """Keep a day, unless one fetched later is kept already; whether it is the kept one now."""

    def drop(self, organisation_id: str, about: KeptDay) -> None:
        """Forget one day, unless it was fetched anew meanwhile."""

    def purge(self, before: date) -> int:
        """Forget the days before that one, of every organisation; how many."""


class HalfHourStore(Protocol):
    """Half-hours of days, kept as bytes by organisation, day of UTC and side. Each method is one short transaction."""

    def about(
        self, organisation_id: str, side: Side, days: Collection[date] | None = None
    ) -> Mapping[date, KeptHalfHours]:
        """What there is of these days (None: of all), without reading it."""

    def contents(
        self, organisation_id: str, side: Side, days: Collection[date]
    ) -> Mapping[date, tuple[KeptHalfHours, bytes]]:
        """These days as they were kept, as far as they are there."""

    def keep(self, organisation_id: str, about: KeptHalfHours, content: bytes, *, codec: int) -> bool:
        """Keep a day's, unless they were fetched later than these; whether they are the kept ones now."""

    def drop(self, organisation_id: str, about: KeptHalfHours) -> None:
        """Forget a day's, unless they were fetched anew meanwhile."""

    def purge(self, before: date) -> int:
        """Forget what is of days before that one, of every organisation; how many there were."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A turn of a chore in one process's hands; `attempt` is the fencing token."""

    name: str
    turn: str
    attempt: int


class Chores(Protocol):
    """What several processes do once between them. Turns of one chore sort by when they are due."""

    def claim(self, name: str, turn: str, owner: str, *, lease_s: float) -> Claim | None:
        """Take a turn that is neither done nor in anybody's hands nor waiting after a failure."""

    def is_done(self, name: str, turn: str) -> bool:
        """Whether that turn, or a later one, was done by anybody."""

    def done(self, claim: Claim) -> bool:
        """The turn is done; False: it is in other hands by now."""

    def put_back(self, claim: Claim, *, wait_s: float) -> bool:
        """The turn may be claimed again, later."""


class AuditLog(Protocol):
    """Every look at a person's figures."""

    def looked(self, look: Look) -> None:
        """Record one look, for good; raises StoreError where that can't be done, and then nothing may be shown."""

    def looks(
        self, window: Interval, *, by: Collection[str] | None, at: Collection[str] | None, limit: int
    ) -> tuple[int, Sequence[ListedLook]]:
        """Looks within that time: how many, and the newest of them.

        Args:
            by: looks of these people, …
            at: … or at these agents; both None: all.
        """


@dataclass(frozen=True, slots=True)
class PersonKept:
    """What is kept of one person beside her questions."""

    defaults: Defaults = NOTHING_CHOSEN
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class EverythingKept:
    """All that people chose and saved, as it is written to a file."""

    defaults: Mapping[str, Defaults]
    """By person."""
    saved: Sequence[Saved]
    links: Sequence[Link]


class MemoryStore(Protocol):
    """What is kept of people. Each method is one short transaction."""

    def person(self, person_id: str) -> PersonKept:
        """Her choices and her link."""

    def choose(self, person_id: str, defaults: Defaults, now: datetime) -> None:
        """Keep her choices."""

    def saved(self, owner_ids: Collection[str]) -> Sequence[Saved]:
        """The saved questions of these people and channels, by owner and name."""

    def save(self, saved: Saved, *, most: int, takes_over: bool = True) -> bool | None:
        """Keep a question under its name, in the place of one of that name; False: the owner has as many as may be.

        Args:
            takes_over: also in the place of what somebody else saved; else that stays, and None says so.
        """

    def unsave(self, owner_id: str, name: str) -> bool:
        """Forget a question; False: there was none of that name."""

    def link(self, link: Link) -> None:
        """Keep who somebody is, in the place of what was kept."""

    def last_questions(self, person_id: str, limit: int) -> Sequence[Asked]:
        """What she asked last, the newest first."""

    def remember(self, person_id: str, asked: Asked, snapshot: KeptSnapshot | None, *, most: int) -> None:
        """Keep what she asked, and what she was shown; the oldest beyond so many of each are forgotten."""

    def snapshot(self, person_id: str, question_key: str, now: datetime) -> bytes | None:
        """What she was shown when she asked the same before, while it is kept."""

    def everything(self) -> EverythingKept:
        """All choices, saved questions and links."""

    def bring_in(self, everything: EverythingKept, now: datetime) -> Mapping[str, tuple[int, int]]:
        """Bring the store up to these, all or nothing: by kind, how many were added and how many changed."""

    def purge(self, now: datetime, *, asked_before: datetime) -> int:
        """Forget snapshots whose time is over, and questions asked before that moment; how many."""


@dataclass(frozen=True, slots=True)
class KeptSnapshot:
    """What somebody was shown, as it is kept."""

    question_key: str
    known_at: datetime
    keep_until: datetime
    content: bytes


class Recall(Protocol):
    """Joins what is kept of a person to what Slack says of her."""

    def known(self, person: Requester) -> Requester | None:
        """From memory, for a listener, which must not wait; None: not read lately."""

    def person(self, person: Requester) -> Requester:
        """As it stands in the database."""


class ScheduleStore(Protocol):
    """Schedules, kept. Each method is one short transaction."""

    def add(self, schedule: Schedule) -> Schedule:
        """Keep a new schedule; its number is given here."""

    def get(self, schedule_id: str) -> Schedule | None:
        """One schedule by id."""

    def by_number(self, number: int) -> Schedule | None:
        """One schedule by what people call it."""

    def all(self) -> Sequence[Schedule]:
        """Every schedule that hasn't been deleted, oldest first."""

    def save(self, schedule: Schedule) -> Schedule | None:
        """Replace a schedule of the same version, counting the version up; None: somebody else was quicker."""

    def delete(self, schedule_id: str) -> bool:
        """Forget a schedule; its log stays."""


class FireLedger(Protocol):
    """The outbox of scheduled posts.

    Each change is one update that names the attempt and the state it expects; False means that somebody else
    has the fire by now, and the caller must stop. `now` decides on SQLite; Postgres compares with its own clock.
    """

    def open(self, fires: Sequence[Fire]) -> int:
        """Insert what isn't there yet, by key, every field as given; all in one transaction; how many were new."""

    def claim(self, owner: str, now: datetime, *, lease_s: float, busy: Collection[str] = ()) -> Fire | None:
        """Take the fire that has waited longest (due, or held beyond its lease), but to no busy destination.

        Args:
            busy: ids of destinations to leave alone for now.
        """

    def renew(self, fire: Fire, now: datetime, *, lease_s: float) -> bool:
        """Hold on to a fire for longer."""

    def freeze(self, fire: Fire, content: Mapping[str, Any], *, incomplete: bool) -> bool:
        """Set the message, once, before the first send."""

    def sending(self, fire: Fire, channel: str, now: datetime, *, lease_s: float | None = None) -> bool:
        """Note the channel and (the first time) the moment just before a send; renew the lease in the same breath."""

    def sent(self, fire: Fire, ts: str, now: datetime, *, sweep_at: datetime | None) -> bool:
        """The post is in the channel."""

    def put_back(self, fire: Fire, *, not_before: datetime, error: str, nothing_sent: bool = False) -> bool:
        """Due again, later.

        Args:
            nothing_sent: nothing of it can be in the channel, so the next attempt needn't look: forgets the first send.
        """

    def finish(self, fire: Fire, state: FireState, reason: str, now: datetime) -> bool:
        """Unknown, skipped or failed, with the reason."""

    def fire(self, key: str) -> Fire | None:
        """One fire as it stands."""

    def known(self, keys: Sequence[str]) -> frozenset[str]:
        """Those of these keys that have a row."""

    def to_sweep(self, now: datetime, *, limit: int = 100) -> Sequence[Fire]:
        """Sent fires of more than one attempt whose channel is to be looked through."""

    def swept(self, fire: Fire, *, next_at: datetime | None) -> None:
        """A sweep is done and counted, once, whoever else did it; None: it was the last."""

    def took_back(self, fire: Fire) -> None:
        """Count a second copy of that post, which was deleted from its channel."""

    def of_schedule(self, schedule_id: str, *, limit: int = 50) -> Sequence[Fire]:
        """The log of one schedule, newest first."""

    def of_slot(self, schedule_id: str, local_date: date, local_time: time_of_day) -> Sequence[Fire]:
        """All recipients of one slot."""

    def release(self, owner: str) -> int:
        """Give back everything that this owner holds and hasn't begun to send."""

    def counts(self, now: datetime) -> Mapping[str, float]:
        """Gauges: due beyond five minutes, unknown, taken back, skipped, attempts above one."""

    def beat(self, process: str, now: datetime) -> None:
        """Stamp the heartbeat of one process's ticker."""

    def beats(self) -> Mapping[str, datetime]:
        """The last stamp of each process."""

    def purge(self, before: datetime) -> int:
        """Forget finished fires older than that."""


@dataclass(frozen=True, slots=True)
class Posted:
    """Slack took the message."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Slack said no, and nothing is in the channel; with `retry_after_s`, not yet."""

    error: str
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Unclear:
    """Time-out, reset or a fault on Slack's side: the message may be in the channel."""

    error: str


class Messenger(Protocol):
    """Posts for schedules; never retries by itself."""

    def post(self, channel: str, message: Mapping[str, Any], *, key: str, attempt: int) -> Posted | Refused | Unclear:
        """Post once, with the key and attempt in the message's metadata."""

    def find(self, channel: str, key: str, oldest: datetime) -> Sequence[str] | Refused | Unclear | None:
        """The ts of every message with that key since then, oldest first; None: we may not look."""

    def delete(self, channel: str, ts: str) -> bool:
        """Take a message back; True where it is gone."""

    def direct_channel(self, person_id: str) -> str | Refused | Unclear:
        """The channel of direct messages with that person."""

    def tell(self, person_id: str, text: str, blocks: Sequence[Mapping[str, Any]] = ()) -> bool:
        """A direct message, best effort."""

    def channel_state(self, channel_id: str) -> ChannelState | Refused | Unclear:
        """What decides whether figures may be posted there; asked anew each time."""

    def members(self, channel_id: str) -> frozenset[str] | Refused | Unclear:
        """Who is in a channel, by Slack id."""


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What Slack says about a channel."""

    archived: bool = False
    shared_externally: bool = False
    member: bool = True
