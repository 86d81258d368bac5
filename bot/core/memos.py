"""Commands about what the bot keeps of a person, and what it keeps: choices, saved questions, who she is in Genesys.

`bot.core.grammar.memos` reads them from text; `bot.services.memory` carries them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.query import Verb

if TYPE_CHECKING:
    from datetime import datetime

MEMO_VERBS = frozenset({Verb.SETTINGS, Verb.SAVE, Verb.SAVED, Verb.UNSAVE, Verb.LINK, Verb.UNLINK})
"""The verbs that are about what is kept."""

LONGEST_NAME = 40
"""Characters in the name of a saved question."""


@dataclass(frozen=True, slots=True)
class Memo:
    """One command about what is kept."""

    verb: Verb
    name: str = ""
    """Of a saved question; empty for `saved`, which lists them."""
    question: str = ""
    """Of `save`: as typed; empty: the last one."""
    for_channel: bool = False
    """The channel's, not her own."""
    key: str = ""
    """Of `settings`: which one; empty: all."""
    value: str = ""
    """What it shall be, as typed; empty: show it."""
    reset: bool = False
    """Of `settings`: back to what the operator chose."""
    person: str = ""
    """Of `link` and `unlink`: whose, by Slack id; empty: her own."""
    whom: str = ""
    """Of `link`: the agent by address, name or id; empty: propose one."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A question with a name; relative words in it stay relative."""

    name: str
    question: str
    owner_id: str
    """Slack id of the person or the channel whose it is."""
    for_channel: bool
    by: str
    """Who saved it."""
    at: datetime

    @property
    def run(self) -> str:
        """The command that asks it."""
        return f'saved "{self.name}"{self._where}'

    @property
    def delete(self) -> str:
        """The command that forgets it."""
        return f'unsave "{self.name}"{self._where}'

    @property
    def _where(self) -> str:
        return " for this channel" if self.for_channel else ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was answered, as typed."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """Who a Slack user is in Genesys, as confirmed by herself or set by somebody who may."""

    person_id: str
    agent_id: str | None
    """None: nobody, although an address may be the same."""
    by: str
    at: datetime
