"""`python -m bot schedules`: the operator's list, the file of all schedules, and a schedule's times without waiting.

A simulation walks a schedule through its time, a year in a second or so: each slot with its local time, its instant
and the range that its question would cover, and a word wherever clocks change or a holiday gets in the way. It
asks nobody and posts nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from bot.core.grammar import GrammarContext, parse
from bot.core.grammar.schedules import read_plan
from bot.core.intervals import day_start
from bot.core.orders import Listed, View, plan_of
from bot.core.recurrence import OnHoliday, slots
from bot.core.rendering.schedules import outcome_as_text, plan_sentence
from bot.core.zones import load_zone
from bot.errors import CommandError
from bot.services.schedules import upcoming
from bot.services.schedules.transfer import exported, import_schedules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from bot.core.orders import Plan
    from bot.core.recurrence import Recurrence, Slot
    from bot.ports import ScheduleStore
    from bot.services.holidays import HolidayCalendars
    from bot.services.reading import ReportSettings

_DAY = timedelta(days=1)
_LONGEST = 366 * 20
_RUNS_LISTED = 3
_HINT = 'python -m bot schedules --simulate --from 2026-01-01 --to 2026-12-31 "weekdays 8:00 yesterday"'


@dataclass(frozen=True, slots=True)
class SimulatedSlot:
    """One slot, or (without an instant) a day on which a holiday takes it."""

    slot: Slot
    fires: bool = True
    reading: str = ""
    """What its question covers: `Yesterday, Sun 29 Mar 00:00–24:00`."""
    notes: tuple[str, ...] = ()
    """What clocks or holidays do there, each a sentence."""


def simulated(
    rule: Recurrence,
    start: date,
    end: date,
    *,
    is_holiday: Callable[[date], bool],
    reading: Callable[[Slot], str] = lambda _slot: "",
) -> Iterator[SimulatedSlot]:
    """Each slot of a rule on the local days from `start` to `end`, both included, in the order of their instants.

    Args:
        reading: what the question covers as of a slot.
    """
    zone = load_zone(rule.zone)
    window = day_start(start, zone), day_start(end + _DAY, zone)
    due = slots(rule, *window, is_holiday=is_holiday)
    kept = set(due)
    usual = [] if rule.on_holiday is OnHoliday.KEEP else slots(_without_holidays(rule), *window, is_holiday=is_holiday)
    before: timedelta | None = None
    for slot in sorted({*due, *usual}):
        offset = slot.fire_at.astimezone(zone).utcoffset() or timedelta()
        if slot not in kept:
            yield SimulatedSlot(slot, fires=False, notes=(_holiday_note(rule, slot),))
            continue
        notes = (*_jump_notes(slot, zone), *_offset_notes(before, offset))
        yield SimulatedSlot(slot, reading=reading(slot), notes=notes)
        before = offset


def _without_holidays(rule: Recurrence) -> Recurrence:
    """The rule as if no day were a holiday; counted rules end with what they owe, so these count nothing."""
    return replace(rule, on_holiday=OnHoliday.KEEP, count=None)


def _holiday_note(rule: Recurrence, slot: Slot) -> str:
    where = f" ({rule.country})" if rule.country and slot.local_date not in rule.own_holidays else ""
    moved = "skipped" if rule.on_holiday is OnHoliday.SKIP else "moved to the next workday"
    return f"holiday{where}: {moved}"


def _jump_notes(slot: Slot, zone: ZoneInfo) -> Iterator[str]:
    """Whether the clock skips this time or shows it twice."""
    fires = slot.fire_at.astimezone(zone)
    if fires.replace(tzinfo=None) != slot.wall_clock:
        yield f"the clocks skip {slot.local_time:%H:%M}: it fires at {fires:%H:%M}, the first moment after"
    elif slot.wall_clock.replace(tzinfo=zone, fold=1).utcoffset() != fires.utcoffset():
        yield f"the clocks show {slot.local_time:%H:%M} twice: it fires at the first"


def _offset_notes(before: timedelta | None, now: timedelta) -> Iterator[str]:
    if before is not None and before != now:
        yield f"clocks have changed: UTC{_offset(before)} → UTC{_offset(now)}"


def _offset(offset: timedelta) -> str:
    sign = "-" if offset < timedelta() else "+"
    minutes = abs(offset) // timedelta(minutes=1)
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}"


def reader(question: str, rule: Recurrence, settings: ReportSettings) -> Callable[[Slot], str]:
    """What the question covers as of a slot, in words; also why it can't be asked then."""
    context = grammar_context(settings, datetime.min.replace(tzinfo=UTC), load_zone(rule.zone))

    def reading(slot: Slot) -> str:
        try:
            span = parse(question, replace(context, now=slot.fire_at)).range
        except CommandError as error:
            return f"can't be asked then: {error.message}"
        return span.label if span else ""

    return reading


def grammar_context(settings: ReportSettings, now: datetime, zone: ZoneInfo) -> GrammarContext:
    """How a schedule's question is read at a moment."""
    return GrammarContext(
        now=now,
        zone=zone,
        zone_source="schedule",
        week_start=settings.week_start,
        date_order=settings.date_order,
        shifts=settings.shifts,
        max_span_days=settings.max_span_days,
    )


# --- the command -----------------------------------------------------------------------------------------------------


def run_schedules_command(
    rest: Sequence[str],
    out: TextIO,
    *,
    store: Callable[[], ScheduleStore],
    settings: ReportSettings,
    calendars: HolidayCalendars,
    now: datetime,
) -> int:
    """`schedules`, `schedules export FILE`, `schedules import FILE`, `schedules --simulate …`; the exit status.

    Args:
        store: opens the schedules; not called where the words of a schedule are simulated.
        now: UTC.
    Raises:
        CommandError: the arguments, the file or the schedule's words are wrong.
    """
    match list(rest):
        case []:
            views = tuple(
                View(s, upcoming(s, now, _RUNS_LISTED, is_holiday=calendars.of(s.recurrence)), changeable=True)
                for s in store().all()
            )
            out.write(outcome_as_text(Listed(views, everybodys=True), now=now))
        case ["export", name]:
            document = exported(store().all())
            _write(Path(name), json.dumps(document, ensure_ascii=False, indent=2) + "\n")
            out.write(f"{_counted(len(document['schedules']), 'schedule')} written to {name}\n")
        case ["import", name]:
            done = import_schedules(_document(Path(name)), store(), settings=settings, calendars=calendars, now=now)
            out.write(f"{done.added} added, {done.changed} changed, {done.unchanged} unchanged\n")
        case [*arguments] if "--simulate" in arguments:
            _simulate(arguments, out, store=store, settings=settings, calendars=calendars, now=now)
        case _:
            raise CommandError(
                "`schedules` lists them; with `export FILE`, `import FILE` or `--simulate` it does more.",
                hint=_HINT,
                code="usage",
            )
    return 0


def _simulate(
    arguments: Sequence[str],
    out: TextIO,
    *,
    store: Callable[[], ScheduleStore],
    settings: ReportSettings,
    calendars: HolidayCalendars,
    now: datetime,
) -> None:
    options, words = _options(arguments)
    start = _date(options.get("--from"), "--from")
    end = _date(options.get("--to"), "--to")
    if not start <= end <= start + timedelta(days=_LONGEST):
        raise CommandError("--to comes before --from, or twenty years after it.", hint=_HINT, code="usage")
    if not words:
        schedules = list(store().all())
    elif words.isdecimal():
        found = store().by_number(int(words))
        if found is None:
            raise CommandError(
                f"There is no schedule {words}.", hint="python -m bot schedules lists them", code="unknown_schedule"
            )
        schedules = [found]
    else:
        words = words.removeprefix("schedule ")
        context = replace(
            grammar_context(settings, day_start(start, settings.zone), settings.zone), zone_source=settings.zone_source
        )
        _print_plan(read_plan(words, context, parse), start, end, out, settings=settings, calendars=calendars)
        return
    for schedule in schedules:
        out.write(f"Schedule {schedule.number}\n")
        plan = plan_of(schedule)
        _print_plan(plan, start, end, out, settings=settings, calendars=calendars)


def _print_plan(
    plan: Plan, start: date, end: date, out: TextIO, *, settings: ReportSettings, calendars: HolidayCalendars
) -> None:
    rule = plan.recurrence
    if rule.country is not None:
        rule = replace(rule, country=calendars.code(rule.country))
    zone = load_zone(rule.zone)
    out.write(f"{plan_sentence(replace(plan, recurrence=rule))}\n")
    posts = 0
    for one in simulated(
        rule, start, end, is_holiday=calendars.of(rule), reading=reader(plan.question, rule, settings)
    ):
        local = one.slot.wall_clock
        offset = one.slot.fire_at.astimezone(zone).utcoffset() or timedelta()
        shown = f"{one.slot.fire_at:%Y-%m-%dT%H:%M}Z" if one.fires else "–".ljust(17)
        notes = "".join(f"  ! {note}" for note in one.notes)
        out.write(f"{local:%a %Y-%m-%d %H:%M} UTC{_offset(offset)}  {shown}  {one.reading}{notes}".rstrip() + "\n")
        posts += one.fires
    out.write(f"{_counted(posts, 'post')} from {start} to {end}, {rule.zone}\n")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _options(arguments: Sequence[str]) -> tuple[dict[str, str], str]:
    """Options by name, and the other words joined."""
    options: dict[str, str] = {}
    words: list[str] = []
    items = iter(arguments)
    for item in items:
        name, equals, value = item.partition("=")
        if item == "--simulate":
            continue
        if name in {"--from", "--to"}:
            options[name] = value if equals else next(items, "")
        elif item.startswith("--") and " " not in item:
            raise CommandError(f"There is no option {item}.", hint=_HINT, code="usage")
        else:
            words.append(item)
    return options, " ".join(words).strip()


def _date(text: str | None, name: str) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        raise CommandError(f"{name} needs a day such as 2026-01-01.", hint=_HINT, code="usage") from None


def _document(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(
            f"{path} can't be read: {error.strerror}.", hint="python -m bot schedules import FILE", code="usage"
        ) from error
    except ValueError as error:
        raise CommandError(
            f"{path} is no JSON: {error}.", hint="python -m bot schedules export FILE writes one.", code="invalid_file"
        ) from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(
            f"{path} can't be written: {error.strerror}.", hint="Name a file in a directory of yours.", code="usage"
        ) from error
