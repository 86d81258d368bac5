"""A loopback server of one day's conversations: every answer is on disk before the first request comes.

    python -m benchmarks.details_sides.server --conversations 10000

Prints one line of JSON when it is ready; ends with its standard input. Each page is the same bytes for whoever asks.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from benchmarks.details_sides.floor import pages

if TYPE_CHECKING:
    from typing import BinaryIO

DETAILS = "/api/v2/analytics/conversations/details/query"
WINDOW_S = 60.0


@dataclass
class Day:
    """The pages, one after the other in a file, and how they are handed out."""

    file: BinaryIO
    latency_s: float
    rate: int | None
    """Requests in any minute, as the platform counts them; None: as many as come."""
    places: list[tuple[int, int]] = field(default_factory=list)
    """Offset and length of each page."""
    conversations: int = 0
    refused: int = 0
    _sent: deque[float] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fill(self, conversations: int) -> None:
        """Make the day up."""
        self.conversations = conversations
        for page in pages(conversations):
            self.places.append((self.file.tell(), len(page)))
            self.file.write(page)
        self.file.flush()

    def admits(self) -> bool:
        """Whether the rate leaves room for one more request."""
        if self.rate is None:
            return True
        with self._lock:
            now = time.monotonic()
            while self._sent and self._sent[0] <= now - WINDOW_S:
                self._sent.popleft()
            if len(self._sent) >= self.rate:
                self.refused += 1
                return False
            self._sent.append(now)
            return True


class Handler(BaseHTTPRequestHandler):
    """The token, the pages, and how often somebody was told to slow down."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    day: Day

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        time.sleep(self.day.latency_s)
        if self.path == "/oauth/token":
            self._answer(200, b'{"access_token": "token", "token_type": "bearer", "expires_in": 86399}')
        elif self.path != DETAILS:
            self._answer(404, b"{}")
        elif not self.day.admits():
            self._answer(429, b"{}", {"Retry-After": "2"})
        else:
            self._page(json.loads(body)["paging"])

    def do_GET(self) -> None:
        self._answer(200, json.dumps({"refused": self.day.refused}).encode())

    def _page(self, paging: dict[str, int]) -> None:
        if paging["pageSize"] != 100:
            self._answer(400, b"{}")
            return
        if paging["pageNumber"] > len(self.day.places):
            self._answer(200, json.dumps({"totalHits": self.day.conversations}).encode())
            return
        offset, length = self.day.places[paging["pageNumber"] - 1]
        self._head(200, length)
        self.wfile.flush()
        while length:
            sent = os.sendfile(self.connection.fileno(), self.day.file.fileno(), offset, length)
            offset, length = offset + sent, length - sent

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self._head(status, len(body), headers)
        self.wfile.write(body)

    def _head(self, status: int, length: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, required=True)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--rate", type=int)
    options = parser.parse_args()
    with tempfile.TemporaryFile() as file:
        day = Day(file, options.latency_ms / 1000, options.rate)
        day.fill(options.conversations)
        server = Listener(("127.0.0.1", 0), type("DayHandler", (Handler,), {"day": day}))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        size = sum(length for _, length in day.places)
        print(json.dumps({"port": server.server_address[1], "pages": len(day.places), "bytes": size}), flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
