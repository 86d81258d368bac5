"""`FireLedger` over the table of fires: every change is one statement in a transaction of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, delete, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.scheduling import Destination, DestinationKind, Fire, FireKind, FireState
from bot.edges.db.tables import Instant, beats, fires

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date, time

    from sqlalchemy import ColumnElement, Connection, Row

    from bot.edges.db.engine import Database

LATE_AFTER = timedelta(minutes=5)
"""From here on a fire that is still owed counts as late in the gauges."""

_CHUNK = 500
_LONGEST_NOTE = 2_000
_OPEN = (FireState.DUE.value, FireState.HELD.value)


class SqlFireLedger:
    """The outbox, in a database.

    Args:
        clock: the moment of changes for which the caller names none.
    """

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock
        self._insert = (postgresql if database.is_postgres else sqlite).insert

    # --- opening and claiming ---

    def open(self, fires_owed: Sequence[Fire]) -> int:
        """Insert what isn't there yet, by key, all of it or nothing; how many were new."""
        rows = {fire.key: _row(fire) for fire in fires_owed}
        known = self.known(list(rows))  # mostly all of them: then nobody has to wait for a writer
        missing = [row for key, row in rows.items() if key not in known]
        if not missing:
            return 0
        statement = self._insert(fires).on_conflict_do_nothing(index_elements=[fires.c.key]).returning(fires.c.key)
        return self._database.write(lambda connection, _again: len(connection.execute(statement, missing).all()))

    def claim(self, owner: str, now: datetime, *, lease_s: float, busy: Collection[str] = ()) -> Fire | None:
        """Take the fire that has waited longest (due, or held beyond its lease), but to no busy destination.

        The attempt that it carries from now on is what every later change has to name.
        """
        moment = self._database.moment(now)
        due = and_(fires.c.state == FireState.DUE.value, func.coalesce(fires.c.not_before, fires.c.fire_at) <= moment)
        left = and_(fires.c.state == FireState.HELD.value, fires.c.lease_until <= moment)
        claimable = select(fires.c.key).where(or_(due, left))
        if busy:
            claimable = claimable.where(fires.c.destination_id.not_in(sorted(busy)))
        first = claimable.order_by(fires.c.fire_at, fires.c.key).limit(1).with_for_update(skip_locked=True)
        statement = (
            update(fires)
            # A scalar is looked up once; `in` might lock a row for each time the planner evaluates it.
            .where(fires.c.key == first.scalar_subquery())
            .values(
                state=FireState.HELD.value,
                owner=owner,
                attempt=fires.c.attempt + 1,
                lease_until=self._database.moment(now, after_s=lease_s),
                changed_at=moment,
            )
            .returning(*fires.c)
        )
        # A claim whose confirmation is lost stays with its lease, and comes back when that ends.
        row = self._database.write(lambda connection, _again: connection.execute(statement).one_or_none())
        return None if row is None else _fire(row)

    def release(self, owner: str) -> int:
        """Give back everything that this owner holds and that was never begun to be sent."""
        statement = (
            update(fires)
            .where(
                fires.c.owner == owner,
                fires.c.state == FireState.HELD.value,
                fires.c.first_sent_at.is_(None),
            )
            .values(state=FireState.DUE.value, owner=None, lease_until=None)
        )
        return self._database.write(lambda connection, _again: connection.execute(statement).rowcount)

    # --- what the holder of a fire may do ---

    def renew(self, fire: Fire, now: datetime, *, lease_s: float) -> bool:
        """Hold on to a fire for longer."""
        return self._change(fire, {"lease_until": self._database.moment(now, after_s=lease_s)})

    def freeze(self, fire: Fire, content: Mapping[str, Any], *, incomplete: bool) -> bool:
        """Set the message, once, before the first send."""
        return self._change(
            fire,
            {"content": dict(content), "incomplete": incomplete},
            only=fires.c.content.is_(None),
            landed=and_(_mine(fire), fires.c.content.is_not(None)),
        )

    def sending(self, fire: Fire, channel: str, now: datetime, *, lease_s: float | None = None) -> bool:
        """Note the channel and (the first time) the moment just before a send; renew the lease in the same breath."""
        values: dict[str, Any] = {
            "channel": channel,
            "first_sent_at": func.coalesce(fires.c.first_sent_at, literal(now, Instant)),
        }
        if lease_s is not None:
            values["lease_until"] = self._database.moment(now, after_s=lease_s)
        return self._change(fire, values)

    def sent(self, fire: Fire, ts: str, now: datetime, *, sweep_at: datetime | None) -> bool:
        """The post is in the channel."""
        return self._leave(
            fire,
            FireState.SENT,
            {"ts": ts, "error": None, "sweep_at": sweep_at, "changed_at": now},
            landed=fires.c.ts == ts,
        )

    def put_back(self, fire: Fire, *, not_before: datetime, error: str, nothing_sent: bool = False) -> bool:
        """Due again, later; with `nothing_sent` no earlier send can have left anything in the channel."""
        values: dict[str, Any] = {"not_before": not_before, "error": _note(error), "changed_at": self._clock()}
        if nothing_sent:
            values["first_sent_at"] = None
        return self._leave(fire, FireState.DUE, values)

    def finish(self, fire: Fire, state: FireState, reason: str, now: datetime) -> bool:
        """Unknown, skipped or failed, with the reason."""
        if state.value in {*_OPEN, FireState.SENT.value}:
            raise ValueError(f"{state.value} is no way to finish without a post")
        return self._leave(fire, state, {"reason": _note(reason), "changed_at": now})

    # --- afterwards ---

    def to_sweep(self, now: datetime, *, limit: int = 100) -> Sequence[Fire]:
        """Sent fires of more than one attempt whose channel is to be looked through."""
        statement = (
            select(fires)
            .where(fires.c.state == FireState.SENT.value, fires.c.sweep_at <= self._database.moment(now))
            .order_by(fires.c.sweep_at, fires.c.key)
            .limit(limit)
        )
        return self._fires(statement)

    def swept(self, fire: Fire, *, next_at: datetime | None) -> None:
        """A sweep is done; None: it was the last. Of several processes that swept at once one is counted."""
        statement = (
            update(fires)
            .where(fires.c.key == fire.key, fires.c.state == FireState.SENT.value, fires.c.sweeps == fire.sweeps)
            .values(sweeps=fires.c.sweeps + 1, sweep_at=next_at)
        )
        self._database.write(lambda connection, _again: connection.execute(statement))

    def took_back(self, fire: Fire) -> None:
        """A second copy of that post was deleted from its channel."""
        statement = update(fires).where(fires.c.key == fire.key).values(taken_back=fires.c.taken_back + 1)
        # Not repeated where it may have come through: a count that is one too low beats one that is too high.
        self._database.write(lambda connection, again: None if again else connection.execute(statement))

    # --- looking ---

    def fire(self, key: str) -> Fire | None:
        """One fire as it stands."""
        found = self._fires(select(fires).where(fires.c.key == key))
        return found[0] if found else None

    def known(self, keys: Sequence[str]) -> frozenset[str]:
        """Those of these keys that have a row."""

        def work(connection: Connection) -> frozenset[str]:
            found: set[str] = set()
            for start in range(0, len(keys), _CHUNK):
                chunk = keys[start : start + _CHUNK]
                found.update(connection.scalars(select(fires.c.key).where(fires.c.key.in_(chunk))))
            return frozenset(found)

        return self._database.read(work)

    def of_schedule(self, schedule_id: str, *, limit: int = 50) -> Sequence[Fire]:
        """The log of one schedule, newest first."""
        statement = (
            select(fires)
            .where(fires.c.schedule_id == schedule_id)
            .order_by(fires.c.fire_at.desc(), fires.c.key)
            .limit(limit)
        )
        return self._fires(statement)

    def of_slot(self, schedule_id: str, local_date: date, local_time: time) -> Sequence[Fire]:
        """All recipients of one slot."""
        statement = (
            select(fires)
            .where(
                fires.c.schedule_id == schedule_id,
                fires.c.local_date == local_date,
                fires.c.local_time == local_time,
            )
            .order_by(fires.c.key)
        )
        return self._fires(statement)

    def counts(self, now: datetime) -> Mapping[str, float]:
        """Gauges: `due_late`, `unknown`, `taken_back`, `skipped`, `failed` and `attempts_above_one`."""
        moment = self._database.moment(now, after_s=-LATE_AFTER.total_seconds())

        def number(condition: ColumnElement[bool]) -> ColumnElement[int]:
            return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

        statement = select(
            number(and_(fires.c.state.in_(_OPEN), fires.c.fire_at < moment)).label("due_late"),
            number(fires.c.state == FireState.UNKNOWN.value).label("unknown"),
            func.coalesce(func.sum(fires.c.taken_back), 0).label("taken_back"),
            number(fires.c.state == FireState.SKIPPED.value).label("skipped"),
            number(fires.c.state == FireState.FAILED.value).label("failed"),
            number(fires.c.attempt > 1).label("attempts_above_one"),
        )
        row = self._database.read(lambda connection: connection.execute(statement).one())
        return {name: float(value) for name, value in row._asdict().items()}

    # --- heartbeats and housekeeping ---

    def beat(self, process: str, now: datetime) -> None:
        """Stamp the heartbeat of one process's ticker."""
        statement = self._insert(beats).values(process=process, at=now)
        statement = statement.on_conflict_do_update(
            index_elements=[beats.c.process], set_={"at": statement.excluded.at}
        )
        self._database.write(lambda connection, _again: connection.execute(statement))

    def beats(self) -> Mapping[str, datetime]:
        """The last stamp of each process."""
        rows = self._database.read(lambda connection: connection.execute(select(beats.c.process, beats.c.at)).all())
        return {row.process: row.at for row in rows}

    def purge(self, before: datetime) -> int:
        """Forget finished fires older than that, and heartbeats of processes that are long gone."""

        def work(connection: Connection, _again: bool) -> int:
            connection.execute(delete(beats).where(beats.c.at < before))
            old = and_(fires.c.state.not_in(_OPEN), func.coalesce(fires.c.changed_at, fires.c.fire_at) < before)
            return connection.execute(delete(fires).where(old)).rowcount

        return self._database.write(work)

    # --- helpers ---

    def _leave(
        self, fire: Fire, state: FireState, values: Mapping[str, Any], *, landed: ColumnElement[bool] | None = None
    ) -> bool:
        """Give the fire another state, and the hold on it up."""
        there = and_(fires.c.key == fire.key, fires.c.attempt == fire.attempt, fires.c.state == state.value)
        return self._change(
            fire,
            {**values, "state": state.value, "owner": None, "lease_until": None},
            landed=there if landed is None else and_(there, landed),
        )

    def _change(
        self,
        fire: Fire,
        values: Mapping[str, Any],
        *,
        only: ColumnElement[bool] | None = None,
        landed: ColumnElement[bool] | None = None,
    ) -> bool:
        """One update of a fire that this attempt still holds.

        Args:
            only: a further condition.
            landed: what holds once the update has come through; asked where it is repeated after its confirmation
                was lost.
        """
        mine = _mine(fire) if only is None else and_(_mine(fire), only)
        statement = update(fires).where(mine).values(**values)

        def work(connection: Connection, again: bool) -> bool:
            if connection.execute(statement).rowcount == 1:
                return True
            if not again or landed is None:
                return False
            return connection.execute(select(fires.c.key).where(fires.c.key == fire.key, landed)).first() is not None

        return self._database.write(work)

    def _fires(self, statement: Any) -> list[Fire]:
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return [_fire(row) for row in rows]


def _mine(fire: Fire) -> ColumnElement[bool]:
    return and_(fires.c.key == fire.key, fires.c.attempt == fire.attempt, fires.c.state == FireState.HELD.value)


def _note(text: str) -> str:
    """Words that any database takes: no NUL, no half of a surrogate pair, of bearable length."""
    return text[:_LONGEST_NOTE].replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _row(fire: Fire) -> dict[str, Any]:
    return {
        "key": fire.key,
        "schedule_id": fire.schedule_id,
        "destination_kind": fire.destination.kind.value,
        "destination_id": fire.destination.id,
        "destination_slice": fire.destination.slice,
        "fire_at": fire.fire_at,
        "local_date": fire.local_date,
        "local_time": fire.local_time,
        "kind": fire.kind.value,
        "version": fire.version,
        "state": fire.state.value,
        "owner": fire.owner,
        "attempt": fire.attempt,
        "lease_until": fire.lease_until,
        "not_before": fire.not_before,
        "first_sent_at": fire.first_sent_at,
        "channel": fire.channel,
        "ts": fire.ts,
        "error": fire.error,
        "reason": fire.reason,
        "content": None if fire.content is None else dict(fire.content),
        "late": fire.late,
        "incomplete": fire.incomplete,
        "sweep_at": fire.sweep_at,
        "sweeps": fire.sweeps,
        "taken_back": 0,
        "changed_at": fire.changed_at,
    }


def _fire(row: Row[Any]) -> Fire:
    return Fire(
        key=row.key,
        schedule_id=row.schedule_id,
        destination=Destination(DestinationKind(row.destination_kind), row.destination_id, row.destination_slice),
        fire_at=row.fire_at,
        local_date=row.local_date,
        local_time=row.local_time,
        kind=FireKind(row.kind),
        version=row.version,
        state=FireState(row.state),
        owner=row.owner,
        attempt=row.attempt,
        lease_until=row.lease_until,
        not_before=row.not_before,
        first_sent_at=row.first_sent_at,
        channel=row.channel,
        ts=row.ts,
        error=row.error,
        reason=row.reason,
        content=row.content,
        late=row.late,
        incomplete=row.incomplete,
        sweep_at=row.sweep_at,
        sweeps=row.sweeps,
        changed_at=row.changed_at,
    )
