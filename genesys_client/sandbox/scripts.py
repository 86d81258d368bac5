"""How single interactions run: the lengths are drawn by chance, the shapes are those the platform records.

Each method tells one story and gives back its conversation; whose time it takes is read off the sessions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from genesys_client.sandbox.conversations import Conversation, Participant, Segment, Session, conversation_id, random_id
from genesys_client.sandbox.moments import HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from random import Random

    from genesys_client.sandbox.organization import Person, Queue

Part = tuple[str, int]
"""Kind and length of a segment to come."""


class Scripts:
    """The stories of one day, told with that day's chance."""

    def __init__(self, day: date, rng: Random) -> None:
        self.day = day
        self.rng = rng

    # Lengths

    def between(self, low: int, high: int) -> int:
        """Some number of milliseconds, each as likely as any other."""
        return self.rng.randrange(low, high)

    def about(self, mean: int, *, least: int) -> int:
        """A length that is mostly short and sometimes long."""
        return least + int(self.rng.expovariate(1 / (mean - least)))

    def talk(self, length: int) -> list[Part]:
        """A conversation of that length in all, three in ten with one to three holds."""
        holds = self.rng.choice((1, 1, 2, 3)) if self.rng.random() < 0.3 and length > 2 * MINUTE else 0
        if not holds:
            return [("interact", length)]
        edges = sorted(self.rng.sample(range(SECOND, length - SECOND), 2 * holds))
        lengths = [b - a for a, b in zip([0, *edges], [*edges, length], strict=True)]
        return [("hold" if i % 2 else "interact", part) for i, part in enumerate(lengths)]

    # Parts

    def session(
        self,
        media: str,
        direction: str,
        at: int,
        parts: Sequence[Part],
        *,
        queue: Queue | None,
        ended: str = "peer",
        peer: Session | None = None,
    ) -> Session:
        """A session whose segments follow each other from `at`."""
        out = Session(random_id(self.rng), media, direction, peer_id=peer.id if peer else None)
        queue_id = queue.id if queue else None
        for kind, length in parts:
            out.segments.append(Segment(kind, at, at + length, queue_id))
            at += length
        if out.segments:
            worked = [segment for segment in out.segments if segment.kind != "wrapup"]
            worked[-1].disconnect = ended
        return out

    def wrap_up(self, session: Session, mean: int = 40 * SECOND) -> None:
        """After-call work, which one in eight skips and some let run out."""
        if self.rng.random() < 0.12:
            session.acw_skipped = True
            return
        timed_out = self.rng.random() < 0.06
        length = 2 * MINUTE if timed_out else self.about(mean, least=3 * SECOND)
        code = "ININ-WRAP-UP-TIMEOUT" if timed_out else f"7fb334b0-0e9e-11e4-9191-{self.rng.randrange(5):012d}"
        end = session.end
        session.segments.append(Segment("wrapup", end, end + length, session.queue_id, wrap_up_code=code))

    def agent(self, person: Person, *sessions: Session, purpose: str = "agent") -> Participant:
        """The person's part in it."""
        for session in sessions:
            answered = next((s for s in session.segments if s.kind in ("interact", "hold")), None)
            if answered is not None:
                session.counts.append(("nConnected", answered.start))
        return Participant(random_id(self.rng), purpose, list(sessions), person.id, person.name, person.team_id)

    def customer(self, media: str, direction: str, start: int, end: int) -> Participant:
        """The other side of it."""
        session = self.session(media, direction, start, [("interact", end - start)], queue=None)
        return Participant(random_id(self.rng), "customer", [session], name="Customer")

    def waiting(self, media: str, queue: Queue, start: int, end: int) -> Participant:
        """The time in the queue."""
        session = self.session(media, "inbound", start, [("interact", end - start)], queue=queue, ended="transfer")
        session.counts.append(("nOffered", start))
        return Participant(random_id(self.rng), "acd", [session], name=queue.name)

    def conversation(
        self, direction: str, division_id: str, start: int, participants: list[Participant]
    ) -> Conversation:
        """All of it: it ends when the last but the wrap-up ends."""
        end = max(
            segment.end
            for participant in participants
            for session in participant.sessions
            for segment in session.segments
            if segment.kind != "wrapup"
        )
        return Conversation(conversation_id(self.rng, self.day), start, end, direction, (division_id,), participants)

    # Stories

    def inbound(
        self,
        person: Person,
        queue: Queue,
        at: int,
        *,
        media: str = "voice",
        length: int,
        wait: int,
        acw: int = 40 * SECOND,
    ) -> Conversation:
        """Somebody waits in a queue, the agent answers, they talk, she wraps up."""
        ring = self.between(2 * SECOND, 11 * SECOND)
        offered = at - wait
        start = offered - (self.between(6 * SECOND, 45 * SECOND) if media == "voice" else 0)
        answer = self._answer(queue, at, media, [("alert", ring), *self.talk(length)], offered)
        talked = answer.end
        self.wrap_up(answer, acw)
        return self.conversation("inbound", queue.division_id, start, [
            self.customer(media, "inbound", start, talked),
            self.waiting(media, queue, offered, at + ring),
            self.agent(person, answer),
        ])  # fmt: skip

    def _answer(self, queue: Queue, at: int, media: str, parts: Sequence[Part], offered: int) -> Session:
        session = self.session(media, "inbound", at, parts, queue=queue, ended=self.rng.choice(("peer", "client")))
        session.waited_from = offered
        return session

    def transferred(
        self, first: Person, second: Person, queue: Queue, at: int, *, talked: Sequence[Part]
    ) -> Conversation:
        """The first agent hands the call over blindly; her wrap-up runs on while the second one talks."""
        offered = at - self.between(3 * SECOND, 90 * SECOND)
        start = offered - self.between(6 * SECOND, 45 * SECOND)
        ring = self.between(2 * SECOND, 9 * SECOND)
        giver = self._answer(queue, at, "voice", [("alert", ring), *talked], offered)
        giver.segments[-1].disconnect = "transfer"
        handed = giver.end
        giver.counts += [("nTransferred", handed), ("nBlindTransferred", handed)]
        self.wrap_up(giver)
        ring_again = self.between(2 * SECOND, 9 * SECOND)
        taker = self._answer(
            queue,
            handed,
            "voice",
            [("alert", ring_again), *self.talk(self.about(4 * MINUTE, least=20 * SECOND))],
            handed,
        )
        talked_until = taker.end
        self.wrap_up(taker)
        return self.conversation("inbound", queue.division_id, start, [
            self.customer("voice", "inbound", start, talked_until),
            self.waiting("voice", queue, offered, at + ring),
            self.agent(first, giver),
            self.waiting("voice", queue, handed, handed + ring_again),
            self.agent(second, taker),
        ])  # fmt: skip

    def consulted(self, first: Person, second: Person, queue: Queue, at: int, *, asks_after: int) -> Conversation:
        """The first agent holds the customer, asks a colleague on a second session, and hands over to her.

        Half of them talk all three for a while first; half record the asking as a participant of its own.
        """
        offered = at - self.between(3 * SECOND, 90 * SECOND)
        start = offered - self.between(6 * SECOND, 45 * SECOND)
        ring, dial = self.between(2 * SECOND, 9 * SECOND), self.between(3 * SECOND, 12 * SECOND)
        asking = self.between(20 * SECOND, 4 * MINUTE)
        together = self.between(15 * SECOND, 2 * MINUTE) if self.rng.random() < 0.5 else 0
        main_parts = [("alert", ring), ("interact", asks_after), ("hold", dial + asking)]
        main = self._answer(queue, at, "voice", main_parts + [("interact", together)] * bool(together), offered)
        asked = at + ring + asks_after
        main.segments[-1].disconnect = "conferenceTransfer" if together else "consultTransfer"
        handed = main.end
        main.counts += [("nConsult", asked), ("nConsultTransferred", handed), ("nTransferred", handed)]
        self.wrap_up(main)
        side = self.session("voice", "outbound", asked, [("dialing", dial), ("interact", asking)], queue=queue)
        then = self.about(4 * MINUTE, least=20 * SECOND)
        taker = self.session(
            "voice",
            "inbound",
            asked,
            [("alert", dial), ("interact", asking), *[("interact", together)] * bool(together), ("interact", then)],
            queue=queue,
            peer=side,
        )
        for session in (main, taker):
            for segment in session.segments:
                segment.conference = (
                    bool(together) and segment.kind == "interact" and segment.start == asked + dial + asking
                )
        talked_until = taker.end
        self.wrap_up(taker)
        asker = (
            [self.agent(first, main, side)]
            if self.rng.random() < 0.5
            else [self.agent(first, main), self.agent(first, side)]
        )
        return self.conversation("inbound", queue.division_id, start, [
            self.customer("voice", "inbound", start, talked_until),
            self.waiting("voice", queue, offered, at + ring),
            *asker,
            self.agent(second, taker),
        ])  # fmt: skip

    def missed(self, person: Person, queue: Queue, at: int, *, media: str, second: Person | None) -> Conversation:
        """The agent lets it ring; a colleague takes it, or the customer gives up."""
        offered = at - self.between(3 * SECOND, 60 * SECOND)
        ring = self.between(12 * SECOND, 20 * SECOND)
        ignored = self.session(media, "inbound", at, [("alert", ring)], queue=queue, ended="system")
        back = at + ring
        if second is None:
            gone = back + self.between(5 * SECOND, 90 * SECOND)
            queue_part = self.waiting(media, queue, offered, gone)
            queue_part.sessions[0].segments[-1].disconnect = "peer"
            return self.conversation("inbound", queue.division_id, offered, [
                self.customer(media, "inbound", offered, gone), queue_part, self.agent(person, ignored),
            ])  # fmt: skip
        again = self.between(2 * SECOND, 9 * SECOND)
        parts = [("alert", again), *self.talk(self.about(5 * MINUTE, least=20 * SECOND))]
        answer = self._answer(queue, back, media, parts, offered)
        talked_until = answer.end
        self.wrap_up(answer)
        return self.conversation("inbound", queue.division_id, offered, [
            self.customer(media, "inbound", offered, talked_until),
            self.waiting(media, queue, offered, back + again),
            self.agent(person, ignored),
            self.agent(second, answer),
        ])  # fmt: skip

    def callback(self, person: Person, queue: Queue, at: int) -> Conversation:
        """A customer asked to be called back; the agent looks it up on the callback session, then dials.

        One in four is customer-first: then her whole work sits in the voice session.
        """
        asked = at - self.between(20 * MINUTE, 5 * HOUR)
        ring, dial = self.between(2 * SECOND, 9 * SECOND), self.between(4 * SECOND, 20 * SECOND)
        length = self.about(4 * MINUTE, least=20 * SECOND)
        if self.rng.random() < 0.25:
            voice = self._answer(queue, at, "voice", [("alert", ring), *self.talk(length)], asked)
            talked_until = voice.end
            self.wrap_up(voice)
            sessions = [voice]
        else:
            reading = self.between(10 * SECOND, 70 * SECOND)
            card = self._answer(queue, at, "callback", [("alert", ring), ("interact", reading)], asked)
            setting_up = self.between(400, 2 * SECOND)
            parts = [("contacting", setting_up), ("dialing", dial), *self.talk(length)]
            voice = self.session("voice", "outbound", card.end, parts, queue=queue)
            voice.counts.append(("nOutbound", card.end))
            talked_until = voice.end
            code = f"7fb334b0-0e9e-11e4-9191-{self.rng.randrange(5):012d}"
            wrapped = talked_until + self.about(45 * SECOND, least=3 * SECOND)
            card.segments.append(Segment("wrapup", talked_until, wrapped, queue.id, wrap_up_code=code))
            sessions = [card, voice]
        return self.conversation("inbound", queue.division_id, asked, [
            self.customer("callback", "inbound", asked, talked_until),
            self.waiting("callback", queue, asked, at + ring),
            self.agent(person, *sessions),
        ])  # fmt: skip

    def outbound(self, person: Person, queue: Queue, at: int) -> Conversation:
        """The agent calls a customer for a queue; one in seven doesn't pick up."""
        reached = self.rng.random() > 0.14
        parts = [("contacting", self.between(300, 3 * SECOND)), ("dialing", self.between(4 * SECOND, 28 * SECOND))]
        if reached:
            parts += self.talk(self.about(4 * MINUTE, least=15 * SECOND))
        session = self.session("voice", "outbound", at, parts, queue=queue, ended="peer" if reached else "client")
        session.counts.append(("nOutbound", at))
        talked_until = session.end
        dialed = at + parts[0][1]
        self.wrap_up(session, 25 * SECOND)
        return self.conversation("outbound", queue.division_id, at, [
            self.agent(person, session), self.customer("voice", "outbound", dialed, talked_until),
        ])  # fmt: skip

    def private_call(self, person: Person, at: int, *, colleague: Person | None) -> Conversation:
        """A call that no queue knows of, to a colleague or to somebody outside."""
        dial = self.between(2 * SECOND, 15 * SECOND)
        parts = [("dialing", dial), *self.talk(self.about(3 * MINUTE, least=8 * SECOND))]
        session = self.session("voice", "outbound", at, parts, queue=None)
        caller = self.agent(person, session, purpose="user")
        if colleague is None:
            other = Participant(
                random_id(self.rng),
                "external",
                [self.session("voice", "outbound", at + dial, [("interact", session.end - at - dial)], queue=None)],
                name="+44 20 7946 0000",
            )
        else:
            parts = [("alert", dial), ("interact", session.end - at - dial)]
            taken = self.session("voice", "inbound", at, parts, queue=None, peer=session)
            other = self.agent(colleague, taken, purpose="user")
        return self.conversation("outbound", person.division_id, at, [caller, other])
