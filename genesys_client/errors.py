"""What can go wrong with the platform, by what is known about it.

    GenesysError
      TransportError               no response
        DeadlineExceededError      the operation's time was over first
        OperationCancelledError    the caller gave up
        CircuitOpenError           not called: the host keeps failing
        ThrottledError             not called: this client's own rate limit
      ResponseError                a status that isn't a success
        InvalidQueryError          400: the request itself is at fault
          ResponseTooLargeError    the answer (or the request) is too large: ask for less
        AuthenticationError        the credentials, or the token, were refused
        PermissionDeniedError      403; names the missing permissions
        NotFoundError              404
        RateLimitedError           429, or a throttled token request
        ServerError                5xx
      PayloadError                 a success that isn't what was promised; a page that came twice
        OversizedPayloadError      an answer beyond the size cap: ask for less
      JobFailedError               the platform took a job on and gave it up; names the state in which it ended

A status without a class of its own is a plain `ResponseError`. Messages hold no bodies, no secrets and no
query strings: what the platform wrote is in `ResponseError.detail`, for a log that may have it.
"""

from __future__ import annotations


class GenesysError(Exception):
    """The root of everything that this package raises on purpose."""

    def __init__(self, message: str, *, request_id: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.request_id = request_id
        """The platform's correlation id, which its support asks for; None where nothing came back."""
        self.retry_after_s = retry_after_s
        """Seconds until another try makes sense, where that is known."""

    def __str__(self) -> str:
        return f"{self.message} (correlation id {self.request_id})" if self.request_id else self.message


class TransportError(GenesysError):
    """No response: a timeout, a refused or broken connection."""

    def __init__(
        self,
        message: str,
        *,
        request_id: str | None = None,
        retry_after_s: float | None = None,
        transient: bool = False,
    ) -> None:
        super().__init__(message, request_id=request_id, retry_after_s=retry_after_s)
        self.transient = transient
        """Whether the same request may succeed when sent again."""


class DeadlineExceededError(TransportError):
    """The operation's deadline passed before an answer was complete."""


class OperationCancelledError(TransportError):
    """The caller cancelled the operation."""


class CircuitOpenError(TransportError):
    """Not called: the host failed again and again a moment ago."""


class ThrottledError(TransportError):
    """Not called: the rate limit leaves no room before the deadline."""


class ResponseError(GenesysError):
    """The platform answered with a status that isn't a success."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        path: str,
        request_id: str | None = None,
        retry_after_s: float | None = None,
        code: str | None = None,
        detail: str | None = None,
    ) -> None:
        super().__init__(message, request_id=request_id, retry_after_s=retry_after_s)
        self.status = status
        self.path = path
        self.code = code
        """The platform's own word for it, such as `missing.permissions`."""
        self.detail = detail
        """The platform's sentence, cut short; may quote the request."""


class InvalidQueryError(ResponseError):
    """The platform refuses the request as it stands."""


class ResponseTooLargeError(InvalidQueryError):
    """Asked for too much at once: fewer agents, fewer groups or a shorter interval may work."""


class AuthenticationError(ResponseError):
    """The client id, its secret or the token was refused."""


class PermissionDeniedError(ResponseError):
    """The OAuth client's roles don't allow it."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        path: str,
        request_id: str | None = None,
        code: str | None = None,
        detail: str | None = None,
        permissions: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, status=status, path=path, request_id=request_id, code=code, detail=detail)
        self.permissions = permissions
        """Those that the platform names as missing, such as `analytics:userAggregate:view`."""


class NotFoundError(ResponseError):
    """There is nothing by that id, or nothing that this client may see."""


class RateLimitedError(ResponseError):
    """Too many requests, and the wait doesn't fit the operation's deadline."""


class ServerError(ResponseError):
    """The platform, or a gateway in front of it, failed."""


class PayloadError(GenesysError):
    """A success whose body isn't what was promised; the message names the field."""


class OversizedPayloadError(PayloadError):
    """A body beyond the size cap."""


class JobFailedError(GenesysError):
    """A job ended without results."""

    def __init__(self, state: str, *, detail: str | None = None) -> None:
        super().__init__(f"The platform ended the job without results; its state is {state[:40]}.")
        self.state = state
        """FAILED, CANCELLED, EXPIRED, or what the platform may add."""
        self.detail = detail
        """The platform's reason; may quote the request."""
