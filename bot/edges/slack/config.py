"""What the Slack edge needs to know at start; `__main__` makes it from the settings."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """Credentials and limits of the Slack edge."""

    bot_token: str = field(repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    """None: Socket Mode alone."""
    command: str = "/utilization"
    api_url: str | None = None
    """None: Slack's own."""
    named_channels: frozenset[str] = frozenset()
    """Channels where names may be posted."""
    usergroups: frozenset[str] = frozenset()
    """User groups that a grant names: whose members have to be known."""
    interactions_url: str | None = None
    """Where Genesys shows an interaction, its id to be put behind; None: nowhere, as with a made-up organisation."""
    answer_seconds: float = 20.0
    """How long one answer may ask the platform."""
    long_answer_seconds: float = 600.0
    """The same for a question with `anyway` or `complete`."""
    commands_a_minute: int = 5
    commands_in_flight: int = 2
    shifts: tuple[str, ...] = ()
    """Names of hours in the settings, for the form."""
