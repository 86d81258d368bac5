"""The API host with a token: paths and bodies in, bytes out. What the resources are built on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import msgspec

from genesys_client.error_bodies import ADDRESS_REFUSED
from genesys_client.errors import AuthenticationError, PayloadError
from genesys_client.transport import Call

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genesys_client.auth import TokenSource
    from genesys_client.operation import Operation
    from genesys_client.transport import Transport

CONVERSATION_AGGREGATES = "/api/v2/analytics/conversations/aggregates/query"
CONVERSATION_DETAILS = "/api/v2/analytics/conversations/details/query"
CONVERSATION_JOBS = "/api/v2/analytics/conversations/details/jobs"
USER_AGGREGATES = "/api/v2/analytics/users/aggregates/query"
USER_DETAILS = "/api/v2/analytics/users/details/query"
USER_SEARCH = "/api/v2/users/search"

READING_POSTS = frozenset({CONVERSATION_AGGREGATES, CONVERSATION_DETAILS, USER_AGGREGATES, USER_DETAILS, USER_SEARCH})
"""POSTs that ask and change nothing, so that they may be repeated."""

T = TypeVar("T")


class Api:
    """Calls to the API host, each with the current token, and once more with a new one after a 401."""

    def __init__(self, transport: Transport, tokens: TokenSource, base: str) -> None:
        self.transport = transport
        self._tokens = tokens
        self._base = base

    def get(self, path: str, operation: Operation, params: Sequence[tuple[str, str]] = ()) -> bytearray:
        """The body of a GET."""
        return self._send("GET", path, operation, params=params, body=None)

    def post(self, path: str, body: dict[str, Any], operation: Operation) -> bytearray:
        """The body of the answer to a POST."""
        return self._send("POST", path, operation, params=(), body=msgspec.json.encode(body))

    def delete(self, path: str, operation: Operation) -> None:
        """A DELETE; tried once, since it may have been carried out though its answer got lost."""
        self._send("DELETE", path, operation, params=(), body=None)

    def _send(
        self, method: str, path: str, operation: Operation, *, params: Sequence[tuple[str, str]], body: bytes | None
    ) -> bytearray:
        renewed = False
        while True:
            token = self._tokens.token(operation)
            call = Call(
                method=method,
                base=self._base,
                path=path,
                auth=token,
                params=params,
                body=body,
                repeatable=method == "GET" or path in READING_POSTS,
            )
            try:
                return self.transport.send(call, operation)
            except AuthenticationError as error:
                if renewed or error.code == ADDRESS_REFUSED:
                    raise
            self._tokens.discard(token)
            renewed = True


def segment(text: str) -> str:
    """One id as a path segment: whatever it holds, it stays one."""
    if not text or text.strip(".") == "":
        raise ValueError("an empty or dotted id would change the path")
    return quote(text, safe="")


def decode(decoder: msgspec.json.Decoder[T], body: bytes | bytearray | msgspec.Raw, path: str) -> T:
    """A success's body as the type that was promised.

    Raises:
        PayloadError: it isn't JSON, or a field isn't of its type; the message names the field.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise PayloadError(f"Unexpected answer from {path}: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise PayloadError(f"The answer from {path} isn't valid JSON; it may have been cut off.") from None
