"""Work by the clock from pages, jobs and the archive: the same figures, over the real client and a sandbox."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from sqlalchemy import update

from bot.core.answer import Answer, RowState
from bot.core.grammar import GrammarContext, parse
from bot.core.planning import posted_ask
from bot.core.rendering.wording import coverage
from bot.core.sourcing import Limits
from bot.core.zones import load_zone
from bot.edges.db.archive import SqlDayStore
from bot.edges.db.engine import Database
from bot.edges.db.tables import archive_days, metadata
from bot.edges.genesys import GenesysActivity, GenesysOrganization
from bot.errors import OverBudgetError, SourceError
from bot.ports import Operation, Requester
from bot.services.archive import Archive
from bot.services.clockwork import Clockwork
from bot.settings import load_settings
from bot.wiring import archive_lines, report_service
from genesys_client import GenesysClient
from genesys_client.sandbox import DEFAULT_GRANT, Engine, Fault, SandboxAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.frames import Facts
    from bot.core.planning import PostedAsk
    from bot.services.report import ReportService

OPERATOR = Requester(id="operator", operator=True)
DETAILS = "/api/v2/analytics/conversations/details/query"
JOBS = "/api/v2/analytics/conversations/details/jobs"
NIGHT = datetime(2026, 3, 10, 2, 10, tzinfo=UTC)
MORNING = datetime(2026, 3, 10, 9, tzinfo=UTC)
ROOMY = Limits(requests=10_000, job_from_pages=10_000, per_minute=1_000_000)


class World:
    """An organisation whose clock a test sets, an archive in memory, and clockworks over both."""

    def __init__(self) -> None:
        self.now = MORNING
        self._slept = 0.0
        self.engine = Engine(seed=7, agents=24, now=lambda: self.now)
        self.engine.behaviour = replace(self.engine.behaviour, requests_per_minute=1_000_000)
        self.client = GenesysClient(
            DEFAULT_GRANT.client_id,
            DEFAULT_GRANT.client_secret,
            adapter=SandboxAdapter(self.engine),
            clock=lambda: time.monotonic() + self._slept,
            sleep=self._sleep,
            requests_per_minute=1_000_000,
        )
        self.database = Database("sqlite://")
        metadata.create_all(self.database.engine)
        self.store = SqlDayStore(self.database)
        self.words: list[str] = []
        self._platform: dict[tuple[datetime, str, int | None], Facts] = {}

    def from_the_platform(self, text: str, agents: int | None = None) -> Facts:
        """What the platform says now, in pages and without the archive; each question is asked once a module."""
        asked = (self.now, text, agents)
        if asked not in self._platform:
            self._platform[asked] = self.clockwork(archive=False).facts(self.ask(text, agents), self.operation())
        return self._platform[asked]

    def _sleep(self, seconds: float) -> None:
        self._slept += seconds

    def clockwork(self, *, archive: bool = True, limits: Limits = ROOMY, lookback_days: int = 1) -> Clockwork:
        kept = Archive(self.store, organisation_id=GenesysOrganization(self.client).id, monotonic=time.monotonic)
        return Clockwork(
            GenesysActivity(self.client, now=lambda: self.now),
            clock=lambda: self.now,
            lookback_days=lookback_days,
            limits=limits,
            archive=kept if archive else None,
        )

    def ask(self, text: str, agents: int | None = None) -> PostedAsk:
        query = parse(text, GrammarContext(now=self.now, zone=load_zone("Europe/London"), zone_source="setting"))
        ids = None if agents is None else [agent.id for agent in self.engine.organization.agents[:agents]]
        queue = next(queue.id for queue in self.engine.organization.queues if queue.name == "Billing")
        queues = (queue,) if "queue:Billing" in text else ()
        return posted_ask(query, agent_ids=ids, queue_ids=queues)

    def operation(self, seconds: float = 600.0) -> Operation:
        operation = Operation.within(seconds + self._slept)
        operation.progress = self.words.append
        return operation

    def pages_asked(self) -> int:
        return self.engine.count(DETAILS)


@pytest.fixture(scope="module")
def everything() -> Iterator[World]:
    world = World()
    yield world
    world.client.close()
    world.database.close()


@pytest.fixture
def world(everything: World) -> Iterator[World]:
    everything.now = MORNING
    everything.engine.requests.clear()
    everything.words.clear()
    yield everything
    everything.engine.faults = []
    everything.store.purge(date(2027, 1, 1))


def assert_same(found: Facts, expected: Facts) -> None:
    order = ["agent_id", "queue_id", "media", "bucket"]
    pd.testing.assert_frame_equal(
        *(facts.frame.sort_values(order).reset_index(drop=True) for facts in (found, expected))
    )
    assert found.accounted_s == expected.accounted_s
    assert found.busy_of_agent_s == expected.busy_of_agent_s
    assert found.conversations_since == expected.conversations_since
    assert len(found.frame) > 10


@pytest.mark.parametrize(
    ("text", "agents"),
    [
        pytest.param("yesterday by interval clock", None, id="everybody"),
        pytest.param("yesterday by interval clock", 5, id="five agents"),
        pytest.param("yesterday clock by queue by media", None, id="by queue and media"),
        pytest.param("yesterday clock queue:Billing inbound by interval", None, id="one queue"),
    ],
)
def test_kept_days_give_what_the_platform_gave_and_ask_nothing(world: World, text: str, agents: int | None) -> None:
    world.now = NIGHT
    clockwork = world.clockwork()
    for day in (8, 9):
        assert clockwork.fetch_day(date(2026, 3, day), world.operation())
    ask = world.ask(text, agents)
    expected = world.from_the_platform(text, agents)
    world.engine.requests.clear()

    found = clockwork.facts(ask, world.operation())

    assert world.pages_asked() == 0
    assert_same(found, expected)
    assert found.sources is not None
    assert [about.day.day for about in found.sources.kept] == [8, 9]
    assert found.sources.pages == 0
    assert found.sources.moving_since == NIGHT
    assert expected.sources is not None
    assert (len(expected.sources.kept), expected.sources.pages > 0) == (0, True)


def test_what_was_read_at_night_is_still_true_in_the_morning(world: World) -> None:
    world.now = NIGHT
    clockwork = world.clockwork()
    for day in (8, 9):
        clockwork.fetch_day(date(2026, 3, day), world.operation())
    assert archive_lines(load_settings({}, env_file=None), world.database)[0].startswith("Archive: 2 days, ")
    world.now = MORNING
    ask = world.ask("yesterday by interval clock")

    kept = clockwork.facts(ask, world.operation())

    assert kept.sources is not None
    assert kept.sources.pages == 0
    live = world.from_the_platform("yesterday by interval clock")
    key = ["agent_id", "bucket"]
    # What a thread that went on after the fetching counts as handled is another matter: it was, as far as one knew.
    columns = [*key, "handle_s", "talk_s", "held_s", "acw_s", "busy_s"]
    worked = [facts.frame[facts.frame["handle_s"] > 0] for facts in (kept, live)]
    pd.testing.assert_frame_equal(*(frame[columns].sort_values(key).reset_index(drop=True) for frame in worked))


def test_a_question_about_everybody_keeps_the_days_that_are_over(world: World) -> None:
    clockwork = world.clockwork()

    first = clockwork.facts(world.ask("today by interval clock"), world.operation())
    assert [*world.store.about(world.engine.organization.id)] == [date(2026, 3, 9)]
    asked = world.pages_asked()
    again = clockwork.facts(world.ask("today by interval clock"), world.operation())

    assert_same(again, first)
    assert 0 < world.pages_asked() - asked < asked
    assert again.sources is not None
    assert [about.day.day for about in again.sources.kept] == [9]


def test_a_question_about_some_keeps_nothing(world: World) -> None:
    world.clockwork().facts(world.ask("yesterday clock", 5), world.operation())

    assert world.store.about(world.engine.organization.id) == {}


def test_a_day_on_which_something_ran_is_asked_again_for_time_after_its_fetching(world: World) -> None:
    world.now = NIGHT
    clockwork = world.clockwork()
    clockwork.fetch_day(date(2026, 3, 9), world.operation())
    (about,) = world.store.about(world.engine.organization.id).values()
    assert about.running
    world.now = MORNING
    text = "2026-03-10 0:00-4:00 by interval clock"

    found = clockwork.facts(world.ask(text), world.operation())

    assert found.sources is not None
    assert found.sources.kept == ()
    assert_same(found, world.from_the_platform(text))


def test_a_damaged_day_is_dropped_and_asked_for_again(world: World) -> None:
    clockwork = world.clockwork()
    ask = world.ask("yesterday by interval clock")
    expected = clockwork.facts(ask, world.operation())
    content = world.store.content(world.engine.organization.id, date(2026, 3, 8))
    assert content is not None
    broken = content[1][:-20] + bytes(20)
    with world.database.engine.begin() as connection:
        connection.execute(update(archive_days).where(archive_days.c.day == date(2026, 3, 8)).values(content=broken))

    found = clockwork.facts(ask, world.operation())

    assert_same(found, expected)
    assert found.sources is not None
    assert [about.day.day for about in found.sources.kept] == [9]
    content = world.store.content(world.engine.organization.id, date(2026, 3, 8))
    assert content is not None
    assert content[1] != broken


def test_fresh_figures_are_asked_for_as_long_as_days_may_change(world: World) -> None:
    clockwork = world.clockwork()
    ask = world.ask("yesterday clock")
    clockwork.facts(ask, world.operation())

    found = clockwork.facts(ask, world.operation(), fresh=True)

    assert found.sources is not None
    assert found.sources.kept == ()


def test_an_organisation_that_does_not_say_who_it_is_is_asked_as_if_there_were_no_archive(world: World) -> None:
    world.engine.faults = [Fault("server_error", path="/api/v2/organizations/me")]

    found = world.clockwork().facts(world.ask("yesterday clock", 5), world.operation())

    assert found.sources is not None
    assert (found.sources.kept, found.sources.pages > 0) == ((), True)


# -- what it may cost -------------------------------------------------------------------------------------------


def test_a_question_beyond_the_budget_is_refused_after_its_first_page(world: World) -> None:
    tight = world.clockwork(archive=False, limits=replace(ROOMY, requests=2))

    with pytest.raises(OverBudgetError, match="more than the 2 requests that a question may use") as refused:
        tight.facts(world.ask("yesterday clock"), world.operation())

    assert refused.value.possible
    assert world.pages_asked() == 1


def test_who_goes_on_anyway_is_told_how_long_it_takes(world: World) -> None:
    slow = world.clockwork(archive=False, limits=replace(ROOMY, requests=2, per_minute=8))

    found = slow.facts(world.ask("yesterday clock anyway"), world.operation())

    assert found.sources is not None
    assert found.sources.pages > 8
    (told,) = world.words
    assert "conversations to read" in told


def test_who_runs_out_of_time_hears_of_anyway(world: World) -> None:
    clockwork = world.clockwork(archive=False)

    for text, offered in (("yesterday clock", True), ("yesterday clock anyway", False)):
        with pytest.raises(SourceError) as failed:
            clockwork.facts(world.ask(text), Operation.within(0.0))
        assert failed.value.code == "platform_slow"
        assert ("`anyway`" in str(failed.value.hint)) is offered


def test_a_settled_range_of_many_pages_is_prepared_by_a_job(world: World) -> None:
    world.now = MORNING + timedelta(days=2)
    limits = replace(ROOMY, job_from_pages=5)
    text = "2026-03-09 by interval clock"

    found = world.clockwork(archive=False, limits=limits).facts(world.ask(text), world.operation())

    assert_same(found, world.from_the_platform(text))
    assert found.sources is not None
    assert (found.sources.jobs, found.sources.pages) == (1, 1)


def test_a_range_that_is_not_settled_is_never_asked_by_a_job(world: World) -> None:
    found = world.clockwork(archive=False, limits=replace(ROOMY, job_from_pages=5)).facts(
        world.ask("today clock"), world.operation()
    )

    assert found.sources is not None
    assert found.sources.jobs == 0
    assert not any(request.path == JOBS for request in world.engine.requests)


@pytest.mark.parametrize("state", ["FAILED", "EXPIRED"])
def test_a_job_that_fails_gives_way_to_pages(world: World, state: str) -> None:
    world.now = MORNING + timedelta(days=2)
    world.engine.faults = [Fault("job", state=state)]  # type: ignore[arg-type]  # one of the states
    text = "2026-03-09 by interval clock"

    found = world.clockwork(archive=False, limits=replace(ROOMY, job_from_pages=5)).facts(
        world.ask(text), world.operation()
    )

    assert_same(found, world.from_the_platform(text))
    assert found.sources is not None
    assert found.sources.jobs == 0


def test_a_job_that_fails_is_a_failure_where_pages_are_too_dear(world: World) -> None:
    world.now = MORNING + timedelta(days=2)
    world.engine.faults = [Fault("job")]
    dear = replace(ROOMY, job_from_pages=5, requests=17)

    with pytest.raises(SourceError) as failed:
        world.clockwork(archive=False, limits=dear).facts(world.ask("2026-03-09 clock"), world.operation())

    assert failed.value.code == "job_failed"


def test_complete_has_the_conversations_begun_before_any_look_back(world: World) -> None:
    world.now = MORNING + timedelta(days=2)
    short = world.clockwork(archive=False, lookback_days=0)
    far = world.clockwork(archive=False, lookback_days=9)

    found = short.facts(world.ask("2026-03-09 by interval complete"), world.operation())

    expected = far.facts(world.ask("2026-03-09 by interval clock"), world.operation())
    assert_same(found, replace(expected, conversations_since=None))
    assert len(found.frame) > 0
    usual = short.facts(world.ask("2026-03-09 by interval clock"), world.operation())
    assert usual.frame["handle_s"].sum() < found.frame["handle_s"].sum()


@pytest.mark.parametrize(("faults", "code"), [([], "not_settled"), ([Fault("job")], "job_failed")])
def test_complete_says_so_where_it_cannot_be(world: World, faults: list[Fault], code: str) -> None:
    text = "today complete" if code == "not_settled" else "2026-03-09 complete"
    world.now = MORNING if code == "not_settled" else MORNING + timedelta(days=2)
    world.engine.faults = faults

    found = world.clockwork(archive=False).facts(world.ask(text), world.operation())

    assert [notice.code for notice in found.notices] == [code]
    assert found.conversations_since is not None


# -- when the platform falters in the middle --------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault("rate_limited", retry_after_s=2, after=3, times=2, path=DETAILS), id="429s"),
        pytest.param(Fault("drop", after=3, times=2, path=DETAILS), id="connections dropped"),
        pytest.param(Fault("cut", after=3, times=2, path=DETAILS), id="bodies cut short"),
        pytest.param(Fault("server_error", after=2, times=2, path=DETAILS), id="503"),
        pytest.param(Fault("revoke_token", after=4, times=1, path=DETAILS), id="token revoked"),
        pytest.param(Fault("truncated", after=6, times=1, path=DETAILS), id="half a page"),
    ],
)
def test_trouble_in_the_middle_changes_no_figure_or_ends_the_question(world: World, fault: Fault) -> None:
    ask = world.ask("yesterday by interval clock")
    expected = world.from_the_platform("yesterday by interval clock")
    clockwork = world.clockwork()
    world.engine.faults = [fault]

    if fault.kind == "truncated":  # complete as far as HTTP can tell, so it isn't asked for again
        with pytest.raises(SourceError) as failed:
            clockwork.facts(ask, world.operation())
        assert failed.value.code == "platform_garbled"
        assert world.store.about(world.engine.organization.id) == {}  # nothing half-read is kept
    else:
        assert_same(clockwork.facts(ask, world.operation()), expected)


# -- what people see of it --------------------------------------------------------------------------------------


@pytest.fixture
def service(world: World) -> Iterator[ReportService]:
    settings = load_settings({"REPORT_ZONE": "Europe/London"}, env_file=None)
    tight = world.clockwork(archive=False, limits=replace(ROOMY, requests=8))
    service = report_service(settings, world.client, people=None, clock=lambda: world.now, clockwork=tight)
    yield service
    service.close()


def said(world: World, service: ReportService, text: str) -> Answer:
    query = service.read(text, OPERATOR)
    answer = service.answer(query, OPERATOR, door="test", operation=world.operation())
    assert isinstance(answer, Answer)
    return answer


def test_half_a_page_leaves_rows_empty_and_says_so(world: World, service: ReportService) -> None:
    world.engine.faults = [Fault("truncated", after=2, times=1, path=DETAILS)]

    answer = said(world, service, "yesterday by interval clock anyway")

    assert {"posted_not_fetched", "partial"} <= {warning.code for warning in answer.warnings}
    assert {row.state for row in answer.rows} == {RowState.NOT_FETCHED}
    assert all(row.values["handle_s"] is None for row in answer.rows)
    assert answer.totals["handle_s"] is None


def test_a_dear_question_is_refused_with_questions_that_work(world: World, service: ReportService) -> None:
    with pytest.raises(OverBudgetError) as refused:
        said(world, service, "yesterday by team clock")

    posted, anyway = (command for _, command in refused.value.choices)
    assert (posted, anyway) == ("yesterday by team posted", "yesterday by team clock anyway")
    assert said(world, service, posted).coverage.sources is None
    sources = said(world, service, anyway).coverage.sources
    assert sources is not None
    assert sources.pages > 8


def test_what_segments_lack_is_offered_with_complete(world: World) -> None:
    world.now = MORNING + timedelta(days=2)
    settings = load_settings({"REPORT_ZONE": "Europe/London"}, env_file=None)
    short = world.clockwork(archive=False, lookback_days=0)
    service = report_service(settings, world.client, people=None, clock=lambda: world.now, clockwork=short)

    usual, whole = (said(world, service, f"2026-03-09 clock{more}") for more in ("", " complete"))

    (notice,) = (warning for warning in usual.warnings if warning.code == "segments_short")
    assert "“complete”" in notice.message
    assert usual.coverage.segments_short_s
    assert whole.coverage.segments_short_s == 0
    assert "1 job" in coverage(whole)
    assert re.search(r"\d+ pages", coverage(usual))
    service.close()
