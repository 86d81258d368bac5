"""Fields out of a delivery, checked: what Slack sends is believed no further than this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class UnreadableDeliveryError(Exception):
    """A delivery without a field that every one of its kind has; names the field, never its value."""


_SHAPES: dict[str, type | tuple[type, ...]] = {
    "type": str,
    "command": str,
    "event": dict,
    "actions": list,
    "view": dict,
    "container": dict,
    "message": dict,
    "authorizations": list,
    "user": (dict, str),
    "team": (dict, str),
    "channel": (dict, str),
    "enterprise": (dict, str),
    "function_data": dict,
}
"""The shape of what Bolt looks into before any listener does."""


_NEVER_NULL = frozenset({"event", "actions"})


def shapes_missed(body: Mapping[str, Any]) -> list[str]:
    """Names of the fields that are there in another shape than Slack gives them."""
    missed = [
        name
        for name, shape in _SHAPES.items()
        if name in body and not isinstance(body[name], shape) and (body[name] is not None or name in _NEVER_NULL)
    ]
    for name in ("actions", "authorizations"):
        items = body.get(name)
        if isinstance(items, list) and not all(isinstance(item, dict) for item in items):
            missed.append(name)
    if body.get("type") == "block_actions" and not body.get("actions"):
        missed.append("actions")
    event = body.get("event")
    return missed + (["event." + name for name in shapes_missed(event)] if isinstance(event, dict) else [])


def field(body: Mapping[str, Any], *path: str) -> str:
    """The text at this path.

    Raises:
        UnreadableDeliveryError: there is none, or it is no text.
    """
    found = optional(body, *path)
    if not found:
        raise UnreadableDeliveryError(".".join(path))
    return found


def optional(body: Mapping[str, Any], *path: str) -> str | None:
    """The text at this path, if there is one."""
    value: Any = body
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None
