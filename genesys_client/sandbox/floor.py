"""One day on the floor: who is free, what comes in, who takes it.

Agents are taken in the order in which their next interaction begins, so that a colleague who is asked for
help is truly idle then. A day is whatever the shifts that begin on it bring, past midnight included.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from genesys_client.sandbox.moments import HOUR, MINUTE, SECOND, wall_ms
from genesys_client.sandbox.organization import Role
from genesys_client.sandbox.scripts import Scripts
from genesys_client.sandbox.shifts import shift_of
from genesys_client.sandbox.status import ShiftStatus, StatusSpan, merged

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from genesys_client.sandbox.conversations import Conversation
    from genesys_client.sandbox.organization import Organization, Person, Queue
    from genesys_client.sandbox.shifts import Shift

FLOOR_DAYS = 1
"""How many local days after its own the last moment of a floor day can lie; none lies before its own."""

_HELP_LASTS = 45 * SECOND
"""A colleague counts as free when nothing of her own begins within that time."""


@dataclass(frozen=True, slots=True)
class FloorDay:
    """What the shifts that begin on a local day bring."""

    conversations: tuple[Conversation, ...]
    status: Mapping[str, ShiftStatus]
    """By agent."""


@dataclass(slots=True)
class _Desk:
    """An agent at work: free since `free`, with her next interaction at `due`."""

    person: Person
    shift: Shift
    queues: list[Queue]
    status: ShiftStatus
    free: int
    due: int = 0
    pauses_taken: int = 0
    presence: str = "AVAILABLE"
    presence_since: int = 0
    long_call_from: int | None = None
    """From then on her next call is a very long one."""
    long_call: int = 0
    gone: bool = False
    turn: int = 0
    """Which of its entries in the heap still counts."""


class Floor:
    """Plays a day; use it once."""

    def __init__(
        self, organization: Organization, day: date, *, early_work: Mapping[str, list[tuple[int, int]]]
    ) -> None:
        """Set the floor up.

        Args:
            organization: who works.
            day: the local day on which the shifts begin.
            early_work: by agent, routed work of older threads with which her shift starts.
        """
        self._organization = organization
        self._zone = organization.zone
        self._rng = Random(f"{organization.seed}/floor/{day}")  # noqa: S311 - chance that repeats is the point
        self._scripts = Scripts(day, self._rng)
        self._day = day
        self._early_work = early_work
        self._conversations: list[Conversation] = []
        self._desks: dict[str, _Desk] = {}
        self._members: dict[str, list[str]] = {}
        self._heap: list[tuple[int, int, int, _Desk]] = []

    def play(self) -> FloorDay:
        """The whole day."""
        for person in self._organization.people:
            shift = shift_of(person, self._day, seed=self._organization.seed, zone=self._zone)
            if shift is not None:
                self._log_in(person, shift)
        self._plan_long_calls()
        for desk in self._desks.values():
            self._plan_next(desk)
        while self._heap:
            _, _, turn, desk = heapq.heappop(self._heap)
            if turn == desk.turn and not desk.gone:
                self._work(desk)
        return FloorDay(
            tuple(sorted(self._conversations, key=lambda c: (c.start, c.id))),
            {agent_id: desk.status for agent_id, desk in self._desks.items()},
        )

    # A shift

    def _log_in(self, person: Person, shift: Shift) -> None:
        queues = [queue for queue in self._organization.queues if queue.id in person.queue_ids]
        desk = _Desk(person, shift, queues, ShiftStatus(), free=shift.ready, presence_since=shift.start)
        self._desks[person.id] = desk
        for queue in queues:
            self._members.setdefault(queue.id, []).append(person.id)
        if person.takes_work:
            self._set_presence(desk, shift.ready, "ON_QUEUE")
        early = self._early_work.get(person.id, ())
        desk.status.acd += early
        desk.free = max([desk.free, *(end for _, end in early)])

    def _plan_long_calls(self) -> None:
        """Each day one call of two hours by day, and one over midnight in the night shift."""
        day, zone = self._day, self._zone
        by_day = [d for d in self._desks.values() if d.person.role is Role.VOICE]
        nights = [d for d in self._desks.values() if d.person.role is Role.NIGHT]
        if by_day:
            desk = by_day[day.toordinal() % len(by_day)]
            desk.long_call_from = max(wall_ms(day, 10, 40, zone), desk.shift.start + HOUR)
            desk.long_call = 2 * HOUR + self._rng.randrange(MINUTE, 12 * MINUTE)
        if nights:
            desk = nights[day.toordinal() % len(nights)]
            desk.long_call_from = wall_ms(day, 23, 20, zone)
            desk.long_call = 55 * MINUTE + self._rng.randrange(0, 20 * MINUTE)

    def _set_presence(self, desk: _Desk, at: int, presence: str) -> None:
        if at > desk.presence_since:
            presence_id = self._organization.presence_id(
                desk.presence, primary=not (desk.presence == "BREAK" and self._rng.random() < 0.3)
            )
            desk.status.presences.append(StatusSpan(desk.presence_since, at, desk.presence, presence_id))
            desk.presence_since = at
        desk.presence = presence

    def _plan_next(self, desk: _Desk) -> None:
        """When her next interaction begins, with the pauses that come before it; or she logs out."""
        if not desk.person.takes_work:
            self._spend_without_work(desk)
            return
        desk.turn += 1
        desk.due = desk.free + self._scripts.about(150 * SECOND, least=4 * SECOND)
        while desk.pauses_taken < len(desk.shift.pauses):
            pause = desk.shift.pauses[desk.pauses_taken]
            if pause.start > desk.due or pause.start + pause.length >= desk.shift.end:
                break
            desk.pauses_taken += 1
            self._pause(desk, max(pause.start, desk.free), pause.length, pause.presence)
            desk.due = desk.free + self._scripts.about(150 * SECOND, least=4 * SECOND)
        if desk.due >= desk.shift.end:
            self._log_out(desk)
        else:
            heapq.heappush(self._heap, (desk.due, desk.person.index, desk.turn, desk))

    def _pause(self, desk: _Desk, start: int, length: int, presence: str) -> None:
        self._set_presence(desk, start, presence)
        desk.free = max(desk.free, start + length)
        self._set_presence(desk, desk.free, "ON_QUEUE")

    def _spend_without_work(self, desk: _Desk) -> None:
        """A manager's day: present, in meetings, never on queue."""
        for pause in desk.shift.pauses:
            start = max(pause.start, desk.presence_since)
            self._set_presence(desk, start, "MEETING" if pause.presence == "TRAINING" else pause.presence)
            self._set_presence(desk, start + pause.length, "AVAILABLE")
        self._log_out(desk)

    def _log_out(self, desk: _Desk) -> None:
        desk.gone = True
        self._set_presence(desk, max(desk.shift.end, desk.free, desk.presence_since + SECOND), "OFFLINE")
        desk.status.presences = merged(desk.status.presences)

    # Work

    def _work(self, desk: _Desk) -> None:
        at = desk.due
        if desk.long_call_from is not None and at >= desk.long_call_from:
            desk.long_call_from = None
            queue = self._rng.choice(desk.queues)
            wait = self._scripts.between(3 * SECOND, 60 * SECOND)
            self._record(desk, self._scripts.inbound(desk.person, queue, at, length=desk.long_call, wait=wait))
            return
        stories = _STORIES[desk.person.role]
        story = self._rng.choices([name for name, _ in stories], [weight for _, weight in stories])[0]
        queue = self._rng.choice(desk.queues)
        match story:
            case "call":
                self._call(desk, queue, at)
            case "chats":
                self._side_by_side(desk, queue, at, self._rng.choice(("chat", "chat", "message")))
            case "email":
                wait = self._scripts.about(70 * MINUTE, least=MINUTE) % (7 * HOUR)
                length = self._scripts.about(7 * MINUTE, least=40 * SECOND)
                self._record(
                    desk, self._scripts.inbound(desk.person, queue, at, media="email", length=length, wait=wait)
                )
            case "callback":
                self._record(desk, self._scripts.callback(desk.person, queue, at))
            case "outbound":
                self._record(desk, self._scripts.outbound(desk.person, queue, at))
            case "private":
                colleague = self._colleague(desk, queue, at) if self._rng.random() < 0.4 else None
                self._record(
                    desk, self._scripts.private_call(desk.person, at, colleague=colleague), colleague=colleague
                )
            case _:
                media = "chat" if desk.person.role is Role.DIGITAL else "voice"
                colleague = self._colleague(desk, queue, at + 20 * SECOND)
                conversation = self._scripts.missed(desk.person, queue, at, media=media, second=colleague)
                self._record(desk, conversation, colleague=colleague)

    def _call(self, desk: _Desk, queue: Queue, at: int) -> None:
        """A call, which one in nine hands to a colleague if one is free."""
        scripts, chance = self._scripts, self._rng.random()
        length = scripts.about(5 * MINUTE, least=15 * SECOND)
        colleague = self._colleague(desk, queue, at + length + 10 * SECOND) if chance < 0.16 else None
        if colleague is None:
            wait = scripts.about(40 * SECOND, least=2 * SECOND)
            self._record(desk, scripts.inbound(desk.person, queue, at, length=length, wait=wait))
        elif chance < 0.09:
            talked = scripts.talk(length)
            self._record(
                desk, scripts.transferred(desk.person, colleague, queue, at, talked=talked), colleague=colleague
            )
        else:
            call = scripts.consulted(desk.person, colleague, queue, at, asks_after=length)
            self._record(desk, call, colleague=colleague)

    def _side_by_side(self, desk: _Desk, queue: Queue, at: int, media: str) -> None:
        """Two to four chats, each begun while another is open."""
        conversations = []
        start = at
        for _ in range(self._rng.choice((1, 2, 2, 3, 4))):
            length = self._scripts.about(9 * MINUTE, least=90 * SECOND)
            wait = self._scripts.about(50 * SECOND, least=2 * SECOND)
            story = self._scripts.inbound(
                desk.person, queue, start, media=media, length=length, wait=wait, acw=25 * SECOND
            )
            conversations.append(story)
            start += self._scripts.between(20 * SECOND, 20 * SECOND + length // 2)
        self._record(desk, *conversations)

    def _record(self, desk: _Desk, *conversations: Conversation, colleague: Person | None = None) -> None:
        """Book the time that it took, and plan what comes next for whoever took part."""
        self._conversations += conversations
        for busy in (desk, self._desks[colleague.id]) if colleague else (desk,):
            began = desk.due if busy is desk else busy.free
            busy.free = max(self._book(busy, conversation) for conversation in conversations)
            self._pause_during(busy, began)
            self._plan_next(busy)

    def _book(self, desk: _Desk, conversation: Conversation) -> int:
        """Put the agent's sessions into her status; when she is through with them."""
        through = 0
        for participant in conversation.participants:
            if participant.user_id != desk.person.id:
                continue
            worked = desk.status.acd if participant.purpose == "agent" else desk.status.calls
            for session in participant.sessions:
                worked.append((session.start, session.end))
                through = max(through, session.end)
                if session.segments[-1].kind == "alert":
                    back = session.end + self._scripts.between(20 * SECOND, 90 * SECOND)
                    desk.status.unanswered.append((session.end, back))
                    through = max(through, back)
        return through

    def _pause_during(self, desk: _Desk, began: int) -> None:
        """Half of the pauses that fall due during work begin then: the presence changes, the work goes on."""
        if desk.pauses_taken >= len(desk.shift.pauses):
            return
        pause = desk.shift.pauses[desk.pauses_taken]
        if max(began, desk.presence_since) < pause.start < desk.free and self._rng.random() < 0.5:
            desk.pauses_taken += 1
            self._pause(desk, pause.start, pause.length, pause.presence)

    def _colleague(self, desk: _Desk, queue: Queue, at: int) -> Person | None:
        """Somebody of the queue who is idle around that moment, out of a few who are asked."""
        members = self._members[queue.id]
        for agent_id in self._rng.sample(members, min(8, len(members))):
            other = self._desks[agent_id]
            if other is not desk and not other.gone and other.free <= at - _HELP_LASTS and at + _HELP_LASTS < other.due:
                return other.person
        return None


_STORIES = {
    Role.VOICE: (("call", 70), ("outbound", 9), ("callback", 8), ("private", 7), ("missed", 4)),
    Role.DIGITAL: (("chats", 60), ("email", 30), ("private", 4), ("missed", 4)),
    Role.BLENDED: (("call", 48), ("chats", 28), ("email", 14), ("private", 6), ("missed", 3)),
    Role.NIGHT: (("call", 72), ("email", 20), ("private", 4), ("missed", 3)),
}
