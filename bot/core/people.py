"""Whom a typed name means: exact first, then by its words, then by small slips; never a silent first hit."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class HasName(Protocol):
    """Anything that can be looked for by name."""

    @property
    def name(self) -> str:
        """What people call it."""


N = TypeVar("N", bound=HasName)

_SLIPS_ALLOWED_FROM = ((7, 2), (3, 1))
"""(length of the typed word, edits forgiven): the same measure as for the grammar's keywords."""


def fold(name: str) -> str:
    """A name without case, accents and odd spaces, for comparing."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join(bare.casefold().split())


def matches(typed: str, candidates: Iterable[N]) -> list[N]:
    """Every candidate that `typed` can mean, from the strictest rule that finds any.

    The rules, in order: the whole name; each typed word begins a word of the name; each typed word is
    within a slip or two of a word of the name. More than one result means that the caller must ask.
    """
    wanted = fold(typed)
    if not wanted:
        return []
    folded = [(fold(c.name), c) for c in candidates]
    for rule in (_is_whole, _begins_words, _nearly_words):
        found = [c for name, c in folded if rule(wanted, name)]
        if found:
            return found
    return []


def nearest(typed: str, candidates: Iterable[N], *, limit: int = 3) -> list[N]:
    """The candidates whose names look most like `typed`, for a "did you mean"."""
    from rapidfuzz import fuzz, process

    items: Sequence[N] = list(candidates)
    best = process.extract(fold(typed), [fold(c.name) for c in items], scorer=fuzz.WRatio, limit=limit, score_cutoff=60)
    return [items[index] for _, _, index in best]


def _is_whole(wanted: str, name: str) -> bool:
    return wanted == name


def _begins_words(wanted: str, name: str) -> bool:
    return _each_word(wanted, name, lambda typed, word: word.startswith(typed))


def _nearly_words(wanted: str, name: str) -> bool:
    from rapidfuzz.distance import OSA

    def close(typed: str, word: str) -> bool:
        slips = next((edits for length, edits in _SLIPS_ALLOWED_FROM if len(typed) >= length), 0)
        return OSA.distance(typed, word, score_cutoff=slips) <= slips

    return _each_word(wanted, name, close)


def _each_word(wanted: str, name: str, fits: Callable[[str, str], bool]) -> bool:
    """Whether each typed word fits a word of the name that no other typed word has taken."""
    free = name.split()
    for typed in wanted.split():
        hit = next((word for word in free if fits(typed, word)), None)
        if hit is None:
            return False
        free.remove(hit)
    return True
