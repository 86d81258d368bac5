"""A requests adapter whose sockets obey a deadline and a cancellation.

A read timeout bounds the silence between two bytes, so a server that drips one byte a second holds a call for
as long as it likes, in the headers as in the body. Here each read of a socket is cut to what is left of the
exchange under way in this thread, and is woken several times a second to see whether the caller gave up.
Connecting and sending are bounded the same way. Looking up a name is not: the resolver has its own limits.
"""

from __future__ import annotations

import http.client
import io
import socket
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family

from genesys_client.errors import DeadlineExceededError, OperationCancelledError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from urllib3 import ProxyManager

    from genesys_client.operation import Operation

WAKE_S = 0.2
"""How long a blocked read sleeps before it looks for a cancellation."""


class Exchange:
    """One request and its answer, in time."""

    def __init__(self, operation: Operation, clock: Callable[[], float]) -> None:
        self._operation = operation
        self._clock = clock

    def remaining(self) -> float:
        """Seconds left.

        Raises:
            OperationCancelledError: the caller gave up.
            DeadlineExceededError: there are none.
        """
        if self._operation.cancelled.is_set():
            raise OperationCancelledError("The operation was cancelled.")
        left = self._operation.deadline - self._clock()
        if left <= 0.0:
            raise DeadlineExceededError("The platform didn't answer in the time allowed.")
        return left


_under_way: ContextVar[Exchange | None] = ContextVar("genesys_exchange", default=None)


@contextmanager
def under_way(exchange: Exchange) -> Iterator[None]:
    """Bind this thread's sockets to an exchange."""
    token = _under_way.set(exchange)
    try:
        yield
    finally:
        _under_way.reset(token)


class _WatchedFile(io.RawIOBase):
    """The reading end of a socket, each read cut to what is left of the exchange."""

    def __init__(self, sock: socket.socket, exchange: Exchange) -> None:
        self._sock = sock
        self._exchange = exchange
        self._patience_s = sock.gettimeout()
        self._hold = sock.makefile("rb", buffering=0)  # keeps the socket open while the connection lets go of it

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        silence_s = 0.0
        while True:
            nap_s = min(WAKE_S, self._exchange.remaining())
            if self._patience_s is not None:
                nap_s = min(nap_s, max(self._patience_s - silence_s, 0.001))
            self._sock.settimeout(nap_s)
            try:
                return self._sock.recv_into(buffer)
            except TimeoutError:
                silence_s += nap_s  # counted, not measured: a clock that stands still must not wait for ever
                if self._patience_s is not None and silence_s >= self._patience_s:
                    raise

    def close(self) -> None:
        if not self.closed:
            with suppress(OSError):
                self._sock.settimeout(self._patience_s)
            self._hold.close()
        super().close()


class _WatchedSocket:
    """As much of a socket as `http.client.HTTPResponse` asks for."""

    def __init__(self, sock: socket.socket, exchange: Exchange) -> None:
        self._sock = sock
        self._exchange = exchange

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_WatchedFile(self._sock, self._exchange))


class _WatchedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        exchange = _under_way.get()
        watched: Any = sock if exchange is None else _WatchedSocket(sock, exchange)
        super().__init__(watched, *args, **kwargs)


class _WatchedConnection(HTTPConnection):
    response_class = _WatchedResponse

    def _new_conn(self) -> socket.socket:
        """Try each address of the host within what is left, not each within the full time."""
        exchange = _under_way.get()
        if exchange is None:
            return super()._new_conn()
        name, patience_s = self._dns_host, self.timeout
        try:
            found = socket.getaddrinfo(name.strip("[]"), self.port, allowed_gai_family(), socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        failure: Exception = NewConnectionError(self, "the name has no address")
        try:
            for *_, address in found:
                self._dns_host = str(address[0])
                self.timeout = _no_longer_than(patience_s, exchange)
                try:
                    return super()._new_conn()
                except (NewConnectionError, ConnectTimeoutError) as error:
                    failure = error
        finally:
            self._dns_host, self.timeout = name, patience_s
        raise failure

    def send(self, data: Any) -> None:
        exchange = _under_way.get()
        if exchange is not None:
            if self.sock is None and self.auto_open:
                self.connect()
            if self.sock is not None:
                self.sock.settimeout(_no_longer_than(self.timeout, exchange))
        super().send(data)


class _WatchedTlsConnection(_WatchedConnection, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _WatchedConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTlsConnection


_POOLS = {"http": _HttpPool, "https": _HttpsPool}


class DeadlineAdapter(HTTPAdapter):
    """The adapter for real networks; urllib3 neither retries nor follows redirects in it."""

    def __init__(self, *, connections: int) -> None:
        super().__init__(pool_connections=4, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As requests does, with connections that obey the exchange under way."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> ProxyManager:
        """The same for connections through a proxy."""
        manager: ProxyManager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


def _no_longer_than(patience_s: Any, exchange: Exchange) -> float:
    left = exchange.remaining()
    return min(float(patience_s), left) if isinstance(patience_s, int | float) else left
