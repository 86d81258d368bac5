"""`in Europe/London`, `in new york`: the zone that the words name."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from bot.core.grammar.words import ABBREVIATIONS, CITIES
from bot.core.zones import load_zone, zone_names
from bot.errors import CommandError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from bot.core.grammar.scanner import Scanner

_REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
_MOST_WORDS = 5
"""`port au prince`; a city never has more words than this."""


def _key(name: str) -> str:
    return name.lower().replace("_", " ").replace("-", " ")


@cache
def cities() -> dict[str, str]:
    """Zone by city: the last parts of the database's names, and some big cities beside them."""
    # Where an old name has the same city the deeper one is the current: America/Argentina/Cordoba.
    names = sorted((n for n in zone_names() if n.startswith(_REGIONS) and "/" in n), key=lambda n: n.count("/"))
    return {_key(name.rsplit("/", 1)[1]): name for name in names} | CITIES


@cache
def _zones() -> dict[str, str]:
    """Zone by its whole name, without those that are mere abbreviations."""
    return {_key(name): name for name in zone_names() if name.lower() not in ABBREVIATIONS}


def read_place(scan: Scanner) -> ZoneInfo | None:
    """The zone after `in`, the most words that are a place taken together.

    Raises:
        CommandError: the words are no place, or an abbreviation that could be several.
    """
    start = scan.at
    if scan.word().lower() != "in":
        return None
    scan.at += 2
    scan.skip_gap()
    if scan.line[scan.at : scan.at + 1] == '"':
        end = scan.line.index('"', scan.at + 1)
        typed, ends = scan.line[scan.at + 1 : end], [end + 1]
        tried = [typed]
    else:
        words = scan.line[scan.at :].split(",")[0].split('"')[0].split(" ")[:_MOST_WORDS]
        tried = [" ".join(words[:count]) for count in range(len(words), 0, -1)]
        ends = [scan.at + len(text) for text in tried]
        typed = words[0]
    if not typed:
        raise CommandError("`in` needs a place after it.", hint="yesterday in Europe/London", code="missing_object")
    for text, end in zip(tried, ends, strict=True):
        name = _zones().get(_key(text)) or cities().get(_key(text))
        if name:
            scan.at = end
            return load_zone(name)
    scan.at += len(typed)
    if meant := ABBREVIATIONS.get(typed.lower()):
        raise CommandError(
            f"`{typed}` is an abbreviation; a zone is named by its place, which also says when its clocks change.",
            hint=f"in {' or in '.join(meant)}",
            code="ambiguous_zone",
            choices=tuple((name, scan.instead(start, scan.at, f"in {name}")) for name in meant),
        )
    raise CommandError(f"I know no zone or city called `{typed}`.", hint=_hint(tried), code="unknown_zone")


def _hint(tried: list[str]) -> str:
    """The place that was nearly typed, trying many words before few."""
    from rapidfuzz import process  # imported when somebody errs
    from rapidfuzz.distance import OSA

    names = {**_zones(), **cities()}
    for text in tried[-3:]:
        if found := process.extractOne(_key(text), names.keys(), scorer=OSA.distance, score_cutoff=2):
            return f"in {names[found[0]]}"
    return "yesterday in Europe/London, or in new york"
