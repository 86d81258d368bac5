"""The workbook, read back by another library than the one that wrote it."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from bot.core.answer import Notice
from bot.core.intervals import local_day
from bot.core.query import Output
from bot.core.rendering import exporting, xlsx_out
from bot.core.rendering.exporting import files_of
from bot.core.rendering.xlsx_out import answer_as_xlsx, xlsx_filename
from bot.errors import CommandError
from tests.core.rendering.answers import LONDON, intervals, many, row, side_by_side, small, then, yesterday


def sheets(answer):
    book = load_workbook(io.BytesIO(answer_as_xlsx(answer)))
    return book["Figures"], book["About"], book


def table(sheet):
    heads = [cell.value for cell in sheet[1]]
    return [dict(zip(heads, cells, strict=True)) for cells in sheet.iter_rows(min_row=2)]


def about(sheet) -> dict[str, object]:
    return {cells[0]: cells[1] for cells in sheet.iter_rows(values_only=True) if cells[0]}


def test_every_figure_is_of_its_type():
    figures, _, _ = sheets(small())
    ana, ito, chloe, *_ = table(figures)
    assert ana["Agent"].value == "Ana Díaz"
    assert (ana["Utilization"].value, ana["Utilization"].number_format) == (0.871, "0.0%")
    assert (ana["Handle"].value, ana["Handle"].number_format) == (timedelta(seconds=23520), "[h]:mm:ss")
    assert (ana["Handled"].value, ana["Handled"].number_format) == (41, "#,##0")
    assert (ana["Start (Europe/London)"].value, ana["UTC offset"].value) == (datetime(2026, 11, 22), "+00:00")
    assert ana["End (Europe/London)"].number_format == "yyyy-mm-dd hh:mm"
    assert (ana["State"].value, ana["Missing"].value) == ("ok", None)
    assert (ito["AHT"].value, ito["Missing"].value) == (None, "nothing to divide by: AHT")
    assert (chloe["Utilization"].value, chloe["State"].value, chloe["Missing"].value) == (
        None,
        "not staffed",
        "not staffed",
    )
    assert list(ana)[-1] == "Agent id"


def test_the_sheet_can_be_read_sorted_and_filtered():
    figures, _, _ = sheets(many(30, ("W" * 300,)))
    assert figures.freeze_panes == "B2"
    assert figures.auto_filter.ref == "A1:M31"
    assert figures.column_dimensions["A"].width == pytest.approx(40, abs=1)
    assert figures["A1"].font.bold


def test_the_local_time_is_that_of_the_zone_also_where_an_hour_comes_twice():
    figures, _, _ = sheets(intervals(day=local_day(date(2026, 10, 25), LONDON)))
    times = [
        (cells["Start (Europe/London)"].value.strftime("%H:%M"), cells["UTC offset"].value) for cells in table(figures)
    ]
    assert len(times) == 50
    assert times[2:6] == [("01:00", "+01:00"), ("01:30", "+01:00"), ("01:00", "+00:00"), ("01:30", "+00:00")]


def test_a_comparison_has_both_times_and_changes_that_excel_can_show():
    figures, notes, _ = sheets(side_by_side(small(), then(small())))
    ana = table(figures)[0]
    assert ana["Handled before"].value == 20
    assert ana["Start before (Europe/London)"].value == datetime(2026, 11, 21)
    assert ana["Δ Utilization"].value == pytest.approx(43.55)
    assert '" pp"' in ana["Δ Utilization"].number_format
    assert ana["Δ Handle"].value == pytest.approx(11760 / 60)
    assert '" min"' in ana["Δ Handle"].number_format
    assert ana["Δ Handled"].value == 21
    rows = list(notes.iter_rows(values_only=True))
    assert ("Handled", 41, 20, 21) in rows


def test_the_second_sheet_says_what_the_figures_are_and_rest_on():
    answer = replace(
        small(), warnings=(Notice("partial", "1 agent is missing."),), query=yesterday(text="=cmd|yesterday")
    )
    _, notes, book = sheets(answer)
    said = about(notes)
    assert said["Question"] == "=cmd|yesterday"
    assert said["Reading"].startswith("Yesterday, Sun 22 Nov 00:00–24:00 Europe/London, 48 half-hours, as posted")
    assert said["Coverage"].startswith("4 of 5 agents answered · ")
    assert said["Warning"] == "1 agent is missing."
    assert said["Utilization"].startswith("INTERACTING ÷ logged-in. How much of the time somebody was logged in")
    assert ("Handle", timedelta(seconds=23520)) in [cells[:2] for cells in notes.iter_rows(values_only=True)]
    assert book.properties.created == datetime(2026, 11, 23, 9, 12)


def test_the_same_answer_makes_the_same_bytes():
    assert answer_as_xlsx(small()) == answer_as_xlsx(small())


@settings(max_examples=40)
@given(st.text(max_size=300))
def test_no_name_becomes_a_formula_or_a_link(name):
    figures, _, _ = sheets(replace(small(), rows=(row(name, (0.5, 0.5, 1.0, 2.0, 3, None)),)))
    (cells,) = table(figures)
    for cell in (cells["Agent"], cells["Agent id"]):
        assert cell.data_type in {"s", "inlineStr", "n"}  # n: an empty cell
        assert cell.hyperlink is None
    assert cells["Handled"].value == 3


@pytest.mark.parametrize("name", ["=1+1", "@SUM(A1)", "https://example.com", "mailto:a@b.c", "-1", "1e5", "{=A1}"])
def test_what_looks_like_a_formula_a_link_or_a_number_stays_text(name):
    figures, _, _ = sheets(replace(small(), rows=(row(name, (0.5, 0.5, 1.0, 2.0, 3, None)),)))
    cell = figures["A2"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (name, "s", None)


def test_a_large_sheet_is_streamed_and_says_how_far_it_is(monkeypatch):
    monkeypatch.setattr(xlsx_out, "_STREAMED_FROM", 1_500)
    told = []
    content = answer_as_xlsx(many(2_500, spark=False), told=lambda done, of: told.append((done, of)))
    assert told == [(1_000, 2_500), (2_000, 2_500), (2_500, 2_500)]
    figures = load_workbook(io.BytesIO(content), read_only=True)["Figures"]
    rows = list(figures.iter_rows(values_only=True))
    assert (len(rows), rows[2_500][0], rows[2_500][6]) == (2_501, "Agent 02499", pytest.approx(0.63))


def test_more_rows_than_a_sheet_has_are_refused_and_not_lost(monkeypatch):
    monkeypatch.setattr(xlsx_out, "SHEET_ROWS", 4)
    with pytest.raises(CommandError) as refusal:
        answer_as_xlsx(small())
    assert refusal.value.code == "file_too_large"


# --- the files of a question ----------------------------------------------------------------------------------------


def asking(answer, *outputs: Output, export: tuple[str, ...] = ()):
    return replace(answer, query=replace(answer.query, outputs=frozenset(outputs), export=export))


def test_a_question_gets_the_files_that_it_names():
    assert files_of(asking(small(), Output.CHART)) == ()
    csv, xlsx = files_of(asking(small(), Output.XLSX, Output.CSV, export=("semicolon",)))
    assert csv.filename == "utilization_2026-11-22.csv"
    assert csv.content.startswith("\ufeffagent_id;agent_name;".encode())
    assert xlsx.filename == "utilization_2026-11-22.xlsx" == xlsx_filename(small().query)
    assert xlsx.content[:2] == b"PK"
    compared = side_by_side(small(), small()).query
    assert xlsx_filename(compared) == "utilization_2026-11-22_vs_2026-11-21.xlsx"


def test_what_the_caller_raises_ends_the_work():
    class CancelledError(Exception):
        pass

    def cancelled(done: int, of: int) -> None:
        raise CancelledError

    for output in (Output.CSV, Output.XLSX):
        with pytest.raises(CancelledError):
            files_of(asking(small(), output), told=cancelled)


@pytest.mark.parametrize(("bound", "value"), [("MOST_ROWS", 4), ("MOST_BYTES", 500)])
@pytest.mark.parametrize("output", [Output.CSV, Output.XLSX])
def test_a_file_beyond_the_bounds_is_refused_in_words(monkeypatch, bound, value, output):
    monkeypatch.setattr(exporting, bound, value)
    with pytest.raises(CommandError) as refusal:
        files_of(asking(small(), output))
    assert refusal.value.code == "file_too_large"
    assert refusal.value.hint


def test_instants_of_no_zone_are_utc():
    figures, _, _ = sheets(replace(small(), query=yesterday(zone=None)))
    assert figures["B1"].value == "Start (UTC)"
    assert figures["B2"].value == small().rows[0].start.astimezone(UTC).replace(tzinfo=None)
