"""The sentences around a table. Plain text: names in them are clean, and nothing is escaped for any door yet."""

from __future__ import annotations

from calendar import day_abbr
from operator import itemgetter
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.core.intervals import Granularity, buckets, clock_label
from bot.core.query import Booking, Dimension, Output, SelectorKind, Verb
from bot.core.rendering import figures
from bot.core.rendering.chosen import changes_of, chosen_rows, value_of
from bot.core.rendering.kept import memo_reading
from bot.core.rendering.layout import (
    OVERFULL_SIGN,
    drawn_columns,
    group_name,
    headline_column,
    is_dated,
    label_dimensions,
    overfull_cause,
    sole_agent,
    then_word,
    time_label,
    together,
    total_change,
    total_of,
)
from bot.core.rendering.names import capped, cleaned, raw_text
from bot.core.sourcing import Side

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from bot.core.answer import Answer, Column, Row
    from bot.core.defaults import DurationStyle
    from bot.core.query import Query, Range, Selector
    from bot.core.rendering.layout import Grid
    from bot.core.sourcing import KeptDay, KeptHalfHours, Sources

_MOST_NAMED = 4
DELETED = "deleted_agents"
"""Said under the table, where their rows are."""
_MESSAGE_LIMIT = 300
_OF_ITS_OWN_SIDE = frozenset({"residue", "bucket_overflow"})
"""Warnings about a time compared with that only its own table would need."""


def plural(count: int, noun: str) -> str:
    """`1 agent`, `2,004 agents`; None is never counted."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


# --- the reading of the question -------------------------------------------------------------------------------------


def reading(query: Query, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """The question as understood: range, zone, number of buckets, booking, and whom it asks about.

    Args:
        names: agent ids with what to call them; a picker asks by id.
    """
    if query.memo is not None:
        return memo_reading(query.memo)
    if query.verb is Verb.AGAIN:
        return "Your last question, once more"
    if query.range is None or query.zone is None:
        words = " ".join(filter(None, (query.verb.value if query.verb else "", query.topic)))
        return cleaned(words)
    if query.verb is Verb.AUDIT:
        looked_at = whom(query.filters.include, names) or "everybody"
        return f"Who looked at {looked_at}: {query.range.label} {query.zone.key}"
    parts = [f"{query.range.label} {query.zone.key}", bucket_count(query), booking(query)]
    if Output.HEATMAP in query.outputs and query.by_time is not None:
        nouns = [query.bucket_noun if d.is_time else d.value for d in query.group_by]
        parts.append(f"as a heat map by {' and '.join(nouns)}")
    parts += filter(None, (whom(query.filters.include, names), conversations(query)))
    if query.filters.exclude:
        parts.append(f"without {whom(query.filters.exclude, names)}")
    sentence = ", ".join(parts)
    if query.versus is not None:
        sentence += f"; against {_amid(query.versus.label)}"
    return sentence


def _amid(label: str) -> str:
    """A range's label within a sentence: its first word keeps a capital only where it is a day's name."""
    return label if label[:3] in day_abbr else f"{label[:1].lower()}{label[1:]}"


def reading_notes(query: Query) -> tuple[str, ...]:
    """What the reading had to decide, each a sentence of its own."""
    spans = [span for span in (query.range, query.versus) if span]
    notes = (*(note for span in spans for note in span.notes), *query.notes)
    return tuple(dict.fromkeys(filter(None, map(cleaned, notes))))


def bucket_count(query: Query) -> str:
    """`48 half-hours`; a range in one bucket is measured in half-hours all the same."""
    if query.granularity is not None:
        return plural(query.bucket_count, query.bucket_noun)
    if query.range is None or query.zone is None:
        return plural(1, "bucket")
    return plural(len(buckets(query.range.windows, Granularity.HALF_HOUR, query.zone)), "half-hour")


def booking(query: Query) -> str:
    """By which rule time falls into buckets."""
    return "as posted" if query.booking is Booking.POSTED else "by the clock"


def known_names(answer: Answer) -> Mapping[str, str]:
    """Agent ids in the answer with their names."""
    groups = {group.id: group for row in answer.rows if (group := row.group(Dimension.AGENT)) is not None}
    return {agent_id: group_name(group) for agent_id, group in groups.items() if agent_id}


def whom(selectors: Sequence[Selector], names: Mapping[str, str] = MappingProxyType({})) -> str:
    """`team Billing, queue Support`; the first few, and how many more."""
    named = []
    # Slack's id of somebody is not the agent's: whoever is meant is known where the answer is about one person alone.
    mentioned = next(iter(names.values())) if len(selectors) == len(names) == 1 else "the person mentioned"
    for selector in selectors:
        match selector.kind:
            case SelectorKind.ME:
                named.append("you")
            case SelectorKind.MY_TEAM:
                named.append("your team")
            case SelectorKind.MENTION:
                named.append(mentioned)
            case SelectorKind.AGENT | SelectorKind.EMAIL:
                named.append(names.get(selector.value) or raw_text(selector.value))
            case kind:
                named.append(f"{kind.value} {raw_text(selector.value)}")
    named = list(dict.fromkeys(named))
    more = len(named) - _MOST_NAMED
    return ", ".join(named[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def conversations(query: Query) -> str:
    """Which conversations count, where not all do."""
    chosen = query.filters
    words = [*chosen.directions, *chosen.media]
    if chosen.acd:
        words.append("routed work only")
    return " ".join(words)


# --- the finding -----------------------------------------------------------------------------------------------------


def title(answer: Answer) -> str:
    """What the table shows: `Utilization by agent`, `Utilization by half-hour: Ana Díaz`."""
    query = answer.query
    nouns = [query.bucket_noun if d is Dimension.INTERVAL else d.value for d in label_dimensions(answer)]
    everybody, agent = together(answer), sole_agent(answer)
    if everybody is not None:
        return f"{headline_column(answer).label} of {group_name(everybody)}"
    suffix = f": {group_name(agent)}" if agent else ""
    compared = ", compared" if answer.versus is not None else ""
    return f"{headline_column(answer).label} by {' and '.join(nouns)}{compared}{suffix}"


def finding(answer: Answer) -> str:
    """The headline over everybody, then who or what lies at its ends: what a notification must say."""
    column = headline_column(answer)
    if not answer.rows:
        return "Nothing to show: nobody matched, or nobody worked, in that range."
    figure = total_of(answer, column.name, column.unit)
    agent = sole_agent(answer)
    over = group_name(agent) if agent else _over(answer)
    if answer.totals.get(column.name) is None:
        reasons = {figures.missing_reason(row, column.name) for row in answer.rows}
        meaning = figures.meaning(reasons.pop()) if len(reasons) == 1 else "no data"
        sentences = [f"{column.label} of {over}: {meaning}."]
    else:
        against = _against(answer, column)
        sentences = [
            f"{over}: {column.label} {figure}{against}." if agent else f"{column.label} {figure} over {over}{against}."
        ]
    rows = chosen_rows(answer)
    if not rows:
        return " ".join([*sentences, "No row is what was asked for."])
    if answer.versus is not None:
        return " ".join([*sentences, *_movers(answer, rows, column)])
    have = [(value, row) for row in rows if (value := value_of(row, column.name)) is not None]
    if have:
        (least, lowest), (most, highest) = (end(have, key=itemgetter(0)) for end in (min, max))
        if least != most:
            if len(rows) < len(answer.rows):  # the totals are of all: an end of these may lie on the other side of them
                sentences.append(f"Of the {plural(len(rows), 'row')} shown:")
            for word, value, row in (("Lowest", least, lowest), ("Highest", most, highest)):
                shown = figures.number(value, column.unit, column=column.name, durations=answer.durations)
                sentences.append(f"{word}: {row_name(answer, row)} {shown}.")
    return " ".join(sentences)


def _against(answer: Answer, column: Column) -> str:
    """`, 53.6 % before (↑ +3.2 pp)`; empty where nothing is compared."""
    there = answer.versus
    if there is None:
        return ""
    then = figures.number(there.totals.get(column.name), column.unit, column=column.name, durations=answer.durations)
    word = then_word(answer.query)
    return f", {then} {word} ({total_change(answer, column)})" if then else f", no figure {word}"


def _movers(answer: Answer, rows: Sequence[Row], column: Column) -> Iterator[str]:
    """Who rose most and who fell most."""
    moved = changes_of(rows, column.name)
    if len(moved) < 2:
        return
    rise, fall = (end(moved, key=itemgetter(0)) for end in (max, min))
    for word, (difference, row), counts in (("Most up", rise, rise[0] > 0), ("Most down", fall, fall[0] < 0)):
        if counts:
            shown = figures.change(difference, column.unit, column=column.name, durations=answer.durations)
            yield f"{word}: {row_name(answer, row)} {shown}."


def row_name(answer: Answer, row: Row) -> str:
    """A row in a sentence: `Ana Díaz`, `Billing, 13:30`."""
    query, zone = answer.query, answer.query.zone
    parts = []
    for dimension in label_dimensions(answer):
        if dimension.is_time and zone is not None:
            dated = is_dated(query)
            parts.append(time_label(row.start, row.end, dimension=dimension, zone=zone, dated=dated))
        else:
            parts.append(group_name(row.group(dimension)))
    return ", ".join(parts)


def _over(answer: Answer) -> str:
    """Whom the totals are of."""
    everybody = together(answer)
    if everybody is not None:
        return group_name(everybody)
    count = answer.coverage.agents_answered or answer.coverage.agents_asked
    return plural(count, "agent")


def totals(answer: Answer) -> tuple[tuple[str, str], ...]:
    """(label, figure) of each drawn column over the whole group."""
    there, word = answer.versus, then_word(answer.query)

    def figure(column: Column) -> str:
        own = total_of(answer, column.name, column.unit)
        if there is None:
            return own
        return f"{own} ({word} {total_of(there, column.name, column.unit)}, {total_change(answer, column)})"

    return tuple((column.label, figure(column)) for column in drawn_columns(answer))


def totals_label(answer: Answer) -> str:
    """Whose totals they are."""
    agent = sole_agent(answer)
    if agent is not None:
        return f"{group_name(agent)}, whole range"
    over = _over(answer)
    return over if together(answer) is not None or over == plural(1, "agent") else f"All {over}"


# --- what the answer rests on ----------------------------------------------------------------------------------------


def warnings(answer: Answer) -> tuple[str, ...]:
    """Each warning on one line."""
    said = [cleaned(warning.message) for warning in answer.warnings if warning.code != DELETED]
    if answer.versus is not None:
        word = then_word(answer.query).capitalize()
        theirs = [cleaned(w.message) for w in answer.versus.warnings if w.code not in _OF_ITS_OWN_SIDE]
        said += [f"{word}: {text}" for text in theirs if text and text not in said]
    return tuple(capped(text, _MESSAGE_LIMIT) for text in said if text)


def remarks(answer: Answer, table: Grid | None) -> tuple[str, ...]:
    """What the table itself needs said: its signs, why rows pass 100 %, whether the parts add up."""
    said = []
    if table is not None:
        said.append(table.legend)
        if table.overfull:
            told = any(warning.code == "bucket_overflow" for warning in answer.warnings)
            said.append(OVERFULL_SIGN if told else overfull_cause(answer.query))
    if answer.residue_s is not None and not any(warning.code == "residue" for warning in answer.warnings):
        said.append(residue(answer.residue_s, answer.durations))
    said += [cleaned(warning.message) for warning in answer.warnings if warning.code == DELETED]
    return tuple(filter(None, said))


def residue(seconds: float, durations: DurationStyle) -> str:
    """Whether handle is the sum of its parts on the range's totals."""
    parts = "contacting, dialing, talk, held and ACW"
    if abs(seconds) < 0.5:
        return f"Handle is the sum of {parts}."
    side = "more" if seconds > 0 else "less"
    return f"Residue: handle is {figures.duration(abs(seconds), durations)} {side} than {parts} together."


def coverage(answer: Answer, *, now: datetime | None = None) -> str:
    """Agents asked and answered, range, data age, what is provisional, duplicates removed, calls spent.

    Of a comparison the other time has its own part at the end; duplicates and calls are of both.
    """
    parts = _covered(answer, now)
    covered = answer.coverage
    both = [covered, *([answer.versus.coverage] if answer.versus else [])]
    parts.append(f"{plural(sum(side.duplicates_removed for side in both), 'duplicate')} removed")
    parts.append(plural(covered.requests, "API call"))
    if covered.cached:
        parts.append("from the cache")
    if answer.versus is not None:
        then = _covered(answer.versus, now)
        parts.append(f"{then_word(answer.query)}: {', '.join(then)}")
    return " · ".join([*parts, *since_last_time(answer)])


def since_last_time(answer: Answer) -> Iterator[str]:
    """What moved since the same person asked the same: `Since 08:02: Ana Díaz Utilization 61.0 % → 63.4 %`."""
    changes, zone = answer.changes, answer.query.zone
    if changes is None or zone is None:
        return
    rows = {(row.groups, row.start): row for row in answer.rows}
    by_group = {row.groups: row for row in answer.rows}
    columns = {column.name: column for column in answer.columns}
    told = []
    for move in changes.moved[:_MOST_NAMED]:
        row = rows.get((move.groups, move.start)) if move.start else by_group.get(move.groups)
        column = columns[move.column]
        old, new = (
            figures.number(value, column.unit, column=column.name, durations=answer.durations) or figures.NO_DATA
            for value in (move.old, move.new)
        )
        told.append(f"{row_name(answer, row) if row else 'in all'} {column.label} {old} → {new}")
    more = changes.count - len(told)
    told += [f"and {plural(more, 'more figure')}"] if more else []
    now = answer.coverage.data_as_of or changes.since
    same_day = now.astimezone(zone).date() == changes.since.astimezone(zone).date()
    when = f"{changes.since.astimezone(zone):%H:%M}" if same_day else moment(changes.since, zone)
    yield f"Since {when}: {'; '.join(told)}"


def _covered(answer: Answer, now: datetime | None) -> list[str]:
    """What the figures of one time rest on."""
    covered, query = answer.coverage, answer.query
    parts = [f"{covered.agents_answered:,} of {plural(covered.agents_asked, 'agent')} answered"]
    zone = query.zone
    if query.range is not None and zone is not None:
        parts.append(f"{resolved(query.range, zone)}, {bucket_count(query)}")
        if covered.data_as_of is not None:
            age = f" ({ago(covered.data_as_of, now)})" if now else ""
            parts.append(f"data as of {moment(covered.data_as_of, zone)}{age}")
        since = covered.provisional_from
        parts.append(f"provisional from {moment(since, zone)}" if since else "final")
        if since is not None and since <= query.range.start:
            parts[-1] = "all of it still provisional"
    if covered.conversations is not None:
        found = plural(covered.conversations, "conversation")
        if covered.conversations_since is not None:
            found += f" begun since {covered.conversations_since:%Y-%m-%d}"
        parts.append(found)
    if covered.sources is not None and zone is not None:
        parts.extend(sources(covered.sources, zone))
    if covered.segments_short_s == 0:
        parts.append("no posted time is missing from it")
    return parts


def sources(found: Sources, zone: ZoneInfo) -> Iterator[str]:
    """`2 days from the archive (fetched Mon 23 Nov 02:10, provisional), 3 pages`"""
    parts = []
    if found.kept:
        parts.append(f"{plural(len(found.kept), 'day')} from the archive ({_fetched(found.kept, zone)})")
    if found.half_hours:
        of_what = " and ".join(dict.fromkeys(_OF_SIDE[about.side] for about in found.half_hours))
        parts.append(f"half-hours of {of_what} from the archive ({_fetched(found.half_hours, zone)})")
    parts += [plural(count, noun) for count, noun in ((found.pages, "page"), (found.jobs, "job")) if count]
    if parts:
        yield ", ".join(parts)


_OF_SIDE = {Side.POSTED: "posted time", Side.STATUS: "status"}


def _fetched(kept: Sequence[KeptDay | KeptHalfHours], zone: ZoneInfo) -> str:
    """When the oldest of it was fetched, of what may still change where anything may."""
    moving = [about.fetched_at for about in kept if not about.final]
    fetched = min(moving or (about.fetched_at for about in kept))
    return f"fetched {moment(fetched, zone)}{', provisional' if moving else ''}"


def resolved(span: Range, zone: ZoneInfo) -> str:
    """The range in absolute terms: `2026-11-22 00:00 – 2026-11-23 00:00 Europe/London`."""
    start, end = (f"{m.astimezone(zone):%Y-%m-%d} {clock_label(m, zone)}" for m in (span.start, span.end))
    pieces = f" in {len(span.windows)} pieces" if len(span.windows) > 1 else ""
    return f"{start} – {end} {zone.key}{pieces}"


def moment(instant: datetime, zone: ZoneInfo) -> str:
    """`Mon 23 Nov 09:12`"""
    local = instant.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b} {clock_label(instant.replace(second=0, microsecond=0), zone)}"


def ago(instant: datetime, now: datetime) -> str:
    """`just now`, `12 min ago`, `3 h ago`, `2 days ago`"""
    minutes = int((now - instant).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 48 * 60:
        return f"{minutes // 60} h ago"
    return f"{minutes // (24 * 60)} days ago"


def left_out(drawn: int, chosen: int) -> str | None:
    """How many rows a form could not hold."""
    if drawn >= chosen:
        return None
    return f"{chosen - drawn:,} of {plural(chosen, 'row')} left out here; the CSV has them all."


def extremes(count: int, chosen: int, label: str) -> str:
    """Why a long table shows its two ends."""
    return f"The {count} highest and {count} lowest of {plural(chosen, 'row')} by {label}; the CSV has them all."


def undrawn(columns: Sequence[str]) -> str | None:
    """The columns for which there was no room."""
    return f"No room here for {', '.join(columns)}." if columns else None
