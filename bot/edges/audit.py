"""Every look at people's figures: a row that can be asked for, and an event of the log for whoever collects those."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import structlog

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bot.core.intervals import Interval
    from bot.core.looks import ListedLook, Look

log = structlog.get_logger("bot.audit")

AGENTS_A_LINE = 100
"""Ids in one event: collectors cut long lines, and a cut line could not say later who was looked at."""


class Looks(Protocol):
    """Where looks are kept (`bot.edges.db.audit`)."""

    def add(self, look: Look) -> None:
        """Keep one look."""

    def find(
        self, window: Interval, *, by: Collection[str] | None, at: Collection[str] | None, limit: int
    ) -> tuple[int, Sequence[ListedLook]]:
        """Looks within that time: how many, and the newest of them."""


class AuditTrail:
    """`AuditLog`: the row first, because a look that can't be kept must not happen; then the event."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks

    def looked(self, look: Look) -> None:
        """Record one look; a look at many agents is several lines of the log, numbered.

        Raises:
            StoreError: it could not be kept.
        """
        self._looks.add(look)
        parts = [look.whom[i : i + AGENTS_A_LINE] for i in range(0, len(look.whom), AGENTS_A_LINE)] or [()]
        for number, agents in enumerate(parts, start=1):
            log.info(
                "looked",
                who=look.who,
                whom=list(agents),
                whom_count=len(look.whom),
                kind=look.kind.value,
                start=look.window.start.isoformat() if look.window else None,
                end=look.window.end.isoformat() if look.window else None,
                door=look.door,
                channel=look.channel,
                at=look.at.isoformat(),
                part=number,
                parts=len(parts),
            )

    def looks(
        self, window: Interval, *, by: Collection[str] | None, at: Collection[str] | None, limit: int
    ) -> tuple[int, Sequence[ListedLook]]:
        """Looks within that time: how many, and the newest of them."""
        return self._looks.find(window, by=by, at=at, limit=limit)
