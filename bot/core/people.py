"""Whom a typed name means: exact first, then by its words, then by small slips; never a silent first hit."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class HasName(Protocol):
    """Anything that can be looked for by name."""

    @property
    def name(self) -> str:
        """What people call it."""


class Employed(HasName, Protocol):
    """Somebody who may have left."""

    @property
    def state(self) -> str:
        """active, inactive or deleted"""


N = TypeVar("N", bound=HasName)

_SLIPS_ALLOWED_FROM = ((7, 2), (3, 1))
"""(length of the typed word, edits forgiven): the same measure as for the grammar's keywords."""


@lru_cache(maxsize=65_536)
def fold(name: str) -> str:
    """A name without case, accents and odd spaces, for comparing."""
    if not name.isascii():
        name = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join(name.casefold().split())


def shown_name(person: Employed) -> str:
    """The name, saying so where its bearer is deleted on the platform."""
    return f"{person.name} (deleted)" if person.state == "deleted" else person.name


class NameIndex(Generic[N]):
    """Names made ready once, to be looked up among thousands many times; never changed, so safe to share.

    What is found comes in the order of names; namesakes stay in the order in which they were given. Every look-up
    takes `among`, which says of an item whether it counts at all.
    """

    def __init__(self, items: Iterable[N]) -> None:
        named = sorted(((fold(item.name), item) for item in items), key=itemgetter(0))
        self._names = [name for name, _ in named]
        self._items = [item for _, item in named]
        places: dict[str, list[int]] = {}
        for place, name in enumerate(self._names):
            for word in dict.fromkeys(name.split()):
                places.setdefault(word, []).append(place)
        self._words = sorted(places)
        self._places = [places[word] for word in self._words]

    def __len__(self) -> int:
        return len(self._items)

    def matches(self, typed: str, *, among: Callable[[N], bool] = lambda _item: True) -> list[N]:
        """Every item that `typed` can mean, from the strictest rule that finds any.

        The rules, in order: the whole name; each typed word begins a word of the name; each typed word is
        within a slip or two of a word of the name. More than one result means that the caller must ask.
        """
        wanted = fold(typed)
        if not wanted:
            return []
        for rule in (self._of_that_name, self._beginning, self._nearly):
            found = [item for place in rule(wanted) if among(item := self._items[place])]
            if found:
                return found
        return []

    def beginning(self, typed: str, *, limit: int, among: Callable[[N], bool] = lambda _item: True) -> list[N]:
        """Items with a word that begins so for each word typed, by name: for a list that follows the typing."""
        found: list[N] = []
        for place in self._beginning(fold(typed)):
            if among(item := self._items[place]):
                found.append(item)
                if len(found) == limit:
                    break
        return found

    def nearest(self, typed: str, *, limit: int = 3, among: Callable[[N], bool] = lambda _item: True) -> list[N]:
        """The items whose names look most like `typed`, for a "did you mean"."""
        from rapidfuzz import fuzz, process

        places = [place for place, item in enumerate(self._items) if among(item)]
        names = [self._names[place] for place in places]
        best = process.extract(fold(typed), names, scorer=fuzz.WRatio, limit=limit, score_cutoff=60)
        return [self._items[places[index]] for _, _, index in best]

    def _of_that_name(self, wanted: str) -> Iterator[int]:
        place = bisect_left(self._names, wanted)
        while place < len(self._names) and self._names[place] == wanted:
            yield place
            place += 1

    def _beginning(self, wanted: str) -> Iterator[int]:
        """Places in the order of names. Looked for by the longest word typed, which begins the fewest names."""
        words = wanted.split()
        if not words:
            return iter(range(len(self._items)))
        rarest = max(words, key=len)
        first = bisect_left(self._words, rarest)
        places: set[int] = set()
        for index in range(first, len(self._words)):
            if not self._words[index].startswith(rarest):
                break
            places.update(self._places[index])
        return (p for p in sorted(places) if _each_word(words, self._names[p], lambda t, word: word.startswith(t)))

    def _nearly(self, wanted: str) -> Iterator[int]:
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        words = wanted.split()
        longest = max(words, key=len)
        near = process.extract(
            longest, self._words, scorer=OSA.distance, score_cutoff=_slips(longest), limit=len(self._words)
        )
        places = {place for _, _, index in near for place in self._places[index]}

        def close(typed: str, word: str) -> bool:
            return OSA.distance(typed, word, score_cutoff=_slips(typed)) <= _slips(typed)

        return (p for p in sorted(places) if _each_word(words, self._names[p], close))


def matches(typed: str, candidates: Iterable[N]) -> list[N]:
    """Every candidate that `typed` can mean, as `NameIndex.matches` has it, among a few."""
    return NameIndex(candidates).matches(typed)


def nearest(typed: str, candidates: Iterable[N], *, limit: int = 3) -> list[N]:
    """The candidates whose names look most like `typed`, for a "did you mean"."""
    return NameIndex(candidates).nearest(typed, limit=limit)


def _slips(typed: str) -> int:
    return next((edits for length, edits in _SLIPS_ALLOWED_FROM if len(typed) >= length), 0)


def _each_word(typed: list[str], name: str, fits: Callable[[str, str], bool]) -> bool:
    """Whether each typed word fits a word of the name that no other typed word has taken."""
    free = name.split()
    for word in typed:
        hit = next((candidate for candidate in free if fits(word, candidate)), None)
        if hit is None:
            return False
        free.remove(hit)
    return True
