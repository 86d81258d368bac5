"""The made-up organisation in a browser, in place of Slack: type, press and fill in, and see what the bot says.

The pages work without a script. Only whoever knows the address can read or press: it is made up anew each time.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from bot.demo.fake_slack import View
from bot.demo.fake_slack.controls import TEXT_INPUTS, controls
from bot.demo.gallery.blocks import Drawing
from bot.demo.gallery.html import Html, tag
from bot.demo.gallery.pages import document
from bot.demo.gallery.sheets import drawn_message, drawn_view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bot.demo.fake_slack import Delivery, Message
    from bot.demo.fake_slack.controls import Control
    from bot.demo.fake_slack.state import Json
    from bot.demo.stage import Setting

Fields = dict[str, list[str]]

ANSWER_WITHIN_S = 25.0
"""How long a page waits for what it shows; then it looks again by itself."""
EXPECTED_S = 2.0
"""What brought nothing at all after so long brings nothing."""
STEP_S = 0.02
QUIET_STEPS = 5
AGAIN_S = 2
SHOWN = 40
LARGEST_BODY = 1 << 20
DOORS = {"command": "/utilization", "mention": "@Utilization", "direct": "direct message"}
_HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:",
    ),
    ("Referrer-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
    ("Cache-Control", "no-store"),
]


class LiveDrawing(Drawing):
    """The same drawing with controls that work, each a field of the form round its message or view.

    Args:
        shown: what is drawn.
        people, channels: whom and what may be chosen, names by id.
        typed: what was handed in and refused, by number of the control: it stays in its field.
    """

    pressed = "submit"

    def __init__(
        self,
        names: Mapping[str, str],
        shown: Message | View,
        *,
        people: Mapping[str, str],
        channels: Mapping[str, str],
        errors: Mapping[str, str] | None = None,
        typed: Mapping[str, str | tuple[str, ...]] | None = None,
    ) -> None:
        super().__init__(names, errors=errors)
        self._typed = typed or {}
        self._controls = {id(control.element): control for control in controls(shown)}
        self._people, self._channels = people, channels

    def _element(self, element: Json) -> Html:
        control = self._controls.get(id(element))
        if control is None:
            return super()._element(element)
        number = control.number
        if control.kind == "button":
            style = element.get("style")
            return tag("button", control.label, name="press", value=number, class_=style, title=element.get("value"))
        if control.kind == "overflow":
            items = [
                tag("li", tag("button", o.label, name="press", value=f"{number}:{o.value}")) for o in control.options
            ]
            return tag("details", tag("summary", "⋯"), tag("ul", *items), class_="menu")
        press = tag("button", "choose", name="press", value=number)
        return tag("span", self._field(control), press, class_="choosing")

    def _field(self, control: Control) -> Html:
        element, name = control.element, f"choice-{control.number}"
        empty, typed = self._placeholder(element), self._typed.get(str(control.number))
        if control.kind in TEXT_INPUTS:
            kind = "textarea" if element.get("multiline") else "input"
            standing = typed if isinstance(typed, str) else str(element.get("initial_value") or "")
            if kind == "textarea":
                return tag(kind, standing, name=name, placeholder=empty)
            return tag(kind, name=name, value=standing, placeholder=empty)
        if control.kind in {"datepicker", "timepicker"}:
            kind = control.kind.removesuffix("picker")
            return tag("input", type=kind, name=name, value=typed or element.get(f"initial_{kind}"), data_press=True)
        several = control.kind.startswith("multi_") or control.kind == "checkboxes"
        first = [*(element.get("initial_options") or ()), element.get("initial_option")]
        if control.kind.endswith("external_select"):
            chosen = ", ".join(str(o["text"]["text"]) for o in first if o)
            return tag("input", name=name, placeholder=chosen or empty or "a part of the name", data_press=True)
        chosen_values = {o["value"] for o in first if o}
        options = {o.value: o.label for o in control.options}
        for kind, there in (("users", self._people), ("conversations", self._channels), ("channels", self._channels)):
            if kind in control.kind:
                options, chosen_values = dict(there), set(element.get(f"initial_{kind}") or ())
        if typed is not None:
            chosen_values = {typed} if isinstance(typed, str) else set(typed)
        listed = [
            tag("option", label, value=value, selected=value in chosen_values) for value, label in options.items()
        ]
        if not several:
            listed.insert(0, tag("option", empty or "…", value="", selected=not chosen_values, disabled=True))
        return tag("select", *listed, name=name, multiple=several, data_press=not several)


@dataclass(slots=True)
class _Said:
    """What was typed or pressed."""

    text: str


class Live:
    """A WSGI application: one person's conversation with the bot.

    Args:
        setting: the open stage.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._slack, self._person = setting.slack, setting.person
        self.path = f"/{secrets.token_urlsafe(16)}/"
        self._lock = threading.Lock()
        self._timeline: list[_Said | Message] = []
        self._known: set[int] = set()
        self._troubles: list[str] = []
        self._errors: dict[str, str] = {}
        self._typed: dict[str, str | tuple[str, ...]] = {}
        self._at_home = False

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        """Show the page, or do what a form of it says and show it then."""
        status, body, headers = HTTPStatus.NOT_FOUND, "There is nothing here.", []
        if environ["PATH_INFO"] == self.path:
            if environ["REQUEST_METHOD"] == "POST":
                length = int(environ.get("CONTENT_LENGTH") or 0)
                if length > LARGEST_BODY:
                    status, body = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "That is too much."
                else:
                    fields = parse_qs(
                        environ["wsgi.input"].read(length).decode("utf-8", "replace"), keep_blank_values=True
                    )
                    with self._lock:
                        self._do(fields)
                    status, body, headers = HTTPStatus.SEE_OTHER, "", [("Location", self.path)]
            else:
                with self._lock:
                    status, body = HTTPStatus.OK, self._page()
        start_response(f"{status.value} {status.phrase}", _HEADERS + headers)
        return [body.encode()]

    # --- acts ---

    def _do(self, fields: Fields) -> None:
        self._troubles, self._errors, self._at_home = [], {}, False
        before = self._state()
        try:
            said, delivery = self._act(fields)
        except (LookupError, ValueError) as error:
            self._troubles.append(str(error.args[0]) if error.args else "There is no such thing.")
            return
        if said:
            self._timeline.append(_Said(said))
        if delivery is None:
            return
        if not delivery.acknowledged:
            self._troubles.append(f"The bot did not acknowledge in time: {delivery.status or ''} {delivery.text}")
        self._troubles += delivery.refused
        self._errors = delivery.errors
        self._settle(before)

    def _act(self, fields: Fields) -> tuple[str, Delivery | None]:
        """(what was done, the request that it made)"""
        slack, person, channel = self._slack, self._person, self._setting.channel
        text, door = _one(fields, "text"), _one(fields, "door")
        if "home" in fields:
            self._at_home = True
            return "", slack.open_home(person=person)
        if "press" in fields or "submit" in fields or "close" in fields:
            return self._on(self._shown(_one(fields, "on")), fields)
        if door == "mention":
            return f"@Utilization {text}", slack.mention(text, person=person, channel=channel)
        if door == "direct":
            return text, slack.direct_message(text, person=person)
        return f"/utilization {text}", slack.command(text, person=person, channel=channel)

    def _on(self, shown: Message | View, fields: Fields) -> tuple[str, Delivery | None]:
        """A press on a message, or anything in a view."""
        slack, person = self._slack, self._person
        there = {control.number: control for control in controls(shown)}
        number, _, choice = _one(fields, "press").partition(":")
        values = {str(n): value for n, c in there.items() if (value := _value(c, fields)) is not None}
        if isinstance(shown, View) and "close" in fields:
            return "", slack.close(shown, person=person)
        if isinstance(shown, View) and "submit" in fields:
            self._typed = values
            return "", slack.submit(shown, values, person=person)
        control = there.get(int(number)) if number.isdecimal() else None
        if control is None:
            raise LookupError("That button isn't there any more.")
        if isinstance(shown, View):
            slack.fill(shown, values, person=person)
        chosen = choice or values.get(number)
        delivery = slack.press(shown, control.number, person=person, choose=chosen)
        label = next((o.label for o in control.options if o.value == chosen), chosen)
        return "" if isinstance(shown, View) else f"[{label or control.label}]", delivery

    def _shown(self, key: str) -> Message | View:
        """What a form was about: a message by its time, or the view that is open."""
        slack, person = self._slack, self._person
        found: Message | View | None = next((m for m in slack.messages(person=person) if m.ts == key), None)
        if key in {"modal", "home"}:
            found = slack.view(person) if key == "modal" else slack.home(person)
        if found is None:
            raise LookupError("That isn't there any more.")
        return found

    def _settle(self, before: object) -> None:
        """Wait until the bot is idle and quiet, and what was there before has changed."""
        waited = quiet = 0
        while waited * STEP_S < ANSWER_WITHIN_S:
            quiet = 0 if self._take_news() or not self._setting.idle() else quiet + 1
            if quiet > (QUIET_STEPS if self._errors or self._state() != before else EXPECTED_S / STEP_S):
                return
            try:
                self._slack.wait_for(self._news, timeout=STEP_S)
            except TimeoutError:
                waited += 1

    def _state(self) -> object:
        """What can be seen: how many messages and edits, which views."""
        seen = self._slack.messages(person=self._person)
        views = (self._slack.view(self._person), self._slack.home(self._person))
        return len(seen), sum(len(m.edits) for m in seen), *(view and (view.id, view.hash) for view in views)

    def _news(self) -> list[Message]:
        seen = self._slack.messages(person=self._person)
        return [m for m in seen if m.via != "person" and id(m) not in self._known]

    def _take_news(self) -> bool:
        news = sorted(self._news(), key=lambda message: message.via != "ack")
        self._known |= {id(message) for message in news}
        self._timeline += news
        return bool(news)

    # --- the page ---

    def _page(self) -> str:
        self._take_news()
        names = self._setting.names
        shown = [self._entry(entry, names) for entry in self._timeline[-SHOWN:]]
        view = self._slack.view(self._person)
        home = self._slack.home(self._person) if self._at_home else None
        parts = [tag("section", *shown, class_="channel")]
        if home is not None:
            parts.append(self._form("home", drawn_view(home, self._drawing(home, names))))
        if view is not None:
            window = drawn_view(view, self._drawing(view, names, self._errors))
            parts.append(tag("dialog", self._form("modal", window), open=True))
        if self._troubles:
            parts.append(tag("ul", *(tag("li", trouble) for trouble in self._troubles), class_="red"))
        main = tag("main", tag("h1", f"#{self._setting.channel.name}"), *parts, self._typing())
        idle = self._setting.idle()
        return document("Try", main, script="live.js", again_s=None if idle else AGAIN_S)

    def _entry(self, entry: _Said | Message, names: Mapping[str, str]) -> Html:
        if isinstance(entry, _Said):
            return tag("div", entry.text, class_="done said")
        if entry.deleted_at is not None:
            return Html("")
        return self._form(entry.ts, drawn_message(entry, names, self._drawing(entry, names)))

    def _drawing(
        self, shown: Message | View, names: Mapping[str, str], errors: Mapping[str, str] | None = None
    ) -> LiveDrawing:
        world = self._slack.world
        people = {p.id: p.name for p in world.people.values() if not p.is_bot}
        channels = {c.id: f"#{c.name}" for c in world.channels.values() if not c.is_dm}
        typed = self._typed if errors else None
        return LiveDrawing(names, shown, people=people, channels=channels, errors=errors, typed=typed)

    def _form(self, on: str, content: Html) -> Html:
        # Enter in a field is the first button of a form: of a view that is its submit button, not one further up.
        first = tag("button", name="submit", value="1", hidden=True) if on == "modal" else ""
        return tag("form", first, tag("input", type="hidden", name="on", value=on), content, method="post")

    def _typing(self) -> Html:
        doors = [tag("option", label, value=key) for key, label in DOORS.items()]
        return tag(
            "form",
            tag("select", *doors, name="door"),
            tag("input", name="text", placeholder="yesterday", autocomplete="off"),
            tag("button", "Send", class_="primary"),
            tag("button", "Home", name="home", value="1"),
            method="post",
            id="say",
        )


def _one(fields: Fields, name: str) -> str:
    return (fields.get(name) or [""])[0]


def _value(control: Control, fields: Fields) -> str | tuple[str, ...] | None:
    """What a form says about a control; None: nothing, so it stays as it is."""
    if control.kind in {"button", "overflow"}:
        return None
    given: Sequence[str] = fields.get(f"choice-{control.number}") or ()
    if control.kind in TEXT_INPUTS:
        return given[0] if given else None
    chosen = tuple(value for value in given if value)
    if control.kind.startswith("multi_external"):
        return tuple(part.strip() for part in chosen[0].split(",")) if chosen else None
    if control.kind.startswith("multi_") or control.kind == "checkboxes":
        return chosen
    return chosen[0] if chosen else None
