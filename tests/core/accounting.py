"""The handle time that segments account for, said session by session: what `WorkTable.accounted` is held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.segments import milliseconds
from bot.core.sessions import HANDLE, Post, WorkSession

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.core.intervals import Interval


def accounted_for(sessions: Iterable[WorkSession], windows: Sequence[Interval]) -> dict[str, float]:
    """Of the handle time posted within the windows, the seconds of each agent for which there are segments."""
    spans = [(milliseconds(window.start), milliseconds(window.end)) for window in windows]
    total: dict[str, int] = {}
    for session in sessions:
        posted = sum(
            post.value_ms
            for post in session.posts or untold(session)
            if post.metric == HANDLE and any(start <= post.at_ms < end for start, end in spans)
        )
        if posted:
            total[session.agent_id] = total.get(session.agent_id, 0) + min(posted, worked_ms(session))
    return {agent_id: ms / 1000 for agent_id, ms in total.items()}


def untold(session: WorkSession) -> tuple[Post, ...]:
    """What a session that ended and tells of no posts must have posted."""
    ends = [segment.end_ms for segment in session.segments if segment.end_ms is not None]
    return () if session.running or not ends else (Post(HANDLE, worked_ms(session), max(ends)),)


def worked_ms(session: WorkSession) -> int:
    """Length of all segments that have ended."""
    return sum(segment.end_ms - segment.start_ms for segment in session.segments if segment.end_ms is not None)
