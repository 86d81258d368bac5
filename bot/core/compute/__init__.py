"""Facts → an answer: rows with their states and reasons, totals, residue, coverage.

Sums come first and ratios last, so that a group's figure is always sum ÷ sum. Everything is worked out as whole
columns (`sheet` lays the facts out, `figures` reads them); rows are built once, at the end.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.core.answer import Answer, Coverage, Missing, Row
from bot.core.compute import notices as said
from bot.core.compute.figures import (
    REASONS,
    STATES,
    Terms,
    are_fine,
    columns_of_numbers,
    figures_of,
    residue_of,
    sparks_of,
    totals_of,
)
from bot.core.compute.sheet import OVER_CONVERSATIONS, Names, Period, cohort_of, periods_of, sheet_of
from bot.core.frames import CLOCK_COLUMNS, POSTED_COLUMNS, POSTED_KEYS, STATUS_COLUMNS, STATUS_KEYS, check_facts
from bot.core.intervals import Granularity, day_start, days_touched
from bot.core.metrics import DEFAULT_DRAWN, metrics_for
from bot.core.query import Booking, Dimension
from bot.core.sourcing import FINAL_AFTER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from bot.core.answer import Notice, Spark
    from bot.core.compute.figures import Figures
    from bot.core.compute.sheet import Sheet
    from bot.core.frames import Facts
    from bot.core.intervals import Interval
    from bot.core.query import Query, Range


def compute_answer(
    query: Query,
    *,
    posted: Facts,
    status: Facts | None,
    now: datetime,
    expected_agents: Iterable[str] = (),
    agent_names: Mapping[str, str] | None = None,
    team_of: Mapping[str, str] | None = None,
    team_names: Mapping[str, str] | None = None,
    queue_names: Mapping[str, str] | None = None,
    buckets: Sequence[Interval] | None = None,
    week_start: int = 0,
    headline: str = "utilization",
    drawn: Sequence[str] = DEFAULT_DRAWN,
    notices: Sequence[Notice] = (),
    requests: int = 0,
    cached: bool = False,
    data_as_of: datetime | None = None,
    conversations: int | None = None,
    duplicates_removed: int = 0,
) -> Answer:
    """All figures of a question.

    Nothing is cut or ranked: `active`, `top`, `below` and the like choose among the rows when they are drawn, and
    totals are of all of them.

    Args:
        query: with a range.
        posted: conversations in the query's booking: `POSTED_COLUMNS`, or `CLOCK_COLUMNS` by the clock.
        status: None where it wasn't asked for. If the query divides conversations, or its buckets are finer than
            the platform publishes, that is the reason given; otherwise everybody's counts as not fetched. Where
            conversations are filtered, presence decides between zero and not staffed and nothing else.
        now: the moment of asking.
        expected_agents: ids whose rows exist even if nothing was reported.
        agent_names: id → name; an agent without one is called by the id. Likewise teams and queues.
        team_of: agent id → team id; agents without a team are a group of their own, without id and name.
        buckets: what the facts' `bucket` counts; None: the query's. Finer ones are added up, and fill `sparks`.
        week_start: from Monday = 0.
        headline: column name of the headline metric.
        drawn: column names to draw, in order; those that the booking lacks are left out.
        notices: what was noticed on the way, put first among the warnings.
        requests: how many calls the answer cost.
        cached: the facts had been fetched before.
        data_as_of: when they were fetched; None: now.
        conversations: how many were read one by one.
        duplicates_removed: how many of them came twice.
    Raises:
        ValueError: the query has no range, or a frame isn't one of facts.
    """
    span, zone = query.range, query.zone
    if span is None or zone is None:
        raise ValueError("a question without a range has no figures")
    activity = POSTED_COLUMNS if query.booking is Booking.POSTED else CLOCK_COLUMNS
    terms = Terms(metrics_for(query.booking), query.booking, zone, _without_status(query, status))
    if status is not None and (
        OVER_CONVERSATIONS & set(query.group_by) or (terms.without_status and status.shortfalls)
    ):
        status = None  # it says nothing about such rows, or too little to tell them apart
    check_facts(posted.frame, keys=POSTED_KEYS, columns=activity)
    if status is not None:
        check_facts(status.frame, keys=STATUS_KEYS, columns=STATUS_COLUMNS)

    cohort = cohort_of(expected_agents, posted, status, status_wanted=terms.without_status is None)
    names = Names(agent_names or {}, team_of or {}, team_names or {}, queue_names or {})
    fact_buckets = tuple(query.buckets if buckets is None else buckets)

    def laid_out(dimensions: tuple[Dimension, ...], periods: tuple[Period, ...]) -> tuple[Sheet, Figures]:
        sheet = sheet_of(
            dimensions,
            periods,
            fact_buckets,
            posted=posted,
            status=status,
            activity=activity,
            cohort=cohort,
            names=names,
        )
        return sheet, figures_of(sheet, terms)

    periods = periods_of(query, span, zone, week_start)
    sheet, figures = laid_out(tuple(d for d in query.group_by if not d.is_time), periods)
    totals = totals_of(sheet, figures, cohort, Period(span.windows), terms)
    residue_s = residue_of(totals) if query.booking is Booking.POSTED else None

    sparks: Mapping[str, Spark] = {}
    spark_metric = next((m for m in terms.metrics if m.name == headline), None)
    fine = tuple(Period((bucket,)) for bucket in fact_buckets)
    if spark_metric is not None and sheet.dimensions == (Dimension.AGENT,) and are_fine(fine):
        courses = (sheet, figures) if fine == periods else laid_out(sheet.dimensions, fine)
        sparks = sparks_of(*courses, spark_metric, terms)

    return Answer(
        query=query,
        columns=tuple(metric.column for metric in terms.metrics),
        rows=_rows(sheet, figures, terms, provisional=[_is_running(p, span, now) for p in periods]),
        totals=totals,
        coverage=Coverage(
            agents_asked=len(cohort.agent_ids),
            agents_answered=cohort.answered,
            buckets=query.bucket_count or 1,
            requests=requests,
            conversations=conversations,
            duplicates_removed=duplicates_removed,
            data_as_of=data_as_of or now,
            provisional_from=provisional_from(span, zone, now),
            cached=cached,
        ),
        warnings=tuple(
            dict.fromkeys(
                (
                    *notices,
                    *said.passed_on(posted, status),
                    *said.partial(cohort),
                    *said.without_status(terms.without_status),
                    *said.overflow(query, sheet),
                    *said.residue(residue_s),
                )
            )
        ),
        headline=headline,
        drawn=tuple(name for name in drawn if any(metric.name == name for metric in terms.metrics)),
        residue_s=residue_s,
        sparks=sparks,
    )


def provisional_from(span: Range, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The start of the range's first local day that isn't final yet; None where all are.

    A day is final once four days have gone by since its end. The figure is an instant, not a bucket: of a range in
    one bucket, too, it says from where on figures may move.
    """
    for window in span.windows:
        for day in days_touched(window, zone):
            if day_start(day + timedelta(days=1), zone) + FINAL_AFTER > now:
                return max(window.start, day_start(day, zone))
    return None


def _is_running(period: Period, span: Range, now: datetime) -> bool:
    """Whether time still runs in the period, or did when the range was cut at now."""
    return period.end > now or (span.to_now and period.end == span.end)


def _without_status(query: Query, status: Facts | None) -> Missing | None:
    """Why status has no place in an answer at all, whatever the platform says."""
    if not query.status_divisible:
        return Missing.NOT_DIVISIBLE
    if status is None and query.granularity is Granularity.QUARTER:
        return Missing.TOO_FINE
    return None


def _rows(sheet: Sheet, figures: Figures, terms: Terms, *, provisional: Sequence[bool]) -> tuple[Row, ...]:
    names = [metric.name for metric in terms.metrics]
    numbers = zip(*columns_of_numbers(figures, terms.metrics), strict=True)
    reasons: dict[bytes, dict[str, Missing]] = {}  # a few patterns repeat, so rows share them
    width = len(sheet.periods)
    rows = []
    for place, (values, pattern, state) in enumerate(
        zip(numbers, figures.reasons, figures.states.tolist(), strict=True)
    ):
        missing = reasons.get(key := pattern.tobytes())
        if missing is None:
            missing = {name: REASONS[code] for name, code in zip(names, pattern, strict=True) if code >= 0}
            reasons[key] = missing
        period = sheet.periods[place % width]
        rows.append(
            Row(
                groups=sheet.groups[place // width],
                start=period.start,
                end=period.end,
                state=STATES[state],
                provisional=provisional[place % width],
                values=dict(zip(names, values, strict=True)),
                missing=missing,
                agent_ids=sheet.active.get(place, frozenset()),
            )
        )
    return tuple(rows)
