"""Mentions, direct messages, the Home tab, and what changes about channels. Bolt acknowledges events by itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.core.grammar import from_slack
from bot.edges.slack.questions import Question
from bot.edges.slack.reply import Address, Door
from bot.edges.slack.unpack import field, optional

if TYPE_CHECKING:
    from slack_bolt import App

    from bot.edges.slack.desk import Desk
    from bot.edges.slack.home import HomeDesk

_CHANNEL_EVENTS = ("channel_archive", "group_archive", "channel_shared", "channel_unshared", "channel_id_changed")


def register(app: App, desk: Desk, home: HomeDesk) -> None:
    """Listen to the events that ask something, or change who reads a channel."""

    @app.event("app_mention")
    def mentioned(body: dict[str, Any], event: dict[str, Any]) -> None:
        if not _by_a_person(event):
            return
        address = Address(
            user_id=field(event, "user"),
            door=Door.MENTION,
            channel_id=field(event, "channel"),
            thread_ts=optional(event, "thread_ts"),
            received_at=desk.now,
        )
        text = from_slack(_without_bot(optional(event, "text") or "", _bot_user_id(body))).strip()
        desk.take_quietly(Question(text, address, f"event:{field(body, 'event_id')}"))

    @app.event("message")
    def written(body: dict[str, Any], event: dict[str, Any]) -> None:
        # Edits, deletions, joins and files come as subtypes; messages in channels only where somebody subscribed us.
        if event.get("channel_type") != "im" or event.get("subtype") or not _by_a_person(event):
            return
        address = Address(
            user_id=field(event, "user"),
            door=Door.MESSAGE,
            channel_id=field(event, "channel"),
            thread_ts=optional(event, "thread_ts"),
            received_at=desk.now,
        )
        text = optional(event, "text") or ""
        bot = _bot_user_id(body)
        text = from_slack(_without(bot, text) if bot else text)
        desk.take_quietly(Question(text, address, f"event:{field(body, 'event_id')}"))

    @app.event("app_home_opened")
    def home_opened(body: dict[str, Any], event: dict[str, Any]) -> None:
        if event.get("tab") == "home":
            home.open(field(event, "user"), f"event:{field(body, 'event_id')}")

    for name in _CHANNEL_EVENTS:
        app.event(name)(_changed(desk))

    for name in ("member_left_channel", "app_uninstalled", "tokens_revoked"):
        app.event(name)(_heard)


def _changed(desk: Desk) -> Any:
    def changed(event: dict[str, Any]) -> None:
        for name in ("channel", "old_channel_id", "new_channel_id"):
            channel = optional(event, name)
            if channel is not None:
                desk.channel_changed(channel)

    return changed


def _heard(event: dict[str, Any]) -> None:
    """Nothing to do: listened to so that Slack gets its acknowledgement."""


def _without_bot(text: str, bot_user_id: str | None) -> str:
    """The text of a mention without the bot in it; where it isn't found under its id, without the first one named."""
    without = text if bot_user_id is None else _without(bot_user_id, text)
    if without != text:
        return without
    return re.sub(r"<@[UW][A-Z0-9]+(?:\|[^>]*)?>[:,]?", " ", text, count=1)


def _without(user_id: str, text: str) -> str:
    """The text without the mentions of one user; whoever else is named stays."""
    return re.sub(rf"<@{re.escape(user_id)}(?:\|[^>]*)?>[:,]?", " ", text)


def _by_a_person(event: dict[str, Any]) -> bool:
    return bool(event.get("user")) and not event.get("bot_id") and not event.get("bot_profile")


def _bot_user_id(body: dict[str, Any]) -> str | None:
    """The user as whom the app is installed; the delivery itself says it."""
    authorizations = body.get("authorizations")
    for authorization in authorizations if isinstance(authorizations, list) else ():
        if isinstance(authorization, dict) and authorization.get("is_bot"):
            return optional(authorization, "user_id")
    return None
