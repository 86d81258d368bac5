"""Who a Slack user is, and who reads a channel: looked up, remembered, refused where Slack is silent."""

from __future__ import annotations

from dataclasses import replace

import pytest
import structlog

from bot.core.defaults import Defaults
from bot.core.rights import PRIVATE, Audience
from bot.demo.fake_slack import NO_LIMITS, FakeSlack, Reject, ServerError
from bot.edges.slack.api import SlackApi
from bot.edges.slack.channels import SlackChannels
from bot.edges.slack.people import SlackPeople
from bot.errors import DeliveryError, NotAllowedError
from bot.ports import Requester

HOUR = 3600.0


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def slack():
    with FakeSlack(limits=NO_LIMITS) as slack:
        yield slack


@pytest.fixture
def api(slack):
    return SlackApi(token=slack.bot_token, base_url=slack.url, sleep=lambda _: None)


@pytest.fixture
def ana(slack):
    return slack.add_person("ana", email="ana@example.com", tz="Europe/London")


def test_zone_and_address_come_from_slack(api, ana, clock):
    people = SlackPeople(api, clock=clock)
    assert people.requester(ana.id) == Requester(ana.id, zone="Europe/London", email="ana@example.com")


@pytest.mark.parametrize("tz", [None, "Etc/Nowhere", ""])
def test_a_zone_that_the_database_lacks_is_no_zone(slack, api, clock, tz, ana, monkeypatch):
    ana.tz = None
    real = api.read

    def read(method, **params):
        answer = real(method, **params)
        if method == "users.info":
            answer["user"]["tz"] = tz
        return answer

    monkeypatch.setattr(api, "read", read)
    assert SlackPeople(api, clock=clock).requester(ana.id).zone is None


def test_without_the_scope_there_is_no_address(slack, api, ana, clock):
    slack.scopes.discard("users:read.email")
    assert SlackPeople(api, clock=clock).requester(ana.id).email is None


@pytest.mark.parametrize(
    "person",
    [
        pytest.param({"restricted": True}, id="guest"),
        pytest.param({"team_id": "TOTHER"}, id="another company"),
        pytest.param({"deleted": True}, id="left"),
    ],
)
def test_people_who_don_t_belong_are_strangers(slack, api, clock, person):
    assert SlackPeople(api, clock=clock).requester(slack.add_person("x", **person).id).stranger


def patched(api, monkeypatch, **change):
    real = api.read

    def read(method, **params):
        answer = dict(real(method, **params))
        if method == "users.info":
            answer["user"] = answer["user"] | change.get("user", {})
        if method == "auth.test":
            answer |= change.get("home", {})
        return answer

    monkeypatch.setattr(api, "read", read)


@pytest.mark.parametrize(
    ("change", "stranger"),
    [
        pytest.param({"user": {"is_ultra_restricted": True}}, True, id="a single-channel guest"),
        pytest.param({"user": {"is_bot": True}}, True, id="a bot"),
        pytest.param({"user": {"team_id": "T9"}}, True, id="another workspace"),
        pytest.param({"user": {"team_id": None}}, True, id="no workspace at all"),
        pytest.param(
            {"user": {"team_id": "T9", "enterprise_user": {"enterprise_id": "E1"}}, "home": {"enterprise_id": "E1"}},
            False,
            id="another workspace of the same organisation",
        ),
        pytest.param(
            {"user": {"team_id": "T9", "enterprise_user": {"enterprise_id": "E2"}}, "home": {"enterprise_id": "E1"}},
            True,
            id="another organisation",
        ),
        pytest.param(
            {
                "user": {"team_id": "T9", "is_restricted": True, "enterprise_user": {"enterprise_id": "E1"}},
                "home": {"enterprise_id": "E1"},
            },
            True,
            id="a guest of the same organisation",
        ),
        pytest.param({}, False, id="a member"),
    ],
)
def test_membership_is_of_the_workspace_or_of_its_organisation(api, ana, clock, monkeypatch, change, stranger):
    patched(api, monkeypatch, **change)
    assert SlackPeople(api, clock=clock).requester(ana.id).stranger is stranger


def test_somebody_unknown_to_slack_is_a_stranger(api, clock):
    api.read("auth.test")
    assert SlackPeople(api, clock=clock).requester("U404").stranger


def test_a_person_is_looked_up_once_an_hour(slack, api, ana, clock):
    people = SlackPeople(api, clock=clock)
    people.requester(ana.id)
    clock.now = HOUR
    people.requester(ana.id)
    assert len(slack.calls("users.info")) == 1
    clock.now = HOUR + 1
    people.requester(ana.id)
    assert len(slack.calls("users.info")) == 2
    assert len(slack.calls("auth.test")) == 1


def test_what_changed_is_seen_after_that_hour(slack, api, ana, clock):
    people = SlackPeople(api, clock=clock)
    people.requester(ana.id)
    ana.restricted = True
    clock.now = HOUR + 1
    assert people.requester(ana.id).stranger


def test_memory_serves_a_listener_for_a_day_without_asking(slack, api, ana, clock):
    people = SlackPeople(api, clock=clock)
    assert people.known(ana.id) is None
    people.requester(ana.id)
    calls = len(slack.calls())
    clock.now = 24 * HOUR
    assert people.known(ana.id).zone == "Europe/London"
    clock.now = 24 * HOUR + 1
    assert people.known(ana.id) is None
    assert len(slack.calls()) == calls


def test_memory_is_bounded_and_keeps_those_who_ask(slack, api, clock):
    people = SlackPeople(api, clock=clock, size=2)
    a, b, c = (slack.add_person(name) for name in "abc")
    for person in (a, b, a, c):
        people.requester(person.id)
    assert people.known(a.id)
    assert people.known(b.id) is None
    assert people.known(c.id)


@pytest.mark.parametrize("method", ["users.info", "auth.test"])
def test_no_answer_is_a_refusal(slack, api, ana, clock, method):
    slack.faults.always(method, ServerError())
    with pytest.raises(DeliveryError) as refusal:
        SlackPeople(api, clock=clock).requester(ana.id)
    assert refusal.value.code == "unknown_person"


def test_a_missing_scope_is_named_to_the_asker(slack, api, ana, clock):
    slack.scopes.discard("users:read")
    with pytest.raises(DeliveryError) as refusal:
        SlackPeople(api, clock=clock).requester(ana.id)
    assert "users:read" in refusal.value.hint


# --- user groups -----------------------------------------------------------------------------------------------------


def test_groups_that_grants_name_are_looked_up_and_others_are_not(slack, api, ana, clock):
    leads = slack.add_usergroup("leads", [ana])
    other = slack.add_usergroup("other", [ana])
    ben = slack.add_person("ben")
    people = SlackPeople(api, usergroups=frozenset({leads.id}), clock=clock)
    assert people.requester(ana.id).usergroups == {leads.id}
    assert people.requester(ben.id).usergroups == frozenset()
    assert people.known(ana.id).usergroups == {leads.id}
    assert {call.params["usergroup"] for call in slack.calls("usergroups.users.list")} == {leads.id}
    assert other.id not in people.requester(ana.id).usergroups


def test_a_group_is_looked_up_every_quarter_of_an_hour(slack, api, ana, clock):
    leads = slack.add_usergroup("leads", [ana])
    people = SlackPeople(api, usergroups=frozenset({leads.id}), clock=clock)
    people.requester(ana.id)
    leads.members.clear()
    clock.now = 900
    assert people.requester(ana.id).usergroups == {leads.id}
    clock.now = 901
    assert people.requester(ana.id).usergroups == frozenset()


def test_a_silent_slack_is_bridged_by_memory_for_an_hour_and_then_refused(slack, api, ana, clock):
    leads = slack.add_usergroup("leads", [ana])
    people = SlackPeople(api, usergroups=frozenset({leads.id}), clock=clock)
    people.requester(ana.id)
    slack.faults.always("usergroups.users.list", ServerError())
    clock.now = HOUR
    assert people.requester(ana.id).usergroups == {leads.id}
    clock.now = HOUR + 1
    with pytest.raises(DeliveryError):
        people.requester(ana.id)
    assert people.known(ana.id).usergroups == frozenset()


@pytest.mark.parametrize("error", ["no_such_subteam", "plan_upgrade_required", "missing_scope"])
def test_a_group_that_does_not_exist_has_nobody_in_it_and_the_log_says_so(slack, api, ana, clock, error):
    slack.faults.always("usergroups.users.list", Reject(error))
    people = SlackPeople(api, usergroups=frozenset({"S404"}), clock=clock)
    with structlog.testing.capture_logs() as lines:
        assert people.requester(ana.id).usergroups == frozenset()
    assert [(line["event"], line["error"]) for line in lines] == [("usergroup_unknown", error)]


# --- channels --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        pytest.param({"id": "C1"}, Audience("C1"), id="an ordinary channel"),
        pytest.param({"id": "CN"}, Audience("CN", named=True), id="a listed one"),
        pytest.param({"id": "C1", "shared": True}, Audience("C1", shared_externally=True), id="shared with others"),
        pytest.param(
            {"id": "CN", "shared": True}, Audience("CN", named=True, shared_externally=True), id="listed and shared"
        ),
        pytest.param({"id": "C1", "private": True}, Audience("C1"), id="a private one with the bot in it"),
    ],
)
def test_a_channel_s_audience_comes_from_slack_and_the_settings(slack, api, clock, channel, expected):
    slack.add_channel("x", **channel)
    assert SlackChannels(api, named=frozenset({"CN"}), clock=clock).audience(channel["id"]) == expected


def test_an_open_invitation_to_another_company_counts_as_shared(slack, api, clock, monkeypatch):
    slack.add_channel("x", id="C1")
    real = api.read
    monkeypatch.setattr(
        api, "read", lambda m, **p: {"channel": real(m, **p)["channel"] | {"is_pending_ext_shared": True}}
    )
    assert SlackChannels(api, clock=clock).audience("C1").shared_externally


def test_a_direct_conversation_is_private(slack, api, ana, clock):
    slack.scopes.add("im:read")
    assert SlackChannels(api, clock=clock).audience(slack.dm(ana).id) is PRIVATE


def test_an_audience_is_at_most_a_quarter_of_an_hour_old(slack, api, clock):
    channel = slack.add_channel("x", id="C1")
    channels = SlackChannels(api, clock=clock)
    channels.audience("C1")
    channel.shared = True
    clock.now = 900
    assert not channels.audience("C1").shared_externally
    clock.now = 901
    assert channels.audience("C1").shared_externally


def test_a_change_is_seen_at_once_when_slack_tells_of_it(slack, api, clock):
    channel = slack.add_channel("x", id="C1")
    channels = SlackChannels(api, clock=clock)
    channels.audience("C1")
    channel.shared = True
    channels.forget("C1")
    assert channels.audience("C1").shared_externally


def test_a_refusal_is_not_remembered(slack, api, clock):
    channel = slack.add_channel("x", id="C1", archived=True)
    channels = SlackChannels(api, clock=clock)
    with pytest.raises(NotAllowedError) as refusal:
        channels.audience("C1")
    assert refusal.value.code == "channel_archived"
    channel.archived = False
    assert channels.audience("C1") == Audience("C1")


class Kept:
    """What is kept of people, as a dict; `known` only what was read since it was made."""

    def __init__(self, defaults):
        self.defaults = defaults
        self.seen = {}

    def known(self, person):
        return replace(person, defaults=self.seen[person.id]) if person.id in self.seen else None

    def person(self, person):
        self.seen[person.id] = self.defaults.get(person.id, Defaults())
        return replace(person, defaults=self.seen[person.id])


def test_what_is_kept_of_a_person_is_read_anew_in_the_job_and_remembered_for_the_listener(api, ana, clock):
    kept = Kept({ana.id: Defaults(zone="Asia/Kathmandu")})
    people = SlackPeople(api, recall=kept, clock=clock)

    first = people.requester(ana.id)
    kept.defaults[ana.id] = Defaults(zone="UTC")

    assert (first.zone, first.defaults.zone) == ("Europe/London", "Asia/Kathmandu")
    assert people.known(ana.id).defaults.zone == "Asia/Kathmandu"
    assert people.requester(ana.id).defaults.zone == "UTC"
    assert people.known(ana.id).defaults.zone == "UTC"


def test_a_listener_leaves_to_the_job_whom_only_slack_knows(api, ana, clock):
    people = SlackPeople(api, recall=Kept({}), clock=clock)
    people.requester(ana.id)
    people._recall.seen.clear()

    assert people.known(ana.id) is None
