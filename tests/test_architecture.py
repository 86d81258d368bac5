"""Imports run one way, the core stays pure, and importing a module does nothing.

The picture: `__main__` → edges → services → core, with ports beside services. Only the wiring, the demo and
`bot/edges/genesys` know `genesys_client`, which knows nothing of `bot`.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent

EVERYTHING = {"bot", "genesys_client"}
CORE = {"bot.core", "bot.errors"}

MAY_IMPORT: dict[str, set[str]] = {
    "genesys_client": {"genesys_client"},
    "bot": set(),  # bot/__init__.py, and any room that is not on this list
    "bot.errors": set(),
    "bot.core": CORE,
    "bot.ports": CORE,
    "bot.setting_values": CORE,
    "bot.settings": CORE | {"bot.setting_values"},
    "bot.services": CORE | {"bot.ports", "bot.services"},
    "bot.edges": CORE | {"bot.ports", "bot.services", "bot.settings", "bot.edges"},
    "bot.edges.genesys": CORE | {"bot.ports", "bot.edges.genesys", "genesys_client"},
    "bot.doctor": CORE | {"bot.ports", "bot.settings", "bot.edges.slack"},
    "bot.simulate": CORE | {"bot.ports", "bot.services"},
    "bot.memory_file": CORE | {"bot.ports", "bot.services"},
    "bot.ask": CORE | {"bot.ports", "bot.services", "bot.settings", "bot.edges", "bot.wiring"},
    "bot.cli": CORE | {"bot.ask", "bot.settings", "bot.edges", "bot.demo", "bot.wiring"},
    "bot.wiring": EVERYTHING,  # what `__main__` builds, in a room of its own so that the command line stays light
    "bot.demo": EVERYTHING,
    "bot.__main__": EVERYTHING,
}
"""Room → the rooms of this project that it may import; the longest name that fits decides."""

CORE_LIBRARIES = {
    "pandas",
    "numpy",
    "tabulate",
    "rapidfuzz",
    "tzdata",
    "matplotlib",
    "xlsxwriter",
}  # numpy: pandas columns
WORLDLY = {
    "asyncio",
    "http",
    "multiprocessing",
    "os",
    "requests",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "threading",
    "time",
    "urllib.request",
}
"""Modules that reach outside: network, environment, processes, the clock."""

CLOCK_READINGS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}
CLOCKS = {"datetime", "date", "time"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    module_name(path): path for package in ("bot", "genesys_client") for path in sorted((ROOT / package).rglob("*.py"))
}


def imports(name: str) -> set[str]:
    """Dotted names that a module imports, wherever the import stands."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    found: set[str] = set()
    package = name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base for alias in node.names}
    return found


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def room_of(name: str) -> str:
    return max((room for room in MAY_IMPORT if within(name, room)), key=len)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_the_rooms_below_it(name):
    allowed = MAY_IMPORT[room_of(name)]
    ours = {imported for imported in imports(name) if within(imported, "bot") or within(imported, "genesys_client")}

    strange = {imported for imported in ours if not any(within(imported, room) for room in allowed)}
    assert strange == set()


CORE_MODULES = [name for name in MODULES if within(name, "bot.core")]


@pytest.mark.parametrize("name", CORE_MODULES)
def test_the_core_leans_on_few_libraries_and_reaches_nothing_outside(name):
    roots = {imported.partition(".")[0] for imported in imports(name)} - {"bot"}

    assert {root for root in roots if root not in sys.stdlib_module_names} <= CORE_LIBRARIES
    assert {imported for imported in imports(name) if any(within(imported, outside) for outside in WORLDLY)} == set()


@pytest.mark.parametrize("name", CORE_MODULES)
def test_the_core_reads_no_clock(name):
    assert list(clock_readings(MODULES[name].read_text(encoding="utf-8"))) == []


def clock_readings(source: str) -> Iterator[str]:
    """`datetime.now`, `date.today` and their kind, with the line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in CLOCK_READINGS:
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if owner in CLOCKS:
                yield f"{owner}.{node.attr}, line {node.lineno}"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("datetime.now(UTC)", 1),
        ("datetime.datetime.now(UTC)", 1),
        ("date.today()", 1),
        ("time.monotonic()", 1),
        ("query.now", 0),
        ("context.today()", 0),
    ],
)
def test_a_reading_of_the_clock_would_be_seen(source, found):
    assert len(list(clock_readings(source))) == found


READS_ENVIRONMENT = {name for name in MODULES if name.endswith("__main__")} | {
    "bot.cli",  # its `main` is what __main__ calls
    "bot.wiring.commands",  # its `create_web` is what gunicorn calls
    "bot.wiring.databases",  # whether the platform throws disks away
    "bot.edges.metrics",  # PROMETHEUS_MULTIPROC_DIR, a variable of that library's own
}


@pytest.mark.parametrize("name", sorted(MODULES.keys() - READS_ENVIRONMENT))
def test_the_environment_is_read_in_one_place(name):
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    reads = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and getattr(node.value, "id", "") == "os"
        and node.attr in {"environ", "getenv"}
    ]

    assert reads == []


WATCH = """
import importlib, sys, threading
import requests  # urllib3 tries on import whether a socket can be bound to ::1
seen = []
start = threading.Thread.start
def counted(thread):
    seen.append("thread")
    start(thread)
threading.Thread.start = counted
def hook(event, arguments):
    if event in {"socket.connect", "socket.bind", "sqlite3.connect", "subprocess.Popen"}:
        seen.append(event)
sys.addaudithook(hook)
for name in sys.argv[1:]:
    before = len(seen)
    importlib.import_module(name)
    if seen[before:]:
        print(name, sorted(set(seen[before:])))
"""


RUN_BY_ALEMBIC = {"bot.edges.db.migrations.env"}
"""Alembic's own way: it imports this file in order to run it, and nobody else does."""


def test_importing_every_module_starts_no_thread_and_opens_no_connection():
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WATCH, *(name for name in MODULES if name not in RUN_BY_ALEMBIC)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("import threading; threading.Thread(target=int).start()", "thread"),
        ("import socket; socket.socket().bind(('127.0.0.1', 0))", "socket.bind"),
    ],
)
def test_the_watch_over_imports_would_see_it(source, seen, tmp_path):
    (tmp_path / "busy.py").write_text(source)

    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WATCH, "busy"], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert run.stdout == f"busy ['{seen}']\n"


def test_reading_a_question_loads_nothing_heavy():
    code = (
        "import io, sys\n"
        "from bot.cli import run\n"
        "status = run(['ask', 'yesterday', '--dry-run'], {}, out=io.StringIO(), err=sys.stderr)\n"
        "print(status, sorted(set(sys.argv[1:]) & set(sys.modules)))\n"
    )
    heavy = [
        "pandas",
        "numpy",
        "matplotlib",
        "xlsxwriter",
        "requests",
        "slack_sdk",
        "slack_bolt",
        "structlog",
        "genesys_client",
    ]

    run = subprocess.run([sys.executable, "-c", code, *heavy], cwd=ROOT, capture_output=True, text=True, check=True)

    assert run.stdout == "0 []\n"
