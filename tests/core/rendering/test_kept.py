"""What is kept of people and who looked at whom, in words that Slack takes whatever names are in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.answer import Answer, Column, Coverage, Group, Row, RowState, TextAnswer, Unit
from bot.core.defaults import Defaults, DurationStyle
from bot.core.grammar import GrammarContext, parse
from bot.core.intervals import Interval
from bot.core.limits import violations
from bot.core.looks import ListedLook, Look, LookKind
from bot.core.memos import Saved
from bot.core.rendering.blocks import render_message, render_reading, render_text_answer
from bot.core.rendering.kept import saved_text, settings_text
from bot.core.rendering.looks import looks_text
from bot.core.rendering.text import answer_as_text

NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)
ASKED = GrammarContext(NOW, ZoneInfo("UTC"))
NASTY = ("<!channel>", "*_~`", "=HYPERLINK(1)", "שלום", "👩‍👩‍👧", "x" * 255)


def looks(count: int) -> list[ListedLook]:
    window = Interval(NOW - timedelta(days=2), NOW - timedelta(days=1))
    return [
        ListedLook(
            Look(NOW - timedelta(hours=n), f"U{n}", ("a0", "a1"), LookKind(kind), "command", window, channel), 2 + n
        )
        for n, (kind, channel) in enumerate([("figures", None), ("audit", None), ("figures", "C1")] * count)
    ]


@pytest.mark.parametrize("count", [0, 1, 17])
def test_a_log_of_looks_fits_slack_and_calls_nobody(count: int) -> None:
    names = {"a0": NASTY[0], "a1": NASTY[5]}
    text = looks_text(900, looks(count), names, zone=ZoneInfo("Asia/Kathmandu"), you="U0", own=None)
    message = render_text_answer(TextAnswer(parse("audit", ASKED), "Who looked at whom", text))

    assert violations(message.payload(), surface="message") == []
    assert "<!channel>" not in str(message.payload())


def test_a_log_of_looks_says_who_whom_when_and_how() -> None:
    text = looks_text(3, looks(1), {"a0": "Ana", "a1": "Ben"}, zone=ZoneInfo("UTC"), you="U0", own=None)

    assert text.splitlines()[:4] == [
        "3 looks",
        "Tue 24 Nov 2026",
        "    • 11:00:00 you",
        "        Ana, Ben, Sun 22 Nov 11:00 to Mon 23 Nov 11:00, by a command",
    ]
    assert "looked into this log for Ana, Ben and 1 more" in text
    assert "for all to see in C1" in text


def test_her_own_log_counts_colleagues_and_names_none() -> None:
    text = looks_text(3, looks(1), {"a0": "Ana", "a1": "Ben"}, zone=ZoneInfo("UTC"), you="U9", own="a0")

    assert "you and 1 other," in text
    assert "Ana" not in text
    assert "Ben" not in text


@pytest.mark.parametrize("name", NASTY)
def test_settings_and_saved_questions_fit_slack_whatever_is_in_them(name: str) -> None:
    kept = [Saved(f"question {n}", f'yesterday "{name}" ' * 3, "U1", n % 2 == 0, "U1", NOW) for n in range(50)]
    for text in (settings_text(Defaults(team=name[:100])), saved_text(kept), saved_text(())):
        message = render_text_answer(TextAnswer(parse("saved", ASKED), "Yours", text))
        assert violations(message.payload(), surface="message") == []
        assert "<!channel>" not in str(message.payload())


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("save morning yesterday team:Billing", "Saving “morning”: yesterday team:Billing"),
        ("save morning for this channel", "Saving “morning” for this channel: your last"),
        ("saved", "Saved questions"),
        ("saved morning", "Saved question “morning”"),
        ("unsave morning", "Forgetting “morning”"),
        ("settings", "Your settings"),
        ("settings zone new york", "Your settings, Zone: new york"),
        ("settings reset columns", "Your settings, Columns as the operator has it"),
        ("link", "Which agent you are"),
        ("link <@U2> ana", "Linking U2 to ana"),
        ("unlink", "Unlinking you"),
        ("again", "Your last question, once more"),
        ("audit me yesterday", "Who looked at you: Yesterday, Mon 23 Nov 00:00–24:00 UTC"),
    ],
)
def test_the_acknowledgement_says_what_was_understood(text: str, reading: str) -> None:
    assert render_reading(parse(text, ASKED)).split(" · ")[0] == reading


@pytest.mark.parametrize(
    ("style", "handle", "residue"),
    [
        (DurationStyle.WORDS, "2h 30m", "42m 00s less"),
        (DurationStyle.CLOCK, "02:30:00", "00:42:00 less"),
        (DurationStyle.DECIMAL, "2.50 h", "0.70 h less"),
    ],
)
def test_durations_are_written_as_she_chose_in_every_line(style: DurationStyle, handle: str, residue: str) -> None:
    row = Row((Group("agent", "a", "Ana"),), NOW, NOW, RowState.OK, False, {"handle_s": 9000.0}, {})
    answer = Answer(
        parse("yesterday", ASKED),
        (Column("handle_s", Unit.SECONDS, "Handle"),),
        (row,),
        {"handle_s": 9000.0},
        Coverage(agents_answered=1),
        headline="handle_s",
        residue_s=-2520.0,
        durations=style,
    )

    for text in (answer_as_text(answer, width=200), str(render_message(answer).payload())):
        plain = text.replace("\u00a0", " ")
        assert handle in plain
        assert residue in plain
        assert [form for form in ("2h 30m", "02:30:00", "2.50 h") if form in plain] == [handle]
