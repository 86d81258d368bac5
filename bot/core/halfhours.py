"""Aggregates of one UTC day by half-hours: what the platform told of it once → any question about it, as if asked anew.

A question asks for sums in buckets of its own. Where their edges lie on half-hours of UTC, and nothing but agents is
filtered, the kept half-hours add up to what the platform would say. The adding is of whole milliseconds, so it is
exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from bot.core.answer import Notice
from bot.core.blobs import counted, opened, packed, sealed, strings, unpacked
from bot.core.frames import (
    POSTED_COLUMNS,
    POSTED_KEYS,
    PRESENCE_COLUMNS,
    ROUTING_COLUMNS,
    STATUS_COLUMNS,
    STATUS_KEYS,
    Facts,
)
from bot.core.intervals import Granularity, buckets
from bot.core.planning import PostedAsk, StatusAsk
from bot.core.query import Booking
from bot.core.sourcing import Side, days_behind, utc_day
from bot.core.zones import load_zone

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date, datetime

    import numpy as np
    import numpy.typing as npt

VERSION = 1
SLOTS = 48

_MAGIC = b"UBHH"
_HALF_HOUR_S = 1800
_UNTOLD = -1
"""Stands where a family of columns was not reported."""
_FAMILIES = {Side.POSTED: (POSTED_COLUMNS,), Side.STATUS: (PRESENCE_COLUMNS, ROUTING_COLUMNS)}
_COLUMNS = {Side.POSTED: POSTED_COLUMNS, Side.STATUS: STATUS_COLUMNS}
_HARMLESS = {Side.POSTED: frozenset({"no_agent"}), Side.STATUS: frozenset[str]()}
"""Remarks that are true of any part of a day: they are kept with it."""


class UnfitError(ValueError):
    """What the platform told is not whole or not plain enough to stand for other questions."""


@dataclass(frozen=True, slots=True, eq=False)
class HalfHours:
    """One side of one day: a row for each agent and half-hour of which something was reported."""

    side: Side
    agent_ids: tuple[str, ...]
    """Sorted. Status: everybody who was asked about; posted: everybody of whom something was reported."""
    owners: npt.NDArray[np.int32]
    """Of each row, the place among `agent_ids`."""
    slots: npt.NDArray[np.int32]
    """Of each row, which half-hour of the day."""
    values: npt.NDArray[np.int64]
    """A row for each column of the side: milliseconds, or a count; below zero where its family wasn't reported."""
    remarks: tuple[Notice, ...] = ()


def posted_day_ask(day: date) -> PostedAsk:
    """The question whose answer is kept: everybody's half-hours of a UTC day."""
    zone = load_zone("UTC")
    windows = (utc_day(day),)
    cut = buckets(windows, Granularity.HALF_HOUR, zone)
    return PostedAsk(windows, cut, Granularity.HALF_HOUR, zone, agent_ids=None)


def status_day_ask(day: date, agent_ids: Collection[str]) -> StatusAsk:
    """The same of status."""
    ask = posted_day_ask(day)
    return StatusAsk(ask.windows, ask.buckets, ask.granularity, ask.zone, tuple(sorted(agent_ids)))


def half_hours_of(facts: Facts, side: Side, agent_ids: Sequence[str] | None = None) -> HalfHours:
    """The answer to such a question, as it is kept.

    Args:
        agent_ids: who was asked about; None: everybody.
    Raises:
        UnfitError: the platform left something out, or told it with a reservation.
    """
    import numpy as np

    remarks = [shortfall.notice for shortfall in facts.shortfalls]
    remarks += [notice for notice in facts.notices if notice.code not in _HARMLESS[side]]
    if remarks:
        raise UnfitError(remarks[0].code)
    frame = facts.frame
    told = frame["agent_id"].to_numpy(dtype=object)
    names = sorted(set(told) if agent_ids is None else set(agent_ids))
    place = {agent_id: number for number, agent_id in enumerate(names)}
    units = np.array([1.0 if column == "handled" else 1000.0 for column in _COLUMNS[side]])
    sums = (frame[[*_COLUMNS[side]]].to_numpy() * units).T
    whole = np.where(np.isnan(sums), float(_UNTOLD), np.rint(sums))
    if (np.abs(whole - sums) > 1e-3).any():
        raise UnfitError("fractions_of_milliseconds")
    kept = HalfHours(
        side,
        tuple(names),
        np.array([place[agent_id] for agent_id in told], dtype=np.int32),
        frame["bucket"].to_numpy(dtype=np.int32),
        whole.astype(np.int64),
        facts.notices,
    )
    try:
        return _checked(kept)
    except ValueError as error:
        raise UnfitError(str(error)) from error


def days_of(ask: PostedAsk | StatusAsk) -> tuple[date, ...]:
    """The UTC days in which the question's time lies, in order."""
    return tuple(dict.fromkeys(day for window in ask.windows for day in days_behind((window,), 0)))


def is_plain(ask: PostedAsk | StatusAsk) -> bool:
    """Whether half-hours of UTC add up to what is asked."""
    if isinstance(ask, PostedAsk):
        narrowed = ask.queue_ids or ask.without_queue_ids or ask.media or ask.directions or ask.acd
        if narrowed or ask.by_queue or ask.by_media or ask.booking is not Booking.POSTED:
            return False
    if ask.to_now or ask.granularity is Granularity.QUARTER:
        return False
    pieces = ask.buckets or ask.windows
    return all(edge.timestamp() % _HALF_HOUR_S == 0 for piece in pieces for edge in (piece.start, piece.end))


def answered(ask: PostedAsk | StatusAsk, days: Mapping[date, HalfHours]) -> Facts | None:
    """What the platform would tell; None where somebody is asked about who wasn't when the days were read.

    Args:
        ask: a plain one.
        days: all of its days, of its side.
    """
    import numpy as np
    import pandas as pd

    from bot.core.records import posted_facts, status_facts

    posted = isinstance(ask, PostedAsk)
    side = Side.POSTED if posted else Side.STATUS
    asked = None if ask.agent_ids is None else frozenset(ask.agent_ids)
    if side is Side.STATUS and asked is not None and any(not asked.issubset(day.agent_ids) for day in days.values()):
        return None
    named = {agent_id for day in days.values() for agent_id in day.agent_ids if asked is None or agent_id in asked}
    names = sorted(named)
    place = {agent_id: number for number, agent_id in enumerate(names)}
    grid = _Grid(ask)
    keys, values = [], []
    for day, kept in sorted(days.items()):
        persons = np.array([place.get(agent_id, -1) for agent_id in kept.agent_ids], dtype=np.int64)[kept.owners]
        pieces = grid.pieces_of(day)[kept.slots]
        wanted = (persons >= 0) & (pieces >= 0)
        keys.append(persons[wanted] * grid.count + pieces[wanted])
        values.append(kept.values[:, wanted])
    cells, rows = np.unique(np.concatenate(keys), return_inverse=True)
    notices: tuple[Notice, ...] = ()
    if asked is None:
        notices = tuple(dict.fromkeys(notice for _, kept in sorted(days.items()) for notice in kept.remarks))
    if not len(cells):
        nothing = posted_facts((), ask) if isinstance(ask, PostedAsk) else status_facts((), ask)
        return replace(nothing, notices=notices)
    sums = _sums(side, np.concatenate(values, axis=1), rows, len(cells))
    agents = np.array(names, dtype=object)[cells // grid.count]
    frame = pd.DataFrame(
        {
            "agent_id": agents,
            **({"queue_id": "", "media": ""} if posted else {}),
            "bucket": cells % grid.count,
            **sums,
        }
    )
    return Facts(frame[[*(POSTED_KEYS if posted else STATUS_KEYS), *_COLUMNS[side]]], notices=notices)


def _sums(
    side: Side, values: npt.NDArray[np.int64], rows: npt.NDArray[np.intp], count: int
) -> dict[str, npt.NDArray[np.float64]]:
    """Each column added up by row; of a family that nobody reported there, nothing."""
    import numpy as np

    out: dict[str, npt.NDArray[np.float64]] = {}
    for column, told in zip(_COLUMNS[side], values, strict=True):
        # Whole milliseconds of days are far below what a float holds exactly.
        total = np.bincount(rows, weights=np.maximum(told, 0), minlength=count).astype(np.float64)
        total[np.bincount(rows, weights=told >= 0, minlength=count) == 0] = np.nan
        out[column] = total if column == "handled" else total / 1000
    return out


class _Grid:
    """The question's buckets, counted in half-hours since 1970."""

    def __init__(self, ask: PostedAsk | StatusAsk) -> None:
        import numpy as np

        pieces = ask.buckets or ask.windows
        self._starts = np.array([_number(piece.start) for piece in pieces])
        self._ends = np.array([_number(piece.end) for piece in pieces])
        self._one_bucket = not ask.buckets
        self.count = 1 if self._one_bucket else len(pieces)

    def pieces_of(self, day: date) -> npt.NDArray[np.int64]:
        """For each half-hour of a day, in which bucket it lies; below zero: in none."""
        import numpy as np

        half_hours = _number(utc_day(day).start) + np.arange(SLOTS)
        found = np.searchsorted(self._starts, half_hours, side="right") - 1
        inside = (found >= 0) & (half_hours < self._ends[found])
        return np.where(inside, 0 if self._one_bucket else found, -1)


def _number(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp()) // _HALF_HOUR_S


# -- as bytes -------------------------------------------------------------------------------------------------


def half_hours_as_bytes(kept: HalfHours) -> bytes:
    """Them in the present version.

    Raises:
        BlobError: they are larger than what would be read again.
    """
    head = {
        "side": kept.side.value,
        "agents": [*kept.agent_ids],
        "remarks": [[notice.code, notice.message] for notice in kept.remarks],
        "rows": len(kept.owners),
    }
    columns = [packed(kept.owners, "int32"), packed(kept.slots, "int32")]
    columns += [packed(column, "int64") for column in kept.values]
    return sealed(head, columns, magic=_MAGIC, version=VERSION)


def half_hours_from_bytes(data: bytes) -> HalfHours:
    """Those that were written.

    Raises:
        BlobError: the bytes are of another version, cut off, changed, or say what can't be.
    """
    return opened(data, _read, magic=_MAGIC, version=VERSION)


def _read(head: Any, payload: bytes, start: int) -> HalfHours:
    import numpy as np

    side, rows = Side(head["side"]), counted(head["rows"])
    owners, start = unpacked(payload, start, rows, "int32")
    slots, start = unpacked(payload, start, rows, "int32")
    values = np.empty((len(_COLUMNS[side]), rows), dtype=np.int64)
    for number in range(len(values)):
        values[number], start = unpacked(payload, start, rows, "int64")
    if start != len(payload):
        raise ValueError("something follows the last column")
    remarks = tuple(Notice(code, message) for code, message in map(strings, head["remarks"]))
    return _checked(HalfHours(side, strings(head["agents"]), owners, slots, values, remarks))


def _checked(kept: HalfHours) -> HalfHours:
    """The half-hours themselves, once nothing in them can mislead a sum.

    Raises:
        ValueError: somebody, or a half-hour, is not there or there twice; or a family was told in part.
    """
    import numpy as np

    if [*kept.agent_ids] != sorted(set(kept.agent_ids)):
        raise ValueError("agents are not in order")
    for places, count in ((kept.owners, len(kept.agent_ids)), (kept.slots, SLOTS)):
        if ((places < 0) | (places >= count)).any():
            raise ValueError("a row belongs to nobody or to no half-hour")
    cells = kept.owners.astype(np.int64) * SLOTS + kept.slots
    if len(np.unique(cells)) != len(cells):
        raise ValueError("a half-hour of an agent is told twice")
    if (kept.values < _UNTOLD).any():
        raise ValueError("a duration is never negative")
    columns = _COLUMNS[kept.side]
    for family in _FAMILIES[kept.side]:
        untold = kept.values[[columns.index(column) for column in family]] == _UNTOLD
        if (untold.any(axis=0) != untold.all(axis=0)).any() or (kept.side is Side.POSTED and untold.any()):
            raise ValueError("a family of columns is told in part")
    return kept
