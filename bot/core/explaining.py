"""What one bucket of an agent's is made of: each session's part, what its edges cut off, and where work overlaps.

The figures are worked out anew from the sessions, one by one and without any frame, so that they check the ones in
the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from bot.core.query import Booking
from bot.core.records import POSTED_COLUMN
from bot.core.segments import COLUMN_OF, milliseconds
from bot.core.sessions import HANDLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.intervals import Interval
    from bot.core.sessions import Post, Work, WorkSession

PARTS = ("contacting_s", "dialing_s", "talk_s", "held_s", "acw_s")
"""What handle time is the sum of."""


RINGING = "ringing"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a session's time within the bucket, and what the agent did in it."""

    kind: str
    """A column of `PARTS`, or `RINGING`, which is no handle time."""
    start_ms: int
    end_ms: int

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return (self.end_ms - self.start_ms) / 1000


@dataclass(frozen=True, slots=True)
class Share:
    """What one session has in the bucket."""

    session: WorkSession
    seconds: Mapping[str, float]
    """By column, only what it has: `handle_s` and the parts of it."""
    before_s: float
    """By the clock: its work before the bucket, which counts there."""
    after_s: float
    """By the clock: its work after the bucket, up to now."""
    running: bool
    """By the clock: a segment in the bucket has no end yet, so the seconds may grow."""
    posts: tuple[Post, ...]
    """As posted: the metrics emitted in the bucket."""
    timeline: tuple[Stretch, ...] = ()
    """What happened within the bucket, in order; as posted, it may all have happened before."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """A stretch in which several sessions had work at once."""

    start_ms: int
    end_ms: int
    sessions: int

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return (self.end_ms - self.start_ms) / 1000


@dataclass(frozen=True, slots=True)
class Explanation:
    """One bucket of one agent's, taken apart."""

    booking: Booking
    bucket: Interval
    shares: tuple[Share, ...]
    """Sessions with time in the bucket, in the order in which their work began."""
    figures: Mapping[str, float | None]
    """The bucket's figures, worked out from the shares."""
    overlaps: tuple[Overlap, ...]
    """By the clock; in order of time."""

    @property
    def running(self) -> bool:
        """Whether some of the work goes on."""
        return any(share.running for share in self.shares)


def explain(work: Work, bucket: Interval, booking: Booking) -> Explanation:
    """The bucket's figures and what they come from.

    Args:
        work: sessions of one agent, already limited to the conversations asked for.
        bucket: ends at now where it still runs.
    """
    if booking is Booking.POSTED:
        return _posted(work, bucket)
    return _clock(work, bucket)


def _posted(work: Work, bucket: Interval) -> Explanation:
    start, end = milliseconds(bucket.start), milliseconds(bucket.end)
    shares = []
    for session in work.sessions:
        posts = tuple(post for post in session.posts if post.metric in POSTED_COLUMN and start <= post.at_ms < end)
        if posts:
            seconds: dict[str, float] = {}
            for post in posts:
                column = POSTED_COLUMN[post.metric]
                seconds[column] = seconds.get(column, 0.0) + post.value_ms / 1000
            told = _timeline(session, start, end, milliseconds(work.now))
            shares.append(Share(session, seconds, 0.0, 0.0, running=False, posts=posts, timeline=told))
    figures: dict[str, float | None] = _sums(shares)
    figures["handled"] = sum(post.metric == HANDLE for share in shares for post in share.posts)
    return Explanation(Booking.POSTED, bucket, _in_order(shares), figures, ())


def _clock(work: Work, bucket: Interval) -> Explanation:
    start, end, now = (milliseconds(moment) for moment in (bucket.start, bucket.end, work.now))
    shares, stretches, handled = [], [], 0
    for session in work.sessions:
        inside: dict[str, int] = {}
        before = after = 0
        running = False
        for segment in session.segments:
            until = max(segment.start_ms, now if segment.end_ms is None else segment.end_ms)
            before += max(0, min(until, start) - segment.start_ms)
            after += max(0, until - max(segment.start_ms, end))
            low, high = max(segment.start_ms, start), min(until, end)
            if low < high:
                column = COLUMN_OF[segment.kind]
                inside[column] = inside.get(column, 0) + high - low
                running = running or segment.end_ms is None
                stretches.append((low, high))
        last = max((segment.end_ms or 0 for segment in session.segments), default=0)
        handled += not session.running and start <= last < end
        if inside:
            seconds = {"handle_s": sum(inside.values()) / 1000, **{name: ms / 1000 for name, ms in inside.items()}}
            told = _timeline(session, start, end, now)
            shares.append(
                Share(session, seconds, before / 1000, after / 1000, running=running, posts=(), timeline=told)
            )
    covered, overlaps = _covered(stretches)
    figures: dict[str, float | None] = _sums(shares)
    figures["busy_s"] = covered / 1000
    figures["busy_share"] = covered / (end - start)
    figures["concurrency"] = sum(high - low for low, high in stretches) / covered if covered else None
    figures["handled"] = handled
    return Explanation(Booking.CLOCK, bucket, _in_order(shares), figures, overlaps)


def _timeline(session: WorkSession, start: int, end: int, now: int) -> tuple[Stretch, ...]:
    """The session's segments within the bucket, and when it rang."""
    found = []
    for segment in (*session.alerts, *session.segments):
        until = now if segment.end_ms is None else segment.end_ms
        low, high = max(segment.start_ms, start), min(until, end)
        if low < high:
            found.append(Stretch(COLUMN_OF.get(segment.kind, RINGING), low, high))
    return tuple(sorted(found, key=lambda stretch: (stretch.start_ms, stretch.end_ms, stretch.kind)))


def _sums(shares: Sequence[Share]) -> dict[str, float | None]:
    return {
        column: round(sum(share.seconds.get(column, 0.0) for share in shares), 3) for column in ("handle_s", *PARTS)
    }


def _in_order(shares: Sequence[Share]) -> tuple[Share, ...]:
    return tuple(sorted(shares, key=lambda share: (_began(share.session), share.session.session_id)))


def _began(session: WorkSession) -> int:
    return min((segment.start_ms for segment in session.segments), default=0)


def _covered(stretches: Sequence[tuple[int, int]]) -> tuple[int, tuple[Overlap, ...]]:
    """(milliseconds with any work, where there is more than one stretch at once)"""
    edges = sorted({edge for stretch in stretches for edge in stretch})
    covered = 0
    overlaps: list[Overlap] = []
    for low, high in pairwise(edges):
        at_once = sum(start <= low and high <= end for start, end in stretches)
        covered += (high - low) * bool(at_once)
        if at_once < 2:
            continue
        last = overlaps[-1] if overlaps else None
        if last and last.end_ms == low and last.sessions == at_once:
            overlaps[-1] = Overlap(last.start_ms, high, at_once)
        else:
            overlaps.append(Overlap(low, high, at_once))
    return covered, tuple(overlaps)
