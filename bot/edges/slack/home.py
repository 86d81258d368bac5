"""The Home tab on its way: drawn when it is opened and after each change, by a job.

A press on it is read as if its command had been typed; what came of it stands on top of the page. Only what belongs
to the page is done so: whatever asks for figures is answered by direct message.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from bot.core.defaults import NOTHING_CHOSEN, Defaults
from bot.core.grammar.choices import CHOICES, with_setting
from bot.core.memos import MEMO_VERBS
from bot.core.orders import Listed, Logged, Order
from bot.core.people import shown_name
from bot.core.query import Verb
from bot.core.rendering.form_pieces import FIELD
from bot.core.rendering.forms import done_view, waiting_view
from bot.core.rendering.home import (
    AS_USUAL,
    MOST_ASKED,
    MOST_SCHEDULES,
    HomePage,
    home_view,
    message_view,
    settings_view,
    team_of,
)
from bot.core.rendering.names import capped, cleaned, marked_up
from bot.core.rendering.refusals import render_error
from bot.core.rights import check_welcome
from bot.edges.jobs import EVENT_KEEP_S, PRESS_KEEP_S
from bot.edges.slack.answering import logged
from bot.edges.slack.api import SlackCallError
from bot.edges.slack.drawing import plain
from bot.edges.slack.form_state import Values
from bot.edges.slack.forms import BUSY
from bot.edges.slack.questions import Question
from bot.edges.slack.reply import Address, Door
from bot.errors import BotError, CommandError
from bot.ports import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import ThreadPoolExecutor

    from bot.core.memos import Asked, Saved
    from bot.core.orders import View
    from bot.core.scheduling import Fire
    from bot.edges.slack.alarms import Alarms
    from bot.edges.slack.api import SlackApi
    from bot.edges.slack.config import SlackSettings
    from bot.edges.slack.desk import Desk
    from bot.edges.slack.people import SlackPeople
    from bot.edges.slack.questions import Reports
    from bot.edges.slack.schedules import ScheduleDesk
    from bot.ports import Jobs, Requester

log = structlog.get_logger(__name__)

LONGEST_COMPLAINT = 300
SETTINGS_TITLE = "Your settings"
RESTARTED = "I was restarted while I did what you pressed. Your Home tab shows whether it was done."
_ITS_OWN_DOING = frozenset({"exchanged_trigger_id", "not_found", "view_not_found"})
"""She pressed twice, or closed the form before it was filled in."""
_CHANGES = MEMO_VERBS - {Verb.SAVED}
"""Verbs that change what stands on the page; `saved` asks."""


class Memory(Protocol):
    """What is remembered about people (`bot.services.memory`); a job's, for it reads the database."""

    def defaults(self, person_id: str) -> Defaults:
        """What she chose."""

    def set_defaults(self, person_id: str, defaults: Defaults) -> None:
        """Keep what she chose."""

    def saved(self, person_id: str, channel_id: str | None = None) -> tuple[Saved, ...]:
        """Her questions by name, then the channel's."""

    def save(self, requester: Requester, name: str, question: str, *, channel_id: str | None = None) -> Saved:
        """Keep a question by a name, for its requester or for a channel; raises CommandError."""

    def last_questions(self, person_id: str, limit: int = MOST_ASKED) -> tuple[Asked, ...]:
        """What she asked last, the newest first."""


class HomeDesk:
    """Draws Home tabs, and does what is pressed on them.

    Args:
        threads: that open modals, for a trigger lives three seconds and can't queue.
        memory: None where this bot remembers nothing of people.
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
        memory: Memory | None = None,
    ) -> None:
        self._desk = desk
        self._reports = reports
        self._jobs = jobs
        self._people = people
        self._api = api
        self._alarms = alarms
        self._settings = settings
        self._schedules = schedules
        self._threads = threads
        self._memory = memory

    # --- in the listeners ---

    def open(self, user_id: str, key: str) -> None:
        """Have a person's Home tab drawn."""
        self._jobs.submit(key, partial(self.draw, user_id), keep_s=EVENT_KEEP_S)

    def changed(self, user_id: str) -> None:
        """Have it drawn anew, for something that stands on it is another by now."""
        self._jobs.submit(f"home:{secrets.token_hex(8)}", partial(self.draw, user_id), keep_s=0.0)

    def press(self, text: str, user_id: str, key: str) -> None:
        """Take a press that changes something on the page."""
        do = partial(self._do, text, user_id, key)
        submission = self._jobs.submit(key, do, keep_s=PRESS_KEEP_S, abandoned=partial(self._say, user_id, RESTARTED))
        if not submission.accepted and not submission.duplicate:
            self._alarms.after(0, partial(self._say, user_id, BUSY))

    def open_settings(self, user_id: str, trigger_id: str) -> None:
        """Open the form for her choices; it holds them all, for what it lacks is taken back when it is handed in."""
        self._threads.submit(self._open, user_id, trigger_id)

    def settings_handed_in(self, view: Mapping[str, Any], user_id: str, trigger_id: str) -> dict[str, Any]:
        """Take her choices; what to acknowledge the form with."""
        try:
            return self._taken(view, user_id, trigger_id)
        except Exception as error:  # noqa: BLE001  without an acknowledgement that says so it would close as if taken
            return {
                "response_action": "errors",
                "errors": {f"{FIELD}set_zone": _complaint(self._sorry(error, user_id))},
            }

    def _taken(self, view: Mapping[str, Any], user_id: str, trigger_id: str) -> dict[str, Any]:
        values, defaults, errors = Values(view), NOTHING_CHOSEN, {}
        for key in CHOICES:
            words = _words(key, values)
            if not words:
                continue
            try:
                defaults = with_setting(defaults, key, words)
            except CommandError as error:
                errors[f"{FIELD}set_{key}"] = _complaint(f"{error.message} {error.hint or ''}")
        if errors:
            return {"response_action": "errors", "errors": errors}
        keep = partial(self._keep, defaults, user_id)
        left = partial(self._say, user_id, RESTARTED)
        submission = self._jobs.submit(f"trigger:{trigger_id}", keep, keep_s=PRESS_KEEP_S, abandoned=left)
        if not submission.accepted and not submission.duplicate:
            return {"response_action": "errors", "errors": {f"{FIELD}set_zone": BUSY}}
        return {}

    # --- in the jobs ---

    def draw(self, user_id: str, notice: str = "") -> None:
        """Draw a person's Home tab; a failure is logged, for nobody waits for it."""
        try:
            person = self._people.requester(user_id)
            check_welcome(person)
            view = home_view(self._page(person, notice))
        except Exception as error:  # noqa: BLE001  whatever it is, the tab must not stay empty
            view = message_view(self._sorry(error, user_id))
        try:
            self._api.write("views.publish", user_id=user_id, view=view)
        except SlackCallError as refusal:
            log.warning("home_refused", user=user_id, error=refusal.error, pointers=refusal.pointers)

    def _page(self, person: Requester, notice: str) -> HomePage:
        memory = self._memory
        agent = self._reports.own_agent(person, self._operation())
        return HomePage(
            command=self._settings.command,
            now=self._now(),
            defaults=memory.defaults(person.id) if memory else NOTHING_CHOSEN,
            zone=self._zone(person),
            saved=memory.saved(person.id) if memory else None,
            schedules=self._her_schedules(person) if self._schedules.works else None,
            agent=shown_name(agent) if agent else None,
            linked=bool(person.agent_id),
            asked=memory.last_questions(person.id, MOST_ASKED) if memory else (),
            notice=notice,
            remembers=memory is not None,
        )

    def _zone(self, person: Requester) -> str:
        zone = self._reports.read("yesterday", person).zone
        return zone.key if zone is not None else "UTC"

    def _her_schedules(self, person: Requester) -> tuple[tuple[View, Fire | None], ...]:
        listed = self._order(Order(Verb.SCHEDULES), person, "home")
        views: Sequence[View] = listed.mine if isinstance(listed, Listed) else ()
        return tuple((view, self._last(view, person) if at < MOST_SCHEDULES else None) for at, view in enumerate(views))

    def _last(self, view: View, person: Requester) -> Fire | None:
        log_of = self._order(Order(Verb.LOG, number=view.schedule.number), person, "home")
        return log_of.fires[0] if isinstance(log_of, Logged) and log_of.fires else None

    def _do(self, text: str, user_id: str, key: str) -> None:
        """Do what a button says, and draw the page with what came of it."""
        address = Address(user_id, Door.HOME, received_at=self._desk.now)
        try:
            person = self._people.requester(user_id)
            check_welcome(person)
            query = self._reports.read(text, person)
            if query.order is not None:
                said = self._schedules.answer(query.order, person, address, operation=self._operation(), key=key).text
            elif query.verb in _CHANGES:
                answer = self._reports.answer(query, person, door=Door.HOME.value, operation=self._operation())
                said = marked_up(capped(cleaned(getattr(answer, "text", "")), 500))
            else:  # nothing on the page asks so
                self._desk.take_quietly(Question(text, address, f"{key}:asked"))
                return
        except Exception as error:  # noqa: BLE001  whatever it is, the person hears of it
            said = self._sorry(error, user_id)
        self.draw(user_id, said)

    def _open(self, user_id: str, trigger_id: str) -> None:
        """A trigger lives three seconds, so the form is opened first and filled in when the database has answered."""
        try:
            opened = self._api.write("views.open", trigger_id=trigger_id, view=waiting_view(SETTINGS_TITLE)).get("view")
            shown = opened if isinstance(opened, dict) else {}
            try:
                check_welcome(self._people.requester(user_id))
                view = settings_view(self._memory.defaults(user_id) if self._memory else NOTHING_CHOSEN)
            except Exception as error:  # noqa: BLE001  whatever it is, the form must not wait for ever
                view = done_view(SETTINGS_TITLE, [self._sorry(error, user_id)])
            self._api.write("views.update", view_id=shown.get("id"), hash=shown.get("hash"), view=view)
        except SlackCallError as refusal:
            log.warning("form_refused", user=user_id, form="settings", error=refusal.error, pointers=refusal.pointers)
            if refusal.error not in _ITS_OWN_DOING:
                self.draw(user_id, "Slack didn't open the form in time. Please press “Change…” again.")

    def _keep(self, defaults: Defaults, user_id: str) -> None:
        notice = "Kept."
        try:
            check_welcome(self._people.requester(user_id))
            if self._memory is not None:
                self._memory.set_defaults(user_id, defaults)
        except Exception as error:  # noqa: BLE001  whatever it is, the person hears of it
            notice = self._sorry(error, user_id)
        self.draw(user_id, notice)

    def _say(self, user_id: str, sentence: str) -> None:
        self._desk.say(Address(user_id, Door.HOME, received_at=self._desk.now), plain(sentence))

    def _sorry(self, error: Exception, user_id: str) -> str:
        """What the person hears of a failure: why she was refused, or the id under which the log has it."""
        if isinstance(error, CommandError):
            return render_error(error, reference="").text
        known = error if isinstance(error, BotError) else BotError("unexpected")
        return render_error(known, reference=logged("home_failed", error, user=user_id)).text

    def _order(self, order: Order, person: Requester, key: str) -> object:
        address = Address(person.id, Door.HOME)
        return self._schedules.outcome(order, person, address, operation=self._operation(), key=key)

    def _operation(self) -> Operation:
        return Operation.within(self._settings.answer_seconds)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._desk.now, UTC)


def _complaint(said: str) -> str:
    """What Slack shows at a field: plain text."""
    return capped(cleaned(said).replace("`", "’"), LONGEST_COMPLAINT)


def _words(key: str, values: Values) -> str:
    """What a field says, as one types it after `settings`; empty: as usual."""
    name = f"set_{key}"
    if key == "columns":
        return " ".join(values.options(name))
    said = values.option(name)
    if key == "team":
        return team_of(said)
    return "" if said == AS_USUAL else said
