"""Who may call: OAuth clients, their tokens, and how often each may ask."""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from genesys_client.sandbox.contract import all_permissions
from genesys_client.sandbox.http import Answer, ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from genesys_client.sandbox.contract import Operation
    from genesys_client.sandbox.http import Request

_WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class OAuthGrant:
    """An OAuth client of the grant type client credentials, with what its role allows."""

    client_id: str
    client_secret: str = field(repr=False)
    permissions: frozenset[str] | None = None
    """None: every permission there is."""
    division_ids: frozenset[str] | None = None
    """Divisions that the role reaches; None: all. What lies elsewhere is silently left out."""
    token_lifetime_s: int = 86_399

    def allows(self, operation: Operation) -> bool:
        """Whether the role has what the operation asks for."""
        if self.permissions is None or not operation.permissions:
            return True
        held = [name in self.permissions for name in operation.permissions]
        return all(held) if operation.needs_all else any(held)

    def reaches(self, division_id: str) -> bool:
        """Whether the role covers a division."""
        return self.division_ids is None or division_id in self.division_ids

    @property
    def granted(self) -> frozenset[str]:
        """The permissions by name."""
        return all_permissions() if self.permissions is None else self.permissions


DEFAULT_GRANT = OAuthGrant("sandbox-client", "sandbox-secret")
"""A client that may do everything."""


@dataclass(slots=True)
class _Token:
    grant: OAuthGrant
    expires: float
    window_start: float
    count: int = 0


class Access:
    """The tokens that were given out, and the windows in which calls are counted."""

    def __init__(self, grants: Sequence[OAuthGrant], *, seed: int, monotonic: Callable[[], float]) -> None:
        self._grants = {grant.client_id: grant for grant in grants}
        self._seed = seed
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._tokens: dict[str, _Token] = {}
        self._issued = 0
        self._token_calls: list[float] = []

    def issue(self, request: Request, *, per_minute: int) -> Answer:
        """Answer a request for a token: the body is OAuth's, in refusals too."""
        with self._lock:
            now = self._monotonic()
            self._token_calls = [at for at in self._token_calls if now - at < _WINDOW_S]
            if len(self._token_calls) >= per_minute:
                return _oauth_error("invalid_request", f"rate limit exceeded; {per_minute} tokens in a minute")
            self._token_calls.append(now)
            grant = self._authenticated(request)
            if grant is None:
                return _oauth_error("invalid_client", "authentication failed")
            form = parse_qs(request.body.decode("utf-8", "replace"))
            if form.get("grant_type") != ["client_credentials"]:
                return _oauth_error("unsupported_grant_type", "the grant type is client_credentials")
            self._issued += 1
            token = hashlib.sha256(f"{self._seed}/token/{self._issued}".encode()).hexdigest()[:44]
            self._tokens[token] = _Token(grant, now + grant.token_lifetime_s, now)
            return Answer({"access_token": token, "token_type": "bearer", "expires_in": grant.token_lifetime_s})

    def _authenticated(self, request: Request) -> OAuthGrant | None:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            client_id, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        grant = self._grants.get(client_id)
        return grant if grant is not None and grant.client_secret == secret else None

    def revoke(self, token: str) -> None:
        """From now on the token is refused."""
        with self._lock:
            self._tokens.pop(token, None)

    def admit(self, request: Request, *, per_minute: int) -> tuple[OAuthGrant, str]:
        """The client behind a call, and its token.

        Raises:
            ApiError: 401 without a valid token, 429 once the token's minute is used up.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise ApiError(
                401, "authentication.required", "No authentication bearer token specified in authorization header."
            )
        with self._lock:
            now = self._monotonic()
            known = self._tokens.get(token)
            if known is None or now >= known.expires:
                raise ApiError(401, "bad.credentials", "Invalid login credentials.")
            if now - known.window_start >= _WINDOW_S:
                known.window_start, known.count = now, 0
            if known.count >= per_minute:
                wait = max(1, math.ceil(known.window_start + _WINDOW_S - now))
                raise rate_limited(wait, per_minute)
            known.count += 1
            return known.grant, token


def rate_limited(retry_after_s: int, per_minute: int) -> ApiError:
    """A 429 as the platform words it."""
    key = "client.credentials.token.rate.per.minute"
    return ApiError(
        429,
        "too.many.requests.retry.after",
        f"Rate limit exceeded the maximum. Retry the request in [{retry_after_s}] seconds",
        headers={"Retry-After": str(retry_after_s)},
        limit={"key": key, "namespace": "platform.api", "value": per_minute},
    )


def missing_permissions(operation: Operation) -> ApiError:
    """A 403 that names what the role lacks."""
    names = f"[{', '.join(operation.permissions)}]"
    if operation.needs_all:
        return ApiError(
            403,
            "missing.permissions",
            "Unable to perform the requested action. You are missing the following permission(s): {permissions}",
            params={"permissions": names},
        )
    return ApiError(
        403,
        "missing.any.permissions",
        "Unable to perform the requested action."
        " You must have at least one of the following permissions assigned: {permissions}",
        params={"permissions": names},
    )


def _oauth_error(error: str, description: str) -> Answer:
    return Answer({"error": error, "description": description, "error_description": description}, status=400)
