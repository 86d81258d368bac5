"""What one fire says: the question read as of its slot, answered within the rights of now, drawn for its readers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.core.answer import Answer, TextAnswer
from bot.core.duties import fetched_share, question_for
from bot.core.rendering.scheduled import render_scheduled
from bot.core.rights import PRIVATE, Audience, check_welcome
from bot.core.scheduling import DestinationKind, FireKind
from bot.errors import NotAllowedError
from bot.ports import ChannelState, Refused, Unclear

if TYPE_CHECKING:
    from bot.core.scheduling import Fire, Schedule
    from bot.ports import Operation, People, Requester
    from bot.services.delivery.contacts import Contacts
    from bot.services.delivery.terms import DeliverySettings, Reports


@dataclass(frozen=True, slots=True)
class Content:
    """An answer for one fire; `share` is the share of its rows that is complete."""

    answer: Answer | TextAnswer
    share: float


class OwnerGoneError(Exception):
    """The schedule's owner is no longer a member of this workspace."""


class RecipientNotAllowedError(Exception):
    """The recipient of a direct message, who isn't the owner, may not see this; `error` says why."""

    def __init__(self, error: NotAllowedError) -> None:
        super().__init__(error.message)
        self.error = error


class ChannelTroubleError(Exception):
    """Slack doesn't say who reads the channel, and no answer is a refusal."""

    def __init__(self, result: Refused | Unclear) -> None:
        super().__init__(result.error)
        self.result = result


class Composer:
    """Answers and draws for fires."""

    def __init__(self, *, reports: Reports, people: People, contacts: Contacts, settings: DeliverySettings) -> None:
        self._reports = reports
        self._people = people
        self._contacts = contacts
        self._settings = settings

    def answer(self, schedule: Schedule, fire: Fire, operation: Operation) -> Content:
        """The figures that the owner may see, and the readers may read.

        A direct message to somebody else holds what that person may see herself, and only while the owner may still
        ask: nobody gains by being a recipient, nor by having made a schedule once.

        Raises:
            CommandError: the question makes no sense any more, or isn't allowed.
            SourceError: the platform answered nothing.
            DeliveryError: Slack doesn't say who somebody is.
            OwnerGoneError, RecipientNotAllowedError, ChannelTroubleError: as they say.
        """
        recipient = fire.destination.id if fire.destination.kind is DestinationKind.PERSON else None
        if fire.kind is FireKind.TEST:
            return self._asked(schedule, fire, self._people.requester(fire.destination.id), PRIVATE, operation)
        owner = self._people.requester(schedule.owner_id)
        if owner.stranger:
            raise OwnerGoneError
        audience = PRIVATE if recipient is not None else self._audience(fire.destination.id)
        content = self._asked(schedule, fire, owner, audience, operation)
        if recipient is None or recipient == owner.id:
            return content
        reader = self._people.requester(recipient)
        try:
            check_welcome(reader)
            return self._asked(schedule, fire, reader, audience, operation)
        except NotAllowedError as error:
            raise RecipientNotAllowedError(error) from error

    def draw(self, content: Content, schedule: Schedule, fire: Fire, *, late: bool, incomplete: bool) -> dict[str, Any]:
        """The message to freeze."""
        return render_scheduled(
            content.answer,
            schedule,
            fire,
            late=late,
            incomplete=incomplete,
            command=self._settings.command,
            week_start=self._settings.week_start,
        )

    def check_frozen(self, fire: Fire) -> None:
        """Refuse to send what was drawn earlier where other people read along by now.

        Raises:
            NotAllowedError: the channel is shared with another organisation.
            ChannelTroubleError: Slack doesn't say.
        """
        if self._audience(fire.destination.id).shared_externally:
            raise NotAllowedError("The channel is shared with another organisation by now.", code="shared_externally")

    def _asked(
        self, schedule: Schedule, fire: Fire, requester: Requester, audience: Audience, operation: Operation
    ) -> Content:
        query = self._reports.read(
            question_for(schedule, fire.destination), requester, now=fire.fire_at, zone=schedule.recurrence.zone
        )
        answer = self._reports.answer(query, requester, door="schedule", operation=operation, audience=audience)
        return Content(answer, fetched_share(answer) if isinstance(answer, Answer) else 1.0)

    def _audience(self, channel_id: str) -> Audience:
        state = self._contacts.state(channel_id)
        if not isinstance(state, ChannelState):
            raise ChannelTroubleError(state)
        if state.archived:
            raise ChannelTroubleError(Refused("is_archived"))
        named = channel_id in self._settings.named_channels
        return Audience(channel_id=channel_id, named=named, shared_externally=state.shared_externally)
