"""Jobs: their states, their pages, and what they silently leave out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from genesys_client.sandbox import DEFAULT_GRANT, Fault, OAuthGrant
from tests.genesys_client.sandbox.asking import CONVERSATION_AGGREGATES, NOW, Asker, spelled, spelled_interval

JOBS = "/api/v2/analytics/conversations/details/jobs"
HOUR = timedelta(hours=1)
NIGHT = (NOW.replace(hour=0, minute=0, second=0, microsecond=0) - 3 * 24 * HOUR, 2 * HOUR)
AFTER_MIDNIGHT = spelled_interval(NIGHT[0], NIGHT[0] + NIGHT[1])


def done(asker, body, path=JOBS):
    job = asker.post(path, body)["jobId"]
    for _ in range(5):
        answer = asker.send("GET", f"{path}/{job}")
        if answer.status == 200:
            assert answer.json()["state"] == "FULFILLED"
            return job
    raise AssertionError("never done")


def results(asker, job, *, size=1_000, path=JOBS, key="conversations"):
    found, query = [], {"pageSize": size}
    while True:
        page = asker.get(f"{path}/{job}/results", **query)
        found += page.get(key, [])
        if "cursor" not in page:
            return found
        query["cursor"] = page["cursor"]


def test_a_job_is_queued_then_pending_then_fulfilled(engine, asker):
    engine.behaviour = replace(engine.behaviour, job_polls=2)
    submitted = asker.send("POST", JOBS, {"interval": AFTER_MIDNIGHT})
    assert submitted.status == 202
    job = submitted.json()["jobId"]
    polls = [asker.send("GET", f"{JOBS}/{job}") for _ in range(3)]
    assert [(p.status, p.json()["state"]) for p in polls] == [(202, "QUEUED"), (202, "PENDING"), (200, "FULFILLED")]
    assert polls[-1].json()["submissionDate"] == spelled(NOW)


def test_results_before_the_end_are_refused(asker):
    job = asker.post(JOBS, {"interval": AFTER_MIDNIGHT})["jobId"]
    assert asker.refused("GET", f"{JOBS}/{job}/results")["status"] == 400


def test_a_job_finds_whatever_lived_within_the_interval(engine, asker):
    found = {c["conversationId"] for c in results(asker, done(asker, {"interval": AFTER_MIDNIGHT}))}
    start = NIGHT[0]
    worked_on = {s.conversation_id for s in engine.truth.segments(start, start + NIGHT[1])}
    assert worked_on <= found
    by_start = {"interval": AFTER_MIDNIGHT, "startOfDayIntervalMatching": True}
    begun = results(asker, done(asker, by_start))
    assert {c["conversationStart"][:10] for c in begun} == {"2026-11-20"}
    assert worked_on - {c["conversationId"] for c in begun}


def test_pages_of_results_hold_everything_once(asker):
    job = done(asker, {"interval": spelled_interval(NIGHT[0], NIGHT[0] + 24 * HOUR)})
    whole, in_pieces = results(asker, job), results(asker, job, size=90)
    assert whole == in_pieces
    assert len({c["conversationId"] for c in whole}) == len(whole) > 900


def test_results_carry_attributes_cut_at_1024_characters(asker):
    conversation = results(asker, done(asker, {"interval": AFTER_MIDNIGHT}))[0]
    customer = next(p for p in conversation["participants"] if p["purpose"] == "customer")
    assert max(map(len, customer["attributes"].values())) == 1_024


def test_a_limit_cuts_the_results(asker):
    assert len(results(asker, done(asker, {"interval": AFTER_MIDNIGHT, "limit": 7}))) == 7


def test_data_after_the_availability_date_are_left_out_without_a_word(asker):
    available = asker.get(f"{JOBS}/availability")["dataAvailabilityDate"]
    assert available == spelled(NOW - 6 * HOUR)
    job = done(asker, {"interval": spelled_interval(NOW - 12 * HOUR, NOW)})
    found = results(asker, job)
    assert found
    assert all(c["conversationStart"] < available for c in found)
    for conversation in found:
        for participant in conversation["participants"]:
            for session in participant["sessions"]:
                assert all(segment.get("segmentEnd", available) <= available for segment in session["segments"])
    assert any("conversationEnd" not in conversation for conversation in found)


def test_results_stay_as_they_were_found(engine, asker):
    body = {"interval": spelled_interval(NOW - 12 * HOUR, NOW)}
    job = done(asker, body)
    first = results(asker, job)
    engine.now = lambda: NOW + 4 * HOUR
    assert results(asker, job) == first
    assert len(results(asker, done(asker, body))) > len(first)


@pytest.mark.parametrize("state", ["FAILED", "EXPIRED", "CANCELLED"])
def test_a_job_can_end_badly(engine, asker, state):
    engine.faults = [Fault("job", state=state, times=1)]
    job = asker.post(JOBS, {"interval": AFTER_MIDNIGHT})["jobId"]
    asker.send("GET", f"{JOBS}/{job}")
    ended = asker.send("GET", f"{JOBS}/{job}")
    assert (ended.status, ended.json()["state"]) == (200, state)
    assert asker.send("GET", f"{JOBS}/{job}/results").status >= 400
    assert done(asker, {"interval": AFTER_MIDNIGHT})


def test_a_job_can_be_cancelled_and_its_results_age(engine, asker):
    job, kept = done(asker, {"interval": AFTER_MIDNIGHT}), done(asker, {"interval": AFTER_MIDNIGHT})
    answer = asker.send("DELETE", f"{JOBS}/{job}")
    assert (answer.status, answer.body) == (204, b"")
    assert asker.get(f"{JOBS}/{job}")["state"] == "CANCELLED"
    engine.now = lambda: NOW + 24 * HOUR
    assert asker.get(f"{JOBS}/{kept}")["state"] == "EXPIRED"
    assert asker.refused("GET", f"{JOBS}/{kept}/results")["status"] == 404


def test_a_job_belongs_to_its_client_and_its_family(new_engine):
    other = OAuthGrant("other", "s")
    engine = new_engine(grants=[DEFAULT_GRANT, other])
    asker = Asker(engine)
    job = done(asker, {"interval": AFTER_MIDNIGHT})
    assert Asker(engine, other).refused("GET", f"{JOBS}/{job}")["status"] == 404
    assert asker.refused("GET", f"/api/v2/analytics/users/details/jobs/{job}")["status"] == 404
    assert asker.refused("GET", f"{JOBS}/none")["status"] == 404


def test_a_job_that_makes_no_sense_is_refused_when_it_is_submitted(asker):
    assert asker.refused("POST", JOBS, {"interval": "yesterday"})["code"] == "invalid.date"
    assert asker.refused("POST", JOBS, {"interval": AFTER_MIDNIGHT, "paging": {}})["code"] == "invalid.property"


def test_aggregates_by_job_equal_aggregates_at_once(asker):
    body = {"interval": AFTER_MIDNIGHT, "granularity": "PT30M", "groupBy": ["userId"], "metrics": ["tHandle", "tAcw"]}
    path = "/api/v2/analytics/conversations/aggregates/jobs"
    job = done(asker, {**body, "pageSize": 2}, path=path)
    found, query = [], {}
    while True:
        page = asker.get(f"{path}/{job}/results", **query)
        assert len(page["results"]) <= 2
        found += page["results"]
        if "cursor" not in page:
            break
        query["cursor"] = page["cursor"]
    assert found == asker.post(CONVERSATION_AGGREGATES, body)["results"]
