"""How a file writes its figures: what parts them, how decimals look, in what durations are told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.core.defaults import DurationStyle
from bot.core.grammar.words import EXPORT_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.core.answer import Answer


class Durations(StrEnum):
    """In what a file tells durations; the value ends the names of their columns."""

    SECONDS = "s"
    HOURS = "h"
    CLOCK = "hms"
    """`6:32:00`, to the second."""


_OF_STYLE = {
    DurationStyle.WORDS: Durations.SECONDS,
    DurationStyle.CLOCK: Durations.CLOCK,
    DurationStyle.DECIMAL: Durations.HOURS,
}


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """The choices of a CSV file; the default is what programs expect."""

    separator: str = ","
    decimal: str = "."
    durations: Durations = Durations.SECONDS
    mark: bool = False
    """Begins with the mark by which Excel knows UTF-8."""

    @classmethod
    def of(cls, answer: Answer) -> ExportFormat:
        """What the reader of an answer chose once and for all, and what the words of the question change of it."""
        separator, decimal = answer.csv
        return cls(separator, decimal, _OF_STYLE[answer.durations]).with_words(answer.query.export)

    def with_words(self, words: Iterable[str]) -> ExportFormat:
        """The format with what the words (of `EXPORT_WORDS`) say.

        A decimal comma turns a separating one into a semicolon, and both are what Excel wants in half of the world: so
        such a file gets Excel's mark.
        """
        said = dict(EXPORT_WORDS[word] for word in words)
        made = replace(
            self,
            separator=said.get("separator", self.separator),
            decimal=said.get("decimal", self.decimal),
            durations=Durations(said.get("durations", self.durations)),
        )
        if made.separator == made.decimal:
            made = replace(made, separator=";")
        return replace(made, mark="mark" in said or made.separator == ";" or made.decimal == ",")

    def number(self, value: float) -> str:
        """A number with the format's decimal sign, to its last digit."""
        return repr(value).replace(".", self.decimal)

    def duration(self, seconds: float) -> str:
        """Seconds in the format's way."""
        if self.durations is Durations.SECONDS:
            return self.number(seconds)
        if self.durations is Durations.HOURS:
            return self.number(round(seconds / 3600, 6))
        whole = round(abs(seconds))
        sign = "-" if seconds < 0 and whole else ""
        return f"{sign}{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"

    def column(self, name: str) -> str:
        """The header of a column of durations: its unit stands at the end of its name."""
        return f"{name.removesuffix('_s')}_{self.durations.value}"
