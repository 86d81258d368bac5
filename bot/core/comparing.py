"""Two answers side by side: each row with the one of the other time, and what they differ by.

Both sides are computed as any answer is. Rows are paired by their groups and by their place in time: the first
half-hour with the first, wherever the clocks changed in between. What one side lacks is a missing figure there, with
its reason, and never 0.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.core.answer import Missing, Notice, Row, RowState
from bot.core.compute.sheet import OVER_CONVERSATIONS, by_name, periods_of
from bot.core.rights import SMALLEST_GROUP, agents_behind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.core.answer import Answer, Group, Number
    from bot.core.compute.sheet import Period
    from bot.core.query import Query

    Key = tuple[tuple[str, str | None], ...]

_NOTHING = timedelta()
_LASTING = frozenset({Missing.NOT_DIVISIBLE, Missing.TOO_FINE, Missing.TOO_SHORT, Missing.NOT_APPLICABLE})
"""Reasons that lie in the question, so that they hold on both sides."""


def change(this: Number, other: Number) -> Number:
    """This minus the other; None where either is missing."""
    return None if this is None or other is None else this - other


def is_later(query: Query) -> bool:
    """Whether the time compared with comes after the one asked for."""
    return query.range is not None and query.versus is not None and query.versus.start > query.range.start


def compared(here: Answer, there: Answer) -> Answer:
    """The answer about the time asked for, each of its rows with its partner in the other.

    Args:
        here: the answer to the question itself.
        there: the answer to `here.query.sides()[1]`, about the same agents.
    """
    ours, theirs = _by_group(here.rows), _by_group(there.rows)
    missing_here, missing_there = map(_Blanks, (here, there))
    groups = {key: rows[0].groups for side in (theirs, ours) for key, rows in side.items()}
    order = list(ours) if theirs.keys() <= ours.keys() else sorted(groups, key=lambda key: by_name(groups[key]))
    rows: list[Row] = []
    for key in order:
        mine = ours.get(key) or missing_here.rows(groups[key], theirs[key][0])
        partners = theirs.get(key) or missing_there.rows(groups[key], ours[key][0])
        beside = [*partners, *[None] * (len(mine) - len(partners))]
        rows += [replace(row, versus=partner) for row, partner in zip(mine, beside, strict=False)]
    noted = (*_lengths(here.query), *_places(here.query, there.query), *_people(here, there))
    return replace(here, rows=tuple(rows), versus=there, warnings=(*here.warnings, *noted))


def _key(row: Row) -> Key:
    return tuple((group.dimension, group.id) for group in row.groups)


def _by_group(rows: Sequence[Row]) -> dict[Key, list[Row]]:
    """Each group's rows in order of time."""
    found: dict[Key, list[Row]] = {}
    for row in rows:
        found.setdefault(_key(row), []).append(row)
    return found


class _Blanks:
    """Rows of groups about which one side has nothing to tell."""

    def __init__(self, answer: Answer) -> None:
        query = answer.query
        self._names = [column.name for column in answer.columns]
        self._periods: tuple[Period, ...] = ()
        if query.range is not None and query.zone is not None:
            self._periods = periods_of(query, query.range, query.zone, query.week_start)
        self._failed = {_feeders(row) for row in answer.rows if row.state is RowState.NOT_FETCHED}

    def rows(self, groups: tuple[Group, ...], partner: Row) -> list[Row]:
        """One for each period, without figures."""
        failed = _feeders(partner) in self._failed
        reason = Missing.NOT_FETCHED if failed else Missing.NO_DATA
        reasons = {name: partner.missing.get(name, reason) for name in self._names}
        return [
            Row(
                groups=groups,
                start=period.start,
                end=period.end,
                state=RowState.NOT_FETCHED if failed else RowState.NO_DATA,
                provisional=False,
                values=dict.fromkeys(self._names),
                missing={name: why if why in _LASTING else reason for name, why in reasons.items()},
            )
            for period in self._periods
        ]


def _feeders(row: Row) -> Key:
    """Whose figures a row rests on: its agent and team; of queues and media, everybody's."""
    over = {dimension.value for dimension in OVER_CONVERSATIONS}
    return tuple(part for part in _key(row) if part[0] not in over)


# --- what the reader must know ---------------------------------------------------------------------------------------


def _lengths(query: Query) -> Iterator[Notice]:
    """Sums over times of different lengths differ for that alone."""
    if query.range is None or query.versus is None:
        return
    here, there = (sum((w.length for w in span.windows), start=_NOTHING) for span in (query.range, query.versus))
    if here != there:
        yield Notice(
            "versus_lengths",
            f"The two times are {_hours(here)} and {_hours(there)} long: sums and counts differ for that too, "
            "shares and averages don't.",
        )


def _places(here: Query, there: Query) -> Iterator[Notice]:
    """Pieces of time that have no partner."""
    mine, theirs = here.bucket_count, there.bucket_count
    if mine != theirs:
        left = abs(mine - theirs)
        rest = f"the last {left} have" if left > 1 else "the last one has"
        side = "this time" if mine > theirs else "the other time"
        yield Notice(
            "versus_buckets",
            f"This time has {mine:,} {here.bucket_noun}s, the other {theirs:,}: they are compared in their order, and "
            f"{rest} no partner ({side}).",
        )


def _people(here: Answer, there: Answer) -> Iterator[Notice]:
    """Agents who have data at one of the times alone: totals differ for them too.

    Nothing where some could not be fetched: whether they had any is not known then.
    """
    if any(row.state is RowState.NOT_FETCHED for answer in (here, there) for row in answer.rows):
        return
    ours, theirs = (frozenset().union(*map(agents_behind, answer.rows)) for answer in (here, there))
    only = {"this time only": len(ours - theirs), "at the other time only": len(theirs - ours)}
    said = [f"{_agents(count)} with data {when}" for when, count in only.items() if count]
    if said:
        few = any(0 < count < SMALLEST_GROUP for count in only.values())
        yield Notice("versus_agents", f"Not the same people: {', '.join(said)}.", personal=few)


def _agents(count: int) -> str:
    return "1 agent" if count == 1 else f"{count:,} agents"


def _hours(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes // 60} h {minutes % 60:02d} min"
