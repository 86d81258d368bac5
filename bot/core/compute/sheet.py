"""Facts laid out by group and period: sums only, with what is known about each row beside them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.answer import Group
from bot.core.frames import LENGTH_COLUMN, STATUS_COLUMNS
from bot.core.intervals import by_local_day
from bot.core.query import Dimension

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from bot.core.frames import Facts
    from bot.core.intervals import Interval
    from bot.core.query import Query, Range

    Mask = npt.NDArray[np.bool_]
    Places = npt.NDArray[np.intp]

OVER_CONVERSATIONS = frozenset({Dimension.QUEUE, Dimension.MEDIA})
"""Dimensions that divide an agent's conversations, and so say nothing about her status."""

_AT_WORK = ("logged_in_s", "interacting_s")

_KEY = {Dimension.AGENT: "agent_id", Dimension.TEAM: "team_id", Dimension.QUEUE: "queue_id", Dimension.MEDIA: "media"}


@dataclass(frozen=True, slots=True)
class Period:
    """The time of one row: pieces in order, with holes where the range has them."""

    pieces: tuple[Interval, ...]

    @property
    def start(self) -> datetime:
        """The first piece's start."""
        return self.pieces[0].start

    @property
    def end(self) -> datetime:
        """The last piece's end."""
        return self.pieces[-1].end

    @property
    def length_s(self) -> float:
        """Seconds of all pieces, holes left out."""
        return sum(piece.length.total_seconds() for piece in self.pieces)


def periods_of(query: Query, span: Range, zone: ZoneInfo, week_start: int) -> tuple[Period, ...]:
    """The periods of a query's rows: its buckets, or the whole range.

    Where the range has holes, by day and by week join the pieces of one day or week. A piece belongs to the day on
    which its window starts, so that a night shift isn't torn at midnight.
    """
    by = query.by_time
    if by is None:
        return (Period(span.windows),)
    if by is Dimension.INTERVAL:
        return tuple(Period((bucket,)) for bucket in query.buckets)
    week = week_start if by is Dimension.WEEK else None
    return tuple(Period(pieces) for pieces in by_local_day(query.buckets, span.shifts, zone, week_start=week))


@dataclass(frozen=True, slots=True)
class Cohort:
    """Everybody whom an answer is about, and of whom each source told something or failed to."""

    agent_ids: tuple[str, ...]
    without_posted: frozenset[str]
    """The conversation query failed for these."""
    without_status: frozenset[str]
    """The status query failed for these; nobody where status has no place in the answer."""
    answered: int
    """How many the platform reported anything about."""

    def incomplete(self, *, status: bool, conversations: bool) -> frozenset[str]:
        """Those for whom one of the named sources failed."""
        nobody: frozenset[str] = frozenset()
        return (self.without_posted if conversations else nobody) | (self.without_status if status else nobody)


def cohort_of(expected: Iterable[str], posted: Facts, status: Facts | None, *, status_wanted: bool) -> Cohort:
    """Those expected and those reported; a source that is wanted but absent failed for everybody."""
    reported = set(posted.frame["agent_id"]) | (set(status.frame["agent_id"]) if status else set())
    agents = frozenset(expected) | reported
    return Cohort(
        agent_ids=tuple(sorted(agents)),
        without_posted=_failed(posted, agents),
        without_status=_failed(status, agents) if status_wanted else frozenset(),
        answered=len(reported),
    )


def _failed(facts: Facts | None, agents: frozenset[str]) -> frozenset[str]:
    if facts is None or any(shortfall.agent_ids is None for shortfall in facts.shortfalls):
        return agents
    return agents & frozenset().union(*(shortfall.agent_ids or () for shortfall in facts.shortfalls))


@dataclass(frozen=True, slots=True)
class Names:
    """What ids are called; an id without a name is called by itself, and `""` is nothing at all."""

    agents: Mapping[str, str]
    team_of: Mapping[str, str]
    teams: Mapping[str, str]
    queues: Mapping[str, str]

    def group(self, dimension: Dimension, key: str) -> Group:
        """The group that a key stands for."""
        if not key:
            return Group(dimension.value, None, None)
        named = {Dimension.AGENT: self.agents, Dimension.TEAM: self.teams, Dimension.QUEUE: self.queues}
        return Group(dimension.value, key, named.get(dimension, {}).get(key, key))


@dataclass(frozen=True, slots=True)
class Sheet:
    """Sums by group and period: row `group * len(periods) + period`, groups in the order of the answer."""

    dimensions: tuple[Dimension, ...]
    groups: tuple[tuple[Group, ...], ...]
    periods: tuple[Period, ...]
    activity: tuple[str, ...]
    """Columns of conversations in `sums`."""
    sums: pd.DataFrame
    """`activity`, `STATUS_COLUMNS` and `LENGTH_COLUMN`; NaN where nothing was reported."""
    posted_failed: Mask
    """Rows of which the conversation query failed, in whole or for one of the agents."""
    status_failed: Mask
    posted: pd.DataFrame
    status: pd.DataFrame | None
    agent_ids: tuple[str, ...]
    """Everybody whom the answer is about."""
    busy_of_agent_s: Mapping[str, float] | None
    """Each agent's busy time over all rows, where theirs overlap; None: they don't, or nobody knows."""
    active: Mapping[int, frozenset[str]]
    """Row → the agents with time in it, worked or logged in; empty where rows are single agents."""

    def total(self, without: frozenset[str]) -> pd.DataFrame:
        """One row: the sums of all facts, but for those of the agents left out."""
        import pandas as pd

        sums = pd.DataFrame(index=[0], columns=[*self.activity, *STATUS_COLUMNS, LENGTH_COLUMN], dtype="float64")
        for frame, columns in ((self.posted, self.activity), (self.status, STATUS_COLUMNS)):
            if frame is None:
                continue
            chosen = frame.loc[~frame["agent_id"].isin(without), list(columns)]
            sums[list(columns)] = chosen.sum(min_count=1).to_numpy(dtype="float64")[None, :]
        if self.busy_of_agent_s is not None and not sums["busy_s"].isna().any():
            sums["busy_s"] = sum(busy for agent_id, busy in self.busy_of_agent_s.items() if agent_id not in without)
        # Of agents, not of rows: those of queues or media all span the same time.
        counted = sum(agent_id not in without for agent_id in self.agent_ids)
        sums[LENGTH_COLUMN] = counted * sum(period.length_s for period in self.periods)
        return _whole_milliseconds(sums)


def sheet_of(
    dimensions: tuple[Dimension, ...],
    periods: tuple[Period, ...],
    fact_buckets: Sequence[Interval],
    *,
    posted: Facts,
    status: Facts | None,
    activity: tuple[str, ...],
    cohort: Cohort,
    names: Names,
) -> Sheet:
    """The facts summed by these dimensions and periods, with a row for everybody in the cohort.

    Args:
        fact_buckets: what the facts' `bucket` counts, each inside one period; empty: all is one period.
    """
    import numpy as np
    import pandas as pd

    agents = pd.DataFrame({"agent_id": pd.Series(cohort.agent_ids, dtype="str")})
    members = _keys(agents, dimensions, names)
    posted_keys = _keys(posted.frame, dimensions, names)
    status_keys = _keys((status.frame if status else agents.iloc[:0]), dimensions, names)
    present = _without_conversations(members, posted_keys) if OVER_CONVERSATIONS & set(dimensions) else members
    codes, groups = _grouped([present, posted_keys, status_keys], dimensions, names)
    posted_codes, status_codes = codes[len(present) :][: len(posted_keys)], codes[len(present) + len(posted_keys) :]

    width = len(periods)
    period_of = _period_of(fact_buckets, periods)
    posted_rows = posted_codes * width + period_of[posted.frame["bucket"].to_numpy(dtype=np.intp)]
    status_buckets = status.frame["bucket"].to_numpy(dtype=np.intp) if status else np.zeros(0, dtype=np.intp)
    status_rows = status_codes * width + period_of[status_buckets]

    rows = range(len(groups) * width)
    sums = pd.concat(
        [
            _summed(posted.frame, activity, posted_rows, rows),
            _summed(status.frame, STATUS_COLUMNS, status_rows, rows)
            if status
            else pd.DataFrame(np.nan, index=rows, columns=list(STATUS_COLUMNS)),
        ],
        axis=1,
    )
    feeders = _Feeders(groups, members, dimensions)
    lengths = np.array([period.length_s for period in periods])
    sums[LENGTH_COLUMN] = (feeders.count()[:, None] * lengths[None, :]).ravel()
    posted_failed = np.repeat(feeders.any_of(agents["agent_id"].isin(cohort.without_posted).to_numpy()), width)
    status_failed = np.repeat(feeders.any_of(agents["agent_id"].isin(cohort.without_status).to_numpy()), width)
    # Part of a group's sum would pass for the whole of it.
    sums.loc[posted_failed, list(activity)] = np.nan
    sums.loc[status_failed, list(STATUS_COLUMNS)] = np.nan
    timed = [(posted.frame, activity, posted_rows)]
    if status:
        timed.append((status.frame, _AT_WORK, status_rows))
    return Sheet(
        dimensions=dimensions,
        groups=groups,
        periods=periods,
        activity=activity,
        sums=_whole_milliseconds(sums),
        posted_failed=posted_failed,
        status_failed=status_failed,
        posted=posted.frame,
        status=status.frame if status else None,
        agent_ids=cohort.agent_ids,
        busy_of_agent_s=posted.busy_of_agent_s if OVER_CONVERSATIONS & set(dimensions) else None,
        active={} if Dimension.AGENT in dimensions else _active(timed),
    )


def _active(parts: Sequence[tuple[pd.DataFrame, tuple[str, ...], Places]]) -> dict[int, frozenset[str]]:
    """Row → the agents who have time there in one of the columns."""
    found: dict[int, set[str]] = {}
    for frame, columns, rows in parts:
        timed = (frame[list(columns)] > 0).any(axis=1).to_numpy()
        for row, agent_id in zip(rows[timed].tolist(), frame["agent_id"].to_numpy()[timed].tolist(), strict=True):
            found.setdefault(row, set()).add(agent_id)
    return {row: frozenset(agents) for row, agents in found.items()}


def _keys(frame: pd.DataFrame, dimensions: Sequence[Dimension], names: Names) -> pd.DataFrame:
    """One column for each dimension; `""` where a row has no such thing."""
    import pandas as pd

    columns: dict[str, pd.Series] = {}
    for dimension in dimensions:
        name = _KEY[dimension]
        if dimension is Dimension.TEAM:
            columns[name] = (
                frame["agent_id"]
                .map(dict(names.team_of))
                .astype("str")
                .where(frame["agent_id"].isin(list(names.team_of)), "")
            )
        elif name in frame.columns:
            columns[name] = frame[name].astype("str")
        else:
            columns[name] = pd.Series("", index=frame.index, dtype="str")
    return pd.DataFrame(columns, index=frame.index)


def _without_conversations(members: pd.DataFrame, posted: pd.DataFrame) -> pd.DataFrame:
    """Those of the cohort who would have no row at all, since rows are of a queue or a medium."""
    shared = [name for name in members.columns if name in {"agent_id", "team_id"}]
    if not shared:
        return members.iloc[:0]
    known = posted[shared].drop_duplicates().assign(known=True)
    return members[members[shared].merge(known, how="left", on=shared)["known"].isna().to_numpy()]


def _grouped(
    keys: Sequence[pd.DataFrame], dimensions: Sequence[Dimension], names: Names
) -> tuple[Places, tuple[tuple[Group, ...], ...]]:
    """The group of each key, all of them one after the other, and the groups sorted by name and id."""
    import numpy as np
    import pandas as pd

    every = pd.concat(keys, ignore_index=True)
    if not dimensions:
        return np.zeros(len(every), dtype=np.intp), ((),)
    codes = every.groupby(list(every.columns), sort=False).ngroup().to_numpy(dtype=np.intp)
    found = [
        tuple(names.group(dimension, key) for dimension, key in zip(dimensions, row, strict=True))
        for row in every.drop_duplicates().itertuples(index=False, name=None)
    ]
    order = sorted(range(len(found)), key=lambda place: by_name(found[place]))
    rank = np.empty(len(found), dtype=np.intp)
    rank[order] = np.arange(len(found))
    return rank[codes], tuple(found[place] for place in order)


def by_name(groups: Sequence[Group]) -> tuple[tuple[bool, str, str], ...]:
    """Name, then id; what belongs to nothing comes last."""
    return tuple((group.id is None, group.name or "", group.id or "") for group in groups)


def _period_of(fact_buckets: Sequence[Interval], periods: Sequence[Period]) -> Places:
    """The period that each of the facts' buckets lies in."""
    import numpy as np

    if len(periods) == 1 or not fact_buckets:
        return np.zeros(max(len(fact_buckets), 1), dtype=np.intp)
    pieces = [(piece.start, place) for place, period in enumerate(periods) for piece in period.pieces]
    starts = [start for start, _ in pieces]
    return np.array([pieces[bisect_right(starts, b.start) - 1][1] for b in fact_buckets], dtype=np.intp)


def _summed(frame: pd.DataFrame, columns: tuple[str, ...], rows: Places, every: range) -> pd.DataFrame:
    """Sums by row; NaN where no value was reported."""
    return frame[list(columns)].groupby(rows).sum(min_count=1).reindex(every).astype("float64")


def _whole_milliseconds(sums: pd.DataFrame) -> pd.DataFrame:
    """What the platform counts in, so that the order of addition leaves no trace."""
    return sums.round(3)


class _Feeders:
    """Which agents a group's figures come from: those who share its agent and its team."""

    def __init__(
        self, groups: Sequence[tuple[Group, ...]], members: pd.DataFrame, dimensions: Sequence[Dimension]
    ) -> None:
        shared = [place for place, d in enumerate(dimensions) if d not in OVER_CONVERSATIONS]
        self._of_group = [tuple(row[place].id or "" for place in shared) for row in groups]
        self._of_member = (
            list(members.iloc[:, shared].itertuples(index=False, name=None)) if shared else [()] * len(members)
        )

    def count(self) -> npt.NDArray[np.float64]:
        """How many feed each group."""
        import numpy as np

        return self._tally(np.ones(len(self._of_member), dtype=bool))

    def any_of(self, chosen: Mask) -> Mask:
        """The groups that one of the chosen members feeds."""
        return self._tally(chosen) > 0

    def _tally(self, chosen: Mask) -> npt.NDArray[np.float64]:
        import numpy as np

        found: dict[tuple[str, ...], int] = {}
        for key, wanted in zip(self._of_member, chosen, strict=True):
            if wanted:
                found[key] = found.get(key, 0) + 1
        return np.array([found.get(key, 0) for key in self._of_group], dtype=np.float64)
