"""The settings: what is read, what is refused, and that no message or repr holds a secret."""

from __future__ import annotations

import subprocess
import sys
from datetime import time
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from bot.errors import SettingsError
from bot.settings import SECRETS, Need, Settings, load_settings, unknown_variables

if TYPE_CHECKING:
    from pathlib import Path

GENESYS = {"GENESYS_CLIENT_ID": "id", "GENESYS_CLIENT_SECRET": "marked-secret-1"}
SLACK = {"SLACK_BOT_TOKEN": "xoxb-marked-secret-2", "SLACK_APP_TOKEN": "xapp-marked-secret-3"}


def load(**environ: str) -> Settings:
    return load_settings(environ, env_file=None)


def refused(**environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(**environ)
    return caught.value.message


def test_nothing_at_all_is_enough_for_what_needs_nothing():
    settings = load()

    assert settings.genesys_environment == "mypurecloud.com"
    assert settings.genesys_client_id is None
    assert (settings.zone.key, settings.zone_source) == ("UTC", "default")
    assert (settings.week_start, settings.max_span_days, settings.lookback_days) == (0, 31, 2)
    assert settings.database_url.get_secret_value() == "sqlite:///var/bot.sqlite3"


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        pytest.param("NAMED_CHANNELS", "C1,C2", ("C1", "C2"), id="list with commas"),
        pytest.param("NAMED_CHANNELS", " C1 ; C2, C1 ", ("C1", "C2"), id="list with blanks and a repetition"),
        pytest.param("AUDITORS", "U9", ("U9",), id="list of one"),
        pytest.param("WEEK_START", "Sunday", 6, id="weekday"),
        pytest.param("WEEK_START", "sat", 5, id="short weekday"),
        pytest.param("DATE_ORDER", "mdy", "MDY", id="date order in lower case"),
        pytest.param("REPORT_ZONE", "europe/london", "Europe/London", id="zone in lower case"),
        pytest.param("PORT", "8080", 8080, id="number"),
        pytest.param("LOG_FORMAT", "JSON", "json", id="word in upper case"),
        pytest.param("COMMAND_NAME", "utilization-dev", "/utilization-dev", id="command without its slash"),
        pytest.param("GENESYS_API_URL", "http://127.0.0.1:8080/", "http://127.0.0.1:8080", id="loopback in clear"),
        pytest.param("GENESYS_API_URL", "http://[::1]:8080", "http://[::1]:8080", id="IPv6 loopback in clear"),
        pytest.param("GENESYS_LOGIN_URL", "https://a.example/b", "https://a.example/b", id="gateway with a path"),
        pytest.param("MAX_SPAN_DAYS", "   ", 31, id="blank is unset"),
        pytest.param("REPORT_METRICS", "occupancy, handle, occupancy", ("occupancy", "handle_s"), id="metrics"),
        pytest.param("SUPERVISORS", "U1=team:Billing; S4=*", "U1=team:Billing; S4=*", id="grants"),
    ],
)
def test_a_variable_is_read(variable, text, value):
    assert getattr(load(**{variable: text}), variable.lower()) == value


def test_shifts_are_wall_clock_ends_by_name_and_may_cross_midnight():
    shifts = load(SHIFTS="night=22:00-06:00, Day=9-17,late=16-24").shifts

    assert shifts == {
        "night": (time(22), time(6)),
        "day": (time(9), time(17)),
        "late": (time(16), time(0)),
    }


def test_settings_can_not_be_changed():
    settings = load(SHIFTS="day=9-17")

    with pytest.raises(ValidationError):
        settings.port = 1
    with pytest.raises(TypeError):
        settings.shifts["night"] = (time(22), time(6))


@pytest.mark.parametrize(
    ("variable", "text", "sentence"),
    [
        ("REPORT_ZONE", "Europe/Lodnon", "REPORT_ZONE is an IANA zone such as Europe/London, not 'Europe/Lodnon'."),
        ("REPORT_ZONE", "EST5", "REPORT_ZONE is an IANA zone such as"),
        ("WEEK_START", "m", "WEEK_START is the name of a weekday"),
        ("DATE_ORDER", "DYM", "DATE_ORDER is one of DMY, MDY, YMD, not 'DYM'."),
        ("PORT", "70000", "PORT is a whole number from 1 to 65535, not '70000'."),
        ("MAX_SPAN_DAYS", "a month", "MAX_SPAN_DAYS is a whole number"),
        ("SHIFTS", "night", "SHIFTS reads like night=22:00-06:00,day=9-17, and 'night' doesn't."),
        ("SHIFTS", "night=22:00-26:00", "SHIFTS has no such time of day"),
        ("SHIFTS", "night=9-9", "SHIFTS gives the shift night no length"),
        ("SHIFTS", "a=1-2,A=3-4", "SHIFTS names the shift a twice."),
        ("NAMED_CHANNELS", "#ops", "NAMED_CHANNELS lists ids such as C0123, not '#ops'"),
        ("AUDITORS", "ana@example.com", "AUDITORS lists ids such as U0123"),
        ("SUPERVISORS", "U1", "SUPERVISORS reads like U123=team:Billing,queue:Support; S456=*"),
        ("REPORT_METRICS", "handle,hadnle", "REPORT_METRICS lists metrics such as handle, not 'hadnle'."),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is one of DEBUG, INFO, WARNING, ERROR"),
        ("COMMAND_NAME", "/Two Words", "COMMAND_NAME is a slash"),
        ("GENESYS_API_URL", "http://gateway.example.com", "GENESYS_API_URL begins with https://"),
        ("GENESYS_API_URL", "http://127.0.0.1.example.com", "GENESYS_API_URL begins with https://"),
        ("GENESYS_API_URL", "ftp://127.0.0.1", "GENESYS_API_URL is an address such as"),
        ("GENESYS_LOGIN_URL", "https://me:pw@example.com", "GENESYS_LOGIN_URL holds no user name and no password."),
        ("DATABASE_URL", "mysql://host/base", "DATABASE_URL begins with sqlite:/// or postgresql://."),
        ("SLACK_BOT_TOKEN", "xapp-1", "SLACK_BOT_TOKEN begins with xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-1", "SLACK_APP_TOKEN begins with xapp-"),
        ("GENESYS_CLIENT_SECRET", "two words", "GENESYS_CLIENT_SECRET holds a blank"),
    ],
)
def test_a_wrong_variable_is_named_with_what_belongs_there(variable, text, sentence):
    assert refused(**{variable: text}).startswith(sentence)


def test_one_message_names_everything_that_is_wrong_or_missing():
    with pytest.raises(SettingsError) as caught:
        load_settings({"PORT": "x", "DATE_ORDER": "?"}, require=[Need.GENESYS, Need.SLACK], env_file=None)

    named = [line.split()[0] for line in caught.value.message.splitlines()[1:]]
    assert caught.value.message.splitlines()[0] == "6 settings need attention:"
    assert named == [
        "GENESYS_CLIENT_ID",
        "GENESYS_CLIENT_SECRET",
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "DATE_ORDER",
        "PORT",
    ]
    assert caught.value.exit_status == 4


@pytest.mark.parametrize(
    ("need", "missing"),
    [
        pytest.param(Need.SLACK, [], id="either way in is enough"),
        pytest.param(Need.SLACK_SOCKET, [], id="socket"),
        pytest.param(Need.SLACK_HTTP, ["SLACK_SIGNING_SECRET"], id="http"),
    ],
)
def test_each_way_into_slack_asks_for_its_own_secret(need, missing):
    try:
        load_settings(SLACK, require=[need], env_file=None)
        named = []
    except SettingsError as error:
        named = [error.message.split()[0]]

    assert named == missing


def test_what_only_another_package_knows_joins_the_one_message():
    def region(name: str) -> None:
        raise ValueError(f"is a region of Genesys Cloud, which {name!r} isn't.")

    with pytest.raises(SettingsError) as caught:
        load_settings(
            {"GENESYS_ENVIRONMENT": "example.com", "PORT": "x"}, checks={"GENESYS_ENVIRONMENT": region}, env_file=None
        )

    assert "GENESYS_ENVIRONMENT is a region of Genesys Cloud, which 'example.com' isn't." in caught.value.message
    assert "PORT is a whole number" in caught.value.message


def test_a_check_sees_the_default_where_nothing_is_set():
    seen: list[str] = []

    load_settings({}, checks={"GENESYS_ENVIRONMENT": seen.append}, env_file=None)

    assert seen == ["mypurecloud.com"]


def test_the_environment_wins_over_the_file(tmp_path: Path):
    file = tmp_path / ".env"
    file.write_text("PORT=1111\nLOG_LEVEL=ERROR\nNAMED_CHANNELS=C1,C2\n")

    settings = load_settings({"PORT": "2222", "LOG_LEVEL": ""}, env_file=file)

    assert (settings.port, settings.log_level, settings.named_channels) == (2222, "ERROR", ("C1", "C2"))


def test_a_dollar_in_the_file_is_a_dollar(tmp_path: Path):
    file = tmp_path / ".env"
    file.write_text("GENESYS_CLIENT_SECRET='a$HOME${HOME}'\n")

    secret = load_settings({}, env_file=file).genesys_client_secret

    assert secret is not None
    assert secret.get_secret_value() == "a$HOME${HOME}"


def test_a_secret_is_read_from_the_file_that_is_named(tmp_path: Path):
    file = tmp_path / "token"
    file.write_text("xoxb-from-a-file\n")

    token = load(SLACK_BOT_TOKEN_FILE=str(file)).slack_bot_token

    assert token is not None
    assert token.get_secret_value() == "xoxb-from-a-file"


def test_a_secret_file_that_can_not_be_read_is_named_by_its_variable(tmp_path: Path):
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "image").write_bytes(b"\xff\xfe\x00")

    assert refused(SLACK_BOT_TOKEN_FILE=str(tmp_path / "none")).startswith(
        "SLACK_BOT_TOKEN can't be read from the file that SLACK_BOT_TOKEN_FILE names: No such file"
    )
    assert "is empty in the file" in refused(SLACK_BOT_TOKEN_FILE=str(tmp_path / "empty"))
    assert "it isn't text" in refused(SLACK_BOT_TOKEN_FILE=str(tmp_path / "image"))


def test_a_secret_set_twice_is_refused(tmp_path: Path):
    (tmp_path / "token").write_text("xoxb-2")

    message = refused(SLACK_BOT_TOKEN="xoxb-1", SLACK_BOT_TOKEN_FILE=str(tmp_path / "token"))

    assert message.startswith("SLACK_BOT_TOKEN is set twice")


def test_the_secrets_are_known_as_such():
    assert {
        "GENESYS_CLIENT_SECRET",
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_SIGNING_SECRET",
        "DATABASE_URL",
    } == SECRETS


def test_no_secret_is_in_a_repr_or_a_message():
    wrong = {name: f"marked secret {name}" for name in SECRETS}
    right = {**GENESYS, **SLACK, "DATABASE_URL": "postgresql://u:marked-secret-4@h/b", "SLACK_SIGNING_SECRET": "marked"}

    settings = load_settings(right, env_file=None)
    with pytest.raises(SettingsError) as caught:
        load_settings(wrong, env_file=None)

    for text in (repr(settings), str(settings), str(caught.value)):
        assert "marked" not in text
    cause = caught.value.__cause__ or caught.value.__context__
    assert cause is None or "marked" not in str(cause)


def test_a_misspelt_variable_of_the_file_is_found_with_what_was_meant(tmp_path: Path):
    file = tmp_path / ".env"
    file.write_text("REPORT_ZOEN=UTC\nGENESYS_ENVIRONMENT=mypurecloud.ie\nSLACK_BOT_TOKEN_FILE=x\nEDITOR=vi\n")

    assert unknown_variables(file) == {"REPORT_ZOEN": "REPORT_ZONE", "EDITOR": None}


def test_reading_settings_costs_no_pandas_no_slack_and_no_http_client():
    code = (
        "import sys; from bot.settings import load_settings; load_settings({}, env_file=None);"
        "print(sorted({'pandas', 'slack_sdk', 'slack_bolt', 'requests', 'sqlalchemy'} & set(sys.modules)))"
    )

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "[]"
