"""Logging set up once, at start: structlog and the standard library's loggers in one form, secrets masked.

Masking is the last step before a line is written, so that it also covers tracebacks and what libraries log.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import TYPE_CHECKING, Any, Literal, TextIO

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "***"

_TOKENS = re.compile(
    r"""
      \bxox[a-z](?:\.xox[a-z])?-[\w.%-]+     # bot, user, refresh and rotated tokens
    | \bxapp-[\w.%-]+                        # app-level tokens
    | \bxoxe[\w.%-]*-[\w.%-]+
    | (?<=hooks\.slack\.com/)[^\s"'<>\\]+    # a response_url lets anyone answer for half an hour
    | (?<=hooks\.slack-gov\.com/)[^\s"'<>\\]+
    """,
    re.VERBOSE,
)
_CREDENTIALS = re.compile(r"\b(Bearer|Basic)(\s+)[\w.~+/=-]{6,}", re.IGNORECASE)

_QUIET = {
    # Bolt logs whole bodies of badly signed requests at INFO, the SDK every request at DEBUG.
    "alembic": logging.WARNING,
    "slack_bolt": logging.WARNING,
    "slack_sdk": logging.WARNING,
    "urllib3": logging.WARNING,
    "asyncio": logging.WARNING,
    "apscheduler": logging.WARNING,
}


class Mask:
    """Replaces what must not be read in a line by `***`.

    Args:
        secrets: values from the settings; those under six characters are left, for they would eat ordinary words.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {secret for secret in secrets if len(secret) >= 6}
        # In a line of JSON or in a repr a secret with a quote or an umlaut stands escaped.
        known |= {
            written[1:-1]
            for secret in known
            for written in (json.dumps(secret), json.dumps(secret, ensure_ascii=False), repr(secret))
        }
        self._known = re.compile("|".join(map(re.escape, sorted(known, key=len, reverse=True)))) if known else None

    def __call__(self, line: str) -> str:
        """The line without secrets."""
        if self._known is not None:
            line = self._known.sub(MASK, line)
        line = _TOKENS.sub(MASK, line)
        return _CREDENTIALS.sub(rf"\1\2{MASK}", line)


class _MaskedFormatter(structlog.stdlib.ProcessorFormatter):
    """The finished line, masked; its breaks stay as the renderer wrote them."""

    def __init__(self, mask: Mask, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        return self._mask(super().format(record))


def configure_logging(
    *,
    format: Literal["console", "json"] = "console",
    level: str = "INFO",
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Send every logger's lines to standard error (or `stream`), in one form and masked. May be called again."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        # Plain text: the other ways of structlog print local variables, and those hold people's data.
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if format == "json"
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        _MaskedFormatter(
            Mask(secrets),
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    for old in list(root.handlers):
        if type(old) is logging.StreamHandler:  # an earlier call's, or a library's that would write unmasked
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name, quiet in _QUIET.items():
        logging.getLogger(name).setLevel(max(quiet, root.level))
    logging.captureWarnings(capture=True)
