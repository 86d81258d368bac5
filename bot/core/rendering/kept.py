"""What the bot keeps of a person, in words: her settings, her saved questions, who she is in Genesys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.grammar.choices import CHOICES, words_of
from bot.core.query import Verb
from bot.core.rendering.names import raw_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.defaults import Defaults
    from bot.core.memos import Memo, Saved

_QUESTION = 300
"""Characters of a saved question that are listed."""


def settings_text(defaults: Defaults) -> str:
    """Every setting with what it is, and how to change it."""
    lines = ["Yours, for every question that says nothing else:"]
    for key, choice in CHOICES.items():
        words = words_of(defaults, key)
        chosen = raw_text(words, limit=_QUESTION) if words is not None else "as the operator set it"
        if words is None and key in _NOT_OF_THE_OPERATOR:
            chosen = _NOT_OF_THE_OPERATOR[key]
        lines.append(f"{choice.label}: {chosen}")
    lines += ["", f"Change one: `{CHOICES['columns'].example}`", "Undo: `settings reset columns`, `settings reset`"]
    return "\n".join(lines)


_NOT_OF_THE_OPERATOR = {
    "zone": "as Slack has it, else as the operator set it",
    "team": "your own in Genesys",
    "durations": "6h 32m",
    "separator": "comma",
    "decimal": "point",
}


def setting_text(defaults: Defaults, key: str) -> str:
    """One setting with what it is now."""
    words = words_of(defaults, key)
    shown = raw_text(words, limit=_QUESTION) if words is not None else _NOT_OF_THE_OPERATOR.get(key)
    return f"{CHOICES[key].label}: {shown or 'as the operator set it'}"


def saved_text(saved: Sequence[Saved]) -> str:
    """Saved questions, hers before the channel's."""
    if not saved:
        return "None are saved yet.\n\nKeep one under a name: `save morning yesterday team:Billing`"
    mine, here = [s for s in saved if not s.for_channel], [s for s in saved if s.for_channel]
    lines: list[str] = []
    for title, group in (("Yours", mine), ("This channel's", here)):
        if group:
            lines.append(title)
            for one in group:
                lines += [f"  {one.name}", f"      {raw_text(one.question, limit=_QUESTION)}"]
    name = f'"{saved[0].name}"' if " " in saved[0].name else saved[0].name
    return "\n".join([*lines, "", f"Ask one: `saved {name}`. Forget one: `unsave {name}`."])


def memo_reading(memo: Memo) -> str:
    """What was understood of a command about what is kept."""
    name = f"“{raw_text(memo.name)}”"
    where = " for this channel" if memo.for_channel else ""
    match memo.verb:
        case Verb.SAVE:
            return f"Saving {name}{where}: {raw_text(memo.question, limit=_QUESTION) if memo.question else 'your last'}"
        case Verb.SAVED:
            return f"Saved question {name}{where}" if memo.name else "Saved questions"
        case Verb.UNSAVE:
            return f"Forgetting {name}{where}"
        case Verb.SETTINGS:
            label = CHOICES[memo.key].label if memo.key else ""
            value = f": {raw_text(memo.value, limit=_QUESTION)}" if memo.value else ""
            return (
                f"Your settings{', ' if label else ''}{label}{value}{' as the operator has it' if memo.reset else ''}"
            )
        case Verb.LINK:
            return f"Linking {memo.person or 'you'} to {raw_text(memo.whom)}" if memo.whom else "Which agent you are"
        case _:
            return f"Unlinking {memo.person or 'you'}"
