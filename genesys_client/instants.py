"""Moments as the platform writes them → whole milliseconds since 1970, many at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from genesys_client.models import Instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_USUAL = "2026-03-10T13:24:04.120Z"
"""How every moment is spelled as a rule."""
_SEPARATORS = tuple((place, (ord(mark) - 48) % 256) for place, mark in enumerate(_USUAL) if not mark.isdigit())
_MOST = (23, 59, 59)


def milliseconds(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """What each text says in milliseconds; finer fractions are cut off.

    The usual spelling is reckoned column by column for all texts at once; any other that RFC 3339 allows (no
    fraction, a longer one, an offset) is read one at a time.

    Raises:
        ValueError: a text isn't a moment, or says no offset; it is the error's argument.
    """
    import numpy as np

    found = _all_usual(texts)
    if found is not None:
        return found
    out = np.empty(len(texts), dtype=np.int64)
    usual = [place for place, text in enumerate(texts) if len(text) == len(_USUAL)]
    found = _all_usual([texts[place] for place in usual])
    if found is None:
        usual = []
    else:
        out[usual] = found
    known = set(usual)
    for place, text in enumerate(texts):
        if place not in known:
            out[place] = _one(text)
    return out


def _all_usual(texts: Sequence[str]) -> npt.NDArray[np.int64] | None:
    """The same if each is spelled as usual; None where one isn't, or is no moment at all."""
    import numpy as np

    joined = "".join(texts)
    if len(joined) != len(texts) * len(_USUAL) or not joined.isascii():
        return None
    rows = np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(len(texts), len(_USUAL))
    # One row for each place; texts of other lengths fall out of step, and what isn't a digit lies beyond nine.
    digit = np.subtract(rows.T, np.uint8(48), order="C")
    if any((digit[place] != mark).any() for place, mark in _SEPARATORS):
        return None
    if any((digit[place] > 9).any() for place in range(len(_USUAL)) if _USUAL[place].isdigit()):
        return None
    century, year, month, day = (digit[place] * 10 + digit[place + 1] for place in (0, 2, 5, 8))
    hour, minute, second = (digit[place] * 10 + digit[place + 1] for place in (11, 14, 17))
    if any((part > most).any() for part, most in zip((hour, minute, second), _MOST, strict=True)):
        return None
    days = _days((century.astype(np.int32) * 100 + year) * 10_000 + month.astype(np.int32) * 100 + day)
    if days is None:
        return None
    seconds = (hour.astype(np.int32) * 60 + minute) * 60 + second
    thousandths = digit[20].astype(np.int32) * 100 + digit[21] * 10 + digit[22]
    found: npt.NDArray[np.int64] = days * 86_400_000 + seconds * np.int64(1000) + thousandths
    return found


def _days(dates: npt.NDArray[np.int32]) -> npt.NDArray[np.int64] | None:
    """Days since 1970 of dates as numbers such as 20260310; None where one isn't in the calendar."""
    import numpy as np

    distinct, place = np.unique(dates, return_inverse=True)  # a page knows two or three
    try:
        known = [date(n // 10_000, n // 100 % 100, n % 100).toordinal() for n in distinct.tolist()]
    except ValueError:
        return None
    return (np.array(known, dtype=np.int64) - _EPOCH.toordinal())[place]


def _one(text: str) -> int:
    try:
        moment: datetime = msgspec.convert(text, Instant)
    except msgspec.ValidationError:
        raise ValueError(text) from None
    return (moment - _EPOCH) // _MILLISECOND
