"""What many would write first: requests, the standard library's JSON, and pandas for the sums."""

from __future__ import annotations

from typing import Any

import pandas as pd
import requests

from benchmarks.details_sides.cells import END_MS, HALF_HOUR_MS, HANDLED, cpu_s, hand_in, url
from benchmarks.details_sides.day import INTERVAL, START_MS

IMPORTED_S = cpu_s()


def segments(base: str) -> list[dict[str, Any]]:
    """One row for each segment of an agent's work."""
    session = requests.Session()
    session.headers["Authorization"] = "Bearer token"
    found: list[dict[str, Any]] = []
    number = 1
    while True:
        body = {"interval": INTERVAL, "paging": {"pageSize": 100, "pageNumber": number}}
        answer = session.post(f"{base}/api/v2/analytics/conversations/details/query", json=body, timeout=60)
        answer.raise_for_status()
        conversations = answer.json().get("conversations")
        if not conversations:
            return found
        found += (
            {
                "agent": participant["userId"],
                "kind": segment["segmentType"],
                "start": segment["segmentStart"],
                "end": segment["segmentEnd"],
            }
            for conversation in conversations
            for participant in conversation["participants"]
            for part in (participant["sessions"] if "userId" in participant else ())
            for segment in part["segments"]
            if segment["segmentType"] in HANDLED
        )
        number += 1


def main() -> None:
    frame = pd.DataFrame(segments(url()))
    for edge in ("start", "end"):
        frame[edge] = pd.to_datetime(frame[edge]).astype("datetime64[ms, UTC]").astype("int64").clip(START_MS, END_MS)
    frame = frame[frame["end"] > frame["start"]]
    frame["bucket"] = [
        range((start - START_MS) // HALF_HOUR_MS, (end - 1 - START_MS) // HALF_HOUR_MS + 1)
        for start, end in zip(frame["start"], frame["end"], strict=True)
    ]
    frame = frame.explode("bucket")
    edge = START_MS + frame["bucket"].astype("int64") * HALF_HOUR_MS
    handle = frame["end"].clip(upper=edge + HALF_HOUR_MS) - frame["start"].clip(lower=edge)
    cut = frame.assign(
        handle=handle, acw=handle.where(frame["kind"] == "wrapup", 0), held=handle.where(frame["kind"] == "hold", 0)
    )
    cells = cut.groupby(["agent", "bucket"])[["handle", "acw", "held"]].sum()
    rows = [(agent, bucket, *map(int, sums)) for (agent, bucket), *sums in cells.itertuples(name=None)]
    hand_in(rows, imported_s=IMPORTED_S)


if __name__ == "__main__":
    main()
