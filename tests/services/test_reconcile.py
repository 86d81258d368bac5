"""What lies between posted time and status time, over the real client and a sandbox organisation."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from bot.core.answer import TextAnswer
from bot.core.rights import Audience
from bot.errors import NotAllowedError
from bot.ports import Operation, Requester
from tests.services.test_report import OPERATOR, World, unhurried_world

if TYPE_CHECKING:
    from collections.abc import Iterator

CHAIN = ("posted_s", "sessions_s", "load_s", "busy_s", "interacting_s")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with unhurried_world() as world:
        yield world


def reconciled(world: World, text: str, requester: Requester = OPERATOR, **more: Any) -> dict[str, Any]:
    query = world.service.read(text, requester)
    answer = world.service.answer(query, requester, door="test", operation=Operation.within(60), **more)
    assert isinstance(answer, TextAnswer)
    return dict(answer.data["reconciliation"])


@pytest.fixture(scope="module")
def yesterday(world: World) -> dict[str, Any]:
    return reconciled(world, "reconcile yesterday")


def assert_adds_up(found: dict[str, Any]) -> set[str]:
    """Every figure and the gaps of the next step come to the next figure; the causes that occurred."""
    for agent in found["agents"]:
        for name, following in pairwise(CHAIN):
            between = sum(gap["seconds"] for gap in agent["gaps"] if gap["step"] == following)
            if agent[following] is not None:
                assert agent[name] + between == pytest.approx(agent[following], abs=1e-6), (agent, following)
    return {gap["cause"] for agent in found["agents"] for gap in agent["gaps"]}


@pytest.mark.parametrize(
    "text",
    [
        "reconcile today in Asia/Kathmandu",
        pytest.param("reconcile 2026-03-05 in America/New_York", marks=pytest.mark.long),
        pytest.param("reconcile 2026-03-07 in Asia/Kathmandu", marks=pytest.mark.long),
        pytest.param("reconcile last week 9-17", marks=pytest.mark.long),
        pytest.param("reconcile 2026-03-08 in America/New_York", marks=pytest.mark.long, id="clocks forward"),
    ],
)
def test_nothing_is_unknown_of_any_agent(world: World, text: str) -> None:
    assert_nothing_unknown(reconciled(world, text))


def test_nothing_is_unknown_of_an_ordinary_day(yesterday: dict[str, Any]) -> None:
    assert_nothing_unknown(yesterday)


def assert_nothing_unknown(found: dict[str, Any]) -> None:
    assert len(found["agents"]) > 30
    assert {agent["agent_id"]: agent["unknown_s"] for agent in found["agents"] if agent["unknown_s"]} == {}
    assert {"overlap", "non_acd", "alerting"} <= assert_adds_up(found)


@pytest.mark.parametrize("words", ["voice", "acd", "queue:Billing", "outbound"])
def test_what_the_question_leaves_out_is_named_as_such(world: World, words: str) -> None:
    found = reconciled(world, f"reconcile yesterday {words}")

    assert found["unknown_s"] == 0
    assert "filter" in assert_adds_up(found)


def test_posted_time_of_conversations_before_the_look_back_is_found_further_back(yesterday: dict[str, Any]) -> None:
    found = yesterday

    assert "old_conversation" in assert_adds_up(found)
    assert datetime.fromisoformat(found["coverage"]["conversations_since"]) == datetime(2026, 3, 7, tzinfo=UTC)
    assert datetime.fromisoformat(found["coverage"]["further_since"]) == datetime(2026, 2, 23, tzinfo=UTC)


def test_the_posted_figures_are_those_of_the_ordinary_answer(world: World, yesterday: dict[str, Any]) -> None:
    answer = world.ask("yesterday")

    chains = {agent["agent_id"]: agent for agent in yesterday["agents"]}
    for row in answer.rows:
        chain = chains[row.groups[0].id]
        assert chain["posted_s"] == pytest.approx(row.values["handle_s"] or 0.0, abs=1e-6)
        assert (chain["interacting_s"] or 0.0) == pytest.approx(row.values["interacting_s"] or 0.0, abs=1e-6)


def test_an_agent_sees_her_own_chain_alone_and_the_look_is_recorded(world: World) -> None:
    world.looks.clear()

    found = reconciled(world, "reconcile yesterday", world.person(0))

    me = world.engine.organization.agents[0].id
    assert [agent["agent_id"] for agent in found["agents"]] == [me]
    assert [look.whom for look in world.looks] == [(me,)]


def test_no_chain_goes_where_names_may_not(world: World) -> None:
    with pytest.raises(NotAllowedError):
        reconciled(world, "reconcile yesterday", audience=Audience(channel_id="C1"))


def test_whose_queue_it_is_sees_the_status_of_its_members_alone(world: World) -> None:
    queue = world.engine.organization.queues[0]
    requester = Requester(id="U1", zone="Europe/London")
    world.build(f'U1=queue:"{queue.name}"')
    try:
        found = reconciled(world, f'reconcile queue:"{queue.name}" yesterday', requester)
        visible = {row.groups[0].id for row in world.ask("yesterday", requester).rows}
    finally:
        world.build("")

    assert found["agents"]
    assert {agent["agent_id"] for agent in found["agents"]} <= visible
