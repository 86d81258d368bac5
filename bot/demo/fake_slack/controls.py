"""What can be pressed, chosen or filled in on a message or a view, numbered in the order of drawing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.demo.fake_slack.state import Json, Message, View

TEXT_INPUTS = {"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input"}


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a select."""

    label: str
    value: str
    raw: Json = field(hash=False)


@dataclass(frozen=True, slots=True)
class Control:
    """One button, select or input; `number` counts from 1."""

    number: int
    kind: str
    block_id: str
    action_id: str
    label: str
    options: tuple[Option, ...]
    element: Json = field(hash=False)


def controls(shown: Message | View) -> tuple[Control, ...]:
    """Everything on it that takes a press or a value."""
    return tuple(
        Control(
            number=number,
            kind=str(element.get("type")),
            block_id=str(block.get("block_id") or f"block-{at}"),
            action_id=str(element.get("action_id") or f"action-{number}"),
            label=_label(block, element),
            options=options_of(element),
            element=element,
        )
        for number, (at, block, element) in enumerate(_elements(shown.blocks), start=1)
    )


def find_control(shown: Message | View, which: int | str) -> Control:
    """A control by number, action id or label (the beginning is enough); LookupError names what there is."""
    there = controls(shown)
    if isinstance(which, int):
        found = [c for c in there if c.number == which]
    else:
        wanted = which.casefold()
        found = (
            [c for c in there if c.action_id == which]
            or [c for c in there if c.label.casefold() == wanted]
            or [c for c in there if c.label.casefold().startswith(wanted)]
        )
    if not found:
        names = ", ".join(f"[{c.number}] {c.label} ({c.action_id})" for c in there) or "none"
        raise LookupError(f"no control {which!r}; there are: {names}")
    return found[0]


def find_in_menu(shown: Message | View, which: int | str) -> tuple[Control, Option] | None:
    """The option of an overflow menu with that label (the beginning is enough), and its menu."""
    if isinstance(which, int):
        return None
    wanted = which.casefold()
    hidden = [(c, o) for c in controls(shown) if c.kind == "overflow" for o in c.options]
    exact = [pair for pair in hidden if pair[1].label.casefold() == wanted]
    return next(iter(exact or [pair for pair in hidden if pair[1].label.casefold().startswith(wanted)]), None)


def options_of(element: Json) -> tuple[Option, ...]:
    """The options of a select, with those of its groups; also those of an options answer."""
    raw: list[Json] = list(element.get("options") or ())
    for group in element.get("option_groups") or ():
        raw.extend(group.get("options") or ())
    return tuple(Option(_text(o.get("text")), str(o.get("value", "")), o) for o in raw)


def find_option(options: tuple[Option, ...], which: int | str) -> Option | None:
    """An option by index (from 0), value or label: the whole label, else its beginning, else a part of it."""
    if isinstance(which, int):
        return options[which] if 0 <= which < len(options) else None
    wanted = which.casefold()
    tests = (
        lambda o: o.value == which,
        lambda o: o.label.casefold() == wanted,
        lambda o: o.label.casefold().startswith(wanted),
        lambda o: wanted in o.label.casefold(),
    )
    return next((o for test in tests for o in options if test(o)), None)


def _elements(blocks: list[Json]) -> Iterator[tuple[int, Json, Json]]:
    for at, block in enumerate(blocks):
        kind = block.get("type")
        if kind == "section" and _takes_input(block.get("accessory")):
            yield at, block, block["accessory"]
        elif kind == "actions":
            yield from ((at, block, element) for element in block.get("elements") or ())
        elif kind == "input":
            yield at, block, block.get("element") or {}


def _takes_input(accessory: Any) -> bool:
    return isinstance(accessory, dict) and accessory.get("type") != "image"


def _label(block: Json, element: Json) -> str:
    if element.get("type") == "overflow":  # drawn as three dots
        return "More"
    candidates = (
        block.get("label") if block.get("type") == "input" else None,
        element.get("text"),
        element.get("placeholder"),
        block.get("text"),
    )
    return next((t for t in map(_text, candidates) if t), str(element.get("action_id", "")))


def _text(value: Any) -> str:
    return str(value.get("text") or "") if isinstance(value, dict) else str(value or "")
