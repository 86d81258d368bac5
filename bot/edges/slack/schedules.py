"""Orders about schedules behind every door of Slack: taken to the service, and what comes of them drawn."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from bot.core.rendering.blocks import Message
from bot.core.rendering.schedules import render_order_refusal, render_outcome
from bot.edges.slack.reply import Door
from bot.errors import CommandError
from bot.services.schedules import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.orders import Order, Outcome
    from bot.edges.slack.reply import Address
    from bot.ports import Operation, Requester

SENT_AGAIN = "It is being sent again. `log` says what becomes of it."
SENT_BEFORE = "It was sent again before: nothing more is sent."


class Schedules(Protocol):
    """What the desk asks of the schedules service."""

    def carry_out(
        self, order: Order, requester: Requester, *, place: Place, operation: Operation, request_id: str
    ) -> Outcome:
        """Do what the order says; raises CommandError."""

    def resend(self, key: str, requester: Requester, *, whole_slot: bool = False) -> int:
        """Send a post once more, or all that is missing of its slot; how many. Raises CommandError."""


class ScheduleDesk:
    """Takes orders to the service and draws what comes of them.

    Args:
        schedules: None where this process keeps none.
        clock: seconds since 1970.
    """

    def __init__(self, schedules: Schedules | None, clock: Callable[[], float]) -> None:
        self._schedules = schedules
        self._clock = clock

    @property
    def works(self) -> bool:
        """Whether there are schedules here at all."""
        return self._schedules is not None

    def answer(self, order: Order, person: Requester, address: Address, *, operation: Operation, key: str) -> Message:
        """What came of an order.

        Args:
            key: of the delivery, so that a second copy of it does nothing more.
        Raises:
            CommandError: it can't be done, or not by this person.
        """
        outcome = self.outcome(order, person, address, operation=operation, key=key)
        return render_outcome(outcome, now=datetime.fromtimestamp(self._clock(), UTC))

    def outcome(self, order: Order, person: Requester, address: Address, *, operation: Operation, key: str) -> Outcome:
        """The same, not drawn."""
        place = Place(_shared_channel(address), certain=address.door is not Door.FORM)
        return self._service().carry_out(order, person, place=place, operation=operation, request_id=key)

    def refusal(self, error: CommandError, order: Order, address: Address) -> Message:
        """Why an order can't be carried out."""
        return render_order_refusal(error, order, place=_shared_channel(address))

    def resend(self, key: str, person: Requester, *, whole_slot: bool = False) -> Message:
        """Send a post once more, or its slot to all who lack it.

        Raises:
            CommandError: there is none that this person may see to.
        """
        sent = self._service().resend(key, person, whole_slot=whole_slot)
        return Message(SENT_AGAIN if sent else SENT_BEFORE, (), ())

    def _service(self) -> Schedules:
        if self._schedules is None:
            raise CommandError(
                "This bot keeps no schedules.", hint="An operator can give it a database.", code="not_available"
            )
        return self._schedules


def _shared_channel(address: Address) -> str | None:
    """The channel of an address where others read along."""
    channel = address.channel_id
    return None if channel is None or channel.startswith("D") else channel
