"""Moments on the wire → milliseconds, held against the standard library's own arithmetic and worked examples."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesys_client.instants import milliseconds

USUAL = "2026-03-10T13:24:04.120Z"
USUAL_MS = 1_773_149_044_120  # 20,522 days, 13 h 24 min 4.120 s

moments = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def spelled(moment):
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@given(st.lists(moments))
def test_moments_in_the_usual_spelling(found):
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    expected = [(moment - epoch) // timedelta(milliseconds=1) for moment in found]
    assert milliseconds([spelled(moment) for moment in found]).tolist() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(USUAL, USUAL_MS, id="usual"),
        pytest.param("2026-03-10T13:24:04Z", USUAL_MS - 120, id="no fraction"),
        pytest.param("2026-03-10T13:24:04.12Z", USUAL_MS, id="short fraction"),
        pytest.param("2026-03-10T13:24:04.120999Z", USUAL_MS, id="long fraction"),
        pytest.param("2026-03-10T13:24:04.120+00:00", USUAL_MS, id="no offset in digits"),
        pytest.param("2026-03-10T19:09:04.120+05:45", USUAL_MS, id="Kathmandu"),
        pytest.param("2026-03-10T09:24:04.12-04:00", USUAL_MS, id="New York"),
        pytest.param("2026-03-10T19:09:04+05:4Z", None, id="as long as usual, and no moment"),
        pytest.param("2028-02-29T00:00:00.000Z", 1_835_395_200_000, id="leap day"),
        pytest.param("1969-12-31T23:59:59.999Z", -1, id="just before 1970"),
    ],
)
def test_each_spelling_alone_and_among_usual_ones(text, expected):
    for texts, others in (([text], []), ([USUAL, text, USUAL], [USUAL_MS] * 2)):
        if expected is None:
            with pytest.raises(ValueError, match=r"\+05:4Z"):
                milliseconds(texts)
        else:
            found = milliseconds(texts).tolist()
            assert sorted(found) == sorted([expected, *others])
            assert found[len(texts) // 2] == expected


def test_texts_of_two_lengths_that_are_usual_on_average_are_not_mixed_up():
    texts = ["2026-03-10T13:24:04.12Z", "2026-03-10T13:24:04.1200Z"]
    assert milliseconds(texts).tolist() == [USUAL_MS, USUAL_MS]


@pytest.mark.parametrize(
    "text",
    [
        "noon",
        "",
        "2026-03-10T13:24:04.120",  # no offset
        "2026/03/10T13:24:04.120Z",
        "2026-03-10 13-24-04.120Z",
        "2O26-03-10T13:24:04.120Z",  # a letter among the digits
        "2026-13-10T13:24:04.120Z",
        "2026-02-29T13:24:04.120Z",
        "2026-00-10T13:24:04.120Z",
        "2026-03-10T24:00:00.000Z",
        "2026-03-10T23:60:00.000Z",
        "2026-03-10T23:59:60.000Z",
        "2026-03-10T13:24:04.１20Z",
    ],
)
def test_what_is_no_moment_is_named(text):
    for texts in ([text], [USUAL, text], [USUAL, "2026-03-10T13:24:04Z", text]):
        with pytest.raises(ValueError) as refusal:
            milliseconds(texts)
        assert refusal.value.args == (text,)
