"""Sessions of agents as the platform tells them: segments and posted metrics side by side, for looking into a number.

Figures come from frames; these values are for the few sessions behind one of them. Milliseconds since 1970, as in
`bot.core.segments`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.segments import milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from bot.core.intervals import Interval
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

    @property
    def worked_ms(self) -> int:
        """Length of all segments that have ended."""
        return sum(segment.end_ms - segment.start_ms for segment in self.segments if segment.end_ms is not None)


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


def accounted_for(sessions: Iterable[WorkSession], windows: Sequence[Interval]) -> dict[str, float]:
    """Of the handle time posted within the windows, the seconds of each agent for which there are segments.

    Handle time counts where it was posted, wherever the work lay, so this is comparable to the aggregates of the
    same windows to the millisecond: work across an edge is in both or in neither. Metrics of sessions are optional:
    one that came without any is taken to have posted its work when that ended, as the platform does.
    """
    spans = [(milliseconds(window.start), milliseconds(window.end)) for window in windows]
    total: dict[str, int] = {}
    for session in sessions:
        posted = sum(
            post.value_ms
            for post in session.posts or _untold(session)
            if post.metric == HANDLE and any(start <= post.at_ms < end for start, end in spans)
        )
        if posted:
            total[session.agent_id] = total.get(session.agent_id, 0) + min(posted, session.worked_ms)
    return {agent_id: ms / 1000 for agent_id, ms in total.items()}


def _untold(session: WorkSession) -> tuple[Post, ...]:
    """What a session that ended and tells of no posts must have posted."""
    ends = [segment.end_ms for segment in session.segments if segment.end_ms is not None]
    return () if session.running or not ends else (Post(HANDLE, session.worked_ms, max(ends)),)


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
