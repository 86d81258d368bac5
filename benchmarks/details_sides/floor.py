"""Conversations of one day, with the fields that the platform sends: about 6.4 kB each, in order of their start."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks.details_sides.day import START_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = datetime.fromtimestamp(START_MS / 1000, UTC)
CONVERSATIONS_AN_AGENT = 80
PAGE_SIZE = 100

_QUEUES = 40
_TRANSFERRED = 0.08
_HELD = 0.35
_ASYNCHRONOUS = 0.2
"""Share of messages and e-mails; the rest is voice."""


def pages(conversations: int, *, seed: int = 1) -> Iterator[bytes]:
    """Answers to the details query, a hundred conversations each, as they go over the wire."""
    floor = _Floor(random.Random(seed), max(1, conversations // CONVERSATIONS_AN_AGENT))
    begun = sorted(floor.plan(conversations))
    for first in range(0, conversations, PAGE_SIZE):
        found = [floor.conversation(start, agent) for start, agent in begun[first : first + PAGE_SIZE]]
        yield msgspec.json.encode({"conversations": found, "totalHits": conversations})


class _Floor:
    def __init__(self, rng: random.Random, agents: int) -> None:
        self._rng = rng
        self._agents = [(self._id(), self._id()) for _ in range(agents)]  # the agent and her team
        self._queues = [(self._id(), self._id(), self._id()) for _ in range(_QUEUES)]  # queue, flow, skill
        self._codes = [self._id() for _ in range(25)]
        self._division, self._edge, self._script = self._id(), self._id(), self._id()

    def plan(self, conversations: int) -> Iterator[tuple[float, int]]:
        """Second of the day and agent of each conversation: one after the other, within a shift."""
        rng, each = self._rng, CONVERSATIONS_AN_AGENT
        for number in range(conversations):
            agent = number // each % len(self._agents)
            if number % each == 0:
                shift = rng.uniform(0, 15.5 * 3600)
            yield round(shift + (number % each) * 8.6 * 3600 / each + rng.uniform(0, 60), 3), agent

    def conversation(self, start: float, agent: int) -> dict[str, Any]:
        """One customer, the menu, the queue and its agent; with a transfer another queue and agent."""
        rng = self._rng
        voice = rng.random() >= _ASYNCHRONOUS
        media = "voice" if voice else rng.choice(("message", "email"))
        customer, session, peer = self._id(), self._id(), self._id()
        queue = rng.choice(self._queues)
        menu_ends = start + rng.uniform(8, 40)
        waits = rng.uniform(2, 45)
        participants = [
            self._menu(media, start, menu_ends, queue, session),
            self._waiting(media, menu_ends, menu_ends + waits, queue, session),
        ]
        agent_part, end = self._agent(media, menu_ends + waits, waits, queue, self._agents[agent], session)
        participants.append(agent_part)
        if rng.random() < _TRANSFERRED:
            other, queue = rng.choice(self._agents), rng.choice(self._queues)
            participants.append(self._waiting(media, end, end + 5, queue, session))
            agent_part, end = self._agent(media, end + 5, 5.0, queue, other, session)
            participants.append(agent_part)
        participants.insert(0, self._customer(media, customer, session, peer, start, end))
        out = {
            "conversationId": self._id(),
            "conversationStart": _iso(start),
            "conversationEnd": _iso(end),
            "originatingDirection": "inbound",
            "divisionIds": [self._division],
            "conversationInitiator": "customer",
            "customerParticipation": True,
            "participants": participants,
        }
        return out | {"mediaStatsMinConversationMos": 4.882, "mediaStatsMinConversationRFactor": 92.1} if voice else out

    def _customer(
        self, media: str, participant: str, session: str, peer: str, start: float, end: float
    ) -> dict[str, Any]:
        voice = {
            "ani": f"tel:+4420{self._rng.randrange(10**8):08}",
            "dnis": "tel:+448081570000",
            "sessionDnis": "tel:+448081570000",
            "edgeId": self._edge,
            "protocolCallId": self._id(),
            "recording": True,
            "remoteNameDisplayable": "London, Great Britain",
            "mediaEndpointStats": [
                {
                    "codecs": ["audio/opus"],
                    "eventTime": _iso(end),
                    "maxLatencyMs": self._rng.randrange(20, 200),
                    "minMos": 4.882,
                    "minRFactor": 92.1,
                    "receivedPackets": self._rng.randrange(1_000, 40_000),
                    "discardedPackets": self._rng.randrange(9),
                    "overrunPackets": 0,
                }
            ],
        }
        written = {
            "addressFrom": "customer@example.com",
            "addressTo": "help@example.com",
            "messageType": "webmessaging",
        }
        return {
            "participantId": participant,
            "participantName": "London, Great Britain",
            "purpose": "customer",
            "externalContactId": self._id(),
            "sessions": [
                {
                    "sessionId": session,
                    "peerId": peer,
                    "mediaType": media,
                    "direction": "inbound",
                    "provider": _provider(media),
                    "remote": "London, Great Britain",
                    **(voice if media == "voice" else written),
                    "segments": [
                        self._segment("system", start, start + 0.4),
                        self._segment("interact", start + 0.4, end, disconnectType="peer"),
                    ],
                    "metrics": [_metric("nConnected", 1, start + 0.4), _metric("oMediaCount", 1, start)],
                }
            ],
        }

    def _menu(self, media: str, start: float, end: float, queue: tuple[str, str, str], peer: str) -> dict[str, Any]:
        return {
            "participantId": self._id(),
            "participantName": "Welcome and routing",
            "purpose": "ivr" if media == "voice" else "workflow",
            "sessions": [
                {
                    **self._leg(media, peer, provider="Edge", remote="Welcome and routing"),
                    "flow": {
                        "flowId": queue[1],
                        "flowName": "Welcome and routing",
                        "flowType": "INBOUNDCALL",
                        "flowVersion": "31.0",
                        "entryType": "dnis",
                        "entryReason": "tel:+448081570000",
                        "exitReason": "TRANSFER",
                        "startingLanguage": "en-gb",
                        "endingLanguage": "en-gb",
                        "transferType": "ACD",
                        "outcomes": [
                            {
                                "flowOutcome": "Identified",
                                "flowOutcomeId": self._codes[0],
                                "flowOutcomeStartTimestamp": _iso(start),
                                "flowOutcomeEndTimestamp": _iso(end),
                                "flowOutcomeValue": "SUCCESS",
                            }
                        ],
                    },
                    "segments": [
                        self._segment("system", start, start + 0.2),
                        self._segment("ivr", start + 0.2, end, disconnectType="transfer"),
                    ],
                    "metrics": [
                        _metric("nFlow", 1, start),
                        _metric("tFlow", _ms(end) - _ms(start), end),
                        _metric("tIvr", _ms(end) - _ms(start), end),
                    ],
                }
            ],
        }

    def _waiting(self, media: str, start: float, end: float, queue: tuple[str, str, str], peer: str) -> dict[str, Any]:
        return {
            "participantId": self._id(),
            "participantName": "Billing",
            "purpose": "acd",
            "sessions": [
                {
                    **self._leg(media, peer, provider="Edge", remote="Billing"),
                    "requestedRoutings": ["Standard"],
                    "usedRouting": "Standard",
                    "waitingInteractionCounts": [self._rng.randrange(9)],
                    "eligibleAgentCounts": [self._rng.randrange(60)],
                    "segments": [
                        self._segment(
                            "interact", start, end,
                            queueId=queue[0], requestedRoutingSkillIds=[queue[2]], disconnectType="transfer",
                        )
                    ],
                    "metrics": [
                        _metric("nOffered", 1, start),
                        _metric("oServiceTarget", 1, start),
                        _metric("tAcd", _ms(end) - _ms(start), end),
                        _metric("tWait", _ms(end) - _ms(start), end),
                    ],
                }
            ],
        }  # fmt: skip

    def _agent(
        self, media: str, start: float, waited: float, queue: tuple[str, str, str], who: tuple[str, str], peer: str
    ) -> tuple[dict[str, Any], float]:
        """Ringing, talk, now and then a hold in its midst, wrap-up; with the metrics in the order of their emission."""
        rng = self._rng
        at = start + rng.uniform(1, 9)
        segments = [self._segment("alert", start, at, queueId=queue[0])]
        metrics = [
            _metric("tAlert", _ms(at) - _ms(start), at),
            _metric("tAnswered", int(waited * 1000), at),
            _metric("nConnected", 1, at),
        ]
        parts = ["interact", "hold", "interact"] if rng.random() < _HELD else ["interact"]
        spent = {"interact": 0, "hold": 0}
        answered = at
        for kind in parts:
            until = at + (rng.expovariate(1 / 150) + 5 if kind == "interact" else rng.uniform(5, 90))
            last = kind is parts[-1] and len(segments) == len(parts)
            more = {"disconnectType": "client"} if last else {}
            segments.append(self._segment(kind, at, until, queueId=queue[0], **more))
            length = _ms(until) - _ms(at)
            spent[kind] += length
            metrics.append(_metric("tTalk" if kind == "interact" else "tHeld", length, until))
            at = until
        metrics.append(_metric("tTalkComplete", spent["interact"], at))
        if spent["hold"]:
            metrics.append(_metric("tHeldComplete", spent["hold"], at))
        end = at + rng.uniform(5, 90)
        segments.append(self._segment("wrapup", at, end, queueId=queue[0], wrapUpCode=rng.choice(self._codes)))
        metrics += [_metric("tAcw", _ms(end) - _ms(at), end), _metric("tHandle", _ms(end) - _ms(answered), end)]
        session = {
            **self._leg(media, peer, provider=_provider(media), remote="London, Great Britain"),
            "protocolCallId": self._id(),
            "scriptId": self._script,
            "selectedAgentId": who[0],
            "requestedRoutings": ["Standard"],
            "usedRouting": "Standard",
            "activeSkillIds": [queue[2]],
            "recording": True,
            "segments": segments,
            "metrics": metrics,
        }
        out = {
            "participantId": self._id(),
            "participantName": "Dana Reyes",
            "purpose": "agent",
            "userId": who[0],
            "teamId": who[1],
            "sessions": [session],
        }
        return out, end

    def _leg(self, media: str, peer: str, *, provider: str, remote: str) -> dict[str, Any]:
        """What every session on our side of a customer's begins with."""
        return {
            "sessionId": self._id(),
            "peerId": peer,
            "mediaType": media,
            "direction": "inbound",
            "ani": "tel:+442079460000",
            "dnis": "tel:+448081570000",
            "edgeId": self._edge,
            "provider": provider,
            "remote": remote,
        }

    def _segment(self, kind: str, start: float, end: float, **more: Any) -> dict[str, Any]:
        return {
            "segmentStart": _iso(start),
            "segmentEnd": _iso(end),
            "segmentType": kind,
            "conference": False,
            **more,
        }

    def _id(self) -> str:
        text = f"{self._rng.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _provider(media: str) -> str:
    return "Edge" if media == "voice" else "PureCloud Messaging"


def _ms(second: float) -> int:
    return round(second * 1000)


def _iso(second: float) -> str:
    moment = DAY + timedelta(milliseconds=_ms(second))
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _metric(name: str, value: int, at: float) -> dict[str, Any]:
    return {"name": name, "value": value, "emitDate": _iso(at)}
