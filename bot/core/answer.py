"""An answer: rows of figures with the reasons for what is missing, ready to be drawn by any door."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.core.defaults import NOTHING_CHOSEN, DurationStyle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.core.query import Query
    from bot.core.sourcing import Sources


class RowState(StrEnum):
    """Why a row holds what it holds; the first that fits, in this order."""

    NOT_FETCHED = "not_fetched"
    OK = "ok"
    ZERO = "zero"
    NOT_STAFFED = "not_staffed"
    NO_DATA = "no_data"


class Missing(StrEnum):
    """Why a figure is null."""

    NOT_FETCHED = "not_fetched"
    NO_DATA = "no_data"
    NOT_STAFFED = "not_staffed"
    NOT_DIVISIBLE = "not_divisible"
    NO_DENOMINATOR = "no_denominator"
    TOO_FINE = "too_fine"
    TOO_SHORT = "too_short"
    NOT_APPLICABLE = "not_applicable"


class Unit(StrEnum):
    """What a column's number counts."""

    SECONDS = "s"
    RATIO = "ratio"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an answer; `name` is the JSON key, `label` the header that people read."""

    name: str
    unit: Unit
    label: str


Number = float | int | None


@dataclass(frozen=True, slots=True)
class Group:
    """What a row stands for in one dimension: `agent`, its id and its name (None: belongs to none)."""

    dimension: str
    id: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One group and bucket. A number missing from `values` or None there has its reason in `missing`."""

    groups: tuple[Group, ...]
    start: datetime
    end: datetime
    state: RowState
    provisional: bool
    values: Mapping[str, Number]
    missing: Mapping[str, Missing]
    agent_ids: frozenset[str] = frozenset()
    """Agents who have data in this row; needed where a row is no single agent, for `rights.for_audience`."""
    versus: Row | None = None
    """Where times are compared: the same group at the same place of the other time; None where it has no such place."""

    def group(self, dimension: str) -> Group | None:
        """The group of that dimension, if rows have it."""
        return next((g for g in self.groups if g.dimension == dimension), None)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the reader must know beside the numbers; `code` is listed in docs/json.md."""

    code: str
    message: str
    personal: bool = False
    """Names an agent or tells something of one: not for an audience that may not read names."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the answer rests on."""

    agents_asked: int = 0
    agents_answered: int = 0
    buckets: int = 0
    requests: int = 0
    conversations: int | None = None
    """Distinct conversations read; None where aggregates alone were asked."""
    duplicates_removed: int = 0
    data_as_of: datetime | None = None
    provisional_from: datetime | None = None
    """Figures from here on may still move; None: all final."""
    cached: bool = False
    conversations_since: datetime | None = None
    """By the clock: conversations begun before that were not looked for; None: all were, or none."""
    sources: Sources | None = None
    """Where conversations came from, and which aggregates the archive gave; None: aggregates alone, asked for."""
    segments_short_s: float | None = None
    """By the clock: seconds of handle time that Genesys posted for these agents and of which there are no segments;
    None where the two weren't compared: they are, over whole days that are over."""


@dataclass(frozen=True, slots=True)
class Spark:
    """The half-hours of one agent in a cell: fractions of the headline metric in order of time, None for nothing."""

    agent_id: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """One figure that isn't what it was."""

    groups: tuple[Group, ...]
    """Of its row; empty: it is a total."""
    start: datetime | None
    """Of its row, where rows are told apart by time."""
    column: str
    old: Number
    new: Number


@dataclass(frozen=True, slots=True)
class Changes:
    """What moved between two answers to one question."""

    since: datetime
    """When the earlier figures were fetched."""
    moved: tuple[Moved, ...]
    """The largest moves of the drawn columns; the others are only counted."""
    count: int


@dataclass(frozen=True, slots=True)
class Answer:
    """All of an answer; `rows` are sorted by name, id and start, uncut and unranked."""

    query: Query
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    totals: Mapping[str, Number]
    coverage: Coverage
    warnings: tuple[Notice, ...] = ()
    headline: str = "utilization"
    """Column name of the headline metric."""
    drawn: tuple[str, ...] = ()
    """Column names to draw, in order; JSON and exports carry all."""
    residue_s: float | None = None
    """Handle minus its posted parts on the range's totals; None where it can't be told."""
    sparks: Mapping[str, Spark] = field(default_factory=dict)
    """By agent id; empty where no half-hours were fetched."""
    remainder: frozenset[str] | None = None
    """Agents with data whom the query's exclusions took out; None: not counted."""
    versus: Answer | None = None
    """The same question about the time compared with, whole; None where nothing is compared."""
    changes: Changes | None = None
    """What moved since the same person asked the same, in private answers alone; None: nothing, or never asked."""
    durations: DurationStyle = DurationStyle.WORDS
    """How the reader wants durations written."""
    csv: tuple[str, str] = NOTHING_CHOSEN.csv
    """(separator, decimal sign) of the reader's files."""


@dataclass(frozen=True, slots=True)
class TextAnswer:
    """An answer without figures: help, a definition, a status, who somebody is.

    `text` is plain: no markup of any door, lines separated by newlines.
    """

    query: Query
    title: str
    text: str
    data: Mapping[str, object] = field(default_factory=dict)
    """What the JSON interface shows beside the text, by key: `explanation`."""
    offers: tuple[tuple[str, str], ...] = ()
    """(label, whole command) of what one may do next."""
