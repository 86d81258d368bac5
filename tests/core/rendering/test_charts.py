"""Slack's own charts: which one an answer gets, and what it says of all that isn't in it."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest

from bot.core.answer import Answer, Group, RowState
from bot.core.comparing import compared
from bot.core.intervals import Granularity
from bot.core.limits import violations
from bot.core.query import Dimension, Output, Rank, Sort
from bot.core.rendering.blocks import render_message
from bot.core.rendering.charts import charts, unique_labels
from bot.core.rendering.names import units, width_of
from bot.core.rendering.pictures import TWIN_LINES, heat_text
from bot.core.rendering.scheduled import render_scheduled
from bot.core.rendering.text import answer_as_text
from tests.core.rendering.answers import many, small
from tests.core.rendering.pictured import over_time, shift
from tests.core.rendering.test_schedules import fire, schedule

CHART = frozenset({Output.CHART})
NAMES = ["x", "W" * 255, "שירה לוי", "🙂" * 60, "<!channel>", "*_~`", "=HYPERLINK(1)", "山田 太郎", "", "Ana Díaz"]


def asking(answer: Answer, **changes) -> Answer:
    return replace(answer, query=replace(answer.query, **{"outputs": CHART, **changes}))


def values(block, series=0):
    return {point["label"]: point["value"] for point in block["chart"]["series"][series]["data"]}


# --- groups ----------------------------------------------------------------------------------------------------------


def test_agents_are_bars_from_the_highest_and_who_has_no_figure_is_named_and_never_zero():
    found = charts(asking(small()))

    (block,) = found.blocks
    assert block["title"] == "Utilization by agent"
    assert values(block) == {"Ana Díaz": 87.1, "B. Ito": 0.0}
    assert block["chart"]["axis_config"]["y_label"] == "Utilization, %"
    assert found.notes == ("Not drawn: Chloé O'Neill (not staffed); Dag Ås (not fetched); Eve (no data).",)


@pytest.mark.parametrize(
    ("agents", "sizes", "said"),
    [
        (20, [20], ""),
        (21, [11, 10], ""),
        (40, [20, 20], ""),
        (
            57,
            [20, 20],
            "The charts show the 20 highest and the 20 lowest of 57; the 17 between them are left out.",
        ),
    ],
)
def test_more_agents_than_a_chart_holds_make_two_and_more_than_these_are_cut_in_the_middle(agents, sizes, said):
    found = charts(asking(many(agents)))

    assert [len(block["chart"]["axis_config"]["categories"]) for block in found.blocks] == sizes
    assert "".join(found.notes) == said
    shares = [list(values(block).values()) for block in found.blocks]
    assert [sorted(part, reverse=True) for part in shares] == shares
    assert all(max(lower) <= min(upper) for upper, lower in pairwise(shares))
    assert len({label for block in found.blocks for label in values(block)}) == sum(sizes)


def test_the_sorted_metric_is_drawn_and_durations_have_a_unit_that_keeps_them_short():
    hours = charts(asking(small(), sort=Sort("handle_s")))
    minutes = charts(asking(small(), sort=Sort("aht_s")))

    assert values(hours.blocks[0])["Ana Díaz"] == 6.53  # 23,520 s
    assert hours.blocks[0]["chart"]["axis_config"]["y_label"] == "Handle, hours"
    assert values(minutes.blocks[0]) == {"Ana Díaz": 9.56}
    assert minutes.blocks[0]["chart"]["axis_config"]["y_label"] == "AHT, minutes"


def test_conversations_by_medium_are_parts_of_a_pie_without_those_that_are_nothing():
    media = [("voice", 903), ("chat", 261), ("email", 0)]
    rows = [
        replace(row, groups=(Group("media", name, name),), values={**row.values, "handled": count, "utilization": None})
        for row, (name, count) in zip(small().rows, media, strict=False)
    ]
    found = charts(asking(replace(small(), rows=tuple(rows)), group_by=(Dimension.MEDIA,), sort=Sort("handled")))

    (block,) = found.blocks
    assert block["chart"] == {
        "type": "pie",
        "segments": [{"label": "voice", "value": 903}, {"label": "chat", "value": 261}],
    }
    assert found.notes == ("Not in the pie, since they are 0: email.",)


def test_labels_are_short_and_each_occurs_once():
    names = ["Maximiliana Theodora A", "Maximiliana Theodora B", "Maximiliana Theodora C", "Ana", "Ana", "", ""]

    labels = unique_labels(names + NAMES + NAMES)

    assert labels[:5] == ["Maximiliana Theodor…", "Maximiliana Theo…(2)", "Maximiliana Theo…(3)", "Ana", "Ana(2)"]
    assert len(set(labels)) == len(labels)
    assert max(map(units, labels)) <= 20


# --- times -----------------------------------------------------------------------------------------------------------


def test_a_shift_of_half_hours_is_one_chart_and_the_rest_of_the_day_is_counted():
    found = charts(over_time(["Ana"], shift))

    (block,) = found.blocks
    assert list(values(block))[:2] == ["08:00", "08:30"]
    assert values(block)["08:30"] == 70.0
    assert block["title"] == "Utilization by half-hour"
    assert found.notes == ("Not drawn: 28 half-hours (not staffed).",)


def test_a_long_shift_is_two_charts_with_its_halves_in_their_titles():
    found = charts(over_time(["Ana"], lambda n, p: shift(n, p, opens=14, closes=46)))

    assert [block["title"] for block in found.blocks] == [
        "Utilization by half-hour: 07:00 to 14:30",
        "Utilization by half-hour: 15:00 to 22:30",
    ]


@pytest.mark.parametrize(("day", "sizes"), [(date(2026, 11, 20), [12, 12]), (date(2026, 10, 25), [13, 12])])
def test_a_whole_day_is_drawn_by_hours_in_two_charts(day, sizes):
    found = charts(
        over_time(["Ana"], lambda n, p: (900.0 if p % 2 else 0.0, 900.0 if p % 2 else 1800.0, 1), days=[day])
    )

    assert [len(values(block)) for block in found.blocks] == sizes
    assert set(values(found.blocks[0]).values()) == {33.3}  # 900 of 2,700 s, not the mean of 0 % and 100 %
    assert found.notes[0] == "By hour, so that it fits: each is sum ÷ sum over its half-hours."


def test_a_month_is_drawn_by_days_and_more_days_than_two_charts_hold_by_weeks():
    def work(n, place):
        return shift(n, place % 48)

    month = charts(over_time(["Ana"], work, days=[date(2026, 11, 1), date(2026, 11, 30)]))
    days = [date(2026, 9, 1), date(2026, 11, 30)]
    longer = charts(over_time(["Ana"], lambda n, p: (9.0, 90.0, 1), days=days, granularity=Granularity.DAY))

    assert [len(values(block)) for block in month.blocks] == [15, 15]
    assert next(iter(values(month.blocks[0]))) == "Sun 1 Nov"
    assert [len(values(block)) for block in longer.blocks] == [14]
    assert longer.notes[0] == "By week, so that it fits: each is sum ÷ sum over its days."


def test_a_few_groups_stand_side_by_side_and_many_are_taken_together():
    few = charts(over_time(["Ana", "Ben", "Cleo"], shift))
    lots = charts(over_time([f"Agent {n}" for n in range(37)], lambda n, p: shift(n % 2, p)))

    assert [series["name"] for series in few.blocks[0]["chart"]["series"]] == ["Ana", "Ben", "Cleo"]
    assert [series["name"] for series in lots.blocks[0]["chart"]["series"]] == ["All 37 agents"]
    assert values(lots.blocks[0])["08:00"] == pytest.approx((19 * 60 + 18 * 70) / 37, abs=0.05)
    assert "The chart is of 37 agents together; `heatmap` shows each of them." in lots.notes
    assert lots.notes[-1] == "In the chart the lowest half-hour is 10:00 (4.9 %), the highest 09:00 (84.9 %)."


def test_those_chosen_from_many_stand_side_by_side_if_they_are_few():
    found = charts(
        over_time(list("0123456789"), lambda n, p: (90.0 * n, 1800.0, 1) if p < 20 else shift(0, 0), rank=Rank(3))
    )

    assert [series["name"] for series in found.blocks[0]["chart"]["series"]] == ["9", "8", "7"]


def test_a_time_that_one_side_lacks_is_left_out_of_all():
    found = charts(over_time(["Ana", "Ben"], lambda n, p: RowState.NO_DATA if (n, p) == (1, 20) else shift(n, p)))

    assert "10:00" not in values(found.blocks[0])
    assert len(values(found.blocks[0], 1)) == 19
    assert found.notes[-1] == "Not drawn: 28 half-hours (not staffed); 1 half-hour (no data)."


# --- two times -------------------------------------------------------------------------------------------------------


def test_a_comparison_has_two_series_over_those_who_have_figures_at_both_times():
    here, there = (
        over_time(
            ["Ana", "Ben", "Cleo"],
            lambda n, p, day=day: RowState.NO_DATA if (day, n) == (13, 1) else (90.0 * day, 1800.0, n),
            days=[date(2026, 11, day)],
            outputs=[Output.CHART],
        )
        for day in (20, 13)
    )
    here = replace(here, query=replace(here.query, versus=replace(there.query.range, label="Fri 13 Nov, 00:00")))

    found = charts(compared(here, there))

    first, second = found.blocks
    assert [series["name"] for series in first["chart"]["series"]] == ["Fri 20 Nov", "Fri 13 Nov"]
    assert [values(first, side)["00:00"] for side in (0, 1)] == [100.0, 65.0]
    assert len(values(first)) == len(values(second)) == 12
    assert "The chart is of 3 agents together." in found.notes


def test_the_buckets_of_a_longer_day_that_have_no_partner_are_left_out():
    here, there = (
        over_time(["Ana"], lambda n, p: (900.0, 1800.0, 1), days=[day], outputs=[Output.CHART])
        for day in (date(2026, 10, 25), date(2026, 10, 18))
    )
    here = replace(here, query=replace(here.query, versus=there.query.range))

    found = charts(compared(here, there))

    assert sum(len(values(block)) for block in found.blocks) == 24
    assert "Not drawn: 1 hour (no data)." in found.notes


# --- in messages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("agents", [1, 5, 40, 99, 201])
@pytest.mark.parametrize("outputs", [("chart",), ("heatmap",), ("chart", "heatmap")])
def test_messages_with_pictures_keep_to_slacks_limits(agents, outputs):
    names = [NAMES[n % len(NAMES)] + str(n // len(NAMES)) for n in range(agents)]
    for answer in (
        over_time(names, shift, outputs=[Output(o) for o in outputs]),
        over_time(names, lambda n, p: (n % 7 * 250.0, 1800.0, 1), outputs=[Output(o) for o in outputs]),
        asking(many(agents, NAMES), outputs=frozenset(map(Output, outputs))),
    ):
        message = render_message(answer)
        for payload in (message.payload(), message.fallback_payload()):
            assert violations(payload, surface="message") == []


def test_a_chart_stands_above_its_table_with_its_words_and_the_fallback_keeps_these():
    answer = asking(small())

    message = render_message(answer)

    kinds = [block["type"] for block in message.blocks]
    assert kinds.index("data_visualization") < kinds.index("data_table")
    words = "Not drawn: Chloé O'Neill (not staffed)"
    assert words in str(message.blocks)
    assert words in str(message.fallback_blocks)
    assert words in message.text
    assert "data_visualization" not in str(message.fallback_blocks)
    assert "data_visualization" not in str(render_message(small()).blocks)


def test_the_chart_of_the_terminal_has_a_bar_for_each_figure():
    text = answer_as_text(asking(small()))

    assert "41\n\nUtilization by agent\nAna Díaz  87.1 %  ████████▊\nB. Ito     0.0 %  ▏\n\n" in text


def test_the_heat_map_takes_the_place_of_the_table_in_digits_of_a_phones_width():
    answer = over_time(["Ana Díaz", "שירה לוי"], shift)

    message = render_message(answer)

    assert "data_table" not in str(message.blocks)
    (cells,) = [block for block in message.blocks if block["type"] == "rich_text"]
    lines = cells["elements"][0]["elements"][0]["text"].split("\n")
    assert lines[0] == "         0 0 1 1 1 1 1 1 1 1"
    assert lines[2] == "Ana Díaz 67890123456789012345"
    assert lines[-1] == "All      67840123456784012345"
    assert max(map(width_of, lines)) <= 34
    assert "*Utilization 45.0 % over 2 agents." in message.blocks[2]["text"]["text"].replace("\u00a0", " ")
    assert "0 is under a tenth" in str(message.blocks)


def test_the_message_of_a_heat_map_is_called_by_what_it_shows():
    message = render_message(over_time(["Ana", "Ben"], shift, sort=Sort("handled")))

    assert message.blocks[0]["text"]["text"] == "Handled by agent and half-hour"
    assert message.text.startswith("Handled by agent and half-hour. Handled 80 over 2 agents.")


def test_a_whole_day_in_digits_is_two_panels_and_the_repeated_hour_is_named():
    answer = over_time(["Ana"], lambda n, p: (90.0 * (p % 20), 1800.0, 1), days=[date(2026, 10, 25)])

    twin = heat_text(answer, width=34)

    assert [text.split("\n")[2] for text in twin.texts] == [
        "Ana 00112233445566778899001122",
        "Ana 334455667788990011223344",
    ]
    assert "the repeated hour: 01:00 BST, then 01:00 GMT" in twin.notes[0]


def test_signs_of_nothing_differ_from_digits_and_are_explained():
    states = [RowState.NO_DATA, RowState.NOT_STAFFED, RowState.NOT_FETCHED]
    answer = over_time(["A", "B", "C", "D"], lambda n, p: (2000.0, 1800.0, 1) if n == 3 or p > 40 else states[n])

    twin = heat_text(answer, width=60, whole=True)

    lines = twin.texts[0].split("\n")
    assert [line.split()[1][0] for line in lines[2:6]] == ["–", "·", "?", "▲"]
    assert twin.notes[0].endswith("▲ over 100 %; – no data; · not staffed; ? not fetched.")


def test_digits_leave_out_who_has_no_figure_all_day_but_not_who_could_not_be_asked():
    answer = over_time(
        ["Ana", "Ben", "Cleo", "Dan"],
        lambda n, p: [RowState.NO_DATA, RowState.NOT_STAFFED, RowState.NOT_FETCHED, (900.0, 1800.0, 1)][n],
    )

    twin = heat_text(answer, width=34)

    assert [line.split()[0] for line in twin.texts[0].split("\n")[2:]] == ["Cleo", "Dan", "All"]
    assert twin.notes[1:] == ("No figure in the whole range: Ana, Ben.",)


def test_each_part_of_a_long_day_has_those_who_were_at_work_then():
    answer = over_time(["By night", "By day"], lambda n, p: shift(0, p, opens=30 * n, closes=10 + 38 * n))

    twin = heat_text(answer, width=34)

    assert [[name in text for name in ("By night", "By day")] for text in twin.texts] == [[True, False], [False, True]]
    assert twin.notes[0].endswith("Each part leaves out who has no figure in it.")


def test_names_that_are_long_however_narrow_cost_lines_and_never_the_message():
    names = [f"{n}" + "e\u0301\u0302\u0303\u0304" * 20 for n in range(60)]
    days = [date(2026, 11, 20), date(2026, 11, 20)]
    answer = over_time(names, lambda n, p: (900.0 + n, 1800.0, 1), days=days)

    message = render_message(answer)

    assert violations(message.payload(), surface="message") == []


def test_of_many_agents_the_message_shows_both_ends_and_the_terminal_all():
    answer = over_time([f"Agent {n:03d}" for n in range(120)], lambda n, p: shift(n, p) if p < 30 else (n, 1800.0, 0))

    twin, whole = heat_text(answer, width=34), heat_text(answer, width=78, whole=True)

    assert sum(text.count("Agent") for text in twin.texts) == 2 * TWIN_LINES
    assert any(note.startswith("The 20 highest and 20 lowest of 120 agents") for note in twin.notes)
    assert sum(text.count("Agent") for text in whole.texts) == 120


def test_a_heat_map_ranks_agents_and_not_half_hours():
    text = answer_as_text(over_time(["Ana", "Ben", "Cleo"], lambda n, p: (n * 300.0, 1800.0, 1), rank=Rank(2)))

    assert "Ana" not in text.split("half-hours, as posted", 1)[1].replace("Lowest: Ben", "")
    assert "2 of 3 agents, as asked." in text


def test_a_scheduled_post_carries_its_charts_and_is_drawn_the_same_each_time():
    answer = asking(over_time([f"Agent {n}" for n in range(30)], shift))

    first, second = (render_scheduled(answer, schedule(), fire(), late=False, incomplete=False) for _ in range(2))

    assert first == second
    assert sum(block["type"] == "data_visualization" for block in first["blocks"]) == 1
    assert violations({"text": first["text"], "blocks": first["blocks"]}, surface="message") == []
