"""A question on its way: taken or refused by a listener at once, answered by a job when its turn comes.

Nothing in `take` waits. Who asks comes from memory; where a person isn't known yet (her first question since the
start, or a day later), her zone isn't either, and "yesterday" can't be read without it. Looking her up would hold
one of the threads that every other ack needs, so the ack then only says that the question is being read, and the
job does the reading: what is wrong with it arrives as the answer, a moment later.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot.core.rendering.blocks import render_reading, render_text_answer
from bot.core.rendering.names import marked_up
from bot.core.rendering.questions import next_steps
from bot.core.rendering.refusals import render_error
from bot.core.rendering.schedules import render_order
from bot.core.rights import check_welcome
from bot.edges.jobs import EVENT_KEEP_S, PRESS_KEEP_S
from bot.edges.slack.acks import AcksFirst
from bot.edges.slack.allowance import Allowance
from bot.edges.slack.answering import CANCELLED, NOTHING_TO_CANCEL, Answering
from bot.edges.slack.drawing import plain
from bot.edges.slack.questions import MOST_OPTIONS, Question
from bot.edges.slack.reply import Address
from bot.edges.slack.schedules import ScheduleDesk
from bot.errors import CommandError, DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.core.query import Query, Selector
    from bot.core.rendering.blocks import Message
    from bot.edges.db.commands import StoredCommand
    from bot.edges.metrics import Metrics
    from bot.edges.slack.alarms import Alarms
    from bot.edges.slack.api import SlackApi
    from bot.edges.slack.channels import SlackChannels
    from bot.edges.slack.config import SlackSettings
    from bot.edges.slack.people import SlackPeople
    from bot.edges.slack.questions import Reports
    from bot.edges.slack.schedules import Schedules
    from bot.ports import Agent, Jobs, Requester, Submission

log = structlog.get_logger(__name__)

LONGEST_TEXT = 2_000
"""Characters worth a place in the queue: what a button's value holds. The grammar's own limit is lower."""
SHORTEST_SEARCH = 2

READING = "Reading your question…"
OUTLIVED = "That is from an earlier version of me, and does nothing any more. Ask again, and press there."
BUSY = "Busy: too many questions are waiting. Please ask again in a minute."


class Desk:
    """Takes questions from every door of Slack and sees that each gets one answer, or one reason why not.

    Args:
        home_changed: told whose Home tab has become another.
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
        home_changed: Callable[[str], object] = lambda _user_id: None,
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
        self._clock = clock
        self.acks = AcksFirst()
        """Deliveries that are not acknowledged yet; answers give way to them."""
        self._answering = Answering(
            reports=reports,
            people=people,
            channels=channels,
            api=api,
            alarms=alarms,
            settings=settings,
            metrics=metrics,
            schedules=self._schedules,
            jobs=jobs,
            acks=self.acks,
            changed=home_changed,
            clock=clock,
        )
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
                return plain(_reading(query) if query is not None else READING)
            return None if submission.duplicate else plain(BUSY)

        return self._or_refusal(question, taken)

    def take_quietly(self, question: Question) -> None:
        """Take an event or a press, whose acknowledgement shows nothing; a refusal is said from another thread."""

        def refused() -> Message | None:
            self._check_size(question)
            self.acks.give_way()  # this one has its acknowledgement
            submission = self._hand_in(question, None)
            return None if submission.accepted or submission.duplicate else plain(BUSY)

        refusal = self._or_refusal(question, refused)
        if refusal is not None:
            self._alarms.after(0, partial(self._answering.say, self._answering.reply(question.address), refusal))

    def resend(self, fire: str, address: Address, key: str, *, whole_slot: bool) -> None:
        """Take the press that sends a scheduled post once more."""
        self.take_quietly(Question("", address, key, resend=fire, whole_slot=whole_slot))

    def cancel(self, key: str, address: Address) -> None:
        """Take the press that calls off a question of the presser's, by its key."""
        said = CANCELLED if self._answering.cancel(key, address.user_id) else NOTHING_TO_CANCEL
        self._alarms.after(0, partial(self._answering.reply(address).instead, said))

    def outlived(self, address: Address) -> None:
        """Take a press on something that an earlier version posted, and that means nothing any more."""
        self._alarms.after(0, partial(self.say, address, plain(OUTLIVED)))

    def suggest(self, user_id: str, typed: str) -> Sequence[Agent]:
        """Agents for a picker, from memory; none to people whom it doesn't hold yet, and those are looked up."""
        person = self._searching(user_id, typed)
        if person is None:
            return ()
        try:
            return self._reports.suggest_agents(typed, person, limit=MOST_OPTIONS)[:MOST_OPTIONS]
        except CommandError:
            return ()

    def suggest_groups(self, user_id: str, typed: str) -> Sequence[Selector]:
        """Teams, queues and the like, likewise."""
        person = self._searching(user_id, typed)
        return () if person is None else self._reports.suggest_groups(typed, person, limit=MOST_OPTIONS)

    def _searching(self, user_id: str, typed: str) -> Requester | None:
        """Who types, if she may search and has typed enough to; somebody not known yet is looked up for next time."""
        if len(typed.strip()) < SHORTEST_SEARCH:
            return None
        person = self._people.known(user_id)
        if person is None:
            self._alarms.after(0, partial(self._look_up, user_id))
        return None if person is None or person.stranger else person

    def say(self, address: Address, message: Message) -> None:
        """Tell somebody something at once; waits for Slack, so never from a listener."""
        self._answering.say(self._answering.reply(address), message)

    def check_member(self, channel_id: str, user_id: str) -> None:
        """Whether somebody is in the channel that a form names; waits for Slack.

        Raises:
            NotAllowedError: she isn't, or nobody can tell.
        """
        self._channels.check_member(channel_id, user_id)

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
        self._answering.count(question, "at_once")
        return query, render_text_answer(known, actions=next_steps(known))

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
            self._answering.count(question, error.code)
            return render_error(error, reference="")
        except Exception as error:  # noqa: BLE001  whatever it is, an acknowledgement must come
            return self._answering.apology(question, error)

    def _hand_in(self, question: Question, query: Query | None) -> Submission:
        stay = self._allowance.enter(question.address.user_id) if question.counts else None
        ticket = self._answering.ticket(question, stay)
        submission = self._jobs.submit(
            question.key,
            partial(self._answering.answer, question, query, ticket),
            keep_s=EVENT_KEEP_S if question.is_event else PRESS_KEEP_S,
            abandoned=partial(self._answering.abandon, question, ticket),
            errand=question.errand,
        )
        if submission.accepted:
            self._answering.announce_later(question.key, ticket)
            return submission
        if stay is not None:
            stay.undo()
        self._answering.count(question, "duplicate" if submission.duplicate else "busy")
        return submission

    def _look_up(self, user_id: str) -> None:
        try:
            self._people.requester(user_id)
        except DeliveryError as error:
            log.info("person_not_known", user=user_id, code=error.code)

    # --- in the jobs ---

    def resume(self, command: StoredCommand, hold: Callable[[], bool]) -> None:
        """Answer a question that its own process left behind, as long as it stays with this one."""
        self._answering.resume(command, hold)

    def excuse(self, command: StoredCommand) -> None:
        """Tell the person that a question that was left behind gets no answer any more."""
        self._answering.excuse(command)


def _reading(query: Query) -> str:
    """How a question, or an order, was read; of one without a range the words themselves say all."""
    if query.order is not None:
        return render_order(query.order)
    return render_reading(query) if query.range is not None else marked_up(f"Understood: `{query.text}`")
