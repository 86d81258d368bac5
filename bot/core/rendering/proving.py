"""Totals that prove themselves: what the headline's total is divided from, and whether the rows add up to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.answer import Unit
from bot.core.rendering import figures
from bot.core.rendering.chosen import value_of
from bot.core.rendering.layout import headline_column, together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.answer import Answer

_ROUNDING_S = 0.5


def proof(answer: Answer) -> str | None:
    """`Utilization 84.2 % = 202h 05m ÷ 240h 00m (INTERACTING ÷ logged-in), both sums of the 37 rows.`

    That the rows add up is said only where they do: work in two queues at once counts in both rows and once in all.
    None where the headline is no ratio of two totals, or has no total.
    """
    from bot.core.metrics import find_metric

    column = headline_column(answer)
    metric = find_metric(column.name)
    value = figures.finite(answer.totals.get(column.name))
    if metric is None or value is None or not metric.denominator:
        return None
    above, below = _total(answer, metric.needs[:1]), _total(answer, metric.denominator)
    if above is None or not below:
        return None
    said = [
        figures.number(total, Unit.COUNT if names[0] == "handled" else Unit.SECONDS, durations=answer.durations)
        for total, names in ((above, metric.needs), (below, metric.denominator))
    ]
    shown = figures.number(value, column.unit, column=column.name, durations=answer.durations)
    sentence = f"{column.label} {shown} = {said[0]} ÷ {said[1]} ({metric.formula})"
    if len(answer.rows) > 1 and together(answer) is None and _add_up(answer, (metric.needs[0], *metric.denominator)):
        sentence += f", both sums of the {len(answer.rows):,} rows"
    return f"{sentence}."


def _total(answer: Answer, columns: Sequence[str]) -> float | None:
    parts = [figures.finite(answer.totals.get(name)) for name in columns]
    present = [part for part in parts if part is not None]
    return sum(present) if len(present) == len(columns) else None


def _add_up(answer: Answer, columns: Sequence[str]) -> bool:
    """Whether each column's total is the sum of its rows."""
    return all(
        abs(sum(value_of(row, name) or 0.0 for row in answer.rows) - (answer.totals.get(name) or 0.0)) < _ROUNDING_S
        for name in columns
    )
