"""Where conversations come from: what a kept day may answer, what is asked, how, and at which cost."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.intervals import Interval
from bot.core.sourcing import (
    KeptDay,
    Limits,
    Route,
    cost_of_job,
    cost_of_pages,
    days_behind,
    is_worth_keeping,
    route,
    split,
    to_prefetch,
)

DAY = date(2026, 11, 16)
END = datetime(2026, 11, 17, tzinfo=UTC)
FRESH = timedelta(hours=12)
HOUR = timedelta(hours=1)


def kept(after_end: timedelta, *, running: bool = False, day: date = DAY) -> KeptDay:
    return KeptDay(day, datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) + after_end, 3, running)


@pytest.mark.parametrize(
    ("fetched_after", "running", "until_after", "asked_after", "may"),
    [
        pytest.param(-HOUR, False, -2 * HOUR, HOUR, False, id="fetched before the day was over"),
        pytest.param(HOUR, False, timedelta(0), 2 * HOUR, True, id="young"),
        pytest.param(HOUR, False, timedelta(0), 13 * HOUR, True, id="twelve hours old"),
        pytest.param(HOUR, False, timedelta(0), 13.01 * HOUR, False, id="older than twelve hours"),
        pytest.param(96 * HOUR, False, timedelta(0), 900 * HOUR, True, id="final, however old"),
        pytest.param(95.9 * HOUR, False, timedelta(0), 900 * HOUR, False, id="nearly final, and old"),
        pytest.param(HOUR, True, HOUR, 2 * HOUR, True, id="one runs, asked up to the fetching"),
        pytest.param(HOUR, True, 1.01 * HOUR, 2 * HOUR, False, id="one runs, asked beyond the fetching"),
        pytest.param(HOUR, False, 5 * HOUR, 6 * HOUR, True, id="none runs, asked beyond the fetching"),
        pytest.param(96 * HOUR, True, 97 * HOUR, 98 * HOUR, False, id="final, one runs, asked beyond the fetching"),
        pytest.param(2 * HOUR, False, timedelta(0), HOUR, False, id="fetched in the future: a clock went back"),
    ],
)
def test_what_a_kept_day_may_answer(
    fetched_after: timedelta, running: bool, until_after: timedelta, asked_after: timedelta, may: bool
) -> None:
    about = kept(fetched_after, running=running)

    assert about.answers(until=END + until_after, now=END + asked_after, fresh_for=FRESH) is may


def test_only_final_days_answer_a_question_that_wants_fresh_figures() -> None:
    def answers(after_end: timedelta) -> bool:
        return kept(after_end).answers(until=END, now=END + 97 * HOUR, fresh_for=timedelta(0))

    assert answers(96 * HOUR)
    assert not answers(95 * HOUR)


@pytest.mark.parametrize(
    ("fetched_after", "read_after", "worth"),
    [
        pytest.param(HOUR, 1.9 * HOUR, False, id="read again within the hour"),
        pytest.param(HOUR, 2 * HOUR, True, id="read again an hour later"),
        pytest.param(95.5 * HOUR, 96 * HOUR, True, id="read again when it had come to rest"),
        pytest.param(96 * HOUR, 96.5 * HOUR, False, id="at rest already"),
    ],
)
def test_which_days_are_kept_anew(fetched_after: timedelta, read_after: timedelta, worth: bool) -> None:
    assert is_worth_keeping(DAY, kept(fetched_after), fetched_at=END + read_after) is worth
    assert is_worth_keeping(DAY, None, fetched_at=END + read_after)


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("windows", "lookback", "days"),
    [
        pytest.param([(16, 0, 17, 0)], 0, [16], id="a day of UTC"),
        pytest.param([(16, 0, 17, 0)], 2, [14, 15, 16], id="with its look-back"),
        pytest.param([(16, 5, 17, 5)], 1, [15, 16, 17], id="a day of New York touches two"),
        pytest.param([(16, 22, 17, 6), (18, 22, 19, 6)], 0, [16, 17, 18, 19], id="nights, and what lies between"),
        pytest.param([(16, 9, 16, 9)], 1, [15, 16], id="no length"),
    ],
)
def test_the_days_behind_a_question(windows: list[tuple[int, int, int, int]], lookback: int, days: list[int]) -> None:
    spans = [Interval(at(a, b), at(c, d)) for a, b, c, d in windows]

    assert days_behind(spans, lookback) == tuple(date(2026, 11, day) for day in days)


DAYS = [date(2026, 11, day) for day in range(14, 19)]


def kept_on(*days: int) -> dict[date, KeptDay]:
    return {date(2026, 11, day): kept(HOUR, day=date(2026, 11, day)) for day in days}


@pytest.mark.parametrize(
    ("there", "whole", "asked"),
    [
        pytest.param((), False, [(14, 0, 18, 9)], id="nothing kept: one stretch"),
        pytest.param((14, 15), False, [(16, 0, 18, 9)], id="the look-back kept"),
        pytest.param((15, 17), False, [(14, 0, 15, 0), (16, 0, 17, 0), (18, 0, 18, 9)], id="holes"),
        pytest.param((14, 15, 16, 17, 18), False, [], id="all kept"),
        pytest.param((14, 15, 16, 17), True, [(18, 0, 19, 0)], id="whole days where they are over"),
    ],
)
def test_what_is_left_to_ask(there: tuple[int, ...], whole: bool, asked: list[tuple[int, int, int, int]]) -> None:
    parts = split(DAYS, kept_on(*there), until=at(18, 9), now=at(19, 1), fresh_for=timedelta(days=9), whole_days=whole)

    assert [about.day.day for about in parts.kept] == list(there)
    assert parts.asked == tuple(Interval(at(a, b), at(c, d)) for a, b, c, d in asked)


def test_a_day_that_runs_is_asked_up_to_now_only() -> None:
    parts = split(DAYS[-1:], {}, until=at(18, 9), now=at(18, 9), fresh_for=FRESH, whole_days=True)

    assert parts.asked == (Interval(at(18), at(18, 9)),)


LIMITS = Limits(requests=200, job_from_pages=50, per_minute=300, long_s=600)


@pytest.mark.parametrize(
    ("pages", "left", "settled", "anyway", "expected"),
    [
        pytest.param(49, 20, True, False, Route.PAGES, id="few pages"),
        pytest.param(50, 20, True, False, Route.PAGES, id="many, but no time for a job"),
        pytest.param(50, 120, True, False, Route.JOB, id="many, settled, and time"),
        pytest.param(50, 120, False, False, Route.PAGES, id="many, not settled"),
        pytest.param(200, 20, False, False, Route.PAGES, id="as many as allowed"),
        pytest.param(201, 20, False, False, Route.REFUSED, id="one too many"),
        pytest.param(201, 120, True, False, Route.JOB, id="too many pages, but a job is cheap"),
        pytest.param(201, 20, True, True, Route.PAGES, id="anyway, in time"),
        pytest.param(201, 10, True, True, Route.REFUSED, id="anyway, and the time is too short"),
        pytest.param(1000, 600, False, True, Route.PAGES, id="as deep as pages go"),
        pytest.param(1001, 600, False, True, Route.REFUSED, id="deeper than pages go"),
        pytest.param(1001, 600, True, True, Route.JOB, id="deeper than pages go, settled"),
    ],
)
def test_how_a_question_goes_on(pages: int, left: float, settled: bool, anyway: bool, expected: Route) -> None:
    assert route(pages, limits=LIMITS, seconds_left=left, settled=settled, anyway=anyway) is expected


def test_cost_is_what_eight_at_a_time_and_the_rate_allow() -> None:
    assert cost_of_pages(160, 300).requests == 160
    assert cost_of_pages(160, 300).seconds == pytest.approx(10.0)  # 160 × 0.5 s ÷ 8
    assert cost_of_pages(900, 300).seconds == pytest.approx(120.0)  # 600 beyond the first 300, 300 a minute
    assert cost_of_job(101, 300).requests == 15 + 11  # 10,100 conversations by the thousand


def test_a_night_reads_what_is_missing_or_moves_and_makes_ripe_days_final() -> None:
    now, since = at(20, 2, 30), at(20, 2)
    wanted = [date(2026, 11, day) for day in (17, 18, 19, 20)]
    there = {
        **kept_on(13, 14),  # fetched an hour after their ends, by now ripe to become final
        date(2026, 11, 12): kept(timedelta(days=5), day=date(2026, 11, 12)),  # final
        date(2026, 11, 18): KeptDay(date(2026, 11, 18), at(20, 2, 10), 3, False),  # read this night already
        date(2026, 11, 17): KeptDay(date(2026, 11, 17), at(19, 2), 3, False),  # read the night before
    }

    assert [day.day for day in to_prefetch(there, wanted, now=now, since=since)] == [19, 17, 14, 13]
