"""The whole of delivery in one process: what is due, who works on it, what is swept up afterwards."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter, deque
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.core.duties import duties, fires_of, has_ended, resendable, unreached, woken
from bot.core.recurrence import slots
from bot.core.scheduling import Destination, DestinationKind, Fire, FireKind, ScheduleState, request_key, slot_key
from bot.core.zones import load_zone
from bot.ports import Refused, Unclear
from bot.services.delivery.contacts import Contacts
from bot.services.delivery.content import Composer
from bot.services.delivery.crew import Crew, Keeper
from bot.services.delivery.lanes import Budget, Lanes, Pace
from bot.services.delivery.posting import LOOK_BACK, Poster
from bot.services.delivery.telling import Teller
from bot.services.delivery.terms import Caretakers, DeliverySettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime
    from datetime import time as time_of_day

    from bot.core.duties import Duty
    from bot.core.recurrence import Recurrence
    from bot.core.scheduling import Schedule
    from bot.ports import FireLedger, Messenger, People, ScheduleStore
    from bot.services.delivery.terms import Reports

log = structlog.get_logger(__name__)

HEALTHY_S = 60.0
"""A heartbeat older than that means that nobody looks after schedules."""
_SETTLED_SLOTS = timedelta(seconds=60)
"""A slot older than that may have been opened by somebody else, with other recipients."""
_SWEEP_LIMIT = 20
_MOST_TESTS = 5
_WITHOUT_A_PAUSE = 1.0


def _no_pause(_point: str) -> None:
    """Where nobody wants to stop between steps."""


def _own_holidays(rule: Recurrence) -> Callable[[date], bool]:
    return frozenset(rule.own_holidays).__contains__


class DeliveryService:
    """Delivers scheduled posts, together with any number of processes like this one.

    Args:
        caretakers: who looks after schedules whose owner left.
        process: names this process among the others; never used twice.
        clock: aware UTC instants.
        monotonic: seconds, for pauses.
        sleep: waits; of the workers, never of whoever calls `tick`.
        holidays: a rule → whether a day is a holiday for it.
        pause_at: called at every step between ledger, question, drawing, sending and recording, with the step's name;
            a harness stops or ends the process there.
    """

    def __init__(
        self,
        *,
        store: ScheduleStore,
        ledger: FireLedger,
        messenger: Messenger,
        reports: Reports,
        people: People,
        process: str,
        clock: Callable[[], datetime],
        caretakers: Caretakers | None = None,
        settings: DeliverySettings | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        holidays: Callable[[Recurrence], Callable[[date], bool]] = _own_holidays,
        pause_at: Callable[[str], None] = _no_pause,
    ) -> None:
        self._settings = settings = settings or DeliverySettings()
        self._store = store
        self._ledger = ledger
        self._messenger = messenger
        self._process = process
        self._clock = clock
        self._sleep = sleep
        self._holidays = holidays
        self._pause_at = pause_at
        self._contacts = Contacts(messenger, people, a_minute=settings.lookups_a_minute, clock=monotonic)
        self._lanes = Lanes(pause_s=settings.lane_s, clock=monotonic)
        self._looks = Budget(a_minute=settings.looks_a_minute, clock=monotonic)
        self._teller = Teller(
            store=store,
            ledger=ledger,
            messenger=messenger,
            people=people,
            caretakers=caretakers or Caretakers(),
            settings=settings,
            clock=clock,
        )
        self._keeper = Keeper(
            lambda fire: ledger.renew(fire, clock(), lease_s=settings.lease_s), every_s=settings.renew_s
        )
        self._poster = Poster(
            store=store,
            ledger=ledger,
            messenger=messenger,
            composer=Composer(reports=reports, people=people, contacts=self._contacts, settings=settings),
            contacts=self._contacts,
            teller=self._teller,
            keeper=self._keeper,
            pace=Pace(a_minute=settings.posts_a_minute, clock=monotonic),
            settings=settings,
            clock=clock,
            sleep=sleep,
            pause_at=pause_at,
        )
        self._crew = Crew(self.work, size=settings.workers)
        self._stopping = threading.Event()
        self._claiming = threading.Lock()
        self._chores = threading.Lock()
        self._errands: deque[Callable[[], None]] = deque()
        self._opened: dict[str, datetime] = {}
        self._unreadable: set[str] = set()
        self._minute: datetime | None = None
        self._counted: Counter[str] = Counter()

    # --- the life of the process ---

    def start(self) -> None:
        """Have threads do the work that ticks find."""
        self._crew.start()
        self._keeper.start()

    def stop(self, grace_s: float = 20.0) -> None:
        """Claim nothing more, finish what is in hand, and give back what hasn't begun to be sent."""
        self._stopping.set()
        if not self._crew.close(grace_s * 0.8):
            self._keeper.cancel_all()
            self._crew.close(grace_s * 0.2)
        self._keeper.close()
        released = self._ledger.release(self._process)
        log.info("delivery_stopped", released=released)

    # --- ticking ---

    def tick(self, now: datetime | None = None) -> None:
        """Open what has fallen due, say that this process lives, and wake the workers; never waits for them.

        Raises:
            Exception: what the database raises; nothing is stamped then.
        """
        now = now or self._clock()
        schedules = [self._woken(schedule, now) for schedule in self._store.all()]
        self._open_due(schedules, now)
        minute = now.replace(second=0, microsecond=0)
        if minute != self._minute:
            self._look_ahead(schedules, now)
            self._minute = minute
        self._ledger.beat(self._process, now)
        self._crew.wake()

    def _woken(self, schedule: Schedule, now: datetime) -> Schedule:
        """The schedule, in force again if its day has come."""
        following = woken(schedule, now)
        return schedule if following is None else self._store.save(following) or schedule

    def _open_due(self, schedules: Sequence[Schedule], now: datetime) -> None:
        seen = self._seen(now)
        came = [(schedule, duty) for schedule in schedules for duty in self._duties(schedule, now, seen)]
        fresh = self._without_rows([pair for pair in came if _name(*pair) not in self._opened], now)
        batch = sum(len(schedule.destinations) for schedule, duty in fresh if duty.skip is None)
        missed: list[tuple[Schedule, Duty]] = []
        due: list[Fire] = []
        for schedule, duty in fresh:
            fires = fires_of(schedule, duty, now, spread_s=self._settings.spread_s, batch=batch)
            if duty.skip is None:
                due += fires
            elif self._ledger.open(fires):
                missed.append((schedule, duty))
        if due:
            self._ledger.open(due)
            self._pause_at("opened")
        if missed:
            self._errands.append(lambda: self._teller.skipped(missed))
        self._opened = {_name(schedule, duty): duty.slot.fire_at for schedule, duty in came}

    def _duties(self, schedule: Schedule, now: datetime, seen: datetime | None) -> list[Duty]:
        """What one schedule owes by now; a rule that can't be worked out costs nobody else a post."""
        if schedule.state is ScheduleState.ENDED:
            return []
        try:
            owed = duties(
                schedule,
                now,
                seen=seen,
                late_after_s=self._settings.late_after_s,
                is_holiday=self._holidays(schedule.recurrence),
            )
        except Exception as error:
            if schedule.id not in self._unreadable:
                log.exception("schedule_unreadable", schedule=schedule.id, error=type(error).__name__)
            self._unreadable.add(schedule.id)
            return []
        self._unreadable.discard(schedule.id)
        return owed

    def _without_rows(self, came: Sequence[tuple[Schedule, Duty]], now: datetime) -> list[tuple[Schedule, Duty]]:
        """Slots that nobody opened yet. Recipients who joined after a slot was opened get the next one."""

        def keys(schedule: Schedule, duty: Duty) -> list[str]:
            return [slot_key(schedule.id, duty.slot, destination) for destination in schedule.destinations]

        def has_rows(schedule: Schedule, duty: Duty) -> bool:
            if now - duty.slot.fire_at < _SETTLED_SLOTS:
                return False  # opening it twice changes nothing
            if not known.isdisjoint(keys(schedule, duty)):
                return True
            return bool(self._ledger.of_slot(schedule.id, duty.slot.local_date, duty.slot.local_time))

        old = [pair for pair in came if now - pair[1].slot.fire_at >= _SETTLED_SLOTS]
        known = self._ledger.known([key for pair in old for key in keys(*pair)]) if old else frozenset()
        return [pair for pair in came if not has_rows(*pair)]

    def _seen(self, now: datetime) -> datetime | None:
        """When a process last looked; stamps from the future are somebody's clock gone wrong."""
        return max((beat for beat in self._ledger.beats().values() if beat <= now), default=None)

    def _look_ahead(self, schedules: Sequence[Schedule], now: datetime) -> None:
        """Once a minute: which schedules are over, and whose channels should be looked up before their slots."""
        ahead = timedelta(seconds=self._settings.warm_ahead_s)
        coming: dict[Destination, float] = {}
        owners: dict[str, float] = {}
        for schedule in schedules:
            if schedule.state is not ScheduleState.ACTIVE or schedule.id in self._unreadable:
                continue
            is_holiday = self._holidays(schedule.recurrence)
            near = slots(schedule.recurrence, now, now + ahead, is_holiday=is_holiday)
            if near:
                due_s = (near[-1].fire_at - now).total_seconds() + self._settings.spread_s
                coming.update(dict.fromkeys(schedule.destinations, due_s))
                owners[schedule.owner_id] = due_s
            elif has_ended(schedule, now, is_holiday=is_holiday):
                self._store.save(replace(schedule, state=ScheduleState.ENDED, reason="its last date has passed"))
        self._contacts.expect(coming, owners)

    # --- working ---

    def work(self) -> int:
        """Claim and deliver until nothing can be claimed, then do the chores; how many fires were in hand."""
        done = 0
        while not self._stopping.is_set():
            fire = self._claimed()
            if fire is None:
                rest_s = self._lanes.free_in()
                if rest_s is None or rest_s > _WITHOUT_A_PAUSE:
                    break
                self._sleep(max(rest_s, 0.01))
                continue
            self._crew.wake()
            done += 1
            rest_s = 0.0
            try:
                rest_s = self._poster.deliver(fire)
            except Exception:
                # The lease lapses, and whoever claims it next looks into the channel first.
                log.exception("fire_dropped", key=fire.key, attempt=fire.attempt)
                self._counted["dropped"] += 1
            finally:
                self._lanes.leave(fire.destination.id, rest_s=rest_s)
        self._do_chores()
        return done

    def _claimed(self) -> Fire | None:
        with self._claiming:
            fire = self._ledger.claim(
                self._process, self._clock(), lease_s=self._settings.lease_s, busy=self._lanes.busy()
            )
            if fire is not None:
                self._lanes.enter(fire.destination.id)
            return fire

    def _do_chores(self) -> None:
        """What nobody waits for, by one worker at a time."""
        if self._stopping.is_set() or not self._chores.acquire(blocking=False):
            return
        try:
            while self._errands:
                self._errands.popleft()()
            self._sweep()
            self._contacts.look_ahead()
        finally:
            self._chores.release()

    def _sweep(self) -> None:
        """Take back copies that slow or frozen attempts left beside the message that counts."""
        for fire in self._ledger.to_sweep(self._clock(), limit=_SWEEP_LIMIT):
            if self._stopping.is_set() or self._looks.spend():
                return
            if fire.channel is None or fire.ts is None:
                self._ledger.swept(fire, next_at=None)
                continue
            since = min(fire.fire_at, fire.first_sent_at or fire.fire_at) if fire.kind is FireKind.SLOT else None
            found = self._messenger.find(
                fire.channel, fire.key, (since or fire.first_sent_at or fire.fire_at) - LOOK_BACK
            )
            if isinstance(found, (Refused, Unclear)):
                pause = found.retry_after_s if isinstance(found, Refused) else None
                self._looks.stop_for(pause or 5.0)
                return
            gone = [self._take_back(fire, ts) for ts in _copies(fire.ts, found or ())]
            if all(gone):
                again = self._clock() + timedelta(seconds=self._settings.second_sweep_s)
                self._ledger.swept(fire, next_at=again if fire.sweeps == 0 and found is not None else None)
                self._pause_at("swept")

    def _take_back(self, fire: Fire, ts: str) -> bool:
        gone = self._messenger.delete(fire.channel or "", ts)
        log.warning("copy_taken_back", key=fire.key, gone=gone)
        if gone:
            self._ledger.took_back(fire)
        return gone

    # --- asked for by hand ---

    def run(self, schedule: Schedule, *, request_id: str, now: datetime | None = None) -> int:
        """`run`: post to all recipients, as of now; how many fires that opened (0: the same press came before)."""
        return self._open_requests(schedule, FireKind.RUN, schedule.destinations, request_id, now)

    def test(self, schedule: Schedule, *, person_id: str, request_id: str, now: datetime | None = None) -> int:
        """`test`: post to that person alone what she herself may see, once for each of the first few slices."""
        slices = list(dict.fromkeys(destination.slice for destination in schedule.destinations))[:_MOST_TESTS]
        recipients = [Destination(DestinationKind.PERSON, person_id, part) for part in slices]
        return self._open_requests(schedule, FireKind.TEST, recipients, request_id, now)

    def resend(self, key: str, *, now: datetime | None = None) -> bool:
        """Post a fire that failed, was skipped, or of which nobody knows, once more; False where it was already."""
        fire = self._ledger.fire(key)
        if fire is None or not resendable(fire):
            return False
        again = hashlib.sha256(key.encode()).hexdigest()[:16]
        opened = self._ledger.open(
            [
                Fire(
                    key=request_key(FireKind.RESEND, again, fire.destination),
                    schedule_id=fire.schedule_id,
                    destination=fire.destination,
                    fire_at=fire.fire_at,
                    local_date=fire.local_date,
                    local_time=fire.local_time,
                    kind=FireKind.RESEND,
                    version=fire.version,
                    not_before=now or self._clock(),
                )
            ]
        )
        self._crew.wake()
        return bool(opened)

    def resend_missing(
        self, schedule: Schedule, local_date: date, local_time: time_of_day, *, now: datetime | None = None
    ) -> int:
        """Post one slot once more to those who can't have got it; to how many."""
        missing = unreached(self._ledger.of_slot(schedule.id, local_date, local_time))
        return sum(self.resend(fire.key, now=now) for fire in missing)

    def _open_requests(
        self,
        schedule: Schedule,
        kind: FireKind,
        recipients: Sequence[Destination],
        request_id: str,
        now: datetime | None,
    ) -> int:
        now = now or self._clock()
        local = now.astimezone(load_zone(schedule.recurrence.zone))
        opened = self._ledger.open(
            [
                Fire(
                    key=request_key(kind, request_id, recipient),
                    schedule_id=schedule.id,
                    destination=recipient,
                    fire_at=now,
                    local_date=local.date(),
                    local_time=local.time().replace(microsecond=0),
                    kind=kind,
                    version=schedule.version,
                    not_before=now,
                )
                for recipient in recipients
            ]
        )
        self._crew.wake()
        return opened

    # --- watching ---

    def counts(self, now: datetime | None = None) -> Mapping[str, float]:
        """What to watch: the ledger's gauges, the heartbeat's age, and what this process counted itself."""
        now = now or self._clock()
        return {
            **self._ledger.counts(now),
            "heartbeat_age_s": self.heartbeat_age_s(now),
            "dropped_here": float(self._counted["dropped"]),
            "schedules_unreadable_here": float(len(self._unreadable)),
        }

    def heartbeat_age_s(self, now: datetime | None = None) -> float:
        """Seconds since any process last looked; infinite where none did, or only ones whose clock is ahead."""
        now = now or self._clock()
        seen = self._seen(now)
        return (now - seen).total_seconds() if seen is not None else float("inf")

    def healthy(self, now: datetime | None = None) -> bool:
        """Whether some process looks after the schedules."""
        return self.heartbeat_age_s(now) < HEALTHY_S

    def forget_channel(self, channel_id: str) -> None:
        """Look a channel up anew before the next post there: something about it changed."""
        self._contacts.forget(channel_id)


def _name(schedule: Schedule, duty: Duty) -> str:
    return f"{schedule.id}:{duty.slot.name}"


def _copies(kept: str, found: Sequence[str]) -> Sequence[str]:
    """The messages beside the one that counts. Where that one is gone (people delete messages) one copy stays."""
    return [ts for ts in found if ts != kept] if kept in found else list(found[1:])
