"""Tables and charts as lines of a terminal."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from tabulate import tabulate

from bot.core.rendering.names import fitted, width_of
from bot.demo.terminal.text import harmless, padded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.demo.fake_slack.state import Json

GAP = 2
NARROWEST_NAME = 16
NARROWEST_HEAD = 5
BAR_MOST = 40
_STAND_IN = "\ue000"
"""Private use, so no text holds it: tabulate counts characters, and a wide one takes two columns."""


def table_lines(block: Json, width: int) -> list[str]:
    """A `data_table` or `table` block; columns for which there is no room are named below it."""
    rows = [[_cell(cell) for cell in row] for row in block.get("rows") or ()]
    if not rows:
        return []
    label_column = int(block.get("row_header_column_index") or 0)
    numeric = [i != label_column and _is_numeric(block["rows"], i) for i in range(len(rows[0]))]
    kept, dropped = _kept(rows, label_column, width)
    room = width - sum(_width(rows, i) for i in kept if i != label_column) - GAP * (len(kept) - 1)
    for row in rows:
        row[label_column] = fitted(row[label_column], max(room, NARROWEST_NAME))
    lines = _drawn([[row[i] for i in kept] for row in rows], [numeric[i] for i in kept])
    if dropped:
        lines += textwrap.wrap(f"No room here for: {', '.join(rows[0][i] for i in dropped)}", width)
    return lines


def chart_lines(block: Json, width: int) -> list[str]:
    """A `data_visualization` block as bars, one for each value."""
    chart = block.get("chart") or {}
    if chart.get("type") == "pie":
        return list(_bars([(s["label"], s["value"]) for s in chart.get("segments") or ()], width))
    lines: list[str] = []
    series = chart.get("series") or ()
    for one in series:
        if len(series) > 1:
            lines.append(harmless(str(one.get("name", ""))))
        lines += _bars([(point["label"], point["value"]) for point in one.get("data") or ()], width)
    return lines


def _bars(points: Sequence[tuple[str, float]], width: int) -> Iterator[str]:
    labels = [fitted(harmless(str(label)), 20) for label, _ in points]
    figures = [f"{value:g}" for _, value in points]
    left, right = (max(map(width_of, texts), default=0) for texts in (labels, figures))
    room = max(1, min(BAR_MOST, width - left - right - 2 * GAP))
    most = max((abs(value) for _, value in points), default=0) or 1
    for label, (_, value), figure in zip(labels, points, figures, strict=True):
        bar = "█" * round(abs(value) / most * room)
        yield f"{padded(label, left)}  {figure:>{right}}  {bar}".rstrip()


def _is_numeric(rows: Sequence[Sequence[Json]], index: int) -> bool:
    """Whether a column shows figures: bars made of characters sort by number too, and stand to the left."""
    cells = [row[index] for row in rows[1:]]
    return all(c.get("type") == "raw_number" for c in cells) and any(
        character.isdigit() for c in cells for character in str(c.get("text", ""))
    )


def _cell(cell: Json) -> str:
    if cell.get("type") == "rich_text":
        parts = [e.get("text", "") for section in cell.get("elements") or () for e in section.get("elements") or ()]
        return " ".join(harmless("".join(parts)).split())
    return " ".join(harmless(str(cell.get("text", ""))).split())


def _width(rows: Sequence[Sequence[str]], index: int) -> int:
    return max([width_of(row[index]) for row in rows[1:]] + [width_of(line) for line in _head(rows, index)])


def _head(rows: Sequence[Sequence[str]], index: int) -> list[str]:
    """A header on as many lines as its cells' width asks for."""
    cells = max((width_of(row[index]) for row in rows[1:]), default=0)
    return textwrap.wrap(rows[0][index], max(cells, NARROWEST_HEAD), break_long_words=False) or [""]


def _kept(rows: Sequence[Sequence[str]], label_column: int, width: int) -> tuple[list[int], list[int]]:
    """The columns that fit, from the left, once the one with the names is at its narrowest; and the others."""
    kept, dropped, used = [], [], -GAP
    for i in range(len(rows[0])):
        needed = GAP + (min(_width(rows, i), NARROWEST_NAME) if i == label_column else _width(rows, i))
        if used + needed <= width or i == label_column:
            kept.append(i)
            used += needed
        else:
            dropped.append(i)
    return kept, dropped


def _drawn(rows: list[list[str]], numeric: Sequence[bool]) -> list[str]:
    heads = [_head(rows, i) for i in range(len(rows[0]))]
    height = max(map(len, heads))
    head_lines = [list(line) for line in zip(*([""] * (height - len(h)) + h for h in heads), strict=True)]
    rule = ["─" * _width(rows, i) for i in range(len(heads))]
    stood_in: list[str] = []

    def shown(text: str) -> str:
        if width_of(text) == len(text):
            return text
        stood_in.append(text)
        return _STAND_IN * max(1, width_of(text))

    body = [[shown(text) for text in row] for row in [*head_lines, rule, *rows[1:]]]
    drawn = tabulate(
        body,
        tablefmt="plain",
        disable_numparse=True,  # what Slack was given as text is text, also when it looks like a number
        colalign=["right" if right else "left" for right in numeric],
    )
    texts = iter(stood_in)
    return [line.rstrip() for line in re.sub(f"{_STAND_IN}+", lambda _: next(texts), drawn).split("\n")]
