"""The Web API's methods: one table with what each needs, how often it may be called, and the function that does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.demo.fake_slack.methods import chat, conversations, files, people, views

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.demo.fake_slack.methods.calling import Calling
    from bot.demo.fake_slack.state import Json

TIER_1, TIER_2, TIER_3, TIER_4 = 1, 20, 50, 100


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the Web API."""

    run: Callable[[Calling, Json], Json]
    per_minute: int | None
    """None: no tier; `chat.postMessage` has the channel's rate instead."""
    scope: str | None = None
    """Needed at all; methods whose scope depends on the kind of channel ask for it themselves."""
    app_token: bool = False


METHODS: dict[str, Method] = {
    "auth.test": Method(people.auth_test, None),
    "apps.connections.open": Method(people.connections_open, None, app_token=True),
    "users.info": Method(people.users_info, TIER_4, "users:read"),
    "users.list": Method(people.users_list, TIER_2, "users:read"),
    "users.lookupByEmail": Method(people.users_lookup_by_email, TIER_3, "users:read.email"),
    "usergroups.list": Method(people.usergroups_list, TIER_2, "usergroups:read"),
    "usergroups.users.list": Method(people.usergroups_users_list, TIER_2, "usergroups:read"),
    "team.info": Method(people.team_info, TIER_3, "team:read"),
    "conversations.info": Method(conversations.info, TIER_3),
    "conversations.list": Method(conversations.list_, TIER_2),
    "conversations.members": Method(conversations.members, TIER_4),
    "conversations.open": Method(conversations.open_, TIER_3, "im:write"),
    "conversations.join": Method(conversations.join, TIER_3, "channels:join"),
    "conversations.history": Method(conversations.history, TIER_3),
    "conversations.replies": Method(conversations.replies, TIER_3),
    "chat.postMessage": Method(chat.post_message, None, "chat:write"),
    "chat.postEphemeral": Method(chat.post_ephemeral, TIER_4, "chat:write"),
    "chat.update": Method(chat.update, TIER_3, "chat:write"),
    "chat.delete": Method(chat.delete, TIER_3, "chat:write"),
    "chat.getPermalink": Method(chat.get_permalink, None),
    "views.open": Method(views.open_, TIER_4),
    "views.push": Method(views.push, TIER_4),
    "views.update": Method(views.update, TIER_4),
    "views.publish": Method(views.publish, TIER_4),
    "files.getUploadURLExternal": Method(files.get_upload_url, TIER_4, "files:write"),
    "files.completeUploadExternal": Method(files.complete_upload, TIER_4, "files:write"),
    "files.info": Method(files.info, TIER_4, "files:read"),
}

ALL_SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:read",
        "chat:write",
        "chat:write.public",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:write",
        "usergroups:read",
        "users:read",
        "users:read.email",
    }
)
"""What an installation grants when nothing optional was declined."""
