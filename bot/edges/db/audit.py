"""Looks at people's figures, kept so that both questions are quick: at whom did she look, who looked at her.

A group of agents is written once, however often it is looked at; a look names it by a digest of its ids.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, case, delete, exists, false, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.intervals import Interval
from bot.core.looks import ListedLook, Look, LookKind
from bot.edges.db.tables import look_agents, look_groups, looks

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from bot.edges.db.engine import Database

AGENTS_LISTED = 10
"""Agents of one look that are read back; the others are counted."""
_AT_ONCE = 1000
"""Rows of one statement."""


class SqlLooks:
    """The looks, in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = (postgresql if database.is_postgres else sqlite).insert

    def add(self, look: Look) -> None:
        """Keep one look, in one transaction; the same again, after a confirmation was lost, is the same row."""
        agents = sorted(set(look.whom))
        digest = hashlib.sha256("\n".join(agents).encode()).hexdigest()
        group = self._insert(look_groups).values(digest=digest, size=len(agents), last_at=look.at)
        # The update locks the row, so that nobody forgets the group before the look that needs it is there.
        later = case(
            (look_groups.c.last_at < group.excluded.last_at, group.excluded.last_at), else_=look_groups.c.last_at
        )
        group = group.on_conflict_do_update(index_elements=[look_groups.c.digest], set_={"last_at": later})
        row = self._insert(looks).values(
            id=uuid.uuid4().hex,
            at=look.at,
            who=look.who,
            digest=digest,
            kind=look.kind.value,
            door=look.door,
            channel=look.channel,
            starts_at=look.window.start if look.window else None,
            ends_at=look.window.end if look.window else None,
        )
        row = row.on_conflict_do_nothing(index_elements=[looks.c.id])
        known = select(look_agents.c.digest).where(look_agents.c.digest == digest).limit(1)

        def work(connection: Connection, _again: bool) -> None:
            connection.execute(group)
            if agents and connection.scalar(known) is None:
                for i in range(0, len(agents), _AT_ONCE):
                    rows = [{"digest": digest, "agent_id": agent} for agent in agents[i : i + _AT_ONCE]]
                    connection.execute(self._insert(look_agents), rows)
            connection.execute(row)

        self._database.write(work)

    def find(
        self, window: Interval, *, by: Collection[str] | None, at: Collection[str] | None, limit: int
    ) -> tuple[int, Sequence[ListedLook]]:
        """Looks within that time: how many, and the newest of them.

        Args:
            by: looks of these people, …
            at: … or at these agents; both None: all.
        """
        # As written by the bot's own clock, like the window.
        wanted: list[ColumnElement[bool]] = [looks.c.at >= window.start, looks.c.at < window.end]
        if by is not None or at is not None:
            wanted.append(or_(_by(by), _at(at)))
        count = select(func.count()).select_from(looks).where(*wanted)
        newest = (
            select(looks, look_groups.c.size)
            .join(look_groups, look_groups.c.digest == looks.c.digest)
            .where(*wanted)
            .order_by(looks.c.at.desc(), looks.c.id)
            .limit(limit)
        )

        def work(connection: Connection) -> tuple[int, Sequence[ListedLook]]:
            rows = connection.execute(newest).all()
            named = {digest: _agents(connection, digest, at) for digest in {row.digest for row in rows}}
            return connection.scalar(count) or 0, [ListedLook(_look(row, named[row.digest]), row.size) for row in rows]

        return self._database.read(work)

    def purge(self, before: datetime) -> int:
        """Forget looks before that moment, and groups that no look names any more; how many looks."""
        old = delete(looks).where(looks.c.at < before)
        unused = delete(look_groups).where(
            look_groups.c.last_at < before, ~exists().where(looks.c.digest == look_groups.c.digest)
        )

        def work(connection: Connection, _again: bool) -> int:
            gone = connection.execute(old).rowcount
            connection.execute(unused)
            return gone

        return self._database.write(work)


def _by(people: Collection[str] | None) -> ColumnElement[bool]:
    return looks.c.who.in_(sorted(people)) if people else false()


def _at(agents: Collection[str] | None) -> ColumnElement[bool]:
    if not agents:
        return false()
    return looks.c.digest.in_(select(look_agents.c.digest).where(look_agents.c.agent_id.in_(sorted(agents))))


def _agents(connection: Connection, digest: str, first: Collection[str] | None) -> tuple[str, ...]:
    """The first few agents of a group, those who were asked about before the others."""
    asked = case((look_agents.c.agent_id.in_(sorted(first or ())), 0), else_=1)
    statement = (
        select(look_agents.c.agent_id)
        .where(look_agents.c.digest == digest)
        .order_by(asked, look_agents.c.agent_id)
        .limit(AGENTS_LISTED)
    )
    return tuple(connection.scalars(statement))


def _look(row: Row[Any], agents: tuple[str, ...]) -> Look:
    window = Interval(row.starts_at, row.ends_at) if row.starts_at and row.ends_at else None
    return Look(row.at, row.who, agents, LookKind(row.kind), row.door, window, row.channel)
