"""The next questions under an answer are texts that the grammar reads as what their labels say."""

from datetime import UTC, datetime

import pytest

from bot.core.grammar import GrammarContext, parse
from bot.core.query import Dimension, Output, Query, Verb
from bot.core.rendering.actions import Picker, picker_command
from bot.core.rendering.questions import agent_picker, next_questions
from bot.core.zones import load_zone
from bot.errors import CommandError

LONDON = load_zone("Europe/London")
MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
"""Monday 23 November 2026, 09:30 in London."""


def ask(text, now=MONDAY, zone=LONDON):
    return parse(text, GrammarContext(now=now, zone=zone, zone_source="slack"))


def commands(text, now=MONDAY):
    return {a.kind: a.command for a in next_questions(ask(text, now), now=now)}


def labels(text, now=MONDAY):
    return {a.kind: a.label for a in next_questions(ask(text, now), now=now)}


@pytest.mark.parametrize(
    ("text", "previous", "following"),
    [
        ("yesterday", "2026-11-21 in Europe/London", "2026-11-23 in Europe/London"),
        ("today", "2026-11-22 in Europe/London", None),
        ("last week", "2026-11-09..2026-11-15 in Europe/London", "2026-11-23..2026-11-29 in Europe/London"),
        ("20 nov 9-17", "2026-11-19 09:00-17:00 in Europe/London", "2026-11-21 09:00-17:00 in Europe/London"),
        (
            "last week 22:00-06:00 team:Billing",
            "2026-11-09..2026-11-15 22:00-06:00 in Europe/London team:Billing",
            None,
        ),
        (
            "past 48h",
            "2026-11-19T09:30:00+00:00/2026-11-21T09:30:00+00:00 in Europe/London",
            None,
        ),
        ("yesterday vs last week", "2026-11-21 in Europe/London", "2026-11-23 in Europe/London"),
    ],
)
def test_previous_and_next_move_a_range_by_its_own_length(text, previous, following):
    asked = commands(text)
    assert asked["prev"] == previous
    assert asked.get("next") == following


@pytest.mark.parametrize(
    ("text", "narrower", "wider"),
    [
        pytest.param(
            "yesterday",
            ("By half-hour", "2026-11-22 in Europe/London by interval"),
            ("Whole week", "2026-11-16..2026-11-22 in Europe/London"),
            id="a day",
        ),
        pytest.param(
            "last week",
            ("Last day of it", "2026-11-22 in Europe/London"),
            ("Whole month", "2026-11-01..2026-11-30 in Europe/London"),
            id="a week",
        ),
        pytest.param("last month", ("Last week of it", "2026-10-26..2026-10-31 in Europe/London"), None, id="a month"),
        pytest.param(
            "yesterday by 30m",
            ("By quarter-hour", "2026-11-22 in Europe/London by 15m"),
            ("By hour", "2026-11-22 in Europe/London by 1h"),
            id="half-hours",
        ),
        pytest.param(
            "yesterday by 15m", None, ("By half-hour", "2026-11-22 in Europe/London by interval"), id="quarters"
        ),
        pytest.param(
            "yesterday by 1h", ("By half-hour", "2026-11-22 in Europe/London by interval"), None, id="one day's hours"
        ),
        pytest.param(
            "last week by 1h",
            ("By half-hour", "2026-11-16..2026-11-22 in Europe/London by interval"),
            ("By day", "2026-11-16..2026-11-22 in Europe/London by day"),
            id="a week's hours",
        ),
        pytest.param(
            "intervals ana@example.com yesterday",
            ("By quarter-hour", "intervals 2026-11-22 in Europe/London ana@example.com by 15m"),
            ("By hour", "intervals 2026-11-22 in Europe/London ana@example.com by 1h"),
            id="one agent",
        ),
    ],
)
def test_narrower_and_wider_change_the_range_or_the_buckets(text, narrower, wider):
    for kind, expected in (("narrower", narrower), ("wider", wider)):
        found = (labels(text)[kind], commands(text)[kind]) if kind in commands(text) else None
        assert found == expected


def test_one_agents_hours_become_her_days_without_the_verb():
    assert commands("intervals ana@example.com last week by 1h")["wider"] == (
        "2026-11-16..2026-11-22 in Europe/London ana@example.com by day clock"
    )


TEXTS = [
    "yesterday",
    "today",
    "last week team:Billing -@ana",
    "last month by team",
    "yesterday by 15m queue:Support voice",
    "intervals ana@example.com yesterday",
    "intervals me last week by 1h",
    "past 48h active",
    "past 90m",
    "since 8am",
    "2026-10-25",
    "25 oct by 30m",
    "last week 22:00-06:00",
    "last 7 days top 10 sort handle below 60%",
    "yesterday vs last week posted",
    "2026-11-20 2pm to 4pm",
]


@pytest.mark.parametrize("text", TEXTS)
def test_every_next_question_is_read_and_says_the_same_when_said_again(text):
    query = ask(text)
    actions = next_questions(query, now=MONDAY)
    assert {"prev", "refresh", "csv"} <= {a.kind for a in actions}
    elsewhere = load_zone("Asia/Kathmandu")
    for action in actions:
        if action.kind == "schedule":
            continue
        read = ask(action.command, zone=elsewhere)
        assert read.zone == LONDON
        assert not read.share
        assert read.filters == query.filters
        assert read.booking == query.booking


@pytest.mark.parametrize("text", TEXTS)
def test_next_then_previous_comes_back(text):
    query = ask(text)
    following = {a.kind: a.command for a in next_questions(query, now=None)}["next"]
    later = datetime(2027, 3, 1, tzinfo=UTC)
    back = {a.kind: a.command for a in next_questions(ask(following, later), now=later)}["prev"]
    there, here = ask(back, later), ask({a.kind: a.command for a in next_questions(query)}["csv"], later)
    assert there.range.windows == here.range.windows


@pytest.mark.parametrize("text", TEXTS)
def test_the_csv_is_of_the_very_same_question(text):
    query = ask(text)
    read = ask(commands(text)["csv"])
    assert read.outputs == query.outputs | {Output.CSV}
    assert read.range.windows == query.range.windows
    assert (read.group_by, read.granularity, read.sort, read.rank) == (
        query.group_by,
        query.granularity,
        query.sort,
        query.rank,
    )


def test_a_rolling_range_is_refreshed_by_its_words_and_a_day_by_its_date():
    assert commands("past 48h")["refresh"] == "past 48h in Europe/London"
    assert commands("yesterday")["refresh"] == "2026-11-22 in Europe/London"
    assert commands("today")["refresh"] == "2026-11-23 in Europe/London"


def test_the_day_that_clocks_change_is_stepped_over_as_a_day():
    saturday = commands("2026-10-25")["prev"]
    assert saturday == "2026-10-24 in Europe/London"
    assert (ask(saturday).range.end - ask(saturday).range.start).total_seconds() == 24 * 3600


def test_the_picker_asks_for_the_half_hours_of_whoever_is_picked():
    picker = agent_picker(ask("last week team:Billing voice top 5 below 60% csv"))
    assert picker == Picker("intervals 2026-11-16..2026-11-22 in Europe/London voice")
    read = ask(picker_command(picker.block_id, "9e1b77c2-0000-4000-8000-000000000001"))
    assert read.verb is Verb.INTERVALS
    assert read.group_by == (Dimension.AGENT, Dimension.INTERVAL)
    assert [s.value for s in read.filters.include] == ["9e1b77c2-0000-4000-8000-000000000001"]
    assert read.range.windows == ask("last week").range.windows


def test_there_is_nothing_to_step_from_without_a_range():
    assert next_questions(Query(text="help", verb=Verb.HELP)) == ()
    assert agent_picker(Query(text="help", verb=Verb.HELP)) is None


@pytest.mark.parametrize("text", TEXTS)
def test_a_question_that_moves_with_the_days_can_be_scheduled_and_no_other(text):
    command = commands(text).get("schedule")
    assert (command is None) == any(char.isdigit() for char in text.split(" ")[0])
    if command is None:
        return
    with pytest.raises(CommandError) as refusal:
        ask(command, zone=load_zone("Asia/Kathmandu"))
    chosen = refusal.value.choices[0][1]
    plan = ask(chosen, zone=load_zone("Asia/Kathmandu")).order.plan
    assert plan.recurrence.zone == "Europe/London"
    assert ask(plan.question).filters == ask(text).filters


def test_a_step_to_another_day_can_not_be_scheduled():
    assert "schedule" not in commands(commands("yesterday")["prev"])
