"""Modals on their way: opened at once, redrawn while somebody fills them in, read when they are handed in.

None of it passes the queue of answers, for a trigger lives three seconds: a modal is opened from a few threads of
its own. What is wrong with a form is said in the acknowledgement, from memory. What needs Slack or the database to
be judged is judged by a job; the form says so meanwhile, and shows afterwards what came of it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from bot.core.forms import (
    QuestionForm,
    ScheduleForm,
    form_of,
    question_problems,
    question_words,
    schedule_form_of,
    schedule_problems,
    schedule_words,
)
from bot.core.forms.problems import Problem
from bot.core.forms.scheduling import order_of, refusal_problem
from bot.core.grammar import format_query
from bot.core.orders import Logged, Order, plan_of
from bot.core.query import Verb
from bot.core.rendering.actions import ASK_FORM, SAVE_FORM, SCHEDULE_FORM
from bot.core.rendering.blocks import Message
from bot.core.rendering.form_pieces import FIELD
from bot.core.rendering.forms import (
    CHANNEL,
    done_view,
    form_button,
    question_view,
    save_view,
    schedule_view,
    waiting_view,
)
from bot.core.rendering.names import capped, cleaned, marked_up
from bot.core.rendering.pieces import section
from bot.core.rendering.refusals import render_error
from bot.core.rights import check_welcome
from bot.edges.jobs import PRESS_KEEP_S
from bot.edges.slack.answering import logged
from bot.edges.slack.api import SlackCallError
from bot.edges.slack.drawing import plain
from bot.edges.slack.form_state import Origin, Values, question_form, schedule_form
from bot.edges.slack.questions import Question
from bot.edges.slack.reply import Address, Door
from bot.errors import BotError, CommandError
from bot.ports import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import ThreadPoolExecutor

    from bot.core.memos import Saved
    from bot.edges.slack.alarms import Alarms
    from bot.edges.slack.api import SlackApi
    from bot.edges.slack.config import SlackSettings
    from bot.edges.slack.desk import Desk
    from bot.edges.slack.people import SlackPeople
    from bot.edges.slack.questions import Reports
    from bot.edges.slack.schedules import ScheduleDesk
    from bot.ports import Jobs, Requester

log = structlog.get_logger(__name__)

TITLES = {
    ASK_FORM: "Ask about utilization",
    SCHEDULE_FORM: "Schedule a question",
    SAVE_FORM: "Save a question",
}
CHECK_AFTER_S = 0.3
"""How long after its acknowledgement a form is judged: what came of it must not be drawn over by `Checking…`."""
BUSY = "Busy: too many questions are waiting, so nothing was done. Please try again in a minute."
RESTARTED = "I was restarted while I checked your form. `schedules` and `saved` show whether it was done."
_Judged = tuple["dict[str, Any]", "Message | None"]
"""The view that says what came of a form, and what is said where it was closed meanwhile."""
TOO_LATE = "Slack opens a form only within three seconds, and this press took longer. Please press again."
LOOKING_UP = "One moment: I am still being told who you are. Press again, please."
LONGEST_COMPLAINT = 300
_NO_LONGER_OPEN = frozenset({"not_found", "view_not_found"})


class Saving(Protocol):
    """What forms ask of the memory of people."""

    def save(self, requester: Requester, name: str, question: str, *, channel_id: str | None = None) -> Saved:
        """Keep a question by a name, for its requester or for a channel; raises CommandError."""


class FormDesk:
    """Opens, redraws and takes forms.

    Args:
        threads: that open modals and draw them anew.
        saving: None where this bot remembers nothing.
        changed: told whose saved questions or schedules have changed.
    """

    def __init__(
        self,
        *,
        desk: Desk,
        reports: Reports,
        jobs: Jobs,
        people: SlackPeople,
        api: SlackApi,
        alarms: Alarms,
        settings: SlackSettings,
        schedules: ScheduleDesk,
        threads: ThreadPoolExecutor,
        saving: Saving | None = None,
        changed: Callable[[str], object] = lambda _user_id: None,
    ) -> None:
        self._desk = desk
        self._reports = reports
        self._jobs = jobs
        self._people = people
        self._api = api
        self._alarms = alarms
        self._settings = settings
        self._schedules = schedules
        self._saving = saving
        self._changed = changed
        self.check_after_s = CHECK_AFTER_S
        """Seconds from an acknowledgement to the job that judges the form."""
        self._threads = threads

    # --- opening ---

    def open(self, kind: str, text: str, *, user_id: str, trigger_id: str, origin: Origin) -> None:
        """Open a form with a question in it; returns at once.

        Args:
            kind: one of `FORMS`.
            text: the question, or `edit 3` for a schedule that exists; user input, and may be empty.
        """
        self._soon(partial(self._open, kind, text, user_id, trigger_id, origin), user_id, origin)

    def _open(self, kind: str, text: str, user_id: str, trigger_id: str, origin: Origin) -> None:
        waiting: Mapping[str, Any] | None = None
        person = self._people.known(user_id)
        try:
            if person is None or _is_edit(text):
                waiting = self._shown("views.open", trigger_id=trigger_id, view=waiting_view(TITLES[kind]))
                person = self._people.requester(user_id)
            check_welcome(person)
            view = self._first_view(kind, text, person, origin)
            if waiting is None:
                self._shown("views.open", trigger_id=trigger_id, view=view)
            else:
                self._shown("views.update", view_id=waiting.get("id"), hash=waiting.get("hash"), view=view)
        except SlackCallError as refusal:
            self._not_opened(refusal, kind, text, user_id, origin)
        except Exception as error:  # noqa: BLE001  whatever it is, the person hears of it
            self._refuse(self._sorry(error, user_id), waiting, kind, user_id, origin)

    def _first_view(self, kind: str, text: str, person: Requester, origin: Origin) -> dict[str, Any]:
        if kind == SAVE_FORM:
            question = format_query(replace(self._reports.read(text, person), share=False)) if text else ""
            return save_view(question=question, in_channel=origin.is_shared, metadata=origin.as_metadata())
        if kind == SCHEDULE_FORM:
            begun = self._schedule_to_begin_with(text, person, origin)
            return self._schedule_view(begun, replace(origin, number=begun.number))
        form, unheld = form_of(self._reports.read(text, person)) if text else (QuestionForm(), ())
        if form.zone and form.zone == self._own_zone(person):
            form = replace(form, zone="")  # buttons name it, for whoever presses them elsewhere
        unfolded = replace(origin, expanded=origin.expanded or form.needs_all_fields)
        return self._question_view(form, person, unfolded, unheld=unheld)

    def _schedule_to_begin_with(self, text: str, person: Requester, origin: Origin) -> ScheduleForm:
        query = self._reports.read(text, person) if text else None
        if query is None:
            return ScheduleForm(times=ScheduleForm.usual_times)
        order = query.order
        if order is not None and order.plan is not None:
            return schedule_form_of(order.plan, number=order.number)
        if order is not None:
            look = Order(Verb.LOG, number=order.number)
            outcome = self._schedules.outcome(
                look, person, self._address(person.id, origin), operation=self._operation(), key="form"
            )
            if isinstance(outcome, Logged):
                return schedule_form_of(plan_of(outcome.view.schedule), number=order.number)
        asked = format_query(replace(query, share=False, outputs=frozenset(), zone_source=""))
        zone = query.zone.key if query.zone and query.zone_source == "text" else ""
        return ScheduleForm(question=asked, times=ScheduleForm.usual_times, zone=zone)

    def _own_zone(self, person: Requester) -> str:
        zone = self._reports.read("yesterday", person).zone
        return zone.key if zone is not None else ""

    def _refuse(
        self, refusal: Message, waiting: Mapping[str, Any] | None, kind: str, user_id: str, origin: Origin
    ) -> None:
        """Say why there is no form: in the modal that waits for it, else by a message."""
        if waiting is None:
            self._desk.say(self._address(user_id, origin), refusal)
            return
        self._shown("views.update", view_id=waiting.get("id"), view=done_view(TITLES[kind], [refusal.text]))

    def _not_opened(self, refusal: SlackCallError, kind: str, text: str, user_id: str, origin: Origin) -> None:
        if refusal.error == "exchanged_trigger_id" or refusal.error in _NO_LONGER_OPEN:
            log.info("form_not_opened", user=user_id, error=refusal.error)  # a double press, or closed meanwhile
            return
        log.warning("form_refused", user=user_id, form=kind, error=refusal.error, pointers=refusal.pointers)
        button = form_button(kind, "Open the form", text)
        blocks = (section(TOO_LATE), *([{"type": "actions", "elements": [button]}] if button else []))
        self._desk.say(self._address(user_id, origin), Message(TOO_LATE, blocks, blocks))

    # --- while it is filled in ---

    def refresh(self, view: Mapping[str, Any], user_id: str, *, expand: bool = False) -> None:
        """Draw a form anew as it stands, with the command that it makes by now; returns at once."""
        origin = Origin.of(view.get("private_metadata"))
        if expand:
            origin = replace(origin, expanded=True)
        self._soon(partial(self._redraw, view, user_id, origin), user_id, origin)

    def _redraw(self, view: Mapping[str, Any], user_id: str, origin: Origin) -> None:
        kind = view.get("callback_id")
        if kind == ASK_FORM:
            person = self._people.known(user_id) or self._people.requester(user_id)
            drawn = self._question_view(question_form(view), person, origin)
        elif kind == SCHEDULE_FORM:
            drawn = self._schedule_view(schedule_form(view, origin.number), origin)
        else:
            return
        try:
            self._shown("views.update", view_id=view.get("id"), hash=view.get("hash"), view=drawn)
        except SlackCallError as refusal:
            if refusal.error != "hash_conflict":
                raise
            # An earlier change was drawn meanwhile; this one is the newer.
            self._shown("views.update", view_id=view.get("id"), view=drawn)

    def _question_view(
        self, form: QuestionForm, person: Requester, origin: Origin, *, unheld: Sequence[str] = ()
    ) -> dict[str, Any]:
        read = partial(self._reports.read, requester=person)
        words = question_words(form)
        problems = question_problems(form, read)
        return question_view(
            form,
            words=words,
            command=self._settings.command,
            query=None if problems else read(words),
            problems=problems,
            unheld=unheld,
            shifts=self._settings.shifts,
            expanded=origin.expanded,
            metadata=origin.as_metadata(),
        )

    def _schedule_view(self, form: ScheduleForm, origin: Origin, problems: Sequence[Problem] = ()) -> dict[str, Any]:
        return schedule_view(
            form,
            words=schedule_words(form),
            command=self._settings.command,
            problems=problems,
            metadata=origin.as_metadata(),
        )

    # --- handed in ---

    def submitted(self, view: Mapping[str, Any], user_id: str, trigger_id: str) -> dict[str, Any]:
        """Take a form; what to acknowledge it with: nothing closes it, `errors` say what is wrong at which field."""
        try:
            return self._taken(view, user_id, trigger_id)
        except Exception as error:  # noqa: BLE001  without an acknowledgement that says so it would close as if taken
            return _errors((Problem("", self._sorry(error, user_id).text),), view)

    def _taken(self, view: Mapping[str, Any], user_id: str, trigger_id: str) -> dict[str, Any]:
        kind, origin = view.get("callback_id"), Origin.of(view.get("private_metadata"))
        person, key = self._people.known(user_id), f"trigger:{trigger_id}"
        if person is None:
            self._soon(partial(self._look_up, user_id), user_id, origin)
            return _errors((Problem("", LOOKING_UP),), view)
        read = partial(self._reports.read, requester=person)
        if kind == ASK_FORM:
            asked = question_form(view)
            if problems := question_problems(asked, read):
                return _errors(problems, view)
            self._desk.take_quietly(Question(question_words(asked), self._address(user_id, origin), key))
            return {}
        if kind == SCHEDULE_FORM:
            form = schedule_form(view, origin.number)
            if problems := schedule_problems(form, read):
                return _errors(problems, view)
            return self._judged(partial(self._schedule, form, origin), kind, view, user_id, key)
        values = Values(view)
        if problem := _question_problem(values.text("question"), read):
            return _errors((problem,), view)
        return self._judged(partial(self._save, values, origin), SAVE_FORM, view, user_id, key)

    def _look_up(self, user_id: str) -> None:
        self._people.requester(user_id)

    def _judged(
        self,
        carry_out: Callable[[Requester, str], _Judged],
        kind: str,
        view: Mapping[str, Any],
        user_id: str,
        key: str,
    ) -> dict[str, Any]:
        """Have a job carry a form out and draw what came of it; meanwhile the form says that it is being checked."""

        origin = Origin.of(view.get("private_metadata"))
        address = self._address(user_id, origin)

        def judge() -> None:
            said: Message | None
            try:
                person = self._people.requester(user_id)
                check_welcome(person)
                drawn, said = carry_out(person, key)
            except Exception as error:  # noqa: BLE001  whatever it is, the form must not wait for ever
                said = self._sorry(error, user_id)
                drawn = done_view(TITLES[kind], [said.text])
            try:
                self._shown("views.update", view_id=view.get("id"), view=drawn)
            except SlackCallError as refusal:
                log.info("form_left", user=user_id, error=refusal.error, pointers=refusal.pointers)
                if said is not None:
                    self._desk.say(address, said)

        left = partial(self._desk.say, address, plain(RESTARTED))

        def hand_in() -> None:
            submission = self._jobs.submit(key, judge, keep_s=PRESS_KEEP_S, abandoned=left)
            if not submission.accepted and not submission.duplicate:
                busy = done_view(TITLES[kind], [BUSY])
                self._soon(partial(self._shown, "views.update", view_id=view.get("id"), view=busy), user_id, origin)

        self._alarms.after(self.check_after_s, hand_in)
        return {"response_action": "update", "view": waiting_view(TITLES[kind])}

    def _schedule(self, form: ScheduleForm, origin: Origin, person: Requester, key: str) -> _Judged:
        address = self._address(person.id, origin)
        try:
            order = order_of(self._reports.read(schedule_words(form), person))
            outcome = self._schedules.answer(order, person, address, operation=self._operation(), key=key)
        except CommandError as error:
            return self._schedule_view(form, origin, (refusal_problem(error),)), render_error(error, reference="")
        self._changed(person.id)
        self._desk.say(address, outcome)  # with its buttons, which the form's last page lacks
        return done_view(TITLES[SCHEDULE_FORM], [outcome.text]), None

    def _save(self, values: Values, origin: Origin, person: Requester, key: str) -> _Judged:
        name, question = values.text("name"), values.text("question")
        for_channel = values.option("owner") == CHANNEL and origin.is_shared
        try:
            self._reports.read(question, person)
            owner = origin.channel_id if for_channel else None
            if owner is not None:
                self._desk.check_member(owner, person.id)
            saved = self._memory().save(person, name, question, channel_id=owner)
        except CommandError as error:
            problem = Problem.of("question" if error.code in _OF_QUESTIONS else "name", error)
            corrected = save_view(
                name=name,
                question=question,
                in_channel=origin.is_shared,
                for_channel=for_channel,
                problems=(problem,),
                metadata=origin.as_metadata(),
            )
            return corrected, render_error(error, reference="")
        self._changed(person.id)
        whose = "everybody in this channel" if for_channel else "you"
        said = marked_up(f"Saved for {whose}. `{self._settings.command} {cleaned(saved.run)}` asks it.")
        return done_view(TITLES[SAVE_FORM], [said]), Message(said, (), ())

    # --- helpers ---

    def _memory(self) -> Saving:
        if self._saving is None:
            raise CommandError("This bot remembers nothing.", hint="Give it a database.", code="not_available")
        return self._saving

    def _shown(self, method: str, **body: Any) -> Mapping[str, Any]:
        """Have Slack show a view; what it says of it.

        Raises:
            SlackCallError: it doesn't.
        """
        shown = self._api.write(method, **body).get("view")
        return shown if isinstance(shown, dict) else {}

    def _soon(self, work: Callable[[], object], user_id: str, origin: Origin) -> None:
        self._threads.submit(self._guarded, work, user_id, origin)

    def _guarded(self, work: Callable[[], object], user_id: str, origin: Origin) -> None:
        """Do it; a failure is logged, and told unless it is only that the form was closed."""
        try:
            work()
        except SlackCallError as refusal:
            log.warning("form_not_drawn", user=user_id, error=refusal.error, pointers=refusal.pointers)
        except Exception as error:  # noqa: BLE001  whatever it is, the person hears of it
            self._desk.say(self._address(user_id, origin), self._sorry(error, user_id))

    def _sorry(self, error: Exception, user_id: str) -> Message:
        """What the person hears of a failure: why she was refused, or the id under which the log has it."""
        if isinstance(error, CommandError):
            return render_error(error, reference="")
        known = error if isinstance(error, BotError) else BotError("unexpected")
        return render_error(known, reference=logged("form_failed", error, user=user_id))

    def _address(self, user_id: str, origin: Origin) -> Address:
        return Address(user_id, Door.FORM, origin.channel_id, origin.thread_ts, received_at=self._desk.now)

    def _operation(self) -> Operation:
        return Operation.within(self._settings.answer_seconds)


_OF_QUESTIONS = frozenset({"too_long", "unknown_word", "contradiction", "missing_object", "not_available"})


def _is_edit(text: str) -> bool:
    """Whether the form is for a schedule that has to be fetched."""
    return text.startswith("edit ")


def _question_problem(text: str, read: Callable[[str], object]) -> Problem | None:
    try:
        read(text)
    except CommandError as error:
        return Problem.of("question", error)
    return None


def _errors(problems: Sequence[Problem], view: Mapping[str, Any]) -> dict[str, Any]:
    """The acknowledgement that says what is wrong; Slack takes errors of fields alone that the view shows."""
    values, kind = Values(view), view.get("callback_id")
    fallback = "when" if kind == ASK_FORM else "question"
    errors: dict[str, str] = {}
    for problem in problems:
        field = problem.field if values.has(problem.field) else fallback
        text = cleaned(problem.message).replace("`", "’")
        errors.setdefault(FIELD + field, capped(text, LONGEST_COMPLAINT))
    return {"response_action": "errors", "errors": errors}
