"""What the client saw → what people can act on: the only place where a `GenesysError` becomes a `BotError`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.errors import BotError, SettingsError, SourceError
from genesys_client import (
    AuthenticationError,
    CircuitOpenError,
    DeadlineExceededError,
    GenesysError,
    InvalidQueryError,
    JobFailedError,
    OperationCancelledError,
    PayloadError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    ThrottledError,
    TransportError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


REFUSED = "platform_refused"
"""The code of a query that the platform didn't accept."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise what people can act on in the place of what the client saw."""
    try:
        yield
    except GenesysError as error:
        raise translate(error) from error


def translate(error: GenesysError) -> BotError:
    """The `SourceError` (or `SettingsError`) that says in words what happened and what to do."""
    reference = error.request_id
    wait = error.retry_after_s
    match error:
        case AuthenticationError():
            return SettingsError(
                "Genesys refused the credentials: the client id or secret is wrong, or they belong to another region.",
                hint="Check GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_ENVIRONMENT; "
                "`python -m bot doctor` tells which.",
                code="bad_credentials",
            )
        case PermissionDeniedError():
            names = ", ".join(error.permissions) or "a permission or a division"
            return SourceError(
                f"The Genesys OAuth client lacks {names}.",
                hint="Have an administrator add it to the client's role, in each division that should be visible.",
                code="missing_permission",
                reference=reference,
            )
        case RateLimitedError() | ThrottledError():
            return SourceError(
                f"Genesys asks to wait: too many requests. Try again in {_wait(wait)}.",
                hint="A shorter range or fewer agents needs fewer requests.",
                code="rate_limited",
                reference=reference,
                retry_after_s=wait,
            )
        case OperationCancelledError():
            return SourceError("The question was cancelled.", code="cancelled")
        case DeadlineExceededError():
            return SourceError(
                "Genesys took too long to answer.",
                hint="Try again in a minute; a shorter range or fewer agents answers faster.",
                code="platform_slow",
                reference=reference,
            )
        case CircuitOpenError():
            return SourceError(
                "Genesys failed several times in a row, so it isn't asked for a moment.",
                hint=f"Try again in {_wait(wait or 30)}; if it goes on, check the network and Genesys's status page.",
                code="platform_down",
                retry_after_s=wait,
            )
        case ServerError():
            return SourceError(
                "Genesys is having trouble: it fails on its own side.",
                hint=f"Try again in {_wait(wait or 60)}; if it goes on, look at Genesys's status page.",
                code="platform_down",
                reference=reference,
                retry_after_s=wait,
            )
        case PayloadError():
            return SourceError(
                "Genesys answered with something that isn't what it promises, so nothing of it is used.",
                hint="Try again; if it happens again, report it with the reference.",
                code="platform_garbled",
                reference=reference,
            )
        case JobFailedError():
            return SourceError(
                "Genesys took on to prepare the conversations and gave up.",
                hint="Try again later; a shorter range or fewer agents may help.",
                code="job_failed",
                reference=reference,
            )
        case InvalidQueryError():
            return SourceError(
                "Genesys didn't accept the query.",
                hint="A shorter range may help; otherwise report it with the reference.",
                code=REFUSED,
                reference=reference,
            )
        case TransportError():
            return SourceError(
                "Genesys can't be reached.",
                hint="Check the network and GENESYS_ENVIRONMENT, then try again.",
                code="platform_unreachable",
                reference=reference,
            )
        case _:
            return SourceError(
                "Genesys answered with an error.",
                hint="Try again; if it happens again, report it with the reference.",
                reference=reference,
            )


def _wait(seconds: float | None) -> str:
    if seconds is None:
        return "a minute"
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    return f"{round(seconds / 60)} minutes" if seconds < 5400 else f"{round(seconds / 3600)} hours"
