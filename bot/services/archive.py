"""Days of conversations, kept: read where a kept day may answer, written where a whole day was read.

Answers stand without it: whatever fails here is logged, and the platform is asked instead.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog

from bot.core.sourcing import KeptDay, utc_day
from bot.errors import SourceError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date, datetime

    from bot.core.worktable import WorkTable
    from bot.ports import DayStore, Operation

log = structlog.get_logger(__name__)

_ASK_AGAIN_S = 600.0
"""After the organisation didn't say who it is."""


class Archive:
    """The kept days of the one organisation that the bot asks; thread-safe.

    Args:
        organisation_id: asks the platform, once.
        monotonic: seconds.
    """

    def __init__(
        self,
        store: DayStore,
        *,
        organisation_id: Callable[[Operation], str],
        monotonic: Callable[[], float],
    ) -> None:
        self._store = store
        self._ask_id = organisation_id
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._id: str | None = None
        self._silent_until = float("-inf")

    def ready(self, operation: Operation) -> bool:
        """Whether it is known whose days these are, so that they can be kept."""
        return self.organisation(operation) is not None

    def known(self, days: Iterable[date] | None, operation: Operation) -> dict[date, KeptDay]:
        """What is kept of these days (None: at all); nothing where that can't be told."""
        organisation = self.organisation(operation)
        if organisation is None:
            return {}
        try:
            return dict(self._store.about(organisation, None if days is None else [*days]))
        except StoreError:
            log.exception("archive_not_read")
            return {}

    def read(self, day: date) -> tuple[KeptDay, WorkTable] | None:
        """One day; None where it isn't there (any more) or is damaged, in which case it is dropped."""
        from bot.core.blobs import BlobError, table_from_bytes

        if self._id is None:
            return None
        try:
            found = self._store.content(self._id, day)
            if found is None:
                return None
            about, content = found
            try:
                return about, table_from_bytes(content)
            except BlobError as error:
                log.warning("archived_day_damaged", day=day.isoformat(), bytes=len(content), reason=str(error))
                self._store.drop(self._id, about)
        except StoreError:
            log.exception("archive_not_read")
        return None

    def keep(self, table: WorkTable, days: Iterable[date], *, fetched_at: datetime) -> int:
        """Keep those of the days that were over when the reading began; how many could be.

        Args:
            table: all conversations that began on these days, and perhaps more.
            fetched_at: when the reading began.
        """
        from bot.core.blobs import VERSION, BlobError, table_as_bytes
        from bot.core.worktable import empty_table

        over = [day for day in days if utc_day(day).end <= fetched_at]
        if self._id is None or not over:
            return 0
        parts: Mapping[date, WorkTable] = table.by_start_day()
        kept = 0
        for day in over:
            part = parts.get(day) or empty_table()
            about = KeptDay(day, fetched_at, part.conversations, part.running)
            try:
                self._store.keep(self._id, about, table_as_bytes(part), codec=VERSION)
                kept += 1
            except (StoreError, BlobError) as error:  # a blob: too large to be kept
                log.warning("day_not_archived", day=day.isoformat(), reason=str(error))
        return kept

    def purge(self, before: date) -> int:
        """Forget days before that one."""
        return self._store.purge(before)

    def organisation(self, operation: Operation) -> str | None:
        """Whose days these are; None: the platform doesn't say."""
        with self._lock:
            if self._id is None and self._monotonic() >= self._silent_until:
                try:
                    self._id = self._ask_id(operation)
                except SourceError as error:
                    self._silent_until = self._monotonic() + _ASK_AGAIN_S
                    log.warning("organisation_unknown", code=error.code, reason=error.message)
            return self._id
