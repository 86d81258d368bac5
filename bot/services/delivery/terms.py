"""On what terms posts are delivered, and what delivery needs of other services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.core.rights import PRIVATE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.core.answer import Answer, TextAnswer
    from bot.core.query import Query
    from bot.core.rights import Audience
    from bot.ports import Operation, Requester


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """Times and limits of delivery; the defaults are the product's."""

    lease_s: float = 60.0
    """How long a fire is one process's own; another takes over when it lapses."""
    renew_s: float = 15.0
    settle_s: float = 13.0
    """After a send of unknown outcome nobody looks or sends before that: the post's time-out, and 3 s for Slack."""
    spread_s: float = 30.0
    """A big batch starts within so many seconds."""
    late_after_s: float = 300.0
    second_sweep_s: float = 600.0
    answer_s: float = 120.0
    """The allowance of one scheduled question towards the platform."""
    wait_step_s: float = 60.0
    """Between two looks for complete data."""
    lane_s: float = 1.0
    """Between two messages in one channel."""
    posts_a_minute: float = 240.0
    """Slack takes some 300 a minute in a workspace, and people ask questions meanwhile."""
    lookups_a_minute: int = 45
    """Slack answers 50 a minute to each question about channels; a few are left for others who ask them."""
    looks_a_minute: int = 30
    """Looks into channels of a sweep, which nobody waits for."""
    told_every_s: float = 3600.0
    """An owner hears of one schedule's failures at most so often."""
    warm_ahead_s: float = 840.0
    """Channels are looked up so long before their slots, a few at a time."""
    workers: int = 8
    command: str = "/utilization"
    week_start: int = 0
    named_channels: frozenset[str] = frozenset()


class Reports(Protocol):
    """Reads and answers questions."""

    def read(self, text: str, requester: Requester, *, now: datetime | None = None, zone: str | None = None) -> Query:
        """The question that the text asks, as of a moment."""

    def answer(
        self,
        query: Query,
        requester: Requester,
        *,
        door: str,
        operation: Operation,
        audience: Audience = PRIVATE,
    ) -> Answer | TextAnswer:
        """Figures that the requester and the audience may see."""


@dataclass(frozen=True, slots=True)
class Caretakers:
    """Who looks after schedules whose owner is gone."""

    supervisors: Callable[[], Sequence[str]] = tuple
    """Slack ids of the people whom SUPERVISORS names, in its order."""
    auditors: Sequence[str] = ()
