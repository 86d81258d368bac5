"""Sums → states, figures and the reasons for those that are missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.answer import Missing, RowState, Spark, Unit
from bot.core.compute.sheet import OVER_CONVERSATIONS, Period
from bot.core.frames import PRESENCE_COLUMNS, ROUTING_COLUMNS
from bot.core.intervals import days_touched, local_day
from bot.core.metrics import HALF_HOUR_S, Kind, Metric, Scope
from bot.core.query import Booking, Dimension

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from bot.core.answer import Number
    from bot.core.compute.sheet import Cohort, Mask, Sheet

STATES = tuple(RowState)
REASONS = tuple(Missing)

_DAY_S = 86400.0
_SHORTEST_DAY_S = 20 * 3600.0
_PARTS = ("contacting_s", "dialing_s", "talk_s", "held_s", "acw_s")


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides whether a figure is given, beside the sums."""

    metrics: tuple[Metric, ...]
    booking: Booking
    zone: ZoneInfo
    without_status: Missing | None
    """Why no row has status figures: not divisible, too fine; None: they have a place in the answer."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of each row of a sheet its state, and of each row and metric the value (NaN: none) or the reason."""

    states: npt.NDArray[np.intp]
    """Places in `STATES`."""
    values: npt.NDArray[np.float64]
    reasons: npt.NDArray[np.intp]
    """Places in `REASONS`; -1 where there is a value."""

    def are(self, *states: RowState) -> Mask:
        """Rows in one of the states."""
        import numpy as np

        return np.isin(self.states, [STATES.index(state) for state in states])


def figures_of(sheet: Sheet, terms: Terms) -> Figures:
    """States in their fixed order, then every metric over every row."""
    import numpy as np

    states = _states(sheet, divided=terms.without_status is Missing.NOT_DIVISIBLE)
    alive = np.isin(states, [STATES.index(RowState.OK), STATES.index(RowState.ZERO)])
    sums = sheet.sums
    for family in _families(sheet, terms):
        sums = _zero_where_silent(sums, family, alive)
    values = _values(sums, terms.metrics)
    values[~alive[:, None] & (values == 0)] = np.nan

    reasons = np.full(values.shape, -1, dtype=np.intp)
    outside = {
        scope: np.tile(_outside(scope, sheet.periods, sheet.dimensions, terms), len(sheet.groups)) for scope in Scope
    }
    for place, metric in enumerate(terms.metrics):
        values[outside[metric.scope], place] = np.nan
        if terms.without_status is not None and metric.needs_status:
            values[:, place] = np.nan
        blank = np.isnan(values[:, place])
        reasons[blank, place] = _reasons(metric, sums, states, sheet, outside[metric.scope], terms)[blank]
    return Figures(states, values, reasons)


def _states(sheet: Sheet, *, divided: bool) -> npt.NDArray[np.intp]:
    """The first that fits: not fetched, ok, zero, not staffed, no data.

    Where conversations are divided, interacting time may be of those left out, and doesn't count as activity.
    """
    import numpy as np

    sums = sheet.sums
    worked = (sums[list(sheet.activity)] > 0).any(axis=1)
    if not divided:
        worked |= sums["interacting_s"] > 0
    present = sums[list(PRESENCE_COLUMNS)].notna().any(axis=1)
    choices = {
        RowState.NOT_FETCHED: sheet.posted_failed | sheet.status_failed,
        RowState.OK: worked.to_numpy(),
        RowState.ZERO: (sums["logged_in_s"] > 0).to_numpy(),
        RowState.NOT_STAFFED: (present & (sums["logged_in_s"] == 0)).to_numpy(),
    }
    places = [STATES.index(state) for state in choices]
    return np.select(list(choices.values()), places, default=STATES.index(RowState.NO_DATA)).astype(np.intp)


def _families(sheet: Sheet, terms: Terms) -> tuple[tuple[str, ...], ...]:
    """The columns that are reported together, and so can be absent together."""
    statuses = (PRESENCE_COLUMNS, ROUTING_COLUMNS) if terms.without_status is None else ()
    return (sheet.activity, *statuses)


def _zero_where_silent(sums: pd.DataFrame, family: Sequence[str], rows: Mask) -> pd.DataFrame:
    """In the given rows, a family of metrics of which nothing was reported is zero: absence means it there."""
    columns = list(family)
    silent = rows & sums[columns].isna().all(axis=1).to_numpy()
    if not silent.any():
        return sums
    filled = sums.copy()
    filled.loc[silent, columns] = 0.0
    return filled


def _values(sums: pd.DataFrame, metrics: Sequence[Metric]) -> npt.NDArray[np.float64]:
    import numpy as np

    return np.column_stack([metric.function(sums).to_numpy(dtype=np.float64) for metric in metrics])


def _outside(scope: Scope, periods: Sequence[Period], dimensions: tuple[Dimension, ...], terms: Terms) -> Mask:
    """Periods for which a metric of that scope isn't given."""
    import numpy as np

    match scope:
        case Scope.ANY:
            given = [True] * len(periods)
        case Scope.FROM_A_DAY:
            given = [terms.booking is Booking.CLOCK or _lasts_a_day(period, terms.zone) for period in periods]
        case Scope.AGENT_HALF_HOUR:
            of_agent = dimensions == (Dimension.AGENT,)
            given = [of_agent and period.length_s == HALF_HOUR_S and len(period.pieces) == 1 for period in periods]
    return ~np.array(given, dtype=bool)


def _lasts_a_day(period: Period, zone: ZoneInfo) -> bool:
    """24 hours in all, or the whole of a local day that is shorter."""
    if period.length_s >= _DAY_S:
        return True
    if period.length_s < _SHORTEST_DAY_S:
        return False
    return any(
        piece.start <= day.start and day.end <= piece.end
        for piece in period.pieces
        for day in (local_day(date, zone) for date in days_touched(piece, zone))
    )


def _reasons(
    metric: Metric,
    sums: pd.DataFrame,
    states: npt.NDArray[np.intp],
    sheet: Sheet,
    outside: Mask,
    terms: Terms,
) -> npt.NDArray[np.intp]:
    """Why each row would have no value, the most lasting reason first."""
    import numpy as np

    always = np.ones(len(sums), dtype=bool)
    failed = np.zeros(len(sums), dtype=bool)
    if metric.needs_conversations:
        failed |= sheet.posted_failed
    if metric.needs_status:
        failed |= sheet.status_failed
    divided_by = sums[list(metric.denominator)].sum(axis=1) if metric.denominator else None
    scope = Missing.TOO_SHORT if metric.scope is Scope.FROM_A_DAY else Missing.NOT_APPLICABLE
    choices: list[tuple[Mask, Missing]] = [
        (outside, scope),
        (failed, Missing.NOT_FETCHED),
        (states == STATES.index(RowState.NO_DATA), Missing.NO_DATA),
        (states == STATES.index(RowState.NOT_STAFFED), Missing.NOT_STAFFED),
    ]
    if terms.without_status is not None and metric.needs_status:
        choices.insert(0, (always, terms.without_status))
    if divided_by is not None:
        choices.append((~(divided_by > 0).to_numpy(), Missing.NO_DENOMINATOR))
    return np.select(
        [mask for mask, _ in choices],
        [REASONS.index(reason) for _, reason in choices],
        default=REASONS.index(Missing.NO_DATA),
    ).astype(np.intp)


def totals_of(sheet: Sheet, figures: Figures, cohort: Cohort, whole: Period, terms: Terms) -> dict[str, Number]:
    """Sum ÷ sum over all rows, of the agents whose sources answered.

    A metric that needs both sources is of those for whom both did. Null where a total was never reported, and
    where it would be a zero that no row stands for.
    """
    import numpy as np

    alive = np.array([figures.are(RowState.OK, RowState.ZERO).any()])
    totals: dict[str, Number] = {}
    sums: dict[frozenset[str], pd.DataFrame] = {}
    for metric in terms.metrics:
        without = cohort.incomplete(status=metric.needs_status, conversations=metric.needs_conversations)
        if without not in sums:
            total = sheet.total(without)
            for family in _families(sheet, terms):
                total = _zero_where_silent(total, family, alive)
            sums[without] = total
        value = float(metric.function(sums[without]).iloc[0])
        missing = (
            np.isnan(value)
            or (value == 0 and not alive[0])
            or (metric.needs_status and terms.without_status is not None)
            or _outside_total(metric, sheet, cohort, whole, terms)
        )
        totals[metric.name] = None if missing else _number(metric, value)
    return totals


def _outside_total(metric: Metric, sheet: Sheet, cohort: Cohort, whole: Period, terms: Terms) -> bool:
    """Whether a metric has no total: beyond its scope, or a union over queues or media that nobody has taken."""
    if metric.scope is Scope.AGENT_HALF_HOUR and len(cohort.agent_ids) != 1:
        return True
    if "busy_s" in metric.needs and OVER_CONVERSATIONS & set(sheet.dimensions) and sheet.busy_of_agent_s is None:
        return True
    return bool(_outside(metric.scope, (whole,), sheet.dimensions, terms)[0])


def _number(metric: Metric, value: float) -> Number:
    return round(value) if metric.unit is Unit.COUNT else value


def columns_of_numbers(figures: Figures, metrics: Sequence[Metric]) -> list[list[Number]]:
    """For each metric its numbers in the order of the rows, None for those that are missing."""
    import numpy as np

    columns: list[list[Number]] = []
    for place, metric in enumerate(metrics):
        values = figures.values[:, place]
        missing = np.isnan(values)
        if metric.unit is Unit.COUNT:
            values = np.rint(np.where(missing, 0.0, values)).astype(np.int64)
        numbers = values.astype(object)
        numbers[missing] = None
        columns.append(numbers.tolist())
    return columns


def residue_of(totals: Mapping[str, Number]) -> float | None:
    """Handle minus its posted parts; None where one of them is unknown."""
    handle, parts = totals["handle_s"], [totals[part] for part in _PARTS]
    if handle is None or None in parts:
        return None
    return round(handle - sum(part for part in parts if part is not None), 3)


def sparks_of(sheet: Sheet, figures: Figures, metric: Metric, terms: Terms) -> dict[str, Spark]:
    """By agent, the metric in each period as a fraction; durations as a share of the period's length.

    Empty for counts and averages, which are no fraction of anything.
    """
    import numpy as np

    if metric.kind not in {Kind.RATIO, Kind.DURATION}:
        return {}
    values = figures.values[:, terms.metrics.index(metric)].reshape(len(sheet.groups), len(sheet.periods))
    if metric.kind is Kind.DURATION:
        values = values / np.array([period.length_s for period in sheet.periods])
    sparks = {}
    for (agent,), numbers in zip(sheet.groups, values.tolist(), strict=True):
        if agent.id is not None:
            shown = tuple(None if number != number else number for number in numbers)  # noqa: PLR0124
            sparks[agent.id] = Spark(agent.id, shown)
    return sparks


def are_fine(periods: Sequence[Period]) -> bool:
    """Whether periods are narrow enough, and more than one, for a line of them to show a course."""
    return len(periods) > 1 and all(period.length_s <= 3600 for period in periods)
