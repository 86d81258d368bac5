"""A fake Genesys Cloud organisation: one engine, over loopback HTTP or mounted on a requests adapter.

For the demo, the tests, and people who try the bot before they have credentials. The same seed gives the
same people and the same days; what the platform does with them follows its documents (emission time,
sparse buckets, start-day matching, error bodies, limits).
"""

from __future__ import annotations

from genesys_client.sandbox.access import DEFAULT_GRANT, OAuthGrant
from genesys_client.sandbox.adapter import SandboxAdapter
from genesys_client.sandbox.behaviour import Behaviour
from genesys_client.sandbox.engine import Engine, LoggedRequest
from genesys_client.sandbox.faults import Fault
from genesys_client.sandbox.http import Request, Response
from genesys_client.sandbox.server import SandboxServer
from genesys_client.sandbox.truth import Truth

__all__ = [
    "DEFAULT_GRANT",
    "Behaviour",
    "Engine",
    "Fault",
    "LoggedRequest",
    "OAuthGrant",
    "Request",
    "Response",
    "SandboxAdapter",
    "SandboxServer",
    "Truth",
]
