"""The whole bot of one process, built in an order one can read."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from bot.wiring.databases import commands_database, open_database
from bot.wiring.reports import (
    ByTheClock,
    build_client,
    by_the_clock,
    interactions_url,
    memory_service,
    report_service,
    utc_now,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests.adapters import BaseAdapter

    from bot.edges.db.audit import SqlLooks
    from bot.edges.db.engine import Database
    from bot.edges.db.kept import KeptJobs
    from bot.edges.metrics import Metrics
    from bot.edges.slack import Slack
    from bot.edges.ticker import Ticker
    from bot.ports import FireLedger, ScheduleStore
    from bot.services.archive import Archive
    from bot.services.delivery import DeliveryService
    from bot.services.halfhours import HalfHourArchive
    from bot.services.memory import MemoryService
    from bot.services.prefetch import Prefetch
    from bot.services.report import ReportService
    from bot.services.schedules import SchedulesService
    from bot.settings import Settings
    from genesys_client import GenesysClient

_FIRES_KEPT = timedelta(days=90)
"""Finished posts hold figures of people, so they are forgotten."""
_PURGE_EVERY_S = 3600.0


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
