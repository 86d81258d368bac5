"""Forms: the buttons and shortcuts that open them, what changes in them, and what they hand in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.core.rendering.actions import ASK_FORM, SAVE_FORM, SCHEDULE_FORM
from bot.core.rendering.form_pieces import FIELD
from bot.core.rendering.forms import MORE_CHOICES
from bot.core.rendering.home import DO_ACTION, SETTINGS_ACTION, SETTINGS_FORM
from bot.edges.slack.form_state import Origin
from bot.edges.slack.manifest import ASK_SHORTCUT, SCHEDULE_SHORTCUT
from bot.edges.slack.unpack import field, optional

if TYPE_CHECKING:
    from slack_bolt import Ack, App

    from bot.edges.slack.forms import FormDesk
    from bot.edges.slack.home import HomeDesk
    from bot.edges.slack.searches import Searches

_FIELDS = re.compile(rf"{FIELD}[a-z_]{{1,40}}")
_DOINGS = re.compile(rf"{DO_ACTION}:[a-z0-9_]{{1,60}}")
_SHORTCUTS = {ASK_SHORTCUT: ASK_FORM, SCHEDULE_SHORTCUT: SCHEDULE_FORM}


def register(app: App, forms: FormDesk, home: HomeDesk, searches: Searches) -> None:
    """Listen to everything that a form sends, and to what is pressed on the Home tab."""

    @app.action(ASK_FORM)
    @app.action(SCHEDULE_FORM)
    @app.action(SAVE_FORM)
    def pressed(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        origin = Origin(
            channel_id=optional(body, "channel", "id") or optional(body, "container", "channel_id"),
            thread_ts=optional(body, "container", "thread_ts") or optional(body, "message", "thread_ts"),
        )
        forms.open(
            field(action, "action_id"),
            optional(action, "value") or "",
            user_id=field(body, "user", "id"),
            trigger_id=field(body, "trigger_id"),
            origin=origin,
        )

    @app.shortcut(ASK_SHORTCUT)
    @app.shortcut(SCHEDULE_SHORTCUT)
    def called(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        forms.open(
            _SHORTCUTS[field(body, "callback_id")],
            "",
            user_id=field(body, "user", "id"),
            trigger_id=field(body, "trigger_id"),
            origin=Origin(),
        )

    @app.action(MORE_CHOICES)
    @app.action(_FIELDS)
    def changed(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        view = body.get("view")
        if isinstance(view, dict):
            forms.refresh(view, field(body, "user", "id"), expand=action.get("action_id") == MORE_CHOICES)

    @app.options(_FIELDS)
    def typing(ack: Ack, body: dict[str, Any]) -> None:
        name = field(body, "action_id").removeprefix(FIELD)
        groups = searches.search(field(body, "user", "id"), name, optional(body, "value") or "")
        if groups:
            ack(option_groups=groups)
        else:
            ack(options=[])

    @app.view(ASK_FORM)
    @app.view(SCHEDULE_FORM)
    @app.view(SAVE_FORM)
    def handed_in(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        ack(**forms.submitted(view, field(body, "user", "id"), field(body, "trigger_id")))

    @app.action(_DOINGS)
    def done(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        command = optional(action, "value")
        if command is not None:
            home.press(command, field(body, "user", "id"), f"trigger:{field(body, 'trigger_id')}")

    @app.action(SETTINGS_ACTION)
    def choosing(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        home.open_settings(field(body, "user", "id"), field(body, "trigger_id"))

    @app.view(SETTINGS_FORM)
    def chosen(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        ack(**home.settings_handed_in(view, field(body, "user", "id"), field(body, "trigger_id")))
