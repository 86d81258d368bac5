"""Segments of conversations cut at the edges of buckets: load (overlaps count every time) and busy (once).

Time is integer milliseconds since 1970 in UTC throughout, so that sums are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.core.frames import CLOCK_COLUMNS, POSTED_KEYS, check_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy as np
    import pandas as pd

    from bot.core.intervals import Interval

KINDS = ("interact", "hold", "wrapup", "contacting", "dialing")
"""The segment types that handle time sums; everything else (alert, ivr, …) is nobody's work."""

COLUMN_OF = {
    "interact": "talk_s",
    "hold": "held_s",
    "wrapup": "acw_s",
    "contacting": "contacting_s",
    "dialing": "dialing_s",
}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of an agent's work in one session, of a kind in `KINDS`."""

    agent_id: str
    session_id: str
    media: str
    queue_id: str
    """Empty for work without a queue."""
    kind: str
    start_ms: int
    end_ms: int | None
    """None: it runs still."""


def milliseconds(instant: datetime) -> int:
    """An instant as whole milliseconds since 1970, as the platform gives its own."""
    return (instant - _EPOCH) // _MILLISECOND


def segments_frame(segments: Iterable[Segment], *, now: datetime) -> pd.DataFrame:
    """Segments as columns, running ones cut at `now`.

    Returns:
        Columns agent_id, media, queue_id, kind (categories), session (int, one number a session of an agent's),
        start_ms, end_ms (int64), open (bool); one row a segment, those that end before they start left out.
    """
    import numpy as np
    import pandas as pd

    until = milliseconds(now)
    rows = list(segments)
    numbers: dict[tuple[str, str], int] = {}
    frame = pd.DataFrame(
        {
            "agent_id": pd.Categorical(pd.array([s.agent_id for s in rows], dtype="str")),
            "session": np.array(
                [numbers.setdefault((s.agent_id, s.session_id), len(numbers)) for s in rows], dtype=np.int32
            ),
            "media": pd.Categorical(pd.array([s.media for s in rows], dtype="str")),
            "queue_id": pd.Categorical(pd.array([s.queue_id for s in rows], dtype="str")),
            "kind": pd.Categorical([s.kind for s in rows], categories=list(KINDS)),
            "start_ms": np.array([s.start_ms for s in rows], dtype=np.int64),
            "end_ms": np.array([until if s.end_ms is None else s.end_ms for s in rows], dtype=np.int64),
            "open": np.array([s.end_ms is None for s in rows], dtype=bool),
        }
    )
    return frame[frame["end_ms"] >= frame["start_ms"]]


def clock_frame(
    segments: pd.DataFrame, buckets: Sequence[Interval], *, by_queue: bool = False, by_media: bool = False
) -> pd.DataFrame:
    """The time of each agent in each bucket as it happened.

    Args:
        segments: as `segments_frame` gives them, already limited to the conversations asked for.
        buckets: disjoint and in order; time in the holes between them belongs to none.
    Returns:
        A frame of `POSTED_KEYS` and `CLOCK_COLUMNS`: `handle_s` is the load, `busy_s` the union over the agent's
        sessions (of that queue and media where those are keys), never longer than the bucket. `handled` counts
        sessions whose last segment ended in the bucket.
    """
    import numpy as np
    import pandas as pd

    keys = ["agent_id", *(["queue_id"] if by_queue else []), *(["media"] if by_media else [])]
    named = {key: _Ranked.of(segments[key]) for key in keys}
    edges = Edges.of(buckets)
    parts = [_cells(_Rows.of(segments, named, rows), edges) for rows in _slices(named["agent_id"])]
    columns: dict[str, Any] = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    nothing = pd.array([""], dtype="str")
    for key in POSTED_KEYS[:-1]:
        places = columns.get(key, np.zeros(len(columns["bucket"]), dtype=np.int64))
        columns[key] = (named[key].names if key in named else nothing).take(places)
    frame = pd.DataFrame({name: columns[name] for name in (*POSTED_KEYS, *CLOCK_COLUMNS)}, copy=False)
    return check_facts(frame, keys=POSTED_KEYS, columns=CLOCK_COLUMNS)


def busy_of_agents(segments: pd.DataFrame, buckets: Sequence[Interval]) -> dict[str, float]:
    """Seconds in which each agent worked in any session of any queue and media, over all buckets."""
    cut = clock_frame(segments, buckets)
    seconds = cut.groupby("agent_id")["busy_s"].sum().round(3)
    return {str(agent_id): float(busy) for agent_id, busy in seconds.items()}


def in_one_bucket(frame: pd.DataFrame) -> pd.DataFrame:
    """The pieces of a range with holes as one bucket: disjoint pieces, so their busy times add up too."""
    summed = frame.assign(bucket=0).groupby(list(POSTED_KEYS), as_index=False)[list(CLOCK_COLUMNS)].sum()
    return check_facts(summed, keys=POSTED_KEYS, columns=CLOCK_COLUMNS)


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A column of categories: each row's place among the names in order."""

    names: Any
    """An array of strings, sorted."""
    place: np.ndarray

    @classmethod
    def of(cls, column: pd.Series) -> _Ranked:
        import numpy as np

        values: Any = column.array
        names = values.categories.array
        order = names.argsort()
        rank = np.empty(len(names), dtype=np.int32)
        rank[order] = np.arange(len(names), dtype=np.int32)
        return cls(names.take(order), rank[values.codes])


_SLICE = 1 << 17
"""Rows that are cut at once: enough for numpy to be quick, few enough for what lies between to stay small."""


def _slices(agents: _Ranked) -> Iterator[np.ndarray | slice]:
    """The rows of so many agents at a time, in the agents' order; whatever is asked, an agent's rows go together."""
    import numpy as np

    counts = np.bincount(agents.place, minlength=len(agents.names))
    slice_of_agent = ((np.cumsum(counts) - counts) // _SLICE).astype(np.int32)
    if len(agents.place) <= _SLICE:
        yield slice(None)
        return
    slice_of_row = slice_of_agent[agents.place]
    for number in np.unique(slice_of_agent[counts > 0]):
        yield np.flatnonzero(slice_of_row == number)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Some agents' segments, each with the number of its group."""

    group: np.ndarray
    groups: dict[str, np.ndarray]
    """Of each group its place in every key's names; groups are numbered in the order of the keys."""
    session: np.ndarray
    """Numbers from 0 without gaps."""
    kind: np.ndarray
    start: np.ndarray
    end: np.ndarray
    open: np.ndarray

    @classmethod
    def of(cls, segments: pd.DataFrame, named: Mapping[str, _Ranked], rows: np.ndarray | slice) -> _Rows:
        import numpy as np

        group: np.ndarray = np.zeros(1, dtype=np.int64)
        for ranked in named.values():
            group = group * max(len(ranked.names), 1) + ranked.place[rows]
        used, group = _numbered(group)
        groups: dict[str, np.ndarray] = {}
        for key in reversed([*named]):
            used, groups[key] = np.divmod(used, max(len(named[key].names), 1))
        _, session = _numbered(segments["session"].to_numpy()[rows])
        kinds: Any = segments["kind"].array
        start, end, going = (segments[name].to_numpy()[rows] for name in ("start_ms", "end_ms", "open"))
        return cls(group, groups, session, kinds.codes[rows], start, end, going)


def _numbered(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(the distinct values in order, the place of each value among them)"""
    import numpy as np

    steps = np.diff(values)
    if not (steps >= 0).all():
        return np.unique(values, return_inverse=True)
    begins = np.concatenate([[True], steps > 0])[: len(values)]
    return values[begins], np.cumsum(begins) - 1


@dataclass(frozen=True, slots=True)
class _Cut:
    """Pieces of rows inside buckets: which row, which bucket, from when, how many milliseconds."""

    row: np.ndarray
    bucket: np.ndarray
    start: np.ndarray
    length: np.ndarray


@dataclass(frozen=True, slots=True)
class Edges:
    """Disjoint stretches of time in order, as two arrays of milliseconds."""

    start: np.ndarray
    end: np.ndarray

    @classmethod
    def of(cls, buckets: Sequence[Interval]) -> Edges:
        """The edges of intervals."""
        import numpy as np

        return cls(
            np.array([milliseconds(b.start) for b in buckets], dtype=np.int64),
            np.array([milliseconds(b.end) for b in buckets], dtype=np.int64),
        )

    @property
    def longest(self) -> int:
        """The length of the longest stretch."""
        return int((self.end - self.start).max(initial=0))

    def cut(self, start: np.ndarray, end: np.ndarray) -> _Cut:
        """Every piece of positive length that the stretches have inside the buckets."""
        import numpy as np

        first = np.searchsorted(self.end, start, side="right")
        last = np.searchsorted(self.start, end, side="left")
        count = np.maximum(last - first, 0)
        row = np.repeat(np.arange(len(start)), count)
        offset = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        bucket = first[row] + offset
        begin = np.maximum(start[row], self.start[bucket])
        length = np.minimum(end[row], self.end[bucket]) - begin
        inside = length > 0
        return _Cut(row[inside], bucket[inside], begin[inside], length[inside])

    def holding(self, instant: np.ndarray) -> np.ndarray:
        """The bucket that holds each instant, -1 for none."""
        import numpy as np

        if not len(self.start):
            return np.full(len(instant), -1)
        bucket = np.searchsorted(self.start, instant, side="right") - 1
        return np.where((bucket >= 0) & (instant < self.end[np.maximum(bucket, 0)]), bucket, -1)


def _cells(rows: _Rows, edges: Edges) -> dict[str, np.ndarray]:
    """The clock's columns of every group and bucket with anything; keys as places in their names, time in seconds."""
    import numpy as np

    worked, lengths = _worked(rows, edges)
    ended, handled = _handled(rows, edges)
    cells = np.union1d(worked, ended)
    owner, bucket = np.divmod(cells, max(len(edges.start), 1))
    columns = {key: places[owner] for key, places in rows.groups.items()} | {"bucket": bucket}
    at = np.searchsorted(cells, worked)
    for name, milliseconds_ in lengths.items():
        columns[name] = np.zeros(len(cells))
        columns[name][at] = milliseconds_ / 1000.0
    columns["handled"] = np.zeros(len(cells))
    columns["handled"][np.searchsorted(cells, ended)] = handled
    return columns


def _worked(rows: _Rows, edges: Edges) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """(cells, milliseconds by column) of load, its parts and the union; a cell is group × buckets + bucket.

    All pieces are sorted along one line on which every cell has a stretch of its own, longer than any bucket; so a
    cell's pieces lie together, and one running maximum says for each of them how far those before it have reached.
    """
    import numpy as np

    cut = edges.cut(rows.start, rows.end)
    cell = rows.group[cut.row] * len(edges.start) + cut.bucket
    stretch = edges.longest + 1
    begin = cell * stretch + (cut.start - edges.start[cut.bucket])
    order = np.argsort(begin)
    begin, length, cell = begin[order], cut.length[order], cell[order]
    kind = rows.kind[cut.row[order]]
    end = begin + length
    reached = np.maximum.accumulate(end)
    alone = length.copy()
    alone[1:] = np.maximum(end[1:] - np.maximum(begin[1:], reached[:-1]), 0)

    cells, position = _numbered(cell)
    by_kind = _sums(position * len(KINDS) + kind, length, len(cells) * len(KINDS)).reshape(-1, len(KINDS))
    columns = {"handle_s": by_kind.sum(axis=1), "busy_s": _sums(position, alone, len(cells))}
    return cells, columns | {COLUMN_OF[name]: by_kind[:, code] for code, name in enumerate(KINDS)}


def _sums(position: np.ndarray, length: np.ndarray, size: int) -> np.ndarray:
    """Sums by position, exact: whole milliseconds of a cell stay far below 2⁵³."""
    import numpy as np

    return np.bincount(position, weights=length, minlength=size)


def _handled(rows: _Rows, edges: Edges) -> tuple[np.ndarray, np.ndarray]:
    """(cells, sessions): each session counts once, where its last segment ended; running ones nowhere.

    Of segments that end together the one begun last is last, then the one of the last group.
    """
    import numpy as np

    size = int(rows.session.max(initial=-1)) + 1
    candidates = np.arange(len(rows.session))
    latest = []
    for values in (rows.end, rows.start, rows.group):
        session, found = rows.session[candidates], values[candidates]
        best = np.full(size, np.iinfo(np.int64).min)
        np.maximum.at(best, session, found)
        candidates = candidates[found == best[session]]
        latest.append(best)
    end, _, group = latest
    closed = np.ones(size, dtype=bool)
    closed[rows.session[rows.open]] = False
    bucket = edges.holding(end)
    inside = closed & (bucket >= 0)
    return np.unique(group[inside] * len(edges.start) + bucket[inside], return_counts=True)
