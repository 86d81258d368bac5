"""How the answer is cut, ordered and shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.core.grammar.scanner import alternatives, phrase
from bot.core.grammar.suggestions import nearest, nearest_keyword
from bot.core.grammar.words import EXPORT_WORDS
from bot.core.intervals import Granularity
from bot.core.query import Dimension, Rank, Sort, Threshold
from bot.errors import CommandError, UnknownCommandError

if TYPE_CHECKING:
    from bot.core.grammar.scanner import Scanner

Cut = tuple[Dimension, Granularity | None]

CUTS: dict[str, Cut] = {
    "agent": (Dimension.AGENT, None),
    "team": (Dimension.TEAM, None),
    "queue": (Dimension.QUEUE, None),
    "media": (Dimension.MEDIA, None),
    "interval": (Dimension.INTERVAL, Granularity.HALF_HOUR),
    "30m": (Dimension.INTERVAL, Granularity.HALF_HOUR),
    "15m": (Dimension.INTERVAL, Granularity.QUARTER),
    "1h": (Dimension.INTERVAL, Granularity.HOUR),
    "hour": (Dimension.INTERVAL, Granularity.HOUR),
    "60m": (Dimension.INTERVAL, Granularity.HOUR),
    "day": (Dimension.DAY, Granularity.DAY),
    "week": (Dimension.WEEK, Granularity.WEEK),
}
"""What may stand after `by`."""

CUT_WORDS = {
    Granularity.HALF_HOUR: "interval",
    Granularity.QUARTER: "15m",
    Granularity.HOUR: "1h",
    Granularity.DAY: "day",
    Granularity.WEEK: "week",
}

_MOST_RANKED = 1_000
_BY = phrase(r"by")
_NUMBERED = phrase(r"(?P<n>15|30|60|1) ?(?P<unit>m|min|minutes|h|hr|hour)")
_RANK = phrase(r"(?P<which>top|bottom) (?P<n>[0-9]+)")
_SORT = phrase(r"sort(?: by)?")
_THRESHOLD = phrase(r"(?P<which>below|above) (?P<n>[0-9]{1,4}(?:\.[0-9]{1,4})?) ?(?P<percent>%|percent)?")
_VS = phrase(r"(?:vs\.?|versus)")
_EXPORT_WORD = rf"(?:{alternatives(EXPORT_WORDS)})(?=[ ,]|$)"
_EXPORT = phrase(rf"csv(?P<words>(?: {_EXPORT_WORD})+)")


def read_cuts(scan: Scanner) -> list[Cut] | None:
    """`by team`, `by 15m`, `by team, day`."""
    if not scan.take(_BY):
        return None
    scan.skip_gap()
    found = [_read_cut(scan)]
    while True:
        before = scan.at
        if scan.skip_gap() and _cut_here(scan):
            found.append(_read_cut(scan))
            continue
        scan.at = before
        return found


def _cut_here(scan: Scanner) -> bool:
    return scan.word().lower() in CUTS or bool(_NUMBERED(scan.low, scan.at))


def _read_cut(scan: Scanner) -> Cut:
    if found := scan.take(_NUMBERED):
        unit = found["unit"][0]
        minutes = int(found["n"]) * (60 if unit == "h" else 1)
        word = {15: "15m", 30: "30m", 60: "1h"}.get(minutes, "")
    else:
        word = scan.word().lower()
        if word in CUTS:
            scan.at += len(word)
    if word not in CUTS:
        likely = nearest_keyword(word) if word else None
        hint = "by interval, 15m, 30m, 1h, day, week, agent, team, queue or media"
        if not word:
            raise CommandError("`by` needs what to cut by.", hint=hint, code="missing_object")
        raise UnknownCommandError(
            f"`by {word}` is no way to cut an answer.", hint=f"by {likely}" if likely in CUTS else hint
        )
    return CUTS[word]


def read_rank(scan: Scanner) -> Rank | None:
    """`top 10`, `bottom 5`."""
    found = scan.take(_RANK)
    if found is None:
        return None
    if not 1 <= len(found["n"].lstrip("0")) <= 4 or not 1 <= (count := int(found["n"])) <= _MOST_RANKED:
        raise CommandError(
            f"`{found[0]}` is no number of rows from 1 to {_MOST_RANKED:,}.", hint="top 10", code="invalid_number"
        )
    return Rank(count, top=found["which"] == "top")


def read_sort(scan: Scanner) -> Sort | None:
    """`sort occupancy`, `sort by handle load`: the most words that are a metric together."""
    if not scan.take(_SORT):
        return None
    scan.skip_gap()
    return Sort(read_metric(scan, "sort", example="sort occupancy"))


def read_metric(scan: Scanner, keyword: str, *, example: str) -> str:
    """The column name of the metric here."""
    from bot.core.metrics import find_metric, metric_names  # the table is read by those who name a metric

    rest = scan.line[scan.at :].split(",")[0].replace('"', "")
    words = rest.split(" ")[:5] if rest else []
    for count in range(len(words), 0, -1):
        typed = " ".join(words[:count])
        if metric := find_metric(typed):
            quotes = 2 * scan.line.startswith('"', scan.at)
            scan.at += len(typed) + quotes
            return metric.name
    if not words:
        raise CommandError(f"`{keyword}` needs a metric after it.", hint=example, code="missing_object")
    typed = words[0]
    likely = nearest(rest.lower(), tuple(metric_names())) or nearest(typed.lower(), tuple(metric_names()))
    raise UnknownCommandError(
        f"I know no metric called `{typed}`.",
        hint=f"{keyword} {likely}"
        if likely
        else "sort utilization, occupancy, handle, talk, acw, handled, aht, idle, …",
        code="unknown_metric",
    )


def read_threshold(scan: Scanner) -> Threshold | None:
    """`below 60%`, `above 85%`."""
    start = scan.at
    found = scan.take(_THRESHOLD)
    if found is None:
        return None
    if not found["percent"]:
        raise CommandError(
            f"`{scan.since(start)}` needs a percent sign.", hint=f"{found[0].strip()}%", code="invalid_number"
        )
    return Threshold(float(found["n"]) / 100, above=found["which"] == "above")


def read_versus(scan: Scanner) -> bool:
    """`vs`, which a range follows."""
    return bool(scan.take(_VS))


def read_export(scan: Scanner) -> tuple[str, ...]:
    """`csv semicolon hours`: the words after `csv`; none where that stands alone, or isn't here."""
    found = scan.take(_EXPORT)
    return tuple(re.findall(_EXPORT_WORD, found["words"])) if found else ()
