"""The tools: pinned, hashed, and set up once."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pins(name: str) -> list[tuple[str, str]]:
    """(name, version); a package is there twice where its version depends on Python's."""
    return re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z,]+\])?==(\S+)", (ROOT / name).read_text(), re.MULTILINE)


def test_what_is_run_is_pinned_alike_for_the_tests():
    run, dev = pins("requirements.txt"), pins("requirements-dev.txt")

    assert run
    assert set(run) <= set(dev)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "benchmarks/requirements.txt"])
def test_every_pin_has_a_hash(name):
    blocks = re.split(r"^(?=[a-z0-9])", (ROOT / name).read_text(), flags=re.MULTILINE)
    pinned = [block for block in blocks if "==" in block.partition("\n")[0]]

    assert len(pinned) == len(pins(name))
    assert [block.partition("\n")[0] for block in pinned if "--hash=sha256:" not in block] == []


def test_every_dependency_of_the_project_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.match(r"[a-z0-9-]+", line).group() for line in wanted}  # type: ignore[union-attr]

    assert names <= {name for name, _ in pins("requirements-dev.txt")}


def test_no_pin_names_where_it_was_fetched_from():
    for name in ("requirements.txt", "requirements-dev.txt", "benchmarks/requirements.txt"):
        assert not re.search(r"https?://|file:|--index|--find-links", (ROOT / name).read_text())


def test_what_benchmarks_measure_against_is_nothing_that_the_project_uses():
    apart, used = (
        {name for name, _ in pins(where)} for where in ("benchmarks/requirements.txt", "requirements-dev.txt")
    )

    assert "purecloudplatformclientv2" in apart - used


def test_every_target_says_what_it_does():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.search(r"^\.PHONY: (.+)", makefile, re.MULTILINE).group(1).split())  # type: ignore[union-attr]

    shown = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    assert set(re.findall(r"make ([a-z-]+)", shown)) == targets
    assert {"demo", "try", "test", "test-long", "check", "run", "bench", "audit", "help"} <= targets


@pytest.mark.skipif(shutil.which("make") is None, reason="what make does can only be seen with make")
def test_a_python_that_is_too_old_is_named(tmp_path):
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    for tool in ("sh", "cmp", "tail", "rm"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    make = shutil.which("make")

    run = subprocess.run(
        [make, "setup", f"--file={ROOT / 'Makefile'}", f"--directory={tmp_path}"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode != 0
    assert "Python 3.11 or newer is needed; python3 is Python 3.9.2." in run.stderr


def test_the_check_of_a_change_runs_the_tests_that_the_readme_names():
    script = (ROOT / ".ci" / "run").read_text()

    assert "set -euo pipefail" in script
    assert re.search(r"^make test$", script, re.MULTILINE)
    assert re.search(r"^make lint$", script, re.MULTILINE)
