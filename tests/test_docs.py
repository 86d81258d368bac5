"""What the pages say is what the code does."""

from __future__ import annotations

import ast
import io
import json
import re
import tomllib
from dataclasses import fields

import pytest

from bot.cli import run
from bot.core.answer import Coverage, Missing, RowState, Unit
from bot.core.grammar.words import EXPORT_WORDS
from bot.core.intervals import Granularity
from bot.core.query import Booking, Dimension, Verb
from tests.written import PARTS, ROOT, WHOLE, between

PAGES = sorted(
    path.relative_to(ROOT) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")]
)


def read(name: object) -> str:
    return (ROOT / str(name)).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", WHOLE)
def test_a_written_file_is_up_to_date(name):
    assert read(name) == WHOLE[name](), "run `make docs`"


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_a_written_part_of_a_page_is_up_to_date(name, part):
    assert between(read(name), part) == PARTS[name, part](), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_to_a_file_leads_to_one(page):
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)(?:#[^)]*)?\)", read(page))

    broken = [link for link in links if not (ROOT / page).parent.joinpath(link).exists()]
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_make_target_that_a_page_names_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))

    assert set(re.findall(r"`make ([a-z-]+)", read(page))) <= targets


def codes_in_code() -> set[str]:
    """Every code that an error or a notice is made with, as far as it is written out."""
    found: set[str] = set()
    for path in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Notice") | ast.Attribute(attr="notice"), args=[first, *_]):
                    found |= texts(first)
                case ast.keyword(arg="code", value=value):
                    found |= texts(value)
                case ast.ClassDef(body=body):
                    for line in body:
                        match line:
                            case ast.Assign(targets=[ast.Name(id="code")], value=value):
                                found |= texts(value)
    return found


def texts(node: ast.expr) -> set[str]:
    """The string constants of an expression, both sides of a conditional one."""
    match node:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.IfExp(body=body, orelse=orelse):
            return texts(body) | texts(orelse)
        case ast.JoinedStr(values=[ast.FormattedValue(), ast.Constant(value="_not_fetched")]):
            return {f"{source}_not_fetched" for source in ("posted", "status")}
    return set()


def documented_codes() -> set[str]:
    page = read("docs/json.md")
    tables = page[page.index("### warnings") : page.index("## A dry run")] + page[page.index("## An error") :]
    return set(re.findall(r"^\| `([a-z_]+)` \|", tables, re.MULTILINE))


def test_every_code_is_documented_and_every_documented_code_exists():
    assert codes_in_code() == documented_codes()


@pytest.mark.parametrize(
    "kind", [RowState, Missing, Verb, Dimension, Booking, Granularity, Unit], ids=lambda k: k.__name__
)
def test_the_json_page_lists_every_value_of_a_kind(kind):
    page = read("docs/json.md")

    assert [value.value for value in kind if f"`{value.value}`" not in page] == []


def test_the_json_page_lists_every_key_of_the_coverage():
    page = read("docs/json.md")

    assert [f.name for f in fields(Coverage) if f"`{f.name}`" not in page] == []


def test_the_json_page_lists_every_key_of_a_dry_run():
    out = io.StringIO()
    assert run(["ask", "yesterday by interval team:Billing", "--dry-run"], {}, out=out, err=out) == 0
    shown = json.loads(out.getvalue())
    keys = {*shown["query"], *shown["plan"], *(key for call in shown["plan"]["calls"] for key in call)}

    page = read("docs/json.md")
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []


def test_the_page_about_files_explains_every_word_after_csv():
    page = read("docs/files.md")

    assert [word for word in EXPORT_WORDS if f"`{word}`" not in page] == []


def test_every_benchmark_is_on_its_page():
    page = read("benchmarks/README.md")

    assert [path.name for path in (ROOT / "benchmarks").glob("*.py") if f"`{path.name}`" not in page] == []


def test_every_dependency_has_its_reason_and_every_reason_its_dependency():
    project = tomllib.loads(read("pyproject.toml"))
    named = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    named += read("benchmarks/requirements.in").splitlines()
    dependencies = {re.split(r"[^\w-]", line)[0].lower() for line in named if line and not line.startswith("#")}
    page = read("docs/decisions.md")
    reasons = re.findall(r"\*\*([^*]+)\*\*", page[page.index("## Dependencies") :])

    assert {name.strip().lower() for names in reasons for name in names.split(",")} == dependencies
