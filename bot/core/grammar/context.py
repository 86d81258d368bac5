"""What the words of a command depend on beside themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, time
    from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class GrammarContext:
    """Now, here, and the settings that decide a reading."""

    now: datetime
    """UTC."""
    zone: ZoneInfo
    """Where nothing in the text names another."""
    zone_source: str = "default"
    """Where that zone came from, as `Query.zone_source` has it."""
    week_start: int = 0
    """Monday = 0"""
    date_order: str | None = None
    """`DMY`, `MDY` or `YMD`; None asks where `5/11` could be two days."""
    shifts: Mapping[str, tuple[time, time]] = field(default_factory=lambda: MappingProxyType({}))
    """Hours by the name of a shift."""
    team: str | None = None
    """Asked about where a command says nothing; None: the asker's own in Genesys."""
    max_span_days: int = 31
    """How many local days a range may touch."""
