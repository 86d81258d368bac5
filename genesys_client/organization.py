"""The organisation: its queues, teams, groups and divisions with their members, and its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from genesys_client import listings
from genesys_client.api import Api, decode, segment
from genesys_client.listings import Listing, Reference
from genesys_client.models import Member, Named, Organization, TokenOwner

if TYPE_CHECKING:
    from collections.abc import Iterable

    from genesys_client.operation import Operation

QUEUES = "/api/v2/routing/queues"
TEAMS = "/api/v2/teams"
GROUPS = "/api/v2/groups"
DIVISIONS = "/api/v2/authorization/divisions"
ORGANIZATION = "/api/v2/organizations/me"
TOKEN = "/api/v2/tokens/me"  # noqa: S105 -- a path, not a password
LIMITS = "/api/v2/organizations/limits/namespaces"

PAGE = (("pageSize", "100"),)
"""The largest page that queue members allow; the others take it too."""


class _QueueMember(Reference, rename="camel"):
    joined: bool | None = None
    user: Reference | None = None


class _Organization(Reference):
    domain: str | None = None


class _Token(msgspec.Struct):
    organization: Reference | None = None
    client: Reference | None = msgspec.field(name="OAuthClient", default=None)


class _Limit(msgspec.Struct):
    key: str | None = None
    value: float | None = None


class _Limits(msgspec.Struct):
    entities: list[_Limit] | None = None


_references = msgspec.json.Decoder(Listing[Reference])
_queue_members = msgspec.json.Decoder(Listing[_QueueMember])
_organization = msgspec.json.Decoder(_Organization)
_token = msgspec.json.Decoder(_Token)
_limits = msgspec.json.Decoder(_Limits)


class Directory:
    """The part of the client that asks about the organisation."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def queues(self, operation: Operation) -> tuple[Named, ...]:
        """All queues that the client may see."""
        return _named(listings.numbered(self._api, QUEUES, _references, PAGE, operation))

    def queue_members(self, queue_id: str, operation: Operation) -> tuple[Member, ...]:
        """Who belongs to a queue, joined or not."""
        path = f"{QUEUES}/{segment(queue_id)}/members"
        found = listings.onward(self._api, path, _queue_members, PAGE, operation)
        members = (Member(m.id, m.name or (m.user.name if m.user else None) or m.id, m.joined) for m in found if m.id)
        return _once(members)

    def teams(self, operation: Operation) -> tuple[Named, ...]:
        """All teams that the client may see."""
        return _named(listings.by_cursor(self._api, TEAMS, _references, PAGE, operation))

    def team_members(self, team_id: str, operation: Operation) -> tuple[Member, ...]:
        """Who belongs to a team."""
        path = f"{TEAMS}/{segment(team_id)}/members"
        return _members(listings.by_cursor(self._api, path, _references, (*PAGE, ("expand", "entities")), operation))

    def groups(self, operation: Operation) -> tuple[Named, ...]:
        """All groups that the client may see."""
        return _named(listings.numbered(self._api, GROUPS, _references, PAGE, operation))

    def group_members(self, group_id: str, operation: Operation) -> tuple[Member, ...]:
        """Who belongs to a group, owners and dynamic members included."""
        path = f"{GROUPS}/{segment(group_id)}/members"
        return _members(listings.numbered(self._api, path, _references, PAGE, operation))

    def divisions(self, operation: Operation) -> tuple[Named, ...]:
        """All divisions."""
        return _named(listings.numbered(self._api, DIVISIONS, _references, PAGE, operation))

    def me(self, operation: Operation) -> Organization:
        """The organisation of these credentials: the cheapest proof that they work."""
        found = decode(_organization, self._api.get(ORGANIZATION, operation), ORGANIZATION)
        return Organization(found.id or "", found.name or found.id or "", found.domain)

    def token(self, operation: Operation) -> TokenOwner:
        """Whose token is in use."""
        found = decode(_token, self._api.get(TOKEN, operation), TOKEN)
        return TokenOwner(
            organization_name=found.organization.name if found.organization else None,
            client_name=found.client.name if found.client else None,
        )

    def limits(self, namespace: str, operation: Operation) -> dict[str, int]:
        """The effective limits of a namespace, such as `platform.api`, by key."""
        path = f"{LIMITS}/{segment(namespace)}"
        found = decode(_limits, self._api.get(path, operation), path)
        return {limit.key: int(limit.value) for limit in found.entities or () if limit.key and limit.value is not None}


def _named(found: Iterable[Reference]) -> tuple[Named, ...]:
    return tuple({ref.id: Named(ref.id, ref.name or ref.id) for ref in found if ref.id}.values())


def _members(found: Iterable[Reference]) -> tuple[Member, ...]:
    return _once(Member(ref.id, ref.name or ref.id) for ref in found if ref.id)


def _once(members: Iterable[Member]) -> tuple[Member, ...]:
    return tuple({member.id: member for member in members}.values())
