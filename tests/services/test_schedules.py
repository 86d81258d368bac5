"""Schedules as people use them: whose rights count, what is kept, and which range a slot stands for."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.core.answer import Notice
from bot.core.grammar.schedules import order_words
from bot.core.orders import Changed, Listed, Logged
from bot.core.query import SelectorKind, Verb
from bot.core.recurrence import Recurrence
from bot.core.rights import parse_grants
from bot.core.scheduling import Destination, DestinationKind, Fire, FireState, Schedule, ScheduleState
from bot.core.zones import load_zone
from bot.errors import CommandError, NotAllowedError
from bot.ports import ChannelState, Operation, Refused, Requester
from bot.services.holidays import HolidayCalendars
from bot.services.reading import Reader, ReportSettings
from bot.services.schedules import Place, ScheduleSettings, SchedulesService, upcoming
from bot.services.schedules.transfer import exported, import_schedules
from tests.services.delivering import MemoryLedger, MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.orders import Outcome
    from bot.core.query import Query

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
"""A Tuesday afternoon in London."""
LONDON = "Europe/London"
OPS, SALES = Place("COPS"), Place("CSALES")
DIRECT = Place()
GRANTS = parse_grants("UBOSS=*; UANA=team:Billing,team:Support; UBEN=team:Support")
SETTINGS = ReportSettings(zone=load_zone(LONDON), grants=GRANTS)
CALENDARS = HolidayCalendars()


def person(name: str, **more: Any) -> Requester:
    return Requester(**({"id": name, "zone": LONDON} | more))


BOSS, ANA, BEN, CLEO = (person(name) for name in ("UBOSS", "UANA", "UBEN", "UCLEO"))
GUEST = person("UGUEST", stranger=True)
OPERATOR = Requester(id="operator", operator=True)


@dataclass
class Reports:
    """The real grammar; people may ask for the teams in their grants, or for themselves."""

    reader: Reader = field(default_factory=lambda: Reader(SETTINGS))
    checked: list[tuple[str, str]] = field(default_factory=list)
    notices: tuple[Notice, ...] = ()

    def read(self, text: str, requester: Requester, *, now: datetime | None = None, zone: str | None = None) -> Query:
        assert now is not None
        return self.reader.read(text, requester, now=now, zone=zone)

    def check(self, query: Query, requester: Requester, operation: Operation) -> Sequence[Notice]:
        self.checked.append((query.text, requester.id))
        scopes = {s.value for grant in GRANTS if grant.reaches(requester) for s in grant.scopes}
        asked = {s.value for s in query.filters.include if s.kind is SelectorKind.TEAM}
        everything = any(grant.everything for grant in GRANTS if grant.reaches(requester))
        own = all(s.kind is SelectorKind.ME for s in query.filters.include)
        if not (everything or (asked and asked <= scopes) or (own and not asked)):
            raise NotAllowedError("Those figures are outside what you may see.", hint="whoami")
        return self.notices


@dataclass
class Deliveries:
    """Keeps what it was asked to post."""

    asked: list[tuple[str, int, str]] = field(default_factory=list)

    def run(self, schedule: Schedule, *, request_id: str) -> int:
        self.asked.append(("run", schedule.number, request_id))
        return len(schedule.destinations)

    def test(self, schedule: Schedule, *, person_id: str, request_id: str) -> int:
        self.asked.append((f"test to {person_id}", schedule.number, request_id))
        return 1

    def resend(self, key: str) -> bool:
        self.asked.append(("resend", 0, key))
        return len([a for a in self.asked if a == ("resend", 0, key)]) == 1

    def resend_missing(self, schedule: Schedule, local_date: date, local_time: time) -> int:
        self.asked.append(("resend missing", schedule.number, f"{local_date} {local_time:%H:%M}"))
        return 2


@dataclass
class Slack:
    """People and channels."""

    people: dict[str, Requester] = field(default_factory=lambda: {p.id: p for p in (BOSS, ANA, BEN, CLEO, GUEST)})
    channels: dict[str, ChannelState] = field(
        default_factory=lambda: {
            "COPS": ChannelState(),
            "CSALES": ChannelState(),
            "CNAMED": ChannelState(),
            "CSHARED": ChannelState(shared_externally=True),
            "COLD": ChannelState(archived=True),
            "CAWAY": ChannelState(member=False),
        }
    )
    inside: dict[str, frozenset[str]] = field(default_factory=lambda: {"COPS": frozenset({"UANA", "UBOSS"})})

    def requester(self, slack_id: str) -> Requester:
        return self.people[slack_id]

    def channel_state(self, channel_id: str) -> ChannelState | Refused:
        return self.channels.get(channel_id, Refused("channel_not_found"))

    def members(self, channel_id: str) -> frozenset[str]:
        return self.inside.get(channel_id, frozenset({"UANA"}))


class World:
    """The service and all that it leans on."""

    def __init__(self) -> None:
        self.now = NOW
        self.store = MemoryStore()
        self.ledger = MemoryLedger()
        self.reports = Reports()
        self.deliveries = Deliveries()
        self.slack = Slack()
        self.requests = 0
        self.service = SchedulesService(
            store=self.store,
            ledger=self.ledger,
            deliveries=self.deliveries,
            channels=self.slack,
            people=self.slack,
            reports=self.reports,
            calendars=CALENDARS,
            settings=ScheduleSettings(grants=GRANTS, named_channels=frozenset({"CNAMED"})),
            clock=lambda: self.now,
        )

    def say(self, text: str, who: Requester = ANA, place: Place = OPS, request: str | None = None) -> Outcome:
        """What comes of a command."""
        self.requests += 1
        order = self.reports.reader.read(text, who, now=self.now).order
        assert order is not None
        return self.service.carry_out(
            order,
            who,
            place=place,
            operation=Operation.within(5),
            request_id=request or f"trigger:{self.requests}",
        )

    def made(self, words: str, who: Requester = ANA, place: Place = OPS) -> Schedule:
        """The schedule that the words make."""
        done = self.say(f"schedule {words}", who, place)
        assert isinstance(done, Changed)
        return done.view.schedule

    def kept(self, number: int) -> Schedule:
        found = self.store.by_number(number)
        assert found is not None
        return found

    def refused(self, text: str, who: Requester = ANA, place: Place = OPS) -> CommandError:
        before = dict(self.store.rows)
        with pytest.raises(CommandError) as refusal:
            self.say(text, who, place)
        assert self.store.rows == before
        return refusal.value


@pytest.fixture
def world() -> World:
    return World()


def names(outcome: Outcome) -> list[str]:
    assert isinstance(outcome, Changed)
    return [slot.name for slot in outcome.view.next_slots]


def channel(name: str, part: str = "") -> Destination:
    return Destination(DestinationKind.CHANNEL, name, part)


def to(name: str, part: str = "") -> Destination:
    return Destination(DestinationKind.PERSON, name, part)


# --- making ----------------------------------------------------------------------------------------------------------


def test_a_schedule_is_kept_with_all_that_was_said_and_its_next_runs_are_told(world: World) -> None:
    done = world.say("schedule weekdays 8:00 yesterday team:Billing skip holidays gb until 2026-12-31")

    assert isinstance(done, Changed)
    assert names(done) == ["2026-11-25T08:00", "2026-11-26T08:00", "2026-11-27T08:00"]
    assert done.reading == "Yesterday, Tue 24 Nov 00:00–24:00"
    assert done.notes == ("In <#COPS> names aren't posted: it shows groups of 5 agents and more together.",)
    kept = world.kept(1)
    assert (kept.owner_id, kept.question, kept.destinations) == ("UANA", "yesterday team:Billing", (channel("COPS"),))
    assert kept.recurrence.country == "GB"
    assert (kept.created_at, kept.active_since, kept.state) == (NOW, NOW, ScheduleState.ACTIVE)


@pytest.mark.parametrize(
    ("words", "place", "expected"),
    [
        ("", OPS, (channel("COPS"),)),
        ("", DIRECT, (to("UANA"),)),
        ("in here", DIRECT, (to("UANA"),)),
        ("to me", OPS, (to("UANA"),)),
        ("to me, <@UANA>", OPS, (to("UANA"),)),
        ("in <#CNAMED>", OPS, (channel("CNAMED"),)),
    ],
)
def test_without_a_place_it_is_posted_where_it_was_typed(
    world: World, words: str, place: Place, expected: tuple[Destination, ...]
) -> None:
    assert world.made(f"weekdays 8:00 yesterday team:Billing {words}", place=place).destinations == expected


def test_each_recipient_may_have_a_slice_and_must_be_allowed_to_see_it(world: World) -> None:
    made = world.made("weekdays 8:00 yesterday to <@UANA> for team:Billing, <@UBEN> for team:Support")

    assert made.destinations == (to("UANA", "team:Billing"), to("UBEN", "team:Support"))
    assert world.reports.checked == [
        ("yesterday team:Billing", "UANA"),
        ("yesterday team:Support", "UANA"),
        ("yesterday team:Support", "UBEN"),
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param("team:Sales", "not_allowed", id="what the owner may not see"),
        pytest.param("team:Billing to <@UBEN>", "not_allowed", id="what the recipient may not see"),
        pytest.param("team:Billing to <@UGUEST>", "stranger", id="a guest"),
        pytest.param("team:Billing in <#CSHARED>", "shared_externally", id="another organisation reads along"),
        pytest.param("team:Billing in <#COLD>", "channel_archived", id="archived"),
        pytest.param("team:Billing in <#CAWAY>", "channel_unknown", id="the bot isn't in it"),
        pytest.param("team:Billing in <#CGONE>", "channel_unknown", id="Slack doesn't say"),
        pytest.param("team:Billing in #ops", "unknown_channel", id="a name is no id"),
        pytest.param("team:Billing to @ben", "unknown_person", id="nor of a person"),
        pytest.param("team:Billing -ana@example.com in <#COPS>", "names_not_allowed", id="a name in the question"),
        pytest.param("me in <#COPS>", "group_too_small", id="one person where names may not stand"),
        pytest.param("team:Billing skip holidays XY", "unknown_country", id="no such country"),
        pytest.param("team:Billing skip holidays GB-XYZ", "unknown_country", id="no such part of it"),
        pytest.param("team:Billing heatmap", "not_available", id="no picture"),
    ],
)
def test_what_could_never_be_posted_is_refused_when_it_is_made(world: World, words: str, code: str) -> None:
    error = world.refused(f"schedule weekdays 8:00 yesterday {words}")

    assert error.code == code
    assert error.hint


def test_nobody_posts_into_a_channel_that_she_is_not_in(world: World) -> None:
    world.slack.inside["CSALES"] = frozenset({"UBEN"})

    assert world.refused("schedule weekdays 8:00 yesterday team:Billing in <#CSALES>").code == "not_allowed"
    # Typed in the channel itself, she is in it.
    assert world.made("weekdays 8:00 yesterday team:Billing", place=SALES)


def test_one_person_may_stand_in_a_channel_where_names_may(world: World) -> None:
    assert world.made("weekdays 8:00 yesterday me in <#CNAMED>")


def test_people_who_supervise_nobody_schedule_for_themselves_and_five_at_most(world: World) -> None:
    assert world.refused("schedule weekdays 8:00 yesterday me", CLEO).hint == (
        "schedule weekdays 08:00 yesterday me to me in Europe/London"
    )
    for hour in range(5):
        world.made(f"weekdays {hour}:00 yesterday me", CLEO, DIRECT)
    error = world.refused("schedule weekdays 8:00 yesterday me", CLEO, DIRECT)
    assert error.code == "too_many_schedules"
    world.say("delete 3", CLEO, DIRECT)
    assert world.made("weekdays 8:00 yesterday me", CLEO, DIRECT)


def test_strangers_and_the_command_line_make_none(world: World) -> None:
    assert world.refused("schedule weekdays 8:00 yesterday", GUEST).code == "stranger"
    assert world.refused("schedule weekdays 8:00 yesterday", OPERATOR).code == "not_available"


def test_the_same_schedule_is_made_once(world: World) -> None:
    first = world.made("weekdays 8:00 yesterday team:Billing")
    again = world.say("schedule weekdays 8:00 yesterday team:Billing")

    assert isinstance(again, Changed)
    assert again.view.schedule == first
    assert again.notes == ("You have that schedule already.",)
    assert len(world.store.rows) == 1


def test_a_delivery_that_comes_twice_makes_one_schedule(world: World) -> None:
    ids = set()
    for _ in range(2):
        done = world.say("schedule weekdays 8:00 yesterday team:Billing", request="trigger:one")
        assert isinstance(done, Changed)
        ids.add(done.view.schedule.id)
        world.store.rows.clear()  # as if the first writer's transaction were not seen yet
    assert len(ids) == 1


def test_what_an_answer_leaves_out_is_said_when_it_is_scheduled(world: World) -> None:
    world.reports.notices = (Notice("outside_scope", "2 agents are outside what you may see, and left out."),)

    done = world.say("schedule weekdays 8:00 yesterday team:Billing to me")

    assert isinstance(done, Changed)
    assert done.notes == ("2 agents are outside what you may see, and left out.",)


def test_holidays_count_where_the_next_runs_are_told(world: World) -> None:
    world.now = datetime(2026, 12, 23, 12, tzinfo=UTC)

    skipped = world.say("schedule weekdays 8:00 yesterday team:Billing skip holidays GB-SCT except 2026-12-24")
    shifted = world.say("schedule fridays 8:00 last week team:Billing shift holidays GB")

    assert names(skipped) == ["2026-12-29T08:00", "2026-12-30T08:00", "2026-12-31T08:00"]
    assert names(shifted)[0] == "2026-12-29T08:00"  # Friday is Christmas, Monday stands for Boxing Day


# --- the range comes from the slot -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "slot", "label"),
    [
        pytest.param(LONDON, datetime(2026, 11, 25, 8, tzinfo=UTC), "Yesterday, Tue 24 Nov 00:00–24:00", id="plain"),
        pytest.param(LONDON, datetime(2026, 3, 30, 7, tzinfo=UTC), "Yesterday, Sun 29 Mar 00:00–24:00", id="spring"),
        pytest.param(LONDON, datetime(2026, 10, 26, 8, tzinfo=UTC), "Yesterday, Sun 25 Oct 00:00–24:00", id="autumn"),
        pytest.param(
            "Asia/Tokyo", datetime(2026, 11, 24, 23, tzinfo=UTC), "Yesterday, Tue 24 Nov 00:00–24:00", id="its zone"
        ),
        pytest.param(
            "America/Los_Angeles",
            datetime(2026, 11, 25, 16, tzinfo=UTC),
            "Yesterday, Tue 24 Nov 00:00–24:00",
            id="another",
        ),
    ],
)
def test_yesterday_is_the_slots_in_the_schedules_zone_however_late_it_runs(
    world: World, zone: str, slot: datetime, label: str
) -> None:
    local = slot.astimezone(load_zone(zone)).replace(tzinfo=None)
    made = world.made(f"daily 8:00 yesterday team:Billing in {zone}")
    assert (local.hour, made.recurrence.zone) == (8, zone)

    read = world.reports.read(made.question, ANA, now=slot, zone=zone)

    assert read.range is not None
    assert read.range.label == label
    assert read.range.windows[0].length == timedelta(hours={29: 23, 25: 25}.get(int(label.split()[2]), 24))


def test_the_range_of_a_day_when_clocks_change_has_its_true_length(world: World) -> None:
    read = world.reports.read("yesterday", ANA, now=datetime(2026, 3, 30, 7, tzinfo=UTC), zone=LONDON)

    assert read.range is not None
    assert read.range.windows[0].length == timedelta(hours=23)


# --- lists, and who may do what --------------------------------------------------------------------------------------


def test_a_list_shows_mine_and_this_channels(world: World) -> None:
    world.made("weekdays 8:00 yesterday team:Billing")
    world.made("weekdays 8:00 yesterday team:Billing to me")
    world.made("weekdays 9:00 yesterday team:Support", BOSS)

    def listed(who: Requester, place: Place) -> tuple[list[int], list[int]]:
        found = world.say("schedules", who, place)
        assert isinstance(found, Listed)
        return [v.schedule.number for v in found.mine], [v.schedule.number for v in found.here]

    assert listed(ANA, OPS) == ([1, 2], [3])
    assert listed(ANA, DIRECT) == ([1, 2], [])
    assert listed(CLEO, OPS) == ([], [1, 3])
    assert listed(CLEO, SALES) == ([], [])
    assert listed(OPERATOR, DIRECT) == ([1, 2, 3], [])


@pytest.mark.parametrize("verb", ["pause", "resume", "run", "delete", "edit"])
@pytest.mark.parametrize(
    ("who", "place", "allowed"),
    [
        pytest.param(ANA, DIRECT, True, id="the owner"),
        pytest.param(BOSS, DIRECT, True, id="who supervises everything"),
        pytest.param(OPERATOR, DIRECT, True, id="the operator"),
        pytest.param(BEN, OPS, False, id="who supervises something, in the channel"),
        pytest.param(CLEO, OPS, False, id="anybody in the channel"),
        pytest.param(CLEO, SALES, None, id="anybody elsewhere"),
        pytest.param(GUEST, OPS, False, id="a guest"),
    ],
)
def test_owners_and_those_who_see_everything_may_change_a_schedule(
    world: World, verb: str, who: Requester, place: Place, allowed: bool | None
) -> None:
    world.made("weekdays 8:00 yesterday team:Billing")
    text = f"{verb} 1" + (" weekdays 9:00 yesterday team:Billing" if verb == "edit" else "")

    if allowed:
        assert world.say(text, who, place)
    else:
        error = world.refused(text, who, place)
        assert error.code == ("unknown_schedule" if allowed is None else "stranger" if who is GUEST else "not_allowed")
        assert world.deliveries.asked == []


@pytest.mark.parametrize("verb", ["test", "log"])
@pytest.mark.parametrize(
    ("who", "place", "allowed"),
    [(ANA, DIRECT, True), (BOSS, DIRECT, True), (CLEO, OPS, True), (CLEO, SALES, False), (GUEST, OPS, False)],
)
def test_whoever_may_see_a_schedule_may_test_it_and_read_its_log(
    world: World, verb: str, who: Requester, place: Place, allowed: bool
) -> None:
    world.made("weekdays 8:00 yesterday team:Billing")

    if allowed:
        assert world.say(f"{verb} 1", who, place)
    else:
        assert world.refused(f"{verb} 1", who, place).code in {"unknown_schedule", "stranger"}


def test_a_recipient_may_see_what_she_is_sent(world: World) -> None:
    world.made("weekdays 8:00 yesterday team:Support to <@UBEN>")

    assert world.say("log 1", BEN, DIRECT)


@pytest.mark.parametrize("text", ["pause 7", "log 7", "test 7", "edit 7 daily 8:00 yesterday"])
def test_an_unknown_number_is_refused(world: World, text: str) -> None:
    assert world.refused(text).code == "unknown_schedule"


# --- changing --------------------------------------------------------------------------------------------------------


def test_a_pause_ends_by_hand_or_on_its_day(world: World) -> None:
    world.made("weekdays 8:00 yesterday team:Billing")

    assert names(world.say("pause 1")) == []
    assert world.kept(1).state is ScheduleState.PAUSED
    assert names(world.say("pause 1 until monday")) == ["2026-11-30T08:00", "2026-12-01T08:00", "2026-12-02T08:00"]
    assert world.kept(1).paused_until == date(2026, 11, 30)

    world.now += timedelta(hours=2)
    assert names(world.say("resume 1"))[0] == "2026-11-25T08:00"
    kept = world.kept(1)
    assert (kept.state, kept.paused_until, kept.reason) == (ScheduleState.ACTIVE, None, "")
    assert kept.active_since == world.now  # nothing is owed for the time of the pause


def test_a_pause_by_somebody_else_says_by_whom(world: World) -> None:
    world.made("weekdays 8:00 yesterday team:Billing")
    world.say("pause 1", BOSS)

    assert world.kept(1).reason == "paused by <@UBOSS>"


def test_resuming_forgets_failures_and_what_runs_stays_as_it_is(world: World) -> None:
    made = world.made("weekdays 8:00 yesterday team:Billing")
    world.say("resume 1")
    assert world.kept(1) == made

    world.store.rows[made.id] = replace(made, state=ScheduleState.PAUSED, failures=3, reason="failed three times")
    world.say("resume 1")
    assert (world.kept(1).failures, world.kept(1).reason) == (0, "")


def test_an_ended_schedule_is_neither_paused_nor_resumed_but_edited(world: World) -> None:
    made = world.made("weekdays 8:00 yesterday team:Billing until 2026-11-30")
    world.store.rows[made.id] = replace(made, state=ScheduleState.ENDED)

    assert world.refused("pause 1").code == "never_due"
    assert world.refused("resume 1").code == "never_due"
    assert names(world.say("edit 1 weekdays 8:00 yesterday team:Billing"))[0] == "2026-11-25T08:00"


def test_a_change_is_tried_anew_on_what_somebody_else_made_of_it(world: World) -> None:
    made = world.made("weekdays 8:00 yesterday team:Billing")
    save, calls = world.store.save, []

    def interfered(schedule: Schedule) -> Schedule | None:
        calls.append(schedule)
        if len(calls) == 1:
            world.store.rows[made.id] = replace(made, version=made.version + 1, failures=2)
        return save(schedule)

    world.store.save = interfered  # type: ignore[method-assign]
    world.say("pause 1")

    assert (len(calls), world.kept(1).failures, world.kept(1).state) == (2, 2, ScheduleState.PAUSED)


def test_a_change_that_is_never_let_through_is_refused(world: World) -> None:
    world.made("weekdays 8:00 yesterday team:Billing")
    world.store.save = lambda _schedule: None  # type: ignore[method-assign]

    assert world.refused("pause 1").code == "conflict"


def test_an_edit_keeps_the_recipients_and_the_zone_that_it_does_not_name(world: World) -> None:
    made = world.made("weekdays 8:00 yesterday team:Billing to me in Asia/Tokyo")
    world.say("edit 1 mondays 9:00 last week team:Billing", place=SALES)

    kept = world.kept(1)
    assert kept.question == "last week team:Billing"
    assert kept.destinations == made.destinations
    assert kept.recurrence == Recurrence((time(9),), "Asia/Tokyo", frozenset({0}))
    assert (kept.id, kept.number, kept.owner_id) == (made.id, 1, "UANA")


def test_an_edit_without_words_says_the_words_there_are(world: World) -> None:
    world.made("weekdays 8:00 yesterday team:Billing")

    assert world.refused("edit 1").hint == (
        "As it is now: edit 1 weekdays 08:00 yesterday team:Billing in <#COPS> in Europe/London"
    )


def test_an_edit_is_checked_by_the_owners_rights(world: World) -> None:
    world.made("weekdays 8:00 yesterday team:Billing")

    assert world.refused("edit 1 weekdays 8:00 yesterday team:Sales", BOSS).code == "not_allowed"
    assert world.say("edit 1 weekdays 8:00 yesterday team:Support", BOSS)
    assert world.kept(1).owner_id == "UANA"


@pytest.mark.parametrize(
    ("hour", "since", "first"),
    [
        pytest.param(7, datetime(2026, 11, 24, 7, tzinfo=UTC), "2026-11-24T09:00", id="before today's post: today"),
        pytest.param(15, datetime(2026, 11, 25, tzinfo=UTC), "2026-11-25T09:00", id="after it: tomorrow"),
        pytest.param(8, datetime(2026, 11, 25, tzinfo=UTC), "2026-11-25T09:00", id="just after it: not twice today"),
    ],
)
def test_other_times_count_from_tomorrow_once_todays_post_is_out(
    world: World, hour: int, since: datetime, first: str
) -> None:
    world.now = NOW - timedelta(days=5)
    world.made("daily 8:00 yesterday team:Billing")
    world.now = NOW.replace(hour=hour, minute=30 if hour == 8 else 0)
    since = world.now if hour == 7 else since

    assert names(world.say("edit 1 daily 9:00 yesterday team:Billing"))[0] == first
    assert world.kept(1).active_since == since


def test_an_edit_of_the_question_alone_leaves_the_times_in_force(world: World) -> None:
    made = world.made("daily 8:00 yesterday team:Billing")
    world.now += timedelta(days=3)
    world.say("edit 1 daily 8:00 yesterday team:Support")

    assert world.kept(1).active_since == made.active_since


def test_a_deleted_schedule_says_how_to_have_it_again(world: World) -> None:
    world.made("weekdays 8:00 yesterday team:Billing skip holidays GB")
    done = world.say("delete 1")

    assert isinstance(done, Changed)
    assert world.store.rows == {}
    again = done.notes[0].split("`")[1]
    assert again == "schedule weekdays 08:00 yesterday team:Billing in <#COPS> skip holidays GB in Europe/London"
    assert isinstance(world.say(again), Changed)


def test_run_posts_to_all_and_test_to_whoever_asks(world: World) -> None:
    world.made("weekdays 8:00 yesterday team:Billing")
    world.say("run 1", request="trigger:run")
    world.say("test 1", CLEO, request="trigger:test")

    assert world.deliveries.asked == [("run", 1, "trigger:run"), ("test to UCLEO", 1, "trigger:test")]
    assert world.refused("test 1", OPERATOR).code == "not_available"


def test_a_log_is_the_ledgers_newest_first(world: World) -> None:
    made = world.made("weekdays 8:00 yesterday team:Billing")
    fires = [
        Fire(f"k{day}", made.id, channel("COPS"), datetime(2026, 11, day, 8, tzinfo=UTC), date(2026, 11, day), time(8))
        for day in (20, 23, 24)
    ]
    world.ledger.open(fires)

    logged = world.say("log 1")

    assert isinstance(logged, Logged)
    assert [fire.key for fire in logged.fires] == ["k24", "k23", "k20"]


def test_only_who_may_change_a_schedule_sends_its_posts_again(world: World) -> None:
    made = world.made("weekdays 8:00 yesterday team:Billing")
    fire = Fire("key", made.id, channel("COPS"), NOW, NOW.date(), time(8), state=FireState.UNKNOWN)
    world.ledger.open([fire])

    for who, key in ((BEN, "key"), (GUEST, "key"), (ANA, "other")):
        with pytest.raises(CommandError):
            world.service.resend(key, who)
    assert world.deliveries.asked == []
    assert world.service.resend("key", ANA)
    assert not world.service.resend("key", ANA)
    assert world.service.resend("key", BOSS, whole_slot=True) == 2
    assert world.deliveries.asked[-1] == ("resend missing", 1, "2026-11-24 08:00")


def test_what_is_coming_begins_where_it_is_in_force(world: World) -> None:
    made = world.made("daily 8:00 yesterday team:Billing")
    later = replace(made, active_since=datetime(2026, 12, 1, tzinfo=UTC))

    assert upcoming(later, NOW, 1, is_holiday=CALENDARS.of(made.recurrence))[0].name == "2026-12-01T08:00"
    assert upcoming(replace(made, state=ScheduleState.ENDED), NOW, 1, is_holiday=CALENDARS.of(made.recurrence)) == ()


# --- countries -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("GB", "GB"),
        ("gb-sct", "GB-SCT"),
        ("UK", "GB"),
        ("USA", "US"),
        ("DEU", "DE"),
        ("GERMANY", "DE"),
        ("us-ca", "US-CA"),
    ],
)
def test_a_country_is_known_by_its_code_or_its_name(typed: str, code: str) -> None:
    assert CALENDARS.code(typed) == code


@pytest.mark.parametrize(("typed", "near"), [("GERMANI", "DE"), ("FRANC", "FR"), ("GB-SCOTLAND", "GB-SCT")])
def test_an_unknown_country_is_refused_with_what_is_near(typed: str, near: str) -> None:
    with pytest.raises(CommandError) as refusal:
        CALENDARS.code(typed)
    assert refusal.value.code == "unknown_country"
    assert near in str(refusal.value.hint)


def test_a_part_of_a_country_has_holidays_of_its_own() -> None:
    saint_andrew = date(2026, 11, 30)
    rule = Recurrence((time(8),), LONDON, country="GB")

    assert not CALENDARS.of(rule)(saint_andrew)
    assert CALENDARS.of(replace(rule, country="GB-SCT"))(saint_andrew)
    assert CALENDARS.of(replace(rule, own_holidays=(saint_andrew,)))(saint_andrew)


# --- the file --------------------------------------------------------------------------------------------------------


def imported(document: object, store: MemoryStore, now: datetime = NOW) -> tuple[int, int, int]:
    done = import_schedules(document, store, settings=SETTINGS, calendars=CALENDARS, now=now)
    return done.added, done.changed, done.unchanged


@pytest.fixture
def document(world: World) -> dict[str, Any]:
    world.made("weekdays 8:00 yesterday team:Billing skip holidays GB")
    world.made("first workday 8:00 last month to <@UANA> for team:Billing, <@UBEN> for team:Support 12 times")
    world.say("pause 2 until monday")
    written: dict[str, Any] = json.loads(json.dumps(exported(world.store.all())))
    return written


def test_what_is_exported_is_imported_and_a_second_time_changes_nothing(world: World, document: dict[str, Any]) -> None:
    fresh = MemoryStore()

    assert imported(document, fresh) == (2, 0, 0)
    assert imported(document, fresh, NOW + timedelta(days=1)) == (0, 0, 2)
    for here, there in zip(world.store.all(), fresh.all(), strict=True):
        assert replace(there, version=here.version, active_since=here.active_since) == here


def test_an_edited_entry_is_changed_and_others_stay(world: World, document: dict[str, Any]) -> None:
    document["schedules"] = document["schedules"][:1]
    document["schedules"][0]["question"] = "yesterday team:Support"

    assert imported(document, world.store) == (0, 1, 0)
    assert [s.question for s in world.store.all()] == ["yesterday team:Support", "last month"]


def test_nothing_is_owed_for_the_time_before_an_import(document: dict[str, Any]) -> None:
    fresh, later = MemoryStore(), NOW + timedelta(days=40)
    imported(document, fresh, later)

    assert {schedule.active_since for schedule in fresh.all()} == {later}


@pytest.mark.parametrize(
    ("field_name", "value", "says"),
    [
        ("question", "yesterdy", "yesterdy"),
        ("question", "help", "figures"),
        ("owner_id", "", "owner_id"),
        ("destinations", [], "destinations"),
        ("recurrence", {"times": ["25:00"], "zone": LONDON}, "times"),
        ("recurrence", {"times": ["08:00"], "zone": "Atlantis"}, "zone"),
        ("recurrence", {"times": ["08:00"], "zone": LONDON, "country": "XY", "on_holiday": "skip"}, "XY"),
        ("colour", "red", "colour"),
    ],
)
def test_bad_entries_are_named_and_nothing_is_imported(
    document: dict[str, Any], field_name: str, value: object, says: str
) -> None:
    document["schedules"][1][field_name] = value
    fresh = MemoryStore()

    with pytest.raises(CommandError) as refusal:
        imported(document, fresh)
    assert refusal.value.code == "invalid_file"
    assert "schedules[1] (number 2)" in refusal.value.message
    assert says in refusal.value.message
    assert fresh.rows == {}


def test_an_entry_that_stands_twice_is_bad(document: dict[str, Any]) -> None:
    document["schedules"].append(document["schedules"][0])

    with pytest.raises(CommandError, match="twice"):
        imported(document, MemoryStore())


@pytest.mark.parametrize("wrong", [None, [], {}, {"format": 2, "schedules": []}, {"format": 1, "schedules": {}}])
def test_what_is_no_file_of_schedules_is_refused(wrong: object) -> None:
    with pytest.raises(CommandError) as refusal:
        imported(wrong, MemoryStore())
    assert refusal.value.code == "invalid_file"


def test_a_schedule_in_words_can_be_said_again(world: World) -> None:
    order = world.reports.reader.read("schedule weekdays 8:00 yesterday team:Billing", ANA, now=NOW).order
    assert order is not None
    assert order.verb is Verb.SCHEDULE
    world.say(order_words(order))
    assert len(world.store.rows) == 1
