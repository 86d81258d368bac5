"""Buttons and the agent picker: each asks a text that could have been typed; one sends a scheduled post again.

What comes back from a message is user input, however it got there: it is parsed and authorized as if whoever
pressed had typed it, so a forged press gains nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.core.rendering.actions import (
    CANCEL_ACTION,
    GROUP_ACTION,
    PICKER_ACTION,
    SCHEDULE_FORM,
    SORT_ACTION,
    Pick,
    picked,
    to_schedule,
)
from bot.core.rendering.scheduled import RESEND_ACTION
from bot.core.rendering.schedules import RESEND_SLOT_ACTION
from bot.edges.slack.form_state import Origin
from bot.edges.slack.questions import Question
from bot.edges.slack.reply import Address, Door
from bot.edges.slack.unpack import field, optional

if TYPE_CHECKING:
    from slack_bolt import Ack, App

    from bot.edges.slack.desk import Desk
    from bot.edges.slack.forms import FormDesk

_PICKERS = frozenset({PICKER_ACTION, GROUP_ACTION, SORT_ACTION})
_ASK = re.compile(r"ask:[a-z0-9_:-]{1,60}")


def register(app: App, desk: Desk, forms: FormDesk) -> None:
    """Listen to presses; acknowledged with nothing to show, the answer follows, or a form where more is needed."""

    @app.action(_ASK)
    @app.action(PICKER_ACTION)
    @app.action(GROUP_ACTION)
    @app.action(SORT_ACTION)
    def pressed(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        address = _address(body, desk)
        try:
            pick = _pick(action)
        except ValueError:
            desk.outlived(address)
            return
        if pick is None:
            return
        question = to_schedule(action.get("action_id"), pick.command)
        if question is not None:  # a menu's option, which Slack gives no action of its own
            origin = Origin(channel_id=address.channel_id, thread_ts=address.thread_ts)
            trigger_id = field(body, "trigger_id")
            forms.open(SCHEDULE_FORM, question, user_id=address.user_id, trigger_id=trigger_id, origin=origin)
            return
        key = f"trigger:{field(body, 'trigger_id')}"
        fresh = action.get("action_id") == "ask:refresh"
        desk.take_quietly(Question(pick.command, address, key, fresh=fresh, back=pick.back))

    @app.action(CANCEL_ACTION)
    def called_off(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        key = optional(action, "value")
        if key is not None:
            desk.cancel(key, _address(body, desk))

    @app.action(RESEND_ACTION)
    @app.action(RESEND_SLOT_ACTION)
    def sent_again(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        fire = optional(action, "value")
        if fire is not None:
            whole_slot = action.get("action_id") == RESEND_SLOT_ACTION
            key = f"trigger:{field(body, 'trigger_id')}"
            desk.resend(fire, _address(body, desk), key, whole_slot=whole_slot)


def register_rest(app: App, desk: Desk) -> None:
    """Answer presses for which no other listener is left; to be registered last."""

    @app.action(re.compile(""))
    def outlived(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        desk.outlived(_address(body, desk))


def _address(body: dict[str, Any], desk: Desk) -> Address:
    return Address(
        user_id=field(body, "user", "id"),
        door=Door.BUTTON,
        channel_id=optional(body, "channel", "id") or optional(body, "container", "channel_id"),
        thread_ts=_thread(body),
        response_url=optional(body, "response_url"),
        received_at=desk.now,
    )


def _thread(body: dict[str, Any]) -> str | None:
    """Where what follows belongs: the message's thread, or the one that begins with it; none is seen by one alone."""
    found = optional(body, "container", "thread_ts") or optional(body, "message", "thread_ts")
    container = body.get("container")
    seen_by_one = isinstance(container, dict) and container.get("is_ephemeral") is True
    return found if found or seen_by_one else optional(body, "message", "ts")


def _pick(action: dict[str, Any]) -> Pick | None:
    """What was pressed; None for a press that asks nothing, such as a select that was cleared.

    Raises:
        ValueError: a select whose block says nothing that this version understands.
    """
    selected = optional(action, "selected_option", "value")
    if action.get("action_id") not in _PICKERS:
        text = optional(action, "value") or selected
        return None if text is None else Pick(text)
    return None if selected is None else picked(optional(action, "block_id") or "", selected)
