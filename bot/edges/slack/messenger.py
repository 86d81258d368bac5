"""`Messenger` over the Web API: each post is one request, and its outcome is told as exactly as Slack tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from bot.edges.slack.api import SlackCallError
from bot.edges.slack.channels import members_of
from bot.ports import ChannelState, Posted, Refused, Unclear
from bot.services.delivery import Caretakers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from bot.core.rights import Grant
    from bot.edges.slack.api import SlackApi

log = structlog.get_logger(__name__)

EVENT_TYPE = "utilization_summary"
"""Marks a message as a scheduled post; its payload is the fire's key and the attempt, never a figure."""

_MAY_NOT_LOOK = frozenset({"missing_scope", "not_in_channel", "channel_not_found", "no_permission", "access_denied"})
_GONE = frozenset({"message_not_found", "channel_not_found"})
_PAGE = 200
_MOST_PAGES = 20


class SlackMessenger:
    """Posts, looks and takes back; thread-safe.

    Args:
        api: its client repeats nothing by itself; its time-out is the post's.
    """

    def __init__(self, api: SlackApi) -> None:
        self._api = api

    def post(self, channel: str, message: Mapping[str, Any], *, key: str, attempt: int) -> Posted | Refused | Unclear:
        """Post once, with the key and attempt in the message's metadata."""
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": key, "attempt": attempt}}
        try:
            answer = self._api.write(
                "chat.postMessage",
                channel=channel,
                text=message["text"],
                blocks=message["blocks"],
                metadata=metadata,
                unfurl_links=False,
                unfurl_media=False,
            )
        except SlackCallError as refusal:
            return _outcome(refusal)
        ts, where = answer.get("ts"), answer.get("channel")
        if not (isinstance(ts, str) and isinstance(where, str)):
            return Unclear("unreadable")
        return Posted(where, ts)

    def find(self, channel: str, key: str, oldest: datetime) -> Sequence[str] | Refused | Unclear | None:
        """The ts of every message with that key since then, oldest first; None: we may not look."""
        found: list[str] = []
        cursor = ""
        for _ in range(_MOST_PAGES):
            try:
                page = self._api.write(
                    "conversations.history",
                    channel=channel,
                    oldest=f"{oldest.timestamp():.6f}",
                    inclusive=True,
                    include_all_metadata=True,
                    limit=_PAGE,
                    cursor=cursor or None,
                )
            except SlackCallError as refusal:
                if refusal.error in _MAY_NOT_LOOK:
                    log.warning("history_forbidden", channel=channel, error=refusal.error, needed=refusal.needed)
                    return None
                return _outcome(refusal)
            found += _with_key(page.get("messages"), key)
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return sorted(found, key=_moment)
        log.warning("history_too_long", channel=channel)
        # What wasn't read may hold the message: only a find can be relied on.
        return sorted(found, key=_moment) if found else Unclear("history_too_long")

    def delete(self, channel: str, ts: str) -> bool:
        """Take a message back; True where it is gone."""
        try:
            self._api.write("chat.delete", channel=channel, ts=ts)
        except SlackCallError as refusal:
            if refusal.error in _GONE:
                return True
            log.warning("message_not_deleted", channel=channel, error=refusal.error)
            return False
        return True

    def direct_channel(self, person_id: str) -> str | Refused | Unclear:
        """The channel of direct messages with that person; opening it twice is the same."""
        try:
            return str(self._api.write("conversations.open", users=person_id)["channel"]["id"])
        except SlackCallError as refusal:
            return _outcome(refusal)

    def tell(self, person_id: str, text: str, blocks: Sequence[Mapping[str, Any]] = ()) -> bool:
        """A direct message, best effort: where Slack's answer was lost it counts as told."""
        try:
            self._api.write(
                "chat.postMessage",
                channel=person_id,
                text=text,
                blocks=[dict(block) for block in blocks] or None,
                unfurl_links=False,
                unfurl_media=False,
            )
        except SlackCallError as refusal:
            log.warning("tell_refused", person=person_id, error=refusal.error, unclear=refusal.unclear)
            return refusal.unclear
        return True

    def channel_state(self, channel_id: str) -> ChannelState | Refused | Unclear:
        """What decides whether figures may be posted there."""
        try:
            channel = self._api.write("conversations.info", channel=channel_id)["channel"]
        except SlackCallError as refusal:
            return _outcome(refusal)
        # An invitation that is still open counts: whoever accepts it reads what was posted before.
        shared = any(channel.get(mark) for mark in ("is_ext_shared", "is_pending_ext_shared"))
        return ChannelState(
            archived=bool(channel.get("is_archived")),
            shared_externally=shared,
            member=bool(channel.get("is_member", True)),
        )

    def members(self, channel_id: str) -> frozenset[str] | Refused | Unclear:
        """Who is in a channel, by Slack id."""
        try:
            return members_of(self._api, channel_id)
        except SlackCallError as refusal:
            return _outcome(refusal)


def caretakers(grants: Iterable[Grant], auditors: Sequence[str], api: SlackApi) -> Caretakers:
    """Whom SUPERVISORS names, in its order, members of its user groups in place of these; and the auditors."""
    subjects = tuple(grant.subject for grant in grants if grant.subject != "*")

    def supervisors() -> list[str]:
        people: dict[str, None] = {}
        for subject in subjects:
            people.update(dict.fromkeys(_group(api, subject) if subject.startswith("S") else [subject]))
        return list(people)

    return Caretakers(supervisors=supervisors, auditors=tuple(auditors))


def _group(api: SlackApi, group: str) -> list[str]:
    try:
        return [str(person) for person in api.read("usergroups.users.list", usergroup=group).get("users") or ()]
    except SlackCallError as refusal:
        log.warning("usergroup_unknown", usergroup=group, error=refusal.error)
        return []


def _outcome(refusal: SlackCallError) -> Refused | Unclear:
    if refusal.unclear:
        return Unclear(refusal.error)
    if refusal.error == "ratelimited":
        return Refused(refusal.error, retry_after_s=refusal.retry_after_s or 1.0)
    return Refused(refusal.error)


def _with_key(messages: object, key: str) -> Iterator[str]:
    for message in messages if isinstance(messages, list) else ():
        if not isinstance(message, dict):
            continue
        metadata = message.get("metadata") or {}
        payload = metadata.get("event_payload") or {}
        if metadata.get("event_type") == EVENT_TYPE and payload.get("key") == key:
            yield str(message["ts"])


def _moment(ts: str) -> tuple[int, int]:
    whole, _, part = ts.partition(".")
    return int(whole), int(part or 0)
