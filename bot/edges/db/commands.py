"""Accepted commands, kept until they are answered: whichever process dies, another one finds them here."""

from __future__ import annotations

import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.edges.db.tables import commands, taken_keys
from bot.ports import Submission

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from sqlalchemy import Connection, Row

    from bot.edges.db.engine import Database

PATIENCE_S = 1.5
"""How long a hand-in is tried again: Slack waits three seconds for the ack that follows it."""

_TURN_S = 0.3
"""How long a thread waits for its turn before it tries SQLite's lock like a stranger."""

ORPHANED_AFTER_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class StoredCommand:
    """One accepted delivery as plain values. `attempt` is the fencing token of whoever works on it."""

    key: str
    """The same for every copy of the delivery."""
    kind: str
    """Which handler answers it."""
    requester_id: str
    payload: Mapping[str, Any]
    """What the handler needs, as JSON: the text, and where the answer goes."""
    accepted_at: datetime
    answer_by: datetime
    """From then on the person is told instead: nobody waits that long, or the way back has closed."""
    attempt: int = 0


class _Full(Exception):
    """Takes the key of a hand-in back, for which there was no room."""


class SqlCommandQueue:
    """The queue, in a database that any number of processes share.

    Args:
        capacity: commands that may wait; processes that hand in at the same moment may pass it by one each.
        clock: the moment where the database has no clock of its own.
    """

    def __init__(
        self,
        database: Database,
        *,
        capacity: int = 200,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._capacity = capacity
        self._clock = clock
        self._insert = (postgresql if database.is_postgres else sqlite).insert
        self._turn = threading.Lock()

    def put(
        self, command: StoredCommand, *, keep_s: float, holder: str | None = None, lease_s: float = 0.0
    ) -> Submission:
        """Take a command once for each key, and remember the key, in one transaction.

        A refused hand-in doesn't use its key up: the same delivery may come again and find room.

        Args:
            keep_s: for how long a second hand-in under the same key counts as a duplicate.
            holder: who works on it already, in its first attempt, for as long as the lease; None: it waits.
        Raises:
            StoreError: it may or may not have been taken; the person should be asked to try again.
        """
        token = uuid.uuid4().hex
        moment = self._database.moment(self._clock())
        key = self._insert(taken_keys).values(
            key=command.key, token=token, keep_until=self._database.moment(self._clock(), after_s=keep_s)
        )
        key = key.on_conflict_do_update(
            index_elements=[taken_keys.c.key],
            set_={"token": key.excluded.token, "keep_until": key.excluded.keep_until},
            where=taken_keys.c.keep_until <= moment,
        )
        row = self._insert(commands).values(
            key=command.key,
            kind=command.kind,
            requester_id=command.requester_id,
            payload=dict(command.payload),
            accepted_at=command.accepted_at,
            answer_by=command.answer_by,
            owner=holder,
            attempt=0 if holder is None else 1,
            lease_until=None if holder is None else self._database.moment(self._clock(), after_s=lease_s),
        )
        row = row.on_conflict_do_nothing(index_elements=[commands.c.key])

        def work(connection: Connection, again: bool) -> Submission:
            if connection.execute(key.returning(taken_keys.c.key)).first() is None:
                # A repetition may meet the key that its first try took, although the confirmation was lost.
                kept = select(taken_keys.c.token).where(taken_keys.c.key == command.key)
                ours = again and connection.scalar(kept) == token
                return Submission(accepted=ours, duplicate=not ours)
            if holder is None and _number(connection, commands.c.owner.is_(None)) >= self._capacity:
                raise _Full
            taken = connection.execute(row.returning(commands.c.key)).first() is not None
            return Submission(accepted=taken, duplicate=not taken)

        try:
            with self._in_turn():
                return self._database.write(work, patience_s=PATIENCE_S)
        except _Full:
            return Submission(accepted=False)

    def claim(self, owner: str, *, kinds: Collection[str], lease_s: float) -> StoredCommand | None:
        """Take the command that has waited longest, or that its holder left unanswered beyond the lease.

        Args:
            kinds: what this process has handlers for; another version's commands are left to that version.
        """
        moment = self._database.moment(self._clock())
        first = (
            select(commands.c.key)
            .where(
                commands.c.kind.in_(sorted(kinds)),
                or_(commands.c.owner.is_(None), commands.c.lease_until <= moment),
            )
            .order_by(commands.c.accepted_at, commands.c.key)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        statement = (
            update(commands)
            .where(commands.c.key == first.scalar_subquery())
            .values(
                owner=owner,
                attempt=commands.c.attempt + 1,
                lease_until=self._database.moment(self._clock(), after_s=lease_s),
            )
            .returning(*commands.c)
        )
        row = self._database.write(lambda connection, _again: connection.execute(statement).one_or_none())
        return None if row is None else _command(row)

    def renew(self, command: StoredCommand, *, lease_s: float) -> bool:
        """Hold on to a command for longer; False: another process has it by now."""
        until = self._database.moment(self._clock(), after_s=lease_s)
        statement = update(commands).where(_mine(command)).values(lease_until=until)
        return self._database.write(lambda connection, _again: connection.execute(statement).rowcount == 1)

    def renew_all(self, holder: str, keys: Collection[str], *, lease_s: float) -> int:
        """Hold on to all of these that this holder still has; how many."""
        if not keys:
            return 0
        until = self._database.moment(self._clock(), after_s=lease_s)
        mine = and_(commands.c.owner == holder, commands.c.key.in_(sorted(keys)))
        statement = update(commands).where(mine).values(lease_until=until)
        return self._database.write(lambda connection, _again: connection.execute(statement).rowcount)

    def done(self, command: StoredCommand) -> bool:
        """The person has her answer, or knows that there is none; False: another process has it by now."""
        statement = delete(commands).where(_mine(command))
        with self._in_turn():
            return self._database.write(lambda connection, again: connection.execute(statement).rowcount == 1 or again)

    def withdraw(self, key: str, requester_id: str) -> bool:
        """Forget a command of that person, whoever holds it; False: it is done already, or hers it is not."""
        hers = and_(commands.c.key == key, commands.c.requester_id == requester_id)
        statement = delete(commands).where(hers)
        return self._database.write(lambda connection, again: connection.execute(statement).rowcount == 1 or again)

    def stands(self, key: str) -> bool:
        """Whether a command is still to be answered."""
        statement = select(commands.c.key).where(commands.c.key == key)
        return self._database.read(lambda connection: connection.execute(statement).first()) is not None

    def give_back(self, command: StoredCommand) -> bool:
        """Let another process have it at once; False: one has it already."""
        statement = update(commands).where(_mine(command)).values(owner=None, lease_until=None)
        return self._database.write(lambda connection, again: connection.execute(statement).rowcount == 1 or again)

    def counts(self) -> Mapping[str, int]:
        """Gauges: commands `waiting`, and `at_work` in any process."""
        held = commands.c.owner.is_not(None)
        statement = select(
            func.coalesce(func.sum(case((held, 0), else_=1)), 0).label("waiting"),
            func.coalesce(func.sum(case((held, 1), else_=0)), 0).label("at_work"),
        )
        row = self._database.read(lambda connection: connection.execute(statement).one())
        return {"waiting": int(row.waiting), "at_work": int(row.at_work)}

    def purge(self) -> int:
        """Forget the keys whose time is over, and commands that nobody had a handler for; how many keys."""
        keys = delete(taken_keys).where(taken_keys.c.keep_until <= self._database.moment(self._clock()))
        orphans = delete(commands).where(
            commands.c.answer_by <= self._database.moment(self._clock(), after_s=-ORPHANED_AFTER_S)
        )

        def work(connection: Connection, _again: bool) -> int:
            connection.execute(orphans)
            return connection.execute(keys).rowcount

        return self._database.write(work)

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """One writer of this process after the other: those who find SQLite locked sleep longer and longer."""
        mine = not self._database.is_postgres and self._turn.acquire(timeout=_TURN_S)
        try:
            yield
        finally:
            if mine:
                self._turn.release()


def _mine(command: StoredCommand) -> ColumnElement[bool]:
    return and_(commands.c.key == command.key, commands.c.attempt == command.attempt, commands.c.owner.is_not(None))


def _number(connection: Connection, condition: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(commands).where(condition)) or 0


def _command(row: Row[Any]) -> StoredCommand:
    return StoredCommand(
        key=row.key,
        kind=row.kind,
        requester_id=row.requester_id,
        payload=row.payload,
        accepted_at=row.accepted_at,
        answer_by=row.answer_by,
        attempt=row.attempt,
    )
