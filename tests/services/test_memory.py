"""What the bot remembers of people, over the real client, a sandbox organisation and a database."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.core.answer import Answer, TextAnswer
from bot.core.defaults import Defaults, DurationStyle
from bot.core.looks import Look, LookKind
from bot.core.query import SelectorKind
from bot.core.rights import Audience
from bot.edges.db.audit import SqlLooks
from bot.edges.db.engine import Database
from bot.edges.db.memory import SqlMemoryStore
from bot.edges.db.schedules import SqlScheduleStore
from bot.edges.db.tables import metadata
from bot.errors import CommandError, NotAllowedError, StoreError
from bot.memory_file import run_memory_command
from bot.ports import Operation, Requester
from bot.services.holidays import HolidayCalendars
from bot.services.memory.service import MOST_SAVED
from bot.settings import load_settings
from bot.wiring import memory_service, report_service, report_settings
from genesys_client import GenesysClient
from genesys_client.sandbox import DEFAULT_GRANT, Engine, SandboxAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.core.query import Query

NOW = datetime(2026, 3, 10, 15, 12, 30, tzinfo=UTC)
OPERATOR = Requester(id="operator", operator=True)


class Office:
    """An organisation, its bot, and a database that outlives the bot's processes."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.now = NOW
        self.database = Database("sqlite://")
        metadata.create_all(self.database.engine)
        self.client = GenesysClient(
            DEFAULT_GRANT.client_id, DEFAULT_GRANT.client_secret, adapter=SandboxAdapter(engine)
        )
        self.client._transport.limiter.per_minute = 1_000_000
        self.settings = load_settings(
            {"REPORT_ZONE": "Europe/London", "SUPERVISORS": "UBOSS=*", "AUDITORS": "UAUDIT"}, env_file=None
        )
        self.services: list[Any] = []
        self.restart()

    def restart(self) -> None:
        """Another process on the same database."""
        self.memory = memory_service(self.settings, self.database, clock=lambda: self.now)
        self.service = report_service(
            self.settings,
            self.client,
            people=None,
            clock=lambda: self.now,
            database=self.database,
            memory=self.memory,
        )
        self.services.append(self.service)

    def close(self) -> None:
        for service in self.services:
            service.close()
        self.client.close()
        self.database.close()

    def person(self, index: int = 0, *, id: str = "U1", **more: Any) -> Requester:
        """Whoever has the address of that agent."""
        agent = self.engine.organization.agents[index]
        return Requester(**({"id": id, "email": agent.email, "zone": "Europe/London"} | more))

    def expanded(self, text: str, who: Requester, channel: str | None = None) -> Query:
        who = self.memory.person(who)
        return self.service.expand(self.service.read(text, who), who, now=self.now, channel_id=channel)

    def ask(self, text: str, who: Requester = OPERATOR, *, channel: str | None = None, **more: Any) -> Any:
        """As the Slack edge does: read, looked up, answered."""
        query = self.expanded(text, who, channel)
        return self.service.answer(
            query,
            self.memory.person(who),
            door="command",
            operation=Operation.within(20),
            channel_id=channel,
            **more,
        )

    def figures(self, text: str, who: Requester = OPERATOR, **more: Any) -> Answer:
        answer = self.ask(text, who, **more)
        assert isinstance(answer, Answer)
        return answer

    def words(self, text: str, who: Requester = OPERATOR, **more: Any) -> TextAnswer:
        answer = self.ask(text, who, **more)
        assert isinstance(answer, TextAnswer)
        return answer

    def refused(self, text: str, who: Requester = OPERATOR, **more: Any) -> CommandError:
        with pytest.raises(CommandError) as refusal:
            self.ask(text, who, **more)
        return refusal.value


@pytest.fixture(scope="module")
def engine() -> Engine:
    engine = Engine(seed=7, now=lambda: NOW)
    engine.behaviour = replace(engine.behaviour, requests_per_minute=1_000_000)
    return engine


@pytest.fixture
def office(engine: Engine) -> Iterator[Office]:
    office = Office(engine)
    yield office
    office.close()


# --- choices ---------------------------------------------------------------------------------------------------------


def test_choices_decide_how_questions_are_read_and_drawn_after_a_restart_too(office: Office) -> None:
    boss = office.person(id="UBOSS")
    team = office.engine.organization.teams[0].name
    for words in (
        "zone Asia/Kathmandu",
        "columns handle acw occupancy",
        "durations 06:32:00",
        "decimal comma",
        "dates MDY",
        "week sunday",
        f'team "{team}"',
    ):
        office.words(f"settings {words}", boss)
    office.restart()

    answer = office.figures("yesterday", boss)

    assert (answer.query.zone.key, answer.query.zone_source) == ("Asia/Kathmandu", "person")
    assert (answer.headline, answer.drawn) == ("handle_s", ("handle_s", "acw_s", "occupancy"))
    assert (answer.durations, answer.csv) == (DurationStyle.CLOCK, (";", ","))
    assert {"utilization", "talk_s"} <= {column.name for column in answer.columns}
    assert office.expanded("2/3", boss).range.absolute == "2026-02-03"
    assert office.expanded("last week", boss).range.absolute == "2026-03-01..2026-03-07"
    mine = office.expanded("", boss)
    assert [(s.kind, s.value) for s in mine.filters.include] == [(SelectorKind.TEAM, team)]
    assert office.expanded("yesterday in Europe/London", boss).zone.key == "Europe/London"
    assert office.expanded("yesterday", office.person(id="U2")).zone_source == "slack"


def test_choices_are_shown_undone_one_by_one_and_undone_at_once(office: Office) -> None:
    boss = office.person(id="UBOSS")
    changed = office.words("settings headline occupancy", boss)
    office.words("settings zone new york", boss)

    assert ("Undo: Headline", "settings reset headline") in changed.offers
    assert "Headline: occupancy" in office.words("settings", boss).text
    undone = office.words("settings reset headline", boss)
    assert undone.data["settings"]["headline"] is None
    assert undone.data["settings"]["zone"] == "America/New_York"
    office.words("settings reset", boss)
    assert office.memory.defaults("UBOSS") == Defaults()


def test_a_team_that_is_not_there_is_refused_with_the_nearest(office: Office) -> None:
    team = office.engine.organization.teams[0].name

    refusal = office.refused(f"settings team {team[:-1]}x", office.person(id="UBOSS"))

    assert refusal.code == "unknown_team"
    assert (team, f'settings team "{team}"') in refusal.choices


def test_a_team_is_taken_as_typed_from_whoever_may_not_hear_which_there_are(office: Office) -> None:
    team = office.engine.organization.teams[0].name

    kept = office.words(f"settings team {team[:-1]}x", office.person(id="U1"))

    assert kept.data["settings"]["team"] == f"{team[:-1]}x"
    assert team not in kept.text


# --- saved questions and the last one --------------------------------------------------------------------------------


def test_a_saved_question_is_asked_again_as_of_its_day_by_whoever_has_it(office: Office) -> None:
    ana = office.person(0, id="U1")
    office.words("save morning me yesterday by interval csv", ana)
    office.restart()
    office.now = NOW + timedelta(days=1)

    query = office.expanded("saved Morning", ana)

    assert query.range.absolute == "2026-03-10"
    assert {output.value for output in query.outputs} == {"csv"}
    assert office.refused("saved morning", office.person(1, id="U2")).code == "unknown_saved"


def test_a_question_is_saved_after_its_answer_and_again_survives_a_restart(office: Office) -> None:
    ana = office.person(0, id="U1")
    assert office.refused("save mine", ana).code == "nothing_to_repeat"
    office.figures("me yesterday by 1h", ana)
    office.restart()

    saved = office.words("save mine", ana)

    assert office.expanded("again", ana).text == "me yesterday by 1h"
    assert saved.data["saved"][0]["question"] == "me yesterday by 1h"
    assert ("Ask it now", 'saved "mine"') in saved.offers
    assert office.figures("saved mine", ana).query.text == "me yesterday by 1h"
    office.figures("me today", ana)
    assert [asked.text for asked in office.memory.last_questions("U1")] == ["me today", "me yesterday by 1h"]


def test_a_channels_question_is_everybodys_there_with_her_own_rights(office: Office) -> None:
    boss, ana = office.person(1, id="UBOSS"), office.person(0, id="U1")
    office.words("save standup for this channel yesterday", boss, channel="C1")

    assert len(office.figures("saved standup", boss, channel="C1").rows) > 5
    hers = office.figures("saved standup", ana, channel="C1")
    assert {row.groups[0].id for row in hers.rows} == {office.engine.organization.agents[0].id}
    assert office.refused("saved standup", ana, channel="C2").code == "unknown_saved"
    listed = office.words("saved", ana, channel="C1").data["saved"]
    assert [(one["run"], one["delete"]) for one in listed] == [
        ('saved "standup" for this channel', 'unsave "standup" for this channel')
    ]
    assert isinstance(office.ask("unsave standup for this channel", boss, channel="C1"), TextAnswer)
    assert office.memory.saved("U1", "C1") == ()


def test_hers_comes_before_the_channels_of_the_same_name(office: Office) -> None:
    ana = office.person(0, id="U1")
    office.words("save daily for this channel me yesterday", ana, channel="C1")
    office.words("save daily me today", ana, channel="C1")

    assert office.expanded("saved daily", ana, "C1").text == "me today"
    assert office.expanded("saved daily for this channel", ana, "C1").text == "me yesterday"


def test_what_another_saved_for_a_channel_only_she_and_supervisors_of_everything_change(office: Office) -> None:
    ana, ben, boss = office.person(0, id="U1"), office.person(1, id="U2"), office.person(2, id="UBOSS")
    office.words("save daily for this channel yesterday", ana, channel="C1")

    for command in ("save daily for this channel today", "unsave daily for this channel"):
        assert office.refused(command, ben, channel="C1").code == "not_allowed"
    office.words("save daily for this channel today", boss, channel="C1")
    assert office.expanded("saved daily", ben, "C1").text == "today"


def test_there_are_limits_and_a_channel_is_needed_for_a_channels(office: Office) -> None:
    ana = office.person(0, id="U1")
    for number in range(MOST_SAVED):
        office.memory.save(ana, f"question {number}", "yesterday")

    assert office.refused("save more yesterday", ana).code == "too_many_saved"
    office.words('save "question 1" today', ana)
    assert office.refused("save here for this channel yesterday", ana).code == "no_channel"
    assert office.refused("unsave nothing", ana).code == "unknown_saved"


def test_answers_outlive_a_memory_that_can_not_be_written(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("full")

    for name in ("remember", "snapshot"):
        monkeypatch.setattr(SqlMemoryStore, name, fail)

    assert office.figures("yesterday").rows


# --- who is who ------------------------------------------------------------------------------------------------------


def test_an_equal_address_proposes_and_a_confirmation_stores(office: Office) -> None:
    ana, agent = office.person(0, id="U1"), office.engine.organization.agents[0]
    assert "confirms it" in office.words("whoami", ana).text
    (label, confirm), _ = office.words("link", ana).offers
    assert agent.name in label

    linked = office.words(confirm, ana)

    assert linked.data["agent"]["id"] == agent.id
    elsewhere = replace(ana, email="new.address@example.com")
    assert office.figures("me yesterday", elsewhere).rows[0].groups[0].id == agent.id
    assert f"{agent.name} ({agent.email}), linked" in office.words("whoami", elsewhere).text
    assert office.words("link", elsewhere).offers == (("Unlink", "unlink"),)


def test_who_unlinks_herself_is_nobody_whatever_her_address_says(office: Office) -> None:
    ana = office.person(0, id="U1")
    office.words("unlink", ana)

    assert office.refused("me yesterday", ana).code in {"not_allowed", "no_own_agent"}
    assert "as you said" in office.words("whoami", ana).text
    office.words(f"link {ana.email}", ana)
    assert office.figures("me yesterday", ana).rows


def test_nobody_links_herself_to_another_nor_others_to_anybody(office: Office) -> None:
    ana, ben = office.person(0, id="U1"), office.engine.organization.agents[1]

    for command in (f"link {ben.email}", f'link "{ben.id}"', f"link <@U2> {ben.email}", "unlink <@U2>"):
        assert isinstance(office.refused(command, ana), NotAllowedError)
    assert office.memory._store.person("U1").link is None
    assert office.refused("link", replace(ana, email=None)).code == "no_own_agent"
    assert office.refused("link").code == "missing_object"


def test_who_sees_everyone_links_others_and_two_candidates_are_asked_back(office: Office) -> None:
    boss = office.person(3, id="UBOSS")
    refusal = office.refused("link <@U2> ana", boss)

    assert refusal.code == "ambiguous_agent"
    (label, command), *others = refusal.choices
    assert others
    linked = office.words(command, boss)
    assert linked.data["agent"]["name"] in label
    link = office.memory._store.person("U2").link
    assert (link.agent_id, link.by) == (linked.data["agent"]["id"], "UBOSS")
    # A mention of her is now that agent, also where Slack can't be asked.
    assert office.figures("<@U2> yesterday").rows[0].groups[0].id == link.agent_id
    assert office.refused("link <@U2> nobody@example.com").code == "unknown_agent"
    # A beginning of one name alone links nobody either, before it is confirmed.
    (only,) = office.refused(f"link <@U2> {office.engine.organization.agents[5].name[:-1]}").choices
    assert office.words(only[1]).data["agent"]["id"] == office.engine.organization.agents[5].id


def test_a_deleted_agent_is_shown_as_such(office: Office) -> None:
    gone = next(p for p in office.engine.organization.people if p.state == "deleted")
    office.memory.set_link("U1", gone.id, by="operator")

    assert f"{gone.name} (deleted)" in office.words("whoami", Requester("U1")).text


# --- looks -----------------------------------------------------------------------------------------------------------


def test_an_auditor_reads_who_looked_at_whom_and_is_herself_recorded(office: Office) -> None:
    ana, agent = office.person(0, id="U1"), office.engine.organization.agents[0]
    other = office.engine.organization.agents[1]
    office.figures("me yesterday", ana)
    office.now += timedelta(seconds=1)
    office.figures(f"{other.email} yesterday")
    office.now += timedelta(seconds=1)
    auditor = Requester("UAUDIT")

    every = office.words("audit", auditor)
    at_her = office.words(f"audit {agent.email}", auditor)
    by_her = office.words("audit <@U1>", auditor)

    assert [look["who"] for look in every.data["audit"]["looks"]] == ["operator", "U1"]
    assert [(look["who"], look["count"]) for look in at_her.data["audit"]["looks"]] == [("U1", 1)]
    assert [look["who"] for look in by_her.data["audit"]["looks"]] == ["U1"]
    assert agent.name in at_her.text
    last = office.words("audit", OPERATOR).data["audit"]["looks"][0]
    assert (last["who"], last["kind"]) == ("UAUDIT", "audit")


def test_an_agent_reads_who_looked_at_her_and_nobody_elses_name(office: Office) -> None:
    ana, agent = office.person(0, id="U1"), office.engine.organization.agents[0]
    office.figures("yesterday")

    told = office.words("audit me", ana)

    (look,) = told.data["audit"]["looks"]
    assert look["who"] == "operator"
    assert [one["id"] for one in look["agents"]] in ([], [agent.id])
    assert look["count"] > 5
    names = {person.name for person in office.engine.organization.agents} - {agent.name}
    assert not [name for name in names if name in told.text]
    assert "you and" in told.text


@pytest.mark.parametrize("text", ["audit", "audit ana", "audit <@U2>", "audit team:Billing"])
def test_others_may_not_read_the_log_of_looks(office: Office, text: str) -> None:
    refusal = office.refused(text, office.person(0, id="U1"))

    assert refusal.code == "not_allowed"
    assert refusal.choices == (("Who looked at me?", "audit me"),)


def test_a_look_that_can_not_be_recorded_is_not_shown(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreError("locked")

    monkeypatch.setattr("bot.edges.db.audit.SqlLooks.add", fail)

    with pytest.raises(StoreError, match="recorded") as refusal:
        office.figures("yesterday")
    assert refusal.value.code == "not_recorded"
    assert office.memory.last_questions("operator") == ()


def test_many_looks_are_cut_with_their_count(office: Office) -> None:
    look = Look(NOW, "U1", ("a",), LookKind.FIGURES, "command")
    for minute in range(55):
        SqlLooks(office.database).add(replace(look, at=NOW - timedelta(minutes=minute)))

    told = office.words("audit")

    assert (told.data["audit"]["count"], len(told.data["audit"]["looks"])) == (55, 50)
    assert "55 looks; the newest 50 are listed" in told.text


# --- what moved ------------------------------------------------------------------------------------------------------


def test_figures_that_moved_since_she_asked_are_told_to_her_alone(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = office.figures("yesterday")
    busiest = max(first.rows, key=lambda row: row.values["handle_s"] or 0.0)
    _shift(office, monkeypatch, busiest.groups[0].id or "")
    office.now = NOW + timedelta(hours=3)

    public = office.figures("yesterday", fresh=True, audience=Audience(channel_id="C1", named=True))
    other = office.figures("yesterday", office.person(0, id="UBOSS"), fresh=True)
    again = office.figures("yesterday", fresh=True)

    assert (first.changes, public.changes, other.changes) == (None, None, None)
    assert again.changes.since == NOW
    named = {move.groups[0].id for move in again.changes.moved if move.groups}
    assert named == {busiest.groups[0].id}
    assert office.figures("yesterday", fresh=True).changes is None


def _shift(office: Office, monkeypatch: pytest.MonkeyPatch, agent_id: str) -> None:
    """From now on the platform reports half a minute more of an agent's handling."""
    from bot.edges.genesys import GenesysActivity

    posted = GenesysActivity.posted

    def late(self: Any, ask: Any, operation: Any) -> Any:
        facts = posted(self, ask, operation)
        frame = facts.frame.copy()
        frame.loc[frame["agent_id"] == agent_id, ["handle_s", "acw_s"]] += 90.0
        return replace(facts, frame=frame)

    monkeypatch.setattr(GenesysActivity, "posted", late)


def test_what_others_saved_and_what_was_asked_before_is_shared_only_where_share_is_typed(office: Office) -> None:
    boss, ana = office.person(1, id="UBOSS"), office.person(0, id="U1")
    office.words("save standup for this channel me yesterday share", boss, channel="C1")

    theirs = office.expanded("saved standup", ana, "C1")
    assert (theirs.share, theirs.notes) == (False, ("For you alone, as you did not type “share” now.",))
    assert office.expanded("saved standup", boss, "C1").share

    office.memory.remember(office.expanded("me yesterday share", ana), ana)
    assert not office.expanded("again", ana).share


# --- the file --------------------------------------------------------------------------------------------------------


def test_all_of_it_goes_to_a_file_and_comes_back(office: Office, tmp_path: Path) -> None:
    ana, boss = office.person(0, id="U1"), office.person(1, id="UBOSS")
    office.words("settings columns handle acw", boss)
    office.words("save standup for this channel yesterday", boss, channel="C1")
    office.words(f"link {ana.email}", ana)
    path = tmp_path / "kept.json"
    assert (
        carried(office, "export", str(path))
        == "1 settings, 1 saved, 1 links, 0 schedules written to " + str(path) + "\n"
    )
    assert path.stat().st_mode & 0o077 == 0
    before = office.memory._store.everything()

    empty = Office(office.engine)
    try:
        said = carried(empty, "import", str(path))
        assert empty.memory._store.everything() == before
        assert "settings: 1 added, 0 changed" in said
        assert "added, 0 changed" in carried(empty, "import", str(path))
    finally:
        empty.close()


def test_a_file_of_any_content_is_taken_or_refused_in_words(office: Office, tmp_path: Path) -> None:
    at = "2026-01-01T00:00:00+00:00"
    saved = {"name": "a", "question": "yesterday", "owner": "U1", "for_channel": False, "by": "U1", "at": at}
    entries: tuple[dict[str, Any], ...] = (
        {"saved": [saved | {"at": "0001-01-01T00:00:00+14:00"}]},
        {"saved": [saved | {"owner": "U1\x00"}]},
        {"saved": [saved | {"owner": "U" * 100_000}]},
        {"saved": [saved | {"question": "yester\ud800day"}]},
        {"links": [{"person": "U1\ud800", "agent": "x", "by": "U1", "at": at}]},
        {"settings": {"U1\ud800": {"zone\ud800": "Europe/London"}}},
    )
    deep = '{"format": 1, "saved": ' + "[" * 100_000 + "]" * 100_000 + "}"
    for number, text in enumerate([*(json.dumps({"format": 1} | entry) for entry in entries), deep]):
        path = tmp_path / f"{number}.json"
        path.write_text(text)
        with pytest.raises(CommandError) as refusal:
            carried(office, "import", str(path))
        assert refusal.value.code == "invalid_file"
        refusal.value.message.encode()
    kept = office.memory._store.everything()
    assert not (kept.defaults or kept.saved or kept.links)


def test_a_file_that_others_could_read_is_theirs_no_longer(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    path.write_text("{}")
    path.chmod(0o644)
    carried(office, "export", str(path))
    assert path.stat().st_mode & 0o077 == 0


def test_a_file_with_bad_entries_changes_nothing_and_names_them_all(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    entry = {"name": "a", "question": "yesterday", "owner": "U1", "for_channel": False, "by": "U1", "at": "2026-03-10"}
    document = {
        "format": 1,
        "settings": {"U1": {"zone": "Atlantis"}, "U2": {"zone": "UTC"}},
        "saved": [entry, entry | {"at": "2026-03-10T10:00Z", "name": "<!here>"}],
        "links": [{"person": "U1", "agent": 7, "by": "U1", "at": "2026-03-10T10:00Z"}],
    }
    path.write_text(json.dumps(document))

    with pytest.raises(CommandError, match="4 entries") as refusal:
        carried(office, "import", str(path))

    for fault in ("settings.U1", "saved[0]", "saved[1]", "links[0]"):
        assert fault in refusal.value.message
    assert office.memory.defaults("U2") == Defaults()


def carried(office: Office, *arguments: str) -> str:
    out = io.StringIO()
    status = run_memory_command(
        arguments,
        out,
        memory=SqlMemoryStore(office.database),
        schedules=SqlScheduleStore(office.database),
        settings=report_settings(office.settings),
        calendars=HolidayCalendars(),
        now=office.now,
    )
    assert status == 0
    return out.getvalue()
