"""`python -m bot.demo` shows one question and one press; `python -m bot.demo try` keeps a prompt."""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
from typing import TYPE_CHECKING, TextIO

from bot.demo.prompt import Prompt
from bot.demo.show import Screen, show
from bot.demo.stage import Stage
from bot.edges.logs import configure_logging

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.demo.stage import Setting

WIDTH = 80
WIDEST = 120
USAGE = "usage: python -m bot.demo [demo|try]"


def main(arguments: Sequence[str], *, source: TextIO | None = None, out: TextIO | None = None) -> int:
    """Run one of the two; the exit status."""
    source, out = source or sys.stdin, out or sys.stdout
    what = arguments[0] if arguments else "demo"
    if what not in {"demo", "try"} or len(arguments) > 1:
        sys.stderr.write(f"{USAGE}\n")
        return 2
    configure_logging(format="console", level="ERROR")
    try:
        with Stage() as stage:
            setting = stage.open()
            screen = _screen(setting, out)
            if what == "try":
                return Prompt(setting, screen, echo=not source.isatty()).run(_lines(source, out, setting))
            show(setting, screen)
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - whatever it is, the person at the keyboard gets a sentence
        sys.stderr.write(f"The {what} failed: {type(error).__name__}: {error}\n")
        return 1
    return 0


def _screen(setting: Setting, out: TextIO) -> Screen:
    terminal = out.isatty()
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="replace")  # an encoding without box characters is no reason to fail
    width = min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDEST) if terminal else WIDTH

    def write(text: str) -> None:
        out.write(f"{text}\n")
        out.flush()

    return Screen(setting, write, width=width, colour=terminal)


def _lines(source: TextIO, out: TextIO, setting: Setting) -> Iterator[str]:
    """What is typed, asked for with a prompt on a terminal."""
    if not source.isatty():
        yield from source
        return
    with contextlib.suppress(ImportError):  # not every build of Python has it
        import readline  # noqa: F401 - gives `input` its history
    while True:
        try:
            yield input(f"\n#{setting.channel.name}> ")
        except EOFError:
            out.write("\n")
            return


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
