"""The outbox on SQLite and on Postgres: claims, fences, leases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.core.scheduling import Destination, DestinationKind, Fire, FireKind, FireState
from bot.edges.db.engine import Database
from bot.edges.db.ledger import SqlFireLedger

EIGHT = datetime(2026, 11, 24, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def fire(number: int = 0, **more: object) -> Fire:
    given: dict = {
        "key": f"s1:2026-11-24T08:00:C{number}",
        "schedule_id": "s1",
        "destination": Destination(DestinationKind.CHANNEL, f"C{number}"),
        "fire_at": EIGHT,
        "local_date": date(2026, 11, 24),
        "local_time": time(8),
    }
    return Fire(**(given | more))


@pytest.fixture
def ledger(database: Database) -> SqlFireLedger:
    return SqlFireLedger(database, clock=lambda: EIGHT)


def claimed(ledger: SqlFireLedger, owner: str = "p1", at: datetime = EIGHT, lease_s: float = 60) -> Fire:
    found = ledger.claim(owner, at, lease_s=lease_s)
    assert found is not None
    return found


def test_a_fire_is_opened_once_however_often_it_is_offered(ledger: SqlFireLedger) -> None:
    assert ledger.open([fire(0), fire(1)]) == 2
    assert ledger.open([fire(0), fire(1), fire(2)]) == 1
    assert len(ledger.of_schedule("s1")) == 3


def test_a_fire_comes_back_as_it_was_opened(ledger: SqlFireLedger) -> None:
    skipped = fire(0, state=FireState.SKIPPED, reason="too late", late=True, kind=FireKind.RUN, version=3)

    ledger.open([skipped])

    assert ledger.fire(skipped.key) == skipped


def test_a_fire_is_claimed_when_it_is_due_and_not_before(ledger: SqlFireLedger) -> None:
    ledger.open([fire()])

    assert ledger.claim("p1", EIGHT - timedelta(seconds=1), lease_s=60) is None
    mine = claimed(ledger)

    assert (mine.state, mine.owner, mine.attempt) == (FireState.HELD, "p1", 1)
    assert mine.lease_until == EIGHT + MINUTE
    assert ledger.claim("p2", EIGHT, lease_s=60) is None


def test_a_lease_that_ended_lets_another_take_over(ledger: SqlFireLedger) -> None:
    ledger.open([fire()])
    first = claimed(ledger)

    assert ledger.claim("p2", EIGHT + MINUTE - timedelta(seconds=1), lease_s=60) is None
    second = claimed(ledger, "p2", EIGHT + MINUTE)

    assert (second.owner, second.attempt) == ("p2", first.attempt + 1)


def test_a_renewed_lease_holds(ledger: SqlFireLedger) -> None:
    ledger.open([fire()])
    mine = claimed(ledger)

    assert ledger.renew(mine, EIGHT + MINUTE / 2, lease_s=60)
    assert ledger.claim("p2", EIGHT + MINUTE, lease_s=60) is None


def test_whoever_lost_a_fire_can_change_nothing(ledger: SqlFireLedger) -> None:
    ledger.open([fire()])
    stale = claimed(ledger)
    current = claimed(ledger, "p2", EIGHT + MINUTE)
    later = EIGHT + 2 * MINUTE

    assert not ledger.renew(stale, later, lease_s=60)
    assert not ledger.freeze(stale, {"text": "stale"}, incomplete=False)
    assert not ledger.sending(stale, "C0", later)
    assert not ledger.sent(stale, "1.1", later, sweep_at=None)
    assert not ledger.put_back(stale, not_before=later, error="stale")
    assert not ledger.finish(stale, FireState.FAILED, "stale", later)
    assert ledger.fire(current.key) == replace(current, changed_at=EIGHT + MINUTE)


def test_content_is_frozen_once(ledger: SqlFireLedger) -> None:
    ledger.open([fire()])
    mine = claimed(ledger)

    assert ledger.freeze(mine, {"b": 1, "a": ["é", None]}, incomplete=True)
    assert not ledger.freeze(mine, {"b": 2}, incomplete=False)

    kept = ledger.fire(mine.key)
    assert kept is not None
    assert list((kept.content or {}).items()) == [("b", 1), ("a", ["é", None])]
    assert kept.incomplete


def test_the_first_send_is_stamped_once(ledger: SqlFireLedger) -> None:
    ledger.open([fire()])
    mine = claimed(ledger)
    ledger.sending(mine, "C0", EIGHT)
    ledger.sending(mine, "C0", EIGHT + MINUTE / 2)

    kept = ledger.fire(mine.key)

    assert kept is not None
    assert kept.first_sent_at == EIGHT


def test_a_sent_fire_is_nobodys_any_more(ledger: SqlFireLedger) -> None:
    ledger.open([fire()])
    mine = claimed(ledger)

    assert ledger.sent(mine, "1.1", EIGHT, sweep_at=None)

    kept = ledger.fire(mine.key)
    assert kept is not None
    assert (kept.state, kept.ts, kept.owner, kept.lease_until) == (FireState.SENT, "1.1", None, None)
    assert ledger.claim("p2", EIGHT + timedelta(days=1), lease_s=60) is None
    assert not ledger.sent(mine, "2.2", EIGHT, sweep_at=None)


def test_what_was_put_back_waits_until_its_time(ledger: SqlFireLedger) -> None:
    ledger.open([fire()])
    ledger.put_back(claimed(ledger), not_before=EIGHT + 5 * MINUTE, error="ratelimited")

    assert ledger.claim("p1", EIGHT + 4 * MINUTE, lease_s=60) is None
    assert claimed(ledger, at=EIGHT + 5 * MINUTE).attempt == 2


def test_a_finished_fire_says_why(ledger: SqlFireLedger) -> None:
    ledger.open([fire()])
    ledger.finish(claimed(ledger), FireState.FAILED, "not_in_channel\0", EIGHT)

    kept = ledger.fire(fire().key)

    assert kept is not None
    assert (kept.state, kept.reason) == (FireState.FAILED, "not_in_channel")


def test_a_busy_channel_is_left_for_later(ledger: SqlFireLedger) -> None:
    ledger.open([fire(0), fire(1, fire_at=EIGHT - MINUTE)])

    first = ledger.claim("p1", EIGHT, lease_s=60, busy={"C1"})

    assert first is not None
    assert first.destination.id == "C0"
    assert ledger.claim("p1", EIGHT, lease_s=60, busy={"C1"}) is None
    assert claimed(ledger).destination.id == "C1"


def test_the_one_that_waited_longest_goes_first(ledger: SqlFireLedger) -> None:
    ledger.open([fire(n, fire_at=EIGHT - n * MINUTE) for n in range(4)])

    assert [claimed(ledger).destination.id for _ in range(4)] == ["C3", "C2", "C1", "C0"]


def test_a_stopping_process_gives_back_what_it_never_began_to_send(ledger: SqlFireLedger) -> None:
    ledger.open([fire(0), fire(1)])
    begun, idle = claimed(ledger), claimed(ledger)
    ledger.sending(begun, "C0", EIGHT)

    assert ledger.release("p1") == 1

    assert claimed(ledger, "p2").key == idle.key
    assert ledger.claim("p2", EIGHT, lease_s=60) is None


def test_a_sweep_is_counted_once_whoever_does_it(ledger: SqlFireLedger) -> None:
    ledger.open([fire()])
    ledger.sent(claimed(ledger), "1.1", EIGHT, sweep_at=EIGHT + MINUTE)
    assert ledger.to_sweep(EIGHT) == []
    (seen,) = ledger.to_sweep(EIGHT + MINUTE)

    ledger.swept(seen, next_at=EIGHT + 11 * MINUTE)
    ledger.swept(seen, next_at=None)

    (again,) = ledger.to_sweep(EIGHT + 11 * MINUTE)
    assert again.sweeps == 1


def test_the_gauges_count_what_needs_a_look(ledger: SqlFireLedger) -> None:
    ledger.open([fire(n) for n in range(3)] + [fire(3, state=FireState.SKIPPED, reason="too late")])
    ledger.finish(claimed(ledger), FireState.UNKNOWN, "may be there", EIGHT)
    ledger.took_back(fire(0))

    counts = ledger.counts(EIGHT + 10 * MINUTE)

    assert counts["due_late"] == 2
    assert (counts["unknown"], counts["skipped"], counts["taken_back"]) == (1, 1, 1)
    assert ledger.counts(EIGHT + MINUTE)["due_late"] == 0


def test_heartbeats_and_old_fires_are_purged(ledger: SqlFireLedger) -> None:
    ledger.beat("p1", EIGHT)
    ledger.beat("p1", EIGHT + MINUTE)
    ledger.open([fire(0), fire(1, state=FireState.SKIPPED, reason="old", changed_at=EIGHT)])
    assert ledger.beats() == {"p1": EIGHT + MINUTE}

    assert ledger.purge(EIGHT + timedelta(days=90)) == 1

    assert ledger.beats() == {}
    assert [kept.key for kept in ledger.of_schedule("s1")] == [fire(0).key]  # still owed


def test_claimers_at_once_never_hold_the_same_fire(ledger: SqlFireLedger) -> None:
    ledger.open([fire(n) for n in range(40)])
    taken: list[str] = []
    lock = threading.Lock()

    def work(owner: str) -> None:
        while (mine := ledger.claim(owner, EIGHT, lease_s=60)) is not None:
            with lock:
                taken.append(mine.key)

    threads = [threading.Thread(target=work, args=(f"p{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(taken) == len(set(taken)) == 40


def test_openers_at_once_open_each_fire_once(ledger: SqlFireLedger) -> None:
    opened: list[int] = []
    fires = [fire(n) for n in range(30)]
    threads = [threading.Thread(target=lambda: opened.append(ledger.open(fires))) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sum(opened) == 30
