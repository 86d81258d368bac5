from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.rendering.names import width_of
from bot.demo.fake_slack import File, Message, View
from bot.demo.terminal import draw, draw_view

NAMES = {"U0BOT": "Utilization", "U1": "ana", "C1": "ops"}


def message(*blocks, text="", **more):
    return Message(channel="C1", ts="1.0", user="U0BOT", via="x", posted_at=0.0, text=text, blocks=list(blocks), **more)


def lines(*blocks, width=80, **more):
    """What is drawn between the frame's ends, the bar taken off."""
    drawn = draw(message(*blocks, **more), width=width, names=NAMES).split("\n")
    assert drawn[-1] == "╰"
    return [line.removeprefix("│").removeprefix(" ") for line in drawn[1:-1]]


def mrkdwn(text):
    return {"type": "mrkdwn", "text": text}


def section(text):
    return {"type": "section", "text": mrkdwn(text)}


def raw(text):
    return {"type": "raw_text", "text": text}


def number(text):
    return {"type": "raw_number", "value": 1, "text": text}


def table(*rows):
    return {"type": "data_table", "caption": "Yesterday", "rows": list(rows)}


def button(label):
    return {"type": "button", "text": {"type": "plain_text", "text": label}, "action_id": label}


def test_a_table_keeps_its_columns_and_its_numbers_to_the_right():
    drawn = lines(
        table([raw("Agent"), raw("Util.")], [raw("Ana Díaz"), number("84.2 %")], [raw("Bo Ito"), number("9 %")])
    )
    assert drawn == [
        "Yesterday",
        "Agent      Util.",
        "────────  ──────",
        "Ana Díaz  84.2 %",
        "Bo Ito       9 %",
    ]


def test_wide_characters_take_two_columns():
    drawn = lines(table([raw("Agent"), raw("Util.")], [raw("田中"), number("1 %")], [raw("Bo"), number("22 %")]))
    assert drawn[3:] == ["田中     1 %", "Bo      22 %"]


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120])
def test_nothing_is_wider_than_the_terminal(width):
    drawn = draw(
        message(
            {"type": "header", "text": {"type": "plain_text", "text": "A title that is rather long " * 3}},
            section("word " * 60 + "w" * 200),
            {"type": "section", "fields": [mrkdwn(f"Field {n}\n*{n * 1111}*") for n in range(8)]},
            table([raw("Agent"), *map(raw, "abcdefgh")], [raw("An agent's long name " * 2), *[number("12h 34m")] * 8]),
            {"type": "actions", "elements": [button(f"Button number {n}") for n in range(7)]},
            {"type": "context", "elements": [mrkdwn("small print " * 20)]},
        ),
        width=width,
    )
    assert max(map(width_of, drawn.split("\n"))) <= width


def test_names_are_shortened_before_a_column_is_left_out():
    rows = (
        [raw("Agent"), raw("Util."), raw("Handle")],
        [raw("Somebody With A Long Name"), number("84.2 %"), number("6h 32m")],
    )
    # 40 less the bar: 38 = 22 for the name (the last of it a blank, left out), 2 + 6 and 2 + 6 for the figures.
    assert lines(table(*rows), width=40)[-1] == "Somebody With A Long…  84.2 %  6h 32m"
    assert lines(table(*rows), width=32) == [
        "Yesterday",
        "Agent                   Util.",
        "─────────────────────  ──────",
        "Somebody With A Long…  84.2 %",
        "No room here for: Handle",
    ]


def test_bars_and_times_stand_to_the_left():
    rows = ([raw("Start"), raw("Bar")], [number("8:00 ▲"), number("██")], [number("18:00"), number("█")])
    assert lines(table(*rows))[3:] == ["8:00 ▲  ██", "18:00   █"]


def test_markup_is_resolved_and_entities_are_read():
    text = "*Team* &lt;Billing&gt; &amp; <@U1> in <#C1|ops>, <https://x.example|docs>, <!date^1^{date}|Monday>, 2*3*4"
    assert lines(section(text)) == ["Team <Billing> & @ana in #ops, docs, Monday, 2*3*4"]
    assert lines(section("<!here> <!subteam^S1|@supervisors>")) == ["@here @supervisors"]


def test_a_name_cannot_steer_the_terminal():
    assert lines(section("\x1b[2Jgone\x07\r")) == ["[2Jgone"]


def test_fields_stand_beside_each_other():
    drawn = lines({"type": "section", "fields": [mrkdwn("Utilization\n*84.2 %*"), mrkdwn("Handle\n*6h 32m*")]})
    assert drawn == ["Utilization: 84.2 %  Handle: 6h 32m"]


def test_what_can_be_pressed_carries_its_number():
    options = [{"text": {"type": "plain_text", "text": f"Agent {n}"}, "value": str(n)} for n in range(5)]
    picker = {
        "type": "static_select",
        "action_id": "pick",
        "placeholder": {"type": "plain_text", "text": "Half-hours of…"},
        "options": options,
    }
    drawn = lines(
        {"type": "actions", "elements": [picker]},
        {"type": "actions", "elements": [button("Previous day"), button("Next day")]},
    )
    assert drawn == [
        "[1] Half-hours of… ▾ Agent 0, Agent 1, Agent 2, … (5)",
        "",
        "[2] Previous day   [3] Next day",
    ]


def test_charts_are_bars():
    def points(*values):
        return [{"label": label, "value": value} for label, value in zip(("08:00", "09:00"), values, strict=True)]

    chart = {"type": "bar", "series": [{"name": "On queue", "data": points(5, 10)}]}
    drawn = lines({"type": "data_visualization", "title": "Hours", "chart": chart}, width=31)
    # 29 columns: 5 for labels, 2 for figures, 2 gaps of 2, 18 for the bars.
    assert drawn == ["Hours", "08:00   5  " + "█" * 9, "09:00  10  " + "█" * 18]


def test_preformatted_text_stays_as_it_is():
    block = {
        "type": "rich_text",
        "elements": [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a   <b>\n  c"}]}],
    }
    assert lines(block) == ["a   <b>", "  c"]


def test_lists_and_quotes_are_marked():
    def text(value):
        return {"type": "rich_text_section", "elements": [{"type": "text", "text": value}]}

    block = {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [text("one")]},
            {
                "type": "rich_text_quote",
                "elements": [{"type": "text", "text": "said"}, {"type": "user", "user_id": "U1"}],
            },
        ],
    }
    assert lines(block) == ["  • one", "> said@ana"]


def test_a_message_without_blocks_is_its_text():
    assert lines(text="Reading: *yesterday*") == ["Reading: yesterday"]


def test_the_frame_says_who_and_to_whom():
    assert draw(message(text="x", to="U1"), names=NAMES).startswith("╭ Utilization · only you can see this\n")
    assert draw(message(text="x", thread_ts="0.5"), names=NAMES).startswith("╭ Utilization · in a thread\n")


def test_files_are_named():
    file = File(id="F1", name="day.csv", length=1234, content=b"x" * 1234)
    assert lines(text="Here", files=[file])[-1] == "[file] day.csv (1,234 bytes)"


def test_colour_is_asked_for():
    assert "\x1b" not in draw(message({"type": "header", "text": {"type": "plain_text", "text": "T"}}))
    assert "\x1b[1mT\x1b[0m" in draw(
        message({"type": "header", "text": {"type": "plain_text", "text": "T"}}), colour=True
    )


def test_a_window_shows_its_inputs_and_how_to_send_it():
    payload = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Ask"},
        "submit": {"type": "plain_text", "text": "Go"},
        "blocks": [
            {
                "type": "input",
                "label": {"type": "plain_text", "text": "Question"},
                "element": {"type": "plain_text_input", "action_id": "q", "initial_value": "today"},
            }
        ],
    }
    assert draw_view(View("V1", "U1", payload, "h", "V1")).split("\n") == [
        "╭ Ask · window",
        "│ [1] Question: today",
        "│",
        "│ [submit] Go   [close]",
        "╰",
    ]


TEXT = st.text(max_size=60)
OBJECT = st.builds(lambda kind, text: {"type": kind, "text": text}, st.sampled_from(["mrkdwn", "plain_text"]), TEXT)
CELL = st.builds(
    lambda kind, text: {"type": kind, "value": 1, "text": text}, st.sampled_from(["raw_text", "raw_number"]), TEXT
)
BLOCK = st.one_of(
    st.builds(lambda text: {"type": "header", "text": text}, OBJECT),
    st.builds(
        lambda text, fields: {"type": "section", "text": text, "fields": fields}, OBJECT, st.lists(OBJECT, max_size=4)
    ),
    st.builds(lambda elements: {"type": "context", "elements": elements}, st.lists(OBJECT, max_size=3)),
    st.integers(1, 6).flatmap(
        lambda n: st.builds(table, st.lists(CELL, min_size=n, max_size=n), st.lists(CELL, min_size=n, max_size=n))
    ),
    st.builds(
        lambda labels: {"type": "actions", "elements": [button(label) for label in labels]}, st.lists(TEXT, max_size=5)
    ),
)


@given(st.lists(BLOCK, max_size=4), st.integers(24, 120))
def test_whatever_the_texts_are_nothing_is_too_wide_and_nothing_steers(blocks, width):
    drawn = draw(message(*blocks), width=width).split("\n")
    assert [line for line in drawn if width_of(line) > width] == []
    assert not any(unicodedata.category(character) == "Cc" for line in drawn for character in line)
