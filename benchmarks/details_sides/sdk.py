"""The official SDK, used as its pages show: a page at a time, sums as it goes; it keeps no page."""

from __future__ import annotations

import PureCloudPlatformClientV2 as sdk  # noqa: N813  a name that can be read

from benchmarks.details_sides.cells import HANDLED, Sums, cpu_s, hand_in, url
from benchmarks.details_sides.day import INTERVAL

IMPORTED_S = cpu_s()


def main() -> None:
    client = sdk.ApiClient(host=url())
    client.access_token = "token"
    api = sdk.ConversationsApi(client)
    query = sdk.ConversationQuery()
    query.interval = INTERVAL
    query.order, query.order_by = "asc", "conversationStart"
    query.paging = sdk.PagingSpec()
    query.paging.page_size, query.paging.page_number = 100, 1
    sums = Sums()
    while conversations := api.post_analytics_conversations_details_query(query).conversations:
        for conversation in conversations:
            for participant in conversation.participants or ():
                if participant.user_id:
                    for session in participant.sessions or ():
                        for segment in session.segments or ():
                            if segment.segment_type in HANDLED:
                                sums.add(
                                    participant.user_id,
                                    segment.segment_type,
                                    round(segment.segment_start.timestamp() * 1000),
                                    round(segment.segment_end.timestamp() * 1000),
                                )
        query.paging.page_number += 1
    hand_in(sums.rows(), imported_s=IMPORTED_S)


if __name__ == "__main__":
    main()
