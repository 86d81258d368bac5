"""`analytics/conversations/details/query`: whole conversations, found by the UTC day on which they began."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genesys_client.sandbox.emission import session_metrics
from genesys_client.sandbox.handlers.detail_filters import ConversationFilter
from genesys_client.sandbox.http import Answer, ApiError, bad_request, not_found
from genesys_client.sandbox.moments import UTC_DAY, Span, iso, utc_day

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from genesys_client.sandbox.conversations import Conversation, Participant, Segment, Session
    from genesys_client.sandbox.world import Call, World

_DAYS_WITHOUT_FILTER, _DAYS_WITH_FILTER = 7, 31
_NOT_OFFERED = ("aggregations", "evaluationFilters", "surveyFilters", "resolutionFilters")
_REMEMBERED = 32


@dataclass(frozen=True, slots=True)
class _Found:
    """The answer to a query, and from when on time no longer changes it."""

    conversations: Sequence[Conversation]
    as_of: int
    settled_from: int


class RecentAnswers:
    """Answers to queries that are being paged through, so that a page doesn't search everything anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Found] = OrderedDict()

    def get(self, key: str, as_of: int) -> Sequence[Conversation] | None:
        """The kept answer, unless time has changed it."""
        with self._lock:
            found = self._kept.get(key)
        if found is None or (found.as_of != as_of and min(found.as_of, as_of) < found.settled_from):
            return None
        return found.conversations

    def keep(self, key: str, found: _Found) -> None:
        """Remember an answer; the oldest is forgotten."""
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)


def query(call: Call) -> Answer:
    """Answer a details query: one page; `conversations` is absent past the last one.

    Raises:
        ApiError: 400, the query makes no sense, or its interval is too long.
    """
    behaviour = call.world.behaviour
    number, size = read_paging(call.body, most=behaviour.detail_page_size)
    found = matching(call)
    step = size - 1 if behaviour.shifting_pages and size > 1 else size
    start = (number - 1) * step
    page = found[start : start + size] if start < len(found) else []
    total = len(found)
    if behaviour.approximate_total_hits:
        total = max(0, total + number * 7 % 5 - 2)
    out: dict[str, Any] = {"totalHits": total}
    if page:
        out["conversations"] = [conversation_entity(c, call.as_of) for c in page]
    return Answer(out)


def read_paging(body: Mapping[str, Any], *, most: int) -> tuple[int, int]:
    """Number and size of the page that a body asks for: the first, of 25, unless it says.

    Raises:
        ApiError: 400, there can't be such a page.
    """
    paging = body.get("paging", {"pageNumber": 1, "pageSize": 25})
    number, size = paging["pageNumber"], paging["pageSize"]
    if number < 1 or not 1 <= size <= most:
        raise ApiError(400, "constraint.validation", f"pageNumber counts from 1; pageSize is 1 to {most}")
    return number, size


def check_length(span: Span, *, filtered: bool) -> None:
    """Nothing, if the interval isn't too long.

    Raises:
        ApiError: 400.
    """
    days = _DAYS_WITH_FILTER if filtered else _DAYS_WITHOUT_FILTER
    if span.length > days * UTC_DAY:
        raise bad_request(f"The interval may be {days} days long {'with' if filtered else 'without'} a filter.")


def matching(call: Call, *, by_lifetime: bool = False) -> Sequence[Conversation]:
    """The conversations that a query asks for, in its order.

    Args:
        call: its body is the query.
        by_lifetime: find whatever lived within the interval, as jobs do, instead of what began on its days.

    Raises:
        ApiError: 400, the query makes no sense.
    """
    body = call.body
    for name in _NOT_OFFERED:
        if body.get(name):
            raise bad_request(f"The sandbox doesn't offer [{name}].")
    span, wanted = call.interval(), ConversationFilter(body)
    if not by_lifetime:
        check_length(span, filtered=bool(wanted))
    asked = {name: value for name, value in body.items() if name not in ("paging", "limit")}
    key = json.dumps([asked, by_lifetime, sorted(call.grant.division_ids or ())], sort_keys=True)
    answers = call.world.recent_answers
    if (kept := answers.get(key, call.as_of)) is not None:
        return kept
    candidates = _alive(call.world, span) if by_lifetime else _begun(call.world, span)
    found = [
        conversation
        for conversation in candidates
        if conversation.start < call.as_of
        and any(call.sees(division) for division in conversation.division_ids)
        and wanted.keeps(conversation, call.as_of)
    ]
    _sort(found, body, call.as_of)
    settled = max([span.end, *(max(c.end, s.end) for c in candidates for p in c.participants for s in p.sessions)])
    answers.keep(key, _Found(found, call.as_of, settled))
    return found


def _begun(world: World, span: Span) -> list[Conversation]:
    return world.activity.started_on(utc_day(span.start), utc_day(span.end - 1))


def _alive(world: World, span: Span) -> list[Conversation]:
    return world.activity.alive_in(span)


def _sort(found: list[Conversation], body: Mapping[str, Any], as_of: int) -> None:
    """In place; what hasn't ended yet comes after what has."""
    if body.get("order") == "unordered":
        return
    by_end = body.get("orderBy", "conversationStart") in ("conversationEnd", "segmentEnd")

    def key(conversation: Conversation) -> tuple[bool, int, str]:
        if by_end:
            return conversation.end > as_of, conversation.end, conversation.id
        return False, conversation.start, conversation.id

    found.sort(key=key, reverse=body.get("order") == "desc")


# Entities


def conversation_entity(conversation: Conversation, as_of: int, *, attributes: bool = False) -> dict[str, Any]:
    """A conversation as far as it has come: what hasn't ended has no end, what hasn't begun isn't there."""
    out: dict[str, Any] = {
        "conversationId": conversation.id,
        "conversationStart": iso(conversation.start),
        "originatingDirection": conversation.direction,
        "divisionIds": list(conversation.division_ids),
    }
    if conversation.end <= as_of:
        out["conversationEnd"] = iso(conversation.end)
    out["participants"] = [
        _participant_entity(participant, as_of, attributes=attributes)
        for participant in conversation.participants
        if any(session.start < as_of for session in participant.sessions)
    ]
    return out


def _participant_entity(participant: Participant, as_of: int, *, attributes: bool) -> dict[str, Any]:
    who = {"participantName": participant.name, "userId": participant.user_id, "teamId": participant.team_id}
    out: dict[str, Any] = {"participantId": participant.id, "purpose": participant.purpose}
    out |= {name: value for name, value in who.items() if value is not None}
    if attributes and participant.purpose == "customer":
        out["attributes"] = {"priority": "3", "reason": "x" * 1_024}  # cut at 1,024 characters
    out["sessions"] = [
        _session_entity(participant, session, as_of) for session in participant.sessions if session.start < as_of
    ]
    return out


def _session_entity(participant: Participant, session: Session, as_of: int) -> dict[str, Any]:
    out: dict[str, Any] = {"sessionId": session.id, "mediaType": session.media, "direction": session.direction}
    if session.peer_id is not None:
        out["peerId"] = session.peer_id
    if session.media == "voice" and participant.purpose in ("customer", "external"):
        out |= {"ani": "tel:+442079460000", "dnis": "tel:+448081570000"}
    if session.acw_skipped and session.end <= as_of:
        out["acwSkipped"] = True
    if participant.purpose == "agent" and session.direction == "inbound":
        out |= {"requestedRoutings": ["Standard"], "usedRouting": "Standard"}
    out["segments"] = [_segment_entity(segment, as_of) for segment in session.segments if segment.start < as_of]
    metrics = [
        {"name": name, "value": value, "emitDate": iso(at)}
        for at, name, value in session_metrics(participant, session)
        if at <= as_of
    ]
    if metrics:
        out["metrics"] = metrics
    return out


def _segment_entity(segment: Segment, as_of: int) -> dict[str, Any]:
    out: dict[str, Any] = {"segmentStart": iso(segment.start)}
    ended = segment.end <= as_of
    if ended:
        out["segmentEnd"] = iso(segment.end)
    if segment.queue_id is not None:
        out["queueId"] = segment.queue_id
    if ended and segment.disconnect is not None:
        out["disconnectType"] = segment.disconnect
    if ended and segment.wrap_up_code is not None:
        out["wrapUpCode"] = segment.wrap_up_code
    return out | {"segmentType": segment.kind, "conference": segment.conference}


def by_id(call: Call) -> Answer:
    """`GET conversations/{id}/details`."""
    found = _with_ids(call, [call.params["conversationId"]])
    if not found:
        raise not_found()
    return Answer(conversation_entity(found[0], call.as_of))


def by_ids(call: Call) -> Answer:
    """`GET conversations/details?id=…`: those that exist."""
    found = _with_ids(call, call.texts("id"))
    return Answer({"conversations": [conversation_entity(c, call.as_of) for c in found]} if found else {})


def _with_ids(call: Call, ids: Sequence[str]) -> list[Conversation]:
    found = [call.world.activity.conversation(conversation_id) for conversation_id in ids]
    return [c for c in found if c is not None and c.start < call.as_of and any(call.sees(d) for d in c.division_ids)]


HANDLERS = {
    "POST /api/v2/analytics/conversations/details/query": query,
    "GET /api/v2/analytics/conversations/details": by_ids,
    "GET /api/v2/analytics/conversations/{conversationId}/details": by_id,
}
