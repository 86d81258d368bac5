"""Steps that a person may take from a message: what a button or a select carries.

The state of each is the canonical text of a query. It comes back as user input, and is parsed and authorized
as if whoever pressed had typed it.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.rendering.names import units

PICKER_ACTION = "agent_pick"
PICKER_PREFIX = "pick:"
_VALUE_LIMIT, _BLOCK_ID_LIMIT = 2000, 255


@dataclass(frozen=True, slots=True)
class Action:
    """A button: what kind of step it is, what it says, and the whole text that it asks."""

    kind: str
    label: str
    command: str

    @property
    def action_id(self) -> str:
        """Only the kind; the state is the button's value."""
        return f"ask:{self.kind}"

    @property
    def fits(self) -> bool:
        """Whether Slack takes the command as a button's value."""
        return 0 < units(self.command) <= _VALUE_LIMIT


@dataclass(frozen=True, slots=True)
class Picker:
    """A select of agents: `command` is the question that the picked one completes."""

    command: str

    @property
    def block_id(self) -> str:
        """Carries the state of the select, whose options hold an agent's id alone."""
        return PICKER_PREFIX + self.command

    @property
    def fits(self) -> bool:
        """Whether Slack takes the command as a part of a block's id."""
        return units(self.block_id) <= _BLOCK_ID_LIMIT


def picker_command(block_id: str, picked: str) -> str:
    """What a pressed select asks: its block's question about the agent picked. Both parts are user input.

    Raises:
        ValueError: the block is no agent picker.
    """
    if not block_id.startswith(PICKER_PREFIX):
        raise ValueError("not an agent picker")
    name = picked.replace('"', "")
    return f'{block_id.removeprefix(PICKER_PREFIX)} "{name}"'
