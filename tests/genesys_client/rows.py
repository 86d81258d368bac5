"""Columns as sorted rows of plain values, so that two of them can be compared whatever the order of their names."""

from __future__ import annotations


def _sessions(columns):
    """(conversation, session, agent, purpose, media, direction) of each session."""
    coded = (
        [names[code] for code in codes]
        for names, codes in (
            (columns.conversation_ids, columns.session_conversation),
            (columns.agents, columns.session_agent),
            (columns.purposes, columns.session_purpose),
            (columns.media, columns.session_media),
            (columns.directions, columns.session_direction),
        )
    )
    conversations, *rest = coded
    return list(zip(conversations, columns.session_ids, *rest, strict=True))


def rows_of(columns):
    """One row for each segment: its session's values, kind, queue, start, end."""
    sessions = _sessions(columns)
    return sorted(
        (*sessions[s], columns.kinds[k], columns.queues[q], int(start), int(end))
        for s, k, q, start, end in zip(
            columns.segment_session, columns.segment_kind, columns.segment_queue,
            columns.segment_start_ms, columns.segment_end_ms, strict=True,
        )
    )  # fmt: skip


def posts_of(columns):
    """One row for each metric: its session's values, name, value, moment."""
    sessions = _sessions(columns)
    return sorted(
        (*sessions[s], columns.metrics[m], int(value), int(at))
        for s, m, value, at in zip(
            columns.post_session, columns.post_metric, columns.post_value_ms, columns.post_at_ms, strict=True
        )
    )
