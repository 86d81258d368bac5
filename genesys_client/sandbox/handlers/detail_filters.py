"""Filters of detail queries: on segments, with all that their session and participant say, and on conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genesys_client.sandbox.emission import session_metrics
from genesys_client.sandbox.filters import check_predicates, compares, holds
from genesys_client.sandbox.moments import iso

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from genesys_client.sandbox.conversations import Conversation, Participant, Segment, Session


class ConversationFilter:
    """What a details query keeps; several filters of a kind must all hold, each on a segment of its own.

    Raises:
        ApiError: 400, a filter compares nothing.
    """

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._segment_filters: Sequence[Mapping[str, Any]] = body.get("segmentFilters", ())
        self._conversation_filters: Sequence[Mapping[str, Any]] = body.get("conversationFilters", ())
        for query_filter in (*self._segment_filters, *self._conversation_filters):
            check_predicates(query_filter)

    def __bool__(self) -> bool:
        return bool(self._segment_filters or self._conversation_filters)

    def keeps(self, conversation: Conversation, as_of: int) -> bool:
        """Whether the conversation, as far as it has come by then, passes."""
        return all(self._conversation_passes(f, conversation, as_of) for f in self._conversation_filters) and all(
            any(
                holds(f, lambda predicate, d=dimensions: compares(predicate, _looked_up(predicate, d)))  # type: ignore[misc]
                for dimensions in _segments(conversation, as_of)
            )
            for f in self._segment_filters
        )

    @staticmethod
    def _conversation_passes(query_filter: Mapping[str, Any], conversation: Conversation, as_of: int) -> bool:
        return holds(query_filter, lambda p: _conversation_predicate(p, conversation, as_of))


def _conversation_predicate(predicate: Mapping[str, Any], conversation: Conversation, as_of: int) -> bool:
    ended = conversation.end <= as_of
    if "metric" in predicate:
        name = predicate["metric"]
        if name == "tConversationDuration":
            return compares(predicate, conversation.end - conversation.start if ended else None)
        values = [
            value
            for participant in conversation.participants
            for session in participant.sessions
            for at, metric, value in session_metrics(participant, session)
            if metric == name and at <= as_of
        ]
        return compares(predicate, sum(values) if values else None)
    if predicate.get("dimension") == "divisionId":
        return any(compares(predicate, division) for division in conversation.division_ids)
    dimensions: dict[str, str | None] = {
        "conversationId": conversation.id,
        "conversationStart": iso(conversation.start),
        "conversationEnd": iso(conversation.end) if ended else None,
        "originatingDirection": conversation.direction,
    }
    return compares(predicate, dimensions.get(str(predicate.get("dimension"))))


def _segments(conversation: Conversation, as_of: int) -> Iterator[dict[str, str | int | None]]:
    for participant in conversation.participants:
        for session in participant.sessions:
            for segment in session.segments:
                if segment.start < as_of:
                    yield _dimensions(participant, session, segment, ended=segment.end <= as_of)


def _dimensions(
    participant: Participant, session: Session, segment: Segment, *, ended: bool
) -> dict[str, str | int | None]:
    return {
        "userId": participant.user_id,
        "teamId": participant.team_id,
        "purpose": participant.purpose,
        "participantName": participant.name,
        "mediaType": session.media,
        "direction": session.direction,
        "queueId": segment.queue_id,
        "segmentType": segment.kind,
        "segmentEnd": iso(segment.end) if ended else None,
        "wrapUpCode": segment.wrap_up_code if ended else None,
        "disconnectType": segment.disconnect if ended else None,
        "conference": str(segment.conference).lower(),
        "tSegmentDuration": segment.end - segment.start if ended else None,
    }


def _looked_up(predicate: Mapping[str, Any], dimensions: Mapping[str, str | int | None]) -> str | int | None:
    return dimensions.get(predicate.get("metric") or predicate.get("dimension") or "")
