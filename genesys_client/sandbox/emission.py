"""Which metrics the platform emits for a session, with their values, and when.

A metric has one moment: the end of what it measures. Handle time carries the moment at which the last of
its parts ended, so a two-hour call is posted whole into the bucket in which its wrap-up ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from genesys_client.sandbox.conversations import HANDLED_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from genesys_client.sandbox.conversations import Conversation, Participant, Session


class Emission(NamedTuple):
    """One metric of one session; durations in milliseconds, counts as they are."""

    at: int
    metric: str
    value: int
    dimensions: Mapping[str, str]
    """Shared by all emissions of the session."""


_AT_THE_END_OF = {
    "interact": "tTalk",
    "hold": "tHeld",
    "wrapup": "tAcw",
    "contacting": "tContacting",
    "dialing": "tDialing",
    "alert": "tAlert",
}


def session_metrics(participant: Participant, session: Session) -> list[tuple[int, str, int]]:
    """Moment, name and value of each metric, in order of the moment."""
    out = [(at, name, 1) for name, at in session.counts]
    if participant.purpose == "acd":
        waited = session.segments[-1]
        out.append((waited.end, "tAcd", waited.end - waited.start))
        if waited.disconnect == "peer":
            out.append((waited.end, "tAbandon", waited.end - waited.start))
    elif participant.user_id is None:
        out.append((session.start, "nConnected", 1))
    else:
        out += _work_metrics(session)
    return sorted(out)


def _work_metrics(session: Session) -> list[tuple[int, str, int]]:
    out = [(s.end, _AT_THE_END_OF[s.kind], s.end - s.start) for s in session.segments]
    spoken = [s for s in session.segments if s.kind in ("interact", "hold")]
    if session.segments[-1].kind == "alert":
        out.append((session.end, "tNotResponding", session.end - session.start))
    if spoken:
        for kind, metric in (("interact", "tTalkComplete"), ("hold", "tHeldComplete")):
            parts = [s.end - s.start for s in spoken if s.kind == kind]
            if parts:
                out.append((spoken[-1].end, metric, sum(parts)))
        if session.waited_from is not None:
            out.append((spoken[0].start, "tAnswered", spoken[0].start - session.waited_from))
    handled = [s for s in session.segments if s.kind in HANDLED_KINDS]
    if handled:
        out.append((handled[-1].end, "tHandle", sum(s.end - s.start for s in handled)))
    return out


def emissions(conversation: Conversation) -> Iterator[Emission]:
    """Every metric of the conversation, with the dimensions by which it can be filtered and grouped."""
    for participant in conversation.participants:
        for session in participant.sessions:
            dimensions = _dimensions(conversation, participant, session)
            for at, name, value in session_metrics(participant, session):
                yield Emission(at, name, value, dimensions)


def _dimensions(conversation: Conversation, participant: Participant, session: Session) -> dict[str, str]:
    wrap_up = session.segments[-1].wrap_up_code
    values = {
        "conversationId": conversation.id,
        "sessionId": session.id,
        "originatingDirection": conversation.direction,
        "divisionId": conversation.division_ids[0],
        "purpose": participant.purpose,
        "participantName": participant.name,
        "userId": participant.user_id,
        "teamId": participant.team_id,
        "mediaType": session.media,
        "direction": session.direction,
        "queueId": session.queue_id,
        "peerId": session.peer_id,
        "wrapUpCode": wrap_up,
    }
    return {name: value for name, value in values.items() if value is not None}
