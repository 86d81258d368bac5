"""One range seen four ways, and what lies between them: posted aggregates, session metrics, segments, status time.

Each agent's five figures make a chain, from the handle time that Genesys posted to the time its status calls
interacting. Every step from one to the next is sorted into causes that the sessions themselves prove; what none of
them accounts for is unknown, and said in seconds.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.core.segments import milliseconds
from bot.core.sessions import HANDLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from bot.core.intervals import Interval
    from bot.core.segments import Segment
    from bot.core.sessions import WorkSession

    Stretch = tuple[int, int]

LATE_MS = 60 * 60_000
"""Session metrics of the last hour may be ahead of the aggregates."""


class Cause(StrEnum):
    """Why one figure is not the next."""

    OLD_CONVERSATION = "old_conversation"
    """Posted by a conversation begun before the look-back: found by looking further back."""
    LATE_DATA = "late_data"
    """Sessions have it, the aggregates not yet."""
    WORKED_OUTSIDE = "worked_outside"
    """Posted in the range, worked before it."""
    POSTED_OUTSIDE = "posted_outside"
    """Worked in the range, posted after it."""
    STILL_OPEN = "still_open"
    """Worked in the range, and not posted yet."""
    OVERLAP = "overlap"
    """Work side by side, which counts once."""
    FILTER = "filter"
    """Work that the question left out, and that status time can't leave out."""
    NON_ACD = "non_acd"
    """Work that wasn't routed, which is no interacting time."""
    ALERTING = "alerting"
    """Ringing, which is interacting time and no handle time."""
    UNKNOWN = "unknown"


FIGURES = ("posted_s", "sessions_s", "load_s", "busy_s", "interacting_s")
"""The chain: handle time of the aggregates, of the session metrics, of the segments, overlaps once, status time."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What one cause adds on the way from one figure to the next, in seconds; below zero it takes away."""

    step: str
    """The figure that it leads to."""
    cause: Cause
    seconds: float


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One agent's chain."""

    agent_id: str
    figures: Mapping[str, float | None]
    """By name in `FIGURES`; None: the platform didn't report it."""
    gaps: tuple[Gap, ...]

    @property
    def unknown_s(self) -> float:
        """Seconds that nothing accounts for, of either sign."""
        return round(sum(abs(gap.seconds) for gap in self.gaps if gap.cause is Cause.UNKNOWN), 3)


def reconcile(
    agent_ids: Iterable[str],
    *,
    windows: Sequence[Interval],
    posted_s: Mapping[str, float],
    interacting_s: Mapping[str, float],
    sessions: Sequence[WorkSession],
    older: Sequence[WorkSession],
    asked: Callable[[Segment, WorkSession], bool],
    now: datetime,
) -> tuple[Reconciled, ...]:
    """The chain of each agent, in the order given.

    Args:
        windows: the range's pieces, disjoint and in order.
        posted_s: handle time of the aggregates, of the conversations asked for; absent is zero.
        interacting_s: status time; absent: nothing was reported.
        sessions: of all conversations within the look-back, whatever the question leaves out, with their alerts.
        older: those found only by looking further back.
        asked: whether a segment belongs to what the question asks for.
        now: running segments have lasted until then.
    """
    found: dict[str, list[WorkSession]] = defaultdict(list)
    old: dict[str, list[WorkSession]] = defaultdict(list)
    for place, group in ((found, sessions), (old, older)):
        for session in group:
            place[session.agent_id].append(session)
    bounds = _Bounds.of(windows, now)
    return tuple(
        _agent(
            agent_id,
            posted_s.get(agent_id, 0.0),
            interacting_s.get(agent_id),
            found[agent_id],
            old[agent_id],
            asked,
            bounds,
        )
        for agent_id in agent_ids
    )


@dataclass(frozen=True, slots=True)
class _Bounds:
    """The range in milliseconds."""

    windows: tuple[Stretch, ...]
    now: int

    @classmethod
    def of(cls, windows: Sequence[Interval], now: datetime) -> _Bounds:
        return cls(tuple((milliseconds(w.start), milliseconds(w.end)) for w in windows), milliseconds(now))

    def holds(self, at: int) -> bool:
        return any(start <= at < end for start, end in self.windows)

    def pieces(self, segments: Iterable[Segment]) -> list[Stretch]:
        """The stretches inside the range; running ones end now."""
        out = []
        for segment in segments:
            end = self.now if segment.end_ms is None else segment.end_ms
            for low, high in self.windows:
                if max(segment.start_ms, low) < min(end, high):
                    out.append((max(segment.start_ms, low), min(end, high)))
        return out


def _agent(
    agent_id: str,
    posted_s: float,
    interacting_s: float | None,
    sessions: Sequence[WorkSession],
    older: Sequence[WorkSession],
    asked: Callable[[Segment, WorkSession], bool],
    bounds: _Bounds,
) -> Reconciled:
    gaps = _Gaps()
    everything = [*sessions, *older]
    of_question = [(session, tuple(s for s in session.segments if asked(s, session))) for session in everything]
    old = {id(session) for session in older}

    posted = round(posted_s * 1000)
    emitted = late = from_old = 0
    load = 0
    stretches: list[Stretch] = []
    for session, segments in of_question:
        if not segments:
            continue
        handle = [post for post in session.posts if post.metric == HANDLE]
        here = sum(post.value_ms for post in handle if bounds.holds(post.at_ms))
        pieces = bounds.pieces(segments)
        inside = _length(pieces)
        emitted += here
        load += inside
        stretches += pieces
        from_old += here if id(session) in old else 0
        late += sum(p.value_ms for p in handle if bounds.holds(p.at_ms) and p.at_ms > bounds.now - LATE_MS)
        if here:
            worked = sum((bounds.now if s.end_ms is None else s.end_ms) - s.start_ms for s in segments)
            gaps.add("load_s", Cause.WORKED_OUTSIDE, inside - worked)
            gaps.add("load_s", Cause.UNKNOWN, worked - here)
        elif handle and not session.running:
            gaps.add("load_s", Cause.POSTED_OUTSIDE, inside)
        else:
            gaps.add("load_s", Cause.STILL_OPEN if session.running else Cause.UNKNOWN, inside)

    # Conversations found only further back were posted all the same: nothing is missing, but the usual answer lacks it.
    gaps.add("sessions_s", Cause.OLD_CONVERSATION, -from_old)
    ahead = emitted - posted
    gaps.add("sessions_s", Cause.LATE_DATA, min(late, ahead) if ahead > 0 else 0)
    gaps.add("sessions_s", Cause.UNKNOWN, ahead - (min(late, ahead) if ahead > 0 else 0))
    gaps.add("load_s", Cause.OLD_CONVERSATION, from_old)

    busy = union_ms(stretches)
    gaps.add("busy_s", Cause.OVERLAP, busy - load)

    all_work = bounds.pieces(s for session in everything for s in session.segments)
    routed = [session for session in everything if session.purpose == "agent"]
    acd = bounds.pieces(s for session in routed for s in session.segments)
    ringing = bounds.pieces(s for session in routed for s in session.alerts)
    union_all, union_acd, union_ringing = union_ms(all_work), union_ms(acd), union_ms([*acd, *ringing])
    if interacting_s is not None:
        gaps.add("interacting_s", Cause.FILTER, union_all - busy)
        gaps.add("interacting_s", Cause.NON_ACD, union_acd - union_all)
        gaps.add("interacting_s", Cause.ALERTING, union_ringing - union_acd)
        gaps.add("interacting_s", Cause.UNKNOWN, round(interacting_s * 1000) - union_ringing)
    figures: dict[str, float | None] = {
        "posted_s": posted / 1000,
        "sessions_s": (emitted - from_old) / 1000,
        "load_s": load / 1000,
        "busy_s": busy / 1000,
        "interacting_s": interacting_s,
    }
    return Reconciled(agent_id, figures, gaps.all())


class _Gaps:
    """Milliseconds by step and cause, summed."""

    def __init__(self) -> None:
        self._ms: dict[tuple[str, Cause], int] = {}

    def add(self, step: str, cause: Cause, ms: int) -> None:
        self._ms[step, cause] = self._ms.get((step, cause), 0) + ms

    def all(self) -> tuple[Gap, ...]:
        """Those that aren't zero, in the order of the chain."""
        found = (Gap(step, cause, ms / 1000) for (step, cause), ms in self._ms.items() if ms)
        return tuple(sorted(found, key=lambda gap: (FIGURES.index(gap.step), list(Cause).index(gap.cause))))


def _length(stretches: Iterable[Stretch]) -> int:
    return sum(end - start for start, end in stretches)


def union_ms(stretches: Iterable[Stretch]) -> int:
    """Milliseconds that at least one of the stretches covers."""
    covered, reached = 0, 0
    for start, end in sorted(stretches):
        covered += max(0, end - max(start, reached))
        reached = max(reached, end)
    return covered
