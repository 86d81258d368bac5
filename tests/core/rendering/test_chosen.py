"""Which rows were asked for."""

from dataclasses import replace

import pytest

from bot.core.answer import Missing, RowState
from bot.core.query import Filters, Rank, Sort, Threshold
from bot.core.rendering.chosen import chosen_in_name_order, chosen_notice, chosen_rows
from tests.core.rendering.answers import row, small


def answer(**changes):
    """Five agents at 50, 90, nothing, 70 and 70 %, the first with the most handle time."""
    shares = [("A", 0.5, 300.0), ("B", 0.9, 100.0), ("C", None, None), ("D", 0.7, 200.0), ("E", 0.7, 50.0)]
    rows = [
        row(
            name,
            (share, share, handle, 1.0, 1, 1.0),
            state=RowState.OK if handle else RowState.NOT_FETCHED,
            reason=Missing.NOT_FETCHED,
        )
        for name, share, handle in shares
    ]
    base = small()
    return replace(base, rows=tuple(rows), query=replace(base.query, **changes))


def names(rows):
    return "".join(r.groups[0].name for r in rows)


def test_a_rank_goes_by_the_next_drawn_column_where_no_row_has_the_headline():
    queue = answer(rank=Rank(2))
    rows = tuple(replace(r, values=r.values | {"utilization": None}) for r in queue.rows)
    queue = replace(queue, rows=rows, drawn=("utilization", "handle_s"))
    assert names(chosen_rows(queue)) == "AD"
    assert "top 2 by Handle" in chosen_notice(queue).message
    assert chosen_rows(replace(queue, query=replace(queue.query, thresholds=(Threshold(0.6, above=False),)))) == ()


@pytest.mark.parametrize(
    ("changes", "drawn"),
    [
        pytest.param({}, "ABCDE", id="by name"),
        pytest.param({"sort": Sort("utilization")}, "BDEAC", id="sorted, nothing last"),
        pytest.param({"sort": Sort("utilization", descending=False)}, "ADEBC", id="ascending, nothing last too"),
        pytest.param({"rank": Rank(2)}, "BD", id="top by the headline; of equals the first"),
        pytest.param({"rank": Rank(2, top=False)}, "AD", id="bottom by the headline"),
        pytest.param({"rank": Rank(2), "sort": Sort("handle_s")}, "AD", id="top by the sorted metric"),
        pytest.param({"rank": Rank(9)}, "BDEA", id="a rank needs a number"),
        pytest.param({"thresholds": (Threshold(0.7, above=False),)}, "A", id="below, strictly"),
        pytest.param({"thresholds": (Threshold(0.7, above=True),)}, "B", id="above, strictly"),
        pytest.param({"thresholds": (Threshold(0.6, above=True), Threshold(0.8, above=False))}, "DE", id="between two"),
        pytest.param({"thresholds": (Threshold(0.6, above=True),), "rank": Rank(1, top=False)}, "D", id="then ranked"),
        pytest.param({"sort": Sort("unknown")}, "ABCDE", id="a metric that no row has changes nothing"),
    ],
)
def test_rows_are_chosen_by_what_was_asked(changes, drawn):
    assert names(chosen_rows(answer(**changes))) == drawn


def test_active_leaves_out_rows_known_to_be_without_activity_only():
    kept = chosen_rows(replace(small(), query=replace(small().query, filters=Filters(active=True))))
    assert names(kept) == "Ana DíazDag Ås"


def test_json_keeps_the_order_of_the_answer():
    asked = answer(rank=Rank(3))
    assert names(chosen_rows(asked)) == "BDE"
    assert names(chosen_in_name_order(answer(rank=Rank(4)))) == "ABDE"


def test_the_notice_says_how_many_of_how_many_and_whose_the_totals_are():
    assert chosen_notice(answer()) is None
    notice = chosen_notice(answer(rank=Rank(2), thresholds=(Threshold(0.6, above=True),)))
    assert notice.code == "rows_chosen"
    assert notice.message == ("2 of 5 rows (top 2 by Utilization, Utilization above 60 %); totals are of all 5.")
