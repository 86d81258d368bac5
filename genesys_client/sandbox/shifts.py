"""Who works when: shifts and breaks by the organisation's wall clock, from seed, person and day alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from genesys_client.sandbox.moments import MINUTE, SECOND, wall_ms
from genesys_client.sandbox.organization import Role

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    from genesys_client.sandbox.organization import Person

_STARTS = ((8, 0), (9, 0), (9, 30), (12, 0), (14, 0))


@dataclass(frozen=True, slots=True)
class Pause:
    """A planned absence from the queue; work in hand can delay it."""

    start: int
    length: int
    presence: str


@dataclass(frozen=True, slots=True)
class Shift:
    """From login to the planned logout; `ready` is when she goes on queue for the first time."""

    start: int
    ready: int
    end: int
    pauses: tuple[Pause, ...]


def shift_of(person: Person, day: date, *, seed: int, zone: ZoneInfo) -> Shift | None:
    """The shift that begins on that local day, or None on a day off."""
    if not _works(person, day):
        return None
    rng = Random(f"{seed}/shift/{person.id}/{day}")  # noqa: S311 - chance that repeats is the point
    if person.role is Role.NIGHT:
        start, end = wall_ms(day, 22, 0, zone), wall_ms(day + timedelta(days=1), 6, 0, zone)
    else:
        hour, minute = (9, 0) if person.role is Role.MANAGER else _STARTS[person.index % len(_STARTS)]
        start, end = wall_ms(day, hour, minute, zone), wall_ms(day, hour + 8, minute, zone)
    start += rng.randrange(-4 * MINUTE, 3 * MINUTE)
    end += rng.randrange(-3 * MINUTE, 9 * MINUTE)
    return Shift(start, start + rng.randrange(40 * SECOND, 6 * MINUTE), end, tuple(_pauses(start, end, rng)))


def _works(person: Person, day: date) -> bool:
    """Agents have two days off in each seven, on a rota; managers have weekends."""
    if person.role is Role.MANAGER:
        return day.weekday() < 5
    return person.takes_work and (day.toordinal() + 3 * person.index) % 7 > 1


def _pauses(start: int, end: int, rng: Random) -> list[Pause]:
    """Two breaks and a meal, and now and then something else, in order of time."""
    length = end - start
    plan = [(0.22, 15, "BREAK"), (0.48, 32, "MEAL"), (0.75, 15, "BREAK")]
    if rng.random() < 0.25:
        plan.append((0.35, 25, rng.choice(("MEETING", "TRAINING"))))
    if rng.random() < 0.3:
        plan.append((0.88, 6, rng.choice(("AWAY", "BUSY", "AVAILABLE"))))
    return [
        Pause(
            start + int(share * length) + rng.randrange(-8 * MINUTE, 8 * MINUTE),
            minutes * MINUTE + rng.randrange(-90 * SECOND, 180 * SECOND),
            presence,
        )
        for share, minutes, presence in sorted(plan)
    ]
