"""The shape of one line of help; the lines themselves stand with their words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Section(StrEnum):
    """The parts of a command, in the order in which help shows them."""

    WHEN = "when"
    WHAT = "what"
    HOW = "how"
    VERBS = "verbs"
    SCHEDULES = "schedules"
    KEPT = "memory"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of help: phrases that belong together."""

    section: Section
    forms: tuple[str, ...]
    """As one types them; the first names the entry."""
    meaning: str
    examples: tuple[str, ...]
    """Whole commands; each is parsed by a test."""
    words: tuple[str, ...]
    """Every keyword of these phrases, a filter with its colon."""
    inner: tuple[str, ...] = ()
    """Words that mean this after `schedule` or `csv` alone; elsewhere they may be names."""
