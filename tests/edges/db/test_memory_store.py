"""What is kept of people, on SQLite and on Postgres."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from bot.core.defaults import Defaults, DurationStyle
from bot.core.memos import Asked, Link, Saved
from bot.edges.db.engine import Database
from bot.edges.db.memory import SqlMemoryStore
from bot.edges.db.tables import choices
from bot.ports import EverythingKept, KeptSnapshot, PersonKept
from tests.databases import confirmations_lost

NOW = datetime(2026, 11, 24, 8, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CHOSEN = Defaults(zone="Asia/Kathmandu", columns=("handle_s", "acw_s"), durations=DurationStyle.DECIMAL, week_start=6)
LINK = Link("U1", "agent-1", "U9", NOW)


def saved(name: str = "Morning", **more: object) -> Saved:
    given: dict = {"question": 'yesterday team:"Back Office"', "owner_id": "U1", "for_channel": False, "by": "U1"}
    return Saved(name=name, at=NOW, **(given | more))


@pytest.fixture
def store(database: Database) -> SqlMemoryStore:
    return SqlMemoryStore(database)


def test_choices_and_a_link_come_back_whole_and_the_last_ones_count(store: SqlMemoryStore) -> None:
    assert store.person("U1") == PersonKept()

    store.choose("U1", Defaults(zone="Europe/London"), NOW)
    store.choose("U1", CHOSEN, NOW)
    store.link(Link("U1", None, "U1", NOW))
    store.link(LINK)

    assert store.person("U1") == PersonKept(CHOSEN, LINK)
    assert store.person("U2") == PersonKept()
    store.choose("U1", Defaults(), NOW)
    assert store.person("U1") == PersonKept(Defaults(), LINK)


def test_choices_that_another_version_wrote_cost_nobody_the_others(store: SqlMemoryStore, database: Database) -> None:
    store.choose("U1", CHOSEN, NOW)
    words = {"zone": "Asia/Kathmandu", "colour": "blue", "headline": "a metric of tomorrow"}
    database.write(lambda connection, _again: connection.execute(update(choices).values(words=words)))

    assert store.person("U1").defaults == Defaults(zone="Asia/Kathmandu")


def test_a_name_is_one_question_whatever_its_case_and_accents(store: SqlMemoryStore) -> None:
    other = saved(owner_id="C1", for_channel=True)
    assert store.save(saved("Früh"), most=2)
    assert store.save(saved("frueh"), most=2)
    assert store.save(other, most=2)
    assert store.save(saved("FRUH", question="today"), most=2)

    assert not store.save(saved("third"), most=2)
    assert [(s.name, s.question) for s in store.saved(["U1"])] == [
        ("frueh", 'yesterday team:"Back Office"'),
        ("FRUH", "today"),
    ]
    assert store.saved(["C1"]) == [other]
    assert store.unsave("U1", "früh")
    assert not store.unsave("U1", "früh")
    assert [s.name for s in store.saved(["U1", "C1"])] == ["Morning", "frueh"]


def test_what_somebody_saved_for_a_channel_stays_when_another_is_as_quick(store: SqlMemoryStore) -> None:
    first = saved(owner_id="C1", for_channel=True, by="U1")
    late = saved(owner_id="C1", for_channel=True, by="U2", question="today")
    assert store.save(first, most=2, takes_over=False)
    assert store.save(late, most=2, takes_over=False) is None
    assert store.saved(["C1"]) == [first]
    assert store.save(replace(first, question="today"), most=2, takes_over=False)
    assert store.save(late, most=2)
    assert store.saved(["C1"]) == [late]


def test_the_last_questions_are_few_and_each_is_there_once(store: SqlMemoryStore) -> None:
    for number, text in enumerate(("a", "b", "a", "c", "d")):
        store.remember("U1", Asked(text, NOW + number * MINUTE), None, most=3)
    store.remember("U2", Asked("x" * 1000, NOW), None, most=3)

    assert store.last_questions("U1", 9) == [Asked(t, NOW + n * MINUTE) for t, n in (("d", 4), ("c", 3), ("a", 2))]
    assert store.last_questions("U1", 1) == [Asked("d", NOW + 4 * MINUTE)]
    assert store.last_questions("U2", 9) == [Asked("x" * 1000, NOW)]


def test_what_was_shown_is_kept_until_its_time_is_over(store: SqlMemoryStore) -> None:
    shown = KeptSnapshot("q", NOW, NOW + 15 * MINUTE, b"\x00figures")
    store.remember("U1", Asked("today", NOW), shown, most=3)

    assert store.snapshot("U1", "q", NOW + 14 * MINUTE) == b"\x00figures"
    assert store.snapshot("U1", "q", NOW + 15 * MINUTE) is None
    assert store.snapshot("U2", "q", NOW) is None
    assert store.purge(NOW + 14 * MINUTE, asked_before=NOW) == 0
    assert store.purge(NOW + 15 * MINUTE, asked_before=NOW + MINUTE) == 2
    assert store.last_questions("U1", 1) == []


def test_answers_beyond_the_newest_few_are_forgotten(store: SqlMemoryStore) -> None:
    for number in range(4):
        shown = KeptSnapshot(f"q{number}", NOW + number * MINUTE, NOW + timedelta(days=7), b"x")
        store.remember("U1", Asked(f"question {number}", NOW + number * MINUTE), shown, most=2)

    assert [store.snapshot("U1", f"q{n}", NOW) for n in range(4)] == [None, None, b"x", b"x"]


def test_all_of_it_is_carried_over_once_and_changes_nothing_the_second_time(store: SqlMemoryStore) -> None:
    everything = EverythingKept(
        defaults={"U1": CHOSEN, "U2": Defaults(team="Billing")},
        saved=[saved(), saved("Standup", owner_id="C1", for_channel=True)],
        links=[LINK, Link("U2", None, "U2", NOW)],
    )
    store.choose("U1", Defaults(zone="Europe/London"), NOW)
    store.save(saved("Mine"), most=9)

    assert store.bring_in(everything, NOW) == {"settings": (1, 1), "saved": (2, 0), "links": (2, 0)}
    assert store.bring_in(everything, NOW) == {"settings": (0, 0), "saved": (0, 0), "links": (0, 0)}
    kept = store.everything()
    assert (kept.defaults, kept.links) == (everything.defaults, everything.links)
    assert {(s.owner_id, s.name) for s in kept.saved} == {("U1", "Mine"), ("U1", "Morning"), ("C1", "Standup")}


def test_a_repeated_write_leaves_one_row(store: SqlMemoryStore, database: Database) -> None:
    with confirmations_lost(database, 1):
        assert store.save(saved(), most=1)
    with confirmations_lost(database, 1):
        store.remember("U1", Asked("today", NOW), None, most=3)
    with confirmations_lost(database, 1):
        assert store.unsave("U1", "Morning")

    assert store.saved(["U1"]) == []
    assert store.last_questions("U1", 9) == [Asked("today", NOW)]
