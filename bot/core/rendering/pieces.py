"""Small Block Kit pieces, each within Slack's limits whatever it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.core.rendering.names import capped, escaped, marked_up, plain_text, units

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.core.rendering.actions import Action

Block = dict[str, Any]

TEXT = 4000
"""What a top-level `text` should not pass."""
SECTION = 3000
HEADER = 150
_BUTTONS = 25
_MENU = 5


def header(text: str) -> Block:
    """A title, literal."""
    return {"type": "header", "text": plain_text(text, limit=HEADER)}


def mrkdwn(text: str) -> Block:
    """A text object; whatever comes from outside is escaped before. `verbatim` stops automatic links."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: str) -> Block:
    """A paragraph of escaped text."""
    return {"type": "section", "text": mrkdwn(within(SECTION, text) or "–")}


def context(*texts: str) -> Block:
    """Small print; escapes its texts."""
    return {"type": "context", "elements": [mrkdwn(within(SECTION, escaped(text)) or "–") for text in texts[:10]]}


def context_marked(text: str) -> Block:
    """Small print that quotes words to type in backticks."""
    return {"type": "context", "elements": [mrkdwn(within(SECTION, marked_up(text)) or "–")]}


def within(limit: int, text: str) -> str:
    """Escaped text within a limit; never cut inside an entity."""
    if units(text) <= limit:
        return text
    cut = capped(text, limit)
    ampersand = cut.rfind("&")
    return cut if ampersand < 0 or ";" in cut[ampersand:] else cut[:ampersand].rstrip() + "…"


def paragraphs(lines: Sequence[str]) -> Iterator[str]:
    """Lines joined into texts that fit a section each; an over-long line is cut."""
    text = ""
    for line in lines:
        if text and units(text) + 1 + units(line) > SECTION:
            yield text
            text = ""
        text = f"{text}\n{line}" if text else within(SECTION, line)
    if text.strip():
        yield text


def button(action: Action) -> Block:
    """A step to press; asked back first where it says so."""
    element: Block = {"type": "button", "action_id": action.action_id, "text": plain_text(action.label)}
    element |= {"value": action.command} if action.command else {}
    return element | ({"confirm": _confirmation(action)} if action.confirm else {})


def menu(action_id: str, actions: Sequence[Action]) -> Block:
    """Up to five less likely steps; each must fit an option."""
    options = [{"text": plain_text(a.label), "value": a.command} for a in actions[:_MENU]]
    return {"type": "overflow", "action_id": action_id, "options": options}


def buttons(actions: Sequence[Action]) -> list[Block]:
    """One row of buttons; a command that is too long for a button has none."""
    elements = [button(a) for a in {a.action_id: a for a in actions if a.fits}.values()]
    return [{"type": "actions", "elements": elements[:_BUTTONS]}] if elements else []


def _confirmation(action: Action) -> Block:
    return {
        "title": plain_text(f"{action.label}?", limit=100),
        "text": plain_text(action.confirm, limit=300),
        "confirm": plain_text(action.label, limit=30),
        "deny": plain_text("Cancel", limit=30),
    }
