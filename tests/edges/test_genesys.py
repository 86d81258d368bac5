"""Aggregates asked by the hundred agents: what fails takes its own agents' figures along and nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bot.core.intervals import Interval
from bot.core.planning import PostedAsk, StatusAsk
from bot.core.zones import load_zone
from bot.edges.genesys import GenesysActivity
from bot.errors import SourceError
from bot.ports import Operation
from genesys_client import AggregateRecord, ConversationAggregation, ServerError, StatusAggregation

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ports import Facts

DAY = Interval(datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 11, tzinfo=UTC))
AGENTS = tuple(f"u{number:03}" for number in range(250))


def activity(fails: Callable[[tuple[str, ...]], bool], asked: list[int]) -> GenesysActivity:
    """Over a platform on which everybody was on a break for a minute, and queries about some agents fail."""

    def status_aggregates(query: StatusAggregation, _: Any) -> list[AggregateRecord]:
        asked.append(len(query.user_ids))
        if fails(query.user_ids):
            raise ServerError("It failed.", path="/api/v2/analytics/users/aggregates/query", status=502)
        on_break = ("tSystemPresence", "BREAK", 60_000.0, None)
        return [AggregateRecord({"userId": agent}, DAY.start, DAY.end, *on_break) for agent in query.user_ids]

    def aggregates(query: ConversationAggregation, _: Any) -> list[AggregateRecord]:
        asked.append(len(query.user_ids or ()))
        if fails(query.user_ids or ()):
            raise ServerError("It failed.", path="/api/v2/analytics/conversations/aggregates/query", status=502)
        handled = ("tHandle", None, 60_000.0, 1)
        return [AggregateRecord({"userId": agent}, DAY.start, DAY.end, *handled) for agent in query.user_ids or ()]

    client: Any = SimpleNamespace(
        agents=SimpleNamespace(status_aggregates=status_aggregates),
        conversations=SimpleNamespace(aggregates=aggregates),
    )
    return GenesysActivity(client, now=lambda: DAY.end + timedelta(hours=9))


def asked_of(source: str, platform: GenesysActivity) -> Facts:
    utc = load_zone("UTC")
    if source == "status":
        return platform.status(StatusAsk((DAY,), (), None, utc, AGENTS), Operation.within(5))
    return platform.posted(PostedAsk((DAY,), (), None, utc, AGENTS), Operation.within(5))


@pytest.fixture(params=["status", "posted"])
def source(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_batch_that_fails_leaves_the_others_their_figures(source: str) -> None:
    asked: list[int] = []
    facts = asked_of(source, activity(lambda ids: "u150" in ids, asked))

    assert sorted(asked) == [50, 100, 100]
    assert set(facts.frame["agent_id"]) == {*AGENTS[:100], *AGENTS[200:]}
    (shortfall,) = facts.shortfalls
    assert shortfall.source == source
    assert shortfall.agent_ids == frozenset(AGENTS[100:200])
    assert shortfall.notice.code == f"{source}_not_fetched"
    assert "100 agents" in shortfall.notice.message


def test_batches_that_all_succeed_lack_nothing(source: str) -> None:
    facts = asked_of(source, activity(lambda _: False, []))

    assert set(facts.frame["agent_id"]) == set(AGENTS)
    assert not facts.shortfalls


def test_batches_that_all_fail_are_one_error(source: str) -> None:
    with pytest.raises(SourceError) as failure:
        asked_of(source, activity(lambda _: True, []))

    assert failure.value.code == "platform_down"
