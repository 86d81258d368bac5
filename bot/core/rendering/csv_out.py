"""An answer as CSV: plain numbers for machines and spreadsheets, and texts that no spreadsheet runs.

Durations are seconds and ratios fractions, as in the JSON interface; the column names say so. An empty cell is a
missing number, and the column `missing` says why.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from typing import TYPE_CHECKING

from bot.core.intervals import Interval, days_touched
from bot.core.rendering.chosen import chosen_rows, value_of
from bot.core.rendering.figures import missing_reason
from bot.core.rendering.names import capped, cleaned

if TYPE_CHECKING:
    from bot.core.answer import Answer, Row
    from bot.core.query import Query

_NAME_LIMIT = 255
_FORMULA_STARTS = frozenset("=+-@\t\r\n\0−")


def answer_as_csv(answer: Answer) -> str:
    """The rows asked for, in the order in which they are drawn, with every column (RFC 4180)."""
    rows = chosen_rows(answer)
    dimensions = list(
        dict.fromkeys(
            [d.value for d in answer.query.group_by if not d.is_time]
            + [g.dimension for row in rows for g in row.groups]
        )
    )
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [
            *(f"{dimension}_{part}" for dimension in dimensions for part in ("id", "name")),
            *("start", "end", "state", "provisional"),
            *(column.name for column in answer.columns),
            "missing",
        ]
    )
    for row in rows:
        writer.writerow(_cells(answer, row, dimensions))
    return out.getvalue()


def csv_filename(query: Query) -> str:
    """`utilization_2026-11-16_2026-11-22.csv`: the first and the last local day of the range."""
    if query.range is None or query.zone is None:
        return "utilization.csv"
    days = days_touched(Interval(query.range.start, query.range.end), query.zone)
    ends = dict.fromkeys(f"{day}" for day in (*days[:1], *days[-1:]))
    return f"{'_'.join(('utilization', *ends))}.csv"


def safe_cell(text: str) -> str:
    """The text as a cell that stays a text: spreadsheets run what begins like a formula, whatever the blanks before."""
    bare = unicodedata.normalize("NFKC", re.sub(r"^[\s\ufeff\u200b-\u200f\u2060'\"]+", "", text))
    risky = text[:1] in _FORMULA_STARTS or bare[:1] in _FORMULA_STARTS
    clean = capped(cleaned(text), _NAME_LIMIT)
    return f"'{clean}" if risky or clean[:1] in _FORMULA_STARTS else clean


def _cells(answer: Answer, row: Row, dimensions: list[str]) -> list[str]:
    cells = []
    for dimension in dimensions:
        group = row.group(dimension)
        cells += [safe_cell((group.id if group else None) or ""), safe_cell((group.name if group else None) or "")]
    zone = answer.query.zone
    cells += [(m.astimezone(zone) if zone else m).isoformat() for m in (row.start, row.end)]
    cells += [row.state.value, "true" if row.provisional else "false"]
    numbers = [(column.name, value_of(row, column.name)) for column in answer.columns]
    cells += ["" if value is None else repr(value) for _, value in numbers]
    cells.append(" ".join(f"{name}={missing_reason(row, name).value}" for name, value in numbers if value is None))
    return cells
