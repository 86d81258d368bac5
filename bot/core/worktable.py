"""Agents' work as columns: what pages, jobs and the archive all come to, and what the clock is cut from.

Strings are written once and pointed at: a `…_agent` array holds places in `agents`, and so on. Three tables hang
below one another: conversations, the sessions of agents in them, and of each session the segments and the metrics
that it posted. Milliseconds since 1970, as in `bot.core.segments`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from itertools import compress
from typing import TYPE_CHECKING, Any

from bot.core.records import POSTED_METRICS
from bot.core.segments import KINDS, Edges, Segment, milliseconds
from bot.core.sessions import HANDLE, Post, WorkSession

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    import numpy as np
    import pandas as pd

    from bot.core.intervals import Interval
    from bot.core.planning import PostedAsk

ALERT = "alert"
"""Ringing at the agent: nobody's work, and kept for those who ask where interacting time came from."""

RUNNING = -1
"""The end of what has none yet."""

UNKNOWN = -1
"""The start of a conversation that didn't say."""

_DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date()


@dataclass(frozen=True, slots=True, eq=False)
class WorkTable:
    """The sessions of agents in some conversations; never changed once made, so tables share their arrays."""

    conversation_ids: Sequence[str]
    """All that were read, those without any agent's work included; each once. Many: whoever fills the table may
    bring a sequence that holds them in less room than a tuple."""
    conversation_start_ms: np.ndarray
    """int64; `UNKNOWN` where it wasn't told."""
    conversation_running: np.ndarray
    """bool"""

    session_ids: Sequence[str]
    session_conversation: np.ndarray
    """int32"""
    session_agent: np.ndarray
    """int32"""
    session_purpose: np.ndarray
    """int16"""
    session_media: np.ndarray
    """int16"""
    session_direction: np.ndarray
    """int16"""

    segment_session: np.ndarray
    """int32"""
    segment_kind: np.ndarray
    """int16"""
    segment_queue: np.ndarray
    """int32; work without a queue points at the empty string"""
    segment_start_ms: np.ndarray
    """int64"""
    segment_end_ms: np.ndarray
    """int64; `RUNNING` where it goes on"""

    post_session: np.ndarray
    """int32"""
    post_metric: np.ndarray
    """int16"""
    post_value_ms: np.ndarray
    """int64"""
    post_at_ms: np.ndarray
    """int64"""

    agents: tuple[str, ...]
    purposes: tuple[str, ...]
    media: tuple[str, ...]
    directions: tuple[str, ...]
    kinds: tuple[str, ...]
    queues: tuple[str, ...]
    metrics: tuple[str, ...]

    duplicates: int = 0
    """Conversations that were met again while reading, and count once."""

    @property
    def conversations(self) -> int:
        """How many were read."""
        return len(self.conversation_ids)

    @property
    def conversations_with_work(self) -> int:
        """How many of them have a session here."""
        import numpy as np

        return len(np.unique(self.session_conversation))

    @property
    def running(self) -> bool:
        """Whether any conversation or segment goes on, so that reading it again will tell more."""
        return bool(self.conversation_running.any()) or bool((self.segment_end_ms == RUNNING).any())

    def narrowed(self, ask: PostedAsk) -> WorkTable:
        """The work that is asked for: sessions of those agents, segments of those queues.

        Ringing has no queue to be chosen by, so it stays with its session. Which conversations were read stays as it
        is, however little of them is left.
        """
        sessions = _all(len(self.session_ids))
        if ask.agent_ids is not None:
            sessions &= _among(self.agents, ask.agent_ids)[self.session_agent]
        if ask.acd:
            sessions &= _among(self.purposes, ("agent",))[self.session_purpose]
        if ask.media:
            sessions &= _among(self.media, ask.media)[self.session_media]
        if ask.directions:
            sessions &= _among(self.directions, ask.directions)[self.session_direction]
        asked = _among(self.kinds, KINDS)[self.segment_kind]
        if ask.queue_ids:
            asked &= _among(self.queues, ask.queue_ids)[self.segment_queue]
        if ask.without_queue_ids:
            asked &= ~_among(self.queues, ask.without_queue_ids)[self.segment_queue]
        segments = (asked | _among(self.kinds, (ALERT,))[self.segment_kind]) & sessions[self.segment_session]
        return _picked(self, _all(self.conversations), sessions & self._having(segments), segments)

    def segments(self, now: datetime) -> pd.DataFrame:
        """What `segments_frame` gives of the same work: running segments cut at `now`, ringing left out."""
        import numpy as np
        import pandas as pd

        kind = _places(self.kinds, KINDS)[self.segment_kind]
        ends = np.where(self.segment_end_ms == RUNNING, milliseconds(now), self.segment_end_ms)
        rows = np.flatnonzero((kind >= 0) & (ends >= self.segment_start_ms))
        session = self.segment_session[rows]
        return pd.DataFrame(
            {
                "agent_id": _categorical(self.session_agent[session], self.agents),
                "session": session,
                "media": _categorical(self.session_media[session], self.media),
                "queue_id": _categorical(self.segment_queue[rows], self.queues),
                "kind": _categorical(kind[rows], KINDS),
                "start_ms": self.segment_start_ms[rows],
                "end_ms": ends[rows],
                "open": self.segment_end_ms[rows] == RUNNING,
            },
            copy=False,
        )

    def accounted(self, windows: Sequence[Interval]) -> dict[str, float]:
        """Of the handle time posted within the windows, the seconds of each agent for which there are segments.

        Handle time counts where it was posted, wherever the work lay, so this is comparable to the aggregates of the
        same windows to the millisecond: work across an edge is in both or in neither. Metrics of sessions are optional:
        one that came without any is taken to have posted its work when that ended, as the platform does.
        """
        import numpy as np

        size = len(self.session_ids)
        edges = Edges.of(windows)
        work = _among(self.kinds, KINDS)[self.segment_kind]
        ended = work & (self.segment_end_ms != RUNNING)
        of_ended = self.segment_session[ended]
        worked = _sums(of_ended, (self.segment_end_ms - self.segment_start_ms)[ended], size)
        last = np.full(size, np.iinfo(np.int64).min)
        np.maximum.at(last, of_ended, self.segment_end_ms[ended])
        has_work = self._having(work)
        running = self._having(work & ~ended)

        told = np.zeros(size, dtype=bool)
        told[self.post_session[_among(self.metrics, POSTED_METRICS)[self.post_metric]]] = True
        handle = _among(self.metrics, (HANDLE,))[self.post_metric] & (edges.holding(self.post_at_ms) >= 0)
        posted = _sums(self.post_session[handle], self.post_value_ms[handle], size)
        untold = has_work & ~told & ~running & (edges.holding(last) >= 0)
        posted = np.where(untold, worked, posted)

        counted = has_work & (posted != 0)
        of_agent = self.session_agent[counted]
        total = _sums(of_agent, np.minimum(posted, worked)[counted], len(self.agents))
        return {self.agents[place]: int(total[place]) / 1000 for place in np.unique(of_agent)}

    def sessions(self) -> tuple[WorkSession, ...]:
        """Those with work or ringing, one value each: for the few that are behind a number."""
        work: list[list[Segment]] = [[] for _ in self.session_ids]
        alerts: list[list[Segment]] = [[] for _ in self.session_ids]
        posts: list[list[Post]] = [[] for _ in self.session_ids]
        agent = [self.agents[place] for place in self.session_agent.tolist()]
        media = [self.media[place] for place in self.session_media.tolist()]
        columns = (self.segment_session, self.segment_kind, self.segment_queue, self.segment_start_ms)
        for session, kind, queue, start, end in zip(
            *(column.tolist() for column in (*columns, self.segment_end_ms)), strict=True
        ):
            name = self.kinds[kind]
            of_kind = work if name in KINDS else alerts if name == ALERT else None
            if of_kind is not None:
                of_kind[session].append(
                    Segment(
                        agent_id=agent[session],
                        session_id=self.session_ids[session],
                        media=media[session],
                        queue_id=self.queues[queue],
                        kind=name,
                        start_ms=start,
                        end_ms=None if end == RUNNING else end,
                    )
                )
        columns = (self.post_session, self.post_metric, self.post_value_ms, self.post_at_ms)
        for session, metric, value, at in zip(*(column.tolist() for column in columns), strict=True):
            if self.metrics[metric] in POSTED_METRICS:
                posts[session].append(Post(self.metrics[metric], value, at))
        return tuple(
            WorkSession(
                conversation_id=self.conversation_ids[self.session_conversation[place]],
                session_id=session_id,
                agent_id=agent[place],
                purpose=self.purposes[self.session_purpose[place]],
                media=media[place],
                direction=self.directions[self.session_direction[place]],
                segments=tuple(work[place]),
                posts=tuple(posts[place]),
                alerts=tuple(alerts[place]),
            )
            for place, session_id in enumerate(self.session_ids)
            if work[place] or alerts[place]
        )

    def by_start_day(self) -> Mapping[date, WorkTable]:
        """One table for each UTC day on which conversations began, which is how the platform files them.

        A conversation that doesn't say when it began is filed under the day of its first segment; without any, it is
        nobody's work and left out. What was met again while reading is no property of a day: `duplicates` are 0.
        """
        import numpy as np

        began = self.conversation_start_ms.copy()
        first = np.full(self.conversations, np.iinfo(np.int64).max)
        np.minimum.at(first, self.session_conversation[self.segment_session], self.segment_start_ms)
        began = np.where(began == UNKNOWN, first, began)
        known = began != np.iinfo(np.int64).max
        days = began // _DAY_MS
        return {
            _EPOCH + timedelta(days=int(day)): replace(
                _picked(self, known & (days == day), _all(len(self.session_ids)), _all(len(self.segment_session))),
                duplicates=0,
            )
            for day in np.unique(days[known])
        }

    def _having(self, segments: np.ndarray) -> np.ndarray:
        """Which sessions have one of these segments."""
        import numpy as np

        found = np.zeros(len(self.session_ids), dtype=bool)
        found[self.segment_session[segments]] = True
        return found


_FAMILIES: Mapping[str, str] = {
    "session_agent": "agents",
    "session_purpose": "purposes",
    "session_media": "media",
    "session_direction": "directions",
    "segment_kind": "kinds",
    "segment_queue": "queues",
    "post_metric": "metrics",
}
"""Which strings a column points at."""

_PARENTS: Mapping[str, str] = {
    "session_conversation": "conversation_ids",
    "segment_session": "session_ids",
    "post_session": "session_ids",
}
"""Whose rows a column points at."""

DTYPES: Mapping[str, str] = {
    "conversation_start_ms": "int64",
    "conversation_running": "bool",
    "session_conversation": "int32",
    "session_agent": "int32",
    "session_purpose": "int16",
    "session_media": "int16",
    "session_direction": "int16",
    "segment_session": "int32",
    "segment_kind": "int16",
    "segment_queue": "int32",
    "segment_start_ms": "int64",
    "segment_end_ms": "int64",
    "post_session": "int32",
    "post_metric": "int16",
    "post_value_ms": "int64",
    "post_at_ms": "int64",
}
"""The arrays of a table, in the order of its fields."""

STRINGS = tuple(field.name for field in fields(WorkTable) if field.name not in {*DTYPES, "duplicates"})
"""The sequences of strings."""


def empty_table() -> WorkTable:
    """No conversation at all."""
    import numpy as np

    arrays = {name: np.empty(0, dtype=dtype) for name, dtype in DTYPES.items()}
    return WorkTable(**arrays, **dict.fromkeys(STRINGS, ()))  # type: ignore[arg-type]  # by name, as the fields stand


def check_table(table: WorkTable) -> WorkTable:
    """The table itself, once its columns fit together.

    Raises:
        ValueError: a column has another type or length than its neighbours, or points at what isn't there.
    """
    for name, dtype in DTYPES.items():
        column = getattr(table, name)
        if column.ndim != 1 or column.dtype != dtype:
            raise ValueError(f"{name} is a column of {dtype}")
        if len(column) != _rows(table, name):
            raise ValueError(f"{name} has {len(column)} rows, not {_rows(table, name)}")
        pointed = _FAMILIES.get(name) or _PARENTS.get(name)
        if pointed and len(column) and not 0 <= int(column.min()) <= int(column.max()) < len(getattr(table, pointed)):
            raise ValueError(f"{name} points beyond {pointed}")
    if not _distinct(table.conversation_ids):
        raise ValueError("a table has each conversation once")
    return table


def _distinct(strings: Sequence[str]) -> bool:
    """Whether no string occurs twice; of many, without keeping them all at once."""
    import numpy as np

    hashes = np.fromiter(map(hash, strings), dtype=np.int64, count=len(strings))
    hashes.sort()
    if not (np.diff(hashes) == 0).any():
        return True
    return len(set(strings)) == len(strings)  # two that only look alike, or two that are


def merged(tables: Iterable[WorkTable]) -> WorkTable:
    """Several tables as one, in the order of reading: of a conversation that is in several, the last is right."""
    import numpy as np

    parts = list(tables)
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return empty_table()
    last: dict[str, int] = {}
    for number, part in enumerate(parts):
        last |= dict.fromkeys(part.conversation_ids, number)
    again = sum(part.conversations for part in parts) - len(last)
    duplicates = again + sum(part.duplicates for part in parts)
    if again:
        parts = [
            _picked(
                part,
                np.fromiter((last[c] == number for c in part.conversation_ids), dtype=bool, count=part.conversations),
                _all(len(part.session_ids)),
                _all(len(part.segment_session)),
            )
            for number, part in enumerate(parts)
        ]
    return replace(_joined(parts), duplicates=duplicates)


def _joined(parts: Sequence[WorkTable]) -> WorkTable:
    """Tables that share no conversation, one after the other."""
    import numpy as np

    strings: dict[str, Sequence[str]] = {}
    columns: dict[str, list[np.ndarray]] = {name: [getattr(part, name) for part in parts] for name in DTYPES}
    for name in ("conversation_ids", "session_ids"):
        strings[name] = tuple(text for part in parts for text in getattr(part, name))
    for name, owner in _PARENTS.items():
        before = np.cumsum([0, *(len(getattr(part, owner)) for part in parts[:-1])])
        columns[name] = [column + int(shift) for column, shift in zip(columns[name], before, strict=True)]
    for name, family in _FAMILIES.items():
        strings[family] = tuple(dict.fromkeys(text for part in parts for text in getattr(part, family)))
        columns[name] = [
            _places(getattr(part, family), strings[family])[column]
            for part, column in zip(parts, columns[name], strict=True)
        ]
    arrays = {name: np.concatenate(pieces).astype(DTYPES[name], copy=False) for name, pieces in columns.items()}
    return WorkTable(**arrays, **strings)  # type: ignore[arg-type]  # by name, as the fields stand


def _picked(table: WorkTable, conversations: np.ndarray, sessions: np.ndarray, segments: np.ndarray) -> WorkTable:
    """The rows of three masks that hang together, with the strings that they still point at.

    Columns of which nothing goes are shared with the table, for they may be most of its memory.
    """
    import numpy as np

    sessions = sessions & conversations[table.session_conversation]
    segments = segments & sessions[table.segment_session]
    posts = sessions[table.post_session]
    rows = {"conversation": conversations, "session": sessions, "segment": segments, "post": posts}
    whole = {row: bool(mask.all()) for row, mask in rows.items()}
    if all(whole.values()):
        return table
    values: dict[str, Any] = {}
    for name in DTYPES:
        row, column = name.partition("_")[0], getattr(table, name)
        values[name] = column if whole[row] else column[rows[row]]
    for row in ("conversation", "session"):
        ids = getattr(table, f"{row}_ids")
        values[f"{row}_ids"] = ids if whole[row] else tuple(compress(ids, rows[row].tolist()))
    for name, owner in _PARENTS.items():
        row = owner.partition("_")[0]
        if not whole[row]:
            values[name] = (np.cumsum(rows[row], dtype=np.int32) - np.int32(1))[values[name]]
    for name, family in _FAMILIES.items():
        strings = values[family] = getattr(table, family)
        used = np.zeros(len(strings), dtype=bool)
        used[values[name]] = True
        if not used.all():
            values[family] = tuple(compress(strings, used.tolist()))
            values[name] = (np.cumsum(used) - 1).astype(DTYPES[name])[values[name]]
    return WorkTable(**values, duplicates=table.duplicates)


def _rows(table: WorkTable, column: str) -> int:
    """How long a column has to be."""
    match column.partition("_")[0]:
        case "conversation":
            return table.conversations
        case "session":
            return len(table.session_ids)
        case "segment":
            return len(table.segment_session)
        case _:
            return len(table.post_session)


def _all(size: int) -> np.ndarray:
    import numpy as np

    return np.ones(size, dtype=bool)


def _among(strings: Sequence[str], wanted: Iterable[str]) -> np.ndarray:
    """For each string, whether it is one of those wanted."""
    import numpy as np

    chosen = frozenset(wanted)
    return np.fromiter((text in chosen for text in strings), dtype=bool, count=len(strings))


def _places(strings: Sequence[str], within: Sequence[str]) -> np.ndarray:
    """For each string its place within others, -1 where it has none."""
    import numpy as np

    place = {text: number for number, text in enumerate(within)}
    return np.fromiter((place.get(text, -1) for text in strings), dtype=np.int32, count=len(strings))


def _sums(position: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """Whole milliseconds by position: what floats hold exactly, as one position's stay far below 2⁵³."""
    import numpy as np

    return np.bincount(position, weights=values, minlength=size).astype(np.int64)


def _categorical(codes: np.ndarray, names: Sequence[str]) -> pd.Categorical:
    import pandas as pd

    return pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype="str"), validate=False)  # type: ignore[arg-type]
