"""The next questions under an answer are texts that the grammar reads as what their labels say."""

from datetime import UTC, datetime

import pytest

from bot.core.grammar import GrammarContext, parse
from bot.core.query import Dimension, Output, Query, Verb
from bot.core.rendering.actions import Picker, PickKind, picked
from bot.core.rendering.drilling import agent_picker, command_of, explain_steps, pickers
from bot.core.rendering.questions import next_questions
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


@pytest.mark.parametrize("text", ["2026-11-23..2026-11-29", "2026-11-01..2026-11-30"])
def test_of_a_range_that_still_runs_the_last_day_is_today(text):
    assert ask(commands(text)["narrower"]).range.to_now
    assert commands(text)["narrower"].partition(" ")[0].endswith("2026-11-23")


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
    "yesterday by interval complete",
    "last week clock anyway",
    "2026-11-20 2pm to 4pm",
]


@pytest.mark.parametrize("text", TEXTS)
def test_every_next_question_is_read_and_says_the_same_when_said_again(text):
    query = ask(text)
    actions = next_questions(query, now=MONDAY, shareable=True)
    assert {"prev", "refresh", "csv", "xlsx", "booking", "compare", "chart", "share"} <= {a.kind for a in actions}
    elsewhere = load_zone("Asia/Kathmandu")
    for action in actions:
        if action.kind == "schedule":
            continue
        read = ask(action.command, zone=elsewhere)
        assert read.zone == LONDON
        assert read.share == (action.kind == "share")
        assert read.filters == query.filters or action.kind == "back"
        assert (read.booking == query.booking) == (action.kind != "booking") or action.kind == "back"
        assert read.outputs == {Output(action.kind)} if action.kind in set(Output) else not read.outputs


@pytest.mark.parametrize("text", ["last week by team sort busy", "yesterday sort handle load"])
def test_sharing_a_sorted_answer_shares_it_and_sorts_by_nothing_else(text):
    (share,) = [a for a in next_questions(ask(text), now=MONDAY, shareable=True) if a.kind == "share"]
    assert (ask(share.command).share, ask(share.command).sort) == (True, ask(text).sort)


def test_only_what_one_person_sees_can_be_shared():
    assert "share" not in commands("yesterday")


def test_a_file_is_asked_for_once_and_not_with_every_further_step():
    for kind, command in commands("yesterday csv chart").items():
        assert (Output.CSV in ask(command).outputs) == (kind == "csv") if kind != "schedule" else True


@pytest.mark.parametrize(
    ("text", "compared"),
    [
        ("yesterday", {"compare": "the day before", "compare_week": "last week"}),
        ("last week", {"compare": "the week before"}),
        ("past 90m", {"compare": "the time before"}),
        ("yesterday vs last week", {"compare": "Without comparison"}),
    ],
)
def test_an_earlier_time_can_be_laid_beside_and_taken_away_again(text, compared):
    found = {kind: label for kind, label in labels(text).items() if kind.startswith("compare")}
    assert found.keys() == compared.keys()
    assert all(found[kind].endswith(words) for kind, words in compared.items())
    assert bool(ask(commands(text)["compare"]).versus) is not ("vs" in text)


def test_each_booking_leads_to_the_other():
    assert (labels("yesterday")["booking"], ask(commands("yesterday")["booking"]).booking) == ("By the clock", "clock")
    hers = "intervals ana@example.com yesterday"
    assert (labels(hers)["booking"], ask(commands(hers)["booking"]).booking) == ("As posted", "posted")


def test_a_heat_map_is_of_agents():
    assert "heatmap" in commands("last week team:Billing")
    assert "heatmap" not in commands("last week by team")
    assert "heatmap" not in commands("intervals ana@example.com yesterday")


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
    assert picker.command == "intervals 2026-11-16..2026-11-22 in Europe/London voice"
    back = ask(picked(picker.block_id, "x").back)
    assert (back.range.windows, back.filters.include) == (
        ask("last week").range.windows,
        ask("team:Billing").filters.include,
    )
    read = ask(picked(picker.block_id, "9e1b77c2-0000-4000-8000-000000000001").command)
    assert read.verb is Verb.INTERVALS
    assert read.group_by == (Dimension.AGENT, Dimension.INTERVAL)
    assert [s.value for s in read.filters.include] == ["9e1b77c2-0000-4000-8000-000000000001"]
    assert read.range.windows == ask("last week").range.windows


def test_there_is_nothing_to_step_from_without_a_range():
    assert next_questions(Query(text="help", verb=Verb.HELP)) == ()
    assert pickers(Query(text="help", verb=Verb.HELP)) == ()


def test_a_team_leads_to_its_agents_and_a_queue_to_those_who_work_on_it():
    for kind in ("team", "queue"):
        (group, _) = pickers(ask(f"last week by {kind} voice"))
        pick = picked(group.block_id, "Night: shift")
        read = ask(pick.command)
        assert [(s.kind.value, s.value) for s in read.filters.include] == [(kind, "Night: shift")]
        assert (read.group_by, read.filters.media) == ((Dimension.AGENT,), ("voice",))
        assert ask(pick.back).group_by == (Dimension(kind),)


def test_rows_are_sorted_by_what_is_picked():
    (_, sort) = pickers(ask("last week by team sort handle"))
    assert ask(picked(sort.block_id, "busy share").command).sort.column == "busy_share"
    assert ask(picked(sort.block_id, "busy share").command).group_by == (Dimension.TEAM,)


def test_where_a_channel_reads_there_is_nobody_to_pick():
    assert [picker.kind for picker in pickers(ask("yesterday"), public=True)] == [PickKind.SORT]


def test_the_way_back_is_left_out_where_a_block_s_id_has_no_room_for_it():
    short, long = Picker("a", back="b"), Picker("a" * 200, back="b" * 60)
    assert (picked(short.block_id, "x").back, picked(long.block_id, "x").back) == ("b", "")
    assert picked(long.block_id, "x").command == "a" * 200 + ' "x"'


AGENT = "9e1b77c2-0000-4000-8000-000000000001"


def test_a_half_hour_leads_back_to_its_day_and_to_its_neighbours():
    query = ask(f'explain "{AGENT}" 2026-10-25T01:30:00+00:00 voice')
    steps = {a.kind: ask(a.command) for a in explain_steps(query, AGENT, now=MONDAY)}
    assert (steps["back"].verb, steps["back"].range.absolute) == (Verb.INTERVALS, "2026-10-25")
    assert steps["prev"].range.start == datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
    assert steps["next"].range.start == datetime(2026, 10, 25, 2, 0, tzinfo=UTC)
    assert steps["booking"].range == query.range
    assert {step.filters for step in steps.values()} == {query.filters}
    assert "next" not in {a.kind for a in explain_steps(query, AGENT, now=query.range.end)}


def test_the_shown_command_calls_people_by_their_names():
    query = ask(f'intervals "{AGENT}" yesterday')
    assert command_of(query, {AGENT: "Ana Díaz"}) == 'intervals yesterday "Ana Díaz"'


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


def test_work_that_is_missing_is_offered_and_what_costs_minutes_is_not_asked_again_unasked():
    short = {a.kind: a.command for a in next_questions(ask("yesterday clock"), now=MONDAY, incomplete=True)}
    dear = commands("last week clock anyway")

    assert ask(short["complete"]).complete
    assert "complete" not in commands("yesterday clock")
    assert ask(dear["refresh"]).anyway
    assert not ask(dear["prev"]).anyway
    assert not ask(commands("yesterday complete")["booking"]).complete
