"""What the platform counted → frames of facts.

The platform answers with numbers for (agent, queue, media, its own bucket, metric, qualifier). Here each of its
buckets is laid into one of ours, several results of one agent are added up, and what can't be used is reported
instead of being dropped in silence.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from bot.core.answer import Notice
from bot.core.frames import (
    POSTED_COLUMNS,
    POSTED_KEYS,
    PRESENCE_COLUMNS,
    ROUTING_COLUMNS,
    STATUS_COLUMNS,
    STATUS_KEYS,
    Facts,
    check_facts,
)
from bot.core.intervals import Granularity, Interval, buckets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    import numpy as np
    import numpy.typing as npt

    from bot.core.planning import PostedAsk, StatusAsk

POSTED_METRICS = ("tHandle", "tTalk", "tHeld", "tAcw", "tContacting", "tDialing")
"""What to ask the conversation aggregates for; other metrics in an answer are ignored."""

STATUS_METRICS = ("tSystemPresence", "tAgentRoutingStatus")
"""What to ask the user aggregates for."""

POSTED_COLUMN = dict(
    zip(POSTED_METRICS, ("handle_s", "talk_s", "held_s", "acw_s", "contacting_s", "dialing_s"), strict=True)
)

# Without its separators a qualifier reads alike in every spelling: ON_QUEUE, OnQueue, `On Queue`.
_PRESENCE_COLUMN = {
    "ONQUEUE": "on_queue_s",
    "BREAK": "break_s",
    "MEAL": "meal_s",
    "AWAY": "away_s",
    "OFFLINE": "offline_s",
    "AVAILABLE": None,
    "BUSY": None,
    "IDLE": None,
    "TRAINING": None,
    "MEETING": None,
}
_ROUTING_COLUMN = {
    "INTERACTING": "interacting_s",
    "COMMUNICATING": "communicating_s",
    "IDLE": "idle_s",
    "NOTRESPONDING": "not_responding_s",
    "OFFQUEUE": None,
}

# Sums that serve the guard alone: everything that was reported of one bucket, with or without a column of its own.
_PRESENCE_SUM, _ROUTING_SUM = "presence", "routing"

_TOLERANCE_S = 1.0


class Record(NamedTuple):
    """One number of an aggregate answer, its names spelled as the platform spells them."""

    agent_id: str | None
    """None: a result that isn't about a person."""
    queue_id: str | None
    media: str | None
    start: datetime
    end: datetime
    metric: str
    qualifier: str | None = None
    sum_ms: float | None = None
    events: int | None = None
    """The platform's `count`."""


class MisalignedBuckets(ValueError):
    """A bucket of the platform lies in more than one of ours; a finer granularity may fit."""

    def __init__(self, start: datetime, end: datetime) -> None:
        super().__init__(
            f"the platform's bucket {start.isoformat()}/{end.isoformat()} lies across the edge of one asked"
        )
        self.interval = (start, end)


def posted_facts(records: Iterable[Record], ask: PostedAsk, *, to_now: bool = False) -> Facts:
    """A frame of `POSTED_KEYS` and `POSTED_COLUMNS` from the records of conversation aggregates.

    Args:
        records: in any order; several of one key are added up.
        ask: what was asked; results about other agents are left out and reported.
        to_now: the range ends at the moment of asking, so its last bucket may end later for the platform.
    Raises:
        MisalignedBuckets: a record's bucket lies across one of our edges.
    """
    grid = _Grid(ask.windows, ask.buckets, to_now=to_now)
    tally = _Tally(POSTED_KEYS, POSTED_COLUMNS, ask.agent_ids)
    by_queue, by_media = ask.by_queue, ask.by_media
    for agent, queue, media, start, end, metric, _, sum_ms, events in records:
        column = POSTED_COLUMN.get(metric)
        if column is None:
            continue
        bucket = grid.bucket(start, end)
        if bucket is None or not tally.takes(agent):
            continue
        key = (agent, (queue or "") if by_queue else "", (media or "").lower() if by_media else "", bucket)
        tally.add(key, column, sum_ms)
        if column == "handle_s":
            tally.add(key, "handled", events)
    return tally.facts(families=(POSTED_COLUMNS,))


def status_facts(records: Iterable[Record], ask: StatusAsk, *, to_now: bool = False) -> Facts:
    """A frame of `STATUS_KEYS` and `STATUS_COLUMNS` from the records of user aggregates.

    A presence that nobody has heard of counts as logged in, a routing status as none; both are reported, and so
    are buckets that hold more status time than the clock.

    Args and Raises: as `posted_facts`.
    """
    grid = _Grid(ask.windows, ask.buckets, to_now=to_now)
    tally = _Tally(STATUS_KEYS, (*STATUS_COLUMNS, _PRESENCE_SUM, _ROUTING_SUM), ask.agent_ids)
    unknown: Counter[str] = Counter()
    spelled: dict[str | None, str] = {}
    for agent, _, _, start, end, metric, qualifier, sum_ms, _ in records:
        if metric not in STATUS_METRICS:
            continue
        bucket = grid.bucket(start, end)
        if bucket is None or not tally.takes(agent):
            continue
        key = (agent, bucket)
        word = spelled.get(qualifier)
        if word is None:
            word = spelled[qualifier] = _plain(qualifier)
        if metric == "tSystemPresence":
            if word not in _PRESENCE_COLUMN:
                unknown[f"presence {qualifier}"] += 1
            column = _PRESENCE_COLUMN.get(word)
            tally.add(key, _PRESENCE_SUM, sum_ms)
            if column is not None:
                tally.add(key, column, sum_ms)
            if column != "offline_s":
                tally.add(key, "logged_in_s", sum_ms)
        else:
            if word not in _ROUTING_COLUMN:
                unknown[f"routing status {qualifier}"] += 1
            column = _ROUTING_COLUMN.get(word)
            tally.add(key, _ROUTING_SUM, sum_ms)
            if column is not None:
                tally.add(key, column, sum_ms)
    if unknown:
        tally.notice("unknown_status", f"The platform reported statuses that have no meaning here: {_listed(unknown)}.")
    return tally.facts(
        families=((*PRESENCE_COLUMNS, _PRESENCE_SUM), (*ROUTING_COLUMNS, _ROUTING_SUM)), lengths_s=grid.lengths_s()
    )


_STEPS = ((Granularity.HOUR, 3600), (Granularity.HALF_HOUR, 1800), (Granularity.QUARTER, 900))


def candidate_granularities(
    granularity: Granularity | None,
    windows: Sequence[Interval],
    zone: ZoneInfo,
    *,
    status: bool = False,
    week_start: int = 0,
    to_now: bool = False,
) -> tuple[str | None, ...]:
    """Which granularity to ask the platform for, and which next if its buckets turn out not to fit ours.

    The platform documents neither how wide its buckets may be nor where its grid begins, so the first choice is the
    widest that fits wherever the grid begins, on UTC or on the local clock: one request is enough then.

    Args:
        status: for user aggregates, which are published by the half-hour: narrower ones come last, whatever the zone.
    Returns:
        ISO-8601 periods; None leaves the granularity out, and the whole interval is one bucket.
    """
    holes = len(windows) > 1
    if granularity is None and not holes:
        return (None,)
    whole_days = granularity in {Granularity.DAY, Granularity.WEEK} and not holes
    widest_s = 3600 if whole_days else 1800
    if granularity is not None and granularity.step is not None and not holes:
        widest_s = int(granularity.step.total_seconds())
    edges = _edges(granularity, windows, zone, week_start)
    if to_now:
        edges.discard(windows[-1].end)
    fitting = [step for step, seconds in _STEPS if seconds <= widest_s and _aligned(edges, seconds)]
    others = [step for step, seconds in _STEPS if seconds <= widest_s and step not in fitting]
    if status and granularity is not Granularity.QUARTER:
        # A grid that fits hours where UTC's doesn't fits half-hours too, so those alone are worth a try.
        coarse = [step for step in fitting if step is not Granularity.QUARTER] or [Granularity.HALF_HOUR]
        ordered = [*coarse, Granularity.QUARTER]
    else:
        # On a grid that fits none of them a bucket counted from the interval's start may still fit: the finest last.
        ordered = fitting or others
    return (*(["P1D"] if whole_days else []), *(step.value for step in ordered))


def _edges(
    granularity: Granularity | None, windows: Sequence[Interval], zone: ZoneInfo, week_start: int
) -> set[datetime]:
    pieces = buckets(windows, granularity, zone, week_start=week_start)
    return {edge for piece in pieces for edge in (piece.start, piece.end)}


def _aligned(edges: Iterable[datetime], step_s: int) -> bool:
    return all(edge.timestamp() % step_s == 0 for edge in edges)


def _plain(qualifier: str | None) -> str:
    return "".join(letter for letter in (qualifier or "").upper() if letter.isalnum())


def _listed(counts: Counter[str]) -> str:
    return ", ".join(sorted(counts))


class _Grid:
    """Our buckets, and where a bucket of the platform falls among them."""

    def __init__(self, windows: Sequence[Interval], pieces: Sequence[Interval], *, to_now: bool) -> None:
        self._one_bucket = not pieces
        self._pieces = tuple(pieces or windows)
        self._starts = [piece.start for piece in self._pieces]
        self._to_now = to_now
        self._last_end = self._pieces[-1].end
        self._seen: dict[tuple[datetime, datetime], int | None] = {}

    def bucket(self, start: datetime, end: datetime) -> int | None:
        """Index of the one bucket of ours that holds it; None where it lies outside all of them."""
        try:
            return self._seen[start, end]
        except KeyError:
            found = self._seen[start, end] = self._find(start, end)
            return found

    def _find(self, start: datetime, end: datetime) -> int | None:
        index = bisect_right(self._starts, start) - 1
        if index >= 0 and start < self._pieces[index].end:
            last = index == len(self._pieces) - 1
            if end <= self._pieces[index].end or (last and self._to_now):
                self._last_end = max(self._last_end, end)
                return 0 if self._one_bucket else index
            raise MisalignedBuckets(start, end)
        following = index + 1
        if following < len(self._pieces) and end > self._starts[following]:
            raise MisalignedBuckets(start, end)
        return None

    def lengths_s(self) -> npt.NDArray[np.float64]:
        """Seconds that the clock gives to each bucket; the running one as far as the platform took it."""
        import numpy as np

        ends = [*(piece.end for piece in self._pieces[:-1]), self._last_end]
        lengths = [(end - start).total_seconds() for start, end in zip(self._starts, ends, strict=True)]
        return np.array([sum(lengths)] if self._one_bucket else lengths)


@dataclass
class _Tally:
    """Adds numbers up by key and column, and remembers what it could not use."""

    keys: tuple[str, ...]
    columns: tuple[str, ...]
    agent_ids: tuple[str, ...] | None
    _rows: dict[tuple[str | int | None, ...], int] = field(default_factory=dict)
    _cells: list[int] = field(default_factory=list)
    _values: list[float] = field(default_factory=list)
    _unknown: list[int] = field(default_factory=list)
    _nobody: int = 0
    _unasked: set[str] = field(default_factory=set)
    _notices: list[Notice] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._place = {column: place for place, column in enumerate(self.columns)}
        self._asked = None if self.agent_ids is None else frozenset(self.agent_ids)

    def takes(self, agent: str | None) -> bool:
        """Whether a result is about somebody who was asked about; counted where it isn't."""
        if not agent:
            self._nobody += 1
            return False
        if self._asked is not None and agent not in self._asked:
            self._unasked.add(agent)
            return False
        return True

    def add(self, key: tuple[str | int | None, ...], column: str, value: float | None) -> None:
        """One number, milliseconds or a count; None: reported without its value."""
        row = self._rows.setdefault(key, len(self._rows))
        cell = row * len(self.columns) + self._place[column]
        if value is None:
            self._unknown.append(cell)
        else:
            self._cells.append(cell)
            self._values.append(value)

    def notice(self, code: str, message: str) -> None:
        """Something that the reader must know."""
        self._notices.append(Notice(code, message))

    def facts(
        self, *, families: tuple[tuple[str, ...], ...], lengths_s: npt.NDArray[np.float64] | None = None
    ) -> Facts:
        """The frame, sorted by its key, with everything that had to be noticed."""
        import numpy as np
        import pandas as pd

        shape = (len(self._rows), len(self.columns))
        cells, size = np.array(self._cells, dtype=np.intp), shape[0] * shape[1]
        flat = np.zeros(size)
        np.add.at(flat, cells, self._values)  # whole milliseconds add up exactly, whatever their order
        sums = flat.reshape(shape)
        told = np.bincount(cells, minlength=size).reshape(shape) > 0
        unknown = np.zeros(size, dtype=bool)
        unknown[self._unknown] = True
        unknown = unknown.reshape(shape)
        for family in families:
            places = [self._place[column] for column in family]
            told[:, places] |= (told | unknown)[:, places].any(axis=1, keepdims=True)
        sums[~told | unknown] = np.nan
        sums = sums / np.array([1 if column == "handled" else 1000 for column in self.columns])

        keys = pd.DataFrame(list(self._rows), columns=list(self.keys)).astype({"bucket": "int64"})
        if lengths_s is not None:
            self._guard(sums, lengths_s[keys["bucket"].to_numpy()])
        shown = [column for column in self.columns if column in POSTED_COLUMNS or column in STATUS_COLUMNS]
        frame = pd.concat([keys, pd.DataFrame(sums, columns=list(self.columns))[shown]], axis=1)
        frame = frame.sort_values(list(self.keys), ignore_index=True)
        return Facts(
            frame=check_facts(frame, keys=self.keys, columns=tuple(shown)),
            notices=(*self._notices, *self._losses(int(unknown.any(axis=1).sum()))),
        )

    def _guard(self, sums: npt.NDArray[np.float64], lengths_s: npt.NDArray[np.float64]) -> None:
        """Nobody has two statuses of a kind at once, so those of one bucket can't exceed it."""
        kinds = sums[:, [self._place[_PRESENCE_SUM], self._place[_ROUTING_SUM]]]
        over = int((kinds > lengths_s[:, None] + _TOLERANCE_S).any(axis=1).sum())
        if over:
            self.notice(
                "status_exceeds_bucket",
                f"In {over:,} of {len(self._rows):,} buckets of an agent the platform reports more status time than "
                "the bucket is long: it doesn't cut statuses at these edges, and ratios there can be off.",
            )

    def _losses(self, without_sum: int) -> Iterable[Notice]:
        if without_sum:
            yield Notice(
                "sum_missing",
                f"For {without_sum:,} buckets of an agent the platform reports a metric without its sum; "
                "it is shown as no data.",
            )
        if self._nobody:
            yield Notice("no_agent", f"{self._nobody:,} results belong to no agent and are left out.")
        if self._unasked:
            yield Notice(
                "unasked_agents", f"Results about {len(self._unasked):,} agents who weren't asked about are left out."
            )
