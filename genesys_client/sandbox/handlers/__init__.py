"""The operations, by area; each handler takes a call and gives the answer's payload."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genesys_client.sandbox.http import Answer
    from genesys_client.sandbox.world import Call

    Handlers = Mapping[str, Callable[[Call], Answer]]
