"""Settings: from the environment and a `.env` file, typed, and checked all at once.

The environment comes in as an argument, so importing this module reads nothing. One table, the fields of
`Settings`, makes `.env.example` and the README's table (`make docs`), and tests hold both to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import time
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, cast

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.core.zones import load_zone
from bot.errors import SettingsError
from bot.setting_values import (
    from_text,
    ids,
    one_of,
    read_command_name,
    read_database_url,
    read_grants,
    read_metrics,
    read_shifts,
    read_time_of_day,
    read_web_address,
    read_weekday,
    read_zone_name,
    secret,
    whole_number,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from zoneinfo import ZoneInfo

_SECRET_FILE_LIMIT = 64 * 1024


class Need(StrEnum):
    """What a start can't do without; the command line asks for no more than it uses."""

    GENESYS = "genesys"
    SLACK = "slack"
    """A bot token, and either an app token (Socket Mode) or a signing secret (HTTP)."""
    SLACK_POSTS = "slack_posts"
    """Posts alone: nobody asks this process anything."""
    SLACK_SOCKET = "slack_socket"
    SLACK_HTTP = "slack_http"


def _about(default: Any, about: str, *, shown: str = "", example: str = "", group: str = "") -> Any:
    """A field with its line for people: `shown` is the default as it would be typed."""
    typed = shown or ("" if default in (None, (), {}) else str(default))
    return Field(
        default_factory=lambda: default,  # pydantic-settings copies a plain default, which a mappingproxy refuses
        description=about,
        json_schema_extra={"default": typed, "example": example, "group": group},
    )


class Settings(BaseSettings):
    """Everything that an operator may choose; `load_settings` reads it."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    genesys_client_id: str | None = _about(
        None, "id of the Genesys OAuth client (grant: Client Credentials)", group="Genesys Cloud"
    )
    genesys_client_secret: Annotated[SecretStr | None, secret()] = _about(None, "its secret")
    genesys_environment: str = _about(
        "mypurecloud.com",
        "your organisation's region: a domain such as `mypurecloud.ie`, or a name such as `eu-west-1`",
    )
    genesys_api_url: Annotated[str | None, from_text(read_web_address)] = _about(
        None, "API address of a private gateway, instead of the region's", example="https://gateway.example.com/api"
    )
    genesys_login_url: Annotated[str | None, from_text(read_web_address)] = _about(
        None, "its login address", example="https://gateway.example.com/login"
    )

    slack_bot_token: Annotated[SecretStr | None, secret("xoxb-", "xoxe.xoxb-")] = _about(
        None, "bot token (`xoxb-…`)", group="Slack"
    )
    slack_app_token: Annotated[SecretStr | None, secret("xapp-")] = _about(
        None, "app token (`xapp-…`) for Socket Mode; with it `python -m bot` needs no public address"
    )
    slack_signing_secret: Annotated[SecretStr | None, secret()] = _about(
        None, "signing secret, for HTTP under gunicorn"
    )
    slack_api_url: Annotated[str | None, from_text(read_web_address)] = _about(
        None, "another Web API than Slack's, for tests", example="http://127.0.0.1:8080/api"
    )
    command_name: Annotated[str, from_text(read_command_name)] = _about(
        "/utilization", "the slash command, as the app's manifest names it"
    )

    report_zone: Annotated[str | None, from_text(read_zone_name)] = _about(
        None,
        "zone of a range where neither the question nor the person names one; unset: UTC, and answers say so",
        example="Europe/London",
        group="Reading questions",
    )
    week_start: Annotated[int, from_text(read_weekday)] = _about(0, "first day of a week", shown="monday")
    date_order: Annotated[Literal["DMY", "MDY", "YMD"] | None, one_of("DMY", "MDY", "YMD", case=str.upper)] = _about(
        None, "how `20/11` is read: `DMY`, `MDY` or `YMD`; unset, the bot asks", example="DMY"
    )
    shifts: Annotated[Mapping[str, tuple[time, time]], from_text(read_shifts)] = _about(
        MappingProxyType({}),
        "names for windows of the day, for `shift:night`",
        example="night=22:00-06:00,day=9-17",
    )
    report_metrics: Annotated[tuple[str, ...], from_text(read_metrics)] = _about(
        (),
        "columns drawn, in order; the first is the headline",
        example="utilization,occupancy,handle,acw",
    )
    max_span_days: Annotated[int, whole_number(1, 366)] = _about(31, "longest range, in local days")
    lookback_days: Annotated[int, whole_number(0, 31)] = _about(
        2, "how long before the range a conversation may have begun and still be looked for"
    )

    archive_days: Annotated[int, whole_number(0, 366)] = _about(
        62,
        "days of conversations that the database keeps, so that Genesys isn't asked for them again; 0: none",
        group="By the clock",
    )
    archive_fresh_hours: Annotated[int, whole_number(0, 96)] = _about(
        12, "how long a kept day answers while Genesys may still change it: the four days after its end"
    )
    prefetch_at: Annotated[time | None, from_text(read_time_of_day)] = _about(
        time(2),
        "local time in `REPORT_ZONE` at which the last days are read for the morning; `off`: never",
        shown="02:00",
    )
    clock_budget_requests: Annotated[int, whole_number(1, 10_000)] = _about(
        200, "requests that one question may cost unasked; beyond that the bot offers `posted` and `anyway`"
    )
    job_from_pages: Annotated[int, whole_number(1, 1000)] = _about(
        50, "from so many pages on Genesys is asked to prepare the conversations, where it has them all and time allows"
    )

    supervisors: Annotated[str, from_text(read_grants)] = _about(
        "",
        "who sees whom; nobody but oneself, unless listed",
        example="U0123=team:Billing,queue:Support; S0456=*",
        group="Rights",
    )
    auditors: Annotated[tuple[str, ...], ids("UW", example="U0123", hint="a member's profile has Copy member ID")] = (
        _about((), "Slack users who may read the log of looks", example="U0789")
    )
    audit_days: Annotated[int, whole_number(1, 3_650)] = _about(
        180, "how long the log of who looked at whom is kept, in days"
    )
    named_channels: Annotated[
        tuple[str, ...], ids("CG", example="C0123", hint="the end of a channel's About page has its id")
    ] = _about((), "channels where agents' names may be posted; elsewhere totals only", example="C0123,C0456")

    database_url: Annotated[SecretStr, from_text(read_database_url)] = _about(
        SecretStr("sqlite:///var/bot.sqlite3"),
        "where what outlives a restart is kept",
        shown="sqlite:///var/bot.sqlite3",
        group="Process",
    )
    port: Annotated[int, whole_number(1, 65_535)] = _about(3000, "port of the HTTP form")
    answer_workers: Annotated[int, whole_number(1, 64)] = _about(16, "answers worked on at once")
    answer_queue: Annotated[int, whole_number(1, 10_000)] = _about(
        200, "answers that may wait; beyond that people are told that the bot is busy"
    )
    answer_seconds: Annotated[int, whole_number(1, 600)] = _about(
        20, "longest time that one answer may ask the platform"
    )
    long_answer_seconds: Annotated[int, whole_number(1, 3600)] = _about(
        600, "the same for a question with `anyway` or `complete`"
    )
    commands_a_minute: Annotated[int, whole_number(1, 10_000)] = _about(
        5, "questions that one person may ask in a minute; presses of buttons don't count"
    )
    commands_at_once: Annotated[int, whole_number(1, 100)] = _about(
        2, "questions of one person that may be on their way at once"
    )
    log_format: Annotated[Literal["console", "json"], one_of("console", "json", case=str.lower)] = _about(
        "console", "`console` for people, `json` for collectors"
    )
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        one_of("DEBUG", "INFO", "WARNING", "ERROR", case=str.upper),
    ] = _about("INFO", "`DEBUG`, `INFO`, `WARNING` or `ERROR`")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What `load_settings` gathered, nothing else: the process's environment is an argument here."""
        return (init_settings,)

    @property
    def zone(self) -> ZoneInfo:
        """`REPORT_ZONE`, or UTC."""
        return load_zone(self.report_zone or "UTC")

    @property
    def zone_source(self) -> str:
        """`setting`, or `default` where none was chosen, so that an answer can say so."""
        return "setting" if self.report_zone else "default"


SECRETS = frozenset(
    name.upper() for name, field in Settings.model_fields.items() if field.annotation in (SecretStr, SecretStr | None)
)
"""Variables that are also read from the file that `<NAME>_FILE` names."""

_NEEDED: Mapping[Need, tuple[str, ...]] = {
    Need.GENESYS: ("GENESYS_CLIENT_ID", "GENESYS_CLIENT_SECRET"),
    Need.SLACK: ("SLACK_BOT_TOKEN",),
    Need.SLACK_POSTS: ("SLACK_BOT_TOKEN",),
    Need.SLACK_SOCKET: ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"),
    Need.SLACK_HTTP: ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"),
}

_WHERE_FROM: Mapping[str, str] = {
    "GENESYS_CLIENT_ID": "in Genesys Cloud, Admin › Integrations › OAuth, add a client (grant Client Credentials)",
    "GENESYS_CLIENT_SECRET": "it stands beside the client id",
    "SLACK_BOT_TOKEN": "at api.slack.com/apps, OAuth & Permissions, Bot User OAuth Token (xoxb-…)",
    "SLACK_APP_TOKEN": "at api.slack.com/apps, Basic Information, App-Level Tokens, with connections:write (xapp-…)",
    "SLACK_SIGNING_SECRET": "at api.slack.com/apps, Basic Information, Signing Secret",
}


def load_settings(
    environ: Mapping[str, str],
    *,
    require: Iterable[Need] = (),
    checks: Mapping[str, Callable[[str], object]] | None = None,
    env_file: Path | None = Path(".env"),
) -> Settings:
    """The settings of this start; a variable of the environment wins over the same one in `env_file`.

    Args:
        environ: the process's environment, or what a test has instead.
        require: what must be there; a variable left out or empty is unset.
        checks: for a variable, a function that raises ValueError with the rest of the sentence "NAME …":
            what only another package knows, such as which regions there are.
        env_file: read where it exists.
    Raises:
        SettingsError: one message naming everything that is missing or wrong, never a secret's value.
    """
    values, problems = _gathered(environ, env_file)
    fields: dict[str, Any] = {name.lower(): text for name, text in values.items()}
    settings: Settings | None = None
    try:
        settings = Settings(**fields)
    except ValidationError as error:
        problems |= {str(fault["loc"][0]).upper(): _sentence(fault) for fault in error.errors(include_url=False)}
    for name, check in (checks or {}).items():
        text = values.get(name, Settings.model_fields[name.lower()].get_default(call_default_factory=True))
        if text is None or name in problems:
            continue
        try:
            check(text)
        except ValueError as error:
            problems[name] = str(error).rstrip(".")
    for name in _missing(values, require):
        problems.setdefault(name, f"is missing: {_WHERE_FROM[name]}")
    if problems or settings is None:
        raise SettingsError(_all_of(problems), hint="`.env.example` lists every setting with what it is for.")
    return settings


def _gathered(environ: Mapping[str, str], env_file: Path | None) -> tuple[dict[str, str], dict[str, str]]:
    """(values by variable name, problems by variable name)"""
    given: dict[str, str] = {}
    problems: dict[str, str] = {}
    if env_file is not None and env_file.is_file():
        given |= _dotenv(env_file)
    given |= {name: text for name, text in environ.items() if text.strip()}
    values: dict[str, str] = {}
    for field in Settings.model_fields:
        name = field.upper()
        if text := given.get(name, "").strip():
            values[name] = text
        path = given.get(f"{name}_FILE", "").strip() if name in SECRETS else ""
        if not path:
            continue
        if name in values:
            problems[name] = f"is set twice, by itself and by {name}_FILE: leave one out"
            continue
        try:
            text = _first_bytes(Path(path)).strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it isn't text"
            problems[name] = f"can't be read from the file that {name}_FILE names: {reason}"
            continue
        if text:
            values[name] = text
        else:
            problems[name] = f"is empty in the file that {name}_FILE names"
    return values, problems


def _dotenv(path: Path) -> dict[str, str]:
    from dotenv import dotenv_values

    # Literal: a `$` in a secret is a `$`.
    return {name: text for name, text in dotenv_values(path, interpolate=False).items() if text and text.strip()}


def _first_bytes(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_SECRET_FILE_LIMIT).decode("utf-8")


def _missing(present: Collection[str], require: Iterable[Need]) -> list[str]:
    needs = set(require)
    names = [name for need in Need if need in needs for name in _NEEDED[need] if name not in present]
    if Need.SLACK in needs and "SLACK_APP_TOKEN" not in present and "SLACK_SIGNING_SECRET" not in present:
        names.append("SLACK_APP_TOKEN")
    return names


def missing(settings: Settings, *needs: Need) -> tuple[tuple[str, str], ...]:
    """(variable, where its value is found) of what those needs lack."""
    present = [field.upper() for field in Settings.model_fields if getattr(settings, field) is not None]
    return tuple((name, _WHERE_FROM[name]) for name in _missing(present, needs))


def _sentence(fault: Mapping[str, Any]) -> str:
    cause = fault.get("ctx", {}).get("error")
    return str(cause) if isinstance(cause, ValueError) else f"can't be read: {fault['msg']}"


def _all_of(problems: Mapping[str, str]) -> str:
    order = [field.upper() for field in Settings.model_fields]
    lines = [f"{name} {problems[name]}." for name in sorted(problems, key=order.index)]
    if len(lines) == 1:
        return lines[0]
    return "\n".join([f"{len(lines)} settings need attention:", *(f"  {line}" for line in lines)])


def unknown_variables(env_file: Path = Path(".env")) -> dict[str, str | None]:
    """Names in `env_file` that are no setting, each with the one that was probably meant."""
    from rapidfuzz import process

    known = {field.upper() for field in Settings.model_fields} | {f"{name}_FILE" for name in SECRETS}
    names = _dotenv(env_file) if env_file.is_file() else {}
    near = {name: process.extractOne(name, sorted(known), score_cutoff=80) for name in names if name not in known}
    return {name: match[0] if match else None for name, match in near.items()}


class _Line(NamedTuple):
    """One setting, for people."""

    name: str
    about: str
    default: str
    example: str
    group: str


def _lines() -> list[_Line]:
    lines = []
    for field, info in Settings.model_fields.items():
        extra = cast("dict[str, str]", info.json_schema_extra)
        lines.append(_Line(field.upper(), info.description or "", **extra))
    return lines


def env_example() -> str:
    """The text of `.env.example`: each setting with its line and its default."""
    text = [
        "# Copy to .env and fill in; the environment wins over that file. A setting marked (file) may also come from",
        "# a file: SLACK_BOT_TOKEN_FILE=/run/secrets/slack_bot_token. Lists are parted by commas.",
    ]
    for line in _lines():
        if line.group:
            text += ["", f"## {line.group}"]
        marked = " (file)" if line.name in SECRETS else ""
        example = f", e.g. {line.example}" if line.example else ""
        about = line.about.replace("`", "")
        text += [f"# {about[0].upper()}{about[1:]}{example}{marked}", f"{line.name}={line.default}"]
    return "\n".join(text) + "\n"


def settings_table() -> str:
    """The README's table of settings, as Markdown."""
    text = ["| variable | default | what it is for |", "|---|---|---|"]
    for line in _lines():
        marked = " ᶠ" if line.name in SECRETS else ""
        example = f", e.g. `{line.example}`" if line.example else ""
        default = f"`{line.default}`" if line.default else ""
        text.append(f"| `{line.name}`{marked} | {default} | {line.about}{example} |")
    return "\n".join(text) + "\n"
