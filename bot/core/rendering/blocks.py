"""An answer → a Slack message: sentence, table, coverage and the next steps.

Slack sorts a `data_table` by any column, so totals can't be its last row: they stand in a section above it.
The forms that don't sort (preformatted text) carry them as their last row.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bot.core.query import Output
from bot.core.rendering import wording
from bot.core.rendering.charts import Charts, charts
from bot.core.rendering.chosen import changes_of, chosen_notice, chosen_rows, ranked
from bot.core.rendering.controls import controls
from bot.core.rendering.figures import unbroken
from bot.core.rendering.fixed import PHONE, fixed
from bot.core.rendering.layout import (
    Grid,
    grid,
    headline_column,
    label_dimensions,
)
from bot.core.rendering.names import capped, cleaned, escaped, marked_up, units
from bot.core.rendering.pictures import heat_text, no_heat_map
from bot.core.rendering.pieces import (
    HEADER,
    SECTION,
    TEXT,
    Block,
    buttons,
    context,
    context_marked,
    header,
    mrkdwn,
    paragraphs,
    section,
    within,
)
from bot.core.rendering.proving import proof

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from bot.core.answer import Answer, Row, TextAnswer
    from bot.core.query import Query
    from bot.core.rendering.actions import Action, Picker
    from bot.core.rendering.pictures import Twin

TABLE_ROWS = 200
"""A `data_table` holds as many beside its header."""
ENDS = 20
"""Of a longer list the table shows so many from the top and from the bottom."""

_TABLE_UNITS = 20_000
_TABLE_COLUMNS = 20
_COMPARED_COLUMNS = 8
"""Two metrics of two times, with their changes: for so much of a comparison rows are left out."""
_PREFORMATTED, _ALL_PREFORMATTED = 3000, 12_000
_FIELDS = 10
_LONGEST_HELP = 40
_EXPLANATION = 4
"""Indent from which on a line of help explains the one above it."""
_A_DAY_OF_ROWS = 54
"""The longest day of the IANA database, in half-hours."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted: `text` says it all for notifications and screen readers.

    `fallback_blocks` say the same without Slack's data blocks, for a client or workspace that refuses them.
    """

    text: str
    blocks: tuple[Block, ...]
    fallback_blocks: tuple[Block, ...]

    def payload(self) -> dict[str, Any]:
        """Arguments of a post; the caller's to change."""
        return {"text": self.text, "blocks": copy.deepcopy(list(self.blocks))}

    def fallback_payload(self) -> dict[str, Any]:
        """The same for when Slack answered `invalid_blocks`."""
        return {"text": self.text, "blocks": copy.deepcopy(list(self.fallback_blocks))}


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What the caller adds to an answer, and for what it is drawn."""

    actions: tuple[Action, ...] = ()
    pickers: tuple[Picker, ...] = ()
    now: datetime | None = None
    """Gives the data their age."""
    width: int = PHONE
    """Columns of the preformatted fallback."""


def render_message(answer: Answer, *, options: RenderOptions | None = None) -> Message:
    """The answer as one message, and its fallback."""
    options = options or RenderOptions()
    outputs = answer.query.outputs
    drawings = charts(answer) if Output.CHART in outputs else Charts()
    heat = heat_text(answer, width=options.width) if Output.HEATMAP in outputs else None
    said = [*drawings.notes, *filter(None, [no_heat_map(answer) if Output.HEATMAP in outputs else None])]
    pictured = [context_marked(" ".join(said))] if said else []
    text = _text(answer, options, heat=heat, said=said)
    above = _above(answer, heat=heat)
    below = [
        context(wording.coverage(answer, now=options.now)),
        *controls(answer, actions=options.actions, pickers=options.pickers),
    ]
    if heat is not None:
        cells = [*map(_preformatted_block, heat.texts), context(*heat.notes)]
        simple = (*above, *_totals(answer), *pictured, *cells, *below)
        return Message(text, (*above, *_totals(answer), *drawings.blocks, *pictured, *cells, *below), simple)
    drawn, cut = _for_table(answer, chosen_rows(answer))
    if not drawn:
        notice = chosen_notice(answer)
        noted = [context(notice.message)] if notice else []
        blocks = (*above, *_totals(answer), *pictured, *noted, *below)
        return Message(text, blocks, blocks)
    table, remarks = _data_table(answer, drawn, cut)
    lines, fallback_remarks = _preformatted(answer, drawn, cut, options.width)
    return Message(
        text=text,
        blocks=(*above, *_totals(answer), *drawings.blocks, *pictured, table, *remarks, *below),
        fallback_blocks=(*above, *lines, *fallback_remarks, *pictured, *below),
    )


def render_text_answer(
    answer: TextAnswer, *, actions: Sequence[Action] = (), links: Mapping[str, str] = MappingProxyType({})
) -> Message:
    """Help, a definition, a status: the title as a header, then line for line as the text's indents have it.

    Args:
        links: words of the text with what opens when they are pressed, or with the mention that they become; both our
            own, with nothing to escape.
    """
    lines = answer.text[: _LONGEST_HELP * SECTION].split("\n")
    laid = [_linked(line, links) for line in _laid_out(lines)]
    blocks = [header(answer.title), *(section(part) for part in paragraphs(laid))][:_LONGEST_HELP]
    blocks += buttons(actions)
    text = within(TEXT, "\n".join(escaped(cleaned(line)) for line in (answer.title, *lines)).strip()) or "–"
    return Message(text, tuple(blocks), tuple(blocks))


def _linked(line: str, links: Mapping[str, str]) -> str:
    for word in dict.fromkeys(line.split()):
        if word in links:
            line = line.replace(word, f"<{links[word]}|{word}>")
    return line


def _laid_out(lines: Sequence[str]) -> Iterator[str]:
    """Indents as Slack shows them: what has lines under it in bold, words to type as code, explanations set in."""
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        depth, below = (len(text) - len(text.lstrip(" ")) for text in (line, following))
        text = cleaned(line)
        if not text:
            yield ""
        elif depth == 0:
            yield f"*{escaped(text)}*" if below and following.strip() else marked_up(text)
        elif depth < _EXPLANATION:
            yield f"• {marked_up(text if '`' in text else f'`{text}`')}"
        else:
            yield "\u2003" * (depth // _EXPLANATION) + marked_up(unbroken(text))


def render_reading(query: Query) -> str:
    """How the question was read, for the acknowledgement."""
    said = [wording.reading(query), *wording.reading_notes(query)]
    return within(SECTION, escaped(" · ".join(filter(None, said)))) or "…"


# --- around the table ------------------------------------------------------------------------------------------------


def _text(answer: Answer, options: RenderOptions, *, heat: Twin | None, said: Sequence[str]) -> str:
    """Everything but the rows in plain sentences, those of the pictures too: a chart has no other description."""
    notice = chosen_notice(answer) if heat is None else None  # a heat map says itself whom it leaves out
    sentences = [
        f"{heat.title}. {heat.finding}" if heat else f"{wording.title(answer)}. {wording.finding(answer)}",
        wording.reading(answer.query, wording.known_names(answer)),
        *wording.warnings(answer),
        "; ".join(f"{label} {figure}" for label, figure in wording.totals(answer)) if answer.rows else "",
        notice.message if notice else "",
        *said,
        wording.coverage(answer, now=options.now),
    ]
    return within(TEXT, escaped("\n".join(filter(None, sentences))))


def _above(answer: Answer, *, heat: Twin | None) -> list[Block]:
    """Title, reading, finding and warnings."""
    notes = wording.reading_notes(answer.query)
    blocks = [
        header(heat.title if heat else wording.title(answer)),
        context(wording.reading(answer.query, wording.known_names(answer)), *notes),
        section(f"*{escaped(unbroken(heat.finding if heat else wording.finding(answer)))}*"),
    ]
    warnings = [f"⚠ {escaped(text)}" for text in wording.warnings(answer)]
    return blocks + [section(part) for part in paragraphs(warnings)][:5]


def _totals(answer: Answer) -> list[Block]:
    """The whole group's figures, two to a line."""
    if not answer.rows:
        return []
    fields = [mrkdwn(f"{escaped(label)}\n{_field(figure)}") for label, figure in wording.totals(answer)[:_FIELDS]]
    if not fields:
        return []
    proved = proof(answer)
    whole = {**section(f"*{escaped(wording.totals_label(answer))}*"), "fields": fields}
    return [whole, *([context(proved)] if proved else [])]


def _field(figure: str) -> str:
    """A total in bold; what it was before stands under it, each figure unbroken however narrow the field is."""
    own, compared, then = escaped(figure).partition(" (")
    return unbroken(f"*{own}*\n{then.removesuffix(')')}") if compared else f"*{own}*"


def _remarks(answer: Answer, table: Grid, *said: str | None) -> list[Block]:
    notice = chosen_notice(answer)
    texts = [*said, notice.message if notice else None, *wording.remarks(answer, table)]
    kept = [text for text in texts if text]
    return [context(*kept)] if kept else []


# --- the table -------------------------------------------------------------------------------------------------------


def _for_table(answer: Answer, chosen: Sequence[Row]) -> tuple[list[Row], str | None]:
    """The rows that a message draws, and what it says about the others.

    A list too long to read is shown by its two ends, which of a comparison are those that changed most; times of one
    group stay in their order and are cut.
    """
    if len(chosen) <= TABLE_ROWS:
        return list(chosen), None
    if answer.query.sort is None and label_dimensions(answer)[0].is_time:
        return list(chosen[:TABLE_ROWS]), wording.left_out(TABLE_ROWS, len(chosen))
    column = answer.query.sort.column if answer.query.sort else answer.headline
    label = next((c.label for c in answer.columns if c.name == column), headline_column(answer).label)
    order = ranked(list(chosen), column, descending=True)
    if answer.versus is not None and answer.query.sort is None:
        label = f"Δ {label}"
        order = [row for _, row in sorted(changes_of(chosen, column), key=lambda moved: -moved[0])]
    if len(order) < 2 * ENDS:
        return list(chosen[:TABLE_ROWS]), wording.left_out(TABLE_ROWS, len(chosen))
    return order[:ENDS] + order[-ENDS:], wording.extremes(ENDS, len(chosen), label)


def _data_table(answer: Answer, rows: Sequence[Row], cut: str | None) -> tuple[Block, list[Block]]:
    """The table within Slack's limits: the sparklines go first, then columns, then rows."""
    table = grid(answer, rows)
    if _table_units(table) > _TABLE_UNITS and table.spark:
        table = grid(answer, rows, spark_marks=24)
    if _table_units(table) > _TABLE_UNITS and table.spark:
        table = grid(answer, rows, spark_marks=0)
    table, undrawn = table.within(_TABLE_COLUMNS)
    while answer.versus is not None and _table_units(table) > _TABLE_UNITS and len(table.heads) > _COMPARED_COLUMNS:
        table, more = table.within(len(table.heads) - 1)
        undrawn = more + undrawn
    heads = [_raw(head.text) for head in table.heads]
    room = _TABLE_UNITS - sum(units(cell["text"]) for cell in heads)
    body = []
    for row in table.rows:
        cells = [_raw(cell.shown, cell.value) for cell in row]
        room -= sum(units(cell["text"]) for cell in cells)
        if room < 0:
            break
        body.append(cells)
    block: Block = {
        "type": "data_table",
        "caption": capped(
            f"{wording.title(answer)} – {wording.reading(answer.query, wording.known_names(answer))}", HEADER * 2
        ),
        "page_size": _page_size(answer, len(body)),
        "row_header_column_index": 0,
        "rows": [heads, *body],
    }
    said = (cut, wording.left_out(len(body), len(table.rows)), wording.undrawn(undrawn))
    return block, _remarks(answer, table, *said)


def _table_units(table: Grid) -> int:
    return sum(units(head.text) for head in table.heads) + sum(units(c.shown) for row in table.rows for c in row)


def _page_size(answer: Answer, rows: int) -> int:
    """25 names; of one agent's times a whole day, also where clocks change."""
    if not label_dimensions(answer)[0].is_time:
        return 25
    return max(1, rows) if rows <= _A_DAY_OF_ROWS else 48


def _raw(text: str, value: float | None = None) -> Block:
    shown = text or "–"
    return (
        {"type": "raw_text", "text": shown} if value is None else {"type": "raw_number", "value": value, "text": shown}
    )


def _preformatted(answer: Answer, rows: Sequence[Row], cut: str | None, width: int) -> tuple[list[Block], list[Block]]:
    """The table as monospaced text: each block repeats the header, and rows that don't fit are counted."""
    drawn = fixed(answer, rows, width=width)
    left, position = _ALL_PREFORMATTED, 0
    parts: list[str] = []
    closing = "\n".join(("", *drawn.totals))
    while position < len(drawn.body):
        text = "\n".join(drawn.head)
        room = min(_PREFORMATTED, left) - units(closing)
        start = position
        while position < len(drawn.body) and units(text) + 1 + units(drawn.body[position]) <= room:
            text += "\n" + drawn.body[position]
            position += 1
        if position == start:
            break
        parts.append(text)
        left -= units(text)
    parts[-1:] = [part + closing for part in parts[-1:]]
    blocks = [_preformatted_block(part) for part in parts]
    said = (cut, wording.left_out(sum(drawn.counts[:position]), len(rows)), wording.undrawn(drawn.undrawn))
    return blocks, _remarks(answer, drawn.grid, *said)


def _preformatted_block(text: str) -> Block:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}],
    }
