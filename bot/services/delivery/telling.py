"""Failures reach people: the owner, or whoever looks after the schedule when she is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.core.duties import FAILURES_TO_PAUSE, failed_streak, paused
from bot.core.rendering.troubles import (
    Trouble,
    failure_notice,
    handover_notice,
    pause_notice,
    skipped_notice,
    unknown_notice,
)
from bot.core.scheduling import DestinationKind, FireKind, ScheduleState
from bot.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from bot.core.duties import Duty
    from bot.core.scheduling import Fire, Schedule
    from bot.ports import FireLedger, Messenger, People, ScheduleStore
    from bot.services.delivery.terms import Caretakers, DeliverySettings

log = structlog.get_logger(__name__)

_TRIES = 8
"""Changes of one schedule at once that are taken turns for."""


class Teller:
    """Tells people what happened to their schedules, and changes the schedules by it."""

    def __init__(
        self,
        *,
        store: ScheduleStore,
        ledger: FireLedger,
        messenger: Messenger,
        people: People,
        caretakers: Caretakers,
        settings: DeliverySettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._messenger = messenger
        self._people = people
        self._caretakers = caretakers
        self._settings = settings
        self._clock = clock

    def failed(self, schedule: Schedule, fire: Fire, trouble: Trouble) -> None:
        """A post failed for good: tell, and pause the schedule where going on makes no sense."""
        log.warning("fire_failed", key=fire.key, cause=trouble.cause, code=trouble.code)
        if fire.kind is FireKind.TEST:
            self._say(fire.destination.id, failure_notice(schedule, fire, trouble, command=self._settings.command))
            return
        counts = fire.kind is FireKind.SLOT
        streak = self._streak(schedule) if counts else schedule.failures
        alone = len(schedule.destinations) <= 1 or trouble.code == NOT_ALLOWED
        stop = counts and ((trouble.pauses and alone) or streak >= FAILURES_TO_PAUSE)

        def changed(current: Schedule) -> Schedule | None:
            now = self._clock()
            told = current.told_at is not None and now - current.told_at < timedelta(
                seconds=self._settings.told_every_s
            )
            pausing = stop and current.state is ScheduleState.ACTIVE
            if told and not pausing and current.failures == streak:
                return None
            following = replace(current, failures=streak, told_at=current.told_at if told else now)
            return paused(following, _why(trouble, streak)) if pausing else following

        before, after = self._change(schedule.id, changed)
        if before is None or after is None:
            return
        if after.state is ScheduleState.PAUSED and before.state is ScheduleState.ACTIVE:
            said = trouble if trouble.pauses else replace(trouble, cause=_why(trouble, streak))
            self.tell_owner(after, pause_notice(after, said, command=self._settings.command))
        elif after.told_at != before.told_at:
            self.tell_owner(after, failure_notice(after, fire, trouble, command=self._settings.command))

    def reached(self, schedule: Schedule, fire: Fire) -> None:
        """A post arrived: earlier failures no longer count."""
        if schedule.failures and fire.kind is FireKind.SLOT:
            self._change(schedule.id, lambda current: replace(current, failures=0) if current.failures else None)

    def unknown(self, schedule: Schedule, fire: Fire, why: str) -> None:
        """Nobody can tell whether it arrived: the owner decides, each time."""
        log.warning("fire_unknown", key=fire.key, why=why)
        text, blocks = unknown_notice(schedule, fire, why, command=self._settings.command)
        self.tell_owner(schedule, text, blocks)

    def skipped(self, missed: Sequence[tuple[Schedule, Duty]]) -> None:
        """Slots that nobody got: one message to each owner."""
        owners: dict[str, list[tuple[Schedule, Duty]]] = {}
        for schedule, duty in missed:
            log.warning("slot_skipped", schedule=schedule.id, slot=duty.slot.name, reason=duty.skip)
            owners.setdefault(schedule.owner_id, []).append((schedule, duty))
        for theirs in owners.values():
            self.tell_owner(theirs[0][0], skipped_notice(theirs, command=self._settings.command))

    def hand_over(self, schedule: Schedule) -> bool:
        """Give a schedule whose owner left to the first supervisor in its channel; False: paused, for want of one."""
        heir = next(self._heirs(schedule), None)
        left = schedule.owner_id
        if heir is not None:

            def handed(current: Schedule) -> Schedule | None:
                return replace(current, owner_id=heir) if current.owner_id == left else None

            _, after = self._change(schedule.id, handed)
            if after is not None:
                log.warning("schedule_handed_over", schedule=schedule.id, left=left, heir=heir)
                self._say(heir, handover_notice(after, left, command=self._settings.command))
            return True
        trouble = Trouble(
            f"its owner <@{left}> is no longer a member here, and no supervisor is in its channel.",
            "Somebody else has to take it over.",
        )
        why = "its owner left, and no supervisor is in its channel"
        _, after = self._change(
            schedule.id, lambda current: paused(current, why) if current.state is ScheduleState.ACTIVE else None
        )
        if after is not None:
            log.warning("schedule_without_owner", schedule=schedule.id, left=left)
            self._tell_caretaker(pause_notice(after, trouble, command=self._settings.command), but=left)
        return False

    def tell_owner(self, schedule: Schedule, text: str, blocks: Sequence[Mapping[str, Any]] = ()) -> None:
        """A direct message to the owner; to a caretaker where she can't be reached."""
        if not self._say(schedule.owner_id, text, blocks):
            self._tell_caretaker(text, but=schedule.owner_id)

    # --- who ---

    def _heirs(self, schedule: Schedule) -> Iterator[str]:
        """Supervisors who are in a channel of the schedule, in the settings' order."""
        candidates = [person for person in self._caretakers.supervisors() if person != schedule.owner_id]
        channels = [d.id for d in schedule.destinations if d.kind is DestinationKind.CHANNEL]
        for channel in channels if candidates else []:
            members = self._messenger.members(channel)
            if not isinstance(members, frozenset):
                log.warning("members_unknown", channel=channel, error=members.error)
                continue
            yield from (person for person in candidates if person in members and self._is_here(person))

    def _tell_caretaker(self, text: str, *, but: str) -> None:
        for person in dict.fromkeys([*self._caretakers.auditors, *self._caretakers.supervisors()]):
            if person != but and self._is_here(person) and self._say(person, text):
                return
        log.error("nobody_told")

    def _is_here(self, person: str) -> bool:
        try:
            return not self._people.requester(person).stranger
        except DeliveryError:
            return False

    def _say(self, person: str, text: str, blocks: Sequence[Mapping[str, Any]] = ()) -> bool:
        told = self._messenger.tell(person, text, blocks)
        if not told:
            log.warning("person_not_told", person=person)
        return told

    # --- schedules ---

    def _streak(self, schedule: Schedule) -> int:
        slots = 2 * FAILURES_TO_PAUSE
        fires = self._ledger.of_schedule(schedule.id, limit=slots * max(1, len(schedule.destinations)) + slots)
        return failed_streak(fires, schedule.active_since or schedule.created_at)

    def _change(
        self, schedule_id: str, change: Callable[[Schedule], Schedule | None]
    ) -> tuple[Schedule | None, Schedule | None]:
        """The schedule before and after a change; (…, None) where there was nothing to change."""
        for _ in range(_TRIES):
            current = self._store.get(schedule_id)
            wanted = change(current) if current is not None else None
            if wanted is None:
                return current, None
            saved = self._store.save(wanted)
            if saved is not None:
                return current, saved
        log.error("schedule_not_changed", schedule=schedule_id)
        return None, None


NOT_ALLOWED = "not_allowed"
"""Code of a trouble with the owner's rights, which concerns every recipient."""


def _why(trouble: Trouble, streak: int) -> str:
    if trouble.pauses:
        return trouble.cause
    return f"{streak} posts in a row failed, the last one because: {trouble.cause}"
