"""About the least that Python can do: pages one by one into typed structs of what is needed, sums as it goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import requests

from benchmarks.details_sides.cells import HANDLED, Sums, cpu_s, hand_in, url
from benchmarks.details_sides.day import INTERVAL

IMPORTED_S = cpu_s()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class Segment(msgspec.Struct, gc=False):
    segmentType: str  # noqa: N815  as on the wire, like those below
    segmentStart: datetime  # noqa: N815
    segmentEnd: datetime  # noqa: N815


class Session(msgspec.Struct, gc=False):
    segments: list[Segment] = []


class Participant(msgspec.Struct, gc=False):
    userId: str = ""  # noqa: N815
    sessions: list[Session] = []


class Conversation(msgspec.Struct, gc=False):
    participants: list[Participant] = []


class Page(msgspec.Struct, gc=False):
    conversations: list[Conversation] = []


def main() -> None:
    base = url()
    decoder = msgspec.json.Decoder(Page)
    session = requests.Session()
    session.headers["Authorization"] = "Bearer token"
    sums = Sums()
    number = 1
    while True:
        body = {"interval": INTERVAL, "paging": {"pageSize": 100, "pageNumber": number}}
        answer = session.post(f"{base}/api/v2/analytics/conversations/details/query", json=body, timeout=60)
        answer.raise_for_status()
        conversations = decoder.decode(answer.content).conversations
        if not conversations:
            break
        for conversation in conversations:
            for participant in conversation.participants:
                if participant.userId:
                    for part in participant.sessions:
                        for segment in part.segments:
                            if segment.segmentType in HANDLED:
                                sums.add(
                                    participant.userId,
                                    segment.segmentType,
                                    (segment.segmentStart - EPOCH) // MILLISECOND,
                                    (segment.segmentEnd - EPOCH) // MILLISECOND,
                                )
        number += 1
    hand_in(sums.rows(), imported_s=IMPORTED_S)


if __name__ == "__main__":
    main()
