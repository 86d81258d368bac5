"""Builds every object and hands it round, in an order one can read. Importing this module does nothing."""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TextIO
from uuid import uuid4

from bot.errors import SettingsError
from bot.services.reading import Reader, ReportSettings
from bot.settings import Need, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from requests.adapters import BaseAdapter

    from bot.edges.db.audit import SqlLooks
    from bot.edges.db.engine import Database
    from bot.edges.db.kept import KeptJobs
    from bot.edges.metrics import Metrics
    from bot.edges.slack import Slack
    from bot.edges.ticker import Ticker
    from bot.edges.web import WebApp
    from bot.ports import FireLedger, People, ScheduleStore
    from bot.services.archive import Archive
    from bot.services.cache import SharedCache
    from bot.services.clockwork import Clockwork
    from bot.services.delivery import DeliveryService
    from bot.services.halfhours import HalfHourArchive
    from bot.services.memory import MemoryService
    from bot.services.prefetch import Prefetch
    from bot.services.report import ReportService
    from bot.services.schedules import SchedulesService
    from bot.settings import Settings
    from genesys_client import GenesysClient

_ANSWERS_KEPT = 256
_NAMES_KEPT = 50_000
_FIRES_KEPT = timedelta(days=90)
"""Finished posts hold figures of people, so they are forgotten."""
_PURGE_EVERY_S = 3600.0


def utc_now() -> datetime:
    """The wall clock, as an aware UTC instant."""
    return datetime.now(UTC)


def report_settings(settings: Settings) -> ReportSettings:
    """The part of the settings that decides how questions are read, answered and drawn."""
    from bot.core.metrics import DEFAULT_DRAWN
    from bot.core.rights import parse_grants

    drawn = settings.report_metrics or DEFAULT_DRAWN
    return ReportSettings(
        zone=settings.zone,
        zone_source=settings.zone_source,
        week_start=settings.week_start,
        date_order=settings.date_order,
        shifts=settings.shifts,
        max_span_days=settings.max_span_days,
        headline=drawn[0] if settings.report_metrics else "utilization",
        drawn=tuple(drawn),
        grants=parse_grants(settings.supervisors),
        auditors=frozenset(settings.auditors),
    )


def region_check() -> dict[str, Callable[[str], object]]:
    """What only the client knows about the settings: which regions there are."""
    from genesys_client.regions import domain_of

    return {"GENESYS_ENVIRONMENT": domain_of}


def interactions_url(settings: Settings) -> str:
    """Where Genesys shows people an interaction; its id goes behind."""
    from genesys_client.regions import domain_of

    return f"https://apps.{domain_of(settings.genesys_environment)}/directory/#/engage/admin/interactions/"


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Every secret's value, for the filter that keeps them out of the logs."""
    held = (
        settings.genesys_client_secret,
        settings.slack_bot_token,
        settings.slack_app_token,
        settings.slack_signing_secret,
        settings.database_url,
    )
    return tuple(secret.get_secret_value() for secret in held if secret is not None)


def build_client(settings: Settings, *, adapter: BaseAdapter | None = None) -> GenesysClient:
    """The platform's client, its credentials taken from the settings; nothing is called yet."""
    from genesys_client import GenesysClient

    secret = settings.genesys_client_secret
    return GenesysClient(
        settings.genesys_client_id or "",
        secret.get_secret_value() if secret else "",
        settings.genesys_environment,
        api_url=settings.genesys_api_url,
        login_url=settings.genesys_login_url,
        adapter=adapter,
    )


@dataclass(frozen=True, slots=True)
class Reports:
    """The report service, the client behind it, and what is kept of people."""

    service: ReportService
    client: GenesysClient
    memory: MemoryService


@contextmanager
def build_reports(
    settings: Settings, *, clock: Callable[[], datetime] | None = None, adapter: BaseAdapter | None = None
) -> Iterator[Reports]:
    """A report service over the platform and the database, without Slack; closed at the end."""
    moment = clock or utc_now
    with closing(open_database(settings)) as database, closing(build_client(settings, adapter=adapter)) as client:
        memory = memory_service(settings, database, clock=utc_now, compares=clock is None)
        # What is read under a made-up moment would be kept with a wrong one.
        sources = by_the_clock(settings, client, clock=moment, database=None if clock else database)
        service = report_service(
            settings,
            client,
            people=None,
            clock=moment,
            looked_at=utc_now,
            database=database,
            memory=memory,
            clockwork=sources.work,
            half_hours=sources.half_hours,
        )
        with closing(service):
            yield Reports(service, client, memory)


@dataclass(frozen=True, slots=True)
class ByTheClock:
    """What answers questions by the clock, and the archives behind figures."""

    work: Clockwork
    archive: Archive | None
    half_hours: HalfHourArchive | None


def by_the_clock(
    settings: Settings, client: GenesysClient, *, clock: Callable[[], datetime], database: Database | None
) -> ByTheClock:
    """Conversations over a client; without a database, or where nothing is to be kept, without an archive."""
    from bot.core.sourcing import Limits
    from bot.edges.db.archive import SqlDayStore, SqlHalfHourStore
    from bot.edges.genesys import GenesysActivity, GenesysOrganization
    from bot.services.archive import Archive
    from bot.services.clockwork import Clockwork
    from bot.services.halfhours import HalfHourArchive

    activity, fresh_for = GenesysActivity(client, now=clock), timedelta(hours=settings.archive_fresh_hours)
    archive, half_hours = None, None
    if database is not None and settings.archive_days:
        archive = Archive(
            SqlDayStore(database), organisation_id=GenesysOrganization(client).id, monotonic=time.monotonic
        )
        half_hours = HalfHourArchive(
            SqlHalfHourStore(database),
            activity,
            organisation=archive.organisation,
            clock=clock,
            fresh_for=fresh_for,
        )
    work = Clockwork(
        activity,
        clock=clock,
        lookback_days=settings.lookback_days,
        limits=Limits(
            requests=settings.clock_budget_requests,
            job_from_pages=settings.job_from_pages,
            per_minute=client.requests_per_minute,
            long_s=float(settings.long_answer_seconds),
        ),
        archive=archive,
        fresh_for=fresh_for,
    )
    return ByTheClock(work, archive, half_hours)


def report_service(
    settings: Settings,
    client: GenesysClient,
    *,
    people: People | None,
    clock: Callable[[], datetime],
    more_status: Callable[[], Sequence[str]] = tuple,
    database: Database | None = None,
    clockwork: Clockwork | None = None,
    half_hours: HalfHourArchive | None = None,
    memory: MemoryService | None = None,
    looked_at: Callable[[], datetime] | None = None,
    answers: SharedCache | None = None,
) -> ReportService:
    """The report service over a client.

    Args:
        people: None where Slack can't be asked: then people are what is kept of them.
        more_status: lines for the verb `status`.
        database: None keeps nothing beyond the process.
        clockwork: None makes one over the same client and database.
        half_hours: aggregates of days that are over; None: the platform is always asked.
        memory: None makes one over the same database.
        looked_at: stamps looks; None: as `clock`, which on the command line may be made up.
        answers: keeps facts for a while; None makes one.
    """
    from bot.edges.audit import AuditTrail
    from bot.edges.db.audit import SqlLooks
    from bot.edges.genesys import GenesysActivity, GenesysDirectory
    from bot.services.auditing import Auditor
    from bot.services.cache import SharedCache
    from bot.services.directory import Directory
    from bot.services.memory import Keeper, KeptPeople, Linker
    from bot.services.report import ReportService

    if clockwork is None:
        sources = by_the_clock(settings, client, clock=clock, database=database)
        clockwork, half_hours = sources.work, half_hours or sources.half_hours
    kept = database or passing_database()
    reader = Reader(report_settings(settings))
    memory = memory or memory_service(settings, kept, clock=clock)
    names = SharedCache(time.monotonic, capacity=_NAMES_KEPT)
    directory = Directory(GenesysDirectory(client), names, people or KeptPeople(memory))
    trail = AuditTrail(SqlLooks(kept))
    auditor = Auditor(trail, directory, auditors=reader.settings.auditors, clock=looked_at or clock)
    return ReportService(
        activity=GenesysActivity(client, now=clock),
        clockwork=clockwork,
        directory=directory,
        auditor=auditor,
        memory=memory,
        keeper=Keeper(memory, directory, Linker(memory, directory, reader.settings.grants)),
        answers=SharedCache(time.monotonic, capacity=_ANSWERS_KEPT) if answers is None else answers,
        reader=reader,
        clock=clock,
        more_status=more_status,
        half_hours=half_hours,
    )


def memory_service(
    settings: Settings, database: Database, *, clock: Callable[[], datetime], compares: bool = True
) -> MemoryService:
    """What the bot remembers of people."""
    from bot.edges.db.memory import SqlMemoryStore
    from bot.services.memory import MemoryService

    reader = Reader(report_settings(settings))
    store = SqlMemoryStore(database)
    return MemoryService(store, reader=reader, clock=clock, seconds=time.monotonic, compares=compares)


def passing_database() -> Database:
    """A database in memory, gone with the process."""
    from bot.edges.db.engine import Database
    from bot.edges.db.tables import metadata

    database = Database("sqlite://")
    metadata.create_all(database.engine)
    return database


@dataclass(frozen=True, slots=True)
class Application:
    """The whole bot of one process."""

    settings: Settings
    slack: Slack
    jobs: KeptJobs
    reports: ReportService
    client: GenesysClient
    database: Database
    commands: Database
    store: ScheduleStore
    ledger: FireLedger
    delivery: DeliveryService
    schedules: SchedulesService
    memory: MemoryService
    looks: SqlLooks
    archive: Archive | None
    half_hours: HalfHourArchive | None
    prefetch: Prefetch | None

    def ticker(self, *, every_s: float = 5.0, give_up: Callable[[], object] | None = None) -> Ticker:
        """What asks every few seconds which posts are due, reads ahead at night, and forgets what is old."""
        from bot.edges.ticker import Ticker

        purged_at = -_PURGE_EVERY_S

        def tick() -> None:
            nonlocal purged_at
            self.delivery.tick()
            if self.prefetch is not None:
                self.prefetch.tick()
            if time.monotonic() - purged_at >= _PURGE_EVERY_S:
                self.ledger.purge(utc_now() - _FIRES_KEPT)
                self.looks.purge(utc_now() - timedelta(days=self.settings.audit_days))
                self.memory.purge()
                oldest = (utc_now() - timedelta(days=self.settings.archive_days)).date()
                if self.archive is not None:
                    self.archive.purge(oldest)
                if self.half_hours is not None:
                    self.half_hours.purge(oldest)
                purged_at = time.monotonic()

        return Ticker(tick, every_s=every_s, give_up=give_up)

    def close(self, grace_s: float = 20.0) -> None:
        """Take no new work, let running answers finish or tell the people, and let go of every connection."""
        if self.prefetch is not None:
            self.prefetch.close()
        self.jobs.close(grace_s)
        self.reports.close()
        self.client.close()
        self.commands.close()
        self.database.close()


def build(
    settings: Settings, *, clock: Callable[[], datetime] | None = None, adapter: BaseAdapter | None = None
) -> Application:
    """Everything behind both transports; no network is used until somebody asks."""
    from bot.core.rights import parse_grants
    from bot.edges.db.audit import SqlLooks
    from bot.edges.db.commands import SqlCommandQueue
    from bot.edges.db.jobs import Handler
    from bot.edges.db.kept import KeptJobs
    from bot.edges.db.ledger import SqlFireLedger
    from bot.edges.db.schedules import SqlScheduleStore
    from bot.edges.jobs import ThreadJobs
    from bot.edges.slack import SlackSettings, build_people, build_slack
    from bot.edges.slack.api import SlackApi
    from bot.edges.slack.messenger import SlackMessenger, caretakers
    from bot.edges.slack.questions import QUESTION
    from bot.services.delivery import DeliveryService, DeliverySettings
    from bot.services.holidays import HolidayCalendars
    from bot.services.schedules import ScheduleSettings, SchedulesService

    bot_token = settings.slack_bot_token
    signing_secret = settings.slack_signing_secret
    slack_settings = SlackSettings(
        bot_token=bot_token.get_secret_value() if bot_token else "",
        signing_secret=signing_secret.get_secret_value() if signing_secret else None,
        command=settings.command_name,
        api_url=settings.slack_api_url,
        named_channels=frozenset(settings.named_channels),
        usergroups=frozenset(g.subject for g in parse_grants(settings.supervisors) if g.subject.startswith("S")),
        interactions_url=interactions_url(settings),
        answer_seconds=settings.answer_seconds,
        long_answer_seconds=settings.long_answer_seconds,
        commands_a_minute=settings.commands_a_minute,
        commands_in_flight=settings.commands_at_once,
        shifts=tuple(settings.shifts),
    )
    moment = clock or utc_now
    client = build_client(settings, adapter=adapter)
    database = open_database(settings)
    memory = memory_service(settings, database, clock=moment)
    people = build_people(slack_settings, recall=memory)
    sources = by_the_clock(settings, client, clock=moment, database=database)
    reports = report_service(
        settings,
        client,
        people=people,
        clock=moment,
        more_status=lambda: [*schedule_lines(store, delivery), *archive_lines(settings, database)],
        clockwork=sources.work,
        half_hours=sources.half_hours,
        database=database,
        memory=memory,
    )
    posting = SlackApi(token=slack_settings.bot_token, base_url=settings.slack_api_url)
    messenger = SlackMessenger(posting)
    store, ledger, calendars = SqlScheduleStore(database), SqlFireLedger(database, clock=moment), HolidayCalendars()
    grants = parse_grants(settings.supervisors)
    process = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
    delivery = DeliveryService(
        store=store,
        ledger=ledger,
        messenger=messenger,
        reports=reports,
        people=people,
        process=process,
        clock=moment,
        caretakers=caretakers(grants, settings.auditors, posting),
        settings=DeliverySettings(
            command=settings.command_name,
            week_start=settings.week_start,
            named_channels=slack_settings.named_channels,
        ),
        holidays=calendars.of,
    )
    schedules = SchedulesService(
        store=store,
        ledger=ledger,
        deliveries=delivery,
        channels=messenger,
        people=people,
        reports=reports,
        calendars=calendars,
        settings=ScheduleSettings(grants=grants, named_channels=slack_settings.named_channels),
        clock=moment,
    )
    commands = commands_database(settings, database)
    jobs = KeptJobs(
        SqlCommandQueue(commands, capacity=settings.answer_queue, clock=moment),
        ThreadJobs(workers=settings.answer_workers, capacity=settings.answer_queue),
        owner=process,
        clock=moment,
    )
    slack = build_slack(
        slack_settings,
        reports=reports,
        jobs=jobs,
        people=people,
        schedules=schedules,
        memory=memory,
        channel_changed=delivery.forget_channel,
        clock=lambda: moment().timestamp(),
    )
    # Questions that another process took and did not live to answer are answered here.
    jobs.start({QUESTION: Handler(slack.desk.resume, slack.desk.excuse)})
    prefetch = nightly_prefetch(
        settings, sources, database, reports, owner=process, clock=moment, metrics=slack.metrics
    )
    return Application(
        settings=settings,
        slack=slack,
        jobs=jobs,
        reports=reports,
        client=client,
        database=database,
        commands=commands,
        store=store,
        ledger=ledger,
        delivery=delivery,
        schedules=schedules,
        memory=memory,
        looks=SqlLooks(database),
        archive=sources.archive,
        half_hours=sources.half_hours,
        prefetch=prefetch,
    )


def nightly_prefetch(
    settings: Settings,
    sources: ByTheClock,
    database: Database,
    reports: ReportService,
    *,
    owner: str,
    clock: Callable[[], datetime],
    metrics: Metrics,
) -> Prefetch | None:
    """What reads the last days for the morning; None where nothing is kept, or nothing read ahead."""
    from bot.edges.db.archive import SqlChores
    from bot.services.prefetch import Prefetch, PrefetchSettings

    if sources.archive is None or settings.prefetch_at is None:
        return None
    return Prefetch(
        sources.work,
        sources.archive,
        SqlChores(database, clock=clock),
        PrefetchSettings(settings.prefetch_at, settings.zone, settings.lookback_days),
        owner=owner,
        clock=clock,
        counted=lambda outcome: metrics.prefetches.labels(outcome).inc(),
        half_hours=sources.half_hours,
        expected=reports.watched,
    )


def archive_lines(settings: Settings, database: Database) -> list[str]:
    """What `status` says of the archive."""
    from bot.edges.db.archive import SqlDayStore

    if not settings.archive_days:
        return ["Archive: off (ARCHIVE_DAYS=0)"]
    counts = SqlDayStore(database).counts()
    if not counts["days"]:
        return ["Archive: no days yet"]
    fetched = datetime.fromtimestamp(counts["fetched_at"], settings.zone)
    return [
        f"Archive: {counts['days']:.0f} days, {counts['bytes'] / 1e6:.1f} MB; last fetched {fetched:%Y-%m-%d %H:%M}"
    ]


def schedule_lines(store: ScheduleStore, delivery: DeliveryService) -> list[str]:
    """What `status` says of scheduled posts: nobody should have to miss one to learn of it."""
    states = [schedule.state.value for schedule in store.all()]
    if not states:
        return ["Schedules: none"]
    counts = delivery.counts()
    age = counts["heartbeat_age_s"]
    looked = "nobody looks after them: start `python -m bot` or `python -m bot clock`"
    if delivery.healthy():
        looked = f"last looked after {age:.0f} s ago"
    gauges = ", ".join(
        f"{counts[name]:.0f} {words}"
        for name, words in (
            ("due_late", "overdue"),
            ("skipped", "skipped"),
            ("failed", "failed"),
            ("unknown", "of unknown outcome"),
        )
    )
    return [
        f"Schedules: {states.count('active')} active, {states.count('paused')} paused; {looked}",
        f"Scheduled posts: {gauges}",
    ]


def open_database(settings: Settings) -> Database:
    """The database, its tables as this version needs them.

    A file of SQLite belongs to this machine alone and is brought up to date here; Postgres is shared, and changed by
    the release step.

    Raises:
        SettingsError: the release step has not been run.
        StoreError: the database can't be reached.
    """
    import structlog

    from bot.edges.db.engine import Database, throwaway_disk_warning
    from bot.edges.db.migrate import pending, upgrade

    url = settings.database_url.get_secret_value()
    warning = throwaway_disk_warning(os.environ, url)
    if warning:
        structlog.get_logger(__name__).warning("database_on_a_throwaway_disk", warning=warning)
    database = Database(url)
    if not database.is_postgres:
        upgrade(database)
    elif pending(database):
        database.close()
        raise SettingsError(
            "The database lacks tables that this version needs.", hint="Run the release step: python -m bot migrate"
        )
    return database


def commands_database(settings: Settings, database: Database) -> Database:
    """Connections of their own for taking commands in: an acknowledgement can't wait ten seconds for a locked file."""
    from bot.edges.db.engine import Database

    url = settings.database_url.get_secret_value()
    in_memory = not database.is_postgres and database.engine.url.database in {None, "", ":memory:"}
    return database if in_memory else Database(url, busy_timeout_s=1.0)


def start(environ: Mapping[str, str], need: Need) -> Application:
    """Read the settings, set the logs up, build the bot."""
    from bot.edges.logs import configure_logging

    settings = load_settings(environ, require={Need.GENESYS, need}, checks=region_check())
    configure_logging(format=settings.log_format, level=settings.log_level, secrets=secrets_of(settings))
    return build(settings)


def run_here(environ: Mapping[str, str]) -> int:
    """Everything in this process, until a signal: Socket Mode, answers and scheduled posts; the exit status."""
    from bot.edges.slack.socket import run_socket, stop_on_signals

    application = start(environ, Need.SLACK_SOCKET)
    token = application.settings.slack_app_token
    stop = stop_on_signals()
    ticker = application.ticker(give_up=stop.set)

    def end_posts() -> None:
        # Beside the answers, not after them: platforms give some thirty seconds for everything.
        stop.wait()
        ticker.close()
        application.delivery.stop()

    ending = threading.Thread(target=end_posts, name="end-posts")
    application.delivery.start()
    ticker.start()
    ending.start()
    try:
        status = run_socket(
            application.slack.app, token.get_secret_value() if token else "", jobs=application.jobs, stop=stop
        )
    finally:
        stop.set()
        ending.join()
        application.close()
    return 1 if ticker.gave_up.is_set() else status


def run_scheduler(environ: Mapping[str, str]) -> int:
    """Scheduled posts alone, until a signal; any number of these processes may run on one Postgres."""
    from bot.edges.ticker import run_clock

    application = start(environ, Need.SLACK_POSTS)
    try:
        return run_clock(application.delivery, application.ticker())
    finally:
        application.close()


def run_worker(environ: Mapping[str, str]) -> int:
    """Answers what killed processes had accepted, until a signal; it takes nothing in by itself."""
    from bot.edges.slack.socket import stop_on_signals

    stop = stop_on_signals()
    application = start(environ, Need.SLACK_POSTS)
    try:
        stop.wait()
    finally:
        application.close()
    return 0


def migrate(environ: Mapping[str, str], out: TextIO) -> int:
    """The release step: bring the database to the tables that this version needs."""
    from bot.edges.db.engine import Database
    from bot.edges.db.migrate import upgrade

    database = Database(load_settings(environ).database_url.get_secret_value())
    try:
        before, now = upgrade(database)
    finally:
        database.close()
    out.write(f"The database is at step {now}" + (".\n" if before == now else f"; it was at {before or 'none'}.\n"))
    return 0


def schedules_command(rest: Sequence[str], environ: Mapping[str, str], out: TextIO) -> int:
    """`schedules`: list, export, import and simulate them."""
    from bot.edges.db.schedules import SqlScheduleStore
    from bot.services.holidays import HolidayCalendars
    from bot.simulate import run_schedules_command

    settings = load_settings(environ)
    opened: list[Database] = []

    def store() -> SqlScheduleStore:
        opened.append(open_database(settings))
        return SqlScheduleStore(opened[-1])

    try:
        return run_schedules_command(
            rest, out, store=store, settings=report_settings(settings), calendars=HolidayCalendars(), now=utc_now()
        )
    finally:
        for database in opened:
            database.close()


def memory_command(rest: Sequence[str], environ: Mapping[str, str], out: TextIO) -> int:
    """`memory`: what is kept of people, to a file and back."""
    from bot.edges.db.memory import SqlMemoryStore
    from bot.edges.db.schedules import SqlScheduleStore
    from bot.memory_file import run_memory_command
    from bot.services.holidays import HolidayCalendars

    settings = load_settings(environ)
    with closing(open_database(settings)) as database:
        return run_memory_command(
            rest,
            out,
            memory=SqlMemoryStore(database),
            schedules=SqlScheduleStore(database),
            settings=report_settings(settings),
            calendars=HolidayCalendars(),
            now=utc_now(),
        )


def create_web() -> WebApp:
    """The WSGI application of one gunicorn worker."""
    from bot.edges.db.archive import SqlDayStore
    from bot.edges.web import build_web

    application = start(os.environ, Need.SLACK_HTTP)
    secret = application.settings.slack_signing_secret
    return build_web(
        application.slack.app,
        signing_secret=secret.get_secret_value() if secret else "",
        jobs=application.jobs,
        metrics=application.slack.metrics,
        ready=lambda: {"jobs": application.jobs.running},
        schedules=application.delivery.counts,
        archive=SqlDayStore(application.database).counts,
    )


def examine(environ: Mapping[str, str], out: TextIO) -> int:
    """`doctor`: check everything, say what to do for each failing line; the exit status."""
    from bot.doctor import Platform, exit_status, render_checks, run_doctor
    from bot.edges.genesys import GenesysActivity, GenesysDirectory, GenesysOrganization
    from bot.edges.slack.api import web_client
    from bot.ports import Operation

    settings = load_settings(environ, checks=region_check())
    platform = None
    client = None
    if settings.genesys_client_id and settings.genesys_client_secret:
        client = build_client(settings)
        platform = Platform(GenesysActivity(client, now=utc_now), GenesysDirectory(client), GenesysOrganization(client))
    slack = None
    if settings.slack_bot_token:
        slack = web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    try:
        checks = run_doctor(settings, platform=platform, slack=slack, now=utc_now(), operation=Operation.within(60.0))
    finally:
        if client is not None:
            client.close()
    out.write(render_checks(checks))
    return exit_status(checks)
