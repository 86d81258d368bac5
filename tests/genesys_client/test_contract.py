"""Every request body that the client can build, held against the official definitions with unknown fields forbidden."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesys_client import (
    ORGANIZATION_PRESENCE,
    ROUTING_STATUS,
    SYSTEM_PRESENCE,
    ConversationAggregation,
    ConversationDetailsQuery,
    StatusAggregation,
    StatusDetailsQuery,
)
from genesys_client import api as paths
from tests.genesys_client.stand_in import DOCUMENT, validate

DEFINITIONS = DOCUMENT["definitions"]
METRICS = DEFINITIONS["ConversationAggregationQuery"]["properties"]["metrics"]["items"]["enum"]
DIMENSIONS = DEFINITIONS["ConversationAggregationQuery"]["properties"]["groupBy"]["items"]["enum"]

ids = st.lists(st.text(min_size=1, max_size=8), max_size=130).map(tuple)
few = st.lists(st.text(min_size=1, max_size=8), max_size=3).map(tuple)
starts = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
windows = st.builds(lambda start, hours: (start, start + timedelta(hours=hours)), starts, st.integers(1, 2000))
granularities = st.sampled_from([None, "PT15M", "PT30M", "PT1H", "P1D", "P7D"])
zones = st.sampled_from([None, "Europe/London", "Asia/Kathmandu"])


@given(
    st.builds(
        ConversationAggregation,
        windows=st.lists(windows, min_size=1, max_size=3).map(tuple),
        metrics=st.lists(st.sampled_from(METRICS), min_size=1, unique=True).map(tuple),
        granularity=granularities,
        time_zone=zones,
        group_by=st.lists(st.sampled_from(DIMENSIONS), unique=True, max_size=4).map(tuple),
        user_ids=st.none() | ids,
        queue_ids=few,
        media_types=few,
        directions=few,
        purposes=few,
        team_ids=few,
        division_ids=few,
    )
)
def test_conversation_aggregations(query):
    for part in query.parts():
        validate("ConversationAggregationQuery", part.body())
        assert part.user_ids is None or 1 <= len(part.user_ids) <= 100
        for half in part.halves() or ():
            validate("ConversationAggregationQuery", half.body())


@given(
    st.builds(
        StatusAggregation,
        windows=st.lists(windows, min_size=1, max_size=3).map(tuple),
        user_ids=ids,
        metrics=st.sampled_from([(ROUTING_STATUS, SYSTEM_PRESENCE), (ORGANIZATION_PRESENCE,)]),
        granularity=granularities,
        time_zone=zones,
    )
)
def test_status_aggregations(query):
    for part in query.parts():
        validate("UserAggregationQuery", part.body())
        assert len(part.body()["filter"]["clauses"][0]["predicates"]) <= 100


@given(window=windows, user_ids=ids, queue_ids=few, media=few, directions=few, purposes=few, lookback=st.integers(0, 9))
def test_conversation_details(window, user_ids, queue_ids, media, directions, purposes, lookback):
    query = ConversationDetailsQuery(
        start=window[0], end=window[1], user_ids=user_ids, queue_ids=queue_ids, media_types=media,
        directions=directions, purposes=purposes, lookback_days=lookback,
    )  # fmt: skip
    for body in query.bodies():
        validate("ConversationQuery", body | {"paging": {"pageSize": 100, "pageNumber": 1}})
    for overlapping in (True, False):
        for body in query.job_bodies(overlapping=overlapping):
            validate("AsyncConversationQuery", body)


@given(window=windows, user_ids=ids)
def test_status_details(window, user_ids):
    for body in StatusDetailsQuery(start=window[0], end=window[1], user_ids=user_ids).bodies():
        validate("UserDetailsQuery", body | {"paging": {"pageSize": 100, "pageNumber": 1}})


@pytest.mark.parametrize(
    "body",
    [
        {"interval": "PT30M", "groupBy": ["user", "time"], "metrics": ["tHandle"]},
        {"interval": "a/b", "metrics": ["tHold"]},
        {"interval": "a/b", "metrics": {"tHandle": {}}},
        {"interval": "a/b", "metrics": ["tHandle"], "view": "agent"},
        {"interval": "a/b", "metrics": ["tHandle"], "filter": {"type": "user", "ids": ["u1"]}},
        {"interval": "a/b", "metrics": ["tHandle"], "filter": {"type": "and", "clauses": [{"type": "or"}]}},
        {"metrics": ["tHandle"]},
    ],
)
def test_the_yardstick_refuses_what_the_platform_does_not_know(body):
    with pytest.raises(jsonschema.ValidationError):
        validate("ConversationAggregationQuery", body)


def test_what_may_be_repeated_is_posted_to_and_creates_nothing():
    """A POST that creates something answers 201 or 202."""
    answers = {path: set(of["post"]["responses"]) for path, of in DOCUMENT["paths"].items() if "post" in of}
    creating = {path for path, statuses in answers.items() if statuses & {"201", "202"}}
    assert paths.CONVERSATION_JOBS in creating
    assert answers.keys() - creating >= paths.READING_POSTS
