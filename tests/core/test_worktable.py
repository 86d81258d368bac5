"""Columns of work against the same done one value at a time."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.intervals import Interval
from bot.core.planning import PostedAsk
from bot.core.records import POSTED_METRICS
from bot.core.segments import KINDS, Segment, clock_frame, milliseconds, segments_frame
from bot.core.sessions import Post, WorkSession
from bot.core.worktable import DTYPES, STRINGS, WorkTable, check_table, empty_table, merged
from tests.core.accounting import accounted_for, worked_ms

START = datetime(2026, 3, 10, tzinfo=UTC)
ZERO = milliseconds(START)
NOW = START + timedelta(milliseconds=3_000)
WINDOWS = tuple(
    Interval(START + timedelta(milliseconds=a), START + timedelta(milliseconds=b))
    for a, b in ((0, 800), (800, 1_500), (1_900, 2_600))
)


@dataclass(frozen=True)
class Told:
    """One conversation as the platform tells it; ringing and whatever else is among a session's segments."""

    id: str
    start_ms: int
    running: bool
    sessions: tuple[WorkSession, ...]


def table(told: list[Told] | tuple[Told, ...]) -> WorkTable:
    """The columns of conversations, put together one value at a time."""
    strings: dict[str, dict[str, int]] = {name: {} for name in STRINGS}
    rows: dict[str, list[int | bool]] = {name: [] for name in DTYPES}

    def place(family: str, text: str) -> int:
        return strings[family].setdefault(text, len(strings[family]))

    session_ids: list[str] = []
    for number, conversation in enumerate(told):
        place("conversation_ids", conversation.id)
        rows["conversation_start_ms"].append(conversation.start_ms)
        rows["conversation_running"].append(conversation.running)
        for session in conversation.sessions:
            rows["session_conversation"].append(number)
            rows["session_agent"].append(place("agents", session.agent_id))
            rows["session_purpose"].append(place("purposes", session.purpose))
            rows["session_media"].append(place("media", session.media))
            rows["session_direction"].append(place("directions", session.direction))
            for segment in session.segments:
                rows["segment_session"].append(len(session_ids))
                rows["segment_kind"].append(place("kinds", segment.kind))
                rows["segment_queue"].append(place("queues", segment.queue_id))
                rows["segment_start_ms"].append(segment.start_ms)
                rows["segment_end_ms"].append(-1 if segment.end_ms is None else segment.end_ms)
            for post in session.posts:
                rows["post_session"].append(len(session_ids))
                rows["post_metric"].append(place("metrics", post.metric))
                rows["post_value_ms"].append(post.value_ms)
                rows["post_at_ms"].append(post.at_ms)
            session_ids.append(session.session_id)
    texts = {name: tuple(found) for name, found in strings.items()} | {"session_ids": tuple(session_ids)}
    return check_table(
        WorkTable(**{name: np.array(found, dtype=DTYPES[name]) for name, found in rows.items()}, **texts)
    )


def same(one: WorkTable, other: WorkTable) -> bool:
    """Whether every field of two tables is alike, to the type."""
    for field in fields(WorkTable):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if field.name in DTYPES:
            if left.dtype != right.dtype or not np.array_equal(left, right):
                return False
        elif left != right:
            return False
    return True


def conversation_of(table: WorkTable) -> dict[str, tuple[int, bool, frozenset[WorkSession]]]:
    """What a table says of each conversation, whatever the order."""
    sessions: dict[str, set[WorkSession]] = {name: set() for name in table.conversation_ids}
    for session in table.sessions():
        sessions[session.conversation_id].add(session)
    return {
        name: (int(start), bool(running), frozenset(sessions[name]))
        for name, start, running in zip(
            table.conversation_ids, table.conversation_start_ms, table.conversation_running, strict=True
        )
    }


# -- worlds that Hypothesis makes up ------------------------------------------------------------------------------

AGENTS, QUEUES, MEDIA, DIRECTIONS = ("ana", "ben", "cat"), ("", "q1", "q2"), ("", "voice", "chat"), ("", "inbound")
_segments = st.lists(
    st.tuples(
        st.sampled_from([*KINDS, "alert", "ivr"]),
        st.sampled_from(QUEUES),
        st.integers(-300, 2_700),
        st.one_of(st.none(), st.integers(-5, 900)),
    ),
    max_size=4,
)
_posts = st.lists(
    st.tuples(st.sampled_from([*POSTED_METRICS, "nOther"]), st.integers(0, 900), st.integers(-300, 2_900)), max_size=3
)
_sessions = st.tuples(
    st.sampled_from(AGENTS),
    st.sampled_from(["agent", "user", ""]),
    st.sampled_from(MEDIA),
    st.sampled_from(DIRECTIONS),
    _segments,
    _posts,
)


@st.composite
def conversations(draw, names: tuple[str, ...] = tuple("abcdef")) -> tuple[Told, ...]:
    found = []
    for name in draw(st.lists(st.sampled_from(names), unique=True, max_size=4)):
        sessions = []
        for number, (agent, purpose, media, direction, segments, posts) in enumerate(
            draw(st.lists(_sessions, max_size=3))
        ):
            session_id = f"{name}{number}"
            sessions.append(
                WorkSession(
                    name,
                    session_id,
                    agent,
                    purpose,
                    media,
                    direction,
                    tuple(
                        Segment(
                            agent,
                            session_id,
                            media,
                            queue,
                            kind,
                            ZERO + start,
                            None if length is None else ZERO + start + length,
                        )
                        for kind, queue, start, length in segments
                    ),
                    tuple(Post(metric, value, ZERO + at) for metric, value, at in posts),
                )
            )
        start = draw(st.sampled_from([-1, ZERO - 1, ZERO, ZERO + 86_400_000]))
        found.append(Told(name, start, draw(st.booleans()), tuple(sessions)))
    return tuple(found)


def subset(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from([v for v in values if v] + ["other"]), unique=True, max_size=2).map(tuple)


asks = st.builds(
    PostedAsk,
    windows=st.just(WINDOWS),
    buckets=st.just(()),
    granularity=st.none(),
    zone=st.just(ZoneInfo("UTC")),
    agent_ids=st.one_of(st.none(), subset(AGENTS)),
    queue_ids=subset(QUEUES),
    without_queue_ids=subset(QUEUES),
    media=subset(MEDIA),
    directions=subset(DIRECTIONS),
    acd=st.booleans(),
)


def asked_for(told: tuple[Told, ...], ask: PostedAsk) -> list[WorkSession]:
    """The sessions that a question is about, one by one; their ringing aside, and without what is no work."""
    found = []
    for session in (session for conversation in told for session in conversation.sessions):
        if ask.agent_ids is not None and session.agent_id not in ask.agent_ids:
            continue
        if ask.acd and session.purpose != "agent":
            continue
        if (ask.media and session.media not in ask.media) or (
            ask.directions and session.direction not in ask.directions
        ):
            continue
        work = tuple(
            s
            for s in session.segments
            if s.kind in KINDS
            and (not ask.queue_ids or s.queue_id in ask.queue_ids)
            and s.queue_id not in ask.without_queue_ids
        )
        alerts = tuple(s for s in session.segments if s.kind == "alert")
        posts = tuple(post for post in session.posts if post.metric in POSTED_METRICS)
        if work or alerts:
            found.append(replace(session, segments=work, alerts=alerts, posts=posts))
    return found


@given(told=conversations(), ask=asks)
def test_narrowing_leaves_the_sessions_that_are_asked_for(told, ask) -> None:
    narrowed = check_table(table(told).narrowed(ask))

    assert list(narrowed.sessions()) == asked_for(told, ask)
    assert narrowed.conversations == len(told)
    assert narrowed.conversations_with_work == len({s.conversation_id for s in asked_for(told, ask)})


@given(
    told=conversations(), ask=asks, keys=st.fixed_dictionaries({"by_queue": st.booleans(), "by_media": st.booleans()})
)
def test_the_columns_are_cut_as_the_values_are(told, ask, keys) -> None:
    plain = segments_frame([s for session in asked_for(told, ask) for s in session.segments], now=NOW)
    columns = table(told).narrowed(ask).segments(NOW)

    assert list(columns.columns) == list(plain.columns)
    assert columns.drop(columns="session").astype(str).values.tolist() == (
        plain.drop(columns="session").astype(str).values.tolist()
    )
    assert clock_frame(columns, WINDOWS, **keys).equals(clock_frame(plain, WINDOWS, **keys))


@given(told=conversations(), ask=asks)
def test_the_same_handle_time_is_accounted_for(told, ask) -> None:
    worked = [session for session in asked_for(told, ask) if session.segments]

    assert table(told).narrowed(ask).accounted(WINDOWS) == accounted_for(worked, WINDOWS)


@given(told=conversations())
def test_what_runs_is_seen_to_run(told) -> None:
    runs = any(c.running or any(s.running for s in c.sessions) for c in told)

    assert table(told).running == runs


@given(earlier=conversations(), later=conversations())
def test_of_a_conversation_read_twice_the_later_reading_counts(earlier, later) -> None:
    both = check_table(merged([table(earlier), table(later)]))

    told = {c.id: c for c in earlier} | {c.id: c for c in later}
    assert conversation_of(both) == conversation_of(table(tuple(told.values())))
    assert both.duplicates == len(earlier) + len(later) - len(told)


@given(told=conversations(), at=st.integers(0, 4), ask=asks)
def test_a_table_split_in_two_is_the_same_in_either_order(told, at, ask) -> None:
    whole, parts = table(told), [table(told[:at]), table(told[at:])]
    forth, back = merged(parts), merged(parts[::-1])

    assert conversation_of(forth) == conversation_of(back) == conversation_of(whole)
    assert (forth.duplicates, back.duplicates) == (0, 0)
    cut = [clock_frame(t.narrowed(ask).segments(NOW), WINDOWS) for t in (whole, forth, back)]
    assert cut[0].equals(cut[1])
    assert cut[0].equals(cut[2])


@given(told=conversations())
def test_days_hold_the_conversations_that_began_on_them_and_together_all(told) -> None:
    days = table(told).by_start_day()

    for day, part in days.items():
        check_table(part)
        for name, (start, _, sessions) in conversation_of(part).items():
            began = (
                start
                if start >= 0
                else min(s.start_ms for c in told if c.id == name for x in c.sessions for s in x.segments)
            )
            assert datetime.fromtimestamp(began / 1000, UTC).date() == day, sessions
    filed = [c for c in told if c.start_ms >= 0 or any(s.segments for s in c.sessions)]
    assert conversation_of(merged(days.values())) == conversation_of(table(tuple(filed)))


def test_the_last_of_three_readings_counts_and_two_are_duplicates() -> None:
    def read(end: int | None) -> WorkTable:
        piece = Segment("ana", "s1", "voice", "q1", "interact", ZERO, end)
        session = WorkSession("c1", "s1", "ana", "agent", "voice", "inbound", (piece,), ())
        return table([Told("c1", ZERO, end is None, (session,))])

    found = merged([read(None), replace(read(ZERO + 5), duplicates=3), read(ZERO + 9)])

    assert (found.duplicates, found.running, worked_ms(found.sessions()[0])) == (5, False, 9)


def test_a_conversation_without_any_agent_is_counted_and_filed_under_its_day() -> None:
    found = table([Told("c1", ZERO - 1, False, ())])

    assert (found.conversations, found.conversations_with_work, found.sessions()) == (1, 0, ())
    assert {day: part.conversations for day, part in found.by_start_day().items()} == {date(2026, 3, 9): 1}


def test_nothing_merges_to_nothing() -> None:
    assert same(merged([]), empty_table())
    assert empty_table().segments(NOW).empty
    assert (empty_table().accounted(WINDOWS), empty_table().by_start_day(), empty_table().running) == ({}, {}, False)


def test_a_narrower_table_drops_the_strings_that_nothing_points_at() -> None:
    def call(name: str, agent: str, queue: str) -> Told:
        piece = Segment(agent, name, "voice", queue, "interact", ZERO, ZERO + 5)
        return Told(name, ZERO, False, (WorkSession(name, name, agent, "agent", "voice", "inbound", (piece,), ()),))

    whole = table([call("c1", "ana", "q1"), call("c2", "ben", "q2")])
    found = whole.narrowed(PostedAsk(WINDOWS, (), None, ZoneInfo("UTC"), ("ben",)))

    assert (found.agents, found.queues, found.session_ids) == (("ben",), ("q2",), ("c2",))
    assert whole.agents == ("ana", "ben")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"segment_session": np.array([1], dtype="int32")}, "points beyond session_ids"),
        ({"segment_kind": np.array([-1], dtype="int16")}, "points beyond kinds"),
        ({"segment_end_ms": np.array([], dtype="int64")}, "0 rows, not 1"),
        ({"segment_start_ms": np.array([1.0])}, "column of int64"),
        ({"conversation_ids": ("c1", "c1")}, "1 rows, not 2"),
    ],
)
def test_columns_that_do_not_fit_together_are_refused(change, says) -> None:
    piece = Segment("ana", "s1", "voice", "q1", "interact", ZERO, ZERO + 5)
    session = WorkSession("c1", "s1", "ana", "agent", "voice", "inbound", (piece,), ())
    sound = table([Told("c1", ZERO, False, (session,))])

    with pytest.raises(ValueError, match=says):
        check_table(replace(sound, **change))


def test_a_conversation_that_stands_in_a_table_twice_is_refused() -> None:
    sound = table([Told("c1", ZERO, False, ()), Told("c2", ZERO, False, ())])

    with pytest.raises(ValueError, match="each conversation once"):
        check_table(replace(sound, conversation_ids=("c1", "c1")))
