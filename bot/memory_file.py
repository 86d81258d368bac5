"""`python -m bot memory`: all that people chose and saved, their links and the schedules, in one file, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from bot.errors import CommandError
from bot.services.memory import transfer
from bot.services.schedules.transfer import exported as exported_schedules
from bot.services.schedules.transfer import import_schedules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.ports import MemoryStore, ScheduleStore
    from bot.services.holidays import HolidayCalendars
    from bot.services.reading import ReportSettings

_USAGE = "python -m bot memory export FILE, or import FILE"


def run_memory_command(
    rest: Sequence[str],
    out: TextIO,
    *,
    memory: MemoryStore,
    schedules: ScheduleStore,
    settings: ReportSettings,
    calendars: HolidayCalendars,
    now: datetime,
) -> int:
    """`memory export FILE`, `memory import FILE`; the exit status.

    Raises:
        CommandError: the arguments or the file are wrong; then nothing was changed.
    """
    match list(rest):
        case ["export", name]:
            document = {**transfer.exported(memory), **exported_schedules(schedules.all())}
            _write(Path(name), json.dumps(document, ensure_ascii=False, indent=2) + "\n")
            counts = (f"{len(document[part])} {part}" for part in ("settings", "saved", "links", "schedules"))
            out.write(f"{', '.join(counts)} written to {name}\n")
        case ["import", name]:
            document = _document(Path(name))
            kept = transfer.read_document(document)
            if "schedules" in document:
                done = import_schedules(document, schedules, settings=settings, calendars=calendars, now=now)
                out.write(f"schedules: {done.added} added, {done.changed} changed\n")
            changed = memory.bring_in(kept, now)
            out.writelines(f"{part}: {new} added, {other} changed\n" for part, (new, other) in changed.items())
        case _:
            raise CommandError("`memory` takes export or import, and a file.", hint=_USAGE, code="usage")
    return 0


def _document(path: Path) -> dict[str, object]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror}.", hint=_USAGE, code="usage") from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{path} is no JSON: {error}.", hint=_USAGE, code="invalid_file") from error
    return document if isinstance(document, dict) else {}


def _write(path: Path, text: str) -> None:
    """Write it for the eyes of its owner alone: it says who people are."""
    try:
        path.touch(mode=0o600)
        if path.is_file():
            path.chmod(0o600)  # one that was there already
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(
            f"{path} can't be written: {error.strerror}.", hint="Name a file in a directory of yours.", code="usage"
        ) from error
