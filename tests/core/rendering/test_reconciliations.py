"""What lies between two sources, in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.core.reconciling import FIGURES, Reconciled
from bot.core.rendering.reconciliations import Told, reconciliation_text


@pytest.mark.parametrize(
    ("agents", "parts", "said"),
    [
        pytest.param(1, 1, "\nAgent 00: 0 unknown\n", id="one agent, once"),
        pytest.param(2, 2, "\nAll 2 agents: 0 unknown\n", id="two, and both together"),
        pytest.param(26, 25, "\n1 more agent: ask for a team to see all of it.\n", id="more than are drawn"),
    ],
)
def test_each_agent_is_told_once_and_all_together(agents: int, parts: int, said: str) -> None:
    chains = [Reconciled(f"{n:02}", dict.fromkeys(FIGURES, 3600.0), ()) for n in range(agents)]
    names = {chain.agent_id: f"Agent {chain.agent_id}" for chain in chains}
    since = datetime(2026, 11, 21, tzinfo=UTC)
    text = reconciliation_text(
        chains, Told(names, requests=3, conversations=5, duplicates_removed=0, since=since, further_since=None)
    )
    assert text.count("posted 1h 00m") == parts
    assert said in text
