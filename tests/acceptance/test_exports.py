"""Files and comparisons on the command line."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from genesys_client.sandbox import Engine
from genesys_client.sandbox.server import SandboxServer
from tests.acceptance.asking import ask

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = "2026-03-10T09:00:00+00:00"


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(Engine(seed=7, agents=24, now=lambda: datetime(2026, 3, 10, 9, tzinfo=UTC))) as server:
        yield server


def test_a_workbook_is_written_to_a_file_and_never_to_a_terminal(server: SandboxServer, tmp_path: Path) -> None:
    path = tmp_path / "yesterday.xlsx"

    said = ask(server, "yesterday", "--output", str(path), "--now", NOW)
    plain = ask(server, "yesterday", "--format", "json", "--now", NOW).json

    assert (said.status, said.out) == (0, "")
    rows = list(load_workbook(path)["Figures"].iter_rows(values_only=True))
    handled = rows[0].index("Handled")
    assert [row[handled] for row in rows[1:]] == [row["handled"] for row in plain["rows"]]
    for options in (("yesterday", "--format", "xlsx"), ("yesterday xlsx",)):
        refused = ask(server, *options, "--now", NOW)
        assert (refused.status, refused.out) == (2, "")
        assert "--output yesterday.xlsx" in refused.err


def test_a_file_that_cannot_be_written_or_is_no_table_is_refused(server: SandboxServer, tmp_path: Path) -> None:
    nowhere = ask(server, "yesterday csv", "--output", str(tmp_path / "no" / "such.csv"), "--now", NOW)
    assert (nowhere.status, "such.csv" in nowhere.err) == (2, True)
    words = ask(server, "define utilization", "--format", "xlsx", "--output", str(tmp_path / "x.xlsx"))
    assert words.status == 2


def test_the_words_of_the_question_and_the_ending_of_the_file_choose_the_form(
    server: SandboxServer, tmp_path: Path
) -> None:
    said = ask(server, "yesterday csv semicolon hours", "--now", NOW)
    header, *_ = csv.reader(io.StringIO(said.out.removeprefix("\ufeff"), newline=""), delimiter=";")
    assert "handle_h" in header
    path = tmp_path / "yesterday.json"
    assert ask(server, "yesterday csv", "--output", str(path), "--now", NOW).out == ""
    assert "rows" in json.loads(path.read_text(encoding="utf-8"))
    assert ask(server, "yesterday csv", "--format", "text", "--now", NOW).out.startswith("Utilization by agent\n")


def test_two_times_are_compared_and_planned_for_both(server: SandboxServer) -> None:
    both = ask(server, "yesterday vs last week", "--format", "json", "--now", NOW).json
    then = ask(server, "2026-03-02", "--format", "json", "--now", NOW).json

    assert both["query"]["versus"]["label"] == "A week earlier, Mon 2 Mar 00:00–24:00"
    assert both["versus"]["totals"] == then["totals"]
    beside = {row["agent_id"]: row["versus"]["handled"] for row in both["rows"]}
    assert {row["agent_id"]: row["handled"] for row in then["rows"]}.items() <= beside.items()
    plan = ask(server, "yesterday vs last week", "--dry-run", "--now", NOW).json["plan"]
    alone = ask(server, "yesterday", "--dry-run", "--now", NOW).json["plan"]
    figures = [[c for c in p["calls"] if "/analytics/" in c["call"]] for p in (plan, alone)]
    assert figures[0] == figures[1] * 2
