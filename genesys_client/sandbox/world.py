"""What every handler works with: the organisation, its activity, its clock, and one call at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from genesys_client.sandbox.emission import Emission, emissions
from genesys_client.sandbox.floor import FLOOR_DAYS
from genesys_client.sandbox.http import ApiError, invalid_value
from genesys_client.sandbox.moments import Span, parse_interval, to_ms
from genesys_client.sandbox.threads import LONGEST_DAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date, datetime

    from genesys_client.sandbox.access import OAuthGrant
    from genesys_client.sandbox.activity import Activity
    from genesys_client.sandbox.behaviour import Behaviour
    from genesys_client.sandbox.faults import Troublemaker
    from genesys_client.sandbox.handlers.conversation_details import RecentAnswers
    from genesys_client.sandbox.handlers.jobs import Jobs
    from genesys_client.sandbox.organization import Organization


class World:
    """The organisation as it is at this moment."""

    def __init__(
        self,
        activity: Activity,
        *,
        now: Callable[[], datetime],
        behaviour: Behaviour,
        trouble: Troublemaker,
        jobs: Jobs,
        recent_answers: RecentAnswers,
    ) -> None:
        self.activity = activity
        self.behaviour = behaviour
        self.clock = now
        self.trouble = trouble
        self.jobs = jobs
        self.recent_answers = recent_answers

    @property
    def organization(self) -> Organization:
        """Who is there."""
        return self.activity.organization

    def now(self) -> int:
        """The present, in milliseconds."""
        return to_ms(self.clock())

    def emissions(self, span: Span, as_of: int) -> Iterator[Emission]:
        """Every metric emitted within the span and not after `as_of`."""
        end = min(span.end, as_of + 1)
        for kind, before in (("floor", FLOOR_DAYS), ("threads", LONGEST_DAYS)):
            for day in self.activity.days(span, before=before):
                for emission in self.activity.cache.get(f"emissions of {kind}", day, self._emitted_by(kind)):
                    if span.start <= emission.at < end:
                        yield emission

    def _emitted_by(self, kind: str) -> Callable[[date], list[Emission]]:
        source = self.activity.floor if kind == "floor" else self.activity.threads
        return lambda day: [e for conversation in source(day).conversations for e in emissions(conversation)]


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted request, its parts read."""

    world: World
    grant: OAuthGrant
    path: str
    params: Mapping[str, str]
    """From the path."""
    query: Mapping[str, list[str]]
    as_of: int
    """The present, or for a job the moment up to which its data reach; in milliseconds."""
    body: Any = None

    def text(self, name: str) -> str | None:
        """A query parameter."""
        values = self.query.get(name)
        return values[-1] if values else None

    def texts(self, name: str) -> list[str]:
        """A query parameter that can be repeated, or be one list with commas."""
        return [part for value in self.query.get(name, ()) for part in value.split(",") if part]

    def number(self, name: str, default: int, *, most: int | None = None) -> int:
        """A query parameter that counts from one.

        Raises:
            ApiError: 400, it is less than one or more than `most`.
        """
        value = int(self.text(name) or default)
        if value < 1 or (most is not None and value > most):
            raise ApiError(
                400,
                "invalid.query.param.value",
                f"Value [{value}] is not valid for parameter [{name}]. Allowable values are: 1 to {most or 'any'}",
            )
        return value

    def interval(self) -> Span:
        """The body's interval.

        Raises:
            ApiError: 400, it isn't one.
        """
        text = self.body["interval"]
        try:
            return parse_interval(text)
        except ValueError as error:
            raise ApiError(
                400, "invalid.date", f"Interval [{text}] must be two ISO-8601 instants, start/end, the start first."
            ) from error

    def zone(self) -> ZoneInfo:
        """The body's time zone, UTC if it names none.

        Raises:
            ApiError: 400, there is no such zone.
        """
        name = self.body.get("timeZone", "UTC")
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise invalid_value(name, "TimeZone", ["names of the IANA database"]) from error

    def sees(self, division_id: str) -> bool:
        """Whether the client's role reaches the division."""
        return self.grant.reaches(division_id)
