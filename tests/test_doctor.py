"""The doctor: each thing that can be wrong is a line of its own, with what to do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from slack_sdk import WebClient

from bot.core.frames import POSTED_COLUMNS, POSTED_KEYS
from bot.core.intervals import Granularity
from bot.demo.fake_slack import FakeSlack
from bot.doctor import Check, Finding, Platform, exit_status, render_checks, run_doctor
from bot.edges.genesys import GenesysActivity, GenesysDirectory, GenesysOrganization
from bot.edges.slack.manifest import SCOPES
from bot.errors import SettingsError, SourceError
from bot.ports import Facts, Named, Operation
from bot.settings import load_settings
from genesys_client import GenesysClient
from genesys_client.sandbox import DEFAULT_GRANT, Engine, OAuthGrant, SandboxAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator

GENESYS = {"GENESYS_CLIENT_ID": "id", "GENESYS_CLIENT_SECRET": "marked-secret"}
MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SOUND = {**GENESYS, "REPORT_ZONE": "Europe/London", "SUPERVISORS": "U1=team:Billing"}


@dataclass
class FakeGenesys:
    """An organisation with one team and two busy agents; `refused` maps a question to its error."""

    refused: dict[str, Exception] = field(default_factory=dict)
    agents_seen: tuple[str, ...] = ("a1", "a2")
    windows: list[object] = field(default_factory=list)

    @property
    def platform(self) -> Platform:
        return Platform(activity=self, directory=self, organization=self)  # type: ignore[arg-type]  asked for parts

    def _answer(self, question: str) -> None:
        if question in self.refused:
            raise self.refused[question]

    def name(self, _operation):
        self._answer("name")
        return "Example Ltd"

    def limits(self, _operation):
        self._answer("limits")
        return {"client.credentials.token.rate.per.minute": 300}

    def posted(self, ask, _operation):
        import pandas as pd

        self._answer("posted")
        self.windows += ask.windows
        keys = {"agent_id": self.agents_seen, "queue_id": "", "media": "", "bucket": 0}
        return Facts(
            pd.DataFrame({**keys, **dict.fromkeys(POSTED_COLUMNS, 1.0)}, columns=[*POSTED_KEYS, *POSTED_COLUMNS])
        )

    def conversations(self, ask, _operation, *, within):
        self._answer("details")
        assert len(ask.agent_ids) == 1
        assert ask.windows == (within,)

    def status(self, ask, _operation):
        self._answer("timelines" if ask.granularity is Granularity.QUARTER else "status")
        assert len(ask.agent_ids) == 1

    def agents(self, ids, _operation):
        self._answer("agents")
        return {}

    def agent_by_email(self, _email, _operation):
        self._answer("agent_by_email")

    def queues(self, _operation):
        self._answer("queues")
        return (Named("q1", "Support"),)

    def teams(self, _operation):
        self._answer("teams")
        return (Named("t1", "Billing"),)

    def groups(self, _operation):
        self._answer("groups")
        return ()

    def divisions(self, _operation):
        self._answer("divisions")
        return (Named("d1", "Home"),)


def lacks(permission: str) -> SourceError:
    return SourceError(f"The Genesys OAuth client lacks {permission}.", code="missing_permission")


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as fake:
        yield fake


def examine(
    genesys: FakeGenesys | None = None,
    slack: FakeSlack | None = None,
    *,
    now: datetime | None = None,
    env_file: Path = Path("no-such.env"),
    **environ: str,
) -> tuple[Check, ...]:
    if slack:
        environ = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token, **environ}
    return run_doctor(
        load_settings(environ, env_file=env_file),
        platform=genesys.platform if genesys else None,
        slack=WebClient(slack.bot_token, base_url=slack.url) if slack else None,
        now=now or datetime.now(UTC),
        operation=Operation.within(5),
        env_file=env_file,
    )


def findings(checks: tuple[Check, ...], finding: Finding) -> list[str]:
    return [check.name for check in checks if check.finding is finding]


def line(checks: tuple[Check, ...], name: str) -> Check:
    (found,) = [check for check in checks if check.name == name]
    return found


def test_a_sound_set_up_is_fine_throughout(slack):
    slack.add_channel("ops", with_bot=True)
    checks = examine(FakeGenesys(), slack, **SOUND)

    assert [check for check in checks if check.finding is not Finding.OK] == []
    assert exit_status(checks) == 0
    assert line(checks, "Genesys login").detail == "Example Ltd, at mypurecloud.com"
    assert line(checks, "activity").detail == "2 agents with conversations in the last 24 hours"
    assert line(checks, "limits").detail == "300 requests a minute for each token"
    assert all(check.finding is Finding.OK for check in checks)


def test_a_bare_start_names_both_genesys_variables_and_says_that_slack_is_off():
    checks = examine()

    assert [check.detail for check in checks if check.finding is Finding.FAIL] == [
        "GENESYS_CLIENT_ID is missing",
        "GENESYS_CLIENT_SECRET is missing",
    ]
    assert "only the command line works" in line(checks, "Slack").detail
    assert exit_status(checks) == 4


def test_wrong_credentials_end_the_questions_to_genesys_and_are_the_operators_to_mend():
    refusal = SettingsError("Genesys refused the credentials, or they belong to another region.")
    checks = examine(FakeGenesys({"name": refusal}), **SOUND)

    assert "the address bar shows the region's domain" in line(checks, "Genesys login").todo
    assert not any(check.name.startswith("may read") for check in checks)
    assert exit_status(checks) == 4


def test_a_platform_that_is_down_is_not_the_operators_fault():
    checks = examine(FakeGenesys({"name": SourceError("Genesys is having trouble.", code="platform_down")}), **SOUND)

    assert line(checks, "Genesys login").finding is Finding.FAIL
    assert exit_status(checks) == 3


@pytest.mark.parametrize(
    ("question", "name", "permission"),
    [
        ("posted", "may read conversations", "analytics:conversationAggregate:view"),
        ("details", "may read conversation details", "analytics:conversationDetail:view"),
        ("status", "may read status time", "analytics:userAggregate:view"),
        ("agents", "may read names", "directory:user:view"),
        ("agent_by_email", "may read people", "directory:user:view"),
        ("queues", "may read queues", "routing:queue:view"),
    ],
)
def test_a_missing_permission_is_named_and_fails(question, name, permission):
    checks = examine(FakeGenesys({question: lacks(permission)}), **SOUND)

    assert findings(checks, Finding.FAIL) == [name]
    assert line(checks, name).todo.startswith(f"Add {permission} to the role")
    assert exit_status(checks) == 4


@pytest.mark.parametrize(
    ("question", "name"),
    [("teams", "teams"), ("groups", "groups"), ("divisions", "divisions"), ("timelines", "status timelines")],
)
def test_a_permission_that_few_questions_need_is_only_a_warning(question, name):
    checks = examine(FakeGenesys({question: lacks("one")}), **SOUND)

    assert line(checks, f"may read {name}").finding is Finding.WARN
    assert exit_status(checks) == 0


def test_a_role_that_shows_nobody_is_suspected_of_having_no_division():
    checks = examine(FakeGenesys(agents_seen=()), **SOUND)

    assert line(checks, "activity").finding is Finding.WARN
    assert "divisions" in line(checks, "activity").todo


def test_activity_is_looked_for_in_the_24_hours_before_the_last_full_hour():
    genesys = FakeGenesys()
    examine(genesys, now=datetime(2026, 11, 24, 10, 20, tzinfo=UTC), **SOUND)

    (window,) = genesys.windows
    assert window.start == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert window.end == datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_limits_that_can_not_be_read_are_assumed():
    checks = examine(FakeGenesys({"limits": lacks("one")}), **SOUND)

    assert "300 requests a minute" in line(checks, "limits").todo
    assert exit_status(checks) == 0


@pytest.mark.parametrize(
    ("supervisors", "finding", "says"),
    [
        ("", Finding.WARN, "each agent sees herself"),
        ("*", Finding.WARN, "lets everybody in the workspace see every agent"),
        ("U1=*", Finding.WARN, "U1 may see every agent"),
        ("U1=team:billing", Finding.OK, "1 in SUPERVISORS"),
        ("U1=queue:q1", Finding.OK, "1 in SUPERVISORS"),
    ],
)
def test_the_rights_are_read_back(supervisors, finding, says):
    check = line(examine(FakeGenesys(), **{**SOUND, "SUPERVISORS": supervisors}), "rights")

    assert check.finding is finding
    assert says in check.detail


def test_a_scope_that_names_nothing_is_found():
    checks = examine(FakeGenesys(), **{**SOUND, "SUPERVISORS": "U1=team:Biling,queue:Support"})

    warned = [check for check in checks if check.finding is Finding.WARN and check.name == "rights"]
    assert [check.detail for check in warned] == ["SUPERVISORS names team:Biling, which Genesys doesn't have"]
    assert "Visible: Billing." in warned[0].todo


def test_a_misspelt_variable_in_the_file_is_a_warning(tmp_path):
    file = tmp_path / ".env"
    file.write_text("REPORT_ZOEN=UTC\n")

    checks = examine(FakeGenesys(), env_file=file, **SOUND)

    assert [check.todo for check in checks if check.name == "settings" and check.todo] == ["Did you mean REPORT_ZONE?"]


def test_an_unset_zone_is_a_warning_and_a_set_one_shows_its_time():
    now = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)

    assert line(examine(now=now), "report zone").finding is Finding.WARN
    assert line(examine(now=now, REPORT_ZONE="Europe/London"), "report zone").detail == (
        "Europe/London, now Wed 01 Jul 11:00"
    )


def test_old_zone_data_is_a_warning():
    check = line(examine(now=datetime(2040, 1, 1, tzinfo=UTC)), "zone data")

    assert check.finding is Finding.WARN
    assert "is old" in check.detail


@pytest.mark.parametrize(
    ("skew", "finding"),
    [
        (timedelta(seconds=5), Finding.OK),
        (timedelta(minutes=2), Finding.WARN),
        (timedelta(minutes=6), Finding.FAIL),
        (-timedelta(minutes=6), Finding.FAIL),
    ],
)
def test_the_clock_is_held_against_slacks(skew, finding, slack):
    checks = examine(FakeGenesys(), slack, now=datetime.now(UTC) + skew, **SOUND)

    assert line(checks, "clock").finding is finding


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_each_missing_scope_is_named_with_what_needs_it(scope, slack):
    slack.scopes.discard(scope)
    check = line(examine(FakeGenesys(), slack, **SOUND), "Slack scopes")

    assert check.detail == f"{scope} is missing, needed for {SCOPES[scope]}"
    assert check.finding is (Finding.FAIL if scope in {"commands", "chat:write", "users:read"} else Finding.WARN)


def test_a_revoked_token_is_a_failure_with_what_to_do(slack):
    slack.token_error = "token_revoked"
    checks = examine(FakeGenesys(), slack, **SOUND)

    assert line(checks, "Slack login").detail == "Slack refused the token: token_revoked"
    assert exit_status(checks) == 4


def test_a_slack_that_can_not_be_reached_is_the_other_sides_failure():
    settings = load_settings({**SOUND, "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"}, env_file=None)
    checks = run_doctor(
        settings,
        platform=FakeGenesys().platform,
        slack=WebClient("xoxb-1", base_url="http://127.0.0.1:9/"),
        now=datetime.now(UTC),
        operation=Operation.within(5),
    )

    assert "can't be reached" in line(checks, "Slack login").detail
    assert exit_status(checks) == 3


def test_a_bot_token_alone_lacks_a_way_in(slack):
    checks = examine(FakeGenesys(), slack, **{**SOUND, "SLACK_APP_TOKEN": ""})

    assert line(checks, "Slack").detail == "SLACK_APP_TOKEN is missing"
    assert exit_status(checks) == 4


def test_a_refused_app_token_is_found_before_the_start(slack):
    checks = examine(FakeGenesys(), slack, **{**SOUND, "SLACK_APP_TOKEN": "xapp-wrong"})

    assert line(checks, "Socket Mode").finding is Finding.FAIL


def test_channels_for_names_are_looked_up(slack):
    ops = slack.add_channel("ops", with_bot=True)
    old = slack.add_channel("old", with_bot=True, archived=True)
    shared = slack.add_channel("partners", with_bot=True, shared=True)
    named = ",".join([ops.id, old.id, shared.id, "C0NOWHERE"])

    checks = [c for c in examine(FakeGenesys(), slack, **{**SOUND, "NAMED_CHANNELS": named}) if c.name == "channels"]

    assert [(check.finding, check.detail) for check in checks] == [
        (Finding.OK, "#ops may show agents' names"),
        (Finding.WARN, "#old in NAMED_CHANNELS is archived"),
        (Finding.WARN, "#partners in NAMED_CHANNELS is shared with another organisation: nothing is posted there"),
        (Finding.WARN, "C0NOWHERE in NAMED_CHANNELS: channel_not_found"),
    ]


def test_the_lines_are_aligned_and_each_next_step_stands_below_its_line():
    checks = (
        Check("a", Finding.OK, "fine"),
        Check("longer", Finding.WARN, "odd", "look"),
        Check("b", Finding.FAIL, "broken", "mend"),
    )

    assert render_checks(checks).splitlines() == [
        "✓ a       fine",
        "! longer  odd",
        "          → look",
        "✗ b       broken",
        "          → mend",
        "",
        "1 fine, 1 to look at, 1 to mend",
    ]


def test_a_failure_of_each_kind_is_the_operators_to_mend_first():
    ours, theirs = Check("a", Finding.FAIL, ""), Check("b", Finding.FAIL, "", platform=True)

    assert [exit_status(checks) for checks in ((), (theirs,), (ours, theirs))] == [0, 3, 4]


def test_no_secret_is_in_a_line(slack):
    text = render_checks(examine(FakeGenesys(), slack, **SOUND))

    assert not [secret for secret in ("marked-secret", slack.bot_token, slack.app_token) if secret in text]


def through_the_client(grant: OAuthGrant) -> tuple[Check, ...]:
    """What the doctor says where the real client asks the made-up organisation."""
    engine = Engine(seed=7, agents=24, now=lambda: MONDAY_NOON, grants=(grant,))
    with GenesysClient(grant.client_id, "sandbox-secret", adapter=SandboxAdapter(engine)) as client:
        return run_doctor(
            load_settings(SOUND, env_file=None),
            platform=Platform(
                GenesysActivity(client, now=lambda: MONDAY_NOON),
                GenesysDirectory(client),
                GenesysOrganization(client),
            ),
            slack=None,
            now=MONDAY_NOON,
            operation=Operation.within(30),
            env_file=Path("no-such.env"),
        )


def test_a_client_with_every_permission_finds_the_organisation_sound():
    checks = through_the_client(DEFAULT_GRANT)

    assert [check for check in checks if check.finding is not Finding.OK and check.name != "Slack"] == []
    assert line(checks, "limits").detail == "300 requests a minute for each token"


def test_a_client_without_a_permission_is_told_which_one_the_platform_missed():
    checks = through_the_client(replace(DEFAULT_GRANT, permissions=DEFAULT_GRANT.granted - {"routing:queue:view"}))

    check = line(checks, "may read queues")
    assert check.finding is Finding.FAIL
    assert "routing:queue:view" in check.detail
    assert line(checks, "may read teams").finding is Finding.OK


def test_a_client_with_a_wrong_secret_is_not_let_in():
    checks = through_the_client(replace(DEFAULT_GRANT, client_secret="another"))

    assert line(checks, "Genesys login").finding is Finding.FAIL
    assert exit_status(checks) == 4
