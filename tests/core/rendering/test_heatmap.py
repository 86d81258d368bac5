"""The heat map as a picture: what it shows, what its words say, and that no name breaks it."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from PIL import Image

from bot.core.answer import RowState
from bot.core.query import Dimension, Output, Sort
from bot.core.rendering.courses import courses_of
from bot.core.rendering.heatmap import LONGEST_SIDE, MOST_LINES, MOST_PIXELS, MOST_SLOTS, draw
from bot.core.rendering.lettering import drawable
from bot.core.rendering.names import units
from bot.core.rendering.pictures import ALT_TEXT, heat_map, no_heat_map, refused
from bot.core.rights import Audience, for_audience
from tests.core.rendering.pictured import over_time, shift

HOSTILE = [
    "山田 太郎",
    "ก็ไทย",
    "محمد عبد الله",
    "שירה לוי",
    "\u202eevil\u202c",
    "a\x00b\nc",
    r"$x^2$ \frac{a}{b}",
    "<!channel>",
    "W" * 255,
    "e" + "\u0301" * 40,
    "Zoë 🌟",
    "🌟",
    "",
    "\ufdd0\ue000",
]

FIRST, LAST = "#440154", "#fde725"
"""The ends of the scale, as its makers publish them."""


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=int)


def holds(image: np.ndarray, colour: str) -> bool:
    """Whether some spot of the picture has exactly that colour."""
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return bool((image == wanted).all(axis=2).any())


def drawn(answer, **limits):
    courses = courses_of(answer, most_slots=MOST_SLOTS, most_lines=MOST_LINES, **limits)
    return draw(courses, heading="The reading")


def test_the_ends_of_the_scale_stand_for_nothing_and_for_all_of_the_time():
    idle, full = (pixels(drawn(over_time(["Ana"], lambda n, p, s=s: (s, 1800.0, 1))).png) for s in (0.0, 1800.0))

    idle, full = idle[-60:], full[-60:]  # the only line lies at the bottom, the scale's own colours far above it
    assert [holds(idle, colour) for colour in (FIRST, LAST)] == [True, False]
    assert [holds(full, colour) for colour in (FIRST, LAST)] == [False, True]


def test_each_kind_of_nothing_looks_different_without_a_colour():
    pictures = {
        state: drawn(over_time(["Ana", "Ben"], lambda n, p, s=state: (9.0, 90.0, 1) if n else s)).png
        for state in (RowState.NO_DATA, RowState.NOT_STAFFED, RowState.NOT_FETCHED)
    }
    # Ink in the line of the one without figures, between the names and the totals.
    inks = {}
    for state, png in pictures.items():
        image = pixels(png)
        height, width = image.shape[:2]
        line = image[height - 130 : height - 100, width // 4 : width * 3 // 4]
        inks[state] = int((line < 235).any(axis=2).sum())

    assert inks[RowState.NOT_STAFFED] < inks[RowState.NO_DATA] < inks[RowState.NOT_FETCHED]


def test_names_in_any_script_neither_crash_nor_warn_and_those_that_cannot_be_written_get_a_number():
    answer = over_time(HOSTILE, shift)

    picture = heat_map(answer)

    assert "#\u200b1 山田 太郎, #\u200b2 ก็ไทย" in picture.comment
    assert "#\u200b12 🌟" in picture.comment
    assert "<!channel>" not in picture.comment
    assert "\u202e" not in picture.alt_text + picture.comment


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ana Díaz", "Ana Díaz"),
        ("Zoë 🌟", "Zoë"),
        ("\u2068שירה\u2069", "שירה"),
        ("x\ufe0f\u200dy", "xy"),
        ("山田", None),
        ("🌟", None),
        ("", None),
    ],
)
def test_a_name_is_written_where_the_font_has_all_its_letters(name, shown):
    assert drawable(name) == shown


def test_the_description_states_the_finding_first_and_keeps_to_its_length():
    few = heat_map(over_time(["Ana", "Ben"], lambda n, p: (900.0 + 450 * n, 1800.0, 1)))
    long = heat_map(over_time(["🙂" * 40 + str(n) for n in range(5)], lambda n, p: (900.0 + 90 * n, 1800.0, 1)))

    assert few.alt_text.startswith(
        "Heat map. Utilization by agent and half-hour. Utilization 62.5 % over 2 agents."
        " Lowest: Ana 50.0 %. Highest: Ben 75.0 %."
    )
    assert few.filename == "heatmap_2026-11-20.png"
    assert few.title == "Utilization by agent and half-hour"
    assert units(long.alt_text) <= ALT_TEXT


@pytest.mark.parametrize(
    ("agents", "days"),
    [
        pytest.param(1, [date(2026, 11, 20)], id="one agent's day"),
        pytest.param(5, [date(2026, 10, 25)], id="50 half-hours"),
        pytest.param(201, [date(2026, 11, 20)], id="more agents than it holds"),
        pytest.param(3, [date(2026, 11, 1), date(2026, 11, 30)], id="a month"),
    ],
)
def test_a_picture_stays_within_its_bounds(agents, days):
    answer = over_time([f"Agent {n:03d}" for n in range(agents)], shift, days=days)

    picture = heat_map(answer)

    height, width, _ = pixels(picture.content).shape
    assert width <= LONGEST_SIDE
    assert height <= LONGEST_SIDE
    assert width * height <= MOST_PIXELS * 1.01
    assert len(picture.content) < 3_000_000


def test_more_lines_or_columns_than_a_picture_holds_are_a_mistake_of_the_caller():
    courses = courses_of(over_time(list("abc"), shift), most_slots=200, most_lines=200)

    with pytest.raises(ValueError, match="no picture holds"):
        draw(replace(courses, slots=courses.slots * 11), heading="")


def test_pictures_drawn_side_by_side_are_those_drawn_alone():
    answers = [over_time(["Ana", f"Ben {n}"], lambda i, p, n=n: (90.0 * n, 900.0, 1)) for n in range(6)]
    alone = [heat_map(answer).content for answer in answers]

    with ThreadPoolExecutor(6) as pool:
        beside = list(pool.map(lambda answer: heat_map(answer).content, answers))

    assert beside == alone
    assert len(set(alone)) == 6


def test_sums_stand_without_a_colour_since_theirs_would_be_of_another_scale():
    handled = over_time(["Ana", "Ben"], lambda n, p: (900.0, 1800.0, 1), sort=Sort("handled"))

    image = pixels(heat_map(handled).content)

    # Every cell holds 1, the top of the scale; the last line, of both together, holds 2 and no colour.
    assert not holds(image[-60:], LAST)
    assert holds(image[-120:-60], LAST)


def test_where_there_is_nothing_to_draw_the_reason_is_said():
    plain = over_time(["Ana"], shift, group_by=(Dimension.AGENT,))
    empty = over_time(["Ana"], lambda n, p: RowState.NO_DATA)
    shown = for_audience(
        over_time([f"A{n}" for n in range(6)], shift), Audience("C1", named=False, shared_externally=False)
    )

    for answer in (plain, empty, shown):
        assert heat_map(answer) is None
    assert no_heat_map(plain) == "No heat map: it needs times, such as `by interval`."
    assert no_heat_map(empty) == "No heat map: nothing in this answer has a figure."
    assert no_heat_map(shown).startswith("No heat map here: it would show single agents")
    assert Output.HEATMAP in shown.query.outputs


def test_a_refusal_says_what_is_the_matter_and_where_the_figures_are():
    assert refused("file_uploads_disabled") == (
        "Slack did not take the picture: uploads are switched off in this workspace."
        " The heat map in digits above has the same figures."
    )
    assert "`files:write` is missing" in refused("missing_scope")
    assert "`odd_error`" in refused("odd_error")
