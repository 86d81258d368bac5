"""`complete` and `anyway`: what an answer may cost, and how far back it looks."""

from __future__ import annotations

import pytest

from bot.core.grammar import format_query, parse
from bot.core.query import Booking
from bot.errors import CommandError
from tests.core.grammar.context import context


@pytest.mark.parametrize(
    ("text", "complete", "anyway", "booking", "again"),
    [
        ("yesterday complete", True, False, Booking.CLOCK, "yesterday complete"),
        ("yesterday clock complete", True, False, Booking.CLOCK, "yesterday clock complete"),
        ("last week clock anyway", False, True, Booking.CLOCK, "last week clock anyway"),
        ("anyway yesterday", False, True, Booking.POSTED, "yesterday anyway"),
        ("intervals me yesterday complete anyway", True, True, Booking.CLOCK, "intervals yesterday me complete anyway"),
        ("reconcile yesterday anyway", False, True, Booking.POSTED, "reconcile yesterday anyway"),
    ],
)
def test_they_are_read_and_written_again(text: str, complete: bool, anyway: bool, booking: Booking, again: str) -> None:
    query = parse(text, context())

    assert (query.complete, query.anyway, query.booking) == (complete, anyway, booking)
    assert format_query(query) == again


@pytest.mark.parametrize(
    "text", ["yesterday posted complete", "reconcile yesterday complete", "explain me 10:30 yesterday complete"]
)
def test_complete_is_refused_where_it_would_mean_nothing(text: str) -> None:
    with pytest.raises(CommandError, match="complete") as refused:
        parse(text, context())

    assert refused.value.code == "contradiction"
