"""The way back to one person: `response_url` within its budget, else the conversation, else a direct message.

What Slack refuses is answered by the table of what to do about it, once for each kind of refusal; what it may or
may not have taken is sent again only where a second copy reaches the asker alone.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import structlog

from bot.edges.slack.api import BLOCK_ERRORS, TOKEN_ERRORS, SlackCallError
from bot.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.core.rendering.blocks import Message
    from bot.edges.slack.api import SlackApi

log = structlog.get_logger(__name__)

URL_LIFE_S = 25 * 60.0
"""Slack's thirty minutes, less a margin for clocks and queues."""
URL_USES = 5
TEXT_LIMIT = 3_900
"""Characters that every method takes as text."""
LONGEST_WAIT_S = 30.0
"""A rate limit that lasts longer sends the answer another way."""
FORM_MEMORY_S = 6 * 3600.0

_NOT_IN_CHANNEL = frozenset({"not_in_channel", "channel_not_found", "user_not_in_channel"})
_HELD_BY_ADMINS = frozenset({"ekm_access_denied", "org_login_required", "team_access_not_granted"})
_NO_THREAD = frozenset({"thread_not_found", "cannot_reply_to_message"})
_TOO_LONG = frozenset({"msg_too_long", "text_too_long"})


class Door(StrEnum):
    """Where a question came in; the values are the audit's names."""

    COMMAND = "command"
    MENTION = "mention"
    MESSAGE = "message"
    BUTTON = "button"
    FORM = "form"
    HOME = "home"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the asker is to be found: plain values, so that a stored job can carry it."""

    user_id: str
    door: Door
    channel_id: str | None = None
    thread_ts: str | None = None
    response_url: str | None = None
    received_at: float = 0.0
    """Seconds since 1970, when the delivery came in."""

    @property
    def is_direct(self) -> bool:
        """Whether nobody but the asker reads that conversation."""
        return self.channel_id is not None and self.channel_id.startswith("D")

    @property
    def shared_channel(self) -> str | None:
        """The channel, where others read along."""
        return None if self.is_direct else self.channel_id


class Forms:
    """Which form of blocks each way of sending takes: data tables, or the plainer fallback."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._refused: dict[str, float] = {}

    def native(self, way: str) -> bool:
        """Whether to try native data blocks first."""
        return self._clock() >= self._refused.get(way, float("-inf"))

    def refused(self, way: str) -> None:
        """Native blocks were refused where the fallback went through: start with the fallback for some hours."""
        self._refused[way] = self._clock() + FORM_MEMORY_S


@dataclass(frozen=True, slots=True)
class _Way:
    name: str
    send: Callable[[dict[str, Any]], None]
    public: bool


class Reply:
    """What goes back to the asker of one question; safe to use from the job, the alarm and the shutdown at once.

    Args:
        hold: asked before each word; False: another process answers by now, and this one keeps silent.
        clock: seconds since 1970, for the life of the `response_url`.
    """

    def __init__(
        self,
        address: Address,
        *,
        api: SlackApi,
        forms: Forms,
        hold: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.address = address
        self._api = api
        self._forms = forms
        self._hold = hold
        self._clock = clock
        self._lock = threading.RLock()
        self._url_uses = 0
        self._progressed = False
        self._over = False

    def progress(self, message: Message) -> None:
        """One line that the answer takes longer, unless it has gone out meanwhile. Failing is not worth a word."""
        with self._lock:
            way = next(self._ways(public=False))
            if self._over or self._progressed:
                return
            self._progressed = True
            try:
                way.send(message.payload())
            except SlackCallError as refusal:
                log.info("progress_not_sent", way=way.name, error=refusal.error)

    def silence(self) -> bool:
        """Say nothing more, because the asker wants no answer; False: she had her last word already."""
        with self._lock:
            was_open, self._over = not self._over, True
            return was_open

    def instead(self, text: str) -> None:
        """Put a sentence in the place of the message that was pressed. Failing is not worth a word."""
        with self._lock:
            if not self._url_lives():
                return
            self._url_uses += 1
            try:
                self._api.respond(self.address.response_url or "", {"text": text, "replace_original": True})
            except SlackCallError as refusal:
                log.info("message_not_replaced", error=refusal.error)

    def send(self, message: Message, *, public: bool = False) -> bool:
        """The answer, or the reason why there is none; False: the person had her last word already.

        Args:
            public: to the channel, for everybody there.

        Raises:
            DeliveryError: no way was left, or (public) Slack may have taken it and a second copy would be seen by all.
        """
        with self._lock:
            if self._over:
                return False
            self._over = True
            self._deliver(message, public=public)
            return True

    def also(self, message: Message) -> None:
        """A further word to the asker alone, before or after the answer.

        Raises:
            DeliveryError: no way was left.
        """
        with self._lock:
            self._deliver(message, public=False)

    def direct_channel(self) -> str:
        """The id of the direct conversation with the asker, for a file.

        Raises:
            SlackCallError: Slack opens none.
        """
        if self.address.door is Door.MESSAGE and self.address.channel_id:
            return self.address.channel_id
        opened = self._api.write("conversations.open", users=self.address.user_id)
        return str(opened["channel"]["id"])

    # --- ways ---

    def _deliver(self, message: Message, *, public: bool) -> None:
        if not self._hold():
            log.info("reply_left_to_another", user=self.address.user_id)
            return
        failure: SlackCallError | None = None
        for way in self._ways(public=public):
            try:
                self._through(way, message)
            except SlackCallError as refusal:
                log.warning(
                    "reply_refused", way=way.name, error=refusal.error, unclear=refusal.unclear, needed=refusal.needed
                )
                failure = refusal
                if refusal.error in TOKEN_ERRORS or (way.public and refusal.unclear):
                    break
            else:
                return
        raise _undelivered(self.address, failure)

    def _ways(self, *, public: bool) -> Iterator[_Way]:
        address = self.address
        if address.door is Door.BUTTON and address.is_direct and address.thread_ts and not public:
            # What was pressed stays where it is, and what follows from it hangs under it.
            yield _Way("chat.postMessage", lambda body: self._post(address.channel_id, body), public=False)
        if self._url_lives():
            yield _Way("response_url", lambda body: self._respond(body, public=public), public)
        if public:
            if address.channel_id is not None:
                yield _Way("chat.postMessage", lambda body: self._post(address.channel_id, body), public=True)
            return
        if address.door is Door.MESSAGE:
            yield _Way("chat.postMessage", lambda body: self._post(address.channel_id, body), public=False)
        if address.door is Door.MENTION or (address.door is Door.FORM and address.channel_id and not address.is_direct):
            yield _Way("chat.postEphemeral", self._whisper, public=False)
        yield _Way("chat.postMessage", lambda body: self._post(address.user_id, body, threaded=False), public=False)

    def _url_lives(self) -> bool:
        url = self.address.response_url
        return (
            url is not None
            and self._url_uses < URL_USES
            and self._clock() - self.address.received_at < URL_LIFE_S
            and self._api.trusts(url)
        )

    def _respond(self, body: dict[str, Any], *, public: bool) -> None:
        self._url_uses += 1
        extra: dict[str, Any] = {"response_type": "in_channel" if public else "ephemeral", "replace_original": False}
        if public and self.address.thread_ts:
            extra["thread_ts"] = self.address.thread_ts
        self._api.respond(self.address.response_url or "", body | extra)

    def _post(self, channel: str | None, body: dict[str, Any], *, threaded: bool = True) -> None:
        thread = self.address.thread_ts if threaded else None
        plain = {"channel": channel, "unfurl_links": False, "unfurl_media": False}
        try:
            self._api.write("chat.postMessage", **body, **plain, thread_ts=thread)
        except SlackCallError as refusal:
            if thread is None or refusal.error not in _NO_THREAD:
                raise
            self._api.write("chat.postMessage", **body, **plain)

    def _whisper(self, body: dict[str, Any]) -> None:
        address = self.address
        self._api.write(
            "chat.postEphemeral",
            **body,
            channel=address.channel_id,
            user=address.user_id,
            thread_ts=address.thread_ts,
        )

    # --- one way, with what can be mended ---

    def _through(self, way: _Way, message: Message) -> None:
        """Send one way, each kind of trouble mended once.

        Raises:
            SlackCallError: what could not be mended.
        """
        bodies = [message.fallback_payload(), {"text": message.text}]
        if self._forms.native(way.name) and message.blocks != message.fallback_blocks:
            bodies.insert(0, message.payload())
        tried_native = len(bodies) == 3
        waited = shortened = False
        while True:
            body = bodies[0]
            try:
                way.send(body)
            except SlackCallError as refusal:
                if refusal.error in BLOCK_ERRORS and len(bodies) > 1:
                    # No traceback: the pointers say which block is wrong.
                    log.error(  # noqa: TRY400
                        "blocks_refused", way=way.name, error=refusal.error, pointers=refusal.pointers
                    )
                    bodies.pop(0)
                elif refusal.error in _TOO_LONG and not shortened:
                    shortened = True
                    bodies = [b | {"text": _cut(b["text"])} for b in bodies]
                elif refusal.error == "ratelimited" and not waited and (refusal.retry_after_s or 0) <= LONGEST_WAIT_S:
                    waited = True
                    self._api.sleep(refusal.retry_after_s or 1.0)
                else:
                    raise
            else:
                if tried_native and len(bodies) == 2:
                    self._forms.refused(way.name)
                return


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_LIMIT else f"{text[:TEXT_LIMIT]}…"


def _undelivered(address: Address, refusal: SlackCallError | None) -> DeliveryError:
    error = refusal.error if refusal else "no_way"
    hint = None
    if refusal is not None and refusal.unclear:
        hint = "Slack didn't say whether it took the message: look before you ask again."
    elif error in _NOT_IN_CHANNEL:
        hint = "Invite me to the channel first: `/invite` and my name."
    elif error == "is_archived":
        hint = "The channel is archived: ask in another one, or without `share`."
    elif error in {"ratelimited", "message_limit_exceeded"}:
        hint = "Slack takes no more messages for the moment. Ask again in a minute."
    elif error in _HELD_BY_ADMINS:
        hint = "An administrator of this workspace holds it back."
    elif error.startswith("restricted_action"):
        hint = "An administrator limits who may post there."
    elif error in TOKEN_ERRORS:
        hint = "An operator has to reinstall the app."
    elif error == "missing_scope":
        hint = f"An operator has to reinstall the app: the scope {refusal.needed if refusal else ''} is missing."
    return DeliveryError(
        "Slack did not take the message.", channel=address.channel_id or address.user_id, hint=hint, code=error
    )
