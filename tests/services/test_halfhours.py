"""Half-hours kept at night: whatever they answer is what the platform answers, and nothing else is answered."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from bot.core.answer import Answer
from bot.core.grammar import GrammarContext, parse
from bot.core.intervals import Interval
from bot.core.planning import posted_ask, status_ask
from bot.core.rendering.json_out import answer_as_json
from bot.core.rendering.wording import coverage
from bot.core.sourcing import Side
from bot.core.zones import load_zone
from bot.edges.db.archive import SqlChores
from bot.edges.db.engine import Database
from bot.edges.db.tables import archive_half_hours, metadata
from bot.edges.genesys import GenesysActivity
from bot.errors import SourceError
from bot.ports import Operation, Requester
from bot.services.prefetch import Prefetch, PrefetchSettings
from bot.settings import load_settings
from bot.wiring import by_the_clock, report_service
from genesys_client import GenesysClient
from genesys_client.sandbox import DEFAULT_GRANT, Engine, Fault, SandboxAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.frames import Facts
    from bot.core.planning import PostedAsk, StatusAsk
    from bot.services.clockwork import Clockwork
    from bot.services.halfhours import HalfHourArchive

OPERATOR = Requester(id="operator", operator=True)
NIGHT = datetime(2026, 3, 30, 2, 10, tzinfo=UTC)
MORNING = datetime(2026, 3, 30, 9, tzinfo=UTC)
DAYS = [date(2026, 3, day) for day in range(26, 30)]
"""London's clocks go forward on the last of them."""


class Floor:
    """An organisation whose clock a test sets: made once, since making up its days takes the longest."""

    def __init__(self) -> None:
        self.now = NIGHT
        self.engine = Engine(seed=7, agents=24, now=lambda: self.now)
        self.engine.behaviour = replace(self.engine.behaviour, requests_per_minute=1_000_000)
        self.client = GenesysClient(
            DEFAULT_GRANT.client_id,
            DEFAULT_GRANT.client_secret,
            adapter=SandboxAdapter(self.engine),
            requests_per_minute=1_000_000,
        )


class World:
    """The floor, and an archive of it in memory."""

    def __init__(self, floor: Floor) -> None:
        self.floor, self.engine, self.client = floor, floor.engine, floor.client
        self.now = NIGHT
        self.engine.faults = []
        self.database = Database("sqlite://")
        metadata.create_all(self.database.engine)
        self.settings = load_settings({"REPORT_ZONE": "Europe/London", "LOOKBACK_DAYS": "1"}, env_file=None)
        self.sources = by_the_clock(self.settings, self.client, clock=lambda: self.now, database=self.database)
        self.live = GenesysActivity(self.client, now=lambda: self.now)
        self.everybody = [agent.id for agent in self.engine.organization.agents]

    @property
    def now(self) -> datetime:
        return self.floor.now

    @now.setter
    def now(self, moment: datetime) -> None:
        self.floor.now = moment

    @property
    def half_hours(self) -> HalfHourArchive:
        assert self.sources.half_hours is not None
        return self.sources.half_hours

    def fill(self, days: list[date]) -> None:
        for side in Side:
            for day in days:
                self.half_hours.fetch(side, day, Operation.within(60), expected=self.everybody)

    def ask(self, text: str, zone: str = "Europe/London", agents: list[str] | None = None) -> PostedAsk:
        query = parse(text, GrammarContext(now=self.now, zone=load_zone(zone), zone_source="setting"))
        return posted_ask(query, agent_ids=agents)

    def kept(self, ask: PostedAsk | StatusAsk) -> Facts | None:
        return self.half_hours.answer(ask, Operation.within(60))


@pytest.fixture(scope="module")
def floor() -> Iterator[Floor]:
    floor = Floor()
    yield floor
    floor.client.close()


@pytest.fixture(scope="module")
def filled(floor: Floor) -> Iterator[World]:
    world = World(floor)
    world.fill(DAYS)
    yield world
    world.database.close()


@pytest.fixture
def morning(filled: World) -> World:
    """After a night that has read four days."""
    filled.now = MORNING
    return filled


@pytest.fixture
def world(floor: Floor) -> Iterator[World]:
    """After no night, for tests that change what is kept."""
    world = World(floor)
    yield world
    world.database.close()


def assert_same(found: Facts | None, expected: Facts) -> None:
    assert found is not None
    pd.testing.assert_frame_equal(found.frame, expected.frame)
    assert replace(found, frame=expected.frame, sources=None) == expected
    assert len(expected.frame) > 0


# -- what they answer ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "zone", "some"),
    [
        pytest.param("yesterday by interval", "Europe/London", False, id="the day the clocks go forward"),
        pytest.param("yesterday", "Europe/London", False, id="a plain day"),
        pytest.param("2026-03-28 by hour", "Europe/London", True, id="some agents by the hour"),
        pytest.param("2026-03-27..2026-03-29 by day", "Europe/London", False, id="by day over the change"),
        pytest.param("2026-03-27 to 2026-03-28", "UTC", False, id="two days in one"),
        pytest.param("2026-03-28 by interval", "Asia/Kolkata", False, id="half-hours off the hour"),
        pytest.param("2026-03-27 by day", "Australia/Lord_Howe", True, id="half an hour of daylight saving"),
        pytest.param("2026-03-27 08:30-17:00", "America/St_Johns", False, id="a piece of a day"),
        pytest.param("2026-03-27..2026-03-29 9-12", "Europe/London", False, id="windows with holes"),
        pytest.param("2026-03-27..2026-03-29 9-12 by interval", "Europe/London", True, id="holes by interval"),
    ],
)
def test_kept_half_hours_give_what_the_platform_gives(morning: World, text: str, zone: str, some: bool) -> None:
    ask = morning.ask(text, zone, morning.everybody[2:5] if some else None)
    status = status_ask(ask, ask.agent_ids or morning.everybody)
    expected = morning.live.posted(ask, Operation.within(60)), morning.live.status(status, Operation.within(60))
    morning.engine.requests.clear()

    posted, of_status = morning.kept(ask), morning.kept(status)

    assert morning.engine.requests == []
    assert_same(posted, expected[0])
    assert_same(of_status, expected[1])
    assert posted is not None
    assert posted.sources is not None
    assert posted.sources.moving_since == NIGHT


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        pytest.param("yesterday by interval", "Asia/Kathmandu", id="edges at a quarter"),
        pytest.param("yesterday by 15m", "Europe/London", id="quarters"),
        pytest.param("yesterday voice", "Europe/London", id="one medium"),
        pytest.param("yesterday inbound", "Europe/London", id="one direction"),
        pytest.param("yesterday acd", "Europe/London", id="routed work"),
        pytest.param("yesterday by queue", "Europe/London", id="by queue"),
        pytest.param("yesterday clock", "Europe/London", id="by the clock"),
        pytest.param("today", "Europe/London", id="today"),
        pytest.param("yesterday", "America/New_York", id="a day of UTC that is not over"),
        pytest.param("2026-03-25 by interval", "Europe/London", id="a day that is not kept"),
        pytest.param("2026-03-25..2026-03-27", "Europe/London", id="days not all kept"),
    ],
)
def test_whatever_they_cannot_add_up_to_is_asked_of_the_platform(morning: World, text: str, zone: str) -> None:
    assert morning.kept(morning.ask(text, zone)) is None


def test_pieces_that_begin_at_odd_minutes_are_asked_of_the_platform(morning: World) -> None:
    ask = morning.ask("2026-03-28 8:00-9:00")
    assert morning.kept(ask) is not None
    (window,) = ask.windows
    odd = Interval(window.start + timedelta(minutes=10), window.end)

    assert morning.kept(replace(ask, windows=(odd,), buckets=())) is None


def test_status_is_told_of_those_alone_who_were_asked_about(morning: World) -> None:
    ask = morning.ask("yesterday")

    assert morning.kept(status_ask(ask, [*morning.everybody[:2], "somebody-else"])) is None
    assert morning.kept(status_ask(ask, morning.everybody[:2])) is not None
    posted = morning.kept(replace(ask, agent_ids=("somebody-else",)))
    assert posted is not None
    pd.testing.assert_frame_equal(posted.frame, morning.live.posted(replace(ask, agent_ids=("x",)), _now()).frame)


def test_half_hours_answer_for_as_long_as_days_of_conversations_do(world: World) -> None:
    world.fill(DAYS[-2:-1])
    ask = world.ask("2026-03-28", "UTC")
    world.now = NIGHT + timedelta(hours=12)
    assert world.kept(ask) is not None
    world.now += timedelta(minutes=1)
    assert world.kept(ask) is None

    world.now = datetime(2026, 4, 2, tzinfo=UTC)
    world.fill(DAYS[-2:-1])
    world.now += timedelta(days=20)

    found = world.kept(ask)
    assert found is not None
    assert found.sources is not None
    assert found.sources.moving_since is None


def test_a_day_that_is_not_over_is_never_kept(world: World) -> None:
    world.fill([NIGHT.date()])

    assert world.half_hours.known(Side.POSTED, _now()) == {}


def test_damaged_half_hours_are_dropped(world: World) -> None:
    world.fill(DAYS[-1:])
    ask = world.ask("2026-03-29", "UTC")
    with world.database.engine.begin() as connection:
        connection.execute(update(archive_half_hours).values(content=b"damaged"))

    with capture_logs() as logs:
        assert world.kept(ask) is None

    assert [line["event"] for line in logs] == ["archived_day_damaged"]
    assert [*world.half_hours.known(Side.POSTED, _now())] == []
    assert [*world.half_hours.known(Side.STATUS, _now())] == DAYS[-1:]


def test_what_the_platform_tells_with_a_reservation_is_not_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told = world.live.posted(world.ask("2026-03-29 by interval", "UTC"), _now())
    frame = told.frame.assign(held_s=float("nan"))
    monkeypatch.setattr(GenesysActivity, "posted", lambda *_: replace(told, frame=frame))

    with capture_logs() as logs:
        world.half_hours.fetch(Side.POSTED, DAYS[-1], _now())

    assert [line["event"] for line in logs] == ["half_hours_not_archived"]
    assert world.half_hours.known(Side.POSTED, _now()) == {}


# -- the night, and the morning after it --------------------------------------------------------------------------


def _now() -> Operation:
    return Operation.within(60)


def night_of(world: World, outcomes: list[str], work: Clockwork | None = None) -> Prefetch:
    assert world.sources.archive is not None
    return Prefetch(
        work or world.sources.work,
        world.sources.archive,
        SqlChores(world.database, clock=lambda: world.now),
        PrefetchSettings(datetime.min.time().replace(hour=2), world.settings.zone, lookback_days=1),
        owner="test",
        clock=lambda: world.now,
        monotonic=time.monotonic,
        counted=outcomes.append,
        half_hours=world.half_hours,
        expected=lambda _operation: world.everybody,
    )


def test_after_a_night_yesterday_costs_no_request_and_says_whence_it_is(world: World) -> None:
    outcomes: list[str] = []
    prefetch = night_of(world, outcomes)
    prefetch.fill(prefetch.night(world.now))
    assert outcomes == ["done"]
    world.now = MORNING
    service = report_service(
        world.settings,
        world.client,
        people=None,
        clock=lambda: world.now,
        clockwork=world.sources.work,
        half_hours=world.half_hours,
        database=world.database,
    )

    def ask(text: str, *, fresh: bool = False) -> Answer:
        query = service.read(text, OPERATOR)
        answer = service.answer(query, OPERATOR, door="test", operation=_now(), fresh=fresh)
        assert isinstance(answer, Answer)
        return answer

    ask("2026-03-28..2026-03-29")  # names
    world.engine.requests.clear()
    posted, clock = ask("yesterday posted"), ask("yesterday by interval clock")

    assert world.engine.requests == []
    assert posted.coverage.data_as_of == clock.coverage.data_as_of == NIGHT
    assert posted.coverage.provisional_from is not None
    assert clock.coverage.segments_short_s is not None
    fetched = "from the archive (fetched Mon 30 Mar 03:10, provisional)"
    assert f"half-hours of posted time and status {fetched}" in coverage(posted)
    assert f"half-hours of status and posted time {fetched}" in coverage(clock)
    told = answer_as_json(posted)["coverage"]["sources"]["half_hours"]
    assert {(about["side"], about["day"], about["final"]) for about in told} == {
        (side, day, False) for side in ("posted", "status") for day in ("2026-03-29",)
    }
    asked = ask("yesterday posted", fresh=True)
    assert {request.path.rsplit("/", 3)[-3] for request in world.engine.requests} == {"conversations", "users"}
    assert asked.coverage.sources is None
    assert [row.values for row in asked.rows] == [row.values for row in posted.rows]
    service.close()


def test_members_of_queues_and_of_supervisors_scopes_are_expected_in_the_morning(world: World) -> None:
    teams = {team.name: team.id for team in world.engine.organization.teams}
    named = [*teams][:2]
    granted = f"U1=team:{named[0]},team:Nowhere; S2=team:{named[1]}; U3=*"
    settings = load_settings({"SUPERVISORS": granted}, env_file=None)
    service = report_service(settings, world.client, people=None, clock=lambda: world.now)

    expected = service.watched(_now())

    active = [agent for agent in world.engine.organization.agents if agent.is_listed]
    inside = {agent.id for agent in active if agent.team_id in {teams[name] for name in named}}
    assert inside
    of_queues = {agent.id for agent in active if agent.queue_ids}
    assert expected.intersection(world.everybody) == inside | of_queues
    service.close()


class Conversations:
    """Reads days of conversations, or fails at it."""

    def __init__(self) -> None:
        self.read: list[date] = []
        self.failing = False

    def fetch_day(self, day: date, _operation: Operation) -> bool:
        if self.failing:
            raise SourceError("Down.", code="platform_down")
        self.read.append(day)
        return True


AGGREGATES = "/api/v2/analytics/{}/aggregates/query"


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        pytest.param(None, {"posted", "status"}, id="conversations"),
        pytest.param(AGGREGATES.format("conversations"), set(), id="posted"),
        pytest.param(AGGREGATES.format("users"), {"posted"}, id="status"),
    ],
)
def test_what_fails_at_night_keeps_nothing_else_from_being_read(world: World, path: str | None, kept: set[str]) -> None:
    conversations: Any = Conversations()
    conversations.failing = path is None
    world.engine.faults = [Fault("redirect", path=path)] if path else []
    outcomes: list[str] = []
    prefetch = night_of(world, outcomes, conversations)

    with capture_logs() as logs:
        prefetch.fill(prefetch.night(world.now))

    assert {side.value for side in Side if world.half_hours.known(side, _now())} == kept
    assert bool(conversations.read) is not conversations.failing
    assert [line["event"] for line in logs if line["event"].startswith("prefetch")] == ["prefetch_incomplete"]
    world.engine.faults, conversations.failing, world.now = [], False, world.now + timedelta(minutes=31)
    prefetch.fill(prefetch.night(world.now))
    assert outcomes == ["failed", "done"]
    assert all([*world.half_hours.known(side, _now())] == DAYS[-1:] for side in Side)
