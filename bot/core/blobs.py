"""Tables as bytes and back: columns, squeezed, that load nothing but themselves.

    magic · version · SHA-256 of what follows · length of the payload · payload, deflated
    payload: length of the head · head (JSON: names, counts, strings) · the arrays, one after the other

Each array is written as the differences of neighbours, its bytes sorted by significance: starts rise and owners
repeat, so most of what is left is zeros.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from typing import TYPE_CHECKING, Any, TypeVar

from bot.core.worktable import DTYPES, STRINGS, WorkTable, check_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy as np

T = TypeVar("T")

MAGIC = b"UBWT"
VERSION = 1
LARGEST = 1 << 30
"""Bytes that a payload may have: several days of ten thousand agents."""

_HEAD = struct.Struct("<4sH32sQ")
_LENGTH = struct.Struct("<I")
_LEVEL = 3
"""A third of the time of the usual 6, for a few percent more bytes."""


class BlobError(ValueError):
    """Bytes that are no work table, or not the one that was written."""


def table_as_bytes(table: WorkTable) -> bytes:
    """The table in the present version.

    Raises:
        BlobError: it is larger than what would be read again.
    """
    head = {
        "rows": {name: len(getattr(table, name)) for name in DTYPES},
        "strings": {name: list(getattr(table, name)) for name in STRINGS},
        "duplicates": table.duplicates,
    }
    columns = [packed(getattr(table, name), dtype) for name, dtype in DTYPES.items()]
    return sealed(head, columns, magic=MAGIC, version=VERSION)


def table_from_bytes(data: bytes) -> WorkTable:
    """The table that was written.

    Raises:
        BlobError: the bytes are of another version, cut off, changed, or say what can't be.
    """
    return opened(data, _table, magic=MAGIC, version=VERSION)


def sealed(head: Mapping[str, Any], columns: Iterable[bytes], *, magic: bytes, version: int) -> bytes:
    """A head and columns behind a checksum.

    Raises:
        BlobError: it is larger than what would be read again.
    """
    written = json.dumps(head, separators=(",", ":")).encode()
    payload = b"".join([_LENGTH.pack(len(written)), written, *columns])
    if len(payload) > LARGEST:
        raise BlobError(f"A table of {len(payload)} bytes is more than the {LARGEST} that one may have.")
    squeezed = zlib.compress(payload, _LEVEL)
    return _HEAD.pack(magic, version, _digest(version, len(payload), squeezed), len(payload)) + squeezed


def opened(data: bytes, read: Callable[[Any, bytes, int], T], *, magic: bytes, version: int) -> T:
    """What `read` makes of (the head, the payload, where its columns begin).

    Raises:
        BlobError: the bytes are of another kind or version, cut off, changed, or say what can't be.
    """
    if len(data) < _HEAD.size:
        raise BlobError("The bytes end before a table's head does.")
    found, of_version, digest, length = _HEAD.unpack_from(data)
    squeezed = memoryview(data)[_HEAD.size :]
    if found != magic:
        raise BlobError("The bytes are no table of that kind.")
    if of_version != version:
        raise BlobError(f"The table is of version {of_version}; {version} is what can be read.")
    if length > LARGEST:
        raise BlobError(f"The table claims {length} bytes, more than the {LARGEST} that one may have.")
    if digest != _digest(version, length, squeezed):
        raise BlobError("The bytes aren't those that were written.")
    try:
        payload = _unsqueezed(squeezed, length)
        (size,) = _LENGTH.unpack_from(payload)
        start = _LENGTH.size + size
        return read(json.loads(payload[_LENGTH.size : start]), payload, start)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, struct.error, zlib.error) as error:
        raise BlobError(f"The table says what can't be: {error}") from error


def _unsqueezed(squeezed: memoryview, length: int) -> bytes:
    """The payload; never more than `length` bytes of it are made."""
    inflater = zlib.decompressobj()
    payload = inflater.decompress(squeezed, length + 1)
    if len(payload) != length or not inflater.eof or inflater.unused_data:
        raise ValueError(f"it isn't {length} bytes long")
    return payload


def _table(head: Any, payload: bytes, start: int) -> WorkTable:
    values: dict[str, Any] = {"duplicates": counted(head["duplicates"])}
    for name in STRINGS:
        values[name] = strings(head["strings"][name])
    for name, dtype in DTYPES.items():
        rows = counted(head["rows"][name])
        values[name], start = unpacked(payload, start, rows, dtype)
    if start != len(payload):
        raise ValueError("something follows the last column")
    return check_table(WorkTable(**values))


def strings(value: object) -> tuple[str, ...]:
    """A list of strings as JSON gave it."""
    if type(value) is not list or any(type(text) is not str for text in value):
        raise ValueError("what should be strings is none")
    return tuple(value)


def counted(value: object) -> int:
    """A count as JSON gave it."""
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value


def packed(column: np.ndarray, dtype: str) -> bytes:
    """A column as bytes that squeeze well."""
    import numpy as np

    if dtype == "bool":
        return np.packbits(column).tobytes()
    steps = np.diff(column, prepend=column.dtype.type(0))  # wraps round, and so does the way back
    return (
        steps.astype(f"<{steps.dtype.str[1:]}", copy=False)
        .view(np.uint8)
        .reshape(len(steps), steps.itemsize)
        .T.tobytes()
    )


def unpacked(payload: bytes, start: int, rows: int, dtype: str) -> tuple[np.ndarray, int]:
    """(the column of that many rows, where the next one starts)"""
    import numpy as np

    if dtype == "bool":
        size = -(-rows // 8)
        bits = np.frombuffer(payload, np.uint8, count=size, offset=start)
        return np.unpackbits(bits, count=rows).astype(bool), start + size
    kind = np.dtype(dtype).newbyteorder("<")
    size = rows * kind.itemsize
    planes = np.frombuffer(payload, np.uint8, count=size, offset=start).reshape(kind.itemsize, rows)
    steps = np.ascontiguousarray(planes.T).view(kind).reshape(rows)
    return np.cumsum(steps, dtype=dtype), start + size


def _digest(version: int, length: int, squeezed: bytes | memoryview) -> bytes:
    found = hashlib.sha256(struct.pack("<HQ", version, length))
    found.update(squeezed)
    return found.digest()
