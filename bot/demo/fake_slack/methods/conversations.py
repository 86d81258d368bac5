"""Channels and direct messages: what they are, who is in them, what was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.demo.fake_slack.methods.calling import flag, page, text
from bot.demo.fake_slack.state import BOT_USER_ID, SlackError

if TYPE_CHECKING:
    from bot.demo.fake_slack.methods.calling import Calling
    from bot.demo.fake_slack.state import Channel, Json, Message


def info(calling: Calling, params: Json) -> Json:
    """One channel."""
    return {"channel": _channel(_readable(calling, text(params, "channel"), "read"))}


def list_(calling: Calling, params: Json) -> Json:
    """The channels that the bot can see, by page."""
    kinds = set(str(params.get("types") or "public_channel").replace(" ", "").split(","))
    shown = []
    for channel in calling.world.channels.values():
        kind = "im" if channel.is_dm else "private_channel" if channel.private else "public_channel"
        if kind not in kinds or (channel.private and BOT_USER_ID not in channel.members):
            continue
        if channel.archived and flag(params, "exclude_archived"):
            continue
        calling.need(f"{_family(channel)}:read")
        shown.append(channel)
    channels, cursor = page(shown, params)
    return {"channels": [_channel(c) for c in channels], "response_metadata": {"next_cursor": cursor}}


def members(calling: Calling, params: Json) -> Json:
    """Who is in a channel, by page."""
    channel = _readable(calling, text(params, "channel"), "read")
    ids, cursor = page(sorted(channel.members), params)
    return {"members": ids, "response_metadata": {"next_cursor": cursor}}


def open_(calling: Calling, params: Json) -> Json:
    """The direct conversation with a person."""
    person = calling.world.person(text(params, "users"))
    if person.deleted:
        raise SlackError("user_disabled")
    return {"channel": {"id": calling.world.dm(person.id).id}}


def join(calling: Calling, params: Json) -> Json:
    """Enter a public channel."""
    channel = calling.world.channel(text(params, "channel"))
    if channel.private or channel.is_dm:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.archived:
        raise SlackError("is_archived")
    channel.members.add(BOT_USER_ID)
    return {"channel": _channel(channel)}


def history(calling: Calling, params: Json) -> Json:
    """What was said in a channel, newest first; threads are left out unless they were broadcast."""
    channel = _listened_to(calling, params)
    lines = [m for m in _within(calling, channel, params) if m.thread_ts is None or m.thread_ts == m.ts or m.broadcast]
    return _pages(lines[::-1], params)


def replies(calling: Calling, params: Json) -> Json:
    """A thread: its first message, then the replies in order."""
    channel = _listened_to(calling, params)
    parent = text(params, "ts")
    if calling.world.message(channel.id, parent) is None:
        raise SlackError("thread_not_found")
    return _pages([m for m in _within(calling, channel, params) if parent in {m.ts, m.thread_ts}], params)


def _family(channel: Channel) -> str:
    return "im" if channel.is_dm else "groups" if channel.private else "channels"


def _readable(calling: Calling, channel_id: str, right: str) -> Channel:
    channel = calling.world.channel(channel_id)
    if channel.private and BOT_USER_ID not in channel.members:
        raise SlackError("channel_not_found")
    calling.need(f"{_family(channel)}:{right}")
    return channel


def _listened_to(calling: Calling, params: Json) -> Channel:
    channel = _readable(calling, text(params, "channel"), "history")
    if BOT_USER_ID not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _within(calling: Calling, channel: Channel, params: Json) -> list[Message]:
    oldest, latest = _ticks(params.get("oldest") or "0"), _ticks(params.get("latest") or "99999999999")
    inclusive = flag(params, "inclusive")
    return [
        m
        for m in calling.world.messages_in(channel.id)
        if not m.ephemeral
        and m.deleted_at is None
        and (oldest < _ticks(m.ts) < latest or (inclusive and _ticks(m.ts) in {oldest, latest}))
    ]


def _ticks(ts: object) -> int:
    """Microseconds: as floats, neighbouring timestamps would fall together."""
    whole, _, part = str(ts).partition(".")
    try:
        return int(whole) * 1_000_000 + int(part.ljust(6, "0")[:6])
    except ValueError:
        raise SlackError("invalid_ts_oldest") from None


def _pages(lines: list[Message], params: Json) -> Json:
    shown, cursor = page(lines, params)
    with_metadata = flag(params, "include_all_metadata")
    return {
        "messages": [m.as_json(with_metadata=with_metadata) for m in shown],
        "has_more": bool(cursor),
        "response_metadata": {"next_cursor": cursor},
    }


def _channel(channel: Channel) -> Json:
    if channel.is_dm:
        return {"id": channel.id, "is_im": True, "user": channel.person, "is_archived": channel.archived}
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.private,
        "is_group": channel.private,
        "is_im": False,
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_member": BOT_USER_ID in channel.members,
        "is_shared": channel.shared,
        "is_ext_shared": channel.shared,
        "is_org_shared": False,
        "num_members": len(channel.members),
    }
