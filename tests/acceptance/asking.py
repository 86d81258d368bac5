"""Asks the real command line, in this process, over real HTTP to a sandbox organisation."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

from bot.cli import run
from genesys_client.sandbox import DEFAULT_GRANT, Engine
from genesys_client.sandbox.server import SandboxServer


@dataclass(frozen=True)
class Said:
    """What one call of the command line gave back."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)


def environment(url: str, **more: str) -> dict[str, str]:
    return {
        "GENESYS_CLIENT_ID": DEFAULT_GRANT.client_id,
        "GENESYS_CLIENT_SECRET": DEFAULT_GRANT.client_secret,
        "GENESYS_API_URL": url,
        "GENESYS_LOGIN_URL": url,
        "DATABASE_URL": "sqlite://",
        **more,
    }


def ask(server: SandboxServer, text: str, *options: str, **variables: str) -> Said:
    """`python -m bot ask text options`, with `server` as the platform."""
    return ask_with(environment(server.url, **variables), text, *options)


def ask_with(environ: dict[str, str], text: str, *options: str) -> Said:
    out, err = io.StringIO(), io.StringIO()
    status = run(["ask", text, *options], environ, out=out, err=err)
    return Said(status, out.getvalue(), err.getvalue())


AGGREGATES = ("/api/v2/analytics/conversations/aggregates/query", "/api/v2/analytics/users/aggregates/query")


def aggregate_requests(engine: Engine) -> int:
    return sum(engine.count(path) for path in AGGREGATES)
