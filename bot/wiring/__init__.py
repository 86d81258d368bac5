"""Builds every object and hands it round, in an order one can read. Importing this module does nothing."""

from bot.wiring.application import Application, archive_lines, build
from bot.wiring.commands import (
    create_web,
    examine,
    memory_command,
    migrate,
    run_here,
    run_scheduler,
    run_worker,
    schedules_command,
)
from bot.wiring.reports import (
    build_reports,
    by_the_clock,
    memory_service,
    region_check,
    report_service,
    report_settings,
    secrets_of,
    utc_now,
)

__all__ = [
    "Application",
    "archive_lines",
    "build",
    "build_reports",
    "by_the_clock",
    "create_web",
    "examine",
    "memory_command",
    "memory_service",
    "migrate",
    "region_check",
    "report_service",
    "report_settings",
    "run_here",
    "run_scheduler",
    "run_worker",
    "schedules_command",
    "secrets_of",
    "utc_now",
]
