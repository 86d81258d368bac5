"""An answer as the JSON interface shows it: the contract is docs/json.md, and other programs read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.comparing import change
from bot.core.query import query_as_json
from bot.core.rendering.chosen import chosen_in_name_order, chosen_notice, dimensions_of, value_of
from bot.core.rendering.figures import finite, missing_reason
from bot.core.rendering.refusals import hint_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from bot.core.answer import Answer, Changes, Coverage, Row, TextAnswer
    from bot.core.sourcing import Sources
    from bot.errors import BotError

Json = dict[str, object]


def answer_as_json(answer: Answer) -> Json:
    """Every column and every row asked for, sorted by name, id and start; totals are of the whole group."""
    notice, dimensions = chosen_notice(answer), dimensions_of(answer)
    warnings = [*answer.warnings, *([notice] if notice else [])]
    return {
        "query": query_as_json(answer.query),
        "columns": [{"name": c.name, "unit": c.unit.value, "label": c.label} for c in answer.columns],
        "rows": [_row(answer, row, dimensions) for row in chosen_in_name_order(answer)],
        "totals": {c.name: finite(answer.totals.get(c.name)) for c in answer.columns},
        "coverage": _coverage(answer.coverage, answer.query.zone),
        "warnings": [{"code": w.code, "message": w.message} for w in warnings],
        **({"changes": _changes(answer.changes, answer.query.zone)} if answer.changes else {}),
        **({"versus": _other_side(answer, answer.versus)} if answer.versus else {}),
    }


def text_answer_as_json(answer: TextAnswer) -> Json:
    """Help, a definition, a status; with what else an answer in words carries for programs."""
    return {"query": query_as_json(answer.query), "title": answer.title, "text": answer.text, **answer.data}


def error_as_json(error: BotError) -> Json:
    """A refusal or a failure; readings to choose from stand in the hint."""
    return {"error": {"code": error.code, "message": error.message, "hint": hint_of(error)}}


def _row(answer: Answer, row: Row, dimensions: Sequence[str]) -> Json:
    shown: Json = {}
    for dimension in dimensions:
        group = row.group(dimension)
        shown[f"{dimension}_id"] = group.id if group else None
        shown[f"{dimension}_name"] = group.name if group else None
    shown |= _figures(answer, row)
    if answer.versus is not None:
        partner = row.versus
        shown["versus"] = None if partner is None else _figures(answer.versus, partner)
        shown["change"] = {
            c.name: None if partner is None else change(value_of(row, c.name), value_of(partner, c.name))
            for c in answer.columns
        }
    return shown


def _figures(answer: Answer, row: Row) -> Json:
    """A row's time and state, and its figures."""
    zone = answer.query.zone
    shown: Json = {
        "start": _iso(row.start, zone),
        "end": _iso(row.end, zone),
        "state": row.state.value,
        "provisional": row.provisional,
        "missing": {c.name: missing_reason(row, c.name).value for c in answer.columns if value_of(row, c.name) is None},
    }
    return shown | {c.name: value_of(row, c.name) for c in answer.columns}


def _other_side(answer: Answer, there: Answer) -> Json:
    """The time compared with, whole; the rows stand beside their partners, and here those without one."""
    paired = {id(row.versus) for row in answer.rows}
    totals = {c.name: finite(there.totals.get(c.name)) for c in answer.columns}
    return {
        "query": query_as_json(there.query),
        "unpaired": [_row(there, row, dimensions_of(there)) for row in there.rows if id(row) not in paired],
        "totals": totals,
        "change": {name: change(finite(answer.totals.get(name)), then) for name, then in totals.items()},
        "coverage": _coverage(there.coverage, there.query.zone),
        "warnings": [{"code": w.code, "message": w.message} for w in there.warnings],
    }


def _coverage(coverage: Coverage, zone: ZoneInfo | None) -> Json:
    as_of, since = coverage.data_as_of, coverage.provisional_from
    return {
        "agents_asked": coverage.agents_asked,
        "agents_answered": coverage.agents_answered,
        "buckets": coverage.buckets,
        "requests": coverage.requests,
        "conversations": coverage.conversations,
        "duplicates_removed": coverage.duplicates_removed,
        "data_as_of": _iso(as_of, zone) if as_of else None,
        "provisional_from": _iso(since, zone) if since else None,
        "cached": coverage.cached,
        "conversations_since": _iso(coverage.conversations_since, zone) if coverage.conversations_since else None,
        "sources": _sources(coverage.sources, zone) if coverage.sources else None,
        "segments_short_s": coverage.segments_short_s,
    }


def _changes(changes: Changes, zone: ZoneInfo | None) -> Json:
    moved: list[Json] = []
    for move in changes.moved:
        groups: Json = {}
        for group in move.groups:
            groups |= {f"{group.dimension}_id": group.id, f"{group.dimension}_name": group.name}
        start = _iso(move.start, zone) if move.start else None
        moved.append({**groups, "start": start, "column": move.column, "old": move.old, "new": move.new})
    return {"since": _iso(changes.since, zone), "count": changes.count, "moved": moved}


def _sources(sources: Sources, zone: ZoneInfo | None) -> Json:
    kept = (
        {"day": about.day.isoformat(), "fetched_at": _iso(about.fetched_at, zone), "final": about.final}
        for about in sources.kept
    )
    half_hours = (
        {
            "side": about.side.value,
            "day": about.day.isoformat(),
            "fetched_at": _iso(about.fetched_at, zone),
            "final": about.final,
        }
        for about in sources.half_hours
    )
    return {"archive": [*kept], "half_hours": [*half_hours], "pages": sources.pages, "jobs": sources.jobs}


def _iso(moment: datetime, zone: ZoneInfo | None) -> str:
    return (moment.astimezone(zone) if zone else moment).isoformat()
