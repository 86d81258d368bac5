"""The one place that calls Slack: `read` repeats patiently, `write` never repeats by itself.

A write whose answer got lost may have happened; whoever sent it decides what a second copy would cost.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from http.client import HTTPException
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.webhook import WebhookClient

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.edges.metrics import Metrics

SLACK_API_URL = "https://slack.com/api/"

TOKEN_ERRORS = frozenset(
    {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "team_access_not_granted"}
)
"""The app was uninstalled, disabled, or its token rotated: nobody gets an answer until an operator acts."""

BLOCK_ERRORS = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "invalid_attachments", "msg_blocks_too_long", "only_one_table_allowed"}
)
"""Slack doesn't take the blocks of this message; it may take simpler ones."""

_UNCLEAR = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
_SLACK_HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})


class SlackCallError(Exception):
    """A call that Slack refused or didn't answer."""

    def __init__(
        self,
        method: str,
        error: str,
        *,
        retry_after_s: float | None = None,
        unclear: bool = False,
        pointers: tuple[str, ...] = (),
        needed: str | None = None,
    ) -> None:
        super().__init__(f"{method}: {error}")
        self.method = method
        self.error = error
        self.retry_after_s = retry_after_s
        self.unclear = unclear
        """It may have happened all the same."""
        self.pointers = pointers
        """Where in the blocks Slack found fault."""
        self.needed = needed
        """The scope that is missing."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a caller may be kept waiting by Slack's rate limits."""

    longest_wait_s: float = 10.0
    repeats: int = 1


def web_client(token: str | None, base_url: str | None = None, *, timeout_s: int = 10) -> WebClient:
    """Slack's own client without its repeats: the default one would post again after a connection broke."""
    address = f"{(base_url or SLACK_API_URL).rstrip('/')}/"
    return WebClient(token=token, base_url=address, timeout=timeout_s, retry_handlers=[])


class SlackApi:
    """Calls to Slack's Web API and to `response_url`s, each with a time-out.

    Args:
        base_url: Slack's, or a stand-in's on this machine.
        sleep: what waiting for a rate limit does; tests hand in something quicker.
    """

    def __init__(
        self,
        *,
        token: str,
        base_url: str | None = None,
        timeout_s: int = 10,
        patience: Patience = Patience(),
        sleep: Callable[[float], None] = time.sleep,
        metrics: Metrics | None = None,
    ) -> None:
        self._client = web_client(token, base_url, timeout_s=timeout_s)
        self._timeout_s = timeout_s
        self._patience = patience
        self._metrics = metrics
        self.sleep = sleep
        host = urlsplit(self._client.base_url).hostname or ""
        self._loopback_host = host if _is_loopback(host) else None

    def read(self, method: str, **params: Any) -> Mapping[str, Any]:
        """Ask Slack something; once more after a rate limit within patience or a broken connection.

        Raises:
            SlackCallError: no answer, or not the one that was asked for.
        """
        for repeats_left in range(self._patience.repeats, -1, -1):
            try:
                return self._call(method, {"params": params})
            except SlackCallError as error:
                wait = error.retry_after_s if error.error == "ratelimited" else 0.5 if error.unclear else None
                if not repeats_left or wait is None or wait > self._patience.longest_wait_s:
                    raise
                self.sleep(wait)
        raise AssertionError("unreachable")

    def write(self, method: str, **body: Any) -> Mapping[str, Any]:
        """Have Slack do something, once.

        Raises:
            SlackCallError: Slack refused; `unclear` where it may have been done.
        """
        return self._call(method, {"json": {name: value for name, value in body.items() if value is not None}})

    def respond(self, response_url: str, body: Mapping[str, Any]) -> None:
        """Post to a `response_url`, once.

        Raises:
            SlackCallError: as `write`; `untrusted_url` where the address is not Slack's.
        """
        if not self.trusts(response_url):
            raise SlackCallError("response_url", "untrusted_url")
        webhook = WebhookClient(response_url, timeout=self._timeout_s, retry_handlers=[])
        try:
            response = webhook.send_dict(dict(body))
        except (OSError, HTTPException, ValueError, SlackClientError) as failure:
            raise self._counted(_from_failure("response_url", failure)) from failure
        refusal = _webhook_refusal(response.status_code, response.body, response.headers)
        if refusal is not None:
            raise self._counted(refusal)

    def upload(
        self,
        *,
        channel: str,
        filename: str,
        content: str | bytes,
        comment: str,
        title: str | None = None,
        alt_text: str | None = None,
        thread_ts: str | None = None,
    ) -> None:
        """Share a file in a conversation; nothing uploaded can be for one person of a channel.

        Args:
            content: a text, or the bytes of a workbook or a picture.
            alt_text: what a picture shows, for those who hear it read.
        Raises:
            SlackCallError: as `write`.
        """
        try:
            self._client.files_upload_v2(
                channel=channel,
                filename=filename,
                title=title or filename,
                content=content,
                alt_txt=alt_text,
                initial_comment=comment,
                thread_ts=thread_ts,
                request_file_info=False,
            )
        except SlackApiError as refusal:
            raise self._counted(_from_refusal("files_upload_v2", refusal)) from refusal
        except (OSError, HTTPException, ValueError, SlackClientError) as failure:
            raise self._counted(_from_failure("files_upload_v2", failure)) from failure

    def trusts(self, response_url: str) -> bool:
        """Whether answers may be sent there: Slack's own hosts, or the stand-in that a loopback API is."""
        try:
            parts = urlsplit(response_url)
            host = parts.hostname
        except ValueError:
            return False
        if parts.scheme == "https" and host in _SLACK_HOSTS and parts.port in {None, 443}:
            return True
        return self._loopback_host is not None and host == self._loopback_host and parts.scheme in {"http", "https"}

    def _call(self, method: str, arguments: dict[str, Any]) -> Mapping[str, Any]:
        try:
            data = self._client.api_call(method, **arguments).data
        except SlackApiError as refusal:
            raise self._counted(_from_refusal(method, refusal)) from refusal
        except (OSError, HTTPException, ValueError, SlackClientError) as failure:
            raise self._counted(_from_failure(method, failure)) from failure
        if not isinstance(data, dict):
            raise self._counted(SlackCallError(method, "unreadable", unclear=True))
        return data

    def _counted(self, error: SlackCallError) -> SlackCallError:
        if self._metrics is not None:
            self._metrics.slack_errors.labels(error.method, error.error).inc()
        return error


def _from_refusal(method: str, refusal: SlackApiError) -> SlackCallError:
    response = refusal.response
    data = getattr(response, "data", response)
    data = data if isinstance(data, dict) else {}
    status = getattr(response, "status_code", 200)
    headers = getattr(response, "headers", {})
    error = "ratelimited" if status == 429 else _word(str(data.get("error")))
    return SlackCallError(
        method,
        error,
        retry_after_s=_retry_after(headers) if error == "ratelimited" else None,
        unclear=error in _UNCLEAR or error == "unreadable" or status >= 500,
        pointers=_pointers(data),
        needed=data.get("needed"),
    )


def _from_failure(method: str, failure: BaseException) -> SlackCallError:
    """No answer: only where nothing can have left this machine is it sure that nothing happened."""
    reason = getattr(failure, "reason", failure) if isinstance(failure, URLError) else failure
    never_left = isinstance(reason, ConnectionRefusedError) or type(reason).__name__ in {"gaierror", "SSLError"}
    return SlackCallError(method, "unreachable" if never_left else "no_answer", unclear=not never_left)


def _webhook_refusal(status: int, body: str, headers: Mapping[str, Any]) -> SlackCallError | None:
    """What a `response_url` said, unless it is a yes; it speaks JSON at times and bare words at others."""
    try:
        data = json.loads(body)
    except ValueError:
        data = None
    data = data if isinstance(data, dict) else {}
    if 200 <= status < 300 and data.get("ok", True) is not False and not data.get("error"):
        return None
    error = _word(str(data.get("error") or body.strip()))
    if status == 429:
        error = "ratelimited"
    elif status >= 500:
        error = "service_unavailable"
    return SlackCallError(
        "response_url",
        error,
        retry_after_s=_retry_after(headers) if error == "ratelimited" else None,
        unclear=error in _UNCLEAR,
        pointers=_pointers(data),
    )


def _word(error: str) -> str:
    """An error's name; whatever else came stays out of logs and labels."""
    return error if re.fullmatch(r"[a-z0-9_]{1,60}", error) else "unreadable"


def _pointers(data: Mapping[str, Any]) -> tuple[str, ...]:
    metadata = data.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    found = [str(message) for message in messages] if isinstance(messages, list) else []
    errors = data.get("errors")
    if isinstance(errors, list):
        found += [f"{e.get('pointer')}: {e.get('code') or e.get('message')}" for e in errors if isinstance(e, dict)]
    return tuple(pointer[:300] for pointer in found[:10])


def _retry_after(headers: Mapping[str, Any]) -> float:
    value = next((v for name, v in dict(headers).items() if str(name).lower() == "retry-after"), "1")
    value = value[0] if isinstance(value, list) and value else value
    try:
        return max(0.0, float(str(value)))
    except ValueError:
        return 1.0


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
