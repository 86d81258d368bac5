"""Who reads a channel: looked up before anything is posted there, and remembered for a quarter of an hour at most."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import structlog

from bot.core.rights import PRIVATE, Audience
from bot.edges.slack.api import SlackCallError
from bot.errors import NotAllowedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.edges.slack.api import SlackApi

log = structlog.get_logger(__name__)

FRESH_S = 900.0
_SIZE = 10_000
_PAGE = 200
"""Members of a channel in one call, as many as Slack recommends at most."""


def members_of(api: SlackApi, channel_id: str) -> frozenset[str]:
    """Who is in a channel, by Slack id.

    Raises:
        SlackCallError: Slack doesn't say.
    """
    people: set[str] = set()
    cursor = ""
    while True:
        page = api.read("conversations.members", channel=channel_id, limit=_PAGE, cursor=cursor)
        before = len(people)
        people.update(str(person) for person in page.get("members") or ())
        cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor or len(people) == before:
            return frozenset(people)


class SlackChannels:
    """Audiences by channel id, over `conversations.info`.

    Args:
        named: channels where names may be posted.
        clock: monotonic seconds.
    """

    def __init__(
        self, api: SlackApi, *, named: frozenset[str] = frozenset(), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._api = api
        self._named = named
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Audience, float]] = {}

    def audience(self, channel_id: str) -> Audience:
        """Who would read a post there.

        Raises:
            NotAllowedError: Slack doesn't say, or the channel is archived. No answer is a refusal.
        """
        with self._lock:
            known = self._known.get(channel_id)
        if known is not None and self._clock() - known[1] <= FRESH_S:
            return known[0]
        audience = self._looked_up(channel_id)
        with self._lock:
            if len(self._known) >= _SIZE:
                self._known.clear()
            self._known[channel_id] = (audience, self._clock())
        return audience

    def check_member(self, channel_id: str, user_id: str) -> None:
        """Whether somebody is in a channel from which, as a form says, she asks: what comes in may say anything.

        Raises:
            NotAllowedError: she isn't, or Slack doesn't say.
        """
        try:
            if user_id in members_of(self._api, channel_id):
                return
        except SlackCallError as refusal:
            log.warning("members_unknown", channel=channel_id, error=refusal.error, needed=refusal.needed)
        raise NotAllowedError(
            "I can't tell that you are in the channel where the form was opened.",
            hint="Invite me there (`/invite`), or type the command in the channel.",
            code="channel_unknown",
        )

    def forget(self, channel_id: str) -> None:
        """Look again next time: something about the channel changed."""
        with self._lock:
            self._known.pop(channel_id, None)

    def _looked_up(self, channel_id: str) -> Audience:
        try:
            channel = self._api.read("conversations.info", channel=channel_id)["channel"]
        except SlackCallError as refusal:
            log.warning("channel_unknown", channel=channel_id, error=refusal.error, needed=refusal.needed)
            if refusal.error in {"channel_not_found", "not_in_channel", "no_permission"}:
                hint = "Invite me (`/invite`) and ask again, or ask without `share`."
            else:
                hint = "Ask without `share` for an answer to you alone, or try again in a minute."
            raise NotAllowedError(
                "I can't tell who reads this channel, so I post no figures in it.", hint=hint, code="channel_unknown"
            ) from refusal
        if channel.get("is_im"):
            return PRIVATE
        if channel.get("is_archived"):
            raise NotAllowedError(
                "This channel is archived.", hint="Ask without `share`, or in another channel.", code="channel_archived"
            )
        # An invitation that is still open counts: whoever accepts it reads what was posted before.
        shared = any(channel.get(mark) for mark in ("is_ext_shared", "is_pending_ext_shared"))
        return Audience(channel_id=channel_id, named=channel_id in self._named, shared_externally=shared)
