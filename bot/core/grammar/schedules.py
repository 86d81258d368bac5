"""Commands about schedules: `schedule weekdays 8:00 yesterday team:Billing in #ops`, `pause 3 until monday`.

Days and times come first; what the clauses below don't claim is the question, which the rest of the grammar
reads as of the schedule's first time. `schedule_words` says what `parse` will read as the same schedule again.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, time, timedelta
from typing import TYPE_CHECKING

from bot.core.grammar.formatting import format_query, quoted
from bot.core.grammar.scanner import Scanner, phrase
from bot.core.grammar.schedule_clauses import Draft, day_ahead, read_head, read_part
from bot.core.grammar.schedule_rule import days_words, times_words
from bot.core.grammar.schedule_words import MOST_TARGETS, RULE_WORDS
from bot.core.grammar.suggestions import nearest
from bot.core.grammar.words import KEYWORDS, MONTH_NAMES, WEEKDAYS
from bot.core.intervals import day_start, local_date
from bot.core.orders import Order, Plan, Target, TargetKind
from bot.core.query import Filters, Output, Query, SelectorKind, Verb
from bot.core.recurrence import OnHoliday, Recurrence, next_slots
from bot.core.zones import load_zone
from bot.errors import CommandError, InvalidIntervalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bot.core.grammar.context import GrammarContext
    from bot.core.grammar.schedule_rule import Days
    from bot.core.recurrence import Slot

    Parse = Callable[[str, GrammarContext], Query]

EXAMPLE = "schedule weekdays 8:00 yesterday team:Billing"

_DAY, _HALF_DAY = timedelta(days=1), timedelta(hours=12)
_NUMBERED = {
    verb.value: verb for verb in (Verb.PAUSE, Verb.RESUME, Verb.RUN, Verb.TEST, Verb.DELETE, Verb.LOG, Verb.EDIT)
}
_ORDER = phrase(rf"(?P<verb>{'|'.join((*_NUMBERED, 'schedules'))})")
_SCHEDULE = re.compile(r"(?<![^\s,])(schedule|help|define)(?=[\s,]|$)")
_NUMBER = phrase(r"(?:#|no\.? ?|s)?(?P<n>[0-9]{1,9})")
_UNTIL = phrase(r"until")

_OF_BEFORE = re.compile(rf"(?<![^ ,])(?:yesterday|last|past|{'|'.join(WEEKDAYS)})(?![^ ,])").search
"""Words of ranges that are over in the morning; what asks for today has its figures in the evening."""
_TRIED = 8
"""Coming times at which a question is tried: `this week` at midnight can't be asked on Mondays, but can on others."""
_FIXED_RANGE = re.compile(rf"\d{{4}}-\d\d-\d\d|\d/\d|\b\d{{1,2}} (?:{'|'.join(filter(None, MONTH_NAMES))})\b")
_PERSONS = frozenset({SelectorKind.ME, SelectorKind.MENTION, SelectorKind.AGENT, SelectorKind.EMAIL})


def read_order(scan: Scanner, context: GrammarContext, parse: Parse) -> Order | None:
    """The command about schedules that the line is; None where it is something else.

    Args:
        parse: reads the question within.

    Raises:
        CommandError: what is missing, contradicts itself, or could not be asked again and again.
    """
    if found := scan.take(_ORDER):
        verb = Verb(found["verb"])
        if verb is Verb.SCHEDULES:
            _refuse_rest(scan, "schedules")
            return Order(verb)
        return _about_one(scan, verb, context, parse)
    for found in _SCHEDULE.finditer(scan.low):
        if scan.line.count('"', 0, found.start()) % 2 == 0:
            if found[1] != "schedule":
                return None
            rest = f"{scan.line[found.end() :]} {scan.line[: found.start()]}"
            return Order(Verb.SCHEDULE, plan=read_plan(rest, context, parse))
    return None


def _about_one(scan: Scanner, verb: Verb, context: GrammarContext, parse: Parse) -> Order:
    """`pause 3 until monday` and its kind."""
    scan.skip_gap()
    number = scan.take(_NUMBER)
    if number is None:
        word = scan.word()
        raise CommandError(
            f"`{verb.value}` needs the number of a schedule" + (f", and `{word}` is none." if word else "."),
            hint=f"{verb.value} 3; `schedules` lists them with their numbers",
            code="missing_object",
        )
    order = Order(verb, number=int(number["n"]))
    scan.skip_gap()
    if verb is Verb.EDIT:
        rest = scan.line[scan.at :]
        return replace(order, plan=read_plan(rest, context, parse, verb=f"edit {order.number}") if rest else None)
    if verb is Verb.PAUSE and scan.take(_UNTIL):
        order = replace(order, until=day_ahead(scan, context))
    _refuse_rest(scan, f"{verb.value} {order.number}")
    return order


def _refuse_rest(scan: Scanner, command: str) -> None:
    scan.skip_gap()
    if not scan.done:
        raise CommandError(
            f"`{command}` stands alone; `{scan.line[scan.at :]}` is left over.", hint=command, code="contradiction"
        )


# --- plans -----------------------------------------------------------------------------------------------------------


def read_plan(words: str, context: GrammarContext, parse: Parse, *, verb: str = "schedule") -> Plan:
    """The plan that the words after `schedule` (or `edit 3`) make.

    Raises:
        CommandError: see `read_order`; where only days and times are missing, `choices` holds likely ones.
    """
    scan = Scanner.over(words)
    draft = Draft()
    with _choices_as(lambda text: f"{verb} {text}"):
        read_head(scan, draft)
        rest = scan.line[scan.at :]
        while not scan.done:
            read_part(scan, draft, context)
            scan.skip_gap()
    if draft.days is None or not draft.times:
        raise _incomplete(draft, rest, verb)
    question = " ".join(draft.question).strip(" ,")
    if not question:
        part = next((target.slice for target in draft.targets if target.slice), "")
        raise CommandError(
            "A schedule needs the question that it asks"
            + (f": `for {part}` says more than whom it is about, or nothing stands before it." if part else "."),
            hint=f"{verb} {scan.line} yesterday team:Billing",
            code="missing_object",
        )
    rule = _rule(draft, draft.days, context)
    upcoming = next_slots(rule, context.now.astimezone(UTC), _TRIED)
    if not upcoming:
        raise CommandError(
            "That schedule would never be due: its last day comes before its next time.",
            hint="Leave out `until`, or name a later day.",
            code="never_due",
        )
    plan = Plan(
        question=question,
        recurrence=_first_counted(rule, draft, upcoming[0]),
        targets=tuple(draft.targets),
        zone_source="text" if draft.zone else context.zone_source,
        **draft.policy,
    )
    with _choices_as(lambda text: f"{verb} {plan_words(replace(plan, question=text))}"):
        asked, here = _first_reading(question, upcoming, replace(context, zone=load_zone(rule.zone)), parse)
    targets = tuple(dict.fromkeys(_sliced(target, asked, here, parse) for target in draft.targets))
    if len(targets) > MOST_TARGETS:
        raise CommandError(
            f"That names {len(targets)} recipients; a schedule has at most {MOST_TARGETS}.",
            hint="Post to a channel that they all read.",
            code="too_many",
        )
    return replace(plan, question=format_query(asked), targets=targets)


@contextmanager
def _choices_as(whole: Callable[[str], str]) -> Iterator[None]:
    """Make whole commands of the readings that a refusal offers of a part."""
    try:
        yield
    except CommandError as error:
        error.choices = tuple((label, whole(text)) for label, text in error.choices)
        raise


def _rule(draft: Draft, days: Days, context: GrammarContext) -> Recurrence:
    """The recurrence, its counting aside.

    Raises:
        CommandError: holidays are to be shifted, and nothing says which.
    """
    on_holiday = draft.on_holiday
    if draft.own_holidays and on_holiday is OnHoliday.KEEP:
        on_holiday = OnHoliday.SKIP
    if on_holiday is OnHoliday.SHIFT and not (draft.own_holidays or draft.country):
        raise CommandError(
            "Whose holidays?", hint="shift holidays GB, or shift holidays except 2026-12-24", code="missing_object"
        )
    return Recurrence(
        times=draft.times,
        zone=(draft.zone or context.zone).key,
        weekdays=days.weekdays,
        month_day=days.month_day,
        on_holiday=on_holiday,
        country=draft.country,
        own_holidays=tuple(sorted(draft.own_holidays)),
        starts=draft.starts,
        until=draft.until,
    )


def _incomplete(draft: Draft, rest: str, verb: str) -> CommandError:
    """Days or times are missing: likely ones to choose from, each a whole command."""
    first = rest.split(" ", maxsplit=1)[0].lower()
    if draft.days is None and first not in KEYWORDS and (likely := nearest(first, RULE_WORDS)):
        return CommandError(
            f"`{first}` says no days that I know; the nearest is `{likely}`.",
            hint=f"{EXAMPLE}; `help schedules` lists all",
            code="unknown_word",
        )
    if draft.days is not None:
        missing, rules = "a time of day", [(f"{_days(draft.days)} {at}", "") for at in ("7:00", "8:00", "9:00")]
    elif draft.times:
        at = ",".join(f"{moment:%H:%M}" for moment in draft.times)
        missing, rules = "its days", [(f"{days} {at}", "") for days in ("weekdays", "daily", "mondays")]
    else:
        missing, rules = "its days and a time of day", _likely_rules(rest)
    choices = [(f"{rule}{', to me' if tail else ', here'}", rule, tail) for rule, tail in rules]
    if draft.targets:
        choices = [(rule, rule, "") for rule, _ in rules]
    return CommandError(
        f"When? A schedule needs {missing}, before its question.",
        hint=f"{verb} {rules[0][0]} {rest or 'yesterday team:Billing'}",
        code="missing_object",
        choices=tuple(
            (label[0].upper() + label[1:], f"{verb} {rule} {rest}{tail}") for label, rule, tail in choices if rest
        ),
    )


def _likely_rules(question: str) -> list[tuple[str, str]]:
    """Days and times that suit the question's range, with where the answer goes."""
    low = question.lower()
    if "month" in low or "mtd" in low:
        return [("first workday 8:00", ""), ("monthly 1 8:00", " to me"), ("mondays 8:00", "")]
    if "week" in low or "wtd" in low:
        return [("mondays 8:00", ""), ("mondays 8:00", " to me"), ("weekdays 8:00", "")]
    at = "8:00" if _OF_BEFORE(low) else "18:00"
    return [(f"weekdays {at}", ""), (f"daily {at}", " to me"), (f"mondays {at}", "")]


def _days(days: Days) -> str:
    return days_words(Recurrence((time(),), "UTC", days.weekdays, days.month_day))


def _first_reading(
    words: str, upcoming: Sequence[Slot], context: GrammarContext, parse: Parse
) -> tuple[Query, GrammarContext]:
    """The question as of the first of the next times at which it can be asked, and that moment.

    Raises:
        CommandError: it can be asked at none of them: at 8:00 nothing of `today 9-17` is over.
    """
    ahead: CommandError | None = None
    for slot in upcoming:
        here = replace(context, zone_source="schedule", now=slot.fire_at)
        try:
            return _question(words, here, parse), here
        except InvalidIntervalError as error:
            if error.code != "future_range":
                raise
            ahead = ahead or error
    raise ahead or CommandError("There is no time to ask it at.", hint=EXAMPLE, code="never_due")


def _question(words: str, context: GrammarContext, parse: Parse) -> Query:
    """The question, read as of the first time that it will be asked.

    Raises:
        CommandError: it can't be read, or can't be asked again and again.
    """
    query = parse(words, context)
    if query.verb not in {None, Verb.INTERVALS} or query.range is None:
        raise CommandError(
            f"A schedule asks for figures; `{query.verb.value if query.verb else words}` gives none.",
            hint=EXAMPLE,
            code="contradiction",
        )
    if query.share:
        raise CommandError(
            "`share` and `schedule` contradict each other: a schedule says itself where it posts.",
            hint=f"{EXAMPLE} in #ops",
            code="contradiction",
        )
    if files := sorted(output.value for output in query.outputs - {Output.CHART}):
        raise CommandError(
            f"A schedule posts a table and charts, and no {' or '.join(files)}.",
            hint="The same without it, or with `chart`; each post has a button for its CSV.",
            code="not_available",
        )
    for span in filter(None, (query.range, query.versus)):
        if is_fixed(span.phrase):
            raise CommandError(
                f"`{span.phrase}` stands still: every post would show the same days.",
                hint="yesterday, today, last week, monday, last 7 days, past 24h: these move with the schedule",
                code="fixed_range",
            )
    return query


def is_fixed(phrase: str) -> bool:
    """Whether a range's words name dates, so that they mean the same whenever they are read."""
    return bool(_FIXED_RANGE.search(phrase))


def _sliced(target: Target, asked: Query, context: GrammarContext, parse: Parse) -> Target:
    """The target with her slice in canonical words.

    Raises:
        CommandError: the slice says more than whom or what it is about, or doesn't go with the question.
    """
    if not target.slice:
        return target
    noon = day_start(local_date(context.now, context.zone), context.zone) + _HALF_DAY
    at_noon = replace(context, now=noon)  # at midnight there is no today yet
    part, today = parse(target.slice, at_noon), parse("today", at_noon)
    if replace(part, text="", filters=Filters()) != replace(today, text="", filters=Filters()):
        raise CommandError(
            f"`for {target.slice}` says more than whom it is about.",
            hint="The question comes before: yesterday by interval to @ana for team:Billing",
            code="contradiction",
        )
    both = _kinds(part.filters) & _kinds(asked.filters)
    if both:
        raise CommandError(
            f"The question chooses by {both.pop()} already, and so does `for {target.slice}`: they would add up.",
            hint="Leave that choice out of the question: yesterday to @ana for team:Billing",
            code="contradiction",
        )
    words = _filter_words(part)
    parse(f"{format_query(asked)} {words}", context)
    return replace(target, slice=words)


def _kinds(filters: Filters) -> set[str]:
    """What the included ones are chosen by; persons of any sort are one kind."""
    return {
        "person" if s.kind in _PERSONS else "team" if s.kind is SelectorKind.MY_TEAM else s.kind.value
        for s in filters.include
    }


def _filter_words(part: Query) -> str:
    """The filters alone, names in quotes: they follow other words when the question is asked."""
    named = [s for s in part.filters.include if s.kind is SelectorKind.AGENT]
    others = tuple(s for s in part.filters.include if s.kind is not SelectorKind.AGENT)
    rest = format_query(replace(part, filters=replace(part.filters, include=others))).removeprefix("today")
    return " ".join(filter(None, (",".join(quoted(s.value) for s in named), rest.strip())))


def _first_counted(rule: Recurrence, draft: Draft, upcoming: Slot) -> Recurrence:
    """The rule with its number of times, counted from the first day that lies wholly ahead."""
    if draft.count is None:
        return rule
    starts = rule.starts
    if starts is None:
        passed = any(moment < upcoming.local_time for moment in rule.times)
        starts = upcoming.local_date + _DAY if passed else upcoming.local_date
    return replace(rule, count=draft.count, starts=starts)


# --- the way back ----------------------------------------------------------------------------------------------------


def plan_words(plan: Plan) -> str:
    """What one types after `schedule` for this plan; its zone is always said."""
    return " ".join(_plan_words(plan))


def _plan_words(plan: Plan) -> Iterator[str]:
    rule = plan.recurrence
    yield days_words(rule)
    yield times_words(rule)
    yield plan.question
    if plan.targets:
        yield ", ".join(map(target_words, plan.targets))
    if rule.on_holiday is OnHoliday.SHIFT or rule.country:
        yield " ".join(filter(None, (rule.on_holiday.value, "holidays", rule.country)))
    if rule.own_holidays:
        yield f"except {','.join(map(str, rule.own_holidays))}"
    if rule.starts:
        yield f"starting {rule.starts}"
    if rule.until:
        yield f"until {rule.until}"
    if rule.count:
        yield f"{rule.count} times"
    defaults = Plan(question="", recurrence=rule)
    if (plan.misfire, plan.window_s) != (defaults.misfire, defaults.window_s):
        yield f"missed {plan.misfire.value} within {plan.window_s // 60}m"
    if (plan.wait_s, plan.least_coverage) != (defaults.wait_s, defaults.least_coverage):
        yield f"wait {plan.wait_s // 60}m for {plan.least_coverage * 100:.4g}%"
    yield f"in {rule.zone}"


def target_words(target: Target) -> str:
    """`in <#C1>`, `to <@U1> for team:Billing`"""
    where = {
        TargetKind.HERE: "in here",
        TargetKind.ME: "to me",
        TargetKind.CHANNEL: f"in <#{target.value}>",
        TargetKind.PERSON: f"to <@{target.value}>",
        TargetKind.CHANNEL_NAME: f"in #{target.value}",
        TargetKind.PERSON_NAME: f"to @{target.value}",
    }[target.kind]
    return f"{where} for {target.slice}" if target.slice else where


def order_words(order: Order) -> str:
    """The canonical command of an order: it is read back as the same one."""
    words = [order.verb.value]
    if order.number is not None:
        words.append(str(order.number))
    if order.until is not None:
        words.append(f"until {order.until}")
    if order.plan is not None:
        words.append(plan_words(order.plan))
    return " ".join(words)
