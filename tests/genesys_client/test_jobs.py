"""A details job from its submission to its last page, and how it is left when something goes wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests

from genesys_client import (
    ConversationDetailsQuery,
    DeadlineExceededError,
    InvalidQueryError,
    JobFailedError,
    OperationCancelledError,
    OversizedPayloadError,
    PayloadError,
    RateLimitedError,
    ServerError,
    TransportError,
)
from tests.genesys_client.stand_in import Answer, Platform

JOBS = "/api/v2/analytics/conversations/details/jobs"
JOB = f"{JOBS}/j?1#2"  # an id stays one segment of the path
RESULTS = f"{JOB}/results"
RUNNING = Answer({"state": "QUEUED"}, status=202)
DONE = Answer({"state": "FULFILLED"})
TOO_LARGE = Answer({"code": "response.entity.too.large", "status": 400}, status=400)


class Shop(Platform):
    """Jobs whose status and results are scripted; says what was asked of it, in order."""

    def __init__(self, statuses=(DONE,), results=None):
        super().__init__()
        self.routes[JOBS] = Answer({"jobId": "j?1#2"}, status=202)
        self.statuses = list(statuses)
        self.routes[RESULTS] = Answer({}) if results is None else results
        self.dropped = Answer(b"", status=204)
        self.routes[JOB] = self._job

    def _job(self, request):
        if request.method == "DELETE":
            return self.dropped
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]

    def columns(self, operation=None, *, overlapping=False, **options):
        query = ConversationDetailsQuery(
            **{"start": datetime(2026, 3, 10, 4, tzinfo=UTC), "end": datetime(2026, 3, 11, 4, tzinfo=UTC)} | options
        )
        return self.client().conversations.job_columns(
            query, operation or self.clock.operation(300), kinds=("interact",), metrics=(), overlapping=overlapping
        )

    @property
    def asked(self):
        names = {JOBS: "jobs", JOB: "job", RESULTS: "results"}
        return [f"{r.method} {names[r.path]}" for r in self.requests if r.path in names]


def page(*ids, **more):
    return Answer({"conversations": [{"conversationId": name} for name in ids]} | more)


def test_a_job_is_submitted_polled_and_read_by_cursor():
    shop = Shop([RUNNING, Answer({"state": "PENDING"}, status=202), DONE], [page("a", "b", cursor="x+y/="), page("c")])
    operation = shop.clock.operation()
    found = shop.columns(operation, user_ids=("u1",))
    assert list(found.conversation_ids) == ["a", "b", "c"]
    assert (found.pages, found.duplicates) == (2, 0)
    assert shop.asked == ["POST jobs", "GET job", "GET job", "GET job", "GET results", "GET results"]
    assert operation.spent == 7  # and the token
    condition = {
        "type": "and",
        "clauses": [
            {"type": "or", "predicates": [
                {"type": "dimension", "dimension": "userId", "operator": "matches", "value": "u1"}
            ]}
        ],
    }  # fmt: skip
    assert shop.calls(JOBS)[0].body == {
        "interval": "2026-03-10T04:00:00.000Z/2026-03-11T04:00:00.000Z",
        "order": "asc",
        "orderBy": "conversationStart",
        "segmentFilters": [condition],
        "startOfDayIntervalMatching": True,
    }
    assert [dict(r.params) for r in shop.calls(RESULTS)] == [
        {"pageSize": "1000"},
        {"pageSize": "1000", "cursor": "x+y/="},
    ]


def test_the_polls_are_further_and_further_apart():
    shop = Shop([*[RUNNING] * 6, DONE])
    shop.columns()
    assert shop.clock.slept == pytest.approx([1.0, 1.5, 2.25, 3.375, 5.0, 5.0, 5.0])


def test_conversations_are_found_by_their_lifetime_where_that_is_asked_and_then_no_lookback_is_needed():
    shop = Shop()
    shop.columns(overlapping=True, lookback_days=2)
    shop.columns(overlapping=False, lookback_days=2)
    assert [(r.body["interval"][:10], r.body["startOfDayIntervalMatching"]) for r in shop.calls(JOBS)] == [
        ("2026-03-10", False),
        ("2026-03-08", True),
    ]


def test_a_long_range_is_cut_at_a_month_and_what_both_jobs_find_is_kept_once():
    shop = Shop(results=[page("a", "b"), page("b", "c")])
    found = shop.columns(start=datetime(2026, 1, 1, 4, tzinfo=UTC), end=datetime(2026, 2, 9, tzinfo=UTC))
    assert [r.body["interval"] for r in shop.calls(JOBS)] == [
        "2026-01-01T04:00:00.000Z/2026-02-01T00:00:00.000Z",
        "2026-02-01T00:00:00.000Z/2026-02-09T00:00:00.000Z",
    ]
    assert sorted(found.conversation_ids) == ["a", "b", "c"]
    assert found.duplicates == 1


@pytest.mark.parametrize(
    ("until", "told"), [("2026-03-11T02:10:03Z", datetime(2026, 3, 11, 2, 10, 3, tzinfo=UTC)), (None, None)]
)
def test_up_to_when_jobs_are_complete(until, told):
    shop = Shop()
    shop.routes[f"{JOBS}/availability"] = Answer({"dataAvailabilityDate": until} if until else {})
    assert shop.client().conversations.available_until(shop.clock.operation()) == told


# --- ends without results ------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED", "EXPIRED", "SOMETHING_NEW"])
def test_a_job_that_the_platform_gives_up_is_an_error_that_names_the_state(state):
    shop = Shop([RUNNING, Answer({"state": state, "errorMessage": "no index"})])
    with pytest.raises(JobFailedError, match=state) as failure:
        shop.columns()
    assert (failure.value.state, failure.value.detail) == (state, "no index")
    assert shop.asked == ["POST jobs", "GET job", "GET job"]  # there is nothing to drop


def test_results_that_are_gone_are_an_expired_job():
    shop = Shop(results=Answer({"code": "not.found", "status": 404}, status=404))
    with pytest.raises(JobFailedError, match="EXPIRED"):
        shop.columns()


def test_a_status_without_a_state_or_a_job_without_an_id_is_an_error():
    with pytest.raises(PayloadError, match="without its state"):
        Shop([Answer({})]).columns()
    for body in ({}, {"jobId": None}, {"jobId": ".."}):  # dots would lead to another path
        shop = Shop()
        shop.routes[JOBS] = Answer(body, status=202)
        with pytest.raises(PayloadError, match="no jobId"):
            shop.columns()


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param([page("a", cursor="x"), page("b", cursor="x")], id="the cursor"),
        pytest.param([page("a", cursor="x"), page("a", cursor="y")], id="the page"),
        pytest.param([Answer({"cursor": "x"}), Answer({"cursor": "x"})], id="the cursor of an empty page"),
    ],
)
def test_results_that_come_again_are_an_error(pages):
    shop = Shop(results=pages)
    with pytest.raises(PayloadError, match="came twice"):
        shop.columns()
    assert shop.asked[-1] == "DELETE job"


# --- left in the middle --------------------------------------------------------------------------------------


def test_a_cancelled_question_drops_its_job():
    shop = Shop()
    operation = shop.clock.operation()

    def cancel(_request):
        operation.cancelled.set()
        return RUNNING

    shop.statuses = None
    shop.routes[JOB] = lambda request: shop.dropped if request.method == "DELETE" else cancel(request)
    with pytest.raises(OperationCancelledError):
        shop.columns(operation)
    assert shop.asked == ["POST jobs", "GET job", "DELETE job"]
    assert operation.spent == 4


def test_a_question_whose_time_is_over_drops_its_job():
    shop = Shop([RUNNING])
    operation = shop.clock.operation(8)
    with pytest.raises(DeadlineExceededError):
        shop.columns(operation)
    assert shop.asked[-1] == "DELETE job"
    assert shop.clock.seconds == pytest.approx(operation.deadline)


@pytest.mark.parametrize(
    "dropped", [Answer({"status": 500}, status=500), requests.ConnectionError("gone")], ids=["500", "no answer"]
)
def test_a_failure_midway_drops_the_job_and_is_what_is_told_even_if_that_fails_too(dropped):
    shop = Shop(results=[page("a", cursor="x"), Answer(b'{"conversations": [{')])
    shop.dropped = dropped
    with pytest.raises(PayloadError, match="cut off"):
        shop.columns()
    assert shop.asked[-1] == "DELETE job"
    assert shop.asked.count("DELETE job") == 1


# --- what is repeated, and what isn't ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer({"status": 503}, status=503), ServerError),
        (Answer({"status": 429}, status=429, headers={"Retry-After": "2"}), RateLimitedError),
        (requests.ConnectionError("gone"), TransportError),
        (Answer(b"", status=202), TransportError),  # broke off in the headers
    ],
    ids=["503", "429", "no answer", "half an answer"],
)
def test_nothing_that_creates_a_job_is_repeated(answer, error):
    shop = Shop()
    shop.routes[JOBS] = answer
    with pytest.raises(error):
        shop.columns()
    assert shop.asked == ["POST jobs"]


def test_polls_and_pages_are_repeated():
    trouble = Answer({"status": 503}, status=503)
    shop = Shop([trouble, DONE], [requests.ConnectionError("gone"), page("a")])
    assert list(shop.columns().conversation_ids) == ["a"]
    assert shop.asked == ["POST jobs", "GET job", "GET job", "GET results", "GET results"]


def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones():
    shop = Shop(
        results=[page("a", cursor="x"), TOO_LARGE, Answer({}, headers={"Content-Length": "50000000"}), page("b")]
    )
    assert list(shop.columns().conversation_ids) == ["a", "b"]
    assert [(r.param("pageSize"), r.param("cursor")) for r in shop.calls(RESULTS)] == [
        ("1000", None), ("1000", "x"), ("500", "x"), ("250", "x")
    ]  # fmt: skip


def test_a_page_that_stays_too_large_is_an_error():
    for answer, error in (
        (TOO_LARGE, InvalidQueryError),
        (Answer({}, headers={"Content-Length": "50000000"}), OversizedPayloadError),
    ):
        shop = Shop(results=answer)
        with pytest.raises(error):
            shop.columns()
        assert [r.param("pageSize") for r in shop.calls(RESULTS)] == ["1000", "500", "250", "125", "62", "31"]
