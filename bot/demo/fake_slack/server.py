"""The loopback HTTP server: paths to calls, and replies to bytes."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlsplit

from bot.demo.fake_slack.methods.calling import from_form
from bot.demo.fake_slack.serving import Reply
from bot.demo.fake_slack.state import SlackError

if TYPE_CHECKING:
    from bot.demo.fake_slack.serving import Serving
    from bot.demo.fake_slack.sockets import Sockets
    from bot.demo.fake_slack.state import Json

API = "/api/"
RESPONSE_URLS = "/commands/"
UPLOADS = "/upload/v1/"
SOCKETS = "/link/"


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1_024

    def __init__(self, serving: Serving, sockets: Sockets) -> None:
        self.serving = serving
        self.sockets = sockets
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that went away is part of every fault here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer

    @property
    def owner(self) -> _Listener:
        return cast("_Listener", self.server)

    def do_GET(self) -> None:
        if urlsplit(self.path).path == SOCKETS:
            self.close_connection = True
            self.owner.sockets.serve(self)
            return
        self._call(b"")

    def do_POST(self) -> None:
        self._call(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the terminal for the messages; `FakeSlack.calls` has the log."""

    def _call(self, body: bytes) -> None:
        path = urlsplit(self.path).path
        serving = self.owner.serving
        try:
            if path.startswith(API):
                params, token = self._params(body)
                reply = serving.web_api(path.removeprefix(API), params, token)
            elif path.startswith(RESPONSE_URLS):
                reply = serving.response_url(path.rpartition("/")[2], self._payload(body))
            elif path.startswith(UPLOADS):
                reply = serving.upload(path.rpartition("/")[2], body)
            else:
                reply = Reply(b"not found", status=404)
        except SlackError as error:
            reply = Reply(json.dumps({"ok": False, "error": error.error}).encode())
        except Exception as error:  # noqa: BLE001 - whatever is wrong here must not look like Slack's doing
            reply = serving.crashed(error)
        self._send(reply)

    def _params(self, body: bytes) -> tuple[Json, str | None]:
        fields = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        if self.headers.get_content_type() == "application/json":
            params = fields | self._payload(body)
        else:
            params = from_form(fields | dict(parse_qsl(body.decode(), keep_blank_values=True)))
        scheme, _, token = (self.headers.get("Authorization") or "").partition(" ")
        token = token.strip() if scheme == "Bearer" else str(params.pop("token", ""))
        return params, token or None

    def _payload(self, body: bytes) -> Json:
        try:
            read = json.loads(body)
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(read, dict):
            raise SlackError("json_not_object")
        return read

    def _send(self, reply: Reply) -> None:
        if reply.cut:
            self.owner.serving.stopping.wait(reply.hold_s)
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(reply.status)
        for name, value in ({"Content-Type": "text/plain"} | reply.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)


class Server:
    """Listens on a free port of 127.0.0.1 from `start` to `stop`."""

    def __init__(self, serving: Serving, sockets: Sockets) -> None:
        self._listener = _Listener(serving, sockets)
        self._thread = threading.Thread(
            target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, name="fake-slack", daemon=True
        )
        self.origin = f"http://127.0.0.1:{self._listener.server_port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port."""
        if self._thread.is_alive():
            self._listener.shutdown()
            self._thread.join()
        self._listener.server_close()
