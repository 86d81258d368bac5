"""The Home tab: what the bot can be asked, and how it is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.rendering.blocks import Message

_MOST_BLOCKS = 100


def home_view(parts: Sequence[Message]) -> dict[str, Any]:
    """The view for `views.publish`: the messages one below the other."""
    blocks: list[dict[str, Any]] = []
    for part in parts:
        if blocks:
            blocks.append({"type": "divider"})
        blocks += part.fallback_payload()["blocks"]
    if not blocks:
        blocks = [{"type": "section", "text": {"type": "plain_text", "text": "Ask me with a command.", "emoji": False}}]
    return {"type": "home", "blocks": blocks[:_MOST_BLOCKS]}
