"""Commands about what the bot keeps, and about who looked at whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.defaults import Defaults, DurationStyle
from bot.core.grammar import format_query, parse
from bot.core.grammar.choices import (
    CHOICES,
    defaults_from_json,
    defaults_to_json,
    settings_words,
    with_setting,
    without_setting,
)
from bot.core.memos import Memo
from bot.core.query import Selector, SelectorKind, Verb
from bot.errors import CommandError
from tests.core.grammar.context import context

EVERYTHING = Defaults(
    zone="Europe/London",
    team="Back Office",
    columns=("handle_s", "acw_s", "handle_load"),
    headline="occupancy",
    date_order="DMY",
    week_start=6,
    durations=DurationStyle.CLOCK,
    csv_separator="\t",
    csv_decimal=",",
)

THIRTEEN = "handle talk held acw idle break meal away occupancy handled aht utilization concurrency"


def read(text):
    return parse(text, context())


def refused(text):
    with pytest.raises(CommandError) as refusal:
        read(text)
    return refusal.value


@pytest.mark.parametrize(
    ("text", "memo"),
    [
        ("settings", Memo(Verb.SETTINGS)),
        ("settings zone", Memo(Verb.SETTINGS, key="zone")),
        ("Settings Zone new york", Memo(Verb.SETTINGS, key="zone", value="new york")),
        ("settings date order mdy", Memo(Verb.SETTINGS, key="dates", value="mdy")),
        ("settings reset", Memo(Verb.SETTINGS, reset=True)),
        ("settings zone none", Memo(Verb.SETTINGS, key="zone", reset=True)),
        ('settings team "none"', Memo(Verb.SETTINGS, key="team", value='"none"')),
        ("settings reset columns", Memo(Verb.SETTINGS, key="columns", reset=True)),
        ("save morning", Memo(Verb.SAVE, name="morning")),
        ("save morning, yesterday", Memo(Verb.SAVE, name="morning", question="yesterday")),
        ('save “May June” yesterday "May June"', Memo(Verb.SAVE, name="May June", question='yesterday "May June"')),
        (
            "save standup for this channel yesterday",
            Memo(Verb.SAVE, name="standup", question="yesterday", for_channel=True),
        ),
        (
            "save standup yesterday for this channel",
            Memo(Verb.SAVE, name="standup", question="yesterday", for_channel=True),
        ),
        ('save x "for this channel" yesterday', Memo(Verb.SAVE, name="x", question='"for this channel" yesterday')),
        ("saved", Memo(Verb.SAVED)),
        ("saved for this channel", Memo(Verb.SAVED, for_channel=True)),
        ("saved May June", Memo(Verb.SAVED, name="May June")),
        ('unsave "May June" for this channel', Memo(Verb.UNSAVE, name="May June", for_channel=True)),
        ("link", Memo(Verb.LINK)),
        ("link me", Memo(Verb.LINK)),
        ("link Ana@Example.com", Memo(Verb.LINK, whom="Ana@Example.com")),
        ("link <@u123> ana diaz", Memo(Verb.LINK, person="U123", whom="ana diaz")),
        ('link "9e1b-7"', Memo(Verb.LINK, whom="9e1b-7")),
        ("unlink <@U123|ana>", Memo(Verb.UNLINK, person="U123")),
    ],
)
def test_what_is_to_be_kept_is_read_and_told_in_words(text, memo):
    query = read(text)

    assert query.memo == memo
    assert (query.verb, query.range) == (memo.verb, None)
    assert read(format_query(query)).memo == memo


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("settings colour blue", "unknown_setting"),
        ("settings zone Atlantis", "unknown_zone"),
        ("settings zone EST", "ambiguous_zone"),
        ("settings columns handle nonsense", "unknown_metric"),
        (f"settings columns {THIRTEEN}", "too_many"),
        ("settings headline handle acw", "unknown_value"),
        ("settings dates YDM", "unknown_value"),
        ("settings durations long", "unknown_value"),
        ("settings week someday", "unknown_value"),
        ("settings separator pipe", "unknown_value"),
        ("settings reset zone London", "contradiction"),
        ("save", "missing_object"),
        ("save yesterday team:Billing", "invalid_name"),
        ("save team:Billing", "invalid_name"),
        ("save " + "x" * 41, "invalid_name"),
        ('save "<!channel>" yesterday', "invalid_name"),
        ("save morning status", "contradiction"),
        ("save morning schedule weekdays 8:00 yesterday", "contradiction"),
        ("save morning tomorrow", "unknown_word"),
        ("unsave", "missing_object"),
        ("unlink ana", "contradiction"),
        ("link <@U123>", "missing_object"),
        ("audit yesterday vs last week", "contradiction"),
        ("audit queue:Support", "contradiction"),
        ("audit yesterday csv", "contradiction"),
        ("audit me -@ana", "contradiction"),
    ],
)
def test_what_can_not_be_kept_is_refused_with_what_works(text, code):
    error = refused(text)

    assert error.code == code
    assert error.hint


def test_an_abbreviation_of_a_zone_is_asked_back_as_a_setting():
    choices = [command for _, command in refused("settings zone EST").choices]

    assert choices == ["settings zone America/New_York", "settings zone America/Panama"]
    assert [read(command).memo.value for command in choices] == ["America/New_York", "America/Panama"]


def test_choices_are_told_in_words_that_are_read_as_the_same():
    words = settings_words(EVERYTHING)

    assert [key for key, _ in words] == list(CHOICES)
    again = Defaults()
    for key, typed in words:
        again = with_setting(again, key, typed)
        assert read(f"settings {key} {typed}").memo == Memo(Verb.SETTINGS, key=key, value=typed)
    assert again == EVERYTHING
    assert defaults_from_json(defaults_to_json(EVERYTHING)) == EVERYTHING
    for key in CHOICES:
        again = without_setting(again, key)
    assert again == Defaults()


@pytest.mark.parametrize("bad", [[], {"colour": "blue"}, {"zone": 1}, {"zone": "Atlantis"}])
def test_choices_of_a_file_that_mean_nothing_are_named(bad):
    with pytest.raises(ValueError, match=r"settings|colour|zone"):
        defaults_from_json(bad)


@pytest.mark.parametrize(
    ("chosen", "csv"),
    [
        (Defaults(), (",", ".")),
        (Defaults(csv_decimal=","), (";", ",")),
        (Defaults(csv_separator=",", csv_decimal=","), (";", ",")),
        (Defaults(csv_separator="\t", csv_decimal=","), ("\t", ",")),
    ],
)
def test_the_signs_of_a_file_are_never_the_same(chosen, csv):
    assert chosen.csv == csv


def test_the_log_of_looks_has_its_own_usual_time():
    usual, said = read("audit @ana"), read("yesterday audit ana")

    assert (usual.verb, usual.range.phrase) == (Verb.AUDIT, "past 7d")
    assert (said.verb, said.range.phrase) == (Verb.AUDIT, "yesterday")
    assert said.filters.include == (Selector(SelectorKind.AGENT, "ana"),)
    assert read(format_query(said)) == replace(said, text=format_query(said))


def test_an_empty_command_asks_about_the_team_that_was_chosen():
    mine = parse("", replace(context(), team="Back Office"))

    assert mine.filters.include == (Selector(SelectorKind.TEAM, "Back Office"),)
    assert parse("", context()).filters.include == (Selector(SelectorKind.MY_TEAM),)
