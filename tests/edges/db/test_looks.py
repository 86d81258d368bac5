"""Who looked at whom, on SQLite and on Postgres."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from bot.core.intervals import Interval
from bot.core.looks import Look, LookKind
from bot.edges.db.audit import AGENTS_LISTED, SqlLooks
from bot.edges.db.engine import Database
from bot.edges.db.tables import look_agents, look_groups, looks
from tests.databases import confirmations_lost, together

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = Interval(AT, AT + timedelta(days=1))
RANGE = Interval(AT - timedelta(days=1), AT)


def look(who: str, *whom: str, at: datetime = AT, **more: object) -> Look:
    given: dict = {"kind": LookKind.FIGURES, "door": "command", "window": RANGE, "channel": None}
    return Look(at=at, who=who, whom=whom, **(given | more))


@pytest.fixture
def kept(database: Database) -> SqlLooks:
    return SqlLooks(database)


def found(kept: SqlLooks, *, by: set[str] | None = None, at: set[str] | None = None, limit: int = 50) -> list[str]:
    count, listed = kept.find(DAY, by=by, at=at, limit=limit)
    assert count >= len(listed)
    return [one.look.who for one in listed]


def count(database: Database, table: object) -> int:
    return database.read(lambda connection: connection.scalar(select(func.count()).select_from(table)))


def test_a_look_comes_back_whole_and_both_questions_find_it(kept: SqlLooks) -> None:
    first = look("U1", "ana", "ben", door="button", channel="C1")
    for one in (first, look("U2", "cleo", at=AT + HOUR), look("U2", at=AT + 2 * HOUR, kind=LookKind.AUDIT)):
        kept.add(one)

    assert found(kept) == ["U2", "U2", "U1"]
    assert found(kept, by={"U1"}, at=set()) == ["U1"]
    assert found(kept, by=None, at={"cleo", "nobody"}) == ["U2"]
    assert found(kept, by={"U1"}, at={"cleo"}) == ["U2", "U1"]
    assert found(kept, by=None, at=set()) == []
    total, (listed,) = kept.find(DAY, by={"U1"}, at=None, limit=9)
    assert (total, listed.look, listed.count) == (1, first, 2)
    assert kept.find(DAY, by=None, at=None, limit=1)[0] == 3


def test_looks_outside_the_time_are_not_found(kept: SqlLooks) -> None:
    kept.add(look("U1", "ana", at=DAY.end))

    assert found(kept) == []


def test_a_large_group_is_written_once_and_read_back_with_those_asked_about(kept: SqlLooks, database: Database) -> None:
    floor = [f"agent-{number:05}" for number in range(2_500)]
    for number in range(3):
        kept.add(look("U1", *floor, at=AT + number * HOUR))

    assert count(database, look_agents) == 2_500
    total, listed = kept.find(DAY, by=None, at={floor[-1]}, limit=2)
    assert (total, [one.count for one in listed]) == (3, [2_500, 2_500])
    assert listed[0].look.whom == (floor[-1], *floor[: AGENTS_LISTED - 1])


def test_old_looks_are_forgotten_and_groups_that_no_look_names_with_them(kept: SqlLooks, database: Database) -> None:
    kept.add(look("U1", "ana"))
    kept.add(look("U1", "ben"))
    kept.add(look("U2", "ben", at=AT + HOUR))

    assert kept.purge(AT + HOUR) == 2
    assert found(kept) == ["U2"]
    assert [count(database, table) for table in (looks, look_groups, look_agents)] == [1, 1, 1]
    assert kept.purge(AT + 2 * HOUR) == 1
    assert [count(database, table) for table in (looks, look_groups, look_agents)] == [0, 0, 0]


def test_a_look_whose_confirmation_was_lost_is_there_once(kept: SqlLooks, database: Database) -> None:
    with confirmations_lost(database, 1):
        kept.add(look("U1", "ana"))

    assert found(kept) == ["U1"]


def test_looks_at_the_same_new_group_and_a_purge_go_side_by_side(kept: SqlLooks) -> None:
    floor = [f"agent-{number}" for number in range(50)]

    together(*(lambda n=n: kept.add(look(f"U{n}", *floor)) for n in range(6)), lambda: kept.purge(AT))

    assert sorted(found(kept, at={"agent-7"})) == [f"U{n}" for n in range(6)]
