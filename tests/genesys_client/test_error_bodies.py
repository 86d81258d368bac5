from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesys_client import (
    AuthenticationError,
    InvalidQueryError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    ResponseError,
    ResponseTooLargeError,
    ServerError,
)
from genesys_client.error_bodies import Refusal, api_error, login_error
from tests.genesys_client.stand_in import START, validate

PATH = "/api/v2/analytics/users/aggregates/query"


def refusal(status, body=b"", headers=None):
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Refusal(status, headers or {}, octets, PATH, lambda: START)


MISSING = {
    "message": "Unable to perform the requested action. You must have at least one of the following permissions"
    " assigned: [analytics:conversationAggregate:view, analytics:userAggregate:view]",
    "code": "missing.any.permissions",
    "status": 403,
    "messageWithParams": "You must have at least one of the following permissions assigned: {permissions}",
    "messageParams": {"permissions": "[analytics:conversationAggregate:view, analytics:userAggregate:view]"},
    "contextId": "6f0d4b3e",
    "details": [],
    "errors": [],
}


def test_the_example_is_a_body_of_the_platforms():
    validate("ErrorBody", MISSING)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "bad.request", InvalidQueryError),
        (400, "invalid.value", InvalidQueryError),
        (400, "response.entity.too.large", ResponseTooLargeError),
        (413, "payload.too.large", ResponseTooLargeError),
        (413, None, ResponseTooLargeError),
        (401, "authentication.required", AuthenticationError),
        (403, "not.authorized", PermissionDeniedError),
        (404, "not.found", NotFoundError),
        (408, "client.timeout", ResponseError),
        (409, "request.conflict", ResponseError),
        (415, "unsupported.media.type", ResponseError),
        (429, "too.many.requests.retry.after", RateLimitedError),
        (500, "internal.server.error", ServerError),
        (503, "service.unavailable", ServerError),
        (599, None, ServerError),
        (302, None, ResponseError),
        (418, None, ResponseError),
    ],
)
def test_each_status_has_its_class_and_keeps_what_is_known(status, code, kind):
    error = api_error(refusal(status, {"code": code, "contextId": "c0ffee"}))
    assert type(error) is kind
    assert (error.status, error.code, error.path, error.request_id) == (status, code, PATH, "c0ffee")
    assert PATH in str(error)


@pytest.mark.parametrize(
    "body",
    [MISSING, MISSING | {"messageParams": {}}, MISSING | {"message": "No."}, MISSING | {"messageParams": None}],
    ids=["both", "message alone", "parameters alone", "no parameters"],
)
def test_a_403_names_the_missing_permissions(body):
    error = api_error(refusal(403, body))
    assert error.permissions == ("analytics:conversationAggregate:view", "analytics:userAggregate:view")
    assert "analytics:conversationAggregate:view or analytics:userAggregate:view" in str(error)


def test_permissions_that_are_all_needed_are_joined_by_and():
    body = {"code": "missing.permissions", "message": "missing the following permission(s): [a:b:view, c:d:*]"}
    error = api_error(refusal(403, body))
    assert error.permissions == ("a:b:view", "c:d:*")
    assert "a:b:view and c:d:*" in str(error)


def test_a_missing_division_is_said():
    error = api_error(refusal(403, {"code": "missing.division.permission", "message": "[routing:queue:view]"}))
    assert "routing:queue:view in the division asked for" in str(error)


def test_a_403_without_names_makes_none_up():
    error = api_error(refusal(403, b"<html>forbidden at 10:30:00</html>"))
    assert error.permissions == ()
    assert "a permission or a division is missing" in str(error)


def test_the_platforms_sentence_is_kept_aside_and_out_of_the_message():
    sentence = "Value [dana.reyes@example.com] is not valid\n\x1b[31m" + "x" * 1000
    error = api_error(refusal(400, {"code": "invalid.value", "message": sentence}))
    assert "dana.reyes" not in str(error)
    assert error.detail.startswith("Value [dana.reyes@example.com] is not valid")
    assert len(error.detail) == 300
    assert error.detail.isprintable()


def test_a_login_that_fails_otherwise_is_told_apart():
    assert type(login_error(refusal(500))) is ServerError
    assert type(login_error(refusal(429, headers={"Retry-After": "7"}))) is RateLimitedError
    assert login_error(refusal(429, headers={"Retry-After": "7"})).retry_after_s == 7
    assert type(login_error(refusal(404))) is ResponseError


@given(
    status=st.integers(300, 599),
    body=st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["message", "code", "messageParams", "contextId", "error"]), inner)
            ),
            max_leaves=8,
        ).map(lambda value: json.dumps(value).encode()),
    ),
    name=st.sampled_from(["retry-after", "ININ-Correlation-Id"]),
    header=st.text(max_size=20),
)
def test_whatever_a_gateway_sends_there_is_an_error_for_it(status, body, name, header):
    for reader in (api_error, login_error):
        error = reader(refusal(status, body, {name: header}))
        assert isinstance(error, ResponseError)
        assert error.status == status
        assert str(error)
