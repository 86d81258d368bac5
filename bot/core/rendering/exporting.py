"""The files that a question asks for, within bounds: Slack and spreadsheets take no file of any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.query import Output
from bot.core.rendering import csv_out, xlsx_out
from bot.core.rendering.chosen import chosen_rows
from bot.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.answer import Answer

    Told = Callable[[int, int], object]

FILE_OUTPUTS = frozenset({Output.CSV, Output.XLSX})
"""The outputs that are files of figures."""

MOST_ROWS = 100_000
"""In one file: the largest take half a minute to write, and a spreadsheet still opens them."""
MOST_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class File:
    """A file to hand over."""

    filename: str
    content: bytes
    title: str


def files_of(answer: Answer, *, told: Told | None = None) -> tuple[File, ...]:
    """The files that the answer's question names, CSV first; none where it names none.

    Args:
        answer: whose reader's choices decide the form.
        told: called now and then with how many rows of how many are written; what it raises ends the work.
    Raises:
        CommandError: too many rows, or bytes.
    """
    outputs = answer.query.outputs
    if not outputs & FILE_OUTPUTS:
        return ()
    rows = len(chosen_rows(answer))
    if rows > MOST_ROWS:
        raise _too_large(f"{rows:,} rows, and a file takes {MOST_ROWS:,}")
    files = []
    if Output.CSV in outputs:
        files.append(File(csv_out.csv_filename(answer.query), _csv(answer, rows, told), "CSV file"))
    if Output.XLSX in outputs:
        content = xlsx_out.answer_as_xlsx(answer, told=told)
        _check_size(content)
        files.append(File(xlsx_out.xlsx_filename(answer.query), content, "Excel file"))
    return tuple(files)


def _csv(answer: Answer, rows: int, told: Told | None) -> bytes:
    content = bytearray()
    for piece, done in csv_out.csv_pieces(answer):
        content += piece.encode()
        _check_size(content)
        if told is not None:
            told(done, rows)
    return bytes(content)


def _check_size(content: bytes | bytearray) -> None:
    if len(content) > MOST_BYTES:
        raise _too_large(f"more than {MOST_BYTES // 1_000_000} MB")


def _too_large(size: str) -> CommandError:
    return CommandError(
        f"The file would have {size}.",
        hint="Ask for fewer agents or days, or for wider buckets: last week by day csv",
        code="file_too_large",
    )
