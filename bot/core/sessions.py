"""Sessions of agents as the platform tells them: segments and posted metrics side by side, for looking into a number.

Figures come from frames; these values are for the few sessions behind one of them. Milliseconds since 1970, as in
`bot.core.segments`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.core.segments import Segment

HANDLE = "tHandle"

FURTHER_DAYS = 14
"""How far back conversations may have begun that are looked for where something is missing."""


@dataclass(frozen=True, slots=True)
class Post:
    """A metric as it was emitted: its value in milliseconds counts whole at one moment."""

    metric: str
    value_ms: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class WorkSession:
    """One agent's part in a conversation over one medium: its segments of work, and what it posted."""

    conversation_id: str
    session_id: str
    agent_id: str
    purpose: str
    """`agent` for work that was routed, `user` for the agent's own calls."""
    media: str
    direction: str
    segments: tuple[Segment, ...]
    posts: tuple[Post, ...]
    alerts: tuple[Segment, ...] = ()
    """Ringing at the agent, which is no handle time; whatever the question leaves out."""

    @property
    def queue_id(self) -> str:
        """The queue of its work; empty for work without one."""
        return next((segment.queue_id for segment in self.segments if segment.queue_id), "")

    @property
    def running(self) -> bool:
        """Whether a segment has no end yet."""
        return any(segment.end_ms is None for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Work:
    """The sessions behind a question, and how they were found."""

    sessions: tuple[WorkSession, ...]
    now: datetime
    """Running segments have lasted until then."""
    conversations: int
    duplicates_removed: int
    since: datetime
    """Conversations begun before that were not looked for."""
    known_at: datetime | None = None
    """When the oldest of it was read that may still change; None: just now."""


@dataclass(frozen=True, slots=True)
class Shortness:
    """Posted handle time for which no segments were found."""

    seconds: float
    agent_ids: frozenset[str]


def shortness(posted_s: Mapping[str, float], accounted_s: Mapping[str, float]) -> Shortness:
    """How far the segments of each agent fall short of her posted handle time.

    Less than half a second of an agent is rounding. More segments than was posted is no shortness: the platform may
    post late.
    """
    short = {agent_id: posted - accounted_s.get(agent_id, 0.0) for agent_id, posted in posted_s.items()}
    missing = {agent_id: seconds for agent_id, seconds in short.items() if seconds >= 0.5}
    return Shortness(round(sum(missing.values()), 3), frozenset(missing))
