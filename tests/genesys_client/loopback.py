"""A server on loopback that speaks HTTP by hand, to speak it badly on purpose."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CERTIFICATE = Path(__file__).parents[1] / "data" / "localhost.pem"
"""A certificate for localhost that signs itself, with its key; it proves nothing to anybody."""

TOKEN = b'{"access_token": "token-1", "expires_in": 86399}'

Speak = Callable[[socket.socket, bytes, threading.Event], None]
"""What to do once a request's head and body are read: write to the socket, or not; the event says to stop."""


def whole(body: bytes, *, status: str = "200 OK", headers: str = "") -> bytes:
    """A proper answer."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


@contextmanager
def server(speak: Speak, *, tls: bool = False) -> Iterator[str]:
    """Serve until the block ends; the value is the base URL. Token requests are answered properly."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if tls:
        context.load_cert_chain(CERTIFICATE)
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()
    threads: list[threading.Thread] = []
    connections: list[socket.socket] = []

    def serve(plain: socket.socket) -> None:
        plain.settimeout(20)
        with (
            suppress(OSError),
            plain,
            context.wrap_socket(plain, server_side=True) if tls else plain as connection,
        ):
            connections.append(connection)
            while not stop.is_set() and (request := _request(connection)):
                if b" /oauth/token " in request.split(b"\r\n", 1)[0]:
                    connection.sendall(whole(TOKEN))
                else:
                    speak(connection, request, stop)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threads.append(threading.Thread(target=serve, args=(connection,)))
                threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join(5)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(5)


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
