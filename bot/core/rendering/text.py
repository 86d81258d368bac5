"""An answer as plain text, for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.query import Output
from bot.core.rendering import wording
from bot.core.rendering.charts import Charts, charts
from bot.core.rendering.chosen import chosen_notice, chosen_rows
from bot.core.rendering.figures import NO_BREAK, unbroken
from bot.core.rendering.fixed import fixed
from bot.core.rendering.names import cleaned, width_of
from bot.core.rendering.pictures import heat_text, no_heat_map
from bot.core.rendering.refusals import hint_of
from bot.errors import SourceError

if TYPE_CHECKING:
    from datetime import datetime

    from bot.core.answer import Answer, TextAnswer
    from bot.errors import BotError

TERMINAL = 78
_NARROWEST = 24
"""Narrower terminals get lines that they wrap themselves."""
_INDENT = "  "


def answer_as_text(answer: Answer, *, width: int = TERMINAL, now: datetime | None = None) -> str:
    """Reading, finding, table with totals, then what the answer rests on; every row asked for is drawn."""
    rows, width = chosen_rows(answer), max(width, _NARROWEST)
    outputs = answer.query.outputs
    heat = heat_text(answer, width=width, whole=True) if Output.HEATMAP in outputs else None
    drawings = charts(answer) if Output.CHART in outputs else Charts()
    above = [
        heat.title if heat else wording.title(answer),
        wording.reading(answer.query, wording.known_names(answer)),
        *wording.reading_notes(answer.query),
        heat.finding if heat else wording.finding(answer),
        *(f"⚠ {text}" for text in wording.warnings(answer)),
    ]
    table: list[str] = []
    below: list[str] = []
    if heat is not None:
        table = ["", *(line for part in heat.texts for line in (*part.split("\n"), ""))]
        below = [*heat.notes]
    elif rows:
        drawn = fixed(answer, rows, width=width)
        notice = chosen_notice(answer)
        table = ["", *drawn.lines, ""]
        undrawn = wording.undrawn(drawn.undrawn)
        below = [*filter(None, (undrawn, notice.message if notice else None)), *wording.remarks(answer, drawn.grid)]
    table += [*drawings.lines(width)[1 if table else 0 :], ""] if drawings.drawn else []
    below += [*drawings.notes, *filter(None, [no_heat_map(answer) if Output.HEATMAP in outputs else None])]
    below.append(wording.coverage(answer, now=now))
    return "\n".join([*_wrapped(above, width), *table, *_wrapped(below, width)]) + "\n"


def text_answer_as_text(answer: TextAnswer) -> str:
    """Title and text, as they stand."""
    return f"{cleaned(answer.title)}\n\n{answer.text.strip()}\n"


def error_as_text(error: BotError) -> str:
    """What happened, line by line; what to do next; and how the platform finds its own failure again."""
    lines = [" " * (len(line) - len(line.lstrip())) + cleaned(line) for line in error.message.splitlines()]
    if hint := hint_of(error):
        lines.append(f"→ {hint}")
    if isinstance(error, SourceError) and error.reference:
        lines.append(f"Reference for Genesys's support: {cleaned(error.reference)}")
    return "\n".join(lines) + "\n"


def _wrapped(paragraphs: list[str], width: int) -> list[str]:
    """Each paragraph within the width; no number is parted from its unit."""
    lines: list[str] = []
    for paragraph in paragraphs:
        line = ""
        for word in unbroken(paragraph).split(" "):
            if not line:
                line = word
            elif width_of(line) + 1 + width_of(word) <= width:
                line += f" {word}"
            else:
                lines.append(line)
                line = f"{_INDENT}{word}"
            while width_of(line) > width:  # a word longer than a line
                fits = next(n for n in range(len(line), 0, -1) if width_of(line[:n]) <= width)
                lines.append(line[:fits])
                line = f"{_INDENT}{line[fits:]}"
        lines.append(line)
    return [line.replace(NO_BREAK, " ") for line in lines]
