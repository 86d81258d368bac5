"""What a schedule owes by now, what it no longer owes and why, and how its debts stand taken together.

Everything here may be computed by any process at any time, again and again: a slot that has its rows already is
left as it is, because rows are keyed by the slot's local date and time and by the recipient.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from bot.core.answer import Missing, RowState
from bot.core.recurrence import Slot, next_slots, slots
from bot.core.scheduling import Fire, FireKind, FireState, Misfire, ScheduleState, slot_key
from bot.core.zones import load_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from bot.core.answer import Answer
    from bot.core.scheduling import Destination, Schedule

FAILURES_TO_PAUSE = 3
"""Failed slots in a row after which a schedule stops trying."""

LONGEST_ABSENCE = timedelta(days=7)
"""How far back skipped slots are told one by one, when nobody looked for longer."""

_INSTANT = timedelta(microseconds=1)
_BIG_BATCH = 10
"""Posts due at one moment that need no spreading."""
_OVER = frozenset({FireState.SENT, FireState.UNKNOWN, FireState.SKIPPED, FireState.FAILED})
_NOT_FETCHED = frozenset({"posted_not_fetched", "status_not_fetched", "partial"})


SUPERSEDED = "missed, and a newer one took its place"


@dataclass(frozen=True, slots=True)
class Duty:
    """One slot that has come: to be posted, or skipped for a reason."""

    slot: Slot
    late: bool = False
    skip: str | None = None


# --- slots that have come --------------------------------------------------------------------------------------------


def owes(schedule: Schedule, day: date) -> bool:
    """Whether the schedule is due on that local day at all."""
    if schedule.state is ScheduleState.ACTIVE:
        return True
    paused_until = schedule.paused_until
    return schedule.state is ScheduleState.PAUSED and paused_until is not None and day >= paused_until


def duties(
    schedule: Schedule,
    now: datetime,
    *,
    seen: datetime | None = None,
    late_after_s: float = 300.0,
    is_holiday: Callable[[date], bool],
) -> list[Duty]:
    """The slots that came within the catch-up window, or since somebody last looked; the oldest first.

    Args:
        now: UTC.
        seen: when any process last looked, however long ago; slots that came between then and the window are
            skipped for their age. None, or a moment ahead of now (a clock was set back): only the window counts.
        late_after_s: a post that goes out later than this after its slot is late.
    """
    window = timedelta(seconds=schedule.window_s)
    since = now - window if seen is None or seen > now else min(seen, now - window)
    since = max(since, now - max(LONGEST_ABSENCE, window), schedule.active_since or schedule.created_at)
    came = [
        slot
        for slot in slots(schedule.recurrence, since, now + _INSTANT, is_holiday=is_holiday)
        if owes(schedule, slot.local_date)
    ]
    newest = came[-1] if came else None
    return [_duty(schedule, slot, now, newest=slot is newest, late_after_s=late_after_s) for slot in came]


def _duty(schedule: Schedule, slot: Slot, now: datetime, *, newest: bool, late_after_s: float) -> Duty:
    late = is_late(slot.fire_at, now, late_after_s)
    reason = too_old(schedule, slot.fire_at, now)
    if reason is None and late:
        if schedule.misfire is Misfire.NONE:
            reason = "missed, and this schedule doesn't catch up"
        elif schedule.misfire is Misfire.LATEST and not newest:
            reason = SUPERSEDED
    return Duty(slot, late=late, skip=reason)


def is_late(fire_at: datetime, now: datetime, late_after_s: float) -> bool:
    """Whether a post that goes out now needs to say that it is late."""
    return now - fire_at > timedelta(seconds=late_after_s)


def too_old(schedule: Schedule, fire_at: datetime, now: datetime) -> str | None:
    """Why a slot is not worth posting any more; None within the window."""
    if now - fire_at <= timedelta(seconds=schedule.window_s):
        return None
    return f"missed by more than {_span(schedule.window_s)}"


def _span(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours} h" if hours and not rest else f"{seconds // 60} min"


def fires_of(schedule: Schedule, duty: Duty, now: datetime, *, spread_s: float, batch: int = 1) -> list[Fire]:
    """The rows of a slot: one for each recipient.

    Args:
        spread_s: big batches start within so many seconds, each post at a moment of its own that every process
            computes alike.
        batch: how many posts fall due together.
    """
    return [_fire(schedule, duty, destination, now, spread_s, batch) for destination in schedule.destinations]


def _fire(schedule: Schedule, duty: Duty, destination: Destination, now: datetime, spread_s: float, batch: int) -> Fire:
    key = slot_key(schedule.id, duty.slot, destination)
    fire = Fire(
        key=key,
        schedule_id=schedule.id,
        destination=destination,
        fire_at=duty.slot.fire_at,
        local_date=duty.slot.local_date,
        local_time=duty.slot.local_time,
        version=schedule.version,
        late=duty.late,
    )
    if duty.skip is not None:
        return replace(fire, state=FireState.SKIPPED, reason=duty.skip)
    start = max(duty.slot.fire_at, now) if duty.late else duty.slot.fire_at
    return replace(
        fire, not_before=start + timedelta(seconds=spread_s * share_of(key)) if batch > _BIG_BATCH else start
    )


def share_of(key: str) -> float:
    """A number in [0, 1) that is the key's own, in every process and after every restart."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") / 2**32


def question_for(schedule: Schedule, destination: Destination) -> str:
    """What is asked for this recipient: the schedule's question and her slice."""
    return f"{schedule.question} {destination.slice}".strip()


# --- a schedule in time ----------------------------------------------------------------------------------------------


def woken(schedule: Schedule, now: datetime) -> Schedule | None:
    """The schedule in force again, once the day has come until which it was paused; else None."""
    if schedule.state is not ScheduleState.PAUSED or schedule.paused_until is None:
        return None
    today = now.astimezone(load_zone(schedule.recurrence.zone)).date()
    if today < schedule.paused_until:
        return None
    # Slots of the days of the pause are not owed; those of today are, however long nobody looked.
    midnight = datetime.combine(schedule.paused_until, datetime.min.time(), load_zone(schedule.recurrence.zone))
    since = max(midnight.astimezone(UTC), schedule.active_since or schedule.created_at)
    return replace(schedule, state=ScheduleState.ACTIVE, paused_until=None, reason="", failures=0, active_since=since)


def has_ended(schedule: Schedule, now: datetime, *, is_holiday: Callable[[date], bool]) -> bool:
    """Whether no slot will ever come again."""
    rule = schedule.recurrence
    if rule.until is None and rule.count is None:
        return False
    return not next_slots(rule, now, 1, is_holiday=is_holiday)


def paused(schedule: Schedule, reason: str) -> Schedule:
    """The schedule, paused until somebody resumes it."""
    return replace(schedule, state=ScheduleState.PAUSED, paused_until=None, reason=reason)


def no_longer_owed(schedule: Schedule | None, fire: Fire, newer: Iterable[Fire], now: datetime) -> str | None:
    """Why a fire that was opened, and of which nothing is in the channel, needs no post any more; None: it does.

    Args:
        newer: fires of the same schedule, those for the same recipient among them.
    """
    if schedule is None:
        return "the schedule was deleted"
    if fire.kind is not FireKind.SLOT:
        return None
    if schedule.state is ScheduleState.PAUSED and not owes(schedule, fire.local_date):
        return f"paused: {schedule.reason}" if schedule.reason else "paused"
    if fire.destination not in schedule.destinations:
        return "no longer a recipient"
    if schedule.misfire is Misfire.LATEST and any(
        other.kind is FireKind.SLOT
        and other.destination == fire.destination
        and fire.fire_at < other.fire_at <= now
        and other.state is not FireState.SKIPPED
        for other in newer
    ):
        return SUPERSEDED
    return None


# --- debts taken together --------------------------------------------------------------------------------------------


def failed_streak(fires: Sequence[Fire], since: datetime) -> int:
    """How many of the last slots failed for every recipient, back to the last one that reached somebody.

    Args:
        fires: of one schedule, in any order; slots that are still under way don't count yet.
        since: older slots belong to another life of the schedule.
    """
    own = sorted((f for f in fires if f.kind is FireKind.SLOT and f.fire_at >= since), key=lambda f: f.fire_at)
    streak = 0
    for _, group in groupby(reversed(own), key=lambda f: f.fire_at):
        states = {fire.state for fire in group}
        if not states <= _OVER or states == {FireState.SKIPPED}:
            continue
        if FireState.FAILED not in states or states & {FireState.SENT, FireState.UNKNOWN}:
            break
        streak += 1
    return streak


def unreached(fires: Iterable[Fire]) -> list[Fire]:
    """Of the recipients of one slot those who can't have got it, or of whom nobody knows."""
    return [fire for fire in fires if fire.state in _OVER - {FireState.SENT}]


def resendable(fire: Fire | None) -> bool:
    """Whether somebody may ask for a fire once more."""
    return fire is not None and fire.state in _OVER - {FireState.SENT} and fire.kind is not FireKind.TEST


# --- whether data are complete ---------------------------------------------------------------------------------------


def fetched_share(answer: Answer) -> float:
    """The share of an answer's rows for which every source answered; 0 where the sources failed for all.

    Rows without activity are complete: nothing was reported, and that is an answer. Of two times compared it is the
    less complete one that counts.
    """
    if answer.versus is not None:
        return min(fetched_share(replace(answer, versus=None)), fetched_share(answer.versus))
    if not answer.rows:
        return 0.0 if any(notice.code in _NOT_FETCHED for notice in answer.warnings) else 1.0
    whole = sum(
        row.state is not RowState.NOT_FETCHED and Missing.NOT_FETCHED not in row.missing.values() for row in answer.rows
    )
    return whole / len(answer.rows)
