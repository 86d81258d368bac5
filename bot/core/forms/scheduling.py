"""The form for a schedule: which question, on which days and times, to whom."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import time
from typing import TYPE_CHECKING, ClassVar

from bot.core.forms.problems import Problem, first_refused
from bot.core.grammar.schedules import plan_words
from bot.core.orders import Plan, Target, TargetKind
from bot.core.query import Verb
from bot.core.recurrence import MonthDay, OnHoliday, Recurrence
from bot.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from bot.core.orders import Order
    from bot.core.query import Query

DAYS: dict[str, frozenset[int] | MonthDay] = {
    "weekdays": frozenset(range(5)),
    "daily": frozenset(range(7)),
    "weekends": frozenset({5, 6}),
    "first workday": MonthDay.FIRST_WORKDAY,
    "last workday": MonthDay.LAST_WORKDAY,
    "last day": MonthDay.LAST_DAY,
}
"""Days that have words of their own."""
SOME_DAYS = "some days"
"""Instead: days of the week that are picked."""
MONTHLY = "monthly"
"""Instead: a day of each month, by its number."""

_CODE = re.compile(r"[A-Za-z]{2,30}(?:[-_][A-Za-z0-9]{1,6})?").fullmatch
_NOBODY_PICKED = (Target(TargetKind.ME),)


@dataclass(frozen=True, slots=True)
class ScheduleForm:
    """What stands in the fields; any combination may come back."""

    number: int | None = None
    """The schedule that is edited; None: a new one."""
    question: str = ""
    days: str = "weekdays"
    """A key of `DAYS`, `SOME_DAYS` or `MONTHLY`."""
    weekdays: frozenset[int] = frozenset()
    month_day: int | None = None
    times: tuple[time, ...] = ()
    zone: str = ""
    """IANA name; empty: the asker's own."""
    people: tuple[str, ...] = ()
    """Slack ids; without them and without channels it goes to whoever makes it."""
    channels: tuple[str, ...] = ()
    holidays: str = ""
    """A country whose public holidays are skipped."""
    until: date | None = None
    more: str = ""
    """Further words, as one types them: `missed all`, `to @ana for team:Billing`."""

    usual_times: ClassVar[tuple[time, ...]] = (time(8),)
    """What a new schedule begins with."""

    @property
    def verb_words(self) -> str:
        """How the command begins."""
        return "schedule" if self.number is None else f"edit {self.number}"


def schedule_words(form: ScheduleForm) -> str:
    """The command that the form makes; one that can't be read where the fields are filled in so."""
    return " ".join(filter(None, (form.verb_words, *_parts(form), form.more.strip())))


def _parts(form: ScheduleForm) -> list[str]:
    if not form.times or (form.days == SOME_DAYS and not form.weekdays):
        return [form.question]
    rule = _rule(form)
    targets = tuple(Target(TargetKind.PERSON, person) for person in form.people)
    targets += tuple(Target(TargetKind.CHANNEL, channel) for channel in form.channels)
    if not targets and form.number is None and not _names_targets(form.more):
        targets = _NOBODY_PICKED
    words = plan_words(Plan(question=form.question, recurrence=rule, targets=targets))
    return [words if form.zone else words.removesuffix(f"in {rule.zone}").strip()]


def _rule(form: ScheduleForm) -> Recurrence:
    days = DAYS.get(form.days)
    month_day: int | MonthDay | None = days if isinstance(days, MonthDay) else None
    if form.days == MONTHLY:
        month_day = form.month_day or 1
    weekdays = days if isinstance(days, frozenset) else form.weekdays or frozenset(range(7))
    return Recurrence(
        times=form.times,
        zone=form.zone or "UTC",
        weekdays=weekdays,
        month_day=month_day,
        on_holiday=OnHoliday.SKIP if form.holidays else OnHoliday.KEEP,
        country=form.holidays or None,
        until=form.until,
    )


def _names_targets(words: str) -> bool:
    """Whether further words say where it goes: `to me` beside them would be one recipient too many."""
    return words.lower().startswith(("to ", "in ")) or " to " in words.lower()


def schedule_problems(form: ScheduleForm, read: Callable[[str], Query]) -> tuple[Problem, ...]:
    """What keeps the form from being handed in, each at its field; empty: it can be.

    Args:
        read: the ordinary reading of a command; raises CommandError.
    """
    own = [
        Problem(field, message)
        for field, message, wrong in (
            ("question", "Say what it asks: yesterday team:Billing", not form.question.strip()),
            ("times", "Pick at least one time.", not form.times),
            ("weekdays", "Pick at least one day.", form.days == SOME_DAYS and not form.weekdays),
            ("holidays", "Name it by its code: GB, US, GB-SCT.", bool(form.holidays) and not _CODE(form.holidays)),
        )
        if wrong
    ]
    if own:
        return tuple(own)
    bare = ScheduleForm(number=form.number, question="yesterday", times=form.times)
    try:
        query = read(schedule_words(form))
    except CommandError as error:
        found = first_refused(form, bare, _STEPS, lambda part: read(schedule_words(part)))
        return (found or Problem.of("question", error),)
    wanted = Verb.SCHEDULE if form.number is None else Verb.EDIT
    if query.order is None or query.order.verb is not wanted:
        return (Problem("question", "That is no question that a schedule could ask."),)
    return ()


_STEPS = (
    ("zone", ("zone",)),
    ("days", ("days", "weekdays", "month_day")),
    ("until", ("until",)),
    ("holidays", ("holidays",)),
    ("question", ("question",)),
    ("people", ("people",)),
    ("channels", ("channels",)),
    ("more", ("more",)),
)


def order_of(query: Query) -> Order:
    """The order that the form's command is.

    Raises:
        CommandError: it is none.
    """
    if query.order is None:
        raise CommandError("That is no schedule.", hint="schedule weekdays 8:00 yesterday", code="contradiction")
    return query.order


def schedule_form_of(plan: Plan, *, number: int | None = None) -> ScheduleForm:
    """The form that makes the plan again."""
    rule = plan.recurrence
    named = next((words for words, days in DAYS.items() if days in {rule.month_day, rule.weekdays}), None)
    if rule.month_day is not None:
        named = next((words for words, days in DAYS.items() if days == rule.month_day), MONTHLY)
    skips = rule.on_holiday is OnHoliday.SKIP and rule.country
    plain = [target for target in plan.targets if not target.slice]
    form = ScheduleForm(
        number=number,
        question=plan.question,
        days=named or SOME_DAYS,
        weekdays=frozenset() if named else rule.weekdays,
        month_day=int(rule.month_day) if named == MONTHLY and isinstance(rule.month_day, int) else None,
        times=tuple(sorted(set(rule.times))),
        zone=rule.zone,
        people=tuple(t.value for t in plain if t.kind is TargetKind.PERSON),
        channels=tuple(t.value for t in plain if t.kind is TargetKind.CHANNEL),
        holidays=rule.country or "" if skips else "",
        until=rule.until,
    )
    return replace(form, more=_further_words(plan, form))


def _further_words(plan: Plan, form: ScheduleForm) -> str:
    """What only `more` can hold: parts for recipients, shifted and own holidays, counts, late and incomplete posts."""
    rule = plan.recurrence
    rest = replace(
        plan,
        question="",
        targets=tuple(t for t in plan.targets if t.slice or t.kind not in {TargetKind.PERSON, TargetKind.CHANNEL}),
        recurrence=replace(
            rule,
            on_holiday=OnHoliday.KEEP if form.holidays else rule.on_holiday,
            country=None if form.holidays else rule.country,
            until=None,
        ),
    )
    bare = Plan(question="", recurrence=Recurrence(rule.times, rule.zone, rule.weekdays, rule.month_day))
    head = plan_words(bare).removesuffix(f"in {rule.zone}").strip()
    return " ".join(plan_words(rest).removesuffix(f"in {rule.zone}").removeprefix(head).split())


def refusal_problem(error: CommandError) -> Problem:
    """Where in the form a refusal of the schedules service belongs."""
    return Problem.of(_FIELD_OF_CODE.get(error.code, "question"), error)


_FIELD_OF_CODE = {
    "channel_unknown": "channels",
    "channel_archived": "channels",
    "shared_externally": "channels",
    "group_too_small": "channels",
    "names_not_allowed": "channels",
    "unknown_channel": "channels",
    "unknown_person": "people",
    "not_allowed": "people",
    "stranger": "people",
    "never_due": "until",
    "unknown_country": "holidays",
}
