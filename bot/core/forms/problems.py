"""What is wrong with a form, said at the field that can mend it.

A form is read by the ordinary grammar, whose refusals know words and no fields. So the fields are filled in one
after another: the first one that turns a readable command into a refused one is where the refusal belongs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from bot.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

F = TypeVar("F", bound=Any)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, at one field."""

    field: str
    message: str

    @classmethod
    def of(cls, field: str, error: CommandError) -> Problem:
        """A refusal in words."""
        return cls(field, f"{error.message} {error.hint or ''}".strip())


def first_refused(
    form: F, empty: F, steps: Iterable[tuple[str, tuple[str, ...]]], read: Callable[[F], object]
) -> Problem | None:
    """The step at which the form stops being readable; None where all of it reads.

    Args:
        form: as filled in.
        empty: one that reads, whatever it asks.
        steps: (the field to blame, the attributes that it fills in), in the order of filling in.
        read: raises CommandError.
    """
    filled = empty
    for field, names in steps:
        before, filled = filled, replace(filled, **{name: getattr(form, name) for name in names})
        if filled == before:
            continue
        try:
            read(filled)
        except CommandError as error:
            return Problem.of(field, error)
    return None
