"""The access token: fetched once, shared by all threads, renewed before it expires.

Secret          text that never shows itself
Credentials     client id and secret, from which tokens are made
Token           one access token and when to stop using it
TokenSource     the current token; one renewal at a time
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from requests.auth import AuthBase, HTTPBasicAuth

from genesys_client.error_bodies import login_error
from genesys_client.errors import (
    DeadlineExceededError,
    GenesysError,
    OperationCancelledError,
    PayloadError,
    TransportError,
)
from genesys_client.transport import Call
from genesys_client.wire import Exchange

if TYPE_CHECKING:
    from requests import PreparedRequest

    from genesys_client.operation import Operation
    from genesys_client.transport import Transport

TOKEN_PATH = "/oauth/token"  # noqa: S105 -- a path, not a password
SHORTEST_LIFE_S = 300.0
"""The shortest validity that the platform can be set to; taken where it doesn't say."""
MARGIN_S = 120.0
"""A token is given up so long before its end, or a tenth of its life before where that is shorter."""
GLANCE_S = 0.1
"""How often a thread that waits for another's renewal looks for its own deadline and cancellation."""


class Secret:
    """Text that shows itself only when asked by name."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret isn't written anywhere")


@dataclass(frozen=True, slots=True)
class Credentials:
    """An OAuth client of the grant `client_credentials`."""

    client_id: str
    client_secret: Secret

    def basic(self) -> AuthBase:
        """Authorization for the token request."""
        return HTTPBasicAuth(self.client_id.encode(), self.client_secret.reveal().encode())


@dataclass(frozen=True, slots=True)
class Token(AuthBase):
    """One access token. As requests' own kind of auth, it can't be replaced by an entry of a netrc file."""

    secret: Secret
    fresh_until: float
    """When to renew it, on the monotonic clock."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Put the token on a request."""
        request.headers["Authorization"] = f"Bearer {self.secret.reveal()}"
        return request


class _TokenBody(msgspec.Struct):
    access_token: str = ""
    expires_in: float | None = None


@dataclass(slots=True)
class _Renewal:
    """One renewal under way, for which other threads wait."""

    done: threading.Event = field(default_factory=threading.Event)
    failure: GenesysError | None = None


class TokenSource:
    """Hands out the current token; renews it ahead of its expiry, in one thread at a time."""

    def __init__(self, transport: Transport, login_url: str, credentials: Credentials) -> None:
        self._transport = transport
        self._login_url = login_url
        self._credentials = credentials
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._renewal: _Renewal | None = None

    def token(self, operation: Operation) -> Token:
        """A token that is still good for a while, from memory where there is one.

        Raises:
            AuthenticationError: the login refuses the credentials.
            GenesysError: the login can't be reached, or hands out no more tokens before the deadline.
        """
        while True:
            with self._lock:
                if self._token is not None and self._transport.clock() < self._token.fresh_until:
                    return self._token
                renewal = self._renewal
                mine = renewal is None
                if renewal is None:
                    renewal = self._renewal = _Renewal()
            if mine:
                return self._renew(renewal, operation)
            exchange = Exchange(operation, self._transport.clock)
            while not renewal.done.wait(GLANCE_S):
                exchange.remaining()
            failure = renewal.failure
            # One thread's deadline or cancellation is its own affair: the next one tries for itself.
            if failure is not None and not isinstance(failure, DeadlineExceededError | OperationCancelledError):
                raise failure

    def discard(self, token: Token) -> None:
        """Forget a token that the platform refused, unless another took its place already."""
        with self._lock:
            if self._token is token:
                self._token = None

    def _renew(self, renewal: _Renewal, operation: Operation) -> Token:
        token: Token | None = None
        try:
            token = self._fetch(operation)
        except GenesysError as error:
            renewal.failure = error
            raise
        except BaseException:
            renewal.failure = TransportError("The token request ended unexpectedly.")
            raise
        finally:
            with self._lock:
                self._token = token
                self._renewal = None
            renewal.done.set()
        return token

    def _fetch(self, operation: Operation) -> Token:
        asked_at = self._transport.clock()  # before the request, so that the margin errs on the early side
        body = self._transport.send(
            Call(
                method="POST",
                base=self._login_url,
                path=TOKEN_PATH,
                auth=self._credentials.basic(),
                body=b"grant_type=client_credentials",
                content_type="application/x-www-form-urlencoded",
                repeatable=True,
                limited=False,
                patient=True,
                error=login_error,
            ),
            operation,
        )
        try:
            answer = msgspec.json.decode(body, type=_TokenBody)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise PayloadError("The login answered with something that isn't a token.") from None
        if not answer.access_token or not answer.access_token.isascii() or not answer.access_token.isprintable():
            raise PayloadError("The login's answer has no usable access_token.")
        life = answer.expires_in if answer.expires_in is not None and answer.expires_in > 0 else SHORTEST_LIFE_S
        return Token(Secret(answer.access_token), asked_at + life - min(MARGIN_S, life * 0.1))
