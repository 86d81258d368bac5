"""What can be pressed under an answer: selects that go deeper, then the likely next steps, the others in menus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.answer import RowState
from bot.core.intervals import Granularity
from bot.core.query import Dimension
from bot.core.rendering import figures
from bot.core.rendering.actions import (
    ASK_FORM,
    GROUP_ACTION,
    KEEP_MENU,
    OPTION_LIMIT,
    PICKER_ACTION,
    SAVE_FORM,
    SORT_ACTION,
    VIEWS_MENU,
    Action,
    Picker,
    PickKind,
    picked,
)
from bot.core.rendering.chosen import chosen_rows, value_of
from bot.core.rendering.drilling import explain_command
from bot.core.rendering.layout import (
    distinct_name,
    drawn_columns,
    headline_column,
    is_dated,
    namesakes,
    sole_agent,
    time_label,
)
from bot.core.rendering.names import plain_text, units
from bot.core.rendering.pieces import Block, button, context, menu

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from bot.core.answer import Answer

EXPLAIN_ACTION = "ask:explain"

_OPTIONS = 100
_MOVES = ("back", "prev", "next", "narrower", "wider")
_VIEWS = ("compare", "compare_week", "booking", "chart", "heatmap")
_DEEDS = ("refresh", "share", ASK_FORM, SAVE_FORM)
_KEEPING = ("csv", "xlsx", "schedule", "define")
_EXPLAINED = frozenset({Granularity.QUARTER, Granularity.HALF_HOUR, Granularity.HOUR})
_FEW = 2
"""Rows whose order is worth a select."""


def controls(answer: Answer, *, actions: Sequence[Action], pickers: Sequence[Picker]) -> list[Block]:
    """The selects, then two rows of buttons, each with a menu of what is less likely.

    Args:
        actions: drawn where their kind belongs; others first.
        pickers: left out where the rows give nothing to pick.
    """
    blocks = _selects(answer, [picker for picker in pickers if picker.fits] if answer.rows else [])
    if not actions:
        return blocks
    if any(not picker.fits for picker in pickers):
        blocks.append(context("This question is too long for some of the menus; what they do can be typed behind it."))
    known = (*_MOVES, *_VIEWS, *_DEEDS, *_KEEPING)
    others = [action.kind for action in actions if action.kind not in known]
    offered = {action.kind: action for action in (*actions, _definition(answer)) if action.fits}
    return [
        *blocks,
        *_row(offered, (*others, *_MOVES), VIEWS_MENU, _VIEWS),
        *_row(offered, _DEEDS, KEEP_MENU, _KEEPING),
    ]


def _row(offered: Mapping[str, Action], shown: Iterable[str], menu_id: str, hidden: Iterable[str]) -> list[Block]:
    """Buttons and behind them a menu; what is too long for a menu's option becomes a button too."""
    wanted = [offered[kind] for kind in hidden if kind in offered]
    in_menu = [action for action in wanted if action.fits_option]
    in_menu = in_menu if len(in_menu) > 1 else []
    pressed = [offered[kind] for kind in shown if kind in offered]
    elements = [button(action) for action in (*pressed, *(a for a in wanted if a not in in_menu))]
    if in_menu:
        elements.append(menu(menu_id, in_menu))
    return [{"type": "actions", "elements": elements}] if elements else []


def _definition(answer: Answer) -> Action:
    """The headline's formula, one press away."""
    column = headline_column(answer)
    return Action("define", f"What is {column.label}?", f"define {column.name.removesuffix('_s').replace('_', ' ')}")


# --- selects ---------------------------------------------------------------------------------------------------------


def _selects(answer: Answer, pickers: Sequence[Picker]) -> list[Block]:
    """All in one row, as far as their options hold whole questions; a row of its own for each other one.

    Only one select's question can stand in the id of a block.
    """
    rows: list[Block] = []
    beside = [element for element in (_half_hours(answer),) if element is not None]
    for picker in pickers:
        element = _picker(answer, picker)
        if element is None:
            continue
        whole = _with_whole_questions(element, picker)
        if whole is not None:
            beside.append(whole)
        else:
            rows.append({"type": "actions", "block_id": picker.block_id, "elements": [element]})
    if beside and rows:
        rows[0]["elements"] += beside
    elif beside:
        rows.append({"type": "actions", "elements": beside})
    return rows


def _with_whole_questions(element: Block, picker: Picker) -> Block | None:
    """The select with each option's whole question as its value; None where one is too long, or has a way back."""
    if picker.kind is not PickKind.SORT:
        return None

    def whole(option: Block) -> Block:
        return option | {"value": picked(picker.block_id, option["value"]).command}

    options = [whole(option) for option in element["options"]]
    if any(units(option["value"]) > OPTION_LIMIT for option in options):
        return None
    found = element | {"action_id": f"ask:{picker.kind}", "options": options}
    return found | ({"initial_option": whole(element["initial_option"])} if "initial_option" in element else {})


def _picker(answer: Answer, picker: Picker) -> Block | None:
    """A select whose options complete the question; None where the rows give none."""
    element: Block
    match picker.kind:
        case PickKind.AGENT:
            # Where one is asked about, another one is searched for.
            agents = {} if sole_agent(answer) is not None else _named(answer, Dimension.AGENT)
            element = _select(PICKER_ACTION, "An agent's half-hours…", _options(agents))
        case PickKind.TEAM | PickKind.QUEUE:
            dimension = Dimension.TEAM if picker.kind is PickKind.TEAM else Dimension.QUEUE
            named = {name: name for name in _named(answer, dimension, by_name=True)}
            if not named:
                return None
            element = _select(GROUP_ACTION, f"A {dimension.value}'s agents…", _options(named))
        case PickKind.SORT:
            columns = {_words(c.name): f"Sort by {c.label}" for c in drawn_columns(answer)[:_OPTIONS]}
            if len(answer.rows) < _FEW or sole_agent(answer) is not None or not columns:
                return None
            element = _select(SORT_ACTION, "Sort by…", _options(columns))
            sort = answer.query.sort
            chosen = next((o for o in element["options"] if sort and o["value"] == _words(sort.column)), None)
            element |= {"initial_option": chosen} if chosen else {}
    return element


def _select(action_id: str, placeholder: str, options: Sequence[Block]) -> Block:
    """All of them where Slack takes as many options; else a search, which the edge answers."""
    element: Block = {"action_id": action_id, "placeholder": plain_text(placeholder, limit=150)}
    if 0 < len(options) <= _OPTIONS:
        return element | {"type": "static_select", "options": list(options)}
    return element | {"type": "external_select", "min_query_length": 2}


def _options(labels: Mapping[str, str]) -> list[Block]:
    return [
        {"text": plain_text(label), "value": value}
        for value, label in labels.items()
        if 0 < units(value) <= OPTION_LIMIT
    ]


def _words(column: str) -> str:
    """A column as `sort` reads it."""
    from bot.core.metrics import find_metric

    words = column.removesuffix("_s").replace("_", " ")
    metric = find_metric(words)
    return words if metric is not None and metric.name == column else column


def _named(answer: Answer, dimension: Dimension, *, by_name: bool = False) -> Mapping[str, str]:
    """Id (or name, where the grammar asks by name) → what to call it, in order of the rows."""
    shared: Collection[tuple[str, str]] = namesakes(answer.rows)
    groups = (row.group(dimension) for row in answer.rows)
    return {
        (group.name or "") if by_name else group.id: distinct_name(group, shared)
        for group in groups
        if group is not None and group.id and (group.name or not by_name)
    }


def _half_hours(answer: Answer) -> Block | None:
    """One agent's pieces of time, each to be taken apart; those in which something happened."""
    agent, query = sole_agent(answer), answer.query
    if agent is None or agent.id is None or query.zone is None or query.granularity not in _EXPLAINED:
        return None
    headline, dated, options = headline_column(answer), is_dated(query), []
    for row in chosen_rows(answer):
        command = Action("explain", "", explain_command(query, agent.id, row.start))
        if row.state is not RowState.OK or not command.fits_option:
            continue
        label = time_label(row.start, row.end, dimension=Dimension.INTERVAL, zone=query.zone, dated=dated)
        value = value_of(row, headline.name)
        shown = figures.number(value, headline.unit, column=headline.name, durations=answer.durations)
        if shown is not None:
            label += f" · {headline.label} {shown}"
        options.append({"text": plain_text(label), "value": command.command})
    if not options:
        return None
    noun = query.bucket_noun
    return {
        "type": "static_select",
        "action_id": EXPLAIN_ACTION,
        "placeholder": plain_text(f"Explain {'an' if noun[0] in 'aeiou' else 'a'} {noun}…", limit=150),
        "options": options[:_OPTIONS],
    }
