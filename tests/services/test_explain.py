"""Every explanation comes to the figure that the table shows, over the real client and a sandbox organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.core.answer import TextAnswer
from bot.core.rights import Audience
from bot.errors import NotAllowedError
from bot.ports import Operation, Requester
from tests.services.test_report import OPERATOR, World, unhurried_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.answer import Row

DURATIONS = ("handle_s", "talk_s", "held_s", "acw_s", "contacting_s", "dialing_s")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with unhurried_world() as world:
        yield world


def explained(world: World, text: str, requester: Requester = OPERATOR, **more: Any) -> dict[str, Any]:
    query = world.service.read(text, requester)
    answer = world.service.answer(query, requester, door="test", operation=Operation.within(20), **more)
    assert isinstance(answer, TextAnswer)
    return dict(answer.data["explanation"])


def cells(world: World, text: str, agents: int | None) -> list[tuple[str, Row]]:
    """(address, row) of every half-hour with work of so many agents."""
    rows = [row for row in world.ask(text).rows if row.values["handle_s"]]
    busiest: dict[str, float] = {}
    for row in rows:
        agent_id = str(row.groups[0].id)
        busiest[agent_id] = busiest.get(agent_id, 0.0) + float(row.values["handle_s"] or 0)
    chosen = sorted(busiest, key=lambda agent_id: -busiest[agent_id])[:agents]
    people = [p for agent_id in chosen if (p := world.engine.organization.person(agent_id)).state != "deleted"]
    called = {p.id: p.email if p.state == "active" else f'"{p.name}"' for p in people}  # others have no address
    return [(called[str(row.groups[0].id)], row) for row in rows if row.groups[0].id in called]


def assert_explains(world: World, booking: str, day: str, agents: int | None) -> int:
    """How many figures the explanations came to, each the very one of the table."""
    names = (*DURATIONS, "handled", *(("busy_s", "busy_share", "concurrency") if booking == "clock" else ()))
    checked = 0
    for email, row in cells(world, f"{day} by interval {booking}", agents):
        found = explained(world, f"explain {email} {row.start.isoformat()} {booking}")
        for name in names:
            assert found["figures"][name] == pytest.approx(row.values[name], abs=1e-6), (email, row.start, name)
            checked += 1
        interacting, logged_in = (found["status"][name] for name in ("interacting_s", "logged_in_s"))
        assert (interacting / logged_in if logged_in else None) == pytest.approx(row.values["utilization"])
        shares = [share["seconds"].get("handle_s", 0.0) for share in found["sessions"]]
        assert sum(shares) == pytest.approx(row.values["handle_s"], abs=1e-6)
    return checked


@pytest.mark.parametrize("booking", ["clock", "posted"])
def test_each_half_hour_of_the_busiest_agents_is_explained_to_the_millisecond(world: World, booking: str) -> None:
    assert assert_explains(world, booking, "yesterday", agents=2) > 150


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("day", ["yesterday", "today", "2026-03-07"])
@pytest.mark.parametrize("booking", ["clock", "posted"])
def test_each_half_hour_of_everybody_is_explained_to_the_millisecond(world: World, booking: str, day: str) -> None:
    assert assert_explains(world, booking, day, agents=None) > 1000


def busy_cell(world: World) -> tuple[str, Row]:
    return max(cells(world, "yesterday by interval clock", None), key=lambda cell: cell[1].values["concurrency"] or 0)


def test_the_text_names_the_parts_the_overlaps_and_what_it_cost(world: World) -> None:
    email, row = busy_cell(world)
    query = world.service.read(f"explain {email} {row.start.isoformat()}", OPERATOR)

    answer = world.service.answer(query, OPERATOR, door="test", operation=Operation.within(20))

    assert isinstance(answer, TextAnswer)
    assert str(row.groups[0].name) in answer.title
    for words in (
        "Handle ",
        "Busy share",
        "Conversations",
        "Overlaps",
        "API calls",
        "Concurrency ",
        "(INTERACTING ÷ logged-in)",
    ):
        assert words in answer.text
    assert "Not explained" not in answer.text


def test_a_second_look_at_the_same_day_costs_nothing(world: World) -> None:
    email, row = busy_cell(world)
    explained(world, f"explain {email} {row.start.isoformat()}")
    world.engine.requests.clear()

    found = explained(world, f"explain {email} 13:00 2026-03-09")

    assert found["coverage"]["requests"] == len(world.engine.requests) == 0


def test_an_agent_may_have_her_own_half_hours_explained_and_nobody_elses(world: World) -> None:
    me, other = world.person(0), world.engine.organization.agents[1]

    assert explained(world, "explain 10:30 yesterday", me)["agent_id"] == world.engine.organization.agents[0].id
    with pytest.raises(NotAllowedError):
        explained(world, f"explain {other.email} 10:30 yesterday", me)


@pytest.mark.parametrize(
    ("audience", "code"),
    [
        pytest.param(Audience(channel_id="C1"), "names_not_allowed", id="a channel without names"),
        pytest.param(Audience(channel_id="C1", named=True, shared_externally=True), "shared_externally", id="shared"),
    ],
)
def test_no_explanation_goes_where_names_may_not(world: World, audience: Audience, code: str) -> None:
    email, _ = busy_cell(world)

    with pytest.raises(NotAllowedError) as refused:
        explained(world, f"explain {email} 10:30 yesterday", audience=audience)

    assert refused.value.code == code


def test_the_look_is_recorded_with_its_half_hour(world: World) -> None:
    email, row = busy_cell(world)
    world.looks.clear()

    explained(world, f"explain {email} {row.start.isoformat()}")

    (look,) = world.looks
    assert look.whom == (row.groups[0].id,)
    assert (look.window.start, look.window.end) == (row.start, row.end)
