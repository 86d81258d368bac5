"""Conversations that live for days: an e-mail or a message thread, picked up again by whoever is there.

A thread is planned on the day on which it begins, from that day's seed alone, so that each later day can
ask for its share without playing the days between. Its work comes first thing in a shift.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from genesys_client.sandbox.conversations import Conversation, conversation_id
from genesys_client.sandbox.moments import HOUR, MINUTE, SECOND, midnight
from genesys_client.sandbox.scripts import Scripts
from genesys_client.sandbox.shifts import shift_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from genesys_client.sandbox.conversations import Participant
    from genesys_client.sandbox.organization import Organization

LONGEST_DAYS = 6
"""No thread lives longer, counted in local days from the one on which it begins."""

_LAST_PICKUP = 4


@dataclass(frozen=True, slots=True)
class ThreadDay:
    """The threads that begin on a local day, and whose time they take on the days after it."""

    conversations: tuple[Conversation, ...]
    work: Mapping[tuple[date, str], list[tuple[int, int]]]
    """Spans of routed work by day of the shift and agent."""


def threads_begun_on(day: date, organization: Organization) -> ThreadDay:
    """Every thread that a customer begins on that day."""
    rng = Random(f"{organization.seed}/threads/{day}")  # noqa: S311 - chance that repeats is the point
    scripts = Scripts(day, rng)
    agents = organization.agents
    conversations: list[Conversation] = []
    work: dict[tuple[date, str], list[tuple[int, int]]] = {}
    for _ in range(len(agents) // 9):
        start = midnight(day, organization.zone) + rng.randrange(7 * HOUR, 23 * HOUR)
        media = rng.choice(("email", "email", "message"))
        offsets = sorted(rng.sample(range(1, _LAST_PICKUP + 1), rng.choice((1, 2, 2))))
        queue = rng.choice(organization.queues)
        participants: list[Participant] = []
        end = start + rng.randrange(2 * HOUR, 20 * HOUR)
        waiting_from = start
        for offset in offsets:
            later = day + timedelta(days=offset)
            person = rng.choice(agents)
            shift = shift_of(person, later, seed=organization.seed, zone=organization.zone)
            if shift is None:
                continue
            at = shift.ready + rng.randrange(5 * SECOND, 70 * SECOND)
            ring = rng.randrange(2 * SECOND, 9 * SECOND)
            length = rng.randrange(3 * MINUTE, 14 * MINUTE)
            answer = scripts.session(media, "inbound", at, [("alert", ring), *scripts.talk(length)], queue=queue)
            answer.waited_from = waiting_from
            participants.append(scripts.waiting(media, queue, waiting_from, at + ring))
            end = waiting_from = answer.end
            scripts.wrap_up(answer, 30 * SECOND)
            participants.append(scripts.agent(person, answer))
            work.setdefault((later, person.id), []).append((answer.start, answer.end))
        if rng.random() < 0.4:  # nobody closes it; it ends long after the last work in it
            end += rng.randrange(3 * HOUR, 20 * HOUR)
        participants.insert(0, scripts.customer(media, "inbound", start, end))
        conversations.append(
            Conversation(conversation_id(rng, day), start, end, "inbound", (queue.division_id,), participants)
        )
    return ThreadDay(tuple(sorted(conversations, key=lambda c: (c.start, c.id))), work)
