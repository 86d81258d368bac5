"""Who may see what: deny by default, decided from values alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Audience:
    """Who will read an answer: the asker alone, or everyone in a channel."""

    channel_id: str | None = None
    """None: private."""
    named: bool = False
    """The channel is on the list of those where names may be posted."""
    shared_externally: bool = False
    """Shared with another organisation: no figures at all."""


PRIVATE = Audience()
