"""What people do in Slack, turned into the requests that the bot gets; and what its acknowledgement shows them."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.core import limits
from bot.demo.fake_slack.controls import (
    TEXT_INPUTS,
    controls,
    find_control,
    find_in_menu,
    find_option,
    options_of,
)
from bot.demo.fake_slack.doors import Answered, Door, Outgoing
from bot.demo.fake_slack.methods.views import checked_view
from bot.demo.fake_slack.methods.views import replace as replace_view
from bot.demo.fake_slack.server import RESPONSE_URLS
from bot.demo.fake_slack.state import (
    APP_ID,
    BOT_USER_ID,
    TEAM_DOMAIN,
    TEAM_ID,
    Message,
    SlackError,
    View,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.demo.fake_slack.controls import Control, Option
    from bot.demo.fake_slack.methods.calling import Calling
    from bot.demo.fake_slack.state import Channel, Json, Person, ResponseUrl

ACK_LIMIT_S = 3.0
VERIFICATION = "fake-verification"
"""The deprecated token that every request carries; nothing should trust it."""
Choice = int | str | tuple[str, ...]
"""An option by index, label or value; a value to type or pick; several of them where the input takes several."""
_READY = re.compile(r"<[@#!][^<>]*>")
_TYPED_NAME = re.compile(r"([@#])([\w.-]+)")


@dataclass
class Delivery:
    """One request to the bot and what came of it."""

    driver: Driver
    outgoing: Outgoing
    answered: Answered
    took_s: float
    ack: Message | None = None
    """What the acknowledgement itself showed to the person."""
    refused: list[str] = field(default_factory=list)
    """Why Slack would not show the acknowledgement's message, or the options of a select."""
    errors: dict[str, str] = field(default_factory=dict)
    """Of a view's inputs, by block id."""
    options: tuple[Option, ...] = ()
    response_url: ResponseUrl | None = None

    @property
    def payload(self) -> Json:
        """What was sent."""
        return self.outgoing.payload

    @property
    def trigger_id(self) -> str:
        """The trigger that came with it."""
        return str(self.payload.get("trigger_id", ""))

    @property
    def status(self) -> int | None:
        """HTTP status; None where no answer came in time."""
        return self.answered.status

    @property
    def text(self) -> str:
        """The body of the answer."""
        return self.answered.text

    @property
    def json(self) -> Json | None:
        """The body, when it is a JSON object."""
        return self.answered.json

    @property
    def timed_out(self) -> bool:
        """Whether the person saw `operation_timeout`."""
        return self.answered.status is None or self.took_s > ACK_LIMIT_S

    @property
    def acknowledged(self) -> bool:
        """Whether a 2xx came within three seconds."""
        return not self.timed_out and 200 <= (self.status or 0) < 300

    @property
    def replies(self) -> list[Message]:
        """The messages shown or replaced by way of this delivery's response_url, in order."""
        return list(self.response_url.produced) if self.response_url else []

    def wait(self, count: int = 1, *, timeout: float = 10.0) -> Message:
        """The `count`-th of the replies; TimeoutError when it doesn't come."""
        what = f"reply {count} to {self.payload.get('command') or self.payload.get('type')}"
        arrived: list[Message] = self.driver.wait_for(
            lambda: self.replies[count - 1 : count], timeout=timeout, what=what
        )
        return arrived[0]

    def again(self, *, retry: int | None = None) -> Delivery:
        """The same request once more; with `retry` it says so, as the Events API's retries do."""
        return self.driver.deliver(self.outgoing, response_url=self.response_url, retry=retry)


class Driver:
    """Everybody's hands on the fake."""

    def __init__(self, calling: Calling, *, wait_for: Callable[..., Any], door: Callable[[], Door]) -> None:
        self._calling = calling
        self._world = calling.world
        self.wait_for = wait_for
        self._door = door
        self._typed: dict[str, Json] = {}
        """What stands in the inputs of each view, by view id."""

    # Words

    def command(self, text: str, *, person: Person, channel: Channel, command: str, escape: bool) -> Delivery:
        """Type a slash command."""
        url = self._world.new_response_url(person=person.id, channel=channel.id)
        name = "directmessage" if channel.is_dm else "privategroup" if channel.private else channel.name
        payload: Json = {
            "token": VERIFICATION,
            "team_id": TEAM_ID,
            "team_domain": TEAM_DOMAIN,
            "channel_id": channel.id,
            "channel_name": name,
            "user_id": person.id,
            "user_name": person.handle,
            "command": command,
            "text": self.escaped(text) if escape else text,
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": self._address(url),
            "trigger_id": self._world.new_trigger(person.id),
        }
        delivery = self.deliver(Outgoing("slash_commands", payload), response_url=url)
        self._show_ack(delivery, person, channel)
        return delivery

    def mention(self, text: str, *, person: Person, channel: Channel, thread_ts: str | None) -> Delivery:
        """Write to the bot in a channel."""
        line = f"<@{BOT_USER_ID}> {self.escaped(text)}"
        said = self._say(line, person=person, channel=channel, thread_ts=thread_ts)
        return self.event(self._said("app_mention", said, person), external=channel.shared)

    def direct_message(self, text: str, *, person: Person, thread_ts: str | None) -> Delivery:
        """Write to the bot alone."""
        channel = self._world.dm(person.id)
        said = self._say(self.escaped(text), person=person, channel=channel, thread_ts=thread_ts)
        return self.event(self._said("message", said, person) | {"channel_type": "im"})

    def event(self, inner: Mapping[str, Any], *, external: bool = False) -> Delivery:
        """Anything that the bot subscribed to."""
        payload: Json = {
            "token": VERIFICATION,
            "team_id": TEAM_ID,
            "api_app_id": APP_ID,
            "event": dict(inner),
            "type": "event_callback",
            "event_id": f"Ev{self._world.number():010d}",
            "event_time": int(self._world.clock()),
            "is_ext_shared_channel": external,
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM_ID,
                    "user_id": BOT_USER_ID,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
        }
        return self.deliver(Outgoing("events_api", payload))

    # Presses and choices

    def press(self, shown: Message | View, which: int | str, *, person: Person, choose: Choice | None) -> Delivery:
        """Press a button, or choose in a select; what stands in an overflow menu is pressed by its own label.

        An input of a view holds what was chosen from then on.
        """
        try:
            control = find_control(shown, which)
        except LookupError:
            in_menu = find_in_menu(shown, which)
            if in_menu is None:
                raise
            control, option = in_menu
            choose = option.value
        action: Json = {
            "type": control.kind,
            "action_id": control.action_id,
            "block_id": control.block_id,
            "action_ts": self._world.new_ts(),
        }
        value = self._value(shown, control, person, choose)
        if control.kind == "button":
            action["text"] = control.element.get("text")
            action |= {"value": control.element["value"]} if "value" in control.element else {}
        else:
            action |= value
        payload = self._interaction("block_actions", person) | {"actions": [action]}
        url = None
        if isinstance(shown, Message):
            url = self._world.new_response_url(person=person.id, channel=shown.channel, source=shown)
            state = {} if control.kind == "button" else {control.block_id: {control.action_id: value}}
            payload |= self._where(shown) | {"response_url": self._address(url), "state": {"values": state}}
        else:
            if control.kind != "button":
                self._typed.setdefault(shown.id, {}).setdefault(control.block_id, {})[control.action_id] = value
            payload |= self._where(shown)
        return self.deliver(Outgoing("interactive", payload), response_url=url)

    def forge(self, kind: str, parts: Mapping[str, Any], *, person: Person) -> Delivery:
        """Send an interaction that nothing on the screen offered: an old message's button, or a made-up state."""
        return self.deliver(Outgoing("interactive", self._interaction(kind, person) | dict(parts)))

    def suggest(self, shown: Message | View, which: int | str, typed: str, *, person: Person) -> Delivery:
        """Type into a select that asks the bot for its options."""
        control = find_control(shown, which)
        payload: Json = self._interaction("block_suggestion", person) | {
            "action_id": control.action_id,
            "block_id": control.block_id,
            "value": typed,
        }
        del payload["trigger_id"]
        delivery = self.deliver(Outgoing("interactive", payload | self._where(shown)))
        delivery.options = options_of(delivery.json or {})
        delivery.refused = limits.options_violations(delivery.json or {})
        return delivery

    def shortcut(self, callback_id: str, *, person: Person) -> Delivery:
        """Use a global shortcut."""
        payload = self._interaction("shortcut", person) | {
            "callback_id": callback_id,
            "action_ts": self._world.new_ts(),
        }
        return self.deliver(Outgoing("interactive", payload))

    # Views

    def fill(self, view: View, values: Mapping[str, Choice], *, person: Person) -> None:
        """Put values into the inputs of a view, by action id, label or (as text) number; stays there for `submit`."""
        typed = self._typed.setdefault(view.id, {})
        for name, value in values.items():
            control = find_control(view, int(name) if name.isdecimal() else name)
            typed.setdefault(control.block_id, {})[control.action_id] = self._value(view, control, person, value)

    def submit(self, view: View, values: Mapping[str, Choice], *, person: Person) -> Delivery:
        """Fill in and send a modal; its answer closes, changes or corrects it."""
        self.fill(view, values, person=person)
        payload = self._interaction("view_submission", person) | {
            "view": view.as_json(values=self._standing(view)),
            "response_urls": [],
        }
        shown = view.hash
        delivery = self.deliver(Outgoing("interactive", payload))
        if not delivery.acknowledged:
            return delivery
        answer = delivery.json or {}
        action = answer.get("response_action")
        if action == "errors":
            delivery.errors = dict(answer.get("errors") or {})
            return delivery
        try:
            if action in {"update", "push"}:
                content = checked_view(self._calling, answer.get("view"), kind="modal")
                if action == "push":
                    self._world.show_view(person.id, content, parent=view)
                elif view.hash == shown:  # else a later call has been quicker
                    replace_view(self._calling, view, content)
                return delivery
        except SlackError as error:
            delivery.refused = [error.error, *error.details.get("errors", [])]
            return delivery
        self._world.close_view(view, whole_stack=action == "clear")
        return delivery

    def close(self, view: View, *, person: Person) -> Delivery | None:
        """Dismiss a modal; the bot hears of it only where it asked to."""
        self._world.close_view(view)
        if not view.payload.get("notify_on_close"):
            return None
        payload = self._interaction("view_closed", person) | {"view": view.as_json(), "is_cleared": False}
        return self.deliver(Outgoing("interactive", payload))

    # Sending

    def deliver(
        self, outgoing: Outgoing, *, response_url: ResponseUrl | None = None, retry: int | None = None
    ) -> Delivery:
        """Send a request and time its acknowledgement."""
        began = time.perf_counter()
        answered = self._door().send(outgoing, retry=retry)
        return Delivery(self, outgoing, answered, time.perf_counter() - began, response_url=response_url)

    def escaped(self, text: str) -> str:
        """Text as it arrives with `should_escape`: known names as ids, the three special characters as entities."""
        people = {p.handle: p.id for p in self._world.people.values()}
        channels = {c.name: c for c in self._world.channels.values() if not c.is_dm}

        def named(match: re.Match[str]) -> str:
            sign, name = match.groups()
            if sign == "@" and name in people:
                return f"<@{people[name]}>"
            if sign == "#" and name in channels:
                return f"<#{channels[name].id}|{'' if channels[name].private else name}>"
            return match.group()

        def plain(piece: str) -> str:
            return _TYPED_NAME.sub(named, piece.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))

        pieces, ready = _READY.split(text), _READY.findall(text)
        return "".join(plain(piece) + token for piece, token in zip(pieces, [*ready, ""], strict=True))

    def _show_ack(self, delivery: Delivery, person: Person, channel: Channel) -> None:
        if not delivery.acknowledged or not delivery.text:
            return
        shown = delivery.json if delivery.json is not None else {"text": delivery.text}
        to_all = shown.get("response_type") == "in_channel"
        if to_all:
            typed = f"{delivery.payload['command']} {delivery.payload['text']}".strip()
            self._world.post(channel=channel.id, user=person.id, via="person", payload={"text": typed})
        try:
            payload = self._calling.checked(shown)
        except SlackError as error:
            if error.error != "no_text":
                delivery.refused = [error.error, *error.details.get("errors", [])]
            return
        delivery.ack = self._world.post(
            channel=channel.id, user=BOT_USER_ID, via="ack", payload=payload, to=None if to_all else person.id
        )

    def _say(self, text: str, *, person: Person, channel: Channel, thread_ts: str | None) -> Message:
        payload = {"text": text, "thread_ts": thread_ts}
        return self._world.post(channel=channel.id, user=person.id, via="person", payload=payload)

    def _said(self, kind: str, said: Message, person: Person) -> Json:
        inner: Json = {
            "type": kind,
            "user": person.id,
            "text": said.text,
            "ts": said.ts,
            "channel": said.channel,
            "event_ts": said.ts,
            "team": person.team_id,
        }
        return inner | ({"thread_ts": said.thread_ts} if said.thread_ts else {})

    def _interaction(self, kind: str, person: Person) -> Json:
        return {
            "type": kind,
            "token": VERIFICATION,
            "api_app_id": APP_ID,
            "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
            "user": {"id": person.id, "username": person.handle, "name": person.handle, "team_id": person.team_id},
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": self._world.new_trigger(person.id),
        }

    def _where(self, shown: Message | View) -> Json:
        if isinstance(shown, View):
            return {
                "container": {"type": "view", "view_id": shown.id},
                "view": shown.as_json(values=self._standing(shown)),
            }
        channel = self._world.channels[shown.channel]
        where: Json = {
            "container": {
                "type": "message",
                "message_ts": shown.ts,
                "channel_id": shown.channel,
                "is_ephemeral": shown.ephemeral,
            },
            "channel": {"id": channel.id, "name": channel.name},
        }
        if shown.thread_ts:
            where["container"]["thread_ts"] = shown.thread_ts
        # Slack sends no content along with a press on an ephemeral message.
        return where if shown.ephemeral else where | {"message": shown.as_json()}

    def _address(self, url: ResponseUrl) -> str:
        return f"{self._calling.origin}{RESPONSE_URLS}{TEAM_ID}/{url.id}"

    def _standing(self, view: View) -> Json:
        """What the inputs of a view hold: typed, else initial."""
        standing: Json = {}
        for control in controls(view):
            if control.kind == "button":
                continue
            typed = self._typed.get(view.id, {}).get(control.block_id, {}).get(control.action_id)
            standing.setdefault(control.block_id, {})[control.action_id] = typed or _initial(control)
        return standing

    def _value(self, shown: Message | View, control: Control, person: Person, choose: Choice | None) -> Json:
        """The part of an action, or of a view's state, that says what was chosen."""
        if control.kind == "button":
            return {}
        if choose is None:
            raise LookupError(f"[{control.number}] {control.label}: say what to choose")
        for kind, name in _PICKERS.items():
            if control.kind == kind and name.endswith("s"):
                return {"type": kind, name: list(choose) if isinstance(choose, tuple) else [choose]}
            if control.kind == kind:
                return {"type": kind, name: choose}
        if control.kind in TEXT_INPUTS:
            return {"type": control.kind, "value": str(choose)}
        several = control.kind.startswith("multi_") or control.kind == "checkboxes"
        wanted = choose if isinstance(choose, tuple) else (choose,)
        found = [self._option(shown, control, person, one).raw for one in wanted]
        chosen: Json = {"selected_options": found} if several else {"selected_option": found[0]}
        return {"type": control.kind} | chosen

    def _option(self, shown: Message | View, control: Control, person: Person, choose: int | str) -> Option:
        """The option that is meant, asked of the bot where it has to be."""
        options: Sequence[Option] = control.options
        if control.kind.endswith("external_select"):
            least = int(control.element.get("min_query_length", 3))
            typed = "" if isinstance(choose, int) else choose
            if len(typed) < least:
                raise LookupError(f"[{control.number}] {control.label}: type at least {least} characters")
            options = self.suggest(shown, control.number, typed, person=person).options
        option = find_option(tuple(options), choose)
        if option is None:
            there = ", ".join(o.label for o in options[:10]) or "none"
            raise LookupError(f"[{control.number}] {control.label} has no option {choose!r}; there are: {there}")
        return option


_PICKERS = {
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "multi_users_select": "selected_users",
    "multi_channels_select": "selected_channels",
    "multi_conversations_select": "selected_conversations",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}


def _initial(control: Control) -> Json:
    """What an untouched input holds."""
    element = control.element
    if control.kind in TEXT_INPUTS:
        return {"type": control.kind, "value": element.get("initial_value")}
    if name := _PICKERS.get(control.kind):
        return {"type": control.kind, name: element.get(name.replace("selected", "initial"))}
    if control.kind.startswith("multi_") or control.kind == "checkboxes":
        return {"type": control.kind, "selected_options": element.get("initial_options", [])}
    return {"type": control.kind, "selected_option": element.get("initial_option")}
