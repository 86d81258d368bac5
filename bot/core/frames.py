"""The columns of each frame of durations, with their units; one check at the door.

Facts frames have one row a key, where the key is `agent_id`, (`queue_id`, `media` where asked,) `bucket`:

- `agent_id`: str, the platform's user id
- `queue_id`, `media`: str, empty for work without a queue
- `bucket`: int, index into the buckets that were asked for

and sums in float seconds (`handled` is a count). Sparse: what the platform did not report has no row. The columns
of a row come in families (conversations, presence, routing status): of a family that was reported, a metric without
a record is 0 and one that came without its sum is NaN; of a family that wasn't, all are NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import pandas as pd

    from bot.core.answer import Notice
    from bot.core.sourcing import Sources

POSTED_COLUMNS = ("handle_s", "talk_s", "held_s", "acw_s", "contacting_s", "dialing_s", "handled")
"""From the conversation aggregates: tHandle, tTalk, tHeld, tAcw, tContacting, tDialing, and tHandle's count."""

CLOCK_COLUMNS = (*POSTED_COLUMNS, "busy_s")
"""By the clock: the same names for segments cut at the buckets' edges (`handle_s` is the load), and their union."""

PRESENCE_COLUMNS = ("logged_in_s", "on_queue_s", "break_s", "meal_s", "away_s", "offline_s")
"""From tSystemPresence; `logged_in_s` is the sum of all qualifiers but OFFLINE."""

ROUTING_COLUMNS = ("interacting_s", "communicating_s", "idle_s", "not_responding_s")
"""From tAgentRoutingStatus; IDLE here is the routing status, not the presence of that name."""

STATUS_COLUMNS = PRESENCE_COLUMNS + ROUTING_COLUMNS

LENGTH_COLUMN = "length_s"
"""Length of a row's time, once for each agent in it; known without asking anybody, so in no frame of facts."""

POSTED_KEYS = ("agent_id", "queue_id", "media", "bucket")
STATUS_KEYS = ("agent_id", "bucket")


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Part of a question that the platform did not answer."""

    source: str
    """`posted`, `status` or `names`"""
    agent_ids: frozenset[str] | None
    """Whom it concerns; None: everyone."""
    notice: Notice


@dataclass(frozen=True, slots=True)
class Facts:
    """Durations from one source: a frame as this module describes it, and what is missing from it."""

    frame: pd.DataFrame
    shortfalls: tuple[Shortfall, ...] = ()
    notices: tuple[Notice, ...] = ()
    conversations: int | None = None
    """Distinct conversations read; None where the source counts none."""
    duplicates_removed: int = 0
    busy_of_agent_s: Mapping[str, float] | None = None
    """By the clock, where rows are of queues or media: each agent's busy time over all of them, overlaps once.
    The rows' own busy times overlap, so they can't be added up."""
    accounted_s: Mapping[str, float] | None = None
    """By the clock: of the handle time that was posted within the range, how much of each agent's the segments hold,
    those before the range included. None where nobody counted."""
    conversations_since: datetime | None = None
    """By the clock: conversations begun before that were not looked for; None: all were, or none."""
    sources: Sources | None = None
    """Where conversations came from, or which aggregates the archive gave; None: aggregates from the platform."""


def check_facts(frame: pd.DataFrame, *, keys: tuple[str, ...], columns: tuple[str, ...]) -> pd.DataFrame:
    """The frame itself, once its columns, key and signs are what this module says.

    Raises:
        ValueError: a column is missing or unknown, a key occurs twice, or a duration is negative.
    """
    expected = list(keys + columns)
    if list(frame.columns) != expected:
        raise ValueError(f"a frame of facts has the columns {expected}, not {list(frame.columns)}")
    if frame.duplicated(list(keys)).any():
        raise ValueError("a frame of facts has one row for each key")
    if (frame[list(columns)] < 0).any(axis=None):
        raise ValueError("a duration is never negative")
    return frame
