"""The slash command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.core.grammar import from_slack
from bot.edges.slack.questions import Question
from bot.edges.slack.reply import Address, Door
from bot.edges.slack.unpack import field, optional

if TYPE_CHECKING:
    from slack_bolt import Ack, App

    from bot.edges.slack.desk import Desk


def register(app: App, desk: Desk, command: str) -> None:
    """Listen to the command; its acknowledgement shows how the question was read, or why it can't be."""

    @app.command(command)
    def asked(ack: Ack, body: dict[str, Any]) -> None:
        address = Address(
            user_id=field(body, "user_id"),
            door=Door.COMMAND,
            channel_id=optional(body, "channel_id"),
            response_url=optional(body, "response_url"),
            received_at=desk.now,
        )
        text = from_slack(optional(body, "text") or "")
        said = desk.take(Question(text, address, f"trigger:{field(body, 'trigger_id')}"))
        if said is None:
            ack()
        else:
            ack(text=said.text, blocks=said.fallback_payload()["blocks"], response_type="ephemeral")
