"""From a call to what the caller gets to see: tokens, faults, rates, and the log of it all."""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, assert_never

from bot.demo.fake_slack import faults as f
from bot.demo.fake_slack.methods import METHODS
from bot.demo.fake_slack.response_urls import GONE, answer
from bot.demo.fake_slack.state import SlackError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.demo.fake_slack.methods.calling import Calling
    from bot.demo.fake_slack.rates import Rates
    from bot.demo.fake_slack.state import Json

RESPONSE_URL = "response_url"
CALLS_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back over the wire; `cut` closes the connection without a word, after `hold_s`."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    hold_s: float = 0.0


CUT = Reply(cut=True)


@dataclass(frozen=True, slots=True)
class Call:
    """One call that arrived."""

    method: str
    params: Json
    at: float
    status: int
    """0: the caller got no answer."""
    error: str | None


class Serving:
    """Takes the calls, one thread each."""

    def __init__(
        self,
        calling: Calling,
        *,
        faults: f.Faults,
        rates: Rates,
        bot_token: str,
        app_token: str,
    ) -> None:
        self.calling = calling
        self.faults = faults
        self.rates = rates
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self.token_error: str | None = None
        """What every call is refused with: `token_revoked`, `account_inactive`, …"""
        self.stopping = threading.Event()
        self.crashes: list[Exception] = []
        self._bot_token, self._app_token = bot_token, app_token
        self._late: list[tuple[float, Callable[[], object]]] = []
        self._timers: list[threading.Timer] = []

    def web_api(self, name: str, params: Json, token: str | None) -> Reply:
        """One call of a Web API method."""

        def refused(error: SlackError) -> Reply:
            return self._json({"ok": False, "error": error.error, **error.details})

        def done() -> Reply:
            method = METHODS.get(name)
            if method is None:
                raise SlackError("unknown_method", req_method=name)
            if method.scope is not None:
                self.calling.need(method.scope)
            return self._json({"ok": True, **method.run(self.calling, params)})

        try:
            self._check_token(name, token)
        except SlackError as error:
            return self._logged(name, params, refused(error), error)
        return self._with_faults(name, params, done, refused)

    def response_url(self, url_id: str, payload: Json) -> Reply:
        """One post to a response_url."""

        def refused(error: SlackError) -> Reply:
            return Reply(error.error.encode(), status=404 if error.error in GONE else 400)

        def done() -> Reply:
            url = self.calling.world.response_urls.get(url_id)
            if url is None:
                raise SlackError("expired_url")
            answer(self.calling, url, payload)
            return Reply(b"ok")

        return self._with_faults(RESPONSE_URL, payload, done, refused)

    def upload(self, file_id: str, content: bytes) -> Reply:
        """The bytes of a file."""

        def done() -> Reply:
            file = self.calling.world.files.get(file_id)
            if file is None or file.complete:
                raise SlackError("not_found")
            file.content = content
            return Reply(f"OK - {len(content)}".encode())

        return self._with_faults("upload", {"file": file_id}, done, lambda e: Reply(e.error.encode(), status=404))

    def settle(self) -> None:
        """Do what was accepted late and is due by now."""
        world = self.calling.world
        with world.changed:
            now = world.clock()
            due = [act for at, act in self._late if at <= now]
            self._late = [(at, act) for at, act in self._late if at > now]
            for act in due:
                act()

    def crashed(self, error: Exception) -> Reply:
        """A fault of the fake itself: kept, so that `FakeSlack` can raise it where a person sees it."""
        self.crashes.append(error)
        return Reply(f"the fake failed: {error!r}".encode(), status=500)

    def stop(self) -> None:
        """End every pause; what is late and not yet due never happens."""
        self.stopping.set()
        for timer in self._timers:
            timer.cancel()

    def _check_token(self, name: str, token: str | None) -> None:
        if token is None:
            raise SlackError("not_authed")
        if self.token_error is not None:
            raise SlackError(self.token_error)
        wants_app_token = name in METHODS and METHODS[name].app_token
        wanted, other = (self._bot_token, self._app_token)[:: -1 if wants_app_token else 1]
        if token != wanted:
            raise SlackError("not_allowed_token_type" if token == other else "invalid_auth")

    def _with_faults(
        self, name: str, params: Json, done: Callable[[], Reply], refused: Callable[[SlackError], Reply]
    ) -> Reply:
        self.settle()
        fault = self.faults.pick(name, params)
        if isinstance(fault, f.Hook) and fault.before is not None:
            fault.before()
        match fault:
            case f.Reject():
                error = SlackError(fault.error, **fault.extra)
                return self._logged(name, params, refused(error), error)
            case f.Throttle():
                self._shut(name, params, fault)
                return self._logged(name, params, _throttled(fault.retry_after))
            case f.ServerError():
                return self._logged(name, params, _server_error(fault.status))
            case f.Drop():
                return self._logged(name, params, CUT)
            case f.Slow():
                self.stopping.wait(fault.seconds)
            case f.Late():
                self._do_later(fault.after_s, done)
                return self._logged(name, params, CUT)
            case f.LostAck() | f.Garbage() | f.Hook() | None:
                pass
            case _:
                assert_never(fault)
        wait, reply, failure = self._done_under_lock(name, params, done, refused)
        if wait is not None or failure is not None:
            return self._logged(name, params, reply, failure)
        match fault:
            case f.LostAck(how="500"):
                reply = _server_error(500)
            case f.LostAck():
                reply = Reply(cut=True, hold_s=fault.hold_s if fault.how == "hang" else 0.0)
            case f.Garbage():
                reply = Reply(b'{"ok": tru', headers={"Content-Type": "application/json"})
            case f.Hook():
                if fault.after is not None:
                    fault.after()
        return self._logged(name, params, reply)

    def _done_under_lock(
        self, name: str, params: Json, done: Callable[[], Reply], refused: Callable[[SlackError], Reply]
    ) -> tuple[int | None, Reply, SlackError | None]:
        with self.calling.world.changed:
            wait = self.rates.retry_after(name, self._channel_of(name, params))
            if wait is not None:
                return wait, _throttled(wait), None
            try:
                return None, done(), None
            except SlackError as error:
                return None, refused(error), error

    def _channel_of(self, name: str, params: Json) -> str | None:
        """The channel whose rate a post counts against; a person's id stands for the conversation with her."""
        if name != "chat.postMessage":
            return None
        channel = str(params.get("channel"))
        return self.calling.world.dm(channel).id if channel in self.calling.world.people else channel

    def _shut(self, name: str, params: Json, fault: f.Throttle) -> None:
        with self.calling.world.changed:
            if fault.shuts == "method":
                self.rates.shut(f"method:{name}", fault.retry_after)
            elif fault.shuts == "channel":
                self.rates.shut(f"channel:{self._channel_of(name, params)}", fault.retry_after)

    def _do_later(self, after_s: float, done: Callable[[], Reply]) -> None:
        def act() -> None:
            try:
                done()
            except SlackError:
                return  # refused after all; whoever asked is long gone

        world = self.calling.world
        with world.changed:
            self._late.append((world.clock() + after_s, act))
        timer = threading.Timer(after_s, self.settle)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _json(self, body: Json) -> Reply:
        scopes = ",".join(sorted(self.calling.scopes))
        return Reply(
            json.dumps(body).encode(),
            headers={"Content-Type": "application/json; charset=utf-8", "X-OAuth-Scopes": scopes},
        )

    def _logged(self, name: str, params: Json, reply: Reply, error: SlackError | None = None) -> Reply:
        world = self.calling.world
        with world.changed:
            status = 0 if reply.cut else reply.status
            what: Any = "ratelimited" if status == 429 else error and error.error
            self.calls.append(Call(name, params, world.clock(), status, what))
            world.touch()
        return reply


def _throttled(seconds: int) -> Reply:
    return Reply(
        b'{"ok":false,"error":"ratelimited"}',
        status=429,
        headers={"Content-Type": "application/json; charset=utf-8", "Retry-After": str(seconds)},
    )


def _server_error(status: int) -> Reply:
    return Reply(b"<html><body>upstream error</body></html>", status=status, headers={"Content-Type": "text/html"})
