"""JSON and CSV: interfaces that other programs read."""

import csv
import io
import json
import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.answer import Notice, TextAnswer
from bot.core.defaults import DurationStyle
from bot.core.intervals import Interval
from bot.core.query import Query, Rank, Sort, Verb, query_as_json
from bot.core.rendering.csv_out import answer_as_csv, csv_filename, csv_pieces, safe_cell
from bot.core.rendering.json_out import answer_as_json, error_as_json, text_answer_as_json
from bot.errors import CommandError, SourceError
from tests.core.rendering.answers import NAMES, intervals, many, row, side_by_side, small, then, yesterday


def table(answer):
    return list(csv.DictReader(io.StringIO(answer_as_csv(answer), newline="")))


def test_json_has_the_keys_of_the_contract_in_its_order():
    shown = answer_as_json(replace(small(), warnings=(Notice("partial", "1 agent is missing."),)))
    assert list(shown) == ["query", "columns", "rows", "totals", "coverage", "warnings"]
    assert shown["query"] == query_as_json(small().query)
    assert shown["columns"][:3] == [
        {"name": "utilization", "unit": "ratio", "label": "Utilization"},
        {"name": "occupancy", "unit": "ratio", "label": "Occupancy"},
        {"name": "handle_s", "unit": "s", "label": "Handle"},
    ]
    assert shown["rows"][0] == {
        "agent_id": "id-Ana Díaz",
        "agent_name": "Ana Díaz",
        "start": "2026-11-22T00:00:00+00:00",
        "end": "2026-11-23T00:00:00+00:00",
        "state": "ok",
        "provisional": False,
        "missing": {},
        "utilization": 0.871,
        "occupancy": 0.9,
        "handle_s": 23520.0,
        "logged_in_s": 27000.0,
        "handled": 41,
        "aht_s": 573.66,
    }
    assert list(shown["rows"][0])[:7] == [
        "agent_id",
        "agent_name",
        "start",
        "end",
        "state",
        "provisional",
        "missing",
    ]
    assert shown["rows"][2]["state"] == "not_staffed"
    assert shown["rows"][2]["missing"] == dict.fromkeys(NAMES, "not_staffed")
    assert shown["rows"][2]["utilization"] is None
    assert shown["rows"][1]["missing"] == {"aht_s": "no_denominator"}
    assert shown["totals"] == {
        "utilization": 0.5681,
        "occupancy": 0.75,
        "handle_s": 23520.0,
        "logged_in_s": 41400.0,
        "handled": 41,
        "aht_s": 573.66,
    }
    assert shown["coverage"] == {
        "agents_asked": 5,
        "agents_answered": 4,
        "buckets": 1,
        "requests": 3,
        "conversations": None,
        "conversations_since": None,
        "sources": None,
        "segments_short_s": None,
        "duplicates_removed": 0,
        "data_as_of": "2026-11-23T09:12:00+00:00",
        "provisional_from": "2026-11-22T00:00:00+00:00",
        "cached": False,
    }
    assert shown["warnings"] == [{"code": "partial", "message": "1 agent is missing."}]
    json.dumps(shown, allow_nan=False)


def test_json_instants_carry_the_offset_of_the_questions_zone():
    from bot.core.zones import load_zone

    shown = answer_as_json(replace(small(), query=yesterday(zone=load_zone("Asia/Kathmandu"))))
    assert shown["rows"][0]["start"] == "2026-11-22T05:45:00+05:45"
    assert shown["coverage"]["data_as_of"] == "2026-11-23T14:57:00+05:45"


def test_json_never_holds_what_is_no_number():
    odd = row("x", (math.nan, math.inf, 1.0, 2.0, 3, -math.inf))
    shown = answer_as_json(replace(small(), rows=(odd,), totals={"utilization": math.nan}))
    json.dumps(shown, allow_nan=False)
    assert shown["rows"][0]["missing"] == dict.fromkeys(("utilization", "occupancy", "aht_s"), "no_data")
    assert shown["totals"]["utilization"] is None


def test_json_carries_the_chosen_rows_by_name_and_says_so():
    shown = answer_as_json(replace(small(), query=yesterday(rank=Rank(2), sort=Sort("handle_s"))))
    assert [r["agent_name"] for r in shown["rows"]] == ["Ana Díaz", "B. Ito"]
    assert shown["warnings"] == [
        {"code": "rows_chosen", "message": "2 of 5 rows (top 2 by Handle); totals are of all 5."}
    ]


def test_json_leaves_names_and_unrounded_numbers_as_they_are():
    shown = answer_as_json(replace(small(), rows=(row("<a>\u202e*", (1 / 3, 1.7, 0.1 + 0.2, 2.0, 3, None)),)))
    assert shown["rows"][0]["agent_name"] == "<a>\u202e*"
    assert shown["rows"][0]["utilization"] == 1 / 3
    assert shown["rows"][0]["handle_s"] == 0.1 + 0.2


def test_json_of_one_agents_half_hours_has_a_row_for_each():
    rows = answer_as_json(intervals())["rows"]
    assert len(rows) == 48
    assert [r["start"][11:16] for r in rows[:3]] == ["00:00", "00:30", "01:00"]
    assert sum(r["provisional"] for r in rows) == 1


def test_errors_and_texts_have_shapes_of_their_own():
    error = CommandError("Two dates.", hint="Which?", choices=(("20 November", "20 nov"),), code="ambiguous_date")
    assert error_as_json(error) == {
        "error": {"code": "ambiguous_date", "message": "Two dates.", "hint": "Which? Ask one of: 20 nov"}
    }
    assert error_as_json(SourceError("Down.")) == {
        "error": {"code": "platform_failed", "message": "Down.", "hint": None}
    }
    query = Query(text="help", verb=Verb.HELP)
    assert text_answer_as_json(TextAnswer(query, "Help", "One.\nTwo.")) == {
        "query": query_as_json(query),
        "title": "Help",
        "text": "One.\nTwo.",
    }


def test_csv_has_plain_numbers_and_says_why_some_are_missing():
    header, first, second, third, *_ = answer_as_csv(small()).split("\r\n")
    assert header == (
        "agent_id,agent_name,start,end,state,provisional,"
        "utilization,occupancy,handle_s,logged_in_s,handled,aht_s,missing"
    )
    assert first == (
        "id-Ana Díaz,Ana Díaz,2026-11-22T00:00:00+00:00,2026-11-23T00:00:00+00:00,ok,false,"
        "0.871,0.9,23520.0,27000.0,41,573.66,"
    )
    assert second.endswith(",zero,false,0.0,0.0,0.0,14400.0,0,,aht_s=no_denominator")
    assert third.startswith("id-Chloé O'Neill,Chloé O'Neill,")
    assert "utilization=not_staffed occupancy=not_staffed" in third


def test_csv_is_in_the_order_that_was_asked_for():
    drawn = table(replace(small(), query=yesterday(sort=Sort("handled", descending=False))))
    assert [r["agent_name"] for r in drawn] == ["B. Ito", "Ana Díaz", "Chloé O'Neill", "Dag Ås", "Eve"]


def test_csv_holds_every_row():
    assert len(table(many(1000))) == 1000


@pytest.mark.parametrize(
    ("outside", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'=1"),
        ("\r=1", "'=1"),
        ("\0=1", "'=1"),
        ("  =1", "'=1"),
        ("\u00a0\u200b=1", "'=1"),
        ("＝1", "'＝1"),
        ("＠x", "'＠x"),
        ("＋1", "'＋1"),
        ("'=1", "''=1"),
        ("a=1", "a=1"),
        ("Ana, B", "Ana, B"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(outside, cell):
    assert safe_cell(outside) == cell


@given(st.text(max_size=300))
def test_whatever_the_name_no_cell_begins_like_a_formula_and_the_file_keeps_its_shape(name):
    rows = table(replace(small(), rows=(row(name, (0.5, 0.5, 1.0, 2.0, 3, None)),)))
    assert len(rows) == 1
    assert None not in rows[0]
    assert rows[0]["handled"] == "3"
    for key in ("agent_id", "agent_name"):
        assert rows[0][key].lstrip()[:1] not in {"=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠"} - {""}


def test_the_files_name_is_the_days_it_covers():
    week = Interval(datetime(2026, 11, 16, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC))
    span = replace(small().query.range, windows=(week,))
    assert csv_filename(small().query) == "utilization_2026-11-22.csv"
    assert csv_filename(yesterday(range=span)) == "utilization_2026-11-16_2026-11-22.csv"
    assert csv_filename(Query(text="help")) == "utilization.csv"


# --- as Excel reads it in half of the world --------------------------------------------------------------------------


def lines(answer, *words: str, **own) -> list[str]:
    chosen = replace(answer, query=replace(answer.query, export=words), **own)
    return answer_as_csv(chosen).split("\r\n")


def test_csv_is_written_as_the_question_says():
    header, first, second, *_ = lines(small(), "semicolon", "decimal comma", "hours")
    assert header.startswith("\ufeffagent_id;agent_name;start;")
    assert ";utilization;occupancy;handle_h;logged_in_h;handled;aht_h;missing" in header
    assert first.endswith(";ok;false;0,871;0,9;6,533333;7,5;41;0,15935;")
    assert second.endswith(";zero;false;0,0;0,0;0,0;4,0;0;;aht_s=no_denominator")
    header, first, *_ = lines(small(), "tab", "h:mm:ss")
    assert header.startswith("agent_id\tagent_name\tstart\t")
    assert first.endswith("\t0.871\t0.9\t6:32:00\t7:30:00\t41\t0:09:34\t")
    assert lines(small(), "bom")[0].startswith("\ufeffagent_id,agent_name")


def test_what_the_reader_chose_holds_until_the_question_says_otherwise():
    own = {"csv": (";", ","), "durations": DurationStyle.DECIMAL}
    assert lines(small(), **own)[1].endswith(";0,871;0,9;6,533333;7,5;41;0,15935;")
    assert lines(small(), "comma", "decimal point", "seconds", **own) == lines(small())
    # A decimal comma between commas would make two columns of one.
    assert lines(small(), "decimal comma")[1].endswith(";0,871;0,9;23520,0;27000,0;41;573,66;")


def test_csv_of_a_comparison_has_both_times_and_the_changes():
    answer = side_by_side(small(), then(small()))
    header, *cells = csv.reader(io.StringIO(answer_as_csv(answer), newline=""))
    ana = dict(zip(header, cells[0], strict=True))
    assert header[: header.index("versus_start")] == answer_as_csv(small()).split("\r\n")[0].split(",")
    assert (ana["handled"], ana["versus_handled"], ana["change_handled"]) == ("41", "20", "21")
    assert ana["versus_start"] == "2026-11-21T00:00:00+00:00"
    assert float(ana["change_utilization"]) == pytest.approx(0.4355)
    dag = dict(zip(header, cells[3], strict=True))
    assert (dag["change_handled"], dag["versus_state"]) == ("", "not_fetched")
    assert dag["versus_missing"].startswith("utilization=not_fetched ")
    alone = replace(answer, rows=(replace(answer.rows[0], versus=None),))
    assert len(answer_as_csv(alone).split("\r\n")[1].split(",")) == len(header)
    falling = replace(side_by_side(then(small()), small()), durations=DurationStyle.CLOCK)
    assert ",-3:16:00," in answer_as_csv(falling)


def test_a_large_file_comes_in_pieces_that_join():
    pieces = list(csv_pieces(many(2_500)))
    assert [done for _, done in pieces] == [1_000, 2_000, 2_500]
    assert "".join(text for text, _ in pieces) == answer_as_csv(many(2_500))
    assert [done for _, done in csv_pieces(replace(small(), rows=()))] == [0]
