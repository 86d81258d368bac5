"""Tables as bytes: what comes back is what was written, or nothing does."""

from __future__ import annotations

import json
import struct
import tracemalloc
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import blobs
from bot.core.blobs import BlobError, table_as_bytes, table_from_bytes
from bot.core.worktable import DTYPES, STRINGS, WorkTable, check_table, empty_table
from tests.core.accounting import worked_ms

ZERO = int(datetime(2026, 3, 10, tzinfo=UTC).timestamp()) * 1000
EXTREMES = (np.iinfo(np.int64).min, -1, 0, ZERO, np.iinfo(np.int64).max)


@st.composite
def tables(draw) -> WorkTable:
    """Columns that fit together, whatever they mean; strings and instants of the worst kind."""
    names = st.lists(st.text(max_size=5), unique=True, min_size=1, max_size=3).map(tuple)
    strings = {name: draw(names) for name in STRINGS}
    sizes = {
        "conversation": len(strings["conversation_ids"]),
        "session": len(strings["session_ids"]),
        "segment": draw(st.integers(0, 9)),
        "post": draw(st.integers(0, 9)),
    }
    pointed = {"kind": "kinds", "queue": "queues", "metric": "metrics", "agent": "agents", "purpose": "purposes"}
    pointed |= {
        "direction": "directions",
        "media": "media",
        "conversation": "conversation_ids",
        "session": "session_ids",
    }
    columns = {}
    for name, dtype in DTYPES.items():
        row, _, what = name.partition("_")
        if dtype == "bool":
            values = st.booleans()
        elif dtype == "int64":
            values = st.sampled_from(EXTREMES)
        else:
            values = st.integers(0, len(strings[pointed[what]]) - 1)
        drawn = draw(st.lists(values, min_size=sizes[row], max_size=sizes[row]))
        columns[name] = np.array(drawn, dtype=dtype)
    return check_table(WorkTable(**columns, **strings, duplicates=draw(st.integers(0, 5))))


def alike(one: WorkTable, other: WorkTable) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        and getattr(one, name).dtype == getattr(other, name).dtype
        for name in DTYPES
    ) and all(getattr(one, name) == getattr(other, name) for name in (*STRINGS, "duplicates"))


def small() -> WorkTable:
    """One call with a queue, a hold and what it posted."""
    integers = {
        "session_conversation": [0],
        "session_agent": [0],
        "session_purpose": [0],
        "session_media": [0],
        "session_direction": [0],
        "segment_session": [0, 0],
        "segment_kind": [0, 1],
        "segment_queue": [0, 0],
        "segment_start_ms": [ZERO, ZERO + 5_000],
        "segment_end_ms": [ZERO + 5_000, -1],
        "post_session": [0],
        "post_metric": [0],
        "post_value_ms": [5_000],
        "post_at_ms": [ZERO + 5_000],
        "conversation_start_ms": [ZERO],
        "conversation_running": [True],
    }
    return WorkTable(
        **{name: np.array(values, dtype=DTYPES[name]) for name, values in integers.items()},
        conversation_ids=("c1",),
        session_ids=("s1",),
        agents=("ana",),
        purposes=("agent",),
        media=("voice",),
        directions=("inbound",),
        kinds=("interact", "hold"),
        queues=("q1",),
        metrics=("tHandle",),
    )


def sealed(payload: bytes, *, version: int = blobs.VERSION, length: int | None = None) -> bytes:
    """A payload of our own under a valid checksum: what another writer might have left."""
    size = len(payload) if length is None else length
    squeezed = zlib.compress(payload)
    digest = sha256(struct.pack("<HQ", version, size) + squeezed).digest()
    return struct.pack("<4sH32sQ", b"UBWT", version, digest, size) + squeezed


def payload_of(table: WorkTable) -> bytes:
    return zlib.decompress(table_as_bytes(table)[46:])


@given(table=tables())
def test_a_table_comes_back_as_it_was(table) -> None:
    assert alike(table_from_bytes(table_as_bytes(table)), table)


def test_nothing_comes_back_as_nothing() -> None:
    assert alike(table_from_bytes(table_as_bytes(empty_table())), empty_table())


def test_what_came_back_can_be_worked_with() -> None:
    (session,) = table_from_bytes(table_as_bytes(small())).sessions()

    assert (session.agent_id, session.running, worked_ms(session)) == ("ana", True, 5_000)


def test_bytes_cut_off_anywhere_are_refused() -> None:
    whole = table_as_bytes(small())

    for length in range(len(whole)):
        with pytest.raises(BlobError):
            table_from_bytes(whole[:length])


def test_a_change_of_any_byte_is_refused() -> None:
    whole = table_as_bytes(small())

    for place in range(len(whole)):
        for change in (0x01, 0x80, 0xFF):
            with pytest.raises(BlobError):
                table_from_bytes(whole[:place] + bytes([whole[place] ^ change]) + whole[place + 1 :])


@given(noise=st.binary(max_size=200), head=st.booleans())
def test_noise_is_refused(noise, head) -> None:
    with pytest.raises(BlobError):
        table_from_bytes((table_as_bytes(small())[:46] if head else b"") + noise)


def test_something_behind_the_table_is_refused() -> None:
    with pytest.raises(BlobError):
        table_from_bytes(table_as_bytes(small()) + b"\0")


def test_another_version_is_named() -> None:
    with pytest.raises(BlobError, match="version 9"):
        table_from_bytes(sealed(payload_of(small()), version=9))


@pytest.mark.parametrize(
    "change",
    [
        lambda head: head["rows"].update(segment_kind=1),
        lambda head: head["rows"].update(segment_kind=-1),
        lambda head: head["rows"].update(segment_kind=True),
        lambda head: head["rows"].update(post_at_ms=10**12),
        lambda head: head["rows"].pop("post_session"),
        lambda head: head["strings"].update(agents="ana"),
        lambda head: head["strings"].update(agents=[1]),
        lambda head: head["strings"].update(agents=[]),
        lambda head: head["strings"].update(conversation_ids=["c1", "c2"]),
        lambda head: head.update(duplicates=-1),
        lambda head: head.pop("strings"),
        lambda head: head.update(strings=None),
    ],
)
def test_a_head_that_does_not_fit_its_columns_is_refused_under_any_checksum(change) -> None:
    payload = payload_of(small())
    (size,) = struct.unpack_from("<I", payload)
    head = json.loads(payload[4 : 4 + size])
    change(head)
    written = json.dumps(head).encode()

    with pytest.raises(BlobError):
        table_from_bytes(sealed(struct.pack("<I", len(written)) + written + payload[4 + size :]))


def test_a_head_nested_beyond_reason_is_refused() -> None:
    nested = b"[" * 200_000

    with pytest.raises(BlobError):
        table_from_bytes(sealed(struct.pack("<I", len(nested)) + nested))


def test_a_column_that_points_beyond_its_strings_is_refused() -> None:
    with pytest.raises(BlobError, match="points beyond agents"):
        table_from_bytes(table_as_bytes(replace(small(), session_agent=np.array([7], dtype="int32"))))


def test_no_more_is_unpacked_than_was_announced() -> None:
    bomb = sealed(bytes(50_000_000), length=1_000)

    tracemalloc.start()
    with pytest.raises(BlobError):
        table_from_bytes(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_more_than_the_largest_table_is_neither_written_nor_read(monkeypatch) -> None:
    with pytest.raises(BlobError, match="claims"):
        table_from_bytes(sealed(b"", length=blobs.LARGEST + 1))

    monkeypatch.setattr(blobs, "LARGEST", 100)
    with pytest.raises(BlobError, match="more than the 100"):
        table_as_bytes(small())


def test_rising_columns_take_few_bytes() -> None:
    """A thousand half-minutes of work: less than two bytes for each of a segment's five columns."""
    size = 1_000
    table = replace(
        small(),
        segment_session=np.zeros(size, dtype="int32"),
        segment_kind=np.zeros(size, dtype="int16"),
        segment_queue=np.zeros(size, dtype="int32"),
        segment_start_ms=ZERO + np.arange(size, dtype="int64") * 30_000,
        segment_end_ms=ZERO + np.arange(size, dtype="int64") * 30_000 + 29_000,
    )

    assert len(table_as_bytes(table)) < 2_000
