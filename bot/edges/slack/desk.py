"""A question on its way: taken or refused by a listener at once, answered by a job when its turn comes.

Nothing in `take` waits. Who asks comes from memory; where a person isn't known yet (her first question since the
start, or a day later), her zone isn't either, and "yesterday" can't be read without it. Looking her up would hold
one of the threads that every other ack needs, so the ack then only says that the question is being read, and the
job does the reading: what is wrong with it arrives as the answer, a moment later.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from bot.core.answer import Answer, TextAnswer
from bot.core.orders import Order
from bot.core.query import Output, Verb
from bot.core.rendering.blocks import Message, RenderOptions, render_message, render_reading, render_text_answer
from bot.core.rendering.csv_out import answer_as_csv, csv_filename
from bot.core.rendering.questions import agent_picker, next_questions
from bot.core.rendering.refusals import render_error
from bot.core.rendering.schedules import render_order
from bot.core.rights import PRIVATE, check_welcome
from bot.edges.jobs import EVENT_KEEP_S, PRESS_KEEP_S
from bot.edges.slack.allowance import Allowance, Stay
from bot.edges.slack.api import SlackCallError
from bot.edges.slack.home import home_view
from bot.edges.slack.reply import URL_LIFE_S, Address, Door, Forms, Reply
from bot.edges.slack.schedules import ScheduleDesk
from bot.errors import BotError, CommandError, DeliveryError
from bot.ports import Errand, Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.core.query import Query
    from bot.core.rights import Audience
    from bot.edges.db.commands import StoredCommand
    from bot.edges.metrics import Metrics
    from bot.edges.slack.alarms import Alarm, Alarms
    from bot.edges.slack.api import SlackApi
    from bot.edges.slack.channels import SlackChannels
    from bot.edges.slack.config import SlackSettings
    from bot.edges.slack.people import SlackPeople
    from bot.edges.slack.schedules import Schedules
    from bot.ports import Agent, Jobs, Requester, Submission

log = structlog.get_logger(__name__)

PROGRESS_AFTER_S = 10.0
LONGEST_TEXT = 2_000
"""Characters worth a place in the queue: what a button's value holds. The grammar's own limit is lower."""
SHORTEST_SEARCH = 2
MOST_OPTIONS = 100

READING = "Reading your question…"
PROGRESS = "Still working on it: the figures are on their way."
BUSY = "Busy: too many questions are waiting. Please ask again in a minute."
RESTARTED = "I was restarted before your answer was ready. Please ask again."
RESTARTED_SHARING = (
    "I was restarted while I was posting your answer to the channel. Please look whether it is there before you ask"
    " again."
)
QUESTION = "question"
"""The kind of errand that a question is."""
CSV_SENT = "The CSV file is in our direct messages."


class Reports(Protocol):
    """What the desk asks of the report service."""

    def read(self, text: str, requester: Requester, *, now: datetime | None = None, zone: str | None = None) -> Query:
        """The question, from its words alone: never waits; raises CommandError."""

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
    ) -> Answer | TextAnswer:
        """The answer, as much of it as the requester and the audience may see."""

    def suggest_agents(self, typed: str, requester: Requester, *, limit: int = MOST_OPTIONS) -> Sequence[Agent]:
        """Agents whose names fit, of those whom the requester may see; from memory, never waits."""


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


@dataclass(slots=True)
class _Ticket:
    """What belongs to one question from its hand-in to its last word."""

    reply: Reply
    operation: Operation
    stay: Stay | None = None
    alarm: Alarm | None = None
    abandoned: bool = False
    again: bool = False
    """Another process had begun to answer, nobody knows how far it came."""
    order: Order | None = None
    """What is to be done about schedules, once it is read."""
    begun: float = field(default_factory=time.monotonic)

    def close(self) -> None:
        if self.alarm is not None:
            self.alarm.cancel()
        if self.stay is not None:
            self.stay.leave()


class Desk:
    """Takes questions from every door of Slack and sees that each gets one answer, or one reason why not.

    Args:
        clock: seconds since 1970.
    """

    def __init__(
        self,
        *,
        reports: Reports,
        jobs: Jobs,
        people: SlackPeople,
        channels: SlackChannels,
        api: SlackApi,
        alarms: Alarms,
        settings: SlackSettings,
        metrics: Metrics,
        schedules: Schedules | None = None,
        channel_changed: Callable[[str], object] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._reports = reports
        self._schedules = ScheduleDesk(schedules, clock)
        self._channel_changed = channel_changed
        self._jobs = jobs
        self._people = people
        self._channels = channels
        self._api = api
        self._alarms = alarms
        self._settings = settings
        self._metrics = metrics
        self._clock = clock
        self._forms = Forms()
        self._allowance = Allowance(a_minute=settings.commands_a_minute, at_once=settings.commands_in_flight)

    @property
    def now(self) -> float:
        """Seconds since 1970: when a delivery came in."""
        return self._clock()

    # --- in the listeners: nothing here waits ---

    def take(self, question: Question) -> Message | None:
        """Take a command; the acknowledgement to show, None for a delivery seen before."""

        def taken() -> Message | None:
            query, said = self._read(question)
            if said is not None:
                return said
            submission = self._hand_in(question, query)
            if submission.accepted:
                return _plain(_reading(query) if query is not None else READING)
            return None if submission.duplicate else _plain(BUSY)

        return self._or_refusal(question, taken)

    def take_quietly(self, question: Question) -> None:
        """Take an event or a press, whose acknowledgement shows nothing; a refusal is said from another thread."""

        def refused() -> Message | None:
            self._check_size(question)
            submission = self._hand_in(question, None)
            return None if submission.accepted or submission.duplicate else _plain(BUSY)

        refusal = self._or_refusal(question, refused)
        if refusal is not None:
            self._alarms.after(0, partial(self._say, self._reply(question.address), refusal))

    def resend(self, fire: str, address: Address, key: str, *, whole_slot: bool) -> None:
        """Take the press that sends a scheduled post once more."""
        self.take_quietly(Question("", address, key, resend=fire, whole_slot=whole_slot))

    def suggest(self, user_id: str, typed: str) -> Sequence[Agent]:
        """Agents for a picker, from memory; none to people whom it doesn't hold yet, and those are looked up."""
        if len(typed.strip()) < SHORTEST_SEARCH:
            return ()
        person = self._people.known(user_id)
        if person is None:
            self._alarms.after(0, partial(self._look_up, user_id))
            return ()
        if person.stranger:
            return ()
        try:
            return self._reports.suggest_agents(typed, person, limit=MOST_OPTIONS)[:MOST_OPTIONS]
        except CommandError:
            return ()

    def open_home(self, user_id: str, key: str) -> None:
        """Have a person's Home tab drawn."""
        self._jobs.submit(key, partial(self._draw_home, user_id), keep_s=EVENT_KEEP_S)

    def channel_changed(self, channel_id: str) -> None:
        """Look again who reads a channel before the next post."""
        self._channels.forget(channel_id)
        if self._channel_changed is not None:
            self._channel_changed(channel_id)

    def _read(self, question: Question) -> tuple[Query | None, Message | None]:
        """(the question read, what memory answers at once); (None, None) where the job has to read."""
        self._check_size(question)
        person = self._people.known(question.address.user_id)
        if person is None:
            return None, None
        check_welcome(person)
        query = self._reports.read(question.text, person)
        known = self._reports.at_once(query, person)
        if known is None:
            return query, None
        self._count(question, "at_once")
        return query, render_text_answer(known)

    def _check_size(self, question: Question) -> None:
        if len(question.text) > LONGEST_TEXT:
            raise CommandError(
                f"That is {len(question.text):,} characters, too many for a question.",
                hint="Ask for a team or a queue instead of naming many people: yesterday team:Billing",
                code="too_long",
            )

    def _or_refusal(self, question: Question, act: Callable[[], Message | None]) -> Message | None:
        try:
            return act()
        except CommandError as error:
            self._count(question, error.code)
            return render_error(error, reference="")
        except Exception as error:  # noqa: BLE001  whatever it is, an acknowledgement must come
            return self._apology(question, error)

    def _hand_in(self, question: Question, query: Query | None) -> Submission:
        stay = self._allowance.enter(question.address.user_id) if question.counts else None
        ticket = _Ticket(self._reply(question.address), Operation.within(self._settings.answer_seconds), stay)
        submission = self._jobs.submit(
            question.key,
            partial(self._answer, question, query, ticket),
            keep_s=EVENT_KEEP_S if question.is_event else PRESS_KEEP_S,
            abandoned=partial(self._abandon, question, ticket),
            errand=question.errand,
        )
        if submission.accepted:
            ticket.alarm = self._alarms.after(PROGRESS_AFTER_S, partial(ticket.reply.progress, PROGRESS))
            return submission
        if stay is not None:
            stay.undo()
        self._count(question, "duplicate" if submission.duplicate else "busy")
        return submission

    def _look_up(self, user_id: str) -> None:
        try:
            self._people.requester(user_id)
        except DeliveryError as error:
            log.info("person_not_known", user=user_id, code=error.code)

    # --- in the jobs ---

    def resume(self, command: StoredCommand, hold: Callable[[], bool]) -> None:
        """Answer a question that its own process left behind, as long as it stays with this one."""
        try:
            question = Question.of(command.payload)
        except (KeyError, TypeError, ValueError):
            self.excuse(command)
            return
        reply = self._reply(question.address, hold)
        ticket = _Ticket(reply, Operation.within(self._settings.answer_seconds), again=True)
        ticket.alarm = self._alarms.after(PROGRESS_AFTER_S, partial(reply.progress, PROGRESS))
        log.info("question_resumed", user=question.address.user_id, door=question.address.door.value)
        self._answer(question, None, ticket)

    def excuse(self, command: StoredCommand) -> None:
        """Tell the person, in a direct message, that a question that was left behind gets no answer any more."""
        self._say(self._reply(Address(command.requester_id, Door.HOME)), _plain(RESTARTED), follow_up=False)

    def _answer(self, question: Question, query: Query | None, ticket: _Ticket) -> None:
        outcome = "answered"
        try:
            self._answer_or_raise(question, query, ticket)
        except CommandError as error:
            outcome = error.code
            refusal = (
                render_error(error, reference="")
                if ticket.order is None
                else self._schedules.refusal(error, ticket.order, question.address)
            )
            self._say(ticket.reply, refusal, follow_up=not ticket.abandoned)
        except Exception as error:  # noqa: BLE001  whatever it is, the person hears of it
            outcome = error.code if isinstance(error, BotError) else "internal"
            self._say(ticket.reply, self._apology(question, error), follow_up=not ticket.abandoned)
        finally:
            ticket.close()
            self._count(question, outcome)
            self._metrics.answer_seconds.labels(question.address.door).observe(time.monotonic() - ticket.begun)

    def _answer_or_raise(self, question: Question, query: Query | None, ticket: _Ticket) -> None:
        address, reply = question.address, ticket.reply
        person = self._people.requester(address.user_id)
        check_welcome(person)
        if question.resend is not None:
            reply.send(self._schedules.resend(question.resend, person, whole_slot=question.whole_slot))
            return
        received = datetime.fromtimestamp(address.received_at, UTC)
        if query is None:
            query = self._reports.read(question.text, person, now=received)
        if query.order is not None:
            ticket.order = query.order
            reply.send(
                self._schedules.answer(query.order, person, address, operation=ticket.operation, key=question.key)
            )
            return
        if query.share and ticket.again:
            reply.send(_plain(RESTARTED_SHARING))
            return
        audience = self._audience(address) if query.share else PRIVATE
        # The wait in the queue is over: from here on the answer has its whole time.
        ticket.operation.deadline = Operation.within(self._settings.answer_seconds).deadline
        answer = self._reports.answer(
            query,
            person,
            door=address.door.value,
            operation=ticket.operation,
            audience=audience,
            fresh=question.fresh,
        )
        if isinstance(answer, TextAnswer):
            reply.send(render_text_answer(answer))
            return
        public = audience.channel_id is not None
        wants_file = Output.CSV in query.outputs
        if not (wants_file and address.door is Door.BUTTON):
            reply.send(self._drawn(answer, address, public=public), public=public)
        if wants_file:
            self._send_csv(answer, reply)
            if address.door is not Door.MESSAGE:
                self._say(reply, _plain(CSV_SENT))

    def _audience(self, address: Address) -> Audience:
        """Who reads the place where the question was asked; a direct conversation is private."""
        channel = address.channel_id
        return PRIVATE if channel is None or channel.startswith("D") else self._channels.audience(channel)

    def _drawn(self, answer: Answer, address: Address, *, public: bool) -> Message:
        now = datetime.fromtimestamp(self._clock(), UTC)
        actions = next_questions(answer.query, now=now, week_start=self._settings.week_start)
        # In a channel everybody would see the names in the picker.
        picker = None if public else agent_picker(answer.query)
        message = render_message(answer, options=RenderOptions(actions=actions, picker=picker, now=now))
        return _asked_by(message, address.user_id) if public else message

    def _send_csv(self, answer: Answer, reply: Reply) -> None:
        """The file, to the asker's direct messages: nothing uploaded can be for one person in a channel."""
        try:
            self._api.upload(
                channel=reply.direct_channel(),
                filename=csv_filename(answer.query),
                content=answer_as_csv(answer),
                comment=render_reading(answer.query),
            )
        except SlackCallError as refusal:
            hint = "Ask again in a minute."
            if refusal.error == "missing_scope":
                hint = f"An operator has to reinstall the app: the scope {refusal.needed} is missing."
            raise DeliveryError(
                "Slack did not take the file.", channel=reply.address.user_id, hint=hint, code=refusal.error
            ) from refusal

    def _abandon(self, question: Question, ticket: _Ticket) -> None:
        """Tell the person that a shutdown took her answer; what still runs for it is stopped."""
        ticket.abandoned = True
        self._say(ticket.reply, _plain(RESTARTED), follow_up=False)
        ticket.operation.cancelled.set()
        ticket.close()
        self._count(question, "restarted")

    def _say(self, reply: Reply, message: Message, *, follow_up: bool = True) -> None:
        """The last word where there was none yet, else (a failure after the answer) a further one."""
        try:
            if not reply.send(message) and follow_up:
                reply.also(message)
        except DeliveryError as error:
            log.error("person_not_reached", user=reply.address.user_id, code=error.code)  # noqa: TRY400  a refusal, no fault

    def _draw_home(self, user_id: str) -> None:
        try:
            person = self._people.requester(user_id)
            check_welcome(person)
            parts = []
            for text in ("help", "status"):
                query = self._reports.read(text, person)
                operation = Operation.within(self._settings.answer_seconds)
                answer = self._reports.answer(query, person, door=Door.HOME.value, operation=operation)
                if isinstance(answer, TextAnswer):
                    parts.append(render_text_answer(answer))
            if self._schedules.works:
                hers = self._schedules.answer(
                    Order(Verb.SCHEDULES),
                    person,
                    Address(user_id, Door.HOME),
                    operation=Operation.within(self._settings.answer_seconds),
                    key="home",
                )
                parts.insert(0, hers)
        except BotError as error:
            parts = [render_error(error, reference=self._logged("home_failed", error))]
        try:
            self._api.write("views.publish", user_id=user_id, view=home_view(parts))
        except SlackCallError as refusal:
            log.warning("home_refused", user=user_id, error=refusal.error, pointers=refusal.pointers)

    # --- helpers ---

    def _reply(self, address: Address, hold: Callable[[], bool] = lambda: True) -> Reply:
        return Reply(address, api=self._api, forms=self._forms, hold=hold, clock=self._clock)

    def _apology(self, question: Question, error: Exception) -> Message:
        """What the person hears of a failure that isn't hers: a sentence and the id under which the log has it."""
        reference = self._logged(
            "question_failed", error, user=question.address.user_id, door=question.address.door.value
        )
        known = error if isinstance(error, BotError) else BotError("unexpected")
        return render_error(known, reference=reference)

    def _logged(self, event: str, error: Exception, **fields: str) -> str:
        reference = secrets.token_hex(4)
        code = error.code if isinstance(error, BotError) else "internal"
        unexpected = not isinstance(error, BotError)
        platform = getattr(error, "reference", None)
        log.error(
            event, reference=reference, code=code, platform=platform, exc_info=error if unexpected else None, **fields
        )
        return reference

    def _count(self, question: Question, outcome: str) -> None:
        self._metrics.questions.labels(question.address.door.value, outcome).inc()


def _reading(query: Query) -> str:
    """How a question, or an order about schedules, was read."""
    return render_reading(query) if query.order is None else render_order(query.order)


def _plain(text: str) -> Message:
    return Message(text, (), ())


def _asked_by(message: Message, user_id: str) -> Message:
    """A post that stands alone: nobody else saw the question."""
    asked = {"type": "context", "elements": [{"type": "mrkdwn", "text": f"Asked by <@{user_id}>", "verbatim": True}]}
    return replace(
        message,
        text=f"Asked by <@{user_id}>: {message.text}",
        blocks=(asked, *message.blocks),
        fallback_blocks=(asked, *message.fallback_blocks),
    )
