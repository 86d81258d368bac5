"""Which rows of an answer were asked for: `active`, `below 60%`, `top 10`, in the order of `sort`.

The totals of an answer are always those of the whole group; a notice says so where rows are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.answer import Notice, RowState
from bot.core.comparing import change
from bot.core.rendering.figures import finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.answer import Answer, Row

_WITHOUT_ACTIVITY = {RowState.ZERO, RowState.NOT_STAFFED, RowState.NO_DATA}


def dimensions_of(answer: Answer) -> tuple[str, ...]:
    """What rows are told apart by other than time; each has an id and a name in what programs read."""
    asked = (dimension.value for dimension in answer.query.group_by if not dimension.is_time)
    return tuple(dict.fromkeys((*asked, *(group.dimension for row in answer.rows for group in row.groups))))


def value_of(row: Row, column: str) -> float | int | None:
    """The row's number, or None; what isn't finite is no number."""
    return finite(row.values.get(column))


def chosen_rows(answer: Answer) -> tuple[Row, ...]:
    """The rows that were asked for, in the order in which they are drawn.

    `active` keeps rows that could not be fetched: whether they had activity isn't known. A threshold and
    a rank keep only rows that have the number.
    """
    query = answer.query
    column = _deciding(answer)
    rows = list(answer.rows)
    if query.filters.active:
        rows = [row for row in rows if row.state not in _WITHOUT_ACTIVITY]
    for threshold in query.thresholds:
        rows = [
            row
            for row in rows
            if (value := value_of(row, column)) is not None
            and (value > threshold.value if threshold.above else value < threshold.value)
        ]
    if query.rank is not None:
        return tuple(ranked(rows, column, descending=query.rank.top)[: query.rank.count])
    if query.sort is not None:
        ordered = ranked(rows, column, descending=query.sort.descending)
        return tuple(ordered + [row for row in rows if value_of(row, column) is None])
    return tuple(rows)


def _deciding(answer: Answer) -> str:
    """The column by which rows are sorted, ranked and compared with thresholds.

    A threshold is a share of the headline, so only a rank falls back where no row has it, as in a question about a
    queue: on the first drawn column with figures, which pictures draw too.
    """
    query = answer.query
    if query.sort is not None:
        return query.sort.column
    if query.rank is None or query.thresholds:
        return answer.headline
    known = (
        name for name in (answer.headline, *answer.drawn) if any(value_of(r, name) is not None for r in answer.rows)
    )
    return next(known, answer.headline)


def ranked(rows: list[Row], column: str, *, descending: bool) -> list[Row]:
    """The rows that have the number, by it; equal ones keep their order."""
    have = [(value, row) for row in rows if (value := value_of(row, column)) is not None]
    return [row for _, row in sorted(have, key=lambda pair: -pair[0] if descending else pair[0])]


def changes_of(rows: Sequence[Row], column: str) -> list[tuple[float, Row]]:
    """Rows that have the number at both times compared, with what it changed by."""
    moved = []
    for row in rows:
        then = value_of(row.versus, column) if row.versus is not None else None
        difference = change(value_of(row, column), then)
        if difference is not None:
            moved.append((difference, row))
    return moved


def chosen_in_name_order(answer: Answer) -> tuple[Row, ...]:
    """The same rows, sorted as the answer sorts them: by name, id and start."""
    chosen = {id(row) for row in chosen_rows(answer)}
    return tuple(row for row in answer.rows if id(row) in chosen)


def chosen_notice(answer: Answer) -> Notice | None:
    """How many rows were asked for out of how many; None where all were."""
    shown, everything = len(chosen_rows(answer)), len(answer.rows)
    if shown == everything:
        return None
    return Notice("rows_chosen", f"{shown:,} of {everything:,} rows{_why(answer)}; totals are of all {everything:,}.")


def _why(answer: Answer) -> str:
    """The words that left rows out."""
    query = answer.query
    labels = {column.name: column.label for column in answer.columns}
    column = _deciding(answer)
    words = []
    if query.rank is not None:
        words.append(f"{'top' if query.rank.top else 'bottom'} {query.rank.count} by {labels.get(column, column)}")
    words += [
        f"{labels.get(column, column)} {'above' if t.above else 'below'} {t.value * 100:g} %" for t in query.thresholds
    ]
    if query.filters.active:
        words.append("with activity")
    return f" ({', '.join(words)})" if words else ""
