"""Which known word somebody may have meant."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from bot.core.grammar.words import ENTRIES, KEYWORDS, MONTHS, PHRASES, WEEKDAYS
from bot.errors import UnknownCommandError

_LONG = 7
"""From this length on a keyword forgives two edits; below, one."""


@cache
def _candidates() -> tuple[str, ...]:
    return (*sorted(KEYWORDS), *PHRASES)


@lru_cache(maxsize=4096)
def nearest_keyword(word: str) -> str | None:
    """The keyword within its number of edits of a lower-case word, or None.

    An edit is a letter inserted, dropped, replaced, or swapped with its neighbour.
    """
    from rapidfuzz.distance import OSA  # 15 ms, and only leftovers need it

    best: tuple[int, int, str] | None = None
    for keyword in _candidates():
        allowed = 2 if len(keyword) >= _LONG else 1
        edits = OSA.distance(word, keyword, score_cutoff=allowed)
        if edits <= allowed:
            rank = (edits, -_shared(word, keyword), keyword)
            best = min(best, rank) if best else rank
    return best[2] if best else None


def nearest(word: str, known: tuple[str, ...]) -> str | None:
    """The most similar of some names, for a hint alone; None where nothing is near."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    found = process.extractOne(word, known, scorer=OSA.normalized_similarity, score_cutoff=0.6)
    return found[0] if found else None


def _shared(a: str, b: str) -> int:
    """Letters that both begin with."""
    count = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        count += 1
    return count


def example_for(keyword: str) -> str:
    """A whole command that works and shows the keyword."""
    if keyword in MONTHS:
        return f"20 {keyword}"
    if keyword in WEEKDAYS or keyword in PHRASES:
        return keyword if keyword != "by interval" else "yesterday by interval"
    entries = [e for e in ENTRIES if keyword in e.words or f"{keyword}:" in e.words]
    examples = [example for entry in entries for example in entry.examples]
    whole_word = re.compile(rf"(?<![a-z]){re.escape(keyword)}(?![a-z])")
    return next((e for e in examples if whole_word.search(e.lower())), examples[0])


def unknown_word(word: str, keyword: str, *, line: str, at: int, name: str, name_at: int) -> UnknownCommandError:
    """The refusal of a slip: what was typed, the nearest word, a command that works, and how to say it is a name.

    Args:
        at: where the word stands in the line.
        name: the leftover words around it, which are what it would be as a name, and where they stand.
    """
    quoted = f'"{name}"'
    return UnknownCommandError(
        f"`{word}` is no word I know; the nearest is `{keyword}`.",
        hint=f"For example: {example_for(keyword)}. If it is a name, put it in quotes: {quoted}",
        choices=(
            (keyword, f"{line[:at]}{keyword}{line[at + len(word) :]}"),
            (f"the name {quoted}", f"{line[:name_at]}{quoted}{line[name_at + len(name) :]}"),
        ),
    )
