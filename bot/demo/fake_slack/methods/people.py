"""Who is who: tokens, people, groups."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.demo.fake_slack.methods.calling import flag, page, text
from bot.demo.fake_slack.state import APP_ID, BOT_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, SlackError

if TYPE_CHECKING:
    from bot.demo.fake_slack.methods.calling import Calling
    from bot.demo.fake_slack.state import Json, Person, UserGroup


def auth_test(calling: Calling, params: Json) -> Json:
    """Whose token this is."""
    return {
        "url": f"{calling.origin}/",
        "team": "Fake",
        "team_id": TEAM_ID,
        "user": "utilization",
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def connections_open(calling: Calling, params: Json) -> Json:
    """A url for one Socket Mode connection."""
    ticket = secrets.token_hex(8)
    calling.connection_tickets.add(ticket)
    return {"url": f"{calling.origin.replace('http', 'ws', 1)}/link/?ticket={ticket}&app_id={APP_ID}"}


def users_info(calling: Calling, params: Json) -> Json:
    """One person."""
    return {"user": _user(calling, calling.world.person(text(params, "user")))}


def users_list(calling: Calling, params: Json) -> Json:
    """Everybody of the workspace, by page."""
    here = [p for p in calling.world.people.values() if p.team_id == TEAM_ID]
    members, cursor = page(here, params)
    return {"members": [_user(calling, p) for p in members], "response_metadata": {"next_cursor": cursor}}


def users_lookup_by_email(calling: Calling, params: Json) -> Json:
    """The person with this address; deleted ones are not found."""
    wanted = text(params, "email").casefold()
    for person in calling.world.people.values():
        if person.email and person.email.casefold() == wanted and not person.deleted and person.team_id == TEAM_ID:
            return {"user": _user(calling, person)}
    raise SlackError("users_not_found")


def usergroups_list(calling: Calling, params: Json) -> Json:
    """All groups."""
    with_users = flag(params, "include_users")
    return {"usergroups": [_usergroup(g, with_users=with_users) for g in calling.world.usergroups.values()]}


def usergroups_users_list(calling: Calling, params: Json) -> Json:
    """The members of one group."""
    group = calling.world.usergroups.get(text(params, "usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.members)}


def team_info(calling: Calling, params: Json) -> Json:
    """The workspace."""
    return {"team": {"id": TEAM_ID, "name": "Fake", "domain": TEAM_DOMAIN}}


def _usergroup(group: UserGroup, *, with_users: bool) -> Json:
    shown: Json = {"id": group.id, "team_id": TEAM_ID, "handle": group.handle, "name": group.handle}
    return shown | ({"users": list(group.members)} if with_users else {})


def _user(calling: Calling, person: Person) -> Json:
    profile: Json = {"real_name": person.name, "display_name": person.handle}
    if person.email and "users:read.email" in calling.scopes:
        profile["email"] = person.email
    shown: Json = {
        "id": person.id,
        "team_id": person.team_id,
        "name": person.handle,
        "real_name": person.name,
        "deleted": person.deleted,
        "is_bot": person.is_bot,
        "is_restricted": person.restricted,
        "is_ultra_restricted": False,
        "profile": profile,
    }
    if person.team_id != TEAM_ID:
        shown["is_stranger"] = True
    if person.tz and not person.deleted:
        now = datetime.fromtimestamp(calling.world.clock(), UTC).astimezone(ZoneInfo(person.tz))
        offset = now.utcoffset()
        shown |= {"tz": person.tz, "tz_label": now.tzname(), "tz_offset": int(offset.total_seconds()) if offset else 0}
    return shown
