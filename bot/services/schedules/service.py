"""Schedules as people use them: made, listed, paused, changed, tried out and read about, within everybody's rights.

Whose rights count is decided three times: here when a schedule is made or edited, at every fire by delivery, and
at every press, which is read as if its text had been typed.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from bot.core.grammar.schedules import order_words, plan_words
from bot.core.intervals import day_start, local_date
from bot.core.orders import Changed, Listed, Logged, Order, Plan, Target, TargetKind, View, plan_of
from bot.core.query import Verb
from bot.core.recurrence import next_slots, slots
from bot.core.rights import check_welcome, vision
from bot.core.scheduling import Schedule, ScheduleState
from bot.core.zones import load_zone
from bot.errors import CommandError, NotAllowedError
from bot.services.schedules.admission import Admission, destination

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, time

    from bot.core.orders import Outcome
    from bot.core.recurrence import Slot
    from bot.ports import FireLedger, Operation, People, Requester, ScheduleStore
    from bot.services.holidays import HolidayCalendars
    from bot.services.schedules.admission import Channels, Place, Questions, ScheduleSettings

log = structlog.get_logger(__name__)

RUNS_SHOWN = 3
_LOG_SHOWN = 50
_TRIES = 5
"""How often a change is tried anew because somebody else was quicker."""
_DAY = timedelta(days=1)


class Deliveries(Protocol):
    """What is asked of delivery."""

    def run(self, schedule: Schedule, *, request_id: str) -> int:
        """Post now to all recipients; how many posts that opened."""

    def test(self, schedule: Schedule, *, person_id: str, request_id: str) -> int:
        """Post now to that person alone."""

    def resend(self, key: str) -> bool:
        """Post once more what failed; False where that was done already."""

    def resend_missing(self, schedule: Schedule, local_date: date, local_time: time) -> int:
        """Post one slot once more to those who can't have got it; to how many."""


class SchedulesService:
    """Carries out orders about schedules; thread-safe.

    Args:
        clock: aware UTC instants.
    """

    def __init__(
        self,
        *,
        store: ScheduleStore,
        ledger: FireLedger,
        deliveries: Deliveries,
        channels: Channels,
        people: People,
        reports: Questions,
        calendars: HolidayCalendars,
        settings: ScheduleSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._deliveries = deliveries
        self._people = people
        self._calendars = calendars
        self._settings = settings
        self._clock = clock
        self._admission = Admission(
            channels=channels, people=people, reports=reports, calendars=calendars, settings=settings
        )

    def carry_out(
        self, order: Order, requester: Requester, *, place: Place, operation: Operation, request_id: str
    ) -> Outcome:
        """Do what the order says, if its requester may.

        Args:
            place: where it was typed; a schedule that says nothing else posts there.
            operation: the allowance for looking people and teams up.
            request_id: the same for every copy of one delivery, which is carried out once.
        Raises:
            CommandError: no such schedule, not allowed, or it can't be posted that way.
            DeliveryError: Slack doesn't say who somebody is.
            SourceError: the platform doesn't say who is in a team.
        """
        check_welcome(requester)
        number = order.number or 0
        match order.verb:
            case Verb.SCHEDULE:
                return self._create(_planned(order), requester, place, operation, request_id)
            case Verb.SCHEDULES:
                return self._listed(requester, place)
            case Verb.EDIT:
                return self._edited(order, requester, place, operation)
            case Verb.PAUSE:
                return self._paused(order, requester, place)
            case Verb.RESUME:
                return self._resumed(number, requester, place)
            case Verb.DELETE:
                return self._deleted(number, requester, place)
            case Verb.RUN:
                schedule = self._changeable(number, requester, place)
                opened = self._deliveries.run(schedule, request_id=request_id)
                log.info("schedule_run", schedule=schedule.id, by=requester.id, posts=opened)
                return Changed(Verb.RUN, self._view(schedule, requester))
            case Verb.TEST:
                if requester.operator:
                    raise CommandError(
                        "A test is posted to whoever asks for it, and the command line is nobody in Slack.",
                        hint=f"Type it in Slack: test {number}",
                        code="not_available",
                    )
                schedule = self._visible(number, requester, place)
                self._deliveries.test(schedule, person_id=requester.id, request_id=request_id)
                return Changed(Verb.TEST, self._view(schedule, requester))
            case Verb.LOG:
                schedule = self._visible(number, requester, place)
                fires = self._ledger.of_schedule(schedule.id, limit=_LOG_SHOWN)
                return Logged(self._view(schedule, requester), tuple(fires))
            case verb:
                raise ValueError(f"{verb} is no order about schedules")

    def resend(self, key: str, requester: Requester, *, whole_slot: bool = False) -> int:
        """Post a fire once more that failed, was skipped, or of which nobody knows; 0 where that was done already.

        Args:
            whole_slot: not that fire alone, but its slot's to all who can't have got it.
        Returns:
            How many posts that opened.
        Raises:
            CommandError: there is no such fire that the requester may see to.
        """
        check_welcome(requester)
        fire = self._ledger.fire(key)
        schedule = self._store.get(fire.schedule_id) if fire else None
        if fire is None or schedule is None or not self._may_change(schedule, requester):
            raise CommandError(
                "There is no such post that you may send again.",
                hint="`schedules` lists yours, `log 3` shows what became of their posts.",
                code="unknown_schedule",
            )
        if whole_slot:
            return self._deliveries.resend_missing(schedule, fire.local_date, fire.local_time)
        return int(self._deliveries.resend(key))

    # --- making and editing ---

    def _create(self, plan: Plan, requester: Requester, place: Place, operation: Operation, request_id: str) -> Changed:
        if requester.operator:
            raise CommandError(
                "A schedule belongs to somebody in Slack, and the command line is nobody there.",
                hint="Type it in Slack, or import a file: python -m bot schedules import FILE",
                code="not_available",
            )
        now = self._clock()
        schedule = self._with(
            plan,
            Schedule(
                id=hashlib.sha256(request_id.encode()).hexdigest()[:16],
                number=0,
                owner_id=requester.id,
                question="",
                recurrence=plan.recurrence,
                destinations=(),
                created_at=now,
                active_since=now,
            ),
            requester,
            place,
        )
        existing = [known for known in self._store.all() if known.owner_id == requester.id]
        for known in existing:
            if _same(known, schedule) and known.state is not ScheduleState.ENDED:
                return self._told(Verb.SCHEDULE, known, requester, notes=("You have that schedule already.",))
        self._admission.check_quota(existing, requester)
        notes = self._admission.check(schedule, requester, place, operation, now=now)
        added = self._store.add(schedule)
        log.info("schedule_made", schedule=added.id, by=requester.id, recipients=len(added.destinations))
        return self._told(Verb.SCHEDULE, added, requester, notes=notes)

    def _edited(self, order: Order, requester: Requester, place: Place, operation: Operation) -> Changed:
        number = order.number or 0
        current = self._changeable(number, requester, place)
        if order.plan is None:
            raise CommandError(
                f"`edit {number}` needs the schedule as it is to be.",
                hint=f"As it is now: edit {number} {plan_words(plan_of(current))}",
                code="missing_object",
            )
        plan = order.plan
        if plan.zone_source != "text":
            plan = replace(plan, recurrence=replace(plan.recurrence, zone=current.recurrence.zone))
        owner = requester if requester.id == current.owner_id else self._people.requester(current.owner_id)
        notes: tuple[str, ...] = ()

        def change(schedule: Schedule) -> Schedule:
            nonlocal notes
            edited = self._with(plan, schedule, owner, place)
            notes = self._admission.check(
                edited,
                owner,
                place,
                operation,
                now=self._clock(),
                typed_by=requester,
                kept=schedule.destinations,
            )
            if edited.state is ScheduleState.ENDED:
                edited = replace(edited, state=ScheduleState.ACTIVE, reason="", failures=0)
            if edited.recurrence != schedule.recurrence:
                since, note = self._in_force_from(schedule)
                edited = replace(edited, active_since=since)
                notes = (*notes, *note)
            return edited

        edited = self._changed(number, requester, place, change)
        return self._told(Verb.EDIT, edited, requester, notes=notes)

    def _in_force_from(self, before: Schedule) -> tuple[datetime, tuple[str, ...]]:
        """When other times are due from: tomorrow, where today's post is out already."""
        now, zone = self._clock(), load_zone(before.recurrence.zone)
        today = local_date(now, zone)
        since = max(day_start(today, zone), before.active_since or before.created_at)
        came = slots(before.recurrence, since, now, is_holiday=self._calendars.of(before.recurrence))
        if not came or before.state is not ScheduleState.ACTIVE:
            return now, ()
        return day_start(today + _DAY, zone), ("Today's post went out before, so the new times count from tomorrow.",)

    def _with(self, plan: Plan, schedule: Schedule, owner: Requester, place: Place) -> Schedule:
        """The schedule with all that the plan says; recipients and country made exact."""
        rule = plan.recurrence
        if rule.country is not None:
            rule = replace(rule, country=self._calendars.code(rule.country))
        destinations = schedule.destinations
        if plan.targets or not destinations:
            targets = plan.targets or (Target(TargetKind.HERE),)
            destinations = tuple(dict.fromkeys(destination(target, owner, place) for target in targets))
        return replace(
            schedule,
            question=plan.question,
            recurrence=rule,
            destinations=destinations,
            misfire=plan.misfire,
            window_s=plan.window_s,
            wait_s=plan.wait_s,
            least_coverage=plan.least_coverage,
        )

    # --- pausing, resuming, deleting ---

    def _paused(self, order: Order, requester: Requester, place: Place) -> Changed:
        def change(schedule: Schedule) -> Schedule:
            if schedule.state is ScheduleState.ENDED:
                raise _over(schedule)
            return replace(
                schedule,
                state=ScheduleState.PAUSED,
                paused_until=order.until,
                reason="" if requester.id == schedule.owner_id else f"paused by <@{requester.id}>",
            )

        schedule = self._changed(order.number or 0, requester, place, change)
        log.info("schedule_paused", schedule=schedule.id, by=requester.id)
        return Changed(Verb.PAUSE, self._view(schedule, requester))

    def _resumed(self, number: int, requester: Requester, place: Place) -> Changed:
        def change(schedule: Schedule) -> Schedule:
            if schedule.state is ScheduleState.ENDED:
                raise _over(schedule)
            if schedule.state is ScheduleState.ACTIVE:
                return schedule
            return replace(
                schedule,
                state=ScheduleState.ACTIVE,
                paused_until=None,
                reason="",
                failures=0,
                active_since=self._clock(),
            )

        schedule = self._changed(number, requester, place, change)
        log.info("schedule_resumed", schedule=schedule.id, by=requester.id)
        return self._told(Verb.RESUME, schedule, requester)

    def _deleted(self, number: int, requester: Requester, place: Place) -> Changed:
        schedule = self._changeable(number, requester, place)
        self._store.delete(schedule.id)
        log.info("schedule_deleted", schedule=schedule.id, by=requester.id)
        again = order_words(Order(Verb.SCHEDULE, plan=plan_of(schedule)))
        view = replace(self._view(schedule, requester), next_slots=(), changeable=False)
        return Changed(Verb.DELETE, view, notes=(f"To have it again: `{again}`",))

    def _changed(
        self, number: int, requester: Requester, place: Place, change: Callable[[Schedule], Schedule]
    ) -> Schedule:
        """The schedule after the change; tried anew on what somebody else made of it meanwhile."""
        for _ in range(_TRIES):
            schedule = self._changeable(number, requester, place)
            wanted = change(schedule)
            if wanted == schedule:
                return schedule
            saved = self._store.save(wanted)
            if saved is not None:
                return saved
        raise CommandError(
            f"Schedule {number} is being changed by somebody else.", hint="Try again in a moment.", code="conflict"
        )

    # --- finding and showing ---

    def _listed(self, requester: Requester, place: Place) -> Listed:
        everything = self._store.all()
        mine = [s for s in everything if requester.operator or s.owner_id == requester.id]
        here = [s for s in everything if s not in mine and _posts_in(s, place)]
        return Listed(
            tuple(self._view(schedule, requester) for schedule in mine),
            tuple(self._view(schedule, requester) for schedule in here),
            everybodys=requester.operator,
        )

    def _visible(self, number: int, requester: Requester, place: Place) -> Schedule:
        """A schedule that the requester may know of: hers, this channel's, one that she is sent, or any for some."""
        schedule = self._store.by_number(number)
        if schedule is not None and (
            self._may_change(schedule, requester)
            or _posts_in(schedule, place)
            or any(to.id == requester.id for to in schedule.destinations)
        ):
            return schedule
        raise CommandError(
            f"There is no schedule {number} that you may see.",
            hint="`schedules` lists yours and those of the channel where you type it.",
            code="unknown_schedule",
        )

    def _changeable(self, number: int, requester: Requester, place: Place) -> Schedule:
        schedule = self._visible(number, requester, place)
        if self._may_change(schedule, requester):
            return schedule
        raise NotAllowedError(
            f"Schedule {number} is <@{schedule.owner_id}>'s, and only she may change it or run it.",
            hint=f"`test {number}` shows it to you alone, `log {number}` what became of it.",
        )

    def _may_change(self, schedule: Schedule, requester: Requester) -> bool:
        if requester.operator or schedule.owner_id == requester.id:
            return True
        return vision(requester, self._settings.grants, None).everything

    def _view(self, schedule: Schedule, requester: Requester) -> View:
        return View(
            schedule,
            upcoming(schedule, self._clock(), RUNS_SHOWN, is_holiday=self._calendars.of(schedule.recurrence)),
            changeable=self._may_change(schedule, requester),
        )

    def _told(self, verb: Verb, schedule: Schedule, requester: Requester, *, notes: tuple[str, ...] = ()) -> Changed:
        """A schedule that is in force, with what its next post covers."""
        view = self._view(schedule, requester)
        if not view.next_slots:
            return Changed(verb, view, notes=notes)
        try:
            query = self._admission.read_ahead(schedule, schedule.destinations[0], requester, view.next_slots)
        except CommandError:  # what was asked is done; its first posts say themselves what can't be asked then
            return Changed(verb, view, notes=notes)
        return Changed(verb, view, reading=query.range.label if query.range else "", notes=notes)


def upcoming(
    schedule: Schedule, now: datetime, how_many: int, *, is_holiday: Callable[[date], bool]
) -> tuple[Slot, ...]:
    """The next times at which a schedule posts; none while it is paused without end, or over."""
    after = max(now, (schedule.active_since or now) - timedelta(microseconds=1))
    if schedule.state is ScheduleState.PAUSED and schedule.paused_until is not None:
        zone = load_zone(schedule.recurrence.zone)
        after = max(after, day_start(schedule.paused_until, zone) - timedelta(microseconds=1))
    elif schedule.state is not ScheduleState.ACTIVE:
        return ()
    return tuple(next_slots(schedule.recurrence, after, how_many, is_holiday=is_holiday))


def _planned(order: Order) -> Plan:
    if order.plan is None:
        raise ValueError("an order to schedule has a plan")
    return order.plan


def _posts_in(schedule: Schedule, place: Place) -> bool:
    return place.channel_id is not None and any(to.id == place.channel_id for to in schedule.destinations)


def _same(one: Schedule, other: Schedule) -> bool:
    """Whether both would post the same at the same times to the same."""
    return (
        one.question == other.question
        and one.recurrence == other.recurrence
        and set(one.destinations) == set(other.destinations)
    )


def _over(schedule: Schedule) -> CommandError:
    return CommandError(
        f"Schedule {schedule.number} is over: its last time has come.",
        hint=f"`edit {schedule.number}` with new days, or `delete {schedule.number}`.",
        code="never_due",
    )
