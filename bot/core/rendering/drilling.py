"""The way down from figures to what they are made of, and up again: each step is a text that could have been typed.

A team or queue, its agents, an agent's half-hours, one half-hour taken apart.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.core.grammar import format_query
from bot.core.intervals import Granularity, local_date
from bot.core.query import Booking, Dimension, Filters, Selector, SelectorKind, Verb, default_booking
from bot.core.rendering.actions import Action, Picker, PickKind
from bot.core.rendering.questions import BOOKING_LABELS, FILES, command_text, unchosen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.core.query import Query

_GROUPS = {Dimension.TEAM: PickKind.TEAM, Dimension.QUEUE: PickKind.QUEUE}


def command_of(query: Query, names: Mapping[str, str]) -> str:
    """The question as one would type it.

    Args:
        names: agent ids with what to call them; a picker asks by id.
    """

    def named(selector: Selector) -> Selector:
        known = selector.kind is SelectorKind.AGENT and names.get(selector.value)
        return Selector(SelectorKind.AGENT, known) if known else selector

    include = tuple(map(named, query.filters.include))
    return format_query(replace(query, filters=replace(query.filters, include=include)))


def pickers(query: Query, *, public: bool = False) -> tuple[Picker, ...]:
    """The selects under an answer.

    Args:
        public: everybody in a channel reads it, and would read the names to pick from.
    """
    found = (None if public else group_picker(query) or agent_picker(query), sort_picker(query))
    return tuple(picker for picker in found if picker is not None)


def sort_picker(query: Query) -> Picker | None:
    """The same rows in the order of a column; None where there is no range."""
    if query.range is None:
        return None
    return Picker(command_text(replace(query, sort=None, outputs=query.outputs - FILES)), PickKind.SORT)


def group_picker(query: Query) -> Picker | None:
    """The agents of one team or queue among the rows; None where rows are neither."""
    kind = next((kind for dimension, kind in _GROUPS.items() if dimension in query.group_by), None)
    if query.range is None or kind is None or Dimension.AGENT in query.group_by:
        return None
    groups = tuple(Dimension.AGENT if d in _GROUPS else d for d in query.group_by)
    asked = unchosen(query)
    filters = replace(
        query.filters, include=tuple(s for s in query.filters.include if s.kind.value != kind.name.lower())
    )
    return Picker(command_text(replace(asked, group_by=groups, filters=filters)), kind, back=command_text(query))


def explain_command(query: Query, agent_id: str, start: datetime) -> str:
    """What one bucket of an agent's is made of, as `explain` asks it."""
    assert query.range is not None and query.zone is not None  # noqa: S101 - rows have times
    filters = replace(query.filters, include=(Selector(SelectorKind.AGENT, agent_id),), exclude=(), active=False)
    instant = start.astimezone(query.zone).isoformat()
    span = replace(query.range, absolute=instant, phrase=instant)
    cut = query.granularity if query.granularity in {Granularity.QUARTER, Granularity.HOUR} else Granularity.HALF_HOUR
    asked = replace(
        unchosen(query),
        verb=Verb.EXPLAIN,
        range=span,
        filters=filters,
        granularity=cut,
        group_by=(Dimension.AGENT, Dimension.INTERVAL),
        booking=query.booking,
        booking_named=True,
    )
    return command_text(asked)


def explain_steps(query: Query, agent_id: str, *, now: datetime | None = None) -> tuple[Action, ...]:
    """From one half-hour taken apart: back to the agent's day, and to the half-hours beside it."""
    if query.range is None or query.zone is None:
        return ()
    date = local_date(query.range.start, query.zone)
    hers = replace(query.filters, include=(Selector(SelectorKind.AGENT, agent_id),))
    day = replace(query, verb=Verb.INTERVALS, range=replace(query.range, absolute=f"{date}"), filters=hers)
    bucket = query.range.windows[0]
    length = bucket.length
    if query.range.to_now and query.granularity is not None:
        length = max(length, query.granularity.step or length)
    actions = [
        Action("back", "Back to the day", command_text(day)),
        Action("prev", "Earlier", explain_command(query, agent_id, bucket.start - length)),
    ]
    if not query.range.to_now and (now is None or bucket.end < now):
        actions.append(Action("next", "Later", explain_command(query, agent_id, bucket.end)))
    other = Booking.CLOCK if query.booking is Booking.POSTED else Booking.POSTED
    asked = replace(query, booking=other)
    actions.append(Action("booking", BOOKING_LABELS[other], explain_command(asked, agent_id, bucket.start)))
    return tuple(action for action in actions if action.fits)


def agent_picker(query: Query) -> Picker | None:
    """The half-hours of one agent over the same range; None where there is no range."""
    if query.range is None:
        return None
    conversations = Filters(media=query.filters.media, directions=query.filters.directions, acd=query.filters.acd)
    asked = replace(
        unchosen(query),
        verb=Verb.INTERVALS,
        filters=conversations,
        group_by=(Dimension.AGENT, Dimension.INTERVAL),
        granularity=Granularity.HALF_HOUR,
        booking=query.booking if query.booking_named else default_booking(Verb.INTERVALS),
    )
    return Picker(command_text(asked), back=command_text(query))
