"""Answers as Slack shows them, with all that can be pressed under them: within its limits, whatever the names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.answer import Group, TextAnswer
from bot.core.grammar import GrammarContext, parse
from bot.core.limits import violations
from bot.core.zones import load_zone
from bot.edges.slack.drawing import Drawing
from bot.edges.slack.reply import Address, Door
from tests.core.rendering.answers import intervals, many, small

LONDON = load_zone("Europe/London")
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PRESSED = Address("UANA", Door.BUTTON, "COPS")
DRAWING = Drawing(NOW.timestamp, "/utilization", "https://apps.mypurecloud.ie/interactions/")
NAMES = (
    "A",
    "N" * 255,
    "👩‍👩‍👧‍👦" * 60,
    "אבגדה וזחט",
    "<!channel> <@U1> <https://x|y>",
    "*bold* _it_ ~no~ `code`",
    '=HYPERLINK("http://x";"y") | "quoted" | `x`',
    "Ana\u202eDíaz\x00",
)


def read(text):
    return parse(text, GrammarContext(now=NOW, zone=LONDON, zone_source="slack"))


def taken(message):
    assert violations(message.payload(), surface="message") == []
    assert violations(message.fallback_payload(), surface="message") == []


@pytest.mark.parametrize(
    ("count", "public"),
    [*((count, False) for count in (1, 99, 100, 101, 200, 201, 10_000)), *((count, True) for count in (1, 200, 201))],
)
def test_whatever_the_names_and_however_many_slack_takes_it(count, public):
    answer = replace(many(count, NAMES), query=read('yesterday team:"Billing EMEA" top 10 sort handle'))
    taken(DRAWING.message(answer, PRESSED, public=public, back="yesterday by team"))


@pytest.mark.parametrize("kind", ["team", "queue"])
@pytest.mark.parametrize("count", [1, 100, 101])
def test_so_many_teams_or_queues_can_be_picked_from(kind, count):
    base = many(count)
    rows = tuple(
        replace(row, groups=(Group(kind, f"id-{n}", f"{NAMES[n % len(NAMES)][:40]}{n}"),))
        for n, row in enumerate(base.rows)
    )
    message = DRAWING.message(replace(base, query=read(f"yesterday by {kind}"), rows=rows, sparks={}), PRESSED)
    taken(message)
    elements = [e for block in message.blocks if block["type"] == "actions" for e in block["elements"]]
    (pick,) = [e for e in elements if e["action_id"] == "group_pick"]
    assert pick["type"] == ("static_select" if count <= 100 else "external_select")


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_one_agent_s_day_is_taken_with_its_half_hours_to_explain(name):
    agent_id = "9e1b77c2-0000-4000-8000-000000000001"
    day = intervals(name)
    rows = tuple(replace(row, groups=(Group("agent", agent_id, name),)) for row in day.rows)
    asked = read(f'intervals "{agent_id}" yesterday')
    message = DRAWING.message(replace(day, query=asked, rows=rows), PRESSED, back="yesterday by team")
    taken(message)
    assert "ask:explain" in str(message.blocks)


def test_a_question_longer_than_any_menu_takes_keeps_its_buttons_and_says_what_is_missing():
    people = ",".join(f'"Somebody With A Long Name {n:02d}"' for n in range(30))
    message = DRAWING.message(replace(small(), query=read(f"yesterday {people}")), PRESSED)
    taken(message)
    kinds = [e["type"] for block in message.blocks if block["type"] == "actions" for e in block["elements"]]
    assert "button" in kinds
    assert "too long for some of the menus" in str(message.blocks)


def test_an_answer_to_a_press_shows_the_command_and_one_to_a_command_does_not():
    answer = replace(small(), query=read("yesterday team:Billing"))
    shown = DRAWING.message(answer, PRESSED)
    assert shown.blocks[0]["elements"][0]["text"] == "`/utilization yesterday team:Billing`"
    assert DRAWING.message(answer, replace(PRESSED, door=Door.COMMAND)).blocks[0]["type"] == "header"


def explanation(conversation_id):
    data = {
        "explanation": {
            "agent_id": "id-1",
            "agent_name": "Ana Díaz",
            "sessions": [{"conversation_id": conversation_id}],
        }
    }
    asked = read('explain "id-1" 10:30 yesterday')
    text = f"Conversations\n    • 5m: talk 5m\n        conversation {conversation_id}"
    return TextAnswer(asked, "Ana Díaz, Sun 22 Nov 10:30–11:00", text, data)


def test_a_conversation_leads_to_its_page_in_genesys():
    conversation_id = "ca6d4df3-67ce-4834-aabd-0b4a6726ac18"
    message = DRAWING.message(explanation(conversation_id), PRESSED)
    taken(message)
    assert f"conversation <https://apps.mypurecloud.ie/interactions/{conversation_id}|{conversation_id}>" in str(
        message.blocks
    )
    assert message.blocks[0]["elements"][0]["text"] == '`/utilization explain 10:30 yesterday "Ana Díaz"`'


@pytest.mark.parametrize("conversation_id", ["x|<!channel>", "CA6D4DF3", "../../x", ""])
def test_an_id_that_is_none_of_genesys_s_leads_nowhere(conversation_id):
    assert "https://" not in str(DRAWING.message(explanation(conversation_id), PRESSED).blocks)


def test_the_log_of_looks_names_people_and_channels_as_slack_does():
    looks = [{"who": who, "channel": channel} for who, channel in (("UBEN", "COPS"), ("operator", None), ("<U1>", "x"))]
    text = "    • 10:00:00 UBEN\n        Ana, for all to see in COPS\n    • 10:00:01 <U1>\n        Ana, in x"
    message = DRAWING.message(
        TextAnswer(read("audit"), "Who looked at whom", text, {"audit": {"looks": looks}}), PRESSED
    )
    taken(message)
    assert "10:00:00 <@UBEN|UBEN>" in str(message.blocks)
    assert "for all to see in <#COPS|COPS>" in str(message.blocks)
    assert str(message.blocks).count("<") == 2


def test_without_a_place_in_genesys_nothing_is_linked():
    bare = Drawing(NOW.timestamp)
    message = bare.message(explanation("ca6d4df3-67ce-4834-aabd-0b4a6726ac18"), PRESSED)
    assert "https://" not in str(message.blocks)


def test_offers_of_a_text_are_buttons_and_help_leads_to_the_form():
    offered = TextAnswer(read("whoami"), "You", "You are Ana.", offers=(("Link me", "link"), ("All saved", "saved")))
    message = DRAWING.message(offered, PRESSED)
    taken(message)
    (buttons,) = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    assert [(b["action_id"], b["value"]) for b in buttons] == [("ask:offer:0", "link"), ("ask:offer:1", "saved")]
    helped = DRAWING.message(TextAnswer(read("help"), "Help", "Ask."), PRESSED)
    (buttons,) = [block["elements"] for block in helped.blocks if block["type"] == "actions"]
    assert [(b["action_id"], "value" in b) for b in buttons] == [("form:ask", False)]
