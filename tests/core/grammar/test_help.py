"""Help, the README's table, completion: made from the words, and true."""

import subprocess
import sys

import pytest

from bot.core.grammar import complete, help_text, how, parse, readme_table
from bot.core.grammar.suggestions import example_for
from bot.core.grammar.words import (
    ABBREVIATIONS,
    BOOKINGS,
    CITIES,
    CLOCK_WORDS,
    CONNECTORS,
    DIRECTIONS,
    ENTRIES,
    FILTER_KINDS,
    KEYWORDS,
    MEDIA,
    MONTHS,
    NOT_BUILT,
    OUTPUTS,
    REFUSED_TIME_WORDS,
    WEEKDAYS,
)
from bot.core.query import Verb
from bot.core.zones import zone_names
from bot.errors import UnknownCommandError
from tests.core.grammar.context import context

EXAMPLES = sorted({example for entry in ENTRIES for example in entry.examples})


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_of_the_help_parses(example):
    assert parse(example, context()).text == example


@pytest.mark.parametrize("keyword", sorted(KEYWORDS))
def test_every_keyword_has_help_and_an_example_that_works(keyword):
    assert keyword in help_text(keyword).lower() or keyword in {*WEEKDAYS, *MONTHS}
    assert parse(example_for(keyword), context())


@pytest.mark.parametrize("words", [*REFUSED_TIME_WORDS.values(), *NOT_BUILT.values()])
def test_what_a_refusal_offers_works(words):
    assert parse(words, context())


def test_the_words_of_the_readers_are_all_keywords():
    known = {*WEEKDAYS, *MONTHS, *FILTER_KINDS, *MEDIA, *DIRECTIONS, *OUTPUTS, *BOOKINGS, *CONNECTORS, *CLOCK_WORDS}
    known |= {verb.value for verb in Verb}
    known |= {word for word in how.CUTS if word.isalpha()}
    assert known <= KEYWORDS


def test_no_word_is_both_known_and_of_a_later_version():
    assert not KEYWORDS & NOT_BUILT.keys()


def test_help_names_every_phrase():
    text = help_text()
    for entry in ENTRIES:
        for form in entry.forms:
            assert form in text


@pytest.mark.parametrize("topic", ["when", "what", "how", "verbs", "vs", "team:", "last week", "BY"])
def test_help_has_topics(topic):
    assert len(help_text(topic)) > 40


def test_help_on_something_unknown_offers_the_nearest():
    with pytest.raises(UnknownCommandError) as refusal:
        help_text("yesterdy")
    assert refusal.value.hint == "help yesterday"


def test_the_readme_table_shows_every_phrase_and_example():
    table = readme_table()
    lines = table.splitlines()
    assert len(lines) == len(ENTRIES) + 2
    for entry in ENTRIES:
        for text in (*entry.forms, *entry.examples):
            assert f"`{text}`" in table
    assert {line.count("|") - line.count("\\|") for line in lines} == {5}


@pytest.mark.parametrize(
    ("prefix", "first"),
    [
        ("yes", "yesterday"),
        ("last w", "last week"),
        ("team:Billing yes", "team:Billing yesterday"),
        ("yesterday by int", "yesterday by interval"),
        ("inter", "intervals"),
        ("DEF", "define"),
    ],
)
def test_completion_finishes_the_last_phrase(prefix, first):
    assert first in complete(prefix)


def test_completion_offers_nothing_for_what_it_does_not_know():
    assert complete("zzz") == ()
    assert complete("") == ()


def test_zones_of_the_tables_exist():
    named = {*CITIES.values(), *(zone for zones in ABBREVIATIONS.values() for zone in zones)}
    assert named <= set(zone_names())


def test_the_grammar_loads_without_pandas_or_a_search_library():
    code = (
        "import sys; from bot.core.grammar import parse, GrammarContext; from bot.core.zones import load_zone;"
        "from datetime import datetime, UTC;"
        "here = GrammarContext(datetime(2026, 11, 24, 15, tzinfo=UTC), load_zone('UTC'));"
        "parse('yesterday team:Billing by interval', here);"
        "print(sorted({'pandas', 'numpy', 'rapidfuzz', 'tabulate', 'requests'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "[]"
