"""What a schedule is, what it owes to whom, and how each debt stands: the values of scheduled posts."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime, time
    from typing import Any

    from bot.core.recurrence import Recurrence, Slot


class DestinationKind(StrEnum):
    """Where a post goes."""

    CHANNEL = "channel"
    PERSON = "person"


@dataclass(frozen=True, slots=True, order=True)
class Destination:
    """One recipient: a Slack channel or person, and her slice of the question, if she gets one of her own."""

    kind: DestinationKind
    id: str
    """Slack id, never a name."""
    slice: str = ""
    """Words added to the question for this recipient: `team:Billing`."""

    @property
    def key(self) -> str:
        """Part of a fire's key: unique among the recipients of a schedule."""
        return f"{self.id}/{self.slice}" if self.slice else self.id


class Misfire(StrEnum):
    """What becomes of slots that were missed, within the catch-up window."""

    LATEST = "latest"
    """The newest is posted, marked late; the others are skipped."""
    ALL = "all"
    NONE = "none"


class ScheduleState(StrEnum):
    """Whether a schedule owes anything."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A question, asked again and again for its recipients."""

    id: str
    number: int
    """What people call it: `schedules`, `pause 3`."""
    owner_id: str
    """Slack user id; whose rights count at every fire."""
    question: str
    """Canonical text of the grammar, read anew as of each slot."""
    recurrence: Recurrence
    destinations: tuple[Destination, ...]
    created_at: datetime
    state: ScheduleState = ScheduleState.ACTIVE
    paused_until: date | None = None
    """First local day on which it is due again; None: until resumed by hand."""
    reason: str = ""
    """Why it is paused, for people."""
    misfire: Misfire = Misfire.LATEST
    window_s: int = 7200
    """How long after its slot a post still makes sense."""
    wait_s: int = 900
    """How long to wait for complete data before sending marked incomplete."""
    least_coverage: float = 0.9
    """Share of the agents asked that must have answered for data to be complete."""
    failures: int = 0
    """Failed slots in a row; the schedule pauses itself at three."""
    active_since: datetime | None = None
    """Slots before it aren't owed: the moment of its making, its resumption, or of other times; None: `created_at`."""
    told_at: datetime | None = None
    """When its owner last heard of a failure."""
    version: int = 1


class FireState(StrEnum):
    """How one debt stands: due → held → sent | unknown | skipped | failed."""

    DUE = "due"
    HELD = "held"
    SENT = "sent"
    UNKNOWN = "unknown"
    """Nobody can tell whether it is in the channel, and nobody may look."""
    SKIPPED = "skipped"
    FAILED = "failed"


class FireKind(StrEnum):
    """Why there is a fire."""

    SLOT = "slot"
    RUN = "run"
    """Asked for now, for real."""
    TEST = "test"
    """Asked for now, to the asker alone."""
    RESEND = "resend"


@dataclass(frozen=True, slots=True)
class Fire:
    """One post owed to one recipient: a row of the outbox. `attempt` is the fencing token of whoever holds it."""

    key: str
    schedule_id: str
    destination: Destination
    fire_at: datetime
    local_date: date
    local_time: time
    kind: FireKind = FireKind.SLOT
    version: int = 1
    """Of the schedule, when the fire was opened."""
    state: FireState = FireState.DUE
    owner: str | None = None
    attempt: int = 0
    lease_until: datetime | None = None
    not_before: datetime | None = None
    first_sent_at: datetime | None = None
    """Just before the first send; a look into the channel begins a little earlier."""
    channel: str | None = None
    """Where it was posted, or is to be: a direct message has a channel of its own."""
    ts: str | None = None
    error: str | None = None
    reason: str | None = None
    content: Mapping[str, Any] | None = field(default=None, repr=False)
    """The frozen message: set before the first send, the same for every attempt."""
    late: bool = False
    incomplete: bool = False
    sweep_at: datetime | None = None
    sweeps: int = 0
    changed_at: datetime | None = None


def slot_key(schedule_id: str, slot: Slot, destination: Destination) -> str:
    """The key of a slot's fire for one recipient: the same in every process, whenever it is computed."""
    return f"{schedule_id}:{slot.name}:{destination.key}"


def request_key(kind: FireKind, request_id: str, destination: Destination) -> str:
    """The key of a fire that somebody asked for; the same press twice is the same key."""
    return f"{kind.value}:{request_id}:{destination.key}"
