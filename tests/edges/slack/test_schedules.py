"""Schedules through a real Bolt app: said, pressed, refused, and sent again."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

import pytest

from bot.core.recurrence import Recurrence
from bot.core.rights import parse_grants
from bot.core.scheduling import Destination, DestinationKind, Fire, FireState, Schedule
from bot.core.zones import load_zone
from bot.demo.fake_slack import FakeSlack
from bot.demo.fake_slack.controls import controls
from bot.edges.jobs import ThreadJobs
from bot.edges.slack import SlackSettings, build_people, build_slack
from bot.edges.slack.api import SlackApi
from bot.edges.slack.messenger import SlackMessenger
from bot.services.holidays import HolidayCalendars
from bot.services.reading import Reader, ReportSettings
from bot.services.schedules import ScheduleSettings, SchedulesService
from tests.edges.slack.worlds import WAIT_S, figures
from tests.services.delivering import MemoryLedger, MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.core.answer import Answer, TextAnswer
    from bot.core.query import Query
    from bot.ports import Agent, Operation, Requester

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Reports:
    """The real grammar; figures from memory; everybody may ask everything."""

    def __init__(self) -> None:
        self.reader = Reader(ReportSettings(zone=load_zone("UTC")))

    def read(self, text: str, requester: Requester, *, now: datetime | None = None, zone: str | None = None) -> Query:
        return self.reader.read(text, requester, now=now or NOON, zone=zone)

    def expand(self, query: Query, requester: Requester, **_more: Any) -> Query:
        return query

    def at_once(self, query: Query, requester: Requester) -> TextAnswer | None:
        return None

    def answer(self, query: Query, requester: Requester, **_more: Any) -> Answer:
        return figures(query)

    def check(self, query: Query, requester: Requester, operation: Operation) -> Sequence[Any]:
        return ()

    def own_agent(self, requester: Requester, operation: Operation) -> Agent | None:
        return None

    def suggest_agents(self, typed: str, requester: Requester, *, limit: int = 100) -> Sequence[Agent]:
        return ()


class Deliveries:
    """Keeps what it was asked to post."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def run(self, schedule: Schedule, *, request_id: str) -> int:
        self.asked.append(("run", request_id))
        return 1

    def test(self, schedule: Schedule, *, person_id: str, request_id: str) -> int:
        self.asked.append((f"test {person_id}", request_id))
        return 1

    def resend(self, key: str) -> bool:
        self.asked.append(("resend", key))
        return len(self.asked) == 1

    def resend_missing(self, schedule: Schedule, local_date: Any, local_time: Any) -> int:
        self.asked.append(("resend missing", f"{local_date}T{local_time:%H:%M}"))
        return 2


class World:
    """The edge with a schedules service behind it."""

    def __init__(self, slack: FakeSlack, *, with_schedules: bool = True) -> None:
        self.slack = slack
        self.ana = slack.add_person("ana", name="Ana Díaz", email="ana@example.com", tz="Europe/London", id="UANA")
        self.bob = slack.add_person("bob", name="Bob Ray", email="bob@example.com", tz="Asia/Tokyo", id="UBOB")
        self.ops = slack.add_channel("ops", members=[self.ana, self.bob], id="COPS")
        self.away = slack.add_channel("away", members=[self.ana], id="CAWAY", with_bot=False)
        self.store, self.ledger, self.deliveries = MemoryStore(), MemoryLedger(), Deliveries()
        self.jobs = ThreadJobs(workers=2, capacity=50)
        settings = SlackSettings(
            bot_token=slack.bot_token,
            signing_secret=slack.signing_secret,
            api_url=slack.url,
            commands_a_minute=1_000,
            commands_in_flight=1_000,
        )
        reports = Reports()
        people = build_people(settings)
        schedules = SchedulesService(
            store=self.store,
            ledger=self.ledger,
            deliveries=self.deliveries,
            channels=SlackMessenger(SlackApi(token=slack.bot_token, base_url=slack.url, sleep=lambda _s: None)),
            people=people,
            reports=reports,
            calendars=HolidayCalendars(),
            settings=ScheduleSettings(grants=parse_grants("UANA=*; UBOB=team:Billing")),
            clock=lambda: NOON,
        )
        self.edge = build_slack(
            settings,
            reports=reports,
            jobs=self.jobs,
            people=people,
            schedules=schedules if with_schedules else None,
            clock=NOON.timestamp,
        )
        self.edge.api.sleep = lambda _s: None
        slack.connect(app=self.edge.app)

    def say(self, text: str, person: Any = None, channel: Any = None) -> Any:
        """A command, and the message that answers it."""
        delivery = self.slack.command(text, person=person or self.ana, channel=channel or self.ops)
        return delivery.wait()

    def labels(self, message: Any) -> list[str]:
        return [control.label for control in controls(message)]


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with FakeSlack() as slack:
        made = World(slack, **getattr(request, "param", {}))
        yield made
        made.jobs.close(WAIT_S)


def test_a_schedule_is_acknowledged_as_read_and_confirmed_with_its_next_runs(world: World) -> None:
    world.say("schedules")  # so that she is known, and read at once
    delivery = world.slack.command("schedule weekdays 8:00 yesterday team:Billing", person=world.ana, channel=world.ops)

    assert delivery.took_s < 0.5
    assert "Weekdays at 08:00 Europe/London: yesterday team:Billing, here" in delivery.ack.text
    reply = delivery.wait()
    for said in ("Scheduled: schedule 1", "Wed 25 Nov 08:00 · Thu 26 Nov 08:00 · Fri 27 Nov 08:00 (Europe/London)"):
        assert said in reply.text
    assert "The next post shows: Yesterday, Tue 24 Nov 00:00–24:00" in reply.text
    assert "`pause 1` stops it for a while, `delete 1` for good" in reply.text
    assert "<#COPS>" in str(reply.blocks)
    assert reply.to == world.ana.id
    assert world.labels(reply) == ["Pause", "Run now", "Test", "Log", "Edit…", "Delete"]
    assert world.store.all()[0].destinations == (Destination(DestinationKind.CHANNEL, "COPS"),)


def test_recipients_come_from_what_slack_sends_as_links(world: World) -> None:
    world.say("schedule weekdays 8:00 yesterday to @ana for team:Billing, @bob for team:Support skip holidays GB")
    world.say("schedule weekdays 8:00 yesterday in #ops")

    first, second = world.store.all()
    assert first.destinations == (
        Destination(DestinationKind.PERSON, "UANA", "team:Billing"),
        Destination(DestinationKind.PERSON, "UBOB", "team:Support"),
    )
    assert second.destinations == (Destination(DestinationKind.CHANNEL, "COPS"),)


def test_in_a_direct_message_it_goes_to_whoever_typed_it(world: World) -> None:
    world.slack.direct_message("schedule daily 8:00 yesterday", person=world.bob)
    reply = world.slack.wait_for_message(world.slack.dm(world.bob), containing="Scheduled")

    assert "Asia/Tokyo" in reply.text
    assert world.store.all()[0].destinations == (Destination(DestinationKind.PERSON, "UBOB"),)


def test_a_mention_in_a_channel_posts_there(world: World) -> None:
    world.slack.mention("schedule daily 8:00 yesterday", person=world.ana, channel=world.ops)
    reply = world.slack.wait_for_message(person=world.ana, containing="Scheduled")

    assert reply.to == world.ana.id
    assert world.store.all()[0].destinations == (Destination(DestinationKind.CHANNEL, "COPS"),)


def test_a_mistake_is_the_acknowledgement(world: World) -> None:
    world.say("schedules")
    delivery = world.slack.command("schedule weekdays 8:00 2026-11-20", person=world.ana, channel=world.ops)

    assert "stands still" in delivery.ack.text
    assert world.store.all() == []


def test_a_refusal_shows_the_channel_by_its_name(world: World) -> None:
    reply = world.say("schedule weekdays 8:00 yesterday in #away")

    assert "I can't post in <#CAWAY>" in reply.text
    assert "<#CAWAY>" in str(reply.blocks)
    assert "`/invite`" in reply.text
    assert world.store.all() == []


def test_buttons_carry_commands_and_do_what_the_presser_may(world: World) -> None:
    made = world.say("schedule weekdays 8:00 yesterday team:Billing")

    paused = world.slack.press(made, "Pause", person=world.ana).wait()
    assert "Paused: schedule 1" in paused.text
    assert world.labels(paused) == ["Resume", "Run now", "Test", "Log", "Edit…", "Delete"]
    assert [c.element["value"] for c in controls(paused)] == [
        "resume 1",
        "run 1",
        "test 1",
        "log 1",
        "edit 1",
        "delete 1",
    ]

    refused = world.slack.press(made, "Delete", person=world.bob).wait()
    assert "only she may change it" in refused.text
    assert len(world.store.all()) == 1

    world.slack.press(paused, "Resume", person=world.ana).wait()
    deleted = world.slack.press(made, "Delete", person=world.ana).wait()
    assert "To have it again" in deleted.text
    assert world.store.all() == []


def test_one_press_runs_once_however_often_it_is_delivered(world: World) -> None:
    made = world.say("schedule weekdays 8:00 yesterday team:Billing")
    pressed = world.slack.press(made, "Run now", person=world.ana)
    pressed.wait()
    pressed.again()
    world.slack.press(made, "Test", person=world.bob).wait()

    assert [what for what, _ in world.deliveries.asked] == ["run", "test UBOB"]


def test_a_list_has_buttons_for_what_each_may_do(world: World) -> None:
    world.say("schedule weekdays 8:00 yesterday team:Billing")
    world.say("schedule mondays 9:00 last week to me")

    hers = world.say("schedules")
    assert hers.text.index("Your schedules") < hers.text.index("1 · Weekdays")
    assert world.labels(hers) == ["Pause", "Run now", "Test", "Log", "Edit…", "Delete"] * 2
    his = world.say("schedules", person=world.bob)
    assert "In this channel" in his.text
    assert "by <@UANA>" in his.text
    assert "Mondays" not in his.text
    assert world.labels(his) == ["Test", "Log"]


def test_a_list_of_none_says_how_to_make_one(world: World) -> None:
    assert "schedule weekdays 8:00 yesterday team:Billing" in world.say("schedules").text


def test_a_question_without_days_can_be_scheduled_with_one_press(world: World) -> None:
    offered = world.say("schedule yesterday team:Billing in Europe/London")

    assert world.labels(offered) == ["Weekdays 8:00, here", "Daily 8:00, to me", "Mondays 8:00, here"]
    assert world.store.all() == []
    world.slack.press(offered, "Daily 8:00, to me", person=world.bob).wait()
    (made,) = world.store.all()
    assert (made.owner_id, made.question) == ("UBOB", "yesterday team:Billing")
    assert made.recurrence == Recurrence((time(8),), "Europe/London")  # the question's zone, not the presser's


def test_what_cannot_move_cannot_be_scheduled(world: World) -> None:
    assert "Schedule this" not in world.labels(world.say("2026-11-20 team:Billing"))


def test_a_post_is_sent_again_by_its_owner_and_once(world: World) -> None:
    made = world.say("schedule weekdays 8:00 yesterday team:Billing")
    fire = Fire(
        "key",
        world.store.all()[0].id,
        Destination(DestinationKind.CHANNEL, "COPS"),
        NOON,
        NOON.date(),
        time(8),
        state=FireState.FAILED,
        reason="not_in_channel",
    )
    world.ledger.open([fire])
    log = world.slack.press(made, "Log", person=world.ana).wait()
    assert "Tue 24 Nov 08:00 to <#COPS> – failed: not_in_channel" in log.text

    assert "may send again" in world.slack.press(log, "Send again", person=world.bob).wait().text
    assert "being sent again" in world.slack.press(log, "Send again", person=world.ana).wait().text
    assert "sent again before" in world.slack.press(log, "Send again", person=world.ana).wait().text


def test_a_slot_is_sent_again_to_all_who_lack_it(world: World) -> None:
    made = world.say("schedule weekdays 8:00 yesterday team:Billing to me, @bob in #ops")
    schedule = world.store.all()[0]
    states = (FireState.FAILED, FireState.SKIPPED, FireState.SENT)
    world.ledger.open(
        [
            Fire(f"k{n}", schedule.id, to, NOON, NOON.date(), time(8), state=state)
            for n, (to, state) in enumerate(zip(schedule.destinations, states, strict=True))
        ]
    )
    log = world.slack.press(made, "Log", person=world.ana).wait()
    assert "to <@UANA>, <@UBOB>" in str(log.blocks)

    assert "being sent again" in world.slack.press(log, "Send again", person=world.ana).wait().text
    assert world.deliveries.asked == [("resend missing", "2026-11-24T08:00")]


def test_the_home_tab_shows_her_schedules(world: World) -> None:
    world.say("schedule weekdays 8:00 yesterday to me")
    world.slack.open_home(person=world.ana)
    world.slack.wait_for(lambda: world.slack.home(world.ana), what="a Home tab")

    view = world.slack.home(world.ana)
    assert "Weekdays at 08:00 Europe/London" in str(view.blocks)


@pytest.mark.parametrize("world", [{"with_schedules": False}], indirect=True)
def test_a_bot_without_a_database_says_that_it_keeps_no_schedules(world: World) -> None:
    assert "keeps no schedules" in world.say("schedules").text
