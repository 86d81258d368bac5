"""Text → question, with what the operator decided and what each person asked last; nothing that waits."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.core.grammar import GrammarContext, parse
from bot.core.query import Verb
from bot.core.zones import load_zone
from bot.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, time
    from zoneinfo import ZoneInfo

    from bot.core.query import Query
    from bot.core.rights import Grant
    from bot.ports import Requester

_REMEMBERED_PEOPLE = 10_000


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """What the operator decided about reading, answering and drawing questions."""

    zone: ZoneInfo
    zone_source: str = "setting"
    """`default` where no zone was chosen, so that answers say so."""
    week_start: int = 0
    date_order: str | None = None
    shifts: Mapping[str, tuple[time, time]] = field(default_factory=dict)
    max_span_days: int = 31
    headline: str = "utilization"
    drawn: tuple[str, ...] = ()
    """Column names to draw, in order; empty: the table's own choice."""
    grants: tuple[Grant, ...] = ()


class Reader:
    """Reads questions; remembers the last answered one of each person for `again`."""

    def __init__(self, settings: ReportSettings) -> None:
        self.settings = settings
        self._last: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, text: str, requester: Requester, *, now: datetime, zone: str | None = None) -> Query:
        """The question that the text asks.

        Args:
            text: as typed, Slack's own encoding already undone.
            now: the moment of asking. Its minute is what counts, so that everybody who asks for "today"
                within one minute asks the same question.
            zone: an IANA name that stands for the requester's own.
        Raises:
            CommandError: the text can't be read; the hint shows what works.
        """
        context = self._context(requester, now.replace(second=0, microsecond=0), zone)
        query = parse(text, context)
        if query.verb is not Verb.AGAIN:
            return query
        with self._lock:
            last = self._last.get(requester.id)
        if last is None:
            raise CommandError(
                "There is no question of yours to ask again: I remember the last one until I'm restarted.",
                hint="Type it: yesterday by interval",
                code="nothing_to_repeat",
            )
        return parse(last, context)

    def remember(self, query: Query, requester: Requester) -> None:
        """Keep a question that was answered."""
        with self._lock:
            self._last[requester.id] = query.text
            self._last.move_to_end(requester.id)
            while len(self._last) > _REMEMBERED_PEOPLE:
                self._last.popitem(last=False)

    def _context(self, requester: Requester, now: datetime, zone: str | None) -> GrammarContext:
        settings = self.settings
        if zone:
            chosen, source = load_zone(zone), "person"
        elif requester.zone:
            chosen, source = load_zone(requester.zone), "slack"
        else:
            chosen, source = settings.zone, settings.zone_source
        return GrammarContext(
            now=now,
            zone=chosen,
            zone_source=source,
            week_start=settings.week_start,
            date_order=settings.date_order,
            shifts=settings.shifts,
            max_span_days=settings.max_span_days,
        )
