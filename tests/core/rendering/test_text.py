"""What the terminal shows, to the letter."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.core.answer import Missing, Notice, RowState, TextAnswer
from bot.core.intervals import local_day
from bot.core.query import Booking, Dimension, Filters, Query, Rank, Selector, SelectorKind, Verb
from bot.core.rendering.names import width_of
from bot.core.rendering.text import answer_as_text, error_as_text, text_answer_as_text
from bot.core.rendering.wording import sources
from bot.core.sourcing import KeptDay, Sources
from bot.core.zones import load_zone
from bot.errors import CommandError, SettingsError, SourceError
from tests.core.rendering.answers import LONDON, intervals, many, row, small

SMALL = """\
Utilization by agent
Yesterday, Sun 22 Nov 00:00–24:00 Europe/London, 48 half-hours, as posted
Utilization 56.8 % over 4 agents. Lowest: B. Ito 0.0 %. Highest: Ana Díaz
  87.1 %.

                                        Logged
Agent           Util.  Occup.  Handle       in  Handled  09:00–15:00
─────────────  ──────  ──────  ──────  ───────  ───────  ────────────
Ana Díaz       87.1 %  90.0 %  6h 32m   7h 30m       41  ▁▅█▃▇▇▁▅█▃▇▇
B. Ito          0.0 %   0.0 %       0   4h 00m        0  ············
Chloé O'Neill       ·       ·       ·        ·        ·  ············
Dag Ås              ?       ?       ?        ?        ?  ············
Eve                 –       –       –        –        –  ············
─────────────  ──────  ──────  ──────  ───────  ───────  ────────────
All            56.8 %  75.0 %  6h 32m  11h 30m       41

– no data, · not staffed or nothing in that half-hour, ? not fetched, 0 logged
  in without work, ▁…█ 0 to 100 %
Residue: handle is 3m 12s more than contacting, dialing, talk, held and ACW
  together.
4 of 5 agents answered · 2026-11-22 00:00 – 2026-11-23 00:00 Europe/London, 48
  half-hours · data as of Mon 23 Nov 09:12 (18 min ago) · all of it still
  provisional · 0 duplicates removed · 3 API calls
"""

PHONE = """\
Utilization by half-hour: Ana Díaz
Yesterday, Sun 22 Nov 00:00–24:00
  Europe/London, 48 half-hours, as
  posted
Ana Díaz: Utilization 70.8 %.
  Lowest: 09:00 33.3 %. Highest:
  09:30 100.0 %.

Start      Util.  0–100 %   Occup.
───────  ───────  ───────  ───────
00:00          ·  ·              ·
⋮
08:30          ·  ·              ·
09:00     33.3 %  ██▍       33.3 %
09:30 ▲  100.0 %  ███████  100.0 %
10:00     66.7 %  ████▋     66.7 %
10:30 ≈   83.3 %  █████▉    83.3 %
11:00          ·  ·              ·
⋮
23:30          ·  ·              ·
───────  ───────  ───────  ───────
Total     70.8 %            70.8 %

No room here for Handle, Logged
  in, Handled.
· not staffed, ≈ still provisional
▲ more than its time holds: posted
  time lands whole in the
  half-hour in which it was
  reported, wherever the work
  began.
Handle is the sum of contacting,
  dialing, talk, held and ACW.
1 of 1 agent answered · 2026-11-22
  00:00 – 2026-11-23 00:00
  Europe/London, 48 half-hours ·
  data as of Mon 23 Nov 09:12 ·
  all of it still provisional · 0
  duplicates removed · 3 API calls
"""


def test_a_team_on_a_terminal():
    assert answer_as_text(small(), now=datetime(2026, 11, 23, 9, 30, tzinfo=UTC)) == SMALL


def test_one_agents_half_hours_on_a_phone():
    assert answer_as_text(intervals(), width=34) == PHONE


@pytest.mark.parametrize("width", [34, 50, 78, 120])
@pytest.mark.parametrize(
    "names",
    [
        ("Agent {n:05d}",),
        ("W" * 255,),
        ("李小龍", "Ana", "🙂🙂 Smile", "e\u0301\u0301\u0301"),
        ("דנה כהן", "علي حسن"),
    ],
    ids=["plain", "long", "wide", "right to left"],
)
def test_every_line_keeps_to_the_width_and_every_column_to_its_place(width, names):
    lines = answer_as_text(many(12, names), width=width).splitlines()
    assert max(map(width_of, lines)) <= width
    rule = next(i for i, line in enumerate(lines) if line.startswith("─"))
    columns = [len(dashes) for dashes in lines[rule].split()]
    table = lines[rule + 1 : rule + 13]
    assert len(table) == 12
    # Up to its last column every row is as wide as the rule: numbers end, sparklines begin, at one place.
    numbers = sum(columns[:2]) + 2
    for line in table:
        cut = width_of(line[: line.index("%") + 1])
        assert cut == numbers


@pytest.mark.parametrize("width", [0, 1, 24])
def test_a_terminal_too_narrow_for_a_table_still_gets_one(width):
    lines = answer_as_text(many(2, ("李小龍", "W" * 255)), width=width).splitlines()
    assert max(map(width_of, lines)) <= 24


def test_a_name_that_looks_like_a_number_stays_a_name():
    text = answer_as_text(many(2, ("1e5", "0012")))
    assert "\n1e5 " in text
    assert "\n0012 " in text


def test_namesakes_are_told_apart_by_their_ids():
    values = (0.5, 0.5, 60.0, 120.0, 1, 60.0)
    rows = (row("Ana", values, agent_id="11aa-x"), row("Ana", values, agent_id="22bb-x"), row("Eve", values))
    text = answer_as_text(replace(small(), rows=rows))
    assert "\nAna (11aa) " in text
    assert "\nAna (22bb) " in text
    assert "\nEve  " in text


def test_warnings_and_notes_stand_above_the_table():
    query = replace(small().query, notes=("Widened to half-hours.",))
    text = answer_as_text(replace(small(), query=query, warnings=(Notice("partial", "12 agents\nare missing."),)))
    above, _, _ = text.partition("\nAgent ")
    assert "Widened to half-hours." in above
    assert "⚠ 12 agents are missing." in above


def test_a_ranked_answer_says_that_totals_are_of_all():
    text = answer_as_text(replace(small(), query=replace(small().query, rank=Rank(1))))
    assert "\nAna Díaz" in text
    assert "\nB. Ito" not in text
    assert "1 of 5 rows (top 1 by Utilization); totals are of all 5." in text
    assert "\nAll " in text


def test_no_rows_are_an_answer_in_words():
    text = answer_as_text(replace(small(), rows=(), sparks={}))
    assert "Nothing to show: nobody matched, or nobody worked, in that range." in text
    assert "4 of 5 agents answered" in text
    assert "─" not in text


def test_a_reason_that_all_rows_share_is_said_once_in_words():
    rows = tuple(
        row(name, (None, None, 60.0, None, 1, 60.0), reason=Missing.NOT_DIVISIBLE, state=RowState.OK) for name in "AB"
    )
    totals = {"handle_s": 120.0, "handled": 2, "aht_s": 60.0}
    text = answer_as_text(replace(small(), rows=rows, totals=totals, sparks={}), width=200)
    assert "Utilization of 4 agents: status time can't be split by queue, media or direction." in text
    assert "n/a status time can't be split by queue, media or direction" in text


def test_a_cause_that_a_warning_tells_is_not_told_again():
    told = replace(intervals(), warnings=(Notice("bucket_overflow", "1 row is longer than its half-hour."),))
    text = answer_as_text(told, width=120)
    assert "\n▲ more than its time holds\n" in text


@pytest.mark.parametrize(
    ("since", "said"),
    [
        (None, " · final · "),
        (datetime(2026, 11, 22, tzinfo=UTC), " · all of it still provisional · "),
        (datetime(2026, 11, 22, 23, 30, tzinfo=UTC), " · provisional from Sun 22 Nov 23:30 · "),
    ],
)
def test_the_coverage_line_says_what_may_still_move(since, said):
    answer = replace(small(), coverage=replace(small().coverage, provisional_from=since))
    assert said in answer_as_text(answer, width=500)


def test_the_coverage_line_says_what_was_read_and_what_was_kept():
    covered = replace(small().coverage, conversations=1204, duplicates_removed=1, requests=1, cached=True)
    text = answer_as_text(replace(small(), coverage=covered), width=500, now=datetime(2026, 11, 25, 12, tzinfo=UTC))
    assert "(2 days ago)" in text
    assert text.endswith("1,204 conversations · 1 duplicate removed · 1 API call · from the cache\n")


def test_the_coverage_line_says_since_when_conversations_are_known_and_that_nothing_is_missing():
    since = datetime(2026, 3, 7, tzinfo=UTC)
    covered = replace(small().coverage, conversations=12, conversations_since=since, segments_short_s=0.0)
    text = answer_as_text(replace(small(), coverage=covered), width=500)
    assert "12 conversations begun since 2026-03-07 · no posted time is missing from it" in text


def test_by_the_clock_overlap_is_the_cause_of_more_than_a_half_hour():
    query = replace(intervals().query, booking=Booking.CLOCK)
    assert "▲ more than its time holds: work that overlaps counts each time." in answer_as_text(
        replace(intervals(), query=query), width=120
    )


def test_the_repeated_hour_is_labelled_so_that_both_can_be_told_apart():
    text = answer_as_text(intervals(day=local_day(date(2026, 10, 25), LONDON)), width=78)
    assert "50 half-hours" in text
    assert "\n00:00" in text  # the night itself is folded: nobody worked
    grouped = replace(
        intervals(day=local_day(date(2026, 10, 25), LONDON)),
        rows=tuple(
            replace(r, values={**r.values, "handled": n}, state=RowState.OK)
            for n, r in enumerate(intervals(day=local_day(date(2026, 10, 25), LONDON)).rows)
        ),
    )
    text = answer_as_text(grouped, width=78)
    for label in ("01:00 BST", "01:30 BST", "01:00 GMT", "01:30 GMT"):
        assert text.count(f"\n{label} ") == 1


def test_times_of_several_days_carry_their_day():
    base = intervals()
    span = replace(base.query.range, windows=(base.query.range.windows[0], local_day(date(2026, 11, 23), LONDON)))
    text = answer_as_text(replace(base, query=replace(base.query, range=span)), width=78)
    assert "\n22 Nov 09:30 ▲" in text


def test_by_day_and_by_week_label_rows_with_dates():
    monday = local_day(date(2026, 11, 16), LONDON)
    week = replace(monday, end=local_day(date(2026, 11, 22), LONDON).end)
    values = (0.5, 0.5, 60.0, 120.0, 1, 60.0)
    by_day = replace(
        small(),
        query=replace(small().query, group_by=(Dimension.DAY,)),
        rows=(replace(row("x", values, interval=monday), groups=()),),
    )
    assert "\nMon 16 Nov " in answer_as_text(by_day)
    by_week = replace(
        by_day,
        query=replace(by_day.query, group_by=(Dimension.WEEK,)),
        rows=(replace(row("x", values, interval=week), groups=()),),
    )
    assert "\n16 Nov – 22 Nov " in answer_as_text(by_week)


def test_text_answers_and_errors_stand_as_they_are():
    query = Query(text="help", verb=Verb.HELP)
    assert text_answer_as_text(TextAnswer(query, "Help", "One.\n  Two.")) == "Help\n\nOne.\n  Two.\n"
    error = CommandError("Two agents match.", hint="Say which.", choices=(("Ana D.", "ana.d"), ("Ana E.", "ana.e")))
    assert error_as_text(error) == "Two agents match.\n→ Say which. Ask one of: ana.d; ana.e\n"
    error = SettingsError("2 settings:\n  A is missing.\n  B is \x1b[31mred.", hint="See `.env.example`.")
    assert error_as_text(error) == "2 settings:\n  A is missing.\n  B is [31mred.\n→ See `.env.example`.\n"
    assert error_as_text(SourceError("Down.", reference="c-1")) == "Down.\nReference for Genesys's support: c-1\n"


def test_the_coverage_line_says_where_conversations_came_from():
    fetched = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
    young = KeptDay(date(2026, 11, 22), fetched, 3, running=False)
    final = KeptDay(date(2026, 11, 10), fetched, 3, running=False)
    zone = load_zone("UTC")

    assert list(sources(Sources((final, young), pages=3), zone)) == [
        "2 days from the archive (fetched Mon 23 Nov 02:10, provisional), 3 pages"
    ]
    assert list(sources(Sources((final,), jobs=1), zone)) == [
        "1 day from the archive (fetched Mon 23 Nov 02:10), 1 job"
    ]
    assert list(sources(Sources(), zone)) == []


def test_the_ends_of_rows_that_were_chosen_are_of_those_alone():
    rows = tuple(row(name, (share,) * 6) for name, share in (("Ana", 0.9), ("Bo", 0.8), ("Cy", 0.1)))
    answer = replace(small(), rows=rows, query=replace(small().query, rank=Rank(2)))
    text = " ".join(answer_as_text(answer).split())
    assert "over 4 agents. Of the 2 rows shown: Lowest: Bo 80.0 %. Highest: Ana 90.0 %." in text


def test_a_residue_is_told_once():
    warned = replace(small(), warnings=(Notice("residue", "Handle is 3 min more."),))
    assert "Residue:" not in answer_as_text(warned)


def test_a_name_is_cut_only_where_not_even_the_headline_fits_beside_it():
    text = answer_as_text(many(3, ("Maximiliana Theodora",)), width=34)
    assert "\nMaximiliana Theod…   0.0 %   0.0 %\n" in text  # a third figure would leave it eight letters
    assert "No room here for Handle" in text


def test_a_mention_is_named_once_the_answer_knows_whom_it_means():
    mention = Filters(include=(Selector(SelectorKind.MENTION, "U1"),))
    query = replace(small().query, filters=mention)
    assert "as posted, Ana Díaz\n" in answer_as_text(replace(small(), query=query, rows=small().rows[:1]), width=200)
    assert "as posted, the person mentioned\n" in answer_as_text(replace(small(), query=query), width=200)
