"""The report service and all that it stands on: client, directory, archive, memory."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.services.reading import Reader, ReportSettings
from bot.wiring.databases import open_database, passing_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from requests.adapters import BaseAdapter

    from bot.edges.db.engine import Database
    from bot.ports import People
    from bot.services.archive import Archive
    from bot.services.cache import SharedCache
    from bot.services.clockwork import Clockwork
    from bot.services.halfhours import HalfHourArchive
    from bot.services.memory import MemoryService
    from bot.services.report import ReportService
    from bot.settings import Settings
    from genesys_client import GenesysClient

_ANSWERS_KEPT = 256
_NAMES_KEPT = 50_000


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
