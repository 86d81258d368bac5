"""Posting, changing and taking back messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.demo.fake_slack.methods.calling import UPDATE_TEXT_MAX, text
from bot.demo.fake_slack.state import BOT_USER_ID, SlackError

if TYPE_CHECKING:
    from bot.demo.fake_slack.methods.calling import Calling
    from bot.demo.fake_slack.state import Channel, Json, Message


def post_message(calling: Calling, params: Json) -> Json:
    """Post for everyone in a channel, or to a person directly."""
    channel = postable(calling, text(params, "channel"))
    payload = calling.checked(params)
    if thread_ts := payload.get("thread_ts"):
        parent = calling.world.message(channel.id, str(thread_ts))
        if parent is None:
            raise SlackError("thread_not_found")
        payload["thread_ts"] = parent.thread_ts or parent.ts
    message = calling.world.post(channel=channel.id, user=BOT_USER_ID, via="chat.postMessage", payload=payload)
    return {"channel": channel.id, "ts": message.ts, "message": message.as_json()}


def post_ephemeral(calling: Calling, params: Json) -> Json:
    """Show to one person who is in the channel; nothing of it is kept in the history."""
    channel = postable(calling, text(params, "channel"))
    person = calling.world.person(text(params, "user"))
    if person.id not in channel.members:
        raise SlackError("user_not_in_channel")
    payload = calling.checked(params)
    message = calling.world.post(
        channel=channel.id, user=BOT_USER_ID, via="chat.postEphemeral", payload=payload, to=person.id
    )
    return {"message_ts": message.ts}


def update(calling: Calling, params: Json) -> Json:
    """Change an own message; `text` alone removes the blocks."""
    message = _own(calling, params, refusal="cant_update_message")
    payload = calling.checked(params, text_max=UPDATE_TEXT_MAX)
    message.replace(payload)
    calling.world.touch()
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": message.as_json()}


def delete(calling: Calling, params: Json) -> Json:
    """Take an own message back."""
    message = _own(calling, params, refusal="cant_delete_message")
    calling.world.take_back(message)
    return {"channel": message.channel, "ts": message.ts}


def get_permalink(calling: Calling, params: Json) -> Json:
    """A link to a message."""
    channel = calling.world.channel(text(params, "channel"))
    ts = text(params, "message_ts")
    if calling.world.message(channel.id, ts) is None:
        raise SlackError("message_not_found")
    return {"channel": channel.id, "permalink": f"{calling.origin}/archives/{channel.id}/p{ts.replace('.', '')}"}


def postable(calling: Calling, channel_id: str) -> Channel:
    """The channel, if the bot may post there; a person's id stands for the direct conversation with her."""
    if channel_id in calling.world.people:
        person = calling.world.person(channel_id)
        if person.deleted:
            raise SlackError("channel_not_found")
        return calling.world.dm(person.id)
    channel = calling.world.channel(channel_id)
    inside = BOT_USER_ID in channel.members
    if channel.private and not inside:
        raise SlackError("channel_not_found")
    if channel.archived:
        raise SlackError("is_archived")
    if not inside and "chat:write.public" not in calling.scopes:
        raise SlackError("not_in_channel")
    return channel


def _own(calling: Calling, params: Json, *, refusal: str) -> Message:
    channel = calling.world.channel(text(params, "channel"))
    message = calling.world.message(channel.id, text(params, "ts"))
    if message is None:
        raise SlackError("message_not_found")
    if message.user != BOT_USER_ID:
        raise SlackError(refusal)
    if channel.archived:
        raise SlackError("is_inactive")
    return message
