"""What may be scheduled: by whom, how many, for which readers. Decided when a schedule is made or edited.

Delivery decides again at every fire; this is so that people hear at once of what could never be posted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from bot.core.duties import question_for
from bot.core.grammar.schedules import plan_words
from bot.core.orders import Target, TargetKind, plan_of
from bot.core.query import SelectorKind
from bot.core.recurrence import next_slots
from bot.core.rights import SMALLEST_GROUP, Audience, check_welcome, check_wording, vision
from bot.core.scheduling import Destination, DestinationKind, ScheduleState
from bot.errors import CommandError, InvalidIntervalError, NotAllowedError
from bot.ports import ChannelState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from bot.core.answer import Notice
    from bot.core.query import Query
    from bot.core.recurrence import Slot
    from bot.core.rights import Grant
    from bot.core.scheduling import Schedule
    from bot.ports import Operation, People, Refused, Requester, Unclear
    from bot.services.holidays import HolidayCalendars

_TRIED = 8
"""Coming times at which a question is tried, as the grammar does."""
_PERSONS = frozenset({SelectorKind.ME, SelectorKind.MENTION, SelectorKind.AGENT, SelectorKind.EMAIL})


class Questions(Protocol):
    """What is asked of the report service."""

    def read(self, text: str, requester: Requester, *, now: datetime | None = None, zone: str | None = None) -> Query:
        """The question as of a moment."""

    def check(self, query: Query, requester: Requester, operation: Operation) -> Sequence[Notice]:
        """Raise CommandError where the requester may not ask that, or names nobody; no figures are asked for."""


class Channels(Protocol):
    """What Slack tells of channels (`bot.ports.Messenger` does)."""

    def channel_state(self, channel_id: str) -> ChannelState | Refused | Unclear:
        """What decides whether figures may be posted there."""

    def members(self, channel_id: str) -> frozenset[str] | Refused | Unclear:
        """Who is in it."""


@dataclass(frozen=True, slots=True)
class ScheduleSettings:
    """Who may make how many schedules."""

    grants: tuple[Grant, ...] = ()
    named_channels: frozenset[str] = frozenset()
    """Channels where names may be posted."""
    own_quota: int = 5
    """Active schedules of a person who supervises nobody."""
    supervisor_quota: int = 50


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command was typed."""

    channel_id: str | None = None
    """None: nowhere that others read, such as a direct message."""
    certain: bool = True
    """False: it may be another one, for the form that says so came by way of somebody's browser."""


class Admission:
    """Decides what may be scheduled."""

    def __init__(
        self,
        *,
        channels: Channels,
        people: People,
        reports: Questions,
        calendars: HolidayCalendars,
        settings: ScheduleSettings,
    ) -> None:
        self._channels = channels
        self._people = people
        self._reports = reports
        self._calendars = calendars
        self._settings = settings

    def check_quota(self, existing: Sequence[Schedule], requester: Requester) -> None:
        """Refuse one schedule too many.

        Args:
            existing: those that the requester has.
        """
        supervises = self.supervises(requester)
        quota = self._settings.supervisor_quota if supervises else self._settings.own_quota
        if sum(known.state is not ScheduleState.ENDED for known in existing) >= quota:
            raise CommandError(
                f"You have {quota} schedules already, and no more are possible.",
                hint="`schedules` lists them; `delete 3` makes room.",
                code="too_many_schedules",
            )

    def _check_recipients(self, schedule: Schedule, owner: Requester) -> None:
        """People who supervise nobody have their own figures sent to themselves alone."""
        others = [to for to in schedule.destinations if to.id != owner.id]
        if others and not self.supervises(owner):
            raise NotAllowedError(
                "Schedules of your own figures go to you alone.",
                hint=f"schedule {plan_words(replace(plan_of(schedule), targets=(Target(TargetKind.ME),)))}",
            )

    def check(
        self,
        schedule: Schedule,
        owner: Requester,
        place: Place,
        operation: Operation,
        *,
        now: datetime,
        typed_by: Requester | None = None,
        kept: Collection[Destination] = (),
    ) -> tuple[str, ...]:
        """What is to be known about the recipients, each a sentence.

        Args:
            typed_by: who edits it, where that isn't the owner.
            kept: recipients that it had before, whoever put them there.
        Raises:
            CommandError: the owner may not ask that, a recipient may not see it, or a channel may not show it.
        """
        self._check_recipients(schedule, owner)
        notes: dict[str, None] = {}
        upcoming = next_slots(schedule.recurrence, now, _TRIED, is_holiday=self._calendars.of(schedule.recurrence))
        for to in schedule.destinations:
            query = self.read_ahead(schedule, to, owner, upcoming)
            notes |= dict.fromkeys(notice.message for notice in self._reports.check(query, owner, operation))
            if to.kind is DestinationKind.CHANNEL:
                trusted = (place.certain and to.id == place.channel_id) or to in kept
                notes |= dict.fromkeys(self._check_channel(to, query, None if trusted else typed_by or owner))
            elif to.id != owner.id:
                self._check_reader(to, query, operation)
        return tuple(notes)

    def read_ahead(self, schedule: Schedule, to: Destination, owner: Requester, upcoming: Sequence[Slot]) -> Query:
        """The question as it will be read at the first of these slots at which it can be asked.

        Raises:
            CommandError: at none of them, or it can't be asked at all.
        """
        ahead: CommandError | None = None
        for slot in upcoming:
            try:
                return self._reports.read(
                    question_for(schedule, to), owner, now=slot.fire_at, zone=schedule.recurrence.zone
                )
            except InvalidIntervalError as error:
                if error.code != "future_range":
                    raise
                ahead = ahead or error
        raise ahead or CommandError(
            "That schedule would never be due.", hint="Leave out `until`, or name a later day.", code="never_due"
        )

    def _check_reader(self, to: Destination, query: Query, operation: Operation) -> None:
        """Nobody is sent what she could not ask for herself."""
        reader = self._people.requester(to.id)
        try:
            check_welcome(reader)
            self._reports.check(query, reader, operation)
        except NotAllowedError as error:
            raise NotAllowedError(
                f"<@{to.id}> may not see those figures: {error.message}",
                hint="Give each recipient her own part: to @ana for team:Billing. SUPERVISORS says who sees whom.",
                code=error.code,
            ) from error

    def _check_channel(self, to: Destination, query: Query, member: Requester | None) -> list[str]:
        """What is to be known about a channel; `member`, where given, must be in it herself."""
        state = self._channels.channel_state(to.id)
        if not isinstance(state, ChannelState) or not state.member:
            raise NotAllowedError(
                f"I can't post in <#{to.id}>: I'm not a member of it, or can't tell who reads it.",
                hint="Invite me there (`/invite`) and say it again.",
                code="channel_unknown",
            )
        if state.archived:
            raise NotAllowedError(f"<#{to.id}> is archived.", hint="Name another channel.", code="channel_archived")
        if state.shared_externally:
            raise NotAllowedError(
                f"<#{to.id}> is shared with another organisation, so I post no figures in it.",
                hint="Name another channel, or `to me`.",
                code="shared_externally",
            )
        if member is not None:
            members = self._channels.members(to.id)
            if not isinstance(members, frozenset) or member.id not in members:
                raise NotAllowedError(
                    f"You are not in <#{to.id}>, so you may not have posts sent there.",
                    hint="Join it first, or name another channel.",
                )
        if to.id in self._settings.named_channels:
            return []
        include = query.filters.include
        if include and len(include) < SMALLEST_GROUP and all(s.kind in _PERSONS for s in include):
            raise NotAllowedError(
                f"In <#{to.id}> I post only groups of {SMALLEST_GROUP} agents and more, without names.",
                hint="Ask for a team, send it `to me`, or have the channel listed in NAMED_CHANNELS.",
                code="group_too_small",
            )
        check_wording(query, Audience(channel_id=to.id))
        return [f"In <#{to.id}> names aren't posted: it shows groups of {SMALLEST_GROUP} agents and more together."]

    def supervises(self, requester: Requester) -> bool:
        """Whether she may see others than herself."""
        sees = vision(requester, self._settings.grants, None)
        return sees.everything or bool(sees.scopes)


def destination(target: Target, owner: Requester, place: Place) -> Destination:
    """The recipient by her Slack id.

    Raises:
        CommandError: she, or the channel, was named in a way that ids can't be made of.
    """
    match target.kind:
        case TargetKind.CHANNEL:
            return Destination(DestinationKind.CHANNEL, target.value, target.slice)
        case TargetKind.PERSON:
            return Destination(DestinationKind.PERSON, target.value, target.slice)
        case TargetKind.ME:
            return Destination(DestinationKind.PERSON, owner.id, target.slice)
        case TargetKind.HERE if place.channel_id is None:
            return Destination(DestinationKind.PERSON, owner.id, target.slice)
        case TargetKind.HERE:
            return Destination(DestinationKind.CHANNEL, str(place.channel_id), target.slice)
        case TargetKind.CHANNEL_NAME:
            raise CommandError(
                f"I can't tell which channel `#{target.value}` is: names change, and two may look alike.",
                hint="Pick it from the list that Slack shows while you type #, or type the command in that channel.",
                code="unknown_channel",
            )
        case TargetKind.PERSON_NAME:
            raise CommandError(
                f"I can't tell who `@{target.value}` is in Slack.",
                hint="Pick the person from the list that Slack shows while you type @.",
                code="unknown_person",
            )
