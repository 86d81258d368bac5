"""What the command line and gunicorn start: read the settings, build, run until a signal."""

from __future__ import annotations

import os
import threading
from contextlib import closing
from typing import TYPE_CHECKING, TextIO

from bot.settings import Need, load_settings
from bot.wiring.application import Application, build
from bot.wiring.databases import open_database
from bot.wiring.reports import build_client, region_check, report_settings, secrets_of, utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.edges.db.engine import Database
    from bot.edges.web import WebApp


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
