"""Conversations as they really ran: participants, sessions and segments, each with its true end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from random import Random

HANDLED_KINDS = frozenset({"contacting", "dialing", "interact", "hold", "wrapup"})
"""Segments of a person's session that are her work; ringing is not among them."""


@dataclass(slots=True)
class Segment:
    """One stretch of a session, half-open, in milliseconds."""

    kind: str
    start: int
    end: int
    queue_id: str | None = None
    disconnect: str | None = None
    conference: bool = False
    wrap_up_code: str | None = None


@dataclass(slots=True)
class Session:
    """One channel of a participant; its segments follow each other without a gap."""

    id: str
    media: str
    direction: str
    segments: list[Segment] = field(default_factory=list)
    peer_id: str | None = None
    acw_skipped: bool = False
    waited_from: int | None = None
    """When the interaction entered the queue, on the session that answered it."""
    counts: list[tuple[str, int]] = field(default_factory=list)
    """Names of count metrics that happened in this session, and when."""

    @property
    def start(self) -> int:
        """When its first segment begins."""
        return self.segments[0].start

    @property
    def end(self) -> int:
        """When its last segment ends."""
        return self.segments[-1].end

    @property
    def queue_id(self) -> str | None:
        """The queue that it works for; non-ACD sessions have none."""
        return self.segments[0].queue_id


@dataclass(slots=True)
class Participant:
    """Somebody or something that took part; one person may be several participants."""

    id: str
    purpose: str
    sessions: list[Session]
    user_id: str | None = None
    name: str | None = None
    team_id: str | None = None


@dataclass(slots=True)
class Conversation:
    """Everything from the first contact to the last goodbye."""

    id: str
    start: int
    end: int
    direction: str
    division_ids: tuple[str, ...]
    participants: list[Participant]


def random_id(rng: Random) -> str:
    """A UUID of version 4, drawn from the day's own source of chance."""
    text = f"{rng.getrandbits(128):032x}"
    variant = "89ab"[int(text[16], 16) % 4]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"


def conversation_id(rng: Random, day: date) -> str:
    """A UUID that names the day whose story it belongs to, so that it can be found again."""
    drawn = random_id(rng)
    return f"{drawn[:24]}{day.toordinal():06x}{drawn[30:]}"


def day_of(identifier: str) -> int | None:
    """The ordinal of the day in the id of a conversation; None if it can't be one."""
    try:
        return int(identifier[24:30], 16) if len(identifier) == 36 else None
    except ValueError:
        return None
