"""Steps that a person may take from a message: what a button, a menu or a select carries.

The state of each is the canonical text of a query. It comes back as user input, and is parsed and authorized
as if whoever pressed had typed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.core.rendering.names import units

PICKER_ACTION = "agent_pick"
GROUP_ACTION = "group_pick"
SORT_ACTION = "sort_pick"
CANCEL_ACTION = "cancel"
"""Of the button under a progress line; its value is the key of the question."""

ASK_FORM, SAVE_FORM, SCHEDULE_FORM = FORMS = ("form:ask", "form:save", "form:schedule")
"""Action ids of the buttons that open a form; the value is the question that stands in it already."""

VIEWS_MENU, KEEP_MENU = "ask:views", "ask:keep"
"""Of the menus behind the buttons: how else to look at it, and what it may become, such as a file or a schedule."""

OPTION_LIMIT = 150
_VALUE_LIMIT, _BLOCK_ID_LIMIT = 2000, 255
_BACK = " | "
"""Between what a select asks and what `Back` under its answer will ask."""


@dataclass(frozen=True, slots=True)
class Action:
    """A step: what kind it is, what it says, and the whole text that it asks."""

    kind: str
    label: str
    command: str
    confirm: str = ""
    """What to say, and have confirmed, before it is asked."""

    @property
    def action_id(self) -> str:
        """Only the kind; the state is the button's value."""
        return self.kind if self.kind in FORMS else f"ask:{self.kind}"

    @property
    def fits(self) -> bool:
        """Whether Slack takes the command as a button's value; a form may open without any."""
        return (0 if self.kind in FORMS else 1) <= units(self.command) <= _VALUE_LIMIT

    @property
    def fits_option(self) -> bool:
        """Whether Slack takes the command as the value of a menu's option."""
        return 0 < units(self.command) <= OPTION_LIMIT


class PickKind(StrEnum):
    """What the options of a select complete its question with; the prefix of its block's id."""

    AGENT = "pick"
    TEAM = "pick_team"
    QUEUE = "pick_queue"
    SORT = "sort"


@dataclass(frozen=True, slots=True)
class Picker:
    """A select whose options complete one question: `command` is all of it but the last words."""

    command: str
    kind: PickKind = PickKind.AGENT
    back: str = ""
    """The question from whose answer one picks, to go back to it."""

    @property
    def block_id(self) -> str:
        """Carries the state of the select, whose options hold a name or an id alone."""
        bare = f"{self.kind}:{self.command}"
        whole = bare + _BACK + self.back if self.back and _BACK not in self.command else bare
        return whole if units(whole) <= _BLOCK_ID_LIMIT else bare

    @property
    def fits(self) -> bool:
        """Whether Slack takes the command as a part of a block's id."""
        return units(self.block_id) <= _BLOCK_ID_LIMIT


@dataclass(frozen=True, slots=True)
class Pick:
    """What a pressed select asks, and the way back from its answer."""

    command: str
    back: str = ""


def to_schedule(action_id: object, command: str) -> str | None:
    """The question that a pressed `Schedule this` is about, for a form to ask days and times for; None for others.

    Args:
        action_id: of the menu that it stands in, or its own where it is a button.
    """
    verb, _, question = command.partition(" ")
    asked = action_id in {KEEP_MENU, "ask:schedule"} and verb == "schedule"
    return question.strip() or None if asked else None


def group_kind(block_id: str) -> str:
    """`team` or `queue`: of what a select's options are searched; empty for another block."""
    prefix = block_id.partition(":")[0]
    return {PickKind.TEAM.value: "team", PickKind.QUEUE.value: "queue"}.get(prefix, "")


def picked(block_id: str, value: str) -> Pick:
    """The question of a pressed select: its block's, completed by the option. Both parts are user input.

    Raises:
        ValueError: the block is no select of ours.
    """
    prefix, found, state = block_id.partition(":")
    if not found or prefix not in set(PickKind):
        raise ValueError("not a picker's block")
    command, _, back = state.partition(_BACK)
    name = value.replace('"', "")
    match PickKind(prefix):
        case PickKind.AGENT:
            words = f'"{name}"'
        case PickKind.TEAM:
            words = f'team:"{name}"'
        case PickKind.QUEUE:
            words = f'queue:"{name}"'
        case PickKind.SORT:
            words = f"sort {name}"
    return Pick(f"{command} {words}", back)
