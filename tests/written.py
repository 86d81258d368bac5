"""What is written from tables in the code: `python -m tests.written` writes it, tests/test_docs.py compares.

A generated part of a page stands between `<!-- name -->` and `<!-- /name -->`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.grammar import readme_table
from bot.core.metrics import metrics_markdown
from bot.settings import env_example, settings_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).resolve().parent.parent

WHOLE: Mapping[str, Callable[[], str]] = {".env.example": env_example, "docs/metrics.md": metrics_markdown}
"""File → what makes all of it."""

PARTS: Mapping[tuple[str, str], Callable[[], str]] = {
    ("README.md", "grammar"): readme_table,
    ("README.md", "settings"): settings_table,
}
"""(file, name of the part) → what makes that part."""


def between(page: str, name: str) -> str:
    """The part of that name as the page has it."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", page, re.DOTALL)
    if found is None:
        raise LookupError(f"no <!-- {name} --> … <!-- /{name} --> on the page")
    return found.group(1)


def write() -> None:
    """Bring every file and part up to date."""
    for name, make in WHOLE.items():
        (ROOT / name).write_text(make(), encoding="utf-8")
    for (name, part), make in PARTS.items():
        page = (ROOT / name).read_text(encoding="utf-8")
        head, tail = f"<!-- {part} -->\n", f"<!-- /{part} -->"
        fresh = page.replace(head + between(page, part) + tail, head + make() + tail)
        (ROOT / name).write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    write()
