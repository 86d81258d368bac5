"""Type-ahead of the agent picker; the answer is the acknowledgement, so it comes from memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.core.people import shown_name
from bot.core.rendering.actions import PICKER_ACTION
from bot.core.rendering.names import plain_text
from bot.edges.slack.unpack import field, optional

if TYPE_CHECKING:
    from slack_bolt import Ack, App

    from bot.edges.slack.desk import Desk


def register(app: App, desk: Desk) -> None:
    """Listen to what is typed into the picker."""

    @app.options(PICKER_ACTION)
    def typing(ack: Ack, body: dict[str, Any]) -> None:
        agents = desk.suggest(field(body, "user", "id"), optional(body, "value") or "")
        ack(options=[{"text": plain_text(shown_name(agent)), "value": agent.id} for agent in agents])
