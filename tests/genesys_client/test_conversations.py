from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesys_client import ConversationDetailsQuery, PayloadError
from genesys_client.parallel import AHEAD, WIDTH
from genesys_client.windows import pieces
from tests.genesys_client.stand_in import Answer, Platform

DETAILS = "/api/v2/analytics/conversations/details/query"


def at(day, hour=0, month=3):
    return datetime(2026, month, day, hour, tzinfo=UTC)


class Archive:
    """Conversations by number of their page; says how many there are as far as it likes to."""

    def __init__(self, pages, *, hint):
        self.pages = pages
        self.hint = hint

    def __call__(self, request):
        number = request.body["paging"]["pageNumber"]
        body = {"totalHits": self.hint} if self.hint is not None else {}
        if number <= len(self.pages) and self.pages[number - 1]:
            body["conversations"] = [{"conversationId": name} for name in self.pages[number - 1]]
        return Answer(body)


@pytest.fixture
def platform():
    platform = Platform()
    platform.routes[DETAILS] = Answer({"totalHits": 0})
    return platform


def columns(platform, *, sized=None, **options):
    query = ConversationDetailsQuery(**{"start": at(10, 4), "end": at(11, 4)} | options)
    return platform.client(requests_per_minute=10_000).conversations.columns(
        query, platform.clock.operation(), kinds=("interact",), metrics=("tHandle",), sized=sized
    )


def page(number, size=100):
    return [f"c{number}-{n}" for n in range(size)]


def test_the_question_is_written_as_the_platform_documents_it(platform):
    columns(platform, user_ids=("x",), queue_ids=("x",))
    condition = {
        "type": "and",
        "clauses": [
            {
                "type": "or",
                "predicates": [{"type": "dimension", "dimension": name, "operator": "matches", "value": "x"}],
            }
            for name in ("userId", "queueId")
        ],
    }
    assert platform.calls(DETAILS)[0].body == {
        "interval": "2026-03-10T04:00:00.000Z/2026-03-11T04:00:00.000Z",
        "order": "asc",
        "orderBy": "conversationStart",
        "segmentFilters": [condition],
        "paging": {"pageSize": 100, "pageNumber": 1},
    }


@pytest.mark.parametrize("empty", [{}, {"totalHits": 0}, {"conversations": []}, {"conversations": None}], ids=str)
def test_nothing_found_is_nothing_in_each_of_its_forms(platform, empty):
    platform.routes[DETAILS] = Answer(empty)
    found = columns(platform)
    assert (found.conversation_ids, found.duplicates, found.pages) == ((), 0, 0)
    assert len(platform.calls(DETAILS)) == 1


@pytest.mark.parametrize("hint", [None, 0, 250, 249.0, 5, 1000], ids=lambda hint: f"hint {hint}")
def test_pages_end_with_the_absence_of_conversations_and_the_total_is_a_hint(platform, hint):
    platform.routes[DETAILS] = Archive([page(1), page(2), page(3, 50)], hint=hint)
    found = columns(platform)
    assert list(found.conversation_ids) == page(1) + page(2) + page(3, 50)
    assert found.pages == 3


def test_a_page_that_is_empty_before_the_end_is_not_taken_for_the_end(platform):
    platform.routes[DETAILS] = Archive([page(1), [], page(3), page(4)], hint=400)
    with pytest.raises(PayloadError, match=r"Page 2 of .* was empty"):
        columns(platform)


def test_entries_that_shift_to_a_later_page_are_counted_and_kept_once(platform):
    shifted = ["c1-99", *page(2, 99)]
    platform.routes[DETAILS] = Archive([page(1), shifted, ["c2-98", "c3-0"]], hint=202)
    found = columns(platform)
    assert len(found.conversation_ids) == 100 + 99 + 1
    assert found.duplicates == 2


def test_the_same_page_again_is_an_error(platform):
    platform.routes[DETAILS] = Archive([page(1)] * 3, hint=None)
    with pytest.raises(PayloadError, match="came twice"):
        columns(platform)


def test_no_page_is_read_beyond_the_one_after_the_end(platform):
    platform.routes[DETAILS] = Archive([page(n) for n in range(1, 21)], hint=2000)
    assert columns(platform).pages == 20
    assert sorted(call.body["paging"]["pageNumber"] for call in platform.calls(DETAILS)) == list(range(1, 22))


def test_a_total_that_promises_too_much_costs_a_window_of_pages(platform):
    platform.routes[DETAILS] = Archive([page(1), page(2)], hint=1_000_000_000)
    assert columns(platform).pages == 2
    assert len(platform.calls(DETAILS)) <= 2 + WIDTH + AHEAD


def test_more_pages_than_any_answer_has_are_an_error(platform):
    platform.routes[DETAILS] = lambda request: Answer(
        {"conversations": [{"conversationId": f"c{request.body['paging']['pageNumber']}"}], "totalHits": 200_000}
    )
    with pytest.raises(PayloadError, match="more than 1000 pages"):
        columns(platform)


def test_the_size_of_an_answer_is_told_before_its_bulk_is_fetched(platform):
    """Seventeen days without a filter are three requests, whose first pages say 2 + 1 + 2 pages."""
    sizes = {"2026-03-01": 150, "2026-03-08": 0, "2026-03-15": 101}
    platform.routes[DETAILS] = lambda request: Archive([page(1), page(2)], hint=sizes[request.body["interval"][:10]])(
        request
    )
    told = []

    def sized(pages):
        told.append((pages, len(platform.calls(DETAILS))))
        raise InterruptedError

    with pytest.raises(InterruptedError):
        columns(platform, start=at(1, 5), end=at(17, 5), sized=sized)
    assert told == [(5, 3)]
    assert len(platform.calls(DETAILS)) == 3


def test_a_lookback_begins_earlier_and_ends_the_same(platform):
    columns(platform, lookback_days=2)
    assert platform.calls(DETAILS)[0].body["interval"] == "2026-03-08T04:00:00.000Z/2026-03-11T04:00:00.000Z"


def intervals(platform):
    return [call.body["interval"].replace(":00:00.000Z", "") for call in platform.calls(DETAILS)]


def test_a_long_range_is_cut_at_seven_utc_days_without_a_filter(platform):
    columns(platform, start=at(1, 5), end=at(17, 5))
    assert intervals(platform) == [
        "2026-03-01T05/2026-03-08T00",
        "2026-03-08T00/2026-03-15T00",
        "2026-03-15T00/2026-03-17T05",
    ]


def test_and_at_thirty_one_with_one(platform):
    columns(platform, start=at(1, 5), end=at(10, 5, month=4), user_ids=("u1",))
    assert intervals(platform) == ["2026-03-01T05/2026-04-01T00", "2026-04-01T00/2026-04-10T05"]


def test_the_lookback_counts_towards_the_length(platform):
    columns(platform, start=at(10), end=at(16), lookback_days=2)
    assert intervals(platform) == ["2026-03-08T00/2026-03-15T00", "2026-03-15T00/2026-03-16T00"]


def test_many_agents_are_asked_about_in_hundreds_and_shared_conversations_kept_once(platform):
    def shared(request):
        return Answer({"conversations": [{"conversationId": "c"}]} if request.body["paging"]["pageNumber"] == 1 else {})

    platform.routes[DETAILS] = shared
    found = columns(platform, user_ids=tuple(f"u{n}" for n in range(150)))
    assert list(found.conversation_ids) == ["c"]
    assert found.duplicates == 1


@given(
    start=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    length=st.timedeltas(timedelta(microseconds=1), timedelta(days=100)),
    days=st.sampled_from([7, 31]),
)
def test_pieces_are_the_window_and_none_is_too_long_or_cut_within_a_utc_day(start, length, days):
    window = (start, start + length)
    parts = list(pieces(window, days))
    assert parts[0][0] == window[0]
    assert parts[-1][1] == window[1]
    assert all(one[1] == following[0] for one, following in pairwise(parts))
    assert all(timedelta(0) < end - begin <= timedelta(days=days) for begin, end in parts)
    assert all(cut.time() == datetime.min.time() for _, cut in parts[:-1])
