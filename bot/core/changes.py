"""What moved between two answers to one question: figures of days that are not final go on moving for days.

What a person was shown is kept as a snapshot under her id and the question written out in dates. Asked again, the
same question is compared figure by figure, as they are drawn: a move too small to be seen is none. Only rows of the
new answer are compared, so that nobody learns of a row that she may no longer see.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.core.answer import Changes, Missing, Moved, RowState
from bot.core.grammar import format_query
from bot.core.rendering import figures
from bot.core.rendering.layout import drawn_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.core.answer import Answer, Column, Number, Row
    from bot.core.query import Query

MOST_ROWS = 1_000
"""Rows of a larger answer are not kept: nobody reads what moved among them. Its totals are."""
MOST_MOVED = 20
"""Moves that are told; the others are counted."""
LIFE = timedelta(days=7)
"""How long a snapshot of days that are over is kept: they move for four."""
OPEN_LIFE = timedelta(minutes=15)
"""How long one of a day that isn't."""
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Drawn figures as they were shown."""

    known_at: datetime
    """When they were fetched."""
    rows: Mapping[str, Mapping[str, Number]]
    """By `row_key`, then by column."""
    totals: Mapping[str, Number]


def question_key(query: Query) -> str:
    """What two questions have in common whose answers hold the same figures, whatever is drawn of them."""
    plain = replace(
        query,
        zone_source="text",
        sort=None,
        rank=None,
        thresholds=(),
        outputs=frozenset(),
        share=False,
        anyway=False,
        versus=None,
        filters=replace(query.filters, active=False),
    )
    return hashlib.sha256(format_query(plain, absolute=True).encode()).hexdigest()


def row_key(row: Row) -> str:
    """The row by its groups and its start; ends move with the clock."""
    return "|".join([*(f"{group.dimension}:{group.id}" for group in row.groups), row.start.isoformat()])


def snapshot_of(answer: Answer) -> Snapshot | None:
    """The figures to keep; None for a partial answer, whose gaps would look like moves, and for one without a time."""
    known_at = answer.coverage.data_as_of
    if known_at is None or any(row.state is RowState.NOT_FETCHED for row in answer.rows):
        return None
    reasons = {id(row.missing): row.missing for row in answer.rows}.values()  # rows share the few patterns there are
    if any(Missing.NOT_FETCHED in missing.values() for missing in reasons):
        return None
    names = [column.name for column in drawn_columns(answer)]
    kept = answer.rows if len(answer.rows) <= MOST_ROWS else ()
    return Snapshot(
        known_at,
        {row_key(row): {name: figures.finite(row.values.get(name)) for name in names} for row in kept},
        {name: figures.finite(answer.totals.get(name)) for name in names},
    )


def life_of(answer: Answer, now: datetime) -> timedelta:
    """How long its snapshot is kept."""
    span = answer.query.range
    return OPEN_LIFE if span is None or span.to_now or span.end > now else LIFE


def changes(before: Snapshot, answer: Answer) -> Changes | None:
    """What moved since then; None where nothing did, or where the figures are the very same ones."""
    known_at = answer.coverage.data_as_of
    if known_at is None or known_at <= before.known_at:
        return None
    moved = list(_moves(before, answer))
    if not moved:
        return None
    headline = answer.headline
    largest = sorted(moved, key=lambda move: (bool(move.groups), move.column != headline, -_size(move)))
    return Changes(before.known_at, tuple(largest[:MOST_MOVED]), len(moved))


def _moves(before: Snapshot, answer: Answer) -> Iterator[Moved]:
    columns = drawn_columns(answer)
    by_time = answer.query.by_time is not None
    for row in answer.rows:
        there = before.rows.get(row_key(row))
        if there is None or row.state is RowState.NOT_FETCHED:
            continue
        for column in columns:
            if row.missing.get(column.name) is not Missing.NOT_FETCHED and column.name in there:
                old, new = there[column.name], figures.finite(row.values.get(column.name))
                if _differ(old, new, column, answer):
                    yield Moved(row.groups, row.start if by_time else None, column.name, old, new)
    if {row_key(row) for row in answer.rows} != before.rows.keys():
        return  # totals over other rows are other totals
    for column in columns:
        if column.name in before.totals:
            old, new = before.totals[column.name], figures.finite(answer.totals.get(column.name))
            if _differ(old, new, column, answer) and not _unfetched(answer, column.name):
                yield Moved((), None, column.name, old, new)


def _unfetched(answer: Answer, column: str) -> bool:
    """Whether a part of a total is missing."""
    return any(row.missing.get(column) is Missing.NOT_FETCHED for row in answer.rows)


def _differ(old: Number, new: Number, column: Column, answer: Answer) -> bool:
    return _shown(old, column, answer) != _shown(new, column, answer)


def _shown(value: Number, column: Column, answer: Answer) -> str | None:
    return figures.number(value, column.unit, column=column.name, durations=answer.durations)


def _size(move: Moved) -> float:
    """How large a move is; from or to nothing it is the largest."""
    return float("inf") if move.old is None or move.new is None else abs(move.new - move.old)


# --- as bytes --------------------------------------------------------------------------------------------------------


def snapshot_to_bytes(snapshot: Snapshot) -> bytes:
    """Packed for the database."""
    columns = list(snapshot.totals)
    document = {
        "format": _FORMAT,
        "known_at": snapshot.known_at.isoformat(),
        "columns": columns,
        "totals": [snapshot.totals[name] for name in columns],
        "rows": {key: [values[name] for name in columns] for key, values in snapshot.rows.items()},
    }
    return zlib.compress(json.dumps(document, separators=(",", ":"), allow_nan=False).encode())


def snapshot_from_bytes(content: bytes) -> Snapshot | None:
    """The way back; None for what another version wrote, or what is damaged."""
    try:
        document = json.loads(zlib.decompress(content))
        return _unpacked(document) if document["format"] == _FORMAT else None
    except (zlib.error, ValueError, KeyError, TypeError):
        return None


def _unpacked(document: Mapping[str, Any]) -> Snapshot:
    columns = document["columns"]
    return Snapshot(
        datetime.fromisoformat(document["known_at"]),
        {key: dict(zip(columns, values, strict=True)) for key, values in document["rows"].items()},
        dict(zip(columns, document["totals"], strict=True)),
    )
