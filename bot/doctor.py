"""`python -m bot doctor`: does what was set up work, and if not, what is to be done?

Each check is one line for the operator: what was looked at, what was seen, and the next step where something is
wrong. Nothing is written anywhere: the questions to Genesys are as small as they can be, and Slack is only read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bot.core.intervals import Granularity, Interval
from bot.core.planning import PostedAsk, StatusAsk
from bot.core.query import SelectorKind
from bot.core.rights import EVERYTHING, parse_grants
from bot.core.zones import load_zone
from bot.edges.slack.manifest import OPTIONAL_SCOPES, SCOPES
from bot.errors import BotError, SettingsError
from bot.settings import Need, missing, unknown_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from slack_sdk import WebClient

    from bot.ports import ActivitySource, DirectorySource, Named, Operation
    from bot.settings import Settings

_NOBODY = "00000000-0000-4000-8000-000000000000"
"""An agent id that belongs to no one: a question about it costs the platform nothing and needs the same rights."""

_SKEW_NOTICED = timedelta(seconds=30)
_SKEW_REFUSED = timedelta(minutes=5)
"""Slack's signatures are refused beyond this."""

_STALE_ZONES_YEARS = 2

_RATE_LIMITS = ("client.credentials.token.rate.per.minute", "token.rate.per.minute")
"""What one token may do, the more exact key first."""


class Finding(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, what was seen, and what to do about it."""

    name: str
    finding: Finding
    detail: str
    todo: str = ""
    platform: bool = False
    """A failure on the other side, which no setting mends."""


class Organization(Protocol):
    """The Genesys Cloud organisation itself. Each call may raise a BotError."""

    def name(self, operation: Operation) -> str:
        """Its name: the smallest question that proves a token."""

    def limits(self, operation: Operation) -> Mapping[str, int]:
        """Its limits on API use, by key."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What Genesys Cloud is asked through."""

    activity: ActivitySource
    directory: DirectorySource
    organization: Organization


def run_doctor(
    settings: Settings,
    *,
    platform: Platform | None,
    slack: WebClient | None,
    now: datetime,
    operation: Operation,
    env_file: Path = Path(".env"),
) -> tuple[Check, ...]:
    """Every check, in the order in which an operator would mend things.

    Args:
        platform: None where the settings hold no credentials for it.
        slack: a client with the bot token; None where there is none.
    """
    checks = list(_settings(settings, env_file))
    checks += _zones(settings, now)
    checks += _genesys(settings, platform, now, operation)
    checks += _slack(settings, slack, now)
    return tuple(checks)


def exit_status(checks: Sequence[Check]) -> int:
    """4 where the operator has something to mend, 3 where only the other side failed, else 0."""
    failed = [check for check in checks if check.finding is Finding.FAIL]
    if not failed:
        return 0
    return 3 if all(check.platform for check in failed) else 4


def render_checks(checks: Sequence[Check]) -> str:
    """Aligned lines with a mark each, and the next step below those that need one."""
    marks = {Finding.OK: "✓", Finding.WARN: "!", Finding.FAIL: "✗"}
    width = max((len(check.name) for check in checks), default=0)
    lines = []
    for check in checks:
        lines.append(f"{marks[check.finding]} {check.name.ljust(width)}  {check.detail}")
        if check.todo:
            lines.append(f"  {' ' * width}  → {check.todo}")
    counts = {finding: sum(check.finding is finding for check in checks) for finding in Finding}
    lines.append("")
    lines.append(f"{counts[Finding.OK]} fine, {counts[Finding.WARN]} to look at, {counts[Finding.FAIL]} to mend")
    return "\n".join(lines) + "\n"


def _ok(name: str, detail: str) -> Check:
    return Check(name, Finding.OK, detail)


def _warn(name: str, detail: str, todo: str) -> Check:
    return Check(name, Finding.WARN, detail, todo)


def _fail(name: str, detail: str, todo: str, *, platform: bool = False) -> Check:
    return Check(name, Finding.FAIL, detail, todo, platform)


# --- settings and zones ----------------------------------------------------------------------------------------------


def _settings(settings: Settings, env_file: Path) -> Iterator[Check]:
    lacking = [*missing(settings, Need.GENESYS)]
    for name, where in lacking:
        yield _fail("settings", f"{name} is missing", f"{where[0].upper()}{where[1:]}.")
    if not lacking:
        yield _ok("settings", "every variable can be read")
    for name, meant in unknown_variables(env_file).items():
        if meant:
            yield _warn("settings", f"{name} in {env_file} is no setting", f"Did you mean {meant}?")
    yield from _rights(settings)


def _rights(settings: Settings) -> Iterator[Check]:
    grants = parse_grants(settings.supervisors)
    everyone = [grant for grant in grants if grant.everything]
    if not grants:
        yield _warn(
            "rights",
            "SUPERVISORS is empty: each agent sees herself and nobody sees a team",
            "Set SUPERVISORS, e.g. U0123=team:Billing (a member's profile in Slack has Copy member ID).",
        )
    elif any(grant.subject == EVERYTHING for grant in everyone):
        yield _warn(
            "rights",
            "SUPERVISORS=* lets everybody in the workspace see every agent",
            "Fit for trying the bot out; for real, list who supervises whom.",
        )
    elif everyone:
        subjects = ", ".join(grant.subject for grant in everyone)
        yield _warn(
            "rights", f"{subjects} may see every agent (*)", "Keep it if that is meant; a scope is team:, queue:, …"
        )
    else:
        yield _ok("rights", f"{len(grants)} in SUPERVISORS, each with a scope")


def _zones(settings: Settings, now: datetime) -> Iterator[Check]:
    try:
        pinned = version("tzdata")
    except PackageNotFoundError:
        yield _fail("zone data", "the package tzdata is not installed", "Install the pinned requirements again.")
        return
    year = pinned.partition(".")[0]
    if year.isdigit() and now.year - int(year) >= _STALE_ZONES_YEARS:
        yield _warn("zone data", f"tzdata {pinned} is old: zones may have changed since", "Update the pin of tzdata.")
    else:
        yield _ok("zone data", f"tzdata {pinned}")
    local = f"now {now.astimezone(settings.zone):%a %d %b %H:%M}"
    if settings.report_zone:
        yield _ok("report zone", f"{settings.report_zone}, {local}")
    else:
        yield _warn(
            "report zone",
            f"UTC, {local}, because REPORT_ZONE is unset",
            "Set REPORT_ZONE, e.g. Europe/London: days begin at its midnight.",
        )


# --- Genesys Cloud ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Probe:
    """One question that needs one permission, and what stays unanswered without it."""

    name: str
    permission: str
    without: str
    ask: Callable[[], object]
    needed: bool = True


def _genesys(settings: Settings, platform: Platform | None, now: datetime, operation: Operation) -> Iterator[Check]:
    if platform is None:
        return
    where = settings.genesys_api_url or settings.genesys_environment
    try:
        organization = platform.organization.name(operation)
    except BotError as error:
        yield _login_failure(where, error)
        return
    yield _ok("Genesys login", f"{organization}, at {where}")
    answers: dict[str, Any] = {}
    for probe in _probes(platform, now, operation):
        yield _asked(probe, answers)
    yield from _activity(answers)
    yield from _scopes(settings, answers)
    yield _limits(platform, operation)


def _login_failure(where: str, error: BotError) -> Check:
    """Genesys answers a wrong id, a wrong secret and a wrong region alike, so the next step covers all three."""
    detail = f"{where}: {error.message}"
    if not isinstance(error, SettingsError):
        return _fail("Genesys login", detail, error.hint or "", platform=True)
    todo = (
        "Open the OAuth client in Genesys Cloud: copy id and secret again; the address bar shows the region's domain."
    )
    return _fail("Genesys login", detail, todo)


def _probes(platform: Platform, now: datetime, operation: Operation) -> tuple[_Probe, ...]:
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    day = (Interval(hour - timedelta(days=1), hour),)
    activity, directory = platform.activity, platform.directory
    posted = PostedAsk(windows=day, buckets=(), granularity=None, zone=load_zone("UTC"), agent_ids=None)
    status = StatusAsk(windows=day, buckets=(), granularity=None, zone=load_zone("UTC"), agent_ids=(_NOBODY,))
    quarter = (Interval(hour - timedelta(minutes=15), hour),)
    timelines = replace(status, windows=quarter, buckets=quarter, granularity=Granularity.QUARTER)
    return (
        _Probe(
            "conversations",
            "analytics:conversationAggregate:view",
            "handle time and all that follows from it",
            lambda: activity.posted(posted, operation),
        ),
        _Probe(
            "conversation details",
            "analytics:conversationDetail:view",
            "one agent's half-hours by the clock, `explain` and `reconcile`",
            lambda: activity.conversations(
                replace(posted, windows=quarter, agent_ids=(_NOBODY,)), operation, within=quarter[0]
            ),
        ),
        _Probe(
            "status time",
            "analytics:userAggregate:view",
            "utilization and occupancy",
            lambda: activity.status(status, operation),
        ),
        _Probe(
            "status timelines",
            "analytics:userDetail:view",
            "status time by quarter-hours, and in zones off the half-hour",
            lambda: activity.status(timelines, operation),
            needed=False,
        ),
        _Probe("names", "directory:user:view", "agents' names", lambda: directory.agents((_NOBODY,), operation)),
        _Probe(
            "people",
            "directory:user:view",
            "`me`, and agents by name or address",
            lambda: directory.agent_by_email("nobody@example.com", operation),
        ),
        _Probe("queues", "routing:queue:view", "`queue:`", lambda: directory.queues(operation)),
        _Probe("teams", "groups:team:view", "`team:` and `my team`", lambda: directory.teams(operation), needed=False),
        _Probe("groups", "directory:group:view", "`group:`", lambda: directory.groups(operation), needed=False),
        _Probe(
            "divisions",
            "authorization:division:view",
            "`division:`",
            lambda: directory.divisions(operation),
            needed=False,
        ),
    )


def _asked(probe: _Probe, answers: dict[str, Any]) -> Check:
    """Put the probe's question; what came back is kept for the checks that look closer."""
    name = f"may read {probe.name}"
    try:
        answers[probe.name] = probe.ask()
    except BotError as error:
        if error.code != "missing_permission":
            return _fail(name, error.message, error.hint or "", platform=True)
        todo = f"Add {probe.permission} to the role of the OAuth client, in each division that should be visible."
        detail = f"{error.message} Without it there is no answer to {probe.without}."
        return _fail(name, detail, todo) if probe.needed else _warn(name, detail, todo)
    return _ok(name, f"needed for {probe.without}")


def _activity(answers: Mapping[str, Any]) -> Iterator[Check]:
    """A role without divisions is no error to the platform: it just shows nobody."""
    facts = answers.get("conversations")
    if facts is None:
        return
    agents = facts.frame["agent_id"].nunique()
    if agents:
        yield _ok("activity", f"{agents} agent{'s' * (agents != 1)} with conversations in the last 24 hours")
    else:
        yield _warn(
            "activity",
            "no conversation of any agent in the last 24 hours is visible",
            "If somebody did work: give the client's role the divisions of those agents and queues.",
        )


_LISTS = {
    SelectorKind.TEAM: "teams",
    SelectorKind.QUEUE: "queues",
    SelectorKind.GROUP: "groups",
    SelectorKind.DIVISION: "divisions",
}


def _scopes(settings: Settings, answers: Mapping[str, Any]) -> Iterator[Check]:
    """Scopes in SUPERVISORS that name nothing: whoever has only such a one sees nobody."""
    for scope in dict.fromkeys(scope for grant in parse_grants(settings.supervisors) for scope in grant.scopes):
        items: Sequence[Named] | None = answers.get(_LISTS.get(scope.kind, ""))
        if items is None:
            continue
        if not any(scope.value.casefold() in {item.name.casefold(), item.id.casefold()} for item in items):
            yield _warn(
                "rights",
                f"SUPERVISORS names {scope.kind.value}:{scope.value}, which Genesys doesn't have",
                f"Write the name as Genesys shows it, or the id. Visible: {_some([item.name for item in items])}.",
            )


def _some(names: Sequence[str], limit: int = 5) -> str:
    shown = ", ".join(names[:limit]) or "none"
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown


def _limits(platform: Platform, operation: Operation) -> Check:
    try:
        limits = platform.organization.limits(operation)
    except BotError as error:
        return _warn(
            "limits",
            f"the organisation's limits can't be read: {error.message}",
            "The bot keeps to 300 requests a minute.",
        )
    rate = next((limits[key] for key in _RATE_LIMITS if key in limits), None)
    if rate is None:
        return _ok("limits", "the organisation names no rate of its own; the bot keeps to 300 requests a minute")
    return _ok("limits", f"{rate} requests a minute for each token")


# --- Slack -----------------------------------------------------------------------------------------------------------

_INDISPENSABLE = frozenset({"commands", "chat:write", "users:read"})
"""Without these there is no answer at all."""


def _slack(settings: Settings, slack: WebClient | None, now: datetime) -> Iterator[Check]:
    if slack is None:
        yield _warn(
            "Slack", "no SLACK_BOT_TOKEN: only the command line works", "`python -m bot manifest` begins the app."
        )
        return
    for name, where in missing(settings, Need.SLACK):
        yield _fail("Slack", f"{name} is missing", f"{where[0].upper()}{where[1:]}; or SLACK_SIGNING_SECRET for HTTP.")
    try:
        told = slack.auth_test()
    except Exception as error:  # noqa: BLE001  whatever the SDK met, the operator gets one line
        yield _slack_failure("Slack login", error)
        return
    yield _ok("Slack login", f"{told.get('user')} in {told.get('team')}")
    headers = {str(name).lower(): str(value) for name, value in told.headers.items()}
    yield from _skew(headers.get("date"), now)
    yield from _granted(headers.get("x-oauth-scopes"))
    yield from _socket(settings, slack)
    yield from _channels(settings, slack)


def _slack_failure(name: str, error: Exception) -> Check:
    reason = _slack_reason(error)
    if reason in {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"}:
        todo = "Copy the token again from the app's page at api.slack.com/apps; reinstall the app if it was removed."
        return _fail(name, f"Slack refused the token: {reason}", todo)
    if reason:
        return _fail(name, f"Slack answered {reason}", "Look the word up in Slack's API reference, or try again.")
    return _fail(
        name, f"Slack can't be reached ({type(error).__name__})", "Check the network, then try again.", platform=True
    )


def _slack_reason(error: Exception) -> str:
    """Slack's own word for a refusal; empty where there was no answer."""
    response = getattr(error, "response", None)
    return str(response.get("error", "")) if response is not None and hasattr(response, "get") else ""


def _skew(date: str | None, now: datetime) -> Iterator[Check]:
    if date is None:
        return
    skew = abs(now - parsedate_to_datetime(date))
    detail = f"{skew.total_seconds():.0f} s from Slack's clock"
    todo = "Turn on time synchronisation (NTP) on this machine."
    if skew > _SKEW_REFUSED:
        yield _fail("clock", f"{detail}: signed requests are refused beyond five minutes", todo)
    elif skew > _SKEW_NOTICED:
        yield _warn("clock", f"{detail}: ranges that end now end too early or too late", todo)
    else:
        yield _ok("clock", detail)


def _granted(header: str | None) -> Iterator[Check]:
    if header is None:
        yield _warn("Slack scopes", "Slack didn't tell them", "Compare the app's page with `python -m bot manifest`.")
        return
    granted = {scope.strip() for scope in header.split(",")}
    lacking = [scope for scope in SCOPES if scope not in granted]
    for scope in lacking:
        check = _fail if scope in _INDISPENSABLE else _warn
        todo = "Paste `python -m bot manifest` into the app's manifest page again and reinstall the app."
        yield check("Slack scopes", f"{scope} is missing, needed for {SCOPES[scope]}", todo)
    for scope in (scope for scope in OPTIONAL_SCOPES if scope not in granted):
        todo = "Tick it when the app is installed, if that is wanted."
        yield _ok("Slack scopes", f"without {scope}, which is optional: no {OPTIONAL_SCOPES[scope]}. {todo}")
    if not lacking:
        yield _ok("Slack scopes", "all that the manifest asks for")


def _socket(settings: Settings, slack: WebClient) -> Iterator[Check]:
    if settings.slack_app_token is None:
        return
    try:
        slack.apps_connections_open(app_token=settings.slack_app_token.get_secret_value())
    except Exception as error:  # noqa: BLE001  as above
        yield _slack_failure("Socket Mode", error)
    else:
        yield _ok("Socket Mode", "a connection may be opened")


def _channels(settings: Settings, slack: WebClient) -> Iterator[Check]:
    for channel_id in settings.named_channels:
        try:
            channel: Mapping[str, Any] = slack.conversations_info(channel=channel_id).get("channel") or {}
        except Exception as error:  # noqa: BLE001  as above
            reason = _slack_reason(error) or type(error).__name__
            yield _warn(
                "channels", f"{channel_id} in NAMED_CHANNELS: {reason}", "Invite the bot there, or correct the id."
            )
            continue
        name = f"#{channel.get('name', channel_id)}"
        if channel.get("is_archived"):
            yield _warn("channels", f"{name} in NAMED_CHANNELS is archived", "Take it off the list.")
        elif channel.get("is_ext_shared") or channel.get("is_pending_ext_shared"):
            yield _warn(
                "channels",
                f"{name} in NAMED_CHANNELS is shared with another organisation: nothing is posted there",
                "Take it off the list.",
            )
        else:
            yield _ok("channels", f"{name} may show agents' names")
