"""`explain`: one agent, one moment, one day. Asked on Tuesday 24 November 2026, 15:32 in London."""

from datetime import datetime

import pytest

from bot.core.grammar import format_query, parse
from bot.core.query import Booking, Selector, SelectorKind, Verb
from bot.errors import CommandError
from tests.core.grammar.context import context


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        pytest.param("explain <@U1> 10:30 yesterday", "2026-11-23T10:30+00:00", "2026-11-23T11:00+00:00", id="start"),
        pytest.param("yesterday <@U1> 10:59 explain", "2026-11-23T10:30+00:00", "2026-11-23T11:00+00:00", id="inside"),
        pytest.param("explain at 9am <@U1> by 15m", "2026-11-24T09:00+00:00", "2026-11-24T09:15+00:00", id="today"),
        pytest.param("explain <@U1> noon 20 nov", "2026-11-20T12:00+00:00", "2026-11-20T12:30+00:00", id="in words"),
        pytest.param("explain <@U1> 15:31", "2026-11-24T15:30+00:00", "2026-11-24T15:32:10+00:00", id="running"),
        pytest.param(
            "explain <@U1> 9:00 yesterday in new york", "2026-11-23T14:00+00:00", "2026-11-23T14:30+00:00", id="zone"
        ),
        pytest.param(
            "explain <@U1> 2026-10-25T01:30:00+01:00", "2026-10-25T00:30+00:00", "2026-10-25T01:00+00:00", id="instant"
        ),
        pytest.param(
            "explain <@U1> 1:30 2026-10-24", "2026-10-24T00:30+00:00", "2026-10-24T01:00+00:00", id="the day before"
        ),
    ],
)
def test_the_bucket_is_the_one_that_holds_the_moment(text, start, end):
    query = parse(text, context())

    assert query.verb is Verb.EXPLAIN
    assert query.filters.include == (Selector(SelectorKind.MENTION, "U1"),)
    assert [(b.start, b.end) for b in query.buckets] == [(datetime.fromisoformat(start), datetime.fromisoformat(end))]
    assert query.range.windows == query.buckets


def test_it_is_by_the_clock_unless_the_text_says_posted():
    assert parse("explain me 10:30 yesterday", context()).booking is Booking.CLOCK
    assert parse("explain me 10:30 yesterday posted", context()).booking is Booking.POSTED


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize(
    "text",
    ["explain <@U1> 10:30 yesterday", 'explain "ana diaz" 9am voice posted by 1h', "explain 2026-10-25T01:30Z me"],
)
def test_what_is_formatted_reads_as_the_same_question(text, absolute):
    query = parse(text, context())

    again = parse(format_query(query, absolute=absolute), context())

    assert (again.buckets, again.filters, again.booking) == (query.buckets, query.filters, query.booking)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("explain ana yesterday", "missing_object", id="no moment"),
        pytest.param("explain ana 10:30 11:00 yesterday", "contradiction", id="two moments"),
        pytest.param("explain ana 10:30 last week", "contradiction", id="several days"),
        pytest.param("explain ana 10:30 yesterday top 3", "contradiction", id="something to choose"),
        pytest.param("explain team:Billing 10:30 yesterday", "one_agent", id="several agents"),
        pytest.param("explain ana 16:00", "future_range", id="ahead"),
        pytest.param("explain ana 1:30 2026-03-29", "nonexistent_time", id="skipped"),
        pytest.param("explain ana 1:30 2026-10-25", "ambiguous_time", id="twice"),
        pytest.param("explain ana 24:00 yesterday", "invalid_time", id="the end of the day"),
        pytest.param("explain ana 10:75 yesterday", "invalid_time", id="no time"),
    ],
)
def test_what_can_not_be_explained_is_refused_in_words(text, code):
    with pytest.raises(CommandError) as refused:
        parse(text, context())

    assert refused.value.code == code
    assert refused.value.hint


def test_a_moment_that_the_clocks_showed_twice_is_asked_back_with_both_as_whole_commands():
    with pytest.raises(CommandError) as refused:
        parse("explain ana 25 oct 01:30", context())

    labels = [label for label, _ in refused.value.choices]
    starts = [parse(text, context()).range.start.isoformat() for _, text in refused.value.choices]
    assert labels == ["01:30 BST", "01:30 GMT"]
    assert starts == ["2026-10-25T00:30:00+00:00", "2026-10-25T01:30:00+00:00"]


def test_a_date_that_can_be_two_days_is_asked_back_as_the_same_command():
    with pytest.raises(CommandError) as refused:
        parse("explain ana 10:30 5/11", context())

    days = [parse(text, context()).range.start.date().isoformat() for _, text in refused.value.choices]
    assert days == ["2026-11-05", "2026-05-11"]


@pytest.mark.parametrize(
    "text",
    ["reconcile yesterday team:Billing", "yesterday reconcile team:Billing", "team:Billing yesterday, reconcile"],
)
def test_a_comparison_is_the_question_it_compares(text):
    query, plain = parse(text, context()), parse("yesterday team:Billing", context())

    assert query.verb is Verb.RECONCILE
    assert (query.range, query.filters, query.group_by) == (plain.range, plain.filters, plain.group_by)
    assert parse(format_query(query, absolute=True), context()).range.windows == plain.range.windows


def test_a_comparison_without_words_is_of_today():
    assert parse("reconcile", context()).range == parse("today", context()).range


@pytest.mark.parametrize(
    "text",
    [
        "reconcile by queue",
        "reconcile yesterday top 3",
        "reconcile yesterday clock",
        "reconcile status",
        "reconcile by 1h",
    ],
)
def test_a_comparison_has_no_rows_to_group_or_choose(text):
    with pytest.raises(CommandError) as refused:
        parse(text, context())

    assert refused.value.code == "contradiction"


def test_a_refusal_of_several_agents_names_the_verb_that_was_typed():
    with pytest.raises(CommandError, match="`explain`") as refused:
        parse("explain ana, ben 10:30 yesterday", context())

    assert refused.value.code == "one_agent"
