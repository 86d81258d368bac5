"""Every look at people's figures, as events of the log: who, whom, when, which range, through which door."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.core.intervals import Interval

log = structlog.get_logger("bot.audit")

AGENTS_A_LINE = 100
"""Ids in one event: collectors cut long lines, and a cut line could not say later who was looked at."""


class AuditTrail:
    """`AuditLog` on the log; a look at many agents is several lines of one `look`, numbered."""

    def looked(
        self, *, who: str, whom: Sequence[str], window: Interval | None, door: str, text: str, at: datetime
    ) -> None:
        """Record one look. Figures are never part of it, nor is the text as typed: that may hold names."""
        parts = [whom[i : i + AGENTS_A_LINE] for i in range(0, len(whom), AGENTS_A_LINE)] or [()]
        for number, agents in enumerate(parts, start=1):
            log.info(
                "looked",
                who=who,
                whom=list(agents),
                whom_count=len(whom),
                start=window.start.isoformat() if window else None,
                end=window.end.isoformat() if window else None,
                door=door,
                at=at.isoformat(),
                part=number,
                parts=len(parts),
            )
