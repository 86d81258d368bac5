"""The command line: `python -m bot`, `… ask`, `… doctor`, `… manifest`.

Heavy modules are imported by the command that needs them.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, TextIO

from bot.ask import AskArguments, answer, dry_run, read_arguments, wants_json, write_json
from bot.errors import BotError, CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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


def _ask(rest: Sequence[str], environ: Mapping[str, str], *, out: TextIO, err: TextIO) -> int:
    try:
        arguments = read_arguments(rest)
        if arguments.help:
            out.write(USAGE)
            return 0
        if arguments.dry_run:
            return dry_run(arguments, environ, out)
        return answer(arguments, environ, out, err)
    except BotError as error:
        if wants_json(rest):
            from bot.core.rendering.json_out import error_as_json

            write_json(error_as_json(error), out)
        else:
            _say(error, err)
        return error.exit_status


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
    return answer(AskArguments(text=f"{verb} <@{person}> {whom}"), environ, out, err)


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
    write_json(document, out)
    return 0


def _say(error: BotError, err: TextIO) -> None:
    from bot.core.rendering.text import error_as_text

    err.write(error_as_text(error))


def main() -> int:
    """The process's own arguments, environment and streams."""
    try:
        return run(sys.argv[1:], os.environ, out=sys.stdout, err=sys.stderr)
    except BrokenPipeError:
        # Whoever read our output left; the next write at exit must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
