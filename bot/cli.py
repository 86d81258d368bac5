"""The command line: `python -m bot`, `… ask`, `… doctor`, `… manifest`.

`ask` takes its text literally, also where it begins with `-`; so its options are picked out by name and
everything else is text. Heavy modules are imported by the command that needs them.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from bot.errors import BotError, CommandError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.core.answer import Answer, TextAnswer
    from bot.core.query import Query
    from bot.ports import Requester

USAGE = """\
Utilization Bot

  python -m bot                      run everything in one process: Socket Mode, answers, scheduled posts
  python -m bot clock                scheduled posts alone, beside gunicorn
  python -m bot worker               answers what killed processes had accepted, beside gunicorn
  python -m bot migrate              the release step: bring the database up to date
  python -m bot schedules            list schedules; export FILE, import FILE, --simulate --from DAY --to DAY
  python -m bot memory export FILE   what people chose and saved, their links, and the schedules; import FILE
  python -m bot link U123 ana@example.com
                                     who a Slack user is in Genesys; unlink U123
  python -m bot ask "yesterday"      answer a question here
      --as U123                        as that Slack user sees it (or an e-mail address); else as the operator
      --format text|json|csv|xlsx      text by default, or what the question or FILE's ending says
      --zone Europe/London             the zone of days; else REPORT_ZONE
      --now 2026-03-29T10:00:00Z       the moment of asking
      --output FILE                    into FILE instead; FILE.png: the picture of a question with `heatmap`, beside it
      --dry-run                        how the question is read and what it would cost; asks nobody
  python -m bot doctor               check settings, credentials, permissions and clocks
  python -m bot manifest [--socket | --http URL]
                                     the Slack app's manifest, to paste
  python -m bot demo | try           the whole bot over a made-up contact centre, without credentials
  python -m bot help                 this page; `python -m bot ask help` explains questions
"""

FORMATS = ("text", "json", "csv", "xlsx")
_ASK_VALUES = ("--as", "--format", "--zone", "--now", "--output")


@dataclass(slots=True)
class AskArguments:
    """What `ask` was called with."""

    text: str = ""
    as_: str | None = None
    format: str | None = None
    """One of `FORMATS`; None: not said."""
    zone: str | None = None
    now: datetime | None = None
    output: Path | None = None
    dry_run: bool = False
    help: bool = field(default=False)

    @property
    def figures(self) -> Path | None:
        """The file for the answer itself; a picture goes beside the answer."""
        return self.output if self.output and self.output.suffix.lower() != ".png" else None


def run(arguments: Sequence[str], environ: Mapping[str, str], *, out: TextIO, err: TextIO) -> int:
    """Carry one command line out; the exit status."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("run", [])
    commands: dict[str, Callable[[], int]] = {
        "ask": lambda: _ask(rest, environ, out=out, err=err),
        "run": lambda: _run(rest, environ),
        "clock": lambda: _alone("clock", rest, environ),
        "worker": lambda: _alone("worker", rest, environ),
        "migrate": lambda: _migrate(rest, environ, out=out),
        "schedules": lambda: _schedules(rest, environ, out=out),
        "memory": lambda: _memory(rest, environ, out=out),
        "link": lambda: _link("link", rest, environ, out=out, err=err),
        "unlink": lambda: _link("unlink", rest, environ, out=out, err=err),
        "doctor": lambda: _doctor(rest, environ, out=out),
        "manifest": lambda: _manifest(rest, environ, out=out),
        "demo": lambda: _demo("demo"),
        "try": lambda: _demo("try"),
    }
    if command in {"help", "--help", "-h"}:
        out.write(USAGE)
        return 0
    if command not in commands:
        err.write(f"There is no command “{command}”.\n\n{USAGE}")
        return CommandError.exit_status
    try:
        return commands[command]()
    except BotError as error:
        _say(error, err)
        return error.exit_status


# -- ask ----------------------------------------------------------------------------------------------------


def _ask(rest: Sequence[str], environ: Mapping[str, str], *, out: TextIO, err: TextIO) -> int:
    wants_json = _wants_json(rest)
    try:
        arguments = read_ask_arguments(rest)
        if arguments.help:
            out.write(USAGE)
            return 0
        if arguments.dry_run:
            return _dry_run(arguments, environ, out)
        return _answer(arguments, environ, out, err)
    except BotError as error:
        if wants_json:
            from bot.core.rendering.json_out import error_as_json

            _write_json(error_as_json(error), out)
        else:
            _say(error, err)
        return error.exit_status


def read_ask_arguments(rest: Sequence[str]) -> AskArguments:
    """The options of `ask`, picked out by name; what is left is the text.

    Raises:
        CommandError: an option is unknown or lacks its value.
    """
    arguments = AskArguments()
    words: list[str] = []
    items = iter(rest)
    for item in items:
        name, separator, value = item.partition("=")
        if name in _ASK_VALUES and (separator or item == name):
            if not separator:
                value = next(items, "")
            _set_option(arguments, name, value)
        elif item == "--dry-run":
            arguments.dry_run = True
        elif item in {"--help", "-h"}:
            arguments.help = True
        elif item == "--":
            words.extend(items)
        elif item.startswith("--") and " " not in item:
            raise CommandError(
                f"There is no option {item}.", hint=f"Options: {', '.join((*_ASK_VALUES, '--dry-run'))}", code="usage"
            )
        else:
            words.append(item)
    arguments.text = " ".join(words)
    return arguments


def _set_option(arguments: AskArguments, name: str, value: str) -> None:
    if not value:
        raise CommandError(f"{name} needs a value.", hint=f"{name} {_EXAMPLES[name]}", code="usage")
    match name:
        case "--as":
            arguments.as_ = value
        case "--format":
            if value not in FORMATS:
                raise CommandError(
                    f"There is no format “{value}”.", hint=f"--format {' | '.join(FORMATS)}", code="usage"
                )
            arguments.format = value
        case "--zone":
            arguments.zone = value
        case "--now":
            arguments.now = _moment(value)
        case "--output":
            arguments.output = Path(value)


_EXAMPLES = {
    "--as": "U123",
    "--format": "json",
    "--zone": "Europe/London",
    "--now": "2026-03-29T10:00:00Z",
    "--output": "yesterday.xlsx",
}


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CommandError(
            f"--now takes an instant with its offset, not “{text}”.", hint="--now 2026-03-29T10:00:00Z", code="usage"
        )
    return moment.astimezone(UTC)


def _zone_named(text: str | None) -> str | None:
    from zoneinfo import ZoneInfoNotFoundError

    from bot.core.zones import load_zone

    if text is None:
        return None
    try:
        return load_zone(text).key
    except ZoneInfoNotFoundError:
        raise CommandError(
            f"There is no zone “{text}”.", hint="An IANA name: --zone Europe/London", code="unknown_zone"
        ) from None


def _requester(as_: str | None) -> Requester:
    from bot.ports import Requester

    if as_ is None:
        return Requester(id="operator", operator=True)
    return Requester(id=as_, email=as_ if "@" in as_ else None)


def _dry_run(arguments: AskArguments, environ: Mapping[str, str], out: TextIO) -> int:
    from bot.core.planning import plan_as_json
    from bot.core.query import query_as_json
    from bot.services.reading import Reader
    from bot.settings import load_settings
    from bot.wiring import report_settings

    chosen = load_settings(environ)
    settings = report_settings(chosen)
    query = Reader(settings).read(
        arguments.text,
        _requester(arguments.as_),
        now=arguments.now or datetime.now(UTC),
        zone=_zone_named(arguments.zone),
    )
    plan = plan_as_json(
        query,
        week_start=settings.week_start,
        lookback_days=chosen.lookback_days,
        budget=chosen.clock_budget_requests,
    )
    _write_json({"query": query_as_json(query), "plan": plan}, out)
    return 0


def _answer(arguments: AskArguments, environ: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    from bot.edges.logs import configure_logging
    from bot.ports import Operation
    from bot.settings import Need, load_settings
    from bot.wiring import build_reports, region_check, secrets_of

    zone = _zone_named(arguments.zone)
    settings = load_settings(environ, require={Need.GENESYS}, checks=region_check())
    configure_logging(format=settings.log_format, level=settings.log_level, secrets=secrets_of(settings))
    now = arguments.now
    with build_reports(settings, clock=(lambda: now) if now else None) as reports:
        requester = reports.memory.person(_requester(arguments.as_))
        query = reports.service.read(arguments.text, requester, zone=zone)
        query = reports.service.expand(query, requester, zone=zone)
        form = _format(arguments, query)
        operation = Operation.within(settings.long_answer_seconds if query.takes_long else settings.answer_seconds)
        operation.progress = lambda words: err.write(f"{words}\n")
        answer = reports.service.answer(query, requester, door="cli", operation=operation)
    if arguments.figures is not None:
        _save(arguments.figures, _content(answer, form))
        return 0
    if arguments.output is not None:
        _save(arguments.output, _picture(answer, arguments.output))
    _write_answer(answer, form, out, now=now)
    return 0


def _format(arguments: AskArguments, query: Query) -> str:
    """How the answer is written: as said, else as the file's name ends, else as the question's words ask.

    Raises:
        CommandError: a workbook would go to the terminal.
    """
    ending = arguments.figures.suffix.removeprefix(".").lower() if arguments.figures else ""
    words = [output.value for output in query.outputs if output.value in FORMATS]
    form = arguments.format or (ending if ending in FORMATS else "") or (words[0] if len(words) == 1 else "text")
    if form == "xlsx" and arguments.figures is None:
        raise CommandError(
            "A workbook is no text for a terminal.", hint="Name a file for it: --output yesterday.xlsx", code="usage"
        )
    return form


def _content(answer: Answer | TextAnswer, form: str) -> bytes:
    """What a file of the answer holds.

    Raises:
        CommandError: there are no figures that a workbook could hold.
    """
    from bot.core.answer import TextAnswer
    from bot.core.rendering import xlsx_out

    if form != "xlsx":
        text = io.StringIO(newline="")
        _write_answer(answer, form, text, now=None)
        return text.getvalue().encode()
    if isinstance(answer, TextAnswer):
        raise CommandError("That answer is in words; a workbook holds figures.", hint="yesterday xlsx", code="usage")
    return xlsx_out.answer_as_xlsx(answer)


def _picture(answer: Answer | TextAnswer, path: Path) -> bytes:
    """The heat map.

    Raises:
        CommandError: the question asked for none, or it has nothing to draw.
    """
    from bot.core.answer import TextAnswer
    from bot.core.query import Output
    from bot.core.rendering import pictures

    hint = f'python -m bot ask "yesterday heatmap" --output {path.name}'
    if isinstance(answer, TextAnswer) or Output.HEATMAP not in answer.query.outputs:
        raise CommandError("A picture is drawn of a question with `heatmap`.", hint=hint, code="usage")
    picture = pictures.heat_map(answer)
    if picture is None:
        raise CommandError(pictures.no_heat_map(answer) or "There is nothing to draw.", hint=hint, code="no_picture")
    return picture.content


def _save(path: Path, content: bytes) -> None:
    """Write a file.

    Raises:
        CommandError: it can't be written.
    """
    try:
        path.write_bytes(content)
    except OSError as error:
        reason = error.strerror or "it can't be written"
        raise CommandError(f"{path}: {reason}.", hint="Name a file that can be written.", code="usage") from error


def _write_answer(answer: Answer | TextAnswer, format_: str, out: TextIO, *, now: datetime | None) -> None:
    from bot.core.answer import TextAnswer
    from bot.core.rendering import csv_out, json_out, text

    if isinstance(answer, TextAnswer):
        if format_ == "json":
            _write_json(json_out.text_answer_as_json(answer), out)
        else:
            out.write(text.text_answer_as_text(answer).rstrip("\n") + "\n")
    elif format_ == "json":
        _write_json(json_out.answer_as_json(answer), out)
    elif format_ == "csv":
        out.writelines(piece for piece, _ in csv_out.csv_pieces(answer))
    else:
        out.write(text.answer_as_text(answer, now=now).rstrip("\n") + "\n")


def _wants_json(rest: Sequence[str]) -> bool:
    joined = " ".join(rest)
    return "--format json" in joined or "--format=json" in joined or "--dry-run" in rest


def _write_json(value: dict[str, Any], out: TextIO) -> None:
    # In pieces: a large answer as one text would double the memory of the process, and a write for each token its time.
    tokens = json.JSONEncoder(ensure_ascii=False, indent=2, allow_nan=False).iterencode(value)
    while piece := "".join(islice(tokens, 10_000)):
        out.write(piece)
    out.write("\n")


def _say(error: BotError, err: TextIO) -> None:
    from bot.core.rendering.text import error_as_text

    err.write(error_as_text(error))


# -- the other commands -------------------------------------------------------------------------------------


def _run(rest: Sequence[str], environ: Mapping[str, str]) -> int:
    return _alone("run", rest, environ)


def _alone(command: str, rest: Sequence[str], environ: Mapping[str, str]) -> int:
    """A process that runs until a signal."""
    _no_options(command, rest)
    from bot.wiring import run_here, run_scheduler, run_worker

    return {"run": run_here, "clock": run_scheduler, "worker": run_worker}[command](environ)


def _migrate(rest: Sequence[str], environ: Mapping[str, str], *, out: TextIO) -> int:
    _no_options("migrate", rest)
    from bot.wiring import migrate

    return migrate(environ, out)


def _schedules(rest: Sequence[str], environ: Mapping[str, str], *, out: TextIO) -> int:
    from bot.wiring import schedules_command

    return schedules_command(rest, environ, out)


def _memory(rest: Sequence[str], environ: Mapping[str, str], *, out: TextIO) -> int:
    from bot.wiring import memory_command

    return memory_command(rest, environ, out)


def _link(verb: str, rest: Sequence[str], environ: Mapping[str, str], *, out: TextIO, err: TextIO) -> int:
    """The same verb of `ask`, asked by the operator."""
    person, whom = (rest[0], " ".join(rest[1:])) if rest else ("", "")
    if not re.fullmatch(r"[UW][A-Z0-9]+", person) or bool(whom) is not (verb == "link"):
        example = f"python -m bot {verb} U123{' ana@example.com' if verb == 'link' else ''}"
        raise CommandError(f"`{verb}` takes a Slack user's id.", hint=example, code="usage")
    return _answer(AskArguments(text=f"{verb} <@{person}> {whom}"), environ, out, err)


def _no_options(command: str, rest: Sequence[str]) -> None:
    if rest:
        raise CommandError(
            f"`{command}` takes no options.", hint="Everything is set by variables; see .env.example.", code="usage"
        )


def _doctor(rest: Sequence[str], environ: Mapping[str, str], *, out: TextIO) -> int:
    _no_options("doctor", rest)
    from bot.wiring import examine

    return examine(environ, out)


def _demo(what: str) -> int:
    from bot.demo.__main__ import main as show

    return show([what])


def _manifest(rest: Sequence[str], environ: Mapping[str, str], *, out: TextIO) -> int:
    from bot.edges.slack.manifest import manifest
    from bot.settings import load_settings

    command = load_settings(environ).command_name
    match list(rest):
        case [] | ["--socket"]:
            document = manifest(mode="socket", url=None, command=command)
        case ["--http", url]:
            document = manifest(mode="http", url=url, command=command)
        case _:
            raise CommandError(
                "`manifest` takes --socket, or --http with the bot's public address.",
                hint="python -m bot manifest --http https://bot.example.com",
                code="usage",
            )
    _write_json(document, out)
    return 0


def main() -> int:
    """The process's own arguments, environment and streams."""
    try:
        return run(sys.argv[1:], os.environ, out=sys.stdout, err=sys.stderr)
    except SettingsError as error:
        _say(error, sys.stderr)
        return error.exit_status
    except BrokenPipeError:
        # Whoever read our output left; the next write at exit must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
