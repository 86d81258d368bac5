"""The answer key: what each agent did in each bucket, worked out by brute force from what happened.

It shares the activity with the handlers and nothing else: no emissions, no merged timelines, no bucket
arithmetic. So a test that compares an answer of the sandbox, or of a whole bot on top of it, with this
compares two things.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from genesys_client.sandbox.moments import Span, local_date, midnight, to_ms
from genesys_client.sandbox.organization import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from genesys_client.sandbox.conversations import Conversation, Participant, Session
    from genesys_client.sandbox.engine import Engine
    from genesys_client.sandbox.organization import Person
    from genesys_client.sandbox.status import ShiftStatus

Bucket = tuple[datetime, datetime]
"""Half-open, two aware datetimes."""

_WORK = ("contacting", "dialing", "interact", "hold", "wrapup")


@dataclass(frozen=True, slots=True)
class Posted:
    """What a metric adds up to in one bucket; milliseconds."""

    count: int
    sum_ms: int


@dataclass(frozen=True, slots=True)
class TrueSegment:
    """A stretch of an agent's session as it happened."""

    agent_id: str
    conversation_id: str
    session_id: str
    media: str
    direction: str
    purpose: str
    queue_id: str | None
    kind: str
    start_ms: int
    end_ms: int | None
    """None: it still runs."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Work inside one bucket: every overlap counted, and counted once; milliseconds."""

    load_ms: int
    busy_ms: int


class Truth:
    """The answer key of an engine, at the engine's present."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._activity = engine.activity
        self._organization = engine.organization

    @property
    def as_of(self) -> datetime:
        """The moment up to which things have happened."""
        return self._engine.now()

    def posted(
        self,
        buckets: Sequence[Bucket],
        *,
        queue_id: str | None = None,
        media: str | None = None,
        direction: str | None = None,
        purpose: str | None = None,
    ) -> dict[tuple[str, int], dict[str, Posted]]:
        """Agents' metrics by the moment of emission.

        Args:
            buckets: disjoint, in order.
            queue_id: count sessions of this queue alone.
            media: of this media type alone.
            direction: of this direction alone.
            purpose: of participants with this purpose alone.

        Returns:
            By agent and index of the bucket; without an entry where nothing was emitted.
        """
        spans, now = _spans(buckets), to_ms(self.as_of)
        sums: dict[tuple[str, int], dict[str, list[int]]] = {}
        for _, participant, session in self._sessions(Span(spans[0].start, spans[-1].end)):
            wanted = ((queue_id, session.queue_id), (media, session.media), (direction, session.direction))
            if any(w not in (None, has) for w, has in (*wanted, (purpose, participant.purpose))):
                continue
            for at, metric, value in _posts(session):
                for i, span in enumerate(spans):
                    if at <= now and span.start <= at < span.end:
                        sums.setdefault((str(participant.user_id), i), {}).setdefault(metric, []).append(value)
        return {
            key: {metric: Posted(len(values), sum(values)) for metric, values in metrics.items()}
            for key, metrics in sums.items()
        }

    def status(self, buckets: Sequence[Bucket]) -> dict[tuple[str, int], dict[tuple[str, str], int]]:
        """Agents' presence and routing status within each bucket.

        Returns:
            By agent and index of the bucket: milliseconds by metric (`tSystemPresence`,
            `tAgentRoutingStatus`) and status. Without an entry where nothing was reported.
        """
        out: dict[tuple[str, int], dict[tuple[str, str], int]] = {}
        now = to_ms(self.as_of)
        for i, bucket in enumerate(_spans(buckets)):
            span = Span(bucket.start, min(bucket.end, now))
            for person in self._organization.people if span.length > 0 else ():
                sums: dict[tuple[str, str], int] = {}
                for start, end, presence, routing in self._moments(person, span):
                    for key in (("tSystemPresence", presence), ("tAgentRoutingStatus", routing)):
                        sums[key] = sums.get(key, 0) + end - start
                if sums:
                    out[person.id, i] = sums
        return out

    def segments(self, start: datetime, end: datetime) -> list[TrueSegment]:
        """Every stretch of an agent's session that shares time with `[start, end)`, uncut, in order of start."""
        span, now = Span(to_ms(start), to_ms(end)), to_ms(self.as_of)
        out = [
            TrueSegment(
                str(participant.user_id),
                conversation.id,
                session.id,
                session.media,
                session.direction,
                participant.purpose,
                segment.queue_id,
                segment.kind,
                segment.start,
                segment.end if segment.end <= now else None,
            )
            for conversation, participant, session in self._sessions(span)
            for segment in session.segments
            if segment.start < min(span.end, now) and segment.end > span.start
        ]
        return sorted(out, key=lambda s: (s.start_ms, s.session_id))

    def clock(self, buckets: Sequence[Bucket], **filters: str) -> dict[tuple[str, int], Clock]:
        """Agents' work within each bucket: load and busy.

        Args:
            buckets: disjoint, in order.
            **filters: fields of a segment (`queue_id`, `media`, `direction`, `purpose`) and what they must be.
        """
        now = to_ms(self.as_of)
        pieces: dict[tuple[str, int], list[tuple[int, int]]] = {}
        for segment in self.segments(buckets[0][0], buckets[-1][1]):
            if segment.kind not in _WORK or any(getattr(segment, n) != value for n, value in filters.items()):
                continue
            for i, span in enumerate(_spans(buckets)):
                start = max(segment.start_ms, span.start)
                end = min(now if segment.end_ms is None else segment.end_ms, span.end)
                if start < end:
                    pieces.setdefault((segment.agent_id, i), []).append((start, end))
        return {key: Clock(sum(e - s for s, e in spans), _covered(spans)) for key, spans in pieces.items()}

    def _sessions(self, span: Span) -> Iterator[tuple[Conversation, Participant, Session]]:
        """Every session of a person in every conversation that could touch the span."""
        for day in self._days(span, before=8, after=0):
            for conversation in (*self._activity.threads(day).conversations, *self._played(day, span)):
                for participant in conversation.participants:
                    for session in participant.sessions if participant.user_id else ():
                        yield conversation, participant, session

    def _played(self, day: date, span: Span) -> Sequence[Conversation]:
        """A day's ordinary conversations; shifts that began two days before are over."""
        zone = self._organization.zone
        near = day >= local_date(span.start, zone) - timedelta(days=1)
        return self._activity.floor(day).conversations if near else ()

    def _days(self, span: Span, *, before: int, after: int) -> list[date]:
        zone = self._organization.zone
        first = local_date(span.start, zone) - timedelta(days=before)
        last = local_date(span.end, zone) + timedelta(days=after)
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def _moments(self, person: Person, span: Span) -> list[tuple[int, int, str, str]]:
        """Start, end, presence and routing status of each stretch of the span in which neither changes."""
        if person.role is Role.OFFLINE:
            return [(span.start, span.end, "OFFLINE", "OFF_QUEUE")]
        days = self._days(span, before=2, after=1)
        shifts = [status for day in days if (status := self._activity.floor(day).status.get(person.id)) is not None]
        zone = self._organization.zone
        edges = {span.start, span.end, *(midnight(day, zone) for day in days)}
        for shift in shifts:
            edges.update(edge for s in shift.presences for edge in (s.start, s.end))
            edges.update(edge for pair in (*shift.acd, *shift.calls, *shift.unanswered) for edge in pair)
        inside = sorted(edge for edge in edges if span.start <= edge <= span.end)
        out = []
        for start, end in pairwise(inside):
            known = self._at(start, shifts)
            if known is not None:
                out.append((start, end, *known))
        return out

    def _at(self, moment: int, shifts: list[ShiftStatus]) -> tuple[str, str] | None:
        """Presence and routing status at a moment; None where nothing is reported of that local day."""
        for shift in shifts:
            for presence in shift.presences:
                if presence.start <= moment < presence.end:
                    return presence.status, _routing_at(moment, shift, presence.status)
        zone = self._organization.zone
        today = local_date(moment, zone)
        start, end = midnight(today, zone), midnight(today + timedelta(days=1), zone)
        if any(shift.start < end and shift.end > start for shift in shifts):
            return "OFFLINE", "OFF_QUEUE"
        return None


def _routing_at(moment: int, shift: ShiftStatus, presence: str) -> str:
    for status, spans in (
        ("INTERACTING", shift.acd),
        ("COMMUNICATING", shift.calls),
        ("NOT_RESPONDING", shift.unanswered),
    ):
        if any(start <= moment < end for start, end in spans):
            return status
    return "IDLE" if presence == "ON_QUEUE" else "OFF_QUEUE"


def _posts(session: Session) -> Iterator[tuple[int, str, int]]:
    """Moment, metric and value of everything that a session posts for its agent."""

    def total(*kinds: str) -> int:
        return sum(s.end - s.start for s in session.segments if s.kind in kinds)

    def last(*kinds: str) -> int:
        return max((s.end for s in session.segments if s.kind in kinds), default=0)

    for segment in session.segments:
        metric = {
            "interact": "tTalk",
            "hold": "tHeld",
            "wrapup": "tAcw",
            "contacting": "tContacting",
            "dialing": "tDialing",
            "alert": "tAlert",
        }[segment.kind]
        yield segment.end, metric, segment.end - segment.start
    if total("interact"):
        yield last("interact", "hold"), "tTalkComplete", total("interact")
    if total("hold"):
        yield last("interact", "hold"), "tHeldComplete", total("hold")
    if total(*_WORK):
        yield last(*_WORK), "tHandle", total(*_WORK)
    else:
        yield last("alert"), "tNotResponding", total("alert")


def _spans(buckets: Sequence[Bucket]) -> list[Span]:
    return [Span(to_ms(start), to_ms(end)) for start, end in buckets]


def _covered(spans: list[tuple[int, int]]) -> int:
    """Milliseconds that at least one of the spans covers."""
    covered, reached = 0, 0
    for start, end in sorted(spans):
        covered += max(0, end - max(start, reached))
        reached = max(reached, end)
    return covered
