"""An answer as an Excel workbook: typed cells, and a second sheet that says what they are.

Durations are Excel's (fractions of a day), ratios percentages, instants the local time of the zone in their header.
Names are text whatever they look like: nothing in a workbook is written as a formula or a link.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.core.answer import RowState, Unit
from bot.core.comparing import change
from bot.core.metrics import METRICS
from bot.core.rendering import figures, wording
from bot.core.rendering.chosen import chosen_notice, chosen_rows, dimensions_of, value_of
from bot.core.rendering.csv_out import PIECE, filename
from bot.core.rendering.layout import then_word
from bot.core.rendering.names import capped, cleaned, width_of
from bot.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from bot.core.answer import Answer, Column, Number, Row
    from bot.core.query import Query

SHEET_ROWS = 1_048_575
"""What Excel's sheets hold beside the header; whatever is written further down is lost without a word."""

_DAY_S = 86_400.0
_NAME_LIMIT = 255
_NARROWEST, _WIDEST = 8, 40
_STREAMED_FROM = 5_000
"""Rows from which on cells go to disk as they are written, instead of being kept until the end."""

_STATES = {
    RowState.OK: "ok",
    RowState.ZERO: "zero",
    RowState.NOT_STAFFED: "not staffed",
    RowState.NO_DATA: "no data",
    RowState.NOT_FETCHED: "not fetched",
}
_MEANINGS = {
    RowState.OK: "Any conversation, or time spent interacting.",
    RowState.ZERO: "Logged in, without either.",
    RowState.NOT_STAFFED: "Presence was reported, all of it offline.",
    RowState.NO_DATA: "Nothing was reported.",
    RowState.NOT_FETCHED: "A query that feeds the row failed, or wasn't allowed.",
}

_FORMATS: dict[str, dict[str, object]] = {
    "head": {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1},
    "text": {},
    "instant": {"num_format": "yyyy-mm-dd hh:mm"},
    "duration": {"num_format": "[h]:mm:ss"},
    "percent": {"num_format": "0.0%"},
    "factor": {"num_format": "0.00"},
    "count": {"num_format": "#,##0"},
    "minutes": {"num_format": '+#,##0.0" min";-#,##0.0" min";0.0" min"'},
    "points": {"num_format": '+0.0" pp";-0.0" pp";0.0" pp"'},
    "more": {"num_format": "+0.00;-0.00;0.00"},
    "counts": {"num_format": "+#,##0;-#,##0;0"},
    "bold": {"bold": True},
    "wrapped": {"text_wrap": True, "valign": "top"},
}


def answer_as_xlsx(answer: Answer, *, told: Callable[[int, int], object] | None = None) -> bytes:
    """The rows asked for, in the order in which they are drawn, with every column; the same answer, the same bytes.

    Args:
        answer: of a comparison each row has the figures of both times, and what they differ by.
        told: called every thousand rows with how many of how many are written; what it raises ends the work.
    Raises:
        CommandError: more rows than a sheet has.
    """
    import xlsxwriter

    rows = chosen_rows(answer)
    if len(rows) > SHEET_ROWS:
        raise CommandError(
            f"The answer has {len(rows):,} rows, and a sheet {SHEET_ROWS:,}.",
            hint="Ask for wider buckets or fewer agents, or for CSV.",
            code="file_too_large",
        )
    out = io.BytesIO()
    streamed = len(rows) > _STREAMED_FROM
    book = xlsxwriter.Workbook(
        out,
        {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "nan_inf_to_errors": False,
            "constant_memory": streamed,
            "in_memory": not streamed,
        },
    )
    created = answer.coverage.data_as_of
    book.set_properties(
        {
            "title": wording.title(answer),
            "comments": answer.query.text,
            **({"created": created.replace(tzinfo=None)} if created else {}),
        }
    )
    formats = {name: book.add_format(properties) for name, properties in _FORMATS.items()}
    _write_figures(book.add_worksheet("Figures"), formats, answer, rows, told)
    _write_about(book.add_worksheet("About"), formats, answer)
    book.close()
    return out.getvalue()


def xlsx_filename(query: Query) -> str:
    """`utilization_2026-11-16_2026-11-22.xlsx`"""
    return filename(query, "xlsx")


# --- the figures -----------------------------------------------------------------------------------------------------

Value = str | float | int | datetime | None
"""What a cell holds; None is an empty one."""


@dataclass(frozen=True, slots=True)
class _Field:
    """One column of the sheet: its header, how its cells look, and how wide they are."""

    head: str
    look: str
    width: int = 11


def _write_figures(
    sheet: Worksheet,
    formats: Mapping[str, Format],
    answer: Answer,
    rows: Sequence[Row],
    told: Callable[[int, int], object] | None,
) -> None:
    dimensions = dimensions_of(answer)
    fields = tuple(_fields(answer, rows, dimensions))
    looks = [formats[field.look] for field in fields]
    for place, field in enumerate(fields):
        sheet.set_column(place, place, field.width)
    sheet.set_row(0, 45)
    for place, field in enumerate(fields):
        sheet.write_string(0, place, field.head, formats["head"])
    sheet.freeze_panes(1, max(len(dimensions), 1))
    sheet.autofilter(0, 0, max(len(rows), 1), len(fields) - 1)
    for done, row in enumerate(rows, start=1):
        for place, value in enumerate(_values(answer, row, dimensions)):
            _write(sheet, done, place, value, looks[place])
        if told is not None and (done % PIECE == 0 or done == len(rows)):
            told(done, len(rows))


def _write(sheet: Worksheet, row: int, place: int, value: Value, look: Format | None = None) -> None:
    """One cell by its type; never by what its text looks like."""
    match value:
        case str():
            sheet.write_string(row, place, value, look)
        case int() | float():
            sheet.write_number(row, place, value, look)
        case datetime():
            sheet.write_datetime(row, place, value, look)


def _fields(answer: Answer, rows: Sequence[Row], dimensions: Sequence[str]) -> Iterator[_Field]:
    """Names first, then time and figures of each side, the changes, and the ids last."""
    zone = answer.query.zone.key if answer.query.zone else "UTC"
    for dimension in dimensions:
        widest = max((width_of(_text(group.name)) for row in rows if (group := row.group(dimension))), default=0)
        yield _Field(dimension.capitalize(), "text", min(max(widest + 2, _NARROWEST), _WIDEST))
    for side in ("", f" {then_word(answer.query)}") if answer.versus is not None else ("",):
        yield _Field(f"Start{side} ({zone})", "instant", 17)
        yield _Field(f"End{side} ({zone})", "instant", 17)
        yield _Field(f"UTC offset{side}", "text", _NARROWEST)
        yield _Field(f"State{side}", "text", 12)
        yield from (_Field(f"{column.label}{side}", _look(column)) for column in answer.columns)
        yield _Field(f"Missing{side}", "text", _WIDEST)
    if answer.versus is not None:
        yield from (_Field(f"Δ {column.label}", _look_of_change(column)) for column in answer.columns)
    yield from (_Field(f"{dimension.capitalize()} id", "text", 14) for dimension in dimensions)


def _values(answer: Answer, row: Row, dimensions: Sequence[str]) -> Iterator[Value]:
    """The cells of a row, one for each field."""
    groups = [row.group(dimension) for dimension in dimensions]
    yield from (_text(group.name) if group else None for group in groups)
    yield from _side(answer, row)
    if answer.versus is not None:
        partner = row.versus
        yield from _side(answer.versus, partner) if partner else [None] * (5 + len(answer.columns))
        for column in answer.columns:
            then = value_of(partner, column.name) if partner else None
            yield _change(change(value_of(row, column.name), then), column)
    yield from (_text(group.id) if group else None for group in groups)


def _side(answer: Answer, row: Row) -> Iterator[Value]:
    """A row's time, state and figures, and why some are missing."""
    zone = answer.query.zone or UTC
    start, end = row.start.astimezone(zone), row.end.astimezone(zone)
    yield start.replace(tzinfo=None)
    yield end.replace(tzinfo=None)
    yield f"{start:%z}"[:3] + ":" + f"{start:%z}"[3:5]
    yield _STATES[row.state] + (", provisional" if row.provisional else "")
    missing: dict[str, list[str]] = {}
    for column in answer.columns:
        value = value_of(row, column.name)
        yield None if value is None else value / _DAY_S if column.unit is Unit.SECONDS else value
        if value is None:
            missing.setdefault(figures.meaning(figures.missing_reason(row, column.name)), []).append(column.label)
    yield _reasons(missing, len(answer.columns))


def _reasons(missing: Mapping[str, Sequence[str]], columns: int) -> str | None:
    """`nothing to divide by: AHT`; a reason that all columns share stands alone."""
    if not missing:
        return None
    return "; ".join(
        reason if len(labels) == columns else f"{reason}: {', '.join(labels)}" for reason, labels in missing.items()
    )


def _text(outside: str | None) -> str:
    return capped(cleaned(outside or ""), _NAME_LIMIT)


def _look(column: Column) -> str:
    if column.unit is Unit.SECONDS:
        return "duration"
    if column.unit is Unit.COUNT:
        return "count"
    return "factor" if column.name in figures.PLAIN_RATIOS else "percent"


def _look_of_change(column: Column) -> str:
    """Excel has no negative durations, and a difference of percentages is no percentage: minutes, and points."""
    return {"duration": "minutes", "count": "counts", "factor": "more", "percent": "points"}[_look(column)]


def _change(value: Number, column: Column) -> Number:
    if value is None:
        return None
    return value * {"minutes": 1 / 60, "points": 100}.get(_look_of_change(column), 1)


# --- what they are ---------------------------------------------------------------------------------------------------


def _write_about(sheet: Worksheet, formats: Mapping[str, Format], answer: Answer) -> None:
    """The question, its reading, the totals, what each column is, and what all of it rests on."""
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 60)
    sheet.set_column(2, 3, 16)
    at = 0

    def line(*values: Value, looks: Sequence[str] = ()) -> None:
        nonlocal at
        for place, value in enumerate(values):
            _write(sheet, at, place, value, formats[looks[place]] if place < len(looks) else formats["wrapped"])
        at += 1

    def title(text: str) -> None:
        line()
        line(text, looks=("bold",))

    line(wording.title(answer), looks=("bold",))
    line("Question", answer.query.text)
    line("Reading", wording.reading(answer.query, wording.known_names(answer)))
    for note in wording.reading_notes(answer.query):
        line("", note)
    line("Finding", wording.finding(answer))
    line("Coverage", wording.coverage(answer))
    for text in wording.warnings(answer):
        line("Warning", text)
    if (notice := chosen_notice(answer)) is not None:
        line("Rows", notice.message)

    title("Totals")
    there = answer.versus
    if there is not None:
        line("", "", then_word(answer.query).capitalize(), "Δ", looks=("head", "head", "head", "head"))
    for column in answer.columns:
        own, look = figures.finite(answer.totals.get(column.name)), _look(column)
        cells = [_total(own, column)]
        if there is not None:
            then = figures.finite(there.totals.get(column.name))
            cells += [_total(then, column), _change(change(own, then), column)]
        line(column.label, *cells, looks=("wrapped", look, look, _look_of_change(column)))

    title("Columns")
    by_name = {metric.name: metric for metric in METRICS}
    for column in answer.columns:
        metric = by_name.get(column.name)
        if metric is not None:
            line(column.label, f"{metric.formula}. {metric.definition}")

    title("Signs")
    for state, meaning in _MEANINGS.items():
        line(_STATES[state], meaning)
    line("An empty cell", "There is no figure; the column Missing says why.")
    line("Provisional", "The time still runs: the figure grows.")


def _total(value: Number, column: Column) -> Number:
    return None if value is None else value / _DAY_S if column.unit is Unit.SECONDS else value
