"""Fields out of a delivery, checked: what Slack sends is believed no further than this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class UnreadableDeliveryError(Exception):
    """A delivery without a field that every one of its kind has; names the field, never its value."""


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
