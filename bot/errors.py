"""What can go wrong, by who can act on it.

    BotError
      CommandError             the requester can fix it; carries a hint
        UnknownCommandError    a word that means nothing here
        InvalidIntervalError   a range that is ahead, backwards, too long or not a day
        UnknownAgentError      nobody (or more than one) by that name
        NotAllowedError        the requester may not see that
        OverBudgetError        it costs more than the requester has agreed to
      SourceError              the platform failed; wraps a GenesysError
      DeliveryError            Slack refused; names the channel
      StoreError               the database failed, after what could be repeated was
      SettingsError            the operator can fix it, at start

Every class has a stable `code`, which JSON answers carry and `docs/json.md` lists.
"""

from __future__ import annotations


class BotError(Exception):
    """The root of everything that the bot raises on purpose."""

    code = "internal"
    exit_status = 1

    def __init__(self, message: str, *, hint: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class CommandError(BotError):
    """The requester can fix it: `message` says what is wrong, `hint` shows what works."""

    code = "invalid_command"
    exit_status = 2

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str | None = None,
        choices: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.choices = choices
        """(label, whole command text) of each reading to choose from: buttons in Slack, the hint elsewhere."""


class UnknownCommandError(CommandError):
    """A word that is no keyword and can't be a name."""

    code = "unknown_word"


class InvalidIntervalError(CommandError):
    """A range that lies ahead, ends before it starts, is too long, or names a day that doesn't exist."""

    code = "invalid_interval"


class UnknownAgentError(CommandError):
    """No agent (or team, queue, …) matched, or more than one did."""

    code = "unknown_agent"


class NotAllowedError(CommandError):
    """The requester asked for figures that she may not see."""

    code = "not_allowed"


class OverBudgetError(CommandError):
    """The question costs more requests, or more time, than one may without being asked."""

    code = "over_budget"

    def __init__(
        self, message: str, *, possible: bool, hint: str | None = None, choices: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(message, hint=hint, choices=choices)
        self.possible = possible
        """Whether it can be answered when the requester goes on anyway."""


class SourceError(BotError):
    """The platform failed; `reference` is its correlation id, `retry_at` when to come back (seconds from now)."""

    code = "platform_failed"
    exit_status = 3

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str | None = None,
        reference: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.reference = reference
        self.retry_after_s = retry_after_s


class DeliveryError(BotError):
    """Slack refused a message; `channel` is where it should have gone."""

    code = "delivery_failed"
    exit_status = 3

    def __init__(self, message: str, *, channel: str, hint: str | None = None, code: str | None = None) -> None:
        super().__init__(message, hint=hint, code=code)
        self.channel = channel


class StoreError(BotError):
    """The database failed, after what could be repeated was; the cause is chained, without values of any row."""

    code = "store_failed"
    exit_status = 3


class SettingsError(BotError):
    """The operator can fix it, at start: one message names everything that is wrong."""

    code = "invalid_settings"
    exit_status = 4
