"""The app's manifest, to paste at api.slack.com: everything that Slack has to know, and each scope with its reason."""

from __future__ import annotations

from typing import Any, Literal

from bot.errors import SettingsError

SCOPES: dict[str, str] = {
    "commands": "the slash command",
    "chat:write": "answers and summaries",
    "files:write": "CSV files",
    "files:read": "whether an uploaded file is ready",
    "im:write": "answers by direct message",
    "im:history": "questions by direct message",
    "users:read": "a person's zone, and whether she belongs to this workspace",
    "users:read.email": "which agent she is",
    "usergroups:read": "user groups that are named in SUPERVISORS",
    "channels:read": "who reads a public channel",
    "groups:read": "who reads a private channel",
    "app_mentions:read": "questions by mention",
}
"""Bot scopes, each with what it is for; `doctor` compares them with those of the token."""

OPTIONAL_SCOPES: dict[str, str] = {
    "chat:write.public": "posts in public channels without an invitation",
    "channels:history": "finding a post of ours after an unclear answer of Slack",
    "groups:history": "the same in private channels",
}

EVENTS = (
    "app_home_opened",
    "app_mention",
    "message.im",
    "channel_archive",
    "group_archive",
    "channel_id_changed",
    "channel_shared",
    "channel_unshared",
    "member_left_channel",
    "app_uninstalled",
    "tokens_revoked",
)
"""Every event that is subscribed to has a listener."""

ASK_SHORTCUT, SCHEDULE_SHORTCUT = "ask_form", "schedule_form"

SHORTCUTS: tuple[dict[str, str], ...] = (
    {
        "name": "Ask about utilization",
        "type": "global",
        "callback_id": ASK_SHORTCUT,
        "description": "Pick whom and when in a form; it shows the command that it makes",
    },
    {
        "name": "Schedule a report",
        "type": "global",
        "callback_id": SCHEDULE_SHORTCUT,
        "description": "Have a question answered on chosen days, for you, a channel or others",
    },
)
"""Every shortcut has a listener."""

_LONG_DESCRIPTION = (
    "Ask how busy agents were and get a table of utilization, occupancy and handle time for a day, a range, a team or "
    "one agent's half-hours. The figures come from Genesys Cloud; nothing is written back to it. An answer is shown "
    "to the person who asked, unless that person chooses to share it with a channel."
)


def manifest(
    *,
    mode: Literal["socket", "http"],
    url: str | None = None,
    command: str = "/utilization",
    name: str = "Utilization",
) -> dict[str, Any]:
    """The manifest for one way of delivery.

    Args:
        url: for HTTP, the bot's public address; Slack's path is added to it unless it is there.

    Raises:
        SettingsError: HTTP without an https address.
    """
    endpoint = _endpoint(url) if mode == "http" else None
    slash: dict[str, Any] = {
        "command": command,
        "description": "How busy agents were: a day, a range, a team, or one agent's half-hours",
        "usage_hint": "yesterday | last week team:Billing | intervals @person today | help",
        "should_escape": True,
    }
    subscriptions: dict[str, Any] = {"bot_events": list(EVENTS)}
    interactivity: dict[str, Any] = {"is_enabled": True}
    if endpoint is not None:
        slash["url"] = endpoint
        subscriptions["request_url"] = endpoint
        interactivity |= {"request_url": endpoint, "message_menu_options_url": endpoint}
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": name,
            "description": "Agent utilization from Genesys Cloud, asked and answered in Slack",
            "long_description": _LONG_DESCRIPTION,
            "background_color": "#1F3A5F",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": name.lower().replace(" ", "-"), "always_online": True},
            "shortcuts": [dict(shortcut) for shortcut in SHORTCUTS],
            "slash_commands": [slash],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES), "bot_optional": list(OPTIONAL_SCOPES)}},
        "settings": {
            "event_subscriptions": subscriptions,
            "interactivity": interactivity,
            "org_deploy_enabled": False,
            "socket_mode_enabled": mode == "socket",
            "token_rotation_enabled": False,
        },
    }


def _endpoint(url: str | None) -> str:
    if not url or not url.startswith("https://") or len(url) <= len("https://"):
        raise SettingsError(
            "Slack delivers to an https address only.",
            hint="Name the bot's public address: manifest --http https://bot.example.com",
        )
    url = url.rstrip("/")
    return url if url.endswith("/slack/events") else f"{url}/slack/events"
