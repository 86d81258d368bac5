"""Inputs of a modal, each within Slack's limits whatever it is given.

A field has one name, which its block's id and its element's id are made of: Slack keeps what stands in an input as
long as both stay the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.core.rendering.names import capped, marked_up, plain_text, units
from bot.core.rendering.pieces import SECTION, section, within
from bot.core.rendering.schedules import marked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.core.rendering.pieces import Block

FIELD = "field:"
"""How the id of every input's element, and of its block, begins."""
_VIEW_TITLE = 24
_OPTION, _OPTION_VALUE, _OPTIONS = 75, 150, 100
_TEXT_INPUT = 3000
_METADATA = 3000
_WARNING = "⚠"

Element = dict[str, Any]


def field_input(
    name: str, label: str, element: Element, *, optional: bool = True, hint: str = "", live: bool = True
) -> Block:
    """One input.

    Args:
        element: without its id.
        live: tell the bot of each change, so that it shows the command that the form makes.
    """
    block: Block = {
        "type": "input",
        "block_id": FIELD + name,
        "label": plain_text(label),
        "element": element | {"action_id": FIELD + name},
        "optional": optional,
        "dispatch_action": live,
    }
    return block | {"hint": plain_text(hint, limit=150)} if hint else block


def choice(options: Mapping[str, str], chosen: str, *, placeholder: str = "") -> Element:
    """A select of one. `options` are labels by value; a value chosen before that is none of them is added."""
    listed = [option(value, label) for value, label in options.items()]
    if chosen not in options and 0 < units(chosen) <= _OPTION_VALUE:
        listed.append(option(chosen, chosen))
    element: Element = {"type": "static_select", "options": listed[:_OPTIONS]}
    initial = next((o for o in element["options"] if o["value"] == chosen), None)
    return element | _placeholder(placeholder) | ({"initial_option": initial} if initial else {})


def choices(options: Mapping[str, str], chosen: Iterable[str], *, placeholder: str = "") -> Element:
    """A select of several, likewise."""
    wanted = [value for value in chosen if 0 < units(value) <= _OPTION_VALUE]
    listed = [option(v, label) for v, label in {**{v: v for v in wanted}, **options}.items()]
    listed = sorted(listed, key=lambda o: list(options).index(o["value"]) if o["value"] in options else -1)[:_OPTIONS]
    initial = [o for o in listed if o["value"] in wanted]
    element: Element = {"type": "multi_static_select", "options": listed}
    return element | _placeholder(placeholder) | ({"initial_options": initial} if initial else {})


def search(chosen: Mapping[str, str], *, several: bool, placeholder: str = "") -> Element:
    """A select whose options the bot is asked for while somebody types. `chosen`: labels by value."""
    initial = [option(v, label) for v, label in chosen.items() if 0 < units(v) <= _OPTION_VALUE][:_OPTIONS]
    element: Element = {"type": "multi_external_select" if several else "external_select", "min_query_length": 2}
    if initial:
        element |= {"initial_options": initial} if several else {"initial_option": initial[0]}
    return element | _placeholder(placeholder)


def picker(kind: str, initial: str | None, *, placeholder: str = "") -> Element:
    """A datepicker or timepicker."""
    name = {"datepicker": "initial_date", "timepicker": "initial_time"}[kind]
    return {"type": kind} | _placeholder(placeholder) | ({name: initial} if initial else {})


def slack_picker(kind: str, initial: Iterable[str], **more: object) -> Element:
    """A select of several people or conversations."""
    name = {"multi_users_select": "initial_users", "multi_conversations_select": "initial_conversations"}[kind]
    ids = list(initial)[:_OPTIONS]
    return {"type": kind, **more} | ({name: ids} if ids else {})


def text_input(initial: str, *, placeholder: str = "", longest: int = 1000) -> Element:
    """A line of text; tells of its changes when Enter is pressed."""
    element: Element = {
        "type": "plain_text_input",
        "max_length": longest,
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
    }
    kept = capped(initial, min(longest, _TEXT_INPUT))
    return element | _placeholder(placeholder) | ({"initial_value": kept} if kept else {})


def option(value: str, label: str) -> Element:
    """One line of a select."""
    return {"text": plain_text(label, limit=_OPTION), "value": value}


def complaint(message: str, *, mentions: Iterable[str] = ()) -> Block:
    """What is wrong with the field above, where Slack itself no longer shows it.

    Args:
        mentions: Slack ids that are shown by their names.
    """
    text = marked_up(message)
    for name in mentions:
        for token in (f"<@{name}>", f"<#{name}>"):
            text = text.replace(marked_up(token), token)
    return section(within(SECTION, f"{_WARNING} {text}"))


def typed(says: str, command: str, words: str) -> str:
    """A command as one types it: code, but for people and channels, which Slack shows by their names."""
    words = words.replace("`", "’")
    return marked(f"{says} `{command} {words}`")


def modal(
    title: str, blocks: list[Block], *, callback: str, submit: str | None, metadata: str = "", close: str = "Cancel"
) -> dict[str, Any]:
    """A modal.

    Args:
        submit: the label of the button that hands it in; None: there is nothing to hand in.
        metadata: comes back with every press; user input by then.
    """
    view: dict[str, Any] = {
        "type": "modal",
        "callback_id": callback,
        "title": plain_text(title, limit=_VIEW_TITLE),
        "close": plain_text(close, limit=_VIEW_TITLE),
        "blocks": blocks,
        "private_metadata": metadata if units(metadata) <= _METADATA else "",
    }
    return view | ({"submit": plain_text(submit, limit=_VIEW_TITLE)} if submit else {})


def _placeholder(text: str) -> Element:
    return {"placeholder": plain_text(text, limit=150)} if text else {}
