"""Pictures on their way through Slack: charts as blocks, the heat map as a file where files can go, else as digits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core import limits
from bot.core.query import Output
from bot.core.rights import for_audience
from bot.demo.fake_slack import Reject
from tests.core.rendering.pictured import over_time, shift
from tests.edges.slack.worlds import NAMES, changed

PNG = b"\x89PNG\r\n\x1a\n"
DIGITS = "Ana Díaz 67890123456789012345"
SENT = "The picture is in our direct messages."


@pytest.fixture(autouse=True)
def drawing(world):
    """The report service answers by agent and half-hour, with the words of the question as its outputs."""
    answers = over_time(NAMES, shift)
    read = world.reports.read

    def asked(text, requester, **more):
        outputs = frozenset(Output(word) for word in text.split() if word in {"chart", "heatmap"})
        query = read(text, requester, **more)
        return replace(answers.query, text=text, outputs=outputs, share=query.share)

    world.reports.read = asked
    world.reports.answer = lambda query, *_, audience, **__: for_audience(replace(answers, query=query), audience)


def files(world):
    return [file for file in world.slack.files if file.complete]


def digits_in(message):
    return DIGITS in str(message.blocks)


def test_a_private_answer_has_the_digits_and_its_picture_goes_to_direct_messages(world):
    asked = world.ask("yesterday heatmap")

    answer, said = asked.wait(), asked.wait(2)

    assert digits_in(answer)
    assert "data_table" not in str(answer.blocks)
    assert limits.violations({"text": answer.text, "blocks": answer.blocks}, surface="message") == []
    assert said.text == SENT
    (file,) = files(world)
    assert file.channels == [world.slack.dm(world.ana).id]
    assert (file.name, file.content[:8], file.title) == (
        "heatmap_2026-11-20.png",
        PNG,
        "Utilization by agent and half-hour",
    )
    assert file.alt_text.startswith("Heat map. Utilization by agent and half-hour. Utilization 45.0 % over 6 agents.")


def test_asked_in_a_direct_message_the_picture_comes_there_and_nothing_more_is_said(world):
    world.slack.direct_message("yesterday heatmap", person=world.ana)
    world.slack.wait_for(lambda: files(world), what="a picture")

    direct = world.slack.dm(world.ana)
    assert files(world)[0].channels == [direct.id]
    world.jobs.close(10)
    assert SENT not in [message.text for message in world.slack.messages(direct)]


def test_shared_in_a_listed_channel_the_picture_is_for_everybody_there(world):
    named = world.slack.add_channel("named", members=[world.ana], id="CNAMED")
    shared = world.ask("yesterday heatmap share", channel=named).wait()
    world.slack.wait_for(lambda: files(world), what="a picture")

    assert not shared.ephemeral
    assert files(world)[0].channels == ["CNAMED"]


def test_shared_where_names_may_not_stand_nothing_is_drawn_and_the_reason_is_said(world):
    shared = world.ask("yesterday heatmap share").wait()
    world.jobs.close(10)

    assert "it would show single agents" in str(shared.blocks)
    assert "6 agents together" in str(shared.blocks)
    assert not any(name in str(shared.blocks) for name in NAMES)
    assert files(world) == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("file_uploads_disabled", "uploads are switched off in this workspace"),
        ("storage_limit_reached", "no room left for files"),
        ("missing_scope", "`files:write` is missing"),
    ],
)
def test_where_slack_takes_no_picture_the_digits_stand_and_the_reason_is_said(world, error, words):
    world.slack.faults.always("files.getUploadURLExternal", Reject(error, {"needed": "files:write"}))
    asked = world.ask("yesterday heatmap")

    answer, said = asked.wait(), asked.wait(2)

    assert digits_in(answer)
    assert said.text.startswith("Slack did not take the picture: ")
    assert words in said.text
    assert said.text.endswith("The heat map in digits above has the same figures.")
    assert files(world) == []


def test_a_chart_is_blocks_and_goes_wherever_the_answer_goes(world):
    answer = world.ask("yesterday chart").wait()

    (chart,) = [block for block in answer.blocks if block["type"] == "data_visualization"]
    assert chart["chart"]["series"][0]["name"] == "All 6 agents"
    assert "`heatmap` shows each of them" in str(answer.blocks)
    assert limits.violations({"text": answer.text, "blocks": answer.blocks}, surface="message") == []
    assert files(world) == []


@changed(slack={"refused_blocks": frozenset({"data_visualization"})})
def test_where_slack_takes_no_charts_the_answer_comes_without_them_and_with_their_words(world):
    answer = world.ask("yesterday chart").wait()

    assert "data_visualization" not in str(answer.blocks)
    assert "In the chart the lowest half-hour is" in str(answer.blocks)
