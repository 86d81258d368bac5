"""What the platform sends, as values. Only the fields that are used are decoded, and none is required to be there.

Durations are float milliseconds as they come (`_ms`); enumerations stay text, since the platform adds to them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""An aware moment, in whatever offset it came."""


class AggregateRecord(msgspec.Struct, frozen=True, gc=False):
    """One metric of one group in one bucket.

    Records are sparse and not unique: what the platform splits further than asked (by media type, say) comes
    as several records of the same agent, bucket and metric, to be summed.
    """

    group: dict[str, str | None]
    """Dimension → value, such as `{"userId": …, "mediaType": "voice"}`; `userId` may be absent, or null."""
    start: datetime
    """UTC"""
    end: datetime
    """UTC"""
    metric: str
    qualifier: str | None
    """The status or presence, for metrics of those."""
    sum_ms: float | None
    count: int | None


class StatusSpan(msgspec.Struct, frozen=True):
    """Time in one presence or routing status."""

    status: str
    start: datetime
    end: datetime | None
    """None while it lasts."""


class StatusTimeline(msgspec.Struct, frozen=True):
    """An agent's presences and routing statuses, each in order of time."""

    user_id: str
    presence: tuple[StatusSpan, ...]
    routing: tuple[StatusSpan, ...]


class User(msgspec.Struct, frozen=True):
    """A person of the organisation."""

    id: str
    name: str
    email: str | None = None
    state: str = "active"
    """active, inactive, deleted, or what the platform may add"""
    team_id: str | None = None
    division_id: str | None = None
    manager_id: str | None = None
    username: str | None = None
    title: str | None = None
    department: str | None = None


class Named(msgspec.Struct, frozen=True):
    """A queue, team, group or division; its id stands in where it has no name."""

    id: str
    name: str


class Member(msgspec.Struct, frozen=True):
    """A person who belongs to a queue, team or group."""

    id: str
    name: str
    joined: bool | None = None
    """For queues: whether she takes its work at present."""


class Organization(msgspec.Struct, frozen=True):
    """The organisation to which the credentials belong."""

    id: str
    name: str
    domain: str | None = None


class TokenOwner(msgspec.Struct, frozen=True):
    """Whose token is in use."""

    organization_name: str | None
    client_name: str | None
