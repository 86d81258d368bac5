"""The outbox against a plain model of it, with processes that crash, freeze and come back at every step.

Each hand in the machine is one process that claimed a fire. It follows the order that posting follows (look before
a second send, freeze, stamp and renew, send, record), some steps at a time, so that anything may happen in between:
the clock goes on, the process dies, or it sleeps beyond its lease and goes on as if nothing had happened.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete

from bot.core.scheduling import Destination, DestinationKind, Fire, FireState
from bot.edges.db.engine import Database
from bot.edges.db.ledger import SqlFireLedger
from bot.edges.db.tables import fires, metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

EIGHT = datetime(2026, 11, 24, 8, tzinfo=UTC)
LEASE_S = 60.0
SETTLE = timedelta(seconds=13)
LOOK_BACK = timedelta(seconds=5)
BETWEEN_SWEEPS = timedelta(minutes=10)
LONGEST_SLEEP = timedelta(minutes=8)
"""A frozen process that wakes up and sends later than that, counted from the end of its lease, is beyond the last
sweep: the promise doesn't cover it."""
FIRES = 3
FINISHED = {FireState.SENT, FireState.UNKNOWN, FireState.SKIPPED, FireState.FAILED}


@dataclass(frozen=True, slots=True)
class Fate:
    """What one process meets on its way."""

    outcome: str = "taken"
    """taken: Slack says so; silent: it took it without a word; nothing: silent, and not taken; else refused."""
    arrives_after_s: int = 0
    may_look: bool = True
    skipped: bool = False
    incomplete: bool = False


_acts = st.sampled_from(
    [
        *("time passes", "time passes", "time passes"),
        *("claim", "claim", "claim", "go on", "go on", "go on"),
        *("keep", "crash", "stop in order", "sweep", "open"),
    ]
)
_which = st.integers(0, 5)
_steps = st.sampled_from([4, 3, 4, 3, 5, 1, 2])
_seldom = st.integers(0, 9).map(lambda number: number == 7)
_fates = st.builds(
    Fate,
    outcome=st.sampled_from(["taken", "taken", "taken", "silent", "silent", "nothing", "ratelimited", "refused"]),
    arrives_after_s=st.sampled_from([0, 0, 3, 12, 30]),
    may_look=_seldom.map(lambda seldom: not seldom),
    skipped=_seldom,
    incomplete=st.booleans(),
)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def owed(number: int) -> Fire:
    return Fire(
        key=f"s1:{number}",
        schedule_id="s1",
        destination=Destination(DestinationKind.CHANNEL, f"C{number % 3}"),
        fire_at=EIGHT + seconds(20 * (number % 3)),
        local_date=date(2026, 11, 24),
        local_time=time(8),
    )


class PlainLedger:
    """What the outbox is to do, in a dict."""

    def __init__(self) -> None:
        self.rows: dict[str, Fire] = {}
        self.taken_back = 0

    def open(self, offered: list[Fire]) -> int:
        new = [fire for fire in offered if fire.key not in self.rows]
        self.rows.update({fire.key: fire for fire in new})
        return len(new)

    def claim(self, owner: str, now: datetime, busy: set[str]) -> Fire | None:
        claimable = [
            row
            for row in self.rows.values()
            if row.destination.id not in busy
            and (
                (row.state is FireState.DUE and (row.not_before or row.fire_at) <= now)
                or (row.state is FireState.HELD and row.lease_until is not None and row.lease_until <= now)
            )
        ]
        if not claimable:
            return None
        first = min(claimable, key=lambda row: (row.fire_at, row.key))
        self.rows[first.key] = replace(
            first,
            state=FireState.HELD,
            owner=owner,
            attempt=first.attempt + 1,
            lease_until=now + seconds(LEASE_S),
            changed_at=now,
        )
        return self.rows[first.key]

    def release(self, owner: str) -> int:
        mine = [
            row
            for row in self.rows.values()
            if row.owner == owner and row.state is FireState.HELD and row.first_sent_at is None
        ]
        for row in mine:
            self.rows[row.key] = replace(row, state=FireState.DUE, owner=None, lease_until=None)
        return len(mine)

    def change(self, fire: Fire, **values: object) -> bool:
        row = self.rows[fire.key]
        if row.state is not FireState.HELD or row.attempt != fire.attempt:
            return False
        if "content" in values and row.content is not None:
            return False
        self.rows[fire.key] = replace(row, **values)
        return True

    def leave(self, fire: Fire, state: FireState, **values: object) -> bool:
        return self.change(fire, state=state, owner=None, lease_until=None, **values)

    def to_sweep(self, now: datetime) -> list[Fire]:
        wanted = [
            row
            for row in self.rows.values()
            if row.state is FireState.SENT and row.sweep_at is not None and row.sweep_at <= now
        ]
        return sorted(wanted, key=lambda row: (row.sweep_at or now, row.key))

    def swept(self, fire: Fire, next_at: datetime | None) -> None:
        row = self.rows[fire.key]
        if row.sweeps == fire.sweeps:
            self.rows[fire.key] = replace(row, sweeps=row.sweeps + 1, sweep_at=next_at)


@dataclass(slots=True)
class Message:
    """A post on its way into the channel, or in it."""

    key: str
    ts: str
    arrives: datetime
    overdue: bool
    """In the channel only after its sender's lease or the settle time: only such a one may be a second copy."""
    deleted: bool = False


@dataclass(slots=True)
class Hand:
    """One process with a fire that it believes to hold."""

    fire: Fire
    lease_until: datetime
    step: str = "claimed"
    ts: str = ""


class LedgerMachine(RuleBasedStateMachine):
    """Processes over one outbox and one Slack."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        with database.engine.begin() as connection:
            connection.execute(delete(fires))
        self.now = EIGHT
        self.ledger = SqlFireLedger(database, clock=lambda: self.now)
        self.plain = PlainLedger()
        self.hands: list[Hand] = []
        self.messages: list[Message] = []
        self.seen: dict[str, Fire] = {}

    # --- the world ---

    @initialize(later=st.sets(st.integers(0, FIRES - 1), max_size=1))
    def planner_starts(self, later: set[int]) -> None:
        self.opens(set(range(FIRES)) - later)

    @rule(act=_acts, which=_which, steps=_steps, fate=_fates)
    def next(self, act: str, which: int, steps: int, fate: Fate) -> None:
        """One rule for all: with several, hypothesis leaves most of them out of a run, and few fires get far."""
        hand = self.hands[which % len(self.hands)] if self.hands else None
        owner = f"p{which % 3}"
        match act:
            case "time passes":
                self.now += seconds((1, 13, 30, 61, 61, 300)[which])
            case "open":
                self.opens(set(range(steps % FIRES + 1)))
            case "claim":
                hand = self.claims(owner, busy={f"C{which}"})
                if hand is not None:
                    self.go_on(hand, steps, fate)
            case "go on" if hand is not None:
                self.go_on(hand, steps, fate)
            case "keep" if hand is not None:
                self.renew(hand)
            case "crash" if hand is not None:
                self.stop(hand)
            case "stop in order":
                # The hands of this owner stay: what they go on doing must find the fence.
                assert self.ledger.release(owner) == self.plain.release(owner)
            case "sweep":
                self.sweep(dies=fate.skipped, twice=fate.incomplete)
        if act != "time passes":
            self.rows_are_as_the_model_has_them()
            self.a_second_copy_is_only_ever_one_that_came_too_late()

    def opens(self, numbers: set[int]) -> None:
        offered = [owed(number) for number in sorted(numbers)]
        assert self.ledger.open(offered) == self.plain.open(offered)

    def sweep(self, *, dies: bool, twice: bool) -> None:
        found = self.ledger.to_sweep(self.now)
        assert found == self.plain.to_sweep(self.now)
        for fire in found:
            self.clean(fire)
            if dies:
                return
            next_at = self.now + BETWEEN_SWEEPS if fire.sweeps == 0 else None
            for _ in range(2 if twice else 1):  # another process that found the same
                self.ledger.swept(fire, next_at=next_at)
                self.plain.swept(fire, next_at)

    # --- what always holds ---

    def rows_are_as_the_model_has_them(self) -> None:
        rows = {row.key: row for row in self.ledger.of_schedule("s1")}
        assert rows == self.plain.rows
        for key, before in self.seen.items():
            assert rows[key].attempt >= before.attempt
            if before.state in FINISHED:
                assert rows[key].state is before.state
                assert rows[key].ts == before.ts
        for row in rows.values():
            if row.state in FINISHED - {FireState.SENT}:
                assert row.reason
            assert (row.ts is not None) == (row.state is FireState.SENT)
        self.seen = rows

    def a_second_copy_is_only_ever_one_that_came_too_late(self) -> None:
        for key in self.plain.rows:
            assert sum(not message.overdue for message in self.messages if message.key == key) <= 1

    def teardown(self) -> None:
        """Others see everything through, and whoever slept wakes up: then nothing is lost, and nothing is double."""
        asleep = list(self.hands)
        while any(row.state not in FINISHED or row.sweep_at for row in self.plain.rows.values()):
            self.now += seconds(LEASE_S)
            while (hand := self.claims("last", set())) is not None:
                self.go_on(hand, 10, Fate())
            while asleep:
                self.go_on(asleep.pop(), 1, Fate())  # one that sends now dies before it can take its copy back
            self.now += BETWEEN_SWEEPS
            self.sweep(dies=False, twice=False)
        self.rows_are_as_the_model_has_them()
        self.a_second_copy_is_only_ever_one_that_came_too_late()
        self.gauges_count()
        assert self.ledger.to_sweep(self.now + timedelta(days=1)) == []
        for key, row in {row.key: row for row in self.ledger.of_schedule("s1")}.items():
            assert row.state in FINISHED
            there = [message.ts for message in self.messages if message.key == key and not message.deleted]
            in_time = [message for message in self.messages if message.key == key and not message.overdue]
            if row.state is FireState.SENT:
                assert there == [row.ts]
            elif row.state is not FireState.UNKNOWN:
                assert not in_time

    def gauges_count(self) -> None:
        rows = self.plain.rows.values()
        late = self.now - timedelta(minutes=5)
        assert self.ledger.counts(self.now) == {
            "due_late": sum(row.state not in FINISHED and row.fire_at < late for row in rows),
            "unknown": sum(row.state is FireState.UNKNOWN for row in rows),
            "taken_back": self.plain.taken_back,
            "skipped": sum(row.state is FireState.SKIPPED for row in rows),
            "failed": sum(row.state is FireState.FAILED for row in rows),
            "attempts_above_one": sum(row.attempt > 1 for row in rows),
        }

    # --- the steps ---

    def claims(self, owner: str, busy: set[str]) -> Hand | None:
        claimed = self.ledger.claim(owner, self.now, lease_s=LEASE_S, busy=busy)
        assert claimed == self.plain.claim(owner, self.now, busy)
        if claimed is None:
            return None
        assert claimed.lease_until is not None
        hand = Hand(claimed, claimed.lease_until)
        self.hands.append(hand)
        return hand

    def go_on(self, hand: Hand, steps: int, fate: Fate) -> None:
        """Some steps in order; then it dies, sleeps or goes on another time."""
        for _ in range(steps):
            if hand not in self.hands:
                return
            match hand.step:
                case "claimed":
                    self.look(hand, fate)
                case "looked" if fate.skipped:
                    self.finish(hand, FireState.SKIPPED, "too late")
                case "looked":
                    self.frozen(hand, fate)
                case "frozen":
                    self.stamped(hand)
                case "stamped":
                    self.post(hand, fate)
                case "posted":
                    self.recorded(hand, hand.ts)
                case "unclear":
                    self.put_back(hand, self.now + SETTLE, "timeout")

    def renew(self, hand: Hand) -> bool:
        held = self.ledger.renew(hand.fire, self.now, lease_s=LEASE_S)
        assert held == self.plain.change(hand.fire, lease_until=self.now + seconds(LEASE_S))
        if held:
            hand.lease_until = self.now + seconds(LEASE_S)
        else:
            self.stop(hand)
        return held

    def look(self, hand: Hand, fate: Fate) -> None:
        first = hand.fire.first_sent_at
        if first is None:
            hand.step = "looked"
        elif self.now < first + SETTLE:
            self.put_back(hand, first + SETTLE, "unsettled")
        elif not fate.may_look:
            self.finish(hand, FireState.UNKNOWN, "no scope")
        elif found := [m.ts for m in self.visible(hand.fire.key) if m.arrives >= first - LOOK_BACK]:
            self.recorded(hand, found[0])
        else:
            hand.step = "looked"

    def frozen(self, hand: Hand, fate: Fate) -> None:
        if hand.fire.content is None:
            content = {"text": f"by attempt {hand.fire.attempt}", "blocks": []}
            if not self.did(
                hand,
                self.ledger.freeze(hand.fire, content, incomplete=fate.incomplete),
                self.plain.change(hand.fire, content=content, incomplete=fate.incomplete),
            ):
                return
        hand.step = "frozen"

    def stamped(self, hand: Hand) -> None:
        first = self.plain.rows[hand.fire.key].first_sent_at or self.now
        channel = hand.fire.destination.id
        until = self.now + seconds(LEASE_S)
        if self.did(
            hand,
            self.ledger.sending(hand.fire, channel, self.now, lease_s=LEASE_S),
            self.plain.change(hand.fire, channel=channel, first_sent_at=first, lease_until=until),
        ):
            hand.lease_until = until
            hand.step = "stamped"

    def post(self, hand: Hand, fate: Fate) -> None:
        if fate.outcome == "refused":
            self.finish(hand, FireState.FAILED, "is_archived")
        elif fate.outcome == "ratelimited":
            self.put_back(hand, self.now + seconds(30), "ratelimited", nothing_sent=True)
        elif fate.outcome == "nothing":
            hand.step = "unclear"
        elif self.now > hand.lease_until + LONGEST_SLEEP:
            self.stop(hand)
        else:
            arrives = self.now + seconds(fate.arrives_after_s)
            hand.ts = f"{len(self.messages) + 1}.0"
            overdue = arrives >= min(self.now + SETTLE, hand.lease_until)
            self.messages.append(Message(hand.fire.key, hand.ts, arrives, overdue))
            hand.step = "posted" if fate.outcome == "taken" else "unclear"

    def recorded(self, hand: Hand, ts: str) -> None:
        sweep_at = self.now + seconds(LEASE_S) if hand.fire.attempt > 1 else None
        if not self.did(
            hand,
            self.ledger.sent(hand.fire, ts, self.now, sweep_at=sweep_at),
            self.plain.leave(hand.fire, FireState.SENT, ts=ts, error=None, sweep_at=sweep_at, changed_at=self.now),
        ):
            row = self.ledger.fire(hand.fire.key)
            assert row is not None
            if row.ts is not None and row.ts != ts:
                self.take_back(row, ts)
        self.stop(hand)

    def put_back(self, hand: Hand, not_before: datetime, error: str, *, nothing_sent: bool = False) -> None:
        forgotten = {"first_sent_at": None} if nothing_sent else {}
        self.did(
            hand,
            self.ledger.put_back(hand.fire, not_before=not_before, error=error, nothing_sent=nothing_sent),
            self.plain.leave(
                hand.fire, FireState.DUE, not_before=not_before, error=error, changed_at=self.now, **forgotten
            ),
        )
        self.stop(hand)

    def finish(self, hand: Hand, state: FireState, reason: str) -> None:
        self.did(
            hand,
            self.ledger.finish(hand.fire, state, reason, self.now),
            self.plain.leave(hand.fire, state, reason=reason, changed_at=self.now),
        )
        self.stop(hand)

    def did(self, hand: Hand, done: bool, expected: bool) -> bool:
        """Whether the change was made, as the model says too; a process that lost its fire stops."""
        assert done == expected
        if not done:
            self.stop(hand)
        return done

    def stop(self, hand: Hand) -> None:
        if hand in self.hands:
            self.hands.remove(hand)

    def visible(self, key: str) -> list[Message]:
        there = [m for m in self.messages if m.key == key and not m.deleted and m.arrives <= self.now]
        return sorted(there, key=lambda message: message.arrives)

    def clean(self, fire: Fire) -> None:
        for message in self.visible(fire.key):
            if message.ts != fire.ts:
                self.take_back(fire, message.ts)

    def take_back(self, fire: Fire, ts: str) -> None:
        for message in self.messages:
            if message.ts == ts and not message.deleted:
                message.deleted = True
                self.ledger.took_back(fire)
                self.plain.taken_back += 1


@pytest.fixture(scope="module")
def memory() -> Iterator[Database]:
    database = Database("sqlite://", scripted=True)
    metadata.create_all(database.engine)
    yield database
    database.close()


def hold_for(database: Database, runs: int) -> None:
    given = settings(max_examples=runs, stateful_step_count=50)
    run_state_machine_as_test(lambda: LedgerMachine(database), settings=given)


def test_no_order_of_steps_crashes_and_freezes_loses_a_fire_or_posts_it_twice(memory: Database) -> None:
    hold_for(memory, 200)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_no_order_is_found_in_thousands_either(memory: Database) -> None:
    hold_for(memory, 5_000)
