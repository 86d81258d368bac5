"""Many short texts in little memory: ids by the hundred thousand, of which few are ever looked at."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Iterator


class PackedTexts(Sequence[str]):
    """A sequence of texts, kept as one stretch of bytes: an id of 36 letters takes 44 of them, as an object 104.

    Append while it is being made; it equals any sequence of the same texts.
    """

    __slots__ = ("_bytes", "_ends")
    __hash__ = None  # type: ignore[assignment]  # it grows

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("q", (0,))

    def append(self, text: str) -> None:
        """Add one at the end."""
        self._bytes += text.encode()
        self._ends.append(len(self._bytes))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[str]:
        return (self._bytes[start:end].decode() for start, end in pairwise(self._ends))

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        found = range(len(self))[place]
        if isinstance(found, range):
            return tuple([self[at] for at in found])
        return self._bytes[self._ends[found] : self._ends[found + 1]].decode()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(one == another for one, another in zip(self, other, strict=True))

    def __repr__(self) -> str:
        return f"PackedTexts({len(self)} texts)"
