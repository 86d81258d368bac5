"""Segments of conversations cut at the edges of buckets: load (overlaps count every time) and busy (once).

Time is integer milliseconds since 1970 in UTC throughout, so that sums are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.frames import CLOCK_COLUMNS, POSTED_KEYS, check_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
        Columns agent_id, session_id, media, queue_id, kind (categories), start_ms, end_ms (int64), open (bool); one
        row a segment, those without length left out.
    """
    import pandas as pd

    until = milliseconds(now)
    rows = list(segments)
    frame = pd.DataFrame(
        {
            "agent_id": pd.Categorical([s.agent_id for s in rows]),
            "session_id": pd.Categorical([s.session_id for s in rows]),
            "media": pd.Categorical([s.media for s in rows]),
            "queue_id": pd.Categorical([s.queue_id for s in rows]),
            "kind": pd.Categorical([s.kind for s in rows], categories=list(KINDS)),
            "start_ms": pd.array([s.start_ms for s in rows], dtype="int64").to_numpy(),
            "end_ms": pd.array([until if s.end_ms is None else s.end_ms for s in rows], dtype="int64").to_numpy(),
            "open": [s.end_ms is None for s in rows],
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
    import pandas as pd

    keys = ["agent_id", *(["queue_id"] if by_queue else []), *(["media"] if by_media else [])]
    group, names = _groups(segments, keys)
    edges = _Edges.of(buckets)
    start, end = segments["start_ms"].to_numpy(), segments["end_ms"].to_numpy()
    cut = edges.cut(start, end)
    kind = segments["kind"].cat.codes.to_numpy()[cut.row]
    cell = group[cut.row] * len(buckets) + cut.bucket
    cells, position = _compact(cell)
    load = _sums(position, cut.length, len(cells))
    columns = {"handle_s": load}
    for code, name in enumerate(KINDS):
        of_kind = kind == code
        columns[COLUMN_OF[name]] = _sums(position[of_kind], cut.length[of_kind], len(cells))
    busy_cells, busy = _busy(group, start, end, edges, len(buckets))
    handled_cells, handled = _handled(segments, group, edges, len(buckets))
    frame = pd.DataFrame(columns, index=cells) / 1000.0
    frame = frame.join(pd.Series(busy / 1000.0, index=busy_cells, name="busy_s"), how="outer")
    frame = frame.join(pd.Series(handled, index=handled_cells, name="handled"), how="outer").fillna(0.0)
    cells = frame.index.to_numpy()
    frame = frame.reset_index(drop=True)
    owner = names.iloc[cells // max(len(buckets), 1)].reset_index(drop=True)
    for key in POSTED_KEYS[:-1]:
        frame[key] = owner[key].astype(str) if key in keys else ""
    frame["bucket"] = cells % max(len(buckets), 1)
    return check_facts(frame[[*POSTED_KEYS, *CLOCK_COLUMNS]], keys=POSTED_KEYS, columns=CLOCK_COLUMNS)


def busy_of_agents(segments: pd.DataFrame, buckets: Sequence[Interval]) -> dict[str, float]:
    """Seconds in which each agent worked in any session of any queue and media, over all buckets."""
    cut = clock_frame(segments, buckets)
    seconds = cut.groupby("agent_id")["busy_s"].sum().round(3)
    return {str(agent_id): float(busy) for agent_id, busy in seconds.items()}


def in_one_bucket(frame: pd.DataFrame) -> pd.DataFrame:
    """The pieces of a range with holes as one bucket: disjoint pieces, so their busy times add up too."""
    summed = frame.assign(bucket=0).groupby(list(POSTED_KEYS), as_index=False)[list(CLOCK_COLUMNS)].sum()
    return check_facts(summed, keys=POSTED_KEYS, columns=CLOCK_COLUMNS)


def _groups(segments: pd.DataFrame, keys: list[str]) -> tuple[np.ndarray, pd.DataFrame]:
    """(group number of each row, the keys of each group)"""
    grouped = segments.groupby(keys, observed=True, sort=True)
    names = grouped.size().reset_index()[keys]
    return grouped.ngroup().to_numpy(), names


@dataclass(frozen=True, slots=True)
class _Cut:
    """Pieces of rows inside buckets: which row, which bucket, how many milliseconds."""

    row: np.ndarray
    bucket: np.ndarray
    length: np.ndarray


@dataclass(frozen=True, slots=True)
class _Edges:
    """The buckets as two arrays of milliseconds."""

    start: np.ndarray
    end: np.ndarray

    @classmethod
    def of(cls, buckets: Sequence[Interval]) -> _Edges:
        import numpy as np

        return cls(
            np.array([milliseconds(b.start) for b in buckets], dtype=np.int64),
            np.array([milliseconds(b.end) for b in buckets], dtype=np.int64),
        )

    def cut(self, start: np.ndarray, end: np.ndarray) -> _Cut:
        """Every piece of positive length that the stretches have inside the buckets."""
        import numpy as np

        first = np.searchsorted(self.end, start, side="right")
        last = np.searchsorted(self.start, end, side="left")
        count = np.maximum(last - first, 0)
        row = np.repeat(np.arange(len(start)), count)
        offset = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        bucket = first[row] + offset
        length = np.minimum(end[row], self.end[bucket]) - np.maximum(start[row], self.start[bucket])
        inside = length > 0
        return _Cut(row[inside], bucket[inside], length[inside])

    def holding(self, instant: np.ndarray) -> np.ndarray:
        """The bucket that holds each instant, -1 for none."""
        import numpy as np

        if not len(self.start):
            return np.full(len(instant), -1)
        bucket = np.searchsorted(self.start, instant, side="right") - 1
        return np.where((bucket >= 0) & (instant < self.end[np.maximum(bucket, 0)]), bucket, -1)


def _compact(cell: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    cells, position = np.unique(cell, return_inverse=True)
    return cells, position


def _sums(position: np.ndarray, length: np.ndarray, size: int) -> np.ndarray:
    """Sums by position, exact: whole milliseconds of a cell stay far below 2⁵³."""
    import numpy as np

    return np.bincount(position, weights=length, minlength=size)


def _busy(
    group: np.ndarray, start: np.ndarray, end: np.ndarray, edges: _Edges, buckets: int
) -> tuple[np.ndarray, np.ndarray]:
    """(cells, milliseconds) of the union of each group's stretches, cut at the buckets."""
    import numpy as np

    if not len(start):
        return np.empty(0, dtype=np.int64), np.empty(0)
    order = np.lexsort((start, group))
    group, start, end = group[order], start[order], end[order]
    # The latest end so far within a group: groups are lifted far apart, so that one running maximum serves all.
    span = int(end.max() - start.min()) + 1
    lift = group.astype(np.int64) * span
    reached = np.maximum.accumulate(end - start.min() + lift)
    begins = np.ones(len(start), dtype=bool)
    begins[1:] = (start[1:] - start.min() + lift[1:] > reached[:-1]) | (group[1:] != group[:-1])
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(start)) - 1
    merged_end = reached[last] - lift[last] + start.min()
    cut = edges.cut(start[first], merged_end)
    cells, position = _compact(group[first][cut.row] * buckets + cut.bucket)
    return cells, _sums(position, cut.length, len(cells))


def _handled(segments: pd.DataFrame, group: np.ndarray, edges: _Edges, buckets: int) -> tuple[np.ndarray, np.ndarray]:
    """(cells, sessions): each session counts once, where its last segment ended; running ones nowhere."""
    import numpy as np
    import pandas as pd

    if segments.empty:
        return np.empty(0, dtype=np.int64), np.empty(0)
    sessions = pd.DataFrame(
        {
            "agent": segments["agent_id"].cat.codes.to_numpy(),
            "session": segments["session_id"].cat.codes.to_numpy(),
            "end_ms": segments["end_ms"].to_numpy(),
            "open": segments["open"].to_numpy(),
            "group": group,
        }
    ).sort_values("end_ms", kind="stable")
    last = sessions.groupby(["agent", "session"], sort=False).agg(
        end_ms=("end_ms", "last"), open=("open", "any"), group=("group", "last")
    )
    last = last[~last["open"]]
    bucket = edges.holding(last["end_ms"].to_numpy())
    inside = bucket >= 0
    cells, position = _compact(last["group"].to_numpy()[inside] * buckets + bucket[inside])
    return cells, np.bincount(position, minlength=len(cells)).astype(float)
