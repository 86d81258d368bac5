"""Everything but time: whom, how, verbs, slips, and how text comes in."""

from dataclasses import replace

import pytest

from bot.core.grammar import format_query, from_slack, parse
from bot.core.intervals import Granularity
from bot.core.query import (
    Booking,
    Dimension,
    Output,
    Rank,
    Selector,
    SelectorKind,
    Sort,
    Threshold,
    Verb,
    query_as_json,
)
from bot.core.rendering.wording import reading
from bot.errors import CommandError, UnknownCommandError
from tests.core.grammar.context import context

K = SelectorKind


def read(text, **more):
    return parse(text, context(**more))


def chosen(text):
    filters = read(text).filters
    return {(s.kind.value, s.value) for s in filters.include}, {(s.kind.value, s.value) for s in filters.exclude}


def refused(text, **more):
    with pytest.raises(CommandError) as refusal:
        read(text, **more)
    return refusal.value


@pytest.mark.parametrize(
    ("text", "include", "exclude"),
    [
        ("me", {("me", "")}, set()),
        ("my team", {("my_team", "")}, set()),
        ("ana", {("agent", "ana")}, set()),
        ("Ana Diaz yesterday", {("agent", "Ana Diaz")}, set()),
        ("ana yesterday diaz", {("agent", "ana"), ("agent", "diaz")}, set()),
        ("ana diaz, bob yesterday", {("agent", "ana diaz"), ("agent", "bob")}, set()),
        ('"yesterday" yesterday', {("agent", "yesterday")}, set()),
        ("“May June”", {("agent", "May June")}, set()),
        ("'May June' yesterday", {("agent", "May June")}, set()),
        ("o'brien", {("agent", "o'brien")}, set()),
        ("O’Brien", {("agent", "O'Brien")}, set()),
        ("anne-marie", {("agent", "anne-marie")}, set()),
        ("三木 一郎", {("agent", "三木 一郎")}, set()),
        ("@ana", {("agent", "ana")}, set()),
        ("@ana diaz", {("agent", "ana diaz")}, set()),
        ("@run yesterday", {("agent", "run")}, set()),
        ("@ana @bob", {("agent", "ana"), ("agent", "bob")}, set()),
        ("<@U123>", {("mention", "U123")}, set()),
        ("<@U123|ana diaz> yesterday", {("mention", "U123")}, set()),
        ("<@u123><@W9>", {("mention", "U123"), ("mention", "W9")}, set()),
        ("ana.diaz2@example.com", {("email", "ana.diaz2@example.com")}, set()),
        ("team:Billing", {("team", "Billing")}, set()),
        ("TEAM:Billing", {("team", "Billing")}, set()),
        ("team: Billing", {("team", "Billing")}, set()),
        ('team:"Billing North"', {("team", "Billing North")}, set()),
        ("team:Billing ana", {("team", "Billing"), ("agent", "ana")}, set()),
        ("team:Billing,Support", {("team", "Billing"), ("team", "Support")}, set()),
        ("team:Billing, Support, yesterday", {("team", "Billing"), ("team", "Support")}, set()),
        ('queue:"Billing North",Support', {("queue", "Billing North"), ("queue", "Support")}, set()),
        ("group:A division:B manager:C", {("group", "A"), ("division", "B"), ("manager", "C")}, set()),
        ("manager:<@U123>", {("manager", "<@U123>")}, set()),
        ("team:Billing -@ana", {("team", "Billing")}, {("agent", "ana")}),
        ("team:Billing -<@U123>", {("team", "Billing")}, {("mention", "U123")}),
        ("-ana diaz yesterday", set(), {("agent", "ana diaz")}),
        ('-"voice"', set(), {("agent", "voice")}),
        ("-team:Billing", set(), {("team", "Billing")}),
        ("my team -me", {("my_team", "")}, {("me", "")}),
        ("-ana@example.com", set(), {("email", "ana@example.com")}),
        ("-ana, bob", set(), {("agent", "ana"), ("agent", "bob")}),
        ("ana ana, Ana", {("agent", "ana ana"), ("agent", "Ana")}, set()),
        ("ana yesterday ANA", {("agent", "ANA")}, set()),
    ],
)
def test_people_and_groups_are_chosen_and_left_out(text, include, exclude):
    assert chosen(text) == (include, exclude)


def test_media_directions_and_switches_are_filters():
    filters = read("yesterday email, voice outbound acd active").filters
    assert filters.media == ("voice", "email")
    assert filters.directions == ("outbound",)
    assert filters.acd
    assert filters.active
    assert filters.include == ()


@pytest.mark.parametrize(
    ("text", "group_by", "granularity", "count"),
    [
        ("yesterday", ("agent",), None, 0),
        ("yesterday by agent", ("agent",), None, 0),
        ("yesterday by interval", ("agent", "interval"), "PT30M", 48),
        ("yesterday by 30m", ("agent", "interval"), "PT30M", 48),
        ("yesterday by 15m", ("agent", "interval"), "PT15M", 96),
        ("yesterday by 15 minutes", ("agent", "interval"), "PT15M", 96),
        ("yesterday by 1h", ("agent", "interval"), "PT1H", 24),
        ("yesterday by hour", ("agent", "interval"), "PT1H", 24),
        ("yesterday by 60m", ("agent", "interval"), "PT1H", 24),
        ("last week by day", ("agent", "day"), "P1D", 7),
        ("last 2 weeks by week", ("agent", "week"), "P7D", 2),
        ("yesterday by team", ("team",), None, 0),
        ("yesterday by queue", ("queue",), None, 0),
        ("yesterday by media", ("media",), None, 0),
        ("last week by day by team", ("team", "day"), "P1D", 7),
        ("last week by team, day", ("team", "day"), "P1D", 7),
        ("yesterday by queue by agent", ("agent", "queue"), None, 0),
        ("yesterday by interval by media", ("media", "interval"), "PT30M", 48),
        ("today by interval", ("agent", "interval"), "PT30M", 32),
        ("last 2 days 9-17 by interval", ("agent", "interval"), "PT30M", 32),
        ("last 2 days 9-17 by day", ("agent", "day"), "P1D", 2),
    ],
)
def test_answers_are_cut_by(text, group_by, granularity, count):
    query = read(text)
    assert tuple(d.value for d in query.group_by) == group_by
    assert query.granularity == (Granularity(granularity) if granularity else None)
    assert len(query.buckets) == count


def test_a_plain_query_is_one_bucket_in_json():
    shown = query_as_json(read("yesterday"))
    assert (shown["granularity"], shown["buckets"], shown["group_by"]) == (None, 1, ["agent"])


def test_order_rank_thresholds_outputs_and_share():
    query = read("yesterday top 10 sort by handle below 85% above 60.5% csv heatmap share")
    assert query.rank == Rank(10)
    assert query.sort == Sort("handle_s")
    assert query.thresholds == (Threshold(0.85, above=False), Threshold(0.605, above=True))
    assert query.outputs == {Output.CSV, Output.HEATMAP}
    assert query.share
    assert read("yesterday bottom 5").rank == Rank(5, top=False)


@pytest.mark.parametrize(
    ("text", "dimensions", "granularity", "columns"),
    [
        ("yesterday heatmap", "agent interval", "PT30M", 48),
        ("2026-10-25 heatmap", "agent interval", "PT30M", 50),
        ("by team yesterday heatmap", "team interval", "PT30M", 48),
        ("last week 9-17 heatmap", "agent interval", "PT30M", 112),
        ("last week heatmap", "agent day", "P1D", 7),
        ("last week heatmap ana", "agent interval", "PT30M", 336),
        ("last week heatmap ana,ben", "agent day", "P1D", 7),
        ("last week heatmap by 1h", "agent interval", "PT1H", 168),
        ("last month by week heatmap", "agent week", "P7D", 5),
        ("intervals me yesterday heatmap", "agent interval", "PT30M", 48),
        ("yesterday chart", "agent", None, 0),
    ],
)
def test_a_heat_map_that_names_no_times_is_of_half_hours_or_of_days_where_these_are_too_many(
    text, dimensions, granularity, columns
):
    query = read(text)
    assert [d.value for d in query.group_by] == dimensions.split()
    assert (query.granularity, query.bucket_count) == (granularity and Granularity(granularity), columns)
    assert replace(read(format_query(query)), text=text) == query


def test_the_reading_says_what_a_heat_map_is_of():
    assert reading(read("yesterday heatmap")).endswith("48 half-hours, as posted, as a heat map by agent and half-hour")
    assert "heat map" not in reading(read("yesterday by interval"))


def test_a_metric_is_the_most_words_that_are_one():
    assert read("sort handle load yesterday").sort == Sort("handle_load")
    assert read("sort handle yesterday").sort == Sort("handle_s")


def test_a_comparison_has_a_range_of_its_own_and_shares_the_hours():
    query = read("9-12 vs last week yesterday")
    assert query.range.label == "Yesterday, Mon 23 Nov 09:00–12:00"
    assert query.versus.label == "A week earlier, Mon 16 Nov 09:00–12:00"
    assert read("vs yesterday").range.phrase == "today"
    assert read("versus monday to friday").versus.phrase == "monday to friday"
    assert read("today vs yesterday 9am to 10am").range.label == "Today, Tue 24 Nov 09:00–10:00"


@pytest.mark.parametrize(
    ("text", "label", "absolute"),
    [
        ("yesterday vs last week", "A week earlier, Mon 16 Nov 00:00–24:00", "2026-11-16"),
        ("yesterday vs same day last week", "A week earlier, Mon 16 Nov 00:00–24:00", "2026-11-16"),
        ("yesterday vs previous", "The day before, Sun 22 Nov 00:00–24:00", "2026-11-22"),
        ("last week vs last week", "A week earlier, Mon 9 Nov 00:00–Sun 15 Nov 24:00", "2026-11-09..2026-11-15"),
        ("monday to friday vs last week", "A week earlier, Mon 9 Nov 00:00–Fri 13 Nov 24:00", "2026-11-09..2026-11-13"),
        ("last month vs last week", "Last week, Mon 16 Nov 00:00–Sun 22 Nov 24:00", "2026-11-16..2026-11-22"),
        ("last month vs previous", "The month before, Tue 1 Sep 00:00–Wed 30 Sep 24:00", "2026-09-01..2026-09-30"),
        ("last 7 days vs previous", "The 7 days before, Tue 10 Nov 00:00–Mon 16 Nov 24:00", "2026-11-10..2026-11-16"),
        ("2026-03-31 vs month before", "A month earlier, Sat 28 Feb 00:00–24:00", "2026-02-28"),
        # The hour of asking is 15:32:10; as posted, an end within a half-hour is widened to its end.
        ("today vs yesterday", "Yesterday, Mon 23 Nov 00:00–16:00", "2026-11-23"),
        ("today clock vs last week", "A week earlier, Tue 17 Nov 00:00–15:32:10", "2026-11-17"),
        ("this week vs last week", "A week earlier, Mon 16 Nov 00:00–Tue 17 Nov 16:00", "2026-11-16..2026-11-17"),
        ("this month vs last month", "A month earlier, Thu 1 Oct 00:00–Sat 24 Oct 16:00", "2026-10-01..2026-10-24"),
        ("this week 18-24 vs previous", "The week before, Mon 16 Nov 18:00–24:00", "2026-11-16 18:00-24:00"),
        ("this week vs 2026-11-16..2026-11-22", "Mon 16 Nov 00:00–Sun 22 Nov 24:00", "2026-11-16..2026-11-22"),
        # Two sides side by side share no half-hour: 14:00–15:32 and the ninety minutes before that.
        (
            "past 90m vs previous",
            "Just before, Tue 24 Nov 12:30–14:00",
            "2026-11-24T12:30:00+00:00/2026-11-24T14:00:00+00:00",
        ),
    ],
)
def test_steps_back_go_as_far_as_people_mean_and_only_as_far_as_the_time_asked_for_has_come(text, label, absolute):
    query = read(text)
    assert (query.versus.label, query.versus.absolute) == (label, absolute)


def test_a_csv_is_written_as_the_words_after_it_say():
    assert read("yesterday csv").export == ()
    assert read("yesterday csv hours semicolon, team:Billing").export == ("semicolon", "hours")
    assert read("csv decimal comma csv semicolon").export == ("semicolon", "decimal comma")
    assert read("yesterday csv tab smith").filters.include == (Selector(K.AGENT, "smith"),)
    assert read("yesterday tab").export == ()  # without `csv` it is a name
    for text in ("csv comma semicolon", "csv comma decimal comma", "csv tab csv comma"):
        assert refused(text).code == "contradiction"


@pytest.mark.parametrize("text", ["today vs today", "last 7 days vs day before", "this month vs the week before"])
def test_a_time_is_not_compared_with_itself_nor_with_a_part_of_itself(text):
    error = refused(text)
    assert error.code == "contradiction"
    assert read(error.hint).versus is not None


def test_the_other_side_is_cut_by_the_same_grid():
    here, there = read("2026-03-29 vs previous by interval").sides()
    assert (len(here.buckets), len(there.buckets)) == (46, 48)  # the clocks went forward
    here, there = read("last week vs previous by week").sides()
    assert (here.bucket_count, there.bucket_count) == (1, 1)
    assert there.versus is None


def test_the_booking_can_be_forced():
    assert (read("yesterday").booking, read("yesterday").booking_named) == (Booking.POSTED, False)
    assert (read("yesterday posted").booking, read("yesterday posted").booking_named) == (Booking.POSTED, True)
    assert (read("yesterday clock").booking, read("yesterday clock").booking_named) == (Booking.CLOCK, True)


def test_intervals_are_one_agents_half_hours():
    query = read("intervals yesterday")
    assert query.verb is Verb.INTERVALS
    assert query.filters.include == (Selector(K.ME),)
    assert query.group_by == (Dimension.AGENT, Dimension.INTERVAL)
    assert query.granularity is Granularity.HALF_HOUR
    assert read("yesterday intervals by 15m ana").granularity is Granularity.QUARTER
    assert read("intervals by agent me").filters.include == (Selector(K.ME),)


def test_intervals_are_by_the_clock_and_all_else_is_posted_unless_named():
    assert read("intervals yesterday").booking is Booking.CLOCK
    assert read("intervals yesterday posted").booking is Booking.POSTED
    assert read("yesterday by interval").booking is Booking.POSTED
    assert read("yesterday by interval clock").booking is Booking.CLOCK


@pytest.mark.parametrize(
    "text", ["intervals team:Billing", "intervals ana, bob", "intervals my team", "intervals -ana"]
)
def test_intervals_of_more_than_one_agent_are_refused_with_an_example(text):
    error = refused(text)
    assert error.code == "one_agent"
    assert "intervals ana diaz yesterday" in error.hint


@pytest.mark.parametrize(
    ("text", "verb", "topic"),
    [
        ("help", Verb.HELP, ""),
        ("HELP", Verb.HELP, ""),
        ("help when", Verb.HELP, "when"),
        ("yesterday help", Verb.HELP, "yesterday"),
        ("help by interval", Verb.HELP, "by interval"),
        ("help define", Verb.HELP, "define"),
        ("help who", Verb.HELP, "what"),
        ("define util", Verb.DEFINE, "utilization"),
        ("define handle time", Verb.DEFINE, "handle_s"),
        ("occupancy define", Verb.DEFINE, "occupancy"),
        ("again", Verb.AGAIN, ""),
        ("again again", Verb.AGAIN, ""),
        ("Status", Verb.STATUS, ""),
        ("whoami", Verb.WHOAMI, ""),
    ],
)
def test_verbs_without_figures_have_no_range(text, verb, topic):
    query = read(text)
    assert (query.verb, query.topic, query.range) == (verb, topic, None)
    shown = query_as_json(query)
    assert shown["verb"] == verb.value
    assert {shown[key] for key in ("start", "end", "zone", "label", "booking")} == {None}


@pytest.mark.parametrize(
    ("text", "one", "other"),
    [
        ("yesterday today", "yesterday", "today"),
        ("yesterday last week", "yesterday", "last week"),
        ("today since 10am", "today", "since 10am"),
        ("vs yesterday vs today", "yesterday", "today"),
        ("9-12 13-17", "9-12", "13-17"),
        ("posted clock", "posted", "clock"),
        ("in london in new york", "in london", "in new york"),
        ("by day by week", "by day", "by week"),
        ("by 15m by interval", "by 15m", "by interval"),
        ("top 5 top 6", "top 5", "top 6"),
        ("top 5 bottom 5", "top 5", "bottom 5"),
        ("sort handle sort talk", "sort handle", "sort talk"),
        ("below 50% below 60%", "below 50%", "below 60%"),
        ("above 60% below 50%", "above 60%", "below 50%"),
        ("team:A -team:a", "team:A", "-team:A"),
        ("intervals by day", "intervals", "by day"),
        ("intervals by team", "intervals", "by team"),
        ("intervals status", "intervals", "status"),
    ],
)
def test_phrases_that_contradict_each_other_are_both_named(text, one, other):
    error = refused(text)
    assert error.code == "contradiction"
    assert f"`{one}`" in error.message
    assert f"`{other}`" in error.message


def test_a_time_after_since_takes_its_day_before_it():
    for text in ("since 10am yesterday", "yesterday since 10am"):
        error = refused(text)
        assert error.code == "contradiction"
        assert error.hint == "since yesterday 10:00, or yesterday 10:00-24:00"
    assert read("since yesterday 10:00").range.label == "Since yesterday, Mon 23 Nov 10:00–Tue 24 Nov 15:32 (now)"


@pytest.mark.parametrize(
    "text", ["status yesterday", "whoami ana", "again csv", "define handle talk", "-voice", "-yesterday"]
)
def test_words_without_effect_are_refused(text):
    assert refused(text).code == "contradiction"


@pytest.mark.parametrize(
    "text",
    [
        "yesterday yesterday",
        "yesterday 2026-11-23",
        "yesterday monday",
        "yesterday in london in Europe/London",
        "yesterday 9-17 9:00-17:00",
        "shift:night 22:00-06:00 yesterday",
        "today since midnight",
        "posted posted",
        "by interval by 30m",
        "top 5 top 5",
        "voice voice",
        "csv csv",
        "monday 16 nov",
        "16 nov monday",
    ],
)
def test_phrases_that_agree_merge(text):
    assert read(text)


@pytest.mark.parametrize(
    ("word", "keyword"),
    [
        ("yesterdya", "yesterday"),
        ("yestrday", "yesterday"),
        ("yesturdey", "yesterday"),
        ("tody", "today"),
        ("intervls", "intervals"),
        ("interva", "interval"),
        ("lastweek", "last week"),
        ("myteam", "my team"),
        ("poste", "posted"),
        ("clokc", "clock"),
        ("wednsday", "wednesday"),
        ("wensday", "wednesday"),
        ("novmber", "november"),
        ("hlep", "help"),
        ("whoamy", "whoami"),
        ("shar", "share"),
        ("ian", "in"),
        ("dan", "day"),
    ],
)
def test_a_slip_is_named_with_the_nearest_keyword_and_an_example_that_works(word, keyword):
    error = refused(f"ana, {word} team:Billing")
    assert isinstance(error, UnknownCommandError)
    assert error.code == "unknown_word"
    assert f"`{word}`" in error.message
    assert f"`{keyword}`" in error.message
    assert f'"{word}"' in error.hint
    read(error.hint.removeprefix("For example: ").split(". If it is a name")[0])
    assert chosen(error.choices[-1][1])[0] == {("agent", "ana"), ("agent", word), ("team", "Billing")}


def test_a_slip_offers_the_whole_command_with_the_keyword():
    assert refused("ana, yesterdya team:Billing").choices[0] == ("yesterday", "ana, yesterday team:Billing")


@pytest.mark.parametrize("text", ["bo yesterday", "yesteday today", "ana, novmber", "tom yesterday 9-17"])
def test_a_keyword_that_would_be_refused_in_its_turn_is_not_offered(text):
    offered = [command for _, command in refused(text).choices]
    assert len(offered) == 1
    assert '"' in read(offered[0]).text


@pytest.mark.parametrize(
    ("text", "word", "meant"),
    [
        ("ana last 7 dyas", "dyas", "last 7 days"),
        ("ana last 2 weks by day", "weks", "last 2 weeks"),
        ("ana past 90 minuts", "minuts", "past 90 minutes"),
        ("ana this moth", "moth", "this month"),
        ("ana last moday", "moday", "last monday"),
    ],
)
def test_a_slip_behind_last_past_and_this_is_named_itself(text, word, meant):
    error = refused(text)
    assert error.code == "unknown_word"
    assert f"`{word}`" in error.message
    assert error.choices == ((meant, text.replace(meant.rsplit(" ", 1)[0] + " " + word, meant)),)
    assert read(error.choices[0][1]).range


@pytest.mark.parametrize("word", ["tdoya", "shhrre", "yxstxrdxy", "clk", "bananas", "maria", "diaz", "luis"])
def test_a_word_with_more_edits_than_its_keyword_forgives_is_a_name(word):
    assert chosen(word)[0] == {("agent", word)}


def test_a_slip_inside_a_name_offers_the_whole_name_in_quotes():
    error = refused("ann dan lee yesterday")
    assert '"ann dan lee"' in error.hint
    assert chosen(error.choices[-1][1])[0] == {("agent", "ann dan lee")}


@pytest.mark.parametrize(
    "text", ["a1b", "10", "x:y", "tem:Billing", "a/b", "-17", "%", "!!", "=", "60%", "<!here>", "<"]
)  # fmt: skip
def test_what_no_name_holds_is_refused(text):
    error = refused(text)
    assert isinstance(error, UnknownCommandError)
    assert error.hint


@pytest.mark.parametrize("text", ["<!subteam^S1|@x> yesterday", "<#C1|general>"])
def test_what_is_no_group_of_agents_in_slack_is_sent_to_teams(text):
    error = refused(text)
    assert isinstance(error, UnknownCommandError)
    assert "team:" in error.hint


@pytest.mark.parametrize(
    "text",
    [
        "by",
        "vs",
        "vs ana",
        "top",
        "bottom",
        "sort",
        "below",
        "above",
        "in",
        "my",
        "team",
        "team:",
        "team: yesterday",
        "queue",
        "agent",
        "interval",
        "media",
        "-",
        "@",
        '""',
        "define",
        "day",
        "to",
    ],
)
def test_a_keyword_without_its_object_is_refused_with_an_example(text):
    error = refused(text)
    assert error.code == "missing_object"
    assert error.hint


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sort fun", "unknown_metric"),
        ("define fun", "unknown_metric"),
        ("help fun", "unknown_topic"),
        ("help alerts", "not_built"),
        ("yesterday by month", "unknown_word"),
        ("yesterday by 45m", "unknown_word"),
        ("top 0", "invalid_number"),
        ("top 100000", "invalid_number"),
        ("below 60", "invalid_number"),
        ('"ana', "unclosed_quote"),
        (",", "unknown_word"),
        ("x" * 1001, "too_long"),
        (",".join(f'"a{n}"' for n in range(51)), "too_many"),
        ("yesterday in EST", "ambiguous_zone"),
        ("yesterday in cet", "ambiguous_zone"),
        ("yesterday in Atlantis", "unknown_zone"),
    ],
)
def test_other_refusals_have_their_codes(text, code):
    error = refused(text)
    assert error.code == code
    assert error.hint


@pytest.mark.parametrize(
    "verb",
    [
        "alert",
        "alerts",
        "mute",
    ],
)
def test_verbs_of_later_versions_are_named_as_such_and_never_taken_for_names(verb):
    for text in (verb, f"{verb} ana yesterday", f"ana {verb}"):
        error = refused(text)
        assert isinstance(error, UnknownCommandError)
        assert error.code == "not_built"
        assert f"`{verb}`" in error.message
    read(error.hint.removeprefix("This works: ").split(". If it is a name")[0])
    assert chosen(f'"{verb}"')[0] == {("agent", verb)}


@pytest.mark.parametrize(
    ("words", "zone"),
    [
        ("Europe/London", "Europe/London"),
        ("europe/london", "Europe/London"),
        ("new york", "America/New_York"),
        ("New_York", "America/New_York"),
        ("port au prince", "America/Port-au-Prince"),
        ("lord howe", "Australia/Lord_Howe"),
        ("buenos aires", "America/Argentina/Buenos_Aires"),
        ("mumbai", "Asia/Kolkata"),
        ("istanbul", "Europe/Istanbul"),
        ("UTC", "UTC"),
        ("gmt", "GMT"),
        ("Japan", "Japan"),
        ('"New York"', "America/New_York"),
    ],
)
def test_a_zone_is_named_by_its_place(words, zone):
    query = read(f"yesterday in {words} voice")
    assert (query.zone.key, query.zone_source, query.filters.media) == (zone, "text", ("voice",))


def test_an_abbreviation_is_asked_back_with_whole_commands():
    error = refused("yesterday in EST team:Billing")
    assert error.choices[0] == ("America/New_York", "yesterday in America/New_York team:Billing")
    assert read(error.choices[0][1]).zone.key == "America/New_York"


def test_a_place_that_was_nearly_typed_is_offered():
    assert refused("yesterday in new yrk").hint == "in America/New_York"


def test_the_query_knows_where_its_zone_came_from():
    query = read("yesterday", zone="UTC", zone_source="default")
    assert (query.zone.key, query.zone_source) == ("UTC", "default")
    assert read("yesterday in UTC", zone_source="default").zone_source == "text"


def test_a_name_with_quotes_is_written_so_that_it_can_be_read():
    query = read("yesterday ana")
    odd = replace(query, filters=replace(query.filters, include=(Selector(K.AGENT, 'Ana "A" Diaz'),)))
    assert format_query(odd) == "yesterday \"Ana 'A' Diaz\""
    assert chosen(format_query(odd))[0] == {("agent", "Ana 'A' Diaz")}


def test_empty_text_is_today_for_the_callers_team():
    for text in ("", "  ", "\u200b", "\n\u00a0"):
        query = read(text)
        assert query.text == ""
        assert query.filters.include == (Selector(K.MY_TEAM),)
        assert query.range.phrase == "today"


def test_the_text_is_kept_as_typed():
    assert read("  Yesterday “Ana”  ").text == "Yesterday “Ana”"


@pytest.mark.parametrize(
    ("untidy", "tidy"),
    [
        ("  YESTERDAY\u00a0\u2009 by   Interval ", "yesterday by interval"),
        ("yesterday\tteam:“Billing North”\n", 'yesterday team:"Billing North"'),
        ("yesterday\u200b", "yesterday"),
        ("yesterday 9—17", "yesterday 9-17"),
        ("yesterday,by interval", "yesterday by interval"),
    ],
)
def test_quotes_spaces_dashes_and_case_are_forgiven(untidy, tidy):
    assert format_query(read(untidy)) == format_query(read(tidy))


@pytest.mark.parametrize(
    ("wire", "text"),
    [
        ("<@U123|ana>", "<@U123>"),
        ("<@U123>", "<@U123>"),
        ("<mailto:a@b.c|a@b.c>", "a@b.c"),
        ("<mailto:a@b.c>", "a@b.c"),
        ("<http://ana.diaz|ana.diaz>", "ana.diaz"),
        ("<#C1|general>", "<#C1>"),
        ("<!subteam^S1|@x>", "<!subteam^S1>"),
        ("team:&quot;", "team:&quot;"),
        ("R&amp;D &lt;x&gt;", "R&D <x>"),
        ("&amp;lt;", "&lt;"),
        ("team:“R&amp;D” -<@U1|b>", "team:“R&D” -<@U1>"),
    ],
)
def test_slacks_wire_form_is_taken_off(wire, text):
    assert from_slack(wire) == text


def test_slacks_text_goes_through_to_the_query():
    query = read(from_slack('yesterday <@U1|ana diaz> <mailto:a@b.io|a@b.io> team:"R&amp;D"'))
    assert {(s.kind.value, s.value) for s in query.filters.include} == {
        ("mention", "U1"),
        ("email", "a@b.io"),
        ("team", "R&D"),
    }
