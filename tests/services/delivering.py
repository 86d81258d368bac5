"""Delivery over a fake Slack, with rows in memory, a clock set by hand and answers that need no platform."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.core.answer import Answer, Column, Coverage, Group, Missing, Notice, Row, RowState, Unit
from bot.core.recurrence import Recurrence
from bot.core.rights import PRIVATE, for_audience
from bot.core.scheduling import Destination, DestinationKind, Fire, FireState, Schedule
from bot.demo.fake_slack import FakeSlack
from bot.edges.slack.api import SlackApi
from bot.edges.slack.messenger import SlackMessenger
from bot.edges.slack.people import SlackPeople
from bot.services.delivery import Caretakers, DeliveryService, DeliverySettings
from bot.services.reading import Reader, ReportSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from bot.core.query import Query
    from bot.ports import Operation, Requester

EIGHT = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)
"""A Tuesday; London is on UTC."""
NAMES = ("Ana Díaz", "Ben Ito", "Cleo Fox", "Dan Wu", "Eve Kay", "Finn Low")
COLUMNS = (Column("utilization", Unit.RATIO, "Utilization"), Column("handle_s", Unit.SECONDS, "Handle"))


@dataclass
class Clock:
    """An instant that moves when it is told to, and when somebody sleeps."""

    now: datetime = EIGHT

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    forward = sleep


class MemoryStore:
    """`ScheduleStore` in a dict."""

    def __init__(self) -> None:
        self.rows: dict[str, Schedule] = {}

    def add(self, schedule: Schedule) -> Schedule:
        self.rows[schedule.id] = replace(schedule, number=len(self.rows) + 1)
        return self.rows[schedule.id]

    def get(self, schedule_id: str) -> Schedule | None:
        return self.rows.get(schedule_id)

    def by_number(self, number: int) -> Schedule | None:
        return next((s for s in self.rows.values() if s.number == number), None)

    def all(self) -> Sequence[Schedule]:
        return list(self.rows.values())

    def save(self, schedule: Schedule) -> Schedule | None:
        current = self.rows.get(schedule.id)
        if current is None or current.version != schedule.version:
            return None
        self.rows[schedule.id] = replace(schedule, version=schedule.version + 1)
        return self.rows[schedule.id]

    def delete(self, schedule_id: str) -> bool:
        return self.rows.pop(schedule_id, None) is not None


class MemoryLedger:
    """`FireLedger` in a dict, under one lock; `now` decides, as on SQLite."""

    def __init__(self) -> None:
        self.rows: dict[str, Fire] = {}
        self.stamps: dict[str, datetime] = {}
        self.taken_back: Counter[str] = Counter()
        self.failures: list[Exception] = []
        """Raised by the next calls of `sent`, one each."""
        self._lock = threading.RLock()

    def open(self, fires: Sequence[Fire]) -> int:
        with self._lock:
            fresh = [fire for fire in fires if fire.key not in self.rows]
            self.rows.update((fire.key, fire) for fire in fresh)
            return len(fresh)

    def claim(self, owner: str, now: datetime, *, lease_s: float, busy: Collection[str] = ()) -> Fire | None:
        with self._lock:
            waiting = [
                fire
                for fire in self.rows.values()
                if fire.destination.id not in busy
                and (
                    (fire.state is FireState.DUE and (fire.not_before or fire.fire_at) <= now)
                    or (fire.state is FireState.HELD and fire.lease_until is not None and fire.lease_until <= now)
                )
            ]
            if not waiting:
                return None
            first = min(waiting, key=lambda fire: (fire.fire_at, fire.key))
            lease = now + timedelta(seconds=lease_s)
            held = replace(first, state=FireState.HELD, owner=owner, attempt=first.attempt + 1, lease_until=lease)
            self.rows[first.key] = held
            return held

    def renew(self, fire: Fire, now: datetime, *, lease_s: float) -> bool:
        return self._change(fire, lease_until=now + timedelta(seconds=lease_s))

    def freeze(self, fire: Fire, content: Mapping[str, Any], *, incomplete: bool) -> bool:
        return self.rows[fire.key].content is None and self._change(fire, content=content, incomplete=incomplete)

    def sending(self, fire: Fire, channel: str, now: datetime, *, lease_s: float | None = None) -> bool:
        more = {} if lease_s is None else {"lease_until": now + timedelta(seconds=lease_s)}
        return self._change(fire, channel=channel, first_sent_at=self.rows[fire.key].first_sent_at or now, **more)

    def sent(self, fire: Fire, ts: str, now: datetime, *, sweep_at: datetime | None) -> bool:
        if self.failures:
            raise self.failures.pop(0)
        return self._leave(fire, FireState.SENT, ts=ts, error=None, sweep_at=sweep_at)

    def put_back(self, fire: Fire, *, not_before: datetime, error: str, nothing_sent: bool = False) -> bool:
        more: dict[str, Any] = {"first_sent_at": None} if nothing_sent else {}
        return self._leave(fire, FireState.DUE, not_before=not_before, error=error, **more)

    def finish(self, fire: Fire, state: FireState, reason: str, now: datetime) -> bool:
        return self._leave(fire, state, reason=reason)

    def fire(self, key: str) -> Fire | None:
        return self.rows.get(key)

    def known(self, keys: Sequence[str]) -> frozenset[str]:
        return frozenset(keys) & self.rows.keys()

    def to_sweep(self, now: datetime, *, limit: int = 100) -> Sequence[Fire]:
        due = [f for f in self.rows.values() if f.state is FireState.SENT and f.sweep_at and f.sweep_at <= now]
        return sorted(due, key=lambda f: (f.sweep_at, f.key))[:limit]

    def swept(self, fire: Fire, *, next_at: datetime | None) -> None:
        with self._lock:
            row = self.rows[fire.key]
            if row.sweeps == fire.sweeps:
                self.rows[fire.key] = replace(row, sweeps=row.sweeps + 1, sweep_at=next_at)

    def took_back(self, fire: Fire) -> None:
        self.taken_back[fire.key] += 1

    def of_schedule(self, schedule_id: str, *, limit: int = 50) -> Sequence[Fire]:
        own = [fire for fire in self.rows.values() if fire.schedule_id == schedule_id]
        return sorted(own, key=lambda f: (-f.fire_at.timestamp(), f.key))[:limit]

    def of_slot(self, schedule_id: str, local_date: Any, local_time: Any) -> Sequence[Fire]:
        return [f for f in self.of_schedule(schedule_id) if (f.local_date, f.local_time) == (local_date, local_time)]

    def release(self, owner: str) -> int:
        mine = [
            f for f in self.rows.values() if f.state is FireState.HELD and f.owner == owner and f.first_sent_at is None
        ]
        for fire in mine:
            self.rows[fire.key] = replace(fire, state=FireState.DUE, owner=None, lease_until=None)
        return len(mine)

    def counts(self, now: datetime) -> Mapping[str, float]:
        states = Counter(fire.state for fire in self.rows.values())
        return {"unknown": float(states[FireState.UNKNOWN]), "skipped": float(states[FireState.SKIPPED])}

    def beat(self, process: str, now: datetime) -> None:
        self.stamps[process] = now

    def beats(self) -> Mapping[str, datetime]:
        return dict(self.stamps)

    def purge(self, before: datetime) -> int:
        return 0

    def _leave(self, fire: Fire, state: FireState, **values: Any) -> bool:
        return self._change(fire, state=state, owner=None, lease_until=None, **values)

    def _change(self, fire: Fire, **values: Any) -> bool:
        with self._lock:
            row = self.rows[fire.key]
            if row.attempt != fire.attempt or row.state is not FireState.HELD:
                return False
            self.rows[fire.key] = replace(row, **values)
            return True


@dataclass
class Asked:
    """One question as it was answered."""

    query: Query
    who: str
    audience: Any


@dataclass
class Reports:
    """Reads with the real grammar and answers from memory; `failure` is raised instead while it is set."""

    reader: Reader = field(default_factory=lambda: Reader(ReportSettings(zone=ZoneInfo("UTC"))))
    asked: list[Asked] = field(default_factory=list)
    failure: Exception | None = None
    fetched: int = len(NAMES)
    """The sources answered for so many agents."""
    during: Callable[[], object] | None = None
    refuse: frozenset[str] = frozenset()
    refusal: Exception | None = None

    def read(self, text: str, requester: Requester, *, now: datetime | None = None, zone: str | None = None) -> Query:
        assert now is not None
        return self.reader.read(text, requester, now=now, zone=zone)

    def answer(
        self, query: Query, requester: Requester, *, door: str, operation: Operation, audience: Any = PRIVATE
    ) -> Answer:
        assert door == "schedule"
        self.asked.append(Asked(query, requester.id, audience))
        if self.during is not None:
            self.during()
        if self.failure is not None:
            raise self.failure
        if requester.id in self.refuse:
            assert self.refusal is not None
            raise self.refusal
        return for_audience(answer_to(query, fetched=self.fetched), audience)


def answer_to(query: Query, *, fetched: int = len(NAMES)) -> Answer:
    """One row for each name, the last ones not fetched."""
    span = query.range
    assert span is not None
    rows = tuple(
        Row(
            (Group("agent", f"id-{name}", name),),
            span.start,
            span.end,
            RowState.OK if n < fetched else RowState.NOT_FETCHED,
            False,
            {"utilization": 0.5, "handle_s": 60.0} if n < fetched else {"utilization": None, "handle_s": None},
            {} if n < fetched else {"utilization": Missing.NOT_FETCHED, "handle_s": Missing.NOT_FETCHED},
        )
        for n, name in enumerate(NAMES)
    )
    warnings = (Notice("partial", "Some could not be fetched."),) if fetched < len(NAMES) else ()
    return Answer(
        query,
        COLUMNS,
        rows,
        {"utilization": 0.5, "handle_s": 60.0 * fetched},
        Coverage(agents_asked=len(NAMES), agents_answered=fetched, data_as_of=span.end),
        warnings=warnings,
        drawn=("utilization", "handle_s"),
    )


DAILY = Recurrence(times=(time(8),), zone="Europe/London")


class World:
    """One process's delivery (or several's: `another`), and everything around it."""

    def __init__(self, slack: FakeSlack, clock: Clock, **settings: Any) -> None:
        self.slack = slack
        self.clock = clock
        self.store = MemoryStore()
        self.ledger = MemoryLedger()
        self.reports = Reports()
        self.settings = DeliverySettings(**({"named_channels": frozenset({"COPS"})} | settings))
        self.api = SlackApi(token=slack.bot_token, base_url=slack.url, timeout_s=5, sleep=lambda _s: None)
        self.messenger = SlackMessenger(self.api)
        self.supervisors: list[str] = []
        self.auditors: tuple[str, ...] = ()
        self.points: list[str] = []
        self.at: dict[str, Callable[[], object]] = {}
        self.ana = slack.add_person("ana", name="Ana Díaz", email="ana@example.com", tz="Europe/London", id="UANA")
        self.ops = slack.add_channel("ops", members=[self.ana], id="COPS")
        self.service = self.another("p1")

    def another(self, process: str) -> DeliveryService:
        """One more process over the same rows."""
        return DeliveryService(
            store=self.store,
            ledger=self.ledger,
            messenger=self.messenger,
            reports=self.reports,
            people=SlackPeople(self.api, clock=self.clock.seconds),
            process=process,
            clock=self.clock,
            caretakers=Caretakers(supervisors=lambda: self.supervisors, auditors=self.auditors),
            settings=self.settings,
            monotonic=self.clock.seconds,
            sleep=self.clock.sleep,
            pause_at=self._passed,
        )

    def _passed(self, point: str) -> None:
        self.points.append(point)
        act = self.at.pop(point, None)
        if act is not None:
            act()

    def schedule(self, *destinations: Destination, **more: Any) -> Schedule:
        """A schedule of Ana's, daily at eight, into #ops unless said otherwise."""
        values: dict[str, Any] = {
            "id": f"s{len(self.store.rows) + 1}",
            "number": 0,
            "owner_id": self.ana.id,
            "question": "yesterday",
            "recurrence": DAILY,
            "destinations": destinations or (channel("COPS"),),
            "created_at": datetime(2026, 3, 1, tzinfo=UTC),
        }
        return self.store.add(Schedule(**(values | more)))

    def pass_by(self, seconds: float = 0.0, service: DeliveryService | None = None) -> None:
        """Let time pass in the ticker's steps; every tick is worked off before the next."""
        service = service or self.service
        end = self.clock.now + timedelta(seconds=seconds)
        while True:
            service.tick()
            service.work()
            if self.clock.now >= end:
                return
            self.clock.now = min(end, self.clock.now + timedelta(seconds=5))

    def posts(self, where: Any = None) -> list[Any]:
        """What stands in #ops, or elsewhere."""
        return self.slack.messages(where or self.ops)

    def told(self, person: Any = None) -> list[str]:
        """What the bot told somebody directly."""
        return [message.text for message in self.slack.messages(self.slack.dm(person or self.ana))]

    def rows(self) -> list[Fire]:
        return list(self.ledger.rows.values())

    def row(self) -> Fire:
        (row,) = self.rows()
        return row


def channel(channel_id: str, part: str = "") -> Destination:
    return Destination(DestinationKind.CHANNEL, channel_id, part)


def person(person_id: str, part: str = "") -> Destination:
    return Destination(DestinationKind.PERSON, person_id, part)
