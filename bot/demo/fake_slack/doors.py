"""How a request of Slack's reaches the bot: signed HTTP, the same in process, or a Socket Mode envelope."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slack_bolt import App

    from bot.demo.fake_slack.sockets import Sockets
    from bot.demo.fake_slack.state import Json

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True)
class Outgoing:
    """One request, ready for either transport; sending it twice sends the same bytes."""

    kind: str
    """The envelope's type: `slash_commands`, `interactive` or `events_api`."""
    payload: Json

    @property
    def content_type(self) -> str:
        """Events come as JSON, the rest as forms."""
        return JSON if self.kind == "events_api" else FORM

    @property
    def body(self) -> bytes:
        """The body over HTTP."""
        if self.kind == "events_api":
            return json.dumps(self.payload).encode()
        fields = self.payload if self.kind == "slash_commands" else {"payload": json.dumps(self.payload)}
        return urlencode(fields).encode()


@dataclass(frozen=True, slots=True)
class Answered:
    """What the bot said; status None: nothing within the time."""

    status: int | None
    text: str = ""
    json: Json | None = None


class Door(Protocol):
    """Takes a request to the bot and brings its answer."""

    def send(self, outgoing: Outgoing, *, retry: int | None = None) -> Answered:
        """Deliver, and wait for the acknowledgement as long as Slack would."""


def sign(body: bytes, secret: str, *, at: float | None = None) -> dict[str, str]:
    """The two headers that prove that a body comes from Slack."""
    timestamp = str(int(time.time() if at is None else at))
    base = b"v0:" + timestamp.encode() + b":" + body
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}


class HttpDoor:
    """Posts to the bot's url."""

    def __init__(self, url: str, *, secret: str, patience_s: float) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._path = parts.hostname or "127.0.0.1", parts.port or 80, parts.path or "/"
        self._secret, self._patience_s = secret, patience_s

    def send(self, outgoing: Outgoing, *, retry: int | None = None) -> Answered:
        """Deliver over a connection of its own."""
        body = outgoing.body
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._patience_s)
        try:
            connection.request("POST", self._path, body, _headers(outgoing, body, self._secret, retry))
            response = connection.getresponse()
            return _answered(response.status, response.read().decode(), response.headers.get_content_type())
        except TimeoutError:
            return Answered(None)
        except (OSError, http.client.HTTPException) as error:
            return Answered(None, text=f"{type(error).__name__}: {error}")
        finally:
            connection.close()


class BoltDoor:
    """Calls the Bolt app in this process, signature and all."""

    def __init__(self, app: App, *, secret: str) -> None:
        self._app, self._secret = app, secret

    def send(self, outgoing: Outgoing, *, retry: int | None = None) -> Answered:
        """Dispatch in the caller's thread."""
        from slack_bolt import BoltRequest

        body = outgoing.body
        headers: dict[str, str | Sequence[str]] = {**_headers(outgoing, body, self._secret, retry)}
        response = self._app.dispatch(BoltRequest(body=body.decode(), headers=headers))
        content_type = response.first_headers().get("content-type", "").partition(";")[0]
        return _answered(response.status, response.body or "", content_type)


class SocketDoor:
    """Sends envelopes to the open connections."""

    def __init__(self, sockets: Sockets, *, patience_s: float) -> None:
        self._sockets, self._patience_s = sockets, patience_s

    def send(self, outgoing: Outgoing, *, retry: int | None = None) -> Answered:
        """Deliver to one connection; silence is all that Socket Mode knows of a failure."""
        acknowledged, payload = self._sockets.deliver(
            outgoing.kind, outgoing.payload, timeout=self._patience_s, retry=retry
        )
        if not acknowledged:
            return Answered(None)
        return Answered(200, "" if payload is None else json.dumps(payload), payload)


def _headers(outgoing: Outgoing, body: bytes, secret: str, retry: int | None) -> dict[str, str]:
    repeated: Mapping[str, str] = (
        {} if retry is None else {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"}
    )
    return {
        "Content-Type": outgoing.content_type,
        "User-Agent": "Slackbot 1.0 (fake)",
        **sign(body, secret),
        **repeated,
    }


def _answered(status: int, text: str, content_type: str) -> Answered:
    if content_type == JSON and text:
        try:
            read = json.loads(text)
        except ValueError:
            return Answered(status, text)
        return Answered(status, text, read if isinstance(read, dict) else None)
    return Answered(status, text)
