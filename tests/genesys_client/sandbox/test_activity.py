"""What happens in the fake organisation hangs together, and holds every case that a client has to bear."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesys_client.sandbox.activity import Activity
from genesys_client.sandbox.moments import HOUR, Span, midnight
from genesys_client.sandbox.organization import Role, State, build_organization
from genesys_client.sandbox.status import ShiftStatus, StatusSpan, merged

LONDON = ZoneInfo("Europe/London")
DAY = date(2026, 11, 22)
WEEK = [date(2026, 10, 22) + timedelta(days=n) for n in range(7)]
"""With the end of summer time in it."""


@pytest.fixture(scope="module")
def activity(shared_engine):
    return shared_engine.activity


def told(conversation):
    return [
        (p.purpose, p.user_id, s.media, s.direction, [(g.kind, g.start, g.end, g.queue_id) for g in s.segments])
        for p in conversation.participants
        for s in p.sessions
    ]


def test_the_same_seed_tells_the_same_day_whatever_was_asked_before(activity):
    again = Activity(build_organization(seed=7, agents=36, zone=LONDON))
    again.floor(DAY - timedelta(days=3))
    ours, theirs = again.floor(DAY), activity.floor(DAY)
    assert [(c.id, c.start, c.end, told(c)) for c in ours.conversations] == [
        (c.id, c.start, c.end, told(c)) for c in theirs.conversations
    ]
    assert ours.status == theirs.status


def test_another_seed_tells_another_day(activity):
    other = Activity(build_organization(seed=8, agents=36, zone=LONDON))
    assert not {c.id for c in other.floor(DAY).conversations} & {c.id for c in activity.floor(DAY).conversations}
    assert not {p.id for p in other.organization.people} & {p.id for p in activity.organization.people}


@pytest.mark.parametrize("day", [date(1999, 12, 31), date(2040, 2, 29)], ids=str)
def test_any_day_of_any_year_can_be_asked(activity, day):
    assert len(activity.floor(day).conversations) > 500


@pytest.mark.parametrize("day", WEEK, ids=str)
def test_a_day_holds_together(activity, day):
    floor = activity.floor(day)
    start = midnight(day, LONDON)
    for conversation in floor.conversations:
        assert conversation.start < conversation.end
        assert start <= conversation.start  # what the reach of a floor day rests on
        for participant in conversation.participants:
            assert (participant.user_id is not None) == (participant.purpose in ("agent", "user"))
            for session in participant.sessions:
                for left, right in pairwise(session.segments):
                    assert left.end <= right.start
                assert all(segment.start < segment.end for segment in session.segments)
                assert session.end < start + 36 * HOUR
                assert (session.queue_id is None) == (participant.purpose in ("user", "customer", "external"))


@pytest.mark.parametrize("day", WEEK[:2], ids=str)
def test_status_fits_the_work(activity, day):
    for agent_id, status in activity.floor(day).status.items():
        routing = status.routing()
        for spans in (status.presences, routing):
            assert all(a.end == b.start for a, b in pairwise(spans)), agent_id
            assert all(span.start < span.end for span in spans)
            assert (spans[0].start, spans[-1].end) == (status.start, status.end)
        interacting = [(span.start, span.end) for span in routing if span.status == "INTERACTING"]
        for start, end in status.acd:
            assert any(low <= start and end <= high for low, high in interacting)
        assert sum(b - a for a, b in interacting) <= sum(end - start for start, end in status.acd)


@pytest.mark.parametrize("day", WEEK[:2], ids=str)
def test_nobody_talks_on_two_calls_at_once_but_to_ask_a_colleague(activity, day):
    calls = {}
    for conversation in activity.floor(day).conversations:
        for participant in conversation.participants:
            for session in participant.sessions:
                if participant.user_id and session.media == "voice":
                    calls.setdefault(participant.user_id, []).append((session.start, session.end, conversation.id))
    for spans in calls.values():
        spans.sort()
        for (_, end, one), (start, _, other) in pairwise(spans):
            assert end <= start or one == other


def sessions(activity, days):
    for day in days:
        for conversation in (*activity.floor(day).conversations, *activity.threads(day).conversations):
            for participant in conversation.participants:
                for session in participant.sessions:
                    yield conversation, participant, session


FEATURES = {
    "a call of two hours": lambda c, p, s: p.user_id and s.media == "voice" and s.end - s.start > 2 * HOUR,
    "a call over midnight": lambda c, p, s: (
        p.user_id and s.start < midnight(DAY + timedelta(days=1), LONDON) < s.end and s.media == "voice"
    ),
    "several holds": lambda c, p, s: [g.kind for g in s.segments].count("hold") > 1,
    "wrap-up skipped": lambda c, p, s: s.acw_skipped,
    "wrap-up timed out": lambda c, p, s: s.segments[-1].wrap_up_code == "ININ-WRAP-UP-TIMEOUT",
    "a blind transfer": lambda c, p, s: any(g.disconnect == "transfer" for g in s.segments) and p.user_id,
    "a consult transfer": lambda c, p, s: any(g.disconnect == "consultTransfer" for g in s.segments),
    "a conference": lambda c, p, s: any(g.conference for g in s.segments),
    "an outbound call of a queue": lambda c, p, s: s.segments[0].kind == "contacting" and s.queue_id,
    "an outbound call that nobody took": lambda c, p, s: (
        p.user_id and {"dialing"} <= {g.kind for g in s.segments} and "interact" not in {g.kind for g in s.segments}
    ),
    "a call of no queue": lambda c, p, s: p.purpose == "user" and s.segments[0].kind == "dialing",
    "a call between colleagues": lambda c, p, s: [x.purpose for x in c.participants] == ["user", "user"],
    "an alert that nobody took": lambda c, p, s: s.segments[-1].kind == "alert",
    "a customer who gave up": lambda c, p, s: p.purpose == "acd" and s.segments[-1].disconnect == "peer",
    "a callback and its voice session": lambda c, p, s: {x.media for x in p.sessions} == {"callback", "voice"},
    "a customer-first callback": lambda c, p, s: (
        p.user_id and c.participants[0].sessions[0].media == "callback" and [x.media for x in p.sessions] == ["voice"]
    ),
    "an agent who is two participants": lambda c, p, s: (
        p.user_id and sum(x.user_id == p.user_id for x in c.participants) > 1
    ),
    "a thread begun days before": lambda c, p, s: p.user_id and s.start - c.start > 30 * HOUR,
    "a conversation that outlives its work": lambda c, p, s: (
        p.purpose == "customer" and c.end - max([c.start, *(x.sessions[-1].end for x in c.participants[1:])]) > HOUR
    ),
    "a message": lambda c, p, s: p.user_id and s.media == "message",
    "an e-mail": lambda c, p, s: p.user_id and s.media == "email",
}


@pytest.mark.parametrize("feature", FEATURES.values(), ids=FEATURES)
def test_four_days_hold_every_kind_of_work(activity, feature):
    days = [DAY - timedelta(days=n) for n in range(4)]
    assert any(feature(*found) for found in sessions(activity, days))


@pytest.mark.parametrize("day", WEEK, ids=str)
def test_every_day_has_a_call_of_two_hours_and_one_over_midnight(activity, day):
    calls = [s for _, p, s in sessions(activity, [day]) if p.user_id and s.media == "voice"]
    assert any(s.end - s.start > 2 * HOUR for s in calls)
    assert any(s.start < midnight(day + timedelta(days=1), LONDON) < s.end for s in calls)


def test_chats_overlap(activity):
    spans = {}
    for _, participant, session in sessions(activity, [DAY]):
        if participant.user_id and session.media == "chat":
            spans.setdefault(participant.user_id, []).append((session.start, session.end))
    overlaps = [a[1] > b[0] for s in spans.values() for a, b in pairwise(sorted(s))]
    assert sum(overlaps) > 10


def test_somebody_goes_on_break_during_a_call(activity):
    status = [s for day in WEEK for s in activity.floor(day).status.values()]
    assert any(
        presence.status == "BREAK" and presence.start < end and start < presence.start
        for shift in status
        for presence in shift.presences
        for start, end in shift.acd
    )


def day_span(day=DAY):
    return Span(midnight(day, LONDON), midnight(day + timedelta(days=1), LONDON))


def test_a_day_off_leaves_no_trace_and_an_offline_day_does(activity):
    people = activity.organization.people
    silent = [p for p in people if not activity.presences(p, day_span())]
    assert len([p for p in silent if p.takes_work]) >= 5
    offline = [p for p in people if {s.status for s in activity.presences(p, day_span())} == {"OFFLINE"}]
    assert [p.role for p in offline] == [Role.OFFLINE]
    assert Role.ABSENT in {p.role for p in silent}


def test_a_status_has_the_same_ends_from_whichever_day_one_looks(activity):
    agent = next(p for p in activity.organization.agents if p.role is Role.NIGHT)
    for day in WEEK:
        here = activity.presences(agent, day_span(day))
        wide = activity.presences(agent, Span(day_span(day).start - 72 * HOUR, day_span(day).end + 72 * HOUR))
        assert set(here) <= set(wide)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kathmandu", "Pacific/Apia", "America/Santiago"])
def test_the_floor_can_stand_in_any_zone(zone):
    activity = Activity(build_organization(seed=3, agents=24, zone=ZoneInfo(zone)))
    span = Span(midnight(DAY, ZoneInfo(zone)), midnight(DAY + timedelta(days=1), ZoneInfo(zone)))
    assert sum(bool(activity.presences(person, span)) for person in activity.organization.agents) > 12


# People


def test_people_are_as_awkward_as_real_ones(activity):
    people = activity.organization.people
    names = [person.name for person in people]
    assert {"<!channel>", "Yesterday", "*bold* _x_ ~y~ `z`", "Marks & Spencer-Smith"} <= set(names)
    assert any(name.startswith("=HYPERLINK(") for name in names)
    assert any(len(name) > 60 for name in names)
    assert any("\u0590" <= character <= "\u05ff" for name in names for character in name)
    assert sum(name.startswith("Ana ") for name in names) == 2
    assert len({person.email for person in people}) == len(people)
    assert {person.state for person in people} == set(State)


def test_those_who_left_have_data_and_are_members_of_nothing(activity):
    organization = activity.organization
    gone = [person for person in organization.people if not person.is_listed]
    assert sorted(person.state for person in gone) == ["deleted", "inactive"]
    worked = {a for day in WEEK for a in activity.floor(day).status}
    members = {p.id for queue in organization.queues for p in organization.queue_members(queue.id)}
    members |= {p.id for team in organization.teams for p in organization.team_members(team.id)}
    members |= {i for group in organization.groups for i in group.member_ids}
    assert {person.id for person in gone} <= worked - members


def test_a_big_organisation_has_distinct_people():
    people = build_organization(seed=1, agents=3_000, zone=LONDON).people
    assert len({person.id for person in people}) == len({person.email for person in people}) == len(people) == 3_007


def test_an_organisation_too_small_for_its_cases_is_refused():
    with pytest.raises(ValueError, match="at least 24"):
        build_organization(seed=1, agents=23, zone=LONDON)


# Status, by hand and against a slow count


def test_routing_follows_work_before_presence():
    shift = ShiftStatus(
        presences=[StatusSpan(0, 10, "AVAILABLE"), StatusSpan(10, 60, "ON_QUEUE"), StatusSpan(60, 90, "BREAK")],
        acd=[(20, 30), (25, 40), (55, 70)],
        calls=[(42, 45)],
        unanswered=[(40, 44)],
    )
    assert shift.routing() == [
        StatusSpan(0, 10, "OFF_QUEUE"),
        StatusSpan(10, 20, "IDLE"),
        StatusSpan(20, 40, "INTERACTING"),
        StatusSpan(40, 42, "NOT_RESPONDING"),
        StatusSpan(42, 45, "COMMUNICATING"),
        StatusSpan(45, 55, "IDLE"),
        StatusSpan(55, 70, "INTERACTING"),
        StatusSpan(70, 90, "OFF_QUEUE"),
    ]


spans_within = st.lists(
    st.tuples(st.integers(0, 49), st.integers(1, 20)).map(lambda pair: (pair[0], min(60, sum(pair)))), max_size=6
)


@given(acd=spans_within, calls=spans_within, unanswered=spans_within, on_queue=st.integers(1, 59))
def test_routing_equals_a_count_moment_by_moment(acd, calls, unanswered, on_queue):
    presences = [StatusSpan(0, on_queue, "ON_QUEUE"), StatusSpan(on_queue, 60, "BREAK")]
    shift = ShiftStatus(presences, acd, calls, unanswered)
    layers = (("INTERACTING", acd), ("COMMUNICATING", calls), ("NOT_RESPONDING", unanswered))
    expected = [
        next(
            (name for name, spans in layers if any(a <= moment < b for a, b in spans)),
            "IDLE" if moment < on_queue else "OFF_QUEUE",
        )
        for moment in range(60)
    ]
    routing = shift.routing()
    assert [span.status for span in routing for _ in range(span.end - span.start)] == expected
    assert merged(routing) == routing
