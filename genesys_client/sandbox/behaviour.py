"""Switches for what no document settles, so that a client can be tried against either answer."""

from __future__ import annotations

from dataclasses import dataclass

from genesys_client.sandbox.moments import HOUR, SECOND


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How this platform decides where the real one may decide either way, and its limits."""

    strict: bool = True
    """Unknown fields and parameters are refused; else they are ignored."""
    media_in_group: bool = True
    """Groups of conversation aggregates carry `mediaType` though nobody asked."""
    buckets_from_utc: bool = False
    """Buckets lie on the UTC grid of their granularity instead of beginning with the interval."""
    offset_intervals: bool = False
    """Intervals in answers are spelled with the zone's offset instead of Z."""
    empty_as_object: bool = False
    """An aggregate without data answers `{}` instead of an empty list."""
    drop_min: bool = False
    """Statistics come without their minimum."""
    running_status_late: bool = False
    """A status counts in aggregates only once it is over."""
    spanning_status_missing: bool = False
    """Status details leave out what began before the interval and outlasts it."""
    fine_status_refused: bool = False
    """User aggregates finer than half an hour are a 400."""
    approximate_total_hits: bool = False
    """`totalHits` is a little wrong."""
    shifting_pages: bool = False
    """Conversations move while they are paged through: each page begins with the last entry of the one before."""
    search_any_state: bool = False
    """Searching for users finds inactive and deleted ones unasked."""
    requests_per_minute: int = 300
    """For each token."""
    tokens_per_minute: int = 60
    max_body_bytes: int = 512_000
    max_answer_bytes: int | None = None
    """A larger answer is refused with `response.entity.too.large`."""
    detail_page_size: int = 100
    """The largest page of a details query."""
    job_polls: int = 1
    """How often a job says that it is running before it is done."""
    availability_lag: int = 6 * HOUR
    """How far the data of jobs lag behind now, in milliseconds."""
    job_lifetime: int = 24 * HOUR
    """How long the results of a job can be read, in milliseconds."""

    def __post_init__(self) -> None:
        if self.requests_per_minute < 1 or self.availability_lag < SECOND:
            raise ValueError("a platform allows some requests, and its jobs lag behind")
