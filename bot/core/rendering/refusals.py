"""What went wrong → a message that says what happened, what to do next, and under which reference to find it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.rendering.actions import Action
from bot.core.rendering.blocks import Message
from bot.core.rendering.names import capped, cleaned, escaped, marked_up
from bot.core.rendering.pieces import TEXT, buttons, section, within
from bot.errors import CommandError, SettingsError, SourceError

if TYPE_CHECKING:
    from bot.errors import BotError

_SENTENCE = 500
_MOST_CHOICES = 10
GENERIC = "Something went wrong on my side."


def render_error(error: BotError, *, reference: str) -> Message:
    """The error for the person who asked.

    A refusal explains itself and offers its readings as buttons; anything else carries the reference under
    which the log has it. Texts of errors that the person can't act on stay in the log.
    """
    happened, hint = explained(error), cleaned(error.hint or "")
    choices: tuple[Action, ...] = ()
    if isinstance(error, CommandError):
        choices = tuple(
            Action(f"choice:{n}", label, command) for n, (label, command) in enumerate(error.choices[:_MOST_CHOICES])
        )
    lines = [marked_up(capped(text, _SENTENCE)) for text in (happened, hint) if text]
    if not isinstance(error, CommandError):
        lines.append(escaped(f"Reference: {cleaned(_references(error, reference))}"))
    blocks = (section("\n".join(lines)), *buttons(choices))
    spoken = "\n".join([*lines, *(f"• {escaped(cleaned(choice.label))}" for choice in choices)])
    return Message(within(TEXT, spoken), blocks, blocks)


def explained(error: BotError) -> str:
    """What happened, as far as the person who asked may know it."""
    told = "try again in" in (error.hint or "").lower()
    if isinstance(error, SourceError) and error.retry_after_s and not told:
        return cleaned(f"{error.message} Try again in {max(1, round(error.retry_after_s))} s.")
    if isinstance(error, SettingsError) or error.code == "internal":
        return GENERIC
    return cleaned(error.message) or GENERIC


def hint_of(error: BotError) -> str | None:
    """The hint with the readings to choose from, for doors without buttons."""
    said = [error.hint] if error.hint else []
    if isinstance(error, CommandError) and error.choices:
        said.append("Ask one of: " + "; ".join(command for _, command in error.choices[:_MOST_CHOICES]))
    return " ".join(map(cleaned, said)) or None


def _references(error: BotError, reference: str) -> str:
    platform = error.reference if isinstance(error, SourceError) else None
    return f"{reference} (platform: {platform})" if platform else reference
