"""An explanation in words and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.core.explaining import PARTS, RINGING
from bot.core.intervals import clock_label, local_date, local_day
from bot.core.query import Booking
from bot.core.records import POSTED_COLUMN
from bot.core.rendering.figures import duration, ratio
from bot.core.rendering.names import cleaned
from bot.core.rendering.wording import moment
from bot.core.segments import milliseconds
from bot.core.sourcing import FINAL_AFTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from bot.core.explaining import Explanation, Share, Stretch
    from bot.core.intervals import Interval

_PART_WORDS = dict(zip(PARTS, ("contacting", "dialing", "talk", "held", "ACW"), strict=True))
_KIND_WORDS = {**_PART_WORDS, RINGING: "ringing"}
_LETTERS = dict(zip((*PARTS, RINGING), "CDTHAr", strict=True))
"""What a timeline is drawn with: letters say what colours would."""
_NOTHING = "·"
_LONGEST_BAR = 30
_MOST_STRETCHES = 6
"""Pieces of a timeline told in words; the bar and JSON have all."""
_MOST_SHOWN = 40
"""Sessions drawn for people; JSON has all."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is known beside the explanation itself."""

    agent_id: str
    agent_name: str
    zone: ZoneInfo
    stated: Mapping[str, float | None]
    """The same figures as the table has them: from the platform's aggregates, or from cutting all segments."""
    requests: int
    conversations: int
    duplicates_removed: int
    since: datetime
    data_as_of: datetime
    queue_names: Mapping[str, str] = field(default_factory=dict)
    status: Mapping[str, float] | None = None
    """The agent's status time in the bucket; None where there is none to be had."""

    def unexplained(self, explanation: Explanation) -> dict[str, float]:
        """By column, what the table has beyond the sessions found; only where it is more than rounding."""
        found: dict[str, float] = {}
        for name, stated in self.stated.items():
            gap = (stated or 0.0) - (explanation.figures.get(name) or 0.0)
            if abs(gap) >= 0.001:
                found[name] = round(gap, 3)
        return found


def explanation_title(explanation: Explanation, told: Told) -> str:
    """Whose half-hour it is."""
    bucket, zone = explanation.bucket, told.zone
    local = bucket.start.astimezone(zone)
    how = "by the clock" if explanation.booking is Booking.CLOCK else "as posted"
    edges = f"{clock_label(bucket.start, zone)}–{clock_label(bucket.end, zone)}"
    return f"{cleaned(told.agent_name)}, {local:%a} {local.day} {local:%b} {edges}, {how}"


def explanation_text(explanation: Explanation, told: Told) -> str:
    """The number, then what it is made of, line by line."""
    return "\n".join(_lines(explanation, told))


def _lines(explanation: Explanation, told: Told) -> Iterator[str]:
    clock = explanation.booking is Booking.CLOCK
    yield "Figures"
    yield from (f"    {line}" for line in _formulas(explanation))
    yield from (f"    {line}" for line in _ratios(told.status or {}))
    yield ""
    shares = explanation.shares
    if not shares:
        yield "No conversation had work in it." if clock else "No conversation posted anything in it."
    else:
        yield _heading(explanation)
    for share in shares[:_MOST_SHOWN]:
        yield f"    • {_share(share, told, clock=clock)}"
        yield from (f"        {line}" for line in _notes(share, explanation, told))
    if len(shares) > _MOST_SHOWN:
        yield f"    and {len(shares) - _MOST_SHOWN} more"
    if explanation.overlaps:
        yield ""
        yield "Overlaps: once in busy, each time in handle"
        for overlap in explanation.overlaps[:_MOST_SHOWN]:
            start, end = (_clock(ms, told.zone) for ms in (overlap.start_ms, overlap.end_ms))
            yield f"    {start}–{end}: {overlap.sessions} at once, {duration(overlap.seconds)}"
    yield ""
    for name, gap in told.unexplained(explanation).items():
        yield (
            f"Not explained: {name} of the table is {abs(gap):,.3f} {'more' if gap > 0 else 'less'}; conversations "
            f"begun before {told.since:%Y-%m-%d} (UTC) are not looked for."
        )
    if explanation.running:
        yield "Provisional: some of this work still runs."
    elif (final := _final_from(explanation.bucket, told.zone)) > told.data_as_of:
        yield f"Provisional until {moment(final, told.zone)}: Genesys may still change it."
    yield (
        f"{told.conversations:,} conversations begun since {told.since:%Y-%m-%d} (UTC) read · "
        f"{told.duplicates_removed} duplicates removed · {told.requests} API calls"
    )


def _final_from(bucket: Interval, zone: ZoneInfo) -> datetime:
    """From when on the bucket's day doesn't change any more."""
    return local_day(local_date(bucket.start, zone), zone).end + FINAL_AFTER


def _formulas(explanation: Explanation) -> Iterator[str]:
    figures = explanation.figures
    parts = [f"{_PART_WORDS[name]} {duration(figures[name] or 0.0)}" for name in PARTS if figures[name]]
    yield f"Handle {duration(figures['handle_s'] or 0.0)} = {' + '.join(parts) or 'nothing'}"
    if explanation.booking is Booking.POSTED:
        yield f"Handled {figures['handled']:.0f}: sessions whose handle time was posted here"
        return
    length = explanation.bucket.length.total_seconds()
    busy = figures["busy_s"] or 0.0
    yield f"Busy {duration(busy)}: any of it at all, so overlaps count once"
    yield f"Busy share {ratio(busy / length)} = busy ÷ {duration(length)}"
    if figures["concurrency"] is not None:
        yield f"Concurrency {figures['concurrency']:.2f} = handle ÷ busy"
    yield f"Handled {figures['handled']:.0f}: sessions whose last segment ended here"


def _ratios(status: Mapping[str, float]) -> Iterator[str]:
    """`Utilization 58.4 % = 17m 31s ÷ 30m 00s (INTERACTING ÷ logged-in)`, for each ratio of status times."""
    from bot.core.metrics import METRICS, Source

    for metric in METRICS:
        if metric.source is not Source.STATUS or not metric.denominator or not status:
            continue
        above, below = status[metric.needs[0]], sum(status[name] for name in metric.denominator)
        if below:
            divided = f"{duration(above)} ÷ {duration(below)}"
            yield f"{metric.label} {ratio(above / below)} = {divided} ({metric.formula})"
        else:
            yield f"{metric.label}: nothing to divide by ({metric.formula})"


def _share(share: Share, told: Told, *, clock: bool) -> str:
    session = share.session
    parts = [f"{_PART_WORDS[name]} {duration(share.seconds[name])}" for name in PARTS if name in share.seconds]
    queue = cleaned(told.queue_names.get(session.queue_id, session.queue_id))
    kind = " ".join(filter(None, (session.media, session.direction, queue and f"({queue})")))
    whole = f"{duration(share.seconds['handle_s'])}: " if clock else ""
    routed = "" if session.purpose == "agent" else ", not routed"
    return f"{whole}{' + '.join(parts) or 'handle ' + duration(share.seconds.get('handle_s', 0.0))} · {kind}{routed}"


def _heading(explanation: Explanation) -> str:
    """What a mark of the timelines stands for, and the letters that occur in them."""
    occur = {stretch.kind for share in explanation.shares for stretch in share.timeline}
    letters = [f"{letter} {_KIND_WORDS[kind]}" for kind, letter in _LETTERS.items() if kind in occur]
    if not letters:
        return "Conversations"
    mark = explanation.bucket.length.total_seconds() / _marks(explanation.bucket)
    each = "minute" if mark == 60 else duration(mark)
    return f"Conversations, a mark for each {each}: {', '.join(letters)}"


def _marks(bucket: Interval) -> int:
    """A mark a minute where there is room for as many."""
    return max(1, min(_LONGEST_BAR, round(bucket.length.total_seconds() / 60)))


def timeline_bar(stretches: Sequence[Stretch], bucket: Interval) -> str:
    """`···TTTTHHTTAA····`: in each mark what took most of it; what is only touched on still shows."""
    start, length = milliseconds(bucket.start), bucket.length / _marks(bucket)
    width = length.total_seconds() * 1000
    bar = []
    for number in range(_marks(bucket)):
        low, high = start + number * width, start + (number + 1) * width
        within: dict[str, float] = {}
        for stretch in stretches:
            part = min(stretch.end_ms, high) - max(stretch.start_ms, low)
            if part > 0:
                within[stretch.kind] = within.get(stretch.kind, 0.0) + part
        bar.append(_LETTERS[max(within, key=within.__getitem__)] if within else _NOTHING)
    return "".join(bar)


def _timeline(share: Share, told: Told) -> str:
    """The bar in words, for those who don't see it."""
    pieces = [
        f"{_KIND_WORDS[stretch.kind]} {_clock(stretch.start_ms, told.zone)}–{_clock(stretch.end_ms, told.zone)}"
        for stretch in share.timeline[:_MOST_STRETCHES]
    ]
    more = len(share.timeline) - _MOST_STRETCHES
    return ", ".join(pieces) + (f" and {more} more" if more > 0 else "")


def _notes(share: Share, explanation: Explanation, told: Told) -> Iterator[str]:
    zone, bucket = told.zone, explanation.bucket
    if share.timeline:
        yield f"`{timeline_bar(share.timeline, bucket)}`"
        yield _timeline(share, told)
    yield f"conversation {share.session.conversation_id}"
    if share.before_s:
        yield f"{duration(share.before_s)} of it before {clock_label(bucket.start, zone)} count there"
    if share.after_s:
        yield f"{duration(share.after_s)} of it after {clock_label(bucket.end, zone)} count there"
    if share.running:
        yield "still running"
    for post in share.posts:
        name = _PART_WORDS.get(POSTED_COLUMN[post.metric], "handle")
        yield f"{name} {duration(post.value_ms / 1000)} posted at {_clock(post.at_ms, zone)}"


def explanation_json(explanation: Explanation, told: Told) -> dict[str, object]:
    """The `explanation` object of docs/json.md."""
    zone = told.zone
    return {
        "agent_id": told.agent_id,
        "agent_name": told.agent_name,
        "start": explanation.bucket.start.astimezone(zone).isoformat(),
        "end": explanation.bucket.end.astimezone(zone).isoformat(),
        "booking": explanation.booking.value,
        "provisional": explanation.running,
        "figures": dict(explanation.figures),
        "stated": dict(told.stated),
        "unexplained": told.unexplained(explanation),
        "status": dict(told.status) if told.status is not None else None,
        "sessions": [_share_json(share, zone) for share in explanation.shares],
        "overlaps": [
            {
                "start": _iso(overlap.start_ms, zone),
                "end": _iso(overlap.end_ms, zone),
                "sessions": overlap.sessions,
                "seconds": overlap.seconds,
            }
            for overlap in explanation.overlaps
        ],
        "coverage": {
            "requests": told.requests,
            "conversations": told.conversations,
            "duplicates_removed": told.duplicates_removed,
            "conversations_since": told.since.astimezone(zone).isoformat(),
            "data_as_of": told.data_as_of.astimezone(zone).isoformat(),
        },
    }


def _share_json(share: Share, zone: ZoneInfo) -> dict[str, object]:
    session = share.session
    return {
        "conversation_id": session.conversation_id,
        "session_id": session.session_id,
        "media": session.media,
        "direction": session.direction,
        "queue_id": session.queue_id or None,
        "purpose": session.purpose,
        "seconds": dict(share.seconds),
        "before_s": share.before_s,
        "after_s": share.after_s,
        "running": share.running,
        "posts": [
            {"metric": post.metric, "seconds": post.value_ms / 1000, "at": _iso(post.at_ms, zone)}
            for post in share.posts
        ],
        "timeline": [
            {
                "kind": stretch.kind.removesuffix("_s"),
                "start": _iso(stretch.start_ms, zone),
                "end": _iso(stretch.end_ms, zone),
            }
            for stretch in share.timeline
        ],
    }


def _clock(ms: int, zone: ZoneInfo) -> str:
    return clock_label(datetime.fromtimestamp(ms // 1000, UTC), zone)


def _iso(ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone).isoformat(timespec="milliseconds")
