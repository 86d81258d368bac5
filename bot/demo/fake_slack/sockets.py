"""Socket Mode: the server's half of RFC 6455, as much as Slack uses of it, and the envelopes on top.

Written out here rather than taken from a library because it is small, shares the port of the HTTP server, and the
demo then needs nothing that the bot doesn't.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import socket
import struct
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from bot.demo.fake_slack.state import APP_ID

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

    from bot.demo.fake_slack.methods.calling import Calling
    from bot.demo.fake_slack.state import Json

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
CONNECTIONS_MAX = 10


class _Gone(Exception):
    """The other side closed or vanished."""


class _Connection:
    """One open socket; frames may be sent from any thread."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self._socket = handler.connection
        self._reader = handler.rfile
        self._sending = threading.Lock()

    def send(self, opcode: int, payload: bytes) -> None:
        length = len(payload)
        if length < 126:
            head = struct.pack("!BB", 0x80 | opcode, length)
        elif length < 1 << 16:
            head = struct.pack("!BBH", 0x80 | opcode, 126, length)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 127, length)
        with self._sending:
            self._socket.sendall(head + payload)

    def receive(self) -> str:
        """The next text; answers pings on the way."""
        parts: list[bytes] = []
        while True:
            final, opcode, payload = self._frame()
            if opcode == CLOSE:
                with contextlib.suppress(OSError):
                    self.send(CLOSE, payload[:2])
                raise _Gone
            if opcode == PING:
                self.send(PONG, payload)
            elif opcode != PONG:
                parts.append(payload)
                if final:
                    return b"".join(parts).decode()

    def cut(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _frame(self) -> tuple[bool, int, bytes]:
        first, second = self._read(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self._read(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._read(8))
        if not second & 0x80:
            raise _Gone  # a client must mask; RFC 6455 has the server fail the connection
        mask = self._read(4)
        payload = self._read(length)
        unmasked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        return bool(first & 0x80), first & 0x0F, unmasked

    def _read(self, count: int) -> bytes:
        data = self._reader.read(count)
        if len(data) < count:
            raise _Gone
        return data


class _Waiting:
    """An envelope on its way, until it is acknowledged."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.payload: Json | None = None


class Sockets:
    """All open Socket Mode connections of the app; an envelope goes to one of them, in turn."""

    def __init__(self, calling: Calling) -> None:
        self._calling = calling
        self._changed = threading.Condition()
        self._open: list[_Connection] = []
        self._turn = 0
        self._waiting: dict[str, _Waiting] = {}

    @property
    def count(self) -> int:
        """How many connections are open."""
        with self._changed:
            return len(self._open)

    def wait_for(self, count: int = 1, *, timeout: float = 5.0) -> None:
        """Until `count` connections are open; TimeoutError when they don't come."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._open) >= count, timeout):
                raise TimeoutError(f"{len(self._open)} of {count} Socket Mode connections after {timeout} s")

    def deliver(
        self, kind: str, payload: Json, *, timeout: float, retry: int | None = None
    ) -> tuple[bool, Json | None]:
        """Send an envelope; whether it was acknowledged in time, and the payload of the acknowledgement."""
        waiting, envelope_id = _Waiting(), str(uuid.uuid4())
        envelope: Json = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind in {"slash_commands", "interactive"},
        }
        if retry is not None:
            envelope |= {"retry_attempt": retry, "retry_reason": "timeout"}
        with self._changed:
            if not self._open:
                return False, None
            connection = self._open[self._turn % len(self._open)]
            self._turn += 1
            self._waiting[envelope_id] = waiting
        try:
            connection.send(TEXT, json.dumps(envelope).encode())
            return waiting.done.wait(timeout), waiting.payload
        except OSError:
            return False, None
        finally:
            with self._changed:
                del self._waiting[envelope_id]

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask every client to come back (`warning`, `refresh_requested`), or not to (`link_disabled`)."""
        message = {"type": "disconnect", "reason": reason, "debug_info": {"host": "fake"}}
        with self._changed:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.send(TEXT, json.dumps(message).encode())

    def cut(self) -> None:
        """Close every connection without a word."""
        with self._changed:
            for connection in self._open:
                connection.cut()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Shake hands and read until the client goes; runs in the thread of its request."""
        ticket = parse_qs(urlsplit(handler.path).query).get("ticket", [""])[0]
        key = handler.headers.get("Sec-WebSocket-Key")
        known = ticket in self._calling.connection_tickets
        if key is None or not known or self.count >= CONNECTIONS_MAX:
            handler.send_error(400 if key is None else 404 if not known else 429)
            return
        self._calling.connection_tickets.discard(ticket)
        accept = base64.b64encode(hashlib.sha1((key + _MAGIC).encode(), usedforsecurity=False).digest()).decode()
        handler.send_response(101)
        for name, value in (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)):
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.flush()
        connection = _Connection(handler)
        with self._changed:
            self._open.append(connection)
            number = len(self._open)
        try:
            connection.send(TEXT, json.dumps(_hello(number)).encode())
            with self._changed:
                self._changed.notify_all()
            while True:
                self._acknowledged(json.loads(connection.receive()))
        except (OSError, _Gone, ValueError):
            pass
        finally:
            with self._changed:
                self._open.remove(connection)
                self._changed.notify_all()

    def _acknowledged(self, answer: Any) -> None:
        with self._changed:
            waiting = self._waiting.get(str(answer.get("envelope_id")))
        if waiting is not None:
            waiting.payload = answer.get("payload")
            waiting.done.set()


def _hello(number: int) -> Json:
    return {
        "type": "hello",
        "num_connections": number,
        "connection_info": {"app_id": APP_ID},
        "debug_info": {
            "host": "fake",
            "started": time.strftime("%Y-%m-%d %H:%M:%S"),
            "approximate_connection_time": 18060,
        },
    }
