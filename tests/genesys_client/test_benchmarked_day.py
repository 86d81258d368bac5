"""The day that `benchmarks/details.py` makes up is one that the platform could send, and columns hold its work."""

from __future__ import annotations

import json

from benchmarks.details_sides.cells import HANDLED, Sums
from benchmarks.details_sides.floor import pages
from genesys_client.columns import ColumnsBuilder
from tests.genesys_client.rows import rows_of
from tests.genesys_client.stand_in import validate


def test_the_day_is_as_the_official_document_has_it_and_of_the_usual_size():
    made = list(pages(150))
    for page in made:
        validate("AnalyticsConversationQueryResponse", json.loads(page))
    assert [len(json.loads(page)["conversations"]) for page in made] == [100, 50]
    assert 6_200 < sum(map(len, made)) / 150 < 6_800


def test_its_sums_are_the_same_from_columns():
    builder, sums = ColumnsBuilder(HANDLED, ()), Sums()
    for page in pages(150):
        builder.take(page, "/details")
    for _, _, agent, _, _, _, kind, _, start, end in rows_of(builder.finished()):
        sums.add(agent, kind, start, end)
    told = Sums()
    for page in pages(150):
        for conversation in json.loads(page)["conversations"]:
            for participant in conversation["participants"]:
                for session in participant["sessions"]:
                    for segment in session["segments"]:
                        if "userId" in participant and segment["segmentType"] in HANDLED:
                            told.add(
                                participant["userId"], segment["segmentType"],
                                moment(segment["segmentStart"]), moment(segment["segmentEnd"]),
                            )  # fmt: skip
    assert sorted(sums.rows()) == sorted(told.rows())
    assert len(told.rows()) > 15


def moment(text):
    """Milliseconds, by the letters alone: the day is known, and what lies beyond it begins a new one."""
    day, hour, minute, second = int(text[8:10]), int(text[11:13]), int(text[14:16]), text[17:23]
    return 1_773_100_800_000 + (((day - 10) * 24 + hour) * 60 + minute) * 60_000 + int(second.replace(".", ""))
