"""Two times side by side, as people and programs see them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.core.answer import Notice, Unit
from bot.core.limits import violations
from bot.core.rendering import figures
from bot.core.rendering.blocks import render_message
from bot.core.rendering.json_out import answer_as_json
from bot.core.rendering.layout import Part, grid
from bot.core.rendering.names import width_of
from bot.core.rendering.text import answer_as_text
from tests.core.rendering.answers import NAMES, intervals, many, row, side_by_side, small, then

PHONE = """\
Agent           Util.     Δ Util.
─────────────  ──────  ──────────
Ana Díaz       87.1 %  ↑ +43.5 pp
B. Ito          0.0 %         = 0
Chloé O'Neill       ·           ·
Dag Ås              ?           ?
Eve                 –           –
─────────────  ──────  ──────────
All            56.8 %  ↑ +28.4 pp
"""


def test_a_terminal_shows_both_figures_and_what_they_differ_by():
    text = answer_as_text(side_by_side(small(), then(small())))
    assert text.startswith(
        "Utilization by agent, compared\n"
        "Yesterday, Sun 22 Nov 00:00–24:00 Europe/London, 48 half-hours, as posted;\n"
        "  against the day before, Sat 21 Nov 00:00–24:00\n"
        "Utilization 56.8 % over 4 agents, 28.4 % before (↑ +28.4 pp). Most up: Ana\n"
        "  Díaz ↑ +43.5 pp.\n"
    )
    assert "\nAna Díaz       87.1 %  43.5 %  ↑ +43.5 pp  90.0 %  45.0 %  ↑ +45.0 pp\n" in text
    assert "\nB. Ito          0.0 %   0.0 %         = 0   0.0 %   0.0 %         = 0\n" in text
    assert "\nDag Ås              ?       ?           ?       ?       ?           ?\n" in text
    assert "Δ this time minus before, ↑ more than before, ↓ less, pp percentage points" in text.replace("\n  ", " ")
    assert "No room here for Handle, Logged in, Handled." in text
    assert text.replace("\n  ", " ").endswith(
        " · 0 duplicates removed · 3 API calls · before: 4 of 5 agents answered, 2026-11-21 00:00 – 2026-11-22 00:00 "
        "Europe/London, 48 half-hours, data as of Mon 23 Nov 09:12, final\n"
    )


def test_a_phone_shows_the_figure_and_its_change():
    text = answer_as_text(side_by_side(small(), then(small())), width=34)
    assert PHONE in text
    assert max(map(width_of, text.splitlines())) <= 34


def test_totals_have_this_time_in_bold_and_figures_that_break_nowhere():
    (whole,) = [b for b in render_message(side_by_side(small(), then(small()))).blocks if "fields" in b]
    first = whole["fields"][0]["text"].replace(figures.NO_BREAK, "_")
    assert first == "Utilization\n*56.8_%*\nbefore 28.4_%, ↑_+28.4_pp"


@pytest.mark.parametrize(
    ("value", "unit", "column", "shown"),
    [
        (0.0321, Unit.RATIO, "utilization", "↑ +3.2 pp"),
        (-0.5, Unit.RATIO, "utilization", "↓ −50.0 pp"),
        (0.0004, Unit.RATIO, "utilization", "= 0"),
        (0.25, Unit.RATIO, "concurrency", "↑ +0.25"),
        (-3900.0, Unit.SECONDS, "handle_s", "↓ −1h 05m"),
        (0.2, Unit.SECONDS, "handle_s", "↑ +<1s"),
        (0.0, Unit.SECONDS, "handle_s", "= 0"),
        (1204, Unit.COUNT, "handled", "↑ +1,204"),
        (None, Unit.COUNT, "handled", None),
    ],
)
def test_a_change_has_its_arrow_its_sign_and_its_unit(value, unit, column, shown):
    assert figures.change(value, unit, column=column) == shown


def test_a_column_of_changes_sorts_what_is_missing_below_every_fall():
    here = replace(small(), rows=(row("Ana", (0.1,) * 6), *small().rows[2:]))
    there = replace(small(), rows=(row("Ana", (0.9,) * 6), *small().rows[2:]))
    table = grid(side_by_side(here, there), side_by_side(here, there).rows)
    place = next(i for i, head in enumerate(table.heads) if head.part is Part.CHANGE)
    fall, *nothing = (cells[place].value for cells in table.rows)
    assert fall == pytest.approx(-0.8)
    assert max(nothing) < -100_000


def test_times_carry_the_label_of_their_partner_only_where_it_differs():
    day = side_by_side(intervals(), then(intervals()))
    assert [head.text for head in grid(day, day.rows).heads][:2] == ["Start", "Utilization"]
    shifted = replace(
        day, rows=tuple(replace(r, versus=day.rows[i - 2].versus if i else None) for i, r in enumerate(day.rows))
    )
    table = grid(shifted, shifted.rows)
    assert [head.text for head in table.heads][:3] == ["Start", "Before", "Utilization"]
    assert [(cells[0].shown, cells[1].shown) for cells in table.rows[:4]] == [
        ("00:00", "–"),
        ("00:30", "23:30"),
        ("01:00", "00:00"),
        ("01:30", "00:30"),
    ]


def test_a_time_that_comes_later_is_called_after():
    answer = side_by_side(small(), then(small()))
    later = replace(answer, query=replace(answer.query, range=answer.query.versus, versus=answer.query.range))
    text = answer_as_text(later, width=100)
    assert "28.4 % after (↑ +28.4 pp)" in text
    assert "↑ more than after" in " ".join(text.split())


def test_what_one_side_alone_must_tell_is_told_with_its_name():
    other = replace(
        then(small()), warnings=(Notice("partial", "Status of 3 agents is missing."), Notice("residue", "…"))
    )
    text = answer_as_text(side_by_side(small(), other))
    assert "⚠ Before: Status of 3 agents is missing." in text
    assert "…" not in text.split("\n\n")[0]


@pytest.mark.parametrize("count", [1, 99, 100, 200, 201, 10_000])
def test_a_comparison_of_any_size_is_a_message_that_slack_takes(count):
    names = ("Agent {n:05d}", "W" * 255, "<!channel> *_~", "דנה כהן", "🙂 =1+1")
    columns = tuple(name for name in NAMES)
    here = replace(many(count, names), drawn=columns)
    answer = side_by_side(here, then(here, 1.5))
    message = render_message(answer)
    assert violations(message.payload(), surface="message") == []
    assert violations(message.fallback_payload(), surface="message") == []
    table = next(block for block in message.blocks if block["type"] == "data_table")
    heads = [cell["text"] for cell in table["rows"][0]]
    assert len(heads) <= 20
    assert (len(heads) - 1) % 3 == 0  # no comparison in part
    assert heads[1:4] == ["Utilization", "Utilization before", "Δ Utilization"]
    if count == 1:
        assert len(heads) == 19


def test_a_long_comparison_shows_who_changed_most():
    here = many(300, spark=False)
    # As much each time, but for Agent 00007, who rose most, and Agent 00009, who fell most.
    shifts = {7: -0.2, 9: 0.3}
    there = replace(
        here,
        rows=tuple(
            replace(r, values={**r.values, "utilization": r.values["utilization"] + shifts.get(n, 0)})
            for n, r in enumerate(here.rows)
        ),
    )
    message = render_message(side_by_side(here, there))
    table = next(block for block in message.blocks if block["type"] == "data_table")
    names = [cells[0]["text"] for cells in table["rows"][1:]]
    assert (len(names), names[0], names[-1]) == (40, "Agent 00007", "Agent 00009")
    assert "The 20 highest and 20 lowest of 300 rows by Δ Utilization; the CSV has them all." in str(message.blocks)


def test_json_has_both_sides_of_every_row_and_what_they_differ_by():
    here, there = small(), replace(then(small()), rows=(*then(small()).rows, row("Fay", (0.5,) * 6)))
    shown = answer_as_json(side_by_side(here, there))
    json.dumps(shown, allow_nan=False)
    ana = shown["rows"][0]
    assert list(ana)[-2:] == ["versus", "change"]
    assert (ana["handled"], ana["versus"]["handled"], ana["change"]["handled"]) == (41, 20, 21)
    assert ana["versus"]["start"] == "2026-11-21T00:00:00+00:00"
    assert shown["rows"][3]["change"] == dict.fromkeys(NAMES)
    assert shown["rows"][3]["versus"]["missing"] == dict.fromkeys(NAMES, "not_fetched")
    fay = shown["rows"][5]
    assert (fay["agent_name"], fay["state"], fay["handled"], fay["versus"]["utilization"]) == (
        "Fay",
        "no_data",
        None,
        0.5,
    )
    versus = shown["versus"]
    assert list(versus) == ["query", "unpaired", "totals", "change", "coverage", "warnings"]
    assert versus["unpaired"] == []
    assert versus["change"]["handled"] == 41 - 20
    assert versus["coverage"]["requests"] == 5
    assert shown["query"]["versus"]["label"] == versus["query"]["label"] == "The day before, Sat 21 Nov 00:00–24:00"
    plain = answer_as_json(small())
    assert "versus" not in plain
    assert "versus" not in plain["query"]
    assert not {"versus", "change"} & plain["rows"][0].keys()
