"""`python -m bot ask`: its options, and the answer as text, JSON, CSV, workbook or picture.

`ask` takes its text literally, also where it begins with `-`; so its options are picked out by name and everything else
is text. Heavy modules are imported when they are needed.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from bot.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.answer import Answer, TextAnswer
    from bot.core.query import Query
    from bot.ports import Requester

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


def read_arguments(rest: Sequence[str]) -> AskArguments:
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


def dry_run(arguments: AskArguments, environ: Mapping[str, str], out: TextIO) -> int:
    """How the question is read and what it would cost, as JSON; asks nobody."""
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
    write_json({"query": query_as_json(query), "plan": plan}, out)
    return 0


def answer(arguments: AskArguments, environ: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Ask, and write the answer where it was asked for: the terminal or a file."""
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
        found = reports.service.answer(query, requester, door="cli", operation=operation)
    if arguments.figures is not None:
        _save(arguments.figures, _content(found, form))
        return 0
    if arguments.output is not None:
        _save(arguments.output, _picture(found, arguments.output))
    _write_answer(found, form, out, now=now)
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
            write_json(json_out.text_answer_as_json(answer), out)
        else:
            out.write(text.text_answer_as_text(answer).rstrip("\n") + "\n")
    elif format_ == "json":
        write_json(json_out.answer_as_json(answer), out)
    elif format_ == "csv":
        out.writelines(piece for piece, _ in csv_out.csv_pieces(answer))
    else:
        out.write(text.answer_as_text(answer, now=now).rstrip("\n") + "\n")


def wants_json(rest: Sequence[str]) -> bool:
    """Whether a refusal is to be JSON too, though the options themselves may be what is refused."""
    joined = " ".join(rest)
    return "--format json" in joined or "--format=json" in joined or "--dry-run" in rest


def write_json(value: dict[str, Any], out: TextIO) -> None:
    """One value over many lines, as it is."""
    # In pieces: a large answer as one text would double the memory of the process, and a write for each token its time.
    tokens = json.JSONEncoder(ensure_ascii=False, indent=2, allow_nan=False).iterencode(value)
    while piece := "".join(islice(tokens, 10_000)):
        out.write(piece)
    out.write("\n")
