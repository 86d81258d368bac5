"""`DayStore`, `HalfHourStore` and `Chores`: rows for days of conversations, for half-hours, for things done at night.

A day is written by one statement, so that whoever is killed leaves the old row or the new one; and a row only gives
way to a younger one, so that two processes may write the same day in any order.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.sourcing import KeptDay, KeptHalfHours, Side
from bot.edges.db.tables import archive_days, archive_half_hours, chores
from bot.ports import Claim

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import date

    from sqlalchemy import ColumnElement, Connection

    from bot.edges.db.engine import Database

_PATIENCE_S = 5.0
"""How long a write is tried again: an answer may be waiting behind it, and it is no loss if it fails."""

_ABOUT = (
    archive_days.c.day,
    archive_days.c.fetched_at,
    archive_days.c.conversations,
    archive_days.c.running,
)


class SqlDayStore:
    """Days of conversations, each as one piece of bytes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = (postgresql if database.is_postgres else sqlite).insert

    def about(self, organisation_id: str, days: Collection[date] | None = None) -> Mapping[date, KeptDay]:
        """What there is of these days (None: of all), without reading it."""
        statement = select(*_ABOUT).where(archive_days.c.organisation_id == organisation_id)
        if days is not None:
            statement = statement.where(archive_days.c.day.in_(sorted(days)))
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return {row.day: _kept(row) for row in rows}

    def content(self, organisation_id: str, day: date) -> tuple[KeptDay, bytes] | None:
        """One day as it was kept."""
        statement = select(*_ABOUT, archive_days.c.content).where(_is(organisation_id, day))
        row = self._database.read(lambda connection: connection.execute(statement).one_or_none())
        return None if row is None else (_kept(row), bytes(row.content))

    def keep(self, organisation_id: str, about: KeptDay, content: bytes, *, codec: int) -> bool:
        """Keep a day, unless one fetched later is kept already; whether it is the kept one now."""
        new = self._insert(archive_days).values(
            organisation_id=organisation_id,
            day=about.day,
            fetched_at=about.fetched_at,
            conversations=about.conversations,
            running=about.running,
            codec=codec,
            size=len(content),
            content=content,
        )
        named = ("fetched_at", "conversations", "running", "codec", "size", "content")
        statement = new.on_conflict_do_update(
            index_elements=[archive_days.c.organisation_id, archive_days.c.day],
            set_={name: new.excluded[name] for name in named},
            where=archive_days.c.fetched_at <= new.excluded.fetched_at,
        ).returning(archive_days.c.day)
        return self._database.write(
            lambda connection, _again: connection.execute(statement).first() is not None, patience_s=_PATIENCE_S
        )

    def drop(self, organisation_id: str, about: KeptDay) -> None:
        """Forget one day, unless it was fetched anew meanwhile."""
        same = and_(_is(organisation_id, about.day), archive_days.c.fetched_at == about.fetched_at)
        self._database.write(
            lambda connection, _again: connection.execute(delete(archive_days).where(same)), patience_s=_PATIENCE_S
        )

    def purge(self, before: date) -> int:
        """Forget the days before that one, of every organisation; how many."""
        statement = delete(archive_days).where(archive_days.c.day < before)
        return self._database.write(lambda connection, _again: connection.execute(statement).rowcount)

    def counts(self) -> Mapping[str, float]:
        """Gauges: days kept, bytes with those of half-hours, seconds since 1970 of the youngest fetching (0: none)."""
        of_half_hours = select(func.coalesce(func.sum(archive_half_hours.c.size), 0)).scalar_subquery()
        statement = select(
            func.count().label("days"),
            (func.coalesce(func.sum(archive_days.c.size), 0) + of_half_hours).label("bytes"),
            func.max(archive_days.c.fetched_at).label("youngest"),
        )
        row = self._database.read(lambda connection: connection.execute(statement).one())
        youngest = row.youngest.timestamp() if row.youngest else 0.0
        return {"days": float(row.days), "bytes": float(row.bytes), "fetched_at": youngest}


_OF_HALF_HOURS = (archive_half_hours.c.side, archive_half_hours.c.day, archive_half_hours.c.fetched_at)


class SqlHalfHourStore:
    """Half-hours of days, each side of each day as one piece of bytes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = (postgresql if database.is_postgres else sqlite).insert

    def about(
        self, organisation_id: str, side: Side, days: Collection[date] | None = None
    ) -> Mapping[date, KeptHalfHours]:
        """What there is of these days (None: of all), without reading it."""
        statement = select(*_OF_HALF_HOURS).where(_of(organisation_id, side, days))
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return {row.day: _kept_half_hours(row) for row in rows}

    def contents(
        self, organisation_id: str, side: Side, days: Collection[date]
    ) -> Mapping[date, tuple[KeptHalfHours, bytes]]:
        """These days as they were kept, as far as they are there."""
        statement = select(*_OF_HALF_HOURS, archive_half_hours.c.content).where(_of(organisation_id, side, days))
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return {row.day: (_kept_half_hours(row), bytes(row.content)) for row in rows}

    def keep(self, organisation_id: str, about: KeptHalfHours, content: bytes, *, codec: int) -> bool:
        """Keep a day's, unless they were fetched later than these; whether they are the kept ones now."""
        table = archive_half_hours
        new = self._insert(table).values(
            organisation_id=organisation_id,
            day=about.day,
            side=about.side.value,
            fetched_at=about.fetched_at,
            codec=codec,
            size=len(content),
            content=content,
        )
        statement = new.on_conflict_do_update(
            index_elements=[table.c.organisation_id, table.c.day, table.c.side],
            set_={name: new.excluded[name] for name in ("fetched_at", "codec", "size", "content")},
            where=table.c.fetched_at <= new.excluded.fetched_at,
        ).returning(table.c.day)
        return self._database.write(
            lambda connection, _again: connection.execute(statement).first() is not None, patience_s=_PATIENCE_S
        )

    def drop(self, organisation_id: str, about: KeptHalfHours) -> None:
        """Forget a day's, unless they were fetched anew meanwhile."""
        same = and_(_of(organisation_id, about.side, [about.day]), archive_half_hours.c.fetched_at == about.fetched_at)
        statement = delete(archive_half_hours).where(same)
        self._database.write(lambda connection, _again: connection.execute(statement), patience_s=_PATIENCE_S)

    def purge(self, before: date) -> int:
        """Forget what is of days before that one, of every organisation; how many there were."""
        statement = delete(archive_half_hours).where(archive_half_hours.c.day < before)
        return self._database.write(lambda connection, _again: connection.execute(statement).rowcount)


class SqlChores:
    """What several processes do once between them: each turn is claimed, and done or given back.

    Args:
        clock: the moment where the database has no clock of its own.
    """

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock
        self._insert = (postgresql if database.is_postgres else sqlite).insert

    def claim(self, name: str, turn: str, owner: str, *, lease_s: float) -> Claim | None:
        """Take a turn that is neither done nor in anybody's hands nor waiting after a failure."""
        moment = self._database.moment(self._clock())
        there = self._insert(chores).values(name=name, done="", attempt=0)
        there = there.on_conflict_do_nothing(index_elements=[chores.c.name])
        take = (
            update(chores)
            .where(
                chores.c.name == name,
                chores.c.done < turn,
                or_(chores.c.lease_until.is_(None), chores.c.lease_until <= moment),
                or_(chores.c.not_before.is_(None), chores.c.not_before <= moment),
            )
            .values(
                owner=owner,
                attempt=chores.c.attempt + 1,
                lease_until=self._database.moment(self._clock(), after_s=lease_s),
                not_before=None,
            )
            .returning(chores.c.attempt)
        )

        mine = select(chores.c.attempt).where(chores.c.name == name, chores.c.owner == owner, chores.c.done < turn)

        def work(connection: Connection, again: bool) -> Claim | None:
            connection.execute(there)
            attempt = connection.scalar(take)
            if attempt is None and again:  # the first try may have come through, its confirmation lost
                attempt = connection.scalar(mine)
            return None if attempt is None else Claim(name, turn, attempt)

        return self._database.write(work)

    def is_done(self, name: str, turn: str) -> bool:
        """Whether that turn, or a later one, was done by anybody."""
        done = self._database.read(lambda connection: connection.scalar(_done(name)))
        return done is not None and done >= turn

    def done(self, claim: Claim) -> bool:
        """The turn is done; False: it is in other hands by now."""
        return self._end(claim, done=claim.turn)

    def put_back(self, claim: Claim, *, wait_s: float) -> bool:
        """The turn may be claimed again, later."""
        return self._end(claim, not_before=self._database.moment(self._clock(), after_s=wait_s))

    def _end(self, claim: Claim, **values: Any) -> bool:
        mine = and_(chores.c.name == claim.name, chores.c.attempt == claim.attempt, chores.c.owner.is_not(None))
        statement = update(chores).where(mine).values(owner=None, lease_until=None, **values)
        return self._database.write(lambda connection, again: connection.execute(statement).rowcount == 1 or again)


def _is(organisation_id: str, day: date) -> ColumnElement[bool]:
    return and_(archive_days.c.organisation_id == organisation_id, archive_days.c.day == day)


def _of(organisation_id: str, side: Side, days: Collection[date] | None) -> ColumnElement[bool]:
    table = archive_half_hours
    which = and_(table.c.organisation_id == organisation_id, table.c.side == side.value)
    return which if days is None else and_(which, table.c.day.in_(sorted(days)))


def _kept_half_hours(row: Any) -> KeptHalfHours:
    return KeptHalfHours(row.day, row.fetched_at, Side(row.side))


def _done(name: str) -> Any:
    return select(chores.c.done).where(chores.c.name == name)


def _kept(row: Any) -> KeptDay:
    return KeptDay(row.day, row.fetched_at, row.conversations, row.running)
