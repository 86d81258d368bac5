"""The buckets of an aggregate query, and how its answer spells them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from genesys_client.sandbox.http import bad_request
from genesys_client.sandbox.moments import UTC_DAY, Period, Span, cut, iso

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from genesys_client.sandbox.world import Call

_MOST_BUCKETS = 50_000


@dataclass(frozen=True, slots=True)
class Buckets:
    """Buckets in order, without gaps."""

    span: Span
    """What was asked for; buckets on the UTC grid may reach beyond it."""
    spans: list[Span]
    starts: list[int]
    spelled: list[str]

    @classmethod
    def of(cls, call: Call) -> Buckets:
        """Those that the call's interval, granularity and zone make.

        Raises:
            ApiError: 400, one of them makes no sense.
        """
        span, zone = call.interval(), call.zone()
        period = read_granularity(call)
        if period is not None and span.length > _MOST_BUCKETS * _shortest(period):
            raise bad_request("The interval has too many buckets of that granularity.")
        behaviour = call.world.behaviour
        spans = cut(span, period, zone)
        if behaviour.buckets_from_utc and period is not None and not period.months:
            spans = _on_utc_grid(span, period.days * UTC_DAY + period.elapsed)
        spelling: ZoneInfo | None = zone if behaviour.offset_intervals else None
        return cls(
            span,
            spans,
            [bucket.start for bucket in spans],
            [f"{iso(bucket.start, spelling)}/{iso(bucket.end, spelling)}" for bucket in spans],
        )

    def index(self, at: int) -> int:
        """Which bucket an instant of the interval falls into."""
        return bisect_right(self.starts, at) - 1


def read_granularity(call: Call) -> Period | None:
    """The width of a bucket; None for the whole interval.

    Raises:
        ApiError: 400, not a period.
    """
    text = call.body.get("granularity")
    if text is None:
        return None
    try:
        return Period.parse(text)
    except ValueError as error:
        raise bad_request(f"Granularity [{text}] must be an ISO-8601 period.") from error


def _shortest(period: Period) -> int:
    return period.months * 28 * UTC_DAY + period.days * UTC_DAY + period.elapsed


def _on_utc_grid(span: Span, step: int) -> list[Span]:
    first = span.start // step * step
    return [Span(start, start + step) for start in range(first, span.end, step)]
