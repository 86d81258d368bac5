"""What people say about schedules, read: a plan for one, or an order about one that exists; and what comes of it.

`bot.core.grammar.schedules` makes them from text and text from them; `bot.services.schedules` carries them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.core.query import Verb
from bot.core.scheduling import DestinationKind, Misfire, Schedule

if TYPE_CHECKING:
    from datetime import date

    from bot.core.recurrence import Recurrence, Slot
    from bot.core.scheduling import Fire


class TargetKind(StrEnum):
    """How a recipient was named."""

    HERE = "here"
    """Where the command was typed; in a direct message, whoever typed it."""
    ME = "me"
    CHANNEL = "channel"
    """By its Slack id."""
    PERSON = "person"
    """By her Slack id."""
    CHANNEL_NAME = "channel_name"
    """By a name, which no id can be made of: names change, and two may look alike."""
    PERSON_NAME = "person_name"


@dataclass(frozen=True, slots=True)
class Target:
    """One recipient as named, and her slice of the question."""

    kind: TargetKind
    value: str = ""
    """Slack id or name."""
    slice: str = ""
    """Words of the grammar that choose her part: `team:Billing`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that the words of a schedule say."""

    question: str
    """Canonical text, without a zone: it is read in the schedule's."""
    recurrence: Recurrence
    targets: tuple[Target, ...] = ()
    """None: here."""
    misfire: Misfire = Misfire.LATEST
    window_s: int = 7200
    wait_s: int = 900
    least_coverage: float = 0.9
    zone_source: str = "text"
    """Where the zone came from, as `Query.zone_source` has it."""


@dataclass(frozen=True, slots=True)
class Order:
    """One command about schedules."""

    verb: Verb
    number: int | None = None
    """Which schedule; None for `schedule` and `schedules`."""
    until: date | None = None
    """Of `pause`: the first day on which it is due again."""
    plan: Plan | None = None
    """Of `schedule`, and of `edit` with its words."""


def plan_of(schedule: Schedule) -> Plan:
    """The plan whose words would make that schedule."""
    return Plan(
        question=schedule.question,
        recurrence=schedule.recurrence,
        targets=tuple(
            Target(
                TargetKind.CHANNEL if to.kind is DestinationKind.CHANNEL else TargetKind.PERSON,
                to.id,
                to.slice,
            )
            for to in schedule.destinations
        ),
        misfire=schedule.misfire,
        window_s=schedule.window_s,
        wait_s=schedule.wait_s,
        least_coverage=schedule.least_coverage,
    )


# --- what comes of an order ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class View:
    """A schedule as one person sees it."""

    schedule: Schedule
    next_slots: tuple[Slot, ...] = ()
    """The next few; none while it is paused without end, or over."""
    changeable: bool = False
    """She may pause, edit and delete it."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Answer to `schedules`."""

    mine: tuple[View, ...] = ()
    here: tuple[View, ...] = ()
    """Of this channel, made by others."""
    everybodys: bool = False
    """`mine` are all that there are: the operator asks."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A schedule was made, paused, resumed, edited, deleted, run or tested."""

    verb: Verb
    view: View
    reading: str = ""
    """What the next post covers: `Yesterday, Tue 24 Nov 00:00–24:00`."""
    notes: tuple[str, ...] = ()
    """What else is to be known, each a sentence."""


@dataclass(frozen=True, slots=True)
class Logged:
    """Answer to `log`: the last posts, the newest first."""

    view: View
    fires: tuple[Fire, ...] = ()


Outcome = Listed | Changed | Logged
