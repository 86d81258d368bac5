"""Conversations as columns of work: pages go in one by one, decoded as far as they are used, and leave nothing behind.

A day of a large floor is hundreds of thousands of segments. As objects they are hundreds of megabytes; as
numbers that point into short lists of names they are a few.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, fields, replace
from itertools import compress
from typing import TYPE_CHECKING, Any

import msgspec

from genesys_client.api import decode
from genesys_client.errors import PayloadError
from genesys_client.instants import milliseconds
from genesys_client.texts import PackedTexts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

UNKNOWN_MS = -1
"""In place of a moment that the platform didn't tell: a conversation's start, or the end of what still runs."""

_UNTOLD = "1969-12-31T23:59:59.999Z"
"""A text that is read as `UNKNOWN_MS`, so that what is missing needs no case of its own."""
_TEXTS_HELD = 4_000
"""Moments are turned into numbers so many at a time: enough for the arithmetic to outweigh the calls."""
_LARGEST = 2.0**53
"""Below it every whole number is a float of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class DetailColumns:
    """Sessions of agents with their segments and posted metrics, as columns; C conversations, S sessions.

    A column `<thing>_<name>` with a tuple of the same name holds places in that tuple. Moments are milliseconds
    since 1970 in UTC.
    """

    conversation_ids: Sequence[str]
    """C, each once, also those in which no agent did anything that was asked for."""
    conversation_start_ms: npt.NDArray[np.int64]
    """C; -1 where it wasn't told."""
    conversation_running: npt.NDArray[np.bool_]
    """C"""
    session_ids: Sequence[str]
    """S; only agents' sessions with a segment or a metric that was asked for."""
    session_conversation: npt.NDArray[np.int32]
    session_agent: npt.NDArray[np.int32]
    session_purpose: npt.NDArray[np.int16]
    session_media: npt.NDArray[np.int16]
    session_direction: npt.NDArray[np.int16]
    segment_session: npt.NDArray[np.int32]
    segment_kind: npt.NDArray[np.int16]
    segment_queue: npt.NDArray[np.int32]
    segment_start_ms: npt.NDArray[np.int64]
    segment_end_ms: npt.NDArray[np.int64]
    """-1 while it runs."""
    post_session: npt.NDArray[np.int32]
    post_metric: npt.NDArray[np.int16]
    post_value_ms: npt.NDArray[np.int64]
    """Milliseconds for metrics in `t`, a count for those in `n`."""
    post_at_ms: npt.NDArray[np.int64]
    agents: tuple[str, ...]
    purposes: tuple[str, ...]
    """Like the next four, with the empty text for what wasn't told."""
    media: tuple[str, ...]
    directions: tuple[str, ...]
    kinds: tuple[str, ...]
    """Those asked for, in their order."""
    queues: tuple[str, ...]
    """The empty text for work without one."""
    metrics: tuple[str, ...]
    """Those asked for, in their order."""
    duplicates: int
    """How many more times a conversation came back: entries shift while pages are read, and windows share days."""
    pages: int
    """Pages that held conversations."""


# What is decoded: the fields that are used, none of them required but a conversation's id.


class _Segment(msgspec.Struct, gc=False):
    kind: str | None = msgspec.field(name="segmentType", default=None)
    start: str | None = msgspec.field(name="segmentStart", default=None)
    end: str | None = msgspec.field(name="segmentEnd", default=None)
    queue: str | None = msgspec.field(name="queueId", default=None)


class _Metric(msgspec.Struct, gc=False):
    name: str | None = None
    value: float | None = None
    emitted: str | None = msgspec.field(name="emitDate", default=None)


class _Session(msgspec.Struct, gc=False):
    id: str | None = msgspec.field(name="sessionId", default=None)
    media: str | None = msgspec.field(name="mediaType", default=None)
    direction: str | None = None
    segments: list[_Segment] | None = None
    metrics: list[_Metric] | None = None


class _Participant(msgspec.Struct, gc=False):
    id: str | None = msgspec.field(name="participantId", default=None)
    purpose: str | None = None
    agent: str | None = msgspec.field(name="userId", default=None)
    sessions: msgspec.Raw = msgspec.Raw(b"null")
    """Read for agents alone: the customer's, the queue's and the menu's are the larger part of most pages."""


class _Conversation(msgspec.Struct, gc=False):
    id: str = msgspec.field(name="conversationId")
    start: str | None = msgspec.field(name="conversationStart", default=None)
    end: str | None = msgspec.field(name="conversationEnd", default=None)
    participants: list[_Participant] | None = None


class _Page(msgspec.Struct):
    conversations: list[_Conversation] | None = None
    total: float | None = msgspec.field(name="totalHits", default=None)
    cursor: str | None = None


_page = msgspec.json.Decoder(_Page)
_sessions = msgspec.json.Decoder(list[_Session] | None)


@dataclass(frozen=True, slots=True)
class PageTaken:
    """What is worth knowing of a page whose conversations are in the columns."""

    ids: tuple[str, ...]
    total: float | None
    cursor: str | None


class _Codes(dict[str, int]):
    """Names → their numbers, in order of first appearance."""

    def __missing__(self, name: str) -> int:
        number = self[name] = len(self)
        return number


class _Moments:
    """Texts in, milliseconds out; few texts are held at a time."""

    def __init__(self, field: str) -> None:
        self._field = field
        self._known = array("q")
        self.texts: list[str] = []
        """To be appended to."""

    def settle(self, *, at_least: int = 1) -> None:
        """Turn what was appended into numbers, if it is so many.

        Raises:
            PayloadError: one isn't a moment.
        """
        if len(self.texts) < at_least:
            return
        try:
            found = milliseconds(self.texts)
        except ValueError as error:
            raise PayloadError(f"Unexpected answer: a {self._field} that is no moment: {str(error)[:40]!r}.") from None
        if found.min() < UNKNOWN_MS:
            raise PayloadError(f"Unexpected answer: a {self._field} before 1970.")
        self._known.frombytes(found.tobytes())
        self.texts.clear()

    def numbers(self) -> npt.NDArray[np.int64]:
        """All of them."""
        import numpy as np

        self.settle()
        return np.frombuffer(self._known, dtype=np.int64)


class ColumnsBuilder:
    """Takes pages and gives columns; for one thread.

    Args:
        kinds: the segment types that are kept.
        metrics: the names of session metrics that are kept.
    """

    def __init__(self, kinds: Sequence[str], metrics: Sequence[str]) -> None:
        self._kinds, self._metrics = tuple(kinds), tuple(metrics)
        self._kind_codes: dict[str | None, int] = {kind: code for code, kind in enumerate(self._kinds)}
        self._metric_codes: dict[str | None, int] = {metric: code for code, metric in enumerate(self._metrics)}
        self._agents, self._purposes, self._media, self._directions, self._queues = (_Codes() for _ in range(5))
        self._conversation_ids = PackedTexts()
        self._conversation_start = _Moments("conversationStart")
        self._conversation_running = bytearray()
        self._session_ids = PackedTexts()
        self._session_conversation, self._session_agent = array("i"), array("i")
        self._session_purpose, self._session_media, self._session_direction = array("h"), array("h"), array("h")
        self._segment_session, self._segment_kind, self._segment_queue = array("i"), array("h"), array("i")
        self._segment_start, self._segment_end = _Moments("segmentStart"), _Moments("segmentEnd")
        self._post_session, self._post_metric, self._post_value = array("i"), array("h"), array("d")
        self._post_at = _Moments("emitDate")
        self._pages = 0

    def take(self, body: bytes | bytearray, path: str) -> PageTaken:
        """Decode a page and keep what is work of it.

        Raises:
            PayloadError: it isn't what was promised.
        """
        page = decode(_page, body, path)
        conversations = page.conversations or []
        if conversations:
            self._pages += 1
            for conversation in conversations:
                self._take(conversation, path)
            for moments in (self._conversation_start, self._segment_start, self._segment_end, self._post_at):
                moments.settle(at_least=_TEXTS_HELD)
        return PageTaken(tuple([conversation.id for conversation in conversations]), page.total, page.cursor)

    def _take(self, conversation: _Conversation, path: str) -> None:
        number = len(self._conversation_ids)
        self._conversation_ids.append(conversation.id)
        self._conversation_start.texts.append(conversation.start or _UNTOLD)
        self._conversation_running.append(conversation.end is None)
        for participant in conversation.participants or ():
            agent = participant.agent
            if not agent:
                continue
            for place, session in enumerate(decode(_sessions, participant.sessions, path) or ()):
                if self._take_work(session):
                    self._session_ids.append(session.id or f"{conversation.id}/{participant.id}/{place}")
                    self._session_conversation.append(number)
                    self._session_agent.append(self._agents[agent])
                    self._session_purpose.append(self._purposes[participant.purpose or ""])
                    self._session_media.append(self._media[session.media or ""])
                    self._session_direction.append(self._directions[session.direction or ""])

    def _take_work(self, session: _Session) -> bool:
        """Keep the segments and metrics of the session that is about to be numbered; False where there are none."""
        number, found = len(self._session_ids), False
        for segment in session.segments or ():
            kind = self._kind_codes.get(segment.kind)
            if kind is not None and segment.start:
                found = True
                self._segment_session.append(number)
                self._segment_kind.append(kind)
                self._segment_queue.append(self._queues[segment.queue or ""])
                self._segment_start.texts.append(segment.start)
                self._segment_end.texts.append(segment.end or _UNTOLD)
        for metric in session.metrics or ():
            name = self._metric_codes.get(metric.name)
            if name is not None and metric.value is not None and metric.emitted:
                found = True
                self._post_session.append(number)
                self._post_metric.append(name)
                self._post_value.append(metric.value)
                self._post_at.texts.append(metric.emitted)
        return found

    def finished(self) -> DetailColumns:
        """The columns of all pages taken; the builder is used up.

        Raises:
            PayloadError: a page held something that isn't a moment, or a value beyond all numbers.
        """
        import numpy as np

        columns = DetailColumns(
            conversation_ids=self._conversation_ids,
            conversation_start_ms=self._conversation_start.numbers(),
            conversation_running=np.frombuffer(self._conversation_running, dtype=np.bool_),
            session_ids=self._session_ids,
            session_conversation=np.frombuffer(self._session_conversation, dtype=np.int32),
            session_agent=np.frombuffer(self._session_agent, dtype=np.int32),
            session_purpose=np.frombuffer(self._session_purpose, dtype=np.int16),
            session_media=np.frombuffer(self._session_media, dtype=np.int16),
            session_direction=np.frombuffer(self._session_direction, dtype=np.int16),
            segment_session=np.frombuffer(self._segment_session, dtype=np.int32),
            segment_kind=np.frombuffer(self._segment_kind, dtype=np.int16),
            segment_queue=np.frombuffer(self._segment_queue, dtype=np.int32),
            segment_start_ms=self._segment_start.numbers(),
            segment_end_ms=self._segment_end.numbers(),
            post_session=np.frombuffer(self._post_session, dtype=np.int32),
            post_metric=np.frombuffer(self._post_metric, dtype=np.int16),
            post_value_ms=_whole(np.frombuffer(self._post_value, dtype=np.float64)),
            post_at_ms=self._post_at.numbers(),
            agents=tuple(self._agents),
            purposes=tuple(self._purposes),
            media=tuple(self._media),
            directions=tuple(self._directions),
            kinds=self._kinds,
            queues=tuple(self._queues),
            metrics=self._metrics,
            duplicates=0,
            pages=self._pages,
        )
        return _each_once(columns)


def _whole(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    import numpy as np

    if len(values) and not np.abs(values).max() < _LARGEST:
        raise PayloadError("Unexpected answer: the value of a metric is beyond all numbers.")
    return np.rint(values).astype(np.int64)


def _each_once(columns: DetailColumns) -> DetailColumns:
    """Each conversation as it was read last: an entry that shifted to a later page was read again, and is fresher."""
    import numpy as np

    ids = columns.conversation_ids
    if len(np.unique(np.fromiter(map(hash, ids), np.int64, len(ids)))) == len(ids):
        return columns  # as a rule; a table of all ids would be the largest thing in memory
    last = dict(zip(ids, range(len(ids)), strict=True))
    duplicates = len(ids) - len(last)
    conversations = np.zeros(len(ids), dtype=np.bool_)
    conversations[list(last.values())] = True
    sessions = conversations[columns.session_conversation]
    kept = {
        "conversation": conversations,
        "session": sessions,
        "segment": sessions[columns.segment_session],
        "post": sessions[columns.post_session],
    }
    renumbered = {
        "session_conversation": np.cumsum(conversations) - 1,
        "segment_session": np.cumsum(sessions) - 1,
        "post_session": np.cumsum(sessions) - 1,
    }
    changed: dict[str, Any] = {"duplicates": duplicates}
    for name in (field.name for field in fields(columns)):
        rows = kept.get(name.partition("_")[0])
        if rows is None:
            continue
        column = getattr(columns, name)
        if name.endswith("_ids"):
            changed[name] = tuple(compress(column, rows))
        else:
            column = column[rows]
            changed[name] = renumbered[name][column].astype(column.dtype) if name in renumbered else column
    return replace(columns, **changed)
