"""The likely next questions under an answer. Each is a text that could have been typed, and nothing more.

Ranges are written out in dates, and the zone beside them: `yesterday` under a message would mean another day
tomorrow, and to somebody elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.grammar import format_query
from bot.core.grammar.schedules import is_fixed
from bot.core.intervals import Granularity, first_instant, local_date, week_of
from bot.core.query import Booking, Dimension, Output, Verb, default_booking
from bot.core.rendering.actions import ASK_FORM, SAVE_FORM, Action

if TYPE_CHECKING:
    from bot.core.answer import TextAnswer
    from bot.core.query import Query

_DAY, _TICK = timedelta(days=1), timedelta(microseconds=1)
_DAYS = re.compile(r"(?P<first>\d{4}-\d\d-\d\d)(?:\.\.(?P<last>\d{4}-\d\d-\d\d))?(?P<hours> .+)?")
_INSTANTS = re.compile(r"(?P<start>[^/ ]+)/(?P<end>[^/ ]+)")
_FINER = {
    Granularity.WEEK: Granularity.DAY,
    Granularity.DAY: Granularity.HOUR,
    Granularity.HOUR: Granularity.HALF_HOUR,
    Granularity.HALF_HOUR: Granularity.QUARTER,
}
_COARSER = {finer: coarser for coarser, finer in _FINER.items() if coarser is not Granularity.WEEK}
_GRAIN_LABELS = {
    Granularity.QUARTER: "By quarter-hour",
    Granularity.HALF_HOUR: "By half-hour",
    Granularity.HOUR: "By hour",
    Granularity.DAY: "By day",
}
_MOST_OFFERS = 10
BOOKING_LABELS = {Booking.CLOCK: "By the clock", Booking.POSTED: "As posted"}
FILES = {Output.CSV, Output.XLSX}
_FILE_LABELS = {Output.CSV: "CSV file", Output.XLSX: "Excel file"}
_SHARING = "Everybody in this conversation will see it, with names only where an operator allows them."


def next_questions(
    query: Query,
    *,
    now: datetime | None = None,
    week_start: int = 0,
    shareable: bool = False,
    incomplete: bool = False,
) -> tuple[Action, ...]:
    """The steps that make sense from this answer, and fit into a button.

    Args:
        query: the question that was answered.
        now: a step that begins at or after it is left out.
        week_start: the first day of the week, from Monday = 0.
        shareable: the answer went to one person, and there is a channel to share it in.
        incomplete: work is missing of conversations begun before the look-back.
    """
    span = query.range
    if span is None or query.zone is None:
        return ()
    query = replace(query, outputs=query.outputs - FILES)  # a file is asked for once, not with every step
    days = _Days.of(span.absolute)
    steps = _by_days(query, days, now) if days else _by_instants(query, now)
    if query.granularity is not None:
        scales = [
            _regrained(query, "narrower", _FINER.get(query.granularity), days),
            _regrained(query, "wider", _COARSER.get(query.granularity), days),
        ]
    elif days:
        scales = [_narrower(query, days, week_start), _wider(query, days, week_start)]
    else:
        scales = [_regrained(query, "narrower", Granularity.HALF_HOUR, days)]
    # A range that rolls with the clock is refreshed by its own words: its instants would stand still.
    rolling = span.to_now and days is None
    whole = replace(query, complete=True)
    actions = [
        *([Action("complete", "With older conversations", command_text(whole))] if incomplete else []),
        *_up(query),
        *steps,
        *filter(None, scales),
        Action("refresh", "Refresh", command_text(query, absolute=not rolling)),
        Action(ASK_FORM, "Edit…", command_text(query, absolute=False)),
        Action(SAVE_FORM, "Save…", command_text(query, absolute=False)),
        *([Action("share", "Share here", command_text(query, share=True), _SHARING)] if shareable else []),
        *_views(query),
        *(Action(output.value, label, _as(query, output)) for output, label in _FILE_LABELS.items()),
        *_schedule(query),
    ]
    return tuple(action for action in actions if action.fits)


def next_steps(answer: TextAnswer) -> tuple[Action, ...]:
    """What a text itself offers; under the help, the form for those who would rather not type."""
    steps = [Action(f"offer:{n}", label, command) for n, (label, command) in enumerate(answer.offers[:_MOST_OFFERS])]
    if answer.query.verb is Verb.HELP or not answer.query.text.strip():
        steps.append(Action(ASK_FORM, "Ask with a form", ""))
    return tuple(steps)


def _up(query: Query) -> list[Action]:
    """From one agent's half-hours to everybody over the same range."""
    if query.verb is not Verb.INTERVALS:
        return []
    filters = replace(query.filters, include=(), exclude=())
    asked = replace(
        unchosen(query),
        verb=None,
        filters=filters,
        group_by=(Dimension.AGENT,),
        granularity=None,
        booking=query.booking if query.booking_named else default_booking(None),
    )
    return [Action("back", "All agents", command_text(asked))]


def _views(query: Query) -> list[Action]:
    """The same figures looked at differently."""
    found = _comparing(query)
    other = Booking.CLOCK if query.booking is Booking.POSTED else Booking.POSTED
    found.append(
        Action("booking", BOOKING_LABELS[other], command_text(replace(query, booking=other, booking_named=True)))
    )
    if query.outputs:
        found.append(Action("chart", "Table alone", command_text(replace(query, outputs=frozenset()))))
    else:
        found.append(Action("chart", "Chart", _as(query, Output.CHART)))
    of_agents = not {Dimension.TEAM, Dimension.QUEUE, Dimension.MEDIA} & set(query.group_by)
    if Output.HEATMAP not in query.outputs and of_agents and query.verb is None:
        plain = replace(query, group_by=(Dimension.AGENT,), granularity=None, versus=None)
        found.append(Action("heatmap", "Heat map", _as(plain, Output.HEATMAP)))
    return found


def _comparing(query: Query) -> list[Action]:
    """Beside an earlier time, or alone again."""
    assert query.range is not None  # noqa: S101 - callers have checked it
    if query.versus is not None:
        return [Action("compare", "Without comparison", command_text(replace(query, versus=None)))]
    span = query.range

    def beside(words: str) -> str:
        return command_text(replace(query, versus=replace(span, absolute=words, phrase=words)))

    days = _Days.of(span.absolute)
    length = _length(days) if days else "time"
    found = [Action("compare", f"Compare with the {length} before", beside("previous"))]
    if days is not None and days.count < 7:
        found.append(Action("compare_week", "Compare with last week", beside("last week")))
    return found


def _as(query: Query, output: Output) -> str:
    return command_text(replace(query, outputs=frozenset({output})))


def _schedule(query: Query) -> tuple[Action, ...]:
    """The question after `schedule`: without days and times, so that the answer offers some.

    None for a range that stands still, such as the one of a step taken before.
    """
    spans = [span for span in (query.range, query.versus) if span]
    if any(is_fixed(span.phrase) for span in spans):
        return ()
    asked = command_text(replace(query, outputs=frozenset()), absolute=False)
    return (Action("schedule", "Schedule this", f"schedule {asked}"),)


def unchosen(query: Query) -> Query:
    """Without what orders, picks or draws its rows."""
    return replace(query, versus=None, sort=None, rank=None, thresholds=(), outputs=frozenset(), anyway=False)


def command_text(query: Query, *, absolute: bool = True, share: bool = False) -> str:
    """The question for whoever presses: nobody shares by accident, and the zone is named."""
    return format_query(replace(query, share=share, zone_source="text"), absolute=absolute)


def _over(query: Query, words: str) -> str:
    """The same question about another range."""
    assert query.range is not None  # noqa: S101 - callers have checked it
    return command_text(replace(query, range=replace(query.range, absolute=words), versus=None, anyway=False))


@dataclass(frozen=True, slots=True)
class _Days:
    """A range of whole days, or of the same hours on each of them."""

    first: date
    last: date
    hours: str = ""

    @classmethod
    def of(cls, words: str) -> _Days | None:
        found = _DAYS.fullmatch(words)
        if found is None:
            return None
        first = date.fromisoformat(found["first"])
        return cls(first, date.fromisoformat(found["last"]) if found["last"] else first, found["hours"] or "")

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1

    def over(self, first: date, last: date) -> str:
        """Words for other days with the same hours."""
        return (f"{first}" if first == last else f"{first}..{last}") + self.hours


# --- previous and next -----------------------------------------------------------------------------------------------


def _by_days(query: Query, days: _Days, now: datetime | None) -> list[Action]:
    """As many days earlier and later."""
    assert query.zone is not None and query.range is not None  # noqa: S101 - callers have checked it
    noun = _length(days)
    length = days.count * _DAY
    actions = [Action("prev", f"Previous {noun}", _over(query, days.over(days.first - length, days.last - length)))]
    opening = query.range.start.astimezone(query.zone).replace(tzinfo=None, fold=0)
    if now is None or first_instant(opening + length, query.zone) < now:
        actions.append(Action("next", f"Next {noun}", _over(query, days.over(days.first + length, days.last + length))))
    return actions


def _by_instants(query: Query, now: datetime | None) -> list[Action]:
    """As much time earlier and later."""
    assert query.range is not None  # noqa: S101 - callers have checked it
    found = _INSTANTS.fullmatch(query.range.absolute)
    if found is None:
        return []
    start, end = (datetime.fromisoformat(found[name]).astimezone(query.zone) for name in ("start", "end"))
    length = query.range.end - query.range.start

    def moved(step: int) -> str:
        # Through UTC: adding to a local time would move it by the wall clock.
        edges = ((m.astimezone(UTC) + step * length).astimezone(query.zone) for m in (start, end))
        return _over(query, "/".join(edge.isoformat() for edge in edges))

    actions = [Action("prev", "Earlier", moved(-1))]
    if now is None or query.range.end < now:
        actions.append(Action("next", "Later", moved(1)))
    return actions


def _length(days: _Days) -> str:
    return {1: "day", 7: "week"}.get(days.count, f"{days.count} days")


# --- narrower and wider ----------------------------------------------------------------------------------------------


def _narrower(query: Query, days: _Days, week_start: int) -> Action | None:
    """A month → its last week → its last day → its half-hours."""
    if days.count == 1:
        return _regrained(query, "narrower", Granularity.HALF_HOUR, days)
    assert query.range is not None and query.zone is not None  # noqa: S101 - callers have checked it
    # Of a week or month that still runs the last day is today.
    last = min(days.last, local_date(query.range.end - _TICK, query.zone))
    if days.count <= 7:
        return Action("narrower", "Last day of it", _over(query, days.over(last, last)))
    first = max(days.first, week_of(last, week_start))
    return Action("narrower", "Last week of it", _over(query, days.over(first, last)))


def _wider(query: Query, days: _Days, week_start: int) -> Action | None:
    """A day → its week → its month."""
    if days.count == 1:
        first = week_of(days.last, week_start)
        return Action("wider", "Whole week", _over(query, days.over(first, first + 6 * _DAY)))
    if days.count > 7:
        return None
    first = days.last.replace(day=1)
    last = (first + 31 * _DAY).replace(day=1) - _DAY
    return Action("wider", "Whole month", _over(query, days.over(first, last)))


def _regrained(query: Query, kind: str, granularity: Granularity | None, days: _Days | None) -> Action | None:
    """The same range by other buckets; None where there are none such."""
    if granularity is None or (granularity is Granularity.DAY and (days is None or days.count == 1)):
        return None
    dimension = Dimension.DAY if granularity is Granularity.DAY else Dimension.INTERVAL
    groups = (*(d for d in query.group_by if not d.is_time), dimension)
    verb = None if granularity is Granularity.DAY else query.verb
    asked = replace(query, verb=verb, granularity=granularity, group_by=groups)
    return Action(kind, _GRAIN_LABELS[granularity], command_text(asked))
