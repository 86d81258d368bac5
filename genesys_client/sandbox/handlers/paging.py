"""Lists cut into pages: by number, and by cursor."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from genesys_client.sandbox.http import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genesys_client.sandbox.world import Call


def numbered(call: Call, entities: Sequence[Any], *, most: int = 500, totals: bool = True) -> dict[str, Any]:
    """One page of a numbered list, with the addresses of the others."""
    size, number = call.number("pageSize", 25, most=most), call.number("pageNumber", 1)
    count = max(1, -(-len(entities) // size))
    out: dict[str, Any] = {
        "entities": entities[(number - 1) * size : number * size],
        "pageSize": size,
        "pageNumber": number,
        "firstUri": _uri(call, size, 1),
        "selfUri": _uri(call, size, number),
    }
    if totals:
        out |= {"total": len(entities), "pageCount": count, "lastUri": _uri(call, size, count)}
    if number < count:
        out["nextUri"] = _uri(call, size, number + 1)
    if number > 1:
        out["previousUri"] = _uri(call, size, number - 1)
    return out


def _uri(call: Call, size: int, number: int) -> str:
    rest = [(name, value) for name, values in call.query.items() for value in values]
    rest = [pair for pair in rest if pair[0] not in ("pageSize", "pageNumber")]
    return f"{call.path}?{urlencode([('pageSize', size), ('pageNumber', number), *rest])}"


def by_cursor(call: Call, entities: Sequence[Any], *, most: int = 100) -> dict[str, Any]:
    """One page of a list that is walked by `after` and `before`; the cursors stand in the addresses only.

    Raises:
        ApiError: 400, a cursor that nobody gave out, or both at once.
    """
    size = call.number("pageSize", 25, most=most)
    after, before = call.text("after"), call.text("before")
    if after and before:
        raise ApiError(
            400, "both.after.and.before.provided", "Can not provide both after and before key in the same request."
        )
    start = read_cursor(after) if after else max(0, read_cursor(before) - size) if before else 0
    out: dict[str, Any] = {"entities": entities[start : start + size], "selfUri": call.path}
    rest = [(n, v) for n, values in call.query.items() for v in values if n not in ("pageSize", "after", "before")]
    if start + size < len(entities):
        out["nextUri"] = f"{call.path}?{urlencode([('pageSize', size), *rest, ('after', cursor(start + size))])}"
    if start > 0:
        out["previousUri"] = f"{call.path}?{urlencode([('pageSize', size), *rest, ('before', cursor(start))])}"
    return out


def cursor(position: int) -> str:
    """An opaque name for a position."""
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> int:
    """The position behind its name.

    Raises:
        ApiError: 400, nobody gave it out.
    """
    try:
        word, _, position = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
        if word == "at":
            return int(position)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        pass
    raise bad_request(f"Cursor [{text}] is not valid.")
