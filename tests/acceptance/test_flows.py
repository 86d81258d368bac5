"""What supervisors do in Slack, from the first question to the last click, over both of Slack's transports.

The whole bot runs between a made-up organisation and a fake Slack: nothing in between is replaced.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from bot.core import limits
from bot.demo.fake_slack.controls import controls, find_control
from bot.demo.stage import Stage
from bot.edges.slack.socket import run_socket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.demo.fake_slack import Delivery, Message
    from bot.demo.stage import Setting

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
WAIT_S = 30.0


class KeptOpen:
    """Jobs that outlive one transport."""

    def close(self, timeout: float) -> bool:
        return True


@pytest.fixture(scope="module")
def setting() -> Iterator[Setting]:
    with Stage(clock=lambda: NOW, agents=24) as stage:
        yield stage.open()


@pytest.fixture(scope="module", params=["http", "socket"])
def floor(request: pytest.FixtureRequest, setting: Setting) -> Iterator[Floor]:
    slack = setting.slack
    if request.param == "http":
        slack.connect(url=setting.web_url)
        yield Floor(setting)
        return
    slack.connect(sockets=True)
    stop, app = threading.Event(), setting.application.slack.app
    line = threading.Thread(
        target=lambda: run_socket(app, slack.app_token, jobs=KeptOpen(), stop=stop, connections=1, grace_s=1)
    )
    line.start()
    slack.sockets.wait_for(count=1, timeout=WAIT_S)
    yield Floor(setting)
    stop.set()
    line.join(WAIT_S)


class Floor:
    """One supervisor at work; whatever she is shown has to be within Slack's limits."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.slack = setting.slack
        self.you = setting.person
        self.channel = setting.channel

    def ask(self, text: str) -> Message:
        return self._shown(self.slack.command(text, person=self.you, channel=self.channel))

    def press(self, message: Message, which: str, choose: str | None = None) -> Message:
        return self._shown(self.slack.press(message, which, person=self.you, choose=choose))

    def _shown(self, delivery: Delivery) -> Message:
        assert delivery.acknowledged
        shown = delivery.wait(timeout=WAIT_S)
        assert limits.violations({"text": shown.text, "blocks": shown.blocks}, surface="message") == []
        return shown

    def direct(self) -> list[Any]:
        return [f for f in self.slack.files if f.channels == [self.slack.dm(self.you).id]]


def options(message: Message, action_id: str) -> list[str]:
    return [option.label for option in find_control(message, action_id).options]


def command_of(message: Message) -> str:
    """What an answer to a press says that was asked."""
    return next(b["elements"][0]["text"] for b in message.blocks if b["type"] == "context")


def figures_of(message: Message) -> list[Any]:
    """The rows of its table, with their header."""
    return next((block["rows"] for block in message.blocks if block["type"] == "data_table"), [])


def test_from_the_teams_down_to_a_conversation_and_back_up_and_shared(floor: Floor) -> None:
    teams = floor.ask("yesterday by team")
    team = options(teams, "group_pick")[0]
    agents = floor.press(teams, "group_pick", team)
    assert command_of(agents).startswith("`/utilization 2026-11-23 in Europe/London team:")
    assert team in command_of(agents)

    plain = [row for row in figures_of(agents)[1:] if row[0]["text"].replace(" ", "").isalpha()]
    agent = max(plain, key=lambda row: row[1]["value"])[0]["text"]
    day = floor.press(agents, "agent_pick", agent)
    assert agent in day.text
    assert len(figures_of(day)) == 1 + 48

    half_hour = options(day, "ask:explain")[1]
    taken_apart = floor.press(day, "ask:explain", half_hour)
    assert f"explain 2026-11-23T{half_hour[:5]}" in command_of(taken_apart)
    assert agent in command_of(taken_apart)
    assert "<https://apps.mypurecloud.com/directory/#/engage/admin/interactions/" in str(taken_apart.blocks)

    assert figures_of(floor.press(taken_apart, "Back to the day")) == figures_of(day)
    assert figures_of(floor.press(day, "Back")) == figures_of(agents)
    assert figures_of(floor.press(agents, "Back")) == figures_of(teams)

    shared = floor.press(agents, "Share here")
    assert (shared.ephemeral, shared.channel) == (False, floor.channel.id)
    assert "agent_pick" not in [control.action_id for control in controls(shared)]


def test_an_answer_in_every_form_that_its_menus_offer(floor: Floor) -> None:
    answer = floor.ask("yesterday")
    before = len(floor.direct())
    assert floor.press(answer, "CSV file").text == "The CSV file is in our direct messages."
    assert floor.press(answer, "Excel file").text == "The Excel file is in our direct messages."
    csv, xlsx = floor.direct()[before:]
    assert csv.content.decode("utf-8-sig").count("\r\n") > 20
    assert xlsx.content[:2] == b"PK"

    heat = floor.slack.press(answer, "Heat map", person=floor.you)
    assert "rich_text" in [b["type"] for b in heat.wait(timeout=WAIT_S).blocks]
    assert heat.wait(2, timeout=WAIT_S).text == "The picture is in our direct messages."
    assert floor.direct()[-1].content[:4] == b"\x89PNG"

    chart = floor.press(answer, "Chart")
    assert "data_visualization" in [b["type"] for b in chart.blocks]
    assert figures_of(floor.press(chart, "Table alone")) == figures_of(answer)
    assert "compared" in floor.press(answer, "Compare with the day before").text
    assert "by the clock" in floor.press(answer, "By the clock").text
    head, *ordered = figures_of(floor.press(answer, "Sort by", "Sort by Handle"))
    column = [cell["text"] for cell in head].index("Handle")
    seconds = [row[column]["value"] for row in ordered]
    assert seconds == sorted(seconds, reverse=True)


def test_a_saved_question_is_asked_again_by_name_and_the_last_one_without(floor: Floor) -> None:
    saved = floor.ask("save teams yesterday by team")
    first = floor.press(saved, "Ask it now")
    assert figures_of(first)
    assert figures_of(floor.ask("again")) == figures_of(first) == figures_of(floor.ask("saved teams"))
    assert "teams" in floor.press(saved, "All saved questions").text


def test_an_answer_is_scheduled_from_its_menu(floor: Floor) -> None:
    schedules = floor.setting.application.store
    floor.slack.press(floor.ask("yesterday by team"), "Schedule this", person=floor.you)
    view = floor.slack.wait_for(
        lambda: found if "field:days" in str((found := floor.slack.view(floor.you)) and found.blocks) else None,
        timeout=WAIT_S,
        what="the form",
    )
    assert floor.slack.submit(view, {}, person=floor.you).errors == {}
    floor.slack.wait_for(schedules.all, timeout=WAIT_S, what="a schedule")
    # The same schedule is made once, whichever way it is asked for.
    assert [schedule.question for schedule in schedules.all()] == ["yesterday by team"]


def test_in_a_direct_message_what_follows_hangs_under_the_answer(floor: Floor) -> None:
    direct = floor.slack.dm(floor.you)
    before = len(floor.slack.messages(direct))
    floor.slack.direct_message("yesterday by team", person=floor.you)
    answer = floor.slack.wait_for(
        lambda: [m for m in floor.slack.messages(direct)[before:] if figures_of(m)], timeout=WAIT_S, what="an answer"
    )[0]
    before = len(floor.slack.messages(direct))
    floor.slack.press(answer, "Previous day", person=floor.you)
    floor.slack.press(answer, "CSV file", person=floor.you)
    follow_ups = floor.slack.wait_for(
        lambda: found if len(found := floor.slack.messages(direct)[before:]) == 2 else None,
        timeout=WAIT_S,
        what="the follow-ups",
    )
    assert {m.thread_ts for m in follow_ups} == {answer.ts}
    assert "ask:share" not in [control.action_id for control in controls(answer)]
