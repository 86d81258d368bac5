"""Pictures on the command line: digits and bars in the terminal, a PNG in a file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from genesys_client.sandbox import Engine
from genesys_client.sandbox.server import SandboxServer
from tests.acceptance.asking import ask

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = "2026-03-30T09:00:00+00:00"
DAY = "2026-03-29"
"""In London clocks go forward: 46 half-hours."""
OFF = "2026-03-23"
"""Ana Reyes doesn't work."""


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    now = datetime(2026, 3, 30, 9, tzinfo=UTC)
    with SandboxServer(Engine(seed=7, agents=24, zone="Europe/London", now=lambda: now)) as server:
        yield server


def test_a_heat_map_is_digits_in_the_terminal_and_a_picture_in_a_file(server: SandboxServer, tmp_path: Path) -> None:
    path = tmp_path / "day.png"
    said = ask(server, f"{DAY} heatmap", "--zone", "Europe/London", "--now", NOW, "--output", str(path))
    plain = ask(server, f"{DAY} by interval", "--zone", "Europe/London", "--now", NOW, "--format", "json").json

    assert (said.status, path.read_bytes()[:8]) == (0, b"\x89PNG\r\n\x1a\n")
    assert "46 half-hours, as posted, as a heat map by agent and half-hour" in " ".join(said.out.split())
    by_agent: dict[str, list[str]] = {}
    for row in plain["rows"]:
        share, sign = row["utilization"], {"no_data": "–", "not_staffed": "·"}.get(row["state"], "?")
        digit = sign if share is None else str(min(9, int(share * 10 + 1e-9)))
        by_agent.setdefault(row["agent_name"], []).append(digit)
    lines = {line.split("  ")[0].strip(): line for line in said.out.splitlines()}
    for name in ("Priya Fontaine", "Yuki Patel"):  # by night, by day
        assert "".join(by_agent[name]) in lines[name]
    assert set(by_agent["Ana Reyes"]) == {"–"}
    assert "Ana Reyes" not in lines
    assert "No figure in the whole range:" in said.out


def test_a_chart_is_bars_under_the_table(server: SandboxServer) -> None:
    said = ask(server, f"{DAY} by team chart", "--zone", "Europe/London", "--now", NOW)

    table, chart = said.out.split("\n\nUtilization by team\n")
    assert said.status == 0
    bars = chart.split("\n\n")[0].splitlines()
    assert all("█" in bar for bar in bars)
    shares = [float(bar.split(" %")[0].split()[-1]) for bar in bars]
    assert shares == sorted(shares, reverse=True)
    assert all(bar.split("  ")[0] in table for bar in bars)


@pytest.mark.parametrize(
    ("question", "code", "words"),
    [
        ("yesterday", "usage", "A picture is drawn of a question with `heatmap`."),
        ("help", "usage", "A picture is drawn of a question with `heatmap`."),
        (f'intervals "Ana Reyes" {OFF} heatmap', "no_picture", "No heat map: nothing in this answer has a figure."),
    ],
)
def test_a_picture_that_cannot_be_is_refused_before_anything_is_written(
    server: SandboxServer, tmp_path: Path, question: str, code: str, words: str
) -> None:
    path = tmp_path / "day.png"

    said = ask(server, question, "--now", NOW, "--format", "json", "--output", str(path))

    assert said.status == 2
    assert said.json["error"]["code"] == code
    assert said.json["error"]["message"] == words
    assert not path.exists()
