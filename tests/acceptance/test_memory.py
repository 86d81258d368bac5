"""What outlives one call of the command line, and what somebody sees there without Slack."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.cli import run
from genesys_client.sandbox import Engine
from genesys_client.sandbox.server import SandboxServer
from tests.acceptance.asking import Said, ask_with, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = "2026-03-10T09:00:00+00:00"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(seed=7, agents=24, now=lambda: datetime(2026, 3, 10, 9, tzinfo=UTC))


@pytest.fixture
def environ(engine: Engine, tmp_path: Path) -> Iterator[dict[str, str]]:
    with SandboxServer(engine) as server:
        yield environment(server.url, DATABASE_URL=f"sqlite:///{tmp_path / 'bot.sqlite3'}", SUPERVISORS="UBOSS=*")


def command(environ: dict[str, str], *arguments: str) -> Said:
    out, err = io.StringIO(), io.StringIO()
    return Said(run(arguments, environ, out=out, err=err), out.getvalue(), err.getvalue())


def told(environ: dict[str, str], text: str, *options: str) -> dict:
    said = ask_with(environ, text, "--format", "json", "--now", NOW, *options)
    assert (said.status, said.json.get("error")) == (0, None)
    return said.json


def test_a_linked_person_sees_herself_and_who_looked_at_her(environ: dict[str, str], engine: Engine) -> None:
    agent = engine.organization.agents[0]
    assert ask_with(environ, "me yesterday", "--as", "U1", "--format", "json").json["error"]["code"] == "no_own_agent"
    assert command(environ, "link", "U1", agent.email).status == 0

    hers = told(environ, "yesterday", "--as", "U1")
    looks = told(environ, "audit me", "--as", "U1", "--now", datetime.now(UTC).isoformat())["audit"]["looks"]

    assert {row["agent_id"] for row in hers["rows"]} == {agent.id}
    assert told(environ, "whoami", "--as", "U1")["agent"]["email"] == agent.email
    # The moment of a look is the real one, whatever the question pretends.
    assert [(look["who"], look["door"]) for look in looks] == [("U1", "cli")]
    assert command(environ, "unlink", "U1").status == 0
    assert ask_with(environ, "me yesterday", "--as", "U1", "--format", "json").status == 2


def test_questions_and_choices_outlive_the_call(environ: dict[str, str]) -> None:
    told(environ, "settings zone Asia/Kathmandu", "--as", "UBOSS")
    told(environ, "save morning yesterday top 3", "--as", "UBOSS")
    asked = told(environ, "saved morning", "--as", "UBOSS")
    again = told(environ, "again", "--as", "UBOSS", "--zone", "Europe/London")

    assert (asked["query"]["text"], asked["query"]["zone"]) == ("yesterday top 3", "Asia/Kathmandu")
    assert (again["query"]["text"], again["query"]["zone"]) == ("yesterday top 3", "Europe/London")
    assert ask_with(environ, "save x for this channel yesterday", "--format", "json").json["error"]["code"] == (
        "no_channel"
    )


def test_all_of_it_is_carried_elsewhere(environ: dict[str, str], tmp_path: Path) -> None:
    told(environ, "settings columns handle acw", "--as", "UBOSS")
    file = str(tmp_path / "kept.json")
    assert command(environ, "memory", "export", file).status == 0

    elsewhere = environ | {"DATABASE_URL": f"sqlite:///{tmp_path / 'other.sqlite3'}"}
    assert command(elsewhere, "memory", "import", file).status == 0

    assert told(elsewhere, "settings", "--as", "UBOSS")["settings"]["columns"] == "handle, acw"
    assert json.loads((tmp_path / "kept.json").read_text())["settings"] == {"UBOSS": {"columns": "handle, acw"}}


@pytest.mark.parametrize(
    "arguments", [["memory"], ["memory", "show", "x"], ["link", "ana"], ["link", "U1"], ["unlink"]]
)
def test_commands_about_what_is_kept_say_how_they_are_used(arguments: list[str]) -> None:
    said = command({"DATABASE_URL": "sqlite://"}, *arguments)

    assert said.status == 2
    assert "python -m bot" in said.err


def test_without_a_place_to_record_looks_there_is_no_answer(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    said = ask_with(environ | {"DATABASE_URL": f"sqlite:///{tmp_path / 'file' / 'x.sqlite3'}"}, "yesterday")

    assert said.status == 3
    assert "DATABASE_URL" in said.err
    assert said.out == ""
