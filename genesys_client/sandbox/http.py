"""Requests and responses as values, and the platform's way of saying no."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Request:
    """What came in; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Wire:
    """How the answer travels, where that isn't at once and whole."""

    delay_s: float = 0.0
    """Seconds until the first byte."""
    drip_s: float = 0.0
    """Seconds between small pieces of the body."""
    dropped: bool = False
    """The connection is closed without an answer."""
    bytes_sent: int | None = None
    """The connection is closed after so many bytes of the body; the length promised stays."""


@dataclass(frozen=True, slots=True)
class Response:
    """What goes out."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    wire: Wire = Wire()

    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """A handler's answer before it is put into bytes."""

    payload: Any
    status: int = 200


class ApiError(Exception):
    """A refusal with the platform's error body."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        limit: Mapping[str, Any] | None = None,
    ) -> None:
        """Refuse.

        Args:
            status: of HTTP.
            code: as the operation declares it.
            message: a sentence with `{name}` where a parameter goes.
            params: what goes there.
            headers: sent beside the body.
            limit: the limit that was reached, for the body.
        """
        self.params = dict(params or {})
        self.template = message
        self.message = message
        for name, value in self.params.items():
            self.message = self.message.replace(f"{{{name}}}", value)
        super().__init__(self.message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})
        self.limit = limit

    def body(self, context_id: str) -> dict[str, Any]:
        """The body that all errors share."""
        out: dict[str, Any] = {"message": self.message, "code": self.code, "status": self.status}
        if self.params:
            out |= {"messageWithParams": self.template, "messageParams": self.params}
        if self.limit is not None:
            out["limit"] = dict(self.limit)
        return out | {"contextId": context_id, "details": [], "errors": []}


def bad_request(message: str) -> ApiError:
    """A 400 for a request that can't be understood."""
    return ApiError(400, "bad.request", message)


def not_found() -> ApiError:
    """A 404 for an id that nothing has."""
    return ApiError(404, "not.found", "The requested resource was not found.")


def invalid_value(value: object, kind: str, allowed: list[str]) -> ApiError:
    """A 400 for a name outside its list."""
    return ApiError(
        400,
        "invalid.value",
        f"Value [{value}] is not valid for field type [{kind}]. Allowable values are: {', '.join(allowed)}",
    )
