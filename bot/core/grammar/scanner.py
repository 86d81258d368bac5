"""A place in a line of text, and what has been read up to it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.core.grammar.text import lowered, normalised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

END = r"(?=[\s,]|\.\.|$)"
"""A phrase ends at a space, a comma, the dots of `A..B`, or with the line."""

_GAP = re.compile(r" *(?:, *)*")
_WORD = re.compile(r'[^\s,"<]+|<(?:[@!#][^<>]*>)?')


def phrase(pattern: str) -> Callable[[str, int], re.Match[str] | None]:
    """A matcher of whole phrases at a position of lower-case text."""
    return re.compile(pattern + END).match


def alternatives(words: Iterable[str]) -> str:
    """A pattern of any of the words, the longest first."""
    return "|".join(sorted(words, key=len, reverse=True))


@dataclass(slots=True)
class Scanner:
    """The line, and how far it has been read."""

    line: str
    low: str = field(init=False)
    at: int = 0

    def __post_init__(self) -> None:
        self.low = lowered(self.line)

    @classmethod
    def over(cls, text: str) -> Scanner:
        """A scanner at the start of the text, made even."""
        return cls(normalised(text))

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.line)

    def skip_gap(self) -> bool:
        """Go to the next phrase; True if a comma was crossed."""
        found = _GAP.match(self.line, self.at)
        crossed = found[0] if found else ""
        self.at += len(crossed)
        return "," in crossed

    def take(self, match: Callable[[str, int], re.Match[str] | None]) -> re.Match[str] | None:
        """Read a phrase here if it matches."""
        found = match(self.low, self.at)
        if found:
            self.at = found.end()
        return found

    def word(self, at: int | None = None) -> str:
        """The word here (or there), as typed, without reading it; empty at a comma, a quote or the end."""
        found = _WORD.match(self.line, self.at if at is None else at)
        return found[0] if found else ""

    def since(self, start: int) -> str:
        """What was read from that position on, as typed."""
        return self.line[start : self.at].strip(" ,")

    def instead(self, start: int, end: int, words: str) -> str:
        """The whole line with other words in that stretch."""
        return f"{self.line[:start]}{words}{self.line[end:]}"

    def without(self, verb: str) -> str | None:
        """The rest of a line in which that verb may stand anywhere but in quotes; None: it doesn't."""
        for found in re.finditer(rf"(?<![^\s,]){verb}(?=[\s,]|$)", self.low):
            if self.line.count('"', 0, found.start()) % 2 == 0:
                return " ".join(self.instead(found.start(), found.end(), " ").split()).strip(" ,")
        return None
