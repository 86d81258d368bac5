"""An answer as CSV: plain numbers for machines and spreadsheets, and texts that no spreadsheet runs.

Durations are seconds and ratios fractions, as in the JSON interface, unless the reader chose otherwise; the column
names say so. An empty cell is a missing number, and the column `missing` says why.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from typing import TYPE_CHECKING

from bot.core.answer import Unit
from bot.core.comparing import change
from bot.core.intervals import Interval, days_touched
from bot.core.rendering.chosen import chosen_rows, dimensions_of, value_of
from bot.core.rendering.export_format import ExportFormat
from bot.core.rendering.figures import missing_reason
from bot.core.rendering.names import capped, cleaned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.core.answer import Answer, Number, Row
    from bot.core.query import Query

PIECE = 1_000
"""Rows between two looks at how far a file has come."""

_NAME_LIMIT = 255
_MARK = "\ufeff"
_FORMULA_STARTS = frozenset("=+-@\t\r\n\0−")


def answer_as_csv(answer: Answer, form: ExportFormat | None = None) -> str:
    """The rows asked for, in the order in which they are drawn, with every column (RFC 4180).

    Args:
        answer: of a comparison each row has the figures of both times, and what they differ by.
        form: None: as the answer's reader has it.
    """
    return "".join(text for text, _ in csv_pieces(answer, form))


def csv_pieces(answer: Answer, form: ExportFormat | None = None) -> Iterator[tuple[str, int]]:
    """The same in pieces, each with how many rows were written up to its end."""
    form = form or ExportFormat.of(answer)
    rows, dimensions = chosen_rows(answer), dimensions_of(answer)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=form.separator)
    out.write(_MARK if form.mark else "")
    writer.writerow(_header(answer, form, dimensions))
    for done in range(0, max(len(rows), 1), PIECE):
        piece = rows[done : done + PIECE]
        writer.writerows(_cells(answer, form, row, dimensions) for row in piece)
        yield out.getvalue(), done + len(piece)
        out.seek(0)
        out.truncate()


def csv_filename(query: Query) -> str:
    """`utilization_2026-11-16_2026-11-22.csv`"""
    return filename(query, "csv")


def filename(query: Query, ending: str) -> str:
    """What a file of an answer is called: by the first and the last local day of the range, and those of the other."""
    if query.zone is None:
        return f"utilization.{ending}"
    names = []
    for span in filter(None, (query.range, query.versus)):
        days = days_touched(Interval(span.start, span.end), query.zone)
        names.append("_".join(dict.fromkeys(f"{day}" for day in (*days[:1], *days[-1:]))))
    return f"{'_'.join(('utilization', '_vs_'.join(names))).rstrip('_')}.{ending}"


def safe_cell(text: str) -> str:
    """The text as a cell that stays a text: spreadsheets run what begins like a formula, whatever the blanks before."""
    bare = unicodedata.normalize("NFKC", re.sub(r"^[\s\ufeff\u200b-\u200f\u2060'\"]+", "", text))
    risky = text[:1] in _FORMULA_STARTS or bare[:1] in _FORMULA_STARTS
    clean = capped(cleaned(text), _NAME_LIMIT)
    return f"'{clean}" if risky or clean[:1] in _FORMULA_STARTS else clean


def _header(answer: Answer, form: ExportFormat, dimensions: Sequence[str]) -> list[str]:
    columns = [form.column(c.name) if c.unit is Unit.SECONDS else c.name for c in answer.columns]
    compared = [
        *(f"versus_{name}" for name in ("start", "end", "state", "provisional", *columns, "missing")),
        *(f"change_{name}" for name in columns),
    ]
    return [
        *(f"{dimension}_{part}" for dimension in dimensions for part in ("id", "name")),
        *("start", "end", "state", "provisional", *columns, "missing"),
        *(compared if answer.versus is not None else ()),
    ]


def _cells(answer: Answer, form: ExportFormat, row: Row, dimensions: Sequence[str]) -> list[str]:
    cells = []
    for dimension in dimensions:
        group = row.group(dimension)
        cells += [safe_cell((group.id if group else None) or ""), safe_cell((group.name if group else None) or "")]
    cells += _figures(answer, form, row)
    if answer.versus is not None:
        partner = row.versus
        cells += _figures(answer.versus, form, partner) if partner else [""] * (5 + len(answer.columns))
        cells += [
            _number(change(value_of(row, c.name), value_of(partner, c.name)) if partner else None, c.unit, form)
            for c in answer.columns
        ]
    return cells


def _figures(answer: Answer, form: ExportFormat, row: Row) -> list[str]:
    """A row's time and state, its figures, and why some are missing."""
    zone = answer.query.zone
    numbers = [(column, value_of(row, column.name)) for column in answer.columns]
    return [
        *((m.astimezone(zone) if zone else m).isoformat() for m in (row.start, row.end)),
        row.state.value,
        "true" if row.provisional else "false",
        *(_number(value, column.unit, form) for column, value in numbers),
        " ".join(f"{c.name}={missing_reason(row, c.name).value}" for c, value in numbers if value is None),
    ]


def _number(value: Number, unit: Unit, form: ExportFormat) -> str:
    if value is None:
        return ""
    return form.duration(value) if unit is Unit.SECONDS else form.number(value)
