"""The report service over the real client and a sandbox organisation, without sockets."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from bot.core.answer import Answer, RowState, TextAnswer
from bot.core.intervals import Interval
from bot.core.query import SelectorKind
from bot.core.rights import Audience, parse_grants
from bot.errors import CommandError, NotAllowedError, SourceError, UnknownAgentError
from bot.ports import Operation, Requester
from bot.settings import load_settings
from bot.wiring import report_service, report_settings
from genesys_client import GenesysClient
from genesys_client.sandbox import DEFAULT_GRANT, Engine, Fault, SandboxAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.looks import Look
    from bot.core.query import Query
    from bot.services.report import ReportService

NOW = datetime(2026, 3, 10, 15, 12, tzinfo=UTC)
OPERATOR = Requester(id="operator", operator=True)


class World:
    """An organisation, a service over it, and ways to ask as somebody."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.client = GenesysClient(
            DEFAULT_GRANT.client_id, DEFAULT_GRANT.client_secret, adapter=SandboxAdapter(self.engine)
        )
        self.looks: list[Look] = []
        self.service = self.build("")

    def build(self, supervisors: str) -> ReportService:
        settings = load_settings({"SUPERVISORS": supervisors, "REPORT_ZONE": "Europe/London"}, env_file=None)
        self.service = report_service(settings, self.client, people=None, clock=lambda: NOW)
        self.service._auditor._audit = self
        return self.service

    def looked(self, look: Look) -> None:
        self.looks.append(look)

    def ask(self, text: str, requester: Requester = OPERATOR, *, door: str = "test", **more: Any) -> Answer:
        query = self.service.read(text, requester)
        answer = self.service.answer(query, requester, door=door, operation=Operation.within(20), **more)
        assert isinstance(answer, Answer)
        return answer

    def expanded(self, text: str, requester: Requester = OPERATOR) -> Query:
        return self.service.expand(self.service.read(text, requester), requester)

    def person(self, index: int = 0) -> Requester:
        agent = self.engine.organization.agents[index]
        return Requester(id="U1", email=agent.email, zone="Europe/London")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(seed=7, now=lambda: NOW)


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    engine.requests.clear()
    world = World(engine)
    yield world
    engine.faults = []
    world.service.close()
    world.client.close()


@contextmanager
def unhurried_world() -> Iterator[World]:
    """A world in which a minute's worth of requests never runs out: its clock stands still."""
    engine = Engine(seed=7, now=lambda: NOW)
    engine.behaviour = replace(engine.behaviour, requests_per_minute=1_000_000)
    world = World(engine)
    world.client._transport.limiter.per_minute = 1_000_000
    yield world
    world.service.close()
    world.client.close()


def members_of(engine: Engine, team_id: str) -> set[str]:
    """The team as the platform lists it: without people who left."""
    return {p.id for p in engine.organization.people if p.team_id == team_id and p.state == "active"}


def ids(answer: Answer) -> set[str]:
    return {group.id for row in answer.rows for group in row.groups if group.dimension == "agent" and group.id}


def codes(answer: Answer) -> set[str]:
    return {notice.code for notice in answer.warnings}


# -- two times side by side ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "days"),
    [
        ("", ("2026-03-09", "2026-03-02")),
        ("by team", ("2026-03-09", "2026-03-02")),
        ("by queue voice", ("2026-03-09", "2026-03-02")),
        ("by 1h clock team:Billing", ("2026-03-03", "2026-02-24")),
    ],
)
def test_each_side_of_a_comparison_is_what_it_is_alone(world: World, how: str, days: tuple[str, str]) -> None:
    both = world.ask(f"{days[0]} vs last week {how}")
    alone = [world.ask(f"{day} {how}") for day in days]

    assert both.versus is not None
    for side, single in zip((both, both.versus), alone, strict=True):
        assert side.totals == single.totals
        figures = {(row.groups, row.start): row.values for row in side.rows}
        assert {key: figures[key] for key in {(row.groups, row.start) for row in single.rows}} == {
            (row.groups, row.start): row.values for row in single.rows
        }
    assert all(row.versus and row.versus.groups == row.groups for row in both.rows)
    windows = [look.window for look in world.looks[:2]]  # two times are two looks
    assert [window.start.date().isoformat() for window in windows if window] == [day[:10] for day in days]


def test_whoever_has_figures_on_one_side_is_asked_about_on_both(world: World) -> None:
    both = world.ask("yesterday vs previous")

    assert both.versus is not None
    assert world.engine.count("/api/v2/analytics/conversations/aggregates/query") == 2
    assert world.engine.count("/api/v2/analytics/users/aggregates/query") == 2
    assert ids(both.versus) == ids(both)  # nobody's partner had to be made up


def test_a_time_compared_with_that_cannot_be_fetched_is_missing_and_the_answer_stands(world: World) -> None:
    world.ask("2026-03-09 team:Billing")  # kept: what fails from now on concerns the other time
    world.engine.faults = [Fault("down", path="/api/v2/analytics")]

    both = world.ask("2026-03-09 vs previous team:Billing")

    assert both.versus is not None
    assert both.totals["handled"]
    assert set(both.versus.totals.values()) == {None}
    assert {row.versus.state for row in both.rows if row.versus} == {RowState.NOT_FETCHED}
    assert "posted_not_fetched" in codes(both.versus)
    assert "versus_agents" not in codes(both)  # who had data then isn't known
    with pytest.raises(SourceError):
        world.ask("2026-03-05 vs 2026-03-09 team:Billing")


def test_a_comparison_stays_within_what_the_asker_may_see(world: World) -> None:
    team = world.engine.organization.teams[0]
    world.build(f'U1=team:"{team.name}"')

    both = world.ask("yesterday vs last week", Requester(id="U1", zone="Europe/London"))

    assert both.versus is not None
    assert ids(both) == ids(both.versus) == members_of(world.engine, team.id)


# -- what it costs --------------------------------------------------------------------------------------------


def test_a_day_of_everybody_costs_two_aggregates_and_names(world: World) -> None:
    answer = world.ask("yesterday")

    count = world.engine.count
    assert count("/api/v2/analytics/conversations/aggregates/query") == 1
    assert count("/api/v2/analytics/users/aggregates/query") == 1
    assert answer.coverage.requests == len(world.engine.requests)


def test_the_same_question_again_costs_nothing_and_says_how_old_it_is(world: World) -> None:
    first = world.ask("yesterday by interval")
    world.engine.requests.clear()

    second = world.ask("yesterday by interval")

    assert world.engine.requests == []
    assert second.coverage.requests == 0
    assert (first.coverage.cached, second.coverage.cached) == (False, True)
    assert second.coverage.data_as_of == first.coverage.data_as_of
    assert second.rows == first.rows


def test_a_refresh_asks_the_platform_again(world: World) -> None:
    world.ask("yesterday")
    world.engine.requests.clear()

    answer = world.ask("yesterday", fresh=True)

    assert len(world.engine.requests) == 2
    assert not answer.coverage.cached


def test_ten_people_who_ask_at_once_are_one_query(world: World) -> None:
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(world.ask("yesterday"))) for _ in range(10)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(answers) == 10
    assert all(answer.totals == answers[0].totals for answer in answers)
    assert world.engine.count("/api/v2/analytics/conversations/aggregates/query") == 1
    assert world.engine.count("/api/v2/analytics/users/aggregates/query") == 1


def test_a_failed_answer_is_not_kept(world: World) -> None:
    worked = next(row for row in world.ask("2026-03-05").rows if row.values["logged_in_s"]).groups[0]
    name = world.engine.organization.person(worked.id or "").email
    world.engine.faults = [Fault("server_error", path="/api/v2/analytics/users/aggregates", times=3)]
    broken = world.ask(f"{name} 2026-03-05")
    world.engine.faults = []

    whole = world.ask(f"{name} 2026-03-05")

    assert "status_not_fetched" in codes(broken)
    assert "status_not_fetched" not in codes(whole)
    assert whole.rows[0].values["logged_in_s"] is not None


# -- whom ----------------------------------------------------------------------------------------------------


def test_a_team_is_its_members(world: World) -> None:
    team = world.engine.organization.teams[0]

    answer = world.ask(f'team:"{team.name}" yesterday')

    assert ids(answer) == members_of(world.engine, team.id)


def test_two_kinds_of_grouping_narrow_each_other(world: World) -> None:
    organization = world.engine.organization
    team, division = organization.teams[0], organization.divisions[0]

    answer = world.ask(f'team:"{team.name}" division:"{division.name}" yesterday')

    wanted = {i for i in members_of(world.engine, team.id) if organization.person(i).division_id == division.id}
    assert ids(answer) == wanted


def test_an_excluded_person_is_in_no_row_and_no_total(world: World) -> None:
    team = world.engine.organization.teams[0]
    whole = world.ask(f'team:"{team.name}" yesterday')
    busiest = max(whole.rows, key=lambda row: row.values["handle_s"] or 0)
    group = busiest.groups[0]
    email = world.engine.organization.person(group.id).email

    rest = world.ask(f'team:"{team.name}" yesterday -{email}')

    assert ids(rest) == ids(whole) - {group.id}
    assert rest.totals["handle_s"] == pytest.approx(whole.totals["handle_s"] - busiest.values["handle_s"])


def test_a_half_typed_team_is_named_in_full(world: World) -> None:
    team = world.engine.organization.teams[0]

    answer = world.ask(f"team:{team.name[:4]} yesterday")

    (notice,) = [n for n in answer.warnings if n.code == "name_read_as"]
    assert team.name in notice.message


def test_a_name_that_two_agents_share_asks_which(world: World) -> None:
    with pytest.raises(UnknownAgentError) as refusal:
        world.ask("ana yesterday")

    assert refusal.value.code == "ambiguous_agent"
    assert len(refusal.value.choices) == 2
    for label, command in refusal.value.choices:
        answer = world.ask(command)
        assert [row.groups[0].name for row in answer.rows] == [label]


def test_a_queue_limits_conversations_and_leaves_status_out(world: World) -> None:
    queue = world.engine.organization.queues[0]
    everything, of_queue = world.ask("yesterday"), world.ask(f'queue:"{queue.name}" yesterday')

    assert 0 < of_queue.totals["handle_s"] < everything.totals["handle_s"]
    assert of_queue.totals["utilization"] is None
    assert "not_divisible" in codes(of_queue)


def test_queues_add_up_to_the_whole(world: World) -> None:
    whole, by_queue = world.ask("yesterday"), world.ask("yesterday by queue")

    assert sum(row.values["handle_s"] or 0 for row in by_queue.rows) == pytest.approx(whole.totals["handle_s"])


def test_excluding_a_queue_leaves_the_others(world: World) -> None:
    queue = world.engine.organization.queues[0]
    whole, only, without = (
        world.ask(text).totals["handle_s"]
        for text in ("yesterday", f'queue:"{queue.name}" yesterday', f'yesterday -queue:"{queue.name}"')
    )

    assert only + without == pytest.approx(whole)


# -- who may see what ----------------------------------------------------------------------------------------


def test_an_agent_sees_herself_and_nobody_else(world: World) -> None:
    me, other = world.person(0), world.engine.organization.agents[1]

    assert ids(world.ask("yesterday", me)) == {world.engine.organization.agents[0].id}
    with pytest.raises(NotAllowedError):
        world.ask(f"{other.email} yesterday", me)


def test_a_supervisor_sees_her_scopes_and_herself(world: World) -> None:
    organization = world.engine.organization
    team = organization.teams[0]
    world.build(f'U1=team:"{team.name}"')
    outsider = next(i for i, agent in enumerate(organization.agents) if agent.team_id not in {None, team.id})

    answer = world.ask("yesterday", world.person(outsider))

    members = members_of(world.engine, team.id)
    assert ids(answer) == members | {organization.agents[outsider].id}


def test_what_lies_outside_a_scope_is_left_out_and_said(world: World) -> None:
    organization = world.engine.organization
    team, division = organization.teams[0], organization.divisions[0]
    world.build(f'U1=team:"{team.name}"')
    requester = Requester(id="U1", zone="Europe/London")

    answer = world.ask(f'division:"{division.name}" yesterday', requester)

    assert ids(answer) <= members_of(world.engine, team.id)
    assert "outside_scope" in codes(answer)


def test_a_supervisor_of_a_queue_sees_all_work_of_that_queue(world: World) -> None:
    queue, other = world.engine.organization.queues[:2]
    world.build(f'U1=queue:"{queue.name}"')
    requester = Requester(id="U1", zone="Europe/London")

    hers = world.ask(f'queue:"{queue.name}" yesterday', requester)
    everybodys = world.ask(f'queue:"{queue.name}" yesterday')

    assert hers.totals == everybodys.totals
    assert ids(world.ask(f'queue:"{other.name}" yesterday', requester)) <= ids(world.ask("yesterday", requester))


def test_a_name_is_looked_for_among_those_whom_the_asker_may_see(world: World) -> None:
    me, other = world.person(0), world.engine.organization.agents[1]

    with pytest.raises(UnknownAgentError) as refusal:
        world.ask(f'"{other.name}" yesterday', me)

    assert "whom you may see" in refusal.value.message
    assert [label for label, _ in refusal.value.choices] in ([], [world.engine.organization.agents[0].name])


def test_a_stranger_sees_nothing(world: World) -> None:
    world.build("U1=*")

    with pytest.raises(NotAllowedError):
        world.ask("yesterday", Requester(id="U1", zone="Europe/London", stranger=True))


@pytest.mark.parametrize("text", ["nobody special yesterday", "a yesterday", "team:Nowhere", "yesterday -bob"])
def test_who_may_see_nobody_is_not_told_who_there_is(world: World, text: str) -> None:
    with pytest.raises(NotAllowedError) as refusal:
        world.ask(text, Requester(id="U404"))

    assert refusal.value.code == "not_allowed"
    assert not refusal.value.choices
    assert world.engine.count("/api/v2/users") == 0


@pytest.mark.parametrize("grant", ["", "U1=team:Support", "U1=queue:Billing,manager:nobody@example.com"])
def test_a_slip_tells_nobody_of_names_that_are_not_hers(world: World, grant: str) -> None:
    organization, me = world.engine.organization, world.person()
    world.build(grant)
    hers = {row.groups[0].name for row in world.ask("yesterday", me).rows}
    hers |= {"Support" if "Support" in grant else "Billing"}
    groups = (*organization.teams, *organization.queues, *organization.groups, *organization.divisions)
    others = {item.name for item in (*organization.people, *groups)} - hers

    for asked in ("manager:a", "manager:zz", "team:s", "-team:zz", "queue:s", "group:e", "division:zz"):
        try:
            said = str(world.ask(f"yesterday {asked}", me).warnings)
        except CommandError as refusal:
            said = f"{refusal.message} {refusal.hint} {refusal.choices}"
        assert not {name for name in others if name in said}, asked


def test_a_supervisor_names_groups_outside_her_scopes_in_full(world: World) -> None:
    organization, scoped = world.engine.organization, Requester(id="U5", zone="Europe/London")
    world.build("U5=team:Support")
    boss = next(p for p in organization.people if any(q.manager_id == p.id for q in organization.people))

    assert ids(world.ask("yesterday team:Supp", scoped)) == ids(world.ask("yesterday team:support", scoped))
    assert world.ask("yesterday queue:sales", scoped).query.filters.include
    with suppress(NotAllowedError):  # none of hers need be there: the name is understood all the same
        world.ask(f'yesterday manager:"{boss.name}"', scoped)


def test_every_look_is_recorded(world: World) -> None:
    answer = world.ask("yesterday")

    (look,) = world.looks
    assert (look.who, look.door, set(look.whom)) == ("operator", "test", ids(answer))
    assert look.window == Interval(answer.query.range.start, answer.query.range.end)


def test_a_group_too_small_to_hide_anybody_is_a_look_at_each_of_them(world: World) -> None:
    ana = next(row.groups[0] for row in world.ask("2026-03-05").rows if row.values["handle_s"])
    for how in ("by team", "by queue", "by media"):
        world.looks.clear()
        world.ask(f'2026-03-05 "{ana.name}" {how}')
        assert [look.whom for look in world.looks] == [(ana.id,)], how

    world.looks.clear()
    teams = [row.agent_ids for row in world.ask("2026-03-05 by team").rows]
    (look,) = world.looks
    assert set(look.whom) == set().union(*(team for team in teams if len(team) < 5))
    assert set(look.whom).isdisjoint(max(teams, key=len))


def test_groups_of_which_somebody_sees_a_part_say_so_once(world: World) -> None:
    me, scoped = world.person(), Requester(id="U5", zone="Europe/London")
    world.build(f'U5=team:"{world.engine.organization.teams[0].name}"')

    by_team = world.ask("yesterday by team", scoped)

    assert [n.code for n in by_team.warnings if n.code in {"outside_scope", "only_own"}] == ["outside_scope"]
    assert {"outside_scope", "only_own"} & codes(world.ask("yesterday by team", me)) == {"only_own"}
    assert not {"outside_scope", "only_own"} & codes(world.ask("yesterday", scoped))
    assert not {"outside_scope", "only_own"} & codes(world.ask("yesterday by team"))


def test_a_refused_question_is_no_look(world: World) -> None:
    with pytest.raises(NotAllowedError):
        world.ask("yesterday", Requester(id="U9", email="nobody@example.com", zone="Europe/London"))

    assert world.looks == []


SMALL_TALK = Audience(channel_id="C1")


def test_a_channel_without_names_gets_teams_of_five_and_more(world: World) -> None:
    private, shared = world.ask("2026-03-05 by team"), world.ask("2026-03-05 by team", audience=SMALL_TALK)

    assert all(len(row.agent_ids) >= 5 for row in shared.rows if row.values["handle_s"] is not None)
    sizes = {row.groups[0].name: len(row.agent_ids) for row in private.rows}
    assert max(sizes.values()) >= 5
    kept = {row.groups[0].name for row in shared.rows if row.values["handle_s"] is not None}
    assert kept <= {name for name, size in sizes.items() if size >= 5}


def test_the_agents_behind_a_team_are_those_with_time_in_it(world: World) -> None:
    by_agent, by_team = world.ask("2026-03-05"), world.ask("2026-03-05 by team")

    at_work = {row.groups[0].id for row in by_agent.rows if row.state in {RowState.OK, RowState.ZERO}}
    assert set().union(*(row.agent_ids for row in by_team.rows)) == at_work


def test_leaving_one_person_out_shows_no_channel_her_figures(world: World) -> None:
    email = next(
        world.engine.organization.person(row.groups[0].id or "").email
        for row in world.ask("2026-03-05").rows
        if row.values["handle_s"]
    )

    with pytest.raises(NotAllowedError):
        world.ask(f"2026-03-05 by team -{email}", audience=SMALL_TALK)


def test_leaving_a_queue_out_shows_no_channel_the_figures_of_those_who_work_it(world: World) -> None:
    by_queue = world.ask("2026-03-05 by queue").rows
    small = min((row for row in by_queue if row.agent_ids and row.groups[0].id), key=lambda row: len(row.agent_ids))
    name = world.engine.organization.queue(small.groups[0].id).name

    with pytest.raises(NotAllowedError) as refusal:
        world.ask(f'2026-03-05 -queue:"{name}"', audience=SMALL_TALK)
    assert refusal.value.code == "group_too_small"


# -- texts and memory ----------------------------------------------------------------------------------------


def test_nothing_typed_is_todays_own_team(world: World) -> None:
    index = next(i for i, agent in enumerate(world.engine.organization.agents) if agent.team_id)
    team_id = world.engine.organization.agents[index].team_id
    world.build("U1=*")

    answer = world.ask("", world.person(index))

    assert answer.query.filters.include[0].kind is SelectorKind.MY_TEAM
    assert answer.query.range.to_now
    assert ids(answer) == members_of(world.engine, team_id)


def test_nothing_typed_by_somebody_without_a_team_is_the_help(world: World) -> None:
    query = world.service.read("", OPERATOR)

    answer = world.service.answer(query, OPERATOR, door="test", operation=Operation.within(5))

    assert isinstance(answer, TextAnswer)
    assert "yesterday" in answer.text


def test_again_repeats_the_last_answered_question(world: World) -> None:
    world.ask("yesterday by team")

    assert world.expanded("again").text == "yesterday by team"
    with pytest.raises(CommandError, match="no question"):
        world.expanded("again", Requester(id="U2"))


def test_a_failed_question_is_not_repeated(world: World) -> None:
    world.ask("yesterday")
    with pytest.raises(UnknownAgentError):
        world.ask("nobody special yesterday")

    assert world.expanded("again").text == "yesterday"


def test_a_scheduled_question_is_not_repeated(world: World) -> None:
    world.ask("yesterday by team")
    world.ask("yesterday", door="schedule")

    assert world.expanded("again").text == "yesterday by team"


@pytest.mark.parametrize("verb", ["help", "help when", "define occupancy", "whoami", "status"])
def test_verbs_answer_in_words(world: World, verb: str) -> None:
    query = world.service.read(verb, OPERATOR)

    answer = world.service.answer(query, OPERATOR, door="test", operation=Operation.within(5))

    assert isinstance(answer, TextAnswer)
    assert answer.title
    assert len(answer.text) > 20


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", None])
def test_whoami_names_the_zone_in_which_her_questions_are_read(world: World, zone: str | None) -> None:
    person = Requester(id="U1", zone=zone)
    read_in = world.service.read("yesterday", person).zone

    said = world.service.answer(
        world.service.read("whoami", person), person, door="test", operation=Operation.within(5)
    )

    assert read_in is not None
    assert isinstance(said, TextAnswer)
    assert f"Your zone: {read_in.key}" in said.text.splitlines()


def test_a_heat_map_is_answered_by_agent_and_half_hour(world: World) -> None:
    plain, drawn = world.ask("yesterday team:Billing"), world.ask("yesterday heatmap team:Billing")

    assert len(drawn.rows) == 48 * len(plain.rows)
    assert drawn.totals == plain.totals


def test_a_type_ahead_offers_only_whom_the_asker_may_see(world: World) -> None:
    organization = world.engine.organization
    team = organization.teams[0]
    world.build(f'U1=team:"{team.name}"')
    supervisor = Requester(id="U1", zone="Europe/London")
    world.ask("yesterday")
    world.ask("yesterday", supervisor)
    members = members_of(world.engine, team.id)

    offered = {
        agent.id
        for letter in "abcdefghijklmnopqrstuvwxyz"
        for agent in world.service.suggest_agents(letter, supervisor)
    }

    assert offered
    assert offered <= members
    assert world.service.suggest_agents("a", Requester(id="U9", zone="Europe/London")) == []


def test_grants_reach_the_service_as_the_settings_wrote_them() -> None:
    settings = report_settings(load_settings({"SUPERVISORS": "U1=team:Billing; S2=*"}, env_file=None))

    assert settings.grants == parse_grants("U1=team:Billing; S2=*")
