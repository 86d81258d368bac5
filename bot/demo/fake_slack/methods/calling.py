"""What every method needs of the fake that serves it, and how parameters from the wire are read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bot.core import limits
from bot.demo.fake_slack.state import SlackError

if TYPE_CHECKING:
    from bot.demo.fake_slack.state import Json, Workspace

TEXT_MAX = 40_000
UPDATE_TEXT_MAX = 4_000
METADATA_KEYS = ("event_type", "event_payload")


class Calling:
    """The side of the fake that methods see."""

    def __init__(self, world: Workspace, *, scopes: set[str], refused_blocks: set[str]) -> None:
        self.world = world
        self.scopes = scopes
        self.refused_blocks = refused_blocks
        """Block types that this workspace has not got yet."""
        self.origin = ""
        """`http://127.0.0.1:PORT`, known once the server listens."""
        self.connection_tickets: set[str] = set()
        """What `apps.connections.open` handed out and nobody has connected with."""

    def need(self, scope: str) -> None:
        """Refuse where the installation did not grant the scope."""
        if scope not in self.scopes:
            raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(self.scopes)))

    def checked(self, params: Json, *, text_max: int = TEXT_MAX) -> Json:
        """A message's payload, held against Slack's limits."""
        payload = {name: params[name] for name in ("text", "blocks", "attachments", "metadata") if params.get(name)}
        for name in ("thread_ts", "reply_broadcast"):
            if params.get(name):
                payload[name] = params[name]
        if not (payload.get("text") or payload.get("blocks") or payload.get("attachments")):
            raise SlackError("no_text")
        if len(str(payload.get("text", ""))) > text_max:
            raise SlackError("msg_too_long")
        metadata = payload.get("metadata")
        if metadata is not None and (not isinstance(metadata, dict) or set(metadata) != set(METADATA_KEYS)):
            raise SlackError("invalid_metadata_format")
        if rich := {name: payload[name] for name in ("blocks", "attachments") if name in payload}:
            self.check_blocks({"text": "judged above"} | rich, surface="message")
        return payload

    def check_blocks(self, payload: Json, *, surface: limits.Surface) -> None:
        """Refuse blocks that break a limit, or that this workspace does not know."""
        blocks = payload.get("blocks", [])
        if not isinstance(blocks, list) or not all(isinstance(b, dict) for b in blocks):
            raise SlackError("invalid_blocks_format")
        found = [
            f"unsupported type: {block.get('type')} [json-pointer:/blocks/{n}/type]"
            for n, block in enumerate(blocks)
            if block.get("type") in self.refused_blocks
        ] or limits.violations(payload, surface=surface)
        if found:
            raise SlackError(
                "invalid_blocks", errors=found, response_metadata={"messages": [f"[ERROR] {line}" for line in found]}
            )


def text(params: Json, name: str) -> str:
    """A parameter that must be there."""
    value = params.get(name)
    if value is None or value == "":
        raise SlackError(
            "invalid_arguments", response_metadata={"messages": [f"[ERROR] missing required field: {name}"]}
        )
    return str(value)


def flag(params: Json, name: str, *, default: bool = False) -> bool:
    """A boolean, in any of the spellings that clients send."""
    value = params.get(name, default)
    return value if isinstance(value, bool) else str(value).lower() in {"1", "true", "t", "yes"}


def number(params: Json, name: str, default: int) -> int:
    """A whole number."""
    try:
        return int(params.get(name, default))
    except (TypeError, ValueError):
        raise SlackError("invalid_arguments") from None


def page(items: list[Any], params: Json, *, default: int = 100, most: int = 999) -> tuple[list[Any], str]:
    """One page of the items, and the cursor of the next (empty on the last)."""
    limit = max(1, min(number(params, "limit", default), most))
    cursor = str(params.get("cursor") or "")
    if cursor and not cursor.startswith("from:"):
        raise SlackError("invalid_cursor")
    start = int(cursor.removeprefix("from:") or 0) if cursor else 0
    end = start + limit
    return items[start:end], f"from:{end}" if end < len(items) else ""


def from_form(params: dict[str, str]) -> Json:
    """Form fields with the structured ones (blocks, view, files, …) read as JSON, as Slack does."""
    read: Json = dict(params)
    for name in ("attachments", "blocks", "channels", "files", "metadata", "view"):
        value = read.get(name)
        if isinstance(value, str) and value[:1] in {"[", "{"}:
            try:
                read[name] = json.loads(value)
            except ValueError:
                raise SlackError("invalid_arguments") from None
    return read
