"""The engine mounted on a `requests` session: the whole client, no socket."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.response import HTTPResponse

from genesys_client.sandbox.http import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genesys_client.sandbox.engine import Engine
    from genesys_client.sandbox.http import Response


class SandboxAdapter(BaseAdapter):
    """Answers whatever a session sends, for any host, from an engine.

    Args:
        engine: who answers.
        sleep: how a slow answer is waited for; give a fake one in tests.
    """

    def __init__(self, engine: Engine, *, sleep: Callable[[float], object] = time.sleep) -> None:
        super().__init__()
        self.engine = engine
        self._sleep = sleep

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Answer one request.

        Raises:
            requests.ConnectionError: the connection was dropped.
            requests.ReadTimeout: the answer comes later than the caller waits.
        """
        del verify, cert, proxies
        answer = self.engine.handle(_read(request))
        waits = timeout[1] if isinstance(timeout, tuple) else timeout
        if answer.wire.dropped:
            raise requests.ConnectionError("connection aborted: the sandbox dropped it", request=request)
        if waits is not None and max(answer.wire.delay_s, answer.wire.drip_s) > waits:
            self._sleep(waits)
            raise requests.ReadTimeout(f"read timed out after {waits} s", request=request)
        if answer.wire.delay_s:
            self._sleep(answer.wire.delay_s)
        out = _written(request, answer, sleep=self._sleep)
        if not stream:
            _ = out.content
        return out

    def close(self) -> None:
        """Nothing is open."""


def _read(request: requests.PreparedRequest) -> Request:
    url = urlsplit(request.url or "")
    body = request.body or b""
    return Request(
        method=request.method or "GET",
        path=url.path,
        query=parse_qs(url.query, keep_blank_values=True),
        headers={name.lower(): _text(value) for name, value in request.headers.items()},
        body=body.encode() if isinstance(body, str) else bytes(body),
    )


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


class _Dripping(io.RawIOBase):
    """A body that comes in small pieces."""

    def __init__(self, body: bytes, drip_s: float, sleep: Callable[[float], object]) -> None:
        self._left = io.BytesIO(body)
        self._drip_s = drip_s
        self._sleep = sleep

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._left.read(min(len(buffer), 64))
        if piece:
            self._sleep(self._drip_s)
        buffer[: len(piece)] = piece
        return len(piece)


def _written(
    request: requests.PreparedRequest, answer: Response, *, sleep: Callable[[float], object]
) -> requests.Response:
    body = answer.body if answer.wire.bytes_sent is None else answer.body[: answer.wire.bytes_sent]
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    source = _Dripping(body, answer.wire.drip_s, sleep) if answer.wire.drip_s else io.BytesIO(body)
    out = requests.Response()
    out.status_code = answer.status
    out.headers = CaseInsensitiveDict(headers)
    out.encoding = "utf-8"
    out.url = request.url or ""
    out.request = request
    out.reason = None  # type: ignore[assignment]  # an empty reason phrase
    out.raw = HTTPResponse(
        body=source, headers=headers, status=answer.status, preload_content=False, enforce_content_length=True
    )
    return out
