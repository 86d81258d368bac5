"""Segments cut at the edges of buckets, against a count of every millisecond."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.intervals import Granularity, Interval, buckets, local_day
from bot.core.segments import KINDS, Segment, busy_of_agents, clock_frame, milliseconds, segments_frame
from bot.core.zones import load_zone

START = datetime(2026, 3, 10, 9, tzinfo=UTC)
ZERO = int(START.timestamp() * 1000)
NOW = START + timedelta(hours=9)
MINUTE = 60_000


def halves(count: int = 2) -> list[Interval]:
    step = timedelta(minutes=30)
    return [Interval(START + i * step, START + (i + 1) * step) for i in range(count)]


def segment(start: float, end: float | None, kind: str = "interact", **more: str) -> Segment:
    """Minutes from nine o'clock."""
    given = {"agent_id": "ana", "session_id": "s1", "media": "voice", "queue_id": "q1"} | more
    return Segment(
        kind=kind,
        start_ms=ZERO + round(start * MINUTE),
        end_ms=None if end is None else ZERO + round(end * MINUTE),
        **given,
    )


def cells(segments: list[Segment], buckets: list[Interval], **keys: bool) -> dict[tuple, dict[str, float]]:
    frame = clock_frame(segments_frame(segments, now=NOW), buckets, **keys)
    return {(row.agent_id, row.queue_id, row.media, row.bucket): row._asdict() for row in frame.itertuples(index=False)}


def test_a_call_over_the_half_hour_is_in_both() -> None:
    call = [segment(20, 30), segment(30, 32, "hold"), segment(32, 40), segment(40, 42, "wrapup")]

    found = cells(call, halves())

    first, second = found["ana", "", "", 0], found["ana", "", "", 1]
    assert (first["talk_s"], first["held_s"], first["handle_s"], first["busy_s"]) == (600, 0, 600, 600)
    assert (second["talk_s"], second["held_s"], second["acw_s"], second["handle_s"]) == (480, 120, 120, 720)
    assert (first["handled"], second["handled"]) == (0, 1)


def test_two_chats_side_by_side_load_twice_and_keep_busy_once() -> None:
    found = cells([segment(0, 20), segment(10, 30, session_id="s2")], halves())["ana", "", "", 0]

    assert (found["handle_s"], found["busy_s"]) == (2400, 1800)


def test_a_running_segment_ends_now_and_is_not_handled() -> None:
    found = cells([segment(0, None)], [Interval(START, NOW)])["ana", "", "", 0]

    assert (found["busy_s"], found["handled"]) == (9 * 3600, 0)


def test_time_in_the_holes_between_buckets_belongs_to_none() -> None:
    first, _, third = halves(3)

    found = cells([segment(0, 90)], [first, third])

    assert {key[3]: cell["busy_s"] for key, cell in found.items()} == {0: 1800, 1: 1800}


def test_queues_and_media_are_kept_apart_where_asked() -> None:
    work = [segment(0, 10), segment(5, 15, session_id="s2", queue_id="q2", media="chat")]

    apart, together = cells(work, halves(1), by_queue=True, by_media=True), cells(work, halves(1))

    assert {key[1:3]: cell["busy_s"] for key, cell in apart.items()} == {("q1", "voice"): 600, ("q2", "chat"): 600}
    assert together["ana", "", "", 0]["busy_s"] == 900


def test_nothing_gives_an_empty_frame() -> None:
    assert cells([], halves()) == {}


# -- properties --------------------------------------------------------------------------------------------------

MEDIA_OF = {"s1": "voice", "s2": "voice", "s3": "chat"}
_segments = st.lists(
    st.builds(
        lambda start, length, kind, agent, session, queue: Segment(
            agent, session, MEDIA_OF[session], queue, kind, ZERO + start, ZERO + start + length
        ),
        start=st.integers(-600, 4_000),
        length=st.integers(0, 2_500),
        kind=st.sampled_from(KINDS),
        agent=st.sampled_from(["ana", "bob", "cat"]),
        session=st.sampled_from(["s1", "s2", "s3"]),
        queue=st.sampled_from(["", "q1", "q2"]),
    ),
    max_size=12,
)


def small_buckets(*lengths: int) -> list[Interval]:
    edges = [START]
    for length in lengths:
        edges.append(edges[-1] + timedelta(milliseconds=length))
    return [Interval(a, b) for a, b in itertools.pairwise(edges)]


BUCKETS = small_buckets(700, 1_300, 400, 1_100)


def brute_force(segments: list[Segment], buckets: list[Interval]) -> dict[tuple[str, int], tuple[int, int]]:
    """(load, busy) in milliseconds, counted one by one."""
    counted: dict[tuple[str, int], tuple[int, int]] = {}
    for agent in {s.agent_id for s in segments}:
        for number, bucket in enumerate(buckets):
            first = ZERO + round((bucket.start - START) / timedelta(milliseconds=1))
            last = ZERO + round((bucket.end - START) / timedelta(milliseconds=1))
            work = [range(max(s.start_ms, first), min(s.end_ms or 0, last)) for s in segments if s.agent_id == agent]
            load = sum(len(piece) for piece in work)
            if load:
                counted[agent, number] = (load, len(set().union(*work)))
    return counted


def measured(segments: list[Segment], buckets: list[Interval]) -> dict[tuple[str, int], tuple[int, int]]:
    frame = clock_frame(segments_frame(segments, now=NOW), buckets)
    return {
        (row.agent_id, row.bucket): (round(row.handle_s * 1000), round(row.busy_s * 1000))
        for row in frame.itertuples(index=False)
        if row.handle_s
    }


@given(segments=_segments)
def test_load_and_busy_equal_a_count_of_milliseconds(segments: list[Segment]) -> None:
    assert measured(segments, BUCKETS) == brute_force(segments, BUCKETS)


@given(segments=_segments)
def test_by_queue_and_medium_load_and_busy_are_those_of_the_work_in_it_alone(segments: list[Segment]) -> None:
    frame = clock_frame(segments_frame(segments, now=NOW), BUCKETS, by_queue=True, by_media=True)
    found = {
        (row.queue_id, row.media, row.agent_id, row.bucket): (round(row.handle_s * 1000), round(row.busy_s * 1000))
        for row in frame.itertuples(index=False)
        if row.handle_s
    }

    assert found == {
        (queue, media, *cell): counted
        for queue, media in itertools.product(("", "q1", "q2"), ("voice", "chat"))
        for cell, counted in brute_force(
            [s for s in segments if (s.queue_id, s.media) == (queue, media)], BUCKETS
        ).items()
    }


@given(segments=_segments, running=st.sets(st.sampled_from(["s1", "s2", "s3"])))
def test_a_session_is_handled_once_where_its_last_segment_ended(segments: list[Segment], running: set[str]) -> None:
    segments += [Segment("ana", name, MEDIA_OF[name], "", "interact", ZERO, None) for name in sorted(running)]
    frame = clock_frame(segments_frame(segments, now=NOW), BUCKETS, by_queue=True)
    found = {(row.agent_id, row.bucket): 0 for row in frame.itertuples(index=False) if row.handled}
    for row in frame.itertuples(index=False):
        if row.handled:
            found[row.agent_id, row.bucket] += int(row.handled)

    expected: dict[tuple[str, int], int] = {}
    for agent, session in {(s.agent_id, s.session_id) for s in segments}:
        ends = [s.end_ms for s in segments if (s.agent_id, s.session_id) == (agent, session)]
        for number, bucket in enumerate(BUCKETS):
            if None not in ends and milliseconds(bucket.start) <= max(filter(None, ends)) < milliseconds(bucket.end):
                expected[agent, number] = expected.get((agent, number), 0) + 1
    assert found == expected


@given(segments=_segments)
def test_busy_is_never_more_than_the_bucket_or_the_load(segments: list[Segment]) -> None:
    for (_, bucket), (load, busy) in measured(segments, BUCKETS).items():
        assert busy <= min(load, round(BUCKETS[bucket].length / timedelta(milliseconds=1)))


@given(segments=_segments)
def test_buckets_add_up_to_the_whole(segments: list[Segment]) -> None:
    whole = [Interval(BUCKETS[0].start, BUCKETS[-1].end)]
    parts: dict[str, tuple[int, int]] = {}
    for (agent, _), (load, busy) in measured(segments, BUCKETS).items():
        before = parts.get(agent, (0, 0))
        parts[agent] = (before[0] + load, before[1] + busy)

    assert parts == {agent: value for (agent, _), value in measured(segments, whole).items()}


@given(segments=_segments, order=st.randoms(use_true_random=False))
def test_the_order_of_segments_does_not_matter(segments: list[Segment], order) -> None:
    shuffled = list(segments)
    order.shuffle(shuffled)

    one, other = (
        clock_frame(segments_frame(work, now=NOW), BUCKETS, by_queue=True, by_media=True)
        for work in (segments, shuffled)
    )
    assert other.equals(one)


@given(segments=_segments, keys=st.fixed_dictionaries({"by_queue": st.booleans(), "by_media": st.booleans()}))
def test_a_few_agents_at_a_time_give_the_same_as_all_at_once(segments: list[Segment], keys: dict[str, bool]) -> None:
    frame = segments_frame(segments, now=NOW)
    together = clock_frame(frame, BUCKETS, **keys)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.core.segments._SLICE", 2)
        apart = clock_frame(frame, BUCKETS, **keys)

    assert apart.equals(together)


@given(segments=_segments, share=st.floats(0, 1))
def test_splitting_a_segment_changes_nothing(segments: list[Segment], share: float) -> None:
    split = []
    for piece in segments:
        middle = piece.start_ms + int(((piece.end_ms or 0) - piece.start_ms) * share)
        split += [replace(piece, end_ms=middle), replace(piece, start_ms=middle)]

    assert measured(split, BUCKETS) == measured(segments, BUCKETS)


def test_the_callers_frame_comes_back_untouched() -> None:
    frame = segments_frame([segment(0, 20), segment(10, 30, session_id="s2")], now=NOW)
    before = frame.copy(deep=True)

    clock_frame(frame, halves())

    assert frame.equals(before)


@pytest.mark.parametrize(
    ("zone", "day", "halves"),
    [
        pytest.param("Europe/London", date(2026, 3, 29), 46, id="23-hour day"),
        pytest.param("Europe/London", date(2026, 10, 25), 50, id="25-hour day"),
        pytest.param("Asia/Kathmandu", date(2026, 3, 10), 48, id="five and three quarter hours ahead"),
    ],
)
def test_work_round_the_clock_fills_every_half_hour_of_any_day(zone: str, day: date, halves: int) -> None:
    whole = local_day(day, load_zone(zone))
    begin, end = milliseconds(whole.start), milliseconds(whole.end)
    work = [
        Segment("ana", "s1", "voice", "", "interact", begin - 999, end + 999),
        Segment("ana", "s2", "chat", "", "interact", begin + 1, begin + 1_800_002),
    ]

    frame = clock_frame(
        segments_frame(work, now=NOW), buckets((whole,), Granularity.HALF_HOUR, load_zone(zone), week_start=0)
    )

    assert frame["busy_s"].tolist() == [1800.0] * halves
    assert (frame["handle_s"] - frame["busy_s"]).round(3).tolist() == [1799.999, 0.002] + [0.0] * (halves - 2)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_lands_in_its_own_column(kind: str) -> None:
    column = {"interact": "talk_s", "hold": "held_s", "wrapup": "acw_s"}.get(kind, f"{kind}_s")

    found = cells([segment(0, 10, kind)], halves(1))["ana", "", "", 0]

    assert (found[column], found["handle_s"]) == (600, 600)


def test_the_busy_time_of_an_agent_counts_what_two_queues_share_once() -> None:
    calls = [segment(0, 20), segment(10, 40, session_id="s2", queue_id="q2"), segment(5, 10, agent_id="ben")]

    assert busy_of_agents(segments_frame(calls, now=NOW), halves()) == {"ana": 2400.0, "ben": 300.0}
