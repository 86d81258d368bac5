"""`python -m bot.demo.gallery [area …] [--into FOLDER]`: the pages, and status 1 where something stands in red.

With `--live` nothing is written: one page on loopback stands in for Slack, to type and press in.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.demo.gallery.areas import AREAS
from bot.demo.gallery.live import Live
from bot.demo.gallery.pages import index, page
from bot.demo.gallery.walk import Clock, Walk
from bot.demo.stage import Served, Stage
from bot.edges.logs import configure_logging

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.demo.gallery.walk import Scene

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
"""A Tuesday morning: pages of two days can be compared."""


def main(arguments: Sequence[str] | None = None, *, say: Callable[[str], object] = print) -> int:
    """Write the pages; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bot.demo.gallery", description=__doc__)
    parser.add_argument("areas", nargs="*", metavar="area", help=f"one of {', '.join(AREAS)}; none: all")
    parser.add_argument("--into", type=Path, default=Path("gallery"), metavar="FOLDER", help="where the pages go")
    parser.add_argument("--logs", action="store_true", help="errors of the bot on standard error")
    parser.add_argument("--live", action="store_true", help="serve a page to type and press in, until Ctrl-C")
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.areas if name not in AREAS]:
        parser.error(f"no such area: {', '.join(unknown)}")
    configure_logging(format="console", level="ERROR" if asked.logs else "CRITICAL")
    if asked.live:
        return serve(say)
    names = asked.areas or list(AREAS)
    titles = {name: AREAS[name].title for name in names}
    asked.into.mkdir(parents=True, exist_ok=True)
    counts: dict[str, tuple[str, int, int]] = {}
    for name in names:
        scenes = walked(name)
        (asked.into / f"{name}.html").write_text(page(name, titles[name], scenes, titles), encoding="utf-8")
        problems = [(scene, problem) for scene in scenes for problem in scene.problems]
        counts[name] = (titles[name], len(scenes), len(problems))
        say(f"{titles[name]}: {len(scenes)} scenes")
        for scene, problem in problems:
            say(f"  {scene.title}: {problem}")
    (asked.into / "index.html").write_text(index(counts), encoding="utf-8")
    say(f"{asked.into / 'index.html'}")
    return int(any(problems for _, _, problems in counts.values()))


def serve(say: Callable[[str], object], *, until: threading.Event | None = None) -> int:
    """Keep the page in Slack's place until somebody interrupts; the exit status."""
    with contextlib.suppress(KeyboardInterrupt), Stage() as stage:
        live = Live(stage.open())
        with Served(live) as origin:
            say(f"{origin}{live.path} (Ctrl-C ends)")
            (until or threading.Event()).wait()
    return 0


def walked(name: str) -> list[Scene]:
    """The scenes of an area."""
    area, scenes = AREAS[name], []
    for step in area.walks:
        clock = Clock(NOW)
        with Stage(clock=clock, agents=area.agents) as stage:
            walk = Walk(stage.open(), clock)
            step(walk)
            scenes += walk.scenes
    return scenes


if __name__ == "__main__":
    sys.exit(main())
