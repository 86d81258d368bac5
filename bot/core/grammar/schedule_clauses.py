"""The parts of a schedule's words: where it goes, when it begins, pauses and ends, what it puts up with.

Each reader takes its clause wherever it stands; what none of them takes is the question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Any

from bot.core.grammar.places import read_place
from bot.core.grammar.scanner import Scanner, phrase
from bot.core.grammar.schedule_rule import read_days, read_times, rule_here
from bot.core.grammar.schedule_words import CLAUSE_WORDS
from bot.core.grammar.when import Dated, Relative, Slashed, Weekday, read_day
from bot.core.grammar.words import KEYWORDS
from bot.core.intervals import local_date
from bot.core.orders import Target, TargetKind
from bot.core.recurrence import OnHoliday
from bot.core.scheduling import Misfire
from bot.errors import CommandError, InvalidIntervalError

if TYPE_CHECKING:
    from datetime import time
    from zoneinfo import ZoneInfo

    from bot.core.grammar.context import GrammarContext
    from bot.core.grammar.schedule_rule import Days

_DAY = timedelta(days=1)
_TOMORROW = phrase(r"tomorrow")
_CHANNEL = re.compile(r"<#([CGD][A-Z0-9]+)(?:\|[^<>]*)?>", re.IGNORECASE).match
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)>").match
_CHANNEL_NAME = re.compile(r"#([^\s,\"<>]+)").match
_PERSON_NAME = re.compile(r"@([^\s,\"<>@]+)").match
_TO_OR_IN = re.compile(r"(?:to|in) ").match
_AND = re.compile(r"(?:and|&) ").match
_ME, _HERE = phrase(r"me"), phrase(r"(?:here|this channel)")
_FOR = phrase(r"for(?! [0-9]+ times?(?:[ ,]|$))")
_HOLIDAYS = phrase(r"(?P<what>skip|shift)(?: public| bank)? holidays?")
_COUNTRY = re.compile(r"([a-z]{2,30}(?:[-_][a-z0-9]{1,6})?)(?=[\s,]|$)").match
_EXCEPT = phrase(r"except(?: on)?")
_UNTIL_DATE = re.compile(r"(?:until|till) (?=[0-9])").match
_STARTING = phrase(r"starting(?: on)?")
_TIMES = phrase(r"(?:for )?(?P<n>[0-9]{1,9}) times?")
_MISSED = phrase(r"missed (?P<what>latest|all|none)(?: within (?P<n>[0-9]{1,4}) ?(?P<unit>m|min|h))?")
_WAIT = phrase(r"wait (?P<n>[0-9]{1,4}) ?(?P<unit>m|min|h)(?: for (?P<share>[0-9]{1,3}(?:\.[0-9]{1,2})?) ?%)?")

_LONGEST_WINDOW_S = 24 * 3600
_LONGEST_WAIT_S = 2 * 3600
_MOST_RUNS = 10_000


@dataclass(slots=True)
class Draft:
    """The parts of a schedule's words, as they come."""

    days: Days | None = None
    times: tuple[time, ...] = ()
    question: list[str] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    zone: ZoneInfo | None = None
    on_holiday: OnHoliday = OnHoliday.KEEP
    country: str | None = None
    own_holidays: set[date] = field(default_factory=set)
    starts: date | None = None
    until: date | None = None
    count: int | None = None
    policy: dict[str, Any] = field(default_factory=dict)
    """Fields of the plan about late and incomplete posts, those that were said."""


def read_head(scan: Scanner, draft: Draft) -> None:
    """Days and times, in either order, at the beginning."""
    scan.skip_gap()
    for _ in range(2):
        if draft.days is None:
            draft.days = read_days(scan)
            scan.skip_gap()
        if not draft.times and (draft.days or not rule_here(scan)):
            draft.times = read_times(scan)
            scan.skip_gap()


def read_part(scan: Scanner, draft: Draft, context: GrammarContext) -> None:
    """One clause, or one word of the question."""
    if _read_targets(scan, draft):
        return
    start = scan.at
    if draft.days is None and rule_here(scan) and (days := read_days(scan)):
        draft.days = days
        scan.skip_gap()
        draft.times = draft.times or read_times(scan)
        return
    if (zone := read_place(scan)) is not None:
        _once(draft.zone and draft.zone.key, zone.key, scan.since(start))
        draft.zone = zone
        return
    if _read_holidays(scan, draft) or _read_ends(scan, draft, context) or _read_policy(scan, draft):
        return
    scan.at = _word_end(scan)
    _keep(draft, scan, start)


def _keep(draft: Draft, scan: Scanner, start: int) -> None:
    """A word of the question; a comma before it stays, so that lists remain lists."""
    comma = draft.question and "," in scan.line[:start].rstrip(" ")[-1:] and not draft.question[-1].endswith(",")
    if comma:
        draft.question[-1] += ","
    draft.question.append(scan.line[start : scan.at])


def _word_end(scan: Scanner) -> int:
    """Where the word here ends; quotes and what they hold are one word, with what stands against them."""
    at = scan.at
    while at < len(scan.line) and scan.line[at] not in " ,":
        at = scan.line.index('"', at + 1) + 1 if scan.line[at] == '"' else at + 1
    return max(at, scan.at + 1)


def _once(before: object, now: object, words: str) -> None:
    """Refuse to say a thing twice in two ways.

    Raises:
        CommandError: it was said differently before.
    """
    if before not in {None, now}:
        raise CommandError(f"`{words}` contradicts what was said before.", hint="Say it once.", code="contradiction")


# --- clauses ---------------------------------------------------------------------------------------------------------


def _target_here(scan: Scanner) -> Target | None:
    """A recipient here, without `to`."""
    at = scan.at
    for kind, match in ((TargetKind.CHANNEL, _CHANNEL), (TargetKind.PERSON, _PERSON)):
        if found := match(scan.line, at):
            scan.at = found.end()
            return Target(kind, found[1].upper())
    if scan.take(_ME):
        return Target(TargetKind.ME)
    if scan.take(_HERE):
        return Target(TargetKind.HERE)
    for kind, match in ((TargetKind.CHANNEL_NAME, _CHANNEL_NAME), (TargetKind.PERSON_NAME, _PERSON_NAME)):
        if found := match(scan.line, at):
            scan.at = found.end()
            return Target(kind, found[1])
    return None


def _read_targets(scan: Scanner, draft: Draft) -> bool:
    """`in #ops, #sales`, `to @ana for team:Billing, @bob for team:Support`."""
    start = scan.at
    intro = _TO_OR_IN(scan.low, scan.at)
    if intro is None:
        return False
    scan.at = intro.end()
    target = _target_here(scan)
    if target is None:
        scan.at = start
        return False
    while target is not None:
        draft.targets.append(replace(target, slice=_read_slice(scan)))
        target = _next_target(scan)
    return True


def _next_target(scan: Scanner) -> Target | None:
    """The next of a list, after a comma or `and`."""
    before = scan.at
    joined = scan.skip_gap()
    if found := _AND(scan.low, scan.at):
        scan.at, joined = found.end(), True
    if joined and (intro := _TO_OR_IN(scan.low, scan.at)):
        scan.at = intro.end()
    target = _target_here(scan) if joined else None
    if target is None:
        scan.at = before
    return target


def _read_slice(scan: Scanner) -> str:
    """What stands after `for`, up to the next recipient or clause."""
    before = scan.at
    scan.skip_gap()
    found = _FOR(scan.low, scan.at)
    if found is None:
        scan.at = before
        return ""
    scan.at = found.end()
    scan.skip_gap()
    start = end = scan.at
    while not scan.done and not _clause_here(scan):
        scan.at = end = _word_end(scan)
        probe = _ahead_of(scan, end)
        if _next_target(probe) is not None:
            break
        scan.skip_gap()
    scan.at = end
    words = scan.line[start:end].strip(" ,")
    if not words:
        raise CommandError("`for` needs whom it is about.", hint="to @ana for team:Billing", code="missing_object")
    return words


def _ahead_of(scan: Scanner, at: int) -> Scanner:
    """Another scanner of the same line, to look ahead with."""
    probe = Scanner(scan.line)
    probe.at = at
    return probe


def _clause_here(scan: Scanner) -> bool:
    """Whether a clause of the schedule begins here."""
    low, at = scan.low, scan.at
    readers = (_TO_OR_IN, _HOLIDAYS, _EXCEPT, _UNTIL_DATE, _STARTING, _TIMES, _MISSED, _WAIT)
    return any(match(low, at) for match in readers) or rule_here(scan)


def _read_holidays(scan: Scanner, draft: Draft) -> bool:
    """`skip holidays GB`, `shift holidays US-CA`, `except 2026-12-24, 2026-12-31`."""
    start = scan.at
    if found := scan.take(_HOLIDAYS):
        kind = OnHoliday(found["what"])
        country = _read_country(scan)
        if kind is OnHoliday.SKIP and country is None:
            raise CommandError(
                "Whose holidays?",
                hint="skip holidays GB (a country, or its part: GB-SCT), or except 2026-12-24",
                code="missing_object",
            )
        if draft.on_holiday is not OnHoliday.KEEP:
            _once((draft.on_holiday, draft.country), (kind, country), scan.since(start))
        draft.on_holiday, draft.country = kind, country
        return True
    if not scan.take(_EXCEPT):
        return False
    while True:
        before = scan.at
        scan.skip_gap()
        if found := _AND(scan.low, scan.at):
            scan.at = found.end()
        day = read_day(scan)
        if day is None:
            scan.at = before
            break
        draft.own_holidays.add(_own_holiday(day, scan.since(before)))
    if not draft.own_holidays:
        raise CommandError("`except` needs the days.", hint="except 2026-12-24, 2026-12-31", code="missing_object")
    return True


def _own_holiday(day: Relative | Weekday | Dated | Slashed, typed: str) -> date:
    if isinstance(day, Dated) and day.year is not None:
        try:
            return date(day.year, day.month, day.day)
        except ValueError:
            raise CommandError(
                f"`{typed}` is no day of the calendar.", hint="except 2026-12-24", code="nonexistent_day"
            ) from None
    raise CommandError(
        f"`{typed}` after `except` needs its year.",
        hint="except 2026-12-24, or except 24 dec 2026",
        code="missing_object",
    )


def _read_country(scan: Scanner) -> str | None:
    """A country's code or name; words of the command are none, unless typed in capitals (`IN` is India)."""
    before = scan.at
    scan.skip_gap()
    found = _COUNTRY(scan.low, scan.at)
    typed = scan.line[scan.at : found.end()] if found else ""
    word = typed.lower()
    is_word = word in KEYWORDS or word in CLAUSE_WORDS
    if not typed or (is_word and not typed.isupper()) or (word in {"in", "to"} and _place_after(scan)):
        scan.at = before
        return None
    scan.at += len(typed)
    return typed.upper().replace("_", "-")


def _place_after(scan: Scanner) -> bool:
    """Whether `in` or `to` here has a recipient after it."""
    intro = _TO_OR_IN(scan.low, scan.at)
    return intro is not None and _target_here(_ahead_of(scan, intro.end())) is not None


def _read_ends(scan: Scanner, draft: Draft, context: GrammarContext) -> bool:
    """`starting 2026-12-01`, `until 2026-12-31`, `10 times`."""
    start = scan.at
    if found := scan.take(_TIMES):
        if not 1 <= int(found["n"]) <= _MOST_RUNS:
            raise CommandError(
                f"`{found[0]}` is no number of times from 1 to {_MOST_RUNS:,}.", hint="10 times", code="invalid_number"
            )
        _once(draft.count, int(found["n"]), scan.since(start))
        draft.count = int(found["n"])
        return True
    if found := scan.take(_STARTING):
        scan.skip_gap()
        day = read_day(scan)
        today = local_date(context.now.astimezone(UTC), context.zone)
        first = _calendar_day(day, today, context) if day else None
        if first is None:
            raise CommandError("`starting` needs a day.", hint="starting 2026-12-01", code="missing_object")
        _once(draft.starts, first, scan.since(start))
        draft.starts = first
        return True
    if found := _UNTIL_DATE(scan.low, scan.at):
        probe = _ahead_of(scan, found.end())
        day = read_day(probe)
        if day is None:  # `until 5pm` is the question's
            return False
        scan.at = found.end()
        last = day_ahead(scan, context)
        _once(draft.until, last, scan.since(start))
        draft.until = last
        return True
    return False


def _read_policy(scan: Scanner, draft: Draft) -> bool:
    """`missed all within 4h`, `wait 30m for 95%`."""
    start = scan.at
    said: dict[str, Any] = {}
    if found := scan.take(_MISSED):
        said["misfire"] = Misfire(found["what"])
        if found["n"]:
            said["window_s"] = _seconds(found, 1, _LONGEST_WINDOW_S)
    elif found := scan.take(_WAIT):
        said["wait_s"] = _seconds(found, 0, _LONGEST_WAIT_S)
        if found["share"]:
            said["least_coverage"] = _share(found["share"])
    for name, value in said.items():
        _once(draft.policy.get(name), value, scan.since(start))
    draft.policy |= said
    return bool(said)


def _share(digits: str) -> float:
    share = round(float(digits) / 100, 6)
    if not 0 < share <= 1:
        raise CommandError(f"`{digits}%` is no share.", hint="wait 30m for 95%", code="invalid_number")
    return share


def _seconds(found: re.Match[str], least: int, most: int) -> int:
    seconds = int(found["n"]) * (3600 if found["unit"] == "h" else 60)
    if not least <= seconds <= most:
        raise CommandError(
            f"`{found[0]}` is too {'long' if seconds > most else 'short'}; at most {most // 3600}h.",
            hint="missed latest within 2h, wait 15m",
            code="invalid_number",
        )
    return seconds


# --- days that lie ahead ---------------------------------------------------------------------------------------------


def day_ahead(scan: Scanner, context: GrammarContext, *, zone: ZoneInfo | None = None) -> date:
    """The next such day: `2026-12-27`, `27 dec`, `monday`, `tomorrow`.

    Raises:
        CommandError: no day stands here, or one that is over.
    """
    scan.skip_gap()
    today = local_date(context.now.astimezone(UTC), zone or context.zone)
    start = scan.at
    found = today + _DAY if scan.take(_TOMORROW) else _calendar_day(read_day(scan), today, context)
    typed = scan.since(start)
    if found is None:
        raise CommandError(
            f"`{typed}` is no day of the calendar." if typed else "A day is needed there.",
            hint="2026-12-31, 31 dec, monday or tomorrow",
            code="nonexistent_day" if typed else "missing_object",
        )
    if found < today:
        raise InvalidIntervalError(f"`{typed}` is over.", hint="A day that lies ahead.", code="never_due")
    return found


def _calendar_day(
    day: Relative | Weekday | Dated | Slashed | None, today: date, context: GrammarContext
) -> date | None:
    match day:
        case Relative(offset=offset):
            return today + offset * _DAY
        case Weekday(number=number):
            return today + ((number - today.weekday() - 1) % 7 + 1) * _DAY
        case Dated(month=month, day=number, year=year):
            years = (year,) if year is not None else range(today.year, today.year + 9)
        case Slashed(first=first, second=second, year=year):
            if context.date_order is None and first != second and max(first, second) <= 12:
                raise CommandError(
                    f"`{day}` can be two days.", hint="Write it as 2026-12-31, or as 31 dec.", code="ambiguous_date"
                )
            month_first = second > 12 or (context.date_order in {"MDY", "YMD"} and first <= 12)
            month, number = (first, second) if month_first else (second, first)
            years = (year,) if year is not None else range(today.year, today.year + 9)
        case None:
            return None
    for candidate in years:
        try:
            found = date(candidate, month, number)
        except ValueError:
            continue
        if year is not None or found >= today:
            return found
    return None
