"""`ScheduleStore` over the tables of schedules and their recipients."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.scheduling import Destination, DestinationKind, Misfire, Schedule, ScheduleState
from bot.core.scheduling_json import recurrence_from_json, recurrence_to_json
from bot.edges.db.tables import recipients, schedules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Row

    from bot.edges.db.engine import Database


class SqlScheduleStore:
    """Schedules, in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = (postgresql if database.is_postgres else sqlite).insert

    def add(self, schedule: Schedule) -> Schedule:
        """Keep a new schedule; its number is given here. The same id again is the same schedule."""
        statement = (
            self._insert(schedules)
            .values(id=schedule.id, **_columns(schedule))
            .on_conflict_do_nothing(index_elements=[schedules.c.id])
            .returning(schedules.c.number)
        )

        def work(connection: Connection, _again: bool) -> Schedule:
            number = connection.scalar(statement)
            if number is None:
                return _only(_found(connection, schedules.c.id == schedule.id))
            _write_recipients(connection, schedule)
            return replace(schedule, number=number)

        return self._database.write(work)

    def get(self, schedule_id: str) -> Schedule | None:
        """One schedule by id."""
        return self._one(schedules.c.id == schedule_id)

    def by_number(self, number: int) -> Schedule | None:
        """One schedule by what people call it."""
        return self._one(schedules.c.number == number) if 0 < number < 2**31 else None

    def all(self) -> Sequence[Schedule]:
        """Every schedule that hasn't been deleted, oldest first."""
        return self._database.read(_found)

    def save(self, schedule: Schedule) -> Schedule | None:
        """Replace a schedule of the same version, counting the version up; None: somebody else was quicker."""
        saved = replace(schedule, version=schedule.version + 1)
        this = schedules.c.id == schedule.id
        statement = update(schedules).where(this, schedules.c.version == schedule.version).values(**_columns(saved))

        def work(connection: Connection, again: bool) -> Schedule | None:
            if connection.execute(statement).rowcount == 1:
                connection.execute(delete(recipients).where(recipients.c.schedule_id == schedule.id))
                _write_recipients(connection, saved)
                return saved
            # A repetition may find what its first try left there, although the confirmation was lost.
            return saved if again and saved in _found(connection, this) else None

        return self._database.write(work)

    def delete(self, schedule_id: str) -> bool:
        """Forget a schedule; its log stays."""
        statement = delete(schedules).where(schedules.c.id == schedule_id)
        return self._database.write(lambda connection, again: connection.execute(statement).rowcount == 1 or again)

    def _one(self, condition: ColumnElement[bool]) -> Schedule | None:
        found = self._database.read(lambda connection: _found(connection, condition))
        return found[0] if found else None


def _only(found: list[Schedule]) -> Schedule:
    (schedule,) = found
    return schedule


def _found(connection: Connection, *conditions: ColumnElement[bool]) -> list[Schedule]:
    rows = connection.execute(select(schedules).where(*conditions).order_by(schedules.c.number)).all()
    owed = select(recipients).order_by(recipients.c.schedule_id, recipients.c.position)
    if conditions:
        owed = owed.where(recipients.c.schedule_id.in_([row.id for row in rows]))
    destinations: dict[str, list[Destination]] = {row.id: [] for row in rows}
    for row in connection.execute(owed):
        if row.schedule_id in destinations:
            destinations[row.schedule_id].append(Destination(DestinationKind(row.kind), row.slack_id, row.slice))
    return [_schedule(row, tuple(destinations[row.id])) for row in rows]


def _write_recipients(connection: Connection, schedule: Schedule) -> None:
    rows = [
        {
            "schedule_id": schedule.id,
            "position": position,
            "kind": destination.kind.value,
            "slack_id": destination.id,
            "slice": destination.slice,
        }
        for position, destination in enumerate(schedule.destinations)
    ]
    if rows:
        connection.execute(insert(recipients), rows)


def _columns(schedule: Schedule) -> dict[str, Any]:
    """All but what never changes after `add`: id and number."""
    return {
        "owner_id": schedule.owner_id,
        "question": schedule.question,
        "recurrence": recurrence_to_json(schedule.recurrence),
        "created_at": schedule.created_at,
        "state": schedule.state.value,
        "paused_until": schedule.paused_until,
        "reason": schedule.reason,
        "misfire": schedule.misfire.value,
        "window_s": schedule.window_s,
        "wait_s": schedule.wait_s,
        "least_coverage": schedule.least_coverage,
        "failures": schedule.failures,
        "active_since": schedule.active_since,
        "told_at": schedule.told_at,
        "version": schedule.version,
    }


def _schedule(row: Row[Any], destinations: tuple[Destination, ...]) -> Schedule:
    return Schedule(
        id=row.id,
        number=row.number,
        owner_id=row.owner_id,
        question=row.question,
        recurrence=recurrence_from_json(row.recurrence),
        destinations=destinations,
        created_at=row.created_at,
        state=ScheduleState(row.state),
        paused_until=row.paused_until,
        reason=row.reason,
        misfire=Misfire(row.misfire),
        window_s=row.window_s,
        wait_s=row.wait_s,
        least_coverage=row.least_coverage,
        failures=row.failures,
        active_since=row.active_since,
        told_at=row.told_at,
        version=row.version,
    )
