"""Answers made by hand for the rendering tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.answer import Answer, Column, Coverage, Group, Missing, Row, RowState, Spark, Unit
from bot.core.comparing import compared
from bot.core.intervals import Granularity, Interval, buckets, local_day
from bot.core.query import Booking, Dimension, Query, Range, Verb
from bot.core.zones import load_zone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONDON = load_zone("Europe/London")
SUNDAY = local_day(date(2026, 11, 22), LONDON)

COLUMNS = (
    Column("utilization", Unit.RATIO, "Utilization"),
    Column("occupancy", Unit.RATIO, "Occupancy"),
    Column("handle_s", Unit.SECONDS, "Handle"),
    Column("logged_in_s", Unit.SECONDS, "Logged in"),
    Column("handled", Unit.COUNT, "Handled"),
    Column("aht_s", Unit.SECONDS, "AHT"),
)
NAMES = tuple(column.name for column in COLUMNS)


def yesterday(**changes: object) -> Query:
    """`yesterday`, read on Monday 23 November 2026 in London."""
    span = Range((SUNDAY,), "Yesterday, Sun 22 Nov 00:00–24:00", "yesterday")
    query = Query(text="yesterday", zone=LONDON, zone_source="setting", range=span)
    return replace(query, **changes)


def row(
    name: str | None,
    values: Sequence[float | int | None] = (),
    *,
    agent_id: str | None = None,
    state: RowState = RowState.OK,
    reason: Missing | None = None,
    interval: Interval = SUNDAY,
    provisional: bool = False,
) -> Row:
    """One agent's row; values in the order of `COLUMNS`, what is missing is missing for `reason`."""
    figures = dict(zip(NAMES, values or (None,) * len(NAMES), strict=True))
    missing = {n: reason or Missing.NO_DATA for n, v in figures.items() if v is None}
    return Row(
        groups=(Group("agent", agent_id or f"id-{name}", name),),
        start=interval.start,
        end=interval.end,
        state=state,
        provisional=provisional,
        values=figures,
        missing=missing,
    )


def small() -> Answer:
    """Four agents, each kind of nothing among them."""
    rows = (
        row("Ana Díaz", (0.871, 0.9, 23520.0, 27000.0, 41, 573.66)),
        row("B. Ito", (0.0, 0.0, 0.0, 14400.0, 0, None), state=RowState.ZERO, reason=Missing.NO_DENOMINATOR),
        row("Chloé O'Neill", state=RowState.NOT_STAFFED, reason=Missing.NOT_STAFFED),
        row("Dag Ås", state=RowState.NOT_FETCHED, reason=Missing.NOT_FETCHED),
        row("Eve", state=RowState.NO_DATA, reason=Missing.NO_DATA),
    )
    return Answer(
        query=yesterday(),
        columns=COLUMNS,
        rows=rows,
        totals=dict(zip(NAMES, (0.5681, 0.75, 23520.0, 41400.0, 41, 573.66), strict=True)),
        coverage=Coverage(
            agents_asked=5,
            agents_answered=4,
            buckets=1,
            requests=3,
            duplicates_removed=0,
            data_as_of=datetime(2026, 11, 23, 9, 12, tzinfo=UTC),
            provisional_from=SUNDAY.start,
        ),
        drawn=("utilization", "occupancy", "handle_s", "logged_in_s", "handled"),
        residue_s=192.0,
        sparks={"id-Ana Díaz": Spark("id-Ana Díaz", (None,) * 18 + (0.0, 0.5, 1.0, 0.25, 0.9, 0.8) * 2 + (None,) * 18)},
    )


def intervals(name: str = "Ana Díaz", day: Interval = SUNDAY) -> Answer:
    """One agent's half-hours: off, then at work from 09:00, one half-hour posted over its length."""
    grid = buckets((day,), Granularity.HALF_HOUR, LONDON)
    rows = []
    for position, bucket in enumerate(grid):
        if not 18 <= position < 22:
            rows.append(row(name, state=RowState.NOT_STAFFED, reason=Missing.NOT_STAFFED, interval=bucket))
            continue
        handle = (600.0, 2160.0, 1200.0, 1500.0)[position - 18]
        share = (0.333, 1.0, 0.667, 0.833)[position - 18]
        rows.append(
            row(name, (share, share, handle, 1800.0, 2, handle / 2), interval=bucket, provisional=position > 20)
        )
    query = yesterday(
        text=f"{name} intervals yesterday",
        verb=Verb.INTERVALS,
        granularity=Granularity.HALF_HOUR,
        buckets=grid,
        group_by=(Dimension.AGENT, Dimension.INTERVAL),
        booking=Booking.POSTED,
    )
    return replace(
        small(),
        query=query,
        rows=tuple(rows),
        totals=dict(zip(NAMES, (0.708, 0.708, 5460.0, 7200.0, 8, 682.5), strict=True)),
        coverage=replace(small().coverage, agents_asked=1, agents_answered=1, buckets=len(grid)),
        sparks={},
        residue_s=0.0,
    )


def many(count: int, names: Sequence[str] = ("Agent {n:05d}",), *, spark: bool = True) -> Answer:
    """So many agents, with names in turn."""
    rows, sparks = [], {}
    for n in range(count):
        share = (n * 37 % 100) / 100
        agent_id = f"00000000-0000-4000-8000-{n:012d}"
        name = names[n % len(names)].replace("{n:05d}", f"{n:05d}")
        rows.append(row(name, (share, share, share * 28800, 28800.0, n % 60, 300.5), agent_id=agent_id))
        if spark:
            sparks[agent_id] = Spark(agent_id, tuple(((n + i) % 11) / 10 if 14 <= i < 40 else None for i in range(48)))
    return replace(
        small(),
        rows=tuple(rows),
        coverage=replace(small().coverage, agents_asked=count, agents_answered=count),
        sparks=sparks,
    )


def side_by_side(here: Answer, there: Answer) -> Answer:
    """Both as a comparison of yesterday with the day before."""
    saturday = local_day(date(2026, 11, 21), LONDON)
    before = Range((saturday,), "The day before, Sat 21 Nov 00:00–24:00", "previous")
    query = replace(here.query, versus=before)
    grid = buckets((saturday,), query.granularity, LONDON) if query.granularity else ()
    rows = (
        replace(r, start=r.start - timedelta(days=1), end=r.end - timedelta(days=1), provisional=False)
        for r in there.rows
    )
    other = replace(there, query=replace(here.query, range=before, buckets=grid), rows=tuple(rows))
    return compared(replace(here, query=query), other)


def then(answer: Answer, factor: float = 0.5) -> Answer:
    """The same people with so much of every figure."""

    def scaled(values: Mapping[str, float | int | None]) -> dict[str, float | int | None]:
        return {n: None if v is None else type(v)(v * factor) for n, v in values.items()}

    return replace(
        answer,
        rows=tuple(replace(r, values=scaled(r.values)) for r in answer.rows),
        totals=scaled(answer.totals),
        coverage=replace(answer.coverage, provisional_from=None, requests=5),
        sparks={},
    )
