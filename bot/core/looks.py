"""Looks at people's figures, as the audit keeps them: who, whom, when, which range, through which door."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bot.core.intervals import Interval


class LookKind(StrEnum):
    """At what somebody looked."""

    FIGURES = "figures"
    AUDIT = "audit"
    """At the looks of others."""


@dataclass(frozen=True, slots=True)
class Look:
    """One disclosure. It holds keys and counts, never a figure nor the text as typed."""

    at: datetime
    who: str
    """Slack id; `operator` for the command line."""
    whom: tuple[str, ...]
    """Agent ids; none where only figures of groups were shown."""
    kind: LookKind
    door: str
    window: Interval | None = None
    """The range of the figures."""
    channel: str | None = None
    """Where everybody in it could read them; None: shown to the asker alone."""


@dataclass(frozen=True, slots=True)
class ListedLook:
    """A look as it is listed: a large group is counted, and its first few are named."""

    look: Look
    count: int
    """How many agents; `look.whom` may hold fewer."""
