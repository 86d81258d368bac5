"""A question, read: who, when and how, with every default filled in.

`bot.core.grammar.parse` makes a `Query` from text; `format_query` makes text from a `Query`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.core.intervals import Granularity, buckets, by_local_day

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from bot.core.intervals import Interval
    from bot.core.memos import Memo
    from bot.core.orders import Order


class Verb(StrEnum):
    """What is asked for other than figures in the ordinary table; one joins on the day it works."""

    INTERVALS = "intervals"
    HELP = "help"
    DEFINE = "define"
    EXPLAIN = "explain"
    RECONCILE = "reconcile"
    AGAIN = "again"
    STATUS = "status"
    WHOAMI = "whoami"
    SCHEDULE = "schedule"
    SCHEDULES = "schedules"
    PAUSE = "pause"
    RESUME = "resume"
    RUN = "run"
    TEST = "test"
    DELETE = "delete"
    LOG = "log"
    EDIT = "edit"
    SETTINGS = "settings"
    SAVE = "save"
    SAVED = "saved"
    UNSAVE = "unsave"
    LINK = "link"
    UNLINK = "unlink"
    AUDIT = "audit"


class Booking(StrEnum):
    """By which rule time falls into buckets."""

    POSTED = "posted"
    """Whole, in the bucket in which the platform emitted the metric."""
    CLOCK = "clock"
    """As it happened: segments cut at the buckets' edges."""


def default_booking(verb: Verb | None) -> Booking:
    """The booking of a question that names none: by the clock for one agent's half-hours, posted for all else."""
    return Booking.CLOCK if verb in {Verb.INTERVALS, Verb.EXPLAIN} else Booking.POSTED


def untold_booking(verb: Verb | None, *, complete: bool) -> Booking:
    """The booking where the text names none: `complete` is about the clock alone."""
    return Booking.CLOCK if complete else default_booking(verb)


class Dimension(StrEnum):
    """What a row stands for; the words after `by`."""

    AGENT = "agent"
    TEAM = "team"
    QUEUE = "queue"
    MEDIA = "media"
    INTERVAL = "interval"
    DAY = "day"
    WEEK = "week"

    @property
    def is_time(self) -> bool:
        """Whether rows of this dimension are told apart by their start."""
        return self in {Dimension.INTERVAL, Dimension.DAY, Dimension.WEEK}


class SelectorKind(StrEnum):
    """How agents, or conversations, were chosen."""

    ME = "me"
    MY_TEAM = "my_team"
    MENTION = "mention"
    AGENT = "agent"
    EMAIL = "email"
    TEAM = "team"
    QUEUE = "queue"
    GROUP = "group"
    DIVISION = "division"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True, order=True)
class Selector:
    """One choice, as typed: a Slack id for a mention, a name, an address; empty for `me` and `my team`."""

    kind: SelectorKind
    value: str = ""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which agents and which conversations; empty means no limit of that kind."""

    include: tuple[Selector, ...] = ()
    exclude: tuple[Selector, ...] = ()
    media: tuple[str, ...] = ()
    """Platform media types, lower case: voice, chat, email, message, callback."""
    directions: tuple[str, ...] = ()
    """inbound, outbound"""
    acd: bool = False
    """Only work that the platform routed: participants of purpose `agent`."""
    active: bool = False
    """Leave out rows without activity."""

    @property
    def divides_conversations(self) -> bool:
        """Whether some of an agent's conversations are left out, so that status time no longer fits."""
        by_queue = any(s.kind is SelectorKind.QUEUE for s in self.include + self.exclude)
        return bool(by_queue or self.media or self.directions or self.acd)


@dataclass(frozen=True, slots=True)
class Range:
    """A time range with its pieces."""

    windows: tuple[Interval, ...]
    """Disjoint pieces in order; one, where the range has no holes; never empty."""
    label: str
    """`Yesterday, Sun 22 Nov 00:00–24:00`, without the zone."""
    phrase: str
    """Words that read as this range again: `yesterday 09:00-17:00`."""
    to_now: bool = False
    """The end is the moment of asking: the last bucket is still running."""
    notes: tuple[str, ...] = ()
    """What the reading had to decide: widened to half-hours, cut at now, the only valid date order."""
    absolute: str = ""
    """Words that read as this range on any later day: `2026-11-22 09:00-17:00`."""
    nights: bool = False
    """Each piece is hours that cross midnight, and belongs whole to the day on which it starts."""

    @property
    def shifts(self) -> tuple[Interval, ...]:
        """The pieces, where each belongs to the day on which it starts; none, where they are cut at midnight."""
        return self.windows if self.nights or len(self.windows) > 1 else ()

    @property
    def start(self) -> datetime:
        """The first piece's start."""
        return self.windows[0].start

    @property
    def end(self) -> datetime:
        """The last piece's end."""
        return self.windows[-1].end


@dataclass(frozen=True, slots=True)
class Sort:
    """Order of the drawn rows, by a metric's column name."""

    column: str
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Rank:
    """`top 10` or `bottom 5` by the sorted metric, else by the headline."""

    count: int
    top: bool = True


@dataclass(frozen=True, slots=True)
class Threshold:
    """`below 60%` or `above 85%` of the sorted metric, else of the headline; `value` is a fraction."""

    value: float
    above: bool


class Output(StrEnum):
    """Forms that a person may ask for beside the table."""

    CSV = "csv"
    XLSX = "xlsx"
    CHART = "chart"
    HEATMAP = "heatmap"


@dataclass(frozen=True, slots=True)
class Query:
    """One question, complete: nothing in it depends on who reads it or when."""

    text: str
    """As typed."""
    verb: Verb | None = None
    """None for the ordinary table."""
    topic: str = ""
    """The object of `help` and `define`."""
    order: Order | None = None
    """What is to be done about schedules, for the verbs that are about them."""
    memo: Memo | None = None
    """What is to be done about what the bot keeps, for the verbs that are about that."""
    zone: ZoneInfo | None = None
    zone_source: str = ""
    """Where the zone came from: `text`, `schedule`, `person`, `slack`, `setting`, `default`."""
    week_start: int = 0
    """On which day weeks begin, from Monday = 0."""
    range: Range | None = None
    """None for a verb without figures."""
    versus: Range | None = None
    """The time to compare with."""
    filters: Filters = field(default_factory=Filters)
    group_by: tuple[Dimension, ...] = (Dimension.AGENT,)
    granularity: Granularity | None = None
    """None: the range is one bucket."""
    buckets: tuple[Interval, ...] = ()
    """`range.windows` cut by `granularity`; for a whole range in one bucket, empty."""
    periods: int | None = None
    """How many days or weeks `buckets` make, where several of them are one; None: as many as there are buckets."""
    booking: Booking = Booking.POSTED
    booking_named: bool = False
    """The text forced the booking."""
    sort: Sort | None = None
    rank: Rank | None = None
    thresholds: tuple[Threshold, ...] = ()
    outputs: frozenset[Output] = frozenset()
    export: tuple[str, ...] = ()
    """How a CSV file is to be written, in the words of `grammar.words.EXPORT_WORDS`."""
    share: bool = False
    complete: bool = False
    """By the clock: with conversations however long ago they began."""
    anyway: bool = False
    """Whatever it costs in requests and minutes."""
    notes: tuple[str, ...] = ()
    """What the reading decided beyond the range's own notes."""

    def over(self, span: Range) -> Query:
        """The same question about that time, cut by its own granularity."""
        pieces: tuple[Interval, ...] = ()
        periods: int | None = None
        if self.granularity is not None and self.zone is not None:
            pieces = buckets(span.windows, self.granularity, self.zone, week_start=self.week_start)
            if self.granularity in {Granularity.DAY, Granularity.WEEK}:
                week = self.week_start if self.granularity is Granularity.WEEK else None
                periods = len(by_local_day(pieces, span.shifts, self.zone, week_start=week))
        return replace(self, range=span, buckets=pieces, periods=periods)

    def sides(self) -> tuple[Query, ...]:
        """The question itself and, where it compares, the one about the other time."""
        if self.versus is None:
            return (self,)
        return (self, replace(self, versus=None).over(self.versus))

    @property
    def by_time(self) -> Dimension | None:
        """The dimension of time among the groupings, if any."""
        return next((d for d in self.group_by if d.is_time), None)

    @property
    def takes_long(self) -> bool:
        """Whether the asker said that minutes are all right."""
        return self.anyway or self.complete

    @property
    def status_divisible(self) -> bool:
        """Whether status time can be given: not under a queue, media or direction, nor grouped by one."""
        return not self.filters.divides_conversations and not {Dimension.QUEUE, Dimension.MEDIA} & set(self.group_by)

    @property
    def bucket_count(self) -> int:
        """Pieces of time that rows stand for; 0 where the range is one bucket."""
        return len(self.buckets) if self.periods is None else self.periods

    @property
    def reading(self) -> str:
        """The question as understood, for the echo before the numbers."""
        if self.range is None or self.zone is None:
            return str(self.verb or "")
        count = self.bucket_count
        cut = f", {count} {self.bucket_noun}{'' if count == 1 else 's'}" if count else ""
        return f"{self.range.label} {self.zone.key}{cut}"

    @property
    def bucket_noun(self) -> str:
        """What one bucket is called."""
        return {
            "PT15M": "quarter-hour",
            "PT30M": "half-hour",
            "PT1H": "hour",
            "P1D": "day",
            "P7D": "week",
        }.get(str(self.granularity or ""), "bucket")


def filters_as_json(filters: Filters) -> dict[str, object]:
    """The filters as the JSON interface shows them: only the keys that limit something."""

    def by_kind(selectors: tuple[Selector, ...]) -> dict[str, list[str]]:
        grouped: dict[str, list[str]] = {}
        for selector in selectors:
            grouped.setdefault(selector.kind.value, []).append(selector.value)
        return grouped

    shown: dict[str, object] = {**by_kind(filters.include)}
    if filters.exclude:
        shown["exclude"] = by_kind(filters.exclude)
    if filters.media:
        shown["media"] = list(filters.media)
    if filters.directions:
        shown["direction"] = list(filters.directions)
    for name in ("acd", "active"):
        if getattr(filters, name):
            shown[name] = True
    return shown


def query_as_json(query: Query) -> dict[str, object]:
    """The `query` object of the JSON interface (docs/json.md)."""
    span, zone = query.range, query.zone

    def iso(moment: datetime) -> str:
        return moment.astimezone(zone).isoformat()

    without_range: Mapping[str, object] = dict.fromkeys(
        (
            "start",
            "end",
            "windows",
            "zone",
            "label",
            "granularity",
            "buckets",
            "booking",
            "group_by",
            "filters",
        )
    )
    head: dict[str, object] = {"text": query.text, "verb": query.verb.value if query.verb else None}
    if span is None:
        return head | dict(without_range)

    def edges(of: Range) -> dict[str, object]:
        return {
            "start": iso(of.start),
            "end": iso(of.end),
            "windows": [[iso(w.start), iso(w.end)] for w in of.windows],
        }

    compared = {"versus": edges(query.versus) | {"label": query.versus.label}} if query.versus else {}
    return head | {
        **edges(span),
        "zone": zone.key if zone else None,
        "label": span.label,
        "granularity": query.granularity.value if query.granularity else None,
        "buckets": query.bucket_count or 1,
        "booking": query.booking.value,
        "group_by": [d.value for d in query.group_by],
        "filters": filters_as_json(query.filters),
        **compared,
    }
