"""All schedules as one JSON file: written out, edited by hand or carried elsewhere, and read back.

Reading the same file twice changes nothing the second time. Nothing is written where any entry is bad: all bad
ones are named at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bot.core.duties import question_for
from bot.core.grammar import GrammarContext, parse
from bot.core.query import Verb
from bot.core.recurrence import next_slots
from bot.core.scheduling_json import schedule_from_json, schedule_to_json
from bot.core.zones import load_zone
from bot.errors import BotError, CommandError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.core.scheduling import Schedule
    from bot.ports import ScheduleStore
    from bot.services.holidays import HolidayCalendars
    from bot.services.reading import ReportSettings

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Imported:
    """What reading a file changed."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


def exported(schedules: Sequence[Schedule]) -> dict[str, Any]:
    """The document to write, in the order of the schedules' numbers."""
    ordered = sorted(schedules, key=lambda schedule: schedule.number)
    return {"format": FORMAT, "schedules": [schedule_to_json(schedule) for schedule in ordered]}


def import_schedules(
    document: object,
    store: ScheduleStore,
    *,
    settings: ReportSettings,
    calendars: HolidayCalendars,
    now: datetime,
) -> Imported:
    """Bring the store up to the document; schedules that it doesn't name stay as they are.

    A schedule is known by its `id`; its number is the store's to give. Whose rights count is decided at every fire.

    Raises:
        CommandError: the document isn't one, or entries are bad; every bad one is named, and nothing was written.
    """
    schedules = _read(document, settings, calendars, now)
    added = changed = unchanged = 0
    for schedule in schedules:
        known = store.get(schedule.id)
        if known is None:
            added += 1
            store.add(replace(schedule, active_since=now))  # nothing is owed for the time before
            continue
        wanted = replace(
            schedule,
            number=known.number,
            version=known.version,
            failures=known.failures,
            told_at=known.told_at,
            active_since=known.active_since if schedule.recurrence == known.recurrence else now,
        )
        if wanted == known:
            unchanged += 1
        elif store.save(wanted) is None:
            raise CommandError(
                f"Schedule {known.number} is being changed by somebody else; those before it are imported.",
                hint="Import the file again.",
                code="conflict",
            )
        else:
            changed += 1
    return Imported(added, changed, unchanged)


def _read(document: object, settings: ReportSettings, calendars: HolidayCalendars, now: datetime) -> list[Schedule]:
    entries = document.get("schedules") if isinstance(document, dict) else None
    if not isinstance(document, dict) or document.get("format") != FORMAT or not isinstance(entries, list):
        raise CommandError(
            f'That is no file of schedules: it has "format": {FORMAT} and a list "schedules".',
            hint="python -m bot schedules export FILE writes one.",
            code="invalid_file",
        )
    found: dict[str, Schedule] = {}
    faults: list[str] = []
    for index, entry in enumerate(entries):
        try:
            schedule = _checked(schedule_from_json(entry), settings, calendars, now)
        except (ValueError, BotError) as error:
            faults.append(f"schedules[{index}]{_name(entry)}: {error}")
            continue
        if schedule.id in found:
            faults.append(f"schedules[{index}]{_name(entry)}: the id {schedule.id} stands in the file twice")
        found[schedule.id] = schedule
    if faults:
        count = "1 entry" if len(faults) == 1 else f"{len(faults)} entries"
        raise CommandError(
            "\n".join([f"Nothing was imported: {count} can't be read.", *(f"  {fault}" for fault in faults)]),
            hint="Put these right, and import the file again.",
            code="invalid_file",
        )
    return list(found.values())


def _name(entry: object) -> str:
    """How people may know a bad entry."""
    number: object = entry.get("number") if isinstance(entry, dict) else None
    return f" (number {number})" if isinstance(number, int) else ""


def _checked(schedule: Schedule, settings: ReportSettings, calendars: HolidayCalendars, now: datetime) -> Schedule:
    """The schedule, if its country is known and each recipient's question can be read.

    Raises:
        ValueError, CommandError: it can't be kept.
    """
    rule = schedule.recurrence
    if rule.country is not None and calendars.code(rule.country) != rule.country:
        raise ValueError(f"recurrence.country: {rule.country} is written {calendars.code(rule.country)}")
    if not schedule.destinations:
        raise ValueError("destinations: there are none")
    upcoming = next_slots(rule, now, 1, is_holiday=calendars.of(rule))
    context = GrammarContext(
        now=upcoming[0].fire_at if upcoming else now,
        zone=load_zone(rule.zone),
        zone_source="schedule",
        week_start=settings.week_start,
        date_order=settings.date_order,
        shifts=settings.shifts,
        max_span_days=settings.max_span_days,
    )
    for to in schedule.destinations:
        query = parse(question_for(schedule, to), context)
        if query.verb not in {None, Verb.INTERVALS}:
            raise ValueError(f"question: `{schedule.question}` asks for no figures")
    return schedule
