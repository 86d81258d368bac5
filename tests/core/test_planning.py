from __future__ import annotations

import pytest

from bot.core.grammar import parse
from bot.core.planning import plan_as_json
from tests.core.grammar.context import context

SEGMENTS = "conversations/details"
POSTED = "conversations/aggregates"
STATUS = "users/aggregates"


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        pytest.param("yesterday", {POSTED, STATUS}, id="a table"),
        pytest.param("intervals <@U1> yesterday", {SEGMENTS, STATUS}, id="half-hours by the clock"),
        pytest.param("intervals <@U1> yesterday posted", {POSTED, STATUS}, id="half-hours as posted"),
        pytest.param("explain <@U1> 10:30 yesterday", {SEGMENTS}, id="an explanation"),
        pytest.param("explain <@U1> 10:30 yesterday posted", {SEGMENTS, POSTED}, id="an explanation of posted time"),
        pytest.param("reconcile yesterday", {SEGMENTS, POSTED, STATUS}, id="a comparison"),
    ],
)
def test_a_dry_run_names_the_sources_that_the_question_would_ask(text: str, sources: set[str]) -> None:
    plan = plan_as_json(parse(text, context()))

    calls = {call["call"].removeprefix("POST /api/v2/analytics/").removesuffix("/query") for call in plan["calls"]}
    assert calls & {SEGMENTS, POSTED, STATUS} == sources


def test_a_dry_run_by_the_clock_names_the_days_and_the_budget() -> None:
    usual, anyway, complete, posted = (
        plan_as_json(parse(text, context()), lookback_days=1, budget=200)
        for text in ("yesterday clock in New York", "yesterday clock anyway", "yesterday complete", "yesterday")
    )

    # 23 November in New York is 05:00 to 05:00 of UTC, and conversations may have begun a day earlier.
    assert usual["days"] == ["2026-11-22", "2026-11-23", "2026-11-24"]
    assert (usual["budget"], anyway["budget"], complete["budget"], posted["budget"]) == (200, None, None, None)
    assert anyway["days"] == ["2026-11-22", "2026-11-23"]
    assert complete["days"] is posted["days"] is None
    assert [call["call"].rpartition("/details/")[2] for call in complete["calls"] if "/details/" in call["call"]] == [
        "jobs/availability",
        "jobs",
    ]
