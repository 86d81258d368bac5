"""Text → question, with what the operator decided and the person chose; nothing that waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.core.defaults import DurationStyle
from bot.core.grammar import GrammarContext, parse
from bot.core.zones import load_zone

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, time
    from zoneinfo import ZoneInfo

    from bot.core.query import Query
    from bot.core.rights import Grant
    from bot.ports import Requester


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
    auditors: frozenset[str] = frozenset()
    """Slack users who may read the log of looks."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """How one person wants her figures drawn; JSON carries them all, whatever is drawn."""

    headline: str
    columns: tuple[str, ...]
    durations: DurationStyle
    csv: tuple[str, str]


class Reader:
    """Reads questions, as the operator and the one who asks decided; keeps nothing."""

    def __init__(self, settings: ReportSettings) -> None:
        self.settings = settings

    def read(self, text: str, requester: Requester, *, now: datetime, zone: str | None = None) -> Query:
        """The question that the text asks; what it says of earlier ones (`again`, `saved …`) stays to be looked up.

        Args:
            text: as typed, Slack's own encoding already undone.
            now: the moment of asking. Its minute is what counts, so that everybody who asks for "today"
                within one minute asks the same question.
            zone: an IANA name that stands for the requester's own.
        Raises:
            CommandError: the text can't be read; the hint shows what works.
        """
        return parse(text, self.context(requester, now=now, zone=zone))

    def context(self, requester: Requester, *, now: datetime, zone: str | None = None) -> GrammarContext:
        """What the words of her questions depend on."""
        settings, hers = self.settings, requester.defaults
        chosen, source = (load_zone(zone), "person") if zone else self._zone(requester)
        return GrammarContext(
            now=now.replace(second=0, microsecond=0),
            zone=chosen,
            zone_source=source,
            week_start=settings.week_start if hers.week_start is None else hers.week_start,
            date_order=hers.date_order or settings.date_order,
            shifts=settings.shifts,
            team=hers.team,
            max_span_days=settings.max_span_days,
        )

    def zone(self, requester: Requester) -> ZoneInfo:
        """The zone of her days, where a question names none."""
        return self._zone(requester)[0]

    def _zone(self, requester: Requester) -> tuple[ZoneInfo, str]:
        """The zone, and where it came from."""
        if requester.defaults.zone:
            return load_zone(requester.defaults.zone), "person"
        if requester.zone:
            return load_zone(requester.zone), "slack"
        return self.settings.zone, self.settings.zone_source

    def drawn(self, requester: Requester) -> Drawn:
        """Her choices over the operator's; the first of her columns is the headline, unless she named one."""
        hers = requester.defaults
        return Drawn(
            headline=hers.headline or (hers.columns[0] if hers.columns else self.settings.headline),
            columns=hers.columns or self.settings.drawn,
            durations=hers.durations or DurationStyle.WORDS,
            csv=hers.csv,
        )
