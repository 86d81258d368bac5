"""A question as it comes in through one of Slack's doors, and the service that it is for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from bot.core.rights import PRIVATE
from bot.edges.slack.reply import URL_LIFE_S, Address, Door
from bot.ports import Errand

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.answer import Answer, TextAnswer
    from bot.core.query import Query, Selector
    from bot.core.rights import Audience
    from bot.ports import Agent, Operation, Requester

QUESTION = "question"
"""The kind of errand that a question is."""
MOST_OPTIONS = 100


class Reports(Protocol):
    """What the desk asks of the report service."""

    def read(self, text: str, requester: Requester, *, now: datetime | None = None, zone: str | None = None) -> Query:
        """The question, from its words alone: never waits; raises CommandError."""

    def expand(
        self,
        query: Query,
        requester: Requester,
        *,
        now: datetime | None = None,
        zone: str | None = None,
        channel_id: str | None = None,
    ) -> Query:
        """The question behind `again` and `saved …`, else the same; waits for the database, raises CommandError."""

    def at_once(self, query: Query, requester: Requester) -> TextAnswer | None:
        """The answer, if memory has it whole (help, definitions); never waits."""

    def answer(
        self,
        query: Query,
        requester: Requester,
        *,
        door: str,
        operation: Operation,
        audience: Audience = PRIVATE,
        fresh: bool = False,
        channel_id: str | None = None,
    ) -> Answer | TextAnswer:
        """The answer, as much of it as the requester and the audience may see."""

    def own_agent(self, requester: Requester, operation: Operation) -> Agent | None:
        """The agent that she is; None: nobody's."""

    def suggest_agents(self, typed: str, requester: Requester, *, limit: int = MOST_OPTIONS) -> Sequence[Agent]:
        """Agents whose names fit, of those whom the requester may see; from memory, never waits."""

    def suggest_groups(self, typed: str, requester: Requester, *, limit: int = MOST_OPTIONS) -> Sequence[Selector]:
        """Teams, queues and the like whose names fit, of those that the requester may ask for; likewise."""


@dataclass(frozen=True, slots=True)
class Question:
    """One delivery that asks something: plain values, so that a stored job can carry them."""

    text: str
    address: Address
    key: str
    """The same for every copy of the same delivery."""
    fresh: bool = False
    """Ask the platform even where an answer is kept."""
    resend: str | None = None
    """The key of a scheduled post that is to be sent once more; the text says nothing then."""
    whole_slot: bool = False
    """Of `resend`: to all of the slot's recipients who lack it."""
    back: str = ""
    """The question from whose answer this one was picked, to go back to it."""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Question:
        """The question as it was stored.

        Raises:
            KeyError, TypeError, ValueError: another version stored it, with other fields.
        """
        address = dict(stored["address"])
        return cls(**{**stored, "address": Address(**{**address, "door": Door(address["door"])})})

    @property
    def errand(self) -> Errand:
        """The question for another process, for as long as the way back is open."""
        by = datetime.fromtimestamp(self.address.received_at, UTC) + timedelta(seconds=URL_LIFE_S)
        return Errand(QUESTION, self.address.user_id, asdict(self), by)

    @property
    def is_event(self) -> bool:
        """Delivered as an event: acknowledged by Bolt, and perhaps delivered again for a day."""
        return self.address.door in {Door.MENTION, Door.MESSAGE}

    @property
    def counts(self) -> bool:
        """Whether it uses up what a person may ask; presses don't."""
        return self.address.door is not Door.BUTTON
