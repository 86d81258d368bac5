"""Files that go with an answer: where they may go, how big ones are told of, and what Slack refuses."""

from __future__ import annotations

import threading

import pytest

from bot.core.rendering.pictures import Picture
from bot.demo.fake_slack import Reject
from bot.edges.slack.files import Files
from bot.edges.slack.reply import Address, Door, Forms, Reply
from bot.errors import SourceError
from bot.ports import Operation
from tests.edges.slack.worlds import WAIT_S, figures, query

HEAT = Picture("heatmap.png", b"\x89PNG", "Heat map", "Ana was busiest at nine.", "Yesterday")


@pytest.fixture
def named(world):
    return world.slack.add_channel("named", members=[world.ana], id="CNAMED")


@pytest.fixture
def drawn(monkeypatch):
    monkeypatch.setattr("bot.edges.slack.files.pictures.heat_map", lambda _answer: HEAT)


def mention(world, text, channel, *, thread=None):
    world.slack.mention(text, person=world.ana, channel=channel, thread=thread)


def file_of(world):
    return world.slack.wait_for(lambda: world.slack.files, what="a file")[0]


def test_a_file_of_a_private_answer_never_goes_into_a_channel_not_even_where_names_may(world, named):
    mention(world, "yesterday", named)
    parent = next(m for m in world.slack.messages(named) if m.via == "person")
    mention(world, "yesterday csv", named, thread=parent)
    assert file_of(world).channels == [world.slack.dm(world.ana).id]
    assert world.slack.wait_for_message(named, containing="in our direct messages").to == world.ana.id


def test_a_file_of_a_shared_answer_goes_with_it_into_its_thread(world, named):
    mention(world, "yesterday", named)
    parent = next(m for m in world.slack.messages(named) if m.via == "person")
    mention(world, "yesterday share csv", named, thread=parent)
    file = file_of(world)
    assert (file.channels, file.thread_ts) == ([named.id], parent.ts)
    assert b"Ben Ito" in file.content


def test_the_file_of_an_answer_without_names_has_none_either(world):
    world.ask("yesterday share csv").wait()
    file = file_of(world)
    assert file.channels == [world.ops.id]
    assert b"Ben Ito" not in file.content
    assert b"agents together" in file.content


def test_where_the_bot_is_no_member_the_file_comes_by_direct_message_and_it_asks_to_be_invited(world):
    hall = world.slack.add_channel("hall", members=[world.ana], with_bot=False)
    asked = world.ask("yesterday share csv", channel=hall)
    assert asked.wait(2).text == "The CSV file is in our direct messages."
    assert "/invite" in asked.wait(3).text
    assert file_of(world).channels == [world.slack.dm(world.ana).id]


def test_a_file_asked_for_in_a_direct_message_stays_in_its_thread(world):
    world.slack.direct_message("yesterday", person=world.ana)
    direct = world.slack.dm(world.ana)
    answer = world.slack.wait_for_message(direct, containing="Utilization")
    world.slack.press(answer, "Excel file", person=world.ana)
    assert (file_of(world).channels, file_of(world).thread_ts) == ([direct.id], answer.ts)
    assert world.jobs.wait_idle(WAIT_S)
    assert [m.via for m in world.slack.messages(direct) if m.thread_ts == answer.ts] == ["file"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("file_uploads_disabled", "switched off in this workspace"),
        ("file_uploads_except_images_disabled", "only pictures may be uploaded"),
        ("file_type_not_allowed", "no files of that kind"),
        ("storage_limit_reached", "no room left for files"),
        ("file_upload_size_restricted", "too big"),
        ("ratelimited", "Ask again in a minute"),
    ],
)
def test_a_refused_table_is_explained_after_the_answer(world, error, words):
    world.slack.faults.always("files.getUploadURLExternal", Reject(error))
    asked = world.ask("yesterday csv")
    assert asked.wait().blocks
    assert words in asked.wait(2).text
    assert "did not take the file" in asked.wait(2).text


def test_a_refused_picture_is_a_remark_because_the_message_has_its_figures(world, drawn):
    world.slack.faults.always("files.completeUploadExternal", Reject("file_uploads_disabled"))
    asked = world.ask("yesterday heatmap")
    assert asked.wait().blocks
    assert asked.wait(2).text.startswith("Slack did not take the picture:")
    assert "Reference" not in asked.wait(2).text


def test_a_picture_says_in_words_what_it_shows(world, drawn):
    asked = world.ask("yesterday heatmap")
    assert asked.wait(2).text == "The picture is in our direct messages."
    file = file_of(world)
    assert (file.alt_text, file.content, file.title) == (HEAT.alt_text, HEAT.content, HEAT.title)


def test_a_file_that_is_too_big_is_refused_with_what_to_ask_instead(world, monkeypatch):
    monkeypatch.setattr("bot.core.rendering.exporting.MOST_ROWS", 5)
    asked = world.ask("yesterday csv")
    assert asked.wait().blocks
    assert "6 rows" in asked.wait(2).text
    assert world.slack.files == []


class Ticks:
    """Seconds, more at each look."""

    def __init__(self, step):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


def made_slowly(world, monkeypatch, operation, *, step=6.0):
    """What is said while a file is written whose progress is told three times, six seconds apart."""

    def files_of(_answer, *, told):
        for done in (1_000, 2_000, 3_000):
            told(done, 4_000)
        return ()

    monkeypatch.setattr("bot.edges.slack.files.files_of", files_of)
    address = Address(world.ana.id, Door.MESSAGE, world.slack.dm(world.ana).id)
    reply = Reply(address, api=world.edge.api, forms=Forms())
    answer = figures(query("yesterday csv"))
    Files(world.edge.api, Ticks(step)).send(answer, reply, operation, public=False)
    return [m.text for m in world.slack.messages(world.slack.dm(world.ana))]


def test_a_big_file_tells_once_how_far_it_is(world, monkeypatch):
    said = made_slowly(world, monkeypatch, Operation.within(60))
    assert said == ["Writing the file: 2,000 of 4,000 rows so far."]
    assert made_slowly(world, monkeypatch, Operation.within(60), step=1.0) == said


def test_a_file_that_nobody_waits_for_any_more_is_not_written_to_its_end(world, monkeypatch):
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(SourceError, match="cancelled"):
        made_slowly(world, monkeypatch, Operation(deadline=1e12, cancelled=cancelled))
