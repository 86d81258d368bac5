"""One claimed fire on its way into its channel: once, whatever breaks in between.

The order is the promise: look before a second send, freeze before the first, renew and stamp just before each,
record after it. Every step that changes the row says whether it still is ours; where it isn't, somebody else goes on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from bot.core.duties import Duty, is_late, no_longer_owed, too_old
from bot.core.recurrence import Slot
from bot.core.rendering.troubles import Trouble, never_sent, refused_by_slack
from bot.core.scheduling import DestinationKind, FireKind, FireState
from bot.errors import CommandError, DeliveryError, NotAllowedError, SourceError
from bot.ports import Operation, Posted, Refused, Unclear
from bot.services.delivery.content import ChannelTroubleError, OwnerGoneError, RecipientNotAllowedError
from bot.services.delivery.telling import NOT_ALLOWED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.core.scheduling import Fire, Schedule
    from bot.ports import FireLedger, Messenger, ScheduleStore
    from bot.services.delivery.contacts import Contacts
    from bot.services.delivery.content import Composer, Content
    from bot.services.delivery.crew import Keeper
    from bot.services.delivery.lanes import Pace
    from bot.services.delivery.telling import Teller
    from bot.services.delivery.terms import DeliverySettings

log = structlog.get_logger(__name__)

LOOK_BACK = timedelta(seconds=5)
"""A look begins so long before the first send: Slack's clock is not ours."""
_LOOKS_FOR_DATA = 3
"""So often complete data are asked for, even where the wait for them is over (a slot that is caught up)."""
_MOST_STUMBLES = 5
"""Attempts after which an error of our own counts as final."""
_MOST_ATTEMPTS = 150
"""More than fit into a catch-up window: ends what was asked for by hand and never gets through."""
_LONGEST_PAUSE_S = 60.0
_NOT_YET = frozenset({"ratelimited", "unreachable", "message_limit_exceeded"})
"""Nothing was posted, and it may be soon."""
_BLOCKS_REFUSED = (
    "invalid_blocks",
    "invalid_attachments",
    "msg_blocks_too_long",
    "only_one_table_allowed",
)
_RECORDING_TRIES = 6


class Poster:
    """Delivers claimed fires."""

    def __init__(
        self,
        *,
        store: ScheduleStore,
        ledger: FireLedger,
        messenger: Messenger,
        composer: Composer,
        contacts: Contacts,
        teller: Teller,
        keeper: Keeper,
        pace: Pace,
        settings: DeliverySettings,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        pause_at: Callable[[str], None],
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._messenger = messenger
        self._composer = composer
        self._contacts = contacts
        self._teller = teller
        self._keeper = keeper
        self._pace = pace
        self._settings = settings
        self._clock = clock
        self._sleep = sleep
        self._pause_at = pause_at

    def deliver(self, fire: Fire) -> float:
        """See one fire through, as far as it goes now; seconds that its channel wants to be left alone."""
        self._pause_at("claimed")
        schedule = self._store.get(fire.schedule_id)
        if fire.first_sent_at is not None and self._looked(fire, schedule):
            return 0.0
        now = self._clock()
        newer = self._ledger.of_schedule(fire.schedule_id) if is_late(fire.fire_at, now, self._late_after_s) else ()
        reason = no_longer_owed(schedule, fire, newer, now)
        if schedule is None or reason is not None:
            self._ledger.finish(fire, FireState.SKIPPED, reason or "", now)
            return 0.0
        if self._came_too_late(schedule, fire, now):
            return 0.0
        if fire.content is not None and not self._still_fits(schedule, fire):
            return 0.0
        if fire.content is None:
            drawn = self._frozen(schedule, fire)
            if drawn is None:
                return 0.0
            fire = drawn
        return self._posted(schedule, fire)

    # --- before a second send ---

    def _looked(self, fire: Fire, schedule: Schedule | None) -> bool:
        """Look for an earlier attempt's message; whether that settles it, for now or for good."""
        assert fire.first_sent_at is not None  # noqa: S101  the caller's condition, for the type checker
        now = self._clock()
        settled = fire.first_sent_at + timedelta(seconds=self._settings.settle_s)
        if now < settled:
            self._ledger.put_back(fire, not_before=settled, error=fire.error or "unsettled")
            return True
        found = self._messenger.find(fire.channel or fire.destination.id, fire.key, fire.first_sent_at - LOOK_BACK)
        self._pause_at("looked")
        if isinstance(found, (Refused, Unclear)):
            self._again(fire, found.error, after_s=_retry_after(found))
            return True
        if found is None:
            why = "I may not read that channel's history."
            if self._ledger.finish(fire, FireState.UNKNOWN, f"{fire.error or 'no answer'}; {why}", self._clock()):
                self._pause_at("finished")
                if schedule is not None:
                    self._teller.unknown(schedule, fire, why)
            return True
        if not found:
            return False
        self._record(fire, found[0])
        if schedule is not None:
            self._teller.reached(schedule, fire)
        return True

    def _came_too_late(self, schedule: Schedule, fire: Fire, now: datetime) -> bool:
        reason = too_old(schedule, fire.fire_at, now) if fire.kind is FireKind.SLOT else None
        if fire.error is not None and (reason or fire.attempt > _MOST_ATTEMPTS):
            self._fail(schedule, fire, never_sent(fire.error))
            return True
        if reason is not None:
            if self._ledger.finish(fire, FireState.SKIPPED, reason, now):
                slot = Slot(fire.fire_at, fire.local_date, fire.local_time)
                self._teller.skipped([(schedule, Duty(slot, late=True, skip=reason))])
            return True
        return False

    def _still_fits(self, schedule: Schedule, fire: Fire) -> bool:
        """Whether what was frozen for a channel may still be read there."""
        if fire.destination.kind is DestinationKind.PERSON:
            return True
        try:
            self._composer.check_frozen(fire)
        except ChannelTroubleError as silence:
            self._channel_trouble(schedule, fire, silence.result)
        except NotAllowedError as refusal:
            self._not_allowed(schedule, fire, refusal)
        else:
            return True
        return False

    # --- content ---

    def _frozen(self, schedule: Schedule, fire: Fire) -> Fire | None:
        """The fire with its message set; None where there is none yet, or never will be."""
        content = self._content(schedule, fire)
        if content is None:
            return None
        self._pause_at("computed")
        incomplete = content.share < schedule.least_coverage
        if incomplete and self._may_wait(schedule, fire):
            self._wait(schedule, fire, f"incomplete: {content.share:.0%} of the rows")
            return None
        late = is_late(fire.fire_at, self._clock(), self._late_after_s)
        message = self._composer.draw(content, schedule, fire, late=late, incomplete=incomplete)
        if not self._ledger.freeze(fire, message, incomplete=incomplete):
            return None
        self._pause_at("frozen")
        return replace(fire, content=message, incomplete=incomplete)

    def _content(self, schedule: Schedule, fire: Fire) -> Content | None:
        """The answer; None where the fire was put back or finished instead."""
        operation = Operation.within(self._settings.answer_s)
        try:
            with self._keeper.holding(fire, operation):
                return self._composer.answer(schedule, fire, operation)
        except OwnerGoneError:
            self._without_owner(schedule, fire)
        except RecipientNotAllowedError as refusal:
            cause = f"The recipient may not see this: {refusal.error.message}"
            self._fail(
                schedule, fire, Trouble(cause, "Take her out of the schedule, or have her named in SUPERVISORS.")
            )
        except ChannelTroubleError as silence:
            self._channel_trouble(schedule, fire, silence.result)
        except NotAllowedError as refusal:
            self._not_allowed(schedule, fire, refusal)
        except CommandError as refusal:
            advice = f"{refusal.hint or ''} Edit the schedule's question, or delete it.".strip()
            self._fail(schedule, fire, Trouble(refusal.message, advice, code=refusal.code))
        except (SourceError, DeliveryError) as error:
            self._no_answer(schedule, fire, error)
        except Exception as error:
            # Somebody else's next attempt may fare better; a fire that always stumbles must come to an end.
            log.exception("fire_stumbled", key=fire.key)
            if fire.attempt < _MOST_STUMBLES:
                self._again(fire, f"internal: {type(error).__name__}")
            else:
                trouble = Trouble("I made a mistake in computing it.", "Please tell the operator.", code="internal")
                self._fail(schedule, fire, trouble)
        return None

    def _without_owner(self, schedule: Schedule, fire: Fire) -> None:
        if self._teller.hand_over(schedule):
            self._ledger.put_back(fire, not_before=self._clock(), error="the owner left")
        else:
            reason = "The owner left, and no supervisor is in the channel."
            self._ledger.finish(fire, FireState.FAILED, reason, self._clock())

    def _channel_trouble(self, schedule: Schedule, fire: Fire, result: Refused | Unclear) -> None:
        if isinstance(result, Unclear) or result.error in _NOT_YET:
            self._again(fire, result.error, after_s=_retry_after(result))
        else:
            self._fail(schedule, fire, refused_by_slack(result.error))

    def _not_allowed(self, schedule: Schedule, fire: Fire, refusal: NotAllowedError) -> None:
        if refusal.code == "group_too_small" and self._may_wait(schedule, fire):
            self._wait(schedule, fire, "too few agents have data yet")
            return
        about_readers = refusal.code in {"group_too_small", "names_not_allowed", "shared_externally"}
        advice = "Choose another channel, or have this one listed in NAMED_CHANNELS." if about_readers else refusal.hint
        code = refusal.code if about_readers else NOT_ALLOWED
        self._fail(schedule, fire, Trouble(refusal.message, advice or "", pauses=not about_readers, code=code))

    def _no_answer(self, schedule: Schedule, fire: Fire, error: SourceError | DeliveryError) -> None:
        if self._may_wait(schedule, fire):
            retry = error.retry_after_s if isinstance(error, SourceError) else None
            self._wait(schedule, fire, error.message, after_s=retry)
        else:
            advice = error.hint or "Send it again with `run` when the platform answers."
            self._fail(schedule, fire, Trouble(error.message, advice, code=error.code))

    def _may_wait(self, schedule: Schedule, fire: Fire) -> bool:
        if fire.kind in {FireKind.RUN, FireKind.TEST}:
            return False
        until = fire.fire_at + timedelta(seconds=schedule.wait_s)
        return self._clock() < until or fire.attempt < _LOOKS_FOR_DATA

    def _wait(self, schedule: Schedule, fire: Fire, why: str, *, after_s: float | None = None) -> None:
        """Put back for the next look, the last of them when the wait is over."""
        now = self._clock()
        step = timedelta(seconds=max(self._settings.wait_step_s, after_s or 0.0))
        until = fire.fire_at + timedelta(seconds=schedule.wait_s)
        soonest = min(now + step, until) if until > now else now + step
        self._ledger.put_back(fire, not_before=soonest, error=why, nothing_sent=True)
        self._pause_at("put back")

    # --- sending ---

    def _posted(self, schedule: Schedule, fire: Fire) -> float:
        """Send what is frozen, and record what became of it."""
        channel = self._channel(schedule, fire)
        if channel is None:
            return 0.0
        self._sleep_until_turn()
        # One write renews, fences and stamps: with SQLite each costs every process a wait for the disk.
        if not self._ledger.sending(fire, channel, self._clock(), lease_s=self._settings.lease_s):
            return 0.0
        fire = replace(fire, channel=channel)
        self._pause_at("stamped")
        content: Mapping[str, Any] = fire.content or {}
        result = self._post(fire, channel, content["blocks"])
        if isinstance(result, Refused) and result.error.startswith(_BLOCKS_REFUSED):
            # Nothing is in the channel: the simpler form is an attempt of its own, within the same lease.
            log.error("blocks_refused", key=fire.key, error=result.error)
            if not self._ledger.renew(fire, self._clock(), lease_s=self._settings.lease_s):
                return 0.0
            result = self._post(fire, channel, content["fallback_blocks"])
        match result:
            case Posted():
                self._pause_at("posted")
                self._record(fire, result.ts)
                self._teller.reached(schedule, fire)
            case Unclear():
                self._again(fire, result.error, after_s=self._settings.settle_s)
            case Refused() if result.error in _NOT_YET:
                self._again(fire, result.error, after_s=_retry_after(result), nothing_sent=True)
                return result.retry_after_s or 0.0
            case Refused():
                self._fail(schedule, fire, refused_by_slack(result.error))
        return 0.0

    def _post(self, fire: Fire, channel: str, blocks: Any) -> Posted | Refused | Unclear:
        message = {"text": (fire.content or {})["text"], "blocks": blocks}
        return self._messenger.post(channel, message, key=fire.key, attempt=fire.attempt)

    def _channel(self, schedule: Schedule, fire: Fire) -> str | None:
        """Where to post; None where there is no such place, or not yet."""
        if fire.destination.kind is DestinationKind.CHANNEL:
            return fire.destination.id
        channel = self._contacts.direct(fire.destination.id)
        if isinstance(channel, str):
            return channel
        self._channel_trouble(schedule, fire, channel)
        return None

    def _sleep_until_turn(self) -> None:
        wait_s = self._pace.turn()
        if wait_s > 0:
            self._sleep(wait_s)

    def _record(self, fire: Fire, ts: str) -> None:
        """Note where the message is; where another one counts by now, take the own one back."""
        now = self._clock()
        sweep_at = now + timedelta(seconds=self._settings.lease_s) if fire.attempt > 1 else None
        if self._insisted(lambda: self._ledger.sent(fire, ts, self._clock(), sweep_at=sweep_at)):
            self._pause_at("recorded")
            return
        row = self._ledger.fire(fire.key)
        if row is not None and row.ts is not None and row.ts != ts and row.channel is not None:
            log.warning("copy_taken_back", key=fire.key, attempt=fire.attempt)
            if self._messenger.delete(row.channel, ts):
                self._ledger.took_back(fire)
            self._pause_at("taken back")

    def _insisted(self, write: Callable[[], bool]) -> bool:
        """A write that the database may refuse for a moment: the message is out, and the row should say so.

        Where it never succeeds the lease lapses, and the next attempt finds the message.
        """
        for attempt in range(1, _RECORDING_TRIES + 1):
            try:
                return write()
            except Exception as error:
                if attempt == _RECORDING_TRIES:
                    raise
                log.warning("not_recorded_yet", error=type(error).__name__)
                self._sleep(0.25 * 2**attempt)
        raise AssertionError("unreachable")

    # --- not sent ---

    def _again(self, fire: Fire, error: str, *, after_s: float | None = None, nothing_sent: bool = False) -> None:
        """Due again: when Slack said, or later and later."""
        backoff = min(_LONGEST_PAUSE_S, 2.0 ** min(fire.attempt - 1, 6))
        pause = after_s if nothing_sent and after_s is not None else max(after_s or 0.0, backoff)
        not_before = self._clock() + timedelta(seconds=pause)
        self._insisted(
            lambda: self._ledger.put_back(fire, not_before=not_before, error=error, nothing_sent=nothing_sent)
        )
        self._pause_at("put back")

    def _fail(self, schedule: Schedule, fire: Fire, trouble: Trouble) -> None:
        if self._insisted(lambda: self._ledger.finish(fire, FireState.FAILED, trouble.sentence, self._clock())):
            self._pause_at("finished")
            self._teller.failed(schedule, fire, trouble)

    @property
    def _late_after_s(self) -> float:
        return self._settings.late_after_s


def _retry_after(result: Refused | Unclear) -> float | None:
    return result.retry_after_s if isinstance(result, Refused) else None
