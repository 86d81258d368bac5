"""What was lately learnt about channels and people, and learning it ahead of a big batch, within Slack's limits."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

from bot.core.scheduling import DestinationKind
from bot.errors import DeliveryError
from bot.ports import ChannelState, Refused
from bot.services.delivery.lanes import Budget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.core.scheduling import Destination
    from bot.ports import Messenger, People, Unclear

FRESH_S = 900.0
"""A post relies on what was learnt about its channel within this."""
_MET_S = 2400.0
"""People are remembered for an hour; who was met within this is still remembered at the next slot."""
_STEPS_AHEAD = 120
"""Ticks over which the look-ups for a big batch are spread: ten minutes of them."""


class Contacts:
    """States of channels, each at most a quarter of an hour old, and channels of direct messages; thread-safe.

    Args:
        people: keeps whoever is looked up ahead.
        a_minute: look-ups of each kind.
        clock: monotonic seconds.
    """

    def __init__(self, messenger: Messenger, people: People, *, a_minute: int, clock: Callable[[], float]) -> None:
        self._messenger = messenger
        self._people = people
        self._clock = clock
        self._lock = threading.Lock()
        self._states: dict[str, tuple[ChannelState, float]] = {}
        self._direct: dict[str, str] = {}
        self._met: dict[str, float] = {}
        self._plans = (_Plan(self._look_at), _Plan(self.direct), _Plan(self._meet))
        self._looks = Budget(a_minute=a_minute, clock=clock)
        self._openings = Budget(a_minute=a_minute, clock=clock)
        self._shut_until = 0.0

    def state(self, channel_id: str) -> ChannelState | Refused | Unclear:
        """The channel, from memory while that is fresh."""
        with self._lock:
            known = self._states.get(channel_id)
        if known is not None and self._clock() - known[1] <= FRESH_S:
            return known[0]
        return self._look_at(channel_id)

    def direct(self, person_id: str) -> str | Refused | Unclear:
        """The channel of direct messages with a person; it never changes."""
        with self._lock:
            known = self._direct.get(person_id)
        if known is not None:
            return known
        if wait_s := self._openings.spend():
            return Refused("ratelimited", retry_after_s=wait_s)
        channel = self._messenger.direct_channel(person_id)
        if isinstance(channel, str):
            with self._lock:
                self._direct[person_id] = channel
        return channel

    def forget(self, channel_id: str) -> None:
        """Look again next time: something about the channel changed."""
        with self._lock:
            self._states.pop(channel_id, None)

    def expect(self, coming: Mapping[Destination, float], owners: Mapping[str, float]) -> None:
        """Posts are coming, each in so many seconds: what won't be fresh by then is looked up bit by bit."""
        channels = {d.id: due for d, due in coming.items() if d.kind is DestinationKind.CHANNEL}
        people = {d.id: due for d, due in coming.items() if d.kind is DestinationKind.PERSON}
        looks, openings, meetings = self._plans
        with self._lock:
            now = self._clock()
            looks.want([c for c, due in channels.items() if not self._will_be_fresh(c, now + due)])
            openings.want([p for p in people if p not in self._direct])
            meetings.want([p for p in {**people, **owners} if now - self._met.get(p, -_MET_S) >= _MET_S])

    def look_ahead(self) -> None:
        """A few of the look-ups that are wanted, none while Slack asks for a pause."""
        for plan in self._plans:
            for _ in range(plan.step):
                with self._lock:
                    target = plan.next() if self._clock() >= self._shut_until else None
                if target is None:
                    break
                found = plan.look(target)
                if isinstance(found, Refused) and found.retry_after_s is not None:
                    with self._lock:
                        self._shut_until = self._clock() + found.retry_after_s

    def _look_at(self, channel_id: str) -> ChannelState | Refused | Unclear:
        if wait_s := self._looks.spend():
            return Refused("ratelimited", retry_after_s=wait_s)
        state = self._messenger.channel_state(channel_id)
        if isinstance(state, ChannelState):
            with self._lock:
                self._states[channel_id] = (state, self._clock())
        return state

    def _meet(self, person_id: str) -> None:
        try:
            self._people.requester(person_id)
        except DeliveryError:
            return  # asked again, and answered for, when her post is due
        with self._lock:
            self._met[person_id] = self._clock()

    def _will_be_fresh(self, channel_id: str, at: float) -> bool:
        known = self._states.get(channel_id)
        return known is not None and at - known[1] <= FRESH_S


class _Plan:
    """Look-ups of one kind, for which Slack has one limit."""

    def __init__(self, look: Callable[[str], object]) -> None:
        self.look = look
        self.step = 0
        self._wanted: list[str] = []

    def want(self, targets: list[str]) -> None:
        self._wanted = sorted(targets, reverse=True)
        self.step = math.ceil(len(targets) / _STEPS_AHEAD)

    def next(self) -> str | None:
        return self._wanted.pop() if self._wanted else None
