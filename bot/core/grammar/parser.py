"""Text → Query: each phrase is read where it stands, then all of them are put together."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bot.core.grammar.audits import read_audit
from bot.core.grammar.cells import read_cell
from bot.core.grammar.checks import read_check
from bot.core.grammar.hours import read_window
from bot.core.grammar.how import read_cuts, read_export, read_metric, read_rank, read_sort, read_threshold, read_versus
from bot.core.grammar.memos import read_memo
from bot.core.grammar.places import read_place
from bot.core.grammar.ranges import AmbiguousError, Resolver, preferred
from bot.core.grammar.scanner import Scanner, phrase
from bot.core.grammar.schedules import read_order
from bot.core.grammar.topics import find_topic
from bot.core.grammar.when import Between, Dated, Relative, Slashed, Weekday, missing_object, read_step, read_when
from bot.core.grammar.who import read_selectors, refuse_word
from bot.core.grammar.words import BOOKINGS, DIRECTIONS, EXPORT_WORDS, MEDIA, OUTPUTS
from bot.core.intervals import Granularity, buckets
from bot.core.query import Booking, Dimension, Filters, Output, Query, Selector, SelectorKind, Verb, untold_booking
from bot.errors import CommandError, UnknownCommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

    from bot.core.grammar.context import GrammarContext
    from bot.core.grammar.hours import Window
    from bot.core.grammar.how import Cut
    from bot.core.grammar.ranges import Reading
    from bot.core.grammar.when import Spec, Step
    from bot.core.query import Range, Rank, Sort, Threshold

MAX_SELECTORS = 50
_MOST_COLUMNS = 128
"""Half-hours across a heat map: two days, or a week of working hours."""
_ONE_AGENT = {SelectorKind.ME, SelectorKind.MENTION, SelectorKind.AGENT, SelectorKind.EMAIL}
_FLAGS = {"acd", "active", "anyway", "complete", "share"}
_SIMPLE_VERBS = {verb.value: verb for verb in (Verb.INTERVALS, Verb.AGAIN, Verb.STATUS, Verb.WHOAMI)}
_FLAG = phrase("|".join((*_SIMPLE_VERBS, *MEDIA, *DIRECTIONS, *OUTPUTS, *BOOKINGS, *_FLAGS)).join(("(?:", ")")))
_VERB_WITH_OBJECT = re.compile(r"(?<![^\s,])(help|define)(?=[\s,]|$)")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Said(Generic[T]):
    """What a phrase means, and where it stands."""

    value: T
    words: str
    start: int
    end: int


@dataclass(slots=True)
class _Draft:
    """The phrases of one command, in the order in which they were typed."""

    verbs: list[_Said[Verb]] = field(default_factory=list)
    zones: list[_Said[ZoneInfo]] = field(default_factory=list)
    ranges: list[_Said[Spec]] = field(default_factory=list)
    versus: list[_Said[Spec | Step]] = field(default_factory=list)
    windows: list[_Said[Window]] = field(default_factory=list)
    cuts: list[_Said[list[Cut]]] = field(default_factory=list)
    bookings: list[_Said[Booking]] = field(default_factory=list)
    sorts: list[_Said[Sort]] = field(default_factory=list)
    ranks: list[_Said[Rank]] = field(default_factory=list)
    thresholds: list[_Said[Threshold]] = field(default_factory=list)
    exports: list[_Said[str]] = field(default_factory=list)
    include: list[Selector] = field(default_factory=list)
    exclude: list[Selector] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    phrases: int = 0


def parse(text: str, context: GrammarContext) -> Query:
    """The question that the text asks at that moment.

    Raises:
        CommandError: a word means nothing here, phrases contradict each other, or the range can't be
            answered; its message names the words, its hint shows what works.
    """
    try:
        return _parse(text, context)
    except UnknownCommandError as error:
        error.choices = tuple(choice for choice in error.choices if _reads(choice[1], context))
        raise


def _reads(text: str, context: GrammarContext) -> bool:
    """Whether a text offered instead would be read, rather than refused in its turn."""
    try:
        _parse(text, context)
    except CommandError:
        return False
    return True


def _parse(text: str, context: GrammarContext) -> Query:
    scan = Scanner.over(text)
    if not scan.line:
        team = Selector(SelectorKind.TEAM, context.team) if context.team else Selector(SelectorKind.MY_TEAM)
        mine = _query(_Draft(include=[team]), scan, context)
        return replace(mine, text="")
    typed = text.strip()
    if memo := read_memo(scan, context, parse):
        return Query(text=typed, verb=memo.verb, memo=memo, group_by=())
    if order := read_order(scan, context, parse):
        return Query(text=typed, verb=order.verb, order=order, group_by=())
    if verb := _verb_with_object(scan):
        return replace(verb, text=typed)
    if inquiry := _inquiry(scan, context):
        return replace(inquiry, text=typed)
    draft = _Draft()
    scan.skip_gap()
    while not scan.done:
        start = scan.at
        _read_phrase(scan, draft, context)
        if scan.at == start:  # every reader reads or refuses; this keeps a mistake from hanging a thread
            raise CommandError(f"I can't read `{scan.line[start:]}`.", hint="help")
        draft.phrases += 1
        scan.skip_gap()
    if not draft.phrases:
        raise CommandError("There is nothing but commas.", hint="yesterday team:Billing", code="unknown_word")
    return replace(_text_verb(draft) or _query(draft, scan, context), text=typed)


def _inquiry(scan: Scanner, context: GrammarContext) -> Query | None:
    """A question about figures, or looks at them, that is answered in words."""
    return read_cell(scan, context, parse) or read_check(scan, context, parse) or read_audit(scan, context, parse)


def _verb_with_object(scan: Scanner) -> Query | None:
    """`help [topic]` and `define <metric>`: everything else in the text is their object."""
    for found in _VERB_WITH_OBJECT.finditer(scan.low):
        if scan.line.count('"', 0, found.start()) % 2:
            continue
        rest = " ".join(f"{scan.line[: found.start()]} {scan.line[found.end() :]}".replace(",", " ").split())
        if found[1] == "help":
            return Query(text="", verb=Verb.HELP, topic=find_topic(rest), group_by=())
        name = Scanner(rest)
        metric = read_metric(name, "define", example="define utilization")
        if not name.done:
            raise CommandError(
                f"`define` takes one metric; `{name.line[name.at :].strip()}` is left over.",
                hint=f"define {metric.removesuffix('_s').replace('_', ' ')}",
                code="contradiction",
            )
        return Query(text="", verb=Verb.DEFINE, topic=metric, group_by=())
    return None


def _read_phrase(scan: Scanner, draft: _Draft, context: GrammarContext) -> None:
    """Read the one phrase that stands here into the draft.

    Raises:
        CommandError: no phrase does.
    """
    start = scan.at

    def said(value: T) -> _Said[T]:
        return _Said(value, scan.since(start), start, scan.at)

    if (zone := read_place(scan)) is not None:
        draft.zones.append(said(zone))
    elif read_versus(scan):
        scan.skip_gap()
        after = scan.at
        if (step := read_step(scan)) is not None:
            draft.versus.append(_Said(step, scan.since(after), after, scan.at))
            return
        if (when := read_when(scan)) is None:
            raise missing_object("vs", scan.word())
        draft.versus.append(_Said(when[0], scan.since(after), after, scan.at))
        if when[1]:
            draft.windows.append(said(when[1]))
    elif (cuts := read_cuts(scan)) is not None:
        draft.cuts.append(said(cuts))
    elif (rank := read_rank(scan)) is not None:
        draft.ranks.append(said(rank))
    elif (sort := read_sort(scan)) is not None:
        draft.sorts.append(said(sort))
    elif (threshold := read_threshold(scan)) is not None:
        draft.thresholds.append(said(threshold))
    elif (window := read_window(scan, context.shifts)) is not None:
        draft.windows.append(said(window))
    elif (when := read_when(scan)) is not None:
        draft.ranges.append(said(when[0]))
        if when[1]:
            draft.windows.append(said(when[1]))
    elif words := read_export(scan):
        draft.flags.add(Output.CSV.value)
        draft.exports += [_Said(word, word, start, scan.at) for word in words]
    elif found := scan.take(_FLAG):
        word = found[0]
        if word in _SIMPLE_VERBS:
            draft.verbs.append(said(_SIMPLE_VERBS[word]))
        elif word in BOOKINGS:
            draft.bookings.append(said(Booking(word)))
        else:
            draft.flags.add(word)
    elif (chosen := read_selectors(scan)) is not None:
        selectors, excluded = chosen
        (draft.exclude if excluded else draft.include).extend(selectors)
    else:
        refuse_word(scan)


def _text_verb(draft: _Draft) -> Query | None:
    """`again`, `status` and `whoami`, which stand alone."""
    verb = _agreed(draft.verbs)
    if verb is None or verb is Verb.INTERVALS:
        return None
    if draft.phrases > len(draft.verbs):
        raise CommandError(
            f"`{verb.value}` stands alone; the rest of the words would have no effect.",
            hint=f"Ask `{verb.value}` by itself.",
            code="contradiction",
        )
    return Query(text="", verb=verb, group_by=())


def _query(draft: _Draft, scan: Scanner, context: GrammarContext) -> Query:
    verb = _agreed(draft.verbs)
    zone = _agreed(draft.zones) or context.zone
    source = "text" if draft.zones else context.zone_source
    named = _agreed(draft.bookings)
    complete = "complete" in draft.flags
    booking = named or untold_booking(verb, complete=complete)
    if complete and booking is Booking.POSTED:
        raise CommandError(
            "`posted` and `complete` contradict each other: what Genesys posted is complete by itself.",
            hint="Ask for one of them: posted, or complete",
            code="contradiction",
        )
    group_by, granularity = _cuts(draft, verb)
    filters = _filters(draft, verb)
    window = _agreed(draft.windows)

    def resolved(granularity: Granularity | None) -> tuple[Resolver, Reading, Range]:
        resolver = Resolver(context, zone, booking, granularity)
        here = _reading(draft.ranges, resolver.reading, resolver, scan) or resolver.reading(Relative(0))
        return resolver, here, resolver.range(here, window)

    resolver, here, span = resolved(granularity)
    if granularity is None and Output.HEATMAP.value in draft.flags:
        dimension, granularity = _columns_of_heat_map(span, zone, filters)
        group_by = (*group_by, dimension)
        resolver, here, span = resolved(granularity)
    return Query(
        text="",
        verb=verb,
        zone=zone,
        zone_source=source,
        week_start=context.week_start,
        versus=_versus(draft.versus, here, span, resolver, window, scan),
        filters=filters,
        group_by=group_by,
        granularity=granularity,
        booking=booking,
        booking_named=named is not None,
        sort=_agreed(draft.sorts),
        rank=_agreed(draft.ranks),
        thresholds=_thresholds(draft.thresholds),
        outputs=frozenset(Output(word) for word in OUTPUTS if word in draft.flags),
        export=_export(draft.exports),
        share="share" in draft.flags,
        complete=complete,
        anyway="anyway" in draft.flags,
    ).over(span)


def _export(said: Sequence[_Said[str]]) -> tuple[str, ...]:
    """What was said of a CSV file, each thing once and in the order of the words' table."""
    of_kind: dict[str, _Said[str]] = {}
    for one in said:
        other = of_kind.setdefault(EXPORT_WORDS[one.value][0], one)
        if other.value != one.value:
            raise _contradiction(other, one)
    separator, decimal = of_kind.get("separator"), of_kind.get("decimal")
    if separator and decimal and EXPORT_WORDS[separator.value][1] == EXPORT_WORDS[decimal.value][1]:
        raise _contradiction(separator, decimal)
    chosen = {one.value for one in of_kind.values()}
    return tuple(word for word in EXPORT_WORDS if word in chosen)


def _columns_of_heat_map(span: Range, zone: ZoneInfo, filters: Filters) -> tuple[Dimension, Granularity]:
    """What stands across a heat map that names no times: half-hours, or days where those would be too many.

    One person's days lie below each other, so that theirs never are.
    """
    one = len(filters.include) == 1 and filters.include[0].kind in _ONE_AGENT
    if one or len(buckets(span.windows, Granularity.HALF_HOUR, zone)) <= _MOST_COLUMNS:
        return Dimension.INTERVAL, Granularity.HALF_HOUR
    return Dimension.DAY, Granularity.DAY


def _agreed(said: Sequence[_Said[T]]) -> T | None:
    """The one value that all phrases of a kind give; equal phrases merge.

    Raises:
        CommandError: two of them differ.
    """
    for one in said[1:]:
        if one.value != said[0].value:
            raise _contradiction(said[0], one)
    return min((one.value for one in said), key=str, default=None)


def _contradiction(one: _Said[Any], other: _Said[Any], *, hint: str | None = None) -> CommandError:
    return CommandError(
        f"`{one.words}` and `{other.words}` contradict each other.",
        hint=hint or f"Ask for one of them: {one.words}, or {other.words}",
        code="contradiction",
    )


def _versus(
    phrases: Sequence[_Said[Spec | Step]],
    here: Reading,
    span: Range,
    resolver: Resolver,
    window: Window | None,
    scan: Scanner,
) -> Range | None:
    """The time compared with.

    Raises:
        CommandError: it is the very time that is asked for.
    """
    there = _reading(phrases, partial(resolver.beside, here, span), resolver, scan)
    if there is None:
        return None
    other = resolver.range(there, window)
    if other.windows == span.windows:
        raise CommandError(
            f"Both sides of `vs {phrases[0].words}` are the same time: {span.label}.",
            hint=f"{here.phrase} vs previous",
            code="contradiction",
        )
    return other


def _reading(
    phrases: Sequence[_Said[T]], read: Callable[[T], Reading], resolver: Resolver, scan: Scanner
) -> Reading | None:
    agreed: Reading | None = None
    for said in phrases:
        try:
            reading = read(said.value)
        except AmbiguousError as error:
            raise CommandError(
                error.message, hint=error.hint, code=error.code, choices=_whole_texts(error, said, scan)
            ) from None
        merged = preferred(agreed, reading, now=resolver.now) if agreed else reading
        if merged is None:
            raise _contradiction(phrases[0], said, hint=_moment_of_a_day(phrases))
        agreed = merged
    return agreed


def _moment_of_a_day(phrases: Sequence[_Said[Any]]) -> str | None:
    """`since yesterday 10:00`, which `since 10am yesterday` may have meant."""
    clock = next((s.value.start.clock for s in phrases if isinstance(s.value, Between) and s.value.end.is_now), None)
    day = next((s.words for s in phrases if isinstance(s.value, Relative | Weekday | Dated | Slashed)), None)
    return f"since {day} {clock}, or {day} {clock}-24:00" if clock and day else None


def _whole_texts(error: AmbiguousError, said: _Said[Any], scan: Scanner) -> tuple[tuple[str, str], ...]:
    """The choices as whole commands."""
    words = scan.low[said.start : said.end]
    return tuple(
        (label, scan.instead(said.start, said.end, words.replace(error.piece, text, 1) if error.piece else text))
        for label, text in error.choices
    )


def _cuts(draft: _Draft, verb: Verb | None) -> tuple[tuple[Dimension, ...], Granularity | None]:
    """What rows stand for, the time last, and the width of a bucket."""
    dimensions: dict[Dimension, _Said[list[Cut]]] = {}
    of_time: tuple[Granularity, _Said[list[Cut]]] | None = None
    for said in draft.cuts:
        for dimension, granularity in said.value:
            dimensions[dimension] = said
            if granularity is None:
                continue
            if of_time and of_time[0] is not granularity:
                raise _contradiction(of_time[1], said)
            of_time = (granularity, said)
    if verb is Verb.INTERVALS:
        for dimension, said in dimensions.items():
            if dimension not in {Dimension.AGENT, Dimension.INTERVAL}:
                raise _contradiction(next(v for v in draft.verbs if v.value is verb), said)
        return (Dimension.AGENT, Dimension.INTERVAL), of_time[0] if of_time else Granularity.HALF_HOUR
    by_agent = all(dimension.is_time for dimension in dimensions)
    group_by = tuple(d for d in Dimension if d in dimensions or (by_agent and d is Dimension.AGENT))
    return group_by, of_time[0] if of_time else None


def _filters(draft: _Draft, verb: Verb | None) -> Filters:
    include, exclude = _distinct(draft.include), _distinct(draft.exclude)
    if len(include) + len(exclude) > MAX_SELECTORS:
        raise CommandError(
            f"That names {len(include) + len(exclude)} people and groups; one question takes {MAX_SELECTORS}.",
            hint="team:Billing, or queue:Support",
            code="too_many",
        )
    if both := {_identity(s) for s in include} & {_identity(s) for s in exclude}:
        words = _selector_words(next(s for s in include if _identity(s) in both))
        raise CommandError(
            f"`{words}` and `-{words}` contradict each other.", hint="Ask for one of them.", code="contradiction"
        )
    if verb is Verb.INTERVALS:
        include = include or (Selector(SelectorKind.ME),)
        if exclude or len(include) > 1 or include[0].kind not in _ONE_AGENT:
            raise CommandError(
                "`intervals` and `explain` are about one agent.",
                hint="intervals ana diaz yesterday; for several agents: yesterday by interval team:Billing",
                code="one_agent",
            )
    return Filters(
        include=include,
        exclude=exclude,
        media=tuple(word for word in MEDIA if word in draft.flags),
        directions=tuple(word for word in DIRECTIONS if word in draft.flags),
        acd="acd" in draft.flags,
        active="active" in draft.flags,
    )


def _identity(selector: Selector) -> tuple[str, str]:
    return selector.kind.value, selector.value.casefold()


def _distinct(selectors: Sequence[Selector]) -> tuple[Selector, ...]:
    """Sorted, so that the order of phrases doesn't matter; each once, in whatever case it was typed."""
    return tuple(
        {_identity(s): s for s in sorted(selectors, reverse=True)}[key] for key in sorted(map(_identity, {*selectors}))
    )


def _selector_words(selector: Selector) -> str:
    if selector.kind is SelectorKind.ME:
        return "me"
    if selector.kind is SelectorKind.MY_TEAM:
        return "my team"
    prefixed = selector.kind not in {SelectorKind.AGENT, SelectorKind.EMAIL, SelectorKind.MENTION}
    return f"{selector.kind.value}:{selector.value}" if prefixed else selector.value


def _thresholds(said: Sequence[_Said[Threshold]]) -> tuple[Threshold, ...]:
    below = [s for s in said if not s.value.above]
    above = [s for s in said if s.value.above]
    low, high = _agreed(above), _agreed(below)
    if low and high and low.value >= high.value:
        raise _contradiction(above[0], below[0])
    return tuple(t for t in (high, low) if t)
