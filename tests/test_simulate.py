"""A schedule's time without waiting: each slot once, the clocks' changes named, holidays in their place."""

from __future__ import annotations

import io
import json
import time as clock
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.core.recurrence import OnHoliday, Recurrence
from bot.core.scheduling import Destination, DestinationKind, Schedule
from bot.core.zones import load_zone, zone_names
from bot.errors import CommandError
from bot.services.holidays import HolidayCalendars
from bot.services.reading import ReportSettings
from bot.simulate import run_schedules_command, simulated
from tests.services.delivering import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

LONDON = "Europe/London"
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
NO_HOLIDAYS = frozenset[date]().__contains__


def no_store() -> MemoryStore:
    raise AssertionError("the words of a schedule need no store")


def run(*arguments: str, store: Any = no_store) -> str:
    out = io.StringIO()
    status = run_schedules_command(
        arguments,
        out,
        store=store,
        settings=ReportSettings(zone=load_zone(LONDON)),
        calendars=HolidayCalendars(),
        now=NOW,
    )
    assert status == 0
    return out.getvalue()


@pytest.fixture
def store() -> MemoryStore:
    kept = MemoryStore()
    kept.add(
        Schedule(
            id="one",
            number=0,
            owner_id="UANA",
            question="yesterday team:Billing",
            recurrence=Recurrence((time(8),), LONDON, frozenset(range(5))),
            destinations=(Destination(DestinationKind.CHANNEL, "COPS"),),
            created_at=NOW,
        )
    )
    return kept


# --- slots -----------------------------------------------------------------------------------------------------------


def test_a_year_has_each_day_once_and_names_both_changes_of_the_clocks() -> None:
    rule = Recurrence((time(1, 30),), LONDON)

    year = list(simulated(rule, date(2026, 1, 1), date(2026, 12, 31), is_holiday=NO_HOLIDAYS))

    assert [one.slot.local_date for one in year] == [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert {one.slot.local_date: one.notes for one in year if one.notes} == {
        date(2026, 3, 29): (
            "the clocks skip 01:30: it fires at 02:00, the first moment after",
            "clocks have changed: UTC+00:00 → UTC+01:00",
        ),
        date(2026, 10, 25): ("the clocks show 01:30 twice: it fires at the first",),
        date(2026, 10, 26): ("clocks have changed: UTC+01:00 → UTC+00:00",),
    }


@pytest.mark.parametrize(
    ("zone", "at", "day", "fires"),
    [
        pytest.param("Africa/Cairo", time(0), date(2026, 4, 24), "2026-04-23T22:00", id="a day without midnight"),
        pytest.param("Australia/Lord_Howe", time(2, 15), date(2026, 10, 4), "2026-10-03T15:30", id="half an hour"),
        pytest.param("America/New_York", time(2, 30), date(2026, 3, 8), "2026-03-08T07:00", id="02:30 in spring"),
        pytest.param("America/New_York", time(1, 30), date(2026, 11, 1), "2026-11-01T05:30", id="01:30 in autumn"),
    ],
)
def test_a_slot_fires_once_where_clocks_change(zone: str, at: time, day: date, fires: str) -> None:
    (one,) = simulated(Recurrence((at,), zone), day, day, is_holiday=NO_HOLIDAYS)

    assert f"{one.slot.fire_at:%Y-%m-%dT%H:%M}" == fires
    assert one.notes


def test_a_day_that_does_not_exist_has_no_slot() -> None:
    apia = simulated(
        Recurrence((time(8),), "Pacific/Apia"), date(2011, 12, 29), date(2011, 12, 31), is_holiday=NO_HOLIDAYS
    )

    assert [one.slot.local_date.day for one in apia] == [29, 31]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (OnHoliday.SKIP, [(24, True), (25, False), (28, False), (29, True)]),
        (OnHoliday.SHIFT, [(24, True), (25, False), (28, False), (29, True)]),
        (OnHoliday.KEEP, [(24, True), (25, True), (28, True), (29, True)]),
    ],
)
def test_days_that_a_holiday_takes_are_shown_as_such(mode: OnHoliday, expected: list[tuple[int, bool]]) -> None:
    rule = Recurrence((time(8),), LONDON, frozenset(range(5)), on_holiday=mode, country="GB")

    week = simulated(rule, date(2026, 12, 24), date(2026, 12, 29), is_holiday=HolidayCalendars().of(rule))

    assert [(one.slot.local_date.day, one.fires) for one in week] == expected


def test_a_year_takes_no_time() -> None:
    begun = clock.process_time()
    lines = run("--simulate", "--from", "2026-01-01", "--to", "2026-12-31", "daily 8:00 yesterday").splitlines()

    assert len(lines) == 365 + 2
    assert clock.process_time() - begun < 5.0


@pytest.mark.long
@pytest.mark.parametrize("zone", zone_names())
def test_every_zone_has_each_slot_once_through_two_years(zone: str) -> None:
    first, last = date(2026, 1, 1), date(2027, 12, 31)
    times = (time(0), time(1, 30), time(2, 30), time(8))

    walked = [one.slot for one in simulated(Recurrence(times, zone), first, last, is_holiday=NO_HOLIDAYS)]

    days = (last - first).days + 1
    assert len({slot.name for slot in walked}) == len(walked) == days * len(times)


# --- the command -----------------------------------------------------------------------------------------------------


def test_words_are_simulated_with_the_range_of_each_slot() -> None:
    assert run("--simulate", "--from", "2026-03-28", "--to", "2026-03-30", "weekdays 8:00 yesterday team:Billing") == (
        "Weekdays at 08:00 Europe/London: yesterday team:Billing, here\n"
        "Mon 2026-03-30 08:00 UTC+01:00  2026-03-30T07:00Z  Yesterday, Sun 29 Mar 00:00–24:00\n"
        "1 post from 2026-03-28 to 2026-03-30, Europe/London\n"
    )


def test_a_slot_at_which_the_question_cannot_be_asked_says_so() -> None:
    text = run("--simulate", "--from", "2026-11-28", "--to", "2026-11-30", "daily 0:00 this week")

    assert text.count("can't be asked then") == 1
    assert "Mon 2026-11-30 00:00 UTC+00:00  2026-11-30T00:00Z  can't be asked then" in text


def test_a_kept_schedule_is_simulated_by_its_number(store: MemoryStore) -> None:
    by_number = run("--simulate", "--from=2026-11-25", "--to=2026-11-25", "1", store=lambda: store)
    all_of_them = run("--simulate", "--from", "2026-11-25", "--to", "2026-11-25", store=lambda: store)

    assert "Wed 2026-11-25 08:00 UTC+00:00  2026-11-25T08:00Z  Yesterday, Tue 24 Nov 00:00–24:00" in by_number
    assert by_number == all_of_them


def test_the_operator_sees_every_schedule(store: MemoryStore) -> None:
    text = run(store=lambda: store)

    assert text.startswith("All schedules\n1 · Weekdays at 08:00 Europe/London: yesterday team:Billing, in <#COPS>\n")
    assert "Next: Wed 25 Nov 08:00" in text


def test_a_file_goes_out_and_comes_back(store: MemoryStore, tmp_path: Path) -> None:
    name = str(tmp_path / "schedules.json")
    fresh = MemoryStore()

    assert run("export", name, store=lambda: store) == f"1 schedule written to {name}\n"
    assert run("import", name, store=lambda: fresh) == "1 added, 0 changed, 0 unchanged\n"
    assert run("import", name, store=lambda: fresh) == "0 added, 0 changed, 1 unchanged\n"
    assert json.loads((tmp_path / "schedules.json").read_text())["format"] == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["mine"], "usage"),
        (["--simulate"], "usage"),
        (["--simulate", "--from", "2026-01-01", "--to", "soon"], "usage"),
        (["--simulate", "--from", "2026-02-01", "--to", "2026-01-01", "daily 8:00 yesterday"], "usage"),
        (["--simulate", "--from", "2026-01-01", "--to", "2060-01-01", "daily 8:00 yesterday"], "usage"),
        (["--simulate", "--from", "2026-01-01", "--to", "2026-01-02", "--fast"], "usage"),
        (["--simulate", "--from", "2026-01-01", "--to", "2026-01-02", "daily yesterday"], "missing_object"),
        (["--simulate", "--from", "2026-01-01", "--to", "2026-01-02", "7"], "unknown_schedule"),
        (["import", "no/such/file.json"], "usage"),
        (["export", "no/such/folder/file.json"], "usage"),
    ],
)
def test_wrong_arguments_are_refused(arguments: list[str], code: str, store: MemoryStore) -> None:
    with pytest.raises(CommandError) as refusal:
        run(*arguments, store=lambda: store)
    assert refusal.value.code == code
    assert refusal.value.hint


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file.json").write_text("{")

    with pytest.raises(CommandError) as refusal:
        run("import", str(tmp_path / "file.json"), store=MemoryStore)
    assert refusal.value.code == "invalid_file"
