"""Every metric, defined once: calculation, `define`, column headers and docs/metrics.md come from this table.

Importing it loads no pandas, so that a question can be read, and a metric defined, without it.
The docstring of each function names numerator, denominator and source, and that docstring decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from operator import itemgetter
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.core.answer import Column, Unit
from bot.core.frames import LENGTH_COLUMN, STATUS_COLUMNS
from bot.core.query import Booking

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

HALF_HOUR_S = 1800.0


class Kind(StrEnum):
    """How a metric is put together, and so how a group's figure follows from its members' durations."""

    DURATION = "duration"
    """A sum of seconds."""
    COUNT = "count"
    """A sum of events."""
    RATIO = "ratio"
    """Seconds ÷ seconds; of a group sum ÷ sum."""
    AVERAGE = "average"
    """Seconds ÷ count; of a group sum ÷ sum, never a mean of means."""


class Source(StrEnum):
    """Where a metric's durations come from; the value is what people read."""

    EITHER = "conversations, either booking"
    POSTED = "conversations as posted"
    CLOCK = "conversations by the clock"
    STATUS = "status time"


class Scope(StrEnum):
    """Rows for which a metric means something."""

    ANY = "any"
    FROM_A_DAY = "from_a_day"
    """In posted only where the row is at least a day long."""
    AGENT_HALF_HOUR = "agent_half_hour"
    """Only where the row is one agent's one half-hour."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table."""

    name: str
    """Column name in frames, JSON and exports."""
    unit: Unit
    label: str
    """Column header."""
    kind: Kind
    source: Source
    needs: tuple[str, ...]
    """Columns of the frame of sums that the function reads."""
    formula: str
    definition: str
    """Plain sentences for `define` and docs/metrics.md."""
    function: Callable[[pd.DataFrame], pd.Series] = field(repr=False, compare=False)
    """A frame of sums, one row for each group and bucket, → the metric, indexed alike; NaN where it has no value."""
    denominator: tuple[str, ...] = ()
    """Columns whose sum is divided by; empty for durations, counts and where it is a constant."""
    aliases: tuple[str, ...] = ()
    """Further words for it, lower case, single spaces; underscores and hyphens read as spaces."""
    default_drawn: bool = False
    scope: Scope = Scope.ANY

    @property
    def needs_status(self) -> bool:
        """Whether it rests on status time, which can't be divided by queue, media or direction."""
        return any(column in STATUS_COLUMNS for column in self.needs)

    @property
    def needs_conversations(self) -> bool:
        """Whether it rests on conversations, in one booking or the other."""
        return any(column not in STATUS_COLUMNS for column in self.needs)

    @property
    def column(self) -> Column:
        """The column of an answer that carries it."""
        return Column(self.name, self.unit, self.label)

    def fits(self, booking: Booking) -> bool:
        """Whether an answer in that booking carries it."""
        match self.source:
            case Source.POSTED:
                return booking is Booking.POSTED
            case Source.CLOCK:
                return booking is Booking.CLOCK
            case _:
                return True


def utilization(sums: pd.DataFrame) -> pd.Series:
    """Share of logged-in time spent interacting.

    Numerator: `interacting_s`, routing status INTERACTING.
    Denominator: `logged_in_s`, all presences but OFFLINE.
    Source: status time. NaN for somebody who never logged in.
    """
    return _quotient(sums["interacting_s"], sums["logged_in_s"])


def occupancy(sums: pd.DataFrame) -> pd.Series:
    """Share of interacting in the time an agent was open to routed work; never above 1.

    Numerator: `interacting_s`, routing status INTERACTING.
    Denominator: `interacting_s` + `communicating_s` + `idle_s`, all of them routing statuses (not the presence
        IDLE, nor ON_QUEUE presence, which can be shorter).
    Source: status time. NaN for somebody who was never on queue.
    """
    return _quotient(sums["interacting_s"], sums["interacting_s"] + sums["communicating_s"] + sums["idle_s"])


def off_queue(sums: pd.DataFrame) -> pd.Series:
    """Logged-in time away from the queues: `logged_in_s` − `on_queue_s`, both presences; status time."""
    return sums["logged_in_s"] - sums["on_queue_s"]


def busy_share(sums: pd.DataFrame) -> pd.Series:
    """Share of the clock during which at least one conversation was worked on; never above 1.

    Numerator: `busy_s`, the union over all sessions of an agent.
    Denominator: `length_s`, the length of the interval, once for each agent.
    Source: conversations by the clock.
    """
    return _quotient(sums["busy_s"], sums["length_s"])


def concurrency(sums: pd.DataFrame) -> pd.Series:
    """How many conversations were worked on side by side, while any was.

    Numerator: `handle_s`, the load: overlaps count every time.
    Denominator: `busy_s`, the union: overlaps count once.
    Source: conversations by the clock.
    """
    return _quotient(sums["handle_s"], sums["busy_s"])


def handle_load(sums: pd.DataFrame) -> pd.Series:
    """Work for each second open to it; above 1 with conversations side by side or work off queue.

    Numerator: `handle_s`, in either booking.
    Denominator: `on_queue_s`, presence ON_QUEUE.
    Source: conversations and status time.
    """
    return _quotient(sums["handle_s"], sums["on_queue_s"])


def additive_utilization(sums: pd.DataFrame) -> pd.Series:
    """The formula of old sheets, which counts after-call work and hold twice; capped at 1.

    Numerator: `handle_s` + `acw_s` + `held_s`, though handle time holds the other two already.
    Denominator: the 1,800 s of a half-hour, whoever was logged in.
    Source: conversations as posted; one agent and one half-hour only.
    """
    return ((sums["handle_s"] + sums["acw_s"] + sums["held_s"]) / HALF_HOUR_S).clip(upper=1.0)


def average_handle_time(sums: pd.DataFrame) -> pd.Series:
    """Seconds of work on each handled interaction.

    Numerator: `handle_s`. Denominator: `handled`. Source: conversations, either booking.
    """
    return _quotient(sums["handle_s"], sums["handled"])


def acw_per_handled(sums: pd.DataFrame) -> pd.Series:
    """Seconds of after-call work on each handled interaction, those without any included.

    Numerator: `acw_s`. Denominator: `handled`. Source: conversations, either booking.
    """
    return _quotient(sums["acw_s"], sums["handled"])


def held_per_handled(sums: pd.DataFrame) -> pd.Series:
    """Seconds on hold of each handled interaction, those without a hold included.

    Numerator: `held_s`. Denominator: `handled`. Source: conversations, either booking.
    """
    return _quotient(sums["held_s"], sums["handled"])


def _quotient(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    """Their ratio; NaN, not infinity or 0, where the denominator is zero or missing."""
    return numerator / denominator.where(denominator > 0)


def _duration(
    name: str,
    label: str,
    source: Source,
    formula: str,
    definition: str,
    *,
    aliases: tuple[str, ...] = (),
    default_drawn: bool = False,
) -> Metric:
    return Metric(
        name=name,
        unit=Unit.SECONDS,
        label=label,
        kind=Kind.DURATION,
        source=source,
        needs=(name,),
        formula=formula,
        definition=definition,
        function=itemgetter(name),
        aliases=aliases,
        default_drawn=default_drawn,
    )


METRICS: tuple[Metric, ...] = (
    Metric(
        name="utilization",
        unit=Unit.RATIO,
        label="Utilization",
        kind=Kind.RATIO,
        source=Source.STATUS,
        needs=("interacting_s", "logged_in_s"),
        denominator=("logged_in_s",),
        formula="INTERACTING ÷ logged-in",
        definition=(
            "How much of the time somebody was logged in (every presence but OFFLINE) went into interactions that "
            "the platform routed, after-call work included. Two chats side by side count once, so it doesn't pass "
            "100 %. Not the platform's own setting of that name, which is a capacity."
        ),
        function=utilization,
        aliases=("util", "utilisation"),
        default_drawn=True,
    ),
    Metric(
        name="occupancy",
        unit=Unit.RATIO,
        label="Occupancy",
        kind=Kind.RATIO,
        source=Source.STATUS,
        needs=("interacting_s", "communicating_s", "idle_s"),
        denominator=("interacting_s", "communicating_s", "idle_s"),
        formula="INTERACTING ÷ (INTERACTING + COMMUNICATING + IDLE)",
        definition=(
            "How much of the time open to routed work went into it, as the platform's agent views show it. "
            "Breaks, other time off queue and time not responding are left out of both sides."
        ),
        function=occupancy,
        aliases=("occ",),
        default_drawn=True,
    ),
    Metric(
        name="handled",
        unit=Unit.COUNT,
        label="Handled",
        kind=Kind.COUNT,
        source=Source.EITHER,
        needs=("handled",),
        formula="count of tHandle (posted); sessions whose last handled segment ends in the bucket (clock)",
        definition=(
            "Interactions that an agent finished, after-call work included. One conversation counts once for each "
            "agent who handled it, so a transfer counts twice."
        ),
        function=itemgetter("handled"),
        aliases=("handled interactions", "interactions", "conversations"),
        default_drawn=True,
    ),
    _duration(
        "handle_s",
        "Handle",
        Source.EITHER,
        "contacting + dialing + talk + held + ACW",
        "An agent's whole work on interactions. Posted, it lands whole in the bucket in which the work ended, so a "
        "half-hour can hold more than thirty minutes; by the clock, it is the load: conversations side by side "
        "count each.",
        aliases=("handle", "handle time", "load"),
        default_drawn=True,
    ),
    _duration(
        "talk_s",
        "Talk",
        Source.EITHER,
        "sum of tTalk",
        "Time speaking or writing with somebody. Posted at the end of each stretch, so nearer to the work than handle.",
        aliases=("talk", "talk time"),
    ),
    _duration(
        "held_s",
        "Held",
        Source.EITHER,
        "sum of tHeld",
        "Time with somebody on hold; a part of handle time. Posted at the end of each hold.",
        aliases=("held", "hold", "hold time"),
        default_drawn=True,
    ),
    _duration(
        "acw_s",
        "ACW",
        Source.EITHER,
        "sum of tAcw",
        "After-call work: wrapping up once the interaction ended; a part of handle time. Posted when the wrap-up ends.",
        aliases=("acw", "after call work", "wrap up", "wrapup"),
        default_drawn=True,
    ),
    _duration(
        "contacting_s",
        "Contacting",
        Source.EITHER,
        "sum of tContacting",
        "Setting up an outbound contact; a part of handle time.",
        aliases=("contacting",),
    ),
    _duration(
        "dialing_s",
        "Dialing",
        Source.EITHER,
        "sum of tDialing",
        "Dialing until an outbound contact answered; a part of handle time.",
        aliases=("dialing", "dialling"),
    ),
    Metric(
        name="aht_s",
        unit=Unit.SECONDS,
        label="AHT",
        kind=Kind.AVERAGE,
        source=Source.EITHER,
        needs=("handle_s", "handled"),
        denominator=("handled",),
        formula="handle ÷ handled",
        definition="Average handle time: the work on each handled interaction. Of a group: all its handle ÷ handled.",
        function=average_handle_time,
        aliases=("aht", "average handle time"),
        default_drawn=True,
    ),
    Metric(
        name="acw_per_handled_s",
        unit=Unit.SECONDS,
        label="ACW per handled",
        kind=Kind.AVERAGE,
        source=Source.EITHER,
        needs=("acw_s", "handled"),
        denominator=("handled",),
        formula="ACW ÷ handled",
        definition="After-call work on each handled interaction; those without any count in the denominator.",
        function=acw_per_handled,
        aliases=("acw per handled", "average acw"),
    ),
    Metric(
        name="held_per_handled_s",
        unit=Unit.SECONDS,
        label="Held per handled",
        kind=Kind.AVERAGE,
        source=Source.EITHER,
        needs=("held_s", "handled"),
        denominator=("handled",),
        formula="held ÷ handled",
        definition="Hold on each handled interaction; those without a hold count in the denominator.",
        function=held_per_handled,
        aliases=("held per handled", "hold per handled", "average hold"),
    ),
    Metric(
        name="handle_load",
        unit=Unit.RATIO,
        label="Handle load",
        kind=Kind.RATIO,
        source=Source.EITHER,
        needs=("handle_s", "on_queue_s"),
        denominator=("on_queue_s",),
        formula="handle ÷ ON_QUEUE presence",
        definition=(
            "Work for each second on queue. It passes 100 % with conversations side by side and with work finished "
            "off queue. Posted time falls whole into the bucket in which it ended, so in that booking the figure is "
            "given only for rows of a day or longer."
        ),
        function=handle_load,
        scope=Scope.FROM_A_DAY,
    ),
    Metric(
        name="additive_utilization",
        unit=Unit.RATIO,
        label="Additive utilization",
        kind=Kind.RATIO,
        source=Source.POSTED,
        needs=("handle_s", "acw_s", "held_s"),
        formula="(tHandle + tAcw + tHeld) ÷ 1,800 s, at most 100 %",
        definition=(
            "Warning: counts ACW and hold twice, for handle time holds both already, and divides by the half-hour "
            "whether or not the agent was logged in. The formula of a well-known tutorial, kept to match old sheets; "
            "for one agent and one half-hour only. The one figure here that is capped."
        ),
        function=additive_utilization,
        aliases=("additive",),
        scope=Scope.AGENT_HALF_HOUR,
    ),
    _duration(
        "busy_s",
        "Busy",
        Source.CLOCK,
        "union of an agent's contacting, dialing, talk, held and ACW segments",
        "Time during which at least one conversation was worked on: overlaps count once, so it never passes the "
        "length of the bucket.",
        aliases=("busy", "busy time"),
    ),
    Metric(
        name="busy_share",
        unit=Unit.RATIO,
        label="Busy share",
        kind=Kind.RATIO,
        source=Source.CLOCK,
        needs=("busy_s", LENGTH_COLUMN),
        denominator=(LENGTH_COLUMN,),
        formula="busy ÷ length of the interval",
        definition="Share of the clock with at least one conversation in work, whether or not the agent was logged in.",
        function=busy_share,
    ),
    Metric(
        name="concurrency",
        unit=Unit.RATIO,
        label="Concurrency",
        kind=Kind.RATIO,
        source=Source.CLOCK,
        needs=("handle_s", "busy_s"),
        denominator=("busy_s",),
        formula="handle (load) ÷ busy",
        definition="How many conversations were worked on side by side, on average, while any was: 1 is one at a time.",
        function=concurrency,
    ),
    _duration(
        "logged_in_s",
        "Logged in",
        Source.STATUS,
        "sum of all presences but OFFLINE",
        "Time at work as the presence tells it, on queue or not.",
        aliases=("logged in", "login", "staffed"),
        default_drawn=True,
    ),
    _duration(
        "on_queue_s",
        "On queue",
        Source.STATUS,
        "presence ON_QUEUE",
        "Time open to routed work, as the agent chose it. An interaction may outlast it.",
        aliases=("on queue", "onqueue"),
    ),
    Metric(
        name="off_queue_s",
        unit=Unit.SECONDS,
        label="Off queue",
        kind=Kind.DURATION,
        source=Source.STATUS,
        needs=("logged_in_s", "on_queue_s"),
        formula="logged-in − ON_QUEUE presence",
        definition="Time logged in but not open to routed work: breaks, meals, meetings, available and the like.",
        function=off_queue,
        aliases=("off queue", "offqueue"),
    ),
    _duration(
        "interacting_s",
        "Interacting",
        Source.STATUS,
        "routing status INTERACTING",
        "Time with at least one routed interaction, after-call work included; never a call outside the queues.",
        aliases=("interacting",),
    ),
    _duration(
        "communicating_s",
        "Communicating",
        Source.STATUS,
        "routing status COMMUNICATING",
        "On queue but in a call that wasn't routed; reported only where the organisation counts such calls.",
        aliases=("communicating",),
    ),
    _duration(
        "idle_s",
        "Idle",
        Source.STATUS,
        "routing status IDLE",
        "On queue and waiting for an interaction; not the presence of that name.",
        aliases=("idle", "waiting"),
    ),
    _duration(
        "not_responding_s",
        "Not responding",
        Source.STATUS,
        "routing status NOT_RESPONDING",
        "Shut off from new work after an alert that wasn't taken.",
        aliases=("not responding",),
    ),
    _duration("break_s", "Break", Source.STATUS, "presence BREAK", "Time on a break.", aliases=("break", "breaks")),
    _duration("meal_s", "Meal", Source.STATUS, "presence MEAL", "Time at a meal.", aliases=("meal", "lunch")),
    _duration("away_s", "Away", Source.STATUS, "presence AWAY", "Time away from the desk.", aliases=("away",)),
)

DEFAULT_DRAWN: tuple[str, ...] = tuple(m.name for m in METRICS if m.default_drawn)
"""Column names of a table for which nothing else was set, in order; the first is the headline."""


def _normalised(word: str) -> str:
    return " ".join(word.casefold().replace("_", " ").replace("-", " ").split())


@cache
def metric_names() -> Mapping[str, str]:
    """Every word for a metric → its column name.

    The words (name, label, aliases) are in lower case with single spaces for underscores and hyphens:
    `acw per handled`, `on queue`, `on queue s`.
    """
    words = {_normalised(word): m.name for m in METRICS for word in (m.name, m.label, *m.aliases)}
    return MappingProxyType(words)


@cache
def _by_name() -> Mapping[str, Metric]:
    return MappingProxyType({m.name: m for m in METRICS})


def find_metric(word: str) -> Metric | None:
    """The metric of that column name, label or alias, in any case, with spaces, hyphens or underscores."""
    name = metric_names().get(_normalised(word))
    return None if name is None else _by_name()[name]


def metrics_for(booking: Booking) -> tuple[Metric, ...]:
    """The metrics that an answer in that booking carries, drawn or not, in the table's order."""
    return tuple(m for m in METRICS if m.fits(booking))


_UNIT_WORDS = {
    Unit.SECONDS: "seconds (float)",
    Unit.RATIO: "fraction, unrounded; 1 is 100 %",
    Unit.COUNT: "whole number",
}

_GROUP_WORDS = {
    Kind.DURATION: "the sum",
    Kind.COUNT: "the sum",
    Kind.RATIO: "sum ÷ sum",
    Kind.AVERAGE: "sum ÷ sum",
}


def _group_words(metric: Metric) -> str:
    return "none" if metric.scope is Scope.AGENT_HALF_HOUR else _GROUP_WORDS[metric.kind]


def _source_words(metric: Metric) -> str:
    mixed = metric.needs_status and metric.needs_conversations
    return f"{metric.source}; {Source.STATUS}" if mixed else metric.source.value


def definition_text(metric: Metric) -> str:
    """What `define` answers: plain text, one fact a line."""
    lines = [
        f"{metric.label} = {metric.formula}",
        metric.definition,
        f"Source: {_source_words(metric)}.",
        f"Of a team, or of the total: {_group_words(metric)}.",
        f"Column: {metric.name}, {_UNIT_WORDS[metric.unit]}.",
    ]
    if metric.aliases:
        lines.append(f"Also read: {', '.join(metric.aliases)}.")
    return "\n".join(lines)


def metrics_markdown() -> str:
    """The whole of docs/metrics.md."""
    head = """# Metrics

<!-- Made from the table in bot/core/metrics.py by `make docs`; change it there. -->

Time falls into buckets by one of two bookings, and every answer says which. **Posted** is as the platform reports
it: a metric lands whole in the bucket in which it was emitted, so a half-hour can hold more than thirty minutes.
**Clock** is as it happened: segments cut at the bucket's edges. Status time comes from presence and routing status;
it can't be divided by queue, media or direction.

A team's ratio, and a total's, is sum ÷ sum. A zero or missing denominator is no data, never 0 %.

| column | label | formula | source | of a group |
|---|---|---|---|---|
"""
    rows = "".join(
        f"| [`{m.name}`](#{m.name}) | {m.label} | {m.formula} | {_source_words(m)} | {_group_words(m)} |\n"
        for m in METRICS
    )
    return head + rows + "".join(_section(m) for m in METRICS)


def _section(metric: Metric) -> str:
    words = ", ".join(f"`{alias}`" for alias in metric.aliases) or "its name and label only"
    drawn = "yes" if metric.default_drawn else "no"
    return f"""
## {metric.name}

**{metric.label}** = {metric.formula}

{metric.definition}

- Unit: {_UNIT_WORDS[metric.unit]}
- Read as: {words}
- Drawn unless `REPORT_METRICS` says otherwise: {drawn}
"""
