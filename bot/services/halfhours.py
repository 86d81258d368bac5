"""Half-hours of days that are over, kept: the platform's aggregates answered from the archive, where they can be.

Filled at night alone. Answers stand without it: whatever is missing, damaged or too old, the platform is asked instead.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.core.planning import PostedAsk
from bot.core.sourcing import KeptHalfHours, Side, Sources, utc_day
from bot.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import date, datetime

    from bot.core.frames import Facts
    from bot.core.halfhours import HalfHours
    from bot.core.planning import StatusAsk
    from bot.ports import ActivitySource, HalfHourStore, Operation

log = structlog.get_logger(__name__)


class HalfHourArchive:
    """The kept half-hours of the one organisation that the bot asks; thread-safe.

    Args:
        organisation: its id; None: it isn't known whose half-hours they are.
        clock: the moment.
        fresh_for: how long half-hours that aren't final may answer.
    """

    def __init__(
        self,
        store: HalfHourStore,
        activity: ActivitySource,
        *,
        organisation: Callable[[Operation], str | None],
        clock: Callable[[], datetime],
        fresh_for: timedelta,
    ) -> None:
        self._store = store
        self._activity = activity
        self._organisation = organisation
        self._clock = clock
        self._fresh_for = fresh_for

    def answer(self, ask: PostedAsk | StatusAsk, operation: Operation) -> Facts | None:
        """What the platform told of it when the days were read; None: it has to be asked."""
        from bot.core.halfhours import answered, days_of, is_plain

        now = self._clock()
        if ask.windows[-1].end > now or not is_plain(ask):
            return None
        days = days_of(ask)
        organisation = self._organisation(operation) if utc_day(days[-1]).end <= now else None
        if organisation is None:
            return None
        side = Side.POSTED if isinstance(ask, PostedAsk) else Side.STATUS
        about: Mapping[date, KeptHalfHours] = {}
        try:
            about = self._store.about(organisation, side, days)
        except StoreError:
            log.exception("archive_not_read")
        if not all(day in about and self._may_answer(about[day], now) for day in days):
            return None  # before much is read
        kept = self._read(organisation, side, days)
        if not all(day in kept and self._may_answer(kept[day][0], now) for day in days):
            return None
        facts = answered(ask, {day: half_hours for day, (_, half_hours) in kept.items()})
        if facts is None:
            return None
        return replace(facts, sources=Sources(half_hours=tuple(kept[day][0] for day in days)))

    # -- filling it -----------------------------------------------------------------------------------------

    def known(self, side: Side, operation: Operation) -> Mapping[date, KeptHalfHours]:
        """All that is kept of one side.

        Raises:
            StoreError: the database can't tell.
        """
        organisation = self._organisation(operation)
        return {} if organisation is None else self._store.about(organisation, side)

    def fetch(self, side: Side, day: date, operation: Operation, *, expected: Collection[str] = ()) -> None:
        """Read one side of a UTC day that is over, and keep it where it is fit to stand for other questions.

        Status is read of those of whom something was posted on that day or a neighbouring one (a local day lies in
        two of UTC), as far as that is kept.

        Args:
            expected: whose status is read beside.
        Raises:
            SourceError: the platform didn't answer.
            StoreError: the database didn't.
        """
        from bot.core.blobs import BlobError
        from bot.core.halfhours import (
            VERSION,
            UnfitError,
            half_hours_as_bytes,
            half_hours_of,
            posted_day_ask,
            status_day_ask,
        )

        organisation, started = self._organisation(operation), self._clock()
        if organisation is None or utc_day(day).end > started:
            return
        asked: tuple[str, ...] | None = None
        if side is Side.POSTED:
            facts = self._activity.posted(posted_day_ask(day), operation)
        else:
            nearby = [day + timedelta(days=number) for number in (-1, 0, 1)]
            worked = self._read(organisation, Side.POSTED, nearby).values()
            ask = status_day_ask(day, {*expected, *(who for _, kept in worked for who in kept.agent_ids)})
            if not ask.agent_ids:
                return
            asked, facts = ask.agent_ids, self._activity.status(ask, operation)
        try:
            content = half_hours_as_bytes(half_hours_of(facts, side, asked))
        except (UnfitError, BlobError) as error:
            log.warning("half_hours_not_archived", day=day.isoformat(), side=side.value, reason=str(error))
            return
        self._store.keep(organisation, KeptHalfHours(day, started, side), content, codec=VERSION)

    def purge(self, before: date) -> int:
        """Forget what is of days before that one."""
        return self._store.purge(before)

    def _may_answer(self, about: KeptHalfHours, now: datetime) -> bool:
        return about.answers(now=now, fresh_for=self._fresh_for)

    def _read(
        self, organisation: str, side: Side, days: Collection[date]
    ) -> dict[date, tuple[KeptHalfHours, HalfHours]]:
        """What is there of these days; what is damaged is dropped."""
        from bot.core.blobs import BlobError
        from bot.core.halfhours import half_hours_from_bytes

        found: dict[date, tuple[KeptHalfHours, HalfHours]] = {}
        try:
            for day, (about, content) in self._store.contents(organisation, side, days).items():
                try:
                    found[day] = about, half_hours_from_bytes(content)
                except BlobError as error:
                    log.warning("archived_day_damaged", day=day.isoformat(), side=side.value, reason=str(error))
                    self._store.drop(organisation, about)
        except StoreError:
            log.exception("archive_not_read")
        return found
