"""Query → the text that asks it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.grammar.how import CUT_WORDS
from bot.core.grammar.memos import memo_words
from bot.core.grammar.suggestions import nearest_keyword
from bot.core.grammar.words import KEYWORDS, NOT_BUILT, REFUSED_TIME_WORDS
from bot.core.intervals import Granularity
from bot.core.query import Booking, Dimension, Output, SelectorKind, Verb, untold_booking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.query import Filters, Query, Range, Selector


def format_query(query: Query, *, absolute: bool = False) -> str:
    """The canonical command of a query: `parse` reads it back as the same question.

    Args:
        absolute: dates instead of words such as `yesterday`, so that it means the same on any later day.
    """
    return " ".join(_words(query, absolute=absolute))


def _words(query: Query, *, absolute: bool) -> Iterator[str]:
    if query.memo:
        yield memo_words(query.memo)
    elif query.verb:
        yield query.verb.value
    if query.topic:
        yield metric_words(query.topic) if query.verb is Verb.DEFINE else query.topic
    if query.range is None:
        return
    yield _range_words(query.range, absolute=absolute)
    if query.versus:
        yield f"vs {_range_words(query.versus, absolute=absolute)}"
    if query.zone and query.zone_source == "text":
        yield f"in {query.zone.key}"
    yield from _filter_words(query.filters)
    yield from _cut_words(query)
    if query.rank:
        yield f"{'top' if query.rank.top else 'bottom'} {query.rank.count}"
    for threshold in query.thresholds:
        yield f"{'above' if threshold.above else 'below'} {threshold.value * 100:.10g}%"
    if query.booking_named or query.booking is not untold_booking(query.verb, complete=query.complete):
        yield query.booking.value
    for output in sorted(query.outputs):
        yield " ".join((output.value, *(query.export if output is Output.CSV else ())))
    if query.complete and query.booking is Booking.CLOCK and query.verb not in {Verb.EXPLAIN, Verb.RECONCILE}:
        yield "complete"  # elsewhere it would contradict what was made of the question
    if query.anyway:
        yield "anyway"
    if query.share:
        yield "share"
    if query.sort:  # last: `sort busy` and `share` would read as one metric
        yield f"sort {metric_words(query.sort.column)}"


def metric_words(column: str) -> str:
    """A metric as one types it."""
    from bot.core.metrics import find_metric

    words = column.removesuffix("_s").replace("_", " ")
    metric = find_metric(words)
    return words if metric and metric.name == column else column


def _range_words(span: Range, *, absolute: bool) -> str:
    return span.absolute if absolute else span.phrase


def _filter_words(filters: Filters) -> Iterator[str]:
    # Commas keep one name from running into the next.
    people = [_selector(s) for s in filters.include if s.kind is SelectorKind.AGENT]
    if people:
        yield ",".join(people)
    yield from (_selector(s) for s in filters.include if s.kind is not SelectorKind.AGENT)
    yield from (f"-{_selector(s)}" for s in filters.exclude)
    yield from filters.media
    yield from filters.directions
    if filters.acd:
        yield "acd"
    if filters.active:
        yield "active"


def _selector(selector: Selector) -> str:
    match selector.kind:
        case SelectorKind.ME:
            return "me"
        case SelectorKind.MY_TEAM:
            return "my team"
        case SelectorKind.MENTION:
            return f"<@{selector.value}>"
        case SelectorKind.EMAIL:
            return selector.value
        case SelectorKind.AGENT:
            return selector.value if _is_plain_name(selector.value) else quoted(selector.value)
        case _:
            bare = selector.value.startswith("<@") or selector.value.isalnum()
            return f"{selector.kind.value}:{selector.value if bare else quoted(selector.value)}"


def quoted(value: str) -> str:
    """In quotes; a name from the directory may hold some itself, which no command could type."""
    return f'"{value.replace(chr(34), chr(39))}"'


def _is_plain_name(value: str) -> bool:
    low = value.lower()
    return (
        value.isalpha()
        and low not in KEYWORDS
        and low not in REFUSED_TIME_WORDS
        and low not in NOT_BUILT
        and nearest_keyword(low) is None
    )


def _cut_words(query: Query) -> Iterator[str]:
    entities = [d for d in query.group_by if not d.is_time]
    if entities != [Dimension.AGENT]:
        yield from (f"by {dimension.value}" for dimension in entities)
    if query.granularity and not (
        query.verb in {Verb.INTERVALS, Verb.EXPLAIN} and query.granularity is Granularity.HALF_HOUR
    ):
        yield f"by {CUT_WORDS[query.granularity]}"
