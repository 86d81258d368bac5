"""The truth: who did what when, for any day of any year, the same for the same seed.

Days are played when they are first asked for, and kept. Nothing here knows of the present: what has
happened by now is decided where it is asked.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar

from genesys_client.sandbox.conversations import day_of
from genesys_client.sandbox.floor import FLOOR_DAYS, Floor, FloorDay
from genesys_client.sandbox.moments import Span, local_date, midnight, parse_instant, utc_day
from genesys_client.sandbox.organization import Role
from genesys_client.sandbox.status import ShiftStatus, StatusSpan, filled, merged
from genesys_client.sandbox.threads import LONGEST_DAYS, ThreadDay, threads_begun_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from genesys_client.sandbox.conversations import Conversation
    from genesys_client.sandbox.organization import Organization, Person

T = TypeVar("T")

_THREAD_DAYS = 32
"""Threads are few, and each question looks back over several days of them."""

_FOUNDED = parse_instant("2016-01-01T00:00:00Z")
_FOR_EVER = parse_instant("2100-01-01T00:00:00Z")


class DayCache:
    """What was made for a day, kept for as many days of each kind as the size of the organisation allows."""

    def __init__(self, people: int) -> None:
        self._days = max(4, min(120, 12_000 // people))  # a day's status takes four days of shifts
        self._kept: dict[str, OrderedDict[date, object]] = {}
        self._lock = threading.RLock()

    def get(self, kind: str, day: date, make: Callable[[date], T]) -> T:
        """The kept value, or a new one; two threads never make the same day twice."""
        with self._lock:
            kept = self._kept.setdefault(kind, OrderedDict())
            if day in kept:
                kept.move_to_end(day)
                return kept[day]  # type: ignore[return-value]  # the kind decides the type
            value = make(day)
            kept[day] = value
            while len(kept) > self._days + (_THREAD_DAYS if kind.endswith("threads") else 0):
                kept.popitem(last=False)
            return value


class Activity:
    """Everything that happens in an organisation."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.cache = DayCache(len(organization.people))

    # Days

    def floor(self, day: date) -> FloorDay:
        """What the shifts bring that begin on a local day."""
        return self.cache.get("floor", day, self._play)

    def threads(self, day: date) -> ThreadDay:
        """The long threads that begin on a local day."""
        return self.cache.get("threads", day, lambda d: threads_begun_on(d, self.organization))

    def _play(self, day: date) -> FloorDay:
        early: dict[str, list[tuple[int, int]]] = {}
        for earlier in range(1, LONGEST_DAYS):
            for (worked_on, agent_id), spans in self.threads(day - timedelta(days=earlier)).work.items():
                if worked_on == day:
                    early.setdefault(agent_id, []).extend(spans)
        return Floor(self.organization, day, early_work=early).play()

    def days(self, span: Span, *, before: int, after: int = 0) -> Iterator[date]:
        """The local days that a span touches, and some around them."""
        zone = self.organization.zone
        day = local_date(span.start, zone) - timedelta(days=before)
        last = local_date(span.end - 1, zone) + timedelta(days=after)
        while day <= last:
            yield day
            day += timedelta(days=1)

    # Conversations

    def started_on(self, first_utc_day: int, last_utc_day: int) -> list[Conversation]:
        """Conversations whose start falls on one of these UTC days, in order of their start."""
        span = Span(first_utc_day * 86_400_000, (last_utc_day + 1) * 86_400_000)
        found = [
            conversation
            for day in self.days(span, before=FLOOR_DAYS)
            for conversation in (*self.floor(day).conversations, *self.threads(day).conversations)
            if first_utc_day <= utc_day(conversation.start) <= last_utc_day
        ]
        return sorted(found, key=lambda c: (c.start, c.id))

    def alive_in(self, span: Span) -> list[Conversation]:
        """Conversations of which some moment lies in the span, wrap-up included, in order of their start."""
        found = [c for day in self.days(span, before=FLOOR_DAYS) for c in self.floor(day).conversations]
        found += [c for day in self.days(span, before=LONGEST_DAYS) for c in self.threads(day).conversations]
        return sorted(
            (c for c in found if c.start < span.end and _last_moment(c) > span.start), key=lambda c: (c.start, c.id)
        )

    def conversation(self, identifier: str) -> Conversation | None:
        """The conversation with that id."""
        ordinal = day_of(identifier)
        if ordinal is None or not LONGEST_DAYS < ordinal < date.max.toordinal() - LONGEST_DAYS:
            return None
        day = date.fromordinal(ordinal)
        both = (*self.floor(day).conversations, *self.threads(day).conversations)
        return next((conversation for conversation in both if conversation.id == identifier), None)

    # Status

    def presences(self, person: Person, span: Span) -> list[StatusSpan]:
        """Presences that overlap the span, each with its whole true length."""
        return self._timeline(person, span, 0)

    def routing(self, person: Person, span: Span) -> list[StatusSpan]:
        """Routing statuses that overlap the span, each with its whole true length."""
        return self._timeline(person, span, 1)

    def _timeline(self, person: Person, span: Span, which: int) -> list[StatusSpan]:
        if person.role is Role.ABSENT:
            return []
        if person.role is Role.OFFLINE:
            pieces = [self._offline(which)._replace(start=_FOUNDED, end=_FOR_EVER)]
        else:
            # One day more on both sides: what overlaps the span begins or ends there at the latest.
            pieces = merged(
                [
                    piece
                    for day in self.days(span, before=1, after=1)
                    for piece in self._status_of_day(day)[which].get(person.id, ())
                ]
            )
        return [piece for piece in pieces if piece.start < span.end and piece.end > span.start]

    def _status_of_day(self, day: date) -> tuple[dict[str, list[StatusSpan]], dict[str, list[StatusSpan]]]:
        return self.cache.get("status", day, self._make_status)

    def _make_status(self, day: date) -> tuple[dict[str, list[StatusSpan]], dict[str, list[StatusSpan]]]:
        """Presence and routing through a local day of everybody of whom anything is reported on it."""
        zone = self.organization.zone
        start, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
        shifts: dict[str, list[ShiftStatus]] = {}
        for began in (day - timedelta(days=1), day):
            for agent_id, shift in self.floor(began).status.items():
                if shift.start < end and shift.end > start:
                    shifts.setdefault(agent_id, []).append(shift)
        presences, routing = {}, {}
        for agent_id, own in shifts.items():
            presences[agent_id] = filled([s for shift in own for s in shift.presences], start, end, self._offline(0))
            routing[agent_id] = filled([s for shift in own for s in shift.routing()], start, end, self._offline(1))
        return presences, routing

    def _offline(self, which: int) -> StatusSpan:
        if which:
            return StatusSpan(0, 0, "OFF_QUEUE")
        return StatusSpan(0, 0, "OFFLINE", self.organization.presence_id("OFFLINE"))


def _last_moment(conversation: Conversation) -> int:
    return max(conversation.end, *(s.end for p in conversation.participants for s in p.sessions))
