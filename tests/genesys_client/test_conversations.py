from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesys_client import ConversationDetailsQuery, PayloadError
from genesys_client.windows import pieces
from tests.genesys_client.stand_in import Answer, Platform, validate

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
        if number <= len(self.pages):
            body["conversations"] = [{"conversationId": name} for name in self.pages[number - 1]]
        return Answer(body)


@pytest.fixture
def platform():
    platform = Platform()
    platform.routes[DETAILS] = Answer({"totalHits": 0})
    return platform


def details(platform, **options):
    query = ConversationDetailsQuery(**{"start": at(10, 4), "end": at(11, 4)} | options)
    return platform.client().conversations.details(query, platform.clock.operation())


def page(number, size=100):
    return [f"c{number}-{n}" for n in range(size)]


def test_the_question_is_written_as_the_platform_documents_it(platform):
    details(platform, user_ids=("x",), queue_ids=("x",))
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
    found = details(platform)
    assert (found.conversations, found.duplicates, found.pages) == ((), 0, 0)
    assert len(platform.calls(DETAILS)) == 1


@pytest.mark.parametrize("hint", [None, 0, 250, 249.0, 5, 1000], ids=lambda hint: f"hint {hint}")
def test_pages_end_with_the_absence_of_conversations_and_the_total_is_a_hint(platform, hint):
    platform.routes[DETAILS] = Archive([page(1), page(2), page(3, 50)], hint=hint)
    found = details(platform)
    assert [c.id for c in found.conversations] == page(1) + page(2) + page(3, 50)
    assert found.pages == 3


def test_entries_that_shift_to_a_later_page_are_counted_and_kept_once(platform):
    shifted = ["c1-99", *page(2, 99)]
    platform.routes[DETAILS] = Archive([page(1), shifted, ["c2-98", "c3-0"]], hint=202)
    found = details(platform)
    assert len(found.conversations) == 100 + 99 + 1
    assert found.duplicates == 2


def test_the_same_page_again_is_an_error(platform):
    platform.routes[DETAILS] = Archive([page(1)] * 3, hint=None)
    with pytest.raises(PayloadError, match="came twice"):
        details(platform)


def test_a_lookback_begins_earlier_and_ends_the_same(platform):
    details(platform, lookback_days=2)
    assert platform.calls(DETAILS)[0].body["interval"] == "2026-03-08T04:00:00.000Z/2026-03-11T04:00:00.000Z"


def intervals(platform):
    return [call.body["interval"].replace(":00:00.000Z", "") for call in platform.calls(DETAILS)]


def test_a_long_range_is_cut_at_seven_utc_days_without_a_filter(platform):
    details(platform, start=at(1, 5), end=at(17, 5))
    assert intervals(platform) == [
        "2026-03-01T05/2026-03-08T00",
        "2026-03-08T00/2026-03-15T00",
        "2026-03-15T00/2026-03-17T05",
    ]


def test_and_at_thirty_one_with_one(platform):
    details(platform, start=at(1, 5), end=at(10, 5, month=4), user_ids=("u1",))
    assert intervals(platform) == ["2026-03-01T05/2026-04-01T00", "2026-04-01T00/2026-04-10T05"]


def test_the_lookback_counts_towards_the_length(platform):
    details(platform, start=at(10), end=at(16), lookback_days=2)
    assert intervals(platform) == ["2026-03-08T00/2026-03-15T00", "2026-03-15T00/2026-03-16T00"]


def test_many_agents_are_asked_about_in_hundreds_and_shared_conversations_kept_once(platform):
    def shared(request):
        return Answer({"conversations": [{"conversationId": "c"}]} if request.body["paging"]["pageNumber"] == 1 else {})

    platform.routes[DETAILS] = shared
    found = details(platform, user_ids=tuple(f"u{n}" for n in range(150)))
    assert [c.id for c in found.conversations] == ["c"]
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


CONVERSATION = {
    "conversationId": "c",
    "conversationStart": "2026-03-10T13:24:04.120Z",
    "originatingDirection": "inbound",
    "participants": [
        {"participantId": "p1", "purpose": "customer", "sessions": [{"sessionId": "s0", "mediaType": "voice"}]},
        {
            "participantId": "p2",
            "purpose": "agent",
            "userId": "u1",
            "sessions": [
                {
                    "sessionId": "s1",
                    "mediaType": "voice",
                    "direction": "inbound",
                    "segments": [
                        {
                            "segmentStart": "2026-03-10T13:24:20Z",
                            "segmentEnd": "2026-03-10T13:36:20.000Z",
                            "segmentType": "interact",
                            "queueId": "q1",
                            "conference": False,
                        },
                        {"segmentStart": "2026-03-10T13:36:20.000Z", "segmentType": "hold"},
                    ],
                    "metrics": [{"name": "tTalk", "value": 720000, "emitDate": "2026-03-10T13:36:20.000Z"}],
                }
            ],
        },
    ],
}


def test_a_running_conversation_is_read_with_its_open_ends(platform):
    body = {"conversations": [CONVERSATION], "totalHits": 1}
    validate("AnalyticsConversationQueryResponse", body)
    platform.routes[DETAILS] = [Answer(body), Answer({"totalHits": 1})]
    (conversation,) = details(platform).conversations
    assert conversation.end is None
    assert conversation.start == datetime(2026, 3, 10, 13, 24, 4, 120000, tzinfo=UTC)
    customer, agent = conversation.participants
    assert (customer.user_id, customer.sessions[0].segments) == (None, None)
    session = agent.sessions[0]
    assert [(s.type, s.queue_id, s.end is None) for s in session.segments] == [
        ("interact", "q1", False),
        ("hold", None, True),
    ]
    assert session.segments[0].end - session.segments[0].start == timedelta(minutes=12)
    assert (session.metrics[0].name, session.metrics[0].value) == ("tTalk", 720000.0)


@pytest.mark.parametrize(
    "conversation",
    [
        pytest.param({}, id="no id"),
        pytest.param({"conversationId": "c", "conversationStart": "noon"}, id="no moment"),
        pytest.param({"conversationId": "c", "conversationStart": "2026-03-10T13:24:04"}, id="no offset"),
    ],
)
def test_a_surprise_is_an_error_that_names_the_field(platform, conversation):
    platform.routes[DETAILS] = Answer({"conversations": [conversation]})
    with pytest.raises(PayloadError, match=r"conversations\[.*\]"):
        details(platform)
