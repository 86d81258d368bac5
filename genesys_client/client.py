"""`GenesysClient`: the object that callers build, once per process, and share between threads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from genesys_client.agents import Agents
from genesys_client.api import Api
from genesys_client.auth import Credentials, Secret, TokenSource
from genesys_client.conversations import Conversations
from genesys_client.organization import Directory
from genesys_client.rate_limit import DEFAULT_PER_MINUTE
from genesys_client.regions import DEFAULT_DOMAIN, Hosts
from genesys_client.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from requests.adapters import BaseAdapter

    from genesys_client.operation import Operation

RATE_KEYS = ("client.credentials.token.rate.per.minute", "token.rate.per.minute")
"""Of the namespace `platform.api`: what one token of this kind may do, the more exact key first."""


class GenesysClient:
    """Genesys Cloud's public API, as far as agents' utilization needs it.

    Nothing is opened or sent until the first call. Each call takes an operation (see `operation.Operation`),
    whose deadline, cancellation and count of requests hold for everything that the call sets off.

    Args:
        client_id: of an OAuth client with the grant `client_credentials`.
        client_secret: its secret.
        environment: a region as a domain, an AWS region or an SDK enum name.
        api_url: a private gateway in place of the region's API host.
        login_url: the same for the login host.
        requests_per_minute: what one token may do; `adopt_limits` reads the organisation's own figure.
        adapter: a requests adapter in place of the network, for tests and the sandbox.
        clock: monotonic seconds; operations' deadlines are on it.
        sleep: how to wait; by default on the operation's cancellation, so that it ends a wait at once.
        now: the wall clock, for a Retry-After that is a date.

    Raises:
        UnknownRegionError: `environment` isn't a region.
        UnsafeUrlError: an override to which credentials must not be sent.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str | Secret,
        environment: str = DEFAULT_DOMAIN,
        api_url: str | None = None,
        login_url: str | None = None,
        *,
        requests_per_minute: int = DEFAULT_PER_MINUTE,
        adapter: BaseAdapter | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        secret = client_secret if isinstance(client_secret, Secret) else Secret(client_secret)
        self.hosts = Hosts.resolve(environment, api_url=api_url, login_url=login_url)
        self._transport = Transport(
            adapter=adapter, clock=clock, sleep=sleep, now=now, requests_per_minute=requests_per_minute
        )
        self._tokens = TokenSource(self._transport, self.hosts.login, Credentials(client_id, secret))
        api = Api(self._transport, self._tokens, self.hosts.api)
        self.conversations = Conversations(api)
        self.agents = Agents(api)
        self.organization = Directory(api)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"GenesysClient({self.hosts.api})"

    def close(self) -> None:
        """Close idle connections."""
        self._transport.close()

    def authenticate(self, operation: Operation) -> None:
        """Fetch a token, unless there is one.

        Raises:
            AuthenticationError: the login refuses the credentials.
        """
        self._tokens.token(operation)

    @property
    def requests_per_minute(self) -> int:
        """The rate that the client keeps to."""
        return self._transport.limiter.per_minute

    def adopt_limits(self, operation: Operation) -> int:
        """Keep to the organisation's own rate, where it may be read; returns the rate then in force."""
        limits = self.organization.limits("platform.api", operation)
        rate = next((limits[key] for key in RATE_KEYS if limits.get(key, 0) > 0), None)
        if rate is not None:
            self._transport.limiter.per_minute = rate
        return self.requests_per_minute
