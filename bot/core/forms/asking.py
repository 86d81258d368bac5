"""The form for a question: when, what, how.

A form holds parts of a query, and its words are the canonical command of that query, so that whoever fills it in
sees what she could have typed. What it has no field for stands in `more`, as one types it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from bot.core.forms.problems import Problem, first_refused
from bot.core.grammar.formatting import format_query
from bot.core.grammar.how import CUT_WORDS
from bot.core.grammar.scanner import Scanner
from bot.core.grammar.who import read_selectors
from bot.core.grammar.words import DIRECTIONS, MEDIA
from bot.core.intervals import Granularity, Interval
from bot.core.query import (
    Booking,
    Dimension,
    Filters,
    Output,
    Query,
    Range,
    Rank,
    Selector,
    SelectorKind,
    Sort,
    Verb,
    default_booking,
    untold_booking,
)
from bot.core.zones import load_zone
from bot.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable

DATES = "dates"
"""Instead of words: days that are picked."""
ENTITIES = (Dimension.AGENT, Dimension.TEAM, Dimension.QUEUE, Dimension.MEDIA)
FLAGS = ("acd", "active")
ONLY = (*MEDIA, *DIRECTIONS, *FLAGS)

_GRANULARITIES = {words: granularity for granularity, words in CUT_WORDS.items()}
_WHOSE = {"me": SelectorKind.ME, "my team": SelectorKind.MY_TEAM}
_HOURS = re.compile(r"(?P<words>.+) (?:(?P<start>\d\d:\d\d)-(?P<end>[01]\d:\d\d|2[0-3]:\d\d)|shift:(?P<shift>\S+))")
"""A range's words with hours that two pickers can show; none of them knows 24:00."""
_DAYS = re.compile(r"(?P<first>\d{4}-\d\d-\d\d)(?:\.\.(?P<last>\d{4}-\d\d-\d\d))?")
_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_NO_TIME = (Interval(_MOMENT, _MOMENT),)
"""Pieces of a range that is words alone."""


@dataclass(frozen=True, slots=True)
class QuestionForm:
    """What stands in the fields; any combination may come back, so nothing in it is believed."""

    when: str = "today"
    """Words of a range, or `DATES`."""
    first: date | None = None
    last: date | None = None
    start: time | None = None
    """Hours of each day; past midnight where the end comes first."""
    end: time | None = None
    shift: str = ""
    """Hours that the settings named."""
    versus: str = ""
    """Words of the range to compare with."""
    zone: str = ""
    """IANA name; empty: the asker's own."""
    whose: str = ""
    """`me`, `my team`, or everyone whom the asker may see."""
    people: tuple[str, ...] = ()
    """Slack ids."""
    chosen: tuple[Selector, ...] = ()
    without: tuple[Selector, ...] = ()
    only: frozenset[str] = frozenset()
    """Of `ONLY`."""
    half_hours: bool = False
    """One agent's half-hours, which is the verb `intervals`."""
    rows: tuple[Dimension, ...] = ()
    """What a row stands for, of `ENTITIES`; empty: an agent."""
    pieces: str = ""
    """What follows `by`: `interval`, `15m`, `day`; empty: the range as one piece."""
    sort: str = ""
    """A metric's column name."""
    rank: str = ""
    """`top 10`, `bottom 5`"""
    booking: str = ""
    outputs: frozenset[str] = frozenset()
    more: str = ""
    """Further words, as one types them."""

    @property
    def is_dated(self) -> bool:
        """Whether days are picked."""
        return self.when == DATES

    @property
    def needs_all_fields(self) -> bool:
        """Whether something stands in a field that few need."""
        few = {
            name: getattr(self, name) for name in ("when", "first", "last", "whose", "chosen", "half_hours", "pieces")
        }
        return self != QuestionForm(**few)


# --- form → command --------------------------------------------------------------------------------------------------


def question_words(form: QuestionForm) -> str:
    """The command that the form makes; one that can't be read where the fields are filled in so."""
    query = _query(form)
    text = format_query(query)
    head = format_query(replace(query, sort=None))  # the order of rows comes last: a metric's words have no end
    return " ".join(filter(None, (head, form.more.strip(), text[len(head) :].strip())))


def _query(form: QuestionForm) -> Query:
    """The parts of the query; its ranges are words that nobody has read yet."""
    which, _, count = form.rank.partition(" ")
    verb = Verb.INTERVALS if form.half_hours else None
    return Query(
        text="",
        verb=verb,
        range=_words_as_range(f"{_range_words(form)}{_hours(form)}"),
        versus=_words_as_range(form.versus) if form.versus else None,
        zone=load_zone(form.zone) if form.zone else None,
        zone_source="text" if form.zone else "",
        filters=Filters(
            include=(
                *((Selector(_WHOSE[form.whose]),) if form.whose else ()),
                *(Selector(SelectorKind.MENTION, person) for person in form.people),
                *form.chosen,
            ),
            exclude=form.without,
            media=tuple(word for word in MEDIA if word in form.only),
            directions=tuple(word for word in DIRECTIONS if word in form.only),
            acd="acd" in form.only,
            active="active" in form.only,
        ),
        group_by=form.rows or (Dimension.AGENT,),
        granularity=_GRANULARITIES[form.pieces] if form.pieces else None,
        booking=Booking(form.booking) if form.booking else default_booking(verb),
        booking_named=bool(form.booking),
        sort=Sort(form.sort) if form.sort else None,
        rank=Rank(int(count), top=which == "top") if form.rank else None,
        outputs=frozenset(Output(word) for word in form.outputs),
    )


def _words_as_range(words: str) -> Range:
    return Range(windows=_NO_TIME, label="", phrase=words)


def _range_words(form: QuestionForm) -> str:
    if not form.is_dated:
        return form.when
    first, last = form.first or form.last, form.last or form.first
    if first is None:
        return "today"
    return f"{first}" if first == last else f"{first}..{last}"


def _hours(form: QuestionForm) -> str:
    shift = f" shift:{form.shift}" if form.shift else ""
    if form.start is None or form.end is None:
        return shift
    return f" {form.start:%H:%M}-{form.end:%H:%M}{shift}"


def question_problems(form: QuestionForm, read: Callable[[str], Query]) -> tuple[Problem, ...]:
    """What keeps the form from being asked, each at its field; empty: it can be.

    Args:
        read: the ordinary reading of a command; raises CommandError.
    """
    own = [
        Problem(field, message)
        for field, message, wrong in (
            ("first", "Pick the first day.", form.is_dated and form.first is None),
            ("end", "Pick when these hours end.", form.start is not None and form.end is None),
            ("start", "Pick when these hours start.", form.end is not None and form.start is None),
        )
        if wrong
    ]
    if own:
        return tuple(own)
    try:
        query = read(question_words(form))
    except CommandError as error:
        found = first_refused(form, QuestionForm(when="yesterday"), _STEPS, lambda part: read(question_words(part)))
        return (found or Problem.of("when", error),)
    if query.verb not in {None, Verb.INTERVALS} or query.range is None:
        return (Problem("more", "The form asks for figures; anything else is typed as a command of its own."),)
    if query.share:
        return (Problem("more", "What a form asks is answered to you alone; `share` works in a typed command."),)
    return ()


_STEPS = (
    ("zone", ("zone",)),
    ("when", ("when", "first", "last")),
    ("end", ("start", "end")),
    ("shift", ("shift",)),
    ("whose", ("whose",)),
    ("people", ("people",)),
    ("chosen", ("chosen",)),
    ("without", ("without",)),
    ("only", ("only",)),
    ("rows", ("rows",)),
    ("pieces", ("pieces",)),
    ("half_hours", ("half_hours",)),
    ("versus", ("versus",)),
    ("booking", ("booking",)),
    ("sort", ("sort",)),
    ("rank", ("rank",)),
    ("outputs", ("outputs",)),
    ("more", ("more",)),
)


# --- command → form --------------------------------------------------------------------------------------------------


def form_of(query: Query) -> tuple[QuestionForm, tuple[str, ...]]:
    """The form that asks the query again, and what it can't hold, each a sentence.

    Args:
        query: read, from whatever words.
    """
    if query.range is None:
        return QuestionForm(), (f"`{query.verb}` is no question for this form.",) if query.verb else ()
    left_out: list[str] = []
    if query.verb not in {None, Verb.INTERVALS}:
        left_out.append(f"`{query.verb}` stays a typed command; here are its range and people.")
    if query.share:
        left_out.append("`share` is left out: what a form asks is answered to you alone.")
    half_hours = query.verb is Verb.INTERVALS
    whose, people, chosen, unheld = _people_fields(query.filters.include)
    granularity = None if half_hours and query.granularity is Granularity.HALF_HOUR else query.granularity
    entities = tuple(d for d in query.group_by if not d.is_time)
    form = QuestionForm(
        zone=query.zone.key if query.zone and query.zone_source == "text" else "",
        whose=whose,
        people=people,
        chosen=chosen,
        without=tuple(s for s in query.filters.exclude if fits(s)),
        only=frozenset({*query.filters.media, *query.filters.directions}).union(
            word for word in FLAGS if getattr(query.filters, word)
        ),
        half_hours=half_hours,
        rows=() if entities in {(), (Dimension.AGENT,)} else entities,
        pieces=CUT_WORDS[granularity] if granularity else "",
        sort=query.sort.column if query.sort else "",
        rank=f"{'top' if query.rank.top else 'bottom'} {query.rank.count}" if query.rank else "",
        booking=query.booking.value if query.booking_named else "",
        outputs=frozenset(output.value for output in query.outputs),
        more=_further_words(query, unheld),
    )
    span = query.range
    if query.verb not in {None, Verb.INTERVALS}:  # a half-hour's words name its start alone
        edges = (edge.astimezone(query.zone).isoformat() for edge in (span.start, span.end))
        span = replace(span, phrase="/".join(edges))
    return _with_ranges(form, span, query.versus), tuple(left_out)


def _with_ranges(form: QuestionForm, span: Range, versus: Range | None) -> QuestionForm:
    """The ranges in their fields: hours apart, dates as days to pick, anything else as its words."""
    words, other = span.phrase, versus.phrase if versus else ""
    if hours := _HOURS.fullmatch(words):
        # Hours count on both sides, so the other side has them too.
        words, other = hours["words"], other.removesuffix(words.removeprefix(hours["words"]))
        if hours["shift"]:
            form = replace(form, shift=hours["shift"])
        else:
            form = replace(form, start=time.fromisoformat(hours["start"]), end=time.fromisoformat(hours["end"]))
    form = replace(form, versus=other)
    days = _DAYS.fullmatch(words)
    if days is None:
        return replace(form, when=words)
    return replace(
        form,
        when=DATES,
        first=date.fromisoformat(days["first"]),
        last=date.fromisoformat(days["last"]) if days["last"] else None,
    )


def _people_fields(
    include: tuple[Selector, ...],
) -> tuple[str, tuple[str, ...], tuple[Selector, ...], tuple[Selector, ...]]:
    """Whom a question is about, by field: whose, people of Slack, the chosen ones; and those that no field holds."""
    whose = next((words for words, kind in _WHOSE.items() if Selector(kind) in include), "")
    rest = [s for s in include if not (whose and s.kind is _WHOSE[whose])]
    people = tuple(s.value for s in rest if s.kind is SelectorKind.MENTION)
    others = [s for s in rest if s.kind is not SelectorKind.MENTION]
    return (
        whose,
        people,
        tuple(s for s in others if fits(s)),
        tuple(s for s in others if not fits(s)),
    )


def _further_words(query: Query, unheld: tuple[Selector, ...]) -> str:
    """What no field holds: all that is left of the query once what the fields hold is taken out of it."""
    rest = replace(
        query,
        verb=None,
        range=_words_as_range("today"),
        versus=None,
        zone_source="",
        filters=Filters(include=unheld, exclude=tuple(s for s in query.filters.exclude if not fits(s))),
        group_by=(Dimension.AGENT,),
        granularity=None,
        sort=None,
        rank=None,
        booking=untold_booking(None, complete=query.complete),
        booking_named=False,
        outputs=frozenset({Output.CSV} if query.export else ()),  # how a CSV is written is said behind its word alone
        share=False,
    )
    return format_query(rest).removeprefix("today").strip()


# --- selectors as values of options ----------------------------------------------------------------------------------

LONGEST_VALUE = 150


def selector_words(selector: Selector) -> str:
    """The words that choose it: `team:"Billing North"`."""
    bare = Query(text="", range=_words_as_range("today"), filters=Filters(include=(selector,)))
    return format_query(bare).removeprefix("today").strip()


def selector_of(words: str) -> Selector | None:
    """The selector that the words choose; None where they say anything else. They are user input."""
    try:
        scan = Scanner.over(words)
        found = read_selectors(scan)
    except CommandError:
        return None
    if found is None or not scan.done or found[1] or len(found[0]) != 1:
        return None
    return found[0][0]


def fits(selector: Selector) -> bool:
    """Whether an option can hold it, and a command choose it; a Slack id can't be shown there by its name."""
    words = selector_words(selector)
    return "<@" not in words and len(words.encode("utf-16-le")) // 2 <= LONGEST_VALUE and selector_of(words) == selector
