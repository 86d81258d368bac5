"""What holds for any text, made of phrases or of noise."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bot.core.grammar import format_query, from_slack, parse
from bot.core.grammar.words import ENTRIES, STEPS
from bot.core.query import Query
from bot.errors import CommandError
from tests.core.grammar.context import context

RANGES = """
    today | yesterday | monday | last friday | tue | this week | last week | this month | wtd | mtd | last 7 days
    last 2 weeks | past 48h | past 90m | last 48h | past 7 days | 2026-11-20 | 20 nov | 20th november | 20/11
    2026-11-16..2026-11-20 | monday to friday | friday to monday | 16 nov through 20 nov | from 16 nov to 30 nov
    2026-11-16/2026-11-20 | 2026-11-20T09:10Z/2026-11-20T17:20Z | since monday | since 10am | since yesterday 10:10
    monday to now | since last week | today until 10am | since monday until 10am | 29 feb
    2026-11-20 9am to 2026-11-21 5pm | last monday to yesterday
"""
HOURS = "9-17 | 9:10-17:20 | 9am to 5pm | 22:00-06:00 | shift:night | 18:00-24:00"
PLACES = "in Europe/London | in new york | in kathmandu | in lord howe | in UTC"
PEOPLE = """
    me | my team | @ana | "ana diaz" | "May June" | <@U123> | ana@example.com | team:Billing,Support
    queue:"Billing North" | group:A | division:B | manager:<@U5> | -@bob | -team:X | -<@U9>
    voice | chat,email | inbound | outbound | acd | active
"""
CUTS = "by interval | by 15m | by 1h | by day | by week | by team | by team, day | by agent by queue | by media"
HOW = """
    top 10 | bottom 5 | sort handle | sort busy | sort acw per handled | below 60% | above 62.5%
    csv semicolon hours | xlsx | chart heatmap | share | posted | clock | complete | anyway
"""
RANGES, HOURS, PLACES, PEOPLE, CUTS, HOW = (
    [phrase.strip() for line in table.strip().splitlines() for phrase in line.split(" | ")]
    for table in (RANGES, HOURS, PLACES, PEOPLE, CUTS, HOW)
)


@st.composite
def commands(draw: st.DrawFn) -> list[str]:
    """Phrases that agree with each other."""
    phrases = [draw(st.sampled_from(group)) for group in (RANGES, HOURS, PLACES, CUTS) if draw(st.booleans())]
    phrases += draw(st.lists(st.sampled_from(PEOPLE), unique=True, max_size=3))
    how = draw(st.lists(st.sampled_from(HOW), unique=True, max_size=3))
    if draw(st.booleans()):
        phrases.append(f"vs {draw(st.sampled_from([*RANGES, *STEPS]))}")
    if draw(st.integers(0, 9)) == 0:
        phrases = [p for p in phrases if p not in PEOPLE and p not in CUTS] + ["intervals"]
    return phrases + how


def outcome(text: str, **more: object) -> Query | str:
    """The query without its text, or the code of the refusal."""
    try:
        return replace(parse(text, context(**more)), text="")
    except CommandError as error:
        return error.code


def without_words(query: Query) -> Query:
    """The query without what its words alone decide: how a range is called, and where a date's order came from."""

    def plain(span):
        return span and replace(span, label="", phrase="", absolute="", notes=())

    return replace(query, text="", range=plain(query.range), versus=plain(query.versus))


moments = st.datetimes(datetime(2025, 1, 2), datetime(2027, 12, 30)).map(lambda m: m.replace(tzinfo=UTC).isoformat())
ZONES = """
    Europe/London America/New_York Australia/Lord_Howe America/Santiago Africa/Cairo Asia/Kathmandu
    Asia/Kolkata Pacific/Apia Antarctica/Troll Antarctica/Casey America/Havana UTC
"""
zones = st.sampled_from(ZONES.split())


@given(commands().flatmap(lambda phrases: st.tuples(st.just(phrases), st.permutations(phrases))))
def test_the_order_of_phrases_does_not_matter(orders):
    assume(not any("sort busy share" in " ".join(phrases) for phrases in orders))  # that is one phrase: a metric
    first, second = (outcome(" ".join(phrases)) for phrases in orders)
    if isinstance(first, str) or isinstance(second, str):
        assert isinstance(first, str) == isinstance(second, str)
    else:
        assert first == second


@given(commands(), moments, zones)
@example(["yesterday", "sort busy", "share"], "2026-11-24T15:32:10+00:00", "Europe/London")
@example(["20/11"], "2026-11-24T15:32:10+00:00", "Europe/London")
def test_formatting_a_query_and_parsing_it_gives_the_query_back(phrases, now, zone):
    here = context(now=now, zone=zone)
    try:
        query = parse(" ".join(phrases), here)
    except CommandError:
        return
    assert replace(parse(format_query(query), here), text=query.text) == query
    absolute = parse(format_query(query, absolute=True), here)
    assert without_words(absolute) == without_words(query)
    assert format_query(absolute, absolute=True) == format_query(query, absolute=True)


@given(commands(), moments, zones, st.integers(1, 400))
def test_absolute_words_mean_the_same_on_a_later_day(phrases, now, zone, days):
    try:
        query = parse(" ".join(phrases), context(now=now, zone=zone))
    except CommandError:
        return
    spans = [span for span in (query.range, query.versus) if span]
    assume(not any(span.to_now for span in spans))
    later = datetime.fromisoformat(now) + timedelta(days=days)
    absolute = parse(format_query(query, absolute=True), context(now=later.isoformat(), zone=zone))
    assert absolute.range.windows == query.range.windows
    assert absolute.buckets == query.buckets
    assert [side.range.windows for side in absolute.sides()] == [side.range.windows for side in query.sides()]


@given(
    st.sampled_from(RANGES),
    st.sampled_from(sorted({*STEPS, "last week"})),
    st.sampled_from(["", *HOURS]),
    moments,
    zones,
)
def test_a_step_back_never_reaches_into_the_time_asked_for(when, step, hours, now, zone):
    try:
        query = parse(f"{when} {hours} vs {step}", context(now=now, zone=zone))
    except CommandError as error:
        assert error.hint
        return
    if step == "last week" and query.range.end - query.range.start > timedelta(days=7, hours=3):
        return  # the calendar's week, wherever it lies
    assert query.versus.end <= query.range.start
    longer = query.versus.end - query.versus.start - (query.range.end - query.range.start)
    assert "month" in f"{step} {when}" or "mtd" in when or abs(longer) <= timedelta(hours=25)


WORDS = sorted({word for entry in ENTRIES for example in entry.examples for word in example.split()})
SCRAPS = [*WORDS, "-", ",", "..", '"', "'", "<@U1>", "9", "am", "%", "to", "by", "in", "31", ":", "/", "."]
NOISE = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(SCRAPS), max_size=9).map(" ".join),
    st.lists(st.sampled_from(SCRAPS), max_size=9).map("".join),
)


@given(NOISE, moments, zones, st.sampled_from((None, "DMY", "MDY", "YMD")))
@example("٣ nov", "2026-11-24T15:32:10+00:00", "UTC", None)
@example("İ" * 40, "2026-11-24T15:32:10+00:00", "UTC", None)
@example("9999-12-31..0001-01-01", "2026-11-24T15:32:10+00:00", "UTC", None)
@example("2026-11-20T09:00+99:99/2026-11-20T24:00", "2026-11-24T15:32:10+00:00", "UTC", None)
@example("0/0/0000", "2026-11-24T15:32:10+00:00", "UTC", None)
def test_any_text_is_a_query_or_a_refusal_with_a_hint(text, now, zone, order):
    for typed in (text, from_slack(text)):
        try:
            query = parse(typed, context(now=now, zone=zone, date_order=order))
        except CommandError as error:
            assert error.message
            assert error.hint
            assert error.code != "invalid_command"
        else:
            assert query.text == typed.strip() or query.text == ""
            format_query(query)


UNKNOWN = st.text("bcdfgjkqvxz", min_size=6, max_size=9)


@given(commands(), UNKNOWN, st.integers(0, 20))
def test_no_word_is_ever_ignored(phrases, word, at):
    before = outcome(" ".join(phrases))
    place = at % (len(phrases) + 1)
    after = outcome(" ".join([*phrases[:place], word, *phrases[place:]]))
    if isinstance(after, str) or isinstance(before, str):
        return  # refused: the person is told
    assert word in " ".join(s.value for s in (*after.filters.include, *after.filters.exclude))
    assert after != before


@given(commands(), st.data())
def test_leaving_out_a_phrase_changes_the_question(phrases, data):
    assume(phrases)
    whole = outcome(" ".join(phrases))
    left_out = data.draw(st.integers(0, len(phrases) - 1))
    rest = [*phrases[:left_out], *phrases[left_out + 1 :]]
    assume(not isinstance(whole, str))
    without = outcome(" ".join(rest))
    if rest and not isinstance(without, str) and phrases[left_out] != "today":
        assert without != whole


@given(commands(), moments, zones)
def test_buckets_are_the_disjoint_union_of_the_range(phrases, now, zone):
    query = outcome(" ".join(phrases), now=now, zone=zone)
    if isinstance(query, str):
        return
    assert query.range.end <= datetime.fromisoformat(now)
    assert all(a.end < b.start for a, b in zip(query.range.windows, query.range.windows[1:], strict=False))
    if query.granularity is None:
        assert query.buckets == ()
        return
    joined = []
    for bucket in query.buckets:
        assert bucket.start < bucket.end
        if joined and joined[-1][1] == bucket.start:
            joined[-1][1] = bucket.end
        else:
            joined.append([bucket.start, bucket.end])
    assert [tuple(piece) for piece in joined] == [(w.start, w.end) for w in query.range.windows]


@pytest.mark.long
@settings(max_examples=20_000)
@given(st.text(max_size=1_001))
def test_a_great_deal_of_noise_crashes_nothing(text):
    outcome(text)
