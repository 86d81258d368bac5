"""What the platform says when it refuses → the error of ours that fits.

The API and the login host answer with bodies of two shapes, all of whose fields are optional; a gateway in
front of either may answer with no JSON at all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from genesys_client.errors import (
    AuthenticationError,
    InvalidQueryError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    ResponseError,
    ResponseTooLargeError,
    ServerError,
)
from genesys_client.retry import RATE_LIMIT_PAUSE_S, parse_retry_after

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

TOO_LARGE = frozenset({"response.entity.too.large", "request.entity.too.large", "payload.too.large"})
ADDRESS_REFUSED = "ip.not.authorized"
DETAIL_LENGTH = 300

_PERMISSION = re.compile(r"(?<![\w:])[A-Za-z]\w*:[A-Za-z]\w*:(?:\w+|\*)(?![\w:])")
_WAIT_IN_WORDS = re.compile(r"\[(\d+)\] seconds")


class _ErrorBody(msgspec.Struct, rename="camel"):
    message: Any = None
    code: Any = None
    message_params: Any = None
    context_id: Any = None


class _OAuthBody(msgspec.Struct):
    error: Any = None
    description: Any = None
    error_description: Any = None


_error_body = msgspec.json.Decoder(_ErrorBody)
_oauth_body = msgspec.json.Decoder(_OAuthBody)


class Refusal(msgspec.Struct, frozen=True):
    """A response that isn't a success, as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes | bytearray
    path: str
    now: Callable[[], datetime]


def correlation_id(headers: Mapping[str, str]) -> str | None:
    """The platform's id of a request, whatever the case of the header's name."""
    for name, value in headers.items():
        if name.lower() == "inin-correlation-id":
            return _printable(value, 100)
    return None


def api_error(refusal: Refusal) -> ResponseError:
    """The error for an answer of the API host."""
    try:
        body = _error_body.decode(refusal.body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        body = _ErrorBody()
    code = _text(body.code)
    sentence = _text(body.message) or ""
    status, path = refusal.status, refusal.path
    wait = parse_retry_after(_header(refusal.headers, "retry-after"), refusal.now)
    about: dict[str, Any] = {
        "status": status,
        "path": path,
        "request_id": correlation_id(refusal.headers) or _text(body.context_id),
        "code": code,
        "detail": sentence or None,
    }
    named = f"{status} {code}" if code else str(status)
    if status == 429:
        if wait is None:
            told = _WAIT_IN_WORDS.search(sentence)
            wait = float(told[1]) if told else RATE_LIMIT_PAUSE_S
        return RateLimitedError(
            f"Genesys Cloud allows no more requests for {wait:.0f} s ({path}).", retry_after_s=wait, **about
        )
    if code in TOO_LARGE or status == 413:
        return ResponseTooLargeError(f"Too much was asked of {path} at once ({named}).", **about)
    if status == 401:
        address = " The platform doesn't accept this network address." if code == ADDRESS_REFUSED else ""
        return AuthenticationError(f"Genesys Cloud refused the token at {path} ({named}).{address}", **about)
    if status == 403:
        return _permission_denied(named, body.message_params, sentence, about)
    if status == 404:
        return NotFoundError(f"Genesys Cloud has nothing at {path} ({named}), or not for this client.", **about)
    if status == 400:
        return InvalidQueryError(f"Genesys Cloud refused the query to {path} ({named}).", **about)
    if status >= 500:
        return ServerError(f"Genesys Cloud failed at {path} ({named}).", retry_after_s=wait, **about)
    if 300 <= status < 400:
        return ResponseError(f"{path} answered with a redirect ({status}), which isn't followed.", **about)
    return ResponseError(f"Genesys Cloud answered {named} at {path}.", retry_after_s=wait, **about)


def login_error(refusal: Refusal) -> ResponseError:
    """The error for an answer of the login host."""
    try:
        body = _oauth_body.decode(refusal.body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        body = _OAuthBody()
    error = _text(body.error)
    sentence = _text(body.error_description) or _text(body.description) or ""
    wait = parse_retry_after(_header(refusal.headers, "retry-after"), refusal.now)
    about: dict[str, Any] = {
        "status": refusal.status,
        "path": refusal.path,
        "request_id": correlation_id(refusal.headers),
        "code": error,
        "detail": sentence or None,
    }
    named = f"{refusal.status} {error}" if error else str(refusal.status)
    throttled = refusal.status == 400 and error == "invalid_request"
    if refusal.status == 429 or (throttled and sentence.lower().startswith("rate limit exceeded")):
        return RateLimitedError("Genesys Cloud hands out no more tokens for now.", retry_after_s=wait, **about)
    if refusal.status == 401 or (refusal.status == 400 and error == "invalid_client"):
        return AuthenticationError(
            f"Genesys Cloud's login refused the client ({named}). The client id or its secret is wrong, "
            "or the client belongs to another region: each region has its own login host.",
            **about,
        )
    if refusal.status < 500 and refusal.status != 408:
        return ResponseError(f"Genesys Cloud's login gave no token ({named}).", retry_after_s=wait, **about)
    return api_error(refusal)


def _permission_denied(named: str, params: Any, sentence: str, about: dict[str, Any]) -> PermissionDeniedError:
    texts = [sentence]
    if isinstance(params, dict):
        texts += [str(value) for value in params.values()]
    permissions = tuple(dict.fromkeys(name for text in texts for name in _PERMISSION.findall(text)))
    if permissions:
        wanted = " or ".join(permissions) if "any" in named else " and ".join(permissions)
        missing = f"missing permission: {wanted}"
    else:
        missing = "a permission or a division is missing"
    where = " in the division asked for" if "division" in named else ""
    return PermissionDeniedError(
        f"The OAuth client's roles don't allow {about['path']} ({named}); {missing}{where}.",
        permissions=permissions,
        **about,
    )


def _header(headers: Mapping[str, str], wanted: str) -> str | None:
    return next((value for name, value in headers.items() if name.lower() == wanted), None)


def _text(value: Any) -> str | None:
    return _printable(value, DETAIL_LENGTH) if isinstance(value, str) and value else None


def _printable(text: str, length: int) -> str:
    return "".join(c if c.isprintable() else " " for c in text[:length])
