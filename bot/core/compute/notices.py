"""What a reader must know beside the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.answer import Missing, Notice
from bot.core.frames import LENGTH_COLUMN
from bot.core.query import Booking, Dimension
from bot.core.rendering.figures import duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.compute.sheet import Cohort, Sheet
    from bot.core.frames import Facts
    from bot.core.query import Query

_RESIDUE_S = 0.5
"""Below half a second a residue is the rounding of the parts."""


def passed_on(posted: Facts, status: Facts | None) -> Iterator[Notice]:
    """What the sources said: first what they could not answer."""
    sources = [facts for facts in (posted, status) if facts is not None]
    for facts in sources:
        yield from (shortfall.notice for shortfall in facts.shortfalls)
    for facts in sources:
        yield from facts.notices


def partial(cohort: Cohort) -> Iterator[Notice]:
    """How many agents each source failed for."""
    asked = len(cohort.agent_ids)
    for what, missing in (("Conversations", cohort.without_posted), ("Status time", cohort.without_status)):
        if not missing:
            continue
        if len(missing) == asked:
            yield Notice("partial", f"What rests on {what[0].lower()}{what[1:]} is left empty.")
        else:
            yield Notice(
                "partial",
                f"{what} of {len(missing):,} of {asked:,} agents could not be fetched: "
                "their rows say so, and totals are of those who were.",
            )


def without_status(reason: Missing | None) -> Iterator[Notice]:
    """Why an answer has no status figures at all."""
    if reason is Missing.NOT_DIVISIBLE:
        yield Notice(
            "not_divisible",
            "Status time can't be divided by queue, media, direction or routing: utilization, occupancy and the other "
            "figures that rest on it are left empty.",
        )
    elif reason is Missing.TOO_FINE:
        yield Notice(
            "too_fine",
            "The platform publishes status time by the half-hour: figures that rest on it are left empty in "
            "shorter buckets.",
        )


def overflow(query: Query, sheet: Sheet) -> Iterator[Notice]:
    """Said once: rows of one agent that hold more handle time than clock time."""
    if Dimension.AGENT not in sheet.dimensions:
        return
    over = int((sheet.sums["handle_s"] > sheet.sums[LENGTH_COLUMN]).sum())
    if not over:
        return
    noun = query.bucket_noun if query.by_time else "range"
    where = f"In {over:,} {'row' if over == 1 else 'rows'} handle time is longer than the {noun} itself"
    if query.booking is Booking.POSTED:
        why = (
            "the platform posts it whole, at the moment the work ended, and conversations side by side count each. "
            "Nothing is cut off."
        )
    else:
        why = "conversations side by side count each. Busy time counts them once."
    yield Notice("bucket_overflow", f"{where}: {why}")


def residue(residue_s: float | None) -> Iterator[Notice]:
    """What the posted parts leave unexplained, where it is more than rounding."""
    if residue_s is None or abs(residue_s) < _RESIDUE_S:
        return
    more = "more" if residue_s > 0 else "less"
    yield Notice(
        "residue",
        f"Over the range handle time is {_span(abs(residue_s))} {more} than contacting, dialing, talk, held and ACW "
        "together: parts are posted as they end and the whole at wrap-up, so work across the range's edges is in one "
        "and not in the other.",
    )


def _span(seconds: float) -> str:
    """`42m 00s`; below a minute with tenths, for a residue may be that small."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return duration(seconds)
