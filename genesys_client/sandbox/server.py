"""The engine behind a loopback HTTP server, with paths beside the API by which it can be steered."""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import asdict, replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from genesys_client.sandbox.faults import Fault
from genesys_client.sandbox.http import Request, Response

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from genesys_client.sandbox.engine import Engine

_PIECE = 64
_JSON = {"Content-Type": "application/json"}


class SandboxServer:
    """Serves an engine on 127.0.0.1; API and login are the same host.

    Args:
        engine: who answers.
        port: 0 picks a free one.
    """

    def __init__(self, engine: Engine, *, port: int = 0) -> None:
        self.engine = engine
        handler = type("Handler", (_Handler,), {"engine": engine})
        self._server = _Listener(("127.0.0.1", port), handler)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Answer requests on a thread of its own, until `stop`."""
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="sandbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the socket; answers under way are not waited for."""
        self._server.stopping.set()
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.stopping = threading.Event()
        super().__init__(address, handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in mid-answer is no news; anything else is a fault of the sandbox."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    engine: ClassVar[Engine]
    server: _Listener
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True  # head and body leave in two pieces; the second must not wait

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        url = urlsplit(self.path)
        request = Request(
            self.command,
            url.path,
            parse_qs(url.query, keep_blank_values=True),
            {name.lower(): value for name, value in self.headers.items()},
            body,
        )
        self._send(steer(self.engine, request) or self.engine.handle(request))

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = _serve  # noqa: N815 - the base class names them

    def _send(self, response: Response) -> None:
        wire = response.wire
        if wire.dropped:
            self.close_connection = True
            return
        self._wait(wire.delay_s)
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != 204:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if wire.bytes_sent is not None:
            self.wfile.write(response.body[: wire.bytes_sent])
            self.close_connection = True
            return
        if not wire.drip_s:
            self.wfile.write(response.body)
            return
        for i in range(0, len(response.body), _PIECE):
            if self._wait(wire.drip_s):
                self.close_connection = True
                return
            self.wfile.write(response.body[i : i + _PIECE])
            self.wfile.flush()

    def _wait(self, seconds: float) -> bool:
        """Wait; True if the server stops meanwhile."""
        return seconds > 0 and self.server.stopping.wait(seconds)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are kept by the engine instead of printed."""


def steer(engine: Engine, request: Request) -> Response | None:
    """Answer a request to one of the sandbox's own paths; None for a path of the platform.

    `POST /sandbox/faults` with `{"faults": [...]}`, `POST /sandbox/behaviour` with the switches to change,
    `POST /sandbox/now` with `{"now": ISO-8601}`, `GET` and `DELETE /sandbox/requests`.
    """
    if not request.path.startswith("/sandbox/"):
        return None
    try:
        return _steered(engine, request)
    except (KeyError, TypeError, ValueError) as error:
        return Response(400, _JSON, json.dumps({"message": str(error)}).encode())


def _steered(engine: Engine, request: Request) -> Response:
    fields = json.loads(request.body) if request.body else {}
    match request.method, request.path:
        case "POST", "/sandbox/faults":
            engine.faults = [Fault.read(fault) for fault in fields["faults"]]
        case "POST", "/sandbox/behaviour":
            engine.behaviour = replace(engine.behaviour, **fields)
        case "POST", "/sandbox/now":
            now = datetime.fromisoformat(fields["now"])
            if now.tzinfo is None:
                raise ValueError("now needs an offset")
            engine.now = lambda: now
        case "GET", "/sandbox/requests":
            log = [asdict(logged) for logged in list(engine.requests)]
            return Response(200, _JSON, json.dumps({"requests": log}).encode())
        case "DELETE", "/sandbox/requests":
            engine.requests.clear()
        case _:
            return Response(404, _JSON, json.dumps({"message": "no such path"}).encode())
    return Response(200, _JSON, b"{}")
