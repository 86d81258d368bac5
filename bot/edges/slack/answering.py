"""Questions answered by a job when their turn comes, whichever process took them: one answer, or one reason why not."""

from __future__ import annotations

import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot.core.answer import TextAnswer
from bot.core.memos import MEMO_VERBS
from bot.core.query import Verb
from bot.core.rendering.exporting import FILE_OUTPUTS
from bot.core.rendering.refusals import render_error
from bot.core.rights import PRIVATE, check_welcome
from bot.edges.slack.drawing import Drawing, plain, working
from bot.edges.slack.files import Files
from bot.edges.slack.questions import Question
from bot.edges.slack.reply import Address, Door, Forms, Reply
from bot.errors import BotError, CommandError, DeliveryError
from bot.ports import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.orders import Order
    from bot.core.query import Query
    from bot.core.rendering.blocks import Message
    from bot.core.rights import Audience
    from bot.edges.db.commands import StoredCommand
    from bot.edges.metrics import Metrics
    from bot.edges.slack.acks import AcksFirst
    from bot.edges.slack.alarms import Alarm, Alarms
    from bot.edges.slack.allowance import Stay
    from bot.edges.slack.api import SlackApi
    from bot.edges.slack.channels import SlackChannels
    from bot.edges.slack.config import SlackSettings
    from bot.edges.slack.people import SlackPeople
    from bot.edges.slack.questions import Reports
    from bot.edges.slack.schedules import ScheduleDesk
    from bot.ports import Jobs

log = structlog.get_logger(__name__)

PROGRESS_AFTER_S = 10.0

PROGRESS = "Still working on it: the figures are on their way."
CANCELLED = "Cancelled."
NOTHING_TO_CANCEL = "There is nothing of yours to cancel here: the answer is on its way, or you have it."
WATCH_S = 2.0
"""How often to look whether a question was called off in another process."""
RESTARTED = "I was restarted before your answer was ready. Please ask again."
RESTARTED_SHARING = (
    "I was restarted while I was posting your answer to the channel. Please look whether it is there before you ask"
    " again."
)
_SHOWN_ON_HOME = MEMO_VERBS - {Verb.SAVED} | {Verb.SCHEDULE, Verb.EDIT, Verb.PAUSE, Verb.RESUME, Verb.DELETE}
"""Verbs after which the asker's Home tab is another, wherever they were typed."""


@dataclass(slots=True)
class Ticket:
    """What belongs to one question from its hand-in to its last word."""

    reply: Reply
    operation: Operation
    stay: Stay | None = None
    alarm: Alarm | None = None
    abandoned: bool = False
    cancelled: bool = False
    """The asker wants no answer any more."""
    again: bool = False
    """Another process had begun to answer, nobody knows how far it came."""
    order: Order | None = None
    """What is to be done about schedules, once it is read."""
    over: bool = False
    begun: float = field(default_factory=time.monotonic)

    @property
    def wanted(self) -> bool:
        """Whether the asker still waits for a word about it."""
        return not (self.abandoned or self.cancelled)

    def close(self) -> None:
        """Let go of what was held while it was on its way."""
        self.over = True
        if self.alarm is not None:
            self.alarm.cancel()
        if self.stay is not None:
            self.stay.leave()


class Answering:
    """Answers questions; used by the jobs of this process and by those that take over from others.

    Args:
        changed: told whose Home tab has become another.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        *,
        reports: Reports,
        people: SlackPeople,
        channels: SlackChannels,
        api: SlackApi,
        alarms: Alarms,
        settings: SlackSettings,
        metrics: Metrics,
        schedules: ScheduleDesk,
        jobs: Jobs,
        acks: AcksFirst,
        changed: Callable[[str], object],
        clock: Callable[[], float],
    ) -> None:
        self._reports = reports
        self._people = people
        self._channels = channels
        self._api = api
        self._alarms = alarms
        self._settings = settings
        self._metrics = metrics
        self._schedules = schedules
        self._jobs = jobs
        self._acks = acks
        self._changed = changed
        self._clock = clock
        self._forms = Forms()
        self._watcher = ThreadPoolExecutor(1, thread_name_prefix="called-off")
        self._lock = threading.Lock()
        self._slow: dict[str, Ticket] = {}
        """By key, the questions whose askers were told that it takes long: those may be called off."""
        self._drawing = Drawing(clock, settings.command, settings.interactions_url)
        self._files = Files(api)

    def ticket(self, question: Question, stay: Stay | None = None) -> Ticket:
        """For a question of this process."""
        return Ticket(self.reply(question.address), self.operation(), stay)

    def announce_later(self, key: str, ticket: Ticket) -> None:
        """Have the person told, should her answer take long, and let her call it off."""
        ticket.alarm = self._alarms.after(PROGRESS_AFTER_S, partial(self._announce, key, ticket))

    def cancel(self, key: str, user_id: str) -> bool:
        """Stop working on a question, in whichever process it is; False: it is over, or that person's it is not."""
        with self._lock:
            ticket = self._slow.get(key)
        if ticket is None:
            return self._jobs.withdraw(key, user_id)
        return ticket.reply.address.user_id == user_id and self._stop(ticket)

    def _announce(self, key: str, ticket: Ticket) -> None:
        with self._lock:
            if ticket.over:
                return
            self._slow[key] = ticket
        ticket.reply.progress(working(PROGRESS, key))
        self._watch(key, ticket)

    def _watch(self, key: str, ticket: Ticket) -> None:
        """See whether it was called off in another process, as long as it is worked on here.

        A thread of its own asks the database: while that doesn't answer, forms and refusals wait for the alarms.
        """
        self._watcher.submit(self._look, key, ticket)

    def _look(self, key: str, ticket: Ticket) -> None:
        if ticket.over or ticket.operation.cancelled.is_set():
            return
        if self._jobs.withdrawn(key):
            self._stop(ticket)
        else:
            ticket.alarm = self._alarms.after(WATCH_S, partial(self._watch, key, ticket))

    def _stop(self, ticket: Ticket) -> bool:
        if not ticket.reply.silence():
            return False
        ticket.cancelled = True
        ticket.operation.cancelled.set()
        return True

    def _close(self, key: str, ticket: Ticket) -> None:
        ticket.close()
        with self._lock:
            if self._slow.get(key) is ticket:
                del self._slow[key]

    def resume(self, command: StoredCommand, hold: Callable[[], bool]) -> None:
        """Answer a question that its own process left behind, as long as it stays with this one."""
        try:
            question = Question.of(command.payload)
        except (KeyError, TypeError, ValueError):
            self.excuse(command)
            return
        ticket = Ticket(self.reply(question.address, hold), self.operation(), again=True)
        self.announce_later(question.key, ticket)
        log.info("question_resumed", user=question.address.user_id, door=question.address.door.value)
        self.answer(question, None, ticket)

    def excuse(self, command: StoredCommand) -> None:
        """Tell the person, in a direct message, that a question that was left behind gets no answer any more."""
        self.say(self.reply(Address(command.requester_id, Door.HOME)), plain(RESTARTED), follow_up=False)

    def abandon(self, question: Question, ticket: Ticket) -> None:
        """Tell the person that a shutdown took her answer; what still runs for it is stopped."""
        ticket.abandoned = True
        self.say(ticket.reply, plain(RESTARTED), follow_up=False)
        ticket.operation.cancelled.set()
        self._close(question.key, ticket)
        self.count(question, "restarted")

    def answer(self, question: Question, query: Query | None, ticket: Ticket) -> None:
        """Answer it, or tell the person why not; never raises.

        Args:
            query: the question read; None where that is still to be done.
        """
        self._acks.give_way()
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
            self.say(ticket.reply, refusal, follow_up=ticket.wanted)
        except Exception as error:  # noqa: BLE001  whatever it is, the person hears of it
            outcome = error.code if isinstance(error, BotError) else "internal"
            if not ticket.cancelled:
                self.say(ticket.reply, self.apology(question, error), follow_up=ticket.wanted)
        finally:
            self._close(question.key, ticket)
            self.count(question, "cancelled" if ticket.cancelled else outcome)
            self._metrics.answer_seconds.labels(question.address.door).observe(time.monotonic() - ticket.begun)

    def _answer_or_raise(self, question: Question, query: Query | None, ticket: Ticket) -> None:
        address, reply = question.address, ticket.reply
        person = self._people.requester(address.user_id)
        check_welcome(person)
        if question.resend is not None:
            reply.send(self._schedules.resend(question.resend, person, whole_slot=question.whole_slot))
            return
        received = datetime.fromtimestamp(address.received_at, UTC)
        if query is None:
            query = self._reports.read(question.text, person, now=received)
        query = self._reports.expand(query, person, now=received, channel_id=address.shared_channel)
        if query.order is not None:
            ticket.order = query.order
            reply.send(
                self._schedules.answer(query.order, person, address, operation=ticket.operation, key=question.key)
            )
            self._note_change(query, person.id)
            return
        if query.share and ticket.again:
            reply.send(plain(RESTARTED_SHARING))
            return
        audience = self._audience(address) if query.share else PRIVATE
        # The wait in the queue is over: from here on the answer has its whole time.
        ticket.operation.deadline = self.operation(query).deadline
        ticket.operation.background = query.takes_long  # quick questions go first
        ticket.operation.progress = lambda words: reply.progress(working(words, question.key))
        answer = self._reports.answer(
            query,
            person,
            door=address.door.value,
            operation=ticket.operation,
            audience=audience,
            fresh=question.fresh,
            channel_id=address.shared_channel,
        )
        public = audience.channel_id is not None
        if isinstance(answer, TextAnswer):
            reply.send(self._drawing.message(answer, address))
            self._note_change(query, person.id)
            return
        if not ticket.wanted:
            return
        # The answer stands above a menu already from which only its table was asked for as a file.
        alone = address.door is Door.BUTTON and bool(query.outputs) and query.outputs <= FILE_OUTPUTS
        if not alone:
            reply.send(self._drawing.message(answer, address, public=public, back=question.back), public=public)
        said = self._files.send(answer, reply, ticket.operation, public=public)
        for sentence in said:
            self.say(reply, plain(sentence))

    def _note_change(self, query: Query, user_id: str) -> None:
        if query.verb in _SHOWN_ON_HOME:
            self._changed(user_id)

    def _audience(self, address: Address) -> Audience:
        """Who reads the place where the question was asked; a direct conversation is private."""
        channel = address.channel_id
        return PRIVATE if channel is None or address.is_direct else self._channels.audience(channel)

    # --- for the desk too ---

    def operation(self, query: Query | None = None) -> Operation:
        """The time that one answer has."""
        is_long = query is not None and query.takes_long
        return Operation.within(self._settings.long_answer_seconds if is_long else self._settings.answer_seconds)

    def reply(self, address: Address, hold: Callable[[], bool] = lambda: True) -> Reply:
        """The way back to whoever asked from there."""
        return Reply(address, api=self._api, forms=self._forms, hold=hold, clock=self._clock)

    def say(self, reply: Reply, message: Message, *, follow_up: bool = True) -> None:
        """The last word where there was none yet, else (a failure after the answer) a further one."""
        try:
            if not reply.send(message) and follow_up:
                reply.also(message)
        except DeliveryError as error:
            log.error("person_not_reached", user=reply.address.user_id, code=error.code)  # noqa: TRY400  a refusal, no fault

    def apology(self, question: Question, error: Exception) -> Message:
        """What the person hears of a failure that isn't hers: a sentence and the id under which the log has it."""
        reference = logged("question_failed", error, user=question.address.user_id, door=question.address.door.value)
        known = error if isinstance(error, BotError) else BotError("unexpected")
        return render_error(known, reference=reference)

    def count(self, question: Question, outcome: str) -> None:
        """What became of a question."""
        self._metrics.questions.labels(question.address.door.value, outcome).inc()


def logged(event: str, error: Exception, **fields: str) -> str:
    """Put a failure into the log; the id under which it is there."""
    reference = secrets.token_hex(4)
    code = error.code if isinstance(error, BotError) else "internal"
    unexpected = not isinstance(error, BotError)
    platform = getattr(error, "reference", None)
    log.error(
        event, reference=reference, code=code, platform=platform, exc_info=error if unexpected else None, **fields
    )
    return reference
