"""Type-ahead of the pickers of agents, teams and queues; the answer is the acknowledgement, so it comes from memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.core.people import shown_name
from bot.core.rendering.actions import GROUP_ACTION, OPTION_LIMIT, PICKER_ACTION, group_kind
from bot.core.rendering.names import plain_text, units
from bot.edges.slack.unpack import field, optional

if TYPE_CHECKING:
    from slack_bolt import Ack, App

    from bot.edges.slack.desk import Desk


def register(app: App, desk: Desk) -> None:
    """Listen to what is typed into the pickers."""

    @app.options(PICKER_ACTION)
    def typing(ack: Ack, body: dict[str, Any]) -> None:
        agents = desk.suggest(field(body, "user", "id"), optional(body, "value") or "")
        ack(options=[{"text": plain_text(shown_name(agent)), "value": agent.id} for agent in agents])

    @app.options(GROUP_ACTION)
    def typing_group(ack: Ack, body: dict[str, Any]) -> None:
        kind = group_kind(optional(body, "block_id") or "")
        groups = desk.suggest_groups(field(body, "user", "id"), optional(body, "value") or "")
        named = [group.value for group in groups if group.kind.value == kind]
        ack(options=[{"text": plain_text(name), "value": name} for name in named if units(name) <= OPTION_LIMIT])
