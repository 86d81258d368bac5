"""What Slack gets: within its limits whatever the data, and saying the same as everywhere else."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.answer import Group, Missing, Notice, Spark, TextAnswer
from bot.core.grammar import GrammarContext, parse
from bot.core.intervals import Granularity
from bot.core.limits import violations
from bot.core.metrics import METRICS
from bot.core.query import Booking, Dimension, Filters, Query, Rank, Selector, SelectorKind, Sort, Threshold, Verb
from bot.core.rendering.actions import Action, Picker, PickKind, picked
from bot.core.rendering.blocks import RenderOptions, render_message, render_reading, render_text_answer
from bot.core.rendering.names import units
from bot.core.rendering.refusals import render_error
from bot.errors import BotError, CommandError, NotAllowedError, SettingsError, SourceError
from tests.core.rendering.answers import LONDON, intervals, many, row, small, yesterday

OPTIONS = RenderOptions(
    actions=tuple(
        Action(kind, kind.capitalize(), f"2026-11-2{n}") for n, kind in enumerate(("prev", "next", "refresh", "csv"))
    ),
    pickers=(Picker("intervals 2026-11-22"), Picker("2026-11-22", PickKind.SORT)),
    now=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
)

HOSTILE = [
    pytest.param(("Agent {n:05d}",), id="plain"),
    pytest.param(("x",), id="1 character"),
    pytest.param(("W" * 255,), id="255 characters"),
    pytest.param(("שלום דוד", "علي حسن"), id="right to left"),
    pytest.param(("🙂" * 100, "👩\u200d👩\u200d👧" * 30), id="emoji"),
    pytest.param(("<!channel>", "<@U123>", "<https://evil.example|x>", "&&&&" * 60), id="markup"),
    pytest.param(("*_~*_~", "```", "`x`"), id="formatting"),
    pytest.param(("=HYPERLINK(1)", "+1", "-1", "@x"), id="formulas"),
    pytest.param(("\u202e\x00\n", ""), id="nothing visible"),
]


def blocks_of(message, kind):
    return [b for b in message.blocks if b["type"] == kind]


def the_table(message):
    (table,) = blocks_of(message, "data_table")
    return table


def texts(block):
    """Every mrkdwn text anywhere inside."""
    if isinstance(block, dict):
        if block.get("type") == "mrkdwn":
            yield block["text"]
        for inner in block.values():
            yield from texts(inner)
    elif isinstance(block, list | tuple):
        for inner in block:
            yield from texts(inner)


def preformatted(message):
    return [b["elements"][0]["elements"][0]["text"] for b in message.fallback_blocks if b["type"] == "rich_text"]


def assert_taken(message):
    assert violations(message.payload(), surface="message") == []
    assert violations(message.fallback_payload(), surface="message") == []
    assert not any(b["type"] in {"table", "data_table", "data_visualization"} for b in message.fallback_blocks)


# --- limits ---


@pytest.mark.parametrize("names", HOSTILE)
@pytest.mark.parametrize("count", [0, 1, 99, 100, 200, 201])
def test_slack_takes_every_message(count, names):
    assert_taken(render_message(many(count, names), options=OPTIONS))


@pytest.mark.parametrize(
    "names", [HOSTILE[0], *(pytest.param(*p.values, id=p.id, marks=pytest.mark.long) for p in HOSTILE[1:])]
)
def test_slack_takes_ten_thousand_agents(names):
    message = render_message(many(10_000, names), options=OPTIONS)
    assert_taken(message)
    assert len(the_table(message)["rows"]) == 41


@pytest.mark.parametrize("names", HOSTILE)
def test_slack_takes_one_agents_half_hours(names):
    assert_taken(render_message(intervals(names[0]), options=OPTIONS))


@pytest.mark.parametrize("width", [34, 68])
def test_slack_takes_the_widest_fallback(width):
    assert_taken(render_message(many(200, ("W" * 255,)), options=replace(OPTIONS, width=width)))


@given(st.lists(st.text(max_size=80), min_size=1, max_size=6), st.text(max_size=400))
def test_nothing_in_the_data_becomes_a_mention_a_link_or_a_fence(names, warning):
    answer = replace(many(len(names), names), warnings=(Notice("any", warning),))
    message = render_message(answer, options=OPTIONS)
    assert_taken(message)
    for text in [message.text, *texts(message.blocks), *texts(message.fallback_blocks)]:
        assert not set("<>`~") & set(text)
        assert "://" not in text
        assert text.count("&") == sum(text.count(entity) for entity in ("&amp;", "&lt;", "&gt;"))
    outside = [t for t in texts(message.blocks) if not (t.startswith("*") and t.endswith("*")) and "\n*" not in t]
    assert not any("*" in text for text in outside)
    assert "*" not in message.text


@pytest.mark.parametrize("field", ["caption", "text"], ids=["the caption, read by screen readers", "the notification"])
def test_the_words_around_a_table_name_its_range(field):
    message = render_message(small(), options=OPTIONS)
    words = message.text if field == "text" else the_table(message)["caption"]
    assert "Yesterday, Sun 22 Nov 00:00–24:00 Europe/London, 48 half-hours" in words


# --- contents ---


def test_the_text_says_it_all_without_the_blocks():
    message = render_message(replace(small(), warnings=(Notice("partial", "1 agent is missing."),)), options=OPTIONS)
    assert message.text == (
        "Utilization by agent. Utilization 56.8 % over 4 agents. Lowest: B. Ito 0.0 %. Highest: Ana Díaz 87.1 %.\n"
        "Yesterday, Sun 22 Nov 00:00–24:00 Europe/London, 48 half-hours, as posted\n"
        "1 agent is missing.\n"
        "Utilization 56.8 %; Occupancy 75.0 %; Handle 6h 32m; Logged in 11h 30m; Handled 41\n"
        "4 of 5 agents answered · 2026-11-22 00:00 – 2026-11-23 00:00 Europe/London, 48 half-hours"
        " · data as of Mon 23 Nov 09:12 (18 min ago) · all of it still provisional"
        " · 0 duplicates removed · 3 API calls"
    )


def test_the_table_shows_texts_and_sorts_by_numbers():
    table = the_table(render_message(small(), options=OPTIONS))
    head, first, second, third, *_ = table["rows"]
    assert [cell["text"] for cell in head] == [
        "Agent",
        "Utilization",
        "Occupancy",
        "Handle",
        "Logged in",
        "Handled",
        "09:00–15:00",
    ]
    assert first[0] == {"type": "raw_text", "text": "Ana Díaz"}
    assert first[1] == {"type": "raw_number", "value": 0.871, "text": "87.1 %"}
    assert first[3] == {"type": "raw_number", "value": 23520.0, "text": "6h 32m"}
    assert second[3] == {"type": "raw_number", "value": 0.0, "text": "0"}
    assert third[1] == {"type": "raw_number", "value": -2, "text": "·"}
    assert table["row_header_column_index"] == 0
    assert table["page_size"] == 25


@pytest.mark.parametrize("answer", [small(), intervals(), many(150)], ids=["agents", "half-hours", "many"])
def test_every_column_but_the_names_sorts_numerically(answer):
    rows = the_table(render_message(answer))["rows"][1:]
    for position in range(len(rows[0])):
        kinds = {row[position]["type"] for row in rows}
        assert kinds == ({"raw_text"} if position == 0 and answer.query.by_time is None else {"raw_number"})


def test_totals_stand_in_a_section_because_the_table_sorts():
    message = render_message(small())
    (section,) = [b for b in blocks_of(message, "section") if "fields" in b]
    assert section["text"]["text"] == "*All 4 agents*"
    assert [f["text"] for f in section["fields"]] == [
        "Utilization\n*56.8 %*",
        "Occupancy\n*75.0 %*",
        "Handle\n*6h 32m*",
        "Logged in\n*11h 30m*",
        "Handled\n*41*",
    ]
    assert not any(cell["text"] == "All" for row in the_table(message)["rows"] for cell in row)


def test_one_agents_half_hours_fit_on_a_page_and_sort_in_order_of_time():
    table = the_table(render_message(intervals()))
    assert len(table["rows"]) == 49
    assert table["page_size"] == 48
    assert [c["text"] for c in table["rows"][0]][:3] == ["Start", "Utilization", "0–100 %"]
    starts = [row[0]["value"] for row in table["rows"][1:]]
    assert starts == sorted(starts)
    assert table["rows"][20] == [
        {"type": "raw_number", "value": int(datetime(2026, 11, 22, 9, 30, tzinfo=UTC).timestamp()), "text": "09:30 ▲"},
        {"type": "raw_number", "value": 1.0, "text": "100.0 %"},
        {"type": "raw_number", "value": 1.0, "text": "███████"},
        {"type": "raw_number", "value": 1.0, "text": "100.0 %"},
        {"type": "raw_number", "value": 2160.0, "text": "36m 00s"},
        {"type": "raw_number", "value": 1800.0, "text": "30m 00s"},
        {"type": "raw_number", "value": 2, "text": "2"},
    ]


def test_more_than_a_half_hour_is_explained_under_the_table():
    (remarks, _) = blocks_of(render_message(intervals()), "context")[-2:]
    said = [element["text"] for element in remarks["elements"]]
    assert "· not staffed, ≈ still provisional" in said
    assert any(text.startswith("▲ more than its time holds: posted time lands whole") for text in said)


def test_of_a_long_list_both_ends_are_shown_and_the_rest_is_counted():
    message = render_message(many(201))
    rows = the_table(message)["rows"][1:]
    shares = [row[1]["value"] for row in rows]
    assert len(rows) == 40
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 0.99
    assert shares[-1] == 0.0
    everything = "\n".join(texts(message.blocks))
    assert "The 20 highest and 20 lowest of 201 rows by Utilization; the CSV has them all." in everything


def test_two_hundred_agents_are_all_in_the_table():
    message = render_message(many(200))
    assert len(the_table(message)["rows"]) == 201
    assert "left out" not in "\n".join(texts(message.blocks))


def test_too_many_characters_cost_the_sparklines_first_and_then_rows():
    wide = many(200, ("W" * 40,))
    whole_day = {agent: Spark(agent, (0.5,) * 48) for agent in wide.sparks}
    assert len(the_table(render_message(replace(many(10), sparks=whole_day)))["rows"][1][-1]["text"]) == 48
    table = the_table(render_message(replace(wide, sparks=whole_day)))  # 40 + 48 + 26 characters × 200 are too many
    assert len(table["rows"]) == 201
    assert len(table["rows"][1][-1]["text"]) == 24
    columns = tuple(replace(wide.columns[2], name=f"c{n}", label=f"Column {n}") for n in range(15))
    rows = tuple(replace(r, values={c.name: 23520.0 for c in columns}, missing={}) for r in wide.rows)
    message = render_message(replace(wide, columns=columns, rows=rows, drawn=tuple(c.name for c in columns)))
    assert_taken(message)
    kept = len(the_table(message)["rows"]) - 1
    assert 100 < kept < 200
    assert f"{200 - kept} of 200 rows left out here; the CSV has them all." in "\n".join(texts(message.blocks))


def test_the_fallback_repeats_the_header_and_ends_with_the_totals():
    first, *others = preformatted(render_message(many(180, spark=False)))
    assert others
    head = first.split("\n")[:2]
    assert head[0].split() == ["Agent", "Util.", "Occup."]
    assert all(part.split("\n")[:2] == head for part in others)
    assert all(units(part) <= 3000 for part in (first, *others))
    assert others[-1].split("\n")[-1].startswith("All ")
    shown = [line for part in (first, *others) for line in part.split("\n") if line.startswith("Agent 0")]
    assert len(shown) == 180


def test_the_fallback_says_how_many_rows_it_left_out():
    message = render_message(many(200, ("🙂" * 40,)), options=replace(OPTIONS, width=68))
    drawn = sum(
        part.count("%  ") > 0 and sum("🙂" in line for line in part.split("\n")) for part in preformatted(message)
    )
    assert 0 < drawn < 200
    said = "\n".join(texts(message.fallback_blocks))
    assert f"{200 - drawn} of 200 rows left out here; the CSV has them all." in said


def test_a_row_that_stands_for_many_counts_as_many():
    parts = preformatted(render_message(intervals()))
    assert "⋮" in parts[0]
    assert "left out" not in "\n".join(texts(render_message(intervals()).fallback_blocks))


def test_a_choice_without_rows_shows_the_totals_and_says_why():
    query = yesterday(thresholds=(Threshold(0.99, above=True),))
    message = render_message(replace(small(), query=query), options=OPTIONS)
    assert_taken(message)
    assert blocks_of(message, "data_table") == []
    said = "\n".join(texts(message.blocks))
    assert "No row is what was asked for." in said
    assert "0 of 5 rows (Utilization above 99 %); totals are of all 5." in said
    assert "*All 4 agents*" in said


def test_a_group_without_a_name_is_named_as_that():
    rows = (replace(row("x", (None,) * 6), groups=(Group("queue", None, None),)),)
    query = yesterday(group_by=(Dimension.QUEUE,))
    table = the_table(render_message(replace(small(), rows=rows, query=query, sparks={})))
    assert table["rows"][0][0]["text"] == "Queue"
    assert table["rows"][1][0]["text"] == "(no queue)"


def test_rows_by_agent_and_time_carry_both_labels():
    base = intervals()
    others = tuple(replace(r, groups=(Group("agent", "id-B", "B"),)) for r in base.rows)
    message = render_message(replace(base, rows=base.rows + others), options=OPTIONS)
    assert_taken(message)
    table = the_table(message)
    assert [c["text"] for c in table["rows"][0]][:3] == ["Agent", "Start", "Utilization"]
    assert table["rows"][1][0]["text"] == "Ana Díaz"
    assert table["rows"][20][1]["text"] == "09:30 ▲"
    assert "Highest: Ana Díaz, 09:30 100.0 %." in message.text


def test_where_names_are_withheld_all_agents_are_one_row():
    everybody = Group("agent", None, "37 agents together")
    for base in (small(), intervals()):
        one = replace(base.rows[0], groups=(everybody,), values=base.totals, missing={})
        message = render_message(replace(base, rows=(one,), sparks={}), options=OPTIONS)
        assert_taken(message)
        assert message.text.startswith("Utilization of 37 agents together. Utilization ")
        assert "Highest" not in message.text
        assert " over 37 agents together.\n" in message.text
        head, row = the_table(message)["rows"]
        assert (head[0]["text"], row[0]["text"]) == ("Agent", "37 agents together")


def test_an_agent_asked_for_by_id_is_called_by_name():
    query = replace(intervals().query, filters=Filters(include=(Selector(SelectorKind.AGENT, "id-Ana Díaz"),)))
    message = render_message(replace(intervals(), query=query))
    assert "as posted, Ana Díaz" in message.text
    assert "id-Ana" not in message.text
    assert the_table(message)["caption"].endswith("48 half-hours, as posted, Ana Díaz")


# --- steps ---


def elements(message):
    return [element for block in blocks_of(message, "actions") for element in block["elements"]]


def test_buttons_carry_the_whole_question_and_their_ids_only_the_kind():
    buttons = [e for e in elements(render_message(small(), options=OPTIONS)) if e["type"] == "button"]
    assert [(b["action_id"], b["text"]["text"], b["value"]) for b in buttons] == [
        ("ask:prev", "Prev", "2026-11-20"),
        ("ask:next", "Next", "2026-11-21"),
        ("ask:refresh", "Refresh", "2026-11-22"),
    ]


def test_what_is_less_likely_stands_in_a_menu():
    (menu,) = [e for e in elements(render_message(small(), options=OPTIONS)) if e["type"] == "overflow"]
    assert menu["action_id"] == "ask:keep"
    assert [(o["text"]["text"], o["value"]) for o in menu["options"]] == [
        ("Csv", "2026-11-23"),
        ("What is Utilization?", "define utilization"),
    ]


@pytest.mark.parametrize(("length", "in_menu"), [(150, True), (151, False)])
def test_a_question_too_long_for_a_menu_s_option_gets_a_button(length, in_menu):
    actions = (Action("csv", "CSV", "x" * length), Action("xlsx", "Excel", "y"))
    shown = elements(render_message(small(), options=RenderOptions(actions=actions)))
    assert ("ask:csv" in [e["action_id"] for e in shown]) is not in_menu
    (menu,) = [e for e in shown if e["type"] == "overflow"]
    assert [o["text"]["text"] for o in menu["options"]] == ["CSV"] * in_menu + ["Excel", "What is Utilization?"]


def test_sharing_is_asked_back():
    action = Action("share", "Share here", "yesterday share", "Everybody will see it.")
    (share, _) = elements(render_message(small(), options=RenderOptions(actions=(action,))))
    assert share["confirm"]["text"]["text"] == "Everybody will see it."
    assert share["confirm"]["deny"]["text"] == "Cancel"


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_headline_has_its_formula_a_press_away(metric):
    answer = replace(small(), columns=(metric.column,), headline=metric.name, drawn=(metric.name,))
    (menu,) = [e for e in elements(render_message(answer, options=OPTIONS)) if e.get("action_id") == "ask:keep"]
    read = parse(
        menu["options"][-1]["value"], GrammarContext(now=datetime(2026, 11, 23, tzinfo=UTC), zone=answer.query.zone)
    )
    assert (read.verb, read.topic) == (Verb.DEFINE, metric.name)


@pytest.mark.parametrize(("length", "buttons"), [(0, 0), (1, 1), (2000, 1), (2001, 0)])
def test_a_question_that_no_button_can_carry_has_none(length, buttons):
    message = render_message(small(), options=RenderOptions(actions=(Action("next", "Next", "x" * length),)))
    assert [e["action_id"] for e in elements(message)] == ["ask:next"] * buttons + ["ask:define"]


@pytest.mark.parametrize(("count", "kind"), [(1, "static_select"), (100, "static_select"), (101, "external_select")])
def test_up_to_a_hundred_agents_are_listed_and_more_are_searched(count, kind):
    (select,) = [e for e in elements(render_message(many(count), options=OPTIONS)) if e["action_id"] == "agent_pick"]
    assert select["type"] == kind
    assert len(select.get("options", ())) == (count if kind == "static_select" else 0)


def test_under_one_agents_half_hours_another_one_is_searched_for():
    (select,) = [e for e in elements(render_message(intervals(), options=OPTIONS)) if e["action_id"] == "agent_pick"]
    assert select["type"] == "external_select"


def test_the_agent_picker_carries_its_question_in_the_block():
    message = render_message(small(), options=OPTIONS)
    (block,) = [b for b in blocks_of(message, "actions") if "block_id" in b]
    assert block["block_id"] == "pick:intervals 2026-11-22"
    option = block["elements"][0]["options"][0]
    assert option == {"text": {"type": "plain_text", "text": "Ana Díaz", "emoji": False}, "value": "id-Ana Díaz"}
    assert picked(block["block_id"], option["value"]).command == 'intervals 2026-11-22 "id-Ana Díaz"'


def test_sorting_stands_beside_the_picker_as_long_as_its_questions_fit_into_options():
    sort = Picker("2026-11-22", PickKind.SORT)
    answer = replace(small(), query=yesterday(sort=Sort("handle_s")))
    (select,) = elements(render_message(answer, options=RenderOptions(pickers=(sort,))))
    assert [o["value"] for o in select["options"]][:2] == ["2026-11-22 sort utilization", "2026-11-22 sort occupancy"]
    assert select["initial_option"]["value"] == "2026-11-22 sort handle"
    assert select["action_id"] == "ask:sort"

    (long,) = [
        b
        for b in render_message(
            answer, options=RenderOptions(pickers=(Picker("x" * 140, PickKind.SORT), Picker("intervals")))
        ).blocks
        if b.get("block_id", "").startswith("sort:")
    ]
    assert [o["value"] for o in long["elements"][0]["options"]][:2] == ["utilization", "occupancy"]
    assert picked(long["block_id"], "occupancy").command == "x" * 140 + " sort occupancy"


def test_the_half_hours_of_an_agent_lead_to_what_they_are_made_of():
    (select,) = [e for e in elements(render_message(intervals(), options=OPTIONS)) if e["action_id"] == "ask:explain"]
    assert [o["text"]["text"] for o in select["options"]] == [
        "09:00 · Utilization 33.3 %",
        "09:30 · Utilization 100.0 %",
        "10:00 · Utilization 66.7 %",
        "10:30 · Utilization 83.3 %",
    ]
    read = parse(select["options"][1]["value"], GrammarContext(now=datetime(2026, 11, 24, tzinfo=UTC), zone=LONDON))
    assert (read.verb, read.booking, read.range.start) == (
        Verb.EXPLAIN,
        Booking.POSTED,
        datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    )


def test_a_picker_takes_nothing_but_its_own_blocks_and_no_quotes():
    for block_id in ("ask:next", "pick", ""):
        with pytest.raises(ValueError, match="not a picker"):
            picked(block_id, "id")
    assert picked("pick:intervals", 'x" share "y').command == 'intervals "x share y"'


@pytest.mark.parametrize(("length", "shown"), [(250, True), (251, False)])
def test_a_question_that_no_block_id_can_carry_has_no_picker(length, shown):
    message = render_message(small(), options=RenderOptions(pickers=(Picker("x" * length),)))
    assert bool(elements(message)) is shown


# --- other messages ---


def test_the_reading_is_a_sentence_with_whom_and_what_was_decided():
    query = yesterday(notes=("Widened to half-hours.",))
    filters = replace(
        query.filters,
        include=(Selector(SelectorKind.TEAM, "<!here>"), Selector(SelectorKind.AGENT, "Ana")),
        exclude=(Selector(SelectorKind.ME),),
        media=("voice",),
        directions=("inbound",),
    )
    assert render_reading(replace(query, filters=filters)) == (
        "Yesterday, Sun 22 Nov 00:00–24:00 Europe/London, 48 half-hours, as posted, team &lt;!here&gt;, Ana, "
        "inbound voice, without you · Widened to half-hours."
    )
    assert render_reading(Query(text="help sort", verb=Verb.HELP, topic="sort")) == "help sort"
    assert render_reading(Query(text="")) == "…"


def test_many_people_named_are_counted():
    include = tuple(Selector(SelectorKind.AGENT, f"A{n}") for n in range(7))
    query = yesterday()
    assert "A0, A1, A2, A3 and 3 more" in render_reading(
        replace(query, filters=replace(query.filters, include=include))
    )


def test_a_text_breaks_no_line_within_a_figure():
    told = TextAnswer(Query(text="help", verb=Verb.HELP), "Told", "Ana\n        posted 8h 10m, 65.1 % of it")
    assert "posted 8h\u00a010m, 65.1\u00a0% of it" in render_text_answer(told).blocks[1]["text"]["text"]


def test_help_keeps_its_lines_and_slack_takes_any_length_of_it():
    query = Query(text="help", verb=Verb.HELP)
    message = render_text_answer(
        TextAnswer(
            query,
            "Help",
            "*Say* <when>, then `today`.\n\nWhen\n  yesterday <day>\n      The day before `today`.\n  a `b`\nEnd",
        )
    )
    assert message.blocks[1]["text"]["text"].split("\n") == [
        "∗Say∗ &lt;when&gt;, then `today`.",
        "",
        "*When*",
        "• `yesterday &lt;day&gt;`",
        "\u2003The day before `today`.",
        "• a `b`",
        "End",
    ]
    assert message.text.startswith("Help\n∗Say∗ &lt;when&gt;, then ˋtodayˋ.\n\nWhen\nyesterday &lt;day&gt;\n")
    assert_taken(message)
    assert_taken(render_text_answer(TextAnswer(query, "T" * 500, "line\n" * 3000 + "x" * 5000 + "\n" + "y" * 200_000)))
    assert_taken(render_text_answer(TextAnswer(query, "", "")))


def test_a_refusal_says_what_happened_and_offers_its_readings():
    error = CommandError(
        "`<5/11>` can be <two> days.", hint="Which one?", choices=(("20 November", "20 nov"), ("11 February", "11 feb"))
    )
    message = render_error(error, reference="ab12")
    assert_taken(message)
    assert message.text == "`&lt;5/11&gt;` can be &lt;two&gt; days.\nWhich one?\n• 20 November\n• 11 February"
    assert "ab12" not in json.dumps(message.payload())
    assert [(b["action_id"], b["value"]) for b in elements(message)] == [
        ("ask:choice:0", "20 nov"),
        ("ask:choice:1", "11 feb"),
    ]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(
            SourceError("The platform is busy.", reference="gc-1", retry_after_s=41.6, hint="Ask again later."),
            "The platform is busy. Try again in 42 s.\nAsk again later.\nReference: ab12 (platform: gc-1)",
            id="platform",
        ),
        pytest.param(
            SettingsError("SLACK_BOT_TOKEN is wrong"),
            "Something went wrong on my side.\nReference: ab12",
            id="settings",
        ),
        pytest.param(BotError("KeyError: secret"), "Something went wrong on my side.\nReference: ab12", id="internal"),
        pytest.param(NotAllowedError("Outside what you may see."), "Outside what you may see.", id="refusal"),
    ],
)
def test_a_failure_carries_a_reference_and_a_refusal_needs_none(error, said):
    message = render_error(error, reference="ab12")
    assert message.text == said
    assert_taken(message)


def test_an_error_of_any_length_is_taken():
    choices = tuple((f"choice {n} " * 20, "x" * 100) for n in range(30))
    assert_taken(render_error(CommandError("<" * 9000, hint="&" * 9000, choices=choices), reference="r" * 5000))


# --- purity ---


def snapshot(answer):
    """Everything that a mutation could reach."""
    return (
        [(dict(r.values), dict(r.missing), r.groups) for r in answer.rows],
        dict(answer.totals),
        dict(answer.sparks),
        answer.query.buckets,
    )


@pytest.mark.parametrize("answer", [small(), intervals(), many(201)], ids=["agents", "half-hours", "many"])
def test_drawing_changes_nothing_and_repeats_itself(answer):
    before = snapshot(answer)
    first, second = render_message(answer, options=OPTIONS), render_message(answer, options=OPTIONS)
    assert first == second
    assert snapshot(answer) == before
    payload = first.payload()
    payload["blocks"][0]["text"]["text"] = "changed"
    assert first == second


def test_drawing_needs_no_pandas():
    code = (
        "import sys; import bot.core.rendering.blocks, bot.core.rendering.text, bot.core.rendering.json_out, "
        "bot.core.rendering.csv_out, bot.core.rendering.refusals, bot.core.rendering.pictures, bot.core.limits; "
        "sys.exit(any(name in sys.modules for name in ('pandas', 'numpy', 'matplotlib', 'slack_sdk')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_granularity_names_the_rows():
    query = replace(intervals().query, granularity=Granularity.HOUR)
    assert (
        render_message(replace(intervals(), query=query)).blocks[0]["text"]["text"] == "Utilization by hour: Ana Díaz"
    )


def test_a_ranked_table_says_what_its_totals_are_of():
    message = render_message(replace(small(), query=yesterday(rank=Rank(1))))
    assert len(the_table(message)["rows"]) == 2
    assert "1 of 5 rows (top 1 by Utilization); totals are of all 5." in "\n".join(texts(message.blocks))


def test_every_reason_for_nothing_can_be_drawn():
    rows = tuple(row(reason.value, reason=reason) for reason in Missing)
    message = render_message(replace(small(), rows=rows))
    assert_taken(message)
    assert [r[1]["text"] for r in the_table(message)["rows"][1:]] == ["?", "–", "·", "n/a", "–", "n/a", "n/a", "n/a"]
